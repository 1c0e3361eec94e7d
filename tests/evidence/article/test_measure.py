"""Numbers in text mean what a reader takes them to mean."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceasefire.evidence.article import measure
from ceasefire.evidence.claim import QUALIFIERS, is_unit


def only(text: str) -> measure.Measure:
    found = measure.find(text)
    assert len(found) == 1, [text[item.start : item.end] for item in found]
    return found[0]


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("They lost 1,200 soldiers.", 1200, "persons"),
        ("They lost 1 200 soldiers.", 1200, "persons"),
        ("Some 1.2 million people fled.", 1.2e6, "persons"),
        ("a plant of 900 MW", 0.9, "GW"),
        ("lost 2.4 gigawatts", 2.4, "GW"),
        ("three U.S. missile submarines", 3, "count"),
        ("the 24 F-16s that were given", 24, "count"),
        ("sent 14 Leopard 2 tanks", 14, "count"),
        ("500,000 155mm shells", 5e5, "count"),
        ("1,200 North Korean soldiers", 1200, "persons"),
        ("twenty-five tank crews", 25, "count"),
        ("200 drone operators", 200, "persons"),
        ("a 300-strong garrison", 300, "persons"),
        ("cities of one quarter million residents", 250_000, "persons"),
        ("a population of half a million", 500_000, "persons"),
        ("two and a half million refugees", 2.5e6, "persons"),
        ("a dozen batteries", 12, "count"),
        ("one hundred and fifty-five drones", 155, "count"),
        ("ten miles from the town", 16.09344, "km"),
        ("500 metres of road", 0.5, "km"),
        ("100 square miles", 258.998811, "km2"),
        ("50 km² taken", 50, "km2"),
        ("50 km2 taken", 50, "km2"),
        ("4,000 hectares burned", 40, "km2"),
        ("revenue fell 17.5 percent", 17.5, "percent"),
        ("17,5 per cent", 17.5, "percent"),
        ("by 3 percentage points", 3, "percent"),
        ("by 50 basis points", 0.5, "percent"),
        ("12 Tu-95MS bombers", 12, "count"),
        ("$66.9 billion", 66_900_000_000, "USD"),
        ("spend 3.5% of its GDP", 3.5, "percent of GDP"),
        ("two-thirds of the army", 200 / 3, "percent"),
        ("one in five Ukrainians", 20, "percent"),
        ("seven out of 10 voters", 70, "percent"),
        ("half the grid is gone", 50, "percent"),
        ("$10bn", 1e10, "USD"),
        ("US$5.5 million", 5.5e6, "USD"),
        ("10 billion U.S. dollars", 1e10, "USD"),
        ("a 1.5-billion-dollar package", 1.5e9, "USD"),
        ("gained 500 km2 a month", 500, "km2/month"),
        ("1,000 casualties a day", 1000, "persons/day"),
        ("30,000 recruits per month", 30_000, "persons/month"),
        ("daily losses of 1,000 men", 1000, "persons/day"),
        ("an annual budget of $40 billion", 4e10, "USD/yr"),
        ("exports 3 million barrels per day", 3e6, "count/day"),
        ("outages of 12 hours a day", 12, "h"),
        ("a 14-month siege", 14, "month"),
        ("for three weeks", 21, "day"),
        ("over two decades", 20, "year"),
        ("a bearing of 270 degrees", 270, "deg"),
        ("at minus 20 degrees Celsius", -20, "C"),
        ("at 14 degrees Fahrenheit", -10, "C"),
    ],
)
def test_value_and_unit(text: str, value: float, unit: str) -> None:
    found = only(text)
    assert found.value == pytest.approx(value)
    assert found.unit == unit


@pytest.mark.parametrize(
    ("text", "currency", "value"),
    [("€3.3 billion", "EUR", 3.3e9), ("500 billion rubles", "RUB", 5e11), ("£20 million", "GBP", 2e7)],
)
def test_money_other_than_dollars_keeps_its_currency_and_has_no_unit(text: str, currency: str, value: float) -> None:
    found = only(text)
    assert (found.unit, found.currency) == (None, currency)
    assert found.value == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "low", "high", "qualifier"),
    [
        ("20 tanks", 20, 20, "exact"),
        ("about 20 tanks", 18, 22, "about"),
        ("nearly 20 tanks", 18, 22, "about"),
        ("more than 20 tanks", 20, None, "at_least"),
        ("at least another 20 tanks", 20, None, "at_least"),
        ("no fewer than 20 tanks", 20, None, "at_least"),
        ("20 or more tanks", 20, None, "at_least"),
        ("20+ tanks", 20, None, "at_least"),
        ("up to 20 tanks", None, 20, "less_than"),
        ("under 20 tanks", None, 20, "less_than"),
        ("7 to 9 km", 7, 9, "about"),
        ("between 10 and 15 villages", 10, 15, "about"),
        ("40,000–45,000 troops", 40_000, 45_000, "about"),
        ("10-15 percent", 10, 15, "about"),
        ("10% to 15%", 10, 15, "about"),
        ("$5 to $6 billion", 5e9, 6e9, "about"),
        ("5-10 million people", 5e6, 1e7, "about"),
        ("two or three brigades", 2, 3, "about"),
        ("tens of thousands of soldiers", 20_000, 100_000, "about"),
        ("several hundred drones", 300, 900, "about"),
        ("a third of the fleet", 30, 110 / 3, "fraction"),
        ("a majority of voters", 50, 100, "fraction"),
        ("for months", 2, None, "at_least"),
    ],
)
def test_band(text: str, low: float | None, high: float | None, qualifier: str) -> None:
    found = only(text)
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))
    assert found.qualifier == qualifier
    assert text[found.start : found.end].strip() == text[found.start : found.end]


def test_whole_months_are_rounded_and_days_are_not() -> None:
    assert (only("six months").low, only("six months").high) == (5.5, 6.5)
    assert only("six days").low == only("six days").high == 6
    assert measure.in_days(only("six months")) == pytest.approx(182.6, abs=0.1)
    assert measure.in_days(only("36 hours")) == 1.5
    assert measure.in_days(only("36 tanks")) is None


@pytest.mark.parametrize(
    "text",
    [
        "in 2014",
        "the 2022 invasion",
        "on August 12, 2025, at 10:30 a.m.",
        "from 12 to 15 August",
        "F-16, Kh-22, Su-34 and T-72",
        "9M729 and 2S19",
        "under Article 5 and Resolution 2202",
        "the 93rd Brigade on the 1,386th day",
        "call +380 44 123 4567",
        "the G7 and the Group of Seven",
        "a 45-year-old man",
        "three weeks ago",
        "over the last two months",
        "one of them",
        "the two sides",
        "three times as many",
        "Leopard 2 and Patriot PAC-3",
        "No. 4 and page 12",
        "the 1990s",
        "see https://example.org/2000/300",
        "24/7",
        "Trump, 79, spoke",
        "half of 2025",
        "the second half",
        "1" * 400 + " tanks",
    ],
)
def test_what_measures_nothing_is_left_alone(text: str) -> None:
    assert measure.find(text) == []


def test_two_numbers_of_a_change_stay_two() -> None:
    text = "The share fell from 20 percent to 15 percent."
    assert [item.value for item in measure.find(text)] == [20, 15]
    assert [measure.direction(text, item) for item in measure.find(text)] == [0, 0]


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("Revenue dropped by 17.5 percent.", -1),
        ("Output is up 3 percent on the year.", 1),
        ("It reported a 20 percent decline.", -1),
        ("Prices are 8 percent higher.", 1),
        ("The rate fell to 16 percent.", 0),
        ("They shot down 30 drones.", 0),
        ("They fired up to 30 missiles.", 0),
        ("They lost 30 tanks.", 0),
        ("Support stands at 64 percent.", 0),
    ],
)
def test_direction(text: str, sign: int) -> None:
    assert measure.direction(text, only(text)) == sign


def test_of_so_many_shares_the_noun() -> None:
    stopped, launched = measure.find("shot down 37 of 45 drones")
    assert (stopped.value, stopped.unit, launched.value, launched.unit) == (37, "count", 45, "count")


@pytest.mark.parametrize(
    ("text", "values", "unit"),
    [
        ("It will recruit 403,000 people in 2025 and 409,000 in 2026.", [403_000, 409_000], "persons"),
        ("He wants 800,000 troops, not 600,000.", [800_000, 600_000], "persons"),
        ("They reported 1,180 casualties, bringing the total to 1,184,520.", [1180, 1_184_520], "persons"),
        ("The rate fell from 20 to 15 percent.", [20, 15], "percent"),
    ],
)
def test_a_number_without_a_unit_takes_that_of_its_neighbour(text: str, values: list[float], unit: str) -> None:
    found = measure.find(text)
    assert [item.value for item in found] == values
    assert {item.unit for item in found} == {unit}


def test_killed_and_wounded_are_persons() -> None:
    assert [item.unit for item in measure.find("killing at least 12 and wounding 30")] == ["persons", "persons"]
    assert only("dozens were killed").unit == "persons"


PIECES = [
    "1", "20", "300", "1,200", "2.5", "2014", "million", "billion", "a", "half", "dozen", "two", "thirds", "of", "to",
    "-", "–", "and", "between", "from", "about", "more than", "$", "€", "%", "percent", "km", "square", "miles",
    "tanks", "soldiers", "months", "per", "day", "F", "-16", "August", ",", ".", " ", "  ", "\n", "(", "+", "/",
    "one", "in", "ten", "hundred", "tens", "thousands", "killed", "°", "minus", "old", "ago", "s", "k", "bn", "m",
    "²", "é", "\u2028", "٣",
]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES), max_size=30).map("".join)
    | st.lists(st.sampled_from(PIECES), max_size=30).map(" ".join)
    | st.text()
)
def test_any_text_gives_sound_measures(text: str) -> None:
    end = 0
    for item in measure.find(text):
        assert end <= item.start < item.end <= len(text)
        end = item.end
        assert item.unit is None or is_unit(item.unit)
        assert item.qualifier in QUALIFIERS
        numbers = [number for number in (item.low, item.value, item.high) if number is not None]
        assert numbers
        assert all(math.isfinite(number) for number in numbers)
        assert numbers == sorted(numbers)
        assert measure.direction(text, item) in (-1, 0, 1)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9), st.sampled_from(["drones", "soldiers", "km", "percent"]))
def test_any_number_with_separators_is_read_back(number: int, noun: str) -> None:
    text = f"They counted {number:,} {noun} there."
    found = measure.find(text)
    assert [item.value for item in found] == [number]
    assert text[found[0].start : found[0].end] == f"{number:,} {noun}"


def test_a_part_of_a_text_is_read_with_the_offsets_of_the_whole() -> None:
    text = "Ten tanks. Then 20 tanks. And 30 tanks."
    (found,) = measure.find(text, 11, 25)
    assert text[found.start : found.end] == "20 tanks"


@pytest.mark.parametrize(
    "text",
    [
        "9" * 100_000,
        "," * 100_000,
        "1," * 50_000,
        "$" * 50_000,
        "a " * 50_000,
        " " * 100_000,
        "tens of " * 5_000,
        "5-" * 5_000,
    ],
)
def test_hostile_text_takes_no_time(text: str) -> None:
    began = time.process_time()
    measure.find(text)
    assert time.process_time() - began < 2.5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The force grew by 6,000 to 7,000 men a month.", [(6500.0, "persons/month")]),
        ("It rose by 4 to 25 percent.", [(4.0, "percent"), (25.0, "percent")]),
        ("Plants made 13 gigawatts against a need of 17.", [(13.0, "GW"), (17.0, "GW")]),
        ("It took 300 square kilometres, or 10 a day.", [(300.0, "km2"), (10.0, "km2/day")]),
        ("They fired 55 ballistic and cruise missiles.", [(55.0, "count")]),
        ("He put the number of dead at 41,000.", [(41000.0, "persons")]),
        ("Only a third would vote for it.", [(100 / 3, "percent")]),
    ],
)
def test_units_that_stand_elsewhere(text: str, expected: list[tuple[float, str]]) -> None:
    found = [(item.value, item.unit) for item in measure.find(text)]
    assert [unit for _, unit in found] == [unit for _, unit in expected]
    assert [value for value, _ in found] == pytest.approx([value for value, _ in expected])
