"""The filter: one number after the other that was observed moves the ensemble, without dice.

For each observed number every run has an expectation η. (1) Its ensemble is shifted and scaled to the mean and the
variance that Bayes' rule gives. For an observation y = η + error of variance R, with P the variance of η,
    mean' = mean + P/(P + R) · (y − mean),   P' = P R/(P + R);
for any other likelihood ℓ(η), both are moments of the runs weighted by ℓ. So
    dη = mean' − η + √(P'/P) · (η − mean).
(2) Each state x follows by regression, dx = w · cov(x, η)/P · dη, and so do the expectations still to come. With normal
laws, linear observations and w = 1, many runs make this the Kalman filter.

Localisation. x does not follow where the caller says that it is of another place, nor where its correlation r with η
is lost in the noise of a small ensemble: w = 0 for |r| ≤ θ = 3/√N, else 1 − G(|r|/θ), which is 0.79 there and 1 from
2θ on; G is the compact function of Gaspari and Cohn 1999, N the effective number of runs. A state that nothing reaches
keeps its bits.

Afterwards the spread of each state that was reached is taken from σ_a back towards the σ_b before,
    min(σ_b, 1.03 · (0.6 σ_b + 0.4 σ_a)),
inflation and relaxation (Whitaker and Hamill 2012). Both act only on what was reached: no observation, no change.

Left out: errors of observations that hang together; laws of η with several peaks.
Sources: Anderson 2003, Monthly Weather Review 131, 634 (two steps, deterministic); Gaspari and Cohn 1999, Quarterly
Journal 125, 723; model notes, section 13 (1.03 and 0.6).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

INFLATION = 1.03
RELAXATION = 0.6
SIGNIFICANT = 3.0
"""Correlations up to this over √N count as noise."""
LEAST_SPREAD = 1e-9
"""Below this, relative to 1 and to the mean, an ensemble has no spread to learn from."""


@dataclass(frozen=True)
class Normal:
    """An observation with a normal error."""

    value: float
    variance: float

    def log_likelihood(self, expected: FloatArray) -> FloatArray:
        """Log density of the observation in each run, [run]."""
        return -0.5 * ((self.value - expected) ** 2 / self.variance + np.log(2 * np.pi * self.variance))

    def moments(self, expected: FloatArray, weight: FloatArray) -> tuple[float, float]:
        """Mean and variance of what is expected, given the observation."""
        mean, variance = spread_of(expected, weight)
        gain = variance / (variance + self.variance)
        return mean + gain * (self.value - mean), variance * (1 - gain)


@dataclass(frozen=True)
class Likely:
    """An observation of any law."""

    law: Callable[[FloatArray], FloatArray]
    """Log likelihood in each run, from what each expects, [run]."""

    def log_likelihood(self, expected: FloatArray) -> FloatArray:
        """Log likelihood of the observation in each run, [run]."""
        return self.law(expected)

    def moments(self, expected: FloatArray, weight: FloatArray) -> tuple[float, float]:
        """Mean and variance of what is expected, given the observation."""
        logs = self.law(expected)
        posterior = weight * np.exp(logs - logs[weight > 0].max())
        posterior /= posterior.sum()
        _, before = spread_of(expected, weight)
        mean, variance = spread_of(expected, posterior)
        number = 1 / (posterior**2).sum()
        return mean, max(variance, before / (1 + number))


Law = Normal | Likely


def spread_of(values: FloatArray, weight: FloatArray) -> tuple[float, float]:
    """Mean and variance of [run] under weights that add up to 1."""
    mean = float((weight * values).sum())
    return mean, float((weight * (values - mean) ** 2).sum())


def effective(weight: FloatArray) -> float:
    """How many runs of equal weight the weights are worth, (Σw)²/Σw²."""
    return float(weight.sum() ** 2 / (weight**2).sum())


def compact(distance: FloatArray) -> FloatArray:
    """Gaspari and Cohn's function: 1 at 0, 5/24 at 1, 0 from 2 on."""
    x = np.abs(np.asarray(distance, float))
    inner = 1 + x**2 * (-5 / 3 + x * (5 / 8 + x * (1 / 2 - x / 4)))
    beyond = np.maximum(x, 1.0)
    outer = 4 - 5 * beyond + beyond**2 * (5 / 3 + beyond * (5 / 8 + beyond * (-1 / 2 + beyond / 12))) - 2 / 3 / beyond
    return np.where(x <= 1, inner, np.where(x < 2, outer, 0.0))


def trust(correlation: FloatArray, number: float) -> FloatArray:
    """w: how far a correlation found in so many runs is believed, 0 to 1."""
    noise = SIGNIFICANT / np.sqrt(number)
    size = np.abs(correlation)
    return np.where(size > noise, 1 - compact(size / noise), 0.0)


@dataclass(frozen=True)
class Update:
    """States and expectations after a week's observations."""

    state: FloatArray
    expected: FloatArray
    reached: BoolArray
    """[row]: states that some observation moved."""


def update(
    state: FloatArray,
    expected: FloatArray,
    laws: tuple[Law, ...],
    weight: FloatArray,
    near: BoolArray,
    among: BoolArray,
) -> Update:
    """Take in observations one after the other.

    `state` [row, run] and `expected` [observation, run] are on scales without bounds, `weight` [run] adds up to 1;
    `near` [row, observation] and `among` [observation, observation] are False where one must not act on the other. Runs
    of weight 0 follow the others and teach nothing.
    """
    state, expected = state.copy(), expected.copy()
    reached, number = np.zeros(len(state), dtype=bool), effective(weight)
    for k, law in enumerate(laws):
        here = expected[k].copy()
        mean, variance = spread_of(here, weight)
        if not variance > (LEAST_SPREAD * (1 + abs(mean))) ** 2:
            continue
        centre, left = law.moments(here, weight)
        step = centre - here + np.sqrt(left / variance) * (here - mean)
        slope = _slope(state, here - mean, variance, weight, near[:, k], number)
        moved = slope != 0
        state[moved] += slope[moved, None] * step
        reached |= moved
        later = among[:, k] & (np.arange(len(expected)) > k)
        slope = _slope(expected, here - mean, variance, weight, later, number)
        expected[slope != 0] += slope[slope != 0, None] * step
        expected[k] = here + step
    return Update(state, expected, reached)


def _slope(
    rows: FloatArray, away: FloatArray, variance: float, weight: FloatArray, near: BoolArray, number: float
) -> FloatArray:
    """w · cov(x, η)/P of each row, 0 where it is too far or the correlation is noise."""
    slope = np.zeros(len(rows))
    at = np.flatnonzero(near)
    if not len(at):
        return slope
    mean = (rows[at] * weight).sum(axis=1)
    apart = rows[at] - mean[:, None]
    covariance = (apart * (weight * away)).sum(axis=1)
    own = (apart**2 * weight).sum(axis=1)
    known = own > (LEAST_SPREAD * (1 + np.abs(mean))) ** 2
    correlation = np.zeros(len(at))
    correlation[known] = covariance[known] / np.sqrt(own[known] * variance)
    slope[at] = trust(correlation, number) * covariance / variance
    return slope


def relaxed(before: FloatArray, after: FloatArray, weight: FloatArray, reached: BoolArray) -> FloatArray:
    """States with the spread of those that were reached taken back towards what it was, [row, run]."""
    told = after.copy()
    for row in np.flatnonzero(reached):
        _, old = spread_of(before[row], weight)
        mean, new = spread_of(after[row], weight)
        old, new = np.sqrt(old), np.sqrt(new)
        if new > 0:
            wanted = min(old, INFLATION * (RELAXATION * old + (1 - RELAXATION) * new))
            told[row] = mean + max(wanted / new, 1.0) * (after[row] - mean)
    return told
