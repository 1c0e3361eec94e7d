"""`ceasefire export`: a result as files for spreadsheets, notebooks, QGIS and slides."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ceasefire.cli.terminal import AsJson, complain


def export(
    result: Annotated[Path, typer.Argument(help="Folder of a result.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write into.")] = ...,  # type: ignore[assignment]
    csv: Annotated[bool, typer.Option("--csv", help="Tables: series, endings, towns, runs.")] = False,
    parquet: Annotated[bool, typer.Option("--parquet", help="The same as Parquet (extra parquet).")] = False,
    netcdf: Annotated[bool, typer.Option("--netcdf", help="The whole result (extra netcdf).")] = False,
    geojson: Annotated[bool, typer.Option("--geojson", help="Cells, line with bands, towns, sectors.")] = False,
    svg: Annotated[bool, typer.Option("--svg", help="Figures as SVG.")] = False,
    png: Annotated[bool, typer.Option("--png", help="Figures as PNG (extra png).")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Every kind; every extra has to be there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a result as CSV, Parquet, NetCDF, GeoJSON, SVG and PNG.

    Without a kind, every kind is written whose extra is installed.

    Example: ceasefire export out/abu-dhabi-2026-01 --out out/files --csv --geojson
    """
    from ceasefire.simulate import result as results
    from ceasefire.study.summary import summarise
    from ceasefire.view import export as view

    chosen = {"csv": csv, "parquet": parquet, "netcdf": netcdf, "geojson": geojson, "svg": svg, "png": png}
    named = [kind for kind, wanted in chosen.items() if wanted or everything]
    kinds = named or [kind for kind in view.KINDS if not view.missing(kind)]
    view.check(kinds)
    found = results.load(result)
    exports = view.offered(found, summarise(found), kinds)
    paths = view.write(exports, out)
    left = [kind for kind in view.KINDS if view.missing(kind)]
    if as_json:
        told = [{"file": str(path), "what": each.what} for path, each in zip(paths, exports, strict=True)]
        print(json.dumps({"files": told, "left_out": [] if named else left}, ensure_ascii=False, indent=1))
        return
    for path, each in zip(paths, exports, strict=True):
        print(f"{path}  {each.what}")
    if left and not named:
        extras = ", ".join(f"{kind}: pip install 'ceasefire[{kind}]'" for kind in left)
        complain(f"left out for want of an extra: {extras}")
