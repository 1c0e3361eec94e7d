"""Regimes: what is one thing or another is not moved but weighed, and runs that are hardly believed make room.

A regime is a whole number that a run is in: whether the sides talk and mean it, whether a patron stands by its side and
what it has switched off, whether an axis is broken through, whether the war goes on. Given a week's observations, run i
in regime g is weighed by what its regime expects, not by its own luck:
    wᵢ ← wᵢ · Π p(y | g)/p(y),   p(y | g) = Σ_{j in g} wⱼ ℓⱼ(y) / Σ_{j in g} wⱼ,
shrunk towards p(y) with `SHRINK` runs' worth, and only over observations that correlate with being in g (`filter.trust`
is above 0): a mean over few runs is noise. Regimes and observations are taken one at a time, as if apart.

Where the effective number falls below half, systematic resampling copies runs whole, their parameters with them, so
that the expected number of copies is in proportion to the weight. A survivor keeps its slot and its bits; copies go to
the slots that fall free and go on with the luck of those slots. A copy's parameters are shaken in the normal scores of
the unit cube, z' = a z + (1 − a) z̄ + h s e with a² + h² = 1, h = 0.1, which keeps their mean z̄ and spread s.

Sources: Liu and West 2001 (shaking); Doucet and Johansen 2009 (systematic resampling); model notes, section 13.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from ceasefire.study.assimilation.filter import effective, spread_of, trust

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

SHRINK = 3.0
SHAKEN = 0.1
NONE = 1e-9
"""A weight below this over the number of runs is none."""
FURTHEST = 5.0
"""Normal scores are kept within this."""


def reweighted(
    weight: FloatArray,
    regimes: Mapping[str, IntArray],
    expected: FloatArray,
    logs: FloatArray,
    near: Mapping[str, IntArray],
) -> FloatArray:
    """Weights [run] after a week, adding up to 1.

    `expected` and `logs` [observation, run] are what is expected and the log likelihood of what came; `near` names for
    each regime the observations that may speak of it.
    """
    told = np.log(np.maximum(weight, 1e-300))
    for name, value in regimes.items():
        for kind in np.unique(value):
            inside = value == kind
            if not inside.all() and weight[inside].sum() > 0:
                told[inside] += _log_ratio(weight, inside, expected[near[name]], logs[near[name]])
    told = np.where(weight > 0, told, -np.inf)
    new = np.exp(told - told.max())
    new /= new.sum()
    new[new < NONE / len(new)] = 0.0
    return np.asarray(new / new.sum())


def _log_ratio(weight: FloatArray, inside: NDArray[np.bool_], expected: FloatArray, logs: FloatArray) -> float:
    """Log of Π p(y | g)/p(y) over the observations that tell the regime from the rest."""
    number, share = effective(weight), float(weight[inside].sum())
    total = 0.0
    for row, log in zip(expected, logs, strict=True):
        mean, variance = spread_of(row, weight)
        if variance <= 0 or share >= 1:
            continue
        contrast = (weight[inside] * (row[inside] - mean)).sum() / np.sqrt(variance * share * (1 - share))
        if trust(np.asarray(contrast), number) > 0:
            likelihood = np.exp(log - log[weight > 0].max())
            overall = (weight * likelihood).sum()
            few = SHRINK / number
            own = ((weight * likelihood)[inside].sum() + few * overall) / (share + few)
            total += float(np.log(max(own, 1e-300) / max(overall, 1e-300)))
    return total


def drawn(weight: FloatArray, luck: float) -> IntArray:
    """How often each run is drawn, [run]: systematic resampling with one uniform."""
    number = len(weight)
    points = (np.arange(number) + luck) / number
    ends = np.cumsum(weight)
    ends[-1] = max(ends[-1], 1.0)
    return np.bincount(np.searchsorted(ends, points, side="right").clip(max=number - 1), minlength=number)


def parents(weight: FloatArray, luck: float) -> IntArray:
    """Run that each slot goes on from, [run]; survivors stay where they are."""
    copies = drawn(weight, luck)
    parent = np.arange(len(weight))
    parent[copies == 0] = np.repeat(np.arange(len(weight)), np.maximum(copies - 1, 0))
    return parent


def shaken(points: FloatArray, parent: IntArray, luck: FloatArray) -> FloatArray:
    """Points of the unit cube [..., run] after resampling; copies are shaken by uniforms `luck` [..., run]."""
    score = ndtri(points)[..., parent]
    centre, spread = score.mean(axis=-1, keepdims=True), score.std(axis=-1, keepdims=True)
    moved = np.sqrt(1 - SHAKEN**2) * (score - centre) + centre + SHAKEN * spread * ndtri(luck)
    copy = parent != np.arange(len(parent))
    return np.where(copy, ndtr(np.clip(moved, -FURTHEST, FURTHEST)), points[..., parent])
