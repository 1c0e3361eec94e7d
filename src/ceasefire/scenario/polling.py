"""What a side's people want at the opening, learned from the polls published by then.

Every question of every pollster has its own wording; behind all that are asked of one side about one thing there is one
log odds of opinion, x, which is drawn to a long-run mean μ. Of p, the share of those who answer one way or the other,
among n people in effect, a poll of pollster j tells

    y = logit p = x + o_j + e,   x' = μ + φ (x − μ) + w,   φ = 2^(−weeks / half-life),   var w = spread² (1 − φ²),
    var e = 1/(n p) + 1/(n (1 − p)) + house²,

with half a person added to either answer, so that none and all are finite. The first pollster listed is the reference,
o = 0; the others' offsets are learned. For every (half-life, move) on a grid, (x − μ, μ, o) are followed by a Kalman
filter, and grid points are weighted by their prior times their likelihood; move is the standard deviation of the change
of x − μ over a year, so that spread = move / √(2 (1 − φ^52)). What is ahead goes on like that, or, with the chance
`renewal`, belongs to another stretch of the war: half-life, move and μ are then those of any question, and x starts
from where it is. So a calm record does not promise calm, and opinion can be drawn away from where it was.

Half-life and move are log-normal among the questions and stretches of a war, around medians of the war, which are
log-normal too: of the variance of the logarithm half is between wars and half within one. `PRIORS` has the medians. A
calibration replaces its law of them, N(0, 1) in scores, by N(c, C); a question's own scores are then
N(√½ c, ½ C + ½), and without calibration N(0, 1).

Moves of a year have median 0.5, factor 2, by general knowledge of four wars with long series (Korea, Vietnam, Iraq,
Afghanistan): the share who called the war a mistake moved by about 1.3 in five months of 1950 and in fifteen of 2003
and 2004, by about 0.5 a year from 1965 to 1968, and by 0.1 to 0.2 in most other years; it began far from even and came
near to it, which is what μ has: even, give or take 1. Half-lives have median 75 weeks, factor 2: rallies fade within
months, what remains lasts for years. That a new stretch has its own μ, that renewal is a half, and that μ is held to 1
and not to 1.5, was chosen with hindsight, and some four questions cannot teach it, so it is not calibrated;
`study/polls.py` tells what hangs on it. All of it is judgement, trust D.

Left out: people who do not say what they think, opinions of those abroad or under occupation, the undecided, wordings
whose meaning changes with time, several new stretches.
Sources: elicited; Harvey 1989, "Forecasting, structural time series models and the Kalman filter" (filter); Jackman
2005, Australian Journal of Political Science 40(4) (pooling of polls); Mueller 1973, "War, presidents and public
opinion" (how opinion moves in wars).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from ceasefire.evidence.vintage import Vintage
from ceasefire.model.declare import Z95, LogNormal, Prior
from ceasefire.scenario.posterior import Law
from ceasefire.scenario.spec import Poll

FloatArray = NDArray[np.float64]

YEAR_WEEKS = 52.0
HALF_LIFE, MOVE, FACTOR = 75.0, 0.5, 2.0
"""Medians of half-lives (weeks) and of moves (log odds), and one standard deviation of the log of either."""
COMMON = 0.5
"""Share of the variance of the log of either that all questions of a war have in common; elicited."""
HALF_LIVES = HALF_LIFE * 2.0 ** np.arange(-2.0, 2.5)
MOVES = MOVE * 2.0 ** np.arange(-3.0, 3.5, 0.5)
"""Standard deviations of the change over a year, log odds."""
GRID = np.array([(h, m) for h in HALF_LIVES for m in MOVES])
SPREAD = GRID[:, 1] / np.sqrt(2 * (1 - 2.0 ** (-YEAR_WEEKS / GRID[:, 0])))
"""Stationary standard deviation of x − μ, [grid]."""
OFFSET_SPREAD = 0.7
"""Of the log odds between two wordings of one question."""
HOUSE_SPREAD = 0.1
"""Of what else differs between two polls of one house, log odds: rounding, order of questions, mode."""
DESIGN = 2.0
"""People asked per person in effect: weights, clusters, questions put to half of a sample."""
USUAL_SIZE = 1000.0
"""People asked, where the poll does not say."""
ROUNDED = 101.0
"""Two answers add up to at most so many per cent."""


def _median(mid: float) -> Prior:
    """Prior of a war's median."""
    apart = FACTOR ** (Z95 * COMMON**0.5)
    return LogNormal(mid / apart, mid, mid * apart)


PRIORS: dict[str, Prior] = {"polling.half_life": _median(HALF_LIFE), "polling.move": _median(MOVE)}
"""Medians, over the questions and stretches of a war, of the half-life (weeks) and of the move of a year (log odds)."""


@dataclass(frozen=True)
class Belief:
    """How opinion is taken to move before any poll is seen."""

    move: float = MOVE
    """Median of the standard deviation of the change over a year, log odds."""
    factor: float = FACTOR
    """One standard deviation of the log of it, as a factor."""
    mean_spread: float = 1.0
    """Of the long-run log odds around even."""
    renewal: float = 0.5
    """Chance that what is ahead belongs to another stretch of the war."""
    law: Law = field(default_factory=lambda: Law.prior(PRIORS), compare=False)
    """What calibration taught of the war's medians, as scores."""

    def log_weight(self) -> FloatArray:
        """Of the points of the grid, [grid], not normed."""
        score = np.log(GRID / [HALF_LIFE, self.move]) / np.log([FACTOR, self.factor])
        common = self.law.only(tuple(PRIORS))
        cover = COMMON * common.root @ common.root.T + (1 - COMMON) * np.eye(len(PRIORS))
        away = score - COMMON**0.5 * common.centre
        return np.asarray(-0.5 * (away * np.linalg.solve(cover, away.T).T).sum(axis=1))


USUAL = Belief()


@dataclass(frozen=True)
class Reading:
    """One poll: of those who answered one way or the other, how many answered one way."""

    day: np.datetime64
    """Last day of fieldwork."""
    share: float
    answered: float
    """People who answered one way or the other."""

    @property
    def log_odds(self) -> float:
        """Of the share, with half a person added to either answer."""
        people = self.answered / DESIGN
        return float(np.log((people * self.share + 0.5) / (people * (1 - self.share) + 0.5)))

    @property
    def variance(self) -> float:
        """Of the log odds, by sampling and the house."""
        return float(error_variance(np.array(self.share), self.answered))


def error_variance(share: FloatArray, answered: float) -> FloatArray:
    """Variance of a poll's log odds around the opinion that its question measures."""
    people = answered / DESIGN
    return np.asarray(1 / (people * share + 0.5) + 1 / (people * (1 - share) + 0.5) + HOUSE_SPREAD**2)


@dataclass(frozen=True)
class OpinionDraws:
    """Log odds of opinion in some runs, each [run]."""

    opening: FloatArray
    mean: FloatArray
    spread: FloatArray
    half_life: FloatArray


@dataclass(frozen=True)
class OpinionLaw:
    """What polls say of one question put to one side, in the words of the reference."""

    weight: FloatArray
    """Of (half-life, move) in the record, [grid], and of what is ahead, [1 + grid]: the same, or a point anew."""
    centre: FloatArray
    """(x, μ) at the opening, [grid, 2]."""
    cover: FloatArray
    """Their covariance, [grid, 2, 2]."""
    mean_spread: float
    """Of μ in another stretch, around even."""

    def draw(self, uniforms: FloatArray) -> OpinionDraws:
        """Invert the law at uniforms [3, run]."""
        ladder = np.cumsum(self.weight)
        at, ahead = np.divmod(np.searchsorted(ladder[:-1], uniforms[0]), self.weight.shape[1])
        luck = ndtri(uniforms[1:])
        root = np.linalg.cholesky(self.cover)[at]
        opening = self.centre[at, 0] + root[:, 0, 0] * luck[0]
        same = self.centre[at, 1] + root[:, 1, 0] * luck[0] + root[:, 1, 1] * luck[1]
        point = np.where(ahead == 0, at, ahead - 1)
        mean = np.where(ahead == 0, same, self.mean_spread * luck[1])
        return OpinionDraws(opening, mean, SPREAD[point], GRID[point, 0])

    def ahead(self, weeks: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The log odds so many weeks after the opening: weights, means and variances of a mixture of normals."""
        memory = 2.0 ** (-weeks / GRID[:, 0])
        pull = np.stack([memory, 1 - memory], axis=1)
        walked = SPREAD**2 * (1 - memory**2)
        same = np.einsum("gi,gi->g", pull, self.centre)
        same_variance = np.einsum("gi,gij,gj->g", pull, self.cover, pull) + walked
        anew = np.outer(self.centre[:, 0], memory)
        anew_variance = np.outer(self.cover[:, 0, 0], memory**2) + ((1 - memory) * self.mean_spread) ** 2 + walked
        centre = np.concatenate([same[:, None], anew], axis=1)
        variance = np.concatenate([same_variance[:, None], anew_variance], axis=1)
        return self.weight.ravel(), centre.ravel(), variance.ravel()


def opinion(polls: Iterable[Poll], vintage: Vintage, law: Law | None = None) -> dict[tuple[str, str], OpinionLaw]:
    """The law of each question put to each side, by (side, question); none where no poll is known on the day.

    `law` is what calibration taught of `PRIORS`; None for nothing.
    """
    belief = USUAL if law is None else Belief(law=law)
    laws = {key: learn(series, vintage.as_of, belief) for key, series in asked(polls, vintage).items()}
    return {key: found for key, found in laws.items() if found is not None}


def asked(polls: Iterable[Poll], vintage: Vintage) -> dict[tuple[str, str], list[tuple[Reading, ...]]]:
    """The readings of each pollster by (side, question), the reference first."""
    found: dict[tuple[str, str], list[tuple[Reading, ...]]] = {}
    for poll in polls:
        known = readings(vintage, poll.series, against=poll.against, size=poll.size, inverse=poll.inverse)
        found.setdefault((poll.side, poll.question), []).append(known)
    return found


def readings(
    vintage: Vintage, series: str, *, against: str = "", size: str = "", inverse: bool = False
) -> tuple[Reading, ...]:
    """What is known of one question, by day of fieldwork; of days with the contrary answer alone, if it is named.

    Figures that are no percentages of one question are passed over.
    """
    pro, contra, asked = (_last_word(vintage, name) for name in (series, against, size))
    listed = []
    for day, one in pro.items():
        other = contra.get(day, -1.0) if against else 100.0 - one
        people = asked.get(day, USUAL_SIZE)
        if one >= 0 and other >= 0 and 0 < one + other <= ROUNDED and 1 <= people < np.inf:
            share = (other if inverse else one) / (one + other)
            listed.append(Reading(day, share, people * (one + other) / 100))
    return tuple(listed)


def _last_word(vintage: Vintage, name: str) -> dict[np.datetime64, float]:
    """By day of event, what was published last; nothing of a series that is not known."""
    if name not in vintage.names():
        return {}
    series = vintage.series(name)
    return dict(zip(series.dates, series.values.tolist(), strict=True))


class Told(NamedTuple):
    """Polls of one question put to one side, in the order of fieldwork."""

    weeks: FloatArray
    """[poll] since the one before; 0 for the first."""
    seen: FloatArray
    """[poll, state] 1 for the parts of (x − μ, μ, offsets) that add up to what the poll measures."""
    log_odds: FloatArray
    """[poll]"""
    variance: FloatArray
    """[poll] of sampling and the house."""


def learn(series: Sequence[Sequence[Reading]], day: np.datetime64, belief: Belief = USUAL) -> OpinionLaw | None:
    """The law on a day, from the readings of each pollster, the reference first; None where nobody asked."""
    polls = told(series)
    if polls is None:
        return None
    last = max(reading.day for part in series for reading in part)
    likelihood, centre, cover = follow(polls, belief.mean_spread)
    return _law(belief.log_weight() + likelihood, *_wait(centre, cover, _weeks(last, day)), belief)


def told(series: Sequence[Sequence[Reading]]) -> Told | None:
    """The readings of all pollsters as one list; None where nobody asked."""
    others = [place for place, part in enumerate(series) if place and part]
    listed = sorted(
        ((reading, place) for place, part in enumerate(series) for reading in part),
        key=lambda pair: (pair[0].day, pair[0].share, pair[0].answered),
    )
    if not listed:
        return None
    seen = np.zeros((len(listed), 2 + len(others)))
    seen[:, :2] = 1.0
    for row, (_, place) in enumerate(listed):
        if place:
            seen[row, 2 + others.index(place)] = 1.0
    days = [reading.day for reading, _ in listed]
    return Told(
        weeks=np.array([_weeks(before, day) for before, day in zip([days[0], *days[:-1]], days, strict=True)]),
        seen=seen,
        log_odds=np.array([reading.log_odds for reading, _ in listed]),
        variance=np.array([reading.variance for reading, _ in listed]),
    )


def follow(polls: Told, mean_spread: float = USUAL.mean_spread) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Log likelihood of the polls [grid], up to a constant; mean and covariance of the state after the last."""
    centre, cover = _before(polls.seen.shape[1], mean_spread)
    logs = np.zeros(len(GRID))
    for weeks, seen, log_odds, variance in zip(*polls, strict=True):
        centre, cover = _wait(centre, cover, weeks)
        centre, cover, likelihood = _see(centre, cover, seen, log_odds, variance)
        logs = logs + likelihood
    return logs, centre, cover


def _law(logs: FloatArray, centre: FloatArray, cover: FloatArray, belief: Belief) -> OpinionLaw:
    """The law from what the filter holds, in terms of (x, μ) in place of (x − μ, μ)."""
    turn = np.array([[1.0, 1.0], [0.0, 1.0]])
    ahead = np.append(1 - belief.renewal, belief.renewal * _normed(belief.log_weight()))
    turned = turn @ cover[:, :2, :2] @ turn.T + 1e-9 * np.eye(2)
    return OpinionLaw(np.outer(_normed(logs), ahead), centre[:, :2] @ turn.T, turned, belief.mean_spread)


def _normed(logs: FloatArray) -> FloatArray:
    weight = np.exp(logs - logs.max())
    return np.asarray(weight / weight.sum())


def _weeks(start: np.datetime64, end: np.datetime64) -> float:
    return max(float((end - start) / np.timedelta64(7, "D")), 0.0)


def _before(size: int, mean_spread: float) -> tuple[FloatArray, FloatArray]:
    """(x − μ, μ, offsets) before any poll."""
    variance = np.full((len(GRID), size), OFFSET_SPREAD**2)
    variance[:, 0], variance[:, 1] = SPREAD**2, mean_spread**2
    return np.zeros((len(GRID), size)), variance[:, :, None] * np.eye(size)


def _wait(centre: FloatArray, cover: FloatArray, weeks: float) -> tuple[FloatArray, FloatArray]:
    """Let opinion move for so many weeks."""
    memory = 2.0 ** (-weeks / GRID[:, 0])
    kept = np.ones_like(centre)
    kept[:, 0] = memory
    moved = cover * kept[:, :, None] * kept[:, None, :]
    moved[:, 0, 0] += SPREAD**2 * (1 - memory**2)
    return centre * kept, moved


def _see(
    centre: FloatArray, cover: FloatArray, seen: FloatArray, log_odds: float, error: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Learn from one poll with an error of variance `error`; also its log likelihood, [grid]."""
    along = cover @ seen
    variance = along @ seen + error
    surprise = log_odds - centre @ seen
    gain = along / variance[:, None]
    likelihood = -0.5 * (np.log(variance) + surprise**2 / variance)
    return centre + gain * surprise[:, None], cover - gain[:, :, None] * along[:, None, :], likelihood
