"""Stream: forecast up to ten million wars in a memory that does not grow with them.

Each part of the work is some chunks of wars, of which nothing is kept but whole numbers: sums and counts between fixed
edges of the headline numbers in each week, how and when wars end, on which terms, and who holds each cell. Parts are
added up in whatever order they come, so that the result is the same to the last bit whoever works on what. Quantiles
are right to a width of their bin, 2 to 3 % of their size or, for the ground held, of its change (`tally.py`); all else
is exact. Where the series of every war are wanted, each part writes them to its region of an array on disk.

Left out: what needs all runs side by side: the report, replays, claims as they would be reported.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.model.bargaining import CEASEFIRE, PHASES, SETTLEMENT
from ceasefire.scenario.spec import Scenario
from ceasefire.scenario.start import Start, open_war
from ceasefire.simulate import ensemble as many
from ceasefire.simulate import training
from ceasefire.simulate.cache import keep_compiled
from ceasefire.simulate.pool import Workers, worked
from ceasefire.simulate.result import VERSION, fingerprint
from ceasefire.simulate.run import CHUNK, Chunk, Engine
from ceasefire.study.forecast import ending_of, opened
from ceasefire.study.measure import CHANCES, Measure, headline_measures, measured
from ceasefire.study.tally import EDGES, Counts, FloatArray, Histogram, Sum

TASK = 512
"""Runs of a part; changes no bit."""
MOST_TASK = 2**20
LEVELS = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
SERIES = (
    "front.taken",
    "front.ceded",
    "attrition.casualties",
    "attrition.killed",
    "attrition.lost",
    "bargaining.phase",
    "bargaining.zone",
    "bargaining.package",
    "resolve.least",
)
"""What is looked at of a war."""


@dataclass
class Streamed:
    """What is known of some wars: whole numbers only."""

    runs: int
    failed: int
    sums: Sum
    """Headline outputs, [output, week]."""
    counts: Histogram
    endings: Counts
    """Wars by kind and week of their first ending, [ending, week]; week 0 where none came."""
    packages: Counts
    """Wars by the package that first ended them, [package]."""
    control: Counts
    """Wars in which the first side holds at least half of a cell, [week, cell], the opening first."""

    @classmethod
    def zero(cls, outputs: int, weeks: int, packages: int, cells: int) -> Streamed:
        """No wars yet."""
        endings, signed = np.zeros((len(PHASES), weeks + 1), np.int64), np.zeros(packages, np.int64)
        control = np.zeros((weeks + 1, cells), np.int64)
        return cls(0, 0, Sum.zero(outputs, weeks), Histogram.zero(outputs, weeks), endings, signed, control)

    def merge(self, other: Streamed) -> None:
        """Take in other wars."""
        self.runs += other.runs
        self.failed += other.failed
        self.sums.merge(other.sums)
        self.counts.merge(other.counts)
        self.endings += other.endings
        self.packages += other.packages
        self.control += other.control

    def take(self, chunk: Chunk, asked: tuple[Measure, ...], opening: FloatArray) -> FloatArray:
        """Take in a chunk; wars that broke are counted and left out. Returns its outputs, [output, week, run].

        Counts are of what changed since the `opening` [output]; `control` is of all wars, broken ones too.
        """
        fine = chunk.ok
        every = measured(chunk.series, asked, range(1, self.sums.limbs.shape[-1] + 1))
        values = every[..., fine]
        self.runs += int(fine.sum())
        self.failed += int((~fine).sum())
        self.sums.add(values)
        self.counts.add(values - opening[:, None, None])
        phase = chunk.series["bargaining.phase"][:, fine]
        kind, week = ending_of(phase)
        np.add.at(self.endings, (kind, week), 1)
        signed = np.flatnonzero(np.isin(kind, (CEASEFIRE, SETTLEMENT)))
        package = chunk.series["bargaining.package"][:, fine][week[signed], signed]
        np.add.at(self.packages, package.astype(int) - 1, 1)
        self.control += chunk.control
        return every


def stream(
    scenario: str | Path | Scenario,
    *,
    runs: int,
    weeks: int = 52,
    seed: int = 1,
    on: str | dt.date | None = None,
    evidence: str | Path | None = None,
    workers: Workers = None,
    task: int = TASK,
    series: Path | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> xr.Dataset:
    """Forecast a scenario with up to 10 million runs; `task` runs are a part of the work.

    `series` is a folder for an array of the headline outputs of every war, [output, week, run].

    Returns means and quantiles of the headline numbers, endings, packages and control by week. Raises `CeasefireError`
    with what was asked, what was found and what would do.
    """
    many.check(runs, weeks, seed, workers)
    check_task(task)
    asked = opened(scenario, on)
    start = open_war(asked, Vintage(Store.open(evidence), asked.opening))
    keep_compiled()
    start = training.ensured(start, workers=workers)
    found = of_start(
        start, runs=runs, weeks=weeks, seed=seed, workers=workers, task=task, series=series, on_progress=on_progress
    )
    return dataset(start, found, weeks=weeks, seed=seed)


def check_task(task: int) -> None:
    """Raise `RequestError` for a size of parts that makes no sense."""
    if not 1 <= task <= MOST_TASK:
        raise many.RequestError(f"parts of {task} runs were asked for; from 1 to {MOST_TASK} make sense")


def of_start(
    start: Start,
    *,
    runs: int,
    weeks: int,
    seed: int,
    workers: Workers = None,
    task: int = TASK,
    series: Path | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Streamed:
    """Fight so many wars of an opening, and add up what they say; `series` as in `stream`."""
    asked, opening = headline_measures(start), opening_of(start)
    engine = Engine(start, weeks=weeks, seed=seed, keep=SERIES)
    chunks, together = -(-runs // CHUNK), -(-task // CHUNK)

    def nothing() -> Streamed:
        outputs = sum(len(measure.outputs) for measure in asked)
        return Streamed.zero(outputs, weeks, len(start.agenda.package), len(start.theatre))

    def work(number: int) -> Part:
        found, values = nothing(), []
        for chunk in range(number * together, min((number + 1) * together, chunks)):
            told = found.take(engine.chunk(chunk, runs), asked, opening)
            if series is not None:
                values.append(told.astype(np.float32))
        return Part(found, np.concatenate(values, axis=-1) if values else None)

    whole = nothing()
    kept = _array(series, whole, runs, together * CHUNK) if series is not None else None
    stage = f"streamed-{together}" + ("-series" if kept is not None else "")
    for number, part in worked(work, -(-chunks // together), workers, stage):
        whole.merge(part.found)
        if kept is not None:
            first = number * together * CHUNK
            kept[..., first : min(first + together * CHUNK, runs)] = part.values
        if on_progress:
            on_progress(whole.runs + whole.failed, runs)
    return whole


@dataclass
class Part:
    """What one part of the work says."""

    found: Streamed
    values: NDArray[np.float32] | None
    """Headline outputs of every war, [output, week, run], where they are wanted."""


def _array(folder: Path, like: Streamed, runs: int, width: int) -> Any:
    """An array on disk for the series of all runs; what a part of the work writes is a chunk of it."""
    import zarr

    outputs, weeks = like.sums.limbs.shape[1:]
    return zarr.create_array(
        folder, shape=(outputs, weeks, runs), chunks=(outputs, weeks, width), dtype="float32", fill_value=np.nan
    )


def opening_of(start: Start) -> FloatArray:
    """The headline outputs at the opening, [output]: the ground held, and nothing else that has begun."""
    outputs = [output for measure in headline_measures(start) for output in measure.outputs]
    return np.array([np.nan_to_num(start.area).sum() if output.name == "area" else 0.0 for output in outputs])


# ----------------------------------------------------------------------------------------------------------- the result

HORIZONS = (4, 13, 26, 52)


def dataset(start: Start, found: Streamed, *, weeks: int, seed: int) -> xr.Dataset:
    """What a stream says, labelled."""
    outputs = [output for measure in headline_measures(start) for output in measure.outputs]
    days = np.datetime64(start.theatre.dates[-1]) + np.arange(weeks + 1) * np.timedelta64(7, "D")
    mean, opening = (found.sums.value() / (found.runs or np.nan)).astype(np.float64), opening_of(start)
    quantile = found.counts.quantiles(LEVELS) + opening[:, None]
    return xr.Dataset(
        {
            "mean": (("output", "week"), mean, {"doc": "Mean over the wars."}),
            "quantile": (("level", "output", "week"), quantile, {"doc": "Quantiles, to 3 % of the change."}),
            "opening": (("output",), opening, {"doc": "What is counted from."}),
            "count": (("output", "week", "bin"), found.counts.counts, {"doc": "Wars by change, between the edges."}),
            "ending": (("kind", "ending_week"), found.endings, {"doc": "Wars by kind and week of their first ending."}),
            "package": (("package",), found.packages, {"doc": "Wars by the package that first ended them."}),
            "control": (
                ("map", "cell"),
                found.control,
                {"doc": "Wars, failed ones too, where the first side holds it."},
            ),
        },
        coords={
            "output": [output.key for output in outputs],
            "unit": ("output", [output.unit for output in outputs]),
            "meaning": ("output", [output.meaning for output in outputs]),
            "is_chance": ("output", [output.name in CHANCES for output in outputs]),
            "week": np.arange(1, weeks + 1),
            "date": ("week", days[1:].astype("datetime64[ns]")),
            "level": list(LEVELS),
            "edge": ("edge", EDGES),
            "kind": list(PHASES),
            "ending_week": np.arange(weeks + 1),
            "map": np.arange(weeks + 1),
            "cell": start.theatre.cell,
        },
        attrs={
            "scenario": start.scenario.id,
            "title": start.scenario.title,
            "opening": str(start.scenario.opening),
            "runs": found.runs + found.failed,
            "failed_runs": found.failed,
            "weeks": weeks,
            "seed": seed,
            "chunk": CHUNK,
            "version": VERSION,
            "fingerprint": fingerprint(start, runs=found.runs + found.failed, weeks=weeks, seed=seed),
            "evidence_hash": start.evidence_hash,
        },
    )


def told(result: xr.Dataset) -> dict[str, Any]:
    """What a streamed forecast says at some weeks, ready for JSON."""
    weeks = int(result.attrs["weeks"])
    at = [*(week for week in HORIZONS if week < weeks), weeks]
    runs = int(result["ending"].sum())
    ended = result["ending"].values[:, 1:].cumsum(axis=1)
    chances = result["is_chance"].values
    low, middle, high = (result["quantile"].sel(level=level).values for level in (0.05, 0.5, 0.95))
    return {
        **{name: result.attrs[name] for name in ("scenario", "title", "opening", "seed", "weeks", "version")},
        "runs": int(result.attrs["runs"]),
        "failed_runs": int(result.attrs["failed_runs"]),
        "at": [{"week": week, "date": str(result["date"].values[week - 1])[:10]} for week in at],
        "ended": [
            {"kind": str(kind), "share": [float(row[week - 1] / max(runs, 1)) for week in at]}
            for kind, row in zip(result["kind"].values, ended, strict=True)
            if row[-1]
        ],
        "outputs": [
            {
                "name": str(result["output"].values[row]),
                "meaning": str(result["meaning"].values[row]),
                "unit": str(result["unit"].values[row]),
                "is_chance": bool(result["is_chance"].values[row]),
                "mean": [float(result["mean"].values[row, week - 1]) for week in at],
                "low": [None if chances[row] else float(low[row, week - 1]) for week in at],
                "median": [None if chances[row] else float(middle[row, week - 1]) for week in at],
                "high": [None if chances[row] else float(high[row, week - 1]) for week in at],
            }
            for row in range(result.sizes["output"])
        ],
    }
