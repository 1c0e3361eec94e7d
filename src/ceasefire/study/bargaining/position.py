"""Weighted mean and weighted median of positions: what any cleverer prediction of terms has to beat.

An actor weighs capability × salience. On 351 issues of the European Union the plain weighted mean missed the outcome
by 23.0 points of 100 on average; the best tuned challenge model by 26.8, Kalai–Smorodinsky by 32.4, Nash by 46.6. The
median is the position that beats every other in pairwise votes when utilities fall off with distance (Black 1948,
Journal of Political Economy 56).

Left out: who can veto, and everything that happens while they bargain.
"""

import numpy as np
from numpy.typing import ArrayLike

from ceasefire.study.bargaining.check import FloatArray, as_array, table, within


def weighted_mean(position: ArrayLike, capability: ArrayLike, salience: ArrayLike) -> float | FloatArray:
    """Σ c s x / Σ c s over actors: a number, or [dimension] where positions are [actor, dimension].

    Capability [actor] and salience (shaped as position) are not negative, in any unit; not all weights of a dimension
    are zero. Raises `BargainingError`.
    """
    x, weight = _weighed(position, capability, salience)
    mean: FloatArray = np.sum(x * weight, axis=0) / np.sum(weight, axis=0)
    return mean if x.ndim == 2 else float(mean)


def weighted_median(position: ArrayLike, capability: ArrayLike, salience: ArrayLike) -> float | FloatArray:
    """The position at which half the weight c s is reached: a number, or [dimension].

    Where exactly half the weight lies on either side of a gap, the middle of the gap. Inputs as in `weighted_mean`.
    """
    x, weight = _weighed(position, capability, salience)
    if x.ndim == 1:
        return median_of(x, weight)
    return np.array([median_of(*column) for column in zip(x.T, weight.T, strict=True)])


def median_of(x: FloatArray, weight: FloatArray) -> float:
    """Median of numbers with weights of which at least one is positive; the middle of the gap between two."""
    order = np.argsort(x, kind="stable")
    order = order[weight[order] > 0]
    reached = np.cumsum(weight[order]) / np.sum(weight)
    low, high = np.searchsorted(reached, [0.5 - 1e-12, 0.5 + 1e-12])  # half exactly, however the sum was rounded
    return float((x[order[low]] + x[order[min(high, len(order) - 1)]]) / 2)


def _weighed(position: ArrayLike, capability: ArrayLike, salience: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Checked positions, and the weight capability × salience of each."""
    shape = (None, None) if as_array("position", position).ndim == 2 else (None,)
    x = table("position", position, shape)
    c = table("capability", capability, x.shape[:1], low=0)
    weight = table("salience", salience, x.shape, low=0) * c.reshape(-1, *[1] * (x.ndim - 1))
    total = np.sum(weight, axis=0)
    within("summed weight (capability × salience)", np.atleast_1d(total), 0, np.inf, above=True)
    return x, weight
