"""Reported is not true: claims exceed by the overcount, maps lag and never lead."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from ceasefire.scenario import spec
from ceasefire.scenario.start import Start, from_record
from ceasefire.simulate import draws
from ceasefire.simulate.ensemble import Ensemble
from ceasefire.study import observe

RUNS, WEEKS, SEED = 1000, 20, 3
TRUE = 100_000.0


def quiet(start: Start, *values: spec.Value) -> Start:
    """The invented war without a record of claims, so that its reporting is what the scenario says."""
    scenario = start.scenario.model_copy(update={"value": values})
    return from_record(
        scenario, start.theatre, claims={0: {}, 1: {}}, area=start.area, evidence_hash=start.evidence_hash
    )


def constant(start: Start, runs: int = RUNS, true: float = TRUE) -> Ensemble:
    """An ensemble in which the same number falls every week; nothing is simulated."""
    sides, items = len(start.labels["side"]), len(start.labels["item"])
    series = {
        "attrition.casualties": np.full((WEEKS, sides, runs), true, dtype=np.float32),
        "attrition.lost": np.full((WEEKS, sides, items, runs), true, dtype=np.float32),
    }
    nothing = np.zeros((WEEKS + 1, len(start.theatre)), dtype=np.int32)
    return Ensemble(start, SEED, WEEKS, series, nothing, np.ones(runs, dtype=bool), np.zeros(runs))


def reporting(start: Start, runs: int = RUNS) -> dict[str, np.ndarray]:
    drawn = draws.values(start, draws.cube(start, SEED, np.arange(runs, dtype=np.uint32)))
    return {name.split(".")[1]: values for name, values in drawn.items() if name.startswith("reporting.")}


def told(name: str, mid: float, spread: float = 1.0) -> spec.Value:
    return spec.Value(
        name=name,
        low=mid / spread,
        mid=mid,
        high=mid * spread,
        unit="1",
        known_on=dt.date(2042, 6, 7),
        source="invented",
    )


@pytest.fixture(scope="module")
def start(invented_war) -> Start:
    return quiet(invented_war)


@pytest.fixture(scope="module")
def claims(start) -> np.ndarray:
    return observe.claims(constant(start))


def test_a_claim_is_the_truth_times_the_overcount_in_the_median(start, claims):
    drawn = reporting(start)
    assert claims.shape == (WEEKS, len(start.labels["claim"]), RUNS)
    surprise = np.log(claims / (TRUE * drawn["overcount"])) / drawn["noise"]
    assert np.abs(np.median(surprise, axis=(0, 2))).max() < 4 * 1.2533 / np.sqrt(WEEKS * RUNS)
    assert np.abs(surprise.std(axis=(0, 2)) - 1).max() < 0.03
    assert np.abs(np.median(claims / TRUE, axis=(0, 2)) / np.median(drawn["overcount"], axis=1) - 1).max() < 0.05


def test_the_noise_of_claims_has_no_memory(start, claims):
    drawn = reporting(start)
    surprise = np.log(claims / (TRUE * drawn["overcount"])) / drawn["noise"]
    for claim in range(surprise.shape[1]):
        earlier, later = surprise[:-1, claim].ravel(), surprise[1:, claim].ravel()
        assert abs(np.corrcoef(earlier, later)[0, 1]) < 4 / np.sqrt(len(earlier))
    assert abs(np.corrcoef(surprise[:, 0].ravel(), surprise[:, 1].ravel())[0, 1]) < 4 / np.sqrt(WEEKS * RUNS)


def test_claims_are_whole_numbers_and_never_negative(claims):
    assert (claims == np.round(claims)).all()
    assert (claims >= 0).all()


def test_where_nothing_is_lost_nothing_is_claimed(start):
    assert (observe.claims(constant(start, runs=40, true=0.0)) == 0).all()


def test_without_noise_and_overcount_claims_are_the_truth(invented_war):
    honest = quiet(invented_war, told("reporting.overcount", 1.0), told("reporting.noise", 1e-9))
    assert np.allclose(observe.claims(constant(honest, runs=40)), TRUE, rtol=1e-5)


def test_claims_count_the_losses_of_the_first_side_only(start):
    ensemble = constant(start, runs=40)
    ensemble.series["attrition.casualties"][:, 1] *= 50
    ensemble.series["attrition.lost"][:, 1] *= 50
    assert np.array_equal(observe.claims(ensemble), observe.claims(constant(start, runs=40)))


def test_what_is_claimed_of_a_run_does_not_depend_on_how_many_there_are(start, claims):
    assert np.array_equal(observe.claims(constant(start, runs=40)), claims[..., :40])


def areas(start: Start, runs: int = RUNS) -> np.ndarray:
    """Ground [week + 1, axis, run] that is different every week."""
    random = np.random.default_rng(1)
    moves = random.uniform(1, 5, size=(WEEKS + 1, len(start.labels["axis"]), runs))
    return np.cumsum(moves, axis=0).astype(np.float32)


def test_a_map_shows_the_truth_of_its_last_redrawing(start):
    area = areas(start)
    mapped = observe.mapped(constant(start), area)
    shown = (mapped[:, None] == area[None]).argmax(axis=1)
    assert np.array_equal(np.take_along_axis(area, shown, axis=0), mapped)
    week = np.arange(WEEKS + 1)[:, None, None]
    assert (shown <= week).all()
    assert (np.diff(shown, axis=0) >= 0).all()
    redrawn = np.diff(shown, axis=0) > 0
    assert (shown[1:][redrawn] == np.broadcast_to(week[1:], redrawn.shape)[redrawn]).all()


def test_a_map_is_left_as_it_was_with_the_chance_drawn(start):
    mapped = observe.mapped(constant(start), areas(start))
    still = (np.diff(mapped, axis=0) == 0).mean(axis=(0, 1))
    chance = reporting(start)["unmapped"]
    trials = WEEKS * len(start.labels["axis"])
    z = (still - chance) / np.sqrt(chance * (1 - chance) / trials)
    assert abs(z.mean()) < 4 / np.sqrt(RUNS)
    assert 0.9 < z.std() < 1.1


def test_where_every_axis_is_redrawn_the_map_is_the_truth(invented_war):
    prompt = quiet(invented_war, told("reporting.unmapped", 1e-12))
    area = areas(prompt, runs=40)
    assert np.array_equal(observe.mapped(constant(prompt, runs=40), area), area)


def test_where_nothing_is_redrawn_the_map_stays_as_it_was(invented_war):
    blind = quiet(invented_war, told("reporting.unmapped", 1 - 1e-12))
    area = areas(blind, runs=40)
    assert (observe.mapped(constant(blind, runs=40), area) == area[0]).all()


def test_mapping_leaves_the_true_area_alone(start):
    area = areas(start, runs=40)
    kept = area.copy()
    observe.mapped(constant(start, runs=40), area)
    assert np.array_equal(area, kept)


def test_what_is_reported_of_a_run_does_not_depend_on_the_runs_drawn_beside_it(start):
    runs, first = observe.BLOCK + 8, observe.BLOCK - 8
    whole, late = constant(start, runs), replace(constant(start, runs - first), first=first)
    assert np.array_equal(observe.claims(whole)[..., first:], observe.claims(late))
    area = areas(start, runs)
    assert np.array_equal(observe.mapped(whole, area)[..., first:], observe.mapped(late, area[..., first:]))


def test_what_is_drawn_is_what_the_wars_are_fought_with(start):
    found = observe.drawn(constant(start), ["reporting.unmapped", "reporting.overcount"])
    for name, values in found.items():
        assert np.array_equal(values, reporting(start)[name.removeprefix("reporting.")])


def test_parameters_at_hand_need_not_be_drawn_again(start, claims):
    ensemble, area = constant(start), areas(start)
    at_hand = observe.drawn(ensemble, observe.REPORTING)
    assert np.array_equal(observe.claims(ensemble, at_hand), claims)
    assert np.array_equal(observe.mapped(ensemble, area, at_hand), observe.mapped(ensemble, area))
