"""Stream: what is added up on the way is what all wars side by side say, whoever adds it up."""

from __future__ import annotations

import math

import numpy as np
import pytest
import zarr

from ceasefire.model.bargaining import CEASEFIRE, SETTLEMENT
from ceasefire.simulate import run
from ceasefire.simulate.ensemble import Ensemble, RequestError, simulate
from ceasefire.simulate.run import CHUNK, TOWN_SHARE, Chunk, Engine
from ceasefire.study import stream
from ceasefire.study.forecast import ending_of
from ceasefire.study.measure import headline_measures, measured
from ceasefire.study.stream import LEVELS, SERIES, Streamed, dataset, of_start, opening_of, told
from ceasefire.study.tally import BITS, LOWEST

RUNS, WEEKS, SEED = 70, 13, 5
"""Two full chunks and a padded one; the weeks of one compiled loop."""


@pytest.fixture(scope="module")
def ensemble(invented_war) -> Ensemble:
    return simulate(invented_war, runs=RUNS, weeks=WEEKS, seed=SEED, workers=2, keep=SERIES)


@pytest.fixture(scope="module")
def values(invented_war, ensemble) -> np.ndarray:
    """Headline outputs of every war, [output, week, run]."""
    return measured(ensemble.series, headline_measures(invented_war), range(1, WEEKS + 1))


@pytest.fixture(scope="module")
def streamed(invented_war) -> Streamed:
    return of_start(invented_war, runs=RUNS, weeks=WEEKS, seed=SEED, workers=2)


def bits(found: Streamed) -> dict[str, bytes | int]:
    return {
        "runs": found.runs,
        "failed": found.failed,
        "sums": found.sums.limbs.tobytes(),
        "counts": found.counts.counts.tobytes(),
        **{name: getattr(found, name).tobytes() for name in ("endings", "packages", "control")},
    }


def test_means_are_those_of_the_ensemble(invented_war, streamed, values):
    mean = dataset(invented_war, streamed, weeks=WEEKS, seed=SEED)["mean"].values
    exact = np.array([[math.fsum(row) / RUNS for row in output] for output in values])
    assert mean == pytest.approx(exact, rel=1e-15, abs=1e-15)


def test_endings_packages_and_control_are_those_of_the_ensemble(streamed, ensemble):
    kind, week = ending_of(ensemble.series["bargaining.phase"])
    endings, packages = np.zeros_like(streamed.endings), np.zeros_like(streamed.packages)
    for each in range(RUNS):
        endings[kind[each], week[each]] += 1
        if kind[each] in (CEASEFIRE, SETTLEMENT):
            packages[ensemble.series["bargaining.package"][week[each], each] - 1] += 1
    assert np.array_equal(streamed.endings, endings)
    assert np.array_equal(streamed.packages, packages)
    assert np.array_equal(streamed.control, ensemble.control)
    assert streamed.endings.sum() == streamed.runs == RUNS


def test_quantiles_are_right_to_the_width_of_a_bin(invented_war, streamed, values):
    found = dataset(invented_war, streamed, weeks=WEEKS, seed=SEED)["quantile"].values
    true = np.quantile(values, LEVELS, axis=-1, method="inverted_cdf")
    change = np.abs(true - opening_of(invented_war)[:, None])
    assert (np.abs(found - true) <= 1.001 * np.maximum(change * 2.0**-BITS, 2.0 ** (LOWEST + 1))).all()


@pytest.mark.parametrize(("task", "workers"), [(32, 1), (64, 2), (10_000, 1)])
def test_parts_and_workers_change_no_bit(invented_war, streamed, task, workers):
    again = of_start(invented_war, runs=RUNS, weeks=WEEKS, seed=SEED, workers=workers, task=task)
    assert bits(again) == bits(streamed)


def test_the_series_of_every_war_can_be_kept(invented_war, streamed, values, tmp_path):
    """Written by region, in whatever order the parts come."""
    found = of_start(
        invented_war, runs=RUNS, weeks=WEEKS, seed=SEED, workers=2, task=32, series=tmp_path / "series.zarr"
    )
    kept = zarr.open_array(tmp_path / "series.zarr", mode="r")
    assert kept.chunks[-1] == CHUNK
    assert np.array_equal(kept[:], values.astype(np.float32))
    assert bits(found) == bits(streamed)


def test_two_halves_make_a_whole(invented_war, streamed):
    """Taken in one after the other, or apart and merged."""
    asked, opening = headline_measures(invented_war), opening_of(invented_war)
    engine = Engine(invented_war, weeks=WEEKS, seed=SEED, keep=SERIES)
    parts = []
    for number in range(-(-RUNS // CHUNK)):
        part = Streamed.zero(len(opening), WEEKS, len(streamed.packages), streamed.control.shape[1])
        part.take(engine.chunk(number, RUNS), asked, opening)
        parts.append(part)
    whole = parts.pop()
    for part in parts:
        whole.merge(part)
    assert bits(whole) == bits(streamed)


@pytest.mark.parametrize("broken", [(3,), tuple(range(CHUNK))], ids=["one", "all"])
def test_wars_that_broke_are_counted_and_left_out(invented_war, monkeypatch, broken):
    """One of the first chunk, or all of it: the rest says what it says alone."""
    whole = run.Engine.chunk

    def chunk(engine: Engine, number: int, runs: int) -> Chunk:
        found = whole(engine, number, runs)
        if number:
            return found
        holed = np.isin(np.arange(CHUNK), broken)
        series = {
            name: np.where(holed, np.nan, each) if each.dtype.kind == "f" else each
            for name, each in found.series.items()
        }
        return found._replace(series=series, ok=~holed)

    monkeypatch.setattr(run.Engine, "chunk", chunk)
    found = of_start(invented_war, runs=2 * CHUNK, weeks=WEEKS, seed=SEED, workers=1, task=32)
    monkeypatch.undo()
    fine = np.setdiff1d(np.arange(2 * CHUNK), broken)
    alone = simulate(invented_war, runs=2 * CHUNK, weeks=WEEKS, seed=SEED, workers=2, keep=SERIES)
    kept = {name: each[..., fine] for name, each in alone.series.items() if name in (*SERIES, TOWN_SHARE)}
    values = measured(kept, headline_measures(invented_war), range(1, WEEKS + 1))
    assert (found.runs, found.failed) == (len(fine), len(broken))
    assert found.endings.sum() == len(fine)
    mean = dataset(invented_war, found, weeks=WEEKS, seed=SEED)["mean"].values
    assert mean == pytest.approx(values.mean(axis=-1), rel=1e-12, abs=1e-12)
    assert np.isfinite(dataset(invented_war, found, weeks=WEEKS, seed=SEED)["quantile"].values).all()


def test_what_is_told_adds_up(invented_war, streamed):
    result = dataset(invented_war, streamed, weeks=WEEKS, seed=SEED)
    found = told(result)
    assert [each["week"] for each in found["at"]] == [4, WEEKS]
    assert found["runs"] == RUNS
    ended = sum(row["share"][-1] for row in found["ended"])
    chance = next(row for row in found["outputs"] if row["name"] == "fighting_ended")
    assert chance["is_chance"]
    assert chance["mean"][-1] == pytest.approx(ended)
    assert not any(row["is_chance"] for row in found["outputs"] if row["unit"] in ("km2", "person"))


@pytest.mark.parametrize("task", [0, -1, stream.MOST_TASK + 1])
def test_parts_that_make_no_sense_are_refused(task):
    with pytest.raises(RequestError, match="make sense"):
        stream.stream("alaska-2025-08", runs=1, task=task)
