"""Small wars: beliefs, preferences, talks and bargaining as in any war, on a line of forts instead of a map.

What a map, an economy and publics would tell stays as at the opening: strain, stress, hardship, aid and cohesion move
nothing, opinion asks for nothing new. Losses are those known at the opening, relative to the usual of all packs.
Leaders leave at the base rate, and on days that were announced. Values of fighting on are those of a war over forts.

A war is simulated twice with the same luck: fought on without end, for hazards, of which a forecast of the end is made
without the noise of sampling (`Fought`); and as it goes, for the terms that are agreed.
"""

import dataclasses
from functools import partial
from types import ModuleType
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from ceasefire.model import bargaining, beliefs, elites, patrons, preferences, resolve, talks
from ceasefire.model.axes import SIDES, YEAR, Terms
from ceasefire.model.declare import Variable, declared
from ceasefire.model.intervene import Intervention, Place
from ceasefire.model.noise import Noise, word
from ceasefire.scenario.pack import AHEAD, Opening
from ceasefire.simulate import draws, forts
from ceasefire.simulate.run import terms

CHUNK = 256
"""Runs simulated together, always so many."""
SPAN = YEAR
"""Weeks of a compiled loop."""
PARTS: tuple[ModuleType, ...] = (forts, beliefs, preferences, talks, resolve, bargaining)
PLACES = (Place("bargaining.ended", 0, (), (0.0, 1.0)),)
"""What is decreed: that no war ends, or nothing."""
FloatArray = NDArray[np.float64]


class Params(eqx.Module):
    """What is not known exactly of a small war."""

    forts: forts.Params
    beliefs: beliefs.Params
    preferences: preferences.Params
    talks: talks.Params
    resolve: resolve.Params
    bargaining: bargaining.Params
    leaving: Float[Array, "side run"]
    """Chance that a leader leaves in a week."""
    trust: Float[Array, "patron run"]
    """Chance that a patron's guarantee is believed and kept."""


class State(eqx.Module):
    """A small war, week by week."""

    forts: forts.State
    beliefs: beliefs.State
    preferences: preferences.State
    talks: talks.State
    resolve: resolve.State
    bargaining: bargaining.State


class Board(eqx.Module):
    """What is constant during a small war."""

    terms: Terms
    line: forts.Line
    persons: Float[Array, "side"]
    losses: Float[Array, "side"]
    change: Float[Array, "side week"]


class Seen(NamedTuple):
    """What is recorded of a week."""

    structural: Array
    """[ending, run] hazards by the structure."""
    usual: Array
    """[ending, run] hazards of wars of this age."""
    zone: Array
    """[run]"""
    share: Array
    """[land, run]"""
    package: Array
    """[run] package in force at the end of the week, from 1; 0 for none."""


class Fought(NamedTuple):
    """The runs of a small war that were asked for."""

    structural: FloatArray
    """[week, ending, run]"""
    usual: FloatArray
    """[week, ending, run]"""
    zone: FloatArray
    """[week, run]"""
    share: FloatArray
    """[week, land, run]"""
    package: NDArray[np.int64]
    """[week, run]"""
    first_ending: NDArray[np.int64]
    """[run] the phase that first ended the war; 0 while none has."""
    first_ending_week: NDArray[np.int64]
    """[run] its week, from 1; 0 while there is none."""


def board_of(opening: Opening) -> Board:
    """What an opening says once and for all, as the model takes it."""
    ratio = np.log(opening.persons[0] / opening.persons[1])
    line = (opening.size, opening.held, opening.area.sum() / opening.size.sum(), opening.taken, opening.seen, ratio)
    return Board(
        terms=terms(opening.agenda, opening.area, opening.labels["side"], opening.camp, opening.deadline),
        line=forts.Line(*(jnp.asarray(part, float) for part in line)),
        persons=jnp.asarray(opening.persons, float),
        losses=jnp.asarray(opening.losses, float),
        change=jnp.asarray(opening.change, float),
    )


def drawn(opening: Opening, seed: int, runs: NDArray[np.uint32]) -> Params:
    """Parameters of some runs, each a function of (seed, run, name)."""
    known = [v for part in (*PARTS, elites, patrons) for v in declared(part) if v.kind == "parameter"]
    wanted = [v for v in known if v.name.partition(".")[0] not in ("elites", "patrons") or v.name in BORROWED]
    points = cube(opening, wanted, seed, runs)
    values = {v.name: v.prior.quantile(points[v.name]) for v in wanted if v.prior is not None}
    values["preferences.land_weight"] *= opening.land_factor[..., None]
    values["resolve.fort_time"] *= float(board_of(opening).line.pace)
    values["talks.talking_opening"][:] = opening.talking
    for name, at, prior in opening.priors:
        values[name][at] = prior.quantile(points[name][at])
    values |= draws.endings(opening.age_months, points)
    trust = jnp.asarray(values["patrons.guarantees"] * values["patrons.credible"], float)
    each = {part.__name__.rsplit(".", 1)[-1]: _params(part, values) for part in PARTS}
    leaving = jnp.asarray(values["elites.base"], float)
    return Params(**each, leaving=leaving, trust=trust)


BORROWED = ("elites.base", "patrons.guarantees", "patrons.credible")
"""Parameters taken from subsystems that a small war does without."""


def _params(part: ModuleType, values: dict[str, FloatArray]) -> Any:
    owner = part.__name__.rsplit(".", 1)[-1]
    names = [field.name for field in dataclasses.fields(part.Params)]
    return part.Params(**{name: jnp.asarray(values[f"{owner}.{name}"], float) for name in names})


def cube(opening: Opening, wanted: list[Variable], seed: int, runs: NDArray[np.uint32]) -> dict[str, FloatArray]:
    """Uniforms for every parameter, and for what wars of the past taught, each [..., run]."""
    labels = opening.labels
    shapes = {v.name: tuple(len(labels[dim]) for dim in v.dims if dim != "run") for v in wanted}
    shapes |= {"learned.duration": (3,), "learned.ending": (3,)}
    sizes = [int(np.prod(shape)) for shape in shapes.values()]
    salt = np.repeat(np.array([word(f"opening.{name}") for name in shapes], dtype=np.uint32), sizes)
    element = np.concatenate([np.arange(size, dtype=np.uint32) for size in sizes])
    words = jnp.asarray(draws.seed_words(seed))
    points = draws.uniforms(words, jnp.asarray(runs), jnp.asarray(salt), jnp.asarray(element))
    parts = np.split(np.asarray(points, dtype=np.float64), np.cumsum(sizes)[:-1])
    return {name: part.reshape(*shape, len(runs)) for (name, shape), part in zip(shapes.items(), parts, strict=True)}


def opening_state(params: Params, board: Board) -> State:
    """The war before its first week; the burden of losses is felt from the start."""
    runs = params.bargaining.shape.shape[-1]
    ground = forts.expected(params.forts, board.line, jnp.zeros(runs))
    power = beliefs.relative_power(params.beliefs, ground[:, None])
    bargained = bargaining.opening(runs, len(board.terms.issue))
    burden = resolve.burden(params.resolve, known(board, power, power, jnp.stack([power, power])))
    return State(
        forts=forts.opening(runs),
        beliefs=beliefs.opening(params.beliefs, power),
        preferences=preferences.opening(params.preferences),
        talks=talks.opening(params.talks, power),
        resolve=dataclasses.replace(resolve.opening(runs), burden=burden),
        bargaining=bargained,
    )


def known(board: Board, power: Array, tempo: Array, mean: Array) -> resolve.Known:
    """What each side goes by; all but power, pace and losses stays as at the opening."""
    still = jnp.zeros_like(mean)
    as_ever = {field.name: still for field in dataclasses.fields(resolve.Known)}
    losses = board.losses[:, None] + still
    return resolve.Known(**{**as_ever, "mean": mean, "power": power, "tempo": tempo, "losses": losses})


def week(params: Params, state: State, board: Board, noise: Noise, do: Intervention) -> tuple[State, Seen]:
    """One week, in the order of `model/war.py`."""
    phase, regime = state.bargaining.phase, state.talks.regime
    fading = phase == bargaining.FADE
    peace = ((phase != bargaining.WAR) & ~fading).astype(params.bargaining.shape.dtype)
    quiet = jnp.zeros_like(state.beliefs.mean)
    ground = forts.expected(params.forts, board.line, state.forts.favour)[:, None]
    line, lands = forts.step(
        params.forts,
        state.forts,
        noise=noise.of("forts"),
        line=board.line,
        fort_time=params.resolve.fort_time,
        fort_power=params.resolve.fort_power,
        power=beliefs.relative_power(params.beliefs, ground),
        fighting=phase == bargaining.WAR,
    )
    leaves = noise.of("elites").uniform("exit", (SIDES,)) < params.leaving
    announced = board.change[:, jnp.minimum(noise.week, AHEAD)][:, None] > 0
    believed, minds = beliefs.step(
        params.beliefs,
        state.beliefs,
        do=do.of("beliefs"),
        noise=noise.of("beliefs"),
        expected=ground,
        talking=(regime > talks.NONE).astype(peace.dtype),
        earnest=(regime == talks.EARNEST).astype(peace.dtype),
        peace=peace,
    )
    wants, wanted = preferences.step(
        params.preferences,
        state.preferences,
        do=do.of("preferences"),
        noise=noise.of("preferences"),
        terms=board.terms,
        held=jnp.concatenate([lands.share, jnp.zeros_like(lands.share[:1])]),
        concession=quiet,
        exited=leaves | announced,
    )
    table, heard = talks.step(
        params.talks,
        state.talks,
        do=do.of("talks"),
        noise=noise.of("talks"),
        due=jnp.zeros_like(peace),
        wish=jnp.zeros_like(peace),
        power=minds.power,
    )
    tastes = preferences.tastes(params.preferences, state.preferences, board.terms)
    appraisal = preferences.appraise(params.preferences, tastes, board.terms, wanted.share, wanted.floor_now)
    carried, reserve = resolve.step(
        params.resolve,
        state.resolve,
        do=do.of("resolve"),
        known=known(board, minds.power, beliefs.tempo(params.beliefs, ground), state.beliefs.mean),
        appraisal=appraisal,
        urged=heard.urged,
        hardness=params.beliefs.hardness,
        reckoned=minds.reckoned,
        at_war=phase == bargaining.WAR,
    )
    settled, deal = bargaining.step(
        params.bargaining,
        state.bargaining,
        do=do.of("bargaining"),
        noise=noise.of("bargaining"),
        terms=board.terms,
        troops=board.persons[:, None] + quiet,
        appraisal=appraisal,
        talked=bargaining.Talked(
            due=jnp.broadcast_to(board.terms.deadline[jnp.minimum(noise.week, YEAR)], peace.shape),
            regime=regime,
            allies=jnp.ones_like(quiet),
            trust=params.trust,
        ),
        wanted=bargaining.Wanted(
            least=reserve.least,
            relapsed=reserve.relapsed,
            impatience=params.resolve.impatience,
            shift=reserve.shift,
            asked=reserve.asked,
        ),
    )
    after = State(line, believed, wants, table, carried, settled)
    return after, Seen(deal.structural, deal.usual, deal.zone, lands.share, settled.package.astype(jnp.int16))


@partial(jax.jit, compiler_options={"xla_cpu_multi_thread_eigen": False})
def span(
    params: Params, state: State, board: Board, seed: Array, runs: Array, first: Array, decreed: Array
) -> tuple[State, Seen]:
    """A span of weeks from week `first`, from 0; `decreed` 1 where no war may end."""
    do = Intervention(1 - decreed, jnp.zeros_like(decreed), PLACES)

    def one(state: State, number: Array) -> tuple[State, Seen]:
        return week(params, state, board, Noise(seed, runs, number), do)

    return jax.lax.scan(one, state, first + jnp.arange(SPAN))


def fight(
    opening: Opening, *, runs: int, weeks: int, seed: int, endless: bool, given: dict[str, float] | None = None
) -> Fought:
    """Simulate a small war; `endless` fights it on, so that its hazards can be told.

    `given` parameters, by dotted name, take one value in every run. `weeks` are rounded up to whole spans.
    """
    board, words = board_of(opening), jnp.asarray(draws.seed_words(seed))
    parts = []
    for chunk in range(-(-runs // CHUNK)):
        run = np.arange(chunk * CHUNK, (chunk + 1) * CHUNK, dtype=np.uint32)
        params = _with(drawn(opening, seed, run), given or {})
        parts.append(_fight(params, board, words, jnp.asarray(run), weeks, endless))
    return Fought(*(np.concatenate(each, axis=-1)[..., :runs] for each in zip(*parts, strict=True)))


def _with(params: Params, given: dict[str, float]) -> Params:
    for name, value in given.items():
        owner, _, field = name.partition(".")
        part = getattr(params, owner)
        changed = dataclasses.replace(part, **{field: jnp.full_like(getattr(part, field), value)})
        params = dataclasses.replace(params, **{owner: changed})
    return params


def _fight(params: Params, board: Board, seed: Array, run: Array, weeks: int, endless: bool) -> Fought:
    """One chunk."""
    state, decreed = opening_state(params, board), jnp.full(1, float(endless))
    told: list[Seen] = []
    for first in range(0, weeks, SPAN):
        state, seen = span(params, state, board, seed, run, jnp.asarray(first), decreed)
        told.append(seen)
    whole = {name: np.concatenate([np.asarray(getattr(seen, name)) for seen in told]) for name in Seen._fields}
    last = state.bargaining
    return Fought(
        **whole, first_ending=np.asarray(last.first_ending), first_ending_week=np.asarray(last.first_ending_week)
    )
