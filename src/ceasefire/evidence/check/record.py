"""What a claim is checked against: every dated series and map, the land, and the day on which the text came out.

Nothing is hidden by date here, unlike in a `Vintage`: a claim is judged as of the day that it speaks of, by the best
record of that day, and whatever was published after the text is marked `later`. Where neither the claim nor the caller
says when the text came out, the last day that the claim speaks of stands for it.
"""

from __future__ import annotations

import calendar
import dataclasses
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from ceasefire.evidence.claim import Claim, Finding
from ceasefire.evidence.error import EvidenceError
from ceasefire.evidence.gazetteer import Gazetteer
from ceasefire.evidence.geography import Geography
from ceasefire.evidence.series import Day, Observation, Series, as_day
from ceasefire.evidence.store import Store

Interval = tuple[np.datetime64, np.datetime64]
"""First and last day, both included."""


@dataclass(frozen=True, eq=False)
class Record:
    """The evidence of all dates, as one text is checked against it."""

    store: Store
    gazetteer: Gazetteer
    geography: Geography
    published: np.datetime64 | None = None
    """Day on which the text came out."""
    claims: tuple[Claim, ...] = ()
    """The claims of the same text, for arithmetic within it."""
    order: dict[str, int] = field(default_factory=dict, repr=False)
    """Identifier of a claim → its place among `claims`."""
    shelf: dict[Any, Any] = field(default_factory=dict, repr=False)
    """What was worked out once and serves every text: shared by the records of one store."""

    @staticmethod
    def open(store: Store | None = None, published: Day | None = None) -> Record:
        """The packaged evidence, or that of a store. Raises `EvidenceError` where `published` is no date."""
        return Record(
            store=Store.open() if store is None else store,
            gazetteer=Gazetteer.packaged(),
            geography=Geography.packaged(),
            published=None if published is None else as_day(published),
        )

    def of_text(self, published: Day | None, claims: Sequence[Claim] = ()) -> Record:
        """The same evidence for another text."""
        day = None if published is None else as_day(published)
        inline = sorted(claims, key=lambda claim: -1 if claim.start is None else claim.start)
        order = {claim.id: place for place, claim in enumerate(inline)}
        return dataclasses.replace(self, published=day, claims=tuple(inline), order=order)

    def before(self, claim: Claim, most: int, reach: int) -> tuple[Claim, ...]:
        """The claims just before this one in its text, nearest first: at most so many, within so many characters."""
        place, start = self.order.get(claim.id), claim.start
        if place is None:
            return ()
        found: list[Claim] = []
        for other in reversed(self.claims[max(0, place - 2 * most) : place]):
            if start is not None and other.start is not None and start - other.start > reach:
                break
            if other.dup_of is None and other.span != claim.span and len(found) < most:
                found.append(other)
        return tuple(found)

    def names(self) -> tuple[str, ...]:
        """Names of all series, sorted."""
        return tuple(sorted(self._rows()))

    def series(self, name: str) -> Series | None:
        """A series whole, whenever published; None where there is none of that name."""
        key = ("series", name)
        if key not in self.shelf:
            rows = self._rows().get(name)
            self.shelf[key] = Series.of(rows) if rows else None
        found: Series | None = self.shelf[key]
        return found

    def _rows(self) -> dict[str, list[Observation]]:
        if "rows" not in self.shelf:
            rows: dict[str, list[Observation]] = {}
            for row in self.store.observations:
                rows.setdefault(row.name, []).append(row)
            self.shelf["rows"] = rows
        found: dict[str, list[Observation]] = self.shelf["rows"]
        return found

    def told_on(self, claim: Claim) -> np.datetime64 | None:
        """Day on which the claim was made: as the claim says, else as the text, else the last day it speaks of."""
        own = interval(claim.published)
        if own is not None:
            return own[1]
        if self.published is not None:
            return self.published
        stated = interval(claim.as_of)
        return None if stated is None else stated[1]

    def window(self, claim: Claim) -> Interval | None:
        """Days that the claim speaks of; the day it was made where it is undated; None where neither is known."""
        stated = interval(claim.as_of)
        if stated is not None:
            return stated
        told = self.told_on(claim)
        return None if told is None else (told, told)

    def visible(self, claim: Claim, published: Day) -> bool:
        """What was published then could be read by whoever made the claim; True where it is not known when."""
        told = self.told_on(claim)
        return told is None or bool(as_day(published) <= told)

    def finding(self, claim: Claim, series: Series, index: int, says: str) -> Finding:
        """One row of a series as a finding on a claim."""
        published = str(series.published[index])
        return Finding(
            source=str(series.source[index]),
            name=series.name,
            says=says,
            value=float(series.values[index]),
            unit=series.unit,
            date=str(series.dates[index]),
            published=published,
            trust=str(series.trust[index]),
            later=not self.visible(claim, published),
        )


@lru_cache(maxsize=4096)
def interval(as_of: str | None) -> Interval | None:
    """Days of an ISO date, month, year or interval a/b; None for `undated` and for what no calendar holds."""
    if as_of is None or as_of == "undated":
        return None
    first, _, last = as_of.partition("/")
    try:
        start, end = _days(first)[0], _days(last or first)[1]
    except (ValueError, EvidenceError):
        return None
    return (start, end) if start <= end else None


def _days(text: str) -> Interval:
    parts = [int(part) for part in text.split("-")]
    year, month = parts[0], parts[1] if len(parts) > 1 else None
    if len(parts) == 3:
        day = dt.date(*parts)
        return np.datetime64(day, "D"), np.datetime64(day, "D")
    last = calendar.monthrange(year, month or 12)[1]
    return np.datetime64(dt.date(year, month or 1, 1), "D"), np.datetime64(dt.date(year, month or 12, last), "D")


WITHIN = 0.05
"""Relative error up to which a figure is confirmed."""
NEAR = 0.25
"""Relative error up to which a figure is imprecise; beyond, it is contradicted."""


HEDGE = 0.10
"""Half width that `about` or a common fraction is given where the claim states no band, relative (elicited)."""


def bounds(claim: Claim) -> tuple[float, float] | None:
    """What the claim states, as a band: a floor or a ceiling is open on one side; None where it states no number.

    A bare `about 20` is 18 to 22.
    """
    ends = [value for value in (claim.value_low, claim.value, claim.value_high) if value is not None]
    if not ends:
        return None
    low, high = min(ends), max(ends)
    if claim.qualifier == "at_least":
        return low, float("inf")
    if claim.qualifier == "less_than":
        return float("-inf"), high
    if claim.qualifier in ("about", "fraction") and low == high:
        return low - HEDGE * abs(low), high + HEDGE * abs(high)
    return low, high


def miss(claim: Claim, found: float) -> float | None:
    """Relative error of what is stated against what was found: 0 inside the stated band; None without a number.

    Outside the band it is that of the stated figure itself; of a floor or a ceiling, how far the found lies beyond.
    """
    stated = bounds(claim)
    if stated is None:
        return None
    low, high = stated
    outside = max(low - found, found - high, 0.0)
    if outside and claim.value is not None and claim.qualifier not in ("at_least", "less_than"):
        outside = abs(claim.value - found)
    return outside / abs(found) if found else (0.0 if outside == 0 else float("inf"))


def grade(claim: Claim, found: float) -> str:
    """`confirmed`, `imprecise` or `contradicted` by the error of the stated figure; `unverified` without a number."""
    error = miss(claim, found)
    if error is None:
        return "unverified"
    return "confirmed" if error <= WITHIN else "imprecise" if error <= NEAR else "contradicted"
