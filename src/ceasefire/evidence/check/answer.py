"""Verdicts on figures, in words for the reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ceasefire.evidence.check.reading import Reading
from ceasefire.evidence.claim import Claim, Verdict


@dataclass(frozen=True)
class Hit:
    """A value on record, and how far the stated number is from it, relative."""

    reading: Reading
    error: float


def answer(claim: Claim, grade: str, reason: str, hits: Sequence[Hit]) -> Verdict:
    """A verdict with the computation and the rows behind it."""
    findings = tuple(dict.fromkeys(finding for hit in hits for finding in hit.reading.findings))
    return Verdict(claim.id, grade, f"{reason}.", "; ".join(hit.reading.how for hit in hits), findings[:8])


def tell(reading: Reading) -> str:
    """What was read, over what time, and its value."""
    return f"{reading.says}: {amount(reading)}"


def amount(reading: Reading) -> str:
    """The value with its unit, and its band where it has one."""
    unit = "" if reading.scope.unit == "count" else f" {reading.scope.unit}"
    about = "about " if reading.coarse > 0.02 * abs(reading.value) else ""
    band = f" ({_short(reading.low)} to {_short(reading.high)})" if reading.band else ""
    return f"{about}{_short(reading.value)}{unit}{band}"


def _short(value: float) -> str:
    for size, word in ((1e12, "trillion"), (1e9, "billion")):
        if abs(value) >= size:
            return f"{value / size:.4g} {word}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
