"""Areas: how much ground was occupied at a date, taken or given up over a period.

An area at a date is read between the weekly maps in a straight line; an area taken is the difference of two such, net;
what changed hands to and fro is counted apart as gross. A figure that fails for the scope that is named and holds,
within 3 %, for a neighbour of it (no Crimea, a sector, the whole front, the period before or after) is conflated.

Ground taken before 2022 is general knowledge (trust D): Crimea with Sevastopol 26,960 km², Donbas 16,800 km².
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ceasefire.evidence.check.atlas import Atlas
from ceasefire.evidence.check.record import Interval, Record, bounds, grade, miss
from ceasefire.evidence.check.region import UKRAINE, Region, regions, sector
from ceasefire.evidence.check.words import around, foreseen, plain, side, status, straight
from ceasefire.evidence.claim import Claim, Verdict
from ceasefire.evidence.series import Series

UKRAINE_KM2 = 603_550.0
CRIMEA_KM2 = 26_960.0
BEFORE_2022_KM2 = CRIMEA_KM2 + 16_800.0
ALIKE = 0.03
DAY = np.timedelta64(1, "D")
_DAYS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "yr": 365.25}

_GROUND = re.compile(
    r"\b(?:control\w*|occup\w+|hold(?:s|ing)?|held|captur\w+|seiz\w+|conquer\w*|tak(?:e|es|en|ing)|took|"
    r"gain\w*|advanc\w+|los(?:t|es|ses|ing)|"
    r"liberat\w+|recaptur\w+|retak\w+|retook|net|territor\w+|ground|land|annex\w*|swallow\w*|overr[ua]n)\b"
)
_STOCK = re.compile(r"\b(?:controls?|controlled|occupies|occupied|under|holds?|held|total|still)\b")
_FLOW = re.compile(
    r"\b(?:captured?|capturing|seiz\w+|took|taken|takes|gain\w*|advanc\w+|lost|loses|liberat\w+|recaptur\w+|"
    r"retook|conquer\w*|overr[ua]n|"
    r"swallow\w*|net|new(?:ly)?)\b"
)
_BEFORE = re.compile(
    r"\b(?:since (?:the )?(?:full-scale|february 2022|2022|start of the (?:full-scale )?(?:war|invasion))|"
    r"excluding crimea|without crimea|besides crimea)\b"
)
_ABROAD = re.compile(
    r"\b(?:kursk|belgorod|bryansk|russia's \w+ (?:region|oblast|province)|gaza|syria|golan|moldova|georgia)\b"
)
_GROSS = re.compile(r"\bgross\b")


@dataclass(frozen=True)
class Reading:
    """A reading of a figure: what it is of, and its value."""

    says: str
    value: float


def examine(claim: Claim, record: Record) -> Verdict | None:
    """A verdict on an area of ground; None where the claim states none."""
    base, _, per = (claim.unit or "").partition("/")
    if base != "km2" or abroad(claim):
        return None
    if _GROUND.search(around(claim)) or re.search("area|territ|advance", claim.quantity):
        return _area(claim, record, plain(claim), per)
    return None


def abroad(claim: Claim) -> bool:
    """It speaks of ground that the maps do not show."""
    return bool(_ABROAD.search(straight(f"{claim.subject} {' '.join(claim.places)} {claim.span}")))


def holder_said(claim: Claim, text: str) -> str:
    """The side that is said to hold ground: Russia where no side is named."""
    said = status(claim)
    if said is not None and said.holder in ("RU", "UA"):
        return said.holder
    if re.search(r"\b(?:it|they|kyiv|ukraine) still (?:holds?|controls?|keeps?)\b", text) and (
        side(straight(claim.subject)) == "UA"
    ):
        return "UA"
    if re.search(r"\b(?:rest of|remain(?:ing|der)|left of)\b", text):
        return "UA"
    named = side(
        re.sub(
            r"\bukraine's territory|of ukraine|ukrainian (?:territory|land|soil|province|region|oblast)\b", " ", text
        )
    )
    return named or "RU"


def unheld(claim: Claim, text: str) -> bool:
    """Neither side is named as the holder, nor anything said of holding: either may be meant."""
    return side(text) is None and side(straight(claim.subject)) is None and not _GROUND.search(text)


def _area(claim: Claim, record: Record, text: str, per: str) -> Verdict | None:
    window = record.window(claim)
    if window is None or foreseen(text) or (claim.value is None and bounds(claim) is None):
        return None
    named = regions(claim, record, f"{text} | {around(claim)}")
    if claim.value is not None and any(entry is UKRAINE for entry in named):
        named = [entry for entry in named if entry is not UKRAINE]
    scope = named[0] if named else sector(text, record)
    flows = bool(per) or claim.kind == "flow" or (bool(_FLOW.search(text)) and window[0] < window[1])
    if not flows:
        return _occupied(claim, record, text, scope, window[1]) if _is_stock(claim, text) else None
    period = _period(window, per, text)
    return None if period is None else _taken(claim, record, text, scope, period, per)


def _is_stock(claim: Claim, text: str) -> bool:
    return claim.quantity in ("occupied_area", "area_held", "area_controlled", "area_occupied") or bool(
        _STOCK.search(text)
    )


def _period(window: Interval, per: str, text: str) -> Interval | None:
    """Days over which ground is said to be taken: those stated, else those that the words count back."""
    if window[0] < window[1]:
        return window
    back = re.search(
        r"\b(?:last|past|previous|recent) (?:(\d{1,3}|two|three|four|five|six|seven|eight|nine|ten|"
        r"twelve) )?(day|week|month|year)s?\b",
        text,
    )
    counts = dict(
        zip(
            ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve"],
            (2, 3, 4, 5, 6, 7, 8, 9, 10, 12),
            strict=True,
        )
    )
    if back is not None:
        count = counts.get(back[1] or "", int(back[1]) if (back[1] or "").isdigit() else 1)
        days = count * {"day": 1, "week": 7, "month": 30, "year": 365}[back[2]]
        return window[1] - np.timedelta64(days, "D"), window[1]
    if re.search(r"\b(?:this year|since (?:the start of the year|january)|so far this year)\b", text):
        return np.datetime64(f"{str(window[1])[:4]}-01-01", "D"), window[1]
    if per:
        days = 28 if per in ("day", "week") else 30 if per == "month" else 365
        return window[1] - np.timedelta64(days, "D"), window[1]
    return None


def occupied(record: Record, scope: Region | None) -> Series | None:
    """Occupied km² map by map of a scope."""
    if scope is None or scope.sector is not None:
        return record.series(f"area.{scope.sector if scope else 'total'}")
    key = ("occupied", scope.oblasts)
    if key not in record.shelf:
        atlas, total = Atlas.of(record), record.series("area.total")
        if total is None or len(total) != len(atlas.dates):
            return None
        cells = scope.cells(atlas)
        values = np.array([atlas.occupied_km2(cells, index) for index in range(len(atlas.dates))])
        record.shelf[key] = Series(
            f"area of {scope.name}", "km2", total.dates, values, total.published, total.source, total.trust, total.note
        )
    found: Series = record.shelf[key]
    return found


def _at(series: Series, day: np.datetime64) -> float | None:
    """km² on a day, in a straight line between maps; the last map serves a week past it."""
    days = series.dates.astype(np.int64)
    asked = int(day.astype(np.int64))
    if asked < days[0] or asked > days[-1] + 7:
        return None
    return float(np.interp(asked, days, series.values))


def _where(scope: Region | None) -> str:
    return "in all" if scope is None else f"in {scope.name}"


def _occupied(claim: Claim, record: Record, text: str, scope: Region | None, day: np.datetime64) -> Verdict | None:
    series = occupied(record, scope)
    found = None if series is None else _at(series, day)
    if series is None or found is None:
        return Verdict(claim.id, "unverified", f"No map on record gives the occupied area on {day}.")
    if scope is None and _BEFORE.search(text):
        found -= CRIMEA_KM2 if "crimea" in text else BEFORE_2022_KM2
    holder = holder_said(claim, text)
    atlas = Atlas.of(record)
    if holder == "UA":
        found = (UKRAINE_KM2 if scope is None else atlas.land_km2(scope.cells(atlas))) - found
    elif scope is not None and scope.sector is None and unheld(claim, text):
        rest = atlas.land_km2(scope.cells(atlas)) - found
        if grade(claim, found) != "confirmed" and grade(claim, rest) == "confirmed":
            found, holder = rest, "UA"
    verdict = grade(claim, found)
    index = int(np.searchsorted(series.dates, day, side="right")) - 1
    whose = "occupied" if holder == "RU" else "held by Ukraine"
    says = f"{found:,.0f} km² {_where(scope)} {whose} on {day}"
    finding = record.finding(claim, series, max(0, index), says)
    reason = f"The maps show {says}."
    if verdict == "contradicted":
        beside = [
            Reading("the ground taken since February 2022", found - BEFORE_2022_KM2),
            Reading("the occupied ground without Crimea", found - CRIMEA_KM2),
        ]
        other = next((entry for entry in beside if scope is None and (miss(claim, entry.value) or 0.0) <= ALIKE), None)
        if other is not None:
            verdict, reason = "conflated", f"{reason[:-1]}; the figure holds for {other.says}: {other.value:,.0f} km²."
    return Verdict(claim.id, verdict, reason, f"{says}, read between the weekly maps.", (finding,))


def _taken(claim: Claim, record: Record, text: str, scope: Region | None, period: Interval, per: str) -> Verdict | None:
    series = occupied(record, scope)
    if series is None:
        return None
    net = net_change(series, period, per)
    if net is None:
        first, last = series.dates[0], series.dates[-1]
        return Verdict(
            claim.id, "unverified", f"The maps run from {first} to {last}; {period[0]} to {period[1]} is not covered."
        )
    gainer = gainer_said(text)
    found = -net if gainer == "UA" else net
    maps = _between_maps(series, period, per, gainer)
    if maps and (miss(claim, maps[0].value) or 0.0) < (miss(claim, found) or 0.0):
        found = maps[0].value
    readings = [Reading("net", found), *maps, *_gross(record, scope, period, per, gainer)]
    if _GROSS.search(text):
        readings.reverse()
    best = min(readings, key=lambda entry: miss(claim, entry.value) or 0.0)
    unit = "km²" + (f" a {per}" if per else "")
    whose = "Ukraine" if gainer == "UA" else "Russia"
    moved = f"{'gained' if found >= 0 else 'lost'} {abs(found):,.1f} {unit} net {_where(scope)}"
    says = f"{whose} {moved} from {period[0]} to {period[1]}"
    verdict = grade(claim, readings[0].value)
    if verdict != "confirmed" and best is not readings[0] and grade(claim, best.value) == "confirmed":
        verdict = "imprecise"
    computation = says + "; " + "; ".join(f"{entry.says} {entry.value:,.1f}" for entry in readings) + "."
    reason = f"The maps show that {says}."
    if verdict == "contradicted":
        other = _other_period(claim, record, scope, period, per, gainer)
        if other is not None:
            verdict, reason = (
                "conflated",
                f"{reason[:-1]}; the figure holds for {other.says}: {other.value:,.1f} {unit}.",
            )
    end = int(np.searchsorted(series.dates, period[1], side="right")) - 1
    finding = record.finding(claim, series, max(0, end), f"{computation}")
    return Verdict(claim.id, verdict, reason, computation, (finding,))


def gainer_said(text: str) -> str:
    """The side that is said to gain ground: Russia where no side is named."""
    if re.search(r"\bukrain\w* (?:\w+ ){0,3}(?:liberat|recaptur|retook|retak|regain|captur|seiz|gain|advanc)", text):
        return "UA"
    if re.search(r"\brussia\w* (?:\w+ ){0,2}(?:lost|loses)\b", text) or (
        re.search(r"\bliberat|recaptur|retook", text) and side(text) != "RU"
    ):
        return "UA"
    return "RU"


def net_change(series: Series, period: Interval, per: str) -> float | None:
    """Net change over a period, from its eve to its last day; per unit of time where one is named."""
    start, end = _at(series, period[0] - DAY), _at(series, period[1])
    if start is None or end is None:
        return None
    days = float((period[1] - period[0]).astype(int)) + 1.0
    return end - start if not per else (end - start) / days * _DAYS[per]


def _between_maps(series: Series, period: Interval, per: str, gainer: str) -> list[Reading]:
    """The same over a month or less as who reads the maps themselves would find: the last up to its eve and its end."""
    if period[1] - period[0] > np.timedelta64(31, "D"):
        return []
    start, end = (int(np.searchsorted(series.dates, day, side="right")) - 1 for day in (period[0] - DAY, period[1]))
    if start < 0 or end <= start:
        return []
    net = float(series.values[end] - series.values[start]) * (-1.0 if gainer == "UA" else 1.0)
    if series.dates[start + 1] == period[0] and (period[1] - period[0]).astype(int) % 7 == 0 and end > start + 1:
        start += 1
        net = float(series.values[end] - series.values[start]) * (-1.0 if gainer == "UA" else 1.0)
    days = float((series.dates[end] - series.dates[start]).astype(int))
    says = f"net from the map of {series.dates[start]} to that of {series.dates[end]}"
    return [Reading(says, net if not per else net / days * _DAYS[per])]


def _gross(record: Record, scope: Region | None, period: Interval, per: str, gainer: str) -> list[Reading]:
    atlas = Atlas.of(record)
    start, end = atlas.upto(period[0]), atlas.upto(period[1])
    if start is None or end is None or end <= start:
        return []
    cells: NDArray[np.bool_] = np.ones(len(atlas.cells), dtype=np.bool_) if scope is None else scope.cells(atlas)
    key = ("gross", None if scope is None else (scope.name), start, end)
    if key not in record.shelf:
        record.shelf[key] = atlas.gained_km2(cells, start, end)
    taken, given = record.shelf[key]
    value = given if gainer == "UA" else taken
    days = float((atlas.dates[end] - atlas.dates[start]).astype(int))
    return [Reading("gross", value if not per else value / days * _DAYS[per])]


def _other_period(
    claim: Claim, record: Record, scope: Region | None, period: Interval, per: str, gainer: str
) -> Reading | None:
    """The period before or after of the same length, the sectors over the same one, or the whole front."""
    length = period[1] - period[0] + DAY
    sign = -1.0 if gainer == "UA" else 1.0
    for name, shifted in (("before", _shift(period, -1)), ("after", _shift(period, 1))):
        series = occupied(record, scope)
        value = None if series is None else net_change(series, shifted, per)
        if value is not None and (miss(claim, sign * value) or 0.0) <= ALIKE and length >= 7 * DAY:
            return Reading(f"the period {name} it, {shifted[0]} to {shifted[1]}", sign * value)
    names = (
        [None]
        if scope is not None
        else [Region(f"the sector {s.label}", sector=s.key) for s in record.geography.sectors]
    )
    for entry in names:
        series = occupied(record, entry)
        value = None if series is None else net_change(series, period, per)
        if value is not None and abs(value) >= 20.0 and (miss(claim, sign * value) or 0.0) <= ALIKE:
            return Reading("the whole front" if entry is None else entry.name, sign * value)
    return None


def _shift(period: Interval, step: int) -> Interval:
    """The period of the same kind before or after: a whole month becomes the neighbouring whole month."""
    start, end = period
    month = start.astype("datetime64[M]")
    if start == month.astype("datetime64[D]") and end == (month + 1).astype("datetime64[D]") - DAY:
        return (month + step).astype("datetime64[D]"), (month + step + 1).astype("datetime64[D]") - DAY
    length = end - start + DAY
    return start + step * length, end + step * length
