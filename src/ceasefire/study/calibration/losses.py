"""Claimed losses: how the level of the fighting wanders and how noisy claims are, learned from all items together.

Each item of a side has its own half-life of the level, ratio of variances and fading of the noise, around those of the
typical item: on a lattice of the scores of their priors, item i is at place k with chance
    P(k) ∝ exp(−½ Σ (z_k − z)² / unlike²), z the scores of the typical item.
The likelihood of an item's log claims at each place is that of `scenario/intensity.py`, Student's t a week ahead: level
and mean are integrated out by the Kalman filter, the variance of the noise by its conjugate inverse χ², fading. The sum
over places is exact, so that only the numbers of the typical item, and how far items differ, are left to sample.

Left out: that items rise and fall together, which makes what is learned a little too sure; claims before the window.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from itertools import product
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from ceasefire.evidence.vintage import Vintage
from ceasefire.model.declare import Z95, Prior
from ceasefire.scenario import intensity
from ceasefire.scenario.intensity import FOLLOWED, PRIORS, UNLIKE
from ceasefire.scenario.start import Start, weekly_claims
from ceasefire.study.calibration.module import Module

FloatArray = NDArray[np.float64]


NODES = np.linspace(-3.5, 3.5, 21)
FADING_NODES = NODES[::2]
"""Scores of the lattice: of half-life and ratio, and of fading, which claims tell less sharply."""


class Claims(NamedTuple):
    """Claimed losses of a war."""

    y: FloatArray
    """Log of each week's claims less the series' mean, [series, week]; NaN where there is none."""
    likelihood: FloatArray
    """Of each series at each place of the lattice, [series, half-life, ratio, fading]; 1 at its best place."""


def gather(start: Start, vintage: Vintage) -> Claims | None:
    """Every series of claims that opens the war, as known on the day."""
    found = []
    for side, entry in enumerate(start.scenario.war.sides):
        for item, claims in weekly_claims(vintage, entry.claims, start.scenario).items():
            if (side, item) in start.intensity:
                found.append(centred(claims))
    return on_lattice(np.stack(found)) if found else None


def centred(claims: FloatArray) -> FloatArray:
    """Logs of the claims that count less their mean, [week], NaN before a record that is shorter than the window."""
    y = intensity.logs(claims)
    return np.concatenate([np.full(intensity.WINDOW - len(y), np.nan), y - np.nanmean(y)])


def on_lattice(y: FloatArray) -> Claims:
    """Centred logs of claims [series, week] with their likelihood at every place."""
    logs = np.stack([intensity.follow(series, LATTICE)[1] for series in y])
    relative = np.exp(logs - logs.max(axis=1, keepdims=True))
    return Claims(y, relative.reshape(len(y), len(NODES), len(NODES), len(FADING_NODES)))


def _lattice() -> FloatArray:
    """Half-life, ratio and fading at every place, [place, 3]."""
    scores = np.array(list(product(NODES, NODES, FADING_NODES)))
    each = [PRIORS[name].quantile(ndtr(score)) for name, score in zip(FOLLOWED, scores.T, strict=True)]
    return np.stack(each, axis=1)


LATTICE = _lattice()


def priors(start: Start, data: Claims) -> dict[str, Prior]:
    """The numbers of the lesson."""
    return dict(PRIORS)


def model(values: Mapping[str, jax.Array], data: Claims) -> None:
    """The claims of each item, wherever it is."""
    numpyro.factor("claims", log_likelihood(values, jnp.asarray(data.likelihood)))


def log_likelihood(values: Mapping[str, jax.Array], likelihood: jax.Array) -> jax.Array:
    """Sum over series of the log of the likelihood's mean over places."""
    half_life, ratio, fading = chances(values)
    each = jnp.einsum("sijk,i,j,k->s", likelihood, half_life, ratio, fading, optimize="greedy")
    return jnp.log(jnp.maximum(each, 1e-300)).sum()


def chances(values: Mapping[str, ArrayLike]) -> list[jax.Array]:
    """Chance of an item to be at each node, for each of the three numbers."""
    found = []
    for name, nodes in zip(FOLLOWED, (NODES, NODES, FADING_NODES), strict=True):
        typical = jnp.log(jnp.asarray(values[name]) / PRIORS[name].quantile(0.5)) / _scale(name)
        found.append(jax.nn.softmax(-0.5 * ((nodes - typical) / jnp.asarray(values[UNLIKE])) ** 2))
    return found


def _scale(name: str) -> float:
    """Standard deviation of the log of a number under its prior."""
    return float(np.log(PRIORS[name].quantile(0.95) / PRIORS[name].quantile(0.5))) / Z95


def simulate(values: Mapping[str, float], data: Claims, generator: np.random.Generator) -> Claims:
    """Claims made week by week, each drawn from its law given those before; missing where the record misses them."""
    place = np.zeros(len(data.y), int)
    for chance in (np.asarray(found, np.float64) for found in chances(values)):
        place = place * len(chance) + generator.choice(len(chance), len(data.y), p=chance / chance.sum())
    return on_lattice(made(LATTICE[place], np.isfinite(data.y), generator))


def made(point: FloatArray, seen: NDArray[np.bool_], generator: np.random.Generator) -> FloatArray:
    """Centred logs of claims [series, week] of items at points [series, 3], where they are to be `seen`."""
    known, y = intensity.begin(point), np.full(seen.shape, np.nan)
    for week, here in enumerate(seen.T):
        then = intensity.faded(known, point)
        centre, variance = intensity.expected(then)
        value = centre + np.sqrt(then.square / then.freedom * variance) * generator.standard_t(then.freedom)
        y[here, week] = value[here]
        known = intensity.a_week_on(_chosen(here, intensity.told(then, value), known), point)
    return y


def _chosen(seen: NDArray[np.bool_], one: intensity.Filter, other: intensity.Filter) -> intensity.Filter:
    """One where a claim was seen, the other elsewhere."""
    parts = ((getattr(one, field.name), getattr(other, field.name)) for field in dataclasses.fields(intensity.Filter))
    return intensity.Filter(*(np.where(seen.reshape(-1, *[1] * (a.ndim - 1)), a, b) for a, b in parts))


MODULE = Module(
    name="losses",
    title="How the claims of losses wander and how noisy they are, from weekly claims of every item",
    gather=gather,
    priors=priors,
    model=model,
    simulate=simulate,
)
