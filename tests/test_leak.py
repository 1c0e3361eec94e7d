"""Nothing that happened, was published or became known after the opening enters a forecast."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ceasefire.evidence.build import write
from ceasefire.evidence.control import SHARE_STEPS, ControlRecord
from ceasefire.evidence.geography import Geography
from ceasefire.evidence.series import Observation
from ceasefire.evidence.store import Store, encode
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario import posterior, spec
from ceasefire.scenario.start import LEARNED, Start, open_war, variables
from ceasefire.study.forecast import assumptions, forecast

OPENINGS = tuple(dt.date.fromisoformat(day) for day in ("2025-01-04", "2024-10-05", "2025-08-09"))
SIMULATED = (OPENINGS[0], OPENINGS[2])
"""Days on which other tests open the war too: they share its compiled programs."""
SIMULATION = {"runs": 40, "weeks": 6, "seed": 5, "workers": 1}
CITED_DATE = re.compile(r"\b20\d\d-\d\d(?:-\d\d)?\b")


@pytest.fixture(scope="module")
def store() -> Store:
    return Store.open(None)


@pytest.fixture(scope="module")
def scenario() -> spec.Scenario:
    return spec.load("alaska-2025-08")


@pytest.fixture(scope="module")
def starts(store, scenario) -> dict[dt.date, Start]:
    """The war opened on each day from what the packaged evidence shows."""
    return {opening: open_war(scenario.on(opening), Vintage(store, opening)) for opening in OPENINGS}


def spoiled_store(store: Store, opening: dt.date) -> Store:
    """The store with absurd numbers wherever they could not be known on the opening, and with more such rows."""
    day, after = str(opening), str(opening + dt.timedelta(days=1))
    known = [row for row in store.observations if row.date <= day and row.published <= day]
    rest = [row for row in store.observations if not (row.date <= day and row.published <= day)]
    rows = known + [dataclasses.replace(row, value=-1e9 - 7 * row.value, note="spoiled") for row in rest]
    for row in {row.name: row for row in known}.values():
        rows += [
            dataclasses.replace(row, date=after, published=after, value=1e12, note="later"),
            dataclasses.replace(row, published=after, value=-1e12, note="same event, published later"),
            dataclasses.replace(row, date="2024-07-20", published="2099-12-31", value=1e9, note="old, published later"),
            dataclasses.replace(row, date="2099-12-31", published=day, value=1e9, note="foretold"),
        ]
    rows.append(Observation("loss_claim.invented", day, after, 1e9, "count", rows[0].source, "A"))
    return dataclasses.replace(store, observations=tuple(sorted(rows)), control=_spoiled_maps(store.control, opening))


def _spoiled_maps(record: ControlRecord, opening: dt.date) -> ControlRecord:
    """Later maps turned inside out, one more after the last, and cells that only later maps know."""
    every = Geography.packaged().cells.cell
    cells = np.union1d(record.cells, every[:: max(1, len(every) // 500)])
    share = np.zeros((len(record.dates) + 1, len(cells)), dtype=np.uint16)
    share[:-1, np.searchsorted(cells, record.cells)] = record.share
    dates = np.append(record.dates, record.dates[-1] + np.timedelta64(7, "D"))
    published = np.append(record.published, dates[-1])
    held, disc = (np.vstack([values, values[-1:]]) for values in (record.held, record.disc))
    day = np.datetime64(opening)
    later = (dates > day) | (published > day)
    share[later] = np.random.default_rng(3).integers(0, SHARE_STEPS, share[later].shape)
    held[later], disc[later] = ~held[later], SHARE_STEPS - disc[later]
    return dataclasses.replace(record, cells=cells, dates=dates, published=published, share=share, held=held, disc=disc)


def spoiled_scenario(scenario: spec.Scenario, opening: dt.date) -> spec.Scenario:
    """The scenario opened on a day, every number known later changed, and one more for every variable there is."""
    later = opening + dt.timedelta(days=1)

    def spoil(value: spec.Value) -> spec.Value:
        if value.known_on <= opening:
            return value
        return value.model_copy(update={"low": value.low / 1000, "high": min(value.high, 0.9), "mid": value.low / 10})

    absurd = tuple(
        spec.Value(name=name, low=0.9, mid=0.91, high=0.92, unit=unit, known_on=later, source="absurd")
        for name, unit in sorted(_names(scenario))
    )
    opened = scenario.on(opening)
    war = opened.war.model_copy(update={"value": (*map(spoil, opened.war.value), *absurd)})
    return opened.model_copy(update={"war": war, "value": (*map(spoil, opened.value), *absurd)})


def spoiled_calibration(opening: dt.date, folder: Path) -> str:
    """The shipped calibrations and weights up to the opening; broken files of the same and of other later cut-offs."""
    folder.mkdir()
    shipped = {path.name: path.read_bytes() for path in (posterior.SHIPPED / "russia-ukraine").glob("*.json")}
    assert len(shipped) >= 4
    later = opening + dt.timedelta(days=1)
    shipped |= {
        f"{later}.json": b"",
        f"{later}.weights.json": b"",
        "2099-12-31.json": b"",
        "2099-12-31.weights.json": b"",
    }
    for name, content in shipped.items():
        (folder / name).write_bytes(content if name[:10] <= str(opening) else b"broken")
    return str(folder)


def _names(scenario: spec.Scenario) -> set[tuple[str, str]]:
    """Every parameter that is not the record's to teach, and every number that the war's file sets."""
    free = {
        (variable.name, variable.unit)
        for variable in variables().values()
        if variable.kind == "parameter" and variable.name not in {*LEARNED, "bargaining.age"}
    }
    return free | {(value.name, value.unit) for value in scenario.war.value}


def differences(one: Any, other: Any, where: str = "start") -> Iterator[str]:
    """Where two trees of records, tables and arrays are not the same to the last bit."""
    if type(one) is not type(other):
        yield f"{where}: {type(one).__name__} and {type(other).__name__}"
    elif isinstance(one, np.ndarray):
        if one.dtype != other.dtype or one.shape != other.shape or one.tobytes() != other.tobytes():
            yield where
    elif dataclasses.is_dataclass(one):
        for field in dataclasses.fields(one):
            yield from differences(getattr(one, field.name), getattr(other, field.name), f"{where}.{field.name}")
    elif isinstance(one, dict):
        if list(one) != list(other):
            yield f"{where}: other keys"
        for key in one:
            yield from differences(one[key], other.get(key), f"{where}[{key}]")
    elif isinstance(one, tuple | list):
        if len(one) != len(other):
            yield f"{where}: {len(one)} and {len(other)} entries"
        for index, (a, b) in enumerate(zip(one, other, strict=False)):
            yield from differences(a, b, f"{where}[{index}]")
    elif repr(one) != repr(other):
        yield where


def without_scenario(start: Start) -> dict[str, Any]:
    return {field.name: getattr(start, field.name) for field in dataclasses.fields(start) if field.name != "scenario"}


@pytest.mark.parametrize("opening", OPENINGS, ids=str)
def test_an_opening_does_not_depend_on_anything_later(store, scenario, starts, opening, tmp_path: Path):
    before = starts[opening]
    calibration = spoiled_calibration(opening, tmp_path / "calibration")
    spoiled = spoiled_scenario(scenario, opening).model_copy(update={"calibration": calibration})
    after = open_war(spoiled, Vintage(spoiled_store(store, opening), opening))
    assert list(differences(without_scenario(before), without_scenario(after))) == []
    assert assumptions(before) == assumptions(after)
    assert before.evidence_hash == after.evidence_hash


@pytest.mark.parametrize("opening", SIMULATED, ids=str)
def test_a_forecast_does_not_depend_on_anything_later(store, scenario, opening, tmp_path: Path):
    write(encode(spoiled_store(store, opening)), tmp_path / "spoiled")
    before = forecast(scenario.on(opening), **SIMULATION)
    calibration = spoiled_calibration(opening, tmp_path / "calibration")
    spoiled = spoiled_scenario(scenario, opening).model_copy(update={"calibration": calibration})
    after = forecast(spoiled, evidence=tmp_path / "spoiled", **SIMULATION)
    assert set(before.variables) == set(after.variables)
    for name in before.variables:
        assert before[name].dtype == after[name].dtype, name
        assert before[name].to_numpy().tobytes() == after[name].to_numpy().tobytes(), name
    for name in ("evidence_hash", "evidence_as_of", "assumptions", "opening", "failed_runs"):
        assert before.attrs[name] == after.attrs[name], name


def test_what_was_known_does_enter(store, scenario, starts):
    """The same comparison notices a single old number, a single cell and a single value: it is not blind."""
    opening = OPENINGS[2]
    before = starts[opening]
    place = next(
        k for k, row in enumerate(store.observations) if row.name == "loss_claim.personnel" and row.date > "2025-06-01"
    )
    rows = list(store.observations)
    rows[place] = dataclasses.replace(rows[place], value=rows[place].value + 500)
    told = open_war(scenario.on(opening), Vintage(dataclasses.replace(store, observations=tuple(rows)), opening))
    found = list(differences(without_scenario(before), without_scenario(told)))
    assert any(".intensity" in where or "[intensity]" in where for where in found)
    assert before.evidence_hash != told.evidence_hash

    share = store.control.share.copy()
    last = np.flatnonzero(store.control.dates <= np.datetime64(opening))[-1]
    partial = np.flatnonzero((share[last] > 100) & (share[last] < SHARE_STEPS - 100))[0]
    share[last, partial] += 50
    map_changed = dataclasses.replace(store, control=dataclasses.replace(store.control, share=share))
    assert Vintage(map_changed, opening).hash != before.evidence_hash


def test_a_calibration_up_to_the_day_does_enter(store, scenario, starts, tmp_path):
    """The comparison is not blind to it: another law moves the opening and what is drawn."""
    opening = OPENINGS[2]
    before = starts[opening]
    assert before.cut_off
    assert before.cut_off <= str(opening)
    kept = posterior.read(posterior.SHIPPED / "russia-ukraine" / f"{before.cut_off}.json")
    laws = {name: dataclasses.replace(law, centre=law.centre + 0.5) for name, law in kept.laws.items()}
    posterior.write(dataclasses.replace(kept, laws=laws), tmp_path)
    moved = scenario.on(opening).model_copy(update={"calibration": str(tmp_path)})
    found = list(differences(without_scenario(before), without_scenario(open_war(moved, Vintage(store, opening)))))
    assert any(".calibrated" in where or "[calibrated]" in where for where in found)
    assert any("[axes]" in where for where in found)


def test_an_opening_knows_the_last_map_and_no_later_one(store, starts):
    for opening, start in starts.items():
        dates = start.theatre.dates
        assert dates[-1] <= np.datetime64(opening)
        visible = store.control.dates[
            (store.control.dates <= np.datetime64(opening)) & (store.control.published <= np.datetime64(opening))
        ]
        assert np.array_equal(dates, visible)


@pytest.mark.parametrize("opening", OPENINGS, ids=str)
def test_every_assumption_was_known_on_the_day(starts, opening):
    rows = assumptions(starts[opening])
    assert all(row["known_on"] == "always" or row["known_on"] <= str(opening) for row in rows)


@pytest.mark.parametrize("name", spec.scenarios())
def test_no_number_cites_a_source_from_after_the_day_it_is_said_to_be_known(name):
    """A source with a later date gives the number away as written with hindsight; such a remark is a `note`."""
    loaded = spec.load(name)
    late = [
        f"{value.name}, known on {value.known_on}: {value.source}"
        for value in (*loaded.war.value, *loaded.value)
        for cited in CITED_DATE.findall(value.source)
        if cited > str(value.known_on)[: len(cited)]
    ]
    assert late == []


def test_no_prior_that_always_holds_cites_a_source_from_within_the_record(store):
    first = str(store.control.dates[0])
    late = [
        f"{variable.name}: {variable.source}"
        for variable in variables().values()
        if variable.known_on == "always"
        for cited in CITED_DATE.findall(variable.source or "")
        if cited > first[: len(cited)]
    ]
    assert late == []
