"""Elites: how firmly those in power stand together on each side, and when a leader goes.

Cohesion, 0 at the opening, wanders with a half-life around
    −a · (stress of the budget less the opening's) − b · strain + c · prospect,
strain being the log of losses over recruits relative to the opening's: what is handed out shrinks, the army wears out,
the war goes badly. A leader goes in a week with chance
    hazard = min(base · exp(−sharpness · cohesion), 1),
cohesion as it stood when the week began. Whoever follows starts with cohesion 0, and is then under the same pressure.

Left out: who follows, and what that does to the terms that a side would accept (a leader who arrives in a bad war can
end it): that is left to bargaining; repression, purges and dates of elections; opinion, which moves elites here only
by what moves both; a removal that shakes the war effort itself.
Sources: leaders who do badly in war lose office: Bueno de Mesquita and Siverson 1995, "War and the Survival of
Political Leaders"; Goemans 2000, "War and Punishment"; base rate, near 3 % a year: model notes, section 10, elicited
as are all effects.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from ceasefire.model.declare import SHARE, SIGNED, LogNormal, coupling, parameter, quantity
from ceasefire.model.intervene import Intervention
from ceasefire.model.noise import Noise, wander

FURTHEST = 20.0
"""Logarithms are held within ± this, so that no decree overflows."""


class Params(eqx.Module):
    """What is not known exactly of those in power."""

    base: Float[Array, "side run"] = parameter(
        LogNormal(1e-4, 5e-4, 2e-3), unit="1/week", doc="Chance that a leader goes in a week, at cohesion 0."
    )
    sharpness: Float[Array, "run"] = coupling(
        "elites.cohesion",
        "elites.hazard",
        LogNormal(0.4, 1.0, 2.0),
        doc="Log of that chance lost per unit of cohesion.",
    )
    spread: Float[Array, "side run"] = parameter(
        LogNormal(0.1, 0.3, 0.8), unit="1", doc="Standard deviation of cohesion in the long run, from other causes."
    )
    half_life: Float[Array, "run"] = parameter(
        LogNormal(13, 40, 120), unit="week", doc="Time in which cohesion goes half the way to where it is pushed."
    )
    stress_effect: Float[Array, "run"] = coupling(
        "budget.stress",
        "elites.cohesion",
        LogNormal(0.2, 0.8, 2.5),
        doc="Cohesion lost as stress goes from 0 to 1 (a).",
    )
    strain_effect: Float[Array, "run"] = coupling(
        "manpower.strain", "elites.cohesion", LogNormal(0.05, 0.25, 0.8), doc="Cohesion lost per unit of strain (b)."
    )
    prospect_effect: Float[Array, "run"] = coupling(
        "opinion.prospect", "elites.cohesion", LogNormal(0.2, 0.6, 2.0), doc="Cohesion won by a prospect of 1 (c)."
    )


class State(eqx.Module):
    """How those in power stand."""

    cohesion: Float[Array, "side run"] = quantity("1", "How firmly they stand together, 0 at the opening.", SIGNED)
    exits: Int[Array, "side run"] = quantity("1", "Leaders who have gone since the opening.")


class Flows(eqx.Module):
    """Who went this week."""

    hazard: Float[Array, "side run"] = quantity("1", "Chance that the leader goes this week.", SHARE, level=True)
    exited: Bool[Array, "side run"] = quantity("1", "The leader went this week.", SHARE)


def opening(params: Params) -> State:
    """As firm as they are; nobody has gone."""
    return State(cohesion=jnp.zeros_like(params.base), exits=jnp.zeros(params.base.shape, jnp.int32))


def step(
    params: Params,
    state: State,
    *,
    do: Intervention,
    noise: Noise,
    stress: Float[Array, "side run"],
    stress_opening: Float[Array, "side run"],
    strain: Float[Array, "side run"],
    prospect: Float[Array, "side run"],
) -> tuple[State, Flows]:
    """A leader goes or stays; then cohesion moves. `strain` and `prospect` are relative to the opening."""
    shape = state.cohesion.shape[:-1]
    firm = jnp.clip(params.sharpness * state.cohesion, -FURTHEST, FURTHEST)
    hazard = do("hazard", jnp.minimum(params.base * jnp.exp(-firm), 1.0))
    exited = do("exited", noise.uniform("exit", shape) < hazard)
    pushed = params.prospect_effect * prospect
    pushed = pushed - params.stress_effect * (stress - stress_opening) - params.strain_effect * strain
    moved = wander(state.cohesion, pushed, params.spread, params.half_life, noise.uniform("cohesion", shape))
    return State(jnp.where(exited, 0.0, moved), state.exits + exited), Flows(hazard, exited)
