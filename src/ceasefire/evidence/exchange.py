"""Claims of the ledger as lines of a file, and back: JSON Lines and CSV.

A line is a claim as it reads now, with four things more: its `source`, why it was `retired`, its `links` to claims that
it repeats, and its `history`, each correction as the reason and what the changed fields were before. A file without
those four is a plain file of claims and is read as one.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from ceasefire.evidence.claim import FIELDS, MAX_LINE, MAX_LINES, from_row, rows, write, write_lines
from ceasefire.evidence.entry import (
    DEFAULT,
    TEXTS,
    ClaimSource,
    Entry,
    Link,
    Offer,
    Revision,
    checked_reason,
    from_json,
    from_text,
)
from ceasefire.evidence.error import EvidenceError

_EXTRA = ("source", "retired", "links", "history")
"""What an export says of a claim beside its own fields."""


def export_rows(told: Iterable[Mapping[str, Any]], path: Path | str) -> None:
    """Write rows of `told` as CSV where the name ends in `.csv`, else as JSON Lines; aside, then renamed."""
    if _is_csv(path):
        write_lines(_csv_lines(told), path)
    else:
        write(told, path)


def import_offers(path: Path | str) -> list[Offer]:
    """What a file has to say, by its name as `export_rows` would write it. Raises `EvidenceError` where it is none."""
    found = _csv_rows(path) if _is_csv(path) else rows(path)
    return [_numbered(path, number, row) for number, row in enumerate(found, 1)]


def told(entry: Entry, sources: Mapping[str, ClaimSource], links: Iterable[Link]) -> dict[str, Any]:
    """A claim with all that became of it, as plain values; `links` are those of which it is the second."""
    return {
        **entry.claim.told(),
        "source": _told_source(sources[entry.source]),
        "retired": entry.retired,
        "links": [{"to": link.first, "kind": link.kind} for link in links],
        "history": [_told_step(*pair, sources) for pair in pairwise(entry.revisions)],
    }


def _told_source(source: ClaimSource) -> str | dict[str, Any]:
    """A source that is only named by its key, another with what is said of it."""
    plain = source == ClaimSource(source.key) and not source.key.startswith("{")
    return source.key if plain else dataclasses.asdict(source)


def _told_step(before: Revision, after: Revision, sources: Mapping[str, ClaimSource]) -> dict[str, Any]:
    """A correction: why, and what the fields that it changed were before."""
    old, new = before.claim.told(), after.claim.told()
    was: dict[str, Any] = {name: old[name] for name in FIELDS if old[name] != new[name]}
    if before.source != after.source:
        was["source"] = _told_source(sources[before.source])
    return {"reason": after.reason, "was": was}


def _numbered(path: Path | str, number: int, row: Mapping[str, Any]) -> Offer:
    try:
        return offered(row)
    except EvidenceError as error:
        raise EvidenceError(f"{path}, claim {number}: {error}") from error


def offered(row: Mapping[str, Any]) -> Offer:
    """What `told` told, or a plain claim. Raises `EvidenceError` where it is neither."""
    claim, source = from_row(row), _source(row.get("source"))
    revisions = [Revision(claim, source.key if source else "")]
    sources = [source] if source else []
    for step in reversed(_objects(row, "history", ("reason", "was"))):
        before = _before(revisions[0], step)
        if "source" in step["was"]:
            sources.append(_stated(step["was"]["source"]))
        revisions[0] = dataclasses.replace(revisions[0], reason=checked_reason(step["reason"], "correction"))
        revisions.insert(0, before)
    retired = row.get("retired")
    return Offer(
        tuple(revisions),
        None if retired is None else checked_reason(retired, "retirement"),
        tuple(Link(link["to"], claim.id, link["kind"]) for link in _objects(row, "links", ("to", "kind"))),
        tuple(sources),
    )


def _before(after: Revision, step: Mapping[str, Any]) -> Revision:
    """The revision that a correction replaced."""
    was = step["was"]
    if not isinstance(was, dict) or not set(was) <= {*FIELDS, "source"} - {"id"}:
        raise EvidenceError("a step of its history must say which fields it changed")
    fields = {name: was[name] for name in was if name != "source"}
    claim = from_row({**after.claim.told(), **fields})
    source = _stated(was["source"]).key if "source" in was else after.source
    if (claim, source) == (after.claim, after.source) or ("source" in was and not after.source):
        raise EvidenceError("a step of its history changed nothing that it names")
    return Revision(claim, source)


def _objects(row: Mapping[str, Any], name: str, needed: tuple[str, str]) -> list[dict[str, Any]]:
    found = row.get(name) or []
    if not isinstance(found, list) or not all(isinstance(item, dict) and set(item) == set(needed) for item in found):
        raise EvidenceError(f"{name} must be a list of objects with {' and '.join(needed)}")
    if name == "links" and not all(isinstance(text, str) for item in found for text in item.values()):
        raise EvidenceError("links must name a claim and a kind of link")
    return found


def _source(found: object) -> ClaimSource | None:
    return None if found is None or found == "" else _stated(found)


def _stated(found: object) -> ClaimSource:
    if isinstance(found, str):
        return ClaimSource(found)
    known = [field.name for field in dataclasses.fields(ClaimSource)]
    if not isinstance(found, dict) or not set(found) <= set(known) or "key" not in found:
        raise EvidenceError(f"source must be a name, or an object with key and any of {', '.join(known[1:])}")
    return ClaimSource(**found)


def _is_csv(path: Path | str) -> bool:
    return Path(path).suffix.lower() == ".csv"


# CSV: text that a spreadsheet would run as a formula gets an apostrophe in front, and so does text that would read like
# such a cell with its apostrophe; taking one off again is then exact. An empty cell is a field that was not given.
# Numbers stay numbers, negative ones too.

_RISKY = re.compile(r"'*(?:[\t\r\n]|\s*[=+\-@＝＋－＠]|\Z)")
_COLUMNS = (*FIELDS, *_EXTRA)


def _guarded(text: str) -> str:
    return f"'{text}" if _RISKY.match(text) else text


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _RISKY.match(cell) else cell


def _csv_lines(told: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    yield _csv_line(_COLUMNS)
    for row in told:
        yield _csv_line([_cell(name, row[name]) for name in _COLUMNS])


def _csv_line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue()


def _cell(name: str, value: Any) -> str:
    if value is None or value == [] or (value == "" and DEFAULT.get(name) == ""):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return _guarded(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _csv_rows(path: Path | str) -> Iterator[dict[str, Any]]:
    """Rows of a CSV file of claims as plain values. Raises `EvidenceError` where it is none, or too large."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(_bounded(path, file), strict=True)
            header = next(reader, [])
            if len(set(header)) != len(header) or not {"id", "doc", "span"} <= set(header):
                raise EvidenceError(f"{path} needs a first line that names its columns, once each: {', '.join(FIELDS)}")
            for number, cells in enumerate(reader, 1):
                if number > MAX_LINES:
                    raise EvidenceError(f"{path} is too large: at most {MAX_LINES:,} claims")
                if cells:
                    yield _typed(path, number, header, cells)
    except OSError as error:
        raise EvidenceError(f"cannot read {path} ({error.strerror}); name a file of claims") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise EvidenceError(f"{path} is no CSV file in UTF-8 ({str(error)[:80]})") from error


def _bounded(path: Path | str, file: Any) -> Iterator[str]:
    longest = 4 * MAX_LINE
    for line in iter(lambda: file.readline(longest + 1), ""):
        if len(line) > longest:
            raise EvidenceError(f"{path} has a line of more than {longest:,} characters")
        yield line


def _typed(path: Path | str, number: int, header: Sequence[str], cells: Sequence[str]) -> dict[str, Any]:
    if len(cells) != len(header):
        raise EvidenceError(f"{path}, claim {number}: {len(cells)} cells under {len(header)} names of columns")
    try:
        return {name: _value(name, cell) for name, cell in zip(header, cells, strict=True) if cell and name in _COLUMNS}
    except EvidenceError as error:
        raise EvidenceError(f"{path}, claim {number}: {error}") from error


def _value(name: str, cell: str) -> Any:
    if name in ("links", "history") or (name == "source" and cell.startswith("{")):
        return from_json(name, cell)
    return _unguarded(cell) if name in (*TEXTS, *_EXTRA) else from_text(name, cell)
