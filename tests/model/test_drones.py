"""Drones: stocks that close by kind, and what one side's drones do to the other side only."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ceasefire.model import drones
from ceasefire.model.axes import AT_THE_FRONT, MUNITIONS
from ceasefire.model.intervene import Intervention, Place
from ceasefire.model.noise import Noise

RUNS, AXES = 200, 3
OUTPUT = np.array([[30e3, 12e3, 5e4, 900, 8, 12], [45e3, 20e3, 2e4, 15, 3, 6]])
FELT = ("passage", "massing_time", "group_size")
DOSES = (0.0, 0.5, 1.0, 2.0)


def dice(week=0):
    return Noise(jnp.asarray([3, 0], jnp.uint32), jnp.arange(RUNS, dtype=jnp.uint32), jnp.asarray(week), "drones")


def output(per_week=OUTPUT):
    return jnp.repeat(jnp.asarray(per_week, float)[..., None], RUNS, axis=2)


def flown(share=0.6):
    return jnp.broadcast_to(jnp.asarray(share, float), (AXES, RUNS))


SHAPES = {"used": (2, 2), "jamming": (2,), "density": (2, AXES)}
SPAN = {"jamming": (0.0, 1.0)}


def decree(**given):
    """Decrees on flows, each as (factor, shift) of `Intervention`; all share a table, so that `step` compiles once."""
    factor, shift, places = [], [], []
    for name, shape in SHAPES.items():
        scale, add = given.pop(name, (1.0, 0.0))
        places.append(Place(f"drones.{name}", sum(map(len, factor)), shape, SPAN.get(name, (0.0, np.inf))))
        factor.append(np.broadcast_to(np.asarray(scale, float), shape).ravel())
        shift.append(np.broadcast_to(np.asarray(add, float), shape).ravel())
    assert not given
    table = (jnp.asarray(np.concatenate(column), float) for column in (factor, shift))
    return Intervention(*table, tuple(places), "drones")


opening = jax.jit(drones.opening)
jump = jax.jit(drones.jump)


@jax.jit
def step(params, state, do, noise, fire, delivered, flying):
    return drones.step(params, state, do=do, noise=noise, fire=fire, delivered=delivered, flying=flying)


def week(params, state, *, do=None, number=0, fire=1.0, per_week=OUTPUT, flying=0.6):
    fire = jnp.broadcast_to(jnp.asarray(fire, float), (2, RUNS))
    do = decree() if do is None else do
    return step(params, state, do, dice(number), fire, output(per_week), flown(flying))


@pytest.fixture
def drawn(with_prior_medians):
    return lambda **given: with_prior_medians(drones, runs=RUNS, **given)


def opened(params, per_week=OUTPUT):
    return opening(params, output(per_week), flown())


def test_at_the_opening_everything_is_as_it_is_said_to_be_and_stays_so(drawn):
    params = drawn(cover=[[0.4, 3.0], [2.0, 9.0]], jump_size=1e-9)
    state = opened(params)
    for number in range(5):
        after, flows = week(params, state, number=number)
        np.testing.assert_allclose(flows.density, 1, rtol=1e-5)
        np.testing.assert_allclose(flows.passage, 1, rtol=1e-5)
        for name in ("kill_zone", "massing_time", "group_size"):
            said = getattr(params, f"{name}_opening")[:, None]
            np.testing.assert_allclose(getattr(flows, name), jnp.broadcast_to(said, (2, AXES, RUNS)), rtol=1e-5)
        np.testing.assert_allclose(flows.used, output()[:, :2], rtol=1e-5)
        np.testing.assert_allclose(after.stock, state.stock, rtol=1e-5)
        state = after


@pytest.mark.parametrize("precision", [False, True])
@pytest.mark.parametrize(
    "given",
    [
        {"used": ([[1.0, 0.0], [7.0, 1.0]], [[0.0, 0.0], [0.0, -1e9]])},
        {"used": (0.0, 1e9)},
        {"used": (0.3, 123.4)},
        {"density": (0.0, 5.0)},
        {"jamming": (2.0, 0.0)},
    ],
    ids=["side-by-side", "everything", "some", "density", "jamming"],
)
def test_stocks_close_by_kind_whatever_is_decreed(drawn, given, precision):
    with jax.enable_x64(precision):
        params = drawn(cover=[[1.0, 3.0], [2.0, 9.0]])
        do, state = decree(**given), opened(params)
        for number in range(6):
            after, flows = week(params, state, do=do, number=number, fire=1.7)
            assert (after.stock == state.stock - flows.used + output()[:, :2]).all()
            assert (flows.used <= state.stock).all()
            assert min(leaf.min() for leaf in jax.tree.leaves(flows)) >= 0
            assert after.stock.min() >= 0
            assert after.stock.dtype == after.edge.dtype == flows.density.dtype == jnp.result_type(float)
            state = after


def test_without_fire_nothing_is_used_and_without_drones_nothing_is_flown(drawn):
    params = drawn()
    after, peace = week(params, opened(params), fire=0.0)
    assert (peace.used == 0).all()
    np.testing.assert_allclose(after.stock, opened(params).stock + output()[:, :2], rtol=1e-6)
    _, empty = week(params, dataclasses.replace(opened(params), stock=jnp.zeros((2, 2, RUNS))))
    assert (empty.used == 0).all()
    for flows in (peace, empty):
        assert flows.density.max() < 0.01
        assert flows.kill_zone.max() < 0.1 * params.kill_zone_opening.max()


def test_a_war_without_drones_is_as_at_the_opening_for_ever(drawn):
    params = drawn(jump_size=1e-9)
    none = np.zeros_like(OUTPUT)
    state = opened(params, none)
    for number in range(3):
        state, flows = week(params, state, number=number, per_week=none)
        np.testing.assert_allclose(flows.density, 1, rtol=1e-6)
        assert (flows.used == 0).all()


@pytest.mark.parametrize("side", [0, 1])
def test_more_drones_on_one_side_stop_slow_and_shrink_assaults_of_the_other_alone(drawn, side):
    params = drawn()
    found = []
    for dose in DOSES:
        factor = np.ones((2, AXES))
        factor[side] = dose
        found.append(week(params, opened(params), do=decree(density=(factor, 0.0)))[1])
    for name in FELT:
        felt = np.stack([getattr(flows, name) for flows in found])
        slower = name == "massing_time"
        assert ((np.diff(felt[:, 1 - side], axis=0) > 0) == slower).all(), name
        assert (felt[:, side] == felt[:1, side]).all(), name
    depth = np.stack([flows.kill_zone for flows in found])
    assert (np.diff(depth[:, side], axis=0) > 0).all()
    assert (depth[:, 1 - side] == depth[:1, 1 - side]).all()


def test_passage_and_massing_follow_their_laws(drawn):
    params = drawn(depth_exponent=0.5, passage_effect=0.3, massing_effect=0.8, group_effect=0.5)
    _, flows = week(params, opened(params), do=decree(density=(0.0, 4.0)))
    np.testing.assert_allclose(flows.kill_zone[0], 2 * params.kill_zone_opening[0] * np.ones((AXES, 1)), rtol=1e-5)
    np.testing.assert_allclose(flows.passage, 1.3 / 3.4, rtol=1e-5)
    np.testing.assert_allclose(flows.massing_time / params.massing_time_opening[:, None], 3.4, rtol=1e-5)
    np.testing.assert_allclose(flows.group_size / params.group_size_opening[:, None], 1 / 2.5, rtol=1e-5)


def test_without_couplings_drones_do_nothing_to_anybody(drawn):
    params = drawn(depth_exponent=0.0, passage_effect=0.0, massing_effect=0.0, group_effect=0.0)
    _, plain = week(params, opened(params))
    _, many = week(params, opened(params), do=decree(density=([[9.0] * AXES, [0.1] * AXES], 0.0)))
    for name in (*FELT, "kill_zone"):
        np.testing.assert_allclose(getattr(plain, name), getattr(many, name), rtol=1e-6, err_msg=name)


def test_density_follows_stock_fire_weather_jamming_and_technology(drawn):
    params = drawn(jamming_opening=0.4, weather_effect=1.0)
    state = opened(params)
    _, double = week(params, state, fire=2.0)
    np.testing.assert_allclose(double.density, 2, rtol=0.01)
    _, fog = week(params, state, flying=[[0.15], [0.6], [0.3]])
    np.testing.assert_allclose(fog.density[:, :, 0], [[0.25, 1, 0.5]] * 2, rtol=1e-5)
    _, clear = week(params, state, do=decree(jamming=(0.0, 0.0)))
    np.testing.assert_allclose(clear.density, 1 / 0.6, rtol=0.01)
    _, leap = week(params, dataclasses.replace(state, edge=state.edge.at[1].set(np.log(2.0))))
    np.testing.assert_allclose(leap.density[:, 0, 0], [1, 2], rtol=1e-5)


def test_a_side_without_eyes_is_weaker_by_the_weight_of_surveillance(drawn):
    params = drawn(surveillance_weight=0.25)
    state = opened(params)
    _, flows = week(params, dataclasses.replace(state, stock=state.stock.at[:, 1].divide(16)))
    np.testing.assert_allclose(flows.density, 0.5, rtol=0.03)


def test_munitions_other_than_drones_are_left_alone(drawn):
    assert MUNITIONS[drones.AMONG_MUNITIONS] == tuple(f"{kind}_drone" for kind in drones.KINDS)
    params = drawn()
    other = OUTPUT.copy()
    other[:, [m for m, name in enumerate(AT_THE_FRONT) if not name.endswith("drone")]] = 77.0
    for a, b in zip(*(jax.tree.leaves(week(params, opened(params), per_week=p)) for p in (OUTPUT, other)), strict=True):
        assert (a == b).all()


def test_technology_has_the_variance_of_shot_noise(drawn):
    params = drawn(jump_rate=0.2, jump_size=0.25, jump_half_life=10.0)

    @jax.jit
    def weeks(edge, numbers):
        def one(edge, number):
            noise = dice(number)
            u = noise.uniform("jump", (2,)), noise.uniform("size", (2,))
            edge = edge * 2 ** (-1 / params.jump_half_life) + drones.jump(params.jump_rate, params.jump_size, *u)
            return edge, edge

        return jax.lax.scan(one, edge, numbers)[1]

    sampled = np.asarray(weeks(jnp.zeros((2, RUNS)), jnp.arange(100, 600)))[100:, :, :].astype(float)
    variance = 0.2 * 0.25**2 / (1 - 2 ** (-2 / 10))
    independent = sampled.size / 20  # excursions last about two half-lives
    assert sampled.mean() == pytest.approx(0, abs=4 * np.sqrt(variance / independent))
    assert sampled.var() == pytest.approx(variance, rel=4 * np.sqrt(3.5 / independent))


def test_the_step_moves_technology_by_the_same_jumps(drawn):
    params = drawn(jump_rate=0.5)
    state = dataclasses.replace(opened(params), edge=jnp.full((2, RUNS), 0.3))
    after, _ = week(params, state)
    u = jax.jit(lambda noise: (noise.uniform("jump", (2,)), noise.uniform("size", (2,))))(dice())
    faded = 0.3 * 2 ** (-1 / params.jump_half_life)
    np.testing.assert_allclose(after.edge, faded + jump(params.jump_rate, params.jump_size, *u), rtol=1e-5)
    assert 0.4 < np.mean(np.isclose(after.edge, faded)) < 0.8


@pytest.mark.parametrize(("rate", "jumps"), [(0.03, 1), (0.5, 2)])
def test_the_number_of_jumps_is_poisson(rate, jumps):
    number = jnp.asarray((np.arange(100_000) + 0.5) / 100_000)
    size = np.asarray(jump(jnp.asarray(rate), jnp.asarray(1.0), number, jnp.asarray(0.8413447)))
    assert (size**2).mean() == pytest.approx(rate, rel=0.01)
    assert np.isclose(size**2, jumps, rtol=1e-3).mean() == pytest.approx(rate**jumps * np.exp(-rate) / jumps, rel=0.01)


def test_the_sides_are_alike(drawn):
    params = drawn(
        cover=[[2, 3], [5, 7]],
        jamming_opening=[0.3, 0.5],
        kill_zone_opening=[8, 20],
        massing_time_opening=[4, 9],
        group_size_opening=[5, 30],
        jump_size=1e-9,
    )
    swap = lambda tree: jax.tree.map(lambda x: x[::-1] if x.ndim > 1 and x.shape[0] == 2 else x, tree)  # noqa: E731
    after, flows = week(params, opened(params), fire=[[0.5], [1.5]])
    other, swapped = week(swap(params), opened(swap(params), OUTPUT[::-1]), fire=[[1.5], [0.5]], per_week=OUTPUT[::-1])
    for a, b in zip(jax.tree.leaves(flows), jax.tree.leaves(swapped), strict=True):
        assert (a == b[::-1]).all()
    assert (after.stock == other.stock[::-1]).all()
