"""Patrons: promises are kept late and never lost, minds and switches keep their laws, and who left gives nothing."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import expit, logit

from ceasefire.model import patrons
from ceasefire.model.axes import GOODS, SWITCHES
from ceasefire.model.declare import declared
from ceasefire.model.intervene import Intervention, Place
from ceasefire.model.noise import Noise

RUNS, WEEKS = 96, 160
COBALT, RUBY, CORAL = range(3)
"""The first helps the first side, the others the second."""
QUIET = {"will_spread": 0.0, "shock_rate": 0.0, "switch_off": 0.0, "leave_rate": 0.0}
GIVEN = {"pledge_opening": [1.0, 0.5, 0.2], "delivery_opening": [1.0, 0.5, 0.2]}
VARIABLES = list(declared(patrons))
LENGTH = {"side": 2, "patron": 3, "payer": 3, "good": len(GOODS), "switch": len(SWITCHES), "run": RUNS}


@pytest.fixture(autouse=True)
def precise():
    with jax.enable_x64(True):
        yield


@pytest.fixture
def ground(bare_ground):
    return bare_ground(np.zeros((1, 6), int), np.zeros(1, int), np.zeros((1, 1)))


@pytest.fixture
def quiet(with_prior_medians):
    """Parameters at their medians or as given, without luck; patrons give all goods alike and steadily."""
    return lambda **given: with_prior_medians(patrons, runs=RUNS, **{**QUIET, **GIVEN, **given})


def decree(**given):
    """Decrees on flows, each as (factor, shift) of `Intervention`; all share a table, so that `step` compiles once."""
    table, places = [], []
    for flow in (variable for variable in VARIABLES if variable.kind == "flow" and not variable.derived):
        shape = tuple(LENGTH[dim] for dim in flow.dims[:-1])
        places.append(Place(flow.name, sum(place.size for place in places), shape, flow.bounds))
        numbers = given.pop(flow.name.partition(".")[2], (1.0, 0.0))
        table.append([np.broadcast_to(np.asarray(number, float), shape).ravel() for number in numbers])
    assert not given
    factor, shift = (jnp.asarray(np.concatenate(column), float) for column in zip(*table, strict=True))
    return Intervention(factor, shift, tuple(places), "patrons")


@jax.jit
def _run(params, state, ground, do, peace, told):
    def week(state, number):
        runs = jnp.arange(params.will_half_life.shape[-1], dtype=jnp.uint32)
        noise = Noise(jnp.asarray([3, 0], jnp.uint32), runs, number, "patrons")
        after, flows = patrons.step(params, state, do=do, noise=noise, ground=ground, peace=peace, **told)
        return after, (state, after, flows)

    return jax.lax.scan(week, state, jnp.arange(WEEKS))[1]


def years(params, ground, *, do=None, peace=False, state=None, **told):
    """State before and after each of some weeks, and their flows, as NumPy arrays [week, ...]."""
    runs = params.will_half_life.shape[-1]
    told = {"prospect": 0.0, "escalation": 0.0} | told
    told = {
        name: jnp.asarray(np.broadcast_to(np.reshape(value, (-1, 1)), (2, runs)), float) for name, value in told.items()
    }
    state = state or patrons.opening(params, ground)
    found = _run(params, state, ground, do or decree(), jnp.full(runs, peace), told)
    return jax.tree.map(np.asarray, found)


def delivered(flows):
    """[week, patron, good, run] bn USD."""
    return np.stack([getattr(flows, good) for good in GOODS], axis=2)


def drawn(random, **given):
    """Parameters at random points of their priors, or as given."""
    found = {}
    for variable in (variable for variable in VARIABLES if variable.kind == "parameter"):
        shape = [LENGTH[dim] for dim in variable.dims]
        value = np.asarray(
            given.pop(variable.name.partition(".")[2], variable.prior.quantile(random.uniform(size=shape)))
        )
        value = value.reshape(value.shape + (1,) * (len(shape) - value.ndim)) if value.ndim else value
        found[variable.name.partition(".")[2]] = jnp.asarray(np.broadcast_to(value, shape), float)
    assert not given
    return patrons.Params(**found)


def wild(draw):
    """Some flows decreed at random, beyond reason too."""
    random, given = np.random.default_rng(draw), {}
    for flow in (variable for variable in VARIABLES if variable.kind == "flow" and not variable.derived):
        if random.uniform() < 0.4:
            shape = [LENGTH[dim] for dim in flow.dims[:-1]]
            factor = random.choice([0.0, 0.3, 1.0, 7.0], shape)
            given[flow.name.partition(".")[2]] = factor, random.choice([0.0, 0.4, -2.0, 1e6], shape)
    return decree(**given)


@pytest.mark.parametrize("draw", range(4))
def test_what_is_pledged_is_delivered_or_still_promised(draw, ground):
    random = np.random.default_rng(draw)
    amounts = {name: random.gamma(0.5, size=(3, 6)) for name in ("pledge_opening", "delivery_opening")}
    params = drawn(random, **amounts, paid_by=random.uniform(0, 0.4, (3, 3)), leave_rate=0.02, return_rate=0.1)
    for do in (decree(), wild(draw)):
        before, after, flows = years(params, ground, do=do)
        change = (after.promised - before.promised).sum(axis=3)
        scale = np.abs(after.promised).max() + flows.pledged.max()
        np.testing.assert_allclose(change, flows.pledged - delivered(flows), rtol=0, atol=1e-12 * scale)
        assert after.promised.min() >= 0
        assert delivered(flows).min() >= 0


def test_pledges_that_stay_as_they_were_are_delivered_as_ever(quiet, ground):
    before, after, flows = years(quiet(), ground)
    np.testing.assert_allclose(delivered(flows)[:, :, 0], np.broadcast_to([[[1], [0.5], [0.2]]], (WEEKS, 3, RUNS)))
    np.testing.assert_allclose(after.promised, np.broadcast_to(before.promised[0], after.promised.shape))
    np.testing.assert_allclose(flows.received, 1)


@pytest.mark.parametrize("lag", [2.0, 6.0, 14.0])
def test_more_pledges_arrive_by_their_closed_form_and_after_their_mean_lag(lag, quiet, ground):
    flows = years(quiet(lag=lag, pledge_opening=1.0, delivery_opening=1.0), ground, do=decree(pledged=(2.0, 0.0)))[2]
    share, passed = 2 / lag, np.arange(WEEKS)
    arrived = 1 - (1 - share) ** passed - passed * share * (1 - share) ** np.maximum(passed - 1, 0)
    added = delivered(flows)[:, COBALT, 0, 0] - 1
    np.testing.assert_allclose(added, arrived, atol=1e-12)
    assert (1 - added).sum() == pytest.approx(lag, rel=1e-6)


def test_no_stage_takes_less_than_a_week(quiet, ground):
    for one, other in zip(
        jax.tree.leaves(years(quiet(lag=0.3), ground)), jax.tree.leaves(years(quiet(lag=2.0), ground)), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_deliveries_drift_from_what_they_were_to_what_is_pledged(quiet, ground):
    flows = years(quiet(lag=10.0, pledge_opening=3.0, delivery_opening=1.0), ground)[2]
    np.testing.assert_allclose(delivered(flows)[:, RUBY, 2, 0], 3 - 2 * 0.8 ** np.arange(WEEKS))


def test_twice_the_interceptors_is_twice_what_the_side_receives(quiet, ground):
    twice = [[2.0], [1.0], [1.0]]
    flows = years(quiet(), ground, do=decree(interceptors=(np.ravel(twice), 0.0)))[2]
    np.testing.assert_allclose(flows.received[0, 0, GOODS.index("interceptors")], 2)
    np.testing.assert_allclose(flows.received[:, 0, 1:], 1)
    np.testing.assert_allclose(flows.received[:, 1], 1)


def test_what_is_decreed_beyond_what_is_ready_is_pledged_and_given_at_once(quiet, ground):
    params = quiet(pledge_opening=0.0, delivery_opening=[1.0, 0.5, 0.0])
    flows = years(params, ground, do=decree(shells=(0.0, [3.0, 0.0, 0.0])))[2]
    shells = GOODS.index("shells")
    assert (flows.shells[:, COBALT] == 3).all()
    np.testing.assert_allclose(flows.received[:, 0, shells], 3)
    assert (flows.received[:, 1, shells] == 0).all()
    np.testing.assert_allclose(flows.pledged[-1, COBALT, shells], 3)
    np.testing.assert_allclose(flows.paid.sum(axis=1), flows.pledged.sum(axis=(1, 2)))


def test_what_nobody_gave_at_the_opening_is_received_as_then(quiet, ground):
    amounts = np.zeros((3, 6))
    amounts[RUBY, 1], amounts[CORAL, 1] = 0.3, 0.1
    flows = years(quiet(pledge_opening=0.0, delivery_opening=amounts), ground)[2]
    assert (flows.received[:, 0] == 1).all()
    assert (np.delete(flows.received[:, 1], 1, axis=1) == 1).all()
    np.testing.assert_allclose(flows.received[:, 1, 1], flows.shells.sum(axis=1) / 0.4)
    assert flows.received[-1, 1, 1].max() < 0.01


@pytest.mark.parametrize("size", [1e-3, 40.0])
def test_another_unit_of_money_changes_amounts_and_nothing_else(size, quiet, ground):
    given = {"paid_by": 0.2, "shock_rate": 0.1, "will_spread": 0.3, "leave_rate": 0.01, "switch_off": 0.05}
    one = years(quiet(**given), ground, prospect=0.5)
    other = years(
        quiet(**given, **{name: size * np.asarray(value) for name, value in GIVEN.items()}), ground, prospect=0.5
    )
    units = {variable.name: variable.unit for variable in VARIABLES}
    for first, second in zip(one[1:], other[1:], strict=True):
        for name, value in vars(first).items():
            factor = size if units[f"patrons.{name}"] == "bn USD" else 1.0
            np.testing.assert_allclose(getattr(second, name), factor * value, rtol=1e-9, err_msg=name)


@pytest.mark.parametrize("draw", range(3))
def test_every_pledge_is_paid_for_whoever_pays(draw, ground):
    random = np.random.default_rng(draw)
    params = drawn(random, pledge_opening=random.gamma(0.5, size=(3, 6)), paid_by=random.uniform(0, 1, (3, 3)), **QUIET)
    flows = years(params, ground, do=wild(draw))[2]
    np.testing.assert_allclose(flows.paid.sum(axis=1), flows.pledged.sum(axis=(1, 2)), rtol=1e-9)
    assert flows.paid.min() >= 0


def test_who_pays_is_told_apart_from_who_gives(quiet, ground):
    paid_by = np.zeros((3, 3))
    paid_by[RUBY, CORAL] = 0.7
    flows = years(quiet(paid_by=paid_by), ground)[2]
    np.testing.assert_allclose(flows.paid[:, :, 0], np.broadcast_to([6.0, 3 * 0.3, 1.2 + 3 * 0.7], (WEEKS, 3)))
    everything = quiet(paid_by=np.where(paid_by > 0, 1.0, 0.0))
    np.testing.assert_allclose(years(everything, ground)[2].paid[:, RUBY], 0, atol=1e-15)
    too_much = years(quiet(paid_by=0.8), ground)[2]
    np.testing.assert_allclose(too_much.pledged, years(quiet(), ground)[2].pledged)
    np.testing.assert_allclose(too_much.paid, 10.2 / 3)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_a_payer_who_will_not_takes_its_share_of_what_another_pledges(share, quiet, ground):
    paid_by = np.zeros((3, 3))
    paid_by[RUBY, CORAL] = share
    flows = years(quiet(paid_by=paid_by), ground, do=decree(will=([1.0, 1.0, 0.0], 0.0)))[2]
    np.testing.assert_allclose(flows.pledged[:, RUBY], 0.5 * (1 - share), atol=1e-12)
    assert (flows.pledged[:, CORAL] == 0).all()
    assert (flows.paid[:, CORAL] == 0).all()
    np.testing.assert_allclose(flows.pledged[:, COBALT], 1)


def test_without_causes_will_wanders_around_the_opening_within_its_spread(quiet, ground):
    params = quiet(will_opening=[0.3, 0.6, 0.9], will_spread=[0.2, 0.5, 1.0], will_half_life=1.0)
    will = years(params, ground)[2].will[20:]
    assert will.min() > 0
    assert will.max() < 1
    moved = logit(will) - logit([[0.3], [0.6], [0.9]])
    spread = np.array([0.2, 0.5, 1.0])
    number = moved[:, 0].size / 3
    assert (np.abs(moved.mean(axis=(0, 2))) < 4 * spread / np.sqrt(number)).all()
    np.testing.assert_allclose(moved.std(axis=(0, 2)), spread, rtol=4 / np.sqrt(2 * number))


def test_pledges_follow_will(quiet, ground):
    flows = years(quiet(will_spread=0.4, will_opening=0.6), ground)[2]
    np.testing.assert_allclose(flows.pledged[:, COBALT, 0], flows.will[:, COBALT] / 0.6)


def test_will_to_help_is_greatest_where_nothing_is_decided_and_falls_alike_on_both_hands(quiet, ground):
    params = quiet(prospect_effect=0.8, will_opening=0.6)
    will = {p: years(params, ground, prospect=p)[2].will[0, 0, 0] for p in (-1.0, -0.5, 0.0, 0.5, 1.0)}
    assert will[-1.0] == will[1.0] < will[-0.5] == will[0.5] < will[0.0]
    assert will[1.0] == pytest.approx(expit(logit(0.6) - 0.8))


def test_a_cause_moves_the_patrons_of_its_side_and_no_others(quiet, ground):
    usual = years(quiet(), ground)[2].will[0]
    hoped = years(quiet(), ground, prospect=[0.0, 0.7])[2].will[0]
    assert (hoped[COBALT] == usual[COBALT]).all()
    assert (hoped[[RUBY, CORAL]] < usual[[RUBY, CORAL]]).all()
    threatened = years(quiet(escalation_effect=0.4), ground, escalation=[1.5, 0.0])[2].will[0]
    assert (threatened[COBALT] == usual[COBALT]).all()
    np.testing.assert_allclose(logit(threatened[RUBY]), logit(usual[RUBY]) + 0.6)
    deterred = years(quiet(escalation_effect=-0.1), ground, escalation=[1.5, 0.0])[2].will[0]
    assert (deterred[CORAL] < usual[CORAL]).all()


def test_an_election_moves_will_from_its_week_on_and_only_where_it_is_held(quiet, ground):
    ground = dataclasses.replace(ground, election=jnp.asarray([-1, 12, 0], jnp.int32))
    will = years(quiet(election_spread=0.7), ground)[2].will
    moved = logit(will) - logit(will[0] * 0 + 0.6)
    np.testing.assert_allclose(moved[:, COBALT], 0, atol=1e-12)
    np.testing.assert_allclose(moved[:12, RUBY], 0, atol=1e-12)
    for voted, first in ((RUBY, 12), (CORAL, 0)):
        np.testing.assert_allclose(moved[first:, voted], np.broadcast_to(moved[-1, voted], moved[first:, voted].shape))
        assert np.abs(moved[-1, voted].mean()) < 4 * 0.7 / np.sqrt(RUNS)
        assert moved[-1, voted].std() == pytest.approx(0.7, rel=4 / np.sqrt(2 * RUNS))


def test_changes_of_course_come_at_their_rate_and_size(quiet, ground):
    before, after, _ = years(quiet(shock_rate=0.05, shock_spread=0.3), ground)
    jump = (after.politics - before.politics)[np.abs(after.politics - before.politics) > 1e-9]
    expected = -np.expm1(-0.05)
    assert jump.size / after.politics.size == pytest.approx(expected, abs=4 * np.sqrt(expected / after.politics.size))
    assert jump.std() == pytest.approx(0.3, rel=4 / np.sqrt(2 * jump.size))
    assert abs(jump.mean()) < 4 * 0.3 / np.sqrt(jump.size)


def test_switches_are_on_for_the_share_of_time_that_their_rates_say(quiet, ground):
    off, on = -np.expm1(-0.1), -np.expm1(-0.4)
    found = years(quiet(switch_off=0.1, switch_on=0.4), ground)[1].on[30:]
    assert set(np.unique(found)) == {0.0, 1.0}
    share, memory = on / (on + off), 1 - on - off
    error = np.sqrt(share * (1 - share) / found[:, :, 0].size * (1 + memory) / (1 - memory))
    np.testing.assert_allclose(found.mean(axis=(0, 1, 3)), share, atol=4 * error)
    assert (years(quiet(switch_on=0.0, switch_opening=0.0), ground)[1].on == 0).all()
    assert (years(quiet(), ground)[1].on == 1).all()


def test_without_funds_nothing_is_pledged_and_everything_else_goes_on(quiet, ground):
    opening = patrons.opening(quiet(switch_on=0.0), ground)
    stopped = dataclasses.replace(opening, on=opening.on.at[RUBY, SWITCHES.index("funds")].set(0.0))
    flows = years(quiet(switch_on=0.0), ground, state=stopped)[2]
    usual = years(quiet(), ground)[2]
    assert (flows.pledged[:, RUBY] == 0).all()
    assert (flows.paid[:, RUBY] == 0).all()
    np.testing.assert_array_equal(flows.pledged[:, [COBALT, CORAL]], usual.pledged[:, [COBALT, CORAL]])
    np.testing.assert_array_equal(delivered(flows)[:2], delivered(usual)[:2])
    for name in ("will", "intelligence", "licence", "allies", "trusted", "credibility"):
        np.testing.assert_array_equal(getattr(flows, name), getattr(usual, name))


@pytest.mark.parametrize(("switch", "part"), [("intelligence", "insight"), ("licence", "licensed")])
def test_a_switch_that_is_off_takes_what_its_patron_gave(switch, part, quiet, ground):
    params = quiet(**{part: [0.4, 0.3, 0.2]}, switch_on=0.0)
    opening = patrons.opening(params, ground)
    at = SWITCHES.index(switch)
    for gone, left in (
        ([COBALT], [0.6, 1.0]),
        ([RUBY], [1.0, 0.7]),
        ([RUBY, CORAL], [1.0, 0.56]),
        ([], [1.0, 1.0]),
    ):
        on = opening.on.at[jnp.asarray(gone, int), at].set(0.0)
        flows = years(params, ground, state=dataclasses.replace(opening, on=on))[2]
        np.testing.assert_allclose(getattr(flows, switch)[:, :, 0], np.broadcast_to(left, (WEEKS, 2)), rtol=1e-5)
        other = ({"intelligence", "licence"} - {switch}).pop()
        assert (getattr(flows, other) == 1).all()


def test_a_switch_that_was_off_at_the_opening_adds_when_it_goes_on(quiet, ground):
    params = quiet(insight=0.5, switch_opening=0.0, switch_on=1e3)
    flows = years(params, ground)[2]
    assert (flows.intelligence[0] == 1).all()
    np.testing.assert_allclose(flows.intelligence[1:, :, 0], np.broadcast_to([2.0, 4.0], (WEEKS - 1, 2)), rtol=1e-4)


def test_a_patron_that_left_gives_nothing_and_its_promises_wait(quiet, ground):
    given = {"return_rate": 0.0, "insight": 0.3, "guarantees": 1.0, "credible": 0.5, "paid_by": np.zeros((3, 3))}
    given["paid_by"][RUBY, CORAL] = 0.4
    opening = patrons.opening(quiet(**given), ground)
    left = dataclasses.replace(opening, aligned=opening.aligned.at[RUBY].set(0.0))
    before, after, flows = years(quiet(**given), ground, state=left)
    np.testing.assert_array_equal(after.promised[:, RUBY], before.promised[:, RUBY])
    assert (after.promised[:, RUBY] > 0).all()
    assert (flows.pledged[:, RUBY] == 0).all()
    assert (delivered(flows)[:, RUBY] == 0).all()
    assert (flows.allies == np.array([1, 1])[:, None]).all()
    np.testing.assert_allclose(flows.received[:, 1], 0.2 / 0.7)
    np.testing.assert_allclose(flows.intelligence[:, 1], 0.7, rtol=1e-5)
    np.testing.assert_allclose(flows.credibility[:, 1], 0.5)
    back = years(quiet(**{**given, "return_rate": 1e3}), ground, state=left)[2]
    np.testing.assert_allclose(back.pledged[1:, RUBY], 0.5)
    np.testing.assert_allclose(back.received[1:], 1)


def test_what_was_given_at_the_opening_was_given_by_those_who_stood_by_then(quiet, ground):
    flows = years(quiet(aligned_opening=[1.0, 0.0, 1.0], return_rate=1e3), ground)[2]
    np.testing.assert_allclose(flows.received[0], 1)
    np.testing.assert_allclose(flows.received[1, 1], 0.7 / 0.2)
    assert (np.diff(flows.received[1:10, 1], axis=0) < 0).all()


def test_patrons_leave_and_return_at_their_rates(quiet, ground):
    before, after, flows = years(quiet(leave_rate=0.1, return_rate=0.3, contagion=0.0), ground)
    for stood, rate in ((1.0, 0.1), (0.0, 0.3)):
        moved = (after.aligned != before.aligned)[before.aligned == stood]
        expected = -np.expm1(-rate)
        assert moved.mean() == pytest.approx(expected, abs=4 * np.sqrt(expected / moved.size))
    np.testing.assert_array_equal(flows.allies[:, 1], before.aligned[:, 1:].sum(axis=1))


def test_loss_of_an_ally_makes_others_of_its_side_leave(quiet, ground):
    both, one, none = (
        jnp.broadcast_to(jnp.asarray(count)[:, None], (2, RUNS)) for count in ([1.0, 2], [1.0, 1], [1.0, 0])
    )
    params = quiet(leave_rate=0.01, contagion=0.6)
    rate = np.stack([patrons.leaving(params, ground, allies) for allies in (both, one, none)])
    np.testing.assert_array_equal(rate[:, COBALT], 0.01)
    np.testing.assert_allclose(rate[:, CORAL, 0], 0.01 * np.exp([0.0, 0.3, 0.6]), rtol=1e-5)
    cut = quiet(leave_rate=0.01, contagion=0.0)
    np.testing.assert_array_equal(patrons.leaving(cut, ground, none), 0.01)


def test_allies_that_are_decreed_are_what_contagion_goes_by(quiet, ground):
    params = quiet(leave_rate=0.02, contagion=2.0, return_rate=0.0)
    usual = years(params, ground)[1].aligned.mean(axis=(0, 2))
    alone = years(params, ground, do=decree(allies=(0.0, 0.0)))[1].aligned.mean(axis=(0, 2))
    assert (alone < usual).all()


def test_an_end_of_the_fighting_stops_a_share_of_arms_and_no_money(quiet, ground):
    flows = years(quiet(peace_effect=0.4), ground, peace=True)[2]
    np.testing.assert_allclose(flows.pledged[:, COBALT, :, 0], np.broadcast_to([0.6] * 5 + [1.0], (WEEKS, 6)))
    unmoved = years(quiet(peace_effect=0.0), ground, peace=True)[2]
    np.testing.assert_array_equal(unmoved.pledged, years(quiet(), ground)[2].pledged)


def test_guarantees_are_believed_where_one_of_them_is(quiet, ground):
    credible = {"credible": [0.4, 0.5, 0.3]}
    assert (years(quiet(**credible), ground)[2].credibility == 0).all()
    found = years(quiet(**credible, guarantees=1.0), ground)[2].credibility[0, :, 0]
    np.testing.assert_allclose(found, [0.4, 1 - 0.5 * 0.7])
    found = years(quiet(**credible, guarantees=[0.0, 1.0, 0.0]), ground)[2].credibility[0, :, 0]
    np.testing.assert_allclose(found, [0.0, 0.5])
    found = years(quiet(**credible, guarantees=1.0, aligned_opening=[0.0, 1.0, 0.0], return_rate=0.0), ground)[2]
    np.testing.assert_allclose(found.credibility[-1, :, 0], [0.0, 0.5])


def test_a_decreed_trust_in_a_guarantee_makes_it_credible(quiet, ground):
    told = quiet(credible=0.2, guarantees=1.0)
    found = years(told, ground, do=decree(trusted=(0.0, [0.9, 0.5, 0.0])))[2]
    np.testing.assert_allclose(found.trusted[0, :, 0], [0.9, 0.5, 0.0])
    np.testing.assert_allclose(found.credibility[0, :, 0], [0.9, 0.5])


COUPLINGS = [variable.name.partition(".")[2] for variable in VARIABLES if variable.coupling]


def test_without_couplings_nothing_outside_moves_a_patron(quiet, ground):
    cut = quiet(**dict.fromkeys(COUPLINGS, 0.0), leave_rate=0.02, will_spread=0.3)
    moved = years(cut, ground, peace=True, prospect=0.9, escalation=2.0, do=decree(allies=(0.5, 0.0)))
    usual = years(cut, ground)
    for one, other in zip(moved[1:], usual[1:], strict=True):
        for name, value in vars(one).items():
            if name != "allies":
                np.testing.assert_array_equal(value, getattr(other, name), err_msg=name)


def test_a_war_without_patrons_is_one_that_nobody_helps(quiet, ground):
    nobody = {}
    for variable in (variable for variable in VARIABLES if variable.kind == "parameter"):
        name = variable.name.partition(".")[2]
        cut = tuple(slice(0 if dim in ("patron", "payer") else None) for dim in variable.dims)
        nobody[name] = getattr(quiet(), name)[cut]
    ground = dataclasses.replace(ground, supports=jnp.zeros((2, 0)), election=jnp.zeros(0, jnp.int32))
    nothing = Intervention(jnp.zeros(0), jnp.zeros(0), (), "patrons")
    _, after, flows = years(patrons.Params(**nobody), ground, do=nothing, prospect=0.5, escalation=1.0)
    assert after.promised.shape == (WEEKS, 0, 6, 2, RUNS)
    for name, value in (("received", 1), ("intelligence", 1), ("licence", 1), ("allies", 0), ("credibility", 0)):
        assert (getattr(flows, name) == value).all()


@pytest.mark.parametrize("precision", [False, True])
@pytest.mark.parametrize("draw", range(4))
def test_nothing_breaks_whatever_is_decreed(precision, draw, bare_ground):
    with jax.enable_x64(precision):
        ground = bare_ground(np.zeros((1, 6), int), np.zeros(1, int), np.zeros((1, 1)))
        random = np.random.default_rng(draw)
        amounts = random.choice([0.0, 1e-9, 0.1, 30.0], (2, 3, 6))
        given = dict(zip(("pledge_opening", "delivery_opening"), amounts, strict=True))
        params = drawn(random, **given, paid_by=random.uniform(0, 2, (3, 3)), guarantees=1.0)
        told = {"prospect": [-1.0, 1.0], "escalation": [0.0, 1e4]}
        check_possible(years(params, ground, do=wild(draw), peace=True, **told))


@pytest.mark.parametrize("value", [0.0, 1e6])
def test_nothing_breaks_whatever_a_parameter_is(value, quiet, ground):
    for variable in (variable for variable in VARIABLES if variable.kind == "parameter"):
        name = variable.name.partition(".")[2]
        bound = min(value, 1.0 if name.endswith(("switch_opening", "aligned_opening")) else variable.bounds[1])
        check_possible(years(quiet(**{"leave_rate": 0.01, "switch_off": 0.1} | {name: bound}), ground, prospect=0.4))


def check_possible(found):
    known = {variable.name: variable for variable in VARIABLES}
    for record in found[1:]:
        for name, value in vars(record).items():
            assert value.dtype == jnp.result_type(float), name
            assert np.isfinite(value).all(), name
            low, high = known[f"patrons.{name}"].bounds
            assert low <= value.min(), name
            assert value.max() <= high, name
