"""The opening: everything that a war starts from, learned from the evidence known on the day.

Nothing here depends on luck or on how many runs there will be. `simulate/draws.py` turns a start into the parameters
and the state of any run.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ceasefire.evidence.error import EvidenceError, suggestion
from ceasefire.evidence.geography import Geography
from ceasefire.evidence.vintage import Vintage
from ceasefire.model import drones, fires, oil, resolve, sanctions
from ceasefire.model import war as model
from ceasefire.model.axes import (
    BUYERS,
    DAMAGE,
    ENDINGS,
    GOODS,
    LAYERS,
    MUNITIONS,
    PLANTS,
    POSTURES,
    QUESTIONS,
    REGIONS,
    SECTORS,
    SWITCHES,
    TYPES,
    WEAPONS,
    YEAR,
)
from ceasefire.model.declare import Normal as NormalPrior
from ceasefire.model.declare import Prior, Variable, declared, from_triple
from ceasefire.model.declare import Share as SharePrior
from ceasefire.scenario import (
    agenda,
    allocation,
    fused,
    intensity,
    polling,
    posterior,
    record,
    reporting,
    tempo,
    valuation,
)
from ceasefire.scenario.posterior import Posterior
from ceasefire.scenario.spec import PERSONNEL, Named, Patron, Scenario, ScenarioError, Value
from ceasefire.scenario.theatre import Theatre, lay_out
from ceasefire.scenario.valuation import Valuation

FloatArray = NDArray[np.float64]

LEARNED = {
    "front.budget_mean": "tempo of the weekly maps",
    "front.budget_spread": "tempo of the weekly maps",
    "front.budget_half_life": "tempo of the weekly maps",
    "front.budget_opening": "tempo of the weekly maps",
    "front.tempo_mean": "tempo of the weekly maps",
    "front.tempo_spread": "tempo of the weekly maps",
    "front.tempo_half_life": "tempo of the weekly maps",
    "front.tempo_opening": "tempo of the weekly maps",
    "front.lump": "tempo of the weekly maps",
    "front.presence_exponent": "cells that changed hands on the weekly maps",
    "front.room_exponent": "cells that changed hands on the weekly maps",
    "front.momentum_exponent": "cells that changed hands on the weekly maps",
    "front.resistance": "cells that changed hands on the weekly maps",
    "attrition.casualty_rate": "weekly claims, where a side has any",
    "attrition.casualty_rate_opening": "weekly claims, where a side has any",
    "attrition.loss_rate": "weekly claims, where a side has any",
    "attrition.loss_rate_opening": "weekly claims, where a side has any",
    "attrition.spread": "weekly claims, where a side has any",
    "attrition.half_life": "weekly claims, where a side has any",
    "attrition.item_spread": "weekly claims, where a side has any",
    "attrition.item_half_life": "weekly claims, where a side has any",
    "reporting.noise": "weekly claims, where a side has any",
    "opinion.level_opening": "polls, where a side has any",
    "opinion.level_mean": "polls, where a side has any",
    "opinion.level_spread": "polls, where a side has any",
    "opinion.level_half_life": "polls, where a side has any",
    "bargaining.shape": "durations of interstate wars (Correlates of War 4.0)",
    "bargaining.scale": "durations of interstate wars (Correlates of War 4.0)",
    "bargaining.weibull": "durations of interstate wars (Correlates of War 4.0)",
    "resolve.fitted": "wars fought on without agreement, simulated",
    "resolve.value": "wars fought on without agreement, simulated",
    "resolve.value_low": "wars fought on without agreement, simulated",
    "resolve.value_high": "wars fought on without agreement, simulated",
    "bargaining.age": "start of the war and opening of the scenario",
    "bargaining.ceasefire_share": "endings of interstate conflicts (UCDP), held loosely",
    "bargaining.settlement_share": "endings of interstate conflicts (UCDP), held loosely",
    "bargaining.dictated_share": "endings of interstate conflicts (UCDP), held loosely",
}
"""Parameters that the record replaces, and with what."""


MAY_BE_NONE = (
    "talks.talking_opening",
    "talks.earnest_opening",
    "talks.earnest_share",
    "preferences.land_weight",
    "preferences.issue_weight",
    "preferences.worth",
    "preferences.whole",
    "preferences.neutral",
    "preferences.price",
    "preferences.capability",
    "beliefs.doubt_opening",
    "bargaining.anchor",
    "bargaining.dictated_rate",
    "bargaining.fade_rate",
    "resolve.fitted",
    "resolve.cost",
    "bargaining.silent_rate",
    "bargaining.insincere_rate",
    "bargaining.earnest_rate",
    "policy.planned_effort",
    "policy.planned_fire",
    "front.physics",
    "front.resistance",
    "manpower.desertion_rate",
    "manpower.mobilisation",
    "industry.munition_output",
    "industry.munition_imports",
    "industry.imports",
    "breach.hazard",
    "drones.jump_rate",
    "front.works_map",
    "siege.besiege",
    "industry.new_build",
    "industry.refurbishment",
    "strikes.luck",
    "strikes.tempo_spread",
    "strikes.nights_spread",
    "strikes.aim_weight",
    "air_defence.launchers_opening",
    "air_defence.launcher_deliveries",
    "air_defence.edge_spread",
    "grid.siting",
    "grid.demand_share",
    "grid.exposure",
    "grid.import_cap",
    "grid.vulnerability",
    "sanctions.oil_level",
    "sanctions.component_level",
    "sanctions.secondary_level",
    "sanctions.interception_level",
    "sanctions.round_rate",
    "sanctions.under_opening",
    "oil.jump_rate",
    "oil.volume_opening",
    "oil.take",
    "budget.aid",
    "budget.reserves_opening",
    "budget.debt_opening",
    "budget.capacity",
    "budget.inflation_spread",
    "patrons.will_spread",
    "patrons.election_spread",
    "patrons.shock_rate",
    "patrons.pledge_opening",
    "patrons.delivery_opening",
    "patrons.paid_by",
    "patrons.switch_opening",
    "patrons.switch_off",
    "patrons.switch_on",
    "patrons.insight",
    "patrons.licensed",
    "patrons.leave_rate",
    "patrons.return_rate",
    "patrons.aligned_opening",
    "patrons.guarantees",
    "patrons.credible",
    "opinion.level_spread",
    "elites.base",
    "elites.spread",
    "bargaining.relapse",
    "bargaining.ripen",
    "bargaining.flare",
    "bargaining.weibull",
    "reporting.unmapped",
)
"""Parameters that can be 0 (or 1, for a share) for sure."""


@dataclass(frozen=True)
class Choice:
    """One prior for one part of a parameter: the model's own, or a number of the scenario known by the opening."""

    variable: Variable
    index: tuple[str, ...]
    prior: Prior
    value: Value | None = None


@dataclass(frozen=True)
class Start:
    """What every run of a forecast has in common."""

    scenario: Scenario
    theatre: Theatre
    labels: dict[str, tuple[str, ...]]
    """Names along each dimension: side, axis, item, town, and so on."""
    choices: tuple[Choice, ...]
    budget: tuple[tempo.TempoLaw, ...]
    """By side."""
    axes: tuple[tempo.TempoLaw, ...]
    """By side."""
    allocation: allocation.AllocationLaw
    intensity: dict[tuple[int, str], intensity.IntensityLaw]
    """By side and claim."""
    opinion: dict[tuple[int, int], polling.OpinionLaw]
    """By side and question that people were asked."""
    momentum: FloatArray
    """[side, cell] at the opening."""
    area: FloatArray
    """[axis] km² that the first side holds at the opening, within the theatre and behind it."""
    collection: FloatArray
    """[side, week] taxes on oil collected in each week of the year from the opening, relative to an even flow."""
    elections: tuple[int, ...]
    """By patron, week from the opening of its next national election, from 0; −1 where none is known."""
    talks: FloatArray
    """[week] 1 where talks were announced, by the opening, for a day of the week; a 0 more at the end."""
    deadline: FloatArray
    """[week] 1 in the weeks before a deadline that was set by the opening; a 0 more at the end."""
    agenda: agenda.Agenda
    """What can be agreed."""
    age_months: float
    evidence_hash: str
    evidence_as_of: str
    valuation: Valuation | None = None
    """What fighting on is worth, where it was fitted; None leaves it to the law of forts."""
    calibrated: tuple[posterior.Law, ...] = ()
    """What calibration taught of numbers whose prior is in force."""
    cut_off: str = ""
    """Day up to which that was learned; empty where nothing was."""


def in_force(choices: Iterable[Choice], labels: dict[str, tuple[str, ...]]) -> dict[str, Prior]:
    """The prior of every number on the day, by name with labels: the last that became known stands."""
    found: dict[str, Prior] = {}
    for choice in choices:
        places = [labels[dim] for dim in choice.variable.dims if dim != "run"]
        for index in product(*places):
            if index[: len(choice.index)] == choice.index:
                found[choice.variable.name + (f"[{','.join(index)}]" if index else "")] = choice.prior
    return found


def variables() -> dict[str, Variable]:
    """Every declared quantity by its dotted name."""
    return {v.name: v for part in (*model.SUBSYSTEMS, reporting) for v in declared(part)}


def open_war(scenario: Scenario, vintage: Vintage, geography: Geography | None = None) -> Start:
    """Open a scenario from the evidence that was known on its opening date.

    Raises `ScenarioError` for a number that fits no variable, `EvidenceError` where the record cannot open it.
    """
    if vintage.as_of != np.datetime64(scenario.opening):
        raise ScenarioError(f"{scenario.id} opens on {scenario.opening}, the evidence is as of {vintage.as_of}")
    geography = geography or Geography.packaged()
    theatre = lay_out(scenario.war, geography, vintage)
    if vintage.as_of - theatre.dates[-1] >= np.timedelta64(7, "D"):
        raise ScenarioError(
            f"the last map known on {vintage.as_of} is of {theatre.dates[-1]}, a week or more before; "
            "open nearer to it, or name later evidence with --evidence"
        )
    terms = agenda.draw_up(scenario.war, agenda.lands_of(scenario.war, theatre, geography, vintage))
    labels = _labels(scenario, theatre, terms)
    taught = posterior.find(scenario)
    return from_record(
        scenario,
        theatre,
        claims={side: weekly_claims(vintage, entry.claims, scenario) for side, entry in enumerate(scenario.war.sides)},
        area=np.array([_latest(vintage, f"area.{axis}") for axis in theatre.axes]),
        evidence_hash=vintage.hash,
        recorded=_recorded(scenario, labels, vintage),
        fusions=_fused(scenario, labels, vintage),
        collection=np.stack([record.collection(vintage, side.collection) for side in scenario.war.sides]),
        opinion=polling.opinion(scenario.war.polls, vintage, posterior.law(taught, polling.PRIORS)),
        terms=terms,
        fitted=valuation.find(scenario, vintage.hash),
        taught=taught,
    )


def from_record(
    scenario: Scenario,
    theatre: Theatre,
    *,
    claims: dict[int, dict[str, FloatArray]],
    area: FloatArray,
    evidence_hash: str,
    recorded: tuple[Value, ...] = (),
    fusions: tuple[Value, ...] = (),
    collection: FloatArray | None = None,
    opinion: dict[tuple[str, str], polling.OpinionLaw] | None = None,
    terms: agenda.Agenda | None = None,
    fitted: Valuation | None = None,
    taught: Posterior | None = None,
) -> Start:
    """Open a scenario on a theatre, from each side's weekly claimed losses [week] by item, for any war.

    `recorded` are the numbers that series of the evidence gave on the day, `fusions` those that many claims were fused
    into; `collection` is even where none is given, and `opinion`, by side and question, the model's own; `terms` are
    about the axes of the front unless they are given; `taught` is what calibration taught by then.
    """
    terms = terms or agenda.draw_up(scenario.war, agenda.lands_of_axes(scenario.war, theatre))
    labels = _labels(scenario, theatre, terms)
    gains = weekly_gains(theatre)
    known = int((theatre.dates[1:] <= np.datetime64(taught.cut_off)).sum()) if taught else 0
    share = theatre.share.astype(np.float64)
    choices = tuple(_choices(scenario, labels, recorded, fusions))
    places = theatre.neighbour, theatre.axis, theatre.area, theatre.feature
    chosen = posterior.law(taught, allocation.priors(len(theatre.feature)))
    listed = allocation.choices(share, *places, known=known if chosen.learned else 0)
    claimed = posterior.law(taught, intensity.PRIORS)
    return Start(
        scenario=scenario,
        theatre=theatre,
        labels=labels,
        choices=choices,
        budget=_tempo(gains.sum(axis=1, keepdims=True), tempo.FRONT, labels["side"], taught, known),
        axes=_tempo(gains, tempo.AXES, labels["side"], taught, known),
        allocation=allocation.learn(listed, chosen),
        intensity={
            (s, c): intensity.learn(w, claimed) for s, by in claims.items() for c, w in by.items() if _enough(w)
        },
        opinion={
            (labels["side"].index(side), QUESTIONS.index(question)): law
            for (side, question), law in (opinion or {}).items()
        },
        momentum=allocation.opening_momentum(share, theatre.neighbour),
        area=area,
        collection=np.ones((len(labels["side"]), YEAR)) if collection is None else collection,
        elections=tuple(_next_election(patron, scenario.opening) for patron in scenario.war.patrons),
        talks=_announced(scenario),
        deadline=_pressed(scenario),
        agenda=terms,
        age_months=(scenario.opening - scenario.war.started).days / 30.4375,
        evidence_hash=evidence_hash,
        evidence_as_of=str(scenario.opening),
        valuation=fitted,
        calibrated=posterior.in_force(taught, in_force(choices, labels)),
        cut_off=str(taught.cut_off) if taught else "",
    )


def _tempo(
    gains: FloatArray,
    population: tempo.Population,
    sides: tuple[str, ...],
    taught: Posterior | None,
    known: int,
) -> tuple[tempo.TempoLaw, ...]:
    """The tempo of each side's axes, from gains [side, axis, week]; `taught` learned from the first weeks of them."""
    laws = (posterior.law(taught, population.of(side)) for side in sides)
    return tuple(tempo.learn(gain, population, law, known=known) for gain, law in zip(gains, laws, strict=True))


def _labels(scenario: Scenario, theatre: Theatre, terms: agenda.Agenda) -> dict[str, tuple[str, ...]]:
    items = tuple(item.id for item in scenario.war.items)
    patrons = tuple(patron.id for patron in scenario.war.patrons)
    return {
        "side": tuple(side.id for side in scenario.war.sides),
        "axis": theatre.axes,
        "item": items,
        "claim": (PERSONNEL, *items),
        "feature": tuple(str(k) for k in range(len(theatre.feature))),
        "munition": MUNITIONS,
        "posture": POSTURES,
        "kind": drones.KINDS,
        "ordnance": fires.ORDNANCE,
        "garrison": tuple(garrison.name for garrison in theatre.garrisons),
        "edge": theatre.roads.edge_name,
        "town": tuple(town.name for town in theatre.towns),
        "weapon": WEAPONS,
        "layer": LAYERS,
        "sector": SECTORS,
        "region": REGIONS,
        "plant": PLANTS,
        "damage": DAMAGE,
        "buyer": BUYERS,
        "lever": sanctions.LEVERS,
        "factor": oil.FACTORS,
        "patron": patrons,
        "payer": patrons,
        "good": GOODS,
        "switch": SWITCHES,
        "question": QUESTIONS,
        "land": terms.lands.id,
        "issue": tuple(issue.id for issue in terms.issues),
        "option": terms.label,
        "actor": (*(side.id for side in scenario.war.sides), *(voice.id for voice in scenario.war.voices)),
        "type": TYPES,
        "reading": resolve.READINGS,
        "ending": ENDINGS,
    }


def _next_election(patron: Patron, opening: dt.date) -> int:
    coming = [day for day in patron.elections if day > opening]
    return ((min(coming) - opening).days - 1) // 7 if coming else -1


def _announced(scenario: Scenario) -> FloatArray:
    """Weeks in which talks are due that were announced by the opening."""
    weeks = np.zeros(YEAR + 1)
    for talks in scenario.war.talks:
        week = ((talks.on - scenario.opening).days - 1) // 7
        if talks.announced <= scenario.opening and 0 <= week < YEAR:
            weeks[week] = 1.0
    return weeks


def _pressed(scenario: Scenario) -> FloatArray:
    """Weeks, a month long, before each deadline that was set by the opening."""
    weeks = np.zeros(YEAR + 1)
    for deadline in scenario.war.deadlines:
        week = ((deadline.on - scenario.opening).days - 1) // 7
        if deadline.announced <= scenario.opening and week >= 0:
            weeks[max(week - 3, 0) : min(week + 1, YEAR)] = 1.0
    return weeks


def weekly_gains(theatre: Theatre) -> FloatArray:
    """Ground that each side took on each axis in each week of the record, [side, axis, week] km²; NaN over a gap."""
    change = np.diff(theatre.share.astype(np.float64), axis=0) * theatre.area
    gap = np.diff(theatre.dates) != np.timedelta64(7, "D")
    gains = np.zeros((2, len(theatre.axes), len(change)))
    for week, moved in enumerate(change):
        for side, gain in enumerate((np.maximum(moved, 0), np.maximum(-moved, 0))):
            gains[side, :, week] = np.bincount(theatre.axis, gain, len(theatre.axes))
    gains[:, :, gap] = np.nan
    return gains


def reread(start: Start, scenario: Scenario, vintage: Vintage) -> Start:
    """The same opening with its numbers, claims of losses and polls read again, of other evidence or another scenario.

    The map and what it taught, the season of taxes and what fighting on is worth stay as they are.
    """
    known = {name.rpartition(".")[0] for name in vintage.names()}
    by = {
        side: weekly_claims(vintage, entry.claims if entry.claims in known else "", scenario)
        for side, entry in enumerate(scenario.war.sides)
    }
    sides, taught = start.labels["side"], posterior.find(scenario)
    asked = polling.opinion(scenario.war.polls, vintage, posterior.law(taught, polling.PRIORS))
    claimed = posterior.law(taught, intensity.PRIORS)
    recorded, fusions = _recorded(scenario, start.labels, vintage), _fused(scenario, start.labels, vintage)
    choices = tuple(_choices(scenario, start.labels, recorded, fusions))
    return replace(
        start,
        scenario=scenario,
        choices=choices,
        calibrated=posterior.in_force(taught, in_force(choices, start.labels)),
        intensity={
            (s, c): intensity.learn(w, claimed) for s, claims in by.items() for c, w in claims.items() if _enough(w)
        },
        opinion={(sides.index(side), QUESTIONS.index(asking)): law for (side, asking), law in asked.items()},
    )


def _choices(
    scenario: Scenario,
    labels: dict[str, tuple[str, ...]],
    recorded: tuple[Value, ...],
    fusions: tuple[Value, ...],
) -> Iterator[Choice]:
    """The model's own priors, then the scenario's numbers in the order in which they became known."""
    known = _checked(scenario, labels)
    for variable in known.values():
        if variable.kind == "parameter" and variable.prior is not None:
            yield Choice(variable, (), variable.prior)
    for value in (*recorded, *fusions):
        _check_points(value, _fitting(value, known, labels))
    for value in scenario.known_values(recorded, fusions):
        variable = known[value.variable]
        prior = from_triple(value.low, value.mid, value.high, kind=record.kind_of(variable))
        yield Choice(variable, value.index, prior, value)


def _recorded(scenario: Scenario, labels: dict[str, tuple[str, ...]], vintage: Vintage) -> tuple[Value, ...]:
    """The numbers that series of the evidence give on the day."""
    known = _checked(scenario, labels)
    read = (record.read(entry, record.kind_of(known[entry.variable]), vintage) for entry in scenario.records())
    return tuple(value for value in read if value is not None)


def _fused(scenario: Scenario, labels: dict[str, tuple[str, ...]], vintage: Vintage) -> tuple[Value, ...]:
    """The numbers that claims known on the day are fused into."""
    known = _checked(scenario, labels)
    read = (fused.read(entry, known[entry.variable], vintage) for entry in scenario.fusions())
    return tuple(found.value for found in read if found is not None)


def _checked(scenario: Scenario, labels: dict[str, tuple[str, ...]]) -> dict[str, Variable]:
    """Every declared quantity. Raises `ScenarioError` where a number or a record of the scenario fits none."""
    known = variables()
    for value in (*scenario.war.value, *scenario.value):
        _check_points(value, _fitting(value, known, labels))
    for entry in scenario.records():
        record.check(entry, record.kind_of(_fitting(entry, known, labels)))
    for fusion in scenario.fusions():
        _fitting(fusion, known, labels)
    return known


def _fitting(number: Named, known: dict[str, Variable], labels: dict[str, tuple[str, ...]]) -> Variable:
    """The parameter that a number is for; its unit and its labels fit."""
    if number.variable not in known or known[number.variable].kind != "parameter":
        settable = [name for name, v in known.items() if v.kind == "parameter"]
        raise ScenarioError(
            f"{number.name} is no variable that can be set{suggestion(number.variable, settable)}; "
            "`ceasefire variables` lists them"
        )
    variable = known[number.variable]
    if number.unit != variable.unit:
        raise ScenarioError(f"{number.name} is in {variable.unit}; found {number.unit!r}")
    places = [dim for dim in variable.dims if dim != "run"]
    if len(number.index) > len(places):
        raise ScenarioError(f"{number.name} has {len(number.index)} labels; {variable.name} takes {', '.join(places)}")
    for label, dim in zip(number.index, places, strict=False):
        if label not in labels.get(dim, ()):
            names = labels.get(dim, ())
            raise ScenarioError(f"{number.name}: unknown {dim} {label!r}{suggestion(label, names)}; there are {names}")
    return variable


def _check_points(value: Value, variable: Variable) -> None:
    sure = value.low == value.high and (variable.name in MAY_BE_NONE or variable.coupling is not None)
    if not isinstance(variable.prior, NormalPrior) and (value.low < 0 or (value.low == 0 and not sure)):
        raise ScenarioError(f"{value.name} must be positive (or 0 for sure: low = mid = high = 0); found {value.low}")
    if isinstance(variable.prior, SharePrior) and (value.high > 1 or (value.high == 1 and not sure)):
        raise ScenarioError(f"{value.name} is a share and must stay below 1; found {value.high}")


def weekly_claims(vintage: Vintage, prefix: str, scenario: Scenario) -> dict[str, FloatArray]:
    """Weekly increments of the cumulative claims of a side's losses; NaN where missing or corrected downwards."""
    if not prefix:
        return {}
    names = set(vintage.names())
    prefixes = sorted({name.rpartition(".")[0] for name in names})
    if prefix not in prefixes:
        raise ScenarioError(f"no series of claims begins with {prefix!r}{suggestion(prefix, prefixes)}")
    wanted = (PERSONNEL, *(item.id for item in scenario.war.items))
    return {c: _increments(vintage, f"{prefix}.{c}") for c in wanted if f"{prefix}.{c}" in names}


def _increments(vintage: Vintage, name: str) -> FloatArray:
    series = vintage.series(name)
    weeks = (series.dates - series.dates[0]).astype("timedelta64[D]").astype(int)
    level = np.full(weeks[-1] // 7 + 1, np.nan)
    on_grid = weeks % 7 == 0
    level[weeks[on_grid] // 7] = series.values[on_grid]
    change = np.diff(level)
    return np.where(change > 0, change, np.nan)


def _enough(claims: FloatArray) -> bool:
    return int(np.isfinite(claims[-intensity.WINDOW :]).sum()) >= 12


def _latest(vintage: Vintage, name: str) -> float:
    try:
        return vintage.series(name).latest()
    except EvidenceError:
        return float("nan")
