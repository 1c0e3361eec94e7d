"""Figures against the record: is the number true of what it is said of, and if not, of what would it be true?

A claim is read as a topic, a scope (side, category, status; `topic`) and a period (`period`). The value on record for
that (`reading`) is compared with what is stated: within 5 % or inside the stated hedge it is confirmed, within 25 %
imprecise. Further off, the scopes one step away are tried: another status, side, category or period of the same topic
and unit. If one holds within 5 % (a status) or 2 % (the others: there are more of them to hit by chance) the claim is
conflated and the scope is named. Otherwise it is contradicted by a record of trust A or B, contested where estimates
differ or only weaker ones bear on it, and unsupported where the record covers the days and shows nothing.

Words of a scope that a claim does not state may mean any usual one. A floor contradicts only what lies below it.
Changes ("fell by a fifth", "doubled") are compared with the same period a year before and with the period before;
trends without a number, by the mean of the last three months against the three before, with a threshold of 5 % and one
and a half standard errors; records, by every earlier month or week. Thresholds are judged by hand (trust D).

Left out: causes and forecasts; what happened in one day of strikes beyond what its week allows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ceasefire.evidence.check.period import (
    Period,
    first_of_year,
    month_of,
    neighbours,
    period_before,
    stated,
    year_before,
)
from ceasefire.evidence.check.reading import Reading, readings
from ceasefire.evidence.check.record import NEAR, WITHIN, Record, bounds
from ceasefire.evidence.check.topic import DIMENSIONS, TOPICS, Scope, Topic
from ceasefire.evidence.claim import Claim, Verdict

LOOSE = {"about": 0.10, "fraction": 0.12}
"""Relative error inside the stated hedge."""
STATUS_HIT, OTHER_HIT, EXACT_HIT = 0.05, 0.02, 0.01
"""How near a neighbouring scope must come to explain a number; the last also where the stated one is imprecise."""
NOISE = 0.05
"""Least relative change that is a trend."""
NOT_OURS = frozenset({"km", "km2", "deg", "date", "boolean", "C", "day", "month", "year", "percent of GDP"})
NO_FACT = frozenset({"forecast", "causal", "intention"})


def examine(claim: Claim, record: Record) -> Verdict | None:
    """What the series say to a figure, a change, a trend or a record; None where none bears on it."""
    if claim.kind in NO_FACT or claim.hedge == "forecast" or (claim.unit or "").partition("/")[0] in NOT_OURS:
        return None
    found = _examine(claim, record)
    if found is None or not claim.negated:
        return found
    turned = {"confirmed": "contradicted", "contradicted": "confirmed"}.get(found.verdict)
    if turned is None:
        return None
    return Verdict(claim.id, turned, f"The claim denies it: {found.reason}", found.computation, found.record)


def _examine(claim: Claim, record: Record) -> Verdict | None:
    near = f"{claim.span} {claim.subject} {claim.quantity.replace('_', ' ')} {claim.quantity} {claim.value_text or ''}"
    for text in dict.fromkeys((near, f"{near} {claim.sentence or ''}")):
        for topic in TOPICS:
            if not topic.needs.search(text) or (topic.unless is not None and topic.unless.search(near)):
                continue
            verdict = _of_topic(topic, claim, record, near)
            if verdict is not None:
                return verdict
    return None


def _of_topic(topic: Topic, claim: Claim, record: Record, near: str) -> Verdict | None:
    aspect = {name: _aspect(topic, name, claim) for name in DIMENSIONS}
    if any(aspect[name] is None and topic.dimension(name) and name not in topic.usual for name in ("side", "category")):
        return None
    if topic.name == "strikes" and (claim.unit or "").startswith("persons"):
        return None
    has_number = bounds(claim) is not None
    times = _TIMES.search(claim.span)
    if times and not _share_of_units(claim):
        return _change(topic, aspect, claim, record, _MULTIPLES[times[1].lower()[:5]])
    if has_number and _is_change(topic, claim) and (direction := _direction(near)):
        stated_change = _number(claim)
        if stated_change is not None:
            signed = -abs(stated_change) if direction < 0 else abs(stated_change)
            return _change(topic, aspect, claim, record, signed)
    if has_number:
        return _level(topic, aspect, claim, record) if _COUNTED.search(claim.span) else None
    if (top := _EXTREME.search(near)) and aspect_is_clear(topic, aspect):
        return _extreme(topic, aspect, claim, record, top[0].lower())
    if (direction := _direction(near)) and aspect_is_clear(topic, aspect):
        return _trend(topic, aspect, claim, record, direction, near)
    return None


def _is_change(topic: Topic, claim: Claim) -> bool:
    """A percentage by which something moved, not one that it moved to."""
    if "percent" not in _units(claim):
        return False
    if any(scope.unit == "percent" and scope.status != "change" for scope in topic.scopes):
        return bool(_BY.search(claim.span))
    return not _TO.search(claim.span)


_RATIO = re.compile(r"\bfor (?:every|each)\b|\bper (?:square|kilomet|km|mile|head|capita|\d)", re.IGNORECASE)
_FRACTION = re.compile(
    r"^\D*\b(?:half|third|quarter|fifth)s? (?:of (?:that|this|it|them)|as many|that number)\b", re.IGNORECASE
)
_BY = re.compile(r"\bby (?:\w+ ){0,3}\d", re.IGNORECASE)
_TO = re.compile(r"\bto (?:\w+ ){0,2}\d[\d.]{0,8} ?(?:%|per ?cent)", re.IGNORECASE)
_COUNTED = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven"
    r"|twelve|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
    r"|dozens?|hundreds?|thousands?|millions?|billions?|trillions?|half|third|quarter|fifth|no|none|zero)\b",
    re.IGNORECASE,
)
"""A number in words or figures: a value without one was inferred by whoever wrote the claim down."""


# What a claim states of each dimension


def _aspect(topic: Topic, name: str, claim: Claim) -> str | None:
    """The stated value of a dimension: the nearest word to the number in the span, else elsewhere in the claim."""
    table = topic.dimension(name)
    if not table:
        return None
    if name == "side" and topic.name == "losses":
        owner = _owner(claim)
        if owner is not None:
            return owner
    places: Iterable[str] = (claim.span, claim.subject, claim.quantity.replace("_", " "), claim.value_text or "")
    if name == "side":
        places = (claim.subject, claim.span, *list(places)[2:])
    for text in (*places, claim.sentence or ""):
        found = _first_side(table, text, claim) if name == "side" else _nearest(table, text, claim)
        if found is not None:
            return found
    return None


def _first_side(table: Sequence[tuple[str, re.Pattern[str]]], text: str, claim: Claim) -> str | None:
    """Whose: "695,000 Russian troops" by the word after the number, else whoever is named first."""
    number = _number_place(text, claim)
    matches = [(value, found.span()) for value, words in table for found in _first_few(words, text)]
    alone = [
        (span, value)
        for value, span in matches
        if not any(_inside(span, other) for different, other in matches if different != value)
    ]
    if number is not None:
        owned = [
            (span, value) for span, value in alone if 0 <= span[0] - number[1] <= 12 and _ADJECTIVE.match(text, span[0])
        ]
        if owned:
            return min(owned)[1]
    return min(alone)[1] if alone else None


_ADJECTIVE = re.compile(r"(?:russian|ukrainian|american|german|european)\b", re.IGNORECASE)


def _nearest(table: Sequence[tuple[str, re.Pattern[str]]], text: str, claim: Claim) -> str | None:
    matches = [(value, found.span()) for value, words in table for found in _first_few(words, text)]
    alone = [
        (value, span)
        for value, span in matches
        if not any(_inside(span, other) for different, other in matches if different != value)
    ]
    if not alone:
        return None
    middle = _number_place(text, claim)
    if middle is None:
        return alone[0][0] if len({value for value, _ in alone}) == 1 else min(alone, key=lambda item: item[1][0])[0]
    return min(alone, key=lambda item: _distance(item[1], middle))[0]


def _first_few(words: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    for count, found in enumerate(words.finditer(text)):
        if count == 8:
            return
        yield found


def _inside(span: tuple[int, int], other: tuple[int, int]) -> bool:
    return other[0] <= span[0] and span[1] <= other[1] and other != span


def _distance(span: tuple[int, int], number: tuple[int, int]) -> float:
    """What follows a number is nearer to it than what comes before."""
    return float(span[0] - number[1]) if span[0] >= number[1] else 1.6 * (number[0] - span[1]) + 3


def _number_place(text: str, claim: Claim) -> tuple[int, int] | None:
    value = claim.value if claim.value is not None else claim.value_low
    if value is None:
        return None
    places = [(found.span(), _plain(found[0])) for found in _NUMBER.finditer(text)]
    for span, number in places:
        if number and any(abs(abs(value) / number / scale - 1) < 0.011 for scale in (1, 1e3, 1e6, 1e9, 1e12, 1e-3)):
            return span
    return places[0][0] if len(places) == 1 else None


def _plain(text: str) -> float | None:
    try:
        return float(text.replace(",", "").replace("\u00a0", "").rstrip("."))
    except ValueError:
        return None


_NUMBER = re.compile(r"\d[\d,]{0,15}(?:\.\d{1,6})?")
_LOST = (
    r"soldiers|troops|tanks|losses|casualties|personnel|men|servicemen|vehicles|aircraft"
    r"|artillery|equipment|dead|armou?red|deaths|planes|helicopters|ships|guns|army"
)
_OWNERS = (
    (
        "RU",
        re.compile(
            rf"\brussian? (?:\w+ )?(?:{_LOST})\b|\b(?:russia|moscow|putin|kremlin|the enemy|russian (?:army|forces))"
            r"(?:['’]s \w+)?(?: \w+){0,3} (?:lost|losing|loses|suffered"
            r"|lose)\b|\brussia['’]s (?:\w+ )?(?:losses|casualties)"
            r"|\b(?:ukrain\w+|kyiv)(?: \w+){0,3} (?:destroyed|killed"
            r"|eliminated|knocked out)\b|\b(?:invaders|occupiers)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "UA",
        re.compile(
            rf"\bukrainian (?:\w+ )?(?:{_LOST})\b|\b(?:ukraine|kyiv|zelenskyy?)(?:['’]s \w+)?(?: \w+){{0,3}}"
            r" (?:lost|losing|loses|suffered|lose)\b|\bukraine['’]s (?:\w+ )?(?:losses|casualties)"
            r"|\brussian?(?: \w+){0,3} (?:destroyed|killed|eliminated|knocked out)\b",
            re.IGNORECASE,
        ),
    ),
)


def _owner(claim: Claim) -> str | None:
    """Whose losses: by the words around them, since who says it and who did it are named too."""
    for text in (claim.span, claim.sentence or ""):
        found = [(match.start(), side) for side, words in _OWNERS if (match := words.search(text))]
        if found:
            return min(found)[1]
    return None


def aspect_is_clear(topic: Topic, aspect: dict[str, str | None]) -> bool:
    """A statement without a number names at least the category, where the topic has several."""
    return aspect["category"] is not None or not topic.category


def _allowed(topic: Topic, aspect: dict[str, str | None], units: frozenset[str]) -> list[Scope]:
    return [
        scope
        for scope in topic.scopes
        if scope.unit in units and all(_fits(topic, name, aspect[name], getattr(scope, name)) for name in DIMENSIONS)
    ]


def _fits(topic: Topic, name: str, found: str | None, value: str) -> bool:
    if found is not None:
        return value == found or (name == "status" and _same_status(topic, found, value))
    usual = topic.usual.get(name)
    return usual is None or value in usual


def _same_status(topic: Topic, found: str, value: str) -> bool:
    """A word for what happened to people says nothing of arms; "seen" covers what became of them."""
    if topic.name != "losses":
        return False
    if found in ("casualties", "killed"):
        return value in (("claimed", "visual") if found == "killed" else ("claimed",))
    return found == "visual" and value == "destroyed"


# Units


def _units(claim: Claim) -> frozenset[str]:
    """Units on record that the claim's number may be in."""
    base = (claim.unit or "").partition("/")[0]
    text = f"{claim.span} {claim.value_text or ''}"
    if base in ("GW", "h", "percent"):
        return frozenset({base})
    money = next((unit for unit, words in _CURRENCIES if words.search(text)), None)
    if _PER_DOLLAR.search(text):
        return frozenset({"RUB/USD", "UAH/USD"})
    if base == "USD" or money is not None:
        if base == "USD" and money is None:
            text, money = f"{text} {claim.quantity} {claim.sentence or ''}", "USD"
        return frozenset({"USD/bbl"}) if money == "USD" and _BARREL.search(text) else frozenset({money or "USD"})
    if base in ("count", "persons"):
        return frozenset({"count"})
    if base:
        return frozenset()
    if "price" in claim.quantity and "oil" in claim.quantity:
        return frozenset({"USD/bbl"})
    if "exchange" in claim.quantity:
        return frozenset({"RUB/USD", "UAH/USD"})
    return frozenset({"percent"}) if _PERCENT.search(text) else frozenset({"count"})


_CURRENCIES = (
    ("RUB", re.compile(r"\b(?:r(?:o?u|ou)bles?|rub)\b|₽", re.IGNORECASE)),
    ("UAH", re.compile(r"\b(?:hryvnias?|uah)\b|₴", re.IGNORECASE)),
    ("EUR", re.compile(r"\b(?:euros?|eur)\b|€", re.IGNORECASE)),
    ("USD", re.compile(r"\b(?:dollars?|usd)\b|\$", re.IGNORECASE)),
)
_PER_DOLLAR = re.compile(
    r"(?:to|per|against) (?:the |one |a )?(?:u\.?s\.? )?dollar|(?:ro?ubles?|hryvnias?) (?:to|per|for) (?:the |a )?\$",
    re.IGNORECASE,
)
_BARREL = re.compile(r"barrel|\bbbl\b|brent|urals|oil[ _]price|crude", re.IGNORECASE)
_PERCENT = re.compile(r"per ?cent|%", re.IGNORECASE)
_SCALES = {
    "thousand": 1e3,
    "million": 1e6,
    "billion": 1e9,
    "trillion": 1e12,
    "mln": 1e6,
    "bln": 1e9,
    "trn": 1e12,
    "bn": 1e9,
    "tn": 1e12,
    "m": 1e6,
}
_SCALED = re.compile(
    r"(\d[\d,]{0,15}(?:\.\d{1,6})?)[\s\u00a0-]?(thousand|million|billion|trillion|mln|bln|trn|bn|tn)\b", re.IGNORECASE
)


def _scale(claim: Claim) -> float:
    """1, or what a bare number left out: 5.52 where the span says 5.52 trillion."""
    value = claim.value if claim.value is not None else claim.value_low
    for found in _SCALED.finditer(claim.span):
        if value is not None and (number := _plain(found[1])) is not None and number == abs(value):
            return _SCALES[found[2].lower()]
    return 1.0


def _number(claim: Claim) -> float | None:
    if claim.value is not None:
        return claim.value
    if claim.value_low is not None and claim.value_high is not None:
        return (claim.value_low + claim.value_high) / 2
    return claim.value_low if claim.value_low is not None else claim.value_high


# A figure


@dataclass(frozen=True)
class _Hit:
    reading: Reading
    error: float


def _level(topic: Topic, aspect: dict[str, str | None], claim: Claim, record: Record) -> Verdict | None:
    if _RATIO.search(claim.span) or (_FRACTION.search(claim.span) and "percent" not in _units(claim)):
        return None
    units = _units(claim)
    allowed, periods = _allowed(topic, aspect, units), stated(claim, record)
    stated_status = aspect["status"]
    hits = []
    for scope in allowed:
        for period in _meant(scope, periods):
            for reading in readings(scope, period, claim, record):
                error = _error(claim, reading)
                if reading.scope.floor and not _floor_speaks(reading, claim, stated_status, error):
                    continue
                hits.append(_Hit(reading, error))
    if not hits:
        return None
    known = [hit for hit in hits if not hit.reading.bound]
    best = min(known or hits, key=lambda hit: (round(hit.error, 3), hit.reading.trust))
    if best.reading.bound:
        return _bounded(best, topic, units, claim, record)
    grade = _grade(best, claim)
    if grade == "confirmed":
        return _verdict(claim, grade, f"On record, {_tell(best.reading)}", [best])
    other = _neighbour(topic, allowed, periods, units, claim, record)
    if other is not None and (grade == "contradicted" or _is_the_other(other, best)):
        reason = f"True of {other.reading.says} ({_amount(other.reading)}), not of {_tell(best.reading)}"
        return _verdict(claim, "conflated", reason, [best, other])
    if grade == "contradicted":
        grade = _against(best, known)
    reason = {
        "imprecise": f"Off by {_percent(best, claim)}: on record, {_tell(best.reading)}",
        "contested": f"Estimates differ or are weak: {_tell(best.reading)}",
        "unsupported": f"The record covers these days and shows none: {best.reading.says}",
        "contradicted": f"On record, {_tell(best.reading)}",
    }[grade]
    return _verdict(claim, grade, reason, [best])


def _meant(scope: Scope, periods: Sequence[Period]) -> list[Period]:
    """A sum that is published from January on is so quoted at the end of a month."""
    if scope.form != "to_date":
        return list(periods)
    since = [
        Period("to_date", first_of_year(item.end), item.end) for item in periods if item.kind in ("month", "total")
    ]
    return list(dict.fromkeys([*(item for item in periods if item.kind != "total"), *since]))


def _floor_speaks(reading: Reading, claim: Claim, status: str | None, error: float) -> bool:
    """A floor is compared as a count where the claim speaks of that count, or hits it; else it only forbids less."""
    if status in ("visual", "named", "captured", "missing") or error <= WITHIN:
        return True
    limits = bounds(claim)
    return limits is not None and limits[1] * _scale(claim) < (1 - NEAR) * reading.value


def _error(claim: Claim, reading: Reading) -> float:
    """Relative distance from the stated band to what is on record, less what interpolation leaves open."""
    limits = bounds(claim)
    if limits is None:
        return float("inf")
    scale = _scale(claim)
    low, high = limits[0] * scale, limits[1] * scale
    value = reading.value
    if value < 0 < high or (high < 0 < value):
        low, high = sorted((abs(low), abs(high)))
        value = abs(value)
    if not value:
        return 0.0 if low <= 0 <= high else float("inf")
    slack = min(reading.coarse, 0.2 * abs(value))
    outside = max(low - value - slack, value - slack - high, 0.0)
    return outside / abs(value)


def _grade(hit: _Hit, claim: Claim) -> str:
    reading, allowed = hit.reading, max(WITHIN, LOOSE.get(claim.qualifier, 0.0))
    if hit.error <= allowed:
        return "contested" if reading.trust == "D" and reading.band else "confirmed"
    if reading.band:
        number = (_number(claim) or 0.0) * _scale(claim)
        if reading.low <= number <= reading.high:
            return "imprecise" if hit.error <= NEAR else "contested"
    return "imprecise" if hit.error <= NEAR else "contradicted"


def _against(best: _Hit, known: Sequence[_Hit]) -> str:
    """What a number is that no scope explains."""
    if best.reading.value == 0 and best.reading.trust in ("A", "B"):
        return "unsupported"
    values = [
        hit.reading.value
        for hit in known
        if hit.reading.scope.form == "point" and hit.reading.period == best.reading.period
    ]
    rivals = len(values) > 1 and min(values) > 0 and max(values) / min(values) > 1 + NEAR and not best.reading.scope.per
    if best.reading.trust not in ("A", "B") or (rivals and best.error < 1):
        return "contested"
    return "contradicted"


def _neighbour(
    topic: Topic,
    allowed: Sequence[Scope],
    periods: Sequence[Period],
    units: frozenset[str],
    claim: Claim,
    record: Record,
) -> _Hit | None:
    """The nearest scope or period, one step from what is stated, for which the number holds."""
    found = []
    for scope in topic.scopes:
        if scope in allowed or scope.unit not in units or not any(_steps(scope, home) == 1 for home in allowed):
            continue
        status = any(scope.status != home.status and _steps(scope, home) == 1 for home in allowed)
        if status or _digits(claim) >= 2:
            found += [(STATUS_HIT if status else OTHER_HIT, scope, period) for period in periods]
    if _digits(claim) >= 2:
        found += [(OTHER_HIT, scope, near) for scope in allowed for period in periods for near in neighbours(period)]
    hits = []
    for limit, scope, period in found:
        for reading in readings(scope, period, claim, record):
            error = _own_error(claim, reading) if not reading.bound else float("inf")
            if error <= limit and not (claim.qualifier in ("at_least", "less_than") and _open_hit(claim, reading)):
                hits.append(_Hit(reading, error))
    return min(hits, key=lambda hit: hit.error, default=None)


def _is_the_other(other: _Hit, best: _Hit) -> bool:
    """The very number of another status: launched for stopped, claimed for seen."""
    scope, home = other.reading.scope, best.reading.scope
    return other.error <= EXACT_HIT and scope.status != home.status and scope.category == home.category


def _own_error(claim: Claim, reading: Reading) -> float:
    """As `_error`, of the number itself: the width of a hedge explains nothing."""
    number = (_number(claim) or 0.0) * _scale(claim)
    if claim.value is None or not reading.value:
        return _error(claim, reading)
    return abs(abs(number) - abs(reading.value)) / abs(reading.value)


def _open_hit(claim: Claim, reading: Reading) -> bool:
    """A floor far below, or a ceiling far above, explains nothing."""
    number = (_number(claim) or 0.0) * _scale(claim)
    return not reading.value or abs(number / reading.value - 1) > 0.1


def _steps(scope: Scope, home: Scope) -> int:
    return sum(getattr(scope, name) != getattr(home, name) for name in DIMENSIONS)


def _digits(claim: Claim) -> int:
    number = _number(claim) or 0.0
    return len(f"{abs(number):.6e}".split("e")[0].replace(".", "").rstrip("0"))


def _bounded(best: _Hit, topic: Topic, units: frozenset[str], claim: Claim, record: Record) -> Verdict | None:
    """A day of strikes: its weeks bound it from above."""
    limits = bounds(claim)
    low = limits[0] * _scale(claim) if limits else 0.0
    if low <= best.reading.high * (1 + WITHIN):
        if best.reading.high == 0:
            return _verdict(
                claim, "unsupported", f"The record covers these days and shows none: {best.reading.says}", [best]
            )
        reason = (
            f"Not known by day; the weeks around hold {best.reading.high:,.0f} "
            f"{best.reading.scope.says}, so it is possible"
        )
        return _verdict(claim, "unverified", reason, [best])
    for period in neighbours(best.reading.period):
        for reading in readings(best.reading.scope, period, claim, record):
            error = _error(claim, reading)
            if error <= OTHER_HIT and not reading.bound and period.kind in ("month", "week", "to_date"):
                reason = f"True of {reading.says} ({_amount(reading)}), not of one day"
                return _verdict(claim, "conflated", reason, [_Hit(reading, error)])
    reason = f"The weeks around hold only {best.reading.high:,.0f} {best.reading.scope.says}"
    return _verdict(claim, "contradicted", reason, [best])


# Changes, trends, records

_DOWN = re.compile(
    r"\b(?:drop|fell\b|fall(?:s|en|ing)?\b|declin|decreas|down\b|shr[iau]nk|plung"
    r"|plummet|slump|lower|reduc|slid|dwindl|eas(?:e|ed|ing)\b|slow|abat|collaps|weaken)",
    re.IGNORECASE,
)
_UP = re.compile(
    r"\b(?:rose\b|ris(?:e|en|es|ing)\b|increas|grew\b|grow|up (?:by|\d)|surg|jump|climb"
    r"|soar|higher|escalat|intensif|mount|expand|accelerat|strengthen|ramp|more and more)",
    re.IGNORECASE,
)
_TIMES = re.compile(r"\b(doubl(?:ed|ing)|tripl(?:ed|ing)|quadrupl(?:ed|ing)|halv(?:ed|ing))\b", re.IGNORECASE)
_MULTIPLES = {"doubl": 100.0, "tripl": 200.0, "quadr": 300.0, "halve": -50.0, "halvi": -50.0}
_EXTREME = re.compile(
    r"\b(?:record (?:number|high|low|level|month|week|volume|loss)"
    r"|highest|largest|lowest|biggest|most \w+ (?:since|ever))",
    re.IGNORECASE,
)
_SHORT = re.compile(r"\b(?:shortage|scarcity|lack|short of|depletion)", re.IGNORECASE)
_ON_YEAR = re.compile(
    r"\b(?:year[- ](?:on|over)[- ]year|y/y|(?:than|from|with|on) (?:a|the"
    r"|last) (?:year|same period)|a year (?:earlier|ago|before)|last year|annual)",
    re.IGNORECASE,
)
_ON_PERIOD = re.compile(
    r"\b(?:month[- ](?:on|over)[- ]month|m/m|(?:than|from|with|on) the (?:previous|preceding"
    r"|prior) (?:month|week|quarter)|(?:than|from|with) (?:last )?(?:january|february"
    r"|march|april|may|june|july|august|september|october|november|december|week|month))",
    re.IGNORECASE,
)


def _direction(text: str) -> int:
    down, up = _DOWN.search(text), _UP.search(text)
    if down and up:
        return 0 if down.start() == up.start() else (-1 if down.start() < up.start() else 1)
    return -1 if down else 1 if up else 0


def _share_of_units(claim: Claim) -> bool:
    return claim.value is not None and (claim.unit or "").partition("/")[0] in ("count", "persons", "USD", "GW")


def _moving(topic: Topic, aspect: dict[str, str | None]) -> list[Scope]:
    """Scopes that are followed in time, first as stated."""
    forms = ("flow", "total", "mean")
    free = {**aspect, "status": aspect["status"]}
    scopes = [
        scope
        for scope in topic.scopes
        if scope.form in forms
        and scope.share is None
        and all(_fits(topic, name, free[name], getattr(scope, name)) for name in DIMENSIONS)
    ]
    return [scope for scope in scopes if not scope.floor] or scopes


def _change(topic: Topic, aspect: dict[str, str | None], claim: Claim, record: Record, change: float) -> Verdict | None:
    published = _published_change(topic, aspect, claim, record, change)
    if published is not None:
        return published
    hits = []
    for scope in _moving(topic, aspect):
        for now, then in _comparisons(claim, record):
            pair = _pair(scope, now, then, claim, record)
            if pair is not None:
                hits.append((abs(pair[2] - change), *pair))
    if not hits:
        return None
    error, now_reading, then_reading, found = min(hits, key=lambda hit: hit[0])
    if error > max(0.5, WITHIN * abs(found)):
        error, now_reading, then_reading, found = hits[0]
    tolerance = max(WITHIN, LOOSE.get(claim.qualifier, 0.0))
    if _TIMES.search(claim.span):
        tolerance = 0.2
    relative = max(error - 0.5, 0.0) / max(abs(found), 1.0)
    same_way = found * change > 0
    grade = "confirmed" if relative <= tolerance else "imprecise" if relative <= NEAR and same_way else "contradicted"
    limits = bounds(claim)
    if grade != "confirmed" and same_way and limits is not None and claim.qualifier in ("at_least", "less_than"):
        grade = "confirmed" if limits[0] <= abs(found) <= limits[1] else grade
    if grade == "contradicted" and _weakest(now_reading, then_reading) not in ("A", "B"):
        grade = "contested"
    how = (
        f"{now_reading.value:,.6g} {now_reading.period.says} against "
        f"{then_reading.value:,.6g} {then_reading.period.says}: {found:+.1f} %"
    )
    reason = (
        f"On record, {now_reading.scope.says} changed by {found:+.1f} "
        f"% ({now_reading.period.says} on {then_reading.period.says})"
    )
    return Verdict(claim.id, grade, reason, how, (*now_reading.findings[-2:], *then_reading.findings[-2:]))


def _published_change(
    topic: Topic, aspect: dict[str, str | None], claim: Claim, record: Record, change: float
) -> Verdict | None:
    """A change as its source printed it: it confirms; what it does not confirm is worked out from the series."""
    scopes = _allowed(topic, {**aspect, "status": "change"}, frozenset({"percent"}))
    for reading in (
        found for scope in scopes for day in stated(claim, record) for found in readings(scope, day, claim, record)
    ):
        if abs(reading.value - change) <= max(0.5, WITHIN * abs(reading.value)):
            return _verdict(claim, "confirmed", f"On record, {_tell(reading)}", [_Hit(reading, 0.0)])
    return None


def _comparisons(claim: Claim, record: Record) -> list[tuple[Period, Period]]:
    window = record.window(claim)
    if window is None:
        return []
    text = f"{claim.span} {claim.sentence or ''}"
    on_year, on_period = bool(_ON_YEAR.search(text)), bool(_ON_PERIOD.search(text))
    if window[0] != window[1]:
        nows = list(stated(claim, record))
    else:
        last = month_of(month_of(window[1]).start - 1)
        before = month_of(last.start - 1)
        nows = [
            *(Period("to_date", first_of_year(month.end), month.end) for month in (last, before)),
            last,
            before,
        ]
    nows = [Period(item.kind, item.start, item.end) for item in nows]
    pairs = []
    for now in nows:
        if on_year or not on_period:
            pairs.append((now, year_before(now)))
        if on_period or (not on_year and now.kind in ("month", "week")):
            pairs.append((now, period_before(now)))
    return pairs


def _weakest(*pair: Reading) -> str:
    """Trust of a comparison. Budget revenue by month is judged in places, but its years are the ministry's own."""
    if all(reading.scope.names == ("econ.ru_oil_gas_revenue",) and reading.period.days > 180 for reading in pair):
        return "B"
    return max(reading.trust for reading in pair)


def _pair(
    scope: Scope, now: Period, then: Period, claim: Claim, record: Record
) -> tuple[Reading, Reading, float] | None:
    last, first = readings(scope, now, claim, record), readings(scope, then, claim, record)
    if not last or not first or not first[0].value or last[0].bound or first[0].bound:
        return None
    scaled = last[0].value / last[0].period.days, first[0].value / first[0].period.days
    same_kind = scope.form == "mean" or now.kind in ("month", "to_date", "year")
    ratio = last[0].value / first[0].value if same_kind else scaled[0] / scaled[1]
    return last[0], first[0], 100.0 * (ratio - 1)


def _trend(
    topic: Topic, aspect: dict[str, str | None], claim: Claim, record: Record, direction: int, near: str
) -> Verdict | None:
    """Three months against the three before."""
    if _SHORT.search(near):
        if topic.name != "stocks of arms":
            return None
        direction = -direction
    window = record.window(claim)
    if window is None:
        return None
    if topic.name == "stocks of arms":
        return _falling_stock(topic, aspect, claim, record, direction, window[1])
    for scope in _moving(topic, aspect):
        pieces = [_pieces(scope, window[1] - 91 * step, claim, record) for step in (0, 1)]
        if not all(len(piece) == 3 for piece in pieces):
            continue
        late, early = (np.array([reading.value for reading in piece]) for piece in pieces)
        if not early.mean():
            continue
        change = float(late.mean() / early.mean() - 1)
        spread = float(np.sqrt(late.var(ddof=1) / 3 + early.var(ddof=1) / 3) / abs(early.mean()))
        threshold = max(NOISE, 1.5 * spread)
        how = (
            f"mean of three months to {window[1]} {late.mean():,.5g}, of the three before "
            f"{early.mean():,.5g}: {100 * change:+.1f} %, threshold {100 * threshold:.0f} %"
        )
        grade = "imprecise" if abs(change) < threshold else "confirmed" if change * direction > 0 else "contradicted"
        says = "hardly changed" if grade == "imprecise" else "rose" if change > 0 else "fell"
        reason = f"On record, {scope.says} {says} ({100 * change:+.0f} % over three months)"
        return Verdict(claim.id, grade, reason, how, (*pieces[1][0].findings[:1], *pieces[0][-1].findings[-1:]))
    return None


def _pieces(scope: Scope, end: np.datetime64, claim: Claim, record: Record) -> list[Reading]:
    """Readings of three months of thirty days, or of three calendar months where the rows are monthly."""
    monthly = all(name.startswith(("econ.", "named_loss.", "facts.")) for name in scope.names)
    last = month_of(month_of(end).start - 1)
    periods = []
    for _ in range(3):
        periods.append(last if monthly else Period("span", end - 29, end))
        last, end = month_of(last.start - 1), end - 30
    return [found[0] for period in periods if (found := readings(scope, period, claim, record))][::-1]


def _falling_stock(
    topic: Topic, aspect: dict[str, str | None], claim: Claim, record: Record, direction: int, day: np.datetime64
) -> Verdict | None:
    """Dated estimates of a stock: the last before the day against the one before it."""
    for scope in _allowed(topic, aspect, frozenset({"count"})):
        series = record.series(scope.names[0])
        if series is None:
            continue
        before = [
            row
            for row in range(len(series))
            if series.dates[row] <= day and (day - series.dates[row]).astype(int) < 500
        ]
        first = [row for row in range(len(series)) if series.dates[row] <= day - 300]
        if not before or not first or before[-1] == first[0]:
            continue
        change = float(series.values[before[-1]] / series.values[first[0]] - 1)
        if abs(change) < NOISE:
            continue
        grade = "confirmed" if change * direction > 0 else "contradicted"
        findings = tuple(
            record.finding(claim, series, row, f"{scope.says}, {series.dates[row]}: {series.values[row]:,.6g}")
            for row in (first[0], before[-1])
        )
        reason = (
            f"On record, {scope.says} {'fell' if change < 0 else 'rose'} from "
            f"{series.values[first[0]]:,.6g} to {series.values[before[-1]]:,.6g}"
        )
        return Verdict(claim.id, grade, reason, f"{100 * change:+.0f} % from {series.dates[first[0]]}", findings)
    return None


def _extreme(topic: Topic, aspect: dict[str, str | None], claim: Claim, record: Record, word: str) -> Verdict | None:
    """Was this month, or week, the highest or lowest on record up to then?"""
    sign = -1.0 if "low" in word else 1.0
    for scope in _moving(topic, aspect):
        for period in stated(claim, record):
            if period.kind not in ("month", "week", "year") or period.rate:
                continue
            verdict = _highest(scope, period, claim, record, sign)
            if verdict is not None:
                return verdict
    return None


def _highest(scope: Scope, period: Period, claim: Claim, record: Record, sign: float) -> Verdict | None:
    now = readings(scope, period, claim, record)
    if not now or now[0].bound:
        return None
    earlier, step = [], period_before(period)
    for _ in range(120):
        found = readings(scope, step, claim, record)
        if not found:
            break
        earlier.append(found[0])
        step = period_before(step)
    if len(earlier) < 6:
        return None
    top = max(earlier, key=lambda reading: sign * reading.value)
    lead = sign * (now[0].value - top.value) / max(abs(top.value), 1e-9)
    grade = "confirmed" if lead >= -0.01 else "imprecise" if lead >= -WITHIN else "contradicted"
    how = (
        f"{now[0].value:,.6g} {period.says}; {'highest' if sign > 0 else 'lowest'} "
        f"of {len(earlier)} earlier: {top.value:,.6g} {top.period.says}"
    )
    reason = f"On record, {scope.says}: {how}"
    return Verdict(claim.id, grade, reason, how, (*now[0].findings[-1:], *top.findings[-1:]))


# Words for the reader


def _verdict(claim: Claim, grade: str, reason: str, hits: Sequence[_Hit]) -> Verdict:
    findings = tuple(dict.fromkeys(finding for hit in hits for finding in hit.reading.findings))
    return Verdict(claim.id, grade, f"{reason}.", "; ".join(hit.reading.how for hit in hits), findings[:8])


def _tell(reading: Reading) -> str:
    return f"{reading.says}: {_amount(reading)}"


def _amount(reading: Reading) -> str:
    unit = "" if reading.scope.unit == "count" else f" {reading.scope.unit}"
    about = "about " if reading.coarse > 0.02 * abs(reading.value) else ""
    band = f" ({_short(reading.low)} to {_short(reading.high)})" if reading.band else ""
    return f"{about}{_short(reading.value)}{unit}{band}"


def _short(value: float) -> str:
    for size, word in ((1e12, "trillion"), (1e9, "billion")):
        if abs(value) >= size:
            return f"{value / size:.4g} {word}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _percent(hit: _Hit, claim: Claim) -> str:
    return f"{100 * hit.error:.0f} %"
