"""Observe: what would be claimed and mapped of a simulated war. Reported is not true.

Claims of a week = overcount · true losses · exp(noise · z), rounded to whole numbers. A map of an axis is redrawn in a
week with chance 1 − unmapped; otherwise it stays as it was, so the map is the truth at the last redrawing.
Forecasts of claims are to be scored on claims, forecasts of the map on the map.

Left out: drift of the overcount, late claims, mappers who disagree, redrawing of what was wrong.
Sources: `scenario/reporting.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from ceasefire.model.noise import Noise
from ceasefire.simulate.draws import Values, seed_words
from ceasefire.simulate.ensemble import Ensemble

FIRST_SIDE = 0
BLOCK = 1024
"""Runs whose parameters and luck are drawn together; always as many, so that one compiled program serves any number."""
REPORTING = ("reporting.overcount", "reporting.noise", "reporting.unmapped")
"""Parameters that say how reports differ from the truth."""


def drawn(ensemble: Ensemble, names: Iterable[str]) -> Values:
    """Named parameters of all runs, [..., run]."""
    parts: dict[str, list[NDArray[np.float64]]] = {name: [] for name in names}
    for first in range(0, ensemble.runs, BLOCK):
        block = ensemble.parameters(first, BLOCK)
        for name, found in parts.items():
            found.append(block[name][..., : ensemble.runs - first])
    return {name: np.concatenate(found, axis=-1) for name, found in parts.items()}


def claims(ensemble: Ensemble, reporting: Values | None = None) -> NDArray[np.float32]:
    """Weekly claims of the first side's losses, [week, claim, run]; `reporting` holds `REPORTING`, where at hand."""
    people, pieces = ensemble.series["attrition.casualties"], ensemble.series["attrition.lost"]
    reporting = reporting or drawn(ensemble, REPORTING)
    claimed = _luck(ensemble, "claim", 1 + pieces.shape[2])
    ndtri(claimed, out=claimed)
    claimed *= reporting["reporting.noise"]
    np.exp(claimed, out=claimed)
    claimed *= reporting["reporting.overcount"]
    claimed[:, :1] *= people[:, FIRST_SIDE, None]
    claimed[:, 1:] *= pieces[:, FIRST_SIDE]
    return np.round(claimed, out=claimed)


def mapped(ensemble: Ensemble, area: NDArray[np.floating], reporting: Values | None = None) -> NDArray[np.float32]:
    """Area of each axis as a mapper would show it, from the true area [week + 1, axis, run] with the opening first.

    `reporting` holds `REPORTING`, where at hand.
    """
    reporting = reporting or drawn(ensemble, REPORTING)
    still = _luck(ensemble, "map", area.shape[1]) < reporting["reporting.unmapped"]
    shown = np.array(area, np.float32)
    for week in range(1, len(shown)):
        np.copyto(shown[week], shown[week - 1], where=still[week - 1])
    return shown


def _luck(ensemble: Ensemble, name: str, length: int) -> NDArray[np.float32]:
    """Uniforms of every week and run, [week, length, run]."""
    seed, found = jnp.asarray(seed_words(ensemble.seed)), np.empty((ensemble.weeks, length, ensemble.runs), np.float32)
    for first in range(0, ensemble.runs, BLOCK):
        run = np.arange(BLOCK, dtype=np.uint32) + np.uint32(ensemble.first + first)
        part = found[..., first : first + BLOCK]
        part[:] = np.asarray(_uniforms(seed, run, name=name, shape=(ensemble.weeks, length)))[..., : part.shape[-1]]
    return found


@partial(jax.jit, static_argnames=("name", "shape"))
def _uniforms(seed: jax.Array, run: jax.Array, *, name: str, shape: tuple[int, ...]) -> jax.Array:
    return Noise(seed, run, jnp.asarray(0), "observe").uniform(name, shape)
