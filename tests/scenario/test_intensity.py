"""Intensity: is the level found under the noise of the claims?"""

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import multivariate_t

from ceasefire.scenario import intensity
from ceasefire.scenario.posterior import Law

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


# ------------------------------------------------------------------------------------------------- filter and law


def test_the_filter_has_the_likelihood_of_one_joint_law_where_the_noise_stays_the_same():
    """With unfading noise the claims are jointly multivariate t, whatever is missing."""
    half_life, ratio = 9.0, 0.3
    y = 0.3 * np.random.default_rng(1).normal(size=12)
    y[[3, 8]] = np.nan
    seen = np.flatnonzero(np.isfinite(y))
    phi = 2 ** (-1 / half_life)
    apart = np.abs(seen[:, None] - seen)
    cover = ratio / (1 - phi**2) * phi**apart + intensity.WIDE + np.eye(len(seen))
    joint = multivariate_t(np.zeros(len(seen)), intensity.USUAL_NOISE**2 * cover, df=intensity.FREEDOM)
    _, found = intensity.follow(y, np.array([[half_life, ratio, 1e12]]))
    assert found[0] == pytest.approx(joint.logpdf(y[seen]), rel=1e-8)


def test_where_the_filter_ends_is_the_regression_on_all_claims():
    half_life, ratio = 9.0, 0.3
    y = np.random.default_rng(2).normal(size=15)
    phi = 2 ** (-1 / half_life)
    week = np.arange(15)
    shift = ratio / (1 - phi**2) * phi ** np.abs(week[:, None] - week)
    cover = shift + intensity.WIDE + np.eye(15)
    ahead = np.stack([ratio / (1 - phi**2) * phi ** (15 - week), np.full(15, intensity.WIDE)])
    known, _ = intensity.follow(y, np.array([[half_life, ratio, 30.0]]))
    np.testing.assert_allclose(known.centre[0], ahead @ np.linalg.solve(cover, y), rtol=1e-6)
    before = np.diag([ratio / (1 - phi**2), intensity.WIDE])
    np.testing.assert_allclose(known.cover[0], before - ahead @ np.linalg.solve(cover, ahead.T), atol=1e-6)


def narrow(spread=0.05, **values):
    priors = intensity.PRIORS
    wanted = {"unlike": 0.01} | values
    names = [name.removeprefix("intensity.") for name in priors]
    at = [float(priors[f"intensity.{n}"].score(wanted[n])) if n in wanted else 0.0 for n in names]
    return Law(tuple(priors), tuple(priors.values()), np.array(at), spread * np.eye(len(at)))


def test_the_grid_follows_the_law_however_narrow():
    point, log_density = intensity.grid(narrow(half_life=60.0, ratio=0.02, fading=15.0))
    weight = np.exp(log_density) / np.exp(log_density).sum()
    np.testing.assert_allclose(np.exp(weight @ np.log(point)), [60, 0.02, 15], rtol=1e-6)
    deviation = np.sqrt(weight @ (np.log(point[:, 0]) - np.log(60)) ** 2)
    assert deviation == pytest.approx(0.05 * np.log(10) / 1.645, rel=0.1)


def test_the_grid_has_the_moments_of_the_prior_and_of_how_items_differ():
    point, log_density = intensity.grid(Law.prior(intensity.PRIORS))
    weight = np.exp(log_density) / np.exp(log_density).sum()
    score = intensity.PRIORS["intensity.half_life"].score(point[:, 0])
    assert weight @ score == pytest.approx(0, abs=1e-9)
    assert weight @ score**2 == pytest.approx(1 + 0.4**2, rel=0.1)


def test_no_law_is_the_prior():
    claims, _ = claimed(np.random.default_rng(4))
    plain, prior = intensity.learn(claims), intensity.learn(claims, Law.prior(intensity.PRIORS))
    np.testing.assert_array_equal(plain.cumulative, prior.cumulative)


def test_what_was_learned_of_other_items_moves_the_draws():
    claims, _ = claimed(np.random.default_rng(4))
    u = np.random.default_rng(5).uniform(size=(3, 500))
    short, long = (intensity.learn(claims, narrow(half_life=h)).draw(u) for h in (4.0, 100.0))
    assert short.half_life.max() < long.half_life.min()
    calm, wild = (intensity.learn(claims, narrow(ratio=r)).draw(u) for r in (0.003, 2.0))
    assert calm.noise.mean() > wild.noise.mean()
    step = [np.mean(d.spread * np.sqrt(1 - 4 ** (-1 / d.half_life))) for d in (calm, wild)]
    assert step[0] < 0.5 * step[1]


def test_noise_that_fades_fast_is_that_of_the_last_weeks():
    random = np.random.default_rng(6)
    y = np.concatenate([0.4 * random.normal(size=70), 0.05 * random.normal(size=34)])
    u = random.uniform(size=(3, 500))
    slow, fast = (intensity.learn(np.exp(5 + y), narrow(fading=f, ratio=0.01)).draw(u) for f in (2000.0, 6.0))
    assert fast.noise.mean() < 0.1 < 0.25 < slow.noise.mean()


def test_draws_of_the_noise_are_those_of_its_law():
    claims, _ = claimed(np.random.default_rng(7))
    law = intensity.learn(claims, narrow(1e-6, half_life=13.0, ratio=0.1, fading=12.0))
    u = np.random.default_rng(8).uniform(size=(3, 40_000))
    precision = law.draw(u).noise ** -2 * law.noise.mean() ** 2
    assert precision.mean() == pytest.approx(1, rel=0.02)
    assert precision.var() == pytest.approx(2 / law.freedom.mean(), rel=0.05)


def test_priors_are_alike_on_both_sides():
    for prior in intensity.PRIORS.values():
        low, mid, high = prior.quantile(ndtr([-1.0, 0.0, 1.0]))
        assert mid / low == pytest.approx(high / mid)
