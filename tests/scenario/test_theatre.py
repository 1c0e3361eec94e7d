"""The theatre: how cells hang together, what is on them, which of them a town covers."""

import dataclasses

import h3.api.numpy_int as h3
import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from ceasefire.evidence.geography import Cells, Geography, Place
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario import spec, theatre


def patch(latitude=48.3, longitude=37.2, rings=12):
    """A table of cells with random ground, somewhere on land."""
    random = np.random.default_rng(1)
    cell = np.asarray(h3.grid_disk(h3.latlng_to_cell(latitude, longitude, 7), rings))
    centre = np.array([h3.cell_to_latlng(c) for c in cell])
    values = {field.name: random.integers(0, 3, len(cell)) for field in dataclasses.fields(Cells)}
    known = {"cell": cell, "latitude": centre[:, 0], "longitude": centre[:, 1]}
    known |= {"area_km2": np.full(len(cell), 5.0), "inside": np.ones(len(cell), np.float32)}
    known |= {"elevation_m": random.normal(150, 30, len(cell)), "population": random.poisson(900, len(cell))}
    return Cells(**(values | known))


def town(population, latitude=48.3, longitude=37.2):
    return Place("Somewhere", latitude, longitude, "town", "", "", population, (), "A")


@pytest.fixture(scope="module")
def shipped():
    """The theatre of a shipped scenario, laid out from the packaged evidence."""
    scenario = spec.load("alaska-2025-08")
    vintage = Vintage(Store.open(None), scenario.opening)
    return scenario, theatre.lay_out(scenario.war, Geography.packaged(), vintage)


def test_neighbours_are_mutual_and_six_inside():
    cell = patch().cell
    row = theatre.neighbours(cell)
    own = np.arange(len(cell))[:, None]
    pairs = {(a, b) for a, around in enumerate(row.tolist()) for b in around if a != b}
    assert pairs == {(b, a) for a, b in pairs}
    inside = (row != own).all(axis=1)
    assert inside.sum() == 1 + 3 * 11 * 12
    assert all(len(set(around)) == 6 for around in row[inside].tolist())
    assert all(h3.grid_distance(cell[a], cell[b]) == 1 for a, b in list(pairs)[:200])


def test_the_order_of_cells_does_not_matter_to_who_is_whose_neighbour():
    cell = patch(rings=4).cell
    order = np.random.default_rng(2).permutation(len(cell))
    plain, mixed = theatre.neighbours(cell), theatre.neighbours(cell[order])
    assert (cell[order][mixed] == cell[plain][order]).all()


def test_a_lone_cell_is_its_own_neighbour():
    assert theatre.neighbours(patch(rings=0).cell).tolist() == [[0] * 6]


@pytest.mark.parametrize("population", [None, 500, 20_000, 400_000])
def test_the_weights_of_a_disc_add_to_one_and_lie_where_the_town_is(population):
    cells, place = patch(), town(population)
    row, weight = theatre.disc(place, cells)
    assert weight.sum() == pytest.approx(1)
    assert (weight > 0).all()
    position = theatre.plane(cells.latitude[row], cells.longitude[row])
    centre = weight @ position - theatre.plane([place.latitude], [place.longitude])[0]
    assert np.hypot(*centre) < 0.8
    assert len(row) == pytest.approx(np.pi * place.radius_km**2 / 5.2, abs=6 + 3 * place.radius_km)


@pytest.mark.parametrize("latitude", [48.3, 15.0, -28.0])
def test_a_disc_is_round_wherever_the_theatre_lies(latitude):
    cells = patch(latitude=latitude, longitude=24.0)
    row, weight = theatre.disc(town(400_000, latitude, 24.0), cells)
    north = (cells.latitude[row] - latitude) * theatre.KM_PER_DEGREE
    east = (cells.longitude[row] - 24.0) * theatre.KM_PER_DEGREE * np.cos(np.radians(latitude))
    assert np.sqrt(weight @ east**2) == pytest.approx(np.sqrt(weight @ north**2), rel=0.1)


def test_a_town_outside_has_a_nearest_cell_and_no_weight():
    cells = patch()
    row, weight = theatre.disc(town(20_000, longitude=38.9), cells)
    assert weight.tolist() == [0.0]
    assert cells.longitude[row[0]] > np.quantile(cells.longitude, 0.95)


def test_features_are_standardised_and_finite():
    found = theatre.features(patch())
    assert found.shape == (len(theatre.FEATURES), len(patch().cell))
    np.testing.assert_allclose(found.mean(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose(found.std(axis=1), 1, rtol=1e-9)
    unknown = dataclasses.replace(patch(), forest=np.full(len(patch().cell), np.nan))
    assert np.isfinite(theatre.features(unknown)).all()


def test_a_feature_that_is_the_same_everywhere_is_silent():
    flat = dataclasses.replace(patch(), population=np.full(len(patch().cell), 3))
    assert np.abs(theatre.features(flat)[theatre.FEATURES.index("town")]).max() < 1e-9


def test_shares_inside_are_shares():
    found = theatre.inside_share(np.array([0.0, 0.2, 0.5, 1.0], np.float32), np.array([0.0, 0.4, 0.4, 1.0], np.float32))
    np.testing.assert_allclose(found, [0, 0.5, 1, 1])


def test_what_only_coasts_leave_far_from_the_front_is_nobodys_foothold():
    cells = patch()
    position = theatre.plane(cells.latitude, cells.longitude)
    east = position[:, 0] - position[:, 0].mean()
    share = np.where(east > 0, 1.0, 0.0).astype(np.float32)
    share[np.abs(east) < 2] = 0.4
    far_west, far_east = int(np.argmin(east)), int(np.argmax(east))
    share[far_west], share[far_east] = 0.3, 0.6
    whole = theatre.settled(share, position, np.zeros((2, len(share))))
    assert whole[far_west] == 0
    assert whole[far_east] == 1
    near = np.abs(east) < 5
    assert (whole[near] == share[near]).all()
    border = np.zeros((2, len(share)))
    border[0, far_west] = 1
    assert theatre.settled(share, position, border)[far_west] == share[far_west]


def test_cells_of_a_laid_out_theatre_are_land_in_the_order_of_their_axes(shipped):
    _, laid = shipped
    assert len(set(laid.cell.tolist())) == len(laid)
    assert (np.diff(laid.axis) >= 0).all()
    assert (laid.area > 0).all()
    assert (laid.neighbour < len(laid)).all()
    assert 0 <= laid.share.min() <= laid.share.max() <= 1
    assert (np.diff(laid.dates) > np.timedelta64(0, "D")).all()
    np.testing.assert_allclose(laid.feature.mean(axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(laid.feature.std(axis=1), 1, rtol=1e-6)


def test_towns_of_a_laid_out_theatre_are_those_asked_for(shipped):
    scenario, laid = shipped
    assert len(laid.towns) == len(scenario.war.theatre.towns)
    for place in laid.towns:
        assert place.weight.sum() == pytest.approx(1) or place.weight.tolist() == [0.0]
        if place.weight.sum():
            mine = place.weight @ laid.opening_share[place.row]
            assert place.holder == (0 if mine > 0.5 else 1) or 0.05 < mine < 0.95


def test_roads_of_a_laid_out_theatre_run_both_ways_and_the_rear_obeys_them(shipped):
    _, laid = shipped
    roads = laid.roads
    number = len(roads.name)
    km = np.full((number, number), np.inf)
    for node in range(number):
        for other, length in zip(roads.link[node], roads.length[node], strict=True):
            if np.isfinite(length):
                km[node, other] = length
    np.testing.assert_array_equal(km, km.T)
    assert np.isinf(np.diag(km)).all()
    behind = roads.cell < 0
    for rear in roads.rear:
        reached = behind & np.isfinite(rear)
        assert reached.any()
        graph = csr_array(np.where(np.isfinite(km) & reached & reached[:, None], km, 0))
        detour = dijkstra(graph)[np.ix_(reached, reached)]
        assert (rear[reached][:, None] <= rear[reached] + detour + 1e-9).all()
    weighted = roads.weight.sum(axis=0) > 0
    assert not weighted[behind].any()
    assert (roads.weight <= 1).all()
