"""Attrition: Lanchester's laws in the limit without luck, and what luck may do."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ceasefire.model import attrition
from ceasefire.model.intervene import NOTHING
from ceasefire.model.noise import Noise


class Median(Noise):
    """Dice that always show their middle."""

    def of(self, subsystem):
        return self

    def uniform(self, name, shape=()):
        return jnp.full((*shape, *self.run.shape), 0.5)


RUNS = 500
fall = jax.jit(attrition.fall)


def dice(kind=Noise, week=0, runs=RUNS):
    words = jnp.asarray([1, 2], jnp.uint32), jnp.arange(runs, dtype=jnp.uint32)
    return kind(*words, jnp.asarray(week), "attrition")


def opened(params):
    """The state at the opening, with intensity at its mean."""
    state = attrition.opening(params)
    return dataclasses.replace(state, intensity=jnp.log(params.casualty_rate), item_intensity=jnp.log(params.loss_rate))


USUAL = {"fire": 1.0, "effort": 1.0, "exposure": 1.0, "artillery": 1.0, "air": 1.0}
NOBODY = {"captured": 0.0, "leaving": 0.0, "arriving": 0.0}


@jax.jit
def step(params, state, do, noise, given):
    return attrition.step(params, state, do=do, noise=noise, **given)


def week(params, state, noise, *, do=NOTHING, density=1.0, colder=0.0, delivered=0.0, **other):
    runs = state.troops.shape[-1]
    given = {name: per_side(value, runs) for name, value in (USUAL | NOBODY | other).items()}
    given["density"] = jnp.repeat(per_side(density, runs)[:, None], 3, axis=1)
    given["colder"] = jnp.broadcast_to(jnp.asarray(colder, float), (runs,))
    given["delivered"] = jnp.broadcast_to(jnp.asarray(delivered, float), state.equipment.shape)
    return step(params, state, do, noise, given)


def per_side(value, runs):
    value = jnp.asarray(value, float)
    return jnp.broadcast_to(value[:, None] if value.shape == (2,) else value, (2, runs))


@pytest.fixture
def drawn(with_prior_medians):
    return lambda **given: with_prior_medians(attrition, runs=RUNS, **given)


@pytest.fixture
def duel(with_prior_medians):
    """A history of troops [step, side] under dA = −a A^q B^p, dB = −b B^q A^p, in steps of `length`.

    With opening strengths A₀, B₀ the law is h_A = α (A/A₀)^(q−1) (B/B₀)^p, so α = a A₀^(q−1) B₀^p.
    """

    def fight(rates, strengths, *, own, enemy, length, steps):
        troops = np.asarray(strengths, float)
        rate = np.asarray(rates) * troops ** (own - 1) * troops[::-1] ** enemy * length
        given = {"own_exponent": own, "enemy_exponent": enemy, "spread": 0.0, "item_spread": 0.0}
        params = with_prior_medians(attrition, troops_opening=troops, casualty_rate=rate, **given)

        def one(state, _):
            after, _ = week(params, state, dice(Median, runs=1))
            return after, after.troops[:, 0]

        _, history = jax.jit(lambda state: jax.lax.scan(one, state, None, length=steps))(opened(params))
        return np.concatenate([troops[None], np.asarray(history)])

    with jax.enable_x64(True):
        yield fight


def test_square_law_leaves_two_hundred_survivors(duel):
    history = duel((0.03, 0.02), (1000, 800), own=0.0, enemy=1.0, length=93.58813 / 4000, steps=4000)
    assert history[-1, 0] == pytest.approx(200, rel=0.01)
    assert history[-1, 1] < 2


def test_linear_law_after_twenty_weeks(duel):
    history = duel((2e-4, 1e-4), (1000, 600), own=1.0, enemy=1.0, length=20 / 4000, steps=4000)
    np.testing.assert_allclose(history[-1], [253.1038, 226.5519], rtol=2e-4)


@pytest.mark.parametrize(("own", "enemy"), [(0.0, 1.0), (0.5, 0.6), (1.0, 1.0), (0.3, 1.4), (0.9, 0.2)])
def test_general_law_keeps_its_invariant(duel, own, enemy):
    power = enemy - own + 1
    rates = np.array([0.05, 0.03]) * 1000 ** (1 - own - enemy)
    history = duel(rates, (1000, 900), own=own, enemy=enemy, length=0.005, steps=3000)
    kept = rates[1] * history[:, 0] ** power - rates[0] * history[:, 1] ** power
    scale = rates[1] * history[0, 0] ** power
    assert history[-1].max() < 800
    np.testing.assert_allclose(kept / scale, kept[0] / scale, atol=3e-4)


def test_two_half_steps_are_nearly_one_step(drawn):
    rate = {"casualty_rate": 0.02, "loss_rate": 0.02, "repair_time": 30.0}
    whole = drawn(**rate)
    half = drawn(**{name: value * 2 if name == "repair_time" else value / 2 for name, value in rate.items()})
    once, _ = week(whole, opened(whole), dice(Median))
    twice, _ = week(half, dataclasses.replace(opened(half), workshop=opened(whole).workshop), dice(Median))
    twice, _ = week(half, twice, dice(Median))
    for name in ("troops", "equipment"):
        lost = getattr(opened(whole), name) - getattr(once, name)
        assert lost.min() > 0
        np.testing.assert_allclose(getattr(once, name), getattr(twice, name), atol=0.01 * lost.max())


def test_more_fire_never_fells_fewer(drawn):
    params = drawn()
    fires = [0.0, 0.01, 0.1, 0.5, 1.0, 2.0, 10.0, 100.0, 1e4]
    flows = [week(params, opened(params), dice(), fire=fire)[1] for fire in fires]
    for name in ("casualties", "killed", "wounded", "lost"):
        losses = np.stack([getattr(flow, name) for flow in flows])
        assert (np.diff(losses, axis=0) >= -1e-5 * losses[1:]).all(), name
        assert (losses[0] == 0).all(), name


def test_only_enemy_fire_and_own_attacks_cost_lives(drawn):
    params = drawn()
    _, calm = week(params, opened(params), dice(), fire=np.array([[0.0], [1.0]]))
    assert (calm.casualties[1] == 0).all()
    assert calm.casualties[0].min() > 0
    _, attack = week(params, opened(params), dice(Median))
    _, hold = week(params, opened(params), dice(Median), effort=0.0)
    np.testing.assert_allclose(hold.casualties / attack.casualties, params.hold[None] * np.ones((2, 1)), rtol=0.01)


def test_losses_and_leavers_never_exceed_the_stock(drawn):
    params = drawn(casualty_rate=1.5, loss_rate=3.0, troops_opening=40.0)
    state = dataclasses.replace(opened(params), equipment=jnp.full((2, 1, RUNS), 2.5))
    for number in range(6):
        after, flows = week(params, state, dice(week=number), leaving=10.0, captured=8.0)
        gone = flows.casualties + flows.surrendered + flows.departed
        assert (gone <= state.troops * (1 + 1e-6)).all()
        assert (flows.lost + flows.damaged <= state.equipment * (1 + 1e-6)).all()
        stocks = (after.troops, after.equipment, after.workshop, *jax.tree.leaves(flows))
        assert min(stock.min() for stock in stocks) >= 0
        state = after


# ------------------------------------------------------------------------------------------------- kinds of fire


KINDS = {"density": "drone_exponent", "artillery": "artillery_exponent", "air": "air_exponent"}
SPAN = np.array([0.0, 0.1, 0.5, 0.9, 1.0, 1.1, 2.0, 10.0])
fire_mix = jax.jit(attrition.fire_mix)


def mix(params, **given):
    runs = params.hold.shape[-1]
    kinds = {"drones": 1.0, "artillery": 1.0, "air": 1.0} | given
    return np.asarray(fire_mix(params, **{name: per_side(value, runs) for name, value in kinds.items()}))


def test_the_mix_of_fire_is_one_at_the_opening(drawn):
    assert (mix(drawn()) == 1).all()


@pytest.mark.parametrize("kind", ["drones", "artillery", "air"])
def test_more_of_a_kind_of_fire_does_more_to_the_enemy_alone(with_prior_medians, kind):
    params = with_prior_medians(attrition, runs=len(SPAN))
    felt = mix(params, **{kind: np.stack([SPAN, np.ones_like(SPAN)])})
    assert (np.diff(felt[1]) > 0).all()
    assert (felt[0] == 1).all()


def test_each_kind_has_its_share_of_the_fire_and_the_rest_stays(with_prior_medians):
    shares = {"drone_share": 0.6, "artillery_share": 0.5, "air_share": 0.25}
    params = with_prior_medians(attrition, **shares)
    for kinds, left in (
        ({"drones": 0.0}, 0.4),
        ({"artillery": 0.0}, 0.8),
        ({"air": 0.0}, 0.95),
        ({"drones": 0.0, "artillery": 0.0, "air": 0.0}, 0.15),
    ):
        np.testing.assert_allclose(mix(params, **kinds), left, rtol=1e-5)


def test_a_kind_grows_at_its_exponent(with_prior_medians):
    exponents = {"drone_exponent": 0.7, "artillery_exponent": 0.4, "air_exponent": 0.9}
    shares = {"drone_share": 0.6, "artillery_share": 0.5, "air_share": 0.25}
    params = with_prior_medians(attrition, runs=len(SPAN), **exponents, **shares)
    expected = 0.15 + 0.6 * SPAN**0.7 + 0.2 * SPAN**0.4 + 0.05 * SPAN**0.9
    felt = mix(params, drones=SPAN, artillery=SPAN, air=SPAN)
    np.testing.assert_allclose(felt, np.stack([expected] * 2), rtol=1e-5)


@pytest.mark.parametrize("wide", [False, True])
def test_fire_of_no_kind_is_never_negative(with_prior_medians, wide):
    with jax.enable_x64(wide):
        share = np.linspace(0, 1, 400)
        for name in ("artillery_share", "air_share"):
            params = with_prior_medians(attrition, runs=len(share), drone_share=share, **{name: 1.0})
            assert (mix(params, drones=0.0, artillery=0.0, air=0.0) >= 0).all(), name


@pytest.mark.parametrize("kind", KINDS)
def test_without_its_exponent_a_kind_of_fire_changes_no_bit(drawn, kind):
    params = drawn(**{KINDS[kind]: 0.0, "medevac_drones": 0.0})
    usual, moved = (week(params, opened(params), dice(), **{kind: value}) for value in (1.0, [0.2, 7.0]))
    assert_same_bits(usual, moved)


def assert_same_bits(one, other):
    for left, right in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        assert (left == right).all()


@pytest.mark.parametrize("kind", KINDS)
def test_more_of_a_kind_of_fire_costs_men_and_kit(drawn, kind):
    params = drawn()
    flows = [week(params, opened(params), dice(Median), **{kind: value})[1] for value in SPAN]
    for name in ("casualties", "lost"):
        assert (np.diff(np.stack([getattr(flow, name) for flow in flows]), axis=0) > 0).all(), name


def test_exposure_costs_attackers_alone(drawn):
    params = drawn(exposure_exponent=0.8, hold=0.4)
    usual, exposed, holding = (
        week(params, opened(params), dice(Median), exposure=exposure, effort=effort)[1].casualties
        for exposure, effort in ((1.0, 1.0), (2.0, 1.0), (2.0, 0.0))
    )
    np.testing.assert_allclose(exposed / usual, 0.4 + 0.6 * 2**0.8, rtol=0.01)
    np.testing.assert_allclose(holding / usual, 0.4, rtol=0.01)
    blind = drawn(exposure_exponent=0.0)
    assert_same_bits(*(week(blind, opened(blind), dice(), exposure=exposure) for exposure in (1.0, 3.0)))


# ----------------------------------------------------------------------------------------------- who dies of it


def test_at_the_opening_the_usual_share_of_casualties_dies(drawn):
    params = drawn(killed_share=[0.2, 0.35])
    _, flows = week(params, opened(params), dice())
    np.testing.assert_allclose(flows.killed, flows.casualties * np.array([[0.2], [0.35]]), rtol=1e-4)


@pytest.mark.parametrize(("name", "value"), [("density", [1.0, 4.0]), ("colder", 15.0)])
def test_hindered_evacuation_changes_who_dies_but_not_who_is_hit(drawn, name, value):
    params = drawn(drone_exponent=0.0)
    (_, usual), (_, hindered) = (week(params, opened(params), dice(), **given) for given in ({}, {name: value}))
    assert (usual.casualties == hindered.casualties).all()
    assert (usual.lost == hindered.lost).all()
    assert (hindered.killed[0] > usual.killed[0]).all()
    if name == "density":
        assert (hindered.killed[1] == usual.killed[1]).all()


def test_log_odds_of_dying_grow_with_enemy_drones_and_with_cold(drawn):
    params = drawn(killed_share=0.3, medevac_drones=0.4, medevac_cold=0.1)
    _, flows = week(params, opened(params), dice(), density=[1.0, 3.0], colder=-20.0)
    share = np.asarray(flows.killed / flows.casualties, float)
    odds = np.log(share / (1 - share)) - np.log(0.3 / 0.7)
    np.testing.assert_allclose(odds[0], 0.4 * np.log(3) - 0.2, atol=1e-3)
    np.testing.assert_allclose(odds[1], -0.2, atol=1e-3)


def test_without_its_couplings_evacuation_is_as_at_the_opening(drawn):
    params = drawn(medevac_drones=0.0, medevac_cold=0.0, drone_exponent=0.0)
    assert_same_bits(
        *(
            week(params, opened(params), dice(), density=density, colder=colder)
            for density, colder in ((1.0, 0.0), ([0.0, 9.0], 30.0))
        )
    )


# -------------------------------------------------------------------------------------------- people and pieces


def assert_books_close(params, do, *, tolerance=1e-5, **given):
    state = opened(params)
    delivered = jnp.full_like(state.equipment, 7.0)
    for number in range(5):
        after, flows = week(params, state, dice(week=number), do=do, delivered=delivered, **given)
        troops, equipment = (
            np.asarray(getattr(after, name) - getattr(state, name)) for name in ("troops", "equipment")
        )
        gone = flows.killed + flows.wounded + flows.surrendered + flows.departed
        scale = np.asarray(state.troops).max()
        np.testing.assert_allclose(troops, given.get("arriving", 0.0) - gone, atol=tolerance * scale)
        np.testing.assert_allclose(flows.killed + flows.wounded, flows.casualties, rtol=1e-5)
        scale = np.asarray(state.equipment + state.workshop).max()
        both = equipment + np.asarray(after.workshop - state.workshop)
        np.testing.assert_allclose(both, delivered - flows.lost, atol=tolerance * scale)
        workshop = np.asarray(after.workshop - state.workshop)
        np.testing.assert_allclose(workshop, flows.damaged - flows.repaired, atol=tolerance * scale)
        for stock in (after.troops, after.equipment, after.workshop, *jax.tree.leaves(flows)):
            assert stock.min() >= 0
        state = after


def test_men_and_kit_are_accounted_for(drawn):
    params = drawn()
    assert_books_close(params, NOTHING, captured=300.0, leaving=500.0, arriving=2000.0)


@pytest.mark.parametrize("name", ["casualties", "killed", "wounded", "surrendered", "departed"])
@pytest.mark.parametrize("given", [{"value": 1e9}, {"value": 0.0}, {"factor": 3.0}, {"shift": -100.0}])
def test_books_close_whatever_is_decreed_of_men(drawn, decree, name, given):
    params = drawn()
    assert_books_close(params, decree(f"attrition.{name}", **given), captured=300.0, leaving=500.0, arriving=2000.0)


@pytest.mark.parametrize("name", ["lost", "damaged", "repaired"])
@pytest.mark.parametrize("given", [{"value": 1e9}, {"value": 0.0}, {"factor": 3.0}, {"shift": -5.0}])
def test_books_close_whatever_is_decreed_of_kit(drawn, decree, name, given):
    assert_books_close(drawn(), decree(f"attrition.{name}", **given))


def test_a_decreed_number_is_what_happens(drawn, decree):
    params = drawn()
    for name, value in (("casualties", 1234.0), ("killed", 77.0), ("wounded", 55.0), ("surrendered", 9.0)):
        _, flows = week(params, opened(params), dice(), do=decree(f"attrition.{name}", value=[value, value / 2]))
        found = np.asarray(getattr(flows, name))
        np.testing.assert_allclose(found, np.array([[value], [value / 2]]) * np.ones_like(found), rtol=1e-4)


def test_the_captured_leave_before_those_who_run_and_only_as_many_as_there_are(drawn):
    params = drawn(troops_opening=100.0)
    _, usual = week(params, opened(params), dice())
    _, flows = week(params, opened(params), dice(), captured=[30.0, 500.0], leaving=60.0)
    assert (flows.surrendered[0] == 30).all()
    assert (flows.departed[0] <= 60).all()
    np.testing.assert_allclose(flows.surrendered[1], 100 - usual.casualties[1], rtol=1e-5)
    np.testing.assert_allclose(flows.departed[1], 0, atol=1e-4)


def test_a_war_opens_with_as_much_in_repair_as_its_losses_keep_there(drawn):
    params = drawn(item_spread=0.0)
    state = attrition.opening(params)
    _, flows = week(params, state, dice(Median))
    np.testing.assert_allclose(flows.damaged, flows.repaired, rtol=1e-3)


def test_in_the_long_run_a_workshop_holds_its_inflow_times_the_time_that_it_takes(drawn):
    params = drawn(item_spread=0.0, repair_time=8.0, spread=0.0, own_exponent=1.0, enemy_exponent=0.0)
    state = dataclasses.replace(opened(params), workshop=jnp.zeros((2, 1, RUNS)))
    for number in range(120):
        after, flows = week(params, state, dice(Median, week=number))
        state = dataclasses.replace(after, equipment=state.equipment, troops=state.troops)
    np.testing.assert_allclose(state.workshop, flows.damaged / -np.expm1(-1 / 8), rtol=1e-3)


def test_pieces_left_count_for_the_items_of_a_role_alone(with_prior_medians):
    opened_with = np.array([[100.0, 300.0, 7.0], [50.0, 0.0, 0.0]])
    params = with_prior_medians(attrition, items=3, equipment_opening=opened_with)
    state = dataclasses.replace(attrition.opening(params), equipment=params.equipment_opening * jnp.array(0.5))
    role = jnp.asarray([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    left = attrition.pieces_left(params, state, role)
    np.testing.assert_allclose(left[..., 0], [[0.5, 0.5], [0.5, 1.0], [1.0, 1.0]])


def test_the_force_ratio_is_relative_to_the_opening_and_the_enemys_is_its_opposite(drawn):
    params = drawn(troops_opening=[4e5, 1e5])
    np.testing.assert_array_equal(attrition.log_force(params, params.troops_opening), 0)
    force = attrition.log_force(params, jnp.stack([jnp.full(RUNS, 2e5), jnp.full(RUNS, 3e5)]))
    np.testing.assert_allclose(force, np.array([[-np.log(6)], [np.log(6)]]) * np.ones(RUNS), rtol=1e-5)
    assert jnp.isfinite(attrition.log_force(params, jnp.zeros((2, RUNS)))).all()


# ----------------------------------------------------------------------------------------------------- binomials


@pytest.mark.parametrize(("stock", "hazard"), [(500e3, 0.01), (3000, 0.008), (300, 0.2), (60, 0.7)])
def test_the_fallen_have_the_moments_of_a_binomial(stock, hazard):
    u = (np.arange(20_000) + 0.5) / 20_000
    fallen = np.asarray(fall(jnp.asarray(float(stock)), jnp.asarray(hazard), jnp.asarray(u)))
    p = 1 - np.exp(-hazard)
    assert fallen.mean() == pytest.approx(stock * p, rel=2e-3)
    assert fallen.std() == pytest.approx(np.sqrt(stock * p * (1 - p)), rel=5e-3)
    assert (np.diff(fallen) >= 0).all()


def test_certain_and_impossible_death():
    u = jnp.linspace(0.001, 0.999, 99)
    assert (fall(jnp.asarray(1000.0), jnp.asarray(0.0), u) == 0).all()
    assert (fall(jnp.asarray(1000.0), jnp.asarray(jnp.inf), u) == 1000).all()
    assert (fall(jnp.asarray(0.0), jnp.asarray(0.3), u) == 0).all()
