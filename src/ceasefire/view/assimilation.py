"""What came of taking in evidence week by week: a screen of text, a figure, the numbers as JSON."""

from __future__ import annotations

import datetime as dt
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ceasefire.study.assimilation.assimilate import ASSIMILATED, MEMBERS, Assimilated, AssimilationError, Row
from ceasefire.study.assimilation.score import LEVELS
from ceasefire.study.summary import Series
from ceasefire.view import chart
from ceasefire.view.text import number

FAMILIES = (
    ("area_total", "Area, whole front, km²"),
    ("area_", "Area, all and by axis, km²"),
    ("loss_", "Claimed losses"),
)
"""How targets begin, and what they are of."""
SHOWN = (
    ("area_total", "Ground won and lost in the week", "km²"),
    ("loss_personnel", "Losses of the first side as claimed in the week", "persons"),
)
"""Targets of the figure."""
WIDTH, HEIGHT = 460, 260
FILES = ("assimilation.json", "assimilation.svg")
NOTE = (
    "Each forecast is a week ahead, from what was published by the Saturday before. CRPS: mean, in the unit of the "
    "target, less is better; log: mean of −ln density. In 90 %: how often the 5 to 95 % band held what came."
)


def screen(found: Assimilated) -> str:
    """Week by week, then the scores."""
    return "\n".join([_head(found), "", *_weeks(found), "", *_scores(found), "", NOTE])


def _head(found: Assimilated) -> str:
    opening = found.start.theatre.dates[-1]
    runs = found.standing.runs
    return f"{found.start.scenario.war.title}: {runs} wars from {opening}, evidence taken in to {found.until}."


def _weeks(found: Assimilated) -> Iterator[str]:
    head = f"{'week to':<11}{'seen':>5}{'moved':>6}{'runs':>6} "
    yield f"{head} {'area: said before':>22}{'came':>7}   personnel: said, came"
    total, people = (_by_day(found.rows, target) for target, _, _ in SHOWN)
    for day, step in found.steps:
        mark = "*" if step.resampled else " "
        area, losses = (_told(rows.get(day)) for rows in (total, people))
        left = f"{day:<11}{step.observations:>5}{step.reached:>6}{step.effective:>6.0f}{mark}"
        yield f"{left} {area[0]:>22}{area[1]:>7}   {losses[0]}, {losses[1]}"
    yield "seen: observations; moved: states; runs: effective number after weighing, * resampled; said: median (5–95 %)"


def _by_day(rows: Sequence[Row], target: str) -> dict[str, Row]:
    return {row.day: row for row in rows if row.target == target}


def _told(row: Row | None) -> tuple[str, str]:
    if row is None:
        return "–", "–"
    low, mid, high = (number(row.by[ASSIMILATED].points[k]) for k in (0, 2, 4))
    return f"{mid} ({low} – {high})", number(row.observed)


def _scores(found: Assimilated) -> Iterator[str]:
    yield f"{'':<30}" + "".join(f"{member:>26}" for member in MEMBERS)
    yield f"{'':<30}" + f"{'CRPS':>10}{'log':>7}{'in 90 %':>9}" * len(MEMBERS)
    for family, title in FAMILIES:
        cells = ""
        for member in MEMBERS:
            crps, log = found.mean(family, member)
            inside = np.abs(found.transforms(family, member) - 0.5) < 0.45
            share = f"{100 * inside.mean():.0f} %" if len(inside) else "–"
            cells += f"{number(crps):>10}{number(log):>7}{share:>9}"
        yield f"{title:<30}{cells}"


def figure(found: Assimilated) -> str:
    """Forecasts a week ahead as bands, what came as circles: ground, and losses as claimed."""
    panels = [panel for target in SHOWN if (panel := _panel(found, *target))]
    body = [panel.replace("<svg ", f'<svg x="{k * WIDTH}" y="0" ', 1) for k, panel in enumerate(panels)]
    title = "Forecasts a week ahead, and what came"
    return chart.picture(max(len(panels), 1) * WIDTH, HEIGHT, title, _head(found), body)


def _panel(found: Assimilated, target: str, title: str, unit: str) -> str:
    rows = [row for row in found.rows if row.target == target]
    if not rows:
        return ""
    dates = [dt.date.fromisoformat(row.day) for row in rows]
    q05, q25, q50, q75, q95 = zip(*(row.by[ASSIMILATED].points for row in rows), strict=True)
    series = Series(measure=target, label=title, unit=unit, q05=q05, q25=q25, q50=q50, q75=q75, q95=q95)
    values = [row.observed for row in rows]
    low, high = chart.limits([series], zero=target.startswith("area"))
    air = 0.04 * (max(*values, high) - min(*values, low))
    within = min(low, min(values) - air), max(high, max(values) + air)
    return chart.fan(
        dates,
        series,
        title=title,
        description=f"{title}: bands forecast a week ahead for {len(rows)} weeks, circles what came.",
        unit=f"{unit}; median, 25–75 and 5–95 % forecast a week ahead; circles: what came",
        colour=chart.FIRST,
        observed=list(zip(dates, values, strict=True)),
        within=within,
        size=(WIDTH, HEIGHT),
    )


def told(found: Assimilated) -> dict[str, object]:
    """Every number as plain data."""
    return {
        "scenario": found.start.scenario.id,
        "since": str(found.start.theatre.dates[-1]),
        "until": found.until,
        "runs": found.standing.runs,
        "seed": found.seed,
        "evidence_hash": found.vintage.hash,
        "levels": LEVELS,
        "weeks": [{"day": day, **vars(step)} for day, step in found.steps],
        "rows": [
            {
                "day": row.day,
                "target": row.target,
                "observed": row.observed,
                "by": {member: one._asdict() for member, one in row.by.items()},
            }
            for row in found.rows
        ],
    }


def to_json(found: Assimilated) -> str:
    """Every number as JSON."""
    return json.dumps(told(found), ensure_ascii=False, indent=1)


def write(found: Assimilated, folder: str | Path) -> tuple[Path, ...]:
    """Write the numbers and the figure into a folder, each aside and then renamed.

    Raises `AssimilationError` where that cannot be done.
    """
    folder = Path(folder)
    texts = (to_json(found) + "\n", chart.standalone(figure(found)))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return tuple(_written(folder / name, text) for name, text in zip(FILES, texts, strict=True))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise AssimilationError(f"cannot write into {folder}: {why}; name another folder with --out") from None


def _written(path: Path, text: str) -> Path:
    handle, aside = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(aside).chmod(0o644)
        os.replace(aside, path)
    finally:
        Path(aside).unlink(missing_ok=True)
    return path
