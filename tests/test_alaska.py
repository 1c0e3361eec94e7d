"""Opened on 9 August 2025, the forecast must hold what was observed afterwards, and not by being vague."""

import numpy as np
import pytest

from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.study import baselines
from ceasefire.study.forecast import forecast

OPENING, END, WEEKS = np.datetime64("2025-08-09"), np.datetime64("2026-01-24"), 24
RUNS = 768


@pytest.fixture(scope="module")
def result():
    return forecast("alaska-2025-08", runs=RUNS, weeks=WEEKS, seed=1)


@pytest.fixture(scope="module")
def later():
    return Vintage(Store.open(None), "2026-01-31")


def between(series, start, end):
    kept = series.between(start, end)
    return np.diff(kept.values)


def gain(result):
    area = result["mapped_area"].sum("axis").to_numpy()
    return area[-1] - area[0]


def test_observed_gain_lies_inside_the_central_eighty_per_cent(result, later):
    observed = between(later.series("area.total"), OPENING, END).sum()
    low, high = np.quantile(gain(result), [0.1, 0.9])
    assert observed == pytest.approx(1937, abs=5)
    assert low <= observed <= high


def test_band_is_at_most_a_third_wider_than_that_of_plain_statistics(result, later):
    known = between(later.series("area.total"), "2024-07-13", OPENING)
    draws = baselines.pool(known, WEEKS, 2000, np.random.default_rng(1), positive=False)[:, -1]
    ours, theirs = (np.diff(np.quantile(d, [0.1, 0.9]))[0] for d in (gain(result), draws))
    assert ours <= 1.3 * theirs


def test_fast_and_stalled_half_years_both_occur(result):
    changes = gain(result)
    assert np.mean(changes > 2 * 1937) >= 0.01
    assert np.mean(changes < 1937 / 3) >= 0.01


def test_weekly_claims_lie_inside_their_bands_as_often_as_they_should(result, later):
    observed = between(later.series("loss_claim.personnel"), OPENING, END)
    claimed = result["claimed"].sel(claim="personnel").to_numpy()[1:]
    low, high = np.quantile(claimed, [0.1, 0.9], axis=1)
    inside = np.mean((low <= observed) & (observed <= high))
    assert len(observed) == WEEKS
    assert 0.65 <= inside <= 0.95
