"""Values of fighting on: learned from random walks between forts, they agree with the exact solution of those walks.

Two sides fight over N forts; a step wins one with chance p and loses one with q = 1 − p, and costs either side c. Who
has all gets 1, the other 0 (Smith and Stam 2004). Exact values come from a linear system; figures are those of the
model notes, section 12.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial.legendre import legvander
from numpy.typing import NDArray

from ceasefire.simulate import reservation
from ceasefire.simulate.reservation import Fit, Paths, ReservationError, fit, revise, stored

FORTS, DISCOUNT, COST = 10, 0.995, 0.012
INSIDE = np.arange(1, FORTS)
STEPS = 200
LATER = 0.05
Array = NDArray[np.float64]


def exact(p: float, agreed: Array | None = None, chance: Array | None = None) -> Array:
    """Value of fighting on at 0 … N forts, where the war may end by agreement wherever the next step leads."""
    system, right = np.eye(FORTS + 1), np.zeros(FORTS + 1)
    right[FORTS] = 1
    agreed, chance = (np.zeros(FORTS + 1) if given is None else given for given in (agreed, chance))
    for k in INSIDE:
        right[k] = -COST
        for after, share in ((k + 1, DISCOUNT * p), (k - 1, DISCOUNT * (1 - p))):
            ends = chance[after] * (0 < after < FORTS)
            system[k, after] -= share * (1 - ends)
            right[k] += share * ends * agreed[after]
    return np.linalg.solve(system, right)


def exact_sides(p: float) -> Array:
    """Values of both sides at 0 … N forts of the first."""
    return np.stack([exact(p), exact(1 - p)[::-1]])


def exact_settled(p: float, chance_of: Callable[[Array], Array]) -> Array:
    """Likewise where a chance that depends on the zone lets them agree and halve it: damped until nothing moves."""
    believed = exact_sides(p)
    for _ in range(2000):
        zone = 1 - believed.sum(axis=0)
        agreed, chance = believed + np.maximum(zone, 0) / 2, chance_of(zone)
        found = np.stack(
            [exact(p, agreed=agreed[0], chance=chance), exact(1 - p, agreed=agreed[1, ::-1], chance=chance[::-1])[::-1]]
        )
        if np.abs(found - believed).max() < 1e-9:
            return found
        believed = 0.9 * believed + 0.1 * found
    raise AssertionError("the exact solution does not settle down")


def walk(p: float | Array, runs: int, seed: int, steps: int = STEPS) -> NDArray[np.int8]:
    """Forts of the first side, [step + 1, run]; runs start everywhere."""
    generator = np.random.default_rng(seed)
    forts = np.empty((steps + 1, runs), np.int8)
    forts[0] = 1 + np.arange(runs) % (FORTS - 1)
    for step in range(steps):
        moves = np.where(generator.random(runs) < p, 1, -1)
        forts[step + 1] = forts[step] + np.where(fought(forts[step]), moves, 0)
    return forts


def fought(forts: NDArray[np.int8]) -> NDArray[np.bool_]:
    return (forts > 0) & (forts < FORTS)


LADDER = legvander(np.arange(FORTS + 1) / (FORTS / 2) - 1, 6).T
"""Polynomials of the number of forts, [degree, forts]."""


def powers(forts: NDArray[np.integer]) -> Array:
    """Regressors of degree 5 in the number of forts, the same for both sides."""
    return np.stack([LADDER[:6, forts]] * 2)


def paths_of(forts: NDArray[np.int8], terms: reservation.Regressors | None = None, **changes: object) -> Paths:
    steps, runs = len(forts) - 1, forts.shape[1]
    won = forts[-1] / FORTS
    paths = Paths(
        regressors=terms or (lambda step, run: powers(forts[step, run])),
        cost=np.broadcast_to(COST, (steps, 2, runs)),
        discount=np.full((2, runs), DISCOUNT),
        terminal=np.stack([won, 1 - won]),
        alive=fought(forts[:-1]),
    )
    return replace(paths, **changes)


def halving(chance_of: Callable[[Array], Array]) -> reservation.Settle:
    """With a chance that depends on the zone, the sides agree and halve it."""

    def settle(step: int, run: reservation.IntArray, values: Array) -> tuple[Array, Array]:
        zone = 1 - values.sum(axis=0)
        return chance_of(zone), values + np.maximum(zone, 0) / 2

    return settle


def later(zone: Array) -> Array:
    return np.where(zone > 0, LATER, 0.0)


def rmse(found: Array, true: Array) -> float:
    return float(np.sqrt(np.mean((found - true) ** 2)))


def few(runs: int = 600, seed: int = 3, **changes: object) -> Paths:
    return paths_of(walk(0.5, runs, seed, 40), **changes)


# Against the exact solution


def test_the_exact_solution_is_the_one_of_the_notes():
    assert exact(0.5)[5] == pytest.approx(0.171, abs=5e-4)
    zones = [1 - 2 * exact(0.5 + optimism)[5] for optimism in (0, 0.02, 0.04, 0.06, 0.08, 0.1)]
    assert zones == pytest.approx([0.659, 0.476, 0.291, 0.115, -0.043, -0.180], abs=5e-4)
    assert 1 - exact_settled(0.5, later).sum(axis=0)[5] == pytest.approx(0.342, abs=1e-3)


@pytest.mark.parametrize("p", [0.5, 0.55])
def test_polynomials_of_degree_five_find_the_exact_values(p):
    found = fit(paths_of(walk(p, 20_000, seed=1))).predict(powers(INSIDE))
    for side in range(2):
        assert rmse(found[side], exact_sides(p)[side, INSIDE]) < 0.012


DEGREES = [(k, b) for k in range(7) for b in range(7 - k)][:-2]
"""26 products of powers of forts and of belief."""


def believing(forts: NDArray[np.integer], belief: Array) -> Array:
    belief_powers = legvander((belief - 0.5) / 0.14, 6).T
    return np.stack([LADDER[k, forts] * belief_powers[b] for k, b in DEGREES])


@pytest.fixture(scope="module")
def believed() -> Fit:
    """Learned from walks with p uniform in [.36, .64], which is a regressor."""
    runs = 60_000
    chance = np.random.default_rng(11).uniform(0.36, 0.64, runs)
    forts = walk(chance, runs, seed=12)
    belief_powers = legvander((chance - 0.5) / 0.14, 6).T

    def terms(step: int, run: reservation.IntArray) -> Array:
        ladder = LADDER[:, forts[step, run]]
        own = np.stack([ladder[k] * belief_powers[b, run] for k, b in DEGREES])
        return np.broadcast_to(own, (2, *own.shape))

    return fit(paths_of(forts, terms))


def test_one_training_set_serves_every_belief(believed):
    for p in np.linspace(0.4, 0.6, 11):
        own = believing(INSIDE, np.full(len(INSIDE), p))
        found = believed.predict(np.stack([own, own]))
        for side in range(2):
            assert rmse(found[side], exact_sides(p)[side, INSIDE]) < 0.012, (side, p)


def test_optimism_of_both_sides_closes_the_zone(believed):
    middle = np.array([5])
    for optimism, zone in zip((0, 0.02, 0.04, 0.06, 0.08), (0.659, 0.476, 0.291, 0.115, -0.043), strict=True):
        sides = [believing(middle, np.array([0.5 + shift])) for shift in (optimism, -optimism)]
        assert 1 - believed.predict(np.stack(sides)).sum() == pytest.approx(zone, abs=0.02)


def test_later_settlement_narrows_the_zone():
    forts = walk(0.5, 20_000, seed=2)
    without = fit(paths_of(forts))
    settling = fit(paths_of(forts, settle=halving(later)))
    middle = powers(np.array([5]))
    assert 1 - without.predict(middle).sum() == pytest.approx(0.659, abs=0.02)
    assert 1 - settling.predict(middle).sum() == pytest.approx(0.342, abs=0.02)
    assert settling.converged
    assert rmse(settling.predict(powers(INSIDE)), exact_settled(0.5, later)[:, INSIDE]) < 0.012


def test_iteration_settles_down_where_it_would_swing_for_ever():
    def hinged(zone: Array) -> Array:
        return 0.3 / (1 + np.exp(-(zone - 0.2) / 0.02))

    forts = walk(0.5, 6_000, seed=4)
    found = fit(paths_of(forts, settle=halving(hinged)))
    assert found.converged
    assert max(found.moved[1:]) > 0.02, "the case must be one that swings"
    assert 1 - found.predict(powers(np.array([5]))).sum() == pytest.approx(
        1 - exact_settled(0.5, hinged).sum(axis=0)[5], abs=0.03
    )


def test_a_standing_offer_is_taken_where_fighting_on_is_worth_less():
    """Optimal stopping, exact by value iteration; with a regressor for every state nothing is lost by approximation."""
    forts, offer = walk(0.5, 20_000, seed=5), 0.3

    def each(forts: NDArray[np.integer]) -> Array:
        return np.broadcast_to(np.append([np.ones(len(forts))], forts == INSIDE[1:, None], 0), (2, 9, len(forts)))

    def take(step: int, run: reservation.IntArray, values: Array) -> tuple[Array, Array]:
        return (values[0] < offer).astype(float), np.full(values.shape, offer)

    value = exact(0.5)
    for _ in range(3000):
        reached = np.where(fought(np.arange(FORTS + 1)), np.maximum(value, offer), value)
        value[INSIDE] = -COST + DISCOUNT * (reached[2:] + reached[:-2]) / 2
    assert value[3] - exact(0.5)[3] > 0.2, "the offer must matter"
    found = fit(paths_of(forts, lambda step, run: each(forts[step, run]), settle=take)).predict(each(INSIDE))[0]
    assert rmse(found, value[INSIDE]) < 0.012


# Payoffs never inform their own decisions


def test_shuffled_payoffs_explain_nothing_out_of_fold():
    paths = few(3000, discount=np.ones((2, 3000)), cost=np.zeros((40, 2, 3000)))
    shuffled = replace(paths, terminal=paths.terminal[:, np.random.default_rng(8).permutation(3000)])
    assert fit(paths).r2.min() > 0.15
    assert (fit(shuffled).r2 <= 0.002).all()


def test_noise_that_overfits_is_seen_out_of_fold():
    generator = np.random.default_rng(9)
    noise = generator.normal(size=(1, 2, 80, 120))
    noise[:, :, 0] = 1
    one = Paths(
        stored(noise),
        np.zeros((1, 2, 120)),
        np.ones((2, 120)),
        generator.normal(size=(2, 120)),
        np.ones((1, 120), bool),
    )
    assert (fit(one).r2 < -0.2).all()


def test_a_run_is_valued_without_its_own_fold():
    paths = few()
    changed = replace(paths, terminal=np.where(np.arange(600) % 5 == 2, 9.0, paths.terminal))
    before, after = fit(paths), fit(changed)
    assert np.array_equal(before.held_out[2], after.held_out[2])
    assert not np.allclose(before.held_out[1], after.held_out[1])
    assert not np.allclose(before.coefficients, after.coefficients)


# What an intervention changes


def test_nothing_changed_changes_nothing():
    paths = few(settle=halving(later))
    base = fit(paths)
    revision = revise(base, paths, paths)
    assert np.array_equal(revision.fit.coefficients, base.coefficients)
    assert (revision.shift == 0).all()
    assert (revision.error == 0).all()


def test_a_gift_at_the_end_shifts_every_value_by_as_much():
    paths = few(discount=np.ones((2, 600)))
    revision = revise(fit(paths), paths, replace(paths, terminal=paths.terminal + np.array([[0.1], [-0.2]])))
    assert revision.shift == pytest.approx([0.1, -0.2])
    assert revision.error == pytest.approx([0, 0], abs=1e-9)
    assert revision.fit.predict(powers(INSIDE)) - fit(paths).predict(powers(INSIDE)) == pytest.approx(
        np.broadcast_to([[0.1], [-0.2]], (2, 9))
    )


def test_the_shift_of_a_shifted_war_is_exact_within_its_error():
    """Odds move from .5 to .53: what a state is worth changes by the difference of two linear systems."""
    runs = 4000
    before, after = walk(0.5, runs, seed=6), walk(0.53, runs, seed=6)
    paths, changed = paths_of(before), paths_of(after)
    base = fit(paths)
    revision = revise(base, paths, changed)
    both = paths.alive & changed.alive
    true = (exact_sides(0.53) - exact_sides(0.5))[:, after[:-1][both]].mean(axis=-1)
    assert (np.abs(revision.shift - true) < 3 * revision.error).all()
    unpaired = revise(base, paths_of(walk(0.5, runs, seed=7)), changed)
    assert (revision.error < 0.8 * unpaired.error).all()
    better = rmse(revision.fit.predict(powers(INSIDE)), exact_sides(0.53)[:, INSIDE])
    assert better < 0.5 * rmse(base.predict(powers(INSIDE)), exact_sides(0.53)[:, INSIDE])


def test_a_revision_iterates_the_policy_that_it_changes():
    """War becomes dearer for one side: what they agree on later moves in favour of the other, whose costs stay."""
    paths = paths_of(walk(0.5, 4000, seed=13), settle=halving(later))
    dearer = replace(paths, cost=paths.cost + np.array([[2 * COST], [0]]))
    base, alone = fit(paths), fit(dearer).predict(powers(INSIDE))
    revision = revise(base, paths, dearer, tolerance=0.001)
    at_once = revise(base, paths, dearer, passes=1)
    assert revision.converged
    assert not at_once.converged
    assert at_once.shift[1] == pytest.approx(0, abs=1e-9)
    assert revision.shift[1] > 0.05
    missed = [rmse(values.predict(powers(INSIDE)), alone) for values in (base, at_once.fit, revision.fit)]
    assert missed[2] < 0.5 * missed[1] < 0.3 * missed[0]
    assert missed[2] < 0.05


# Symmetry, scale, determinism, range


def test_sides_swap():
    forts = walk(0.52, 900, seed=14, steps=40)
    one = fit(paths_of(forts, settle=halving(later)))
    other = fit(paths_of((FORTS - forts).astype(np.int8), settle=halving(later)))
    assert one.predict(powers(INSIDE)) == pytest.approx(other.predict(powers(INSIDE[::-1]))[::-1], abs=1e-9)


def test_deterministic():
    one, other = fit(few(settle=halving(later))), fit(few(settle=halving(later)))
    assert np.array_equal(one.coefficients, other.coefficients)
    assert one.moved == other.moved


@settings(max_examples=15, deadline=None)
@given(st.floats(0.01, 100), st.floats(-50, 50))
def test_units_of_a_regressor_do_not_matter(unit, origin):
    paths = few(300)

    def terms(step: int, run: reservation.IntArray) -> Array:
        told = paths.regressors(step, run).copy()
        told[:, 1:] = told[:, 1:] * unit + origin
        return told

    rescaled = powers(INSIDE)
    rescaled[:, 1:] = rescaled[:, 1:] * unit + origin
    assert fit(replace(paths, regressors=terms)).predict(rescaled) == pytest.approx(
        fit(paths).predict(powers(INSIDE)), abs=1e-6
    )


@settings(max_examples=10, deadline=None)
@given(st.floats(0.0, 0.05))
def test_dearer_wars_are_worth_less(extra):
    paths = few(300)
    dearer = replace(paths, cost=paths.cost + extra)
    assert (fit(dearer).predict(powers(INSIDE)) <= fit(paths).predict(powers(INSIDE)) + 0.01).all()


def test_weight_is_the_same_as_repetition():
    forts = walk(0.5, 300, seed=15, steps=40)
    twice = np.concatenate([forts, forts[:, :100]], axis=1)
    weighted = fit(paths_of(forts, weight=np.where(np.arange(300) < 100, 2.0, 1.0)))
    assert weighted.coefficients == pytest.approx(fit(paths_of(twice)).coefficients, abs=1e-9)


def test_states_that_do_not_count_teach_nothing():
    forts = walk(0.5, 400, seed=16, steps=40)
    early = fit(paths_of(forts, weight=(np.arange(40) < 10)[:, None].astype(float)))
    assert early.samples == fought(forts[:10]).sum()
    assert early.rmse.shape == (2,)


def test_array_and_function_of_regressors_agree():
    forts = walk(0.5, 300, seed=17, steps=30)
    array = np.moveaxis(LADDER[:6, forts[:-1]], 0, 1)
    both = stored(np.stack([array, array], axis=1))
    assert np.array_equal(fit(paths_of(forts, both)).coefficients, fit(paths_of(forts)).coefficients)


def test_states_beyond_the_training_are_clipped_and_told():
    found = fit(few())
    edge, beyond = powers(np.array([9])), powers(np.array([9]))
    beyond[:, 1] += 5
    assert np.array_equal(found.predict(beyond), found.predict(edge))
    assert found.scale.outside(edge).sum() == 0
    share = found.scale.outside(np.concatenate([beyond, edge], axis=-1))
    assert share[:, 1].tolist() == [0.5, 0.5]
    assert share.sum() == 1


def test_values_of_many_steps_at_once():
    found = fit(few())
    told = powers(INSIDE)
    stacked = found.predict(np.stack([told, told[..., ::-1]]))
    assert stacked.shape == (2, 2, 9)
    assert stacked[1] == pytest.approx(found.predict(told)[..., ::-1])


def test_report_tells_what_the_fit_is_worth():
    found = fit(few(settle=halving(later)))
    told = found.report(powers(INSIDE))
    assert told["passes"] == 1 + len(found.moved)
    assert told["moved"][-1] < reservation.TOLERANCE
    assert told["r2"] == found.r2.tolist()
    assert np.shape(told["outside"]) == (2, 6)
    assert "outside" not in found.report()


def test_a_fight_to_the_finish_takes_one_pass():
    found = fit(few())
    assert found.converged
    assert found.moved == ()


# What cannot be learned from


def broken_regressors(step: int, run: reservation.IntArray) -> Array:
    told = np.ones((2, 3, len(run)))
    told[1, 2, 4] = np.nan
    return told


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"discount": np.full((2, 600), 1.2)}, "outside"),
        ({"discount": np.ones(600)}, r"discount has shape \(600,\)"),
        ({"terminal": np.full((2, 600), np.nan)}, "not finite"),
        ({"cost": np.zeros((40, 600))}, "side"),
        ({"alive": np.arange(40)[:, None] % 2 == np.zeros(600)}, "fought on again"),
        ({"weight": -1.0}, "negative"),
        ({"weight": np.ones(7)}, "broadcasts"),
    ],
)
def test_paths_that_make_no_sense_are_refused(changes, message):
    with pytest.raises(ReservationError, match=message):
        few(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"alive": np.zeros((40, 600), bool)}, "nothing to learn"),
        ({"weight": 0.0}, "nothing to learn"),
        ({"weight": (np.arange(600) % 5 == 1).astype(float)}, "one fold"),
        ({"regressors": broken_regressors}, "term 2 of side 1 is nan at step 0 of run 4"),
        ({"regressors": lambda step, run: np.full((2, 3, len(run)), 2.0)}, "must be 1"),
        ({"regressors": lambda step, run: np.ones((3, len(run)))}, "is needed"),
        ({"settle": lambda step, run, values: (values[0] + 5, values)}, "outside"),
        ({"settle": lambda step, run, values: (values, values)}, "are needed"),
    ],
)
def test_what_teaches_nothing_is_refused(changes, message):
    with pytest.raises(ReservationError, match=message):
        fit(few(**changes))


@pytest.mark.parametrize("asked", [{"folds": 1}, {"folds": 601}, {"ridge": 0.0}, {"passes": 0}])
def test_settings_out_of_range_are_refused(asked):
    with pytest.raises(ReservationError):
        fit(few(), **asked)


def test_other_runs_are_no_pair():
    with pytest.raises(ReservationError, match="same runs"):
        revise(fit(few()), few(), few(300))


def test_other_terms_are_refused():
    with pytest.raises(ReservationError, match="6 terms"):
        fit(few()).predict(np.ones((2, 3, 4)))
