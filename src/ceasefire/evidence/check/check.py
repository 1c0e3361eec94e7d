"""Checking: each claim against the dated record, by the family of facts that it belongs to.

A claim is shown to every family: the ground (who held what, where, how far), polls, figures, the calendar. Each
answers if the claim is about its subject; the first that decides is taken, in that order. What somebody wants, expects,
or holds to be the cause of something is no matter of record: such claims are unverified, except where the calendar of
the talks holds the demand, or a budget the plan. A forecast for a named day that the record has reached is judged by
what came, and its record is marked later.

Left out: whether a claim is fair, whether it leaves something out, and what a reader will take it to mean.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ceasefire.evidence.check import calendar, context, figure, ground, poll, position, sums
from ceasefire.evidence.check.record import Interval, Record, interval
from ceasefire.evidence.claim import Claim, Verdict
from ceasefire.evidence.store import Store

Family = Callable[[Claim, Record], Verdict | None]
FAMILIES: tuple[Family, ...] = (ground.examine, poll.examine, figure.examine, calendar.examine, position.examine)
"""In order: the first that decides is taken."""


def check(claims: Sequence[Claim], *, store: Store | None = None, on: str | None = None) -> list[Verdict]:
    """A verdict for each claim of one text or of several, in order.

    `on` is the day on which the text came out, for claims that do not say. Raises `EvidenceError` where it is no date.
    """
    record = Record.open(store, on)
    return check_against(claims, record)


def check_against(claims: Sequence[Claim], record: Record) -> list[Verdict]:
    """As `check`, against a record that is already open: what it works out serves every later text."""
    texts: dict[str, list[Claim]] = {}
    for claim in claims:
        texts.setdefault(claim.doc, []).append(claim)
    records = {name: record.of_text(record.published, found) for name, found in texts.items()}
    return [examine(claim, records[claim.doc]) for claim in claims]


def examine(claim: Claim, record: Record) -> Verdict:
    """The verdict on one claim."""
    if claim.kind == "forecast" or (claim.hedge == "forecast" and claim.kind not in _JUDGEMENTS):
        return _past_due(claim, record)
    if claim.kind in _JUDGEMENTS:
        if claim.kind == "intention":
            for family in (position.examine, calendar.examine):
                told = family(claim, record)
                if told is not None and told.checkable:
                    return told
            if (aimed := _foreseen(claim, record)) is not None:
                return aimed
        return Verdict(claim.id, "unverified", _JUDGEMENTS[claim.kind])
    return _stated(claim, record)


def _past_due(claim: Claim, record: Record) -> Verdict:
    """A forecast for a named day that the record has reached is judged by what came; others are open."""
    found = outcome(claim, record)
    if found.due is not None and found.verdict.checkable:
        told = f"By {found.due}: {found.verdict.reason}"
        return dataclasses.replace(found.verdict, reason=told)
    if (foreseen := _foreseen(claim, record)) is not None:
        return foreseen
    if claim.value is not None and (words := _PLANNED.search(_words(claim))):
        plan = "odds" if words["odds"] else "planned"
        planned = figure.examine(dataclasses.replace(claim, kind="stock", hedge="asserted", value_text=plan), record)
        if planned is not None and planned.checkable:
            return planned
    return Verdict(claim.id, "unverified", _JUDGEMENTS["forecast"])


def _foreseen(claim: Claim, record: Record) -> Verdict | None:
    """A number that a plan, a target or an outlook on record has for it: confirmed by that, and by nothing else."""
    if claim.value is None:
        return None
    for word in (claim.value_text, "planned", "expected"):
        stated = dataclasses.replace(claim, kind="stock", hedge="asserted", value_text=word)
        found = figure.examine(stated, record)
        if found is None or found.verdict != "confirmed" or not found.record:
            continue
        if all(_OUTLOOK.search(finding.name) for finding in found.record):
            return found
    return None


_OUTLOOK = re.compile(r"plan|target|expected|assum|_cap\b|budget_20|odds|draft")
_PLANNED = re.compile(
    r"\b(?:budget\w*|plan(?:s|ned)?|draft|assum\w+|target\w*|earmark\w*|(?P<odds>odds|chances?|probability))\b"
)


def _words(claim: Claim) -> str:
    return f"{claim.quantity.replace('_', ' ')} {claim.sentence or claim.span}".lower()


def _stated(claim: Claim, record: Record) -> Verdict:
    """By its own words; else of the town named before, by arithmetic, or with the words before it as context."""
    own = _by_family(claim, record)
    if own.verdict == "confirmed" or not record.claims:
        return own
    town = context.with_town_before(claim, record)
    if town is not None and (found := ground.examine(town, record)) is not None and found.checkable:
        return found
    if own.checkable:
        return own
    summed = sums.examine(claim, record, lambda part: _by_family(part, record))
    if summed is not None:
        return summed
    for wider in context.with_words_before(claim, record):
        for family in (figure.examine, poll.examine):
            found = family(wider, record)
            if found is not None and found.verdict in ("confirmed", "imprecise"):
                return found
    return own


def _by_family(claim: Claim, record: Record) -> Verdict:
    undecided = None
    for family in FAMILIES:
        answer = family(claim, record)
        if answer is not None and answer.checkable:
            return answer
        undecided = undecided or answer
    return undecided or Verdict(claim.id, "unverified", "No record here bears on it.")


@dataclass(frozen=True)
class Outcome:
    """What became of a forecast, by the record that came after it."""

    claim: str
    result: str
    """`came true`, `in part`, `did not`, `open` (not due, or no day named and not happened yet), `no record`."""
    due: str | None
    """Last day that it speaks of."""
    verdict: Verdict
    """The forecast read as a statement about that day."""


def forecasts_come_true(claims: Sequence[Claim], *, store: Store | None = None, on: str | None = None) -> list[Outcome]:
    """What became of the forecasts among the claims, in order; other claims are left out.

    A forecast is read as if it stated what it foresees, on the last day it speaks of, or, where it names none after its
    own, on the last day of the maps.
    """
    record = Record.open(store, on)
    return [outcome(claim, record) for claim in claims if claim.kind == "forecast" or claim.hedge == "forecast"]


def outcome(claim: Claim, record: Record) -> Outcome:
    """What became of one forecast."""
    told, stated = record.told_on(claim), interval(claim.as_of)
    last = record.store.control.dates[-1] if len(record.store.control.dates) else None
    due = None if stated is None or told is None or not _looks_ahead(claim, record, stated, told) else stated[1]
    day = due if due is not None else last
    if day is None or told is None:
        return Outcome(claim.id, "no record", None, Verdict(claim.id, "unverified", "It names no day."))
    if last is not None and day > last + np.timedelta64(7, "D"):
        return Outcome(claim.id, "open", str(day), Verdict(claim.id, "unverified", f"Not due before {day}."))
    verdict = _stated(_as_stated(claim, told, day), record)
    result = _RESULTS.get(verdict.verdict, "no record")
    if result in ("did not", "in part") and due is None:
        result = "open"
    return Outcome(claim.id, result, None if due is None else str(due), verdict)


def _looks_ahead(claim: Claim, record: Record, stated: Interval, told: np.datetime64) -> bool:
    """The stated day is a term, not the day of speaking: later than that or, where that is unknown, named in words."""
    if stated[1] > told:
        return True
    return (
        claim.published is None and record.published is None and bool(stated[0] < stated[1] or _TERM.search(claim.span))
    )


_TERM = re.compile(r"\b(?:by|before|until|till|end of|within|this|next|coming)\b")
_RESULTS = {
    "confirmed": "came true",
    "imprecise": "in part",
    "contested": "in part",
    "conflated": "did not",
    "contradicted": "did not",
    "unsupported": "did not",
}
_PROSPECT = re.compile(
    r"\b(?:will|would|could|may|might|shall|should|before|until|(?:is|are) (?:likely|expected|set|bound|going|poised|"
    r"about|due)(?: to)?|"
    r"(?:likely|probably|soon|eventually)|(?:expects?|predicts?|forecasts?) (?:that )?)\b"
)


def _as_stated(claim: Claim, told: np.datetime64, day: np.datetime64) -> Claim:
    """The forecast as a statement about a day, still made on the day it was made."""
    span = " ".join(_PROSPECT.sub(" ", claim.span).split()) or claim.span
    kind = (
        {"boolean": "location", None: "location"}.get(claim.unit, "stock") if claim.kind == "forecast" else claim.kind
    )
    if claim.unit == "date" and "capture" in claim.quantity:
        claim = dataclasses.replace(claim, unit=None, quantity="town_control")
    return dataclasses.replace(
        claim, span=span, sentence=None, kind=kind, hedge="asserted", as_of=str(day), published=str(told)
    )


_JUDGEMENTS = {
    "forecast": "It speaks of what was still to come; no record decides it as of its date.",
    "intention": "What somebody wants or means to do is no matter of record.",
    "causal": "That one thing brings about another is judged by the model, not by a record.",
}
