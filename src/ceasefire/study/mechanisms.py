"""Mechanisms: causal claims about a war, put to the model as interventions and answered rule by rule.

A claim says that a cause moves an effect one way, within some time. It is written down in a file (`claims.toml`): what
to do, in three doses, which outcomes should move, what should stay out of it, and which edges of the model carry it.
The same wars are fought with the same luck without the intervention and with each dose. With d an outcome's difference
in one run, its mean effect e and 95 % interval are those of `whatif.py`; of a ratio of two outcomes the figure is the
ratio of their means, with its error to first order; of a `relative` outcome it is the mean of the log, over the runs
in which it is positive throughout. `beside` makes it an interaction: what the intervention does where something else
is done too, less what it does where that is not. Rules, each told by itself:

    sign      the interval at the outcome's lag excludes 0 on the side that is claimed,
    before    no recorded number of any run differs, to the last bit, before the first week of the cause,
    early     where the claim says that it takes time: |e| at an early lag is a small share of |e| at its lag,
    dose      no step from 0 to ½ to 1 to 2 goes significantly against the sign (it may saturate),
    control   what should stay stays in the noise: its interval holds 0, or |e| is at most 2 % of the standard
              deviation between runs without the intervention,
    cut       with the edges cut in both arms the interval holds 0, or |e| is at most 2 % of what it was,
    zero      of a contested claim, where it is not so by definition: at least 5 % of runs show no effect or the
              opposite, so that what the prior lets through is seen.

A claim is supported where all rules hold, or holds by definition where all that is measured is made of the cause; it is
contradicted where an interval lies wholly on the other side; where some rule fails it is not shown. A contested claim
is never supported: where all rules but the sign hold it is told as contested, with the share of runs that are as
claimed. Lags are weeks after the first week of the cause; 0 is the same week, which stands for everything that is
faster. A cut may not overwrite what is done or what is measured.

Left out: claims about terms, willingness and leverage, which wait for bargaining; several tests of one claim are not
corrected for, since all of them must hold.
Sources: the rules are the project's own; 2 % and 5 % are arbitrary.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from ceasefire.evidence.error import CeasefireError, suggestion
from ceasefire.model.declare import Variable
from ceasefire.scenario import decree
from ceasefire.scenario.decree import DecreeError, Schedule, Settled, printable
from ceasefire.scenario.start import Start, variables
from ceasefire.simulate import draws
from ceasefire.simulate import ensemble as many
from ceasefire.simulate.ensemble import LONGEST_WEEKS
from ceasefire.simulate.pool import Workers, worked
from ceasefire.simulate.result import VERSION
from ceasefire.simulate.run import CHUNK, SPAN, Engine
from ceasefire.study.claim import Claim, ClaimError, Claims, Measured, Outcome, Trial, all_filled, load
from ceasefire.study.measure import recorded
from ceasefire.study.whatif import check_runs, expected

RUNS = 128
MOST_ARMS = 2000
NOISE, SAME, ZERO = 0.02, 0.02, 0.05
"""Of the spread between runs, for a control; of the effect, for a cut; of runs, for a contested claim. Arbitrary."""
SIGN, BEFORE, EARLY, DOSE, CONTROL, CUT, ZEROED = "sign", "before", "early", "dose", "control", "cut", "zero"
RULES = (SIGN, BEFORE, EARLY, DOSE, CONTROL, CUT, ZEROED)
SUPPORTED, DEFINED, CONTESTED, CONTRADICTED, NOT_SHOWN, NOT_REPRESENTED, WAITS = (
    "supported",
    "by definition",
    "contested",
    "contradicted",
    "not shown",
    "not represented",
    "waits for bargaining",
)
VERDICTS = (SUPPORTED, DEFINED, CONTESTED, CONTRADICTED, NOT_SHOWN, NOT_REPRESENTED, WAITS)

FloatArray = NDArray[np.float64]
Series = dict[str, NDArray[Any]]
Arm = tuple[str, ...]
"""Interventions, in order; none for the war as it is."""


# ------------------------------------------------------------------------------------------------------------ measuring


@dataclass(frozen=True)
class Term:
    """One quantity at some labels, with its sign."""

    name: str
    at: tuple[int | None, ...]
    """Position along each dimension; None for all."""
    sign: int
    is_state: bool

    def of(self, series: Series, first: int, last: int) -> FloatArray:
        """Its sum over labels and weeks `first` to `last`, [run]."""
        skip = 1 if self.is_state else 0
        values = series[self.name][first - 1 + skip : last + skip].astype(np.float64)
        values = values[(slice(None), *(slice(None) if k is None else k for k in self.at))]
        return self.sign * np.asarray(values.reshape(-1, values.shape[-1]).sum(axis=0))


@dataclass(frozen=True)
class Reading:
    """A measured number as it is read from a run: quantities over others, in some weeks."""

    of: tuple[Term, ...]
    per: tuple[Term, ...]
    relative: bool
    first: int
    last: int

    def read(self, series: Series) -> FloatArray:
        """[2, run]: what is measured, and what it is divided by (1 where by nothing)."""
        above = sum((term.of(series, self.first, self.last) for term in self.of), np.zeros(1))
        below = sum((term.of(series, self.first, self.last) for term in self.per), np.zeros(1))
        return np.stack([above, below if self.per else np.ones_like(above)])

    def scores(self, values: Sequence[FloatArray]) -> list[FloatArray]:
        """Numbers for each run whose mean is the figure of each arm; runs without one are left out of all."""
        if self.relative:
            fine = np.all([(each > 0).all(axis=0) for each in values], axis=0)
            return [np.log(above[fine]) - np.log(below[fine]) for above, below in values]
        return [_ratio(above, below) if self.per else above for above, below in values]


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """Ratio of the means, and in each run what it adds to that to first order."""
    middle = below.mean()
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = above.mean() / middle
        return np.asarray(ratio + (above - ratio * below) / middle)


def term(key: str, known: Mapping[str, Variable], labels: Mapping[str, tuple[str, ...]]) -> Term:
    """A quantity with labels, such as `-front.taken[Blue,*]`. Raises `DecreeError` where there is none."""
    sign, written = (-1, key[1:]) if key.startswith("-") else (1, key)
    asked = decree.parse(f"{written}=0")
    if asked.name not in known:
        raise DecreeError(f"nothing called {printable(asked.name)!r} is recorded{suggestion(asked.name, known)}")
    variable = known[asked.name]
    dims = [dim for dim in variable.dims[:-1] if not dim.isdigit()]
    if len(asked.labels) > len(dims):
        raise DecreeError(f"{printable(key)!r}: {asked.name} takes {', '.join(dims) or 'no labels'}")
    named = [*asked.labels, *["*"] * (len(dims) - len(asked.labels))]
    return Term(
        asked.name,
        tuple(_position(key, label, dim, labels[dim]) for label, dim in zip(named, dims, strict=True)),
        sign,
        variable.kind == "state",
    )


def _position(key: str, label: str, dim: str, known: Sequence[str]) -> int | None:
    if label == "*":
        return None
    if label not in known:
        raise DecreeError(f"{printable(key)!r}: unknown {dim} {printable(label)!r}{suggestion(label, known)}")
    return known.index(label)


# ------------------------------------------------------------------------------------------------------------ estimates


@dataclass(frozen=True)
class Estimate:
    """The effect on one number, over runs."""

    baseline: float
    treated: float
    difference: float
    low: float
    high: float
    """95 % interval of the mean difference."""
    spread: float
    """Standard deviation over runs without the intervention."""
    up: float
    down: float
    """Shares of runs in which it is higher or lower; of no meaning for a ratio of means."""
    least: float
    most: float
    """5 and 95 % points of the difference over runs."""
    runs: int

    def towards(self, sign: int) -> float:
        """Share of runs in which it moves that way."""
        return self.up if sign > 0 else self.down

    def is_seen(self, sign: int) -> bool:
        """Whether the interval lies wholly on that side of 0."""
        return self.low > 0 if sign > 0 else self.high < 0

    @property
    def holds_nought(self) -> bool:
        """Whether the interval holds 0."""
        return self.low <= 0 <= self.high


def _unknown(runs: int) -> Estimate:
    nan = math.nan
    return Estimate(nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, runs)


def estimate(before: FloatArray, after: FloatArray) -> Estimate:
    """The paired effect between two arms, from a number for each run of each."""
    gap = after - before
    runs = len(gap)
    if runs < 2 or not np.isfinite(gap).all():
        return _unknown(runs)
    middle, error = float(gap.mean()), float(gap.std(ddof=1)) / math.sqrt(runs)
    half = float(student.ppf(0.975, runs - 1)) * error
    least, most = (float(point) for point in np.quantile(gap, [0.05, 0.95]))
    return Estimate(
        float(before.mean()),
        float(after.mean()),
        middle,
        middle - half,
        middle + half,
        float(before.std(ddof=1)),
        float((gap > 0).mean()),
        float((gap < 0).mean()),
        least,
        most,
        runs,
    )


# ---------------------------------------------------------------------------------------------------------------- rules


@dataclass(frozen=True)
class Rule:
    """Whether one rule holds of one trial, and the figure that says so."""

    name: str
    holds: bool
    told: str


@dataclass(frozen=True)
class Moved:
    """What became of one outcome."""

    outcome: Outcome
    doses: tuple[Estimate, ...]
    """Against no intervention, dose by dose."""
    steps: tuple[Estimate, ...]
    """From each dose to the next, from 0 on."""
    early: Estimate | None
    cut: Estimate | None
    """With the edges cut."""

    @property
    def sign(self) -> int:
        """+1 where it should rise."""
        return 1 if self.outcome.sign == "+" else -1

    @property
    def effect(self) -> Estimate:
        """At dose 1."""
        return self.doses[min(1, len(self.doses) - 1)]

    @property
    def is_contradicted(self) -> bool:
        """Whether it goes the other way for sure."""
        return self.effect.is_seen(-self.sign)


def rules(
    moved: Sequence[Moved], still: Sequence[tuple[Measured, Estimate]], leaked: Sequence[str], contested: bool
) -> tuple[Rule, ...]:
    """All rules that apply to a trial, from what was found."""
    return tuple(_rules(moved, still, leaked, contested))


def _rules(
    moved: Sequence[Moved], still: Sequence[tuple[Measured, Estimate]], leaked: Sequence[str], contested: bool
) -> Iterator[Rule]:
    if moved:
        yield _all(SIGN, moved, lambda one: one.effect.is_seen(one.sign), lambda one: _interval(one.effect))
    yield Rule(BEFORE, not leaked, f"{leaked[0]} moved before the cause" if leaked else "nothing moved before")
    slow = [one for one in moved if one.early]
    if slow:
        yield _all(EARLY, slow, _is_slow, lambda one: f"{_share(one.early, one.effect)} of it early on")
    graded = [one for one in moved if len(one.doses) > 1]
    if graded:
        yield _all(DOSE, graded, _is_monotone, lambda one: ", ".join(f"{d.difference:.3g}" for d in one.doses))
    if still:
        loud = [f"{one.name} moved by {_interval(found)}" for one, found in still if not is_noise(found)]
        yield Rule(CONTROL, not loud, loud[0] if loud else "in the noise")
    severed = [one for one in moved if one.cut]
    if severed:
        yield _all(CUT, severed, _is_cut, lambda one: f"{_share(one.cut, one.effect)} of it is left")
    if contested and moved:
        yield _all(
            ZEROED,
            [one for one in moved if not one.outcome.direct] or moved,
            _lets_zero,
            lambda one: f"{one.effect.towards(one.sign):.0%} of runs as claimed",
        )


def _all(name: str, moved: Sequence[Moved], holds: Callable[[Moved], bool], told: Callable[[Moved], str]) -> Rule:
    failing = [one for one in moved if not holds(one)]
    return Rule(name, not failing, "; ".join(f"{one.outcome.name}: {told(one)}" for one in failing or moved))


def is_noise(found: Estimate) -> bool:
    """Whether a control stayed: its interval holds 0, or it moved by little beside the spread between runs."""
    return found.holds_nought or abs(found.difference) <= NOISE * found.spread


def _is_slow(one: Moved) -> bool:
    assert one.early is not None
    assert one.outcome.early is not None
    return abs(one.early.difference) <= one.outcome.early.at_most * abs(one.effect.difference)


def _is_monotone(one: Moved) -> bool:
    """No step goes against the sign for sure."""
    return all(step.runs > 1 and math.isfinite(step.low) and not step.is_seen(-one.sign) for step in one.steps)


def _is_cut(one: Moved) -> bool:
    assert one.cut is not None
    return one.cut.holds_nought or abs(one.cut.difference) <= SAME * abs(one.effect.difference)


def _lets_zero(one: Moved) -> bool:
    return one.effect.towards(one.sign) <= 1 - ZERO


def _interval(found: Estimate) -> str:
    return f"{found.difference:+.3g} ({found.low:+.3g} to {found.high:+.3g})"


def _share(part: Estimate | None, whole: Estimate) -> str:
    assert part is not None
    return f"{abs(part.difference / whole.difference):.1%}" if whole.difference else "all"


# -------------------------------------------------------------------------------------------------------------- answers


@dataclass(frozen=True)
class Tried:
    """What became of one trial."""

    trial: Trial
    given: Arm
    decrees: tuple[Settled, ...]
    """At dose 1, what is done beside first."""
    cut: Arm
    moved: tuple[Moved, ...]
    still: tuple[tuple[Measured, Estimate], ...]
    rules: tuple[Rule, ...]
    priors: tuple[tuple[str, float], ...]
    """Couplings that the trial cuts, and the share of their draws at or beyond 0."""
    failed: int
    """Runs left out since they did not stay finite."""


@dataclass(frozen=True)
class Answer:
    """A claim and what the model says to it."""

    claim: Claim
    tried: tuple[Tried, ...] = ()

    @cached_property
    def rules(self) -> dict[str, bool | None]:
        """Whether each rule holds in every trial that it applies to; None where it applies to none."""
        found = {name: [rule.holds for one in self.tried for rule in one.rules if rule.name == name] for name in RULES}
        return {name: all(holds) if holds else None for name, holds in found.items()}

    @property
    def verdict(self) -> str:
        """One of `VERDICTS`."""
        if self.claim.not_represented:
            return NOT_REPRESENTED
        if self.claim.waits:
            return WAITS
        if any(moved.is_contradicted for one in self.tried for moved in one.moved):
            return CONTRADICTED
        failing = {name for name, holds in self.rules.items() if holds is False}
        if self.claim.contested:
            return NOT_SHOWN if failing - {SIGN} else CONTESTED
        if failing:
            return NOT_SHOWN
        return DEFINED if self.claim.is_direct else SUPPORTED


@dataclass(frozen=True)
class Answers:
    """All claims, in their order, as one war answers them."""

    scenario: str
    title: str
    opening: str
    runs: int
    seed: int
    version: str
    evidence_hash: str
    answers: tuple[Answer, ...]

    def of(self, claim: str) -> Answer:
        """The answer to one claim. Raises `KeyError` where there is none."""
        return {one.claim.id: one for one in self.answers}[claim]

    def count(self, verdict: str) -> int:
        """How many claims are answered so."""
        return sum(one.verdict == verdict for one in self.answers)

    @property
    def represented(self) -> int:
        """How many claims have a pathway in the model that is tried, and could have failed."""
        return sum(bool(one.claim.trial) and not one.claim.is_direct for one in self.answers)


# ----------------------------------------------------------------------------------------------------------- what to do


RECKONED = "expected "
"""What marks an intervention in an arm that both sides reckon with."""


@dataclass(frozen=True)
class Plan:
    """A trial as it is put to one war."""

    trial: Trial
    base: Arm
    doses: tuple[tuple[Arm, ...], ...]
    """For each dose the arms whose scores add up with signs + and −: treated, then not."""
    severed: tuple[Arm, ...]
    """The same at dose 1, with the edges cut."""
    cut: Arm
    first: int
    weeks: int
    outcomes: tuple[Reading, ...]
    early: tuple[Reading | None, ...]
    controls: tuple[Reading, ...]
    decrees: tuple[Settled, ...]

    @property
    def arms(self) -> tuple[Arm, ...]:
        """Every arm once, the one without anything first."""
        return tuple(dict.fromkeys([self.base, *itertools.chain(*self.doses), *self.severed[::-1]]))

    @property
    def readings(self) -> tuple[Reading, ...]:
        """Everything that is read in every arm."""
        return (*self.outcomes, *(one for one in self.early if one), *self.controls)


def plan(trial: Trial, start: Start, names: Mapping[str, Any], known: Mapping[str, Variable]) -> Plan:
    """What a trial means in one war. Raises `CeasefireError` where it cannot be done there."""
    values = [{name: each[k] for name, each in trial.values.items()} for k in range(len(trial.doses))]
    given, cut = all_filled(trial.given, names), all_filled(trial.cut, names)
    done = [tuple(all_filled(lines, {**names, **told}) for lines in (trial.beside, trial.do)) for told in values]
    beside, do = done[min(1, len(done) - 1)]
    caused = decree.schedule(start, LONGEST_WEEKS, (*beside, *do)).settled
    first = min(one.first for one in caused)
    lines = (*given, *itertools.chain.from_iterable(itertools.chain.from_iterable(done)), *cut)
    ends = [one.last for line in lines if (one := _bounded(line, start))]
    weeks = max(first + max(one.lag for one in (*trial.outcome, *trial.control)), *ends, 1)

    def read(one: Measured, lag: int) -> Reading:
        of, per = (
            tuple(term(key, known, start.labels) for key in all_filled(keys, names)) for keys in (one.of, one.per)
        )
        return _reading(one, of, per, first, first + lag)

    outcomes, controls = ([read(one, one.lag) for one in part] for part in (trial.outcome, trial.control))
    early = [read(one, one.early.lag) if one.early else None for one in trial.outcome]
    for outcome, reading in zip(trial.outcome, outcomes, strict=True):
        _check_cut(cut, caused, reading if not outcome.direct else None)
    if trial.expected:
        done = [(beside, _reckoned(lines)) for beside, lines in done]
    beside, do = done[min(1, len(done) - 1)]
    found = Plan(
        trial,
        given,
        tuple(_contrast(given, *each) for each in done),
        _contrast((*given, *cut), beside, do, cut) if cut else (),
        cut,
        first,
        -(-weeks // SPAN) * SPAN,
        tuple(outcomes),
        tuple(early),
        tuple(controls),
        caused,
    )
    if found.weeks > LONGEST_WEEKS:
        raise ClaimError(f"it takes {weeks} weeks; {LONGEST_WEEKS} are the most")
    for arm in found.arms:
        _schedule(start, found.weeks, tuple(line.removeprefix(RECKONED) for line in arm))
    return found


def _reckoned(lines: Arm) -> Arm:
    """What is done, marked as what both sides reckon with."""
    return tuple(f"{RECKONED}{line}" for line in lines)


def _bounded(line: str, start: Start) -> Settled | None:
    """An intervention that names its last week."""
    asked = decree.parse(line)
    return None if asked.last is None else decree.schedule(start, LONGEST_WEEKS, [asked]).settled[0]


def _contrast(given: Arm, beside: Arm, do: Arm, last: Arm = ()) -> tuple[Arm, ...]:
    """Treated and not; where something is done beside, that difference and then the one without it.

    What is held `last` is named again after everything else, so that it overrules the intervention's consequences.
    """

    def arm(*lines: str) -> Arm:
        held = tuple(line for line in given if line not in last)
        return (*held, *lines, *last)

    with_, without = arm(*beside, *do), arm(*beside)
    return (with_, without, arm(*do), arm()) if beside else (with_, without)


def _reading(one: Measured, of: tuple[Term, ...], per: tuple[Term, ...], first: int, last: int) -> Reading:
    if one.summed and any(each.is_state for each in (*of, *per)):
        raise ClaimError(f"{one.name}: a state stands, it does not add up over weeks; leave out `summed`")
    return Reading(of, per, one.relative, first if one.summed else last, last)


def _check_cut(cut: Arm, caused: Sequence[Settled], reading: Reading | None) -> None:
    """Refuse a cut that undoes the intervention, or holds what is measured, instead of cutting a way between them."""
    taken = {decree.parse(line).name for line in cut}
    own = {one.name for one in caused} | ({each.name for each in reading.of} if reading else set())
    for name in sorted(taken & own):
        raise ClaimError(f"a cut of {name} is none, since that is done or measured; name an edge in between, at 0")


# ----------------------------------------------------------------------------------------------------------- simulating


@dataclass
class Found:
    """What was read in the arms of all trials over the same weeks, chunk by chunk."""

    values: dict[tuple[Arm, Reading], list[FloatArray]] = field(default_factory=dict)
    fine: dict[Arm, list[NDArray[np.bool_]]] = field(default_factory=dict)
    leaked: dict[tuple[Arm, Arm, int], set[str]] = field(default_factory=dict)

    def add(self, other: Found) -> None:
        """Take in the next chunk."""
        for key, values in other.values.items():
            self.values.setdefault(key, []).extend(values)
        for arm, fine in other.fine.items():
            self.fine.setdefault(arm, []).extend(fine)
        for pair, names in other.leaked.items():
            self.leaked.setdefault(pair, set()).update(names)

    def read(self, arms: Sequence[Arm], reading: Reading, fine: NDArray[np.bool_]) -> list[FloatArray]:
        """What each arm's runs say of one number."""
        return reading.scores([np.concatenate(self.values[arm, reading], axis=1)[:, fine] for arm in arms])


def _pairs(plan: Plan) -> Iterator[tuple[Arm, Arm, int]]:
    """Treated arms, each with the one that it must not differ from before a week."""
    for contrast in (*plan.doses, plan.severed):
        yield from ((arm, contrast[-1], plan.first) for arm in contrast[:-1])


def _families(plans: Sequence[Plan]) -> dict[Arm, dict[Arm, tuple[set[Reading], set[int]]]]:
    """Arms by the one that they are compared with, each with what is read in it and the first weeks of its causes."""
    families: dict[Arm, dict[Arm, tuple[set[Reading], set[int]]]] = {}
    for plan in plans:
        for arm, base, first in _pairs(plan):
            for member in (base, arm):
                readings, firsts = families.setdefault(base, {}).setdefault(member, (set(), set()))
                readings.update(plan.readings)
            firsts.add(first)
    return families


def _simulate(
    start: Start,
    plans: Sequence[Plan],
    weeks: int,
    runs: int,
    seed: int,
    workers: Workers,
    on_arm: Callable[[], None],
) -> Found:
    """Fight every arm of the trials that last so many weeks, each once beside the one that it is compared with."""
    families = _families(plans)
    engine = Engine(start, weeks=weeks, seed=seed, keep=recorded(start))
    order = [arm for arms in families.values() for arm in arms]
    states = {name for name, variable in variables().items() if variable.kind == "state"}
    schedules = [_schedule(start, weeks, arm, workers) for arm in order]

    def work(number: int) -> Found:
        found = Found()
        chunks = engine.chunks(number, runs, schedules)
        for base, arms in families.items():
            kept: Series = {}
            for (arm, (readings, firsts)), chunk in zip(arms.items(), chunks, strict=False):
                kept = chunk.series if arm == base else kept
                found.fine[arm] = [chunk.ok]
                for reading in readings:
                    found.values[arm, reading] = [reading.read(chunk.series)]
                for first in firsts:
                    found.leaked[arm, base, first] = set(_leaks(chunk.series, kept, first, states))
                on_arm()
        return found

    whole, waiting, following = Found(), dict[int, Found](), 0
    for number, found in worked(work, -(-runs // CHUNK), workers):
        waiting[number] = found
        while following in waiting:
            whole.add(waiting.pop(following))
            following += 1
    return whole


def _schedule(start: Start, weeks: int, arm: Arm, workers: Workers = None) -> Schedule:
    """What an arm decrees; where both sides reckon with some of it, their values of fighting on are fitted again."""
    if not arm:
        return decree.nothing(start, weeks)
    read = [decree.parse(line.removeprefix(RECKONED)) for line in arm]
    schedule = decree.schedule(start, weeks, read)
    done = [one for one, line in zip(read, arm, strict=True) if line.startswith(RECKONED)]
    held = [one for one, line in zip(read, arm, strict=True) if not line.startswith(RECKONED)]
    return expected(start, schedule, done, held, workers=workers)[0] if done else schedule


def _leaks(series: Series, base: Series, first: int, states: set[str]) -> Iterator[str]:
    """Names of what differs before a week."""
    for name, values in series.items():
        until = first if name in states else first - 1
        if not np.array_equal(values[:until], base[name][:until], equal_nan=values.dtype.kind == "f"):
            yield name


# ------------------------------------------------------------------------------------------------------------ the study


def answer(
    start: Start,
    claims: Claims | None = None,
    *,
    names: Mapping[str, Any] | None = None,
    only: Sequence[str] = (),
    runs: int = RUNS,
    seed: int = 1,
    workers: Workers = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Answers:
    """Put claims to a war: all of them, or `only` some by their ids.

    `names` say what the names in braces mean, where the claims' own binding for this war does not. `on_progress` is
    told the chunks of wars fought, of how many. Raises `CeasefireError` with what was asked, what was found and what
    would do.
    """
    check_runs(runs)
    many.check(runs, 1, seed, workers)
    asked = claims or load()
    chosen = _chosen(asked, only)
    meant = dict(names) if names is not None else asked.names(start.scenario.war.id)
    every = variables()
    known = {name: every[name] for name in recorded(start)}
    plans = {claim.id: tuple(_planned(claim, trial, start, meant, known) for trial in claim.trial) for claim in chosen}
    found = _fought(start, tuple(itertools.chain(*plans.values())), runs, seed, workers, on_progress)
    values = _values(start, runs, seed)
    return Answers(
        start.scenario.id,
        start.scenario.title,
        str(start.scenario.opening),
        runs,
        seed,
        VERSION,
        start.evidence_hash,
        tuple(
            Answer(claim, tuple(_tried(one, found[one.weeks], claim.contested, values) for one in plans[claim.id]))
            for claim in chosen
        ),
    )


def _fought(
    start: Start,
    plans: Sequence[Plan],
    runs: int,
    seed: int,
    workers: Workers,
    on_progress: Callable[[int, int], None] | None,
) -> dict[int, Found]:
    """What was found in all trials, by the weeks that they last."""
    by_weeks = {weeks: [one for one in plans if one.weeks == weeks] for weeks in sorted({one.weeks for one in plans})}
    arms = sum(len(family) for listed in by_weeks.values() for family in _families(listed).values())
    if arms > MOST_ARMS:
        raise ClaimError(f"the claims need {arms:,} wars a run, {MOST_ARMS:,} are the most; ask `only` some of them")
    done, total = itertools.count(1), arms * -(-runs // CHUNK)

    def one_more() -> None:
        number = next(done)
        if on_progress:
            on_progress(number, total)

    return {weeks: _simulate(start, listed, weeks, runs, seed, workers, one_more) for weeks, listed in by_weeks.items()}


def _chosen(claims: Claims, only: Sequence[str]) -> tuple[Claim, ...]:
    known = [claim.id for claim in claims.claim]
    for name in only:
        if name not in known:
            raise ClaimError(f"there is no claim {printable(name)!r}{suggestion(name, known)}; {', '.join(known)}")
    return tuple(claim for claim in claims.claim if not only or claim.id in only)


def _planned(claim: Claim, trial: Trial, start: Start, names: Mapping[str, Any], known: Mapping[str, Variable]) -> Plan:
    try:
        return plan(trial, start, names, known)
    except CeasefireError as error:
        raise ClaimError(f"claim {claim.id}: {error}") from None


def _values(start: Start, runs: int, seed: int) -> draws.Values:
    """Every parameter of the runs."""
    return draws.values(start, draws.cube(start, seed, np.arange(runs, dtype=np.uint32)))


def _tried(plan: Plan, found: Found, contested: bool, values: draws.Values) -> Tried:
    fine = np.all([np.concatenate(found.fine[arm]) for arm in plan.arms], axis=0)

    def effect(reading: Reading, arms: Sequence[Arm]) -> Estimate:
        """Treated less untreated; of an interaction that difference less the one without what is done beside."""
        scores = found.read(arms, reading, fine)
        if len(scores) == 2:
            return estimate(scores[1], scores[0])
        return estimate(scores[2] - scores[3], scores[0] - scores[1])

    middle = plan.doses[min(1, len(plan.doses) - 1)]
    moved = tuple(
        Moved(
            outcome,
            tuple(effect(reading, arms) for arms in plan.doses),
            tuple(_steps(plan, reading, effect)),
            effect(early, middle) if early else None,
            effect(reading, plan.severed) if plan.severed and not outcome.direct else None,
        )
        for outcome, reading, early in zip(plan.trial.outcome, plan.outcomes, plan.early, strict=True)
    )
    still = tuple(
        (control, effect(reading, middle)) for control, reading in zip(plan.trial.control, plan.controls, strict=True)
    )
    leaked = sorted(set().union(*(found.leaked[pair] for pair in _pairs(plan))))
    return Tried(
        plan.trial,
        plan.base,
        plan.decrees,
        plan.cut,
        moved,
        still,
        rules(moved, still, leaked, contested),
        tuple(_priors(plan, values)),
        int((~fine).sum()),
    )


def _steps(plan: Plan, reading: Reading, effect: Callable[[Reading, Sequence[Arm]], Estimate]) -> Iterator[Estimate]:
    """From no dose to the first, and from each to the next."""
    yield effect(reading, plan.doses[0])
    for lower, higher in itertools.pairwise(plan.doses):
        yield effect(reading, (*higher[:2], *lower[:2]) if len(higher) == 4 else (higher[0], lower[0]))


def _priors(plan: Plan, values: draws.Values) -> Iterator[tuple[str, float]]:
    for name in dict.fromkeys(decree.parse(line).name for line in plan.cut):
        if name in values and variables()[name].coupling is not None:
            yield name, float((values[name] <= 0).mean())
