"""Closed forms of bargaining: the known answers, first-order conditions checked by search, and edges."""

import numpy as np
import pytest

from ceasefire.study.bargaining import (
    BargainingError,
    NoAgreementError,
    fearon_range,
    nash,
    nash_split,
    powell_threshold,
    preventive_war,
    rubinstein_share,
    screening,
)


@pytest.mark.parametrize(("weight", "first"), [(None, 0.55), (0.6, 0.62)])
def test_nash_split_of_the_references(weight, first):
    assert nash_split((0.2, 0.1), weight) == pytest.approx([first, 1 - first])


def test_nash_split_is_the_nash_solution_of_a_fine_table():
    share = np.linspace(0, 1, 10_001)
    table = np.column_stack([share, 1 - share])
    for weight in (0.3, 0.5, 0.7):
        assert nash(table, (0.15, 0.3), weight).utilities == pytest.approx(nash_split((0.15, 0.3), weight), abs=1e-4)


def test_nash_split_among_several_uses_up_the_total():
    split = nash_split((1, 2, 3), (1, 1, 2), total=10)
    assert split == pytest.approx([2, 3, 5])
    with pytest.raises(NoAgreementError, match="total of 1"):
        nash_split((0.6, 0.6))


@pytest.mark.parametrize(("first", "second", "share"), [(0.9, 0.9, 0.526316), (0.95, 0.9, 0.689655), (0.5, 0.8, 1 / 3)])
def test_rubinstein_1982(first, second, share):
    assert rubinstein_share(first, second) == pytest.approx(share, abs=5e-7)


def test_rubinstein_offers_leave_the_other_indifferent():
    """What the second gets now is worth its own offer a round later."""
    first, second = 0.83, 0.91
    assert 1 - rubinstein_share(first, second) == pytest.approx(second * rubinstein_share(second, first))
    assert rubinstein_share(0.3, 0.0) == 1
    with pytest.raises(BargainingError, match="not determined"):
        rubinstein_share(1, 1)


def test_fearon_1995_range():
    assert fearon_range(0.5, 0.1, 0.2) == pytest.approx((0.4, 0.7))
    assert fearon_range(0.95, 0.1, 0.2).high == pytest.approx(1.15)


def test_fearon_1995_screening():
    """p = .5, c₁ = .1, c₂ uniform on [0, .4]: demand .65, chance of war .375."""
    assert screening(0.5, 0.1, 0, 0.4) == pytest.approx((0.65, 0.375))


@pytest.mark.parametrize(
    "case", [(0.5, 0.1, 0, 0.4), (0.3, 0.0, 0.1, 0.2), (0.8, 0.05, 0.05, 0.9), (0.2, 0.3, 0.1, 0.35)]
)
def test_screening_beats_every_other_demand(case):
    p, own, low, high = case

    def value(x):
        war = np.clip((x - p - low) / (high - low), 0, 1)
        return x * (1 - war) + (p - own) * war

    found = screening(*case)
    assert value(found.demand) >= np.max(value(np.linspace(0, 1, 20_001))) - 1e-9
    assert found.war == pytest.approx(np.clip((found.demand - p - low) / (high - low), 0, 1))


def test_no_doubt_no_war():
    assert screening(0.3, 0.1, 0.2, 0.2) == pytest.approx((0.5, 0))
    assert screening(0.95, 0.1, 0.2, 0.2) == pytest.approx((1, 0))
    assert screening(0.5, 0.1, 0.2, 0.29) == pytest.approx((0.7, 0))  # the safe demand is best


def test_powell_2006():
    """δ = .9, p₁ = .3, costs of 1: war where p₂ is above .5444."""
    assert powell_threshold(0.9, 0.3, 1, 1) == pytest.approx(0.5444, abs=5e-5)
    assert preventive_war(0.9, 0.3, 0.545, 1, 1)
    assert not preventive_war(0.9, 0.3, 0.544, 1, 1)


def test_costlier_war_takes_a_larger_shift():
    thresholds = [powell_threshold(0.9, 0.3, cost, 1) for cost in (0.0, 0.5, 1.0, 2.0)]
    assert np.all(np.diff(thresholds) > 0)
    assert powell_threshold(1, 0.3, 5, 5) == pytest.approx(0.3)  # for the patient any shift will do


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: rubinstein_share(1.1, 0.5), "patience is 1.1"),
        (lambda: fearon_range(1.5, 0, 0), "chance is 1.5"),
        (lambda: fearon_range(0.5, -0.1, 0), "first cost is -0.1"),
        (lambda: screening(0.5, 0.1, 0.4, 0.3), "highest cost of the other is 0.3"),
        (lambda: powell_threshold(0, 0.3, 1, 1), "discount is 0; it should be a finite number above 0"),
        (lambda: preventive_war(0.9, 0.3, 2, 1, 1), "later chance is 2"),
        (lambda: fearon_range("half", 0, 0), "chance takes numbers"),
        (lambda: fearon_range([0.5], 0, 0), "chance is one number"),
    ],
)
def test_errors_name_what_is_wrong(call, words):
    with pytest.raises(BargainingError, match=words):
        call()
