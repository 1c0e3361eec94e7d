"""Cross-check: what another method says of the couplings that were learned most of.

The inversion (`inversion.py`) takes truth and estimate to be jointly normal everywhere. Here only those simulated wars
count whose estimates s come near the record's s° (approximate Bayesian computation), with a local linear adjustment
(Beaumont, Zhang and Balding 2002):

    z* = z − β (s − s°),   β by least squares weighted with 1 − (d/δ)²,   d the distance of s from s°,

d in units of the members' covariance, δ so wide that a share `NEAR` of the members lies within it. Mean and spread of
z* with those weights need no normal law, and no spread that is the same everywhere. The same is done for `HELD` members
in turn as if each were the record, by the others; how often their central 90 % holds the truth is told beside.

Left out: what the estimates themselves leave out of the reports.
Sources: Beaumont, Zhang and Balding 2002, Genetics 162(4).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ceasefire.scenario.posterior import Law

FloatArray = NDArray[np.float64]

MOST = 8
"""Numbers that are checked."""
NEAR = 0.25
HELD = 200
LOW, HIGH = 0.05, 0.95
APART = 0.3
"""Difference of centres, in spreads of the prior, beyond which two methods are said to disagree; arbitrary."""


def check(law: Law, truth: FloatArray, guess: FloatArray, seen: FloatArray) -> tuple[dict[str, Any], ...]:
    """Centre and spread of each number of a law by either method; truth and guess [number, member], seen [number]."""
    even, there = whitened(guess, seen)
    adjusted, weight = near(truth, even, there)
    centre, spread = moments(adjusted, weight)
    covered = coverage(truth, even)
    return tuple(
        {
            "name": name,
            "centre": float(law.centre[k]),
            "spread": float(law.spread[k]),
            "other_centre": float(centre[k]),
            "other_spread": float(spread[k]),
            "other_covered": float(covered[k]),
            "members": int((weight > 0).sum()),
            "agree": bool(abs(law.centre[k] - centre[k]) <= APART),
        }
        for k, name in enumerate(law.names)
    )


def whitened(guess: FloatArray, seen: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Estimates in units in which those of the members are uncorrelated with variance 1."""
    root = np.linalg.cholesky(np.atleast_2d(np.cov(guess)) + 1e-12 * np.eye(len(guess)))
    return np.linalg.solve(root, guess), np.linalg.solve(root, seen)


def near(truth: FloatArray, guess: FloatArray, seen: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Adjusted truths [number, member] where estimates are as `seen`, and weights [member] that add up to 1."""
    distance = np.sqrt(((guess - seen[:, None]) ** 2).sum(axis=0))
    weight = np.maximum(0.0, 1.0 - (distance / np.quantile(distance, NEAR)) ** 2)
    away = guess - seen[:, None]
    base = np.vstack([np.ones(len(weight)), away])
    slope = np.linalg.lstsq((base * np.sqrt(weight)).T, (truth * np.sqrt(weight)).T, rcond=None)[0].T[:, 1:]
    return truth - slope @ away, weight / weight.sum()


def moments(adjusted: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Weighted mean and standard deviation of each number."""
    centre = adjusted @ weight
    return centre, np.sqrt(((adjusted - centre[:, None]) ** 2) @ weight)


def coverage(truth: FloatArray, guess: FloatArray) -> FloatArray:
    """Share of members, each in turn as if it were the record, whose truth lies in the central 90 %, [number]."""
    number = truth.shape[1]
    held = []
    for k in range(min(HELD, number)):
        others = np.arange(number) != k
        adjusted, weight = near(truth[:, others], guess[:, others], guess[:, k])
        below = (adjusted < truth[:, k, None]) @ weight
        held.append((below >= LOW) & (below <= HIGH))
    return np.asarray(np.mean(held, axis=0))
