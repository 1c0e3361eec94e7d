"""Polls: would the later half of each pollster's series have been expected from the first?

Of every question that one pollster has put at least `LEAST` times, the first half, by order of fieldwork, is learned
(`scenario/polling.py`), and the rest forecast from the day of the last poll learned: the law of opinion, with sampling
and noise of the house, and as many people as were asked before. Of later polls only the days enter, never what they
say. The options of a question are complements, so one stands for all: the one that is published most often, of several
the first of the alphabet, as a share of it and the next such option where both are published of the same days, and of
all who were asked otherwise.

Persistence, the baseline, is the last poll learned, give or take sampling and the noise of the house in both polls.
CRPS is of shares in percentage points.

Left out: offsets between pollsters, since each stands alone here; revisions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr

from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario.polling import USUAL, Belief, Reading, error_variance, learn, readings
from ceasefire.study.score import crps

FloatArray = NDArray[np.float64]
Mixture = tuple[FloatArray, FloatArray, FloatArray]
"""Weights, means and standard deviations of normal parts."""

DAY = "2026-01-31"
LEAST = 4
LEAST_LEARNED = 2
POINTS = np.array([0.1, 0.5, 0.9])
EVEN = (np.arange(200) + 0.5) / 200
"""Points that stand for draws."""
NEGLIGIBLE = 1e-7
"""Weight of a part that is passed over."""
BESIDE = ("dont_know", "sample_size")
OTHERWISE = {
    "as shipped": USUAL,
    "moves half as large": replace(USUAL, move=USUAL.move / 2),
    "moves twice as large": replace(USUAL, move=2 * USUAL.move),
    "moves less sure (factor 3)": replace(USUAL, factor=3.0),
    "long-run mean within 0.75 of even": replace(USUAL, mean_spread=0.75),
    "long-run mean within 1.5 of even": replace(USUAL, mean_spread=1.5),
    "no other stretch": replace(USUAL, renewal=0.0),
    "another stretch in one of three": replace(USUAL, renewal=1 / 3),
    "another stretch in two of three": replace(USUAL, renewal=2 / 3),
}
"""Beliefs under which the coverage is told."""


@dataclass(frozen=True)
class Question:
    """One option of a question of one pollster, as the names of its series have it."""

    series: str
    against: str
    size: str


@dataclass(frozen=True)
class Held:
    """A poll that was not learned from: what it said, and what had been expected of it."""

    day: np.datetime64
    share: float
    low: float
    mid: float
    high: float
    """10, 50 and 90 % points."""
    score: float
    """CRPS, percentage points."""
    still: float
    """Likewise, of persistence."""

    @property
    def hit(self) -> bool:
        """Whether the band holds what the poll said."""
        return self.low <= self.share <= self.high


@dataclass(frozen=True)
class Check:
    """One question: what was learned, what was held out."""

    question: Question
    learned: tuple[Reading, ...]
    held: tuple[Held, ...]


def check(vintage: Vintage | None = None, belief: Belief = USUAL) -> tuple[Check, ...]:
    """Hold the later half of every series of the evidence against a forecast from its first half."""
    known = vintage or Vintage(Store.open(), DAY)
    return tuple(_split(question, told, belief) for question, told in _asked(known))


def following(vintage: Vintage | None = None, belief: Belief = USUAL) -> tuple[int, int]:
    """Of all polls after the second of a series, how many the band from those before held, and how many there are."""
    known = vintage or Vintage(Store.open(), DAY)
    next_ones = [
        held(told[:count], told[count : count + 1], belief)[0]
        for _, told in _asked(known)
        for count in range(LEAST_LEARNED, len(told))
    ]
    return sum(one.hit for one in next_ones), len(next_ones)


def sensitivity(vintage: Vintage | None = None) -> dict[str, tuple[int, int, int, int]]:
    """By belief: held-out polls within their bands, of how many; next polls within theirs, of how many."""
    known = vintage or Vintage(Store.open(), DAY)
    told = {}
    for name, belief in OTHERWISE.items():
        rows = every(check(known, belief))
        told[name] = (sum(row.hit for row in rows), len(rows), *following(known, belief))
    return told


def every(checks: Sequence[Check]) -> tuple[Held, ...]:
    """All polls held out."""
    return tuple(row for found in checks for row in found.held)


def coverage(rows: Sequence[Held]) -> float:
    """Share of polls within their 80 % bands; NaN where there is none."""
    return float(np.mean([row.hit for row in rows])) if rows else float("nan")


def questions(vintage: Vintage) -> tuple[Question, ...]:
    """Every question of every pollster, by name."""
    groups: dict[str, list[str]] = {}
    for name in vintage.names():
        stem, _, option = name.rpartition(".")
        if name.startswith("poll.") and option not in BESIDE and vintage.series(name).unit == "percent":
            groups.setdefault(stem, []).append(name)
    return tuple(_question(stem, options, vintage) for stem, options in groups.items())


def _question(stem: str, options: Sequence[str], vintage: Vintage) -> Question:
    days = {name: set(vintage.series(name).dates.tolist()) for name in options}
    first, *rest = sorted(options, key=lambda name: (-len(days[name]), name))
    against = rest[0] if rest and days[rest[0]] == days[first] else ""
    return Question(first, against, f"{stem}.sample_size")


def _asked(vintage: Vintage) -> Iterator[tuple[Question, tuple[Reading, ...]]]:
    """Questions that were put often enough, with their readings."""
    for question in questions(vintage):
        told = readings(vintage, question.series, against=question.against, size=question.size)
        if len(told) >= LEAST:
            yield question, told


def _split(question: Question, told: tuple[Reading, ...], belief: Belief) -> Check:
    half = len(told) // 2
    return Check(question, told[:half], held(told[:half], told[half:], belief))


def held(learned: Sequence[Reading], rest: Sequence[Reading], belief: Belief = USUAL) -> tuple[Held, ...]:
    """Later polls beside what those learned had made one expect."""
    days = np.array([reading.day for reading in rest])
    expected, still = forecast(learned, days, belief), _persistence(learned)
    return tuple(_compared(reading, mixture, still) for reading, mixture in zip(rest, expected, strict=True))


def _compared(reading: Reading, expected: Mixture, still: Mixture) -> Held:
    points = expit(quantiles(expected, np.concatenate([POINTS, EVEN])))
    low, mid, high = points[: len(POINTS)].tolist()
    score = _score(points[len(POINTS) :], reading)
    return Held(reading.day, reading.share, low, mid, high, score, _score(expit(quantiles(still, EVEN)), reading))


def _score(shares: FloatArray, reading: Reading) -> float:
    """CRPS in percentage points."""
    return float(crps(100 * shares, 100 * reading.share))


def forecast(learned: Sequence[Reading], days: NDArray[np.datetime64], belief: Belief = USUAL) -> tuple[Mixture, ...]:
    """Log odds that polls of these days would tell, from those learned alone."""
    last = learned[-1].day
    law = learn([learned], last, belief)
    if law is None:
        raise ValueError("nothing can be forecast from no poll; at least one is needed")
    return tuple(_told(law.ahead(float((day - last) / np.timedelta64(7, "D"))), _usual(learned)) for day in days)


def _told(opinion: Mixture, answered: float) -> Mixture:
    """What a poll of so many people tells of opinion."""
    weight, centre, variance = opinion
    return weight, centre, np.sqrt(variance + error_variance(expit(centre), answered))


def _usual(learned: Sequence[Reading]) -> float:
    return float(np.mean([reading.answered for reading in learned]))


def _persistence(learned: Sequence[Reading]) -> Mixture:
    last = learned[-1]
    variance = last.variance + error_variance(np.array(last.share), _usual(learned))
    return np.ones(1), np.array([last.log_odds]), np.atleast_1d(np.sqrt(variance))


def quantiles(mixture: Mixture, points: FloatArray) -> FloatArray:
    """Of a mixture of normals, by interpolation of its distribution on a fine grid."""
    counts = mixture[0] > NEGLIGIBLE
    weight, centre, spread = (part[counts] for part in mixture)
    x = np.linspace((centre - 6 * spread).min(), (centre + 6 * spread).max(), 801)
    below = ndtr((x[:, None] - centre) / spread) @ (weight / weight.sum())
    return np.asarray(np.interp(points, below, x))
