"""Measure: the numbers of simulated wars that studies tell and compare, with their units, week by week.

Every state and flow that has labels can be told, amounts also as the total so far; `headline_measures` are what one
asks first.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ceasefire.model.axes import ROLES
from ceasefire.model.bargaining import PHASES, WAR
from ceasefire.model.declare import Variable
from ceasefire.scenario import decree
from ceasefire.scenario.start import Start, variables
from ceasefire.simulate.run import TOWN_SHARE
from ceasefire.study.forecast import town_lost

FloatArray = NDArray[np.float64]
Series = dict[str, NDArray[Any]]

AMOUNTS = frozenset(
    {
        "person",
        "count",
        "km2",
        "t",
        "household",
        "USD",
        "EUR",
        "RUB",
        "UAH",
        "MWh",
        "GWh",
        "round",
        "barrel",
        "GW",
        "bn LCU",
        "bn USD",
    }
)
"""Units that add up over weeks where a flow is in them."""
CODES = (
    "bargaining.phase",
    "bargaining.first_ending",
    "bargaining.first_ending_week",
    "bargaining.package",
    "talks.regime",
)
"""Numbers of which a mean says nothing; the chance of each phase is told instead."""
CHANCES = frozenset({"fighting_ended", "zone_open"})
"""Numbers that are 1 where something holds and 0 where it does not; their mean is a chance."""
IN_WEEK, SO_FAR, AT_END = "in the week", "so far", "at the end of the week"


@dataclass(frozen=True)
class Output:
    """A number of the simulated war that is compared."""

    name: str
    labels: tuple[str, ...]
    measure: str
    unit: str
    meaning: str

    @property
    def key(self) -> str:
        """Name with labels."""
        return self.name + (f"[{','.join(self.labels)}]" if self.labels else "")


@dataclass(frozen=True)
class Measure:
    """Some outputs, and how they are found in what was recorded: [week, output, run] from week 1 on."""

    outputs: tuple[Output, ...]
    of: Callable[[Series], NDArray[Any]]


NEEDED = (
    "front.taken",
    "front.ceded",
    "attrition.casualties",
    "attrition.killed",
    "attrition.lost",
    "bargaining.phase",
    "bargaining.zone",
    "resolve.least",
)
"""Series that the headline is found in."""


def recorded(start: Start) -> tuple[str, ...]:
    """Every state and flow that has labels, by dotted name."""
    known = variables()
    return tuple(place.name for place in decree.places(start) if known[place.name].kind != "parameter")


def headline_measures(start: Start) -> tuple[Measure, ...]:
    """What one asks first: ground, people, equipment, an end to the fighting, towns."""
    war, sides = start.scenario.war, start.scenario.war.sides
    holder = np.array([town.holder for town in start.theatre.towns])

    def by_side(name: str, unit: str, meaning: str, flow: str) -> Measure:
        outputs = tuple(Output(name, (side.id,), SO_FAR, unit, meaning.format(side.name)) for side in sides)
        return Measure(outputs, lambda series: _by_side(series[flow]).cumsum(axis=0))

    def alone(name: str, measure: str, unit: str, meaning: str, of: Callable[[Series], NDArray[Any]]) -> Measure:
        return Measure((Output(name, (), measure, unit, meaning),), lambda series: of(series)[:, None])

    return (
        by_side("ground_taken", "km2", "Ground taken by {}", "front.taken"),
        alone("area", AT_END, "km2", f"Ground held by {sides[0].name}", lambda s: _area(start, s).sum(axis=1)),
        by_side("people_lost", "person", "Killed and wounded, {}", "attrition.casualties"),
        by_side("people_killed", "person", "Killed, {}", "attrition.killed"),
        *(_pieces_lost(start, role) for role in ROLES if any(item.role == role for item in war.items)),
        alone("fighting_ended", SO_FAR, "1", "Fighting has ended", _ended),
        alone("zone_open", IN_WEEK, "1", "Terms that both sides prefer to fighting on", _zone_open),
        Measure(
            tuple(Output("least", (side.id,), IN_WEEK, "1", f"Least that {side.name} would accept") for side in sides),
            lambda series: series["resolve.least"],
        ),
        alone(
            "towns_changed",
            AT_END,
            "count",
            "Towns in other hands",
            lambda s: town_lost(s[TOWN_SHARE], holder)[1:].sum(axis=1),
        ),
    )


def _pieces_lost(start: Start, role: str) -> Measure:
    """Pieces lost of all items that play a role, by side."""
    war = start.scenario.war
    items = [k for k, item in enumerate(war.items) if item.role == role]
    word = {"armour": "Armour", "gun": "Guns"}[role]
    outputs = tuple(
        Output(f"{role}_lost", (side.id,), SO_FAR, "count", f"{word} lost, {side.name}") for side in war.sides
    )
    return Measure(outputs, lambda series: _by_side(series["attrition.lost"][:, :, items]).cumsum(axis=0))


def _by_side(flow: NDArray[Any]) -> FloatArray:
    """A flow [week, side, ..., run] added up over what else it is told by, [week, side, run]."""
    return flow.astype(np.float64).reshape(*flow.shape[:2], -1, flow.shape[-1]).sum(axis=2)


def _area(start: Start, series: Series) -> FloatArray:
    """Ground that the first side holds, [week, axis, run] km²."""
    taken = series["front.taken"].astype(np.float64)
    net = taken[:, 0] - taken[:, 1] + series["front.ceded"]
    return np.nan_to_num(start.area)[:, None] + net.cumsum(axis=0)


def _ended(series: Series) -> NDArray[Any]:
    return np.maximum.accumulate(series["bargaining.phase"] != WAR, axis=0)[1:].astype(np.float64)


def _zone_open(series: Series) -> NDArray[Any]:
    return (series["bargaining.zone"] >= 0).astype(np.float64)


def measures(start: Start) -> tuple[Measure, ...]:
    """Every output with every label, and for amounts the total so far as well."""
    known, labels = variables(), start.labels
    found = [*headline_measures(start)]
    found.append(
        Measure(
            tuple(
                Output("area", (axis,), AT_END, "km2", "Ground that the first side holds")
                for axis in start.labels["axis"]
            ),
            lambda series: _area(start, series),
        )
    )
    found.append(
        Measure(
            tuple(
                Output(TOWN_SHARE, (town,), AT_END, "1", "First side's share of the town's disc")
                for town in labels["town"]
            ),
            lambda series: series[TOWN_SHARE][1:],
        )
    )
    found.append(
        Measure(
            tuple(Output("phase", (phase,), AT_END, "1", "Share of runs where it stands") for phase in PHASES),
            lambda series: series["bargaining.phase"][1:, None] == np.arange(len(PHASES))[:, None],
        )
    )
    for name in recorded(start):
        if name not in CODES:
            found += _of_variable(known[name], labels)
    return tuple(found)


def _of_variable(variable: Variable, labels: dict[str, tuple[str, ...]]) -> Iterator[Measure]:
    dims = [dim for dim in variable.dims[:-1] if not dim.isdigit()]
    places = tuple(itertools.product(*(labels[dim] for dim in dims)))
    name, first = variable.name, 1 if variable.kind == "state" else 0

    def outputs(measure: str) -> tuple[Output, ...]:
        return tuple(Output(name, place, measure, variable.unit, variable.doc) for place in places)

    yield Measure(outputs(AT_END if first else IN_WEEK), lambda series: _flat(series[name][first:]))
    if variable.kind == "flow" and variable.unit in AMOUNTS and not variable.level:
        yield Measure(outputs(SO_FAR), lambda series: _flat(series[name]).cumsum(axis=0, dtype=np.float64))


def _flat(values: NDArray[Any]) -> NDArray[Any]:
    return values.reshape(len(values), -1, values.shape[-1])


def measured(series: Series, asked: Sequence[Measure], weeks: Sequence[int]) -> FloatArray:
    """Outputs at some weeks, [output, week, run]."""
    at = np.array(weeks) - 1
    return np.concatenate([measure.of(series)[at].transpose(1, 0, 2).astype(np.float64) for measure in asked])
