"""Logistics: shortest held roads, against Dijkstra."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from ceasefire.model import logistics

NODES, LINKS, RUNS = 24, 6, 8


def network(seed):
    """A random road network with few links a node: a matrix of km, 0 where there is no road."""
    random = np.random.default_rng(seed)
    road = np.zeros((NODES, NODES))
    for a in range(1, NODES):
        for b in {int(random.integers(max(0, a - 4), a)), int(random.integers(0, a))}:
            if max((road[a] > 0).sum(), (road[b] > 0).sum()) < LINKS:
                road[a, b] = road[b, a] = random.uniform(5, 40)
    return road


def ground_of(patch, road, sources):
    """The honeycomb with a town in each of the first cells, and each side's sources of supply."""
    link = np.repeat(np.arange(NODES)[:, None], LINKS, axis=1)
    length = np.full(link.shape, np.inf)
    for node in range(NODES):
        near = np.flatnonzero(road[node])
        link[node, : len(near)], length[node, : len(near)] = near, road[node, near]
    rear = np.full((2, NODES), np.inf)
    for side, source in enumerate(sources):
        rear[side, source] = 0.0
    return dataclasses.replace(
        patch,
        link=jnp.asarray(link, jnp.int32),
        length=jnp.asarray(length, jnp.float32),
        node_cell=jnp.arange(NODES, dtype=jnp.int32),
        rear=jnp.asarray(rear, jnp.float32),
        node_weight=jnp.asarray(np.random.default_rng(9).uniform(size=(2, NODES)), jnp.float32),
    )


@pytest.fixture(scope="module")
def patch(honeycomb):
    return honeycomb(5, axes=2)


road_distance = jax.jit(logistics.road_distance)
step = jax.jit(logistics.step)


def shortest(road, held, source):
    """Km from a source over roads between held towns, and how many links the longest of the shortest ways has."""
    kept = np.where(held[:, None] & held, road, 0)
    if not held[source]:
        return np.full(NODES, np.inf), 0
    km, before = dijkstra(csr_array(kept), indices=source, return_predecessors=True)
    links = [0 if np.isinf(km[node]) else len(way(before, node)) for node in range(NODES)]
    return np.where(held, km, np.inf), max(links)


def way(before, node):
    """Links from the source to a node."""
    links = []
    while before[node] >= 0:
        links.append(node)
        node = before[node]
    return links


@pytest.mark.parametrize("seed", range(12))
def test_road_distance_is_dijkstras(seed, patch):
    road = network(seed)
    open_ = np.random.default_rng(seed).uniform(size=(2, NODES, RUNS)) < 0.85
    ground = ground_of(patch, road, ([0], [NODES - 1]))
    found = np.asarray(road_distance(ground, jnp.asarray(open_)))
    for side, source in enumerate((0, NODES - 1)):
        for run in range(RUNS):
            expected, links = shortest(road, open_[side, :, run], source)
            assert links <= logistics.RELAXATIONS
            np.testing.assert_allclose(found[side, :, run], expected, rtol=1e-5)


@pytest.mark.parametrize("seed", range(6))
def test_losing_a_town_cuts_off_its_component_and_nothing_else(seed, patch):
    road = network(100 + seed)
    ground = ground_of(patch, road, ([0], [0]))
    for lost in range(1, NODES):
        held = np.arange(NODES) != lost
        _, component = connected_components(csr_array(np.where(held[:, None] & held, road, 0)), directed=False)
        open_ = np.repeat(held[None, :, None], 2, axis=0)
        reached = np.isfinite(road_distance(ground, jnp.asarray(np.repeat(open_, RUNS, axis=2))))[0, :, 0]
        assert (reached == (held & (component == component[0]))).all()


def test_cutting_the_only_road_cuts_off_what_lies_beyond(patch):
    chain = np.diag(np.full(NODES - 1, 3.0), 1)
    chain = (chain + chain.T)[:NODES, :NODES]
    chain[5, 6] = chain[6, 5] = 0
    held = jnp.ones((2, NODES, RUNS), bool)
    found = np.asarray(road_distance(ground_of(patch, chain, ([0], [11])), held))
    np.testing.assert_allclose(found[0, :6, 0], 3.0 * np.arange(6))
    assert np.isinf(found[0, 6:]).all()
    assert np.isinf(found[1, :6]).all()
    np.testing.assert_allclose(found[1, 6:12, 0], 3.0 * np.arange(6)[::-1])


@pytest.fixture
def supply(patch, with_prior_medians):
    params = with_prior_medians(logistics, runs=RUNS)

    def of(road, held=1.0, **changes):
        ground = dataclasses.replace(ground_of(patch, road, ([0], [0])), **changes)
        share = jnp.broadcast_to(jnp.asarray(held)[..., None], (len(patch.area), RUNS))
        return np.asarray(step(params, logistics.State(), ground=ground, held=share)[1].supply)

    return of


def test_supply_is_the_mean_decay_over_held_towns(supply, patch):
    road = network(1)
    weight = np.asarray(ground_of(patch, road, ([0], [0])).node_weight)
    km, _ = shortest(road, np.ones(NODES, bool), 0)
    expected = (weight * np.exp(-km / 80)).sum(axis=1) / weight.sum(axis=1)
    np.testing.assert_allclose(supply(road)[0], np.repeat(expected[:, None], RUNS, axis=1), rtol=1e-5)


def test_longer_roads_never_supply_better(supply):
    road = network(2)
    found = np.stack([supply(road * factor)[0] for factor in (0.1, 1.0, 3.0, 10.0, 1000.0)])
    assert (np.diff(found) <= 0).all()
    assert (np.diff(found, axis=0)[:2] < 0).all()


def test_supply_lies_between_the_floor_and_one(supply):
    road = network(3)
    np.testing.assert_allclose(supply(road * 1e-6)[0], 1, rtol=1e-5)
    assert (supply(road * 1e6, node_weight=jnp.asarray(np.eye(2, NODES, 1), jnp.float32))[0] == logistics.FLOOR).all()
    assert (supply(road, held=1.0)[1] == logistics.FLOOR).all()


def test_a_town_belongs_to_whoever_holds_half_of_its_cell(supply):
    road = network(4)
    mine, yours = supply(road, held=0.5), supply(road, held=0.49)
    assert (mine[0] > logistics.FLOOR).all()
    assert (mine[1] == logistics.FLOOR).all()
    np.testing.assert_array_equal(yours, mine[::-1])
