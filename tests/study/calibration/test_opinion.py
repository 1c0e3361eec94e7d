"""Opinion: is the likelihood that of the lesson, are a war's medians found again, does the law move forecasts?"""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import jax
import numpy as np
import pytest
from scipy.stats import kstest, multivariate_normal

from ceasefire.evidence.control import ControlRecord
from ceasefire.evidence.series import Observation
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario import polling
from ceasefire.scenario.polling import GRID, PRIORS, SPREAD, Belief, Reading, Told
from ceasefire.scenario.posterior import Law
from ceasefire.scenario.spec import Poll
from ceasefire.study.calibration import nuts, opinion

DAY = np.datetime64("2042-06-07")


def told(polls: int = 14, houses: int = 2) -> Told:
    series = [
        [Reading(DAY - np.timedelta64(70 * k + 9 * house, "D"), 0.4, 900.0) for k in range(polls // houses)]
        for house in range(houses)
    ]
    found = polling.told(series)
    assert found is not None
    return found


def data() -> opinion.Data:
    return opinion.simulate(
        {"polling.half_life": 75.0, "polling.move": 0.5},
        opinion.Data({f"{k}": told() for k in range(5)}, np.zeros((5, len(GRID)))),
        np.random.default_rng(3),
    )


def law(centre: tuple[float, float], spread: float) -> Law:
    return Law(tuple(PRIORS), tuple(PRIORS.values()), np.array(centre), spread * np.eye(2))


# Likelihood


@pytest.mark.parametrize("point", [0, 17, 40, len(GRID) - 1])
def test_the_filter_has_the_likelihood_of_a_joint_normal(point):
    polls = data().polls["2"]
    days = np.cumsum(polls.weeks)
    walk = SPREAD[point] ** 2 * 2.0 ** (-np.abs(days[:, None] - days) / GRID[point, 0])
    rest = np.diag([polling.USUAL.mean_spread**2, polling.OFFSET_SPREAD**2])
    cover = walk + polls.seen[:, 1:] @ rest @ polls.seen[:, 1:].T + np.diag(polls.variance)
    plain = multivariate_normal(cov=cover).logpdf(polls.log_odds) + 0.5 * len(days) * np.log(2 * np.pi)
    assert polling.follow(polls)[0][point] == pytest.approx(plain, rel=1e-9)


def test_the_likelihood_is_the_evidence_of_the_lesson_under_known_medians():
    made, medians = data(), {"polling.half_life": 110.0, "polling.move": 0.3}
    score = [float(prior.score(medians[name])) for name, prior in PRIORS.items()]
    weight = Belief(law=law((score[0], score[1]), 1e-9)).log_weight()
    share = np.exp(weight - weight.max())
    plain = np.log(np.exp(made.likelihood) @ (share / share.sum())).sum()
    with jax.enable_x64(True):
        found = opinion.log_likelihood({name: jax.numpy.asarray(v) for name, v in medians.items()}, made.likelihood)
    assert float(found) == pytest.approx(plain, rel=1e-6)


# The lesson


def readings() -> list[list[Reading]]:
    return [[Reading(DAY - np.timedelta64(60 * k, "D"), 0.3 + 0.02 * k, 900.0) for k in range(8)]]


def test_the_prior_as_a_law_gives_what_no_calibration_gives():
    plain, taught = (polling.learn(readings(), DAY, belief) for belief in (Belief(), Belief(law=Law.prior(PRIORS))))
    np.testing.assert_array_equal(plain.weight, taught.weight)
    score = np.log(GRID / [polling.HALF_LIFE, polling.MOVE]) / np.log(polling.FACTOR)
    np.testing.assert_allclose(Belief().log_weight(), -0.5 * (score**2).sum(axis=1))


def test_medians_that_are_known_to_be_larger_move_what_is_ahead_further():
    def ahead(centre: float) -> float:
        weight, mean, variance = polling.learn(readings(), DAY, Belief(law=law((0.0, centre), 0.3))).ahead(26)
        middle = weight @ mean
        return float(weight @ (variance + (mean - middle) ** 2))

    assert ahead(-1.5) < ahead(0.0) < ahead(1.5)


def test_a_law_says_the_same_in_whatever_order_it_names_its_numbers():
    root = np.array([[0.5, 0.0], [0.2, 0.4]])
    one = Law(tuple(PRIORS), tuple(PRIORS.values()), np.array([0.3, -0.7]), root)
    other = one.only(tuple(PRIORS)[::-1])
    np.testing.assert_allclose(Belief(law=one).log_weight(), Belief(law=other).log_weight(), rtol=1e-9)


# Recovery


def test_ranks_of_known_truths_are_uniform_and_the_move_is_found_again(monkeypatch):
    monkeypatch.setattr(nuts, "REPLICATE_WARM_UP", 100)
    monkeypatch.setattr(nuts, "REPLICATE_DRAWS", 200)
    found = nuts.replicate(opinion.MODULE, PRIORS, data(), number=30, seed=5)
    for at in range(len(PRIORS)):
        assert kstest((found.rank[at] + 0.5) / (found.among + 1), "uniform").pvalue > 0.001
    at = tuple(PRIORS).index("polling.move")
    assert np.corrcoef(found.truth[at], found.mean[at])[0, 1] > 0.5
    assert (found.spread[at] ** 2).mean() < 0.6


# From the record


def row(name: str, weeks: int, value: float) -> Observation:
    day = dt.date(2042, 6, 7) - dt.timedelta(weeks=weeks)
    return Observation(name, str(day), str(day + dt.timedelta(days=5)), value, "percent", "invented", "B")


def known(*rows: Observation) -> Vintage:
    frame = [row("other.thing", 800, 0.0), row("other.thing", -800, 0.0)]
    return Vintage(Store(tuple(sorted([*frame, *rows])), ControlRecord.empty(), {}), "2042-06-07")


def start(*names: str) -> SimpleNamespace:
    polls = tuple(Poll.model_validate({"side": "Blue", "question": "talks", "series": name}) for name in names)
    return SimpleNamespace(scenario=SimpleNamespace(war=SimpleNamespace(polls=polls)))


def test_only_questions_that_were_put_again_teach_and_only_what_was_published():
    asked = [row("poll.a.b.yes", weeks, 30.0 + weeks) for weeks in (40, 20, 3, -9)]
    once = row("poll.c.d.yes", 5, 50.0)
    found = opinion.gather(start("poll.a.b.yes"), known(*asked, once))
    assert len(found.polls["Blue talks"].weeks) == 3
    assert opinion.gather(start("poll.c.d.yes"), known(*asked, once)) is None
    assert opinion.gather(start(), known(*asked)) is None
