"""Training: fit a war's values of fighting on (`reservation.py`) on wars fought on without agreement.

Some hundreds of wars are fought to the end of the horizon, with relative power drawn wider than it is known, so that
beliefs beyond the likely are learned too. Every fourth week is a step. In a step an agreement, one side's victory or a
fading comes with the structural hazards of `model/bargaining.py`; an agreement is on the package that leaves the
worse-off side best off. What a side holds is worth something while it fights, impatience · standing a week. Beyond the
horizon the war is one over forts. Paths are simulated once: no agreement changes them, so later passes reuse them, and
only what sides would have agreed to is weighed anew.

`revise` does the same for an intervention: the same wars with and without it, for the difference alone.

Left out: in training both sides know the true power, and no pause shifts it; the base rate of endings, which explains
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from ceasefire.model import bargaining, preferences, resolve, war
from ceasefire.model.axes import Terms
from ceasefire.scenario import decree, valuation
from ceasefire.scenario.decree import Decree, Schedule
from ceasefire.scenario.start import Start
from ceasefire.scenario.valuation import Valuation
from ceasefire.simulate import draws, reservation
from ceasefire.simulate.pool import Workers, worked
from ceasefire.simulate.reservation import Fit, Paths, Scale
from ceasefire.simulate.run import CHUNK, SPAN, Engine, terms_of

FloatArray = NDArray[np.float64]

RUNS, WEEKS, SEED = 768, 130, 20
REVISED_RUNS, REVISED_WEEKS = 128, 91
STEP = 4
"""Weeks."""
WIDER = 0.3
"""Standard deviation of the log of power that is added to what is known of it, for either side."""
NO_END = "bargaining.ended=0"
KEEP = (
    "resolve.reading",
    "resolve.weekly_cost",
    "resolve.standing",
    "bargaining.structural",
    "preferences.share",
    "preferences.floor_now",
    "preferences.land_taste",
    "preferences.issue_taste",
    "patrons.trusted",
    "talks.regime",
    "talks.urged",
    "resolve.asked",
)


def fit(
    start: Start,
    *,
    runs: int = RUNS,
    weeks: int = WEEKS,
    workers: Workers = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Valuation:
    """Fit the values of fighting on of a war, in minutes. Deterministic.

    Raises `ReservationError` where the simulated wars teach nothing.
    """
    schedule = decree.schedule(start, weeks, [decree.parse(NO_END)])
    paths = fought(start, schedule, runs=runs, workers=workers, on_progress=on_progress)
    return kept(start, reservation.fit(paths), runs=runs, weeks=weeks)


def revise(
    start: Start, do: Sequence[Decree], *, given: Sequence[Decree] = (), weeks: int = 0, workers: Workers = None
) -> tuple[reservation.Revision, FloatArray]:
    """What an intervention does to values that were fitted, from the same wars with and without it.

    Interventions `do` come on top of those `given`; both lie within `weeks` weeks. Returns the revision and the change
    of plain coefficients, [side, reading]. Raises `ReservationError` where `start` carries no fit, or nothing is
    learned.
    """
    if start.valuation is None:
        raise reservation.ReservationError(f"{start.scenario.id} has no fitted values; `ceasefire fit` makes them")
    never = decree.parse(NO_END)
    horizon = -(-max(REVISED_WEEKS, weeks) // SPAN) * SPAN

    def run(decrees: Sequence[Decree]) -> Paths:
        plan = decree.schedule(start, horizon, [*(one for one in decrees if one != never), never])
        return fought(start, plan, runs=REVISED_RUNS, workers=workers, stage="fought-on")

    known = restored(start.valuation)
    found = reservation.revise(known, run(given), run([*given, *do]))
    return found, plain(found.fit) - plain(known)


def plain(found: Fit) -> FloatArray:
    """Coefficients of readings as they are, not standardised, [side, reading]."""
    told: FloatArray = found.coefficients / found.scale.spread
    told[:, 0] = found.coefficients[:, 0] - (told[:, 1:] * found.scale.centre[:, 1:]).sum(axis=1)
    return told


def kept(start: Start, found: Fit, *, runs: int, weeks: int) -> Valuation:
    """A fit in plain coefficients, with its mark."""
    scale = found.scale
    told = found.report() | {
        "centre": scale.centre.tolist(),
        "spread": scale.spread.tolist(),
        "held_out": found.held_out.tolist(),
        "standardised": found.coefficients.tolist(),
        "runs": runs,
        "weeks": weeks,
    }
    scenario = start.scenario
    return Valuation(
        scenario=scenario.id,
        opening=scenario.opening,
        mark=valuation.mark_of(scenario, start.evidence_hash),
        war=valuation.mark_of_war(scenario.war),
        coefficients=valuation.rounded(plain(found)),
        low=valuation.rounded(scale.low),
        high=valuation.rounded(scale.high),
        fit=told,
    )


def restored(found: Valuation) -> Fit:
    """The fit that a valuation was made from."""
    told = {name: np.array(found.fit[name]) for name in ("centre", "spread", "held_out", "standardised", "r2", "rmse")}
    return Fit(
        scale=Scale(told["centre"], told["spread"], found.low, found.high),
        coefficients=told["standardised"],
        held_out=told["held_out"],
        samples=int(found.fit["samples"]),
        r2=told["r2"],
        rmse=told["rmse"],
        moved=tuple(found.fit["moved"]),
        converged=bool(found.fit["converged"]),
    )


def ensured(start: Start, *, workers: Workers = None, on_progress: Callable[[int, int], None] | None = None) -> Start:
    """The same opening with values of fighting on; fitted, and kept for the next time, where there are none."""
    if start.valuation is not None:
        return start
    found, folder = fit(start, workers=workers, on_progress=on_progress), valuation.folder_of_own()
    if folder is not None:
        with suppress(valuation.ValuationError):
            valuation.write(found, folder)
    return with_values(start, found)


def with_values(start: Start, found: Valuation | None) -> Start:
    """The same opening with other values of fighting on."""
    return replace(start, valuation=found)


def fought(
    start: Start,
    schedule: Schedule,
    *,
    runs: int,
    workers: Workers = None,
    stage: str = "fit",
    on_progress: Callable[[int, int], None] | None = None,
) -> Paths:
    """Wars fought on as decreed, every fourth week a step, and how their sides would settle them."""
    weeks = len(schedule.factor)
    engine = Engine(start, weeks=weeks, seed=SEED, do=schedule, keep=KEEP, wider=WIDER)
    store: dict[str, NDArray[Any]] = {}
    stage = f"{stage}-{start.scenario.opening}"
    for index, chunk in worked(lambda index: engine.chunk(index, runs), -(-runs // CHUNK), workers, stage):
        at = slice(index * CHUNK, min((index + 1) * CHUNK, runs))
        for name in KEEP:
            values = chunk.series[name]
            store.setdefault(name, np.zeros((*values.shape[:-1], runs), values.dtype))[..., at] = values
        if on_progress:
            on_progress(min((index + 1) * CHUNK, runs), runs)
    number = np.arange(runs, dtype=np.uint32)
    drawn = draws.values(start, draws.cube(start, SEED, number), draws.wider_power(SEED, number, WIDER))
    params, _ = draws.parameters(drawn)
    return paths_of(params, terms_of(start), store, weeks)


def paths_of(params: war.Params, terms: Terms, store: dict[str, NDArray[Any]], weeks: int) -> Paths:
    """Recorded wars as paths that values can be learned from."""
    steps = range(0, weeks - STEP, STEP)
    reading = store["resolve.reading"].astype(np.float64)
    impatience = np.asarray(params.resolve.impatience, dtype=np.float64)
    fade = np.exp(-impatience[None] * np.arange(STEP)[:, None, None])
    lost = store["resolve.weekly_cost"] - -np.expm1(-impatience) * store["resolve.standing"]
    cost = np.stack([(lost[t : t + STEP] * fade).sum(axis=0) for t in steps])
    forts = unfitted(params.resolve)
    last = resolve.worth_of_fighting(forts, jnp.asarray(reading[steps[-1] + STEP], float))
    runs = reading.shape[-1]

    def settle(step: int, run: NDArray[np.intp], values: FloatArray) -> tuple[FloatArray, FloatArray]:
        whole = np.zeros((len(values), runs))
        whole[:, run] = values
        at = {name: jnp.asarray(store[name][steps[step]]) for name in KEEP[3:]}
        chance, worth = _ends(params, terms, at, jnp.asarray(whole, float))
        return np.asarray(chance, np.float64)[run], np.asarray(worth, np.float64)[:, run]

    return Paths(
        regressors=lambda step, run: reading[steps[step]][..., run],
        cost=cost,
        discount=np.exp(-STEP * impatience),
        terminal=np.asarray(last, dtype=np.float64),
        alive=np.ones((len(steps), runs), dtype=bool),
        settle=settle,
    )


def unfitted(params: resolve.Params) -> resolve.Params:
    """The same parameters, values following the law of forts."""
    return replace(params, fitted=jnp.zeros_like(params.fitted))


@jax.jit
def _ends(params: war.Params, terms: Terms, at: dict[str, jax.Array], values: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Chance that a war ends within a step, [run], and what that is worth to each side, [side, run]."""
    leaders = preferences.State(at["preferences.land_taste"], at["preferences.issue_taste"])
    tastes = preferences.tastes(params.preferences, leaders, terms)
    share, floor = at["preferences.share"], at["preferences.floor_now"]
    appraisal = preferences.appraise(params.preferences, tastes, terms, share, floor)
    hidden, hardness = params.resolve.hidden, params.beliefs.hardness
    none = jnp.zeros(values.shape[-1])
    wanted = bargaining.Wanted(
        least=values - resolve.pressed(params.resolve, at["talks.urged"]) + hidden * hardness,
        relapsed=values,
        impatience=params.resolve.impatience,
        shift=none,
        asked=at["resolve.asked"],
    )
    talked = bargaining.Talked(
        due=none,
        regime=at["talks.regime"].astype(jnp.int32),
        allies=jnp.ones_like(values),
        trust=at["patrons.trusted"],
    )
    offer = bargaining.offers(appraisal, bargaining.breaking(params.bargaining, terms, talked.trust, none), wanted)
    best = jnp.argmax(offer.least, axis=0)
    signed = jnp.take_along_axis(offer.surplus, best[None, None], axis=1)[:, 0] + wanted.least
    agreement = bargaining.agreement_hazard(params.bargaining, talked, offer.least.max(axis=0), wanted.asked)
    hazard = jnp.concatenate([agreement[None], at["bargaining.structural"][1:]])
    victory = jnp.stack([jnp.ones_like(agreement), jnp.zeros_like(agreement)])
    worth = jnp.stack([signed, victory, victory[::-1], appraisal.standing])
    total = hazard.sum(axis=0)
    mean = (worth * hazard[:, None]).sum(axis=0) / jnp.maximum(total, 1e-9)
    return -jnp.expm1(-STEP * total), mean
