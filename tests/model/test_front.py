"""The front: how much ground is taken, which cells, and what leaves the law alone."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from ceasefire.model import front
from ceasefire.model.noise import Noise

CELLS_A_SIDE, RUNS = 12, 16
LIST = 120


class Relabelled(Noise):
    """Dice that follow a cell to its new number: row i is what was row `old[i]`."""

    old: jax.Array = None

    def each(self, name, element):
        return Noise.each(self, name, 2 * self.old[element // 2] + element % 2)


@pytest.fixture(scope="module")
def patch(honeycomb):
    return honeycomb(CELLS_A_SIDE, axes=3)


@pytest.fixture(scope="module")
def moving(with_prior_medians, patch):
    """Parameters and a state on the honeycomb: the first side holds the left half, some cells are shared."""
    params = with_prior_medians(front, runs=RUNS, axes=3, budget_mean=4.5, budget_opening=4.5, physics=0.0)
    random = np.random.default_rng(3)
    column = np.tile(np.arange(CELLS_A_SIDE), CELLS_A_SIDE)
    held = np.clip(0.5 * (6 - column) + random.uniform(0, 1, len(column)), 0, 1)
    shape = (2, CELLS_A_SIDE**2 + 1, RUNS)
    momentum = random.uniform(0, 0.3, shape[:2])
    momentum[:, -1] = 0
    return params, front.State(
        held=jnp.repeat(jnp.append(jnp.asarray(held, jnp.float32), 0.0)[:, None], RUNS, axis=1),
        momentum=jnp.broadcast_to(jnp.asarray(momentum, jnp.float32)[..., None], shape),
        budget=params.budget_opening,
        tempo=params.tempo_opening + jnp.arange(3.0)[:, None],
        balance=jnp.zeros((2, 3, RUNS)),
    )


@jax.jit
def step(params, state, ground, effort, troops, supply, old, week):
    seed, run = jnp.asarray([4, 4], jnp.uint32), jnp.arange(RUNS, dtype=jnp.uint32)
    noise = Relabelled(seed, run, week, "front", old)
    arguments = {"effort": effort, "troops": troops, "supply": supply}
    return front.step(params, state, ground=ground, noise=noise, list_length=LIST, **arguments)


def week(params, state, ground, *, effort=(1.0, 1.0), troops=None, supply=None, old=None, number=0):
    effort = jnp.repeat(jnp.asarray(effort)[:, None], RUNS, axis=1)
    troops = jnp.full((2, RUNS), 1e5) if troops is None else troops
    supply = jnp.ones((2, 3, RUNS)) if supply is None else supply
    old = jnp.arange(CELLS_A_SIDE**2 + 1) if old is None else jnp.asarray(old)
    return step(params, state, ground, effort, troops, supply, old, jnp.asarray(number))


# ---------------------------------------------------------------------------------------------------- how much


lumps = jax.jit(front.lumps)
poisson_quantile = jax.jit(front.poisson_quantile)
gamma_quantile = jax.jit(front.gamma_quantile)


def middles(count):
    """Uniforms that stand for equal parts of the unit interval."""
    return (np.arange(count) + 0.5) / count


def test_lumps_of_ground_have_the_moments_of_a_compound_poisson_gamma():
    u, v = np.meshgrid(middles(500), middles(500))
    ground = np.asarray(lumps(jnp.full(u.shape, 100.0), jnp.asarray(7.0), jnp.asarray(u), jnp.asarray(v)), float)
    assert ground.mean() == pytest.approx(100, rel=2e-3)
    assert ground.std() == pytest.approx(39.69, rel=5e-3)


def test_weeks_without_ground_are_as_frequent_as_no_lumps():
    u = jnp.asarray(middles(20_000))
    ground = lumps(jnp.full(u.shape, 5.0), jnp.asarray(7.0), u, jnp.full(u.shape, 0.5))
    assert (ground == 0).mean() == pytest.approx(0.4895, abs=1e-4)


@pytest.mark.parametrize("rate", [0.01, 0.7, 3.0, 11.9, 12.1, 40.0])
def test_poisson_quantiles(rate):
    with jax.enable_x64(True):
        u = middles(20_000)
        found = np.asarray(poisson_quantile(jnp.full(u.shape, rate), jnp.asarray(u)))
    expected = stats.poisson.ppf(u, rate)
    exact = (expected < front.EXACT_COUNT) & (rate <= front.EXACT_COUNT)
    assert (found == expected)[exact].all()
    assert (found == expected).mean() > 0.98
    assert np.abs(found - expected).max() <= 1
    assert (np.diff(found) >= 0).all()


@pytest.mark.parametrize(("count", "tolerance"), [(1, 1e-3), (4, 1e-3), (12, 1e-3), (13, 0.03), (60, 0.03)])
def test_gamma_quantiles(count, tolerance):
    u = stats.norm.cdf(np.linspace(-3.5, 3.5, 200))
    found = np.asarray(gamma_quantile(jnp.full(u.shape, float(count)), jnp.asarray(u)))
    np.testing.assert_allclose(found, stats.gamma.ppf(u, front.LUMP_SHAPE * count), rtol=tolerance)
    assert (np.diff(found) >= 0).all()


def test_the_axes_share_the_budget_and_nothing_more(moving):
    params, state = moving
    effort = jnp.asarray([[0.7] * RUNS, [1.3] * RUNS])
    mean = front.mean_ground(params, state, state.balance + 3.0, effort)
    np.testing.assert_allclose(mean.sum(axis=1), jnp.exp(state.budget) * effort, rtol=1e-5)
    np.testing.assert_allclose(mean[:, 1] / mean[:, 0], np.exp(state.tempo[:, 1] - state.tempo[:, 0]), rtol=1e-5)


def test_physics_moves_the_budget_by_the_ratios_since_the_opening(moving):
    plain, state = moving
    opening = jnp.linspace(-1, 1, 6).reshape(2, 3, 1) * jnp.ones(RUNS)
    state = dataclasses.replace(state, balance=opening)
    params = dataclasses.replace(plain, physics=jnp.full(RUNS, 0.5), force_exponent=jnp.full(RUNS, 0.8))
    troops, supply = jnp.asarray([[4e5] * RUNS, [1e5] * RUNS]), jnp.ones((2, 3, RUNS))
    now = front.relative_balance(params, troops, supply)
    np.testing.assert_allclose(now, np.broadcast_to([[[0.8 * np.log(4)]], [[-0.8 * np.log(4)]]], now.shape), rtol=1e-5)
    effort = jnp.ones((2, RUNS))
    before = front.mean_ground(plain, state, now, effort)
    np.testing.assert_allclose(front.mean_ground(params, state, opening, effort), before, rtol=1e-5)
    after = front.mean_ground(params, state, now, effort)
    np.testing.assert_allclose(after / before, np.exp(0.5 * (now - opening)), rtol=1e-5)


def test_without_physics_troops_and_supply_change_no_bit(moving, patch):
    troops = jnp.linspace(1e3, 1e6, 2 * RUNS).reshape(2, RUNS)
    supply = jnp.linspace(0.05, 1, 6 * RUNS).reshape(2, 3, RUNS)
    plain, other = week(*moving, patch), week(*moving, patch, troops=troops, supply=supply)
    assert all((one == two).all() for one, two in zip(jax.tree.leaves(plain), jax.tree.leaves(other), strict=True))


# -------------------------------------------------------------------------------------------------- which cells


def problem(cells, runs, share, width, seed=0):
    """Random odds, room and areas on three axes, and a share of the room that is wanted on each."""
    random = np.random.default_rng(seed)
    weight = np.exp(width * random.normal(size=(cells, 1)))
    ratio = np.minimum(weight / random.uniform(size=(cells, runs)), 1e7)
    room = random.uniform(0.02, 1, (cells, runs))
    area, axis = random.uniform(4, 6, cells), np.sort(random.integers(0, 3, cells))
    wanted = share * np.stack([(room * area[:, None])[axis == k].sum(axis=0) for k in range(3)])
    return [
        jnp.asarray(a, jnp.float32 if a.dtype.kind == "f" else jnp.int32) for a in (ratio, room, area, axis, wanted)
    ]


allocate = jax.jit(front.allocate)


@pytest.mark.parametrize("width", [0.5, 2.0])
@pytest.mark.parametrize("share", [0.003, 0.03, 0.2, 0.5, 0.9])
def test_where_there_is_room_what_is_taken_is_what_was_wanted(share, width):
    ratio, room, area, axis, wanted = problem(180, 400, share, width)
    gain, taken = allocate(ratio, room, area, axis, wanted)
    ground = np.stack([np.asarray(gain * area[:, None])[axis == k].sum(axis=0) for k in range(3)])
    np.testing.assert_allclose(taken, ground, rtol=1e-4)
    np.testing.assert_allclose(taken, wanted, rtol=1e-3)


@pytest.mark.parametrize("share", [0.01, 0.5, 1.0, 3.0])
def test_no_cell_gives_more_than_it_has(share):
    ratio, room, area, axis, wanted = problem(180, 400, share, 1.0)
    gain, taken = allocate(ratio, room, area, axis, wanted)
    assert (gain >= 0).all()
    assert (gain <= room).all()
    assert (taken <= wanted * (1 + 1e-5)).all()


def test_nothing_wanted_is_nothing_taken_on_that_axis_alone():
    ratio, room, area, axis, wanted = problem(180, 400, 0.2, 1.0)
    gain, taken = allocate(ratio, room, area, axis, wanted.at[1].set(0.0))
    assert (gain[axis == 1] == 0).all()
    assert (taken[1] == 0).all()
    assert (taken[0] > 0).all()


def test_who_wants_more_gains_no_less_anywhere():
    ratio, room, area, axis, _ = problem(180, 400, 0.2, 0.5)
    room_of_axis = problem(180, 400, 1.0, 0.5)[4]
    gains = np.stack([allocate(ratio, room, area, axis, room_of_axis * s)[0] for s in (0.1, 0.15, 0.3, 0.6, 0.8)])
    assert (np.diff(gains, axis=0) >= -1e-4).all()


def test_the_order_of_the_cells_does_not_matter():
    ratio, room, area, axis, wanted = problem(180, 400, 0.2, 1.0)
    order = np.random.default_rng(1).permutation(180)
    gain, taken = allocate(ratio, room, area, axis, wanted)
    other, also = allocate(ratio[order], room[order], area[order], axis[order], wanted)
    np.testing.assert_allclose(other, gain[order], atol=1e-4)
    np.testing.assert_allclose(also, taken, rtol=1e-3)


def test_weights_are_relative_chances():
    random = np.random.default_rng(2)
    weight = np.repeat([1.0, 2.0], 300)[:, None]
    ratio = jnp.asarray(weight / random.uniform(size=(600, 2000)), jnp.float32)
    arguments = jnp.ones((600, 2000)), jnp.full(600, 5.0), jnp.zeros(600, jnp.int32), jnp.full((1, 2000), 15.0)
    gain, _ = allocate(ratio, *arguments)
    assert gain[300:].sum() / gain[:300].sum() == pytest.approx(2, rel=0.05)


def test_shares_taken_start_at_the_least_odds_and_grow_to_everything():
    x = jnp.asarray([0.0, front.LEAST, 0.05, 0.3, 1.0, 10.0, 1e6])
    part = front.share_taken(x)
    assert (part[:2] == 0).all()
    assert (np.diff(part[1:]) > 0).all()
    assert part[-1] == pytest.approx(1, abs=1e-5)


# ------------------------------------------------------------------------------------------------------ the map


def test_cells_in_reach_are_those_that_could_change_hands(patch):
    random = np.random.default_rng(5)
    held = np.where(random.uniform(size=(145, 3)) < 0.9, np.arange(145)[:, None] < 60, random.uniform(size=(145, 3)))
    border = np.zeros((2, 145))
    border[1, 3] = 1
    ground = dataclasses.replace(patch, border=jnp.asarray(border))
    expected = []
    for row in range(144):
        near = held[[row, *patch.neighbour[row].tolist()]]
        first_may = (near.max() > front.TRACE) and (held[row].min() < 1 - front.TRACE)
        second_may = (near.min() < 1 - front.TRACE or border[1, row]) and (held[row].max() > front.TRACE)
        expected.append(bool(first_may or second_may))
    assert 0 < sum(expected) < 144
    assert front.in_reach(ground, jnp.asarray(held)).tolist() == [*expected, False]


def test_a_straight_line_is_in_reach_one_cell_deep(patch):
    held = jnp.asarray(np.append(np.arange(144) < 72, 0.0))[:, None]
    assert np.flatnonzero(front.in_reach(patch, held)).tolist() == list(range(60, 84))


def test_neighbour_mean(patch):
    values = np.random.default_rng(6).uniform(size=(2, 145, 4))
    rows = jnp.asarray([0, 17, 143])
    expected = values[:, np.asarray(patch.neighbour)[rows]].mean(axis=2)
    np.testing.assert_allclose(front.neighbour_mean(jnp.asarray(values), patch.neighbour[rows]), expected, rtol=1e-5)


def test_without_effort_the_map_stays_the_same_bit_for_bit(moving, patch):
    params, state = moving
    after, flows = week(params, state, patch, effort=(0.0, 0.0))
    assert (after.held == state.held).all()
    assert (flows.taken == 0).all()
    after, flows = week(params, state, patch, effort=(0.0, 1.0))
    assert (after.held <= state.held).all()
    assert (flows.taken[0] == 0).all()
    assert flows.taken[1].sum() > 0


def test_the_map_changes_by_what_is_taken_and_only_within_reach(moving, patch):
    params, state = moving
    after, flows = week(params, state, patch)
    change = patch.by_axis() @ ((after.held - state.held) * patch.area[:, None])
    np.testing.assert_allclose(change, flows.taken[0] - flows.taken[1], atol=1e-3)
    assert (after.held[~front.in_reach(patch, state.held)] == state.held[~front.in_reach(patch, state.held)]).all()


def test_too_short_a_list_says_so(moving, patch):
    params, state = moving
    _, fits = week(params, state, patch)
    _, does_not = week(params, dataclasses.replace(state, held=jnp.full_like(state.held, 0.5)), patch)
    assert front.in_reach(patch, state.held).sum() <= LIST
    assert not fits.overflow
    assert does_not.overflow


def test_numbering_the_cells_otherwise_changes_nothing(moving, patch):
    params, state = moving
    old = np.append(np.random.default_rng(7).permutation(144), 144)
    new = np.argsort(old)
    ground = dataclasses.replace(
        patch,
        area=patch.area[old],
        axis=patch.axis[old],
        neighbour=jnp.asarray(new, jnp.int32)[patch.neighbour[old]],
        border=patch.border[:, old],
        feature=patch.feature[:, old],
    )
    other = dataclasses.replace(state, held=state.held[old], momentum=state.momentum[:, old])
    expected, flows = week(params, state, patch)
    found, other_flows = week(params, other, ground, old=old)
    np.testing.assert_allclose(found.held, expected.held[old], atol=1e-4)
    np.testing.assert_allclose(found.momentum, expected.momentum[:, old], atol=1e-4)
    np.testing.assert_allclose(other_flows.taken, flows.taken, rtol=1e-3)


def test_momentum_fades_where_the_front_has_passed(moving, patch):
    params, state = moving
    after, _ = week(params, state, patch, effort=(0.0, 0.0))
    before = np.asarray(state.momentum[:, :-1])
    around = np.asarray(patch.neighbour)[:-1]
    most = np.maximum(before, before[:, around].max(axis=2))
    assert (np.asarray(after.momentum)[:, :-1] <= front.MOMENTUM_MEMORY * most * (1 + 1e-5)).all()
