"""Explain: what a number came from, and what is to come of it. `revenue`: the taxes on a side's oil.

Any other quantity of the war, by its name with labels, is explained by the chain from its causes (`chain.py`).

What was. Of a run of months and the same months a year before, the rule of the model (`model/oil.py`), revenue in
proportion to price, what the discount leaves, exchange rate and volume, each smoothed by the time to pay, is run on
what was observed of these four, Brent, the price that taxes go by over Brent, local currency per dollar, exports:

    ruled_m = observed_{m−12} · Π_k x̄_k,m / x̄_k,m−12         change = Σ part_k + rest,   rest = Σ_m observed_m − ruled_m

with the parts of the logarithmic mean divisia index (`oil.decompose`) month by month. Season cancels, since a month is
compared with itself; what the rule leaves out of the year before is carried along. Draws tell how sure the parts are:
the time to pay has the prior of the scenario, exports the errors of `SPREAD` by trust of each figure; months without a
figure lie on the straight line through their neighbours' logarithms, ± `BETWEEN` each on its own.

What is to come. Revenue of an ensemble over some weeks less that of as many weeks at the opening's rate, and its parts
as the model tells them week by week. Both sum exactly.

Left out: errors of the other series, whatever their trust; what of the rest is tax rules, refunds, gas, or refineries
out of action; answers of taxes to revenue.
Sources: SPREAD and BETWEEN elicited; the record notes ± 0.2 mb/d, 2.7 %, at figures of trust D, and its neighbouring
months differ by 0 to 6 %.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import reduce
from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from ceasefire.evidence.error import suggestion
from ceasefire.evidence.source import SOURCES
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.model import oil
from ceasefire.model.noise import Noise
from ceasefire.scenario import decree
from ceasefire.scenario.spec import Scenario, ScenarioError, Side
from ceasefire.scenario.start import Start, open_war
from ceasefire.simulate import ensemble as many
from ceasefire.simulate.cache import keep_compiled
from ceasefire.simulate.draws import OPENING, cube, seed_words, values
from ceasefire.simulate.pool import Workers
from ceasefire.simulate.result import VERSION
from ceasefire.study import chain
from ceasefire.study.forecast import opened

FORMAT = 1
RUNS, WEEKS, DRAWS = 256, 52, 1024
"""Wars fought and weeks ahead for what is to come, and draws for what was."""
IMPOSED = ("price", "discount", "exchange", "volume")
"""Factors of revenue that the record tells of."""
REST = "rest"
SPREAD = {"A": 0.01, "B": 0.02, "C": 0.03, "D": 0.04}
"""Standard deviation of the log of a figure of exports, by its trust."""
BETWEEN = 0.03
"""Standard deviation of the log of a month's exports around the line through its neighbours."""
BILLIONS = ("bn ", "bln ", "billion ")
"""How a unit of revenue begins."""
WARM = 3
"""Months before the first by which payments must be followed."""
WAS, COMES = (0.05, 0.5, 0.95), (0.1, 0.5, 0.9)
"""Points told of what was, and of what is to come."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """A share in a sum: its mean, which adds up, and how sure it is."""

    name: str
    mean: float
    low: float
    mid: float
    high: float


@dataclass(frozen=True)
class Change:
    """Observed revenue of some months against the same months a year before."""

    first: str
    last: str
    before: float
    after: float
    ruled: Part
    """Change that the rule gives with everything observed imposed, as a share of the revenue before."""
    parts: tuple[Part, ...]
    """Of the observed change: `IMPOSED` and `REST`."""

    @property
    def change(self) -> float:
        """Observed change."""
        return self.after - self.before


@dataclass(frozen=True)
class Followed:
    """A series that was imposed: how many months of those compared have a figure, by trust."""

    role: str
    series: str
    unit: str
    months: int
    known: dict[str, int]
    last: str
    """Last month with a figure."""
    sources: tuple[str, ...]
    """Who published it."""


@dataclass(frozen=True)
class Coming:
    """Revenue of some weeks from the opening on, against that of as many at the opening's rate."""

    first_day: str
    weeks: int
    runs: int
    failed_runs: int
    opening: Part
    expected: Part
    parts: tuple[Part, ...]
    """Of the difference of the two: `oil.FACTORS`."""


@dataclass(frozen=True)
class Revenue:
    """What the revenue from a side's oil came from, and what is to come."""

    scenario: str
    title: str
    opening: str
    side: str
    side_name: str
    currency: str
    past: tuple[Change, ...]
    followed: tuple[Followed, ...]
    missing: str
    """Why there is no past, where there is none."""
    coming: Coming
    seed: int
    version: str
    evidence_hash: str


Explanation = Revenue | chain.Chain | chain.Given

# ------------------------------------------------------------------------------------------------------------ the study


def explain(
    name: str,
    scenario: str | Path | Scenario,
    *,
    side: str | None = None,
    given: str | Sequence[str] = (),
    runs: int | None = None,
    weeks: int | None = None,
    seed: int = 1,
    depth: int = chain.DEPTH,
    on: str | dt.date | None = None,
    evidence: str | Path | None = None,
    workers: Workers = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Explanation:
    """Explain a number of a scenario: one of `EXPLAINED`, or a quantity of the war by its name, `front.taken[LABEL]`.

    `side` is for the former; what is `given` holds in all wars and, like `depth`, is for the latter. Runs and weeks are
    256 and 52 for the former, 64 and 26 for the latter, unless they are named. Raises `CeasefireError` with what was
    asked, what was found and what would do.
    """
    if "." in name:
        if side is not None:
            raise ScenarioError(f"a side is named in the brackets: {decree.printable(name.partition('[')[0])}[SIDE]")
        runs, weeks = chain.RUNS if runs is None else runs, chain.WEEKS if weeks is None else weeks
        return quantity(name, scenario, given, depth, on, evidence, runs, weeks, seed, workers, on_progress)
    if name not in EXPLAINED:
        shown, known = decree.printable(name), ", ".join(EXPLAINED)
        raise ScenarioError(
            f"{shown!r} cannot be explained{suggestion(name, EXPLAINED)}; what can be: {known}, "
            "or a quantity of the war by its name, such as front.taken[LABEL] (`ceasefire variables` lists them)"
        )
    if given:
        raise ScenarioError(f"nothing can be given where {name} is explained; it is for quantities such as front.taken")
    runs, weeks = RUNS if runs is None else runs, WEEKS if weeks is None else weeks
    many.check(runs, weeks, seed, workers)
    asked = opened(scenario, on)
    return EXPLAINED[name](asked, Store.open(evidence), side, runs, weeks, seed, workers, on_progress)


def quantity(
    name: str,
    scenario: str | Path | Scenario,
    given: str | Sequence[str],
    depth: int,
    on: str | dt.date | None,
    evidence: str | Path | None,
    runs: int,
    weeks: int,
    seed: int,
    workers: Workers,
    on_progress: Callable[[int, int], None] | None,
) -> chain.Chain | chain.Given:
    """Explain a quantity of the war by the chain from its causes."""
    chain.asked(name)
    chain.check(runs, depth, chain.MOST, chain.LEAST)
    many.check(runs, weeks, seed, workers)
    asked = opened(scenario, on)
    start = open_war(asked, Vintage(Store.open(evidence), asked.opening))
    keep_compiled()
    return chain.of_start(
        start,
        name,
        given=given,
        runs=runs,
        weeks=weeks,
        seed=seed,
        depth=depth,
        workers=workers,
        on_progress=on_progress,
    )


def revenue(
    scenario: Scenario,
    store: Store,
    side: str | None,
    runs: int,
    weeks: int,
    seed: int,
    workers: Workers = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Revenue:
    """Explain the revenue from a side's oil."""
    number = side_with_oil(scenario, side)
    vintage = Vintage(store, scenario.opening)
    start = open_war(scenario, vintage)
    keep_compiled()
    return of_start(start, vintage, number, runs=runs, weeks=weeks, seed=seed, workers=workers, on_progress=on_progress)


EXPLAINED: dict[str, Callable[..., Revenue]] = {"revenue": revenue}
"""What can be explained, and by what."""


def side_with_oil(scenario: Scenario, asked: str | None = None) -> int:
    """Position of the side that is meant: by id or name, or the first with oil. Raises `ScenarioError` for another."""
    sides = scenario.war.sides
    if asked is None:
        found = next((k for k, side in enumerate(sides) if side.collection), None)
        if found is None:
            raise ScenarioError(f"no side of {scenario.war.title} has revenue from oil that its file follows")
        return found
    named = {name: k for k, side in enumerate(sides) for name in (side.id, side.name)}
    found = next((k for name, k in named.items() if name.casefold() == asked.casefold()), None)
    if found is None:
        listed = ", ".join(f"{side.id} ({side.name})" for side in sides)
        raise ScenarioError(f"unknown side {decree.printable(asked)!r}{suggestion(asked, named)}; there are: {listed}")
    if not sides[found].collection:
        raise ScenarioError(f"{sides[found].name} has no revenue from oil that the file of the war follows")
    return found


def of_start(
    start: Start,
    vintage: Vintage,
    side: int,
    *,
    runs: int,
    weeks: int,
    seed: int,
    workers: Workers = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Revenue:
    """Explain the revenue from the oil of a side of a war that is opened already."""
    scenario = start.scenario
    owner = scenario.war.sides[side]
    past, followed, missing = what_was(start, vintage, owner, seed)
    return Revenue(
        scenario=scenario.id,
        title=scenario.title,
        opening=str(scenario.opening),
        side=owner.id,
        side_name=owner.name,
        currency=owner.trade.currency if owner.trade else "LCU",
        past=past,
        followed=followed,
        missing=missing,
        coming=what_comes(start, side, runs=runs, weeks=weeks, seed=seed, workers=workers, on_progress=on_progress),
        seed=seed,
        version=VERSION,
        evidence_hash=start.evidence_hash,
    )


# ------------------------------------------------------------------------------------------------------------- what was


class Monthly(NamedTuple):
    """A series by month: of each month the last figure, as last published; figures that are not above 0 left out."""

    name: str
    unit: str
    month: NDArray[np.int64]
    """Months since January 1970."""
    value: FloatArray
    trust: NDArray[np.str_]
    source: NDArray[np.str_]

    def at(self, months: NDArray[np.int64]) -> FloatArray:
        """Figures of months that all have one."""
        return self.value[np.searchsorted(self.month, months)]


class Known(NamedTuple):
    """What is known of a side's oil on a day."""

    revenue: Monthly
    brent: Monthly
    price: Monthly
    exchange: Monthly
    volume: Monthly

    @property
    def months(self) -> NDArray[np.int64]:
        """The last months in a row of which prices and exchange rate are known."""
        common: NDArray[np.int64] = reduce(np.intersect1d, (self.brent.month, self.price.month, self.exchange.month))
        gap = np.flatnonzero(np.diff(common) > 1)
        return common[gap[-1] + 1 :] if len(gap) else common


def what_was(
    start: Start, vintage: Vintage, side: Side, seed: int
) -> tuple[tuple[Change, ...], tuple[Followed, ...], str]:
    """Changes of the latest months that can be compared and what was imposed; or why there are none."""
    known = observed(side, vintage)
    if isinstance(known, str):
        return (), (), known
    spans = periods(known)
    if not spans:
        return (), (), f"no months are known on {vintage.as_of} that can be compared with those of a year before"
    run = np.arange(DRAWS, dtype=np.uint32)
    lag = values(start, cube(start, seed, run))["oil.payment_lag"]
    noise = Noise(jnp.asarray(seed_words(seed)), jnp.asarray(run), jnp.asarray(OPENING, jnp.uint32), "explain")
    drivers = imposed(known, noise)
    told = tuple(compared(known, first, last, drivers=drivers, lag=lag) for first, last in spans)
    since = min(first for first, _ in spans) - 12
    return told, tuple(_followed(known, since, spans[0][1])), ""


def observed(side: Side, vintage: Vintage) -> Known | str:
    """The series that the side's trade names, as known on the day; the reason where one is not."""
    if side.trade is None:
        return f"the file of the war names no prices for the oil of {side.name}"
    trade = side.trade
    names = (side.collection, trade.brent, trade.price, trade.exchange, trade.volume)
    found = Known(*(_monthly(vintage, name) for name in names))
    empty = [series.name for series in found if not len(series.month)]
    if empty:
        return f"nothing is known of {', '.join(empty)} on {vintage.as_of}"
    if not found.revenue.unit.startswith(BILLIONS):
        return f"{found.revenue.name} is in {found.revenue.unit}; billions are needed"
    return found


def _monthly(vintage: Vintage, name: str) -> Monthly:
    if name not in vintage.names():
        words = np.zeros(0, np.str_)
        return Monthly(name, "", np.zeros(0, np.int64), np.zeros(0), words, words)
    series = vintage.series(name)
    month = series.dates.astype("datetime64[M]").astype(np.int64)
    kept = np.append(month[1:] != month[:-1], True) & (series.values > 0)
    return Monthly(name, series.unit, month[kept], series.values[kept], series.trust[kept], series.source[kept])


def periods(known: Known) -> list[tuple[int, int]]:
    """The year to date, and the last twelve months, as far as both can be compared with a year before: [first, last].

    The last month is the latest of which revenue, prices and exchange rate are all known.
    """
    both = np.intersect1d(known.revenue.month, known.months)
    if not len(both):
        return []
    last = int(both[-1])
    spans = dict.fromkeys([(last - last % 12, last), (last - 11, last)])
    return [span for span in spans if comparable(known, *span)]


def comparable(known: Known, first: int, last: int) -> bool:
    """Whether everything needed is known of these months, those of a year before and those that these are paid from."""
    months = np.arange(first, last + 1)
    taxed = np.isin(np.concatenate([months, months - 12]), known.revenue.month).all()
    return bool(taxed and np.isin(np.arange(first - 12 - WARM, last + 1), known.months).all())


def imposed(known: Known, noise: Noise) -> FloatArray:
    """The four factors as observed [factor, month, run], for `known.months`."""
    months = known.months
    brent, price, exchange = (series.at(months) for series in (known.brent, known.price, known.exchange))
    sure = np.stack([brent, price / brent, exchange])[..., None]
    volume = exports(known.volume, months, noise)
    return np.concatenate([np.broadcast_to(sure, (3, *volume.shape)), volume[None]])


def exports(volume: Monthly, months: NDArray[np.int64], noise: Noise) -> FloatArray:
    """Exports of every month [month, run] as the few figures may be wrong, each on its own."""
    figure = len(volume.month)
    spread = np.array([SPREAD[letter] for letter in volume.trust.tolist()])
    points = np.log(volume.value)[:, None] + spread[:, None] * _normal(noise, "figure", figure)
    line = np.stack([np.interp(months, volume.month, unit) for unit in np.eye(figure)], axis=1)
    between = np.where(np.isin(months, volume.month), 0.0, BETWEEN)[:, None] * _normal(noise, "between", len(months))
    return np.asarray(np.exp(line @ points + between))


def _normal(noise: Noise, name: str, number: int) -> FloatArray:
    return np.asarray(ndtri(np.asarray(noise.uniform(name, (number,)), dtype=np.float64)))


def paid(factors: FloatArray, first: int, lag: FloatArray) -> FloatArray:
    """Factors [factor, month, run] as they are paid for, from the month `first` on: the lag of `oil.step`, by weeks."""
    number = factors.shape[1]
    edges = np.arange(first, first + number + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    month = np.repeat(np.arange(number), np.diff(edges))
    days = np.zeros((-(-len(month) // 7), number))
    np.add.at(days, (np.arange(len(month)) // 7, month), 1.0)
    weekly = np.einsum("wm,fmr->wfr", days / days.sum(axis=1, keepdims=True), factors)
    gain = 1 / (1 + lag / 2)
    assessed = received = weekly[0]
    told = np.empty_like(weekly)
    for week, due in enumerate(weekly):
        assessed = assessed + gain * (due - assessed)
        received = received + gain * (assessed - received)
        told[week] = received
    return np.einsum("wm,wfr->fmr", days / days.sum(axis=0), told)


def compared(known: Known, first: int, last: int, *, drivers: FloatArray, lag: FloatArray) -> Change:
    """Revenue of the months from `first` to `last` against that of a year before, in parts.

    `drivers` [factor, month, run] are those of `known.months`. Raises `ScenarioError` where a month is not known.
    """
    if not comparable(known, first, last):
        raise ScenarioError(f"{_name(first)} to {_name(last)} cannot be compared with a year before: not all is known")
    months = np.arange(first, last + 1)
    before, after = (known.revenue.at(of) for of in (months - 12, months))
    change = after.sum() - before.sum()
    begin = int(known.months[0])
    told = paid(drivers, begin, lag)
    ratio = told[:, months - begin] / told[:, months - begin - 12]
    parts = (before[:, None] * oil.decompose(np.ones_like(ratio), ratio)).sum(axis=1)
    rest = change - parts.sum(axis=0)
    return Change(
        first=_name(first),
        last=_name(last),
        before=float(before.sum()),
        after=float(after.sum()),
        ruled=_part("rule", parts.sum(axis=0) / before.sum(), WAS),
        parts=tuple(_part(name, drawn, WAS) for name, drawn in zip((*IMPOSED, REST), (*parts, rest), strict=True)),
    )


def _part(name: str, drawn: FloatArray, points: Sequence[float]) -> Part:
    low, mid, high = (float(point) for point in np.quantile(drawn, points))
    return Part(name, float(drawn.mean()), low, mid, high)


def _name(month: int) -> str:
    return str(np.datetime64(month, "M"))


def _followed(known: Known, first: int, last: int) -> Iterable[Followed]:
    """Each series with its figures from the month `first` to `last`."""
    for role, series in known._asdict().items():
        inside = (series.month >= first) & (series.month <= last)
        letters, counts = np.unique(series.trust[inside], return_counts=True)
        by_trust = dict(zip(letters.tolist(), counts.tolist(), strict=True))
        told = tuple(
            SOURCES[key].producer if key in SOURCES else key for key in np.unique(series.source[inside]).tolist()
        )
        latest = _name(int(series.month[-1]))
        yield Followed(role, series.name, series.unit, last - first + 1, by_trust, latest, told)


# ---------------------------------------------------------------------------------------------------------- what comes


def what_comes(
    start: Start,
    side: int,
    *,
    runs: int,
    weeks: int,
    seed: int,
    workers: Workers = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Coming:
    """Fight the war and add up what its oil brings a side. Raises `ScenarioError` where no run stayed finite."""
    fought = many.simulate(
        start,
        keep=("oil.revenue", "oil.part"),
        runs=runs,
        weeks=weeks,
        seed=seed,
        workers=workers,
        on_progress=on_progress,
    )
    ok = fought.ok
    revenue, parts = (
        fought.series[name][:, side].sum(axis=0, dtype=np.float64) for name in ("oil.revenue", "oil.part")
    )
    if not ok.any():
        raise ScenarioError(f"none of {runs} runs stayed finite; nothing can be told of what is to come")
    revenue, parts = revenue[ok], parts[:, ok]
    return Coming(
        first_day=str(decree.opening_day(start)),
        weeks=weeks,
        runs=int(ok.sum()),
        failed_runs=int((~ok).sum()),
        opening=_part("opening", revenue - parts.sum(axis=0), COMES),
        expected=_part("expected", revenue, COMES),
        parts=tuple(_part(name, part, COMES) for name, part in zip(oil.FACTORS, parts, strict=True)),
    )


# ---------------------------------------------------------------------------------------------------------------- JSON


def to_json(found: Explanation) -> str:
    """The whole explanation."""
    if not isinstance(found, Revenue):
        return chain.to_json(found)
    told: dict[str, Any] = {"format": FORMAT, "name": "revenue", **asdict(found)}
    told["unit"] = f"bn {found.currency}"
    told["points"] = {"past": WAS, "coming": COMES}
    return json.dumps(told, ensure_ascii=False, indent=1, allow_nan=False)
