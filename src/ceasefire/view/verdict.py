"""Verdicts and claims in words and signs, for pages and for a terminal.

Every string that comes from an article is untrusted: what would not print, marks of writing direction included, is left
out, and what goes into HTML is escaped.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from ceasefire.evidence.claim import Claim
from ceasefire.study.reading import Score
from ceasefire.view.text import clean, number
from ceasefire.view.text import day as in_words

if TYPE_CHECKING:
    from ceasefire.evidence.ledger import Entry, Link

LONGEST = 160
"""Most characters of a claim that is quoted in passing."""


class Sign(NamedTuple):
    """How a verdict is shown: never by colour alone."""

    symbol: str
    name: str
    colour: str
    night: str
    """Colour on dark paper."""
    meaning: str


SIGNS = {
    "confirmed": Sign("✓", "confirmed", "#00745a", "#3fc79d", "Within 5 % of the record, or inside the stated hedge."),
    "imprecise": Sign(
        "≈", "imprecise", "#8a6100", "#e3b341", "5 to 25 % off, or right in substance and wrong in detail."
    ),
    "contradicted": Sign("✗", "contradicted", "#b83200", "#ff8a5c", "Further off, on a record of trust A or B."),
    "conflated": Sign(
        "⇄",
        "conflated",
        "#a13a75",
        "#e78fc0",
        "Fails for what it states, and holds for another scope, category, question or status, which is named.",
    ),
    "contested": Sign("±", "contested", "#0067a3", "#6cb8ee", "Sources of like trust disagree."),
    "unsupported": Sign("∅", "unsupported", "#62449a", "#b9a0ec", "The record should show it, and does not."),
    "unverified": Sign("?", "unverified", "#62625d", "#a5a49c", "No record here bears on it. It may well be true."),
    "not_checked": Sign("–", "not checked", "#62625d", "#a5a49c", "It was not held against any record."),
}
"""By verdict. Hues as in Okabe and Ito's set, darkened for white paper; each has a symbol and its word as well."""

SYSTEMS = {
    "battle": "Battle",
    "geography": "Ground",
    "logistics": "Supply",
    "drones_air": "Drones and air",
    "strikes_ad": "Strikes and air defence",
    "grid": "Power",
    "production": "Production",
    "oil": "Oil and money",
    "allies": "Allies",
    "opinion": "Opinion",
    "negotiation": "Negotiation",
    "claims": "Other",
}
SIDES = {
    "UA": "Ukrainian account",
    "RU": "Russian account",
    "US": "American account",
    "EU": "European account",
    "UK": "British account",
    "neutral": "neutral account",
}
RELIABILITY = {
    "A": "completely reliable",
    "B": "usually reliable",
    "C": "fairly reliable",
    "D": "not usually reliable",
    "E": "unreliable",
    "F": "reliability unknown",
}
CREDIBILITY = {
    "1": "confirmed by others",
    "2": "probably true",
    "3": "possibly true",
    "4": "doubtful",
    "5": "improbable",
    "6": "truth unknown",
}


def text(found: Score) -> str:
    """Counts by verdict for a terminal."""
    told = f"{found.claims:,} claims, the record bears on {found.checked:,}"
    lines = [told + (f"; {found.repeats:,} repeats and presuppositions not counted" if found.repeats else "")]
    lines += [f"{SIGNS[name].name:14}{count:>6,}" for name, count in found.by_verdict.items()]
    return "\n".join(lines)


def entry_line(entry: Entry) -> str:
    """A claim of a ledger in one line."""
    claim = entry.claim
    marks = [f"revision {len(entry.revisions)}"] * (len(entry.revisions) > 1) + ["retired"] * (
        entry.retired is not None
    )
    value = stated(claim)
    parts = [
        said(claim.id, 60),
        name_of(claim),
        *([value] if value else []),
        claim.as_of,
        said(entry.source, 60),
        *marks,
    ]
    return "  ".join(parts)


def history_text(entry: Entry, links: Sequence[Link]) -> str:
    """All that became of a claim of a ledger."""
    return "\n".join(_history(entry, links))


def _history(entry: Entry, links: Sequence[Link]) -> Iterator[str]:
    yield f"{said(entry.claim.id)}: claim {entry.added:,} of this ledger, on the word of {said(entry.source, 120)}"
    before: dict[str, object] = {}
    for place, revision in enumerate(entry.revisions, 1):
        now = {**revision.claim.told(), "source": revision.source}
        yield f"{place}. {said(revision.reason) or 'added'}"
        changed = {name: value for name, value in now.items() if (value != before[name] if before else value)}
        yield from (f"     {name}: {said(str(value), 200)}" for name, value in changed.items())
        before = now
    if entry.retired is not None:
        yield f"Retired: {said(entry.retired)}"
    for link in links:
        yield f"{link.kind}: {said(link.first, 80)}, repeated by {said(link.second, 80)}"


# -------------------------------------------------------------------------------------------------------- words of it


def said(words: str, longest: int = 4_000) -> str:
    """Words of an article: what does not print is left out, and what is long is cut."""
    told = " ".join(clean(words).split())
    return told if len(told) <= longest else told[:longest].rsplit(" ", 1)[0] + " …"


def dated(words: str, longest: int = 4_000) -> str:
    """Words about the record as HTML, with dates as people write them."""
    return re.sub(r"\b\d{4}-\d\d-\d\d\b", lambda day: when(day[0]), escape(said(words, longest)), flags=re.ASCII)


def quoted(claim: Claim, longest: int = LONGEST) -> str:
    """The words of a claim in quotation marks, as HTML; isolated, so that they turn nothing around."""
    return f"<bdi>“{escape(said(claim.span, longest))}”</bdi>"


def chip(verdict: str) -> str:
    """A verdict in colour, symbol and word."""
    sign = SIGNS[verdict]
    return f'<span class="chip {verdict}"><b aria-hidden="true">{sign.symbol}</b>{sign.name}</span>'


def when(as_of: str) -> str:
    """An ISO date, month, year or interval in words."""
    if as_of == "undated":
        return "undated"
    start, _, end = as_of.partition("/")
    return f"{_date(start)} to {_date(end)}" if end else _date(start)


def _date(text: str) -> str:
    parts = text.split("-")
    try:
        if len(parts) == 3:
            return in_words(datetime.date.fromisoformat(text))
        if len(parts) == 2:
            return f"{datetime.date(int(parts[0]), int(parts[1]), 1):%B}\u00a0{int(parts[0])}"
    except ValueError:
        return said(text, 40)
    return said(text, 40)


_UNITS = {"km2": "km²", "count": "", "percent": "%", "percent of GDP": "% of GDP", "deg": "°", "C": "°C"}
_MANY = {"day": "days", "month": "months", "year": "years"}
_PER = {"day": "a day", "week": "a week", "month": "a month", "yr": "a year"}
_QUALIFIED = {"about": "about ", "at_least": "at least ", "less_than": "less than "}


def figure(value: float | None, unit: str | None) -> str:
    """A figure with its unit; empty where there is none."""
    if value is None or unit == "date":
        return ""
    if unit == "boolean":
        return "yes" if value else "no"
    base, _, per = said(unit or "", 40).partition("/")
    shown = f"{number(value / 1e9, 4)}\u00a0billion" if abs(value) >= 1e9 else number(value, 4)
    name = _MANY[base] if base in _MANY and value != 1 else _UNITS.get(base, base)
    told = f"{shown}{'' if name == '°' else chr(0xA0) if name else ''}{name}"
    return f"{told} {_PER.get(per, per)}".strip() if per else told


def stated(claim: Claim) -> str:
    """What a claim states, in figures or words."""
    if claim.value is None and claim.value_low is None and claim.value_high is None:
        return said(claim.value_text or "", 200)
    low, high = claim.value_low, claim.value_high
    if claim.unit != "boolean" and low is not None and high is not None and low < high:
        return f"{figure(low, None)} to {figure(high, claim.unit)}"
    value = next(item for item in (claim.value, low, high) if item is not None)
    told = figure(value, claim.unit) or said(claim.value_text or "", 200)
    return _QUALIFIED.get(claim.qualifier, "") + told


def name_of(claim: Claim) -> str:
    """What a claim is about."""
    return said(f"{claim.quantity.replace('_', ' ')} · {claim.subject}", 120)


def grade(code: str) -> str:
    """An Admiralty code with its meaning, as HTML."""
    told = f"source {RELIABILITY[code[0]]}; information {CREDIBILITY[code[1]]}"
    return f'<abbr title="{told}">{code}</abbr>'
