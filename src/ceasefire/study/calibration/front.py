"""The front's budget: what the weekly gains teach of how tempos swing, by side.

Numbers: the centre and the scatter of spread, half-life and lump over the axes of a side, and those three of its whole
front as one axis (`scenario/tempo.py`, whose priors these are). The likelihood of each axis is that of a state-space
model: gains are compound Poisson–gamma around a log-tempo that reverts to the axis's own mean. The tempo is integrated
out exactly, by the lesson's own hidden Markov filter, at every point of the lesson's grid of (lump, mean, spread,
half-life); the mean over the grid of means, by its prior; and the rest over the axis's place in the population:
    p(gains of an axis | numbers) = Σ_h p(h | numbers) e(h),    e(h) the likelihood at a point of the grid.
So e, which does not depend on the numbers, is worked out once, with the same code that opens the war, and only the sum
is left to the sampler.

Each side is learned of its own gains. What a side with few gains cannot tell stays near its prior.
Left out: what the total says of the axes and the axes of the total; dependence between axes; maps not redrawn.
Sources: model notes, sections 1 and 13.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
from numpy.typing import NDArray

from ceasefire.evidence.vintage import Vintage
from ceasefire.model.declare import Prior
from ceasefire.model.front import LUMP_SHAPE
from ceasefire.scenario import tempo
from ceasefire.scenario.start import Start, weekly_gains
from ceasefire.scenario.tempo import AXES, FINE, FRONT, Population
from ceasefire.study.calibration.module import Module

FloatArray = NDArray[np.float64]

FEWEST = 8
"""Weeks from which something is learned."""


class Gains(NamedTuple):
    """Weekly gains and what they say; a side's last row of gains is its whole front."""

    gain: FloatArray
    """[side, axis + 1, week] km², NaN where not observed."""
    axes: FloatArray
    """[side, axis, lump × spread × half-life] log evidence."""
    front: FloatArray
    """[side, 1, lump × spread × half-life] log evidence."""


def gather(start: Start, vintage: Vintage) -> Gains | None:
    """The gains of each side on each axis and altogether, from the maps known on the day."""
    gain = weekly_gains(start.theatre)
    if np.isfinite(gain[0, 0]).sum() < FEWEST:
        return None
    return weighed(np.append(gain, gain.sum(axis=1, keepdims=True), axis=1))


def weighed(gain: FloatArray) -> Gains:
    """What gains [side, axis + 1, week] say."""

    def evidence(rows: FloatArray, population: Population) -> FloatArray:
        return np.stack([tempo.of_population(tempo.follow(row, population).evidence, population) for row in rows])

    axes = np.stack([evidence(side[:-1], AXES) for side in gain])
    return Gains(gain, axes, np.stack([evidence(side[-1:], FRONT) for side in gain]))


def priors(start: Start, data: Gains) -> dict[str, Prior]:
    """Of the axes of each side, then of its whole front."""
    sides = start.labels["side"]
    return {name: prior for side in sides for name, prior in (AXES.of(side) | FRONT.of(side)).items()}


def model(values: Mapping[str, jax.Array], data: Gains) -> None:
    """Add the log likelihood of all axes and of the fronts."""
    own = len(AXES.numbers)
    for side, numbers in enumerate(jnp.stack(list(values.values())).reshape(-1, own + len(FRONT.numbers))):
        for part, population, told in ((numbers[:own], AXES, data.axes), (numbers[own:], FRONT, data.front)):
            expected = chances(population, part)
            total = jax.scipy.special.logsumexp(expected + told[side], axis=1).sum()
            numpyro.factor(f"gains.{side}.{'axes' if population is AXES else 'front'}", total)


def chances(population: Population, numbers: jax.Array) -> jax.Array:
    """`Population.chances` at numbers [number], with gradients: log chance of each lump × spread × half-life."""
    scatter = numbers[3] if len(population.numbers) > 3 else 0.0
    spread, half_life, lump = (
        _on_grid(np.log(grid), jnp.log(numbers[k]), scatter)
        for k, grid in enumerate((population.spread, population.half_life, population.lump))
    )
    return (lump[:, None, None] + spread[None, :, None] + half_life[None, None, :]).ravel()


def _on_grid(log_grid: FloatArray, centre: jax.Array, scatter: jax.Array | float) -> jax.Array:
    variance = scatter**2 + tempo.half_step(log_grid) ** 2
    return jax.nn.log_softmax(-0.5 * (log_grid - centre) ** 2 / variance)


def simulate(values: Mapping[str, float], data: Gains, generator: np.random.Generator) -> Gains:
    """Gains in the weeks that were observed, of axes drawn from the population."""
    made = np.empty_like(data.gain)
    own = len(AXES.numbers)
    for side, numbers in enumerate(np.array(list(values.values())).reshape(-1, own + len(FRONT.numbers))):
        axes = data.gain.shape[1] - 1
        for rows, part, population in ((slice(axes), numbers[:own], AXES), (slice(axes, None), numbers[own:], FRONT)):
            observed = np.isfinite(data.gain[side, rows])
            made[side, rows] = np.where(observed, _weeks(population, part, observed.shape, generator), np.nan)
    return weighed(made)


def _weeks(
    population: Population, numbers: FloatArray, shape: tuple[int, ...], generator: np.random.Generator
) -> FloatArray:
    """Gains [axis, week]: each axis a point of the grid, its tempo a walk held within what the lesson can tell."""
    chance = np.exp(population.chances(numbers[:, None])[0])
    lumps, means, spreads, half_lives = population.shape
    pick = generator.choice(len(chance), size=shape[0], p=chance / chance.sum())
    at_lump, at_spread, at_half_life = np.unravel_index(pick, (lumps, spreads, half_lives))
    mean, spread = (
        population.mean[generator.choice(means, size=shape[0], p=np.exp(population.level_chance))],
        population.spread[at_spread],
    )
    lump, phi = population.lump[at_lump], 2 ** (-1 / population.half_life[at_half_life])
    gains, z = np.empty(shape), generator.normal(size=shape[0])
    for week in range(shape[1]):
        expected = np.exp(np.clip(mean + spread * z, FINE[0], FINE[-1]))
        count = generator.poisson(expected / lump)
        gains[:, week] = np.where(
            count > 0, generator.gamma(np.maximum(LUMP_SHAPE * count, 1e-9)) * lump / LUMP_SHAPE, 0
        )
        z = phi * z + np.sqrt(1 - phi**2) * generator.normal(size=shape[0])
    return gains


MODULE = Module(
    name="front",
    title="How tempos of the front swing, from weekly gains by axis",
    gather=gather,
    priors=priors,
    model=model,
    simulate=simulate,
)
