"""Sweep: many designed wars of one opening, and what the inputs of the design do to the headline.

Every point of a design (`design.py`) fights the same wars with the same luck, so that what does not depend on an input
cancels. An output is its mean over the runs of a point, at a horizon. With y the output at a point, A, B and AB_j the
points of a group in Saltelli's design, and V the variance over all A and B, SALib estimates (Saltelli et al. 2010,
Computer Physics Communications 181)

    S_j = mean of B · (AB_j − A) / V,    first effect: what would go from the variance if input j were known;
    T_j = mean of (A − AB_j)² / 2V,      total effect: what would be left of it if all others were known,

each with a 95 % interval by bootstrap over the groups, which is normal and may reach below 0. An input that acts on
nothing has effects of exactly 0. So many runs know the mean at a point only so well; what of that does not cancel
within a group adds to a total effect

    noise_j = mean of se² (A − AB_j) / 2V,

with se the standard error of the paired difference over the runs; more runs make it smaller, more samples do not.
In a grid the main effect of an input is the mean at each of its levels over all other inputs; points of a grid, and
policies, are held against the war as it is, run by run (`whatif.py`).

Everything is gathered in whole numbers (`tally.py`) point by point, so that nothing depends on who works on what, and
memory grows with points × outputs × horizons alone. Every point is a surprise: both sides go on reckoning as without
it, since values of fighting on are not fitted anew thousands of times.

Left out: effects of inputs taken two at a time; intervals of main effects; inputs that depend on each other.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario import decree
from ceasefire.scenario.start import Start, open_war
from ceasefire.simulate import ensemble as many
from ceasefire.simulate.cache import keep_compiled
from ceasefire.simulate.pool import Workers, worked
from ceasefire.simulate.result import VERSION
from ceasefire.simulate.run import CHUNK, Engine
from ceasefire.study import design as designs
from ceasefire.study.design import AS_IT_IS, GRID, SOBOL, Design, Plan, PlanError
from ceasefire.study.forecast import opened
from ceasefire.study.measure import NEEDED, Output, headline_measures, measured
from ceasefire.study.tally import Sum
from ceasefire.study.whatif import SURPRISE, UNFITTED, Comparison, Paired, Tally

FORMAT = 1
BLOCK = 16
"""Points that a part of the work fights, where there are many: draws and opening of its wars are shared."""
LEAST_BLOCK = 4
PARTS = 32
"""Parts that a design is to make at least, so that all workers have some; blocks are smaller for it."""
RESAMPLES = 400
IS = (
    "The same wars with the same parameters and the same luck at every point of the design: what differs is what the "
    "inputs do in the model, over the ranges that the plan names."
)

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Effects:
    """First and total effects, [input, output, horizon]; NaN where an output is the same at all points A and B."""

    first: FloatArray
    first_half: FloatArray
    """Half the 95 % interval."""
    total: FloatArray
    total_half: FloatArray
    noise: FloatArray
    """How much of the total effect is left to chance."""
    noise_all: FloatArray
    """[output, horizon]: how much of the variance over points is."""


@dataclass(frozen=True)
class Main:
    """The main effect of an input of a grid."""

    levels: tuple[float, ...]
    mean: FloatArray
    """[level, output, horizon] over all points with the level."""
    share: FloatArray
    """[output, horizon] of the variance over the points; NaN where there is none."""


@dataclass(frozen=True)
class Sweep:
    """A design that was fought."""

    plan: Plan
    scenario: str
    war: str
    """Title of the scenario."""
    opening: str
    version: str
    evidence_hash: str
    expectation: str
    design: Design
    outputs: tuple[Output, ...]
    horizons: tuple[int, ...]
    mean: FloatArray
    """[point, output, horizon] over the runs."""
    error: FloatArray
    """Standard error of the mean, of which most is common to all points."""
    against: tuple[Comparison, ...]
    """By point: held against the war as it is; in Saltelli's design against point A of its group."""
    failed: tuple[int, ...]
    """Runs left out, by point."""
    effects: Effects | None
    """Of a sobol sweep."""
    main: tuple[Main, ...]
    """By input, of a grid."""

    def find(self, name: str, *labels: str) -> int:
        """Row of an output. Raises `KeyError` where there is none."""
        return self.against[0].find(name, *labels)


# ------------------------------------------------------------------------------------------------------------ gathering


@dataclass
class Cell:
    """What some wars say of a point, [output, horizon]."""

    failed: int
    pairs: Paired
    squares: Sum
    """Of the outputs at the point itself."""

    @classmethod
    def zero(cls, *shape: int) -> Cell:
        """No wars yet."""
        return cls(0, Paired.zero(*shape), Sum.zero(*shape))

    @classmethod
    def of(cls, reference: Told, treated: Told) -> Cell:
        """The wars of a chunk at a point beside the same at the point it is held against."""
        fine = reference[1] & treated[1]
        found = cls.zero(*treated[0].shape[:-1])
        found.failed = int((~fine).sum())
        found.pairs.add(reference[0][..., fine], treated[0][..., fine])
        found.squares.add(np.square(treated[0][..., fine], dtype=np.longdouble))
        return found

    def merge(self, other: Cell) -> None:
        """Take in other wars."""
        self.failed += other.failed
        self.pairs.merge(other.pairs)
        self.squares.merge(other.squares)


Told = tuple[FloatArray, NDArray[np.bool_]]
"""Outputs [output, horizon, run] of a chunk, and whether each run stayed finite."""


def blocks(design: Design, chunks: int) -> list[range]:
    """Points that are fought together; a group is never parted."""
    points = len(design.decrees)
    wanted = min(max(points * chunks // PARTS, LEAST_BLOCK), BLOCK)
    size = max(1, wanted // design.group) * design.group
    return [range(first, min(first + size, points)) for first in range(0, points, size)]


def fight(
    start: Start,
    plan: Plan,
    design: Design,
    *,
    parted: Sequence[range] | None = None,
    workers: Workers = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> tuple[Cell, ...]:
    """Fight every point of a design; `parted` is which are fought together, and does not change the result.

    `on_progress` is told the wars done, and of how many.
    """
    asked, horizons = headline_measures(start), plan.told_at
    engine = Engine(start, weeks=plan.weeks, seed=plan.seed, keep=NEEDED)
    chunks = -(-plan.runs // CHUNK)
    listed = blocks(design, chunks) if parted is None else list(parted)

    def work(number: int) -> list[Cell]:
        block, chunk = divmod(number, chunks)
        points = listed[block]
        references = {design.beside[point] for point in points}
        arms = (*sorted(references - set(points)), *points)
        told: dict[int, Told] = {}
        found = []
        for arm, fought in zip(arms, engine.chunks(chunk, plan.runs, map(scheduled, arms)), strict=True):
            one = measured(fought.series, asked, horizons), fought.ok
            if arm in references:
                told[arm] = one
            if arm in points:
                found.append(Cell.of(told[design.beside[arm]], one))
        return found

    def scheduled(arm: int) -> decree.Schedule:
        return engine.nothing if arm == AS_IT_IS else decree.schedule(start, plan.weeks, design.decrees[arm])

    shape = sum(len(measure.outputs) for measure in asked), len(horizons)
    cells = tuple(Cell.zero(*shape) for _ in design.decrees)
    done = 0
    for number, parts in worked(work, len(listed) * chunks, workers, "points"):
        block, chunk = divmod(number, chunks)
        for point, part in zip(listed[block], parts, strict=True):
            cells[point].merge(part)
        done += len(parts) * min(CHUNK, plan.runs - chunk * CHUNK)
        if on_progress:
            on_progress(done, len(cells) * plan.runs)
    return cells


# ------------------------------------------------------------------------------------------------------------ the study


def sweep(
    plan: str | Path | Plan,
    *,
    evidence: str | Path | None = None,
    workers: Workers = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Sweep:
    """Fight a design of experiments: a plan, or the file of one (`study/design.py` says what stands in it).

    `on_progress` is told the wars done, and of how many. Raises `CeasefireError` with what was asked, what was found
    and what would do.
    """
    planned = plan if isinstance(plan, Plan) else designs.read(plan)
    many.check(planned.runs, planned.weeks, planned.seed, workers)
    scenario = opened(planned.scenario, planned.on)
    start = open_war(scenario, Vintage(Store.open(evidence), scenario.opening))
    keep_compiled()
    return of_start(start, planned, workers=workers, on_progress=on_progress)


def of_start(
    start: Start, plan: Plan, *, workers: Workers = None, on_progress: Callable[[int, int], None] | None = None
) -> Sweep:
    """Fight a plan in a war that is opened already."""
    design = designs.designed(plan, start)
    cells = fight(start, plan, design, workers=workers, on_progress=on_progress)
    against = tuple(compared(start, plan, cell) for cell in cells)
    lost = next((point for point, known in enumerate(against) if known.runs < 2), None)
    if lost is not None:
        raise PlanError(
            f"point {lost + 1} ({', '.join(design.decrees[lost])}): {cells[lost].failed} of {plan.runs} wars did not "
            "stay finite; narrower ranges would do"
        )
    mean = np.stack([known.treated for known in against])
    return Sweep(
        plan=plan,
        scenario=start.scenario.id,
        war=start.scenario.title,
        opening=str(start.scenario.opening),
        version=VERSION,
        evidence_hash=start.evidence_hash,
        expectation=UNFITTED if start.valuation is None else SURPRISE,
        design=design,
        outputs=against[0].outputs,
        horizons=plan.told_at,
        mean=mean,
        error=np.stack([standard_error(cell) for cell in cells]),
        against=against,
        failed=tuple(cell.failed for cell in cells),
        effects=effects(mean, against, len(design.names), plan.seed) if plan.method == SOBOL else None,
        main=tuple(main_effects(mean, design.inputs)) if plan.method == GRID else (),
    )


def compared(start: Start, plan: Plan, cell: Cell) -> Comparison:
    """A point beside the one that it is held against."""
    tally = Tally(headline_measures(start), plan.told_at)
    tally.pairs = cell.pairs
    return tally.comparison()


def standard_error(cell: Cell) -> FloatArray:
    """Standard error of the mean at a point, [output, horizon]."""
    runs = max(cell.pairs.runs, 2)
    spread = np.maximum(cell.squares.value() - cell.pairs.treated.value() ** 2 / runs, 0.0)
    return np.sqrt(spread / (runs - 1) / runs).astype(np.float64)


# ------------------------------------------------------------------------------------------------------------- analysis


def effects(mean: FloatArray, against: Sequence[Comparison], inputs: int, seed: int) -> Effects:
    """First and total effects of the inputs of Saltelli's design on outputs [point, output, horizon]."""
    shape = mean.shape[1:]
    found = np.full((4, inputs, *shape), np.nan)
    for at in np.ndindex(*shape):
        found[(..., *at)] = analysed(mean[(..., *at)], inputs, seed)
    squared = np.stack([known.error for known in against]).reshape(-1, inputs + 2, *shape) ** 2
    scale = mean.reshape(-1, inputs + 2, *shape)[:, [0, -1]]
    varied = np.broadcast_to(np.ptp(scale, axis=(0, 1)) > 0, squared.shape[1:])
    empty = np.full(squared.shape[1:], np.nan)
    noise = np.divide(squared.mean(axis=0), 2 * scale.var(axis=(0, 1)), out=empty, where=varied)
    first, first_half, total, total_half = found
    return Effects(first, first_half, total, total_half, noise[1:-1], noise[-1])


def analysed(outputs: FloatArray, inputs: int, seed: int) -> FloatArray:
    """First effects, half their interval, total effects and half theirs, [4, input], of outputs [point].

    NaN where the outputs at points A and B, by which effects are scaled, do not differ. Raises `PlanError` without
    SALib.
    """
    try:
        from SALib.analyze import sobol
    except ImportError:
        raise PlanError('method = "sobol" needs SALib; install ceasefire with the extra `sweep`') from None
    if not np.ptp(outputs.reshape(-1, inputs + 2)[:, [0, -1]]) > 0:
        return np.full((4, inputs), np.nan)
    problem = {"num_vars": inputs, "names": [str(k) for k in range(inputs)], "bounds": [[0.0, 1.0]] * inputs}
    luck = np.random.default_rng(seed)
    found = sobol.analyze(problem, outputs, calc_second_order=False, num_resamples=RESAMPLES, seed=luck)
    return np.stack([found[name] for name in ("S1", "S1_conf", "ST", "ST_conf")])


def main_effects(mean: FloatArray, inputs: FloatArray) -> Iterator[Main]:
    """Main effects of the inputs of a full grid [point, input] on outputs [point, output, horizon]."""
    whole = mean.var(axis=0)
    varied = np.ptp(mean, axis=0) > 0
    for values in inputs.T:
        levels = np.unique(values)
        by_level = np.stack([mean[values == level].mean(axis=0) for level in levels])
        share = np.divide(by_level.var(axis=0), whole, out=np.full(whole.shape, np.nan), where=varied)
        yield Main(tuple(levels.tolist()), by_level, share)


# ---------------------------------------------------------------------------------------------------------------- files


def to_json(found: Sweep) -> str:
    """The whole sweep: design, outputs at every point, effects."""
    plan = found.plan.model_dump(mode="json", by_alias=True, exclude_none=True)
    plan |= {"scenario": found.scenario, "policies": [Path(name).name for name in found.plan.policies]}
    told = {
        "format": FORMAT,
        "title": found.plan.title,
        "scenario": found.scenario,
        "war": found.war,
        "opening": found.opening,
        "plan": plan,
        "is": IS,
        "expectation": found.expectation,
        "version": found.version,
        "evidence_hash": found.evidence_hash,
        "interval": 0.95,
        "inputs": list(found.design.names),
        "outputs": [asdict(output) for output in found.outputs],
        "horizons": list(found.horizons),
        "points": [_point(found, point) for point in range(len(found.mean))],
        "effects": _listed(found.effects) if found.effects else None,
        "main_effects": [_listed(main) for main in found.main],
    }
    return json.dumps(told, ensure_ascii=False, indent=1, allow_nan=False)


def _point(found: Sweep, point: int) -> dict[str, Any]:
    """A point: what is decreed, outputs [output, horizon], and what sets them apart from what they are held against."""
    beside, known = found.design.beside[point], found.against[point]
    return {
        "title": found.design.titles[point] if found.design.titles else "",
        "inputs": found.design.inputs[point].tolist(),
        "decrees": list(found.design.decrees[point]),
        "runs": known.runs,
        "failed_runs": found.failed[point],
        "mean": found.mean[point].tolist(),
        "error": found.error[point].tolist(),
        "held_against": "the war as it is" if beside == AS_IT_IS else beside + 1,
        "difference": known.difference.tolist(),
        "difference_error": known.error.tolist(),
    }


def _listed(record: Effects | Main) -> dict[str, Any]:
    """A record of arrays as lists; null for what is not a number."""
    return {name: _plain(value) for name, value in asdict(record).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | list | tuple):
        return [_plain(each) for each in (value.tolist() if isinstance(value, np.ndarray) else value)]
    return value if math.isfinite(value) else None


def to_csv(found: Sweep) -> str:
    """One row a point: its number, its title or its inputs, and mean and standard error of each output and horizon."""
    columns = [(row, at) for row in range(len(found.outputs)) for at in range(len(found.horizons))]
    heads = [f"{found.outputs[row].key}, week {found.horizons[at]}" for row, at in columns]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    named = ["title"] if found.design.titles else list(found.design.names)
    told = [word for head in heads for word in (head, f"{head}, standard error")]
    writer.writerow(["point", *named, "runs", *told])
    for point, known in enumerate(found.against):
        inputs = [found.design.titles[point]] if found.design.titles else found.design.inputs[point].tolist()
        each = [float(part[(point, *at)]) for at in columns for part in (found.mean, found.error)]
        writer.writerow([point + 1, *inputs, known.runs, *each])
    return text.getvalue()
