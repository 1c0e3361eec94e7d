"""What the record says of a scope over a period: a value, how coarse it is, and the rows that it comes from.

Running totals are differences between rows, interpolated by day between them; counts are summed by the share of each
row's interval that lies in the period. What a row says of an interval says little of one day in it, so every value
carries its coarseness: one standard deviation, from the rate r a day, the days g by which the ends of the period miss
the ends of rows, and the length n of the period,

    coarse = k · r · √min(g, n),    k = 0.25 for running totals, 0.6 for strikes, which come in bursts,

with k judged by hand from daily figures. One day of bursts is bounded by its week's count and not known.
Prices and rates are means of the rows in the period. Dated estimates (`point`) are the rows nearest to it, rivals
included; each is a value of its own, and a triple low, mid, high is a band.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ceasefire.evidence.check.period import DAYS, Period, first_of_year
from ceasefire.evidence.check.record import Record
from ceasefire.evidence.check.scope import Scope
from ceasefire.evidence.claim import Claim, Finding
from ceasefire.evidence.series import Series

STEADY, BURSTS = 0.25, 0.6
"""Day-to-day spread of a running total and of strikes, relative to their mean."""
AFTER = 10
"""Days past its last row that a running total still serves."""

LOOKS_BACK = 75
"""Days into a year in which estimates are of the year before."""


@dataclass(frozen=True)
class Reading:
    """A value on record."""

    scope: Scope
    period: Period
    value: float
    low: float
    high: float
    """Bounds: of estimates low and high, else of what rows around the period allow."""
    coarse: float
    """Standard deviation of interpolation."""
    trust: str
    findings: tuple[Finding, ...]
    how: str
    """The computation, in figures."""
    bound: bool = False
    """Only an upper bound is known: `high`."""
    band: bool = False
    """`low` and `high` are an estimate's own band."""

    @property
    def says(self) -> str:
        """In words, without the value."""
        return f"{self.scope.says} {self.period.says}"


def readings(scope: Scope, period: Period, claim: Claim, record: Record) -> tuple[Reading, ...]:
    """Values of a scope over a period; several where estimates are rivals, none where no row bears on it."""
    if scope.form == "to_date" and period.kind in ("day", "total"):
        period = Period("to_date", first_of_year(period.end), period.end, period.rate)
    if scope.form == "point":
        return tuple(_points(scope, period, claim, record))
    found = [series for name in scope.names if (series := record.series(name)) is not None]
    if len(found) < len(scope.names) and not (found and scope.category in ("missile", "drone and missile")):
        return ()
    if scope.unit == "percent" and scope.form == "flow":
        return tuple(_share_stopped(scope, found, period, claim, record))
    work = {"total": _difference, "flow": _sum, "mean": _mean, "to_date": _to_date}[scope.form]
    parts = [part for series in found if (part := work(scope, series, period)) is not None]
    if len(parts) < len(found):
        return ()
    whole = _combine(scope, parts, found, period, claim, record)
    return () if whole is None else (whole,)


@dataclass(frozen=True)
class _Part:
    value: float
    low: float
    high: float
    coarse: float
    rows: tuple[int, ...]
    how: str


def _combine(
    scope: Scope, parts: list[_Part], series: list[Series], period: Period, claim: Claim, record: Record
) -> Reading | None:
    factor = _factor(scope, period)
    value, low, high = (sum(getattr(part, name) for part in parts) * factor for name in ("value", "low", "high"))
    coarse = float(np.sqrt(sum(part.coarse**2 for part in parts))) * abs(factor)
    low, high = min(low, high), max(low, high)
    findings = tuple(
        record.finding(claim, each, row, f"{each.name} {each.dates[row]}: {each.values[row]:,.6g} {each.unit}")
        for each, part in zip(series, parts, strict=True)
        for row in part.rows
    )
    trust = max((finding.trust for finding in findings), default="C")
    how = "; ".join(part.how for part in parts[:6])
    if len(parts) > 1:
        how += f"; sum {value:,.6g}"
    band = False
    if scope.share is not None:
        shares = _band(scope.share, period, claim, record)
        if shares is None:
            return None
        (least, middle, most), rows = shares
        how += f"; times {least:g} to {most:g}"
        low, value, high, band, trust = value * least, value * middle, value * most, True, max(trust, rows[0].trust)
        findings += rows
    bound = scope.names[0].startswith("strike.") and period.days < 6
    return Reading(scope, period, value, low, high, coarse, trust, findings, how, bound, band)


def _factor(scope: Scope, period: Period) -> float:
    rate = DAYS[period.rate] / period.days if period.rate and scope.form in ("total", "flow") else 1.0
    if period.rate == "month" and period.kind == "month":
        rate = 1.0
    return scope.scale * rate


def _total_at(series: Series, day: np.datetime64) -> tuple[float, int, int, int] | None:
    """Interpolated value, the rows around it, and the days to the nearer one."""
    dates = series.dates
    if not len(dates) or day > dates[-1] + AFTER or day < dates[0]:
        return None
    after = int(np.searchsorted(dates, day, side="left"))
    if after == len(dates):
        return float(series.values[-1]), len(dates) - 1, len(dates) - 1, int((day - dates[-1]).astype(int))
    if dates[after] == day:
        last = int(np.searchsorted(dates, day, side="right")) - 1
        return float(series.values[last]), last, last, 0
    before = after - 1
    whole, part = (dates[after] - dates[before]).astype(int), (day - dates[before]).astype(int)
    value = series.values[before] + (series.values[after] - series.values[before]) * part / whole
    return float(value), before, after, int(min(part, whole - part))


def _difference(scope: Scope, series: Series, period: Period) -> _Part | None:
    last = _total_at(series, period.end)
    if last is None:
        return None
    if period.kind == "total":
        spread = STEADY * _daily(series, last[1], last[2]) * np.sqrt(last[3])
        bounds = sorted((float(series.values[last[1]]), float(series.values[last[2]])))
        rows = tuple(sorted({last[1], last[2]}))
        return _Part(last[0], bounds[0], bounds[1], spread, rows, f"{series.name} on {period.end}: {last[0]:,.6g}")
    first = _total_at(series, period.start - 1)
    if first is None or (scope.floor and last[2] == first[2] and last[1] == first[1] and period.days < 15):
        return None
    value = last[0] - first[0]
    rate = abs(value) / period.days
    coarse = STEADY * rate * float(np.sqrt(min(first[3] + last[3], period.days)))
    low = float(series.values[last[1]] - series.values[first[2]])
    high = float(series.values[last[2]] - series.values[first[1]])
    how = f"{series.name}: {last[0]:,.6g} on {period.end} less {first[0]:,.6g} on {period.start - 1} = {value:,.5g}"
    if period.rate:
        how += f" in {period.days} days"
    return _Part(value, max(low, 0.0), max(high, value), coarse, tuple(sorted({first[2], last[2]})), how)


def _daily(series: Series, before: int, after: int) -> float:
    low = max(0, min(before, after) - 1)
    days = float((series.dates[after] - series.dates[low]).astype(int))
    return abs(float(series.values[after] - series.values[low])) / days if days else 0.0


def _sum(scope: Scope, series: Series, period: Period) -> _Part | None:
    ends = series.dates
    starts = _starts(series, scope)
    if not len(ends) or period.end > ends[-1] + 1 or period.start < starts[0]:
        return None
    overlap = (np.minimum(ends, period.end) - np.maximum(starts, period.start)).astype(int) + 1
    touched = np.flatnonzero(overlap > 0)
    if not len(touched):
        return None
    lengths = (ends - starts).astype(int)[touched] + 1
    shares = overlap[touched] / lengths
    values = series.values[touched]
    value = float((shares * values).sum())
    whole = shares >= 1.0
    low, high = float(values[whole].sum()), float(values.sum())
    gap = float((np.minimum(shares, 1 - shares) * lengths).sum())
    spread = BURSTS if series.name.startswith("strike.") else STEADY
    coarse = spread * value / period.days * float(np.sqrt(min(gap, period.days)))
    how = f"{series.name}: {len(touched)} rows to {ends[touched[-1]]}, {value:,.5g} in {period.days} days"
    return _Part(value, low, high, coarse, tuple(int(row) for row in touched[[0, -1]][: len(touched)]), how)


def _starts(series: Series, scope: Scope) -> NDArray[np.datetime64]:
    """First day of each row's interval: months for monthly rows, else the day after the row before, a week at most."""
    ends = series.dates
    if series.name.startswith("intercept_claim."):
        return ends
    if series.name.startswith(("econ.", "named_loss.")):
        return ends.astype("M8[M]").astype("M8[D]")
    before = np.concatenate([ends[:1] - 7, ends[:-1]]) + 1
    return np.maximum(before, ends - 6)


def _mean(scope: Scope, series: Series, period: Period) -> _Part | None:
    monthly = not series.name.startswith("price.")
    at_day = period.kind in ("day", "total")
    start = period.start if not at_day else period.end
    reach = (45 if scope.reach == 200 else scope.reach) if monthly else 6
    inside = np.flatnonzero((series.dates >= start) & (series.dates <= period.end + (6 if not monthly else 0)))
    if at_day or not len(inside):
        near = np.flatnonzero(np.abs((series.dates - period.end).astype(int)) <= reach)
        if not len(near):
            return None
        inside = near[np.argsort(np.abs((series.dates[near] - period.end).astype(int)), kind="stable")[:2]]
        inside = np.sort(inside)
        values = series.values[inside]
        nearest = values[np.argmin(np.abs((series.dates[inside] - period.end).astype(int)))]
        how = f"{series.name} near {period.end}: " + ", ".join(f"{value:,.5g}" for value in values)
        low, high = float(values.min()), float(values.max())
        return _Part(float(nearest), low, high, 0.0, tuple(int(row) for row in inside), how)
    values = series.values[inside]
    how = f"{series.name}: mean of {len(values)} rows = {values.mean():,.5g}"
    rows = tuple(sorted({int(inside[0]), int(inside[-1])}))
    return _Part(float(values.mean()), float(values.min()), float(values.max()), 0.0, rows, how)


def _to_date(scope: Scope, series: Series, period: Period) -> _Part | None:
    """Sums since 1 January: as published, or the difference of two of one year."""
    end = _near(series, period.end, 16 if scope.unit == "count" else 45, period)
    if end is None:
        return None
    value, rows = float(series.values[end]), [end]
    how = f"{series.name} from January to {series.dates[end]}: {value:,.5g}"
    if period.kind in ("month", "span", "week", "quarter") and period.start > first_of_year(period.end):
        before = _near(series, period.start - 1, 5, period)
        if before is None or before == end or series.dates[before].astype("M8[Y]") != series.dates[end].astype("M8[Y]"):
            return None
        how += f" less {series.values[before]:,.5g} on {series.dates[before]}"
        value, rows = value - float(series.values[before]), [before, end]
    elif period.rate:
        value *= DAYS[period.rate] / ((series.dates[end] - first_of_year(series.dates[end])).astype(int) + 1)
        how += f", a {period.rate}: {value:,.5g}"
    elif period.kind in ("day", "week", "month") and period.kind != "day":
        return None
    return _Part(value, value, value, 0.0, tuple(rows), how)


def _near(series: Series, day: np.datetime64, reach: int, period: Period) -> int | None:
    gap = np.abs((series.dates - day).astype(int)) + 1000 * (series.dates.astype("M8[Y]") != day.astype("M8[Y]"))
    if not len(gap) or gap.min() > reach:
        return None
    return int(np.flatnonzero(gap == gap.min())[-1])


def _share_stopped(
    scope: Scope, stopped: list[Series], period: Period, claim: Claim, record: Record
) -> Iterator[Reading]:
    launched = [record.series(series.name.replace(".stopped", ".launched")) for series in stopped]
    pairs = [(low, high) for low, high in zip(stopped, launched, strict=True) if high is not None]
    parts = [(_sum(scope, low, period), _sum(scope, high, period)) for low, high in pairs]
    if not parts or period.days < 6 or any(low is None or high is None for low, high in parts):
        return
    down = sum(low.value for low, _ in parts if low)
    up = sum(high.value for _, high in parts if high)
    if up <= 0:
        return
    value = 100.0 * (up - down if scope.status == "through" else down) / up
    rows = [(pair, part) for pair, part in zip(pairs, parts, strict=True) if part[0] and part[0].high > 0][:2]
    findings = tuple(
        record.finding(claim, series, part.rows[-1], f"{series.name}: {part.value:,.5g} {period.says}")
        for pair, both in rows
        for series, part in zip(pair, both, strict=True)
        if part is not None
    )
    how = f"{down:,.5g} stopped of {up:,.5g} launched {period.says} = {value:.1f} %"
    exact = all(part.coarse == 0 for both in parts for part in both if part is not None)
    spread = 0.0 if exact else 12.0 if period.days < 6 else 3.0 if period.days < 20 else 1.0
    yield Reading(scope, period, value, value - spread, value + spread, spread, "A", findings, how)


def _band(
    name: str, period: Period, claim: Claim, record: Record
) -> tuple[tuple[float, float, float], tuple[Finding, ...]] | None:
    """Low, mid and high of an estimate near the period, and its rows."""
    middle = record.series(f"{name}.mid")
    if middle is None or not len(middle):
        return None
    row = int(np.argmin(np.abs((middle.dates - period.end).astype(int))))
    value = float(middle.values[row])
    ends = [value, value]
    for place, end in enumerate(("low", "high")):
        series = record.series(f"{name}.{end}")
        if series is not None and len(same := np.flatnonzero(series.dates == middle.dates[row])):
            ends[place] = float(series.values[same[-1]])
    says = f"{name} {middle.dates[row]}: {value:g} ({ends[0]:g} to {ends[1]:g}) {middle.unit}"
    return (ends[0], value, ends[1]), (record.finding(claim, middle, row, says),)


def _points(scope: Scope, period: Period, claim: Claim, record: Record) -> Iterator[Reading]:
    for name in scope.names:
        if name.startswith("parameter."):
            yield from _estimates(scope, name, period, claim, record)
            return
    if len(scope.names) > 1:
        yield from _summed(scope, period, claim, record)
        return
    series = record.series(scope.names[0])
    if series is None:
        return
    factor = _point_factor(scope, period)
    if factor is None:
        return
    for row in _nearest_rows(series, period, scope.reach):
        value = float(series.values[row]) * factor
        says = f"{scope.says}, {series.dates[row]}: {series.values[row]:,.6g} {series.unit}"
        if series.note[row]:
            says += f" ({series.note[row][:80]})"
        finding = record.finding(claim, series, row, says)
        how = f"{series.name} {series.dates[row]}: {value:,.6g}"
        yield Reading(scope, period, value, value, value, 0.0, finding.trust, (finding,), how)


def _nearest_rows(series: Series, period: Period, reach: int) -> list[int]:
    """Rows inside the period, else the last before and the first after it, rivals of one day included."""
    start = period.end if period.kind in ("total", "day") else period.start
    gap = np.maximum(np.maximum((start - series.dates).astype(int), (series.dates - period.end).astype(int)), 0)
    near = [int(row) for row in np.flatnonzero(gap <= reach)]
    inside = [row for row in near if gap[row] == 0]
    if inside and period.kind not in ("total", "day"):
        if period.kind == "year":
            inside += [row for row in near if 0 < int((series.dates[row] - period.end).astype(int)) <= LOOKS_BACK]
        return inside[-6:]
    before = [row for row in near if series.dates[row] <= period.end]
    after = [row for row in near if series.dates[row] > period.end]
    kept = [row for row in before if series.dates[row] == series.dates[before[-1]]] if before else []
    if not any(gap[row] <= 31 for row in kept):
        kept += [row for row in after if series.dates[row] == series.dates[after[0]]]
    return kept


def _point_factor(scope: Scope, period: Period) -> float | None:
    """From what is on record to what is stated: a rate a month to one a year, or to the length of the period."""
    if scope.per is None:
        return scope.scale if period.rate is None or scope.unit == "h" else None
    if period.rate is not None:
        return scope.scale * DAYS[period.rate] / DAYS[scope.per]
    days = {"day": 1.0, "week": 7.0, "month": DAYS["month"]}.get(period.kind, float(period.days))
    if period.kind == "total" or (period.kind == "day" and scope.status == "casualties"):
        return None
    if period.kind == "day" and scope.per in ("yr", "month"):
        return scope.scale
    if scope.per == "yr" and abs(days - DAYS["yr"]) > 10:
        return scope.scale if period.kind in ("year", "to_date") else None
    return scope.scale * days / DAYS[scope.per]


def _estimates(scope: Scope, name: str, period: Period, claim: Claim, record: Record) -> Iterator[Reading]:
    found = _band(name, period, claim, record)
    factor = _point_factor(scope, period)
    if found is None or factor is None:
        return
    (low, value, high), findings = found
    away = abs((np.datetime64(str(findings[0].date)) - period.end).astype(int))
    if away > scope.reach:
        return
    how = f"{name}: {value * factor:,.5g} ({low * factor:,.5g} to {high * factor:,.5g})"
    trust = findings[0].trust
    yield Reading(scope, period, value * factor, low * factor, high * factor, 0.0, trust, findings, how, band=True)


def _summed(scope: Scope, period: Period, claim: Claim, record: Record) -> Iterator[Reading]:
    series = [found for name in scope.names if (found := record.series(name)) is not None]
    rows = [_nearest_rows(each, period, scope.reach)[:1] for each in series]
    if len(series) < len(scope.names) or not all(rows):
        return
    findings = tuple(
        record.finding(claim, each, row[0], f"{each.name} {each.dates[row[0]]}: {each.values[row[0]]:,.6g}")
        for each, row in zip(series, rows, strict=True)
    )
    value = sum(finding.value or 0.0 for finding in findings) * scope.scale
    trust = max(finding.trust for finding in findings)
    how = " + ".join(f"{finding.value:,.6g}" for finding in findings) + f" = {value:,.6g}"
    yield Reading(scope, period, value, value, value, 0.0, trust, findings, how)
