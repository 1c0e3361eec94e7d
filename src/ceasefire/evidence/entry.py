"""What the ledger keeps of a claim: its wordings with their reasons, its source, its links; what can be kept at all.

A claim is checked here for what its own type lets pass and a database does not: half characters, a blank name.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ceasefire.evidence.claim import FIELDS, MAX_TEXT, SIDES, Claim, is_day
from ceasefire.evidence.error import EvidenceError, suggestion

LINK_KINDS = ("quote", "copy", "origin")
"""A pull quote of the same text; the same words in another text; several claims that rest on one origin."""
MAX_KEY = 200
"""Most characters of an identifier, and of the key of a source."""
WHOLE = ("start", "end")
REAL = ("value", "value_low", "value_high")
FLAGS = ("derived", "negated")
PLACES = "places"
TEXTS = tuple(name for name in FIELDS if name not in (*WHOLE, *REAL, *FLAGS, PLACES))
"""Fields of a claim by what they hold."""
DEFAULT: dict[str, Any] = {
    field.name: None if field.default is dataclasses.MISSING else field.default for field in dataclasses.fields(Claim)
}
"""What a field holds that is not given; None where it must be."""


@dataclass(frozen=True)
class ClaimSource:
    """Somebody whose word claims rest on: a person, an office, an outlet."""

    key: str
    name: str = ""
    side: str | None = None
    """One of `claim.SIDES`, or `mixed`."""
    reliability: str | None = None
    """Admiralty letter A to F of the source itself, whatever its single claims are graded."""
    citation: str = ""
    licence: str = ""
    published: str | None = None
    """ISO day, as `accessed`."""
    accessed: str | None = None

    def __post_init__(self) -> None:
        """Raises `EvidenceError` where a field cannot be what it says."""
        for problem in _source_problems(self):
            raise EvidenceError(f"source {self.key!r:.60}: {problem}")


@dataclass(frozen=True)
class Revision:
    """A claim as it read at one time."""

    claim: Claim
    source: str
    """Key of its source."""
    reason: str = ""
    """Why it replaced the one before; empty for the first."""


@dataclass(frozen=True)
class Entry:
    """A claim in the ledger with all that became of it."""

    added: int
    """1 for the first claim ever added."""
    revisions: tuple[Revision, ...]
    """Oldest first; the last one holds."""
    retired: str | None = None
    """Why it no longer counts; None while it does."""

    @property
    def claim(self) -> Claim:
        """The claim as it reads now."""
        return self.revisions[-1].claim

    @property
    def source(self) -> str:
        """Key of its source now."""
        return self.revisions[-1].source


@dataclass(frozen=True)
class Link:
    """Two claims that rest on one origin."""

    first: str
    """Identifier of the original, where one of the two is."""
    second: str
    kind: str
    """One of `LINK_KINDS`."""


@dataclass(frozen=True)
class Offer:
    """A claim that somebody wants kept, with as much of its history as they know."""

    revisions: tuple[Revision, ...]
    """A source "" was not stated."""
    retired: str | None = None
    links: tuple[Link, ...] = ()
    sources: tuple[ClaimSource, ...] = ()


def source_key(claim: Claim) -> str:
    """Whose word a claim rests on: whoever it is attributed to, or its text where the author speaks."""
    named = claim.attributed_to.strip()
    return (claim.doc.strip() if named in ("", "author") else named)[:MAX_KEY]


# What can be kept

_MAX_OFFSET = 2**53
_NEEDED = ("id", "doc", "span", "quantity")
_OPTIONAL = tuple(field.name for field in dataclasses.fields(Claim) if field.default is None)


def checked(claim: Claim) -> Claim:
    """The claim as it will be read back. Raises `EvidenceError` where a database cannot keep it."""
    for problem in _problems(claim):
        raise EvidenceError(f"claim {claim.id!r:.60}: {problem}")
    changes: dict[str, Any] = {PLACES: tuple(claim.places)}
    for kind, names in ((int, WHOLE), (float, REAL)):
        changes |= {name: kind(getattr(claim, name)) for name in names if getattr(claim, name) is not None}
    return dataclasses.replace(claim, **changes)


def _problems(claim: Claim) -> Iterator[str]:
    for name in FIELDS:
        if getattr(claim, name) is None and name not in _OPTIONAL:
            yield f"{name} is needed"
            return
    if not isinstance(claim.places, tuple | list):
        yield "places must be a list of names"
        return
    texts = [(name, getattr(claim, name)) for name in TEXTS] + [("places", place) for place in claim.places]
    for name, text in texts:
        if text is not None and (problem := _unkeepable(text)):
            yield f"{name} {problem}"
    for name in _NEEDED:
        if not getattr(claim, name).strip():
            yield f"{name} is blank"
    if len(claim.id) > MAX_KEY:
        yield f"id is longer than {MAX_KEY} characters"
    for name in WHOLE:
        offset = getattr(claim, name)
        if offset is not None and not (0 <= offset <= _MAX_OFFSET and offset == int(offset)):
            yield f"{name} {offset!r:.40} is no whole number of characters"
    if claim.dup_of == claim.id:
        yield "dup_of names the claim itself"


def _unkeepable(text: str) -> str:
    """Why no database keeps a text; empty where it does."""
    if "\0" in text:
        return "holds the character U+0000, which no database keeps"
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        return "holds half a character (a lone surrogate)"
    return ""


def plain(text: str) -> str:
    """A text to look for. Raises `EvidenceError` where nothing kept can be equal to it."""
    if problem := _unkeepable(text):
        raise EvidenceError(f"{text!r:.60} {problem}")
    return text


def checked_reason(reason: object, what: str) -> str:
    """The words given for a correction or retirement. Raises `EvidenceError` where there are none."""
    if not isinstance(reason, str) or not reason.strip():
        raise EvidenceError(f"a {what} needs its reason in words")
    if len(reason) > MAX_TEXT or _unkeepable(reason):
        raise EvidenceError(f"the reason of a {what} is a text of at most {MAX_TEXT:,} characters")
    return reason


def _source_problems(source: ClaimSource) -> Iterator[str]:
    for entry in dataclasses.fields(source):
        found = getattr(source, entry.name)
        if found is None and entry.default is None:
            continue
        if not isinstance(found, str) or len(found) > MAX_TEXT or _unkeepable(found):
            yield f"{entry.name} must be text of at most {MAX_TEXT:,} characters"
            return
    if not source.key.strip() or len(source.key) > MAX_KEY:
        yield f"a key is text of 1 to {MAX_KEY} characters"
    if source.side is not None and source.side not in (*SIDES, "mixed"):
        yield f"side {source.side!r:.40} is none of {', '.join(SIDES)}, mixed"
    if source.reliability is not None and not re.fullmatch("[A-F]", source.reliability):
        yield f"reliability {source.reliability!r:.40} is no letter A to F"
    for name in ("published", "accessed"):
        day = getattr(source, name)
        if day is not None and not is_day(day):
            yield f"{name} {day!r:.40} is no ISO day such as 2025-08-13"


_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)


def from_text(name: str, text: str) -> Any:
    """A field of a claim, or its source, from what a user typed; nothing typed is the field's default.

    Numbers as `12.5`, flags as `true` or `false`, places joined by `;` or as a JSON list, everything else as it stands.
    Raises `EvidenceError` where a claim has no such field or the text cannot be one.
    """
    if name not in (*FIELDS, "source"):
        raise EvidenceError(f"a claim has no field {name!r:.40}{suggestion(name[:40], FIELDS)}")
    if not text:
        return DEFAULT.get(name)
    if name == PLACES:
        return tuple(from_json(name, text) if text.startswith("[") else filter(None, map(str.strip, text.split(";"))))
    if name in FLAGS:
        if text.lower() not in ("true", "false"):
            raise EvidenceError(f"{name} is true or false, not {text!r:.40}")
        return text.lower() == "true"
    if name in (*WHOLE, *REAL):
        if len(text) > 400 or not _NUMBER.fullmatch(text):
            raise EvidenceError(f"{name} is a number such as 12.5, not {text!r:.40}")
        return int(text) if text.isdecimal() else float(text)
    return text


def from_json(name: str, text: str) -> Any:
    """A JSON list, or for `source` an object. Raises `EvidenceError` where the text is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise EvidenceError(f"{name} is no JSON ({str(error)[:60]})") from error
    if not isinstance(found, dict if name == "source" else list):
        raise EvidenceError(f"{name} must be a JSON {'object' if name == 'source' else 'list'}")
    return found
