"""Patrons: what other states give a side, when it arrives, and what they can stop from one day to the next.

A patron's will, the share of those who decide that are for giving, is
    will = σ(logit(will at the opening) + mood + politics − u · prospect² + v · escalation).
Mood wanders around 0. Politics jumps in the week of the next national election, and with changes of course at a
Poisson rate, at most one a week; jumps stay. Prospect, in (−1, 1), is how well the side does that it helps: a side that
is winning, or lost, gets less. Escalation is the log of how much more the enemy launches lately. Money is willing by
m = will / will at the opening, and not at all from a patron that left or has its `funds` off. New pledges a week are
    pledged = pledged at the opening · (own share · m + Σ share that another pays · its m) · (1 − e · peace),
the last only for arms. A pledge passes two stages of equal mean length (an Erlang-2 of mean L weeks, as T below), of
which each gives the share g = min(2 / L, 1) a week:
    in ← in + pledged − g · in,   ready ← ready + g · in − delivered,   delivered = g · ready.
At the opening the first stage is as full as pledges of then keep it and the second as deliveries of then do, so that
deliveries drift to what is pledged. A pledge of week 0 is delivered in week T with chance (T − 1) · g² · (1 − g)^(T−2).
What is decreed to be delivered beyond that is pledged and given at once.

Each switch goes off and on at its own Poisson rates. What a side has of intelligence is Π (1 − insight · (1 − on)) over
its patrons relative to the opening, and likewise the leave to strike deep. A patron leaves its side at the rate
    base · exp(κ · share of its allies of the opening that are gone),
neither pledges nor gives, and its promises wait until it returns. Guarantees of an agreement to a side are believed
with chance 1 − Π (1 − guarantees · credible) over the patrons that stand by it. States as a week begins count in it.

Left out: why a switch is thrown, elections after the next, promises that are broken, stocks and plants of the patrons,
prices, so that a good of which a side got none at the opening comes to nothing whatever is given of it, others who step
in for a patron that left, what protecting an ally costs, what a patron does to its enemy, help to both sides.
Sources: two stages of 12 to 26 weeks, half-life of 40, rates of switches and the form of will after model notes,
section 9, elicited; promises apart from deliveries, open claim M03; guarantees M05, contested (there one patron's is
needed, here any adds); contagion M07 and M39, contested. Amounts by patron and good in the scenario.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ceasefire.model.axes import GOODS, SWITCHES, Ground, enemy, relative
from ceasefire.model.declare import SHARE, SIGNED, Fixed, LogNormal, Normal, Share, coupling, parameter, quantity
from ceasefire.model.intervene import Intervention
from ceasefire.model.noise import Noise, normal_quantile, wander

ARMS = np.array(GOODS)[:, None] != "money"
INTELLIGENCE, LICENCE, FUNDS = (SWITCHES.index(name) for name in ("intelligence", "licence", "funds"))
TRACE = 1e-6
"""A part that is always there, so that none relative to none is 1; will is at least as far from 0 and from 1."""
MOST = 1e6
"""Nothing counts for more than this many times the opening's, whatever is decreed."""
LARGEST = 20.0
"""Log odds and log hazards beyond this mean nothing."""


class Params(eqx.Module):
    """What is not known exactly about patrons."""

    will_opening: Float[Array, "patron run"] = parameter(
        Share(0.35, 0.6, 0.85), unit="1", doc="Share of those who decide that are for giving, at the opening."
    )
    will_spread: Float[Array, "patron run"] = parameter(
        LogNormal(0.15, 0.35, 0.7), unit="1", doc="Standard deviation of mood, in log odds of will."
    )
    will_half_life: Float[Array, "run"] = parameter(
        LogNormal(15, 40, 100), unit="week", doc="Half-life of the mood's excursions."
    )
    election_spread: Float[Array, "patron run"] = parameter(
        LogNormal(0.2, 0.5, 1.2), unit="1", doc="Standard deviation of what a national election does to log odds."
    )
    shock_rate: Float[Array, "patron run"] = parameter(
        LogNormal(0.002, 0.006, 0.02), unit="1/week", doc="Other changes of course; 0.006 is three in ten years."
    )
    shock_spread: Float[Array, "run"] = parameter(
        LogNormal(0.2, 0.5, 1.2), unit="1", doc="Standard deviation of what such a change does to log odds."
    )
    prospect_effect: Float[Array, "run"] = coupling(
        "opinion.prospect",
        "patrons.will",
        LogNormal(0.05, 0.3, 1.0),
        doc="Log odds of will lost when the side that is helped is as good as victorious, or as lost (u).",
    )
    escalation_effect: Float[Array, "run"] = coupling(
        "strikes.launched",
        "patrons.will",
        Normal(-0.1, 0.15, 0.5),
        doc="Log odds of will won as the enemy's launches lately rise by a factor of e (v).",
    )
    pledge_opening: Float[Array, "patron good run"] = parameter(
        Fixed(0.0), unit="bn USD/week", source="scenario", doc="New pledges a week at the opening, funds being on."
    )
    delivery_opening: Float[Array, "patron good run"] = parameter(
        Fixed(0.0), unit="bn USD/week", source="scenario", doc="Deliveries a week at the opening."
    )
    lag: Float[Array, "good run"] = parameter(
        LogNormal(12, 18, 26), unit="week", doc="Mean time from pledge to delivery (L); two weeks at least."
    )
    paid_by: Float[Array, "patron payer run"] = parameter(
        Fixed(0.0),
        unit="1",
        source="scenario",
        doc="Share of what a patron gives that another pays.",
        bounds=SHARE,
    )
    switch_opening: Float[Array, "patron switch run"] = parameter(
        Fixed(1.0),
        unit="1",
        source="scenario",
        doc="1 where a switch is on at the opening, 0 where it is off.",
        bounds=SHARE,
    )
    switch_off: Float[Array, "patron switch run"] = parameter(
        LogNormal(0.002, 0.004, 0.01), unit="1/week", doc="Rate at which a switch that is on goes off."
    )
    switch_on: Float[Array, "patron switch run"] = parameter(
        LogNormal(0.05, 0.1, 0.2), unit="1/week", doc="Rate at which a switch that is off goes on again."
    )
    insight: Float[Array, "patron run"] = parameter(
        Share(0.02, 0.1, 0.4), unit="1", doc="Share of its side's intelligence that a patron gives."
    )
    licensed: Float[Array, "patron run"] = parameter(
        Share(0.01, 0.05, 0.25), unit="1", doc="Share of its side's long-range weapons that need a patron's leave."
    )
    leave_rate: Float[Array, "patron run"] = parameter(
        LogNormal(5e-5, 2e-4, 1e-3), unit="1/week", doc="Rate at which a patron is lost to its side."
    )
    return_rate: Float[Array, "patron run"] = parameter(
        LogNormal(2e-4, 1e-3, 5e-3), unit="1/week", doc="Rate at which a patron that was lost comes back."
    )
    aligned_opening: Float[Array, "patron run"] = parameter(
        Fixed(1.0),
        unit="1",
        source="scenario",
        doc="1 where a patron stands by its side at the opening, 0 where not.",
        bounds=SHARE,
    )
    contagion: Float[Array, "run"] = coupling(
        "patrons.allies",
        "patrons.aligned",
        Normal(-0.3, 0.4, 1.2),
        doc="Log of the rate of leaving added when all of a side's allies are gone (κ).",
    )
    peace_effect: Float[Array, "run"] = coupling(
        "bargaining.phase",
        "patrons.pledged",
        Share(0.1, 0.4, 0.8),
        doc="Share of pledges of arms that an end of the fighting stops (e).",
    )
    guarantees: Float[Array, "patron run"] = parameter(
        Fixed(0.0),
        unit="1",
        source="scenario",
        doc="1 where a patron would guarantee an agreement to its side.",
        bounds=SHARE,
    )
    credible: Float[Array, "patron run"] = parameter(
        Share(0.1, 0.35, 0.7), unit="1", doc="Chance that a guarantee by a patron is believed and kept."
    )


class State(eqx.Module):
    """What is promised, how patrons feel, and who still stands where."""

    promised: Float[Array, "patron good 2 run"] = quantity("bn USD", "Pledged and not yet ready; ready to be given.")
    mood: Float[Array, "patron run"] = quantity("1", "Log odds of will beyond the opening's that pass.", SIGNED)
    politics: Float[Array, "patron run"] = quantity(
        "1", "Log odds of will beyond the opening's that stay.", (-LARGEST, LARGEST)
    )
    on: Float[Array, "patron switch run"] = quantity("1", "1 where a switch is on, 0 where it is off.", SHARE)
    aligned: Float[Array, "patron run"] = quantity("1", "1 where a patron stands by its side, 0 where it left.", SHARE)


class Flows(eqx.Module):
    """What patrons wanted, pledged and gave this week, and what sides have of them."""

    will: Float[Array, "patron run"] = quantity("1", "Share of those who decide for giving.", SHARE, level=True)
    pledged: Float[Array, "patron good run"] = quantity("bn USD", "Newly pledged this week.")
    paid: Float[Array, "payer run"] = quantity("bn USD", "What a patron pays of this week's pledges.", derived=True)
    interceptors: Float[Array, "patron run"] = quantity("bn USD", "Interceptors delivered this week.")
    shells: Float[Array, "patron run"] = quantity("bn USD", "Shells delivered this week.")
    weapons: Float[Array, "patron run"] = quantity("bn USD", "Other munitions delivered this week.")
    platforms: Float[Array, "patron run"] = quantity("bn USD", "What fires munitions, delivered this week.")
    components: Float[Array, "patron run"] = quantity("bn USD", "Parts for arms delivered this week.")
    money: Float[Array, "patron run"] = quantity("bn USD", "Money for the budget delivered this week.")
    received: Float[Array, "side good run"] = quantity(
        "1",
        "What patrons give a side, relative to the opening; 1 where they gave nothing then.",
        derived=True,
        level=True,
    )
    intelligence: Float[Array, "side run"] = quantity("1", "Intelligence, relative to the opening.", level=True)
    licence: Float[Array, "side run"] = quantity(
        "1", "Deep strikes that have leave, relative to the opening.", level=True
    )
    allies: Float[Array, "side run"] = quantity("1", "How many patrons stand by a side.", level=True)
    trusted: Float[Array, "patron run"] = quantity(
        "1", "Chance that a patron's guarantee is believed and kept; 0 where it would give none.", SHARE, level=True
    )
    credibility: Float[Array, "side run"] = quantity(
        "1",
        "Chance that at least one guarantee of an agreement to a side is believed and kept.",
        SHARE,
        derived=True,
        level=True,
    )


def pace(params: Params) -> Float[Array, "good run"]:
    """Share of a stage that moves on in a week (g)."""
    return 1 / jnp.maximum(params.lag / 2, 1.0)


def opening(params: Params, ground: Ground) -> State:
    """Promises as full as the opening's pledges and deliveries keep them, nobody's mind changed."""
    calm = jnp.zeros_like(params.will_opening)
    pledged = params.pledge_opening * (params.switch_opening[:, FUNDS] * params.aligned_opening)[:, None]
    kept = jnp.stack([pledged, params.delivery_opening], axis=2) / pace(params)[:, None]
    return State(kept, calm, calm, params.switch_opening, params.aligned_opening)


def step(
    params: Params,
    state: State,
    *,
    do: Intervention,
    noise: Noise,
    ground: Ground,
    peace: Float[Array, "run"],
    prospect: Float[Array, "side run"],
    escalation: Float[Array, "side run"],
) -> tuple[State, Flows]:
    """Minds change, pledges are made and kept; then switches may be thrown, and patrons leave or return.

    `peace` is 1 where fighting has ended, `escalation` the log of each side's launches lately relative to the opening.
    """
    mood, politics = minds(params, state, noise, ground)
    push = params.escalation_effect * enemy(escalation) - params.prospect_effect * prospect**2
    usual = log_odds(params.will_opening)
    will = do("will", jax.nn.sigmoid(_held(usual + mood + politics + of_side(ground, _held(push)))))
    willing = will / jax.nn.sigmoid(usual) * state.on[:, FUNDS] * state.aligned
    shares, trusted = payers(params.paid_by), do("trusted", trust(params, state))
    backing = shares * willing
    promised, pledged, delivered = pipeline(params, state, do, backing.sum(axis=1), peace)
    allies = do("allies", per_side(ground, state.aligned))
    thrown, moves = noise.uniform("switch", state.on.shape[:-1]), noise.uniform("move", state.aligned.shape[:-1])
    leave_rate = leaving(params, ground, allies)
    after = State(
        promised=promised,
        mood=mood,
        politics=politics,
        on=flipped(state.on, params.switch_off, params.switch_on, thrown),
        aligned=flipped(state.aligned, leave_rate, params.return_rate, moves),
    )
    return after, Flows(
        will=will,
        pledged=pledged,
        paid=bills(shares, backing, pledged),
        **{good: delivered[:, k] for k, good in enumerate(GOODS)},
        received=received(params, ground, delivered),
        intelligence=do("intelligence", allowed(params, state, ground, params.insight, INTELLIGENCE)),
        licence=do("licence", allowed(params, state, ground, params.licensed, LICENCE)),
        allies=allies,
        trusted=trusted,
        credibility=1 - _all_but(ground, trusted),
    )


def minds(params: Params, state: State, noise: Noise, ground: Ground) -> tuple[Array, Array]:
    """Mood and politics of the week: an election, or another change of course, moves the latter for good."""
    mood, vote, comes, size = (noise.uniform(name, state.mood.shape[:-1]) for name in ("mood", "vote", "shock", "size"))
    wandered = wander(state.mood, jnp.zeros(()), params.will_spread, params.will_half_life, mood)
    voted = (ground.election == noise.week)[:, None] * params.election_spread * normal_quantile(vote)
    shock = (comes < -jnp.expm1(-params.shock_rate)) * params.shock_spread * normal_quantile(size)
    return wandered, _held(state.politics + voted + shock)


def pipeline(
    params: Params, state: State, do: Intervention, backing: Float[Array, "patron run"], peace: Float[Array, "run"]
) -> tuple[Array, Array, Array]:
    """What is promised after the week, newly pledged and delivered, [patron, good, ...]."""
    moved = state.promised * (pace(params) * state.aligned[:, None])[:, :, None]
    wanted = jnp.stack([do(good, moved[:, k, 1]) for k, good in enumerate(GOODS)], axis=1)
    taken = jnp.minimum(wanted, moved[:, :, 1])
    beyond = jnp.maximum(wanted - taken, 0.0)
    usual = params.pledge_opening * (backing * state.aligned)[:, None] * (1 - params.peace_effect * peace * ARMS)
    pledged = do("pledged", usual + beyond)
    at_once = jnp.minimum(beyond, pledged)
    change = jnp.stack([pledged - at_once - moved[:, :, 0], moved[:, :, 0] - taken], axis=2)
    return jnp.maximum(state.promised + change, 0.0), pledged, taken + at_once


def per_side(ground: Ground, amount: Float[Array, "patron ... run"]) -> Float[Array, "side ... run"]:
    """Sum over the patrons of each side."""
    helps = ground.supports.reshape(ground.supports.shape + (1,) * (amount.ndim - 1))
    return (helps * amount).sum(axis=1)


def of_side(ground: Ground, amount: Float[Array, "side run"]) -> Float[Array, "patron run"]:
    """For each patron the number of the side that it helps."""
    return (ground.supports[:, :, None] * amount[:, None]).sum(axis=0)


def log_odds(share: Array) -> Array:
    """Log odds of a share, within reach."""
    held = jnp.clip(share, TRACE, 1 - TRACE)
    return jnp.log(held) - jnp.log1p(-held)


def _held(log: Array) -> Array:
    return jnp.clip(log, -LARGEST, LARGEST)


def payers(paid_by: Float[Array, "patron payer run"]) -> Float[Array, "patron payer run"]:
    """Share of what a patron gives that each pays, itself for all that no other does; in sum 1."""
    others = paid_by / jnp.maximum(paid_by.sum(axis=1, keepdims=True), 1.0)
    own = jnp.maximum(1 - others.sum(axis=1, keepdims=True), 0.0)
    return others + jnp.eye(len(paid_by), dtype=paid_by.dtype)[:, :, None] * own


def bills(
    shares: Float[Array, "patron payer run"],
    backing: Float[Array, "patron payer run"],
    pledged: Float[Array, "patron good run"],
) -> Float[Array, "payer run"]:
    """What each pays of all that is pledged, as it backs it; as agreed where a pledge is decreed that nobody backs."""
    bearing = jnp.where((backing > 0).any(axis=1, keepdims=True), backing, shares)
    part = bearing / bearing.sum(axis=1, keepdims=True)
    return (part * pledged.sum(axis=1)[:, None]).sum(axis=0)


def received(
    params: Params, ground: Ground, delivered: Float[Array, "patron good run"]
) -> Float[Array, "side good run"]:
    """What patrons give each side, relative to what they gave at the opening."""
    given = per_side(ground, params.delivery_opening * params.aligned_opening[:, None])
    now = per_side(ground, delivered)
    return jnp.where(given > 0, jnp.minimum(now / jnp.where(given > 0, given, 1.0), MOST), 1.0)


def allowed(params: Params, state: State, ground: Ground, part: Float[Array, "patron run"], switch: int) -> Array:
    """What a side has of that whose `part` hangs on each patron's switch, relative to the opening."""
    now = _all_but(ground, part * (1 - state.on[:, switch] * state.aligned))
    then = _all_but(ground, part * (1 - params.switch_opening[:, switch] * params.aligned_opening))
    return relative(now, then, TRACE)


def trust(params: Params, state: State) -> Float[Array, "patron run"]:
    """Chance that each patron's own guarantee is believed and kept; 0 where it would give none."""
    return jnp.clip(params.guarantees * params.credible * state.aligned, 0.0, 1.0)


def relative_allies(params: Params, ground: Ground, allies: Float[Array, "side run"]) -> Float[Array, "side run"]:
    """Patrons that stand by a side, relative to the opening."""
    return relative(allies, per_side(ground, params.aligned_opening), TRACE)


def log_received(received: Float[Array, "side good run"]) -> Float[Array, "side run"]:
    """Log of what patrons give a side, relative to the opening, its goods counted alike; each at least a tenth."""
    return jnp.log(jnp.clip(received, 0.1, MOST)).mean(axis=1)


def _all_but(ground: Ground, part: Float[Array, "patron run"]) -> Float[Array, "side run"]:
    """Π (1 − part) over the patrons of each side."""
    return (1 - ground.supports[:, :, None] * jnp.clip(part, 0.0, 1.0)).prod(axis=1)


def leaving(params: Params, ground: Ground, allies: Float[Array, "side run"]) -> Float[Array, "patron run"]:
    """Rate at which each patron leaves its side, 1/week."""
    gone = 1 - relative(allies, per_side(ground, params.aligned_opening), TRACE)
    return params.leave_rate * jnp.exp(of_side(ground, _held(params.contagion * gone)))


def flipped(on: Array, off_rate: Array, on_rate: Array, u: Array) -> Array:
    """What is on may go off, what is off may go on, each at its rate, 1/week."""
    flips = u < -jnp.expm1(-jnp.where(on > 0.5, off_rate, on_rate))
    return jnp.where(flips, jnp.where(on > 0.5, 0.0, 1.0), on)
