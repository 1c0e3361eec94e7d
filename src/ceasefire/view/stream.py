"""A streamed forecast as text and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ceasefire.evidence import whole
from ceasefire.simulate import result as results
from ceasefire.study.stream import stream, told
from ceasefire.view.text import clean, number, percent

NAME, CELL = 46, 32
SUMMARY = "summary.json"


def streamed(scenario: str, folder: Path, *, series: bool, as_json: bool, **asked: Any) -> str:
    """Stream a forecast into a folder, all or nothing, with the series of every war if asked; returns what it says.

    `asked` is what `study.stream.stream` takes. Raises `CeasefireError` with what was asked, what was found and what
    would do.
    """
    with results.whole(folder) as aside:
        result = stream(scenario, series=aside / results.SERIES if series else None, **asked)
        results.save(result, aside, results.STREAM)
        found = told(result)
        whole.write(aside / SUMMARY, to_json(found) + "\n")
    names = (results.STREAM, *([results.SERIES] if series else ()), SUMMARY)
    return to_json(found) if as_json else text(found, [folder / name for name in names])


def to_json(found: dict[str, Any]) -> str:
    """What a streamed forecast says, as JSON."""
    return json.dumps(found, ensure_ascii=False, indent=1)


def text(found: dict[str, Any], files: Sequence[Path] = ()) -> str:
    """One screen: how the fighting ends, and the median and the middle nine tenths of each headline number."""
    at = found["at"]
    head = _line("By", [f"{each['week']} weeks, {each['date']}" for each in at])
    lines = [f"{found['title']} · from {found['opening']}", "", head, "How the fighting first ends, share of wars"]
    lines += [_line(f"  {row['kind'].replace('_', ' ')}", map(percent, row["share"])) for row in found["ended"]]
    if not found["ended"]:
        lines.append("  it ends in none of them")
    lines.append("Median, and nine wars of ten")
    for row in found["outputs"]:
        unit = f", {row['unit']}" if row["unit"] != "1" else ""
        lines.append(_line(f"  {row['meaning']}{unit}", _cells(row)))
    failed = f", {found['failed_runs']:,} of which failed and are left out" if found["failed_runs"] else ""
    lines += ["", f"{found['runs']:,} wars{failed}; seed {found['seed']}; quantiles are right to 3 % of their size."]
    lines += [f"Files: {'  '.join(map(str, files))}"] if files else []
    return "\n".join(clean(line) for line in lines)


def _cells(row: dict[str, Any]) -> Iterator[str]:
    """A number at each horizon: how often, for what happens or not; else the median and its range."""
    if row["is_chance"]:
        yield from map(percent, row["mean"])
        return
    for middle, low, high in zip(row["median"], row["low"], row["high"], strict=True):
        yield f"{number(middle, 4)} ({number(low, 4)} to {number(high, 4)})"


def _line(name: str, cells: Any) -> str:
    shown = name if len(name) <= NAME else name[: NAME - 1] + "…"
    return f"{shown:<{NAME}}" + "".join(f"{cell:>{CELL}}" for cell in cells)
