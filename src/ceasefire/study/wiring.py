"""Wiring: which number of a war is computed from which others, read off the program of one week.

The equations of `war.step` are listed without being run (`jax.make_jaxpr`). Every parameter, state and flow passes
through `do` (`model/intervene.py`), which puts its name on it here instead of a decree. Going through the equations in
their order, the names that a number was computed from are gathered, up to the next name:

    names(output) = ∪ names(inputs),        behind a name stands that name alone.

What is found at a name are its direct causes; at a state of the next week, those of the state. Nothing is declared by
hand, so the wiring cannot differ from the equations.

Left out: which element of an array acts on which, so that a side's own number and the enemy's are one; loops inside a
week (`scan`, `while`, `cond`) take everything that goes in to everything that comes out; luck and the map.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.ad_checkpoint import checkpoint_name
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from ceasefire.model import war
from ceasefire.model.axes import Ground
from ceasefire.model.intervene import NOTHING, Intervention
from ceasefire.model.noise import Noise
from ceasefire.scenario.start import Start
from ceasefire.simulate import draws
from ceasefire.simulate.run import ground_of, opening_list_length

Names = frozenset[str]
Wiring = dict[str, Names]
"""By dotted name the direct causes of every state and flow."""
NAME = "name"
"""Of the equation that puts a name on a number."""
NONE: Names = frozenset()


class Naming(Intervention):
    """Puts its name on every number that it is asked about, and changes nothing."""

    def of(self, subsystem: str) -> Naming:
        """The names of a subsystem."""
        return Naming(self.factor, self.shift, self.places, subsystem)

    def __call__(self, name: str, value: jax.Array) -> jax.Array:
        """The value, named."""
        return checkpoint_name(value, f"{self.subsystem}.{name}")


def wiring(start: Start) -> Wiring:
    """Direct causes of every state and flow of a war as it is opened."""
    points = draws.cube(start, 0, np.zeros(1, np.uint32))
    params, _ = draws.parameters(draws.values(start, points))
    ground = ground_of(start)
    share, momentum = jnp.asarray(start.theatre.opening_share, float), jnp.asarray(start.momentum, float)
    return of_week(params, ground, share, momentum, opening_list_length(start, ground))


def of_week(params: war.Params, ground: Ground, share: jax.Array, momentum: jax.Array, list_length: int) -> Wiring:
    """Direct causes in one week, from the shapes of what it begins with."""
    state = jax.eval_shape(war.opening, params, ground, share, momentum)

    def week(params: war.Params, state: war.State) -> tuple[war.State, war.Flows]:
        noise = Noise(jnp.zeros(2, jnp.uint32), jnp.zeros(1, jnp.uint32), jnp.asarray(0))
        naming = Naming(NOTHING.factor, NOTHING.shift, NOTHING.places)
        return war.step(params, state, ground, noise, naming, list_length=list_length)

    listed, shapes = jax.make_jaxpr(week, return_shape=True)(params, state)
    states, flows = (_dotted(record) for record in shapes)
    return _gathered(listed, states, flows)


def _dotted(record: Any) -> list[str]:
    """Names of the arrays of a record, `subsystem.field`, in the order of its leaves."""
    leaves = jax.tree_util.tree_flatten_with_path(record)[0]
    return [".".join(key.name for key in path) for path, _ in leaves]


def _gathered(listed: ClosedJaxpr, states: Sequence[str], flows: Sequence[str]) -> Wiring:
    """Walk through the equations; a flow has its name from where its record takes it as well."""
    outputs = listed.jaxpr.outvars
    told: dict[Any, str] = {}
    for variable, flow in zip(outputs[len(states) :], flows, strict=True):
        if not isinstance(variable, Literal):
            told.setdefault(variable, flow)
    found: dict[str, set[str]] = {name: set() for name in (*states, *flows)}

    def name(variable: Any, causes: Names) -> Names:
        flow = told.get(variable)
        if flow is None:
            return causes
        found[flow] |= causes - {flow}
        return frozenset({flow})

    known = _walked(listed.jaxpr, [NONE] * len(listed.jaxpr.invars), found, name)
    for variable, output in zip(outputs, (*states, *flows), strict=True):
        causes = NONE if isinstance(variable, Literal) else known.get(variable, NONE)
        if output in states or causes != {output}:
            found[output] |= causes
    return {each: frozenset(found[each]) for each in (*states, *flows)}


def _walked(
    equations: Jaxpr, given: Sequence[Names], found: dict[str, set[str]], name: Callable[[Any, Names], Names]
) -> dict[Any, Names]:
    """Names behind every variable of some equations, whose inputs have the names `given`; adds what it finds."""
    known: dict[Any, Names] = dict(zip(equations.invars, given, strict=True))

    def behind(variables: Iterable[Any]) -> list[Names]:
        return [NONE if isinstance(variable, Literal) else known.get(variable, NONE) for variable in variables]

    for equation in equations.eqns:
        inputs = behind(equation.invars)
        within = _called(equation)
        if equation.primitive.name == NAME:
            said = str(equation.params["name"])
            found.setdefault(said, set()).update(inputs[0] - {said})
            outputs = [frozenset({said})]
        elif within is not None:
            inside = _walked(within, inputs, found, lambda _, causes: causes)
            outputs = [NONE if isinstance(out, Literal) else inside.get(out, NONE) for out in within.outvars]
        else:
            outputs = [NONE.union(*inputs)] * len(equation.outvars)
        for variable, causes in zip(equation.outvars, outputs, strict=True):
            known[variable] = name(variable, causes)
    return known


def _called(equation: Any) -> Jaxpr | None:
    """Equations of a function that is called once with just these inputs; None for loops and single operations."""
    if equation.primitive.name in ("scan", "while", "cond"):
        return None
    for parameter in equation.params.values():
        inner = parameter.jaxpr if isinstance(parameter, ClosedJaxpr) else parameter
        if isinstance(inner, Jaxpr) and len(inner.invars) == len(equation.invars):
            return inner
    return None


def reaching(wired: Mapping[str, Names], name: str, carries: Callable[[str], bool]) -> dict[str, tuple[str, ...]]:
    """What acts on a quantity, directly or through such as only carry, and by way of which of them, shortest way first.

    The way begins with what is nearest to the cause.
    """
    ways: dict[str, tuple[str, ...]] = {}
    waiting: deque[tuple[str, tuple[str, ...]]] = deque((cause, ()) for cause in sorted(wired.get(name, NONE)))
    while waiting:
        cause, way = waiting.popleft()
        if cause in ways:
            continue
        ways[cause] = way
        if carries(cause):
            waiting.extend((further, (cause, *way)) for further in sorted(wired.get(cause, NONE)))
    return ways
