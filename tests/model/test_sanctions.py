"""Sanctions: next to nothing at first, a bite that peaks after months and fades, and nothing without them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ceasefire.model import sanctions
from ceasefire.model.declare import declared
from ceasefire.model.intervene import NOTHING, Intervention, Place
from ceasefire.model.noise import Noise

RUNS, WEEKS = 64, 156
BITES = [f"{lever}_bite" for lever in sanctions.LEVERS]
QUIET = {"round_rate": 0.0}
PLAIN = {**QUIET, "adapted_share": 0.0}
PARAMETERS = [variable for variable in declared(sanctions) if variable.kind == "parameter"]


class Dice(Noise):
    """Dice of which the two sides may swap theirs."""

    mirror: jax.Array = False

    def uniform(self, name, shape=()):
        u = super().uniform(name, shape)
        return jnp.where(self.mirror, u[::-1], u)


def drawn(u=0.5, runs=RUNS, **given):
    """Parameters at a quantile of their priors, or at what is given (for both sides, or [side])."""
    u, found = np.broadcast_to(u, (len(PARAMETERS), runs)), {}
    for row, variable in zip(u, PARAMETERS, strict=True):
        name = variable.name.partition(".")[2]
        value = np.asarray(given.pop(name, variable.prior.quantile(row)), float)
        value = value[:, None] if value.shape == (2,) else value
        found[name] = jnp.asarray(np.broadcast_to(value, (2,) * (len(variable.dims) - 1) + (runs,)), float)
    assert not given
    return sanctions.Params(**found)


@jax.jit
def _run(params, do, mirror, lifted):
    def week(state, number):
        seed, run = jnp.asarray([3, 0], jnp.uint32), jnp.arange(params.trade_lag.shape[-1], dtype=jnp.uint32)
        dice = Dice(seed, run, number, "sanctions", mirror)
        after, flows = sanctions.step(params, state, do=do, noise=dice, lifted=lifted[number])
        return after, (after, flows)

    return jax.lax.scan(week, sanctions.opening(params), jnp.arange(WEEKS))[1]


def years(params, *, do=NOTHING, mirror=False, lifted=0.0, since=0):
    """State and flows of three years, with a share of sanctions lifted by an agreement since a week."""
    runs = params.trade_lag.shape[-1]
    agreed = jnp.asarray(np.repeat((np.arange(WEEKS) >= since)[:, None] * lifted, runs, axis=1), float)
    return jax.tree.map(np.asarray, _run(params, do, jnp.asarray(mirror), agreed))


def bites(flows):
    return np.stack([getattr(flows, name) for name in BITES])


def test_where_nothing_is_added_nothing_bites():
    state, flows = years(drawn(np.random.default_rng(1).uniform(size=(len(PARAMETERS), RUNS)), **QUIET))
    assert (bites(flows) == 0).all()
    assert (flows.components == 1).all()
    assert all((leaf == 0).all() for leaf in jax.tree.leaves(state))


def test_a_step_arrives_by_its_closed_form_and_after_its_mean_lag():
    with jax.enable_x64(True):
        params = drawn(component_level=[2.0, 1.0], component_lag=10.0, **PLAIN)
        found = years(params)[1].component_bite[:, 0, 0]
    gain, week = 1 / (1 + 10 / 2), np.arange(1, WEEKS + 1)
    np.testing.assert_allclose(found, 1 - (1 - gain) ** week * (1 + week * gain), rtol=1e-9, atol=1e-12)
    assert (1 - found).sum() == pytest.approx(10.0, rel=1e-6)


@pytest.mark.parametrize("level", [0.0, 2.0, 5.0])
def test_a_step_of_sanctions_on_parts_does_little_in_a_month_and_most_after_a_quarter(level):
    u = np.random.default_rng(2).uniform(size=(len(PARAMETERS), RUNS))
    for params in (drawn(component_level=level, **QUIET), drawn(u, component_level=level, **QUIET)):
        lost = np.abs(np.log(years(params)[1].components)).mean(axis=(1, 2))
        assert lost[:4].max() < 0.2 * lost.max()
        assert lost.argmax() + 1 >= 13


def test_what_is_added_fades_to_what_cannot_be_got_around():
    params = drawn(oil_level=2.0, trade_lag=4.0, adaptation_time=8.0, adapted_share=0.7, **QUIET)
    bite = years(params)[1].oil_bite[:, 0, 0]
    assert bite.max() > 0.5
    assert bite[-1] == pytest.approx(0.3, rel=1e-4)
    stays = years(drawn(oil_level=2.0, trade_lag=4.0, **PLAIN))[1].oil_bite[:, 0, 0]
    assert (np.diff(stays) >= 0).all()
    assert (stays >= bite).all()
    assert stays[-1] == pytest.approx(1.0, rel=1e-4)


def test_what_is_lifted_is_gone_for_good_and_never_more_than_all_of_it():
    lifted = drawn(oil_level=0.0, component_level=0.0, secondary_level=0.0, **QUIET)
    state, flows = years(lifted)
    bite = bites(flows)[:3]
    assert (np.diff(bite, axis=1) <= 0).all()
    assert bite.min() >= -1
    np.testing.assert_allclose(bite[[0, 2], -1], -1, atol=1e-5)
    assert (flows.components >= 1).all()
    assert (state.adapted == 0).all()
    doubled = jax.tree.map(lambda leaf: jnp.asarray(leaf[-1]), years(drawn(oil_level=2.0, interception_level=1.0))[0])
    noise = Noise(jnp.zeros(2, jnp.uint32), jnp.arange(RUNS, dtype=jnp.uint32), jnp.asarray(0), "sanctions")
    step = jax.jit(sanctions.step)
    for _ in range(60):
        doubled, flows = step(lifted, doubled, do=NOTHING, noise=noise, lifted=jnp.zeros(RUNS))
        assert bites(flows)[0].min() >= -1
        assert bites(flows)[3].min() >= 0


def test_a_lever_bites_where_it_is_put_and_nowhere_else():
    for lever, name in zip(sanctions.LEVERS, BITES, strict=True):
        level = [2.0, 0.0 if lever == "interception" else 1.0]
        _, flows = years(drawn(**{f"{lever}_level": level}, **QUIET))
        for other in BITES:
            touched = getattr(flows, other) != 0
            assert (touched[:, 0] == (other == name)).all()
            assert not touched[:, 1].any()
        assert ((flows.components[:, 0] < 1) == (lever == "component")).all()


def test_without_the_coupling_no_part_is_missing():
    _, flows = years(drawn(component_level=5.0, component_effect=0.0))
    assert (flows.component_bite > 0).all()
    assert (flows.components == 1).all()


def test_new_rounds_come_at_their_rate_with_their_size_and_bite_on_oil_alone():
    params = drawn(runs=4096, round_rate=[0.02, 0.0], round_size=0.7)
    state, flows = years(params)
    expected = -np.expm1(-0.02)
    came = (flows.added[:, 0] > 0).mean()
    assert came == pytest.approx(expected, abs=4 * np.sqrt(expected / flows.added[:, 0].size))
    size = flows.added[:, 0][flows.added[:, 0] > 0]
    assert size.mean() == pytest.approx(0.7, abs=4 * 0.7 / np.sqrt(len(size)))
    assert size.std() == pytest.approx(0.7, rel=0.1)
    np.testing.assert_allclose(state.rounds[-1], flows.added.sum(axis=0), rtol=1e-5)
    assert (flows.added[:, 1] == 0).all()
    bite = bites(flows)
    assert bite[0, -1, 0].mean() > 0.1
    assert (bite[1:] == 0).all()
    assert (bite[:, :, 1] == 0).all()


def test_swapped_sides_with_swapped_dice_swap_everything():
    levels = {"oil_level": [2.0, 1.0], "component_level": [0.0, 3.0], "interception_level": [0.0, 0.4]}
    fought = years(drawn(**levels))
    image = years(drawn(**{name: value[::-1] for name, value in levels.items()}), mirror=True)
    for one, other in zip(jax.tree.leaves(fought), jax.tree.leaves(image), strict=True):
        assert (one == other[:, ::-1]).all()


def decree(name, value):
    place = Place(f"sanctions.{name}", 0, (2,), dict.fromkeys(BITES, (-1.0, np.inf)).get(name, (0.0, np.inf)))
    return Intervention(jnp.zeros(2), jnp.full(2, value), (place,), "sanctions")


def test_what_is_decreed_is_what_follows_from():
    _, flows = years(drawn(**QUIET), do=decree("component_bite", 1.0))
    np.testing.assert_allclose(flows.components, np.exp(-drawn().component_effect) * np.ones((WEEKS, 2, 1)), rtol=1e-6)
    state, _ = years(drawn(**QUIET), do=decree("added", 0.01))
    np.testing.assert_allclose(state.rounds[-1], 0.01 * WEEKS, rtol=1e-5)


@pytest.mark.parametrize("precision", [False, True])
@pytest.mark.parametrize("value", [0.0, 1e6])
def test_nothing_breaks_whatever_a_parameter_is(precision, value):
    known = {variable.name: variable for variable in declared(sanctions)}
    with jax.enable_x64(precision):
        for variable in PARAMETERS:
            bound = min(value, variable.bounds[1])
            levels = {"oil_level": 2.0, "component_level": 0.0, "interception_level": 1.0}
            state, flows = years(drawn(**{**levels, variable.name.partition(".")[2]: bound}))
            for record in (state, flows):
                for name, found in vars(record).items():
                    assert found.dtype == jnp.result_type(float)
                    assert np.isfinite(found).all(), (variable.name, name)
                    low, high = known[f"sanctions.{name}"].bounds
                    assert low <= found.min(), (variable.name, name)
                    assert found.max() <= high, (variable.name, name)


def test_an_agreement_lifts_its_share_of_sanctions_after_their_lag_and_none_where_the_link_is_cut():
    _, usual = years(drawn(**QUIET))
    _, flows = years(drawn(relief=0.6, **QUIET), lifted=0.5, since=10)
    assert (bites(flows)[:, :10] == bites(usual)[:, :10]).all()
    np.testing.assert_allclose(bites(flows)[[0, 2], -1], -0.3, atol=1e-3)
    assert (np.diff(bites(flows)[:3], axis=1) <= 1e-7).all()
    _, free = years(drawn(relief=0.6, under_opening=[0.0, 1.0], **QUIET), lifted=0.5, since=10)
    assert (bites(free)[:, :, 0] == bites(usual)[:, :, 0]).all()
    assert (bites(free)[:, :, 1] == bites(flows)[:, :, 1]).all()
    _, cut = years(drawn(relief=0.0, **QUIET), lifted=0.5, since=10)
    assert (bites(cut) == bites(usual)).all()
