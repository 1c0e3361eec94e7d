"""Inversion: exact where that is known, prior where nothing is seen, and right nine times in ten."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri

from ceasefire.model.declare import LogNormal, Normal
from ceasefire.scenario.start import Start
from ceasefire.simulate import draws
from ceasefire.study.calibration import crosscheck, inversion
from ceasefire.study.calibration.module import priors_of
from ceasefire.study.calibration.summary import Summary

PRIORS = {"a.one": Normal(-1, 0, 1), "a.two": LogNormal(0.5, 1, 2), "a.three": Normal(0, 1, 2)}


def stretch(observed: np.ndarray, simulated: np.ndarray, at_war: np.ndarray | None = None) -> Summary:
    names = tuple(f"s{k}" for k in range(len(observed)))
    at_war = np.ones(simulated.shape[1], bool) if at_war is None else at_war
    return Summary(names, names, observed, simulated, at_war)


def linear(scores: np.ndarray, luck: np.ndarray) -> np.ndarray:
    """Four reports of the first two numbers, none of the third."""
    return np.array([[1.0, 0.0, 0.0], [0.8, 0.6, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]) @ scores + 0.7 * luck


def test_the_gain_is_that_of_kalman_where_all_is_linear() -> None:
    random = np.random.default_rng(1)
    scores = random.standard_normal((3, 200_000))
    told = linear(scores, random.standard_normal((4, 200_000)))
    matrix = linear(np.eye(3), np.zeros((4, 3)))
    exact = matrix.T @ np.linalg.inv(matrix @ matrix.T + 0.49 * np.eye(4))
    gain, centre = inversion.kalman_gain(scores, told, cut=0.0)
    assert np.abs(gain - exact).max() < 0.01
    assert np.abs(centre).max() < 0.01
    local, _ = inversion.kalman_gain(scores, told)
    assert np.array_equal(local[2], np.zeros(4))
    assert np.abs(local - exact).max() < 0.02


def test_the_law_is_the_exact_posterior_where_all_is_linear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inversion, "OWN", 1e-3)
    monkeypatch.setattr(inversion, "COMMON", 0.0)
    random = np.random.default_rng(2)
    scores = random.standard_normal((3, 12_000))
    told, seen = linear(scores, random.standard_normal((4, 12_000))), np.array([1.0, 1.2, -0.4, 0.3])
    found = inversion.invert(PRIORS, scores, [stretch(seen, told)], seed=1)
    matrix = linear(np.eye(3), np.zeros((4, 3)))[:, :2]
    cover = np.linalg.inv(np.eye(2) + matrix.T @ matrix / 0.49)
    exact = cover @ matrix.T @ seen / 0.49
    assert found.law is not None
    law = found.law.only(("a.one", "a.two"))
    assert set(found.law.names) == {"a.one", "a.two"}
    assert np.abs(law.centre - exact).max() < 0.08
    assert np.abs(law.root @ law.root.T - cover).max() < 0.03
    other = {row["name"]: row for row in found.crosscheck}
    assert all(row["agree"] and abs(row["other_covered"] - 0.9) < 0.07 for row in other.values())
    assert other["a.one"]["other_spread"] == pytest.approx(np.sqrt(cover[0, 0]), rel=0.1)


def test_what_the_model_may_miss_widens_the_law(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    scores = random.standard_normal((3, 3000))
    told, seen = linear(scores, random.standard_normal((4, 3000))), np.zeros(4)
    spreads = []
    for own in (0.0, 0.25, 1.0):
        monkeypatch.setattr(inversion, "OWN", own + 1e-3)
        rows = inversion.invert(PRIORS, scores, [stretch(seen, told)], seed=1).rows
        spreads.append(next(row.spread for row in rows if row.name == "a.one"))
    assert spreads[0] < spreads[1] < spreads[2] < 1


def test_numbers_that_are_not_seen_keep_their_prior() -> None:
    random = np.random.default_rng(4)
    many = {f"b.n{k}": Normal(-1, 0, 1) for k in range(60)}
    scores = random.standard_normal((60, 512))
    told = random.standard_normal((40, 512))
    found = inversion.invert(many, scores, [stretch(told[:, 0] * 3, told)], seed=1)
    assert found.law is None
    assert [(row.centre, row.spread) for row in found.rows] == [(0.0, 1.0)] * 60
    assert found.crosscheck == ()


def bent(scores: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Reports that are no linear function of scores, with luck of long tails and zeros."""
    one, two, _ = scores
    luck = random.standard_normal((3, scores.shape[1]))
    return np.array([np.exp(one + 0.5 * luck[0]), np.maximum(two + 0.5 * luck[1], 0), np.tanh(one * two) + luck[2]])


def test_truths_lie_in_the_central_90_percent_nine_times_in_ten_and_are_found_again() -> None:
    random = np.random.default_rng(5)
    scores = random.standard_normal((3, 800))
    told = bent(scores, random)
    centres, truths, held = [], [], []
    for _ in range(60):
        truth = random.standard_normal((3, 1))
        found = inversion.invert(PRIORS, scores, [stretch(bent(truth, random)[:, 0], told)], seed=1)
        assert found.law is not None
        assert set(found.law.names) == {"a.one", "a.two"}
        law = found.law.only(("a.one", "a.two"))
        centres.append(law.centre)
        truths.append(truth[:2, 0])
        held.append(np.abs(truth[:2, 0] - law.centre) <= 1.645 * law.spread)
    assert 0.82 <= np.mean(held) <= 0.97
    assert np.corrcoef(np.ravel(centres), np.ravel(truths))[0, 1] > 0.6
    assert all(0.86 <= row.covered <= 0.94 for row in found.rows)


def test_wars_that_stopped_do_not_count() -> None:
    random = np.random.default_rng(6)
    scores = random.standard_normal((3, 2000))
    told, at_war = linear(scores, random.standard_normal((4, 2000))), np.arange(2000) % 2 == 0
    broken = np.where(at_war, told, 1e6)
    found = inversion.invert(PRIORS, scores, [stretch(np.ones(4), broken, at_war)], seed=1)
    alone = inversion.invert(PRIORS, scores[:, at_war], [stretch(np.ones(4), told[:, at_war])], seed=1)
    assert found.members == 1000
    assert found.law is not None
    assert alone.law is not None
    assert np.array_equal(found.law.centre, alone.law.centre)
    few = inversion.invert(PRIORS, scores, [stretch(np.ones(4), told, np.arange(2000) < 20)], seed=1)
    assert few.law is None


def test_a_second_stretch_teaches_more() -> None:
    random = np.random.default_rng(7)
    scores = random.standard_normal((3, 3000))
    one, two = (stretch(np.ones(4), linear(scores, random.standard_normal((4, 3000)))) for _ in range(2))
    less, more = inversion.invert(PRIORS, scores, [one], seed=1), inversion.invert(PRIORS, scores, [one, two], seed=1)
    assert less.law is not None
    assert more.law is not None
    assert (more.law.only(("a.one", "a.two")).spread < less.law.only(("a.one", "a.two")).spread).all()


def test_an_estimate_further_out_than_members_is_drawn_in() -> None:
    guess = np.random.default_rng(8).standard_normal((2, 5000))
    far, strange = inversion.held_in(guess, np.array([30.0, 0.0]))
    assert strange == 0
    assert np.hypot(*far) == pytest.approx(np.sqrt(2 * np.log(10)), rel=0.05)
    near, usual = inversion.held_in(guess, np.array([0.3, 0.2]))
    assert near == pytest.approx([0.3, 0.2])
    assert usual > 0.8


def test_candidates_are_couplings_that_are_not_sure_and_not_of_bargaining(invented_war: Start) -> None:
    found = inversion.candidates(invented_war)
    assert "front.force_exponent" in found
    assert "opinion.casualty_effect[talks]" in found
    assert "policy.truce_fire" not in found
    assert "front.lump" not in found
    assert not any(name.startswith(("bargaining.", "talks.", "resolve.")) for name in found)


def test_members_are_the_same_from_every_opening_but_for_their_luck_and_reports(invented_war: Start) -> None:
    run = np.arange(8, dtype=np.uint32)
    priors = inversion.candidates(invented_war)
    one, two = (inversion.points(invented_war, priors, 5, inversion.seed_of(5, k), run) for k in (0, 1))
    assert np.array_equal(one["front.force_exponent"], two["front.force_exponent"])
    assert np.array_equal(one["attrition.troops_opening"], two["attrition.troops_opening"])
    assert not np.array_equal(one["learned.budget"], two["learned.budget"])
    assert not np.array_equal(one["reporting.overcount"], two["reporting.overcount"])
    scores = inversion.scores_of(invented_war, priors, 5, run)
    at = list(priors).index("front.force_exponent")
    assert np.array_equal(scores[at], ndtri(one["front.force_exponent"]))


def test_a_coupling_has_the_same_value_where_another_prior_was_in_force(invented_war: Start) -> None:
    run, name = np.arange(8, dtype=np.uint32), "front.force_exponent"
    then = priors_of(invented_war)[name]
    later = LogNormal(0.5, 0.7, 1.1)
    moved = inversion.points(invented_war, {name: later}, 5, 6, run)
    plain = draws.cube(invented_war, 5, run)
    assert then.quantile(moved[name]) == pytest.approx(later.quantile(plain[name]))


def test_the_other_method_sees_that_spread_depends_on_what_was_seen() -> None:
    random = np.random.default_rng(9)
    guess, luck = random.standard_normal((2, 1, 6000))
    truth = 0.8 * guess + np.where(guess < 0, 0.2, 0.8) * luck
    adjusted, weight = crosscheck.near(truth, guess, np.array([-1.5]))
    _, spread = crosscheck.moments(adjusted, weight)
    usual = (truth - np.polyval(np.polyfit(guess[0], truth[0], 1), guess)).std()
    assert spread[0] < 0.5 * usual
    assert spread[0] == pytest.approx(0.2, rel=0.15)
    assert weight.sum() == pytest.approx(1)
    assert crosscheck.coverage(truth, guess)[0] == pytest.approx(0.9, abs=0.08)
