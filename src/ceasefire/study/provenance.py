"""Provenance: the claims behind any number, with what each counts for.

A number is a parameter of the model as an opening has it, `attrition.troops_opening[R]`, or a series of the evidence,
`facts.forces_personnel.ru.grouping_in_ukraine`. Of a fused number every claim is told with its weight, the bias learned
of its side, its source, its day and its publication; of a number read from a series, of a value of the scenario, of
what the record taught and of a prior, the one source that it has. A series is fused by itself, with a weak prior.
Nothing that was published after the day is seen.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ceasefire.evidence import fuse
from ceasefire.evidence.error import EvidenceError, suggestion
from ceasefire.evidence.fuse import Bias, Estimate, Quantity
from ceasefire.evidence.source import SOURCES
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.model.declare import Variable, from_triple
from ceasefire.scenario import fused, posterior, record
from ceasefire.scenario.spec import Scenario, ScenarioError, split
from ceasefire.scenario.start import LEARNED, variables
from ceasefire.study.forecast import opened

FORMAT = 1
WITHIN = 732
"""Claims of a series about earlier days than this many before do not count."""
MOST_CLAIMS = 60
"""Of a long series the latest claims, by day."""
MOST_NAME = 120
"""Characters of a name that is not known, to look for one like it."""


@dataclass(frozen=True)
class Said:
    """One claim behind a number."""

    source: str
    side: str
    date: str
    published: str
    value: float
    low: float | None
    high: float | None
    kind: str
    grade: str
    weight: float
    copy_of: str
    series: str
    note: str


@dataclass(frozen=True)
class Explained:
    """A number and where it comes from."""

    name: str
    unit: str
    on: str
    how: str
    """`fused`, `record`, `value`, `learned`, `calibrated`, `prior` or `series`."""
    low: float
    middle: float
    high: float
    known_on: str
    source: str
    trust: str
    claims: tuple[Said, ...]
    prior_weight: float | None
    biases: tuple[Bias, ...]
    balances: tuple[dict[str, Any], ...]
    instead: str = ""
    """What the scenario says itself, where claims stand in its place."""

    def told(self) -> dict[str, Any]:
        """Plain values, as for JSON."""
        return {"format": FORMAT, **asdict(self)}

    def text(self) -> str:
        """For people."""
        return "\n".join(_lines(self))


def to_json(found: Explained) -> str:
    """The whole answer."""
    return json.dumps(found.told(), ensure_ascii=False, indent=1, allow_nan=False)


def explain(
    name: str,
    scenario: str | Path | Scenario = "alaska-2025-08",
    *,
    on: str | dt.date | None = None,
    evidence: str | Path | None = None,
) -> Explained:
    """The claims behind a parameter, or a series, on the opening day of a scenario or on another.

    Raises `CeasefireError` where there is no such number, with the nearest names, or where it is not known on the day.
    """
    asked = opened(scenario, on)
    vintage = Vintage(Store.open(evidence), asked.opening)
    variable, index = split(name)
    known = variables()
    if variable in known and known[variable].kind == "parameter":
        return _taught(_parameter(name, variable, index, asked, known[variable], vintage), asked, known[variable])
    if name in vintage.names() or f"{name.rstrip('.')}.mid" in vintage.names():
        return _series(name, vintage)
    names = [*(n for n, v in known.items() if v.kind == "parameter"), *vintage.names()]
    near = suggestion(variable[:MOST_NAME], names) or "; `ceasefire variables` lists parameters"
    raise EvidenceError(f"{name!r:.80} is no parameter, and no series known on {vintage.as_of}{near}")


def _parameter(
    name: str, variable: str, index: tuple[str, ...], scenario: Scenario, declared: Variable, vintage: Vintage
) -> Explained:
    fusions = {
        (entry.variable, entry.index): fused.read(entry, declared, vintage)
        for entry in scenario.fusions()
        if entry.variable == variable
    }
    readings = {place: found for place, found in fusions.items() if found is not None}
    read = [
        record.read(entry, record.kind_of(declared), vintage)
        for entry in scenario.records()
        if entry.variable == variable
    ]
    recorded = tuple(value for value in read if value is not None)
    given = scenario.known_values(recorded, tuple(found.value for found in readings.values()))
    fit = [v for v in given if v.variable == variable and v.index == index[: len(v.index)]]
    labels = _labels_of(scenario, variable)
    several = len(index) > len([dim for dim in declared.dims if dim != "run"])
    if several or (not fit and labels and index not in labels and variable not in LEARNED):
        near = ", ".join(f"{variable}[{','.join(place)}]" if place else variable for place in sorted(labels)[:8])
        raise ScenarioError(f"{scenario.id} has no number for {name:.120}" + (f"; it has {near}" if near else ""))
    if not fit:
        return _prior(name, variable, declared, vintage)
    value = fit[-1]
    found = readings.get((value.variable, value.index))
    if found is not None and found.value == value:
        own = [v for v in scenario.known_values() if v.name == value.name]
        instead = f"{own[-1].low:g} / {own[-1].mid:g} / {own[-1].high:g}, {own[-1].source}" if own else ""
        return _fused(
            name, value.unit, "fused", found.estimate, value.source, value.trust, str(value.known_on), instead
        )
    how = "record" if value in recorded else "value"
    return Explained(
        name,
        value.unit,
        str(vintage.as_of),
        how,
        value.low,
        value.mid,
        value.high,
        str(value.known_on),
        value.source,
        value.trust,
        (),
        None,
        (),
        (),
    )


def _taught(found: Explained, scenario: Scenario, declared: Variable) -> Explained:
    """The number as calibration has it, where it learned it under the prior that is in force."""
    learned = posterior.find(scenario)
    if learned is None or declared.prior is None:
        return found
    stands = found.how == "prior"
    prior = declared.prior
    if not stands:
        prior = from_triple(found.low, found.middle, found.high, kind=record.kind_of(declared))
    laws = posterior.in_force(learned, {found.name: prior})
    if not laws:
        return found
    low, middle, high = posterior.points(prior, float(laws[0].centre[0]), float(laws[0].spread[0]))
    source = f"calibrated on the record up to {learned.cut_off}; before: {found.source}"
    return replace(found, how="calibrated", low=low, middle=middle, high=high, source=source)


def _labels_of(scenario: Scenario, variable: str) -> set[tuple[str, ...]]:
    """Labels that the scenario gives numbers of a parameter for."""
    named = (*scenario.war.value, *scenario.value, *scenario.records(), *scenario.fusions())
    return {entry.index for entry in named if entry.variable == variable}


def _prior(name: str, variable: str, declared: Variable, vintage: Vintage) -> Explained:
    learned = variable in LEARNED
    points = [math.nan] * 3 if declared.prior is None else declared.prior.quantile(np.array([0.05, 0.5, 0.95])).tolist()
    if any(math.isnan(point) for point in points):
        raise ScenarioError(f"{name} has no prior: it is {LEARNED.get(variable, 'given by the scenario')}")
    source = f"{LEARNED[variable]}; without that, {declared.source}" if learned else declared.source or "elicited"
    low, middle, high = points
    return Explained(
        name,
        declared.unit,
        str(vintage.as_of),
        "learned" if learned else "prior",
        low,
        middle,
        high,
        declared.known_on or "always",
        source,
        "",
        (),
        None,
        (),
        (),
    )


def _series(name: str, vintage: Vintage) -> Explained:
    stem = name if name in vintage.names() else f"{name.rstrip('.')}."
    first = name if name in vintage.names() else f"{stem}mid"
    series = vintage.series(first)
    latest = series.dates.max()
    within = int((vintage.as_of - latest).astype(int)) + WITHIN
    statements = sorted(fuse.from_store(vintage, stem, within=within), key=lambda s: (s.date, s.published))[
        -MOST_CLAIMS:
    ]
    signed = any(each.value <= 0 for each in statements)
    size = float(np.abs([each.value for each in statements]).max()) or 1.0
    quantity = Quantity(name, series.unit, "signed" if signed else "positive", walk=0.3, scale=size if signed else 1.0)
    found = fuse.estimate(quantity, statements, on=vintage.as_of)
    producers = sorted({SOURCES[k].producer if k in SOURCES else k for k in series.source.tolist()})
    known_on = max(each.published for each in statements)
    return _fused(name, series.unit, "series", found, "; ".join(producers), "", known_on, "")


def _fused(
    name: str, unit: str, how: str, found: Estimate, source: str, trust: str, known_on: str, instead: str
) -> Explained:
    listed = sorted(found.weights, key=lambda w: (-abs(w.weight), w.statement.date, w.statement.source))
    claims = tuple(
        Said(
            s.source,
            s.side,
            s.date,
            s.published,
            s.value,
            s.low,
            s.high,
            s.kind,
            s.grade,
            w.weight,
            w.copy_of,
            s.name,
            s.note,
        )
        for w in listed
        for s in (w.statement,)
    )
    legs = tuple({**asdict(leg), "weight": weight} for leg, weight in found.balances)
    return Explained(
        name,
        unit,
        found.on,
        how,
        found.low,
        found.median,
        found.high,
        known_on,
        source,
        trust,
        claims,
        found.prior_weight,
        found.biases,
        legs,
        instead,
    )


HOW = {
    "fused": "fused from claims",
    "record": "read from a series of the evidence",
    "value": "a number of the scenario",
    "learned": "learned from the record",
    "prior": "prior of the model; nobody is known to have said anything of it",
    "series": "a series of the evidence, its claims fused",
}


def _lines(found: Explained) -> Iterator[str]:
    yield f"{found.name} on {found.on}: {found.low:,.6g} / {found.middle:,.6g} / {found.high:,.6g} {found.unit}"
    yield f"5 / 50 / 95 %; {HOW[found.how]}; known on {found.known_on}" + (f"; trust {found.trust}" * bool(found.trust))
    yield f"Source: {found.source}"
    if found.claims:
        yield ""
        heads = f"{'kind':8}{'day':12}{'published':12}{'grade':6}{'side':8}source"
        yield f"{'weight':>7}  {'value':>12}  {'band':>21}  {heads}"
    for each in found.claims:
        band = _band(each)
        who = f"{each.source} (a copy of {each.copy_of})" if each.copy_of else each.source
        yield (
            f"{each.weight:7.3f}  {each.value:12,.6g}  {band:>21}  {each.kind:8}{each.date:12}{each.published:12}"
            f"{each.grade:6}{each.side:8}{who}"
        )
        yield f"{'':9}{each.series}" + (f": {each.note}" if each.note else "")
    for leg in found.balances:
        yield (
            f"{leg['weight']:7.3f}  balance {leg['start']} to {leg['end']}: "
            f"+{leg['inflow']:,.6g} −{leg['outflow']:,.6g} ± {leg['sd']:,.3g}, {leg['source']}"
        )
    if found.prior_weight is not None:
        yield f"{found.prior_weight:7.3f}  prior; weights add up to 1, without balances"
    for bias in found.biases:
        yield (
            f"Bias of {bias.side}: {bias.low:.2f} / {bias.middle:.2f} / {bias.high:.2f}, "
            f"a factor unless the number can be negative, from {bias.claims} claim{'s' if bias.claims != 1 else ''}"
        )
    if found.instead:
        yield f"In place of {found.instead}"


def _band(said: Said) -> str:
    if said.low is None and said.high is None:
        return ""
    low, high = (said.value if end is None else end for end in (said.low, said.high))
    return f"{low:,.5g}–{high:,.5g}"
