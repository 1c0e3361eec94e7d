"""Replay: one run of a result again, bit for bit, as a dated list of what happened in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from ceasefire.evidence.error import CeasefireError
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.model.bargaining import PHASES, WAR
from ceasefire.scenario.spec import Scenario
from ceasefire.scenario.start import open_war
from ceasefire.simulate.ensemble import Ensemble
from ceasefire.simulate.result import VERSION, ResultError
from ceasefire.simulate.run import CHUNK, Engine
from ceasefire.study.forecast import PACKAGED, dataset, town_lost

LEAP_KM2 = 60.0
"""A week on one axis with this much ground taken is told as an event (about the highest 2 % of weeks on record)."""
ROUND_LOSSES = 100_000
SPENT = 0.05
"""A stock below this share of its opening is told as spent."""


@dataclass(frozen=True)
class Event:
    """Something that happened in a simulated war."""

    week: int
    date: str
    kind: str
    text: str


@dataclass(frozen=True)
class Replay:
    """One run again."""

    run: int
    same_bits: bool
    """Every recorded number of the run came out the same."""
    events: tuple[Event, ...]


def replay(result: xr.Dataset, run: int, *, evidence: str | Path | None = None) -> Replay:
    """Simulate one run of a result again and tell its events.

    Raises `ResultError` where the run is not in the result, or evidence or program are not those it was made with.
    """
    try:
        return _again(result, run, evidence)
    except CeasefireError:
        raise
    except (KeyError, ValueError, TypeError, RuntimeError, OSError) as error:
        why = " ".join(f"{type(error).__name__}: {error}".split())
        raise ResultError(f"the result is damaged: {why[:200]}") from None


def _again(result: xr.Dataset, run: int, evidence: str | Path | None) -> Replay:
    runs, weeks = int(result.attrs["runs"]), int(result.attrs["weeks"])
    if not 0 <= run < runs:
        raise ResultError(f"run {run} was asked for; the result holds runs 0 to {runs - 1}")
    made = result.attrs["version"]
    if made != VERSION or int(result.attrs["chunk"]) != CHUNK:
        raise ResultError(f"the result was made by version {made}; this is {VERSION}: forecast again")
    scenario = Scenario.model_validate_json(result.attrs["scenario_document"])
    vintage = Vintage(evidence_of(result, evidence), scenario.opening)
    if vintage.hash != result.attrs["evidence_hash"]:
        raise ResultError("the evidence is not the one that the result was made from; name that store with --evidence")
    seed, number = int(result.attrs["seed"]), run // CHUNK
    start = open_war(scenario, vintage)
    chunk = Engine(start, weeks=weeks, seed=seed).chunk(number, runs)
    alone = dataset(
        Ensemble(start, seed, weeks, chunk.series, chunk.control, chunk.ok, chunk.area_error, number * CHUNK)
    )
    return Replay(run, _same(result, alone, run), tuple(events(result.isel(run=run))))


def _same(result: xr.Dataset, alone: xr.Dataset, run: int) -> bool:
    """Whether everything that is simulated of a run equals what was kept; failed runs fail in the same way."""
    names = [name for name, variable in alone.data_vars.items() if "run" in variable.dims]
    return all(
        name in result
        and np.array_equal(
            result[name].isel(run=run).to_numpy(),
            alone[name].isel(run=run % CHUNK).to_numpy(),
            equal_nan=alone[name].dtype.kind == "f",
        )
        for name in names
    )


def evidence_of(result: xr.Dataset, evidence: str | Path | None = None) -> Store:
    """The store that is named, or the one that the result says it was made from."""
    kept = str(result.attrs.get("evidence_store", PACKAGED))
    return Store.open(evidence if evidence is not None else None if kept == PACKAGED else kept)


def events(war: xr.Dataset) -> list[Event]:
    """What happened in one run of a result, in order of time."""
    dates = [str(day)[:10] for day in war["date"].to_numpy()]
    names = [str(name) for name in war.attrs["side_names"]]
    told = [*_phases(war), *_towns(war, names), *_leaps(war, names), *_losses(war, names), *_spent(war, names)]
    return [Event(week, dates[week], kind, text) for week, kind, text in sorted(told)]


Told = tuple[int, str, str]


def _phases(war: xr.Dataset) -> list[Told]:
    phase = war["phase"].to_numpy()
    changed = np.flatnonzero(np.diff(phase)) + 1
    return [(int(w), "ending", _phase_text(int(phase[w - 1]), int(phase[w]))) for w in changed]


def _phase_text(before: int, after: int) -> str:
    if after == WAR:
        return "The fighting resumes."
    if before == WAR:
        return f"The fighting ends: {PHASES[after]}."
    return f"{PHASES[before].capitalize()} becomes {PHASES[after]}."


def _towns(war: xr.Dataset, names: list[str]) -> list[Told]:
    holder = war["town_holder"].to_numpy()
    lost = town_lost(war["town_share"].to_numpy()[..., None], holder)[..., 0]
    towns = [str(town) for town in war["town"].to_numpy()]
    passed = np.argwhere(np.diff(lost, axis=0))
    return [
        (int(w) + 1, "town", f"{towns[t]} passes to {names[1 - holder[t] if lost[w + 1, t] else holder[t]]}.")
        for w, t in passed
    ]


def _leaps(war: xr.Dataset, names: list[str]) -> list[Told]:
    taken = war["taken"].to_numpy()
    axes = [str(axis) for axis in war["axis"].to_numpy()]
    return [
        (int(w), "front", f"{names[s]} takes {taken[w, s, a]:.0f} km² in a week on the {axes[a]} axis.")
        for w, s, a in np.argwhere(taken >= LEAP_KM2)
    ]


def _losses(war: xr.Dataset, names: list[str]) -> list[Told]:
    told: list[Told] = []
    for side, name in enumerate(names):
        total = np.floor(war["casualties"].isel(side=side).to_numpy().cumsum() / ROUND_LOSSES)
        told += [
            (int(w), "people", f"{name} has lost {total[w] * ROUND_LOSSES:,.0f} people since the opening.")
            for w in np.flatnonzero(np.diff(total)) + 1
        ]
    return told


def _spent(war: xr.Dataset, names: list[str]) -> list[Told]:
    told: list[Told] = []
    items = [str(name) for name in war["item"].attrs.get("names", war["item"].to_numpy())]
    for stock, where in (("equipment", "with the army"), ("storage", "in storage")):
        left = war[stock].to_numpy()
        low = left < SPENT * left[:1]
        for side, item in np.argwhere(low.any(axis=0)):
            week = int(low[:, side, item].argmax())
            told.append((week, "stock", f"{names[side]} has almost no {items[item]} left {where}."))
    return told
