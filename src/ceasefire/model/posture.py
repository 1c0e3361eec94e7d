"""Posture: how a side attacks, massed, by infiltration or by encirclement, and what that costs and gains.

The mix is a softmax around the opening's. Losses that outrun recruits move it from massed assault to encirclement;
armour that is gone and enemy drones that see everything move it away from massed assault:
    massed ∝ m₀ · exp(−ε_s · strain) · armour^ε_a · (enemy drones)^−ε_d,   encirclement ∝ e₀ · exp(+ε_s · strain),
with strain the log of losses over recruits relative to the opening, the rest infiltration. Each posture presses and
exposes more or less than infiltration does; `press` and `exposure` are the mix's means relative to the opening's.

Left out: doctrine, training and command; terrain; a posture of its own on each axis.
Sources: all elicited; the direction of each is an open claim (mechanisms M15, M31).
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ceasefire.model.axes import enemy
from ceasefire.model.declare import SHARE, LogNormal, Share, coupling, parameter, quantity
from ceasefire.model.intervene import Intervention


class Params(eqx.Module):
    """What posture does not know exactly."""

    massed_opening: Float[Array, "side run"] = parameter(
        Share(0.08, 0.2, 0.45), unit="1", doc="Share of attacks that are massed, at the opening."
    )
    encirclement_opening: Float[Array, "side run"] = parameter(
        Share(0.1, 0.25, 0.5), unit="1", doc="Share of the other attacks that aim to encircle, at the opening."
    )
    massed_press: Float[Array, "run"] = parameter(
        LogNormal(1.05, 1.3, 1.7), unit="1", doc="Ground gained by massed assault, relative to infiltration."
    )
    encirclement_press: Float[Array, "run"] = parameter(
        LogNormal(0.6, 0.8, 1.0), unit="1", doc="Ground gained by encirclement, relative to infiltration."
    )
    massed_exposure: Float[Array, "run"] = parameter(
        LogNormal(1.2, 1.7, 2.6), unit="1", doc="Losses in massed assault, relative to infiltration."
    )
    encirclement_exposure: Float[Array, "run"] = parameter(
        LogNormal(0.5, 0.75, 1.0), unit="1", doc="Losses in encirclement, relative to infiltration."
    )
    strain_effect: Float[Array, "run"] = coupling(
        "manpower.strain",
        "posture.mix",
        LogNormal(0.2, 0.6, 1.5),
        doc="How strain moves it to encirclement (ε_s).",
    )
    armour_effect: Float[Array, "run"] = coupling(
        "attrition.equipment",
        "posture.mix",
        LogNormal(0.1, 0.4, 1.0),
        doc="How armour moves it to massed (ε_a).",
    )
    drone_effect: Float[Array, "run"] = coupling(
        "drones.density", "posture.mix", LogNormal(0.1, 0.4, 1.0), doc="How enemy drones move it from massed (ε_d)."
    )


class State(eqx.Module):
    """Nothing is carried over."""


class Flows(eqx.Module):
    """How the week's attacks are made."""

    mix: Float[Array, "side posture run"] = quantity("1", "Share of attacks of each posture.", SHARE)
    press: Float[Array, "side run"] = quantity("1", "Ground that such a mix gains, relative to the opening's.")
    exposure: Float[Array, "side run"] = quantity("1", "Losses that such a mix suffers, relative to the opening's.")


def opening_mix(params: Params) -> Float[Array, "side posture run"]:
    """Shares at the opening."""
    rest = 1 - params.massed_opening
    encircling = rest * params.encirclement_opening
    return jnp.stack([params.massed_opening, rest - encircling, encircling], axis=1)


def relative(
    mix: Float[Array, "side posture run"], usual: Float[Array, "side posture run"], massed: Array, encircling: Array
) -> Float[Array, "side run"]:
    """Mean of (massed, 1, encircling) over a mix, relative to the opening's; shares count relative to their sum."""
    worth = jnp.stack([massed, jnp.ones_like(massed), encircling])
    mean = (mix * worth).sum(axis=1) / jnp.maximum(mix.sum(axis=1), 1e-6)
    return mean / (usual * worth).sum(axis=1)


def step(
    params: Params,
    state: State,
    *,
    do: Intervention,
    strain: Float[Array, "side run"],
    armour: Float[Array, "side run"],
    density: Float[Array, "side axis run"],
) -> tuple[State, Flows]:
    """Mix the postures from strain (log, 0 at the opening), armour and enemy drones (both 1 at the opening)."""
    usual = opening_mix(params)
    seen = jnp.log(jnp.maximum(enemy(density).mean(axis=1), 1e-3))
    kept = jnp.log(jnp.maximum(armour, 1e-3))
    pull = params.strain_effect * strain
    moved = jnp.stack(
        [params.armour_effect * kept - pull - params.drone_effect * seen, jnp.zeros_like(pull), pull], axis=1
    )
    mix = do("mix", jax.nn.softmax(jnp.log(usual) + moved, axis=1))
    press = relative(mix, usual, params.massed_press, params.encirclement_press)
    exposure = relative(mix, usual, params.massed_exposure, params.encirclement_exposure)
    return state, Flows(mix, do("press", press), do("exposure", exposure))
