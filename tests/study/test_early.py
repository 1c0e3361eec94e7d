"""What is told of the first wars is true of exactly those, in whatever order they come in."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from ceasefire.model.bargaining import CEASEFIRE, WAR
from ceasefire.simulate.run import CHUNK, Chunk
from ceasefire.study.early import FIRST, Early, Watch
from ceasefire.view.early import line

WEEKS, RUNS = 5, 1000
START = SimpleNamespace(scenario=SimpleNamespace(war=SimpleNamespace(sides=(SimpleNamespace(name="Avalon"),))))


def chunk(number: int) -> Chunk:
    rng = np.random.default_rng(number)
    phase = np.full((WEEKS + 1, CHUNK), WAR)
    phase[3, : 4 + number] = CEASEFIRE  # for a week, and then it resumes
    series = {
        "bargaining.phase": phase,
        "front.taken": rng.gamma(1.0, 10.0, (WEEKS, 2, 3, CHUNK)),
        "front.ceded": np.zeros((WEEKS, 3, CHUNK)),
    }
    ok = np.ones(CHUNK, bool)
    ok[0] = number != 1
    return Chunk(series, np.zeros((WEEKS + 1, 1), np.int32), ok, np.zeros(CHUNK))


def told(order, runs=RUNS) -> list[Early]:
    found: list[Early] = []
    watch = Watch(START, runs, WEEKS, found.append)
    for number in order:
        watch(number, chunk(number))
    return found


def test_the_first_wars_are_told_of_once_whatever_the_order():
    assert told(range(5)) == told([4, 1, 3, 0, 2])
    (early,) = told(range(5))
    assert (early.wars, early.of, early.ended) == (FIRST * CHUNK - 1, RUNS, 4 + 5 - 1)
    taken = np.concatenate([chunk(n).series["front.taken"] for n in range(FIRST)], axis=-1).sum(axis=(0, 2))
    won = np.delete(taken[0] - taken[1], CHUNK)
    assert early.gain == pytest.approx(np.quantile(won, [0.05, 0.5, 0.95]))


def test_a_forecast_that_is_all_beginning_has_none():
    assert not told(range(FIRST), runs=FIRST * CHUNK)


def test_the_line_gives_the_interval_of_wilson():
    early = Early(64, 2000, 52, "Avalon", 16, (-120.0, 300.0, 700.0))
    assert line(early) == (
        "After 64 of 2,000 wars: the fighting ends within 52 weeks in 25% of them (95% interval 16% to 37%); "
        "Avalon holds 300 km² more in the median war, a change between −120 and 700 km² in nine of ten."
    )
