"""Inversion: what the whole simulator, held against the record, says of couplings that no likelihood knows.

A coupling acts through several subsystems, and what it does is seen only in wars fought with it. So M wars are fought
from openings before the cut-off, each with its own point z ~ N(0, I) of the couplings and its own luck, and told as
they would be reported (`summary.py`), y. Those that go on to the end of all stretches count, as this war did. One step
of an ensemble Kalman inversion (Iglesias, Law and Stuart 2013; with one step it is the ensemble smoother of van
Leeuwen and Evensen 1996) estimates z from what was reported:

    s = K y,   K = C_zy C_yy⁻¹.

One war is fought for each member, so C_yy holds the luck of war and of reports beside what couplings do, and nothing is
added for them. What the model itself may miss is drawn for every member, in the units of a summary's spread: `OWN` of
each summary's own and `COMMON` of all of one series alike, so that not even a thousand reports say more than the model
is worth. Both are arbitrary. C_yy is drawn to its diagonal by p/(p + M), p summaries. A correlation r of a coupling
with a summary that is within luck is none: it is multiplied by max(0, 1 − (CUT / (√M r))²) (localisation by
correlation: Luo, Bhakta and Nævdal 2018; the taper is Breiman's garrote).

What an ensemble makes of itself is too sure. So the estimate is learned without a fold of the members and tried on it,
and the law comes from how well truths were met that were not looked at:

    z | s = s°  ~  N(B s°, Σ),   B, Σ by least squares of z on s over the folds; s° from the record.

with s by its normal scores among the members. The law holds numbers whose correlation r of truth and estimate has r² of
`LEAST` at least and is `SURE` standard errors above 0; all others keep their prior, bit for bit. An s° that is further
out than 9 of 10 members is drawn in to there: what the model hardly makes says as much of the model as of z.
Recovery is r, coverage and ranks are those of the truths that were left out. There is one step and no iteration: where
luck leaves most of the prior, the wars of a second step would be those of the first.

Openings lie 26 weeks apart, or 13 where the record has no room for more, so that no report counts twice. Declared
numbers of a member are the same from every opening, but for those of reporting.

Left out: couplings of bargaining, beliefs, preferences, resolve and talks, of which nothing is observed; laws of z that
are not normal; dependence of Σ on what was observed.
Sources: Iglesias, Law and Stuart 2013, Inverse Problems 29(4); van Leeuwen and Evensen 1996, Monthly Weather Review
124(12); Luo, Bhakta and Nævdal 2018, SPE Journal 23(2); Breiman 1995, Technometrics 37(4).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from ceasefire.evidence.error import EvidenceError
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.model.declare import Fixed, Prior
from ceasefire.scenario import decree, reporting, spec
from ceasefire.scenario.posterior import Law
from ceasefire.scenario.spec import Scenario, ScenarioError
from ceasefire.scenario.start import Start, open_war, variables
from ceasefire.simulate import draws
from ceasefire.simulate.ensemble import Ensemble
from ceasefire.simulate.pool import Workers, worked
from ceasefire.simulate.run import CHUNK, Engine
from ceasefire.study.calibration import crosscheck, summary
from ceasefire.study.calibration.module import priors_of
from ceasefire.study.calibration.rank import trust
from ceasefire.study.calibration.summary import Record, Summary

FloatArray = NDArray[np.float64]

UNSEEN = ("bargaining", "beliefs", "preferences", "resolve", "talks")
"""Subsystems whose couplings are left out."""
STRETCHES = (26, 13)
"""Weeks of a stretch; the shorter where the record has no room for the longer."""
MOST_STRETCHES = 3
LEAST_MAPS = 13
"""Weekly maps that an opening must have behind it."""
OWN, COMMON = 0.25, 0.25
"""Standard deviations of what the model misses: of each summary, and of all of one series alike. Arbitrary."""
CUT = 3.0
"""Standard errors within which a correlation is luck."""
LEAST = 0.02
"""Contraction below which a coupling keeps its prior."""
SURE = 4.0
"""Standard errors 1/√M that the correlation of truth and estimate must have besides."""
FOLDS = 8
LEAST_MEMBERS = 64
"""Wars that must go on to the end of every stretch."""
FURTHEST = 0.9
"""Share of members within which the record's estimate is held."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Row:
    """What was learned of one coupling, and how well such a number can be learned."""

    name: str
    prior: Prior
    centre: float
    """Mean of its score; 0 where it is unidentified."""
    spread: float
    """Standard deviation of its score; 1 where it is unidentified."""
    recovery: float
    """Correlation of truths with estimates that did not look at them."""
    covered: float
    """Share of those truths within the central 90 % of their law."""
    uniform: float
    """p-value of a χ² test that their ranks are uniform."""


@dataclass(frozen=True)
class Inverted:
    """What the simulator taught of the couplings at a cut-off."""

    law: Law | None
    """Of those identified; None where none is."""
    rows: tuple[Row, ...]
    """Every coupling that was tried, those first that were learned most of."""
    crosscheck: tuple[dict[str, Any], ...]
    """What another method says of those that were learned most of."""
    stretches: tuple[tuple[str, int], ...]
    """Openings and weeks that were simulated."""
    summaries: int
    members: int
    """Wars that went on to the end of every stretch."""
    strange: float
    """Share of members whose estimates are further out than the record's; near 0 where the model never made that."""


def learn(
    scenario: Scenario,
    store: Store,
    *,
    members: int,
    seed: int,
    workers: Workers = None,
    without: Collection[str] = (),
    on_progress: Progress | None = None,
) -> Inverted:
    """Learn from all that was known on the day of a scenario's opening; numbers `without` are left to other modules.

    Raises what `open_war` raises where the war cannot be opened on that day.
    """
    vintage = Vintage(store, scenario.opening)
    last = open_war(scenario, vintage)
    priors = {name: prior for name, prior in candidates(last).items() if name not in without}
    starts = tuple(openings(last, store))
    if not starts or not priors:
        return _nothing(priors)
    record = summary.known_by(store, vintage, [start for start, _ in starts])
    scores = scores_of(last, priors, seed, np.arange(members, dtype=np.uint32))
    found, total = [], members * len(starts)
    for k, (start, weeks) in enumerate(starts):
        dice = seed_of(seed, k)
        tell = (lambda done, first=k * members: on_progress(first + done, total)) if on_progress else None
        found.append(told(start, record, priors, weeks, members, seed, dice, workers, tell))
    return invert(priors, scores, found, seed, tuple((str(decree.opening_day(s)), weeks) for s, weeks in starts))


def candidates(start: Start) -> dict[str, Prior]:
    """Couplings that the record might say something of, by name with labels, and their priors on the day."""
    known = variables()
    return {
        name: prior
        for name, prior in priors_of(start).items()
        if known[spec.split(name)[0]].coupling is not None
        and name.partition(".")[0] not in UNSEEN
        and not isinstance(prior, Fixed)
    }


def _nothing(priors: Mapping[str, Prior]) -> Inverted:
    rows = tuple(Row(name, prior, 0.0, 1.0, 0.0, 0.9, 1.0) for name, prior in priors.items())
    return Inverted(None, rows, (), (), 0, 0, 1.0)


# ---------------------------------------------------------------------------------------------------------- simulation


def openings(last: Start, store: Store) -> Iterator[tuple[Start, int]]:
    """Openings before the one given, and weeks from each to the next, back to where the maps begin."""
    end = decree.opening_day(last)
    for _ in range(MOST_STRETCHES):
        found = next((start for weeks in STRETCHES if (start := _opened(last, store, end, weeks)) is not None), None)
        if found is None:
            return
        first = decree.opening_day(found)
        yield found, (end - first).days // 7
        end = first


def _opened(last: Start, store: Store, end: dt.date, weeks: int) -> Start | None:
    """The war opened so many weeks before a day, if there were enough maps by then."""
    day = end - dt.timedelta(weeks=weeks)
    if int((last.theatre.dates <= np.datetime64(day, "D")).sum()) < LEAST_MAPS:
        return None
    try:
        start = open_war(last.scenario.on(day), Vintage(store, day))
    except (EvidenceError, ScenarioError):
        return None
    return start if len(start.theatre.dates) >= LEAST_MAPS else None


def seed_of(seed: int, stretch: int) -> int:
    """Seed of the luck of one stretch."""
    return (seed + (stretch + 1) * 0x9E3779B97F4A7C15) % 2**64


def scores_of(start: Start, names: Mapping[str, Prior], seed: int, run: NDArray[np.uint32]) -> FloatArray:
    """Scores of numbers of some members, [number, run]: where the luck of the opening has them."""
    cube = draws.cube(start, seed, run)
    return np.array([ndtri(cube[variable][at]) for variable, at in (draws.place(start, name) for name in names)])


def points(start: Start, priors: Mapping[str, Prior], seed: int, dice: int, run: NDArray[np.uint32]) -> draws.Cube:
    """The cube of some members at one opening.

    Declared numbers are the same from every opening, but for those of reporting; so are the values of couplings where
    another prior was in force at the opening than that of the cut-off.
    """
    own, shared = draws.cube(start, dice, run), draws.cube(start, seed, run)
    owner = reporting.__name__.rpartition(".")[2]
    kept = {choice.variable.name for choice in start.choices if choice.variable.name.partition(".")[0] != owner}
    cube = {name: shared[name].copy() if name in kept else part for name, part in own.items()}
    then = priors_of(start)
    for name, prior in priors.items():
        if then[name] != prior:
            variable, at = draws.place(start, name)
            cube[variable][at] = ndtr(np.clip(then[name].score(prior.quantile(cube[variable][at])), -8.0, 8.0))
    return cube


def told(
    start: Start,
    record: Record,
    priors: Mapping[str, Prior],
    weeks: int,
    members: int,
    seed: int,
    dice: int,
    workers: Workers,
    tell: Callable[[int], None] | None = None,
) -> Summary:
    """What would be reported of the members' wars from one opening, beside what was."""
    keep = summary.needed(start)
    engine = Engine(start, weeks=weeks, seed=dice, keep=keep)

    def work(number: int) -> Summary:
        run = np.arange(number * CHUNK, (number + 1) * CHUNK, dtype=np.uint32)
        params, _ = draws.parameters(draws.values(start, points(start, priors, seed, dice, run)))
        chunk = engine.onward(engine.begun(params, run), 0, run < members)
        series = {name: chunk.series[name] for name in keep}
        ensemble = Ensemble(start, dice, weeks, series, chunk.control, chunk.ok, chunk.area_error, number * CHUNK)
        return summary.summarise(ensemble, record)

    parts: dict[int, Summary] = {}
    for number, part in worked(work, -(-members // CHUNK), workers, "members"):
        parts[number] = part
        if tell:
            tell(min(len(parts) * CHUNK, members))
    return _joined([parts[number] for number in sorted(parts)])


def _joined(parts: Sequence[Summary]) -> Summary:
    one = parts[0]
    simulated = np.concatenate([part.simulated for part in parts], axis=1)
    return Summary(one.name, one.series, one.observed, simulated, np.concatenate([part.at_war for part in parts]))


# ----------------------------------------------------------------------------------------------------------- inversion


def invert(
    priors: Mapping[str, Prior],
    scores: FloatArray,
    stretches: Sequence[Summary],
    seed: int,
    named: tuple[tuple[str, int], ...] = (),
) -> Inverted:
    """What reports say of numbers, from scores [number, member] and what was told of every stretch of those members."""
    counted = np.all([one.at_war for one in stretches], axis=0)
    if counted.sum() < LEAST_MEMBERS or not any(one.name for one in stretches):
        return _nothing(priors)
    pairs = [_scored(one, counted, seed, k) for k, one in enumerate(stretches) if one.name]
    observed, told = np.concatenate([one for one, _ in pairs]), np.concatenate([rows for _, rows in pairs])
    kept = scores[:, counted]
    number = sum(len(one.name) for one in stretches)
    return _lawful(priors, kept, estimate(kept, told, observed), named, number)


def _scored(stretch: Summary, counted: NDArray[np.bool_], seed: int, number: int) -> tuple[FloatArray, FloatArray]:
    """Scores of what was and would be reported, and their products, with what the model misses."""
    observed, told = summary.normal_scores(stretch.observed, stretch.simulated[:, counted])
    luck = np.random.default_rng([seed, number]).standard_normal(told.shape)
    told = told + np.linalg.cholesky(missed(stretch.series)) @ luck
    return summary.with_products(observed, told, stretch.series)


def missed(series: Sequence[str]) -> FloatArray:
    """Covariance of what the model misses of one stretch, [summary, summary]."""
    named = np.array(series)
    return np.asarray(OWN**2 * np.eye(len(named)) + COMMON**2 * (named[:, None] == named))


@dataclass(frozen=True)
class Estimate:
    """Estimates of scores from reports."""

    of_member: FloatArray
    """[number, member], each by members of other folds."""
    of_record: FloatArray
    """[number]"""


def estimate(scores: FloatArray, told: FloatArray, observed: FloatArray) -> Estimate:
    """Kalman estimates of every member, as if it were the truth, and of the record; `told` is [summary, member]."""
    fold = np.arange(scores.shape[1]) % FOLDS
    of_member, of_record = np.zeros_like(scores), np.zeros(len(scores))
    for k in range(FOLDS):
        inside, outside = fold == k, fold != k
        gain, centre = kalman_gain(scores[:, outside], told[:, outside])
        of_member[:, inside] = gain @ (told[:, inside] - centre[:, None])
        of_record += gain @ (observed - centre) / FOLDS
    return Estimate(of_member, of_record)


def kalman_gain(scores: FloatArray, told: FloatArray, cut: float = CUT) -> tuple[FloatArray, FloatArray]:
    """K = (taper ∘ C_zy) C_yy⁻¹ [number, summary], and the mean of what was told [summary]."""
    size, number = told.shape
    centre = told.mean(axis=1)
    away, moved = told - centre[:, None], scores - scores.mean(axis=1)[:, None]
    joint, cover = moved @ away.T / (number - 1), away @ away.T / (number - 1)
    spread = np.sqrt(np.outer((moved**2).sum(axis=1), (away**2).sum(axis=1))) / (number - 1)
    related = np.divide(joint, spread, out=np.zeros_like(joint), where=spread > 0)
    drawn = size / (size + number)
    cover = (1 - drawn) * cover + drawn * np.diag(np.diag(cover)) + 1e-9 * np.eye(size)
    return np.linalg.solve(cover, (taper(related, number, cut) * joint).T).T, centre


def taper(related: FloatArray, number: int, cut: float = CUT) -> FloatArray:
    """What is left of a correlation found among so many members, from 0 within luck to 1 far beyond it."""
    luck = cut / np.sqrt(number)
    return np.asarray(np.maximum(0.0, 1.0 - (luck / np.maximum(np.abs(related), 1e-12)) ** 2))


def _lawful(
    priors: Mapping[str, Prior], scores: FloatArray, found: Estimate, named: tuple[tuple[str, int], ...], summaries: int
) -> Inverted:
    """The law of the identified, and what is to be said of all."""
    names = list(priors)
    seen, guess = summary.normal_scores(found.of_record, found.of_member)
    related = np.array([_correlation(truth, own) for truth, own in zip(scores, guess, strict=True)])
    members = scores.shape[1]
    chosen = np.flatnonzero(related >= max(np.sqrt(LEAST), SURE / np.sqrt(members)))
    chosen = chosen[np.argsort(-related[chosen], kind="stable")]
    told: dict[str, Row] = {}
    law: Law | None = None
    other: tuple[dict[str, Any], ...] = ()
    strange = 1.0
    if len(chosen):
        own = [names[k] for k in chosen]
        there, strange = held_in(guess[chosen], seen[chosen])
        centre, cover, expected = regressed(scores[chosen], guess[chosen], there)
        law = _law({name: priors[name] for name in own}, centre, cover)
        levels = ndtr((scores[chosen] - expected) / np.sqrt(np.diag(cover))[:, None])
        learned = zip(own, law.centre.tolist(), law.spread.tolist(), related[chosen].tolist(), levels, strict=True)
        told = {name: Row(name, priors[name], c, s, r, *trust(level)) for name, c, s, r, level in learned}
        most = chosen[: crosscheck.MOST]
        other = crosscheck.check(law.only(own[: len(most)]), scores[most], guess[most], there[: len(most)])
    rest = (_plain(name, priors[name], related[k], scores[k]) for k, name in enumerate(names) if name not in told)
    return Inverted(law, (*told.values(), *rest), other, named, summaries, members, strange)


def _correlation(one: FloatArray, other: FloatArray) -> float:
    if not one.std() or not other.std():
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def held_in(guess: FloatArray, seen: FloatArray) -> tuple[FloatArray, float]:
    """The record's estimate, no further out than most members', and the share of members that are further out."""
    centre = guess.mean(axis=1)
    root = np.linalg.cholesky(np.atleast_2d(np.cov(guess)) + 1e-12 * np.eye(len(guess)))
    away = np.linalg.solve(root, np.column_stack([guess, seen]) - centre[:, None])
    distance = np.sqrt((away**2).sum(axis=0))
    limit = float(np.quantile(distance[:-1], FURTHEST))
    factor = min(1.0, limit / distance[-1]) if distance[-1] > 0 else 1.0
    return centre + factor * (seen - centre), float((distance[:-1] >= distance[-1]).mean())


def regressed(truth: FloatArray, guess: FloatArray, seen: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Centre and covariance of truths where estimates are as `seen`, and what is expected of each member."""
    number = truth.shape[1]
    base = np.vstack([np.ones(number), guess])
    weight = np.linalg.lstsq(base.T, truth.T, rcond=None)[0].T
    expected = np.asarray(weight @ base)
    error = truth - expected
    centre, cover = weight @ np.append(1.0, seen), error @ error.T / (number - len(base))
    return np.asarray(centre), np.asarray(cover), expected


def _law(priors: Mapping[str, Prior], centre: FloatArray, cover: FloatArray) -> Law:
    """A law as a file keeps it."""
    root = np.linalg.cholesky(cover + 1e-9 * np.eye(len(cover)))
    return Law(tuple(priors), tuple(priors.values()), np.round(centre, 6) + 0.0, np.round(root, 6) + 0.0)


def _plain(name: str, prior: Prior, related: float, scores: FloatArray) -> Row:
    """A number of which nothing was learned."""
    return Row(name, prior, 0.0, 1.0, float(related), *trust(ndtr(scores)))
