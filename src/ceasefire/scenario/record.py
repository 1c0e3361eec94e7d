"""What an opening reads from the record: numbers that follow a series, and the season in which a tax is collected.

A `[[record]]` ties a parameter to a series of the evidence. Of each event the last published observation counts. Over
the latest `last` events known on the opening day, none of them more than `within` days old,

    middle = factor · mean of the series,   or   factor · sum of the series / sum of `per`.

The 5 and 95 % points are `low` and `high` times the middle for a positive parameter; times the odds of the middle for
a share; added to the middle for a signed parameter. A series that counts and counted nothing is taken as half a one,
and a share of all that was counted as all but half a one. Where a series is not known on the day, where fewer than half
of the `last` events are, or where nothing was to be shared, there is no number: others, or the prior, stand.

A month's tax is spread evenly over the days of the month; its season is the mean, over up to three whole years, of the
month over the twelve months around it.

Left out: trend and noise within the window, and revisions to come; `low` and `high` have to allow for them.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ceasefire.evidence.series import Days
from ceasefire.evidence.vintage import Vintage
from ceasefire.model.axes import YEAR
from ceasefire.model.declare import Normal, Share, Variable
from ceasefire.scenario.spec import Record, ScenarioError, Value

FloatArray = NDArray[np.float64]
Kind = Literal["positive", "share", "signed"]
"""What values a parameter can take."""
LEAST_MONTHS = 24
"""A season is learned from this many months in a row, or not at all."""
MOST_RATIOS = 36
AROUND = np.array([0.5, *[1.0] * 11, 0.5]) / 12
"""Weights of the twelve months around a month."""


def kind_of(variable: Variable) -> Kind:
    """What values a parameter can take."""
    if isinstance(variable.prior, Normal):
        return "signed"
    return "share" if isinstance(variable.prior, Share) else "positive"


def check(entry: Record, kind: Kind) -> None:
    """Raises `ScenarioError` where the spread does not fit the kind of the parameter."""
    found = f"found low = {entry.low:g}, high = {entry.high:g}"
    if kind == "signed":
        if not entry.low <= 0 <= entry.high:
            raise ScenarioError(f"{entry.name}: low and high are added to the middle, low ≤ 0 ≤ high; {found}")
    elif not 0 < entry.low <= 1 <= entry.high:
        what = "the odds of the middle" if kind == "share" else "the middle"
        raise ScenarioError(f"{entry.name}: low and high multiply {what}, 0 < low ≤ 1 ≤ high; {found}")


def read(entry: Record, kind: Kind, vintage: Vintage) -> Value | None:
    """The number that the record gives on the day, known since its last observation; None where it gives none.

    Raises `ScenarioError` where the parameter cannot be what the series says: a share above 1, or less than nothing.
    """
    first = _events(vintage, entry.series)
    second = _events(vintage, entry.per) if entry.per else first._replace(value=np.ones_like(first.value))
    day, mine, other = np.intersect1d(first.day, second.day, assume_unique=True, return_indices=True)
    recent = np.flatnonzero(day >= vintage.as_of - np.timedelta64(entry.within, "D"))[-entry.last :]
    if 2 * len(recent) < entry.last:
        return None
    day, mine, other = day[recent], mine[recent], other[recent]
    total, base = float(first.value[mine].sum()), float(second.value[other].sum())
    middle = _middle(entry, kind, total, base, counts=first.unit == "count", day=vintage.as_of)
    if middle is None:
        return None
    low, mid, high = _points(entry, kind, middle)
    if not all(math.isfinite(point) for point in (low, mid, high)):
        raise ScenarioError(f"{entry.name}: {entry.series} gives {low:g}, {mid:g}, {high:g} on {vintage.as_of}")
    return Value(
        name=entry.name,
        low=low,
        mid=mid,
        high=high,
        unit=entry.unit,
        known_on=max(first.published[mine].max(), second.published[other].max()).astype(object),
        source=f"{_told(entry, day)}; {entry.source}",
        trust=entry.trust,
    )


class _Events(NamedTuple):
    """What is known of each event of a series: the last that was published of it."""

    day: Days
    value: FloatArray
    published: Days
    unit: str


def _events(vintage: Vintage, name: str) -> _Events:
    """The events known on the day; none where the series is not known."""
    if name not in vintage.names():
        never = np.array([], dtype="datetime64[D]")
        return _Events(never, np.array([]), never, "")
    series = vintage.series(name)
    last = np.append(series.dates[1:] != series.dates[:-1], True)
    return _Events(series.dates[last], series.values[last], series.published[last], series.unit)


def _middle(entry: Record, kind: Kind, total: float, base: float, *, counts: bool, day: np.datetime64) -> float | None:
    if not base > 0:
        return None
    middle = entry.factor * total / base
    if kind == "signed":
        return middle
    if middle < 0 or (kind == "share" and middle > 1):
        bound = "a share and must stay below 1" if middle > 0 else "positive"
        raise ScenarioError(
            f"{entry.name} is {bound}; {entry.series} gives {middle:g} on {day}; "
            "tie it to another series, or convert its unit by `factor` (0.01 for per cent)"
        )
    if counts and total == 0:
        middle = entry.factor * 0.5 / base
    elif counts and kind == "share" and middle == 1:
        middle = 1 - 0.5 / base
    inside = 0 < middle < (1 if kind == "share" else math.inf)
    return middle if inside else None


def _points(entry: Record, kind: Kind, middle: float) -> tuple[float, float, float]:
    if kind == "signed":
        return middle + entry.low, middle, middle + entry.high
    if kind == "positive":
        return entry.low * middle, middle, entry.high * middle
    with np.errstate(divide="ignore", over="ignore"):
        odds = np.array([entry.low, 1.0, entry.high]) * (middle / (1 - middle))
        low, mid, high = (1 / (1 + 1 / odds)).tolist()
    return low, mid, high


def _told(entry: Record, days: Days) -> str:
    """What was read, in words."""
    what = f"{entry.series} over {entry.per}" if entry.per else entry.series
    scale = "" if entry.factor == 1 else f", times {entry.factor:g}"
    if len(days) == 1:
        return f"{what}{scale}, of {days[0]}"
    how = "sums" if entry.per else "mean"
    return f"{what}{scale}, {how} of {len(days)} from {days[0]} to {days[-1]}"


def collection(vintage: Vintage, name: str) -> FloatArray:
    """Tax collected in each week of the year from the opening, relative to an even flow, [week] with mean 1.

    Ones where no series is named, where fewer than `LEAST_MONTHS` in a row are known on the day, or where one of them
    is not above 0. Raises `ScenarioError` where the series is not monthly.
    """
    events = _events(vintage, name)
    month, tax = events.day.astype("datetime64[M]").astype(int), events.value
    step = np.diff(month)
    if (step == 0).any():
        twice = events.day[1:][step == 0][-1]
        raise ScenarioError(f"{name} is no monthly series of a tax: it has more than one in the month of {twice}")
    run = 1 + int((step > 1).nonzero()[0][-1]) if (step > 1).any() else 0
    month, tax = month[run:], tax[run:]
    if len(tax) < LEAST_MONTHS or not (tax > 0).all():
        return np.ones(YEAR)
    ratio = tax[6:-6] / np.convolve(tax, AROUND, mode="valid")
    years = min(len(ratio), MOST_RATIOS) // 12
    season = np.zeros(12)
    season[month[6:-6][-12:] % 12] = ratio[-12 * years :].reshape(years, 12).mean(axis=0)
    return _weekly(season, vintage.as_of)


def _weekly(season: FloatArray, opening: np.datetime64) -> FloatArray:
    """Flow in each week after the opening, from the share of each month of the year, spread over the month's days."""
    month = (opening + np.arange(1, 7 * YEAR + 1)).astype("datetime64[M]")
    days = ((month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")).astype(int)
    flow = (season[month.astype(int) % 12] / days).reshape(YEAR, 7).mean(axis=1)
    return np.asarray(flow / flow.mean())
