"""The land itself: cells, towns, roads and railways, sectors, outlines, rivers, climate. Nothing here changes in time.

`Geography.packaged()` reads the tables that `survey.build_geography` derives and that ship with the package. Every
cell of H3 resolution 7 with any ground inside Ukraine's 1991 border (Crimea and Donbas included) east of 30.9 E is in
the cell table. Trust is as of the source: heights B, population C, roads, railways and forest D (see DATA.md).
"""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ceasefire.evidence.error import EvidenceError

PACKAGED = Path(__file__).parent / "data" / "geography"
FORMAT = 1
DEGREE_STEPS = 1e5
"""Positions of cells are kept to 1e-5 degree, about one metre."""

BORDER_CODES = ("", "RU", "BY", "MD", "RO")
ROAD_CLASSES = ("", "T", "P", "H", "M")
"""Road classes by rank: territorial, regional, national trunk, motorway; rank 0 is no road of the graph."""
RAIL_CLASSES = ("", "secondary", "main")


@dataclass(frozen=True, eq=False)
class Cells:
    """One row for each H3 cell of resolution 7, sorted by identifier."""

    cell: NDArray[np.uint64]
    """H3 identifier."""
    latitude: NDArray[np.float64]
    """Of the centre, degrees."""
    longitude: NDArray[np.float64]
    area_km2: NDArray[np.float64]
    """Whole area of the cell, km²."""
    inside: NDArray[np.float32]
    """Share of the cell inside Ukraine's 1991 border, territorial sea included, 0 to 1."""
    sea: NDArray[np.bool_]
    """The cell is mostly open water: inert."""
    sector: NDArray[np.int16]
    """Index into `Geography.sectors` of the sector that holds the centre."""
    oblast: NDArray[np.int16]
    """Index into `Geography.oblast_names`."""
    elevation_m: NDArray[np.float32]
    """Mean height, m; NaN where the source has none."""
    elevation_sd_m: NDArray[np.float32]
    """Standard deviation of height within the cell, m; NaN where the source has none."""
    population: NDArray[np.int32]
    """Pre-war residents counted in named places; rural places are missing."""
    forest: NDArray[np.float32]
    """Forest share of the oblast, 0 to 1; NaN where the source has none."""
    fortification_ukrainian_km: NDArray[np.float32]
    """Length of Ukrainian trenches in the parent cell of resolution 6, as known in May 2024, km."""
    fortification_russian_km: NDArray[np.float32]
    fortification_unknown_km: NDArray[np.float32]
    """Trenches whose side the source does not give."""
    obstacle_km: NDArray[np.float32]
    """Length of anti-tank ditches and dragon's teeth in the parent cell, km; parallel works are not to be summed."""
    river: NDArray[np.int16]
    """Index into `Geography.rivers` of the highest-ranking river that crosses the cell, −1 for none."""
    river_rank: NDArray[np.int8]
    """0 none, 1 small, 2 long (250 km and more), 3 the Dnipro."""
    road: NDArray[np.int8]
    """Rank of the best road class that crosses the cell (`ROAD_CLASSES`), along straight lines between towns."""
    rail: NDArray[np.int8]
    """Rank of the best railway class that crosses the cell (`RAIL_CLASSES`)."""
    border: NDArray[np.int8]
    """Index into `BORDER_CODES`: the country whose land the cell touches or neighbours, 0 for none."""

    def __len__(self) -> int:
        return len(self.cell)

    def rows(self, cells: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Row of each given cell, −1 for a cell that the table lacks."""
        if not len(self.cell):
            return np.full(len(cells), -1, dtype=np.int64)
        row = np.minimum(np.searchsorted(self.cell, cells), len(self.cell) - 1)
        return np.where(self.cell[row] == cells, row, -1)


@dataclass(frozen=True)
class Place:
    """A named point."""

    name: str
    latitude: float
    longitude: float
    kind: str
    """`town`, `village`, `quarter` (part of a town), `plant`, `region`, or `node` (of the road or rail graph only)."""
    country: str
    oblast: str
    population: int | None
    """Pre-war residents, None where unknown."""
    aliases: tuple[str, ...]
    trust: str

    @property
    def radius_km(self) -> float:
        """Radius of the town's disc, km: √(population / (π · 2,500 per km²)), between 0.8 and 6 km.

        The density and both bounds are elicited; a place of unknown population has 1 km.
        """
        if self.population is None:
            return 1.0
        return float(np.clip(np.sqrt(self.population / (np.pi * 2500.0)), 0.8, 6.0))


@dataclass(frozen=True)
class Edge:
    """A road or railway between two nodes of the graph."""

    start: str
    end: str
    name: str
    kind: str
    """Class: `M`, `H`, `P`, `T` for roads, `main`, `secondary` for railways."""
    km: float
    trust: str
    note: str
    """Free text: bridges, cuts, destruction."""
    cut: bool
    """The note says that the edge was cut or destroyed at some date."""


@dataclass(frozen=True)
class Sector:
    """One of the sectors that tile the theatre; every series by sector uses its key."""

    key: str
    label: str
    outline: Any
    """Polygon in longitude and latitude."""


@dataclass(frozen=True)
class River:
    """A river for maps and crossings."""

    name: str
    rank: int
    line: Any
    trust: str


@dataclass(frozen=True)
class Climate:
    """One month at one place: climatic means, 1979 to 2014; recent winters are warmer."""

    place: str
    latitude: float
    longitude: float
    month: int
    temperature_c: float
    precipitation_mm: float
    day_length_h: float
    snow: bool
    """The middle of the month falls in the usual season of snow cover (trust D)."""
    mud: bool
    """The middle of the month falls in a usual season of mud (trust D)."""


@dataclass(frozen=True, eq=False)
class Geography:
    """All static tables of the theatre."""

    cells: Cells
    places: tuple[Place, ...]
    nodes: tuple[Place, ...]
    roads: tuple[Edge, ...]
    rails: tuple[Edge, ...]
    sectors: tuple[Sector, ...]
    oblast_names: tuple[str, ...]
    oblasts: tuple[tuple[str, Any], ...]
    """Name and simplified polygon of each oblast, for maps; territorial sea included."""
    outline: Any
    """Simplified polygon of Ukraine in its 1991 borders, for maps; territorial sea included."""
    rivers: tuple[River, ...]
    climate: tuple[Climate, ...]

    @staticmethod
    def packaged() -> Geography:
        """Return the tables that ship with the package, read once."""
        return _packaged()

    @staticmethod
    def read(folder: Path) -> Geography:
        """Read tables that `survey.build_geography` wrote.

        Raises `EvidenceError` where a table is missing or broken.
        """
        try:
            return _read(Path(folder))
        except (
            OSError,
            ValueError,
            KeyError,
            TypeError,
            IndexError,
            zipfile.BadZipFile,
            shapely.GEOSException,
        ) as error:
            raise EvidenceError(
                f"cannot read the geography in {folder}: {type(error).__name__}: {error}. "
                "Build it again with ceasefire.evidence.survey.build_geography"
            ) from error


@cache
def _packaged() -> Geography:
    return Geography.read(PACKAGED)


def read_sectors(folder: Path = PACKAGED) -> tuple[Sector, ...]:
    """Read the sectors alone: all that a build of the evidence needs."""
    return tuple(
        Sector(row["key"], row["label"], shapely.Polygon(row["outline"])) for row in _document(folder / "sectors.json")
    )


def _read(folder: Path) -> Geography:
    rivers = tuple(
        River(row["name"], row["rank"], shapely.MultiLineString(row["lines"]), row["trust"])
        for row in _document(folder / "rivers.json")
    )
    oblasts = tuple((row["name"], _polygons(row["polygons"])) for row in _document(folder / "oblasts.json"))
    names, cells = _read_cells(folder)
    return Geography(
        cells=cells,
        places=tuple(_place(row) for row in _table(folder / "places.csv")),
        nodes=tuple(_place(row) for row in _table(folder / "nodes.csv")),
        roads=tuple(_edge(row) for row in _table(folder / "roads.csv")),
        rails=tuple(_edge(row) for row in _table(folder / "rails.csv")),
        sectors=read_sectors(folder),
        oblast_names=names,
        oblasts=oblasts,
        outline=_polygons(_document(folder / "outline.json")["polygons"]),
        rivers=rivers,
        climate=tuple(_climate(row) for row in _table(folder / "climate.csv")),
    )


def _document(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _table(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _polygons(polygons: list[list[list[list[float]]]]) -> Any:
    return shapely.MultiPolygon([(rings[0], rings[1:]) for rings in polygons])


def _place(row: dict[str, str]) -> Place:
    return Place(
        name=row["name"],
        latitude=float(row["latitude"]),
        longitude=float(row["longitude"]),
        kind=row["kind"],
        country=row["country"],
        oblast=row["oblast"],
        population=int(row["population"]) if row["population"] else None,
        aliases=tuple(filter(None, row["aliases"].split("|"))),
        trust=row["trust"],
    )


def _edge(row: dict[str, str]) -> Edge:
    return Edge(
        start=row["start"],
        end=row["end"],
        name=row["name"],
        kind=row["kind"],
        km=float(row["km"]),
        trust=row["trust"],
        note=row["note"],
        cut=row["cut"] == "1",
    )


def _climate(row: dict[str, str]) -> Climate:
    return Climate(
        place=row["place"],
        latitude=float(row["latitude"]),
        longitude=float(row["longitude"]),
        month=int(row["month"]),
        temperature_c=float(row["temperature_c"]),
        precipitation_mm=float(row["precipitation_mm"]),
        day_length_h=float(row["day_length_h"]),
        snow=row["snow"] == "1",
        mud=row["mud"] == "1",
    )


def _read_cells(folder: Path) -> tuple[tuple[str, ...], Cells]:
    with np.load(folder / "cells.npz", allow_pickle=False) as file:
        column = {name: file[name] for name in file.files}
    if int(column["format"]) != FORMAT:
        raise ValueError(f"cells.npz has format {int(column['format'])}, this version reads {FORMAT}")
    cell = unpack_cells(column["cell"])
    forest = column["oblast_forest"].astype(np.float32)
    return tuple(str(name) for name in column["oblast_names"]), Cells(
        cell=cell,
        latitude=np.cumsum(column["latitude"], dtype=np.int64) / DEGREE_STEPS,
        longitude=np.cumsum(column["longitude"], dtype=np.int64) / DEGREE_STEPS,
        area_km2=np.cumsum(column["area"], dtype=np.int64) / 1e4,
        inside=column["inside"].astype(np.float32) / np.float32(1e4),
        sea=column["sea"].astype(np.bool_),
        sector=column["sector"].astype(np.int16),
        oblast=column["oblast"].astype(np.int16),
        elevation_m=_height(column["elevation"], 1.0),
        elevation_sd_m=_height(column["elevation_sd"], 0.1),
        population=column["population"].astype(np.int32),
        forest=forest[column["oblast"]],
        fortification_ukrainian_km=column["fortification_ukrainian"] / np.float32(100),
        fortification_russian_km=column["fortification_russian"] / np.float32(100),
        fortification_unknown_km=column["fortification_unknown"] / np.float32(100),
        obstacle_km=column["obstacle"] / np.float32(100),
        river=column["river"].astype(np.int16),
        river_rank=column["river_rank"].astype(np.int8),
        road=column["road"].astype(np.int8),
        rail=column["rail"].astype(np.int8),
        border=column["border"].astype(np.int8),
    )


def _height(steps: NDArray[np.int16], unit: float) -> NDArray[np.float32]:
    return np.where(steps == NO_HEIGHT, np.nan, steps * unit).astype(np.float32)


NO_HEIGHT = -9999
_UNUSED_BITS = np.uint64(24)
_UNUSED_ONES = np.uint64(0xFFFFFF)


def pack_cells(cell: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Write sorted cells of resolution 7 as steps; their low 24 bits are all ones and are dropped."""
    steps: NDArray[np.int64] = np.diff((cell >> _UNUSED_BITS).astype(np.int64), prepend=0).astype(np.int64)
    return steps


def unpack_cells(steps: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Undo `pack_cells`."""
    return (np.cumsum(steps, dtype=np.int64).astype(np.uint64) << _UNUSED_BITS) | _UNUSED_ONES
