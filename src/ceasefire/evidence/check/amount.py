"""The number of a claim and the units on record that it may be in.

Roubles, hryvnias and euros are no units of a claim: the words, or the side that is spoken of, say which is meant.
"""

from __future__ import annotations

import re

from ceasefire.evidence.claim import Claim

OTHER_MONEY = frozenset({"RUB", "EUR", "UAH"})
"""A large number without a unit that counts nothing named is money, and not dollars, which have one."""
LARGE = 1e8
MOST_A_DOLLAR, MOST_A_BARREL = 150.0, 500.0
"""Above it a number is no rate of exchange, or no price of a barrel."""
_CURRENCY_NAMED = re.compile(r"\b(?:ro?uble|hryvnia)\b", re.IGNORECASE)


def units_of(claim: Claim) -> frozenset[str]:
    """Units on record that the claim's number may be in."""
    base = (claim.unit or "").partition("/")[0]
    text = f"{claim.span} {claim.value_text or ''}"
    if (
        not base
        and 1 < abs(number_of(claim) or 0.0) < MOST_A_DOLLAR
        and (_CURRENCY_NAMED.search(claim.subject) or "exchange" in claim.quantity)
        and not _PERCENT.search(text)
        and scale_of(claim) == 1.0
    ):
        return frozenset({"RUB/USD", "UAH/USD"})
    if not base and (_RATE_OF_EXCHANGE.search(text) or "exchange" in claim.quantity):
        return frozenset({"RUB/USD", "UAH/USD"})
    if base in ("GW", "h", "percent"):
        return frozenset({base})
    money = next((unit for unit, words in _CURRENCIES if words.search(text)), None)
    if _PER_DOLLAR.search(text):
        return frozenset({"RUB/USD", "UAH/USD"})
    if base == "USD" or money is not None:
        if base == "USD" and money is None:
            text, money = f"{text} {claim.quantity} {claim.sentence or ''}", "USD"
        barrel = _BARREL.search(f"{text} {claim.quantity} {claim.subject}")
        cheap = abs(number_of(claim) or 0.0) * scale_of(claim) < MOST_A_BARREL
        return frozenset({"USD/bbl"}) if money == "USD" and barrel and cheap else frozenset({money or "USD"})
    if not base and (number_of(claim) or 0.0) * scale_of(claim) >= LARGE:
        return OTHER_MONEY
    if base in ("count", "persons"):
        return frozenset({"count"})
    if base:
        return frozenset()
    if "price" in claim.quantity and "oil" in claim.quantity:
        return frozenset({"USD/bbl"})
    return frozenset({"percent"}) if _PERCENT.search(text) else frozenset({"count"})


_CURRENCIES = (
    ("RUB", re.compile(r"\b(?:r(?:o?u|ou)bles?|rub)\b|₽", re.IGNORECASE)),
    ("UAH", re.compile(r"\b(?:hryvnias?|uah)\b|₴", re.IGNORECASE)),
    ("EUR", re.compile(r"\b(?:euros?|eur)\b|€", re.IGNORECASE)),
    ("USD", re.compile(r"\b(?:dollars?|usd)\b|\$", re.IGNORECASE)),
)
_PER_DOLLAR = re.compile(
    r"(?:to|per|against) (?:the |one |a )?(?:u\.?s\.? )?dollar|(?:ro?ubles?|hryvnias?) (?:to|per|for) (?:the |a )?\$",
    re.IGNORECASE,
)
_RATE_OF_EXCHANGE = re.compile(
    r"\bdollar (?:\w+ ){0,4}\d[\d.]{0,8} ?(?:ro?ubles?|hryvnias?)"
    r"|(?:ro?uble|hryvnia) (?:\w+ ){0,4}\d[\d.]{0,8} (?:to|per|a) ",
    re.IGNORECASE,
)
_BARREL = re.compile(r"barrel|\bbbl\b|brent|urals|oil[ _]price|crude|\boil\b|_oil|oil_", re.IGNORECASE)
_PERCENT = re.compile(r"per ?cent|%", re.IGNORECASE)
_SCALES = {
    "thousand": 1e3,
    "million": 1e6,
    "billion": 1e9,
    "trillion": 1e12,
    "mln": 1e6,
    "bln": 1e9,
    "trn": 1e12,
    "bn": 1e9,
    "tn": 1e12,
    "m": 1e6,
}
_SCALED = re.compile(
    r"(\d[\d,]{0,15}(?:\.\d{1,6})?)[\s\u00a0-]?(thousand|million|billion|trillion|mln|bln|trn|bn|tn)\b", re.IGNORECASE
)


def scale_of(claim: Claim) -> float:
    """1, or what a bare number left out: 5.52 where the span says 5.52 trillion."""
    value = claim.value if claim.value is not None else claim.value_low
    for found in _SCALED.finditer(claim.span):
        if value is not None and (number := plain_number(found[1])) is not None and number == abs(value):
            return _SCALES[found[2].lower()]
    return 1.0


def number_of(claim: Claim) -> float | None:
    """The stated value, the middle of a stated band, or its one end."""
    if claim.value is not None:
        return claim.value
    if claim.value_low is not None and claim.value_high is not None:
        return (claim.value_low + claim.value_high) / 2
    return claim.value_low if claim.value_low is not None else claim.value_high


def plain_number(text: str) -> float | None:
    """A number as written with digits; None where it is none."""
    try:
        return float(text.replace(",", "").replace("\u00a0", "").rstrip("."))
    except ValueError:
        return None


NUMBER = re.compile(r"\d[\d,]{0,15}(?:\.\d{1,6})?")
