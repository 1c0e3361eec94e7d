"""Assimilate: weeks of evidence update an ensemble of wars that is under way, instead of opening them again.

`assimilate` opens a war on one day and takes in what was published up to another, week by week: the map, claims,
reports (`assimilation/cycle.py` says how). Before anything of a week is looked at, its forecast is written down; with
it that of the same runs left alone since the opening, and that of a local level on the same record. Each week sees the
evidence as it stood on its Saturday, so that nothing later matters.

The updated ensemble goes on from there (`Assimilated.forecast`). It is not the only way to a forecast on that day: a
war can be opened on it, which reads the whole record anew with exact filters for tempo, losses and polls, and knows
talks and elections announced since. Assimilation keeps what an opening forgets: stocks as they were run down, money,
what was broken, who was exhausted. From two days of autumn 2025 the war opened anew forecast area and losses eight
weeks ahead better: for those, open it anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ceasefire.evidence.error import CeasefireError
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario.spec import Scenario
from ceasefire.scenario.start import Start, open_war
from ceasefire.simulate import ensemble as many
from ceasefire.simulate import training
from ceasefire.simulate.cache import keep_compiled
from ceasefire.simulate.ensemble import Ensemble
from ceasefire.simulate.pool import Workers, worked
from ceasefire.simulate.run import CHUNK, Chunk, Engine
from ceasefire.study.assimilation.cycle import Cycle, Standing, Step, Week
from ceasefire.study.assimilation.score import LOCAL_LEVEL, Score, local_level, scored
from ceasefire.study.assimilation.seen import WEEK, Watch, levels
from ceasefire.study.forecast import opened

FloatArray = NDArray[np.float64]

RUNS = 256
MOST_RUNS = 8192
MOST_WEEKS = 104
ASSIMILATED, FREE = "assimilated", "free"
MEMBERS = (ASSIMILATED, FREE, LOCAL_LEVEL)
"""Who forecasts: wars that take in each week, the same left alone since the opening, plain statistics."""


class AssimilationError(CeasefireError):
    """Evidence cannot be taken in as asked."""


@dataclass(frozen=True)
class Row:
    """One number of one week: what came, and who had said what a week before."""

    day: str
    target: str
    """`area_total`, `area_<axis>` (change in the week, km²) or `loss_<claim>` (claimed in the week)."""
    observed: float
    by: dict[str, Score]
    """By member."""


@dataclass(frozen=True)
class Assimilated:
    """An ensemble that has taken in some weeks of evidence, and how good its forecasts of them were."""

    start: Start
    """The opening."""
    until: str
    seed: int
    rows: tuple[Row, ...]
    steps: tuple[tuple[str, Step], ...]
    """By day."""
    cycle: Cycle
    standing: Standing
    vintage: Vintage
    """The evidence as it stood on the last day."""

    @cached_property
    def even(self) -> Standing:
        """The updated ensemble, resampled to runs of equal weight."""
        return self.cycle.resampled(self.standing) if np.ptp(self.standing.weight) > 0 else self.standing

    def forecast(self, weeks: int) -> Ensemble:
        """The wars fought on for `weeks` from the last day, as an ensemble that opens on it.

        Its numbers are those of `study.forecast.dataset`. What runs hold beyond a map that lags is not told as area.
        Raises `RequestError` for weeks that make no sense.
        """
        runs, even = self.standing.runs, self.even
        many.check(runs, weeks, self.seed)
        engine = Engine(self.start, weeks=weeks, seed=self.seed)
        asked = np.arange(self.cycle.slots) < runs
        chunks = [slice(first, first + CHUNK) for first in range(0, self.cycle.slots, CHUNK)]

        def work(index: int) -> Chunk:
            at = chunks[index]
            return engine.onward(self.cycle.wars(even, at), even.week, asked[at])

        done = dict(worked(work, len(chunks), self.cycle.workers))
        parts = [done[index] for index in range(len(chunks))]
        return Ensemble(
            start=self.opened_now(),
            seed=self.seed,
            weeks=weeks,
            series={n: np.concatenate([part.series[n] for part in parts], axis=-1) for n in parts[0].series},
            control=np.sum([part.control for part in parts], axis=0, dtype=np.int32),
            ok=np.concatenate([part.ok for part in parts]) & even.ok[:runs],
            area_error=np.concatenate([part.area_error for part in parts]),
            drawn={name: values[..., :runs] for name, values in even.drawn.items()},
        )

    def opened_now(self) -> Start:
        """The opening's start with the map, the areas, the season and the evidence of the last day."""
        start, theatre, number = self.start, self.start.theatre, self.standing.week
        day = theatre.dates[-1] + number * WEEK
        gain = self.standing.settled.astype(np.float64) - theatre.opening_share
        moved = np.bincount(theatre.axis, gain * theatre.area, len(theatre.axes))
        area = np.array([levels(self.vintage, f"area.{axis}").get(day, np.nan) for axis in theatre.axes])
        return replace(
            start,
            scenario=start.scenario.on(dt.date.fromisoformat(self.until)),
            theatre=replace(
                theatre,
                share=np.concatenate([theatre.share, self.standing.map[None]]),
                opening_share=self.standing.settled,
                dates=np.append(theatre.dates, day),
            ),
            momentum=self.standing.momentum,
            area=np.where(np.isfinite(area), area, start.area + moved),
            collection=np.roll(start.collection, -number, axis=1),
            evidence_hash=self.vintage.hash,
            evidence_as_of=self.until,
        )

    def mean(self, family: str, member: str) -> tuple[float, float]:
        """Mean CRPS and mean log score of a member over the rows whose target begins so."""
        listed = [row.by[member] for row in self.rows if row.target.startswith(family) and member in row.by]
        if not listed:
            return float("nan"), float("nan")
        return float(np.mean([one.crps for one in listed])), float(np.mean([one.log for one in listed]))

    def transforms(self, family: str, member: str) -> FloatArray:
        """Probability transforms of a member."""
        found = [row.by[member].pit for row in self.rows if row.target.startswith(family) and member in row.by]
        return np.array(found)


def assimilate(
    scenario: str | Path | Scenario,
    *,
    since: str | dt.date,
    until: str | dt.date,
    runs: int = RUNS,
    seed: int = 1,
    evidence: str | Path | None = None,
    workers: Workers = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Assimilated:
    """Open a scenario's war on the day `since` and take in what was published up to the day `until`, weeks later.

    Deterministic; the same bits for any number of workers. Raises `CeasefireError` with what was asked, what was found
    and what would do.
    """
    many.check(runs, 1, seed, workers)
    if not 8 <= runs <= MOST_RUNS:
        raise AssimilationError(f"{runs} runs were asked for; from 8 to {MOST_RUNS:,} can be filtered together")
    asked, store = opened(scenario, since), Store.open(evidence)
    start = open_war(asked, Vintage(store, asked.opening))
    weeks = _weeks(start, until)
    keep_compiled()
    start = training.ensured(start, workers=workers)
    cycle, watch = Cycle(start, runs=runs, seed=seed, workers=workers), Watch(store, start)
    standing = free = cycle.opened()
    rows: list[Row] = []
    steps: list[tuple[str, Step]] = []
    for number in range(1, weeks + 1):
        day = watch.first + number * WEEK
        before, now = Vintage(store, day - WEEK), Vintage(store, day)
        (standing, week), (free, alone) = cycle.week(standing), cycle.week(free)
        said = {ASSIMILATED: _said(cycle, standing, week), FREE: _said(cycle, free, alone)}
        rows += _rows(start, said, before, now, day, seed=seed, number=number)
        standing, step = cycle.update(standing, week, watch.seen(number))
        free = cycle.unseen(free)
        steps.append((str(day), step))
        if on_progress:
            on_progress(number, weeks)
    last = str(watch.first + weeks * WEEK)
    return Assimilated(start, last, seed, tuple(rows), tuple(steps), cycle, standing, Vintage(store, last))


def _weeks(start: Start, until: str | dt.date) -> int:
    """Weeks between the map of the opening and the last day."""
    try:
        last = np.datetime64(dt.date.fromisoformat(until) if isinstance(until, str) else until, "D")
    except ValueError:
        raise AssimilationError(f"{until!r} is not a date; YYYY-MM-DD is needed") from None
    first = start.theatre.dates[-1]
    days = int((last - first) / np.timedelta64(1, "D"))
    if days < 7 or days % 7 or days > 7 * MOST_WEEKS:
        near = first + max(7, min(7 * round(days / 7), 7 * MOST_WEEKS)) * np.timedelta64(1, "D")
        raise AssimilationError(
            f"evidence is taken in by whole weeks from {first}, the map of the opening, {MOST_WEEKS} at most; "
            f"{last} is {days} days after it, {near} would do"
        )
    return days // 7


def _said(cycle: Cycle, standing: Standing, week: Week) -> tuple[FloatArray, FloatArray, FloatArray]:
    """What runs expect of the week's map [axis, run] and claims [claim, run], and their weights."""
    return cycle.mapped_change(standing), cycle.claimed(standing, week, 0), standing.weight


def _rows(
    start: Start,
    said: dict[str, tuple[FloatArray, FloatArray, FloatArray]],
    before: Vintage,
    now: Vintage,
    day: np.datetime64,
    *,
    seed: int,
    number: int,
) -> Iterator[Row]:
    """Every target of the week that was observed."""
    axes, claims, prefix = start.labels["axis"], start.labels["claim"], start.scenario.war.sides[0].claims
    listed = [("area_total", "area.total", 0, slice(None))]
    listed += [(f"area_{axis}", f"area.{axis}", 0, slice(k, k + 1)) for k, axis in enumerate(axes)]
    if prefix:
        listed += [(f"loss_{claim}", f"{prefix}.{claim}", 1, slice(k, k + 1)) for k, claim in enumerate(claims)]
    for target, series, kind, at in listed:
        told = levels(now, series)
        observed = told.get(day, np.nan) - told.get(day - WEEK, np.nan)
        record = _increments(levels(before, series))
        if not np.isfinite(observed) or not len(record):
            continue
        scale = float(record.std()) or 1.0
        runs = len(said[ASSIMILATED][2])
        by = {
            member: scored(told[kind][at].sum(axis=0), told[2], float(observed), scale) for member, told in said.items()
        }
        plain = local_level(record, target, runs=runs, seed=seed, week=number)
        by[LOCAL_LEVEL] = scored(plain, np.full(runs, 1 / runs), float(observed), scale)
        yield Row(str(day), target, float(observed), by)


def _increments(told: dict[np.datetime64, float]) -> FloatArray:
    """Changes between successive observed levels, oldest first."""
    return np.diff(np.array([told[day] for day in sorted(told)], dtype=np.float64))
