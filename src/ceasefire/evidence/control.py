"""Polygons of control → the share of each H3 cell that is occupied, week by week; areas by sector; towns.

share = occupied area of the cell / whole area of the cell, both on the equal-area plane of `projection`. The maps stop
at Ukraine's 1991 border and at the coast, so ground beyond has share 0, and a border cell that is wholly occupied
inside Ukraine has the share of it that lies inside: divide by `Cells.inside` where that matters. The grey zone counts
as not occupied.

Only cells that touch the symmetric difference of two successive maps are measured again; the rest are carried over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ceasefire.evidence.error import EvidenceError
from ceasefire.evidence.geography import Place, Sector
from ceasefire.evidence.projection import area_km2, cell_outlines, covering_cells, project
from ceasefire.evidence.series import Days, Observation
from ceasefire.evidence.source import SOURCES
from ceasefire.evidence.upstream import later

SHARE_STEPS = 10_000
"""Shares are kept as whole numbers of 1/10,000."""
MAX_AREA_KM2 = 1_500_000.0
"""More occupied ground than this is a mistake in the file, not a map of control."""
SECTOR_EDGE_DEGREES = 0.01
"""Edges of sectors follow parallels and meridians; they are cut into steps of this length before projection."""


@dataclass(frozen=True, eq=False)
class ControlRecord:
    """Every map of control: occupied share by cell and by place."""

    cells: NDArray[np.uint64]
    """Cells occupied at any date, sorted."""
    dates: Days
    published: Days
    share: NDArray[np.uint16]
    """[date, cell], in 1/10,000."""
    places: NDArray[np.str_]
    """`name|latitude|longitude` of each place that is followed."""
    held: NDArray[np.bool_]
    """[date, place]: the place's point lies inside the occupied polygon."""
    disc: NDArray[np.uint16]
    """[date, place]: occupied share of the place's disc, in 1/10,000."""

    @staticmethod
    def empty() -> ControlRecord:
        """A record without maps."""
        return ControlRecord(
            cells=np.empty(0, dtype=np.uint64),
            dates=np.empty(0, dtype="datetime64[D]"),
            published=np.empty(0, dtype="datetime64[D]"),
            share=np.empty((0, 0), dtype=np.uint16),
            places=np.empty(0, dtype="U1"),
            held=np.empty((0, 0), dtype=np.bool_),
            disc=np.empty((0, 0), dtype=np.uint16),
        )


def place_key(place: Place) -> str:
    """Identifier of a place in the record: names alone repeat."""
    return f"{place.name}|{place.latitude:.4f}|{place.longitude:.4f}"


def measure(polygons: Mapping[str, Any], places: Sequence[Place]) -> ControlRecord:
    """Measure each dated polygon (longitude, latitude) against cells and places.

    Raises `EvidenceError` where a polygon covers more than a war could.
    """
    if not polygons:
        return ControlRecord.empty()
    days = sorted(polygons)
    plane = [_on_plane(day, polygons[day]) for day in days]
    cells = covering_cells(shapely.union_all([polygons[day] for day in days]))
    share = _shares(cells, plane)
    occupied = share.any(axis=0)
    followed = [place for place in places if place.country == "UA"]
    lag = SOURCES["deepstatemap"].lag
    return ControlRecord(
        cells=cells[occupied],
        dates=np.array(days, dtype="datetime64[D]"),
        published=np.array([later(day, lag) for day in days], dtype="datetime64[D]"),
        share=share[:, occupied],
        places=np.array([place_key(place) for place in followed], dtype=np.str_),
        held=_held(followed, [polygons[day] for day in days]),
        disc=_discs(followed, plane),
    )


def _on_plane(day: str, polygon: Any) -> Any:
    plane = project(polygon)
    size = float(area_km2(plane))
    if not size < MAX_AREA_KM2:
        raise EvidenceError(f"the map of control of {day} covers {size:,.0f} km²; fetch it again")
    return plane


def _shares(cells: NDArray[np.uint64], plane: Sequence[Any]) -> NDArray[np.uint16]:
    outline = project(cell_outlines(cells))
    tree, size = shapely.STRtree(outline), shapely.area(outline)
    share = np.zeros((len(plane), len(cells)), dtype=np.uint16)
    for index, polygon in enumerate(plane):
        changed = polygon if index == 0 else shapely.symmetric_difference(polygon, plane[index - 1])
        touched = np.unique(tree.query(shapely.get_parts(changed), predicate="intersects")[1])
        share[index] = share[index - 1] if index else 0
        share[index, touched] = _steps(covered(outline[touched], polygon) / size[touched])
    return share


def _steps(share: NDArray[np.float64]) -> NDArray[np.uint16]:
    return np.clip(np.rint(share * SHARE_STEPS), 0, SHARE_STEPS).astype(np.uint16)


def covered(shapes: NDArray[Any], polygon: Any) -> NDArray[np.float64]:
    """Area (m²) of each shape inside a polygon: only shapes that cross its edge are intersected."""
    shapely.prepare(polygon)
    area = np.where(shapely.contains_properly(polygon, shapes), shapely.area(shapes), 0.0)
    crossing = np.flatnonzero((area == 0) & shapely.intersects(polygon, shapes))
    area[crossing] = shapely.area(shapely.intersection(shapes[crossing], polygon))
    return area


def _held(places: Sequence[Place], degrees: Sequence[Any]) -> NDArray[np.bool_]:
    points = shapely.points([place.longitude for place in places], [place.latitude for place in places])
    for polygon in degrees:
        shapely.prepare(polygon)
    return np.array([shapely.covers(polygon, points) for polygon in degrees]).reshape(len(degrees), len(places))


def _discs(places: Sequence[Place], plane: Sequence[Any]) -> NDArray[np.uint16]:
    points = project(shapely.points([place.longitude for place in places], [place.latitude for place in places]))
    discs = shapely.buffer(points, [1000 * place.radius_km for place in places])
    size = shapely.area(discs)
    shares = [_steps(covered(discs, polygon) / size) for polygon in plane]
    return np.array(shares, dtype=np.uint16).reshape(len(plane), len(places))


def areas(polygons: Mapping[str, Any], sectors: Sequence[Sector]) -> list[Observation]:
    """Occupied km² by sector and in total, one row a map.

    Raises `EvidenceError` where a polygon lies outside every sector, or covers more than a war could.
    """
    outline = project(shapely.segmentize([sector.outline for sector in sectors], SECTOR_EDGE_DEGREES))
    return [
        row
        for day in sorted(polygons)
        for row in _areas(day, _on_plane(day, polygons[day]), outline, [s.key for s in sectors])
    ]


def _areas(day: str, polygon: Any, outline: NDArray[Any], keys: Sequence[str]) -> list[Observation]:
    by_sector = area_km2(shapely.intersection(outline, polygon))
    if not by_sector.any():
        raise EvidenceError(
            f"the map of control of {day} lies outside every sector; its coordinates must be longitude, latitude"
        )
    source = SOURCES["deepstatemap"]
    published = later(day, source.lag)
    named = [*zip(keys, by_sector, strict=True), ("total", area_km2(polygon))]
    return [
        Observation(f"area.{key}", day, published, round(float(size), 4), "km2", source.key, source.trust)
        for key, size in named
    ]
