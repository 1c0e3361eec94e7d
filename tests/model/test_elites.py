"""Elites: leaders go at their base rate while nothing presses, and sooner where something does."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ceasefire.model import elites
from ceasefire.model.axes import SIDES
from ceasefire.model.declare import declared
from ceasefire.model.intervene import NOTHING, Intervention, Place
from ceasefire.model.noise import Noise

RUNS, WEEKS = 512, 104
EFFECTS = ["stress_effect", "strain_effect", "prospect_effect"]
HARD = {"stress_effect": {"stress": [0.7, 0.3]}, "strain_effect": {"strain": [1.0, 0.0]}}
HARD |= {"prospect_effect": {"prospect": [-0.8, 0.0]}}
"""For each effect, what presses on the first side alone; stress at the opening is 0.3."""
QUIET = {"spread": 0.0}
KNOWN = {variable.name.partition(".")[2]: variable for variable in declared(elites)}


class Mirror(Noise):
    """Dice of which the two sides may swap theirs."""

    flipped: jax.Array = False

    def uniform(self, name, shape=()):
        u = super().uniform(name, shape)
        return jnp.where(self.flipped, u[::-1], u)


@jax.jit
def _run(params, state, received, do, flipped):
    def week(state, number):
        noise = Mirror(jnp.asarray([6, 0], jnp.uint32), jnp.arange(RUNS, dtype=jnp.uint32), number, "elites", flipped)
        after, flows = elites.step(params, state, do=do, noise=noise, **received)
        return after, (after, flows)

    return jax.lax.scan(week, state, jnp.arange(WEEKS))[1]


def years(params, *, state=None, do=NOTHING, flipped=False, **given):
    """State and flows of two years, week by week; what comes in stands, for both sides or each."""
    received = {"stress": 0.3, "stress_opening": 0.3, "strain": 0.0, "prospect": 0.0} | given
    for name, value in received.items():
        value = np.asarray(value, float)
        value = value[:, None] if value.ndim else value
        received[name] = jnp.asarray(np.broadcast_to(value, (SIDES, RUNS)), float)
    told = _run(params, state or elites.opening(params), received, do, jnp.asarray(flipped))
    return jax.tree.map(np.asarray, told)


@pytest.fixture
def drawn(with_prior_medians):
    """Parameters at the medians of their priors, or at what is given for both sides or [side, 1]."""
    return lambda **given: with_prior_medians(elites, runs=RUNS, **given)


def decree(name, value):
    place = Place(f"elites.{name}", 0, (SIDES,), KNOWN[name].bounds)
    return Intervention(jnp.zeros(SIDES), jnp.asarray(np.broadcast_to(value, SIDES), float), (place,), "elites")


def standing(params, cohesion):
    return dataclasses.replace(elites.opening(params), cohesion=jnp.full((SIDES, RUNS), cohesion))


def test_where_nothing_presses_leaders_go_at_the_base_rate(drawn):
    state, flows = years(drawn(**QUIET, base=np.array([[0.002], [0.01]])))
    assert (state.cohesion == 0).all()
    np.testing.assert_allclose(flows.hazard[..., 0], np.tile([0.002, 0.01], (WEEKS, 1)), rtol=1e-6)


def test_leaders_go_as_often_as_their_hazard_says(drawn):
    _, flows = years(drawn(base=np.array([[0.004], [0.02]])), stress=[0.3, 0.6])
    expected = flows.hazard.astype(np.float64)
    error = np.sqrt((expected * (1 - expected)).sum(axis=(0, 2)))
    assert (np.abs(flows.exited.sum(axis=(0, 2)) - expected.sum(axis=(0, 2))) < 4 * error).all()


def test_the_hazard_falls_with_cohesion_and_never_leaves_its_bounds(drawn):
    params = drawn(sharpness=2.0, base=5e-4)
    found = np.array(
        [years(params, state=standing(params, at))[1].hazard[0, 0, 0] for at in (-50, -3, -1, 0, 1, 3, 50)]
    )
    np.testing.assert_allclose(found[1:6], 5e-4 * np.exp(-2.0 * np.array([-3, -1, 0, 1, 3])), rtol=1e-4)
    assert (np.diff(found) < 0).all()
    assert found[0] == 1
    assert found[-1] > 0


@pytest.mark.parametrize("effect", EFFECTS)
def test_what_presses_on_a_side_wears_its_cohesion_and_raises_its_hazard(drawn, effect):
    state, flows = years(drawn(**QUIET, base=1e-6), **HARD[effect])
    assert (state.cohesion[:, 0] < 0).all()
    assert (np.diff(state.cohesion[:, 0], axis=0) < 0).all()
    assert (np.diff(flows.hazard[:, 0], axis=0) > 0).all()
    assert (state.cohesion[:, 1] == 0).all()


def test_cohesion_goes_half_the_way_to_where_it_is_pushed_in_its_half_life(drawn):
    params = drawn(**QUIET, base=0.0, half_life=13.0, stress_effect=1.0, strain_effect=0.5, prospect_effect=2.0)
    cohesion = years(params, stress=[0.7, 0.1], strain=[0.6, -1.0], prospect=[0.2, -0.2])[0].cohesion[..., 0]
    target = np.array([-0.4 - 0.3 + 0.4, 0.2 + 0.5 - 0.4])
    week = np.arange(1, WEEKS + 1)[:, None]
    np.testing.assert_allclose(cohesion, target * (1 - 2 ** (-week / 13)), rtol=1e-4, atol=1e-6)


def test_cohesion_wanders_with_its_spread(drawn):
    params = drawn(spread=0.4, half_life=5.0, base=0.0)
    cohesion = years(params)[0].cohesion[52:]
    memory = 2 ** (-1 / 5)
    lone = cohesion[:, 0].size * (1 - memory) / (1 + memory)
    np.testing.assert_allclose(cohesion.mean(axis=(0, 2)), 0, atol=4 * 0.4 / np.sqrt(lone))
    np.testing.assert_allclose(cohesion.std(axis=(0, 2)), 0.4, rtol=4 / np.sqrt(2 * lone))


@pytest.mark.parametrize("effect", EFFECTS)
def test_without_its_coupling_what_presses_changes_no_bit(drawn, effect):
    params = drawn(**{effect: 0.0}, base=0.01)
    pressed, calm = years(params, **HARD[effect]), years(params)
    for one, other in zip(jax.tree.leaves(pressed), jax.tree.leaves(calm), strict=True):
        assert (one == other).all()


def test_without_sharpness_cohesion_changes_no_hazard(drawn):
    _, flows = years(drawn(sharpness=0.0, base=0.01), stress=1.0, prospect=-1.0)
    np.testing.assert_allclose(flows.hazard, 0.01, rtol=1e-6)


def test_whoever_follows_starts_afresh_under_the_same_pressure(drawn):
    state, flows = years(drawn(base=0.02, sharpness=1.0), **HARD["stress_effect"])
    assert flows.exited.any()
    assert (state.cohesion[flows.exited] == 0).all()
    np.testing.assert_allclose(flows.hazard[1:][flows.exited[:-1]], 0.02, rtol=1e-6)
    later = flows.exited[:-13, 0]
    assert state.cohesion[13:, 0][later].mean() < -0.02


def test_exits_are_counted(drawn):
    state, flows = years(drawn(base=0.05))
    assert (state.exits == np.cumsum(flows.exited, axis=0)).all()
    assert state.exits.max() > 1
    assert jnp.issubdtype(state.exits.dtype, jnp.integer)


@pytest.mark.parametrize(("name", "value"), [("exited", 1.0), ("hazard", 1.0)])
def test_a_decreed_exit_happens_on_the_side_that_it_is_decreed_for(drawn, name, value):
    state, flows = years(drawn(base=0.0), do=decree(name, [value, 0.0]))
    assert flows.exited[:, 0].all()
    assert not flows.exited[:, 1].any()
    assert (state.exits[-1, 0] == WEEKS).all()
    assert (state.cohesion[:, 0] == 0).all()


@pytest.mark.parametrize("name", ["exited", "hazard"])
def test_a_leader_who_is_decreed_to_stay_stays(drawn, name):
    state, flows = years(drawn(base=0.5), do=decree(name, 0.0))
    assert not flows.exited.any()
    assert (state.exits == 0).all()


def test_swapped_sides_with_swapped_dice_swap_everything(drawn):
    base = np.array([[0.01], [0.04]])
    fought = years(drawn(base=base), stress=[0.6, 0.2], strain=[0.5, -0.5], prospect=[-0.3, 0.3])
    image = years(drawn(base=base[::-1]), flipped=True, stress=[0.2, 0.6], strain=[-0.5, 0.5], prospect=[0.3, -0.3])
    for one, other in zip(jax.tree.leaves(fought), jax.tree.leaves(image), strict=True):
        assert (one == other[:, ::-1]).all()


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("value", [0.0, 1e15])
def test_nothing_breaks_whatever_a_parameter_is_and_whatever_comes_in(drawn, wide, value):
    with jax.enable_x64(wide):
        told = [years(drawn(), prospect=[1.0, -1.0], strain=[-value, value], stress=[1.0, 0.0])]
        for name in (name for name, variable in KNOWN.items() if variable.kind == "parameter"):
            told.append(years(drawn(**{name: value}), prospect=[1.0, -1.0], strain=[-1.5, 1.5], stress=[0.0, 1.0]))
        for state, flows in told:
            for record in (state, flows):
                for name, found in vars(record).items():
                    assert np.isfinite(found).all(), name
                    low, high = KNOWN[name].bounds
                    assert low <= found.min(), name
                    assert found.max() <= high, name
            assert state.cohesion.dtype == flows.hazard.dtype == jnp.result_type(float)
