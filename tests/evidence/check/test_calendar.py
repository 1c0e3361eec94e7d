"""Dates, weekdays, offices, durations, and sums within a text."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ceasefire.evidence.check import arithmetic, calendar
from ceasefire.evidence.check import event as event_check
from ceasefire.evidence.check.almanac import OPEN, events, offices
from ceasefire.evidence.check.record import Record
from ceasefire.evidence.claim import VERDICTS, Claim, Verdict


@pytest.fixture(scope="module")
def record():
    return Record.open()


def claim(span, quantity="event_date", **fields):
    given = {"id": "c", "doc": "d", "subject": "", "published": "2025-08-28"} | fields
    return Claim(span=span, quantity=quantity, **given)


def verdict(record, *args, **fields):
    found = calendar.examine(claim(*args, **fields), record)
    return None if found is None else found.verdict


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(day=st.dates(dt.date(2022, 2, 24), dt.date(2026, 1, 31)), shift=st.integers(1, 6))
def test_a_weekday_must_fit_its_date(record, day, shift):
    right, wrong = day.strftime("%A"), (day + dt.timedelta(shift)).strftime("%A")
    span = f"On {{}}, {day.day} {day.strftime('%B')} {day.year}, shells fell on the town"
    assert verdict(record, span.format(wrong), as_of=day.isoformat()) == "contradicted"
    assert verdict(record, span.format(right), as_of=day.isoformat()) is None


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("2025-08-15", "confirmed"),
        ("2025-08", "confirmed"),
        ("2025-08-16", "imprecise"),
        ("2025-07", "contradicted"),
        ("2025-08-25", "contradicted"),
    ],
)
def test_the_day_of_a_summit(record, as_of, expected):
    span = "Trump and Putin met in Anchorage, Alaska"
    assert verdict(record, span, unit="date", as_of=as_of, places=("Alaska",)) == expected


def test_a_later_day_is_marked(record):
    found = calendar.examine(
        claim("Putin meets Trump in Alaska this Friday", as_of="2025-08-15", published="2025-08-12"), record
    )
    assert found.verdict == "confirmed"
    assert [finding.later for finding in found.record] == [True]


def test_what_recurs_cannot_contradict(record):
    calls = [str(event.date) for event in events() if event.kind == "call" and {"Trump", "Putin"} <= set(event.who)]
    assert verdict(record, "Trump and Putin spoke by telephone", as_of=calls[1]) in ("confirmed", None)
    assert verdict(record, "Trump and Putin spoke by telephone", as_of="2025-06-14") is None


@pytest.mark.parametrize(
    ("span", "as_of", "expected"),
    [
        ("since Trump took office last February", "2025-02", "contradicted"),
        ("since Trump took office in January", "2025-01", "confirmed"),
        ("Merz became chancellor in May", "2025-05", "confirmed"),
        ("Merz became chancellor in October", "2025-10", "contradicted"),
        ("Zelensky took office in 2019", "2019", "confirmed"),
        ("somebody else took office in 2019", "2019", None),
    ],
)
def test_terms_of_office_begin_on_a_day(record, span, as_of, expected):
    assert verdict(record, span, "took_office_date", unit="date", as_of=as_of) == expected


@pytest.mark.parametrize(
    ("span", "published", "expected"),
    [
        ("Dmitry Medvedev, chairman of the Security Council", "2025-08-12", "contradicted"),
        ("Dmitry Medvedev, deputy chairman of the Security Council", "2025-08-12", "confirmed"),
        ("Sergei Shoigu, the defence minister", "2023-08-12", "confirmed"),
        ("Sergei Shoigu, the defence minister", "2025-08-12", "contradicted"),
        ("the former defence minister Sergei Shoigu", "2025-08-12", "confirmed"),
        ("NATO chief Mark Rutte", "2025-08-12", "confirmed"),
        ("NATO chief Jens Stoltenberg", "2025-08-12", "contradicted"),
        ("Ukraine's commander-in-chief Valery Zaluzhny", "2023-08-12", "confirmed"),
        ("Ukraine's commander-in-chief Valery Zaluzhny", "2025-08-12", "contradicted"),
        ("the baker John Smith", "2025-08-12", None),
    ],
)
def test_roles_are_compared_by_rank_body_and_day(record, span, published, expected):
    assert verdict(record, span, "role", published=published) == expected


def test_only_claims_about_a_role_are_judged_by_it(record):
    assert verdict(record, "President Shoigu said the army advanced", "advance_trend") is None


@pytest.mark.parametrize(
    ("years", "qualifier", "expected"),
    [
        (3.5, "exact", "confirmed"),
        (3, "at_least", "confirmed"),
        (2, "exact", "contradicted"),
        (4, "exact", "imprecise"),
    ],
)
def test_how_long_the_war_has_lasted(record, years, qualifier, expected):
    span = f"after {years} years of war"
    said = {"value": years, "unit": "year", "qualifier": qualifier}
    assert verdict(record, span, "duration", **said) == expected
    assert verdict(record, f"a {years}-year siege", "duration", **said) is None


def test_the_almanac_is_in_order():
    dates = [event.date for event in events()]
    assert dates == sorted(dates)
    assert len(dates) >= 200
    assert dates[-1] <= OPEN
    for event in events():
        assert event.kind in event_check.KINDS, event.kind
        assert str(event.date) <= event.published <= "2026-01-31"
        assert event.source
        assert event.trust in "BC"
    for office in offices():
        assert office.start <= OPEN
        assert office.until is None or office.start < office.until <= OPEN
        assert office.trust in "BC"
        assert office.rank in {rank for rank, _ in calendar._RANKS} | {
            "leader",
            "speaker",
            "crown prince",
            "senator",
        } | {
            "commissioner",
            "digital minister",
        }


@pytest.mark.parametrize(
    ("rank", "body"),
    [
        ("president", "United States"),
        ("president", "Ukraine"),
        ("secretary general", "NATO"),
        ("chancellor", "Germany"),
    ],
)
def test_one_person_at_a_time(rank, body):
    held = [office for office in offices() if (office.rank, office.body) == (rank, body)]
    assert held
    for day in np.arange("2022-02-24", "2026-01-31", 13, dtype="datetime64[D]"):
        people = {office.person for office in held if office.held_on(day)}
        assert len(people) <= 2
        if all(day not in (office.start, office.until) for office in held):
            assert len(people) == 1


# Arithmetic within the text


def own(span, value, unit="count", **fields):
    said = claim(span, "figure", value=value, unit=unit, **fields)
    found = arithmetic.arithmetic([said])
    return found[0].verdict if found else None


@settings(max_examples=60, deadline=None)
@given(first=st.integers(10, 9000), last=st.integers(10, 9000))
def test_a_change_must_fit_its_ends(first, last):
    true = abs(100 * (last / first - 1))
    span = "output went from {} to {} units, a change of {:.1f} percent"
    assert own(span.format(first, last, true), round(true, 1), "percent") is None
    wrong = round(1.6 * true + 20, 1)
    assert own(span.format(first, last, wrong), wrong, "percent") == "contradicted"


@settings(max_examples=60, deadline=None)
@given(whole=st.integers(50, 5000), share=st.floats(0.1, 0.9))
def test_a_share_must_fit_its_parts(whole, share):
    part = round(share * whole)
    true = 100 * part / whole
    span = "shot down {} of the {} drones, or {:.0f} percent"
    assert own(span.format(part, whole, true), round(true), "percent") is None
    wrong = round(true / 2)
    assert own(span.format(part, whole, wrong), wrong, "percent") == "contradicted"


@settings(max_examples=60, deadline=None)
@given(parts=st.tuples(st.integers(10, 900), st.integers(10, 900)))
def test_a_total_must_fit_its_summands(parts):
    span = "{} drones and {} missiles, a total of {} weapons"
    assert own(span.format(*parts, sum(parts)), sum(parts)) is None
    assert own(span.format(*parts, 2 * sum(parts)), 2 * sum(parts)) == "contradicted"
    assert own(span.format(*parts, round(1.15 * sum(parts))), round(1.15 * sum(parts))) in ("imprecise", None)


def test_a_rate_times_its_days():
    span = "{} shells a day for 30 days, {} in total"
    assert own(span.format(1000, "30,000"), 30000) is None
    assert own(span.format(1000, "90,000"), 90000) == "contradicted"


def test_a_total_against_the_other_figures_of_its_sentence():
    sentence = "Drones: 300. Missiles: 100. Combined: 900."
    parts = [
        claim("Drones: 300", "figure", id="a", value=300.0, unit="count", sentence=sentence),
        claim("Missiles: 100", "figure", id="b", value=100.0, unit="count", sentence=sentence),
    ]
    total = claim("Combined: 900", "figure", id="t", value=900.0, unit="count", sentence=sentence)
    assert [found.claim for found in arithmetic.arithmetic([*parts, total])] == ["t"]
    right = claim("Combined: 400", "figure", id="t", value=400.0, unit="count", sentence=sentence.replace("900", "400"))
    assert arithmetic.arithmetic([*parts, right]) == []


def test_a_sum_that_adds_up_makes_nothing_true():
    assert own("300 tanks and 500 guns, a total of 800 pieces", 800) is None


WORDS = (
    "Trump Putin took office met in Alaska on Friday 15 August 2025 chairman Medvedev three years of war from 100 to "
    "150 percent a total of 900 300 and 1,000 a day for 30 days"
)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    span=st.lists(
        st.sampled_from(WORDS.split()),
        min_size=1,
        max_size=20,
    ).map(" ".join)
    | st.text(max_size=80),
    quantity=st.sampled_from(("role", "event_date", "took_office_date", "figure")),
    value=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    unit=st.sampled_from((None, "date", "percent", "count", "year", "day")),
    as_of=st.sampled_from(
        ("undated", "2025", "2025-08", "2025-08-15", "0001", "9999-12-31", "2025-02-28", "1000/9999")
    ),
    published=st.none() | st.sampled_from(("2025-08-12", "1999-01-01", "2030-01-01")),
)
def test_any_claim_gets_a_verdict_or_none(record, span, quantity, value, unit, as_of, published):
    said = claim(span, quantity, value=value, unit=unit, as_of=as_of, published=published, sentence=span)
    found = calendar.examine(said, record)
    assert found is None or (isinstance(found, Verdict) and found.verdict in VERDICTS)
