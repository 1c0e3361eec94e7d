"""A reading: what counts, what looks ahead, what is known by a day, and what a batch passes over."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ceasefire.evidence.article.document import Document, Span
from ceasefire.evidence.check.check import Outcome
from ceasefire.evidence.check.record import Record
from ceasefire.evidence.claim import Claim, Verdict
from ceasefire.evidence.error import EvidenceError
from ceasefire.evidence.store import Store
from ceasefire.study import reading as study
from ceasefire.study.reading import FALSE, NOT_DUE, TRUE, UNKNOWN, Reading

TEXT = "First things first.\n\nSecond things after.\n"
PUBLISHED = "2025-03-01"


@pytest.fixture(scope="module")
def store() -> Store:
    return Store.open()


def document(published: str | None = PUBLISHED) -> Document:
    return Document("made-up", TEXT, (Span(0, 19), Span(21, 41)), (), title="Made up", published=published)


def claim(number: int = 1, **fields: object) -> Claim:
    kept = {"span": "things", "subject": "things", "quantity": "state", "start": 6, "end": 12} | fields
    return Claim(id=f"c{number}", doc="made-up", **kept)  # type: ignore[arg-type]


def verdict(number: int, kind: str = "unverified") -> Verdict:
    return Verdict(f"c{number}", kind, "Made up.")


def gathered(store: Store, claims: list[Claim], verdicts: list[Verdict], published: str | None = PUBLISHED) -> Reading:
    return study.gather(document(published), claims, verdicts, Record.open(store, published))


def test_score_counts_every_claim_once_and_no_repeat(store):
    claims = [
        claim(1, system="battle"),
        claim(2, system="battle", dup_of="c1"),
        claim(3, system="oil"),
        claim(4, system="oil", derived=True),
        claim(5, system="oil"),
    ]
    kinds = ("confirmed", "confirmed", "contradicted", "contradicted", "unverified")
    found = study.score(gathered(store, claims, [verdict(i, kind) for i, kind in enumerate(kinds, 1)]))
    assert (found.claims, found.repeats, found.checked) == (3, 2, 2)
    assert dict(found.by_verdict) == {"confirmed": 1, "contradicted": 1, "unverified": 1}
    assert dict(found.by_system) == {"battle": {"confirmed": 1}, "oil": {"contradicted": 1, "unverified": 1}}
    assert sum(found.by_verdict.values()) == sum(sum(row.values()) for row in found.by_system.values()) == found.claims


def test_paragraphs_are_numbered_from_one_and_unknown_places_are_zero(store):
    claims = [claim(1), claim(2, start=28, end=34), claim(3, start=None, end=None)]
    assert gathered(store, claims, [verdict(i) for i in (1, 2, 3)]).paragraphs == (1, 2, 0)


def test_only_what_names_a_later_day_is_a_dated_forecast(store):
    claims = [
        claim(1, kind="forecast", as_of="2025-06"),
        claim(2, kind="forecast", as_of=PUBLISHED),
        claim(3, kind="forecast"),
        claim(4, kind="event", as_of="2025-06-01"),
        claim(5, kind="event", as_of="2025-01-01"),
        claim(6, kind="causal", hedge="forecast", as_of="2025-06"),
        claim(7, kind="forecast", as_of="2025-06", dup_of="c1"),
        claim(8, kind="stock", as_of="2025-01/2025-12"),
    ]
    found = gathered(store, claims, [verdict(i) for i in range(1, 9)])
    assert [forecast.claim.id for forecast in found.forecasts] == ["c1", "c4"]
    assert found.forecasts[0].due == "2025-06-30"
    assert found.undated == 2


def test_forecasts_are_told_with_what_became_of_them(store, monkeypatch):
    results = {"c1": "came true", "c2": "did not", "c3": "no record", "c4": "open", "c5": "came true", "c6": "open"}

    def outcome(claim: Claim, record: Record) -> Outcome:
        due = None if claim.as_of == "undated" else claim.as_of
        return Outcome(claim.id, results[claim.id], due, verdict(1))

    monkeypatch.setattr("ceasefire.evidence.check.check.outcome", outcome)
    days = ("2025-06-30", "2025-07-31", "2025-08-31", "2040-01-01", "undated", "undated")
    claims = [claim(n, kind="forecast", as_of=day) for n, day in enumerate(days, 1)]
    found = gathered(store, claims, [verdict(i) for i in range(1, 7)])
    assert [forecast.outcome for forecast in found.forecasts] == [TRUE, FALSE, UNKNOWN, NOT_DUE, TRUE]
    assert [forecast.due for forecast in found.forecasts][-1] is None
    assert found.undated == 1


def test_a_town_that_was_foreseen_to_fall_fell_or_did_not(store):
    """By the maps, Toretsk was held by Russia at the end of 2025 and Kramatorsk was not."""
    fields = {"quantity": "town_control", "subject": "Russia", "value_text": "RU", "kind": "forecast"}
    fields |= {"hedge": "forecast", "as_of": "2025-12-31", "published": PUBLISHED}
    claims = [
        claim(n, span=f"Russia will hold {town}", places=(town,), **fields)
        for n, town in enumerate(("Toretsk", "Kramatorsk"), 1)
    ]
    found = gathered(store, claims, [verdict(1), verdict(2)])
    assert [forecast.outcome for forecast in found.forecasts] == [TRUE, FALSE]


def test_without_a_day_of_publication_nothing_is_known_to_lie_ahead(store):
    claims = [claim(1, kind="event", as_of="2025-06"), claim(2, kind="forecast", as_of="2025-06")]
    found = gathered(store, claims, [verdict(1), verdict(2)], published=None)
    assert "c1" not in [forecast.claim.id for forecast in found.forecasts]
    assert len(found.forecasts) + found.undated == 1


@pytest.mark.parametrize("day", ["2024-12-31", "2025-08-16"])
def test_nothing_later_is_known_on_a_day(store, day):
    known = study.as_known(store, day)
    assert known.observations
    assert len(known.observations) < len(store.observations)
    assert max(row.published for row in known.observations) <= day
    assert known.control.published.max() <= np.datetime64(day)
    assert len(known.control.share) == len(known.control.dates) == len(known.control.held) == len(known.control.disc)
    assert np.array_equal(known.control.share, store.control.share[: len(known.control.dates)])


def test_a_claim_and_its_verdict_are_one_object_with_the_fields_of_both():
    row = study.row(claim(1, value=3.0), Verdict("c1", "imprecise", "Off.", "3 against 4", ()))
    assert {"id", "span", "value", "verdict", "checkable", "reason", "computation", "record"} <= set(row)
    assert row["checkable"] is True
    assert study.row(claim(), verdict(1))["checkable"] is False


def test_articles_of_a_folder_come_by_name_and_once(tmp_path):
    for name in ("b.txt", "a.html", "c.jsonl", "d.md"):
        (tmp_path / name).write_text("x")
    assert [path.name for path in study.articles([tmp_path, tmp_path / "b.txt"])] == ["a.html", "b.txt", "d.md"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(EvidenceError, match="holds no article"):
        study.articles([tmp_path / "empty"])


def test_a_batch_tells_what_it_passed_over_and_keeps_the_rest(tmp_path, monkeypatch):
    (tmp_path / "good.txt").write_text(TEXT)
    (tmp_path / "good.md").write_text(TEXT)
    (tmp_path / "junk.txt").write_bytes(bytes(range(256)) * 40)
    monkeypatch.setattr("ceasefire.evidence.article.extract.extract", lambda document, model=None: [claim()])
    steps: list[tuple[int, int]] = []
    batch = study.extract([tmp_path], on_progress=lambda done, total: steps.append((done, total)))
    assert [number for _, number in batch.read] == [1]
    failed = {path.rsplit("/", 1)[-1]: why for path, why in batch.failed}
    assert set(failed) == {"good.txt", "junk.txt"}, "a name that is taken, and junk"
    assert steps == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_targets_that_cannot_be_written_are_refused_before_any_work(tmp_path):
    article = tmp_path / "a.txt"
    article.write_text("x")
    (tmp_path / "same").symlink_to(article)
    study.check_target(tmp_path / "out.jsonl", article)
    for out, why in (
        (tmp_path, "is a folder"),
        (tmp_path / "missing" / "out.jsonl", "there is no folder"),
        (article, "is what is read"),
        (tmp_path / "same", "is what is read"),
    ):
        with pytest.raises(EvidenceError, match=why):
            study.check_target(out, article)


def test_the_day_given_stands_only_where_a_claim_says_none(tmp_path, monkeypatch):
    from ceasefire.evidence.claim import write

    seen: list[Claim] = []

    def check(claims: list[Claim], *, store: Store, on: str | None) -> list[Verdict]:
        seen.extend(claims)
        return [verdict(i) for i, _ in enumerate(claims)]

    monkeypatch.setattr("ceasefire.evidence.check.check.check", check)
    kept = [claim(1), claim(2, published="2025-01-05")]
    write((dataclasses.asdict(each) for each in kept), tmp_path / "c.jsonl")
    study.check(tmp_path / "c.jsonl", published="2025-02-02")
    assert [each.published for each in seen] == ["2025-02-02", "2025-01-05"]


def test_a_verdict_that_the_record_of_its_day_gave_stands(store, monkeypatch):
    def outcome(claim: Claim, record: Record) -> Outcome:
        return Outcome(claim.id, "did not", "2025-06-30", verdict(1, "contradicted"))

    monkeypatch.setattr("ceasefire.evidence.check.check.outcome", outcome)
    claims = [claim(1, kind="flow", as_of="2025-06"), claim(2, kind="forecast", as_of="2025-06")]
    found = gathered(store, claims, [verdict(1, "confirmed"), verdict(2)])
    assert [forecast.outcome for forecast in found.forecasts] == [TRUE, FALSE]
