"""Sanctions: what is decided, when it bites, and how the bite fades.

A level is what outsiders do to a side, relative to the opening: 1 as then, 0 lifted, 2 twice as much. Interceptions
at sea count from the opening's, 0 being as many as then. What a level adds, x, arrives in two stages of equal mean
length (an Erlang-2 lag of mean L weeks),
    delayed ← delayed + g · (x − delayed),   arrived ← arrived + g · (delayed − arrived),   g = 1 / (1 + L / 2),
so that a step of 1 has brought 1 − (1 − g)ⁿ · (1 + n · g) after n weeks: next to nothing at first. Fleets and traders
adapt to what is added, not to what is taken away; what they have found a way around goes to a share of it,
    adapted ← adapted + (share · max(arrived, 0) − adapted) / (1 + τ),   bite = arrived − adapted.
Parts that reach industry = exp(−effect · bite), 1 at the opening. Where fighting has ended, what is decided for a side
that was under sanctions is less by the share `relief`. New rounds on oil come at a Poisson rate, at most one a week;
their sizes are exponential, and they stay.

Left out: who imposes them, what a settlement says of them, frozen assets, goods other than oil and parts; that the
bite of the opening's sanctions may still fade (where the discount on oil returns to says that, in `oil`).
Sources: two-stage lag of months, next to nothing in the first: open claims M06, M28, M29 (1 to 6 months for oil and its
buyers) and M35 (3 to 12 for arms), elicited; adaptation in 8/20/40 weeks: model notes, section 8, elicited, and the
discount took about half a year to come back after December 2022 (monthly tax price of Urals, trust D).
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ceasefire.model.declare import POSITIVE, SHARE, Fixed, LogNormal, Normal, Share, coupling, parameter, quantity
from ceasefire.model.intervene import Intervention
from ceasefire.model.noise import Noise

LEVERS = ("oil", "component", "secondary", "interception")
LEAST = np.array([[-1.0], [-1.0], [-1.0], [0.0]])
"""By lever, a bite that takes all of the opening's away."""
LIFTED = (-1.0, float("inf"))
LARGEST = 30.0
"""Logarithms are held within ± this, so that no decree overflows."""


class Params(eqx.Module):
    """What is decided about sanctions, and what is not known exactly; a side is the one that suffers them."""

    oil_level: Float[Array, "side run"] = parameter(
        Fixed(1.0), unit="1", source="definition", doc="Sanctions on a side's trade in oil, relative to the opening."
    )
    component_level: Float[Array, "side run"] = parameter(
        Fixed(1.0), unit="1", source="definition", doc="Sanctions on parts for arms, relative to the opening."
    )
    secondary_level: Float[Array, "side run"] = parameter(
        Fixed(1.0), unit="1", source="definition", doc="Pressure on buyers of a side's oil, relative to the opening."
    )
    interception_level: Float[Array, "side run"] = parameter(
        Fixed(0.0), unit="1", source="definition", doc="Rate at which cargoes are stopped at sea, beyond the opening's."
    )
    trade_lag: Float[Array, "run"] = parameter(
        LogNormal(4, 9, 20), unit="week", doc="Mean lag of sanctions on oil and on its buyers."
    )
    component_lag: Float[Array, "run"] = parameter(
        LogNormal(13, 26, 52), unit="week", doc="Mean lag of sanctions on parts, as stocks of them are used up."
    )
    interception_lag: Float[Array, "run"] = parameter(LogNormal(1, 3, 6), unit="week", doc="Mean lag of interceptions.")
    adaptation_time: Float[Array, "run"] = parameter(
        LogNormal(8, 20, 40), unit="week", doc="Mean time that fleets and traders need to adapt (τ)."
    )
    adapted_share: Float[Array, "run"] = parameter(
        Share(0.4, 0.7, 0.9), unit="1", doc="Share of what is added that they find a way around in the end."
    )
    component_effect: Float[Array, "run"] = coupling(
        "sanctions.component_bite",
        "sanctions.components",
        Normal(-0.04, 0.2, 0.5),
        doc="Log of the supply of parts lost to a bite as large as the opening's; contested, so it may be none.",
    )
    under_opening: Float[Array, "side run"] = parameter(
        Fixed(1.0), unit="1", source="scenario", doc="1 where a side is under sanctions at the opening.", bounds=SHARE
    )
    relief: Float[Array, "run"] = coupling(
        "bargaining.package",
        "sanctions.delayed",
        Share(0.4, 0.75, 0.95),
        doc="Share of what an agreement lifts of the sanctions on a side that is lifted in fact.",
    )
    round_rate: Float[Array, "side run"] = parameter(
        LogNormal(0.004, 0.01, 0.02), unit="1/week", doc="New rounds of sanctions on oil; 0.01 is one in two years."
    )
    round_size: Float[Array, "side run"] = parameter(
        LogNormal(0.3, 0.7, 1.5), unit="1", doc="Mean size of a new round, relative to the opening's sanctions."
    )


class State(eqx.Module):
    """What is under way, what has arrived and what has been got around."""

    rounds: Float[Array, "side run"] = quantity("1", "New rounds on oil since the opening, relative to its sanctions.")
    delayed: Float[Array, "side lever run"] = quantity("1", "What was added and is half arrived.", LIFTED)
    arrived: Float[Array, "side lever run"] = quantity("1", "What was added and has arrived.", LIFTED)
    adapted: Float[Array, "side lever run"] = quantity("1", "What of it has been got around.")


class Flows(eqx.Module):
    """How sanctions bite this week, relative to the opening; 0 is as then."""

    added: Float[Array, "side run"] = quantity("1", "New round on oil this week, relative to the opening's sanctions.")
    oil_bite: Float[Array, "side run"] = quantity("1", "Bite on oil beyond the opening's.", LIFTED, level=True)
    component_bite: Float[Array, "side run"] = quantity("1", "Bite on parts beyond the opening's.", LIFTED, level=True)
    secondary_bite: Float[Array, "side run"] = quantity("1", "Bite on buyers beyond the opening's.", LIFTED, level=True)
    interception_bite: Float[Array, "side run"] = quantity(
        "1", "Bite at sea beyond the opening's.", POSITIVE, level=True
    )
    components: Float[Array, "side run"] = quantity(
        "1", "Parts that reach a side's industry, relative to the opening.", level=True
    )


def opening(params: Params) -> State:
    """As the opening's sanctions left it."""
    none = jnp.zeros_like(params.oil_level)
    each = jnp.zeros((len(none), len(LEVERS), none.shape[-1]), none.dtype)
    return State(none, each, each, each)


def step(
    params: Params, state: State, *, do: Intervention, noise: Noise, lifted: Float[Array, "run"]
) -> tuple[State, Flows]:
    """A new round may come; what was decided moves on by a stage, and fleets and traders adapt.

    `lifted` is the share of sanctions that an agreement in force lifts.
    """
    shape = state.rounds.shape[:-1]
    comes = noise.uniform("round", shape) < -jnp.expm1(-params.round_rate)
    size = -params.round_size * jnp.log1p(-noise.uniform("size", shape))
    added = do("added", jnp.where(comes, size, 0.0))
    rounds = state.rounds + added
    levels = (params.oil_level + rounds, params.component_level, params.secondary_level, 1 + params.interception_level)
    decided = jnp.stack(levels, axis=1) * (1 - params.under_opening * params.relief * lifted)[:, None]
    lag = jnp.stack([params.trade_lag, params.component_lag, params.trade_lag, params.interception_lag])
    gain = 1 / (1 + lag / 2)
    delayed = state.delayed + gain * (decided - 1 - state.delayed)
    arrived = state.arrived + gain * (delayed - state.arrived)
    got_around = params.adapted_share * jnp.maximum(arrived, 0.0)
    adapted = state.adapted + (got_around - state.adapted) / (1 + params.adaptation_time)
    left = jnp.maximum(arrived - adapted, LEAST.astype(arrived.dtype))
    bite = {f"{lever}_bite": do(f"{lever}_bite", left[:, k]) for k, lever in enumerate(LEVERS)}
    lost = jnp.clip(params.component_effect * bite["component_bite"], -LARGEST, LARGEST)
    after = State(rounds, delayed, arrived, adapted)
    return after, Flows(added=added, **bite, components=do("components", jnp.exp(-lost)))
