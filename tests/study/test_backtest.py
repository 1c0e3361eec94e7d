"""Backtest: no origin sees what came after it, nothing half-written counts, and what is whole is not done again."""

import dataclasses
import gzip
import json

import numpy as np
import pandas as pd
import pytest

from ceasefire.evidence.control import SHARE_STEPS
from ceasefire.evidence.error import CeasefireError
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario import spec
from ceasefire.study import backtest, mixture

ORIGINS, HORIZONS, DRAWS = ("2025-01-04", "2025-08-09"), (1, 2), 32
"""Days on which other tests open the war too: they share its compiled programs."""
TARGETS = ("area_total", "area_east", "loss_tank")


@pytest.fixture(scope="module")
def store():
    return Store.open(None)


def spoiled(store, origin):
    """The store with other numbers and other maps wherever they belong to days after the origin."""
    day = np.datetime64(origin)
    rows = [
        row if row.date <= origin and row.published <= origin else dataclasses.replace(row, value=9 - 7 * row.value)
        for row in store.observations
    ]
    control, late = store.control, store.control.dates > day
    share = np.where(late[:, None], SHARE_STEPS - control.share, control.share).astype(np.uint16)
    disc = np.where(late[:, None], SHARE_STEPS - control.disc, control.disc).astype(np.uint16)
    held = np.where(late[:, None], ~control.held, control.held)
    return dataclasses.replace(
        store,
        observations=tuple(sorted(rows)),
        control=dataclasses.replace(control, share=share, disc=disc, held=held),
    )


def test_evidence_after_an_origin_changes_no_bit_of_its_forecast(store, tmp_path):
    scenario = spec.load("alaska-2025-08")
    for origin in ORIGINS:
        for name, evidence in (("clean", store), ("spoiled", spoiled(store, origin))):
            for folder in ("alone", "forecasts"):
                (tmp_path / name / folder).mkdir(parents=True, exist_ok=True)
            found = backtest.forecast_origin(scenario, evidence, origin, HORIZONS, draws=DRAWS, seed=3, workers=1)
            weights = mixture.prior_weights(scenario.war.id)
            backtest.write(found, tmp_path / name / "alone")
            backtest.write(backtest.stacked(found, Vintage(evidence, origin), weights), tmp_path / name / "forecasts")
    clean = sorted((tmp_path / "clean" / "forecasts").iterdir())
    assert [path.name for path in clean] == [f"{o}.{kind}.csv.gz" for o in ORIGINS for kind in ("cells", "samples")]
    for path in clean:
        assert path.read_bytes() == (tmp_path / "spoiled" / "forecasts" / path.name).read_bytes()
        alone = (tmp_path / "clean" / "alone" / path.name).read_bytes()
        assert (path.read_bytes() == alone) == ("cells" in path.name)


class Simulator:
    """Stands in for the model: draws that tell their origin, and a count of what was asked of it."""

    def __init__(self):
        self.asked = []

    def __call__(self, scenario, store, origin, horizons, *, draws, seed, workers=None):
        self.asked.append(origin)
        random = np.random.default_rng(int(origin.replace("-", "")))
        cell = np.array([0x871196980FFFFFF, 0x871196981FFFFFF], np.uint64)
        return backtest.Forecasts(
            origin=origin,
            horizons=tuple(horizons),
            targets=TARGETS,
            change=random.normal(0, 1e4, (len(TARGETS), len(horizons), draws)),
            cell=cell,
            probability=random.random((len(horizons), 2)),
        )


@pytest.fixture
def simulator(monkeypatch):
    stand_in = Simulator()
    monkeypatch.setattr(backtest, "forecast_origin", stand_in)
    return stand_in


def run(out, origins=ORIGINS, **changed):
    options = {"horizons": HORIZONS, "draws": DRAWS, "seed": 3, **changed}
    return backtest.backtest("alaska-2025-08", origins=origins, out=out, **options)


def test_files_cover_the_grid_in_the_columns_of_the_score(simulator, tmp_path):
    folder = run(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"forecasts", "members", "backtest.json"}
    assert sorted(p.name for p in folder.iterdir()) == [
        f"{o}.{k}.csv.gz" for o in ORIGINS for k in ("cells", "samples")
    ]
    samples = pd.concat(pd.read_csv(path) for path in folder.glob("*.samples.csv.gz"))
    assert list(samples) == ["origin", "horizon_weeks", "target", "sample_id", "value"]
    counts = samples.groupby(["origin", "horizon_weeks", "target"])["sample_id"].nunique()
    assert len(counts) == len(ORIGINS) * len(HORIZONS) * len(TARGETS)
    assert (counts == DRAWS).all()
    cells = pd.concat(pd.read_csv(path) for path in folder.glob("*.cells.csv.gz"))
    assert list(cells) == ["origin", "horizon_weeks", "cell", "prob"]
    assert set(cells["cell"]) == {"871196980ffffff", "871196981ffffff"}
    assert cells["prob"].between(0, 1).all()


def test_what_is_whole_is_not_done_again(simulator, tmp_path):
    folder = run(tmp_path, ORIGINS[:1])
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    run(tmp_path)
    run(tmp_path)
    assert simulator.asked == list(ORIGINS)
    assert before.items() <= {path.name: path.read_bytes() for path in folder.iterdir()}.items()


def test_half_a_file_is_done_again(simulator, tmp_path):
    folder = run(tmp_path)
    whole = {path.name: path.read_bytes() for path in folder.iterdir()}
    samples, cells = folder / f"{ORIGINS[0]}.samples.csv.gz", folder / f"{ORIGINS[1]}.cells.csv.gz"
    samples.write_bytes(samples.read_bytes()[:-40])
    cells.unlink()
    (tmp_path / ".left.csv.gz.partial").write_text("half")
    run(tmp_path)
    assert simulator.asked == [*ORIGINS, ORIGINS[1]]  # the first was simulated to the end: it is mixed again
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == whole
    assert {path.name for path in tmp_path.iterdir()} == {"forecasts", "members", "backtest.json"}


def test_half_a_simulation_is_done_again(simulator, tmp_path):
    folder = run(tmp_path)
    whole = {path.name: path.read_bytes() for path in folder.iterdir()}
    path = tmp_path / "members" / f"{ORIGINS[0]}.samples.csv.gz"
    path.write_bytes(path.read_bytes()[:-40])
    run(tmp_path)
    assert simulator.asked == [*ORIGINS, ORIGINS[0]]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == whole


def test_an_interrupted_write_leaves_no_forecast(simulator, tmp_path, monkeypatch):
    def fail(found):
        yield "origin,horizon_weeks,target,sample_id,value\n"
        raise KeyboardInterrupt

    monkeypatch.setattr(backtest, "_sample_lines", fail)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path)
    assert [path.name for path in (tmp_path / "forecasts").iterdir()] == [f"{ORIGINS[0]}.cells.csv.gz"]


@pytest.mark.parametrize("origin", ["2025-02-03", "2026-02-14", "2020-01-04", "2024-07-13", "yesterday"])
def test_a_bad_origin_is_told_before_any_work(simulator, tmp_path, origin):
    with pytest.raises(CeasefireError, match=origin) as caught:
        run(tmp_path / "new", (ORIGINS[0], origin))
    assert "\n" not in str(caught.value)
    assert not simulator.asked
    assert not (tmp_path / "new").exists()


def test_other_settings_or_other_evidence_need_another_folder(simulator, tmp_path):
    run(tmp_path)
    with pytest.raises(CeasefireError, match="seed"):
        run(tmp_path, seed=4)
    settings = json.loads((tmp_path / "backtest.json").read_text())
    settings["evidence"][ORIGINS[1]] = "v1:other"
    (tmp_path / "backtest.json").write_text(json.dumps(settings))
    with pytest.raises(CeasefireError, match="other evidence"):
        run(tmp_path)


def test_reading_gives_back_what_was_written(simulator, tmp_path):
    folder = run(tmp_path)
    draws, cells = backtest.read_samples(tmp_path / "members"), backtest.read(folder)[1]
    assert len(draws) == len(ORIGINS) * len(HORIZONS) * len(TARGETS)
    for origin in ORIGINS:
        made = Simulator()("", None, origin, HORIZONS, draws=DRAWS, seed=3)
        for (t, target), (h, horizon) in ((t, h) for t in enumerate(TARGETS) for h in enumerate(HORIZONS)):
            np.testing.assert_allclose(draws[np.datetime64(origin), target, horizon], made.change[t, h], rtol=1e-5)
        cell, probability = cells[np.datetime64(origin), 2]
        assert cell.tolist() == made.cell.tolist()
        np.testing.assert_allclose(probability, made.probability[1], rtol=1e-5)


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("quoted", [False, True])
def test_any_valid_file_reads_the_same(simulator, tmp_path, shuffled, quoted):
    folder = run(tmp_path)
    expected, _ = backtest.read(folder)
    for path in folder.glob("*.samples.csv.gz"):
        table = pd.read_csv(path)
        table = table.sample(frac=1, random_state=1) if shuffled else table
        columns = list(table)[::-1] if quoted else list(table)
        with gzip.open(path, "wt", newline="") as file:
            table[columns].to_csv(file, index=False, quoting=int(quoted), lineterminator="\r\n" if quoted else "\n")
    found, _ = backtest.read(folder)
    assert found.keys() == expected.keys()
    for key, values in expected.items():
        np.testing.assert_array_equal(np.sort(found[key]), np.sort(values))


@pytest.mark.parametrize("spoil", [lambda t: t.replace("value", "worth"), lambda t: t + "x,y\n", lambda t: t + "nan"])
def test_a_broken_file_is_one_line(simulator, tmp_path, spoil):
    folder = run(tmp_path)
    path = folder / f"{ORIGINS[0]}.samples.csv.gz"
    path.write_bytes(gzip.compress(spoil(gzip.decompress(path.read_bytes()).decode()).encode()))
    with pytest.raises(CeasefireError, match=path.name):
        backtest.read(folder)
