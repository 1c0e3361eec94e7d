"""What a module of the calibration is: numbers, data, and a likelihood that ties them.

A module learns some numbers from one part of the record and nothing else (cut Bayes). Its numbers have scores
z ~ N(0, 1), turned into values by their priors; all else that its model needs, such as the state of a front from week
to week, is its own and is integrated out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from ceasefire.evidence.vintage import Vintage
from ceasefire.model.declare import Z95, Fixed, LogNormal, Normal, Prior, Share, Uniform
from ceasefire.scenario.start import Start, in_force

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Module:
    """One likelihood. Data is a named tuple of arrays, so that data of one shape share a compiled program."""

    name: str
    title: str
    """What it learns from what, in a line."""
    gather: Callable[[Start, Vintage], Any | None]
    """The part of the record that it learns from, as known on the day; None where there is none."""
    priors: Callable[[Start, Any], dict[str, Prior]]
    """Its numbers and the priors in force on the day, in order."""
    model: Callable[[Mapping[str, jax.Array], Any], None]
    """NumPyro model of the data, given the value of each number."""
    simulate: Callable[[Mapping[str, float], Any, np.random.Generator], Any]
    """Data like those given, of the same shapes, made by the same law from known numbers."""
    nuisance: frozenset[str] = frozenset()
    """Numbers that the likelihood needs and gets wrong: sampled with the others, and not learned."""


def values(priors: Mapping[str, Prior], score: jax.Array) -> dict[str, jax.Array]:
    """Each number's value from its score, [number] or [number, ...], so that gradients pass."""
    return {name: value(prior, score[k]) for k, (name, prior) in enumerate(priors.items())}


def value(prior: Prior, score: jax.Array) -> jax.Array:
    """What the prior's quantile function says at Φ(score)."""
    match prior:
        case Normal(low, mid, high):
            return _two_piece(score, low, mid, high)
        case LogNormal(low, mid, high):
            return jnp.exp(_two_piece(score, *np.log([low, mid, high])))
        case Share(low, mid, high):
            return jax.nn.sigmoid(_two_piece(score, *logit([low, mid, high])))
        case Uniform(low, high):
            return low + jax.scipy.stats.norm.cdf(score) * (high - low)
        case Fixed(constant):
            return jnp.full_like(score, constant)
    raise TypeError(f"{type(prior).__name__} is no prior with a gradient")


def _two_piece(score: jax.Array, low: float, mid: float, high: float) -> jax.Array:
    return mid + score / Z95 * jnp.where(score < 0, mid - low, high - mid)


def priors_of(start: Start) -> dict[str, Prior]:
    """The prior in force on the day of the opening of every number of the model, by name with labels."""
    return in_force(start.choices, start.labels)
