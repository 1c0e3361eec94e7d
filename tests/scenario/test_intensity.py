"""Intensity: is the level found under the noise of the claims?"""

import numpy as np
import pytest

from ceasefire.scenario import intensity

SERIES, WEEKS = 150, 104
MEAN, SPREAD, HALF_LIFE, NOISE = np.log(7000.0), 0.25, 13.0, 0.12


def claimed(random, *, missing=0.0):
    """Weekly claims under a mean-reverting level, and the level of the week after."""
    phi = 2 ** (-1 / HALF_LIFE)
    level = MEAN + SPREAD * random.normal()
    claims = np.zeros(WEEKS)
    for week in range(WEEKS):
        claims[week] = np.exp(level + NOISE * random.normal())
        level = MEAN + phi * (level - MEAN) + SPREAD * np.sqrt(1 - phi**2) * random.normal()
    claims[random.uniform(size=WEEKS) < missing] = np.nan
    return claims, level


@pytest.fixture(scope="module", params=[0.0, 0.3], ids=["whole", "gaps"])
def recovered(request):
    random = np.random.default_rng(5)
    uniforms = np.random.default_rng(6).uniform(size=(3, 1000))
    pairs = [claimed(random, missing=request.param) for _ in range(SERIES)]
    return [intensity.learn(claims).draw(uniforms) for claims, _ in pairs], np.array([level for _, level in pairs])


def test_ninety_percent_intervals_of_the_level_cover_it(recovered):
    draws, level = recovered
    low, high = np.quantile([draw.opening for draw in draws], [0.05, 0.95], axis=1)
    assert 0.80 <= ((low <= level) & (level <= high)).mean() <= 0.97
    assert (high - low).mean() < 3.3 * SPREAD


def test_noise_and_level_are_told_apart(recovered):
    draws, level = recovered
    centre = np.array([draw.opening.mean() for draw in draws])
    assert np.corrcoef(centre, level)[0, 1] > 0.85
    assert np.mean([draw.noise.mean() for draw in draws]) == pytest.approx(NOISE, rel=0.15)
    assert np.mean([np.median(draw.spread) for draw in draws]) == pytest.approx(SPREAD, rel=0.35)


def test_a_series_without_noise_in_its_level_opens_at_its_mean():
    claims = 500 * np.exp(0.2 * np.random.default_rng(1).normal(size=80))
    draw = intensity.learn(claims).draw(np.random.default_rng(2).uniform(size=(3, 2000)))
    mean = np.log(claims).mean()
    assert draw.opening.mean() == pytest.approx(mean, abs=0.06)
    assert draw.opening.std() < 0.12


def test_missing_weeks_at_the_front_and_weeks_before_the_window_are_ignored():
    claims = claimed(np.random.default_rng(3))[0][-40:]
    plain = intensity.learn(claims)
    padded = intensity.learn(np.concatenate([np.full(30, np.nan), claims]))
    u = np.random.default_rng(4).uniform(size=(3, 50))
    np.testing.assert_allclose(padded.draw(u).opening, plain.draw(u).opening, rtol=0.02)
    long = claimed(np.random.default_rng(3))[0]
    before = np.concatenate([np.full(200, 3.0), long])
    np.testing.assert_array_equal(intensity.learn(before).centre, intensity.learn(long).centre)


def test_claims_corrected_to_nothing_count_as_missing():
    claims, _ = claimed(np.random.default_rng(8))
    nought, missing = claims.copy(), claims.copy()
    nought[[5, 60]], missing[[5, 60]] = [0.0, -3.0], np.nan
    np.testing.assert_array_equal(intensity.learn(nought).cumulative, intensity.learn(missing).cumulative)


def test_a_change_of_units_shifts_the_level_and_nothing_else():
    claims, _ = claimed(np.random.default_rng(9))
    u = np.random.default_rng(10).uniform(size=(3, 100))
    one, other = intensity.learn(claims).draw(u), intensity.learn(claims * 30).draw(u)
    np.testing.assert_allclose(other.opening - one.opening, np.log(30), rtol=1e-6)
    np.testing.assert_allclose(other.mean - one.mean, np.log(30), rtol=1e-6)
    np.testing.assert_allclose(other.noise, one.noise, rtol=1e-6)


def test_too_few_weeks_are_refused():
    with pytest.raises(ValueError, match="at least 8"):
        intensity.learn(np.array([3.0, np.nan, 5.0, 7.0, 2.0, 4.0, 4.0, 6.0]))
