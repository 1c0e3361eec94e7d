"""Fusion: many claims about one quantity, one estimate with its uncertainty.

The quantity x is followed on a scale where errors add up: its log where it is positive, its log odds where it is a
share, itself where it is signed. A claim i of side s, source j and origin c about day t says

    y_i = x(t) + b[s] + h[j] + u[c] + e_i

b[s] ~ N(0, B²)      what all of a side leave out or add; 0 for neutral sources. Learned from pairs: claims of two
                     sides, or of a side and a neutral count, about one event, be it the quantity or another one
h[j] ~ N(0, (r H)²)  the habit of a source that tells the number again and again: its definition, its method
u[c] ~ N(0, ρ r²σ²)  what all numbers of one origin share; where an origin gives one number, all its error is in e
e_i                  N(0, (1 − ρ) r²σ²), or, one time in twelve, four times as wide: some claims are plainly wrong
σ                    by the grade of the claim, times a factor for its topic (`GRADE`, `CREDIBILITY`, `TOPIC`); where
                     the claim gives a band, its 5 to 95 %, σ² is the band's variance plus that
x(t)                 = x(T) + d (t − T) + random walk of variance w² |t − T|, T the day asked for, x(T) ~ N(m, s²),
                     d ~ N(0, D²), time in years

Claims of one origin with the same value are copies: the first published counts, the others add nothing at all. An
origin's different values about one day count as their mean, with the error of one claim. A floor (what was seen or
named, `at least`) is censored: P(claim | x) = Φ((x + b − y)/ε), ε a fiftieth on the log scale; a ceiling likewise. A
stock balance, closing = opening + inflow − outflow ± sd, ties x on two days to each other:
g(X + net) − g(X) = x(t₂) − x(t₁) ± sd g′(X), g the scale, X the estimate without it.

Given B and r all is Gaussian but outliers, floors and ceilings, which expectation propagation (Minka 2001) matches by
mean and variance; B and r are summed over on 5 × 5 Gauss–Hermite points of their log-normal priors, each weighted by
the evidence for it. No dice. Claims are sorted first, so their order changes no bit.

A weight is the derivative of the middle by what a claim says; with that of the prior they add up to 1 (pairs about
other events and balances have theirs beside that: they move the middle, they are not part of it).

Left out: errors that follow the size of the event, sides that change their habit, claims about more than one quantity,
the skewness that floors leave on days other than their own. All constants below are elicited.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_ndtr, logit, ndtr

from ceasefire.evidence.claim import Claim, period
from ceasefire.evidence.error import EvidenceError
from ceasefire.evidence.series import Day, Observation, as_day
from ceasefire.evidence.source import SOURCES
from ceasefire.evidence.vintage import Vintage

Form = Literal["positive", "share", "signed"]
FORMS: tuple[Form, ...] = ("positive", "share", "signed")
POINT, FLOOR, CEILING = "point", "floor", "ceiling"
NEUTRAL = "neutral"
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)

GRADE = {"A": 0.05, "B": 0.10, "C": 0.20, "D": 0.35, "E": 0.60, "F": 0.40}
"""Sd of a claim's error on the log scale, by trust or the letter of the Admiralty code."""
CREDIBILITY = {"1": 0.7, "2": 1.0, "3": 1.3, "4": 2.0, "5": 3.0, "6": 1.6}
"""Factor on it by the digit; a trust letter alone counts as 2."""
TOPIC = {"": 1.0, "losses": 1.6, "stocks": 1.3, "production": 1.3, "plans": 2.0, "aid": 0.7, "economy": 0.5}
"""Factor on it by what the claim is about."""
STRETCH = {"positive": 1.0, "share": 2.0, "signed": 1.0}
"""Factor on every sd: odds move twice as fast as a share in the middle of its range."""
BIAS, BIAS_FACTOR = 0.1, 2.0
"""Median of B, and the factor of one standard deviation around it; times the factor of the topic."""
RELIABILITY_FACTOR = 1.5
"""One standard deviation of r around 1, as a factor."""
HABIT = 0.05
SHARED = 0.8
"""ρ: part of the variance that numbers of one origin share."""
OUTLIER, OUTLIER_FACTOR = 1 / 12, 4.0
SOFT = 0.02
"""ε: double counts make a floor a little soft."""
WEAK = 1.5
"""s where no prior is given; m is then the median of the claims."""
NODES = 5
MOST = 400
"""Most origins of one estimate."""
BAND = 2 * 1.6448536269514722
"""Standard deviations from 5 to 95 %."""
YEAR = 365.25
SWEEPS, QUICK = 200, 15
"""Most sweeps of expectation propagation; after the quick ones it is damped more."""
SETTLED = 1e-6
"""Sweeps end when no mean moves by more than this many standard deviations."""
LEAST_PRECISION = 1e-10

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Statement:
    """One claim about the quantity."""

    date: str
    """Day that it is about, ISO."""
    value: float
    source: str
    """Who says it."""
    side: str = NEUTRAL
    """Whose account it is; claims of a side share their bias, neutral ones have none."""
    grade: str = "C"
    """Trust A to D, or a letter and digit of the Admiralty code."""
    kind: str = POINT
    low: float | None = None
    """5 % point that the claim gives itself."""
    high: float | None = None
    cluster: str = ""
    """Common origin; empty for one of its own."""
    published: str = ""
    event: str = ""
    """Empty for the quantity itself; otherwise another event, told of by several, that teaches bias alone."""
    scope: float = 0.0
    """Sd added on the scale, for a claim about not quite the same thing."""
    name: str = ""
    """Series or claim that it comes from."""
    note: str = ""


@dataclass(frozen=True)
class Balance:
    """A stock from one day to another: closing = opening + inflow − outflow ± sd, in the unit of the quantity."""

    start: str
    end: str
    inflow: float
    outflow: float
    sd: float
    source: str
    note: str = ""


@dataclass(frozen=True)
class Quantity:
    """What is estimated."""

    name: str
    unit: str
    form: Form = "positive"
    topic: str = ""
    walk: float = 0.15
    """w: sd on the scale by which it wanders in a year."""
    drift: float = 0.0
    """D: sd of a steady trend, a year, on the scale."""
    prior: tuple[float, float, float] | None = None
    """5, 50 and 95 % on the day asked for, before any claim."""
    scale: float = 1.0
    """Of a signed quantity, the size that errors are a share of."""


@dataclass(frozen=True)
class Weight:
    """What a claim counts for."""

    statement: Statement
    weight: float
    """Derivative of the middle by what it says; of a floor or a ceiling, by what it amounts to."""
    sd: float
    """Sd of its error on the scale, as learned."""
    copy_of: str = ""
    """Source of the claim that it repeats; then its weight is 0."""


@dataclass(frozen=True)
class Bias:
    """What is known of a side's bias: a factor on a positive quantity or on the odds of a share, else added."""

    side: str
    low: float
    middle: float
    high: float
    claims: int


@dataclass(frozen=True)
class Estimate:
    """The quantity on one or more days."""

    quantity: Quantity
    on: str
    dates: tuple[str, ...]
    points: FloatArray
    """[date, quantile] 5, 25, 50, 75 and 95 %."""
    weights: tuple[Weight, ...]
    prior_weight: float
    biases: tuple[Bias, ...]
    reliability: float
    """Mean of r: how much wider or narrower errors are than their grades say."""
    sd: float
    """On the scale, on the day asked for."""
    origins: int
    """Claims that count: neither copies nor about other events."""
    balances: tuple[tuple[Balance, float], ...] = field(default_factory=tuple)
    """Each with its weight."""

    @property
    def low(self) -> float:
        """5 % point on the day asked for."""
        return float(self.points[self.dates.index(self.on), 0])

    @property
    def median(self) -> float:
        """50 % point on the day asked for."""
        return float(self.points[self.dates.index(self.on), 2])

    @property
    def high(self) -> float:
        """95 % point on the day asked for."""
        return float(self.points[self.dates.index(self.on), 4])


def estimate(
    quantity: Quantity,
    statements: Iterable[Statement],
    *,
    on: Day,
    dates: Iterable[Day] = (),
    balances: Iterable[Balance] = (),
) -> Estimate:
    """Fuse claims into the quantity on a day, and on further `dates`.

    Raises `EvidenceError` where there is no claim and no prior, or where a claim cannot be about such a quantity.
    """
    _check_quantity(quantity)
    day = str(as_day(on))
    listed = sorted({_checked(quantity, each) for each in statements}, key=_order)
    kept, copies = _origins(quantity, listed)
    asked = tuple(sorted({day, *(str(as_day(date)) for date in dates)}))
    legs = tuple(sorted({_balanced(leg) for leg in balances}, key=repr))
    if len(kept) + len(legs) > MOST:
        raise EvidenceError(f"{quantity.name}: {len(kept):,} claims are more than the {MOST} that are fused at once")
    alone = _solve(quantity, kept, (), day, asked)
    if not legs:
        return replace(alone, weights=_with_copies(alone.weights, copies))
    found = _solve(quantity, kept, _linear(quantity, kept, legs, day), day, asked)
    return replace(found, weights=_with_copies(found.weights, copies))


# ------------------------------------------------------------------------------------------------------------ claims


def _check_quantity(quantity: Quantity) -> None:
    if quantity.form not in FORMS:
        raise EvidenceError(f"{quantity.name}: form {quantity.form!r:.40} is none of {', '.join(FORMS)}")
    sizes = {"walk": quantity.walk, "drift": quantity.drift, "scale": quantity.scale}
    for name, size in sizes.items():
        if not math.isfinite(size) or size < 0 or (name == "scale" and size == 0):
            raise EvidenceError(f"{quantity.name}: {name} must be a finite number above 0, found {size!r:.40}")


def _checked(quantity: Quantity, each: Statement) -> Statement:
    """Raises `EvidenceError` where a claim cannot be about such a quantity."""
    problem = ""
    numbers = [number for number in (each.value, each.low, each.high) if number is not None]
    if each.kind not in (POINT, FLOOR, CEILING):
        problem = f"is neither {POINT}, {FLOOR} nor {CEILING}: {each.kind!r:.40}"
    elif not all(math.isfinite(number) for number in numbers) or not (math.isfinite(each.scope) and each.scope >= 0):
        problem = "has a number that is not finite"
    elif quantity.form == "positive" and min(numbers) <= 0:
        problem = f"says {min(numbers):g} of what is above 0"
    elif quantity.form == "share" and not 0 <= min(numbers) <= max(numbers) <= 1:
        problem = f"says {each.value:g} of a share from 0 to 1"
    elif (each.low is not None and each.low > each.value) or (each.high is not None and each.high < each.value):
        problem = f"says {each.value:g} outside its own band"
    if problem:
        raise EvidenceError(f"{quantity.name}: the claim of {each.source} of {each.date} {problem}")
    grade_sd(each.grade)
    return replace(each, date=str(as_day(each.date)), published=each.published or each.date)


def grade_sd(grade: str, topic: str = "") -> float:
    """Sd of a claim's error on the log scale. Raises `EvidenceError` for what is no grade."""
    letter, digit = grade[:1], grade[1:] or "2"
    if letter not in GRADE or digit not in CREDIBILITY:
        raise EvidenceError(f"{grade!r} is no grade: a letter {', '.join(GRADE)}, and a digit from 1 to 6 or none")
    return GRADE[letter] * CREDIBILITY[digit] * TOPIC.get(topic, 1.0)


def _balanced(leg: Balance) -> Balance:
    if not (leg.sd > 0 and all(map(math.isfinite, (leg.inflow, leg.outflow, leg.sd)))):
        raise EvidenceError(f"the balance of {leg.source} needs finite flows and an sd above 0")
    if not as_day(leg.start) < as_day(leg.end):
        raise EvidenceError(f"the balance of {leg.source} runs from {leg.start} to {leg.end}, which is not later")
    return leg


def _order(each: Statement) -> tuple[str, ...]:
    """Claims of one origin stand together, the first published first."""
    return (
        each.event,
        each.cluster or "\x00",
        each.published,
        each.date,
        *(repr(getattr(each, name)) for name in ("value", "kind", "source", "side", "grade", "low", "high", "scope")),
        each.name,
        each.note,
    )


class _Origin(NamedTuple):
    """What one origin says of one day."""

    first: Statement
    y: float
    """On the scale."""
    sd: float
    group: str
    """Common origin, where it has other days too; empty otherwise."""


def _origins(quantity: Quantity, listed: Sequence[Statement]) -> tuple[list[_Origin], list[tuple[Statement, str]]]:
    """Each origin once for each day, and the copies with the source that they repeat."""
    days: dict[tuple[str, ...], list[Statement]] = {}
    seen: dict[tuple[str, ...], Statement] = {}
    copies = []
    for number, each in enumerate(listed):
        own = each.cluster or f"\x00{number}"
        same = (each.event, own, each.kind, repr(each.value))
        if same in seen:
            copies.append((each, seen[same].source))
            continue
        seen[same] = each
        days.setdefault((each.event, own, each.kind, each.date), []).append(each)
    several = [key[:2] for key, said in days.items() if said[0].kind == POINT]
    kept = []
    for key, said in days.items():
        group = "\x00".join(key[:2]) if key[2] == POINT and several.count(key[:2]) > 1 else ""
        kept.append(_origin(quantity, said, group))
        copies += [(each, said[0].source) for each in said[1:]]
    return _outermost(kept, copies), copies


def _origin(quantity: Quantity, said: Sequence[Statement], group: str) -> _Origin:
    first = said[0]
    y = math.fsum(float(_scaled(quantity.form, each.value)) for each in said) / len(said)
    stretch = STRETCH[quantity.form] * (quantity.scale if quantity.form == "signed" else 1.0)
    sd = math.hypot(grade_sd(first.grade, quantity.topic) * stretch, first.scope)
    return _Origin(first, y, math.hypot(sd, _band_sd(quantity.form, first)), group)


def _band_sd(form: Form, each: Statement) -> float:
    low = each.low if each.low is not None else each.value
    high = each.high if each.high is not None else each.value
    width = float(_scaled(form, high) - _scaled(form, low))
    one_sided = (each.low is None) != (each.high is None)
    return (2 * width if one_sided else width) / BAND


def _outermost(kept: list[_Origin], copies: list[tuple[Statement, str]]) -> list[_Origin]:
    """Of the floors of one day and side the highest counts, of the ceilings the lowest."""
    best: dict[tuple[str, ...], _Origin] = {}
    for each in kept:
        if each.first.kind == POINT:
            continue
        key, sign = (each.first.event, each.first.kind, each.first.date, each.first.side), _SIGN[each.first.kind]
        if key not in best or sign * each.y > sign * best[key].y:
            best[key] = each
    out = []
    for each in kept:
        bound = best.get((each.first.event, each.first.kind, each.first.date, each.first.side), each)
        if each.first.kind == POINT or each is bound:
            out.append(each)
        else:
            copies.append((each.first, bound.first.source))
    return out


_SIGN = {FLOOR: 1.0, CEILING: -1.0}
_EDGE = 1e-4
"""Shares nearer to 0 or 1 than this are taken as this near."""


def _scaled(form: Form, value: float | FloatArray) -> FloatArray:
    number = np.asarray(value, dtype=np.float64)
    if form == "positive":
        return np.asarray(np.log(number))
    return np.asarray(logit(np.clip(number, _EDGE, 1 - _EDGE))) if form == "share" else number


def _unscaled(form: Form, value: float | FloatArray) -> FloatArray:
    number = np.asarray(value, dtype=np.float64)
    if form == "positive":
        return np.asarray(np.exp(number))
    return np.asarray(expit(number)) if form == "share" else number


def _with_copies(weights: tuple[Weight, ...], copies: Sequence[tuple[Statement, str]]) -> tuple[Weight, ...]:
    added = [Weight(each, 0.0, math.inf, of) for each, of in copies]
    return (*weights, *sorted(added, key=lambda weight: _order(weight.statement)))


# ------------------------------------------------------------------------------------------------------------ balances


class _Leg(NamedTuple):
    """A balance on the scale."""

    balance: Balance
    y: float
    sd: float


def _linear(quantity: Quantity, kept: Sequence[_Origin], legs: Sequence[Balance], day: str) -> tuple[_Leg, ...]:
    """Balances on the scale, around the estimate without them."""
    starts = tuple(sorted({day, *(leg.start for leg in legs)}))
    known = _solve(quantity, kept, (), day, starts)
    found = []
    for leg in legs:
        opening = float(known.points[starts.index(leg.start), 2])
        found.append(_leg(quantity, leg, opening))
    return tuple(found)


def _leg(quantity: Quantity, leg: Balance, opening: float) -> _Leg:
    net = leg.inflow - leg.outflow
    closing = opening + net
    if quantity.form == "positive":
        closing = max(closing, 0.02 * opening)
        return _Leg(leg, math.log(closing / opening), leg.sd / closing)
    if quantity.form == "share":
        closing = min(max(closing, _EDGE), 1 - _EDGE)
        step = float(_scaled("share", closing) - _scaled("share", opening))
        return _Leg(leg, step, leg.sd / (closing * (1 - closing)))
    return _Leg(leg, net, leg.sd)


# ------------------------------------------------------------------------------------------------------------ inference


class _Grid(NamedTuple):
    """Values of B and r, each [node], with the log of their prior weight."""

    bias: FloatArray
    reliability: FloatArray
    log_prior: FloatArray


def _grid(partisan: bool) -> _Grid:
    node, weight = np.polynomial.hermite_e.hermegauss(NODES)
    log_weight = np.log(weight / weight.sum())
    reliability = np.exp(np.log(RELIABILITY_FACTOR) * node)
    if not partisan:
        return _Grid(np.zeros(NODES), reliability, log_weight)
    bias = BIAS * np.exp(np.log(BIAS_FACTOR) * node)
    first, second = np.meshgrid(np.arange(NODES), np.arange(NODES), indexing="ij")
    return _Grid(bias[first].ravel(), reliability[second].ravel(), (log_weight[first] + log_weight[second]).ravel())


class _Sites(NamedTuple):
    """What is said, one row for each origin and balance; sd [node, site]."""

    y: FloatArray
    sd: FloatArray
    sign: FloatArray
    """1 for a floor, −1 for a ceiling, 0 for a number."""
    outlying: NDArray[np.bool_]
    """May be plainly wrong."""


class _Found(NamedTuple):
    """Gaussian that expectation propagation ends with, by node."""

    precision: FloatArray
    """[node, site] of each site."""
    shift: FloatArray
    """[node, site] precision times mean of each site."""
    solve: FloatArray
    """[node, site, site] (K + 1/precision)⁻¹."""
    log_evidence: FloatArray


def _solve(
    quantity: Quantity, kept: Sequence[_Origin], legs: Sequence[_Leg], day: str, asked: tuple[str, ...]
) -> Estimate:
    middle, spread = _prior(quantity, kept)
    stretch = STRETCH[quantity.form] * (quantity.scale if quantity.form == "signed" else 1.0)
    sides = tuple(sorted({each.first.side for each in kept} - {NEUTRAL}))
    grid = _grid(bool(sides))
    loose = stretch * TOPIC.get(quantity.topic, 1.0)
    bias, habit = grid.bias * loose, HABIT * loose * grid.reliability
    paths = _Paths(quantity, day, spread, stretch)
    rows = [*(_row(each) for each in kept), *(_leg_row(leg) for leg in legs)]
    side = np.array([[each.first.side == name for name in sides] for each in kept], dtype=float)
    side = np.vstack([side.reshape(len(kept), len(sides)), np.zeros((len(legs), len(sides)))])
    prior = paths.between(rows, rows)[None] + bias[:, None, None] ** 2 * (side @ side.T)
    prior = prior + habit[:, None, None] ** 2 * _alike([_habitual(each.first) for each in kept], len(legs))
    own, shared = _errors(kept, legs, grid.reliability)
    prior = prior + shared
    mean = np.array([*_means(kept, middle), *(0.0 for _ in legs)])
    sites = _Sites(
        y=np.array([*(each.y for each in kept), *(leg.y for leg in legs)]),
        sd=own,
        sign=np.array([*(_SIGN.get(each.first.kind, 0.0) for each in kept), *(0.0 for _ in legs)]),
        outlying=np.array([*(each.first.kind == POINT for each in kept), *(False for _ in legs)], dtype=bool),
    )
    found = _propagate(prior, mean, sites)
    chance = _normalised(found.log_evidence + grid.log_prior)
    residual = found.shift - found.precision * mean
    towards = np.einsum("gij,gj->gi", found.solve, np.divide(residual, found.precision))
    target = [[("", date, 1.0)] for date in asked]
    cross = paths.between(target, rows)
    own_variance = np.array([paths.between([row], [row])[0, 0] for row in target])
    centre = middle + towards @ cross.T
    variance = own_variance - np.einsum("qi,gij,qj->gq", cross, found.solve, cross)
    variance = np.maximum(variance, 1e-18)
    points = np.stack(
        [
            _quantiles(chance, centre[:, k], variance[:, k], *_bounds(kept, found, centre[:, k], variance[:, k], date))
            for k, date in enumerate(asked)
        ]
    )
    at = asked.index(day)
    pull = chance @ np.einsum("gij,j->gi", found.solve, cross[at])
    direct = np.array([not each.first.event for each in kept], dtype=float)
    mixed = float(chance @ centre[:, at])
    total = float(chance @ (variance[:, at] + (centre[:, at] - mixed) ** 2))
    noise = np.sqrt(chance @ (own**2 + np.diagonal(shared, axis1=1, axis2=2)))
    return Estimate(
        quantity=quantity,
        on=day,
        dates=asked,
        points=_unscaled(quantity.form, points),
        weights=tuple(Weight(each.first, float(pull[k]), float(noise[k])) for k, each in enumerate(kept)),
        prior_weight=1.0 - math.fsum((pull[: len(kept)] * direct).tolist()),
        biases=_biases(quantity, sides, side, bias, found, towards, chance),
        reliability=float(chance @ grid.reliability),
        sd=math.sqrt(total),
        origins=int(direct.sum()),
        balances=tuple((leg.balance, float(pull[len(kept) + k])) for k, leg in enumerate(legs)),
    )


def _prior(quantity: Quantity, kept: Sequence[_Origin]) -> tuple[float, float]:
    if quantity.prior is not None:
        low, middle, high = (float(_scaled(quantity.form, point)) for point in quantity.prior)
        if not low <= middle <= high or low == high:
            raise EvidenceError(f"{quantity.name}: a prior needs low ≤ mid ≤ high; found {quantity.prior}")
        return middle, (high - low) / BAND
    said = [each.y for each in kept if not each.first.event]
    if not said:
        raise EvidenceError(f"{quantity.name}: no claim bears on it and it has no prior; name series that do")
    stretch = STRETCH[quantity.form] * (quantity.scale if quantity.form == "signed" else 1.0)
    return float(np.median(said)), WEAK * stretch


Row = list[tuple[str, str, float]]
"""A combination of x at events and days: event, day, coefficient."""


def _row(each: _Origin) -> Row:
    return [(each.first.event, each.first.date, 1.0)]


def _leg_row(leg: _Leg) -> Row:
    return [("", leg.balance.end, 1.0), ("", leg.balance.start, -1.0)]


class _Paths:
    """Prior covariance of the quantity between days; of another event, one wide number."""

    def __init__(self, quantity: Quantity, day: str, spread: float, stretch: float) -> None:
        self.opening, self.spread = dt.date.fromisoformat(day), spread
        self.walk, self.drift, self.other = quantity.walk, quantity.drift, (2 * WEAK * stretch) ** 2

    def between(self, rows: Sequence[Row], others: Sequence[Row]) -> FloatArray:
        """[row, other]."""
        found = np.zeros((len(rows), len(others)))
        for i, row in enumerate(rows):
            for j, other in enumerate(others):
                found[i, j] = math.fsum(a * b * self._of(e, s, f, t) for e, s, a in row for f, t, b in other)
        return found

    def _of(self, event: str, day: str, other: str, other_day: str) -> float:
        if event != other:
            return 0.0
        if event:
            return self.other
        first, second = self._years(day), self._years(other_day)
        common = min(abs(first), abs(second)) if first * second > 0 else 0.0
        return self.spread**2 + self.walk**2 * common + self.drift**2 * first * second

    def _years(self, day: str) -> float:
        return (dt.date.fromisoformat(day) - self.opening).days / YEAR


def _means(kept: Sequence[_Origin], middle: float) -> list[float]:
    """Prior mean of what each origin tells of: of another event, what is said of it on average."""
    told: dict[str, list[float]] = {}
    for each in kept:
        told.setdefault(each.first.event, []).append(each.y)
    return [math.fsum(told[e]) / len(told[e]) if (e := each.first.event) else middle for each in kept]


def _habitual(said: Statement) -> str:
    """Whose habit is in a statement; empty for neutral bounds, which are what was seen."""
    return "" if said.kind != POINT and said.side == NEUTRAL else said.source


def _alike(names: Sequence[str], more: int) -> FloatArray:
    """1 where two origins have the same habit; rows of 0 for those without, and for `more` sites."""
    found = np.zeros((len(names) + more,) * 2)
    for i, name in enumerate(names):
        for j, other in enumerate(names):
            found[i, j] = float(bool(name) and name == other)
    return found


def _errors(kept: Sequence[_Origin], legs: Sequence[_Leg], reliability: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Sd of each site's own error [node, site], and covariance of what origins share [node, site, site]."""
    count = len(kept) + len(legs)
    sd = np.array([each.sd for each in kept])
    grouped = np.array([bool(each.group) for each in kept], dtype=bool)
    bound = np.array([each.first.kind != POINT for each in kept], dtype=bool)
    own = np.empty((len(reliability), count))
    own[:, : len(kept)] = reliability[:, None] * sd * np.where(grouped, math.sqrt(1 - SHARED), 1.0)
    own[:, : len(kept)][:, bound] = SOFT
    own[:, len(kept) :] = [leg.sd for leg in legs]
    shared = np.zeros((count, count))
    for i, each in enumerate(kept):
        for j, other in enumerate(kept):
            if each.group and each.group == other.group:
                shared[i, j] = SHARED * each.sd * other.sd
    return own, reliability[:, None, None] ** 2 * shared


def _propagate(prior: FloatArray, mean: FloatArray, sites: _Sites) -> _Found:
    """Expectation propagation, all sites at once with damping, until nothing moves."""
    count = len(sites.y)
    gaussian = sites.sign == 0
    precision = np.where(gaussian, 1 / sites.sd**2, LEAST_PRECISION)
    shift = np.where(gaussian, precision * sites.y, LEAST_PRECISION * mean)
    for sweep in range(SWEEPS):
        solve, covariance, centre = _posterior(prior, mean, precision, shift)
        variance = np.einsum("gii->gi", covariance)
        spare = np.maximum(1 / variance - precision, 1e-12)
        around, spread = (centre / variance - shift) / spare, 1 / spare
        log_mass, tilted, tilted_variance = _tilted(around, spread, sites)
        moved = np.abs(tilted - centre) / np.sqrt(variance)
        if count == 0 or moved.max() < SETTLED:
            break
        wanted = np.maximum(1 / tilted_variance - spare, LEAST_PRECISION)
        wanted_shift = tilted * (wanted + spare) - around * spare
        pace = 0.9 if sweep < QUICK else 0.5
        precision = precision + pace * (wanted - precision)
        shift = shift + pace * (wanted_shift - shift)
    evidence = _evidence(prior, mean, precision, shift, covariance, (around, spread, log_mass))
    return _Found(precision, shift, (solve + solve.transpose(0, 2, 1)) / 2, evidence)


def _posterior(
    prior: FloatArray, mean: FloatArray, precision: FloatArray, shift: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(K + 1/precision)⁻¹ and covariance, [node, site, site], and mean [node, site] given Gaussian sites."""
    root = np.sqrt(precision)
    inner = np.linalg.inv(np.eye(len(mean)) + root[:, :, None] * prior * root[:, None, :])
    solve = root[:, :, None] * inner * root[:, None, :]
    covariance = prior - prior @ solve @ prior
    centre = mean + (covariance @ (shift - precision * mean)[..., None])[..., 0]
    return solve, covariance, centre


def _tilted(around: FloatArray, spread: FloatArray, sites: _Sites) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Log mass, mean and variance of N(around, spread) times what each site says."""
    odds = np.where(sites.outlying, OUTLIER, 0.0)
    mass, first, second = [], [], []
    for part_of, stretch in ((1 - odds, 1.0), (odds, OUTLIER_FACTOR)):
        error = (stretch * sites.sd) ** 2
        with np.errstate(divide="ignore"):
            log_share = np.log(part_of)
        gap = sites.y - around
        mass.append(log_share - 0.5 * (np.log(2 * np.pi * (spread + error)) + gap**2 / (spread + error)))
        first.append(around + spread / (spread + error) * gap)
        second.append(spread * error / (spread + error))
    total = np.logaddexp(*mass)
    part = np.exp(np.stack(mass) - total)
    mean = (part * np.stack(first)).sum(axis=0)
    variance = (part * (np.stack(second) + (np.stack(first) - mean) ** 2)).sum(axis=0)
    bound = sites.sign != 0
    width = np.sqrt(spread + sites.sd**2)
    z = sites.sign * (around - sites.y) / width
    ratio = np.exp(-0.5 * z**2 - 0.5 * math.log(2 * math.pi) - log_ndtr(z))
    cut_mean = around + sites.sign * spread * ratio / width
    cut_variance = np.maximum(spread - spread**2 * ratio * (z + ratio) / width**2, 1e-6 * spread)
    return (
        np.where(bound, log_ndtr(z), total),
        np.where(bound, cut_mean, mean),
        np.where(bound, cut_variance, variance),
    )


def _evidence(
    prior: FloatArray,
    mean: FloatArray,
    precision: FloatArray,
    shift: FloatArray,
    covariance: FloatArray,
    cavity: tuple[FloatArray, FloatArray, FloatArray],
) -> FloatArray:
    """Log evidence of each node as expectation propagation has it (Rasmussen and Williams 2006, section 3.6)."""
    around, spread, log_mass = cavity
    site = 0.5 * np.log1p(precision * spread) - 0.5 * (
        (around / spread + shift) ** 2 / (1 / spread + precision) - around**2 / spread
    )
    root = np.sqrt(precision)
    inner = np.eye(len(mean)) + root[:, :, None] * prior * root[:, None, :]
    _, determinant = np.linalg.slogdet(inner)
    residual = shift - precision * mean
    whole: FloatArray = (shift * mean - 0.5 * precision * mean**2).sum(axis=1)
    whole = whole + 0.5 * np.einsum("gi,gij,gj->g", residual, covariance, residual) - 0.5 * determinant
    return np.asarray((log_mass + site).sum(axis=1) + whole)


def _normalised(log_weight: FloatArray) -> FloatArray:
    weight = np.exp(log_weight - log_weight.max())
    return np.asarray(weight / weight.sum())


def _bounds(
    kept: Sequence[_Origin], found: _Found, centre: FloatArray, variance: FloatArray, date: str
) -> tuple[FloatArray, FloatArray, float, float]:
    """The normal without the neutral floors and ceilings of that very day, by node, and the bounds themselves."""
    precision, shift, low, high = 1 / variance, centre / variance, -math.inf, math.inf
    for k, each in enumerate(kept):
        said = each.first
        if said.kind == POINT or said.event or said.date != date or said.side != NEUTRAL:
            continue
        precision, shift = precision - found.precision[:, k], shift - found.shift[:, k]
        low, high = (max(low, each.y), high) if said.kind == FLOOR else (low, min(high, each.y))
    precision = np.maximum(precision, 1e-12)
    return shift / precision, 1 / precision, low, high


def _quantiles(
    chance: FloatArray,
    centre: FloatArray,
    variance: FloatArray,
    free: FloatArray,
    free_variance: FloatArray,
    low: float,
    high: float,
) -> FloatArray:
    """Of a mixture of normals, cut where the day itself has bounds; by bisection."""
    cut = math.isfinite(low) or math.isfinite(high)
    middle, sd = (free, np.sqrt(free_variance)) if cut else (centre, np.sqrt(variance))
    below, above = ndtr((low - middle) / sd), ndtr((high - middle) / sd)
    mass = np.maximum(above - below, 1e-300)
    reach = 12 * sd
    left = np.full(len(QUANTILES), max(low, float((middle - reach).min())) if cut else float((middle - reach).min()))
    right = np.full(len(QUANTILES), min(high, float((middle + reach).max())) if cut else float((middle + reach).max()))
    if (left >= right).any():
        return np.full(len(QUANTILES), min(max(float(chance @ centre), low), high))
    for _ in range(48):
        half = (left + right) / 2
        share = chance @ np.clip((ndtr((half - middle[:, None]) / sd[:, None]) - below[:, None]) / mass[:, None], 0, 1)
        left, right = np.where(share < QUANTILES, half, left), np.where(share < QUANTILES, right, half)
    return (left + right) / 2


def _biases(
    quantity: Quantity,
    sides: Sequence[str],
    side: FloatArray,
    scale: FloatArray,
    found: _Found,
    towards: FloatArray,
    chance: FloatArray,
) -> tuple[Bias, ...]:
    told = []
    for k, name in enumerate(sides):
        cross = scale[:, None] ** 2 * side[:, k]
        middle = (cross * towards).sum(axis=1)
        variance = np.maximum(scale**2 - np.einsum("gi,gij,gj->g", cross, found.solve, cross), 1e-18)
        points = _quantiles(chance, middle, variance, middle, variance, -math.inf, math.inf)[[0, 2, 4]]
        low, centre, high = (points if quantity.form == "signed" else np.exp(points)).tolist()
        told.append(Bias(name, low, centre, high, int(side[:, k].sum())))
    return tuple(told)


# ------------------------------------------------------------------------------------------------------- from the store

SPEAKER = (
    ("Syrskyi", "UA", r"syrsk\w*"),
    ("Zelenskyy", "UA", r"zelensk\w*"),
    ("Ukrainian military intelligence", "UA", r"HUR|GUR|budanov|skibitsk\w*|yusov|ukrainian (military )?intelligence"),
    ("Ukrainian foreign intelligence", "UA", r"SZRU|UA foreign intelligence"),
    (
        "Ukrainian General Staff",
        "UA",
        r"UA GS|UA general staff|general staff (claims|of( the armed forces of)? ukraine)",
    ),
    ("Ukrainian Air Force", "UA", r"air force of ukraine|ukrainian air force"),
    ("Ukrainian government", "UA", r"umerov|shmyhal|kamyshin|fedorov|ukrainian (government|officials?|ministry)"),
    ("Ukrenergo", "UA", r"ukrenergo|DTEK"),
    ("Putin", "RU", r"putin"),
    ("Medvedev", "RU", r"medvedev"),
    (
        "Russian Ministry of Defence",
        "RU",
        r"shoigu|belousov|RU MoD|russian MoD|ministry of defence of the russian federation",
    ),
    ("Russian Ministry of Finance", "RU", r"minfin|TASS|vedomosti|siluanov"),
    ("Bank of Russia", "RU", r"bank of russia|nabiullina"),
    ("Rosstat", "RU", r"rosstat"),
    ("NATO", "EU", r"NATO|stoltenberg|rutte"),
    ("Western officials", "EU", r"western officials?"),
    ("Estonian intelligence", "EU", r"estonian\w*( FIS| intelligence)?"),
    ("European Commission", "EU", r"kubilius|von der leyen|european commission"),
    ("United States government", "US", r"trump|rubio|pentagon|state department|white house"),
    ("United Kingdom Ministry of Defence", "UK", r"UK MoD|british intelligence"),
    ("IISS", NEUTRAL, r"IISS"),
    ("CSIS", NEUTRAL, r"CSIS"),
    ("ISW", NEUTRAL, r"ISW"),
    ("RUSI", NEUTRAL, r"RUSI"),
    ("Oryx", NEUTRAL, r"oryx"),
    ("Janes", NEUTRAL, r"janes"),
    ("Kiel Institute", NEUTRAL, r"kiel"),
    ("Kluge", NEUTRAL, r"kluge"),
    ("iStories", NEUTRAL, r"istories"),
    (
        "Satellite counts",
        NEUTRAL,
        r"re:? ?russia|jompy|covertcabal|highmarsed|OSINT|open-source analysts|quoting analysts",
    ),
    ("IEA", NEUTRAL, r"IEA"),
    ("EIA", NEUTRAL, r"EIA"),
    ("OSW", NEUTRAL, r"OSW"),
    ("CREA", NEUTRAL, r"CREA"),
    ("UNDP", NEUTRAL, r"UNDP"),
    ("ENTSO-E", NEUTRAL, r"ENTSO-E"),
    ("KIIS", NEUTRAL, r"KIIS"),
    ("Gallup", NEUTRAL, r"gallup"),
    ("Levada", NEUTRAL, r"levada"),
)
"""Who is named in a note: name, whose account that is, words that name it; elicited. The first one named speaks."""
_SPEAKER = tuple((name, side, re.compile(rf"\b(?:{words})\b", re.IGNORECASE)) for name, side, words in SPEAKER)
MOST_READ = 300
"""Characters of a note in which a speaker is looked for, up to its first semicolon."""


def named(text: str) -> tuple[str, str] | None:
    """The first speaker named in a text, and whose account that is; None where none is known."""
    text = text[:MOST_READ].partition(";")[0]
    hits = [(at.start(), name, side) for name, side, words in _SPEAKER if (at := words.search(text))]
    return min(hits)[1:] if hits else None


def speaker(row: Observation) -> tuple[str, str]:
    """Who says an observation, and whose account it is: the first named in its note, or the table that it is from."""
    told = SOURCES.get(row.source)
    if told is not None and told.side != "mixed" and row.source not in _RELAYS:
        return named(told.producer) or (told.producer.partition(",")[0], told.side)
    known = named(row.note)
    if known is not None:
        return known
    if row.trust == "D":
        return f"judgement ({row.source})", NEUTRAL
    return row.source, NEUTRAL


_RELAYS = ("aid", "russian-budget", "ukrainian-finance", "oil-revenue")
"""Tables of one side whose rows name others."""


def from_store(
    vintage: Vintage,
    name: str,
    *,
    factor: float = 1.0,
    within: int = 1096,
    kind: str = POINT,
    scope: float = 0.0,
    event: str = "",
) -> tuple[Statement, ...]:
    """Claims of a series that could be read on the day, about events of the last `within` days, times `factor`.

    A name `….` that ends in a dot stands for a low, a mid and a high under it: the claim is mid with its band. What a
    speaker says in the publications of one day is one origin. Unknown series give none.
    """
    middle = f"{name}mid" if name.endswith(".") else name
    rows = _rows(vintage, middle)
    low, high = (_rows(vintage, f"{name}{end}") if name.endswith(".") else {} for end in ("low", "high"))
    first = vintage.as_of - np.timedelta64(within, "D")
    found = []
    for key, row in rows.items():
        if np.datetime64(row.date) < first:
            continue
        who, side = speaker(row)
        band = [ends[key].value * factor if key in ends else None for ends in (low, high)]
        found.append(
            Statement(
                date=row.date,
                value=row.value * factor,
                source=who,
                side=side,
                grade=row.trust,
                kind=kind,
                low=band[0],
                high=band[1],
                cluster=f"{who} {row.published}",
                published=row.published,
                event=event and f"{event} {row.date}",
                scope=scope,
                name=name.rstrip("."),
                note=row.note,
            )
        )
    return tuple(found)


def _rows(vintage: Vintage, name: str) -> dict[tuple[str, str, str], Observation]:
    """Visible observations of a series by event, publication and note."""
    if name not in vintage.names():
        return {}
    series = vintage.series(name)
    columns = (series.dates, series.published, series.values, series.source, series.trust, series.note)
    return {
        (str(date), str(published), str(note)): Observation(
            name, str(date), str(published), float(value), series.unit, str(source), str(trust), str(note)
        )
        for date, published, value, source, trust, note in zip(*columns, strict=True)
    }


def from_claims(
    claims: Iterable[Claim], *, clusters: Iterable[Sequence[Claim]] = (), factor: float = 1.0, event: str = ""
) -> tuple[Statement, ...]:
    """Claims of texts about one quantity. `at_least` is a floor, `less_than` a ceiling.

    `clusters` are claims that rest on one origin, as `ledger.Ledger.clusters` gives them; a claim in none of them rests
    on the one that it repeats. Forecasts, intentions, negations, and what has no number or no date, are left out.
    """
    listed = list(claims)
    repeated = {claim.id: claim.dup_of for claim in listed if claim.dup_of}
    linked = {claim.id: cluster[0].id for cluster in clusters for claim in cluster}
    found = []
    for claim in listed:
        value = claim.value if claim.value is not None else _between(claim)
        days = period(claim.as_of)
        if value is None or days is None or claim.negated or {claim.hedge, claim.kind} & {"forecast", "intention"}:
            continue
        kind = {"at_least": FLOOR, "less_than": CEILING}.get(claim.qualifier, POINT)
        who = claim.attributed_to if claim.attributed_to != "author" else f"author of {claim.doc}"
        inside = [end if end is None else end * factor for end in (claim.value_low, claim.value_high)]
        found.append(
            Statement(
                date=days[1],
                value=value * factor,
                source=who,
                side=NEUTRAL if claim.source_side == "author" else claim.source_side,
                grade=claim.admiralty_code,
                kind=kind,
                low=inside[0] if kind == POINT else None,
                high=inside[1] if kind == POINT else None,
                cluster=_original(claim.id, linked, repeated),
                published=claim.published or days[1],
                event=event,
                name=claim.id,
                note=claim.span,
            )
        )
    return tuple(found)


def _between(claim: Claim) -> float | None:
    ends = [end for end in (claim.value_low, claim.value_high) if end is not None]
    return math.fsum(ends) / len(ends) if ends else None


def _original(identifier: str, linked: Mapping[str, str], repeated: Mapping[str, str]) -> str:
    """Name of the origin of a claim: of its cluster, or what it repeats in the end."""
    passed = set[str]()
    while identifier not in linked and identifier in repeated and identifier not in passed:
        passed.add(identifier)
        identifier = repeated[identifier]
    return linked.get(identifier, identifier)
