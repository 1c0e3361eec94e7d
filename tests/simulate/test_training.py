"""Values of fighting on, fitted on the invented war: the same whoever works; a dearer war is worth less."""

import numpy as np
import pytest

from ceasefire.model.resolve import READINGS
from ceasefire.scenario import decree
from ceasefire.simulate import training
from ceasefire.simulate.reservation import ReservationError
from ceasefire.study.whatif import SURPRISE, UNFITTED, expected

FEW = {"runs": 96, "weeks": 39}


@pytest.fixture(scope="module")
def valuation(invented_war):
    return training.fit(invented_war, **FEW, workers=2)


@pytest.fixture(scope="module")
def valued(invented_war, valuation):
    return training.with_values(invented_war, valuation)


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(training, "REVISED_RUNS", 64)
    monkeypatch.setattr(training, "REVISED_WEEKS", 26)


def parsed(*lines):
    return [decree.parse(line) for line in lines]


def test_a_fit_is_the_same_whoever_works(invented_war, valuation):
    again = training.fit(invented_war, **FEW, workers=1)
    assert np.array_equal(again.coefficients, valuation.coefficients)
    assert again.fit == valuation.fit


def test_a_fit_follows_the_law_of_forts_and_holds_in_what_it_was_learned_from(valuation):
    assert (valuation.coefficients[:, READINGS.index("forts")] > 0).all()
    assert (valuation.low <= valuation.high).all()
    assert valuation.fit["samples"] == 96 * 9
    restored = training.restored(valuation)
    np.testing.assert_allclose(training.plain(restored), valuation.coefficients)


def test_what_changes_nothing_revises_nothing(valued, short):
    _, change = training.revise(valued, parsed("oil.jump_rate=x1@3"))
    assert (change == 0).all()


def test_a_war_that_will_cost_more_is_worth_less_to_the_side_that_pays(valued, short):
    found, change = training.revise(valued, parsed("resolve.weekly_cost[Amber]=x4@3"))
    assert found.shift[1] + 3 * found.error[1] < 0
    assert abs(found.shift[0]) < abs(found.shift[1])
    assert change.shape == (2, len(READINGS))


def test_sides_reckon_with_what_is_decreed_from_its_first_week_unless_it_is_a_surprise(invented_war, valued, short):
    lines = parsed("resolve.weekly_cost[Amber]=x4@5")
    plan = decree.schedule(valued, 13, lines)
    reckoned, told = expected(valued, plan, lines)
    assert "Amber" in told
    assert np.array_equal(reckoned.factor, plan.factor)
    moved = (reckoned.shift != plan.shift).any(axis=1)
    assert not moved[:4].any()
    assert moved[4:].all()
    assert expected(valued, plan, lines, surprise=True) == (plan, SURPRISE)
    assert expected(invented_war, plan, lines) == (plan, UNFITTED)


def test_nothing_is_revised_where_nothing_was_fitted(invented_war):
    with pytest.raises(ReservationError, match="ceasefire fit"):
        training.revise(invented_war, parsed("oil.jump_rate=x2"))
