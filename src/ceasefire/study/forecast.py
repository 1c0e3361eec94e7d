"""Forecast: open a scenario, simulate it, observe it, and label the result."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from functools import reduce
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.model import bargaining
from ceasefire.model.axes import ENDINGS, GOODS, QUESTIONS, SWITCHES, WEAPONS, YEAR
from ceasefire.model.bargaining import CEASEFIRE, PHASES, SETTLEMENT, WAR
from ceasefire.model.declare import Variable, declared
from ceasefire.scenario import posterior, spec
from ceasefire.scenario.agenda import DEMILITARISED, Agenda
from ceasefire.scenario.spec import Option, Scenario, ScenarioError
from ceasefire.scenario.start import LEARNED, Start, open_war, variables
from ceasefire.scenario.valuation import FORTS
from ceasefire.simulate import ensemble as many
from ceasefire.simulate import training
from ceasefire.simulate.draws import cube, values
from ceasefire.simulate.ensemble import Ensemble
from ceasefire.simulate.pool import Workers
from ceasefire.simulate.result import VERSION, fingerprint
from ceasefire.simulate.run import CHUNK, TOWN_SHARE, prepare, terms_of
from ceasefire.study import observe, stack
from ceasefire.study.early import Early, Watch

TAUGHT_RUNS = 1024
"""How many draws the quantiles of a learned parameter are told from."""
AID = ("arms", "money")
"""Kinds of aid: all goods but money count as arms, parts for arms among them."""
ASKED = ("Want talks now rather than fighting on", "Would accept peace at the price of land")
"""What the questions of opinion ask, in words."""
REGIMES = ("none", "not meant", "earnest")
"""Talks."""
FATES = ("as held", "to the first side", "to the second side", "demilitarised")
"""What an agreement can say of a land; the last, where it leaves the land as held."""
PACKAGED = "packaged"
"""What a result says of its evidence where that is the store that ships with the program."""
UNKNOWN = (
    "How much bargaining should count beside how long wars last: no record could teach it.",
    "What the parties would sign: what they want is judged from stated positions and polls, with wide bands.",
    "Offers as moves in a game, secret talks, agreements about parts of the war, parties and parliaments at home.",
    "What an agreement does on the ground: while it holds, the map stays as held, and its line is only told.",
    "What a new leader wants, but that it may differ from what the last one wanted.",
    "Why patrons change course or stop helping, what their stocks allow, and who steps in for one that leaves.",
    "Where strikes fall: they go by sector and region, never by place. Gas; the hours when less power is wanted.",
    "Breakthroughs: none opens unless a scenario or a decree says so, because they did not help past forecasts.",
    "Orders to withdraw, mud and rain, where reserves stand.",
    "How strongly drones, shells, bombs, works, supply, posture and sieges act: mostly elicited, with wide bands.",
    "Stocks of missiles and interceptors, what strikes break and crews mend, how money limits arms: mostly elicited.",
    "Losses of one side are learned from the other side's claims; those of the other are elicited, with wide bands.",
    "Losses of civilians are elicited, near the line and far behind it; cold, hunger and mines are not counted.",
)


def forecast(
    scenario: str | Path | Scenario,
    *,
    runs: int = 2000,
    weeks: int = 52,
    seed: int = 1,
    on: str | dt.date | None = None,
    evidence: str | Path | None = None,
    workers: Workers = None,
    on_progress: Callable[[int, int], None] | None = None,
    on_early: Callable[[Early], None] | None = None,
) -> xr.Dataset:
    """Simulate a scenario and return the labelled result; `on_early` is told what the first wars of it say.

    `on` opens the scenario's war on another day, from the evidence alone. `evidence` names a store; the packaged one is
    used otherwise. Raises `CeasefireError` with what was asked, what was found and what would do.
    """
    many.check(runs, weeks, seed, workers)
    asked = opened(scenario, on)
    vintage = Vintage(Store.open(evidence), asked.opening)
    prepare()
    start = training.ensured(open_war(asked, vintage), workers=workers)
    ensemble = many.simulate(
        start,
        runs=runs,
        weeks=weeks,
        seed=seed,
        workers=workers,
        on_progress=on_progress,
        on_chunk=Watch(start, runs, weeks, on_early) if on_early else None,
    )
    result = dataset(ensemble)
    result.attrs["beside"] = json.dumps(stack.headline(ensemble, vintage))
    result.attrs["evidence_store"] = PACKAGED if evidence is None else str(Path(evidence).resolve())
    result.attrs["command"] = _command(scenario, runs, weeks, seed, on, evidence)
    return result


def opened(scenario: str | Path | Scenario, on: str | dt.date | None = None) -> Scenario:
    """The scenario that is meant: a shipped one, a file's, or one given; on another day if one is named."""
    asked = scenario if isinstance(scenario, Scenario) else spec.load(scenario)
    return asked if on is None else asked.on(_day(on))


def _command(
    scenario: str | Path | Scenario, runs: int, weeks: int, seed: int, on: str | dt.date | None, evidence: Any
) -> str:
    """What to type to get the same result again."""
    name = scenario.id if isinstance(scenario, Scenario) else str(scenario)
    options = "".join(f" --{key} {value}" for key, value in (("on", on), ("evidence", evidence)) if value is not None)
    return f"ceasefire forecast {name} --runs {runs} --weeks {weeks} --seed {seed}{options}"


def _day(text: str | dt.date) -> dt.date:
    if isinstance(text, dt.date):
        return text
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ScenarioError(f"{text!r} is not a date; YYYY-MM-DD is needed") from None


MEANING: dict[str, tuple[str, str, str]] = {
    "area": ("week axis run", "km2", "Ground that the first side holds"),
    "mapped_area": ("week axis run", "km2", "Ground that the first side holds, as mapped"),
    "claimed": ("week claim run", "count", "Losses of the first side as the enemy would claim them in the week"),
    "taken": ("week side axis run", "km2", "Ground taken in the week"),
    "casualties": ("week side run", "person", "Killed or wounded in the week"),
    "killed": ("week side run", "person", "Killed in the week"),
    "surrendered": ("week side run", "person", "Taken prisoner in the week"),
    "civilians_harmed": ("week side run", "person", "Civilians killed or wounded on the side's land in the week"),
    "civilians_killed": ("week side run", "person", "Civilians killed on the side's land in the week"),
    "transferred": ("week side run", "person", "Civilians who come under the side's control in the week"),
    "lost": ("week side item run", "count", "Pieces lost in the week"),
    "recruited": ("week side run", "person", "Recruited in the week"),
    "troops": ("week side run", "person", "Soldiers in theatre"),
    "equipment": ("week side item run", "count", "Pieces with the army"),
    "storage": ("week side item run", "count", "Pieces left in storage"),
    "supply": ("week side axis run", "1", "Supply of the line in the week, 1 at the source"),
    "hazard": ("week run", "1/week", "Chance that the war ends in the week"),
    "structural": ("week ending run", "1/week", "Hazard of each end by the structure of the war"),
    "usual": ("week ending run", "1/week", "Hazard of each end for wars of this age"),
    "anchor": ("run", "1", "Weight of the structure beside the base rate"),
    "phase": ("week run", "1", "Where the war stands"),
    "launched": ("week side weapon run", "count", "Weapons launched deep into the enemy's country in the week"),
    "stopped": ("week side weapon run", "count", "Those of them that the enemy's air defence stopped"),
    "served_share": ("week side run", "1", "Share of power demand that is met in the week, when demand is high"),
    "dark": ("week side run", "person", "People without electricity at a time"),
    "cold": ("week side run", "person", "People without heat at a time"),
    "blackout_hours": ("week side run", "h/day", "Hours a day without electricity in an average household"),
    "brent": ("week run", "USD/bbl", "Price of Brent crude in the week"),
    "oil_revenue": ("week side run", "bn LCU", "Taxes on oil and gas received in the week, in local currency"),
    "oil_revenue_usual": ("week side run", "bn LCU", "What they would be in that season if nothing changed"),
    "reserves": ("week side run", "bn LCU", "Reserves that the state's budget can use, in local currency"),
    "inflation": ("week side run", "%/year", "Inflation"),
    "aid_pledged": ("week patron aid run", "bn USD", "Newly pledged by the patron in the week"),
    "aid_delivered": ("week patron aid run", "bn USD", "Delivered by the patron in the week, as pledged before"),
    "aid_paid": ("week patron run", "bn USD", "What the patron pays of the week's pledges, its own and others'"),
    "aid_lag": ("patron run", "week", "Mean time from pledge to delivery of what the patron pledges in the run"),
    "guarantee": (
        "patron run",
        "1",
        "Chance that the patron's own guarantee of an agreement is kept; 0 if it gives none",
    ),
    "will": ("week patron run", "1", "Share of those who decide in the patron's country that are for giving"),
    "switched_on": ("week patron switch run", "1", "1 where the patron lets its side have it, 0 where it has stopped"),
    "credibility": ("week side run", "1", "Chance that what guarantees the side could get are believed and kept"),
    "opinion": ("week side question run", "1", "Share of those with an opinion who say yes"),
    "leader_exits": ("week side run", "count", "Leaders of the side who have gone since the opening"),
    "optimism": ("week side run", "1", "How much the side overrates its own power, log"),
    "talks": ("week run", "1", "Whether the sides talk at the end of the week, and mean it"),
    "standing": (
        "week side run",
        "1",
        "Worth to the side of the line as held, with nothing agreed; its own aims are 1",
    ),
    "fighting_on": ("week side run", "1", "What the side expects of fighting on"),
    "least": ("week side run", "1", "The least that the side would accept"),
    "zone": ("week run", "1", "Largest that the smaller of both surpluses can be; below 0 there is no zone"),
    "surplus": ("week side run", "1", "Surplus of the side in the package that is best for the worse-off side"),
    "likely": ("week option run", "1", "1 for the options of that package; 0 at the opening"),
    "line": ("week run", "1", "First side's share of all land under that package, as both weigh it"),
    "lasting": ("week run", "1", "Chance that an agreement on that package would hold for a year"),
    "agreed": ("option run", "1", "1 for the options of the agreement that first ended the war"),
    "awarded": ("land run", "1", "What that agreement says of the land; -1 without one"),
    "promised": ("patron run", "1", "Chance that the patron's guarantee in that agreement is kept, when it is signed"),
    "holds": ("run", "1", "Chance that that agreement holds for a year, when it is signed"),
    "town_share": ("week town run", "1", "First side's share of the town's disc"),
    "town_holder": ("town", "1", "Side that holds the town at the opening"),
    "town_change_week": ("town run", "week", "First week in which the town is in other hands; -1 for never"),
    "control_probability": ("week cell", "1", "Share of runs in which the first side holds at least half of the cell"),
    "control_opening": ("cell", "1", "First side's share of the cell at the opening"),
    "first_ending": ("run", "1", "Phase that first ended the war; 0 for none"),
    "first_ending_week": ("run", "week", "Week of the first ending; 0 for none"),
    "relapse_week": ("run", "week", "Week in which fighting that had ended first resumed; 0 for none"),
    "ok": ("run", "1", "Every number of the run stayed finite"),
    "area_error": ("run", "km2", "Difference between the map and the sum of what was taken, at the horizon"),
}
"""Every variable of a result: dimensions, unit, meaning."""


def dataset(ensemble: Ensemble) -> xr.Dataset:
    """An ensemble with names, units and descriptions."""
    found = _values(ensemble)
    data = {
        name: xr.DataArray(found[name], dims=dims.split(), attrs={"units": unit, "long_name": meaning})
        for name, (dims, unit, meaning) in MEANING.items()
    }
    for name, meanings in (("phase", PHASES), ("first_ending", PHASES), ("talks", REGIMES)):
        data[name].attrs["flag_meanings"] = list(meanings)
    data["awarded"].attrs |= {"flag_values": [-1, *range(len(FATES))], "flag_meanings": ["no agreement", *FATES]}
    return xr.Dataset(data, coords=_coordinates(ensemble), attrs=_attributes(ensemble))


_FLOWS = (
    "front.taken",
    "attrition.casualties",
    "attrition.killed",
    "attrition.surrendered",
    "attrition.lost",
    "manpower.recruited",
    "strikes.launched",
    "air_defence.stopped",
)
_RATES = (
    "logistics.supply",
    "bargaining.hazard",
    "grid.served_share",
    "grid.dark",
    "grid.cold",
    "grid.blackout_hours",
    "oil.brent",
    "budget.inflation",
    "patrons.will",
    "patrons.credibility",
    "beliefs.optimism",
    "resolve.standing",
    "resolve.fighting_on",
    "resolve.least",
    "bargaining.zone",
    "bargaining.surplus",
    "bargaining.line",
    "bargaining.lasting",
    "bargaining.structural",
    "bargaining.usual",
)
_STOCKS = ("attrition.troops", "attrition.equipment", "industry.storage", "bargaining.phase", "budget.reserves")


def _values(ensemble: Ensemble) -> dict[str, np.ndarray]:
    start, series = ensemble.start, ensemble.series
    flows = {name.partition(".")[2]: _lead(series[name]) for name in _FLOWS}
    rates = {name.partition(".")[2]: _lead(series[name], np.nan) for name in _RATES}
    stocks = {name.partition(".")[2]: series[name] for name in _STOCKS}
    area = np.nan_to_num(start.area)[:, None] + np.cumsum(_lead(ensemble.net_gain()), axis=0)
    holder = np.array([town.holder for town in start.theatre.towns], dtype=np.int8)
    first_ending, first_ending_week = ending_of(stocks["phase"])
    drawn = observe.drawn(ensemble, (*_DRAWN, *observe.REPORTING))
    return {
        **flows,
        **rates,
        **stocks,
        "civilians_harmed": _lead(series["civilians.harmed"]),
        "civilians_killed": _lead(series["civilians.killed"]),
        "transferred": _lead(reduce(np.add, np.moveaxis(series["civilians.transferred"], 2, 0))),
        **_aid(ensemble, drawn),
        **_agreement(ensemble, drawn, first_ending, first_ending_week.astype(int)),
        "anchor": drawn["bargaining.anchor"].astype(np.float32),
        "talks": series["talks.regime"].astype(np.int8),
        "likely": _lead(series["bargaining.likely"].astype(np.int8)),
        "switched_on": series["patrons.on"].astype(np.int8),
        "opinion": _lead(series["opinion.share"], np.nan),
        "leader_exits": series["elites.exits"],
        "relapse_week": _first_week(series["bargaining.resumed"] > 0),
        "oil_revenue": _lead(series["oil.revenue"]),
        "oil_revenue_usual": _lead(_usual_oil_revenue(ensemble)),
        "phase": stocks["phase"].astype(np.int8),
        "town_share": series[TOWN_SHARE],
        "area": area.astype(np.float32),
        "mapped_area": observe.mapped(ensemble, area, drawn),
        "claimed": _lead(observe.claims(ensemble, drawn), np.nan),
        "town_holder": holder,
        "town_change_week": town_change_week(series[TOWN_SHARE], holder),
        "control_probability": control_probability(ensemble),
        "control_opening": start.theatre.opening_share,
        "first_ending": first_ending,
        "first_ending_week": first_ending_week,
        "ok": ensemble.ok,
        "area_error": ensemble.area_error.astype(np.float32),
    }


_DRAWN = (
    "patrons.lag",
    "patrons.guarantees",
    "patrons.credible",
    "resolve.rearm",
    *(v.name for v in declared(bargaining) if v.kind == "parameter"),
)
"""Parameters that a result is made of, beside what was simulated."""


def _aid(ensemble: Ensemble, drawn: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What patrons pledge, deliver and pay in each week, how long a pledge takes, and what guarantees are worth."""
    pledged = ensemble.series["patrons.pledged"]
    delivered = np.stack([ensemble.series[f"patrons.{good}"] for good in GOODS], axis=2)
    total = pledged.sum(axis=0)
    with np.errstate(invalid="ignore"):
        lag = (total * drawn["patrons.lag"]).sum(axis=1) / total.sum(axis=1)
    return {
        "aid_pledged": _lead(_by_kind(pledged)),
        "aid_delivered": _lead(_by_kind(delivered)),
        "aid_paid": _lead(ensemble.series["patrons.paid"]),
        "aid_lag": lag.astype(np.float32),
        "guarantee": (drawn["patrons.guarantees"] * drawn["patrons.credible"]).astype(np.float32),
    }


def _agreement(
    ensemble: Ensemble, drawn: dict[str, np.ndarray], ending: np.ndarray, week: np.ndarray
) -> dict[str, np.ndarray]:
    """What was agreed where an agreement first ended the war: its options and lands, and what makes it last."""
    series, agenda, runs = ensemble.series, ensemble.start.agenda, ensemble.runs
    signed = np.flatnonzero(np.isin(ending, (CEASEFIRE, SETTLEMENT)))
    week, package = week[signed], series["bargaining.package"][week[signed], signed].astype(int) - 1
    trust = (drawn["patrons.guarantees"] * drawn["patrons.credible"])[:, signed]
    trust = np.clip(trust * series["patrons.aligned"][week - 1, :, signed].T, 0.0, 1.0)
    agreed = np.zeros((len(agenda.label), runs), dtype=np.int8)
    awarded = np.full((len(agenda.lands.id), runs), -1, dtype=np.int8)
    promised = np.zeros((len(trust), runs), dtype=np.float32)
    holds = np.full(runs, np.nan, dtype=np.float32)
    agreed[:, signed] = series["bargaining.agreed"][week - 1, :, signed].T
    awarded[:, signed] = fates(agenda)[package].T
    promised[:, signed] = agenda.guarantee[package].T * trust
    holds[signed] = _holding(ensemble, {name: values[..., signed] for name, values in drawn.items()}, package, trust)
    return {"agreed": agreed, "awarded": awarded, "promised": promised, "holds": holds}


def fates(agenda: Agenda) -> np.ndarray:
    """What each package says of each land, as positions in `FATES`, [package, land]."""
    first, second = agenda.gives > 0
    by_line = np.where(first, 1, np.where(second, 2, np.where(agenda.neutral.max(axis=0) > 0, 3, 0)))
    return by_line[agenda.line].astype(np.int8)


def _holding(ensemble: Ensemble, drawn: dict[str, np.ndarray], package: np.ndarray, trust: np.ndarray) -> np.ndarray:
    """Chance that each agreement holds for a year, as it is and trusted [patron, run] as when it was signed."""
    if not len(package):
        return np.zeros(0)
    params = bargaining.Params(
        **{name.partition(".")[2]: jnp.asarray(drawn[name]) for name in _DRAWN if name.startswith("bargaining.")}
    )
    shift = jnp.asarray(drawn["resolve.rearm"][0] - drawn["resolve.rearm"][1])
    breaks = jax.jit(bargaining.breaking)(params, terms_of(ensemble.start), jnp.asarray(trust), shift)
    return (1 - np.asarray(breaks)[package, np.arange(len(package))]) ** YEAR


def _by_kind(goods: np.ndarray) -> np.ndarray:
    """Goods [week, patron, good, run] as arms and money, in the order of `AID`."""
    money = np.array(GOODS) == "money"
    return np.stack([goods[:, :, ~money].sum(axis=2), goods[:, :, money].sum(axis=2)], axis=2)


def _usual_oil_revenue(ensemble: Ensemble) -> np.ndarray:
    """Oil revenue as at the opening, in the season of each week, [week, side, run]."""
    opening = ensemble.series["oil.revenue"][0] - ensemble.series["oil.part"][0].sum(axis=1)
    season = ensemble.start.collection[:, np.arange(ensemble.weeks) % YEAR].T
    return (opening * season[:, :, None]).astype(np.float32)


def _lead(values: np.ndarray, first: float = 0.0) -> np.ndarray:
    """Flows with an empty week in front, so that week 0 is the opening."""
    return np.concatenate([np.full_like(values[:1], first), values])


def town_lost(share: np.ndarray, holder: np.ndarray) -> np.ndarray:
    """Whether a town is in other hands than at the opening, [week, town, run].

    `share` [week, town, run], the opening first, is the first side's of the town's disc; `holder` [town] the side that
    holds the town's point at the opening. A town changes hands when the other side has half of its disc; where the
    other side has that already at the opening, when it has half of the rest as well.
    """
    other = np.where(holder[:, None] == 0, 1 - share, share)
    needed = np.where(other[:1] < 0.5, 0.5, (1 + other[:1]) / 2)
    return other >= needed


def town_change_week(share: np.ndarray, holder: np.ndarray) -> np.ndarray:
    """First week (from 1) at which a town is in other hands, [town, run]; −1 where it never is."""
    lost = town_lost(share, holder)
    return np.where(lost.any(axis=0), lost.argmax(axis=0), -1).astype(np.int16)


def control_probability(ensemble: Ensemble) -> np.ndarray:
    """Share of runs in which the first side holds at least half of a cell, [week, cell]."""
    return (ensemble.control / ensemble.runs).astype(np.float32)


def ending_of(phase: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Kind and week of each run's first ending, from the phases [week, run], the opening first."""
    ended = phase != WAR
    week = ended.argmax(axis=0)
    kind = np.take_along_axis(phase, week[None], axis=0)[0]
    return kind.astype(np.int8), week.astype(np.int16)


def _first_week(happened: np.ndarray) -> np.ndarray:
    """First week (from 1) in which something happened, from [week, run] without the opening; 0 where it never did."""
    return np.where(happened.any(axis=0), happened.argmax(axis=0) + 1, 0).astype(np.int16)


def _coordinates(ensemble: Ensemble) -> dict[str, Any]:
    start, theatre = ensemble.start, ensemble.start.theatre
    weeks = np.arange(ensemble.weeks + 1)
    first = theatre.dates[-1].astype("datetime64[ns]")
    war = start.scenario.war
    return {
        "week": weeks,
        "date": ("week", first + weeks * np.timedelta64(7, "D").astype("timedelta64[ns]")),
        "axis": list(start.labels["axis"]),
        "side": ("side", list(start.labels["side"]), {"names": [side.name for side in war.sides]}),
        "item": ("item", list(start.labels["item"]), {"names": [item.name for item in war.items]}),
        "claim": list(start.labels["claim"]),
        "weapon": ("weapon", list(WEAPONS), {"names": [_readable(name) for name in WEAPONS]}),
        "patron": (
            "patron",
            list(start.labels["patron"]),
            {"names": [patron.name for patron in war.patrons], "supports": [patron.supports for patron in war.patrons]},
        ),
        "aid": list(AID),
        "switch": list(SWITCHES),
        "question": ("question", list(QUESTIONS), {"names": list(ASKED)}),
        "ending": list(ENDINGS),
        **_negotiable(start.agenda),
        "town": [town.name for town in theatre.towns],
        "town_latitude": ("town", np.array([town.latitude for town in theatre.towns])),
        "town_longitude": ("town", np.array([town.longitude for town in theatre.towns])),
        "run": ensemble.first + np.arange(ensemble.runs),
        "cell": theatre.cell,
        "latitude": ("cell", theatre.latitude),
        "longitude": ("cell", theatre.longitude),
        "cell_axis": ("cell", theatre.axis.astype(np.int8)),
    }


def _negotiable(agenda: Agenda) -> dict[str, Any]:
    """Lands, issues and options: `option_gives` is 1 where an option awards land, `option_depth` the zone in km."""
    options, issues = agenda.options, agenda.issues
    return {
        "land": ("land", list(agenda.lands.id), {"names": list(agenda.lands.name)}),
        "issue": ("issue", [issue.id for issue in issues], {"names": [issue.name for issue in issues]}),
        "issue_rider": ("issue", np.array([issue.rider for issue in issues], dtype=np.int8)),
        "option": ("option", list(agenda.label), {"names": [option.name for option in options]}),
        "option_issue": ("option", agenda.issue.astype(np.int8)),
        "option_gives": ("option", np.array([_gives(option) for option in options], dtype=np.int8)),
        "option_depth": ("option", np.array([option.depth_km for option in options], dtype=np.float32)),
    }


def _gives(option: Option) -> bool:
    """Whether an option awards land, rather than leave it as held."""
    return any(not fate.endswith(DEMILITARISED) for fate in option.lands.values())


def _readable(name: str) -> str:
    """A label of the model as the name of things: attack_drone, Attack drones."""
    return f"{name}s".replace("_", " ").capitalize()


def _attributes(ensemble: Ensemble) -> dict[str, Any]:
    start = ensemble.start
    scenario = start.scenario
    return {
        "scenario": scenario.id,
        "title": scenario.title,
        "question": scenario.question,
        "background": list(scenario.background),
        "scenario_document": scenario.model_dump_json(),
        "side_names": [side.name for side in scenario.war.sides],
        "opening": str(scenario.opening),
        "values": start.valuation.told(scenario) if start.valuation else FORTS,
        "seed": ensemble.seed,
        "runs": ensemble.runs,
        "weeks": ensemble.weeks,
        "failed_runs": int((~ensemble.ok).sum()),
        "version": VERSION,
        "chunk": CHUNK,
        "fingerprint": fingerprint(start, runs=ensemble.runs, weeks=ensemble.weeks, seed=ensemble.seed),
        "evidence_hash": start.evidence_hash,
        "evidence_as_of": start.evidence_as_of,
        "assumptions": json.dumps(assumptions(start)),
        "notes": json.dumps(list(UNKNOWN)),
        "created": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
    }


def assumptions(start: Start) -> list[dict[str, Any]]:
    """Every number that went in: name, unit, 5/50/95 %, what kind it is, source, and since when it is known."""
    taught = values(start, cube(start, 0, np.arange(TAUGHT_RUNS, dtype=np.uint32)))
    rows: list[dict[str, Any]] = []
    latest = {(choice.variable.name, choice.index): choice for choice in start.choices}
    calibrated = {name for law in start.calibrated for name in law.names}
    for choice in latest.values():
        if choice.variable.name + (f"[{','.join(choice.index)}]" if choice.index else "") in calibrated:
            continue
        if choice.value is None and choice.variable.name in LEARNED:
            rows += _taught(start, choice.variable, taught[choice.variable.name])
            continue
        variable, value = choice.variable, choice.value
        points = choice.prior.quantile(np.array([0.05, 0.5, 0.95]))
        kind = "value" if value else "definition" if variable.source == "definition" else "prior"
        source, known_on = (value.source, str(value.known_on)) if value else (variable.source, variable.known_on)
        rows.append(_assumption(variable, choice.index, points, kind, source, known_on, value.trust if value else ""))
    return rows + list(_calibrated(start))


def _calibrated(start: Start) -> Iterator[dict[str, Any]]:
    """What calibration taught, number by number."""
    known = variables()
    source = f"calibrated on the record up to {start.cut_off}"
    for law in start.calibrated:
        for name, prior, centre, spread in zip(law.names, law.priors, law.centre, law.spread, strict=True):
            variable, index = spec.split(name)
            points = np.array(posterior.points(prior, centre, spread))
            yield _assumption(known[variable], index, points, "calibrated", source, start.cut_off, "")


def _taught(start: Start, variable: Variable, drawn: np.ndarray) -> Iterator[dict[str, Any]]:
    """What the record taught of a parameter, part by part, as drawn."""
    labels = [start.labels[dim] for dim in variable.dims if dim != "run"]
    for place in np.ndindex(*drawn.shape[:-1]):
        index = tuple(names[k] for names, k in zip(labels, place, strict=True))
        points = np.quantile(drawn[place], [0.05, 0.5, 0.95])
        yield _assumption(variable, index, points, "learned", LEARNED[variable.name], start.evidence_as_of, "")


def _assumption(
    variable: Variable,
    index: tuple[str, ...],
    points: np.ndarray,
    kind: str,
    source: str | None,
    known_on: str | None,
    trust: str,
) -> dict[str, Any]:
    low, mid, high = (float(point) for point in points)
    return {
        "name": variable.name + (f"[{','.join(index)}]" if index else ""),
        "unit": variable.unit,
        "low": low,
        "mid": mid,
        "high": high,
        "kind": kind,
        "source": source,
        "known_on": known_on,
        "trust": trust,
        "doc": variable.doc,
    }
