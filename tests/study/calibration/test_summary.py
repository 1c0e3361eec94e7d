"""Summaries: scores are ranks, products tell of moving together, and nothing that became known later enters."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from ceasefire.evidence.control import ControlRecord
from ceasefire.evidence.series import Observation
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario.spec import Reported
from ceasefire.scenario.start import Start, from_record, variables
from ceasefire.simulate.ensemble import Ensemble
from ceasefire.study.calibration import summary

OPENING = dt.date(2042, 6, 7)
WEEKS, RUNS = 12, 33
CUT_OFF = OPENING + dt.timedelta(weeks=WEEKS)
LAUNCHED = Reported.model_validate(
    {"name": "Decoys", "series": "a.b", "unit": "count", "kind": "weeks", "of": ("strikes.launched[Blue,decoy]",)}
)


@pytest.fixture(scope="module")
def war(invented_war: Start) -> Start:
    told = invented_war.scenario.war.model_copy(update={"reported": (LAUNCHED,)})
    scenario = invented_war.scenario.model_copy(update={"war": told})
    return from_record(scenario, invented_war.theatre, claims={}, area=invented_war.area, evidence_hash="invented")


def ensemble(start: Start, *, phase: int = 0) -> Ensemble:
    """Wars in which week k takes k km² for the first side on every axis, and k decoys are launched."""
    full, week = {}, np.arange(1.0, WEEKS + 1)
    for name in summary.needed(start):
        variable = variables()[name]
        shape = [len(start.labels[dim]) for dim in variable.dims if dim != "run"]
        full[name] = np.zeros((WEEKS + (variable.kind == "state"), *shape, RUNS))
    full["front.taken"][:, 0] = week[:, None, None]
    full["strikes.launched"][:] = week[:, None, None, None]
    full["opinion.share"][:] = 0.5
    full["bargaining.phase"][-1, 0] = phase
    held = np.zeros((WEEKS + 1, len(start.theatre)), np.int32)
    return Ensemble(start, 3, WEEKS, full, held, np.ones(RUNS, bool), np.zeros(RUNS))


def rows(name: str, published: dt.timedelta = dt.timedelta(0), weeks: int = WEEKS) -> list[Observation]:
    days = [OPENING + dt.timedelta(weeks=k) for k in range(weeks + 1)]
    return [
        Observation(name, str(day), str(day + published), 10.0 * k, "count", "invented", "B")
        for k, day in enumerate(days)
    ]


def summarised(start: Start, *parts: list[Observation], phase: int = 0) -> summary.Summary:
    store = Store(tuple(sorted(row for part in parts for row in part)), ControlRecord.empty(), {})
    record = summary.known_by(store, Vintage(store, str(CUT_OFF)), [start])
    return summary.summarise(ensemble(start, phase=phase), record)


def test_what_was_observed_stands_beside_what_was_simulated_by_block(war: Start) -> None:
    found = summarised(war, rows("area.total"))
    assert found.name == ("area_total 1", "area_total 2", "area_total 3")
    assert found.observed.tolist() == [40.0, 40.0, 40.0]
    axes = len(war.labels["axis"])
    most = axes * np.array([1 + 2 + 3 + 4, 5 + 6 + 7 + 8, 9 + 10 + 11 + 12])
    assert found.simulated.mean(axis=1) == pytest.approx(most, rel=0.15)
    assert found.simulated.sum(axis=0).max() <= most.sum() * (1 + 1e-6)
    assert found.at_war.all()


def test_reports_are_summed_over_their_months(war: Start) -> None:
    found = summarised(war, rows("a.b"))
    assert set(found.series) == {"Decoys"}
    told = dict(zip(found.name, found.simulated[:, 0], strict=True))
    assert told["Decoys 2042-07"] == 4 + 5 + 6 + 7
    assert dict(zip(found.name, found.observed, strict=True))["Decoys 2042-07"] == 10 * (4 + 5 + 6 + 7)


def test_nothing_that_became_known_after_the_cut_off_enters(war: Start) -> None:
    before = summarised(war, rows("area.total"), rows("a.b"))
    later = [
        Observation("a.b", str(CUT_OFF), str(CUT_OFF + dt.timedelta(days=1)), 9e9, "count", "invented", "B"),
        Observation("area.total", str(OPENING), str(CUT_OFF + dt.timedelta(days=1)), 9e9, "count", "invented", "B"),
        Observation("a.b", str(CUT_OFF + dt.timedelta(days=7)), str(CUT_OFF), 9e9, "count", "invented", "B"),
    ]
    after = summarised(war, rows("area.total"), rows("a.b"), later)
    assert after.name == before.name
    assert np.array_equal(after.observed, before.observed)
    assert np.array_equal(after.simulated, before.simulated)


def test_a_war_that_stopped_is_marked(war: Start) -> None:
    found = summarised(war, rows("a.b"), phase=1)
    assert not found.at_war[0]
    assert found.at_war[1:].all()


def test_blocks_cover_all_weeks() -> None:
    for weeks in range(1, 60):
        ends = (0, *summary.block_ends(weeks))
        assert ends[-1] == weeks
        assert all(1 <= length <= 7 for length in np.diff(ends))


def test_scores_are_standard_normal_and_do_not_know_units() -> None:
    random = np.random.default_rng(1)
    simulated = random.gamma(0.5, size=(1, 999))
    seen, scores = summary.normal_scores(np.array([0.3]), simulated)
    again = summary.normal_scores(np.array([np.log(0.3)]), np.log(simulated))
    assert np.array_equal(scores, again[1])
    assert seen == again[0]
    assert abs(scores.mean()) < 1e-9
    assert scores.std() == pytest.approx(1, abs=0.01)


def test_an_observation_beyond_all_is_held_to_the_furthest() -> None:
    simulated = np.arange(99.0)[None]
    far = [summary.normal_scores(np.array([x]), simulated)[0][0] for x in (-1e9, 200.0, 1e300)]
    assert far[1] == far[2] == pytest.approx(-far[0])
    assert 2 < far[1] < 3


def test_ties_are_alike_and_what_is_not_told_says_nothing() -> None:
    simulated = np.array([[0.0, 0.0, 0.0, 0.0, 5.0, np.nan]])
    seen, scores = summary.normal_scores(np.array([0.0]), simulated)
    assert len(set(scores[0, :4])) == 1
    assert scores[0, 0] == seen[0] < scores[0, 4]
    assert scores[0, 5] == 0


def test_products_tell_of_series_that_move_together() -> None:
    random = np.random.default_rng(2)
    slope = random.standard_normal(3000)
    cause, luck = random.standard_normal((2, 3000))
    told = np.stack([cause, slope * cause + 0.3 * luck])
    seen, both = summary.with_products(np.zeros(2), told, ("cause", "effect"))
    assert both.shape == (2 + 2 + 1, 3000)
    assert seen.shape == (5,)
    related = [abs(np.corrcoef(slope, row)[0, 1]) for row in both]
    assert max(related[:2]) < 0.1 < 0.6 < related[4]
