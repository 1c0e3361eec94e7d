"""Dates against the calendar: weekdays, terms of office, how long the war has lasted; events are in `event`.

Roles are compared by rank and body: the deputy is not the
chairman, a former minister is not the minister. Sums within the text are handed to `arithmetic`.

Left out: everything that `almanac` does not hold.
"""

from __future__ import annotations

import datetime as dt
import re

import numpy as np

from ceasefire.evidence.check import arithmetic, event
from ceasefire.evidence.check.almanac import OPEN, Office, offices
from ceasefire.evidence.check.event import dated_verdict, is_dated, off, stated_day
from ceasefire.evidence.check.record import NEAR, WITHIN, Record, bounds, interval
from ceasefire.evidence.claim import Claim, Finding, Verdict

WAR = np.datetime64("2022-02-24", "D")
TERM = 400
"""Days from a stated day to the term of office that it may mean."""


def examine(claim: Claim, record: Record) -> Verdict | None:
    """What the calendar says to a date, a weekday, a role, a duration or a sum; None where it has nothing to say."""
    if claim.kind in ("causal", "forecast"):
        return None
    if claim.negated:
        return event.examine(claim, record)
    for check in (_weekday, _term, event.examine, _role, _duration, arithmetic.examine):
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
    known = event.examine(claim, record)
    grade = "imprecise" if known is not None and known.verdict == "confirmed" else "contradicted"
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
    if not _TOOK.search(f"{claim.span} {claim.quantity.replace('_', ' ')}") or not is_dated(claim):
        return None
    stated = stated_day(claim)
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
    office = min(terms, key=lambda item: off(item.start, stated))
    if off(office.start, stated) > TERM:
        return None
    return dated_verdict(claim, record, office.start, stated, office.says, "offices", office.trust, once=True)


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
