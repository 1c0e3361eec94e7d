"""Resolve: what fighting on is worth, against exact solutions, and what moves the least that a side would accept."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceasefire.model import resolve
from ceasefire.model.axes import Appraisal
from ceasefire.model.declare import declared
from ceasefire.model.intervene import NOTHING, Intervention, Place
from ceasefire.model.resolve import READINGS, forts_value

RUNS = 24
PARAMETERS = [v for v in declared(resolve) if v.kind == "parameter"]
CAUSES = {"loss_cost": "losses", "stress_cost": "stress", "strain_cost": "strain", "wish_cost": "wish"}


@pytest.fixture(autouse=True)
def precise():
    with jax.enable_x64(True):
        yield


@pytest.fixture
def drawn(with_prior_medians):
    """Parameters drawn from their priors, or as given for all or [side, 1]."""

    def params(seed=1, **given):
        random, found = np.random.default_rng(seed), {}
        for variable in PARAMETERS:
            shape = [{"side": 2, "reading": len(READINGS), "run": RUNS}[dim] for dim in variable.dims]
            found[variable.name.partition(".")[2]] = variable.prior.quantile(random.uniform(0.05, 0.95, shape))
        return with_prior_medians(resolve, runs=RUNS, **found | given)

    return params


def both(value):
    """A number for both sides, or one for each."""
    return jnp.asarray(np.broadcast_to(np.asarray(value, float).reshape(-1, 1), (2, RUNS)))


def known(power=0.0, mean=None, tempo=0.0, **given):
    """What sides go by, all as at the opening but what is given; `mean` is one for both, or each."""
    names = [f.name for f in dataclasses.fields(resolve.Known) if f.name not in ("mean", "power", "tempo")]
    rest = {name: both(given.pop(name, 0.0)) for name in names}
    assert not given
    whole = {"power": jnp.full(RUNS, float(power)), "tempo": jnp.full(RUNS, float(tempo))}
    return resolve.Known(mean=both(power if mean is None else mean), **whole, **rest)


def appraisal(standing=(0.5, 0.4), stake=0.6):
    none = jnp.zeros((2, 1, RUNS))
    return Appraisal(
        worth=none,
        overruling=none,
        bundle_worth=jnp.zeros((3, 2, RUNS)),
        bundle=jnp.zeros((3, 1, RUNS)),
        standing=both(standing),
        stake=both(stake),
        line=jnp.zeros((1, RUNS)),
    )


def one_week(params, state=None, *, do=NOTHING, at_war=True, stands=None, **given):
    talked = {
        name: both(given.pop(name, usual)) for name, usual in (("urged", 1.0), ("hardness", 0.0), ("reckoned", 0.0))
    }
    told = {"known": known(**given), "appraisal": stands or appraisal(), "at_war": jnp.full(RUNS, at_war)}
    return resolve.step(params, state or resolve.opening(RUNS), do=do, **told, **talked)


def exact(forts, chance, discount, cost, kept=0.0):
    """Worth of fighting to the finish from 0 … N forts, as the solution of its linear equations."""
    equations, constants = np.eye(forts + 1), kept * (1 - discount) * np.arange(forts + 1) / forts - cost
    for k in range(1, forts):
        equations[k, k + 1] -= discount * chance
        equations[k, k - 1] -= discount * (1 - chance)
    constants[0], constants[-1] = 0, 1
    return np.linalg.solve(equations, constants)


@pytest.mark.parametrize("chance", [0.02, 0.4, 0.45, 0.5, 0.55, 0.6, 0.98])
@pytest.mark.parametrize(("discount", "cost"), [(0.995, 0.012), (0.9, 0.0), (0.9999, 0.001)])
def test_a_war_over_forts_is_worth_what_its_equations_say(chance, discount, cost):
    for forts in (10, 3, 20):
        for kept in (0.0, 1.0):
            found = forts_value(np.arange(forts + 1.0), forts, chance, discount, cost, kept)
            np.testing.assert_allclose(found, exact(forts, chance, discount, cost, kept), rtol=1e-9, atol=1e-8)


def test_ten_forts_with_patience_and_costs_are_worth_what_the_notes_say():
    """N = 10, p = .5, β = .995, c = .012: W(5) = .171 (model notes, section 12)."""
    assert forts_value(5.0, 10.0, 0.5, 0.995, 0.012) == pytest.approx(0.171, abs=5e-4)


@pytest.mark.parametrize(("forts", "k", "chance", "wins"), [(10, 5, 0.55, 0.731717), (20, 10, 0.52, 0.690066)])
def test_a_free_war_of_the_patient_is_worth_its_chance_of_victory(forts, k, chance, wins):
    """Smith and Stam: P = (1 − r^k) / (1 − r^N), r = q / p."""
    assert forts_value(float(k), float(forts), chance, 1 - 1e-12, 0.0) == pytest.approx(wins, abs=1e-6)


@settings(max_examples=80, deadline=None)
@given(
    held=st.floats(0.2, 9.8),
    chance=st.floats(0.05, 0.95),
    discount=st.floats(0.9, 0.999),
    cost=st.floats(0, 0.02),
    more=st.floats(1e-3, 0.02),
)
def test_a_free_war_is_worth_more_with_more_forts_and_chances_and_any_war_less_with_costs(
    held, chance, discount, cost, more
):
    with jax.enable_x64(True):
        free = forts_value(held, 10.0, chance, discount, 0.0)
        assert forts_value(held + 5 * more, 10.0, chance, discount, 0.0) > free
        assert forts_value(held, 10.0, chance + more, discount, 0.0) > free
        worth = forts_value(held, 10.0, chance, discount, cost)
        assert forts_value(held, 10.0, chance, discount, cost + more) < worth


@pytest.mark.parametrize("seed", range(4))
def test_single_precision_finds_the_same_over_all_of_the_prior(seed, drawn):
    params = drawn(seed)
    reading = resolve.readings(params, known(power=0.7), appraisal(), both(1.3))
    expected = resolve.worth_of_fighting(params, reading)
    with jax.enable_x64(False):
        narrow = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), (params, reading))
        found = resolve.worth_of_fighting(*narrow)
        assert found.dtype == jnp.float32
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_optimism_of_both_leaves_less_to_share_and_costs_of_both_leave_more(drawn):
    """One less both values of fighting on is what peace could share."""
    params = drawn()

    def left(optimism=0.0, factor=1.0):
        dearer = dataclasses.replace(params, cost=params.cost * factor)
        _, flows = one_week(dearer, mean=[optimism, -optimism], stands=appraisal((0.55, 0.45)))
        return np.asarray(1 - flows.fighting_on.sum(axis=0))

    shared = np.stack([left(optimism) for optimism in (0.0, 0.2, 0.5, 1.0)])
    assert (np.diff(shared, axis=0) < 0).all()
    assert (np.diff(np.stack([left(factor=f) for f in (0.5, 1.0, 2.0, 4.0)]), axis=0) > 0).all()
    assert (left() > 0).all()


def test_readings_come_in_their_order_with_power_as_it_is(drawn):
    params = drawn(cost=0.0006, impatience=0.003)
    given = {"force": [0.3, -0.3], "stress": [0.1, 0.2], "strain": [0.4, 0.5], "aid": [-0.6, 0.7]}
    _, flows = one_week(
        params, power=1.2, mean=[3.0, 3.0], tempo=0.5, cohesion=[0.8, 0.9], power_supply=[0, -0.1], **given
    )
    at = {name: np.asarray(flows.reading)[:, k, 0] for k, name in enumerate(READINGS)}
    np.testing.assert_allclose(at["one"], 1)
    np.testing.assert_allclose(at["power"], [0.6, -0.6])
    np.testing.assert_allclose(at["standing_power"], [0.5 * 0.6, -0.4 * 0.6])
    np.testing.assert_allclose(at["tempo_stake_power"], [0.5 * 0.6 * 0.6, -0.5 * 0.6 * 0.6])
    np.testing.assert_allclose(at["impatience"], 0, atol=1e-12)
    np.testing.assert_allclose(at["cost"], np.log(2) + at["burden"])
    np.testing.assert_allclose(at["burden_cost"], at["cost_impatience"])
    np.testing.assert_allclose(at["enemy_burden"], at["burden"][::-1])
    for name in ("stress", "strain", "aid"):
        np.testing.assert_allclose(at[name], given[name])
        np.testing.assert_allclose(at[f"enemy_{name}"], given[name][::-1])
    np.testing.assert_allclose(at["enemy_grid"], [-0.1, 0])
    np.testing.assert_allclose(at["cohesion"], [0.8, 0.9])


def test_readings_with_another_power_are_those_of_a_war_with_that_power(drawn):
    params = drawn()
    one, other = (resolve.readings(params, known(power=p, tempo=0.3), appraisal(), both(1.1)) for p in (0.4, -1.3))
    np.testing.assert_allclose(resolve.with_power(params, one, both(-1.3)), other, rtol=1e-12)


def fit(seed=3, low=-0.5, high=0.5):
    value = np.random.default_rng(seed).normal(size=(2, len(READINGS), 1)) / 30
    return {"fitted": 1.0, "value": value, "value_low": low, "value_high": high}


def test_fitted_values_are_linear_in_readings_held_within_what_was_learned_from(drawn):
    given = fit()
    params = drawn(**given)
    reading = np.random.default_rng(4).normal(size=(2, len(READINGS), RUNS))
    found = resolve.worth_of_fighting(params, jnp.asarray(reading))
    np.testing.assert_allclose(found, (given["value"] * np.clip(reading, -0.5, 0.5)).sum(axis=1), rtol=1e-9)
    far = resolve.worth_of_fighting(params, jnp.asarray(np.where(reading > 0.5, 50.0, reading)))
    np.testing.assert_allclose(far, found, rtol=1e-12)


def test_a_side_values_fighting_on_by_what_it_believes_and_relapse_by_power_after_a_pause(drawn):
    params = drawn(**fit(), rearm=np.array([[0.3], [0.1]]))
    _, flows = one_week(params, power=0.1, mean=[0.4, 0.2])
    for mean, found in (([0.4, 0.2], flows.fighting_on), ([0.6, 0.4], flows.relapsed)):
        reading = resolve.with_power(params, flows.reading, both(mean))
        np.testing.assert_allclose(found, resolve.worth_of_fighting(params, reading), rtol=1e-12)
    np.testing.assert_allclose(flows.shift, 0.2, rtol=1e-12)


def test_what_a_cause_adds_to_the_burden_follows_its_law_and_lasts_eight_weeks(drawn):
    for name, cause in CAUSES.items():
        params = drawn(**dict.fromkeys((*CAUSES, "hardship_cost"), 0.0) | {name: 0.5})
        after, _ = one_week(params, **{cause: [0.8, -0.8]})
        step = 1 - 2 ** (-1 / 8)
        np.testing.assert_allclose(after.burden[:, 0], 1 + step * (np.exp([0.4, -0.4]) - 1), rtol=1e-9)
        for _ in range(8):
            after, _ = one_week(params, after)
        np.testing.assert_allclose(after.burden[:, 0], 1 + step * (np.exp([0.4, -0.4]) - 1) / 2, rtol=1e-9)
        cut, _ = one_week(drawn(**dict.fromkeys((*CAUSES, "hardship_cost"), 0.0)), **{cause: [5.0, -5.0]})
        assert (cut.burden == 1).all()
    params = drawn(**dict.fromkeys(CAUSES, 0.0), hardship_cost=0.5)
    after, _ = one_week(params, hours=[12.0, 0.0])
    np.testing.assert_allclose(after.burden[:, 0], [1 + step * (np.exp(0.25) - 1), 1], rtol=1e-9)


def test_the_burden_is_remembered_but_not_changed_in_peace(drawn):
    before = resolve.State(both([1.5, 0.8]))
    after, _ = one_week(drawn(), before, at_war=False, losses=[2.0, 2.0])
    np.testing.assert_array_equal(after.burden, before.burden)


def test_fighting_longer_is_worth_what_it_was_while_nothing_changes(drawn):
    params = drawn()
    first, early = one_week(params, power=0.3)
    state = first
    for _ in range(500):
        state = resolve.State(resolve.MEMORY * state.burden + (1 - resolve.MEMORY) * resolve.burden(params, known()))
    _, late = one_week(params, state, power=0.3)
    np.testing.assert_allclose(late.fighting_on, early.fighting_on, rtol=1e-12)
    np.testing.assert_allclose(late.least, early.least, rtol=1e-12)


def test_pressure_lowers_the_least_by_its_penalty_each_time_it_doubles(drawn):
    plain, pressed = (one_week(drawn(penalty=0.05), urged=urged)[1].least for urged in (1.0, [4.0, 0.5]))
    np.testing.assert_allclose(pressed - plain, both([-0.1, 0.05]), rtol=1e-9)
    one, other = (one_week(drawn(penalty=0.0), urged=urged)[1].least for urged in (1.0, [4.0, 0.5]))
    np.testing.assert_array_equal(one, other)


def test_who_is_hard_accepts_less_and_who_thinks_the_enemy_soft_asks_too_much(drawn):
    params = drawn(hidden=0.03)
    _, flows = one_week(params, hardness=[1.0, -1.0], reckoned=[-0.5, 0.8])
    np.testing.assert_allclose(flows.least - flows.fighting_on, both([0.03, -0.03]), rtol=1e-9)
    np.testing.assert_allclose(flows.asked, 0.03 * 0.5, rtol=1e-9)
    _, flows = one_week(drawn(hidden=0.0), hardness=[1.0, -1.0], reckoned=[-0.5, -0.8])
    np.testing.assert_array_equal(flows.least, flows.fighting_on)
    assert (flows.asked == 0).all()


def decreed(name, value):
    place = Place(f"resolve.{name}", 0, (2,), (-np.inf, np.inf))
    return Intervention(jnp.zeros(2), jnp.asarray(value, float), (place,), "resolve")


def test_a_decreed_value_is_what_the_least_follows_from_and_a_decreed_least_stands(drawn):
    _, flows = one_week(drawn(), do=decreed("fighting_on", [0.9, 0.1]))
    np.testing.assert_allclose(flows.least, both([0.9, 0.1]), rtol=1e-12)
    _, flows = one_week(drawn(), do=decreed("least", [0.2, 0.3]), urged=3.0)
    np.testing.assert_allclose(flows.least, both([0.2, 0.3]), rtol=1e-12)


def test_swapped_sides_want_what_the_other_did(drawn):
    for values in ({}, fit()):
        params = drawn(**values)
        sided = {v.name.partition(".")[2] for v in PARAMETERS if v.dims[0] == "side"}
        image = dataclasses.replace(params, **{name: getattr(params, name)[::-1] for name in sided})
        told = {"losses": [0.3, -0.1], "strain": [0.1, 0.4], "urged": [2.0, 1.0], "hardness": [0.5, 0.0]}
        _, one = one_week(params, power=0.4, mean=[0.7, 0.2], stands=appraisal((0.6, 0.3)), **told)
        swapped = {name: pair[::-1] for name, pair in told.items()}
        _, other = one_week(image, power=-0.4, mean=[-0.2, -0.7], stands=appraisal((0.3, 0.6)), **swapped)
        for name in ("reading", "weekly_cost", "fighting_on", "least", "relapsed"):
            np.testing.assert_allclose(getattr(other, name), getattr(one, name)[::-1], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(other.shift, -one.shift, rtol=1e-12)
        np.testing.assert_allclose(other.asked, one.asked, rtol=1e-12)


@pytest.mark.parametrize("variable", PARAMETERS, ids=lambda variable: variable.name)
@pytest.mark.parametrize("value", [0.0, 1e15, -1e15])
def test_nothing_breaks_whatever_a_parameter_is(variable, value, drawn):
    with jax.enable_x64(False):
        params, name = drawn(), variable.name.partition(".")[2]
        given = jnp.full_like(getattr(params, name), np.clip(value, *variable.bounds))
        params = dataclasses.replace(params, **{name: given})
        after, flows = one_week(params, power=0.5, losses=0.3, hardness=0.4, reckoned=-0.2, urged=1.5)
        for leaf in jax.tree.leaves((after, flows)):
            assert np.isfinite(leaf).all()
            assert leaf.dtype == jnp.float32


@pytest.mark.parametrize("extreme", [1e15, -1e15])
def test_nothing_breaks_whatever_is_known(extreme, drawn):
    with jax.enable_x64(False):
        for name in (f.name for f in dataclasses.fields(resolve.Known) if f.name not in ("mean", "power", "tempo")):
            for values in ({}, fit()):
                after, flows = one_week(drawn(**values), **{name: extreme})
                for leaf in jax.tree.leaves((after, flows)):
                    assert np.isfinite(leaf).all(), name
