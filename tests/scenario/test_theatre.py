"""The theatre: how cells hang together, what is on them, which of them a town covers."""

import dataclasses
import datetime as dt

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


def features(cells):
    return theatre.features(cells, theatre.local_height(cells))


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
    found = features(patch())
    assert found.shape == (len(theatre.FEATURES), len(patch().cell))
    np.testing.assert_allclose(found.mean(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose(found.std(axis=1), 1, rtol=1e-9)
    unknown = dataclasses.replace(patch(), forest=np.full(len(patch().cell), np.nan))
    assert np.isfinite(features(unknown)).all()


def test_a_feature_that_is_the_same_everywhere_is_silent():
    flat = dataclasses.replace(patch(), population=np.full(len(patch().cell), 3))
    assert np.abs(features(flat)[theatre.FEATURES.index("town")]).max() < 1e-9


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


def test_roads_of_a_laid_out_theatre_have_a_length_a_load_and_a_name(shipped):
    _, laid = shipped
    roads = laid.roads
    assert len(set(roads.edge_name)) == len(roads.edge) == len(roads.edge_cell)
    for (a, b), name in zip(roads.edge, roads.edge_name, strict=True):
        assert name == f"{roads.name[a]}-{roads.name[b]}"
        assert roads.name[a] < roads.name[b]
    assert (roads.length > 0).all()
    largest = max(theatre.ROAD_CAPACITY.values()) + max(theatre.RAIL_CAPACITY.values())
    assert (roads.capacity >= theatre.LEAST_CAPACITY).all()
    assert (roads.capacity <= largest).all()


def test_the_rear_obeys_the_roads(shipped):
    _, laid = shipped
    roads = laid.roads
    number = len(roads.name)
    km = np.zeros((number, number))
    km[tuple(roads.edge.T)] = km[tuple(roads.edge[:, ::-1].T)] = roads.length
    behind = roads.cell < 0
    for rear in roads.rear:
        reached = behind & np.isfinite(rear)
        assert reached.any()
        detour = dijkstra(csr_array(np.where(reached & reached[:, None], km, 0)))[np.ix_(reached, reached)]
        assert (rear[reached][:, None] <= rear[reached] + detour + 1e-9).all()
    weighted = roads.weight.sum(axis=0) > 0
    assert not weighted[behind].any()
    assert (roads.weight <= 1).all()


def test_a_road_crosses_the_cells_of_its_towns_and_a_chain_in_between(shipped):
    _, laid = shipped
    roads = laid.roads
    for (a, b), way in zip(roads.edge, roads.edge_cell, strict=True):
        assert len(set(way.tolist())) == len(way)
        for end in (a, b):
            assert roads.cell[end] < 0 or roads.cell[end] in way
        if (roads.cell[[a, b]] >= 0).all():
            assert way[0] == roads.cell[a]
            assert way[-1] == roads.cell[b]


def test_a_road_between_two_cells_crosses_those_on_the_line():
    cell = np.sort(patch().cell)
    start, end = (48.3, 37.1), (48.3, 37.3)
    way = theatre.crossed(start, end, cell)
    assert cell[way[0]] == h3.latlng_to_cell(*start, 7)
    assert cell[way[-1]] == h3.latlng_to_cell(*end, 7)
    centre = np.array([h3.cell_to_latlng(c) for c in cell[way]])
    assert (np.diff(centre[:, 1]) > 0).all()
    assert (np.abs(centre[:, 0] - 48.3) * theatre.KM_PER_DEGREE < theatre.CELL_KM).all()
    assert theatre.crossed((20.0, 10.0), (20.2, 10.0), cell).size == 0


def test_adjacency_lists_every_edge_at_both_its_ends():
    edge = np.array([[0, 1], [1, 2], [0, 3], [1, 3]])
    link, link_edge = theatre.adjacency(edge, 5)
    assert sorted(link_edge[link_edge < len(edge)].tolist()) == sorted([*range(4)] * 2)
    for node in range(5):
        for other, number in zip(link[node], link_edge[node], strict=True):
            assert (number == len(edge) and other == node) or sorted((node, other)) == edge[number].tolist()
    empty, none = theatre.adjacency(np.zeros((0, 2), int), 3)
    assert empty.tolist() == [[0], [1], [2]]
    assert none.tolist() == [[0]] * 3


def test_garrisons_are_those_asked_for_and_belong_to_who_holds_most_of_their_towns(shipped):
    scenario, laid = shipped
    assert [g.name for g in laid.garrisons] == [g.name for g in scenario.war.theatre.garrisons]
    position = theatre.plane(laid.latitude, laid.longitude)
    for asked, found in zip(scenario.war.theatre.garrisons, laid.garrisons, strict=True):
        assert tuple(laid.roads.name[k] for k in found.node) == asked.towns
        at = laid.roads.cell[found.node]
        assert set(at[at >= 0]) <= set(found.row)
        for row in found.row:
            assert np.hypot(*(position[at[at >= 0]] - position[row]).T).min() < theatre.GARRISON_KM + theatre.CELL_KM
        mine = (laid.opening_share[at[at >= 0]] >= 0.5).mean()
        assert found.side == (0 if mine >= 0.5 else 1)


def test_a_garrison_of_an_unknown_town_is_refused_with_a_suggestion(shipped):
    scenario, _ = shipped
    wrong = spec.Garrison(name="somewhere", towns=("Kramatorks",))
    war = scenario.war.model_copy(update={"theatre": scenario.war.theatre.model_copy(update={"garrisons": (wrong,)})})
    with pytest.raises(spec.ScenarioError, match=r"somewhere.*Kramatorks.*Kramatorsk"):
        theatre.lay_out(war, Geography.packaged(), Vintage(Store.open(None), scenario.opening))


def test_works_count_for_who_dug_them_and_unknown_ones_for_who_holds_them():
    cells = patch()
    share = (cells.longitude < 37.2).astype(np.float32)
    none = np.zeros(len(cells.cell), np.float32)
    known = dataclasses.replace(cells, fortification_unknown_km=none, obstacle_km=none)
    dug = theatre.works(("RU", "UA"), known, share)
    np.testing.assert_allclose(dug[0], known.fortification_russian_km / known.fortification_russian_km.mean())
    np.testing.assert_allclose(dug[1], known.fortification_ukrainian_km / known.fortification_ukrainian_km.mean())
    np.testing.assert_allclose(theatre.works(("UA", "RU"), known, share), dug[::-1])
    assert (theatre.works(("", "SE"), known, share) == 1).all()
    held = theatre.works(("", "SE"), cells, share)
    assert (held[0][share == 0] == 0).all()
    assert (held[1][share == 1] == 0).all()
    np.testing.assert_allclose(held.mean(axis=1), 1)


def test_blocks_hold_whole_neighbourhoods():
    cell = np.sort(patch().cell)
    block, neighbour = theatre.blocks(cell)
    assert block.max() + 1 == len(neighbour)
    assert np.bincount(block).max() == 49
    for a in range(len(neighbour)):
        for b in neighbour[a]:
            assert a in neighbour[b]
    touching = {(block[a], block[b]) for a, near in enumerate(theatre.neighbours(cell)) for b in near}
    assert all(a == b or b in neighbour[a] for a, b in touching)


def test_the_climate_begins_at_the_opening_and_comes_round_after_a_year(shipped):
    scenario, laid = shipped
    assert laid.climate.shape == (len(laid.axes), 52)
    monthly = [month.temperature_c for month in Geography.packaged().climate]
    assert min(monthly) <= laid.climate.min() <= laid.climate.max() <= max(monthly)
    assert np.abs(np.diff(laid.climate, axis=1, append=laid.climate[:, :1])).max() < 4
    hottest = scenario.opening + dt.timedelta(weeks=int(laid.climate[0].argmax()))
    assert hottest.month in (7, 8)


def test_the_height_of_a_plain_is_nothing():
    flat = dataclasses.replace(patch(), elevation_m=np.full(len(patch().cell), 180.0))
    assert np.abs(theatre.local_height(flat)).max() < 1e-9
    hill = np.full(len(patch().cell), 180.0)
    hill[7] = 230.0
    assert theatre.local_height(dataclasses.replace(patch(), elevation_m=hill)).argmax() == 7
