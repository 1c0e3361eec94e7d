"""Summary: thousands of simulated futures as a document that a person, or another program, reads in a minute.

Every number is a plain statistic over the runs that finished: quantiles (linear interpolation between order
statistics, type 7 of Hyndman and Fan 1996) and shares of runs. Two kinds of uncertainty are kept apart. A band of
quantiles, or a probability, is what the model says of the future. The interval around a probability is Monte Carlo
error alone, what is owed to running finitely many futures (Wilson 1927, 95 %); it says nothing of whether the model is
right.

Left out: dependence between outputs, which only the runs themselves hold.

References: Wilson 1927, Journal of the American Statistical Association 22(158); Hyndman and Fan 1996, The American
Statistician 50(4).
"""

from __future__ import annotations

import datetime
import itertools
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import xarray
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field

from ceasefire.evidence.error import CeasefireError
from ceasefire.scenario import duration

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
HORIZONS = (4, 13, 26, 52)
"""Weeks after the opening at which probabilities are given, those that the result reaches."""
LATELY = 4
"""Weeks over which a share of weapons is taken, since of some few are launched in a week; at least one in them all."""
FEW = 30
"""Of fewer runs than this no share of a part of them is told."""
SIGNIFICANT_DIGITS = 6
NOT_AN_ENDING = ("war", "frozen")
"""States that no run can end in first: `frozen` is what becomes of a ceasefire."""

REQUIRED = ("area", "casualties", "phase", "first_ending", "first_ending_week", "town_change_week", "town_holder")

FloatArray = NDArray[np.float64]


class SummaryError(CeasefireError, ValueError):
    """A result cannot be summarised; the message says what was looked for and what was found."""


# --------------------------------------------------------------------------------------------------- the document


class Record(BaseModel):
    """A part of the summary; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Side(Record):
    """One belligerent."""

    key: str
    name: str


class Label(Record):
    """A label of a dimension with the words to show for it."""

    key: str
    name: str


class Chance(Record):
    """A share of runs, with the 95 % Wilson interval of its Monte Carlo error."""

    weeks: int = Field(description="By the end of this week after the opening.")
    date: datetime.date
    probability: float = Field(ge=0, le=1)
    monte_carlo_low: float = Field(ge=0, le=1, description="Wilson 95 %: error of a finite number of runs, no more.")
    monte_carlo_high: float = Field(ge=0, le=1)


class Series(Record):
    """Quantiles over runs, a value for each week; null where no run has a value."""

    measure: str
    label: str
    unit: str
    side: str | None = Field(default=None, description="Key of the side; null for all, or where it does not apply.")
    axis: str | None = Field(
        default=None, description="Key of the sector; null for their sum, or where it does not apply."
    )
    item: str | None = Field(
        default=None, description="Kind of equipment, kind of published claim, or weapon of deep strikes."
    )
    patron: str | None = Field(default=None, description="Key of the patron; null where it does not apply.")
    question: str | None = Field(default=None, description="What people are asked; null where it does not apply.")
    q05: tuple[float | None, ...]
    q25: tuple[float | None, ...]
    q50: tuple[float | None, ...]
    q75: tuple[float | None, ...]
    q95: tuple[float | None, ...]

    @property
    def empty(self) -> bool:
        """Whether the series holds nothing but zeros and nulls."""
        return not any(self.q05) and not any(self.q95)


class Ending(Record):
    """One way in which the war may first end."""

    kind: str
    probability: Chance = Field(description="That this is the first ending, by the horizon.")
    by: tuple[Chance, ...] = Field(description="At each of `horizons`.")
    weekly: tuple[float, ...] = Field(description="Cumulative probability, a value for each week.")


class Endings(Record):
    """How the war first ends: kinds are exclusive, and with `none` they add to one."""

    kinds: tuple[Ending, ...]
    none: Chance = Field(description="No ending by the horizon.")
    any: tuple[Chance, ...] = Field(description="Some ending, at each of `horizons`.")
    base_rate: Series | None = Field(
        default=None,
        description="Probability that a war of this age has ended by each week, from interstate wars alone.",
    )


class State(Record):
    """Share of runs that are in one state, week by week; an ended war may relapse, so this is not `Endings`."""

    state: str
    share: tuple[float, ...]


class Town(Record):
    """A town and the probability that it has changed hands at least once."""

    name: str
    holder: str = Field(description="Key of the side that holds it at the opening.")
    chances: tuple[Chance, ...] = Field(description="At each of `horizons`.")


class Spread(Record):
    """Quantiles of one number over runs; null where no run has a value."""

    q05: float | None
    q25: float | None
    q50: float | None
    q75: float | None
    q95: float | None


class Ally(Record):
    """A patron of one side, and what comes of its promises from the opening to the horizon."""

    key: str
    name: str
    supports: str = Field(description="Key of the side that it helps.")
    pledged: Spread = Field(description="Newly pledged, bn USD.")
    delivered: Spread = Field(description="Delivered, bn USD, part of it pledged before the opening.")
    delivered_arms: Spread = Field(description="The part of it that is arms, and not money, bn USD.")
    paid: Spread = Field(description="What it pays of all that is newly pledged, by itself or by others, bn USD.")
    lag: Spread = Field(description="Mean weeks from pledge to delivery; null where it pledges nothing.")


class Relapse(Record):
    """A share of the runs that first ended in a ceasefire: those in which the fighting resumed by the horizon."""

    runs: int
    credibility_low: float = Field(ge=0, le=1, description="Least credible guarantees among these runs.")
    credibility_high: float = Field(ge=0, le=1, description="Most credible guarantees among these runs.")
    probability: float = Field(ge=0, le=1)
    monte_carlo_low: float = Field(ge=0, le=1, description="Wilson 95 %: error of a finite number of runs, no more.")
    monte_carlo_high: float = Field(ge=0, le=1)


class Guarantor(Record):
    """What hangs on the guarantees of one patron, or of all that stand by a side."""

    patron: str | None = Field(description="Key of the patron; null for all that stand by a side.")
    credibility: Spread = Field(description="Chance that the guarantee is believed and kept, at the opening.")
    least: Relapse | None = Field(
        description="The third of ceasefires with the least credible guarantees; null where a third is fewer than 30 "
        "runs, or where the thirds do not differ."
    )
    most: Relapse | None = Field(description="The third with the most credible guarantees; null likewise.")


class Guarantees(Record):
    """What the forecast owes to guarantees of an agreement, among the runs that first ended in a ceasefire.

    Where all count, credibility is that in the week of the ceasefire, of the side with the more credible guarantees.
    """

    ceasefires: int = Field(description="Runs that first ended in a ceasefire.")
    every: Relapse | None = Field(description="All of them; null where they are fewer than 30.")
    by: tuple[Guarantor, ...] = Field(description="All guarantees together, then each guarantor's own.")


class Leader(Record):
    """The chance that the leader of a side has gone since the opening."""

    side: str
    chances: tuple[Chance, ...] = Field(description="At each of `horizons`.")


class Assumption(Record):
    """One uncertain number that the runs draw from; low, mid and high are its 5, 50 and 95 % points."""

    name: str
    unit: str = ""
    low: float | str | None = None
    mid: float | str | None = None
    high: float | str | None = None
    kind: str = ""
    source: str = ""
    known_on: str = ""
    doc: str = ""


class Summary(Record):
    """What an ensemble of runs says, and all that is needed to run it again."""

    format: Literal[1] = 1
    scenario: str
    title: str
    question: str
    background: tuple[str, ...] = Field(description="How things stood at the opening, as the scenario tells it.")
    opening: datetime.date
    weeks: int = Field(ge=0)
    dates: tuple[datetime.date, ...] = Field(description="Saturdays: date of week 0, 1, … The last is the horizon.")
    horizons: tuple[int, ...] = Field(description="Weeks at which chances are given.")
    seed: int
    runs: int = Field(description="Runs asked for.")
    runs_used: int = Field(description="Runs that finished; every statistic is over these.")
    failed_runs: int
    version: str
    evidence_hash: str
    evidence_as_of: str
    created: str
    command: str = Field(description="Command that makes the same result.")
    sides: tuple[Side, ...]
    axes: tuple[Label, ...]
    items: tuple[Label, ...] = Field(description="Kinds of equipment.")
    weapons: tuple[Label, ...] = Field(default=(), description="Weapons of deep strikes.")
    questions: tuple[Label, ...] = Field(default=(), description="What people are asked.")
    series: tuple[Series, ...]
    first_side_gains: tuple[Chance, ...] = Field(description="P(the first side holds more ground than at the opening).")
    endings: Endings
    occupancy: tuple[State, ...]
    towns: tuple[Town, ...] = Field(description="Most likely to change hands first.")
    allies: tuple[Ally, ...] = Field(default=(), description="Patrons of either side.")
    guarantees: Guarantees | None = Field(default=None, description="Null where the result does not tell of them.")
    leaders: tuple[Leader, ...] = ()
    assumptions: tuple[Assumption, ...]
    notes: tuple[str, ...] = Field(description="What the model does not know.")

    def find(
        self,
        measure: str,
        *,
        side: str | None = None,
        axis: str | None = None,
        item: str | None = None,
        patron: str | None = None,
        question: str | None = None,
    ) -> Series | None:
        """The series of a measure, None where the result lacks it."""
        wanted = (measure, side, axis, item, patron, question)
        found = ((s, (s.measure, s.side, s.axis, s.item, s.patron, s.question)) for s in self.series)
        return next((series for series, owner in found if owner == wanted), None)

    def side_name(self, key: str | None) -> str:
        """The name of a side; its key where no side has it."""
        return next((side.name for side in self.sides if side.key == key), key or "")

    def date_of(self, week: int) -> datetime.date:
        """The Saturday that ends a week."""
        return self.dates[week]


def to_json(summary: Summary) -> str:
    """Write a summary: keys in the order declared, numbers with 6 significant digits, NaN as null."""
    return _write(summary.model_dump(mode="json"), 0) + "\n"


def schema_json() -> str:
    """The JSON schema of a summary, as it is kept in `docs/reference/summary.schema.json`."""
    return json.dumps(Summary.model_json_schema(mode="serialization"), indent=2, ensure_ascii=False) + "\n"


def write_schema(path: str | Path) -> None:
    """Renew the copy of the schema in the documentation."""
    Path(path).write_text(schema_json(), encoding="utf-8")


def _write(value: Any, depth: int) -> str:
    """JSON with lists of plain values on one line, so that a difference between two summaries can be read."""
    if isinstance(value, dict):
        lines = [f"{json.dumps(key, ensure_ascii=False)}: {_write(item, depth + 1)}" for key, item in value.items()]
        return _block("{}", lines, depth)
    if isinstance(value, list):
        lines = [_write(item, depth + 1) for item in value]
        if any(isinstance(item, dict | list) for item in value):
            return _block("[]", lines, depth)
        return f"[{', '.join(lines)}]"
    return json.dumps(_rounded(value) if isinstance(value, float) else value, ensure_ascii=False, allow_nan=False)


def _block(brackets: str, lines: list[str], depth: int) -> str:
    if not lines:
        return brackets
    margin = "\n" + "  " * depth
    return brackets[0] + ",".join(f"{margin}  {line}" for line in lines) + margin + brackets[1]


def _rounded(value: float) -> float | int | None:
    if not math.isfinite(value):
        return None
    short = float(f"{value:.{SIGNIFICANT_DIGITS}g}")
    return int(short) if short.is_integer() and abs(short) < 2**53 else short


# ------------------------------------------------------------------------------------------------------ statistics


def wilson(count: ArrayLike, runs: int) -> tuple[FloatArray, FloatArray]:
    """95 % interval of a share from `count` of `runs` independent runs (Wilson 1927).

    (p + z²/2n ± z·√(p(1 − p)/n + z²/4n²)) / (1 + z²/n), z = 1.96.
    """
    z = 1.959963984540054
    share = np.asarray(count, float) / runs
    centre = share + z**2 / (2 * runs)
    reach = z * np.sqrt(share * (1 - share) / runs + z**2 / (4 * runs**2))
    scale = 1 + z**2 / runs
    return np.clip((centre - reach) / scale, 0.0, share), np.clip((centre + reach) / scale, share, 1.0)


def quantiles(draws: ArrayLike) -> FloatArray:
    """`QUANTILES` over the last axis, first in the answer; NaN draws are left out, all NaN gives NaN."""
    values = np.array(draws, float)  # a copy, which the partition may reorder
    missing = np.isnan(values)
    if not missing.any():
        return np.quantile(values, QUANTILES, axis=-1, overwrite_input=True)
    rows, holes = values.reshape(-1, values.shape[-1]), missing.reshape(-1, values.shape[-1])
    answer = np.full((len(QUANTILES), len(rows)), np.nan)
    for number, (row, hole) in enumerate(zip(rows, holes, strict=True)):
        if not hole.all():
            answer[:, number] = np.quantile(row[~hole], QUANTILES)
    return answer.reshape(len(QUANTILES), *values.shape[:-1])


def _levels(values: NDArray[Any]) -> Iterator[FloatArray]:
    """Each week as it is."""
    yield from (week.astype(float) for week in values)


def _changes(values: NDArray[Any]) -> Iterator[FloatArray]:
    """Each week less the opening."""
    opening = values[0].astype(float)
    yield from (week - opening for week in values)


def _sums(values: NDArray[Any]) -> Iterator[FloatArray]:
    """Sum from the opening up to each week; a week without a value adds nothing."""
    total = np.zeros(values.shape[1:])
    for week in values:
        total += np.nan_to_num(week.astype(float))
        yield total


def _least(values: NDArray[Any]) -> Iterator[FloatArray]:
    """Least up to each week; a week without a value does not count."""
    yield from itertools.accumulate(_levels(values), np.fmin)


def _most(values: NDArray[Any]) -> Iterator[FloatArray]:
    """Most up to each week; a week without a value does not count."""
    yield from itertools.accumulate(_levels(values), np.fmax)


# ------------------------------------------------------------------------------------------------------- measures


class _Measure(NamedTuple):
    """How a variable of the result becomes series of the summary."""

    name: str
    label: str
    variable: str
    weekly: Callable[[NDArray[Any]], Iterator[FloatArray]]
    total: bool = False  # also the sum over sectors


_MEASURES = (
    _Measure("area_change", "Ground gained since the opening", "area", _changes, total=True),
    _Measure("mapped_area_change", "Ground gained since the opening, as mapped", "mapped_area", _changes, total=True),
    _Measure("casualties", "Killed or seriously wounded in the week", "casualties", _levels),
    _Measure("casualties_cumulative", "Killed or seriously wounded since the opening", "casualties", _sums),
    _Measure("killed", "Killed in the week", "killed", _levels),
    _Measure("killed_cumulative", "Killed since the opening", "killed", _sums),
    _Measure("surrendered_cumulative", "Taken prisoner since the opening", "surrendered", _sums),
    _Measure("civilians_harmed_cumulative", "Civilians killed or wounded since the opening", "civilians_harmed", _sums),
    _Measure("civilians_killed_cumulative", "Civilians killed since the opening", "civilians_killed", _sums),
    _Measure("transferred_cumulative", "Civilians come under control since the opening", "transferred", _sums),
    _Measure("claimed", "Losses claimed in the week", "claimed", _levels),
    _Measure("claimed_cumulative", "Losses claimed since the opening", "claimed", _sums),
    _Measure("troops", "Troops", "troops", _levels),
    _Measure("recruited", "Recruited in the week", "recruited", _levels),
    _Measure("equipment", "Equipment in the field", "equipment", _levels),
    _Measure("storage", "Equipment in storage", "storage", _levels),
    _Measure("lost_cumulative", "Equipment lost since the opening", "lost", _sums),
    _Measure("hazard", "Hazard of an ending", "hazard", _levels),
    _Measure("launched", "Weapons launched deep into the enemy's country in the week", "launched", _levels),
    _Measure("launched_cumulative", "Weapons launched since the opening", "launched", _sums),
    _Measure("stopped_share", "Share of them that the enemy stopped, over four weeks", "stopped_share", _levels),
    _Measure("served_share", "Share of power demand that is met", "served_share", _levels),
    _Measure("served_share_least", "Share of power demand met in the worst week so far", "served_share", _least),
    _Measure("blackout_hours", "Hours a day without electricity in an average household", "blackout_hours", _levels),
    _Measure("dark", "People without electricity at a time", "dark", _levels),
    _Measure("dark_most", "People without electricity in the worst week so far", "dark", _most),
    _Measure("cold", "People without heat at a time", "cold", _levels),
    _Measure("cold_most", "People without heat in the worst week so far", "cold", _most),
    _Measure("brent", "Price of Brent crude", "brent", _levels),
    _Measure("oil_revenue", "Taxes on oil and gas received in the week", "oil_revenue", _levels),
    _Measure("oil_revenue_cumulative", "Taxes on oil and gas received since the opening", "oil_revenue", _sums),
    _Measure(
        "oil_revenue_relative",
        "These taxes over what they would be if nothing changed",
        "oil_revenue_relative",
        _levels,
    ),
    _Measure("reserves", "Reserves that the budget can use", "reserves", _levels),
    _Measure("inflation", "Inflation", "inflation", _levels),
    _Measure("aid_pledged", "Aid newly pledged over four weeks", "aid_pledged_lately", _levels),
    _Measure("aid_delivered", "Aid delivered over four weeks", "aid_delivered_lately", _levels),
    _Measure("will", "Share of those who decide that are for giving", "will", _levels),
    _Measure("credibility", "Chance that guarantees of an agreement are kept", "credibility", _levels),
    _Measure("opinion", "Share of those with an opinion who say yes", "opinion_percent", _levels),
)
_OWNER = {
    "side": "side",
    "axis": "axis",
    "item": "item",
    "claim": "item",
    "weapon": "item",
    "patron": "patron",
    "question": "question",
}
"""Field of `Series` for each dimension."""


def _with_derived(result: xarray.Dataset) -> xarray.Dataset:
    """The result with what is derived of its variables, where it has them."""
    return result.assign(_ratios(result) | _aid_and_opinion(result))


def _aid_and_opinion(result: xarray.Dataset) -> dict[str, xarray.DataArray]:
    """Aid of all kinds over four weeks, once there are as many; opinion in per cent."""
    found = {
        f"{name}_lately": _lately(result[name].sum("aid")).where(result["week"] >= LATELY).assign_attrs(units="bn USD")
        for name in ("aid_pledged", "aid_delivered")
        if name in result
    }
    if "opinion" in result:
        found["opinion_percent"] = (100 * result["opinion"]).assign_attrs(units="%")
    return found


def _ratios(result: xarray.Dataset) -> dict[str, xarray.DataArray]:
    """Ratios of variables, where the result has both."""
    ratios = {}
    if {"launched", "stopped"} <= set(result):
        launched, stopped = (_lately(result[name]) for name in ("launched", "stopped"))
        ratios["stopped_share"] = (stopped / launched.where(launched >= 1)).assign_attrs(units="1")
    if {"oil_revenue", "oil_revenue_usual"} <= set(result):
        total, usual = (result[name].cumsum("week") for name in ("oil_revenue", "oil_revenue_usual"))
        ratios["oil_revenue_relative"] = (total / usual.where(usual > 0)).assign_attrs(units="1")
    return ratios


def _lately(variable: xarray.DataArray) -> xarray.DataArray:
    """Sum over each week and those before it, `LATELY` in all."""
    total = variable.astype(float).cumsum("week")
    return total - total.shift(week=LATELY, fill_value=0)


def _all_series(result: xarray.Dataset) -> tuple[Series, ...]:
    first = str(result["side"].values[0])
    result = _with_derived(result)
    return tuple(
        series
        for measure in _MEASURES
        if measure.variable in result
        for series in _series(result[measure.variable], measure, first)
    )


def _series(variable: xarray.DataArray, measure: _Measure, first: str) -> Iterator[Series]:
    """The series of one measure: one for each label of the dimensions besides week and run."""
    ordered = variable.transpose("week", ..., "run")
    values = ordered.values
    if measure.total:
        yield _one_series(measure, variable, {}, _through(week.sum(axis=0) for week in measure.weekly(values)))
    found = _through(measure.weekly(values))
    names = [str(name) for name in ordered.dims[1:-1]]
    for place in np.ndindex(*found.shape[2:]):
        labels = {name: str(ordered[name].values[number]) for name, number in zip(names, place, strict=True)}
        owner = {_OWNER[name]: label for name, label in labels.items()}
        if "claim" in labels:
            owner["side"] = first
        yield _one_series(measure, variable, owner, found[(..., *place)])


def _through(weeks: Iterator[FloatArray]) -> FloatArray:
    """Quantiles [quantile, week, …], a week at a time, so that no copy of all runs is made."""
    return np.stack([quantiles(week) for week in weeks], axis=1)


def _one_series(measure: _Measure, variable: xarray.DataArray, owner: Mapping[str, str], found: FloatArray) -> Series:
    q05, q25, q50, q75, q95 = (_nullable(row) for row in found)
    return Series(
        measure=measure.name,
        label=measure.label,
        unit=str(variable.attrs.get("units", "")),
        **owner,
        q05=q05,
        q25=q25,
        q50=q50,
        q75=q75,
        q95=q95,
    )


def _nullable(row: FloatArray) -> tuple[float | None, ...]:
    return tuple(float(value) if np.isfinite(value) else None for value in row)


# ---------------------------------------------------------------------------------------------- endings and towns


def _chance(happened: NDArray[np.bool_], week: int, dates: Sequence[datetime.date]) -> Chance:
    runs, count = happened.size, int(happened.sum())
    low, high = wilson(count, runs)
    return Chance(
        weeks=week,
        date=dates[week],
        probability=count / runs,
        monte_carlo_low=float(low),
        monte_carlo_high=float(high),
    )


def _endings(result: xarray.Dataset, dates: Sequence[datetime.date], horizons: Sequence[int]) -> Endings:
    kind, week = result["first_ending"].values, result["first_ending_week"].values
    last = len(dates) - 1
    ended = (kind != 0) & (week <= last)
    meanings = _meanings(result["first_ending"], result["phase"])
    possible = {code: name for code, name in meanings.items() if code and name not in NOT_AN_ENDING}
    unknown = sorted({int(code) for code in np.unique(kind[ended])} - set(possible))
    if unknown:
        raise SummaryError(f"first_ending holds the codes {unknown}, which flag_meanings does not name as endings.")
    return Endings(
        kinds=tuple(_ending(name, (kind == code) & ended, week, dates, horizons) for code, name in possible.items()),
        none=_chance(~ended, last, dates),
        any=tuple(_chance(ended & (week <= horizon), horizon, dates) for horizon in horizons),
        base_rate=_base_rate(result.attrs, last),
    )


def _ending(
    name: str,
    this: NDArray[np.bool_],
    week: NDArray[Any],
    dates: Sequence[datetime.date],
    horizons: Sequence[int],
) -> Ending:
    last = len(dates) - 1
    by_week = np.bincount(np.clip(week[this], 0, last).astype(int), minlength=last + 1).cumsum() / this.size
    return Ending(
        kind=name,
        probability=_chance(this, last, dates),
        by=tuple(_chance(this & (week <= horizon), horizon, dates) for horizon in horizons),
        weekly=tuple(float(value) for value in by_week),
    )


def _base_rate(attributes: Mapping[Any, Any], weeks: int) -> Series | None:
    """P(a war of this age has ended by each week), where the result says when the war started."""
    started = _war_started(attributes)
    if not started:
        return None
    days = (datetime.date.fromisoformat(str(attributes["opening"])[:10]) - datetime.date.fromisoformat(started)).days
    uniforms = np.random.default_rng(0).uniform(size=(3, 4000))
    hazard = duration.hazard_path(days / duration.DAYS_PER_MONTH, weeks, uniforms)
    ended = np.concatenate([np.zeros((1, hazard.shape[1])), 1 - np.cumprod(1 - hazard, axis=0)])
    q05, q25, q50, q75, q95 = (_nullable(row) for row in quantiles(ended))
    return Series(
        measure="base_rate",
        label="Interstate wars of this age that have ended",
        unit="1",
        q05=q05,
        q25=q25,
        q50=q50,
        q75=q75,
        q95=q95,
    )


def _war_started(attributes: Mapping[Any, Any]) -> str:
    """When the war began, from the result's own attribute or from the scenario that it carries; empty if neither."""
    document = json.loads(attributes.get("scenario_document") or "{}")
    return str(attributes.get("war_started") or document.get("war", {}).get("started") or "")


def _meanings(*variables: xarray.DataArray) -> dict[int, str]:
    """Code → meaning, from the first of the variables that declares it."""
    for variable in variables:
        meanings = variable.attrs.get("flag_meanings")
        if meanings is not None:
            names = meanings.split() if isinstance(meanings, str) else [str(name) for name in meanings]
            codes = variable.attrs.get("flag_values", range(len(names)))
            return {int(code): name for code, name in zip(codes, names, strict=True)}
    raise SummaryError("The phase of a result needs the attribute flag_meanings: a list of the names of its codes.")


def _occupancy(phase: xarray.DataArray) -> tuple[State, ...]:
    values = phase.transpose("week", "run").values
    meanings = _meanings(phase)
    return tuple(
        State(state=name, share=tuple(float(np.mean(week == code)) for week in values))
        for code, name in meanings.items()
    )


def _towns(result: xarray.Dataset, dates: Sequence[datetime.date], horizons: Sequence[int]) -> tuple[Town, ...]:
    changed = result["town_change_week"].transpose("town", "run").values
    keys = [str(key) for key in result["side"].values]
    towns = [
        Town(
            name=str(name),
            holder=keys[int(holder)],
            chances=tuple(_chance((weeks >= 0) & (weeks <= horizon), horizon, dates) for horizon in horizons),
        )
        for name, holder, weeks in zip(result["town"].values, result["town_holder"].values, changed, strict=True)
    ]
    return tuple(sorted(towns, key=lambda town: [-chance.probability for chance in reversed(town.chances)]))


def _gains(area: xarray.DataArray, dates: Sequence[datetime.date], horizons: Sequence[int]) -> tuple[Chance, ...]:
    held = area.transpose("week", "axis", "run")
    opening = held[0].values.astype(float).sum(axis=0)
    return tuple(
        _chance(held[horizon].values.astype(float).sum(axis=0) > opening, horizon, dates) for horizon in horizons
    )


# ------------------------------------------------------------------------------------------------ allies and leaders


def _allies(result: xarray.Dataset) -> tuple[Ally, ...]:
    """What each patron pledged, delivered and paid up to the horizon."""
    if not {"aid_pledged", "aid_delivered", "aid_paid", "aid_lag"} <= set(result):
        return ()
    labels, supports = _labels(result["patron"]), result["patron"].attrs["supports"]
    delivered = result["aid_delivered"].sum("week")
    totals = {
        "pledged": result["aid_pledged"].sum(("week", "aid")),
        "delivered": delivered.sum("aid"),
        "delivered_arms": delivered.sel(aid="arms"),
        "paid": result["aid_paid"].sum("week"),
        "lag": result["aid_lag"],
    }
    found = {name: quantiles(total.transpose("patron", "run").values) for name, total in totals.items()}
    return tuple(
        Ally(
            key=label.key,
            name=label.name,
            supports=str(side),
            **{name: _spread(points[:, place]) for name, points in found.items()},
        )
        for place, (label, side) in enumerate(zip(labels, supports, strict=True))
    )


def _spread(points: FloatArray) -> Spread:
    q05, q25, q50, q75, q95 = _nullable(points)
    return Spread(q05=q05, q25=q25, q50=q50, q75=q75, q95=q95)


def _guarantees(result: xarray.Dataset) -> Guarantees | None:
    """How often a ceasefire fails, where guarantees are least and where they are most credible."""
    if not {"credibility", "guarantee", "relapse_week"} <= set(result):
        return None
    codes = {name: code for code, name in _meanings(result["first_ending"], result["phase"]).items()}
    runs = np.flatnonzero(result["first_ending"].values == codes.get("ceasefire"))
    relapsed = result["relapse_week"].values[runs] > 0
    best = result["credibility"].max("side").transpose("week", "run").values.astype(float)
    then = best[result["first_ending_week"].values[runs].astype(int), runs]
    by = [_guarantor(None, best[min(1, len(best) - 1)], then, relapsed)]
    for patron, own in zip(result["patron"].values, result["guarantee"].transpose("patron", "run").values, strict=True):
        if own.any():
            by.append(_guarantor(str(patron), own.astype(float), own[runs].astype(float), relapsed))
    every = _relapse(relapsed, then) if len(runs) >= FEW else None
    return Guarantees(ceasefires=len(runs), every=every, by=tuple(by))


def _guarantor(
    patron: str | None, opening: FloatArray, credibility: FloatArray, relapsed: NDArray[np.bool_]
) -> Guarantor:
    """Credibility at the opening in all runs; then relapses of ceasefires by credibility, where thirds are apart."""
    order = np.argsort(credibility, kind="stable")
    third = len(order) // 3
    least, most = order[:third], order[len(order) - third :]
    told = third >= FEW and credibility[least[-1]] < credibility[most[0]]
    return Guarantor(
        patron=patron,
        credibility=_spread(quantiles(opening)),
        least=_relapse(relapsed[least], credibility[least]) if told else None,
        most=_relapse(relapsed[most], credibility[most]) if told else None,
    )


def _relapse(relapsed: NDArray[np.bool_], credibility: FloatArray) -> Relapse:
    low, high = wilson(relapsed.sum(), relapsed.size)
    return Relapse(
        runs=relapsed.size,
        credibility_low=float(credibility.min()),
        credibility_high=float(credibility.max()),
        probability=float(relapsed.mean()),
        monte_carlo_low=float(low),
        monte_carlo_high=float(high),
    )


def _leaders(result: xarray.Dataset, dates: Sequence[datetime.date], horizons: Sequence[int]) -> tuple[Leader, ...]:
    if "leader_exits" not in result:
        return ()
    gone = result["leader_exits"].transpose("side", "week", "run") > 0
    return tuple(
        Leader(side=str(side), chances=tuple(_chance(each[week], week, dates) for week in horizons))
        for side, each in zip(result["side"].values.astype(str), gone.values, strict=True)
    )


# ---------------------------------------------------------------------------------------------------- putting it up


def finished(result: xarray.Dataset) -> xarray.Dataset:
    """The result without the runs that failed.

    Raises `SummaryError` where none finished.
    """
    if "ok" not in result:
        return result
    finished_runs = result["ok"].values.astype(bool)
    if not finished_runs.any():
        raise SummaryError(f"All of the {finished_runs.size} runs failed; there is nothing to summarise.")
    return result if finished_runs.all() else result.isel(run=np.flatnonzero(finished_runs))


def horizons_within(weeks: int) -> tuple[int, ...]:
    """The usual horizons that so many weeks reach; the last week itself where it comes before the last of them."""
    reached = tuple(horizon for horizon in HORIZONS if horizon <= weeks)
    return (*reached, weeks) if 0 < weeks < HORIZONS[-1] and weeks not in reached else reached


def summarise(result: xarray.Dataset) -> Summary:
    """Sum up an ensemble of runs.

    Raises `SummaryError` where the result lacks what a summary needs.
    """
    _check(result)
    used = finished(result)
    attributes = result.attrs
    runs, runs_used = int(result.sizes["run"]), int(used.sizes["run"])
    dates = _dates(result)
    horizons = horizons_within(len(dates) - 1)
    asked = int(attributes.get("runs", runs))
    failed = max(runs - runs_used, int(attributes.get("failed_runs", 0)))
    seed = int(attributes.get("seed", 0))
    return Summary(
        scenario=_text(attributes, "scenario"),
        title=_text(attributes, "title"),
        question=_text(attributes, "question"),
        background=tuple(str(line) for line in _list(attributes, "background")),
        opening=datetime.date.fromisoformat(_text(attributes, "opening")[:10]),
        weeks=len(dates) - 1,
        dates=dates,
        horizons=horizons,
        seed=seed,
        runs=asked,
        runs_used=runs_used,
        failed_runs=failed,
        version=_text(attributes, "version"),
        evidence_hash=_text(attributes, "evidence_hash"),
        evidence_as_of=_text(attributes, "evidence_as_of"),
        created=_text(attributes, "created"),
        command=_text(attributes, "command")
        or f"ceasefire forecast {_text(attributes, 'scenario')} --runs {asked} --weeks {len(dates) - 1} --seed {seed}",
        sides=_sides(result),
        axes=_labels(result["axis"]),
        items=_labels(result["item"]) if "item" in result.coords else (),
        weapons=_labels(result["weapon"]) if "weapon" in result.coords else (),
        questions=_labels(result["question"]) if "question" in result.coords else (),
        series=_all_series(used),
        first_side_gains=_gains(used["area"], dates, horizons),
        endings=_endings(used, dates, horizons),
        occupancy=_occupancy(used["phase"]),
        towns=_towns(used, dates, horizons),
        allies=_allies(used),
        guarantees=_guarantees(used),
        leaders=_leaders(used, dates, horizons),
        assumptions=tuple(_assumption(row) for row in _list(attributes, "assumptions")),
        notes=tuple(str(note) for note in _list(attributes, "notes")),
    )


def _check(result: xarray.Dataset) -> None:
    missing = [name for name in REQUIRED if name not in result]
    if missing:
        raise SummaryError(f"The result lacks {', '.join(missing)}; it holds {', '.join(map(str, result.data_vars))}.")
    if "opening" not in result.attrs:
        raise SummaryError("The result lacks the attribute opening: the date on which the scenario opens.")
    if not result.sizes["run"]:
        raise SummaryError("The result holds no runs.")


def _dates(result: xarray.Dataset) -> tuple[datetime.date, ...]:
    days = np.asarray(result["date"].values, "M8[D]")
    return tuple(datetime.date.fromisoformat(str(day)) for day in days)


def _sides(result: xarray.Dataset) -> tuple[Side, ...]:
    keys = [str(key) for key in result["side"].values]
    names = result["side"].attrs.get("names") or result.attrs.get("side_names") or keys
    return tuple(Side(key=key, name=str(name)) for key, name in zip(keys, names, strict=True))


def _labels(labels: xarray.DataArray) -> tuple[Label, ...]:
    keys = [str(key) for key in labels.values]
    names = labels.attrs.get("names") or [key.upper() if len(key) < 4 else key[:1].upper() + key[1:] for key in keys]
    return tuple(Label(key=key, name=str(name)) for key, name in zip(keys, names, strict=True))


def _text(attributes: Mapping[Any, Any], name: str) -> str:
    return str(attributes.get(name, ""))


def _list(attributes: Mapping[Any, Any], name: str) -> list[Any]:
    """A list kept as such or as JSON text."""
    value = attributes.get(name) or []
    return list(json.loads(value) if isinstance(value, str) else value)


def _assumption(row: Mapping[str, Any]) -> Assumption:
    values: dict[str, Any] = {name: _number(row.get(name)) for name in ("low", "mid", "high")}
    values |= {name: str(row.get(name) or "") for name in ("name", "unit", "kind", "source", "known_on", "doc")}
    return Assumption(**values)


def _number(value: Any) -> float | str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) else None
    return json.dumps(value)
