"""Siege: garrisons on their stores, against closed forms; roads that are cut, and men who surrender."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ceasefire.model import siege
from ceasefire.model.intervene import NOTHING, Intervention, Place

RUNS, SIZE = 4, 8
ROADS = 2000.0
"""t/week that reach the garrison at the opening."""
TROOPS = 100e3

step = jax.jit(siege.step)


@pytest.fixture(scope="module")
def ground(honeycomb):
    """A garrison of the first side, one of the second side, and one behind the theatre."""
    patch = honeycomb(SIZE)
    dummy = SIZE * SIZE
    return dataclasses.replace(
        patch,
        garrison_node=jnp.zeros((3, 1)),
        garrison_cell=jnp.asarray([[0, 1, 8, 9], [60, 61, dummy, dummy], [dummy] * 4], jnp.int32),
        garrison_side=jnp.asarray([0, 1, 0], jnp.int32),
    )


@pytest.fixture
def opened(with_prior_medians):
    """Parameters at their medians, where roads bring twice the need, and the state at the opening."""

    def of(**given):
        params = with_prior_medians(siege, runs=RUNS, garrisons=3, **{"margin": 2.0, "stores_opening": 4.0, **given})
        return params, siege.opening(params, jnp.full((3, RUNS), ROADS))

    return of


@pytest.fixture
def week(ground):
    def one(params, state, *, roads=ROADS, contact=1 / 2, effort=1.0, troops=TROOPS, do=NOTHING):
        share = np.ones(SIZE * SIZE + 1)
        share[60:] = 0.0
        share[[0, 1, 8, 9]] = 1 - contact
        share[[60, 61]] = contact
        held = jnp.asarray(np.repeat(share[:, None], RUNS, axis=1), float)
        arrays = {"throughput": (3, roads), "troops": (2, troops), "effort": (2, effort)}
        shaped = {name: jnp.full((rows, RUNS), value, float) for name, (rows, value) in arrays.items()}
        return step(params, state, do=do, ground=ground, held=held, **shaped)

    return one


@pytest.fixture
def weeks(week):
    """The history of a siege: states and flows, [week, ...]."""

    def many(params, state, number, **circumstances):
        states, flows = [], []
        for _ in range(number):
            state, happened = week(params, state, **circumstances)
            states.append(state)
            flows.append(happened)
        return tuple(jax.tree.map(lambda *each: np.stack(each), *history) for history in (states, flows))

    return many


def test_an_uncut_garrison_never_starves(opened, weeks):
    states, flows = weeks(*opened(), 60)
    assert (flows.starving == 0).all()
    assert (flows.captured == 0).all()
    assert (flows.resistance == 1).all()
    assert (flows.endurance == siege.LONGEST).all()
    np.testing.assert_allclose(states.stores, 4.0)
    np.testing.assert_array_equal(states.men, np.broadcast_to(states.men[0], states.men.shape))


def test_a_cut_off_garrison_lives_on_its_stores_and_then_surrenders(opened, weeks):
    params, state = opened()
    states, flows = weeks(params, state, 20, roads=0.0)
    np.testing.assert_allclose(states.stores[:5, 0, 0], [3, 2, 1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(flows.starving[:6, 0, 0], [0, 0, 0, 0, 1, 1], atol=1e-6)
    np.testing.assert_allclose(flows.endurance[:4, 0, 0], [3, 2, 1, 0], atol=1e-3)
    assert (flows.surrendered[:3, 0] == 0).all()
    assert (flows.surrendered[3:, 0] > 0).all()
    left = np.asarray(state.men)[0] * (1 - np.asarray(params.surrender)) ** np.arange(1, 18)[:, None]
    np.testing.assert_allclose(states.men[3:, 0], left, rtol=1e-4)
    assert (flows.resistance[4:, 0] < 1).all()


def test_with_half_of_the_roads_it_lasts_and_with_fewer_it_falls_sooner(opened, weeks):
    _, half = weeks(*opened(), 30, roads=ROADS / 2)
    assert (half.starving == 0).all()
    endurance = [weeks(*opened(), 1, roads=ROADS * share)[1].endurance[0, 0, 0] for share in (1, 0.5, 0.4, 0.2, 0)]
    assert endurance[0] == endurance[1] == siege.LONGEST
    assert (np.diff(endurance[1:]) < 0).all()
    np.testing.assert_allclose(endurance[2:], [3.8 / 0.2, 3.4 / 0.6, 3.0], rtol=1e-4)


def test_what_is_left_of_the_roads_is_what_starvation_leaves(opened, weeks):
    _, flows = weeks(*opened(), 40, roads=ROADS * 0.3)
    np.testing.assert_allclose(flows.starving[-1, :2], 0.4, rtol=1e-4)
    assert (flows.surrendered == 0).all()


@pytest.mark.parametrize("roads", [0.0, 300.0, 900.0, 5000.0])
def test_stores_and_men_are_the_sums_of_their_flows(roads, opened, weeks):
    params, state = opened()
    states, flows = weeks(params, state, 25, roads=roads)
    before = np.concatenate([np.asarray(state.stores)[None], states.stores[:-1]])
    np.testing.assert_allclose(states.stores, before + flows.inflow - flows.consumption, atol=1e-5)
    men = np.concatenate([np.asarray(state.men)[None], states.men[:-1]])
    np.testing.assert_allclose(men, states.men + flows.surrendered, rtol=1e-5)
    np.testing.assert_allclose(flows.captured[:, 0], flows.surrendered[:, [0, 2]].sum(axis=1), rtol=1e-5)
    np.testing.assert_allclose(flows.captured[:, 1], flows.surrendered[:, 1], rtol=1e-5)
    assert (states.stores >= 0).all()
    assert (states.men >= 0).all()
    assert (states.stores <= np.asarray(params.stores_opening) + 1e-5).all()


def test_relieved_garrisons_fill_their_stores_at_most_as_fast_as_they_can(opened, weeks, week):
    params, state = opened(refill=0.25)
    starved = jax.tree.map(lambda each: each[-1], weeks(params, state, 6, roads=0.0)[0])
    assert (starved.stores[0] == 0).all()
    states, flows = weeks(params, starved, 30, roads=ROADS)
    np.testing.assert_allclose(states.stores[:4, 0, 0], [0.25, 0.5, 0.75, 1.0], rtol=1e-5)
    np.testing.assert_allclose(states.stores[-1, 0], 4.0, rtol=1e-5)
    assert (flows.surrendered == 0).all()


def test_nobody_gives_up_who_is_not_besieged(opened, weeks):
    for circumstances in ({"contact": 0.0}, {"effort": 0.0}, {"contact": 0.95}):
        states, flows = weeks(*opened(), 15, roads=0.0, **circumstances)
        assert (flows.besieged == 0).all()
        assert (flows.captured == 0).all()
        assert (flows.committed == 0).all()
        assert (states.weeks_besieged == 0).all()


def test_a_siege_can_be_called_off_and_ordered_for_each_garrison(opened, weeks):
    besiege = np.array([0.0, 1.0, 1.0])
    _, flows = weeks(*opened(besiege=besiege), 15, roads=0.0)
    assert (flows.captured[:, 0] == 0).all()
    assert (flows.captured[-1, 1] > 0).all()
    assert (flows.committed[:, 1] == 0).all()
    assert (flows.committed[:, 0] > 0).all()
    _, none = weeks(*opened(besiege=0.0), 15, roads=0.0)
    assert (none.stretch == 0).all()


def test_contact_decides_how_close_a_siege_is(opened, weeks):
    found = [weeks(*opened(), 1, contact=share)[1] for share in (0.0, 0.1, 0.2, 0.4, 0.8)]
    np.testing.assert_allclose([flows.contact[0, 0, 0] for flows in found], [0, 0.1, 0.2, 0.4, 0.8], atol=1e-6)
    besieged = np.array([flows.besieged[0, :2, 0] for flows in found])
    np.testing.assert_allclose(besieged[:, 0], besieged[:, 1], rtol=1e-5)
    np.testing.assert_allclose(besieged[:, 0], [0, 1 / 7, 3 / 7, 1, 1], rtol=1e-4)
    assert all((flows.besieged[0, 2] == 0).all() for flows in found)


def test_a_longer_siege_of_more_people_stretches_the_attacker_more(opened, weeks):
    params, state = opened()
    _, flows = weeks(params, state, 30)
    assert (np.diff(flows.stretch, axis=0) >= 0).all()
    assert (np.diff(flows.stretch[:, 0], axis=0)[:10] > 0).all()
    first = 3.0 * np.asarray(params.garrison_troops)[1] + np.asarray(params.crowd) * 200
    np.testing.assert_allclose(flows.committed[0, 0], first, rtol=1e-4)
    np.testing.assert_allclose(flows.stretch, flows.committed / TROOPS, rtol=1e-5)
    _, small = weeks(*opened(garrison_troops=1000.0), 1)
    assert (small.committed[0] < flows.committed[0]).all()


def test_never_more_are_tied_down_or_captured_than_there_are(opened, weeks):
    _, flows = weeks(*opened(), 20, roads=0.0, troops=500.0)
    assert (flows.committed <= 500).all()
    assert (flows.stretch <= 1).all()
    assert (flows.captured <= 500.01).all()


def test_works_around_a_garrison_tie_down_more(opened, ground):
    params, state = opened()
    doubled = dataclasses.replace(ground, works=2 * ground.works)
    plain, more = (siege.attackers(params, on, state.men) for on in (ground, doubled))
    np.testing.assert_allclose(more[:2] / plain[:2], np.broadcast_to(2.0**params.fortified, (2, RUNS)), rtol=1e-5)


def test_without_couplings_a_siege_touches_neither_men_nor_resistance(opened, weeks):
    _, flows = weeks(*opened(surrender=0.0, frailty=0.0), 20, roads=0.0)
    assert (flows.captured == 0).all()
    assert (flows.resistance == 1).all()
    assert (flows.starving[-1, :2] == 1).all()


def test_a_garrison_without_roads_at_the_opening_is_fed_by_other_ways(opened, weeks):
    params, _ = opened()
    state = siege.opening(params, jnp.zeros((3, RUNS)))
    _, flows = weeks(params, state, 20, roads=0.0)
    assert (flows.starving == 0).all()


def test_what_is_decreed_goes_into_the_books(opened, week):
    params, state = opened()
    place = Place("siege.consumption", 0, (3,), (0.0, np.inf))
    decree = Intervention(jnp.zeros(3), jnp.full(3, 50.0), (place,), "siege")
    after, flows = week(params, state, do=decree)
    assert (np.asarray(after.stores) == 0).all()
    np.testing.assert_allclose(flows.consumption, state.stores + flows.inflow)
    place = Place("siege.surrendered", 0, (3,), (0.0, np.inf))
    after, flows = week(params, state, do=Intervention(jnp.zeros(3), jnp.full(3, 1e9), (place,), "siege"))
    assert (np.asarray(after.men) == 0).all()
    np.testing.assert_allclose(flows.captured[1], state.men[1])


def test_the_books_close_in_double_precision(opened, week):
    with jax.enable_x64(True):
        wide = jax.tree.map(lambda each: jnp.asarray(each, jnp.float64), opened())
        after, flows = week(*wide, roads=100.0)
        assert after.stores.dtype == flows.captured.dtype == jnp.float64
        np.testing.assert_allclose(after.stores, wide[1].stores + flows.inflow - flows.consumption, rtol=1e-12)


def test_swapping_the_sides_swaps_what_happens(opened, ground):
    params, state = opened()
    random = np.random.default_rng(0)
    held = random.uniform(size=(SIZE * SIZE + 1, RUNS))
    roads = jnp.asarray(random.uniform(0, ROADS, (3, RUNS)), float)
    troops, effort = (jnp.asarray(random.uniform(low, high, (2, RUNS)), float) for low, high in ((9e3, 9e4), (0.5, 1)))
    swapped = dataclasses.replace(ground, garrison_side=1 - ground.garrison_side)

    def one(on, share, troops, effort):
        share = jnp.asarray(share, float)
        return step(params, state, do=NOTHING, ground=on, held=share, throughput=roads, troops=troops, effort=effort)[1]

    plain, other = one(ground, held, troops, effort), one(swapped, 1 - held, troops[::-1], effort[::-1])
    for name in ("captured", "committed", "stretch"):
        np.testing.assert_allclose(getattr(other, name), getattr(plain, name)[::-1], rtol=1e-4)
    for name in ("contact", "besieged", "endurance", "resistance"):
        np.testing.assert_allclose(getattr(other, name), getattr(plain, name), rtol=1e-4, atol=1e-6)


def test_a_war_without_garrisons_goes_on(honeycomb, with_prior_medians):
    params = with_prior_medians(siege, runs=RUNS, garrisons=0)
    state = siege.opening(params, jnp.zeros((0, RUNS)))
    held, per_side = jnp.ones((SIZE * SIZE + 1, RUNS)), jnp.ones((2, RUNS))
    _, flows = step(
        params,
        state,
        do=NOTHING,
        ground=honeycomb(SIZE),
        held=held,
        throughput=jnp.zeros((0, RUNS)),
        troops=per_side,
        effort=per_side,
    )
    assert (np.asarray(flows.captured) == 0).all()
    assert flows.resistance.shape == (0, RUNS)
