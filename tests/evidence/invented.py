"""An invented war in upstream files, for tests."""

from __future__ import annotations

import csv
import datetime as dt
import json
from pathlib import Path
from typing import Any

SATURDAYS = ("2025-03-01", "2025-03-08", "2025-03-15", "2025-03-29")
"""Weeks of the invented maps; the map of 2025-03-22 is missing."""


def square(west: float, south: float, east: float, north: float) -> list[list[list[float]]]:
    return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]


def write_map(folder: Path, day: str, *polygons: list[list[list[float]]]) -> Path:
    path = folder / f"deepstatemap_data_{day.replace('-', '')}.geojson"
    geometry = {"type": "MultiPolygon", "coordinates": list(polygons)}
    feature = {"type": "Feature", "properties": {}, "geometry": geometry}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return path


def write_losses(folder: Path, counts: dict[str, int], item: str = "personnel") -> Path:
    path = folder / "russia_losses_personnel.json"
    path.write_text(json.dumps([{"date": day, item: count} for day, count in counts.items()]))
    return path


def daily(start: str, days: int, first: int = 1000, step: int = 100) -> dict[str, int]:
    begin = dt.date.fromisoformat(start)
    return {(begin + dt.timedelta(days=n)).isoformat(): first + step * n for n in range(days)}


def write_table(folder: Path, name: str, rows: list[dict[str, Any]]) -> Path:
    path = folder / name
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def strike(day: str, model: str, launched: Any, destroyed: Any, missed: Any = "") -> dict[str, Any]:
    return {
        "time_end": day,
        "model": model,
        "launched": launched,
        "destroyed": destroyed,
        "not_reach_goal": missed,
    }


def write_upstream(folder: Path) -> Path:
    """A small war of our own invention: a square that grows eastwards, and a few counts."""
    folder.mkdir(parents=True, exist_ok=True)
    for step, day in enumerate(SATURDAYS):
        write_map(folder, day, square(37.0, 48.2, 37.3 + 0.05 * step, 48.4))
    write_losses(folder, daily("2025-02-24", 40))
    strikes = [strike("2025-02-22", "Iskander-M", 1, 0)]
    strikes += [strike(day, "Shahed-136/131", 10, 6, 2) for day in daily("2025-02-23", 42)]
    write_table(folder, "missile_attacks_daily.csv", strikes)
    return folder
