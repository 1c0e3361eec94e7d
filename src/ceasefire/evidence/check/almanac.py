"""Public events of the war and its diplomacy, and who held which office when.

Both tables are elicited: general knowledge put in own words, with the talks after the wires named in each row. They
end on 2026-01-31. `once` marks what happened one time only, so that another date for it is wrong; of telephone calls
and visits the table names some and not all. Trust B where the day was widely reported, C where one account gives it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from ceasefire.evidence.series import as_day

OPEN = np.datetime64("2026-01-31", "D")
"""Last day of the tables."""


@dataclass(frozen=True)
class Event:
    """One thing that happened on one day."""

    date: np.datetime64
    kind: str
    what: str
    where: tuple[str, ...]
    who: tuple[str, ...]
    once: bool
    figures: tuple[str, ...]
    """Numbers of the event, each with the words for what it counts."""
    source: str
    trust: str
    published: str


@dataclass(frozen=True)
class Office:
    """One office of one person; `until` is None while it is held."""

    person: str
    names: re.Pattern[str]
    rank: str
    body: str
    start: np.datetime64
    until: np.datetime64 | None
    trust: str

    def held_on(self, day: np.datetime64) -> bool:
        """In office on that day."""
        return bool(self.start <= day and (self.until is None or day <= self.until))

    @property
    def says(self) -> str:
        """In words."""
        end = "" if self.until is None else f" until {self.until}"
        return f"{self.person}: {self.rank}, {self.body}, from {self.start}{end}"


@cache
def events() -> tuple[Event, ...]:
    """The packaged events, by date."""
    return tuple(
        Event(
            as_day(row["date"]),
            row["kind"],
            row["what"],
            _list(row["where"]),
            _list(row["who"]),
            row["once"] == "yes",
            _list(row["figures"]),
            row["source"],
            row["trust"],
            row["published"],
        )
        for row in _rows("events.csv")
    )


@cache
def offices() -> tuple[Office, ...]:
    """The packaged offices."""
    rows = _rows("offices.csv")
    people: dict[str, set[str]] = {}
    for row in rows:
        people.setdefault(row["person"].split()[-1].casefold(), set()).add(row["person"])
    return tuple(
        Office(
            row["person"],
            _names(row, alone=len(people[row["person"].split()[-1].casefold()]) == 1),
            row["rank"],
            row["body"],
            as_day(row["from"]),
            as_day(row["to"]) if row["to"] else None,
            row["trust"],
        )
        for row in rows
    )


def _names(row: Mapping[str, str], *, alone: bool) -> re.Pattern[str]:
    """Full names and spellings; the surname too where nobody else in the table has it and it is no common word."""
    names = [row["person"], *_list(row["also"])]
    surname = row["person"].split()[-1]
    if alone and len(surname) >= 4 and surname not in _COMMON:
        names.append(surname)
    return re.compile(rf"\b(?:{'|'.join(re.escape(name) for name in names)})\b")


_COMMON = frozenset({"Brown", "Johnson", "Costa", "Burns", "Graham", "Powell", "Pavel", "Silva", "Austin", "Yi", "Un"})


def _list(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split("|") if part)


def _rows(name: str) -> list[dict[str, str]]:
    with resources.files("ceasefire.evidence").joinpath("data", name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))
