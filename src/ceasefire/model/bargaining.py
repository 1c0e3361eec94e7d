"""Bargaining: when the fighting ends, and how; so far the base rate of wars of this age, and what follows an end.

The chance that the war ends this week, given that it lasts, is that of interstate wars of its age: 1 − S(t + 1 week)
/ S(t), with S log-logistic, 1/(1 + (t/scale)^shape), or Weibull, exp(−(t/scale)^shape), t the war's age. How it ends
is drawn from uncertain shares: ceasefire, settlement, dictated by one side (the stronger more often, with odds
(troops ratio)^κ), or fading. A ceasefire may relapse into war, with a chance times e^(−g · (credibility − usual))
of the guarantees that patrons would give, may become a settlement, or grow old: after 26 weeks it counts as frozen. A
faded war may flare up again.

Left out: everything that the parties want, believe or offer, and so whether an agreement has guarantees in it. The base
rate is a baseline, not an explanation.
Sources: durations `cow-wars-4.0` (Sarkees and Wayman 2010), fitted in `scenario/duration.py`; failure of agreements
about 40 % within years (HCSS, UCDP; model notes, section 12).
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from ceasefire.model.declare import SHARE, Fixed, LogNormal, Share, Uniform, coupling, parameter, quantity
from ceasefire.model.intervene import Intervention
from ceasefire.model.noise import Noise

WAR, CEASEFIRE, SETTLEMENT, DICTATED_FIRST, DICTATED_SECOND, FADE, FROZEN = range(7)
PHASES = (
    "war",
    "ceasefire",
    "settlement",
    "dictated by the first side",
    "dictated by the second side",
    "fade",
    "frozen",
)
MONTH = 30.4375 / 7
"""Weeks in a month."""
FREEZE = 26
"""Weeks after which a ceasefire counts as frozen."""


class Params(eqx.Module):
    """What bargaining does not know exactly."""

    age: Float[Array, "run"] = parameter(
        Fixed(24.0), unit="month", source="scenario", doc="Age of the war at the opening."
    )
    weibull: Float[Array, "run"] = parameter(
        Fixed(0.0), unit="1", source="cow-wars-4.0", doc="1 where the duration law is Weibull, 0 where log-logistic."
    )
    shape: Float[Array, "run"] = parameter(
        LogNormal(1.0, 1.17, 1.37), unit="1", source="cow-wars-4.0", doc="Shape of the duration law."
    )
    scale: Float[Array, "run"] = parameter(
        LogNormal(4.2, 5.3, 6.7), unit="month", source="cow-wars-4.0", doc="Scale of the duration law."
    )
    ceasefire_share: Float[Array, "run"] = parameter(
        Share(0.25, 0.5, 0.75), unit="1", doc="Share of endings that are a ceasefire without settlement."
    )
    settlement_share: Float[Array, "run"] = parameter(
        Share(0.2, 0.45, 0.72), unit="1", doc="Share of the other endings that are a settlement."
    )
    dictated_share: Float[Array, "run"] = parameter(
        Share(0.3, 0.6, 0.85), unit="1", doc="Share of the rest that one side dictates; what remains fades."
    )
    strength_exponent: Float[Array, "run"] = coupling(
        "attrition.troops",
        "bargaining.phase",
        LogNormal(0.5, 1.5, 4.0),
        doc="How the ratio of troops moves the odds of who dictates (κ).",
    )
    relapse: Float[Array, "run"] = parameter(
        LogNormal(0.001, 0.004, 0.012),
        unit="1/week",
        doc="Chance that a ceasefire fails in a week, with usual guarantees.",
    )
    guarantee_effect: Float[Array, "run"] = coupling(
        "patrons.credibility",
        "bargaining.resumed",
        LogNormal(0.3, 1.0, 2.5),
        doc="How much a guarantee that is sure to be kept takes off the log chance of relapse (g).",
    )
    usual_credibility: Float[Array, "run"] = parameter(
        Share(0.1, 0.25, 0.5), unit="1", doc="How far guarantees of agreements in the past were believed and kept."
    )
    ripen: Float[Array, "run"] = parameter(
        LogNormal(0.001, 0.004, 0.02), unit="1/week", doc="Chance that a ceasefire becomes a settlement in a week."
    )
    flare: Float[Array, "run"] = parameter(
        Uniform(0.005, 0.03), unit="1/week", doc="Chance that a faded war flares up again in a week."
    )


class State(eqx.Module):
    """Where the war stands."""

    phase: Int[Array, "run"] = quantity(
        "1", "0 war, 1 ceasefire, 2 settlement, 3 and 4 dictated, 5 fade, 6 frozen.", (WAR, FROZEN)
    )
    weeks_in_phase: Int[Array, "run"] = quantity("week", "How long it has stood there.")
    first_ending: Int[Array, "run"] = quantity("1", "The phase that first ended the war; 0 while none has.")
    first_ending_week: Int[Array, "run"] = quantity("week", "Week of the first ending; 0 while there is none.")


class Flows(eqx.Module):
    """What the week brought."""

    hazard: Float[Array, "run"] = quantity("1/week", "Chance that a war of this age ends this week.", SHARE)
    ended: Bool[Array, "run"] = quantity("1", "The fighting stopped this week.", SHARE)
    resumed: Bool[Array, "run"] = quantity("1", "The fighting resumed this week.", SHARE)


def log_survival(params: Params, age: Float[Array, "run"]) -> Float[Array, "run"]:
    """Log share of wars that last beyond an age in months."""
    x = (age / params.scale) ** params.shape
    return jnp.where(params.weibull > 0.5, -x, -jnp.log1p(x))


def ending_hazard(params: Params, week: Int[Array, ""]) -> Float[Array, "run"]:
    """Chance that the war ends during a week (counted from 0 at the opening), given that it has lasted until then."""
    age = params.age + week / MONTH
    return -jnp.expm1(log_survival(params, age + 1 / MONTH) - log_survival(params, age))


def kind_of_ending(params: Params, troops: Float[Array, "side run"], u: Float[Array, "run"]) -> Int[Array, "run"]:
    """Which ending the draw u stands for."""
    strength = jnp.log(jnp.maximum(troops, 1.0))
    first_dictates = jax.nn.sigmoid(params.strength_exponent * (strength[0] - strength[1]))
    rest = 1 - params.ceasefire_share
    settled = params.ceasefire_share + rest * params.settlement_share
    rest = rest * (1 - params.settlement_share)
    first = settled + rest * params.dictated_share * first_dictates
    second = settled + rest * params.dictated_share
    bounds = jnp.stack([params.ceasefire_share, settled, first, second])
    return CEASEFIRE + (u > bounds).sum(axis=0, dtype=jnp.int32)


def opening(runs: int) -> State:
    """At war."""
    none = jnp.zeros(runs, jnp.int32)
    return State(phase=none, weeks_in_phase=none, first_ending=none, first_ending_week=none)


def step(
    params: Params,
    state: State,
    *,
    do: Intervention,
    noise: Noise,
    troops: Float[Array, "side run"],
    credibility: Float[Array, "side run"],
) -> tuple[State, Flows]:
    """End the war, break or ripen a ceasefire, each with its chance.

    `credibility` is that of the guarantees that either side's patrons give.
    """
    hazard = do("hazard", ending_hazard(params, noise.week).astype(params.shape.dtype))
    chance, kind = noise.uniform("end"), noise.uniform("kind")
    at_war = state.phase == WAR
    paused = (state.phase == CEASEFIRE) | (state.phase == FROZEN)
    ended = at_war & do("ended", at_war & (chance < hazard))
    relapse = params.relapse * jnp.exp(-params.guarantee_effect * (credibility.max(axis=0) - params.usual_credibility))
    relapsed = (paused & (chance < relapse)) | ((state.phase == FADE) & (chance < params.flare))
    resumed = (paused | (state.phase == FADE)) & do("resumed", relapsed)
    ripened = paused & (chance > 1 - params.ripen)
    phase = jnp.where(ended, kind_of_ending(params, troops, kind), state.phase)
    phase = jnp.where(resumed, WAR, jnp.where(ripened, SETTLEMENT, phase))
    phase = jnp.where(
        (phase == CEASEFIRE) & (state.phase == CEASEFIRE) & (state.weeks_in_phase >= FREEZE), FROZEN, phase
    )
    first = ended & (state.first_ending == WAR)
    after = State(
        phase=phase,
        weeks_in_phase=jnp.where(phase == state.phase, state.weeks_in_phase + 1, 1),
        first_ending=jnp.where(first, phase, state.first_ending),
        first_ending_week=jnp.where(first, noise.week + 1, state.first_ending_week).astype(jnp.int32),
    )
    return after, Flows(hazard, ended, resumed)
