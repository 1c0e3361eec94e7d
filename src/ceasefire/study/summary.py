"""Summary: thousands of simulated futures as a document that a person, or another program, reads in a minute.

Every number is a plain statistic over the runs that finished: quantiles (linear interpolation between order
statistics, type 7 of Hyndman and Fan 1996) and shares of runs. Two kinds of uncertainty are kept apart. A band of
quantiles, or a probability, is what the model says of the future. The interval around a probability is Monte Carlo
error alone, what is owed to running finitely many futures (Wilson 1927, 95 %); it says nothing of whether the model is
right. Ends at other weights of structure and base rate come from weights of the same runs, and the range of the chance
of an end from the runs' own hazards (`pooling.py`).

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
from ceasefire.study import pooling

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
HORIZONS = (4, 13, 26, 52)
"""Weeks after the opening at which probabilities are given, those that the result reaches."""
LATELY = 4
"""Weeks over which a share of weapons is taken, since of some few are launched in a week; at least one in them all."""
FEW = 30
"""Of fewer runs than this no share of a part of them is told."""
COMMON = 5
"""Packages told of, the most common first."""
YEARS = (1, 5)
"""Years for which an agreement may hold."""
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


class Portion(Record):
    """A share of some of the runs, with the 95 % Wilson interval of its Monte Carlo error."""

    runs: int = Field(description="Runs that it is a share of.")
    probability: float = Field(ge=0, le=1)
    monte_carlo_low: float = Field(ge=0, le=1, description="Wilson 95 %: error of a finite number of runs, no more.")
    monte_carlo_high: float = Field(ge=0, le=1)


class Spread(Record):
    """Quantiles of one number over runs; null where no run has a value."""

    q05: float | None
    q25: float | None
    q50: float | None
    q75: float | None
    q95: float | None


class Ending(Record):
    """One way in which the war may first end."""

    kind: str
    probability: Chance = Field(description="That this is the first ending, by the horizon.")
    by: tuple[Chance, ...] = Field(description="At each of `horizons`.")
    weekly: tuple[float, ...] = Field(description="Cumulative probability, a value for each week.")


class Cause(Record):
    """How likely a cause is to end the war first, run by run."""

    cause: str = Field(description="agreed, dictated_first, dictated_second or fade.")
    by: tuple[Spread, ...] = Field(description="At each of `horizons`.")


class Weighting(Record):
    """Ends at one weight of the structure beside the base rate, from weights of the same runs (importance sampling)."""

    weight: float = Field(ge=0, le=1, description="0 is the base rate alone, 1 the structure alone.")
    effective_runs: tuple[float, ...] = Field(description="Runs of equal weight that are worth as much, by horizon.")
    any: tuple[Chance | None, ...] = Field(
        description="Some ending, at each of `horizons`; null where the runs are worth fewer than 30."
    )
    kinds: dict[str, tuple[Chance | None, ...]] = Field(description="Each first ending, likewise.")
    weekly: tuple[float | None, ...] = Field(description="Cumulative probability of some ending, for each week.")


class Endings(Record):
    """How the war first ends: kinds are exclusive, and with `none` they add to one."""

    kinds: tuple[Ending, ...]
    none: Chance = Field(description="No ending by the horizon.")
    any: tuple[Chance, ...] = Field(description="Some ending, at each of `horizons`.")
    base_rate: Series | None = Field(
        default=None,
        description="Probability that a war of this age has ended by each week, from interstate wars alone.",
    )
    weights: tuple[Weighting, ...] = Field(default=(), description="Other weights of structure and base rate.")
    chance: Series | None = Field(
        default=None,
        description="Chance that the war has ended by each week, run by run: over what is not known of the war, and "
        "how it goes, but not over the luck of the end itself. Its mean is the probability of some ending.",
    )
    causes: tuple[Cause, ...] = Field(default=(), description="The same of each cause.")


class Clause(Record):
    """One way to settle an issue."""

    key: str
    name: str
    agreed: Portion | None = Field(description="Share of agreements that take it; null where they are fewer than 30.")
    likely: tuple[float | None, ...] = Field(
        description="At each of `weeks`, share of the runs still at war in which the package that is best for the "
        "worse-off side takes it; null where they are fewer than 30."
    )


class Matter(Record):
    """An issue of bargaining; its clauses exclude each other."""

    key: str
    name: str
    rider: bool = Field(description="Settled last, as suits the rest.")
    clauses: tuple[Clause, ...]


class Fate(Record):
    """What becomes of a land in agreements; kinds exclude each other."""

    land: str
    name: str
    kinds: dict[str, Portion]


class Package(Record):
    """A package of terms that was agreed on, riders aside."""

    key: str
    clauses: tuple[str, ...] = Field(description="Names of its options.")
    share: Portion


class Holding(Record):
    """Chance, when an agreement is signed, that it holds so many years, its guarantees staying as credible."""

    years: int
    mean: float
    over_runs: Spread


class Terms(Record):
    """What is agreed on in runs whose war first ends by agreement, and what would be."""

    agreements: int = Field(description="Runs that first end by agreement.")
    weeks: tuple[int, ...] = Field(description="Weeks of `likely`: the first, then `horizons`.")
    at_war: tuple[int, ...] = Field(description="Runs still at war in each of these weeks.")
    issues: tuple[Matter, ...]
    line_as_held: Portion | None = Field(
        description="Share of agreements that award no land: how often a forecast of the line as held is right. "
        "Null where agreements are fewer than 30, as are the rest, or where no option awards land."
    )
    likely_line_as_held: tuple[float | None, ...] = Field(description="The same of the likely packages, by week.")
    lands: tuple[Fate, ...]
    depth: dict[str, Portion] = Field(description="Share of agreements by depth of the zone between the armies, km.")
    packages: tuple[Package, ...] = Field(description="The most common.")
    holds: tuple[Holding, ...]
    resumed: Portion | None = Field(description="Share of agreements after which fighting resumes by the horizon.")


class Stance(Record):
    """Where a side stands at the table; its own aims are worth 1, its defeat 0."""

    side: str
    least: Spread = Field(description="The least that it would accept.")
    standing: Spread = Field(description="Worth of the line as held, with nothing agreed.")
    fighting_on: Spread = Field(description="What it expects of fighting on.")
    surplus: Spread = Field(description="Its surplus in the package that is best for the worse-off side.")
    optimism: Spread = Field(description="How much it overrates its own power, log.")
    worse_off: float = Field(ge=0, le=1, description="Share of runs in which it is the worse-off side.")


class Table(Record):
    """How the table stands in a week, in the runs still at war."""

    weeks: int
    date: datetime.date
    zone: Portion = Field(description="Runs with a package that both sides prefer to fighting on.")
    size: Spread = Field(description="The larger surplus that the worse-off side can have; below 0 there is no zone.")
    lasting: Spread = Field(description="Chance that an agreement on that package would hold a year.")
    talks: dict[str, float] = Field(description="Share of runs in each state of talks.")
    sides: tuple[Stance, ...]


class State(Record):
    """Share of runs that are in one state, week by week; an ended war may relapse, so this is not `Endings`."""

    state: str
    share: tuple[float, ...]


class Town(Record):
    """A town and the probability that it has changed hands at least once."""

    name: str
    holder: str = Field(description="Key of the side that holds it at the opening.")
    chances: tuple[Chance, ...] = Field(description="At each of `horizons`.")


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


class Relapse(Portion):
    """A share of agreements: those after which the fighting resumed by the horizon."""

    credibility_low: float = Field(ge=0, le=1, description="Least credible guarantees among these runs.")
    credibility_high: float = Field(ge=0, le=1, description="Most credible guarantees among these runs.")


class Guarantor(Record):
    """What hangs on the guarantees of one patron, or of all together, in the agreements that have them."""

    patron: str | None = Field(description="Key of the patron; null for all together.")
    agreements: int = Field(description="Agreements with such a guarantee.")
    credibility: Spread = Field(description="Chance that it is believed and kept, when the agreement is signed.")
    least: Relapse | None = Field(
        description="The third of these agreements with the least credible guarantees; null where a third is fewer "
        "than 30 runs, or where the thirds do not differ."
    )
    most: Relapse | None = Field(description="The third with the most credible guarantees; null likewise.")


class Guarantees(Record):
    """What the forecast owes to guarantees, among the runs that first ended by agreement."""

    agreements: int = Field(description="Runs that first ended by agreement.")
    every: Relapse | None = Field(description="All of them; null where they are fewer than 30.")
    without: Relapse | None = Field(description="Those with no guarantee that could be kept; null likewise.")
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


class Member(Record):
    """What one member of a mixture says of a number, or the mixture itself."""

    name: str = Field(description="simulator, a baseline, or mixture.")
    weight: float | None = Field(description="In the mixture; null for the mixture itself.")
    score: float | None = Field(
        default=None,
        description="CRPS of past forecasts of the kind, relative to plain statistics; null where none had come due.",
    )
    quantiles: tuple[float, ...] = Field(description="5, 25, 50, 75 and 95 % points of the change since the opening.")


class Mixture(Record):
    """A number as the simulator, plain statistics and their mixture forecast it."""

    target: str = Field(description="area_total, km² as mapped, or loss_<item>, count as claimed.")
    week: int
    members: tuple[Member, ...]


class Beside(Record):
    """The forecast beside plain statistics."""

    cut_off: datetime.date | None = Field(description="Day until which the weights were learned; null for prior ones.")
    rows: tuple[Mixture, ...]


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
    terms: Terms | None = Field(default=None, description="Null where the result does not tell of them.")
    table: tuple[Table, ...] = Field(default=(), description="In the first week, then at `horizons` with runs at war.")
    values: str = Field(default="", description="Where values of fighting on come from: fitted, or the law of forts.")
    towns: tuple[Town, ...] = Field(description="Most likely to change hands first.")
    allies: tuple[Ally, ...] = Field(default=(), description="Patrons of either side.")
    guarantees: Guarantees | None = Field(default=None, description="Null where the result does not tell of them.")
    leaders: tuple[Leader, ...] = ()
    beside: Beside | None = Field(default=None, description="Null where the result does not tell of it.")
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
        lines = [f"{_plain(key)}: {_write(item, depth + 1)}" for key, item in value.items()]
        return _block("{}", lines, depth)
    if isinstance(value, list):
        lines = [_write(item, depth + 1) for item in value]
        if any(isinstance(item, dict | list) for item in value):
            return _block("[]", lines, depth)
        return f"[{', '.join(lines)}]"
    return _plain(_rounded(value) if isinstance(value, float) else value)


_plain = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
"""JSON of a plain value."""


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


def wilson(count: ArrayLike, runs: float) -> tuple[FloatArray, FloatArray]:
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
    """`QUANTILES` over the last axis, first in the answer; NaN draws are left out, all NaN gives NaN.

    One sort serves all of them, and puts what is NaN behind the draws that count.
    """
    values = np.sort(np.asarray(draws, float), axis=-1)
    last = np.maximum(np.count_nonzero(~np.isnan(values), axis=-1) - 1, 0)[..., None]
    place = last * np.array(QUANTILES)
    below = place.astype(int)
    low, high = (np.take_along_axis(values, at, axis=-1) for at in (below, np.minimum(below + 1, last)))
    along, gap = place - below, high - low
    found = np.where(along < 0.5, low + gap * along, high - gap * (1 - along))
    return np.moveaxis(found, -1, 0)


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
    _Measure("zone", "Largest surplus of the worse-off side", "zone_at_war", _levels),
    _Measure("least", "The least that a side would accept", "least_at_war", _levels),
    _Measure("fighting_on", "What a side expects of fighting on", "fighting_on_at_war", _levels),
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
    return result.assign(_ratios(result) | _aid_and_opinion(result) | _at_the_table(result))


def _at_the_table(result: xarray.Dataset) -> dict[str, xarray.DataArray]:
    """What is weighed at the table, in runs that were still at war as the week began."""
    names = [name for name in ("zone", "least", "fighting_on") if name in result]
    if not names:
        return {}
    going = xarray.DataArray(_first_at_war(result), dims=("week", "run"))
    return {f"{name}_at_war": result[name].where(going).assign_attrs(result[name].attrs) for name in names}


def _first_at_war(result: xarray.Dataset) -> NDArray[np.bool_]:
    """Runs whose war has not ended yet as a week begins, [week, run]."""
    kind, week = result["first_ending"].values, result["first_ending_week"].values
    return (kind == 0) | (result["week"].values[:, None] <= week)


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
        **_by_hazard(result, possible, dates, horizons),
    )


_CAUSES = {
    "ceasefire": "agreed",
    "settlement": "agreed",
    "dictated by the first side": "dictated_first",
    "dictated by the second side": "dictated_second",
    "fade": "fade",
}
"""What brings each first ending about, as labels of `ending`."""


def _by_hazard(
    result: xarray.Dataset, kinds: Mapping[int, str], dates: Sequence[datetime.date], horizons: Sequence[int]
) -> dict[str, Any]:
    """What the hazards of the runs say beside their ends."""
    hazards = _hazards(result, kinds)
    if hazards is None:
        return {}
    each = pooling.chances(pooling.carried_on(hazards.simulated, hazards.ended))
    ended = np.where(hazards.ended > 0, result["first_ending"].values, 0)
    return {
        "weights": tuple(_weighting(hazards, weight, ended, kinds, dates, horizons) for weight in pooling.WEIGHTS),
        "chance": _chance_series(each.sum(axis=0)),
        "causes": tuple(
            Cause(cause=str(cause), by=tuple(_spread(quantiles(chance[week])) for week in horizons))
            for cause, chance in zip(result["ending"].values, each, strict=True)
        ),
    }


def _hazards(result: xarray.Dataset, kinds: Mapping[int, str]) -> pooling.Hazards | None:
    """Hazards of the runs by cause, where the result tells of them."""
    if not {"structural", "usual", "anchor"} <= set(result) or not set(kinds.values()) <= set(_CAUSES):
        return None
    causes = [str(cause) for cause in result["ending"].values]
    if not set(_CAUSES.values()) <= set(causes):
        return None
    structural, usual = (
        result[name].transpose("week", "ending", "run").values[1:].astype(float) for name in ("structural", "usual")
    )
    kind, week = result["first_ending"].values, result["first_ending_week"].values.astype(int)
    cause_of = {code: causes.index(_CAUSES[name]) for code, name in kinds.items()}
    return pooling.Hazards(
        structural=structural,
        usual=usual,
        weight=result["anchor"].values.astype(float),
        ended=np.where((kind != 0) & (week <= len(structural)), week, 0),
        cause=np.array([cause_of.get(int(code), -1) for code in kind]),
    )


def _weighting(
    hazards: pooling.Hazards,
    weight: float,
    ended: NDArray[Any],
    kinds: Mapping[int, str],
    dates: Sequence[datetime.date],
    horizons: Sequence[int],
) -> Weighting:
    """Ends at another weight; `ended` [run] is the kind of each run's first ending, 0 for none."""
    weights = pooling.run_weights(hazards, weight)
    numbers = [pooling.effective(row) for row in weights]

    def chances(which: NDArray[np.bool_]) -> tuple[Chance | None, ...]:
        return tuple(
            _weighted_chance(which & (hazards.ended <= week), weights[week], week, dates)
            if numbers[week] >= FEW
            else None
            for week in horizons
        )

    return Weighting(
        weight=weight,
        effective_runs=tuple(numbers[week] for week in horizons),
        any=chances(ended != 0),
        kinds={name: chances(ended == code) for code, name in kinds.items()},
        weekly=tuple(
            pooling.share((ended != 0) & (hazards.ended <= week), row)[0] if numbers[week] >= FEW else None
            for week, row in enumerate(weights)
        ),
    )


def _weighted_chance(
    happened: NDArray[np.bool_], weight: FloatArray, week: int, dates: Sequence[datetime.date]
) -> Chance:
    found, number = pooling.share(happened, weight)
    low, high = wilson(found * number, number)
    return Chance(
        weeks=week,
        date=dates[week],
        probability=min(max(found, 0.0), 1.0),
        monte_carlo_low=float(low),
        monte_carlo_high=float(high),
    )


def _chance_series(chance: FloatArray) -> Series:
    """Quantiles of the chance of an end by each week [week, run]."""
    q05, q25, q50, q75, q95 = (_nullable(row) for row in quantiles(chance))
    label = "Chance that the war has ended, run by run"
    return Series(measure="end_chance", label=label, unit="1", q05=q05, q25=q25, q50=q50, q75=q75, q95=q95)


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


# -------------------------------------------------------------------------------------------------- terms and table


_TERMS = ("agreed", "awarded", "holds", "likely", "relapse_week")
_TABLE = ("zone", "surplus", "least", "standing", "fighting_on", "optimism", "lasting", "talks")


def _portion(happened: NDArray[np.bool_]) -> Portion:
    low, high = wilson(happened.sum(), happened.size)
    return Portion(
        runs=happened.size,
        probability=float(happened.mean()),
        monte_carlo_low=float(low),
        monte_carlo_high=float(high),
    )


def _terms(result: xarray.Dataset, horizons: Sequence[int]) -> Terms | None:
    """What is agreed on, and what would be."""
    if not set(_TERMS) <= set(result) or not horizons:
        return None
    agreed = result["agreed"].transpose("option", "run").values.astype(bool)
    signed = np.flatnonzero(agreed.any(axis=0))
    enough = len(signed) >= FEW
    weeks = tuple(dict.fromkeys((1, *horizons)))
    at_war = _first_at_war(result)[list(weeks)]
    likely = result["likely"].transpose("week", "option", "run").values[list(weeks)].astype(bool)
    gives = result["option_gives"].values.astype(bool)
    held: NDArray[np.bool_] = np.logical_not(likely[:, gives].any(axis=1, keepdims=True))
    return Terms(
        agreements=len(signed),
        weeks=weeks,
        at_war=tuple(int(going.sum()) for going in at_war),
        issues=_matters(result, agreed[:, signed] if enough else None, _shares(likely, at_war)),
        line_as_held=_portion(np.logical_not(agreed[gives][:, signed].any(axis=0))) if enough and gives.any() else None,
        likely_line_as_held=_shares(held, at_war)[0],
        lands=_fates(result["awarded"].isel(run=signed)) if enough and gives.any() else (),
        depth=_depths(result["option_depth"].values, agreed[:, signed]) if enough else {},
        packages=_packages(result, agreed[:, signed]) if enough else (),
        holds=_holds(result["holds"].values[signed].astype(float)) if enough else (),
        resumed=_portion(result["relapse_week"].values[signed] > 0) if enough else None,
    )


def _shares(happened: NDArray[np.bool_], going: NDArray[np.bool_]) -> list[tuple[float | None, ...]]:
    """Share of the runs going on [week, run] in which something happened [week, what, run]; by what, then week."""
    number = going.sum(axis=1)
    found = (happened & going[:, None]).sum(axis=2) / np.maximum(number, 1)[:, None]
    told = number >= FEW
    return [tuple(float(f) if t else None for f, t in zip(row, told, strict=True)) for row in found.T]


def _matters(
    result: xarray.Dataset, agreed: NDArray[np.bool_] | None, likely: list[tuple[float | None, ...]]
) -> tuple[Matter, ...]:
    """Each issue with its options; `agreed` [option, run] where there are enough agreements."""
    options, issue = _labels(result["option"]), result["option_issue"].values

    def clause(place: int) -> Clause:
        portion = None if agreed is None else _portion(agreed[place])
        return Clause(key=options[place].key, name=options[place].name, agreed=portion, likely=likely[place])

    riders = result["issue_rider"].values.astype(bool)
    return tuple(
        Matter(
            key=label.key,
            name=label.name,
            rider=bool(riders[number]),
            clauses=tuple(clause(int(place)) for place in np.flatnonzero(issue == number)),
        )
        for number, label in enumerate(_labels(result["issue"]))
    )


def _fates(awarded: xarray.DataArray) -> tuple[Fate, ...]:
    kinds = {code: name for code, name in _meanings(awarded).items() if code >= 0}
    values = awarded.transpose("land", "run").values
    return tuple(
        Fate(land=label.key, name=label.name, kinds={name: _portion(row == code) for code, name in kinds.items()})
        for label, row in zip(_labels(awarded["land"]), values, strict=True)
    )


def _depths(depth: NDArray[Any], agreed: NDArray[np.bool_]) -> dict[str, Portion]:
    """Share of agreements [option, run] by the depth that they agree on."""
    found = np.where(agreed, depth[:, None], 0.0).max(axis=0)
    return {f"{km:g}": _portion(found == km) for km in np.unique(found)}


def _packages(result: xarray.Dataset, agreed: NDArray[np.bool_]) -> tuple[Package, ...]:
    """The most common packages; an option is named `issue-option`, a package by its options, joined by dots."""
    options = _labels(result["option"])
    settled = np.flatnonzero(~result["issue_rider"].values.astype(bool)[result["option_issue"].values])
    taken, place, count = np.unique(agreed[settled], axis=1, return_inverse=True, return_counts=True)
    common = np.argsort(-count, kind="stable")[:COMMON]
    clauses = [[options[settled[k]] for k in np.flatnonzero(taken[:, number])] for number in common]
    return tuple(
        Package(
            key=".".join(clause.key.partition("-")[2] for clause in each),
            clauses=tuple(clause.name for clause in each),
            share=_portion(place.reshape(-1) == number),
        )
        for number, each in zip(common, clauses, strict=True)
    )


def _holds(year: FloatArray) -> tuple[Holding, ...]:
    """Chances that agreements hold so many years, from their chances to hold one."""
    return tuple(
        Holding(years=years, mean=float(np.mean(year**years)), over_runs=_spread(quantiles(year**years)))
        for years in YEARS
    )


def _tables(result: xarray.Dataset, dates: Sequence[datetime.date], horizons: Sequence[int]) -> tuple[Table, ...]:
    """How the table stands in the first week and at the horizons, in enough runs that are still at war."""
    if not set(_TABLE) <= set(result) or not horizons:
        return ()
    going = _first_at_war(result)
    weeks = [week for week in dict.fromkeys((1, *horizons)) if going[week].sum() >= FEW]
    told = result[list(_TABLE)]
    return tuple(_table(told.isel(run=np.flatnonzero(going[week])), week, dates) for week in weeks)


def _table(result: xarray.Dataset, week: int, dates: Sequence[datetime.date]) -> Table:
    now = {name: result[name].isel(week=week).transpose(..., "run").values.astype(float) for name in _TABLE[:-1]}
    talks = result["talks"].isel(week=week - 1).values
    worse_off = np.argmin(now["surplus"], axis=0)
    return Table(
        weeks=week,
        date=dates[week],
        zone=_portion(now["zone"] >= 0),
        size=_spread(quantiles(now["zone"])),
        lasting=_spread(quantiles(now["lasting"])),
        talks={name: float(np.mean(talks == code)) for code, name in _meanings(result["talks"]).items()},
        sides=tuple(
            Stance(
                side=str(side),
                **{name: _spread(quantiles(now[name][k])) for name in _STANCE},
                worse_off=float(np.mean(worse_off == k)),
            )
            for k, side in enumerate(result["side"].values)
        ),
    )


_STANCE = ("least", "standing", "fighting_on", "surplus", "optimism")


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
    """How often an agreement fails: without guarantees, and where those in it are least and most credible."""
    if not {"agreed", "promised", "relapse_week"} <= set(result):
        return None
    signed = np.flatnonzero(result["agreed"].transpose("option", "run").values.any(axis=0))
    relapsed = result["relapse_week"].values[signed] > 0
    own = result["promised"].transpose("patron", "run").values[:, signed].astype(float)
    together = 1 - np.prod(1 - own, axis=0)
    alone = [
        _guarantor(str(patron), row, relapsed)
        for patron, row in zip(result["patron"].values, own, strict=True)
        if row.any()
    ]
    bare = together == 0
    return Guarantees(
        agreements=len(signed),
        every=_relapse(relapsed, together) if len(signed) >= FEW else None,
        without=_relapse(relapsed[bare], together[bare]) if bare.sum() >= FEW else None,
        by=(_guarantor(None, together, relapsed), *alone),
    )


def _guarantor(patron: str | None, credibility: FloatArray, relapsed: NDArray[np.bool_]) -> Guarantor:
    """Relapses of the agreements with a guarantee, by its credibility, where thirds of them are apart."""
    given = credibility > 0
    credibility, relapsed = credibility[given], relapsed[given]
    order = np.argsort(credibility, kind="stable")
    third = len(order) // 3
    least, most = order[:third], order[len(order) - third :]
    told = third >= FEW and credibility[least[-1]] < credibility[most[0]]
    return Guarantor(
        patron=patron,
        agreements=int(given.sum()),
        credibility=_spread(quantiles(credibility)) if given.any() else _NOTHING,
        least=_relapse(relapsed[least], credibility[least]) if told else None,
        most=_relapse(relapsed[most], credibility[most]) if told else None,
    )


_NOTHING = Spread(q05=None, q25=None, q50=None, q75=None, q95=None)


def _relapse(relapsed: NDArray[np.bool_], credibility: FloatArray) -> Relapse:
    return Relapse(
        **_portion(relapsed).model_dump(),
        credibility_low=float(credibility.min()),
        credibility_high=float(credibility.max()),
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
        terms=_terms(used, horizons),
        table=_tables(used, dates, horizons),
        values=_text(attributes, "values"),
        towns=_towns(used, dates, horizons),
        allies=_allies(used),
        guarantees=_guarantees(used),
        leaders=_leaders(used, dates, horizons),
        beside=_beside(attributes),
        assumptions=tuple(_assumption(row) for row in _list(attributes, "assumptions")),
        notes=tuple(str(note) for note in _list(attributes, "notes")),
    )


def _beside(attributes: Mapping[Any, Any]) -> Beside | None:
    """What a forecast noted of plain statistics (`stack.headline`)."""
    text = _text(attributes, "beside")
    told = json.loads(text) if text else {"rows": []}
    if not told["rows"]:
        return None
    rows = []
    for row in told["rows"]:
        weight = dict(zip(told["members"], row["weights"], strict=True))
        score = dict(zip(told["members"], row.get("scores", ()), strict=False))
        members = (
            Member(name=name, weight=weight.get(name), score=score.get(name), quantiles=tuple(points))
            for name, points in row["quantiles"].items()
        )
        rows.append(Mixture(target=row["target"], week=row["week"], members=tuple(members)))
    return Beside(cut_off=told["cut_off"] or None, rows=tuple(rows))


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
