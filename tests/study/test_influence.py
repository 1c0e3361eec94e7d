"""Influence: a source that says nothing moves nothing, and a claim is worth what it would take off the spread."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest

from ceasefire.evidence.error import CeasefireError
from ceasefire.scenario.start import Start
from ceasefire.simulate import draws
from ceasefire.study import influence as study
from ceasefire.study.influence import GRADES, adjusted, after, correlations, interval
from ceasefire.study.measure import Output
from ceasefire.view import influence as view

RUNS, WEEKS = 32, 13


def without(start: Start, name: str) -> Start:
    """The war without a number: what stood before it, or the prior."""
    kept = tuple(c for c in start.choices if c.value is None or c.value.name != name)
    return dataclasses.replace(start, choices=kept)


@pytest.fixture(scope="module")
def found(invented_war):
    told: list[tuple[int, int]] = []
    others = {
        "nobody": dataclasses.replace(invented_war),
        "the staff": without(invented_war, "attrition.troops_opening[Blue]"),
    }
    dropped, headlines = study.of_start(
        invented_war, others, runs=RUNS, weeks=WEEKS, on_progress=lambda *at: told.append(at)
    )
    assert told == [(1, 3), (2, 3), (3, 3)]
    return dropped, headlines


def test_a_source_that_says_nothing_moves_nothing(found):
    nobody = next(each for each in found[0] if each.source == "nobody")
    assert nobody.numbers == ()
    assert not nobody.headline.moved.any()
    assert not nobody.headline.difference.any()


def test_a_source_that_says_something_moves_the_forecast(found):
    staff = found[0][0]
    assert staff.source == "the staff"
    assert staff.numbers == ("attrition.troops_opening[Blue]",)
    assert staff.headline.moved.any()
    assert staff.headline.runs + staff.failed_runs == RUNS


def test_headlines_are_ground_people_and_an_end(found):
    told = [(headline.output.name, headline.week) for headline in found[1]]
    assert told == [("area", WEEKS), ("people_lost", WEEKS), ("people_lost", WEEKS), ("fighting_ended", WEEKS)]
    for headline in found[1]:
        for worth in headline.worth:
            assert 0 <= worth.share <= 1
            assert worth.share_low <= worth.share_high
            assert list(worth.after) == sorted(worth.after)
            assert worth.after[-1] <= headline.sd
        assert len({worth.number for worth in headline.worth}) == len(headline.worth) > 10


def test_it_is_told_in_text_and_in_json(found):
    whole = study.Influence("dry-river", "The war of the dry river", "2042-06-07", WEEKS, RUNS, 1, "0", "x", *found)
    told = json.loads(study.to_json(whole), parse_constant=lambda name: pytest.fail(name))
    assert [row["source"] for row in told["sources"]] == ["the staff", "nobody"]
    assert told["grades"] == list(GRADES)
    text = view.text(whole)
    assert "the staff" in text
    assert "attrition.troops_opening[Blue]" in text
    assert text == view.text(whole)


# Worth


def test_worth_is_what_a_claim_takes_off_the_spread(invented_war):
    """A headline made of two numbers: the law of total variance, by hand."""
    runs = 4096
    names, choices, points = study.uncertain(invented_war, 1, runs)
    at, other = names.index("attrition.troops_opening[Blue]"), names.index("manpower.recruitment[Amber]")
    scaled = (points - points.mean(axis=1, keepdims=True)) / points.std(axis=1, keepdims=True)
    made = 3.0 * scaled[at] + 1.0 * scaled[other]
    (headline,) = study.priced_headlines(
        invented_war, [Output("area", (), "", "km2", "")], [1], made[None, None], np.ones(runs, bool), seed=1
    )
    first, second = headline.worth[:2]
    assert first.seen
    assert second.seen
    assert sum(worth.seen for worth in headline.worth) <= 7
    assert (first.number, second.number) == (names[at], names[other])
    assert first.share == pytest.approx(0.9, abs=0.02)
    assert second.share == pytest.approx(0.1, abs=0.02)
    variance = points[at].var()
    for grade, sd in zip(GRADES, first.after, strict=True):
        claim = study.claim_sd(choices[at], grade, math.sqrt(variance))
        left = headline.sd**2 * (1 - first.share * variance / (variance + claim**2))
        assert sd == pytest.approx(math.sqrt(left), rel=1e-6)
    assert headline.sd == pytest.approx(math.sqrt(10), rel=0.05)


def test_numbers_are_drawn_as_in_the_runs(invented_war):
    names, _, points = study.uncertain(invented_war, 7, 64)
    run = np.arange(64, dtype=np.uint32)
    drawn = draws.values(invented_war, draws.cube(invented_war, 7, run))["attrition.troops_opening"][0]
    np.testing.assert_allclose(np.exp(points[names.index("attrition.troops_opening[Blue]")]), drawn)
    assert "patrons.guarantees[Coral]" not in names


def test_luck_explains_nothing_on_average():
    random = np.random.default_rng(2)
    r = correlations(random.normal(size=(2000, 64)), random.normal(size=64))
    raw = np.array([(x * x * 63 - 1) / 62 for x in r])
    assert abs(raw.mean()) < 0.003
    assert all(adjusted(float(x), 64) >= 0 for x in r)
    assert np.sum(np.abs(r) > study.largest_by_luck(2000, 64)) <= 5
    inside = np.mean([interval(float(x), 64)[0] == 0 for x in r])
    assert 0.93 < inside < 0.97


def test_edges_of_worth():
    assert (correlations(np.ones((2, 2)) * [[1, 2]], np.array([1.0, 2.0])) == 0).all()
    assert (correlations(np.random.default_rng(1).normal(size=(3, 9)), np.ones(9)) == 0).all()
    assert after(2.0, 1.0, 1.0, 0.0) == 0
    assert after(2.0, 0.0, 1.0, 0.1) == 2
    assert interval(1.0, 50) == (1, 1)
    assert interval(0.2, 3) == (0, 1)


# Sources


@pytest.mark.parametrize(
    ("text", "trust", "who"),
    [
        ("Syrskyi in LB.ua, 2025-04-09", "A", "Syrskyi"),
        ("IISS Military Balance 2024: 1,750 active", "B", "IISS"),
        ("elicited", "D", "elicited"),
        ("elicited after IISS Military Balance 2024", "D", "IISS"),
        ("refused before terms are met", "D", "elicited"),
        ("a plant's ledger, March", "C", "a plant's ledger"),
    ],
)
def test_whose_a_number_is(invented_war, text, trust, who):
    value = next(c.value for c in invented_war.choices if c.value is not None)
    assert study.source_of(value.model_copy(update={"source": text, "trust": trust})) == who


def test_numbers_of_a_source_are_dropped_with_it(invented_war):
    scenario = invented_war.scenario
    values = [v.model_copy(update={"source": "Oryx" if k == 3 else v.source}) for k, v in enumerate(scenario.war.value)]
    marked = scenario.model_copy(update={"war": scenario.war.model_copy(update={"value": tuple(values)})})
    left = study._without(marked, "Oryx")
    assert [v for v in marked.war.value if v not in left.war.value] == [values[3]]


@pytest.mark.parametrize(
    ("asked", "culprit"),
    [
        ({"match": "Syrsky1"}, "did you mean"),
        ({"runs": 1}, "at least 2"),
        ({"weeks": 0}, "0 weeks"),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_refused(asked, culprit):
    with pytest.raises(CeasefireError, match=culprit):
        study.influence("alaska-2025-08", **asked)
