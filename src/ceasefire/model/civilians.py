"""Civilians: who is killed or wounded, and who comes under other control.

People on the land that a side holds are harmed in proportion to the enemy's fire,
    harmed = rate · fire · (w_d · drones^ν + w_a · artillery^ν + w_b · bombs^ν) · luck,
all relative to the opening. Behind the line deep strikes harm them: harmed behind = hits · people per hit · luck, hits
being what gets through the air defence. People come under other control with the ground that they live on: residents
before the war, cell by cell, times the share that is still there.

Left out: mines, hunger and cold (`grid` counts who has no heat); flight as the front comes nearer; who lives where in
the countryside (the census of places is all there is).
Sources: rates elicited after the monthly reports of the UN monitoring mission (general knowledge, wanting a source).
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ceasefire.model.axes import enemy
from ceasefire.model.declare import LogNormal, Share, coupling, parameter, quantity
from ceasefire.model.intervene import Intervention
from ceasefire.model.noise import Noise, normal_quantile


class Params(eqx.Module):
    """What is not known exactly of civilians."""

    harm_rate: Float[Array, "side run"] = parameter(
        LogNormal(20, 120, 600),
        unit="person/week",
        doc="Civilians harmed near the line on the side's land each week, at the opening.",
    )
    harm_spread: Float[Array, "side run"] = parameter(
        LogNormal(0.15, 0.3, 0.6), unit="1", doc="Week-to-week standard deviation of the log number harmed."
    )
    killed_share: Float[Array, "side run"] = parameter(
        Share(0.12, 0.18, 0.28), unit="1", doc="Share of the harmed who die."
    )
    drone_share: Float[Array, "run"] = parameter(
        Share(0.2, 0.33, 0.5), unit="1", doc="Share of the harm near the line that drones do, at the opening."
    )
    artillery_share: Float[Array, "run"] = parameter(
        Share(0.3, 0.5, 0.7), unit="1", doc="Share of the rest that artillery does; bombs do what remains."
    )
    fire_exponent: Float[Array, "run"] = coupling(
        "drones.density", "civilians.harmed", LogNormal(0.5, 0.8, 1.0), doc="How harm grows with each kind of fire (ν)."
    )
    harm_per_hit: Float[Array, "side run"] = parameter(
        LogNormal(0.03, 0.15, 0.7),
        unit="person/count",
        doc="Civilians harmed behind the line for each hit as strong as an attack drone's.",
    )
    staying_share: Float[Array, "side run"] = parameter(
        Share(0.05, 0.15, 0.4), unit="1", doc="Share of the residents before the war who are there when a place falls."
    )


class State(eqx.Module):
    """Nothing is carried over."""


class Flows(eqx.Module):
    """What the week did to civilians."""

    harmed: Float[Array, "side run"] = quantity("person", "Civilians killed or wounded on the side's land this week.")
    harmed_behind: Float[Array, "side run"] = quantity("person", "Those of them whom deep strikes harmed.")
    killed: Float[Array, "side run"] = quantity("person", "Civilians killed on the side's land this week.")
    transferred: Float[Array, "side axis run"] = quantity("person", "Civilians who came under the side's control.")


def step(
    params: Params,
    state: State,
    *,
    do: Intervention,
    noise: Noise,
    fire: Float[Array, "side run"],
    density: Float[Array, "side axis run"],
    artillery: Float[Array, "side run"],
    air: Float[Array, "side run"],
    hits: Float[Array, "side sector run"],
    residents: Float[Array, "side axis run"],
) -> tuple[State, Flows]:
    """Harm follows the enemy's fire; `residents` are those before the war, on the ground that each side took."""
    rest = 1 - params.drone_share
    shares = jnp.stack([params.drone_share, rest * params.artillery_share, rest * (1 - params.artillery_share)])
    kinds = jnp.stack([enemy(density).mean(axis=1), enemy(artillery), enemy(air)], axis=1)
    level = (shares * kinds**params.fire_exponent).sum(axis=1) * enemy(fire)
    luck = jnp.exp(
        params.harm_spread * normal_quantile(noise.uniform("harm", fire.shape[:-1])) - params.harm_spread**2 / 2
    )
    behind = do("harmed_behind", params.harm_per_hit * hits.sum(axis=1) * luck)
    harmed = do("harmed", params.harm_rate * level * luck + behind)
    killed = do("killed", harmed * params.killed_share)
    return state, Flows(harmed, behind, killed, do("transferred", residents * params.staying_share[:, None]))
