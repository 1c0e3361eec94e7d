"""Everything that is on the map: who held what and when, distances and bearings, shares and areas, rings and roads.

A claim is shown to each subject in turn, from the narrowest to the widest; the first that answers is taken.
"""

from __future__ import annotations

from collections.abc import Callable

from ceasefire.evidence.check import area, holding, line, pocket, share, span
from ceasefire.evidence.check.record import Record
from ceasefire.evidence.claim import Claim, Verdict

SUBJECTS: tuple[Callable[[Claim, Record], Verdict | None], ...] = (
    pocket.examine,
    holding.examine_bank,
    span.examine,
    line.examine,
    share.examine,
    area.examine,
    holding.examine,
)


def examine(claim: Claim, record: Record) -> Verdict | None:
    """A verdict on a claim about ground; None where it makes none. Decided answers go before undecided ones."""
    undecided = None
    for subject in SUBJECTS:
        answer = subject(claim, record)
        if answer is not None and answer.checkable:
            return answer
        undecided = undecided or answer
    return undecided
