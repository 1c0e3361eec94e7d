"""Arithmetic within the text: do its own numbers agree?

Four forms are read from the span or its sentence: a change in percent beside its two ends (from x to y, z percent), a
share beside its parts (x of y, z percent), a daily rate beside its days and total, a total beside its summands. What
is worked out is compared with what is stated: within 5 %, or within what rounding of the parts allows, nothing is said,
since a sum that adds up does not make its parts true; up to 25 % off is imprecise, beyond is contradicted.

`arithmetic` also compares a stated total with the other figures of one unit in its sentence.
Left out: numbers in words, and sums across paragraphs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ceasefire.evidence.check.record import NEAR, WITHIN, Record
from ceasefire.evidence.claim import Claim, Finding, Verdict

_N = r"(\d[\d,]{0,15}(?:\.\d{1,6})?)(?:[\s-]?(thousand|million|billion|trillion|mln|bln|bn|tn|trn))?"
_GAP = r"(?:[^.;:!?\d]|\.(?=\d)){0,60}?"
_PCT = r"(\d{1,6}(?:\.\d{1,3})?) ?(?:%|per ?cent)"
_FROM_TO = re.compile(rf"\bfrom \$?€?{_N}{_GAP}\bto \$?€?{_N}", re.IGNORECASE)
_SHARE = re.compile(rf"{_N}{_GAP}\b(?:out of|of)\b (?:the |some |about |all )?{_N}", re.IGNORECASE)
_PERCENT = re.compile(_PCT, re.IGNORECASE)
_RATE = re.compile(
    rf"{_N}{_GAP}\b(?:a|per|each|every) day\b{_GAP}\b(?:for|over|in|during)\b{_GAP}(\d{{1,4}}) days", re.IGNORECASE
)
_TOTAL = re.compile(
    rf"(?:\b(?:a |the |in )?(?:combined )?total(?:ling|ing|s)?(?: of)?"
    rf"|\baltogether|\bin all|\bcombined)\b:? (?:some |about )?\$?€?{_N}",
    re.IGNORECASE,
)
_SUMMANDS = re.compile(rf"\$?€?{_N}", re.IGNORECASE)
_TOTAL_WORD = re.compile(r"\b(?:total|altogether|combined|in all|sum)\b", re.IGNORECASE)
_SCALES = {
    "thousand": 1e3,
    "million": 1e6,
    "mln": 1e6,
    "billion": 1e9,
    "bln": 1e9,
    "bn": 1e9,
    "trillion": 1e12,
    "tn": 1e12,
    "trn": 1e12,
}
_REACH = 600
"""Characters around a number that are read."""


def examine(claim: Claim, record: Record) -> Verdict | None:
    """A claim whose own sentence disagrees with it; None where it agrees, or says nothing to work with."""
    if claim.value is None or claim.negated:
        return None
    text = _text(claim)
    found = _percent(claim, text) or _rate(claim, text) or _sum(claim, text)
    if found is None:
        return _of_claims(claim, record.claims)
    return found


def arithmetic(claims: Sequence[Claim]) -> list[Verdict]:
    """Verdicts on those of the claims that their own text contradicts."""
    empty = _Nothing(tuple(claims))
    return [verdict for claim in claims if (verdict := _own(claim) or _of_claims(claim, empty.claims)) is not None]


class _Nothing:
    """The claims of one text and no record."""

    def __init__(self, claims: tuple[Claim, ...]) -> None:
        self.claims = claims


def _own(claim: Claim) -> Verdict | None:
    if claim.value is None or claim.negated:
        return None
    text = _text(claim)
    return _percent(claim, text) or _rate(claim, text) or _sum(claim, text)


def _text(claim: Claim) -> str:
    """The sentence, cut around the span."""
    sentence = claim.sentence or claim.span
    place = max(sentence.find(claim.span[:80]), 0)
    return sentence[max(0, place - _REACH // 2) : place + len(claim.span) + _REACH // 2][: 2 * _REACH]


def _percent(claim: Claim, text: str) -> Verdict | None:
    if (claim.unit or "percent") != "percent" or claim.value is None:
        return None
    stated = abs(claim.value)
    if not any(abs(float(found[1]) - stated) < 1e-6 for found in _PERCENT.finditer(text)):
        return None
    if (ends := _FROM_TO.search(text)) is not None and _is_amount(text, ends.end()):
        first, last = _value(ends[1], ends[2] or ends[4]), _value(ends[3], ends[4])
        if first:
            return _against(claim, stated, abs(100 * (last / first - 1)), f"from {first:,.6g} to {last:,.6g}", 1.0)
    if (parts := _SHARE.search(text)) is not None and _is_amount(text, parts.end()):
        part, whole = _value(parts[1], parts[2]), _value(parts[3], parts[4])
        if whole and 0 < part <= whole and not _PERCENT.match(text, parts.start(1)):
            return _against(claim, stated, 100 * part / whole, f"{part:,.6g} of {whole:,.6g}", 1.0)
    return None


def _is_amount(text: str, end: int) -> bool:
    """The last number read is no percentage itself, and no year."""
    return not re.match(r"\s?(?:%|per ?cent)", text[end : end + 9], re.IGNORECASE)


def _rate(claim: Claim, text: str) -> Verdict | None:
    found = _RATE.search(text)
    if found is None or claim.value is None:
        return None
    product = _value(found[1], found[2]) * float(found[3])
    rest = [_value(number[1], number[2]) for number in _SUMMANDS.finditer(text[found.end() :])]
    if claim.value in rest and product and _TOTAL_WORD.search(text):
        return _against(claim, claim.value, product, f"{found[1]} a day for {found[3]} days", 0.0)
    return None


def _sum(claim: Claim, text: str) -> Verdict | None:
    found = _TOTAL.search(text)
    if (
        found is None
        or claim.value is None
        or abs(_value(found[1], found[2]) - abs(claim.value)) > 1e-6 * abs(claim.value)
    ):
        return None
    before = text[: found.start()]
    numbers = [number for number in _SUMMANDS.finditer(before) if not _is_date(before, number)]
    if not 2 <= len(numbers) <= 5 or "percent" in (claim.unit or "") or not re.search(r"\band\b|,|plus|\+", before):
        return None
    values = [_value(number[1], number[2]) for number in numbers]
    if max(values) > 50 * abs(claim.value) or min(values) <= 0:
        return None
    return _against(claim, abs(claim.value), sum(values), " + ".join(f"{value:,.6g}" for value in values), 0.0)


def _is_date(text: str, number: re.Match[str]) -> bool:
    """A year, a day of a month, or an ordinal, an article number, a model name."""
    plain = number[1].replace(",", "")
    near = text[max(0, number.start() - 12) : number.end() + 12]
    if len(plain) == 4 and plain.startswith(("19", "20")) and "," not in number[1]:
        return True
    months = r"jan|feb|mar|apr|may\b|jun|jul|aug|sep|oct|nov|dec"
    return bool(
        re.search(
            rf"(?:{months})\w* \d|\d (?:{months})|\d(?:st|nd|rd|th)\b|[A-Za-z]-\d|%|per ?cent", near, re.IGNORECASE
        )
    )


def _of_claims(claim: Claim, claims: Sequence[Claim]) -> Verdict | None:
    """A stated total against the other figures of its unit in the same sentence."""
    if claim.value is None or claim.sentence is None or not _TOTAL_WORD.search(claim.span) or not claim.unit:
        return None
    parts = [
        other.value
        for other in claims
        if other.id != claim.id
        and other.sentence == claim.sentence
        and other.unit == claim.unit
        and other.value is not None
        and other.dup_of is None
        and not _TOTAL_WORD.search(other.span)
    ]
    if not 2 <= len(parts) <= 6 or claim.unit in ("percent", "date", "boolean") or min(parts) <= 0:
        return None
    return _against(claim, claim.value, sum(parts), " + ".join(f"{value:,.6g}" for value in parts), 0.0)


def _against(claim: Claim, stated: float, worked: float, how: str, points: float) -> Verdict | None:
    """Nothing where it adds up; `points` is what rounding may move a percentage."""
    off = max(abs(stated - worked) - points, 0.0)
    error = 0.0 if off == 0 else off / abs(worked) if worked else float("inf")
    if claim.qualifier in ("at_least", "less_than"):
        beyond = worked < stated if claim.qualifier == "at_least" else worked > stated
        error = error if beyond else 0.0
    if error <= max(WITHIN, 0.1 if claim.qualifier == "about" else 0.0):
        return None
    grade = "imprecise" if error <= NEAR else "contradicted"
    says = f"{how} = {worked:,.6g}"
    finding = Finding("text", "arithmetic", says, value=worked, unit=claim.unit, published=claim.published, trust="A")
    return Verdict(claim.id, grade, f"The text's own numbers give {worked:,.4g}, not {stated:,.6g}.", says, (finding,))


def _value(number: str, scale: str | None) -> float:
    return float(number.replace(",", "").rstrip(".") or 0) * _SCALES.get((scale or "").lower(), 1.0)
