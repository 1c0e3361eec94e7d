"""The dispatcher: what is no matter of record, what happened to forecasts, time, and claims that nobody would write."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ceasefire.evidence.check import check
from ceasefire.evidence.check.record import Record, bounds, grade, interval, miss
from ceasefire.evidence.claim import HEDGES, KINDS, QUALIFIERS, SIDES, SYSTEMS, UNITS, VERDICTS, Claim, from_row
from ceasefire.evidence.error import EvidenceError
from ceasefire.evidence.store import Store


@pytest.fixture(scope="module")
def record() -> Record:
    return Record.open()


def claim(**more: object) -> Claim:
    plain = {
        "id": "c1", "doc": "text", "span": "Russian forces captured Vuhledar", "subject": "Vuhledar",
        "quantity": "town_control", "as_of": "2024-10-14",
    }  # fmt: skip
    return Claim(**{**plain, **more})


def test_one_verdict_for_each_claim_in_order(packaged: Store) -> None:
    claims = [claim(id=f"c{n}", doc=f"text {n % 3}") for n in range(7)]
    found = check.check(claims, store=packaged)
    assert [verdict.claim for verdict in found] == [one.id for one in claims]
    assert {verdict.verdict for verdict in found} == {"confirmed"}
    assert check.check([], store=packaged) == []


def test_same_claims_same_verdicts(packaged: Store) -> None:
    claims = [
        claim(),
        claim(id="c2", span="Kramatorsk is encircled", subject="Kramatorsk", quantity="encirclement_status"),
    ]
    first, second = check.check(claims, store=packaged), check.check(claims[::-1], store=packaged)
    assert [json.dumps(one.told()) for one in first] == [json.dumps(one.told()) for one in second[::-1]]


def test_publication_day_must_be_one(packaged: Store) -> None:
    with pytest.raises(EvidenceError):
        check.check([claim()], store=packaged, on="yesterday")


@pytest.mark.parametrize("kind", ["forecast", "intention", "causal"])
def test_what_no_record_decides_is_unverified(record: Record, kind: str) -> None:
    found = check.examine(claim(kind=kind, quantity="effect_on_front"), record)
    assert found.verdict == "unverified"
    assert found.reason


def test_verdict_is_reached_from_the_fields_of_the_readme_alone(packaged: Store) -> None:
    row = {
        "id": "a", "doc": "d", "span": "captured the town of Vuhledar", "subject": "Vuhledar",
        "quantity": "town_control", "value": None, "unit": None, "places": ["Vuhledar"], "as_of": "2024-10-14",
        "verdict": "x", "checkable": True,
    }  # fmt: skip
    assert check.check([from_row(row)], store=packaged)[0].verdict == "confirmed"


def test_day_of_the_text_serves_undated_claims(packaged: Store) -> None:
    undated = claim(as_of="undated", span="Russia holds Vuhledar")
    assert check.check([undated], store=packaged)[0].verdict == "unverified"
    assert check.check([undated], store=packaged, on="2024-12-01")[0].verdict == "confirmed"
    assert check.check([undated], store=packaged, on="2024-08-01")[0].verdict == "contradicted"
    own = dataclasses.replace(undated, published="2024-12-01")
    assert check.check([own], store=packaged, on="2024-08-01")[0].verdict == "confirmed"


# Days and grades


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("2025-08-12", ("2025-08-12", "2025-08-12")),
        ("2025-02", ("2025-02-01", "2025-02-28")),
        ("2024-02", ("2024-02-01", "2024-02-29")),
        ("2025", ("2025-01-01", "2025-12-31")),
        ("2025-01/2025-07", ("2025-01-01", "2025-07-31")),
        ("undated", None),
        ("2025-13", None),
        ("2025-02-30", None),
        ("2025-07/2025-01", None),
        ("0000", None),
    ],
)
def test_days_that_a_claim_speaks_of(as_of: str, expected: tuple[str, str] | None) -> None:
    found = interval(as_of)
    assert (None if found is None else (str(found[0]), str(found[1]))) == expected


def test_grades_at_their_limits() -> None:
    stated = claim(value=100.0)
    for found, expected in (
        (100, "confirmed"),
        (95.3, "confirmed"),
        (94, "imprecise"),
        (81, "imprecise"),
        (79, "contradicted"),
    ):
        assert grade(stated, found) == expected, found
    assert grade(claim(value=100.0, qualifier="at_least"), 5000) == "confirmed"
    assert grade(claim(value=100.0, qualifier="at_least"), 60) == "contradicted"
    assert grade(claim(value=100.0, qualifier="less_than"), 5) == "confirmed"
    assert grade(claim(value_low=80.0, value_high=120.0), 119) == "confirmed"
    assert bounds(claim(value=20.0, qualifier="about")) == pytest.approx((18.0, 22.0))
    assert miss(claim(), 1.0) is None
    assert grade(claim(), 1.0) == "unverified"


# Forecasts


def test_forecasts_are_held_against_what_came_after(packaged: Store) -> None:
    told = {"kind": "forecast", "hedge": "forecast", "published": "2025-08-12"}
    claims = [
        claim(id="true", span="Siversk will fall", subject="Siversk", as_of="2025-12-31", **told),
        claim(id="false", span="Kramatorsk will be captured", subject="Kramatorsk", as_of="2025-12-31", **told),
        claim(id="open", span="Kramatorsk will be captured", subject="Kramatorsk", as_of="2030", **told),
        claim(id="undated", span="Kramatorsk will be captured", subject="Kramatorsk", as_of="2025-08-12", **told),
        claim(
            id="vague",
            span="the army will be exhausted",
            subject="army",
            quantity="exhaustion",
            as_of="2025-12-31",
            **told,
        ),
        claim(id="fact"),
    ]
    found = {item.claim: item for item in check.forecasts_come_true(claims, store=packaged)}
    assert {name: item.result for name, item in found.items()} == {
        "true": "came true", "false": "did not", "open": "open", "undated": "open", "vague": "no record",
    }  # fmt: skip
    assert found["true"].due == "2025-12-31"
    assert found["undated"].due is None
    assert all(item.later for item in found["true"].verdict.record)


def test_forecast_for_a_day_in_the_record_is_judged_by_what_came(record: Record) -> None:
    told = {"kind": "forecast", "hedge": "forecast", "published": "2025-08-12", "span": "Kramatorsk will be captured"}
    due = check.examine(claim(subject="Kramatorsk", as_of="2025-12-31", **told), record)
    assert due.verdict == "contradicted"
    assert all(item.later for item in due.record)
    for term in ("2030", "undated", "2025-08-12"):
        assert check.examine(claim(subject="Kramatorsk", as_of=term, **told), record).verdict == "unverified"


# Time and strange claims


def test_two_hundred_claims_in_three_seconds(packaged: Store) -> None:
    names = ["Kramatorsk", "Pokrovsk", "Toretsk", "Lyman", "Siversk", "Kupiansk", "Huliaipole", "Vovchansk", "Orikhiv"]
    spans = [
        ("Russian forces captured {}", "town_control", {}),
        ("{} is encircled", "encirclement_status", {"kind": "location"}),
        ("{} lies 20 km from the front line", "distance", {"unit": "km", "value": 20.0, "kind": "location"}),
        ("Russian troops are closing in on {}", "advance_trend", {"kind": "rate"}),
        ("Russia captured 400 km2 in a month", "area_taken", {"unit": "km2/month", "value": 400.0, "kind": "flow"}),
    ]
    claims = []
    for number in range(200):
        words, quantity, more = spans[number % len(spans)]
        name, day = names[number % len(names)], f"2025-{number % 12 + 1:02d}-{number % 27 + 1:02d}"
        claims.append(
            claim(id=str(number), span=words.format(name), subject=name, quantity=quantity, as_of=day, **more)
        )
    start = time.perf_counter()
    found = check.check(claims, store=packaged)
    assert time.perf_counter() - start < 6.0
    assert sum(one.checkable for one in found) > 150


WORDS = st.sampled_from(
    [
        "Russia",
        "Ukraine",
        "captured",
        "Kramatorsk",
        "Pokrovsk",
        "km",
        "from",
        "front",
        "line",
        "encircled",
        "percent",
        "of",
        "Donetsk",
        "oblast",
        "Donbas",
        "not",
        "roads",
        "cut",
        "between",
        "and",
        "fifth",
        "20",
        "fully",
        "holds",
        "by",
        "Crimea",
        "the",
        "population",
        "north-east",
        "liberated",
        "will",
        "(",
        ")",
        "'",
        "\u202e",
        "\x00",
        "\\",
        ".*",
        "Luhansk",
        "Sloviansk",
        "heights",
        "belt",
        "broken",
        "km2",
        "since",
        "2022",
        "in",
        "January",
    ]
)
TEXT = st.one_of(st.lists(WORDS, max_size=14).map(" ".join), st.text(max_size=60))
NUMBER = st.one_of(
    st.none(), st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([0, 1, 20, 100, -5, 10**300])
)


def _is_claimed(as_of: str) -> bool:
    """A claim may bear that date."""
    try:
        claim(as_of=as_of)
    except EvidenceError:
        return False
    return True


DAY = st.from_regex(
    r"undated|[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?(/[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?)?", fullmatch=True
).filter(lambda text: _is_claimed(text))
NEAR_DAY = st.dates(dt.date(2024, 6, 1), dt.date(2026, 3, 1)).map(str)
UNIT = st.one_of(
    st.none(), st.sampled_from(UNITS), st.sampled_from(["km2/day", "km/yr", "persons/month", "count/week", "USD/yr"])
)
QUANTITY = st.sampled_from(
    [
        "town_control",
        "capture_date",
        "encirclement_status",
        "road_status",
        "distance",
        "bearing",
        "territory_control_share",
        "occupied_area",
        "area_taken",
        "advance_trend",
        "axis_of_advance",
        "population",
        "terrain_dominance",
        "defensive_line_status",
        "position_on_front",
        "direction",
        "losses_tanks",
        "opinion_share_negotiate",
        "summit_date",
        "oil_price",
        "x",
    ]
)


@st.composite
def claims(draw: st.DrawFn) -> Claim:
    low, value, high = draw(NUMBER), draw(NUMBER), draw(NUMBER)
    if low is not None and high is not None and low > high:
        low, high = high, low
    return Claim(
        id="f", doc="fuzz", span=draw(TEXT), subject=draw(TEXT), quantity=draw(st.one_of(QUANTITY, TEXT)),
        value=value, value_low=low, value_high=high,
        value_text=draw(st.one_of(st.none(), TEXT, st.sampled_from(["RU", "UA", "contested"]))),
        unit=draw(UNIT), qualifier=draw(st.sampled_from(QUALIFIERS)), places=tuple(draw(st.lists(TEXT, max_size=4))),
        as_of=draw(st.one_of(DAY, NEAR_DAY)), source_side=draw(st.sampled_from(SIDES)),
        hedge=draw(st.sampled_from(HEDGES)), kind=draw(st.sampled_from(KINDS)),
        system=draw(st.sampled_from(SYSTEMS)), negated=draw(st.booleans()),
        published=draw(st.one_of(st.none(), NEAR_DAY)), sentence=draw(st.one_of(st.none(), TEXT)),
    )  # fmt: skip


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(one=claims())
def test_any_claim_gets_a_verdict(record: Record, one: Claim) -> None:
    found = check.examine(one, record.of_text(None, (one,)))
    assert found.claim == one.id
    assert found.verdict in VERDICTS
    assert found.reason
    json.dumps(found.told(), allow_nan=False)
    assert check.outcome(one, record).result in ("came true", "in part", "did not", "open", "no record")


def test_long_texts_end_soon(record: Record) -> None:
    for filler in ("from the north and ", "km ", "Kramatorsk ", "of the ", "russia ", "(", "to ", "not "):
        words = (filler * 4000)[:4000]
        start = time.perf_counter()
        for quantity, unit in (
            ("town_control", None),
            ("distance", "km"),
            ("road_status", None),
            ("axis_of_advance", None),
        ):
            check.examine(
                claim(span=words, sentence=words, subject=words, quantity=quantity, unit=unit, value=5.0), record
            )
        assert time.perf_counter() - start < 2.0, filler


def test_findings_carry_what_a_reader_needs(record: Record) -> None:
    found = check.examine(claim(), record)
    assert found.verdict == "confirmed"
    assert found.computation
    assert found.record
    item = found.record[0]
    assert (item.source, item.trust, item.later) == ("deepstatemap", "A", False)
    assert np.datetime64(item.date) <= np.datetime64(item.published)
