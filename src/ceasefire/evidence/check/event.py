"""What happened on which day: talks, summits, agreements, sanctions, aid, strikes, against the almanac.

A claim and an event are matched by the kind of event, who took part, where, and words of what came of it; one keyword
is never enough. An event on a stated day confirms the claim, and one on the day of speaking or in the ten weeks before
where the claim names no day of its own and more agrees. A number (points of a plan, prisoners, hours, days of a truce)
has to be one that the almanac gives for that event and thing: within 5 % it is confirmed, within 25 % imprecise, else
contradicted where place or parties leave no doubt which event is meant.

A stated day that the event's day is not is imprecise one day off and contradicted beyond; a stated week or
month may miss by four or five days. Only what happened once can contradict a date; of what recurs (calls, visits) the
nearest day in the table can confirm it and nothing else.
Left out: that something did not happen; whatever the almanac does not hold.
"""

from __future__ import annotations

import dataclasses
import re
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ceasefire.evidence.check.almanac import Event, events
from ceasefire.evidence.check.record import NEAR, WITHIN, Interval, Record, bounds, interval
from ceasefire.evidence.claim import Claim, Finding, Verdict

SURE = 5
"""Least score of a match between a text and an event."""
LOOKS_BACK = 75
"""Days before the telling in which an event may be meant whose day is not stated."""
MONTHS = 70
"""A longer stated time says little of one event in it."""
SHORT = 40
"""Characters below which a span leaves it to its sentence what is counted."""
NARROW = 7
"""Longest stated time, in days, that by itself speaks for an event in it."""


KINDS = {
    "summit": r"summit|meet(?:s|ing)?\b|met\b|talks|conference|encounter",
    "meeting": r"meet(?:s|ing)?\b|met\b|visit|hosted|talks|clash|row\b|quarrel|gather"
    r"|saw\b|seen\b|received|sat down|travel|flew|shout|scold",
    "talks": r"talks|accept|agree|negotiat|round\b|meet(?:s|ing)?\b|met\b|teams|delegations?|envoys"
    r"|memorand|swap|prisoner exchange|exchange of prisoners",
    "call": r"call(?:s|ed)?\b|phone|spoke\b|telephone|conversation|pause|moratorium|agree",
    "inauguration": r"took office|takes office|inaugurat|sworn in",
    "election": r"elect|won\b|victory",
    "agreement": r"agree|deal\b|sign(?:s|ed|ing)?\b|accord|declaration|pact\b|broker|protocol",
    "sanctions": r"sanction|tariff|price cap|blacklist",
    "aid": r"aid\b|package|loan|lend\b|lent\b|programme|intelligence|paus|suspend|lend-lease|supplemental|facility"
    r"|tanks|assistance",
    "offensive": r"offensive|incursion|counter-?offensive|invad|push into",
    "invasion": r"invasion|invad|war (?:began|started|broke out)|(?:start|beginning|outbreak) of the war",
    "capture": r"captur|fell\b|fall of|seiz|took\b|taken\b|liberat"
    r"|retook|recaptur|withdr[ae]w|clear|expel|surrender|retak",
    "withdrawal": r"withdr[ae]w|pull(?:s|ed)? (?:out|back)|left\b|retreat|abandon",
    "strike": r"struck|strik|attack|sank\b|sunk\b|explo|blown|destroy|operation|fired|hit\b|seiz|breach",
    "nato": r"join|summit|agree|accession|apply|applied|member|spend",
    "eu": r"candidate|accession|member",
    "annexation": r"annex|incorporat|referend|proclaim",
    "mobilisation": r"mobili[sz]",
    "court": r"warrant",
    "death": r"kill|die[ds]?\b|death|crash",
    "mutiny": r"mutin|rebellion|revolt|uprising|march on",
    "proposal": r"plan\b|propos|terms|demand|formula|points|draft|paper",
    "truce": r"truce|ceasefire|cease-fire|pause|moratorium",
    "exchange": r"exchange|swap",
    "deadline": r"deadline|ultimatum|\d+ days|fifty days|50-day",
    "announcement": r"announc",
    "cancellation": r"cancel|called off|shelved",
    "incursion": r"entered|crossed|violat|incursion|airspace",
    "deployment": r"submarine",
    "resignation": r"resign|dismiss|stepped down|ousted|fired",
    "visit": r"visit|address",
    "recognition": r"recogni",
    "permission": r"permi|allow|authori|atacms|lift",
    "gas": r"transit|gas\b",
    "war": r"war\b",
}
_RARE = frozenset({"invasion", "mutiny", "mobilisation", "annexation", "court"})
"""Kinds whose very word says which event is meant."""
_SAYS = {kind: re.compile(rf"\b(?:{words})", re.IGNORECASE) for kind, words in KINDS.items()}
_ALIASES = {
    "Zelenskyy": r"zelensk",
    "US": r"u\.?s\.?\b|united states|america|washington|white house",
    "EU": r"eu\b|europe|brussels",
    "Russia": r"russia|moscow|kremlin",
    "Ukraine": r"ukrain|kyiv",
    "Xi": r"xi\b",
    "Kim": r"kim\b",
    "Witkoff": r"wit[kc]off",
    "White House": r"white house|oval office",
    "UN": r"un\b|u\.n\.|united nations",
    "Kyiv": r"kyiv\b(?!['’]s)",
    "Moscow": r"moscow\b(?!['’]s)",
}
_DATE_WORD = re.compile(
    r"\b(?:january|february|march|april|may|june|july|august|september|october|november|december|20[12]\d|(?:mon|tues|wednes|thurs|fri|satur|sun)day|yesterday|today"
    r"|tomorrow|(?:last|this|next|same) (?:week|month|year|spring|summer|autumn|fall|winter)"
    r"|(?:days|weeks|months|years) ago)\b",
    re.IGNORECASE,
)


def examine(claim: Claim, record: Record) -> Verdict | None:
    """The event that a claim tells of; None where the almanac has none that fits."""
    stated = stated_day(claim)
    if (
        (claim.negated and not _NOTHING.search(claim.span))
        or stated is None
        or int((stated[1] - stated[0]).astype(int)) > 400
    ):
        return None
    if claim.unit == "date" or ("date" in claim.quantity and claim.unit in (None, "count")):
        claim = dataclasses.replace(claim, value=None, value_low=None, value_high=None)
    if (met := _rounds(claim, stated)) is not None:
        return met
    if (led := _led(claim, record, stated)) is not None:
        return led
    if bounds(claim) is None and (found := _named(claim, record, stated)) is not None:
        return found
    return _told(claim, record, _around(claim, stated))


def _named(claim: Claim, record: Record, stated: Interval) -> Verdict | None:
    """A stated date of an event that kind, place and parties name."""
    if not is_dated(claim) or claim.kind == "intention":
        return None
    text = " ".join((claim.span, claim.subject, *claim.places))
    scored = [(_score(item, text, claim.span), item) for item in events()]
    top = max(score for score, _ in scored)
    if top < SURE:
        return None
    best = [item for score, item in scored if score >= top - 1 and score >= SURE]
    window = _around(claim, stated)
    rivals = [item for score, item in scored if score >= SURE - 2 and item not in best and off(item.date, window) == 0]
    if rivals and not any(off(item.date, window) == 0 for item in best):
        sure = [item for item in rivals if _score(item, text, claim.span) >= SURE]
        if not sure:
            return None
        best = sure
    nearest = min(best, key=lambda item: (off(item.date, window), -_score(item, text, claim.span)))
    if off(nearest.date, window) > 0 and (window != stated or not (nearest.once and len(best) == 1)):
        return None
    says = f"{nearest.what}: {nearest.date}"
    return dated_verdict(
        claim, record, nearest.date, window, says, "events", nearest.trust, nearest.published, once=nearest.once
    )


_ROUNDS = re.compile(r"\brounds?\b", re.IGNORECASE)
_LED = re.compile(r"\b(?:led|leads|leading|headed|heads)\b", re.IGNORECASE)


def _rounds(claim: Claim, stated: Interval) -> Verdict | None:
    """How many rounds of talks two sides held at a place in a stated time, days in a row counted once."""
    text = " ".join((claim.span, claim.subject, *claim.places))
    days = int((stated[1] - stated[0]).astype(int))
    if claim.value is None or not _ROUNDS.search(f"{claim.span} {claim.quantity}") or days < MONTHS or claim.negated:
        return None
    held = [
        item
        for item in _between(*stated)
        if item.kind == "talks"
        and any(_is_named(name, text) for name in item.where)
        and {"Russia", "Ukraine"} <= set(item.who)
    ]
    held = [item for place, item in enumerate(held) if not place or (item.date - held[place - 1].date).astype(int) > 2]
    if not held or not (_is_named("Russia", text) and _is_named("Ukraine", text)):
        return None
    says = f"{len(held)} rounds of talks, {', '.join(str(item.date) for item in held)}"
    found = tuple(Finding("almanac", "events", item.what, date=str(item.date), trust=item.trust) for item in held[:8])
    grade = "confirmed" if len(held) == claim.value else "contradicted"
    return Verdict(claim.id, grade, f"The almanac has {says}.", says, found)


def _led(claim: Claim, record: Record, stated: Interval) -> Verdict | None:
    """Somebody led a side at talks on the stated days: confirmed where the almanac has the person there."""
    if not _LED.search(claim.span) or "," in claim.span or claim.kind != "event" or bounds(claim) is not None:
        return None
    if int((stated[1] - stated[0]).astype(int)) > NARROW:
        return None
    for item in _between(stated[0] - 1, stated[1] + 1):
        person = next((name for name in item.who if name not in _ALIASES and _is_named(name, claim.subject)), None)
        there = any(_is_named(name, " ".join((claim.span, *claim.places))) for name in item.where)
        if item.kind == "talks" and person is not None and there:
            return _of_event(claim, record, item, "confirmed", f"So the almanac has it: {person}, {item.what}")
    return None


def _around(claim: Claim, stated: Interval) -> Interval:
    """`The same week` is the week around the stated day, and the one before it."""
    if stated[0] == stated[1] and _WEEK.search(claim.span):
        return stated[0] - 7, stated[1] + 6
    return stated


_WEEK = re.compile(r"\b(?:same|this|that|last|past) week\b", re.IGNORECASE)


def _told(claim: Claim, record: Record, stated: Interval) -> Verdict | None:
    """What came of an event on the stated days, or shortly before the telling."""
    counted = bounds(claim) is not None
    if claim.hedge == "opinion" or not (counted or claim.kind == "event"):
        return None
    told = record.told_on(claim)
    days = int((stated[1] - stated[0]).astype(int)) + 1
    unsaid = told is not None and stated[1] == told and days <= NARROW and not _DATE_WORD.search(claim.span)
    found = []
    first = stated[0] - LOOKS_BACK if unsaid else stated[0]
    for item in _between(first, stated[1]):
        away = off(item.date, stated)
        back = away > 0
        score = _strength(item, claim, days)
        if score >= (SURE + 3 if back or (days > MONTHS and not counted) else SURE + 1):
            found.append((score, -away, item))
    if not found:
        return None
    best = max(found, key=lambda entry: entry[:2])[2]
    if bounds(claim) is None:
        return _of_event(claim, record, best, "confirmed", f"So the almanac has it: {best.what}, {best.date}")
    that_day = [entry for entry in found if entry[1] == 0]
    ranked = sorted(that_day or found, key=lambda entry: (-entry[0], -entry[1]))
    return _of_figure(claim, record, stated, [item for _, _, item in ranked])


@cache
def _dates() -> NDArray[np.datetime64]:
    return np.array([item.date for item in events()])


def _between(first: np.datetime64, last: np.datetime64) -> tuple[Event, ...]:
    """Events from one day to another, both included; the table is in order."""
    return events()[np.searchsorted(_dates(), first) : np.searchsorted(_dates(), last, side="right")]


def _strength(item: Event, claim: Claim, days: int) -> int:
    """Parties count two, the place three, other words of the event one each, a short stated time two."""
    text = " ".join((claim.span, claim.subject, *claim.places))
    spoken_kind, subject_kind = (_SAYS[item.kind].search(words) is not None for words in (claim.span, claim.subject))
    kind = spoken_kind or subject_kind
    figure = bool(_figures(item, claim))
    if not (kind or figure) or (item.kind == "capture" and not any(_is_named(name, text) for name in item.where)):
        return 0
    if bool(_NOTHING.search(claim.span)) != bool(_NOTHING.search(item.what)) and _OUTCOME.search(claim.span):
        return 0
    people = sum(_is_named(name, text) for name in item.who)
    place = any(_is_named(name, text) for name in item.where)
    spoken = f"{claim.span} {claim.subject} {claim.quantity}".casefold()
    shared = sum(1 for word in _words(item.what) if word in spoken)
    told = any(word in claim.span.casefold() for word in _words(item.what))
    if not (people or place or (figure and shared)) or not (spoken_kind or figure or told):
        return 0
    clear = kind and bool(people) and shared >= 2
    return 2 * min(people, 2) + 3 * place + min(shared, 3) + kind + clear + 2 * figure + 2 * (days <= NARROW)


@cache
def _words(what: str) -> frozenset[str]:
    """Stems of the longer words that tell what happened."""
    return frozenset(word[:6].casefold() for word in re.findall(r"[A-Za-z]{5,}", what)) - _COMMON


_COMMON = frozenset(
    {"ukrain", "russia", "putin", "trump", "zelens", "first", "second", "third", "about", "three", "their"}
)
_OUTCOME = re.compile(r"\b(?:decision|agreement|breakthrough|deal|progress|compromise|result)\b", re.IGNORECASE)
_NOTHING = re.compile(
    r"\b(?:no|without|not|nothing|fail\w*|neither|little|never|yield\w* no)\b (?:\w+ ){0,4}?"
    r"(?:decision|agreement|breakthrough|deal|progress|compromise|result)",
    re.IGNORECASE,
)


# Numbers of an event

_FIGURE = re.compile(r"(\d+(?:\.\d+)?) ?(.*)")
_SCALED = {"billion": 1e9, "million": 1e6}


def _figures(item: Event, claim: Claim) -> list[float]:
    """Numbers on record for the thing that the claim counts in this event."""
    if bounds(claim) is None:
        return []
    text = f"{claim.span} {claim.quantity.replace('_', ' ')} {_UNIT_WORD.get(claim.unit or '', '')}".casefold()
    if claim.sentence and len(claim.span) < SHORT:
        text = f"{text} {claim.sentence.casefold()}"
    found = []
    for figure in item.figures:
        match = _FIGURE.match(figure)
        if match is None:
            continue
        words = match[2].split()
        scale = next((_SCALED[word] for word in words if word in _SCALED), 1.0)
        if any(re.search(rf"\b{re.escape(word)}", text) for word in words):
            found.append(float(match[1]) * scale)
    return found


_UNIT_WORD = {"h": "hour", "day": "day", "year": "year", "percent": "percent"}


def _of_figure(claim: Claim, record: Record, stated: Interval, found: list[Event]) -> Verdict | None:
    limits = bounds(claim)
    if limits is None:
        return None
    text = " ".join((claim.span, claim.subject, *claim.places))
    errors = [
        (max(limits[0] - value, value - limits[1], 0.0) / value, value, item)
        for item in found
        for value in _figures(item, claim)
        if value
    ]
    if not errors:
        return None
    error, value, best = min(errors, key=lambda entry: entry[0])
    grade = "confirmed" if error <= WITHIN else "imprecise" if error <= NEAR else "contradicted"
    sure = any(_is_named(name, text) for name in best.where) or sum(_is_named(name, text) for name in best.who) > 1
    that_day = off(best.date, stated) == 0 and (stated[1] - stated[0]).astype(int) < NARROW
    alone = len(found) == 1 and (best.once or that_day) and best.trust in ("A", "B")
    if grade != "confirmed" and not (sure and alone):
        return None
    says = f"{best.what}, {best.date}: {value:,.6g}"
    return _of_event(claim, record, best, grade, f"{'So' if grade == 'confirmed' else 'Off:'} {says}")


def _of_event(claim: Claim, record: Record, item: Event, grade: str, reason: str) -> Verdict:
    later = not record.visible(claim, item.published)
    says = f"{item.what}: {item.date}"
    finding = Finding(
        "almanac", "events", says, date=str(item.date), published=item.published, trust=item.trust, later=later
    )
    return Verdict(claim.id, grade, f"{reason}.", f"as of {claim.as_of}; {says} ({item.source})", (finding,))


# Dates of events


def is_dated(claim: Claim) -> bool:
    """The words, or the unit, say a day."""
    return (claim.unit or "") == "date" or "date" in claim.quantity or bool(_DATE_WORD.search(claim.span))


def stated_day(claim: Claim) -> Interval | None:
    """The day, week, month or year that a claim states."""
    text = (claim.value_text or "").strip()
    if text.startswith("week of ") and (first := interval(text[8:])) is not None:
        return first[0], first[0] + 6
    if re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?(/\d{4}(-\d\d(-\d\d)?)?)?", text):
        return interval(text)
    return interval(claim.as_of)


def _score(item: Event, text: str, span: str) -> int:
    """Persons and places count two and three, other words of the event one; without a word for its kind, nothing."""
    if not _SAYS[item.kind].search(span):
        return 0
    people = sum(_is_named(name, text) for name in item.who)
    place = any(_is_named(name, text) for name in item.where)
    if item.kind == "capture" and not place:
        return 0
    shared = sum(1 for word in _words(item.what) if len(word) == 6 and word in text.casefold())
    return 2 * min(people, 2) + 3 * place + min(shared, 3) + (2 if item.kind in _RARE else 0)


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{_ALIASES.get(name, re.escape(name))})", re.IGNORECASE)


def _is_named(name: str, text: str) -> bool:
    return _pattern(name).search(text) is not None


def off(day: np.datetime64, stated: Interval) -> int:
    """Days by which a day lies outside what is stated."""
    return max(int((stated[0] - day).astype(int)), int((day - stated[1]).astype(int)), 0)


def dated_verdict(
    claim: Claim,
    record: Record,
    day: np.datetime64,
    stated: Interval,
    says: str,
    name: str,
    trust: str,
    published: str | None = None,
    *,
    once: bool,
) -> Verdict | None:
    """The verdict on a stated day, given the true one; None where another day proves nothing."""
    away, length = off(day, stated), int((stated[1] - stated[0]).astype(int)) + 1
    slack = 1 if length == 1 else 4 if length <= 7 else 5
    grade = "confirmed" if away == 0 else "imprecise" if away <= slack else "contradicted"
    if grade == "contradicted" and not once:
        return None
    if grade == "contradicted" and trust not in ("A", "B"):
        grade = "contested"
    known = published or str(day)
    finding = Finding(
        "almanac", name, says, date=str(day), published=known, trust=trust, later=not record.visible(claim, known)
    )
    reason = f"It was on {day}" if grade == "confirmed" else f"It was on {day}, {away} days from what is stated"
    return Verdict(claim.id, grade, f"{reason}.", f"stated {stated[0]} to {stated[1]}; {says}", (finding,))
