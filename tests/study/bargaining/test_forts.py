"""War over forts: closed forms, a simulated walk, mirror images, and zones of agreement."""

import numpy as np
import pytest

from ceasefire.study.bargaining import (
    BargainingError,
    Side,
    expected_duration,
    fight_to_finish,
    fighting_values,
    win_probability,
    with_settlement,
    zone_of_agreement,
)

DEMO = {"discount": 0.995, "cost": 0.012}
"""N = 10, five forts each, p = ½: the case of the references."""


@pytest.mark.parametrize(
    ("walk", "chance", "duration"),
    [
        ((10, 5, 0.55), 0.731717, 23.17174),
        ((20, 10, 0.52), 0.690066, 95.032915),
        ((10, 3, 0.6), 0.716122, 20.806118),
        ((10, 3, 0.5), 0.3, 21.0),
        ((10, 3, 0.0), 0.0, 3.0),
        ((10, 3, 1.0), 1.0, 7.0),
        ((10, 0, 1.0), 0.0, 0.0),
    ],
)
def test_smith_stam_2004(walk, chance, duration):
    assert win_probability(*walk) == pytest.approx(chance, abs=5e-7)
    assert expected_duration(*walk) == pytest.approx(duration, abs=5e-6)


@pytest.mark.parametrize("p", [0.2, 0.45, 0.4999, 0.5, 0.5 + 1e-9, 0.62])
def test_values_without_cost_or_haste_are_chances_and_durations(p):
    """W with victory 1 is P; W with a cost of 1 and nothing to win is −T. Solved, against closed forms."""
    chances = [win_probability(12, k, p) for k in range(13)]
    durations = [expected_duration(12, k, p) for k in range(13)]
    assert fighting_values(12, p) == pytest.approx(chances, abs=1e-12)
    assert fighting_values(12, p, cost=1.0, victory=0.0) == pytest.approx(-np.array(durations), abs=1e-8)


@pytest.mark.parametrize("p", [0.1, 0.4, 0.5, 0.73])
def test_swapping_sides_mirrors(p):
    for k in (0, 1, 4, 9):
        assert win_probability(9, k, p) == pytest.approx(1 - win_probability(9, 9 - k, 1 - p))
        assert expected_duration(9, k, p) == pytest.approx(expected_duration(9, 9 - k, 1 - p))


def test_long_walks_neither_overflow_nor_cancel():
    assert win_probability(1000, 400, 0.1) == 0
    assert win_probability(1000, 400, 0.9) == pytest.approx(1)
    assert expected_duration(1000, 400, 0.1) == pytest.approx(400 / 0.8)
    near, exact = expected_duration(50, 20, 0.5 + 1e-7), expected_duration(50, 20, 0.5)
    assert near == pytest.approx(exact, rel=1e-4)
    assert exact == pytest.approx(600)


def test_a_simulated_war_agrees():
    rng = np.random.default_rng(1)
    held, battles = np.full(40_000, 5), np.zeros(40_000)
    while np.any(going := (held > 0) & (held < 10)):
        battles += going
        held += going * np.where(rng.random(40_000) < 0.55, 1, -1)
    assert np.mean(held == 10) == pytest.approx(win_probability(10, 5, 0.55), abs=0.01)
    assert np.mean(battles) == pytest.approx(expected_duration(10, 5, 0.55), rel=0.02)
    value = np.mean(0.995**battles * (held == 10) - 0.012 * (1 - 0.995**battles) / 0.005)
    assert value == pytest.approx(fight_to_finish(10, 5, 0.55, 0.995, 0.012), abs=0.01)


def test_value_in_the_middle_of_the_references():
    assert fight_to_finish(10, 5, 0.5, 0.995, 0.012) == pytest.approx(0.171, abs=5e-4)


@pytest.mark.parametrize(
    ("optimism", "zone"), [(0, 0.659), (0.02, 0.476), (0.04, 0.291), (0.06, 0.115), (0.08, -0.043), (0.1, -0.18)]
)
def test_optimism_closes_the_zone_of_the_references(optimism, zone):
    assert zone_of_agreement(10, 5, 0.5, optimism=optimism, **DEMO) == pytest.approx(zone, abs=5.1e-4)


def test_later_settlement_halves_the_zone_of_the_references():
    """.659 to .342, the latter found by simulation there."""
    assert zone_of_agreement(10, 5, 0.5, settlement=0.05, **DEMO) == pytest.approx(0.342, abs=1e-3)


# ------------------------------------------------------------------------------------------------------------ two sides


def test_the_values_of_both_are_consistent_with_what_they_share():
    """Given the splits that the zone implies, each side's own linear system gives the same values."""
    first, second = Side(0.52, 0.01, 0.99), Side(0.53, 0.02, 0.98)
    reservation = with_settlement(8, first, second, 0.1, share=0.3)
    zone = reservation.zone
    assert np.all(zone[1:-1] > 0)  # so that settlement is on offer everywhere
    own = fighting_values(8, 0.52, 0.99, 0.01, settlement=0.1, split=reservation.first + 0.3 * zone)
    other = fighting_values(8, 0.53, 0.98, 0.02, settlement=0.1, split=(reservation.second + 0.7 * zone)[::-1])
    assert reservation.first == pytest.approx(own)
    assert reservation.second == pytest.approx(other[::-1])


def test_sides_swap():
    first, second = Side(0.55, 0.01, 0.99), Side(0.5, 0.03, 0.97, victory=0.9, defeat=-0.1)
    one, two = with_settlement(7, first, second, 0.2, 0.4), with_settlement(7, second, first, 0.2, 0.6)
    assert one.first == pytest.approx(two.second[::-1])
    assert one.second == pytest.approx(two.first[::-1])


def test_where_nothing_is_to_share_the_chance_to_settle_changes_nothing():
    optimists = Side(0.75, 0.001), Side(0.75, 0.001)
    fight, talk = with_settlement(10, *optimists), with_settlement(10, *optimists, 0.3)
    assert np.all(fight.zone[1:-1] < 0)
    assert talk.first == pytest.approx(fight.first)


def test_rivals_who_agree_on_the_odds_share_what_fighting_costs():
    """Without discount the zone is what both expect to spend: 2 c T."""
    for k in range(1, 10):
        zone = zone_of_agreement(10, k, 0.55, cost=0.003)
        assert zone == pytest.approx(2 * 0.003 * expected_duration(10, k, 0.55))


def test_hope_of_settling_raises_the_value_of_fighting_on_and_shrinks_the_zone():
    zones = [zone_of_agreement(10, 5, 0.5, settlement=chance, **DEMO) for chance in (0, 0.01, 0.05, 0.2, 0.8)]
    assert np.all(np.diff(zones) < 0)
    assert zones[-1] > 0


@pytest.mark.parametrize("seed", range(20))
def test_the_places_to_settle_come_to_rest(seed):
    rng = np.random.default_rng(seed)
    sides = [Side(rng.random(), rng.normal(0, 0.05), rng.choice([1, 0.9]), *rng.uniform(-0.2, 1.2, 2)) for _ in "ab"]
    forts, chance, share = int(rng.integers(2, 20)), float(rng.choice([0.1, 1.0])), rng.random()
    found = with_settlement(forts, *sides, chance, share)
    gain = chance * np.maximum(found.zone, 0)
    gain[[0, -1]] = 0
    for values, side, part, up in ((found.first, sides[0], share, 1), (found.second, sides[1], 1 - share, -1)):
        after = values + part * gain
        expected = side.chance * np.roll(after, -up) + (1 - side.chance) * np.roll(after, up)
        assert values[1:-1] == pytest.approx((side.discount * expected - side.cost)[1:-1], abs=1e-9)


def test_costs_and_haste_lower_and_odds_raise_the_value():
    assert np.all(np.diff([fight_to_finish(10, 4, 0.5, cost=c) for c in (0, 0.01, 0.02)]) < 0)
    assert np.all(np.diff([fight_to_finish(10, 4, 0.5, discount=d) for d in (0.9, 0.99, 1.0)]) > 0)
    assert np.all(np.diff([fight_to_finish(10, 4, p, 0.99, 0.01) for p in (0.3, 0.5, 0.7)]) > 0)
    assert np.all(np.diff(fighting_values(10, 0.5, 0.99)) > 0)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: win_probability(0, 0, 0.5), "forts is 0"),
        (lambda: win_probability(10, 11, 0.5), "held is 11"),
        (lambda: win_probability(10, 2.5, 0.5), "whole number"),
        (lambda: win_probability(10, 5, 1.5), "chance of winning a battle is 1.5"),
        (lambda: fight_to_finish(10, 5, 0.5, discount=1.1), "discount is 1.1"),
        (lambda: fighting_values(10, 0.5, settlement=2), "chance of settlement is 2"),
        (lambda: fighting_values(10, 0.5, split=[0.5, 0.5]), "split has shape"),
        (lambda: zone_of_agreement(10, 5, 0.9, optimism=0.2), "chance of winning a battle is 1.1"),
        (lambda: with_settlement(10, Side(0.5), Side(0.5, discount=2)), "discount is 2"),
        (lambda: with_settlement(10**6, Side(0.5), Side(0.5)), "from 1 to 1000"),
    ],
)
def test_errors_name_what_is_wrong(call, words):
    with pytest.raises(BargainingError, match=words):
        call()
