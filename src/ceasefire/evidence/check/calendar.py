"""Dates against the calendar and the almanac: weekdays, days of events, terms of office, how long the war has lasted.

A stated day that the event's day is not is imprecise one day off and contradicted beyond; a stated week or
month may miss by four or five days. Only what happened once can contradict a date; of what recurs (calls, visits) the
nearest day in the table can confirm it and nothing else. Roles are compared by rank and body: the deputy is not the
chairman, a former minister is not the minister. Sums within the text are handed to `arithmetic`.

Left out: whether something happened at all, and everything that `almanac` does not hold.
"""

from __future__ import annotations

import datetime as dt
import re

import numpy as np

from ceasefire.evidence.check import arithmetic
from ceasefire.evidence.check.almanac import OPEN, Event, Office, events, offices
from ceasefire.evidence.check.record import NEAR, WITHIN, Interval, Record, bounds, interval
from ceasefire.evidence.claim import Claim, Finding, Verdict

WAR = np.datetime64("2022-02-24", "D")
SURE = 5
"""Least score of a match between a text and an event."""
TERM = 400
"""Days from a stated day to the term of office that it may mean."""


def examine(claim: Claim, record: Record) -> Verdict | None:
    """What the calendar says to a date, a weekday, a role, a duration or a sum; None where it has nothing to say."""
    if claim.negated or claim.kind in ("causal", "forecast"):
        return None
    for check in (_weekday, _term, _event, _role, _duration, arithmetic.examine):
        found = check(claim, record)
        if found is not None:
            return found
    return None


# Weekdays

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january february march april may june july august september october november december".split()  # noqa: SIM905
)
_MONTH = r"(january|february|march|april|may|june|july|august|september|october|november|december)"
_WEEKDAY = r"\b(monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
_DATED = (
    re.compile(rf"{_WEEKDAY},? (?:the )?(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? {_MONTH},?(?: (\d{{4}}))?", re.IGNORECASE),
    re.compile(rf"{_WEEKDAY},? {_MONTH} (\d{{1,2}})(?:st|nd|rd|th)?,?(?: (\d{{4}}))?", re.IGNORECASE),
)


def _weekday(claim: Claim, record: Record) -> Verdict | None:
    """A weekday beside a full date, or beside the date that the claim resolved it to."""
    found = _named_day(claim, record)
    if found is None:
        return None
    weekday, day = found
    true = _DAYS[day.weekday()]
    if weekday == true:
        return None
    says = f"{day.isoformat()} is a {true.capitalize()}"
    finding = Finding("calendar", "weekday", says, date=day.isoformat(), trust="A")
    event = _event(claim, record)
    grade = "imprecise" if event is not None and event.verdict == "confirmed" else "contradicted"
    return Verdict(claim.id, grade, f"{says}, not a {weekday.capitalize()}.", says, (finding,))


def _named_day(claim: Claim, record: Record) -> tuple[str, dt.date] | None:
    told = record.told_on(claim)
    for place, pattern in enumerate(_DATED):
        found = pattern.search(claim.span)
        if found is None:
            continue
        number, month = (found[2], found[3]) if place == 0 else (found[3], found[2])
        year = int(found[4]) if found[4] else (None if told is None else int(str(told)[:4]))
        if year is None:
            return None
        try:
            return found[1].lower(), dt.date(year, _MONTHS.index(month.lower()) + 1, int(number))
        except ValueError:
            return None
    return None


# Terms of office

_TOOK = re.compile(
    r"\b(?:took|takes|taking|assumed|entered|came (?:in)?to) (?:the )?(?:office"
    r"|power)|\binaugurat|\bsworn in\b|\breturn(?:ed|ing)? to"
    r" (?:the )?(?:white house|office|power)"
    r"|\bbecame (?:the )?(?:\w+ ){0,3}(?:president|minister|chancellor|secretary|chief)"
    r"|\bwas appointed\b|\bappointment as\b|\bstart of (?:his|her) (?:\w+ )?term",
    re.IGNORECASE,
)


def _term(claim: Claim, record: Record) -> Verdict | None:
    if not _TOOK.search(f"{claim.span} {claim.quantity.replace('_', ' ')}") or not _is_dated(claim):
        return None
    stated = _stated(claim)
    if stated is None:
        return None
    text = f"{claim.span} {claim.subject}"
    place = _TOOK.search(claim.span)
    people = [(office, found) for office in offices() if (found := office.names.search(text))]
    if not people:
        return None
    middle = place.start() if place else 0
    nearest = min(abs(found.start() - middle) for _, found in people)
    terms = [office for office, found in people if abs(found.start() - middle) == nearest]
    office = min(terms, key=lambda item: _off(item.start, stated))
    if _off(office.start, stated) > TERM:
        return None
    return _dated_verdict(claim, record, office.start, stated, office.says, "offices", office.trust, once=True)


# Events

_KINDS = {
    "summit": r"summit|meet(?:s|ing)?\b|met\b|talks",
    "meeting": r"meet(?:s|ing)?\b|met\b|visit|hosted|talks|clash|row\b|quarrel|gather",
    "talks": r"talks|accept|agree|negotiat|round\b|meet(?:s|ing)?\b|met\b",
    "call": r"call(?:s|ed)?\b|phone|spoke\b|telephone|conversation",
    "inauguration": r"took office|takes office|inaugurat|sworn in",
    "election": r"elect|won\b|victory",
    "agreement": r"agree|deal\b|sign(?:s|ed|ing)?\b|accord|declaration|pact\b|broker|protocol",
    "sanctions": r"sanction|tariff|price cap|blacklist",
    "aid": r"aid\b|package|loan|paus|suspend|lend-lease|supplemental|facility|tanks|assistance",
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
    "proposal": r"plan\b|propos|terms|demand|formula|points",
    "truce": r"truce|ceasefire|cease-fire",
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
_SAYS = {kind: re.compile(rf"\b(?:{words})", re.IGNORECASE) for kind, words in _KINDS.items()}
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
}
_DATE_WORD = re.compile(
    rf"\b(?:{_MONTH[1:-1]}|20[12]\d|(?:mon|tues|wednes|thurs|fri|satur|sun)day|yesterday|today"
    rf"|tomorrow|(?:last|this|next|same) (?:week|month|year|spring|summer|autumn|fall|winter)"
    r"|(?:days|weeks|months|years) ago)\b",
    re.IGNORECASE,
)


def _is_dated(claim: Claim) -> bool:
    """The words, or the unit, say a day."""
    return (claim.unit or "") == "date" or "date" in claim.quantity or bool(_DATE_WORD.search(claim.span))


def _stated(claim: Claim) -> Interval | None:
    """The day, week, month or year that is stated."""
    text = (claim.value_text or "").strip()
    if text.startswith("week of ") and (first := interval(text[8:])) is not None:
        return first[0], first[0] + 6
    if re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?(/\d{4}(-\d\d(-\d\d)?)?)?", text):
        return interval(text)
    return interval(claim.as_of)


def _event(claim: Claim, record: Record) -> Verdict | None:
    if not _is_dated(claim) or claim.kind in ("intention",) or bounds(claim) is not None:
        return None
    stated = _stated(claim)
    if stated is None or int((stated[1] - stated[0]).astype(int)) > 400:
        return None
    text = " ".join((claim.span, claim.subject, *claim.places))
    scored = [(_score(event, text, claim.span), event) for event in events()]
    top = max(score for score, _ in scored)
    if top < SURE:
        return None
    best = [event for score, event in scored if score >= top - 1 and score >= SURE]
    event = min(best, key=lambda item: (_off(item.date, stated), -_score(item, text, claim.span)))
    if _off(event.date, stated) > 0 and not (event.once and len(best) == 1):
        return None
    says = f"{event.what}: {event.date}"
    return _dated_verdict(
        claim, record, event.date, stated, says, "events", event.trust, event.published, once=event.once
    )


def _score(event: Event, text: str, span: str) -> int:
    """Persons and places count two and three, other words of the event one; without a word for its kind, nothing."""
    if not _SAYS[event.kind].search(span):
        return 0
    people = sum(_named(name, text) for name in event.who)
    place = any(_named(name, text) for name in event.where)
    if event.kind == "capture" and not place:
        return 0
    words = {word.casefold() for word in re.findall(r"[A-Za-z]{6,}", event.what)}
    shared = sum(1 for word in words if word[:6] in text.casefold())
    return 2 * min(people, 2) + 3 * place + min(shared, 3) + (2 if event.kind in _RARE else 0)


def _named(name: str, text: str) -> bool:
    return re.search(rf"\b(?:{_ALIASES.get(name, re.escape(name))})", text, re.IGNORECASE) is not None


def _off(day: np.datetime64, stated: Interval) -> int:
    """Days by which a day lies outside what is stated."""
    return max(int((stated[0] - day).astype(int)), int((day - stated[1]).astype(int)), 0)


def _dated_verdict(
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
    off, length = _off(day, stated), int((stated[1] - stated[0]).astype(int)) + 1
    slack = 1 if length == 1 else 4 if length <= 7 else 5
    grade = "confirmed" if off == 0 else "imprecise" if off <= slack else "contradicted"
    if grade == "contradicted" and not once:
        return None
    if grade == "contradicted" and trust not in ("A", "B"):
        grade = "contested"
    known = published or str(day)
    finding = Finding(
        "almanac", name, says, date=str(day), published=known, trust=trust, later=not record.visible(claim, known)
    )
    reason = f"It was on {day}" if grade == "confirmed" else f"It was on {day}, {off} days from what is stated"
    return Verdict(claim.id, grade, f"{reason}.", f"stated {stated[0]} to {stated[1]}; {says}", (finding,))


# Roles

_RANKS = (
    ("deputy chairman", r"(?:deputy|vice)[- ]chair(?:man|person|woman)?|deputy head"),
    ("deputy prime minister", r"(?:first )?(?:deputy|vice) prime minister|deputy premier"),
    ("deputy foreign minister", r"deputy foreign minister"),
    (
        "deputy chief of staff",
        r"(?:first )?deputy chief of staff|deputy head of (?:the )?(?:presidential )?(?:administration|kremlin)",
    ),
    ("vice president", r"vice[- ]president"),
    ("prime minister", r"prime minister|premier\b"),
    ("foreign minister", r"foreign (?:minister|secretary)|minister of foreign affairs"),
    (
        "defence minister",
        (
            r"defen[cs]e (?:minister|secretary|chief)|minister of defen[cs]e"
            r"|secretary of (?:defen[cs]e|war)|war secretary|armed forces minister"
        ),
    ),
    ("finance minister", r"finance minister|minister of finance"),
    ("energy minister", r"energy minister|minister of energy"),
    ("economy minister", r"econom(?:y|ics) minister"),
    ("treasury secretary", r"treasury secretary|secretary of the treasury"),
    ("secretary of state", r"secretary of state|top diplomat"),
    ("army secretary", r"army secretary|secretary of the army"),
    ("secretary general", r"secretary[- ]general|nato chief|chief of nato"),
    ("national security adviser", r"national security advis[eo]r"),
    ("director of national intelligence", r"director of national intelligence"),
    ("director general", r"director[- ]general"),
    ("managing director", r"managing director"),
    ("commander-in-chief", r"commander[- ]in[- ]chief|army chief|top (?:general|commander)"),
    ("chief of the general staff", r"chief of (?:the )?general staff|general staff chief"),
    ("supreme allied commander", r"supreme allied commander|saceur"),
    ("chief of staff", r"chief of staff"),
    ("high representative", r"high representative|foreign policy chief|top eu diplomat"),
    ("presidential aide", r"presidential (?:aide|advis[eo]r)|kremlin (?:aide|advis[eo]r)"),
    ("spokesman", r"spokes(?:man|woman|person)|press secretary"),
    ("envoy", r"(?:special |presidential )?envoy|special representative"),
    ("ambassador", r"ambassador"),
    ("chancellor", r"chancellor"),
    ("president", r"president\b(?!ial)"),
    ("chairman", r"chair(?:man|woman|person)?\b|speaker"),
    ("secretary", r"secretary\b"),
    ("governor", r"governor|central bank (?:chief|head)"),
    ("director", r"director\b|(?:spy|intelligence) chief"),
    ("commander", r"commander\b"),
    ("mayor", r"mayor\b"),
    ("head", r"head(?:s|ed)?\b|chief\b|leader\b|boss\b"),
)
_RANK = tuple((rank, re.compile(rf"\b(?:{words})", re.IGNORECASE)) for rank, words in _RANKS)
_SAME = (
    {"head", "director", "chairman", "leader", "governor", "managing director", "director general"},
    {"speaker", "chairman"},
    {"chief of staff", "head"},
    {"chancellor"},
)
"""Ranks that one word may stand for; where the body is the same they are not told apart."""
_FORMER = re.compile(r"\b(?:former|ex-|then-|one-time|previous|outgoing|late)\b", re.IGNORECASE)
_ROLE = re.compile(r"(?:^|_)(?:role|office|title|rank|position_held|post|appointment|job)(?:_|$)")
_BODY_WORD = re.compile(r"[A-Za-z]{2,}")
_EMPTY = frozenset({"of", "the", "and", "national", "foreign", "forces", "house"})


def _role(claim: Claim, record: Record) -> Verdict | None:
    """A person's office on the day, by rank and body."""
    if not _ROLE.search(claim.quantity):
        return None
    told = record.told_on(claim)
    window = interval(claim.as_of)
    day = window[1] if window is not None else told
    text = f"{claim.span} {claim.value_text or ''} {claim.subject}"
    person = _person(claim)
    rank = _stated_rank(claim)
    if day is None or person is None or rank is None or day > OPEN + 60:
        return None
    mine = [office for office in offices() if office.person == person]
    former = bool(_FORMER.search(claim.span))
    same = [office for office in mine if _is_rank(office, rank) and _is_body(office, text)]
    now = [office for office in same if office.held_on(day)]
    if now and not former:
        return _office_verdict(claim, record, "confirmed", now[0], "So it was")
    past = [office for office in same if office.until is not None and office.until < day]
    if past and former:
        return _office_verdict(claim, record, "confirmed", past[-1], "So it had been")
    if past:
        return _office_verdict(claim, record, "contradicted", past[-1], "No longer")
    current = [office for office in mine if office.held_on(day)]
    body = [office for office in current if _share_body(office, text)]
    if body and not former:
        return _office_verdict(claim, record, "contradicted", body[0], "Another rank there")
    return None


def _person(claim: Claim) -> str | None:
    for text in (claim.subject, claim.span):
        found = {office.person: match.start() for office in offices() if (match := office.names.search(text))}
        if found:
            possessor = [name for name in found if re.search(rf"{re.escape(name.split()[-1])}['’]s", text)]
            kept = [name for name in found if name not in possessor] or list(found)
            return max(kept, key=lambda name: found[name]) if text == claim.span else kept[0]
    return None


def _stated_rank(claim: Claim) -> str | None:
    for text in (claim.value_text or "", claim.span):
        for rank, words in _RANK:
            if words.search(text):
                return rank
    return None


def _is_rank(office: Office, rank: str) -> bool:
    return office.rank == rank or any(office.rank in group and rank in group for group in _SAME)


def _body_words(text: str) -> set[str]:
    found = {word.casefold().removesuffix("n") for word in _BODY_WORD.findall(text)}
    return found - _EMPTY


def _is_body(office: Office, text: str) -> bool:
    """Nothing said against the body: a country or an institution named fits it, or none of the person's is named."""
    others = [other for other in offices() if other.person == office.person and other.body != office.body]
    named = _share_body(office, text)
    return named or not any(_share_body(other, text) for other in others)


def _share_body(office: Office, text: str) -> bool:
    """Most of the body's own words are in the text."""
    words = {word for word in _body_words(office.body) if word not in _COUNTRIES} or _body_words(office.body)
    return bool(words) and len(words & _body_words(text)) * 2 >= min(len(words), 4)


_COUNTRIES = frozenset({"russia", "ukraine", "united", "states", "europe"})


def _office_verdict(claim: Claim, record: Record, grade: str, office: Office, lead: str) -> Verdict:
    if grade == "contradicted" and office.trust not in ("A", "B"):
        grade = "contested"
    date = str(office.until if lead == "No longer" else office.start)
    later = not record.visible(claim, date)
    finding = Finding("almanac", "offices", office.says, date=date, published=date, trust=office.trust, later=later)
    return Verdict(claim.id, grade, f"{lead}: {office.says}.", office.says, (finding,))


# How long the war has lasted

_LASTED = re.compile(
    r"\b(?:days|weeks|months|years?)(?:-long)? (?:of|into|since|after|in) (?:the |this |russia['’]s "
    r"|putin['’]s )?(?:full-scale |all-out )?(?:war|invasion"
    r"|fighting|conflict|hostilities|start of the (?:war|invasion))",
    re.IGNORECASE,
)
_UNIT_DAYS = {"day": 1.0, "month": 30.4375, "year": 365.25}


def _duration(claim: Claim, record: Record) -> Verdict | None:
    told, limits = record.told_on(claim), bounds(claim)
    if claim.unit not in _UNIT_DAYS or told is None or limits is None or told < WAR or not _LASTED.search(claim.span):
        return None
    lasted = float((told - WAR).astype(int)) / _UNIT_DAYS[claim.unit]
    if lasted <= 0:
        return None
    off = max(limits[0] - lasted, lasted - limits[1], 0.0)
    whole = claim.qualifier == "exact" and limits[0] == limits[1] and -0.2 <= lasted - limits[0] < 1
    loose = 0.15 if claim.qualifier == "about" else WITHIN
    grade = "confirmed" if whole or off / lasted <= loose else "imprecise" if off / lasted <= NEAR else "contradicted"
    says = f"from {WAR} to {told}: {lasted:.1f} {claim.unit}s"
    finding = Finding("calendar", "war", says, value=lasted, date=str(told), published=str(told), trust="A")
    return Verdict(claim.id, grade, f"The full-scale war has lasted {says}.", says, (finding,))
