"""Probabilistic Condorcet election: the published demonstration, limits of the laws, and what must not matter."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ceasefire.study.bargaining import (
    BargainingError,
    coalition_strength,
    conditional_election,
    condorcet_election,
    incentive_election,
    uniform_election,
    victory_chance,
)

RULES = (conditional_election, uniform_election, incentive_election)
DEMO = np.array([[0, 12.099, 54.921], [10.333, 0, 27.079], [5.007, 55.047, 0]])
STRENGTHS = st.integers(2, 6).flatmap(lambda n: arrays(np.float64, (n, n), elements=st.floats(0.01, 100)))
LAWS = ("linear", "square", 3.5)


@pytest.mark.parametrize(
    ("rule", "published"),
    [
        (conditional_election, [0.8659, 0.1241, 0.0100]),
        (uniform_election, [0.6351, 0.2148, 0.1501]),
        (incentive_election, [0.5094, 0.2796, 0.2110]),
    ],
)
def test_ktab_demonstration(rule, published):
    assert rule(DEMO, "square") == pytest.approx(published, abs=5.1e-5)


@pytest.mark.parametrize(
    ("strong", "weak", "law", "chance"),
    [(51.212, 19.714, "square", 0.8709), (3, 1, "linear", 0.75), (3, 1, "square", 0.9), (3, 1, 2, 0.9)],
)
def test_ktab_two_options(strong, weak, law, chance):
    table = [[0, strong], [weak, 0]]
    assert victory_chance(table, law)[0, 1] == pytest.approx(chance, abs=5e-5)
    for rule in (conditional_election, uniform_election):
        assert rule(table, law) == pytest.approx([chance, 1 - chance], abs=5e-5)


def test_coalitions_by_hand():
    """Weights 2 and 3; the first gains 4 by the first option, the second 1 by the second option."""
    assert coalition_strength([(5, 1), (0, 1)], (2, 3), floor=0) == pytest.approx(np.array([[0, 8], [3, 0]]))
    assert coalition_strength([(5, 1), (0, 1)], (2, 3)) - 1e-8 == pytest.approx(np.array([[0, 8], [3, 0]]))


def test_strong_laws_approach_the_binary_one():
    assert victory_chance([[0, 3], [2.9, 0]], 1e4) == pytest.approx(victory_chance([[0, 3], [2.9, 0]], "binary"))
    assert victory_chance([[0, 3], [2.9, 0]], "binary")[0, 1] == 1
    assert victory_chance([[0, 3], [3, 0]], np.inf)[0, 1] == 0.5


@given(STRENGTHS, st.sampled_from(LAWS))
@settings(max_examples=40, deadline=None)
def test_chances_add_to_one(strength, law):
    victory = victory_chance(strength, law)
    assert victory + victory.T == pytest.approx(1)
    for rule in RULES:
        chance = rule(strength, law)
        assert np.all(chance >= 0)
        assert chance.sum() == pytest.approx(1)


@given(STRENGTHS, st.sampled_from(LAWS))
@settings(max_examples=40, deadline=None)
def test_only_ratios_of_strength_matter_and_labels_do_not(strength, law):
    order = np.random.default_rng(0).permutation(len(strength))
    for rule in RULES:
        chance = rule(strength, law)
        assert rule(1e6 * strength, law) == pytest.approx(chance)
        assert rule(strength[np.ix_(order, order)], law) == pytest.approx(chance[order])


@given(STRENGTHS, st.sampled_from(LAWS))
@settings(max_examples=40, deadline=None)
def test_the_uniform_election_is_a_balance_of_replacements(strength, law):
    """In the long run each option is replaced as often as it replaces: Σ_j v_ij p_j = Σ_j v_ji p_i."""
    chance, victory = uniform_election(strength, law), victory_chance(strength, law)
    assert victory @ chance == pytest.approx(np.sum(victory, axis=0) * chance)


def test_the_incentive_election_agrees_with_a_long_walk():
    """Challenge in proportion to what is gained, win or not, again and again."""
    victory = victory_chance(DEMO, "square")
    challenge = DEMO * victory / np.sum(DEMO * victory, axis=0)
    favourite = np.array([1.0, 0, 0])
    for _ in range(300):
        replaced = challenge * victory * favourite
        favourite = favourite + replaced.sum(axis=1) - replaced.sum(axis=0)
    assert favourite == pytest.approx(incentive_election(DEMO, "square"))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("law", [*LAWS, "binary"])
def test_where_nobody_cares_all_options_are_equal(rule, law):
    assert condorcet_election(np.ones((4, 3)), np.ones(4), law, rule) == pytest.approx(1 / 3)
    assert rule(np.zeros((3, 3)), law) == pytest.approx(1 / 3)


@pytest.mark.parametrize("rule", RULES)
def test_more_weight_for_its_friends_never_hurts_an_option(rule):
    utilities = np.array([(1, 0.4, 0), (0.2, 1, 0.5), (0, 0.3, 1)])
    chance = [condorcet_election(utilities, (weight, 1, 1), "linear", rule)[0] for weight in (0.5, 1, 2, 4, 8)]
    assert np.all(np.diff(chance) > 0)


def test_cycles_under_the_binary_law():
    cycle = np.array([[0, 2, 1], [1, 0, 2], [2, 1, 0]])
    for rule in (uniform_election, incentive_election):
        assert rule(cycle, "binary") == pytest.approx(1 / 3)
    with pytest.raises(BargainingError, match="uniform or incentive"):
        conditional_election(cycle, "binary")


def test_a_sure_winner_takes_all():
    strength = np.array([[0, 2, 2], [1, 0, 1], [1, 3, 0]])
    for rule in RULES:
        assert rule(strength, "binary") == pytest.approx([1, 0, 0])


def test_two_dead_ends_share_by_where_the_walk_starts():
    """The second option loses to either neighbour, who do not contend: each keeps half."""
    strength = np.zeros((3, 3))
    strength[0, 1] = strength[2, 1] = 1
    assert incentive_election(strength) == pytest.approx([0.5, 0, 0.5])


@pytest.mark.parametrize("law", ["cubic", 0, -1, np.nan])
def test_unknown_laws_are_named(law):
    with pytest.raises(BargainingError, match="law"):
        victory_chance(DEMO, law)


def test_errors_name_what_is_wrong():
    with pytest.raises(BargainingError, match="square"):
        uniform_election(np.ones((2, 3)))
    with pytest.raises(BargainingError, match=r"coalition strength\[0, 1\] is -1"):
        uniform_election([[0, -1], [1, 0]])
    with pytest.raises(BargainingError, match="weights has shape"):
        coalition_strength(np.ones((2, 3)), (1, 2, 3))
    with pytest.raises(BargainingError, match=r"'sqare'.*did you mean 'square'"):
        victory_chance(DEMO, "sqare")
