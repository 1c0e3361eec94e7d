"""One run again, bit for bit, and told as it happened."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import shutil
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from ceasefire.evidence.build import write
from ceasefire.evidence.error import CeasefireError
from ceasefire.evidence.store import Store, encode
from ceasefire.evidence.vintage import Vintage
from ceasefire.model.bargaining import CEASEFIRE, PHASES, WAR
from ceasefire.scenario import spec
from ceasefire.scenario.start import Start, open_war
from ceasefire.simulate.result import ARRAY, ResultError, load
from ceasefire.study import replay as module
from ceasefire.study.forecast import forecast
from ceasefire.study.replay import LEAP_KM2, events, replay
from ceasefire.view.export import write_result

RUNS, WEEKS, SEED = 70, 6, 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("replay") / "result"
    write_result(forecast("alaska-2025-08", runs=RUNS, weeks=WEEKS, seed=SEED, workers=1), folder)
    return folder


@pytest.fixture(scope="module")
def result(folder) -> xr.Dataset:
    return load(folder).load()


@cache
def opened() -> Start:
    scenario = spec.load("alaska-2025-08")
    return open_war(scenario, Vintage(Store.open(None), scenario.opening))


@pytest.fixture
def quick(monkeypatch) -> None:
    """Open the war once for many replays; what is replayed is the same."""
    monkeypatch.setattr(module, "open_war", lambda *_: opened(), raising=False)


def test_the_last_run_comes_out_the_same(folder):
    again = replay(load(folder), RUNS - 1)
    assert again.run == RUNS - 1
    assert again.same_bits


@pytest.mark.parametrize("run", [0, 31, 32, 63, 64])
@pytest.mark.usefixtures("quick")
def test_the_first_and_last_run_of_a_chunk_come_out_the_same(folder, run):
    again = replay(load(folder), run)
    assert again.run == run
    assert again.same_bits


@pytest.mark.parametrize("run", [-1, RUNS, 10**9])
def test_a_run_that_is_not_there_is_refused(result, run):
    with pytest.raises(ResultError, match=str(run)):
        replay(result, run)


def changed(result: xr.Dataset, name: str) -> xr.Dataset:
    """The result with the last bit of the last number of one variable turned over, in run 3."""
    values = result[name].to_numpy().copy()
    at = (*(-1 for _ in values.shape[:-1]), 3)
    values[at] = np.nextafter(values[at], np.inf) if values.dtype.kind == "f" else values[at] + 1
    return result.assign({name: (result[name].dims, values, result[name].attrs)})


@pytest.mark.parametrize("name", ["area", "mapped_area", "claimed", "taken", "casualties", "troops", "supply", "phase"])
@pytest.mark.usefixtures("quick")
def test_a_single_bit_out_of_place_is_noticed(result, name):
    """`same_bits` says that every recorded number of the run came out the same; so it must look at every one."""
    assert not replay(changed(result, name), 3).same_bits


@pytest.mark.usefixtures("quick")
def test_another_seed_is_noticed(result):
    assert not replay(result.assign_attrs(seed=SEED + 1), 3).same_bits


@pytest.mark.usefixtures("quick")
def test_a_variable_that_is_missing_is_not_the_same(result):
    """What cannot be compared did not come out the same."""
    with contextlib.suppress(CeasefireError):
        assert not replay(result.drop_vars("troops"), 3).same_bits


@pytest.mark.usefixtures("quick")
def test_a_run_that_failed_replays_to_the_same_bits(result, monkeypatch):
    """Not a number equals not a number: a run that failed failed in the same way."""

    class Failing(module.Engine):
        def chunk(self, number, runs, **more):
            chunk = super().chunk(number, runs, **more)
            chunk.series["attrition.troops"] = np.full_like(chunk.series["attrition.troops"], np.nan)
            return chunk

    monkeypatch.setattr(module, "Engine", Failing)
    troops = result["troops"].to_numpy().copy()
    troops[..., :32] = np.nan
    broken = result.assign(troops=(result["troops"].dims, troops, result["troops"].attrs))
    assert replay(broken, 3).same_bits


def test_a_result_of_another_version_is_not_replayed(result):
    with pytest.raises(ResultError, match=r"0\.0\.0"):
        replay(result.assign_attrs(version="0.0.0"), 3)
    with pytest.raises(ResultError):
        replay(result.assign_attrs(chunk=8), 3)


def test_other_evidence_is_refused(result, tmp_path):
    store = Store.open(None)
    rows = list(store.observations)
    place = next(k for k, row in enumerate(rows) if row.date < "2025-06-01")
    rows[place] = dataclasses.replace(rows[place], value=rows[place].value + 1)
    write(encode(dataclasses.replace(store, observations=tuple(rows))), tmp_path / "other")
    with pytest.raises(ResultError, match="evidence"):
        replay(result, 3, evidence=tmp_path / "other")
    with pytest.raises(CeasefireError, match="nowhere"):
        replay(result, 3, evidence=tmp_path / "nowhere")


@pytest.mark.parametrize(
    "name",
    ["runs", "weeks", "seed", "chunk", "version", "evidence_hash", "scenario_document", "side_names"],
)
@pytest.mark.usefixtures("quick")
def test_a_result_without_a_label_is_refused(result, name):
    bare = result.copy()
    bare.attrs = {key: value for key, value in result.attrs.items() if key != name}
    with pytest.raises(CeasefireError) as error:
        replay(bare, 3)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "label",
    [{"scenario_document": "{}"}, {"scenario_document": "nonsense"}, {"runs": "many"}, {"weeks": None}],
    ids=str,
)
def test_a_result_with_a_senseless_label_is_refused(result, label):
    with pytest.raises(CeasefireError) as error:
        replay(result.assign_attrs(label), 3)
    assert "\n" not in str(error.value)


def test_a_damaged_array_is_refused(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "damaged")
    chunk = next(path for path in (tmp_path / "damaged" / ARRAY / "troops" / "c").rglob("*") if path.is_file())
    chunk.write_bytes(chunk.read_bytes()[: chunk.stat().st_size // 2])
    with pytest.raises(CeasefireError) as error:
        replay(load(tmp_path / "damaged"), 3)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "update",
    [{"id": "my war"}, {"id": "../../elsewhere"}, {"id": "x" * 100}, {"title": "A long title. " * 20}],
    ids=["space", "path", "long", "title"],
)
def test_a_war_opened_on_another_day_makes_a_scenario_that_can_be_read_again(update):
    """A result keeps its scenario as a document; one that cannot be read back could not be replayed."""
    scenario = spec.load("alaska-2025-08")
    try:
        war = spec.War(**{**scenario.war.model_dump(), **update})
        opened = spec.Scenario(**{**scenario.model_dump(), "war": war.model_dump()}).on(scenario.opening)
    except (ValueError, CeasefireError):
        return
    assert spec.Scenario.model_validate_json(opened.model_dump_json()) == opened


# Events


def test_events_are_dated_in_order_within_the_horizon(result):
    dates = [str(day)[:10] for day in result["date"].to_numpy()]
    for run in range(RUNS):
        told = events(result.isel(run=run))
        assert [event.week for event in told] == sorted(event.week for event in told)
        assert all(event.date == dates[event.week] for event in told)
        assert all(event.text and "\n" not in event.text for event in told)


def test_every_change_of_phase_town_and_front_is_told_once(result):
    for run in range(RUNS):
        war = result.isel(run=run)
        told = events(war)
        kinds = [event.kind for event in told]
        assert kinds.count("ending") == (np.diff(war["phase"].to_numpy()) != 0).sum()
        leaps = np.pad((war["taken"] >= LEAP_KM2).to_numpy(), ((1, 0), (0, 0), (0, 0)))
        assert kinds.count("front") == int((leaps[1:] & ~leaps[:-1]).sum()), "a spell is told once"
        fallen = {event.text.split(" passes to ")[0] for event in told if event.kind == "town"}
        assert fallen == {str(t) for t in result["town"].to_numpy()[war["town_change_week"].to_numpy() > 0]}


def test_endings_are_told_by_name(result):
    phase = result["phase"].to_numpy().copy()
    phase[:, 0] = [WAR, WAR, CEASEFIRE, CEASEFIRE, WAR, WAR, WAR]
    told = events(result.assign(phase=(result["phase"].dims, phase)).isel(run=0))
    assert [(e.week, e.text) for e in told if e.kind == "ending"] == [
        (2, f"The fighting ends: {PHASES[CEASEFIRE]}."),
        (4, "The fighting resumes."),
    ]


@pytest.mark.usefixtures("quick")
def test_events_can_be_written_as_json(folder):
    told = replay(load(folder), 5)
    assert json.loads(json.dumps(told.told()))["run"] == 5
