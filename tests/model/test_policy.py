"""Policy: what is planned is done while there is war."""

import jax.numpy as jnp
import numpy as np

from ceasefire.model import policy
from ceasefire.model.intervene import NOTHING

AT_WAR, FADING = jnp.asarray([True, False, False]), jnp.asarray([False, True, False])
LEVEL = np.array([1.0, policy.FADED, 0.0])


def week(params, do=NOTHING):
    return policy.step(params, policy.State(), do=do, at_war=AT_WAR, fading=FADING)[1]


def test_plans_hold_in_war_fade_with_it_and_stop_under_an_agreement(with_prior_medians):
    flows = week(with_prior_medians(policy, runs=3, planned_effort=[0.8, 1.2], planned_fire=2.0))
    np.testing.assert_allclose(flows.effort, np.outer([0.8, 1.2], LEVEL), rtol=1e-6)
    np.testing.assert_allclose(flows.fire, np.outer([2.0, 2.0], LEVEL), rtol=1e-6)


def test_a_decree_holds_whatever_was_agreed(with_prior_medians, decree):
    params = with_prior_medians(policy, runs=3)
    flows = week(params, decree("policy.effort", value=[0.0, 0.5]))
    np.testing.assert_array_equal(flows.effort, [[0.0] * 3, [0.5] * 3])
    np.testing.assert_allclose(flows.fire, np.outer([1, 1], LEVEL), rtol=1e-6)
