"""How intense the fighting is at the opening, learned from the weekly claims of losses known by then.

The log of a week's claims is level + noise, and the level a mean-reverting walk: y = μ + s + e, s' = φ s + w,
φ = 2^(−1/half-life), var w = ratio · var e. Fighting has calm and nervous years, so what is known of var e fades: it is
halved in `fading` claims (discounted variance). Given (half-life, ratio, fading), (s, μ) is followed by a Kalman filter
with a wide prior on μ, and the next claim has Student's t law; the product of these is the likelihood. Points of a grid
over the three are weighted by likelihood × law. The law is of the items of one war: what calibration learned of them
together, or the prior, widened by how far an item may differ from the rest. A run draws a point, then var e, then
(s, μ).

The noise is taken to be reporting (batches, corrections), the level to be real; nothing in the record tells them apart.
Left out: changes of var e after the opening, season, covariates, that items rise and fall together. An item's claims
before a cut-off count in the law of all items too, with the weight of one item among them.
Sources: Harvey 1989, "Forecasting, structural time series models and the Kalman filter", sections 2.3 and 4.5; West and
Harrison 1997, "Bayesian forecasting and dynamic models", sections 4.5 and 10.8; priors elicited.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri, gammaln, ndtr, ndtri

from ceasefire.model.declare import LogNormal, Prior
from ceasefire.scenario.posterior import Law

FloatArray = NDArray[np.float64]

PRIORS: Mapping[str, Prior] = MappingProxyType(
    {
        "intensity.half_life": LogNormal(2.6, 26.0, 260.0),
        "intensity.ratio": LogNormal(0.01, 0.1, 1.0),
        "intensity.fading": LogNormal(10.0, 40.0, 160.0),
        "intensity.unlike": LogNormal(0.16, 0.4, 1.0),
    }
)
"""Of a typical item: half-life of the level's excursions in weeks, half a year give or take a factor of ten; ratio of
variances, from a level that moves by a tenth of the noise in a week to one that moves as much; half-life in claims of
what is known of the noise, from a season to years. Last, how far items differ from it, in standard deviations of these
priors. Elicited."""
FOLLOWED = ("intensity.half_life", "intensity.ratio", "intensity.fading")
UNLIKE = "intensity.unlike"
FREEDOM, USUAL_NOISE = 2.0, 0.15
"""Prior of var e, scaled inverse χ²: 5 to 95 % points of the noise are .09 and .66 (elicited, as `reporting.noise`)."""
WIDE = 1000.0
"""Prior variance of μ around the mean of the logs, in units of var e (so wide that its size is of no account)."""
NODES = np.linspace(-2.4, 2.4, 7)
"""Of the grid, in standard deviations of the law."""
WINDOW = 104
"""Weeks of record that count: older fighting was of another kind (as in the reference baselines)."""
FEWEST = 8


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
    """Cumulative weight of each (half-life, ratio, fading), [grid]."""
    point: FloatArray
    """Those three, [grid, 3]."""
    centre: FloatArray
    """Filtered (s, μ) for the coming week, [grid, 2]."""
    root: FloatArray
    """Lower triangle with the filtered covariance as its square, in units of the noise, [grid, 2, 2]."""
    freedom: FloatArray
    """Degrees of freedom of var e, [grid]."""
    noise: FloatArray
    """Root of the harmonic mean of var e, [grid]."""

    def draw(self, uniforms: FloatArray) -> IntensityDraws:
        """Invert the law at uniforms [3, run]; what the first leaves over within its grid point is that of var e."""
        at = np.minimum(np.searchsorted(self.cumulative, uniforms[0]), len(self.cumulative) - 1)
        noise = self.noise[at] * np.sqrt(self.freedom[at] / chdtri(self.freedom[at], self._left_over(at, uniforms[0])))
        luck = ndtri(uniforms[1:])
        shift, mean = self.centre[at].T
        root = self.root[at] * noise[:, None, None]
        mean = mean + root[:, 1, 0] * luck[0] + root[:, 1, 1] * luck[1]
        half_life, ratio, _ = self.point[at].T
        spread = noise * np.sqrt(ratio / (1 - memory(half_life) ** 2))
        return IntensityDraws(mean + shift + root[:, 0, 0] * luck[0], mean, spread, half_life, noise)

    def _left_over(self, at: NDArray[np.intp], uniform: FloatArray) -> FloatArray:
        """Where a uniform stands between the cumulative weights below and above, kept off 0 and 1."""
        below = np.concatenate([[0.0], self.cumulative])[at]
        return np.clip((uniform - below) / np.maximum(self.cumulative[at] - below, 1e-300), 1e-4, 1 - 1e-4)


@dataclass(frozen=True)
class Filter:
    """What is known of some series or at some points before the next claim, var e in its own units."""

    centre: FloatArray
    """(s, μ), [point, 2]; μ from the mean of the logs on."""
    cover: FloatArray
    """Their covariance over var e, [point, 2, 2]."""
    freedom: FloatArray
    square: FloatArray
    """var e is square / χ² with so many degrees of freedom, [point]."""


def memory(half_life: FloatArray) -> FloatArray:
    """φ: what a week leaves of an excursion."""
    return np.asarray(2.0 ** (-1 / half_life))


def learn(claims: FloatArray, law: Law | None = None) -> IntensityLaw:
    """The law of the level of log weekly claims, from claims [week] (NaN where missing or corrected downwards).

    `law` is of the numbers of `PRIORS`, the prior if none is given.
    """
    y = logs(claims)
    seen = y[np.isfinite(y)]
    if len(seen) < FEWEST:
        raise ValueError(f"{len(seen)} weeks of claims; at least {FEWEST} are needed")
    point, log_weight = grid(law or Law.prior(PRIORS))
    found, log_likelihood = follow(y - seen.mean(), point)
    log_weight = log_weight + log_likelihood
    weight = np.cumsum(np.exp(log_weight - log_weight.max()))
    root = np.linalg.cholesky(found.cover + 1e-12 * np.eye(2))
    noise = np.sqrt(found.square / found.freedom)
    centre = found.centre + np.array([0.0, seen.mean()])
    return IntensityLaw(weight / weight[-1], point, centre, np.asarray(root, np.float64), found.freedom, noise)


def logs(claims: FloatArray) -> FloatArray:
    """Logs of the claims that count, [week]; NaN where there is none."""
    return np.asarray(np.log(np.where(claims > 0, claims, np.nan))[-WINDOW:])


def grid(law: Law) -> tuple[FloatArray, FloatArray]:
    """Points (half-life, ratio, fading) [point, 3] that an item may have, and the log of the law there.

    An item's scores are normal around those of the typical item. The grid follows the law, however narrow.
    """
    typical = law.only(FOLLOWED)
    unlike = law.priors[law.names.index(UNLIKE)].quantile(ndtr(law.centre[law.names.index(UNLIKE)]))
    cover = typical.root @ typical.root.T + unlike**2 * np.eye(len(FOLLOWED))
    wider = Law(typical.names, typical.priors, typical.centre, np.asarray(np.linalg.cholesky(cover)))
    scores = wider.centre + wider.spread * np.array(list(product(NODES, repeat=len(FOLLOWED))))
    point = [prior.quantile(ndtr(score)) for prior, score in zip(wider.priors, scores.T, strict=True)]
    return np.stack(point, axis=1), wider.log_density(scores)


def follow(y: FloatArray, point: FloatArray) -> tuple[Filter, FloatArray]:
    """Filter logs of claims less their mean, [week], at points [point, 3]; and the log likelihood of each."""
    known, log_likelihood = begin(point), np.zeros(len(point))
    for value in y:
        if np.isfinite(value):
            known = faded(known, point)
            centre, variance = expected(known)
            log_likelihood += log_student(value - centre, known.freedom, known.square / known.freedom * variance)
            known = told(known, np.full(len(point), value))
        known = a_week_on(known, point)
    return known, log_likelihood


def begin(point: FloatArray) -> Filter:
    """Before any claim."""
    half_life, ratio, _ = point.T
    cover = np.zeros((len(point), 2, 2))
    cover[:, 0, 0], cover[:, 1, 1] = ratio / (1 - memory(half_life) ** 2), WIDE
    freedom = np.full(len(point), FREEDOM)
    return Filter(np.zeros((len(point), 2)), cover, freedom, freedom * USUAL_NOISE**2)


def faded(known: Filter, point: FloatArray) -> Filter:
    """The noise may have changed since the last claim."""
    left = 2.0 ** (-1 / point[:, 2])
    return replace(known, freedom=left * known.freedom, square=left * known.square)


def expected(known: Filter) -> tuple[FloatArray, FloatArray]:
    """Centre of the next claim, and its variance over var e."""
    return known.centre.sum(axis=1), known.cover.sum(axis=(1, 2)) + 1


def told(known: Filter, value: FloatArray) -> Filter:
    """After a claim, [point]."""
    centre, variance = expected(known)
    error, top = value - centre, known.cover.sum(axis=2)
    gain = top / variance[:, None]
    return Filter(
        known.centre + gain * error[:, None],
        known.cover - gain[:, :, None] * top[:, None, :],
        known.freedom + 1,
        known.square + error**2 / variance,
    )


def a_week_on(known: Filter, point: FloatArray) -> Filter:
    """The level has moved."""
    half_life, ratio, _ = point.T
    left = np.stack([memory(half_life), np.ones(len(point))], axis=1)
    cover = left[:, :, None] * known.cover * left[:, None, :]
    cover[:, 0, 0] += ratio
    return replace(known, centre=left * known.centre, cover=cover)


def log_student(error: FloatArray, freedom: FloatArray, scale: FloatArray) -> FloatArray:
    """Log density of Student's t law with a squared scale."""
    half = (freedom + 1) / 2
    norm = gammaln(half) - gammaln(freedom / 2) - 0.5 * np.log(np.pi * freedom * scale)
    return np.asarray(norm - half * np.log1p(error**2 / (freedom * scale)))
