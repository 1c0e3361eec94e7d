"""Two articles beside each other: what the later contradicts, updates, repeats, adds and drops.

Claims are paired where they are about the same thing: same unit, places that do not exclude each other, and quantity
and subject in nearly the same words; one to one, the nearest pair first. A pair about the same days is repeated where
its figures or words agree, and contradicts where they do not. Of a pair about later days the later updates the earlier,
unless nothing has changed. What happens once contradicts where its days differ; what can happen again is then no pair.

How near is near enough is elicited. Left out: claims that say the same in altogether different words.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ceasefire.evidence.check.record import Interval, bounds, interval
from ceasefire.evidence.claim import Claim, Verdict
from ceasefire.evidence.gazetteer import fold
from ceasefire.evidence.store import Store
from ceasefire.study.reading import Forecast, Reading, read

CONTRADICTS, UPDATES, REPEATS = "contradicts", "updates", "repeats"
NEAR_ENOUGH = 0.5
"""Likeness from which two claims are about the same thing, 0 to 1."""
SAME_NUMBER = 0.05
"""Relative difference up to which two figures are the same; `about` allows twice that."""
STILL = 0.005
"""Relative difference up to which a figure of later days is the one of before."""
ONCE = ("capture_date", "summit_date", "event_date")
"""Quantities that have one day."""
SAME_LENGTH = 2.0
"""Ratio up to which two periods are of the same length: a year's total is no update of a month's."""
LATER = np.timedelta64(7, "D")
"""A state of things that is told of a day this much later may be another state."""


@dataclass(frozen=True)
class Pair:
    """What the earlier and the later article say of the same thing."""

    earlier: Claim
    later: Claim
    relation: str
    """`contradicts`, `updates` or `repeats`."""
    earlier_verdict: Verdict
    later_verdict: Verdict


@dataclass(frozen=True)
class Judged:
    """A forecast of the earlier article: what the record says came of it, and what the later article says of it."""

    forecast: Forecast
    answer: Claim | None = None
    """The claim of the later article about the same thing."""
    relation: str = ""


@dataclass(frozen=True)
class Comparison:
    """Two readings and how they bear on each other."""

    earlier: Reading
    later: Reading
    ordered: bool
    """Both say when they came out; otherwise the order is that in which they were given."""
    contradicts: tuple[Pair, ...]
    updates: tuple[Pair, ...]
    repeats: tuple[Pair, ...]
    new: tuple[tuple[Claim, Verdict], ...]
    dropped: tuple[tuple[Claim, Verdict], ...]
    forecasts: tuple[Judged, ...]

    def told(self) -> dict[str, Any]:
        """The comparison as plain values."""
        return {
            "earlier": {"name": self.earlier.name, "published": self.earlier.published},
            "later": {"name": self.later.name, "published": self.later.published},
            "ordered": self.ordered,
            **{
                name: [_pair(pair) for pair in pairs]
                for name, pairs in (
                    (CONTRADICTS, self.contradicts),
                    (UPDATES, self.updates),
                    (REPEATS, self.repeats),
                )
            },
            "new": [_single(claim, verdict) for claim, verdict in self.new],
            "dropped": [_single(claim, verdict) for claim, verdict in self.dropped],
            "forecasts": [
                {
                    "claim": judged.forecast.claim.id,
                    "span": judged.forecast.claim.span,
                    "due": judged.forecast.due,
                    "outcome": judged.forecast.outcome,
                    "answer": judged.answer.id if judged.answer else None,
                    "relation": judged.relation or None,
                }
                for judged in self.forecasts
            ],
        }


def compare_files(
    first: Path | str, second: Path | str, *, published: tuple[str | None, str | None] = (None, None), store: Store
) -> Comparison:
    """Read two articles and hold them against each other. Raises `EvidenceError` where one cannot be read."""
    one, other = (read(path, published=day, store=store) for path, day in zip((first, second), published, strict=True))
    return compare(one, other)


def compare(one: Reading, other: Reading) -> Comparison:
    """Two readings by the day they came out; in the order given where one does not say, or both came out on one."""
    ordered = one.published is not None and other.published is not None
    earlier, later = (other, one) if ordered and other.published < one.published else (one, other)  # type: ignore[operator]
    mine, theirs = earlier.counted, later.counted
    places = matched([claim for claim, _ in mine], [claim for claim, _ in theirs])
    pairs = [
        Pair(mine[a][0], theirs[b][0], relation(mine[a][0], theirs[b][0], earlier, later), mine[a][1], theirs[b][1])
        for a, b in places
    ]
    answers = {pair.earlier.id: pair for pair in pairs}
    paired = {a for a, _ in places}, {b for _, b in places}
    return Comparison(
        earlier=earlier,
        later=later,
        ordered=ordered,
        contradicts=tuple(pair for pair in pairs if pair.relation == CONTRADICTS),
        updates=tuple(pair for pair in pairs if pair.relation == UPDATES),
        repeats=tuple(pair for pair in pairs if pair.relation == REPEATS),
        new=tuple(both for place, both in enumerate(theirs) if place not in paired[1]),
        dropped=tuple(both for place, both in enumerate(mine) if place not in paired[0]),
        forecasts=tuple(_judged(forecast, answers.get(forecast.claim.id)) for forecast in earlier.forecasts),
    )


def matched(mine: Sequence[Claim], theirs: Sequence[Claim]) -> list[tuple[int, int]]:
    """Positions of claims about the same thing, one to one, in the order of the first text."""
    words = [_words(claim) for claim in mine], [_words(claim) for claim in theirs]
    by_word: dict[str, list[int]] = {}
    for place, own in enumerate(words[1]):
        for word in own.about:
            by_word.setdefault(word, []).append(place)
    candidates = []
    for a, claim in enumerate(mine):
        for b in sorted({place for word in words[0][a].about for place in by_word.get(word, ())}):
            near = _likeness(claim, theirs[b], words[0][a], words[1][b])
            if near >= NEAR_ENOUGH:
                candidates.append((-near, a, b))
    taken: tuple[set[int], set[int]] = (set(), set())
    found = []
    for _, a, b in sorted(candidates):
        if a not in taken[0] and b not in taken[1]:
            taken[0].add(a)
            taken[1].add(b)
            found.append((a, b))
    return sorted(found)


def relation(earlier: Claim, later: Claim, first: Reading, second: Reading) -> str:
    """How a claim bears on an earlier one about the same thing."""
    if _is_once(earlier, later):
        return CONTRADICTS if _apart(earlier, later) or not _agree(earlier, later) else REPEATS
    before, after = _period(earlier, first), _period(later, second)
    if before is not None and after is not None and _moved(earlier, later, before, after):
        return REPEATS if _unchanged(earlier, later) else UPDATES
    return REPEATS if _agree(earlier, later) else CONTRADICTS


def _moved(earlier: Claim, later: Claim, before: Interval, after: Interval) -> bool:
    """The later speaks of later days: of another state of things, or of another period."""
    if _is_state(earlier) and _is_state(later):
        return bool(after[1] - before[1] >= LATER)
    return bool(after[0] > before[1])


def _judged(forecast: Forecast, pair: Pair | None) -> Judged:
    if pair is None or pair.later.kind in ("forecast", "intention") or pair.later.hedge == "forecast":
        return Judged(forecast)
    return Judged(forecast, pair.later, pair.relation)


# ------------------------------------------------------------------------------------------------------ the same thing


@dataclass(frozen=True)
class _Words:
    """Words of a claim, folded."""

    quantity: frozenset[str]
    subject: frozenset[str]
    span: frozenset[str]
    places: frozenset[str]

    @property
    def about(self) -> frozenset[str]:
        """Those of which two claims about the same thing share at least one."""
        return self.quantity | self.subject | self.places


_EMPTY = frozenset(
    re.findall(
        r"\w+",
        "a an the of in on at by to for from with and or but is are was were be been has have had will would may might "
        "its his her their it he she they this that these those as than more less most least over under about around "
        "nearly almost up down per some all any not no since after before during between into out",
    )
)
"""Words that tell nothing of what a claim is about."""


def _words(claim: Claim) -> _Words:
    return _Words(
        frozenset(_stem(part) for part in claim.quantity.split("_") if part),
        _content(claim.subject),
        _content(claim.span),
        frozenset(map(fold, claim.places)),
    )


def _content(text: str) -> frozenset[str]:
    return frozenset(_stem(word) for word in re.findall(r"[^\W\d_]{2,}", fold(text)) if word not in _EMPTY)


def _stem(word: str) -> str:
    """Without its ending, roughly: enough for likeness (take, takes, taken, taking)."""
    return next((word[: -len(end)] for end in _ENDINGS if word.endswith(end) and len(word) >= len(end) + 3), word)


_ENDINGS = ("ing", "en", "ed", "es", "e", "s")


def _likeness(one: Claim, other: Claim, mine: _Words, theirs: _Words) -> float:
    """0 where two claims cannot be about the same thing, to 1 where all words are the same."""
    figures = bounds(one) is not None, bounds(other) is not None
    if figures[0] != figures[1] or (one.unit or "") != (other.unit or ""):
        return 0.0
    if mine.places and theirs.places and not mine.places & theirs.places:
        return 0.0
    if not _same_length(one, other) or (not figures[0] and _happenings(one, other)):
        return 0.0
    quantity = 1.0 if one.quantity == other.quantity else 0.8 * _share(mine.quantity, theirs.quantity)
    place = 1.0 if mine.places and mine.places == theirs.places else 0.0
    subject = max(_share(mine.subject, theirs.subject), 0.8 * place)
    span = _share(mine.span, theirs.span)
    if not figures[0]:
        return 0.35 * quantity + 0.25 * subject + 0.4 * min(1.0, 1.5 * span)
    return 0.45 * quantity + 0.35 * subject + 0.2 * min(1.0, 1.5 * span)


def _share(one: frozenset[str], other: frozenset[str]) -> float:
    """Common words as a share of all words."""
    return len(one & other) / len(one | other) if one or other else 0.0


def _same_length(one: Claim, other: Claim) -> bool:
    """Totals over periods are of one kind only where the periods are about as long."""
    if "flow" not in (one.kind, other.kind):
        return True
    first, second = interval(one.as_of), interval(other.as_of)
    if first is None or second is None:
        return True
    lengths = [(end - start).astype(int) + 1 for start, end in (first, second)]
    return max(lengths) <= SAME_LENGTH * min(lengths)


def _is_once(one: Claim, other: Claim) -> bool:
    """Both tell when something happened that happens once."""
    return one.quantity == other.quantity and (one.quantity in ONCE or one.unit == other.unit == "date")


def _happenings(one: Claim, other: Claim) -> bool:
    """Both tell of something that can happen again, on other days."""
    return one.kind == other.kind == "event" and not _is_once(one, other) and _apart(one, other)


def _apart(one: Claim, other: Claim) -> bool:
    """Both name their days, and share none; the day of the text is what a claim without a day bears."""
    first, second = (interval(each.as_of) if each.as_of != each.published else None for each in (one, other))
    return first is not None and second is not None and bool(first[1] < second[0] or second[1] < first[0])


# ------------------------------------------------------------------------------------------------------ the same answer


def _agree(one: Claim, other: Claim) -> bool:
    if one.negated != other.negated:
        return False
    mine, theirs = _band(one), _band(other)
    if mine is None or theirs is None:
        return _same_words(one, other)
    return mine[0] <= theirs[1] and theirs[0] <= mine[1]


def _unchanged(one: Claim, other: Claim) -> bool:
    """The figure is the one of before, or the words are."""
    mine, theirs = bounds(one), bounds(other)
    if one.negated != other.negated:
        return False
    if mine is None or theirs is None:
        return _same_words(one, other)
    return all(a == b or math.isclose(a, b, rel_tol=STILL) for a, b in zip(mine, theirs, strict=True))


def _same_words(one: Claim, other: Claim) -> bool:
    """Neither names another holder, state or answer than the other."""
    mine, theirs = _content(one.value_text or ""), _content(other.value_text or "")
    if not mine or not theirs or mine & theirs:
        return True
    return not (_is_state(one) and _is_state(other) and one.quantity == other.quantity)


def _band(claim: Claim) -> tuple[float, float] | None:
    """What a claim states, 5 % wide around a plain figure, 10 % where it is said to be about so much."""
    stated = bounds(claim)
    if stated is None:
        return None
    if claim.unit in ("boolean", "date"):
        return stated
    slack = SAME_NUMBER / 2 * (2 if claim.qualifier in ("about", "fraction") else 1)
    low, high = stated
    return (low - slack * abs(low) if math.isfinite(low) else low), (
        high + slack * abs(high) if math.isfinite(high) else high
    )


def _is_state(claim: Claim) -> bool:
    """It tells how things stand on a day, not what happened over a period."""
    return claim.kind in ("stock", "location", "rate") or (claim.unit or "") in ("percent", "boolean", "km")


def _period(claim: Claim, reading: Reading) -> Interval | None:
    """Days that a claim speaks of; the day of the text where it does not say."""
    return interval(claim.as_of) or interval(claim.published) or interval(reading.published)


def _pair(pair: Pair) -> dict[str, Any]:
    return {
        "earlier": _single(pair.earlier, pair.earlier_verdict),
        "later": _single(pair.later, pair.later_verdict),
    }


def _single(claim: Claim, verdict: Verdict) -> dict[str, Any]:
    return {
        "id": claim.id,
        "span": claim.span,
        "quantity": claim.quantity,
        "value": claim.value,
        "value_text": claim.value_text,
        "unit": claim.unit,
        "as_of": claim.as_of,
        "verdict": verdict.verdict,
    }
