"""What a claim states of each dimension of a topic: whose, of what category, with what status.

The nearest word to the number in the span decides, then the subject, the quantity, the sentence. Whose losses are meant
follows from the words around them, since who says it and who did it are named too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from ceasefire.evidence.check.amount import NUMBER, plain_number
from ceasefire.evidence.check.scope import DIMENSIONS, Scope, Topic
from ceasefire.evidence.claim import Claim


def aspect_of(topic: Topic, name: str, claim: Claim) -> str | None:
    """The stated value of a dimension: the nearest word to the number in the span, else elsewhere in the claim.

    A word that stands nearer to another number of the text belongs to that one.
    """
    table = topic.dimension(name)
    if not table:
        return None
    if name == "side" and topic.name == "losses":
        owner = _owner(claim)
        if owner is not None:
            return owner
    places: Iterable[str] = (claim.span, claim.subject, claim.quantity.replace("_", " "), claim.value_text or "")
    if name == "side":
        places = (claim.subject, claim.span, *list(places)[2:])
    if name != "side" and claim.sentence and len(_WORD.findall(claim.span)) < 2:
        subject = claim.subject if name == "category" else ""
        places = (claim.span, claim.sentence, subject, claim.quantity.replace("_", " "), claim.value_text or "")
    if name == "side" and topic.name == "strikes":
        places = (" ".join(_OWN_DRONES.findall(claim.span)), *places)
    for text in (*places, claim.sentence or ""):
        found = _first_side(table, text, claim) if name == "side" else _nearest(table, text, claim)
        if found is not None and not (found == "plan" and text is claim.sentence):
            return found
    if name == "category" and claim.sentence and (claim.span in claim.sentence or not _WORD.search(claim.span)):
        return _last_before(table, claim)
    return None


_OWN_DRONES = re.compile(r"\bukrainian (?:drones?|uavs?|missiles?)\b", re.IGNORECASE)
_ANAPHOR = re.compile(
    r"\bof (?:which|them|these|those|whom)\b|\b(?:it|its|they|the number|the total|the rate|the share)\b"
    r"|\d (?:were|was|had been)\b|^\W*[\d.,]+ ?(?:%|per ?cent)?\W*$",
    re.IGNORECASE,
)


def _last_before(table: Sequence[tuple[str, re.Pattern[str]]], claim: Claim) -> str | None:
    """What `of which 20 were` counts: the last thing named before it, other numbers notwithstanding."""
    sentence = claim.sentence or ""
    place = sentence.rfind(claim.span)
    if place < 0 or not _ANAPHOR.search(claim.span):
        return None
    matches = [
        (found.end(), found.end() - found.start(), value)
        for value, words in table
        for found in words.finditer(sentence[max(0, place - 400) : place])
    ]
    return max(matches)[2] if matches else None


_WORD = re.compile(r"[A-Za-z]{3,}")
"""A span with fewer than two words leaves it to its sentence what is counted."""


def _first_side(table: Sequence[tuple[str, re.Pattern[str]]], text: str, claim: Claim) -> str | None:
    """Whose: "695,000 Russian troops" by the word after the number, else whoever is named first."""
    number = _number_place(text, claim)
    matches = [(value, found.span()) for value, words in table for found in _first_few(words, text)]
    alone = [
        (span, value)
        for value, span in matches
        if not any(_inside(span, other) for different, other in matches if different != value)
    ]
    if number is not None:
        owned = [
            (span, value) for span, value in alone if 0 <= span[0] - number[1] <= 12 and _ADJECTIVE.match(text, span[0])
        ]
        if owned:
            return min(owned)[1]
    return min(alone)[1] if alone else None


_ADJECTIVE = re.compile(r"(?:russian|ukrainian|american|german|european)\b", re.IGNORECASE)


def _nearest(table: Sequence[tuple[str, re.Pattern[str]]], text: str, claim: Claim) -> str | None:
    matches = [(value, found.span()) for value, words in table for found in _first_few(words, text)]
    alone = [
        (value, span)
        for value, span in matches
        if not any(_inside(span, other) for different, other in matches if different != value)
    ]
    if not alone:
        return None
    middle = _number_place(text, claim)
    if middle is None:
        return alone[0][0] if len({value for value, _ in alone}) == 1 else min(alone, key=lambda item: item[1][0])[0]
    others = [found.span() for found in NUMBER.finditer(text) if found.span() != middle and not _is_date(found)][:20]
    own = [item for item in alone if all(_distance(item[1], middle) <= _distance(item[1], other) for other in others)]
    return min(own, key=lambda item: _distance(item[1], middle))[0] if own else None


_DATE = re.compile(r"(?:jan|feb|mar|apr|may\b|jun|jul|aug|sep|oct|nov|dec)", re.IGNORECASE)


def _is_date(number: re.Match[str]) -> bool:
    """A year, or a day beside its month: words do not belong to it."""
    if re.fullmatch(r"(?:19|20)\d\d", number[0]):
        return True
    text, (start, end) = number.string, number.span()
    return len(number[0]) <= 2 and bool(_DATE.search(text[max(0, start - 10) : start]) or _DATE.match(text, end + 1))


def _first_few(words: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    for count, found in enumerate(words.finditer(text)):
        if count == 8:
            return
        yield found


def _inside(span: tuple[int, int], other: tuple[int, int]) -> bool:
    return other[0] <= span[0] and span[1] <= other[1] and other != span


def _distance(span: tuple[int, int], number: tuple[int, int]) -> float:
    """What follows a number is nearer to it than what comes before."""
    return float(span[0] - number[1]) if span[0] >= number[1] else 1.6 * (number[0] - span[1]) + 3


def _number_place(text: str, claim: Claim) -> tuple[int, int] | None:
    value = claim.value if claim.value is not None else claim.value_low
    if value is None:
        return None
    places = [(found.span(), plain_number(found[0])) for found in NUMBER.finditer(text)]
    for span, number in places:
        if number and any(abs(abs(value) / number / scale - 1) < 0.011 for scale in (1, 1e3, 1e6, 1e9, 1e12, 1e-3)):
            return span
    return places[0][0] if len(places) == 1 else None


_LOST = (
    r"soldiers|troops|tanks|losses|casualties|personnel|men|servicemen|vehicles|aircraft"
    r"|artillery|equipment|dead|armou?red|deaths|planes|helicopters|ships|guns|army"
)
_OWNERS = (
    (
        "RU",
        re.compile(
            rf"\brussian? (?:\w+ )?(?:{_LOST})\b|\b(?:russia|moscow|putin|kremlin|the enemy|russian (?:army|forces))"
            r"(?:['’]s \w+)?(?: \w+){0,3} (?:lost|losing|loses|suffered"
            r"|lose)\b|\brussia['’]s (?:\w+ )?(?:losses|casualties)"
            r"|\b(?:ukrain\w+|kyiv)(?: \w+){0,3} (?:destroyed|killed"
            r"|eliminated|knocked out)\b|\b(?:invaders|occupiers|general staff)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "UA",
        re.compile(
            rf"\bukrainian (?:\w+ )?(?:{_LOST})\b|\b(?:ukraine|kyiv|zelenskyy?)(?:['’]s \w+)?(?: \w+){{0,3}}"
            r" (?:lost|losing|loses|suffered|lose)\b|\bukraine['’]s (?:\w+ )?(?:losses|casualties)"
            r"|\brussian?(?: \w+){0,3} (?:destroyed|killed|eliminated|knocked out)\b",
            re.IGNORECASE,
        ),
    ),
)


def _owner(claim: Claim) -> str | None:
    """Whose losses: by the words around them, since who says it and who did it are named too."""
    for text in (claim.span, claim.sentence or ""):
        found = [(match.start(), side) for side, words in _OWNERS if (match := words.search(text))]
        if found:
            return min(found)[1]
    return None


def aspect_is_clear(topic: Topic, aspect: dict[str, str | None]) -> bool:
    """A statement without a number names at least the category, where the topic has several."""
    return aspect["category"] is not None or not topic.category


def allowed(topic: Topic, aspect: dict[str, str | None], units: frozenset[str]) -> list[Scope]:
    """Scopes that a claim may mean by what it states of each dimension."""
    return [
        scope
        for scope in topic.scopes
        if scope.unit in units and all(fits(topic, name, aspect[name], getattr(scope, name)) for name in DIMENSIONS)
    ]


def fits(topic: Topic, name: str, found: str | None, value: str) -> bool:
    """A scope's value of a dimension is the stated one, or a usual one where none is stated."""
    if found is not None:
        return value == found or (name == "status" and _same_status(topic, found, value))
    usual = topic.usual.get(name)
    return usual is None or usual == ("any",) or value in usual


def _same_status(topic: Topic, found: str, value: str) -> bool:
    """A word for what happened to people says nothing of arms; "seen" covers what became of them."""
    if topic.name != "losses":
        return False
    if found in ("casualties", "killed"):
        return value in (("claimed", "visual") if found == "killed" else ("claimed",))
    return found == "visual" and value == "destroyed"
