"""How intense the fighting is at the opening, learned from the weekly claims of losses known by then.

The log of a week's claims is level + noise, and the level a mean-reverting walk: y = μ + s + e, s' = φ s + w,
var w = q var e. For every (φ, q) on a grid, (s, μ) is followed by a Kalman filter with a wide prior on μ; grid points
are weighted by their likelihood; var e is the mean squared error with a half-life of 26 weeks, because fighting has
calm and nervous years. A run draws a point, then (s, μ).

The noise is taken to be reporting (batches, corrections), the level to be real; nothing in the record tells them apart.
Left out: heavy tails, season, covariates.
Sources: Harvey 1989, "Forecasting, structural time series models and the Kalman filter", sections 2.3 and 4.5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

FloatArray = NDArray[np.float64]

HALF_LIVES = np.array([2.0, 5.0, 13.0, 35.0, 140.0])
RATIOS = np.array([0.003, 0.01, 0.03, 0.08, 0.2, 0.5])
GRID = np.array([(h, q) for h in HALF_LIVES for q in RATIOS])
FADING = 2.0 ** (-1 / 26)
"""Weight of a squared error a week older, when var e is estimated (chosen with hindsight, see DATA.md)."""
WINDOW = 104
"""Weeks of record that count: older fighting was of another kind (as in the reference baselines)."""


@dataclass(frozen=True)
class IntensityDraws:
    """The level of log claims in some runs, each [run]."""

    opening: FloatArray
    mean: FloatArray
    spread: FloatArray
    half_life: FloatArray
    noise: FloatArray


@dataclass(frozen=True)
class IntensityLaw:
    """What the record says of one series of claims."""

    cumulative: FloatArray
    """Cumulative weight of each (half-life, ratio), [grid]."""
    centre: FloatArray
    """Filtered (s, μ) for the coming week, [grid, 2]."""
    root: FloatArray
    """Lower triangle with the filtered covariance as its square, [grid, 2, 2]."""
    noise: FloatArray
    """Standard deviation of e, [grid]."""

    def draw(self, uniforms: FloatArray) -> IntensityDraws:
        """Invert the law at uniforms [3, run]."""
        at = np.minimum(np.searchsorted(self.cumulative, uniforms[0]), len(GRID) - 1)
        luck = ndtri(uniforms[1:])
        shift, mean = self.centre[at].T
        root = self.root[at]
        mean = mean + root[:, 1, 0] * luck[0] + root[:, 1, 1] * luck[1]
        half_life, ratio = GRID[at].T
        memory = 2.0 ** (-1 / half_life)
        spread = self.noise[at] * np.sqrt(ratio / (1 - memory**2))
        return IntensityDraws(mean + shift + root[:, 0, 0] * luck[0], mean, spread, half_life, self.noise[at])


def learn(claims: FloatArray) -> IntensityLaw:
    """The law of the level of log weekly claims, from claims [week] (NaN where missing or corrected downwards)."""
    y = np.log(np.where(claims > 0, claims, np.nan))[-WINDOW:]
    seen = y[np.isfinite(y)]
    if len(seen) < 8:
        raise ValueError(f"{len(seen)} weeks of claims; at least 8 are needed")
    half_life, ratio = GRID.T
    memory = 2.0 ** (-1 / half_life)
    centre = np.stack([np.zeros(len(GRID)), np.full(len(GRID), seen.mean())], axis=1)
    wide = 25.0 * max(float(seen.var()), 1e-4) / max(float(np.diff(seen).var()), 1e-6)
    cover = np.zeros((len(GRID), 2, 2))
    cover[:, 0, 0], cover[:, 1, 1] = ratio / (1 - memory**2), wide
    move = np.zeros((len(GRID), 2, 2))
    move[:, 0, 0], move[:, 1, 1] = memory, 1.0
    logs, squares, recent, weight_sum = np.zeros(len(GRID)), np.zeros(len(GRID)), np.zeros(len(GRID)), 0.0
    for value in y:
        if np.isfinite(value):
            gain_top = cover.sum(axis=2)
            variance = gain_top.sum(axis=1) + 1
            error = value - centre.sum(axis=1)
            logs += np.log(variance)
            squares += error**2 / variance
            recent = FADING * recent + error**2 / variance
            weight_sum = FADING * weight_sum + 1.0
            gain = gain_top / variance[:, None]
            centre = centre + gain * error[:, None]
            cover = cover - gain[:, :, None] * gain_top[:, None, :]
        centre = np.einsum("gij,gj->gi", move, centre)
        cover = np.einsum("gij,gjk,glk->gil", move, cover, move)
        cover[:, 0, 0] += ratio
    count = len(seen)
    likelihood = -0.5 * (logs + count * np.log(squares / count))
    scale = recent / weight_sum
    weight = np.cumsum(np.exp(likelihood - likelihood.max()))
    root = np.linalg.cholesky(cover * scale[:, None, None] + 1e-12 * np.eye(2))
    return IntensityLaw(weight / weight[-1], centre, np.asarray(root, np.float64), np.sqrt(scale))
