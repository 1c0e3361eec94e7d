"""Civilians: harm follows the enemy's fire, people follow the ground that they live on."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ceasefire.model import civilians
from ceasefire.model.axes import SECTORS
from ceasefire.model.intervene import NOTHING
from ceasefire.model.noise import Noise

RUNS, AXES = 2000, 3
KINDS = ("density", "artillery", "air")
SHARES = {"drone_share": 0.4, "artillery_share": 0.75}
SHARE_OF = {"density": 0.4, "artillery": 0.45, "air": 0.15}


@jax.jit
def step(params, do, given):
    noise = Noise(jnp.asarray([2, 7], jnp.uint32), jnp.arange(RUNS, dtype=jnp.uint32), jnp.asarray(0), "civilians")
    return civilians.step(params, civilians.State(), do=do, noise=noise, **given)[1]


def week(params, *, do=NOTHING, residents=100.0, hits=0.0, **kinds):
    given = {name: jnp.ones((2, RUNS)) for name in ("fire", *KINDS)}
    for name, value in kinds.items():
        given[name] = jnp.asarray(value, float).reshape(-1, 1) * jnp.ones((2, RUNS))
    spread = jnp.asarray(hits, float).reshape(-1, 1, 1) / len(SECTORS)
    given["hits"] = jnp.broadcast_to(spread, (2, len(SECTORS), RUNS))
    given["density"] = jnp.repeat(given["density"][:, None], AXES, axis=1)
    return step(params, do, given | {"residents": jnp.broadcast_to(jnp.asarray(residents, float), (2, AXES, RUNS))})


@pytest.fixture
def drawn(with_prior_medians):
    return lambda **given: with_prior_medians(civilians, runs=RUNS, **given)


def test_at_the_opening_as_many_are_harmed_as_the_rate_says(drawn):
    flows = week(drawn(harm_rate=[120.0, 30.0], harm_spread=0.4))
    error = np.sqrt((np.exp(0.4**2) - 1) / RUNS)
    np.testing.assert_allclose(flows.harmed.mean(axis=1), [120, 30], rtol=4 * error)
    assert np.log(flows.harmed).std(axis=1) == pytest.approx(0.4, rel=0.06)


def test_harm_is_in_proportion_to_the_enemys_fire_and_only_to_his(drawn):
    usual, moved = week(drawn()), week(drawn(), fire=[0.25, 3.0])
    np.testing.assert_allclose(moved.harmed, usual.harmed * jnp.asarray([[3.0], [0.25]]), rtol=1e-5)
    np.testing.assert_allclose(moved.killed, usual.killed * jnp.asarray([[3.0], [0.25]]), rtol=1e-5)


def test_deep_strikes_harm_people_in_proportion_to_what_gets_through_beside_the_line(drawn):
    params = drawn(harm_per_hit=[0.2, 0.4])
    usual, struck, doubled = week(params), week(params, hits=[500.0, 100.0]), week(params, hits=[1000.0, 200.0])
    np.testing.assert_allclose(struck.harmed - usual.harmed, struck.harmed_behind, rtol=1e-3, atol=1e-2)
    np.testing.assert_allclose(doubled.harmed_behind, 2 * struck.harmed_behind, rtol=1e-5)
    np.testing.assert_allclose(struck.harmed_behind.mean(axis=1), [100, 40], rtol=0.05)
    assert (week(drawn(harm_per_hit=0.0), hits=1e6).harmed == usual.harmed).all()


def test_without_fire_nobody_is_harmed(drawn):
    flows = week(drawn(), fire=0.0)
    assert (flows.harmed == 0).all()
    assert (flows.killed == 0).all()
    assert (week(drawn(), density=0.0, artillery=0.0, air=0.0).harmed == 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_fire_does_its_share_at_its_exponent(drawn, kind):
    params = drawn(**SHARES, fire_exponent=0.7)
    usual, moved = week(params), week(params, **{kind: [1.0, 5.0]})
    expected = 1 + SHARE_OF[kind] * (5**0.7 - 1)
    np.testing.assert_allclose(moved.harmed[0] / usual.harmed[0], expected, rtol=1e-4)
    assert (moved.harmed[1] == usual.harmed[1]).all()


@pytest.mark.parametrize("kind", KINDS)
def test_without_the_coupling_the_kind_of_fire_changes_no_bit(drawn, kind):
    params = drawn(fire_exponent=0.0)
    assert (week(params, **{kind: [0.0, 9.0]}).harmed == week(params).harmed).all()


def test_a_share_of_the_harmed_dies(drawn):
    flows = week(drawn(killed_share=[0.1, 0.3]))
    np.testing.assert_allclose(flows.killed, flows.harmed * jnp.asarray([[0.1], [0.3]]), rtol=1e-6)


def test_people_come_with_the_ground_in_the_share_that_is_still_there(drawn):
    residents = np.random.default_rng(3).gamma(1, 500, (2, AXES, RUNS))
    flows = week(drawn(staying_share=[0.1, 0.4]), residents=residents)
    np.testing.assert_allclose(flows.transferred, residents * np.array([0.1, 0.4])[:, None, None], rtol=1e-5)
    assert (week(drawn(), residents=0.0).transferred == 0).all()


def test_decreed_harm_kills_its_share(drawn, decree):
    flows = week(drawn(killed_share=0.2), do=decree("civilians.harmed", value=[50.0, 0.0], axes=AXES))
    np.testing.assert_allclose(flows.killed, jnp.asarray([[10.0], [0.0]]) * jnp.ones(RUNS), rtol=1e-5)
