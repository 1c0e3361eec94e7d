"""Posture: how losses, armour and drones move the mix of attacks, and what a mix gains and suffers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ceasefire.model import posture
from ceasefire.model.axes import POSTURES
from ceasefire.model.intervene import NOTHING

RUNS, AXES = 7, 3
MASSED, INFILTRATION, ENCIRCLEMENT = (POSTURES.index(name) for name in ("massed", "infiltration", "encirclement"))
COUPLINGS = ("strain_effect", "armour_effect", "drone_effect")
SPAN = np.linspace(-1.5, 1.5, RUNS)
"""Logarithms, so the middle run is the opening."""


@jax.jit
def step(params, do, strain, armour, density):
    return posture.step(params, posture.State(), do=do, strain=strain, armour=armour, density=density)[1]


def week(params, *, do=NOTHING, strain=0.0, armour=1.0, density=1.0):
    strain, armour = (jnp.broadcast_to(jnp.asarray(x, float), (2, RUNS)) for x in (strain, armour))
    density = jnp.asarray(density, float)
    density = density[:, None] if density.ndim == 2 else density
    return step(params, do, strain, armour, jnp.broadcast_to(density, (2, AXES, RUNS)))


@pytest.fixture
def drawn(with_prior_medians):
    return lambda **given: with_prior_medians(posture, runs=RUNS, **given)


def test_at_the_opening_the_mix_is_the_openings_and_gains_and_suffers_as_much(drawn):
    params = drawn(massed_opening=[0.1, 0.4], encirclement_opening=[0.5, 0.2])
    flows = week(params)
    expected = np.array([[0.1, 0.45, 0.45], [0.4, 0.48, 0.12]])
    np.testing.assert_allclose(flows.mix, np.repeat(expected[..., None], RUNS, axis=2), rtol=1e-5)
    np.testing.assert_allclose(flows.press, 1, rtol=1e-5)
    np.testing.assert_allclose(flows.exposure, 1, rtol=1e-5)


def test_shares_of_the_postures_add_up_to_one_whatever_happens(drawn):
    random = np.random.default_rng(1)
    for scale in (0.1, 1.0, 30.0):
        strain, armour, density = scale * random.normal(size=(3, 2, RUNS))
        flows = week(drawn(), strain=strain, armour=np.exp(armour), density=np.exp(density))
        np.testing.assert_allclose(flows.mix.sum(axis=1), 1, rtol=1e-5)
        assert (flows.mix >= 0).all()
        assert jnp.isfinite(flows.press).all()
        assert jnp.isfinite(flows.exposure).all()


def test_strain_moves_attacks_from_massed_to_encirclement_at_its_rate(drawn):
    mix = np.asarray(week(drawn(strain_effect=0.7), strain=SPAN).mix)
    assert (np.diff(mix[:, MASSED]) < 0).all()
    assert (np.diff(mix[:, ENCIRCLEMENT]) > 0).all()
    odds = np.log(mix[:, ENCIRCLEMENT] / mix[:, MASSED])
    np.testing.assert_allclose(np.diff(odds), 2 * 0.7 * np.diff(SPAN)[0], rtol=1e-4)


def test_lost_armour_and_enemy_drones_move_attacks_away_from_massed(drawn):
    params = drawn(armour_effect=0.5, drone_effect=0.3)
    for given, slope in (({"armour": np.exp(SPAN)}, 0.5), ({"density": np.exp(SPAN)}, -0.3)):
        mix = np.asarray(week(params, **given).mix)
        odds = np.log(mix[:, MASSED] / mix[:, INFILTRATION])
        np.testing.assert_allclose(np.diff(odds), slope * np.diff(SPAN)[0], rtol=1e-4)
        kept = mix[:, ENCIRCLEMENT] / mix[:, INFILTRATION]
        np.testing.assert_allclose(kept, np.broadcast_to(kept[:, :1], kept.shape), rtol=1e-5)


def test_only_the_enemys_drones_and_a_sides_own_armour_and_strain_matter(drawn):
    usual = week(drawn())
    for name, touched in (("strain", 0), ("armour", 0), ("density", 1)):
        one = np.ones((2, RUNS)) * (name != "strain")
        one[0] = 0.4
        mix = week(drawn(), **{name: one}).mix
        assert (mix[1 - touched] == usual.mix[1 - touched]).all(), name
        assert (mix[touched] != usual.mix[touched]).any(), name


def test_more_massed_assault_gains_and_suffers_more(drawn):
    flows = week(drawn(), armour=np.exp(SPAN))
    assert (np.diff(flows.press) > 0).all()
    assert (np.diff(flows.exposure) > 0).all()


@pytest.mark.parametrize("coupling", COUPLINGS)
def test_without_its_coupling_a_cause_changes_no_bit(drawn, coupling):
    cause = {"strain_effect": "strain", "armour_effect": "armour", "drone_effect": "density"}[coupling]
    params = drawn(**{coupling: 0.0})
    moved, usual = week(params, **{cause: np.exp(SPAN)}), week(params, **{cause: 0.0 if cause == "strain" else 1.0})
    for one, other in zip(jax.tree.leaves(moved), jax.tree.leaves(usual), strict=True):
        assert (one == other).all()


def test_without_armour_or_enemy_drones_the_mix_stays_finite(drawn):
    for given in ({"armour": 0.0}, {"density": 0.0}, {"armour": 0.0, "density": 0.0}):
        for values in jax.tree.leaves(week(drawn(), **given)):
            assert jnp.isfinite(values).all(), given


def test_a_decreed_mix_counts_relative_to_its_sum(drawn, decree):
    params = drawn()
    only_massed = week(params, do=decree("posture.mix", value=[[1.0, 0, 0], [0.25, 0, 0]]))
    worth = np.array([params.massed_press[0], 1.0, params.encirclement_press[0]])
    usual = np.asarray(posture.opening_mix(params))[..., 0] @ worth
    np.testing.assert_allclose(only_massed.press, np.repeat((worth[0] / usual)[:, None], RUNS, axis=1), rtol=1e-5)
