"""Ablate: what each coupling of the model is good for, by taking it out.

A coupling is an exponent or a slope by which one quantity acts on another, relative to the opening; at 0 the effect
goes on as if its cause stayed what it was. Each in turn is set to 0 in all weeks and the same wars are fought again
with the same luck. Told are what taking it out changes in the headline forecast (`whatif.py`), and what it does to the
score on past days: the continuous ranked probability score (CRPS) of the change of the total mapped area and of the
first side's claimed losses of people. For each origin

    s = mean over targets and horizons of (CRPS without − CRPS with) / (mean CRPS with, over origins),

so that s > 0 means that forecasts are worse without the coupling; the verdict comes from the mean of s and its 95 %
interval by Student's t over origins. Origins that share their weeks are not independent, which makes the interval too
narrow; few origins make it wide. A coupling whose interval holds 0, or whose rise is below half a percent, has not
earned its place in the backtest; of forty couplings that do nothing, two would seem to by luck.

Left out: couplings taken out two at a time, parameters fitted again without the coupling.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from ceasefire.evidence.error import suggestion
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.model.declare import Variable
from ceasefire.scenario import decree
from ceasefire.scenario.decree import DecreeError, Schedule
from ceasefire.scenario.spec import PERSONNEL, Scenario, ScenarioError
from ceasefire.scenario.start import Start, open_war, variables
from ceasefire.simulate import ensemble as many
from ceasefire.simulate.cache import keep_compiled
from ceasefire.simulate.ensemble import Ensemble
from ceasefire.simulate.pool import Workers, worked
from ceasefire.simulate.result import VERSION
from ceasefire.simulate.run import CHUNK, Chunk, Engine
from ceasefire.study.backtest import changes, origins_between
from ceasefire.study.forecast import opened
from ceasefire.study.score import crps
from ceasefire.study.scoreboard import observed_levels
from ceasefire.study.whatif import Comparison, Effect, Gathered, check_runs, compare

FORMAT = 1
RUNS, DRAWS = 128, 128
ORIGINS, EVERY = "2025-01-04..2025-08-02", "10w"
HORIZONS = (4, 13, 26)
"""Weeks ahead that are scored."""
TOLD = (4, 13, 26, 52)
"""Weeks at which the headline is told."""
LEAST = 0.005
"""A smaller rise of CRPS is told as no difference, however sure; an arbitrary choice."""
TARGETS = ("area_total", f"loss_{PERSONNEL}")
HELPS, NO_DIFFERENCE, HURTS, NOTHING, NOT_SCORED = (
    "helps",
    "no difference seen",
    "hurts",
    "does nothing",
    "not scored",
)
VERDICTS = (HELPS, HURTS, NO_DIFFERENCE, NOTHING, NOT_SCORED)

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Share:
    """A mean with its 95 % interval over origins."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Removed:
    """A coupling, and what taking it out does."""

    name: str
    cause: str
    effect: str
    doc: str
    headline: Comparison
    """With all couplings (`baseline`) and without this one (`treated`), week by week."""
    score: Share | None
    """Relative rise of CRPS without it; None where nothing was scored."""
    scores: tuple[dict[str, Any], ...]
    """CRPS with and without by target and horizon, means over origins."""
    verdict: str

    def at(self, week: int) -> tuple[Effect, ...]:
        """The headline at one week."""
        return tuple(self.headline.effect(row, week) for row in range(len(self.headline.outputs)))


@dataclass(frozen=True)
class Ablation:
    """Every coupling, those first that earn most."""

    scenario: str
    title: str
    opening: str
    weeks: int
    runs: int
    origins: tuple[str, ...]
    draws: int
    seed: int
    version: str
    evidence_hash: str
    removed: tuple[Removed, ...]


def couplings(start: Start, match: str = "") -> tuple[Variable, ...]:
    """Every coupling of the model whose name contains `match`. Raises `DecreeError` where there is none."""
    reached = {place.name for place in decree.places(start)}
    found = [v for name, v in variables().items() if v.coupling is not None and name in reached]
    chosen = tuple(v for v in found if match.casefold() in v.name.casefold())
    if not chosen:
        near = suggestion(match, [v.name for v in found])
        raise DecreeError(f"no coupling contains {decree.printable(match)!r}{near}")
    return chosen


def without(start: Start, weeks: int, coupling: Variable) -> Schedule:
    """The coupling taken out for good."""
    return decree.schedule(start, weeks, [f"{coupling.name}=0"])


def ablate(
    scenario: str | Path | Scenario = "alaska-2025-08",
    *,
    match: str = "",
    runs: int = RUNS,
    weeks: int = 52,
    origins: str | None = ORIGINS,
    every: str = EVERY,
    draws: int = DRAWS,
    seed: int = 1,
    evidence: str | Path | None = None,
    workers: Workers = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Ablation:
    """Take every coupling out in turn; `origins` None leaves the backtest out. Progress is told in chunks of wars.

    Raises `CeasefireError` with what was asked, what was found and what would do.
    """
    check_runs(runs)
    check_runs(draws)
    many.check(runs, weeks, seed, workers)
    many.check(draws, max(HORIZONS), seed, workers)
    days = origins_between(origins, every) if origins is not None else ()
    asked = opened(scenario)
    store = Store.open(evidence)
    start = open_war(asked, Vintage(store, asked.opening))
    chosen = couplings(start, match)
    starts = [_opened(asked, store, day) for day in days]
    observed = _observed(store, days)
    keep_compiled()
    removed = taken_out(
        start,
        chosen,
        starts,
        observed,
        runs=runs,
        weeks=weeks,
        draws=draws,
        seed=seed,
        workers=workers,
        on_progress=on_progress,
    )
    return Ablation(
        scenario=asked.id,
        title=asked.title,
        opening=str(asked.opening),
        weeks=weeks,
        runs=runs,
        origins=days,
        draws=draws,
        seed=seed,
        version=VERSION,
        evidence_hash=start.evidence_hash,
        removed=removed,
    )


def taken_out(
    start: Start,
    chosen: Sequence[Variable],
    starts: Sequence[Start],
    observed: FloatArray,
    *,
    runs: int,
    weeks: int,
    draws: int,
    seed: int = 1,
    workers: Workers = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> tuple[Removed, ...]:
    """Take couplings out of wars that are opened already; `observed` is [origin, target, horizon] for `starts`."""
    ticks = _Ticks(on_progress, -(-runs // CHUNK) + len(starts) * -(-draws // CHUNK))
    found = compare(
        start,
        [without(start, weeks, coupling) for coupling in chosen],
        runs=runs,
        weeks=weeks,
        seed=seed,
        workers=workers,
        everything=False,
        on_chunk=lambda done, known: ticks.tick(),
    )
    scored = [_scores(each, chosen, draws, seed, workers, ticks.tick) for each in starts]
    told = [_removed(coupling, found[k], scored, observed, k + 1) for k, coupling in enumerate(chosen)]
    return tuple(sorted(told, key=_order))


def _order(removed: Removed) -> tuple[int, float, str]:
    rise = removed.score.value if removed.score is not None else 0.0
    moved = float(removed.headline.strength.max())
    return VERDICTS.index(removed.verdict), -rise if removed.score is not None else -moved, removed.name


class _Ticks:
    """Progress in chunks."""

    def __init__(self, tell: Callable[[int, int], None] | None, total: int) -> None:
        self.tell, self.total, self.done = tell, total, 0

    def tick(self) -> None:
        self.done += 1
        if self.tell:
            self.tell(self.done, self.total)


# ----------------------------------------------------------------------------------------------------------- past days


def _opened(scenario: Scenario, store: Store, day: str) -> Start:
    return open_war(scenario.on(dt.date.fromisoformat(day)), Vintage(store, day))


def _observed(store: Store, days: Sequence[str]) -> FloatArray:
    """Change of each target from each origin on, [origin, target, horizon]; NaN where it is not known."""
    levels = observed_levels(store, TARGETS) if days else {}
    found = np.full((len(days), len(TARGETS), len(HORIZONS)), np.nan)
    for t, target in enumerate(TARGETS if days else ()):
        level = dict(zip(*levels[target], strict=True))
        for o, day in enumerate(days):
            for h, horizon in enumerate(HORIZONS):
                origin = np.datetime64(day)
                later = level.get(origin + np.timedelta64(7 * horizon, "D"), np.nan)
                found[o, t, h] = later - level.get(origin, np.nan)
    if len(days) and not np.isfinite(found).any():
        raise ScenarioError(f"nothing is known of what followed the origins {days[0]} to {days[-1]}; name earlier ones")
    return found


def _scores(
    start: Start, chosen: Sequence[Variable], draws: int, seed: int, workers: Workers, tick: Callable[[], None]
) -> FloatArray:
    """Draws of the change of each target from one origin, with all couplings and without each, [1 + k, t, h, draw]."""
    weeks = max(HORIZONS)
    engine = Engine(start, weeks=weeks, seed=seed)
    schedules = (engine.nothing, *(without(start, weeks, coupling) for coupling in chosen))

    def work(number: int) -> FloatArray:
        return np.stack(
            [_changes(start, seed, weeks, number, chunk) for chunk in engine.chunks(number, draws, schedules)]
        )

    parts = {}
    for number, part in worked(work, -(-draws // CHUNK), workers):
        parts[number] = part
        tick()
    return np.concatenate([parts[number] for number in sorted(parts)], axis=-1)


def _changes(start: Start, seed: int, weeks: int, number: int, chunk: Chunk) -> FloatArray:
    """[target, horizon, run]; NaN for a target that the record does not follow."""
    alone = Ensemble(start, seed, weeks, chunk.series, chunk.control, chunk.ok, chunk.area_error, number * CHUNK)
    targets, change = changes(alone, HORIZONS)
    missing = np.full(change.shape[1:], np.nan)
    return np.stack([change[targets.index(target)] if target in targets else missing for target in TARGETS])


def _removed(
    coupling: Variable,
    gathered: Gathered,
    scored: Sequence[FloatArray],
    observed: FloatArray,
    row: int,
) -> Removed:
    assert coupling.coupling is not None
    headline = gathered.headline.comparison()
    pairs = [_paired(draws[0], draws[row], observed[o]) for o, draws in enumerate(scored)]
    whole, other = (np.array([pair[k] for pair in pairs]) for k in (0, 1))
    score = rise(whole, other) if scored else None
    told = _by_target(whole, other) if scored else ()
    same = not headline.moved.any() and (not scored or bool(np.array_equal(whole, other, equal_nan=True)))
    return Removed(
        coupling.name, *coupling.coupling, coupling.doc, headline, score, told, NOTHING if same else verdict(score)
    )


def _paired(whole: FloatArray, other: FloatArray, observed: FloatArray) -> tuple[FloatArray, FloatArray]:
    """CRPS [target, horizon] of two sets of draws, over the runs that stayed finite in both."""
    followed = np.isfinite(whole).any(axis=(1, 2)) & np.isfinite(other).any(axis=(1, 2))
    fine = np.isfinite(whole[followed]).all(axis=(0, 1)) & np.isfinite(other[followed]).all(axis=(0, 1))
    return crps(whole[..., fine], observed), crps(other[..., fine], observed)


def rise(whole: FloatArray, other: FloatArray) -> Share:
    """Relative rise of a score [origin, target, horizon] without the coupling, with its interval over origins."""
    known = np.isfinite(whole) & np.isfinite(other)
    with np.errstate(invalid="ignore", divide="ignore"):
        usual = np.where(known, whole, 0.0).sum(axis=0) / known.sum(axis=0)
        relative = np.where(known & (usual > 0), (other - whole) / usual, np.nan)
    by_origin = np.array([np.nanmean(each) for each in relative if np.isfinite(each).any()])
    number = len(by_origin)
    if not number:
        return Share(math.nan, math.nan, math.nan)
    middle = float(by_origin.mean())
    if number < 2:
        return Share(middle, math.nan, math.nan)
    half = float(student.ppf(0.975, number - 1) * by_origin.std(ddof=1) / math.sqrt(number))
    return Share(middle, middle - half, middle + half)


def verdict(score: Share | None) -> str:
    """What a rise of the score without the coupling says of it."""
    if score is None or math.isnan(score.value):
        return NOT_SCORED
    if abs(score.value) < LEAST or not (score.low > 0 or score.high < 0):
        return NO_DIFFERENCE
    return HELPS if score.value > 0 else HURTS


def _by_target(whole: FloatArray, other: FloatArray) -> tuple[dict[str, Any], ...]:
    rows = []
    for t, target in enumerate(TARGETS):
        for h, horizon in enumerate(HORIZONS):
            known = np.isfinite(whole[:, t, h]) & np.isfinite(other[:, t, h])
            if known.any():
                here, there = (float(scores[known, t, h].mean()) for scores in (whole, other))
                rows.append(
                    {"target": target, "weeks": horizon, "origins": int(known.sum()), "with": here, "without": there}
                )
    return tuple(rows)


# ---------------------------------------------------------------------------------------------------------------- JSON


def told_weeks(weeks: int) -> tuple[int, ...]:
    """Weeks at which the headline is told."""
    return (*(week for week in TOLD if week < weeks), weeks)


def to_json(found: Ablation) -> str:
    """The whole ablation."""
    told = {
        "format": FORMAT,
        **{key: value for key, value in vars(found).items() if key != "removed"},
        "interval": 0.95,
        "couplings": [_row(removed, found.weeks) for removed in found.removed],
    }
    return json.dumps(told, ensure_ascii=False, indent=1, allow_nan=False)


def _row(removed: Removed, weeks: int) -> dict[str, Any]:
    headline = [
        {
            **asdict(output),
            "effects": [_finite(asdict(removed.headline.effect(row, week))) for week in told_weeks(weeks)],
        }
        for row, output in enumerate(removed.headline.outputs)
    ]
    return {
        "name": removed.name,
        "cause": removed.cause,
        "effect": removed.effect,
        "doc": removed.doc,
        "verdict": removed.verdict,
        "rise_of_crps_without": None if removed.score is None else _finite(asdict(removed.score)),
        "scores": list(removed.scores),
        "headline_without": headline,
    }


def _finite(numbers: dict[str, float]) -> dict[str, float | None]:
    return {key: value if math.isfinite(value) else None for key, value in numbers.items()}
