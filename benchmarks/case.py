"""The work that is compared: the front and attrition step of one chunk of wars, and what it is given.

What the step takes from the rest of the war (supply, drones, fire …) is recorded from one week of that war and then
stays as it was, run by run, so that every implementation is given the same numbers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, ndtr

from ceasefire.model import attrition, front, war
from ceasefire.model.axes import Ground
from ceasefire.model.intervene import NOTHING
from ceasefire.model.noise import Noise, word
from ceasefire.scenario.start import Start
from ceasefire.simulate import draws
from ceasefire.simulate.run import CHUNK, ground_of, opening_list_length

Arrays = dict[str, NDArray[Any]]

CONSTANTS = (
    *("SEARCH_STEPS", "AIM", "LEAP", "LEAST_SLOPE", "LEAST", "TRACE", "BORDER_PRESENCE", "MOMENTUM_MEMORY"),
    "MOMENTUM_SPREAD",
    *("MOMENTUM_FLOOR", "WORKS_DEPTH", "MOST_MOVED", "LEAST_WORKS", "SOME_WORKS", "MOST_DUG", "LUMP_SHAPE"),
    "EXACT_COUNT",
)
"""Numbers of the model that the equations need, as `model/front.py` names them."""
LAST_SCORE, SCORES = 5.4, 217
"""Of the table of gamma quantiles: the last normal score, and how many."""
SALTS = {
    f"{owner}.{name}": word(f"{owner}.{name}")
    for owner, names in {
        "attrition": ("fall", "break", "intensity", "item"),
        "front": ("cell", "count", "size", "budget", "tempo"),
    }.items()
    for name in names
}
"""Words of the dice."""
FOR_ATTRITION = (
    *("effort", "fire", "exposure", "density", "artillery", "air", "colder", "delivered", "captured", "arriving"),
    "leaving",
)
FOR_FRONT = ("effort", "supply", "passage", "press", "density", "surge", "regained", "resistance")
STATES = {
    "attrition": ("troops", "equipment", "workshop", "intensity", "item_intensity"),
    "front": ("held", "momentum", "budget", "tempo", "dug", "salient"),
}
"""What changes from week to week."""
TOLD = ("casualties", "killed", "lost", "taken", "expected", "residents", "works", "height", "control")
"""What every implementation tells of each week."""


@dataclass(frozen=True)
class Case:
    """A chunk of wars before their first week."""

    ground: Ground
    people: attrition.Params
    land: front.Params
    army: attrition.State
    line: front.State
    received: Mapping[str, jax.Array]
    """What the rest of the war hands to the step, the same every week."""
    seed: int
    run: NDArray[np.uint32]
    list_length: int

    @property
    def runs(self) -> int:
        """Wars in the chunk."""
        return len(self.run)

    def only(self, runs: slice) -> Case:
        """Some of its wars."""
        told = (self.people, self.land, self.army, self.line, dict(self.received))
        people, land, army, line, received = jax.tree.map(lambda value: value[..., runs], told)
        return Case(self.ground, people, land, army, line, received, self.seed, self.run[runs], self.list_length)

    def arrays(self) -> Arrays:
        """Fresh copies of all arrays: `ground_…`, `attrition_…` and `front_…` (parameters and state), `in_…`."""
        owners = {"ground": (self.ground,), "attrition": (self.people, self.army), "front": (self.land, self.line)}
        found = {
            f"{owner}_{field.name}": np.array(getattr(record, field.name))
            for owner, records in owners.items()
            for record in records
            for field in dataclasses.fields(record)
            if field.name != "terms"
        }
        return found | {f"in_{name}": np.array(value) for name, value in self.received.items()}


@dataclass(frozen=True)
class Outcome:
    """What an implementation makes of a case."""

    told: Arrays
    """By name of `TOLD`, [week, …, run]."""
    state: Arrays
    """Where it ends, `attrition_troops` and so on."""
    overflow: bool = False


def of_war(start: Start, *, seed: int, chunk: int = 0) -> Case:
    """A chunk of a real war as it opens, and what the first week of the whole war hands to the step."""
    run = np.arange(chunk * CHUNK, (chunk + 1) * CHUNK, dtype=np.uint32)
    ground = ground_of(start)
    params, _ = draws.parameters(draws.values(start, draws.cube(start, seed, run)))
    length = opening_list_length(start, ground)
    share, momentum = jnp.asarray(start.theatre.opening_share, float), jnp.asarray(start.momentum, float)
    state, flows = _first_week(params, ground, share, momentum, jnp.asarray(draws.seed_words(seed)), run, length=length)
    received = {
        "effort": flows.policy.effort,
        "fire": flows.policy.fire,
        "exposure": flows.posture.exposure,
        "press": flows.posture.press,
        "density": flows.drones.density,
        "passage": flows.drones.passage,
        "artillery": flows.fires.artillery,
        "air": flows.fires.air,
        "colder": (ground.climate[:, :1] - flows.weather.temperature).mean(axis=0),
        "delivered": flows.industry.delivered,
        "captured": flows.siege.captured,
        "resistance": flows.siege.resistance,
        "arriving": state.manpower.arriving,
        "leaving": state.manpower.leaving,
        "supply": flows.logistics.supply,
        "surge": flows.breach.surge,
        "regained": flows.breach.regained,
    }
    return Case(ground, params.attrition, params.front, state.attrition, state.front, received, seed, run, length)


@jax.jit
def _opened(params: war.Params, ground: Ground, share: jax.Array, momentum: jax.Array) -> war.State:
    return war.opening(params, ground, share, momentum)


def _first_week(
    params: war.Params,
    ground: Ground,
    share: jax.Array,
    momentum: jax.Array,
    seed: jax.Array,
    run: NDArray[np.uint32],
    *,
    length: int,
) -> tuple[war.State, war.Flows]:
    state = _opened(params, ground, share, momentum)
    noise = Noise(seed, jnp.asarray(run), jnp.asarray(0))
    return state, _flows(params, state, ground, noise, length)


@jax.jit(static_argnames="length")
def _flows(params: war.Params, state: war.State, ground: Ground, noise: Noise, length: int) -> war.Flows:
    return war.step(params, state, ground, noise, NOTHING, list_length=length)[1]


def constants() -> dict[str, float]:
    """The model's numbers by name, and those that follow from them."""
    lowest, highest = np.log(front.MULTIPLE)
    found = {name: float(getattr(front, name)) for name in CONSTANTS}
    return found | {"LEAST_MULTIPLE": float(lowest), "MOST_MULTIPLE": float(highest), "LAST_SCORE": LAST_SCORE}


def gamma_table() -> NDArray[np.float32]:
    """Log quantiles of Gamma(0.8 n) at normal scores, for n = 1 … 12 lumps."""
    shape = front.LUMP_SHAPE * np.arange(1, front.EXACT_COUNT + 1)[:, None]
    return np.log(gammaincinv(shape, ndtr(np.linspace(-LAST_SCORE, LAST_SCORE, SCORES)))).astype(np.float32)
