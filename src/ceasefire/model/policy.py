"""Policy: how hard each side presses and how much it fires.

While the war lasts a side attacks with its effort and fires with its fire; 1 is the level at the opening:
    effort = planned · e^(talks effect · talks) · (1 − truce · stop),
    fire = planned · (1 − truce · stop),
stop being 0 at war, 1 under an agreement and .95 while the war fades. Talks is 1 in a week in which talks are due that
were announced: sides are said to assault harder before them, or to hold back; the effect can be either.

Left out: changes of plan, season, where to press (the front's tempo carries what the record shows of it), violations of
an agreement, how serious talks are.
Sources: elicited; assaults before talks, open claim M14, contested.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from ceasefire.model.axes import YEAR, Ground
from ceasefire.model.declare import SHARE, Fixed, Normal, coupling, parameter, quantity
from ceasefire.model.intervene import Intervention

FADED = 0.05
"""Of effort and fire, what is left while the war fades (elicited)."""


class Params(eqx.Module):
    """What each side has decided."""

    planned_effort: Float[Array, "side run"] = parameter(
        Fixed(1.0), unit="1", source="definition", doc="Offensive effort while at war, relative to the opening."
    )
    planned_fire: Float[Array, "side run"] = parameter(
        Fixed(1.0), unit="1", source="definition", doc="Fire delivered while at war, relative to the opening."
    )
    talks_effect: Float[Array, "run"] = coupling(
        "policy.talks",
        "policy.effort",
        Normal(-0.1, 0.05, 0.25),
        doc="Log of effort gained in a week in which announced talks are due.",
    )
    truce_effort: Float[Array, "run"] = coupling(
        "bargaining.phase", "policy.effort", Fixed(1.0), doc="Share of the effort that an agreement stops."
    )
    truce_fire: Float[Array, "run"] = coupling(
        "bargaining.phase", "policy.fire", Fixed(1.0), doc="Share of the fire that an agreement stops."
    )


class State(eqx.Module):
    """Nothing is carried over."""


class Flows(eqx.Module):
    """What is done this week."""

    talks: Float[Array, "run"] = quantity("1", "1 where announced talks are due this week.", SHARE, level=True)
    effort: Float[Array, "side run"] = quantity("1", "Offensive effort this week, relative to the opening.")
    fire: Float[Array, "side run"] = quantity("1", "Fire delivered this week, relative to the opening.")


def step(
    params: Params,
    state: State,
    *,
    do: Intervention,
    week: Int[Array, ""],
    ground: Ground,
    at_war: Bool[Array, "run"],
    fading: Bool[Array, "run"],
) -> tuple[State, Flows]:
    """Press and fire while at war, a little while fading, not at all under an agreement."""
    due = ground.talks[jnp.minimum(week, YEAR)]
    talks = do("talks", jnp.broadcast_to(due, at_war.shape).astype(params.talks_effect.dtype))
    stop = jnp.where(at_war, 0.0, jnp.where(fading, 1 - FADED, 1.0)).astype(params.planned_effort.dtype)
    planned = params.planned_effort * jnp.exp(params.talks_effect * talks)
    effort = planned * jnp.maximum(1 - params.truce_effort * stop, 0)
    fire = params.planned_fire * jnp.maximum(1 - params.truce_fire * stop, 0)
    return state, Flows(talks, do("effort", effort), do("fire", fire))
