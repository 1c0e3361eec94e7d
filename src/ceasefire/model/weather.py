"""Weather: how cold it is, and how much of the time drones and aircraft can fly.

Temperature = the climate's for the week of the year + an anomaly, which is a mean-reverting walk; one part of it is
shared by all axes. Flying is a share of the time, logit flying = logit(mild) + slope · (temperature − 20 °C) / 10 °C +
luck of the week: cold, fog and short days come together, and temperature stands for all three. Clear is flying · usual
at the opening / usual for the week: what drones and aircraft go by, since the record of losses does not follow the
season that flying would give it.

The anomaly opens at 0, as nothing is known of it, and is drawn before it is first used.

Left out: mud, rain, snow and wind as causes of their own; that winters vary more than summers; what a forecast knows.
Sources: climate from the ground; spread and half-life of weekly anomalies, and all about flying, elicited (that weather
halves the flying at worst, wx .4–1: model notes, section 2).
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.scipy.special import logit
from jaxtyping import Array, Float

from ceasefire.model.axes import YEAR, Ground
from ceasefire.model.declare import SHARE, SIGNED, LogNormal, Share, coupling, parameter, quantity
from ceasefire.model.intervene import Intervention
from ceasefire.model.noise import Noise, normal_quantile, wander

MILD = 20.0
"""°C at which `flying_mild` is the share of the time."""


class Params(eqx.Module):
    """What weather does not know exactly."""

    anomaly_spread: Float[Array, "run"] = parameter(
        LogNormal(2, 3.3, 5), unit="°C", doc="Standard deviation of the week's temperature around the climate's."
    )
    anomaly_half_life: Float[Array, "run"] = parameter(
        LogNormal(0.4, 0.9, 2), unit="week", doc="Half-life of the temperature's excursions."
    )
    likeness: Float[Array, "run"] = parameter(
        Share(0.6, 0.8, 0.95), unit="1", doc="Share of the variance of a week's weather that all axes have in common."
    )
    flying_mild: Float[Array, "run"] = parameter(
        Share(0.6, 0.75, 0.88), unit="1", doc="Share of the time in which drones and aircraft can work, at 20 °C."
    )
    flying_slope: Float[Array, "run"] = coupling(
        "weather.temperature",
        "weather.flying",
        LogNormal(0.2, 0.5, 0.9),
        doc="Log odds of flying gained with 10 °C of warmth.",
    )
    flying_spread: Float[Array, "run"] = parameter(
        LogNormal(0.15, 0.35, 0.7), unit="1", doc="Week-to-week standard deviation of the log odds of flying."
    )


class State(eqx.Module):
    """How far the weather is from the climate."""

    anomaly: Float[Array, "axis run"] = quantity("°C", "Temperature less the climate's.", SIGNED)
    warmth_opening: Float[Array, "axis run"] = quantity("1", "Log odds of flying owed to the opening's warmth.", SIGNED)


class Flows(eqx.Module):
    """This week's weather."""

    temperature: Float[Array, "axis run"] = quantity("°C", "Mean temperature this week.", SIGNED)
    flying: Float[Array, "axis run"] = quantity("1", "Share of the time in which drones and aircraft can work.", SHARE)
    clear: Float[Array, "axis run"] = quantity("1", "The same with the season taken out.", SHARE)


def opening(params: Params, ground: Ground) -> State:
    """As usual for the time of the year."""
    warmth = params.flying_slope * (ground.climate[:, :1] - MILD) / 10
    return State(jnp.zeros_like(warmth), warmth)


def usual_flying(params: Params, ground: Ground) -> Float[Array, "axis run"]:
    """Flying in the climate of the opening week, its luck at the median."""
    return jax.nn.sigmoid(logit(params.flying_mild) + opening(params, ground).warmth_opening)


def step(params: Params, state: State, *, do: Intervention, noise: Noise, ground: Ground) -> tuple[State, Flows]:
    """Let the anomaly wander, its common and its local part alike; see what flies in the temperature that results."""
    shape, half_life = (ground.axes,), params.anomaly_half_life
    common, local = jnp.sqrt(params.likeness), jnp.sqrt(1 - params.likeness)
    spread, mean = params.anomaly_spread, jnp.zeros_like(common)
    anomaly = wander(state.anomaly, mean, spread * common, half_life, noise.uniform("anomaly"))
    anomaly = anomaly + wander(mean, mean, spread * local, half_life, noise.uniform("local", shape))
    usual = ground.climate[:, noise.week % YEAR][:, None]
    temperature = do("temperature", usual + anomaly)
    luck = common * normal_quantile(noise.uniform("fog")) + local * normal_quantile(noise.uniform("local_fog", shape))
    mild, season = logit(params.flying_mild) + state.warmth_opening, params.flying_slope / 10
    warmer = season * (temperature - ground.climate[:, :1])
    flying = do("flying", jax.nn.sigmoid(mild + warmer + params.flying_spread * luck))
    expected = jax.nn.sigmoid(mild + season * (usual - ground.climate[:, :1]))
    clear = do("clear", jnp.minimum(flying * jax.nn.sigmoid(mild) / expected, 1.0))
    return State(anomaly, state.warmth_opening), Flows(temperature, flying, clear)
