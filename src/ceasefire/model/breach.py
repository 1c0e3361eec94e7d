"""Breach: breakthroughs, and the mobile reserves that plug them.

On each axis a side's front is either grinding or broken through. A breach opens with a small hazard,
    P(open) = 1 − exp(−h · effort · (force ratio)^η),
and multiplies the ground that the side takes there by K, drawn log-normal when it opens. A week ends it with chance
    P(close) = q · readiness^ρ,   readiness = the defender's reserves / what he means to have · (1 − stretch)^σ,
so without reserves, or with many men tied down in sieges (stretch), it stays open. Every breach draws men from the
reserves; they fill up again slowly, so two breaches at once close later than one. While a salient stands, reserves win
part of it back each week.

By default no breach opens by itself (h = 0): what the record shows of breakthroughs is in the front's tempo and lumps
already, and with 5e-4 a week, as history suggests, past forecasts were a little worse. A scenario, or a decree on
`breach.hazard` or `breach.factor`, opens them.

Left out: where reserves stand and how they move (drones on their roads), surprise, exploitation beyond the axis.
Sources: hazard, K and q from model notes, section 1 (elicited and fitted to monthly areas); the rest elicited.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ceasefire.model.axes import enemy
from ceasefire.model.declare import Fixed, LogNormal, Share, coupling, parameter, quantity
from ceasefire.model.intervene import Intervention
from ceasefire.model.noise import Noise, normal_quantile

DEPTH_SPREAD = 0.6
"""Standard deviation of ln K from one breach to the next."""
SURE = 0.9
"""A breach never closes in a week with more than this chance."""


class Params(eqx.Module):
    """What is not known exactly of breaches."""

    hazard: Float[Array, "run"] = parameter(
        Fixed(0.0), unit="1/week", source="backtest", doc="Chance that a breach opens on an axis in a week (h)."
    )
    depth: Float[Array, "run"] = parameter(
        LogNormal(4.6, 9.4, 14), unit="1", doc="Median factor on the ground taken through a breach (K)."
    )
    closing: Float[Array, "run"] = parameter(
        Share(0.3, 0.45, 0.6), unit="1", doc="Chance that full reserves close a breach in a week (q)."
    )
    reserve_share: Float[Array, "side run"] = parameter(
        Share(0.02, 0.06, 0.15), unit="1", doc="Share of the troops that a side means to keep as mobile reserves."
    )
    draw: Float[Array, "run"] = parameter(
        Share(0.1, 0.25, 0.5), unit="1/week", doc="Share of the reserves that each open breach draws in a week."
    )
    rebuild_time: Float[Array, "run"] = parameter(
        LogNormal(4, 10, 26), unit="week", doc="Time in which missing reserves are made up."
    )
    recovery: Float[Array, "run"] = parameter(
        Share(0.02, 0.06, 0.15), unit="1/week", doc="Share of a salient that full reserves win back in a week."
    )
    reserve_effect: Float[Array, "run"] = coupling(
        "breach.reserve", "breach.surge", LogNormal(0.4, 0.8, 1.5), doc="How readiness closes breaches (ρ)."
    )
    stretch_effect: Float[Array, "run"] = coupling(
        "siege.stretch", "breach.readiness", LogNormal(0.5, 1.5, 4.0), doc="How sieges take from readiness (σ)."
    )
    force_effect: Float[Array, "run"] = coupling(
        "attrition.troops", "breach.surge", LogNormal(0.3, 1.0, 2.5), doc="How the force ratio opens breaches (η)."
    )


class State(eqx.Module):
    """What is broken, and who could mend it."""

    factor: Float[Array, "side axis run"] = quantity("1", "Factor K of the breach on an axis; 1 where there is none.")
    reserve: Float[Array, "side run"] = quantity("person", "Men held back as mobile reserves, part of the troops.")


class Flows(eqx.Module):
    """What opened and closed during the week."""

    surge: Float[Array, "side axis run"] = quantity("1", "Factor on the ground that the side takes there.")
    readiness: Float[Array, "side run"] = quantity("1", "Reserves at hand, relative to what the side means to have.")
    regained: Float[Array, "side axis run"] = quantity("1", "Share of the enemy's salient to be regained.")
    drawn: Float[Array, "side run"] = quantity("person", "Reserves sent to breaches this week.")
    refilled: Float[Array, "side run"] = quantity("person", "Men taken into the reserves this week.")


def opening(params: Params, troops: Float[Array, "side run"], axes: int) -> State:
    """No breach, and reserves as they are meant to be."""
    return State(jnp.ones((troops.shape[0], axes, troops.shape[1]), troops.dtype), params.reserve_share * troops)


def step(
    params: Params,
    state: State,
    *,
    do: Intervention,
    noise: Noise,
    effort: Float[Array, "side run"],
    troops: Float[Array, "side run"],
    force: Float[Array, "side run"],
    stretch: Float[Array, "side run"],
) -> tuple[State, Flows]:
    """Open and close breaches, send and refill reserves; `force` is the log force ratio relative to the opening."""
    shape = state.factor.shape[:-1]
    meant = params.reserve_share * troops
    free = (1 - stretch) ** params.stretch_effect
    readiness = do("readiness", state.reserve / jnp.maximum(meant, 1.0) * free)
    hazard = (params.hazard * effort * jnp.exp(params.force_effect * force))[:, None]
    opened = (state.factor <= 1) & (noise.uniform("open", shape) < -jnp.expm1(-hazard))
    closing = jnp.minimum(params.closing * enemy(readiness) ** params.reserve_effect, SURE)[:, None]
    closed = noise.uniform("close", shape) < closing
    depth = jnp.maximum(params.depth * jnp.exp(DEPTH_SPREAD * normal_quantile(noise.uniform("depth", shape))), 1.0)
    factor = jnp.where(opened, depth, state.factor)
    surge = do("surge", jnp.where(effort[:, None] > 0, factor, 1.0))
    breaches = enemy((factor > 1).sum(axis=1))
    drawn = do("drawn", state.reserve * (1 - (1 - params.draw) ** breaches))
    drawn = jnp.clip(drawn, jnp.maximum(state.reserve - troops, 0.0), state.reserve)
    refilled = do("refilled", jnp.maximum(meant - state.reserve, 0.0) / jnp.maximum(params.rebuild_time, 1.0))
    refilled = jnp.minimum(refilled, jnp.maximum(troops - (state.reserve - drawn), 0.0))
    regained = do("regained", jnp.broadcast_to((params.recovery * jnp.minimum(readiness, 1.0))[:, None], factor.shape))
    after = State(jnp.where(closed, 1.0, factor), state.reserve - drawn + refilled)
    return after, Flows(surge, readiness, regained, drawn, refilled)
