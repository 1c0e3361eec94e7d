"""Repair: the exact law of two states, its long run with several, and queues that obey Little's law."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ceasefire.model.repair import exchange, manageable

RATES = np.array([[0.05, 0.2], [0.2, 0.05], [1e-4, 0.7], [3.0, 2.0], [0.0, 0.3], [40.0, 0.01]]).T


def weeks(hazard, repair, working, number):
    """Share working after each week, of units that break in one way."""
    breaking, mending = exchange(jnp.asarray(hazard), jnp.asarray(repair))
    found = [jnp.asarray(working)]
    for _ in range(number):
        found.append(found[-1] * (1 - breaking) + (1 - found[-1]) * mending)
    return np.stack(found)


@pytest.mark.parametrize("precision", [False, True])
def test_availability_is_repair_over_hazard_and_repair_in_the_long_run_and_exact_on_the_way(precision):
    with jax.enable_x64(precision):
        close = {"rtol": 1e-12 if precision else 1e-5, "atol": 1e-12 if precision else 1e-5}
        np.testing.assert_allclose(weeks(0.05, 0.2, [1.0, 0.0], 200)[-1], 0.8, **close)
        hazard, repair = RATES
        for start in (1.0, 0.3, 0.0):
            t, at = np.arange(21)[:, None], repair / (hazard + repair)
            exact = at + (start - at) * np.exp(-(hazard + repair) * t)
            np.testing.assert_allclose(weeks(*RATES, np.full(len(hazard), start), 20), exact, **close)


def test_seven_days_are_a_week():
    with jax.enable_x64(True):
        day, week = weeks(*(RATES / 7), np.full(RATES.shape[1], 0.6), 7)[-1], weeks(*RATES, np.full(6, 0.6), 1)[-1]
        np.testing.assert_allclose(day, week, rtol=1e-12)


def test_with_several_ways_to_break_the_long_run_is_exact_and_nothing_is_ever_negative():
    random = np.random.default_rng(3)
    with jax.enable_x64(True):
        hazard, repair = (jnp.asarray(np.exp(random.normal(-1, 2, (3, 200)))) for _ in range(2))
        breaking, mending = exchange(hazard, repair, hazard.sum(axis=0))
        assert breaking.sum(axis=0).max() <= 1
        assert min(breaking.min(), mending.min(), (1 - mending).min()) >= 0
        share = hazard / repair / (1 + (hazard / repair).sum(axis=0))
        working = 1 - share.sum(axis=0)
        np.testing.assert_allclose(working * breaking, share * mending, rtol=1e-12)


def test_no_rate_moves_nothing_and_a_huge_one_everything():
    rates = jnp.asarray([0.0, 0.0, 1e30, 1e30, np.inf])
    breaking, mending = exchange(rates, jnp.asarray([0.0, 1.0, 0.0, 1e30, 0.0]))
    np.testing.assert_allclose(breaking, [0, 0, 1, 0.5, 1], rtol=1e-5)
    np.testing.assert_allclose(mending, [0, 1 - np.exp(-1), 0, 0.5, 0], rtol=1e-5)


def test_a_limit_leaves_all_of_the_work_or_its_share():
    wanted, limit = jnp.asarray([0.0, 0.0, 1.0, 2.0, 5.0]), jnp.asarray([0.0, 3.0, 0.0, 3.0, 1.0])
    np.testing.assert_allclose(manageable(wanted, limit) * wanted, [0, 0, 0, 2, 1], rtol=1e-6)


@pytest.mark.parametrize(("crews", "short"), [(1e9, False), (5.0, False), (2.0, True), (0.5, True)])
def test_the_queue_obeys_littles_law_whether_crews_are_plenty_or_the_limit(crews, short):
    """Of 100 units each breaks at .05 a week and is mended at .2; all mended at once would keep four crews busy."""
    units, hazard, repair = 100.0, 0.05, 0.2
    with jax.enable_x64(True):
        broken = jnp.asarray(0.0)
        for _ in range(3000):
            rate = repair * manageable(repair * broken, jnp.asarray(crews))
            breaking, mending = exchange(jnp.asarray(hazard), rate)
            mended = broken * mending
            assert mended <= crews
            broken = broken + (units - broken) * breaking - mended
    broken, mean_time = float(broken), 1 / float(rate)
    throughput = hazard * (units - broken)
    assert broken == pytest.approx(throughput * mean_time, rel=1e-9)
    if short:
        assert throughput == pytest.approx(crews, rel=1e-9)
        assert mean_time == pytest.approx(units / crews - 1 / hazard, rel=1e-9)
    else:
        assert mean_time == pytest.approx(1 / repair, rel=1e-9)
        assert throughput == pytest.approx(0.8 * units * hazard, rel=1e-9)
