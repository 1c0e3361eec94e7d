"""Ranks: whether truths lie where their posteriors say, as often as they say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chisquare

BINS = 10
"""Of the test of uniformity."""


def trust(level: NDArray[np.float64]) -> tuple[float, float]:
    """Share of levels in (0, 1) in the central 90 %, and the p-value of a χ² test that they are uniform.

    The level of a truth is how much of its posterior lies below it.
    """
    uniform = float(chisquare(np.histogram(level, BINS, (0.0, 1.0))[0]).pvalue)
    return float(np.mean(np.abs(level - 0.5) <= 0.45)), uniform
