"""Monthly: what would be reported of a simulated war, month by month, and what was reported. Reported is not true.

The war file says which quantities a series reports (`spec.Reported`). Weeks end seven days apart from the day of the
opening map. What is told of a month is a weighted sum over weeks, for the forecast
    factor · Σ wᵢ qᵢ   or, where it is told per something else,   factor · Σ wᵢ qᵢ / Σ wᵢ pᵢ,
with the weights of its kind:
    weeks: 1 for the weeks that end in the month and are observed, the same for both; at least three of them;
    total: the days of the month in the week, over seven;   mean: likewise, over the days of the month;
    day: 1 for the week that holds the day, which then stands for itself.
Days of a month before the opening count like the first week's; a month counts if half its days at least come after.

Weapons reported as stopped: the odds of being stopped are those in truth times exp(excess + noise · z), z anew every
week; so none reported of none, and all of all. Everything else is taken to be reported as it is.

The forecast knows what was known on the day of the opening; the observations are the last that were published of each
event, whenever. Bands are the 10 and 90 % points over all runs, those in which the fighting ends included. Of the
observations only their days enter the bands, never their values.

Left out: late and revised reports, misses in the count of launches, noise in reports of prices and money.
Sources: `scenario/reporting.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtri
from numpy.typing import NDArray

from ceasefire.evidence.error import suggestion
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.model.declare import Variable
from ceasefire.model.noise import Noise
from ceasefire.scenario import decree, spec
from ceasefire.scenario.spec import Reported, Scenario, ScenarioError
from ceasefire.scenario.start import Start, open_war, variables
from ceasefire.simulate import draws
from ceasefire.simulate import ensemble as many
from ceasefire.simulate.cache import keep_compiled
from ceasefire.simulate.ensemble import LONGEST_WEEKS, Ensemble
from ceasefire.simulate.pool import Workers
from ceasefire.simulate.result import VERSION
from ceasefire.study.forecast import opened

FloatArray = NDArray[np.float64]
Days = NDArray[np.datetime64]

SCENARIO = "alaska-2025-08"
"""Any scenario of the war will do: each origin opens it on its own day."""
ORIGINS = ("2025-01-04", "2025-08-09")
RUNS = 512
POINTS = (0.1, 0.5, 0.9)
LEAST_WEEKS = 3
"""Weeks that a month needs."""
LEAST_OBSERVED = 5
"""Observations that a series needs for a claim that its bands are right."""
STOPPED, LEAKED = "air_defence.stopped", "air_defence.leaked"
DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Row:
    """What was forecast of one report, and what it was."""

    title: str
    series: str
    unit: str
    when: str
    """The month, or the day."""
    low: float
    mid: float
    high: float
    observed: float | None
    """None where it is not known."""

    @property
    def hit(self) -> bool | None:
        """Whether the band holds what was observed; None where that is not known."""
        return None if self.observed is None else self.low <= self.observed <= self.high


@dataclass(frozen=True)
class Check:
    """What was forecast from one origin, beside what came."""

    origin: str
    title: str
    runs: int
    weeks: int
    seed: int
    version: str
    evidence_hash: str
    rows: tuple[Row, ...]

    def by_series(self) -> dict[str, tuple[Row, ...]]:
        """Rows by title, in the order of the war file."""
        titles = dict.fromkeys(row.title for row in self.rows)
        return {title: tuple(row for row in self.rows if row.title == title) for title in titles}

    def claimed(self) -> tuple[Row, ...]:
        """Observed rows of the series with enough of them for a claim."""
        found = (seen(rows) for rows in self.by_series().values())
        return tuple(row for rows in found if len(rows) >= LEAST_OBSERVED for row in rows)


def seen(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Rows of which the observation is known."""
    return tuple(row for row in rows if row.observed is not None)


def coverage(rows: Sequence[Row]) -> float:
    """Share of the observed rows whose band holds the observation; NaN for none."""
    hits = [row.hit for row in seen(rows)]
    return sum(map(bool, hits)) / len(hits) if hits else float("nan")


# ------------------------------------------------------------------------------------------------------------ the check


def check(
    scenario: str | Path | Scenario = SCENARIO,
    *,
    origins: Sequence[str] = ORIGINS,
    runs: int = RUNS,
    weeks: int | None = None,
    seed: int = 1,
    evidence: str | Path | None = None,
    workers: Workers = None,
) -> tuple[Check, ...]:
    """Forecast from each origin with what was known then, and compare with all that is known by now.

    `weeks` is the horizon; it reaches the last observation where none is named. Raises `CeasefireError` where an origin
    cannot be opened, or where nothing is reported after it.
    """
    store = Store.open(evidence)
    keep_compiled()
    return tuple(_checked(opened(scenario, origin), store, origin, runs, weeks, seed, workers) for origin in origins)


def _checked(
    scenario: Scenario, store: Store, origin: str, runs: int, weeks: int | None, seed: int, workers: Workers
) -> Check:
    start = open_war(scenario, Vintage(store, origin))
    horizon = _horizon(start, store) if weeks is None else weeks
    ensemble = many.simulate(start, keep=needed(start), runs=runs, weeks=horizon, seed=seed, workers=workers)
    rows = compare(ensemble, store)
    return Check(origin, scenario.war.title, runs, horizon, seed, VERSION, start.evidence_hash, rows)


def _horizon(start: Start, store: Store) -> int:
    """Weeks to the last day of which anything is reported."""
    told = [day for entry in start.scenario.war.reported for day in _told(store, entry.series)]
    last = max(told, default=_first(start))
    if last <= _first(start):
        raise ScenarioError(f"nothing is reported of {start.scenario.war.title} after {_first(start)}")
    return min(int(_week_of(last, _first(start))) + 1, LONGEST_WEEKS)


# ----------------------------------------------------------------------------------------------------------- comparing


def compare(ensemble: Ensemble, store: Store) -> tuple[Row, ...]:
    """Bands of every report of the war after the opening, and what was observed, in the order of the war file.

    The ensemble has what `needed` names. Raises `ScenarioError` where a report is of something that is not simulated.
    """
    return tuple(row for one in told(ensemble, store) if (row := _row(one)) is not None)


class Period(NamedTuple):
    """A month or a day that is reported of."""

    when: str
    weight: FloatArray
    """[week]"""
    observed: float | None


class Told(NamedTuple):
    """What would be reported of one month or day, in every war."""

    entry: Reported
    period: Period
    values: FloatArray
    """[run] over runs that stayed finite; NaN where it is told per something of which there was none."""


def told(ensemble: Ensemble, store: Store) -> Iterator[Told]:
    """Every report of the war after the opening, in the order of the war file, as `compare`."""
    reports = _reports(ensemble)
    for entry in ensemble.start.scenario.war.reported:
        over = np.sum([reports.of(name) for name in entry.of], axis=0)
        under = np.sum([reports.of(name) for name in entry.of_per], axis=0) if entry.per else None
        for period in periods(entry, store, reports.first, reports.weeks):
            yield Told(entry, period, _values(entry, period, over, under))


def _values(entry: Reported, period: Period, over: FloatArray, under: FloatArray | None) -> FloatArray:
    summed = entry.factor * (period.weight @ over)
    if under is None:
        return np.asarray(summed)
    base = period.weight @ under
    return np.divide(summed, base, out=np.full_like(summed, np.nan), where=base > 0)


def needed(start: Start) -> tuple[str, ...]:
    """Quantities that the war's reports are made from. Raises `ScenarioError` where one is not simulated."""
    known = variables()
    names = dict.fromkeys(name for entry in start.scenario.war.reported for name in _names(entry, known, start))
    return (*names, *((LEAKED,) if STOPPED in names else ()))


class _Reports(NamedTuple):
    """Simulated wars, ready to be added up."""

    first: np.datetime64
    weeks: int
    of: Callable[[str], FloatArray]
    """What is reported of a quantity, labels and all, [week, run] over runs that stayed finite."""


def _reports(ensemble: Ensemble) -> _Reports:
    start, known = ensemble.start, variables()
    series = {name: _weekly(ensemble, known[name]) for name in needed(start)}
    if STOPPED in series:
        series[STOPPED] = _said_stopped(ensemble, series[STOPPED], series[LEAKED])

    def of(name: str) -> FloatArray:
        variable, index = spec.split(name)
        labels = zip(_dims(known[variable]), index, strict=False)
        at: tuple[Any, ...] = (slice(None), *(start.labels[dim].index(label) for dim, label in labels))
        values = series[variable][at]
        return values.reshape(len(values), -1, values.shape[-1]).sum(axis=1)[:, ensemble.ok]

    return _Reports(_first(start), ensemble.weeks, of)


def _first(start: Start) -> np.datetime64:
    """The day from which weeks are counted."""
    return np.datetime64(decree.opening_day(start), "D")


def _names(entry: Reported, known: dict[str, Variable], start: Start) -> Iterator[str]:
    """Variables that an entry is made from."""
    for name in (*entry.of, *entry.of_per):
        variable, index = spec.split(name)
        simulated = [key for key, other in known.items() if other.kind != "parameter"]
        if variable not in simulated:
            raise ScenarioError(f"{entry.name}: {name} is not simulated{suggestion(variable, simulated)}")
        found = known[variable]
        dims = _dims(found)
        if any(label not in start.labels.get(dim, ()) for label, dim in zip(index, dims, strict=False)):
            raise ScenarioError(f"{entry.name}: {name} has a label that there is not; it takes {', '.join(dims)}")
        if len(index) > len(dims):
            raise ScenarioError(f"{entry.name}: {name} has {len(index)} labels; it takes {', '.join(dims) or 'none'}")
        if (found.kind == "flow" and not found.level) != (entry.kind in ("weeks", "total")):
            what = "a level; its kind is mean or day" if entry.kind in ("weeks", "total") else "a flow of weeks"
            raise ScenarioError(f"{entry.name}: {name} is {what}")
        yield variable


def _dims(variable: Variable) -> tuple[str, ...]:
    """Dimensions that a recorded quantity has labels along; the stages of a pipeline are added up."""
    return tuple(dim for dim in variable.dims if dim != "run" and not dim.isdigit())


def _weekly(ensemble: Ensemble, variable: Variable) -> FloatArray:
    """A recorded quantity, [week, ..., run] from the first week on; a state as it stands at the end of the week."""
    values = ensemble.series[variable.name].astype(np.float64)
    return values[1:] if variable.kind == "state" else values


def _said_stopped(ensemble: Ensemble, stopped: FloatArray, leaked: FloatArray) -> FloatArray:
    """Weapons that are reported as stopped, [week, side, weapon, run]."""
    run = np.arange(ensemble.runs, dtype=np.uint32) + np.uint32(ensemble.first)
    drawn = ensemble.parameters(0, ensemble.runs)
    dice = Noise(jnp.asarray(draws.seed_words(ensemble.seed)), jnp.asarray(run), jnp.asarray(0), "observe")
    luck = np.asarray(ndtri(dice.uniform("stopped", stopped.shape[:-1])), np.float64)
    better = np.exp(drawn["reporting.stopped_excess"] + drawn["reporting.stopped_noise"] * luck)
    share = np.divide(stopped * better, stopped * better + leaked, out=np.zeros_like(stopped), where=stopped > 0)
    return share * (stopped + leaked)


# ------------------------------------------------------------------------------------------------------------- periods


def _row(one: Told) -> Row | None:
    values = one.values[~np.isnan(one.values)]
    if not len(values):
        return None
    low, mid, high = np.quantile(values, POINTS).tolist()
    entry, period = one.entry, one.period
    return Row(entry.name, _series(entry), entry.unit, period.when, low, mid, high, period.observed)


def _series(entry: Reported) -> str:
    return f"{entry.series} / {entry.per}" if entry.per else entry.series


def periods(entry: Reported, store: Store, first: np.datetime64, weeks: int) -> Iterator[Period]:
    """Months or days that a series is compared in, after an opening on the day `first`."""
    over = _told(store, entry.series)
    under = _told(store, entry.per) if entry.per else over
    known = sorted(over.keys() & under.keys())

    def observed(days: Sequence[np.datetime64]) -> float | None:
        total, base = sum(over[day] for day in days), sum(under[day] for day in days)
        if not days or (entry.per and base <= 0):
            return None
        return total / base if entry.per else total

    split_up = {"weeks": _by_week, "total": _by_month, "mean": _by_month, "day": _by_day}[entry.kind]
    for when, weight, days in split_up(known, first, weeks):
        yield Period(when, weight / {"total": 7, "mean": weight.sum()}.get(entry.kind, 1), observed(days))


def _told(store: Store, name: str) -> dict[np.datetime64, float]:
    """What was observed of each event of a series: the last that was published of it."""
    rows = sorted(row for row in store.observations if row.name == name)
    return {np.datetime64(row.date, "D"): row.value for row in rows}


Split = Iterator[tuple[str, FloatArray, list[np.datetime64]]]
"""Each month or day, the weight of each week in it, and the days of the observations that belong to it."""


def _by_week(known: list[np.datetime64], first: np.datetime64, weeks: int) -> Split:
    """The weeks that end in a month and are observed; all of them where too few are."""
    end = first + 7 * DAY * np.arange(1, weeks + 1)
    for month in np.unique(end.astype("datetime64[M]")):
        listed = end.astype("datetime64[M]") == month
        among = listed & np.isin(end, known)
        if among.sum() >= LEAST_WEEKS:
            yield str(month), among.astype(float), list(end[among])
        elif listed.sum() >= LEAST_WEEKS:
            yield str(month), listed.astype(float), []


def _by_month(known: list[np.datetime64], first: np.datetime64, weeks: int) -> Split:
    """The days that each week has in a month."""
    last = first + 7 * DAY * weeks
    for month in np.arange(first.astype("datetime64[M]"), last.astype("datetime64[M]") + 1):
        day = np.arange(month.astype("datetime64[D]"), (month + 1).astype("datetime64[D]"))
        if day[-1] <= last and 2 * (day > first).sum() >= len(day):
            weight = np.bincount(_week_of(day, first), minlength=weeks).astype(float)
            yield str(month), weight, [one for one in known if one.astype("datetime64[M]") == month][-1:]


def _by_day(known: list[np.datetime64], first: np.datetime64, weeks: int) -> Split:
    """The week that holds a day."""
    for day in known:
        if first < day <= first + 7 * DAY * weeks:
            yield str(day), (np.arange(weeks) == _week_of(day, first)).astype(float), [day]


def _week_of(day: Any, first: np.datetime64) -> Any:
    """Number of the week that holds a day, from 0; the first for days before it."""
    return np.maximum(-((first - day) // (7 * DAY)) - 1, 0)
