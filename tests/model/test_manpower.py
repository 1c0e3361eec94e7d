"""Manpower: people in a pipeline, and where they go."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ceasefire.model import manpower
from ceasefire.model.intervene import NOTHING
from ceasefire.model.noise import Noise

RUNS = 32


def dice(week=0, seed=3):
    return Noise(jnp.asarray([seed, 0], jnp.uint32), jnp.arange(RUNS, dtype=jnp.uint32), jnp.asarray(week), "manpower")


WOUNDED = jnp.full((2, RUNS), 4000.0)
CASUALTIES = jnp.full((2, RUNS), 5500.0)
TROOPS = jnp.full((2, RUNS), 2e5)
UNMOVED = {"loss_effect": 0.0, "desertion_effect": 0.0}
"""Strain without effect."""


def empty():
    nobody = jnp.zeros((2, RUNS))
    return manpower.State(jnp.zeros((2, 2, RUNS)), jnp.zeros((2, 2, RUNS)), nobody, nobody, nobody, nobody)


@jax.jit
def _years(params, state, troops, casualties, wounded, weeks, do):
    def week(state, number):
        received = {"troops": troops, "casualties": casualties, "wounded": wounded, "funding": jnp.ones_like(troops)}
        after, flows = manpower.step(params, state, do=do, noise=dice(number), **received)
        return after, (after, flows)

    return jax.lax.scan(week, state, weeks)[1]


def years(params, state, troops, wounded, weeks, *, casualties=CASUALTIES, do=NOTHING):
    """Many weeks with the same troops and wounded; states and flows [week, ...]."""
    return _years(params, state, troops, casualties, wounded, weeks, do)


@pytest.fixture
def steady(with_prior_medians):
    times = np.linspace(4, 16, RUNS)
    times = {"training_time": [times] * 2, "recovery_time": [times[::-1]] * 2}
    return with_prior_medians(manpower, runs=RUNS, recruitment_spread=1e-9, **times, **UNMOVED)


@pytest.fixture
def drawn(with_prior_medians):
    return lambda **given: with_prior_medians(manpower, runs=RUNS, **given)


def at_strain(excess):
    """Empty pipelines of sides that are strained so much more than at the opening."""
    usual = jnp.asarray([[-0.4], [1.1]]) * jnp.ones(RUNS)
    return dataclasses.replace(empty(), strain=usual + jnp.asarray(excess, float), usual_strain=usual)


def test_in_the_long_run_a_pipeline_holds_its_flow_times_its_mean_time(steady):
    states, _ = years(steady, empty(), TROOPS, WOUNDED, jnp.arange(400))
    held = states.training[-1].sum(axis=1)
    np.testing.assert_allclose(held, steady.recruitment * steady.training_time, rtol=0.01)
    healing = states.recovering[-1].sum(axis=1)
    np.testing.assert_allclose(healing, WOUNDED * steady.return_share * steady.recovery_time, rtol=0.01)


def test_in_the_long_run_as_many_come_out_as_go_in(steady):
    states, _ = years(steady, empty(), TROOPS, WOUNDED, jnp.arange(400))
    np.testing.assert_allclose(states.arriving[-1], steady.recruitment + WOUNDED * steady.return_share, rtol=1e-4)


def test_people_in_the_pipeline_are_conserved_and_never_negative(with_prior_medians):
    params = with_prior_medians(manpower, runs=RUNS)
    states, flows = years(params, empty(), TROOPS, WOUNDED, jnp.arange(60))
    inside = np.asarray(states.training.sum(axis=2) + states.recovering.sum(axis=2), np.float64)
    inside = np.concatenate([np.zeros_like(inside[:1]), inside])
    entered = flows.recruited + WOUNDED - flows.disabled
    np.testing.assert_allclose(np.diff(inside, axis=0), entered - states.arriving, atol=1e-5 * inside.max())
    stocks = (states.training, states.recovering, states.arriving, states.leaving, flows)
    assert min(leaf.min() for leaf in jax.tree.leaves(stocks)) >= 0


def test_stages_pass_on_everybody_in_order():
    stages, inflow = jnp.zeros((2, 2, 1)), jnp.asarray([[100.0], [0.0]])
    out = []
    for _ in range(200):
        advanced, left = manpower.through_stages(stages, jnp.full((2, 1), 8.0))
        stages = stages + jnp.stack([inflow - advanced, advanced - left], axis=1)
        inflow = jnp.zeros((2, 1))
        out.append(float(left[0, 0]))
    assert out[0] == out[1] == 0
    assert sum(out) == pytest.approx(100, rel=1e-5)
    assert np.dot(out, np.arange(200)) / sum(out) == pytest.approx(8, rel=0.01)


def test_recruits_vary_by_the_spread_around_the_median(with_prior_medians):
    params = with_prior_medians(manpower, runs=RUNS, recruitment=3000.0, recruitment_spread=0.2, **UNMOVED)
    _, flows = years(params, empty(), TROOPS, WOUNDED, jnp.arange(400))
    logs = np.log(flows.recruited)
    assert logs.mean() == pytest.approx(np.log(3000), abs=0.006)
    assert logs.std() == pytest.approx(0.2, rel=0.02)


def test_the_line_is_left_at_the_rate_of_desertion(with_prior_medians):
    params = with_prior_medians(manpower, runs=RUNS, desertion_rate=0.01, **UNMOVED)
    states, _ = years(params, empty(), TROOPS, WOUNDED, jnp.arange(400))
    np.testing.assert_allclose(states.leaving, TROOPS[None] * (1 - np.exp(-0.01)) * np.ones((400, 1, 1)), rtol=1e-5)


# ------------------------------------------------------------------------------------------------------- strain


WEEK = jnp.arange(1)
EXCESS = np.linspace(-1.4, 1.4, RUNS)


def test_at_the_opening_strain_is_none(drawn):
    params = drawn(recruitment=[2000.0, 9000.0])
    state = manpower.opening(params, TROOPS, CASUALTIES, WOUNDED)
    np.testing.assert_array_equal(manpower.relative_strain(state), 0)
    np.testing.assert_allclose(state.strain, np.log(5500 / np.array([[2000.0], [9000.0]])) * np.ones(RUNS), rtol=1e-5)


def test_losses_that_stay_as_they_are_leave_strain_where_it_was(drawn):
    params = drawn(recruitment_spread=0.0, return_share=0.0)
    states, _ = years(params, manpower.opening(params, TROOPS, CASUALTIES, WOUNDED), TROOPS, WOUNDED, jnp.arange(50))
    np.testing.assert_allclose(states.strain, np.broadcast_to(states.usual_strain, states.strain.shape), atol=1e-5)


def test_strain_follows_losses_over_recruits_with_a_half_life_of_six_weeks(drawn):
    params = drawn(recruitment_spread=0.0, **UNMOVED)
    opened = manpower.opening(params, TROOPS, CASUALTIES, WOUNDED)
    states, _ = years(params, opened, TROOPS, WOUNDED, jnp.arange(60), casualties=2 * CASUALTIES)
    excess = np.asarray(states.strain - states.usual_strain)
    np.testing.assert_allclose(excess[[5, 11, -1], 0, 0], np.log(2) * np.array([0.5, 0.75, 1]), rtol=2e-3)


def test_more_strain_brings_fewer_recruits_and_makes_more_leave_at_their_rates(drawn):
    params = drawn(recruitment_spread=0.0, loss_effect=0.3, desertion_effect=0.6, desertion_rate=1e-4)
    states, flows = years(params, at_strain(EXCESS), TROOPS, WOUNDED, WEEK)
    np.testing.assert_allclose(
        flows.recruited[0] / params.recruitment, np.exp(-0.3 * EXCESS) * np.ones((2, 1)), rtol=1e-4
    )
    np.testing.assert_allclose(states.leaving[0] / TROOPS, 1e-4 * np.exp(0.6 * EXCESS) * np.ones((2, 1)), rtol=1e-3)


def test_strain_beyond_reach_does_no_more(drawn):
    for sign in (-1, 1):
        near, far = (
            years(drawn(), at_strain(sign * reach), TROOPS, WOUNDED, WEEK)
            for reach in (manpower.STRAIN_REACH + 0.01, manpower.STRAIN_REACH + 40)
        )
        assert (near[1].recruited == far[1].recruited).all()
        assert (near[0].leaving == far[0].leaving).all()


def test_without_its_couplings_strain_changes_no_bit(drawn):
    (usual, flows), (strained, other) = (
        years(drawn(**UNMOVED), at_strain(excess), TROOPS, WOUNDED, WEEK) for excess in (0.0, EXCESS)
    )
    assert (flows.recruited == other.recruited).all()
    assert (usual.leaving == strained.leaving).all()


def test_heavier_losses_shrink_recruitment_for_good(drawn):
    params = drawn(recruitment_spread=0.0)
    opened = manpower.opening(params, TROOPS, CASUALTIES, WOUNDED)
    recruited = [
        years(params, opened, TROOPS, WOUNDED, jnp.arange(30), casualties=factor * CASUALTIES)[1].recruited
        for factor in (0.5, 1.0, 2.0)
    ]
    assert (recruited[0][1:] > recruited[1][1:]).all()
    assert (recruited[1][1:] > recruited[2][1:]).all()


def test_peace_is_finite(drawn):
    nobody = jnp.zeros((2, RUNS))
    states, flows = years(drawn(), empty(), TROOPS, nobody, jnp.arange(200), casualties=nobody)
    for values in jax.tree.leaves((states, flows)):
        assert jnp.isfinite(values).all()


# -------------------------------------------------------------------------------------- mobilisation and decrees


def test_mobilisation_adds_to_the_recruits_and_comes_to_the_line_after_training(drawn):
    (_, usual), (_, called) = (
        years(drawn(mobilisation=number, **UNMOVED), empty(), TROOPS, WOUNDED, jnp.arange(200))
        for number in ([0.0, 0.0], [0.0, 3000.0])
    )
    more = np.asarray(called.recruited - usual.recruited)
    assert (more[:, 0] == 0).all()
    np.testing.assert_allclose(more[:, 1], 3000, rtol=1e-5)
    assert (called.trained[1] == usual.trained[1]).all()
    np.testing.assert_allclose(called.trained[-1, 1] - usual.trained[-1, 1], 3000, rtol=1e-3)


@pytest.mark.parametrize("name", ["recruited", "disabled", "trained", "healed"])
@pytest.mark.parametrize("given", [{"value": 1e9}, {"value": 0.0}, {"factor": 2.5}, {"shift": -100.0}])
def test_people_are_accounted_for_whatever_is_decreed(drawn, decree, name, given):
    params = drawn()
    opened = manpower.opening(params, TROOPS, CASUALTIES, WOUNDED)
    do = decree(f"manpower.{name}", **given)
    states, flows = years(params, opened, TROOPS, WOUNDED, jnp.arange(8), do=do)
    inside = np.asarray(states.training.sum(axis=2) + states.recovering.sum(axis=2), np.float64)
    before = np.asarray(opened.training.sum(axis=1) + opened.recovering.sum(axis=1), np.float64)
    entered = flows.recruited + WOUNDED - flows.disabled
    change = np.diff(np.concatenate([before[None], inside]), axis=0)
    np.testing.assert_allclose(change, entered - flows.trained - flows.healed, atol=1e-5 * inside.max())
    np.testing.assert_allclose(states.arriving, flows.trained + flows.healed, rtol=1e-6)
    for stock in (states.training, states.recovering, states.arriving, states.leaving, *jax.tree.leaves(flows)):
        assert stock.min() >= -1e-5 * inside.max()


def test_a_war_opens_with_its_pipelines_in_a_steady_flow(open_invented):
    opened = open_invented(manpower__recruitment_spread=1e-9)
    people, losses = opened.params.manpower, opened.params.attrition
    casualties = losses.troops_opening * -jnp.expm1(-losses.casualty_rate_opening)
    wounded = casualties * (1 - losses.killed_share)
    runs = wounded.shape[-1]
    noise = Noise(jnp.zeros(2, jnp.uint32), jnp.arange(runs, dtype=jnp.uint32), jnp.asarray(0), "manpower")
    received = {"troops": losses.troops_opening, "casualties": casualties, "wounded": wounded}
    received["funding"] = jnp.ones_like(wounded)
    step = jax.jit(manpower.step)
    after, _ = step(people, opened.state.manpower, do=NOTHING, noise=noise, **received)
    for name in ("training", "recovering", "arriving", "leaving", "strain", "usual_strain"):
        one, other = getattr(after, name), getattr(opened.state.manpower, name)
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5, err_msg=name)
