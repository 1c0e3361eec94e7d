"""Manpower: recruits are trained and sent to the line; the wounded recover, or do not.

Recruits → training (two stages of equal mean length, so that its length is spread as an Erlang-2) → line. Wounded →
recovering (two stages likewise) → line, for the share that returns; the others are disabled. A share of the line
leaves each week without leave, net of those who come back.

Strain is the log of casualties over recruits, smoothed with a half-life of six weeks. Relative to the opening's it
    recruits = recruitment · funding^β · exp(−ε · strain) · luck + mobilised,
    leaving = troops · rate · exp(χ · strain):
heavy losses put recruits off and wear the line out. Funding, relative to the opening, is what the budget leaves for the
war, bonuses included. Mobilisation is a pulse by decree, none unless it is given.

Left out: wages outside the army, age limits, exchanges of prisoners, the pool that recruits come from, rotation.
Sources: recruitment by side in the scenario; training 8–12 weeks, return share .4/.5/.65 and ε from model notes,
section 7 (elicited).
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ceasefire.model.declare import SIGNED, Fixed, LogNormal, Share, coupling, parameter, quantity
from ceasefire.model.intervene import Intervention
from ceasefire.model.noise import Noise, normal_quantile

STRAIN_MEMORY = 2.0 ** (-1 / 6)
STRAIN_REACH = 1.5
"""Strain further than this from the opening's does no more (elicited; in peace there are no losses to speak of)."""


class Params(eqx.Module):
    """What manpower does not know exactly."""

    recruitment: Float[Array, "side run"] = parameter(
        LogNormal(2000, 5000, 12000), unit="person/week", doc="Recruits taken in each week, at the opening's strain."
    )
    recruitment_spread: Float[Array, "side run"] = parameter(
        LogNormal(0.05, 0.12, 0.3), unit="1", doc="Week-to-week standard deviation of log recruitment."
    )
    mobilisation: Float[Array, "side run"] = parameter(
        Fixed(0.0), unit="person/week", source="scenario", doc="Called up by decree each week, on top of recruits."
    )
    training_time: Float[Array, "side run"] = parameter(
        LogNormal(4, 8, 14), unit="week", doc="Mean time from recruit to the line."
    )
    return_share: Float[Array, "side run"] = parameter(
        Share(0.4, 0.5, 0.65), unit="1", doc="Share of the wounded who return to the line."
    )
    recovery_time: Float[Array, "side run"] = parameter(
        LogNormal(6, 10, 16), unit="week", doc="Mean time from wound to return."
    )
    desertion_rate: Float[Array, "side run"] = parameter(
        LogNormal(0.0005, 0.002, 0.008), unit="1/week", doc="Share of the line that leaves without leave, net."
    )
    loss_effect: Float[Array, "run"] = coupling(
        "manpower.strain", "manpower.recruited", LogNormal(0.05, 0.2, 0.5), doc="How strain puts recruits off (ε)."
    )
    bonus_exponent: Float[Array, "run"] = coupling(
        "budget.funding",
        "manpower.recruited",
        LogNormal(0.05, 0.2, 0.5),
        doc="How recruits follow the money for the war (β).",
    )
    desertion_effect: Float[Array, "run"] = coupling(
        "manpower.strain", "manpower.leaving", LogNormal(0.1, 0.3, 0.8), doc="How strain makes men leave (χ)."
    )


class State(eqx.Module):
    """Who is on the way to the line, or out of it."""

    training: Float[Array, "side 2 run"] = quantity("person", "Recruits in each half of training.")
    recovering: Float[Array, "side 2 run"] = quantity("person", "Wounded who will return, in each half of recovery.")
    arriving: Float[Array, "side run"] = quantity("person", "Will join the line in the coming week.")
    leaving: Float[Array, "side run"] = quantity("person", "Will leave the line in the coming week without leave.")
    strain: Float[Array, "side run"] = quantity("1", "Log of casualties over recruits lately.", SIGNED)
    usual_strain: Float[Array, "side run"] = quantity("1", "The same at the opening.", SIGNED)


class Flows(eqx.Module):
    """Who came and went during the week."""

    recruited: Float[Array, "side run"] = quantity("person", "Taken in this week, the mobilised included.")
    disabled: Float[Array, "side run"] = quantity("person", "Wounded this week who will not return.")
    trained: Float[Array, "side run"] = quantity("person", "Ended their training this week.")
    healed: Float[Array, "side run"] = quantity("person", "Ended their recovery this week.")


def opening(
    params: Params, troops: Float[Array, "side run"], casualties: Float[Array, "side run"], wounded: Array
) -> State:
    """Pipelines as full as the opening's recruitment and losses keep them."""
    healed = wounded * params.return_share
    strain = jnp.log(jnp.maximum(casualties, 1.0) / jnp.maximum(params.recruitment, 1.0))
    return State(
        training=jnp.stack([params.recruitment * params.training_time / 2] * 2, axis=1),
        recovering=jnp.stack([healed * params.recovery_time / 2] * 2, axis=1),
        arriving=params.recruitment + healed,
        leaving=troops * -jnp.expm1(-params.desertion_rate),
        strain=strain,
        usual_strain=strain,
    )


def relative_strain(state: State) -> Float[Array, "side run"]:
    """Strain relative to the opening's, within reach."""
    return jnp.clip(state.strain - state.usual_strain, -STRAIN_REACH, STRAIN_REACH)


def through_stages(stages: Float[Array, "side 2 run"], mean_time: Array) -> tuple[Array, Array]:
    """What leaves each of two stages of mean length mean_time / 2 (a week at least) in a week."""
    moved = stages * jnp.minimum(2.0 / mean_time, 1.0)[:, None]
    return moved[:, 0], moved[:, 1]


def step(
    params: Params,
    state: State,
    *,
    do: Intervention,
    noise: Noise,
    troops: Float[Array, "side run"],
    casualties: Float[Array, "side run"],
    wounded: Float[Array, "side run"],
    funding: Float[Array, "side run"],
) -> tuple[State, Flows]:
    """Recruit, train, heal; decide who joins and who leaves the line in the coming week.

    `funding` is the money for the war, relative to the opening.
    """
    excess = relative_strain(state)
    luck = normal_quantile(noise.uniform("recruit", troops.shape[:-1]))
    willing = params.recruitment * jnp.exp(params.recruitment_spread * luck - params.loss_effect * excess)
    recruited = do("recruited", willing * funding**params.bonus_exponent + params.mobilisation)
    disabled = jnp.minimum(do("disabled", wounded * (1 - params.return_share)), wounded)
    advanced, trained = through_stages(state.training, params.training_time)
    mending, healed = through_stages(state.recovering, params.recovery_time)
    trained = jnp.minimum(do("trained", trained), state.training[:, 1])
    healed = jnp.minimum(do("healed", healed), state.recovering[:, 1])
    ratio = jnp.log(jnp.maximum(casualties, 1.0) / jnp.maximum(recruited, 1.0))
    rate = params.desertion_rate * jnp.exp(params.desertion_effect * excess)
    after = State(
        training=state.training + jnp.stack([recruited - advanced, advanced - trained], axis=1),
        recovering=state.recovering + jnp.stack([wounded - disabled - mending, mending - healed], axis=1),
        arriving=trained + healed,
        leaving=troops * -jnp.expm1(-rate),
        strain=STRAIN_MEMORY * state.strain + (1 - STRAIN_MEMORY) * ratio,
        usual_strain=state.usual_strain,
    )
    return after, Flows(recruited, disabled, trained, healed)
