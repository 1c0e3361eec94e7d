"""The war: every subsystem in causal order, one week at a time. Read this first.

A call may use flows of the calls above it and any state as it stood at the start of the week, so feedback takes a
week and nothing is circular. Nothing here knows which war it is: sides, axes, items and cells are positions in arrays.
"""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ceasefire.model import (
    air_defence,
    attrition,
    bargaining,
    beliefs,
    breach,
    budget,
    civilians,
    damage,
    drones,
    elites,
    fires,
    front,
    grid,
    industry,
    logistics,
    manpower,
    oil,
    opinion,
    patrons,
    policy,
    posture,
    preferences,
    resolve,
    sanctions,
    siege,
    strikes,
    talks,
    weather,
)
from ceasefire.model.axes import GOODS, QUESTIONS, YEAR, Ground, enemy
from ceasefire.model.intervene import Intervention
from ceasefire.model.noise import Noise

SUBSYSTEMS = (
    weather,
    policy,
    sanctions,
    patrons,
    industry,
    strikes,
    air_defence,
    grid,
    damage,
    oil,
    budget,
    drones,
    fires,
    posture,
    logistics,
    siege,
    attrition,
    breach,
    front,
    civilians,
    manpower,
    opinion,
    elites,
    beliefs,
    preferences,
    talks,
    resolve,
    bargaining,
)


class Params(eqx.Module):
    """Constant during a war, and not known exactly."""

    weather: weather.Params
    policy: policy.Params
    sanctions: sanctions.Params
    patrons: patrons.Params
    industry: industry.Params
    strikes: strikes.Params
    air_defence: air_defence.Params
    grid: grid.Params
    damage: damage.Params
    oil: oil.Params
    budget: budget.Params
    drones: drones.Params
    fires: fires.Params
    posture: posture.Params
    logistics: logistics.Params
    siege: siege.Params
    attrition: attrition.Params
    breach: breach.Params
    front: front.Params
    civilians: civilians.Params
    manpower: manpower.Params
    opinion: opinion.Params
    elites: elites.Params
    beliefs: beliefs.Params
    preferences: preferences.Params
    talks: talks.Params
    resolve: resolve.Params
    bargaining: bargaining.Params


class State(eqx.Module):
    """The war at the start of a week."""

    weather: weather.State
    policy: policy.State
    sanctions: sanctions.State
    patrons: patrons.State
    industry: industry.State
    strikes: strikes.State
    air_defence: air_defence.State
    grid: grid.State
    damage: damage.State
    oil: oil.State
    budget: budget.State
    drones: drones.State
    fires: fires.State
    posture: posture.State
    logistics: logistics.State
    siege: siege.State
    attrition: attrition.State
    breach: breach.State
    front: front.State
    civilians: civilians.State
    manpower: manpower.State
    opinion: opinion.State
    elites: elites.State
    beliefs: beliefs.State
    preferences: preferences.State
    talks: talks.State
    resolve: resolve.State
    bargaining: bargaining.State


class Flows(eqx.Module):
    """What happened during a week."""

    weather: weather.Flows
    policy: policy.Flows
    sanctions: sanctions.Flows
    patrons: patrons.Flows
    industry: industry.Flows
    strikes: strikes.Flows
    air_defence: air_defence.Flows
    grid: grid.Flows
    damage: damage.Flows
    oil: oil.Flows
    budget: budget.Flows
    drones: drones.Flows
    fires: fires.Flows
    posture: posture.Flows
    logistics: logistics.Flows
    siege: siege.Flows
    attrition: attrition.Flows
    breach: breach.Flows
    front: front.Flows
    civilians: civilians.Flows
    manpower: manpower.Flows
    opinion: opinion.Flows
    elites: elites.Flows
    beliefs: beliefs.Flows
    preferences: preferences.Flows
    talks: talks.Flows
    resolve: resolve.Flows
    bargaining: bargaining.Flows


def step(
    params: Params, state: State, ground: Ground, noise: Noise, do: Intervention, *, list_length: int
) -> tuple[State, Flows]:
    """One week of war.

    `noise` is the luck of the week and `do` what is decreed in it; `list_length` bounds the cells in reach of the
    front (see `front`).
    """
    known, was = decreed(params, do), decreed(state, do)
    after: dict[str, Any] = {}
    happened: dict[str, Any] = {}

    def call(subsystem: Any, **received: Any) -> Any:
        """One week of a subsystem, from what it knows, how it stood and what it receives; returns its flows."""
        name = subsystem.__name__.rsplit(".", 1)[-1]
        after[name], happened[name] = subsystem.step(
            getattr(known, name), getattr(was, name), do=do.of(name), **received
        )
        return happened[name]

    troops = was.attrition.troops
    force = attrition.log_force(known.attrition, troops)
    armour, guns = attrition.pieces_left(known.attrition, was.attrition, ground.role)
    ended = (was.bargaining.phase != bargaining.WAR) & (was.bargaining.phase != bargaining.FADE)
    peace = ended.astype(troops.dtype)
    sky = call(weather, noise=noise.of("weather"), ground=ground)
    orders = call(
        policy,
        week=noise.week,
        ground=ground,
        at_war=was.bargaining.phase == bargaining.WAR,
        fading=was.bargaining.phase == bargaining.FADE,
    )
    lifted = bargaining.relief(ground.terms, was.bargaining)
    limits = call(sanctions, noise=noise.of("sanctions"), lifted=lifted)
    given = call(
        patrons,
        noise=noise.of("patrons"),
        ground=ground,
        peace=peace,
        prospect=was.opinion.prospect,
        escalation=strikes.escalation(was.strikes),
    )
    output = call(
        industry,
        power=was.grid.power,
        funding=was.budget.funding,
        components=limits.components,
        capacity=damage.capacity(was.damage),
        received=given.received,
    )
    launches = call(
        strikes,
        noise=noise.of("strikes"),
        fire=orders.fire,
        delivered=output.munitions,
        colder=(ground.climate[:, 0] - ground.climate[:, noise.week % YEAR]).mean(),
        intelligence=given.intelligence,
        licence=given.licence,
    )
    shield = call(
        air_defence,
        noise=noise.of("air_defence"),
        launched=launches.launched,
        nights=launches.nights,
        aim=launches.aim,
        delivered=output.munitions,
        platforms=given.received[:, GOODS.index("platforms")],
        intelligence=given.intelligence,
    )
    power = call(grid, noise=noise.of("grid"), hits=shield.hits, temperature=sky.temperature.mean(axis=0))
    ruins = call(damage, hits=shield.hits)
    trade = call(
        oil,
        noise=noise.of("oil"),
        ground=ground,
        oil_bite=limits.oil_bite,
        secondary_bite=limits.secondary_bite,
        interception_bite=limits.interception_bite,
        capacity=ruins.capacity,
    )
    purse = call(
        budget,
        noise=noise.of("budget"),
        revenue=trade.revenue,
        exchange=trade.exchange,
        fire=orders.fire,
        grants=given.received[:, GOODS.index("money")],
    )
    swarm = call(
        drones,
        noise=noise.of("drones"),
        fire=orders.fire,
        delivered=output.munitions,
        flying=sky.clear,
    )
    barrage = call(
        fires,
        noise=noise.of("fires"),
        fire=orders.fire,
        delivered=output.munitions,
        guns=guns,
        flying=sky.clear,
        platforms=given.received[:, GOODS.index("platforms")],
        intelligence=given.intelligence,
    )
    assault = call(
        posture,
        strain=manpower.relative_strain(was.manpower),
        armour=armour,
        density=swarm.density,
    )
    roads = call(
        logistics,
        noise=noise.of("logistics"),
        ground=ground,
        held=was.front.held,
        density=swarm.density,
    )
    sieges = call(
        siege,
        ground=ground,
        held=was.front.held,
        throughput=roads.throughput,
        troops=troops,
        effort=orders.effort,
    )
    losses = call(
        attrition,
        noise=noise.of("attrition"),
        effort=orders.effort,
        fire=orders.fire,
        exposure=assault.exposure,
        density=swarm.density,
        artillery=barrage.artillery,
        air=barrage.air,
        colder=(ground.climate[:, :1] - sky.temperature).mean(axis=0),
        delivered=output.delivered,
        captured=sieges.captured,
        arriving=was.manpower.arriving,
        leaving=was.manpower.leaving,
    )
    breaches = call(
        breach,
        noise=noise.of("breach"),
        effort=orders.effort,
        troops=troops,
        force=force,
        stretch=sieges.stretch,
    )
    advance = call(
        front,
        noise=noise.of("front"),
        ground=ground,
        effort=orders.effort,
        force=force,
        supply=roads.supply,
        passage=swarm.passage,
        press=assault.press,
        density=swarm.density,
        surge=breaches.surge,
        regained=breaches.regained,
        resistance=sieges.resistance,
        list_length=list_length,
    )
    people = call(
        civilians,
        noise=noise.of("civilians"),
        fire=orders.fire,
        density=swarm.density,
        artillery=barrage.artillery,
        air=barrage.air,
        hits=shield.hits,
        residents=advance.residents,
    )
    call(
        manpower,
        noise=noise.of("manpower"),
        troops=troops,
        casualties=losses.casualties,
        wounded=losses.wounded,
        funding=was.budget.funding,
    )
    mood = call(
        opinion,
        noise=noise.of("opinion"),
        taken=advance.taken.sum(axis=1),
        casualties=losses.casualties,
        hours=power.blackout_hours,
        excess=purse.inflation - known.budget.inflation_opening,
        harmed=people.harmed,
        peace=peace,
    )
    those_in_power = call(
        elites,
        noise=noise.of("elites"),
        stress=purse.stress,
        stress_opening=was.budget.stress_opening,
        strain=manpower.relative_strain(was.manpower),
        prospect=was.opinion.prospect,
    )
    minds = call(
        beliefs,
        noise=noise.of("beliefs"),
        expected=advance.expected,
        talking=(was.talks.regime > talks.NONE).astype(peace.dtype),
        earnest=(was.talks.regime == talks.EARNEST).astype(peace.dtype),
        peace=peace,
    )
    changed = opinion.log_odds(mood.share) - opinion.log_odds_opening(known.opinion)
    wish, concession = changed[:, QUESTIONS.index("talks")], changed[:, QUESTIONS.index("concession")]
    wanted = call(
        preferences,
        noise=noise.of("preferences"),
        terms=ground.terms,
        held=was.front.held,
        concession=concession,
        exited=those_in_power.exited,
    )
    table = call(
        talks,
        noise=noise.of("talks"),
        due=orders.talks,
        wish=wish.mean(axis=0),
        power=minds.power,
    )
    tastes = preferences.tastes(known.preferences, was.preferences, ground.terms)
    appraisal = preferences.appraise(known.preferences, tastes, ground.terms, wanted.share, wanted.floor_now)
    reserve = call(
        resolve,
        known=resolve.Known(
            mean=was.beliefs.mean,
            power=minds.power,
            tempo=beliefs.tempo(known.beliefs, advance.expected),
            force=force,
            losses=opinion.log_ratio(losses.casualties, was.opinion.casualties_opening),
            strain=manpower.relative_strain(was.manpower),
            stress=purse.stress - was.budget.stress_opening,
            hours=power.blackout_hours - was.opinion.hours_opening,
            wish=wish,
            aid=patrons.log_received(given.received),
            power_supply=was.grid.power - 1,
            cohesion=was.elites.cohesion,
        ),
        appraisal=appraisal,
        urged=table.urged,
        hardness=known.beliefs.hardness,
        reckoned=minds.reckoned,
        at_war=was.bargaining.phase == bargaining.WAR,
    )
    call(
        bargaining,
        noise=noise.of("bargaining"),
        terms=ground.terms,
        troops=troops,
        appraisal=appraisal,
        talked=bargaining.Talked(
            due=jnp.broadcast_to(ground.terms.deadline[jnp.minimum(noise.week, YEAR)], peace.shape),
            regime=was.talks.regime,
            allies=patrons.relative_allies(known.patrons, ground, given.allies),
            trust=given.trusted,
        ),
        wanted=bargaining.Wanted(
            least=reserve.least,
            relapsed=reserve.relapsed,
            impatience=known.resolve.impatience,
            shift=reserve.shift,
            asked=reserve.asked,
        ),
    )
    return State(**after), Flows(**happened)


def decreed(record: Any, do: Intervention) -> Any:
    """Parameters or state of all subsystems, with what is decreed in its place."""
    return type(record)(**{name: do.of(name).on(getattr(record, name)) for name in record.__dataclass_fields__})


def opening(params: Params, ground: Ground, share: Float[Array, "cell"], momentum: Float[Array, "side cell"]) -> State:
    """The war before its first week: the map as observed, pipelines as full as their flows keep them.

    `share` is the first side's of each cell, `momentum` what each side took there lately, without the dummy row.
    """
    losses, people = attrition.opening(params.attrition), params.attrition
    runs = losses.troops.shape[-1]
    casualties = losses.troops * -jnp.expm1(-people.casualty_rate_opening)
    munitions = params.industry.munition_output + params.industry.munition_imports
    flying = weather.usual_flying(params.weather, ground)
    launches = strikes.opening(params.strikes, munitions)
    nights, aim = strikes.opening_nights(params.strikes), strikes.opening_aim(params.strikes)
    launched = munitions[:, strikes.AMONG_MUNITIONS]
    shield = air_defence.opening(params.air_defence, launched, nights, munitions)
    hits = air_defence.opening_hits(params.air_defence, shield, launched, nights, aim)
    revenue, exchange = oil.revenue_opening(params.oil), params.oil.exchange_opening
    harmed = params.civilians.harm_rate + params.civilians.harm_per_hit * hits.sum(axis=1)
    temperature, gain = ground.climate[:, :1].mean(axis=0), jnp.exp(params.front.budget_opening)
    roads = logistics.opening(params.logistics, ground, share)
    power = beliefs.relative_power(params.beliefs, gain[:, None])
    return State(
        weather=weather.opening(params.weather, ground),
        policy=policy.State(),
        sanctions=sanctions.opening(params.sanctions),
        patrons=patrons.opening(params.patrons, ground),
        industry=industry.opening(params.industry),
        strikes=launches,
        air_defence=shield,
        grid=grid.opening(params.grid, temperature),
        damage=damage.opening(params.damage, hits),
        oil=oil.opening(params.oil),
        budget=budget.opening(params.budget, revenue, exchange),
        drones=drones.opening(params.drones, munitions, flying),
        fires=fires.opening(params.fires, munitions, flying),
        posture=posture.State(),
        logistics=roads,
        siege=siege.opening(params.siege, roads.carried),
        attrition=losses,
        breach=breach.opening(params.breach, losses.troops, ground.axes),
        front=front.opening(
            params.front, ground, share, momentum, logistics.opening_supply(params.logistics, ground, share)
        ),
        civilians=civilians.State(),
        manpower=manpower.opening(params.manpower, losses.troops, casualties, casualties * (1 - people.killed_share)),
        opinion=opinion.opening(
            params.opinion,
            advance=gain - enemy(gain),
            casualties=casualties,
            age_weeks=params.bargaining.age * bargaining.MONTH,
            hours=grid.opening_hours(params.grid, temperature),
            harmed=harmed,
        ),
        elites=elites.opening(params.elites),
        beliefs=beliefs.opening(params.beliefs, power),
        preferences=preferences.opening(params.preferences),
        talks=talks.opening(params.talks, power),
        resolve=resolve.opening(runs),
        bargaining=bargaining.opening(runs, len(ground.terms.issue)),
    )
