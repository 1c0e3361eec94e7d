"""The filter against what is known exactly: Kalman's numbers, and that what is far keeps its bits."""

from __future__ import annotations

import numpy as np
import pytest

from ceasefire.study.assimilation.filter import Likely, Normal, compact, effective, relaxed, trust, update


def even(number: int) -> np.ndarray:
    return np.full(number, 1 / number)


def standard(random: np.random.Generator, number: int, variance: float) -> np.ndarray:
    """An ensemble with mean 0 and exactly the variance."""
    values = random.standard_normal(number)
    values -= values.mean()
    return values * np.sqrt(variance / (values**2).mean())


def near(rows: int, observations: int) -> np.ndarray:
    return np.ones((rows, observations), dtype=bool)


def test_one_number_seen_once():
    """P = 2, R = 1, y = 3: mean 2, variance 2/3."""
    x = standard(np.random.default_rng(1), 400, 2.0)[None]
    told = update(x, x, (Normal(3.0, 1.0),), even(400), near(1, 1), near(1, 1))
    assert told.state.mean() == pytest.approx(2.0)
    assert told.state.var() == pytest.approx(2 / 3)
    assert np.array_equal(told.state, told.expected)


def linear(number: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Error of the ensemble's mean and covariance beside the Kalman filter's, three states, two observations."""
    random = np.random.default_rng(seed)
    root = np.array([[1.0, 0, 0], [0.8, 0.7, 0], [-0.5, 0.4, 1.2]])
    h, r, y = np.array([[1.0, 0.5, 0.0], [0.0, 1.0, -1.0]]), np.array([0.5, 0.8]), np.array([1.5, -0.7])
    cover = root @ root.T
    gain = cover @ h.T @ np.linalg.inv(h @ cover @ h.T + np.diag(r))
    x = root @ random.standard_normal((3, number))
    laws = tuple(Normal(float(value), float(error)) for value, error in zip(y, r, strict=True))
    told = update(x, h @ x, laws, even(number), near(3, 2), near(2, 2)).state
    return told.mean(axis=1) - gain @ y, np.cov(told) - (cover - gain @ h @ cover)


def test_many_runs_make_it_the_kalman_filter():
    errors = {
        n: [np.abs(np.concatenate([part.ravel() for part in linear(n, s)])).mean() for s in range(6)]
        for n in (100, 10_000)
    }
    assert np.mean(errors[10_000]) < 0.02
    assert np.mean(errors[10_000]) < 0.2 * np.mean(errors[100])


def test_any_likelihood_gives_the_moments_of_bayes():
    """Poisson of e^x with a normal prior, against integration on a grid."""
    x = standard(np.random.default_rng(3), 200_000, 0.5)[None]
    law = Likely(lambda z: 4 * z - np.exp(z))
    told = update(x, x, (law,), even(x.shape[1]), near(1, 1), near(1, 1)).state
    grid = np.linspace(-6, 6, 4001)
    density = np.exp(4 * grid - np.exp(grid) - grid**2)
    density /= density.sum()
    mean = (density * grid).sum()
    assert told.mean() == pytest.approx(mean, abs=0.01)
    assert told.var() == pytest.approx((density * (grid - mean) ** 2).sum(), rel=0.02)


def test_a_normal_law_is_the_same_either_way():
    x = standard(np.random.default_rng(4), 100_000, 2.0)[None]
    exact = Normal(1.0, 1.5)
    one = update(x, x, (exact,), even(x.shape[1]), near(1, 1), near(1, 1)).state
    other = update(x, x, (Likely(exact.log_likelihood),), even(x.shape[1]), near(1, 1), near(1, 1)).state
    assert np.abs(one - other).max() < 0.1
    assert abs(one.mean() - other.mean()) < 0.02


def test_what_is_of_another_place_keeps_its_bits():
    random = np.random.default_rng(5)
    x = standard(random, 64, 1.0)
    state = np.stack([x, x, random.standard_normal(64)])
    told = update(state, x[None], (Normal(4.0, 0.1),), even(64), np.array([[True], [False], [True]]), near(1, 1))
    assert told.state[1].tobytes() == state[1].tobytes()
    assert told.state[2].tobytes() == state[2].tobytes(), "a correlation that is noise moves nothing"
    assert list(told.reached) == [True, False, False]
    assert abs(told.state[0].mean() - 4) < 0.5


def test_nothing_seen_changes_nothing():
    state = np.random.default_rng(6).standard_normal((5, 40))
    told = update(state, np.zeros((0, 40)), (), even(40), np.zeros((5, 0), bool), np.zeros((0, 0), bool))
    assert told.state.tobytes() == state.tobytes()
    assert relaxed(state, told.state, even(40), told.reached).tobytes() == state.tobytes()


def test_spread_comes_back_but_never_beyond_what_it_was():
    random = np.random.default_rng(7)
    before = random.standard_normal((3, 5000))
    after = before * np.array([[0.2], [0.995], [0.5]])
    told = relaxed(before, after, even(5000), np.array([True, True, False]))
    assert told[0].std() == pytest.approx(1.03 * (0.6 + 0.4 * 0.2) * before[0].std())
    assert told[1].std() == pytest.approx(before[1].std())
    assert told[2].tobytes() == after[2].tobytes()
    assert np.allclose(told.mean(axis=1), after.mean(axis=1))


def test_runs_without_weight_teach_nothing():
    random = np.random.default_rng(8)
    x = standard(random, 200, 1.0)
    weight = np.append(even(200), np.zeros(50))
    wide = np.append(x, 100 + random.standard_normal(50))[None]
    alone = update(x[None], x[None], (Normal(1.0, 1.0),), even(200), near(1, 1), near(1, 1)).state
    among = update(wide, wide, (Normal(1.0, 1.0),), weight, near(1, 1), near(1, 1)).state
    assert np.allclose(among[:, :200], alone)
    assert effective(weight) == pytest.approx(200)


def test_gaspari_and_cohn():
    assert compact(np.array([0.0, 1.0, 2.0, 5.0])) == pytest.approx([1, 5 / 24, 0, 0])
    assert (np.diff(compact(np.linspace(0, 2, 200))) < 0).all()
    assert np.abs(np.diff(compact(np.linspace(0.99, 1.01, 100)))).max() < 1e-3
    noise = 3 / np.sqrt(100)
    assert trust(np.array([0.99 * noise, 1.01 * noise, 2 * noise, -1.0]), 100) == pytest.approx(
        [0, 0.79, 1, 1], abs=0.02
    )
