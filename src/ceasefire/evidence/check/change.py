"""Changes, trends and records against the series.

A change in percent is compared with the same period a year before and with the period before; a trend without a
number, by the mean of three months against the three before, with a threshold of 5 % and one and a half standard
errors; a record, by every earlier month or week. Thresholds are judged by hand (trust D).
"""

from __future__ import annotations

import re

import numpy as np

from ceasefire.evidence.check.answer import Hit, answer, tell
from ceasefire.evidence.check.aspect import allowed, fits
from ceasefire.evidence.check.level import LOOSE
from ceasefire.evidence.check.period import (
    INVASION,
    Period,
    first_of_year,
    month_of,
    period_before,
    stated,
    year_before,
)
from ceasefire.evidence.check.reading import Reading, readings
from ceasefire.evidence.check.record import NEAR, WITHIN, Record, bounds
from ceasefire.evidence.check.scope import DIMENSIONS, Scope, Topic
from ceasefire.evidence.claim import Claim, Verdict

NOISE = 0.05
"""Least relative change that is a trend."""

_DOWN = re.compile(
    r"\b(?:drop|fell\b|fall(?:s|en|ing)?\b|declin|decreas|down\b|shr[iau]nk|plung|fewer\b|less\b|smaller"
    r"|plummet|slump|lower|reduc|slid|dwindl|eas(?:e|ed|ing)\b|slow|abat|collaps|weaken)",
    re.IGNORECASE,
)
_UP = re.compile(
    r"\b(?:rose\b|ris(?:e|en|es|ing)\b|increas(?!ingly)|grew\b|grow|up (?:by|\d)|surg|jump|climb"
    r"|soar|higher|recover|rebound|bigger|escalat|intensif|mount|expand|accelerat|strengthen|ramp|more and more)",
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


def direction_of(text: str) -> int:
    """1 where the words speak of a rise, -1 of a fall, 0 of neither."""
    down, up = _DOWN.search(text), _UP.search(text)
    if down and up:
        return 0 if down.start() == up.start() else (-1 if down.start() < up.start() else 1)
    return -1 if down else 1 if up else 0


def _moving(topic: Topic, aspect: dict[str, str | None]) -> list[Scope]:
    """Scopes that are followed in time, first as stated."""
    forms = ("flow", "total", "mean")
    free = {**aspect, "status": aspect["status"]}
    scopes = [
        scope
        for scope in topic.scopes
        if scope.form in forms
        and scope.share is None
        and all(fits(topic, name, free[name], getattr(scope, name)) for name in DIMENSIONS)
    ]
    return [scope for scope in scopes if not scope.floor] or scopes


def of_change(
    topic: Topic, aspect: dict[str, str | None], claim: Claim, record: Record, change: float
) -> Verdict | None:
    """A stated change in percent against the same period a year before, or the period before."""
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
    scopes = allowed(topic, {**aspect, "status": "change"}, frozenset({"percent"}))
    for reading in (
        found for scope in scopes for day in stated(claim, record) for found in readings(scope, day, claim, record)
    ):
        if abs(reading.value - change) <= max(0.5, WITHIN * abs(reading.value)):
            return answer(claim, "confirmed", f"On record, {tell(reading)}", [Hit(reading, 0.0)])
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


def of_times(claim: Claim) -> float | None:
    """The change in percent that a multiple states: doubled, halved; None where a figure is stated instead."""
    found = _TIMES.search(claim.span)
    counted = claim.value is not None and (claim.unit or "").partition("/")[0] in ("count", "persons", "USD", "GW")
    return None if found is None or counted else _MULTIPLES[found[1].lower()[:5]]


_EACH = re.compile(r"\bfor (?:every|each) (?:one )?(ukrain|russ)", re.IGNORECASE)


def of_sides(topic: Topic, category: str | None, claim: Claim, record: Record) -> Verdict | None:
    """What one side lost for every one of the other, by what is seen in pictures of both: the one count of both."""
    found = _EACH.search(claim.span)
    if found is None or claim.value is None or category is None:
        return None
    totals: dict[str, Reading] = {}
    for scope in topic.scopes:
        if scope.category == category and scope.status == "visual":
            for period in stated(claim, record):
                for reading in readings(scope, Period("total", INVASION, period.end), claim, record):
                    totals[scope.side] = reading
    if len(totals) < 2 or not all(reading.value for reading in totals.values()):
        return None
    ratio = totals["RU"].value / totals["UA"].value
    ratio = ratio if found[1].lower() == "ukrain" else 1 / ratio
    error = abs(claim.value - ratio) / ratio
    loose = max(WITHIN, LOOSE.get(claim.qualifier, 0.0))
    grade = "confirmed" if error <= loose else "imprecise" if error <= NEAR else "contested"
    how = f"{totals['RU'].value:,.0f} Russian, {totals['UA'].value:,.0f} Ukrainian: {ratio:.2f}"
    reason = f"By what is visually confirmed of both, {how}."
    return Verdict(claim.id, grade, reason, how, (*totals["RU"].findings[-1:], *totals["UA"].findings[-1:]))


def of_trend(topic: Topic, aspect: dict[str, str | None], claim: Claim, record: Record, near: str) -> Verdict | None:
    """The stated months from first to last, or three months against the three before."""
    direction = direction_of(near)
    if not direction:
        return None
    if _SHORT.search(near):
        if topic.name != "stocks of arms":
            return None
        direction = -direction
    window = record.window(claim)
    if window is None:
        return None
    if topic.name == "stocks of arms":
        return _falling_stock(topic, aspect, claim, record, direction, window[1])
    if _SINCE.search(claim.span) and (window[1] - window[0]).astype(int) >= 45:
        return _since(topic, aspect, claim, record, direction, window)
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


_SINCE = re.compile(r"\b(?:since|from|over|through|between|in) (?!the (?:war|invasion))", re.IGNORECASE)


def _since(
    topic: Topic,
    aspect: dict[str, str | None],
    claim: Claim,
    record: Record,
    direction: int,
    window: tuple[np.datetime64, np.datetime64],
) -> Verdict | None:
    """The last full month of the stated time against its first."""
    first, last = month_of(window[0]), month_of(window[1])
    if last.end > window[1]:
        last = month_of(last.start - 1)
    for scope in _moving(topic, aspect):
        then, now = readings(scope, first, claim, record), readings(scope, last, claim, record)
        if not then or not now or not then[0].value or first == last:
            continue
        change = now[0].value / then[0].value - 1
        grade = "imprecise" if abs(change) < NOISE else "confirmed" if change * direction > 0 else "contradicted"
        how = f"{then[0].value:,.5g} {first.says}, {now[0].value:,.5g} {last.says}: {100 * change:+.1f} %"
        reason = f"On record, {scope.says}: {how}."
        return Verdict(claim.id, grade, reason, how, (*then[0].findings[-1:], *now[0].findings[-1:]))
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
    for scope in allowed(topic, aspect, frozenset({"count"})):
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


def of_extreme(topic: Topic, aspect: dict[str, str | None], claim: Claim, record: Record, near: str) -> Verdict | None:
    """Was this month, or week, the highest or lowest on record up to then?"""
    word = _EXTREME.search(near)
    if word is None:
        return None
    sign = -1.0 if "low" in word[0].lower() else 1.0
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
