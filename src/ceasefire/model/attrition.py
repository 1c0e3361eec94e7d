"""Attrition: how fire received turns troops and equipment into losses.

A side loses each soldier with p = 1 − exp(−h), h = exp(intensity) · (own / own₀)^(q−1) · (enemy / enemy₀)^p ·
enemy fire · (hold + (1 − hold) · own effort): Lanchester's general law, scaled so that at the opening h is what the
claims known by then say. The intensity of the fighting wanders, a mean-reverting walk in logarithms, one for troops
and one for each item. Losses are the survival complement: a side can be destroyed, never go negative. The number
that falls is the normal quantile of the binomial, clipped to [0, stock]: one uniform, no rejection, so that doses
stay paired.

Left out: shells and drones as causes apart, the quality of replacements, prisoners.
Sources: exponents wide because history is unstable (Bracken 1995; Fricker 1998; Lucas and Turkes 2004; model
notes, section 2); killed share CSIS 2026-01 and earlier estimates; level, spread and half-life of the intensity from
the claims, by `scenario/intensity.py`.
"""

import equinox as eqx
import jax.numpy as jnp
from jax.scipy.special import ndtri
from jaxtyping import Array, Float

from ceasefire.model.axes import enemy
from ceasefire.model.declare import LogNormal, Normal, Share, parameter, quantity
from ceasefire.model.noise import Noise, wander


class Params(eqx.Module):
    """What attrition does not know exactly."""

    own_exponent: Float[Array, "run"] = parameter(
        Normal(-0.16, 0.5, 1.16), unit="1", doc="Exponent q of a side's own strength in its loss rate."
    )
    enemy_exponent: Float[Array, "run"] = parameter(
        Normal(-0.06, 0.6, 1.26), unit="1", doc="Exponent p of the enemy's strength in a side's loss rate."
    )
    hold: Float[Array, "run"] = parameter(
        Share(0.3, 0.55, 0.8), unit="1", doc="Share of the losses at the opening that would fall without attacking."
    )
    killed_share: Float[Array, "side run"] = parameter(
        Share(0.2, 0.27, 0.38), unit="1", doc="Share of casualties that die."
    )
    troops_opening: Float[Array, "side run"] = parameter(
        LogNormal(300e3, 500e3, 800e3), unit="person", doc="Soldiers in theatre at the opening."
    )
    equipment_opening: Float[Array, "side item run"] = parameter(
        LogNormal(300, 3000, 30000), unit="count", doc="Pieces with the army at the opening."
    )
    casualty_rate: Float[Array, "side run"] = parameter(
        LogNormal(0.003, 0.01, 0.03), unit="1/week", doc="Long-run share of troops lost a week, at opening strengths."
    )
    casualty_rate_opening: Float[Array, "side run"] = parameter(
        LogNormal(0.003, 0.01, 0.03), unit="1/week", doc="Share of troops lost a week at the opening."
    )
    loss_rate: Float[Array, "side item run"] = parameter(
        LogNormal(0.001, 0.008, 0.05), unit="1/week", doc="Long-run share of each item lost a week."
    )
    loss_rate_opening: Float[Array, "side item run"] = parameter(
        LogNormal(0.001, 0.008, 0.05), unit="1/week", doc="Share of each item lost a week at the opening."
    )
    spread: Float[Array, "side run"] = parameter(
        LogNormal(0.1, 0.25, 0.6), unit="1", doc="Standard deviation of the log casualty rate around its mean."
    )
    half_life: Float[Array, "side run"] = parameter(
        LogNormal(4, 15, 60), unit="week", doc="Half-life of the casualty rate's excursions."
    )
    item_spread: Float[Array, "side item run"] = parameter(
        LogNormal(0.1, 0.3, 0.9), unit="1", doc="Standard deviation of each item's log loss rate around its mean."
    )
    item_half_life: Float[Array, "side item run"] = parameter(
        LogNormal(4, 15, 60), unit="week", doc="Half-life of each item's excursions."
    )


class State(eqx.Module):
    """Who and what is in the line, and how intense the fighting is."""

    troops: Float[Array, "side run"] = quantity("person", "Soldiers in theatre.")
    equipment: Float[Array, "side item run"] = quantity("count", "Pieces with the army.")
    intensity: Float[Array, "side run"] = quantity("1", "Log of the casualty rate at opening strengths and effort.")
    item_intensity: Float[Array, "side item run"] = quantity("1", "Log of each item's loss rate, likewise.")


class Flows(eqx.Module):
    """What was lost during the week."""

    casualties: Float[Array, "side run"] = quantity("person", "Killed or wounded this week.")
    killed: Float[Array, "side run"] = quantity("person", "Killed this week.")
    wounded: Float[Array, "side run"] = quantity("person", "Wounded this week.")
    lost: Float[Array, "side item run"] = quantity("count", "Pieces lost this week.")
    departed: Float[Array, "side run"] = quantity("person", "Left the line this week for reasons other than the enemy.")


def fall(stock: Array, hazard: Array, u: Array) -> Array:
    """How many of a stock fall: the quantile u of Binomial(stock, 1 − exp(−hazard)), as a clipped normal.

    Clipping at 0 makes the mean too high where little is expected: by 1 % at 3 losses a week, 10 % at 1.
    """
    p = -jnp.expm1(-hazard)
    return jnp.clip(stock * p + jnp.sqrt(stock * p * (1 - p)) * ndtri(u), 0, stock)


def step(
    params: Params,
    state: State,
    *,
    noise: Noise,
    effort: Float[Array, "side run"],
    fire: Float[Array, "side run"],
    delivered: Float[Array, "side item run"],
    arriving: Float[Array, "side run"],
    leaving: Float[Array, "side run"],
) -> tuple[State, Flows]:
    """Lose troops and equipment to enemy fire, then take in who and what arrives.

    `leaving` go for reasons other than the enemy, at most those who are left.
    """
    strength = jnp.maximum(state.troops, 1.0) / params.troops_opening
    pressure = strength ** (params.own_exponent - 1) * enemy(strength) ** params.enemy_exponent
    exposure = pressure * enemy(fire) * (params.hold + (1 - params.hold) * effort)
    casualties = fall(state.troops, jnp.exp(state.intensity) * exposure, noise.uniform("fall", state.troops.shape[:-1]))
    killed = casualties * params.killed_share
    lost = fall(
        state.equipment,
        jnp.exp(state.item_intensity) * exposure[:, None],
        noise.uniform("break", state.equipment.shape[:-1]),
    )
    left = state.troops - casualties
    departed = jnp.minimum(leaving, left)
    after = State(
        troops=left - departed + arriving,
        equipment=state.equipment - lost + delivered,
        intensity=wander(
            state.intensity,
            jnp.log(params.casualty_rate),
            params.spread,
            params.half_life,
            noise.uniform("intensity", state.troops.shape[:-1]),
        ),
        item_intensity=wander(
            state.item_intensity,
            jnp.log(params.loss_rate),
            params.item_spread,
            params.item_half_life,
            noise.uniform("item", state.equipment.shape[:-1]),
        ),
    )
    return after, Flows(casualties, killed, casualties - killed, lost, departed)
