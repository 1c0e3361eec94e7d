"""The front's module: its likelihood by brute force, and numbers found again in gains made from them."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.infer.util import log_density
from scipy import stats
from scipy.special import logsumexp, ndtr

from ceasefire.scenario import tempo
from ceasefire.scenario.tempo import AXES, FRONT
from ceasefire.study.calibration import front, nuts
from ceasefire.study.calibration.module import values

PRIORS = AXES.of("North") | FRONT.of("North")
WEEKS, SERIES = 26, 5


@pytest.fixture(scope="module")
def gains() -> front.Gains:
    """A side's gains on five axes and altogether, with a week unseen."""
    blank = np.zeros((1, SERIES + 1, WEEKS))
    blank[..., 9] = np.nan
    shape = front.Gains(blank, np.zeros(0), np.zeros(0))
    return front.simulate(_numbers(np.zeros(len(PRIORS))), shape, np.random.default_rng(2))


def _numbers(scores: np.ndarray) -> dict[str, float]:
    return {name: float(prior.quantile(ndtr(z))) for (name, prior), z in zip(PRIORS.items(), scores, strict=True)}


def _log_likelihood(scores: np.ndarray, data: front.Gains) -> float:
    with jax.enable_x64(True):
        found, _ = log_density(lambda: front.model(values(PRIORS, jnp.asarray(scores)), data), (), {}, {})
        return float(found)


def test_chances_with_gradients_are_the_lessons():
    for population, numbers in ((AXES, [0.5, 3.0, 4.0, 0.7]), (FRONT, [0.5, 3.0, 4.0])):
        with jax.enable_x64(True):
            found = np.asarray(front.chances(population, jnp.asarray(numbers)))
        np.testing.assert_allclose(found, population.chances(np.array(numbers)[:, None])[0], rtol=1e-10)


def test_the_likelihood_is_the_sum_over_every_hypothesis(gains):
    """Written out: each point of the grid by its chance under the population and its likelihood, means alike."""
    scores = np.array([0.3, -0.5, 0.8, 0.2, -0.4, 0.6, 0.1])
    numbers = list(_numbers(scores).values())
    slow = 0.0
    rows = [(gain, AXES, numbers[:4]) for gain in gains.gain[0, :-1]] + [(gains.gain[0, -1], FRONT, numbers[4:])]
    for gain, population, own in rows:
        scatter = own[3] if len(own) == 4 else 0.0
        chance = []
        for grid, centre in zip((population.spread, population.half_life, population.lump), own, strict=False):
            step = np.diff(np.log(grid)).mean() / 2
            density = stats.norm.pdf(np.log(grid), np.log(centre), np.hypot(scatter, step))
            chance.append(density / density.sum())
        evidence = tempo.follow(gain, population).evidence
        lumps, means, spreads, half_lives = evidence.shape
        level = np.ones(means) if population is FRONT else stats.norm.pdf(AXES.level.score(AXES.mean))
        level /= level.sum()
        terms = [
            evidence[a, b, c, d] + np.log(chance[2][a] * level[b] * chance[0][c] * chance[1][d])
            for a, b, c, d in product(range(lumps), range(means), range(spreads), range(half_lives))
        ]
        slow += logsumexp(terms)
    assert _log_likelihood(scores, gains) == pytest.approx(slow, rel=1e-9)


def test_gains_that_are_not_seen_stay_so(gains):
    assert np.isnan(gains.gain[..., 9]).all()
    assert np.isfinite(np.delete(gains.gain, 9, axis=2)).all()
    assert (np.nan_to_num(gains.gain) >= 0).all()


def test_a_record_too_short_teaches_nothing(monkeypatch):
    class Opened:
        theatre = None

    for weeks, some in ((front.FEWEST - 1, False), (front.FEWEST, True)):
        monkeypatch.setattr(front, "weekly_gains", lambda _, weeks=weeks: np.ones((2, 3, weeks)))
        found = front.gather(Opened(), None)  # type: ignore[arg-type]
        assert (found is not None) == some


def test_bigger_lumps_are_told_from_small_ones(gains):
    """Made with lumps at the 5 and at the 95 % point, the posterior mean of their centre goes there."""
    found = []
    for score in (-1.6, 1.6):
        made = front.simulate(
            _numbers(np.where([name.startswith("tempo.axis_lump") for name in PRIORS], score, 0.0)),
            gains, np.random.default_rng(4),
        )  # fmt: skip
        lattice = np.linspace(-3, 3, 25)
        at = list(PRIORS).index("tempo.axis_lump[North]")
        each = [_log_likelihood(np.eye(len(PRIORS))[at] * z, made) - z**2 / 2 for z in lattice]
        weight = np.exp(np.array(each) - max(each))
        found.append(weight @ lattice / weight.sum())
    assert found[0] < -0.7
    assert found[1] > 0.7


def test_ranks_of_the_truth_are_uniform(monkeypatch, gains):
    """Small populations on a coarse grid, for speed; the law is the same."""
    coarse = replace(
        AXES, lump=np.array([1.5, 4.0, 12.0]), mean=np.log([1.0, 5.0, 20.0]), spread=np.array([0.3, 0.7, 1.5]),
        half_life=np.array([2.0, 12.0]),
    )  # fmt: skip
    monkeypatch.setattr(front, "AXES", coarse)
    monkeypatch.setattr(front, "FRONT", replace(coarse, numbers=FRONT.numbers))
    shape = front.weighed(gains.gain)
    found = nuts.replicate(front.MODULE, PRIORS, shape, number=20, seed=3)
    place = (found.rank + 0.5) / (found.among + 1)
    p_values = [stats.kstest(ranks, "uniform").pvalue for ranks in place]
    assert min(p_values) > 0.001
    lump = list(PRIORS).index("tempo.axis_lump[North]")
    assert np.corrcoef(found.truth[lump], found.mean[lump])[0, 1] > 0.6
