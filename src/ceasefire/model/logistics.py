"""Logistics: how well the line is supplied, by the length of the shortest road that the side still holds.

A node's distance d is the least sum of km over links whose both ends the side holds, from its sources of supply
(oblast centres in the rear, whose distance through the rear does not change). Supply of an axis is the mean of
exp(−d / reach) over the nodes near the opening line that the side holds, and never less than `FLOOR`, what can be
carried by hand and by air.

Left out: capacities, interdiction, rail apart from road, stocks at the front.
Sources: distance decay and floor are elicited; roads are general knowledge (trust D, see DATA.md).
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ceasefire.model.axes import Ground
from ceasefire.model.declare import LogNormal, parameter, quantity

FLOOR = 0.05
RELAXATIONS = 12
"""Longest chain of links that a detour through the theatre can need (Bellman–Ford steps)."""


class Params(eqx.Module):
    """What logistics does not know exactly."""

    reach: Float[Array, "run"] = parameter(
        LogNormal(40, 80, 150), unit="km", doc="Distance from a source over which supply falls by a factor e."
    )


class State(eqx.Module):
    """Nothing is carried over: roads are as open as the cells they run through."""


class Flows(eqx.Module):
    """Supply this week."""

    supply: Float[Array, "side axis run"] = quantity("1", "Supply of the line on each axis, 1 at the source.")


def road_distance(ground: Ground, open_: Float[Array, "side node run"]) -> Float[Array, "side node run"]:
    """Km from supply to each node over held links; infinite where cut off."""

    def relax(_: int, distance: Array) -> Array:
        through = (distance[:, ground.link] + ground.length[..., None]).min(axis=2)
        return jnp.where(open_, jnp.minimum(distance, through), jnp.inf)

    start = jnp.where(open_, ground.rear[..., None], jnp.inf)
    return jax.lax.fori_loop(0, RELAXATIONS, relax, start)


def step(params: Params, state: State, *, ground: Ground, held: Float[Array, "cell run"]) -> tuple[State, Flows]:
    """Find each side's shortest open roads and the supply that they give each axis.

    `held` is the first side's share of each cell. A node behind the theatre belongs to whoever has a rear path to it.
    """
    share = held[ground.node_cell]
    outside = (ground.node_cell == held.shape[0] - 1)[:, None]
    mine = jnp.stack([share >= 0.5, share < 0.5])
    open_ = jnp.where(outside, jnp.isfinite(ground.rear)[..., None], mine)
    reached = jnp.exp(-road_distance(ground, open_) / params.reach)
    weight = jnp.where(open_, 1.0, 0.0)[:, None] * ground.node_weight[None, :, :, None]
    total = weight.sum(axis=2)
    supply = (weight * reached[:, None]).sum(axis=2) / jnp.maximum(total, 1e-9)
    return state, Flows(jnp.maximum(supply, FLOOR).astype(held.dtype))
