"""Dates in text fall on the days that a reader takes them for."""

from __future__ import annotations

import time
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceasefire.evidence.article import dating
from ceasefire.evidence.claim import AS_OF

TUESDAY = "2025-08-12"


@pytest.mark.parametrize(
    ("phrase", "as_of"),
    [
        ("August 12, 2025", "2025-08-12"),
        ("12 August 2025", "2025-08-12"),
        ("the 12th of August, 2025", "2025-08-12"),
        ("Aug. 12, 2025", "2025-08-12"),
        ("2025-08-12", "2025-08-12"),
        ("12.08.2025", "2025-08-12"),
        ("8/15/2025", "2025-08-15"),
        ("Aug. 12-14, 2025", "2025-08-12/2025-08-14"),
        ("July 28 to August 3, 2025", "2025-07-28/2025-08-03"),
        ("between 1 and 14 July 2025", "2025-07-01/2025-07-14"),
        ("August 2025", "2025-08"),
        ("from March to July 2025", "2025-03/2025-07"),
        ("August 2024 to April 2025", "2024-08/2025-04"),
        ("in 2014", "2014"),
        ("2014-2022", "2014/2022"),
        ("2022–23", "2022/2023"),
        ("between 2014 and 2022", "2014/2022"),
        ("the 1990s", "1990/1999"),
        ("the summer of 2023", "2023-06/2023-08"),
        ("the winter of 2023-24", "2023-12/2024-02"),
        ("the second quarter of 2024", "2024-04/2024-06"),
        ("Q1 2025", "2025-01/2025-03"),
        ("the first half of 2025", "2025-01/2025-06"),
        ("in the first seven months of 2025", "2025-01/2025-07"),
        ("mid-January 2025", "2025-01-11/2025-01-20"),
        ("the end of February 2024", "2024-02-21/2024-02-29"),
        ("by the end of 2025", "2025-12-31"),
        ("early 2024", "2024-01/2024-04"),
        ("the week of August 4, 2025", "2025-08-04/2025-08-10"),
    ],
)
def test_full_dates_need_no_publication(phrase: str, as_of: str) -> None:
    assert dating.resolve(phrase) == as_of


@pytest.mark.parametrize(
    ("phrase", "as_of"),
    [
        ("yesterday", "2025-08-11"),
        ("today", "2025-08-12"),
        ("overnight", "2025-08-11/2025-08-12"),
        ("last week", "2025-08-04/2025-08-10"),
        ("this week", "2025-08-11/2025-08-17"),
        ("On Friday Russia struck", "2025-08-08"),
        ("They will meet on Friday", "2025-08-15"),
        ("On Monday, they will decide", "2025-08-18"),
        ("He said on Friday that he would go", "2025-08-08"),
        ("on Tuesday", "2025-08-12"),
        ("this Friday", "2025-08-15"),
        ("last Friday", "2025-08-08"),
        ("next Friday", "2025-08-22"),
        ("Wednesday of last week", "2025-08-06"),
        ("last February", "2025-02"),
        ("last August", "2024-08"),
        ("in November", "2024-11"),
        ("by December", "2025-12"),
        ("the strike on November 5", "2024-11-05"),
        ("August 15", "2025-08-15"),
        ("last month", "2025-07"),
        ("last year", "2024"),
        ("earlier this year", "2025"),
        ("last winter", "2024-12/2025-02"),
        ("six months ago", "2025-02"),
        ("three days ago", "2025-08-09"),
        ("three weeks ago", "2025-07-19/2025-07-25"),
        ("two years ago", "2023"),
        ("over the past four weeks", "2025-07-15/2025-08-12"),
        ("over the past day", "2025-08-11/2025-08-12"),
        ("overnight on August 6", "2025-08-06"),
        ("in the last 24 hours", "2025-08-11/2025-08-12"),
        ("since the start of the year", "2025-01-01/2025-08-12"),
        ("since February 2022", "2022-02/2025-08-12"),
        ("since the start of the full-scale invasion", "2022-02-24/2025-08-12"),
        ("from August 2024 until last April", "2024-08/2025-04"),
        ("by the end of the year", "2025-12-31"),
    ],
)
def test_relative_dates_count_from_publication(phrase: str, as_of: str) -> None:
    assert dating.resolve(phrase, TUESDAY) == as_of


@pytest.mark.parametrize("phrase", ["last week", "on Friday", "six months ago", "yesterday", "August 12", "in March"])
def test_relative_dates_stay_open_without_publication(phrase: str) -> None:
    assert dating.resolve(phrase) is None


@pytest.mark.parametrize(
    "phrase",
    [
        "8/12/2025",
        "February 30",
        "You may go",
        "a march on Kyiv",
        "2,014 soldiers",
        "$2024",
        "2025 percent",
        "13.13.2025",
        "",
    ],
)
def test_what_is_no_date_is_left_alone(phrase: str) -> None:
    assert dating.resolve(phrase, TUESDAY) is None


def test_a_weekday_that_does_not_fit_its_date_is_told() -> None:
    right, wrong = dating.find("Friday, August 15, 2025, not Friday, August 16, 2025")
    assert (right.as_of, right.weekday_error) == ("2025-08-15", False)
    assert (wrong.as_of, wrong.weekday_error) == ("2025-08-16", True)


def test_the_last_new_year_is_found_across_the_turn_of_the_year() -> None:
    assert dating.resolve("on December 20", "2026-01-05") == "2025-12-20"
    assert dating.resolve("on January 5", "2025-12-20") == "2026-01-05"
    assert dating.resolve("last month", "2026-01-05") == "2025-12"
    assert dating.resolve("last winter", "2026-01-05") == "2024-12/2025-02"
    assert dating.resolve("six months ago", "2025-08-31") == "2025-02"


@settings(max_examples=100, deadline=None)
@given(st.dates(date(1950, 1, 1), date(2090, 1, 1)))
def test_any_day_is_read_back_in_every_style(day: date) -> None:
    month = day.strftime("%B")
    for text in (
        day.isoformat(),
        f"{month} {day.day}, {day.year}",
        f"{day.day} {month} {day.year}",
        f"{day:%A}, {month} {day.day}, {day.year}",
    ):
        (found,) = dating.find(f"It began on {text}.")
        assert (found.as_of, found.precision, found.weekday_error) == (day.isoformat(), "day", False)


@settings(max_examples=100, deadline=None)
@given(
    st.dates(date(2014, 1, 1), date(2030, 1, 1)),
    st.sampled_from(["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]),
)
def test_a_bare_weekday_is_the_last_one(published: date, weekday: str) -> None:
    found = date.fromisoformat(dating.resolve(f"They struck on {weekday}.", published.isoformat()) or "")
    assert found.strftime("%A") == weekday
    assert timedelta(0) <= published - found < timedelta(7)


PIECES = [
    "12", "31", "2025", "1999", "August", "May", "Feb.", "Friday", "Mon", "last", "next", "this", "week", "month",
    "year", "years", "ago", "the", "of", "end", "mid", "early", "-", "–", "to", "and", "from", "between", "since",
    "in", "by", ",", ".", "/", "quarter", "first", "seven", "months", "summer", "winter", "Q3", "half", "a", "9999",
    "0", "yesterday", "past", "recent", "weeks", "will", "said", "1990s", "2025-08-12", "2024-13", "\n", "th", "1200",
    "decades", "hours", "from now",
]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join)
    | st.lists(st.sampled_from(PIECES), max_size=25).map("".join)
    | st.text(),
    st.none() | st.sampled_from(["0001-01-01", "9999-12-31", "nonsense", "2025-02-30"]) | st.dates().map(str),
)
def test_any_text_gives_sound_dates(text: str, published: str | None) -> None:
    end = 0
    for item in dating.find(text, published):
        assert end <= item.start < item.end <= len(text)
        end = item.end
        assert AS_OF.fullmatch(item.as_of)
        assert item.as_of != "undated"
        for part in item.as_of.split("/"):
            date.fromisoformat((part + "-01-01")[:10])
        first, _, last = item.as_of.partition("/")
        assert not last or first[: len(last)] <= last[: len(first)]
        assert item.precision in ("day", "week", "month", "quarter", "season", "year", "interval")


def test_a_part_of_a_text_is_read_with_the_offsets_of_the_whole() -> None:
    text = "In May 2024. In June 2024. In July 2024."
    (found,) = dating.find(text, None, 13, 26)
    assert text[found.start : found.end] == "June 2024"


@pytest.mark.parametrize(
    "text", ["1" * 100_000, " " * 100_000, "from January " * 2_000, "2024-" * 8_000, "last " * 8_000, "the " * 8_000]
)
def test_hostile_text_takes_no_time(text: str) -> None:
    began = time.process_time()
    dating.find(text, TUESDAY)
    assert time.process_time() - began < 2.5


@pytest.mark.parametrize(
    ("text", "as_of"),
    [
        ("Over the four weeks to 13 September it grew.", "2025-08-17/2025-09-13"),
        ("In the week to Saturday they fired 300.", "2025-09-07/2025-09-13"),
        ("It rained over the weekend.", "2025-09-13/2025-09-14"),
        ("They want it over by Christmas.", "2025-12-25"),
        ("Nobody expects an offensive this winter.", "2025-12/2026-02"),
        ("It broke down last winter.", "2024-12/2025-02"),
    ],
)
def test_periods_that_end_on_a_day_feasts_and_seasons(text: str, as_of: str) -> None:
    assert [item.as_of for item in dating.find(text, "2025-09-17")] == [as_of]
