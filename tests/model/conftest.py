"""The invented war as arrays, one compiled loop for all its tests, dice that can be turned, and toy maps."""

import dataclasses
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ceasefire.model import axes as named_axes
from ceasefire.model import oil, sanctions, war
from ceasefire.model.axes import MUNITIONS, POSTURES, SIDES, YEAR, Ground, Terms
from ceasefire.model.declare import declared
from ceasefire.model.drones import KINDS
from ceasefire.model.fires import ORDNANCE
from ceasefire.model.intervene import Intervention, Place
from ceasefire.model.noise import Noise
from ceasefire.model.resolve import READINGS
from ceasefire.scenario.decree import nothing
from ceasefire.scenario.start import Start, variables
from ceasefire.simulate import draws
from ceasefire.simulate.run import ground_of

RUNS, WEEKS = 64, 13
SEED = 5
NO_TABLE: Mapping[str, int] = MappingProxyType({})


class Dice(Noise):
    """Dice of which the two sides may swap theirs (`mirror`), and whose binomials may show their mean (`calm`)."""

    mirror: jax.Array = False
    calm: jax.Array = False

    def of(self, subsystem: str) -> "Dice":
        return dataclasses.replace(self, subsystem=subsystem)

    def uniform(self, name: str, shape: tuple[int, ...] = ()) -> jax.Array:
        u = Noise.uniform(self, name, shape)
        u = jnp.where(self.mirror, u[::-1], u) if shape[:1] == (SIDES,) else u
        return jnp.where(self.calm, 0.5, u) if name in ("fall", "break", "stop") else u

    def both_sides(self, name: str, element: jax.Array) -> jax.Array:
        u = Noise.both_sides(self, name, element)
        return jnp.where(self.mirror, u[::-1], u)


class Opened(NamedTuple):
    """A war before its first week."""

    params: war.Params
    state: war.State
    ground: Ground


class Fought(NamedTuple):
    """What `campaign` returns: the last state, and every week's state and flows [week, ...]."""

    last: war.State
    states: war.State
    flows: war.Flows


@jax.jit
def _week(params, state, ground, seed, run, number, mirror, calm, do):
    noise = Dice(seed, run, number, "", mirror, calm)
    return war.step(params, state, ground, noise, do, list_length=len(ground.area) - 1)


def _stacked(records):
    return jax.tree.map(lambda *weeks: np.stack(weeks), *records)


@pytest.fixture(scope="session")
def decreed_nothing(invented_war: Start) -> Callable[[], Intervention]:
    """A table in which every number of the invented war that can be decreed stays as it is."""
    stood = nothing(invented_war, 1)
    return lambda: Intervention(jnp.asarray(stood.factor[0], float), jnp.asarray(stood.shift[0], float), stood.places)


@pytest.fixture(scope="session")
def campaign(decreed_nothing) -> Callable[..., Fought]:
    """Fight some weeks of a war from where it stands; compiled once for all tests (`campaign.compiled`)."""

    def fight(war: Opened, *, first=0, weeks=WEEKS, mirror=False, calm=False, do: Intervention | None = None) -> Fought:
        run = jnp.arange(war.state.attrition.troops.shape[-1], dtype=jnp.uint32)
        seed, dice = jnp.asarray(draws.seed_words(SEED)), (jnp.asarray(mirror), jnp.asarray(calm))
        state, states, flows = war.state, [], []
        for number in range(first, first + weeks):
            told = (seed, run, jnp.asarray(number), *dice, do or decreed_nothing())
            state, happened = _week(war.params, state, war.ground, *told)
            states.append(state)
            flows.append(happened)
        return Fought(state, _stacked(states), _stacked(flows))

    fight.compiled = _week
    return fight


@pytest.fixture(scope="session")
def open_invented(invented_war: Start) -> Callable[..., Opened]:
    """Open the invented war, in the precision that holds when it is called; some parameters may be given."""

    def opened(**given: float) -> Opened:
        values = draws.values(invented_war, draws.cube(invented_war, SEED, np.arange(RUNS, dtype=np.uint32)))
        for name, value in given.items():
            values[name.replace("__", ".")][:] = value
        params, _ = draws.parameters(values)
        ground, t = ground_of(invented_war), invented_war.theatre
        share, momentum = jnp.asarray(t.opening_share, float), jnp.asarray(invented_war.momentum, float)
        return Opened(params, jax.jit(war.opening)(params, ground, share, momentum), ground)

    return opened


@pytest.fixture(scope="session")
def half_year(open_invented, campaign) -> tuple[Opened, Fought]:
    """Half a year of the invented war, in single precision, fought in two quarters."""
    opened = open_invented()
    first = campaign(opened)
    second = campaign(opened._replace(state=first.last), first=WEEKS)
    states, flows = jax.tree.map(lambda a, b: np.concatenate([a, b]), first[1:], second[1:])
    return opened, Fought(second.last, states, flows)


def lengths(
    *,
    items: int = 1,
    axes: int = 1,
    garrisons: int = 1,
    towns: int = 1,
    edges: int = 1,
    features: int = 1,
    patrons: int = 3,
    lands: int = 1,
    issues: int = 1,
    options: int = 1,
    actors: int = SIDES,
):
    """Length along each dimension before the run axis."""
    named = {"item": items, "axis": axes, "garrison": garrisons, "town": towns, "edge": edges, "feature": features}
    kinds = {"munition": MUNITIONS, "posture": POSTURES, "kind": KINDS, "ordnance": ORDNANCE}
    kinds |= {dim: getattr(named_axes, f"{dim.upper()}S") for dim in ("weapon", "layer", "sector", "region", "plant")}
    kinds |= {"good": named_axes.GOODS, "switch": named_axes.SWITCHES, "question": named_axes.QUESTIONS}
    named |= {"patron": patrons, "payer": patrons, "land": lands, "issue": issues, "option": options, "actor": actors}
    kinds |= {"type": named_axes.TYPES, "ending": named_axes.ENDINGS, "reading": READINGS}
    kinds |= {"damage": named_axes.DAMAGE, "buyer": named_axes.BUYERS, "factor": oil.FACTORS, "lever": sanctions.LEVERS}
    return {"side": SIDES, **named, **{dim: len(names) for dim, names in kinds.items()}}


@pytest.fixture(scope="session")
def with_prior_medians() -> Callable[..., object]:
    """The parameters of a subsystem at the medians of their priors, or at what is given, for some labels and runs.

    `table` says how many lands, issues, options and actors there are.
    """

    def params(subsystem, runs: int = 1, table: Mapping[str, int] = NO_TABLE, **given):
        named = {name: given.pop(name, 1) for name in ("items", "axes", "features", "garrisons")}
        length, filled = lengths(**named, **table) | {"run": runs}, {}
        for variable in (variable for variable in declared(subsystem) if variable.kind == "parameter"):
            name = variable.name.partition(".")[2]
            value = np.asarray(given.pop(name, variable.prior.quantile(0.5)), float)
            value = value.reshape(value.shape + (1,) * (len(variable.dims) - value.ndim)) if value.ndim else value
            filled[name] = jnp.asarray(np.broadcast_to(value, [length[dim] for dim in variable.dims]), float)
        assert not given, f"no such parameters: {sorted(given)}"
        return subsystem.Params(**filled)

    return params


@pytest.fixture(scope="session")
def decree() -> Callable[..., Intervention]:
    """Decree a value for a flow, or a factor and a shift; one for all, or one for each of its numbers.

    All flows of its subsystem have a place in the table, so that what is compiled for one serves all.
    """
    known = variables()

    def one(name: str, *, value=None, factor=1.0, shift=0.0, **labels: int) -> Intervention:
        length, owner, places = lengths(**labels), name.partition(".")[0], []
        for flow in (flow for flow in known.values() if flow.kind == "flow" and flow.dims[-1:] == ("run",)):
            if flow.name.startswith(f"{owner}."):
                offset = places[-1].offset + places[-1].size if places else 0
                places.append(Place(flow.name, offset, tuple(length[dim] for dim in flow.dims[:-1]), flow.bounds))
        place = next(place for place in places if place.name == name)
        at = slice(place.offset, place.offset + place.size)
        table = np.ones(places[-1].offset + places[-1].size), np.zeros(places[-1].offset + places[-1].size)
        for numbers, given in zip(table, (factor, shift) if value is None else (0.0, value), strict=True):
            numbers[at] = np.broadcast_to(given, place.shape).ravel()
        return Intervention(jnp.asarray(table[0], float), jnp.asarray(table[1], float), tuple(places), owner)

    return one


@pytest.fixture(scope="session")
def honeycomb(bare_ground) -> Callable[..., Ground]:
    """A patch of hexagons of side `size`, in rows; axes are bands of rows."""

    def patch(size: int, *, axes: int = 1, area: float = 5.0, features: int = 1, items: int = 1) -> Ground:
        number = np.arange(size * size).reshape(size, size)
        neighbour = np.repeat(number.reshape(-1, 1), 6, axis=1)
        for r in range(size):
            for q in range(size):
                for k, (dr, dq) in enumerate(((0, 1), (1, 0), (1, -1), (0, -1), (-1, 0), (-1, 1))):
                    if 0 <= r + dr < size and 0 <= q + dq < size:
                        neighbour[number[r, q], k] = number[r + dr, q + dq]
        cells = size * size
        return bare_ground(
            neighbour,
            np.repeat(np.arange(size) * axes // size, size),
            np.zeros((features, cells)),
            area=area,
            items=items,
        )

    return patch


@pytest.fixture
def table() -> Callable[..., Terms]:
    """Terms of a toy war: 2 lands on 4 cells, 13 options of 5 issues, 16 packages, 3 patrons, 4 actors.

    Issues that are not riders: the line (0 as held, 1 the first side gets the first land, 2 and the second side the
    second, 3 the first land is demilitarised), guarantees (4 none, 5 by the last patron), what comes first
    (6 ceasefire, 7 treaty with a zone and relief). Riders: 8 to 10, 11 and 12. The third actor is with the second side,
    the last with none.
    """

    def terms(**given) -> Terms:
        area, package = np.array([10.0, 20, 30, 40, 0]), [(i, j, k) for i in range(4) for j in (4, 5) for k in (6, 7)]
        gives, neutral = np.zeros((2, 4, 2)), np.zeros((2, 4, 2))
        gives[0, 1:3, 0] = gives[1, 2, 1] = neutral[:, 3, 0] = 1
        chosen = np.array(package)
        guarantee = np.zeros((len(package), 3))
        guarantee[:, 2] = 0.8 * (chosen[:, 1] == 5)
        issue = np.repeat(np.arange(5), [4, 2, 2, 3, 2])
        made = {
            "land_area": np.where(np.array([[0], [1]]) == np.array([0, 0, 1, -1, -1]), area, 0.0),
            "land_behind": [15, 0],
            "land_whole": [60, 30],
            "territorial": [1, 0, 0, 0, 0],
            "status_quo": np.isin(np.arange(13), [0, 4, 6, 8, 11]),
            "rider": issue == np.array([[3], [4]]),
            "gives": gives,
            "neutral": neutral,
            "depth": 20.0 * (chosen[:, 2] == 7),
            "guarantee": guarantee,
            "relief": 0.5 * (chosen[:, 2] == 7),
            "settles": chosen[:, 2] == 7,
            "camp": [[1, 0, 0, 0], [0, 1, 1, 0]],
            "deadline": np.zeros(YEAR + 1),
        }
        whole = {"issue": issue, "package": package, "line": chosen[:, 0]}
        exact = {name: jnp.asarray(value, float) for name, value in (made | given).items()}
        return Terms(**exact, **{name: jnp.asarray(value, jnp.int32) for name, value in whole.items()})

    return terms
