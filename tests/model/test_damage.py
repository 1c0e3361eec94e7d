"""Damage: two states by sector, in balance at the opening; what is out is never more than there is."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ceasefire.model import damage
from ceasefire.model.axes import SECTORS

RUNS = 5
GRID = SECTORS.index("grid")
REST = [k for k in range(len(SECTORS)) if k != GRID]
HITS = np.array([[90, 20, 30, 8, 12], [4, 6, 70, 25, 0]])


opening = jax.jit(damage.opening)


@jax.jit
def step(params, state, do, hits):
    return damage.step(params, state, do=do, hits=hits)


def on(hits):
    return jnp.broadcast_to(jnp.asarray(hits, float).reshape(*np.shape(hits), *[1] * (3 - np.ndim(hits))), (2, 5, RUNS))


@pytest.fixture
def drawn(with_prior_medians):
    return lambda **given: with_prior_medians(damage, runs=RUNS, **given)


@pytest.fixture
def fought(drawn, decree):
    """States and flows of some weeks, the opening's state first."""

    def weeks(number=6, hits=HITS, before=HITS, do=None, params=None, **given):
        params = params or drawn(**given)
        states, flows = [opening(params, on(before))], []
        for _ in range(number):
            state, happened = step(params, states[-1], do or decree("damage.struck"), on(hits))
            states.append(state)
            flows.append(happened)
        return states, flows

    return weeks


def test_while_hits_go_on_as_at_the_opening_as_much_stays_out(fought):
    states, flows = fought(20, vulnerability=0.004)
    np.testing.assert_allclose(states[-1].out, states[0].out, rtol=1e-4)
    np.testing.assert_allclose([week.capacity for week in flows], 1, rtol=1e-4)
    assert (states[0].out[0, REST] > 0.1).any()


@pytest.mark.parametrize("precision", [False, True])
def test_availability_follows_the_law_of_two_states(fought, precision):
    with jax.enable_x64(precision):
        states, flows = fought(200, hits=50.0, before=0.0, vulnerability=0.001, repair_time=5.0)
        t = np.arange(201)[:, None, None, None]
        exact = np.broadcast_to(0.8 + 0.2 * np.exp(-0.25 * t), (201, 2, 4, RUNS))
        out = np.stack([state.out[:, REST] for state in states])
        np.testing.assert_allclose(1 - out, exact, rtol=1e-12 if precision else 1e-5)
        np.testing.assert_allclose([week.capacity[:, REST] for week in flows], exact[1:], rtol=1e-5)
        assert states[-1].out.dtype == flows[-1].capacity.dtype == jnp.result_type(float)


def test_without_hits_there_is_nothing_but_repair(fought):
    states, flows = fought(9, hits=0.0, vulnerability=0.004, repair_time=[1.0, 3.0, 6.0, 12.0, 24.0])
    for week, happened in enumerate(flows, start=1):
        assert (happened.struck == 0).all()
        decayed = states[0].out * np.exp(-week / np.array([1.0, 3.0, 6.0, 12.0, 24.0]))[:, None]
        np.testing.assert_allclose(states[week].out, decayed, rtol=1e-4, atol=1e-7)
        assert (happened.capacity >= 1).all()


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("struck", {"value": 1.0}),
        ("struck", {"factor": 30.0}),
        ("repaired", {"value": 0.0}),
        ("repaired", {"value": 1.0}),
        ("repaired", {"shift": 0.01}),
    ],
)
def test_what_is_out_changes_by_what_is_struck_and_repaired_whatever_is_decreed(fought, decree, name, given):
    states, flows = fought(do=decree(f"damage.{name}", **given), vulnerability=0.01)
    for before, after, happened in zip(states, states[1:], flows, strict=False):
        np.testing.assert_allclose(after.out, before.out + happened.struck - happened.repaired, atol=1e-6)
        assert (happened.struck <= 1 - before.out).all()
        assert (happened.repaired <= before.out).all()
        assert after.out.min() >= 0
        assert after.out.max() <= 1


def test_more_hits_leave_less_and_only_of_what_they_hit(fought):
    doses = [fought(hits=HITS * dose)[1][-1].capacity for dose in (0.0, 0.5, 1.0, 3.0)]
    assert (np.diff(np.stack(doses)[:, :, REST], axis=0)[:, HITS[:, REST] > 0] < 0).all()
    more = HITS.copy()
    more[1, 2] *= 4
    one, other = fought()[1][-1].capacity, fought(hits=more)[1][-1].capacity
    assert (other[1, 2] < one[1, 2]).all()
    assert np.argwhere((one != other).any(axis=-1)).tolist() == [[1, 2]]


def test_the_grid_is_not_here(fought):
    states, flows = fought(hits=1e4, vulnerability=0.01)
    assert (states[-1].out[:, GRID] == 0).all()
    assert (flows[-1].capacity[:, GRID] == 1).all()


def test_without_vulnerability_nothing_is_ever_out(fought):
    for happened in fought(hits=1e4, vulnerability=0.0)[1]:
        assert (happened.struck == 0).all()
        assert (happened.capacity == 1).all()


def test_what_the_state_says_of_capacity_is_what_was_told(fought):
    states, flows = fought(hits=HITS[::-1], vulnerability=0.004)
    np.testing.assert_allclose(damage.capacity(states[-1]), flows[-1].capacity, rtol=1e-6)
    assert (damage.capacity(states[0]) == 1).all()


@pytest.mark.parametrize("value", [0.0, 1e-12, 1e15])
@pytest.mark.parametrize("name", ["vulnerability", "repair_time"])
@pytest.mark.parametrize("hits", [0.0, 1e15])
def test_no_parameter_makes_it_more_or_less_than_a_share(fought, name, value, hits):
    states, flows = fought(3, hits=hits, before=hits, **{name: value})
    for record in (*states, *flows):
        assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(record))
    assert states[-1].out.min() >= 0
    assert states[-1].out.max() <= 1


def test_the_sides_are_alike(fought, drawn):
    vulnerability = np.random.default_rng(1).uniform(0.001, 0.01, (2, 5))
    states, flows = fought(params=drawn(vulnerability=vulnerability), hits=HITS * 2)
    mirrored = fought(params=drawn(vulnerability=vulnerability[::-1]), hits=2 * HITS[::-1], before=HITS[::-1])
    for one, other in zip((*states, *flows), (*mirrored[0], *mirrored[1]), strict=True):
        assert all((a == b[::-1]).all() for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True))
