"""The invented war as arrays, one compiled loop for all its tests, dice that can be turned, and toy maps."""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ceasefire.model import war
from ceasefire.model.axes import Ground
from ceasefire.model.noise import Noise
from ceasefire.scenario.start import Start, variables
from ceasefire.simulate import draws
from ceasefire.simulate.run import ground_of

RUNS, WEEKS = 64, 13
SEED = 5


class Dice(Noise):
    """Dice of which the two sides may swap theirs (`mirror`), and whose binomials may show their mean (`calm`)."""

    mirror: jax.Array = False
    calm: jax.Array = False

    def of(self, subsystem: str) -> "Dice":
        return dataclasses.replace(self, subsystem=subsystem)

    def uniform(self, name: str, shape: tuple[int, ...] = ()) -> jax.Array:
        u = Noise.uniform(self, name, shape)
        u = jnp.where(self.mirror, u[::-1], u) if shape else u
        return jnp.where(self.calm, 0.5, u) if name in ("fall", "break") else u

    def each(self, name: str, element: jax.Array) -> jax.Array:
        return Noise.each(self, name, jnp.where(self.mirror, element ^ 1, element))


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
def _campaign(params, state, ground, seed, run, weeks, mirror, calm):
    def week(state, number):
        noise = Dice(seed, run, number, "", mirror, calm)
        after, flows = war.step(params, state, ground, noise, list_length=len(ground.area) - 1)
        return after, (after, flows)

    last, (states, flows) = jax.lax.scan(week, state, weeks)
    return last, states, flows


@pytest.fixture(scope="session")
def campaign() -> Callable[..., Fought]:
    """Fight some weeks of a war from where it stands; compiled once for all tests (`campaign.compiled`)."""

    def fight(war: Opened, *, first: int = 0, weeks: int = WEEKS, mirror: bool = False, calm: bool = False) -> Fought:
        run = jnp.arange(war.state.attrition.troops.shape[-1], dtype=jnp.uint32)
        seed = jnp.asarray(draws.seed_words(SEED))
        number = jnp.arange(first, first + weeks)
        return Fought(*_campaign(*war, seed, run, number, jnp.asarray(mirror), jnp.asarray(calm)))

    fight.compiled = _campaign
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
        return Opened(params, jax.jit(draws.opening_state)(params, ground, share, momentum), ground)

    return opened


@pytest.fixture(scope="session")
def half_year(open_invented, campaign) -> tuple[Opened, Fought]:
    """Half a year of the invented war, in single precision, fought in two quarters."""
    opened = open_invented()
    first = campaign(opened)
    second = campaign(opened._replace(state=first.last), first=WEEKS)
    states, flows = jax.tree.map(lambda a, b: jnp.concatenate([a, b]), first[1:], second[1:])
    return opened, Fought(second.last, states, flows)


@pytest.fixture(scope="session")
def with_prior_medians() -> Callable[..., object]:
    """The parameters of a subsystem at the medians of their priors, or at what is given, for some labels and runs."""
    known = variables()

    def params(subsystem, runs: int = 1, items: int = 1, axes: int = 1, features: int = 1, **given):
        lengths = {"side": 2, "item": items, "axis": axes, "feature": features, "run": runs}
        owner = subsystem.__name__.rsplit(".", 1)[-1]
        filled = {}
        for field in dataclasses.fields(subsystem.Params):
            variable = known[f"{owner}.{field.name}"]
            value = np.asarray(given.pop(field.name, variable.prior.quantile(0.5)), float)
            value = value.reshape(value.shape + (1,) * (len(variable.dims) - value.ndim)) if value.ndim else value
            filled[field.name] = jnp.asarray(np.broadcast_to(value, [lengths[dim] for dim in variable.dims]), float)
        assert not given, f"no such parameters: {sorted(given)}"
        return subsystem.Params(**filled)

    return params


@pytest.fixture(scope="session")
def honeycomb() -> Callable[..., Ground]:
    """A patch of hexagons of side `size`, in rows; axes are bands of rows."""

    def patch(size: int, *, axes: int = 1, area: float = 5.0, features: int = 1) -> Ground:
        number = np.arange(size * size).reshape(size, size)
        neighbour = np.repeat(number.reshape(-1, 1), 6, axis=1)
        for r in range(size):
            for q in range(size):
                for k, (dr, dq) in enumerate(((0, 1), (1, 0), (1, -1), (0, -1), (-1, 0), (-1, 1))):
                    if 0 <= r + dr < size and 0 <= q + dq < size:
                        neighbour[number[r, q], k] = number[r + dr, q + dq]
        cells = size * size
        dummy = np.full((1, 6), cells)
        return Ground(
            area=jnp.asarray(np.append(np.full(cells, area), 0.0), float),
            axis=jnp.asarray(np.append(np.repeat(np.arange(size) * axes // size, size), 0), jnp.int32),
            neighbour=jnp.asarray(np.vstack([neighbour, dummy]), jnp.int32),
            border=jnp.zeros((2, cells + 1)),
            feature=jnp.zeros((features, cells + 1)),
            link=jnp.zeros((1, 1), jnp.int32),
            length=jnp.full((1, 1), jnp.inf),
            node_cell=jnp.zeros(1, jnp.int32),
            rear=jnp.zeros((2, 1)),
            node_weight=jnp.ones((axes, 1)),
        )

    return patch
