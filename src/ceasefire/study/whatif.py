"""What if: the same wars fought twice, once as they are and once with an intervention, with the same luck.

Run k of both has the same parameters, the same opening and the same dice, so that what does not differ cancels:
with d the difference of a number between the two in one run,

    effect = mean of d,   95 % interval = mean ± t(.975, n − 1) · standard deviation of d / √n

(Student's t for paired differences), which says how well n runs know the effect in the model, not how well the model
knows the war. Sums and sums of squares are whole numbers (`tally.py`), so that nothing depends on who works on what,
nor in which order. Before the first week of an intervention both are the same to the last bit.

An intervention is expected: from its first week on both sides reckon with all that it will do, so their values of
fighting on are fitted again, on the same wars fought on with and without it (`simulate/training.py`). As a surprise,
they go on reckoning as before and learn only from what happens. Where values follow the law of forts, they know the
state of the day alone, and an intervention is always a surprise. Every answer says which it is.

Left out: answers in kind. Nobody changes plans because of the intervention beyond what the equations say.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario import decree
from ceasefire.scenario.decree import Decree, DecreeError, Schedule, Settled
from ceasefire.scenario.spec import Scenario
from ceasefire.scenario.start import Start, open_war
from ceasefire.simulate import ensemble as many
from ceasefire.simulate import training
from ceasefire.simulate.cache import keep_compiled
from ceasefire.simulate.ensemble import RequestError
from ceasefire.simulate.pool import Workers, worked
from ceasefire.simulate.result import VERSION
from ceasefire.simulate.run import CHUNK, Chunk, Engine
from ceasefire.study.forecast import opened
from ceasefire.study.measure import NEEDED, Measure, Output, headline_measures, measured, measures, recorded
from ceasefire.study.tally import Counts, Sum

HORIZONS = (1, 4, 13, 26, 52)
RUNS = 1024
FORMAT = 1
IS = (
    "The same wars fought twice with the same parameters and the same luck, with and without the intervention: "
    "the difference is what it does in the model."
)
IS_NOT = (
    "Not a forecast of what people would do about it: parameters stay as they were learned without it, and neither "
    "side changes its plans beyond the equations."
)
EXPECTED = (
    "Expected: from its first week on both sides reckon with it; what fighting on is worth to them was fitted again "
    "({shifts})."
)
SURPRISE = (
    "A surprise: both sides go on reckoning as without it, and learn only from what happens; values of fighting on "
    "stay as they were fitted."
)
UNFITTED = (
    "A surprise, since nothing was fitted for this war: what fighting on is worth follows the law of forts, which "
    "knows the state of the day alone."
)

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]


@dataclass(frozen=True)
class Effect:
    """One output at the end of one week, without and with the intervention."""

    week: int
    baseline: float
    treated: float
    difference: float
    low: float
    high: float
    """95 % interval of the difference."""
    higher: float
    """Share of runs in which it is higher with the intervention."""
    lower: float

    @property
    def is_seen(self) -> bool:
        """Whether the interval excludes 0."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Comparison:
    """Outputs compared at some weeks, over the runs that stayed finite in both."""

    outputs: tuple[Output, ...]
    weeks: tuple[int, ...]
    runs: int
    baseline: FloatArray
    """[output, week] mean."""
    treated: FloatArray
    difference: FloatArray
    error: FloatArray
    """Standard error of the mean difference."""
    higher: FloatArray
    lower: FloatArray

    def effect(self, row: int, week: int) -> Effect:
        """One row at one of the weeks."""
        at = row, self.weeks.index(week)
        half = _half_width(self.runs) * float(self.error[at]) if self.error[at] else 0.0
        middle = float(self.difference[at])
        return Effect(
            week,
            float(self.baseline[at]),
            float(self.treated[at]),
            middle,
            middle - half,
            middle + half,
            float(self.higher[at]),
            float(self.lower[at]),
        )

    def effects(self, row: int) -> tuple[Effect, ...]:
        """One row at every week."""
        return tuple(self.effect(row, week) for week in self.weeks)

    def find(self, name: str, *labels: str, measure: str | None = None) -> int:
        """Row of an output. Raises `KeyError` where there is none."""
        for row, output in enumerate(self.outputs):
            if (output.name, output.labels) == (name, labels) and measure in (None, output.measure):
                return row
        raise KeyError(f"{name}[{','.join(labels)}]")

    @cached_property
    def strength(self) -> FloatArray:
        """|t| of each row at the last week: how far the effect stands out from what is left to chance."""
        middle, error = np.abs(self.difference[:, -1]), self.error[:, -1]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(middle > 0, middle / error, 0.0)

    @cached_property
    def moved(self) -> NDArray[np.bool_]:
        """Rows that differ in some run at some week."""
        return np.asarray(((self.higher > 0) | (self.lower > 0)).any(axis=1))


def _half_width(runs: int) -> float:
    return float(student.ppf(0.975, runs - 1)) if runs > 1 else math.nan


@dataclass(frozen=True)
class WhatIf:
    """What an intervention does to a war."""

    scenario: str
    title: str
    opening: str
    first_day: str
    """Day that the weeks are counted from: week w ends w weeks later."""
    side_names: tuple[str, ...]
    policy: str
    """Title of the policy file, if there is one."""
    given: tuple[Settled, ...]
    """What holds in both."""
    decrees: tuple[Settled, ...]
    weeks: int
    seed: int
    asked_runs: int
    failed_runs: int
    version: str
    evidence_hash: str
    expectation: str
    """Whether both sides reckon with it, in words."""
    headline: Comparison
    """At every week."""
    rest: Comparison
    """Everything, at `HORIZONS` and the last week."""
    control_difference: NDArray[np.float32] | None = None
    """[week, cell], the opening first: share of all runs in which the first side holds the cell, with − without."""

    @property
    def runs(self) -> int:
        """How many pairs of wars are compared."""
        return self.headline.runs

    def effect(self, name: str, *labels: str, week: int | None = None, measure: str | None = None) -> Effect:
        """The effect on one output, at the last week unless another is named."""
        return self.rest.effect(self.rest.find(name, *labels, measure=measure), week or self.weeks)

    def date(self, week: int) -> dt.date:
        """Last day of a week."""
        return dt.date.fromisoformat(self.first_day) + dt.timedelta(weeks=week)


# ------------------------------------------------------------------------------------------------------------ gathering


@dataclass
class Paired:
    """Sums over pairs of wars, [output, week]: whole numbers, the same in whatever order they are gathered."""

    runs: int
    baseline: Sum
    treated: Sum
    difference: Sum
    squares: Sum
    higher: Counts
    lower: Counts

    @classmethod
    def zero(cls, *shape: int) -> Paired:
        """No pairs yet."""
        one, other, gap, squares = (Sum.zero(*shape) for _ in range(4))
        higher, lower = np.zeros((2, *shape), dtype=np.int64)
        return cls(0, one, other, gap, squares, higher, lower)

    def add(self, baseline: FloatArray, treated: FloatArray) -> None:
        """Take in some runs, [output, week, run] each."""
        gap = treated - baseline
        self.baseline.add(baseline)
        self.treated.add(treated)
        self.difference.add(gap)
        self.squares.add(np.square(gap, dtype=np.longdouble))
        self.higher += (gap > 0).sum(axis=-1)
        self.lower += (gap < 0).sum(axis=-1)
        self.runs += baseline.shape[-1]

    def merge(self, other: Paired) -> None:
        """Take in other pairs."""
        for mine, its in (
            (self.baseline, other.baseline),
            (self.treated, other.treated),
            (self.difference, other.difference),
            (self.squares, other.squares),
        ):
            mine.merge(its)
        self.higher += other.higher
        self.lower += other.lower
        self.runs += other.runs


class Tally:
    """What is known of paired outputs at some weeks."""

    def __init__(self, asked: Sequence[Measure], weeks: Sequence[int]) -> None:
        self.outputs = tuple(output for measure in asked for output in measure.outputs)
        self.weeks = tuple(weeks)
        self.pairs = Paired.zero(len(self.outputs), len(self.weeks))

    def add(self, baseline: FloatArray, treated: FloatArray) -> None:
        """Take in some runs, [output, week, run] each."""
        self.pairs.add(baseline, treated)

    def comparison(self) -> Comparison:
        """What is known so far."""
        pairs = self.pairs
        runs = max(pairs.runs, 1)
        baseline, treated, mean = (each.value() / runs for each in (pairs.baseline, pairs.treated, pairs.difference))
        spread = np.maximum(pairs.squares.value() - runs * mean**2, 0.0)
        return Comparison(
            self.outputs,
            self.weeks,
            pairs.runs,
            baseline.astype(np.float64),
            treated.astype(np.float64),
            mean.astype(np.float64),
            np.sqrt(spread / max(runs - 1, 1) / runs).astype(np.float64),
            pairs.higher / runs,
            pairs.lower / runs,
        )


@dataclass
class Gathered:
    """What is known of one schedule so far."""

    headline: Tally
    rest: Tally | None
    failed: int = 0
    control: IntArray | None = None
    """[week, cell]: runs in which the first side holds the cell with the intervention, less those without it."""


@dataclass
class Part:
    """What one chunk of wars says of one schedule."""

    failed: int
    headline: Paired
    rest: Paired
    control: IntArray | None = None


def horizons_of(weeks: int) -> tuple[int, ...]:
    """Weeks at which everything is told: those of `HORIZONS` that are reached, and the last."""
    return tuple(sorted({week for week in HORIZONS if week < weeks} | {weeks}))


def compare(
    start: Start,
    schedules: Sequence[Schedule],
    *,
    runs: int,
    weeks: int,
    seed: int,
    given: Schedule | None = None,
    workers: Workers = None,
    everything: bool = True,
    control: bool = False,
    on_chunk: Callable[[int, Sequence[Gathered]], None] | None = None,
) -> tuple[Gathered, ...]:
    """Fight every war as it is, or as it is `given`, and once for each schedule; `control` gathers maps as well.

    `on_chunk` is called with the number of wars done and what is known by then.
    """
    first, rest = headline_measures(start), measures(start) if everything else ()
    keep = recorded(start) if everything else NEEDED
    every, some = tuple(range(1, weeks + 1)), horizons_of(weeks)
    engine = Engine(start, weeks=weeks, seed=seed, keep=keep)
    arms = (given or engine.nothing, *schedules)
    found = tuple(Gathered(Tally(first, every), Tally(rest, some) if rest else None) for _ in schedules)

    def told(chunk: Chunk) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
        whole = measured(chunk.series, rest, some) if rest else np.zeros((0, len(some), len(chunk.ok)))
        return measured(chunk.series, first, every), whole, chunk.ok

    def work(number: int) -> list[Part]:
        chunks = engine.chunks(number, runs, arms)
        plain = next(chunks)
        baseline, held = told(plain), plain.control
        return [
            replace(paired(baseline, told(chunk)), control=chunk.control - held if control else None)
            for chunk in chunks
        ]

    done = 0
    for number, parts in worked(work, -(-runs // CHUNK), workers, "pairs"):
        for gathered, part in zip(found, parts, strict=True):
            gathered.failed += part.failed
            gathered.headline.pairs.merge(part.headline)
            if gathered.rest is not None:
                gathered.rest.pairs.merge(part.rest)
            if part.control is not None:
                gathered.control = part.control if gathered.control is None else gathered.control + part.control
        done += min(CHUNK, runs - number * CHUNK)
        if on_chunk:
            on_chunk(done, found)
    return found


Arm = tuple[FloatArray, FloatArray, NDArray[np.bool_]]
"""Headline and rest [output, week, run] of a chunk, and whether each run stayed finite."""


def paired(baseline: Arm, treated: Arm) -> Part:
    """A chunk of wars as they are beside the same with an intervention."""
    fine = baseline[2] & treated[2]
    headline, rest = (Paired.zero(*values.shape[:-1]) for values in baseline[:2])
    headline.add(baseline[0][..., fine], treated[0][..., fine])
    rest.add(baseline[1][..., fine], treated[1][..., fine])
    return Part(int((~fine).sum()), headline, rest)


# ------------------------------------------------------------------------------------------------------------ the study


def whatif(
    scenario: str | Path | Scenario,
    do: str | Sequence[str] = (),
    *,
    given: str | Sequence[str] = (),
    policy: str | Path | None = None,
    runs: int = RUNS,
    weeks: int = 52,
    seed: int = 1,
    on: str | dt.date | None = None,
    evidence: str | Path | None = None,
    workers: Workers = None,
    surprise: bool = False,
    on_progress: Callable[[int, int, WhatIf], None] | None = None,
) -> WhatIf:
    """Compare a war with and without interventions (`scenario/decree.py` has their grammar).

    Those of a `policy` file come first, then those of `do`; what is `given` holds in both. Both sides reckon with them
    from their first week on, unless they are a `surprise`. `on_progress` is told the
    wars done, of how many, and what is known by then. Raises `CeasefireError` with what was asked, what was found and
    what would do.
    """
    check_runs(runs)
    many.check(runs, weeks, seed, workers)
    title, listed = decree.read(policy) if policy is not None else ("", ())
    lines = (*listed, *((do,) if isinstance(do, str) else do))
    read = [decree.parse(line) for line in lines]
    if not read:
        raise DecreeError(f"no intervention was named; {decree.GRAMMAR}")
    asked = opened(scenario, on)
    start = open_war(asked, Vintage(Store.open(evidence), asked.opening))
    both = [decree.parse(line) for line in ((given,) if isinstance(given, str) else given)]
    schedule = decree.schedule(start, weeks, [*both, *read])
    keep_compiled()
    schedule, expectation = expected(start, schedule, read, both, surprise=surprise, workers=workers)
    return of_start(
        start,
        schedule,
        given=decree.schedule(start, weeks, both) if both else None,
        policy=title,
        expectation=expectation,
        runs=runs,
        weeks=weeks,
        seed=seed,
        workers=workers,
        on_progress=on_progress,
    )


def expected(
    start: Start,
    schedule: Schedule,
    do: Sequence[Decree],
    given: Sequence[Decree] = (),
    *,
    surprise: bool = False,
    workers: Workers = None,
) -> tuple[Schedule, str]:
    """The schedule with values of fighting on that reckon with the intervention, and what was done, in words."""
    if surprise or start.valuation is None:
        return schedule, SURPRISE if start.valuation else UNFITTED
    weeks = len(schedule.factor)
    found, change = training.revise(start, do, given=given, weeks=weeks, workers=workers)
    first = min(one.first for one in schedule.settled if one.text in {line.text for line in do})
    place = next(place for place in schedule.places if place.name == "resolve.value")
    shift = schedule.shift.copy()
    shift[first - 1 :, place.offset : place.offset + place.size] += change.reshape(-1)
    sides = zip(start.scenario.war.sides, found.shift, found.error, strict=True)
    shifts = ", ".join(f"{side.name} {by:+.3f} ± {1.96 * error:.3f}" for side, by, error in sides)
    return replace(schedule, shift=shift), EXPECTED.format(shifts=f"mean change {shifts} of its war aims")


def check_runs(runs: int) -> None:
    """Raise `RequestError` where there are too few runs for an interval."""
    if runs < 2:
        raise RequestError(f"{runs} runs were asked for; at least 2 are needed to tell an effect from chance")


def of_start(
    start: Start,
    schedule: Schedule,
    *,
    given: Schedule | None = None,
    policy: str = "",
    expectation: str = SURPRISE,
    runs: int = RUNS,
    weeks: int,
    seed: int = 1,
    workers: Workers = None,
    on_progress: Callable[[int, int, WhatIf], None] | None = None,
) -> WhatIf:
    """Compare a war that is opened already with and without what is decreed beyond what is `given`."""
    common = given.settled if given else ()

    def so_far(done: int, found: Gathered) -> WhatIf:
        assert found.rest is not None
        return WhatIf(
            scenario=start.scenario.id,
            title=start.scenario.title,
            opening=str(start.scenario.opening),
            first_day=str(decree.opening_day(start)),
            side_names=tuple(side.name for side in start.scenario.war.sides),
            policy=policy,
            given=common,
            decrees=schedule.settled[len(common) :],
            weeks=weeks,
            seed=seed,
            asked_runs=done,
            failed_runs=found.failed,
            version=VERSION,
            evidence_hash=start.evidence_hash,
            expectation=expectation,
            headline=found.headline.comparison(),
            rest=found.rest.comparison(),
            control_difference=None if found.control is None else (found.control / done).astype(np.float32),
        )

    def told(done: int, found: Sequence[Gathered]) -> None:
        if on_progress:
            on_progress(done, runs, so_far(done, found[0]))

    gathered = compare(
        start,
        (schedule,),
        runs=runs,
        weeks=weeks,
        seed=seed,
        given=given,
        workers=workers,
        control=True,
        on_chunk=told if on_progress else None,
    )
    return so_far(runs, gathered[0])


# ---------------------------------------------------------------------------------------------------------------- JSON


def to_json(found: WhatIf) -> str:
    """The whole comparison: headline week by week, every output that moved at the horizons, names of the others."""
    still = [
        f"{output.key} ({output.measure})"
        for output, moved in zip(found.rest.outputs, found.rest.moved, strict=True)
        if not moved
    ]
    order = np.argsort(-found.rest.strength, kind="stable")
    told = {
        "format": FORMAT,
        "scenario": found.scenario,
        "title": found.title,
        "opening": found.opening,
        "first_day": found.first_day,
        "sides": list(found.side_names),
        "policy": found.policy,
        "given": [asdict(one) for one in found.given],
        "interventions": [asdict(one) for one in found.decrees],
        "is": IS,
        "is_not": IS_NOT,
        "expectation": found.expectation,
        "runs": found.runs,
        "failed_runs": found.failed_runs,
        "weeks": found.weeks,
        "seed": found.seed,
        "version": found.version,
        "evidence_hash": found.evidence_hash,
        "interval": 0.95,
        "headline": [_row(found.headline, row) for row in range(len(found.headline.outputs))],
        "outputs": [_row(found.rest, int(row)) for row in order if found.rest.moved[row]],
        "unmoved": still,
    }
    return json.dumps(told, ensure_ascii=False, indent=1, allow_nan=False)


def _row(found: Comparison, row: int) -> dict[str, Any]:
    output, strength = found.outputs[row], float(found.strength[row])
    effects = [asdict(effect) for effect in found.effects(row)]
    finite = [{key: _finite(value) for key, value in effect.items()} for effect in effects]
    return {**asdict(output), "t": _finite(strength), "effects": finite}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
