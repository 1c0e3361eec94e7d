"""Kept fits: found by what they were made from, never by what came later, and refused where they are none."""

import dataclasses
import datetime as dt
import json

import numpy as np
import pytest

from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.model.resolve import READINGS
from ceasefire.scenario import spec, valuation
from ceasefire.scenario.valuation import SHIPPED, Valuation, ValuationError


def kept(scenario, opening, number=0.5) -> Valuation:
    table = np.full((2, len(READINGS)), number)
    war = valuation.mark_of_war(scenario.war)
    return Valuation(f"at-{opening}", opening, f"mark {opening}", war, table, table - 1, table + 1, {"runs": 3})


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    monkeypatch.setattr(valuation, "SHIPPED", tmp_path / "shipped")
    monkeypatch.setenv("CEASEFIRE_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.mark.parametrize("name", spec.scenarios())
def test_a_shipped_scenario_carries_the_fit_of_what_it_is(name):
    """Whoever changes a prior, a number or the evidence has to fit again: `make values`."""
    scenario = spec.load(name)
    found = valuation.read(SHIPPED / f"{name}.json")
    assert found.mark == valuation.mark_of(scenario, Vintage(Store.open(None), scenario.opening).hash)


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.json")), ids=lambda path: path.stem)
def test_a_shipped_fit_explains_wars_that_it_has_not_seen(path):
    found = valuation.read(path)
    assert min(found.fit["r2"]) > 0.4
    assert found.fit["converged"]
    power = found.coefficients[:, READINGS.index("forts")]
    assert (power > 0).all()


def test_what_is_written_is_read_again(invented_scenario, tmp_path):
    one = kept(invented_scenario, dt.date(2042, 1, 4), 1 / 3)
    again = valuation.read(valuation.write(one, tmp_path))
    np.testing.assert_allclose(again.coefficients, one.coefficients, rtol=1e-8)
    assert dataclasses.replace(again, coefficients=0, low=0, high=0) == dataclasses.replace(
        one, coefficients=0, low=0, high=0
    )
    assert [path.name for path in tmp_path.iterdir()] == [f"{one.scenario}.json"]


def test_a_war_borrows_the_latest_fit_that_was_opened_no_later(invented_scenario, shelf):
    days = [dt.date(2042, 1, 4), dt.date(2042, 3, 1), dt.date(2042, 9, 6)]
    for day in days:
        valuation.write(kept(invented_scenario, day), shelf / "shipped")
    found = valuation.find(invented_scenario, "any")
    assert found.opening == days[1]
    assert str(days[1]) in found.told(invented_scenario)
    assert valuation.find(invented_scenario.on(dt.date(2041, 12, 1)), "any") is None


def test_its_own_fit_comes_first_and_another_war_borrows_nothing(invented_scenario, shelf):
    valuation.write(kept(invented_scenario, dt.date(2042, 3, 1)), shelf / "shipped")
    mark = valuation.mark_of(invented_scenario, "hash")
    own = dataclasses.replace(kept(invented_scenario, invented_scenario.opening), mark=mark, scenario="own")
    valuation.write(own, valuation.folder_of_own())
    assert valuation.find(invented_scenario, "hash").scenario == "own"
    assert valuation.find(invented_scenario, "other evidence").scenario == "at-2042-03-01"
    other = invented_scenario.model_copy(update={"war": invented_scenario.war.model_copy(update={"title": "Another"})})
    assert valuation.find(other, "hash") is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda told: told | {"format": 99},
        lambda told: told | {"readings": ["one"]},
        lambda told: told | {"low": [[0.0]]},
        lambda told: told | {"coefficients": None},
        lambda told: {key: told[key] for key in told if key != "mark"},
        lambda told: [told],
    ],
)
def test_what_is_no_fit_is_refused_and_never_borrowed(spoil, invented_scenario, shelf):
    path = valuation.write(kept(invented_scenario, dt.date(2042, 3, 1)), shelf / "shipped")
    path.write_text(json.dumps(spoil(json.loads(path.read_text()))))
    with pytest.raises(ValuationError):
        valuation.read(path)
    assert valuation.find(invented_scenario, "any") is None
