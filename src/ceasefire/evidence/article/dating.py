"""Dates and periods in English text as ISO dates, months, years or intervals.

Each rule is a pattern of bounded length and a function from what it found to an interval of days, months or years.
Where rules overlap the longest wins; two dates joined by "to" or "and" behind "from" or "between" become one
interval. What is said relative to publication ("last Friday", "six months ago") is read only where that day is known.

How the open cases are settled, all by habit of the press and all arbitrary: a date without a year, and a bare
weekday, is the last one before publication (a date up to a month ahead counts as near), the next one where the
sentence speaks of what is to come; "last week" is Monday to Sunday of the calendar week before; "last February" the
last February that is over; "six months ago" a month, "three weeks ago" a week around that day, "two years ago" a
year; the winter of 2023 begins in December 2023; early, mid and late are thirds of a month and of a year. Recent
days, weeks and months are the last 7 days, 4 weeks and 3 months. The war begins on 2022-02-24.

Left out: 8/12/2025 where either number could be the month, feast days but Christmas and New Year, "the day before" and
other steps from a date elsewhere in the text, years before 1900 and after 2099.
"""

from __future__ import annotations

import re
from bisect import bisect
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import NamedTuple

WAR_BEGAN = date(2022, 2, 24)
NEAR_AHEAD = 31
"""Days after publication up to which a date without a year is taken as one to come."""
RECENT = {"day": 7, "week": 28, "month": 91, "year": 1096}
"""What `recent` days, weeks, months or years mean, in days."""
CONTEXT = 80
"""Characters around a date that are read for a word of what is to come; arbitrary."""
MAX_STEPS = 1_200
"""Largest number of units in `… ago`."""


def _words(row: str) -> list[str]:
    return row.split()


@dataclass(frozen=True)
class Dated:
    """A date or period in a text."""

    start: int
    end: int
    as_of: str
    """Of the grammar of `claim.AS_OF`, never `undated`."""
    precision: str
    """One of day, week, month, quarter, season, year, interval."""
    weekday_error: bool = False
    """A weekday is named that the date does not fall on."""


class _Time(NamedTuple):
    """What a rule makes of its match."""

    first: str
    last: str
    precision: str
    weekday_error: bool = False

    @property
    def as_of(self) -> str:
        return self.first if self.first == self.last else f"{self.first}/{self.last}"


class _View(NamedTuple):
    """What a rule may know besides its match."""

    published: date | None
    sentence: Callable[[], bool]

    @property
    def ahead(self) -> bool:
        """The sentence speaks of what is to come."""
        return self.published is not None and self.sentence()


_Rule = Callable[[re.Match[str], _View], _Time | None]

# ---------------------------------------------------------------------------------------------------------------------
# Words

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
            "september sept sep", "october oct", "november nov", "december dec",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "monday mon",
            "tuesday tues tue",
            "wednesday weds wed",
            "thursday thurs thur thu",
            "friday fri",
            "saturday sat",
            "sunday sun",
        )
    )
    for name in names.split()
}
_NUMBERS = {
    word: value
    for value, word in enumerate(
        _words(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
            "seventeen eighteen nineteen twenty"
        )
    )
} | {
    "a": 1,
    "an": 1,
    "couple": 2,
    "few": 3,
    "several": 4,
    "dozen": 12,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
}
_ORDINALS = {
    "first": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "1st": 1,
    "2nd": 2,
    "3rd": 3,
    "4th": 4,
    "last": -1,
    "final": -1,
}
_SEASONS = {"spring": (3, 5), "summer": (6, 8), "autumn": (9, 11), "fall": (9, 11), "winter": (12, 14)}
"""First and last month; a winter ends in the next year."""
_THIRDS = {
    "early": (1, 10), "beginning": (1, 10), "start": (1, 10), "mid": (11, 20), "middle": (11, 20), "late": (21, 31),
    "end": (21, 31),
}  # fmt: skip
_UNITS = {
    "day": "day",
    "night": "day",
    "week": "week",
    "fortnight": "week",
    "month": "month",
    "quarter": "quarter",
    "year": "year",
    "decade": "year",
}

_S = r"[ \t\u00a0]{0,3}(?:\r?\n)?[ \t\u00a0]{0,3}"
"""White space between two words, at most one line break."""
_W = r"(?:[ \t\u00a0]{1,3}(?:\r?\n)?[ \t\u00a0]{0,3}|\r?\n[ \t\u00a0]{0,3})"
_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|JANUARY|FEBRUARY|MARCH|APRIL|MAY|JUNE|JULY|AUGUST|SEPTEMBER|OCTOBER|NOVEMBER|DECEMBER"
    r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)\b\.?)"
)
_WEEKDAY = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun|MON|TUES|WEDNES|THURS|FRI|SATUR|SUN)(?:day|DAY)"
_SHORT_WEEKDAY = rf"(?:{_WEEKDAY}|(?:Mon|Tues?|Weds?|Thur?s?|Fri|Sat|Sun)\b\.?)"
_YEAR = r"(?:19|20)\d\d(?![\d%]|[.,]\d)"
_DAY = r"(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?(?![\d%]|[.,]\d)"
_THE = r"(?:the|its|this)"
_COUNT = (
    r"(?:\d{1,4}|an?(?:"
    + _W
    + r"(?:couple|few|dozen)(?:"
    + _W
    + r"of)?)?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen"
    r"|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|several|dozen)"
)
_UNIT = r"(?:day|night|week|fortnight|month|quarter|year|decade)"
_DASH = _S + r"(?:-|–|—|to|and|through|until|till|thru)" + _S
_AHEAD = re.compile(
    r"\b(?:will|won['’]t|shall|scheduled|slated|planned|plans?|planning|upcoming|due(?! to\b)|going to|set (?:to|for)"
    r"|expected|expects?|(?:is|are) to|would|could|might|may|ready to|prepar(?:es|ing)|hopes? (?:to|for|that)|intends?"
    r"|forecasts?|predicts?|deadline|awaits?|ahead of)\b|\b(?:by|before|until|till|through)(?: the| early| late"
    r"| mid| this)?\s{0,3}$",
    re.I,
)
_PAST = re.compile(
    r"\b(?:was|were|had|did|said|told|announced|reported|struck|killed|launched|seized|captured|took|fell|rose"
    r"|held|met|agreed|signed|hit|attacked|lost|began"
    r"|declared|claimed|published|ended|voted|retreated|withdrew|destroyed|shot|wrote|posted|\w{3,12}ed)\b",
    re.I,
)

# ---------------------------------------------------------------------------------------------------------------------
# Days, months and years


def _iso(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _number(word: str) -> int:
    word = word.lower()
    digits = re.match(r"\d{1,4}", word, re.ASCII)
    if digits:
        return int(digits[0])
    words = word.split()
    if len(words) > 1:
        return _NUMBERS.get(words[1], 1)
    return _NUMBERS.get(word, 0)


def _month_number(word: str) -> int:
    return _MONTHS[word.lower().rstrip(".")]


def _month(year: int, month: int) -> str:
    """ISO month; a month beyond December runs into later years, one before January into earlier ones."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return f"{year:04d}-{month:02d}"


def _days(first: date, last: date, precision: str = "interval") -> _Time:
    return _Time(first.isoformat(), last.isoformat(), precision)


def _months(year: int, first: int, last: int, precision: str) -> _Time | None:
    if not 1900 <= year <= 2099:
        return None
    return _Time(_month(year, first), _month(year, last), precision)


def _step(day: date, days: int) -> date | None:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None


def _step_months(day: date, months: int) -> date | None:
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    if not 1 <= year <= 9998:
        return None
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _year_of(month: int, day: int, view: _View) -> int | None:
    """The year meant by a day without one."""
    if view.published is None:
        return None
    here = view.published
    options = [found for year in range(here.year - 4, here.year + 5) if (found := _iso(year, month, day))]
    if view.ahead:
        return min((found for found in options if found >= here), default=here).year
    limit = here + timedelta(days=NEAR_AHEAD)
    return max((found for found in options if found <= limit), default=here).year


def _year_of_month(month: int, view: _View) -> int | None:
    if view.published is None:
        return None
    here = view.published
    if view.ahead:
        return here.year if month >= here.month else here.year + 1
    return here.year if month <= here.month else here.year - 1


def _week_of(day: date) -> date:
    """Monday of the week."""
    return day - timedelta(days=day.weekday())


def _weekday_wrong(word: str | None, day: date) -> bool:
    return word is not None and _WEEKDAYS[_plain_weekday(word)] != day.weekday()


def _plain_weekday(word: str) -> str:
    return word.lower().rstrip(".")


# ---------------------------------------------------------------------------------------------------------------------
# Rules: full dates


def _full_date(match: re.Match[str], view: _View) -> _Time | None:
    found = match.groupdict()
    month, number = _month_number(found["month"]), _number(found["day"])
    year = int(found["year"]) if found.get("year") else _year_of(month, number, view)
    first = _iso(year, month, number) if year else None
    if first is None:
        return None
    wrong = _weekday_wrong(found.get("weekday"), first)
    if not found.get("until"):
        return _Time(first.isoformat(), first.isoformat(), "day", wrong)
    last = _iso(first.year, month, _number(found["until"]))
    return _Time(first.isoformat(), last.isoformat(), "interval", wrong) if last and first <= last else None


def _iso_date(match: re.Match[str], view: _View) -> _Time | None:
    year, month, day = int(match["year"]), int(match["month"]), match["day"]
    if day is None:
        return _Time(match[0], match[0], "month") if 1 <= month <= 12 else None
    found = _iso(year, month, int(day))
    return _Time(found.isoformat(), found.isoformat(), "day") if found else None


def _figures(match: re.Match[str], view: _View) -> _Time | None:
    """12.08.2025 is the twelfth of August; 8/15/2025 can only be the fifteenth; 8/12/2025 stays open."""
    first, second, year = int(match["a"]), int(match["b"]), int(match["year"])
    if match["mark"] == "." or first > 12:
        found = _iso(year, second, first)
    elif second > 12 or first == second:
        found = _iso(year, first, second)
    else:
        return None
    return _Time(found.isoformat(), found.isoformat(), "day") if found else None


def _month_range(match: re.Match[str], view: _View) -> _Time | None:
    """March to July 2025, August 2024 to April 2025, January–March."""
    first, last = _month_number(match["month"]), _month_number(match["until"])
    year = int(match["year"]) if match["year"] else _year_of_month(last, view)
    if year is None:
        return None
    begin = int(match["from_year"]) if match["from_year"] else year - (first > last)
    if (begin, first) > (year, last):
        return None
    return _Time(_month(begin, first), _month(year, last), "interval")


def _day_range(match: re.Match[str], view: _View) -> _Time | None:
    """From July 28 to August 3, 2025."""
    last_month, last_day = _month_number(match["month2"]), _number(match["day2"])
    year = int(match["year"]) if match["year"] else _year_of(last_month, last_day, view)
    last = _iso(year, last_month, last_day) if year else None
    if last is None:
        return None
    first = _iso(last.year, _month_number(match["month"]), _number(match["day"]))
    if first and first > last:
        first = _iso(last.year - 1, first.month, first.day)
    return _days(first, last) if first else None


# ---------------------------------------------------------------------------------------------------------------------
# Rules: months, seasons, quarters, years


def _bare_month(match: re.Match[str], view: _View) -> _Time | None:
    month = _month_number(match["month"])
    year = int(match["year"]) if match["year"] else _year_of_month(month, view)
    return _months(year, month, month, "month") if year else None


def _month_spoken(match: re.Match[str], view: _View) -> _Time | None:
    """Last February, this March, next June; with `late` and the like before it."""
    if view.published is None:
        return None
    month, here = _month_number(match["month"]), view.published
    word = match["which"].lower()
    if word in ("last", "past", "previous"):
        year = here.year if month < here.month else here.year - 1
    elif word in ("next", "coming"):
        year = here.year if month > here.month else here.year + 1
    else:
        year = here.year
    return _part_of_month(year, month, match["part"])


def _month_part(match: re.Match[str], view: _View) -> _Time | None:
    """Mid-January, the end of May 2025."""
    month = _month_number(match["month"])
    year = int(match["year"]) if match["year"] else _year_of_month(month, view)
    return _part_of_month(year, month, match["part"]) if year else None


def _part_of_month(year: int, month: int, part: str | None) -> _Time | None:
    if not part:
        return _months(year, month, month, "month")
    last = monthrange(year, month)[1]
    low, high = _THIRDS[_part(part)]
    return _days(date(year, month, low), date(year, month, min(high, last)))


def _part(word: str) -> str:
    return next(part for part in _THIRDS if part in word.lower())


def _bare_year(match: re.Match[str], view: _View) -> _Time | None:
    return _Time(match["year"], match["year"], "year")


def _year_range(match: re.Match[str], view: _View) -> _Time | None:
    first, last = match["year"], match["until"]
    last = first[: 4 - len(last)] + last
    return _Time(first, last, "interval") if first < last else None


def _decade(match: re.Match[str], view: _View) -> _Time | None:
    return _Time(match["year"], f"{match['year'][:3]}9", "interval")


def _named_year(match: re.Match[str], view: _View) -> int | None:
    """The year given in figures or as last, this or next year; the last one that fits where none is said."""
    found = match.groupdict()
    if found.get("year"):
        return int(found["year"])
    if view.published is None:
        return None
    word = (found.get("which") or "this").lower()
    return view.published.year + {"last": -1, "previous": -1, "next": 1, "coming": 1}.get(word, 0)


def _year_part(match: re.Match[str], view: _View) -> _Time | None:
    """Early 2024, mid-2025, late last year, the end of the year."""
    year = _named_year(match, view)
    if year is None:
        return None
    word = match["part"].lower()
    if "end" in word:
        return _months(year, 12, 12, "month")
    if "start" in word or "beginning" in word or "outset" in word:
        return _months(year, 1, 1, "month")
    first, last = {"early": (1, 4), "mid": (5, 8), "late": (9, 12)}[_part(word)]
    return _months(year, first, last, "interval")


def _by_end_of_year(match: re.Match[str], view: _View) -> _Time | None:
    year = _named_year(match, view)
    return _Time(f"{year}-12-31", f"{year}-12-31", "day") if year else None


def _first_months(match: re.Match[str], view: _View) -> _Time | None:
    """The first seven months of 2025, the last three months of last year."""
    year, number = _named_year(match, view), _number(match["count"])
    if year is None or not 1 <= number <= 12:
        return None
    if match["end"].lower() == "first":
        return _months(year, 1, number, "interval")
    return _months(year, 13 - number, 12, "interval")


def _piece(match: re.Match[str], view: _View) -> _Time | None:
    """First half of 2025, second quarter, Q3 2024."""
    found = match.groupdict()
    word = (found.get("which_piece") or "").lower()
    number = _ORDINALS.get(word) or int(re.sub(r"\D", "", word) or 0)
    size = 6 if (found.get("kind") or "q").lower()[0] == "h" else 3
    number = 12 // size if number == -1 else number
    year = _named_year(match, view)
    if year is None or not 1 <= number <= 12 // size:
        return None
    first = (number - 1) * size + 1
    unsaid = not found.get("year") and not found.get("which") and view.published is not None
    if unsaid and view.published and not view.ahead and first > view.published.month:
        year -= 1
    return _months(year, first, first + size - 1, "quarter" if size == 3 else "interval")


def _season(match: re.Match[str], view: _View) -> _Time | None:
    """Summer 2023, the winter of 2023–24, last summer, this autumn."""
    first, last = _SEASONS[match["season"].lower()]
    word = (match["which"] or "").lower()
    if match["year"]:
        year = int(match["year"])
    elif view.published is None:
        return None
    else:
        year = _season_year(first, last, word, view)
    return _months(year, first, last, "season")


def _season_year(first: int, last: int, word: str, view: _View) -> int:
    """The year in which the season begins."""
    here = view.published or WAR_BEGAN
    since = (here.month - first) % 12
    begun = here.year if here.month >= first else here.year - 1
    inside = since <= last - first
    if word == "last" or (word == "past" and inside and since < last - first):
        return begun - 1 if inside else begun
    if word in ("next", "coming"):
        return begun + 1
    if word == "this":
        return begun if inside or not (view.ahead or 12 - since <= SEASON_AHEAD) else begun + 1
    if view.ahead:
        return begun if inside else begun + 1
    return begun


SEASON_AHEAD = 4
"""Months before its beginning from which on `this winter` is the one to come; arbitrary."""


# ---------------------------------------------------------------------------------------------------------------------
# Rules: relative to publication


def _named_day(match: re.Match[str], view: _View) -> _Time | None:
    if view.published is None:
        return None
    word = re.sub(r"\s+", " ", match[0].lower())
    if word in ("overnight", "last night"):
        before = _step(view.published, -1)
        if before is None:
            return None
        return _days(before, view.published) if word == "overnight" else _days(before, before, "day")
    shift = {"the day before yesterday": -2, "yesterday": -1, "tomorrow": 1, "the day after tomorrow": 2}
    number = next((days for name, days in shift.items() if word.startswith(name)), 0)
    day = _step(view.published, number)
    return _days(day, day, "day") if day else None


def _weekday(match: re.Match[str], view: _View) -> _Time | None:
    if view.published is None:
        return None
    here, wanted = view.published, _WEEKDAYS[_plain_weekday(match["weekday"])]
    word = (match["which"] or "").lower()
    if word == "this":
        day = here + timedelta(days=wanted - here.weekday())
        if wanted < here.weekday() and view.ahead:
            day += timedelta(days=7)
    elif word in ("last", "past", "previous"):
        day = here - timedelta(days=(here.weekday() - wanted - 1) % 7 + 1)
    elif word == "next":
        day = _week_of(here) + timedelta(days=7 + wanted)
    elif word in ("coming", "upcoming") or view.ahead:
        day = here + timedelta(days=(wanted - here.weekday() - 1) % 7 + 1 if word else (wanted - here.weekday()) % 7)
    else:
        day = here - timedelta(days=(here.weekday() - wanted) % 7)
    if match["week"]:
        day += timedelta(days=7 if match["week"].lower().startswith("next") else 0)
        if match["week"].lower().startswith("last"):
            day = _week_of(here) - timedelta(days=7) + timedelta(days=wanted)
    return _days(day, day, "day")


def _this_unit(match: re.Match[str], view: _View) -> _Time | None:
    """Last week, this month, next year, earlier this year."""
    if view.published is None:
        return None
    here = view.published
    shift = {"last": -1, "previous": -1, "past": -1, "next": 1, "coming": 1}.get(match["which"].lower(), 0)
    unit = match["unit"].lower()
    if unit == "week":
        monday = _step(_week_of(here), 7 * shift)
        return _days(monday, monday + timedelta(days=6), "week") if monday else None
    if unit == "weekend":
        saturday = _step(
            _week_of(here), 7 * shift + 5 - (7 if shift == 0 and here.weekday() < 5 and not view.ahead else 0)
        )
        return _days(saturday, saturday + timedelta(days=1)) if saturday else None
    if unit == "month":
        return _months(here.year, here.month + shift, here.month + shift, "month")
    if unit == "quarter":
        first = (here.month - 1) // 3 * 3 + 1 + 3 * shift
        return _months(here.year, first, first + 2, "quarter")
    if unit == "decade":
        return None
    return _Time(f"{here.year + shift}", f"{here.year + shift}", "year")


def _ago(match: re.Match[str], view: _View) -> _Time | None:
    """Three days ago, six months earlier, two years from now."""
    if view.published is None:
        return None
    number, unit = _number(match["count"]), _UNITS[match["unit"].lower()]
    if match["half"]:
        number, unit = {"year": (number * 12 + 6, "month"), "decade": (number * 10 + 5, "year")}.get(
            unit, (number, unit)
        )
    elif match["unit"].lower() == "decade":
        number *= 10
    elif match["unit"].lower() == "fortnight":
        number *= 2
    if number > MAX_STEPS:
        return None
    return _away(view.published, number if match["sense"].lower() in ("from now", "hence") else -number, unit)


def _away(here: date, number: int, unit: str) -> _Time | None:
    if unit == "day":
        day = _step(here, number)
        return _days(day, day, "day") if day else None
    if unit == "week":
        day = _step(here, 7 * number)
        return _days(day - timedelta(days=3), day + timedelta(days=3), "week") if day else None
    if unit in ("month", "quarter"):
        found = _step_months(here, number * (3 if unit == "quarter" else 1))
        return _months(found.year, found.month, found.month, "month") if found else None
    if number == -1:
        return _months(here.year - 1, here.month, here.month, "month")
    year = here.year + number
    return _Time(f"{year}", f"{year}", "year") if 1900 <= year <= 2099 else None


def _span(match: re.Match[str], view: _View) -> _Time | None:
    """Over the past four weeks, in the last 24 hours, the next two months."""
    if view.published is None:
        return None
    number = _number(match["count"]) if match["count"] else 1
    if match["half"]:
        number = 0 if not match["count"] else number
    unit, here = match["unit"].lower(), view.published
    sign = 1 if match["which"].lower() in ("next", "coming") else -1
    if not 0 < number <= MAX_STEPS:
        return None
    if unit == "hour":
        other = _step(here, sign * max(1, round(number / 24)))
    elif unit in ("day", "night", "week", "fortnight"):
        other = _step(here, sign * number * {"week": 7, "fortnight": 14}.get(unit, 1))
    else:
        other = _step_months(here, sign * number * {"quarter": 3, "year": 12, "decade": 120}.get(unit, 1))
    return _days(min(here, other), max(here, other)) if other else None


def _recent(match: re.Match[str], view: _View) -> _Time | None:
    if view.published is None:
        return None
    length = RECENT[match["unit"].lower()]
    sign = 1 if match["which"].lower() in ("coming", "next") else -1
    other = _step(view.published, sign * length)
    return _days(min(view.published, other), max(view.published, other)) if other else None


def _so_far(match: re.Match[str], view: _View) -> _Time | None:
    """Since the start of the year, so far this month."""
    if view.published is None:
        return None
    here, unit = view.published, match["unit"].lower()
    first = {"year": here.replace(month=1, day=1), "month": here.replace(day=1), "week": _week_of(here)}.get(unit)
    return _days(first, here) if first else None


def _since_war(match: re.Match[str], view: _View) -> _Time | None:
    return _days(WAR_BEGAN, view.published) if view.published and view.published > WAR_BEGAN else None


def _war_began(match: re.Match[str], view: _View) -> _Time | None:
    return _days(WAR_BEGAN, WAR_BEGAN, "day")


def _week_with(match: re.Match[str], view: _View) -> _Time | None:
    """The week of August 4, the week ending 10 August 2025."""
    month, number = _month_number(match["month"] or match["month2"]), _number(match["day"] or match["day2"])
    year = int(match["year"]) if match["year"] else _year_of(month, number, view)
    day = _iso(year, month, number) if year else None
    if day is None:
        return None
    ends = match["sense"].lower().startswith("end") or match["sense"].lower() == "to"
    first = (
        day - timedelta(days=6)
        if ends
        else day
        if match["sense"].lower() in ("beginning", "starting")
        else _week_of(day)
    )
    return _days(first, first + timedelta(days=6), "week")


def _period_to(match: re.Match[str], view: _View) -> _Time | None:
    """The four weeks to 15 November, three days ending on July 4, the week to Saturday."""
    last = _end_of_period(match, view)
    count, unit = _number(match["count"]) if match["count"] else 1, match["unit"].lower()
    if last is None or not 0 < count <= MAX_STEPS:
        return None
    if unit in ("month", "quarter", "year"):
        first = _step_months(last, -count * {"month": 1, "quarter": 3, "year": 12}[unit])
    else:
        first = _step(last, 1 - count * {"week": 7, "fortnight": 14}.get(unit, 1))
    return _days(first, last) if first else None


def _end_of_period(match: re.Match[str], view: _View) -> date | None:
    if match["month"] or match["month2"]:
        month, number = _month_number(match["month"] or match["month2"]), _number(match["day"] or match["day2"])
        year = int(match["year"]) if match["year"] else _year_of(month, number, view)
        return _iso(year, month, number) if year else None
    if view.published is None:
        return None
    return view.published - timedelta(days=(view.published.weekday() - _WEEKDAYS[_plain_weekday(match["weekday"])]) % 7)


def _feast(match: re.Match[str], view: _View) -> _Time | None:
    """Christmas by the western calendar, the turn of the year."""
    month, day = (1, 1) if match["feast"].lower().startswith("new") else (12, 25)
    if match["eve"]:
        month, day = (12, 31) if month == 1 else (12, 24)
    year = int(match["year"]) if match["year"] else _year_of(month, day, view)
    found = _iso(year, month, day) if year else None
    if found and not match["year"] and view.published and match["lead"].lower() in _UNTIL and found < view.published:
        found = _iso(found.year + 1, month, day)
    return _days(found, found, "day") if found else None


_UNTIL = ("by", "before", "until", "till", "for")


# ---------------------------------------------------------------------------------------------------------------------
# The list of rules

_MAYBE_YEAR = rf"(?:{_S},?{_S}(?:of{_W})?(?P<year>{_YEAR}))?"
_OF_YEAR = rf"(?:{_S},?{_S}(?:of|in)?{_S}(?:(?P<year>{_YEAR})|(?P<which>last|this|next|previous|the){_W}year\b))"
_LEAD_WORDS = (
    r"in|since|by|until|till|of|from|during|before|after|through|throughout|between|and|to|around|late|early|mid"
    r"|back in|for|about|circa|the year|than"
)
_RULES: tuple[tuple[re.Pattern[str], _Rule], ...] = tuple(
    (re.compile(pattern, flags), rule)
    for pattern, flags, rule in (
        (r"(?<![\w./-])(?P<year>(?:19|20)\d\d)-(?P<month>\d\d)(?:-(?P<day>\d\d))?(?![\w/]|-\d|\.\d)", 0, _iso_date),
        (rf"(?<![\w./-])(?P<a>\d{{1,2}})(?P<mark>[./])(?P<b>\d{{1,2}})(?P=mark)(?P<year>{_YEAR})(?!\w)", 0, _figures),
        (
            (
                rf"(?:\b(?P<weekday>{_SHORT_WEEKDAY}),?{_W}(?:the{_W})?)?\b(?P<month>{_MONTH}){_W}(?:the{_W})?"
                rf"(?P<day>{_DAY})"
                rf"(?:{_DASH}(?P<until>{_DAY})(?!{_W}(?:{_MONTH})))?{_MAYBE_YEAR}(?!\w|{_S}:\d)"
            ),
            0,
            _full_date,
        ),
        (
            (
                rf"(?:\b(?P<weekday>{_SHORT_WEEKDAY}),?{_W}(?:the{_W})?)?(?<![\w.,/])(?P<day>{_DAY})(?:{_DASH}"
                rf"(?P<until>{_DAY}))?{_W}(?:of{_W})?"
                rf"\b(?P<month>{_MONTH}){_MAYBE_YEAR}(?!\w)"
            ),
            0,
            _full_date,
        ),
        (
            (
                rf"\b(?P<month>{_MONTH}){_W}(?P<day>{_DAY}){_DASH}(?P<month2>{_MONTH}){_W}"
                rf"(?P<day2>{_DAY}){_MAYBE_YEAR}(?!\w)"
            ),
            0,
            _day_range,
        ),
        (
            (
                rf"(?<![\w.,/])(?P<day>{_DAY}){_W}(?P<month>{_MONTH}){_DASH}(?P<day2>{_DAY}){_W}"
                rf"(?P<month2>{_MONTH}){_MAYBE_YEAR}(?!\w)"
            ),
            0,
            _day_range,
        ),
        (
            (
                rf"\b(?P<month>{_MONTH})(?:{_W}(?P<from_year>{_YEAR}))?{_DASH}(?P<until>{_MONTH})(?:,?{_W}"
                rf"(?P<year>{_YEAR})|(?!{_W}\d))(?!\w)"
            ),
            0,
            _month_range,
        ),
        (
            (
                rf"\b(?:the{_W})?week{_W}(?P<sense>of|ending|ended|to|beginning|starting|from)(?:{_W}on)?{_W}"
                rf"(?:{_SHORT_WEEKDAY},?{_W})?"
                rf"(?:(?P<month>{_MONTH}){_W}(?P<day>{_DAY})|(?P<day2>{_DAY}){_W}(?:of{_W})?"
                rf"(?P<month2>{_MONTH})){_MAYBE_YEAR}"
            ),
            0,
            _week_with,
        ),
        (
            (
                rf"\b(?:(?:over|in|during|for|within|throughout){_W})?(?:the{_W})?(?:(?:last|past){_W})?"
                rf"(?:(?P<count>{_COUNT}){_W})?(?P<unit>day|week|fortnight|month|quarter|year)s?{_W}"
                rf"(?:up{_W})?(?:to|ending|ended|until|through)(?:{_W}on)?{_W}(?:(?:{_SHORT_WEEKDAY},?{_W})?"
                rf"(?:(?P<month>{_MONTH}){_W}(?P<day>{_DAY})|(?P<day2>{_DAY}){_W}(?:of{_W})?(?P<month2>{_MONTH}))"
                rf"{_MAYBE_YEAR}|(?P<weekday>{_WEEKDAY}))(?!\w)"
            ),
            0,
            _period_to,
        ),
        (
            (rf"\b(?:(?:over|at|during|on|since|by){_W}the{_W})(?P<unit>weekend)(?P<which>)(?!\w|{_W}of)"),
            re.I,
            _this_unit,
        ),
        (
            (
                rf"\b(?P<lead>by|before|at|over|until|till|since|around|on|after|for|past){_W}(?:the{_W})?"
                rf"(?P<feast>Christmas|New{_W}Year)(?:['’]s)?(?:{_W}(?:Day|(?P<eve>Eve)))?"
                rf"(?:,?{_W}(?:of{_W})?(?P<year>{_YEAR}))?(?!\w)"
            ),
            0,
            _feast,
        ),
        (
            (
                rf"\b(?:the{_W})?(?P<part>[Ee]arly|[Mm]id|[Ll]ate|[Ee]nd|[Ss]tart|[Bb]eginning|[Mm]iddle)"
                rf"(?:{_W}of{_W}|{_W}in{_W}|{_W}|-)(?P<month>{_MONTH})"
                rf"(?:{_S},?{_S}(?:of{_W})?(?P<year>{_YEAR}))?(?!\w)"
            ),
            0,
            _month_part,
        ),
        (
            (
                rf"\b(?:(?P<part>[Ee]arly|[Mm]id|[Ll]ate)(?:{_W}|-))?(?P<which>[Ll]ast|[Tt]his|[Nn]ext|[Pp]revious"
                rf"|[Pp]ast|[Cc]oming){_W}(?P<month>{_MONTH})(?!\w|{_W}\d)"
            ),
            0,
            _month_spoken,
        ),
        (rf"\b(?P<month>{_MONTH}),?{_W}(?:of{_W})?(?P<year>{_YEAR})(?!\w)", 0, _bare_month),
        (
            (
                rf"(?:(?<=in )|(?<=since )|(?<=by )|(?<=until )|(?<=till )|(?<=of )|(?<=from )|(?<=during )|"
                rf"(?<=before )|(?<=after )|(?<=through )"
                rf"|(?<=In )|(?<=Since )|(?<=By )|(?<=During )|(?<=From )|(?<=Until )|(?<=Before )|(?<=After ))"
                rf"(?P<month>{_MONTH})(?P<year>)(?!\w|{_W}\d)"
            ),
            0,
            _bare_month,
        ),
        (
            (
                rf"\b(?P<month>(?!May\b|March\b|MAY\b|MARCH\b)(?:January|February|April|June|July|August|September"
                rf"|October|November|December))(?P<year>)(?!\w|{_W}\d)"
            ),
            0,
            _bare_month,
        ),
        (
            (
                rf"\bby{_W}(?:the{_W})?(?:very{_W})?(?:end|close){_W}of{_W}(?:(?P<year>{_YEAR})|(?P<which>the|this"
                rf"|last|next){_W}year\b)"
            ),
            re.I,
            _by_end_of_year,
        ),
        (
            (
                rf"\b(?:the{_W})?(?:very{_W})?(?P<part>early|mid|late|end|start|beginning|outset|middle)(?:{_W}"
                rf"(?:of{_W}|in{_W})?|-)"
                rf"(?:(?P<year>{_YEAR})|(?P<which>last|this|next|the|previous){_W}year\b)"
            ),
            re.I,
            _year_part,
        ),
        (
            rf"\b(?:the{_W})?(?P<end>first|last|final){_W}(?P<count>{_COUNT}){_W}months{_OF_YEAR}",
            re.I,
            _first_months,
        ),
        (
            (
                rf"\b(?:the{_W})?(?P<which_piece>first|second|third|fourth|last|final|1st|2nd|3rd|4th){_W}"
                rf"(?P<kind>half|quarter)(?:{_OF_YEAR}|(?={_W}of{_W}the{_W}year))"
            ),
            re.I,
            _piece,
        ),
        (rf"\b(?P<kind>[QH])(?P<which_piece>[1-4])(?:{_S},?{_S}(?:of{_W})?(?P<year>{_YEAR}))?(?!\w)", 0, _piece),
        (rf"\b(?P<year>{_YEAR}){_S}-?{_S}(?P<kind>[QH])(?P<which_piece>[1-4])(?!\w)", 0, _piece),
        (
            (
                rf"\b(?:the{_W})?(?P<which_piece>first|second|third|fourth){_W}(?P<kind>quarter)(?P<year>)"
                rf"(?P<which>)(?!\w|{_W}of)"
            ),
            re.I,
            _piece,
        ),
        (
            (
                rf"\b(?:(?:early|mid|late|the)(?:{_W}|-))?(?:(?P<which>last|this|next|past|coming){_W})?"
                rf"(?P<season>spring|summer|autumn|fall|winter)"
                rf"(?:{_W}(?:of{_W})?(?P<year>{_YEAR})(?:[-–—/](?:(?:19|20)?\d\d)(?!\w))?)(?!\w)"
            ),
            re.I,
            _season,
        ),
        (
            (
                rf"\b(?:(?:early|mid|late){_W})?(?P<which>last|this|next|past|coming){_W}(?P<season>spring|summer"
                rf"|autumn|fall|winter)(?P<year>)(?!\w|{_W}of)"
            ),
            re.I,
            _season,
        ),
        (
            (
                rf"\b(?:in|during|over|since|by){_W}(?:the{_W})?(?P<which>)(?P<season>spring|summer|autumn|winter)"
                rf"(?P<year>)(?!\w|{_W}of)"
            ),
            re.I,
            _season,
        ),
        (
            (
                rf"(?<![\w$€£.,/-])(?P<year>(?:19|20)\d\d)(?:{_S}(?:-|–|—|/){_S}|{_W}(?:to|through|until){_W})"
                rf"(?P<until>(?:19|20)\d\d|\d\d)(?![\w%]|[.,/-]\d|{_W}(?:percent|per{_W}cent))"
            ),
            0,
            _year_range,
        ),
        (r"(?<![\w$€£.,])(?P<year>(?:19|20)\d0)['’]?s\b", 0, _decade),
        (
            (
                rf"(?:(?<=\()|(?<=, )|(?<=- )|(?<=– )|(?<=— )|\b(?:{_LEAD_WORDS})(?:{_W}|-)(?:the{_W})?|\b(?:the|its"
                rf"|this|his|their|Russia['’]s){_W}(?=\d{{4}}{_W}[a-z]))(?P<year>{_YEAR})(?![\w/$€£]|-\w"
                rf"|{_W}(?:percent|per{_W}cent|km|kilomet|miles|people|soldiers|troops|drones|missiles|tanks|hours"
                rf"|men|square))"
            ),
            re.I,
            _bare_year,
        ),
        (
            (
                rf"\b(?:the{_W}day{_W}(?:before{_W}yesterday|after{_W}tomorrow)|yesterday|today|tomorrow|tonight"
                rf"|overnight(?!{_W}(?:on|to|into|from|of)\b)|last{_W}night|this{_W}(?:morning|afternoon|evening))\b"
                r"(?!['’]s\b)"
            ),
            re.I,
            _named_day,
        ),
        (
            (
                rf"\b(?:(?P<which>[Ll]ast|[Tt]his|[Nn]ext|[Cc]oming|[Uu]pcoming|[Pp]ast|[Pp]revious){_W})?"
                rf"(?P<weekday>{_WEEKDAY})(?!\w)(?:{_W}(?:of{_W})?(?P<week>last{_W}week|next{_W}week|this{_W}week))?"
            ),
            0,
            _weekday,
        ),
        (
            (
                rf"\b(?:(?:earlier|later|late|early|sometime|some{_W}time|the{_W}middle{_W}of|mid){_W})?"
                rf"(?P<which>last|this|next|previous|past|coming){_W}(?P<unit>week|weekend|month|quarter|year)\b"
                rf"(?!{_W}(?:ago|old)|-)"
            ),
            re.I,
            _this_unit,
        ),
        (
            (
                rf"\b(?:(?:nearly|almost|about|some|around|roughly|over|more{_W}than|just){_W})?(?P<count>{_COUNT})"
                rf"(?P<half>{_W}and{_W}a{_W}half)?{_W}(?P<unit>{_UNIT})s?{_W}(?:and{_W}a{_W}half{_W})?(?P<sense>ago"
                rf"|earlier|from{_W}now|hence)\b"
            ),
            re.I,
            _ago,
        ),
        (
            (
                rf"\b(?:(?:over|in|during|for|within|throughout|across){_W})?(?:the{_W})?(?P<which>past|last|next"
                rf"|coming|previous|preceding){_W}(?P<count>{_COUNT})?(?P<half>{_W}and{_W}a{_W}half)?{_S}"
                rf"(?P<unit>hour|day|night|week|fortnight|month|quarter|year|decade)s(?!\w|{_W}of)"
            ),
            re.I,
            _span,
        ),
        (
            (
                rf"\b(?:over|during|throughout|within){_W}the{_W}(?P<which>past|last|next|coming){_W}(?P<count>)"
                rf"(?P<half>)(?P<unit>day|week|month|quarter|year|decade)(?!\w|{_W}of)"
            ),
            re.I,
            _span,
        ),
        (
            (
                rf"\b(?:in|over|during){_W}(?:the{_W})?(?:most{_W})?(?P<which>recent|coming){_W}(?P<unit>day|week"
                rf"|month|year)s(?!\w)"
            ),
            re.I,
            _recent,
        ),
        (
            (
                rf"\b(?:since{_W}(?:the{_W})?(?:start|beginning|turn|first{_W}day){_W}of{_W}(?:the|this){_W}"
                rf"|so{_W}far{_W}this{_W})(?P<unit>year|month|week)\b"
            ),
            re.I,
            _so_far,
        ),
        (rf"\b(?P<unit>year)(?:{_W}|-)to(?:{_W}|-)date\b", re.I, _so_far),
        (
            (
                rf"\bsince{_W}(?:(?:the|its){_W})?(?:(?:start|beginning|outset|outbreak|launch|onset){_W}of{_W}"
                rf"(?:the|its|russia['’]s|moscow['’]s){_W})?"
                rf"(?:full[- ]scale{_W})?(?:war|invasion)(?:{_W}(?:began|started|broke{_W}out))?\b"
            ),
            re.I,
            _since_war,
        ),
        (
            (
                rf"\b(?:start|beginning|outbreak|onset|launch){_W}of{_W}(?:the|its|russia['’]s"
                rf"|moscow['’]s){_W}full[- ]scale{_W}(?:war|invasion)\b"
            ),
            re.I,
            _war_began,
        ),
    )
)


def find(text: str, published: str | None = None, start: int = 0, end: int | None = None) -> list[Dated]:
    """Dates between two offsets, in order, none overlapping; relative ones only where `published` is known."""
    end = len(text) if end is None else min(end, len(text))
    start, day = max(0, start), _published(published)
    found = [item for pattern, rule in _RULES for item in _applied(text, pattern, rule, day, start, end)]
    chosen: list[Dated] = []
    for item in sorted(found, key=lambda item: (item.start - item.end, item.start)):
        at = bisect(chosen, item.start, key=lambda other: other.start)
        if (at == 0 or chosen[at - 1].end <= item.start) and (at == len(chosen) or item.end <= chosen[at].start):
            chosen.insert(at, item)
    return [_until_now(text, item, day, start) for item in _joined(text, chosen, start)]


def resolve(phrase: str, published: str | None = None) -> str | None:
    """The longest date in a phrase as ISO `as_of`; None where there is none."""
    found = find(phrase, published)
    return max(found, key=lambda item: item.end - item.start).as_of if found else None


def _published(published: str | None) -> date | None:
    try:
        day = date.fromisoformat(published[:10]) if published else None
    except ValueError:
        return None
    return day if day and 1900 <= day.year <= 2099 else None


def _applied(
    text: str, pattern: re.Pattern[str], rule: _Rule, day: date | None, start: int, end: int
) -> Iterator[Dated]:
    for match in pattern.finditer(text, start, end):
        made = rule(match, _View(day, partial(_is_ahead, text, match, start, end)))
        if made is not None:
            left, right = match.span()
            trimmed = match[0].strip()
            left += match[0].index(trimmed[0]) if trimmed else 0
            if made.precision == "year":
                left, right = _without_lead(text, left, right)
            yield Dated(left, right, made.as_of, made.precision, made.weekday_error)


_LED = re.compile(
    rf"(?:{_LEAD_WORDS})(?:{_W}|-)(?:the{_W})?(?=\d{{4}}$)|(?:the|its|this|his|their|Russia['’]s){_W}(?=\d{{4}}$)", re.I
)


def _without_lead(text: str, left: int, right: int) -> tuple[int, int]:
    """A year without the preposition that showed it to be one."""
    lead = _LED.match(text, left, right) if right - left < 40 else None
    return (lead.end() if lead else left), right


_BREAK = re.compile(r"[.!?;\n][\s\"”)]")


def _is_ahead(text: str, match: re.Match[str], start: int, end: int) -> bool:
    """The nearest verb before the date, else after it, speaks of what is to come."""
    before = _BREAK.split(text[max(start, match.start() - CONTEXT) : match.start()])[-1]
    ahead = max((found.end() for found in _AHEAD.finditer(before)), default=-1)
    past = max((found.end() for found in _PAST.finditer(before)), default=-1)
    if ahead >= 0 or past >= 0:
        return ahead >= past
    after = _BREAK.split(text[match.end() : min(end, match.end() + CONTEXT)])[0]
    ahead = min((found.start() for found in _AHEAD.finditer(after)), default=CONTEXT)
    return ahead < min((found.start() for found in _PAST.finditer(after)), default=CONTEXT)


_JOIN = re.compile(rf"{_W}(?:to|until|till|through|and){_W}|{_S}[-–—]{_S}")
_JOINED_BY = re.compile(r"\b(from|between)\s{1,3}(?:the\s{1,3})?$", re.I)


def _joined(text: str, found: list[Dated], start: int) -> list[Dated]:
    """Two dates behind `from` or `between` as one interval."""
    joined: list[Dated] = []
    for item in found:
        if joined and (whole := _interval(text, joined[-1], item, start)):
            joined[-1] = whole
        else:
            joined.append(item)
    return joined


def _interval(text: str, first: Dated, last: Dated, start: int) -> Dated | None:
    if last.start - first.end > 12 or not _JOIN.fullmatch(text, first.end, last.start):
        return None
    lead = _JOINED_BY.search(text[max(start, first.start - 16) : first.start])
    if lead is None:
        return None
    begin, finish = first.as_of.split("/")[0], last.as_of.split("/")[-1]
    if begin > finish:
        return None
    left = first.start - (min(first.start - start, 16) - lead.start())
    return Dated(left, last.end, f"{begin}/{finish}", "interval", first.weekday_error or last.weekday_error)


_SINCE = re.compile(r"\bsince\s{1,3}(?:the\s{1,3}|about\s{1,3}|at\s{1,3}least\s{1,3})?$", re.I)


def _until_now(text: str, item: Dated, day: date | None, start: int) -> Dated:
    """A date behind `since` as the time from it to publication."""
    lead = _SINCE.search(text[max(start, item.start - 16) : item.start])
    first = item.as_of.split("/")[0]
    if day is None or lead is None or not first < day.isoformat():
        return item
    left = item.start - (min(item.start - start, 16) - lead.start())
    return Dated(left, item.end, f"{first}/{day.isoformat()}", "interval", item.weekday_error)
