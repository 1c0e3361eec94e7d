"""Ablate: a coupling that does nothing is said to do nothing, and one that earns nothing to earn nothing."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from ceasefire.evidence.error import CeasefireError
from ceasefire.model.declare import Fixed
from ceasefire.scenario.start import Start, variables
from ceasefire.study import ablate as study
from ceasefire.study.ablate import HELPS, HORIZONS, HURTS, NO_DIFFERENCE, NOT_SCORED, NOTHING, TARGETS, Share, rise
from ceasefire.view import ablate as view

RUNS, WEEKS = 32, 26


@pytest.fixture(scope="module")
def couplings(invented_war):
    return study.couplings(invented_war)


def with_none(start: Start, name: str) -> Start:
    """A war whose coupling is 0 anyway."""
    choices = tuple(
        dataclasses.replace(choice, prior=Fixed(0.0)) if choice.variable.name == name else choice
        for choice in start.choices
    )
    return dataclasses.replace(start, choices=choices)


@pytest.fixture(scope="module")
def removed(invented_war, couplings):
    """Two couplings, one of which is 0 anyway, with a backtest of the invented war against itself."""
    enemy = variables()["attrition.enemy_exponent"]
    idle = next(v for v in couplings if v.name != enemy.name)
    start = with_none(invented_war, idle.name)
    observed = np.random.default_rng(1).normal(100, 50, (2, len(TARGETS), len(HORIZONS)))
    observed[1, :, -1] = np.nan
    told: list[tuple[int, int]] = []
    found = study.taken_out(
        start,
        (enemy, idle),
        (start, start),
        observed,
        runs=RUNS,
        weeks=WEEKS,
        draws=32,
        on_progress=lambda *at: told.append(at),
    )
    assert told == [(1, 3), (2, 3), (3, 3)]
    return {each.name: each for each in found}, enemy.name, idle.name


def test_every_coupling_of_the_model_is_found(couplings):
    declared = {v.name for v in variables().values() if v.coupling}
    assert declared == {v.name for v in couplings}
    assert "attrition.enemy_exponent" in declared
    known = variables()
    for coupling in couplings:
        assert coupling.kind == "parameter"
        for end in coupling.coupling:
            assert end in known, (coupling.name, end)


def test_a_coupling_that_is_nothing_does_nothing(removed):
    found, _, idle = removed
    assert found[idle].verdict == NOTHING
    assert not found[idle].headline.moved.any()
    assert (found[idle].score.value, found[idle].score.low, found[idle].score.high) == (0, 0, 0)
    assert all(row["with"] == row["without"] for row in found[idle].scores)


def test_a_coupling_that_is_something_changes_something(removed):
    found, enemy, _ = removed
    assert found[enemy].verdict != NOTHING
    assert found[enemy].headline.moved.any()
    assert {row["origins"] for row in found[enemy].scores if row["weeks"] == 26} == {1}
    assert {row["origins"] for row in found[enemy].scores if row["weeks"] == 4} == {2}


def test_it_is_told_in_text_and_in_json(removed, invented_war):
    found, enemy, idle = removed
    whole = study.Ablation(
        scenario="dry-river",
        title="The war of the dry river",
        opening="2042-06-07",
        weeks=WEEKS,
        runs=RUNS,
        origins=("2041-01-01", "2041-02-01"),
        draws=32,
        seed=1,
        version="0",
        evidence_hash="invented",
        removed=tuple(found.values()),
    )
    told = json.loads(study.to_json(whole), parse_constant=lambda name: pytest.fail(name))
    assert {row["name"] for row in told["couplings"]} == {enemy, idle}
    lines = view.text(whole).splitlines()
    assert any(idle in line and "does nothing" in line for line in lines)
    assert "nothing that this backtest can see" in lines[-2] + lines[-1]


def test_a_score_that_rises_without_it_means_that_it_helps():
    random = np.random.default_rng(3)
    whole = random.gamma(5, 10, (6, 2, 3))
    worse = whole * random.normal(1.1, 0.01, whole.shape)
    assert study.verdict(rise(whole, worse)) == HELPS
    assert study.verdict(rise(worse, whole)) == HURTS
    assert study.verdict(rise(whole, whole * random.normal(1, 0.1, whole.shape))) == NO_DIFFERENCE
    assert rise(whole, whole) == Share(0, 0, 0)
    assert study.verdict(rise(whole, whole * 1.001)) == NO_DIFFERENCE
    assert study.verdict(rise(whole[:1], worse[:1])) == NO_DIFFERENCE
    assert study.verdict(rise(whole * np.nan, worse)) == NOT_SCORED
    assert study.verdict(None) == NOT_SCORED


def test_units_do_not_weigh():
    random = np.random.default_rng(4)
    whole = random.gamma(5, 10, (6, 2, 3))
    other = whole * random.normal(1.1, 0.05, whole.shape)
    scale = np.array([1, 1e4])[:, None]
    assert rise(whole * scale, other * scale).value == pytest.approx(rise(whole, other).value)


def test_what_is_not_known_yet_is_not_scored():
    whole = np.ones((4, 2, 3))
    other = np.full((4, 2, 3), 1.2)
    whole[2:, 0, 2] = np.nan
    whole[3] = np.nan
    assert rise(whole, other).value == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("asked", "culprit"),
    [
        ({"match": "enmy_exponent"}, "did you mean"),
        ({"runs": 1}, "at least 2"),
        ({"draws": 1}, "at least 2"),
        ({"weeks": 0}, "0 weeks"),
        ({"origins": "yesterday"}, "DATE..DATE"),
        ({"every": "x"}, "4w"),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_refused(asked, culprit):
    with pytest.raises(CeasefireError, match=culprit):
        study.ablate("alaska-2025-08", **asked)
