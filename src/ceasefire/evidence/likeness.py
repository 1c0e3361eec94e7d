"""Which claims are the same words twice: a copy in another text, a pull quote in one.

Two claims state the same where quantity, value, unit, places and negation are equal. Words are compared without case,
quotation marks and punctuation. They are nearly the same where the ratio of matching words in order,
2·matches / (words + words), is `NEAR` or more, and all figures and negations are equal.

Fewer than `FEW_WORDS` words are said twice by chance: there the words must be equal, and so nearly must be the
sentences around them. Within one text `FEW_WITHIN` equal words are enough, unless they stand at the same place: those
are two claims in one sentence.

Left out: translations and paraphrases; those are for a person to link.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any

from ceasefire.evidence.claim import Claim
from ceasefire.evidence.entry import Link

NEAR = 0.85
"""Ratio of matching words from which two texts are nearly the same. Arbitrary: about one word in six may differ."""
FEW_WORDS = 8
FEW_WITHIN = 4
"""Fewer words prove nothing. Both are arbitrary."""
_NEGATIONS = frozenset(("no", "not", "never", "none", "nobody", "nothing", "neither", "nor", "without", "cannot", "t"))
"""`t` is what is left of don't."""
_WORD = re.compile(r"[^\W_]+(?:[.,]\d+)*")
_GRAM = 3
_MOST_HOLDERS = 32
"""A run of words in more texts than these tells nothing."""
_MOST_CANDIDATES = 4


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.replace(",", "") for word in _WORD.findall(text.casefold()))


def matches(claims: Iterable[Claim]) -> Iterator[Link]:
    """Each claim with the first earlier one that says the same in the same words."""
    seen: dict[tuple[Any, ...], list[tuple[Claim, tuple[str, ...]]]] = defaultdict(list)
    holders: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for claim in claims:
        stated, words = _stated(claim), _words(claim.span)
        earlier = seen[stated]
        candidates = (earlier[index] for index in _candidates(words, stated, holders))
        alike = [other for other, others in candidates if _alike(claim, words, other, others)]
        if alike:
            original = min(alike, key=lambda other: other.subject != claim.subject)
            yield Link(original.id, claim.id, "quote" if claim.doc == original.doc else "copy")
        for gram in _grams(words):
            holders[stated, gram].append(len(earlier))
        earlier.append((claim, words))


def _stated(claim: Claim) -> tuple[Any, ...]:
    """What two wordings of one statement have in common."""
    figures = (claim.value, claim.value_low, claim.value_high, claim.unit)
    return claim.quantity, figures, frozenset(claim.places), claim.negated


def _grams(words: tuple[str, ...]) -> set[tuple[str, ...]]:
    return {words[start : start + _GRAM] for start in range(max(1, len(words) - _GRAM + 1))}


def _candidates(
    words: tuple[str, ...], stated: tuple[Any, ...], holders: Mapping[tuple[Any, ...], list[int]]
) -> list[int]:
    """Earlier claims of the same statement that share most runs of words, the earliest of equals first."""
    shared: Counter[int] = Counter()
    for gram in _grams(words):
        shared.update(holders.get((stated, gram), [])[:_MOST_HOLDERS])
    return sorted(shared, key=lambda index: (-shared[index], index))[:_MOST_CANDIDATES]


def _alike(one: Claim, words: tuple[str, ...], other: Claim, others: tuple[str, ...]) -> bool:
    if one.doc == other.doc and _overlap(one, other):
        return False
    if min(len(words), len(others)) >= FEW_WORDS:
        return _near(words, others)
    if words != others:
        return False
    if one.doc == other.doc:
        return len(words) >= FEW_WITHIN
    sentences = _words(one.sentence or ""), _words(other.sentence or "")
    return min(map(len, sentences)) >= FEW_WORDS and _near(*sentences)


def _overlap(one: Claim, other: Claim) -> bool:
    if one.start is None or one.end is None or other.start is None or other.end is None:
        return False
    return one.start < other.end and other.start < one.end


def _near(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    decisive = [sorted(word for word in words if _decides(word)) for words in (one, other)]
    if decisive[0] != decisive[1]:
        return False
    return one == other or SequenceMatcher(a=one, b=other, autojunk=False).ratio() >= NEAR


def _decides(word: str) -> bool:
    return word in _NEGATIONS or any(map(str.isdigit, word))
