"""Summary: what was reported of a stretch of the war, in a few numbers, and the same numbers of simulated wars.

Of every stretch (an opening and some weeks after it) are told, of all that was known by the cut-off:
    ground: change of the mapped area in total by block of about four weeks, and by axis over the whole stretch,
    losses: claims of the first side's losses by item and block,
    reports: every `[[reported]]` series of the war file by month or day (`study/monthly.py`),
    polls: change of the log odds of each polled question since the last poll before the opening.
Simulated wars are told as they would be reported (`study/observe.py`), polls with error of sampling and house.

A summary is used through its rank only. Its normal score among M simulated wars, of which `below` say less and `level`
the same (itself among them, where it is one),

    y = Φ⁻¹((below + (level + 1)/2) / (M + 1)),

has no unit, takes zeros and long tails as they are, and holds an observation that no simulated war comes near to no
further than the furthest of them.

A coupling often shows in how two series move together, or how far one moves, and not in where either goes. So to the
scores y of a stretch are added y² of each, and m_i m_j of every two series, m the mean of a series' scores; these are
told by their normal scores too.

Left out: towns, single cells, series that no `[[reported]]` ties to the model; how the shape of a series within a
block bears on a number.
Sources: Bertino, Evensen and Wackernagel 2003, International Statistical Review 71(2) (normal scores in ensemble
filters).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from scipy.special import logit, ndtri
from scipy.stats import rankdata

from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.model.axes import QUESTIONS
from ceasefire.model.bargaining import WAR
from ceasefire.model.noise import word
from ceasefire.scenario import decree
from ceasefire.scenario.polling import Reading, readings
from ceasefire.scenario.spec import Poll
from ceasefire.scenario.start import Start
from ceasefire.simulate import draws
from ceasefire.simulate.ensemble import Ensemble
from ceasefire.study import monthly
from ceasefire.study.backtest import changes

FloatArray = NDArray[np.float64]

BLOCK = 4
"""Weeks of a block, about."""
KEPT = (
    "front.taken",
    "front.ceded",
    "attrition.casualties",
    "attrition.lost",
    "opinion.share",
    "bargaining.phase",
)
WEEK = np.timedelta64(7, "D")


@dataclass(frozen=True)
class Record:
    """What was known by a cut-off, without anything that became known later."""

    vintage: Vintage
    store: Store
    """Only rows that were known, of series that summaries are made from."""


@dataclass(frozen=True)
class Summary:
    """Of one stretch."""

    name: tuple[str, ...]
    """[summary]"""
    series: tuple[str, ...]
    """[summary] which of them are of one series."""
    observed: FloatArray
    """[summary]"""
    simulated: FloatArray
    """[summary, run]; NaN where there is nothing to be told."""
    at_war: NDArray[np.bool_]
    """[run]: every number is finite, and the war was fought on to the end of the stretch."""


def known_by(store: Store, vintage: Vintage, starts: Sequence[Start]) -> Record:
    """The record of a cut-off."""
    named = {name for start in starts for entry in start.scenario.war.reported for name in (entry.series, entry.per)}
    limit = str(vintage.as_of)
    rows = (row for row in store.observations if row.name in named)
    return Record(
        vintage, replace(store, observations=tuple(r for r in rows if r.date <= limit and r.published <= limit))
    )


def needed(start: Start) -> tuple[str, ...]:
    """Quantities that summaries are made from."""
    return tuple(dict.fromkeys((*KEPT, *monthly.needed(start))))


def summarise(ensemble: Ensemble, record: Record) -> Summary:
    """Everything that was observed of the stretch that an ensemble simulates, beside what the ensemble says of it.

    The ensemble may be a chunk of a larger one: what is told of a run is its own.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        rows = [*_changes(ensemble, record), *_reports(ensemble, record), *_polls(ensemble, record)]
    at_war = ensemble.ok & (ensemble.series["bargaining.phase"] == WAR).all(axis=0)
    return Summary(
        tuple(name for name, _, _, _ in rows),
        tuple(series for _, series, _, _ in rows),
        np.array([observed for _, _, observed, _ in rows]),
        np.array([simulated for _, _, _, simulated in rows]).reshape(len(rows), ensemble.runs),
        at_war,
    )


Rows = Iterator[tuple[str, str, float, FloatArray]]
"""Name, series, what was observed, what was simulated [run]."""


def block_ends(weeks: int) -> tuple[int, ...]:
    """Week by which each block ends."""
    number = max(weeks // BLOCK, 1)
    return tuple(int(part[-1]) + 1 for part in np.array_split(np.arange(weeks), number))


def _changes(ensemble: Ensemble, record: Record) -> Rows:
    """Mapped area and claimed losses, as the backtest tells them."""
    ends = block_ends(ensemble.weeks)
    targets, change = changes(ensemble, ends)
    days = np.datetime64(decree.opening_day(ensemble.start), "D") + WEEK * np.array([0, *ends])
    for target, simulated in zip(targets, change, strict=True):
        level = _level(_series_of(target, ensemble.start), record.vintage, days)
        if target.startswith("area_") and target != "area_total":
            level, simulated = level[[0, -1]], simulated[-1:]
        steps = np.diff(simulated, axis=0, prepend=0.0)
        for k, observed in enumerate(np.diff(level)):
            if np.isfinite(observed):
                yield f"{target} {k + 1}", target, float(observed), steps[k]


def _series_of(target: str, start: Start) -> str:
    kind, _, rest = target.partition("_")
    return f"area.{rest}" if kind == "area" else f"{start.scenario.war.sides[0].claims}.{rest}"


def _level(name: str, vintage: Vintage, days: NDArray[np.datetime64]) -> FloatArray:
    """Level on each day as known; NaN where it is not."""
    if name not in vintage.names():
        return np.full(len(days), np.nan)
    series = vintage.series(name)
    known = dict(zip(series.dates.tolist(), series.values.tolist(), strict=True))
    return np.array([known.get(day, np.nan) for day in days.tolist()])


def _reports(ensemble: Ensemble, record: Record) -> Rows:
    for one in monthly.told(ensemble, record.store):
        if one.period.observed is not None and np.isfinite(one.period.observed):
            values = np.full(ensemble.runs, np.nan)
            values[ensemble.ok] = one.values
            yield f"{one.entry.name} {one.period.when}", one.entry.name, one.period.observed, values


def _polls(ensemble: Ensemble, record: Record) -> Rows:
    start = ensemble.start
    first = np.datetime64(decree.opening_day(start), "D")
    shares = ensemble.series["opinion.share"].astype(np.float64)
    for poll in start.scenario.war.polls:
        told = readings(record.vintage, poll.series, against=poll.against, size=poll.size, inverse=poll.inverse)
        before, after = _split(told, first, ensemble.weeks)
        at = start.labels["side"].index(poll.side), QUESTIONS.index(poll.question)
        for reading in after if before else ():
            week = int((reading.day - first) / WEEK - 1e-9)
            moved = logit(shares[week][at]) - logit(shares[0][at])
            error = np.sqrt(before[-1].variance + reading.variance) * _luck(ensemble, poll, reading)
            name = f"{poll.series} {reading.day}"
            yield name, poll.series, reading.log_odds - before[-1].log_odds, moved + error


def _split(told: Sequence[Reading], first: np.datetime64, weeks: int) -> tuple[list[Reading], list[Reading]]:
    """Readings before an opening, and those of the weeks after it."""
    end = first + weeks * WEEK
    return [one for one in told if one.day <= first], [one for one in told if first < one.day <= end]


def _luck(ensemble: Ensemble, poll: Poll, reading: Reading) -> FloatArray:
    """Standard normal error of a poll, [run]."""
    run = np.arange(ensemble.first, ensemble.first + ensemble.runs, dtype=np.uint32)
    salt = np.array([word(f"summary.{poll.series}.{reading.day}")], np.uint32)
    seed, element = jnp.asarray(draws.seed_words(ensemble.seed)), jnp.zeros(1, jnp.uint32)
    points = draws.uniforms(seed, jnp.asarray(run), jnp.asarray(salt), element)
    return np.asarray(ndtri(np.asarray(points, np.float64)[0]))


# -------------------------------------------------------------------------------------------------------- normal scores


def normal_scores(observed: FloatArray, simulated: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Normal scores of what was observed [summary] and simulated [summary, run]; 0 where there is nothing to tell."""
    pairs = [_scored(one, row) for one, row in zip(observed, simulated, strict=True)]
    return np.array([one for one, _ in pairs]), np.array([row for _, row in pairs]).reshape(simulated.shape)


def _scored(observed: float, simulated: FloatArray) -> tuple[float, FloatArray]:
    told = np.isfinite(simulated)
    number, scores = int(told.sum()), np.zeros(len(simulated))
    if not number:
        return 0.0, scores
    scores[told] = ndtri(rankdata(simulated[told]) / (number + 1))
    below, level = (simulated[told] < observed).sum(), (simulated[told] == observed).sum()
    return float(ndtri((below + (level + 1) / 2) / (number + 1))), scores


def with_products(observed: FloatArray, told: FloatArray, series: Sequence[str]) -> tuple[FloatArray, FloatArray]:
    """Scores of one stretch with the normal scores of their squares and of products of series, record and members."""
    both = np.column_stack([told, observed])
    names = np.array(series)
    mean = np.array([both[names == name].mean(axis=0) for name in dict.fromkeys(series)]).reshape(-1, both.shape[1])
    one, other = np.triu_indices(len(mean), 1)
    added = np.concatenate([both**2, mean[one] * mean[other]])
    seen, rows = normal_scores(added[:, -1], added[:, :-1])
    return np.concatenate([observed, seen]), np.concatenate([told, rows])
