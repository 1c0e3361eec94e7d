"""What a claim leaves to the words before it: the currency, the thing that is counted, the town.

`Spending came to 42.9 trillion` says no currency and `the town lies 15 km from Pokrovsk` no town: the claims just
before it in the text do. A claim that nothing decides by itself is read once more with their words as its context.
Since that is a guess, such a reading may confirm a claim or find it imprecise, and contradicts it only where the guess
is a town.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from ceasefire.evidence.check.atlas import Atlas
from ceasefire.evidence.check.record import Record
from ceasefire.evidence.check.region import place
from ceasefire.evidence.claim import Claim

CLAIMS, CHARACTERS = 3, 500
"""How far back the words before a claim still bear on it."""
_NUMBERS = re.compile(r"\d[\d,.]{0,15}")
"""Left out of the words before: the thing they count may be what this claim counts too."""
_TOWN = re.compile(
    r"\b(?:the|this|that) (?:town|city|village|settlement|stronghold|fortress|citadel|hub|place|cent(?:er|re)(?! of))\b"
    r"|^(?:it|which|that|its)\b|\bwhich (?:lies|is|was|fell|sits)\b|^(?:town|city|village)$",
    re.IGNORECASE,
)
_KINDS = frozenset({"location", "event", "stock"})


def with_words_before(claim: Claim, record: Record) -> Iterator[Claim]:
    """The claim with the words of those before it as context: of all of them first, then of fewer, the nearest last."""
    if claim.value is None and claim.value_low is None:
        return
    for many in range(CLAIMS, 0, -1):
        earlier = record.before(claim, many, CHARACTERS)
        words = [part for other in reversed(earlier) for part in (other.subject, other.quantity, other.span)]
        if len(earlier) == many or (many == CLAIMS and words):
            whole = " ".join((_NUMBERS.sub(" ", " ".join(words))[-1500:], claim.sentence or claim.span))
            yield dataclasses.replace(claim, sentence=whole[:4000])


def with_town_before(claim: Claim, record: Record) -> Claim | None:
    """The claim as one of the town that was named last, where it speaks of `the town`; None where none was."""
    if not _TOWN.search(claim.span) and not _TOWN.search(claim.subject):
        return None
    if claim.kind not in _KINDS:
        return None
    for other in record.before(claim, CLAIMS + 2, 2 * CHARACTERS):
        for name in (other.subject, *other.places):
            town = _town(name, record)
            if town is not None and name not in claim.span:
                span = _TOWN.sub(re.escape(name).replace("\\", ""), claim.span, count=1)
                places = (name, *(other for other in claim.places if other in claim.span))
                return dataclasses.replace(claim, subject=name, places=places, span=span[:4000])
    return None


def _town(name: str, record: Record) -> str | None:
    found = place(name, record)
    return found.name if found is not None and found.kind != "region" and Atlas.of(record).follows(found) else None
