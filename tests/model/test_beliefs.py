"""Beliefs: battle brings minds together as fast as Bayes' rule says, bias keeps them apart, talks tell who is hard."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from ceasefire.model import beliefs
from ceasefire.model.beliefs import FURTHEST, HARDNESS, VAGUE, learned
from ceasefire.model.declare import declared
from ceasefire.model.intervene import NOTHING, Intervention, Place
from ceasefire.model.noise import Noise, normal_quantile

RUNS, WEEKS = 400, 300
PLAIN = {"bias": 0.0, "memory": 1.0, "precision": 0.5, "doubt_opening": 0.4}
OPEN = {"gap_opening": [[0.8], [0.3]]}
PARAMETERS = [v for v in declared(beliefs) if v.kind == "parameter"]
SEED = jnp.asarray([4, 0], jnp.uint32)


class Dice(Noise):
    """Dice that the sides may swap (`mirror`), or that show their middle (`calm`)."""

    mirror: jax.Array = False
    calm: jax.Array = False

    def uniform(self, name, shape=()):
        u = super().uniform(name, shape)
        return jnp.where(self.calm, 0.5, jnp.where(self.mirror, u[::-1], u))


@pytest.fixture(autouse=True)
def precise():
    with jax.enable_x64(True):
        yield


@jax.jit
def _run(params, state, received, do, mirror, calm):
    def week(state, number):
        noise = Dice(SEED, jnp.arange(RUNS, dtype=jnp.uint32), number, "beliefs", mirror, calm)
        after, flows = beliefs.step(params, state, do=do, noise=noise, **received)
        return after, (after, flows)

    return jax.lax.scan(week, state, jnp.arange(WEEKS))[1]


def years(params, *, state=None, do=NOTHING, mirror=False, calm=False, ground=(12.0, 4.0), **given):
    """State and flows week by week; what comes in stands: `ground` is what each side is expected to take a week."""
    received = {"talking": 0.0, "earnest": 0.0, "peace": 0.0} | given
    received = {name: jnp.full(RUNS, value, float) for name, value in received.items()}
    by_axis = np.asarray(ground, float)[:, None] * np.array([0.25, 0.75])
    received["expected"] = jnp.asarray(np.repeat(by_axis[..., None], RUNS, axis=-1))
    state = state or beliefs.opening(params, beliefs.relative_power(params, received["expected"]))
    told = _run(params, state, received, do, jnp.asarray(mirror), jnp.asarray(calm))
    return jax.tree.map(np.asarray, told)


@pytest.fixture
def drawn(with_prior_medians):
    """Parameters at the medians of their priors, or at what is given for both sides or [side, 1]."""
    return lambda **given: with_prior_medians(beliefs, runs=RUNS, **given)


def gap(state):
    """How much more the first side thinks of its power than the second does, both as the first side's."""
    return state.mean[:, 0] - state.mean[:, 1]


def test_a_signal_moves_a_belief_as_the_kalman_filter_does():
    mean, variance = learned(0.0, 2.0, 3.0, 1.0, 1.0)
    assert (float(mean), float(variance)) == pytest.approx((2.0, 2 / 3), rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    prior=st.tuples(st.floats(-3, 3), st.floats(0.01, 5)),
    other=st.tuples(st.floats(-3, 3), st.floats(0.01, 5)),
    signal=st.floats(-5, 5),
    precision=st.floats(0.01, 10),
)
def test_a_shared_signal_leaves_the_gap_of_log_densities_what_it_was(prior, other, signal, precision):
    """Two normal densities differ in m/P and in 1/P; a likelihood that both share adds the same to either's."""
    before = np.array([[m / p, 1 / p] for m, p in (prior, other)])
    after = np.array([learned(m, p, signal, precision, 1.0) for m, p in (prior, other)], float)
    natural = np.column_stack([after[:, 0] / after[:, 1], 1 / after[:, 1]])
    np.testing.assert_allclose(natural[0] - natural[1], before[0] - before[1], rtol=1e-9, atol=1e-9)


def test_power_is_what_either_side_is_expected_to_take(drawn):
    _, flows = years(drawn(), calm=True, ground=(12.0, 4.0))
    np.testing.assert_allclose(flows.power, np.log(13 / 5), rtol=1e-12)
    _, flows = years(drawn(), calm=True, ground=(0.0, 0.0))
    assert (flows.power == 0).all()
    params = drawn(usual_tempo=17.0)
    assert beliefs.tempo(params, jnp.asarray([[12.0, 0.0], [3.0, 1.0]])[..., None]) == pytest.approx(0.0, abs=1e-12)


def test_without_bias_the_gap_shrinks_by_its_closed_form(drawn):
    state, _ = years(drawn(**PLAIN, **OPEN), calm=True)
    weeks = np.arange(1, WEEKS + 1)[:, None]
    np.testing.assert_allclose(gap(state), 1.1 / (1 + weeks * 0.4 * 0.5) * np.ones(RUNS), rtol=1e-10)


def test_with_the_luck_of_battle_it_does_so_on_average(drawn):
    state, _ = years(drawn(**PLAIN, **OPEN))
    for week in (3, 20, 100):
        found = gap(state)[week - 1]
        error = found.std() / np.sqrt(RUNS)
        assert error > 0.005
        assert abs(found.mean() - 1.1 / (1 + week * 0.2)) < 4 * error


def test_with_biases_the_gap_tends_to_what_they_add_up_to_and_optimism_to_the_bias(drawn):
    bias = np.array([[0.3], [-0.1]])
    state, flows = years(drawn(**PLAIN | {"bias": bias, "memory": 0.97}, **OPEN), calm=True)
    np.testing.assert_allclose(gap(state)[-1], 0.2, atol=1e-4)
    np.testing.assert_allclose(flows.optimism[-1], bias * np.ones(RUNS), atol=1e-4)
    assert (np.diff(gap(state)[:, 0]) < 0).all()


def test_old_battles_that_fade_leave_a_doubt_that_stays(drawn):
    """At rest 1/P = δ/P + precision."""
    state, _ = years(drawn(**PLAIN | {"memory": 0.95, "precision": 2.0}))
    np.testing.assert_allclose(state.variance[-1], (1 - 0.95) / 2.0, rtol=1e-6)


def test_without_the_coupling_battle_teaches_nothing(drawn):
    params = drawn(**PLAIN | {"precision": 0.0, "memory": 0.9}, **OPEN)
    one, _ = years(params, ground=(12.0, 4.0))
    opened = beliefs.opening(params, jnp.full(RUNS, np.log(13 / 5)))
    np.testing.assert_array_equal(one.mean, np.broadcast_to(opened.mean, one.mean.shape))
    other, _ = years(params, ground=(1.0, 40.0), state=opened)
    np.testing.assert_array_equal(one.mean, other.mean)
    assert one.variance[-1].max() == VAGUE


def test_nothing_is_learned_in_peace(drawn):
    params = drawn(**OPEN, hardness=1.0)
    opened = beliefs.opening(params, jnp.full(RUNS, 0.4))
    state, flows = years(params, state=opened, peace=1.0, talking=1.0, earnest=1.0)
    for left, right in zip(jax.tree.leaves(state), jax.tree.leaves(opened), strict=True):
        np.testing.assert_array_equal(left, np.broadcast_to(right, left.shape))
    assert (flows.power == 0.4).all()


@pytest.mark.parametrize("true", range(len(HARDNESS)))
def test_earnest_talks_tell_of_which_type_the_enemy_is(true, drawn):
    hardness = np.asarray(HARDNESS)[[true, (true + 1) % 3]][:, None]
    _, flows = years(drawn(hardness=hardness), talking=1.0, earnest=1.0)
    assert (flows.chance[-1, 1, true] > 0.99).mean() > 0.99
    assert (flows.chance[-1, 0, (true + 1) % 3] > 0.99).mean() > 0.99
    assert (np.abs(flows.reckoned[-1]) < 0.02).mean() > 0.98
    first, last = flows.chance[0, 1, true], flows.chance[-1, 1, true]
    assert last.mean() > first.mean()


def test_who_is_softer_than_he_is_thought_is_reckoned_hard(drawn):
    _, flows = years(drawn(hardness=np.array([[-1.0], [1.0]])))
    np.testing.assert_allclose(flows.reckoned[:, 0], -1.0, atol=1e-12)
    np.testing.assert_allclose(flows.reckoned[:, 1], 1.0, atol=1e-12)


def test_offers_are_weighed_by_bayes_rule(drawn):
    params = drawn(hardness=np.array([[0.3], [-1.2]]), offer_noise=1.5, insincere_noise=3.0)
    u = np.random.default_rng(2).uniform(0.02, 0.98, (2, RUNS))
    prior = np.log(np.random.default_rng(3).dirichlet(np.ones(3), (2, RUNS)).transpose(0, 2, 1))
    for earnest, spread in ((1.0, 1.5), (0.0, 4.5)):
        offer = np.array([[-1.2], [0.3]]) + spread * np.asarray(normal_quantile(jnp.asarray(u)))
        weight = np.exp(prior) * norm.pdf(offer[:, None], np.array([-1.0, 0.0, 1.0])[:, None], spread)
        told = beliefs.heard(params, jnp.asarray(prior), jnp.asarray(u), jnp.ones(RUNS), jnp.full(RUNS, earnest))
        np.testing.assert_allclose(jax.nn.softmax(told, axis=1), weight / weight.sum(axis=1, keepdims=True), rtol=1e-9)


def test_two_who_hear_the_same_offers_keep_the_gap_of_their_log_odds(drawn):
    params = drawn(hardness=0.4)
    prior = jnp.asarray(np.random.default_rng(5).normal(size=(2, 3, RUNS)))
    u = jnp.repeat(jnp.asarray(np.random.default_rng(6).uniform(size=(1, RUNS))), 2, axis=0)
    told = beliefs.heard(params, prior, u, jnp.ones(RUNS), jnp.ones(RUNS))
    before, after = prior[0] - prior[1], told[0] - told[1]
    np.testing.assert_allclose(after - after[0], before - before[0], atol=1e-12)
    assert (np.abs(told - prior) > 1e-3).any()


def test_insincere_talks_tell_less_and_silence_nothing(drawn):
    params = drawn(hardness=1.0)
    silent, insincere, earnest = (
        years(params, talking=talking, earnest=meant)[1].chance[100, :, 2].mean()
        for talking, meant in ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))
    )
    assert silent == pytest.approx(1 / 3, abs=1e-12)
    assert silent + 0.05 < insincere < earnest - 0.05


def test_swapped_sides_with_swapped_dice_see_the_mirror_image(drawn):
    given = {"bias": [0.3, -0.2], "gap_opening": [0.5, 0.1], "doubt_opening": [0.1, 0.3], "hardness": [0.7, -0.4]}
    talks = {"talking": 1.0, "earnest": 1.0}
    one, image = (
        years(drawn(**{name: np.array(pair[::step])[:, None] for name, pair in given.items()}), mirror=flip, **told)
        for step, flip, told in (
            (1, False, {"ground": (12.0, 4.0), **talks}),
            (-1, True, {"ground": (4.0, 12.0), **talks}),
        )
    )
    for name in ("variance", "odds"):
        np.testing.assert_allclose(getattr(image[0], name), getattr(one[0], name)[:, ::-1], atol=1e-9)
    np.testing.assert_allclose(image[0].mean, -one[0].mean[:, ::-1], atol=1e-9)
    np.testing.assert_allclose(image[1].power, -one[1].power, atol=1e-12)
    for name in ("optimism", "reckoned", "chance"):
        np.testing.assert_allclose(getattr(image[1], name), getattr(one[1], name)[:, ::-1], atol=1e-9)


def test_a_decreed_power_is_what_both_learn(drawn):
    place = Place("beliefs.power", 0, (), beliefs.REACH)
    do = Intervention(jnp.zeros(1), jnp.asarray([1e15]), (place,), "beliefs")
    state, flows = years(drawn(**PLAIN | {"precision": 50.0}), do=do, calm=True)
    assert (flows.power == FURTHEST).all()
    np.testing.assert_allclose(state.mean[-1], FURTHEST, rtol=1e-3)


@pytest.mark.parametrize("variable", PARAMETERS, ids=lambda variable: variable.name)
@pytest.mark.parametrize("value", [0.0, 1e15, -1e15])
def test_nothing_breaks_whatever_a_parameter_is(variable, value, drawn):
    params, name = drawn(), variable.name.partition(".")[2]
    low, high = variable.bounds
    given = jnp.full_like(getattr(params, name), np.clip(value, low, high))
    with jax.enable_x64(False):
        params = jax.tree.map(lambda leaf: leaf.astype(jnp.float32), dataclasses.replace(params, **{name: given}))
        state, flows = years(params, talking=1.0, earnest=1.0)
    for leaf in jax.tree.leaves((state, flows)):
        assert np.isfinite(leaf).all()
    assert np.abs(state.mean).max() <= FURTHEST
    np.testing.assert_allclose(flows.chance.sum(axis=2), 1, atol=1e-5)


def test_single_precision_stays_single(drawn):
    with jax.enable_x64(False):
        state, flows = years(jax.tree.map(lambda leaf: leaf.astype(jnp.float32), drawn()))
    assert {leaf.dtype for leaf in jax.tree.leaves((state, flows))} == {np.dtype(np.float32)}
