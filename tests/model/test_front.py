"""The front: how much ground is taken, which cells, and what leaves the law alone."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from ceasefire.model import front
from ceasefire.model.intervene import NOTHING
from ceasefire.model.noise import Noise

CELLS_A_SIDE, RUNS = 12, 16
LIST = 120


class Relabelled(Noise):
    """Dice that follow a cell to its new number: row i is what was row `old[i]`."""

    old: jax.Array = None

    def both_sides(self, name, element):
        return Noise.both_sides(self, name, self.old[element])


@pytest.fixture(scope="module")
def patch(honeycomb):
    """Flat ground with two garrisons and two towns on it."""
    ground = honeycomb(CELLS_A_SIDE, axes=3)
    return with_towns(with_garrison(ground, column=7), [3, 8], [6, 6])


def with_garrison(ground, column):
    """A garrison along a column of cells, and one in a corner, where there is no front."""
    rows = [CELLS_A_SIDE * row + column for row in range(CELLS_A_SIDE)]
    garrison = {
        "garrison_cell": jnp.asarray([rows, [143] * CELLS_A_SIDE], jnp.int32),
        "garrison_side": jnp.asarray([1, 1], jnp.int32),
        "garrison_node": jnp.zeros((2, len(ground.node_cell))),
    }
    return dataclasses.replace(ground, **garrison)


def with_towns(ground, rows, columns):
    """Discs of a cell and its six neighbours, padded with the dummy row."""
    centre = np.array([CELLS_A_SIDE * row + column for row, column in zip(rows, columns, strict=True)])
    cell = np.column_stack([centre, np.asarray(ground.neighbour)[centre], np.full(len(centre), 144)])
    weight = np.tile([0.4, *[0.1] * 6, 0.0], (len(cell), 1))
    return dataclasses.replace(ground, town_cell=jnp.asarray(cell, jnp.int32), town_weight=jnp.asarray(weight, float))


def mixed(ground, seed=8):
    """The same ground with hills, works of both sides and uneven population."""
    random, cells = np.random.default_rng(seed), len(ground.area)
    inside = np.asarray(ground.area > 0)
    return dataclasses.replace(
        ground,
        height=jnp.asarray(random.normal(0, 60, cells) * inside, float),
        works=jnp.asarray(random.gamma(0.5, 2, (2, cells)), float),
        population=jnp.asarray(np.round(np.exp(random.normal(5, 1, cells))) * inside, float),
    )


opening = jax.jit(front.opening)


def standing(params, ground):
    """The first side holds the left half, some cells are shared, and both sides have been moving."""
    random = np.random.default_rng(3)
    column = np.tile(np.arange(CELLS_A_SIDE), CELLS_A_SIDE)
    held = np.clip(0.5 * (6 - column) + random.uniform(0, 1, len(column)), 0, 1)
    momentum = random.uniform(0, 0.3, (2, CELLS_A_SIDE**2))
    share, momentum = (jnp.asarray(array, jnp.float32) for array in (held, momentum))
    return opening(params, ground, share, momentum, jnp.ones((2, 3, RUNS)))


@pytest.fixture(scope="module")
def moving(with_prior_medians, patch):
    """Parameters without physics and a state on the honeycomb."""
    tempo = np.broadcast_to(-2 + np.arange(3.0), (2, 3))
    given = {"budget_mean": 4.5, "budget_opening": 4.5, "tempo_opening": tempo}
    params = with_prior_medians(front, runs=RUNS, axes=3, physics=0.0, **given)
    return params, standing(params, patch)


@pytest.fixture(scope="module")
def pushed(moving, patch):
    """The same with physics, on mixed ground, as it stands at the opening."""
    params = dataclasses.replace(moving[0], physics=jnp.full(RUNS, 0.5))
    ground = mixed(patch)
    return params, standing(params, ground), ground


@jax.jit
def step(params, state, ground, do, old, week, received):
    seed, run = jnp.asarray([4, 4], jnp.uint32), jnp.arange(RUNS, dtype=jnp.uint32)
    noise = Relabelled(seed, run, week, "front", old)
    return front.step(params, state, do=do, ground=ground, noise=noise, list_length=LIST, **received)


USUAL = {"force": 0.0, "supply": 1.0, "passage": 1.0, "press": 1.0, "density": 1.0, "surge": 1.0, "regained": 0.0}
ON_AXES = ("supply", "passage", "density", "surge", "regained")
PHYSICS = (*USUAL, "resistance")


def week(params, state, ground, *, effort=1.0, do=NOTHING, old=None, number=0, resistance=1.0, **moved):
    """One week; whatever is given as a pair is by side."""
    received = {"resistance": jnp.broadcast_to(jnp.asarray(resistance, float), (len(ground.garrison_side), RUNS))}
    for name, value in ({"effort": effort} | USUAL | moved).items():
        value = jnp.asarray(value, float)
        value = value.reshape(value.shape + (1,) * (name in ON_AXES) + (1,)) if value.ndim == 1 else value
        received[name] = jnp.broadcast_to(value, (2, 3, RUNS) if name in ON_AXES else (2, RUNS))
    old = jnp.arange(CELLS_A_SIDE**2 + 1) if old is None else jnp.asarray(old)
    return step(params, state, ground, do, old, jnp.asarray(number), received)


def expected(pushed, **moved):
    """Mean of the ground that each side is to take, in the mean over axes' logarithms."""
    params, state, ground = pushed
    return np.asarray(week(params, state, ground, **moved)[1].expected)


def assert_same_bits(one, other):
    for left, right in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        assert (left == right).all()


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
    even = jnp.ones((2, 3, RUNS))
    mean = front.mean_ground(params, state, 3.0 * even, effort, 5 * even, even)
    np.testing.assert_allclose(mean.sum(axis=1), jnp.exp(state.budget) * effort, rtol=1e-5)
    np.testing.assert_allclose(mean[:, 1] / mean[:, 0], np.exp(state.tempo[:, 1] - state.tempo[:, 0]), rtol=1e-5)


# ------------------------------------------------------------------------------------------------------ physics


def test_at_the_opening_physics_changes_nothing(pushed):
    params, state, ground = pushed
    plain = dataclasses.replace(params, physics=jnp.zeros(RUNS))
    np.testing.assert_allclose(expected(pushed), expected((plain, state, ground)), rtol=1e-4)
    _, flows = week(*pushed)
    np.testing.assert_allclose(flows.works, 1, rtol=1e-4)
    np.testing.assert_allclose(flows.height[0], -flows.height[1], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", PHYSICS)
def test_without_physics_what_is_felt_changes_no_bit(moving, patch, name):
    params, state = moving
    ground = mixed(patch)
    some = {"force": [0.9, -2.0], "surge": [9.0, 1.0], "regained": [0.3, 0.1], "resistance": 0.05}
    state = dataclasses.replace(state, salient=jnp.full((2, 3, RUNS), 20.0))
    (after, flows), (other, also) = (
        week(params, state, ground, **given) for given in ({}, {name: some.get(name, [0.03, 7.0])})
    )
    assert_same_bits(flows, also)
    assert_same_bits(*(dataclasses.replace(state, salient=jnp.zeros(1)) for state in (after, other)))


def test_without_physics_ground_and_works_change_no_bit_of_what_is_taken(moving, patch):
    params, state = moving
    dug = dataclasses.replace(state, dug=jnp.full_like(state.dug, 0.3))
    (plain, flows), (other, also) = week(params, state, patch), week(params, dug, mixed(patch))
    assert_same_bits((plain.held, flows.taken, flows.expected), (other.held, also.taken, also.expected))


@pytest.mark.parametrize(
    ("cause", "coupling", "value", "change"),
    [
        ("force", "force_exponent", [0.7, -0.7], [0.7, -0.7]),
        ("supply", "supply_exponent", [1.0, 0.4], [-np.log(0.4), np.log(0.4)]),
        ("passage", "passage_exponent", [0.5, 2.0], [np.log(0.5), np.log(2)]),
        ("press", "press_exponent", [1.3, 0.8], [np.log(1.3), np.log(0.8)]),
    ],
)
def test_what_moves_the_front_moves_it_at_its_exponent(pushed, cause, coupling, value, change):
    params, state, ground = pushed
    moved, usual = expected(pushed, **{cause: value}), expected(pushed)
    exponent = float(getattr(params, coupling)[0])
    factor = np.exp(0.5 * exponent * np.array(change))[:, None, None]
    np.testing.assert_allclose(moved / usual, factor * np.ones_like(usual), rtol=1e-4)
    uncoupled = dataclasses.replace(params, **{coupling: jnp.zeros(RUNS)}), state, ground
    assert (expected(uncoupled, **{cause: value}) == expected(uncoupled)).all()


def test_physics_moves_the_budget_by_what_has_changed_since_the_opening(pushed):
    params, state, ground = pushed
    elsewhere = dataclasses.replace(state, supply_opening=state.supply_opening * jnp.asarray([[[2.0]], [[1.0]]]))
    ratio = expected((params, elsewhere, ground)) / expected(pushed)
    exponent = float(params.supply_exponent[0])
    factor = 2 ** (0.5 * exponent * np.array([-1, 1]))[:, None, None]
    np.testing.assert_allclose(ratio, factor * np.ones_like(ratio), rtol=1e-4)


def test_a_coupling_that_is_cut_leaves_the_opening_where_it_was(pushed):
    params, state, ground = pushed
    for coupling in ("supply_exponent", "height_effect", "height_drones", "works_effect", "force_exponent"):
        cut = dataclasses.replace(params, **{coupling: jnp.zeros(RUNS)})
        np.testing.assert_allclose(expected((cut, state, ground)), expected(pushed), rtol=1e-5)


def test_a_breach_multiplies_what_is_taken_there(pushed):
    surge = jnp.ones((2, 3, RUNS)).at[1, 2].set(8.0)
    ratio = expected(pushed, surge=surge) / expected(pushed)
    np.testing.assert_allclose(ratio[1, 2], 8, rtol=1e-5)
    assert (np.delete(ratio.reshape(6, -1), 5, axis=0) == 1).all()


def test_more_enemy_works_less_is_taken_and_as_many_as_at_the_opening_change_nothing(pushed):
    params, state, ground = pushed
    params = dataclasses.replace(params, works_wear=jnp.ones(RUNS))
    with_works = (
        expected((params, dataclasses.replace(state, dug=state.dug.at[1].set(dug)), ground)) for dug in (0.5, 1.0, 1.5)
    )
    fewer, usual, more = with_works
    assert (fewer[0] > usual[0]).all()
    assert (usual[0] > more[0]).all()
    assert (fewer[1] == more[1]).all()
    np.testing.assert_allclose(fewer[0] / usual[0], 2 ** (0.5 * float(params.works_effect[0])), rtol=1e-4)


def test_a_line_in_denser_works_is_harder_to_take_as_far_as_maps_are_to_be_trusted(pushed):
    params, state, ground = pushed
    denser = dataclasses.replace(ground, works=ground.works * jnp.asarray([[1.0], [30.0]]))
    usual, taken = expected(pushed), []
    for trust in (0.0, 0.5, 1.0):
        params = dataclasses.replace(params, works_map=jnp.full(RUNS, trust))
        flows = week(params, state, denser)[1]
        np.testing.assert_allclose(flows.expected[1], usual[1], rtol=1e-4)
        ratio = np.asarray(flows.works[1]) ** (-0.5 * float(params.works_effect[0]))
        np.testing.assert_allclose(flows.expected[0] / usual[0], ratio, rtol=1e-4)
        taken.append(flows.expected[0])
    assert (taken[0] > taken[1]).all()
    assert (taken[1] > taken[2]).all()
    np.testing.assert_array_equal(taken[0], usual[0])


def raised(patch, metres):
    """The left half stands so much higher than the right."""
    column = np.append(np.tile(np.arange(CELLS_A_SIDE), CELLS_A_SIDE), CELLS_A_SIDE)
    return dataclasses.replace(patch, height=jnp.asarray(np.where(column < 7, metres, 0.0), float))


def test_who_stands_higher_takes_more_and_less_so_the_more_drones_the_enemy_has(pushed, patch):
    params = pushed[0]
    state = standing(params, raised(patch, 0.0))
    gain, heights = [], (0.0, 50.0, 100.0)
    for drones in (0.1, 1.0, 3.0):
        with_drones = [week(params, state, raised(patch, height), density=[1.0, drones])[1] for height in heights]
        assert (with_drones[-1].height[0] > 10).all()
        taken = np.log([flows.expected for flows in with_drones])
        assert (np.diff(taken[:, 0], axis=0) > 0).all()
        assert (np.diff(taken[:, 1], axis=0) < 0).all()
        gain.append(taken[-1, 0] - taken[0, 0])
        effect = float(params.height_effect[0]) * np.exp(-float(params.height_drones[0]) * drones)
        np.testing.assert_allclose(gain[-1], 0.5 * effect * with_drones[-1].height[0] / 100, rtol=1e-3)
    assert (gain[0] > gain[1]).all()
    assert (gain[1] > gain[2]).all()


def test_a_salient_is_regained_in_the_share_that_reserves_allow(pushed):
    params, state, ground = pushed
    state = dataclasses.replace(state, salient=jnp.zeros((2, 3, RUNS)).at[0, 1].set(60.0))
    more = expected((params, state, ground), regained=[0.5, 0.1]) - expected(pushed)
    np.testing.assert_allclose(more[1, 1], 0.5 * 0.1 * 60, rtol=1e-3)
    assert (np.delete(more.reshape(6, -1), 4, axis=0) == 0).all()
    idle = expected((params, state, ground), regained=[0.5, 0.1], effort=0.0)
    assert (idle == 0).all()


def test_only_what_is_taken_through_a_breach_makes_a_salient_and_what_the_enemy_takes_ends_it(pushed):
    params, state, ground = pushed
    surge = jnp.ones((2, 3, RUNS)).at[0, 1].set(6.0)
    after, flows = week(params, state, ground, surge=surge)
    np.testing.assert_allclose(after.salient[0, 1], flows.taken[0, 1], rtol=1e-5)
    assert (np.delete(after.salient.reshape(6, -1), 1, axis=0) == 0).all()
    later, flows = week(params, after, ground, number=1)
    left = np.maximum(after.salient[0, 1] - flows.taken[1, 1], 0)
    np.testing.assert_allclose(later.salient[0, 1], left, rtol=1e-5, atol=1e-4)


def test_works_go_with_the_ground_and_are_dug_again(pushed):
    params, state, ground = pushed
    state = dataclasses.replace(state, overrun_opening=jnp.zeros((2, 3, RUNS)))
    attacked, flows = week(params, state, ground, effort=[1.0, 0.0])
    lost = 1 - np.asarray(attacked.dug[1])
    taken = np.asarray(flows.taken[0])
    assert (lost[taken > 0] > 0).all()
    assert (lost[taken == 0] == 0).all()
    assert (attacked.dug[0] == 1).all()
    for axis in range(3):
        order = np.argsort(taken[axis])
        assert (np.diff(lost[axis][order]) >= 0).all()
    later, _ = week(params, attacked, ground, effort=0.0, number=1)
    np.testing.assert_allclose(1 - later.dug, (1 - attacked.dug) * (1 - params.digging), atol=1e-5)


def test_works_stay_as_they_are_while_the_front_moves_as_at_the_opening(pushed):
    params, state, ground = pushed
    dug = np.mean([week(params, state, ground, number=number)[0].dug - 1 for number in range(40)], axis=0)
    lost = np.asarray(state.overrun_opening)
    assert lost.max() > 0.01
    np.testing.assert_allclose(dug.mean(axis=-1), 0, atol=0.15 * lost.max())


def test_works_stay_within_bounds_whatever_is_decreed(pushed):
    params, state, ground = pushed
    wild = dataclasses.replace(params, digging=jnp.full(RUNS, 5.0))
    for dug in (0.0, 1.0, 9.0):
        after = dataclasses.replace(state, dug=jnp.full_like(state.dug, dug))
        for number in range(3):
            after, _ = week(wild, after, ground, number=number)
            assert (after.dug >= 0).all()
            assert (after.dug <= front.MOST_DUG).all()


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


PLACES = 60
"""Cells in a block; 60 divides what is asked for below."""


@jax.jit
def allocate(ratio, room, area, axis, wanted):
    """Each cell's gain, and the km² taken on each axis."""
    in_blocks = [array.reshape(-1, PLACES, *array.shape[1:]) for array in (ratio, room, area, axis)]
    gain = front.gained(ratio, room, axis, *front.aim(*in_blocks, wanted, len(ratio) // PLACES))
    return gain, front.to_axes(area, axis, len(wanted)) @ gain


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
    after, flows = week(params, state, patch, effort=0.0)
    assert (after.held == state.held).all()
    assert (flows.taken == 0).all()
    after, flows = week(params, state, patch, effort=[0.0, 1.0])
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


PER_CELL = ("area", "axis", "height", "population", "block")
LAST_PER_CELL = ("border", "feature", "works")


def test_numbering_the_cells_otherwise_changes_nothing(pushed):
    params, state, patch = pushed
    old = np.append(np.random.default_rng(7).permutation(144), 144)
    new = np.argsort(old)
    ground = dataclasses.replace(
        patch,
        neighbour=jnp.asarray(new, jnp.int32)[patch.neighbour[old]],
        **{name: getattr(patch, name)[old] for name in PER_CELL},
        **{name: getattr(patch, name)[:, old] for name in LAST_PER_CELL},
    )
    other = dataclasses.replace(state, held=state.held[old], momentum=state.momentum[:, old])
    expected, flows = week(params, state, patch)
    found, other_flows = week(params, other, ground, old=old)
    np.testing.assert_allclose(found.held, expected.held[old], atol=1e-4)
    np.testing.assert_allclose(found.momentum, expected.momentum[:, old], atol=1e-4)
    for name in ("taken", "works", "height", "residents"):
        np.testing.assert_allclose(getattr(other_flows, name), getattr(flows, name), rtol=1e-3, atol=1e-3)


def test_momentum_fades_where_the_front_has_passed(moving, patch):
    params, state = moving
    after, _ = week(params, state, patch, effort=0.0)
    before = np.asarray(state.momentum[:, :-1])
    around = np.asarray(patch.neighbour)[:-1]
    most = np.maximum(before, before[:, around].max(axis=2))
    assert (np.asarray(after.momentum)[:, :-1] <= front.MOMENTUM_MEMORY * most * (1 + 1e-5)).all()


# --------------------------------------------------------------------------------------- people, garrisons, towns


def test_residents_come_with_the_cells_that_are_taken(pushed):
    params, state, ground = pushed
    for side, effort in enumerate(([1.0, 0.0], [0.0, 1.0])):
        after, flows = week(params, state, ground, effort=effort)
        change = np.asarray(after.held - state.held, float) * (1 - 2 * side)
        people = np.asarray(ground.by_axis()) @ (change * np.asarray(ground.population)[:, None])
        np.testing.assert_allclose(flows.residents[side], people, rtol=1e-3, atol=1e-2)
        assert flows.residents[side].sum() > 0
        assert (flows.residents[1 - side] == 0).all()


def test_a_cell_belongs_to_the_first_garrison_that_claims_it_or_to_none(honeycomb):
    patch = honeycomb(CELLS_A_SIDE)
    cell = jnp.asarray([[3, 5, 144], [5, 7, 9]], jnp.int32)
    found = front.garrison_of(dataclasses.replace(patch, garrison_cell=cell))
    expected = np.full(145, 2)
    expected[[3, 5]], expected[[7, 9]] = 0, 1
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(front.garrison_of(patch), 0)


def test_a_starving_garrison_draws_the_attack_but_no_more_ground_is_taken(pushed):
    params, state, ground = pushed
    gained = []
    for resistance in (1.0, 0.5, 0.1):
        after, flows = week(params, state, ground, effort=[1.0, 0.0], resistance=resistance)
        np.testing.assert_allclose(
            flows.taken[0], week(params, state, ground, effort=[1.0, 0.0])[1].taken[0], rtol=1e-3
        )
        gained.append((after.held - state.held)[ground.garrison_cell[0]].sum(axis=0).mean())
    assert gained[0] < gained[1] < gained[2]
    fed, elsewhere = week(params, state, ground), week(params, state, with_garrison(ground, column=5))
    np.testing.assert_array_equal(fed[0].held, elsewhere[0].held)


def shares(ground, held):
    return np.einsum("tp,tpr->tr", ground.town_weight, np.asarray(held)[ground.town_cell])


def assert_map_follows(state, after, flows, ground):
    change = ground.by_axis() @ ((after.held - state.held) * ground.area[:, None])
    np.testing.assert_allclose(change, flows.taken[0] - flows.taken[1] + flows.ceded, atol=1e-3)
    assert (after.held >= 0).all()
    assert (after.held <= 1).all()


def test_towns_that_nobody_decrees_change_no_bit(pushed):
    params, state, ground = pushed
    (after, flows), (plain, others) = (
        week(params, state, each) for each in (ground, with_towns(ground, [0, 11], [0, 11]))
    )
    assert_same_bits(after, plain)
    assert (flows.taken == others.taken).all()
    assert (flows.ceded == 0).all()
    np.testing.assert_allclose(flows.control, shares(ground, state.held), rtol=1e-5)


@pytest.mark.parametrize("control", [0.0, 1.0, 0.35])
def test_a_town_that_is_decreed_goes_to_the_side_and_the_rest_of_the_map_stays(pushed, decree, control):
    params, state, ground = pushed
    do = decree("front.control", axes=3, towns=2, value=[control, 0.5])
    after, flows = week(params, state, ground, do=do, effort=0.0)
    np.testing.assert_allclose(shares(ground, after.held), np.array([[control], [0.5]]) * np.ones(RUNS), atol=1e-5)
    elsewhere = np.setdiff1d(np.arange(145), ground.town_cell)
    assert (after.held[elsewhere] == state.held[elsewhere]).all()
    assert_map_follows(state, after, flows, ground)
    assert (flows.taken == 0).all()


def test_each_cell_of_a_decreed_town_moves_the_same_way(pushed, decree):
    params, state, ground = pushed
    do = decree("front.control", axes=3, towns=2, shift=[0.2, -0.2])
    after, _ = week(params, state, ground, do=do, effort=0.0)
    change = after.held[ground.town_cell] - state.held[ground.town_cell]
    assert (change[0] >= 0).all()
    assert (change[1] <= 0).all()


@pytest.mark.parametrize("value", [[1.0, 1.0], [0.0, 0.0], [1.0, 0.0], [0.2, 0.9]])
def test_what_overlapping_towns_cede_is_the_change_of_the_map(pushed, decree, value):
    params, state, ground = pushed
    ground = with_towns(ground, [4, 4], [5, 6])
    do = decree("front.control", axes=3, towns=2, value=value)
    for effort in (0.0, 1.0):
        after, flows = week(params, state, ground, do=do, effort=effort)
        assert_map_follows(state, after, flows, ground)
        assert (flows.ceded != 0).any()
        np.testing.assert_array_equal(flows.control, np.array(value, np.float32)[:, None] * np.ones(RUNS))


def test_what_is_decreed_is_what_is_taken_where_there_is_room(pushed, decree):
    params, state, ground = pushed
    taken = np.array([[3.0, 20.0, 0.0], [1.0, 0.0, 8.0]])
    after, flows = week(params, state, ground, do=decree("front.taken", axes=3, towns=2, value=taken))
    np.testing.assert_allclose(flows.taken, np.repeat(taken[..., None], RUNS, axis=2), rtol=1e-3)
    assert_map_follows(state, after, flows, ground)
    _, flows = week(params, state, ground, do=decree("front.taken", axes=3, towns=2, value=1e9))
    np.testing.assert_allclose(flows.taken + flows.unspent, 1e9, rtol=1e-3)


def test_decreed_works_and_means_are_felt(pushed, decree):
    params, state, ground = pushed
    flows = week(params, state, ground, do=decree("front.works", axes=3, towns=2, value=[[1.0] * 3, [2.0] * 3]))[1]
    ratio = flows.expected[0] / expected(pushed)[0]
    np.testing.assert_allclose(ratio, 2 ** (-0.5 * float(params.works_effect[0])), rtol=1e-4)
    flows = week(params, state, ground, do=decree("front.expected", axes=3, towns=2, value=0.0))[1]
    assert (flows.taken == 0).all()
