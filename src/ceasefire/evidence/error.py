"""Errors that a user can act on: what was asked, what was found, what would do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class CeasefireError(Exception):
    """Any error that this library raises on purpose; its text is meant for the user."""


class EvidenceError(CeasefireError):
    """Something about the evidence is missing, broken, or not known on the date asked for."""


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return ``'; did you mean …?'`` with the nearest known names, or an empty string."""
    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(repr(item) for item in near)}?" if near else ""
