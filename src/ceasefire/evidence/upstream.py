"""Readers for the public files that the evidence is built from: pure parsing, with every refusal explained.

Each known file has one reader that returns rows. An unreadable file, a missing column, a value that is no number, a
date out of range, or a broken polygon raises `EvidenceError` naming file and row. A gap, a negative correction, or a
bound given in place of a value is a warning: what is missing stays missing. Nothing is repaired, nothing executed.
"""

from __future__ import annotations

import calendar
import csv
import datetime as dt
import hashlib
import io
import itertools
import json
import math
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import shapely

from ceasefire.evidence.error import EvidenceError
from ceasefire.evidence.series import Observation, slug
from ceasefire.evidence.source import SOURCES

MAX_BYTES = 64 * 2**20
MAX_FILES = 10_000
MAX_VERTICES = 2_000_000
MAX_VALUE = 1e15
YEARS = range(1991, 2101)
SATURDAY = 5
TRUST = frozenset("ABCD")


@dataclass(frozen=True)
class File:
    """One file as it was found."""

    name: str
    """Path relative to the folder, with forward slashes."""
    content: bytes
    sha256: str


@dataclass
class Upstream:
    """Everything read from one folder."""

    observations: list[Observation] = field(default_factory=list)
    polygons: dict[str, Any] = field(default_factory=dict)
    """Saturday (ISO) → occupied polygon, longitude and latitude."""
    files: dict[str, dict[str, str]] = field(default_factory=dict)
    """File name → sha256 and source key, for each file read."""
    warnings: list[str] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)


# Fields


@dataclass(frozen=True)
class Row:
    """One record of a file, for messages that name where it stands."""

    file: str
    number: int
    fields: Mapping[str, Any]

    def refuse(self, problem: str) -> EvidenceError:
        """An error about this row."""
        return EvidenceError(f"{self.file}, row {self.number}: {problem}")

    def text(self, column: str) -> str:
        """Text of a column, stripped; empty where the column is absent or null."""
        value = self.fields.get(column)
        return "" if value is None else str(value).strip()

    def number_in(self, column: str) -> float | None:
        """Finite number in a column; None where it is blank. Raises `EvidenceError` otherwise."""
        value = self.fields.get(column)
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise self.refuse(f"{column} is {type(value).__name__}, and a number is needed")
        try:
            number = float(value)
        except (ValueError, OverflowError):
            raise self.refuse(f"{column} is {str(value)[:40]!r}, and a number is needed") from None
        if not abs(number) <= MAX_VALUE:
            raise self.refuse(f"{column} is {str(value)[:40]!r}; a finite number is needed, and a gap is left blank")
        return number

    def end_of(self, column: str) -> str:
        """Last day (ISO) of the day, month, year or `from..to` interval in a column."""
        text = self.text(column).split("..")[-1].split(" ")[0]
        day = end_of_interval(text)
        if day is None:
            raise self.refuse(
                f"{column} is {self.text(column)[:40]!r}; dates are YYYY, YYYY-MM or YYYY-MM-DD "
                f"from {YEARS.start} to {YEARS.stop - 1}"
            )
        return day

    def trust_or(self, default: str) -> str:
        """Trust letter of the row, or the source's."""
        letter = self.text("trust") or default
        if letter not in TRUST:
            raise self.refuse(f"trust is {letter[:20]!r}; letters are A, B, C and D")
        return letter


def end_of_interval(text: str) -> str | None:
    """Last day of an ISO day, month or year; None where the text is none of these or out of range."""
    parts = re.fullmatch(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", text, re.ASCII)
    if parts is None or int(parts[1]) not in YEARS:
        return None
    year, month = int(parts[1]), int(parts[2] or 12)
    try:
        day = int(parts[3]) if parts[3] else calendar.monthrange(year, month)[1]
        return dt.date(year, month, day).isoformat()
    except (ValueError, calendar.IllegalMonthError):
        return None


def later(day: str, days: int) -> str:
    """ISO day some days after another."""
    return (dt.date.fromisoformat(day) + dt.timedelta(days=days)).isoformat()


def week_end(day: str) -> str:
    """The Saturday on or after an ISO day."""
    date = dt.date.fromisoformat(day)
    return later(day, (SATURDAY - date.weekday()) % 7)


def is_saturday(day: str) -> bool:
    """Whether an ISO day is a Saturday."""
    return dt.date.fromisoformat(day).weekday() == SATURDAY


def _weeks(first: str, last: str) -> Iterator[str]:
    """Saturdays from one to another, both included."""
    while first <= last:
        yield first
        first = later(first, 7)


def _observation(row: Row, key: str, name: str, day: str, value: float, unit: str) -> Observation:
    """A row of evidence with the trust, publication date and citation that the file row carries."""
    if not all(name.split(".")):
        raise row.refuse(f"a part of the name is blank: {name[:80]!r}")
    published = row.end_of("published") if row.text("published") else later(day, SOURCES[key].lag)
    note = "; ".join(filter(None, (row.text("source"), row.text("note"))))
    return Observation(name, day, published, value, unit, key, row.trust_or(SOURCES[key].trust), note)


# Whole files


def _decode(file: File) -> str:
    try:
        return file.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise EvidenceError(
            f"{file.name}, byte {error.start}: not UTF-8 text; save it as UTF-8, or fetch it again"
        ) from None


def read_table(file: File, needed: Sequence[str]) -> list[Row]:
    """Rows of a CSV file. Raises `EvidenceError` for a missing or doubled column, or a row of another width."""
    reader = csv.reader(io.StringIO(_decode(file), newline=""), strict=True)
    rows: list[Row] = []
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(file.name, header, needed)
        for fields in reader:
            if not any(fields):
                continue
            if len(fields) != len(header):
                raise EvidenceError(
                    f"{file.name}, row {reader.line_num}: {len(fields)} fields where the header has {len(header)}"
                )
            rows.append(Row(file.name, reader.line_num, dict(zip(header, fields, strict=True))))
    except csv.Error as error:
        raise EvidenceError(f"{file.name}, row {reader.line_num}: not readable as CSV ({error})") from None
    if not rows:
        raise EvidenceError(f"{file.name}: no rows under the header; fetch it again, or leave the file out")
    return rows


def _check_header(name: str, header: Sequence[str], needed: Sequence[str]) -> None:
    missing = [column for column in needed if column not in header]
    if missing:
        raise EvidenceError(f"{name}, row 1: column {', '.join(missing)} is missing; found {', '.join(header)[:200]!r}")
    if len(set(header)) != len(header):
        doubled = sorted({column for column in header if header.count(column) > 1})
        raise EvidenceError(f"{name}, row 1: column {', '.join(doubled)[:200]} stands twice")


def read_json(file: File) -> Any:
    """A JSON document. Raises `EvidenceError` where it is broken, nested too deep, or holds NaN or infinity."""

    def refuse_constant(text: str) -> None:
        raise ValueError(f"{text} is not a JSON number")

    try:
        return json.loads(_decode(file), parse_constant=refuse_constant)
    except RecursionError:
        raise EvidenceError(f"{file.name}: nested too deep to be one of the known files") from None
    except ValueError as error:
        raise EvidenceError(f"{file.name}: not readable as JSON ({error}); fetch it again") from None


def read_records(file: File) -> list[Row]:
    """Records of a JSON list of objects."""
    document = read_json(file)
    if not isinstance(document, list) or not document:
        raise EvidenceError(f"{file.name}: a list of daily records is needed, found {type(document).__name__}")
    for number, record in enumerate(document, start=1):
        if not isinstance(record, dict):
            raise EvidenceError(f"{file.name}, row {number}: a record is needed, found {type(record).__name__}")
    return [Row(file.name, number, record) for number, record in enumerate(document, start=1)]


# Claimed losses

LOSS_ITEMS = {
    "personnel": "personnel",
    "tank": "tank",
    "APC": "apc",
    "field artillery": "artillery",
    "MRL": "mrl",
    "drone": "drone",
    "aircraft": "aircraft",
    "helicopter": "helicopter",
    "anti-aircraft warfare": "air_defence",
    "cruise missiles": "cruise_missile",
    "special equipment": "special",
    "naval ship": "naval_ship",
    "submarines": "submarine",
    "vehicles and fuel tanks": "vehicles",
}
VEHICLES_APART = ("military auto", "fuel tank")
"""Counted together as `vehicles and fuel tanks` from 2022-05-01 on."""


def read_losses(file: File, warn: Callable[[str], None]) -> list[Observation]:
    """Cumulative claimed losses on Saturdays. Artillery includes mortars; all are one side's claims."""
    days = _by_day(file, warn)
    _warn_of_gaps(file.name, sorted(days), warn)
    daily: dict[str, dict[str, float]] = {day: dict(_loss_counts(row)) for day, row in days.items()}
    if not any(daily.values()):
        raise EvidenceError(f"{file.name}: no known item of loss; known are {', '.join(LOSS_ITEMS)}")
    _warn_of_corrections(file.name, daily, warn)
    return [
        _observation(
            days[day], "general-staff", f"loss_claim.{item}", day, value, "person" if item == "personnel" else "count"
        )
        for day, counts in daily.items()
        if is_saturday(day)
        for item, value in counts.items()
    ]


def _by_day(file: File, warn: Callable[[str], None]) -> dict[str, Row]:
    days: dict[str, Row] = {}
    for row in read_records(file):
        day = row.end_of("date")
        if day in days and dict(days[day].fields) != dict(row.fields):
            raise row.refuse(f"{day} stands twice with different figures (first in row {days[day].number})")
        if day in days:
            warn(f"{file.name}, row {row.number}: {day} stands twice with the same figures; counted once")
        days[day] = row
    return days


def _loss_counts(row: Row) -> Iterator[tuple[str, float]]:
    for column, item in LOSS_ITEMS.items():
        value = row.number_in(column)
        if value is not None and value < 0:
            raise row.refuse(f"{column} is {value:g}, and a cumulative count is never negative")
        if value is not None:
            yield item, value
    apart = [row.number_in(column) for column in VEHICLES_APART]
    if row.number_in("vehicles and fuel tanks") is None and all(value is not None for value in apart):
        yield "vehicles", sum(value for value in apart if value is not None)


def _warn_of_gaps(name: str, days: Sequence[str], warn: Callable[[str], None]) -> None:
    for before, after in itertools.pairwise(days):
        if later(before, 1) < after:
            warn(f"{name}: no figures from {later(before, 1)} to {later(after, -1)}; the gap is left open")


def _warn_of_corrections(name: str, daily: Mapping[str, Mapping[str, float]], warn: Callable[[str], None]) -> None:
    last: dict[str, float] = {}
    for day in sorted(daily):
        for item, value in daily[day].items():
            if value < last.get(item, value):
                warn(f"{name}: {item} falls by {last[item] - value:g} on {day}: a correction upstream, kept as it is")
            last[item] = value


# Strikes

BALLISTIC = {
    "Iskander-M",
    "Iskander-M/KN-23",
    "KN-23",
    "X-47 Kinzhal",
    "C-300",
    "C-400",
    "C-300/C-400",
    "Ballistic Missile",
    "Intercontinental Ballistic Missile",
}
CRUISE = {
    "X-59",
    "X-59/X-69",
    "X-59MK2",
    "X-69",
    "X-101/X-555",
    "Kalibr",
    "Iskander-K",
    "X-22",
    "X-32",
    "P-800 Oniks",
    "3M22 Zircon",
    "X-35",
    "Banderol",
}
STRIKE_CLASS = (
    dict.fromkeys(BALLISTIC, "ballistic")
    | dict.fromkeys(CRUISE, "cruise")
    | dict.fromkeys(("X-31", "X-31P", "X-31PD"), "anti_radiation")
    | dict.fromkeys(("GBU", "Aerial Bomb"), "bomb")
    | {"Shahed-136/131": "long_range_drone", "Unknown UAV": "unknown_drone", "Unknown Missile": "unknown_missile"}
)
TACTICAL_DRONES = frozenset(
    {
        "Orlan-10",
        "Orlan-30",
        "Supercam",
        "ZALA",
        "Reconnaissance UAV",
        "Lancet",
        "Молнія",
        "Merlin-VR",
        "Orion",
        "Mohajer-6",
        "Kub",
        "Forpost",
        "Фенікс",
        "Eleron",
        "Картограф",
        "Привет-82",
        "Granat-4",
    }
)
KILLS_ONLY = frozenset({"unknown_drone", "tactical_drone"})
"""Classes whose rows report kills only: their launches are unknown."""
JAMMED_COUNTED_FROM = "2025-08-01"
"""From here on `destroyed` includes jammed drones; before, `not_reach_goal` holds them."""


def strike_class(model: str) -> str | None:
    """Class of a weapon model; `mixed_missile` for a row of several classes; None where a model is not known."""
    parts = [part.strip() for part in model.split(" and ")]
    classes = {"tactical_drone" if part in TACTICAL_DRONES else STRIKE_CLASS.get(part) for part in parts}
    if None in classes:
        return None
    if len(classes) == 1:
        return classes.pop()
    return "long_range_drone" if "long_range_drone" in classes else "mixed_missile"


def read_strikes(file: File, warn: Callable[[str], None]) -> list[Observation]:
    """Weekly counts launched and stopped by class of weapon, for weeks that the file covers whole.

    `stopped` is shot down or jammed. Decoys stand among the long-range drones. A week with reports and none of a
    class counts 0 of that class. The day of the end of an attack decides its week.
    """
    rows = read_table(file, ("time_end", "model", "launched", "destroyed", "not_reach_goal"))
    days = [row.end_of("time_end") for row in rows]
    total: dict[tuple[str, str], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    classes = {"launched": set[str](), "stopped": set[str]()}
    for row, day in zip(rows, days, strict=True):
        for kind, measure, value in _strike_counts(row, day, warn):
            classes[measure].add(kind)
            total[week_end(day), measure][kind] += value
    first, last = week_end(later(min(days), 6)), later(week_end(max(days)), 0 if is_saturday(max(days)) else -7)
    reported = {week_end(day) for day in days}
    return [
        Observation(
            f"strike.{kind}.{measure}",
            week,
            later(week, SOURCES["air-force"].lag),
            total[week, measure][kind],
            "count",
            "air-force",
            SOURCES["air-force"].trust,
        )
        for week in _weeks(first, last)
        if week in reported
        for measure in ("launched", "stopped")
        for kind in sorted(classes[measure])
    ]


def _strike_counts(row: Row, day: str, warn: Callable[[str], None]) -> Iterator[tuple[str, str, float]]:
    kind = strike_class(row.text("model"))
    if kind is None:
        warn(f"{row.file}, row {row.number}: model {row.text('model')[:60]!r} is not known; counted as unclassified")
        kind = "unclassified"
    launched, destroyed, missed = (row.number_in(name) for name in ("launched", "destroyed", "not_reach_goal"))
    if min(launched or 0, destroyed or 0, missed or 0) < 0:
        raise row.refuse("a count is negative")
    jammed = (missed or 0.0) if day < JAMMED_COUNTED_FROM else 0.0
    if kind not in KILLS_ONLY:
        if launched is None:
            warn(f"{row.file}, row {row.number}: no number launched; the week's sum is a floor")
        else:
            yield kind, "launched", launched
    if destroyed is None and not jammed:
        warn(f"{row.file}, row {row.number}: no number destroyed; the week's sum is a floor")
    else:
        yield kind, "stopped", (destroyed or 0.0) + jammed


def read_intercepts(file: File, warn: Callable[[str], None]) -> list[Observation]:
    """Ukrainian long-range drones that Russia claims to have downed, by day; days without a claim are absent."""
    rows = read_table(file, ("date", "uav_claimed"))
    return _simple(rows, "russian-defence-ministry", "date", {"uav_claimed": "intercept_claim.drone"}, "count", warn)


def _simple(
    rows: Sequence[Row], key: str, date: str, columns: Mapping[str, str], unit: str, warn: Callable[[str], None]
) -> list[Observation]:
    """One series a column; blanks are warned of and left open."""
    found = []
    for row in rows:
        day = row.end_of(date)
        for column, name in columns.items():
            value = row.number_in(column)
            if value is None:
                warn(f"{row.file}, row {row.number}: {column} is blank; the gap is left open")
            else:
                found.append(_observation(row, key, name, day, value, unit))
    return found


# Prices and losses seen


def read_brent(file: File, warn: Callable[[str], None]) -> list[Observation]:
    """Mean Brent price of each week that has at least one quote and is over, USD a barrel."""
    quotes: dict[str, list[float]] = defaultdict(list)
    last = ""
    for row in read_table(file, ("Date", "Price")):
        day, price = row.end_of("Date"), row.number_in("Price")
        last = max(last, day)
        if price is None:
            warn(f"{file.name}, row {row.number}: Price is blank; the gap is left open")
        else:
            quotes[week_end(day)].append(price)
    source = SOURCES["oil-prices"]
    return [
        Observation(
            "price.brent",
            week,
            later(week, source.lag),
            math.fsum(prices) / len(prices),
            "USD/bbl",
            source.key,
            source.trust,
        )
        for week, prices in sorted(quotes.items())
        if later(week, -1) <= last
    ]


def read_visual_losses(file: File, warn: Callable[[str], None]) -> list[Observation]:
    """Cumulative losses that photographs confirm, by country and type. `Tanks` exists only from 2025-03-21."""
    rows = read_table(file, ("country", "equipment_type", "type_total", "date_recorded"))
    return [
        observation
        for row in rows
        if not row.text("equipment_type").startswith("Losses")
        for observation in _simple(
            [row], "visual-losses", "date_recorded", {"type_total": _visual_name(row)}, "count", warn
        )
    ]


def _visual_name(row: Row, topic: str = "visual_loss") -> str:
    return f"{topic}.{slug(row.text('country'))}.{slug(row.text('equipment_type'))}"


def read_visual_totals(file: File, warn: Callable[[str], None]) -> list[Observation]:
    """A snapshot of confirmed losses by type and fate, on the day in the file's name."""
    day = _day_in_name(file.name)
    fates = ("destroyed", "abandoned", "captured", "damaged", "type_total")
    rows = read_table(file, ("country", "equipment_type", *fates))
    return [
        observation
        for row in rows
        if not row.text("equipment_type").startswith("Losses")
        for fate in fates
        for observation in _simple(
            [Row(row.file, row.number, {**row.fields, "date": day})],
            "visual-losses",
            "date",
            {fate: f"{_visual_name(row, 'visual_fate')}.{fate.removeprefix('type_')}"},
            "count",
            warn,
        )
    ]


def read_named_losses(file: File, warn: Callable[[str], None]) -> list[Observation]:
    """Named dead and missing by month; the file dates a month by its first day. The last months are incomplete."""
    columns = {
        "ua_deaths_named": "named_loss.ua.dead",
        "ua_missing_named": "named_loss.ua.missing",
        "ru_deaths_named": "named_loss.ru.dead",
    }
    rows = read_table(file, ("date", *columns))
    months = [Row(row.file, row.number, {**row.fields, "date": row.text("date")[:7]}) for row in rows]
    return _simple(months, "named-losses", "date", columns, "person", warn)


# Facts


def read_economy(file: File, warn: Callable[[str], None]) -> list[Observation]:
    """Monthly economic figures, each with its publication date."""
    rows = read_table(file, ("month", "series", "value", "unit", "published"))
    return _facts(rows, "economy", "month", lambda row: f"econ.{slug(row.text('series'))}", warn)


def read_facts(key: str, topic: str) -> Reader:
    """Reader for a table of dated facts by side and series."""

    def read(file: File, warn: Callable[[str], None]) -> list[Observation]:
        rows = read_table(file, ("date", "side", "series", "value", "unit", "published"))
        return _facts(
            rows, key, "date", lambda row: f"facts.{topic}.{slug(row.text('side'))}.{slug(row.text('series'))}", warn
        )

    return read


def _facts(
    rows: Sequence[Row], key: str, date: str, name: Callable[[Row], str], warn: Callable[[str], None]
) -> list[Observation]:
    """Rows of facts; where one series has several units, each unit gets a series of its own."""
    units: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        units[name(row)].add(row.text("unit"))
    found = []
    for row in rows:
        unit = row.text("unit")
        full = name(row) if len(units[name(row)]) == 1 else f"{name(row)}_{slug(unit)}"
        found += _simple([row], key, date, {"value": full}, unit, warn)
    return found


def read_oil_totals(file: File, warn: Callable[[str], None]) -> list[Observation]:
    """Year-on-year totals of Russia's oil and gas revenue."""
    rows = read_table(file, ("period", "oil_gas_budget_rub_tn", "change_yoy_percent", "published"))
    name = "facts.oil_revenue.ru."
    revenue = _simple(rows, "oil-revenue", "period", {"oil_gas_budget_rub_tn": f"{name}budget_total"}, "trn RUB", warn)
    change = _simple(rows, "oil-revenue", "period", {"change_yoy_percent": f"{name}change_on_year"}, "percent", warn)
    return revenue + change


def read_markets(file: File, warn: Callable[[str], None]) -> list[Observation]:
    """Prices of ceasefire markets. A bound such as `<0.50` is no value: it is passed over with a warning."""
    found = []
    for row in read_table(file, ("date", "market", "event", "prob")):
        if row.text("prob").startswith(("<", ">")):
            warn(f"{file.name}, row {row.number}: {row.text('prob')[:20]!r} is a bound, not a value; passed over")
            continue
        name = f"facts.market.{slug(row.text('market'))}.{slug(row.text('event'))}"
        found += _simple([row], "markets", "date", {"prob": name}, "probability", warn)
    return found


def read_polls(file: File, warn: Callable[[str], None]) -> list[Observation]:
    """Shares of answers in percent, dated by the end of fieldwork; `…dont_know` and `…sample_size` beside them."""
    needed = ("fieldwork_end", "published", "country", "pollster", "question", "option_a", "pct_a", "option_b", "pct_b")
    return [observation for row in read_table(file, needed) for observation in _poll(row)]


def _poll(row: Row) -> Iterator[Observation]:
    name = ".".join(("poll", *(slug(row.text(part)) for part in ("country", "pollster", "question"))))
    day = row.end_of("fieldwork_end")
    answers = ((row.text("option_a"), "pct_a"), (row.text("option_b"), "pct_b"), ("dont_know", "dk"))
    for option, column in answers:
        share = row.number_in(column)
        if share is not None and option:
            if not 0 <= share <= 100:
                raise row.refuse(f"{column} is {share:g}, and a percentage is needed")
            yield _observation(row, "polls", f"{name}.{slug(option)}", day, share, "percent")
    size = row.number_in("n")
    if size is not None:
        yield _observation(row, "polls", f"{name}.sample_size", day, size, "person")


SNAPSHOTS = (("aug25", "2025-08-31"), ("jan26", "2026-01-31"))
MONTHS = {name.lower()[:3]: number for number, name in enumerate(calendar.month_name) if name}
_MONTH = "|".join([*calendar.month_name[1:], *calendar.month_abbr[1:], "Sept"])
_NAMED = re.compile(rf"(?:(?<![.\d])(\d{{1,2}}) )?\b({_MONTH})\b\.?(?: (20\d\d)\b)?")
_ISO = re.compile(r"(?<!\d)(20\d\d-\d\d(?:-\d\d)?)(?!\d)")


def read_parameters(file: File, warn: Callable[[str], None]) -> list[Observation]:
    """Low, mid and high of modelled quantities at two dates, as three series each.

    A value counts as published on the latest day that its source text names (months and years by their end), and as
    describing no later day than that: an estimate known on a day is about that day or before. Where the text names no
    usable date, both are the end of the snapshot's month.
    """
    bounds = ("low", "mid", "high")
    needed = ("id", "side", "unit", "source", *(f"{snapshot}_{bound}" for snapshot, _ in SNAPSHOTS for bound in bounds))
    return [
        Observation(
            f"parameter.{slug(row.text('side'))}.{slug(row.text('id'))}.{bound}",
            min(known, end),
            known,
            value,
            row.text("unit"),
            "parameters",
            row.trust_or(SOURCES["parameters"].trust),
            row.text("source"),
        )
        for row in read_table(file, needed)
        for (snapshot, end), known in zip(SNAPSHOTS, _known_on(row.text("source")), strict=True)
        for bound in bounds
        if (value := row.number_in(f"{snapshot}_{bound}")) is not None
    ]


def _known_on(source: str) -> tuple[str, str]:
    """Days on which the earlier and the later snapshot's values were known, from the dates a source text names.

    The later snapshot takes a named date only if it falls after the earlier snapshot.
    """
    (_, first), (_, second) = SNAPSHOTS
    latest = max(_dates_in(source, second), default=first)
    return latest, latest if latest > first else second


def _dates_in(text: str, limit: str) -> Iterator[str]:
    """Ends of the days and months named in a text; a month without a year is the last such month up to `limit`."""
    for found in _ISO.findall(text):
        if (day := end_of_interval(found)) is not None:
            yield day
    for day_of_month, name, year in _NAMED.findall(text):
        month = MONTHS[name.lower()[:3]]
        own = int(year) if year else int(limit[:4]) - (month > int(limit[5:7]))
        exact = f"{own}-{month:02d}-{int(day_of_month):02d}" if day_of_month else ""
        if (day := end_of_interval(exact) or end_of_interval(f"{own}-{month:02d}")) is not None:
            yield day


# Maps of control


def read_control(file: File) -> Any:
    """The occupied polygon of one map of control, longitude and latitude.

    Raises `EvidenceError` where the file is no GeoJSON of valid polygons in degrees.
    """
    document = read_json(file)
    features = document.get("features", [document]) if isinstance(document, dict) else None
    if not isinstance(features, list) or not features:
        raise EvidenceError(f"{file.name}: a GeoJSON collection with at least one polygon is needed")
    _check_reference(file.name, document)
    shapes = [_shape(Row(file.name, number, {"feature": feature})) for number, feature in enumerate(features, start=1)]
    return shapes[0] if len(shapes) == 1 else shapely.union_all(shapes)


def _check_reference(name: str, document: Mapping[str, Any]) -> None:
    reference = json.dumps(document.get("crs") or "CRS84")[:200]
    if not re.search(r"CRS84|4326", reference):
        raise EvidenceError(
            f"{name}: coordinates are in {reference}; convert them to longitude and latitude, EPSG:4326"
        )


def _shape(row: Row) -> Any:
    feature = row.fields["feature"]
    geometry = feature.get("geometry", feature) if isinstance(feature, dict) else None
    if not isinstance(geometry, dict) or geometry.get("type") not in ("Polygon", "MultiPolygon"):
        found = geometry.get("type") if isinstance(geometry, dict) else type(geometry).__name__
        raise row.refuse(f"a Polygon or MultiPolygon is needed, found {str(found)[:40]}")
    try:
        shape = shapely.geometry.shape(geometry)
    except (
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        RecursionError,
        shapely.GEOSException,
    ) as error:
        raise row.refuse(f"the polygon cannot be read ({type(error).__name__}: {str(error)[:100]})") from None
    _check_shape(row, shape)
    return shapely.force_2d(shape)


def _check_shape(row: Row, shape: Any) -> None:
    if shape.is_empty or shapely.get_num_coordinates(shape) > MAX_VERTICES:
        raise row.refuse(
            f"the polygon has {shapely.get_num_coordinates(shape)} corners; 4 to {MAX_VERTICES:,} are needed"
        )
    points = shapely.get_coordinates(shape)
    if not ((abs(points[:, 0]) <= 180).all() and (abs(points[:, 1]) <= 90).all()):
        raise row.refuse("a corner lies outside longitude ±180, latitude ±90; coordinates are longitude, latitude")
    if not shape.is_valid:
        raise row.refuse(f"the polygon is broken ({shapely.is_valid_reason(shape)[:120]}); fetch it again or mend it")


def _day_in_name(name: str) -> str:
    digits = re.search(r"(\d{4})(\d{2})(\d{2})(?=\.[a-z]+$)", name)
    day = end_of_interval("-".join(digits.groups())) if digits else None
    if day is None:
        raise EvidenceError(f"{name}: the name ends in a date that does not exist; YYYYMMDD is needed")
    return day


# A folder

Reader = Callable[[File, Callable[[str], None]], list[Observation]]


@dataclass(frozen=True)
class Kind:
    """One kind of upstream file."""

    pattern: str
    """Regular expression of the file's own name."""
    source: str
    read: Reader
    many: bool = False
    """Whether a folder may hold several."""


KINDS = (
    Kind(r"russia_losses_(personnel|equipment)\.json", "general-staff", read_losses),
    Kind(r"missile_attacks_daily\.csv", "air-force", read_strikes),
    Kind(r"ru_mod_claimed_uav_intercepts_daily\.csv", "russian-defence-ministry", read_intercepts),
    Kind(r"brent_daily\.csv", "oil-prices", read_brent),
    Kind(r"oryx_daily_count\.csv", "visual-losses", read_visual_losses),
    Kind(r"oryx_totals_by_type_\d{8}\.csv", "visual-losses", read_visual_totals, many=True),
    Kind(r"named_losses_monthly\.csv", "named-losses", read_named_losses),
    Kind(r"econ_monthly\.csv", "economy", read_economy),
    Kind(r"russia_oilgas_totals\.csv", "oil-revenue", read_oil_totals),
    Kind(r"russia_fiscal\.csv", "russian-budget", read_facts("russian-budget", "russia_fiscal")),
    Kind(r"ukraine_finance\.csv", "ukrainian-finance", read_facts("ukrainian-finance", "ukraine_finance")),
    Kind(r"ukraine_energy\.csv", "energy", read_facts("energy", "ukraine_energy")),
    Kind(r"kiel_published_aggregates\.csv", "aid", read_facts("aid", "aid")),
    Kind(r"air_defence_deliveries\.csv", "air-defence", read_facts("air-defence", "air_defence")),
    Kind(r"forces_personnel\.csv", "forces", read_facts("forces", "forces_personnel")),
    Kind(r"recruitment\.csv", "recruitment", read_facts("recruitment", "recruitment")),
    Kind(r"storage_equipment\.csv", "equipment", read_facts("equipment", "storage_equipment")),
    Kind(r"production\.csv", "production", read_facts("production", "production")),
    Kind(r"market_odds\.csv", "markets", read_markets),
    Kind(r"polls\.csv", "polls", read_polls),
    Kind(r"parameters\.csv", "parameters", read_parameters),
)
CONTROL = re.compile(r"deepstatemap_data_\d{8}\.geojson")
DERIVABLE = frozenset({"missile_attacks_monthly_by_class.csv"})
"""Files that repeat what another known file holds."""


def read_folder(folder: Path, on_message: Callable[[str], None]) -> Upstream:
    """Read every known file below a folder; pass over the rest with one line each.

    Raises `EvidenceError` where the folder is none, holds no known file, or a known file cannot be read.
    """
    if not folder.is_dir():
        raise EvidenceError(f"{folder} is not a folder; give the one that holds the downloaded upstream files")
    upstream, skipped = Upstream(), 0
    seen: dict[str, Path] = {}
    for path in _paths(folder):
        kind = _kind(path.name)
        if CONTROL.fullmatch(path.name):
            skipped += not _take_control(upstream, folder, path)
        elif kind is not None:
            _refuse_second(seen, path.name, folder, path, kind)
            _take(upstream, folder, path, kind)
        else:
            _pass_over(upstream, _relative(folder, path), path.name, on_message)
    if skipped:
        on_message(f"passed over {skipped} maps of control that are not of a Saturday")
    if not upstream.files:
        known = ", ".join(sorted({SOURCES[kind.source].key for kind in KINDS} | {"deepstatemap"}))
        raise EvidenceError(
            f"{folder} holds none of the known upstream files (of {known}); see DATA.md for their names"
        )
    _warn_of_missing_weeks(upstream)
    return upstream


def _paths(folder: Path) -> list[Path]:
    """Files below a folder in order of name; links are followed, each real folder once."""
    found: list[Path] = []
    visited: set[str] = set()
    for here, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(here)
        if real in visited:
            folders.clear()
            continue
        visited.add(real)
        folders.sort()
        found += [Path(here, name) for name in files]
        if len(found) > MAX_FILES:
            raise EvidenceError(
                f"{folder} holds more than {MAX_FILES:,} files; give the folder of upstream files alone"
            )
    return sorted(found, key=lambda path: _relative(folder, path))


def _relative(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix().encode("utf-8", "replace").decode("utf-8")


def _kind(name: str) -> Kind | None:
    return next((kind for kind in KINDS if re.fullmatch(kind.pattern, name)), None)


def _refuse_second(seen: dict[str, Path], name: str, folder: Path, path: Path, kind: Kind) -> None:
    if name in seen:
        both = f"{_relative(folder, seen[name])} and {_relative(folder, path)}"
        raise EvidenceError(f"{both} have the same name; keep the one that is meant")
    seen[name] = path


def _load(folder: Path, path: Path) -> File:
    name = _relative(folder, path)
    try:
        if not path.is_file():
            raise EvidenceError(f"{name}: not a regular file, or a link to nothing")
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise EvidenceError(f"{name}: {size / 2**20:.0f} MB, and the most that is read is {MAX_BYTES // 2**20} MB")
        content = path.read_bytes()
    except OSError as error:
        raise EvidenceError(f"{name}: cannot be read ({error.strerror})") from None
    return File(name, content, hashlib.sha256(content).hexdigest())


def _take(upstream: Upstream, folder: Path, path: Path, kind: Kind) -> None:
    file = _load(folder, path)
    upstream.observations += kind.read(file, upstream.warnings.append)
    upstream.files[file.name] = {"sha256": file.sha256, "source": kind.source}


def _take_control(upstream: Upstream, folder: Path, path: Path) -> bool:
    """Read the map of a Saturday; return whether it was one."""
    day = _day_in_name(path.name)
    if not is_saturday(day):
        return False
    file = _load(folder, path)
    if day in upstream.polygons:
        raise EvidenceError(f"{file.name}: a second map of control for {day}; keep the one that is meant")
    upstream.polygons[day] = read_control(file)
    upstream.files[file.name] = {"sha256": file.sha256, "source": "deepstatemap"}
    return True


def _pass_over(upstream: Upstream, name: str, own: str, on_message: Callable[[str], None]) -> None:
    reason = "repeats what the daily file holds" if own in DERIVABLE else "not a known upstream file"
    on_message(f"passed over {name}: {reason}")
    upstream.passed_over.append(name)


def _warn_of_missing_weeks(upstream: Upstream) -> None:
    days = sorted(upstream.polygons)
    for before, after in itertools.pairwise(days):
        missing = list(_weeks(later(before, 7), later(after, -7)))
        if missing:
            upstream.warnings.append(
                f"no map of control for {missing[0]}"
                + (f" to {missing[-1]}" if len(missing) > 1 else "")
                + "; the gap is left open"
            )
