"""The tempo of the front on the opening date, learned from the weekly gains known by then.

One axis of one side gains ground in lumps: y ~ compound Poisson–gamma with mean exp(x), lumps of mean area m. The
log-tempo reverts to a mean, x = mean + spread · z, z' = φ z + sqrt(1 − φ²) ε, φ = 2^(−1/half-life). (mean, spread,
half-life, lump) are unknown; z is followed exactly on a grid (a hidden Markov filter) for every point of a grid of
those four. A run draws one point and one x from the result, so that parameter and state uncertainty enter the forecast
together. The budget of the whole front is learned in the same way, as one axis.

The axes of a side are a population: the logs of their spreads, half-lives and lumps scatter around common centres.
Centres and scatter have priors (`AXES.numbers`), and each axis learns of them from the others: exact hierarchical
Bayes, over a lattice of points of the population. A mean is an axis's own, with the model's prior of
`front.tempo_mean`; of the whole front, whose pace differs much between wars and sides, every log mean of the grid is
as likely.

Where the population was learned at a cut-off (`study/calibration/front.py`), the lattice follows that law, and what an
axis and the others said up to the cut-off is divided out, so that no week counts twice:
    weight of hypothesis h of axis a = e_a(h) Σ_η law(η) p(h | η) / Z_a(η; cut-off) Π_others Z_b(η) / Z_b(η; cut-off),
e the likelihood of the axis's weeks, Z_b(η) its mean over p(h | η). So calibration and the day's learning agree, and
the cut-off matters only as far as the law, normal in scores, is an approximation.

The sides are learned apart: on the record the smaller advances of one come in other lumps and swings, in part because
they are redrawing, and should not teach the other.
Left out: covariates; dependence between axes within a week beyond the common budget (near zero on the record); weeks in
which a map was not redrawn, which the lesson takes for lulls.
Sources: model notes, section 1 (likelihood-based budget); Jørgensen 1987 (Tweedie family); priors elicited, wide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp, ndtr, ndtri

from ceasefire.model.declare import LogNormal, Prior
from ceasefire.model.front import LUMP_SHAPE, Params
from ceasefire.scenario.posterior import Law

FloatArray = NDArray[np.float64]

NOUGHT = 0.05
"""Gains below this (km²) are redrawing, not ground; they count as none."""
Z = np.linspace(-3.6, 3.6, 37)
"""Grid of z, in spreads from the mean."""
FINE_STEP = 0.05
FINE = np.arange(np.log(0.005), np.log(1500.0), FINE_STEP)
"""Log-tempos at which the likelihood of a week is worked out, to be read between them; what lies beyond is an end."""
POINTS = 1024
"""Of the lattice over the population."""


@dataclass(frozen=True, eq=False)
class Population:
    """What axes have in common, and the grid of what each can be."""

    numbers: Mapping[str, Prior]
    """Centre of spread, half-life and lump in this order; then, if they are many, the scatter of their logs."""
    lump: FloatArray
    """km²"""
    mean: FloatArray
    """log(km²/week)"""
    spread: FloatArray
    half_life: FloatArray
    """week"""
    level: Prior | None = None
    """Of the mean; None where each is alike."""

    def of(self, side: str) -> dict[str, Prior]:
        """The numbers of one side, by name with its label."""
        return {f"{name}[{side}]": prior for name, prior in self.numbers.items()}

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """How many lumps, means, spreads and half-lives there are."""
        return len(self.lump), len(self.mean), len(self.spread), len(self.half_life)

    @cached_property
    def level_chance(self) -> FloatArray:
        """Log chance of each mean."""
        density = np.zeros(len(self.mean)) if self.level is None else -0.5 * self.level.score(self.mean) ** 2
        return np.asarray(density - logsumexp(density))

    @cached_property
    def moves(self) -> FloatArray:
        """Chances of next week's z, [half-life, z, next z]."""
        phi = 2 ** (-1 / self.half_life)[:, None, None]
        moves = np.exp(-0.5 * (Z - phi * Z[:, None]) ** 2 / (1 - phi**2))
        return np.asarray(moves / moves.sum(axis=2, keepdims=True))

    @cached_property
    def place(self) -> FloatArray:
        """Where the log-tempo of each (mean, spread, z) lies on the fine grid."""
        tempo = self.mean[:, None, None] + self.spread[:, None] * Z
        return np.asarray(np.clip((tempo - FINE[0]) / FINE_STEP, 0, len(FINE) - 1.001))

    def chances(self, values: FloatArray) -> FloatArray:
        """Log chance of each (lump, spread, half-life) of an axis, [point, lump × spread × half-life].

        `values` are the numbers, [number, point]. Around its centre each log is normal, with the scatter and half a
        step of the grid, on the points of the grid.
        """
        scatter = values[3] if len(values) > 3 else np.zeros_like(values[0])
        spread, half_life, lump = (
            _on_grid(np.log(grid), np.log(centre), scatter)
            for grid, centre in zip((self.spread, self.half_life, self.lump), values, strict=False)
        )
        joint = lump[:, :, None, None] + spread[:, None, :, None] + half_life[:, None, None, :]
        return np.asarray(joint.reshape(len(joint), -1))


def half_step(log_grid: FloatArray) -> float:
    """Half the mean distance of neighbours."""
    return float(log_grid[-1] - log_grid[0]) / (len(log_grid) - 1) / 2


def _on_grid(log_grid: FloatArray, centre: FloatArray, scatter: FloatArray) -> FloatArray:
    wide = np.hypot(scatter, half_step(log_grid))[:, None]
    density = -0.5 * ((log_grid - centre[:, None]) / wide) ** 2
    return np.asarray(density - logsumexp(density, axis=1, keepdims=True))


AXES = Population(
    numbers={
        "tempo.axis_spread": LogNormal(0.32, 0.8, 2.0),
        "tempo.axis_half_life": LogNormal(1.5, 6.0, 24.0),
        "tempo.axis_lump": LogNormal(1.25, 5.0, 20.0),
        "tempo.axis_differs": LogNormal(0.1, 0.3, 0.9),
    },
    lump=np.array([1.0, 2.5, 6.0, 14.0]),
    mean=np.arange(np.log(0.05), np.log(300.0), 0.5),
    spread=np.array([0.25, 0.5, 0.8, 1.2, 1.8]),
    half_life=np.array([1.5, 4.0, 10.0, 25.0]),
    level=next(field.metadata["prior"] for field in fields(Params) if field.name == "tempo_mean"),
)
FRONT = Population(
    numbers={
        "tempo.budget_spread": LogNormal(0.16, 0.4, 1.0),
        "tempo.budget_half_life": LogNormal(1.5, 6.0, 24.0),
        "tempo.budget_lump": LogNormal(1.25, 5.0, 20.0),
    },
    lump=np.array([1.0, 2.5, 6.0, 14.0]),
    mean=np.arange(np.log(0.1), np.log(600.0), 0.25),
    spread=np.array([0.15, 0.25, 0.4, 0.6, 0.9, 1.4]),
    half_life=np.array([1.5, 4.0, 10.0, 25.0, 60.0]),
)


@dataclass(frozen=True)
class TempoDraws:
    """One side's tempo in some runs, each [axis, run]."""

    mean: FloatArray
    spread: FloatArray
    half_life: FloatArray
    lump: FloatArray
    opening: FloatArray


@dataclass(frozen=True)
class TempoLaw:
    """What the record says of one side's axes: a joint law of (lump, mean, spread, half-life), then of z."""

    population: Population
    hypothesis: FloatArray
    """Cumulative weight, [axis, lump × mean × spread × half-life]."""
    tempo: FloatArray
    """Cumulative law of z for the coming week, [axis, lump × mean × spread × half-life, z]."""

    def draw(self, uniforms: FloatArray) -> TempoDraws:
        """Invert the law at uniforms [axis, 3, run]."""
        axis, of = np.arange(len(uniforms))[:, None], self.population
        pick = np.stack([np.searchsorted(c, u) for c, u in zip(self.hypothesis, uniforms[:, 0], strict=True)])
        pick = np.minimum(pick, self.hypothesis.shape[1] - 1)
        at = (self.tempo[axis, pick] < uniforms[:, 1, :, None]).sum(axis=2)
        z = Z[np.minimum(at, len(Z) - 1)] + (uniforms[:, 2] - 0.5) * (Z[1] - Z[0])
        lump, mean, spread, half_life = np.unravel_index(pick, of.shape)
        opening = of.mean[mean] + of.spread[spread] * z
        return TempoDraws(of.mean[mean], of.spread[spread], of.half_life[half_life], of.lump[lump], opening)


@dataclass(frozen=True)
class Followed:
    """What the weeks of one axis say."""

    evidence: FloatArray
    """Log likelihood of [lump, mean, spread, half-life]."""
    known: FloatArray
    """The same of the weeks up to the cut-off."""
    tempo: FloatArray
    """Law of z in the coming week, [lump, mean, spread, half-life, z]."""


def log_density(gain: FloatArray, log_tempo: FloatArray, lump: float) -> FloatArray:
    """Log density of weekly gains [week] at each log-tempo [grid], as [week, grid].

    P(0) = exp(−μ/m); otherwise Σ_n Poisson(n; μ/m) Gamma(y; nκ, m/κ), over enough n to leave out nothing.
    """
    return _mixture(gain, lump, *_counts(log_tempo, lump))


def _counts(log_tempo: FloatArray, lump: float) -> tuple[FloatArray, FloatArray]:
    """Chance of no lump [grid], as a log, and of n = 1, 2 … lumps [n, grid]."""
    rate = np.exp(log_tempo) / lump
    count = np.arange(1, int(np.ceil(rate.max() + 8 * np.sqrt(rate.max()) + 8)))
    return -rate, np.exp(count[:, None] * np.log(rate) - rate - gammaln(count + 1)[:, None])


@lru_cache(maxsize=16)
def _fine_counts(lump: float) -> tuple[FloatArray, FloatArray]:
    return _counts(FINE, lump)


def _mixture(gain: FloatArray, lump: float, none: FloatArray, counts: FloatArray) -> FloatArray:
    found = np.repeat(none[None, :], len(gain), axis=0)
    some = gain > NOUGHT
    y, shape = gain[some, None], LUMP_SHAPE * np.arange(1, len(counts) + 1)
    sizes = (shape - 1) * np.log(y) - y * LUMP_SHAPE / lump - gammaln(shape) - shape * np.log(lump / LUMP_SHAPE)
    top = sizes.max(axis=1, keepdims=True)
    found[some] = np.log(np.maximum(np.exp(sizes - top) @ counts, 1e-300)) + top
    return found


def learn(gains: FloatArray, population: Population, law: Law | None = None, *, known: int = 0) -> TempoLaw:
    """The law of the tempo of each axis of a side, from gains [axis, week] (km², NaN where not observed).

    `law` is what was learned of the population's numbers, in their order, from the first `known` weeks of this record.
    Without one it is their prior.
    """
    law = law or Law.prior(population.numbers)
    known = known if law.learned else 0
    followed = [follow(gain, population, known=known) for gain in gains]
    expected = _expected(followed, population, law)
    weights = np.stack([each.evidence for each in followed]) + expected[:, :, None]
    weights += population.level_chance[:, None, None]
    weights = weights.reshape(len(gains), -1)
    weights = np.exp(weights - weights.max(axis=1, keepdims=True))
    cumulative = np.cumsum(weights, axis=1)
    laws = np.stack([each.tempo.reshape(-1, len(Z)) for each in followed])
    return TempoLaw(population, cumulative / cumulative[:, -1:], np.cumsum(laws, axis=2))


def follow(gain: FloatArray, population: Population, *, known: int = 0) -> Followed:
    """Follow one axis through its weeks [week]."""
    lumps, means, spreads, half_lives = population.shape
    below = population.place.astype(np.int64)
    beyond = population.place - below
    start = np.exp(-0.5 * Z**2)
    law = np.broadcast_to(start / start.sum(), (half_lives, lumps, means, spreads, len(Z)))
    evidence = upto = np.zeros(law.shape[:-1])
    told = np.nan_to_num(gain)
    says: dict[float, tuple[FloatArray, FloatArray]] = {}  # a week without ground says the same each time
    seen = np.stack([_mixture(told, m, *_fine_counts(m)) for m in population.lump.tolist()], axis=1)
    for week in range(len(gain)):
        upto = evidence if week == known else upto
        if not np.isnan(gain[week]):
            amount = max(float(gain[week]), NOUGHT)
            if amount not in says:
                each = seen[week][:, below] * (1 - beyond) + seen[week][:, below + 1] * beyond
                peak = each.max(axis=3, keepdims=True)
                says[amount] = np.exp(each - peak), peak
            likely, peak = says[amount]
            law = law * likely
            total = np.maximum(law.sum(axis=4), 1e-300)
            evidence = evidence + np.log(total) + peak[..., 0]
            law = law / total[..., None]
        law = (law.reshape(half_lives, -1, len(Z)) @ population.moves).reshape(law.shape)
    upto = evidence if known >= len(gain) else upto
    order = (1, 2, 3, 0)
    return Followed(evidence.transpose(order), upto.transpose(order), law.transpose(*order, 4))


def of_population(evidence: FloatArray, population: Population) -> FloatArray:
    """Log evidence of each (lump, spread, half-life), the own mean averaged over, [lump × spread × half-life]."""
    return np.asarray(logsumexp(evidence + population.level_chance[:, None, None], axis=1)).ravel()


def _expected(followed: list[Followed], population: Population, law: Law) -> FloatArray:
    """Log chance of (lump, spread, half-life) by what is known of the population but not of the axis, [axis, …]."""
    scores = law.scores(_lattice(len(law.centre)))
    values = np.stack([prior.quantile(ndtr(z)) for prior, z in zip(law.priors, scores, strict=True)])
    chance = np.exp(population.chances(values))
    after, before = (
        _mean(chance, [of_population(getattr(each, part), population) for each in followed])
        for part in ("evidence", "known")
    )
    weight = (after - before).sum(axis=0) - after
    weight = np.exp(weight - weight.max(axis=1, keepdims=True))
    lumps, _, spreads, half_lives = population.shape
    expected = np.log(np.maximum(weight @ chance, 1e-300)).reshape(-1, lumps, spreads, half_lives)
    return np.asarray(expected)


def _mean(chance: FloatArray, evidence: list[FloatArray]) -> FloatArray:
    """Log of the mean likelihood of each axis at each point of the population, [axis, point]."""
    each = np.stack(evidence)
    top = each.max(axis=1, keepdims=True)
    return np.asarray(np.log(np.exp(each - top) @ chance.T) + top)


def _lattice(dimensions: int) -> FloatArray:
    """Standard normal points spread evenly, [dimension, point]: multiples of irrational steps (Kronecker lattice).

    The steps are powers of 1/g with g^(d+1) = g + 1, the generalised golden ratio (Roberts 2018).
    """
    golden = 2.0
    for _ in range(60):
        golden = (1 + golden) ** (1 / (dimensions + 1))
    steps = golden ** -np.arange(1.0, dimensions + 1)
    return np.asarray(ndtri((0.5 + steps[:, None] * np.arange(1, POINTS + 1)) % 1.0))
