"""Claims: a claim that cannot be what it says is refused where it is made."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import pytest

from ceasefire.evidence.claim import Claim, from_row, period, read, write, write_lines
from ceasefire.evidence.error import EvidenceError

CLAIM = Claim(id="a", doc="text", span="lost 12 tanks", subject="Russia", quantity="losses_tanks")


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("value", "12", "finite number"),
        ("value", float("nan"), "finite number"),
        ("value", True, "finite number"),
        ("value", 10**400, "finite number"),
        ("negated", "no", "true or false"),
        ("span", "x" * 4_001, "at most 4,000"),
        ("places", (1,), "list of names"),
        ("kind", "evnt", "did you mean 'event'"),
        ("unit", "km/fortnight", "per day"),
        ("admiralty_code", "B7", "digit 1 to 6"),
        ("as_of", "soon", "ISO"),
        ("as_of", "2025-02-30", "calendar"),
        ("as_of", "2025-00", "calendar"),
        ("as_of", "2025-13", "calendar"),
        ("as_of", "0000", "calendar"),
        ("as_of", "2025/2024", "ends before"),
        ("as_of", "2025-08-01/2025-08-32", "calendar"),
        ("as_of", "", "ISO"),
        ("published", "2025-08", "no ISO day"),
        ("published", "20250813", "no ISO day"),
        ("published", "2025-02-30", "no ISO day"),
        ("published", "", "no ISO day"),
        ("published", "yesterday", "no ISO day"),
    ],
)
def test_a_field_that_cannot_be_is_told(field: str, value: Any, told: str) -> None:
    with pytest.raises(EvidenceError, match=f"claim 'a': {field}.*{told}"):
        dataclasses.replace(CLAIM, **{field: value})


@pytest.mark.parametrize("changes", [{"value_low": 2.0, "value_high": 1.0}, {"start": 5, "end": 5}])
def test_ends_stand_in_order(changes: dict[str, Any]) -> None:
    with pytest.raises(EvidenceError, match="claim 'a'"):
        dataclasses.replace(CLAIM, **changes)


@pytest.mark.parametrize(
    ("as_of", "wanted"),
    [
        ("undated", None),
        ("2024", ("2024-01-01", "2024-12-31")),
        ("2024-02", ("2024-02-01", "2024-02-29")),
        ("2025-08-12", ("2025-08-12", "2025-08-12")),
        ("2025-08-12/2025-09", ("2025-08-12", "2025-09-30")),
    ],
)
def test_a_period_runs_from_its_first_day_to_its_last(as_of: str, wanted: tuple[str, str] | None) -> None:
    assert period(as_of) == wanted


def test_a_row_without_what_a_claim_needs_is_told_in_few_words() -> None:
    with pytest.raises(EvidenceError, match="needs text for span, subject, quantity") as told:
        from_row({"id": "a", "doc": "text", "x" * 50_000: 1})
    assert len(str(told.value)) < 300


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "claims.jsonl"
    listed = [CLAIM, dataclasses.replace(CLAIM, id="b", places=("Kyiv",), value=-0.1, span="\u2028“quoted”")]
    write((each.told() for each in listed), path)
    assert read(path) == listed


def test_only_a_file_is_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(EvidenceError, match="no ordinary file"):
        write_lines(["x"], tmp_path / "pipe")
    assert (tmp_path / "pipe").is_fifo()
    assert [each.name for each in tmp_path.iterdir()] == ["pipe"]


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "claims.jsonl"
    path.write_text("before")
    for lines in (["half \ud800"], (1 / 0 for _ in "x")):
        with pytest.raises((EvidenceError, ZeroDivisionError)):
            write_lines(lines, path)  # type: ignore[arg-type]
    assert path.read_text() == "before"
    assert [each.name for each in tmp_path.iterdir()] == ["claims.jsonl"]
