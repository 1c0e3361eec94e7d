"""Policy: what is planned is done while there is war."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from ceasefire.model import policy
from ceasefire.model.axes import YEAR
from ceasefire.model.intervene import NOTHING

AT_WAR, FADING = jnp.asarray([True, False, False]), jnp.asarray([False, True, False])
LEVEL = np.array([1.0, policy.FADED, 0.0])


@pytest.fixture
def week(bare_ground):
    ground = bare_ground(np.zeros((1, 6), int), np.zeros(1, int), np.zeros((1, 1)))
    ground = dataclasses.replace(ground, talks=jnp.zeros(YEAR + 1).at[3].set(1.0))

    def fought(params, do=NOTHING, number=0):
        told = {"week": jnp.asarray(number), "ground": ground, "at_war": AT_WAR, "fading": FADING}
        return policy.step(params, policy.State(), do=do, **told)[1]

    return fought


def test_plans_hold_in_war_fade_with_it_and_stop_under_an_agreement(week, with_prior_medians):
    flows = week(with_prior_medians(policy, runs=3, planned_effort=[0.8, 1.2], planned_fire=2.0))
    np.testing.assert_allclose(flows.effort, np.outer([0.8, 1.2], LEVEL), rtol=1e-6)
    np.testing.assert_allclose(flows.fire, np.outer([2.0, 2.0], LEVEL), rtol=1e-6)


def test_a_decree_holds_whatever_was_agreed(week, with_prior_medians, decree):
    params = with_prior_medians(policy, runs=3)
    flows = week(params, decree("policy.effort", value=[0.0, 0.5]))
    np.testing.assert_array_equal(flows.effort, [[0.0] * 3, [0.5] * 3])
    np.testing.assert_allclose(flows.fire, np.outer([1, 1], LEVEL), rtol=1e-6)


def test_announced_talks_move_effort_in_their_week_alone_and_can_do_so_either_way(week, with_prior_medians, decree):
    params = with_prior_medians(policy, runs=3, talks_effect=[-0.2, 0.0, 0.3], truce_effort=0.0)
    effort = np.stack([week(params, number=number).effort for number in (2, 3, 4, YEAR + 3)])
    np.testing.assert_allclose(effort[[0, 2, 3]], 1.0)
    np.testing.assert_allclose(effort[1], [np.exp([-0.2, 0.0, 0.3])] * 2, rtol=1e-6)
    np.testing.assert_array_equal(week(params, decree("policy.talks", value=0.0), number=3).effort, 1.0)
    np.testing.assert_array_equal(week(params, decree("policy.talks", value=1.0)).effort, effort[1])


def test_without_its_couplings_an_agreement_stops_nothing(week, with_prior_medians):
    flows = week(with_prior_medians(policy, runs=3, truce_effort=0.0, truce_fire=0.0))
    assert (np.asarray(flows.effort) == 1).all()
    assert (np.asarray(flows.fire) == 1).all()
