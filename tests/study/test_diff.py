"""Diff: the parts add up to the change, and what does not differ is exactly nothing."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from ceasefire.scenario import spec
from ceasefire.simulate.result import VERSION
from ceasefire.study import diff

RUNS, WEEKS = 200, 13
CODE, EVIDENCE, PRIORS = 100.0, 30.0, 7.0


def result(scenario, *, seed=1, version=VERSION, code=0.0, evidence="v1:a", runs=RUNS):
    """A result whose every number is code + evidence + priors + luck."""
    random = np.random.default_rng(seed)
    level = code + EVIDENCE * (evidence == "v1:b") + PRIORS * len(scenario.value)
    weekly = level + random.normal(0, 1, (WEEKS + 1, 1, RUNS))[..., :runs]
    ending = random.random(RUNS)[:runs] < 0.1
    return xr.Dataset(
        {
            "mapped_area": (("week", "axis", "run"), np.cumsum(weekly, axis=0)),
            "casualties": (("week", "side", "run"), np.concatenate([weekly, 2 * weekly], axis=1)),
            "first_ending": ("run", ending.astype(int)),
            "first_ending_week": ("run", np.where(ending, 3, 0)),
            "ok": ("run", np.arange(runs) != 5),
        },
        coords={"side": ["Blue", "Amber"], "axis": ["north"]},
        attrs={
            "scenario": scenario.id,
            "scenario_document": scenario.model_dump_json(),
            "seed": seed,
            "runs": runs,
            "version": version,
            "evidence_hash": evidence,
        },
    )


@pytest.fixture
def other_scenario(invented_scenario):
    value = spec.Value(
        name="reporting.overcount[tank]", low=1, mid=2, high=3, unit="1", known_on="2042-01-01", source="invented"
    )
    return invented_scenario.model_copy(update={"value": (value,)})


def split(one, other, scenarios):
    asked = []

    def simulate(scenario, store, runs, weeks, seed):
        asked.append((len(scenario.value), store.name, seed))
        return result(scenario, seed=seed, evidence=store.name, runs=runs)

    stores = tuple(SimpleNamespace(name=each.attrs["evidence_hash"]) for each in (one, other))
    return diff.chain(one, other, scenarios, stores, runs=RUNS, weeks=WEEKS, simulate=simulate), asked


@pytest.mark.parametrize(("code", "evidence", "priors", "luck"), list(itertools.product([False, True], repeat=4)))
def test_parts_add_up_and_what_is_the_same_is_nothing(invented_scenario, other_scenario, code, evidence, priors, luck):
    later = other_scenario if priors else invented_scenario
    one = result(invented_scenario, version="0.0.1" if code else VERSION, code=CODE * code)
    other = result(later, seed=2 if luck else 1, evidence="v1:b" if evidence else "v1:a")
    found, asked = split(one, other, (invented_scenario, later))
    assert {line.weeks for line in found.lines} == {4, 13}
    assert len(asked) == len(set(asked)) <= 3
    for line in found.lines:
        parts = [line.code, line.evidence, line.priors, line.luck]
        assert sum(part.value for part in parts) == pytest.approx(line.change.value, abs=1e-9)
        assert line.change.value == line.after - line.before
        for part, differs in zip(parts, (code, evidence, priors, luck), strict=True):
            assert part.low <= part.value + 1e-9
            assert differs or (part.value, part.low, part.high) == (0, 0, 0)


def test_each_part_is_told_apart(invented_scenario, other_scenario):
    one = result(invented_scenario, version="0.0.1", code=CODE)
    other = result(other_scenario, seed=2, evidence="v1:b")
    found, asked = split(one, other, (invented_scenario, other_scenario))
    line = next(line for line in found.lines if line.quantity == "ground gained, mean" and line.weeks == 4)
    assert line.code.value == pytest.approx(-4 * CODE)
    assert line.evidence.value == pytest.approx(4 * EVIDENCE)
    assert line.priors.value == pytest.approx(4 * PRIORS)
    assert abs(line.luck.value) < 1
    assert line.luck.low < line.luck.high
    assert asked == [(0, "v1:a", 1), (0, "v1:b", 1), (1, "v1:b", 1)]
    assert "ground gained" in diff.render(found)


def test_nothing_is_simulated_where_only_the_seed_differs(invented_scenario):
    found, asked = split(result(invented_scenario), result(invented_scenario, seed=9), (invented_scenario,) * 2)
    assert not asked
    assert found.simulated == ()


def test_different_wars_are_refused(invented_scenario):
    war = invented_scenario.war.model_copy(update={"id": "another"})
    other = result(invented_scenario.model_copy(update={"war": war}))
    with pytest.raises(diff.ResultError, match="different wars"):
        diff.diff(result(invented_scenario), other)
