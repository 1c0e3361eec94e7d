"""Baselines: closed forms, parameters recovered from simulated series, calibration, and no peeking."""

import numpy as np
import pytest
from scipy import optimize, stats

from ceasefire.study import baselines
from ceasefire.study.score import crps, probability_transform

SAMPLERS = {**baselines.BASELINES, "pool": baselines.pool}


def rng(seed=0):
    return np.random.default_rng(seed)


def simulated_autoregression(number, phi, *, mean=0.0, noise=1.0, seed=0):
    shocks = rng(seed).normal(scale=noise, size=number + 200)
    series = np.zeros(number + 200)
    for week in range(1, len(series)):
        series[week] = phi * series[week - 1] + shocks[week]
    return mean + series[200:]


def simulated_level(number, phi, q, *, noise=1.0, seed=0):
    shocks, errors = rng(seed).normal(scale=noise, size=(2, number + 200))
    level = np.zeros(number + 200)
    for week in range(1, len(level)):
        level[week] = phi * level[week - 1] + np.sqrt(q) * shocks[week]
    return (level + errors)[200:]


# --------------------------------------------------------------------------------------------------- every sampler


@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("name", SAMPLERS)
def test_samplers_give_finite_paths_that_depend_on_nothing_but_the_generator(name, positive):
    increments = rng(3).gamma(2.0, 50.0, 60) - (0 if positive else 80)
    before = increments.copy()
    paths = SAMPLERS[name](increments, 9, 101, rng(4), positive=positive)
    assert paths.shape == (101, 9)
    assert paths.dtype == np.float64
    assert np.all(np.isfinite(paths))
    assert np.array_equal(paths, SAMPLERS[name](increments, 9, 101, rng(4), positive=positive))
    assert np.array_equal(before, increments)


@pytest.mark.parametrize("name", sorted(set(SAMPLERS) - {"log-normal", "pool"}))  # the shift has a unit
def test_changing_the_unit_rescales_the_draws(name):
    increments = rng(3).gamma(2.0, 50.0, 60) - 80
    paths = SAMPLERS[name](increments, 9, 100, rng(4), positive=False)
    np.testing.assert_allclose(
        SAMPLERS[name](1000 * increments, 9, 100, rng(4), positive=False), 1000 * paths, rtol=1e-3
    )


@pytest.mark.parametrize("name", ["drift-8", "drift-52", "block-26", "unsure-drift", "climatology", "smoothing"])
def test_a_steady_record_goes_on_steadily(name):
    paths = SAMPLERS[name](np.full(60, 7.0), 26, 50, rng(), positive=False)
    np.testing.assert_allclose(paths, np.tile(7.0 * np.arange(1, 27), (50, 1)), rtol=1e-9)


# ------------------------------------------------------------------------------------------------- sampler by sampler


def test_persistence_expects_nothing_and_spreads_as_the_past_did():
    increments = rng(1).normal(5, 20, 104)
    paths = baselines.persistence(increments, 3, 40_000, rng(2), positive=False)
    three_weeks = np.convolve(increments, np.ones(3), "valid")
    assert paths[:, 2].mean() == pytest.approx(0, abs=1.0)
    assert paths[:, 2].std() == pytest.approx(np.sqrt(np.mean(three_weeks**2)), rel=0.02)
    np.testing.assert_allclose(np.corrcoef(paths.T), 1.0)


def test_persistence_of_counts_keeps_the_last_rate_and_never_falls():
    increments = np.concatenate([rng(1).poisson(30, 100), [10, 20, 30, 40]]).astype(float)
    paths = baselines.persistence(increments, 26, 20_000, rng(2), positive=True)
    assert np.median(paths[:, 3]) == pytest.approx(100, rel=0.03)
    assert paths.min() >= 0


def test_climatology_has_the_quantiles_of_the_past():
    increments = rng(1).normal(5, 20, 90)
    paths = baselines.climatology(increments, 4, 20_000, rng(2), positive=False)
    four_weeks = np.convolve(increments, np.ones(4), "valid")
    np.testing.assert_allclose(
        np.quantile(paths[:, 3], [0.1, 0.5, 0.9]), np.quantile(four_weeks, [0.1, 0.5, 0.9]), atol=2.0
    )


def test_a_horizon_too_long_for_the_record_takes_half_of_it_rescaled():
    increments = np.arange(12.0)
    longest = baselines.climatology(increments, 26, 20_000, rng(), positive=False)[:, 25]
    assert longest.min() == pytest.approx(15 * 26 / 6, rel=0.01)
    assert longest.max() == pytest.approx((6 + 7 + 8 + 9 + 10 + 11) * 26 / 6, rel=0.01)


def test_drift_has_the_moments_of_its_window():
    increments = rng(1).normal(5, 20, 90)
    paths = baselines.drift(increments, 10, 20_000, rng(2), positive=False, window=26)
    assert paths[:, 9].mean() == pytest.approx(10 * increments[-26:].mean(), abs=2.0)
    assert paths[:, 9].var() == pytest.approx(10 * increments[-26:].var(), rel=0.05)


def test_blocks_keep_consecutive_weeks_together():
    increments = np.arange(26.0)
    steps = np.diff(baselines.drift(increments, 12, 500, rng(2), positive=False, window=26, block=4), axis=1, prepend=0)
    within = np.diff(steps.reshape(500, 3, 4), axis=2)
    assert np.all(within == 1)


def test_the_unsure_bootstrap_orders_its_windows():
    increments = np.concatenate([np.zeros(48), np.ones(4)])
    steps = np.diff(baselines.unsure_drift(increments, 26, 500, rng(2), positive=False), axis=1, prepend=0)
    shares = [part.mean() for part in np.split(steps, 5)]
    np.testing.assert_allclose(shares, [1, 1 / 2, 4 / 13, 4 / 26, 4 / 52], atol=0.04)


def test_autoregression_has_the_predictive_moments_of_least_squares():
    increments = simulated_autoregression(80, 0.4, mean=20, noise=5, seed=8)
    recent = increments[-52:]
    design = np.column_stack([np.ones(51), recent[:-1]])
    coefficients = np.linalg.lstsq(design, recent[1:])[0]
    residuals = recent[1:] - design @ coefficients
    now = np.array([1.0, recent[-1]])
    sampling = residuals @ residuals / 49 * now @ np.linalg.inv(design.T @ design) @ now
    first = baselines.autoregression(increments, 1, 200_000, rng(2), positive=False)[:, 0]
    assert first.mean() == pytest.approx(now @ coefficients, abs=0.05)
    assert first.var() == pytest.approx(sampling + residuals.var(), rel=0.02)


def test_autoregression_is_calibrated_on_autoregressions():
    """Nearly: residuals are resampled as they are, a little smaller than the noise that they stand for."""
    simulate = simulated_autoregression
    made = calibration(baselines.autoregression, lambda seed: simulate(80, 0.5, mean=4, seed=seed), number=400)
    assert stats.kstest(made[:, 0], "uniform").pvalue > 0.01
    assert np.mean(np.abs(made[:, 7] - 0.5) < 0.45) == pytest.approx(0.88, abs=0.04)


def test_the_filter_weighs_grid_points_by_their_exact_likelihood():
    record = simulated_level(15, 0.9, 0.3, noise=4, seed=5) + 30
    values, weeks = record - record.mean(), np.arange(15)
    likelihood = []
    for phi, q in baselines.LEVEL_GRID:
        start = min(q / max(1 - phi**2, 0.02), 5.0)
        variance = [
            start * phi ** (2 * week) + q * sum(phi ** (2 * lag) for lag in range(week)) for week in range(1, 16)
        ]
        first, second = np.minimum.outer(weeks, weeks), np.abs(np.subtract.outer(weeks, weeks))
        covariance = np.array(variance)[first] * phi**second + np.eye(15)
        square = values @ np.linalg.solve(covariance, values) / 15
        likelihood.append(-0.5 * np.linalg.slogdet(covariance)[1] - 7.5 * np.log(square))
    expected = np.exp(np.array(likelihood) - max(likelihood))
    np.testing.assert_allclose(baselines.filter_levels(record).weight, expected / expected.sum(), rtol=1e-8)


def test_the_filter_reaches_the_steady_state_of_a_random_walk():
    known = baselines.filter_levels(rng(1).normal(size=2000))
    for place, (phi, q) in enumerate(baselines.LEVEL_GRID):
        if phi == 1.0:
            assert known.variance[place] == pytest.approx((np.sqrt(q**2 + 4 * q) - q) / 2, rel=1e-3)


@pytest.mark.parametrize(("phi", "q"), [(0.97, 0.2), (0.85, 0.5)])
def test_the_filter_recovers_a_simulated_level(phi, q):
    known = baselines.filter_levels(simulated_level(6000, phi, q, noise=3, seed=2))
    best = known.weight.argmax()
    assert tuple(baselines.LEVEL_GRID[best]) == (phi, q)
    assert known.noise[best] == pytest.approx(3, rel=0.05)
    assert known.residuals.std() == pytest.approx(1)


def test_local_levels_are_calibrated_on_local_levels():
    transforms = calibration(baselines.local_level, lambda seed: 3 + simulated_level(120, 0.97, 0.08, seed=seed))
    for week in (0, 7):
        assert np.mean(np.abs(transforms[:, week] - 0.5) < 0.45) == pytest.approx(0.9, abs=0.06)
        assert np.mean(np.abs(transforms[:, week] - 0.5) < 0.25) == pytest.approx(0.5, abs=0.1)


def test_local_levels_of_counts_do_not_run_away():
    increments = np.exp(rng(2).normal(4, 0.5, 90))
    steps = np.diff(baselines.local_level(increments, 26, 2000, rng(), positive=True), axis=1, prepend=0)
    assert steps.min() >= -1
    assert steps.max() <= np.expm1(np.log1p(increments[-104:]).max() + 1) * (1 + 1e-9)


def test_smoothing_forecasts_a_flat_level_that_it_is_unsure_of():
    increments = 100 + simulated_level(104, 1.0, 0.08, noise=10, seed=3)
    paths = baselines.smoothing(increments, 26, 40_000, rng(), positive=False)
    steps = np.diff(paths, axis=1, prepend=0)
    np.testing.assert_allclose(steps.mean(axis=0), steps[:, 0].mean(), atol=0.6)
    assert abs(steps[:, 0].mean() - increments[-20:].mean()) < 10
    assert steps[:, 25].var() > steps[:, 0].var()


def test_log_normal_stays_above_its_floor_and_near_its_median():
    increments = np.exp(rng(2).normal(4, 0.3, 90))
    first = baselines.log_normal(increments, 1, 20_000, rng(), positive=True)[:, 0]
    assert first.min() > -1
    assert np.median(first) == pytest.approx(np.exp(4), rel=0.25)
    falling = baselines.log_normal(rng(2).normal(0, 10, 60), 26, 2000, rng(), positive=False)
    assert np.diff(falling, axis=1).min() < 0


def test_gamma_has_the_moments_of_half_a_year():
    increments = rng(5).normal(10, 30, 60)
    paths = baselines.gamma(increments, 4, 40_000, rng(), positive=False)
    assert paths[:, 3].mean() == pytest.approx(4 * increments[-26:].mean(), abs=1.5)
    assert paths[:, 3].var() == pytest.approx(4 * increments[-26:].var(), rel=0.05)


def test_the_pool_takes_each_member_in_its_place():
    members = [np.full((10, 2), float(number)) for number in range(3)]
    assert baselines.pooled(members)[:, 0].tolist() == [0, 0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_sectors_add_up_and_share_their_weeks():
    shared = rng(1).normal(size=120) * 10
    alone = baselines.sectors([shared], 4, 4000, rng(2))
    assert np.array_equal(alone, baselines.sectors([shared, np.zeros(120)], 4, 4000, rng(2)))
    together = baselines.sectors([shared, shared], 1, 20_000, rng(2))
    one = baselines.local_level(shared, 1, 20_000, rng(3), positive=False)
    assert together.std() > 1.8 * one.std()
    assert baselines.sectors([np.zeros(50)], 3, 7, rng()).tolist() == np.zeros((7, 3)).tolist()


# ------------------------------------------------------------------------------------------------------- all together


def test_short_and_still_records_are_made_usable():
    assert baselines.usable([1.0, 2.0]).tolist() == [0.0] * 10 + [1.0, 2.0]
    assert np.abs(baselines.usable(np.zeros(20))).tolist() == [1e-6] * 20
    with pytest.raises(ValueError, match="not finite"):
        baselines.usable([1.0, np.nan])


def test_every_baseline_is_made_for_every_target_from_its_own_stream():
    increments = {
        "area_total": rng(1).normal(size=60),
        "area_west": rng(2).normal(size=60),
        "loss_tank": rng(3).poisson(40, 60),
    }
    made = baselines.forecast(increments, 5, 60)
    assert set(made) == {*baselines.BASELINES, "pool", "sectors"}
    assert all(paths.shape == (60, 5) for models in made.values() for paths in models.values())
    assert np.array_equal(made["pool"]["loss_tank"][:20], made["local-level"]["loss_tank"][:20])
    assert np.array_equal(made["pool"]["area_west"][-12:], made["unsure-drift"]["area_west"][-12:])
    assert not np.array_equal(made["sectors"]["area_total"], made["local-level"]["area_total"])
    alone = baselines.forecast({"loss_tank": increments["loss_tank"]}, 5, 60)
    assert all(np.array_equal(alone[name]["loss_tank"], made[name]["loss_tank"]) for name in made)
    other = baselines.forecast({"loss_tank": increments["loss_tank"]}, 5, 60, seed=(1,))
    assert not np.array_equal(other["pool"]["loss_tank"], alone["pool"]["loss_tank"])


def test_targets_have_families():
    assert [baselines.family(name) for name in ("area_total", "area_west", "loss_tank")] == [
        "total",
        "sectors",
        "losses",
    ]
    with pytest.raises(ValueError, match="area_total"):
        baselines.family("mood")


def test_the_pool_beats_persistence_where_there_is_a_trend():
    skill = []
    for seed in range(20):
        series = 60 + simulated_level(90, 0.97, 0.08, noise=10, seed=seed)
        truth = series[-8:].sum()
        pool, still = (
            SAMPLERS[name](series[:-8], 8, 400, rng(seed), positive=False)[:, 7] for name in ("pool", "persistence")
        )
        skill.append(np.log(crps(pool, truth) / crps(still, truth)))
    assert np.mean(skill) < -1


def calibration(sampler, simulate, *, number=150, horizon=8):
    """Probability transforms [series, week] of the cumulative changes that follow simulated records."""
    out = np.empty((number, horizon))
    for seed in range(number):
        series = simulate(seed)
        paths = sampler(series[:-horizon], horizon, 400, rng(seed + 10_000), positive=False)
        out[seed] = probability_transform(paths.T, np.cumsum(series[-horizon:]))
    return out


# -------------------------------------------------------------------------------------------------------------- cells

SPACING, COLUMNS, ROWS = 2.0, 40, 20


def square_grid():
    column, row = np.meshgrid(np.arange(COLUMNS), np.arange(ROWS))
    number = column + COLUMNS * row
    across = np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()], axis=1)
    along = np.stack([number[:-1].ravel(), number[1:].ravel()], axis=1)
    return SPACING * np.stack([column.ravel(), row.ravel()], axis=1).astype(float), np.concatenate([across, along])


def record_of(fronts):
    """A front at x = `fronts` km, [week] or [week, row]; left of it is occupied, the share falls linearly through ½."""
    position, neighbours = square_grid()
    fronts = np.asarray(fronts, float).reshape(len(fronts), -1)
    reach = np.repeat(np.broadcast_to(fronts, (len(fronts), ROWS)), COLUMNS, axis=1)
    share = np.clip(0.5 + (reach - position[:, 0]) / (2 * SPACING), 0, 1)
    return baselines.CellRecord.of(share, position, neighbours)


def wandering(weeks=110, speed=0.05, spread=0.5, seed=1):
    return record_of(35 + np.cumsum(rng(seed).normal(speed, spread, weeks)))


def test_distance_to_a_straight_front_is_exact():
    record = record_of([35.4])
    np.testing.assert_allclose(record.distance(0), record.position[:, 0] - 35.4, atol=1e-5)
    assert record.spacing == SPACING


def test_distance_without_a_front_is_far():
    assert set(record_of([-50.0]).distance(0)) == {baselines.FAR}
    assert set(record_of([500.0]).distance(0)) == {-baselines.FAR}


@pytest.mark.parametrize("speed", [0.2, -0.15])
def test_the_speed_of_a_steady_front_is_found(speed):
    record = record_of(35.3 + speed * np.arange(20))
    near = np.abs(record.distance(19)) < 10
    np.testing.assert_allclose(record.speed(19)[near], speed, rtol=0.06)
    assert np.all(record.speed(19)[np.abs(record.distance(19)) > baselines.REACH] == 0)


@pytest.mark.parametrize("name", baselines.CELL_BASELINES)
def test_cells_have_probabilities_that_fall_with_distance(name):
    record = wandering()
    chance, distance = baselines.CELL_BASELINES[name](record, 100, 6), record.distance(100)
    assert chance.shape == (COLUMNS * ROWS,)
    assert np.all((chance >= 0) & (chance <= 1))
    assert chance[distance < -8].min() > 0.95
    assert chance[distance > 8].max() < 0.05
    assert chance[np.abs(distance + 1) < 1].mean() > chance[np.abs(distance - 1) < 1].mean()


def test_climatology_of_cells_never_rises_with_distance():
    record = wandering()
    chance = baselines.cell_climatology(record, 100, 6)
    assert np.all(np.diff(chance[np.argsort(record.distance(100))]) <= 1e-12)


@pytest.mark.parametrize("name", baselines.CELL_BASELINES)
@pytest.mark.parametrize("horizon", [3, 26])
def test_cells_are_not_told_the_future(name, horizon):
    record = wandering()
    share = record.share.copy()
    share[61:] = rng().random(share[61:].shape)
    other = baselines.CellRecord.of(share, record.position, record.neighbours)
    first, second = (baselines.CELL_BASELINES[name](each, 60, horizon) for each in (record, other))
    assert np.array_equal(first, second)


def test_climatology_of_cells_is_the_frequency_at_their_distance():
    record = record_of(
        35.5 + 0.5 * np.arange(80) % 1
    )  # jumps to and fro by half a kilometre: no cell ever changes hands
    still = baselines.cell_climatology(record, 79, 4)
    np.testing.assert_allclose(still, record.occupied(79), atol=0.01)
    advancing = baselines.cell_climatology(record_of(10.3 + 0.4 * np.arange(100)), 99, 10)
    distance = record_of(10.3 + 0.4 * np.arange(100)).distance(99)
    np.testing.assert_allclose(advancing[distance < 3], 1, atol=0.01)
    np.testing.assert_allclose(advancing[distance > 5], 0, atol=0.01)


def test_logistic_regression_sees_a_steady_advance():
    record = record_of(10.3 + 0.4 * np.arange(100))
    chance = baselines.cell_logistic(record, 99, 10)
    distance = record.distance(99)
    assert chance[(distance > 0) & (distance < 2.5)].min() > 0.7
    assert chance[distance > 6].max() < 0.2


def test_cells_beat_persistence_on_a_wandering_front():
    scores = dict.fromkeys(baselines.CELL_BASELINES, 0.0)
    for seed in range(10):
        record = record_of(35 + np.cumsum(rng(seed).normal(0.05, 0.5, (110, ROWS)), axis=0))  # each row on its own
        near = np.abs(record.distance(100)) < 20
        for name, chance in baselines.cell_forecast(record, 100, 8).items():
            scores[name] += np.sum((chance - record.occupied(108))[near] ** 2)
    assert scores["climatology"] < 0.9 * scores["persistence"]
    assert scores["logistic"] < 0.9 * scores["persistence"]


def test_a_short_record_falls_back_on_climatology():
    record = wandering(20)
    assert np.array_equal(baselines.cell_logistic(record, 12, 10), baselines.cell_climatology(record, 12, 10))


def test_ridge_logistic_is_the_minimum_and_recovers_coefficients():
    generator = rng(1)
    features = np.column_stack([np.ones(20_000), generator.normal(size=(20_000, 2))])
    truth = np.array([-0.5, 1.0, -2.0])
    outcome = (generator.random(20_000) < 1 / (1 + np.exp(-features @ truth))).astype(float)
    np.testing.assert_allclose(baselines.ridge_logistic(features, outcome), truth, atol=0.1)

    def cost(at):
        ridge = np.array([1e-3, 1, 1]) * 50
        return np.sum(np.logaddexp(0, features @ at) - outcome * (features @ at)) + ridge @ at**2 / 2

    found = baselines.ridge_logistic(features, outcome, penalty=50.0)
    np.testing.assert_allclose(found, optimize.minimize(cost, np.zeros(3)).x, atol=1e-3)


def test_cells_of_the_wrong_shape_are_refused():
    position, neighbours = square_grid()
    with pytest.raises(ValueError, match=r"position \[cell, 2\]"):
        baselines.CellRecord.of(np.zeros((3, 7)), position, neighbours)
