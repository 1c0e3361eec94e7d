"""Known answers from the evidence and geography that ship with the package."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely

from ceasefire.evidence import geography as land
from ceasefire.evidence import store as storing
from ceasefire.evidence.error import EvidenceError
from ceasefire.evidence.gazetteer import Gazetteer, bearing_deg, distance_km, first_held, holding
from ceasefire.evidence.geography import Geography
from ceasefire.evidence.projection import area_km2, cell_outlines, project
from ceasefire.evidence.source import SOURCES
from ceasefire.evidence.survey import build_geography
from ceasefire.evidence.vintage import Vintage


@pytest.fixture(scope="module")
def latest(packaged):
    return Vintage(packaged, "2026-01-31")


@pytest.fixture(scope="module")
def gazetteer():
    return Gazetteer.packaged()


def folder_size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def test_sizes_stay_small():
    assert folder_size(storing.PACKAGED) <= 2_000_000
    assert folder_size(land.PACKAGED) <= 1_000_000


def test_no_packaged_text_names_a_folder_of_a_machine():
    for folder in (storing.PACKAGED, land.PACKAGED):
        for path in folder.iterdir():
            assert not any(mark in path.read_bytes() for mark in (b"/work", b"/home/", b"/tmp", b"/root"))


def test_the_occupied_area_grew_by_what_was_observed(latest):
    total = latest.series("area.total").between("2025-08-09", "2026-01-24")
    assert total.values[-1] - total.values[0] == pytest.approx(1937, abs=5)


def test_shares_add_up_to_the_published_area(latest):
    cells = latest.occupied_cells()
    share = latest.control(cells).share[-1]
    size = area_km2(project(cell_outlines(cells)))
    assert float(share @ size) == pytest.approx(latest.series("area.total").latest(), rel=2e-5)


def test_sectors_add_up_to_the_total(latest):
    sectors = [latest.series(f"area.{sector.key}").values for sector in Geography.packaged().sectors]
    np.testing.assert_allclose(np.sum(sectors, axis=0), latest.series("area.total").values, atol=0.5)


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Toretsk", "2025-01-14"),
        ("Chasiv Yar", "2025-05-16"),
        ("Pokrovsk south", "2025-11-01"),
        ("Pokrovsk", "2025-11-20"),
        ("Pokrovsk north", "2026-01-01"),
        ("Siversk", "2025-12-09"),
        ("Myrnohrad", "2025-12-30"),
    ],
)
def test_towns_fell_in_the_week_that_the_daily_maps_say(latest, gazetteer, name, first):
    saturday = first_held(latest, gazetteer.find(name))
    assert 0 <= int((saturday - np.datetime64(first)).astype(int)) <= 6


@pytest.mark.parametrize("name", ["Kramatorsk", "Sloviansk", "Kostiantynivka", "Dobropillia", "Lyman"])
def test_towns_that_held_were_never_occupied(latest, gazetteer, name):
    assert first_held(latest, gazetteer.find(name)) is None


def test_who_held_what(latest, gazetteer):
    pokrovsk = gazetteer.find("Pokrovsk")
    assert not holding(latest, pokrovsk, "2025-11-21").occupied
    assert holding(latest, pokrovsk, "2025-11-22").occupied
    assert str(holding(latest, pokrovsk, "2025-11-25").map_date) == "2025-11-22"
    assert holding(latest, (44.95, 34.1), "2025-08-09").occupied
    assert not holding(latest, (50.45, 30.52), "2025-08-09").occupied
    with pytest.raises(EvidenceError, match="after"):
        holding(latest, pokrovsk, "2026-02-07")
    with pytest.raises(EvidenceError, match="no map"):
        holding(latest, pokrovsk, "2023-02-07")
    with pytest.raises(EvidenceError, match="places in Ukraine"):
        holding(latest, gazetteer.find("Moscow"), "2025-08-09")


def test_claimed_losses_are_the_published_cumulative_counts(latest):
    personnel = latest.series("loss_claim.personnel")
    assert personnel.latest() == 1_239_590
    assert len(personnel) == 206
    assert latest.series("loss_claim.tank").latest() == 11_619
    assert (np.diff(personnel.dates).astype(int) == 7).all()


def test_polls_of_the_summer_of_2025_are_known_by_the_summit(packaged):
    vintage = Vintage(packaged, "2025-08-09")
    assert vintage.series("poll.ua.gallup.end_of_war.negotiate_soon").latest() == 69
    assert vintage.series("poll.ua.kiis.territorial_concessions.ready_to_give_up_some").latest() == 38


def test_a_vintage_knows_no_later_row(packaged):
    vintage = Vintage(packaged, "2025-08-09")
    limit = np.datetime64("2025-08-09")
    for name in vintage.names():
        series = vintage.series(name)
        assert (series.dates <= limit).all()
        assert (series.published <= limit).all()
    assert vintage.latest_control_date == limit


def test_every_row_has_a_declared_source_and_a_trust_letter(packaged):
    assert {row.source for row in packaged.observations} <= set(SOURCES)
    assert {row.trust for row in packaged.observations} == set("ABCD")
    assert all(np.isfinite(row.value) for row in packaged.observations)
    assert set(packaged.sources) == set(SOURCES)


def test_stopped_never_exceeds_launched(latest):
    for name in latest.names():
        if name.startswith("strike.") and name.endswith(".launched"):
            stopped = latest.series(name.replace("launched", "stopped")).values
            assert (stopped <= latest.series(name).values + 5).all()


def test_a_series_has_one_unit(latest):
    for name in latest.names():
        assert latest.series(name).unit


# Land


def test_simferopol_lies_inside_the_border_of_1991_and_belgorod_does_not(gazetteer):
    outline = Geography.packaged().outline
    for name, inside in [("Simferopol", True), ("Sevastopol", True), ("Donetsk", True), ("Belgorod", False)]:
        place = gazetteer.find(name)
        assert outline.covers(shapely.Point(place.longitude, place.latitude)) is inside


def test_cells_are_sorted_and_sound():
    cells = Geography.packaged().cells
    assert (np.diff(cells.cell.astype(np.int64)) > 0).all()
    assert ((cells.inside > 0) & (cells.inside <= 1)).all()
    assert ((cells.area_km2 > 4) & (cells.area_km2 < 6)).all()
    assert (cells.sector >= 0).all()
    assert (cells.population >= 0).all()
    assert np.isnan(cells.elevation_m).any()
    assert np.nanmax(cells.elevation_m) < 400


def test_positions_and_areas_are_those_of_the_cells():
    import h3.api.numpy_int as h3

    cells = Geography.packaged().cells
    sample = np.arange(0, len(cells), 997)
    centre = np.array([h3.cell_to_latlng(cell) for cell in cells.cell[sample]])
    np.testing.assert_allclose(cells.latitude[sample], centre[:, 0], atol=1e-5)
    np.testing.assert_allclose(cells.longitude[sample], centre[:, 1], atol=1e-5)
    size = area_km2(project(cell_outlines(cells.cell[sample])))
    np.testing.assert_allclose(cells.area_km2[sample], size, atol=1e-4)


def test_land_of_whole_oblasts_has_its_known_area():
    geography = Geography.packaged()
    cells = geography.cells
    known = {"Donetsk": 26_517, "Luhansk": 26_684, "Kharkiv": 31_415, "Zaporizhzhia": 27_183, "Crimea": 26_081}
    for name, size in known.items():
        chosen = (cells.oblast == geography.oblast_names.index(name)) & ~cells.sea
        assert float((cells.area_km2 * cells.inside)[chosen].sum()) == pytest.approx(size, rel=0.02)


def test_every_occupied_cell_is_in_the_table_and_on_land(latest):
    cells = Geography.packaged().cells
    occupied = latest.occupied_cells()
    row = cells.rows(occupied)
    assert (row >= 0).all()
    whole = latest.control(occupied).share[-1] > 0.9
    assert not cells.sea[row[whole]].any()


def row_at(latitude: float, longitude: float) -> int:
    import h3.api.numpy_int as h3

    cell = np.array([h3.latlng_to_cell(latitude, longitude, 7)], dtype=np.uint64)
    return int(Geography.packaged().cells.rows(cell)[0])


def test_the_sea_is_sea_and_towns_are_land():
    cells = Geography.packaged().cells
    for point in [(46.3, 36.3), (45.9, 32.0), (44.3, 33.8)]:
        assert cells.sea[row_at(*point)]
    for place in Geography.packaged().places:
        if place.kind == "town" and place.country == "UA" and place.longitude > 30.95 and place.population:
            row = row_at(place.latitude, place.longitude)
            assert row >= 0, place
            assert not cells.sea[row] or place.population < 30_000, place


def test_the_border_is_known_by_its_neighbour():
    cells = Geography.packaged().cells
    codes = land.BORDER_CODES
    near = {"RU": (51.28, 34.9), "BY": (52.05, 31.3)}
    for code, (latitude, longitude) in near.items():
        close = (abs(cells.latitude - latitude) < 0.25) & (abs(cells.longitude - longitude) < 0.25)
        assert codes.index(code) in cells.border[close]
    assert cells.border[row_at(46.3, 36.3)] == 0
    assert cells.border[row_at(48.28, 37.18)] == 0


def test_the_dnipro_and_the_main_road_are_where_they_are():
    geography = Geography.packaged()
    row = row_at(46.62, 32.58)
    near = abs(geography.cells.latitude - 46.62) + abs(geography.cells.longitude - 32.58) < 0.15
    assert (geography.cells.river_rank[near] == 3).any()
    assert geography.cells.sector[row] == [sector.key for sector in geography.sectors].index("kherson")
    assert geography.cells.road[row_at(48.853, 37.605)] > 0


def test_roads_join_nodes_and_are_no_shorter_than_the_crow_flies():
    geography = Geography.packaged()
    nodes = {node.name: (node.latitude, node.longitude) for node in geography.nodes}
    for edge in (*geography.roads, *geography.rails):
        assert edge.km >= 0.93 * distance_km(nodes[edge.start], nodes[edge.end])
    assert any(edge.cut and "bridge" in edge.note for edge in geography.roads)


def test_sectors_tile_the_theatre():
    shapes = [sector.outline for sector in Geography.packaged().sectors]
    assert shapely.area(shapely.union_all(shapes)) == pytest.approx(sum(shapely.area(shape) for shape in shapes))
    assert shapely.union_all(shapes).covers(shapely.box(31, 44.1, 41.9, 52.9))


def test_climate_knows_winter_and_mud():
    months = {row.month: row for row in Geography.packaged().climate if row.place == "Kharkiv"}
    assert len(months) == 12
    assert months[1].temperature_c < 0 < months[7].temperature_c
    assert months[1].snow
    assert not months[7].snow
    assert any(row.mud for row in months.values())


def test_a_broken_geography_is_refused_in_words(tmp_path):
    with pytest.raises(EvidenceError, match="Build it again"):
        Geography.read(tmp_path)
    with pytest.raises(EvidenceError, match=r"oblasts.geojson"):
        build_geography(tmp_path, tmp_path / "out")


# Names and distances


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("Kostyantynivka", "Kostiantynivka"),
        ("Konstantinovka", "Kostiantynivka"),
        ("chasiv-yar", "Chasiv Yar"),
        ("KIEV", "Kyiv"),
        ("Kharkov", "Kharkiv"),
        ("Slovyansk", "Sloviansk"),
        ("Huliaypole", "Huliaipole"),
        ("ZNPP", "Zaporizhzhia nuclear plant"),
        ("Суми", "Sumy"),
    ],
)
def test_places_have_several_spellings(gazetteer, spelling, name):
    assert gazetteer.find(spelling).name == name


def test_an_unknown_place_is_refused_with_the_nearest_name(gazetteer):
    with pytest.raises(EvidenceError, match="kramatorsk"):
        gazetteer.find("Kramatorks")


@pytest.mark.parametrize(
    ("start", "end", "km"),
    [
        ((0.0, 0.0), (0.0, 1.0), 111.319),
        ((0.0, 0.0), (1.0, 0.0), 110.574),
        ((0.0, 0.0), (0.0, 180.0), 20_003.931),
        ((48.282, 37.176), (48.739, 37.584), 59.1),
        ((50.450, 30.523), (55.756, 37.617), 757.1),
    ],
)
def test_distances_are_geodesic(start, end, km):
    assert distance_km(start, end) == pytest.approx(km, abs=1.0)
    assert distance_km(end, start) == pytest.approx(distance_km(start, end))


def test_bearings_turn_clockwise_from_north(gazetteer):
    assert bearing_deg((48.0, 37.0), (49.0, 37.0)) == pytest.approx(0)
    assert bearing_deg((0.0, 37.0), (0.0, 38.0)) == pytest.approx(90)
    assert bearing_deg((49.0, 37.0), (48.0, 37.0)) == pytest.approx(180)
    assert 20 < gazetteer.bearing_deg("Pokrovsk", "Kramatorsk") < 40
    assert gazetteer.distance_km("Kyiv", (50.45, 30.52)) < 1


def test_the_disc_of_a_town_grows_with_its_people(gazetteer):
    assert gazetteer.find("Kharkiv").radius_km > gazetteer.find("Kramatorsk").radius_km
    assert gazetteer.find("Robotyne").radius_km == pytest.approx(0.8)
