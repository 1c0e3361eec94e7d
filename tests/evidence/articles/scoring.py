"""How well claims that were found agree with claims that were labelled by hand.

A found claim matches a label where their spans overlap by at least half of the shorter, or both hold the same number
(within 2 %, miles or km) in the same paragraph; one to one, longest overlap first. Headlines, pull quotes and what is
only presupposed (`dup_of`, `derived`) count neither way. A span is placed in the text by looking for its words, white
space apart, so that labels serve for plain text and for the readable text of a page alike.
"""

from __future__ import annotations

import calendar
import datetime
import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ceasefire.evidence.claim import Claim
from ceasefire.evidence.error import EvidenceError
from ceasefire.evidence.gazetteer import Gazetteer, fold

Row = Mapping[str, Any]
TOLERANCE = 0.02
KM_PER_MILE = 1.609344
ATTRIBUTES = ("value", "unit", "attributed_to", "hedge", "places", "as_of", "kind")


class Pair(NamedTuple):
    """A found claim and the label that it matches, as positions in their lists."""

    found: int
    label: int
    overlap: int
    """Characters in common; 0 where only the number is the same."""


@dataclass(frozen=True)
class Score:
    """Counts, so that scores of several articles add up."""

    labelled: int
    """Labels that count."""
    found: int
    """Found claims that count."""
    matched: int
    right: Mapping[str, tuple[int, int]]
    """Attribute → right, and matches whose label has one."""
    not_claims: tuple[str, ...]
    """Found spans that are no claims."""
    verdicts: tuple[int, int]
    """Verdicts that agree, and matches whose label is checkable."""
    called_confirmed: tuple[str, ...]
    """Labels that are contradicted and were called confirmed."""

    @property
    def recall(self) -> float:
        """Share of the labels that were found."""
        return self.matched / self.labelled if self.labelled else 1.0

    @property
    def precision(self) -> float:
        """Share of the found claims that are labelled."""
        return self.matched / self.found if self.found else 1.0

    def accuracy(self, attribute: str) -> float:
        """Share of the matches that have an attribute in which it is right."""
        right, of = self.right[attribute]
        return right / of if of else 1.0

    @property
    def agreement(self) -> float:
        """Share of the matches with a checkable label on which the verdict is the label's."""
        right, of = self.verdicts
        return right / of if of else 1.0

    def __add__(self, other: Score) -> Score:
        """The two articles as one."""
        return Score(
            self.labelled + other.labelled,
            self.found + other.found,
            self.matched + other.matched,
            {name: _sum(self.right[name], other.right[name]) for name in ATTRIBUTES},
            self.not_claims + other.not_claims,
            _sum(self.verdicts, other.verdicts),
            self.called_confirmed + other.called_confirmed,
        )


def match(found: Sequence[Claim], labels: Sequence[Row], text: str) -> list[Pair]:
    """Pairs of found claims and labels, one to one."""
    here = [place(claim.span, claim.start, text) for claim in found]
    there = [place(label["span"], label.get("start"), text) for label in labels]
    candidates = []
    for i, claim in enumerate(found):
        for j, label in enumerate(labels):
            common = _overlap(here[i], there[j])
            same = _same_number(claim, label)
            enough = common > 0 and 2 * common >= min(_length(here[i]), _length(there[j]))
            if enough or (same and _one_paragraph(here[i], there[j], text)):
                candidates.append((-common if enough else 0, not same, i, j))
    pairs, taken, given = [], set(), set()
    for common, _, i, j in sorted(candidates):
        if i not in taken and j not in given:
            taken.add(i)
            given.add(j)
            pairs.append(Pair(i, j, -common))
    return pairs


def score(
    found: Sequence[Claim],
    labels: Sequence[Row],
    non_claims: Iterable[Row],
    text: str,
    verdicts: Mapping[str, str] | None = None,
) -> Score:
    """Score of one article; `verdicts` maps identifiers of found claims to what the checker said."""
    pairs = match(found, labels, text)
    aside = {pair.found for pair in pairs if not _counts(labels[pair.label])}
    aside |= {i for i, claim in enumerate(found) if claim.dup_of} - {pair.found for pair in pairs}
    matched = [(found[pair.found], labels[pair.label]) for pair in pairs if _counts(labels[pair.label])]
    said = [(label, (verdicts or {}).get(claim.id)) for claim, label in matched if label["checkable"]]
    return Score(
        labelled=sum(map(_counts, labels)),
        found=len(found) - len(aside),
        matched=len(matched),
        right={name: _right(name, matched) for name in ATTRIBUTES},
        not_claims=tuple(_hits(found, non_claims, text)),
        verdicts=(sum(verdict == label["verdict"] for label, verdict in said), len(said)),
        called_confirmed=tuple(
            label["id"] for label, verdict in said if (label["verdict"], verdict) == ("contradicted", "confirmed")
        ),
    )


def place(span: str, start: int | None, text: str) -> tuple[int, int] | None:
    """Where a span's words stand in a text: at its offset if they do, else where they are found first."""
    if start is not None and text[start : start + len(span)] == span:
        return start, start + len(span)
    words = span.split()
    spot = re.search(r"\s+".join(map(re.escape, words)), text) if words else None
    return spot.span() if spot else None


def agrees(attribute: str, claim: Claim, label: Row) -> bool:
    """One attribute of a found claim is right."""
    if attribute == "value":
        return _value(claim, label)
    if attribute == "places":
        return _places(claim, label)
    if attribute == "as_of":
        return _dates(claim.as_of, label["as_of"])
    if attribute == "attributed_to":
        return _speaker(claim.attributed_to) == _speaker(label["attributed_to"])
    return bool(getattr(claim, attribute) == label[attribute])


def _right(attribute: str, matched: Sequence[tuple[Claim, Row]]) -> tuple[int, int]:
    having = [(claim, label) for claim, label in matched if _has(attribute, label)]
    return sum(agrees(attribute, claim, label) for claim, label in having), len(having)


def _has(attribute: str, label: Row) -> bool:
    return label.get(attribute) not in (None, [], "undated")


def _counts(label: Row) -> bool:
    return not label.get("dup_of") and not label.get("derived")


def _hits(found: Sequence[Claim], non_claims: Iterable[Row], text: str) -> Iterable[str]:
    for row in non_claims:
        spot = place(row["span"], row.get("start"), text)
        for claim in found:
            here = place(claim.span, claim.start, text)
            common = _overlap(here, spot)
            if (common and 2 * common >= min(_length(here), _length(spot))) or row["span"] in claim.span:
                yield f"{row['doc']}: {claim.span}"


def _length(spot: tuple[int, int] | None) -> int:
    return spot[1] - spot[0] if spot else 0


def _overlap(one: tuple[int, int] | None, other: tuple[int, int] | None) -> int:
    return max(0, min(one[1], other[1]) - max(one[0], other[0])) if one and other else 0


def _one_paragraph(one: tuple[int, int] | None, other: tuple[int, int] | None, text: str) -> bool:
    if one is None or other is None:
        return False
    return "\n" not in text[min(one[0], other[0]) : max(one[1], other[1])].strip()


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= TOLERANCE * max(abs(one), abs(other))


def _same_number(claim: Claim, label: Row) -> bool:
    one, other = claim.value, label.get("value")
    if one is None or other is None:
        return False
    return any(_near(one * factor, other) for factor in (1.0, KM_PER_MILE, 1 / KM_PER_MILE))


def _value(claim: Claim, label: Row) -> bool:
    if claim.value is not None and _near(claim.value, label["value"]):
        return True
    low, high = label["value_low"], label["value_high"]
    if None in (claim.value_low, claim.value_high, low, high):
        return False
    return _near(claim.value_low, low) and _near(claim.value_high, high)  # type: ignore[arg-type]


def _places(claim: Claim, label: Row) -> bool:
    return bool({_known(name) for name in claim.places} & {_known(name) for name in label["places"]})


@functools.cache
def _known(name: str) -> str:
    words = re.sub(r"\b(the|region|province|oblast)\b", " ", fold(name)).split()
    kind = " oblast" if re.search(r"\b(region|province|oblast)\b", fold(name)) else ""
    plain = " ".join(words)
    try:
        return fold(Gazetteer.packaged().find(plain).name) + kind
    except EvidenceError:
        return plain + kind


def _speaker(name: str) -> str:
    return " ".join(name.casefold().split())


def _dates(one: str, other: str) -> bool:
    if "undated" in (one, other):
        return one == other
    (first, last), (start, end) = _interval(one), _interval(other)
    return first <= end and start <= last


def _interval(text: str) -> tuple[datetime.date, datetime.date]:
    first, _, last = text.partition("/")
    return _day(first, False), _day(last or first, True)


def _day(text: str, last: bool) -> datetime.date:
    year, month, day = [*map(int, text.split("-")), 0, 0][:3]
    month = month or (12 if last else 1)
    return datetime.date(year, month, day or (calendar.monthrange(year, month)[1] if last else 1))


def _sum(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return one[0] + other[0], one[1] + other[1]
