"""Sealed forecasts: what was said, when, from what, so that nobody can change it and anybody can judge it.

A sealed forecast is one JSON file: statements that a third party can resolve, the words that say how, quantiles and
draws, and a seal over all of it. The seal needs the file alone: `v1:` and the sha256 of the rest as canonical JSON
(keys sorted, no spaces, ASCII, numbers as written by the shortest decimal that reads back the same). A later program
may write another version; it must go on reading this one.

Grading scores every statement whose date the evidence has reached. A town that has changed hands already is graded on
its date all the same: to grade such statements early, and the others not, would flatter the forecast or slander it.

Left out: endings are stated but not graded, since no series of the evidence records them; a person must.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ceasefire.evidence.error import CeasefireError, EvidenceError
from ceasefire.evidence.gazetteer import Gazetteer
from ceasefire.evidence.geography import Place
from ceasefire.evidence.source import SOURCES
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.model.bargaining import FROZEN, PHASES, WAR
from ceasefire.scenario.spec import Scenario
from ceasefire.study import score
from ceasefire.study.scoreboard import today
from ceasefire.study.summary import finished

FORMAT, FORMAT_VERSION = "ceasefire-sealed-forecast", 1
HASHES = ("v1",)
"""Versions of the seal that this program can check; it writes the last."""
HORIZONS = (4, 13, 26, 52)
LEVELS = (5, 10, 25, 50, 75, 90, 95)
DRAWS = 200
DIGITS = 6
MAPS = "deepstatemap"
"""Source of the maps of control."""
LARGEST_FILE = 64 * 2**20

DEFINITIONS = {
    "date": (
        "Every statement is about the change from `base_date` to `date`, both days of weekly maps (Saturdays). Values "
        "are those first published for these days; where they were revised, the value known on the day of grading."
    ),
    "area": (
        "Change, in km², of the ground within the recorded country (see CITATION) that the weekly polygons of control "
        "show as held by FIRST, contested ground not included, measured on an equal-area projection: series "
        "`area.total` and, by axis, `area.<axis>`, a sector with fixed edges in longitude and latitude."
    ),
    "claimed_losses": (
        "Increase of the cumulative count of FIRST's losses as SECOND publishes them day by day: the series named in "
        "the statement, at the end of each day. Claims are forecast, not true losses."
    ),
    "town": (
        "A town changes hands by `date` if on any weekly map after `base_date` and up to `date` the side that does not "
        "hold it at the opening has at least half of its disc; where that side had half or more on the map of "
        "`base_date`, at least half of the rest as well. The disc is the circle around `latitude`, `longitude` with "
        "`radius_km`; shares are of its area, with the polygons of `area`. Holding it again later does not undo it."
    ),
    "ending": (
        "The first ending after `base_date`, up to `date`, by kind; the kinds exclude one another, and what remains is "
        "the chance that the war goes on. It starts on the day its conditions begin to hold, and counts once they have "
        "been met. No series records endings: a judge decides by these words from public reports."
    ),
    "ending.ceasefire": (
        "Both governments have declared or signed a halt of ground and air attacks along the whole line, no settlement "
        "being signed, and for 28 days both sides' daily reports speak of no offensive."
    ),
    "ending.settlement": (
        "Representatives of both governments have signed a document that declares the war ended and settles or puts "
        "off the status of the territory held, and fighting along the line has stopped."
    ),
    "ending.dictated by the first side": (
        "The government of SECOND has accepted in writing, or its forces have laid down arms under, terms that give "
        "FIRST its publicly stated territorial demands in full."
    ),
    "ending.dictated by the second side": (
        "The government of FIRST has accepted in writing, or its forces have laid down arms under, terms that give "
        "SECOND its publicly stated territorial demands in full."
    ),
    "ending.fade": (
        "Without any agreement, 13 weekly maps in succession show less than 5 km² of change in total, and neither side "
        "reports an offensive in that time."
    ),
}
"""How each statement is to be resolved, with the sides' names to fill in; numbers in them are conventions."""


class SealError(CeasefireError):
    """A sealed forecast cannot be written, read, or trusted."""


# -------------------------------------------------------------------------------------------------------------- sealing


def seal(result: xr.Dataset) -> dict[str, Any]:
    """A result as a sealed forecast. Raises `SealError` where it is shorter than the first horizon."""
    used = finished(result)
    horizons = [week for week in HORIZONS if week < result.sizes["week"]]
    if not horizons:
        raise SealError(
            f"the result spans {result.sizes['week'] - 1} weeks; {HORIZONS[0]} are needed for a sealed forecast"
        )
    attrs = result.attrs
    scenario = Scenario.model_validate_json(attrs["scenario_document"])
    document = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "scenario": str(attrs["scenario"]),
        "question": str(attrs["question"]),
        "opening": str(attrs["opening"]),
        "base_date": _day(used, 0),
        "evidence_as_of": str(attrs["evidence_as_of"]),
        "evidence_hash": str(attrs["evidence_hash"]),
        "code_version": str(attrs["version"]),
        "seed": int(attrs["seed"]),
        "runs": int(attrs["runs"]),
        "made": str(attrs["created"]),
        "sides": [str(name) for name in attrs["side_names"]],
        "definitions": definitions(*(str(name) for name in attrs["side_names"])),
        "quantities": [s for week in horizons for s in _quantities(used, scenario, week)],
        "towns": [s for week in horizons for s in _towns(used, week)],
        "endings": [_endings(used, week) for week in horizons],
    }
    return document | {"seal": digest(document)}


def definitions(first: str, second: str) -> dict[str, str]:
    """The definitions with the names of the sides and the source of the maps."""
    names = {"FIRST": first, "SECOND": second, "CITATION": SOURCES[MAPS].citation}
    return {key: re.sub("|".join(names), lambda m: names[m[0]], text) for key, text in DEFINITIONS.items()}


def digest(document: dict[str, Any], version: str = HASHES[-1]) -> str:
    """The seal of everything in a document but the seal itself."""
    rest = {key: value for key, value in document.items() if key != "seal"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return f"{version}:{hashlib.sha256(text.encode('ascii')).hexdigest()}"


def _day(result: xr.Dataset, week: int) -> str:
    return str(result["date"].to_numpy()[week])[:10]


def _quantities(result: xr.Dataset, scenario: Scenario, week: int) -> Iterator[dict[str, Any]]:
    area = result["mapped_area"].transpose("week", "axis", "run").to_numpy().astype(np.float64)
    change = area[week] - area[0]
    yield _quantity(result, "area", "area.total", "km2", week, change.sum(axis=0))
    for axis, values in zip(result["axis"].to_numpy(), change, strict=True):
        yield _quantity(result, "area", f"area.{axis}", "km2", week, values)
    prefix = scenario.war.sides[0].claims
    if prefix:
        claimed = result["claimed"].transpose("week", "claim", "run").to_numpy()[1 : week + 1].sum(axis=0)
        for claim, values in zip(result["claim"].to_numpy(), claimed, strict=True):
            yield _quantity(result, "claimed_losses", f"{prefix}.{claim}", "count", week, values)


def _quantity(
    result: xr.Dataset, definition: str, series: str, unit: str, week: int, values: NDArray[np.floating]
) -> dict[str, Any]:
    kept = np.arange(min(DRAWS, len(values))) * len(values) // min(DRAWS, len(values))
    return {
        "definition": definition,
        "series": series,
        "unit": unit,
        "weeks": week,
        "date": _day(result, week),
        "quantiles": {str(level): _rounded(np.quantile(values, level / 100)) for level in LEVELS},
        "draws": [_rounded(value) for value in values[kept]],
    }


def _rounded(value: float) -> float:
    """The decimal number that is written, with `DIGITS` significant digits."""
    return float(f"{float(value):.{DIGITS}g}") + 0.0


def _towns(result: xr.Dataset, week: int) -> Iterator[dict[str, Any]]:
    changed = result["town_change_week"].transpose("town", "run").to_numpy()
    for k, town in enumerate(result["town"].to_numpy()):
        place = _place(str(town))
        yield {
            "definition": "town",
            "town": str(town),
            "latitude": _rounded(result["town_latitude"].to_numpy()[k]),
            "longitude": _rounded(result["town_longitude"].to_numpy()[k]),
            "radius_km": _rounded(place.radius_km) if place else None,
            "held_by": str(result.attrs["side_names"][int(result["town_holder"].to_numpy()[k])]),
            "weeks": week,
            "date": _day(result, week),
            "probability": _rounded(np.mean((changed[k] >= 1) & (changed[k] <= week))),
        }


def _place(name: str) -> Place | None:
    try:
        return Gazetteer.packaged().find(name)
    except EvidenceError:
        return None


def _endings(result: xr.Dataset, week: int) -> dict[str, Any]:
    kind = result["first_ending"].to_numpy()
    ended = (kind != WAR) & (result["first_ending_week"].to_numpy() <= week)
    return {
        "definition": "ending",
        "weeks": week,
        "date": _day(result, week),
        "probability": {
            name: _rounded(np.mean(ended & (kind == k))) for k, name in enumerate(PHASES) if WAR < k < FROZEN
        },
    }


def write(document: dict[str, Any], path: Path) -> None:
    """Write a sealed forecast, whole or not at all. Raises `SealError` where something is in its place already."""
    aside = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        os.link(aside, path)  # unlike a rename, this never replaces a file
    except FileExistsError:
        raise SealError(f"{path} exists; a sealed forecast is never overwritten: name another file") from None
    except OSError as error:
        raise SealError(f"cannot write {path}: {error.strerror or error}") from None
    finally:
        aside.unlink(missing_ok=True)


# -------------------------------------------------------------------------------------------------------------- grading


@dataclass(frozen=True)
class Grade:
    """One statement, graded or pending."""

    statement: str
    date: str
    forecast: float
    """Median of a quantity, probability of an event."""
    unit: str
    observed: float | None = None
    """Change of a quantity; 1 or 0 for an event."""
    score: float | None = None
    """CRPS of a quantity in its unit, squared error of a probability."""
    inside: tuple[bool, bool] | None = None
    """Whether a quantity fell within the central 50 and 90 %."""
    pending: str = ""
    """Why it is not graded yet."""


@dataclass(frozen=True)
class Report:
    """Every statement of a sealed forecast, graded as far as the evidence goes."""

    scenario: str
    opening: str
    code_version: str
    seal: str
    observed_until: str
    graded: tuple[Grade, ...]
    pending: tuple[Grade, ...]

    def totals(self) -> dict[str, float]:
        """How many fell inside, and the mean squared error of probabilities."""
        inside = np.array([grade.inside for grade in self.graded if grade.inside is not None])
        errors = [grade.score for grade in self.graded if grade.inside is None and grade.score is not None]
        told: dict[str, float] = {"quantities": len(inside), "probabilities": len(errors)}
        if len(inside):
            told |= {"inside50": float(inside[:, 0].mean()), "inside90": float(inside[:, 1].mean())}
        return told | ({"brier": float(np.mean(errors))} if errors else {})


def read(path: Path) -> dict[str, Any]:
    """A sealed forecast whose seal is unbroken. Raises `SealError` where it is not, with what is wrong."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise SealError(f"{path} is larger than any sealed forecast")
        document = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_once, parse_constant=_refuse)
    except OSError as error:
        raise SealError(f"cannot read {path}: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise SealError(f"{path} is no sealed forecast: {error}") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise SealError(f"{path} is no sealed forecast; `ceasefire seal RESULT --out FILE` writes one")
    version = str(document.get("seal", "")).split(":")[0]
    if version not in HASHES:
        raise SealError(f"{path} has a seal of version {version or 'none'!r}; this program checks {', '.join(HASHES)}")
    if document["seal"] != digest(document, version):
        raise SealError(f"{path} is not what was sealed: its content was changed after sealing, and it is not graded")
    if document.get("format_version") != FORMAT_VERSION:
        found = document.get("format_version")
        raise SealError(f"{path} is unchanged, and of format {found}; this program grades format {FORMAT_VERSION}")
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a key is there twice")
    return table


def _refuse(text: str) -> None:
    raise ValueError(f"{text} is no number")


def grade(document: dict[str, Any], store: Store) -> Report:
    """Score every statement whose date the evidence has reached; list the rest."""
    known = today(store)
    base = np.datetime64(document["base_date"])
    try:
        grades = [
            *(_grade_quantity(statement, base, known) for statement in document["quantities"]),
            *(_grade_town(statement, base, document["sides"], known) for statement in document["towns"]),
            *(grade for statement in document["endings"] for grade in _grade_ending(statement)),
        ]
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise SealError(f"the seal is unbroken, but a statement cannot be read: {error!r}") from None
    return Report(
        scenario=document["scenario"],
        opening=document["opening"],
        code_version=document["code_version"],
        seal=document["seal"],
        observed_until=str(known.latest_control_date),
        graded=tuple(g for g in grades if not g.pending),
        pending=tuple(g for g in grades if g.pending),
    )


def _grade_quantity(statement: dict[str, Any], base: np.datetime64, known: Vintage) -> Grade:
    name, date, unit = statement["series"], statement["date"], statement["unit"]
    median, spread = statement["quantiles"]["50"], statement["quantiles"]
    told = f"{name} changes in {statement['weeks']} weeks by"
    if name not in known.names():
        return Grade(told, date, median, unit, pending=f"the evidence has no series {name}")
    series = known.series(name)
    levels = dict(zip(series.dates, series.values, strict=True))  # of revisions, the last
    then = np.datetime64(date)
    if then not in levels or base not in levels:
        missing = date if base in levels else str(base)
        return Grade(told, date, median, unit, pending=f"{name} is not known for {missing}")
    observed = float(levels[then] - levels[base])
    draws = np.array(statement["draws"], dtype=np.float64)
    inside = (spread["25"] <= observed <= spread["75"], spread["5"] <= observed <= spread["95"])
    return Grade(told, date, median, unit, observed, float(score.crps(draws, observed)), inside)


def _grade_town(statement: dict[str, Any], base: np.datetime64, sides: list[str], known: Vintage) -> Grade:
    date, chance = statement["date"], statement["probability"]
    told = f"{statement['town']} changes hands within {statement['weeks']} weeks"
    place = _place(statement["town"])
    if known.latest_control_date < np.datetime64(date):
        return Grade(told, date, chance, "1", pending=f"no map of {date} yet")
    if place is None or abs(place.latitude - statement["latitude"]) > 0.01:
        return Grade(told, date, chance, "1", pending="the gazetteer knows no such place")
    history = known.place(place)
    then = (history.dates >= base) & (history.dates <= np.datetime64(date))
    other = history.disc[then] if statement["held_by"] == sides[1] else 1 - history.disc[then]
    if not len(other) or history.dates[then][0] != base:
        return Grade(told, date, chance, "1", pending=f"no map of {base}")
    happened = float(changed_hands(other))
    return Grade(told, date, chance, "1", happened, (chance - happened) ** 2)


def changed_hands(other: NDArray[np.floating]) -> bool:
    """Whether a town changes hands, from the other side's share of its disc map by map, the opening first."""
    needed = 0.5 if other[0] < 0.5 else (1 + other[0]) / 2
    return bool((other[1:] >= needed).any())


def _grade_ending(statement: dict[str, Any]) -> Iterator[Grade]:
    for kind, chance in statement["probability"].items():
        told = f"the war first ends within {statement['weeks']} weeks: {kind}"
        yield Grade(told, statement["date"], chance, "1", pending="no series records endings; a judge must")


def render(report: Report) -> str:
    """A report as text: totals, what was graded, what is pending."""
    totals = report.totals()
    counts = f"{len(report.graded)} statements graded, {len(report.pending)} pending"
    lines = [
        f"The seal is unbroken: {report.seal}",
        f"{report.scenario}, opened on {report.opening}, version {report.code_version}",
        f"evidence until {report.observed_until}: {counts}",
    ]
    if "inside90" in totals:
        inside = (
            f"{100 * totals['inside50']:.0f} % inside the central 50 %, {100 * totals['inside90']:.0f} % inside 90 %"
        )
        lines.append(f"Quantities: {inside} ({totals['quantities']:.0f} graded; neighbours move together)")
    if "brier" in totals:
        lines.append(f"Probabilities: mean squared error {totals['brier']:.4f} ({totals['probabilities']:.0f} graded)")
    lines += ["", "Graded"] if report.graded else []
    lines += [f"  {_graded(each)}" for each in report.graded]
    lines += ["", "Pending"] if report.pending else []
    lines += [f"  {each.date}  {each.statement} {each.forecast:,.4g} ({each.pending})" for each in report.pending]
    return "\n".join(lines)


def _graded(each: Grade) -> str:
    if each.inside is None:
        outcome = "it did" if each.observed else "it did not"
        return f"{each.date}  {each.statement}: {each.forecast:.0%} said, {outcome}; squared error {each.score:.4f}"
    place = "inside 50 %" if each.inside[0] else "inside 90 %" if each.inside[1] else "OUTSIDE 90 %"
    return (
        f"{each.date}  {each.statement} {each.forecast:,.4g} {each.unit} (median); observed {each.observed:,.4g}, "
        f"{place}; CRPS {each.score:,.4g}"
    )
