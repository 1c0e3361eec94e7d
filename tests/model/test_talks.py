"""Talks: they begin, end and turn earnest as often as their chain says, and what presses moves its rates."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceasefire.model import talks
from ceasefire.model.declare import declared
from ceasefire.model.intervene import NOTHING, Intervention, Place
from ceasefire.model.noise import Noise
from ceasefire.model.talks import EARNEST, INSINCERE, NONE

RUNS, WEEKS = 4000, 60
RATES = {"start": 0.05, "stop": 0.1, "earnest_share": 0.3, "turn": 0.04, "cool": 0.08}
PARAMETERS = [v for v in declared(talks) if v.kind == "parameter"]


@jax.jit
def _run(params, state, received, do):
    def week(state, number):
        noise = Noise(jnp.asarray([9, 0], jnp.uint32), jnp.arange(RUNS, dtype=jnp.uint32), number, "talks")
        after, flows = talks.step(params, state, do=do, noise=noise, **received)
        return after, (after, flows)

    return jax.lax.scan(week, state, jnp.arange(WEEKS))[1]


def year(params, regime=NONE, *, do=NOTHING, opened_at=0.0, **given):
    """State and flows week by week; what comes in stands."""
    received = {"due": 0.0, "wish": 0.0, "power": 0.0} | given
    received = {name: jnp.full(RUNS, value, float) for name, value in received.items()}
    whole = jnp.broadcast_to(jnp.asarray(regime, jnp.int32), RUNS)
    told = _run(params, talks.State(whole, jnp.full(RUNS, opened_at, float)), received, do)
    return jax.tree.map(np.asarray, told)


@pytest.fixture
def drawn(with_prior_medians):
    """Parameters at the medians of their priors, or at what is given for all or [run]."""
    return lambda **given: with_prior_medians(talks, runs=RUNS, **given)


def chain(start=0.05, stop=0.1, earnest_share=0.3, turn=0.04, cool=0.08):
    """The chances of one week, [from, to], by the law in words."""
    begins, ends, turns, cools = (1 - np.exp(-rate) for rate in (start, stop, turn, cool))
    return np.array(
        [
            [1 - begins, begins * (1 - earnest_share), begins * earnest_share],
            [ends, (1 - ends) * (1 - turns), (1 - ends) * turns],
            [ends, (1 - ends) * cools, (1 - ends) * (1 - cools)],
        ]
    )


def occupied(state):
    """Share of runs in each state, [week, state]."""
    return np.stack([(state.regime == each).mean(axis=1) for each in (NONE, INSINCERE, EARNEST)], axis=1)


@pytest.mark.parametrize("opened", [NONE, INSINCERE, EARNEST])
def test_talks_are_where_the_chain_puts_them(opened, drawn):
    state, _ = year(drawn(**RATES), opened)
    expected = np.eye(3)[opened]
    for found in occupied(state):
        expected = expected @ chain()
        assert (np.abs(found - expected) <= 4.5 * np.sqrt(expected * (1 - expected) / RUNS) + 1e-12).all()


def test_each_move_is_as_likely_as_the_chain_says_from_wherever_it_starts(drawn):
    state, _ = year(drawn(**RATES), np.arange(RUNS) % 3)
    before, after = state.regime[:-1].ravel(), state.regime[1:].ravel()
    for origin in range(3):
        among = after[before == origin]
        found = np.bincount(among, minlength=3) / len(among)
        error = np.sqrt(chain()[origin] * (1 - chain()[origin]) / len(among))
        assert (np.abs(found - chain()[origin]) <= 4.5 * error).all()


def test_flows_tell_how_talks_stood_as_the_week_began(drawn):
    state, flows = year(drawn(**RATES), np.arange(RUNS) % 3)
    stood = np.concatenate([(np.arange(RUNS) % 3)[None], state.regime[:-1]])
    np.testing.assert_array_equal(flows.talking, stood > NONE)
    np.testing.assert_array_equal(flows.earnest, stood == EARNEST)


def test_talks_open_in_their_shares(drawn):
    dice = (np.arange(RUNS) + 0.5) / RUNS
    opened = talks.opening(drawn(dice=dice, talking_opening=0.6, earnest_opening=0.25), jnp.full(RUNS, -0.7))
    shares = np.bincount(opened.regime, minlength=3) / RUNS
    np.testing.assert_allclose(shares, [0.4, 0.45, 0.15], atol=2 / RUNS)
    assert opened.imbalance_opening == pytest.approx(0.7)
    assert (talks.opening(drawn(dice=dice), jnp.zeros(RUNS)).regime == NONE).all()


def test_announced_talks_begin_and_go_on(drawn):
    state, _ = year(drawn(**RATES | {"start": 0.0}), due=1.0)
    assert (state.regime > NONE).all()
    found = (state.regime[0] == EARNEST).mean()
    assert abs(found - 0.3) < 4.5 * np.sqrt(0.3 * 0.7 / RUNS)
    state, _ = year(drawn(**RATES | {"start": 0.0}))
    assert (state.regime == NONE).all()


def begun(state):
    return (state.regime[0] > NONE).mean()


def turned(state):
    return (state.regime[0] == EARNEST).mean()


EFFECTS = ("pressure_effect", "wish_effect", "imbalance_effect")
FAST = {"start": 0.3, "turn": 0.3, "stop": 0.0, "earnest_share": 0.0}


@pytest.mark.parametrize("strength", [0.8, 0.0])
@pytest.mark.parametrize(
    ("effect", "name", "push", "regime", "share"),
    [
        ("pressure_effect", "pressure", {0.5: np.log(0.5), 2.0: np.log(2.0)}, NONE, begun),
        ("pressure_effect", "pressure", {0.5: np.log(0.5), 2.0: np.log(2.0)}, INSINCERE, turned),
        ("wish_effect", "wish", {-1.0: -1.0, 1.0: 1.0}, NONE, begun),
        ("imbalance_effect", "power", {0.2: -0.3, -1.5: 1.0}, INSINCERE, turned),
    ],
)
def test_what_presses_moves_its_rate_by_its_law_and_nothing_where_the_link_is_cut(
    effect, name, push, regime, share, strength, drawn
):
    """`push` says by how much each value of what presses moves the log of a rate of 0.3 a week."""
    found = []
    for value, log in push.items():
        fixed, received = ({name: value}, {}) if name == "pressure" else ({}, {name: value})
        params = drawn(**FAST, **fixed, **dict.fromkeys(EFFECTS, 0.0) | {effect: strength})
        state, _ = year(params, regime, opened_at=0.5, **received)
        expected = 1 - np.exp(-0.3 * np.exp(strength * log))
        found.append(share(state))
        assert abs(found[-1] - expected) <= 4.5 * np.sqrt(expected * (1 - expected) / RUNS)
    assert found[0] < found[1] if strength else found[0] == found[1]


def test_pressure_on_one_side_counts_half_and_swapped_sides_are_the_same(drawn):
    both, one, other = (
        year(drawn(**FAST, pressure=np.array(pressure)[:, None]))[0].regime
        for pressure in ([2.0, 2.0], [4.0, 1.0], [1.0, 4.0])
    )
    np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(both, one)


def test_a_decreed_pressure_is_what_presses(drawn):
    place = Place("talks.urged", 0, (2,), (0.0, np.inf))
    do = Intervention(jnp.zeros(2), jnp.full(2, 2.0), (place,), "talks")
    decreed, flows = year(drawn(**FAST), do=do)
    assert (flows.urged == 2).all()
    np.testing.assert_array_equal(decreed.regime, year(drawn(**FAST, pressure=2.0))[0].regime)


@settings(max_examples=60, deadline=None)
@given(rate=st.floats(0, 1e15), push=st.floats(-1e15, 1e15))
def test_a_chance_is_a_chance(rate, push):
    found = float(talks.chance(jnp.float32(rate), jnp.float32(push)))
    assert 0 <= found <= 1


@settings(max_examples=60, deadline=None)
@given(rate=st.floats(1e-4, 0.5), low=st.floats(-6, 6), more=st.floats(0, 6))
def test_what_pushes_more_is_never_less_likely(rate, low, more):
    assert talks.chance(rate, jnp.asarray(low)) <= talks.chance(rate, jnp.asarray(low + more))


@pytest.mark.parametrize("variable", PARAMETERS, ids=lambda variable: variable.name)
@pytest.mark.parametrize("value", [0.0, 1e15, -1e15])
def test_nothing_breaks_whatever_a_parameter_is(variable, value, drawn):
    params, name = drawn(), variable.name.partition(".")[2]
    given = jnp.full_like(getattr(params, name), np.clip(value, *variable.bounds))
    state, flows = year(dataclasses.replace(params, **{name: given}), np.arange(RUNS) % 3, wish=0.3, power=0.5)
    for leaf in jax.tree.leaves((state, flows)):
        assert np.isfinite(leaf).all()
    assert state.regime.min() >= NONE
    assert state.regime.max() <= EARNEST
    assert state.regime.dtype == np.int32
