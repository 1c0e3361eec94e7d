"""Air defence: salvoes by the book, missiles and launchers that need each other, books that close to the last bit."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import ndtri

from ceasefire.model import air_defence
from ceasefire.model.axes import INTERCEPTORS, LAYERS, MUNITIONS, SECTORS, WEAPONS, enemy
from ceasefire.model.declare import declared
from ceasefire.model.intervene import Intervention, Place
from ceasefire.model.noise import Noise

RUNS = 200
LAUNCHED = np.array([[750.0, 500, 31, 16, 3], [300, 100, 5, 1, 0]])
RECEIVED = np.array([[300.0, 60, 40], [500, 30, 8]])
"""Interceptors a week."""
AIM = np.array([[0.4, 0.3, 0.2, 0.1, 0.0], [0.05, 0.15, 0.6, 0.0, 0.2]])
NIGHTS = np.array([4.0, 5.0])
GIVEN = {
    "launchers_opening": [[300, 400, 300, 80, 60], [300, 300, 300, 30, 8]],
    "stopped_opening": [[0.7, 0.9, 0.6, 0.5, 0.5], [0.8, 0.9, 0.65, 0.25, 0.2]],
    "salvo": [[10.0, 1, 1, 1, 1]] * 2,
}
JAMMING, GUNS, DRONES, SHORT, LONG = range(len(LAYERS))
DRONE, DECOY, CRUISE, BALLISTIC, ANTISHIP = range(len(WEAPONS))
SHAPES = {
    "ready": (2, len(LAYERS)),
    "stopped": (2, len(WEAPONS)),
    "hits": (2, len(SECTORS)),
    "launchers_delivered": (2, len(LAYERS)),
}


class Dice(Noise):
    """Dice that the two sides may swap, and that may always show the middle."""

    swapped: jax.Array = False
    even: jax.Array = False

    def uniform(self, name, shape=()):
        u = Noise.uniform(self, name, shape)
        return jnp.where(self.even, 0.5, jnp.where(self.swapped, u[::-1], u))


def dice(week=0, *, swapped=False, even=False):
    run, number = jnp.arange(RUNS, dtype=jnp.uint32), jnp.asarray(week)
    flags = jnp.asarray(swapped), jnp.asarray(even)
    return Dice(jnp.asarray([3, 0], jnp.uint32), run, number, "air_defence", *flags)


def in_every_run(values, shape=()):
    values = np.asarray(values, float)
    return jnp.asarray(np.broadcast_to(values[..., None], (*(shape or values.shape), RUNS)), float)


def output(received=RECEIVED):
    delivered = np.full((2, len(MUNITIONS)), 77.0)
    delivered[:, air_defence.AMONG_MUNITIONS] = received
    return in_every_run(delivered)


def supplied(received=RECEIVED):
    return jnp.pad(in_every_run(received), ((0, 0), (DRONES, 0), (0, 0)))


def decree(**given):
    """Decrees on flows, each as (factor, shift) of `Intervention`; all share a table, so that `step` compiles once."""
    bounds = {variable.name: variable.bounds for variable in declared(air_defence)}
    factor, shift, places = [], [], []
    for name, shape in SHAPES.items():
        scale, add = given.pop(name, (1.0, 0.0))
        places.append(Place(f"air_defence.{name}", sum(map(len, factor)), shape, bounds[f"air_defence.{name}"]))
        factor.append(np.broadcast_to(np.asarray(scale, float), shape).ravel())
        shift.append(np.broadcast_to(np.asarray(add, float), shape).ravel())
    assert not given
    table = (jnp.asarray(np.concatenate(column), float) for column in (factor, shift))
    return Intervention(*table, tuple(places), "air_defence")


opening = jax.jit(air_defence.opening)
opening_hits = jax.jit(air_defence.opening_hits)
engage = jax.jit(air_defence.engage)


@jax.jit
def step(params, state, do, noise, launched, nights, aim, delivered, platforms, intelligence):
    given = {"delivered": delivered, "platforms": platforms, "intelligence": intelligence}
    return air_defence.step(params, state, do=do, noise=noise, launched=launched, nights=nights, aim=aim, **given)


def week(
    params,
    state,
    *,
    do=None,
    number=0,
    launched=LAUNCHED,
    nights=NIGHTS,
    received=RECEIVED,
    aim=AIM,
    platforms=1.0,
    intelligence=1.0,
    **turned: bool,
):
    told = in_every_run(launched), in_every_run(nights, (2,)), in_every_run(aim), output(received)
    told += in_every_run(platforms, (2,)), in_every_run(intelligence, (2,))
    return step(params, state, decree() if do is None else do, dice(number, **turned), *told)


@pytest.fixture
def drawn(with_prior_medians):
    return lambda **given: with_prior_medians(air_defence, runs=RUNS, **GIVEN | given)


def opened(params, launched=LAUNCHED, received=RECEIVED, nights=NIGHTS):
    return opening(params, in_every_run(launched), in_every_run(nights, (2,)), output(received))


def changed(state, **what):
    """The state with some numbers set, each given as (side, layer or weapon): number."""
    for name, numbers in what.items():
        values = getattr(state, name)
        for at, number in numbers.items():
            values = values.at[at].set(number)
        state = dataclasses.replace(state, **{name: values})
    return state


def only(weapon, number, side=0):
    return np.where((np.arange(2)[:, None] == side) & (np.arange(len(WEAPONS)) == weapon), float(number), 0.0)


def leaves_of_side(records, attacker):
    """What the records say of one side's weapons and of the other's defence."""
    found = {}
    for record in records:
        for field in dataclasses.fields(record):
            told_by_attacker = field.name in ("stopped", "leaked", "stopped_share")
            found[field.name] = getattr(record, field.name)[attacker if told_by_attacker else 1 - attacker]
    return found


# --------------------------------------------------------------------------------------------------------- closed forms


def salvo(arriving, able, chance):
    engaged, killed = engage(jnp.full((1, 1, 1), arriving), jnp.full((1, 1), able), chance, 0.0)
    assert 0 <= killed[0, 0, 0] <= engaged[0, 0, 0] <= arriving
    return float(arriving - killed[0, 0, 0])


def test_of_40_incoming_16_leak_past_30_one_shot_interceptors_of_which_four_in_five_kill():
    assert salvo(40.0, 30.0, 0.8) == pytest.approx(16)


def test_the_same_in_a_week_of_war(drawn):
    params = drawn(skill=0.8, shots=1.0, cover=1.0, stopped_opening=0.999)
    state = changed(opened(params), interceptors={(1, LONG): 30.0}, launchers={(1, LONG): 1000.0})
    _, flows = week(params, state, launched=only(BALLISTIC, 40), even=True)
    np.testing.assert_allclose(flows.leaked[0, BALLISTIC], 16, rtol=1e-5)
    np.testing.assert_allclose(flows.used[1, LONG], 30, rtol=1e-5)


def test_two_shots_of_four_fifths_kill_24_times_in_25():
    assert float(air_defence.kill_chance(jnp.asarray(0.8), 2)) == pytest.approx(0.96)


@pytest.mark.parametrize(
    ("attackers", "defenders", "offensive", "defensive", "staying", "lost"),
    [(3, 3, 4, 3, 2, 1.5), (2, 3, 4, 3, 2, 0), (5, 3, 4, 0, 2, 10), (4, 1, 2, 1.5, 1, 6.5)],
)
def test_where_every_engagement_kills_it_is_the_salvo_equation(
    attackers, defenders, offensive, defensive, staying, lost
):
    """Hughes (1995): ΔB = (α A − b₃ B) / b₁, never below 0; the first case is his A = B = 3, α = 4, b₃ = 3, b₁ = 2."""
    hits = salvo(float(offensive * attackers), float(defensive * defenders), 1.0)
    assert hits / staying == pytest.approx(lost)


def test_a_layer_is_shared_by_weapons_in_proportion_to_their_numbers():
    arriving = jnp.asarray([60.0, 30, 0, 10])[None, :, None]
    engaged, killed = engage(arriving, jnp.full((1, 1), 50.0), 0.5, 0.0)
    np.testing.assert_allclose(engaged, arriving / 2)
    np.testing.assert_allclose(killed, arriving / 4)


@pytest.mark.parametrize("chance", [0.1, 0.5, 0.9])
def test_the_number_killed_has_the_mean_and_variance_of_a_binomial(chance):
    z = jnp.asarray(ndtri((np.arange(100_000) + 0.5) / 100_000))[None, None]
    killed = np.asarray(engage(jnp.full((1, 1, 1), 400.0), jnp.full((1, 1), 250.0), chance, z)[1], float)
    assert killed.mean() == pytest.approx(250 * chance, rel=1e-3)
    assert killed.var() == pytest.approx(250 * chance * (1 - chance), rel=1e-3)
    assert killed.min() >= 0
    assert killed.max() <= 250


def test_in_a_week_of_war_the_number_stopped_has_that_variance_too(drawn):
    params = drawn(skill=0.6, shots=1.0, stopped_opening=0.999)
    state = changed(opened(params), interceptors={(1, LONG): 1e6}, launchers={(1, LONG): 60.0})
    weeks = [week(params, state, launched=only(BALLISTIC, 400), number=n)[1] for n in range(40)]
    stopped = np.concatenate([flows.stopped[0, BALLISTIC] for flows in weeks]).astype(float)
    able = 4 * 60
    assert stopped.mean() == pytest.approx(able * 0.6, rel=0.01)
    assert stopped.var() == pytest.approx(able * 0.24, rel=4 * np.sqrt(2 / stopped.size))


# ---------------------------------------------------------------------------------------------------------------- books


@pytest.mark.parametrize("precision", [False, True])
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"ready": (0.0, 1e9)},
        {"ready": (0.0, 0.0)},
        {"stopped": (0.0, 1e9)},
        {"stopped": (0.0, 0.0)},
        {"stopped": (0.0, 7.3)},
        {"stopped": (0.3, 0.1)},
        {"hits": (0.0, 55.0), "launchers_delivered": (0.0, 3.0)},
    ],
    ids=["nothing", "unbounded", "disarmed", "all", "none", "some", "fewer", "hits"],
)
def test_stocks_close_and_what_is_stopped_and_leaked_is_what_was_launched_to_the_last_bit(drawn, given, precision):
    with jax.enable_x64(precision):
        params, random = drawn(cover=1.0, shots=1.7), np.random.default_rng(5)
        do, state = decree(**given), opened(params)
        for number in range(8):
            launched = np.round(LAUNCHED * random.gamma(1.0, size=LAUNCHED.shape), 3)
            after, flows = week(params, state, do=do, number=number, launched=launched)
            told = np.asarray(in_every_run(launched), np.float64)
            assert (np.asarray(flows.stopped, np.float64) + np.asarray(flows.leaked, np.float64) == told).all()
            assert (after.interceptors == state.interceptors - flows.used + supplied()).all()
            assert (after.launchers == state.launchers + flows.launchers_delivered).all()
            assert (flows.used <= state.interceptors).all()
            assert (flows.used[:, :DRONES] == 0).all()
            assert min(leaf.min() for leaf in jax.tree.leaves((flows, after.interceptors))) >= 0
            assert (flows.stopped_share <= 1).all()
            assert after.interceptors.dtype == after.edge.dtype == flows.hits.dtype == jnp.result_type(float)
            state = after


def test_each_engagement_takes_its_shots(drawn):
    params = drawn(shots=[3, 3, 1, 2, 2.5], stopped_opening=0.9)
    _, flows = week(params, opened(params))
    ready = np.asarray(flows.ready[1, LONG])
    came = LAUNCHED[0, BALLISTIC:].sum()
    np.testing.assert_allclose(flows.used[1, LONG], 2.5 * np.minimum(ready, came), rtol=1e-5)


@pytest.mark.parametrize("extreme", [0.0, 1e15])
@pytest.mark.parametrize("name", [v.name.partition(".")[2] for v in declared(air_defence) if v.kind == "parameter"])
def test_no_parameter_makes_anything_infinite(drawn, name, extreme):
    share = next(v for v in declared(air_defence) if v.name == f"air_defence.{name}").bounds[1] == 1
    params = drawn(**{name: min(extreme, 1.0) if share else extreme})
    for state in (opened(params), changed(opened(drawn()), edge={0: 1e15, 1: -1e15})):
        for launched in (LAUNCHED, 0 * LAUNCHED, 1e15 + LAUNCHED):
            after, flows = week(params, state, launched=launched)
            assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves((flows, after)))


def test_without_launches_nothing_is_stopped_spent_or_hit(drawn):
    params = drawn()
    after, flows = week(params, opened(params), launched=0 * LAUNCHED)
    for name in ("stopped", "leaked", "used", "hits"):
        assert (getattr(flows, name) == 0).all(), name
    assert (flows.stopped_share == enemy(params.stopped_opening)).all()
    assert (after.interceptors == opened(params).interceptors + supplied()).all()


def test_without_launchers_everything_gets_through(drawn):
    params = drawn(launchers_opening=0.0)
    _, flows = week(params, opened(params))
    assert (flows.leaked == in_every_run(LAUNCHED)).all()
    assert (flows.used == 0).all()


# ---------------------------------------------------------------------------------------------------------- the opening


@pytest.mark.parametrize("tight", [False, True], ids=["ample", "saturated"])
def test_hardness_makes_the_expected_share_stopped_what_it_is_said_to_be(drawn, tight):
    random = np.random.default_rng(2)
    said = random.uniform(0.15, 0.75 if tight else 0.9, (2, len(WEAPONS), RUNS))
    launchers = [[300, 100, 300, 15, 60]] * 2 if tight else 1e4
    params = drawn(launchers_opening=launchers, skill=0.95, stopped_opening=said)
    received = [[200.0, 40, 20]] * 2 if tight else [[1e5] * 3] * 2
    state = opened(params, received=received)
    _, flows = week(params, state, even=True, received=received)
    reached = np.asarray(enemy(state.hardness_opening) > 0) & (LAUNCHED > 0)[..., None]
    found, expected = np.asarray(flows.stopped_share), np.asarray(enemy(params.stopped_opening))
    np.testing.assert_allclose(found[reached], expected[reached], atol=2e-4)
    assert (found <= expected + 2e-4).all()
    assert (reached[LAUNCHED > 0].mean() == 1) != tight
    assert ((flows.ready[1, GUNS] < LAUNCHED[0, :CRUISE].sum() / 2) == tight).all()


def test_where_skill_cannot_stop_so_many_hardness_is_nothing(drawn):
    none = RECEIVED * [1, 1, 0]
    params = drawn(stopped_opening=[[0.7, 0.9, 0.6, 0.5, 0.5], [0.8, 0.9, 0.65, 0.99, 0.99]])
    for received in (RECEIVED, none):
        state = opened(params, received=received)
        assert (state.hardness_opening[1, BALLISTIC:] == 0).all()
        _, flows = week(params, state, even=True, received=received)
        assert (flows.stopped_share[0, BALLISTIC:] < 0.9).all()
    assert (flows.stopped_share[0, BALLISTIC:] == 0).all()


def test_hits_at_the_opening_are_the_hits_of_a_week_in_which_nothing_is_out_of_the_usual(drawn):
    params = drawn()
    told = in_every_run(LAUNCHED), in_every_run(NIGHTS), in_every_run(AIM)
    _, flows = week(params, opened(params), even=True)
    np.testing.assert_allclose(opening_hits(params, opened(params), *told), flows.hits, rtol=1e-4)


def test_interceptors_last_while_no_more_are_needed_than_delivered(drawn):
    params = drawn(cover=3.0, shots=1.5)
    state = opened(params)
    np.testing.assert_allclose(state.interceptors, 3 * supplied(), rtol=1e-6)
    after, flows = week(params, state, launched=100 * LAUNCHED)
    np.testing.assert_allclose(flows.used[1, LONG], RECEIVED[1, 2], rtol=1e-5)
    np.testing.assert_allclose(after.interceptors[1, LONG], state.interceptors[1, LONG], rtol=1e-5)


# ------------------------------------------------------------------------------------------ missiles, launchers, drones


def test_launchers_without_missiles_change_nothing_at_all(drawn):
    params = drawn()
    empty = changed(opened(params), interceptors={(1, LONG): 0.0, (1, SHORT): 0.0, (1, DRONES): 0.0})
    more = changed(empty, launchers={(1, layer): empty.launchers[1, layer] + 10 for layer in (DRONES, SHORT, LONG)})
    (_, found), (_, expected) = week(params, more), week(params, empty)
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        assert (one == other).all()
    assert (found.stopped[0, BALLISTIC] == 0).all()


def test_missiles_stop_more_ballistic_missiles_until_the_launchers_can_do_no_more(drawn):
    params = drawn(shots=2.0, cover=1.0)
    launched = LAUNCHED * [1, 1, 1, 10, 1]
    flows = [
        week(params, changed(opened(params), interceptors={(1, LONG): number}), launched=launched)[1]
        for number in (0.0, 25.0, 50.0, 100.0, 1000.0)
    ]
    share = np.stack([flow.stopped_share[0, BALLISTIC] for flow in flows])
    able = 4 * 8
    assert (share[0] == 0).all()
    assert (np.diff(share[:4], axis=0) > 0).all()
    assert (share[4] == share[3]).all()
    assert [float(flow.ready[1, LONG, 0]) for flow in flows] == pytest.approx([0, 12.5, 25, able, able])


def test_more_launchers_with_missiles_stop_more_and_are_hit_less(drawn):
    params = drawn(cover=1.0)
    launched = LAUNCHED * [1, 1, 1, 10, 1]
    state = changed(opened(params), interceptors={(1, LONG): 200.0})
    (_, two), (_, four) = (
        week(params, changed(state, launchers={(1, LONG): number}), launched=launched) for number in (6.0, 8.0)
    )
    assert (four.stopped[0, BALLISTIC] > two.stopped[0, BALLISTIC]).all()
    assert (four.hits[1, :4] < two.hits[1, :4]).all()
    assert (four.used[1, LONG] > two.used[1, LONG]).all()


@pytest.mark.parametrize(("layer", "alone"), [(LONG, (BALLISTIC, ANTISHIP)), (SHORT, (CRUISE,)), (DRONES, (0, 1))])
def test_interceptors_change_no_bit_of_what_others_stop_or_of_the_other_side(drawn, layer, alone):
    params = drawn(cover=1.0)
    state = changed(opened(params), interceptors={(1, layer): 1.0})
    more = changed(state, interceptors={(1, layer): 500.0}, launchers={(1, layer): 500.0})
    (_, one), (_, other) = week(params, state), week(params, more)
    for weapon in range(len(WEAPONS)):
        assert (one.stopped[0, weapon] != other.stopped[0, weapon]).any() == (weapon in alone)
    for name, found in leaves_of_side([one], attacker=1).items():
        assert (found == leaves_of_side([other], attacker=1)[name]).all(), name


def test_damage_grows_less_than_the_drones_until_the_defence_is_saturated_and_more_after(drawn):
    """Damage is the share put out of action by hits that fall at random, 1 − exp(−v · hits)."""
    params = drawn(stopped_opening=0.85)
    state, base = opened(params), LAUNCHED * [[1, 0, 0, 0, 0], [1, 1, 1, 1, 1]]
    dose = np.array([0.25, 0.5, 1.0, 2.0, 4.0, 8.0])
    flows = [week(params, state, launched=base * [[d], [1.0]], even=True)[1] for d in dose]
    met = np.array([flow.ready[1, :SHORT, 0] for flow in flows])
    hits = np.array([flow.hits[1, 0, 0] for flow in flows], float)
    damage = -np.expm1(-0.002 * hits)
    within = dose <= 1
    assert (met[within, GUNS] > 750).all()
    np.testing.assert_allclose(hits[within] / dose[within], hits[2], rtol=1e-4)
    elasticity = np.diff(np.log(damage)) / np.diff(np.log(dose))
    assert (elasticity[:2] < 1).all()
    assert elasticity[2:].max() > 1.2
    assert (np.diff(hits / dose)[2:] > 0).all()


def test_decoys_draw_fire_from_drones_only_where_there_is_too_little_of_it(drawn):
    few, many = LAUNCHED * [1, 0, 1, 1, 1], LAUNCHED * [1, 4, 1, 1, 1]
    for launchers, drawn_off in ((1e5, False), (20.0, True)):
        params = drawn(launchers_opening=launchers)
        state = opened(params, received=[[1e6] * 3] * 2)
        (_, alone), (_, among) = (week(params, state, launched=launched) for launched in (few, many))
        assert ((among.leaked[0, DRONE] > alone.leaked[0, DRONE]).all()) == drawn_off
        assert drawn_off or (among.leaked[0, DRONE] == alone.leaked[0, DRONE]).all()


def test_a_week_of_fewer_nights_gets_more_through_where_the_defence_is_saturated(drawn):
    params = drawn(launchers_opening=[[20.0, 50, 20, 2, 2]] * 2)
    state = opened(params)
    (_, even), (_, bunched) = (week(params, state, nights=nights) for nights in ([6.0, 5.0], [2.0, 5.0]))
    assert (bunched.leaked[0, :CRUISE] > even.leaked[0, :CRUISE]).all()
    assert (bunched.leaked[1] == even.leaked[1]).all()


@pytest.mark.parametrize("layer", range(len(LAYERS)), ids=LAYERS)
@pytest.mark.parametrize("name", ["launchers", "interceptors", "skill"])
def test_more_of_what_a_layer_has_lets_no_more_through(drawn, name, layer):
    scarce = {"launchers_opening": [[30.0, 150, 60, 2, 4]] * 2}
    params = drawn(**scarce)
    state, leaked = opened(params, received=RECEIVED / 2), []
    for more in (0.5, 0.8, 1.0, 1.1, 1.3):
        if name == "skill":
            odds = params.skill / (1 - params.skill)
            odds = odds.at[1, layer].multiply(more)
            flows = week(dataclasses.replace(params, skill=odds / (1 + odds)), state, even=True)[1]
        else:
            stood = getattr(state, name)[1, layer]
            flows = week(params, changed(state, **{name: {(1, layer): more * stood}}), even=True)[1]
        leaked.append(np.asarray(flows.leaked[0], float))
    change = np.diff(leaked, axis=0)
    assert (change <= 1e-4).all()
    engaged = list(air_defence.ENGAGES.values())[layer]
    limited = {"launchers": (JAMMING, GUNS, DRONES, SHORT), "interceptors": (LONG,), "skill": range(len(LAYERS))}
    assert layer not in limited[name] or (change[:, engaged].sum(axis=1) < 0).any()


def test_weapons_that_became_harder_to_kill_get_through_more(drawn):
    params = drawn()
    state = opened(params)
    _, usual = week(params, state, even=True)
    _, harder = week(params, changed(state, edge={(1, BALLISTIC): 1.0}), even=True)
    assert (harder.leaked[0, BALLISTIC] > usual.leaked[0, BALLISTIC]).all()
    others = [weapon for weapon in range(len(WEAPONS)) if weapon != BALLISTIC]
    assert (harder.leaked[0, others] == usual.leaked[0, others]).all()
    assert (harder.leaked[1] == usual.leaked[1]).all()


def test_the_edge_of_each_weapon_wanders_with_its_spread(drawn):
    params = drawn(edge_spread=[0.1, 0.2, 0.4, 0.8, 0.0], edge_half_life=1.0)
    state = opened(params)
    for number in range(8):
        state, _ = week(params, state, number=number)
    np.testing.assert_allclose(state.edge.std(axis=2), [[0.1, 0.2, 0.4, 0.8, 0.0]] * 2, rtol=0.2)


# ----------------------------------------------------------------------------------------------------------------- hits


def test_what_leaks_hits_the_other_side_where_it_is_aimed_by_yield_and_accuracy(drawn):
    accuracy = np.array([[0.5, 0.9, 0.6, 0.7, 0.8], [0.4, 0.9, 0.3, 0.2, 0.1]])
    params = drawn(accuracy=accuracy, antiship_accuracy=0.25, missile_yield=10.0)
    _, flows = week(params, opened(params))
    worth = accuracy * [1, 0, 10, 10, 2.5]
    expected = enemy(AIM[..., None] * (np.asarray(flows.leaked) * worth[..., None]).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(flows.hits, expected, rtol=1e-5)


def test_antiship_missiles_in_the_place_of_others_hit_less_and_decoys_nothing(drawn):
    params = drawn(launchers_opening=0.0)
    state = opened(params)
    hits = [
        week(params, state, launched=only(weapon, 10))[1].hits[1] for weapon in (CRUISE, BALLISTIC, ANTISHIP, DECOY)
    ]
    assert (hits[2][:4] < 0.8 * hits[0][:4]).all()
    np.testing.assert_allclose(hits[0], hits[1], rtol=1e-6)
    assert (hits[3] == 0).all()


def test_a_mirror_swaps_the_sides_and_nothing_else(drawn):
    params = drawn(skill=[[0.8, 0.7, 0.6, 0.75, 0.9], [0.5, 0.9, 0.7, 0.8, 0.65]], cover=[1.5, 3.0])
    swap = lambda tree: jax.tree.map(lambda x: x[::-1] if x.ndim > 1 and x.shape[0] == 2 else x, tree)  # noqa: E731
    state = opened(params)
    image = opened(swap(params), LAUNCHED[::-1], RECEIVED[::-1], NIGHTS[::-1])
    one = week(params, state, launched=2 * LAUNCHED)
    other = week(
        swap(params),
        image,
        launched=2 * LAUNCHED[::-1],
        nights=NIGHTS[::-1],
        received=RECEIVED[::-1],
        aim=AIM[::-1],
        swapped=True,
    )
    for found, expected in zip(jax.tree.leaves((image, other)), jax.tree.leaves((swap(state), swap(one))), strict=True):
        assert (found == expected).all()


def test_layers_and_interceptors_stand_where_they_are_looked_for():
    assert tuple(air_defence.ENGAGES) == LAYERS
    assert MUNITIONS[air_defence.AMONG_MUNITIONS] == INTERCEPTORS == LAYERS[-len(INTERCEPTORS) :]
    engaged = [WEAPONS[at] for at in air_defence.ENGAGES.values()]
    assert engaged == [WEAPONS[:2], WEAPONS[:3], WEAPONS[:2], ("cruise_missile",), WEAPONS[3:]]


def test_what_patrons_tell_moves_what_can_be_engaged_and_what_they_give_the_launchers_that_join(drawn):
    params = drawn(warning_exponent=0.5, delivery_exponent=1.0, launcher_deliveries=4.0)
    state = opened(params)
    usual = week(params, state)[1]
    blind = week(params, state, intelligence=[0.25, 1.0], platforms=[0.5, 2.0])[1]
    np.testing.assert_allclose(blind.ready[0], 0.5 * np.asarray(usual.ready[0]), rtol=1e-5)
    np.testing.assert_array_equal(blind.ready[1], usual.ready[1])
    np.testing.assert_allclose(blind.launchers_delivered[0], 2.0, rtol=1e-6)
    np.testing.assert_allclose(blind.launchers_delivered[1], 8.0, rtol=1e-6)
    cut = drawn(warning_exponent=0.0, delivery_exponent=0.0, launcher_deliveries=4.0)
    found = week(cut, opened(cut), intelligence=0.0, platforms=0.0)[1]
    np.testing.assert_array_equal(found.ready, week(cut, opened(cut))[1].ready)
    np.testing.assert_array_equal(found.launchers_delivered, 4.0)
