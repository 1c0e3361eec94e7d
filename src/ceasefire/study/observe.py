"""Observe: what would be claimed and mapped of a simulated war. Reported is not true.

Claims of a week = overcount · true losses · exp(noise · z), rounded to whole numbers. A map of an axis is redrawn in a
week with chance 1 − unmapped; otherwise it stays as it was, so the map is the truth at the last redrawing.
Forecasts of claims are to be scored on claims, forecasts of the map on the map.

Left out: drift of the overcount, late claims, mappers who disagree, redrawing of what was wrong.
Sources: `scenario/reporting.py`.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtri
from numpy.typing import NDArray

from ceasefire.model.noise import Noise
from ceasefire.simulate.draws import parameters, seed_words
from ceasefire.simulate.ensemble import Ensemble
from ceasefire.simulate.run import CHUNK

FIRST_SIDE = 0


def claims(ensemble: Ensemble) -> NDArray[np.float32]:
    """Weekly claims of the first side's losses, [week, claim, run]."""
    people, pieces = ensemble.series["attrition.casualties"], ensemble.series["attrition.lost"]
    true = np.concatenate([people[:, :1], pieces[:, FIRST_SIDE]], axis=1)
    return np.concatenate([_claims(ensemble, true, first) for first in range(0, ensemble.runs, CHUNK)], axis=-1)


def _claims(ensemble: Ensemble, true: NDArray[np.floating], first: int) -> NDArray[np.float32]:
    run = np.arange(CHUNK, dtype=np.uint32) + np.uint32(ensemble.first + first)
    _, reporting = parameters(ensemble.parameters(first, CHUNK))
    luck = _uniforms(jnp.asarray(seed_words(ensemble.seed)), jnp.asarray(run), ensemble.weeks, true.shape[1])
    factor = np.asarray(reporting.overcount * jnp.exp(reporting.noise * ndtri(luck)))
    here = true[..., first : first + CHUNK]
    return np.round(here * factor[..., : here.shape[-1]]).astype(np.float32)


def _uniforms(seed: jax.Array, run: jax.Array, weeks: int, length: int) -> jax.Array:
    return Noise(seed, run, jnp.asarray(0), "observe").uniform("claim", (weeks, length))


def mapped(ensemble: Ensemble, area: NDArray[np.floating]) -> NDArray[np.float32]:
    """Area of each axis as a mapper would show it, from the true area [week + 1, axis, run] with the opening first."""
    shown = area.astype(np.float32).copy()
    for first in range(0, ensemble.runs, CHUNK):
        run = np.arange(CHUNK, dtype=np.uint32) + np.uint32(ensemble.first + first)
        _, reporting = parameters(ensemble.parameters(first, CHUNK))
        noise = Noise(jnp.asarray(seed_words(ensemble.seed)), jnp.asarray(run), jnp.asarray(0), "observe")
        luck = noise.uniform("map", (ensemble.weeks, area.shape[1]))
        still = np.asarray(luck < reporting.unmapped)[..., : min(CHUNK, ensemble.runs - first)]
        part = shown[..., first : first + CHUNK]
        for week in range(1, len(part)):
            part[week] = np.where(still[week - 1], part[week - 1], part[week])
    return shown
