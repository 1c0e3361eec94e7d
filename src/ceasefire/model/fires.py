"""Fires: shells, glide bombs, stand-off missiles, and the aircraft that carry the last two.

A side fires its stocks down over `cover` weeks, wanted = fire · stock / cover, as far as it has guns and aircraft:
    shells   = min(wanted, guns · slack · shells at the opening),
    sorties  = weather · min((bombs + missiles wanted) / load, aircraft · sortie rate) / (1 − r + r · patrol),
and bombs and missiles go in proportion to the sorties. Patrol is the enemy's aircraft that have an air-to-air missile
to carry, min(aircraft, missiles), relative to the opening: without missiles aircraft deter nobody, and the other way
round. A sortie is lost with
    loss per sortie = ℓ · σ((enemy air defence's reach − own stand-off range) / margin) · (1 − p + p · patrol),
and a missile hits something in the rear with hit chance · (1 − exp(−range / depth)), the share of the rear in reach.
Losses are a whole number with that mean.

Left out: barrel wear, guided and ordinary shells apart, counter-battery fire, helicopters, training and repair of
aircraft, ground-launched missiles and long-range drones (these are not aimed at the front's rear), what the hits hit.
Sources: ranges and fleets in the scenario; that range outside air defence saves aircraft, open claim M19; the rest
elicited.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ceasefire.model.axes import MUNITIONS, enemy, relative
from ceasefire.model.declare import SHARE, Fixed, LogNormal, Share, coupling, parameter, quantity
from ceasefire.model.intervene import Intervention
from ceasefire.model.noise import Noise

ORDNANCE = ("shell", "glide_bomb", "standoff_missile", "air_to_air")
SHELL, GLIDE_BOMB, STANDOFF_MISSILE, AIR_TO_AIR = range(len(ORDNANCE))
TRACE = 1.0
"""Pieces that are always there, so that none relative to none is 1; arbitrary, and small beside any use."""
AMONG_MUNITIONS = slice(MUNITIONS.index("shell"), MUNITIONS.index("air_to_air") + 1)
"""Where ordnance stands among munitions, in the same order."""


class Params(eqx.Module):
    """What is not known exactly about fires."""

    cover: Float[Array, "side ordnance run"] = parameter(
        LogNormal(1.5, 6, 20), unit="week", doc="Time over which a side fires its stock down; a week at least."
    )
    gun_slack: Float[Array, "side run"] = parameter(
        LogNormal(1.2, 2, 4), unit="1", doc="Shells that the opening's guns could fire, over those that they do."
    )
    aircraft_opening: Float[Array, "side run"] = parameter(
        LogNormal(20, 100, 400), unit="count", doc="Combat aircraft at hand at the opening."
    )
    aircraft_delivery: Float[Array, "side run"] = parameter(
        LogNormal(0.03, 0.2, 1), unit="count/week", doc="Combat aircraft built or given each week."
    )
    sortie_rate: Float[Array, "side run"] = parameter(
        LogNormal(1, 3, 7), unit="1/week", doc="Strike sorties that an aircraft can fly, in the opening's weather."
    )
    load: Float[Array, "side run"] = parameter(
        LogNormal(1, 2, 4), unit="1", doc="Bombs or missiles that a sortie releases."
    )
    standoff_range: Float[Array, "side run"] = parameter(
        LogNormal(40, 70, 200), unit="km", doc="How far what a side's aircraft release flies."
    )
    air_defence_reach: Float[Array, "side run"] = parameter(
        LogNormal(30, 90, 250), unit="km", doc="How far behind the line a side's air defence puts aircraft at risk."
    )
    reach_margin: Float[Array, "run"] = parameter(
        LogNormal(15, 40, 100), unit="km", doc="Distance over which the risk fades at the edge of that reach."
    )
    exposed_loss: Float[Array, "side run"] = parameter(
        Share(0.0004, 0.002, 0.01), unit="1", doc="Chance that a sortie well inside the reach is lost (ℓ)."
    )
    patrol_risk: Float[Array, "run"] = coupling(
        "fires.aircraft",
        "fires.loss_per_sortie",
        Share(0.05, 0.2, 0.5),
        doc="Share of the risk that is enemy aircraft, at the opening (p).",
    )
    patrol_deterrence: Float[Array, "run"] = coupling(
        "fires.aircraft",
        "fires.sorties",
        Share(0.02, 0.1, 0.3),
        doc="Share of what keeps sorties down that is enemy aircraft, at the opening (r).",
    )
    delivery_exponent: Float[Array, "run"] = coupling(
        "patrons.received",
        "fires.aircraft_delivered",
        Fixed(1.0),
        doc="How aircraft that join follow what patrons give; 1 is in proportion.",
    )
    spotting_exponent: Float[Array, "run"] = coupling(
        "patrons.intelligence",
        "fires.artillery",
        LogNormal(0.03, 0.1, 0.4),
        doc="How what artillery does follows what patrons let it see.",
    )
    hit_chance: Float[Array, "side run"] = parameter(
        Share(0.2, 0.5, 0.75), unit="1", doc="Chance that a stand-off missile hits what it is meant for in the rear."
    )
    rear_depth: Float[Array, "run"] = parameter(
        LogNormal(60, 150, 400), unit="km", doc="Mean distance of rear targets from where missiles are released."
    )


class State(eqx.Module):
    """What is left to fire, and from what."""

    stock: Float[Array, "side ordnance run"] = quantity("count", "Munitions with the army.")
    aircraft: Float[Array, "side run"] = quantity("count", "Combat aircraft at hand.")
    fired_opening: Float[Array, "side ordnance run"] = quantity("count/week", "Fired at the opening.")
    patrol_opening: Float[Array, "side run"] = quantity("count", "Aircraft with an air-to-air missile at the opening.")
    flying_opening: Float[Array, "axis run"] = quantity("1", "Usual share of the time with flying weather then.", SHARE)


class Flows(eqx.Module):
    """What was fired this week, and what it cost and did."""

    loss_per_sortie: Float[Array, "side run"] = quantity("1", "Chance that a sortie is lost.", SHARE)
    sorties: Float[Array, "side run"] = quantity("count", "Strike sorties flown this week.")
    fired: Float[Array, "side ordnance run"] = quantity("count", "Munitions expended this week.")
    artillery: Float[Array, "side run"] = quantity("1", "What shells fired do, relative to the opening.")
    air: Float[Array, "side run"] = quantity("1", "Glide bombs dropped, relative to the opening.")
    rear_hits: Float[Array, "side run"] = quantity("count", "Hits on targets in the rear this week.")
    aircraft_lost: Float[Array, "side run"] = quantity("count", "Aircraft lost this week.")
    aircraft_delivered: Float[Array, "side run"] = quantity("count", "Aircraft that joined this week.")


def opening(params: Params, delivered: Float[Array, "side munition run"], flying: Float[Array, "axis run"]) -> State:
    """Stocks that stay as they are while as many are delivered; `flying` is usual for the opening week.

    Where aircraft cannot drop what is delivered, they drop what they can, and that stock grows.
    """
    output = delivered[:, AMONG_MUNITIONS]
    stock, aircraft = output * _cover(params), params.aircraft_opening
    carried = output[:, GLIDE_BOMB] + output[:, STANDOFF_MISSILE]
    share = jnp.minimum(carried, aircraft * params.sortie_rate * params.load) / jnp.maximum(carried, 1e-9)
    one = jnp.ones_like(share)
    fired = output * jnp.stack([one, share, share, (aircraft > 0).astype(one.dtype)], axis=1)
    return State(stock, aircraft, fired, _patrol(stock, aircraft), flying)


def _cover(params: Params) -> Array:
    return jnp.maximum(params.cover, 1.0)


def _patrol(stock: Array, aircraft: Array) -> Array:
    return jnp.minimum(aircraft, stock[:, AIR_TO_AIR])


def step(
    params: Params,
    state: State,
    *,
    do: Intervention,
    noise: Noise,
    fire: Float[Array, "side run"],
    delivered: Float[Array, "side munition run"],
    guns: Float[Array, "side run"],
    flying: Float[Array, "axis run"],
    platforms: Float[Array, "side run"],
    intelligence: Float[Array, "side run"],
) -> tuple[State, Flows]:
    """Fire, fly and lose aircraft; then the week's output arrives.

    `guns` are the pieces of artillery left, `platforms` and `intelligence` what patrons give of both, relative to the
    opening.
    """
    wanted = jnp.minimum(fire[:, None] * state.stock / _cover(params), state.stock)
    patrol = enemy(relative(_patrol(state.stock, state.aircraft), state.patrol_opening, TRACE))
    carried = wanted[:, GLIDE_BOMB] + wanted[:, STANDOFF_MISSILE]
    weather = flying.mean(axis=0) / state.flying_opening.mean(axis=0)
    able = weather * jnp.minimum(carried / params.load, state.aircraft * params.sortie_rate)
    sorties = do("sorties", able / (1 - params.patrol_deterrence + params.patrol_deterrence * patrol))
    released = sorties * params.load / jnp.maximum(carried, 1e-9)
    shells = guns * jnp.maximum(params.gun_slack, 1.0) * (state.fired_opening[:, SHELL] + TRACE)
    armed = jnp.minimum(state.aircraft / jnp.maximum(params.aircraft_opening, 1e-9), 1.0)
    planned = jnp.stack(
        [
            jnp.minimum(wanted[:, SHELL], shells),
            wanted[:, GLIDE_BOMB] * released,
            wanted[:, STANDOFF_MISSILE] * released,
            wanted[:, AIR_TO_AIR] * armed,
        ],
        axis=1,
    )
    fired = jnp.minimum(do("fired", jnp.minimum(planned, state.stock)), state.stock)

    inside = jax.nn.sigmoid((enemy(params.air_defence_reach) - params.standoff_range) / params.reach_margin)
    risk = params.exposed_loss * inside * (1 - params.patrol_risk + params.patrol_risk * patrol)
    loss_per_sortie = do("loss_per_sortie", jnp.minimum(risk, 1.0))
    fallen = jnp.floor(sorties * loss_per_sortie + noise.uniform("aircraft", sorties.shape[:-1]))
    aircraft_lost = jnp.minimum(do("aircraft_lost", jnp.minimum(fallen, state.aircraft)), state.aircraft)
    aircraft_delivered = do("aircraft_delivered", params.aircraft_delivery * platforms**params.delivery_exponent)
    shelling = relative(fired[:, SHELL], state.fired_opening[:, SHELL], TRACE)

    in_reach = -jnp.expm1(-params.standoff_range / params.rear_depth)
    after = State(
        stock=state.stock - fired + delivered[:, AMONG_MUNITIONS],
        aircraft=state.aircraft - aircraft_lost + aircraft_delivered,
        fired_opening=state.fired_opening,
        patrol_opening=state.patrol_opening,
        flying_opening=state.flying_opening,
    )
    return after, Flows(
        loss_per_sortie=loss_per_sortie,
        sorties=sorties,
        fired=fired,
        artillery=do("artillery", shelling * intelligence**params.spotting_exponent),
        air=do("air", relative(fired[:, GLIDE_BOMB], state.fired_opening[:, GLIDE_BOMB], TRACE)),
        rear_hits=do("rear_hits", fired[:, STANDOFF_MISSILE] * params.hit_chance * in_reach),
        aircraft_lost=aircraft_lost,
        aircraft_delivered=aircraft_delivered,
    )
