"""Talks: whether the sides talk, and whether they mean it.

Three states: none, insincere, earnest. In a week
    none → talking with chance 1 − exp(−start · e^(a · ln pressure + b · wish)), earnest with chance `earnest_share`;
    insincere → earnest with chance 1 − exp(−turn · e^(a · ln pressure + c · imbalance)),
    earnest → insincere at the rate `cool`, talking → none at the rate `stop`;
talks that end turn to nothing else. Announced talks that are due begin them, and keep them going. Pressure is what
mediators and patrons bring to bear on a side, 1 as at the opening, its log the mean of both; wish is how much more
often people of both sides want talks than at the opening, in log odds; imbalance how much more lopsided the battlefield
is than at the opening, |θ| − |θ then|.

A deadline presses: in the weeks before one that was set, an agreement is likelier (`bargaining.deadline_effect`).

Left out: who sits at the table and of what rank, rounds as such, back channels, talks about prisoners and grain, talks
that change what is fought over.
Sources: three of four wartime negotiations fail; pressure starts talks of either kind, a lopsided battlefield makes
them earnest: Min 2020, "Talking While Fighting: Understanding the Role of Wartime Negotiation", through the model
notes, section 12; rates elicited.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ceasefire.model.declare import SHARE, Fixed, LogNormal, Normal, Share, Uniform, coupling, parameter, quantity
from ceasefire.model.intervene import Intervention
from ceasefire.model.noise import Noise

NONE, INSINCERE, EARNEST = range(3)
FURTHEST = 4.0
"""What pushes a rate moves its log by no more than this."""


class Params(eqx.Module):
    """What is not known exactly of talks."""

    talking_opening: Float[Array, "run"] = parameter(
        Fixed(0.0), unit="1", source="scenario", doc="Chance that the sides talk at the opening.", bounds=SHARE
    )
    earnest_opening: Float[Array, "run"] = parameter(
        Share(0.05, 0.2, 0.5), unit="1", doc="Chance that talks under way at the opening are earnest."
    )
    dice: Float[Array, "run"] = parameter(
        Uniform(0.0, 1.0), unit="1", source="definition", doc="Which of the states at the opening a run has."
    )
    start: Float[Array, "run"] = parameter(
        LogNormal(0.01, 0.03, 0.08), unit="1/week", doc="Rate at which talks begin where there are none."
    )
    stop: Float[Array, "run"] = parameter(LogNormal(0.02, 0.04, 0.1), unit="1/week", doc="Rate at which talks end.")
    earnest_share: Float[Array, "run"] = parameter(
        Share(0.05, 0.2, 0.5), unit="1", doc="Chance that talks that begin are earnest."
    )
    turn: Float[Array, "run"] = parameter(
        LogNormal(0.003, 0.01, 0.03), unit="1/week", doc="Rate at which insincere talks become earnest."
    )
    cool: Float[Array, "run"] = parameter(
        LogNormal(0.01, 0.03, 0.08), unit="1/week", doc="Rate at which earnest talks become insincere."
    )
    pressure: Float[Array, "side run"] = parameter(
        Fixed(1.0),
        unit="1",
        source="definition",
        doc="Pressure of mediators and patrons on a side, relative to the opening.",
    )
    pressure_effect: Float[Array, "run"] = coupling(
        "talks.urged",
        "talks.regime",
        LogNormal(0.2, 0.6, 1.5),
        doc="How pressure moves the rates at which talks begin and become earnest (a).",
    )
    wish_effect: Float[Array, "run"] = coupling(
        "opinion.share", "talks.regime", Normal(-0.1, 0.25, 0.7), doc="How people's wish for talks does (b)."
    )
    imbalance_effect: Float[Array, "run"] = coupling(
        "beliefs.power",
        "talks.regime",
        Normal(-0.2, 0.3, 0.9),
        doc="How a lopsided battlefield makes talks earnest (c).",
    )


class State(eqx.Module):
    """Whether they talk."""

    regime: Int[Array, "run"] = quantity("1", "0 no talks, 1 insincere, 2 earnest.", (NONE, EARNEST))
    imbalance_opening: Float[Array, "run"] = quantity("1", "How lopsided the battlefield was then.")


class Flows(eqx.Module):
    """How the week at the table was."""

    urged: Float[Array, "side run"] = quantity("1", "Pressure on a side, relative to the opening.", level=True)
    talking: Float[Array, "run"] = quantity("1", "1 where the sides talk.", SHARE, derived=True, level=True)
    earnest: Float[Array, "run"] = quantity("1", "1 where they mean it.", SHARE, derived=True, level=True)


def opening(params: Params, power: Float[Array, "run"]) -> State:
    """Talks as they stand; whether they are earnest nobody knows."""
    talking = params.dice < params.talking_opening
    earnest = params.dice < params.talking_opening * params.earnest_opening
    regime = jnp.where(earnest, EARNEST, jnp.where(talking, INSINCERE, NONE)).astype(jnp.int32)
    return State(regime=regime, imbalance_opening=jnp.abs(power))


def step(
    params: Params,
    state: State,
    *,
    do: Intervention,
    noise: Noise,
    due: Float[Array, "run"],
    wish: Float[Array, "run"],
    power: Float[Array, "run"],
) -> tuple[State, Flows]:
    """Talks as they stand this week; then they begin, end, or change their nature.

    `due` is 1 where announced talks are due, `wish` the log odds of a wish for talks beyond the opening's, `power` the
    log power of the first side over the second.
    """
    urged = do("urged", params.pressure)
    push = params.pressure_effect * jnp.log(jnp.maximum(urged, 1e-3)).mean(axis=0)
    lopsided = jnp.abs(power) - state.imbalance_opening
    begins = chance(params.start, push + params.wish_effect * wish)
    turns = chance(params.turn, push + params.imbalance_effect * lopsided)
    moves, kind = noise.uniform("move"), noise.uniform("kind")
    fresh = jnp.where(kind < params.earnest_share, EARNEST, INSINCERE)
    started = jnp.where((due > 0.5) | (moves < begins), fresh, NONE)
    ended = (kind < -jnp.expm1(-params.stop)) & (due < 0.5)
    insincere = jnp.where(moves < turns, EARNEST, INSINCERE)
    earnest = jnp.where(moves < -jnp.expm1(-params.cool), INSINCERE, EARNEST)
    going_on = jnp.where(state.regime == EARNEST, earnest, insincere)
    after = jnp.where(state.regime == NONE, started, jnp.where(ended, NONE, going_on)).astype(jnp.int32)
    talking, sincere = (state.regime > NONE), (state.regime == EARNEST)
    flows = Flows(urged, talking.astype(urged.dtype), sincere.astype(urged.dtype))
    return State(after, state.imbalance_opening), flows


def chance(rate: Array, push: Array) -> Array:
    """Chance of an event in a week at a rate that is pushed, its log moved by `push`."""
    return -jnp.expm1(-rate * jnp.exp(jnp.clip(push, -FURTHEST, FURTHEST)))
