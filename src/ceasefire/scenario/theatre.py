"""The theatre: which cells the war is fought on, how they hang together, and what is on them.

Land cells within a reach of the opening line, plus those that a side could open a front in across its own border. The
rule is applied to the map of the opening day; cells are ordered by axis, so nothing depends on later maps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import h3.api.numpy_int as h3
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ceasefire.evidence.error import suggestion
from ceasefire.evidence.gazetteer import Gazetteer
from ceasefire.evidence.geography import BORDER_CODES, Cells, Geography, Place
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario.spec import ScenarioError, War

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

KM_PER_DEGREE = 111.2
FEATURES = ("town", "river", "fortification", "height", "wood")
NODE_NEARNESS_KM = 20.0
"""How fast a town matters less to the supply of an axis with its distance from the opening line (elicited)."""
FIRM, FOOTHOLD_KM = 0.02, 6.0
"""What counts as a trace of a cell, and how far from firm ground a foothold may lie (elicited; see `settled`)."""
CELL_KM = 2.6
"""Distance between neighbouring cells of resolution 7, rounded up."""


@dataclass(frozen=True)
class Town:
    """A town that may change hands: its disc as weights over cells."""

    name: str
    latitude: float
    longitude: float
    population: int | None
    row: IntArray
    weight: FloatArray
    """Share of the disc that each cell covers; adds to one."""
    holder: int
    """Side that holds its point at the opening."""


@dataclass(frozen=True)
class Roads:
    """The supply graph: towns, links, and where supply enters."""

    name: tuple[str, ...]
    cell: IntArray
    """Row of each town's cell; −1 behind the theatre."""
    link: IntArray
    """[node, link], padded with the node itself."""
    length: FloatArray
    """km, infinite where padded."""
    rear: FloatArray
    """[side, node] km from a source through the rear."""
    weight: FloatArray
    """[axis, node]."""


@dataclass(frozen=True)
class Theatre:
    """Cells in the order of their axes, with what is known of each."""

    cell: NDArray[np.uint64]
    latitude: FloatArray
    longitude: FloatArray
    axis: IntArray
    axes: tuple[str, ...]
    area: FloatArray
    """km² inside the recorded country."""
    neighbour: IntArray
    """[cell, 6], the cell itself where there is none."""
    border: FloatArray
    """[side, cell]: the side holds land next to it, outside the theatre."""
    feature: FloatArray
    """[feature, cell], standardised."""
    share: NDArray[np.float32]
    """[week, cell]: first side's share of the ground inside the recorded country, map by map."""
    opening_share: NDArray[np.float32]
    """[cell]: that of the last map, without the shares that only coasts and borders leave (see `settled`)."""
    dates: NDArray[np.datetime64]
    towns: tuple[Town, ...]
    roads: Roads

    def __len__(self) -> int:
        return len(self.cell)


def lay_out(war: War, geography: Geography, vintage: Vintage) -> Theatre:
    """Apply the rule of a war's theatre to the last map known.

    Raises `ScenarioError` where the map shows no line, or a town, axis or source of supply is unknown.
    """
    axes = tuple(sector.key for sector in geography.sectors)
    for axis in war.theatre.border_axes:
        if axis not in axes:
            raise ScenarioError(f"unknown axis {axis!r}{suggestion(axis, axes)}; there are: {', '.join(axes)}")
    land = _land(geography.cells)
    share = inside_share(vintage.control(land.cell).share[-1:], land.inside)[0]
    kept = _in_theatre(war, axes, land, share)
    if len(np.unique((share > 0.5)[kept])) < 2:
        raise ScenarioError(
            f"the map of {vintage.latest_control_date} shows no front line with cells of both sides within the "
            f"theatre's reach of {war.theatre.reach_km:g} km; widen reach_km, or open on another date"
        )
    order = np.flatnonzero(kept)
    order = order[np.lexsort((land.cell[order], land.sector[order]))]
    cells = _take(land, order)
    history = vintage.control(cells.cell)
    shares = inside_share(history.share, cells.inside)
    border = np.stack([_border(war, k, axes, cells) for k in range(2)])
    opening = settled(shares[-1], plane(cells.latitude, cells.longitude), border)
    return Theatre(
        cell=cells.cell,
        latitude=cells.latitude,
        longitude=cells.longitude,
        axis=cells.sector.astype(np.int64),
        axes=axes,
        area=cells.area_km2 * cells.inside,
        neighbour=neighbours(cells.cell),
        border=border,
        feature=features(cells),
        share=shares,
        opening_share=opening,
        dates=history.dates,
        towns=tuple(_town(name, cells, vintage) for name in war.theatre.towns),
        roads=_roads(war, geography, cells, opening, vintage),
    )


def inside_share(share: NDArray[np.float32], inside: NDArray[np.float32]) -> NDArray[np.float32]:
    """Share of a cell's ground inside the country, from its share of the whole cell."""
    return np.clip(share / np.maximum(inside, 1e-3), 0, 1).astype(np.float32)


def settled(share: NDArray[np.float32], position: FloatArray, border: FloatArray) -> NDArray[np.float32]:
    """Shares [cell] with whole cells where the front is not near.

    Polygons of control end at coasts and borders, and cells do not: what is left of such a cell is nobody's foothold.
    A side stands firmly where it holds all but a trace of a cell, or enters across its border; a cell further than
    `FOOTHOLD_KM` from any firm ground of a side is the other side's altogether.
    """
    whole = share.copy()
    for side, firm in enumerate((share > 1 - FIRM, share < FIRM)):
        firm = firm | (border[side] > 0)
        if firm.any():
            away = cKDTree(position[firm]).query(position)[0] > FOOTHOLD_KM
            whole[away] = side
    return whole


def _land(cells: Cells) -> Cells:
    """Cells with ground to hold: not sea, and with more than a trace inside the country."""
    return _take(cells, np.flatnonzero(~cells.sea & (cells.inside > 0.02)))


def _take(cells: Cells, rows: IntArray) -> Cells:
    return replace(cells, **{name: getattr(cells, name)[rows] for name in cells.__dataclass_fields__})


def plane(latitude: Any, longitude: Any, middle: float | None = None) -> FloatArray:
    """Positions in km on a plane that fits at the middle latitude (the mean of those given); good to 1 % near it."""
    across = KM_PER_DEGREE * np.cos(np.radians(np.mean(latitude) if middle is None else middle))
    return np.column_stack([np.asarray(longitude) * across, np.asarray(latitude) * KM_PER_DEGREE])


def _in_theatre(war: War, axes: tuple[str, ...], land: Cells, share: NDArray[np.float32]) -> NDArray[np.bool_]:
    position = plane(land.latitude, land.longitude)
    distance = _to_line(position, share)
    near = distance <= war.theatre.reach_km
    fronts = np.isin(land.sector, [axes.index(a) for a in war.theatre.border_axes])
    codes = [BORDER_CODES.index(side.country) for side in war.sides if side.country in BORDER_CODES and side.country]
    border = fronts & np.isin(land.border, codes)
    if border.any():
        near |= fronts & (cKDTree(position[border]).query(position)[0] <= war.theatre.border_reach_km)
    return near


def _to_line(position: FloatArray, share: NDArray[np.float32]) -> FloatArray:
    """Distance of each cell to the nearest cell where the other side stands."""
    first, second = share > 0.5, share <= 0.5
    if not first.any() or not second.any():
        return np.full(len(share), np.inf)
    to_first = cKDTree(position[first]).query(position)[0]
    to_second = cKDTree(position[second]).query(position)[0]
    return np.maximum(to_first, to_second)


def neighbours(cells: NDArray[np.uint64]) -> IntArray:
    """Rows of the six neighbours of each cell, the cell itself where one is not in the list (or for a pentagon)."""
    own = np.arange(len(cells))[:, None]
    ring = np.repeat(cells[:, None], 6, axis=1)
    for k, cell in enumerate(cells):
        around = np.asarray(h3.grid_ring(cell, 1))
        ring[k, : len(around)] = around
    row = _rows(cells, ring.ravel()).reshape(ring.shape)
    return np.where(row >= 0, row, own)


def _border(war: War, side: int, axes: tuple[str, ...], cells: Cells) -> FloatArray:
    """Where a side can enter across its own border."""
    code = war.sides[side].country
    if not code or code not in BORDER_CODES:
        return np.zeros(len(cells))
    fronts = np.isin(cells.sector, [axes.index(a) for a in war.theatre.border_axes])
    return (fronts & (cells.border == BORDER_CODES.index(code))).astype(np.float64)


def features(cells: Cells) -> FloatArray:
    """What may make a cell harder to take, in the order of `FEATURES`, each standardised over the theatre."""
    height = np.nan_to_num(cells.elevation_m, nan=float(np.nanmean(cells.elevation_m)) if len(cells) else 0.0)
    position = plane(cells.latitude, cells.longitude)
    around = cKDTree(position).query_ball_point(position, 12.0)
    local = height - np.array([height[near].mean() for near in around])
    raw = np.stack(
        [
            np.log1p(cells.population / np.maximum(cells.area_km2, 0.1)),
            (cells.river_rank > 0).astype(float) + (cells.river_rank > 1),
            np.log1p(cells.fortification_ukrainian_km + cells.fortification_unknown_km + cells.obstacle_km),
            local,
            np.nan_to_num(cells.forest),
        ]
    ).astype(np.float64)
    spread = raw.std(axis=1, keepdims=True)
    return (raw - raw.mean(axis=1, keepdims=True)) / np.where(spread > 1e-9, spread, 1.0)


def _town(name: str, cells: Cells, vintage: Vintage) -> Town:
    place = Gazetteer.packaged().find(name)
    history = vintage.place(place)
    row, weight = disc(place, cells)
    return Town(
        place.name, place.latitude, place.longitude, place.population, row, weight, 0 if history.held[-1] else 1
    )


def disc(place: Place, cells: Cells) -> tuple[IntArray, FloatArray]:
    """Rows of the cells under a town's disc, and the share of the disc that each covers.

    A town outside the theatre gets its nearest cell with no weight: it cannot change hands.
    """
    position = plane(cells.latitude, cells.longitude, place.latitude)
    centre = plane([place.latitude], [place.longitude])[0]
    near = np.flatnonzero(np.hypot(*(position - centre).T) < place.radius_km + CELL_KM)
    circle = shapely.Point(centre).buffer(place.radius_km, quad_segs=16)
    shapes = [_hexagon(int(cells.cell[k]), place.latitude) for k in near]
    weight = np.array([shape.intersection(circle).area for shape in shapes])
    if weight.sum() < 0.5 * circle.area:
        return np.array([int(np.argmin(np.hypot(*(position - centre).T)))]), np.zeros(1)
    kept = weight > 0
    return near[kept], weight[kept] / weight[kept].sum()


def _hexagon(cell: int, middle: float) -> Any:
    corners = np.array(h3.cell_to_boundary(cell))
    return shapely.Polygon(plane(corners[:, 0], corners[:, 1], middle))


def _roads(war: War, geography: Geography, cells: Cells, share: NDArray[np.float32], vintage: Vintage) -> Roads:
    """The road and rail graph as the model wants it; links from the shorter of road and rail."""
    names = tuple(node.name for node in geography.nodes)
    for side in war.sides:
        for source in side.supply:
            if source not in names:
                raise ScenarioError(f"{side.name}: no town {source!r} on the supply graph{suggestion(source, names)}")
    links: list[dict[int, float]] = [{} for _ in names]
    row = {name: k for k, name in enumerate(names)}
    for edge in (*geography.roads, *geography.rails):
        a, b = row.get(edge.start), row.get(edge.end)
        if a is not None and b is not None:
            links[a][b] = links[b][a] = min(edge.km, links[a].get(b, np.inf))
    where = np.array([h3.latlng_to_cell(n.latitude, n.longitude, 7) for n in geography.nodes])
    cell = _rows(cells.cell, where.astype(np.uint64))
    held = inside_share(vintage.control(where.astype(np.uint64)).share[-1:], np.ones(len(where), np.float32))[0] >= 0.5
    foreign = geography.cells.rows(where.astype(np.uint64)) < 0
    abroad = next((k for k, side in enumerate(war.sides) if side.country in BORDER_CODES and side.country), -1)
    owner = np.where(foreign, abroad, np.where(held, 0, 1))
    sources = [[row[s] for s in side.supply] for side in war.sides]
    rear = np.stack([_rear(links, cell, owner == k, sources[k]) for k in range(2)])
    kept = [k for k, near in enumerate(links) if cell[k] >= 0 or any(cell[other] >= 0 for other in near)]
    link, length = _pad(links, kept)
    weight = _node_weight(geography, cells, cell[kept], share)
    return Roads(tuple(names[k] for k in kept), cell[kept], link, length, rear[:, kept], weight)


def _rows(table: NDArray[np.uint64], wanted: NDArray[np.uint64]) -> IntArray:
    order = np.argsort(table)
    place = np.minimum(np.searchsorted(table[order], wanted), len(table) - 1)
    found = table[order][place] == wanted
    return np.where(found, order[place], -1)


def _pad(links: list[dict[int, float]], kept: list[int]) -> tuple[IntArray, FloatArray]:
    """Links among the kept towns as tables, each town padded with itself."""
    place = {node: k for k, node in enumerate(kept)}
    near = [sorted((place[other], km) for other, km in links[node].items() if other in place) for node in kept]
    table = np.repeat(np.arange(len(kept))[:, None], max([1, *(len(link) for link in near)]), axis=1)
    length = np.full(table.shape, np.inf)
    for node, link in enumerate(near):
        for column, (other, km) in enumerate(link):
            table[node, column], length[node, column] = other, km
    return table, length


def _rear(links: list[dict[int, float]], cell: IntArray, mine: NDArray[np.bool_], sources: list[int]) -> FloatArray:
    """Dijkstra's shortest distance from the sources through towns behind the theatre that the side holds."""
    distance = np.full(len(links), np.inf)
    distance[sources] = 0.0
    open_ = set(sources)
    while open_:
        node = min(open_, key=lambda k: distance[k])
        open_.remove(node)
        for other, km in links[node].items():
            behind = cell[other] < 0 and mine[other]
            if behind and distance[node] + km < distance[other]:
                distance[other] = distance[node] + km
                open_.add(other)
    return distance


def _node_weight(geography: Geography, cells: Cells, cell: IntArray, share: NDArray[np.float32]) -> FloatArray:
    """exp(−distance to the opening line / 20 km) for the towns of each axis inside the theatre."""
    line = _to_line(plane(cells.latitude, cells.longitude), share)
    weight = np.zeros((len(geography.sectors), len(cell)))
    for node, row in enumerate(cell):
        if row >= 0 and np.isfinite(line[row]):
            weight[cells.sector[row], node] = np.exp(-line[row] / NODE_NEARNESS_KM)
    return weight
