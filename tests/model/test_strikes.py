"""Strikes: stocks that close by weapon, weeks that differ as they do, and what takes whose place."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ceasefire.model import strikes
from ceasefire.model.axes import MUNITIONS, SECTORS, WEAPONS
from ceasefire.model.declare import declared
from ceasefire.model.intervene import Intervention, Place
from ceasefire.model.noise import Noise

RUNS = 200
PER_WEEK = np.array([[750.0, 500, 31, 16, 3], [300, 100, 5, 1, 0.5]])
STEADY = {"luck": 0.0, "tempo_spread": 0.0, "nights_spread": 0.0}
SHAPES = {"launched": (2, len(WEAPONS)), "nights": (2,), "aim": (2, len(SECTORS))}
CRUISE, BALLISTIC, ANTISHIP = (WEAPONS.index(f"{kind}_missile") for kind in ("cruise", "ballistic", "antiship"))


class Dice(Noise):
    """Dice that the two sides may swap."""

    swapped: jax.Array = False

    def uniform(self, name, shape=()):
        u = Noise.uniform(self, name, shape)
        return jnp.where(self.swapped, u[::-1], u)


def dice(week=0, *, swapped=False):
    run, number = jnp.arange(RUNS, dtype=jnp.uint32), jnp.asarray(week)
    return Dice(jnp.asarray([3, 0], jnp.uint32), run, number, "strikes", jnp.asarray(swapped))


def output(per_week=PER_WEEK):
    delivered = np.full((2, len(MUNITIONS), RUNS), 77.0)
    delivered[:, strikes.AMONG_MUNITIONS] = np.asarray(per_week)[..., None]
    return jnp.asarray(delivered, float)


def decree(**given):
    """Decrees on flows, each as (factor, shift) of `Intervention`; all share a table, so that `step` compiles once."""
    bounds = {variable.name: variable.bounds for variable in declared(strikes)}
    factor, shift, places = [], [], []
    for name, shape in SHAPES.items():
        scale, add = given.pop(name, (1.0, 0.0))
        places.append(Place(f"strikes.{name}", sum(map(len, factor)), shape, bounds[f"strikes.{name}"]))
        factor.append(np.broadcast_to(np.asarray(scale, float), shape).ravel())
        shift.append(np.broadcast_to(np.asarray(add, float), shape).ravel())
    assert not given
    table = (jnp.asarray(np.concatenate(column), float) for column in (factor, shift))
    return Intervention(*table, tuple(places), "strikes")


opening = jax.jit(strikes.opening)


@jax.jit
def step(params, state, do, noise, fire, delivered, colder, intelligence, licence):
    received = {"fire": fire, "delivered": delivered, "colder": colder, "intelligence": intelligence}
    return strikes.step(params, state, do=do, noise=noise, licence=licence, **received)


def week(
    params,
    state,
    *,
    do=None,
    number=0,
    fire=1.0,
    per_week=PER_WEEK,
    colder=0.0,
    swapped=False,
    intelligence=1.0,
    licence=1.0,
):
    fire, *given = (jnp.broadcast_to(jnp.asarray(one, float), (2, RUNS)) for one in (fire, intelligence, licence))
    colder = jnp.full(RUNS, colder, float)
    do, noise = decree() if do is None else do, dice(number, swapped=swapped)
    return step(params, state, do, noise, fire, output(per_week), colder, *given)


@pytest.fixture
def drawn(with_prior_medians):
    return lambda **given: with_prior_medians(strikes, runs=RUNS, **given)


def opened(params, per_week=PER_WEEK):
    return opening(params, output(per_week))


def held(state, weapons, share):
    """The state with that share of its stock of some weapons."""
    return dataclasses.replace(state, stock=state.stock.at[:, weapons].multiply(share))


def test_without_luck_launches_are_what_is_delivered_and_stay_so(drawn):
    params = drawn(cover=[[0.4, 2, 3, 8, 90], [1, 5, 7, 9, 11]], **STEADY)
    state = opened(params)
    for number in range(4):
        after, flows = week(params, state, number=number)
        np.testing.assert_allclose(flows.launched, np.repeat(PER_WEEK[..., None], RUNS, axis=2), rtol=1e-5)
        np.testing.assert_allclose(after.stock, state.stock, rtol=1e-5)
        np.testing.assert_allclose(flows.nights, strikes.opening_nights(params), rtol=1e-5)
        np.testing.assert_allclose(flows.aim, strikes.opening_aim(params), rtol=1e-5)
        state = after


@pytest.mark.parametrize("precision", [False, True])
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"launched": ([[1.0, 0, 3, 1, 0], [0.5, 1, 1, 0, 1]], [[0, 9, 0, -1e6, 2.5], [3, 0, 0, 0, 0]])},
        {"launched": (0.0, 1e9)},
        {"aim": (0.0, 0.0)},
        {"aim": (0.0, 1.0), "nights": (0.0, 1e6)},
        {"nights": (0.0, 0.0)},
    ],
    ids=["nothing", "some", "everything", "aimless", "everywhere", "no-night"],
)
def test_stocks_close_by_weapon_and_nothing_is_launched_that_is_not_there(drawn, given, precision):
    with jax.enable_x64(precision):
        params = drawn(cover=1.5, luck=1.5)
        do, state = decree(**given), opened(params)
        for number in range(8):
            after, flows = week(params, state, do=do, number=number, fire=1.7)
            assert (after.stock == state.stock - flows.launched + output()[:, strikes.AMONG_MUNITIONS]).all()
            assert (flows.launched <= state.stock).all()
            assert min(leaf.min() for leaf in jax.tree.leaves((flows, after.stock))) >= 0
            assert (flows.nights >= 1).all()
            assert (flows.nights <= 7).all()
            assert after.stock.dtype == after.tempo.dtype == flows.aim.dtype == jnp.result_type(float)
            state = after


def test_weapons_are_the_munitions_that_strike_deep_and_no_others_matter(drawn):
    assert MUNITIONS[strikes.AMONG_MUNITIONS] == WEAPONS
    params, one = drawn(), jnp.ones((2, RUNS))
    plain, other = (
        week(params, opened(params)),
        step(params, opened(params), decree(), dice(), one, output().at[:, :3].set(5.0), jnp.zeros(RUNS), one, one),
    )
    for one, two in zip(jax.tree.leaves(plain), jax.tree.leaves(other), strict=True):
        assert (one == two).all()


def test_without_fire_nothing_is_launched_and_without_stock_neither(drawn):
    params = drawn()
    after, peace = week(params, opened(params), fire=0.0)
    assert (peace.launched == 0).all()
    assert (after.stock == opened(params).stock + output()[:, strikes.AMONG_MUNITIONS]).all()
    none = np.zeros_like(PER_WEEK)
    state, empty = week(params, opened(params, none), per_week=none)
    assert (empty.launched == 0).all()
    assert (state.stock == 0).all()


@pytest.mark.parametrize("extreme", [0.0, 1e15])
@pytest.mark.parametrize("name", [v.name.partition(".")[2] for v in declared(strikes) if v.kind == "parameter"])
def test_no_parameter_makes_anything_infinite(drawn, name, extreme):
    params = drawn(**{name: extreme})
    state = opened(drawn())
    for fire in (0.0, 1.0, 1e15):
        for tempo in (-1e15, 0.0, 1e15):
            moved = dataclasses.replace(held(state, slice(CRUISE, ANTISHIP), 0.0), tempo=jnp.full((2, RUNS), tempo))
            after, flows = week(params, moved, fire=fire, colder=1e15)
            assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(flows)), (fire, tempo)
            assert np.isfinite(after.stock).all()
            assert (flows.launched <= moved.stock).all()


@pytest.mark.parametrize("spread", [0.0, 0.3, 0.5, 1.0, 1.5])
def test_luck_has_mean_one_and_the_spread_that_it_is_said_to_have(spread):
    u = jnp.asarray((np.arange(200_000) + 0.5) / 200_000)
    luck = np.asarray(strikes.gamma_like(jnp.asarray(spread), u), float)
    assert luck.min() >= 0
    assert (np.diff(luck) >= 0).all()
    assert luck.mean() == pytest.approx(1, abs=0.02)
    assert luck.std() == pytest.approx(spread, rel=0.02)


def test_with_wide_luck_some_weeks_see_next_to_nothing_and_some_a_multiple():
    u = jnp.asarray((np.arange(10_000) + 0.5) / 10_000)
    wide, narrow = (np.asarray(strikes.gamma_like(jnp.asarray(spread), u)) for spread in (1.0, 0.3))
    assert (wide < 0.05).mean() == pytest.approx(0.05, abs=0.02)
    assert (wide > 2.5).mean() == pytest.approx(0.08, abs=0.02)
    assert (narrow < 0.3).mean() < 0.001


def test_over_a_year_as_many_are_launched_as_are_delivered_with_the_spread_of_the_luck(drawn):
    spread = np.array([0.3, 0.3, 1.0, 0.5, 0.8])
    params = drawn(cover=20.0, luck=[spread] * 2, tempo_spread=0.0, substitution=0.0)

    @jax.jit
    def year(state):
        def one(state, number):
            fire, still = jnp.ones((2, RUNS)), jnp.zeros(RUNS)
            state, flows = step(params, state, decree(), dice(number), fire, output(), still, fire, fire)
            return state, flows.launched

        return jax.lax.scan(one, state, jnp.arange(52))[1]

    launched = np.asarray(year(opened(params)), float)
    mean = launched.mean(axis=(0, 3))
    np.testing.assert_allclose(mean, PER_WEEK, rtol=0.05)
    np.testing.assert_allclose(launched.std(axis=(0, 3)) / mean, [spread] * 2, rtol=0.08)


def test_more_fire_a_higher_tempo_and_a_fuller_store_launch_more_on_that_side_alone(drawn):
    params = drawn(substitution=0.0)
    state = opened(params)
    _, usual = week(params, state)
    fire = np.repeat([[1.3], [1.0]], RUNS, axis=1)
    _, more_fire = week(params, state, fire=fire)
    _, faster = week(params, dataclasses.replace(state, tempo=state.tempo.at[0].set(np.log(1.3))))
    _, fuller = week(params, dataclasses.replace(state, stock=state.stock.at[0].multiply(1.3)))
    np.testing.assert_allclose(more_fire.launched, faster.launched, rtol=1e-5)
    for flows in (more_fire, faster, fuller):
        assert (flows.launched[0] >= usual.launched[0]).all()
        assert (flows.launched[0].sum() > 1.1 * usual.launched[0].sum()).all()
        assert (flows.launched[1] == usual.launched[1]).all()


def antiship_share(flows):
    missiles = np.asarray(flows.launched, float)[:, CRUISE:]
    return missiles[:, -1] / missiles.sum(axis=1)


def test_as_land_attack_missiles_run_out_antiship_missiles_take_their_place(drawn):
    params = drawn(cover=[[4, 4, 4, 4, 60]] * 2, **STEADY)
    state, flows = opened(params), []
    for share in (1.5, 1.0, 0.5, 0.1, 0.0):
        flows.append(week(params, held(state, slice(CRUISE, ANTISHIP), share))[1])
    antiship = np.stack([flow.launched[:, ANTISHIP] for flow in flows])
    assert (np.diff(antiship, axis=0) > 0).all()
    assert (np.diff(np.stack([antiship_share(flow) for flow in flows]), axis=0) > 0).all()
    np.testing.assert_allclose(antiship[1], np.repeat(PER_WEEK[:, ANTISHIP, None], RUNS, axis=1), rtol=1e-5)
    for flow in flows:
        assert (flow.launched[:, :CRUISE] == flows[0].launched[:, :CRUISE]).all()


def test_substitution_is_an_elasticity_bounded_by_the_stock(drawn):
    params = drawn(cover=10.0, substitution=2.0, **STEADY)
    many = np.where(np.array(WEAPONS) == "antiship_missile", 3.0, 1e7) * np.ones((2, 1))
    state = opened(params, many)
    _, third = week(params, held(state, slice(CRUISE, ANTISHIP), 1 / 3), per_week=many)
    np.testing.assert_allclose(third.launched[:, ANTISHIP], 9 * 3, rtol=1e-4)
    _, none = week(params, held(state, slice(CRUISE, ANTISHIP), 0.0), per_week=many)
    assert (none.launched[:, ANTISHIP] == state.stock[:, ANTISHIP]).all()


def test_without_substitution_a_shortage_changes_no_bit_of_what_else_is_launched(drawn):
    params = drawn(substitution=0.0)
    short = held(opened(params), slice(CRUISE, ANTISHIP), 0.1)
    _, usual = week(params, opened(params))
    _, without = week(params, short)
    _, coupled = week(drawn(), opened(params))
    others = [weapon for weapon in range(len(WEAPONS)) if weapon not in (CRUISE, BALLISTIC)]
    assert (without.launched[:, others] == usual.launched[:, others]).all()
    assert (coupled.launched == usual.launched).all()


def test_aim_follows_the_weights_and_turns_to_the_grid_in_the_cold(drawn):
    weight = [[0.4, 0.3, 0.2, 0.1, 0.0], [0.05, 0.15, 0.6, 0.0, 0.2]]
    params = drawn(aim_weight=weight, winter_turn=np.log(2))
    state = opened(params)
    aims = {colder: week(params, state, colder=colder)[1].aim for colder in (-10, 0, 10, 20)}
    np.testing.assert_allclose(aims[0][..., 0], weight, rtol=1e-5)
    np.testing.assert_allclose(
        aims[10][:, :, 0], [[4 / 7, 1.5 / 7, 1 / 7, 0.5 / 7, 0], np.array([0.1, 0.15, 0.6, 0, 0.2]) / 1.05], rtol=1e-5
    )
    assert (np.diff(np.stack([aim[:, 0] for aim in aims.values()]), axis=0) > 0).all()
    for aim in aims.values():
        np.testing.assert_allclose(aim.sum(axis=1), 1, rtol=1e-6)
    still = week(drawn(aim_weight=weight, winter_turn=0.0), state, colder=30.0)[1].aim
    np.testing.assert_allclose(still, aims[0], rtol=1e-6)


def test_shares_that_are_decreed_are_shares_of_all_that_is_launched(drawn):
    params = drawn(aim_weight=[[0.4, 0.3, 0.2, 0.1, 0.0]] * 2)
    spared = week(params, opened(params), do=decree(aim=([0.0, 1, 1, 1, 1], 0.0)))[1].aim[..., 0]
    np.testing.assert_allclose(spared, [[0, 1 / 2, 1 / 3, 1 / 6, 0]] * 2, rtol=1e-5)
    even = week(params, opened(params), do=decree(aim=(0.0, 1.0)))[1].aim
    np.testing.assert_allclose(even, 0.2, rtol=1e-6)


def test_nights_vary_around_the_usual_within_the_week(drawn):
    params = drawn(nights_usual=[0.3, 4.0], nights_spread=0.25)
    nights = np.concatenate([week(params, opened(params), number=n)[1].nights for n in range(20)], axis=1)
    assert nights.min() >= 1
    assert nights.max() <= 7
    assert np.median(nights[0]) == pytest.approx(1, abs=0.05)
    assert np.median(nights[1]) == pytest.approx(4, abs=0.1)
    assert np.log(nights[1]).std() == pytest.approx(0.25, rel=0.1)


def test_the_tempo_is_one_for_all_weapons_of_a_side_and_moves_by_itself(drawn):
    params = drawn(luck=0.0, tempo_spread=0.4, tempo_half_life=1.0)
    state = opened(params)
    for number in range(6):
        state, _ = week(params, state, number=number)
    assert state.tempo.std() == pytest.approx(0.4, rel=0.1)
    fresh = dataclasses.replace(opened(params), tempo=state.tempo)
    relative = np.asarray(week(params, fresh)[1].launched)[:, :ANTISHIP] / PER_WEEK[:, :ANTISHIP, None]
    np.testing.assert_allclose(relative, np.repeat(np.exp(state.tempo)[:, None], ANTISHIP, axis=1), rtol=1e-4)


def test_a_mirror_swaps_the_sides_and_nothing_else(drawn):
    given = {"cover": [[2, 3, 4, 5, 6], [5, 7, 1, 2, 3]], "nights_usual": [2, 5], "luck": [[0.3] * 5, [0.9] * 5]}
    params = drawn(aim_weight=[[0.4, 0.3, 0.2, 0.1, 0.0], [0.05, 0.15, 0.6, 0.0, 0.2]], **given)
    swap = lambda tree: jax.tree.map(lambda x: x[::-1] if x.ndim > 1 and x.shape[0] == 2 else x, tree)  # noqa: E731
    state = held(opened(params), slice(CRUISE, ANTISHIP), 0.4)
    one = week(params, state, fire=[[0.5], [1.5]], colder=8.0)
    other = week(swap(params), swap(state), fire=[[1.5], [0.5]], colder=8.0, per_week=PER_WEEK[::-1], swapped=True)
    for found, expected in zip(jax.tree.leaves(other), jax.tree.leaves(swap(one)), strict=True):
        assert (found == expected).all()


def test_what_patrons_tell_and_allow_moves_launches_of_that_side_and_licence_only_missiles(drawn):
    params = drawn(cover=20.0, intelligence_exponent=0.5, licence_exponent=1.0)
    state = opened(params)
    usual = np.asarray(week(params, state)[1].launched)
    seen = np.asarray(week(params, state, intelligence=[[0.64], [1.0]])[1].launched)
    np.testing.assert_allclose(seen, usual * np.array([0.8, 1.0])[:, None, None], rtol=1e-5)
    left = np.asarray(week(params, state, licence=[[0.25], [1.0]])[1].launched)
    share = np.where(np.char.endswith(np.array(WEAPONS), "missile"), 0.25, 1.0)
    np.testing.assert_allclose(left[0], usual[0] * share[:, None], rtol=1e-5)
    np.testing.assert_array_equal(left[1], usual[1])
    cut = drawn(cover=20.0, intelligence_exponent=0.0, licence_exponent=0.0)
    np.testing.assert_array_equal(
        week(cut, opened(cut), intelligence=0.1, licence=0.1)[1].launched, week(cut, opened(cut))[1].launched
    )


def test_escalation_is_how_many_more_are_launched_lately_and_never_less_than_at_the_opening(drawn):
    params = drawn(cover=20.0, luck=[[1e-6] * 5] * 2, tempo_spread=0.0)
    state = opened(params)
    assert (np.asarray(strikes.escalation(state)) == 0).all()
    twice = decree(launched=(2.0, 0.0))
    for number in range(30):
        state, _ = week(params, state, do=twice, number=number, per_week=2 * np.asarray(PER_WEEK))
    np.testing.assert_allclose(strikes.escalation(state), np.log(2), rtol=0.15)
    for number in range(30):
        state, _ = week(params, state, fire=0.0, number=number)
    assert (np.asarray(strikes.escalation(state)) == 0).all()
