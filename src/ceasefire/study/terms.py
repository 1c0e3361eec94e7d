"""Terms on a map: where the line of a package would run, what lies between the armies, and what changes hands.

Of what the other side holds of a land, a package gives each side a share. With s the first side's share of a cell at
the opening, and g₀, g₁ what the package gives to the first and the second side of the cell's land, it is then
    s' = s · (1 − g₁) + (1 − s) · g₀,
so that over a land, what comes to either side and what stays with its holder add up to the whole. People go with the
ground, as they lived before the war.

The line runs along the borders of the cells (hexagons of H3) between those of which the first side then has half or
more and the others. The zone is what lies within half its depth of the line, within the theatre, on a plane
(Lambert's equal-area azimuthal one about the middle of the theatre, on which distances are good to 0.3 % within 700
km).

Left out: land behind the theatre, of which only km² are told, not drawn; lines that leave the cells (rivers, roads,
borders of districts); who has fled; sea.
Sources: cells, maps and population as the scenario opens; package from its agenda.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import h3.api.numpy_int as h3
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer
from shapely.geometry import mapping

from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario.agenda import Agenda
from ceasefire.scenario.spec import Scenario
from ceasefire.scenario.start import Start, open_war
from ceasefire.scenario.theatre import CELL_KM, Theatre
from ceasefire.simulate.result import VERSION
from ceasefire.study.forecast import opened

STEP = 1e-6
"""Coordinates are written to this many degrees, about 0.1 m."""
METRES = 1000.0

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Transfer:
    """What each way to award the lands moves, by receiving side and land."""

    km2: FloatArray
    """[side, line, land] all that comes to the side."""
    behind: FloatArray
    """[side, line, land] the part of it that lies outside the theatre, km²."""
    people: FloatArray
    """[side, line, land] who lived before the war on what comes to the side within the theatre."""
    neutral: FloatArray
    """[side, line, land] km² that the side is left with and has to demilitarise."""
    neutral_behind: FloatArray
    """[side, line, land] the part of it outside the theatre."""
    first: FloatArray
    """[line, land] km² that the first side holds afterwards."""


def transfers(agenda: Agenda, theatre: Theatre) -> Transfer:
    """What comes to whom on the map of the opening, for every line of an agenda."""
    lands, share = agenda.lands, theatre.opening_share.astype(np.float64)
    first, second = (_by_land(agenda, theatre.area * part) for part in (share, 1 - share))
    behind = np.stack([lands.behind, np.maximum(lands.whole - first - second - lands.behind, 0.0)])
    inside = np.stack([first, second])
    people = np.stack([_by_land(agenda, theatre.population * part) for part in (share, 1 - share)])
    held = inside + behind
    km2 = agenda.gives * held[::-1, None]
    kept = held[:, None] + km2 - km2[::-1]
    outside = agenda.gives * behind[::-1, None]
    return Transfer(
        km2=km2,
        behind=outside,
        people=agenda.gives * people[::-1, None],
        neutral=agenda.neutral * kept,
        neutral_behind=agenda.neutral * (behind[:, None] + outside - outside[::-1]),
        first=kept[0],
    )


def _by_land(agenda: Agenda, amount: FloatArray) -> FloatArray:
    """Sum over the cells of each land, [land]."""
    row = agenda.lands.row
    return np.bincount(row[row >= 0], amount[row >= 0], len(agenda.lands.id)).astype(np.float64)


def share_after(agenda: Agenda, theatre: Theatre, package: int) -> FloatArray:
    """First side's share of each cell under a package, [cell]."""
    share, row = theatre.opening_share.astype(np.float64), agenda.lands.row
    to_first, to_second = (np.where(row >= 0, gives[row], 0.0) for gives in agenda.gives[:, agenda.line[package]])
    return np.asarray(share * (1 - to_second) + (1 - share) * to_first)


# ------------------------------------------------------------------------------------------------------------- geometry


@dataclass(frozen=True)
class Outlines:
    """Cells as polygons whose neighbours share their corners to the last bit, in longitude and latitude."""

    corner: tuple[tuple[int, ...], ...]
    """Of each cell, around it."""
    place: dict[int, tuple[float, float]]
    """Longitude and latitude of each corner."""

    @classmethod
    def of(cls, cells: NDArray[np.uint64]) -> Outlines:
        """Outlines of cells."""
        corner = tuple(tuple(int(one) for one in h3.cell_to_vertexes(int(cell))) for cell in cells)
        return cls(corner, {one: h3.vertex_to_latlng(one)[::-1] for ring in corner for one in ring})

    def polygons(self) -> NDArray[Any]:
        """One polygon a cell."""
        rings = [shapely.LinearRing([self.place[one] for one in ring]) for ring in self.corner]
        return np.array([shapely.Polygon(ring) for ring in rings], dtype=object)

    def between(self, a: int, b: int) -> tuple[tuple[float, float], ...]:
        """The side that two neighbouring cells share; nothing where they share none."""
        shared = [one for one in self.corner[a] if one in self.corner[b]]
        return tuple(self.place[one] for one in shared) if len(shared) == 2 else ()


def line_between(theatre: Theatre, first: NDArray[np.bool_]) -> Any:
    """Borders of cells between those that are the `first` side's, [cell], and the others: a MultiLineString."""
    beside = theatre.neighbour
    here = np.repeat(np.arange(len(theatre)), beside.shape[1])
    there = beside.ravel()
    split = (here < there) & (first[here] != first[there])
    pairs = np.column_stack([here[split], there[split]])
    rows, at = np.unique(pairs, return_inverse=True)
    outlines = Outlines.of(theatre.cell[rows])
    sides = [outlines.between(int(a), int(b)) for a, b in at.reshape(-1, 2)]
    merged = shapely.line_merge(shapely.MultiLineString([side for side in sides if side]))
    return shapely.MultiLineString([merged]) if merged.geom_type == "LineString" else merged


def _plane(theatre: Theatre) -> tuple[Transformer, Transformer]:
    """To the plane of a theatre, in metres, and back."""
    middle = f"+lat_0={theatre.latitude.mean():.4f} +lon_0={theatre.longitude.mean():.4f}"
    plane = CRS.from_proj4(f"+proj=laea {middle} +datum=WGS84 +units=m")
    to = Transformer.from_crs("EPSG:4326", plane, always_xy=True)
    return to, Transformer.from_crs(plane, "EPSG:4326", always_xy=True)


def _carried(geometry: Any, by: Transformer) -> Any:
    return shapely.transform(geometry, lambda points: np.column_stack(by.transform(points[:, 0], points[:, 1])))


@dataclass(frozen=True)
class Strip:
    """What lies within some distance of a line, within the theatre."""

    shape: Any
    """In longitude and latitude."""
    km2: float
    """Ground of the theatre in it."""
    people: float
    """Who lived on it before the war."""


def strip(theatre: Theatre, line: Any, half_km: float) -> Strip:
    """What lies within `half_km` of a line, within the theatre; people in a cell are spread evenly."""
    to, back = _plane(theatre)
    drawn = _carried(line, to)
    centre = _carried(shapely.points(theatre.longitude, theatre.latitude), to)
    shapely.prepare(drawn)
    near = np.flatnonzero(shapely.dwithin(centre, drawn, METRES * (half_km + CELL_KM)))
    cells = _carried(Outlines.of(theatre.cell[near]).polygons(), to)
    shape = shapely.intersection(drawn.buffer(METRES * half_km), shapely.coverage_union_all(cells))
    shapely.prepare(shape)
    part = shapely.area(shapely.intersection(cells, shape)) / shapely.area(cells)
    return Strip(_carried(shape, back), float(part @ theatre.area[near]), float(part @ theatre.population[near]))


# ---------------------------------------------------------------------------------------------------------- the package


@dataclass(frozen=True)
class Feature:
    """Something on the map of a package."""

    kind: str
    """line, zone, demilitarised or change."""
    shape: Any
    """In longitude and latitude; None where nothing of it lies in the theatre."""
    told: dict[str, Any]
    """What is to be said of it."""


@dataclass(frozen=True)
class Chosen:
    """An option of an issue."""

    issue: str
    issue_name: str
    option: str
    option_name: str


@dataclass(frozen=True)
class Terms:
    """A package on the map of the opening."""

    scenario: str
    title: str
    opening: str
    package: str
    options: tuple[Chosen, ...]
    sides: tuple[tuple[str, str], ...]
    """Label and name."""
    features: tuple[Feature, ...]
    totals: dict[str, Any]

    def of_kind(self, kind: str) -> tuple[Feature, ...]:
        """Features of a kind."""
        return tuple(feature for feature in self.features if feature.kind == kind)


def terms(
    scenario: str | Path | Scenario,
    package: str,
    *,
    on: str | dt.date | None = None,
    evidence: str | Path | None = None,
) -> Terms:
    """Draw a package, named as `ceasefire zone` names it, on the map of a scenario's opening.

    Raises `CeasefireError` with what was asked, what was found and what would do.
    """
    asked = opened(scenario, on)
    return of_start(open_war(asked, Vintage(Store.open(evidence), asked.opening)), package)


def of_start(start: Start, package: str) -> Terms:
    """Draw a package of a war that is opened already. Raises `ScenarioError` where there is none of that name."""
    agenda, theatre, war = start.agenda, start.theatre, start.scenario.war
    at = agenda.find(package)
    share = share_after(agenda, theatre, at)
    first = share >= 0.5
    moved = transfers(agenda, theatre)
    features = (
        *_line(theatre, first, float(agenda.depth[at])),
        *_demilitarised(start, moved, at, share),
        *_changes(start, moved, at, first),
    )
    sides = tuple((side.id, side.name) for side in war.sides)
    return Terms(
        scenario=start.scenario.id,
        title=start.scenario.title,
        opening=str(start.scenario.opening),
        package=package,
        options=words(agenda, at),
        sides=sides,
        features=features,
        totals=_totals(start, moved, at),
    )


def words(agenda: Agenda, package: int) -> tuple[Chosen, ...]:
    """The options that a package takes."""
    return tuple(chosen(agenda, int(k)) for k in agenda.package[package])


def chosen(agenda: Agenda, option: int) -> Chosen:
    """An option in words."""
    issue, said = agenda.issues[agenda.issue[option]], agenda.options[option]
    return Chosen(issue.id, issue.name, said.id, said.name)


def _line(theatre: Theatre, first: NDArray[np.bool_], depth_km: float) -> Iterator[Feature]:
    """The line, and the zone along it where there is one."""
    line = line_between(theatre, first)
    length = Geod(ellps="WGS84").geometry_length(line) / METRES if len(line.geoms) else 0.0
    yield Feature("line", line if len(line.geoms) else None, {"km": length})
    if depth_km > 0 and len(line.geoms):
        found = strip(theatre, line, depth_km / 2)
        yield Feature("zone", found.shape, {"depth_km": depth_km, "km2": found.km2, "people": found.people})


def _demilitarised(start: Start, moved: Transfer, package: int, share: FloatArray) -> Iterator[Feature]:
    """Land that a side is left with, without arms."""
    agenda, theatre = start.agenda, start.theatre
    at = agenda.line[package]
    for side, land in zip(*np.nonzero(agenda.neutral[:, at]), strict=True):
        part = share if side == 0 else 1 - share
        mine = (agenda.lands.row == land) & (share >= 0.5 if side == 0 else share < 0.5)
        people = float(_by_land(agenda, theatre.population * part)[land])
        told = {
            "land": agenda.lands.id[land],
            "land_name": agenda.lands.name[land],
            "side": start.labels["side"][side],
            "km2": float(moved.neutral[side, at, land]),
            "km2_outside_theatre": float(moved.neutral_behind[side, at, land]),
            "people": people,
        }
        yield Feature("demilitarised", _together(theatre, mine), told)


def _changes(start: Start, moved: Transfer, package: int, first: NDArray[np.bool_]) -> Iterator[Feature]:
    """Land that comes to a side, land by land."""
    agenda, theatre, labels = start.agenda, start.theatre, start.labels["side"]
    at, before = agenda.line[package], theatre.opening_share >= 0.5
    for side, land in zip(*np.nonzero(agenda.gives[:, at]), strict=True):
        fell = (agenda.lands.row == land) & (first != before) & (first == (side == 0))
        told = {
            "land": agenda.lands.id[land],
            "land_name": agenda.lands.name[land],
            "to": labels[side],
            "from": labels[1 - side],
            "km2": float(moved.km2[side, at, land]),
            "km2_outside_theatre": float(moved.behind[side, at, land]),
            "people": float(moved.people[side, at, land]),
        }
        yield Feature("change", _together(theatre, fell), told)


def _together(theatre: Theatre, chosen: NDArray[np.bool_]) -> Any:
    """Some cells as one shape; None for none."""
    return shapely.coverage_union_all(Outlines.of(theatre.cell[chosen]).polygons()) if chosen.any() else None


def _totals(start: Start, moved: Transfer, package: int) -> dict[str, Any]:
    """What a package moves altogether, by receiving side."""
    at, sides = start.agenda.line[package], start.labels["side"]
    return {
        "km2_to": {side: float(moved.km2[k, at].sum()) for k, side in enumerate(sides)},
        "people_to": {side: float(moved.people[k, at].sum()) for k, side in enumerate(sides)},
        "km2_outside_theatre": float(moved.behind[:, at].sum()),
        "km2_demilitarised": float(moved.neutral[:, at].sum()),
        "depth_km": float(start.agenda.depth[package]),
    }


# ------------------------------------------------------------------------------------------------------------- GeoJSON


def to_geojson(drawn: Terms) -> str:
    """A FeatureCollection (RFC 7946): longitude and latitude in degrees on WGS84, outer rings counterclockwise."""
    common = {"package": drawn.package, "opening": drawn.opening}
    told = {
        "type": "FeatureCollection",
        "properties": {
            "scenario": drawn.scenario,
            "title": drawn.title,
            **common,
            "options": [asdict(one) for one in drawn.options],
            "sides": dict(drawn.sides),
            **_rounded(drawn.totals),
            "version": VERSION,
        },
        "features": [
            {
                "type": "Feature",
                "properties": {"kind": feature.kind, **common, **_rounded(feature.told)},
                "geometry": _written(feature.shape),
            }
            for feature in drawn.features
        ],
    }
    return json.dumps(told, ensure_ascii=False, allow_nan=False) + "\n"


def _rounded(told: dict[str, Any]) -> dict[str, Any]:
    """Numbers to a tenth of a km² or km; people to the unit."""
    found: dict[str, Any] = {}
    for name, value in told.items():
        if isinstance(value, dict):
            found[name] = {key: round(one, None if name.startswith("people") else 1) for key, one in value.items()}
        elif isinstance(value, float):
            found[name] = round(value, None if name.startswith("people") else 1)
        else:
            found[name] = value
    return found


def _written(shape: Any) -> dict[str, Any] | None:
    if shape is None or shape.is_empty:
        return None
    exact = shapely.set_precision(shape, STEP)
    if exact.is_empty:
        return None
    kind = exact.geom_type
    if kind == "Polygon":
        exact = shapely.geometry.polygon.orient(exact)
    elif kind == "MultiPolygon":
        exact = shapely.MultiPolygon([shapely.geometry.polygon.orient(part) for part in exact.geoms])
    told: dict[str, Any] = mapping(exact)
    return {"type": told["type"], "coordinates": _listed(told["coordinates"])}


def _listed(points: Any) -> Any:
    """Coordinates as lists, six decimals each."""
    return round(points, 6) if isinstance(points, float) else [_listed(part) for part in points]
