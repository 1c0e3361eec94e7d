"""Policy: how hard each side presses and how much it fires.

While the war lasts a side attacks with its `effort` and fires with its `fire`; 1 is the level at the opening.
Agreement stops both; fading leaves a twentieth.

Left out: changes of plan, season, where to press (the front's tempo carries what the record shows of it).
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from ceasefire.model.declare import Fixed, parameter, quantity
from ceasefire.model.intervene import Intervention

FADED = 0.05


class Params(eqx.Module):
    """What each side has decided."""

    planned_effort: Float[Array, "side run"] = parameter(
        Fixed(1.0), unit="1", source="definition", doc="Offensive effort while at war, relative to the opening."
    )
    planned_fire: Float[Array, "side run"] = parameter(
        Fixed(1.0), unit="1", source="definition", doc="Fire delivered while at war, relative to the opening."
    )


class State(eqx.Module):
    """Nothing is carried over."""


class Flows(eqx.Module):
    """What is done this week."""

    effort: Float[Array, "side run"] = quantity("1", "Offensive effort this week, relative to the opening.")
    fire: Float[Array, "side run"] = quantity("1", "Fire delivered this week, relative to the opening.")


def step(
    params: Params, state: State, *, do: Intervention, at_war: Bool[Array, "run"], fading: Bool[Array, "run"]
) -> tuple[State, Flows]:
    """Press and fire while at war, a little while fading, not at all under an agreement."""
    level = jnp.where(at_war, 1.0, jnp.where(fading, FADED, 0.0)).astype(params.planned_effort.dtype)
    return state, Flows(do("effort", params.planned_effort * level), do("fire", params.planned_fire * level))
