"""Industry: equipment newly built, brought back from storage, or given, each week.

New build and gifts are steady rates. Storage empties as its good pieces go first: refurbishment falls with the share
of the store that is left, rate · (storage / opening)^decline, and can never take more than there is.

Left out: power, money and parts as limits on output; shells and missiles.
Sources: by side and item in the scenario, each with its own; the rest elicited.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ceasefire.model.declare import LogNormal, Uniform, parameter, quantity


class Params(eqx.Module):
    """What industry does not know exactly."""

    new_build: Float[Array, "side item run"] = parameter(
        LogNormal(1, 10, 100), unit="count/week", doc="Newly built or imported each week."
    )
    refurbishment: Float[Array, "side item run"] = parameter(
        LogNormal(0.5, 5, 50), unit="count/week", doc="Brought back from storage each week, at the opening."
    )
    storage_opening: Float[Array, "side item run"] = parameter(
        LogNormal(100, 1000, 10000), unit="count", doc="Pieces in storage at the opening that can be brought back."
    )
    decline: Float[Array, "run"] = parameter(
        Uniform(0.7, 2.0), unit="1", doc="How fast refurbishment falls as the good part of the store goes (elasticity)."
    )


class State(eqx.Module):
    """What is left to refurbish."""

    storage: Float[Array, "side item run"] = quantity("count", "Pieces left in storage.")


class Flows(eqx.Module):
    """What reached the army this week."""

    built: Float[Array, "side item run"] = quantity("count", "Newly built or imported this week.")
    refurbished: Float[Array, "side item run"] = quantity("count", "Taken from storage and repaired this week.")
    delivered: Float[Array, "side item run"] = quantity("count", "Reached the army this week, from all sources.")


def step(params: Params, state: State) -> tuple[State, Flows]:
    """Build, refurbish, deliver; storage pays for what is refurbished."""
    left = state.storage / jnp.maximum(params.storage_opening, 1e-9)
    refurbished = jnp.minimum(params.refurbishment * left**params.decline, state.storage)
    return (
        State(state.storage - refurbished),
        Flows(params.new_build, refurbished, params.new_build + refurbished),
    )
