"""Tempo: does the filter find what made the weeks, and do axes learn of each other, once?"""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, stats

from ceasefire.model.front import LUMP_SHAPE
from ceasefire.scenario import tempo
from ceasefire.scenario.posterior import Law
from ceasefire.scenario.tempo import AXES

SERIES, WEEKS = 100, 50
MEAN, SPREAD, HALF_LIFE, LUMP = np.log(9.0), 0.7, 8.0, 6.0
COARSE = replace(
    AXES, lump=np.array([2.0, 6.0, 15.0]), mean=np.log([1.5, 6.0, 25.0]), spread=np.array([0.4, 1.0]),
    half_life=np.array([2.0, 8.0]),
)  # fmt: skip


@pytest.fixture(scope="module")
def simulated():
    """Weekly gains [series, week] of known tempo, and the log-tempo of the week after."""
    return _gains(np.random.default_rng(11), SERIES, WEEKS, LUMP)


def _gains(random, series, weeks, lump):
    phi = 2 ** (-1 / HALF_LIFE)
    x = MEAN + SPREAD * random.normal(size=series)
    gains = np.zeros((series, weeks))
    for week in range(weeks):
        count = random.poisson(np.exp(x) / lump)
        gains[:, week] = random.gamma(np.maximum(LUMP_SHAPE * count, 1e-9), lump / LUMP_SHAPE) * (count > 0)
        x = MEAN + phi * (x - MEAN) + SPREAD * np.sqrt(1 - phi**2) * random.normal(size=series)
    return gains, x


@pytest.fixture(scope="module")
def learned(simulated):
    """What is drawn for each series, from its own record alone: fields [series, draw]."""
    uniforms = np.random.default_rng(12).uniform(size=(1, 3, 400))
    draws = [tempo.learn(gain[None], AXES).draw(uniforms) for gain in simulated[0]]
    return {name: np.concatenate([getattr(d, name) for d in draws]) for name in tempo.TempoDraws.__annotations__}


def _chance(law):
    """Chance of each hypothesis, [axis, lump, mean, spread, half-life]."""
    return np.diff(law.hypothesis, prepend=0, axis=1).reshape(-1, *law.population.shape)


def test_ninety_percent_intervals_of_the_opening_tempo_cover_it(simulated, learned):
    low, high = np.quantile(learned["opening"], [0.05, 0.95], axis=1)
    covered = ((low <= simulated[1]) & (simulated[1] <= high)).mean()
    assert 0.80 <= covered <= 0.97


def test_tempo_is_learned_and_not_just_guessed(simulated, learned):
    centre = learned["opening"].mean(axis=1)
    assert np.corrcoef(centre, simulated[1])[0, 1] > 0.6
    assert np.mean((centre - simulated[1]) ** 2) < 0.8 * SPREAD**2
    assert abs((centre - simulated[1]).mean()) < 0.3


def test_means_and_lumps_are_recovered(learned):
    assert learned["mean"].mean() == pytest.approx(MEAN, abs=0.3)
    assert np.exp(np.log(learned["lump"]).mean()) == pytest.approx(LUMP, rel=0.3)
    assert learned["lump"].std(axis=1).mean() < 0.7 * np.std(AXES.lump)


def test_the_filter_agrees_with_a_plain_one(simulated):
    """One hypothesis, week by week, on a grid twelve times as fine and wider."""
    gain = simulated[0][0, :25].copy()
    gain[7] = np.nan
    found = tempo.follow(gain, AXES)
    lump, mean, spread, half_life = 2, 8, 2, 2
    phi = 2 ** (-1 / AXES.half_life[half_life])
    z = np.linspace(-4.5, 4.5, 451)
    x = AXES.mean[mean] + AXES.spread[spread] * z
    chance = stats.norm.pdf(z) / stats.norm.pdf(z).sum()
    moves = stats.norm.pdf(z, phi * z[:, None], np.sqrt(1 - phi**2))
    moves /= moves.sum(axis=1, keepdims=True)
    evidence = 0.0
    for y in gain:
        if not np.isnan(y):
            chance = chance * np.exp(tempo.log_density(np.array([y]), x, AXES.lump[lump])[0])
            evidence += np.log(chance.sum())
            chance /= chance.sum()
        chance = chance @ moves
    at = lump, mean, spread, half_life
    assert found.evidence[at] == pytest.approx(evidence, abs=0.05)
    assert found.tempo[at] @ tempo.Z == pytest.approx(chance @ z, abs=0.02)


def test_a_week_without_a_map_says_nothing(simulated):
    gains, _ = simulated
    seen = np.append(np.full((1, 15), np.nan), gains[:1, :20], axis=1)
    bare = tempo.learn(gains[:1, :20], AXES)
    late = tempo.learn(seen, AXES)
    np.testing.assert_allclose(late.hypothesis, bare.hypothesis, atol=0.01)
    nothing = _chance(tempo.learn(np.full((1, 30), np.nan), AXES))[0]
    expected = stats.norm.pdf(AXES.level.score(AXES.mean))
    np.testing.assert_allclose(nothing.sum(axis=(0, 2, 3)), expected / expected.sum(), rtol=1e-6)


def test_a_gap_widens_what_is_known_of_the_present(simulated):
    gains, _ = simulated
    uniforms = np.random.default_rng(1).uniform(size=(1, 3, 4000))
    fresh = tempo.learn(gains[:1], AXES).draw(uniforms).opening
    stale = tempo.learn(np.append(gains[:1], np.full((1, 26), np.nan), axis=1), AXES).draw(uniforms).opening
    assert stale.std() > 1.2 * fresh.std()


@pytest.mark.parametrize("lump", [1.5, 9.0])
@pytest.mark.parametrize("tempo_km2", [0.2, 3.0, 60.0])
def test_the_density_of_gains_is_one_altogether(lump, tempo_km2):
    edge = tempo_km2 + 12 * np.sqrt(2.25 * tempo_km2 * lump) + 12 * lump

    def density(gain):
        return float(np.exp(tempo.log_density(np.array([gain]), np.log([tempo_km2]), lump)[0, 0]))

    pieces = np.geomspace(tempo.NOUGHT * (1 + 1e-9), edge, 12)
    whole = sum(integrate.quad(density, a, b, limit=100)[0] for a, b in pairwise(pieces))
    count = np.arange(1, 30)
    small = stats.poisson.pmf(count, tempo_km2 / lump) @ stats.gamma.cdf(
        tempo.NOUGHT, LUMP_SHAPE * count, scale=lump / LUMP_SHAPE
    )
    assert density(0.0) == pytest.approx(np.exp(-tempo_km2 / lump))
    assert density(0.0) + whole == pytest.approx(1 - small, abs=2e-4)


def test_draws_are_monotone_in_their_uniforms(simulated):
    law = tempo.learn(simulated[0][:2], AXES)
    u = np.full((2, 3, 99), 0.5)
    u[:, 1] = np.linspace(0.005, 0.995, 99)
    assert (np.diff(law.draw(u).opening, axis=1) >= 0).all()
    u[:, 0], u[:, 1] = u[:, 1].copy(), 0.5
    assert (np.diff(law.draw(u).lump, axis=1) >= 0).all()


def test_other_axes_inform_lumps():
    random = np.random.default_rng(3)
    big = random.gamma(LUMP_SHAPE, 14 / LUMP_SHAPE, (5, 40)) * (random.uniform(size=(5, 40)) < 0.4)
    sparse = np.full((1, 40), np.nan)
    u = random.uniform(size=(6, 3, 500))
    with_others = tempo.learn(np.concatenate([sparse, big]), AXES).draw(u).lump[0]
    alone = tempo.learn(sparse, AXES).draw(u[:1]).lump[0]
    assert with_others.mean() > alone.mean() + 2


def test_the_chances_of_a_population_are_one_altogether_and_move_with_its_centres():
    values = np.array([[0.4, 1.5], [6.0, 6.0], [5.0, 5.0], [0.3, 0.3]])
    chance = np.exp(AXES.chances(values)).reshape(2, len(AXES.lump), len(AXES.spread), len(AXES.half_life))
    np.testing.assert_allclose(chance.sum(axis=(1, 2, 3)), 1)
    by_spread = chance.sum(axis=(1, 3))
    assert by_spread[0] @ AXES.spread < by_spread[1] @ AXES.spread
    np.testing.assert_allclose(chance.sum(axis=(2, 3))[0], chance.sum(axis=(2, 3))[1])


def test_a_population_is_learned_as_plain_bayes_would(simulated):
    """Two axes: every pair of hypotheses weighed by the likelihoods and their joint prior, the lattice's mean."""
    gains = simulated[0][:2, :12]
    found = _chance(tempo.learn(gains, COARSE))
    law = Law.prior(COARSE.numbers)
    scores = law.scores(tempo._lattice(4))
    values = np.stack([p.quantile(stats.norm.cdf(z)) for p, z in zip(law.priors, scores, strict=True)])
    chance = np.exp(COARSE.chances(values))
    both = np.einsum("ph,pk->hk", chance, chance)
    one, other = (np.exp(tempo.of_population(tempo.follow(gain, COARSE).evidence, COARSE)) for gain in gains)
    expected = (both * one[:, None] * other).sum(axis=1)
    np.testing.assert_allclose(found[0].sum(axis=1).ravel(), expected / expected.sum(), rtol=1e-6)


def test_without_calibration_the_law_is_the_prior_whatever_was_known(simulated):
    gains = simulated[0][:3, :20]
    plain = tempo.learn(gains, AXES)
    told = tempo.learn(gains, AXES, Law.prior(AXES.of("North")), known=15)
    np.testing.assert_array_equal(plain.hypothesis, told.hypothesis)


def test_each_week_counts_once(simulated):
    """With what the first weeks taught as the law, all weeks give an axis unseen what they give without it."""
    known, gains = 30, np.append(simulated[0][10:16], np.full((1, WEEKS), np.nan), axis=0)

    def unseen(law, known):
        return _chance(tempo.learn(gains, AXES, law, known=known))[-1].sum(axis=(0, 1, 3))

    direct = unseen(None, 0)
    split = unseen(_exact(gains[:, :known], AXES), known)
    twice = unseen(_exact(gains, AXES), 0)
    assert np.abs(direct - split).sum() < 0.06
    assert np.abs(direct - twice).sum() > 0.10


def _exact(gains, population):
    """Normal law of the scores with the moments of their posterior, by importance over the prior's lattice."""
    prior = Law.prior(population.numbers)
    scores = prior.scores(tempo._lattice(len(prior.names)))
    values = np.stack([p.quantile(stats.norm.cdf(z)) for p, z in zip(prior.priors, scores, strict=True)])
    tables = [tempo.of_population(tempo.follow(gain, population).evidence, population) for gain in gains]
    weight = tempo._mean(np.exp(population.chances(values)), tables).sum(axis=0)
    weight = np.exp(weight - weight.max())
    cover = np.cov(scores, aweights=weight)
    return replace(prior, centre=np.average(scores, axis=1, weights=weight), root=np.linalg.cholesky(cover))


def test_a_narrower_law_moves_the_draws_its_way(simulated):
    gains = simulated[0][:2, :15]
    prior = Law.prior(AXES.numbers)
    calm, wild = (replace(prior, centre=np.array([z, 0.0, 0.0, 0.0]), root=0.2 * np.eye(4)) for z in (-2.0, 2.0))
    u = np.random.default_rng(5).uniform(size=(2, 3, 800))
    low, high = (tempo.learn(gains, AXES, law).draw(u).spread.mean() for law in (calm, wild))
    assert high > 1.5 * low


def test_axes_in_another_order_learn_the_same(simulated):
    gains = simulated[0][:3, :20]
    one, other = tempo.learn(gains, AXES), tempo.learn(gains[::-1], AXES)
    np.testing.assert_allclose(one.hypothesis, other.hypothesis[::-1], atol=1e-9)
