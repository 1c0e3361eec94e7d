"""The theatre: which cells the war is fought on, how they hang together, and what is on them.

Land cells within a reach of the opening line, plus those that a side could open a front in across its own border. The
rule is applied to the map of the opening day; cells are ordered by axis, so nothing depends on later maps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import h3.api.numpy_int as h3
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow
from scipy.spatial import cKDTree

from ceasefire.evidence.error import suggestion
from ceasefire.evidence.gazetteer import Gazetteer
from ceasefire.evidence.geography import BORDER_CODES, Cells, Geography, Place
from ceasefire.evidence.vintage import Vintage
from ceasefire.model.axes import YEAR
from ceasefire.scenario.spec import ScenarioError, War

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Pair = tuple[int, int]

KM_PER_DEGREE = 111.2
FEATURES = ("town", "river", "fortification", "height", "wood")
NODE_NEARNESS_KM = 20.0
"""How fast a town matters less to the supply of an axis with its distance from the opening line (elicited)."""
FIRM, FOOTHOLD_KM = 0.02, 6.0
"""What counts as a trace of a cell, and how far from firm ground a foothold may lie (elicited; see `settled`)."""
CELL_KM = 2.6
"""Distance between neighbouring cells of resolution 7, rounded up."""
STRIDE_KM = 2.5
"""How far apart a road is looked at for the cells that it crosses: about the width of a cell."""
SURROUNDINGS_KM = 12.0
"""How far the surroundings reach that a cell's height is measured against."""
ROAD_CAPACITY = {"M": 28_000.0, "H": 17_500.0, "P": 10_500.0, "T": 4_200.0}
"""t/week by class of road, to and fro together: 400, 250, 150 and 60 lorries of 10 t a day (elicited, trust D)."""
RAIL_CAPACITY = {"main": 42_000.0, "secondary": 14_000.0}
"""t/week by class of railway: six and two trains of 1,000 t a day (elicited, trust D)."""
LEAST_CAPACITY = 4_200.0
"""t/week of an edge whose class is not in the tables."""
UNLIMITED = 10**9
"""t/week that a source gives and a garrison takes."""
GARRISON_KM = 8.0
"""How far around its towns a garrison's defence reaches (elicited)."""
WORKS = {"UA": "fortification_ukrainian_km", "RU": "fortification_russian_km"}
"""Column of the mapped works by the country of the side that dug them."""
BLOCK_RESOLUTION = 5
"""H3 resolution of blocks: 49 cells, about 15 km across."""


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
    """The supply graph: towns, the roads and railways between them, and where supply enters."""

    name: tuple[str, ...]
    cell: IntArray
    """Row of each town's cell; −1 behind the theatre."""
    edge: IntArray
    """[edge, 2] towns at the ends, in alphabetical order."""
    edge_name: tuple[str, ...]
    """The ends' names, as in "Alpha-Bravo"."""
    length: FloatArray
    """[edge] km; of road and rail the shorter."""
    capacity: FloatArray
    """[edge] t/week; of road and rail together."""
    edge_cell: tuple[IntArray, ...]
    """Rows of the theatre's cells that each edge crosses."""
    rear: FloatArray
    """[side, node] km from a source through the rear."""
    weight: FloatArray
    """[axis, node]."""


@dataclass(frozen=True)
class Garrison:
    """A defended town, or several that stand and fall together."""

    name: str
    node: IntArray
    """Its towns on the supply graph."""
    row: IntArray
    """Cells in and around it; none behind the theatre."""
    side: int
    """Side that holds most of its towns at the opening."""


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
    height: FloatArray
    """m above the surroundings."""
    population: FloatArray
    """Residents before the war."""
    works: FloatArray
    """[side, cell] trenches and obstacles relative to the side's mean over the theatre."""
    climate: FloatArray
    """[axis, week] usual temperature in each week of the year from the opening, °C."""
    share: NDArray[np.float32]
    """[week, cell]: first side's share of the ground inside the recorded country, map by map."""
    opening_share: NDArray[np.float32]
    """[cell]: that of the last map, without the shares that only coasts and borders leave (see `settled`)."""
    dates: NDArray[np.datetime64]
    towns: tuple[Town, ...]
    roads: Roads
    garrisons: tuple[Garrison, ...] = ()

    def __len__(self) -> int:
        return len(self.cell)


def lay_out(war: War, geography: Geography, vintage: Vintage) -> Theatre:
    """Apply the rule of a war's theatre to the last map known.

    Raises `ScenarioError` where the map shows no line, or a town, axis, garrison or source of supply is unknown.
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
    height = local_height(cells)
    roads, garrisons = _roads(war, geography, cells, opening, vintage)
    return Theatre(
        cell=cells.cell,
        latitude=cells.latitude,
        longitude=cells.longitude,
        axis=cells.sector.astype(np.int64),
        axes=axes,
        area=cells.area_km2 * cells.inside,
        neighbour=neighbours(cells.cell),
        border=border,
        feature=features(cells, height),
        height=height,
        population=cells.population.astype(np.float64),
        works=works([side.country for side in war.sides], cells, opening),
        climate=climate(geography, cells, len(axes), vintage.as_of),
        share=shares,
        opening_share=opening,
        dates=history.dates,
        towns=tuple(_town(name, cells, vintage) for name in war.theatre.towns),
        roads=roads,
        garrisons=garrisons,
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


def local_height(cells: Cells) -> FloatArray:
    """Height of each cell above the mean of its surroundings, m."""
    height = np.nan_to_num(cells.elevation_m, nan=float(np.nanmean(cells.elevation_m)) if len(cells) else 0.0)
    position = plane(cells.latitude, cells.longitude)
    around = cKDTree(position).query_ball_point(position, SURROUNDINGS_KM)
    return np.asarray(height - np.array([height[near].mean() for near in around]), dtype=np.float64)


def features(cells: Cells, height: FloatArray) -> FloatArray:
    """What may make a cell harder to take, in the order of `FEATURES`, each standardised over the theatre."""
    raw = np.stack(
        [
            np.log1p(cells.population / np.maximum(cells.area_km2, 0.1)),
            (cells.river_rank > 0).astype(float) + (cells.river_rank > 1),
            np.log1p(cells.fortification_ukrainian_km + cells.fortification_unknown_km + cells.obstacle_km),
            height,
            np.nan_to_num(cells.forest),
        ]
    ).astype(np.float64)
    spread = raw.std(axis=1, keepdims=True)
    return (raw - raw.mean(axis=1, keepdims=True)) / np.where(spread > 1e-9, spread, 1.0)


def works(countries: Sequence[str], cells: Cells, share: NDArray[np.float32]) -> FloatArray:
    """Trenches and obstacles [side, cell] relative to the side's mean; 1 everywhere where none are mapped.

    Trenches count for the side that the source gives; those of unknown side, and obstacles, for whoever holds the cell
    at the opening.
    """
    unknown = cells.fortification_unknown_km + cells.obstacle_km
    dug = np.zeros((2, len(cells)))
    for side, (country, mine) in enumerate(zip(countries, (share >= 0.5, share < 0.5), strict=True)):
        dug[side] = unknown * mine + (getattr(cells, WORKS[country]) if country in WORKS else 0.0)
    mean = dug.mean(axis=1, keepdims=True)
    return np.where(mean > 0, dug / np.where(mean > 0, mean, 1.0), 1.0)


def climate(geography: Geography, cells: Cells, axes: int, opening: np.datetime64) -> FloatArray:
    """Usual temperature [axis, week] in the middle of each week of a year from the opening, °C.

    Monthly means of the place nearest to the middle of the axis, with straight lines between the months' middles; an
    axis without cells has the middle of the theatre.
    """
    place = sorted({(month.place, month.latitude, month.longitude) for month in geography.climate})
    latitude, longitude = np.array([p[1:] for p in place]).T
    year = opening.astype("datetime64[Y]")
    day = (opening.astype("datetime64[D]") - year.astype("datetime64[D]")).astype(int) + 7 * np.arange(YEAR) + 3.5
    warmth = np.zeros((axes, YEAR))
    for axis in range(axes):
        mine = cells.sector == axis if (cells.sector == axis).any() else np.ones(len(cells), bool)
        north, east = cells.latitude[mine].mean(), cells.longitude[mine].mean()
        nearest = np.argmin(np.hypot(*(plane(latitude, longitude, north) - plane([north], [east], north)).T))
        months = sorted((m.month, m.temperature_c) for m in geography.climate if m.place == place[nearest][0])
        middle = [30.4375 * (month - 0.5) for month, _ in months]
        warmth[axis] = np.interp(day, middle, [degrees for _, degrees in months], period=365.25)
    return warmth


def blocks(cell: NDArray[np.uint64]) -> tuple[IntArray, IntArray]:
    """Block of each cell, and the rows of the six blocks around each block, itself where there is none."""
    block, of = np.unique(_parents(cell), return_inverse=True)
    return of.astype(np.int64), neighbours(block)


def _parents(cell: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return np.array([h3.cell_to_parent(c, BLOCK_RESOLUTION) for c in cell], dtype=np.uint64)


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


def _roads(
    war: War, geography: Geography, cells: Cells, share: NDArray[np.float32], vintage: Vintage
) -> tuple[Roads, tuple[Garrison, ...]]:
    """The road and rail graph as the model wants it, and the garrisons on it.

    Kept are the towns of the theatre, their neighbours and the garrisons' towns.
    """
    names = tuple(node.name for node in geography.nodes)
    for side in war.sides:
        for source in side.supply:
            if source not in names:
                raise ScenarioError(f"{side.name}: no town {source!r} on the supply graph{suggestion(source, names)}")
    for garrison in war.theatre.garrisons:
        for town in garrison.towns:
            if town not in names:
                raise ScenarioError(
                    f"garrison {garrison.name}: no town {town!r} on the supply graph{suggestion(town, names)}"
                )
    row = {name: k for k, name in enumerate(names)}
    km, carried = _edges(geography, row)
    links: list[dict[int, float]] = [{} for _ in names]
    for (a, b), length in km.items():
        links[a][b] = links[b][a] = length
    where = np.array([h3.latlng_to_cell(n.latitude, n.longitude, 7) for n in geography.nodes])
    cell = _rows(cells.cell, where.astype(np.uint64))
    held = inside_share(vintage.control(where.astype(np.uint64)).share[-1:], np.ones(len(where), np.float32))[0] >= 0.5
    foreign = geography.cells.rows(where.astype(np.uint64)) < 0
    abroad = next((k for k, side in enumerate(war.sides) if side.country in BORDER_CODES and side.country), -1)
    owner = np.where(foreign, abroad, np.where(held, 0, 1))
    sources = [[row[s] for s in side.supply] for side in war.sides]
    rear = np.stack([_rear(links, cell, owner == k, sources[k]) for k in range(2)])
    wanted = {row[town] for garrison in war.theatre.garrisons for town in garrison.towns}
    inside = {k for k in range(len(names)) if cell[k] >= 0} | wanted
    kept = [k for k, near in enumerate(links) if k in inside or inside & near.keys()]
    place = {node: k for k, node in enumerate(kept)}
    pairs = sorted((names[a], names[b], a, b) for a, b in km if a in place and b in place)
    position = [(geography.nodes[k].latitude, geography.nodes[k].longitude) for k in range(len(names))]
    roads = Roads(
        name=tuple(names[k] for k in kept),
        cell=cell[kept],
        edge=np.array([(place[a], place[b]) for *_, a, b in pairs], dtype=np.int64).reshape(-1, 2),
        edge_name=tuple(f"{first}-{second}" for first, second, *_ in pairs),
        length=np.array([km[a, b] for *_, a, b in pairs]),
        capacity=np.array([carried[a, b] for *_, a, b in pairs]),
        edge_cell=tuple(crossed(position[a], position[b], cells.cell) for *_, a, b in pairs),
        rear=rear[:, kept],
        weight=_node_weight(geography, cells, cell[kept], share),
    )
    mine = np.where(cell >= 0, share[cell] >= 0.5, owner == 0)
    garrisons = []
    for garrison in war.theatre.garrisons:
        node = np.array([row[town] for town in garrison.towns])
        near = _around([position[k] for k in node], cells)
        holder = 0 if mine[node].mean() >= 0.5 else 1
        garrisons.append(Garrison(garrison.name, np.array([place[k] for k in node]), near, holder))
    return roads, tuple(garrisons)


def opening_flow(theatre: Theatre) -> IntArray:
    """t/week that the roads open at the opening can carry to each garrison from elsewhere, as `logistics` counts."""
    roads, share = theatre.roads, theatre.opening_share
    nodes, behind = len(roads.name), roads.cell < 0
    found = np.zeros(len(theatre.garrisons), dtype=np.int64)
    for k, garrison in enumerate(theatre.garrisons):
        held = share >= 0.5 if garrison.side == 0 else share < 0.5
        supplied = np.isfinite(roads.rear[garrison.side])
        mine = np.where(behind, supplied, held[roads.cell])
        way = np.array([held[cells].all() for cells in roads.edge_cell], dtype=bool)
        open_ = way & mine[roads.edge].all(axis=1)
        source = np.setdiff1d(np.flatnonzero(mine & supplied), garrison.node)
        table = csr_array((nodes + 2, nodes + 2), dtype=np.int32).tolil()
        table[roads.edge[open_, 0], roads.edge[open_, 1]] = roads.capacity[open_].astype(np.int32)
        table[roads.edge[open_, 1], roads.edge[open_, 0]] = roads.capacity[open_].astype(np.int32)
        table[nodes, source] = table[garrison.node, nodes + 1] = UNLIMITED
        found[k] = maximum_flow(table.tocsr(), nodes, nodes + 1).flow_value
    return found


def _edges(geography: Geography, row: dict[str, int]) -> tuple[dict[Pair, float], dict[Pair, float]]:
    """Km and t/week between towns, each pair in alphabetical order: the shortest way, and the best road and railway."""
    km: dict[Pair, float] = {}
    carried: dict[Pair, float] = {}
    for edges, capacity in ((geography.roads, ROAD_CAPACITY), (geography.rails, RAIL_CAPACITY)):
        best: dict[Pair, float] = {}
        for edge in edges:
            start, end = sorted((edge.start, edge.end))
            if start in row and end in row:
                pair = row[start], row[end]
                km[pair] = min(edge.km, km.get(pair, np.inf))
                best[pair] = max(capacity.get(edge.kind, LEAST_CAPACITY), best.get(pair, 0.0))
        carried |= {pair: carried.get(pair, 0.0) + tonnes for pair, tonnes in best.items()}
    return km, carried


def crossed(start: tuple[float, float], end: tuple[float, float], table: NDArray[np.uint64]) -> IntArray:
    """Rows of the cells on the straight line between two points (latitude, longitude), ends included, in order."""
    (west, south), (east, north) = plane([start[0], end[0]], [start[1], end[1]])
    length = float(np.hypot(east - west, north - south))
    along = np.linspace(start, end, 2 + int(length / STRIDE_KM))
    row = _rows(table, np.array([h3.latlng_to_cell(*point, 7) for point in along], dtype=np.uint64))
    _, first = np.unique(row, return_index=True)
    way = row[np.sort(first)]
    return way[way >= 0]


def _around(towns: Sequence[tuple[float, float]], cells: Cells) -> IntArray:
    """Rows of the cells within `GARRISON_KM` of any of some towns."""
    middle = float(np.mean(cells.latitude))
    centre = plane([north for north, _ in towns], [east for _, east in towns], middle)
    return np.flatnonzero(cKDTree(centre).query(plane(cells.latitude, cells.longitude, middle))[0] < GARRISON_KM)


def adjacency(edge: IntArray, nodes: int) -> tuple[IntArray, IntArray]:
    """Neighbours [node, link] and the edges to them, each node padded with itself and the dummy edge after the last."""
    near: list[list[tuple[int, int]]] = [[] for _ in range(nodes)]
    for k, (a, b) in enumerate(edge.tolist()):
        near[a].append((b, k))
        near[b].append((a, k))
    link = np.repeat(np.arange(nodes)[:, None], max([1, *(len(links) for links in near)]), axis=1)
    link_edge = np.full(link.shape, len(edge))
    for node, links in enumerate(near):
        for column, (other, k) in enumerate(sorted(links)):
            link[node, column], link_edge[node, column] = other, k
    return link, link_edge


def padded(rows: Sequence[IntArray], filler: int) -> IntArray:
    """Lists of different length as one table, filled up at the end; at least one column wide."""
    table = np.full((len(rows), max([1, *(len(row) for row in rows)])), filler)
    for line, row in zip(table, rows, strict=True):
        line[: len(row)] = row
    return table


def _rows(table: NDArray[np.uint64], wanted: NDArray[np.uint64]) -> IntArray:
    order = np.argsort(table)
    place = np.minimum(np.searchsorted(table[order], wanted), len(table) - 1)
    found = table[order][place] == wanted
    return np.where(found, order[place], -1)


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
