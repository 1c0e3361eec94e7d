"""The levers: everything that can be decreed, with its labels in words, and decrees to begin with."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from ceasefire.evidence.geography import Geography
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.model.declare import Variable
from ceasefire.scenario import agenda as agendas
from ceasefire.scenario import decree
from ceasefire.scenario import start as starts
from ceasefire.scenario.agenda import Agenda
from ceasefire.scenario.spec import Scenario
from ceasefire.scenario.theatre import lay_out
from ceasefire.view.web.replies import Axis, Lever, Levers, Named

Labels = dict[str, tuple[str, ...]]

GRAMMAR = (
    "NAME[LABELS]=VALUE@FROM..TO. VALUE is a number (0.5: that, whatever its causes say), a factor (x0.5: half of "
    "what it would be) or a shift (+300, -300); a negative number is written (-300). Labels left out, or *, mean all. "
    "FROM and TO are weeks from 1, or days such as 2026-03-01; left out, from the first week to the last."
)
QUESTIONS = {"talks": "Want talks now rather than fighting on", "concession": "Would accept peace at the price of land"}
ACTOR = "people_"
"""How the key of a side's people begins, among those who have a say."""


def levers(scenario: Scenario, store: Store) -> Levers:
    """Every quantity that can be decreed in a war."""
    vintage, geography = Vintage(store, scenario.opening), Geography.packaged()
    theatre = lay_out(scenario.war, geography, vintage)
    terms = agendas.draw_up(scenario.war, agendas.lands_of(scenario.war, theatre, geography, vintage))
    labels = starts._labels(scenario, theatre, terms)
    named = _named(scenario, labels, terms)
    return Levers(
        grammar=GRAMMAR,
        levers=[_lever(variable, number, labels, named) for variable, number in reachable(labels)],
        suggestions=list(suggested(scenario, labels)),
    )


def reachable(labels: Labels) -> Iterator[tuple[Variable, str]]:
    """What can be decreed, with the kind of number that it is, in the order of the model."""
    for name, (variable, number) in decree._in_reach().items():
        past = variable.kind == "parameter" and name.endswith(decree.OPENING)
        if name not in decree.FOLLOWS and not past and decree.shape_of(variable, labels) is not None:
            yield variable, number


def _lever(variable: Variable, number: str, labels: Labels, named: Mapping[str, list[Named]]) -> Lever:
    low, high = variable.bounds
    dims = [dim for dim in variable.dims[:-1] if not dim.isdigit()]
    return Lever(
        name=variable.name,
        kind=variable.kind,
        unit=variable.unit,
        doc=variable.doc,
        source=variable.source or "",
        axes=[Axis(name=dim, labels=named[dim]) for dim in dims],
        low=low if math.isfinite(low) else None,
        high=high if math.isfinite(high) else None,
        factor=number not in ("int", "bool"),
    )


# --------------------------------------------------------------------------------------------------------------- words


def _named(scenario: Scenario, labels: Labels, terms: Agenda) -> dict[str, list[Named]]:
    """Labels of every dimension with their names."""
    known = _names(scenario, terms)
    return {
        dim: [Named(key=label, name=known.get(dim, {}).get(label) or _plain(label)) for label in listed]
        for dim, listed in labels.items()
    }


def _names(scenario: Scenario, terms: Agenda) -> dict[str, dict[str, str]]:
    war = scenario.war
    sides = {side.id: side.name for side in war.sides}
    patrons = {patron.id: patron.name for patron in war.patrons}
    people = {f"{ACTOR}{key}": f"People of {name}" for key, name in sides.items()}
    options = {
        f"{issue.id}-{option.id}": f"{issue.name}: {option.name}" for issue in terms.issues for option in issue.options
    }
    return {
        "side": sides,
        "item": {item.id: item.name for item in war.items},
        "patron": patrons,
        "payer": patrons,
        "actor": {**patrons, **sides, **people},
        "question": QUESTIONS,
        "land": dict(zip(terms.lands.id, terms.lands.name, strict=True)),
        "issue": {issue.id: issue.name for issue in terms.issues},
        "option": options,
    }


def _plain(label: str) -> str:
    """A label as words: `attack_drone` is Attack drone; what has its own capitals keeps them."""
    words = label.replace("_", " ")
    return words[:1].upper() + words[1:]


# --------------------------------------------------------------------------------------------------------- suggestions


def suggested(scenario: Scenario, labels: Labels) -> Iterator[str]:
    """Decrees over the whole model; those whose labels the war lacks are left out."""
    first, second = labels["side"]
    own = [patron.id for patron in scenario.war.patrons if patron.supports == second]
    other = [patron.id for patron in scenario.war.patrons if patron.supports == first]
    yield f"manpower.recruitment[{first}]=x0.5@5"
    yield f"manpower.mobilisation[{second}]=5000@5..12"
    yield f"drones.density[{second}]=x1.5@5"
    if "pokrovsk" in labels["axis"]:
        yield f"breach.factor[{first},pokrovsk]=9@4..4"
    if labels["town"]:
        yield f"front.control[{labels['town'][0]}]=1@13..13"
    if labels["edge"]:
        liked = [edge for edge in labels["edge"] if edge == "Kramatorsk-Sloviansk"]
        yield f"logistics.passable[{(liked or labels['edge'])[0]}]=0@1..8"
    yield f"industry.munition_imports[{second},shell]=0@5"
    yield f"industry.munition_output[{second},strike_drone]=x1.3@9"
    yield f"strikes.launched[{first}]=x0.5@5"
    yield f"air_defence.launchers[{second},long_interceptor]=x1.25@5"
    yield f"sanctions.oil_level[{first}]=x1.5@5"
    yield "oil.brent=50@5"
    for patron in own[:1]:
        yield f"patrons.on[{patron},intelligence]=0@5"
        yield f"patrons.trusted[{patron}]=0.9@5"
    for patron in own[1:2]:
        yield f"patrons.pledged[{patron}]=x1.5@5"
    for patron in other[:1]:
        yield f"patrons.aligned[{patron}]=0@9"
    yield f"talks.pressure[{first}]=x2@5"
    yield "bargaining.hazard=0"
