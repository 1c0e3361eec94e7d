"""Derive the packaged geography from the source tables of land, towns, roads, rivers and climate.

Run once by whoever maintains the package; forecasts read only what this writes. Everything written is derived:
positions are rounded, outlines simplified, columns selected and combined. Each table's licence stands in NOTICE.md
beside the tables.

Left out: everything west of 30.9 E except in outlines, and Russia's ground. The sea is recognised from heights of
zero, from the coast that the maps of control follow, and from one line drawn by hand west of Ochakiv (trust D).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import h3.api.numpy_int as h3
import numpy as np
import shapely
from numpy.typing import NDArray

from ceasefire.evidence.error import EvidenceError
from ceasefire.evidence.geography import (
    BORDER_CODES,
    DEGREE_STEPS,
    FORMAT,
    NO_HEIGHT,
    RAIL_CLASSES,
    ROAD_CLASSES,
    pack_cells,
)
from ceasefire.evidence.projection import area_km2, cell_centres, cell_outlines, covering_cells, project
from ceasefire.evidence.town import TOWNS, Town

WEST = 30.9
NORTH = 52.6
BORDER_REACH_DEGREES = 0.09
"""Two cells: the two sources of the border differ by up to 0.03 degrees."""
BELARUS_ENDS = 31.7839
"""Longitude of the point where Ukraine, Belarus and Russia meet."""
LONG_RIVER_KM = 250.0
PLACE_POPULATION = 1000
PLACE_OBLASTS = frozenset(
    "Donetsk Luhansk Kharkiv Zaporizhzhia Kherson Dnipropetrovsk Sumy Chernihiv Mykolaiv Poltava".split()  # noqa: SIM905
)
CITY_DISTRICTS_FROM = 13_000_000
"""GeoNames identifiers from here on are mostly city districts, which would count residents twice."""
WESTERN_COAST = ((30.70, 46.45), (30.80, 46.53), (31.00, 46.60), (31.20, 46.62), (31.42, 46.62), (31.54, 46.60))
"""The open coast from Odesa to Ochakiv, longitude and latitude, drawn by hand (trust D)."""
CUT_WORDS = ("cut", "destroyed")
OBLAST_NAMES = {
    "Zaporizhia Oblast": "Zaporizhzhia",
    "Odessa Oblast": "Odesa",
    "Autonomous Republic of Crimea": "Crimea",
    "Kyiv": "Kyiv City",
}
FOREST_OBLAST = {"Sevastopol": "Crimea", "Kyiv City": "Kyiv"}


def build_geography(from_dir: Path, to_dir: Path, *, control: Any = None) -> None:
    """Read the source tables in `from_dir` and write the packaged ones into `to_dir`.

    `control` is an optional polygon (longitude, latitude) of ground known to be land: where a map of control covers
    a cell, the cell is not sea. Raises `EvidenceError` where a source table is missing.
    """
    source, target = Path(from_dir), Path(to_dir)
    oblasts = [
        (_oblast(feature["properties"]["shapeName"]), shapely.geometry.shape(feature["geometry"]))
        for feature in _features(source / "oblasts.geojson")
    ]
    nodes = {row["town"]: row for row in _rows(source / "network_nodes.csv")}
    target.mkdir(parents=True, exist_ok=True)
    (target / "cells.npz").write_bytes(_cells(source, oblasts, nodes, control))
    for name, text in _texts(source, oblasts, nodes).items():
        (target / name).write_text(text, encoding="utf-8", newline="\n")


def _texts(source: Path, oblasts: Sequence[tuple[str, Any]], nodes: Mapping[str, dict[str, str]]) -> dict[str, str]:
    return {
        "sectors.json": _json(_sectors(source)),
        "oblasts.json": _json([{"name": name, "polygons": _rings(shape)} for name, shape in _coverage(oblasts)]),
        "outline.json": _json({"polygons": _rings(_outline(oblasts))}),
        "rivers.json": _json(_rivers(source)),
        "places.csv": _csv(PLACE_COLUMNS, _places(source)),
        "nodes.csv": _csv(PLACE_COLUMNS, [_node(row) for row in nodes.values()]),
        "roads.csv": _csv(EDGE_COLUMNS, [_road(row) for row in _rows(source / "road_edges.csv")]),
        "rails.csv": _csv(EDGE_COLUMNS, [_rail(row) for row in _rows(source / "rail_edges.csv")]),
        "climate.csv": _csv(CLIMATE_COLUMNS, _climate(source)),
    }


# Reading


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise EvidenceError(f"the geography needs {path.name}: {error.strerror} in {path.parent}") from error


def _features(path: Path) -> list[dict[str, Any]]:
    try:
        return list(json.loads(path.read_text(encoding="utf-8"))["features"])
    except (OSError, ValueError, KeyError) as error:
        raise EvidenceError(f"the geography needs {path.name}, a GeoJSON collection, in {path.parent}") from error


def _oblast(name: str) -> str:
    return OBLAST_NAMES.get(name, name.removesuffix(" Oblast"))


# Cells


def _cells(
    source: Path, oblasts: Sequence[tuple[str, Any]], nodes: Mapping[str, dict[str, str]], control: Any
) -> bytes:
    ukraine = shapely.union_all([shape for _, shape in oblasts])
    cell, centre = _listed_cells([ukraine] if control is None else [ukraine, control])
    outline = cell_outlines(cell)
    inside = _inside(outline, ukraine)
    heights = {row["h3"]: row for row in _rows(source / "terrain_h3r7.csv")}
    names = [name for name, _ in oblasts]
    column: dict[str, NDArray[Any]] = {
        "format": np.array(FORMAT),
        "cell": pack_cells(cell),
        "latitude": _steps(centre[:, 0] * DEGREE_STEPS),
        "longitude": _steps(centre[:, 1] * DEGREE_STEPS),
        "area": _steps(area_km2(project(outline)) * 1e4),
        "inside": np.maximum(np.rint(inside * 1e4), 1).astype(np.uint16),
        "sea": _sea(cell, centre, outline, heights, control),
        "sector": _holder(centre, [shapely.Polygon(row["outline"]) for row in _sectors(source)]).astype(np.int8),
        "oblast": _holder(centre, [shape for _, shape in oblasts], nearest=True).astype(np.uint8),
        "oblast_names": np.array(names),
        "oblast_forest": _forest(source, names),
        "population": _population(source, cell),
        "road": _crossings(outline, _segments(_rows(source / "road_edges.csv"), "town", nodes), ROAD_CLASSES),
        "rail": _crossings(outline, _segments(_rows(source / "rail_edges.csv"), "station", nodes), RAIL_CLASSES),
        "border": _border(source, centre, cell, inside, ukraine),
    }
    column["elevation"], column["elevation_sd"] = _elevation(cell, heights)
    column["river"], column["river_rank"] = _river_crossings(outline, _rivers(source))
    column |= _fortification(source, cell)
    file = io.BytesIO()
    np.savez_compressed(file, **column)  # type: ignore[arg-type]
    return file.getvalue()


def _listed_cells(shapes: Sequence[Any]) -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
    """Cells that touch Ukraine, or ground that a map of control counts as Ukraine, with their centres."""
    window = shapely.box(WEST, 40.0, 60.0, NORTH)
    cell = np.unique(np.concatenate([covering_cells(shapely.intersection(shape, window)) for shape in shapes]))
    centre = cell_centres(cell)
    kept = (centre[:, 1] >= WEST) & (centre[:, 0] <= NORTH)
    return cell[kept], centre[kept]


def _steps(values: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.diff(np.rint(values).astype(np.int64), prepend=0).astype(np.int32)


def _inside(outline: NDArray[Any], ukraine: Any) -> NDArray[np.float64]:
    """Share of each cell inside Ukraine, measured on the plane."""
    shapely.prepare(ukraine)
    share = np.ones(len(outline))
    crossing = np.flatnonzero(~shapely.contains_properly(ukraine, outline))
    plane = project(outline[crossing])
    share[crossing] = area_km2(shapely.intersection(plane, project(ukraine))) / area_km2(plane)
    return share


def _sea(
    cell: NDArray[np.uint64],
    centre: NDArray[np.float64],
    outline: NDArray[Any],
    heights: Mapping[str, dict[str, str]],
    control: Any,
) -> NDArray[np.bool_]:
    known = np.array([h3.int_to_str(one) in heights for one in cell])
    zero = np.array(
        [known_ and heights[h3.int_to_str(one)]["elev_max_m"] == "0" for one, known_ in zip(cell, known, strict=True)]
    )
    coast = np.array(WESTERN_COAST)
    shore = np.interp(centre[:, 1], coast[:, 0], coast[:, 1])
    west = ~known & (centre[:, 1] < 32.0) & (centre[:, 0] < shore)
    south = ~known & (centre[:, 1] >= 32.0) & (centre[:, 0] < 46.0)
    if control is None:
        return zero | west
    shapely.prepare(control)
    candidate = np.flatnonzero(zero | west | south)
    plane = project(outline[candidate])
    land = shapely.area(shapely.intersection(plane, project(control))) / shapely.area(plane)
    sea = np.zeros(len(cell), dtype=np.bool_)
    sea[candidate] = land < 0.5
    return sea


def _holder(centre: NDArray[np.float64], shapes: Sequence[Any], *, nearest: bool = False) -> NDArray[np.int64]:
    """Index of the first shape that holds each centre; −1, or the nearest shape, where none does."""
    point = shapely.points(centre[:, 1], centre[:, 0])
    holder = np.full(len(centre), -1, dtype=np.int64)
    for index, shape in enumerate(shapes):
        shapely.prepare(shape)
        holder[(holder < 0) & shapely.intersects(shape, point)] = index
    lost = np.flatnonzero(holder < 0)
    if nearest and len(lost):
        holder[lost] = shapely.STRtree(list(shapes)).nearest(point[lost])
    return holder


def _forest(source: Path, names: Sequence[str]) -> NDArray[np.float64]:
    share = {row["oblast"]: float(row["forest_pct"]) / 100 for row in _rows(source / "landcover_oblast.csv")}
    return np.array([share.get(FOREST_OBLAST.get(name, name), np.nan) for name in names])


def _elevation(
    cell: NDArray[np.uint64], heights: Mapping[str, dict[str, str]]
) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    rows = [heights.get(h3.int_to_str(one)) for one in cell]
    mean = [NO_HEIGHT if row is None else round(float(row["elev_mean_m"])) for row in rows]
    spread = [NO_HEIGHT if row is None else round(float(row["elev_sd_m"]) * 10) for row in rows]
    return np.array(mean, dtype=np.int16), np.array(spread, dtype=np.int16)


def _population(source: Path, cell: NDArray[np.uint64]) -> NDArray[np.int32]:
    count = {h3.str_to_int(row["h3"]): int(row["pop_places"]) for row in _rows(source / "population_h3r7.csv")}
    return np.array([count.get(int(one), 0) for one in cell], dtype=np.int32)


def _fortification(source: Path, cell: NDArray[np.uint64]) -> dict[str, NDArray[Any]]:
    """Lengths in hundredths of a kilometre, of the parent cell of resolution 6."""
    rows = {h3.str_to_int(row["h3"]): row for row in _rows(source / "fortification_h3r6.csv")}
    parent = [rows.get(int(h3.cell_to_parent(one, 6))) for one in cell]
    columns = {
        "fortification_ukrainian": ("trench_ua_km",),
        "fortification_russian": ("trench_ru_km",),
        "fortification_unknown": ("trench_unk_km",),
        "obstacle": ("at_ditch_km", "dragons_teeth_km"),
    }
    return {
        name: np.array(
            [0 if row is None else round(100 * sum(float(row[item]) for item in items)) for row in parent],
            dtype=np.uint16,
        )
        for name, items in columns.items()
    }


def _segments(
    edges: Iterable[Mapping[str, str]], end: str, nodes: Mapping[str, Mapping[str, str]]
) -> list[tuple[str, Any]]:
    def point(name: str) -> tuple[float, float]:
        return float(nodes[name]["lon"]), float(nodes[name]["lat"])

    return [(edge["class"], shapely.LineString([point(edge[f"{end}_a"]), point(edge[f"{end}_b"])])) for edge in edges]


def _crossings(outline: NDArray[Any], segments: Sequence[tuple[str, Any]], classes: Sequence[str]) -> NDArray[np.int8]:
    """Highest class rank among the segments that cross each cell."""
    rank = np.zeros(len(outline), dtype=np.int8)
    index, crossed = shapely.STRtree(outline).query([line for _, line in segments], predicate="intersects")
    value = np.array([classes.index(kind) for kind, _ in segments], dtype=np.int8)[index]
    np.maximum.at(rank, crossed, value)
    return rank


def _river_crossings(
    outline: NDArray[Any], rivers: Sequence[Mapping[str, Any]]
) -> tuple[NDArray[np.int16], NDArray[np.int8]]:
    lines = [shapely.MultiLineString(river["lines"]) for river in rivers]
    index, crossed = shapely.STRtree(outline).query(lines, predicate="intersects")
    ranks = np.array([river["rank"] for river in rivers], dtype=np.int8)
    river = np.full(len(outline), -1, dtype=np.int16)
    rank = np.zeros(len(outline), dtype=np.int8)
    order = np.argsort(ranks[index], kind="stable")
    river[crossed[order]] = index[order]
    rank[crossed[order]] = ranks[index[order]]
    return river, rank


def _border(
    source: Path, centre: NDArray[np.float64], cell: NDArray[np.uint64], inside: NDArray[np.float64], ukraine: Any
) -> NDArray[np.int8]:
    """Code of the country whose land a cell touches or neighbours.

    A cell qualifies where it, or a neighbour, lies partly outside Ukraine, near a land border of the second source.
    """
    edge = {int(one) for one in cell[inside < 1]}
    outer = np.array([any(int(ring) in edge for ring in h3.grid_disk(one, 1)) for one in cell])
    lines = [
        line
        for line in (shapely.geometry.shape(feature["geometry"]) for feature in _features(source / "countries.geojson"))
        if _is_land_border(line, ukraine)
    ]
    point = shapely.points(centre[:, 1], centre[:, 0])
    near = shapely.distance(shapely.union_all(lines), point) < BORDER_REACH_DEGREES
    country = np.where(centre[:, 1] < BELARUS_ENDS, BORDER_CODES.index("BY"), BORDER_CODES.index("RU"))
    return np.where(outer & near, country, 0).astype(np.int8)


def _is_land_border(line: Any, ukraine: Any) -> bool:
    """A line of the second source that runs along Ukraine's border and is not the one in the Kerch Strait."""
    points = shapely.points(shapely.get_coordinates(line))
    along = float(np.median(shapely.distance(points, ukraine.boundary))) < 0.1
    return along and not shapely.intersects(line, shapely.box(36.4, 45.0, 36.8, 45.6))


# Outlines


def _sectors(source: Path) -> list[dict[str, Any]]:
    return [
        {
            "key": feature["properties"]["sector"],
            "label": feature["properties"]["label"],
            "outline": feature["geometry"]["coordinates"][0],
        }
        for feature in _features(source / "sectors.geojson")
    ]


def _coverage(oblasts: Sequence[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Simplify oblasts together, so that neighbours keep a common line."""
    shapes = shapely.coverage_simplify(np.array([shape for _, shape in oblasts]), 0.02)
    return [(name, shape) for (name, _), shape in zip(oblasts, shapes, strict=True)]


def _outline(oblasts: Sequence[tuple[str, Any]]) -> Any:
    return shapely.simplify(shapely.union_all([shape for _, shape in oblasts]), 0.005)


def _rings(shape: Any) -> list[list[list[list[float]]]]:
    polygons = shapely.get_parts(shape)
    return [[_points(ring) for ring in (polygon.exterior, *polygon.interiors)] for polygon in polygons]


def _points(line: Any) -> list[list[float]]:
    return [[float(x), float(y)] for x, y in np.round(shapely.get_coordinates(line), 3)]


def _rivers(source: Path) -> list[dict[str, Any]]:
    """Merge the named features of one river; nameless ones are left out."""
    features: dict[str, list[dict[str, Any]]] = {}
    for feature in _features(source / "rivers.geojson"):
        if feature["properties"]["name"]:
            features.setdefault(feature["properties"]["name"], []).append(feature)
    return [_river(name, parts) for name, parts in sorted(features.items())]


def _river(name: str, parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    length = sum(float(part["properties"]["km"]) for part in parts)
    lines = [shapely.simplify(shapely.geometry.shape(part["geometry"]), 0.01) for part in parts]
    return {
        "name": name,
        "rank": 3 if name == "Dnipro" else 2 if length >= LONG_RIVER_KM else 1,
        "trust": max(part["properties"]["trust"] for part in parts),
        "lines": [_points(line) for shape in lines for line in shapely.get_parts(shape)],
    }


# Tables


PLACE_COLUMNS = ("name", "latitude", "longitude", "kind", "country", "oblast", "population", "aliases", "trust")
EDGE_COLUMNS = ("start", "end", "name", "kind", "km", "trust", "note", "cut")
CLIMATE_COLUMNS = (
    "place",
    "latitude",
    "longitude",
    "month",
    "temperature_c",
    "precipitation_mm",
    "day_length_h",
    "snow",
    "mud",
)


def _places(source: Path) -> list[Sequence[Any]]:
    rows = {int(row["geonameid"]): row for row in _rows(source / "places.csv")}
    named = [_town(town, rows.get(town.geonames or -1)) for town in TOWNS]
    taken = {town.geonames for town in TOWNS}
    listed = [row for key, row in rows.items() if key not in taken and _is_listed(key, row)]
    return named + [_village(row) for row in sorted(listed, key=lambda row: -int(row["population"]))]


def _town(town: Town, row: Mapping[str, str] | None) -> Sequence[Any]:
    """Join a declared town to its row of the table of places, which governs its position."""
    listed = row if row and not town.centre else None
    latitude, longitude = (float(listed["lat"]), float(listed["lon"])) if listed else (town.latitude, town.longitude)
    counted = int(row["population"]) if row and row["population"] not in ("", "0") else None
    residents = town.population if town.population is not None else counted
    spelling = [row["name"]] if row and row["name"] != town.name and row["name"] not in town.aliases else []
    return (
        town.name,
        round(latitude, 4),
        round(longitude, 4),
        town.kind,
        town.country,
        town.oblast,
        "" if residents is None else residents,
        "|".join([*town.aliases, *spelling]),
        "A" if listed else "B" if row else "C",
    )


def _is_listed(key: int, row: Mapping[str, str]) -> bool:
    return (
        key < CITY_DISTRICTS_FROM
        and row["oblast"] in PLACE_OBLASTS
        and int(row["population"] or 0) >= PLACE_POPULATION
        and float(row["lon"]) >= WEST
    )


def _village(row: Mapping[str, str]) -> Sequence[Any]:
    kind = "town" if int(row["population"]) >= 10_000 else "village"
    latitude, longitude = round(float(row["lat"]), 3), round(float(row["lon"]), 3)
    return (row["name"], latitude, longitude, kind, row["country"], row["oblast"], row["population"], "", "A")


def _node(row: Mapping[str, str]) -> Sequence[Any]:
    trust = "B" if row["coord_src"].startswith("places") else "D"
    return (row["town"], round(float(row["lat"]), 3), round(float(row["lon"]), 3), "node", "", "", "", "", trust)


def _road(row: Mapping[str, str]) -> Sequence[Any]:
    return _edge(row["town_a"], row["town_b"], row["road"], row)


def _rail(row: Mapping[str, str]) -> Sequence[Any]:
    tracks = "double track" if row["double_track"] == "1" else "single track"
    return _edge(row["station_a"], row["station_b"], tracks, row)


def _edge(start: str, end: str, name: str, row: Mapping[str, str]) -> Sequence[Any]:
    cut = int(any(word in row["note"].lower().split() for word in CUT_WORDS))
    return (start, end, name, row["class"], row["km"], row["trust"], row["note"], cut)


def _climate(source: Path) -> list[Sequence[Any]]:
    seasons = {row["place"]: row for row in _rows(source / "climate_seasons.csv")}
    return [_month(row, seasons.get(row["place"])) for row in _rows(source / "climate_monthly.csv")]


def _month(row: Mapping[str, str], season: Mapping[str, str] | None) -> Sequence[Any]:
    middle = f"{int(row['month']):02d}-15"
    snow = season is not None and _within(middle, season["snow_from_mmdd"], season["snow_to_mmdd"])
    mud = season is not None and any(
        _within(middle, season[f"{part}_mud_from"], season[f"{part}_mud_to"]) for part in ("spring", "autumn")
    )
    values = (row["t_mean_c"], row["precip_mm"], row["day_length_h"])
    return (row["place"], row["lat"], row["lon"], int(row["month"]), *values, int(snow), int(mud))


def _within(day: str, start: str, end: str) -> bool:
    """Whether a day of the year lies in a season that may run over New Year."""
    if not start or not end:
        return False
    return start <= day <= end if start <= end else day >= start or day <= end


# Writing


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


def _csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return file.getvalue()
