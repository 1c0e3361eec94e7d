"""Events against the almanac: what happened on a day, with whom, where, and the numbers that came of it."""

import pytest

from ceasefire.evidence.check import event
from ceasefire.evidence.check.almanac import events
from ceasefire.evidence.check.record import Record
from ceasefire.evidence.claim import Claim


@pytest.fixture(scope="module")
def record() -> Record:
    return Record.open()


def told(record: Record, span: str, as_of: str, **more: object) -> str | None:
    plain = {"id": "a", "doc": "d", "span": span, "subject": "talks", "quantity": "event", "kind": "event"}
    found = event.examine(Claim(**{**plain, "as_of": as_of, **more}), record)
    return found.verdict if found else None


@pytest.mark.parametrize(
    ("span", "as_of"),
    [
        ("Trump and Putin met in Alaska", "2025-08-15"),
        ("envoys of Russia and Ukraine held direct talks in Istanbul", "2025-06-02"),
        ("Putin received Witkoff at the Kremlin", "2025-08-06"),
        ("Kyiv and Washington signed the minerals deal", "2025-04-30"),
        ("Ukraine withdrew from Avdiivka", "2024-02-17"),
    ],
)
def test_what_happened_that_day_is_confirmed(record: Record, span: str, as_of: str) -> None:
    assert told(record, span, as_of) == "confirmed"


@pytest.mark.parametrize(
    ("span", "as_of"),
    [
        ("Macron and Modi met in Nairobi", "2025-08-15"),
        ("the summit was a disappointment", "2025-08-15"),
        ("Putin praised the harvest", "2025-08-15"),
        ("a bakery opened in Istanbul", "2025-06-02"),
        ("Trump and Putin met in Alaska", "undated"),
    ],
)
def test_one_word_in_common_confirms_nothing(record: Record, span: str, as_of: str) -> None:
    assert told(record, span, as_of) is None


def test_a_number_has_to_be_that_of_the_thing_counted(record: Record) -> None:
    def points(number: int) -> str | None:
        span = f"the American plan that leaked had {number} points"
        return told(record, span, "2025-11-20", value=number, unit="count", quantity="proposal_points")

    assert points(28) == "confirmed"
    assert points(12) != "confirmed"
    bodies = {"unit": "persons", "quantity": "bodies_exchanged", "places": ("Istanbul",)}
    assert told(record, "the bodies of 6,000 soldiers", "2025-06-02", value=6000, **bodies) == "confirmed"
    assert told(record, "the bodies of 60,000 soldiers", "2025-06-02", value=60000, **bodies) == "contradicted"


def test_an_outcome_is_not_its_opposite(record: Record) -> None:
    place = {"places": ("Moscow",), "subject": "Moscow talks", "quantity": "outcome"}
    assert told(record, "Witkoff and Putin met without a decision", "2025-12-02", **place) == "confirmed"
    assert told(record, "Witkoff and Putin met and reached a decision", "2025-12-02", **place) != "confirmed"


def test_another_day_contradicts_only_what_happened_once(record: Record) -> None:
    date = {"unit": "date", "quantity": "event_date"}
    assert told(record, "Trump and Putin met in Alaska on 25 August", "2025-08-25", **date) == "contradicted"
    assert told(record, "Trump and Putin spoke by telephone on 9 July", "2025-07-09", **date) is None


def test_an_opinion_of_an_event_is_not_the_event(record: Record) -> None:
    assert (
        told(record, "Trump and Putin met in Alaska in bad faith", "2025-08-15", hedge="opinion", kind="stock") is None
    )


def test_every_figure_of_an_event_can_be_read(record: Record) -> None:
    for item in events():
        for figure in item.figures:
            number, _, words = figure.partition(" ")
            assert float(number) > 0, item
            assert words, item
