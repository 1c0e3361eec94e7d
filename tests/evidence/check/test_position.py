"""Positions of the parties: confirmed by the table, never contradicted by it."""

import pytest

from ceasefire.evidence.check import position
from ceasefire.evidence.check.almanac import OPEN
from ceasefire.evidence.check.record import Record
from ceasefire.evidence.claim import Claim


@pytest.fixture(scope="module")
def record() -> Record:
    return Record.open()


def told(record: Record, span: str, subject: str, as_of: str, **more: object) -> str | None:
    plain = {"id": "a", "doc": "d", "quantity": "position", "kind": "intention"}
    found = position.examine(Claim(span=span, subject=subject, as_of=as_of, **{**plain, **more}), record)
    return found.verdict if found else None


def test_a_demand_on_record_is_confirmed_in_its_time(record: Record) -> None:
    span = "demands that Ukrainian troops leave four regions"
    assert told(record, span, "Russia", "2025-06-02", value=4, unit="count") == "confirmed"
    assert told(record, span, "Russia", "2022-06-02", value=4, unit="count") is None
    assert told(record, span, "Russia", "2025-06-02", value=9, unit="count") is None
    assert told(record, span, "Ukraine", "2025-06-02", value=4, unit="count") is None


def test_a_refusal_is_no_consent(record: Record) -> None:
    assert told(record, "refuses to recognise the annexation", "Ukraine", "2025-09-01") == "confirmed"
    assert told(record, "is ready to recognise the annexation", "Ukraine", "2025-09-01") is None
    assert (
        told(record, "did not agree to an unconditional ceasefire", "Russia", "2025-09-01", negated=True) == "confirmed"
    )
    assert told(record, "agreed to an unconditional ceasefire", "Russia", "2025-09-01") is None


def test_forecasts_and_opinions_are_left_alone(record: Record) -> None:
    span = "will demand that Ukraine stay out of NATO"
    assert told(record, span, "Russia", "2025-09-01", hedge="forecast") is None
    assert told(record, span, "Russia", "2025-09-01", hedge="opinion") is None


def test_the_table_is_dated_and_uses_known_issues() -> None:
    stances = {"demand", "reject", "accept", "offer"}
    for held in position.positions():
        assert held.start <= held.until <= OPEN, held
        assert held.issue in position.ISSUES, held
        assert held.stance in stances, held
        assert held.trust in "ABC", held
