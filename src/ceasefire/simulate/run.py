"""Run: a chunk of wars, from the opening to the horizon, quarter by quarter, each one compiled loop over weeks.

A chunk is always `CHUNK` runs wide, so the same machine code works on the same lanes whatever is asked for: results do
not depend on how many runs there are, nor on who works on them. Lanes beyond the last run are simulated and not told.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from ceasefire.model import front, war
from ceasefire.model.axes import GOODS, ROLES, Ground, Terms
from ceasefire.model.intervene import Intervention, Place
from ceasefire.model.noise import Noise
from ceasefire.scenario import theatre
from ceasefire.scenario.agenda import Agenda
from ceasefire.scenario.decree import Schedule, nothing
from ceasefire.scenario.start import Start
from ceasefire.simulate import draws
from ceasefire.simulate.cache import keep_compiled
from ceasefire.simulate.compiled import Program
from ceasefire.simulate.draws import on_device

CHUNK = 32
"""Runs simulated together; part of what makes a result what it is."""


SPAN = 13
"""Weeks of a compiled loop. A war is as many as reach its horizon, so that one program serves every horizon."""


class Fought(NamedTuple):
    """What a compiled span of weeks returns, on its device."""

    last: war.State
    series: dict[str, jax.Array]
    """By dotted name what happens in each week, or stands at its end, [week, ..., run]."""
    control: jax.Array
    """[week, cell]: runs in which the first side holds at least half of the cell at the end of the week."""
    overflow: jax.Array
    area_error: jax.Array
    finite: jax.Array
    """[week, run]: every number that is recorded is finite."""


class Wars(NamedTuple):
    """The wars of a chunk between two weeks, `CHUNK` of them: what is true of each, how it stands, and its number."""

    params: war.Params
    state: war.State
    run: NDArray[np.uint32]


class Chunk(NamedTuple):
    """The runs of a chunk that were asked for."""

    series: dict[str, NDArray[Any]]
    control: NDArray[np.int32]
    ok: NDArray[np.bool_]
    """[run]: every number of the run stayed finite."""
    area_error: NDArray[np.floating[Any]]
    """[run]: km² by which the map and the sum of what was taken disagree, span by span, added up."""


def ground_of(start: Start) -> Ground:
    """The theatre as the model takes it, with the dummy row, the dummy block and the dummy edge."""
    t, roads = start.theatre, start.theatre.roads
    dummy = len(t)
    block, block_neighbour = theatre.blocks(t.cell)
    link, link_edge = theatre.adjacency(roads.edge, len(roads.name))
    garrison_node = np.zeros((len(t.garrisons), len(roads.name)))
    for k, garrison in enumerate(t.garrisons):
        garrison_node[k, garrison.node] = 1.0
    town_cell = theatre.padded([town.row for town in t.towns], dummy)
    town_weight = np.zeros(town_cell.shape)
    for line, town in zip(town_weight, t.towns, strict=True):
        line[: len(town.weight)] = town.weight
    told = start.scenario.war
    role = [[float(item.role == role) for item in told.items] for role in ROLES]
    return Ground(
        area=on_device(np.append(t.area, 0.0)),
        axis=on_device(np.append(t.axis, 0), np.int32),
        neighbour=on_device(np.vstack([t.neighbour, np.full((1, 6), dummy)]), np.int32),
        border=on_device(np.column_stack([t.border, np.zeros(2)])),
        feature=on_device(np.column_stack([t.feature, np.zeros(len(t.feature))])),
        height=on_device(np.append(t.height, 0.0)),
        population=on_device(np.append(t.population, 0.0)),
        works=on_device(np.column_stack([t.works, np.ones(2)])),
        block=on_device(np.append(block, len(block_neighbour)), np.int32),
        block_neighbour=on_device(np.vstack([block_neighbour, np.full((1, 6), len(block_neighbour))]), np.int32),
        climate=on_device(t.climate),
        collection=on_device(start.collection),
        edge=on_device(np.vstack([roads.edge, np.zeros((1, 2))]), np.int32),
        length=on_device(np.append(roads.length, np.inf)),
        capacity=on_device(np.append(roads.capacity, 0.0)),
        edge_cell=on_device(theatre.padded([*roads.edge_cell, np.zeros(0, int)], dummy), np.int32),
        link=on_device(link, np.int32),
        link_edge=on_device(link_edge, np.int32),
        node_cell=on_device(np.where(roads.cell < 0, dummy, roads.cell), np.int32),
        rear=on_device(roads.rear),
        node_weight=on_device(roads.weight),
        garrison_node=on_device(garrison_node),
        garrison_cell=on_device(theatre.padded([garrison.row for garrison in t.garrisons], dummy), np.int32),
        garrison_side=on_device([garrison.side for garrison in t.garrisons], np.int32),
        garrison_flow=on_device(theatre.opening_flow(t)),
        town_cell=on_device(town_cell, np.int32),
        town_weight=on_device(town_weight),
        role=on_device(role),
        supports=on_device([[patron.supports == side.id for patron in told.patrons] for side in told.sides]),
        election=on_device(start.elections, np.int32),
        talks=on_device(start.talks),
        terms=terms_of(start),
    )


def terms_of(start: Start) -> Terms:
    """What can be agreed, as the model takes it."""
    war = start.scenario.war
    sides = [side.id for side in war.sides]
    return terms(start.agenda, start.theatre.area, sides, [*sides, *(voice.of for voice in war.voices)], start.deadline)


def terms(
    agenda: Agenda, area: NDArray[np.float64], sides: Sequence[str], camp: Sequence[str], deadline: NDArray[np.float64]
) -> Terms:
    """An agenda as the model takes it, with the dummy row.

    `area` [cell] is km², `camp` [actor] the side whose land an actor counts as its own, `deadline` [week] 1 before one.
    """
    lands, area = agenda.lands, np.append(area, 0.0)
    row = np.append(lands.row, -1)
    return Terms(
        land_area=on_device([area * (row == k) for k in range(len(lands.id))]),
        land_behind=on_device(lands.behind),
        land_whole=on_device(lands.whole),
        issue=on_device(agenda.issue, np.int32),
        territorial=on_device([issue.territorial for issue in agenda.issues]),
        status_quo=on_device(agenda.status_quo),
        package=on_device(agenda.package, np.int32),
        rider=on_device(agenda.rider),
        line=on_device(agenda.line, np.int32),
        gives=on_device(agenda.gives),
        neutral=on_device(agenda.neutral),
        depth=on_device(agenda.depth),
        guarantee=on_device(agenda.guarantee),
        relief=on_device(agenda.relief),
        settles=on_device(agenda.settles),
        camp=on_device([[of == side for of in camp] for side in sides]),
        deadline=on_device(deadline),
    )


KEPT = (
    "attrition.troops",
    "attrition.equipment",
    "industry.storage",
    "bargaining.phase",
    "front.taken",
    "front.ceded",
    "front.unspent",
    "logistics.supply",
    "attrition.casualties",
    "attrition.killed",
    "attrition.surrendered",
    "attrition.lost",
    "civilians.harmed",
    "civilians.killed",
    "civilians.transferred",
    "manpower.recruited",
    "bargaining.hazard",
    "strikes.launched",
    "air_defence.stopped",
    "grid.served_share",
    "grid.dark",
    "grid.cold",
    "grid.blackout_hours",
    "oil.brent",
    "oil.revenue",
    "oil.part",
    "budget.reserves",
    "budget.inflation",
    "patrons.pledged",
    "patrons.paid",
    *(f"patrons.{good}" for good in GOODS),
    "patrons.will",
    "patrons.on",
    "patrons.credibility",
    "opinion.share",
    "patrons.aligned",
    "elites.exits",
    "beliefs.optimism",
    "talks.regime",
    "resolve.standing",
    "resolve.fighting_on",
    "resolve.least",
    "bargaining.zone",
    "bargaining.surplus",
    "bargaining.likely",
    "bargaining.line",
    "bargaining.lasting",
    "bargaining.structural",
    "bargaining.usual",
    "bargaining.agreed",
    "bargaining.package",
    "bargaining.resumed",
)
"""What a forecast keeps. Every state and flow that has labels is recorded, so that one program serves every use."""
TOWN_SHARE = "town_share"
"""First side's share of each town's disc: kept always, as it stands at the end of a week."""


def recorded(record: war.State | war.Flows, names: frozenset[str]) -> dict[str, jax.Array]:
    """What is recorded of a week, by dotted name, run axis last; the stages of a pipeline are added up."""
    found = {}
    for owner in dataclasses.fields(record):
        part = getattr(record, owner.name)
        for field in dataclasses.fields(part):
            name = f"{owner.name}.{field.name}"
            if name in names:
                found[name] = _told(getattr(part, field.name), tuple(field.type.dim_str.split()))  # type: ignore[union-attr]
    return found


def _told(values: jax.Array, dims: tuple[str, ...]) -> jax.Array:
    stages = tuple(k for k, dim in enumerate(dims) if dim.isdigit())
    values = values.sum(axis=stages) if stages else values
    return values if jnp.issubdtype(values.dtype, jnp.floating) else values.astype(jnp.int16)


def standing(state: war.State, ground: Ground, names: frozenset[str]) -> dict[str, jax.Array]:
    """What is recorded of the state at the end of a week (and at the opening)."""
    shares = jnp.einsum("tp,tpr->tr", ground.town_weight, state.front.held[ground.town_cell])
    return {**recorded(state, names), TOWN_SHARE: shares}


def holders(state: war.State, counted: jax.Array) -> jax.Array:
    """Runs in which the first side holds at least half of each cell, [cell]."""
    return ((state.front.held[:-1] >= 0.5) * counted).sum(axis=1).astype(jnp.int16)


@partial(jax.jit, static_argnames=("places",))
def begin(
    params: war.Params,
    share: jax.Array,
    momentum: jax.Array,
    ground: Ground,
    counted: jax.Array,
    *,
    places: tuple[Place, ...],
) -> tuple[war.State, dict[str, jax.Array], jax.Array]:
    """Open the wars of a chunk: their state, what of it is recorded, who holds what."""
    opening = war.opening(params, ground, share, momentum)
    return opening, standing(opening, ground, frozenset(place.name for place in places)), holders(opening, counted)


@partial(jax.jit, static_argnames=("places",))
def stand(
    state: war.State, ground: Ground, counted: jax.Array, *, places: tuple[Place, ...]
) -> tuple[dict[str, jax.Array], jax.Array]:
    """How the wars of a chunk stand between two weeks: what is recorded of it, who holds what."""
    return standing(state, ground, frozenset(place.name for place in places)), holders(state, counted)


def _like_fought(names: list[str], params: war.Params, opening: war.State, *others: Any) -> Fought:
    """What has the structure of what `fight` returns."""
    recorded = [name.removeprefix("series/") for name in names if name.startswith("series/")]
    none: Any = 0
    return Fought(opening, dict.fromkeys(recorded, none), *[none] * (len(Fought._fields) - 2))


@partial(Program, like=_like_fought)
@partial(
    jax.jit,
    static_argnames=("list_length", "places"),
    compiler_options={"xla_cpu_multi_thread_eigen": False},
)
def fight(
    params: war.Params,
    opening: war.State,
    ground: Ground,
    factor: jax.Array,
    shift: jax.Array,
    seed: jax.Array,
    runs: jax.Array,
    counted: jax.Array,
    first: jax.Array,
    *,
    list_length: int,
    places: tuple[Place, ...],
) -> Fought:
    """Simulate a span of weeks of one chunk, from week `first` (from 0) and the state that it opens with.

    `factor` and `shift` [week, number] are what is decreed, in the order of `places`; every quantity that has a place
    there is recorded. `counted` [run] is 1 for runs that were asked for, 0 for padding.
    """
    names = frozenset(place.name for place in places)

    def week(state: war.State, at: tuple[jax.Array, jax.Array, jax.Array]) -> tuple[war.State, Any]:
        number, factor, shift = at
        do = Intervention(factor, shift, places)
        after, flows = war.step(params, state, ground, Noise(seed, runs, number), do, list_length=list_length)
        net = flows.front.taken[0] - flows.front.taken[1] + flows.front.ceded
        series = standing(after, ground, names) | recorded(flows, names)
        return after, (series, holders(after, counted), flows.front.overflow, net)

    weeks = first + jnp.arange(len(factor))
    last, (series, control, overflow, net) = jax.lax.scan(week, opening, (weeks, factor, shift))
    change = ground.by_axis() @ ((last.front.held - opening.front.held) * ground.area[:, None])
    error = jnp.abs(change - net.sum(axis=0)).max(axis=0)
    return Fought(last, series, control, overflow.any(), error, _finite(series))


def prepare() -> None:
    """Keep compiled code from now on, and load the loop over weeks that was used last while other work goes on."""
    keep_compiled()
    fight.prepare()


def _finite(series: dict[str, jax.Array]) -> jax.Array:
    """Weeks and runs of which every number is finite."""
    real = [values for values in series.values() if jnp.issubdtype(values.dtype, jnp.floating)]
    each = [jnp.isfinite(values).reshape(len(values), -1, values.shape[-1]).all(axis=1) for values in real]
    return jnp.stack(each).all(axis=0)


class Engine:
    """Everything that the chunks of one forecast share: compiled once, whatever is decreed."""

    def __init__(
        self,
        start: Start,
        *,
        weeks: int,
        seed: int,
        do: Schedule | None = None,
        keep: tuple[str, ...] = KEPT,
        wider: float = 0.0,
    ) -> None:
        """`wider` is the spread of power that is added to what is known of it, log."""
        self.start, self.weeks, self.seed, self.keep, self.wider = start, weeks, seed, keep, wider
        self.nothing = nothing(start, weeks)
        self.do = do or self.nothing
        self.ground = ground_of(start)
        self.share = on_device(start.theatre.opening_share)
        self.momentum = on_device(start.momentum)
        self.list_length = opening_list_length(start, self.ground)

    def chunk(self, number: int, runs: int, *, only: int | None = None) -> Chunk:
        """Simulate chunk `number` of an ensemble of `runs`; control tells of run `only` alone, if one is named."""
        return next(self.chunks(number, runs, (self.do,), only=only))

    def chunks(
        self, number: int, runs: int, decreed: Iterable[Schedule], *, only: int | None = None
    ) -> Iterator[Chunk]:
        """Simulate chunk `number` once for each schedule: the same wars, the same luck."""
        run = np.arange(number * CHUNK, (number + 1) * CHUNK, dtype=np.uint32)
        asked = run < runs
        wider = draws.wider_power(self.seed, run, self.wider) if self.wider else 0.0
        params, _ = draws.parameters(draws.values(self.start, draws.cube(self.start, self.seed, run), wider))
        known: NDArray[np.bool_] = np.all(
            [np.isfinite(p).reshape(-1, CHUNK).all(axis=0) for p in jax.tree.leaves(params)], axis=0
        )
        counted = on_device(asked if only is None else run == only, np.int32)
        for do in decreed:
            opening = begin(params, self.share, self.momentum, self.ground, counted, places=do.places)
            spans = list(self._spans(params, opening[0], do, on_device(run, np.uint32), counted))
            told = self._told((opening[1], opening[2]), spans, asked)
            yield told._replace(ok=told.ok & known[asked])

    def begun(self, params: war.Params, run: NDArray[np.uint32]) -> Wars:
        """Open the wars of a chunk that have given parameters."""
        counted = on_device(np.ones(CHUNK), np.int32)
        state, _, _ = begin(params, self.share, self.momentum, self.ground, counted, places=self.nothing.places)
        return Wars(params, state, run)

    def week(self, wars: Wars, number: int) -> Fought:
        """Fight one week, number `number` from 0, of wars that stand as given; nothing is decreed in it."""
        factor, shift = (part[:1] for part in (self.nothing.factor, self.nothing.shift))
        run, counted = on_device(wars.run, np.uint32), on_device(np.ones(CHUNK), np.int32)
        length = self.list_length
        fought, _ = self._long_enough(wars.params, wars.state, factor, shift, run, counted, number, length=length)
        return fought

    def onward(self, wars: Wars, number: int, asked: NDArray[np.bool_]) -> Chunk:
        """Fight wars that stand as given on to the horizon, from week `number`; what stands then is told first."""
        counted, do = on_device(asked, np.int32), self.nothing
        opening = stand(wars.state, self.ground, counted, places=do.places)
        spans = list(self._spans(wars.params, wars.state, do, on_device(wars.run, np.uint32), counted, number))
        return self._told(opening, spans, asked)

    def _told(
        self, opening: tuple[dict[str, jax.Array], jax.Array], spans: list[Fought], asked: NDArray[np.bool_]
    ) -> Chunk:
        """What is told of the wars that were asked for."""
        weekly = np.concatenate([np.asarray(span.finite) for span in spans])[: self.weeks]
        finite: NDArray[np.bool_] = np.all(weekly, axis=0)
        series = {name: self._whole(name, opening[0], spans)[..., asked] for name in (*self.keep, TOWN_SHARE)}
        control = np.concatenate([np.asarray(opening[1])[None], *(np.asarray(span.control) for span in spans)])
        error = np.sum([np.asarray(span.area_error) for span in spans], axis=0)
        return Chunk(series, control[: self.weeks + 1].astype(np.int32), finite[asked], error[asked])

    def _whole(self, name: str, opening: dict[str, jax.Array], spans: list[Fought]) -> NDArray[Any]:
        """A series from the opening, or the first week, to the horizon."""
        parts = [np.asarray(span.series[name]) for span in spans]
        if name in opening:
            return np.concatenate([np.asarray(opening[name])[None], *parts])[: self.weeks + 1]
        return np.concatenate(parts)[: self.weeks]

    def _spans(
        self,
        params: war.Params,
        state: war.State,
        do: Schedule,
        run: jax.Array,
        counted: jax.Array,
        number: int = 0,
    ) -> Iterator[Fought]:
        """Fight span by span from week `number`.

        The last goes on beyond the horizon where that is no whole number of spans; what it tells of that is dropped.
        """
        beyond = ((0, -self.weeks % SPAN), (0, 0))
        factor = np.pad(do.factor, beyond, constant_values=1.0)
        shift = np.pad(do.shift, beyond)
        length = self.list_length
        for first in range(0, self.weeks, SPAN):
            at = slice(first, first + SPAN)
            fought, length = self._long_enough(
                params, state, factor[at], shift[at], run, counted, number + first, length=length
            )
            yield fought
            state = fought.last

    def _long_enough(
        self,
        params: war.Params,
        state: war.State,
        factor: NDArray[np.float64],
        shift: NDArray[np.float64],
        run: jax.Array,
        counted: jax.Array,
        first: int,
        *,
        length: int,
    ) -> tuple[Fought, int]:
        """Fight with a list of cells in reach of the front that doubles until it is long enough; with its length."""
        decreed = on_device(factor), on_device(shift)
        luck = on_device(draws.seed_words(self.seed), np.uint32), run
        week, places = on_device(first, np.int32), self.nothing.places
        while True:
            fought = fight(
                params, state, self.ground, *decreed, *luck, counted, week, list_length=length, places=places
            )
            if not bool(fought.overflow) or length >= len(self.start.theatre):
                return fought, length
            length = min(2 * length, len(self.start.theatre))


def opening_list_length(start: Start, ground: Ground) -> int:
    """Room for 2.75 times the cells in reach of the front at the opening, in thousands, at most all of them."""
    one_run = jax.jit(front.in_reach)(ground, on_device(np.append(start.theatre.opening_share, 0.0)[:, None]))
    reach = int(one_run.sum())
    return min(len(start.theatre), 1024 * -(-11 * max(reach, 1) // 4096))
