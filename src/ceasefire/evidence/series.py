"""Dated observations of one quantity: when it happened, when it was published, who says so, how far to trust it.

Names are dotted, lower case, broad to narrow: `loss_claim.tank`, `area.pokrovsk`, `poll.ua.kiis.…`. An event date is
the END of the interval that the value describes. One date may hold several rows: rival estimates, or revisions.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ceasefire.evidence.error import EvidenceError

Day = str | dt.date | np.datetime64
"""A day as a caller may give it."""
Days = NDArray[np.datetime64]


@dataclass(frozen=True, order=True)
class Observation:
    """One row of evidence."""

    name: str
    date: str
    """Event date, ISO: the end of the interval."""
    published: str
    """ISO date on which the value could first be read."""
    value: float
    unit: str
    source: str
    """Key into `source.SOURCES`."""
    trust: str
    note: str = ""
    """Citation and caveat of the row, where upstream gives one."""


@dataclass(frozen=True, eq=False)
class Series:
    """The observations of one quantity, in order of event, then publication."""

    name: str
    unit: str
    dates: Days
    values: NDArray[np.float64]
    published: Days
    source: NDArray[np.str_]
    trust: NDArray[np.str_]
    note: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.dates)

    @staticmethod
    def of(rows: list[Observation]) -> Series:
        """Gather rows of one name. Raises `EvidenceError` where they differ in name or unit, or there is none."""
        if len({(row.name, row.unit) for row in rows}) != 1:
            found = sorted({f"{row.name} [{row.unit}]" for row in rows})
            raise EvidenceError(f"a series has one name and one unit; found {found or 'no row at all'}")
        rows = sorted(rows)
        return Series(
            name=rows[0].name,
            unit=rows[0].unit,
            dates=_frozen(np.array([row.date for row in rows], dtype="datetime64[D]")),
            values=_frozen(np.array([row.value for row in rows], dtype=np.float64)),
            published=_frozen(np.array([row.published for row in rows], dtype="datetime64[D]")),
            source=_frozen(np.array([row.source for row in rows], dtype=np.str_)),
            trust=_frozen(np.array([row.trust for row in rows], dtype=np.str_)),
            note=_frozen(np.array([row.note for row in rows], dtype=np.str_)),
        )

    def latest(self) -> float:
        """Value of the last event; where it has several rows, the last published one.

        Raises `EvidenceError` where the series is empty.
        """
        if not len(self):
            raise EvidenceError(f"{self.name} has no row in this interval")
        return float(self.values[-1])

    def between(self, start: Day, end: Day) -> Series:
        """Rows with event dates from `start` to `end`, both included."""
        return self._take((self.dates >= as_day(start)) & (self.dates <= as_day(end)))

    def trusted(self, letters: str = "ABC") -> Series:
        """Rows whose trust is one of `letters`; D rows are judgement and never fit targets."""
        return self._take(np.isin(self.trust, list(letters)))

    def change(self) -> NDArray[np.float64]:
        """Difference from the row before; NaN for the first. A weekly rate where rows are weekly and cumulative."""
        return np.diff(self.values, prepend=np.nan)

    def _take(self, kept: NDArray[np.bool_]) -> Series:
        columns = (self.dates, self.values, self.published, self.source, self.trust, self.note)
        return Series(self.name, self.unit, *(_frozen(column[kept]) for column in columns))


def as_day(day: Day) -> np.datetime64:
    """A day in whatever form it was given. Raises `EvidenceError` where it is no date."""
    text = day if isinstance(day, str) else str(day)[:10]
    try:
        return np.datetime64(dt.date.fromisoformat(text), "D")
    except ValueError:
        raise EvidenceError(f"{day!r} is not a date; YYYY-MM-DD is needed") from None


def slug(text: str) -> str:
    """Lower-case words joined by underscores: a part of a dotted name."""
    return re.sub(r"[\W_]+", "_", text.lower()).strip("_")


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array
