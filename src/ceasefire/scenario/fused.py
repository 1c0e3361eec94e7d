"""What an opening takes from many claims: numbers that they are fused into, as known on the day.

A `[[fused]]` names the series whose claims are about a parameter, each with the factor that turns it into the
parameter's unit; a sd `scope` where it is about not quite the same thing; floors and ceilings as such; stock balances.
Of what could be read on the opening day, the claims about the last `within` days are fused (`evidence/fuse.py`): a
steady quantity that wanders, sides with bias, sources with habits, common origins, outliers. The model's own prior of
the parameter is what stood before any claim. The 5, 50 and 95 % points of the day are a number like those of the
scenario, known since the last of its claims was published; it stands in place of the war's numbers of that name. Where
fewer than `least` claims of different origin are known, there is none.

Left out: claims about other parameters, though the same sources speak of both.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ceasefire.evidence import fuse
from ceasefire.evidence.error import EvidenceError
from ceasefire.evidence.fuse import Balance, Estimate, Quantity, Statement
from ceasefire.evidence.vintage import Vintage
from ceasefire.model.declare import Variable
from ceasefire.scenario import record
from ceasefire.scenario.spec import Fused, Leg, Line, ScenarioError, Value

FUSED = "fused from "
"""How the source of a fused number begins."""
NAMED = 6
"""Sources that are named."""


class Reading(NamedTuple):
    """A fused number, and what it was fused from."""

    value: Value
    estimate: Estimate


def read(entry: Fused, variable: Variable, vintage: Vintage) -> Reading | None:
    """The number that the claims give on the day; None where too few are known.

    Raises `ScenarioError` where the parameter cannot be what a claim says.
    """
    statements = claims(entry, vintage)
    if origins(statements) < entry.least:
        return None
    try:
        found = fuse.estimate(
            quantity(entry, variable), statements, on=vintage.as_of, balances=balances(entry, vintage)
        )
    except EvidenceError as error:
        raise ScenarioError(f"{entry.name}: {error}") from None
    low, middle, high = (float(point) for point in found.points[0, [0, 2, 4]])
    known_on = max(each.published for each in statements)
    value = Value(
        name=entry.name,
        low=low,
        mid=middle,
        high=high,
        unit=entry.unit,
        known_on=dt.date.fromisoformat(known_on),
        source=f"{told(found)}; {entry.source}",
        trust=entry.trust,
    )
    return Reading(value, found)


def quantity(entry: Fused, variable: Variable) -> Quantity:
    """What is estimated, with the model's own prior of it."""
    form = record.kind_of(variable)
    points = variable.prior.quantile(np.array([0.05, 0.5, 0.95])) if variable.prior is not None else np.zeros(3)
    low, middle, high = (float(point) for point in points)
    return Quantity(
        name=entry.name,
        unit=entry.unit,
        form=form,
        topic=entry.topic,
        walk=entry.walk,
        drift=entry.drift,
        prior=(low, middle, high) if low < high else None,
        scale=(high - low) / 4 if form == "signed" and low < high else 1.0,
    )


def claims(entry: Fused, vintage: Vintage) -> tuple[Statement, ...]:
    """Every claim that counts on the day, in the unit of the parameter."""
    return tuple(each for line in entry.lines for each in _of_line(line, vintage, entry.within))


def origins(statements: tuple[Statement, ...]) -> int:
    """Of how many different origins claims are."""
    return len({each.cluster for each in statements})


def balances(entry: Fused, vintage: Vintage) -> tuple[Balance, ...]:
    """Stock balances of which every flow is known, each of the latest event."""
    found = (_balance(leg, vintage, entry.within) for leg in entry.balances)
    return tuple(leg for leg in found if leg is not None)


def _of_line(line: Line, vintage: Vintage, within: int) -> tuple[Statement, ...]:
    found = fuse.from_store(vintage, line.series, factor=line.factor, within=within, kind=line.kind, scope=line.scope)
    if line.since_new_year:
        found = tuple(_weekly(each) for each in found)
    return tuple(replace(each, cluster=line.origin) for each in found) if line.origin else found


def _weekly(each: Statement) -> Statement:
    """A total since 1 January as the mean of a week."""
    day = dt.date.fromisoformat(each.date)
    weeks = (day - dt.date(day.year, 1, 1)).days / 7 + 1 / 7
    parts = [None if part is None else part / weeks for part in (each.low, each.high)]
    return replace(each, value=each.value / weeks, low=parts[0], high=parts[1])


def _balance(leg: Leg, vintage: Vintage, within: int) -> Balance | None:
    """None where a flow is not known on the day."""
    flows = []
    for line in (leg.inflow, leg.outflow):
        said = _of_line(line, vintage, within) if line is not None else ()
        if line is not None and not said:
            return None
        flows.append(max(said, key=lambda each: (each.date, each.published)) if said else None)
    dates = [each.date for each in flows if each is not None]
    end = dt.date.fromisoformat(max(dates))
    inflow, outflow = (0.0 if each is None else each.value for each in flows)
    return Balance(
        start=str(end - dt.timedelta(days=leg.days)),
        end=str(end),
        inflow=inflow,
        outflow=outflow,
        sd=leg.spread * (inflow + outflow),
        source=leg.source,
    )


def told(found: Estimate) -> str:
    """What was fused, in words."""
    counted = [weight for weight in found.weights if not weight.copy_of]
    pull: dict[str, float] = {}
    for weight in counted:
        pull[weight.statement.source] = pull.get(weight.statement.source, 0.0) + abs(weight.weight)
    names = sorted(pull, key=lambda name: (-round(pull[name], 9), name))
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    days = sorted(weight.statement.date for weight in counted)
    span = days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"
    count = f"{len(counted)} claim" + ("s" if len(counted) != 1 else "")
    legs = f" and {len(found.balances)} stock balance" + ("s" if len(found.balances) != 1 else "")
    return f"{FUSED}{count}{legs if found.balances else ''} of {span}: {', '.join(names[:NAMED])}{more}"
