"""Zone: which packages both sides would prefer to fighting on at the opening, and what would bring in others.

No week is fought: both sides sit at the table of the day (`study/negotiation.py`) in many draws of what is not known.
In a draw, with surplus s_i of side i in a package (`bargaining.offers`),
    inside = min_i s_i ≥ 0,   P(inside) = share of draws,   zone = max over packages of min_i s_i,
with Wilson's 95 % interval for what is owed to a finite number of draws; how little is known of the war is in the share
itself. A package is short by the worth that both sides would need on top for it to be inside in half of the draws.

What would bring a package inside in half of them is found by weighing it again with one thing changed, for the side
that binds and for both, by bisection on the size of the change: a payment from outside, war that costs more, pressure,
less confidence in one's own strength, or guarantees that are believed. Another option on one issue is tried as well.

Beside it stand two plain answers. The status quo: the fighting stops for good on the line as held, with nothing
agreed. And the mean position on each issue, Σ capability · salience · x / Σ capability · salience over all actors,
where x tells how an actor's favourite option lies between the second side's wishes (0) and the first's (1):
½ (1 + v_first − v_second), v being what an option is worth to a side. On 351 issues of the European Union that beat
cleverer models.

Left out: what changes as the war goes on (`ceasefire forecast` and `whatif` fight it); offers as moves in a game;
changes of two things at once.
Sources: bargaining range: Fearon 1995, "Rationalist Explanations for War"; weighted mean: Achen 2006, "Institutional
Realism and Bargaining Models", through the model notes; the rest as in `model/resolve.py` and `model/bargaining.py`.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.model.axes import SIDES, Terms
from ceasefire.model.intervene import Intervention
from ceasefire.scenario import valuation
from ceasefire.scenario.decree import Schedule, Settled
from ceasefire.scenario.spec import Scenario
from ceasefire.scenario.start import Start, open_war
from ceasefire.simulate import ensemble as many
from ceasefire.simulate.cache import keep_compiled
from ceasefire.simulate.ensemble import RequestError
from ceasefire.simulate.result import VERSION
from ceasefire.study.forecast import opened
from ceasefire.study.negotiation import Ease, Sitting, Table, again, decreed, sit_down, undone
from ceasefire.study.summary import wilson
from ceasefire.study.terms import Chosen, chosen, transfers, words

FORMAT = 1
RUNS = 512
MOST_RUNS = 16_384
LISTED = 20
"""Packages told unless more are asked for."""
NEAR = 8
"""Near misses told."""
LEAST_SHARE = 0.05
"""Packages inside in fewer draws are not listed."""
WEEKS_A_YEAR = 365.25 / 7
HALVINGS = 12
"""Of the interval in which the size of a change is sought."""
IS = (
    "Terms weighed at the opening as both sides see them, over draws of all that is not known: "
    "a package is inside where both would prefer it to fighting on."
)
IS_NOT = "Not a forecast: a package can be inside and never be agreed, and what is inside moves with the war."

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


# ---------------------------------------------------------------------------------------------------------- the answer


@dataclass(frozen=True)
class Band:
    """10, 50 and 90 % of the draws."""

    low: float
    mid: float
    high: float

    @classmethod
    def of(cls, values: ArrayLike) -> Band:
        """Of numbers [run]."""
        return cls(*(float(point) for point in np.quantile(np.asarray(values, dtype=np.float64), [0.1, 0.5, 0.9])))


@dataclass(frozen=True)
class Share:
    """A share of the draws, and its 95 % interval for their finite number."""

    share: float
    low: float
    high: float

    @classmethod
    def of(cls, happened: ArrayLike) -> Share:
        """Of what did or did not happen, [run]."""
        each = np.asarray(happened)
        low, high = wilson(int(each.sum()), len(each))
        return cls(float(each.mean()), float(low), float(high))


@dataclass(frozen=True)
class Line:
    """How a package awards the lands, on the map of the opening."""

    first_share: float
    """First side's share of all the land that is bargained over, by area."""
    first_share_now: float
    km2_to: dict[str, float]
    """What comes to each side."""
    people_to: dict[str, float]
    """Who lived there before the war, within the theatre."""
    km2_demilitarised: float
    depth_km: float
    """Of the zone between the armies."""


@dataclass(frozen=True)
class Package:
    """A package at the table of the opening."""

    id: str
    rank: int
    """By the share of draws in which it is inside, 1 first; of equals, the one that is less short first."""
    options: tuple[Chosen, ...]
    riders: tuple[Chosen, ...]
    """Option of each rider that goes with it most often."""
    inside: Share
    short: float
    """Worth that both sides would need on top for it to be inside in half of the draws; negative: to spare."""
    surplus: dict[str, Band]
    """By side, own aims being 1."""
    binds: dict[str, float]
    """Share of draws in which the side has the smaller surplus."""
    holds_a_year: float
    """Chance."""
    holds: Band
    """Mean time until it breaks, years."""
    line: Line


@dataclass(frozen=True)
class Way:
    """One change, and what it does to a package."""

    kind: str
    """payment, cost, pressure, confidence, guarantees or option."""
    sides: tuple[str, ...]
    """For whom."""
    size: float | None
    """The least that is enough, as `unit` says; None where nothing up to `most` is, or for an option."""
    most: float | None
    unit: str
    inside: float
    """Share of draws in which the package is inside, so changed; at `most` where no size is enough."""
    enough: bool
    """That is half or more."""
    swapped: tuple[Chosen, Chosen] | None = None
    """From one option to another."""


@dataclass(frozen=True)
class Miss:
    """A package that is not inside in most draws, and what would bring it in."""

    package: Package
    ways: tuple[Way, ...]


@dataclass(frozen=True)
class Stance:
    """Where a side stands."""

    side: str
    least: Band
    """The least that it would accept."""
    fighting_on: Band
    """What it expects of fighting on."""
    standing: Band
    """Worth of the line as held with nothing agreed."""
    confidence: Band
    """By how much it overrates its power, log."""
    beyond: float | None
    """Share of draws in which a reading lies outside the wars that values were fitted on; None where none were."""


@dataclass(frozen=True)
class Wish:
    """What both sides hold out for on an issue: the option in the package that is best for each."""

    issue: str
    issue_name: str
    option: dict[str, Chosen]
    """By side."""
    share: dict[str, float]
    """Of draws in which it is that one."""

    @property
    def apart(self) -> bool:
        """Whether they want different options."""
        return len({one.option for one in self.option.values()}) > 1


@dataclass(frozen=True)
class Mean:
    """Mean position on an issue, actors weighed by capability times salience."""

    issue: str
    issue_name: str
    rider: bool
    position: Band
    """0 as the second side would have it, 1 as the first."""
    option: Chosen
    """Nearest option, most often."""
    share: float
    """Of draws in which it is that one."""


@dataclass(frozen=True)
class StatusQuo:
    """The fighting stops for good on the line as held, with nothing agreed."""

    options: tuple[Chosen, ...]
    inside: Share
    """Draws in which both sides would prefer that."""
    surplus: dict[str, Band]


@dataclass(frozen=True)
class Before:
    """The same without what was decreed."""

    open: Share
    width: Band
    least: dict[str, Band]


@dataclass(frozen=True)
class Zone:
    """Terms at the opening of a scenario."""

    scenario: str
    title: str
    opening: str
    sides: dict[str, str]
    """Name by label."""
    values: str
    """Where the values of fighting on come from."""
    decrees: tuple[Settled, ...]
    runs: int
    failed_runs: int
    seed: int
    version: str
    evidence_hash: str
    open: Share
    """Draws in which at least one package is inside."""
    width: Band
    """Zone: the largest that the smaller surplus can be."""
    stances: tuple[Stance, ...]
    wishes: tuple[Wish, ...]
    packages_weighed: int
    packages_inside: int
    """Packages that are inside in `LEAST_SHARE` of the draws or more."""
    packages_likely: int
    """Packages that are inside in half of the draws or more."""
    packages: tuple[Package, ...]
    near_misses: tuple[Miss, ...]
    status_quo: StatusQuo
    means: tuple[Mean, ...]
    mean_package: Package | None
    """Package of the means' nearest options, where the agenda has it."""
    before: Before | None


# ----------------------------------------------------------------------------------------------------- what would do it


LEVERS = {
    "payment": (1.0, "of its own aims"),
    "cost": (3.0, "log of times the cost of war"),
    "pressure": (5.0, "doublings of pressure"),
    "confidence": (3.0, "log of power"),
    "guarantees": (1.0, "share of the doubt in guarantees that is gone"),
}
"""What may change: the most that is tried, and the unit."""


def eased(kind: str, side: Sequence[bool], size: float) -> Ease:
    """One change of a size, for the sides that are marked."""
    by_side = {
        name: jnp.asarray(side, float) * (size if name == kind else 0.0) for name in LEVERS if name != "guarantees"
    }
    return Ease(guarantees=jnp.asarray(size if kind == "guarantees" else 0.0, float), **by_side)


def smallest(inside: Callable[[float], float], most: float) -> tuple[float | None, float]:
    """Least size of a change, up to `most`, with which a share of a half is reached, and the share there.

    Found by bisection within the first eighth of `most` at whose end the half is reached; None, and the share at
    `most`, where there is none.
    """
    ends = (most * step / 8 for step in range(1, 9))
    high = next((end for end in ends if inside(end) >= 0.5), None)
    if high is None:
        return None, inside(most)
    low = high - most / 8
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if inside(middle) >= 0.5 else (middle, high)
    return high, inside(high)


def ways(sitting: Sitting, package: int) -> Iterator[Way]:
    """Single changes that would bring a package inside in half of the draws, or come nearest to it."""
    table, terms = sitting.alone(package)
    surplus, labels = sitting.surplus[:, package], sitting.start.labels["side"]
    binding = int((surplus[1] < surplus[0]).mean() > 0.5)
    alone, both = [side == binding for side in range(SIDES)], [True] * SIDES
    for kind, (most, unit) in LEVERS.items():
        promised = kind == "guarantees"
        if promised and not sitting.start.agenda.guarantee[package].any():
            continue
        for marked in (both,) if promised else (alone, both):
            size, share = smallest(partial(_inside, sitting.do, table, terms, kind, marked), most)
            sides = () if promised else tuple(label for label, mark in zip(labels, marked, strict=True) if mark)
            yield Way(kind, sides, size, most, unit, share, size is not None)
    swap = _swap(sitting, package)
    if swap is not None:
        yield swap


def _inside(do: Intervention, table: Table, terms: Terms, kind: str, marked: Sequence[bool], size: float) -> float:
    """Share of draws in which the one package on the table is inside, were something eased."""
    return float((np.asarray(again(table, terms, do, eased(kind, marked, size))) >= 0).mean())


def _swap(sitting: Sitting, package: int) -> Way | None:
    """The option, in place of another, that helps most; None where none does."""
    agenda = sitting.start.agenda
    near = np.flatnonzero((agenda.package != agenda.package[package]).sum(axis=1) == 1)
    if not len(near):
        return None
    short = shortfalls(sitting.smaller[near])
    best = int(near[short.argmin()])
    if short.min() >= shortfalls(sitting.smaller[[package]])[0]:
        return None
    column = int(np.flatnonzero(agenda.package[best] != agenda.package[package])[0])
    swapped = tuple(chosen(agenda, int(agenda.package[k, column])) for k in (package, best))
    share = float((sitting.smaller[best] >= 0).mean())
    return Way("option", (), None, None, "", share, share >= 0.5, swapped)  # type: ignore[arg-type]


def shortfalls(smaller: NDArray[Any]) -> FloatArray:
    """Worth that both sides would need on top for each package to be inside in half of the draws, [package]."""
    runs = smaller.shape[-1]
    at = runs - -(-runs // 2)
    return -np.partition(smaller.astype(np.float64), at, axis=-1)[:, at]


# ------------------------------------------------------------------------------------------------------------ the study


def zone(
    scenario: str | Path | Scenario,
    *,
    on: str | dt.date | None = None,
    do: str | Sequence[str] = (),
    runs: int = RUNS,
    seed: int = 1,
    top: int = LISTED,
    evidence: str | Path | None = None,
) -> Zone:
    """Packages inside the zone of agreement at the opening of a scenario, and near misses.

    `do` is decreed on the day (`scenario/decree.py` has the grammar). Raises `CeasefireError` with what was asked, what
    was found and what would do.
    """
    check(runs, seed, top)
    asked = opened(scenario, on)
    start = open_war(asked, Vintage(Store.open(evidence), asked.opening))
    schedule = decreed(start, (do,) if isinstance(do, str) else do)
    keep_compiled()
    return of_start(start, runs=runs, seed=seed, top=top, do=schedule)


def check(runs: int, seed: int, top: int) -> None:
    """Raise `RequestError` for numbers that make no sense."""
    many.check(runs, 1, seed)
    if not 2 <= runs <= MOST_RUNS:
        raise RequestError(f"{runs} draws were asked for; from 2 to {MOST_RUNS:,} can be weighed")
    if top < 1:
        raise RequestError(f"{top} packages were asked for; at least 1 can be listed")


def of_start(start: Start, *, runs: int = RUNS, seed: int = 1, top: int = LISTED, do: Schedule | None = None) -> Zone:
    """Weigh the terms of a war that is opened already, as decreed."""
    sitting = sit_down(start, runs=runs, seed=seed, do=do)
    before = _before(sit_down(start, runs=runs, seed=seed, do=undone(do))) if do else None
    told = Teller(sitting)
    scenario, war_ = start.scenario, start.scenario.war
    shares = told.inside
    best = sitting.smaller.max(axis=0)
    return Zone(
        scenario=scenario.id,
        title=scenario.title,
        opening=str(scenario.opening),
        sides={side.id: side.name for side in war_.sides},
        values=start.valuation.told(scenario) if start.valuation else valuation.FORTS,
        decrees=do.settled if do else (),
        runs=sitting.runs,
        failed_runs=sitting.failed,
        seed=seed,
        version=VERSION,
        evidence_hash=start.evidence_hash,
        open=Share.of(best >= 0),
        width=Band.of(best),
        stances=tuple(_stances(sitting)),
        wishes=tuple(_wishes(sitting)),
        packages_weighed=len(shares),
        packages_inside=int((shares >= LEAST_SHARE).sum()),
        packages_likely=int((shares >= 0.5).sum()),
        packages=tuple(told.package(int(k)) for k in told.order[:top] if shares[k] >= LEAST_SHARE),
        near_misses=tuple(Miss(told.package(k), tuple(ways(sitting, k))) for k in told.near()),
        status_quo=_status_quo(sitting),
        means=(means := tuple(_means(sitting))),
        mean_package=told.named(means),
        before=before,
    )


class Teller:
    """Tells packages of a sitting."""

    def __init__(self, sitting: Sitting) -> None:
        self.sitting, self.agenda = sitting, sitting.start.agenda
        self.inside = (sitting.smaller >= 0).mean(axis=1)
        self.short = shortfalls(sitting.smaller)
        self.order = np.lexsort((self.short, -self.inside))
        self.rank = np.empty(len(self.order), dtype=np.int64)
        self.rank[self.order] = np.arange(1, len(self.order) + 1)
        self.moved = transfers(self.agenda, sitting.start.theatre)

    def near(self) -> list[int]:
        """The nearest package of each line that is not inside in most draws, nearest first."""
        out = [int(k) for k in np.argsort(self.short, kind="stable") if self.inside[k] < 0.5]
        first = {int(self.agenda.line[k]): k for k in reversed(out)}
        return sorted(first.values(), key=lambda k: self.short[k])[:NEAR]

    def package(self, at: int) -> Package:
        """One package as it is told."""
        sides, surplus = self.sitting.start.labels["side"], self.sitting.surplus[:, at]
        second = float((surplus[1] < surplus[0]).mean())
        breaks = np.asarray(self.sitting.table.breaks[at], dtype=np.float64)
        return Package(
            id=self.agenda.named(at),
            rank=int(self.rank[at]),
            options=words(self.agenda, at),
            riders=tuple(self._riders(at)),
            inside=Share.of(surplus.min(axis=0) >= 0),
            short=float(self.short[at]),
            surplus={side: Band.of(surplus[k]) for k, side in enumerate(sides)},
            binds=dict(zip(sides, (1 - second, second), strict=True)),
            holds_a_year=float(((1 - breaks) ** WEEKS_A_YEAR).mean()),
            holds=Band.of(1 / np.maximum(breaks, 1e-9) / WEEKS_A_YEAR),
            line=self._line(at),
        )

    def _riders(self, at: int) -> Iterator[Chosen]:
        way = np.asarray(self.sitting.table.offer.bundle[at])
        taken = np.take_along_axis(np.asarray(self.sitting.table.appraisal.bundle), way[None, None], axis=0)[0]
        often = taken.mean(axis=1)
        for rider in self.agenda.rider:
            yield chosen(self.agenda, int(np.where(rider > 0, often, -1.0).argmax()))

    def _line(self, at: int) -> Line:
        line, whole, sides = self.agenda.line[at], self.agenda.lands.whole.sum(), self.sitting.start.labels["side"]
        after, moved = self.moved.first[line].sum(), self.moved.km2[:, line].sum(axis=1)
        return Line(
            first_share=float(after / whole),
            first_share_now=float((after - moved[0] + moved[1]) / whole),
            km2_to=dict(zip(sides, moved.tolist(), strict=True)),
            people_to=dict(zip(sides, self.moved.people[:, line].sum(axis=1).tolist(), strict=True)),
            km2_demilitarised=float(self.moved.neutral[:, line].sum()),
            depth_km=float(self.agenda.depth[at]),
        )

    def named(self, means: Sequence[Mean]) -> Package | None:
        """The package that takes these options; None where the agenda has none."""
        wanted = {(mean.issue, mean.option.option) for mean in means}
        for at, taken in enumerate(self.agenda.package):
            options = [chosen(self.agenda, int(k)) for k in taken]
            if all((one.issue, one.option) in wanted for one in options):
                return self.package(at)
        return None


def _stances(sitting: Sitting) -> Iterator[Stance]:
    table = sitting.table
    fitted = bool((np.asarray(table.reserve.fitted) > 0.5).all())
    low, high = table.reserve.value_low - 1e-5, table.reserve.value_high + 1e-5
    beyond = ((table.where.reading < low) | (table.where.reading > high)).any(axis=1).mean(axis=-1)
    for side, label in enumerate(sitting.start.labels["side"]):
        yield Stance(
            side=label,
            least=Band.of(table.where.least[side]),
            fighting_on=Band.of(table.where.fighting_on[side]),
            standing=Band.of(table.appraisal.standing[side]),
            confidence=Band.of(table.optimism[side]),
            beyond=float(beyond[side]) if fitted else None,
        )


def _wishes(sitting: Sitting) -> Iterator[Wish]:
    """Options of the package that is best for each side, and of riders the one that each likes best."""
    agenda, sides = sitting.start.agenda, sitting.start.labels["side"]
    best = agenda.package[sitting.surplus.argmax(axis=1)]
    often = {int(agenda.issue[k]): column for column, k in enumerate(agenda.package[0])}
    for issue, told in enumerate(agenda.issues):
        mine = np.flatnonzero(agenda.issue == issue)
        favourite = mine[np.asarray(sitting.table.liking)[:SIDES, mine].argmax(axis=1)]
        taken = best[:, :, often[issue]] if issue in often else favourite
        shares = np.stack([(taken == k).mean(axis=1) for k in mine], axis=1)
        top = shares.argmax(axis=1)
        yield Wish(
            issue=told.id,
            issue_name=told.name,
            option={side: chosen(agenda, int(mine[top[k]])) for k, side in enumerate(sides)},
            share={side: float(shares[k, top[k]]) for k, side in enumerate(sides)},
        )


def _status_quo(sitting: Sitting) -> StatusQuo:
    agenda, table = sitting.start.agenda, sitting.table
    surplus = table.appraisal.standing - table.where.least
    return StatusQuo(
        options=tuple(chosen(agenda, int(k)) for k in np.flatnonzero(agenda.status_quo)),
        inside=Share.of((surplus >= 0).all(axis=0)),
        surplus={side: Band.of(surplus[k]) for k, side in enumerate(sitting.start.labels["side"])},
    )


def _means(sitting: Sitting) -> Iterator[Mean]:
    """Mean position on every issue that leaves a choice."""
    agenda, table = sitting.start.agenda, sitting.table
    for issue, told in enumerate(agenda.issues):
        mine = np.flatnonzero(agenda.issue == issue)
        parts = table.capability, table.salience[:, issue], table.liking[:, mine]
        position, nearest = weighted_mean(*(np.asarray(part) for part in parts))
        shares = np.bincount(nearest, minlength=len(mine)) / len(nearest)
        top = int(shares.argmax())
        option = chosen(agenda, int(mine[top]))
        yield Mean(told.id, told.name, told.rider, Band.of(position), option, float(shares[top]))


def weighted_mean(
    capability: NDArray[Any], salience: NDArray[Any], liking: NDArray[Any]
) -> tuple[FloatArray, IntArray]:
    """Mean position of all actors on an issue, [run], from 0, the second side's, to 1, the first's, and nearest option.

    `capability` and `salience` are [actor, run], `liking` [actor, option, run], of the two sides first.
    """
    scale = (1 + liking[0] - liking[1]) / 2
    position = np.take_along_axis(scale, liking.argmax(axis=1), axis=0)
    weight = capability * salience
    total = weight.sum(axis=0)
    mean = np.where(total > 0, (weight * position).sum(axis=0) / np.maximum(total, 1e-12), 0.5)
    return mean.astype(np.float64), np.abs(scale - mean).argmin(axis=0)


def _before(sitting: Sitting) -> Before:
    best, sides = sitting.smaller.max(axis=0), sitting.start.labels["side"]
    least = {side: Band.of(sitting.table.where.least[k]) for k, side in enumerate(sides)}
    return Before(Share.of(best >= 0), Band.of(best), least)


# ---------------------------------------------------------------------------------------------------------------- JSON


def to_json(found: Zone) -> str:
    """The whole answer, with what it is and is not."""
    told = {"format": FORMAT, "is": IS, "is_not": IS_NOT, "least_share": LEAST_SHARE, **asdict(found)}
    told["wishes"] = [{**asdict(wish), "apart": wish.apart} for wish in found.wishes]
    return json.dumps(_plain(told), ensure_ascii=False, indent=1, allow_nan=False)


def _plain(value: Any) -> Any:
    """Numbers to six digits, None for what is not finite."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value
