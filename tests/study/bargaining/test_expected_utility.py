"""Expected-utility model: the published issue as far as it comes out, and what must not matter."""

import numpy as np
import pytest

from ceasefire.study.bargaining import BargainingError, play_rounds, weighted_mean, weighted_median
from ceasefire.study.bargaining.expected_utility import challenge_utility, risk_exponent, success_chance

CAR_EMISSIONS = np.array(
    [
        (0.08, 4, 0.8),  # Netherlands
        (0.08, 7, 0.4),  # Belgium
        (0.03, 4, 0.2),  # Luxembourg
        (0.16, 4, 0.8),  # Germany
        (0.16, 10, 0.6),  # France
        (0.16, 10, 0.6),  # Italy
        (0.16, 10, 0.9),  # United Kingdom
        (0.05, 7, 0.1),  # Ireland
        (0.05, 4, 1.0),  # Denmark
        (0.08, 7, 0.7),  # Greece
    ]
).T
"""Capability, position and salience; years of delay (Scholz, Calbert and Smith 2011)."""


def random_case(seed, actors=7):
    rng = np.random.default_rng(seed)
    return rng.uniform(0.1, 1, actors), rng.uniform(0, 10, actors), rng.uniform(0.1, 1, actors)


def test_scholz_calbert_smith_car_emissions():
    """Initial median 7 and mean 7.389956 exactly; published median after round 1 8.4."""
    assert weighted_median(CAR_EMISSIONS[1], CAR_EMISSIONS[0], CAR_EMISSIONS[2]) == 7
    assert weighted_mean(CAR_EMISSIONS[1], CAR_EMISSIONS[0], CAR_EMISSIONS[2]) == pytest.approx(7.389956, abs=5e-7)
    played = play_rounds(*CAR_EMISSIONS)
    assert played.median[0] == 7
    assert played.mean[0] == pytest.approx(7.389956, abs=5e-7)
    assert played.median[1] == pytest.approx(8.4, abs=0.3)
    assert played.position.shape == (9, 10)


@pytest.mark.parametrize("seed", range(5))
def test_units_direction_and_labels_do_not_matter(seed):
    c, x, s = random_case(seed)
    order = np.random.default_rng(seed).permutation(len(x))
    path = play_rounds(c, x, s).position
    assert play_rounds(10 * c, 5 - 3 * x, s).position == pytest.approx(5 - 3 * path, abs=1e-9)
    assert play_rounds(c[order], x[order], s[order]).position == pytest.approx(path[:, order], abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_positions_stay_among_those_on_the_table_and_exponents_in_their_range(seed):
    played = play_rounds(*random_case(seed), rounds=20)
    low, high = played.position.min(axis=1), played.position.max(axis=1)
    assert np.all(np.diff(low) >= -1e-12)
    assert np.all(np.diff(high) <= 1e-12)
    assert np.all((played.risk_exponent >= 0.5 - 1e-12) & (played.risk_exponent <= 2 + 1e-12))
    assert np.all((played.median >= low) & (played.median <= high))


def test_votes_by_hand():
    """At 0, 1 and 4 with weights 1, 2 and 1: for 0 against 4 vote the first (4) and the second (2·2), against it 4."""
    chance = success_chance(np.array([1.0, 2, 1]), np.array([0.0, 1, 4]), np.ones(3))
    assert chance[0, 2] == pytest.approx((4 + 4) / (4 + 4 + 4))
    assert chance + chance.T == pytest.approx(1)


def test_challenging_a_twin_who_gives_way_gains_nothing_when_nothing_would_change():
    c, x, s = np.ones(3), np.array([0.0, 0, 1]), np.array([1.0, 0, 0])
    utility = challenge_utility(c, x, s, np.ones(3), no_change=1.0)
    assert utility[0, 0, 1] == pytest.approx(0)
    assert utility[0, 0, 2] == pytest.approx(2)  # success from one end to the other, sure as the rival does not care


def test_a_rival_who_does_not_care_is_challenged_with_more_profit():
    c, x, s = random_case(3)
    careless = s.copy()
    careless[2] = 0.01
    one = np.ones(len(x))
    chance = success_chance(c, x, s)
    assert np.all(chance < 1)  # else resistance would be free
    gain = [challenge_utility(c, x, who, one, 1.0)[0, 0, 2] for who in (s, careless)]
    assert gain[1] > gain[0]


def test_those_in_danger_seek_risk():
    """Alone at one end against a crowd at the other, the one is in most danger."""
    exponent = risk_exponent(np.ones(4), np.array([0.0, 10, 10, 9]), np.full(4, 0.5))
    assert exponent[0] == pytest.approx(0.5)
    assert exponent.max() == pytest.approx(2)


def test_mirror_images_pull_with_equal_force():
    played = play_rounds([1, 1, 1], [0, 5, 10], [0.8, 0.2, 0.8])
    assert played.position + played.position[:, ::-1] == pytest.approx(10)
    assert played.median == pytest.approx(5)


def test_where_all_agree_nothing_moves():
    played = play_rounds([1, 2, 3], [4, 4, 4], [0.5, 1, 0.1])
    assert played.position == pytest.approx(4)
    assert played.risk_exponent == pytest.approx(1)


def test_no_round_changes_nothing():
    assert play_rounds(*CAR_EMISSIONS, rounds=0).median == pytest.approx([7])


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (([1, 1], [0, 1], [80, 40]), r"salience\[0\] is 80; it should be a finite number from 0 to 1"),
        (([1, 1], [0, 1, 2], [1, 1]), "capability has shape"),
        (([1, -1], [0, 1], [1, 1]), r"capability\[1\]"),
        (([0, 1], [0, 1], [1, 0]), "summed weight"),
        (([1, 1], [0, np.nan], [1, 1]), r"position\[1\] is nan"),
    ],
)
def test_errors_name_what_is_wrong(case, words):
    with pytest.raises(BargainingError, match=words):
        play_rounds(*case)


@pytest.mark.parametrize("rounds", [-1, 2.5, 10**6])
def test_rounds_are_bounded(rounds):
    with pytest.raises(BargainingError, match="rounds"):
        play_rounds(*CAR_EMISSIONS, rounds=rounds)
