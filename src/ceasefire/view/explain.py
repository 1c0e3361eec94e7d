"""An explanation as text."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence

from ceasefire.study.explain import BETWEEN, REST, SPREAD, Change, Coming, Followed, Part, Revenue
from ceasefire.view.text import clean, day, number, short_day

NAME, MEAN, BAND, SHARE, TRUST = 34, 10, 30, 18, 20
LABEL = {
    "price": "Price of Brent",
    "discount": "Discount on its oil",
    "exchange": "Exchange rate",
    "volume": "Volume exported",
    "strikes": "Strikes on refineries and ports",
    "season": "Season of the taxes",
    REST: "Rest: what the rule leaves out",
}
ROLE = {
    "revenue": "revenue",
    "brent": "Brent",
    "price": "price taxed at",
    "exchange": "exchange rate",
    "volume": "exports",
}
RULE = "Rule: revenue in proportion to price, what the discount leaves, exchange rate and volume; paid weeks later."


def text(found: Revenue) -> str:
    """What was, what is to come, and what both are made from."""
    lines = [
        clean(f"{found.title} · from {day(dt.date.fromisoformat(found.opening))}"),
        clean(f"Taxes on the oil and gas of {found.side_name}, in {_unit(found)}, where they come from"),
        RULE,
    ]
    for change in found.past:
        lines += ["", *_past(found, change)]
    if found.past:
        lines += ["", *_imposed(found.followed)]
    else:
        lines += ["", clean(f"Nothing is told of the past: {found.missing}.")]
    lines += ["", *_coming(found, found.coming)]
    return "\n".join([*lines, "", _foot(found)])


def _unit(found: Revenue) -> str:
    return f"bn {found.currency}" if found.currency != "LCU" else "bn of its own currency (LCU)"


def _past(found: Revenue, change: Change) -> Iterator[str]:
    """Observed change of some months on a year before, in parts."""
    share = change.change / change.before
    yield f"{_span(change)}, on the same months a year before"
    yield f"{'Observed':{NAME}}{_amount(change.before)} → {_amount(change.after)}, {_percent(share)}"
    yield (
        f"{'The rule, with all below imposed':{NAME}}{_percent(change.ruled.mid)}"
        f" ({_percent(change.ruled.low)} to {_percent(change.ruled.high)})"
    )
    yield _head("5 / 50 / 95 %", "% of before")
    for part in change.parts:
        yield _row(part, change.before)
    yield _sum(change.change, change.before)


def _imposed(followed: Sequence[Followed]) -> Iterator[str]:
    """What was observed and imposed, and how far to trust it."""
    yield f"Observed in these {followed[0].months} months: figures by trust"
    for series in followed:
        trust = ", ".join(f"{count} {letter}" for letter, count in series.known.items()) or "none"
        yield clean(f"{ROLE[series.role]:{NAME}}{trust:{TRUST}}{series.series}, {series.unit}, to {series.last}")
    yield clean(f"From: {'; '.join(dict.fromkeys(source for series in followed for source in series.sources))}.")
    yield "A: checked against a second figure. B: one source. C: a single claim. D: judgement or general knowledge."
    spread = ", ".join(f"{letter} {_plain(sd)}" for letter, sd in SPREAD.items())
    yield "Bands come from the time to pay and from exports, not from errors of the other series. A figure of exports"
    yield f"is good to {spread}, a month between on the line to {_plain(BETWEEN)} (one standard deviation, elicited)."
    yield "The rest may be tax rules, refunds, gas, refineries out of action, errors of the figures."


def _coming(found: Revenue, coming: Coming) -> Iterator[str]:
    """Revenue to come against that at the opening's rate, in parts."""
    first = dt.date.fromisoformat(coming.first_day)
    last = first + dt.timedelta(weeks=coming.weeks)
    opening, expected = coming.opening, coming.expected
    yield f"{coming.weeks} weeks to come, {short_day(first)} to {short_day(last)}, on as many at the opening's rate"
    for name, part in (("At the opening's rate", opening), ("Expected", expected)):
        yield f"{name:{NAME}}{_amount(part.mean)} ({_amount(part.low)} to {_amount(part.high)} in 8 wars of 10)"
    yield _head("10 / 50 / 90 %", "% of that rate")
    for part in coming.parts:
        yield _row(part, opening.mean)
    yield _sum(expected.mean - opening.mean, opening.mean)


def _head(band: str, share: str) -> str:
    return f"{'Part':{NAME}}{'mean':>{MEAN}}{band:>{BAND}}{share:>{SHARE}}"


def _row(part: Part, whole: float) -> str:
    band = " / ".join(_signed(point, whole) for point in (part.low, part.mid, part.high))
    share = _percent(part.mean / whole) if whole else "–"
    return f"{LABEL[part.name]:{NAME}}{_signed(part.mean, whole):>{MEAN}}{band:>{BAND}}{share:>{SHARE}}"


def _sum(total: float, whole: float) -> str:
    share = _percent(total / whole) if whole else "–"
    return f"{'Sum':{NAME}}{_signed(total, whole):>{MEAN}}{'':{BAND}}{share:>{SHARE}}"


def _span(change: Change) -> str:
    """Months in words."""
    first, last = (dt.date.fromisoformat(f"{month}-01") for month in (change.first, change.last))
    if first == last:
        return f"{first:%B %Y}"
    return f"{first:%B} to {last:%B %Y}" if first.year == last.year else f"{first:%B %Y} to {last:%B %Y}"


def _amount(value: float) -> str:
    return number(value, 4)


def _signed(value: float, whole: float) -> str:
    """An amount with its sign, to about a thousandth of the whole."""
    digits = max(0, 3 - math.floor(math.log10(whole))) if whole > 0 else 3
    return _sign(round(value, digits)) + f"{abs(value):,.{digits}f}"


def _percent(share: float) -> str:
    return _sign(round(100 * share, 1)) + f"{abs(100 * share):.1f} %"


def _sign(value: float) -> str:
    return "−" if value < 0 else "+" if value > 0 else ""


def _plain(share: float) -> str:
    return f"{100 * share:.0f} %"


def _foot(found: Revenue) -> str:
    failed = f", {found.coming.failed_runs:,} failed and left out" if found.coming.failed_runs else ""
    return (
        f"{found.coming.runs:,} wars{failed}; seed {found.seed}; ceasefire {found.version}. "
        "Bands hold if the model is right; means add up."
    )
