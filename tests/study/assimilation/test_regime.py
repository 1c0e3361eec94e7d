"""Regimes: what the evidence favours gains weight, resampling is fair, shaking keeps mean and spread."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri

from ceasefire.study.assimilation.filter import Normal
from ceasefire.study.assimilation.regime import SHAKEN, drawn, parents, reweighted, shaken

NUMBER = 400


def weighed(gap: float, seen: float, inside: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Weights after an observation of what two regimes expect a gap apart, and who is in the second."""
    random = np.random.default_rng(1)
    inside = random.random(NUMBER) < 0.3 if inside is None else inside
    expected = (random.standard_normal(NUMBER) * 0.5 + gap * inside)[None]
    logs = Normal(seen, 0.25).log_likelihood(expected)
    weight = np.full(NUMBER, 1 / NUMBER)
    return reweighted(weight, {"g": inside.astype(np.int64)}, expected, logs, {"g": np.array([0])}), inside


def test_the_regime_that_expected_it_gains_weight_as_bayes_says():
    weight, inside = weighed(gap=2.0, seen=2.0)
    share = inside.mean()
    ratio = np.exp(0.5 * 2.0**2 / (0.5**2 + 0.25))
    odds = share / (1 - share) * ratio
    assert weight.sum() == pytest.approx(1)
    assert weight[inside].sum() == pytest.approx(odds / (1 + odds), abs=0.02)
    assert np.ptp(weight[inside]) == pytest.approx(0, abs=1e-15), "within a regime luck does not count"


def test_regimes_that_expect_the_same_keep_their_weight():
    weight, _ = weighed(gap=0.0, seen=1.0)
    assert np.allclose(weight, 1 / NUMBER)


def test_a_war_that_ended_loses_its_weight_when_others_go_on():
    inside = np.arange(NUMBER) < 8
    random = np.random.default_rng(2)
    expected = np.where(inside, -7.0, random.standard_normal((12, NUMBER)))
    logs = np.array([Normal(0.3, 0.1).log_likelihood(row) for row in expected])
    even = np.full(NUMBER, 1 / NUMBER)
    weight = reweighted(even, {"war": inside.astype(np.int64)}, expected, logs, {"war": np.arange(12)})
    assert weight[inside].sum() < 1e-3 * inside.mean()


def test_copies_are_expected_in_proportion_to_the_weight():
    random = np.random.default_rng(3)
    weight = random.dirichlet(np.full(50, 0.4))
    luck = (np.arange(2000) + 0.5) / 2000
    copies = np.mean([drawn(weight, u) for u in luck], axis=0)
    assert np.abs(copies - 50 * weight).max() < 0.002
    for u in luck[::200]:
        one = drawn(weight, u)
        assert one.sum() == 50
        assert (np.abs(one - 50 * weight) < 1).all()


def test_survivors_stay_in_their_slots():
    weight = np.random.default_rng(4).dirichlet(np.full(64, 0.5))
    copies, parent = drawn(weight, 0.3), parents(weight, 0.3)
    stays = copies > 0
    assert (parent[stays] == np.flatnonzero(stays)).all()
    assert np.array_equal(np.bincount(parent, minlength=64), copies)
    assert np.array_equal(parents(np.full(64, 1 / 64), 0.3), np.arange(64))


def test_shaking_keeps_mean_and_spread_and_leaves_survivors_alone():
    random = np.random.default_rng(5)
    points, number = random.random((3, 6000)) * 0.5 + 0.2, 6000
    parent = np.where(np.arange(number) % 2, np.arange(number) - 1, np.arange(number))
    told = shaken(points, parent, random.random((3, number)))
    copy = parent != np.arange(number)
    assert told[:, ~copy].tobytes() == points[:, ~copy].tobytes()
    before, after = ndtri(points[:, parent]), ndtri(told)
    assert np.allclose(after[:, copy].mean(axis=1), before[:, copy].mean(axis=1), atol=0.02)
    assert np.allclose(after[:, copy].std(axis=1), before[:, copy].std(axis=1), rtol=0.03)
    moved = (after - before)[:, copy].std(axis=1) / before.std(axis=1)
    assert (np.abs(moved - SHAKEN) < 0.01).all()
