"""Figures against the record: is the number true of what it is said of, and if not, of what would it be true?

A claim is read as a topic, a scope (side, category, status; `topic`) and a period (`period`). The value on record for
that (`reading`) is compared with what is stated: within 5 % or inside the stated hedge it is confirmed, within 25 %
imprecise (`level`). Further off, the scopes one step away are tried: another status, side, category or period of the
same topic and unit. If one holds within 5 % (a status) or 2 % (the others: there are more of them to hit by chance) the
claim is conflated and the scope is named. Otherwise it is contradicted by a record of trust A or B, contested where
estimates differ or only weaker ones bear on it, and unsupported where the record covers the days and shows nothing.

Words of a scope that a claim does not state may mean any usual one. A floor contradicts only what lies below it; what
is on record of one decision or one tranche confirms that, and contradicts nothing else. Changes ("fell by a fifth",
"doubled"), trends without a number and records are judged in `change`.

Left out: causes and forecasts; what happened in one day of strikes beyond what its week allows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ceasefire.evidence.check.amount import number_of, units_of
from ceasefire.evidence.check.aspect import aspect_is_clear, aspect_of
from ceasefire.evidence.check.change import direction_of, of_change, of_extreme, of_sides, of_times, of_trend
from ceasefire.evidence.check.level import level
from ceasefire.evidence.check.record import Record, bounds
from ceasefire.evidence.check.scope import DIMENSIONS, Topic
from ceasefire.evidence.check.topic import TOPICS
from ceasefire.evidence.claim import Claim, Verdict

NOT_OURS = frozenset({"km", "km2", "deg", "date", "boolean", "C", "day", "month", "year", "percent of GDP"})
LEAST_FORCE = 20_000
"""Fewer troops are a unit's, not a side's."""
NO_FACT = frozenset({"forecast", "causal", "intention"})


def examine(claim: Claim, record: Record) -> Verdict | None:
    """What the series say to a figure, a change, a trend or a record; None where none bears on it."""
    if claim.kind in NO_FACT or claim.hedge == "forecast" or (claim.unit or "").partition("/")[0] in NOT_OURS:
        return None
    found = _examine(claim, record)
    if found is None or not claim.negated:
        return found
    turned = {"confirmed": "contradicted", "contradicted": "confirmed"}.get(found.verdict)
    if turned is None:
        return None
    return Verdict(claim.id, turned, f"The claim denies it: {found.reason}", found.computation, found.record)


def _examine(claim: Claim, record: Record) -> Verdict | None:
    near = f"{claim.span} {claim.subject} {claim.quantity.replace('_', ' ')} {claim.quantity} {claim.value_text or ''}"
    counted = bounds(claim) is not None
    found = next(_by_topic(near, claim, record, near), None)
    if found is not None or not counted or not claim.sentence:
        return found
    guesses = list(_by_topic(f"{near} {claim.sentence}", claim, record, near))
    return next((guess for guess in guesses if guess.verdict == "confirmed"), next(iter(guesses), None))


def _by_topic(text: str, claim: Claim, record: Record, near: str) -> Iterator[Verdict]:
    """What each topic that a text names has to say, in their order."""
    for topic in TOPICS:
        if topic.needs.search(text) and (topic.unless is None or not topic.unless.search(near)):
            verdict = _of_topic(topic, claim, record, near)
            if verdict is not None:
                yield verdict


def _of_topic(topic: Topic, claim: Claim, record: Record, near: str) -> Verdict | None:
    aspect = {name: aspect_of(topic, name, claim) for name in DIMENSIONS}
    if topic.name == "strikes" and "percent" in units_of(claim):
        aspect["category"] = aspect["category"] or "drone"
        if aspect["status"] is None and not _is_change(topic, claim):
            aspect["status"] = "stopped"
    if topic.name == "oil price" and aspect["status"] == "plan":
        aspect["category"] = aspect["category"] or "Urals"
    if any(aspect[name] is None and topic.dimension(name) and name not in topic.usual for name in ("side", "category")):
        return None
    if topic.name == "strikes" and (claim.unit or "").startswith("persons"):
        return None
    if topic.name == "size of forces" and abs(number_of(claim) or LEAST_FORCE) < LEAST_FORCE:
        return None
    if topic.name == "losses" and (ratio := of_sides(topic, aspect["category"], claim, record)) is not None:
        return ratio
    multiple = of_times(claim)
    if multiple is not None:
        return of_change(topic, aspect, claim, record, multiple)
    if bounds(claim) is not None:
        return _of_number(topic, aspect, claim, record, near)
    if _TACTIC.search(near) or not aspect_is_clear(topic, aspect):
        return None
    return of_extreme(topic, aspect, claim, record, near) or of_trend(topic, aspect, claim, record, near)


def _of_number(topic: Topic, aspect: dict[str, str | None], claim: Claim, record: Record, near: str) -> Verdict | None:
    if _is_change(topic, claim) and (direction := _moved(claim, near)):
        stated = number_of(claim)
        if _BARE_FRACTION.match(claim.span):
            return None
        if stated is not None:
            return of_change(topic, aspect, claim, record, direction * abs(stated))
    return level(topic, aspect, claim, record) if _COUNTED.search(claim.span) else None


def _moved(claim: Claim, near: str) -> int:
    """Up or down: by the words, else by the sign of a quantity that is a change."""
    if (claim.value or 0.0) < 0:
        return -1
    return direction_of(near) or (1 if claim.quantity.endswith("_change") else 0)


def _is_change(topic: Topic, claim: Claim) -> bool:
    """A percentage by which something moved, not one that it moved to."""
    if "percent" not in units_of(claim) or (topic.name == "inflation" and not claim.quantity.endswith("_change")):
        return False
    if claim.quantity.endswith("_change") or (claim.value or 0.0) < 0:
        return True
    if any(scope.unit == "percent" and scope.status != "change" for scope in topic.scopes):
        return bool(_BY.search(claim.span))
    return not _TO.search(claim.span)


_TACTIC = re.compile(
    r"\b(?:tactics?|strateg(?:y|ies)|opt(?:s|ed|ing)? (?:for|to)|prefer\w*|adapt\w*|rel(?:y|ies|ied|ying) on"
    r"|in order to|because|so that|motiv\w+|incentives?|reluctan\w+|appetite|willing\w*)\b",
    re.IGNORECASE,
)
"""How or why something is done is no trend of a series."""
_BARE_FRACTION = re.compile(
    r"^\W*(?:(?:to )?(?:little |much |just )?(?:less|more|over|under|nearly|almost|about|barely) (?:than )?)?"
    r"(?:an? |one |two )?(?:half|thirds?|quarters?|fifths?)\W*$",
    re.IGNORECASE,
)
"""A fraction of something that the words around it name: no change on a year before."""
_BY = re.compile(r"\bby (?:\w+ ){0,3}\d", re.IGNORECASE)
_TO = re.compile(r"\bto (?:\w+ ){0,2}\d[\d.]{0,8} ?(?:%|per ?cent)", re.IGNORECASE)
_COUNTED = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven"
    r"|twelve|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
    r"|dozens?|hundreds?|thousands?|millions?|billions?|trillions?|half|third|quarter|fifths?|tenths?|no|none|zero)\b",
    re.IGNORECASE,
)
"""A number in words or figures: a value without one was inferred by whoever wrote the claim down."""
