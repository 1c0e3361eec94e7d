"""Export: a result as files that people and programs can use.

Tables are tidy, one row for one thing. Shapes are GeoJSON by RFC 7946: longitude before latitude on WGS 84, outer rings
counter-clockwise. The same result gives the same bytes.
"""

from __future__ import annotations

import csv
import functools
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import h3.api.numpy_int as h3
import numpy as np
import shapely
import xarray as xr

from ceasefire.evidence.error import CeasefireError
from ceasefire.evidence.whole import write_bytes
from ceasefire.simulate import result as results
from ceasefire.study.summary import Summary, finished, summarise, to_json
from ceasefire.view import chart
from ceasefire.view.chart import Atlas
from ceasefire.view.figure import drawings, png
from ceasefire.view.report import town_points, write_report

FILES = (results.ARRAY, "summary.json", "report.html")

KINDS = {
    "csv": ("text/csv; charset=utf-8", "tables as CSV"),
    "parquet": ("application/vnd.apache.parquet", "tables as Parquet"),
    "netcdf": ("application/x-netcdf", "the whole result as NetCDF"),
    "geojson": ("application/geo+json", "shapes for QGIS and other maps"),
    "svg": ("image/svg+xml", "figures as SVG"),
    "png": ("image/png", "figures as PNG"),
}
"""Kinds of files: media type and what they are."""
EXTRAS = {"parquet": ("pyarrow",), "netcdf": ("h5netcdf", "h5py"), "png": ("resvg_py",)}
"""Kinds that need an extra of the same name, and the packages in it."""
BANDS = {"50": (0.25, 0.75), "90": (0.05, 0.95)}
"""Bands of the contact line: cells whose chance lies between these."""
DIGITS = 5
"""Decimals of degrees: about a metre."""
ATTRIBUTION = (
    "Simulated by ceasefire; opening control from DeepStateMap (deepstatemap.live); borders of Ukraine as of 1991; "
    "cells of H3, resolution 7"
)

Columns = dict[str, list[Any]]
"""A table: name of each column and its values, all as long."""


class Export(NamedTuple):
    """One file that can be made from a result."""

    name: str
    what: str
    type: str
    make: Callable[[], bytes]


def write_result(result: xr.Dataset, folder: str | Path) -> Summary:
    """Write result.zarr, summary.json and report.html into a folder, all or nothing; returns the summary.

    The arrays are packed in another thread meanwhile. Raises `ResultError` where the folder cannot be written.
    """
    with results.whole(Path(folder)) as aside, ThreadPoolExecutor(1) as packer:
        saved = packer.submit(results.save, result, aside)
        summary = summarise(result)
        (aside / "summary.json").write_text(to_json(summary), encoding="utf-8")
        write_report(result, summary, aside / "report.html")
        saved.result()
    return summary


# ------------------------------------------------------------------------------------------------------------- offered


def offered(result: xr.Dataset, summary: Summary, kinds: Sequence[str] | None = None) -> tuple[Export, ...]:
    """Files that can be made from a result: of some kinds, or of every kind whose extra is installed.

    Raises `CeasefireError` where a kind that is named needs an extra that is missing.
    """
    asked = [kind for kind in KINDS if not missing(kind)] if kinds is None else list(kinds)
    check(asked)
    makers: dict[str, Callable[[xr.Dataset, Summary], Iterator[Export]]] = {
        "csv": _csv_files,
        "parquet": _parquet_files,
        "netcdf": _netcdf_files,
        "geojson": _geojson_files,
        "svg": _svg_files,
        "png": _png_files,
    }
    return tuple(export for kind in KINDS if kind in asked for export in makers[kind](result, summary))


def check(kinds: Sequence[str]) -> None:
    """Raise `CeasefireError` where one of the kinds needs an extra that is missing."""
    for kind in kinds:
        if missing(kind):
            need = f"--{kind} needs {missing(kind)}, which is not installed"
            raise CeasefireError(f"{need}; pip install 'ceasefire[{kind}]'")


def missing(kind: str) -> str:
    """The package that a kind of file needs and that is not installed; empty where nothing is missing."""
    return next((package for package in EXTRAS.get(kind, ()) if find_spec(package) is None), "")


def write(exports: Sequence[Export], folder: Path) -> tuple[Path, ...]:
    """Write files into a folder, each whole or not at all. Raises `CeasefireError` where that cannot be done."""
    try:
        if folder.exists() and not folder.is_dir():
            raise CeasefireError(f"{folder} is no folder; name another with --out")
        folder.mkdir(parents=True, exist_ok=True)
        for export in exports:
            write_bytes(folder / export.name, export.make())
    except (OSError, ValueError) as error:
        raise CeasefireError(f"cannot write {folder}: {getattr(error, 'strerror', None) or error}") from None
    return tuple(folder / export.name for export in exports)


# -------------------------------------------------------------------------------------------------------------- tables


def series_table(summary: Summary) -> Columns:
    """Quantiles over runs of every series: one row for a week of one of them."""
    table: Columns = {name: [] for name in ("date", "week", "measure", "of", "meaning", "unit", *QUANTILES)}
    for series in summary.series:
        of = ",".join(filter(None, (series.side, series.axis, series.item, series.patron, series.question)))
        weeks = len(summary.dates)
        table["date"] += [date.isoformat() for date in summary.dates]
        table["week"] += range(weeks)
        for name, value in (("measure", series.measure), ("of", of), ("meaning", series.label), ("unit", series.unit)):
            table[name] += [value] * weeks
        for name in QUANTILES:
            table[name] += getattr(series, name)
    return table


QUANTILES = ("q05", "q25", "q50", "q75", "q95")


def endings_table(summary: Summary) -> Columns:
    """The chance that the fighting has first ended by each week, by kind; `any` is their sum."""
    kinds = {ending.kind: ending.weekly for ending in summary.endings.kinds}
    anyhow = tuple(float(sum(values)) for values in zip(*kinds.values(), strict=True))
    table: Columns = {name: [] for name in ("date", "week", "ending", "probability")}
    for kind, weekly in {**kinds, "any": anyhow}.items():
        table["date"] += [date.isoformat() for date in summary.dates[: len(weekly)]]
        table["week"] += range(len(weekly))
        table["ending"] += [kind] * len(weekly)
        table["probability"] += weekly
    return table


def towns_table(summary: Summary) -> Columns:
    """The chance that each town has changed hands by each horizon, with its Monte Carlo interval."""
    rows = [
        [
            town.name,
            summary.side_name(town.holder),
            chance.date.isoformat(),
            chance.weeks,
            chance.probability,
            chance.monte_carlo_low,
            chance.monte_carlo_high,
        ]
        for town in summary.towns
        for chance in town.chances
    ]
    names = ("town", "held_by", "date", "week", "probability", "monte_carlo_low", "monte_carlo_high")
    return {name: [row[at] for row in rows] for at, name in enumerate(names)}


def runs_table(result: xr.Dataset, summary: Summary) -> Columns:
    """One row for each run that finished: how it first ended, and what was gained and lost by the last week."""
    done = finished(result)
    phases = list(done["first_ending"].attrs.get("flag_meanings", done["phase"].attrs.get("flag_meanings", [])))
    ending = [phases[code] if 0 < code < len(phases) else "none" for code in done["first_ending"].values.tolist()]
    week = [at if at > 0 else None for at in done["first_ending_week"].values.tolist()]
    area = done["area"].sum("axis").transpose("week", "run").values.astype(np.float64)
    changed = (done["town_change_week"].transpose("town", "run").values > 0).sum(axis=0)
    table: Columns = {
        "run": done["run"].values.tolist(),
        "ending": ending,
        "ending_week": week,
        "ending_date": [None if at is None else summary.dates[at].isoformat() for at in week],
        **({"resumed_week": _weeks(done["relapse_week"])} if "relapse_week" in done else {}),
        "ground_gained_km2": _rounded(area[-1] - area[0]),
        "towns_ever_changed": changed.tolist(),
    }
    for name in ("casualties", "killed"):
        if name in done:
            total = done[name].transpose("week", "side", "run").values.astype(np.float64).sum(axis=0)
            for side, row in zip(summary.sides, total, strict=False):
                table[f"{name}_{side.key}"] = _rounded(row)
    return table


def _weeks(codes: xr.DataArray) -> list[int | None]:
    """Weeks of runs, none where it never came to it."""
    return [at if at > 0 else None for at in codes.values.tolist()]


def _rounded(values: np.ndarray) -> list[float | None]:
    """Numbers with four decimals, none for what is no number."""
    return [round(value, 4) if np.isfinite(value) else None for value in values.tolist()]


def _tables(result: xr.Dataset, summary: Summary) -> Iterator[tuple[str, str, Callable[[], Columns]]]:
    yield "series", "quantiles of every series, week by week", functools.partial(series_table, summary)
    yield "endings", "chance of each ending, week by week", functools.partial(endings_table, summary)
    yield "towns", "chance that each town changes hands", functools.partial(towns_table, summary)
    yield "runs", "every simulated war: its ending, ground and losses", functools.partial(runs_table, result, summary)


def _csv_files(result: xr.Dataset, summary: Summary) -> Iterator[Export]:
    for name, what, table in _tables(result, summary):
        yield Export(f"{name}.csv", what, KINDS["csv"][0], functools.partial(_csv, table))


def _csv(table: Callable[[], Columns]) -> bytes:
    columns = table()
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in zip(*columns.values(), strict=True):
        writer.writerow(["" if value is None else _plain(value) for value in row])
    return out.getvalue().encode()


def _plain(value: Any) -> Any:
    """A cell: numbers shortest, and no text that a spreadsheet would take for a formula."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return f"{value:.9g}" if isinstance(value, float) else value


def _parquet_files(result: xr.Dataset, summary: Summary) -> Iterator[Export]:
    for name, what, table in _tables(result, summary):
        yield Export(f"{name}.parquet", what, KINDS["parquet"][0], functools.partial(_parquet, table, summary))


def _parquet(table: Callable[[], Columns], summary: Summary) -> bytes:
    import pyarrow as arrow  # type: ignore[import-untyped]
    from pyarrow import parquet

    facts = {"scenario": summary.scenario, "command": summary.command, "evidence_hash": summary.evidence_hash}
    out = io.BytesIO()
    parquet.write_table(arrow.table(table()).replace_schema_metadata(facts), out, compression="zstd")
    return out.getvalue()


# -------------------------------------------------------------------------------------------------------------- netcdf


def _netcdf_files(result: xr.Dataset, summary: Summary) -> Iterator[Export]:
    what = "the whole result, every run; opens with xarray"
    yield Export("result.nc", what, KINDS["netcdf"][0], functools.partial(_netcdf, result))


def _netcdf(result: xr.Dataset) -> bytes:
    """The result as NetCDF 4; lists among its attributes become JSON, which NetCDF has no kind for."""
    clean = result.copy()
    clean.attrs = {name: _attribute(value) for name, value in result.attrs.items()}
    for name, array in clean.variables.items():
        clean[name].attrs = {key: _attribute(value) for key, value in array.attrs.items()}
    packed = {str(name): {"zlib": True, "complevel": 1} for name, array in clean.data_vars.items() if array.size > 1000}
    return bytes(clean.to_netcdf(engine="h5netcdf", encoding=packed))


def _attribute(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (list, tuple, dict, bool, type(None))) else value


# ------------------------------------------------------------------------------------------------------------- geojson


def _geojson_files(result: xr.Dataset, summary: Summary) -> Iterator[Export]:
    if "control_probability" not in result or not result.sizes.get("cell"):
        return
    atlas = functools.cache(lambda: chart.atlas(result))
    first = summary.sides[0].name
    horizons = ", ".join(f"{week} weeks" for week in summary.horizons)
    made: tuple[tuple[str, str, Callable[[], list[dict[str, Any]]]], ...] = (
        ("cells", f"cells with the chance that {first} holds them at {horizons}", lambda: _cells(atlas(), summary)),
        ("line", f"line of contact at the opening and at {horizons}, with bands", lambda: _line(atlas(), summary)),
        ("towns", "towns with the chance that they change hands", lambda: _towns(result, summary, atlas())),
        ("sectors", "sectors with the ground gained in them", lambda: _sectors(atlas(), summary)),
    )
    for name, what, features in made:
        make = functools.partial(_collection, name, what, summary, features)
        yield Export(f"{name}.geojson", what, KINDS["geojson"][0], make)


def _collection(name: str, what: str, summary: Summary, features: Callable[[], list[dict[str, Any]]]) -> bytes:
    """A collection of features, one a line; what it is and whose data it rests on as further members."""
    head = {
        "type": "FeatureCollection",
        "name": name,
        "description": f"{summary.title}: {what}. Opening {summary.opening}; {summary.runs_used} runs, seed "
        f"{summary.seed}, ceasefire {summary.version}. {UNITS}",
        "attribution": ATTRIBUTION,
    }
    lines = ",\n".join(_dumped(feature) for feature in features())
    return f'{_dumped(head)[:-1]},"features":[\n{lines}\n]}}\n'.encode()


UNITS = (
    "chance_…w: probability from 0 to 1 so many weeks after the opening; share_opening: from 0 to 1; "
    "gained_…_km2: quantiles over runs"
)


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _feature(shape: Any, properties: Mapping[str, Any], identifier: str | None = None) -> dict[str, Any]:
    """A feature with outer rings counter-clockwise."""
    turned = shapely.orient_polygons(shape)
    geometry = json.loads(shapely.to_geojson(turned))
    geometry["coordinates"] = _short(geometry["coordinates"])
    mark = {} if identifier is None else {"id": identifier}
    return {"type": "Feature", **mark, "properties": dict(properties), "geometry": geometry}


def _short(coordinates: Any) -> Any:
    """Coordinates with as many decimals as they are known to."""
    return [_short(each) for each in coordinates] if isinstance(coordinates, list) else round(coordinates, DIGITS)


def _cells(atlas: Atlas, summary: Summary) -> list[dict[str, Any]]:
    """Every hexagon, as likely to be held by the first side at each horizon as it is in the runs."""
    first, second = (side.name for side in summary.sides[:2])
    held = {week: np.nan_to_num(atlas.held[week].astype(float)) for week in summary.horizons}
    found = []
    for place, cell in enumerate(atlas.cell.tolist()):
        ring = [(lng, lat) for lat, lng in h3.cell_to_boundary(cell)]
        properties: dict[str, Any] = {
            "cell": f"{cell:x}",
            "sector": atlas.axis[place],
            "held_by": first if atlas.first[place] else second,
            "share_opening": round(float(atlas.opening[place]), 4),
            **{f"chance_{week}w": round(float(chance[place]), 4) for week, chance in held.items()},
        }
        found.append(_feature(shapely.Polygon(ring), properties, properties["cell"]))
    return found


def _line(atlas: Atlas, summary: Summary) -> list[dict[str, Any]]:
    """The line of contact: at the opening, and at each horizon where the chance passes one half, with its bands."""
    opening = {"week": 0, "date": summary.opening.isoformat(), "part": "line of contact at the opening"}
    found = [_feature(_lines(atlas.contact), opening)]
    for week in summary.horizons:
        chance = atlas.chance(week)
        when = {"week": week, "date": summary.date_of(week).isoformat()}
        middle = atlas.line_around(chance >= 0.5)
        found.append(_feature(_lines(middle), {**when, "part": "line where the chance passes one half"}))
        for name, (low, high) in BANDS.items():
            cells = (chance > low) & (chance < high)
            part = f"{name}% band: cells that the first side holds in {100 * low:g} to {100 * high:g}% of runs"
            found.append(_feature(atlas.shape(cells), {**when, "part": part, "band_percent": int(name)}))
    return found


def _lines(shape: Any) -> Any:
    """One line or many as many."""
    return shapely.MultiLineString([shape]) if shape.geom_type == "LineString" else shape


def _towns(result: xr.Dataset, summary: Summary, atlas: Atlas) -> list[dict[str, Any]]:
    own = town_points(result)
    known = {place.name: (place.longitude, place.latitude) for place in atlas.geography.places}
    found = []
    for town in summary.towns:
        point = own.get(town.name) or known.get(town.name)
        if point is not None:
            chances = {f"chance_changed_{each.weeks}w": round(each.probability, 5) for each in town.chances}
            properties = {"name": town.name, "held_by": summary.side_name(town.holder), **chances}
            found.append(_feature(shapely.Point(point), properties))
    return found


def _sectors(atlas: Atlas, summary: Summary) -> list[dict[str, Any]]:
    """The cells of each sector as one shape."""
    axis = np.array(atlas.axis)
    found = []
    for label in summary.axes:
        series = summary.find("area_change", axis=label.key)
        gained = {
            f"gained_{week}w_{name}_km2": value
            for week in summary.horizons
            for name in ("q05", "q50", "q95")
            if series is not None and (value := getattr(series, name)[week]) is not None
        }
        shape = atlas.shape(axis == label.key)
        if not shape.is_empty:
            found.append(_feature(shape, {"key": label.key, "name": label.name, **gained}))
    return found


# ------------------------------------------------------------------------------------------------------------- figures


def _svg_files(result: xr.Dataset, summary: Summary) -> Iterator[Export]:
    for drawing in drawings(result, summary):
        make = functools.partial(_encoded, drawing.draw)
        yield Export(f"{drawing.name}.svg", drawing.title, KINDS["svg"][0], make)


def _encoded(draw: Callable[[], str]) -> bytes:
    return draw().encode()


def _png_files(result: xr.Dataset, summary: Summary) -> Iterator[Export]:
    for drawing in drawings(result, summary):
        make = functools.partial(_drawn, drawing.draw)
        yield Export(f"{drawing.name}.png", drawing.title, KINDS["png"][0], make)


def _drawn(draw: Callable[[], str]) -> bytes:
    return png(draw())
