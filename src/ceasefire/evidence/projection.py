"""The equal-area plane on which every area is measured, and the outlines of H3 cells on it.

Lambert azimuthal equal-area about 48.5 N, 36 E on WGS84, in metres. Areas are true; distances are not (distances are
geodesic: see `gazetteer`). A cell's outline joins its corners by straight lines of longitude and latitude order, so
that neighbouring cells share their edges exactly.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import h3.api.numpy_int as h3
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

RESOLUTION = 7
"""H3 resolution of the cells of control: about 4.9 km² each here."""

EQUAL_AREA = "+proj=laea +lat_0=48.5 +lon_0=36 +datum=WGS84 +units=m"
SQUARE_METRES_PER_KM2 = 1e6


@cache
def _transformer() -> Transformer:
    return Transformer.from_crs("EPSG:4326", CRS.from_proj4(EQUAL_AREA), always_xy=True)


def _plane(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack(_transformer().transform(degrees[:, 0], degrees[:, 1]))


def project(geometry: Any) -> Any:
    """Carry a geometry, or an array of them, from longitude and latitude to the equal-area plane (metres)."""
    return shapely.transform(geometry, _plane)


def area_km2(geometry: Any) -> Any:
    """Area in km² of a geometry, or an array of them, already on the equal-area plane."""
    return shapely.area(geometry) / SQUARE_METRES_PER_KM2


def cell_outlines(cells: NDArray[np.uint64]) -> NDArray[Any]:
    """Outlines of H3 cells in longitude and latitude, as an array of polygons."""
    corners = [h3.cell_to_boundary(cell) for cell in cells]
    owner = np.repeat(np.arange(len(corners)), [len(ring) for ring in corners])
    flat = np.array([point for ring in corners for point in ring], dtype=np.float64).reshape(-1, 2)[:, ::-1]
    if not len(flat):
        return np.empty(0, dtype=object)
    closed, closed_owner = _closed(flat, owner)
    return shapely.polygons(shapely.linearrings(closed, indices=closed_owner))


def _closed(points: NDArray[np.float64], owner: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Repeat the first point of each ring at its end."""
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    last = np.append(first[1:], len(owner))
    return np.insert(points, last, points[first], axis=0), np.insert(owner, last, owner[first])


def cell_centres(cells: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Latitude and longitude of cell centres, degrees, one row a cell."""
    return np.array([h3.cell_to_latlng(cell) for cell in cells], dtype=np.float64).reshape(-1, 2)


def covering_cells(geometry: Any) -> NDArray[np.uint64]:
    """Sorted cells that share at least a point with a polygon or multipolygon in longitude and latitude."""
    shape = h3.geo_to_h3shape(shapely.geometry.mapping(geometry))
    return np.unique(
        np.asarray(h3.h3shape_to_cells_experimental(shape, RESOLUTION, contain="overlap"), dtype=np.uint64)
    )
