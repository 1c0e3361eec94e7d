"""Eight articles written for the purpose and labelled before the extractor saw them (see `articles/README.md`)."""

from __future__ import annotations

import functools
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ceasefire.evidence import claim as claims
from ceasefire.evidence.article import document as documents
from ceasefire.evidence.article.extract import extract
from ceasefire.evidence.check.check import check

FOLDER = Path(__file__).parent / "articles"
NAMES = tuple(sorted(path.name.removesuffix(".claims.jsonl") for path in FOLDER.glob("*.claims.jsonl")))
PUBLISHED = {
    "bulletin-2025-11": "2025-11-17",
    "column-hostile-to-kyiv-2025-09": "2025-09-08",
    "column-hostile-to-moscow-2026-01": "2026-01-19",
    "economy-2026-01": "2026-01-22",
    "live-2024-09": "2024-09-08",
    "news-page-2025-06": "2025-06-16",
    "questions-2025-12": "2025-12-22",
    "wire-2025-04": "2025-04-14",
}


def _scoring() -> ModuleType:
    spec = importlib.util.spec_from_file_location("article_scoring", FOLDER / "scoring.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


scoring = _scoring()


@functools.cache
def labels(name: str) -> list[dict[str, Any]]:
    return list(claims.rows(FOLDER / f"{name}.claims.jsonl"))


@functools.cache
def non_claims(name: str) -> list[dict[str, Any]]:
    return list(claims.rows(FOLDER / f"{name}.no_claims.jsonl"))


@functools.cache
def article(name: str) -> documents.Document:
    (path,) = (FOLDER / f"{name}{suffix}" for suffix in (".txt", ".html") if (FOLDER / f"{name}{suffix}").exists())
    return documents.read(path, published=PUBLISHED[name])


@functools.cache
def found(name: str) -> list[claims.Claim]:
    return extract(article(name))


@functools.cache
def result(name: str) -> Any:
    said = {verdict.claim: verdict.verdict for verdict in check(found(name))}
    return scoring.score(found(name), labels(name), non_claims(name), article(name).text, said)


@functools.cache
def pooled() -> Any:
    return functools.reduce(lambda one, other: one + other, map(result, NAMES))


@functools.cache
def said_of_labels() -> list[tuple[dict[str, Any], str]]:
    """Each checkable label with the verdict on it, from the fields of the label alone."""
    pairs = []
    for name in NAMES:
        said = {verdict.claim: verdict.verdict for verdict in check([claims.from_row(row) for row in labels(name)])}
        pairs += [(row, said[row["id"]]) for row in labels(name) if row["checkable"]]
    return pairs


# The labels


def test_eight_articles_are_dated_within_the_evidence():
    assert set(NAMES) == set(PUBLISHED)
    assert len(NAMES) >= 8
    assert all("2024-08-01" <= day <= "2026-01-31" for day in PUBLISHED.values())


@pytest.mark.parametrize("name", NAMES)
def test_labels_are_claims_and_stand_in_the_text(name: str):
    text = article(name).text
    for row in labels(name):
        claim = claims.from_row(row)
        assert scoring.place(claim.span, claim.start, text) is not None, claim.span
        assert row["verdict"] in claims.VERDICTS
        assert row["note"] or not row["checkable"], f"{claim.id} does not say how it was worked out"
        if claim.start is not None:
            assert text[claim.start : claim.end] == claim.span


def test_true_and_false_are_mixed():
    verdicts = [row["verdict"] for name in NAMES for row in labels(name) if row["checkable"]]
    assert {"confirmed", "imprecise", "contradicted", "conflated"} <= set(verdicts)
    assert 0.15 < sum(verdict != "confirmed" for verdict in verdicts) / len(verdicts) < 0.6


@pytest.mark.parametrize("name", NAMES)
def test_labels_score_full_marks_against_themselves(name: str):
    own = [claims.from_row(row) for row in labels(name)]
    verdicts = {row["id"]: row["verdict"] for row in labels(name)}
    perfect = scoring.score(own, labels(name), non_claims(name), article(name).text, verdicts)
    assert (perfect.recall, perfect.precision, perfect.agreement) == (1.0, 1.0, 1.0)
    assert all(perfect.accuracy(attribute) == 1.0 for attribute in scoring.ATTRIBUTES)
    assert not perfect.not_claims


def test_a_number_far_off_and_another_paragraph_do_not_match():
    text = "Russia lost 100 tanks in May.\nUkraine lost 200 tanks in June."
    row = {"id": "a", "doc": "d", "span": "lost 100 tanks", "start": 7, "subject": "x", "quantity": "y", "value": 100.0}
    row |= {"places": [], "checkable": False, "verdict": "not_checked"}

    def claim(span: str, value: float) -> claims.Claim:
        return claims.Claim(id="f", doc="d", span=span, subject="x", quantity="y", value=value)

    assert scoring.match([claim("in May", 100.5)], [row], text)
    assert not scoring.match([claim("in May", 103.0)], [row], text)
    assert not scoring.match([claim("200 tanks", 100.0)], [row], text)
    assert scoring.match([claim("100 tanks in", 7.0)], [row], text)
    assert not scoring.match([claim("tanks in May", 7.0)], [row], text)


# What must be reached


def test_recall():
    assert pooled().recall >= 0.90


def test_precision():
    assert pooled().precision >= 0.85


@pytest.mark.parametrize("attribute", scoring.ATTRIBUTES)
def test_attribute_is_right(attribute: str):
    assert pooled().accuracy(attribute) >= 0.80


def test_nothing_that_is_no_claim_is_extracted():
    assert not pooled().not_claims


def test_verdicts_agree_with_the_labels():
    said = said_of_labels()
    differing = [(row["id"], row["verdict"], verdict) for row, verdict in said if row["verdict"] != verdict]
    assert 1 - len(differing) / len(said) >= 0.80, differing


def test_no_contradicted_label_is_called_confirmed():
    said = [(row["id"], verdict) for row, verdict in said_of_labels() if row["verdict"] == "contradicted"]
    assert not [name for name, verdict in said if verdict == "confirmed"]


def test_no_contradicted_claim_that_was_extracted_is_called_confirmed():
    assert not pooled().called_confirmed
