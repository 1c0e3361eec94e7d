"""Scoreboard: figures by hand, intervals that are what they say, pages that keep their history."""

import dataclasses

import numpy as np
import pytest

from ceasefire.evidence.store import Store
from ceasefire.scenario.spec import ScenarioError
from ceasefire.study import mixture, score, scoreboard
from ceasefire.view import scoreboard as view

SATURDAY = np.datetime64("2025-01-04")
SETTINGS = {"version": "1", "seed": 1, "draws": 4, "horizons": (1, 2)}


def origin(number):
    return SATURDAY + 28 * number


@pytest.fixture(scope="module")
def table():
    """Area grows by 10 a week. Forecast and pool each have four draws: errors and scores can be worked out by hand."""
    weeks = SATURDAY + 7 * np.arange(60)
    observed = {"area_total": (weeks, 10.0 * np.arange(60)), "loss_tank": (weeks, 20.0 * np.arange(60))}
    keys = [(origin(k), target, h) for k in range(12) for target in observed for h in (1, 2)]
    truth = score.observed_changes(observed, keys)
    models = {
        "forecast": {key: y + np.array([-3.0, -1, 1, 3]) for key, y in truth.items()},
        "pool": {key: y + np.array([-6.0, -2, 2, 6]) for key, y in truth.items()},
        "persistence": {key: y + np.array([-12.0, -4, 4, 12]) for key, y in truth.items()},
    }
    forecasts = models.pop("forecast")
    return score.score_samples(observed, forecasts, models)


@pytest.fixture(scope="module")
def cells():
    rows = [
        (name, origin(k), h, 100, 5, brier, 9.0, 4.0)
        for k in range(12)
        for h in (1, 2)
        for name, brier in (("forecast", 2.0), ("persistence", 5.0), ("climatology", 4.0), ("logistic", 2.5))
    ]
    return score.CellTable(np.array(rows, score.CELL_ROW))


@pytest.fixture(scope="module")
def board(table, cells):
    return scoreboard.tell(table, cells, settings=SETTINGS)


def test_figures_by_hand(board):
    # CRPS of draws y + (−3, −1, 1, 3) at y: mean |x − y| = 2; Σ(2i − 5)x/16 = (9 + 1 + 1 + 9)/16 = 1.25
    assert board.bands[0]["crps"]["value"] == pytest.approx(0.75, abs=1e-12)
    for figures in (board.headline, *board.families.values(), *board.half_years.values()):
        assert figures["pool"] == pytest.approx({"value": 0.5, "low": 0.5, "high": 0.5})
        assert figures["persistence"]["value"] == pytest.approx(0.75)
    everything = board.calibration["all"]
    assert everything["coverage50"]["value"] == everything["coverage90"]["value"] == 1
    assert everything["pit_mean"]["value"] == 0.5
    assert [(row["family"], row["weeks"], row["number"]) for row in board.bands] == [
        ("total", "1-2", 24),
        ("losses", "1-2", 24),
    ]
    assert board.cells["best"] == "logistic"
    assert board.cells["skill"] == pytest.approx({"value": 0.2, "low": 0.2, "high": 0.2})
    own = next(row for row in board.cells["bands"] if row["model"] == "forecast")
    assert (own["brier_per_1000"], own["skill_logistic"]["value"]) == pytest.approx((20, 0.2))


def test_interval_is_that_of_blocks_of_three_origins():
    rows = np.zeros(30, score.ROW)
    rows["origin"] = origin(np.arange(30))
    rows["crps"] = np.repeat(np.arange(10.0), 3)  # neighbours alike: blocks must spread as ten values, not as thirty
    figure = scoreboard.over_origins(rows, lambda part: float(part["crps"].mean()))
    width = figure["high"] - figure["low"]
    assert figure["low"] < figure["value"] == 4.5 < figure["high"]
    alone = 2 * 1.2816 * rows["crps"].std() / np.sqrt(30)
    assert 1.25 * alone < width < 2.2 * alone


def test_blocks_are_successive_origins_and_as_many():
    drawn = scoreboard.blocks(7)
    assert drawn.shape == (scoreboard.RESAMPLES, 7)
    steps = np.diff(drawn.reshape(scoreboard.RESAMPLES, 7)[:, :3], axis=1) % 7
    assert (steps == 1).all()
    assert scoreboard.blocks(1).tolist() == [[0]] * scoreboard.RESAMPLES


def test_json_reads_back_the_same(board):
    text = scoreboard.to_json(board)
    assert scoreboard.to_json(scoreboard.from_json(text)) == text
    with pytest.raises(ScenarioError, match="no scoreboard"):
        scoreboard.from_json("{}")


def test_page_keeps_one_line_a_version(board, tmp_path):
    path, image = tmp_path / "reference" / "scoreboard.md", tmp_path / "images" / "scoreboard.svg"
    for version, date in (("1", "2025-01-01"), ("2", "2025-02-01"), ("2", "2025-03-01"), ("3", "2025-04-01")):
        view.write_page(dataclasses.replace(board, version=version, date=date), path, image)
    text = path.read_text()
    lines = [line for line in text.partition(view.HISTORY)[2].splitlines() if line.startswith("| 2")]
    assert [line.split(" | ")[:2] for line in lines] == [
        ["| 2025-04-01", "3"],
        ["| 2025-03-01", "2"],
        ["| 2025-01-01", "1"],
    ]
    assert "(../images/scoreboard.svg)" in text
    assert image.read_text().startswith("<svg")


def test_verdict_says_where_statistics_win(table):
    rows = table.rows.copy()
    rows["crps"][(rows["model"] == "forecast") & (rows["target"] == "loss_tank")] *= 9
    told = "\n".join(view.verdict(scoreboard.tell(score.ScoreTable(rows), None, settings=SETTINGS)))
    assert "**Better than the pool:** ground, total, 1-2 weeks" in told
    assert "**Worse than the pool:** claimed losses, 1-2 weeks" in told


def weighed(first, second):
    """Weights of twelve origins, the simulator's from the one to the other."""
    prior = mixture.prior_weights("a_war")
    return {
        origin(k): dataclasses.replace(prior, table=dict.fromkeys(prior.table, (own, 1 - own)))
        for k, own in enumerate(np.linspace(first, second, 12).tolist())
    }


@pytest.mark.parametrize(
    ("factor", "first", "second", "adds"),
    [(0.9, 0.5, 0.7, True), (3.0, 0.5, 0.7, True), (3.0, 0.3, 0.5, False), (2.0, 0.3, 0.5, False)],
)
def test_members_by_hand(table, board, factor, first, second, adds):
    own = table.rows[table.rows["model"] == "pool"].copy()  # the mixture scores half of what the pool does
    own["model"], own["crps"] = "simulator", factor * own["crps"]
    told = tuple(scoreboard.tell_members(np.concatenate([table.rows, own]), weighed(first, second)))
    assert [(row["family"], row["weeks"]) for row in told] == [("total", "1-2"), ("losses", "1-2")]
    for row in told:
        assert row["weight"]["simulator"] == pytest.approx({"low": first, "high": second})
        assert row["crps"]["simulator"]["value"] == pytest.approx(factor)
        assert row["crps"]["mixture"]["value"] == pytest.approx(0.5)
        assert row["crps"]["pool"]["value"] == 1
        assert row["adds"] == adds
    shown = dataclasses.replace(board, members=told)
    assert scoreboard.from_json(scoreboard.to_json(shown)) == shown
    page = view.page(shown, "x.svg")
    words = "**The simulator adds nothing to plain statistics:** " + (
        "nowhere." if adds else "ground, total, 1-2 weeks"
    )
    assert words in page
    assert f"{first:.2f} to {second:.2f}" in page
    assert "adds nothing" in view.text(shown) or adds


def test_a_mixture_that_is_worse_than_the_pool_shows_that_the_simulator_adds_nothing(table):
    rows = table.rows.copy()
    rows["crps"][rows["model"] == "forecast"] *= 3
    own = rows[rows["model"] == "pool"].copy()
    own["model"] = "simulator"
    told = scoreboard.tell_members(np.concatenate([rows, own]), weighed(0.6, 0.9))
    assert [row["adds"] for row in told] == [False, False]


def test_a_folder_without_members_shows_none(board):
    assert board.members == ()
    assert "What the simulator adds" not in view.page(board, "x.svg")


def test_few_origins_prove_nothing(table):
    rows = table.rows[table.rows["origin"] < origin(2)]
    board = scoreboard.tell(score.ScoreTable(rows), None, settings=SETTINGS)
    assert "**Better than the pool:** nowhere" in "\n".join(view.verdict(board))
    assert "no interval" in view.text(board)


def test_levels_are_the_series_of_the_record():
    store = Store.open(None)
    levels = scoreboard.observed_levels(store, ["area_total", "loss_tank"])
    dates, values = levels["area_total"]
    assert (np.diff(dates).astype(int) == 7).all()
    assert values[-1] == pytest.approx(116430.6, abs=0.1)
    total = sum(values[-1] for name, (_, values) in levels.items() if name not in ("area_total", "loss_tank"))
    assert total == pytest.approx(values[-1], rel=1e-5)
    with pytest.raises(ScenarioError, match=r"loss_claim\.submarines"):
        scoreboard.observed_levels(store, ["loss_submarines"])
