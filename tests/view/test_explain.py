"""An explanation as text: everything named, amounts that people can read, nothing that a terminal would obey."""

from __future__ import annotations

import dataclasses
import re

import pytest

from ceasefire.model import oil
from ceasefire.study.explain import IMPOSED, REST, Change, Coming, Followed, Part, Revenue
from ceasefire.view.explain import LABEL, ROLE, text


def part(name: str, mean: float) -> Part:
    return Part(name, mean, mean - 100, mean + 1, mean + 110)


@pytest.fixture
def found() -> Revenue:
    past = zip((*IMPOSED, REST), (-1400.0, -250.0, -640.0, -310.0, -53.4), strict=True)
    comes = zip(oil.FACTORS, (-200.0, 210.0, 150.0, 0.0, -80.0, 4.0), strict=True)
    return Revenue(
        scenario="s",
        title="After the first round",
        opening="2042-06-07",
        side="Blue",
        side_name="Blue Federation",
        currency="BLD",
        past=(
            Change(
                "2041-06",
                "2042-05",
                11132.1,
                8478.7,
                Part("rule", -0.2335, -0.27, -0.234, -0.195),
                tuple(part(name, mean) for name, mean in past),
            ),
        ),
        followed=tuple(
            Followed(role, f"econ.{role}", "u", 24, {"A": 4, "D": 20}, "2042-05", ("a ministry",)) for role in ROLE
        ),
        missing="",
        coming=Coming(
            "2042-06-07",
            52,
            256,
            0,
            part("opening", 5600.0),
            part("expected", 5684.0),
            tuple(part(name, mean) for name, mean in comes),
        ),
        seed=1,
        version="9.9",
        evidence_hash="v1:0",
    )


def test_every_part_has_a_name():
    assert set(LABEL) == {*IMPOSED, *oil.FACTORS, REST}


def test_the_text_says_what_is_counted_from_what_and_how_sure(found):
    told = text(found)
    assert max(map(len, told.splitlines())) <= 120
    for words in (
        "Taxes on the oil and gas of Blue Federation, in bn BLD",
        "June 2041 to May 2042, on the same months a year before",
        "11,130 → 8,479, −23.8 %",
        "−23.4 % (−27.0 % to −19.5 %)",
        "52 weeks to come, 7 Jun 2042 to 6 Jun 2043",
        "4 A, 20 D",
        "econ.price",
        "a ministry",
        "256 wars; seed 1; ceasefire 9.9",
    ):
        assert words in told


def test_each_table_ends_with_its_sum(found):
    lines = text(found).splitlines()
    heads, sums = ([k for k, line in enumerate(lines) if re.match(word, line)] for word in ("Part ", "Sum "))
    assert [end - start for start, end in zip(heads, sums, strict=True)] == [6, 7]
    for end, total in zip(sums, ("−2,653", "+84"), strict=True):
        assert lines[end].split()[1] == total


def test_small_amounts_keep_their_digits(found):
    few = tuple(part(name, 0.0134) for name in oil.FACTORS)
    coming = dataclasses.replace(found.coming, opening=part("opening", 8.0), parts=few)
    assert "+0.013" in text(dataclasses.replace(found, coming=coming))


def test_where_there_is_no_past_the_reason_is_told(found):
    told = text(dataclasses.replace(found, past=(), followed=(), missing="nothing is known of econ.price"))
    assert "Nothing is told of the past: nothing is known of econ.price." in told
    assert "52 weeks to come" in told


def test_without_a_currency_it_is_the_local_one(found):
    assert "LCU" in text(dataclasses.replace(found, currency="LCU"))


def test_a_terminal_is_not_given_orders(found):
    told = text(dataclasses.replace(found, title="a\x1b[2Jb\nc", side_name="\x07Blue"))
    assert all(letter.isprintable() or letter == "\n" for letter in told)
    assert len(told.splitlines()) == len(text(found).splitlines())
