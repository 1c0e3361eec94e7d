"""Numbers fused from claims: in place of the war's own where enough is known, and never from what came later."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from pydantic import ValidationError

from ceasefire.evidence.control import ControlRecord
from ceasefire.evidence.series import Observation
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario import fused, spec, valuation
from ceasefire.scenario.spec import Fused, ScenarioError, Value
from ceasefire.scenario.start import reread, variables

OPENING = dt.date(2042, 6, 7)
NAME = "manpower.recruitment[Blue]"
SAID = "facts.recruits"


def row(days: int, value: float, note: str = "", *, name: str = SAID, lag: int = 1, trust: str = "B") -> Observation:
    day = OPENING - dt.timedelta(days=days)
    return Observation(name, str(day), str(day + dt.timedelta(days=lag)), value, "persons", "forces", trust, note)


def known(*rows: Observation, on: dt.date = OPENING) -> Vintage:
    frame = [row(4000, 0.0, name="other.thing"), row(-4000, 0.0, name="other.thing")]
    return Vintage(Store(tuple(sorted([*frame, *rows])), ControlRecord.empty(), {}), on)


def entry(**update: object) -> Fused:
    plain = {
        "name": NAME,
        "unit": "person/week",
        "lines": [{"series": SAID}, {"series": "facts.paid", "kind": "floor"}, {"series": "parameter.recruits."}],
        "source": "all of them speak of recruits",
    }
    return Fused.model_validate(plain | update)


def read(*rows: Observation, on: dt.date = OPENING, **update: object) -> fused.Reading | None:
    made = entry(**update)
    return fused.read(made, variables()[made.variable], known(*rows, on=on))


TWO = (row(30, 2000.0, "IISS"), row(60, 2400.0, "CSIS"))


def test_claims_make_a_number_between_them():
    found = read(*TWO)
    assert found is not None
    value = found.value
    assert 2000 < value.mid < 2400
    assert value.low < 2000 < 2400 < value.high
    assert value.known_on == OPENING - dt.timedelta(days=29)
    assert value.source.startswith("fused from 2 claims of 2042-04-08 to 2042-05-08: ")
    assert "IISS" in value.source
    assert "CSIS" in value.source
    assert value.source.endswith("all of them speak of recruits")


def test_too_few_claims_make_none():
    assert read(TWO[0]) is None
    assert read(TWO[0], row(35, 2000.0, "IISS", lag=6)) is None
    assert read(*TWO, least=3) is None
    assert read(*TWO, within=45) is None
    assert read(TWO[0], least=1) is not None


def test_what_came_later_changes_no_bit():
    late = (row(10, 9000.0, lag=11), row(-3, 9000.0, lag=-20), row(5, 7000.0, name="parameter.recruits.mid", lag=30))
    one, other = read(*TWO), read(*TWO, *late)
    assert one is not None
    assert other is not None
    assert one.value == other.value
    assert one.estimate.points.tobytes() == other.estimate.points.tobytes()


def test_copies_of_one_origin_are_one_claim():
    lines = [{"series": SAID, "origin": "one"}, {"series": "facts.paid", "origin": "one"}]
    assert read(row(30, 2000.0, "IISS"), row(29, 2000.0, name="facts.paid"), lines=lines) is None
    both = read(row(30, 2000.0, "IISS"), row(29, 2000.0, name="facts.paid"), lines=lines, least=1)
    one = read(row(30, 2000.0, "IISS"), lines=lines, least=1)
    assert both is not None
    assert one is not None
    assert (both.value.low, both.value.mid, both.value.high) == (one.value.low, one.value.mid, one.value.high)


def test_factors_floors_and_totals_since_new_year():
    plain = read(*TWO)
    months = read(*(dataclasses.replace(r, value=r.value * 4) for r in TWO), lines=[{"series": SAID, "factor": 0.25}])
    floor = read(*TWO, row(1, 3500.0, name="facts.paid"))
    assert plain is not None
    assert months is not None
    assert floor is not None
    assert months.value.mid == pytest.approx(plain.value.mid, rel=1e-6)
    assert floor.value.mid > 1.1 * plain.value.mid
    days = (OPENING - dt.timedelta(days=30) - dt.date(2042, 1, 1)).days + 1
    total = row(30, 300.0 * days, name="facts.total")
    year = read(total, least=1, walk=0.0, lines=[{"series": "facts.total", "since_new_year": True}], trust="A")
    assert year is not None
    assert year.value.mid == pytest.approx(2100, rel=0.1)


def test_a_balance_ties_two_days():
    stock = {
        "name": "industry.storage_opening[Blue,tank]",
        "unit": "count",
        "walk": 0.6,
        "lines": [{"series": SAID}],
        "least": 1,
    }
    leg = {"days": 360, "outflow": {"series": "facts.taken"}, "spread": 0.1, "source": "depots"}
    rows = (row(365, 1000.0, "IISS"), row(5, 600.0, name="facts.taken"))
    without, found = read(*rows, **stock), read(*rows, **stock, balances=[leg])
    assert without is not None
    assert found is not None
    assert found.value.mid < 0.6 * without.value.mid
    assert "1 stock balance" in found.value.source
    unknown = read(rows[0], **stock, balances=[leg])
    assert unknown is not None
    assert unknown.value.mid == without.value.mid


def test_what_the_parameter_cannot_be_is_refused():
    with pytest.raises(ScenarioError, match="above 0"):
        read(*TWO, row(3, -5.0))
    share = {"name": "attrition.killed_share", "unit": "1", "lines": [{"series": SAID}]}
    with pytest.raises(ScenarioError, match="share"):
        read(*TWO, **share)


@pytest.mark.parametrize(
    "update",
    [
        {"lines": []},
        {"lines": [{"series": "no dots"}]},
        {"lines": [{"series": SAID}, {"series": SAID}]},
        {"lines": [{"series": SAID, "factor": -1.0}]},
        {"lines": [{"series": SAID, "kind": "guess"}]},
        {"balances": [{"days": 30, "spread": 0.1, "source": "nothing flows"}]},
        {"least": 0},
        {"walk": float("nan")},
        {"colour": "red"},
    ],
    ids=str,
)
def test_malformed_entries_are_refused(update):
    with pytest.raises(ValidationError):
        entry(**update)


# In a scenario


def with_fusion(scenario: spec.Scenario, *entries: Fused) -> spec.Scenario:
    return scenario.model_copy(update={"war": scenario.war.model_copy(update={"fused": entries})})


def standing(start, name: str) -> Value:
    return [c.value for c in start.choices if c.value is not None and c.value.name == name][-1]


def test_it_stands_in_place_of_the_wars_number(invented_war):
    fusion = with_fusion(invented_war.scenario, entry())
    before = standing(invented_war, NAME)
    after = standing(reread(invented_war, fusion, known(*TWO)), NAME)
    assert before.source == "invented"
    assert after.source.startswith(fused.FUSED)
    none = standing(reread(invented_war, fusion, known(TWO[0])), NAME)
    assert (none.low, none.mid, none.high) == (before.low, before.mid, before.high)
    names = [
        c.value.source for c in reread(invented_war, fusion, known(*TWO)).choices if c.value and c.value.name == NAME
    ]
    assert names == [after.source]


def test_a_fusion_that_fits_no_variable_is_refused(invented_war):
    for update, culprit in (
        ({"name": "manpower.recruits[Blue]"}, "no variable"),
        ({"name": "manpower.recruitment[Green]"}, "Green"),
        ({"unit": "count"}, "person/week"),
    ):
        with pytest.raises(ScenarioError, match=culprit):
            reread(invented_war, with_fusion(invented_war.scenario, entry(**update)), known(*TWO))


def test_a_scenarios_own_fusion_takes_the_place_of_the_wars(invented_war):
    own = entry(least=5)
    scenario = with_fusion(invented_war.scenario, entry()).model_copy(update={"fused": (own,)})
    assert scenario.fusions() == (own,)
    with pytest.raises(ValidationError, match="twice"):
        spec.War.model_validate({**scenario.war.model_dump(), "fused": [entry().model_dump()] * 2})


def test_a_fit_knows_what_was_fused(invented_war):
    plain = invented_war.scenario
    changed = with_fusion(plain, entry())
    assert valuation.mark_of_war(plain.war) == valuation.mark_of_war(changed.war)
    assert valuation.mark_of(plain, "x") != valuation.mark_of(changed, "x")


def test_the_shipped_war_fuses_some_of_its_numbers():
    store = Store.open()
    for name in spec.scenarios():
        scenario = spec.load(name)
        vintage = Vintage(store, scenario.opening)
        made = [fused.read(each, variables()[each.variable], vintage) for each in scenario.fusions()]
        found = [each for each in made if each is not None]
        assert len(found) >= 4
        for each in found:
            assert 0 < each.value.low < each.value.mid < each.value.high
            assert each.value.known_on <= scenario.opening
            said = [weight.statement for weight in each.estimate.weights]
            assert all(max(one.date, one.published) <= str(scenario.opening) for one in said)
