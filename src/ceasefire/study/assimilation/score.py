"""Scores of a week's forecast: weighted runs against what came, beside runs that never looked and plain statistics.

CRPS = Σ wᵢ |xᵢ − y| − ½ Σ wᵢ wⱼ |xᵢ − xⱼ|; the probability transform is the weight below y, ties by half; the log score
is −ln of a density smoothed by normal kernels, Silverman's width, at least a hundredth of the spread of the record.
Plain statistics are `study/baselines.py`'s local level with as many draws as there are runs, a week ahead, from the
record as it stood a week before.
"""

from __future__ import annotations

from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ceasefire.study import baselines

FloatArray = NDArray[np.float64]
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
LOCAL_LEVEL = "local-level"


class Score(NamedTuple):
    """What one member said of one number, and how good that was."""

    points: tuple[float, ...]
    """Quantiles at `LEVELS`."""
    pit: float
    crps: float
    log: float


def scored(values: FloatArray, weight: FloatArray, observed: float, scale: float) -> Score:
    """Score weighted values [run]; `scale` is the spread of such numbers in the record."""
    alive = weight > 0
    order = np.argsort(values[alive], kind="stable")
    x, w = values[alive][order], weight[alive][order] / weight[alive].sum()
    below = np.cumsum(w)
    points = tuple(float(x[min(int(np.searchsorted(below, level)), len(x) - 1)]) for level in LEVELS)
    pit = float(w[x < observed].sum() + 0.5 * w[x == observed].sum())
    spread = float((w * x * (2 * below - w - 1)).sum())
    crps = float((w * np.abs(x - observed)).sum()) - spread
    return Score(points, pit, crps, _log_score(x, w, observed, scale))


def _log_score(x: FloatArray, w: FloatArray, observed: float, scale: float) -> float:
    mean = (w * x).sum()
    deviation = float(np.sqrt((w * (x - mean) ** 2).sum()))
    number = 1 / (w**2).sum()
    width = max(1.06 * deviation * number**-0.2, 0.01 * scale, 1e-9)
    logs = -0.5 * ((observed - x) / width) ** 2 - np.log(width * np.sqrt(2 * np.pi))
    top = logs.max()
    return -float(top + np.log((w * np.exp(logs - top)).sum()))


def local_level(record: FloatArray, target: str, *, runs: int, seed: int, week: int) -> FloatArray:
    """Draws of the local level a week ahead, [run]."""
    luck = np.random.default_rng([seed, week, crc32(LOCAL_LEVEL.encode()), crc32(target.encode())])
    positive = baselines.family(target) == "losses"
    told: FloatArray = baselines.BASELINES[LOCAL_LEVEL](baselines.usable(record), 1, runs, luck, positive=positive)
    return told[:, 0]
