"""What a week shows: the map, claims of losses and reports that were published in it, and nothing later.

Each Saturday's evidence is the vintage of that day. A claim is the week's increase of the cumulative count; a count
that did not grow, or was not told for both days, is none. A report is of the reference period that its kind
says (`study/monthly.py`): of the week that ends on its day, of the month, or of the day's week. It is taken in the week
in which it is published, even if it is of an earlier time. Passed over, and counted: reports of a time before the
opening, or of a month of which less than half comes after it; revisions of what was told before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ceasefire.evidence.geography import Geography
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario.spec import PERSONNEL, Reported
from ceasefire.scenario.start import Start
from ceasefire.scenario.theatre import inside_share, plane, settled

FloatArray = NDArray[np.float64]
DAY, WEEK = np.timedelta64(1, "D"), np.timedelta64(7, "D")


@dataclass(frozen=True)
class Report:
    """One number that was reported, and the weeks that it is of."""

    entry: Reported
    value: float
    weight: FloatArray
    """[week]: weeks since the opening, to the one in which it was published."""


@dataclass(frozen=True)
class Seen:
    """What became known in one week."""

    day: np.datetime64
    raw: NDArray[np.float32] | None = None
    """[cell]: first side's share as the map shows it; None where no map of the day is known."""
    share: NDArray[np.float32] | None = None
    """[cell]: the same, whole where the front is not near, as a war stands on it."""
    claims: Mapping[tuple[int, str], float] | None = None
    """Claimed losses of the week, by side and claim."""
    reports: tuple[Report, ...] = ()
    passed: int = 0
    """Reports that were passed over."""


class Watch:
    """Reads a store as it stood, week after week, for a war that was opened before."""

    def __init__(self, store: Store, start: Start) -> None:
        self.store, self.start = store, start
        self.first = start.theatre.dates[-1]
        cells = Geography.packaged().cells
        row = {int(cell): k for k, cell in enumerate(cells.cell)}
        self.inside = cells.inside[[row[int(cell)] for cell in start.theatre.cell]]

    def seen(self, number: int) -> Seen:
        """What was published in week `number`, from 1."""
        day = self.first + number * WEEK
        now, before = Vintage(self.store, day), Vintage(self.store, day - WEEK)
        reports, passed = _reports(self.start, before, now, self.first, number)
        raw = self._map(now) if now.latest_control_date == day else None
        return Seen(
            day,
            raw,
            None if raw is None else self._settled(raw),
            dict(_claims(self.start, now, day)),
            reports,
            passed,
        )

    def _map(self, vintage: Vintage) -> NDArray[np.float32]:
        return inside_share(vintage.control(self.start.theatre.cell).share[-1:], self.inside)[0]

    def _settled(self, raw: NDArray[np.float32]) -> NDArray[np.float32]:
        theatre = self.start.theatre
        return settled(raw, plane(theatre.latitude, theatre.longitude), theatre.border)


def levels(vintage: Vintage, name: str) -> dict[np.datetime64, float]:
    """The value of each day of a series, the last that was published; empty where nothing is known of it."""
    if name not in vintage.names():
        return {}
    series = vintage.series(name)
    return dict(zip(series.dates, series.values.tolist(), strict=True))


def _claims(start: Start, now: Vintage, day: np.datetime64) -> Iterator[tuple[tuple[int, str], float]]:
    for side, entry in enumerate(start.scenario.war.sides):
        for claim in (PERSONNEL, *(item.id for item in start.scenario.war.items)) if entry.claims else ():
            told = levels(now, f"{entry.claims}.{claim}")
            change = told.get(day, np.nan) - told.get(day - WEEK, np.nan)
            if change > 0:
                yield (side, claim), float(change)


def _reports(
    start: Start, before: Vintage, now: Vintage, first: np.datetime64, weeks: int
) -> tuple[tuple[Report, ...], int]:
    """Reports that are known now and were not before, and how many are passed over."""
    found, passed = [], 0
    for entry in start.scenario.war.reported:
        over, under = levels(now, entry.series), levels(now, entry.per) if entry.per else {}
        known, base_known = levels(before, entry.series), levels(before, entry.per) if entry.per else {}
        for day in sorted(over.keys()):
            if entry.per and day not in under:
                continue
            old = day in known and (not entry.per or day in base_known)
            if old:
                passed += known[day] != over[day]
                continue
            weight = weights(entry, day, first, weeks)
            value = over[day] / under[day] if entry.per and under[day] > 0 else over[day]
            if weight is None or (entry.per and under[day] <= 0):
                passed += 1
                continue
            found.append(Report(entry, value, weight))
    return tuple(found), int(passed)


def weights(entry: Reported, day: np.datetime64, first: np.datetime64, weeks: int) -> FloatArray | None:
    """How much of each week since the day `first` a report of a day is of, [week]; None where that is before it."""
    week = np.arange(weeks)
    if entry.kind in ("weeks", "day"):
        whole = (day - first) // DAY
        number = -(-int(whole) // 7) - 1
        fits = 0 <= number < weeks and (entry.kind == "day" or whole % 7 == 0)
        return (week == number).astype(float) if fits else None
    month = day.astype("datetime64[M]")
    days = np.arange(month.astype("datetime64[D]"), (month + 1).astype("datetime64[D]"))
    if 2 * (days > first).sum() < len(days):
        return None
    number = np.clip(-(-((days - first) // DAY).astype(int) // 7) - 1, 0, weeks - 1)
    weight = np.bincount(number, minlength=weeks).astype(float)
    return weight / (7 if entry.kind == "total" else weight.sum())
