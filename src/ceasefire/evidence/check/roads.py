"""The road graph under occupation: routes between two towns, and which of them cross occupied ground.

A road is drawn straight between the towns that it joins; it is cut where a point of it, each kilometre, lies in a cell
that is at least half occupied. The graph is general knowledge (trust D), its towns and the maps are not: a route is
called uncut for certain only if the nearest occupied cell lies `CLEAR_KM` or more from every point of it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import h3.api.numpy_int as h3
import numpy as np

from ceasefire.evidence.check.atlas import MOSTLY, Atlas
from ceasefire.evidence.check.record import Record
from ceasefire.evidence.gazetteer import distance_km, fold
from ceasefire.evidence.geography import Edge, Place
from ceasefire.evidence.projection import RESOLUTION

CLEAR_KM = 3.0
MAIN = 1.6
"""A main route is at most this many times as long as the shortest."""
MOST_ROUTES = 4
NODE_KM = 8.0
"""A town stands at a node of the graph that is no farther off."""


@dataclass(frozen=True)
class Route:
    """A way between two towns."""

    km: float
    edges: tuple[Edge, ...]

    @property
    def name(self) -> str:
        """The towns that it passes."""
        ends = [self.edges[0].start, self.edges[0].end]
        if len(self.edges) > 1 and ends[0] in (self.edges[1].start, self.edges[1].end):
            ends.reverse()
        for edge in self.edges[1:]:
            ends.append(edge.end if edge.start == ends[-1] else edge.start)
        return "–".join(ends)


def node(place: Place, record: Record) -> str | None:
    """The node of the road graph at a town."""
    names = {spelling for edge in record.geography.roads for spelling in (edge.start, edge.end)}
    near = [
        (distance_km((place.latitude, place.longitude), (entry.latitude, entry.longitude)), entry.name)
        for entry in record.geography.nodes
        if entry.name in names
        and (
            fold(entry.name) == fold(place.name)
            or (abs(entry.latitude - place.latitude) < 0.1 and abs(entry.longitude - place.longitude) < 0.15)
        )
    ]
    if not near:
        return None
    km, name = min(near)
    return name if km <= NODE_KM else None


def main_routes(start: str, end: str, record: Record) -> list[Route]:
    """Ways that share no road, shortest first, up to `MAIN` times the shortest."""
    key = ("routes", start, end)
    if key not in record.shelf:
        record.shelf[key] = list(_main_routes(start, end, record.geography.roads))
    found: list[Route] = record.shelf[key]
    return found


def _main_routes(start: str, end: str, roads: Iterable[Edge]) -> Iterable[Route]:
    left, longest = list(roads), float("inf")
    for _ in range(MOST_ROUTES):
        route = _shortest(start, end, left)
        if route is None or not route.edges or route.km > longest:
            return
        longest = min(longest, MAIN * route.km)
        left = [edge for edge in left if edge not in route.edges]
        yield route


def _shortest(start: str, end: str, roads: list[Edge]) -> Route | None:
    joins: dict[str, list[tuple[str, Edge]]] = {}
    for edge in roads:
        joins.setdefault(edge.start, []).append((edge.end, edge))
        joins.setdefault(edge.end, []).append((edge.start, edge))
    queue: list[tuple[float, int, str]] = [(0.0, 0, start)]
    best: dict[str, float] = {start: 0.0}
    came: dict[str, tuple[str, Edge]] = {}
    count = 0
    while queue:
        km, _, here = heapq.heappop(queue)
        if here == end:
            return Route(km, _trace(came, start, end))
        if km > best[here]:
            continue
        for there, edge in joins.get(here, ()):
            if km + edge.km < best.get(there, float("inf")):
                best[there], came[there] = km + edge.km, (here, edge)
                count += 1
                heapq.heappush(queue, (best[there], count, there))
    return None


def _trace(came: Mapping[str, tuple[str, Edge]], start: str, end: str) -> tuple[Edge, ...]:
    edges: list[Edge] = []
    while end != start:
        end, edge = came[end]
        edges.append(edge)
    return tuple(reversed(edges))


def occupied_share(edge: Edge, record: Record, index: int) -> float:
    """Share of the points of a road that lie in occupied cells on one map."""
    key = ("edge", edge.start, edge.end, edge.name, index)
    if key not in record.shelf:
        atlas = Atlas.of(record)
        rows = _rows(edge, record, atlas)
        known = rows >= 0
        share = atlas.share(index)
        record.shelf[key] = float(np.mean(np.where(known, share[rows] >= MOSTLY, False))) if len(rows) else 0.0
    found: float = record.shelf[key]
    return found


def clearance_km(route: Route, record: Record, index: int) -> float:
    """Distance from a route to the nearest occupied ground on one map, km."""
    atlas = Atlas.of(record)
    found = []
    for edge in route.edges:
        for point in _points(edge, record)[::3]:
            near = atlas.around(point, index, 20.0).nearest("RU")
            found.append(20.0 if near is None else near)
    return min(found, default=20.0)


def _rows(edge: Edge, record: Record, atlas: Atlas) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    cells = np.array([h3.latlng_to_cell(*point, RESOLUTION) for point in _points(edge, record)], dtype=np.uint64)
    return atlas.cells.rows(cells)


def _points(edge: Edge, record: Record) -> list[tuple[float, float]]:
    where = _positions(record)
    if edge.start not in where or edge.end not in where:
        return []
    start, end = where[edge.start], where[edge.end]
    steps = np.linspace(0.0, 1.0, max(2, round(edge.km)) + 1)
    return [(start[0] + step * (end[0] - start[0]), start[1] + step * (end[1] - start[1])) for step in steps.tolist()]


def _positions(record: Record) -> dict[str, tuple[float, float]]:
    if "nodes" not in record.shelf:
        record.shelf["nodes"] = {entry.name: (entry.latitude, entry.longitude) for entry in record.geography.nodes}
    found: dict[str, tuple[float, float]] = record.shelf["nodes"]
    return found
