"""Tempo: does the filter find what made the weeks?"""

from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, stats

from ceasefire.model.front import LUMP_SHAPE
from ceasefire.scenario import tempo

SERIES, WEEKS = 150, 50
MEAN, SPREAD, HALF_LIFE, LUMP = np.log(9.0), 0.7, 8.0, 6.0


@pytest.fixture(scope="module")
def simulated():
    """Weekly gains [series, week] of known tempo, and the log-tempo of the week after."""
    random = np.random.default_rng(11)
    phi = 2 ** (-1 / HALF_LIFE)
    x = MEAN + SPREAD * random.normal(size=SERIES)
    gains = np.zeros((SERIES, WEEKS))
    for week in range(WEEKS):
        count = random.poisson(np.exp(x) / LUMP)
        gains[:, week] = random.gamma(np.maximum(LUMP_SHAPE * count, 1e-9), LUMP / LUMP_SHAPE) * (count > 0)
        x = MEAN + phi * (x - MEAN) + SPREAD * np.sqrt(1 - phi**2) * random.normal(size=SERIES)
    return gains, x


@pytest.fixture(scope="module")
def learned(simulated):
    """What is drawn for each series, from its own record alone: fields [series, draw]."""
    uniforms = np.random.default_rng(12).uniform(size=(1, 3, 400))
    draws = [tempo.learn(gain[None], spread=tempo.AXIS_SPREAD).draw(uniforms) for gain in simulated[0]]
    return {name: np.concatenate([getattr(d, name) for d in draws]) for name in tempo.TempoDraws.__annotations__}


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
    assert learned["lump"].std(axis=1).mean() < 0.7 * np.std(tempo.LUMPS)


def test_a_week_without_a_map_says_nothing(simulated):
    gains, _ = simulated
    seen = np.append(np.full((1, 15), np.nan), gains[:1, :20], axis=1)
    bare = tempo.learn(gains[:1, :20], spread=0.8)
    late = tempo.learn(seen, spread=0.8)
    np.testing.assert_allclose(late.hypothesis, bare.hypothesis, atol=0.05)
    nothing = tempo.learn(np.full((1, 30), np.nan), spread=0.8)
    by_lump = np.diff(nothing.hypothesis.reshape(len(tempo.LUMPS), -1)[:, -1], prepend=0)
    np.testing.assert_allclose(by_lump, 1 / len(tempo.LUMPS), rtol=1e-6)


def test_a_gap_widens_what_is_known_of_the_present(simulated):
    gains, _ = simulated
    uniforms = np.random.default_rng(1).uniform(size=(1, 3, 4000))
    fresh = tempo.learn(gains[:1], spread=0.8).draw(uniforms).opening
    stale = tempo.learn(np.append(gains[:1], np.full((1, 26), np.nan), axis=1), spread=0.8).draw(uniforms).opening
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
    law = tempo.learn(simulated[0][:2], spread=0.8)
    u = np.full((2, 3, 99), 0.5)
    u[:, 1] = np.linspace(0.005, 0.995, 99)
    assert (np.diff(law.draw(u).opening, axis=1) >= 0).all()
    u[:, 0], u[:, 1] = u[:, 1].copy(), 0.5
    assert (np.diff(law.draw(u).lump, axis=1) >= 0).all()


def test_other_axes_inform_lumps(simulated):
    random = np.random.default_rng(3)
    big = random.gamma(LUMP_SHAPE, 18 / LUMP_SHAPE, (5, 40)) * (random.uniform(size=(5, 40)) < 0.4)
    sparse = np.full((1, 40), np.nan)
    u = random.uniform(size=(6, 3, 500))
    with_others = tempo.learn(np.concatenate([sparse, big]), spread=0.8).draw(u).lump[0]
    alone = tempo.learn(sparse, spread=0.8).draw(u[:1]).lump[0]
    assert with_others.mean() > alone.mean() + 2
