"""Replay: one run of a result again, bit for bit, as a dated list of what happened in it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ceasefire.evidence.error import CeasefireError
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.model.bargaining import DICTATED_FIRST, DICTATED_SECOND, FADE, FROZEN, PHASES, WAR
from ceasefire.scenario.spec import Scenario
from ceasefire.scenario.start import Start, open_war
from ceasefire.simulate.ensemble import Ensemble
from ceasefire.simulate.result import VERSION, ResultError
from ceasefire.simulate.run import CHUNK, Engine
from ceasefire.study.forecast import PACKAGED, dataset, town_lost

LEAP_KM2 = 60.0
"""A week on one axis with this much ground taken is told as an event (about the highest 2 % of weeks on record)."""
ROUND_LOSSES = 100_000
MANY_PRISONERS = 500
"""So many of a side taken prisoner in a week are told as an event (arbitrary: the end of a pocket)."""
WEIGHTY = 0.1
"""Share of a side's aid that a patron gives for its decisions to be told (arbitrary)."""
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
    control: NDArray[np.bool_]
    """[week, cell], the opening first: the first side holds at least half of the cell."""

    def told(self) -> dict[str, Any]:
        """Plain values, as for JSON, without the map."""
        return {"run": self.run, "same_bits": self.same_bits, "events": [asdict(event) for event in self.events]}


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
    check(result, run)
    scenario = Scenario.model_validate_json(result.attrs["scenario_document"])
    vintage = Vintage(evidence_of(result, evidence), scenario.opening)
    if vintage.hash != result.attrs["evidence_hash"]:
        raise ResultError("the evidence is not the one that the result was made from; name that store with --evidence")
    return of_start(open_war(scenario, vintage), result, run)


def check(result: xr.Dataset, run: int) -> None:
    """Raise `ResultError` where a run is not in a result, or another program made it."""
    runs = int(result.attrs["runs"])
    if not 0 <= run < runs:
        raise ResultError(f"run {run} was asked for; the result holds runs 0 to {runs - 1}")
    made = result.attrs["version"]
    if made != VERSION or int(result.attrs["chunk"]) != CHUNK:
        raise ResultError(f"the result was made by version {made}; this is {VERSION}: forecast again")


def of_start(start: Start, result: xr.Dataset, run: int) -> Replay:
    """Simulate one run of a result again from the war as it was opened for it. Raises `ResultError` as `check` does."""
    check(result, run)
    runs, weeks, seed = (int(result.attrs[name]) for name in ("runs", "weeks", "seed"))
    number = run // CHUNK
    chunk = Engine(start, weeks=weeks, seed=seed).chunk(number, runs, only=run)
    alone = dataset(
        Ensemble(start, seed, weeks, chunk.series, chunk.control, chunk.ok, chunk.area_error, number * CHUNK)
    )
    return Replay(run, _same(result, alone, run), tuple(events(result.isel(run=run))), chunk.control > 0)


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
    """What happened in one run of a result, in order of time: a diary in plain words.

    What a result of an older kind does not hold is left out of it.
    """
    dates = [str(day)[:10] for day in war["date"].to_numpy()]
    names = [str(name) for name in war.attrs["side_names"]]
    told = [*_phases(war, names), *_towns(war, names), *_leaps(war, names), *_losses(war, names), *_spent(war, names)]
    if "agreed" in war:
        told += _terms(war)
    if "talks" in war:
        told += _talks(war)
    if "leader_exits" in war:
        told += _leaders(war, names)
    if "served_share" in war:
        told += _power(war, names)
    if "surrendered" in war:
        told += _prisoners(war, names)
    if "switched_on" in war:
        told += _switches(war, names)
    return [Event(week, dates[week], kind, text) for week, kind, text in sorted(told)]


Told = tuple[int, str, str]


# ------------------------------------------------------------------------------------------------ how the war goes on


def _phases(war: xr.Dataset, names: list[str]) -> list[Told]:
    phase = war["phase"].to_numpy()
    changed = np.flatnonzero(np.diff(phase)) + 1
    return [(int(w), "ending", _phase_text(int(phase[w - 1]), int(phase[w]), names)) for w in changed]


def _phase_text(before: int, after: int, names: list[str]) -> str:
    if after == WAR:
        return "The fighting resumes."
    if before == WAR and after in (DICTATED_FIRST, DICTATED_SECOND):
        return f"The fighting ends on terms dictated by {names[after - DICTATED_FIRST]}."
    if before == WAR and after == FADE:
        return "The fighting fades, without an agreement."
    if before == WAR:
        return f"The fighting ends: {PHASES[after]}."
    return (
        "The ceasefire counts as frozen." if after == FROZEN else f"{_capital(PHASES[before])} becomes {PHASES[after]}."
    )


def _terms(war: xr.Dataset) -> list[Told]:
    """What was agreed, in the week in which the war first ended by agreement."""
    taken = np.flatnonzero(war["agreed"].to_numpy())
    names = war["option"].attrs.get("names", war["option"].to_numpy())
    clauses = "; ".join(str(names[k]) for k in taken)
    if not clauses:
        return []
    holds = float(war["holds"]) if "holds" in war else np.nan
    chance = f" Chance that it holds for a year: {100 * holds:.0f} %." if np.isfinite(holds) else ""
    return [(int(war["first_ending_week"]), "terms", f"Agreed: {clauses}.{chance}")]


def _talks(war: xr.Dataset) -> list[Told]:
    """Talks that begin, end, or change their earnest, as long as the war lasts."""
    talks, phase = war["talks"].to_numpy().astype(int), war["phase"].to_numpy()
    told = []
    for week in np.flatnonzero(np.diff(talks)) + 1:
        if phase[week] == WAR:
            told.append((int(week), "talks", TALKS[talks[week - 1], talks[week]]))
    return told


TALKS = {
    (0, 1): "Talks begin; not all who talk mean it.",
    (0, 2): "Talks begin in earnest.",
    (1, 2): "The talks turn earnest.",
    (2, 1): "The talks go on, no longer in earnest.",
    (1, 0): "The talks break off.",
    (2, 0): "The talks break off.",
}
"""What is told of a change of the state of talks: none, not meant, earnest."""


def _leaders(war: xr.Dataset, names: list[str]) -> list[Told]:
    gone = np.diff(war["leader_exits"].to_numpy(), axis=0)
    return [(int(w) + 1, "leader", f"The leader of {names[s]} goes.") for w, s in np.argwhere(gone > 0)]


def _switches(war: xr.Dataset, names: list[str]) -> list[Told]:
    """Patrons that stop, or resume, what their side needs their leave for; those that give little are left out."""
    patron, sides = war["patron"], [str(side) for side in war["side"].to_numpy()]
    supports = [str(side) for side in patron.attrs.get("supports", ())]
    if not supports or "aid_delivered" not in war:
        return []
    on, given = war["switched_on"].to_numpy(), war["aid_delivered"].sum(("week", "aid")).to_numpy()
    patrons = [str(name) for name in patron.attrs.get("names", patron.to_numpy())]
    switches = [str(switch) for switch in war["switch"].to_numpy()]
    told = []
    for week, who, switch in np.argwhere(np.diff(on, axis=0)):
        all_given = sum(given[k] for k, side in enumerate(supports) if side == supports[who])
        if given[who] >= WEIGHTY * all_given > 0:
            words = _switched(bool(on[week + 1, who, switch]), switches[switch], names[sides.index(supports[who])])
            told.append((int(week) + 1, "aid", f"{patrons[who]} {words}."))
    return told


def _switched(on: bool, switch: str, side: str) -> str:
    what = {
        "intelligence": f"intelligence for {side}",
        "licence": f"leave for {side} to strike deep with its weapons",
        "funds": f"new money for {side}",
    }.get(switch, f"{switch} for {side}")
    return f"{'resumes' if on else 'stops'} {what}"


# ----------------------------------------------------------------------------------------------------------- the ground


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
    """Weeks of much ground taken on an axis; those that follow on each other are one, told with the last of them."""
    taken = war["taken"].to_numpy()
    axes = [_capital(str(axis)) for axis in war["axis"].to_numpy()]
    told = []
    for side, axis in np.ndindex(*taken.shape[1:]):
        row = taken[:, side, axis]
        for first, last in _spells(row >= LEAP_KM2):
            ground, axis_name = row[first : last + 1].sum(), axes[axis]
            text = f"{names[side]} takes {ground:,.0f} km² {_in(first, last)} on the {axis_name} axis."
            told.append((last, "front", text))
    return told


def _in(first: int, last: int) -> str:
    return "in a week" if first == last else f"in {last - first + 1} weeks"


def _spells(happens: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last week of each unbroken spell."""
    edge = np.diff(np.concatenate([[0], happens.astype(np.int8), [0]]))
    return [(int(a), int(b) - 1) for a, b in zip(np.flatnonzero(edge > 0), np.flatnonzero(edge < 0), strict=True)]


# ------------------------------------------------------------------------------------------------- people, arms, power


def _losses(war: xr.Dataset, names: list[str]) -> list[Told]:
    told: list[Told] = []
    for side, name in enumerate(names):
        total = np.floor(war["casualties"].isel(side=side).to_numpy().cumsum() / ROUND_LOSSES)
        told += [
            (int(w), "people", f"{total[w] * ROUND_LOSSES:,.0f} people of {name} killed or seriously wounded so far.")
            for w in np.flatnonzero(np.diff(total) > 0) + 1
        ]
    return told


def _prisoners(war: xr.Dataset, names: list[str]) -> list[Told]:
    """Weeks in which many surrender, as a pocket is given up; those that follow on each other are one."""
    told = []
    for side, name in enumerate(names):
        found = war["surrendered"].isel(side=side).to_numpy()
        for first, last in _spells(found >= MANY_PRISONERS):
            number = round(float(found[first : last + 1].sum()), -2)
            told.append(
                (last, "people", f"About {number:,.0f} people of {name} are taken prisoner {_in(first, last)}.")
            )
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


def _power(war: xr.Dataset, names: list[str]) -> list[Told]:
    """Each tenth of power demand that is no longer met for the first time since the opening."""
    met = war["served_share"].to_numpy()[1:]
    told = []
    for side, name in enumerate(names):
        tenth = np.floor(np.minimum.accumulate(np.nan_to_num(met[:, side], nan=1.0)) * 10)
        for at in np.flatnonzero(np.diff(tenth) < 0) + 1:
            share = 100 * met[at, side]
            told.append((int(at) + 1, "power", f"{share:.0f} % of power demand is met in {name}, the least so far."))
    return told


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
