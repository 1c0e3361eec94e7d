"""Bargaining: hazards and kinds of ending, against closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from ceasefire.model import bargaining
from ceasefire.model.bargaining import CEASEFIRE, FADE, FREEZE, FROZEN, MONTH, SETTLEMENT, WAR
from ceasefire.model.intervene import NOTHING
from ceasefire.model.noise import Noise
from ceasefire.scenario import duration

RUNS, WEEKS = 8_000, 80
TROOPS = jnp.stack([jnp.full(RUNS, 3e5), jnp.full(RUNS, 1e5)])
UNGUARANTEED = jnp.zeros((2, RUNS))
NEVER = {"relapse": 0.0, "ripen": 0.0, "flare": 0.0}


@jax.jit
def fight(params, state, troops, do=NOTHING, credibility=UNGUARANTEED):
    """Many weeks in many runs: states and flows [week, run]."""

    def week(state, number):
        noise = Noise(jnp.asarray([8, 0], jnp.uint32), jnp.arange(RUNS, dtype=jnp.uint32), number, "bargaining")
        after, flows = bargaining.step(params, state, do=do, noise=noise, troops=troops, credibility=credibility)
        return after, (after, flows)

    return jax.lax.scan(week, state, jnp.arange(WEEKS))[1]


def standing(phase=WAR, weeks=0):
    whole = [jnp.full(RUNS, value, jnp.int32) for value in (phase, weeks, 0, 0)]
    return bargaining.State(*whole)


@pytest.fixture
def drawn(with_prior_medians):
    """Parameters with a constant hazard (a Weibull of shape 1) of `rate` a week, where one is given."""

    def params(rate=None, **given):
        if rate is not None:
            given |= {"weibull": 1.0, "shape": 1.0, "scale": 1 / (rate * MONTH)}
        return with_prior_medians(bargaining, runs=RUNS, **given)

    return params


def within(count, total, chance):
    """A frequency is as likely as chance says, up to four standard errors."""
    return abs(count / total - chance) < 4 * np.sqrt(chance * (1 - chance) / total)


def test_a_constant_hazard_ends_a_third_of_wars_within_a_year(drawn):
    states, flows = fight(drawn(0.0075, **NEVER), standing(), TROOPS)
    np.testing.assert_allclose(flows.hazard, 1 - np.exp(-0.0075), rtol=1e-3)
    survived = np.prod(1 - np.asarray(flows.hazard[:52, 0], np.float64))
    assert 1 - survived == pytest.approx(0.3229, abs=1e-3)
    assert within((states.first_ending_week[51] > 0).sum(), RUNS, 0.3229)
    assert within((states.phase[51] != WAR).sum(), RUNS, 0.3229)


@pytest.mark.parametrize("weibull", [0.0, 1.0])
def test_the_hazard_is_that_of_wars_of_this_age(weibull):
    shape, scale, age = np.array([1.17, 0.72, 1.4]), np.array([5.3, 8.0, 30.0]), np.array([0.1, 24.0, 47.2])
    with jax.enable_x64(True):
        given = {"shape": shape, "scale": scale, "age": age, "weibull": np.full(3, weibull)}
        others = {name: np.zeros(3) for name in bargaining.Params.__annotations__ if name not in given}
        params = bargaining.Params(**{name: jnp.asarray(values) for name, values in (given | others).items()})
        found = np.stack([bargaining.ending_hazard(params, jnp.asarray(week)) for week in range(104)])
    law = stats.weibull_min if weibull else stats.fisk
    months = age + np.arange(105)[:, None] / MONTH
    survival = law.sf(months, shape, scale=scale)
    np.testing.assert_allclose(found, 1 - survival[1:] / survival[:-1], rtol=1e-9)


def test_the_hazard_is_the_one_that_the_record_of_wars_gives(drawn):
    uniforms = np.random.default_rng(1).uniform(size=(3, RUNS))
    law = duration.draw(uniforms)
    given = {"weibull": law.family != list(duration.FAMILIES).index("log-logistic"), "age": 47.2}
    params = drawn(shape=law.shape, scale=law.scale, **given)
    found = np.stack([bargaining.ending_hazard(params, jnp.asarray(week)) for week in range(20)])
    expected = duration.hazard_path(47.2, 20, uniforms)
    np.testing.assert_allclose(found, expected.reshape(found.shape), rtol=2e-3, atol=1e-6)


def test_kinds_of_ending_come_in_their_shares(drawn):
    params = drawn(ceasefire_share=0.5, settlement_share=0.4, dictated_share=0.6, strength_exponent=2.0)
    u = jnp.asarray((np.arange(RUNS) + 0.5) / RUNS)
    kinds = np.bincount(bargaining.kind_of_ending(params, TROOPS, u), minlength=7) / RUNS
    first = 0.18 * 9 / 10
    np.testing.assert_allclose(kinds, [0, 0.5, 0.2, first, 0.18 - first, 0.12, 0], atol=2 / RUNS)


def test_the_stronger_side_dictates_more_often_even_over_a_destroyed_army(drawn):
    shares = {"ceasefire_share": 0.01, "settlement_share": 0.01, "dictated_share": 0.99, "strength_exponent": 8.0}
    u = jnp.asarray((np.arange(RUNS) + 0.5) / RUNS)
    for troops, side in (([8e5, 0.0], 0), ([0.0, 8e5], 1)):
        kinds = bargaining.kind_of_ending(drawn(**shares), jnp.repeat(jnp.asarray(troops)[:, None], RUNS, axis=1), u)
        assert (kinds == bargaining.DICTATED_FIRST + side).mean() == pytest.approx(0.99**3, abs=1e-3)
        assert (kinds == bargaining.DICTATED_SECOND - side).sum() == 0


def test_competing_endings_keep_their_shares_whenever_they_come(drawn):
    states, _ = fight(drawn(0.02, **NEVER, ceasefire_share=0.5, settlement_share=0.5), standing(), TROOPS)
    for early, late in ((0, 20), (20, 80)):
        week = states.first_ending_week[-1]
        ending = np.asarray(states.first_ending[-1])[(week > early) & (week <= late)]
        for kind, share in ((CEASEFIRE, 0.5), (SETTLEMENT, 0.25)):
            assert within((ending == kind).sum(), len(ending), share)


def test_without_hazard_there_is_only_war(drawn):
    states, flows = fight(drawn(1e-12), standing(), TROOPS)
    assert (states.phase == WAR).all()
    assert (states.first_ending == 0).all()
    assert not flows.ended.any()
    assert (states.weeks_in_phase[-1] == WEEKS).all()


def test_a_ceasefire_freezes_after_half_a_year(drawn):
    states, _ = fight(drawn(0.02, **NEVER, ceasefire_share=1 - 1e-7), standing(), TROOPS)
    week, first = np.arange(1, WEEKS + 1)[:, None], np.asarray(states.first_ending_week[-1])
    since = np.where(first > 0, week - first, -1)
    expected = np.where(since < 0, WAR, np.where(since < FREEZE, CEASEFIRE, FROZEN))
    assert (states.phase == expected).all()


def test_ceasefires_break_or_ripen_and_faded_wars_flare_at_their_rates(drawn):
    params = drawn(1e-12, relapse=0.01, ripen=0.03, flare=0.02, guarantee_effect=0.0)
    for phase in (CEASEFIRE, FROZEN):
        states, flows = fight(params, standing(phase, weeks=1), TROOPS)
        left = 1 - 0.96**WEEKS
        assert within((states.phase[-1] == SETTLEMENT).sum(), RUNS, 0.75 * left)
        assert within(flows.resumed.sum(), RUNS, 0.25 * left)
    states, _ = fight(params, standing(FADE, weeks=1), TROOPS)
    assert within((states.phase[-1] == WAR).sum(), RUNS, 1 - 0.98**WEEKS)


def test_settlements_and_dictates_last(drawn):
    for phase in (SETTLEMENT, bargaining.DICTATED_FIRST, bargaining.DICTATED_SECOND):
        states, _ = fight(drawn(0.5, relapse=0.5, flare=0.5, ripen=0.4), standing(phase, weeks=1), TROOPS)
        assert (states.phase == phase).all()


def test_a_war_opens_as_a_war_that_never_ended():
    for values in jax.tree.leaves(bargaining.opening(RUNS)):
        assert (values == 0).all()


@pytest.mark.parametrize(("name", "value"), [("ended", 1.0), ("hazard", 1.0)])
def test_a_decreed_end_comes_at_once_in_the_usual_shares(drawn, decree, name, value):
    params = drawn(1e-12, **NEVER, ceasefire_share=0.5, settlement_share=0.5)
    states, flows = fight(params, standing(), TROOPS, decree(f"bargaining.{name}", value=value))
    assert (states.first_ending_week == 1).all()
    assert flows.ended[0].all()
    assert not flows.ended[1:].any()
    for kind, share in ((CEASEFIRE, 0.5), (SETTLEMENT, 0.25)):
        assert within((states.first_ending[-1] == kind).sum(), RUNS, share)


@pytest.mark.parametrize(("name", "value"), [("ended", 0.0), ("hazard", 0.0)])
def test_a_war_that_is_decreed_to_last_lasts(drawn, decree, name, value):
    states, flows = fight(drawn(0.2), standing(), TROOPS, decree(f"bargaining.{name}", value=value))
    assert (states.phase == WAR).all()
    assert not flows.ended.any()


def test_a_truce_that_is_decreed_to_hold_or_break_does_so_and_a_settlement_cannot_break(drawn, decree):
    params = drawn(1e-12, relapse=0.2, ripen=0.0, flare=0.2)
    for phase in (CEASEFIRE, FROZEN, FADE):
        states, _ = fight(params, standing(phase, weeks=1), TROOPS, decree("bargaining.resumed", value=0.0))
        assert (states.phase != WAR).all()
        states, flows = fight(params, standing(phase, weeks=1), TROOPS, decree("bargaining.resumed", value=1.0))
        assert (states.phase == WAR).all()
        assert flows.resumed[0].all()
        assert not flows.resumed[1:].any()
    states, flows = fight(params, standing(SETTLEMENT, weeks=1), TROOPS, decree("bargaining.resumed", value=1.0))
    assert (states.phase == SETTLEMENT).all()
    assert not flows.resumed.any()


def test_without_the_coupling_troops_change_no_bit(drawn):
    params = drawn(0.05, strength_exponent=0.0)
    one, other = (fight(params, standing(), troops) for troops in (TROOPS, TROOPS[::-1] * 3))
    for left, right in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        assert (left == right).all()


def test_credible_guarantees_keep_a_ceasefire_longer_by_the_effect_they_are_given(with_prior_medians):
    effect = {"guarantee_effect": 1.5, "usual_credibility": 0.25}
    params = with_prior_medians(bargaining, runs=RUNS, relapse=0.02, ripen=0.0, **effect)
    hazard = {}
    for credible in (0.0, 0.8):
        states, _ = fight(params, standing(CEASEFIRE), TROOPS, credibility=UNGUARANTEED.at[1].set(credible))
        hazard[credible] = -np.log((np.asarray(states.first_ending_week >= 0) & _never_resumed(states)).mean()) / WEEKS
    assert hazard[0.0] == pytest.approx(0.02 * np.exp(1.5 * 0.25), rel=0.05)
    assert hazard[0.8] / hazard[0.0] == pytest.approx(np.exp(-1.5 * 0.8), rel=0.12)


def _never_resumed(states):
    return (np.asarray(states.phase) != WAR).all(axis=0)
