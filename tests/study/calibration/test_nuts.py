"""The sampler finds what is known in closed form, and its ranks tell a right likelihood from a wrong one."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
import pytest
from numpy.typing import NDArray
from scipy.special import ndtr

from ceasefire.model.declare import Fixed, LogNormal, Normal, Prior, Share, Uniform
from ceasefire.study.calibration import nuts
from ceasefire.study.calibration.module import Module, value

NOISE, NUMBER = 0.8, 12
PRIORS: dict[str, Prior] = {"toy.level": Normal(-1.0, 0.5, 2.0), "toy.unseen": LogNormal(1.0, 2.0, 4.0)}


class Data(NamedTuple):
    seen: NDArray[np.float64]


def _module(noise: float) -> Module:
    def model(values, data):
        numpyro.sample("seen", dist.Normal(values["toy.level"], noise), obs=data.seen)

    def simulate(values, data, generator):
        return Data(generator.normal(values["toy.level"], NOISE, data.seen.shape))

    return Module("toy", "", lambda start, vintage: None, lambda start, data: PRIORS, model, simulate)


@pytest.mark.parametrize(
    "prior", [Normal(-1, 0, 3), LogNormal(0.2, 1, 2), Share(0.1, 0.5, 0.6), Uniform(-1.0, 2.0), Fixed(3.0)]
)
def test_values_of_scores_are_quantiles(prior):
    scores = np.linspace(-3, 3, 13)
    with jax.enable_x64(True):
        found = np.asarray(value(prior, jnp.asarray(scores)))
    assert found == pytest.approx(prior.quantile(ndtr(scores)), rel=1e-9)


def test_a_normal_mean_is_found_as_in_closed_form():
    seen = np.random.default_rng(1).normal(1.4, NOISE, NUMBER)
    found = nuts.sample(_module(NOISE), PRIORS, Data(seen), seed=1)
    # the prior is a normal with standard deviation s (its two pieces are alike), scores are (x - mid) / s
    spread = 1.5 / 1.6448536269514722
    precision = 1 / spread**2 + NUMBER / NOISE**2
    centre = (0.5 / spread**2 + seen.sum() / NOISE**2) / precision
    assert found.scores[0].mean() == pytest.approx((centre - 0.5) / spread, abs=0.02)
    assert found.scores[0].std() == pytest.approx(1 / np.sqrt(precision) / spread, rel=0.06)
    assert found.scores[1].mean() == pytest.approx(0, abs=0.1)
    assert found.scores[1].std() == pytest.approx(1, rel=0.1)
    assert (found.split_rhat < 1.02).all()
    assert (found.effective > 400).all()


def test_the_same_seed_gives_the_same_bits():
    data = Data(np.linspace(0, 1, NUMBER))
    one, two = (nuts.sample(_module(NOISE), PRIORS, data, seed=3).scores for _ in range(2))
    assert np.array_equal(one, two)


def _largest_gap(level: NDArray[np.float64]) -> float:
    return float(np.abs(np.sort(level) - (np.arange(len(level)) + 0.5) / len(level)).max())


def test_ranks_are_uniform_and_those_of_a_wrong_likelihood_are_not():
    data = Data(np.zeros(NUMBER))
    right = nuts.replicate(_module(NOISE), PRIORS, data, number=60, seed=2)
    wrong = nuts.replicate(_module(NOISE / 4), PRIORS, data, number=60, seed=2)
    limit = 1.63 / np.sqrt(60)  # Kolmogorov and Smirnov, 1 %
    assert _largest_gap((right.rank[0] + 0.5) / (right.among + 1)) < limit
    assert _largest_gap((right.rank[1] + 0.5) / (right.among + 1)) < limit
    assert _largest_gap((wrong.rank[0] + 0.5) / (wrong.among + 1)) > limit
    assert np.corrcoef(right.truth[0], right.mean[0])[0, 1] > 0.9
    assert abs(np.corrcoef(right.truth[1], right.mean[1])[0, 1]) < 0.5
