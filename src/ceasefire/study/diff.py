"""Diff: why two forecasts of one war differ: code, evidence, priors or luck.

Each forecast is f(evidence, priors, seed) of some version of the program: evidence E is what was known on the opening
day (a later opening belongs to it), priors P are the numbers of the war and of the scenario, s is the seed. With f the
program as it is now and A, B the two results as they were recorded:

    code      = [f(Ea, Pa, sa) − A] + [B − f(Eb, Pb, sb)]
    evidence  = f(Eb, Pa, sa) − f(Ea, Pa, sa)
    priors    = f(Eb, Pb, sa) − f(Eb, Pa, sa)
    luck      = f(Eb, Pb, sb) − f(Eb, Pb, sa)

They add up to B − A exactly. The order matters: with Pa and Pb taken first, the shares would differ. A step in which
nothing differs is not simulated and is exactly 0; a result of this very version is taken to be what it would give
again. All use the same number of runs: the first of those recorded, since a run is the same whatever their number.

The 80 % interval is over which runs happened to be drawn (bootstrap of runs, the same places everywhere, so that steps
that share their dice are compared pair by pair). It does not say how sure the forecasts are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pydantic import ValidationError

from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.model.bargaining import WAR
from ceasefire.scenario.spec import Scenario
from ceasefire.scenario.start import open_war
from ceasefire.simulate import ensemble as many
from ceasefire.simulate.pool import Workers
from ceasefire.simulate.result import VERSION, ResultError
from ceasefire.simulate.run import CHUNK
from ceasefire.study.forecast import dataset
from ceasefire.study.replay import evidence_of

HORIZONS = (4, 13, 26, 52)
PARTS = ("code", "evidence", "priors", "luck")
RESAMPLES = 200

FloatArray = NDArray[np.float64]
Simulate = Callable[[Scenario, Store, int, int, int], xr.Dataset]
"""Scenario, store, runs, weeks, seed → result."""


@dataclass(frozen=True)
class Part:
    """A change, with the 80 % interval of its Monte Carlo noise."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Line:
    """One headline number at one horizon."""

    quantity: str
    unit: str
    weeks: int
    before: float
    after: float
    change: Part
    code: Part
    evidence: Part
    priors: Part
    luck: Part


@dataclass(frozen=True)
class Diff:
    """The change of the headline forecast, and what it is made of."""

    before: str
    after: str
    runs: int
    simulated: tuple[str, ...]
    """Steps that were simulated again."""
    lines: tuple[Line, ...]


def diff(
    one: xr.Dataset,
    other: xr.Dataset,
    *,
    evidence_one: str | Path | None = None,
    evidence_other: str | Path | None = None,
    runs: int | None = None,
    workers: Workers = None,
) -> Diff:
    """Split the change from one result to another.

    Raises `ResultError` where they are of different wars, share no horizon, or their evidence is not there.
    """
    count = min(runs or one.sizes["run"], one.sizes["run"], other.sizes["run"])
    if count < 1:
        raise ResultError(f"{runs} runs were asked for; at least 1 is needed")
    before, after = _scenario(one), _scenario(other)
    if before.war.id != after.war.id:
        raise ResultError(
            f"the results are of different wars ({before.war.id}, {after.war.id}); they cannot be compared"
        )
    weeks = min(one.sizes["week"], other.sizes["week"]) - 1
    if weeks < HORIZONS[0]:
        raise ResultError(f"the results share {weeks} weeks; {HORIZONS[0]} are needed")
    stores = (_store(one, before, evidence_one), _store(other, after, evidence_other))

    def simulate(scenario: Scenario, store: Store, runs: int, weeks: int, seed: int) -> xr.Dataset:
        start = open_war(scenario, Vintage(store, scenario.opening))
        return dataset(many.simulate(start, runs=runs, weeks=weeks, seed=seed, workers=workers))

    return chain(one, other, (before, after), stores, runs=count, weeks=weeks, simulate=simulate)


def chain(
    one: xr.Dataset,
    other: xr.Dataset,
    scenarios: tuple[Scenario, Scenario],
    stores: tuple[Store, Store],
    *,
    runs: int,
    weeks: int,
    simulate: Simulate,
) -> Diff:
    """The chain of reruns; `simulate` is called only for the steps in which something differs."""
    before, after = scenarios
    seeds = int(one.attrs["seed"]), int(other.attrs["seed"])
    moved = before.model_copy(update={"opening": after.opening, "id": after.id})
    same_evidence = before.opening == after.opening and one.attrs["evidence_hash"] == other.attrs["evidence_hash"]
    same_priors = moved.war == after.war and moved.known_values() == after.known_values()
    horizons = tuple(week for week in HORIZONS if week <= weeks)
    done: list[str] = []

    def again(step: str, scenario: Scenario, store: Store, seed: int) -> Outcome:
        done.append(step)
        return _outcome(simulate(scenario, store, runs, weeks, seed), runs, horizons)

    recorded = _outcome(one, runs, horizons), _outcome(other, runs, horizons)
    same = same_evidence and same_priors and seeds[0] == seeds[1]
    if _is_current(one):
        first = recorded[0]
    else:
        first = recorded[1] if same and _is_current(other) else again("the first result", before, stores[0], seeds[0])
    if _is_current(other):
        last = recorded[1]
    else:
        last = first if same else again("the second result", after, stores[1], seeds[1])
    if same_evidence:
        with_evidence = first
    elif same_priors and seeds[0] == seeds[1]:
        with_evidence = last
    else:
        with_evidence = again("the other evidence", moved, stores[1], seeds[0])
    if seeds[0] == seeds[1]:
        with_priors = last
    elif same_priors:
        with_priors = with_evidence
    else:
        with_priors = again("the other numbers", after, stores[1], seeds[0])
    steps = {
        "before": recorded[0],
        "first": first,
        "evidence": with_evidence,
        "priors": with_priors,
        "last": last,
        "after": recorded[1],
    }
    lines = tuple(line for week in horizons for line in _lines(steps, week))
    return Diff(str(one.attrs["scenario"]), str(other.attrs["scenario"]), runs, tuple(done), lines)


def _scenario(result: xr.Dataset) -> Scenario:
    try:
        return Scenario.model_validate_json(result.attrs["scenario_document"])
    except (ValidationError, KeyError) as error:
        version = result.attrs.get("version", "unknown")
        raise ResultError(f"this version cannot read the scenario of a result of version {version}: {error}") from None


def _store(result: xr.Dataset, scenario: Scenario, evidence: str | Path | None) -> Store:
    store = evidence_of(result, evidence)
    if Vintage(store, scenario.opening).hash != result.attrs["evidence_hash"]:
        name = result.attrs["scenario"]
        raise ResultError(
            f"{name}: the store is not the one it was made from; name it with --evidence-a or --evidence-b"
        )
    return store


def _is_current(result: xr.Dataset) -> bool:
    return str(result.attrs["version"]) == VERSION and int(result.attrs.get("chunk", CHUNK)) == CHUNK


# -------------------------------------------------------------------------------------------------------------- numbers

Outcome = dict[tuple[str, int], FloatArray]
"""What is compared, by name and horizon, [run]."""


def _outcome(result: xr.Dataset, runs: int, horizons: tuple[int, ...]) -> Outcome:
    """Area gained, whether the war has ended, and losses of people by side, run by run; NaN for runs that failed."""
    kept = result.isel(run=slice(0, runs))
    ok = kept["ok"].to_numpy()
    area = kept["mapped_area"].transpose("week", "axis", "run").to_numpy().astype(np.float64).sum(axis=1)
    lost = kept["casualties"].transpose("week", "side", "run").to_numpy().astype(np.float64).cumsum(axis=0)
    kind, week = kept["first_ending"].to_numpy(), kept["first_ending_week"].to_numpy()
    out: Outcome = {}
    for horizon in horizons:
        out["area", horizon] = area[horizon] - area[0]
        out["ended", horizon] = ((kind != WAR) & (week <= horizon)).astype(np.float64)
        for side, name in enumerate(kept["side"].to_numpy()):
            out[f"lost {name}", horizon] = lost[horizon, side]
    return {key: np.where(ok, values, np.nan) for key, values in out.items()}


def _lines(steps: dict[str, Outcome], weeks: int) -> list[Line]:
    sides = [name.removeprefix("lost ") for name, week in steps["before"] if name.startswith("lost ") and week == weeks]
    asked: list[tuple[str, str, str, Callable[..., Any]]] = [
        ("ground gained, median", "km2", "area", np.nanmedian),
        ("ground gained, mean", "km2", "area", np.nanmean),
        ("the war has ended", "1", "ended", np.nanmean),
        *((f"killed and wounded, {side}, median", "person", f"lost {side}", np.nanmedian) for side in sides),
    ]
    return [_line(name, unit, weeks, {k: v[key, weeks] for k, v in steps.items()}, of) for name, unit, key, of in asked]


def _line(name: str, unit: str, weeks: int, values: dict[str, FloatArray], statistic: Callable[..., Any]) -> Line:
    number = len(values["before"])
    drawn = np.random.default_rng(1).integers(0, number, (RESAMPLES, number))
    spread: dict[int, FloatArray] = {}
    for each in values.values():  # steps that were not simulated share their array
        if id(each) not in spread:
            spread[id(each)] = np.append(statistic(each[drawn], axis=1), statistic(each))
    at = {step: spread[id(each)] for step, each in values.items()}
    parts = {
        "change": at["after"] - at["before"],
        "code": (at["first"] - at["before"]) + (at["after"] - at["last"]),
        "evidence": at["evidence"] - at["first"],
        "priors": at["priors"] - at["evidence"],
        "luck": at["last"] - at["priors"],
    }
    told = {part: Part(float(d[-1]), *(float(q) for q in np.quantile(d[:-1], [0.1, 0.9]))) for part, d in parts.items()}
    return Line(name, unit, weeks, float(at["before"][-1]), float(at["after"][-1]), **told)


def render(found: Diff) -> str:
    """The split as text, one line a number."""
    head = f"{'':38}{'weeks':>6}{'before':>11}{'after':>11}{'change':>21}" + "".join(f"{p:>21}" for p in PARTS)
    lines = [
        f"{found.before} → {found.after}, {found.runs:,} runs; ± is Monte Carlo noise (half the 80 % interval)",
        head,
    ]
    for line in found.lines:
        cells = [_told(getattr(line, part)) for part in PARTS]
        name = f"{line.quantity} [{line.unit}]" if line.unit != "1" else f"{line.quantity} [probability]"
        lines.append(
            f"{name:38}{line.weeks:>6}{line.before:>11,.4g}{line.after:>11,.4g}{_told(line.change):>21}"
            + "".join(f"{cell:>21}" for cell in cells)
        )
    lines.append(f"Simulated again: {', '.join(found.simulated) or 'nothing; no step needed it'}.")
    return "\n".join(lines)


def _told(part: Part) -> str:
    half = (part.high - part.low) / 2
    return f"{part.value:+,.3g} ±{half:,.2g}".replace("-", "−") if part.value or half else "0"
