"""Places by any of their spellings, distances and bearings on the ellipsoid, and who held what on which day."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import h3.api.numpy_int as h3
import numpy as np
from pyproj import Geod

from ceasefire.evidence.error import EvidenceError, suggestion
from ceasefire.evidence.geography import Geography, Place
from ceasefire.evidence.projection import RESOLUTION
from ceasefire.evidence.series import Day, Days, as_day
from ceasefire.evidence.vintage import Vintage

Point = tuple[float, float]
"""Latitude and longitude, degrees."""
HALF = 0.5


@dataclass(frozen=True)
class Holding:
    """Who held a point on a day, according to the last map up to that day."""

    occupied: bool
    share: float
    """Occupied share of the place's disc, or of the point's cell, 0 to 1."""
    map_date: np.datetime64
    """Date of the map that says so."""
    source: str = "deepstatemap"


@cache
def _ellipsoid() -> Geod:
    return Geod(ellps="WGS84")


class Gazetteer:
    """Named places and their spellings; of several places with one spelling, the first given is meant.

    The packaged places begin with the declared ones, then go from populous to small.
    """

    def __init__(self, places: Iterable[Place]) -> None:
        self.places = tuple(places)
        self._by_name: dict[str, Place] = {}
        for place in self.places:
            for spelling in (place.name, *place.aliases):
                self._by_name.setdefault(fold(spelling), place)

    @staticmethod
    def packaged() -> Gazetteer:
        """The gazetteer of the packaged geography: places, then nodes of the road and rail graph."""
        return _packaged()

    def find(self, name: str) -> Place:
        """The place of a name or alias, whatever its case, hyphens and accents.

        Raises `EvidenceError` with the nearest spelling where there is none.
        """
        found = self._by_name.get(fold(name))
        if found is None:
            near = suggestion(fold(name), self._by_name)
            raise EvidenceError(f"no place {name!r} in the gazetteer{near or '; give latitude and longitude instead'}")
        return found

    def distance_km(self, start: str | Point, end: str | Point) -> float:
        """Geodesic distance between two places or points, km."""
        return distance_km(self._point(start), self._point(end))

    def bearing_deg(self, start: str | Point, end: str | Point) -> float:
        """Initial bearing from one place or point to another, degrees clockwise from north, 0 to 360."""
        return bearing_deg(self._point(start), self._point(end))

    def _point(self, where: str | Point) -> Point:
        if isinstance(where, str):
            place = self.find(where)
            return place.latitude, place.longitude
        return where


@cache
def _packaged() -> Gazetteer:
    geography = Geography.packaged()
    return Gazetteer((*geography.places, *geography.nodes))


def fold(name: str) -> str:
    """A name as compared: lower case, no accents, apostrophes or hyphens, single spaces."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    kept = "".join(" " if letter in "-–_" else letter for letter in plain if letter.isalnum() or letter in "-–_ ")
    return " ".join(kept.split())


def distance_km(start: Point, end: Point) -> float:
    """Geodesic distance between two points on WGS84, km."""
    _, _, metres = _ellipsoid().inv(start[1], start[0], end[1], end[0])
    return float(metres) / 1000.0


def bearing_deg(start: Point, end: Point) -> float:
    """Initial bearing of the geodesic between two points, degrees clockwise from north, 0 to 360."""
    forward, _, _ = _ellipsoid().inv(start[1], start[0], end[1], end[0])
    return float(forward) % 360.0


def holding(vintage: Vintage, where: Place | Point, day: Day) -> Holding:
    """Who held a place or a point on a day, as known to a vintage.

    A place is occupied where its point lies in the occupied polygon; any other point, where at least half of its
    cell does. Raises `EvidenceError` where the vintage has no map up to that day, or the day is after the vintage.
    """
    asked = as_day(day)
    if asked > vintage.as_of:
        raise EvidenceError(f"{asked} is after {vintage.as_of}, the date of this evidence")
    if isinstance(where, Place):
        history = vintage.place(where)
        index = _last_map(history.dates, asked)
        return Holding(bool(history.held[index]), float(history.disc[index]), history.dates[index])
    cell = np.array([h3.latlng_to_cell(*where, RESOLUTION)], dtype=np.uint64)
    control = vintage.control(cell)
    index = _last_map(control.dates, asked)
    share = float(control.share[index, 0])
    return Holding(share >= HALF, share, control.dates[index])


def first_held(vintage: Vintage, place: Place) -> np.datetime64 | None:
    """Date of the first visible map with a place's point inside the occupied polygon; None where there is none."""
    history = vintage.place(place)
    index = np.flatnonzero(history.held)
    return history.dates[index[0]] if len(index) else None


def _last_map(dates: Days, day: np.datetime64) -> int:
    index = int(np.searchsorted(dates, day, side="right")) - 1
    if index < 0:
        raise EvidenceError(f"no map of control on or before {day}")
    return index
