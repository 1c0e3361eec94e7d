"""Air defence: how many of the enemy's weapons get through, what that costs in interceptors, and what is hit.

What comes meets one layer after the other, cheap before dear, so that interceptors are spent on what jamming and guns
have left; each layer engages the weapons that it can (`ENGAGES`) and passes the rest on. In a week a layer engages at
most as many targets as its launchers can and, where it spends interceptors, as it has rounds for,
    ready = warning^w · min(nights · launchers · salvo, interceptors / cover / shots),
shared among weapons in proportion to their numbers: nobody can tell a decoy. Warning is what patrons let a side see,
relative to the opening. One engagement kills with chance
    1 − (1 − p)^shots,   p = σ(logit skill − hardness),   hardness = hardness at the opening + edge,
and the number killed is the normal quantile of that binomial, clipped to what was engaged. So launchers without
interceptors are worth nothing, and interceptors nothing beyond what the launchers can engage; leaks are in proportion
to what comes until a layer is saturated, and then all that comes on top gets past it. Edge is what technology and
tactics have done since the opening, for better or worse: a mean-reverting walk.

Hardness is what makes the expected share stopped at the opening what it is said to be. Skill is the best that a shot
can do then: where even that would stop fewer, for want of launchers or rounds, hardness is 0.

Weapons that get through hit their targets with their accuracy; hits count in those of an attack drone.

Left out: what a layer covers and what not, how the night's order of arrival matters, shots at what is dead already,
launchers lost or moved, fighter aircraft, debris of what was killed, hits that fall on what is broken already (the law
of damage sees to that), whole numbers (of the few weapons of a slack week, clipping stops somewhat more than expected).
Sources: layers, stock-limited interception and yields: model notes, section 4, elicited; interceptors and launchers,
open claims M04 and M36; drones and saturation, M21; antiship missiles, M22. Limiting case: the salvo equations of
Hughes (1995), in which every engagement kills.
"""

from collections.abc import Sequence
from itertools import accumulate

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logit
from jaxtyping import Array, Float

from ceasefire.model.axes import INTERCEPTORS, LAYERS, MUNITIONS, WEAPONS, enemy
from ceasefire.model.declare import SHARE, SIGNED, Fixed, LogNormal, Share, coupling, parameter, quantity
from ceasefire.model.intervene import Intervention
from ceasefire.model.noise import Noise, normal_quantile, wander


def _from(first: str, last: str) -> slice:
    return slice(WEAPONS.index(first), WEAPONS.index(last) + 1)


ENGAGES = {
    "jamming": _from("attack_drone", "decoy"),
    "guns": _from("attack_drone", "cruise_missile"),
    "interceptor_drone": _from("attack_drone", "decoy"),
    "short_interceptor": _from("cruise_missile", "cruise_missile"),
    "long_interceptor": _from("ballistic_missile", "antiship_missile"),
}
"""Weapons that each layer can engage; layers in the order in which weapons meet them."""
MEETINGS = tuple(accumulate(at.stop - at.start for at in ENGAGES.values()))
"""Running number of pairs of a layer and a weapon that it engages: one die for each."""
SPENDS = np.isin(LAYERS, INTERCEPTORS)[:, None]
"""Layers that need interceptors."""
AMONG_MUNITIONS = slice(MUNITIONS.index(INTERCEPTORS[0]), MUNITIONS.index(INTERCEPTORS[-1]) + 1)
"""Where interceptors stand among munitions, in the order of their layers, which are the last."""
WEAPON = np.array(WEAPONS)[:, None]
DRONE, MISSILE, ANTISHIP = WEAPON == "attack_drone", np.char.endswith(WEAPON, "missile"), WEAPON == "antiship_missile"
TRACE = 1e-3
"""Weapons that come in any week for which hardness is sought; arbitrary, and small beside any use."""
HARDEST = 8.0
"""Log odds; even the best shot hardly ever kills what is as hard."""
TRIES, NARROWING = 100, 0.85
AS_EXPECTED = (0.0,) * len(LAYERS)
"""Deviations from the mean when there is no luck."""


class Params(eqx.Module):
    """What is not known exactly about air defence."""

    launchers_opening: Float[Array, "side layer run"] = parameter(
        LogNormal(10, 60, 300), unit="count", doc="Jammers, guns or launchers of each layer at the opening."
    )
    launcher_deliveries: Float[Array, "side layer run"] = parameter(
        Fixed(0.0), unit="count/week", source="scenario", doc="Jammers, guns or launchers that join each week."
    )
    salvo: Float[Array, "side layer run"] = parameter(
        LogNormal(0.5, 2, 6), unit="1", doc="Targets that a jammer, gun or launcher can engage in a night."
    )
    shots: Float[Array, "layer run"] = parameter(
        LogNormal(1.05, 1.5, 2.5), unit="1", doc="Rounds or bursts that an engagement takes; one at least."
    )
    cover: Float[Array, "side run"] = parameter(
        LogNormal(1, 2, 4), unit="week", doc="Time that a side makes its interceptors last; a week at least."
    )
    skill: Float[Array, "side layer run"] = parameter(
        Share(0.5, 0.75, 0.92), unit="1", doc="Chance that one round kills the easiest target."
    )
    stopped_opening: Float[Array, "side weapon run"] = parameter(
        Share(0.3, 0.65, 0.9), unit="1", doc="Share of the enemy's weapons that a side stops at the opening."
    )
    edge_spread: Float[Array, "weapon run"] = parameter(
        LogNormal(0.15, 0.4, 1.0), unit="1", doc="Standard deviation of the log odds by which hardness wanders."
    )
    edge_half_life: Float[Array, "run"] = parameter(
        LogNormal(4, 12, 40), unit="week", doc="Half-life of such excursions."
    )
    accuracy: Float[Array, "side weapon run"] = parameter(
        Share(0.3, 0.55, 0.8), unit="1", doc="Chance that a weapon that gets through works and hits its target."
    )
    antiship_accuracy: Float[Array, "run"] = parameter(
        Share(0.2, 0.4, 0.7), unit="1", doc="Accuracy of antiship missiles on land, relative to that."
    )
    delivery_exponent: Float[Array, "run"] = coupling(
        "patrons.received",
        "air_defence.launchers_delivered",
        Fixed(1.0),
        doc="How launchers that join follow what patrons give; 1 is in proportion.",
    )
    warning_exponent: Float[Array, "run"] = coupling(
        "patrons.intelligence",
        "air_defence.ready",
        LogNormal(0.05, 0.2, 0.6),
        doc="How what a defence can engage follows what it is warned of (w).",
    )
    missile_yield: Float[Array, "run"] = parameter(
        LogNormal(4, 8, 16), unit="1", doc="What a missile's hit does, relative to an attack drone's."
    )


class State(eqx.Module):
    """What defends a side, and how hard the enemy's weapons are for it."""

    launchers: Float[Array, "side layer run"] = quantity("count", "Jammers, guns or launchers of each layer.")
    interceptors: Float[Array, "side layer run"] = quantity(
        "count", "Interceptors in stock; jamming and guns use none."
    )
    edge: Float[Array, "side weapon run"] = quantity(
        "1", "Log odds by which the enemy's weapons are harder to kill than at the opening.", SIGNED
    )
    hardness_opening: Float[Array, "side weapon run"] = quantity(
        "1", "Log odds by which shots at them fell short then."
    )


class Flows(eqx.Module):
    """Who got through this week, and what it took and did."""

    ready: Float[Array, "side layer run"] = quantity("count", "Targets that each layer could engage this week.")
    used: Float[Array, "side layer run"] = quantity("count", "Interceptors expended this week.", derived=True)
    stopped: Float[Array, "side weapon run"] = quantity("count", "Weapons of the side that were stopped this week.")
    leaked: Float[Array, "side weapon run"] = quantity(
        "count", "Weapons of the side that got through this week.", derived=True
    )
    stopped_share: Float[Array, "side weapon run"] = quantity(
        "1", "Share of them that was stopped; the opening's where none came.", SHARE, derived=True, level=True
    )
    hits: Float[Array, "side sector run"] = quantity("count", "Hits on the side this week, in those of attack drones.")
    launchers_delivered: Float[Array, "side layer run"] = quantity("count", "Jammers, guns or launchers that joined.")


def opening(
    params: Params,
    launched: Float[Array, "side weapon run"],
    nights: Float[Array, "side run"],
    delivered: Float[Array, "side munition run"],
) -> State:
    """Interceptors that last while no more are needed than delivered; hardness from the launches of a usual week."""
    launchers, came = params.launchers_opening, jnp.maximum(enemy(launched), TRACE)
    interceptors = _interceptors(delivered) * jnp.maximum(params.cover, 1.0)[:, None]
    ready = readiness(params, launchers, interceptors, nights)

    def nearer(tries: Array, hardness: Array) -> Array:
        """One step of a bisection that narrows slowly, since weapons that share a layer move one another."""
        left, _ = defend(params, came, ready, hardness, AS_EXPECTED)
        step = jnp.where(1 - left / came > params.stopped_opening, 0.25, -0.25) * NARROWING**tries
        return jnp.clip(hardness + HARDEST * step, 0.0, HARDEST)

    hardness = jax.lax.fori_loop(0, TRIES, nearer, jnp.full_like(came, HARDEST / 2))
    return State(launchers, interceptors, jnp.zeros_like(hardness), hardness)


def opening_hits(
    params: Params,
    state: State,
    launched: Float[Array, "side weapon run"],
    nights: Float[Array, "side run"],
    aim: Float[Array, "side sector run"],
) -> Float[Array, "side sector run"]:
    """Hits expected on each side in a usual week; `state` is the opening's."""
    ready = readiness(params, state.launchers, state.interceptors, nights)
    left, _ = defend(params, enemy(launched), ready, state.hardness_opening, AS_EXPECTED)
    return _hits(params, enemy(left), aim)


def _interceptors(delivered: Float[Array, "side munition run"]) -> Float[Array, "side layer run"]:
    return jnp.pad(delivered[:, AMONG_MUNITIONS], ((0, 0), (len(LAYERS) - len(INTERCEPTORS), 0), (0, 0)))


def readiness(params: Params, launchers: Array, interceptors: Array, nights: Array) -> Float[Array, "side layer run"]:
    """Targets that each layer can engage in a week in which the enemy's weapons come in so many `nights`."""
    rounds = interceptors / (jnp.maximum(params.cover, 1.0)[:, None] * _shots(params))
    return jnp.minimum(enemy(nights)[:, None] * launchers * params.salvo, jnp.where(SPENDS, rounds, jnp.inf))


def _shots(params: Params) -> Array:
    return jnp.maximum(params.shots, 1.0)


def kill_chance(chance: Array, shots: Array) -> Array:
    """Chance that at least one of some independent shots kills."""
    return 1 - (1 - chance) ** shots


def engage(
    arriving: Float[Array, "side weapon run"], able: Float[Array, "side run"], chance: Array, deviate: Array | float
) -> tuple[Float[Array, "side weapon run"], Float[Array, "side weapon run"]]:
    """How many of each weapon a layer engages, `able` of them all at most, and how many of these it kills.

    Killed is binomial, at as many standard deviations from its mean as `deviate` says.
    """
    engaged = arriving * jnp.minimum(able / jnp.maximum(arriving.sum(axis=1), 1e-9), 1.0)[:, None]
    killed = engaged * chance + deviate * jnp.sqrt(engaged * chance * (1 - chance))
    return engaged, jnp.clip(killed, 0.0, engaged)


def defend(
    params: Params,
    came: Float[Array, "side weapon run"],
    ready: Float[Array, "side layer run"],
    hardness: Float[Array, "side weapon run"],
    deviates: Sequence[Array | float],
) -> tuple[Float[Array, "side weapon run"], Float[Array, "side layer run"]]:
    """What of the enemy's weapons gets past all layers of a side, and how many targets each layer engages."""
    skill, shots, left, engaged = logit(params.skill), _shots(params), came, []
    for layer, (at, deviate) in enumerate(zip(ENGAGES.values(), deviates, strict=True)):
        chance = kill_chance(jax.nn.sigmoid(skill[:, layer, None] - hardness[:, at]), shots[layer])
        targets, killed = engage(left[:, at], ready[:, layer], chance, deviate)
        left = left - jnp.pad(killed, ((0, 0), (at.start, len(WEAPONS) - at.stop), (0, 0)))
        engaged.append(targets.sum(axis=1))
    return left, jnp.stack(engaged, axis=1)


def _hits(params: Params, leaked: Array, aim: Array) -> Float[Array, "side sector run"]:
    """Hits on each side of what leaked and was aimed by the other."""
    missile = params.missile_yield * jnp.where(ANTISHIP, params.antiship_accuracy, 1.0)
    worth = params.accuracy * jnp.where(MISSILE, missile, DRONE)
    return enemy(aim * (leaked * worth).sum(axis=1, keepdims=True))


def step(
    params: Params,
    state: State,
    *,
    do: Intervention,
    noise: Noise,
    launched: Float[Array, "side weapon run"],
    nights: Float[Array, "side run"],
    aim: Float[Array, "side sector run"],
    delivered: Float[Array, "side munition run"],
    platforms: Float[Array, "side run"],
    intelligence: Float[Array, "side run"],
) -> tuple[State, Flows]:
    """Stop what can be stopped and count the hits; then weapons change and the week's output arrives.

    `platforms` and `intelligence` are what patrons give of both, relative to the opening.
    """
    at_hand = jnp.where(SPENDS, state.interceptors / _shots(params), jnp.inf)
    warning = (intelligence**params.warning_exponent)[:, None]
    ready = warning * readiness(params, state.launchers, state.interceptors, nights)
    ready = jnp.minimum(do("ready", ready), at_hand)
    dice = normal_quantile(noise.uniform("stop", (launched.shape[0], MEETINGS[-1])))
    deviates = jnp.split(dice, MEETINGS[:-1], axis=1)
    left, engaged = defend(params, enemy(launched), ready, state.hardness_opening + state.edge, deviates)
    used = jnp.minimum(jnp.where(SPENDS, engaged * _shots(params), 0.0), state.interceptors)

    leaked = launched - jnp.minimum(do("stopped", launched - enemy(left)), launched)
    stopped = launched - leaked
    came = launched > 0
    share = jnp.where(came, stopped / jnp.where(came, launched, 1.0), enemy(params.stopped_opening))
    given = (platforms**params.delivery_exponent)[:, None]
    joined = do("launchers_delivered", params.launcher_deliveries * given)
    drift = noise.uniform("edge", launched.shape[:-1])
    after = State(
        launchers=state.launchers + joined,
        interceptors=state.interceptors - used + _interceptors(delivered),
        edge=wander(state.edge, jnp.zeros_like(state.edge), params.edge_spread, params.edge_half_life, drift),
        hardness_opening=state.hardness_opening,
    )
    return after, Flows(ready, used, stopped, leaked, share, do("hits", _hits(params, leaked, aim)), joined)
