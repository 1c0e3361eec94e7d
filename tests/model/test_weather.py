"""Weather: what is usual, how far from it a week can be, and what flies in it."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ceasefire.model import weather
from ceasefire.model.axes import YEAR
from ceasefire.model.intervene import NOTHING, Intervention, Place
from ceasefire.model.noise import Noise

RUNS, AXES = 400, 3


def dice(week):
    return Noise(jnp.asarray([7, 0], jnp.uint32), jnp.arange(RUNS, dtype=jnp.uint32), jnp.asarray(week), "weather")


@jax.jit
def years(params, state, ground, weeks):
    """Many weeks; states and flows [week, ...]."""

    def week(state, number):
        after, flows = weather.step(params, state, do=NOTHING, noise=dice(number), ground=ground)
        return after, (after, flows)

    return jax.lax.scan(week, state, weeks)[1]


step = jax.jit(lambda params, state, do, noise, ground: weather.step(params, state, do=do, noise=noise, ground=ground))


@pytest.fixture
def ground(honeycomb):
    season = 9 - 14 * jnp.cos(2 * jnp.pi * jnp.arange(YEAR) / YEAR)
    return dataclasses.replace(honeycomb(3, axes=AXES), climate=season + jnp.arange(float(AXES))[:, None])


@pytest.fixture
def usual(with_prior_medians):
    return lambda **given: with_prior_medians(weather, runs=RUNS, **given)


def test_anomalies_have_their_spread_and_half_life_and_are_alike_on_all_axes(usual, ground):
    params = usual(anomaly_spread=3.0, anomaly_half_life=2.0, likeness=0.7)
    states, _ = years(params, weather.opening(params, ground), ground, jnp.arange(260))
    anomaly = np.asarray(states.anomaly[20:], float)
    assert anomaly.mean() == pytest.approx(0, abs=0.05)
    assert anomaly.std() == pytest.approx(3, rel=0.02)
    assert np.corrcoef(anomaly[:-2].ravel(), anomaly[2:].ravel())[0, 1] == pytest.approx(0.5, abs=0.02)
    assert np.corrcoef(anomaly[:, 0].ravel(), anomaly[:, 2].ravel())[0, 1] == pytest.approx(0.7, abs=0.02)


def test_temperature_is_the_climates_in_the_mean_year_after_year(usual, ground):
    params = usual()
    _, flows = years(params, weather.opening(params, ground), ground, jnp.arange(2 * YEAR))
    mean = flows.temperature.mean(axis=-1).reshape(2, YEAR, AXES)
    np.testing.assert_allclose(mean, np.broadcast_to(ground.climate.T, mean.shape), atol=4.5 * 3.3 / RUNS**0.5)


def test_the_first_week_is_nearly_as_uncertain_as_any(usual, ground):
    params = usual(anomaly_half_life=1.0)
    first = [years(params, weather.opening(params, ground), ground, jnp.arange(k, k + 1))[0].anomaly for k in range(20)]
    assert np.std(first) / 3.3 == pytest.approx(0.75**0.5, rel=0.03)


def test_in_usual_weather_flying_is_what_is_usual(usual, ground):
    params = usual(anomaly_spread=1e-9, flying_spread=1e-9)
    _, flows = years(params, weather.opening(params, ground), ground, jnp.arange(1))
    np.testing.assert_allclose(flows.flying[0], weather.usual_flying(params, ground), rtol=1e-5)


def test_at_twenty_degrees_flying_is_that_of_mild_weather_and_cold_takes_log_odds_in_proportion(usual, ground):
    params = usual(flying_slope=0.6, flying_mild=0.7)
    mild = weather.usual_flying(params, dataclasses.replace(ground, climate=jnp.full((AXES, YEAR), 20.0)))
    cold = weather.usual_flying(params, dataclasses.replace(ground, climate=jnp.full((AXES, YEAR), -10.0)))
    np.testing.assert_allclose(mild, 0.7, rtol=1e-5)
    np.testing.assert_allclose(cold / (1 - cold), 0.7 / 0.3 * np.exp(-1.8), rtol=1e-4)


def test_flying_is_always_a_share_and_never_none(usual, ground):
    params = usual(anomaly_spread=15.0, flying_slope=1.5, flying_spread=1.5)
    _, flows = years(params, weather.opening(params, ground), ground, jnp.arange(2 * YEAR))
    assert flows.flying.min() > 0
    assert flows.flying.max() <= 1


def test_without_the_coupling_flying_does_not_know_the_season(usual, ground):
    params = usual(flying_slope=0.0)
    _, flows = years(params, weather.opening(params, ground), ground, jnp.arange(YEAR))
    odds = np.log(flows.flying / (1 - flows.flying)).mean(axis=(1, 2))
    assert np.abs(odds - odds.mean()).max() < 4.5 * 0.35 / RUNS**0.5


def test_decreed_frost_grounds_drones_and_decreed_fog_leaves_the_temperature(usual, ground):
    params = usual()
    places = (
        Place("weather.temperature", 0, (AXES,), (-jnp.inf, jnp.inf)),
        Place("weather.flying", 3, (AXES,), (0, 1)),
    )
    frost = Intervention(jnp.ones(6), jnp.asarray([-20.0] * 3 + [0] * 3), places, "weather")
    fog = Intervention(jnp.asarray([1.0] * 3 + [0.25] * 3), jnp.zeros(6), places, "weather")
    plain, cold, foggy = (
        step(params, weather.opening(params, ground), do, dice(0), ground)[1] for do in (NOTHING, frost, fog)
    )
    np.testing.assert_allclose(cold.temperature, plain.temperature - 20, rtol=1e-4, atol=1e-4)
    assert (cold.flying < plain.flying).all()
    np.testing.assert_allclose(foggy.flying, plain.flying / 4, rtol=1e-6)
    assert (foggy.temperature == plain.temperature).all()


def test_weather_keeps_to_double_precision(usual, honeycomb):
    with jax.enable_x64(True):
        ground, params = honeycomb(3, axes=AXES), usual()
        after, flows = step(params, weather.opening(params, ground), NOTHING, dice(1), ground)
        assert {leaf.dtype for leaf in jax.tree.leaves((after, flows))} == {jnp.dtype(jnp.float64)}
