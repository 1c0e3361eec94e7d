"""Choice: does a sample of cells say what all of them say, and are known exponents found again?"""

import jax
import numpy as np
import pytest
from scipy.stats import kstest

from ceasefire.scenario import allocation
from ceasefire.scenario.posterior import Law
from ceasefire.study.calibration import choice, nuts

THETA = np.array([0.8, -0.3, 0.5, 0.3])
PRIORS = allocation.priors(1)


def chosen(seed, cells, groups=80, lumps=9.45):
    """Choices of the very law: so many lumps a group, which fall in clumps."""
    random = np.random.default_rng(seed)
    column = random.normal(size=(groups * cells, 4))
    room = random.uniform(0.1, 5, groups * cells)
    weight = (room * np.exp(column @ THETA)).reshape(groups, cells)
    clumps = round(lumps / allocation.OVERDISPERSION)
    gain = np.concatenate([random.multinomial(clumps, w / w.sum()) for w in weight]) * allocation.OVERDISPERSION
    return allocation.Choices(column, room, gain, np.repeat(np.arange(groups), cells))


def log_likelihood(theta, data):
    with jax.enable_x64(True):
        return float(choice.log_likelihood(jax.numpy.asarray(theta), data))


def plainly(theta, listed):
    """The partial likelihood over every cell, group by group."""
    total = 0.0
    for group in range(int(listed.group.max()) + 1):
        here = listed.group == group
        weight = listed.room[here] * np.exp(listed.column[here] @ theta)
        total += listed.gain[here] @ (listed.column[here] @ theta) - listed.gain[here].sum() * np.log(weight.sum())
    return total / allocation.OVERDISPERSION


def test_small_groups_have_the_partial_likelihood_of_all_their_cells():
    listed = chosen(1, choice.SAMPLE - 5, groups=20)
    data = choice.sampled(listed)
    for theta in (THETA, np.zeros(4), np.array([2.0, 1, -1, 0])):
        assert log_likelihood(theta, data) == pytest.approx(plainly(theta, listed), rel=1e-9)


def test_a_sample_of_large_groups_has_nearly_the_slope_and_the_bend_of_all_their_cells():
    listed = chosen(2, 400)
    data = choice.sampled(listed)
    fit = allocation.learn(listed)
    assert data.column.shape[1] == choice.SAMPLE
    for direction in fit.root.T:
        away = fit.centre + 2 * direction
        fall = plainly(fit.centre, listed) - plainly(away, listed)
        assert log_likelihood(fit.centre, data) - log_likelihood(away, data) == pytest.approx(fall, abs=0.4)


def test_groups_that_took_nothing_to_speak_of_do_not_count():
    listed = chosen(3, 10, groups=5)
    listed.gain[listed.group == 2] *= 1e-4
    assert len(choice.sampled(listed).clumps) == 4
    listed.gain[:] = 0
    assert choice.sampled(listed) is None


def test_what_is_sampled_is_what_newton_finds():
    listed = chosen(4, 200)
    found = Law.of_scores(PRIORS, nuts.sample(choice.MODULE, PRIORS, choice.sampled(listed), seed=1).scores)
    none = allocation.Choices(listed.column[:0], listed.room[:0], listed.gain[:0], listed.group[:0])
    sampled, newton = allocation.learn(none, found), allocation.learn(listed)
    spread = np.sqrt(np.diag(newton.root @ newton.root.T))
    np.testing.assert_allclose(sampled.centre, newton.centre, atol=0.5 * spread.min())
    np.testing.assert_allclose(np.sqrt(np.diag(sampled.root @ sampled.root.T)), spread, rtol=0.2)
    assert (np.abs(sampled.centre - THETA) < 3 * spread).all()


def test_ranks_of_known_numbers_are_uniform():
    found = nuts.replicate(choice.MODULE, PRIORS, choice.sampled(chosen(5, 12, groups=30)), number=30, seed=2)
    ranks = (found.rank + 0.5) / (found.among + 1)
    assert kstest(ranks.ravel(), "uniform").pvalue > 0.001
    assert min(np.corrcoef(t, m)[0, 1] for t, m in zip(found.truth, found.mean, strict=True)) > 0.7
