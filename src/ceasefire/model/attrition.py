"""Attrition: how fire received turns troops and equipment into losses.

A side loses each soldier with p = 1 − exp(−h),
    h = exp(intensity) · (own/own₀)^(q−1) · (enemy/enemy₀)^p · fire · mix · (hold + (1 − hold) · effort · exposure^ε),
Lanchester's general law, scaled so that at the opening h is what the claims known by then say. Mix is what the enemy
fires with, w_d · drones^ν_d + w_a · artillery^ν_a + w_b · bombs + the rest, each relative to the opening. The intensity
of the fighting wanders, a mean-reverting walk in logarithms, one for troops and one for each item. Losses are the
survival complement: a side can be destroyed, never go negative. The number that falls is the normal quantile of the
binomial, clipped to [0, stock]: one uniform, no rejection, so that doses stay paired.

Of the casualties a share dies, logit share = logit(killed share) + χ_d · ln(enemy drones) + χ_c · (colder by 10 °C):
drones over the roads and frost both stop evacuation. For each piece lost some are damaged; they come back from repair.

Left out: the quality of replacements, exchanges of prisoners, where along the line losses fall.
Sources: exponents wide because history is unstable (Bracken 1995; Fricker 1998; Lucas and Turkes 2004; model
notes, section 2); killed share CSIS 2026-01 and earlier estimates; drones' share of losses, model notes, section 2;
level, spread and half-life of the intensity from the claims, by `scenario/intensity.py`.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.scipy.special import logit
from jaxtyping import Array, Float

from ceasefire.model.axes import enemy
from ceasefire.model.declare import SIGNED, LogNormal, Normal, Share, coupling, parameter, quantity
from ceasefire.model.intervene import Intervention
from ceasefire.model.noise import Noise, normal_quantile, wander


class Params(eqx.Module):
    """What attrition does not know exactly."""

    own_exponent: Float[Array, "run"] = parameter(
        Normal(-0.16, 0.5, 1.16), unit="1", doc="Exponent q of a side's own strength in its loss rate."
    )
    enemy_exponent: Float[Array, "run"] = coupling(
        "attrition.troops",
        "attrition.casualties",
        Normal(-0.06, 0.6, 1.26),
        doc="Exponent p of the enemy's strength in a side's loss rate.",
    )
    drone_share: Float[Array, "run"] = parameter(
        Share(0.6, 0.75, 0.85), unit="1", doc="Share of losses that drones cause at the opening (w_d)."
    )
    artillery_share: Float[Array, "run"] = parameter(
        Share(0.3, 0.55, 0.8), unit="1", doc="Share of the other losses that artillery causes at the opening."
    )
    air_share: Float[Array, "run"] = parameter(
        Share(0.1, 0.3, 0.6), unit="1", doc="Share of what then remains that bombs cause at the opening."
    )
    drone_exponent: Float[Array, "run"] = coupling(
        "drones.density", "attrition.casualties", LogNormal(0.3, 0.6, 1.0), doc="How losses grow with drones (ν_d)."
    )
    artillery_exponent: Float[Array, "run"] = coupling(
        "fires.artillery", "attrition.casualties", LogNormal(0.3, 0.5, 0.8), doc="How losses grow with shells (ν_a)."
    )
    air_exponent: Float[Array, "run"] = coupling(
        "fires.air", "attrition.casualties", LogNormal(0.3, 0.6, 1.0), doc="How losses grow with bombs."
    )
    exposure_exponent: Float[Array, "run"] = coupling(
        "posture.exposure", "attrition.casualties", LogNormal(0.4, 0.8, 1.2), doc="How posture exposes attackers (ε)."
    )
    medevac_drones: Float[Array, "run"] = coupling(
        "drones.density", "attrition.killed", LogNormal(0.05, 0.2, 0.6), doc="How enemy drones stop evacuation (χ_d)."
    )
    medevac_cold: Float[Array, "run"] = coupling(
        "weather.temperature", "attrition.killed", LogNormal(0.02, 0.08, 0.25), doc="How 10 °C of cold do (χ_c)."
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
    damage_ratio: Float[Array, "side item run"] = parameter(
        LogNormal(0.2, 0.5, 1.2), unit="1", doc="Pieces damaged for each piece lost."
    )
    repair_time: Float[Array, "side item run"] = parameter(
        LogNormal(2, 6, 16), unit="week", doc="Mean time of a damaged piece in repair."
    )


class State(eqx.Module):
    """Who and what is in the line, and how intense the fighting is."""

    troops: Float[Array, "side run"] = quantity("person", "Soldiers in theatre.")
    equipment: Float[Array, "side item run"] = quantity("count", "Pieces with the army.")
    workshop: Float[Array, "side item run"] = quantity("count", "Damaged pieces in repair.")
    intensity: Float[Array, "side run"] = quantity("1", "Log of the casualty rate at opening strengths.", SIGNED)
    item_intensity: Float[Array, "side item run"] = quantity("1", "Log of each item's loss rate, likewise.", SIGNED)


class Flows(eqx.Module):
    """What was lost during the week."""

    casualties: Float[Array, "side run"] = quantity("person", "Killed or wounded this week.")
    killed: Float[Array, "side run"] = quantity("person", "Killed this week.")
    wounded: Float[Array, "side run"] = quantity("person", "Wounded this week.")
    surrendered: Float[Array, "side run"] = quantity("person", "Taken prisoner this week.")
    departed: Float[Array, "side run"] = quantity("person", "Left the line this week for reasons other than the enemy.")
    lost: Float[Array, "side item run"] = quantity("count", "Pieces lost this week.")
    damaged: Float[Array, "side item run"] = quantity("count", "Pieces sent to repair this week.")
    repaired: Float[Array, "side item run"] = quantity("count", "Pieces back from repair this week.")


def opening(params: Params) -> State:
    """Stocks and intensities as they are thought to be; repair shops as full as losses keep them."""
    weekly = params.equipment_opening * -jnp.expm1(-params.loss_rate_opening) * params.damage_ratio
    return State(
        troops=params.troops_opening,
        equipment=params.equipment_opening,
        workshop=weekly / -jnp.expm1(-1 / params.repair_time),
        intensity=jnp.log(params.casualty_rate_opening),
        item_intensity=jnp.log(params.loss_rate_opening),
    )


def pieces_left(params: Params, state: State, role: Float[Array, "role item"]) -> Float[Array, "role side run"]:
    """Pieces that play a role, relative to the opening; 1 where no item plays it."""
    left, opening_ = (jnp.einsum("ki,sir->ksr", role, pieces) for pieces in (state.equipment, params.equipment_opening))
    return jnp.where(opening_ > 0, left / jnp.maximum(opening_, 1e-9), 1.0)


def log_force(params: Params, troops: Float[Array, "side run"]) -> Float[Array, "side run"]:
    """Log ratio of a side's troops to the enemy's, relative to the opening."""
    strength = jnp.log(jnp.maximum(troops, 1.0) / params.troops_opening)
    return strength - enemy(strength)


def fire_mix(params: Params, drones: Array, artillery: Array, air: Array) -> Float[Array, "side run"]:
    """What the enemy's kinds of fire do to a side, relative to the opening."""
    rest = 1 - params.drone_share
    artillery_share = rest * params.artillery_share
    air_share = (rest - artillery_share) * params.air_share
    more = params.drone_share * (enemy(drones) ** params.drone_exponent - 1)
    more = more + artillery_share * (enemy(artillery) ** params.artillery_exponent - 1)
    more = more + air_share * (enemy(air) ** params.air_exponent - 1)
    return jnp.maximum(1 + more, 0.0)


def fall(stock: Array, hazard: Array, u: Array) -> Array:
    """How many of a stock fall: the quantile u of Binomial(stock, 1 − exp(−hazard)), as a clipped normal.

    Clipping at 0 makes the mean too high where little is expected: by 1 % at 3 losses a week, 10 % at 1.
    """
    p = -jnp.expm1(-hazard)
    return jnp.clip(stock * p + jnp.sqrt(stock * p * (1 - p)) * normal_quantile(u), 0, stock)


def step(
    params: Params,
    state: State,
    *,
    do: Intervention,
    noise: Noise,
    effort: Float[Array, "side run"],
    fire: Float[Array, "side run"],
    exposure: Float[Array, "side run"],
    density: Float[Array, "side axis run"],
    artillery: Float[Array, "side run"],
    air: Float[Array, "side run"],
    colder: Float[Array, "run"],
    delivered: Float[Array, "side item run"],
    captured: Float[Array, "side run"],
    arriving: Float[Array, "side run"],
    leaving: Float[Array, "side run"],
) -> tuple[State, Flows]:
    """Lose troops and equipment to enemy fire, then take in who and what arrives.

    `exposure`, `density`, `artillery` and `air` are 1 at the opening; `colder` is by how many °C the week is colder
    than the opening. `captured` surrender and `leaving` go for other reasons, at most those who are left.
    """
    strength = jnp.maximum(state.troops, 1.0) / params.troops_opening
    pressure = strength ** (params.own_exponent - 1) * enemy(strength) ** params.enemy_exponent
    drones = density.mean(axis=1)
    attack = (1 - params.hold) * effort * exposure**params.exposure_exponent
    received = pressure * enemy(fire) * fire_mix(params, drones, artillery, air) * (params.hold + attack)
    hazard = jnp.exp(state.intensity) * received
    casualties = do("casualties", fall(state.troops, hazard, noise.uniform("fall", state.troops.shape[:-1])))
    casualties = jnp.minimum(casualties, state.troops)
    stuck = params.medevac_drones * jnp.log(jnp.maximum(enemy(drones), 1e-3)) + params.medevac_cold * colder / 10
    share = jax.nn.sigmoid(logit(jnp.clip(params.killed_share, 1e-6, 1 - 1e-6)) + stuck)
    killed = jnp.minimum(do("killed", casualties * share), casualties)
    wounded = jnp.minimum(do("wounded", casualties - killed), casualties)
    killed = casualties - wounded
    left = state.troops - casualties
    surrendered = jnp.minimum(do("surrendered", captured), left)
    departed = jnp.minimum(do("departed", leaving), left - surrendered)

    broken = fall(
        state.equipment,
        jnp.exp(state.item_intensity) * received[:, None],
        noise.uniform("break", state.equipment.shape[:-1]),
    )
    lost = jnp.minimum(do("lost", broken), state.equipment)
    damaged = jnp.minimum(do("damaged", lost * params.damage_ratio), state.equipment - lost)
    repaired = jnp.minimum(do("repaired", state.workshop * -jnp.expm1(-1 / params.repair_time)), state.workshop)
    after = State(
        troops=left - surrendered - departed + arriving,
        equipment=state.equipment - lost - damaged + delivered + repaired,
        workshop=state.workshop + damaged - repaired,
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
    return after, Flows(casualties, killed, wounded, surrendered, departed, lost, damaged, repaired)
