"""Policy: what is planned is done while there is war."""

import jax.numpy as jnp
import numpy as np

from ceasefire.model import policy


def test_plans_hold_in_war_fade_with_it_and_stop_under_an_agreement(with_prior_medians):
    params = with_prior_medians(policy, runs=3, planned_effort=[0.8, 1.2], planned_fire=2.0)
    at_war, fading = jnp.asarray([True, False, False]), jnp.asarray([False, True, False])
    _, flows = policy.step(params, policy.State(), at_war=at_war, fading=fading)
    level = np.array([1.0, policy.FADED, 0.0])
    np.testing.assert_allclose(flows.effort, np.outer([0.8, 1.2], level), rtol=1e-6)
    np.testing.assert_allclose(flows.fire, np.outer([2.0, 2.0], level), rtol=1e-6)
