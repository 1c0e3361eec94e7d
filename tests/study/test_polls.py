"""Held-out polls: only the first half is learned, bands are honest on the record, and scores are what they say."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from ceasefire.evidence.control import ControlRecord
from ceasefire.evidence.series import Observation
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario.polling import Belief, Reading
from ceasefire.study import polls
from ceasefire.view import polls as view

START = dt.date(2040, 1, 6)
STEM = "poll.blue.house.end"


def rows(option: str, shares: list[float], unit: str = "percent", stem: str = STEM) -> list[Observation]:
    days = [START + dt.timedelta(weeks=9 * k) for k in range(len(shares))]
    return [
        Observation(f"{stem}.{option}", str(day), str(day + dt.timedelta(days=5)), share, unit, "invented", "B")
        for day, share in zip(days, shares, strict=True)
    ]


def known(*parts: list[Observation]) -> Vintage:
    rest = [
        Observation("other.thing", str(dt.date(y, 1, 1)), str(dt.date(y, 1, 1)), 0.0, "", "x", "B")
        for y in (2030, 2060)
    ]
    return Vintage(
        Store(tuple(sorted([*rest, *(row for part in parts for row in part)])), ControlRecord.empty(), {}),
        dt.date(2045, 1, 1),
    )


@pytest.fixture(scope="module")
def packaged() -> tuple[polls.Check, ...]:
    return polls.check()


# The record


def test_bands_hold_four_of_five_later_polls_of_the_record(packaged):
    held = polls.every(packaged)
    assert len(held) >= 20
    assert 0.70 <= polls.coverage(held) <= 0.90


def test_the_record_has_the_long_series_of_both_countries(packaged):
    stems = {found.question.series.rpartition(".")[0] for found in packaged}
    assert stems >= {
        "poll.ua.kiis.territorial_concessions",
        "poll.ua.kiis.endure_war",
        "poll.ua.gallup.end_of_war",
        "poll.ru.levada.now_should",
    }
    assert all(len(found.held) - len(found.learned) in (0, 1) for found in packaged)


def test_forecasts_of_the_record_beat_persistence_on_the_whole(packaged):
    held = polls.every(packaged)
    assert np.mean([row.score for row in held]) < np.mean([row.still for row in held])


# What enters


def test_later_polls_enter_with_their_days_alone():
    early, late = [60.0, 55.0, 58.0, 50.0], [40.0, 45.0, 30.0, 35.0, 20.0]
    one, other = (polls.check(known(rows("a", early + tail)))[0] for tail in (late, [99.0] * 5))
    assert len(one.learned) == 4
    for ours, theirs in zip(one.held, other.held, strict=True):
        assert (ours.low, ours.mid, ours.high) == (theirs.low, theirs.mid, theirs.high)
        assert ours.share != theirs.share


def test_bands_do_not_depend_on_how_many_people_are_asked_later():
    shares, sizes = rows("a", [60.0, 55.0, 58.0, 50.0]), [1000.0, 1000.0, 500.0, 9000.0]
    one, other = (polls.check(known(shares, rows("sample_size", n, "person")))[0].held for n in (sizes, [1000.0] * 4))
    assert [(r.low, r.high) for r in one] == [(r.low, r.high) for r in other]


def test_few_polls_are_no_series():
    assert polls.check(known(rows("a", [50.0, 51.0, 52.0]))) == ()
    assert np.isnan(polls.coverage(()))


def test_a_question_is_its_option_published_most_often_and_the_first_of_several():
    parts = [rows("dont_know", [5.0] * 9), rows("sample_size", [900.0] * 9, "person")]
    (question,) = polls.questions(known(rows("b", [50.0] * 5), rows("a", [40.0] * 5), *parts))
    assert question == polls.Question(f"{STEM}.a", f"{STEM}.b", f"{STEM}.sample_size")
    (question,) = polls.questions(known(rows("b", [50.0] * 5), rows("a", [40.0] * 4), *parts))
    assert (question.series, question.against) == (f"{STEM}.b", "")


def test_what_is_asked_elsewhere_changes_nothing():
    told = rows("a", [60.0, 55.0, 58.0, 50.0])
    elsewhere = rows("a", [10.0, 20.0, 90.0, 80.0, 5.0], stem="poll.amber.house.end")
    assert polls.check(known(told))[0] in polls.check(known(told, elsewhere))


# Arithmetic


def test_quantiles_of_one_normal_and_of_two():
    one = np.ones(1), np.array([0.3]), np.array([0.5])
    np.testing.assert_allclose(polls.quantiles(one, polls.POINTS), norm.ppf(polls.POINTS, 0.3, 0.5), atol=1e-3)
    two = np.array([0.5, 0.5]), np.array([-2.0, 2.0]), np.array([0.5, 0.5])
    low, mid, high = polls.quantiles(two, polls.POINTS)
    assert mid == pytest.approx(0, abs=0.02)
    assert (low, high) == (pytest.approx(-high), pytest.approx(norm.ppf(0.8, 2.0, 0.5), abs=1e-2))


def readings(shares: list[float]) -> tuple[Reading, ...]:
    day = np.datetime64(START, "D")
    return tuple(Reading(day + np.timedelta64(60 * k, "D"), share, 1000.0) for k, share in enumerate(shares))


def test_bands_widen_with_time_and_with_larger_moves():
    told = readings([0.5, 0.52, 0.48, 0.5, 0.51])
    near, *_, far = polls.held(told[:2], told[2:])
    assert far.high - far.low > near.high - near.low
    wide = polls.held(told[:2], told[2:], replace(Belief(), move=2.0))
    assert wide[0].high - wide[0].low > near.high - near.low


def test_the_other_answer_has_the_mirrored_band():
    told = readings([0.7, 0.6, 0.65, 0.5])
    other = tuple(replace(one, share=1 - one.share) for one in told)
    for one, turned in zip(polls.held(told[:2], told[2:]), polls.held(other[:2], other[2:]), strict=True):
        assert (one.low, one.mid, one.score) == pytest.approx((1 - turned.high, 1 - turned.mid, turned.score), abs=2e-3)


def test_persistence_scores_well_where_nothing_moves():
    told = readings([0.4, 0.4, 0.4, 0.4])
    assert all(row.still < row.score for row in polls.held(told[:2], told[2:]))
    assert all(row.hit for row in polls.held(told[:2], told[2:]))


def test_every_poll_after_the_second_is_a_next_one():
    assert polls.following(known(rows("a", [50.0] * 7))) == (5, 5)


# The page


def test_the_page_tells_every_poll_held_out(packaged):
    page = view.page(packaged, {"as shipped": (1, 2, 3, 4)})
    for found in packaged:
        assert view.title(found.question) in page
        for row in found.held:
            assert f"| {row.day} | {100 * row.share:.0f} |" in page
    assert page.count("**out**") == sum(not row.hit for row in polls.every(packaged))
    assert "| as shipped | 1 of 2 | 3 of 4 |" in page


def test_the_page_that_is_kept_is_of_the_record_that_is_shipped(packaged):
    kept = (Path(__file__).parents[2] / view.PAGE).read_text(encoding="utf-8")
    told = [line for line in view.page(packaged, {}).splitlines() if line.startswith("| ")]
    assert set(told) <= set(kept.splitlines())


def test_the_figure_has_a_mark_for_every_poll(packaged):
    drawn = view.figure(packaged)
    count = sum(len(found.learned) + len(found.held) for found in packaged)
    assert drawn.count("<circle") == count + 3
    assert "nan" not in drawn
