"""The weekly maps as arrays: who held which cell, how far the line was, which bearings were closed, shares of regions.

A map is meant by its row in the record. A cell's share is the occupied part of its whole area; what lies in Ukraine and
is not occupied is free. The nearest ground of a side is measured to cells and corrected for how much of the cell that
side has: distance to the centre + r · (0.3 − share), r the radius of a disc of the cell's area. Against the polygons of
four dates (1,203 places up to 60 km from the line) the error is below 1 km for 99.7 % of places; the 0.3 is fitted.
Shares of a region leave out cells that are mostly water; cells on its edge count to the region that holds their centre.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod

from ceasefire.evidence.check.record import Record
from ceasefire.evidence.claim import Claim, Finding
from ceasefire.evidence.control import SHARE_STEPS, place_key
from ceasefire.evidence.gazetteer import Point
from ceasefire.evidence.geography import BORDER_CODES, Cells, Place

EDGE = 0.3
"""Offset of the nearest ground within a cell, in radii of the cell."""
RAYS = 72
"""Bearings into which the compass is cut, 5° each."""
MOSTLY = 0.5
TRACE = 0.02
"""Free share below which a cell counts as wholly occupied: rounding at the border."""
WIDEST_KEPT_KM, MOST_KEPT = 45.0, 300
"""Neighbourhoods that are remembered: up to this radius, and this many (about 50 MB)."""
BORDER_DEGREES = 0.04
"""Farthest that the outline runs from the centre of a cell on the border."""
_ELLIPSOID = Geod(ellps="WGS84")
_KM_PER_DEGREE = 111.2


@dataclass(frozen=True, eq=False)
class Near:
    """Cells around a point, on one map."""

    km: NDArray[np.float64]
    """To the centre."""
    bearing: NDArray[np.float64]
    """To the centre, degrees."""
    radius: NDArray[np.float64]
    """Of a disc of the cell's area, km."""
    occupied: NDArray[np.float64]
    """Occupied share of the cell, 0 to 1."""
    free: NDArray[np.float64]
    """Share inside Ukraine and not occupied, 0 to 1; 0 for water."""

    def nearest(self, side: str) -> float | None:
        """Distance to the nearest ground of a side, km; None where there is none among these cells."""
        share = self.occupied if side == "RU" else self.free
        there = share > (0.0 if side == "RU" else TRACE)
        if not there.any():
            return None
        return max(0.0, float(np.min((self.km + self.radius * (EDGE - share))[there])))

    def closed(self, side: str, radius_km: float) -> NDArray[np.bool_]:
        """[ray] bearings on which ground of a side lies within a radius."""
        share = self.occupied if side == "RU" else self.free
        there = (share >= MOSTLY * np.maximum(self.occupied + self.free, TRACE)) & (share > TRACE)
        there &= (self.km <= radius_km) & (self.km > self.radius)
        half = np.degrees(np.arcsin(np.minimum(1.0, self.radius[there] / self.km[there])))
        rays = np.arange(RAYS) * 360.0 / RAYS
        gap = np.abs((rays[:, None] - self.bearing[there][None, :] + 180.0) % 360.0 - 180.0)
        return np.asarray((gap <= half[None, :]).any(axis=1), dtype=np.bool_)


class Atlas:
    """All maps of one store on the cells of the geography."""

    def __init__(self, record: Record) -> None:
        control = record.store.control
        self.dates, self.published = control.dates, control.published
        self.cells: Cells = record.geography.cells
        self.oblast_names = record.geography.oblast_names
        self.sector_keys = tuple(sector.key for sector in record.geography.sectors)
        rows = self.cells.rows(control.cells)
        self._known = rows >= 0
        self._rows = rows[self._known]
        self._control = control
        self._column = {str(key): index for index, key in enumerate(control.places)}
        self._shares: dict[int, NDArray[np.float64]] = {}
        self._near: dict[tuple[float, float, int, int], Near] = {}
        self._to_side: dict[tuple[float, float, int, str], float | None] = {}

    @staticmethod
    def of(record: Record) -> Atlas:
        """The atlas of a record, built once for all texts."""
        if "atlas" not in record.shelf:
            record.shelf["atlas"] = Atlas(record)
        found: Atlas = record.shelf["atlas"]
        return found

    def upto(self, day: np.datetime64) -> int | None:
        """The last map on or before a day; None where the maps begin later."""
        index = int(np.searchsorted(self.dates, day, side="right")) - 1
        return index if index >= 0 else None

    def nearest_map(self, day: np.datetime64) -> int | None:
        """The last map up to a day that the maps cover: None before the first, and over a month after the last."""
        index = self.upto(day)
        if index is None or day - self.dates[index] > np.timedelta64(31, "D"):
            return None
        return index

    def finding(self, record: Record, claim: Claim, index: int, name: str, says: str, value: float | None) -> Finding:
        """What one map says, as a finding on a claim; `value` in percent."""
        published = str(self.published[index])
        unit = None if value is None else "percent"
        later = not record.visible(claim, published)
        return Finding("deepstatemap", name, says, value, unit, str(self.dates[index]), published, "A", later)

    # Places

    def follows(self, place: Place) -> bool:
        """The record says who held the place."""
        return place_key(place) in self._column

    def held(self, place: Place) -> NDArray[np.bool_]:
        """[map] the place's point lies in occupied ground."""
        found: NDArray[np.bool_] = self._control.held[:, self._column[place_key(place)]]
        return found

    def disc(self, place: Place) -> NDArray[np.float64]:
        """[map] occupied share of the place's disc, 0 to 1."""
        return self._control.disc[:, self._column[place_key(place)]] / SHARE_STEPS

    # Ground

    def share(self, index: int) -> NDArray[np.float64]:
        """[cell] occupied share on one map, 0 to 1 of the whole cell."""
        if index not in self._shares:
            share = np.zeros(len(self.cells))
            share[self._rows] = self._control.share[index, self._known] / SHARE_STEPS
            self._shares[index] = share
        return self._shares[index]

    def around(self, point: Point, index: int, radius_km: float) -> Near:
        """Cells within a radius of a point on one map."""
        key = (round(point[0], 4), round(point[1], 4), index, round(radius_km))
        if key in self._near:
            return self._near[key]
        found = self._cells_around(point, index, radius_km)
        if radius_km <= WIDEST_KEPT_KM:
            if len(self._near) >= MOST_KEPT:
                self._near.clear()
            self._near[key] = found
        return found

    def _cells_around(self, point: Point, index: int, radius_km: float) -> Near:
        cells, reach = self.cells, radius_km / _KM_PER_DEGREE
        wide = reach / max(0.2, float(np.cos(np.radians(point[0]))))
        box = np.flatnonzero(
            (np.abs(cells.latitude - point[0]) <= reach) & (np.abs(cells.longitude - point[1]) <= wide)
        )
        count = len(box)
        bearing, _, metres = _ELLIPSOID.inv(
            np.full(count, point[1]), np.full(count, point[0]), cells.longitude[box], cells.latitude[box]
        )
        occupied = self.share(index)[box]
        free = np.where(cells.sea[box], 0.0, np.maximum(0.0, cells.inside[box] - occupied))
        radius = np.sqrt(cells.area_km2[box] / np.pi)
        return Near(np.asarray(metres) / 1000.0, np.asarray(bearing) % 360.0, radius, occupied, free)

    def to_side(self, point: Point, index: int, side: str) -> float | None:
        """Distance from a point to the nearest ground of a side on one map, km; None beyond 600 km."""
        key = (round(point[0], 4), round(point[1], 4), index, side)
        if key not in self._to_side:
            if len(self._to_side) >= 100 * MOST_KEPT:
                self._to_side.clear()
            self._to_side[key] = self._measure(point, index, side)
        return self._to_side[key]

    def _measure(self, point: Point, index: int, side: str) -> float | None:
        for radius in (40.0, 150.0, 600.0):
            found = self.around(point, index, radius).nearest(side)
            if found is not None and found <= radius:
                return found
        return None

    def to_border(self, record: Record, point: Point, code: str) -> float | None:
        """Distance from a point to Ukraine's border with a country, km; the packaged outline is simplified."""
        key = ("border", code)
        if key not in record.shelf:
            record.shelf[key] = self._border(record, code)
        line = record.shelf[key]
        if not len(line):
            return None
        count = len(line)
        _, _, metres = _ELLIPSOID.inv(np.full(count, point[1]), np.full(count, point[0]), line[:, 0], line[:, 1])
        return float(np.min(metres)) / 1000.0

    def _border(self, record: Record, code: str) -> NDArray[np.float64]:
        """Points along the outline, about a kilometre apart, that lie by a cell on the border with a country."""
        rows = np.flatnonzero(self.cells.border == BORDER_CODES.index(code))
        outline = shapely.get_coordinates(shapely.segmentize(shapely.boundary(record.geography.outline), 0.01))
        if not len(rows) or not len(outline):
            return np.empty((0, 2))
        centre = shapely.points(self.cells.longitude[rows], self.cells.latitude[rows])
        near = shapely.STRtree(centre).query(shapely.points(outline), predicate="dwithin", distance=BORDER_DEGREES)[0]
        return outline[np.unique(near)]

    # Regions

    @cached_property
    def _land(self) -> NDArray[np.float64]:
        """[cell] km² of land inside Ukraine."""
        return np.where(self.cells.sea, 0.0, self.cells.area_km2 * self.cells.inside)

    def within(self, oblasts: Iterable[str]) -> NDArray[np.bool_]:
        """[cell] the cell's centre lies in one of the oblasts."""
        wanted = [self.oblast_names.index(name) for name in oblasts]
        return np.isin(self.cells.oblast, wanted)

    def within_sector(self, key: str) -> NDArray[np.bool_]:
        """[cell] the cell's centre lies in a sector."""
        found: NDArray[np.bool_] = self.cells.sector == self.sector_keys.index(key)
        return found

    def land_km2(self, scope: NDArray[np.bool_]) -> float:
        """Land of a scope, km²."""
        return float(self._land[scope].sum())

    def occupied_km2(self, scope: NDArray[np.bool_], index: int) -> float:
        """Occupied ground of a scope on one map, km²."""
        return float((self.share(index) * self.cells.area_km2)[scope].sum())

    def gained_km2(self, scope: NDArray[np.bool_], start: int, end: int) -> tuple[float, float]:
        """Ground taken and ground given up by Russia in a scope between two maps, km², change by change."""
        taken = given = 0.0
        area = self.cells.area_km2[scope]
        for index in range(start, end):
            change = (self.share(index + 1) - self.share(index))[scope] * area
            taken += float(change[change > 0].sum())
            given -= float(change[change < 0].sum())
        return taken, given


def open_arc(closed: NDArray[np.bool_]) -> float:
    """Widest run of open bearings, degrees."""
    if not closed.any():
        return 360.0
    start = int(np.argmax(closed))
    run = best = 0
    for shut in np.roll(closed, -start):
        run = 0 if shut else run + 1
        best = max(best, run)
    return best * 360.0 / len(closed)
