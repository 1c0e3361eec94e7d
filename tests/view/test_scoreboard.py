"""The backtest as a page: sound, its sentences those of the board, its history kept."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from ceasefire.study.scoreboard import Scoreboard
from ceasefire.view import scoreboard as view


def _figure(value: float, low: float, high: float) -> dict[str, float]:
    return {"value": value, "low": low, "high": high}


def _band(family: str, weeks: str, skill: dict[str, float]) -> dict:
    shares = {"coverage50": _figure(0.5, 0.45, 0.55), "coverage90": _figure(0.9, 0.85, 0.95)}
    pits = {"pit_mean": _figure(0.5, 0.45, 0.55), "pit_distance": _figure(0.1, 0.05, 0.2)}
    skills = {f"skill_{name}": skill for name in ("pool", "persistence", "best")}
    crps = _figure(1.0, 0.9, 1.1)
    return {"family": family, "weeks": weeks, "number": 10, "best": "drift", "crps": crps, **skills, **shares, **pits}


@pytest.fixture
def board() -> Scoreboard:
    calibration = {
        name: {
            "coverage50": _figure(0.4, 0.35, 0.45),
            "coverage90": _figure(0.8, 0.75, 0.85),
            "pit_mean": _figure(0.5, 0.4, 0.6),
            "pit_distance": _figure(0.1, 0.05, 0.2),
        }
        for name in ("all", "total")
    }
    opponents = ("pool", "persistence", "best")
    return Scoreboard(
        version="9.9.9",
        date="2026-02-01",
        seed=3,
        draws=100,
        origins=tuple(f"2025-0{month}-01" for month in range(1, 7)),
        horizons=(1, 2, 3),
        observed_until="2025-12-31",
        headline={name: _figure(0.1, 0.05, 0.15) for name in opponents},
        calibration=calibration,
        families={"total": {name: _figure(0.1, 0.05, 0.15) for name in opponents}},
        half_years={"2025H1": {"pool": _figure(0.1, 0.05, 0.15), "persistence": _figure(0.2, 0.1, 0.3)}},
        bands=(
            _band("total", "1-2", _figure(0.2, 0.1, 0.3)),
            _band("losses", "3-4", _figure(-0.3, -0.5, -0.1)),
        ),
        cells={},
    )


def test_the_page_is_sound(board, sound):
    sound(view.render(board, [["2026-01-01", "9.9.8", "6", "+0.1", "–"]]))


def test_the_sentences_say_what_the_board_says(board):
    skill, honest, nothing = (re.sub("<.*?>", "", sentence) for sentence in view.sentences(board))
    assert "better than" in skill
    assert "+0.100, 80% interval +0.050 to +0.150" in skill
    assert "too narrow" in honest
    assert "40% (35 to 45)" in honest
    assert "80% (75 to 85)" in honest
    assert "1 of 2 rows" in nothing
    assert "claimed losses, 3-4 weeks" in nothing
    assert "−0.300" in nothing


def test_files_are_written_and_the_history_is_kept(board, tmp_path: Path):
    view.write(board, tmp_path)
    files = view.write(dataclasses.replace(board, version="10.0.0", date="2026-03-01"), tmp_path)
    assert {path.name for path in files} == {view.NUMBERS, view.PAGE, view.PICTURE, view.REPORT}
    page = (tmp_path / view.REPORT).read_text()
    assert page.index("10.0.0") < page.index("9.9.9"), "newest first"


def test_the_page_escapes_whatever_it_is_told(board, sound):
    rude = "<script>alert('x')</script>\"&"
    sound(view.render(dataclasses.replace(board, version=rude, date=rude, observed_until=rude), [[rude] * 5]))
