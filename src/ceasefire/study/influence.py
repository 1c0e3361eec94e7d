"""Influence: what each source does to the forecast, and what a new claim would be worth.

Each source that the opening draws on is dropped in turn: its claims are fused no more, its observations are not in the
record, its numbers not in the scenario; what stands then is what others say, or the prior. The same wars are fought
again with the same luck (`whatif.py` has the paired mechanics), so that the change of the headline is owed to the
source. One compiled program serves all, since the numbers of an opening are inputs to it.

What a claim about a number x would be worth is told before it is made, from the same runs. With z the number on the
scale where errors add up (log, log odds, or as it is), P its variance over the runs, σ the sd of a claim of the given
grade (`evidence/fuse.py`), Y a headline and R² the share of its variance that is linear in z,

    Var(Y | a claim), on average = Var(Y) · (1 − R² · P / (P + σ²))

R² is adjusted for the number of runs, (R² (n − 1) − 1) / (n − 2), at least 0; its 95 % interval is Fisher's, for one
number at a time. Of many numbers that do nothing some would seem to do something: a number is seen to matter where its
correlation is so strong that, of all those looked at, one that does nothing would be expected to reach it at most. Of
those that are seen, the first are flattered by luck.

Left out: the map, without which there is no opening; what was elicited for this project, which nobody else says; what
fighting on is worth, which stays as it was fitted with every source; curvature, and numbers that act only together.

Reference: Fisher 1921, Metron 1 (interval of a correlation).
"""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit, ndtri

from ceasefire.evidence import fuse
from ceasefire.evidence.error import suggestion
from ceasefire.evidence.series import Observation
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario import record
from ceasefire.scenario.fused import FUSED
from ceasefire.scenario.spec import Scenario, ScenarioError, Value
from ceasefire.scenario.start import Choice, Start, open_war, reread
from ceasefire.simulate import draws
from ceasefire.simulate import ensemble as many
from ceasefire.simulate.cache import keep_compiled
from ceasefire.simulate.pool import Workers, worked
from ceasefire.simulate.result import VERSION
from ceasefire.simulate.run import CHUNK, Chunk, Engine
from ceasefire.study.forecast import opened
from ceasefire.study.measure import NEEDED, Output, headline_measures, measured
from ceasefire.study.whatif import Comparison, Gathered, Tally, check_runs

FORMAT = 1
RUNS = 256
AHEAD = 26
"""Weeks after which ground and losses are told; the end of the fighting is told at the last week."""
GRADES = ("A1", "B2", "C3")
"""Quality of the new claims that are priced."""
ELICITED = "elicited"
MAP = "deepstatemap"
MOST_NAME = 60

FloatArray = NDArray[np.float64]
Told = tuple[str, int]
"""Name of a headline and the week at which it is told."""


@dataclass(frozen=True)
class Dropped:
    """A source, and what the forecast would be without it."""

    source: str
    numbers: tuple[str, ...]
    """Numbers of the opening that change without it."""
    headline: Comparison
    """With every source (`baseline`) and without this one (`treated`), at the weeks told of."""
    failed_runs: int


@dataclass(frozen=True)
class Worth:
    """What new claims about a number would be worth to a headline."""

    number: str
    unit: str
    low: float
    middle: float
    high: float
    source: str
    share: float
    """R²: share of the headline's variance that is linear in the number."""
    share_low: float
    share_high: float
    seen: bool
    """Beyond what luck would do among all the numbers looked at."""
    after: tuple[float, ...]
    """Sd of the headline after a claim of each of `GRADES`, expected before it is made."""


@dataclass(frozen=True)
class Headline:
    """A headline, its spread over runs, and what would narrow it."""

    output: Output
    week: int
    mean: float
    sd: float
    worth: tuple[Worth, ...]
    """Of every uncertain number, those that matter most first."""


@dataclass(frozen=True)
class Influence:
    """Every source dropped in turn, those first that move the forecast most."""

    scenario: str
    title: str
    opening: str
    weeks: int
    runs: int
    seed: int
    version: str
    evidence_hash: str
    dropped: tuple[Dropped, ...]
    headlines: tuple[Headline, ...]


def influence(
    scenario: str | Path | Scenario = "alaska-2025-08",
    *,
    match: str = "",
    runs: int = RUNS,
    weeks: int = 52,
    seed: int = 1,
    on: str | dt.date | None = None,
    evidence: str | Path | None = None,
    workers: Workers = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Influence:
    """Drop every source whose name contains `match` in turn. Progress is told in chunks of wars, of all openings.

    Raises `CeasefireError` with what was asked, what was found and what would do.
    """
    check_runs(runs)
    many.check(runs, weeks, seed, workers)
    asked = opened(scenario, on)
    store = Store.open(evidence)
    names = chosen(sources(asked, store), match)
    start = open_war(asked, Vintage(store, asked.opening))
    without = openings_without(start, store, names)
    keep_compiled()
    dropped, headlines = of_start(
        start, without, runs=runs, weeks=weeks, seed=seed, workers=workers, on_progress=on_progress
    )
    return Influence(
        scenario=asked.id,
        title=asked.title,
        opening=str(asked.opening),
        weeks=weeks,
        runs=runs,
        seed=seed,
        version=VERSION,
        evidence_hash=start.evidence_hash,
        dropped=dropped,
        headlines=headlines,
    )


def chosen(known: Sequence[str], match: str) -> tuple[str, ...]:
    """Sources whose name contains `match`. Raises `ScenarioError` where there is none."""
    kept = tuple(name for name in known if match.casefold() in name.casefold())
    if not kept:
        listed = ", ".join(known) or "none"
        raise ScenarioError(f"no source contains {match!r:.60}{suggestion(match, known)}; there are: {listed}")
    return kept


# ------------------------------------------------------------------------------------------------------------- sources


def source_of(value: Value) -> str:
    """Who a number of a scenario is from: the speaker named in its source, or the words before the first stop.

    A number of trust D that names nobody is this project's own judgement.
    """
    known = fuse.named(value.source)
    if known is not None:
        return known[0]
    text = re.split(r"[,;:(]", value.source, maxsplit=1)[0].strip()
    if value.trust == "D" or not text or text[0].isdigit() or text.casefold().startswith(_OWN):
        return ELICITED
    return text[:MOST_NAME]


_OWN = (ELICITED, "general knowledge", "definition")


def speaks(row: Observation) -> str:
    """Who an observation is from."""
    return fuse.speaker(row)[0]


def sources(scenario: Scenario, store: Store) -> tuple[str, ...]:
    """Everybody whom an opening draws on, by name: who is heard in the record it reads, and in its own numbers."""
    limit, wanted = str(scenario.opening), _feeding(scenario)
    heard = {
        (row.source, row.note, row.trust): row
        for row in store.observations
        if row.date <= limit and row.published <= limit and row.source != MAP and _feeds(row.name, wanted)
    }
    names = {speaks(row) for row in heard.values()} | {source_of(value) for value in scenario.known_values()}
    return tuple(sorted(names - {ELICITED}))


def openings_without(start: Start, store: Store, names: Sequence[str]) -> dict[str, Start]:
    """The opening without each source, by its name; only where a number of it changes."""
    whose: dict[tuple[str, str, str], str] = {}
    for row in store.observations:
        key = (row.source, row.note, row.trust)
        if row.source != MAP and key not in whose:
            whose[key] = speaks(row)
    found = {}
    for name in names:
        kept = tuple(row for row in store.observations if whose.get((row.source, row.note, row.trust)) != name)
        less = Vintage(dataclasses.replace(store, observations=kept), start.scenario.opening)
        other = reread(start, _without(start.scenario, name), less)
        if moved(start, other):
            found[name] = other
    return found


def _feeding(scenario: Scenario) -> tuple[str, ...]:
    """Series that an opening reads, or their stems."""
    war = scenario.war
    records = [name for entry in scenario.records() for name in (entry.series, entry.per)]
    lines = [line for entry in scenario.fusions() for line in entry.lines]
    legs = [leg for entry in scenario.fusions() for leg in entry.balances]
    lines += [line for leg in legs for line in (leg.inflow, leg.outflow) if line is not None]
    polls = [name for poll in war.polls for name in (poll.series, poll.against, poll.size)]
    losses = [f"{side.claims}." for side in war.sides if side.claims]
    return tuple(name for name in (*records, *(line.series for line in lines), *polls, *losses) if name)


def _feeds(name: str, wanted: Sequence[str]) -> bool:
    return any(name == one or (one.endswith(".") and name.startswith(one)) for one in wanted)


def _without(scenario: Scenario, source: str) -> Scenario:
    """The scenario without the numbers of a source."""
    war = [value for value in scenario.war.value if source_of(value) != source]
    own = [value for value in scenario.value if source_of(value) != source]
    kept = scenario.war.model_copy(update={"value": tuple(war)})
    return scenario.model_copy(update={"war": kept, "value": tuple(own)})


def moved(start: Start, other: Start) -> tuple[str, ...]:
    """Numbers that differ between two openings of one war, and what was learned otherwise."""
    one, two = _numbers(start), _numbers(other)
    names = [name for name in sorted(one.keys() | two.keys()) if one.get(name) != two.get(name)]
    sides, questions = start.labels["side"], start.labels["question"]
    for (side, item), losses in start.intensity.items():
        if not _same(losses, other.intensity.get((side, item))):
            names.append(f"losses[{sides[side]},{item}]")
    for (side, question), opinion in start.opinion.items():
        if not _same(opinion, other.opinion.get((side, question))):
            names.append(f"opinion[{sides[side]},{questions[question]}]")
    return tuple(names)


def _same(one: Any, other: Any) -> bool:
    """Whether two records of arrays hold the same."""
    if type(one) is not type(other) or not dataclasses.is_dataclass(one):
        return bool(np.array_equal(np.asarray(one), np.asarray(other)))
    return all(_same(getattr(one, part.name), getattr(other, part.name)) for part in dataclasses.fields(one))


def _numbers(start: Start) -> dict[str, tuple[float, ...]]:
    """Every number that an opening was given, by name, as it counts."""
    return {
        _name(choice): (choice.value.low, choice.value.mid, choice.value.high)
        for choice in start.choices
        if choice.value is not None
    }


def _name(choice: Choice) -> str:
    return choice.variable.name + (f"[{','.join(choice.index)}]" if choice.index else "")


# ----------------------------------------------------------------------------------------------------------- the study


class _Told(NamedTuple):
    """What is kept of a chunk."""

    headline: FloatArray
    """[output, week, run]"""
    ok: NDArray[np.bool_]


def of_start(
    start: Start,
    without: Mapping[str, Start],
    *,
    runs: int,
    weeks: int,
    seed: int = 1,
    workers: Workers = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> tuple[tuple[Dropped, ...], tuple[Headline, ...]]:
    """Fight the wars of an opening, and those of the openings without each source, with the same luck."""
    asked = headline_measures(start)
    told_at = tuple(sorted({min(AHEAD, weeks), weeks}))
    engine = Engine(start, weeks=weeks, seed=seed, keep=NEEDED)
    openings = (start, *without.values())
    gathered = [Gathered(Tally(asked, told_at), None) for _ in without]

    def told(chunk: Chunk) -> _Told:
        return _Told(measured(chunk.series, asked, told_at), chunk.ok)

    def work(number: int) -> _Told:
        chunk, opening = divmod(number, len(openings))
        return told(_opened_with(engine, openings[opening]).chunk(chunk, runs))

    found: dict[int, dict[int, _Told]] = {}
    firsts: dict[int, _Told] = {}
    jobs = -(-runs // CHUNK) * len(openings)
    for done, (number, each) in enumerate(worked(work, jobs, workers, "openings"), 1):
        chunk, opening = divmod(number, len(openings))
        found.setdefault(chunk, {})[opening] = each
        if len(found[chunk]) == len(openings):
            firsts[chunk] = _gather(gathered, [told for _, told in sorted(found.pop(chunk).items())])
        if on_progress:
            on_progress(done, jobs)
    parts = [firsts[chunk] for chunk in sorted(firsts)]
    listed = tuple(
        Dropped(name, moved(start, other), each.headline.comparison(), each.failed)
        for (name, other), each in zip(without.items(), gathered, strict=True)
    )
    every = _Told(np.concatenate([p.headline for p in parts], axis=-1), np.concatenate([p.ok for p in parts]))
    outputs = tuple(output for measure in asked for output in measure.outputs)
    priced = tuple(priced_headlines(start, outputs, told_at, every.headline, every.ok, seed=seed))
    return tuple(sorted(listed, key=_order)), priced


def _opened_with(engine: Engine, start: Start) -> Engine:
    """The same engine, ground and program, for an opening with other numbers."""
    other = copy.copy(engine)
    other.start = start
    return other


def _gather(gathered: Sequence[Gathered], found: Sequence[_Told]) -> _Told:
    first = found[0]
    for each, other in zip(gathered, found[1:], strict=True):
        fine = first.ok & other.ok
        each.failed += int((~fine).sum())
        each.headline.add(first.headline[..., fine], other.headline[..., fine])
    return first


def _order(dropped: Dropped) -> tuple[float, str]:
    rows = [row for row, _ in told_rows(dropped.headline.outputs, dropped.headline.weeks)]
    return -float(dropped.headline.strength[rows].max(initial=0.0)), dropped.source


def told_rows(outputs: Sequence[Output], weeks: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Rows of the headlines that are told, each with its week: ground, people lost by side, an end to the fighting."""
    at = {"area": weeks[0], "people_lost": weeks[0], "fighting_ended": weeks[-1]}
    found = [(row, at[output.name]) for row, output in enumerate(outputs) if output.name in at]
    return tuple(sorted(found, key=lambda pair: list(at).index(outputs[pair[0]].name)))


# --------------------------------------------------------------------------------------------------------------- worth


def priced_headlines(
    start: Start,
    outputs: Sequence[Output],
    weeks: Sequence[int],
    headline: FloatArray,
    ok: NDArray[np.bool_],
    *,
    seed: int,
) -> Iterator[Headline]:
    """What a claim about each number would be worth to each headline [output, week, run]; runs that failed are out."""
    names, choices, points = uncertain(start, seed, len(ok))
    points = points[:, ok]
    for row, week in told_rows(outputs, weeks):
        values = headline[row, list(weeks).index(week)][ok]
        sd = float(values.std(ddof=1)) if len(values) > 1 else math.nan
        found = zip(names, choices, correlations(points, values), points.var(axis=1), strict=True)
        luck = largest_by_luck(len(names), len(values))
        worth = [
            _worth(name, choice, float(r), float(spread), sd, len(values), seen=abs(float(r)) > luck)
            for name, choice, r, spread in found
        ]
        worth.sort(key=lambda each: (-each.share, each.number))
        yield Headline(outputs[row], week, float(values.mean()), sd, tuple(worth))


def uncertain(start: Start, seed: int, runs: int) -> tuple[list[str], list[Choice], FloatArray]:
    """Numbers of the opening that are not known for sure: name, choice, and draws [number, run] on their scale."""
    run = np.arange(runs, dtype=np.uint32)
    drawn = draws.values(start, draws.cube(start, seed, run))
    given: dict[tuple[str, tuple[str, ...]], Choice] = {}
    for choice in start.choices:
        if choice.value is not None:
            for place in _places(start, choice):
                given[choice.variable.name, place] = choice
    names, choices, rows = [], [], []
    for (name, place), choice in sorted(given.items()):
        value = choice.value
        if value is None or value.low == value.high:
            continue
        dims = [dim for dim in choice.variable.dims if dim != "run"]
        at = tuple(start.labels[dim].index(label) for dim, label in zip(dims, place, strict=True))
        with np.errstate(divide="ignore", invalid="ignore"):
            scaled = _scaled(choice, np.asarray(drawn[name][at], dtype=np.float64))
        if np.isfinite(scaled).all() and scaled.std() > 0:
            names.append(name + (f"[{','.join(place)}]" if place else ""))
            choices.append(choice)
            rows.append(scaled)
    return names, choices, np.array(rows).reshape(len(rows), runs)


def _places(start: Start, choice: Choice) -> Iterator[tuple[str, ...]]:
    """Every part of a parameter that a choice is for, by labels."""
    dims = [dim for dim in choice.variable.dims if dim != "run"]
    free = [start.labels[dim] for dim in dims[len(choice.index) :]]
    for rest in np.ndindex(*(len(labels) for labels in free)):
        yield (*choice.index, *(labels[k] for labels, k in zip(free, rest, strict=True)))


def _scaled(choice: Choice, values: FloatArray) -> FloatArray:
    kind = record.kind_of(choice.variable)
    if kind == "positive":
        return np.asarray(np.log(values))
    return np.asarray(logit(values)) if kind == "share" else values


def correlations(points: FloatArray, values: FloatArray) -> FloatArray:
    """Pearson's r of each row of `points` [number, run] with `values` [run]; 0 where the values do not vary."""
    if len(values) < 3 or not values.std() > 0:
        return np.zeros(len(points))
    a = points - points.mean(axis=1, keepdims=True)
    b = values - values.mean()
    return np.asarray(a @ b / np.sqrt((a**2).sum(axis=1) * (b**2).sum()))


def largest_by_luck(numbers: int, runs: int) -> float:
    """|r| that one of so many numbers that do nothing is expected to pass; 1 where runs are too few."""
    return math.tanh(float(ndtri(1 - 0.5 / max(numbers, 2))) / math.sqrt(runs - 3)) if runs > 3 else 1.0


def adjusted(r: float, runs: int) -> float:
    """R² that is left when what luck alone would explain is taken off, at least 0."""
    return max(0.0, (r * r * (runs - 1) - 1) / (runs - 2)) if runs > 2 else 0.0


def interval(r: float, runs: int) -> tuple[float, float]:
    """95 % interval of R², by Fisher's transform of r."""
    if runs < 4 or abs(r) >= 1:
        return (0.0, 1.0) if runs < 4 else (1.0, 1.0)
    half = 1.959964 / math.sqrt(runs - 3)
    low, high = math.tanh(math.atanh(abs(r)) - half), math.tanh(math.atanh(abs(r)) + half)
    return max(low, 0.0) ** 2, high**2


def claim_sd(choice: Choice, grade: str, spread: float) -> float:
    """Sd of a claim of a grade about a number, on its scale; `spread` is the number's own sd."""
    kind = record.kind_of(choice.variable)
    middle = abs(choice.value.mid) if choice.value is not None else 0.0
    return fuse.grade_sd(grade) * (fuse.STRETCH[kind] if kind != "signed" else middle + spread)


def after(sd: float, share: float, variance: float, claim: float) -> float:
    """Sd of a headline after a claim about a number that explains `share` of its variance."""
    return sd * math.sqrt(max(0.0, 1 - share * variance / (variance + claim**2)))


def _worth(name: str, choice: Choice, r: float, variance: float, sd: float, runs: int, *, seen: bool) -> Worth:
    value = choice.value
    assert value is not None
    share, (low, high) = adjusted(r, runs), interval(r, runs)
    claims = [claim_sd(choice, grade, math.sqrt(variance)) for grade in GRADES]
    return Worth(
        number=name,
        unit=value.unit,
        low=value.low,
        middle=value.mid,
        high=value.high,
        source=value.source if value.source.startswith(FUSED) else source_of(value),
        share=share,
        share_low=low,
        share_high=high,
        seen=seen,
        after=tuple(after(sd, share, variance, claim) for claim in claims),
    )


# ---------------------------------------------------------------------------------------------------------------- JSON


def to_json(found: Influence) -> str:
    """The whole study."""
    told = {
        "format": FORMAT,
        **{key: value for key, value in vars(found).items() if key not in ("dropped", "headlines")},
        "interval": 0.95,
        "grades": list(GRADES),
        "sources": [_row(dropped) for dropped in found.dropped],
        "headlines": [_priced(headline) for headline in found.headlines],
    }
    return json.dumps(told, ensure_ascii=False, indent=1, allow_nan=False)


def _row(dropped: Dropped) -> dict[str, Any]:
    headline = [
        {
            **asdict(output),
            "effects": [_finite(asdict(dropped.headline.effect(row, week))) for week in dropped.headline.weeks],
        }
        for row, output in enumerate(dropped.headline.outputs)
    ]
    return {
        "source": dropped.source,
        "numbers": list(dropped.numbers),
        "failed_runs": dropped.failed_runs,
        "headline_without": headline,
    }


def _priced(headline: Headline) -> Any:
    """A headline with the numbers that explain anything of it."""
    some = tuple(worth for worth in headline.worth if worth.share > 0)
    told = asdict(dataclasses.replace(headline, worth=some))
    return _finite({**told, "numbers": len(headline.worth)})


def _finite(told: Any) -> Any:
    if isinstance(told, dict):
        return {key: _finite(value) for key, value in told.items()}
    if isinstance(told, list | tuple):
        return [_finite(value) for value in told]
    return None if isinstance(told, float) and not math.isfinite(told) else told
