"""Export: a result as files that people and programs can use."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import xarray as xr

from ceasefire.simulate import result as results
from ceasefire.study.summary import Summary, summarise, to_json
from ceasefire.view.report import write_report

FILES = (results.ARRAY, "summary.json", "report.html")


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
