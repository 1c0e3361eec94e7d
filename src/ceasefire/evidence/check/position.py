"""Who publicly held what position in the talks, and when: demands, refusals, offers, consents.

The table is elicited: positions stated in public, in own words, each from a first day to the last on which it was known
to hold. A claim that somebody demands, refuses, accepts or offers something is confirmed where the table has that
party, that issue and that stance on its day, and the number, if the claim states one. Nothing is contradicted: a party
says many things on one day.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from ceasefire.evidence.check.record import WITHIN, Record, bounds, interval
from ceasefire.evidence.claim import Claim, Finding, Verdict
from ceasefire.evidence.series import as_day


def _words(text: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{text})", re.IGNORECASE)


ISSUES = {
    "withdrawal": _words(
        r"withdr[ae]w|withdrawal|leave\b|pull (?:out|back)|hand (?:over|it)|ced(?:e|ing)\b|give up|rest of (?:the )?don"
        r"|(?:surrender|territor|land)\w* conce|concede|evacuat|all of donbas|whole of don"
    ),
    "recognition": _words(r"recogni"),
    "nato": _words(r"nato\b|north atlantic|alliance membership"),
    "neutrality": _words(r"neutral|non-?align|non-?bloc"),
    "ceasefire": _words(r"cease-?fire|truce|halt to the fighting|stop(?:ping)? the fighting|armistice"),
    "army cap": _words(
        r"(?:cap|limit|size|ceiling|reduc|demilitari)\w*[\w\s,'’]{0,30}(?:army|forces|troops|military)|demilitari"
    ),
    "sanctions": _words(r"sanction"),
    "guarantees": _words(r"guarantee|article 5"),
    "foreign troops": _words(
        r"peacekeep|foreign troops|nato troops|western troops|european (?:troops|force)|multinational force"
    ),
    "elections": _words(r"elections?\b"),
    "language": _words(r"russian (?:language|as)|language"),
    "frozen assets": _words(r"frozen|immobili[sz]ed|assets"),
    "nuclear plant": _words(r"nuclear (?:power )?plant|znpp|zaporizhzhia plant|enerhodar"),
    "line of contact": _words(
        r"(?:current|present) (?:front|line)|line of contact|where (?:they|it) (?:stand|is)|freez"
    ),
    "referendum": _words(r"referend"),
    "root causes": _words(r"root causes"),
    "meeting": _words(
        r"(?:meet|summit|talk)\w* (?:with|between)[\w\s]{0,20}(?:putin|zelensk|leaders)|leaders['’] meeting"
    ),
    "prisoners": _words(r"all[- ]for[- ]all|prisoners"),
}
_STANCES = (
    (
        "reject",
        _words(
            r"reject|refus|rul(?:e|es|ed|ing) out|oppos|won['’]t|will not|would not|cannot|never\b"
            r"|against\b|unacceptable|balk"
        ),
    ),
    (
        "demand",
        _words(
            r"demand|insist|want|ask(?:s|ed|ing)? (?:for|that)|call(?:s|ed|ing)? for|seek|sought"
            r"|requir|condition|must\b|press|claim\w* all|needs?\b"
        ),
    ),
    (
        "accept",
        _words(r"accept|agree|ready\b|willing|open to|consent|prepared to|support|back(?:s|ed)?\b|drop(?:s|ped)?\b"),
    ),
    ("offer", _words(r"offer|propos|suggest|float|put forward|plan\b|draft")),
)
_ACTORS = {
    "RU": _words(r"russia|moscow|kremlin|putin|lavrov|peskov|medinsky|ushakov"),
    "UA": _words(r"ukrain|kyiv|zelensk|umerov|yermak"),
    "US": _words(r"u\.?s\.?\b|united states|america|washington|white house|trump|witkoff|rubio|kushner|vance"),
    "EU": _words(
        r"europe|eu\b|brussels|macron|merz|starmer|von der leyen|coalition of the willing|paris|berlin|london"
    ),
}


@dataclass(frozen=True)
class Position:
    """What one party publicly held from one day to another."""

    start: np.datetime64
    until: np.datetime64
    actor: str
    issue: str
    stance: str
    figures: tuple[float, ...]
    says: str
    source: str
    trust: str


@cache
def positions() -> tuple[Position, ...]:
    """The packaged positions."""
    with resources.files("ceasefire.evidence").joinpath("data", "positions.csv").open(encoding="utf-8") as file:
        return tuple(
            Position(
                as_day(row["from"]),
                as_day(row["to"]),
                row["actor"],
                row["issue"],
                row["stance"],
                tuple(float(part) for part in row["figures"].split("|") if part),
                row["says"],
                row["source"],
                row["trust"],
            )
            for row in csv.DictReader(file)
        )


def examine(claim: Claim, record: Record) -> Verdict | None:
    """The position on record that the claim tells of; None where there is none, or the claim tells of no position."""
    window = interval(claim.as_of) or record.window(claim)
    stance, actor = _stance(claim), _actor(claim)
    if window is None or stance is None or actor is None or claim.hedge in ("forecast", "opinion"):
        return None
    if _PERHAPS.search(claim.span):
        return None
    text = f"{claim.span} {claim.quantity.replace('_', ' ')}"
    issues = {issue for issue, words in ISSUES.items() if words.search(text)}
    for held in positions():
        if held.actor != actor or held.issue not in issues or held.stance not in stance:
            continue
        if held.start <= window[1] and window[0] <= held.until and _is_counted(claim, held):
            return _verdict(claim, record, held)
    return None


_PERHAPS = _words(r"might|may\b|could|perhaps|consider|would\b|if\b|ignor")
"""What somebody may do is no position yet."""


def _stance(claim: Claim) -> tuple[str, ...] | None:
    """Stances that the words may mean; a refusal turned round is none that the table can confirm."""
    found = [stance for stance, words in _STANCES if words.search(claim.span)]
    if not found:
        return None
    if claim.negated:
        return ("reject",) if found[0] in ("accept", "offer") else None
    return ("demand", "offer") if found[0] in ("demand", "offer") else (found[0],)


def _actor(claim: Claim) -> str | None:
    """Who holds it: the subject, else who is named first."""
    for text in (claim.subject, claim.span):
        named = {actor: found.start() for actor, words in _ACTORS.items() if (found := words.search(text))}
        if named and (text is not claim.subject or len(named) == 1):
            return min(named, key=lambda actor: named[actor])
    return None


def _is_counted(claim: Claim, held: Position) -> bool:
    limits = bounds(claim)
    if limits is None or claim.unit in ("date", "boolean"):
        return True
    return any(limits[0] * (1 - WITHIN) <= value <= limits[1] * (1 + WITHIN) for value in held.figures)


def _verdict(claim: Claim, record: Record, held: Position) -> Verdict:
    published = str(held.start)
    says = f"{held.says} (from {held.start}, last known {held.until})"
    later = not record.visible(claim, published)
    finding = Finding("almanac", "positions", says, date=published, published=published, trust=held.trust, later=later)
    how = f"as of {claim.as_of}: {held.actor}, {held.issue}, {held.stance} ({held.source})"
    return Verdict(claim.id, "confirmed", f"On record: {says}.", how, (finding,))
