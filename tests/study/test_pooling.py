"""Pooling: ends at another weight, and the chance of an end, against chances that are known exactly."""

import jax.numpy as jnp
import numpy as np
import pytest

from ceasefire.model import bargaining
from ceasefire.study.pooling import Hazards, carried_on, chances, effective, run_weights, share

RUNS, WEEKS = 20_000, 30


def _fought(structural: np.ndarray, usual: np.ndarray, weight: float, seed: int) -> Hazards:
    """Wars that end as these hazards have it."""
    random = np.random.default_rng(seed)
    runs = structural.shape[-1]
    hazards = Hazards(structural, usual, np.full(runs, weight), np.zeros(runs, int), np.full(runs, -1))
    each = hazards.at(weight)
    ended, cause = np.zeros(runs, int), np.full(runs, -1)
    for week, chance in enumerate(each, start=1):
        struck = (ended == 0) & (random.random(runs) < chance.sum(axis=0))
        kind = (random.random(runs) * chance.sum(axis=0) > np.cumsum(chance, axis=0)[:-1]).sum(axis=0)
        ended[struck], cause[struck] = week, kind[struck]
    return Hazards(structural, usual, hazards.weight, ended, cause)


@pytest.fixture(scope="module")
def constant() -> Hazards:
    """Two causes, the same in every week and run."""
    shape = (WEEKS, 2, RUNS)
    structural = np.broadcast_to(np.array([0.03, 0.002])[:, None], shape)
    usual = np.broadcast_to(np.array([0.004, 0.008])[:, None], shape)
    return _fought(structural, usual, 0.5, 1)


@pytest.fixture(scope="module")
def switching() -> Hazards:
    """Talks come and go; while they last an agreement is forty times as likely. Costs differ between wars."""
    random = np.random.default_rng(3)
    talking = np.zeros((WEEKS, RUNS), bool)
    talking[0] = random.random(RUNS) < 0.1
    for week in range(1, WEEKS):
        talking[week] = random.random(RUNS) < np.where(talking[week - 1], 0.7, 0.03)
    agreement = np.where(talking, 0.16, 0.004) * random.lognormal(0, 0.5, RUNS)
    structural = np.stack([agreement, np.full((WEEKS, RUNS), 0.001)], axis=1)
    usual = np.full((WEEKS, 2, RUNS), 0.006)
    return _fought(structural, usual, 0.5, 4)


def _exact(hazards: Hazards, weight: float) -> np.ndarray:
    """P(ended by cause by week), [week, cause], where hazards are the same in every run."""
    each = hazards.at(weight)[..., 0]
    total = each.sum(axis=1)
    before = np.cumprod(np.concatenate([[1.0], 1 - total[:-1]]))
    return np.cumsum(before[:, None] * each, axis=0)


@pytest.mark.parametrize("weight", [0.0, 0.25, 0.5, 0.75, 1.0])
@pytest.mark.parametrize("week", [4, 13, 30])
def test_shares_at_another_weight_are_those_of_its_hazards(constant: Hazards, weight: float, week: int) -> None:
    weights = run_weights(constant, weight)[week]
    known = _exact(constant, weight)[week - 1]
    for cause in range(2):
        happened = (constant.ended > 0) & (constant.ended <= week) & (constant.cause == cause)
        found, number = share(happened, weights)
        error = np.sqrt(known[cause] * (1 - known[cause]) / number)
        assert found == pytest.approx(known[cause], abs=4 * error), cause
    assert effective(weights) <= RUNS + 1e-6
    assert weights.mean() == pytest.approx(1, abs=4 * weights.std() / np.sqrt(RUNS) + 1e-12)


def test_the_weight_of_the_runs_leaves_them_as_they_are(switching: Hazards) -> None:
    weights = run_weights(switching, 0.5)
    np.testing.assert_allclose(weights, 1)
    happened = switching.ended > 0
    found, number = share(happened, weights[-1])
    assert (found, number) == (pytest.approx(happened.mean()), pytest.approx(RUNS))


def test_weights_stop_with_the_end_and_hold_its_ratio() -> None:
    structural = np.array([[[0.2]], [[0.1]], [[0.4]]])
    hazards = Hazards(structural, np.full((3, 1, 1), 0.1), np.zeros(1), np.array([2]), np.array([0]))
    np.testing.assert_allclose(run_weights(hazards, 1.0)[:, 0], [1, 0.8 / 0.9, 0.8 / 0.9, 0.8 / 0.9])
    struck = Hazards(structural, hazards.usual, np.zeros(1), np.array([3]), np.array([0]))
    np.testing.assert_allclose(run_weights(struck, 1.0)[:, 0], [1, 0.8 / 0.9, 0.8 / 0.9, 0.8 / 0.9 * 4])


def test_the_base_rate_alone_forgets_the_structure(switching: Hazards) -> None:
    """Usual hazards are the same in all runs, so that their share is known whatever ended the runs."""
    found, number = share(switching.ended > 0, run_weights(switching, 0.0)[-1])
    known = 1 - (1 - 0.012) ** WEEKS
    assert found == pytest.approx(known, abs=4 * np.sqrt(known * (1 - known) / number))
    assert number < RUNS


def test_fewer_runs_count_the_further_the_weight(switching: Hazards) -> None:
    numbers = [effective(run_weights(switching, weight)[-1]) for weight in (0.5, 0.75, 1.0)]
    assert numbers[0] > numbers[1] > numbers[2] > 0


@pytest.mark.parametrize("weight", [0.0, 0.5, 1.0])
def test_shares_never_fall_and_those_of_causes_add_up(switching: Hazards, weight: float) -> None:
    weights = run_weights(switching, weight)
    by_then = [(switching.ended > 0) & (switching.ended <= week) for week in range(WEEKS + 1)]
    every = [share(then, row)[0] for then, row in zip(by_then, weights, strict=True)]
    assert (np.diff(every) >= 0).all()
    parts = [share(by_then[-1] & (switching.cause == cause), weights[-1])[0] for cause in range(2)]
    assert sum(parts) == pytest.approx(every[-1])


@pytest.mark.parametrize("weight", [0.0, 0.3, 0.5, 1.0])
def test_hazards_are_pooled_as_the_war_does(weight: float) -> None:
    random = np.random.default_rng(7)
    structural, usual = random.uniform(0, 0.2, (2, 1, 4, 3)) * random.integers(0, 2, (2, 1, 4, 3))
    hazards = Hazards(structural, usual, np.zeros(3), np.zeros(3, int), np.zeros(3, int))
    known = np.asarray(bargaining.pooled(jnp.asarray(structural[0]), jnp.asarray(usual[0]), jnp.asarray(weight)))
    np.testing.assert_allclose(hazards.at(weight)[0], known, rtol=1e-4, atol=1e-12)


def test_hazards_beyond_sure_are_shared_out() -> None:
    hazards = Hazards(np.full((1, 2, 1), 0.9), np.full((1, 2, 1), 0.9), np.ones(1), np.zeros(1, int), np.zeros(1, int))
    np.testing.assert_allclose(hazards.at(0.3), 0.5)


# The chance that a war ends


def test_the_mean_chance_of_an_end_is_the_share_that_ends(switching: Hazards) -> None:
    by_cause = chances(carried_on(switching.at(0.5), switching.ended)).mean(axis=-1)
    assert (by_cause[:, 0] == 0).all()
    for week in (4, 13, 30):
        for cause in range(2):
            known = ((switching.ended > 0) & (switching.ended <= week) & (switching.cause == cause)).mean()
            error = np.sqrt(known * (1 - known) / RUNS)
            assert by_cause[cause, week] == pytest.approx(known, abs=3 * error), (week, cause)


def test_carrying_on_the_last_hazard_would_tell_of_too_many_ends(switching: Hazards) -> None:
    """Why the later weeks of other runs are taken: wars end in the weeks in which an end is likeliest."""
    each = switching.at(0.5)
    week = np.arange(WEEKS)[:, None, None]
    last = np.where(switching.ended > 0, switching.ended - 1, WEEKS - 1)
    stays = np.take_along_axis(each, np.minimum(week, last[None, None]), axis=0)
    naive = chances(stays)[:, -1].sum(axis=0).mean()
    known = (switching.ended > 0).mean()
    assert naive > known + 5 * np.sqrt(known * (1 - known) / RUNS)


def test_the_range_of_the_chance_is_that_of_what_is_not_known() -> None:
    """Hazards that stay as drawn: the chance by week t is 1 − (1 − h)^t, its quantiles those of h."""
    drawn = np.random.default_rng(5).gamma(2, 0.01, 4000)
    hazards = _fought(np.broadcast_to(drawn, (WEEKS, 1, 4000)), np.full((WEEKS, 1, 4000), 1e-3), 1.0, 6)
    found = chances(carried_on(hazards.at(1.0), hazards.ended)).sum(axis=0)
    for week in (5, 30):
        known = np.quantile(1 - (1 - drawn) ** week, [0.05, 0.5, 0.95])
        np.testing.assert_allclose(np.quantile(found[week], [0.05, 0.5, 0.95]), known, atol=2e-3)


def test_chances_of_known_hazards_are_exact() -> None:
    each = np.array([[[0.1], [0.2]], [[0.3], [0.0]]])
    np.testing.assert_allclose(chances(each)[..., 0], [[0, 0.1, 0.1 + 0.7 * 0.3], [0, 0.2, 0.2]])


def test_where_all_wars_end_at_once_the_last_hazards_stay() -> None:
    each = np.full((3, 1, 2), 0.25)
    each[1:] = 0.9
    np.testing.assert_allclose(carried_on(each, np.array([1, 1])), 0.25)


def test_own_weeks_are_never_replaced(switching: Hazards) -> None:
    each = switching.at(0.5)
    told = carried_on(each, switching.ended)
    own = (switching.ended == 0) | (np.arange(1, WEEKS + 1)[:, None] <= switching.ended)
    assert (told == each)[np.broadcast_to(own[:, None], each.shape)].all()
    assert (told != each).any()
