"""Breach: how often a front breaks, how deep, and what reserves do about it."""

import dataclasses
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ceasefire.model import breach
from ceasefire.model.intervene import NOTHING
from ceasefire.model.noise import Noise

RUNS, AXES = 4000, 3
TROOPS = np.array([3e5, 1e5])


@jax.jit
def step(params, state, do, week, effort, troops, force, stretch):
    words = jnp.asarray([9, 1], jnp.uint32), jnp.arange(effort.shape[-1], dtype=jnp.uint32)
    noise = Noise(*words, week, "breach")
    received = {"effort": effort, "troops": troops, "force": force, "stretch": stretch}
    return breach.step(params, state, do=do, noise=noise, **received)


def per_side(value, runs):
    value = jnp.asarray(value, float)
    return jnp.broadcast_to(value[:, None] if value.shape == (2,) else value, (2, runs))


def week(params, state, *, do=NOTHING, number=0, effort=1.0, troops=TROOPS, force=0.0, stretch=0.0):
    runs = state.reserve.shape[-1]
    given = (per_side(value, runs) for value in (effort, troops, force, stretch))
    return step(params, state, do, jnp.asarray(number), *given)


@pytest.fixture
def drawn(with_prior_medians):
    return lambda **given: with_prior_medians(breach, runs=RUNS, **given)


def opened(params, reserve=1.0, **broken):
    """No breach but those that are named, a pair of a side and a number of axes; reserves as meant, or a share."""
    runs = params.hazard.shape[-1]
    state = breach.opening(params, per_side(TROOPS, runs), AXES)
    factor = state.factor
    for side, axes in broken.values():
        factor = factor.at[side, :axes].set(8.0)
    return breach.State(factor, state.reserve * per_side(reserve, runs))


def within(found, chance):
    """A frequency is as likely as chance says, up to four standard errors."""
    found = np.asarray(found)
    error = np.sqrt(chance * (1 - chance) / found.size)
    return abs(found.mean() - chance) < 4 * error + 1e-9


def test_a_war_opens_without_breaches_and_with_the_reserves_that_are_meant(drawn):
    params = drawn(reserve_share=[0.05, 0.1], hazard=0.0)
    after, flows = week(params, opened(params))
    assert (after.factor == 1).all()
    np.testing.assert_allclose(after.reserve[:, 0], TROOPS * [0.05, 0.1], rtol=1e-6)
    np.testing.assert_allclose(flows.readiness, 1, rtol=1e-5)
    for nothing in (flows.drawn, flows.refilled, flows.surge - 1):
        np.testing.assert_allclose(nothing, 0, atol=0.01)


# -------------------------------------------------------------------------------------------------- opening


@pytest.mark.parametrize("hazard", [0.003, 0.05, 0.7])
def test_breaches_open_as_often_as_the_hazard_says(drawn, hazard):
    params = drawn(hazard=hazard)
    _, flows = week(params, opened(params))
    assert within(flows.surge > 1, 1 - np.exp(-hazard))


def test_effort_and_force_open_breaches(drawn):
    params = drawn(hazard=0.1, force_effect=1.5)
    _, flows = week(params, opened(params), effort=[0.5, 2.0], force=[0.4, -0.4])
    for side, expected in enumerate((0.1 * 0.5 * np.exp(1.5 * 0.4), 0.1 * 2.0 * np.exp(-1.5 * 0.4))):
        assert within(flows.surge[side] > 1, 1 - np.exp(-expected))


def test_a_side_that_is_stronger_or_presses_more_loses_no_breach_that_it_had(drawn):
    params = drawn(hazard=0.1)
    for name in ("effort", "force"):
        open_ = [week(params, opened(params), **{name: value})[1].surge > 1 for value in (0.1, 0.5, 1.0, 1.4)]
        for fewer, more in pairwise(open_):
            assert (fewer <= more).all()
            assert fewer.sum() < more.sum()


def test_without_its_coupling_force_changes_no_bit(drawn):
    params = drawn(hazard=0.1, force_effect=0.0)
    one, other = (week(params, opened(params), force=force) for force in (0.0, [2.0, -2.0]))
    for left, right in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        assert (left == right).all()


def test_without_effort_nothing_opens_and_no_ground_is_multiplied(drawn):
    params = drawn(hazard=5.0)
    after, flows = week(params, opened(params, one=(0, 2)), effort=0.0)
    assert (flows.surge == 1).all()
    assert (after.factor[1] == 1).all()
    assert (after.factor[0, 2] == 1).all()


def test_without_hazard_nothing_ever_opens(drawn):
    params, state = drawn(hazard=0.0), None
    for number in range(10):
        state, flows = week(params, state or opened(params), number=number, effort=3.0, force=[1.0, -1.0])
        assert (flows.surge == 1).all()
        assert (flows.drawn == 0).all()


def test_depth_is_log_normal_around_its_median(drawn):
    params = drawn(hazard=50.0, depth=9.4, closing=0.0)
    after, flows = week(params, opened(params))
    logs = np.log(np.asarray(after.factor, float))
    assert (after.factor > 1).all()
    assert np.median(logs) == pytest.approx(np.log(9.4), abs=4 * 1.25 * breach.DEPTH_SPREAD / np.sqrt(logs.size))
    assert logs.std() == pytest.approx(breach.DEPTH_SPREAD, rel=0.02)
    assert (flows.surge == after.factor).all()


def test_a_breach_keeps_its_factor_while_it_stands(drawn):
    params = drawn(hazard=0.2, closing=0.0)
    state, _ = week(params, opened(params))
    after, _ = week(params, state, number=1)
    stands = state.factor > 1
    assert (after.factor[stands] == state.factor[stands]).all()


# -------------------------------------------------------------------------------------------------- closing


@pytest.mark.parametrize("reserve", [1.0, 0.5, 0.1])
def test_breaches_close_as_often_as_the_enemys_reserves_allow(drawn, reserve):
    params = drawn(hazard=0.0, closing=0.5, reserve_effect=0.8)
    after, _ = week(params, opened(params, reserve=[0.01, reserve], one=(0, AXES)))
    assert within(after.factor[0] == 1, 0.5 * reserve**0.8)


def test_without_reserves_a_breach_is_permanent(drawn):
    params = drawn(hazard=0.0, closing=0.6)
    state = opened(params, reserve=[1.0, 0.0], one=(0, 2))
    for number in range(30):
        after, flows = week(
            params, dataclasses.replace(state, reserve=opened(params, [1.0, 0.0]).reserve), number=number
        )
        assert (after.factor == state.factor).all()
        assert (flows.drawn == 0).all()
        state = after


def test_without_its_coupling_reserves_do_not_matter(drawn):
    params = drawn(hazard=0.0, reserve_effect=0.0)
    full, empty = (week(params, opened(params, reserve=reserve, one=(0, 3)))[0] for reserve in (1.0, 0.0))
    assert (full.factor == empty.factor).all()
    assert within(full.factor[0] == 1, float(params.closing[0]))


def test_no_breach_closes_for_sure(drawn):
    params = drawn(hazard=0.0, closing=0.999)
    after, _ = week(params, opened(params, reserve=5.0, one=(1, AXES)))
    assert within(after.factor[1] == 1, breach.SURE)


def test_two_breaches_at_once_close_later_than_one(drawn):
    params = drawn(hazard=0.0, draw=0.5)

    def mean_stand(axes):
        state, stood = opened(params, one=(0, axes)), 0.0
        for number in range(25):
            state, _ = week(params, state, number=number)
            stood = stood + (state.factor[0, 0] > 1)
        return float(stood.mean())

    one, two, three = (mean_stand(axes) for axes in (1, 2, 3))
    assert one < two < three


# ------------------------------------------------------------------------------------------------- reserves


def test_each_breach_draws_its_share_of_the_enemys_reserves(drawn):
    params = drawn(hazard=0.0, closing=0.0, draw=0.3)
    for axes in range(AXES + 1):
        state = opened(params, one=(0, axes))
        _, flows = week(params, state)
        np.testing.assert_allclose(flows.drawn[1] / state.reserve[1], 1 - 0.7**axes, atol=1e-6)
        assert (flows.drawn[0] == 0).all()


def test_missing_reserves_come_back_in_their_time(drawn):
    params = drawn(hazard=0.0, rebuild_time=8.0)
    state = opened(params, reserve=0.5)
    meant = np.asarray(2 * state.reserve)
    for number in range(1, 20):
        state, _ = week(params, state, number=number)
        np.testing.assert_allclose(1 - state.reserve / meant, 0.5 * (1 - 1 / 8) ** number, rtol=1e-3)


def test_sieges_take_from_readiness_and_so_keep_breaches_open(drawn):
    params = drawn(hazard=0.0, closing=0.5, reserve_effect=0.8, stretch_effect=1.5)
    after, flows = week(params, opened(params, one=(0, AXES)), stretch=[0.0, 0.4])
    np.testing.assert_allclose(flows.readiness, np.array([[1.0], [0.6**1.5]]) * np.ones(RUNS), rtol=1e-5)
    assert within(after.factor[0] == 1, 0.5 * 0.6 ** (1.5 * 0.8))
    blind = drawn(hazard=0.1, stretch_effect=0.0)
    one, other = (week(blind, opened(blind), stretch=stretch) for stretch in (0.0, [1.0, 0.5]))
    for left, right in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        assert (left == right).all()


def test_a_salient_is_won_back_as_reserves_are_ready_and_never_faster_than_with_full_ones(drawn):
    params = drawn(recovery=0.1)
    _, flows = week(params, opened(params, reserve=[0.4, 3.0]))
    np.testing.assert_allclose(flows.regained[0], 0.04, rtol=1e-5)
    np.testing.assert_allclose(flows.regained[1], 0.1, rtol=1e-5)


def assert_reserves_balance(state, after, flows, troops):
    change = np.asarray(after.reserve - state.reserve)
    np.testing.assert_allclose(change, flows.refilled - flows.drawn, atol=1e-5 * max(TROOPS))
    assert min(after.reserve.min(), flows.drawn.min(), flows.refilled.min()) >= 0
    assert (after.reserve <= per_side(troops, RUNS) * (1 + 1e-6)).all()


def test_reserves_are_accounted_for_and_part_of_the_troops_even_of_an_army_that_melts_away(drawn):
    params = drawn(hazard=0.3, reserve_share=0.9, rebuild_time=0.1)
    state, troops = opened(params), TROOPS
    for number in range(30):
        after, flows = week(params, state, number=number, troops=troops)
        assert_reserves_balance(state, after, flows, troops)
        state, troops = after, troops * 0.7 if number < 20 else 0 * troops
    assert (state.reserve == 0).all()


@pytest.mark.parametrize("name", ["drawn", "refilled", "readiness"])
@pytest.mark.parametrize("given", [{"value": 1e9}, {"value": 0.0}, {"factor": 40.0}, {"shift": -50.0}])
def test_reserves_are_accounted_for_whatever_is_decreed(drawn, decree, name, given):
    params = drawn(hazard=0.3)
    state, do = opened(params), decree(f"breach.{name}", axes=AXES, **given)
    for number in range(4):
        after, flows = week(params, state, number=number, do=do)
        assert_reserves_balance(state, after, flows, TROOPS)
        state = after


def test_a_decreed_surge_is_one_for_the_week_and_opens_no_breach(drawn, decree):
    params = drawn(hazard=0.0)
    after, flows = week(params, opened(params), do=decree("breach.surge", axes=AXES, value=6.0))
    assert (flows.surge == 6).all()
    assert (after.factor == 1).all()
