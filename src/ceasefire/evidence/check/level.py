"""A stated number against the value on record, and against the scopes and periods one step away."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ceasefire.evidence.check.amount import number_of, scale_of, units_of
from ceasefire.evidence.check.answer import Hit, amount, answer, tell
from ceasefire.evidence.check.aspect import allowed
from ceasefire.evidence.check.period import Period, first_of_year, neighbours, stated
from ceasefire.evidence.check.reading import Reading, readings
from ceasefire.evidence.check.record import NEAR, WITHIN, Record, bounds
from ceasefire.evidence.check.scope import DIMENSIONS, Scope, Topic
from ceasefire.evidence.claim import Claim, Verdict

PARTICULAR = 0.12
"""Relative error up to which a number may be meant for one decision, tranche or estimate among many."""
LOOSE = {"about": 0.10, "fraction": 0.12}
"""Relative error inside the stated hedge."""
STATUS_HIT, OTHER_HIT, EXACT_HIT = 0.05, 0.02, 0.01
"""How near a neighbouring scope must come to explain a number; the last also where the stated one is imprecise."""
SAME_HIT = 0.002
"""How near another category must come to be the one whose number was taken."""

_LONGER = re.compile(r"\b(?:weeks?|months?|years?)\b", re.IGNORECASE)
"""The sentence speaks of a longer time than the day that the claim is dated to."""
_RATIO = re.compile(r"\bfor (?:every|each)\b|\bper (?:square|kilomet|km|mile|head|capita|\d)", re.IGNORECASE)
_FRACTION = re.compile(
    r"^\D*\b(?:half|third|quarter|fifth)s? (?:of (?:that|this|it|them)|as many|that number)\b", re.IGNORECASE
)


def level(topic: Topic, aspect: dict[str, str | None], claim: Claim, record: Record) -> Verdict | None:
    """The verdict on a number that says how much or how many; None where nothing on record bears on it."""
    if _RATIO.search(claim.span) or (_FRACTION.search(claim.span) and "percent" not in units_of(claim)):
        return None
    units = units_of(claim)
    scopes, periods = allowed(topic, aspect, units), stated(claim, record)
    hits = list(_hits(scopes, periods, aspect["status"], claim, record))
    if not hits:
        return None
    known = [hit for hit in hits if not hit.reading.bound]
    best = min(known or hits, key=lambda hit: (round(hit.error, 3), hit.reading.trust))
    if best.reading.bound:
        return _bounded(best, topic, units, claim, record)
    grade = _grade(best, claim)
    if grade == "confirmed":
        return answer(claim, grade, f"On record, {tell(best.reading)}", [best])
    other = _neighbour(topic, scopes, periods, units, claim, record)
    if other is not None and (grade == "contradicted" or _is_the_other(other, best, _digits(claim))):
        reason = f"True of {other.reading.says} ({amount(other.reading)}), not of {tell(best.reading)}"
        return answer(claim, "conflated", reason, [best, other])
    if grade == "contradicted":
        grade = _against(best, known)
    reason = {
        "imprecise": f"Off by {100 * best.error:.0f} %: on record, {tell(best.reading)}",
        "contested": f"Estimates differ or are weak: {tell(best.reading)}",
        "unsupported": f"The record covers these days and shows none: {best.reading.says}",
        "contradicted": f"On record, {tell(best.reading)}",
    }[grade]
    return answer(claim, grade, reason, [best])


def _hits(
    scopes: Sequence[Scope], periods: Sequence[Period], status: str | None, claim: Claim, record: Record
) -> Iterator[Hit]:
    """Readings of the stated scopes that can be held against the number."""
    for scope in scopes:
        for period in _meant(scope, periods):
            for reading in readings(scope, period, claim, record):
                error = _error(claim, reading)
                if scope.floor and not _floor_speaks(reading, claim, status, error):
                    continue
                if scope.particular and error > PARTICULAR:
                    continue
                yield Hit(reading, error)


def _meant(scope: Scope, periods: Sequence[Period]) -> list[Period]:
    """A sum that is published from January on is so quoted at the end of a month."""
    if scope.form != "to_date":
        return list(periods)
    since = [
        Period("to_date", first_of_year(item.end), item.end) for item in periods if item.kind in ("month", "total")
    ]
    whole = [
        Period("year", first_of_year(new_year - 1), new_year - 1)
        for item in periods
        if item.kind in ("day", "total")
        and item.rate is None
        and item.end - (new_year := first_of_year(item.end)) <= EARLY
    ]
    return list(dict.fromkeys([*(item for item in periods if item.kind != "total"), *since, *whole]))


EARLY = 75
"""Days into a year in which a sum without a period may be that of the year before."""


def _floor_speaks(reading: Reading, claim: Claim, status: str | None, error: float) -> bool:
    """A floor is compared as a count where the claim speaks of that count, or hits it; else it only forbids less."""
    if status in ("visual", "named", "captured", "missing") or error <= WITHIN:
        return True
    limits = bounds(claim)
    return limits is not None and limits[1] * scale_of(claim) < (1 - NEAR) * reading.value


def _error(claim: Claim, reading: Reading) -> float:
    """Relative distance from the stated band to what is on record, less what interpolation leaves open."""
    limits = bounds(claim)
    if limits is None:
        return float("inf")
    scale = scale_of(claim)
    low, high = limits[0] * scale, limits[1] * scale
    if claim.qualifier in LOOSE and reading.scope.unit == "percent" and claim.value is not None and claim.value > 50:
        slack = max(1.0, LOOSE["about"] * (100.0 - claim.value))
        low, high = claim.value - slack, claim.value + slack
    value = reading.value
    if value < 0 < high or (high < 0 < value):
        low, high = sorted((abs(low), abs(high)))
        value = abs(value)
    if not value:
        return 0.0 if low <= 0 <= high else float("inf")
    slack = min(reading.coarse, 0.2 * abs(value))
    outside = max(low - value - slack, value - slack - high, 0.0)
    return outside / abs(value)


def _grade(hit: Hit, claim: Claim) -> str:
    reading = hit.reading
    loose = WITHIN if reading.scope.unit == "percent" else max(WITHIN, LOOSE.get(claim.qualifier, 0.0))
    if hit.error <= loose:
        return "contested" if reading.trust == "D" and reading.band else "confirmed"
    error = _off(hit, claim)
    if reading.band:
        number = (number_of(claim) or 0.0) * scale_of(claim)
        if reading.low <= number <= reading.high:
            return "imprecise" if error <= NEAR else "contested"
    return "imprecise" if error <= NEAR else "contradicted"


def _off(hit: Hit, claim: Claim) -> float:
    """How far off the number is: outside its hedge, the number itself counts and no longer the edge of the hedge."""
    if claim.qualifier not in LOOSE or hit.reading.coarse:
        return hit.error
    return max(hit.error, _own_error(claim, hit.reading))


def _against(best: Hit, known: Sequence[Hit]) -> str:
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
    stated_scopes: Sequence[Scope],
    periods: Sequence[Period],
    units: frozenset[str],
    claim: Claim,
    record: Record,
) -> Hit | None:
    """The nearest scope or period, one step from what is stated, for which the number holds."""
    found = []
    for scope in topic.scopes:
        if (
            scope in stated_scopes
            or scope.particular
            or scope.unit not in units
            or not any(_steps(scope, home) == 1 for home in stated_scopes)
        ):
            continue
        status = any(scope.status != home.status and _steps(scope, home) == 1 for home in stated_scopes)
        if status or _digits(claim) >= 2:
            found += [(STATUS_HIT if status else OTHER_HIT, scope, period) for period in periods]
    if _digits(claim) >= 2:
        found += [
            (OTHER_HIT, scope, near) for scope in stated_scopes for period in periods for near in neighbours(period)
        ]
    hits = []
    for limit, scope, period in found:
        for reading in readings(scope, period, claim, record):
            error = _own_error(claim, reading) if not reading.bound else float("inf")
            if error <= limit and not (claim.qualifier in ("at_least", "less_than") and _open_hit(claim, reading)):
                hits.append(Hit(reading, error))
    return min(hits, key=lambda hit: hit.error, default=None)


def _is_the_other(other: Hit, best: Hit, digits: int) -> bool:
    """The very number of another status, launched for stopped, or, to four digits, that of another category."""
    scope, home = other.reading.scope, best.reading.scope
    if other.error <= SAME_HIT and best.error > WITHIN and scope.category != home.category:
        return digits >= 4
    return other.error <= EXACT_HIT and scope.status != home.status and scope.category == home.category


def _own_error(claim: Claim, reading: Reading) -> float:
    """As `_error`, of the number itself: the width of a hedge explains nothing."""
    number = (number_of(claim) or 0.0) * scale_of(claim)
    if claim.value is None or not reading.value:
        return _error(claim, reading)
    return abs(abs(number) - abs(reading.value)) / abs(reading.value)


def _open_hit(claim: Claim, reading: Reading) -> bool:
    """A floor far below, or a ceiling far above, explains nothing."""
    number = (number_of(claim) or 0.0) * scale_of(claim)
    return not reading.value or abs(number / reading.value - 1) > 0.1


def _steps(scope: Scope, home: Scope) -> int:
    return sum(getattr(scope, name) != getattr(home, name) for name in DIMENSIONS)


def _digits(claim: Claim) -> int:
    number = number_of(claim) or 0.0
    return len(f"{abs(number):.6e}".split("e")[0].replace(".", "").rstrip("0"))


def _bounded(best: Hit, topic: Topic, units: frozenset[str], claim: Claim, record: Record) -> Verdict | None:
    """A day of strikes: its weeks bound it from above."""
    limits = bounds(claim)
    low = limits[0] * scale_of(claim) if limits else 0.0
    if low <= best.reading.high * (1 + WITHIN):
        if best.reading.high == 0:
            return answer(
                claim, "unsupported", f"The record covers these days and shows none: {best.reading.says}", [best]
            )
        reason = (
            f"Not known by day; the weeks around hold {best.reading.high:,.0f} "
            f"{best.reading.scope.says}, so it is possible"
        )
        return answer(claim, "unverified", reason, [best])
    for period in neighbours(best.reading.period):
        for reading in readings(best.reading.scope, period, claim, record):
            error = _error(claim, reading)
            if error <= OTHER_HIT and not reading.bound and period.kind in ("month", "week", "to_date"):
                reason = f"True of {reading.says} ({amount(reading)}), not of one day"
                return answer(claim, "conflated", reason, [Hit(reading, error)])
    if _LONGER.search(claim.sentence or ""):
        return None
    reason = f"The weeks around hold only {best.reading.high:,.0f} {best.reading.scope.says}"
    return answer(claim, "contradicted", reason, [best])
