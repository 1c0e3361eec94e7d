"""Competing risks with constant hazards: how likely an end is by a time, and which end it is.

With hazards λ_1 … λ_n per unit of time and Λ = Σ λ_i, the chance of any end by time t is 1 − exp(−Λ t), the median time
ln 2/Λ, the share of ends of kind i is λ_i/Λ whenever they come, and the chance of an end of kind i by t is the product
(Kalbfleisch and Prentice 2002, chapter 8).

Left out: hazards that change with the age of the war; the base rate of wars does that (`model/bargaining.py`).
"""

import numpy as np
from numpy.typing import ArrayLike

from ceasefire.study.bargaining.check import FloatArray, as_array, number, table, within


def chance_by(hazard: float, time: ArrayLike) -> FloatArray:
    """1 − exp(−λ t), the chance of an end by each time; 1/hazard and time in one unit, neither negative."""
    when = as_array("time", time)
    within("time", when, 0, np.inf)
    return -np.expm1(-number("hazard", hazard, low=0) * when)


def median_time(hazard: float) -> float:
    """ln 2/λ, in the unit of 1/hazard; infinite where the hazard is 0."""
    rate = number("hazard", hazard, low=0)
    return float(np.log(2) / rate) if rate else float("inf")


def shares(hazards: ArrayLike) -> FloatArray:
    """λ_i/Σλ, the share of each kind of end [kind]. Raises `BargainingError` where all hazards are 0."""
    rates = table("hazards", hazards, (None,), low=0)
    within("summed hazard", np.atleast_1d(np.sum(rates)), 0, np.inf, above=True)
    share: FloatArray = rates / np.sum(rates)
    return share


def incidence(hazards: ArrayLike, time: ArrayLike) -> FloatArray:
    """Chance that by each time an end of each kind has come, [kind, time] ([kind] for a single time)."""
    rates = table("hazards", hazards, (None,), low=0)
    total = float(np.sum(rates))
    return np.multiply.outer(rates / (total or 1.0), chance_by(total, time))
