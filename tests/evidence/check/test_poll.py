"""Shares against polls: made-up claims against values read from the packaged table by another route."""

import csv
import gzip
from collections import defaultdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ceasefire.evidence.check import poll
from ceasefire.evidence.check.record import Record
from ceasefire.evidence.claim import VERDICTS, Claim, Verdict
from ceasefire.evidence.store import PACKAGED, SERIES


@pytest.fixture(scope="module")
def record():
    return Record.open()


@pytest.fixture(scope="module")
def table():
    """Values by series and date, straight from the packed file."""
    found = defaultdict(dict)
    with gzip.open(PACKAGED / SERIES, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["name"].startswith("poll."):
                found[row["name"]][row["date"]] = float(row["value"])
    return found


def claim(span, value, published="2025-08-12", **fields):
    given = {"id": "c", "doc": "d", "subject": "", "quantity": "opinion_share", "qualifier": "exact"} | fields
    return Claim(span=span, value=value, unit=given.pop("unit", "percent"), published=published, **given)


def examine(record, *args, **fields):
    return poll.examine(claim(*args, **fields), record)


KIIS = "poll.ua.kiis"
SAYINGS = {
    "poll.ua.kiis.territorial_concessions.ready_to_give_up_some": "of Ukrainians are ready to give up some territory",
    f"{KIIS}.territorial_concessions.no_under_any_circumstances": "of Ukrainians reject any territorial concessions",
    "poll.ua.gallup.end_of_war.negotiate_soon": "of Ukrainians want to negotiate an end to the war, Gallup found",
    "poll.ua.gallup.end_of_war.fight_until_victory": "of Ukrainians want to fight until victory, Gallup found",
    "poll.ua.kiis.endure_war.as_long_as_necessary": "of Ukrainians would endure the war as long as necessary",
}


@pytest.mark.parametrize("name", sorted(SAYINGS))
def test_the_last_wave_before_the_text_is_the_one_meant(record, table, name):
    waves = {day: value for day, value in table[name].items() if day <= "2025-07-31"}
    last = waves[max(waves)]
    found = examine(record, f"{last:.0f} percent {SAYINGS[name]}", last)
    assert found.verdict == "confirmed"
    assert max(waves) in {finding.date for finding in found.record}
    far = last - 40 if last > 50 else last + 40
    far += 0.4
    assert examine(record, f"{far:.1f} percent {SAYINGS[name]}", far).verdict in ("contradicted", "conflated")


def test_negotiating_is_not_ceding(record, table):
    share = table["poll.ua.gallup.end_of_war.negotiate_soon"]["2025-07-14"]
    span = f"{share:.0f} percent of Ukrainians would cede land for peace, according to Gallup"
    found = examine(record, span, share)
    assert found.verdict == "conflated"
    assert "negotiate soon" in found.reason
    assert found.record[0].date == "2025-07-14"


def test_rejecting_is_not_accepting(record, table):
    rejected = table["poll.ua.kiis.give_up_donbas_for_guarantees.categorically_reject"]["2026-01-14"]
    span = f"{rejected:.0f} percent of Ukrainians would give up Donbas in return for guarantees"
    assert examine(record, span, rejected, published="2026-01-20").verdict == "conflated"
    span = f"{rejected:.0f} percent of Ukrainians reject giving up Donbas"
    assert examine(record, span, rejected, published="2026-01-20").verdict == "confirmed"


def test_the_population_decides(record, table):
    talks = table["poll.ru.levada.now_should.move_to_talks"]["2025-08-28"]
    span = f"{talks:.0f} percent of Russians want peace talks, Levada says"
    assert examine(record, span, talks, published="2025-09-10").verdict == "confirmed"
    for people in ("Americans", "Ukrainian soldiers", "Europeans"):
        assert examine(record, f"{talks:.0f} percent of {people} want peace talks", talks) is None


def test_an_earlier_wave_is_named(record, table):
    early = table["poll.ua.kiis.territorial_concessions.no_under_any_circumstances"]["2022-07-20"]
    span = f"{early:.0f} percent of Ukrainians reject any territorial concessions, KIIS found"
    found = examine(record, span, early)
    assert found.verdict == "conflated"
    assert "earlier poll" in found.reason


def test_a_stated_time_picks_its_wave(record, table):
    waves = table["poll.ua.kiis.territorial_concessions.ready_to_give_up_some"]
    then = waves["2024-05-22"]
    assert abs(then - waves["2022-05-18"]) > 15
    span = f"{then:.0f} percent of Ukrainians were ready to give up territory"
    assert examine(record, span, then, as_of="2024-05").verdict == "confirmed"
    assert examine(record, span, then, as_of="2022-05").verdict != "confirmed"


def test_sampling_error_is_the_tolerance(record, table):
    last = table["poll.ua.gallup.end_of_war.negotiate_soon"]["2025-07-14"]
    said = "percent of Ukrainians want negotiations, Gallup found"

    def grade(value):
        return examine(record, f"{value:.0f} {said}", value).verdict

    assert grade(last + 2) == "confirmed"
    assert grade(last + 5) == "imprecise"
    assert grade(last - 24) == "contradicted"


def test_where_opinion_stood_half_a_year_before(record, table):
    waves = table["poll.ua.gallup.end_of_war.negotiate_soon"]
    then = waves["2024-10-31"]
    said = {"attributed_to": "Gallup", "subject": "Ukrainians", "as_of": "2025-02"}
    inverse = "the inverse of where opinion stood six months ago"
    found = examine(record, inverse, 100 - waves["2025-07-14"], value_low=24, value_high=38, **said)
    assert found.verdict == "contradicted"
    assert f"{then:g} %" in found.reason
    assert examine(record, "the reverse of where opinion stood then", then, **said).verdict == "confirmed"


def test_a_poll_read_later_is_marked(record):
    span = "66 percent of Russians want peace talks, Levada says"
    found = examine(record, span, 66, published="2025-08-30")
    assert found is not None
    assert {finding.later for finding in found.record if finding.date == "2025-08-28"} <= {True}
    assert all(not finding.later for finding in found.record if finding.published <= "2025-08-30")


@pytest.mark.parametrize(
    ("span", "value", "unit"),
    [
        ("oil revenue fell by 18.5 percent", 18.5, "percent"),
        ("69 percent of Ukrainians believe that the talks will fail", 69, "percent"),
        ("58 percent of Ukrainians trust President Zelensky", 58, "percent"),
        ("69 Ukrainians want negotiations", 69, "persons"),
        ("Ukrainians want negotiations", None, None),
    ],
)
def test_what_no_poll_here_asked_is_left_alone(record, span, value, unit):
    assert poll.examine(claim(span, value, unit=unit, quantity="share"), record) is None


WORDS = (
    "69 percent of Ukrainians Russians want to negotiate cede territory fight until victory support the war Gallup "
    "KIIS Levada inverse poll would accept plan Donbas endure half never reject"
)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    span=st.lists(st.sampled_from(WORDS.split()), min_size=1, max_size=15).map(" ".join) | st.text(max_size=60),
    value=st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(0, 100).map(float),
    as_of=st.sampled_from(("undated", "2025", "2025-07", "0001", "9999-12-31", "2025-12")),
    published=st.none() | st.sampled_from(("2025-08-12", "1999-01-01", "2030-01-01")),
    negated=st.booleans(),
)
def test_any_claim_gets_a_verdict_or_none(record, span, value, as_of, published, negated):
    found = poll.examine(claim(span, value, published, as_of=as_of, negated=negated), record)
    assert found is None or (isinstance(found, Verdict) and found.verdict in VERDICTS)
