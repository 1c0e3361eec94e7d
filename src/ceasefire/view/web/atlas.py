"""The map for the page: hexagons with shared corners, who holds them, and what lies beneath and above.

Bytes are little-endian. Of cells: `CFC1`; the number of cells and of corners; each corner's longitude and latitude; six
corners of each cell, counter-clockwise; the cell across the edge from corner k to the next, −1 for none; the cell's
axis. Shares of runs are told in 1/255, rounded, but so that 0 means no run at all and 255 means every run.

Edges are straight between corners: the bends of 1e-4 degree that H3 makes where two faces of its solid meet are left
out. The border is that of 1991. No map that was mapped or published after the opening is ever told of.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence

import h3.api.numpy_int as h3
import numpy as np
import shapely
import xarray
from numpy.typing import NDArray

from ceasefire.evidence.control import SHARE_STEPS
from ceasefire.evidence.error import EvidenceError
from ceasefire.evidence.geography import Edge, Geography
from ceasefire.evidence.geography import Place as Named
from ceasefire.evidence.store import Store
from ceasefire.scenario.start import Start
from ceasefire.scenario.theatre import KM_PER_DEGREE, STRIDE_KM, inside_share
from ceasefire.study.summary import Summary
from ceasefire.view.web.replies import Line, Map, Place, Sector

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Point = tuple[float, float]

MAGIC = b"CFC1"
CORNERS = 6
CITY = 100_000
"""Places with as many residents before the war are drawn for orientation."""
CITY_KM = 8.0
"""A city this near a place already drawn is not drawn again."""
MARGIN = 0.6
"""Degrees around the cells within which lines are told of."""
SMOOTH = 0.004
"""Degrees, some 400 m, by which lines may be off."""
ISLET = 0.12
"""Degrees of shore below which an islet is not drawn."""
WIDE = 2
"""Rank of rivers that are drawn."""
ATTRIBUTION = (
    "Control: DeepStateMap.Live (deepstatemap.live), shares of cells measured from its polygons",
    "Borders, coast, rivers and places: Natural Earth and GeoNames, as DATA.md tells",
    "Cells: H3, resolution 7, some 5 km² each",
)


# --------------------------------------------------------------------------------------------------------------- bytes


def cells(result: xarray.Dataset) -> bytes:
    """Geometry of the cells: corners, neighbours and axis, as the head of this file tells."""
    place, corner = corners(_cells(result))
    head = struct.pack("<4sII", MAGIC, len(corner), len(place))
    axis = axis_of(result).astype(np.uint8)
    parts = (place.astype("<f4"), corner.astype("<u4"), neighbours(corner).astype("<i4"), axis)
    return head + b"".join(part.tobytes() for part in parts)


def control(result: xarray.Dataset) -> bytes:
    """Chance that the first side holds each cell, [week, cell]."""
    return in_255ths(result["control_probability"].transpose("week", "cell").to_numpy()).tobytes()


def opening(result: xarray.Dataset) -> bytes:
    """First side's share of each cell at the opening."""
    return in_255ths(result["control_opening"].to_numpy()).tobytes()


def observed(result: xarray.Dataset, store: Store, index: int) -> bytes:
    """First side's share of each cell on a map of the record, by its place in `Map.observed`.

    A cell that was then as on the last map known is told as at the opening, so that coasts and borders look alike on
    all maps. Raises `EvidenceError` where there is no such map known on the opening day.
    """
    known = visible(result, store)
    if not 0 <= index < len(known):
        raise EvidenceError(f"map {index} was asked for; {len(known)} are known on the opening day, counted from 0")
    then, last = (_mapped(_cells(result), store, int(known[at])) for at in (index, -1))
    same = result["control_opening"].to_numpy()
    return in_255ths(np.where(then == last, same, then)).tobytes()


def in_255ths(share: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Shares in 1/255; 0 and 255 are none and all, and nothing else."""
    steps = np.clip(np.rint(np.nan_to_num(share) * 255.0), 1, 254)
    return np.where(share <= 0, 0, np.where(share >= 1, 255, steps)).astype(np.uint8)


def axis_of(result: xarray.Dataset) -> IntArray:
    """Position of each cell's axis among those of the result."""
    axis = np.asarray(result["cell_axis"].to_numpy())
    if axis.dtype.kind in "iu":
        return axis.astype(np.int64)
    names = [str(name) for name in result["axis"].to_numpy()]
    return np.array([names.index(str(name)) for name in axis])


def _cells(result: xarray.Dataset) -> NDArray[np.uint64]:
    return np.asarray(result["cell"].to_numpy(), np.uint64)


def _mapped(cell: NDArray[np.uint64], store: Store, index: int) -> NDArray[np.float32]:
    """First side's share of the ground of each cell inside the country, on one map of the record."""
    record, table = store.control, Geography.packaged().cells
    share = np.zeros(len(cell), np.float32)
    if len(record.cells):
        column = np.minimum(np.searchsorted(record.cells, cell), len(record.cells) - 1)
        found = record.cells[column] == cell
        share[found] = record.share[index, column[found]] / np.float32(SHARE_STEPS)
    row = table.rows(cell)
    return inside_share(share, np.where(row >= 0, table.inside[row], np.float32(1.0)).astype(np.float32))


def visible(result: xarray.Dataset, store: Store) -> IntArray:
    """Maps of the record that were known on the opening day, oldest first."""
    day = np.datetime64(str(result.attrs["opening"])[:10], "D")
    return np.flatnonzero((store.control.dates <= day) & (store.control.published <= day))


# ------------------------------------------------------------------------------------------------------------ geometry


def corners(cell: NDArray[np.uint64]) -> tuple[FloatArray, IntArray]:
    """Longitude and latitude of every corner, in the order of H3's numbers, and the six corners of each cell.

    A pentagon has its last corner twice.
    """
    vertex = np.zeros((len(cell), CORNERS), np.uint64)
    for row, one in zip(vertex, cell.tolist(), strict=True):
        found = h3.cell_to_vertexes(one)
        row[: len(found)], row[len(found) :] = found, found[-1]
    known, corner = np.unique(vertex, return_inverse=True)
    place = np.array([h3.vertex_to_latlng(one) for one in known.tolist()])[:, ::-1]
    return place, corner.reshape(vertex.shape)


def neighbours(corner: IntArray) -> IntArray:
    """The cell on the other side of the edge from corner k to the next, [cell, 6]; −1 for none."""
    ends = np.sort(np.stack([corner, np.roll(corner, -1, axis=1)], axis=-1).reshape(-1, 2), axis=1)
    key = ends[:, 0] * (int(corner.max(initial=0)) + 1) + ends[:, 1]
    order = np.argsort(key, kind="stable")
    pair = np.flatnonzero((key[order][1:] == key[order][:-1]) & (ends[order][1:, 0] != ends[order][1:, 1]))
    one, other = order[pair], order[pair + 1]
    found = np.full(len(key), -1)
    found[one], found[other] = other // CORNERS, one // CORNERS
    return found.reshape(corner.shape)


# ------------------------------------------------------------------------------------------------------------- the map


def map_of(result: xarray.Dataset, summary: Summary, start: Start | None = None, store: Store | None = None) -> Map:
    """Everything on the map that is no cell. `start` knows how many people lived in towns of its own."""
    geography = Geography.packaged()
    place, _ = corners(_cells(result))
    (west, south), (east, north) = place.min(axis=0).tolist(), place.max(axis=0).tolist()
    window = shapely.box(west - MARGIN, south - MARGIN, east + MARGIN, north + MARGIN)
    towns = _towns(result, geography, start)
    known = (store or Store.open()).control.dates[visible(result, store or Store.open())]
    return Map(
        cells=result.sizes["cell"],
        west=west,
        east=east,
        south=south,
        north=north,
        towns=towns,
        cities=list(_cities(geography, towns, window)),
        sectors=list(_sectors(result, summary, geography)),
        lines=[*_land(geography, window), *_rivers(geography, window), *_ways(result, geography, window)],
        observed=[str(day) for day in known],
        attribution=list(ATTRIBUTION),
    )


def _towns(result: xarray.Dataset, geography: Geography, start: Start | None) -> list[Place]:
    """Towns of the scenario; one whose place neither the result nor the gazetteer tells is left out."""
    known = {place.name: place for place in (*geography.nodes, *geography.places)}
    people = {name: place.population for name, place in known.items()}
    people |= {town.name: town.population for town in start.theatre.towns} if start else {}
    points = {name: (place.longitude, place.latitude) for name, place in known.items()} | _own_points(result)
    sides = [str(side) for side in result["side"].to_numpy()]
    holders, share = result["town_holder"].to_numpy(), _changed(result)
    return [
        Place(
            name=name,
            longitude=points[name][0],
            latitude=points[name][1],
            population=people.get(name),
            holder=sides[int(holders[k])],
            changed=[round(float(each), 5) for each in share[k]],
        )
        for k, name in enumerate(map(str, result["town"].to_numpy()))
        if name in points
    ]


def _own_points(result: xarray.Dataset) -> dict[str, Point]:
    """Longitude and latitude of towns, where the result gives them."""
    if "town_longitude" not in result or "town_latitude" not in result:
        return {}
    points = zip(result["town_longitude"].to_numpy().tolist(), result["town_latitude"].to_numpy().tolist(), strict=True)
    return dict(zip(map(str, result["town"].to_numpy()), points, strict=True))


def _changed(result: xarray.Dataset) -> FloatArray:
    """Share of the runs that finished in which each town has changed hands by each week, [town, week]."""
    week = result["town_change_week"].transpose("town", "run").to_numpy()
    week = week[:, result["ok"].to_numpy()] if "ok" in result else week
    weeks = np.arange(result.sizes["week"])
    return np.stack([((row >= 0) & (row <= weeks[:, None])).mean(axis=1) for row in week])


def _cities(geography: Geography, towns: Sequence[Place], window: shapely.Polygon) -> Iterator[Place]:
    """Large cities in the window, the largest first; none beside a point that is drawn already."""
    taken = [(town.longitude, town.latitude) for town in towns]
    large = [place for place in geography.places if place.kind == "town" and (place.population or 0) >= CITY]
    for city in sorted(large, key=lambda place: (-(place.population or 0), place.name)):
        point = (city.longitude, city.latitude)
        if window.contains(shapely.Point(point)) and all(_apart(point, other) > CITY_KM for other in taken):
            taken.append(point)
            yield Place(name=city.name, longitude=city.longitude, latitude=city.latitude, population=city.population)


def _apart(one: Point, other: Point) -> float:
    """Distance in km, good near the theatre."""
    across = np.cos(np.radians(one[1])) * (one[0] - other[0])
    return float(KM_PER_DEGREE * np.hypot(across, one[1] - other[1]))


def _sectors(result: xarray.Dataset, summary: Summary, geography: Geography) -> Iterator[Sector]:
    """Sectors of the result with their outlines; the name stands where the sector's part of the line is."""
    outlines = {sector.key: sector.outline for sector in geography.sectors}
    share = result["control_opening"].to_numpy()
    here = axis_of(result)
    points = np.column_stack([result["longitude"].to_numpy(), result["latitude"].to_numpy()])
    torn = (share > 0) & (share < 1)
    for number, axis in enumerate(summary.axes):
        own = here == number
        near = own & torn if (own & torn).any() else own
        if not near.any():
            continue
        longitude, latitude = np.median(points[near], axis=0).tolist()
        outline = outlines.get(axis.key)
        rings = list(_rings([outline], SMOOTH)) if outline is not None else []
        yield Sector(key=axis.key, name=axis.name, longitude=longitude, latitude=latitude, outline=rings)


# --------------------------------------------------------------------------------------------------------------- lines


def _land(geography: Geography, window: shapely.Polygon) -> Iterator[Line]:
    """The border of 1991, of its regions, and the coast."""
    for points in _rings(shapely.get_parts(geography.outline), SMOOTH, window, least=ISLET):
        yield Line(name="Ukraine, border of 1991", kind="border", points=points)
    for name, region in geography.oblasts:
        for points in _rings(shapely.get_parts(region), 2 * SMOOTH, window):
            yield Line(name=name, kind="region", points=points)
    for points in _rings([_sea_edge(geography)], SMOOTH, window, least=ISLET):
        yield Line(name="Coast", kind="coast", points=points)


def _sea_edge(geography: Geography) -> shapely.Geometry:
    """Where cells of the sea meet cells of the land."""
    table = geography.cells
    ground = set(table.cell[~table.sea].tolist())
    pieces = []
    for cell in table.cell[table.sea].tolist():
        for other in ground.intersection(h3.grid_ring(cell, 1).tolist()):
            edge = h3.directed_edge_to_boundary(h3.cells_to_directed_edge(cell, other))
            pieces.append([(round(lng, 6), round(lat, 6)) for lat, lng in edge])
    pieces.sort()
    return shapely.line_merge(shapely.MultiLineString(pieces)) if pieces else shapely.MultiLineString()


def _rivers(geography: Geography, window: shapely.Polygon) -> Iterator[Line]:
    for river in geography.rivers:
        if river.rank >= WIDE:
            for points in _rings([river.line], SMOOTH, window):
                yield Line(name=river.name, kind="river", points=points)


def _rings(
    shapes: Iterable[shapely.Geometry], smooth: float, window: shapely.Polygon | None = None, *, least: float = 0.0
) -> Iterator[list[Point]]:
    """Every line or ring of some shapes that is longer than `least` degrees, simplified, within the window."""
    for shape in shapes:
        lines = shape.boundary if shape.geom_type.endswith("Polygon") else shape
        kept = lines.intersection(window) if window is not None else lines
        kept = shapely.line_merge(kept) if kept.geom_type.startswith("Multi") else kept
        for part in shapely.get_parts(shapely.simplify(kept, smooth)):
            if part.geom_type in ("LineString", "LinearRing") and part.length > least:
                yield [(round(x, 4), round(y, 4)) for x, y, *_ in part.coords]


def _ways(result: xarray.Dataset, geography: Geography, window: shapely.Polygon) -> Iterator[Line]:
    """Roads and railways of the supply graph, straight between towns, and how often they carry nothing."""
    nodes = {node.name: node for node in geography.nodes}
    held = result["control_probability"].transpose("week", "cell").to_numpy()
    cell = _cells(result)
    order = np.argsort(cell)
    for kind, edges in (("road", geography.roads), ("railway", geography.rails)):
        for edge in edges:
            ends = [nodes[name] for name in (edge.start, edge.end) if name in nodes]
            if len(ends) != 2 or not any(window.contains(shapely.Point(end.longitude, end.latitude)) for end in ends):
                continue
            row = _under(ends, cell, order)
            share = cut(held[:, row]) if len(row) else np.zeros(1)
            yield Line(
                name=_way_name(edge),
                kind="road" if kind == "road" else "railway",
                points=[(round(end.longitude, 4), round(end.latitude, 4)) for end in ends],
                cut=[round(float(each), 3) for each in share] if share.any() else [],
            )


def _way_name(edge: Edge) -> str:
    return f"{edge.start}–{edge.end}" + (f" ({edge.name})" if edge.name else "")


def _under(ends: Sequence[Named], cell: NDArray[np.uint64], order: IntArray) -> IntArray:
    """Rows of the cells that the straight way between two towns crosses, as the model counts them."""
    start, end = ((node.latitude, node.longitude) for node in ends)
    steps = 2 + int(_apart(start[::-1], end[::-1]) / STRIDE_KM)
    along = [h3.latlng_to_cell(*point, 7) for point in np.linspace(start, end, steps).tolist()]
    wanted = np.unique(np.array(along, np.uint64))
    place = np.minimum(np.searchsorted(cell, wanted, sorter=order), len(cell) - 1)
    return order[place][cell[order][place] == wanted]


def cut(held: NDArray[np.floating]) -> FloatArray:
    """Least share of runs in which a way carries nothing for its side, by week, from chances [week, cell].

    A way is open to a side that holds every cell that it crosses. What is kept of runs is the chance of each cell, not
    of several together: some cell is held by the other side in at least as many runs as the one that he most often
    holds, and that bound is told. A way's side is the one that holds all of it at the opening; of one that lies across
    the line, the share is that in which it is open to neither, at least max p − min p.
    """
    first, least, most = held[0], held.min(axis=1), held.max(axis=1)
    if (first >= 0.5).all():
        return np.asarray(1.0 - least, dtype=np.float64)
    return np.asarray(most if (first < 0.5).all() else most - least, dtype=np.float64)
