"""Measure and tell: `python -m benchmarks [step] [throughput] [--page FILE] [--many]`."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import jax

from benchmarks import case as cases
from benchmarks import compare, native, throughput
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario.start import Start, open_war
from ceasefire.simulate.cache import keep_compiled
from ceasefire.study.forecast import opened
from ceasefire.view.page import replace_whole

SCENARIO = "abu-dhabi-2026-01"
PLACES = {
    "taken": "ground taken",
    "front_held": "map",
    "attrition_troops": "troops",
    "attrition_equipment": "equipment",
}
PARTS = {
    "attrition": "attrition",
    "reach": "cells in reach",
    "axes": "budgets, lumps and walks by axis",
    "noise": "noise: Threefry-2x32-20",
    "weight": "weights: three logarithms, an exponential",
    "search": "search for λ, scale of the gains",
    "fade": "momentum of the whole map",
    "move": "gains, map and momentum",
}


def main() -> None:
    """Measure what was asked for, all of it otherwise."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("what", nargs="*", help="step, throughput or both (default)")
    parser.add_argument("--page", type=Path, help="write what was measured as a page, too")
    parser.add_argument("--many", action="store_true", help="up to 1,000,000 runs; takes hours")
    asked = parser.parse_args()
    parts: dict[str, Callable[[Start], Iterator[str]]] = {
        "step": told_of_step,
        "throughput": lambda start: told_of_wars(start, many=asked.many),
    }
    if unknown := set(asked.what) - set(parts):
        parser.error(f"{', '.join(sorted(unknown))} was asked for; there are {' and '.join(parts)}")
    keep_compiled()
    scenario = opened(SCENARIO)
    start = open_war(scenario, Vintage(Store.open(None), scenario.opening))
    lines = []
    for line in told(start, [parts[name] for name in parts if name in (asked.what or parts)]):
        print(line, flush=True)
        lines.append(line)
    if asked.page:
        replace_whole(asked.page, "\n".join(lines) + "\n")


def told(start: Start, parts: list[Callable[[Start], Iterator[str]]]) -> Iterator[str]:
    """The page, line by line."""
    yield "# Speed"
    yield ""
    yield "Made by `make bench`, on one machine; ratios carry over to others better than seconds do."
    yield ""
    yield from machine()
    for part in parts:
        yield ""
        yield from part(start)


def machine() -> Iterator[str]:
    """What it was measured on."""
    known = Path("/proc/cpuinfo")
    lines = known.read_text(encoding="utf-8").splitlines() if known.exists() else []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    wide = "AVX-512" if any("avx512f" in line for line in lines) else "no AVX-512"
    versions = ", ".join(f"{name} {version(name)}" for name in ("ceasefire", "jax", "numpy"))
    yield f"Processor: {next(models, platform.machine())}, {os.cpu_count()} cores, {wide}."
    yield f"{platform.system()}, Python {platform.python_version()}, {versions}, {native.compiler()}."
    yield f"Measured on {dt.date.today()}, {jax.default_backend()} only."


def told_of_step(start: Start) -> Iterator[str]:
    """The front and attrition step against others."""
    case, weeks = cases.of_war(start, seed=1), 26
    yield "## The front and attrition step"
    yield ""
    yield f"One chunk of {case.runs} wars on {len(start.theatre):,} cells, noise included, one core. Each pair is timed"
    yield "in one process, one after the other, in processor time; what the step takes from the rest of the war is"
    yield "recorded from its first week. Ratio: the other's time over the model's; at .5 the model takes twice as long."
    yield ""
    yield from table(
        "against", "ratio, median", "quartiles", "pairs", "the other's work", "model, µs a run-week", "the other"
    )
    agreed = {}
    for found in compared(case, weeks):
        if found is None:
            yield "| Mesa 3 | left out: it is not installed | | | | | |"
            continue
        ratio, agreed[found[0].name] = found
        low, middle, high = (f"{value:,.0f}" if value >= 100 else f"{value:.2f}" for value in ratio.quartiles)
        times = f"{1e6 * ratio.model:.1f} | {1e6 * ratio.other:,.1f}"
        yield f"| {ratio.name} | {middle} | {low} to {high} | {len(ratio.pairs)} | {ratio.work} | {times} |"
    yield ""
    yield f"Largest relative difference from the model after {weeks} weeks (Mesa: 2), over all runs, axes, cells and"
    yield "items; of less than 1 km², person, piece or cell, the difference itself. Each has the equations anew, on the"
    yield "same luck."
    yield ""
    yield from table("", *PLACES.values())
    for name, difference in agreed.items():
        yield f"| {name} | {' | '.join(f'{difference[place]:.0e}' for place in PLACES)} |"
    yield ""
    yield from told_of_bounds(case, weeks)


def compared(case: cases.Case, weeks: int) -> Iterator[tuple[compare.Ratio, dict[str, float]] | None]:
    """Every comparison."""
    try:
        yield compare.with_c(case, weeks, pairs=15)
    except native.MissingCompilerError as missing:
        print(f"left out: {missing}")
    yield compare.with_numpy(case, weeks, pairs=3)
    yield compare.with_mesa(case, weeks, pairs=3)


def told_of_bounds(case: cases.Case, weeks: int) -> Iterator[str]:
    """What bounds the C reference."""
    most, phases, share = compare.bounds(case, weeks)
    whole = sum(phase.seconds for phase in phases)
    yield "### What bounds the C reference"
    yield ""
    yield f"Built with {' '.join(native.FLAGS[:4])}; exp and log are own series, good to 3e-7."
    yield f"Measured on this core, a second: {most.flops / 1e9:.0f} billion multiplies and adds (not fused),"
    yield f"{most.whole / 1e9:.0f} billion operations on whole numbers, {most.divisions / 1e9:.0f} billion divisions,"
    yield f"{most.moved / 1e9:.0f} GB copied in the last level of cache. The reference reaches {share:.2f} of the"
    yield "peak of multiplies and adds. Work is counted by hand in `benchmarks/step.c`, for each cell in reach (where"
    yield "momentum fades, of the whole map), side and run. Limit: its time at those rates, one kind after the other."
    yield ""
    yield from table(
        *(
            "part",
            "ms a week",
            "share",
            "flops",
            "whole, choices",
            "divisions",
            "bytes",
            "of peak flops",
            "limit / time",
        )
    )
    for phase in phases:
        work, rate = phase.work, phase.work.flops * phase.numbers / phase.seconds / most.flops
        counts = " | ".join(f"{each:.0f}" for each in work) if any(work) else "| | |"
        bound = f"{rate:.2f} | {phase.least / phase.seconds:.2f}" if any(work) else "| "
        yield f"| {PARTS[phase.phase]} | {1e3 * phase.seconds:.3f} | {phase.seconds / whole:.2f} | {counts} | {bound} |"
    counted = [phase for phase in phases if any(phase.work)]
    least = sum(phase.least for phase in counted)
    yield ""
    spent = sum(phase.seconds for phase in counted)
    yield f"In all {1e3 * whole:.2f} ms a week of the chunk; what is counted takes {1e3 * spent:.2f} ms of it,"
    yield f"at those rates {1e3 * least:.2f} ms."


def told_of_wars(start: Start, *, many: bool) -> Iterator[str]:
    """Whole wars."""
    yield "## Whole wars"
    yield ""
    yield f"`{SCENARIO}`, every subsystem. A fresh process up to its first result, seconds:"
    yield ""
    warm = throughput.first_result(SCENARIO, cold=False)
    cold = throughput.first_result(SCENARIO, cold=True)
    yield from table("step", "compiled before", "nothing compiled")
    for name, spent in warm.items():
        yield f"| {name} | {spent:.2f} | {cold[name]:.2f} |"
    yield ""
    yield "Warm, in wall time and processor time; the workers are threads of one process."
    yield ""
    yield from table(
        *(
            "cells",
            "runs",
            "weeks",
            "workers",
            "s",
            "processor s",
            "million runs × weeks × cells a second",
            "µs a run-week",
        )
    )
    for speed in speeds(start, many=many):
        yield (
            f"| {speed.cells:,} | {speed.runs:,} | {speed.weeks} | {speed.workers} | {speed.seconds:.2f} | "
            f"{speed.processor:.2f} | {speed.rate / 1e6:.0f} | {1e6 * speed.processor / speed.runs / speed.weeks:.0f} |"
        )
    yield ""
    yield f"Most memory held by the process that measured: {throughput.peak_memory():.1f} GiB."


def speeds(start: Start, *, many: bool) -> Iterator[throughput.Speed]:
    """By cells, by runs and by workers, and the whole job."""
    for cells in (1000, 4000, 12_000, len(start.theatre)):
        yield throughput.measure(throughput.fewer_cells(start, cells), runs=256, weeks=13, workers=1)
    for runs in (100, 1000, 10_000, *((100_000, 1_000_000) if many else ())):
        yield throughput.measure(start, runs=runs, weeks=13, workers=2)
    for workers in (1, 2):
        yield throughput.measure(start, runs=2000, weeks=52, workers=workers)


def table(*heads: str) -> Iterator[str]:
    """The head of a table."""
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"


if __name__ == "__main__":
    main()
