"""Constant hazards: the known answer, shares that add up, and edges."""

import numpy as np
import pytest

from ceasefire.study.bargaining import BargainingError, chance_by, incidence, median_time, shares


def test_constant_hazard_of_the_references():
    """.0075 a week: .3229 within 52 weeks, median 92.4 weeks."""
    assert chance_by(0.0075, 52) == pytest.approx(0.3229, abs=5e-5)
    assert median_time(0.0075) == pytest.approx(92.4, abs=0.05)
    assert chance_by(0.0075, median_time(0.0075)) == pytest.approx(0.5)


def test_competing_risks_share_by_hazard():
    assert shares([0.01, 0.03, 0]) == pytest.approx([0.25, 0.75, 0])


def test_ends_of_all_kinds_add_up():
    weeks = np.array([0, 4, 52, 1e6])
    by_kind = incidence([0.01, 0.002, 0.0005], weeks)
    assert by_kind.shape == (3, 4)
    assert by_kind.sum(axis=0) == pytest.approx(chance_by(0.0125, weeks))
    assert by_kind[:, -1] == pytest.approx(shares([0.01, 0.002, 0.0005]))
    assert np.all(by_kind[:, 0] == 0)


def test_a_simulated_race_agrees():
    rates = np.array([0.02, 0.05])
    times = np.random.default_rng(1).exponential(1 / rates, (50_000, 2))
    came = (times.min(axis=1) <= 10)[:, None] & (times == times.min(axis=1, keepdims=True))
    assert came.mean(axis=0) == pytest.approx(incidence(rates, 10), abs=0.008)


def test_two_waits_in_a_row_are_one_long_wait():
    assert 1 - chance_by(0.3, 5) == pytest.approx((1 - chance_by(0.3, 2)) * (1 - chance_by(0.3, 3)))
    assert chance_by(1e-12, 1) == pytest.approx(1e-12, rel=1e-9)  # no cancellation


def test_without_hazard_nothing_ends():
    assert chance_by(0, [1, 1e9]) == pytest.approx(0)
    assert median_time(0) == np.inf
    assert incidence([0, 0], [1, 2]) == pytest.approx(np.zeros((2, 2)))
    with pytest.raises(BargainingError, match="summed hazard"):
        shares([0, 0])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: chance_by(-1, 5), "hazard is -1"),
        (lambda: chance_by(1, [5, -2]), r"time\[1\] is -2"),
        (lambda: incidence([0.1, np.nan], 5), r"hazards\[1\] is nan"),
        (lambda: incidence([0, 0], -5), "time is -5"),
        (lambda: shares([]), "not empty"),
    ],
)
def test_errors_name_what_is_wrong(call, words):
    with pytest.raises(BargainingError, match=words):
        call()
