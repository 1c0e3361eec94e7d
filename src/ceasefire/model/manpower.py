"""Manpower: recruits are trained and sent to the line; the wounded recover, or do not.

Recruits → training (two stages of equal mean length, so that its length is spread as an Erlang-2) → line. Wounded →
recovering (two stages likewise) → line, for the share that returns; the others are disabled. A share of the line
leaves each week without leave, net of those who come back.

Left out: bonuses, age limits, mobilisation by decree, prisoners and exchanges, the pool that recruits come from.
Sources: recruitment by side in the scenario; training 8–12 weeks and return share .4/.5/.65 from model notes,
section 7 (elicited).
"""

import equinox as eqx
import jax.numpy as jnp
from jax.scipy.special import ndtri
from jaxtyping import Array, Float

from ceasefire.model.declare import LogNormal, Share, parameter, quantity
from ceasefire.model.noise import Noise


class Params(eqx.Module):
    """What manpower does not know exactly."""

    recruitment: Float[Array, "side run"] = parameter(
        LogNormal(2000, 5000, 12000), unit="person/week", doc="Recruits taken in each week."
    )
    recruitment_spread: Float[Array, "side run"] = parameter(
        LogNormal(0.05, 0.12, 0.3), unit="1", doc="Week-to-week standard deviation of log recruitment."
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


class State(eqx.Module):
    """Who is on the way to the line, or out of it."""

    training: Float[Array, "side 2 run"] = quantity("person", "Recruits in each half of training.")
    recovering: Float[Array, "side 2 run"] = quantity("person", "Wounded who will return, in each half of recovery.")
    arriving: Float[Array, "side run"] = quantity("person", "Will join the line in the coming week.")
    leaving: Float[Array, "side run"] = quantity("person", "Will leave the line in the coming week without leave.")


class Flows(eqx.Module):
    """Who came and went during the week."""

    recruited: Float[Array, "side run"] = quantity("person", "Taken in this week.")
    disabled: Float[Array, "side run"] = quantity("person", "Wounded this week who will not return.")


def through_stages(stages: Float[Array, "side 2 run"], inflow: Array, mean_time: Array) -> tuple[Array, Array]:
    """Move one week through two stages of mean length mean_time / 2 (a week at least); the stages and the outflow."""
    moved = stages * jnp.minimum(2.0 / mean_time, 1.0)[:, None]
    entered = jnp.stack([inflow, moved[:, 0]], axis=1)
    return stages - moved + entered, moved[:, 1]


def step(
    params: Params,
    state: State,
    *,
    noise: Noise,
    troops: Float[Array, "side run"],
    wounded: Float[Array, "side run"],
) -> tuple[State, Flows]:
    """Recruit, train, heal; decide who joins and who leaves the line in the coming week."""
    luck = ndtri(noise.uniform("recruit", troops.shape[:-1]))
    recruited = params.recruitment * jnp.exp(params.recruitment_spread * luck)
    returning = wounded * params.return_share
    training, trained = through_stages(state.training, recruited, params.training_time)
    recovering, healed = through_stages(state.recovering, returning, params.recovery_time)
    after = State(training, recovering, trained + healed, troops * -jnp.expm1(-params.desertion_rate))
    return after, Flows(recruited, wounded - returning)
