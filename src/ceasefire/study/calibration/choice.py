"""Which cells fall: exponents of presence, room and momentum and resistances of the ground, from the weekly maps.

The partial likelihood of `scenario/allocation.py`: in each week, side and axis (a group g), one clump of
`OVERDISPERSION` lumps after the other falls on a cell, chosen with chance proportional to room · exp(θ · column),
    ln L = [ Σ gain_j θ · column_j − Σ_g n_g ln Σ_j room_j exp(θ · column_j) ] / OVERDISPERSION.

A group has hundreds of cells. The first sum is taken over all of them. The sum inside the logarithm is taken over a
sample (McFadden 1978, sampling of alternatives): `SAMPLE` cells drawn systematically in proportion to their weight at a
first fit, the weight of each divided by its chance to be drawn, so that the sum is right at the fit and nearly right
around it; the slope at the fit is set right by what the sample misses of it. Smaller groups are whole. Groups that took
less than is redrawn in a quiet week are left out.

Left out: what `scenario/allocation.py` leaves out; whether ground falls at all, which is the business of the front.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
from jax.scipy.special import logsumexp
from numpy.typing import NDArray

from ceasefire.evidence.vintage import Vintage
from ceasefire.model.declare import Prior
from ceasefire.scenario import allocation
from ceasefire.scenario.allocation import LUMP_KM2, OVERDISPERSION, Choices
from ceasefire.scenario.start import Start
from ceasefire.study.calibration.module import Module

FloatArray = NDArray[np.float64]

SAMPLE = 32
"""Cells that stand for those of a group."""
NOUGHT = 0.05 / LUMP_KM2
"""Lumps that are redrawing, not ground (as in `scenario/tempo.py`)."""


class Taken(NamedTuple):
    """What was taken, and what could have been."""

    column: FloatArray
    """[group, place, column] of the cells that stand for a group."""
    log_room: FloatArray
    """ln of km² that a cell could give, over its chance to be drawn, [group, place]; −∞ where a place is empty."""
    clumps: FloatArray
    """Clumps taken, [group]."""
    total: FloatArray
    """Sum of the columns of what was taken, in clumps, and of what the sample misses at the first fit, [column]."""


def gather(start: Start, vintage: Vintage) -> Taken | None:
    """What the maps known on the day show; None where nothing moved."""
    maps = start.theatre
    share = maps.share.astype(np.float64)
    listed = allocation.choices(share, maps.neighbour, maps.axis, maps.area, maps.feature)
    return sampled(listed) if len(listed.gain) else None


def sampled(listed: Choices) -> Taken | None:
    """The choices of each group that took anything to speak of, drawn at a first fit; None where there is none."""
    weight = listed.room * np.exp(_utility(listed))
    order = np.argsort(listed.group, kind="stable")
    groups = np.split(order, np.cumsum(np.bincount(listed.group))[:-1])
    kept = [group for group in groups if listed.gain[group].sum() > NOUGHT]
    if not kept:
        return None
    clumps = np.array([listed.gain[group].sum() for group in kept]) / OVERDISPERSION
    column = np.zeros((len(kept), SAMPLE, listed.column.shape[1]))
    log_room = np.full((len(kept), SAMPLE), -np.inf)
    taken = np.concatenate(kept)
    total = listed.gain[taken] @ listed.column[taken] / OVERDISPERSION
    for k, group in enumerate(kept):
        chance = weight[group] / weight[group].sum()
        place, times = _drawn(chance)
        column[k, : len(place)] = listed.column[group[place]]
        log_room[k, : len(place)] = np.log(listed.room[group[place]] * times)
        shown = (chance[place] * times) @ listed.column[group[place]]
        total = total + clumps[k] * (shown - chance @ listed.column[group])
    return Taken(column, log_room, clumps, total)


def _utility(listed: Choices) -> FloatArray:
    """θ · column at a first fit, less the most of the group."""
    utility = listed.column @ allocation.learn(listed).centre
    most = np.full(int(listed.group.max()) + 1, -np.inf)
    np.maximum.at(most, listed.group, utility)
    return np.asarray(utility - most[listed.group])


def _drawn(chance: FloatArray) -> tuple[NDArray[np.intp], FloatArray]:
    """Places of the cells that stand for a group, and how many of its cells each counts for.

    Systematic: marks at equal steps of the cumulative chance, so that the same choices give the same sample.
    """
    if len(chance) <= SAMPLE:
        return np.arange(len(chance)), np.ones(len(chance))
    marks = (np.arange(SAMPLE) + 0.5) / SAMPLE
    place = np.minimum(np.searchsorted(np.cumsum(chance), marks), len(chance) - 1)
    return place, 1 / (SAMPLE * chance[place])


def priors(start: Start, data: Taken) -> dict[str, Prior]:
    """The numbers of the lesson, a resistance for each feature."""
    return allocation.priors(data.column.shape[2] - 3)


def model(values: Mapping[str, jax.Array], data: Taken) -> None:
    """The partial likelihood; there is nothing to integrate out."""
    numpyro.factor("taken", log_likelihood(jnp.stack(list(values.values())), data))


def log_likelihood(theta: jax.Array, data: Taken) -> jax.Array:
    """ln L at exponents and resistances [column]."""
    size = jnp.asarray(data.column) @ theta + jnp.asarray(data.log_room)
    return jnp.asarray(data.total) @ theta - jnp.asarray(data.clumps) @ logsumexp(size, axis=1)


def simulate(values: Mapping[str, float], data: Taken, generator: np.random.Generator) -> Taken:
    """Every group's clumps fall on its cells anew; a part of a clump falls whole, or in part, on one."""
    size = data.column @ np.array(list(values.values())) + data.log_room
    chance = np.exp(size - size.max(axis=1, keepdims=True))
    chance = chance / chance.sum(axis=1, keepdims=True)
    whole = np.floor(data.clumps)
    fallen = np.array([generator.multinomial(int(n), p) for n, p in zip(whole, chance, strict=True)], float)
    last = np.array([generator.multinomial(1, p) for p in chance], float)
    full = generator.uniform(size=len(whole)) < data.clumps - whole
    fallen = fallen + last * full[:, None]
    return data._replace(clumps=fallen.sum(axis=1), total=np.einsum("gp,gpc->c", fallen, data.column))


MODULE = Module(
    name="choice",
    title="Which cells fall, from those that fell on the weekly maps",
    gather=gather,
    priors=priors,
    model=model,
    simulate=simulate,
)
