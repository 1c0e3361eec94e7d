from __future__ import annotations

import h3.api.numpy_int as h3
import numpy as np
import pytest
import shapely
from invented import square

from ceasefire.evidence import control
from ceasefire.evidence.error import EvidenceError
from ceasefire.evidence.geography import Geography, Place
from ceasefire.evidence.projection import area_km2, cell_outlines, covering_cells, project

FIELD = shapely.Polygon(square(37.0, 48.2, 37.4, 48.5)[0])


def grown(east: float):
    return shapely.Polygon(square(37.0, 48.2, east, 48.5)[0])


def place(longitude: float, latitude: float, population: int = 20_000) -> Place:
    return Place("Somewhere", latitude, longitude, "town", "UA", "Donetsk", population, (), "A")


def test_shares_add_up_to_the_area_of_the_polygon():
    record = control.measure({"2025-03-01": FIELD}, [])
    size = area_km2(project(cell_outlines(record.cells)))
    total = float((record.share[0] / control.SHARE_STEPS) @ size)
    assert total == pytest.approx(float(area_km2(project(FIELD))), rel=2e-5)


def test_the_area_is_that_of_the_ellipsoid():
    from pyproj import Geod

    fine = shapely.segmentize(FIELD, 0.01)
    geodesic = abs(Geod(ellps="WGS84").geometry_area_perimeter(fine)[0]) / 1e6
    assert float(area_km2(project(fine))) == pytest.approx(geodesic, rel=1e-4)


def test_carrying_cells_over_equals_measuring_every_map_anew():
    maps = {f"2025-03-{day:02d}": grown(37.2 + 0.03 * n) for n, day in enumerate((1, 8, 15, 22, 29))}
    maps["2025-03-22"] = shapely.difference(maps["2025-03-22"], shapely.box(37.05, 48.3, 37.1, 48.35))
    together = control.measure(maps, [])
    for index, (day, polygon) in enumerate(sorted(maps.items())):
        alone = control.measure({day: polygon}, [])
        column = np.searchsorted(together.cells, alone.cells)
        np.testing.assert_array_equal(together.share[index, column], alone.share[0])
        assert together.share[index].sum() == alone.share[0].sum()


def test_a_cell_deep_inside_is_whole_and_one_outside_is_not_listed():
    record = control.measure({"2025-03-01": FIELD}, [])
    deep, far = h3.latlng_to_cell(48.35, 37.2, 7), h3.latlng_to_cell(49.5, 37.2, 7)
    assert record.share[0, np.searchsorted(record.cells, deep)] == control.SHARE_STEPS
    assert far not in record.cells


def test_places_are_held_by_point_and_by_disc():
    inside, edge, outside = place(37.2, 48.35), place(37.4, 48.35), place(38.0, 48.35)
    record = control.measure({"2025-03-01": FIELD}, [inside, edge, outside])
    assert record.held[0, 0]
    assert not record.held[0, 2]
    assert record.disc[0, 0] == control.SHARE_STEPS
    assert record.disc[0, 1] == pytest.approx(control.SHARE_STEPS / 2, rel=0.02)
    assert record.disc[0, 2] == 0


def test_sector_areas_add_up_to_the_total():
    sectors = Geography.packaged().sectors
    wide = shapely.Polygon(square(36.0, 47.0, 38.5, 50.0)[0])
    rows = {row.name: row.value for row in control.areas({"2025-03-01": wide}, sectors)}
    total = rows.pop("area.total")
    assert len(rows) == len(sectors)
    assert sum(rows.values()) == pytest.approx(total, rel=1e-4)


def test_no_maps_give_an_empty_record():
    assert control.measure({}, []).share.shape == (0, 0)


@pytest.mark.parametrize(
    ("polygon", "problem"),
    [
        (shapely.Polygon(square(48.2, 37.0, 48.5, 37.4)[0]), "longitude, latitude"),
        (shapely.Polygon(square(-170, -60, 170, 80)[0]), "km²"),
    ],
)
def test_a_polygon_elsewhere_or_of_impossible_size_is_refused(polygon, problem):
    with pytest.raises(EvidenceError, match=problem):
        control.areas({"2025-03-01": polygon}, Geography.packaged().sectors)


def test_covering_cells_touch_the_polygon_and_leave_nothing_out():
    cells = covering_cells(FIELD)
    outline = cell_outlines(cells)
    assert shapely.intersects(FIELD, outline).all()
    assert shapely.area(shapely.difference(FIELD, shapely.union_all(outline))) < 1e-9
    assert (np.diff(cells.astype(np.int64)) > 0).all()
