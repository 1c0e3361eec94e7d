"""Logistics: shortest held roads against Dijkstra, maximum flow against another solver and against every cut."""

import dataclasses
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra, maximum_flow

from ceasefire.model import logistics, network
from ceasefire.model.intervene import NOTHING, Intervention, Place
from ceasefire.model.noise import Noise
from ceasefire.scenario.theatre import adjacency, padded

NODES, RUNS = 24, 8
SIZE = 12


def random_roads(seed, nodes=NODES):
    """A random road network with few roads at a town: ends [edge, 2] and km."""
    random = np.random.default_rng(seed)
    pairs = {
        tuple(sorted((a, int(b))))
        for a in range(1, nodes)
        for b in (random.integers(max(0, a - 4), a), random.integers(0, a))
    }
    edge = np.array(sorted(pairs))
    return edge, random.uniform(5, 40, len(edge))


def matrix(edge, value, nodes=NODES):
    """Symmetric, 0 where there is no road."""
    table = np.zeros((nodes, nodes), np.asarray(value).dtype)
    table[tuple(edge.T)] = table[tuple(edge[:, ::-1].T)] = value
    return table


@pytest.fixture(scope="module")
def patch(honeycomb):
    return honeycomb(SIZE, axes=2)


@pytest.fixture(scope="module")
def ground_of(patch):
    """The honeycomb with a town in each of the first cells of every other row, so that roads cross their ends alone."""

    def laid(edge, km, sources, *, capacity=1000.0, garrisons=(), flow=0.0, nodes=NODES):
        cell = np.arange(nodes)
        rear = np.full((2, nodes), np.inf)
        for side, source in enumerate(sources):
            rear[side, source] = 0.0
        link, link_edge = adjacency(edge, nodes)
        dummy = len(patch.area) - 1
        towns = np.zeros((len(garrisons), nodes))
        for k, (_, held) in enumerate(garrisons):
            towns[k, list(held)] = 1.0
        return dataclasses.replace(
            patch,
            edge=jnp.asarray(np.vstack([edge, [[0, 0]]]), jnp.int32),
            length=jnp.asarray(np.append(np.broadcast_to(km, len(edge)), np.inf), float),
            capacity=jnp.asarray(np.append(np.broadcast_to(capacity, len(edge)), 0.0), float),
            edge_cell=jnp.asarray(padded([*cell[edge], np.zeros(0, int)], dummy), jnp.int32),
            link=jnp.asarray(link, jnp.int32),
            link_edge=jnp.asarray(link_edge, jnp.int32),
            node_cell=jnp.asarray(cell, jnp.int32),
            rear=jnp.asarray(rear, float),
            node_weight=jnp.asarray(np.random.default_rng(9).uniform(size=(2, nodes)), float),
            garrison_node=jnp.asarray(towns, float),
            garrison_cell=jnp.asarray(padded([np.array(held) for _, held in garrisons], dummy), jnp.int32),
            garrison_side=jnp.asarray([side for side, _ in garrisons], jnp.int32),
            garrison_flow=jnp.asarray(np.broadcast_to(flow, len(garrisons)), float),
        )

    return laid


road_distance = jax.jit(logistics.road_distance)
step = jax.jit(logistics.step)
opening = jax.jit(logistics.opening)
opening_supply = jax.jit(logistics.opening_supply)
flow_of = jax.jit(network.maximum_flow)
roads_of = jax.jit(logistics.open_roads)


def dice(week=0, runs=RUNS):
    return Noise(jnp.zeros(2, jnp.uint32), jnp.arange(runs, dtype=jnp.uint32), jnp.asarray(week))


def shortest(km, source):
    """Km from a source in a matrix of roads; infinite where there is none."""
    return dijkstra(csr_array(km), indices=source)


@pytest.mark.parametrize("seed", range(3))
def test_road_distance_is_dijkstras(seed, ground_of):
    edge, km = random_roads(seed)
    open_ = np.random.default_rng(seed).uniform(size=(len(edge), 2, RUNS)) < 0.85
    start = np.full((NODES, 2, RUNS), np.inf)
    start[0, 0], start[NODES - 1, 1] = 0.0, 7.0
    length = jnp.asarray(np.where(open_, km[:, None, None], np.inf))
    found = np.asarray(road_distance(ground_of(edge, km, ([0], [NODES - 1])), jnp.asarray(start), length))
    for side, (source, begun) in enumerate(((0, 0.0), (NODES - 1, 7.0))):
        for run in range(RUNS):
            expected = begun + shortest(matrix(edge, np.where(open_[:, side, run], km, 0)), source)
            np.testing.assert_allclose(found[:, side, run], expected, rtol=1e-5)


def test_the_longest_chain_is_settled(ground_of):
    edge = np.column_stack([np.arange(NODES - 1), np.arange(1, NODES)])
    start = np.full((NODES, 2, 1), np.inf)
    start[0] = 0.0
    found = road_distance(ground_of(edge, 3.0, ([0], [0])), jnp.asarray(start), jnp.full((NODES - 1, 2, 1), 3.0))
    np.testing.assert_allclose(found[:, 0, 0], 3.0 * np.arange(NODES))


@pytest.mark.parametrize("seed", range(3))
def test_losing_a_town_cuts_off_its_component_and_nothing_else(seed, ground_of):
    edge, km = random_roads(100 + seed)
    ground = ground_of(edge, km, ([0], [0]))
    held = np.ones((len(ground.area), NODES - 1))
    held[np.arange(1, NODES), np.arange(NODES - 1)] = 0.0
    open_ = np.asarray(roads_of(ground, jnp.asarray(held)))[0]
    for run, lost in enumerate(range(1, NODES)):
        kept = (edge != lost).all(axis=1)
        assert (open_[:, run] == kept).all()
        _, component = connected_components(matrix(edge, kept.astype(float)), directed=False)
        reached = np.isfinite(shortest(matrix(edge, np.where(open_[:, run], km, 0)), 0))
        assert (reached == (component == component[0])).all()


def solved(edge, capacity, sources, sinks, nodes):
    """The maximum flow by another solver, with a source behind all sources and a sink behind all sinks."""
    table = np.zeros((nodes + 2, nodes + 2), np.int32)
    table[:nodes, :nodes] = matrix(edge, capacity.astype(np.int32), nodes)
    table[nodes, :nodes][sources] = table[:nodes, nodes + 1][sinks] = 10**8
    return maximum_flow(csr_array(table), nodes, nodes + 1).flow_value


@pytest.mark.parametrize("seed", range(2))
def test_the_maximum_flow_is_that_of_another_solver_and_is_conserved(seed, ground_of):
    edge, km = random_roads(seed)
    random, lanes = np.random.default_rng(seed), 150
    capacity = random.integers(0, 30, (len(edge), lanes)) * (random.uniform(size=(len(edge), lanes)) < 0.8)
    source, sink = (random.uniform(size=(NODES, lanes)) < share for share in (0.15, 0.1))
    source &= ~sink
    total, flow = flow_of(
        ground_of(edge, km, ([0], [0])), jnp.asarray(capacity, jnp.int32), jnp.asarray(source), jnp.asarray(sink)
    )
    total, flow = np.asarray(total), np.asarray(flow)
    assert (np.abs(flow) <= capacity).all()
    leaving = np.zeros((NODES, lanes))
    np.add.at(leaving, edge[:, 0], flow)
    np.add.at(leaving, edge[:, 1], -flow)
    assert (leaving[~source & ~sink] == 0).all()
    np.testing.assert_array_equal((leaving * sink).sum(axis=0), -total)
    np.testing.assert_array_equal((leaving * source).sum(axis=0), total)
    for lane in range(lanes):
        assert total[lane] == solved(edge, capacity[:, lane], source[:, lane], sink[:, lane], NODES)


def test_the_maximum_flow_is_the_smallest_of_all_cuts(ground_of):
    nodes, lanes = 9, 20
    edge, km = random_roads(3, nodes)
    capacity = np.random.default_rng(4).integers(0, 12, (len(edge), lanes))
    source, sink = np.zeros((2, nodes, lanes), bool)
    source[[0, 3]] = sink[[7, 8]] = True
    ground = ground_of(edge, km, ([0], [0]), nodes=nodes)
    total, _ = flow_of(ground, jnp.asarray(capacity, jnp.int32), jnp.asarray(source), jnp.asarray(sink))
    free = [node for node in range(nodes) if not source[node, 0] and not sink[node, 0]]
    least = np.full(lanes, 10**9)
    for with_source in product((False, True), repeat=len(free)):
        near = source[:, 0].copy()
        near[free] = with_source
        least = np.minimum(least, capacity[near[edge[:, 0]] != near[edge[:, 1]]].sum(axis=0))
    np.testing.assert_array_equal(total, least)


RING = np.array([[0, 1], [0, 2], [1, 3], [2, 3], [3, 4], [5, 6]])
"""Two ways from a depot at 0 to a town at 3, one road on to a town at 4, and the other side's depot and town."""


@pytest.fixture
def besieged(ground_of, with_prior_medians):
    """A week of the ring of roads, with some cells lost, drones, or a road closed by decree."""
    forts, flow = ((0, [3]), (0, [4]), (1, [6])), (2000.0, 1000.0, 1000.0)
    ground = ground_of(RING, 10.0, ([0], [5]), capacity=1000.5, garrisons=forts, flow=flow)
    params = with_prior_medians(logistics, runs=RUNS)
    silent = dataclasses.replace(params, delay=jnp.zeros(RUNS), damage=jnp.zeros(RUNS))
    at_first = np.ones(len(ground.area) - 1)
    at_first[[5, 6]] = 0.0
    state = opening(params, ground, jnp.asarray(at_first))

    def week(lost=(), *, number=0, density=1.0, closed=None, carried=state, given=silent):
        share = np.append(at_first, 0.0)
        share[list(lost)] = 1.0 - share[list(lost)]
        held = jnp.asarray(np.repeat(share[:, None], RUNS, axis=1), float)
        drones = jnp.broadcast_to(jnp.asarray(density, float), (2, 2, RUNS))
        do = NOTHING if closed is None else decree(closed)
        return step(given, carried, do=do, noise=dice(number), ground=ground, held=held, density=drones)

    week.state, week.params = state, params
    return week


def decree(passable):
    place = Place("logistics.passable", 0, (len(RING),), (0.0, np.inf))
    return Intervention(jnp.zeros(len(RING)), jnp.asarray(passable, float), (place,), "logistics")


def test_at_the_opening_every_road_carries_all_it_can(besieged):
    _, flows = besieged()
    np.testing.assert_array_equal(flows.throughput[:, 0], [2000, 1000, 1000])
    np.testing.assert_array_equal(flows.throughput, besieged.state.carried)
    np.testing.assert_allclose(flows.resupply[:, 0], [20, 30, 10])
    assert (np.asarray(flows.roads_cut) == 0).all()
    assert (np.asarray(flows.passable) == 1).all()


def test_cutting_one_of_two_roads_halves_the_throughput_and_cutting_both_ends_it(besieged):
    one, both = besieged([1])[1], besieged([1, 2])[1]
    np.testing.assert_array_equal(one.throughput[:, 0], [1000, 1000, 1000])
    np.testing.assert_array_equal(both.throughput[:, 0], [0, 0, 1000])
    np.testing.assert_array_equal(one.roads_cut[:, 0], [2, 0])
    np.testing.assert_array_equal(both.roads_cut[:, 0], [4, 0])
    np.testing.assert_allclose(both.resupply[:, 0], [logistics.FAR, logistics.FAR, 10])


def test_cutting_a_bridge_isolates_what_lies_behind_it_alone(besieged):
    _, flows = besieged(closed=np.where((RING == [3, 4]).all(axis=1), 0.0, 1.0))
    np.testing.assert_array_equal(flows.throughput[:, 0], [2000, 0, 1000])
    np.testing.assert_allclose(flows.resupply[:, 0], [20, logistics.FAR, 10])
    np.testing.assert_array_equal(flows.roads_cut[:, 0], [1, 0])


def test_a_decreed_cut_is_felt_at_once_and_so_is_its_end(besieged):
    closed = np.where((RING == [0, 1]).all(axis=1), 0.0, 1.0)
    cut, flows = besieged(number=2, closed=closed)
    assert flows.throughput[0, 0] == 1000
    assert besieged(number=3, closed=closed, carried=cut)[1].throughput[0, 0] == 1000
    assert besieged(number=3, carried=cut)[1].throughput[0, 0] == 2000


def test_a_half_passable_road_carries_half_and_is_no_longer(besieged):
    _, flows = besieged(closed=np.where((RING == [0, 1]).all(axis=1), 0.5, 1.0))
    assert flows.throughput[0, 0] == 1500
    np.testing.assert_allclose(flows.resupply[:, 0], [20, 30, 10])
    assert (np.asarray(flows.roads_cut) == 0).all()


def test_between_surveys_throughput_stays_and_supply_does_not(besieged):
    _, between = besieged([1, 2], number=1)
    _, surveyed = besieged([1, 2], number=logistics.SURVEY)
    assert between.throughput[0, 0] == 2000
    assert surveyed.throughput[0, 0] == 0
    np.testing.assert_array_equal(between.supply, surveyed.supply)
    np.testing.assert_array_equal(between.roads_cut, surveyed.roads_cut)


@pytest.fixture
def contested(besieged):
    """The same in a block of which the enemy holds the far half, so that his drones come near."""
    far = range(SIZE * SIZE // 2, SIZE * SIZE)
    state = besieged(far)[0]
    state = dataclasses.replace(state, near_opening=state.near)
    return lambda given=besieged.params, **more: besieged(far, carried=state, given=given, **more)[1]


def test_more_enemy_drones_never_supply_or_carry_more(contested):
    weeks = [contested(density=density) for density in (0.5, 1.0, 2.0, 4.0)]
    for name, sign in (("supply", -1), ("throughput", -1), ("resupply", 1), ("interdiction", 1)):
        found = np.stack([np.asarray(getattr(flows, name)) for flows in weeks])
        assert (sign * np.diff(found, axis=0) >= 0).all(), name
    assert weeks[2].supply[0, 0, 0] < weeks[1].supply[0, 0, 0]
    assert weeks[2].throughput[0, 0] < weeks[1].throughput[0, 0] == 2000
    np.testing.assert_allclose(weeks[1].resupply[:2, 0], [20, 30], rtol=1e-6)


def test_only_the_enemys_drones_matter(contested):
    plain = contested(density=1.0)
    own = contested(density=jnp.array([3.0, 1.0])[:, None, None])
    theirs = contested(density=jnp.array([1.0, 3.0])[:, None, None])
    np.testing.assert_array_equal(own.supply[0], plain.supply[0])
    assert (np.asarray(theirs.supply[0]) < np.asarray(plain.supply[0])).all()
    assert (np.asarray(own.supply[1]) <= np.asarray(plain.supply[1])).all()


def test_without_couplings_drones_do_not_touch_the_roads(contested, besieged):
    silent = dataclasses.replace(besieged.params, delay=jnp.zeros(RUNS), damage=jnp.zeros(RUNS))
    few, many = contested(density=0.0, given=silent), contested(density=9.0, given=silent)
    for name in ("supply", "throughput", "resupply"):
        np.testing.assert_array_equal(getattr(few, name), getattr(many, name))


def test_a_war_without_garrisons_goes_on(ground_of, with_prior_medians):
    ground = ground_of(RING, 10.0, ([0], [5]))
    params = with_prior_medians(logistics, runs=RUNS)
    state = opening(params, ground, jnp.ones(len(ground.area) - 1))
    held, density = jnp.ones((len(ground.area), RUNS)), jnp.ones((2, 2, RUNS))
    _, flows = step(params, state, do=NOTHING, noise=dice(), ground=ground, held=held, density=density)
    assert flows.throughput.shape == flows.resupply.shape == (0, RUNS)


def test_a_road_is_open_to_whoever_holds_all_of_its_cells_and_to_nobody_else(patch, ground_of):
    ground = ground_of(np.array([[0, 1], [1, 2]]), 5.0, ([0], [2]))
    dummy = len(patch.area) - 1
    way = np.array([[0, 30, 31], [40, dummy, dummy], [dummy] * 3])
    ground = dataclasses.replace(ground, edge_cell=jnp.asarray(way, jnp.int32), node_cell=jnp.full(NODES, dummy))
    ground = dataclasses.replace(ground, rear=jnp.zeros((2, NODES)))
    random = np.random.default_rng(0)
    held = random.choice([0.0, 0.49, 0.5, 1.0], (len(patch.area), 64))
    open_ = np.asarray(roads_of(ground, jnp.asarray(held)))
    for number, cells in enumerate(([0, 30, 31], [40])):
        np.testing.assert_array_equal(open_[0, number], (held[cells] >= 0.5).all(axis=0))
        np.testing.assert_array_equal(open_[1, number], (held[cells] < 0.5).all(axis=0))


def test_the_enemy_is_as_near_as_his_share_of_the_blocks_around(patch, ground_of):
    ground = ground_of(np.array([[0, 1], [100, 101]]) % NODES, 5.0, ([0], [2]))
    cells = len(patch.area) - 1
    block = np.append(np.arange(cells) // 48, 3)
    around = np.array([[1, 0, 0, 0, 0, 0], [0, 2, 1, 1, 1, 1], [1, 2, 2, 2, 2, 2], [3] * 6])
    ground = dataclasses.replace(
        ground,
        block=jnp.asarray(block, jnp.int32),
        block_neighbour=jnp.asarray(around, jnp.int32),
        edge_cell=jnp.asarray([[0, 50], [100, cells], [cells, cells]], jnp.int32),
    )
    held = np.zeros((cells + 1, 1))
    held[:48] = 1.0
    near = np.asarray(logistics.enemy_near(ground, jnp.asarray(held)))[:, :, 0]
    in_first, in_second, in_third = 6 / 7, 1 / 7 * 1.0 + 0.0, 0.0
    np.testing.assert_allclose(near[1], [(in_first + in_second) / 2, in_third], rtol=1e-5)
    np.testing.assert_allclose(near[0], 1 - near[1], rtol=1e-5)


@pytest.fixture
def supply(ground_of, with_prior_medians):
    params = with_prior_medians(logistics, runs=RUNS)

    def of(edge, km, held=1.0, **changes):
        ground = dataclasses.replace(ground_of(edge, km, ([0], [0])), **changes)
        share = jnp.broadcast_to(jnp.asarray(held), (len(ground.area) - 1,))
        opened = opening_supply(params, ground, share)
        state = opening(params, ground, share)
        full = jnp.repeat(jnp.append(share, 0.0)[:, None], RUNS, axis=1)
        one = jnp.ones((2, 2, RUNS))
        _, flows = step(params, state, do=NOTHING, noise=dice(), ground=ground, held=full, density=one)
        np.testing.assert_allclose(flows.supply, opened, rtol=1e-5)
        return np.asarray(flows.supply)

    return of


def test_supply_is_the_mean_decay_over_held_towns(supply, ground_of):
    edge, km = random_roads(1)
    weight = np.asarray(ground_of(edge, km, ([0], [0])).node_weight)
    expected = (weight * np.exp(-shortest(matrix(edge, km), 0) / 80)).sum(axis=1) / weight.sum(axis=1)
    np.testing.assert_allclose(supply(edge, km)[0], np.repeat(expected[:, None], RUNS, axis=1), rtol=1e-5)


def test_longer_roads_never_supply_better(supply):
    edge, km = random_roads(1)
    found = np.stack([supply(edge, km * factor)[0] for factor in (0.1, 1.0, 3.0, 10.0, 1000.0)])
    assert (np.diff(found, axis=0) <= 0).all()
    assert (np.diff(found, axis=0)[:2] < 0).all()


def test_supply_lies_between_the_floor_and_one(supply):
    edge, km = random_roads(1)
    np.testing.assert_allclose(supply(edge, km * 1e-6)[0], 1, rtol=1e-5)
    assert (supply(edge, km * 1e6, node_weight=jnp.asarray(np.eye(2, NODES, 1), float))[0] == logistics.FLOOR).all()
    assert (supply(edge, km, held=1.0)[1] == logistics.FLOOR).all()


def test_a_town_belongs_to_whoever_holds_half_of_its_cell(supply):
    edge, km = random_roads(1)
    mine, yours = supply(edge, km, held=0.5), supply(edge, km, held=0.49)
    assert (mine[0] > logistics.FLOOR).all()
    assert (mine[1] == logistics.FLOOR).all()
    np.testing.assert_array_equal(yours, mine[::-1])


def test_swapping_the_sides_swaps_what_happens(ground_of, with_prior_medians):
    params = with_prior_medians(logistics, runs=RUNS)
    edge, km = random_roads(1)
    held = np.random.default_rng(1).choice([0.0, 0.2, 0.8, 1.0], (SIZE * SIZE + 1, RUNS))
    density = np.random.default_rng(2).uniform(0.5, 2, (2, 2, RUNS))

    def week(swap):
        forts = ((0, [5, 6]), (1, [9]))
        ground = ground_of(
            edge,
            km,
            ([NODES - 1], [0]) if swap else ([0], [NODES - 1]),
            garrisons=[((side + swap) % 2, held_by) for side, held_by in forts],
        )
        share = 1 - held if swap else held
        state = opening(params, ground, jnp.asarray(share[:-1, 0]))
        drones = jnp.asarray(density[::-1] if swap else density, float)
        share = jnp.asarray(share, float)
        return step(params, state, do=NOTHING, noise=dice(), ground=ground, held=share, density=drones)[1]

    plain, swapped = week(0), week(1)
    for name in ("supply", "roads_cut"):
        np.testing.assert_allclose(getattr(swapped, name), getattr(plain, name)[::-1], rtol=1e-5)
    for name in ("throughput", "resupply"):
        np.testing.assert_allclose(getattr(swapped, name), getattr(plain, name), rtol=1e-5)
