"""Everything that is on the map: who held what and when, distances and bearings, shares and areas, rings and roads.

A claim is shown to each subject in turn, from the narrowest to the widest; the first that answers is taken.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from ceasefire.evidence.check import advance, area, holding, line, pocket, share, span
from ceasefire.evidence.check.record import Record
from ceasefire.evidence.claim import Claim, Verdict

SUBJECTS: tuple[Callable[[Claim, Record], Verdict | None], ...] = (
    pocket.examine,
    holding.examine_bank,
    span.examine,
    line.examine,
    advance.examine,
    share.examine,
    area.examine,
    holding.examine,
)


def _ring(claim: Claim, record: Record) -> Verdict | None:
    """A claim that a town is encircled says so whatever distance or time it also names."""
    if "encircl" not in claim.quantity or claim.unit in (None, "percent", "boolean", "deg"):
        return None
    return pocket.examine(dataclasses.replace(claim, value=None, value_low=None, value_high=None, unit=None), record)


def examine(claim: Claim, record: Record) -> Verdict | None:
    """A verdict on a claim about ground; None where it makes none. Decided answers go before undecided ones."""
    ring = _ring(claim, record)
    if ring is not None and ring.checkable:
        return ring
    undecided = None
    for subject in SUBJECTS:
        answer = subject(claim, record)
        if answer is not None and answer.checkable:
            return answer
        undecided = undecided or answer
    return undecided
