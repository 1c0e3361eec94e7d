"""Fires: stocks that close by type, guns and aircraft as limits, and what range is worth."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ceasefire.model import fires
from ceasefire.model.axes import MUNITIONS
from ceasefire.model.intervene import Intervention, Place
from ceasefire.model.noise import Noise

RUNS, AXES = 400, 3
OUTPUT = np.array([[30e3, 1200, 5e4, 900, 8, 12], [45e3, 2000, 2e4, 300, 3, 6]])
AIRCRAFT = [250.0, 60.0]
FLYING = 0.6


def dice(week=0):
    return Noise(jnp.asarray([3, 0], jnp.uint32), jnp.arange(RUNS, dtype=jnp.uint32), jnp.asarray(week), "fires")


def output(per_week=OUTPUT):
    return jnp.repeat(jnp.asarray(per_week, float)[..., None], RUNS, axis=2)


SHAPES = {
    "fired": (2, 4),
    "sorties": (2,),
    "loss_per_sortie": (2,),
    "aircraft_lost": (2,),
    "aircraft_delivered": (2,),
}
SPAN = {"loss_per_sortie": (0.0, 1.0)}


def decree(**given):
    """Decrees on flows, each as (factor, shift) of `Intervention`; all share a table, so that `step` compiles once."""
    factor, shift, places = [], [], []
    for name, shape in SHAPES.items():
        scale, add = given.pop(name, (1.0, 0.0))
        places.append(Place(f"fires.{name}", sum(map(len, factor)), shape, SPAN.get(name, (0.0, np.inf))))
        factor.append(np.broadcast_to(np.asarray(scale, float), shape).ravel())
        shift.append(np.broadcast_to(np.asarray(add, float), shape).ravel())
    assert not given
    table = (jnp.asarray(np.concatenate(column), float) for column in (factor, shift))
    return Intervention(*table, tuple(places), "fires")


opening = jax.jit(fires.opening)


@jax.jit
def step(params, state, do, noise, fire, delivered, guns, flying, platforms, intelligence):
    given = {"guns": guns, "flying": flying, "platforms": platforms, "intelligence": intelligence}
    return fires.step(params, state, do=do, noise=noise, fire=fire, delivered=delivered, **given)


def week(
    params,
    state,
    *,
    do=None,
    number=0,
    fire=1.0,
    guns=1.0,
    flying=FLYING,
    per_week=OUTPUT,
    platforms=1.0,
    intelligence=1.0,
):
    fire, guns, *given = (
        jnp.broadcast_to(jnp.asarray(x, float), (2, RUNS)) for x in (fire, guns, platforms, intelligence)
    )
    flying = jnp.broadcast_to(jnp.asarray(flying, float), (AXES, RUNS))
    do = decree() if do is None else do
    return step(params, state, do, dice(number), fire, output(per_week), guns, flying, *given)


@pytest.fixture
def drawn(with_prior_medians):
    return lambda **given: with_prior_medians(fires, runs=RUNS, **{"aircraft_opening": AIRCRAFT, **given})


def opened(params, per_week=OUTPUT):
    return opening(params, output(per_week), jnp.full((AXES, RUNS), FLYING))


def test_ordnance_is_the_munitions_that_are_not_drones():
    assert MUNITIONS[fires.AMONG_MUNITIONS] == fires.ORDNANCE


def test_at_the_opening_fires_are_what_is_delivered_and_stay_so(drawn):
    params = drawn(exposed_loss=1e-9, cover=[[0.5, 2, 3, 4], [5, 6, 7, 8]])
    state = opened(params)
    for number in range(4):
        after, flows = week(params, state, number=number)
        np.testing.assert_allclose(flows.fired, output()[:, 2:], rtol=1e-5)
        np.testing.assert_allclose(flows.artillery, 1, rtol=1e-5)
        np.testing.assert_allclose(flows.air, 1, rtol=1e-5)
        np.testing.assert_allclose(after.stock, state.stock, rtol=1e-5)
        state = dataclasses.replace(after, aircraft=state.aircraft)


def test_too_few_aircraft_drop_what_they_can_and_that_is_the_opening(drawn):
    params = drawn(aircraft_opening=20.0, sortie_rate=2.0, load=2.0)
    _, flows = week(params, opened(params))
    np.testing.assert_allclose(flows.sorties[0], 40, rtol=1e-5)
    np.testing.assert_allclose(flows.fired[0, 1:3].sum(axis=0), 80, rtol=1e-5)
    np.testing.assert_allclose(flows.air, 1, rtol=1e-5)


@pytest.mark.parametrize("precision", [False, True])
@pytest.mark.parametrize(
    "given",
    [
        {"fired": (0.0, 1e9)},
        {"fired": ([[1, 0, 3, 1], [0.5, 1, 1, 0]], [[0, 9, 0, -1e6], [3, 0, 0, 0]])},
        {"sorties": (0.0, 1e6)},
        {"sorties": (0.0, 0.0)},
        {"aircraft_lost": (0.0, 33.5)},
        {"aircraft_delivered": (0.0, 12.0)},
        {"loss_per_sortie": (0.0, 1.0)},
    ],
    ids=["everything", "some", "many-sorties", "grounded", "lost", "delivered", "deadly"],
)
def test_stocks_and_aircraft_close_by_type_whatever_is_decreed(drawn, given, precision):
    with jax.enable_x64(precision):
        params = drawn(cover=[[1.0, 2, 3, 4], [5, 6, 7, 8]])
        do = decree(**given)
        state = opened(params)
        for number in range(6):
            after, flows = week(params, state, do=do, number=number, fire=1.7)
            assert (after.stock == state.stock - flows.fired + output()[:, 2:]).all()
            assert (after.aircraft == state.aircraft - flows.aircraft_lost + flows.aircraft_delivered).all()
            assert (flows.fired <= state.stock).all()
            assert (flows.aircraft_lost <= state.aircraft).all()
            assert min(leaf.min() for leaf in jax.tree.leaves((after, flows))) >= 0
            assert after.stock.dtype == after.aircraft.dtype == flows.sorties.dtype == jnp.result_type(float)
            state = after


def test_without_fire_nothing_is_fired_flown_or_lost(drawn):
    params = drawn(exposed_loss=0.5)
    _, flows = week(params, opened(params), fire=0.0)
    for name in ("fired", "sorties", "aircraft_lost", "rear_hits"):
        assert (getattr(flows, name) == 0).all(), name
    assert flows.artillery.max() < 1e-4


def test_nothing_is_launched_from_an_empty_stock_however_many_sorties_are_decreed(drawn):
    params = drawn()
    state = dataclasses.replace(opened(params), stock=jnp.zeros((2, 4, RUNS)))
    for do in (decree(), decree(sorties=(0.0, 500.0))):
        _, flows = week(params, state, do=do)
        assert (flows.fired == 0).all()
        assert (flows.rear_hits == 0).all()


def test_a_war_without_shells_or_bombs_is_as_at_the_opening(drawn):
    params, none = drawn(aircraft_opening=0.0), np.zeros_like(OUTPUT)
    _, flows = week(params, opened(params, none), per_week=none)
    assert (flows.artillery == 1).all()
    assert (flows.air == 1).all()
    assert (flows.sorties == 0).all()


def test_artillery_is_limited_by_shells_and_by_guns(drawn):
    params = drawn(gun_slack=2.0)
    state = opened(params)
    for guns, expected in ((1.0, 1.0), (0.5, 1.0), (0.25, 0.5), (0.0, 0.0), (10.0, 1.0)):
        _, flows = week(params, state, guns=guns)
        np.testing.assert_allclose(flows.artillery, expected, rtol=1e-3, atol=1e-4)
    _, hungry = week(params, dataclasses.replace(state, stock=state.stock.at[:, 0].divide(5)), guns=10.0)
    np.testing.assert_allclose(hungry.artillery, 0.2, rtol=1e-3)
    _, more = week(params, state, fire=9.0)
    np.testing.assert_allclose(more.artillery, 2, rtol=1e-3)


@pytest.mark.parametrize("side", [0, 1])
def test_range_beyond_air_defence_saves_aircraft_and_finds_targets_and_changes_nothing_else_at_once(drawn, side):
    def fought(km):
        ranges = np.full(2, 70.0)
        ranges[side] = km
        params = drawn(standoff_range=ranges, exposed_loss=0.05)
        return week(params, opened(params))[1]

    near, far = fought(70.0), fought(402.0)
    assert (far.loss_per_sortie[side] < 0.1 * near.loss_per_sortie[side]).all()
    assert far.aircraft_lost[side].mean() < near.aircraft_lost[side].mean()
    assert ((far.rear_hits / far.sorties)[side] > 1.5 * (near.rear_hits / near.sorties)[side]).all()
    for name in ("artillery", "air", "fired", "sorties"):
        assert (getattr(near, name) == getattr(far, name)).all(), name
    for name in ("loss_per_sortie", "aircraft_lost", "rear_hits"):
        assert (getattr(near, name)[1 - side] == getattr(far, name)[1 - side]).all(), name


def test_risk_and_hits_are_monotone_in_range(drawn):
    found = []
    for km in (0.0, 20.0, 70.0, 150.0, 402.0, 2000.0):
        params = drawn(standoff_range=km)
        found.append(week(params, opened(params))[1])
    assert (np.diff([flows.loss_per_sortie for flows in found], axis=0) < 0).all()
    assert (np.diff([flows.rear_hits for flows in found], axis=0) > 0).all()
    assert (found[0].rear_hits == 0).all()
    np.testing.assert_allclose(found[-1].rear_hits, output()[:, 4] * params.hit_chance, rtol=1e-4)


def test_enemy_aircraft_with_missiles_cost_sorties_and_aircraft_and_either_alone_does_not(drawn):
    params = drawn(cover=4.0)
    state = opened(params)
    _, plain = week(params, state)

    def fought(aircraft=1.0, missiles=1.0):
        stock = state.stock.at[0, fires.AIR_TO_AIR].multiply(missiles)
        fleet = state.aircraft.at[0].multiply(aircraft)
        return week(params, dataclasses.replace(state, stock=stock, aircraft=fleet))[1]

    both, airframes, unarmed, none = fought(missiles=5), fought(aircraft=5), fought(missiles=0), fought(aircraft=0)
    assert (both.loss_per_sortie[1] > plain.loss_per_sortie[1]).all()
    assert (both.sorties[1] < plain.sorties[1]).all()
    assert (airframes.loss_per_sortie[1] == plain.loss_per_sortie[1]).all()
    for flows in (unarmed, none):
        assert (flows.loss_per_sortie[1] < plain.loss_per_sortie[1]).all()
        assert (flows.sorties[1] > plain.sorties[1]).all()
    np.testing.assert_allclose(unarmed.sorties[1], none.sorties[1])
    for flows in (both, unarmed):
        assert (flows.loss_per_sortie[0] == plain.loss_per_sortie[0]).all()
        assert (flows.sorties[0] == plain.sorties[0]).all()


def test_bad_weather_grounds_aircraft_not_guns(drawn):
    params = drawn()
    _, plain = week(params, opened(params))
    _, fog = week(params, opened(params), flying=FLYING / 4)
    np.testing.assert_allclose(fog.sorties, plain.sorties / 4, rtol=1e-5)
    np.testing.assert_allclose(fog.air, 0.25, rtol=0.05)
    assert (fog.artillery == plain.artillery).all()


def test_losses_are_whole_and_right_in_the_mean(drawn):
    params = drawn(exposed_loss=0.002)
    _, flows = week(params, opened(params))
    expected = np.asarray(flows.sorties * flows.loss_per_sortie)
    assert (flows.aircraft_lost % 1 == 0).all()
    assert (np.abs(flows.aircraft_lost - expected) < 1).all()
    np.testing.assert_allclose(flows.aircraft_lost.mean(axis=-1), expected.mean(axis=-1), atol=4 * 0.5 / RUNS**0.5)


def test_the_sides_are_alike(drawn):
    given = {
        "cover": [[2.0, 3, 4, 5], [6, 7, 8, 9]],
        "aircraft_opening": AIRCRAFT,
        "sortie_rate": [2.0, 5.0],
        "standoff_range": [60.0, 200.0],
        "air_defence_reach": [200.0, 80.0],
        "exposed_loss": [1e-9, 1e-9],
    }
    params, mirrored = drawn(**given), drawn(**{name: value[::-1] for name, value in given.items()})
    _, flows = week(params, opened(params), fire=[[0.5], [1.5]], guns=[[0.3], [0.9]])
    state = opened(mirrored, OUTPUT[::-1])
    _, swapped = week(mirrored, state, fire=[[1.5], [0.5]], guns=[[0.9], [0.3]], per_week=OUTPUT[::-1])
    for a, b in zip(jax.tree.leaves(flows), jax.tree.leaves(swapped), strict=True):
        assert (a == b[::-1]).all()


def test_what_patrons_tell_makes_shells_do_more_and_what_they_give_brings_aircraft(drawn):
    params = drawn(spotting_exponent=0.5, delivery_exponent=1.0, aircraft_delivery=2.0)
    usual = week(params, opened(params))[1]
    found = week(params, opened(params), intelligence=[[0.64], [1.0]], platforms=[[3.0], [0.0]])[1]
    np.testing.assert_allclose(found.artillery, np.array([[0.8], [1.0]]) * np.asarray(usual.artillery), rtol=1e-5)
    np.testing.assert_array_equal(found.fired, usual.fired)
    np.testing.assert_allclose(found.aircraft_delivered, [[6.0] * RUNS, [0.0] * RUNS], rtol=1e-6)
    cut = drawn(spotting_exponent=0.0, delivery_exponent=0.0, aircraft_delivery=2.0)
    blind = week(cut, opened(cut), intelligence=0.1, platforms=0.1)[1]
    np.testing.assert_array_equal(blind.artillery, usual.artillery)
    np.testing.assert_array_equal(blind.aircraft_delivered, 2.0)
