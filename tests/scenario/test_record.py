"""Numbers read from the record: arithmetic by hand, nothing later, and none where the series does not say."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceasefire.evidence.control import ControlRecord
from ceasefire.evidence.series import Observation
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario import record
from ceasefire.scenario.record import LEAST_MONTHS
from ceasefire.scenario.spec import Record, ScenarioError, Value

OPENING = dt.date(2042, 6, 7)
MADE, ASKED = "works.made", "works.asked"


def row(name: str, day: dt.date, value: float, unit: str = "count", lag: int = 1) -> Observation:
    published = day + dt.timedelta(days=lag)
    return Observation(name, str(day), str(published), value, unit, "invented", "B")


def weekly(name: str, values: list[float], unit: str = "count", last: dt.date | None = None) -> list[Observation]:
    """One row a week, the last a day before the opening and published on it."""
    end = last or OPENING - dt.timedelta(days=1)
    return [row(name, end - dt.timedelta(weeks=k), v, unit) for k, v in enumerate(reversed(values))]


def known(*rows: list[Observation], on: dt.date = OPENING) -> Vintage:
    """What these rows show on a day; rows of something else stretch the store around it."""
    frame = [row("other.thing", dt.date(2030, 1, 1), 0.0), row("other.thing", dt.date(2060, 1, 1), 0.0)]
    observations = tuple(sorted(observation for part in (frame, *rows) for observation in part))
    return Vintage(Store(observations, ControlRecord.empty(), {}), on)


def entry(**update: object) -> Record:
    plain = {
        "name": "manpower.recruitment[Blue]",
        "unit": "person/week",
        "series": MADE,
        "low": 0.5,
        "high": 3.0,
        "source": "what is made is asked for",
    }
    return Record.model_validate(plain | update)


def points(value: Value | None) -> tuple[float, float, float]:
    assert value is not None
    return value.low, value.mid, value.high


# Arithmetic


def test_one_observation_is_the_latest():
    value = record.read(entry(factor=10.0), "positive", known(weekly(MADE, [7.0, 5.0, 4.0])))
    assert points(value) == (20.0, 40.0, 120.0)


def test_several_are_their_mean_over_the_latest_alone():
    value = record.read(entry(last=2), "positive", known(weekly(MADE, [1000.0, 5.0, 4.0])))
    assert points(value) == (2.25, 4.5, 13.5)


def test_one_series_per_another_is_the_ratio_of_sums_not_the_mean_of_ratios():
    vintage = known(weekly(MADE, [1.0, 30.0]), weekly(ASKED, [10.0, 50.0]))
    assert record.read(entry(last=2, per=ASKED), "positive", vintage).mid == pytest.approx(31 / 60)


def test_only_days_of_both_series_count():
    vintage = known(weekly(MADE, [8.0, 3.0, 5.0]), weekly(ASKED, [4.0, 2.0], last=OPENING - dt.timedelta(days=8)))
    value = record.read(entry(last=2, per=ASKED), "positive", vintage)
    assert value.mid == pytest.approx(11 / 6)
    assert "2042-05-30" in value.source


def test_the_spread_of_a_share_is_in_its_odds():
    vintage = known(weekly(MADE, [30.0, 30.0]), weekly(ASKED, [40.0, 40.0]))
    low, mid, high = points(record.read(entry(last=2, per=ASKED), "share", vintage))
    assert mid == pytest.approx(0.75)
    assert [low / (1 - low), high / (1 - high)] == pytest.approx([0.5 * 3, 3 * 3])


def test_the_spread_of_a_signed_number_is_added():
    value = record.read(entry(low=-2.0, high=0.5), "signed", known(weekly(MADE, [-1.0])))
    assert points(value) == (-3.0, -1.0, -0.5)


def test_without_a_spread_the_number_is_sure():
    for kind, spread in (("positive", 1.0), ("share", 1.0), ("signed", 0.0)):
        value = record.read(entry(low=spread, high=spread), kind, known(weekly(MADE, [0.3])))
        assert value.low == value.mid == value.high == pytest.approx(0.3)


def test_a_number_says_what_it_was_read_from_and_since_when_it_is_known():
    vintage = known(weekly(MADE, [1.0, 2.0]), [row(ASKED, OPENING - dt.timedelta(days=8), 4.0, lag=6)])
    value = record.read(entry(last=2, trust="B"), "positive", vintage)
    assert (value.name, value.unit, value.trust) == ("manpower.recruitment[Blue]", "person/week", "B")
    assert value.known_on == OPENING
    assert value.source == f"{MADE}, mean of 2 from 2042-05-30 to 2042-06-06; what is made is asked for"
    ratio = record.read(entry(per=ASKED, factor=0.5), "positive", vintage)
    assert ratio.known_on == OPENING - dt.timedelta(days=2)
    assert ratio.source == f"{MADE} over {ASKED}, times 0.5, of 2042-05-30; what is made is asked for"


# Edges


@pytest.mark.parametrize("kind", ["positive", "share"])
def test_a_count_of_nothing_is_half_a_one(kind):
    vintage = known(weekly(MADE, [0.0, 0.0, 0.0, 0.0]), weekly(ASKED, [5.0, 0.0, 10.0, 5.0]))
    assert record.read(entry(last=4), kind, vintage).mid == pytest.approx(0.5 / 4)
    assert record.read(entry(last=4, per=ASKED), kind, vintage).mid == pytest.approx(0.5 / 20)


def test_all_that_was_counted_is_all_but_half_a_one():
    vintage = known(weekly(MADE, [5.0, 0.0, 15.0]), weekly(ASKED, [5.0, 0.0, 15.0]))
    assert record.read(entry(last=3, per=ASKED), "share", vintage).mid == pytest.approx(19.5 / 20)


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_none_or_all_of_what_is_not_counted_is_no_share(level):
    assert record.read(entry(last=2), "share", known(weekly(MADE, [level, level], unit="1"))) is None


def test_nothing_per_nothing_is_no_number():
    vintage = known(weekly(MADE, [0.0, 0.0]), weekly(ASKED, [0.0, 0.0]))
    for kind in ("positive", "share", "signed"):
        assert record.read(entry(last=2, per=ASKED), kind, vintage) is None
    assert points(record.read(entry(last=2, low=-1.0, high=1.0), "signed", vintage)) == (-1.0, 0.0, 1.0)


def test_at_least_half_of_the_observations_are_needed():
    vintage = known(weekly(MADE, [4.0, 5.0, 6.0]))
    assert record.read(entry(last=6), "positive", vintage).mid == pytest.approx(5.0)
    assert record.read(entry(last=7), "positive", vintage) is None


def test_what_is_long_past_does_not_count():
    vintage = known(weekly(MADE, [4.0, 5.0, 6.0]))
    assert record.read(entry(last=3, within=8), "positive", vintage).mid == pytest.approx(5.5)
    assert record.read(entry(last=3, within=7), "positive", vintage) is None
    later = known(weekly(MADE, [4.0]), on=OPENING + dt.timedelta(days=366))
    assert record.read(entry(), "positive", later) is None


def test_a_series_that_is_not_known_says_nothing():
    vintage = known(weekly(MADE, [4.0]))
    assert record.read(entry(series="works.invented"), "positive", vintage) is None
    assert record.read(entry(per="works.invented"), "positive", vintage) is None
    assert record.read(entry(), "positive", known(weekly(MADE, [4.0]), on=OPENING - dt.timedelta(days=1))) is None


def test_of_one_event_the_last_word_counts():
    day = OPENING - dt.timedelta(days=9)
    rows = [row(MADE, day, 4.0, lag=1), row(MADE, day, 6.0, lag=5), row(MADE, day, 9.0, lag=10)]
    assert record.read(entry(), "positive", known(rows)).mid == 6.0
    assert record.read(entry(), "positive", known(rows, on=OPENING + dt.timedelta(days=1))).mid == 9.0


# Nothing later


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    later=st.lists(
        st.tuples(st.integers(-80, 80), st.integers(1, 40), st.floats(-1e9, 1e9, width=32)), min_size=1, max_size=8
    ),
    per=st.sampled_from(["", ASKED]),
    kind=st.sampled_from(["positive", "share"]),
)
def test_what_happens_or_is_published_later_changes_nothing(later, per, kind):
    rows = weekly(MADE, [1.0, 3.0, 2.0, 4.0]), weekly(ASKED, [9.0, 8.0, 7.0, 9.0])
    asked = entry(last=4, per=per, factor=0.1)
    after = [
        row(name, OPENING + dt.timedelta(days=day), value, lag=max(lag, 1 - day))
        for name in (MADE, ASKED)
        for day, lag, value in later
    ]
    assert record.read(asked, kind, known(*rows)) == record.read(asked, kind, known(*rows, after))


# What does not fit


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        ("positive", 0.0, 2.0),
        ("positive", -1.0, 2.0),
        ("positive", 1.1, 2.0),
        ("positive", 0.5, 0.9),
        ("share", 0.0, 2.0),
        ("share", 2.0, 0.5),
        ("signed", 0.5, 2.0),
        ("signed", -1.0, -0.5),
    ],
)
def test_a_spread_that_does_not_hold_the_middle_is_refused(kind, low, high):
    with pytest.raises(ScenarioError, match=r"manpower\.recruitment\[Blue\].*low = .*high = ") as error:
        record.check(entry(low=low, high=high), kind)
    assert "\n" not in str(error.value)


def test_a_spread_may_be_one_sided():
    record.check(entry(low=1.0, high=1.0), "positive")
    record.check(entry(low=0.2, high=1.0), "share")
    record.check(entry(low=0.0, high=3.0), "signed")


@pytest.mark.parametrize(
    ("kind", "value", "found"), [("share", 80.0, "80"), ("share", -0.1, "-0.1"), ("positive", -3.0, "-3")]
)
def test_a_series_that_cannot_be_the_parameter_is_told_with_what_would_do(kind, value, found):
    with pytest.raises(ScenarioError) as error:
        record.read(entry(), kind, known(weekly(MADE, [value], unit="%")))
    for culprit in ("manpower.recruitment[Blue]", MADE, found, str(OPENING), "factor"):
        assert culprit in str(error.value)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    made=st.lists(st.floats(-1e300, 1e300) | st.integers(0, 3).map(float), min_size=1, max_size=4),
    asked=st.lists(st.floats(-1e300, 1e300) | st.integers(0, 3).map(float), min_size=1, max_size=4),
    per=st.sampled_from(["", ASKED]),
    kind=st.sampled_from(["positive", "share", "signed"]),
    factor=st.floats(0, 1e300, exclude_min=True),
    spread=st.tuples(st.floats(-1e300, 1), st.floats(0, 1e300)),
    unit=st.sampled_from(["count", "%"]),
)
def test_any_record_gives_a_number_that_fits_none_or_an_error_of_ours(made, asked, per, kind, factor, spread, unit):
    asking = entry(per=per, factor=factor, low=spread[0], high=spread[1], last=3)
    try:
        record.check(asking, kind)
        value, refusal = record.read(asking, kind, known(weekly(MADE, made, unit), weekly(ASKED, asked))), ""
    except ScenarioError as error:
        value, refusal = None, str(error)
    assert "\n" not in refusal
    if value is not None:
        assert value.low <= value.mid <= value.high
        assert kind == "signed" or value.low >= 0
        assert kind != "share" or value.high <= 1
        assert math.isfinite(value.low + value.mid / 2 + value.high / 2 - value.low)


# The season of a tax


def monthly(taxes: list[float], name: str = "taxes.oil", *, last: str = "2042-05", lag: int = 1) -> list[Observation]:
    """One row a month, dated its last day."""
    months = np.datetime64(last, "M") - np.arange(len(taxes))
    ends = ((months + 1).astype("datetime64[D]") - 1).astype(object)
    return [row(name, day, tax, "bln", lag) for day, tax in zip(ends, reversed(taxes), strict=True)]


def days_of(months: np.ndarray) -> np.ndarray:
    return ((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(int)


SEASON = np.array([1.0, 0.5, 2.0, 1.5, 0.8, 0.7, 1.1, 0.9, 0.6, 1.4, 0.75, 0.75])
"""January to December."""


def seasonal(months: int, last: str = "2042-05", growth: float = 0.0) -> list[float]:
    month = np.datetime64(last, "M").astype(int) - np.arange(months)[::-1]
    return list(100 * np.exp(growth * np.arange(months)) * SEASON[month % 12])


def week_of(day: dt.date) -> int:
    return ((day - OPENING).days - 1) // 7


@pytest.mark.parametrize("months", [24, 36, 48, 120])
def test_collection_follows_a_season_and_its_mean_is_one(months):
    flow = record.collection(known(monthly(seasonal(months))), "taxes.oil")
    assert flow.shape == (52,)
    assert flow.mean() == pytest.approx(1, abs=1e-14)
    march, october = flow[week_of(dt.date(2043, 3, 14))], flow[week_of(dt.date(2042, 10, 15))]
    assert march / october == pytest.approx(2.0 / 1.4)
    february, september = flow[week_of(dt.date(2043, 2, 14))], flow[week_of(dt.date(2042, 9, 15))]
    assert february / september == pytest.approx((0.5 / 28) / (0.6 / 30))


def test_a_week_of_two_months_has_days_of_both():
    flow = record.collection(known(monthly(seasonal(48))), "taxes.oil")
    july = flow[week_of(dt.date(2042, 7, 15))] / 7
    june = flow[week_of(dt.date(2042, 6, 15))] / 7
    end = OPENING + dt.timedelta(weeks=4)
    assert end == dt.date(2042, 7, 5)
    assert flow[3] == pytest.approx(2 * june + 5 * july)


def test_a_month_collects_its_share_whatever_its_length():
    """A flow that is even from day to day, and so larger in longer months, has no season."""
    months = np.datetime64("2042-05") - np.arange(48)[::-1]
    flow = record.collection(known(monthly(list(3.0 * days_of(months)))), "taxes.oil")
    assert flow == pytest.approx(np.ones(52), abs=0.02)


def test_growth_is_no_season():
    steady = record.collection(known(monthly(seasonal(48))), "taxes.oil")
    growing = record.collection(known(monthly(seasonal(48, growth=0.01))), "taxes.oil")
    assert growing == pytest.approx(steady, rel=0.03)


def test_only_the_last_three_whole_years_of_months_teach():
    taxes = seasonal(120)
    wild = [1e6 * (1 + k % 7) for k in range(60)] + taxes[60:]
    assert record.collection(known(monthly(wild)), "taxes.oil") == pytest.approx(
        record.collection(known(monthly(taxes)), "taxes.oil")
    )


def test_no_series_a_short_one_one_with_a_gap_and_one_that_fell_to_nothing_are_even():
    taxes = monthly(seasonal(60))
    for name, rows in {
        "": taxes,
        "taxes.invented": taxes,
        "taxes.oil": taxes[: LEAST_MONTHS - 1],
        "taxes.gap": [r for r in monthly(seasonal(60), "taxes.gap") if r.date != "2041-06-30"],
        "taxes.none": monthly([*seasonal(59), 0.0], "taxes.none"),
    }.items():
        assert (record.collection(known(rows), name) == 1).all(), name
    assert not (record.collection(known(taxes[:LEAST_MONTHS]), "taxes.oil") == 1).any()


def test_a_gap_long_ago_leaves_the_months_since():
    rows = [r for r in monthly(seasonal(60)) if r.date != "2039-06-30"]
    assert record.collection(known(rows), "taxes.oil") == pytest.approx(
        record.collection(known(monthly(seasonal(35))), "taxes.oil")
    )


def test_a_series_that_is_not_monthly_is_refused():
    with pytest.raises(ScenarioError, match=r"works\.made is no monthly series"):
        record.collection(known(weekly(MADE, [1.0] * 200)), MADE)


def test_a_season_knows_nothing_later():
    rows = monthly(seasonal(40))
    later = [*monthly([1e9] * 3, last="2042-08"), row("taxes.oil", dt.date(2042, 4, 30), 1e9, "bln", lag=60)]
    before, after = (record.collection(known(*part), "taxes.oil") for part in ((rows,), (rows, later)))
    assert (before == after).all()


@settings(max_examples=50, deadline=None, derandomize=True)
@given(taxes=st.lists(st.floats(1e-6, 1e9), min_size=1, max_size=60), opening=st.integers(0, 400))
def test_collection_is_never_negative_and_its_mean_is_one_on_any_day(taxes, opening):
    flow = record.collection(known(monthly(taxes), on=OPENING + dt.timedelta(days=opening)), "taxes.oil")
    assert (flow >= 0).all()
    assert flow.mean() == pytest.approx(1, abs=1e-12)
