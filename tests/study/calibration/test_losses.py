"""Claimed losses: is the population of items found again?"""

import jax
import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import kstest

from ceasefire.scenario import intensity
from ceasefire.scenario.intensity import FOLLOWED, PRIORS
from ceasefire.study.calibration import losses, nuts

VALUES = {
    "intensity.half_life": 20.0,
    "intensity.ratio": 0.2,
    "intensity.fading": 30.0,
    "intensity.unlike": 0.4,
}


def log_likelihood(values, data):
    with jax.enable_x64(True):
        return float(losses.log_likelihood({k: jax.numpy.asarray(v) for k, v in values.items()}, data.likelihood))


def made(seed, series=6, weeks=60, **values):
    random = np.random.default_rng(seed)
    return losses.simulate(VALUES | values, losses.Claims(np.zeros((series, weeks)), np.zeros(0)), random)


def test_the_sum_over_places_is_the_mean_over_items_that_might_be():
    data = made(1, series=1, weeks=30)
    random = np.random.default_rng(2)
    score = np.stack([PRIORS[name].score(VALUES[name]) for name in FOLLOWED])
    scores = score + VALUES["intensity.unlike"] * random.normal(size=(20_000, 3))
    point = np.stack([PRIORS[n].quantile(ndtr(s)) for n, s in zip(FOLLOWED, scores.T, strict=True)], axis=1)
    logs, best = intensity.follow(data.y[0], point)[1], intensity.follow(data.y[0], losses.LATTICE)[1].max()
    assert log_likelihood(VALUES, data) == pytest.approx(np.log(np.exp(logs - best).mean()), abs=0.03)


def test_series_are_independent_given_the_typical_item():
    data = made(3)
    each = [losses.Claims(data.y[k : k + 1], data.likelihood[k : k + 1]) for k in range(len(data.y))]
    assert log_likelihood(VALUES, data) == pytest.approx(sum(log_likelihood(VALUES, one) for one in each))


def test_made_claims_are_missing_where_the_record_misses_them():
    seen = np.random.default_rng(4).uniform(size=(3, 40)) < 0.7
    point = np.array([[10.0, 0.1, 40.0]] * 3)
    np.testing.assert_array_equal(np.isfinite(losses.made(point, seen, np.random.default_rng(5))), seen)


def test_made_claims_have_the_law_of_the_filter():
    """Probability transforms of each claim, given those before, are uniform."""
    point = np.tile([[8.0, 0.3, 15.0]], (300, 1))
    y = losses.made(point, np.ones((300, 3), bool), np.random.default_rng(6))
    first = y[:, 0] / np.sqrt(intensity.USUAL_NOISE**2 * (0.3 / (1 - 2 ** (-2 / 8)) + intensity.WIDE + 1))
    assert kstest(first, "t", args=(2 * 2 ** (-1 / 15),)).pvalue > 0.001


def test_short_records_are_filled_up_with_nothing():
    y = losses.centred(np.array([5.0, 7.0, 0.0, 9.0]))
    assert len(y) == intensity.WINDOW
    assert np.isfinite(y).sum() == 3
    assert np.nanmean(y) == pytest.approx(0)


def test_a_population_is_found_again_and_moves_the_lesson():
    data = made(7, series=12, weeks=100, **{"intensity.ratio": 0.6, "intensity.unlike": 0.2})
    found = nuts.sample(losses.MODULE, PRIORS, data, seed=1)
    assert found.split_rhat.max() < 1.02
    ratio = PRIORS["intensity.ratio"].quantile(ndtr(found.scores[1]))
    low, high = np.quantile(ratio, [0.025, 0.975])
    assert low < 0.6 < high
    assert found.scores[1].std() < 0.4


def test_ranks_of_known_numbers_are_uniform():
    data = losses.Claims(np.zeros((4, 30)), np.zeros((4, 21, 21, 11)))
    found = nuts.replicate(losses.MODULE, PRIORS, data, number=30, seed=2)
    ranks = (found.rank + 0.5) / (found.among + 1)
    assert kstest(ranks.ravel(), "uniform").pvalue > 0.001
    assert np.corrcoef(found.truth[1], found.mean[1])[0, 1] > 0.5
