"""Weighted mean and median: the published case, the vote that the median wins, and edges."""

import numpy as np
import pytest

from ceasefire.study.bargaining import BargainingError, weighted_mean, weighted_median


def test_scholz_calbert_smith_car_emissions_in_percent():
    capability = [8, 8, 3, 16, 16, 16, 16, 5, 5, 8]
    position = [4, 7, 4, 4, 10, 10, 10, 7, 4, 7]
    salience = [80, 40, 20, 80, 60, 60, 90, 10, 100, 70]
    assert weighted_median(position, capability, salience) == 7
    assert weighted_mean(position, capability, salience) == pytest.approx(7.389956, abs=5e-7)


@pytest.mark.parametrize("seed", range(5))
def test_the_median_minimises_the_weighted_distance(seed):
    rng = np.random.default_rng(seed)
    x, c, s = rng.uniform(size=(3, 9))
    median = weighted_median(x, c, s)
    cost = [np.sum(c * s * np.abs(x - at)) for at in [*x, *rng.uniform(size=50)]]
    assert np.sum(c * s * np.abs(x - median)) <= min(cost) + 1e-12


def test_half_the_weight_on_either_side_gives_the_middle_of_the_gap():
    assert weighted_median([0, 10], [1, 1], [1, 1]) == 5
    assert weighted_median([0, 4, 10], [1, 0, 1], [0.1, 9, 0.1]) == 5  # who has no weight is no stop on the way
    assert weighted_median([3], [2], [1]) == 3


def test_dimensions_stand_on_their_own():
    rng = np.random.default_rng(2)
    x, s, c = rng.uniform(size=(5, 3)), rng.uniform(size=(5, 3)), rng.uniform(size=5)
    for function in (weighted_mean, weighted_median):
        apart = [function(x[:, m], c, s[:, m]) for m in range(3)]
        assert function(x, c, s) == pytest.approx(apart)
        assert function(2 * x - 1, 7 * c, s) == pytest.approx(2 * np.array(apart) - 1)


@pytest.mark.parametrize("function", [weighted_mean, weighted_median])
def test_errors_name_what_is_wrong(function):
    with pytest.raises(BargainingError, match="capability has shape"):
        function([1, 2], [1, 2, 3], [1, 1])
    with pytest.raises(BargainingError, match=r"summed weight .*\[1\] is 0"):
        function([(1, 2), (3, 4)], [1, 1], [(1, 0), (1, 0)])
    with pytest.raises(BargainingError, match=r"salience\[1\] is -1"):
        function([1, 2], [1, 2], [1, -1])
    with pytest.raises(BargainingError, match="not empty"):
        function([], [], [])
    with pytest.raises(BargainingError, match="numbers"):
        function([(1, 2), (3,)], [1, 1], [1, 1])
