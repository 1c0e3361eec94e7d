"""Differences and ratios between the claims of one text: `which leaves seven short`, `a hundred men for every km²`.

The parts are the claims just before. Where the record confirms each of them and they give the stated number, it is
confirmed too; where they give another, it is imprecise up to 25 % off. Nothing is contradicted: which parts are meant
is a guess.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator

from ceasefire.evidence.check.record import NEAR, WITHIN, Record, bounds
from ceasefire.evidence.claim import Claim, Finding, Verdict

CLAIMS, CHARACTERS = 4, 500
_DIFFERENCE = re.compile(
    r"\b(?:leav(?:es|ing)|gap|short(?:fall)?|difference|discount|deficit|surplus|net|left (?:with|over)|remain\w*"
    r"|a (?:rise|fall|drop|gain|loss|increase) of)\b",
    re.IGNORECASE,
)
_RATIO = re.compile(
    r"\b(?:for (?:every|each)|per) (?:square|sq|km|kilomet|mile|soldier|man|tank|drone|gun)", re.IGNORECASE
)

Judge = Callable[[Claim], Verdict]


def examine(claim: Claim, record: Record, judge: Judge) -> Verdict | None:
    """What the claims before this one give, each of them judged; None where they give nothing like it."""
    limits = bounds(claim)
    if claim.value is None or limits is None or claim.negated:
        return None
    best: tuple[float, float, str, tuple[Claim, Claim]] | None = None
    for worked, how, parts in _worked(claim, record):
        off = max(limits[0] - worked, worked - limits[1], 0.0) / abs(worked) if worked else 1.0
        if best is None or off < best[0]:
            best = off, worked, how, parts
    if best is None or best[0] > NEAR:
        return None
    said = [judge(part) for part in best[3]]
    if any(verdict.verdict != "confirmed" for verdict in said):
        return None
    grade = "confirmed" if best[0] <= WITHIN else "imprecise"
    finding = Finding("text", "arithmetic", best[2], value=best[1], unit=claim.unit, published=claim.published)
    record_of_parts = tuple(item for verdict in said for item in verdict.record)
    reason = f"The text's own figures, which the record bears out, give {best[1]:,.4g}."
    return Verdict(claim.id, grade, reason, best[2], (finding, *record_of_parts)[:8])


def _worked(claim: Claim, record: Record) -> Iterator[tuple[float, str, tuple[Claim, Claim]]]:
    parts = [other for other in record.before(claim, CLAIMS, CHARACTERS) if other.value]
    for one, other in itertools.combinations(parts, 2):
        if one.value is None or other.value is None:
            continue
        if _DIFFERENCE.search(claim.span) and one.unit == other.unit and claim.unit == one.unit:
            low, high = sorted((one.value, other.value))
            yield high - low, f"{high:,.6g} - {low:,.6g} = {high - low:,.6g}", (one, other)
        if _RATIO.search(claim.span) and one.unit != other.unit:
            for top, bottom in ((one, other), (other, one)):
                if top.value and bottom.value:
                    ratio = top.value / bottom.value
                    yield ratio, f"{top.value:,.6g} / {bottom.value:,.6g} = {ratio:,.6g}", (one, other)
