"""Design: which wars a sweep fights, as a plan in a TOML file says, point by point.

    title = "What moves the front"
    scenario = "abu-dhabi-2026-01"
    method = "sobol"

    [[vary]]
    name = "drones.density[U]"
    kind = "factor"
    low = 0.5
    high = 2.0
    scale = "log"

An input varies between `low` and `high`, evenly on its scale. A factor, a shift or a number is decreed as such
(`scenario/decree.py`), over all weeks unless `from` and `to` say otherwise. A quantile is for what is not known: every
run of a point has the parameter at that quantile of its own prior, or of what calibration made of it, instead of a
draw; where a name stands for many numbers, each is at that quantile of its own. Methods are

- sobol: Saltelli's design for first and total effects from a scrambled Sobol sequence (Saltelli et al. 2010, Computer
  Physics Communications 181): `samples` groups of k + 2 points, A, then A with each of the k inputs in turn from B, B;
- grid: every combination of `levels` of each input;
- policies: files of interventions.

Left out: inputs that depend on each other; points that are chosen by what earlier points gave.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError, field_validator, model_validator
from scipy.special import ndtr, ndtri

from ceasefire.evidence.error import suggestion
from ceasefire.scenario import decree
from ceasefire.scenario.posterior import FURTHEST
from ceasefire.scenario.spec import Number, ScenarioError, Strict, Whole
from ceasefire.scenario.start import LEARNED, Choice, Start, in_force

FloatArray = NDArray[np.float64]

MOST_BYTES = 65536
MOST_INPUTS = 40
MOST_POINTS = 50_000
FACTOR, NUMBER, SHIFT, QUANTILE = "factor", "number", "shift", "quantile"
SOBOL, GRID, POLICIES = "sobol", "grid", "policies"
SAMPLES, LEVELS = 64, 3
AS_IT_IS = -1
"""In place of a point: the war without any decree."""


class PlanError(ScenarioError):
    """A plan that cannot be read, or asks for what cannot be done."""


# ----------------------------------------------------------------------------------------------------------- the plan


class Vary(Strict):
    """An input, and between what it varies."""

    name: str = Field(min_length=1, max_length=200)
    kind: Literal["factor", "number", "shift", "quantile"]
    low: Number
    high: Number
    scale: Literal["linear", "log"] = "linear"
    levels: Whole | None = Field(None, ge=2, le=100)
    """How many, in a grid; `LEVELS` otherwise."""
    first: Whole | dt.date | None = Field(None, alias="from")
    """Week or day; the first week otherwise."""
    last: Whole | dt.date | None = Field(None, alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> Vary:
        if not self.low < self.high:
            raise ValueError(f"{self.name}: low must be below high; found {self.low:g} and {self.high:g}")
        if self.kind == QUANTILE and not 0 < self.low < self.high < 1:
            raise ValueError(f"{self.name}: a quantile lies between 0 and 1; found {self.low:g} and {self.high:g}")
        if self.kind == FACTOR and self.low < 0:
            raise ValueError(f"{self.name}: a factor cannot be negative; found low = {self.low:g}")
        if self.scale == "log" and (self.low <= 0 or self.kind in (SHIFT, QUANTILE)):
            raise ValueError(f'{self.name}: scale = "log" is for factors and numbers above 0; "linear" would do')
        return self

    @property
    def key(self) -> str:
        """Name with its window."""
        return self.name + self.window

    @property
    def window(self) -> str:
        """The window as decrees write it."""
        if self.first is None and self.last is None:
            return ""
        return f"@{'' if self.first is None else self.first}..{'' if self.last is None else self.last}"

    def value(self, share: FloatArray) -> FloatArray:
        """Values [...] at shares of the way from low to high, exact at both ends."""
        if self.scale == "log":
            return np.asarray(self.low ** (1 - share) * self.high**share)
        return np.asarray(self.low * (1 - share) + self.high * share)


class Plan(Strict):
    """A design of experiments on one war."""

    title: str = Field(min_length=1, max_length=200)
    scenario: str = Field(min_length=1, max_length=4096)
    """A shipped scenario, or a file beside the plan."""
    on: dt.date | None = None
    weeks: Whole = Field(26, ge=1, le=520)
    runs: Whole = Field(64, ge=2, le=1_000_000)
    """Wars at each point, with the same luck at every point."""
    seed: Whole = Field(1, ge=0, lt=2**63)
    horizons: tuple[Whole, ...] = Field((), max_length=20)
    """Weeks at which outputs are told; the last otherwise."""
    method: Literal["sobol", "grid", "policies"]
    samples: Whole | None = Field(None, ge=4, le=2**14)
    vary: tuple[Vary, ...] = Field((), max_length=MOST_INPUTS)
    policies: tuple[str, ...] = Field((), max_length=1000)
    """Files of interventions beside the plan."""

    @field_validator("samples")
    @classmethod
    def _power(cls, samples: int | None) -> int | None:
        if samples is not None and samples & (samples - 1):
            raise ValueError(f"a power of 2 is needed, such as {2 ** round(math.log2(samples))}")
        return samples

    @model_validator(mode="after")
    def _of_method(self) -> Plan:
        varied, listed = bool(self.vary), bool(self.policies)
        if self.method == POLICIES and (varied or not listed):
            raise ValueError('method = "policies" takes a list `policies` of files, and no [[vary]]')
        if self.method != POLICIES and (listed or not varied):
            raise ValueError(f'method = "{self.method}" takes a table [[vary]] for each input, and no `policies`')
        if self.samples is not None and self.method != SOBOL:
            raise ValueError(f'samples are for method = "sobol"; the method is "{self.method}"')
        stray = next((one.key for one in self.vary if one.levels is not None and self.method != GRID), None)
        if stray:
            raise ValueError(f'{stray}: levels are for method = "grid"; the method is "{self.method}"')
        for names in ([one.key for one in self.vary], list(self.policies)):
            twice = next((name for name in names if names.count(name) > 1), None)
            if twice:
                raise ValueError(f"{twice} stands twice; once would do")
        late = next((week for week in self.horizons if not 1 <= week <= self.weeks), None)
        if late is not None:
            raise ValueError(f"horizons: week {late} is not among the weeks 1 to {self.weeks}")
        if self.points > MOST_POINTS:
            raise ValueError(
                f"{self.points:,} points; {MOST_POINTS:,} are the most: take fewer inputs, levels, samples"
            )
        return self

    @property
    def points(self) -> int:
        """How many wars differ in what is decreed."""
        if self.method == POLICIES:
            return len(self.policies)
        if self.method == GRID:
            return math.prod(one.levels or LEVELS for one in self.vary)
        return (self.samples or SAMPLES) * (len(self.vary) + 2)

    @property
    def told_at(self) -> tuple[int, ...]:
        """Weeks at which outputs are told, in order."""
        return tuple(sorted(set(self.horizons or (self.weeks,))))


def read(path: str | Path) -> Plan:
    """The plan in a file, with the files that it names found beside it. Raises `PlanError` where it is none."""
    place = Path(path)
    try:
        with place.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise PlanError(f"cannot read the plan {place}: {getattr(error, 'strerror', None) or error}") from None
    if len(content) > MOST_BYTES:
        raise PlanError(f"the plan {place} is longer than {MOST_BYTES:,} bytes; it cannot be one")
    try:
        plan = Plan.model_validate(tomllib.loads(content.decode("utf-8")))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise PlanError(f"the plan {place} is not TOML: {decree.printable(' '.join(str(error).split()))}") from None
    except ValidationError as error:
        raise PlanError(f"the plan {place}: {_told(error)}") from None
    scenario = str(_beside(place, plan.scenario, "scenario")) if plan.scenario.endswith(".toml") else plan.scenario
    policies = tuple(str(_beside(place, name, "policies")) for name in plan.policies)
    return plan.model_copy(update={"scenario": scenario, "policies": policies})


def _told(error: ValidationError) -> str:
    """The first thing that is wrong, in one line: where, what, what would do."""
    first = error.errors(include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    said = " ".join(first["msg"].removeprefix("Value error, ").split())
    if first["type"] == "extra_forbidden":
        table = Vary if first["loc"][0] == "vary" else Plan
        fields = [field.alias or name for name, field in table.model_fields.items()]
        near = suggestion(str(first["loc"][-1]), fields)
        said = f"there is no such entry{near or '; there are ' + ', '.join(fields)}"
    found = f"; found {first['input']!r}" if isinstance(first["input"], str | int | float) else ""
    shown = "".join(letter if letter.isprintable() else "?" for letter in f"{where}: {said}{found}")
    return shown.removeprefix(": ")[:300]


def _beside(plan: Path, name: str, field: str) -> Path:
    """A file beside the plan, and nowhere else."""
    if Path(name).name != name or name in ("", ".", "..") or "\0" in name:
        raise PlanError(f"the plan {plan}: {field}: {decree.printable(name)!r} is no name of a file beside the plan")
    return plan.parent / name


# ---------------------------------------------------------------------------------------------------------- the points


@dataclass(frozen=True)
class Design:
    """What is decreed at each point, and which point it is held against."""

    names: tuple[str, ...]
    """Of the inputs, with their windows."""
    titles: tuple[str, ...]
    """Of the points of a policy sweep; empty otherwise."""
    inputs: FloatArray
    """[point, input] factor, number, shift or quantile."""
    decrees: tuple[tuple[str, ...], ...]
    """By point."""
    beside: tuple[int, ...]
    """By point, the earlier one of its group, or itself, that it is held against; `AS_IT_IS` for none of them."""
    group: int
    """How many points in a row belong together."""


def designed(plan: Plan, start: Start) -> Design:
    """The points of a plan. Raises `PlanError` or `DecreeError` where something in it cannot be done to the war."""
    if plan.method == POLICIES:
        files = [decree.read(name) for name in plan.policies]
        titles = tuple(title or Path(name).stem for (title, _), name in zip(files, plan.policies, strict=True))
        listed = tuple(lines for _, lines in files)
        inputs = np.zeros((len(files), 0))
        design = Design((), titles, inputs, listed, (AS_IT_IS,) * len(files), 1)
    else:
        design = _varied(plan, start)
    for point in _corners(design.inputs) if plan.vary else range(len(design.decrees)):
        decree.schedule(start, plan.weeks, design.decrees[point])
    return design


def _varied(plan: Plan, start: Start) -> Design:
    """The points of a design over inputs."""
    number = len(plan.vary)
    if plan.method == GRID:
        steps = [np.linspace(0, 1, one.levels or LEVELS) for one in plan.vary]
        shares, group = np.array(list(itertools.product(*steps))), 1
    else:
        shares, group = sampled(number, plan.samples or SAMPLES, plan.seed), number + 2
    inputs = np.stack([one.value(share) for one, share in zip(plan.vary, shares.T, strict=True)], axis=1)
    doers = [_doer(one, plan.weeks, start) for one in plan.vary]
    decrees = tuple(
        tuple(itertools.chain.from_iterable(do(value) for do, value in zip(doers, point, strict=True)))
        for point in inputs.tolist()
    )
    beside = tuple(AS_IT_IS if plan.method == GRID else point - point % group for point in range(len(inputs)))
    return Design(tuple(one.key for one in plan.vary), (), inputs, decrees, beside, group)


def sampled(inputs: int, samples: int, seed: int) -> FloatArray:
    """Saltelli's design in the unit cube, [samples · (inputs + 2), input]. Raises `PlanError` without SALib."""
    try:
        from SALib.sample import sobol
    except ImportError:
        raise PlanError('method = "sobol" needs SALib; install ceasefire with the extra `sweep`') from None
    problem = {"num_vars": inputs, "names": [str(k) for k in range(inputs)], "bounds": [[0.0, 1.0]] * inputs}
    found = sobol.sample(problem, samples, calc_second_order=False, seed=np.random.default_rng(seed))
    return np.asarray(found, dtype=np.float64)


def _corners(inputs: FloatArray) -> list[int]:
    """Points where an input is at its least or greatest, and the first ones: what cannot be done shows there."""
    return sorted({*inputs.argmin(axis=0).tolist(), *inputs.argmax(axis=0).tolist(), *range(min(8, len(inputs)))})


def _decreed(one: Vary, value: float) -> Iterator[str]:
    """How a value of an input is decreed."""
    written = {FACTOR: f"x{value!r}", SHIFT: f"{value:+}", NUMBER: _plain(value)}[one.kind]
    yield f"{one.name}={written}{one.window}"


class _Known:
    """What is known of a parameter, number by number."""

    def __init__(self, one: Vary, weeks: int, start: Start) -> None:
        (settled,) = decree.schedule(start, weeks, [f"{one.name}=x1{one.window}"]).settled
        if settled.quantity != "parameter":
            raise PlanError(f'{one.key}: kind = "quantile" is for parameters; {settled.name} is a {settled.quantity}')
        self.one = one
        own = [choice for choice in start.choices if choice.variable.name == settled.name]
        self.priors = {
            name: prior
            for name, prior in in_force(own, start.labels).items()
            if _matches(name.rstrip("]").partition("[")[2].split(","), settled.labels)
        }
        if not self.priors:
            raise PlanError(f'{one.key} has no prior; kind = "number" with low and high would do')
        taught = [name for name in self.priors if settled.name in LEARNED and not _given(own, name)]
        if taught:
            raise PlanError(
                f"{one.key}: {taught[0]} is learned from {LEARNED[settled.name]}, not drawn from its prior; "
                'kind = "number" with low and high would do'
            )
        laws = {
            name: at for law in start.calibrated for name, *at in zip(law.names, law.centre, law.spread, strict=True)
        }
        self.law = {name: laws.get(name, (0.0, 1.0)) for name in self.priors}

    def decreed(self, value: float) -> Iterator[str]:
        """How a quantile is decreed."""
        for name, prior in self.priors.items():
            centre, spread = self.law[name]
            moved = ndtr(np.clip(centre + spread * ndtri(value), -FURTHEST, FURTHEST))
            yield f"{name}={_plain(float(prior.quantile(moved)))}{self.one.window}"


def _doer(one: Vary, weeks: int, start: Start) -> Callable[[float], Iterator[str]]:
    return _Known(one, weeks, start).decreed if one.kind == QUANTILE else partial(_decreed, one)


def _plain(value: float) -> str:
    """A number as decrees write it."""
    return f"({value!r})" if value < 0 else repr(value)


def _matches(labels: Sequence[str], asked: Sequence[str]) -> bool:
    return all(want in ("*", label) for label, want in zip(labels, asked, strict=False))


def _given(choices: Sequence[Choice], name: str) -> bool:
    """Whether a number of the scenario stands for a number of a parameter."""
    labels = name.rstrip("]").partition("[")[2].split(",")
    return any(choice.value is not None and _matches(labels, choice.index) for choice in choices)
