"""Negotiation: what both sides go by at the opening, in many draws of what is not known, without fighting a week.

Draw k has the parameters and the opening of run k of a forecast with the same seed. Nothing has changed since then:
losses, hardship, stress, aid and wishes are the opening's, relative power and tempo those of its advances. What both
sides know, believe and want goes through the same equations as in a week of war (`model/war.py`).

What acts on the day can be decreed: parameters and states of whatever is at the table, and some flows.

Left out: the luck of the first week, which `ceasefire forecast` has; that both sides reckon with what is decreed: where
values of fighting on were fitted, they stay as they were fitted.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from ceasefire.model import attrition, bargaining, beliefs, manpower, patrons, preferences, resolve, talks, war
from ceasefire.model.axes import SIDES, Appraisal, Ground, Terms
from ceasefire.model.intervene import Intervention, Place
from ceasefire.model.noise import Noise
from ceasefire.scenario import decree
from ceasefire.scenario.agenda import Agenda, fate_of
from ceasefire.scenario.decree import DecreeError, Schedule
from ceasefire.scenario.start import Start
from ceasefire.simulate import draws
from ceasefire.simulate.ensemble import RequestError
from ceasefire.simulate.run import CHUNK, ground_of

ACT = ("bargaining", "beliefs", "patrons", "preferences", "resolve", "talks")
"""Subsystems of which parameters and states are at the table."""
STATES = ("attrition.troops", "manpower.strain", "grid.power", "elites.cohesion")
"""Other states that are."""
FLOWS = ("beliefs.power", "preferences.floor_now", "talks.urged", "resolve.fighting_on", "resolve.least")
"""Flows that are."""


class Alone(eqx.Module):
    """What each option of an agenda does to the lands by itself."""

    gives: Float[Array, "side option land"]
    neutral: Float[Array, "side option land"]
    touched: Float[Array, "issue land"]
    """1 where an issue is about a land."""
    of_issue: Float[Array, "issue option"]
    """1 for the options of an issue."""
    about_land: tuple[int, ...] = eqx.field(static=True)
    """Issues that are about land."""


class Table(eqx.Module):
    """Both sides at the table, run axis last."""

    params: bargaining.Params
    reserve: resolve.Params
    state: resolve.State
    known: resolve.Known
    talked: bargaining.Talked
    appraisal: Appraisal
    urged: Float[Array, "side run"]
    """Pressure on each side, relative to the opening."""
    hardness: Float[Array, "side run"]
    reckoned: Float[Array, "side run"]
    where: resolve.Flows
    breaks: Float[Array, "package run"]
    """Chance that an agreement on each package breaks in a week."""
    offer: bargaining.Offer
    optimism: Float[Array, "side run"]
    """How much a side overrates its power, log."""
    capability: Float[Array, "actor run"]
    salience: Float[Array, "actor issue run"]
    """Weight of all that an issue is about."""
    liking: Float[Array, "actor option run"]
    """What an option is worth to an actor, its own aims on the issue 1."""


@dataclass(frozen=True)
class Sitting:
    """All draws of a start at the table, and what is needed to weigh terms again."""

    start: Start
    terms: Terms
    do: Intervention
    table: Table
    failed: int
    """Draws that are left out, since not all of their numbers are finite."""

    @property
    def runs(self) -> int:
        """How many draws."""
        return int(self.table.optimism.shape[-1])

    @property
    def surplus(self) -> NDArray[np.float32]:
        """Of each side in each package, [side, package, run]."""
        return np.asarray(self.table.offer.surplus)

    @property
    def smaller(self) -> NDArray[np.float32]:
        """The smaller surplus of both sides, [package, run]."""
        smaller: NDArray[np.float32] = self.surplus.min(axis=0)
        return smaller

    def alone(self, package: int) -> tuple[Table, Terms]:
        """The table with one package on it, and the terms of that package."""
        table, at = self.table, slice(package, package + 1)
        worth, overruling = table.appraisal.worth[:, at], table.appraisal.overruling[:, at]
        per_package = ("package", "line", "depth", "guarantee", "relief", "settles")
        only = dataclasses.replace(
            table,
            appraisal=dataclasses.replace(table.appraisal, worth=worth, overruling=overruling),
            breaks=table.breaks[at],
            offer=bargaining.Offer(table.offer.surplus[:, at], table.offer.bundle[at]),
        )
        return only, dataclasses.replace(self.terms, **{name: getattr(self.terms, name)[at] for name in per_package})


def sit_down(start: Start, *, runs: int, seed: int, do: Schedule | None = None) -> Sitting:
    """Weigh every package at the opening in each of some draws; raises `RequestError` where all of them fail."""
    schedule = do or decree.nothing(start, 1)
    named = {settled.name for settled in schedule.settled}
    places = tuple(place for place in schedule.places if place.name in named)
    tables = jnp.asarray(schedule.factor[0], float), jnp.asarray(schedule.shift[0], float)
    ground, lone = ground_of(start), alone(start.agenda, start.labels["side"])
    share, momentum = jnp.asarray(start.theatre.opening_share, float), jnp.asarray(start.momentum, float)
    salt = jnp.asarray(draws.seed_words(seed))

    def chunk(number: int) -> Table:
        run = np.arange(number * CHUNK, (number + 1) * CHUNK, dtype=np.uint32)
        params, _ = draws.parameters(draws.values(start, draws.cube(start, seed, run)))
        found: Table = _seated(params, ground, share, momentum, lone, tables, salt, jnp.asarray(run), places=places)
        return found

    chunks = [chunk(number) for number in range(-(-runs // CHUNK))]
    whole: Table = jax.tree.map(lambda *parts: np.concatenate(parts, axis=-1)[..., :runs], *chunks)
    fine = _finite(whole, runs)
    if not fine.any():
        raise RequestError(f"none of {runs} draws of {start.scenario.id} gave numbers that are finite")
    kept: Table = jax.tree.map(lambda part: part[..., fine], whole)
    return Sitting(start, ground.terms, Intervention(*tables, places, "bargaining"), kept, int((~fine).sum()))


def _finite(table: Table, runs: int) -> NDArray[np.bool_]:
    """Draws of which every number is finite."""
    real = [part for part in jax.tree.leaves(table) if np.issubdtype(part.dtype, np.floating)]
    fine: NDArray[np.bool_] = np.all([np.isfinite(part).reshape(-1, runs).all(axis=0) for part in real], axis=0)
    return fine


def decreed(start: Start, lines: Sequence[str]) -> Schedule | None:
    """What is decreed on the day, None for nothing. Raises `DecreeError` for what needs weeks of war to act."""
    if not lines:
        return None
    found = decree.schedule(start, 1, [decree.parse(line) for line in lines])
    for one in found.settled:
        at_table = one.quantity != "flow" and one.name.partition(".")[0] in ACT
        if not (at_table or one.name in (*FLOWS, *STATES)):
            raise DecreeError(
                f"{one.name} acts through weeks of war, and none is fought here; `ceasefire whatif` fights them. "
                f"What acts on the day: parameters and states of {', '.join(ACT)}, and {', '.join((*STATES, *FLOWS))}"
            )
    return found


def undone(schedule: Schedule) -> Schedule:
    """The same tables, changing nothing, so that what is compiled serves both."""
    return dataclasses.replace(schedule, factor=np.ones_like(schedule.factor), shift=np.zeros_like(schedule.shift))


# ----------------------------------------------------------------------------------------------------- what they go by


@partial(jax.jit, static_argnames=("places",))
def _seated(
    params: war.Params,
    ground: Ground,
    share: jax.Array,
    momentum: jax.Array,
    lone: Alone,
    tables: tuple[jax.Array, jax.Array],
    seed: jax.Array,
    runs: jax.Array,
    *,
    places: tuple[Place, ...],
) -> Table:
    """Both sides at the table on the day of the opening, as decreed."""
    do, terms = Intervention(*tables, places), ground.terms
    opening = war.opening(params, ground, share, momentum)
    known, was = war.decreed(params, do), war.decreed(opening, do)
    expected = jnp.exp(params.front.budget_opening)[:, None]
    minds, wanted, talked = _flows(known, was, ground, do, Noise(seed, runs, jnp.asarray(0)), expected)
    tastes = preferences.tastes(known.preferences, was.preferences, terms)
    appraisal = preferences.appraise(known.preferences, tastes, terms, wanted.share, wanted.floor_now)
    heard, said = _heard(known, was, minds, expected), _said(known, was, terms)
    where = _reckoned(
        known.resolve,
        was.resolve,
        do.of("resolve"),
        heard,
        appraisal=appraisal,
        urged=talked.urged,
        hardness=known.beliefs.hardness,
        reckoned=minds.reckoned,
    )
    breaks = bargaining.breaking(known.bargaining, terms, said.trust, where.shift)
    salience, liking = opinions(known.preferences, was.preferences, terms, wanted.share, lone)
    return Table(
        params=known.bargaining,
        reserve=known.resolve,
        state=was.resolve,
        known=heard,
        talked=said,
        appraisal=appraisal,
        urged=talked.urged,
        hardness=known.beliefs.hardness,
        reckoned=minds.reckoned,
        where=where,
        breaks=breaks,
        offer=bargaining.offers(appraisal, breaks, _wanted(known.resolve, where, where.least)),
        optimism=beliefs.own_sign(was.beliefs.mean - minds.power),
        capability=known.preferences.capability,
        salience=salience,
        liking=liking,
    )


def _flows(
    known: war.Params, was: war.State, ground: Ground, do: Intervention, noise: Noise, expected: Array
) -> tuple[beliefs.Flows, preferences.Flows, talks.Flows]:
    """What minds, wishes and talks are like on the day."""
    none = jnp.zeros_like(known.resolve.impatience)
    _, minds = beliefs.step(
        known.beliefs,
        was.beliefs,
        do=do.of("beliefs"),
        noise=noise.of("beliefs"),
        expected=expected,
        talking=none[0],
        earnest=none[0],
        peace=none[0],
    )
    _, wanted = preferences.step(
        known.preferences,
        was.preferences,
        do=do.of("preferences"),
        noise=noise.of("preferences"),
        terms=ground.terms,
        held=was.front.held,
        concession=none,
        exited=none > 0,
    )
    _, talked = talks.step(
        known.talks,
        was.talks,
        do=do.of("talks"),
        noise=noise.of("talks"),
        due=none[0],
        wish=none[0],
        power=minds.power,
    )
    return minds, wanted, talked


def _heard(known: war.Params, was: war.State, minds: beliefs.Flows, expected: Array) -> resolve.Known:
    """What each side goes by, nothing having changed but what is decreed."""
    none = jnp.zeros_like(known.resolve.impatience)
    return resolve.Known(
        mean=was.beliefs.mean,
        power=minds.power,
        tempo=beliefs.tempo(known.beliefs, expected),
        force=attrition.log_force(known.attrition, was.attrition.troops),
        losses=none,
        strain=manpower.relative_strain(was.manpower),
        stress=none,
        hours=none,
        wish=none,
        aid=none,
        power_supply=was.grid.power - 1,
        cohesion=was.elites.cohesion,
    )


def _said(known: war.Params, was: war.State, terms: Terms) -> bargaining.Talked:
    """What the table is like on the day."""
    none = jnp.zeros_like(known.resolve.impatience)
    return bargaining.Talked(
        due=jnp.broadcast_to(terms.deadline[0], none[0].shape),
        regime=was.talks.regime,
        allies=none + 1,
        trust=patrons.trust(known.patrons, was.patrons),
    )


def _reckoned(
    params: resolve.Params,
    state: resolve.State,
    do: Intervention,
    known: resolve.Known,
    *,
    appraisal: Appraisal,
    **more: Array,
) -> resolve.Flows:
    """What fighting on is worth to each side while the war goes on; see `resolve.step` for what more it takes."""
    at_war = jnp.ones(known.power.shape, bool)
    _, flows = resolve.step(params, state, do=do, known=known, appraisal=appraisal, at_war=at_war, **more)
    return flows


def _wanted(params: resolve.Params, where: resolve.Flows, least: Float[Array, "side run"]) -> bargaining.Wanted:
    """What each side wants of an agreement."""
    return bargaining.Wanted(
        least=least, relapsed=where.relapsed, impatience=params.impatience, shift=where.shift, asked=where.asked
    )


def alone(agenda: Agenda, sides: Sequence[str]) -> Alone:
    """What each option gives and demilitarises, by itself."""
    options, lands = agenda.options, agenda.lands.id
    gives, neutral = np.zeros((2, SIDES, len(options), len(lands)))
    touched = np.zeros((len(agenda.issues), len(lands)))
    for at, option in enumerate(options):
        for land, fate in option.lands.items():
            column = lands.index(land)
            touched[agenda.issue[at], column] = 1.0
            gives[:, at, column], neutral[:, at, column] = fate_of(fate, sides)
    return Alone(
        gives=jnp.asarray(gives, float),
        neutral=jnp.asarray(neutral, float),
        touched=jnp.asarray(touched, float),
        of_issue=jnp.asarray(agenda.issue == np.arange(len(agenda.issues))[:, None], float),
        about_land=tuple(k for k, issue in enumerate(agenda.issues) if issue.territorial),
    )


def opinions(
    params: preferences.Params, state: preferences.State, terms: Terms, share: Float[Array, "land run"], lone: Alone
) -> tuple[Float[Array, "actor issue run"], Float[Array, "actor option run"]]:
    """How much each issue counts for each actor, and how much it likes each option, the rest as things stand."""
    land = preferences.tastes(params, state, terms).land
    even = dataclasses.replace(params, worth=jnp.ones_like(params.worth))
    weight = preferences.tastes(even, state, terms).option
    salience = jnp.einsum("io,aor->air", lone.of_issue / lone.of_issue.sum(axis=1, keepdims=True), weight)
    liking, by_option = params.worth, dataclasses.replace(terms, gives=lone.gives, neutral=lone.neutral)
    for issue in lone.about_land:
        about = land * lone.touched[issue][:, None]
        total = about.sum(axis=1)
        worth = preferences.land_worth(params, preferences.Tastes(about, weight), by_option, share)
        mine = lone.of_issue[issue][:, None] > 0
        liking = jnp.where(mine, worth / jnp.maximum(total, preferences.TINY)[:, None], liking)
        salience = salience.at[:, issue].set(total)
    return salience, liking


# ------------------------------------------------------------------------------------------------------- what would do


class Ease(eqx.Module):
    """What would make agreement easier; nothing where all is 0."""

    payment: Float[Array, "#side"]
    """Worth."""
    cost: Float[Array, "#side"]
    """Log of how many times as much a week of war costs."""
    pressure: Float[Array, "#side"]
    """Doublings."""
    confidence: Float[Array, "#side"]
    """By how much less a side thinks of its power, log."""
    guarantees: Float[Array, ""]
    """Share of the doubt in patrons' guarantees that is gone."""


@jax.jit
def again(table: Table, terms: Terms, do: Intervention, ease: Ease) -> Float[Array, "package run"]:
    """The smaller surplus of both sides in the packages on the table, were something eased."""
    none, doubt = jnp.zeros_like(table.where.least), 1 - table.talked.trust
    params = dataclasses.replace(table.reserve, cost=table.reserve.cost * jnp.exp(ease.cost)[:, None])
    humbler = beliefs.own_sign(none + ease.confidence[:, None])
    known = dataclasses.replace(table.known, mean=table.known.mean - humbler)
    where = _reckoned(
        params,
        table.state,
        do.of("resolve"),
        known,
        appraisal=table.appraisal,
        urged=table.urged * 2.0 ** ease.pressure[:, None],
        hardness=table.hardness,
        reckoned=table.reckoned,
    )
    breaks = bargaining.breaking(table.params, terms, table.talked.trust + ease.guarantees * doubt, where.shift)
    return bargaining.offers(table.appraisal, breaks, _wanted(params, where, where.least - ease.payment[:, None])).least
