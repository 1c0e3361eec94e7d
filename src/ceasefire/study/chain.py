"""Chain: from causes to a quantity of a war, link by link, each as strong as it is in this scenario.

Which quantities act on which is read off the program (`wiring.py`). A cause is a flow that can be decreed, or a lever:
a number that somebody chooses (`LEVERS`). States and what only follows from others carry an effect on; a link goes
through them. Sides and patrons are told apart, other labels are taken together.

How strong a link u → v is, is measured. The war is fought as it is, and with u 10 % greater in every week, with the
same luck. With d the difference of v in one run, and |v| its size as it is,

    strength = mean of d / mean of |v|,   95 % interval = ± t(.975, n − 1) · standard deviation of d / √n / mean of |v|

in % of v per 10 % of u. That is all that u does to v by the week asked for, by whatever way, not by this link alone. A
flow that adds up is summed to that week, one that does not is averaged over the weeks; what stands, stands at its end.
A share that could not be greater is made 10 % less. What can be negative is shifted by 10 % of its mean size; a lever
that stands at 0 by +0.1.

From the quantity the search goes back, at each step to the `most` strongest causes among those whose interval excludes
0 and that move it by `least` per cent, as many steps as `depth` says. What would close a circle is left out, where it
is come upon; how much was left out is counted.

Left out: causes two at a time; greater doses, which need not be ten times as strong; parameters that are guesses, held
as drawn; the map cell by cell.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache, partial
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from ceasefire.evidence.error import suggestion
from ceasefire.model.declare import Fixed, Variable
from ceasefire.scenario import decree
from ceasefire.scenario.decree import Decree, DecreeError, Schedule
from ceasefire.scenario.spec import ScenarioError
from ceasefire.scenario.start import LEARNED, Start, variables
from ceasefire.simulate import ensemble as many
from ceasefire.simulate.draws import cube, values
from ceasefire.simulate.pool import Workers, worked
from ceasefire.simulate.result import VERSION
from ceasefire.simulate.run import CHUNK, Chunk, Engine
from ceasefire.study.measure import AMOUNTS, CODES
from ceasefire.study.whatif import check_runs
from ceasefire.study.wiring import Wiring, reaching, wiring

FORMAT = 1
RUNS, WEEKS = 64, 26
DEPTH, MOST, LEAST = 3, 4, 0.1
"""Steps back, causes told of each quantity, and the least per cent that counts; arbitrary choices."""
DEEPEST, WIDEST = 10, 50
STEP = 0.1
"""By how much a cause is changed, as a share of it."""
APART = ("side", "patron")
"""What is told apart where it comes first among the labels."""
LEVERS = (*APART, "garrison")
"""A parameter by one of these is a lever, where its prior is one value for all runs: a choice, not a guess."""
BLOCK = 4
"""How many of the wars with a changed cause one worker fights in a row."""
DRAWS = 1024
"""How many draws tell a parameter."""
POINTS = (0.05, 0.5, 0.95)
TOTAL, AVERAGE, AT_END = "added up over the weeks", "a week, on average", "at the end of the last week"
IS = (
    "All that a cause does to an effect in the model by the week asked for, by whatever way: the same wars fought with "
    "the same luck, as they are and with the cause changed in every week."
)
IS_NOT = (
    "Not what one link does alone, not what a change ten times as great would do, and not evidence that the link is "
    "there in the world: the equations say so."
)

FloatArray = NDArray[np.float64]
Series = dict[str, NDArray[Any]]
T = TypeVar("T")


@dataclass(frozen=True)
class Quantity:
    """A number of the war as the chain tells of it."""

    name: str
    labels: tuple[str, ...]
    kind: str
    """parameter, state or flow."""
    unit: str
    meaning: str
    measure: str
    """How its weeks are taken together."""

    @property
    def key(self) -> str:
        """Name with labels."""
        return self.name + (f"[{','.join(self.labels)}]" if self.labels else "")


@dataclass(frozen=True)
class Coupling:
    """A parameter that a link goes by, with its 5, 50 and 95 % points in this scenario."""

    name: str
    low: float
    mid: float
    high: float


@dataclass(frozen=True)
class Link:
    """What a cause does to an effect."""

    cause: str
    effect: str
    dose: str
    """By how much the cause was changed."""
    change: float
    """Of the effect, in % of its mean size."""
    low: float
    high: float
    """95 % interval."""
    couplings: tuple[Coupling, ...]
    through: tuple[str, ...]
    """What carries it on, beginning at the cause."""
    feeds: bool
    """Whether a greater cause makes for a greater effect."""


@dataclass
class LeftOut:
    """How many links were tried, and how many are not told, by why."""

    tried: int = 0
    no_effect: int = 0
    chance: int = 0
    small: int = 0
    weaker: int = 0
    circle: int = 0
    idle: int = 0


@dataclass(frozen=True)
class Chain:
    """Where a quantity comes from."""

    scenario: str
    title: str
    opening: str
    asked: Quantity
    mean: float
    """Of what was asked for, over the runs."""
    quantities: tuple[Quantity, ...]
    """Everything in the chain, what was asked for first."""
    links: tuple[Link, ...]
    """Strongest first at each effect."""
    whole: tuple[Link, ...]
    """What each cause does to what was asked for, strongest first."""
    left_out: LeftOut
    depth: int
    most: int
    least: float
    given: tuple[str, ...]
    weeks: int
    runs: int
    failed_runs: int
    seed: int
    version: str
    evidence_hash: str

    def causes(self, key: str) -> tuple[Link, ...]:
        """Links to a quantity, strongest first."""
        return tuple(link for link in self.links if link.effect == key)


@dataclass(frozen=True)
class Points:
    """A parameter, or a part of it, by its 5, 50 and 95 % points."""

    labels: tuple[str, ...]
    low: float
    mid: float
    high: float


@dataclass(frozen=True)
class Given:
    """A parameter: nothing in the war acts on it."""

    scenario: str
    title: str
    opening: str
    name: str
    unit: str
    meaning: str
    prior: Points
    """As declared."""
    source: str
    coupling: tuple[str, str] | None
    parts: tuple[Points, ...]
    """In this scenario."""
    notes: tuple[str, ...]
    """Where these come from, where it is not the prior."""
    acts_on: tuple[str, ...]
    """What is computed from it directly."""
    version: str
    evidence_hash: str


# --------------------------------------------------------------------------------------------------------------- asking


@cache
def declared() -> dict[str, Variable]:
    """Every declared quantity by its dotted name, read once."""
    return variables()


_NAME = re.compile(r"([A-Za-z_]\w*\.[A-Za-z_]\w*)\s*(?:\[([^\[\]]*)\])?", re.ASCII)


def asked(name: str) -> tuple[Variable, tuple[str, ...]]:
    """A quantity by its name, with its labels as written. Raises `ScenarioError` where there is no such quantity."""
    shown, known = decree.printable(name), declared()
    match = _NAME.fullmatch(name.strip()) if len(name) <= 500 else None
    if match is None:
        raise ScenarioError(f"{shown!r} is no name of a quantity; such as front.taken[LABEL] is needed")
    if match[1] not in known:
        near = [each for each, variable in known.items() if variable.kind != "parameter"]
        raise ScenarioError(f"there is no {shown!r}{suggestion(match[1], near)}; `ceasefire variables` lists all")
    variable = known[match[1]]
    if variable.name.startswith("reporting.") and variable.kind != "parameter":
        raise ScenarioError(f"{shown!r} is reported of the war; explain what it reports, such as attrition.casualties")
    labels = tuple(label.strip() for label in match[2].split(",")) if match[2] is not None else ()
    return variable, labels


def _target(variable: Variable, labels: Sequence[str], start: Start) -> Quantity:
    """What is asked for, in this war; labels that are left out at the end are taken together."""
    name, shape = variable.name, decree.shape_of(variable, start.labels)
    if shape is None:
        if set(variable.dims) & set(decree.OF_THE_GROUND):
            raise ScenarioError(f"{name} is told cell by cell; front.taken[LABEL] or front.control[TOWN] can be asked")
        raise ScenarioError(f"{name} has no labels to name it by and cannot be explained")
    if name in CODES:
        raise ScenarioError(f"{name} is a code, of which a mean says nothing; ask for bargaining.hazard")
    dims = [dim for dim in variable.dims[:-1] if not dim.isdigit()]
    if len(labels) > len(dims):
        takes = f"[{','.join(dims)}]" if dims else "none"
        raise ScenarioError(f"{len(labels)} labels are too many: {name} takes {takes}")
    if dims[:1] == ["side"] and (not labels or labels[0] == "*"):
        listed = " or ".join(f"{name}[{side}]" for side in start.labels["side"])
        raise ScenarioError(f"{name} is each side's own; name a side: {listed}")
    meant = [_label(label, dim, variable, start) for label, dim in zip(labels, dims, strict=False)]
    while meant and meant[-1] == "*":
        meant.pop()
    return _quantity(variable, tuple(meant))


def _label(label: str, dim: str, variable: Variable, start: Start) -> str:
    known = start.labels[dim]
    spelt = {name.casefold(): name for name in known}
    if dim == "side":
        spelt |= {side.name.casefold(): side.id for side in start.scenario.war.sides}
    if label == "*" or label in known:
        return label
    if label.casefold() not in spelt:
        listed = ", ".join(known[:12]) + (" …" if len(known) > 12 else "")
        shown = decree.printable(label)
        raise ScenarioError(f"{variable.name}: unknown {dim} {shown!r}{suggestion(label, known)}; there are {listed}")
    return spelt[label.casefold()]


def _quantity(variable: Variable, labels: tuple[str, ...]) -> Quantity:
    lasting = variable.kind != "flow" or variable.level
    measure = AT_END if lasting else TOTAL if variable.unit in AMOUNTS else AVERAGE
    return Quantity(variable.name, labels, variable.kind, variable.unit, variable.doc, measure)


# ---------------------------------------------------------------------------------------------------- what acts on what


class Causes:
    """Which quantities can be told to act on another."""

    def __init__(self, start: Start, wired: Wiring) -> None:
        self.start, self.wired, self.known = start, wired, declared()
        self.movable = frozenset(name for name in self._candidates() if self._is_movable(name))

    def _candidates(self) -> Iterator[str]:
        """Flows, but for who holds a town, which is for decrees alone, and parameters that somebody chooses."""
        for name, variable in self.known.items():
            chosen = isinstance(variable.prior, Fixed) and variable.coupling is None and "region" not in variable.dims
            lever = chosen and variable.dims[:1] and variable.dims[0] in LEVERS
            if lever or (variable.kind == "flow" and not variable.derived and "town" not in variable.dims):
                yield name

    def _is_movable(self, name: str) -> bool:
        try:
            decree.schedule(self.start, 1, [Decree(name, name, (), decree.FACTOR, 1 + STEP, None, None)])
        except DecreeError:
            return False
        return True

    def of(self, effect: Quantity) -> Iterator[tuple[Quantity, tuple[str, ...]]]:
        """Causes of a quantity, and by way of what."""
        for name, way in self.ways(effect.name).items():
            if name in self.movable:
                for labels in self._apart(self.known[name]):
                    if name != effect.name or labels != effect.labels[: len(labels)]:
                        yield _quantity(self.known[name], labels), way

    def quantities(self) -> Iterator[Quantity]:
        """Every flow that can be a cause."""
        for name in sorted(self.movable):
            if self.known[name].kind == "flow":
                yield from (_quantity(self.known[name], labels) for labels in self._apart(self.known[name]))

    def ways(self, name: str) -> dict[str, tuple[str, ...]]:
        """What reaches a quantity through such as only carry."""

        def carries(cause: str) -> bool:
            return cause not in self.movable and self.known[cause].kind != "parameter"

        return reaching(self.wired, name, carries)

    def _apart(self, variable: Variable) -> Sequence[tuple[str, ...]]:
        first = variable.dims[0]
        return [(label,) for label in self.start.labels[first]] if first in APART else [()]

    def couplings(self, cause: str, way: Sequence[str], effect: str) -> Iterator[str]:
        """Couplings that a link goes by: those of the cause, or of what carries it on, that are in the equations."""
        before, after = {cause, *way}, {*way, effect}
        for parameter in sorted(frozenset[str]().union(*(self.wired[name] for name in after))):
            ends = self.known[parameter].coupling
            if ends and (ends[0] in before or self._told_by(ends[0]) & before):
                yield parameter

    def _told_by(self, name: str) -> frozenset[str]:
        """What a flow tells of that only tells of others."""
        return self.wired.get(name, frozenset()) if self.known[name].derived else frozenset()


# ------------------------------------------------------------------------------------------------------------ measuring


def selected(values: NDArray[Any], quantity: Quantity, start: Start) -> NDArray[Any]:
    """Numbers of a quantity, [..., number, run], out of all of its name, [..., labels, run]."""
    dims = [dim for dim in declared()[quantity.name].dims[:-1] if not dim.isdigit()]
    first = values.ndim - len(dims) - 1
    for k, (label, dim) in enumerate(zip(quantity.labels, dims, strict=False)):
        if label != "*":
            values = values.take([start.labels[dim].index(label)], axis=first + k)
    return values.reshape(*values.shape[:first], -1, values.shape[-1])


def weekly(series: Series, quantity: Quantity, start: Start) -> FloatArray:
    """Numbers of a quantity at the end of each week, or in it, [week, number, run]."""
    told = series[quantity.name][1 if quantity.kind == "state" else 0 :]
    return selected(told, quantity, start).astype(np.float64)


def measured(series: Series, quantity: Quantity, start: Start) -> FloatArray:
    """A quantity as the chain tells of it, [run]."""
    by_week = weekly(series, quantity, start)
    by_week = by_week.sum(axis=1) if quantity.unit in AMOUNTS else by_week.mean(axis=1)
    if quantity.measure == AT_END:
        return np.asarray(by_week[-1])
    return np.asarray(by_week.sum(axis=0) if quantity.measure == TOTAL else by_week.mean(axis=0))


class Size(NamedTuple):
    """How large a cause is: the mean of its size, and its greatest value."""

    mean: float
    largest: float


def size(numbers: FloatArray) -> Size:
    """Size of some numbers; 0 of none."""
    fine = numbers[np.isfinite(numbers)]
    return Size(float(np.abs(fine).mean()), float(fine.max())) if fine.size else Size(0.0, 0.0)


def dose(cause: Quantity, size: Size) -> tuple[Decree, str] | None:
    """How a cause is changed, and how that is told; None where it stands at 0 and no change of it means anything."""
    low, high = declared()[cause.name].bounds
    change = partial(Decree, cause.key, cause.name, cause.labels, first=None, last=None)
    if size.mean == 0:
        lever = cause.kind == "parameter" and cause.unit == "1"
        return (change(decree.SHIFT, STEP), f"+{STEP}") if lever else None
    if low < 0:
        return change(decree.SHIFT, STEP * size.mean), f"+{100 * STEP:.0f} %"
    if size.largest * (1 + STEP) > high:
        return change(decree.FACTOR, 1 - STEP), f"−{100 * STEP:.0f} %"
    return change(decree.FACTOR, 1 + STEP), f"+{100 * STEP:.0f} %"


class Fought(NamedTuple):
    """Measures of every quantity, by its key, [run], and which runs stayed finite."""

    by_key: dict[str, FloatArray]
    ok: NDArray[np.bool_]


def _joined(parts: Sequence[Fought]) -> Fought:
    keys = parts[0].by_key
    together = {key: np.concatenate([part.by_key[key] for part in parts]) for key in keys}
    return Fought(together, np.concatenate([part.ok for part in parts]))


class Wars:
    """The wars of one explanation: as they are, and with one cause changed each."""

    def __init__(
        self,
        start: Start,
        told: Sequence[Quantity],
        given: Sequence[Decree],
        *,
        runs: int,
        weeks: int,
        seed: int,
        workers: Workers,
        on_progress: Callable[[int, int], None] | None,
    ) -> None:
        self.start, self.told, self.given, self.runs = start, tuple(told), tuple(given), runs
        self.workers, self.on_progress, self.done, self.total = workers, on_progress, 0, 0
        self.engine = Engine(start, weeks=weeks, seed=seed, keep=tuple(sorted({each.name for each in told})))

    def as_it_is(self) -> tuple[Fought, dict[str, Size]]:
        """The wars as they are, and the size of every quantity over their weeks."""

        def both(chunk: Chunk) -> tuple[Fought, dict[str, FloatArray]]:
            sizes = {each.key: weekly(chunk.series, each, self.start)[..., chunk.ok] for each in self.told}
            return self._measures(chunk), sizes

        parts = self._each([self._schedule(())], both)[0]
        sizes = {each.key: size(np.concatenate([part[1][each.key] for part in parts], axis=-1)) for each in self.told}
        return _joined([part[0] for part in parts]), sizes

    def changed(self, doses: Sequence[Decree]) -> list[Fought]:
        """The wars once for each dose."""
        return [_joined(parts) for parts in self._each([self._schedule((one,)) for one in doses], self._measures)]

    def _schedule(self, more: Sequence[Decree]) -> Schedule:
        both = [*self.given, *more]
        return decree.schedule(self.start, self.engine.weeks, both) if both else self.engine.nothing

    def _measures(self, chunk: Chunk) -> Fought:
        return Fought({each.key: measured(chunk.series, each, self.start) for each in self.told}, chunk.ok)

    def _each(self, schedules: Sequence[Schedule], tell: Callable[[Chunk], T]) -> list[list[T]]:
        """What is told of every chunk of wars, for each schedule in turn."""
        chunks = -(-self.runs // CHUNK)
        blocks = [schedules[k : k + BLOCK] for k in range(0, len(schedules), BLOCK)]
        found: list[dict[int, T]] = [{} for _ in schedules]
        self.total += chunks * len(schedules)

        def work(number: int) -> list[T]:
            block, chunk = divmod(number, chunks)
            return [tell(fought) for fought in self.engine.chunks(chunk, self.runs, blocks[block])]

        for number, parts in worked(work, chunks * len(blocks), self.workers):
            block, chunk = divmod(number, chunks)
            for k, part in enumerate(parts):
                found[block * BLOCK + k][chunk] = part
            self.done += len(parts)
            if self.on_progress:
                self.on_progress(self.done, self.total)
        return [[parts[chunk] for chunk in range(chunks)] for parts in found]


# ------------------------------------------------------------------------------------------------------------ searching


class Change(NamedTuple):
    """What a cause does to an effect, in % of its mean size, with the 95 % interval."""

    mean: float
    low: float
    high: float

    @property
    def is_seen(self) -> bool:
        """Whether the interval excludes 0."""
        return self.low > 0 or self.high < 0


def change(before: FloatArray, after: FloatArray) -> Change:
    """Mean of paired differences over the mean size as it is; 0 where there is nothing of it."""
    usual = float(np.abs(before).mean()) if len(before) > 1 else 0.0
    if usual == 0:
        return Change(0.0, 0.0, 0.0)
    difference = 100 * (after - before) / usual
    middle, number = float(difference.mean()), len(difference)
    half = float(student.ppf(0.975, number - 1) * difference.std(ddof=1) / math.sqrt(number))
    return Change(middle, middle - half, middle + half)


class Search:
    """Goes back from a quantity to its causes, step by step."""

    def __init__(self, start: Start, wars: Wars, causes: Causes, *, most: int, least: float, seed: int) -> None:
        self.start, self.wars, self.causes, self.most, self.least = start, wars, causes, most, least
        self.before, self.sizes = wars.as_it_is()
        self.drawn = values(start, cube(start, seed, np.arange(DRAWS, dtype=np.uint32)))
        self.after: dict[str, tuple[Fought, str] | None] = {}
        self.found: dict[str, Quantity] = {}
        self.links: list[Link] = []
        self.left_out = LeftOut()

    def back(self, asked: Quantity, depth: int) -> None:
        """Find the links of so many steps."""
        self.found[asked.key] = asked
        here = [asked]
        for _ in range(depth):
            listed = {effect.key: list(self.causes.of(effect)) for effect in here}
            self._fight([cause for causes in listed.values() for cause, _ in causes])
            following = []
            for effect in here:
                for cause, link in self._strongest(effect, listed[effect.key]):
                    self.links.append(link)
                    if cause.key not in self.found:
                        self.found[cause.key] = cause
                        if cause.kind != "parameter":
                            following.append(cause)
            here = following

    def _fight(self, causes: Sequence[Quantity]) -> None:
        """Fight the wars with each cause changed that is new and can be changed."""
        doses: dict[str, tuple[Decree, str]] = {}
        for cause in causes:
            if cause.key not in self.after:
                self.after[cause.key] = None
                how = dose(cause, self._size(cause))
                if how is not None:
                    doses[cause.key] = how
        fought = self.wars.changed([one for one, _ in doses.values()]) if doses else []
        for (key, (_, told)), wars in zip(doses.items(), fought, strict=True):
            self.after[key] = wars, told

    def _size(self, cause: Quantity) -> Size:
        if cause.kind != "parameter":
            return self.sizes[cause.key]
        return size(selected(self.drawn[cause.name], cause, self.start))

    def _strongest(
        self, effect: Quantity, causes: Sequence[tuple[Quantity, tuple[str, ...]]]
    ) -> Sequence[tuple[Quantity, Link]]:
        told = []
        for cause, way in causes:
            self.left_out.tried += 1
            link = self.link(cause, effect, way)
            if link is not None:
                told.append((cause, link))
        told.sort(key=lambda each: (-abs(each[1].change), each[0].key))
        self.left_out.weaker += len(told[self.most :])
        return told[: self.most]

    def link(self, cause: Quantity, effect: Quantity, way: tuple[str, ...]) -> Link | None:
        """The link, where it is to be told; it is counted otherwise."""
        fought = self.after[cause.key]
        if fought is None:
            self.left_out.idle += 1
            return None
        strength = self.change(cause.key, effect)
        if strength == (0.0, 0.0, 0.0):
            self.left_out.no_effect += 1
        elif not strength.is_seen:
            self.left_out.chance += 1
        elif abs(strength.mean) < self.least:
            self.left_out.small += 1
        elif self._leads_to(effect.key, cause.key):
            self.left_out.circle += 1
        else:
            couplings = tuple(map(self._coupling, self.causes.couplings(cause.name, way, effect.name)))
            return _link(cause.key, effect.key, fought[1], strength, couplings, way)
        return None

    def change(self, cause: str, effect: Quantity) -> Change:
        """What a cause that was changed does to an effect."""
        fought = self.after[cause]
        assert fought is not None
        fine = self.before.ok & fought[0].ok
        return change(self.before.by_key[effect.key][fine], fought[0].by_key[effect.key][fine])

    def _leads_to(self, cause: str, effect: str) -> bool:
        """Whether links found so far lead from one to the other."""
        onward = {link.effect for link in self.links if link.cause == cause}
        return cause == effect or any(self._leads_to(each, effect) for each in onward)

    def _coupling(self, name: str) -> Coupling:
        return Coupling(name, *(float(point) for point in np.quantile(self.drawn[name], POINTS)))

    def whole(self, asked: Quantity) -> tuple[Link, ...]:
        """What each cause that was found does to what was asked for, strongest first."""
        keys = [key for key in self.found if key != asked.key]
        told = [_link(key, asked.key, self.after[key][1], self.change(key, asked), (), ()) for key in keys]  # type: ignore[index]
        return tuple(sorted(told, key=lambda link: (-abs(link.change), link.cause)))

    @property
    def failed(self) -> int:
        """Runs that did not stay finite in the wars as they are, or in some other."""
        every = [self.before.ok, *(fought[0].ok for fought in self.after.values() if fought is not None)]
        return int((~np.all(every, axis=0)).sum())


def _link(
    cause: str, effect: str, told: str, strength: Change, couplings: tuple[Coupling, ...], way: tuple[str, ...]
) -> Link:
    feeds = (strength.mean > 0) == told.startswith("+")
    return Link(cause, effect, told, *strength, couplings, way, feeds)


# ------------------------------------------------------------------------------------------------------------ the study


def of_start(
    start: Start,
    name: str,
    *,
    given: str | Sequence[str] = (),
    runs: int = RUNS,
    weeks: int = WEEKS,
    seed: int = 1,
    depth: int = DEPTH,
    most: int = MOST,
    least: float = LEAST,
    workers: Workers = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Chain | Given:
    """Explain a quantity of a war that is opened already; what is `given` holds in all of its wars.

    Raises `CeasefireError` with what was asked, what was found and what would do.
    """
    check(runs, depth, most, least)
    many.check(runs, weeks, seed, workers)
    variable, labels = asked(name)
    if variable.kind == "parameter":
        return is_given(start, variable, labels)
    target = _target(variable, labels, start)
    held = [decree.parse(line) for line in ((given,) if isinstance(given, str) else given)]
    causes = Causes(start, wiring(start))
    told = dict.fromkeys([target, *causes.quantities()])
    wars = Wars(start, list(told), held, runs=runs, weeks=weeks, seed=seed, workers=workers, on_progress=on_progress)
    search = Search(start, wars, causes, most=most, least=least, seed=seed)
    fine = search.before.ok
    if fine.sum() < 2:
        raise ScenarioError(f"{fine.sum()} of {runs} runs stayed finite; nothing can be told of {target.key}")
    search.back(target, depth)
    return Chain(
        scenario=start.scenario.id,
        title=start.scenario.title,
        opening=str(start.scenario.opening),
        asked=target,
        mean=float(search.before.by_key[target.key][fine].mean()),
        quantities=tuple(search.found.values()),
        links=tuple(search.links),
        whole=search.whole(target),
        left_out=search.left_out,
        depth=depth,
        most=most,
        least=least,
        given=tuple(one.text for one in held),
        weeks=weeks,
        runs=runs - search.failed,
        failed_runs=search.failed,
        seed=seed,
        version=VERSION,
        evidence_hash=start.evidence_hash,
    )


def check(runs: int, depth: int, most: int, least: float) -> None:
    """Raise `RequestError` for numbers that make no sense."""
    check_runs(runs)
    if not 1 <= depth <= DEEPEST:
        raise many.RequestError(f"a depth of {depth} was asked for; from 1 to {DEEPEST} steps back can be told")
    if not 1 <= most <= WIDEST:
        raise many.RequestError(f"{most} causes of each were asked for; from 1 to {WIDEST} can be told")
    if not 0 <= least < math.inf:
        raise many.RequestError(f"the least change is {least} %; 0 or more is needed")


def is_given(start: Start, variable: Variable, labels: Sequence[str]) -> Given:
    """A parameter with its prior, and what it is in this scenario."""
    assert variable.prior is not None
    dims = [dim for dim in variable.dims if dim != "run"]
    if len(labels) > len(dims):
        takes = f"[{','.join(dims)}]" if dims else "none"
        raise ScenarioError(f"{len(labels)} labels are too many: {variable.name} takes {takes}")
    meant = tuple(_label(label, dim, variable, start) for label, dim in zip(labels, dims, strict=False))
    drawn = values(start, cube(start, 1, np.arange(DRAWS, dtype=np.uint32)))[variable.name]
    chosen = [[*start.labels[dim]] for dim in dims]
    for k, label in enumerate(meant):
        chosen[k] = chosen[k] if label == "*" else [label]
    places = list(itertools.product(*chosen))
    rows = selected(drawn, _quantity(variable, meant), start)
    low, mid, high = (float(variable.prior.quantile(point)) for point in POINTS)
    wired = wiring(start)
    return Given(
        scenario=start.scenario.id,
        title=start.scenario.title,
        opening=str(start.scenario.opening),
        name=variable.name,
        unit=variable.unit,
        meaning=variable.doc,
        prior=Points((), low, mid, high),
        source=variable.source or "",
        coupling=variable.coupling,
        parts=tuple(
            Points(place, *map(float, np.quantile(row, POINTS))) for place, row in zip(places, rows, strict=True)
        ),
        notes=tuple(dict.fromkeys(_notes(start, variable))),
        acts_on=tuple(sorted(name for name, causes in wired.items() if variable.name in causes)),
        version=VERSION,
        evidence_hash=start.evidence_hash,
    )


def _notes(start: Start, variable: Variable) -> Iterator[str]:
    """Where a parameter's numbers come from, beside its prior."""
    if variable.name in LEARNED:
        yield f"learned from {LEARNED[variable.name]}"
    for choice in start.choices:
        if choice.variable.name == variable.name and choice.value is not None:
            label = f"[{','.join(choice.index)}]" if choice.index else ""
            yield f"{variable.name}{label}: {choice.value.source}, known on {choice.value.known_on}"


# ----------------------------------------------------------------------------------------------------------------- JSON


def to_json(found: Chain | Given) -> str:
    """The whole explanation."""
    told: dict[str, Any] = {"format": FORMAT, **asdict(found)}
    if isinstance(found, Chain):
        told |= {"name": found.asked.key, "is": IS, "is_not": IS_NOT, "interval": 0.95}
    return json.dumps(told, ensure_ascii=False, indent=1, allow_nan=False)
