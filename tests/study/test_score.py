"""Scores: closed forms, hand-computed tables, an independent reckoning with pandas, and no peeking."""

import datetime

import numpy as np
import pandas as pd
import pytest
import scoringrules
from scipy import stats

from ceasefire.study import score
from ceasefire.study.baselines import CellRecord, cell_forecast

SATURDAY = np.datetime64("2025-01-04")


def week(number):
    return SATURDAY + 7 * number


def levels(changes, start=0.0):
    dates = SATURDAY + 7 * np.arange(len(changes) + 1)
    return dates, start + np.concatenate([[0.0], np.cumsum(changes)])


@pytest.fixture
def world():
    """Three families over 60 weeks, and draws of four models for every key that is observed."""
    rng = np.random.default_rng(5)
    observed = {
        "area_total": levels(rng.normal(50, 20, 60)),
        "area_east": levels(rng.normal(30, 20, 60)),
        "area_west": levels(rng.normal(5, 9, 60)),
        "area_still": levels(rng.normal(0, 0.01, 60)),
        "loss_tank": levels(rng.gamma(4, 20, 60)),
        "loss_drone": levels(rng.gamma(4, 300, 60)),
    }
    keys = [(week(o), target, h) for o in range(10, 50, 4) for target in observed for h in (1, 2, 4, 7, 12, 20)]
    changes = score.observed_changes(observed, keys)
    models = {
        name: {key: change + rng.normal(shift, 30 * spread, 120) for key, change in changes.items()}
        for name, shift, spread in (("forecast", 5, 1), ("pool", 9, 1.2), ("persistence", 20, 2), ("gamma", 8, 1))
    }
    return observed, models


# ------------------------------------------------------------------------------------------- scores of single forecasts


@pytest.mark.parametrize(("observed", "value"), [(0.0, 0.2336949773), (1.0, 0.6024413576)])
def test_crps_of_the_normal(observed, value):
    quantiles = stats.norm.ppf((np.arange(200_000) + 0.5) / 200_000)
    assert score.crps(quantiles, observed) == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize(
    ("draws", "observed", "value"),
    [([0, 1], 0, 0.25), ([0, 1], 0.5, 0.25), ([0, 1], 3, 2.25), ([4], 1, 3), ([2, 2, 2], 2, 0), ([1, 2, 4], 2, 1 / 3)],
)
def test_crps_by_hand(draws, observed, value):
    assert score.crps(draws, observed) == pytest.approx(value)


def test_crps_agrees_with_scoringrules_and_with_all_pairs():
    rng = np.random.default_rng(1)
    draws, observed = rng.normal(3, 7, (40, 101)), rng.normal(3, 9, 40)
    ours = score.crps(draws, observed)
    np.testing.assert_allclose(ours, scoringrules.crps_ensemble(observed, draws, estimator="nrg"), rtol=1e-10)
    pairs = np.abs(draws[:, :, None] - draws[:, None, :]).mean(axis=(1, 2))
    np.testing.assert_allclose(ours, np.abs(draws - observed[:, None]).mean(axis=1) - pairs / 2, rtol=1e-10)


def test_crps_keeps_the_unit_and_forgets_the_origin():
    draws = np.random.default_rng(1).normal(size=50)
    assert score.crps(1000 * draws + 7, 1000 * 0.3 + 7) == pytest.approx(1000 * score.crps(draws, 0.3))


def test_probability_transforms_count_ties_by_half():
    assert score.probability_transform([1, 2, 2, 3], 2) == 0.5
    assert score.probability_transform([1, 2, 2, 3], [1.5]).tolist() == [0.25]
    assert score.probability_transform([[1, 2], [1, 2]], [0, 5]).tolist() == [0.0, 1.0]


def test_distance_from_uniform():
    assert score.uniform_distance([0.125, 0.375, 0.625, 0.875]) == 0
    assert score.uniform_distance([1.0, 1.0]) == 0.75


def test_brier_and_log_scores():
    assert score.brier([0.2, 0.9], [False, True]) == pytest.approx(0.05)
    assert score.log_score([0.2, 0.9], [False, True]) == pytest.approx(-np.log(0.8) - np.log(0.9))
    assert score.log_score([0.0], [True]) == pytest.approx(-np.log(1e-3))


def test_bands_and_half_years():
    assert [score.band(horizon) for horizon in (1, 2, 3, 8, 9, 26)] == ["1-2", "1-2", "3-4", "5-8", "9-13", "14-26"]
    assert [score.half_year(np.datetime64(date)) for date in ("2025-06-30", "2025-07-01")] == ["2025H1", "2025H2"]
    with pytest.raises(ValueError, match="26 weeks"):
        score.band(27)


# ---------------------------------------------------------------------------------------------------- tables of samples


def points(observed, keys, factor):
    """Forecasts of one draw each, wrong by `factor` times the change: CRPS is |factor · change|."""
    return {key: [change * (1 + factor(key))] for key, change in score.observed_changes(observed, keys).items()}


def test_the_headline_by_hand():
    """Ratios: total ½; sectors ⅛ and 2 in one band, ½ in the other (mean of logs ln ½); losses 2."""
    observed = {name: levels(np.full(20, 10.0)) for name in ("area_total", "area_a", "area_b", "loss_tank")}
    keys = [(week(o), name, h) for o in (0, 4, 8) for name in observed for h in (1, 4)]
    ratio = {("area_a", 1): 1 / 8, ("area_b", 1): 2.0, ("loss_tank", 1): 2.0, ("loss_tank", 4): 2.0}
    draws = points(observed, keys, lambda key: 0.1 * ratio.get(key[1:], 0.5))
    table = score.score_samples(observed, draws, {"pool": points(observed, keys, lambda key: -0.1)})
    mean_log = (np.log(0.5) + (0.5 * (np.log(1 / 8) + np.log(2)) + np.log(0.5)) / 2 + np.log(2)) / 3
    assert table.headline() == pytest.approx((1 - np.exp(mean_log),) * 3)
    assert [table.by("family")[name] for name in ("total", "losses")] == pytest.approx([0.5, -1.0])
    assert table.by("family")["sectors"] == pytest.approx(1 - np.exp((-np.log(2) - np.log(2)) / 2))
    assert table.by("band")["sectors", "1-2"] == pytest.approx(0.5)
    assert table.by("band")["losses", "3-4"] == pytest.approx(-1.0)


def test_a_forecast_like_the_baseline_has_no_skill(world):
    observed, models = world
    table = score.score_samples(
        observed, models["pool"], {"pool": models["pool"], "persistence": models["persistence"]}
    )
    assert table.headline() == pytest.approx((0, 0, 0), abs=1e-12)
    assert table.headline("persistence").low > 0


def reckoned_with_pandas(table, against):
    """The headline again, from its definition."""
    frame = pd.DataFrame(table.rows)
    frame["family"], frame["band"] = frame.target.map(score.family), frame.horizon.map(score.band)
    mean = frame.groupby(["family", "band", "target", "model"]).crps.mean().unstack("model")
    if against == "best":
        logs = np.log(mean.drop(columns="forecast")).groupby(level=[0, 1]).mean()
        name = logs.idxmin(axis=1)
        opponent = [mean.loc[key, name[key[:2]]] for key in mean.index]
    else:
        opponent = mean[against]
    logs = np.log(mean["forecast"] / opponent)
    return 1 - np.exp(logs.groupby(level=[0, 1]).mean().groupby(level=0).mean().mean())


@pytest.mark.parametrize("against", ["pool", "persistence", "best"])
def test_the_headline_agrees_with_pandas(world, against):
    observed, models = world
    baselines = {name: draws for name, draws in models.items() if name != "forecast"}
    table = score.score_samples(observed, models["forecast"], baselines)
    value, low, high = table.headline(against)
    assert value == pytest.approx(reckoned_with_pandas(table, against), abs=1e-12)
    assert low < value < high
    halves = table.by("half_year", against)
    for half, skill in halves.items():
        chosen = [score.half_year(origin) == half for origin in table.rows["origin"]]
        assert skill == pytest.approx(reckoned_with_pandas(score.ScoreTable(table.rows[chosen]), against), abs=1e-12)
    assert set(halves) == {"2025H1", "2025H2"}


def test_rows_hold_the_definitions(world):
    observed, models = world
    table = score.score_samples(
        observed, models["forecast"], {"pool": models["pool"], "persistence": models["persistence"]}
    )
    changes = score.observed_changes(observed, models["forecast"])
    row = next(row for row in table.rows if row["model"] == "forecast" and row["horizon"] == 7)
    key = (row["origin"], str(row["target"]), 7)
    draws = np.array(models["forecast"][key])
    assert row["change"] == changes[key]
    assert row["crps"] == pytest.approx(score.crps(draws, changes[key]))
    assert row["width90"] == pytest.approx(np.quantile(draws, 0.95) - np.quantile(draws, 0.05))
    assert row["absolute_error"] == pytest.approx(abs(np.median(draws) - changes[key]))
    assert row["inside50"] == (np.quantile(draws, 0.25) <= changes[key] <= np.quantile(draws, 0.75))
    assert "area_still" not in table.rows["target"]


def test_records_tell_skill_and_calibration(world):
    observed, models = world
    baselines = {name: draws for name, draws in models.items() if name != "forecast"}
    table = score.score_samples(observed, models["forecast"], baselines)
    records = table.to_rows()
    assert [(record["family"], record["weeks"]) for record in records][:2] == [("total", "1-2"), ("total", "3-4")]
    assert len(records) == 15
    assert sum(record["number"] for record in records) == np.sum(table.rows["model"] == "forecast")
    for record in records:
        assert record["skill_best"] == pytest.approx(table.by("band", "best")[record["family"], record["weeks"]])
        assert record["skill_best"] <= min(record["skill_pool"], record["skill_persistence"]) + 1e-9
        assert record["coverage50"] <= record["coverage90"]
    coverage = table.coverage()
    forecast = table.rows[table.rows["model"] == "forecast"]
    assert coverage["all"] == (forecast["inside50"].mean(), forecast["inside90"].mean())
    league = table.league("losses")
    assert league["persistence"] == pytest.approx(dict.fromkeys(score.BANDS, 1.0))
    assert league["forecast"]["5-8"] == pytest.approx(1 - table.by("band", "persistence")["losses", "5-8"])


def test_honest_forecasts_are_calibrated():
    rng = np.random.default_rng(9)
    observed = {"loss_tank": levels(np.full(402, 100.0) + rng.normal(0, 10, 402))}
    draws = {(week(o), "loss_tank", 1): rng.normal(100, 10, 400) for o in range(400)}
    table = score.score_samples(observed, draws, {"pool": draws})
    assert table.coverage()["losses"] == pytest.approx((0.5, 0.9), abs=0.06)
    assert score.uniform_distance(table.rows["pit"][table.rows["model"] == "forecast"]) < 1.63 / 20


def test_only_observed_dates_up_to_the_last_are_scored():
    dates, values = levels(np.full(9, 10.0))
    values[5] = np.nan
    observed = {"area_total": (dates, values)}
    keys = [(week(o), "area_total", h) for o in (0, 5) for h in (1, 4, 5, 8, 20)]
    assert [key[2] for key in score.observed_changes(observed, keys)] == [1, 4, 8]
    assert [key[2] for key in score.observed_changes(observed, keys, until=week(4))] == [1, 4]


def test_dates_may_be_given_in_any_form():
    observed = {"area_total": (pd.date_range("2025-01-04", periods=9, freq="7D"), np.arange(9.0) * 30)}
    for origin in ("2025-01-11", datetime.date(2025, 1, 11), pd.Timestamp("2025-01-11"), np.datetime64("2025-01-11")):
        assert score.observed_changes(observed, [(origin, "area_total", 2)]) == {(week(1), "area_total", 2): 60.0}


def test_draws_may_differ_in_number():
    observed = {"area_total": levels(np.full(9, 10.0))}
    draws = {(week(0), "area_total", 1): [9.0, 11.0], (week(1), "area_total", 1): [10.0, 10.0, 13.0]}
    table = score.score_samples(observed, draws, {"pool": draws})
    assert table.rows["crps"][:2] == pytest.approx([0.5, 1 - 2 / 3])


def test_paths_unfold_into_draws_by_key():
    unfolded = score.unfold({("2025-01-04", "area_total"): [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]})
    assert unfolded[week(0), "area_total", 2].tolist() == [2.0, 4.0, 6.0]


def test_refused_requests_say_what_would_do(world):
    observed, models = world
    table = score.score_samples(observed, models["forecast"], {"pool": models["pool"]})
    with pytest.raises(ValueError, match="forecast, pool"):
        table.headline("persistence")
    with pytest.raises(ValueError, match="half_year"):
        table.by("century")
    with pytest.raises(ValueError, match="observed are"):
        score.score_samples(observed, {(week(0), "loss_ship", 1): [1.0]}, {})
    with pytest.raises(ValueError, match="Saturdays"):
        score.score_samples(observed, {(week(0) + 1, "loss_tank", 1): [1.0]}, {})
    with pytest.raises(ValueError, match="pool lacks"):
        score.score_samples(observed, models["forecast"], {"pool": {}})
    with pytest.raises(ValueError, match="not finite"):
        score.score_samples(observed, {(week(0), "loss_tank", 1): [np.nan]}, {})
    with pytest.raises(ValueError, match="ascending"):
        score.score_samples({"area_total": ([week(1), week(0)], [1, 2])}, {(week(0), "area_total", 1): [1.0]}, {})


# ---------------------------------------------------------------------------------------------------------- baselines


def test_baselines_are_not_told_the_future(world):
    observed, _ = world
    keys = score.observed_changes(observed, [(week(30), "area_east", 3), (week(30), "loss_tank", 26)])
    dates = observed["area_east"][0]
    scrambled = {name: (dates, np.where(dates > week(30), 7.0, values)) for name, (_, values) in observed.items()}
    first, second = score.baseline_draws(observed, keys), score.baseline_draws(scrambled, keys)
    assert set(first) > {"pool", "sectors", "persistence", "local-level"}
    assert all(np.array_equal(first[name][key], second[name][key]) for name in first for key in keys)


def test_baselines_are_made_where_none_are_given(world):
    observed, _ = world
    keys = [(week(o), target, 4) for o in (30, 40) for target in observed]
    table = score.score_samples(observed, keys=keys)
    assert len(np.unique(table.rows["model"])) == 16
    assert table.league("total")["pool"]["3-4"] < 1


def test_increments_skip_what_was_not_observed():
    dates, values = levels([1.0, 2.0, 4.0, 8.0])
    values[2] = np.nan
    assert score.increments_until(dates, values, week(3)).tolist() == [1.0, 6.0]


# -------------------------------------------------------------------------------------------------------------- cells


@pytest.fixture
def cells():
    """Ten cells in a row, 10 km apart, the front moving one cell to the right a week; the last cell is not counted."""
    position = np.stack([10.0 * np.arange(10), np.zeros(10)], axis=1)
    share = (np.arange(10) < 3 + np.arange(5)[:, None]).astype(float)
    neighbours = np.stack([np.arange(9), np.arange(1, 10)], axis=1)
    return CellRecord.of(share, position, neighbours, np.arange(10) < 9)


def test_cells_by_hand(cells):
    """Front at 25 km, band 20 km: cells 1 to 4 are scored, and cell 3 changes hands within the week."""
    probability = np.full(10, np.nan)
    probability[[3, 4, 8]] = 0.6, 0.2, 0.9
    still = {"persistence": cells.occupied(0).astype(float), "climatology": np.full(10, 0.5)}
    table = score.score_cells(
        cells, week(np.arange(5)), {(week(0), 1): probability}, baselines=lambda *_: still, within=20
    )
    records = {(record["weeks"], record["model"]): record for record in table.to_rows()}
    forecast = records["all", "forecast"]
    assert (forecast["number"], forecast["changed"]) == (4, 1)
    assert forecast["brier_per_1000"] == pytest.approx(1000 * (0.16 + 0.04) / 4)
    assert forecast["skill_persistence"] == pytest.approx(1 - 0.2 / 1.0)
    assert forecast["skill_climatology"] == pytest.approx(1 - 0.2 / 1.0)
    assert forecast["expected_per_change"] == pytest.approx(0.6 + 0.2)
    assert forecast["log_score"] == pytest.approx(-np.log(0.6) - np.log(0.8) - 2 * np.log(0.999))
    assert records["1-2", "forecast"] == {**forecast, "weeks": "1-2"}
    assert table.headline() == pytest.approx(0.8)


def test_cells_are_summed_over_origins_and_scored_to_the_last_date(cells):
    keys = [(week(origin), horizon) for origin in (1, 2) for horizon in (1, 2)]
    table = score.score_cells(cells, week(np.arange(5)), keys=keys, until=week(3))
    assert sorted(set(zip(table.rows["origin"], table.rows["horizon"], strict=True))) == [
        (week(1), 1),
        (week(1), 2),
        (week(2), 1),
    ]
    assert {str(name) for name in table.rows["model"]} == {"persistence", "climatology", "logistic"}
    still = [record for record in table.to_rows() if record["model"] == "persistence" and record["weeks"] == "all"]
    assert still[0]["changed"] == 4
    assert still[0]["skill_persistence"] == 0


def test_a_cell_forecast_like_a_baseline_has_its_score(cells):
    best = cell_forecast(cells, 3, 1)["climatology"]
    table = score.score_cells(cells, week(np.arange(5)), {("2025-01-25", 1): best})
    assert table.headline() <= 0
    scores = {record["model"]: record["brier_per_1000"] for record in table.to_rows() if record["weeks"] == "all"}
    assert scores["forecast"] == scores["climatology"]


def test_refused_cells_say_what_would_do(cells):
    dates = week(np.arange(5))
    with pytest.raises(ValueError, match="2024-01-06"):
        score.score_cells(cells, dates, {(np.datetime64("2024-01-06"), 1): np.full(10, 0.5)})
    with pytest.raises(ValueError, match="within 0"):
        score.score_cells(cells, dates, {(week(0), 1): np.full(10, 1.5)})
    with pytest.raises(ValueError, match="None of the 1"):
        score.score_cells(cells, dates, {(week(4), 1): np.full(10, 0.5)})
