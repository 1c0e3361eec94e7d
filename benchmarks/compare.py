"""The step against the C reference, NumPy and Mesa: do they agree, and how fast is each, in one process."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import arrays, native, roofline, step
from benchmarks.case import Case, Outcome

SMALLEST = {"taken": 1.0, "front_held": 1.0, "attrition_troops": 1.0, "attrition_equipment": 1.0}
"""What differences are measured against where the number itself is smaller: km², share of a cell, persons, pieces."""


@dataclass(frozen=True)
class Ratio:
    """Of pairs of timings, made one after the other: the other's time over the model's."""

    name: str
    pairs: NDArray[np.float64]
    model: float
    """Seconds of the model for a run and week, median."""
    other: float
    work: str

    @property
    def quartiles(self) -> tuple[float, float, float]:
        """First quartile, median, third quartile."""
        low, middle, high = np.percentile(self.pairs, (25, 50, 75))
        return float(low), float(middle), float(high)


def differences(one: Outcome, other: Outcome) -> dict[str, float]:
    """Largest relative differences of what the weeks told and of where they ended."""
    return {
        name: float((np.abs(a - b) / np.maximum(np.abs(b), smallest)).max())
        for name, smallest in SMALLEST.items()
        for a, b in [(both[name] for both in (one.told | one.state, other.told | other.state))]
    }


def seconds(work: Callable[[], Any]) -> float:
    """Processor time, of all threads."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def alternate(
    name: str,
    model: Callable[[], Any],
    other: Callable[[], Any],
    *,
    pairs: int,
    share: float,
    shown: str,
    run_weeks: int,
) -> Ratio:
    """Time both in turn, the first of them in turn too; `share` is the model's run-weeks over the other's."""
    model(), other()
    found = []
    for k in range(pairs):
        first, second = (model, other) if k % 2 == 0 else (other, model)
        times = seconds(first), seconds(second)
        found.append(times if k % 2 == 0 else times[::-1])
    own, others = np.array(found).T * [[1.0], [share]]
    return Ratio(name, others / own, float(np.median(own)) / run_weeks, float(np.median(others)) / run_weeks, shown)


def with_c(case: Case, weeks: int, pairs: int) -> tuple[Ratio, dict[str, float]]:
    """Against the C reference; with the largest differences."""
    code = native.Step(case, weeks)
    ratio = alternate(
        "C, hand-fused",
        lambda: step.fight(case, weeks),
        lambda: code(case),
        pairs=pairs,
        share=1.0,
        shown=f"{case.runs} runs × {weeks} weeks",
        run_weeks=case.runs * weeks,
    )
    return ratio, differences(code(case)[0], step.fight(case, weeks))


def with_numpy(case: Case, weeks: int, pairs: int) -> tuple[Ratio, dict[str, float]]:
    """Against chunked NumPy."""
    ratio = alternate(
        "NumPy, chunked",
        lambda: step.fight(case, weeks),
        lambda: arrays.fight(case, weeks),
        pairs=pairs,
        share=1.0,
        shown=f"{case.runs} runs × {weeks} weeks",
        run_weeks=case.runs * weeks,
    )
    return ratio, differences(arrays.fight(case, weeks), step.fight(case, weeks))


def with_mesa(case: Case, weeks: int, pairs: int) -> tuple[Ratio, dict[str, float]] | None:
    """Against Mesa, one run for a few weeks, setting up left out; none where Mesa is not installed."""
    try:
        from benchmarks import agents
    except ImportError:
        return None
    few = 2
    wars = [agents.War(case, 0) for _ in range(pairs + 1)]

    def walk() -> None:
        war = wars.pop()
        for _ in range(few):
            war.step()

    ratio = alternate(
        "Mesa 3, an agent a cell",
        lambda: step.fight(case, weeks),
        walk,
        pairs=pairs,
        share=case.runs * weeks / few,
        shown=f"1 run × {few} weeks",
        run_weeks=case.runs * weeks,
    )
    alone = step.fight(case, few)
    told, state = ({name: value[..., :1] for name, value in part.items()} for part in (alone.told, alone.state))
    return ratio, differences(agents.fight(case, few), Outcome(told, state))


@dataclass(frozen=True)
class Bound:
    """What bounds a phase of the C reference; the quickest of some tries."""

    phase: str
    seconds: float
    """For a week of the chunk."""
    work: roofline.Work
    """For each number."""
    numbers: float
    """How many numbers it is done on in a week of the chunk."""
    least: float
    """Seconds that it would take at the core's measured rates."""


def bounds(case: Case, weeks: int) -> tuple[roofline.Peak, list[Bound], float]:
    """Peak, phases, and the share of the peak that the whole C reference reaches."""
    code, most = native.Step(case, weeks), roofline.peak()
    found = [code(case) for _ in range(9)]
    times = {phase: min(spent[phase] for _, spent, _ in found) / weeks for phase in native.PHASES}
    places = found[0][2] / weeks
    works, phases, flops = roofline.per_place(case.ground.feature.shape[0]), [], 0.0
    for phase, spent in times.items():
        work = works.get(phase, roofline.Work())
        numbers = 2 * case.runs * (len(case.ground.area) if phase == "fade" else places)
        phases.append(Bound(phase, spent, work, numbers, most.least_seconds(work.times(numbers))))
        flops += work.flops * numbers
    return most, phases, flops / sum(times.values()) / most.flops
