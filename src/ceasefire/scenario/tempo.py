"""The tempo of the front on the opening date, learned from the weekly gains known by then.

One axis of one side gains ground in lumps: y ~ compound Poisson–gamma with mean exp(x), lumps of mean area m. The
log-tempo x reverts to a mean, x' = mean + φ (x − mean) + spread sqrt(1 − φ²) ε, φ = 2^(−1/half-life). (mean, spread,
half-life, lump) are unknown; x is followed exactly on a grid (a hidden Markov filter) for every point of a grid of
those four, weighted by likelihood × prior. A run draws one point and one x from the result, so that parameter and
state uncertainty enter the forecast together. The budget of the whole front is learned in the same way, as one axis.

The other axes of the same side inform an axis's spread, half-life and lump, at weight `POOLING` (arbitrary).
Left out: covariates, and dependence between axes within a week beyond the common budget (near zero on the record).
Sources: model notes, section 1 (likelihood-based budget); Jørgensen 1987 (Tweedie family); priors elicited.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from ceasefire.model.front import LUMP_SHAPE

FloatArray = NDArray[np.float64]

POOLING = 0.35
AXIS_SPREAD, BUDGET_SPREAD = 0.8, 0.4
"""Prior medians of the spread of an axis and of the whole front."""
LOG_TEMPO = np.linspace(np.log(0.03), np.log(400.0), 44)
"""Grid of x, log km² a week."""
MEANS = np.log(np.array([0.1, 0.4, 1.2, 3.0, 6.0, 11.0, 20.0, 36.0, 65.0, 110.0]))
SPREADS = np.array([0.2, 0.35, 0.6, 0.9, 1.3])
HALF_LIVES = np.array([1.5, 4.0, 10.0, 25.0])
LUMPS = np.array([1.5, 4.0, 9.0, 18.0])
NOUGHT = 0.05
"""Gains below this (km²) are redrawing, not ground; they count as none."""


@dataclass(frozen=True)
class TempoDraws:
    """One side's tempo in some runs, each [axis, run]."""

    mean: FloatArray
    spread: FloatArray
    half_life: FloatArray
    lump: FloatArray
    opening: FloatArray


@dataclass(frozen=True)
class TempoLaw:
    """What the record says of one side's axes: a joint law of (lump, hypothesis), then of x."""

    hypothesis: FloatArray
    """Cumulative weight of each (lump, hypothesis), [axis, lump × hypothesis]."""
    tempo: FloatArray
    """Cumulative law of x for the coming week, [axis, lump × hypothesis, x]."""

    def draw(self, uniforms: FloatArray) -> TempoDraws:
        """Invert the law at uniforms [axis, 3, run]."""
        axis = np.arange(len(uniforms))[:, None]
        pick = np.stack([np.searchsorted(c, u) for c, u in zip(self.hypothesis, uniforms[:, 0], strict=True)])
        pick = np.minimum(pick, self.hypothesis.shape[1] - 1)
        at = (self.tempo[axis, pick] < uniforms[:, 1, :, None]).sum(axis=2)
        at = np.minimum(at, len(LOG_TEMPO) - 1)
        opening = LOG_TEMPO[at] + (uniforms[:, 2] - 0.5) * (LOG_TEMPO[1] - LOG_TEMPO[0])
        lump, hypothesis = np.divmod(pick, len(_hypotheses()[0]))
        mean, spread, half_life = np.moveaxis(_hypotheses()[0][hypothesis], 2, 0)
        return TempoDraws(mean, spread, half_life, LUMPS[lump], opening)


def log_density(gain: FloatArray, log_tempo: FloatArray, lump: float) -> FloatArray:
    """Log density of weekly gains [week] at each log-tempo [grid], as [week, grid].

    P(0) = exp(−μ/m); otherwise Σ_n Poisson(n; μ/m) Gamma(y; nκ, m/κ), over enough n to leave out nothing.
    """
    rate = np.exp(log_tempo) / lump
    count = np.arange(1, int(np.ceil(rate.max() + 8 * np.sqrt(rate.max()) + 8)))
    poisson = count[:, None] * np.log(rate) - rate - gammaln(count + 1)[:, None]
    y = np.maximum(gain, NOUGHT)[:, None]
    shape = LUMP_SHAPE * count
    sizes = (shape - 1) * np.log(y) - y * LUMP_SHAPE / lump - gammaln(shape) - shape * np.log(lump / LUMP_SHAPE)
    top = sizes.max(axis=1, keepdims=True)
    mixture = np.log(np.maximum(np.einsum("wn,ng->wg", np.exp(sizes - top), np.exp(poisson)), 1e-300)) + top
    return np.where((gain > NOUGHT)[:, None], mixture, -rate[None, :])


def learn(gains: FloatArray, *, spread: float) -> TempoLaw:
    """The law of each axis's tempo, from gains [axis, week] (km², NaN where not observed).

    `spread` is the prior median of the spread of the log-tempo.
    """
    followed = [_follow(gain) for gain in gains]
    scores = np.stack([evidence for evidence, _ in followed]) + _log_prior(spread)
    others = _pooled(scores)
    weights = scores.reshape(len(gains), len(LUMPS), len(MEANS), -1) + others[:, :, None, :]
    weights = weights.reshape(len(gains), -1)
    weights = np.exp(weights - weights.max(axis=1, keepdims=True))
    cumulative = np.cumsum(weights, axis=1)
    laws = np.stack([law.reshape(-1, len(LOG_TEMPO)) for _, law in followed])
    return TempoLaw(cumulative / cumulative[:, -1:], np.cumsum(laws, axis=2))


@lru_cache(maxsize=1)
def _hypotheses() -> tuple[FloatArray, FloatArray, FloatArray]:
    """Every (mean, spread, half-life): values [h, 3], transition matrices [h, x, x'], stationary law [h, x]."""
    values = np.array([(m, s, h) for m in MEANS for s in SPREADS for h in HALF_LIVES])
    mean, spread, half_life = (values[:, k, None, None] for k in range(3))
    phi = 2 ** (-1 / half_life)
    expected = mean + phi * (LOG_TEMPO[:, None] - mean)
    moves = np.exp(-0.5 * ((LOG_TEMPO - expected) / (spread * np.sqrt(1 - phi**2))) ** 2)
    stationary = np.exp(-0.5 * ((LOG_TEMPO - values[:, :1]) / values[:, 1:2]) ** 2)
    return values, moves / moves.sum(axis=2, keepdims=True), stationary / stationary.sum(axis=1, keepdims=True)


def _log_prior(spread: float) -> FloatArray:
    """Weak preferences: spread within a factor of about e^.6 of `spread`, half-life about 6 weeks; means alike."""
    values, _, _ = _hypotheses()
    return -0.5 * (np.log(values[:, 1] / spread) / 0.6) ** 2 - 0.5 * (np.log(values[:, 2] / 6.0) / 1.1) ** 2


def _follow(gain: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Log evidence [lump, hypothesis] of one axis's weekly gains, and the law of x in the coming week."""
    _, moves, stationary = _hypotheses()
    law = np.repeat(stationary[:, None, :], len(LUMPS), axis=1)
    evidence = np.zeros(law.shape[:2])
    seen = np.stack([log_density(np.nan_to_num(gain), LOG_TEMPO, float(m)) for m in LUMPS], axis=1)
    seen[np.isnan(gain)] = 0.0
    peak = seen.max(axis=2)
    likelihood = np.exp(seen - peak[..., None])
    for week in range(len(gain)):
        law = law * likelihood[week]
        total = np.maximum(law.sum(axis=2), 1e-300)
        evidence += np.log(total) + peak[week]
        law = np.matmul(law / total[..., None], moves)
    return evidence.T, law.transpose(1, 0, 2)


def _pooled(scores: FloatArray) -> FloatArray:
    """What the other axes say of (lump, spread × half-life), own means integrated out, [axis, lump, rest]."""
    by_mean = scores.reshape(len(scores), len(LUMPS), len(MEANS), -1)
    top = by_mean.max(axis=2, keepdims=True)
    own = np.squeeze(top, 2) + np.log(np.exp(by_mean - top).sum(axis=2))
    return POOLING * (own.sum(axis=0) - own)
