"""Over what time a figure is stated: the days, and whether it is one period's count, a rate, or a running total.

Words decide first ("a day", "so far", "this year"), then the unit (`count/day`), then how long `as_of` is. Where a day
is named and nothing says what ends there, a stock is a total and anything else is that day's or the total: either may
make it true. "A month" on a day may be the calendar month, the one before, or the last thirty days.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from ceasefire.evidence.check.record import Record
from ceasefire.evidence.claim import Claim

DAYS = {"day": 1.0, "week": 7.0, "month": 30.4375, "yr": 365.25}
INVASION = np.datetime64("2022-02-24", "D")


@dataclass(frozen=True)
class Period:
    """Days from `start` to `end`, both included."""

    kind: str
    """`day`, `week`, `month`, `quarter`, `year`, `to_date` (since 1 January), `total` (since the invasion), `span`."""
    start: np.datetime64
    end: np.datetime64
    rate: str | None = None
    """`day`, `week`, `month`, `yr`: the mean per that, over the days."""

    @property
    def days(self) -> int:
        """How many days it holds."""
        return int((self.end - self.start).astype(int)) + 1

    @property
    def says(self) -> str:
        """In words."""
        named = {
            "day": f"on {self.end}",
            "total": f"since February 2022, to {self.end}",
            "to_date": f"in the year to {self.end}",
            "month": f"in {str(self.end)[:7]}",
            "year": f"in {str(self.end)[:4]}",
        }.get(self.kind, f"from {self.start} to {self.end}")
        if self.start == self.end and self.kind != "total":
            named = f"on {self.end}"
        return f"a {'year' if self.rate == 'yr' else self.rate}, {named}" if self.rate else named


_PER = {
    "day": re.compile(r"\b(?:a|per|each|every) (?:single )?(?:day|night)\b|\bdaily\b|\bnightly\b", re.IGNORECASE),
    "week": re.compile(r"\b(?:a|per|each|every) week\b|\bweekly\b", re.IGNORECASE),
    "month": re.compile(r"\b(?:a|per|each|every) month\b|\bmonthly\b", re.IGNORECASE),
    "yr": re.compile(r"\b(?:a|per|each|every) year\b|\bannual(?:ly)?\b|\byearly\b", re.IGNORECASE),
}
_TOTAL = re.compile(
    r"\bsince (?:the )?(?:start|beginning|outset|launch|full|invasion"
    r"|war|february 2022|24 february|feb)|\bso far\b|\bto date\b"
    r"|\bsince 2022\b|\bin total\b|\bcumulative|\btotal (?:of|losses|casualties|number)|\boverall\b|\bhas now lost\b"
    r"|\bduring the (?:war|invasion)|\bin the war\b|\bsince russia",
    re.IGNORECASE,
)
_TO_DATE = re.compile(
    r"\bthis year\b|\bsince (?:the (?:start|beginning) of (?:the year|20\d\d)|january\b(?! 20))|\byear[- ]to[- ]date\b"
    r"|\bin the first (?:\w+ )months\b|\bsince the new year\b|\bso far (?:this year|in 20\d\d)",
    re.IGNORECASE,
)
_WEEK = re.compile(
    r"\b(?:last|past|this|same|previous|in one|in the|over the|during the|in a) week\b|\bseven days\b", re.IGNORECASE
)
_DAY = re.compile(
    r"\bovernight\b|\blast night\b|\b(?:one|single|the) (?:night"
    r"|day)\b|\b24 hours\b|\b(?:past|previous|last) day\b|\byesterday\b"
    r"|\btoday\b|\b(?:on|mon|tues|wednes|thurs|fri|satur|sun)day(?: night| morning)?\b",
    re.IGNORECASE,
)
_MONTH = re.compile(r"\b(?:last|past|previous|this|in one|in a) month\b|\b30 days\b", re.IGNORECASE)
_YEAR = re.compile(r"\b(?:last|past|previous) (?:year|twelve months|12 months)\b", re.IGNORECASE)


def stated(claim: Claim, record: Record) -> tuple[Period, ...]:
    """Periods that the claim may mean, any of which may make it true; none where no day is known."""
    window = record.window(claim)
    if window is None:
        return ()
    start, end = window
    told = record.told_on(claim)
    if told is not None and start <= told < end:
        end = told
    elif told is not None and told < start:
        start = end = told
    if _is_before_war(claim):
        return (Period("day", INVASION, INVASION),)
    month = _month_beside(claim, told)
    if month is not None and (month.end < start or end < month.start):
        start, end = month.start, month.end
    text = f"{claim.span} {claim.value_text or ''}"
    if (length := _length_since(text)) is not None and start + length < end:
        end = start + length
    rate = claim.unit.partition("/")[2] if claim.unit and "/" in claim.unit else _rate(_beside(claim, text))
    if _TO_DATE.search(text):
        return (Period("to_date", first_of_year(end), end, rate),)
    if rate:
        return _rated(start, end, rate)
    if _TOTAL.search(text) and (start == end or "total" in claim.quantity):
        return (Period("total", INVASION, end),)
    if start <= INVASION + 7 and _WEEK.search(text):
        start = end
    if start != end:
        brief = end - start <= 1 and not _DAY.search(text) and not (claim.unit or "").startswith("percent")
        return (*_spans(start, end), *((Period("total", INVASION, end),) if brief else ()))
    if start == told and claim.kind in _COUNTED and not _DAY.search(text) and not _WEEK.search(text):
        text = f"{text} {_window(claim)}"
    return _on_day(claim, text, end)


_SINCE = re.compile(
    r"\b(\d{1,2}|two|three|four|five|six|seven|eight|nine|ten|twelve) (days|weeks) since\b", re.IGNORECASE
)


def _length_since(text: str) -> int | None:
    """Days of `in the five weeks since 28 June`, which end before the day of telling."""
    found = _SINCE.search(text)
    return None if found is None else _days(found)


_COUNTED = frozenset({"flow", "rate"})
"""Kinds whose number belongs to a period: one that is not stated may stand elsewhere in the sentence."""


def _window(claim: Claim) -> str:
    """The weeks or days that the rest of its sentence counts back, where it counts back once only."""
    found = {match[0].lower() for match in _BACK.finditer(claim.sentence or "")}
    return found.pop() if len(found) == 1 else ""


_MONTHS = "january february march april may june july august september october november december".split()  # noqa: SIM905
_BESIDE = re.compile(
    rf"^[^\d.;:]{{0,25}}?\bin (?:early |late |mid-)?({'|'.join(_MONTHS)})\b(?: (20\d\d))?", re.IGNORECASE
)


def _month_beside(claim: Claim, told: np.datetime64 | None) -> Period | None:
    """The month named right after the number (`from 44.87 in November`), the last of that name before the telling."""
    sentence = claim.sentence or claim.span
    place = sentence.find(claim.span)
    if claim.value is None or place < 0:
        return None
    number = f"{abs(claim.value):.10g}"
    at = sentence.find(number, place)
    found = _BESIDE.match(sentence[at + len(number) : at + len(number) + 60]) if at >= 0 else None
    if found is None or (told is None and not found[2]):
        return None
    month = _MONTHS.index(found[1].lower()) + 1
    year = int(found[2]) if found[2] else int(str(told)[:4])
    day = np.datetime64(f"{year:04d}-{month:02d}-01", "D")
    if not found[2] and told is not None and day > told:
        day = np.datetime64(f"{year - 1:04d}-{month:02d}-01", "D")
    return month_of(day)


_BEFORE_WAR = re.compile(r"^(?:[^\d.;:]{0,40}?\b)before (?:the )?(?:full-scale )?(?:invasion|war)\b", re.IGNORECASE)


def _is_before_war(claim: Claim) -> bool:
    """The number is followed by `before the invasion`."""
    sentence = claim.sentence or claim.span
    place = max(0, sentence.find(claim.span))
    if claim.value is None:
        return False
    for found in _NUMBER.finditer(sentence, place):
        if _same(found[0], claim.value):
            return _BEFORE_WAR.search(sentence[found.end() : found.end() + 90]) is not None
    return False


def neighbours(period: Period) -> tuple[Period, ...]:
    """Periods that a reader may take for this one."""
    end = period.end
    month = month_of(end)
    near = (
        Period("total", INVASION, end),
        Period("to_date", first_of_year(end), end),
        month,
        month_of(month.start - 1),
        Period("week", end - 6, end),
        Period("year", first_of_year(end), last_of_year(end)),
        Period("day", end, end),
    )
    return tuple(item for item in near if (item.start, item.end) != (period.start, period.end))


def _beside(claim: Claim, text: str) -> str:
    """The text as far as the clause of the claim's number goes: what follows may be of another number."""
    if claim.value is None:
        return text
    numbers = [found for found in _NUMBER.finditer(text) if not re.fullmatch(r"(?:19|20)\d\d", found[0])]
    own = next((found for found in numbers if _same(found[0], claim.value)), None)
    if own is None or not any(found.start() > own.end() for found in numbers):
        return text
    return re.split(r"[,;]\s", text[own.end() :], maxsplit=1)[0]


_NUMBER = re.compile(r"\d(?:[\d,]{0,14}\d)?(?:\.\d{1,6})?")


def _same(text: str, value: float) -> bool:
    """The number of the text is the value, but for thousands, millions or billions."""
    number = float(text.replace(",", ""))
    return any(abs(abs(value) - number * scale) <= 0.011 * abs(value) for scale in (1.0, 1e3, 1e6, 1e9, 1e12))


def _rate(text: str) -> str | None:
    return next((per for per, pattern in _PER.items() if pattern.search(text)), None)


def _rated(start: np.datetime64, end: np.datetime64, rate: str) -> tuple[Period, ...]:
    if start != end:
        return tuple(Period(item.kind, item.start, item.end, rate) for item in _spans(start, end))
    month = month_of(end)
    before = month_of(month.start - 1)
    spans = {
        "day": [
            ("day", end, end),
            ("week", end - 6, end),
            ("span", end - 29, end),
            ("month", before.start, before.end),
        ],
        "week": [("week", end - 6, end), ("span", end - 29, end)],
        "month": [("month", before.start, before.end), ("span", end - 29, end), ("span", end - 90, end)],
        "yr": [("span", end - 364, end), ("year", first_of_year(end), end)],
    }.get(rate, [])
    if rate == "month":
        spans.append(("month", month.start, month.end))
    return tuple(Period(kind, first, last, rate) for kind, first, last in spans)


def _spans(start: np.datetime64, end: np.datetime64) -> tuple[Period, ...]:
    if start <= INVASION + 7 and end > INVASION + 31:
        return (Period("total", INVASION, end),)
    if end - start <= 1:
        return (Period("day", end, end), Period("span", start, end))
    month = month_of(end)
    if start == month.start and start.astype("M8[M]") == end.astype("M8[M]"):
        whole_weeks = end - start in (np.timedelta64(7, "D"), np.timedelta64(14, "D"), np.timedelta64(21, "D"))
        return (Period("month", start, end), *((Period("span", start + 1, end),) if whole_weeks else ()))
    if start == first_of_year(end):
        return (Period("year" if end == last_of_year(end) else "to_date", start, end),)
    if int((end - start).astype(int)) % 7 == 0 and int((end - start).astype(int)) <= WEEKS_APART:
        return (Period("span", start, end), Period("span", start + 1, end))
    return (Period("span", start, end),)


WEEKS_APART = 56
"""Days up to which two days whole weeks apart may be the eve and the end of those weeks: totals are so subtracted."""


def _on_day(claim: Claim, text: str, end: np.datetime64) -> tuple[Period, ...]:
    month = month_of(end)
    before = month_of(month.start - 1)
    if _WEEK.search(text):
        monday = end - (int(end.astype(int)) + 3) % 7
        return (
            Period("week", end - 6, end),
            Period("week", monday - 7, monday - 1),
            Period("week", monday, monday + 6),
        )
    if _MONTH.search(text):
        return (before, Period("span", end - 29, end), month)
    if (back := _counted_back(text)) is not None:
        sunday = end - (int(end.astype(int)) + 4) % 7
        ends = (end, sunday, sunday - 1)
        return tuple(Period("span", last - back + 1, last) for last in dict.fromkeys(ends))
    if _YEAR.search(text):
        year = first_of_year(end) - 1
        return (Period("span", end - 364, end), Period("year", first_of_year(year), year))
    day = Period("day", end, end)
    if _DAY.search(text):
        return (day,)
    if claim.unit == "percent":
        return (day, Period("week", end - 6, end), Period("span", end - 27, end))
    total = Period("total", INVASION, end)
    return (total,) if claim.kind == "stock" else (day, total)


_BACK = re.compile(
    r"\b(?:in|over|during|within|for|past|last|previous|same|these)(?: the)?(?: (?:past|last|previous|same))?"
    r" (\d{1,2}|two|three|four|five|six|seven|eight|nine|ten|twelve) (days|weeks)\b",
    re.IGNORECASE,
)
_COUNTS = dict(
    zip("two three four five six seven eight nine ten twelve".split(), (*range(2, 11), 12), strict=True)  # noqa: SIM905
)


def _counted_back(text: str) -> int | None:
    """Days that the words count back: `in four weeks`, `over the last ten days`."""
    found = _BACK.search(text)
    return None if found is None else _days(found)


def _days(found: re.Match[str]) -> int:
    count = _COUNTS.get(found[1].lower()) or int(found[1])
    return count * (7 if found[2].lower() == "weeks" else 1)


def month_of(day: np.datetime64) -> Period:
    """The calendar month of a day."""
    month = day.astype("M8[M]")
    return Period("month", month.astype("M8[D]"), (month + 1).astype("M8[D]") - 1)


def first_of_year(day: np.datetime64) -> np.datetime64:
    """1 January of the day's year."""
    return day.astype("M8[Y]").astype("M8[D]")


def last_of_year(day: np.datetime64) -> np.datetime64:
    """31 December of the day's year."""
    return (day.astype("M8[Y]") + 1).astype("M8[D]") - 1


def year_before(period: Period) -> Period:
    """The same days a year earlier."""
    return Period(period.kind, _shift(period.start, -12), _shift(period.end, -12), period.rate)


def period_before(period: Period) -> Period:
    """The period of the same length just before: the calendar month before a month."""
    if period.kind == "month":
        return month_of(period.start - 1)
    if period.kind == "year":
        return year_before(period)
    return Period(period.kind, period.start - period.days, period.start - 1, period.rate)


def _shift(day: np.datetime64, months: int) -> np.datetime64:
    month = day.astype("M8[M]") + months
    last = (month + 1).astype("M8[D]") - 1
    if day == month_of(day).end:
        return last
    return min(month.astype("M8[D]") + int((day - day.astype("M8[M]").astype("M8[D]")).astype(int)), last)
