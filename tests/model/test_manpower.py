"""Manpower: people in a pipeline, and where they go."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ceasefire.model import manpower
from ceasefire.model.noise import Noise

RUNS = 32


def dice(week=0, seed=3):
    return Noise(jnp.asarray([seed, 0], jnp.uint32), jnp.arange(RUNS, dtype=jnp.uint32), jnp.asarray(week), "manpower")


def empty():
    nobody = jnp.zeros((2, RUNS))
    return manpower.State(jnp.zeros((2, 2, RUNS)), jnp.zeros((2, 2, RUNS)), nobody, nobody)


@jax.jit
def years(params, state, troops, wounded, weeks):
    """Many weeks with the same troops and wounded; states and flows [week, ...]."""

    def week(state, number):
        after, flows = manpower.step(params, state, noise=dice(number), troops=troops, wounded=wounded)
        return after, (after, flows)

    return jax.lax.scan(week, state, weeks)[1]


@pytest.fixture
def steady(with_prior_medians):
    times = np.linspace(4, 16, RUNS)
    return with_prior_medians(
        manpower, runs=RUNS, recruitment_spread=1e-9, training_time=[times] * 2, recovery_time=[times[::-1]] * 2
    )


WOUNDED = jnp.full((2, RUNS), 4000.0)
TROOPS = jnp.full((2, RUNS), 2e5)


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
    assert min(leaf.min() for leaf in jax.tree.leaves((states, flows))) >= 0


def test_stages_pass_on_everybody_in_order():
    stages, inflow = jnp.zeros((2, 2, 1)), jnp.asarray([[100.0], [0.0]])
    out = []
    for _ in range(200):
        stages, left = manpower.through_stages(stages, inflow, jnp.full((2, 1), 8.0))
        inflow = jnp.zeros((2, 1))
        out.append(float(left[0, 0]))
    assert out[0] == out[1] == 0
    assert sum(out) == pytest.approx(100, rel=1e-5)
    assert np.dot(out, np.arange(200)) / sum(out) == pytest.approx(8, rel=0.01)


def test_recruits_vary_by_the_spread_around_the_median(with_prior_medians):
    params = with_prior_medians(manpower, runs=RUNS, recruitment=3000.0, recruitment_spread=0.2)
    _, flows = years(params, empty(), TROOPS, WOUNDED, jnp.arange(400))
    logs = np.log(flows.recruited)
    assert logs.mean() == pytest.approx(np.log(3000), abs=0.006)
    assert logs.std() == pytest.approx(0.2, rel=0.02)


def test_the_line_is_left_at_the_rate_of_desertion(with_prior_medians):
    params = with_prior_medians(manpower, runs=RUNS, desertion_rate=0.01)
    states, _ = years(params, empty(), TROOPS, WOUNDED, jnp.arange(400))
    np.testing.assert_allclose(states.leaving, TROOPS[None] * (1 - np.exp(-0.01)) * np.ones((400, 1, 1)), rtol=1e-5)


def test_a_war_opens_with_its_pipelines_in_a_steady_flow(open_invented):
    opened = open_invented(manpower__recruitment_spread=1e-9)
    people, losses = opened.params.manpower, opened.params.attrition
    wounded = losses.troops_opening * losses.casualty_rate_opening * (1 - losses.killed_share)
    runs = wounded.shape[-1]
    noise = Noise(jnp.zeros(2, jnp.uint32), jnp.arange(runs, dtype=jnp.uint32), jnp.asarray(0), "manpower")
    step = jax.jit(manpower.step)
    after, _ = step(people, opened.state.manpower, noise=noise, troops=losses.troops_opening, wounded=wounded)
    for name in ("training", "recovering", "arriving", "leaving"):
        np.testing.assert_allclose(getattr(after, name), getattr(opened.state.manpower, name), rtol=0.02, err_msg=name)
