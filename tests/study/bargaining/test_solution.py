"""Bargaining solutions: textbook cases, the axioms that define each rule, and a certificate of optimality."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ceasefire.study.bargaining import BargainingError, NoAgreementError, egalitarian, kalai_smorodinsky, nash

RULES = {"nash": nash, "kalai_smorodinsky": kalai_smorodinsky, "egalitarian": egalitarian}
MIXTURE = [(4, 1), (1, 4), (2, 2)]


@pytest.fixture(params=RULES)
def rule(request):
    return RULES[request.param]


def tables(parties=st.integers(2, 4), options=st.integers(1, 7)):
    shape = st.tuples(options, parties)
    return shape.flatmap(lambda s: arrays(np.float64, s, elements=st.floats(-3, 10).map(lambda x: round(x, 3))))


def case(seed, options=9, parties=3):
    """A table with room for agreement, and unequal weights."""
    rng = np.random.default_rng(seed)
    utilities = rng.normal(size=(options, parties))
    return utilities, utilities.mean(axis=0) - 0.2 * rng.random(parties), rng.uniform(0.2, 1, parties)


# ------------------------------------------------------------------------------------------------------- known answers


def test_mixture_of_the_references(rule):
    """{(4, 1), (1, 4), (2, 2)}: (2, 2) on the table, (2.5, 2.5) on its hull."""
    assert rule(MIXTURE, (0, 0)).utilities == pytest.approx([2, 2])
    mixed = rule(MIXTURE, (0, 0), hull=True)
    assert mixed.utilities == pytest.approx([2.5, 2.5], abs=1e-9)
    assert mixed.lottery == pytest.approx([0.5, 0.5, 0], abs=1e-9)
    assert mixed.option is None


def test_equal_products_are_reported_as_tied():
    agreement = nash(MIXTURE, (0, 0))
    assert (agreement.option, agreement.tied) == (2, (0, 1, 2))


@pytest.mark.parametrize(("weight", "first"), [(0.5, 0.55), (0.6, 0.62)])
def test_split_of_the_references_on_the_hull(weight, first):
    """Linear frontier from (1, 0) to (0, 1), disagreement (.2, .1)."""
    agreement = nash([(1, 0), (0, 1)], (0.2, 0.1), weight, hull=True)
    assert agreement.utilities == pytest.approx([first, 1 - first], abs=1e-9)
    assert agreement.surplus == pytest.approx([first - 0.2, 0.9 - first], abs=1e-9)


def test_kalai_smorodinsky_and_nash_part_on_a_lopsided_frontier():
    """Frontier (0, 1)–(1, 1)–(2, 0), disagreement 0: Nash at the corner, equal shares of (2, 1) at (4/3, 2/3)."""
    table = [(0, 1), (1, 1), (2, 0)]
    assert nash(table, (0, 0), hull=True).utilities == pytest.approx([1, 1], abs=1e-8)
    assert kalai_smorodinsky(table, (0, 0), hull=True).utilities == pytest.approx([4 / 3, 2 / 3], abs=1e-8)
    assert egalitarian(table, (0, 0), hull=True).utilities == pytest.approx([1, 1], abs=1e-8)


def test_weights_divide_the_whole_of_a_dollar():
    weights = np.array([0.5, 0.3, 0.2])
    for rule in RULES.values():
        assert rule(np.eye(3), np.zeros(3), weights, hull=True).utilities == pytest.approx(weights, abs=1e-9)


def test_a_lottery_may_use_an_option_that_is_not_acceptable_alone():
    agreement = nash([(10, -1), (-1, 10)], (0, 0), hull=True)
    assert agreement.utilities == pytest.approx([4.5, 4.5], abs=1e-9)
    with pytest.raises(NoAgreementError, match="hull=True"):
        nash([(10, -1), (-1, 10)], (0, 0))


# -------------------------------------------------------------------------------------------------------------- axioms


@pytest.mark.parametrize("hull", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_nash_and_kalai_smorodinsky_do_not_depend_on_units(seed, hull):
    utilities, d, weights = case(seed)
    rescale = np.array([0.01, 3.0, 500.0]), np.array([-7.0, 2.0, 1e3])
    for rule in (nash, kalai_smorodinsky):
        before = rule(utilities, d, weights, hull)
        after = rule(utilities * rescale[0] + rescale[1], d * rescale[0] + rescale[1], weights, hull)
        assert after.surplus == pytest.approx(before.surplus * rescale[0], rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("hull", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_relabelling_parties_and_options_relabels_the_answer(rule, seed, hull):
    utilities, d, weights = case(seed)
    option, party = np.random.default_rng(seed).permutation(9), np.array([2, 0, 1])
    before = rule(utilities, d, weights, hull)
    after = rule(utilities[option][:, party], d[party], weights[party], hull)
    assert after.utilities == pytest.approx(before.utilities[party], abs=1e-7)
    assert after.lottery == pytest.approx(before.lottery[option], abs=1e-6)


@pytest.mark.parametrize("hull", [False, True])
def test_equal_parties_get_the_same_from_a_symmetric_table(rule, hull):
    table = np.array([(1, 5, 2), (0, 0, 0), (2, 3, 4), (3, 3, 3.1)])
    symmetric = np.vstack([table[:, list(order)] for order in ((0, 1, 2), (1, 2, 0), (2, 0, 1))])
    if hull:
        assert np.ptp(rule(symmetric, np.zeros(3), hull=True).utilities) < 1e-7
    else:
        assert rule(symmetric, np.zeros(3)).option % 4 == 3


@given(tables())
@settings(max_examples=60, deadline=None)
def test_options_not_chosen_do_not_matter_to_nash(utilities):
    d = np.zeros(utilities.shape[1])
    try:
        chosen = nash(utilities, d)
    except NoAgreementError:
        return
    acceptable = utilities[np.all(utilities >= 0, axis=1)]
    assume(len(chosen.tied) == 1)
    assume(np.all((chosen.surplus > 0) | (acceptable.max(axis=0) == 0)))  # all gain who could
    for left_out in range(len(utilities)):
        if left_out != chosen.option:
            rest = np.delete(utilities, left_out, axis=0)
            assert nash(rest, d).utilities == pytest.approx(chosen.utilities)


@pytest.mark.parametrize("seed", range(6))
def test_better_prospects_do_not_hurt_under_kalai_smorodinsky(seed):
    """Individual monotonicity: new options that raise only what the first can hope for never cost it anything."""
    utilities, d, _ = case(seed, parties=2)
    before = kalai_smorodinsky(utilities, d, hull=True)
    acceptable = utilities[np.all(utilities >= d, axis=1)]
    more = np.vstack([utilities, [acceptable[:, 0].max() + 1.5, d[1]]])
    assert kalai_smorodinsky(more, d, hull=True).utilities[0] >= before.utilities[0] - 1e-8


@given(tables(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_nobody_is_worse_off_and_nothing_is_left_on_the_table(utilities, hull):
    d = np.zeros(utilities.shape[1])
    for rule in RULES.values():
        try:
            agreement = rule(utilities, d, hull=hull)
        except NoAgreementError:
            better = np.all(utilities >= 0, axis=1) & np.any(utilities > 0, axis=1)
            assert not np.any(better)
            continue
        assert np.all(agreement.surplus >= -1e-7)
        assert np.any(agreement.surplus > 0)
        assert agreement.lottery.sum() == pytest.approx(1)
        assert agreement.lottery @ utilities == pytest.approx(agreement.utilities, abs=1e-9)
        beaten = np.all(utilities >= agreement.utilities + 1e-5, axis=1)
        assert not np.any(beaten)


@pytest.mark.parametrize("seed", range(8))
def test_nash_lottery_is_optimal_by_its_supporting_prices(seed):
    """At the optimum no option is worth more than the lottery at prices w/g: Σ w a/g ≤ 1, equal on the support."""
    utilities, d, weights = case(seed, options=12, parties=2 + seed % 3)
    weights /= weights.sum()
    agreement = nash(utilities, d, weights, hull=True)
    worth = (utilities - d) @ (weights / agreement.surplus)
    assert worth.max() <= 1 + 1e-7
    assert worth[agreement.lottery > 0] == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("hull", [False, True])
def test_egalitarian_gains_are_in_the_ratio_of_weights_where_that_is_possible(hull):
    table = [(2, 1), (1, 2), (1.5, 1.5), (3, 0)]
    agreement = egalitarian(table, (0, 0), (2 / 3, 1 / 3), hull)
    assert agreement.surplus == pytest.approx([2, 1], abs=1e-7)


def test_more_weight_never_gives_less():
    utilities, d, _ = case(5, parties=2)
    for rule in RULES.values():
        gains = [rule(utilities, d, weight, hull=True).surplus[0] for weight in (0.2, 0.4, 0.6, 0.8)]
        assert np.all(np.diff(gains) >= -1e-7)


# --------------------------------------------------------------------------------------------------- vetoes, bystanders


@pytest.mark.parametrize("hull", [False, True])
def test_a_veto_rules_an_option_out(rule, hull):
    agreement = rule([(9, -np.inf), (1, 1)], (0, 0), hull=hull)
    assert agreement.option == 1
    assert agreement.utilities == pytest.approx([1, 1])


@pytest.mark.parametrize("hull", [False, True])
def test_a_party_that_cannot_gain_does_not_stop_the_others(rule, hull):
    """The third is indifferent at best; (2, 2) would hurt it."""
    agreement = rule([(1, 0.5, 0), (0.5, 1, 0), (2, 2, -1), (0.72, 0.72, 0)], (0, 0, 0), hull=hull)
    expected = [0.75, 0.75, 0] if hull else [0.72, 0.72, 0]
    assert agreement.utilities == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("hull", [False, True])
def test_options_that_nobody_prefers_are_not_chosen(rule, hull):
    for table in ([(0, 0), (-1, 3)], [(0, 0)], [(-np.inf, 5), (3, -np.inf)]):
        with pytest.raises(NoAgreementError):
            rule(table, (0, 0), hull=hull)


@pytest.mark.parametrize(
    ("utilities", "disagreement", "weights", "words"),
    [
        ([1, 2], (0, 0), None, "shape"),
        ([(1,), (2,)], (0,), None, "two parties"),
        ([(1, 2), (3,)], (0, 0), None, "equal length"),
        ([(1, np.nan)], (0, 0), None, r"utilities\[0, 1\] is nan"),
        ([(1, np.inf)], (0, 0), None, r"utilities\[0, 1\] is inf"),
        ([(1, 2)], (0, 0, 0), None, "disagreement has shape"),
        ([(1, 2)], (0, -np.inf), None, r"disagreement\[1\]"),
        ([(1, 2)], (0, 0), (1, 0), r"weights\[1\] is 0"),
        ([(1, 2)], (0, 0), (1, 1, 1), "weights has shape"),
        ([(1, 2)], (0, 0), 1.5, "weight of the first"),
        ([("much", 2)], (0, 0), None, "numbers"),
        ([], (0, 0), None, "utilities has shape"),
    ],
)
def test_errors_name_what_is_wrong(rule, utilities, disagreement, weights, words):
    with pytest.raises(BargainingError, match=words):
        rule(utilities, disagreement, weights)


def test_the_table_of_the_caller_is_left_alone(rule):
    utilities, d = np.array(MIXTURE, dtype=float), np.zeros(2)
    rule(utilities, d, hull=True)
    assert np.array_equal(utilities, MIXTURE)
    assert not np.any(d)
