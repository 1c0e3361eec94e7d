"""The score: the backtest's own figures, sealed forecasts as far as due, and honesty where nothing is known."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ceasefire.evidence.store import Store
from ceasefire.simulate.result import VERSION
from ceasefire.study import scoreboard, seal
from ceasefire.view.web import score as module
from ceasefire.view.web.score import score


@pytest.fixture(scope="module")
def store() -> Store:
    return Store.open()


@pytest.fixture
def bare(monkeypatch, tmp_path) -> Path:
    """A package without a scoreboard."""
    monkeypatch.setattr(module, "PACKAGED", tmp_path / "none")
    return tmp_path


def sealed(quantiles: dict[str, float], probability: float = 0.25) -> dict:
    """A forecast of one number, one town and one end, sealed."""
    document = {
        "format": seal.FORMAT,
        "format_version": seal.FORMAT_VERSION,
        "scenario": "made-up",
        "title": "A made-up war",
        "opening": "2025-06-14",
        "base_date": "2025-06-14",
        "code_version": "0.0",
        "sides": ["Russia", "Ukraine"],
        "quantities": [
            {
                "series": "area.pokrovsk",
                "date": "2025-07-12",
                "weeks": 4,
                "unit": "km2",
                "quantiles": quantiles,
                "draws": list(quantiles.values()),
            }
        ],
        "towns": [],
        "endings": [{"weeks": 52, "date": "2026-06-13", "probability": {"ceasefire": probability}}],
    }
    return document | {"seal": seal.digest(document)}


WIDE = {"5": -1e6, "25": -1e5, "50": 0.0, "75": 1e5, "95": 1e6}


def test_without_a_backtest_it_says_so(bare, store):
    for folder in (None, bare, bare / "missing"):
        told = score(folder, store)
        assert "No backtest" in told.made
        assert (told.skills, told.coverage, told.pit, told.sealed, told.verdict) == ([], [], [], [], [])


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"format": 1}', '{"format": 1e999}', '{"a": "\\ud800"}'])
def test_a_broken_scoreboard_is_told_and_no_other_takes_its_place(bare, store, content):
    (bare / scoreboard.NAME).write_text(content)
    told = score(bare, store)
    assert "cannot be read" in told.made
    assert (told.skills, told.pit) == ([], [])


def test_the_packaged_backtest_is_told_as_it_stands(store):
    board = scoreboard.from_json((module.PACKAGED / scoreboard.NAME).read_text())
    told = score(None, store)
    assert told.made.startswith("The public backtest")
    assert board.version in told.made
    (overall,) = [s for s in told.skills if (s.target, s.horizon, s.rival) == ("Everything", "", "statistics")]
    assert (overall.skill, overall.low, overall.high) == tuple(
        board.headline["pool"][k] for k in ("value", "low", "high")
    )
    (inside,) = [c for c in told.coverage if c.family == "Everything"]
    assert inside.inside_90 == board.calibration["all"]["coverage90"]["value"]
    assert inside.forecasts == sum(row["number"] for row in board.bands)
    assert all(skill.low <= skill.skill <= skill.high for skill in told.skills)
    assert len({(s.target, s.horizon, s.rival) for s in told.skills}) == len(told.skills)
    assert bool(told.adds_nothing) == bool(board.members)


def test_the_packaged_histogram_adds_up_and_goes_with_its_scoreboard(store):
    told = score(None, store)
    assert sum(bar.share for bar in told.pit) == pytest.approx(1.0, abs=1e-6)
    assert told.pit[0].low == 0
    assert told.pit[-1].high == 1
    assert all(one.high == other.low for one, other in zip(told.pit, told.pit[1:], strict=False))
    board = scoreboard.from_json((module.PACKAGED / scoreboard.NAME).read_text())
    middle = sum(bar.share for bar in told.pit if bar.low >= 0.05 - 1e-9 and bar.high <= 0.95 + 1e-9)
    assert middle == pytest.approx(board.calibration["all"]["coverage90"]["value"], abs=0.02)


def test_a_backtest_of_ones_own_comes_first(tmp_path, store):
    board = json.loads((module.PACKAGED / scoreboard.NAME).read_text())
    board["headline"]["pool"] = {"value": -0.5, "low": -0.6, "high": -0.4}
    board |= {"version": "0.0.1", "pit": [0.25, 0.75]}
    (tmp_path / scoreboard.NAME).write_text(json.dumps(board))
    told = score(tmp_path, store)
    assert told.made.startswith("A backtest of your own")
    assert told.skills[0].skill == -0.5
    assert [(bar.low, bar.high, bar.share) for bar in told.pit] == [(0, 0.5, 0.25), (0.5, 1, 0.75)]
    assert f"version 0.0.1 (this is {VERSION})" in told.made


def test_sealed_forecasts_are_graded_as_far_as_due(tmp_path, store):
    (tmp_path / "wide.json").write_text(json.dumps(sealed(WIDE)))
    (told,) = score(tmp_path, store).sealed
    assert (told.file, told.title, told.opening) == ("wide.json", "A made-up war", "2025-06-14")
    assert (told.statements, told.reached, told.inside_90) == (2, 1, 1.0)
    narrow = {key: 1e9 + float(key) for key in WIDE}
    (tmp_path / "narrow.json").write_text(json.dumps(sealed(narrow)))
    assert [one.inside_90 for one in score(tmp_path, store).sealed] == [0.0, 1.0]


def test_a_forecast_that_was_changed_is_listed_and_not_graded(tmp_path, store):
    document = sealed(WIDE)
    document["quantities"][0]["quantiles"]["50"] = 12345.0
    (tmp_path / "changed.json").write_text(json.dumps(document))
    (told,) = score(tmp_path, store).sealed
    assert "changed after sealing" in told.title
    assert (told.statements, told.reached, told.inside_90) == (0, 0, None)
    assert str(tmp_path) not in told.model_dump_json()


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[" * 100_000, b"{}", b"[1]", b"1", b'{"format": ["a"]}'])
def test_other_files_in_the_folder_do_no_harm(tmp_path, store, content):
    (tmp_path / "other.json").write_bytes(content)
    (tmp_path / "sealed.json").write_text(json.dumps(sealed(WIDE)))
    told = score(tmp_path, store).sealed
    assert "sealed.json" in [one.file for one in told]
    assert all(one.reached == 0 for one in told if one.file == "other.json")


def test_a_folder_of_many_files_is_read_in_part(tmp_path, store, monkeypatch):
    monkeypatch.setattr(module, "MOST_SEALED", 3)
    (tmp_path / "a.json").write_text(json.dumps(sealed(WIDE)))
    for name in "bcdef":
        shutil.copy(tmp_path / "a.json", tmp_path / f"{name}.json")
    assert len(score(tmp_path, store).sealed) == 3
