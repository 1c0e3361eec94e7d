"""A sweep as text, as a figure and as a folder of files."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ceasefire.evidence import whole
from ceasefire.study.design import FACTOR, GRID, PlanError
from ceasefire.study.measure import Output
from ceasefire.study.sweep import IS, Sweep, to_csv, to_json
from ceasefire.view.chart import FIRST, INK, QUIET, RULE, picture, standalone, tag, ticks, words
from ceasefire.view.text import clean, number
from ceasefire.view.whatif import short

JSON, CSV, SVG = "sweep.json", "points.csv", "sweep.svg"
NAME, CELL, ACROSS = 36, 20, 4
"""Widths of a name and of a cell, and how many outputs stand side by side."""
MOST_ROWS = 40
SAME = "–"
UNITS = {"1": "probability", "km2": "km²"}


# ----------------------------------------------------------------------------------------------------------------- text


def text(found: Sweep) -> str:
    """The sweep for a terminal, at the last horizon."""
    plan, week = found.plan, found.horizons[-1]
    lines = [
        clean(f"{plan.title}: {found.war}, from {found.opening}"),
        f"{len(found.mean):,} points × {plan.runs:,} wars × {plan.weeks} weeks; {_made(found)}",
        "",
    ]
    if found.effects is not None:
        lines += _sobol(found, week)
    elif plan.method == GRID:
        lines += _grid(found, week)
    else:
        lines += [f"Difference from the war as it is, ± half the 95 % interval, week {week}"]
        lines += _panels(found, found.design.titles, lambda point, row: _difference(found, point, row))
    failed = sum(found.failed)
    if failed:
        lines.append(f"{failed:,} wars did not stay finite and were left out.")
    return "\n".join([*lines, "", IS, found.expectation])


def _made(found: Sweep) -> str:
    return f"seed {found.plan.seed}; ceasefire {found.version}"


def _sobol(found: Sweep, week: int) -> Iterator[str]:
    effects = found.effects
    assert effects is not None
    yield f"Total effects, week {week}: share of the variance that an input has a part in, ± half the 95 % interval"
    names = found.design.names
    yield from _panels(found, names, lambda k, row: _part(effects.total[k, row, -1], effects.total_half[k, row, -1]))
    yield ""
    yield "First effects: what of it the input explains alone"
    yield from _panels(found, names, lambda k, row: _part(effects.first[k, row, -1], effects.first_half[k, row, -1]))
    yield ""
    yield "Of each total effect, what so few wars leave to chance; more runs make it smaller"
    yield from _panels(
        found,
        (*names, "variance over all points"),
        lambda k, row: _share(effects.noise[k, row, -1] if k < len(names) else effects.noise_all[row, -1]),
    )
    yield ""
    yield "Range over the points"
    labels = ("least", "mean", "greatest", "standard deviation")
    told = np.stack([of(found.mean[..., -1], axis=0) for of in (np.min, np.mean, np.max, np.std)])
    yield from _panels(found, labels, lambda k, row: number(float(told[k, row]), 5))
    if np.isnan(effects.total).any():
        yield f"{SAME} where an output is the same at all points, so that nothing has an effect on it."


def _grid(found: Sweep, week: int) -> Iterator[str]:
    points = [_inputs(found, point) for point in range(len(found.mean))]
    yield f"Difference from the war as it is, ± half the 95 % interval, week {week}"
    yield from _panels(found, points[:MOST_ROWS], lambda point, row: _difference(found, point, row))
    if len(points) > MOST_ROWS:
        yield f"and {len(points) - MOST_ROWS:,} more points in {CSV}"
    for name, main in zip(found.design.names, found.main, strict=True):
        yield ""
        yield clean(f"Main effect of {name}: mean at each of its levels, and its share of the variance over points")
        labels = [*(number(level, 4) for level in main.levels), "share of variance"]
        yield from _panels(
            found,
            labels,
            lambda k, row, main=main: (  # type: ignore[misc]
                number(float(main.mean[k, row, -1]), 5) if k < len(main.levels) else _share(main.share[row, -1])
            ),
        )


def _panels(found: Sweep, labels: Sequence[str], cell: Callable[[int, int], str]) -> Iterator[str]:
    """A table of rows by outputs, a few outputs side by side."""
    outputs = found.outputs
    for first in range(0, len(outputs), ACROSS):
        rows = range(first, min(first + ACROSS, len(outputs)))
        yield f"{'':{NAME}}" + "".join(f"{_cut(outputs[row].key, CELL - 1):>{CELL}}" for row in rows)
        for k, label in enumerate(labels):
            yield f"{_cut(clean(label), NAME - 1):{NAME}}" + "".join(f"{cell(k, row):>{CELL}}" for row in rows)


def _inputs(found: Sweep, point: int) -> str:
    """The inputs of a point in a few words: factors with their sign."""
    signs = ["×" if one.kind == FACTOR else "" for one in found.plan.vary]
    return ", ".join(f"{sign}{value:g}" for sign, value in zip(signs, found.design.inputs[point], strict=True))


def _difference(found: Sweep, point: int, row: int) -> str:
    return short(found.against[point].effect(row, found.horizons[-1]))


def _part(value: float, half: float) -> str:
    return SAME if math.isnan(value) else f"{_share(value)} ±{_share(half)}"


def _share(value: float) -> str:
    return SAME if math.isnan(value) else f"{value:.2f}".replace("-", "−")


def _cut(name: str, longest: int) -> str:
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


# --------------------------------------------------------------------------------------------------------------- figure


class Bar(NamedTuple):
    """One bar of a panel, with its interval."""

    label: str
    value: float
    half: float


WIDE, ROOM, STEP = 440.0, 190.0, 17.0
"""Width of a panel, room for names in it, height of a bar."""
MOST_BARS = 20


def figure(found: Sweep) -> str:
    """Total effects, main effects' shares or differences at the last horizon, a panel for each output, as SVG."""
    panels = [(output, _bars(found, row)[:MOST_BARS]) for row, output in enumerate(found.outputs)]
    height = 54 + STEP * max(len(bars) for _, bars in panels)
    what = {"sobol": "Total effects", "grid": "Main effects, share of the variance over points"}.get(
        found.plan.method, "Difference from the war as it is"
    )
    said = f"{what}, week {found.horizons[-1]}; {len(found.mean):,} points × {found.plan.runs:,} wars"
    interval = "" if found.plan.method == GRID else "; lines: 95 % interval"
    body = [words(16, 24, clean(found.plan.title), font_size=16, font_weight="bold")]
    body.append(words(16, 44, f"{said}{interval}", fill=QUIET))
    for place, (output, bars) in enumerate(panels):
        body += _panel(output, bars, 16 + WIDE * (place % 2), 60 + height * (place // 2), found.plan.method)
    bottom = 60 + height * -(-len(panels) // 2)
    told = "; ".join(
        f"{output.meaning}: " + ", ".join(f"{bar.label} {number(bar.value)}" for bar in bars) for output, bars in panels
    )
    return standalone(picture(16 + 2 * WIDE, bottom, clean(found.plan.title), clean(f"{said}. {told}"), body))


def _bars(found: Sweep, row: int) -> list[Bar]:
    """What a panel shows of an output."""
    names = found.design.names
    if found.effects is not None:
        total, half = found.effects.total[:, row, -1].tolist(), found.effects.total_half[:, row, -1].tolist()
        return [Bar(*each) for each in zip(names, total, half, strict=True)]
    if found.main:
        return [Bar(name, float(main.share[row, -1]), 0.0) for name, main in zip(names, found.main, strict=True)]
    effects = [compared.effect(row, found.horizons[-1]) for compared in found.against]
    return [
        Bar(title, effect.difference, (effect.high - effect.low) / 2)
        for title, effect in zip(found.design.titles, effects, strict=True)
    ]


def _panel(output: Output, bars: Sequence[Bar], left: float, top: float, method: str) -> Iterator[str]:
    unit = "" if method in ("sobol", "grid") else f", {UNITS.get(output.unit, output.unit)}"
    yield words(left, top + 12, clean(f"{output.meaning}{unit}"), font_weight="bold", font_size=11.5)
    if any(math.isnan(bar.value) for bar in bars):
        yield words(left, top + 30, "the same at all points", font_size=11, fill=QUIET)
        return
    low = min(0.0, *(bar.value - bar.half for bar in bars))
    high = max(0.0, *(bar.value + bar.half for bar in bars)) or 1.0
    begin, end = left + ROOM, left + WIDE - 30

    def x(value: float) -> float:
        return begin + (end - begin) * (value - low) / (high - low)

    bottom = top + 22 + STEP * len(bars)
    for value in ticks(low, high, 4):
        colour = INK if value == 0 else RULE
        yield tag("path", d=f"M{x(value):.1f} {top + 20:.1f}V{bottom:.1f}", stroke=colour, stroke_width=0.8)
        yield words(x(value), bottom + 12, number(value), text_anchor="middle", font_size=10, fill=QUIET)
    for k, bar in enumerate(bars):
        y = top + 30 + STEP * k
        yield words(begin - 6, y + 4, clean(_cut(bar.label, 32)), text_anchor="end", font_size=10.5)
        first, last = sorted((x(0.0), x(bar.value)))
        yield tag("rect", x=first, y=y - 5, width=last - first, height=10.0, fill=FIRST, fill_opacity=0.75)
        ends = f"M{x(bar.value - bar.half):.1f} {y:.1f}H{x(bar.value + bar.half):.1f}"
        yield tag("path", d=ends, stroke=INK, stroke_width=1.2)


# ---------------------------------------------------------------------------------------------------------------- files


def check_folder(folder: Path) -> None:
    """Raise `PlanError` where the files could not be written, before anything is fought for them."""
    if not folder.name or "\0" in str(folder) or (folder.exists() and not folder.is_dir()):
        raise PlanError(f"{clean(str(folder))!r} is no folder for a sweep; name another with --out")
    try:
        names = [path.name for path in folder.iterdir()] if folder.exists() else []
        nearest = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError as error:
        raise PlanError(f"cannot write {folder}: {error.strerror or error}; name another with --out") from None
    other = next((name for name in sorted(names) if name not in (JSON, CSV, SVG)), None)
    if other is not None:
        raise PlanError(f"{folder} holds something else ({clean(other)[:40]}); name another with --out")


def write(found: Sweep, folder: str | Path) -> tuple[Path, ...]:
    """Write sweep.json, points.csv and sweep.svg into a folder that holds nothing else.

    sweep.json is there only if the others are of the same sweep. Raises `PlanError` where that cannot be done.
    """
    target = Path(folder)
    check_folder(target)
    content = {CSV: to_csv(found), SVG: figure(found), JSON: to_json(found) + "\n"}
    try:
        (target / JSON).unlink(missing_ok=True)
        for name, told in content.items():
            whole.write(target / name, told)
    except OSError as error:
        raise PlanError(f"cannot write {target}: {error.strerror or error}") from None
    return tuple(target / name for name in (JSON, CSV, SVG))
