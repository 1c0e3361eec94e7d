"""Attrition: Lanchester's laws in the limit without luck, and what luck may do."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ceasefire.model import attrition
from ceasefire.model.noise import Noise


class Median(Noise):
    """Dice that always show their middle."""

    def of(self, subsystem):
        return self

    def uniform(self, name, shape=()):
        return jnp.full((*shape, *self.run.shape), 0.5)


RUNS = 500
step = jax.jit(attrition.step)
fall = jax.jit(attrition.fall)


def dice(kind=Noise, week=0, runs=RUNS):
    words = jnp.asarray([1, 2], jnp.uint32), jnp.arange(runs, dtype=jnp.uint32)
    return kind(*words, jnp.asarray(week), "attrition")


def opened(params):
    """The state at the opening, with intensity at its mean."""
    return attrition.State(
        troops=params.troops_opening,
        equipment=params.equipment_opening,
        intensity=jnp.log(params.casualty_rate),
        item_intensity=jnp.log(params.loss_rate),
    )


def week(params, state, noise, *, fire=1.0, effort=1.0, leaving=0.0, arriving=0.0):
    runs = state.troops.shape[-1]
    per_side = {"fire": fire, "effort": effort, "leaving": leaving, "arriving": arriving}
    arrays = {name: jnp.broadcast_to(jnp.asarray(value, float), (2, runs)) for name, value in per_side.items()}
    return step(params, state, noise=noise, delivered=jnp.zeros_like(state.equipment), **arrays)


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
    rate = {"casualty_rate": 0.02, "loss_rate": 0.02}
    whole = drawn(**rate)
    half = drawn(**{name: value / 2 for name, value in rate.items()})
    once, _ = week(whole, opened(whole), dice(Median))
    twice, _ = week(half, opened(half), dice(Median))
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
        after, flows = week(params, state, dice(week=number), leaving=10.0)
        assert (flows.casualties + flows.departed <= state.troops * (1 + 1e-6)).all()
        assert (flows.lost <= state.equipment).all()
        assert min(after.troops.min(), after.equipment.min(), flows.casualties.min(), flows.lost.min()) >= 0
        state = after


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
