"""Run: a chunk of wars, from the opening to the horizon, as one compiled loop over weeks.

A chunk is always `CHUNK` runs wide, so the same machine code works on the same lanes whatever is asked for: results do
not depend on how many runs there are, nor on who works on them. Lanes beyond the last run are simulated and not told.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from ceasefire.model import front, war
from ceasefire.model.axes import Ground
from ceasefire.model.noise import Noise
from ceasefire.scenario.start import Start
from ceasefire.simulate import draws

CHUNK = 32
"""Runs simulated together; part of what makes a result what it is."""


class Discs(NamedTuple):
    """Towns as weights over cells, padded with the dummy row."""

    row: jax.Array
    weight: jax.Array


class Fought(NamedTuple):
    """What a compiled chunk returns, on its device."""

    series: dict[str, jax.Array]
    """By name: what stands [week + 1, ..., run], the opening first; what happens [week, ..., run]."""
    control: jax.Array
    """[week + 1, cell]: runs in which the first side holds at least half of the cell."""
    overflow: jax.Array
    area_error: jax.Array


class Chunk(NamedTuple):
    """The runs of a chunk that were asked for."""

    series: dict[str, NDArray[Any]]
    control: NDArray[np.int32]
    ok: NDArray[np.bool_]
    """[run]: every number of the run stayed finite."""
    area_error: NDArray[np.floating[Any]]
    """[run]: km² by which the map and the sum of what was taken disagree at the horizon."""


def ground_of(start: Start) -> Ground:
    """The theatre as the model takes it, with the dummy row."""
    t, roads = start.theatre, start.theatre.roads
    dummy = len(t)
    return Ground(
        area=jnp.asarray(np.append(t.area, 0.0), float),
        axis=jnp.asarray(np.append(t.axis, 0), jnp.int32),
        neighbour=jnp.asarray(np.vstack([t.neighbour, np.full((1, 6), dummy)]), jnp.int32),
        border=jnp.asarray(np.column_stack([t.border, np.zeros(2)]), float),
        feature=jnp.asarray(np.column_stack([t.feature, np.zeros(len(t.feature))]), float),
        link=jnp.asarray(roads.link, jnp.int32),
        length=jnp.asarray(roads.length, float),
        node_cell=jnp.asarray(np.where(roads.cell < 0, dummy, roads.cell), jnp.int32),
        rear=jnp.asarray(roads.rear, float),
        node_weight=jnp.asarray(roads.weight, float),
    )


def discs_of(start: Start) -> Discs:
    """The towns' discs as padded arrays [town, place]."""
    towns, dummy = start.theatre.towns, len(start.theatre)
    most = max((len(town.row) for town in towns), default=1)
    row = np.full((len(towns), most), dummy)
    weight = np.zeros((len(towns), most))
    for k, town in enumerate(towns):
        row[k, : len(town.row)], weight[k, : len(town.row)] = town.row, town.weight
    return Discs(jnp.asarray(row, jnp.int32), jnp.asarray(weight, float))


def standing(state: war.State, discs: Discs) -> dict[str, jax.Array]:
    """What is kept of the state at the end of a week (and at the opening), by name, run axis last."""
    return {
        "troops": state.attrition.troops,
        "equipment": state.attrition.equipment,
        "storage": state.industry.storage,
        "phase": state.bargaining.phase.astype(jnp.int8),
        "town_share": jnp.einsum("tp,tpr->tr", discs.weight, state.front.held[discs.row]),
    }


def happening(flows: war.Flows) -> dict[str, jax.Array]:
    """What is kept of what happened during a week, by name, run axis last."""
    return {
        "taken": flows.front.taken,
        "unspent": flows.front.unspent,
        "supply": flows.logistics.supply,
        "casualties": flows.attrition.casualties,
        "killed": flows.attrition.killed,
        "lost": flows.attrition.lost,
        "recruited": flows.manpower.recruited,
        "hazard": flows.bargaining.hazard,
    }


@partial(jax.jit, static_argnames=("weeks", "list_length"), compiler_options={"xla_cpu_multi_thread_eigen": False})
def fight(
    params: war.Params,
    share: jax.Array,
    momentum: jax.Array,
    ground: Ground,
    discs: Discs,
    seed: jax.Array,
    runs: jax.Array,
    counted: jax.Array,
    *,
    weeks: int,
    list_length: int,
) -> Fought:
    """Simulate one chunk.

    `counted` [run] is 1 for runs that were asked for, 0 for padding.
    """
    opening = draws.opening_state(params, ground, share, momentum)

    def holders(state: war.State) -> jax.Array:
        return ((state.front.held[:-1] >= 0.5) * counted).sum(axis=1).astype(jnp.int16)

    def week(state: war.State, number: jax.Array) -> tuple[war.State, Any]:
        after, flows = war.step(params, state, ground, Noise(seed, runs, number), list_length=list_length)
        return after, (standing(after, discs), happening(flows), holders(after), flows.front.overflow)

    last, (stood, happened, control, overflow) = jax.lax.scan(week, opening, jnp.arange(weeks))
    first = (standing(opening, discs), holders(opening))
    stood, control = jax.tree.map(lambda a, b: jnp.concatenate([a[None], b]), first, (stood, control))
    change = ground.by_axis() @ ((last.front.held - opening.front.held) * ground.area[:, None])
    net = (happened["taken"][:, 0] - happened["taken"][:, 1]).sum(axis=0)
    return Fought(stood | happened, control, overflow.any(), jnp.abs(change - net).max(axis=0))


class Engine:
    """Everything that the chunks of one forecast share."""

    def __init__(self, start: Start, *, weeks: int, seed: int) -> None:
        self.start, self.weeks, self.seed = start, weeks, seed
        self.ground = ground_of(start)
        self.discs = discs_of(start)
        self.share = jnp.asarray(start.theatre.opening_share, float)
        self.momentum = jnp.asarray(start.momentum, float)
        self.list_length = opening_list_length(start, self.ground)

    def chunk(self, number: int, runs: int) -> Chunk:
        """Simulate chunk `number` of an ensemble of `runs`."""
        run = np.arange(number * CHUNK, (number + 1) * CHUNK, dtype=np.uint32)
        asked = run < runs
        params, _ = draws.parameters(draws.values(self.start, draws.cube(self.start, self.seed, run)))
        fought = self._fight(params, jnp.asarray(run), jnp.asarray(asked.astype(np.int32)))
        series = {name: np.asarray(values)[..., asked] for name, values in fought.series.items()}
        error = np.asarray(fought.area_error)[asked]
        known = np.all([jnp.isfinite(p).reshape(-1, CHUNK).all(axis=0) for p in jax.tree.leaves(params)], axis=0)
        return Chunk(series, np.asarray(fought.control, dtype=np.int32), _finite(series) & known[asked], error)

    def _fight(self, params: war.Params, run: jax.Array, counted: jax.Array) -> Fought:
        """Fight with a list of cells in reach of the front that doubles until it is long enough."""
        length, seed = self.list_length, jnp.asarray(draws.seed_words(self.seed))
        while True:
            fought = fight(
                params,
                self.share,
                self.momentum,
                self.ground,
                self.discs,
                seed,
                run,
                counted,
                weeks=self.weeks,
                list_length=length,
            )
            if not bool(fought.overflow) or length >= len(self.start.theatre):
                return fought
            length = min(2 * length, len(self.start.theatre))


def opening_list_length(start: Start, ground: Ground) -> int:
    """Room for 2.75 times the cells in reach of the front at the opening, in thousands, at most all of them."""
    one_run = front.in_reach(ground, jnp.append(jnp.asarray(start.theatre.opening_share, float), 0.0)[:, None])
    reach = int(one_run.sum())
    return min(len(start.theatre), 1024 * -(-11 * max(reach, 1) // 4096))


def _finite(series: dict[str, NDArray[Any]]) -> NDArray[np.bool_]:
    runs = series["phase"].shape[-1]
    finite = np.ones(runs, dtype=bool)
    for values in series.values():
        if values.dtype.kind == "f":
            finite &= np.isfinite(values).reshape(-1, runs).all(axis=0)
    return finite
