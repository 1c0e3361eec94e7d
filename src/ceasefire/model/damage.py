"""Damage: how much of a side's industry, refining, ports and depots is out of action after strikes.

Each sector is many like units that work or do not. Hits break working ones at the rate vulnerability · hits a week, and
those out come back in `repair_time` on average: the exact law of two states for the week (see `repair`). At the
opening as much is out as the opening's hits keep out; what the war feels is capacity, (1 − out) / (1 − out then).

Left out: the grid, which has its own file; which unit is hit and whether it was worth it, spare capacity (oil knows
its own), crews and parts that run short, wear and planned repairs, luck beyond that of the hits.
Sources: refining 4/8/20 weeks to repair and about a sixth out in August 2025, model notes, section 8; the other
repair times and all vulnerabilities elicited.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ceasefire.model.axes import SECTORS
from ceasefire.model.declare import SHARE, LogNormal, coupling, parameter, quantity
from ceasefire.model.intervene import Intervention
from ceasefire.model.repair import FASTEST, exchange

HERE = tuple(float(sector != "grid") for sector in SECTORS)
"""1 for the sectors that this file is about."""
SHORTEST = 0.01
"""Week; a repair takes no less."""
LEAST = 1e-3
"""Share of a sector that stands at the opening at least, so that what is relative to it is finite."""


class Params(eqx.Module):
    """What is not known exactly of damage."""

    vulnerability: Float[Array, "side sector run"] = coupling(
        "air_defence.hits",
        "damage.struck",
        LogNormal(0.0002, 0.001, 0.005),
        unit="1/count",
        doc="Share of a sector that works which one hit puts out of action; of the grid unused.",
    )
    repair_time: Float[Array, "sector run"] = parameter(
        LogNormal(2, 7, 22), unit="week", doc="Mean time that a unit is out of action; of the grid unused."
    )


class State(eqx.Module):
    """What is out of action."""

    out: Float[Array, "side sector run"] = quantity("1", "Share of each sector out of action.", SHARE)
    out_opening: Float[Array, "side sector run"] = quantity("1", "The same at the opening.", SHARE)


class Flows(eqx.Module):
    """What the week broke and mended."""

    struck: Float[Array, "side sector run"] = quantity("1", "Share of each sector put out of action this week.", SHARE)
    repaired: Float[Array, "side sector run"] = quantity("1", "Share of each sector back at work this week.", SHARE)
    capacity: Float[Array, "side sector run"] = quantity(
        "1", "What works of each sector as the week ends, relative to the opening.", derived=True, level=True
    )


def opening(params: Params, hits: Float[Array, "side sector run"]) -> State:
    """As much out of action as the opening's hits keep out in the long run."""
    hazard, repair = _rates(params, hits)
    out = jnp.minimum(hazard / (hazard + repair), 1 - LEAST)
    return State(out, out)


def capacity(state: State) -> Float[Array, "side sector run"]:
    """What works of each sector, relative to the opening."""
    return jnp.maximum(1 - state.out, 0.0) / jnp.maximum(1 - state.out_opening, LEAST)


def step(
    params: Params, state: State, *, do: Intervention, hits: Float[Array, "side sector run"]
) -> tuple[State, Flows]:
    """Break what is hit, mend what is out; `hits` are on the side's sectors, each as strong as an attack drone's."""
    breaking, mending = exchange(*_rates(params, hits))
    struck = jnp.minimum(do("struck", (1 - state.out) * breaking), 1 - state.out)
    repaired = jnp.minimum(do("repaired", state.out * mending), state.out)
    after = State(jnp.clip(state.out + struck - repaired, 0.0, 1.0), state.out_opening)
    return after, Flows(struck, repaired, capacity(after))


def _rates(params: Params, hits: Array) -> tuple[Array, Array]:
    """Rates per week at which units break and are mended."""
    here = jnp.asarray(HERE, hits.dtype)[:, None]
    repair = 1 / jnp.maximum(params.repair_time, SHORTEST)
    return jnp.minimum(params.vulnerability * hits * here, FASTEST), jnp.broadcast_to(repair, hits.shape)
