"""A claim: who says what, how much, where, when and how sure; and what the record says to it.

One claim is one line of JSON. Values are in the units of `UNITS`, spans are verbatim, offsets count characters of the
text that the claim was found in. A claim says nothing of whether it is true: that is its `Verdict`.
"""

from __future__ import annotations

import calendar
import dataclasses
import datetime as dt
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ceasefire.evidence.error import EvidenceError, suggestion

QUALIFIERS = ("exact", "about", "at_least", "less_than", "fraction", "none")
SIDES = ("UA", "RU", "US", "EU", "UK", "neutral", "author")
"""Whose account it is; `author` where the text speaks for itself."""
HEDGES = ("asserted", "reported", "alleged", "unconfirmed", "opinion", "forecast")
KINDS = ("event", "stock", "flow", "rate", "location", "intention", "forecast", "causal")
SYSTEMS = (
    "battle",
    "geography",
    "logistics",
    "drones_air",
    "strikes_ad",
    "grid",
    "production",
    "oil",
    "allies",
    "opinion",
    "negotiation",
    "claims",
)
VERDICTS = (
    "confirmed",
    "imprecise",
    "contradicted",
    "conflated",
    "contested",
    "unsupported",
    "unverified",
    "not_checked",
)
UNITS = (
    "km",
    "km2",
    "persons",
    "count",
    "USD",
    "GW",
    "percent",
    "percent of GDP",
    "h",
    "day",
    "month",
    "year",
    "deg",
    "C",
    "date",
    "boolean",
)
"""Units of a value; `km`, `km2`, `persons`, `count`, `USD` also per day, week, month or year (`km2/day`, `USD/yr`)."""
RATES = ("day", "week", "month", "yr")
ADMIRALTY = re.compile(r"[A-F][1-6]")
"""Reliability of the source A to F, credibility of the information 1 to 6."""
AS_OF = re.compile(r"undated|\d{4}(-\d\d(-\d\d)?)?(/\d{4}(-\d\d(-\d\d)?)?)?", re.ASCII)

MAX_LINES = 100_000
MAX_LINE = 64 * 1024
"""Most claims in a file, and most bytes in one."""
MAX_TEXT = 4_000
"""Most characters in any text of a claim."""


@dataclass(frozen=True)
class Claim:
    """One statement in a text."""

    id: str
    doc: str
    """Name of the text."""
    span: str
    """The words that say it, verbatim."""
    subject: str
    quantity: str
    """What is stated of the subject, lower case, joined by underscores: `town_control`, `aid_package_value`."""
    start: int | None = None
    end: int | None = None
    value: float | None = None
    value_low: float | None = None
    value_high: float | None = None
    value_text: str | None = None
    """What is stated, where a number cannot say it."""
    unit: str | None = None
    qualifier: str = "none"
    places: tuple[str, ...] = ()
    """Names as in the gazetteer, or of larger regions."""
    as_of: str = "undated"
    """ISO date, month or year, interval a/b, or `undated`: when what is stated holds or held."""
    attributed_to: str = "author"
    """Who is said to say it, as named in the text."""
    source_side: str = "author"
    hedge: str = "asserted"
    admiralty_code: str = "C3"
    kind: str = "event"
    system: str = "claims"
    deal_element: str | None = None
    """Issue of a negotiation that it bears on."""
    dup_of: str | None = None
    """Identifier of the claim that this one repeats: a pull quote, a copy."""
    derived: bool = False
    """Presupposed by the words, not stated."""
    negated: bool = False
    published: str | None = None
    """Day on which the text was published, ISO."""
    sentence: str | None = None
    """The sentence around the span: scope, question, period."""
    note: str = ""

    def __post_init__(self) -> None:
        """Raises `EvidenceError` where a field cannot be what it says."""
        for problem in _problems(self):
            raise EvidenceError(f"claim {self.id!r}: {problem}")

    def told(self) -> dict[str, Any]:
        """The claim as plain values, in the order of its fields."""
        return {**dataclasses.asdict(self), "places": list(self.places)}


@dataclass(frozen=True)
class Finding:
    """One thing on record that bears on a claim."""

    source: str
    """Key of the source: `deepstatemap`, `polls`; `text` for arithmetic within the article."""
    name: str
    """Series, map, place or rule that was consulted."""
    says: str
    """What it says, in words and figures."""
    value: float | None = None
    unit: str | None = None
    date: str | None = None
    """Event date."""
    published: str | None = None
    """Day on which it could first be read."""
    trust: str = "A"
    later: bool = False
    """Published after the article."""


@dataclass(frozen=True)
class Verdict:
    """What the record says to a claim."""

    claim: str
    verdict: str
    reason: str
    """One sentence for the reader."""
    computation: str = ""
    """How it was worked out."""
    record: tuple[Finding, ...] = field(default_factory=tuple)

    @property
    def checkable(self) -> bool:
        """A record bears on the claim."""
        return self.verdict not in ("unverified", "not_checked")

    def told(self) -> dict[str, Any]:
        """The verdict as plain values."""
        return {**dataclasses.asdict(self), "record": [dataclasses.asdict(item) for item in self.record]}


FIELDS = tuple(entry.name for entry in dataclasses.fields(Claim))


def from_row(row: Mapping[str, Any]) -> Claim:
    """A claim from plain values; unknown fields are left out. Raises `EvidenceError` where one cannot be used."""
    missing = [name for name in ("id", "doc", "span", "subject", "quantity") if not isinstance(row.get(name), str)]
    if missing:
        raise EvidenceError(f"a claim needs text for {', '.join(missing)}; found {str(sorted(map(str, row)))[:120]}")
    kept = {name: row[name] for name in FIELDS if row.get(name) is not None}
    if "places" in kept:
        if not isinstance(kept["places"], list | tuple):
            raise EvidenceError(f"claim {row['id']!r}: places must be a list of names")
        kept["places"] = tuple(kept["places"])
    return Claim(**kept)


def read(path: Path | str) -> list[Claim]:
    """Claims from JSON Lines. Raises `EvidenceError` with the line where one cannot be read."""
    return [from_row(row) for row in rows(path)]


def rows(path: Path | str) -> Iterator[dict[str, Any]]:
    """Objects of a JSON Lines file. Raises `EvidenceError` where it is missing, too large or no such file."""
    try:
        with open(path, "rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(MAX_LINE + 1), b""), 1):
                if number > MAX_LINES or len(line) > MAX_LINE:
                    raise EvidenceError(f"{path} is too large: at most {MAX_LINES:,} lines of {MAX_LINE:,} bytes")
                if line.strip():
                    yield _object(path, number, line)
    except OSError as error:
        raise EvidenceError(
            f"cannot read {path} ({error.strerror}); name a file of claims, one JSON object a line"
        ) from error


def write(items: Iterable[Mapping[str, Any]], path: Path | str) -> None:
    """Write objects as JSON Lines, aside and then renamed. Raises `EvidenceError` where that fails."""
    write_lines((json.dumps(item, ensure_ascii=False, allow_nan=False) + "\n" for item in items), path)


def write_lines(lines: Iterable[str], path: Path | str) -> None:
    """Write text in UTF-8, ends of lines as given, aside and then renamed. Raises `EvidenceError` where that fails."""
    target = Path(path)
    if os.path.exists(target) and not os.path.isfile(target):
        raise EvidenceError(f"{target} is no ordinary file; name another to write")
    aside: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(
            "w", dir=target.parent, prefix=".", encoding="utf-8", newline="", delete=False
        ) as file:
            aside = Path(file.name)
            file.writelines(lines)
        aside.chmod(0o644)
        os.replace(aside, target)
    except (OSError, UnicodeEncodeError) as error:
        problem = error.strerror if isinstance(error, OSError) else "it holds half a character"
        raise EvidenceError(f"cannot write {target} ({problem})") from error
    finally:
        if aside is not None:
            aside.unlink(missing_ok=True)


def _object(path: Path | str, number: int, line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise EvidenceError(f"{path}, line {number}: no JSON object in UTF-8 ({str(error)[:80]})") from error
    if not isinstance(found, dict):
        raise EvidenceError(f"{path}, line {number}: expected a JSON object, found {type(found).__name__}")
    return found


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number in JSON")


def _problems(claim: Claim) -> Iterator[str]:
    for name in FIELDS:
        found = getattr(claim, name)
        if name in _NUMBERS:
            if found is not None and not (_is_number(found) and abs(found) <= sys.float_info.max):
                yield f"{name} must be a finite number, found {found!r:.60}"
        elif name in _FLAGS:
            if not isinstance(found, bool):
                yield f"{name} must be true or false, found {found!r:.60}"
        elif name == "places":
            if not all(isinstance(place, str) and len(place) <= MAX_TEXT for place in found):
                yield "places must be a list of names"
        elif found is not None and not (isinstance(found, str) and len(found) <= MAX_TEXT):
            yield f"{name} must be text of at most {MAX_TEXT:,} characters, found {found!r:.60}"
    for name, known in _VOCABULARY.items():
        found = getattr(claim, name)
        if isinstance(found, str) and found not in known:
            yield f"{name} {found!r:.40} is none of {', '.join(known)}{suggestion(found, known)}"
    if isinstance(claim.unit, str) and not is_unit(claim.unit):
        yield f"unit {claim.unit!r:.40} is none of {', '.join(UNITS)}, nor one of them per {', '.join(RATES)}"
    if isinstance(claim.admiralty_code, str) and not ADMIRALTY.fullmatch(claim.admiralty_code):
        yield f"admiralty_code {claim.admiralty_code!r:.40} is no letter A to F and digit 1 to 6"
    yield from _date_problems(claim)
    low, high = claim.value_low, claim.value_high
    if _is_number(low) and _is_number(high) and low > high:  # type: ignore[operator]
        yield f"value_low {low:g} is above value_high {high:g}"
    if _is_number(claim.start) and _is_number(claim.end) and not 0 <= claim.start < claim.end:  # type: ignore[operator]
        yield f"a span runs from start to a later end; found {claim.start} to {claim.end}"


def _date_problems(claim: Claim) -> Iterator[str]:
    if isinstance(claim.as_of, str):
        try:
            period(claim.as_of)
        except EvidenceError as error:
            yield f"as_of {error}"
    if isinstance(claim.published, str) and not is_day(claim.published):
        yield f"published {claim.published!r:.40} is no ISO day such as 2025-08-13"


def period(as_of: str) -> tuple[str, str] | None:
    """First and last day of an ISO day, month, year or interval; None where undated.

    Raises `EvidenceError` where it is none of these, or no day of the calendar.
    """
    if as_of == "undated":
        return None
    if not AS_OF.fullmatch(as_of):
        raise EvidenceError(f"{as_of!r:.40} is no ISO day, month or year, interval a/b of two, or undated")
    begin, _, end = as_of.partition("/")
    first, last = _days(begin)[0], _days(end or begin)[1]
    if first > last:
        raise EvidenceError(f"{as_of!r:.40} ends before it begins")
    return first, last


def _days(text: str) -> tuple[str, str]:
    year, *rest = (int(part) for part in text.split("-"))
    months = rest[:1] or [1, 12]
    try:
        days = rest[1:] or [1, calendar.monthrange(year, months[-1])[1]]
        return dt.date(year, months[0], days[0]).isoformat(), dt.date(year, months[-1], days[-1]).isoformat()
    except (ValueError, calendar.IllegalMonthError) as error:
        raise EvidenceError(f"{text!r:.40} is in no calendar") from error


def is_day(text: str) -> bool:
    """An ISO day of the calendar, such as 2025-08-13."""
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def is_unit(unit: str) -> bool:
    """A unit of `UNITS`, or one of them per day, week, month or year."""
    base, _, per = unit.partition("/")
    return base in UNITS and (not per or per in RATES)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_NUMBERS = ("start", "end", "value", "value_low", "value_high")
_FLAGS = ("derived", "negated")
_VOCABULARY = {
    "qualifier": QUALIFIERS,
    "source_side": SIDES,
    "hedge": HEDGES,
    "kind": KINDS,
    "system": SYSTEMS,
}
