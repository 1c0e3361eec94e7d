"""Opinion: what share of a side's people wants talks now, and what share would accept peace at the price of land.

The two questions are two outputs: people may want talks and yet refuse every loss, so each has its own level and its
own response to each cause. Among those with an opinion, the log odds of a yes are
    x + a · prospect + b · casualties + c · hardship + d · prices − r · rally.
x is a mean-reverting walk, learned from polls where there are any: it carries what drifts anyway. The rest is only what
differs from the opening, 0 if nothing does, each lately (a half-life of eight weeks) where it jumps from week to week:
    prospect   = tanh((own − enemy's ground taken lately, less the same at the opening) / scale), for each side;
    casualties = log(all of the war's / what they would be, had the opening's rate stayed);
    hardship   = share of the day without power lately, less the opening's;
    prices     = inflation less the opening's, in units of 10 points;
    alarm      = log(civilians harmed lately / at the opening), 0 where fewer are harmed,
    rally     ← max(m · rally + alarm − alarm before, 0), m the memory of the rally's half-life.
Where fighting has ended, ground counts as if it were taken as at the opening: peace is neither victory nor defeat.
So a rally rises and sinks with the alarm, and fades as a new level of harm becomes the usual one; strikes that cause
hardship and harm at once may move opinion either way. Support falls with the logarithm of all casualties, so that the
opening's rate wears less and less out: that part belongs to x. Prospects weigh more than losses.

Left out: those without an opinion, regions and generations, what exactly is conceded and for which guarantees, fear of
saying what one thinks (how answers differ from opinions is for the reading of polls), news that is not true, casualties
lately beside those of the whole war, talks that raise or disappoint hopes, and what leaders make of opinion.
Sources: log of all casualties: Mueller 1973, "War, Presidents and Public Opinion"; prospects above casualties: Gelpi,
Feaver and Reifler 2009, "Paying the Human Costs of War"; rally in half-lives of 10/20/40 weeks and the size of effects:
model notes, section 10, elicited. Open claim M01: whether hardship makes people want talks; its prior includes none.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ceasefire.model.axes import enemy
from ceasefire.model.declare import SHARE, SIGNED, LogNormal, Normal, coupling, parameter, quantity
from ceasefire.model.intervene import Intervention
from ceasefire.model.noise import Noise, wander

MEMORY = 2.0 ** (-1 / 8)
"""Of what has been lately: a half-life of eight weeks (elicited)."""
DAY = 24.0
"""Hours."""
POINTS = 10.0
"""Per cent a year of inflation that its effect is told for."""
FURTHEST = 12.0
"""Log odds are held within ± this, so that a share is neither 0 nor 1 in single precision."""
TINY = 1e-6


class Params(eqx.Module):
    """What is not known exactly of opinion; a response is that of both sides."""

    level_opening: Float[Array, "side question run"] = parameter(
        Normal(-1.5, 0.0, 1.5), unit="1", doc="Log odds at the opening, learned from polls where there are any."
    )
    level_mean: Float[Array, "side question run"] = parameter(
        Normal(-1.5, 0.0, 1.5), unit="1", doc="Log odds to which opinion reverts, likewise."
    )
    level_spread: Float[Array, "side question run"] = parameter(
        LogNormal(0.15, 0.4, 1.0), unit="1", doc="Standard deviation of the log odds around that in the long run."
    )
    level_half_life: Float[Array, "side question run"] = parameter(
        LogNormal(13, 52, 208), unit="week", doc="Time in which the log odds revert half the way."
    )
    prospect_scale: Float[Array, "run"] = parameter(
        LogNormal(15, 40, 100), unit="km2/week", doc="Net advance beyond the opening's that makes a prospect of 0.76."
    )
    prospect_effect: Float[Array, "question run"] = coupling(
        "opinion.prospect", "opinion.share", Normal(-1.2, -0.5, 0.2), doc="Log odds for a prospect of 1 (a)."
    )
    casualty_effect: Float[Array, "question run"] = coupling(
        "attrition.casualties",
        "opinion.share",
        LogNormal(0.05, 0.25, 0.6),
        doc="Log odds per log of all casualties relative to the opening's rate (b).",
    )
    hardship_effect: Float[Array, "question run"] = coupling(
        "grid.blackout_hours",
        "opinion.share",
        Normal(-0.4, 0.4, 1.2),
        doc="Log odds for a whole day without power, each day, beyond the opening's (c).",
    )
    price_effect: Float[Array, "question run"] = coupling(
        "budget.inflation", "opinion.share", Normal(-0.05, 0.1, 0.3), doc="Log odds per 10 points of inflation (d)."
    )
    rally_effect: Float[Array, "question run"] = coupling(
        "civilians.harmed",
        "opinion.share",
        LogNormal(0.05, 0.2, 0.6),
        doc="Log odds lost as civilians harmed lately rise by a factor of e (r).",
    )
    rally_half_life: Float[Array, "run"] = parameter(
        LogNormal(10, 20, 40), unit="week", doc="Time in which half of a rally has faded."
    )


class State(eqx.Module):
    """What people look back on, and where opinion would be without it."""

    level: Float[Array, "side question run"] = quantity("1", "Log odds of a yes with the opening's causes (x).", SIGNED)
    advance: Float[Array, "side run"] = quantity("km2/week", "Own less the enemy's ground taken, lately.", SIGNED)
    advance_opening: Float[Array, "side run"] = quantity("km2/week", "The same at the opening.", SIGNED)
    prospect: Float[Array, "side run"] = quantity("1", "How the war looks to go, 0 as at the opening.", (-1.0, 1.0))
    casualties: Float[Array, "side run"] = quantity("person", "All casualties of the war so far.")
    usual_casualties: Float[Array, "side run"] = quantity("person", "What they would be at the opening's rate.")
    casualties_opening: Float[Array, "side run"] = quantity("person/week", "The opening's rate.")
    hours: Float[Array, "side run"] = quantity("h", "Without power a day, lately.")
    hours_opening: Float[Array, "side run"] = quantity("h", "The same at the opening.")
    harmed: Float[Array, "side run"] = quantity("person/week", "Civilians killed or wounded, lately.")
    harmed_opening: Float[Array, "side run"] = quantity("person/week", "The same at the opening.")
    rally: Float[Array, "side run"] = quantity("1", "Rally, as a rise of the log of civilians harmed.")


class Flows(eqx.Module):
    """What people say this week."""

    caused: Float[Array, "side question run"] = quantity(
        "1", "Log odds that what differs from the opening adds.", SIGNED, derived=True, level=True
    )
    share: Float[Array, "side question run"] = quantity(
        "1", "Share of those with an opinion who want talks, or would concede.", SHARE, level=True
    )


def lately(before: Array, now: Array) -> Array:
    """What has been lately, after one more week."""
    return before + (1 - MEMORY) * (now - before)


def log_odds(share: Array) -> Array:
    """Log odds of a share, within reach."""
    held = jnp.clip(share, TINY, 1 - TINY)
    return jnp.log(held) - jnp.log1p(-held)


def log_odds_opening(params: Params) -> Float[Array, "side question run"]:
    """Log odds of a yes at the opening."""
    return jnp.clip(params.level_opening, -FURTHEST, FURTHEST)


def log_ratio(now: Array, usual: Array) -> Array:
    """Log of a number of people relative to the usual, each one at least."""
    return jnp.log(jnp.maximum(now, 1.0) / jnp.maximum(usual, 1.0))


def alarm(harmed: Array, opening: Array) -> Array:
    """Log of civilians harmed relative to the opening's, 0 where fewer are."""
    return jnp.maximum(log_ratio(harmed, opening), 0.0)


def opening(
    params: Params,
    *,
    advance: Float[Array, "side run"],
    casualties: Float[Array, "side run"],
    age_weeks: Float[Array, "run"],
    hours: Float[Array, "side run"],
    harmed: Float[Array, "side run"],
) -> State:
    """People used to the war as it is; `advance` is net of the enemy's, and all but hours a day is a week's."""
    so_far = casualties * age_weeks
    return State(
        level=params.level_opening,
        advance=advance,
        advance_opening=advance,
        prospect=jnp.zeros_like(advance),
        casualties=so_far,
        usual_casualties=so_far,
        casualties_opening=casualties,
        hours=hours,
        hours_opening=hours,
        harmed=harmed,
        harmed_opening=harmed,
        rally=jnp.zeros_like(harmed),
    )


def step(
    params: Params,
    state: State,
    *,
    do: Intervention,
    noise: Noise,
    taken: Float[Array, "side run"],
    casualties: Float[Array, "side run"],
    hours: Float[Array, "side run"],
    excess: Float[Array, "side run"],
    harmed: Float[Array, "side run"],
    peace: Float[Array, "run"],
) -> tuple[State, Flows]:
    """Remember the week, then answer, with the prospect as it stood when the week began.

    `peace` is 1 where fighting has ended. `taken` is each side's ground (km²), `hours` a day, `excess` inflation beyond
    the opening's (%/year).
    """
    luck = noise.uniform("level", state.level.shape[:-1])
    level = wander(state.level, params.level_mean, params.level_spread, params.level_half_life, luck)
    gain = jnp.where(peace > 0, state.advance_opening, taken - enemy(taken))
    after = remembered(params, state, level, gain, casualties, hours, harmed)
    caused = (
        params.prospect_effect * state.prospect[:, None]
        + params.casualty_effect * log_ratio(after.casualties, after.usual_casualties)[:, None]
        + params.hardship_effect * (after.hours - after.hours_opening)[:, None] / DAY
        + params.price_effect * excess[:, None] / POINTS
        - params.rally_effect * after.rally[:, None]
    )
    share = do("share", jax.nn.sigmoid(jnp.clip(level + caused, -FURTHEST, FURTHEST)))
    return after, Flows(caused, share)


def remembered(
    params: Params, state: State, level: Array, gain: Array, casualties: Array, hours: Array, harmed: Array
) -> State:
    """The state after a week of net `gain` of ground, in which people were lost, went without power and were harmed."""
    advance = lately(state.advance, gain)
    pace = (advance - state.advance_opening) / jnp.maximum(params.prospect_scale, TINY)
    harmed = lately(state.harmed, harmed)
    rise = alarm(harmed, state.harmed_opening) - alarm(state.harmed, state.harmed_opening)
    kept = 2.0 ** (-1.0 / params.rally_half_life)
    return State(
        level=level,
        advance=advance,
        advance_opening=state.advance_opening,
        prospect=jnp.tanh(pace),
        casualties=state.casualties + casualties,
        usual_casualties=state.usual_casualties + state.casualties_opening,
        casualties_opening=state.casualties_opening,
        hours=lately(state.hours, hours),
        hours_opening=state.hours_opening,
        harmed=harmed,
        harmed_opening=state.harmed_opening,
        rally=jnp.maximum(kept * state.rally + rise, 0.0),
    )
