"""Drones: how many are flown over the front, and how they stop what moves in the open.

A side flies its stock down over `cover` weeks: used = fire · stock / cover. What counts is the sorties of each kind
that the enemy does not jam, relative to the opening, r_k. Over an axis
    density = r_strike^(1−w) · r_surveillance^w · exp(edge) · (flying / flying at the opening)^ω,
so it is 1 at the opening. Edge is what technology has done since: jumps come at a Poisson rate, with normal sizes in
logarithms, and fade as the enemy copies or answers them. Against a side work the enemy's density D and the enemy's
kill zone κ = κ₀ · D^½:
    passage = (1 + c) / (1 + c · D κ/κ₀), massing time = M₀ · (1 − s + s D), group size = G₀ / (1 − g + g D).
An assault gets through with exp(−its exposure); exposures differ, exponentially with mean c · D κ/κ₀, so that 1 / (1 +
mean) get through. Of what slows the gathering of troops, a share s is drones at the opening, in proportion to D.

Weather changes what a sortie does, not how many are expended: drones that wait for a clear hour are flown later.

By default technology does not jump: what the record shows of it is in the intensity of losses already, and with 1.5
jumps a year past forecasts of losses were 2 to 4 % worse.

Left out: pilots, drones shot down or caught by others, fibre-optic cable apart from other technology, where along an
axis they fly, reusable drones that come back (what is counted as flown is expended).
Sources: kill zone, exponent ½, c = ψ κ₀ with ψ .005/.015/.04 per km, technology (1.5 jumps a year, log size .25, fading
in 40 weeks): model notes, section 2, elicited; what drones do to massing and groups: open claim M15, elicited.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ceasefire.model.axes import MUNITIONS, enemy, relative
from ceasefire.model.declare import SHARE, SIGNED, Fixed, LogNormal, Share, coupling, parameter, quantity
from ceasefire.model.intervene import Intervention
from ceasefire.model.noise import Noise, normal_quantile

KINDS = ("strike", "surveillance")
TRACE = 10.0
"""Sorties a week that are always there, so that none relative to none is 1; arbitrary, and small beside any use."""
MOST_JUMPS = 5
"""In one week; more have a probability below 1e-8 at any rate that the prior allows."""
AMONG_MUNITIONS = slice(MUNITIONS.index("strike_drone"), MUNITIONS.index("surveillance_drone") + 1)
"""Where the kinds stand among munitions, in the same order."""


class Params(eqx.Module):
    """What is not known exactly about drones."""

    cover: Float[Array, "side kind run"] = parameter(
        LogNormal(1.2, 3, 8), unit="week", doc="Time over which a side flies its stock down; a week at least."
    )
    jamming_opening: Float[Array, "side run"] = parameter(
        Share(0.2, 0.4, 0.65), unit="1", doc="Share of the enemy's sorties that a side jams."
    )
    weather_effect: Float[Array, "run"] = coupling(
        "weather.flying", "drones.density", LogNormal(0.05, 0.2, 0.6), doc="How flying weather moves density (ω)."
    )
    surveillance_weight: Float[Array, "run"] = parameter(
        Share(0.1, 0.25, 0.45), unit="1", doc="Exponent of surveillance in density (w); strike has the rest."
    )
    jump_rate: Float[Array, "run"] = parameter(
        Fixed(0.0), unit="1/week", source="backtest", doc="Jumps of a side's technology; 0.029 is 1.5 a year."
    )
    jump_size: Float[Array, "run"] = parameter(
        LogNormal(0.12, 0.25, 0.5), unit="1", doc="Standard deviation of a jump in log density."
    )
    jump_half_life: Float[Array, "run"] = parameter(
        LogNormal(15, 40, 100), unit="week", doc="Half-life of what a jump has changed."
    )
    kill_zone_opening: Float[Array, "side run"] = parameter(
        LogNormal(5, 12, 28), unit="km", doc="Depth behind the enemy's line that a side's drones watch (κ₀)."
    )
    depth_exponent: Float[Array, "run"] = coupling(
        "drones.density", "drones.kill_zone", LogNormal(0.3, 0.5, 0.8), doc="How the kill zone deepens with density."
    )
    passage_effect: Float[Array, "run"] = coupling(
        "drones.kill_zone",
        "drones.passage",
        LogNormal(0.06, 0.2, 0.8),
        doc="Mean exposure of an assault to drones on its way, at the opening (c).",
    )
    massing_effect: Float[Array, "run"] = coupling(
        "drones.density",
        "drones.massing_time",
        Share(0.5, 0.8, 0.95),
        doc="Share of what slows massing that is drones, at the opening (s).",
    )
    group_effect: Float[Array, "run"] = coupling(
        "drones.density",
        "drones.group_size",
        Share(0.3, 0.6, 0.85),
        doc="Share of what keeps assault groups small that is drones, at the opening (g).",
    )
    massing_time_opening: Float[Array, "side run"] = parameter(
        LogNormal(6, 24, 96), unit="h", doc="Time in which a side gathers troops for an assault (M₀)."
    )
    group_size_opening: Float[Array, "side run"] = parameter(
        LogNormal(3, 12, 60), unit="person", doc="Size of a side's assault groups (G₀)."
    )


class State(eqx.Module):
    """What is left to fly, and how good it is."""

    stock: Float[Array, "side kind run"] = quantity("count", "Drones with the army.")
    edge: Float[Array, "side run"] = quantity("1", "Log of what technology has done to density.", SIGNED)
    used_opening: Float[Array, "side kind run"] = quantity("count/week", "Expended at the opening.")
    flying_opening: Float[Array, "axis run"] = quantity("1", "Usual share of the time with flying weather then.", SHARE)


class Flows(eqx.Module):
    """What flew this week, and what it did."""

    used: Float[Array, "side kind run"] = quantity("count", "Drones expended this week.")
    jamming: Float[Array, "side run"] = quantity("1", "Share of the enemy's sorties that a side jams.", SHARE)
    density: Float[Array, "side axis run"] = quantity("1", "Effective drones over the front, relative to the opening.")
    kill_zone: Float[Array, "side axis run"] = quantity("km", "Depth behind the enemy's line that they watch.")
    passage: Float[Array, "side axis run"] = quantity(
        "1", "Share of a side's assaults that gets through the enemy's drones, relative to the opening."
    )
    massing_time: Float[Array, "side axis run"] = quantity(
        "h", "Time that a side needs to gather troops for an assault."
    )
    group_size: Float[Array, "side axis run"] = quantity("person", "Size of a side's assault groups.", level=True)


def opening(params: Params, delivered: Float[Array, "side munition run"], flying: Float[Array, "axis run"]) -> State:
    """Stocks that stay as they are while as many are delivered; `flying` is usual for the opening week."""
    used = delivered[:, AMONG_MUNITIONS]
    return State(used * _cover(params), jnp.zeros_like(params.jamming_opening), used, flying)


def _cover(params: Params) -> Array:
    return jnp.maximum(params.cover, 1.0)


def jump(rate: Array, size: Array, number: Array, u: Array) -> Array:
    """Sum of the jumps of a week: Poisson(rate) many by quantile `number`, their sum the normal quantile u."""
    chance = term = jnp.exp(-rate)
    jumps = jnp.zeros_like(number)
    for k in range(1, MOST_JUMPS + 1):
        jumps = jumps + (number > chance)
        term = term * rate / k
        chance = chance + term
    return size * jnp.sqrt(jumps) * normal_quantile(u)


def step(
    params: Params,
    state: State,
    *,
    do: Intervention,
    noise: Noise,
    fire: Float[Array, "side run"],
    delivered: Float[Array, "side munition run"],
    flying: Float[Array, "axis run"],
) -> tuple[State, Flows]:
    """Fly, watch and strike; then technology moves on and the week's output arrives."""
    wanted = fire[:, None] * state.stock / _cover(params)
    used = jnp.minimum(do("used", jnp.minimum(wanted, state.stock)), state.stock)
    jamming = do("jamming", params.jamming_opening)
    through, before = 1 - enemy(jamming)[:, None], 1 - enemy(params.jamming_opening)[:, None]
    kinds = relative(used * through, state.used_opening * before, TRACE)
    weight = params.surveillance_weight
    over_front = kinds[:, 0] ** (1 - weight) * kinds[:, 1] ** weight * jnp.exp(state.edge)
    density = do("density", over_front[:, None] * (flying / state.flying_opening) ** params.weather_effect)
    kill_zone = do("kill_zone", params.kill_zone_opening[:, None] * density**params.depth_exponent)
    met, depth = enemy(density), enemy(kill_zone / params.kill_zone_opening[:, None])
    shape = fire.shape[:-1]
    shock = jump(params.jump_rate, params.jump_size, noise.uniform("jump", shape), noise.uniform("size", shape))
    after = State(
        stock=state.stock - used + delivered[:, AMONG_MUNITIONS],
        edge=state.edge * 2.0 ** (-1.0 / params.jump_half_life) + shock,
        used_opening=state.used_opening,
        flying_opening=state.flying_opening,
    )
    return after, Flows(
        used=used,
        jamming=jamming,
        density=density,
        kill_zone=kill_zone,
        passage=do("passage", (1 + params.passage_effect) / (1 + params.passage_effect * depth * met)),
        massing_time=do("massing_time", params.massing_time_opening[:, None] / _rarer(params.massing_effect, met)),
        group_size=do("group_size", params.group_size_opening[:, None] * _rarer(params.group_effect, met)),
    )


def _rarer(share: Array, density: Array) -> Array:
    """1 / (1 − share + share · density): a waiting time, of whose rate a share is in proportion to density."""
    return 1 / jnp.maximum(1 - share + share * density, 1e-6)
