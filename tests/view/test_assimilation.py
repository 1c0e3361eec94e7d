"""What came of taking in evidence: every number shown is one that was scored, and files are whole."""

from __future__ import annotations

import dataclasses
import json
import xml.etree.ElementTree as ElementTree
from types import SimpleNamespace

import numpy as np
import pytest

from ceasefire.study.assimilation.assimilate import MEMBERS, Assimilated, AssimilationError, Row
from ceasefire.study.assimilation.cycle import Step
from ceasefire.study.assimilation.score import Score
from ceasefire.view import assimilation as view

DAYS = ("2042-06-14", "2042-06-21", "2042-06-28")


def score(middle: float, crps: float) -> Score:
    return Score(tuple(middle + shift for shift in (-20.0, -8.0, 0.0, 8.0, 20.0)), 0.4, crps, 3.5)


@pytest.fixture
def found(invented_war) -> Assimilated:
    rows = [
        Row(day, target, middle + 3 * k, {name: score(middle, 5.0 + place) for place, name in enumerate(MEMBERS)})
        for k, day in enumerate(DAYS)
        for target, middle in (("area_total", 40.0), ("area_south", 12.0), ("loss_personnel", 2400.0))
    ]
    steps = tuple((day, Step(9, 17, 0, 61.0, k == 1)) for k, day in enumerate(DAYS))
    standing, vintage = SimpleNamespace(runs=64), SimpleNamespace(hash="v1:0")
    return Assimilated(invented_war, DAYS[-1], 1, tuple(rows), steps, None, standing, vintage)


def test_the_screen_tells_each_week_and_each_member(found):
    lines = view.screen(found).splitlines()
    assert all(any(line.startswith(day) for line in lines) for day in DAYS)
    assert sum("61*" in line for line in lines) == 1, "only one week resampled"
    total = next(line for line in lines if line.startswith("Area, whole front"))
    assert [float(word) for word in total.split() if word in "567"] == [5, 6, 7]
    assert max(map(len, lines[:-1])) <= 120


def test_the_figure_is_well_formed_and_shows_every_observation(found):
    figure = ElementTree.fromstring(view.chart.standalone(view.figure(found)))
    circles = [part for part in figure.iter() if part.tag.endswith("circle")]
    assert len(circles) == 2 * len(DAYS)


def test_without_a_single_week_there_is_still_a_figure(found):
    empty = dataclasses.replace(found, rows=(), steps=())
    ElementTree.fromstring(view.chart.standalone(view.figure(empty)))
    assert "–" in view.screen(empty)


def test_files_are_whole_and_can_be_written_again(found, tmp_path):
    for _ in range(2):
        paths = view.write(found, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(path.name for path in paths)
    told = json.loads(paths[0].read_text())
    assert len(told["rows"]) == 3 * len(DAYS)
    assert np.isclose(told["rows"][0]["by"]["free"]["crps"], 6.0)


def test_a_folder_that_cannot_be_written_is_told(found, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(AssimilationError, match="--out"):
        view.write(found, tmp_path / "file")
