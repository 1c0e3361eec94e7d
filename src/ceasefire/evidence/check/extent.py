"""Shares and areas: how much of a region a side held, how much ground was occupied, taken or given up over a period.

A share is occupied land over all land of the region (cells, within a percentage point of the polygons); of Ukraine
whole it is the mapped total over 603,550 km², its 1991 area. `Fully` needs 99.9 %, is imprecise from 90 %. An area at a
date is read between the weekly maps in a straight line; an area taken is the difference of two such, net; what changed
hands to and fro is counted apart as gross. A figure that fails for the scope that is named and holds, within 3 %, for a
neighbour of it (the other side's share, Donbas for Donetsk, no Crimea, a sector, the period before) is conflated.

Ground taken before 2022 is general knowledge (trust D): Crimea with Sevastopol 26,960 km², Donbas 16,800 km².
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ceasefire.evidence.check.atlas import Atlas
from ceasefire.evidence.check.record import HEDGE, Interval, Record, bounds, grade, miss
from ceasefire.evidence.check.region import ANNEXED, DONBAS, UKRAINE, Region, regions, sector
from ceasefire.evidence.check.words import around, foreseen, plain, side, status, straight
from ceasefire.evidence.claim import Claim, Verdict
from ceasefire.evidence.series import Series

UKRAINE_KM2 = 603_550.0
CRIMEA_KM2 = 26_960.0
BEFORE_2022_KM2 = CRIMEA_KM2 + 16_800.0
WHOLE, NEARLY = 99.9, 90.0
ALIKE = 0.03
DAY = np.timedelta64(1, "D")
_DAYS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "yr": 365.25}

_HELD = re.compile(
    r"\b(?:control\w*|occup\w+|hold(?:s|ing)?|held|captur\w+|seiz\w+|conquer\w*|tak(?:e|es|en|ing)|took|"
    r"annex\w*|hands|grip|rule|"
    r"liberat\w+|retain\w*|los(?:t|es)|territory|territories|land)\b"
)
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
_PEOPLE = re.compile(
    r"\b(?:ukrainians|russians|people|respondents|population|voters|public|favou?r\w*|support\w*|polls?|"
    r"survey\w*|opinion|citizens|"
    r"troops|soldiers|electricity|power|energy|capacity|gdp|budget|exports?|reserves|minerals?|coal|grain|"
    r"industry|economy|refin\w+)\b"
)
_FULL = re.compile(r"\b(?:full(?:y)?|entire(?:ly)?|complete(?:ly)?|all of|whole|100 ?(?:%|percent|per cent))\b")
_ALMOST = re.compile(r"\b(?:almost|nearly|virtually|practically|close to|near)\b")
_INVADED = re.compile(
    r"\b(?:(?:push\w*|mov\w+|cross\w*|break\w*|broke|edg\w+) into|border (?:strip|zone|area)|"
    r"parts?|partly|partial(?:ly)?|some|invad\w+|incursion|foothold|pockets?)\b"
)
_WORDS = (
    (re.compile(r"\b(?:three[- ]quarters)\b"), 75.0),
    (re.compile(r"\b(?:two[- ]thirds)\b"), 66.7),
    (re.compile(r"\b(?:a|one)[- ]third\b"), 33.3),
    (re.compile(r"\b(?:a|one)[- ]quarter\b"), 25.0),
    (re.compile(r"\b(?:a|one)[- ]fifth\b"), 20.0),
    (re.compile(r"\b(?:a|one)[- ]sixth\b"), 16.7),
    (re.compile(r"\bhalf (?:of|the)\b"), 50.0),
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
class _Scope:
    """A reading of a figure: what it is of, and its value."""

    says: str
    value: float


def examine(claim: Claim, record: Record) -> Verdict | None:
    """A verdict on a share or an area of ground; None where the claim states none."""
    text, wide = plain(claim), around(claim)
    said = f"{text} {straight(claim.value_text or '')}"
    if _ABROAD.search(straight(f"{claim.subject} {' '.join(claim.places)} {claim.span}")):
        return None
    base, _, per = (claim.unit or "").partition("/")
    if base == "km2" and (_GROUND.search(wide) or re.search("area|territ|advance", claim.quantity)):
        return _area(claim, record, text, per)
    if claim.quantity == "territory_control_share" and (
        claim.value is not None or _HELD.search(said) or _INVADED.search(said)
    ):
        return _share(claim, record, text)
    if claim.unit == "percent" and not _PEOPLE.search(text) and _HELD.search(text) and _mentions_ground(claim):
        return _share(claim, record, text)
    return None


def _mentions_ground(claim: Claim) -> bool:
    return claim.system in ("battle", "geography", "claims", "negotiation") and not re.search(
        r"opinion|rate|revenue|price|loss|casualt|share_of_(?!terr)|chance|probab", claim.quantity
    )


# Shares


def _share(claim: Claim, record: Record, text: str) -> Verdict | None:
    atlas, window = Atlas.of(record), record.window(claim)
    index = None if window is None else atlas.nearest_map(window[1])
    scope = _region(claim, record, text)
    if scope is None or foreseen(text):
        return None
    if claim.kind == "flow" and window is not None and window[0] < window[1] and claim.value is not None:
        return _share_taken(claim, record, text, scope, window)
    if index is None:
        return Verdict(claim.id, "unverified", f"No map on record bears on {scope.name} at that time.")
    holder = _holder(claim, text)
    occupied = _percent(scope, atlas, record, index, text)
    found = occupied if holder == "RU" else 100.0 - occupied
    whose = "Russia" if holder == "RU" else "Ukraine"
    says = f"{whose} held {found:.1f} % of {scope.name} on the map of {atlas.dates[index]}"
    finding = atlas.finding(
        record, claim, index, scope.name, f"{occupied:.2f} % of {scope.name} occupied", round(occupied, 2)
    )
    verdict = _grade_share(claim, text, found)
    if verdict is None:
        return None
    reason, computation = f"{says}.", f"{says}; {_basis(scope, atlas, index)}"
    off = miss(claim, found) or 0.0
    if verdict != "confirmed" and off > HEDGE and claim.value is not None and not _FULL.search(text):
        other = _other_share(claim, record, scope, holder, index)
        if other is not None:
            verdict = "conflated"
            reason = f"{says}; the figure holds for {other.says}: {other.value:.1f} %."
    return Verdict(claim.id, verdict, reason, computation, (finding,))


def _share_taken(claim: Claim, record: Record, text: str, scope: Region, window: Interval) -> Verdict | None:
    """Ground taken over a period as a share of a region."""
    series = _series(record, None if scope is UKRAINE else scope)
    net = None if series is None else _change(series, window, "")
    if series is None or net is None:
        return None
    land = UKRAINE_KM2 if scope is UKRAINE else Atlas.of(record).land_km2(scope.cells(Atlas.of(record)))
    found = 100.0 * (-net if _gainer(text) == "UA" else net) / land
    says = f"{net:,.0f} km² taken net from {window[0]} to {window[1]}, of {land:,.0f}: {found:.2f} % of {scope.name}"
    end = max(0, int(np.searchsorted(series.dates, window[1], side="right")) - 1)
    return Verdict(
        claim.id, grade(claim, found), f"The maps show {says}.", says, (record.finding(claim, series, end, says),)
    )


def _basis(scope: Region, atlas: Atlas, index: int) -> str:
    if scope is UKRAINE:
        return f"mapped total over {UKRAINE_KM2:,.0f} km²."
    cells = scope.cells(atlas)
    return f"{atlas.occupied_km2(cells, index):,.0f} of {atlas.land_km2(cells):,.0f} km² of land occupied."


def _region(claim: Claim, record: Record, text: str) -> Region | None:
    found = regions(claim, record, f"{text} | all of {straight(claim.subject)} | {around(claim)}")
    if not found:
        found = regions(
            claim, record, " | ".join(f"all of {straight(name)}" for name in (claim.subject, *claim.places))
        )
    if not found and re.search(r"\b(?:ukraine|the country|ukrainian (?:territory|land|soil))\b", text):
        return UKRAINE
    narrow = [entry for entry in found if entry is not UKRAINE]
    return (narrow or found or [None])[0]  # type: ignore[list-item]


def _holder(claim: Claim, text: str) -> str:
    said = status(claim)
    if said is not None and said.holder in ("RU", "UA"):
        return said.holder
    if re.search(r"\b(?:rest of|remain(?:ing|der)|left of)\b", text):
        return "UA"
    named = side(
        re.sub(
            r"\bukraine's territory|of ukraine|ukrainian (?:territory|land|soil|province|region|oblast)\b", " ", text
        )
    )
    return named or "RU"


def _percent(scope: Region, atlas: Atlas, record: Record, index: int, text: str) -> float:
    """Occupied share of a region, percent."""
    if scope is not UKRAINE:
        cells = scope.cells(atlas)
        return min(100.0, 100.0 * atlas.occupied_km2(cells, index) / max(atlas.land_km2(cells), 1e-9))
    total = _total(record, index)
    if re.search(r"\b(?:since (?:february )?2022|full-scale)\b", text):
        return 100.0 * (total - BEFORE_2022_KM2) / UKRAINE_KM2
    if re.search(r"\b(?:excluding|without|besides) crimea\b", text):
        return 100.0 * (total - CRIMEA_KM2) / (UKRAINE_KM2 - CRIMEA_KM2)
    return 100.0 * total / UKRAINE_KM2


def _total(record: Record, index: int) -> float:
    atlas = Atlas.of(record)
    return float((atlas.share(index) * atlas.cells.area_km2).sum())


def _grade_share(claim: Claim, text: str, found: float) -> str | None:
    said = f"{text} {straight(claim.value_text or '')}"
    full = bool(_FULL.search(said)) and not _ALMOST.search(said)
    if full and (claim.value is None or claim.value >= 99.5):
        return "confirmed" if found >= WHOLE else "imprecise" if found >= NEARLY else "contradicted"
    if _ALMOST.search(said) and (claim.value is None or claim.value >= 99.5):
        return "confirmed" if found >= 95.0 else "imprecise" if found >= 80.0 else "contradicted"
    stated = bounds(claim)
    if stated is not None and claim.value is not None:
        return grade(claim, found)
    if stated is not None and (stated[0] > 0.0 or stated[1] < 100.0):
        return grade(claim, found)
    for pattern, value in _WORDS:
        if pattern.search(said):
            error = abs(found - value) / value
            return "confirmed" if error <= 0.1 else "imprecise" if error <= 0.25 else "contradicted"
    if re.search(r"\b(?:most|majority|bulk)\b", said):
        return "confirmed" if found > 50.0 else "imprecise" if found > 40.0 else "contradicted"
    if _INVADED.search(said):
        return "confirmed" if 0.05 <= found <= WHOLE else "imprecise" if found > WHOLE else "contradicted"
    return None


def _other_share(claim: Claim, record: Record, scope: Region, holder: str, index: int) -> _Scope | None:
    """A neighbouring scope for which the figure holds."""
    for entry in _shares_beside(record, scope, holder, index):
        error = miss(claim, entry.value)
        if error is not None and error <= ALIKE:
            return entry
    return None


def _shares_beside(record: Record, scope: Region, holder: str, index: int) -> Iterator[_Scope]:
    atlas = Atlas.of(record)
    own = _percent(scope, atlas, record, index, "")
    other = "Ukraine" if holder == "RU" else "Russia"
    yield _Scope(f"the share that {other} held", 100.0 - own if holder == "RU" else own)
    beside = [DONBAS, ANNEXED] if scope.oblasts and scope.oblasts[0] in ANNEXED.oblasts else []
    if scope in (DONBAS, ANNEXED):
        beside = [Region(f"{name} oblast", (name,)) for name in scope.oblasts]
    beside = [*beside, *(entry for entry in (DONBAS, ANNEXED) if entry is not scope and scope in (DONBAS, ANNEXED))]
    for entry in beside:
        share = _percent(entry, atlas, record, index, "")
        yield _Scope(entry.name, share if holder == "RU" else 100.0 - share)
    if scope is UKRAINE and holder == "RU":
        yield _Scope("the ground taken since February 2022", _percent(UKRAINE, atlas, record, index, "since 2022"))
        yield _Scope("Ukraine without Crimea", _percent(UKRAINE, atlas, record, index, "without crimea"))


# Areas


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
    return claim.quantity == "occupied_area" or bool(_STOCK.search(text))


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


def _series(record: Record, scope: Region | None) -> Series | None:
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
    series = _series(record, scope)
    found = None if series is None else _at(series, day)
    if series is None or found is None:
        return Verdict(claim.id, "unverified", f"No map on record gives the occupied area on {day}.")
    if scope is None and _BEFORE.search(text):
        found -= CRIMEA_KM2 if "crimea" in text else BEFORE_2022_KM2
    holder = _holder(claim, text)
    atlas = Atlas.of(record)
    if holder == "UA":
        found = (UKRAINE_KM2 if scope is None else atlas.land_km2(scope.cells(atlas))) - found
    verdict = grade(claim, found)
    index = int(np.searchsorted(series.dates, day, side="right")) - 1
    whose = "occupied" if holder == "RU" else "held by Ukraine"
    says = f"{found:,.0f} km² {_where(scope)} {whose} on {day}"
    finding = record.finding(claim, series, max(0, index), says)
    reason = f"The maps show {says}."
    if verdict == "contradicted":
        beside = [
            _Scope("the ground taken since February 2022", found - BEFORE_2022_KM2),
            _Scope("the occupied ground without Crimea", found - CRIMEA_KM2),
        ]
        other = next((entry for entry in beside if scope is None and (miss(claim, entry.value) or 0.0) <= ALIKE), None)
        if other is not None:
            verdict, reason = "conflated", f"{reason[:-1]}; the figure holds for {other.says}: {other.value:,.0f} km²."
    return Verdict(claim.id, verdict, reason, f"{says}, read between the weekly maps.", (finding,))


def _taken(claim: Claim, record: Record, text: str, scope: Region | None, period: Interval, per: str) -> Verdict | None:
    series = _series(record, scope)
    if series is None:
        return None
    net = _change(series, period, per)
    if net is None:
        first, last = series.dates[0], series.dates[-1]
        return Verdict(
            claim.id, "unverified", f"The maps run from {first} to {last}; {period[0]} to {period[1]} is not covered."
        )
    gainer = _gainer(text)
    found = -net if gainer == "UA" else net
    maps = _between_maps(series, period, per, gainer)
    if maps and (miss(claim, maps[0].value) or 0.0) < (miss(claim, found) or 0.0):
        found = maps[0].value
    readings = [_Scope("net", found), *maps, *_gross(record, scope, period, per, gainer)]
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


def _gainer(text: str) -> str:
    if re.search(r"\bukrain\w* (?:\w+ ){0,3}(?:liberat|recaptur|retook|retak|regain|captur|seiz|gain|advanc)", text):
        return "UA"
    if re.search(r"\brussia\w* (?:\w+ ){0,2}(?:lost|loses)\b", text) or (
        re.search(r"\bliberat|recaptur|retook", text) and side(text) != "RU"
    ):
        return "UA"
    return "RU"


def _change(series: Series, period: Interval, per: str) -> float | None:
    """Net change over a period, from its eve to its last day; per unit of time where one is named."""
    start, end = _at(series, period[0] - DAY), _at(series, period[1])
    if start is None or end is None:
        return None
    days = float((period[1] - period[0]).astype(int)) + 1.0
    return end - start if not per else (end - start) / days * _DAYS[per]


def _between_maps(series: Series, period: Interval, per: str, gainer: str) -> list[_Scope]:
    """The same over a month or less as who reads the maps themselves would find: the last up to its eve and its end."""
    if period[1] - period[0] > np.timedelta64(31, "D"):
        return []
    start, end = (int(np.searchsorted(series.dates, day, side="right")) - 1 for day in (period[0] - DAY, period[1]))
    if start < 0 or end <= start:
        return []
    net = float(series.values[end] - series.values[start]) * (-1.0 if gainer == "UA" else 1.0)
    days = float((series.dates[end] - series.dates[start]).astype(int))
    says = f"net from the map of {series.dates[start]} to that of {series.dates[end]}"
    return [_Scope(says, net if not per else net / days * _DAYS[per])]


def _gross(record: Record, scope: Region | None, period: Interval, per: str, gainer: str) -> list[_Scope]:
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
    return [_Scope("gross", value if not per else value / days * _DAYS[per])]


def _other_period(
    claim: Claim, record: Record, scope: Region | None, period: Interval, per: str, gainer: str
) -> _Scope | None:
    """The period before or after of the same length, the sectors over the same one, or the whole front."""
    length = period[1] - period[0] + DAY
    sign = -1.0 if gainer == "UA" else 1.0
    for name, shifted in (("before", _shift(period, -1)), ("after", _shift(period, 1))):
        series = _series(record, scope)
        value = None if series is None else _change(series, shifted, per)
        if value is not None and (miss(claim, sign * value) or 0.0) <= ALIKE and length >= 7 * DAY:
            return _Scope(f"the period {name} it, {shifted[0]} to {shifted[1]}", sign * value)
    names = (
        [None]
        if scope is not None
        else [Region(f"the sector {s.label}", sector=s.key) for s in record.geography.sectors]
    )
    for entry in names:
        series = _series(record, entry)
        value = None if series is None else _change(series, period, per)
        if value is not None and abs(value) >= 20.0 and (miss(claim, sign * value) or 0.0) <= ALIKE:
            return _Scope("the whole front" if entry is None else entry.name, sign * value)
    return None


def _shift(period: Interval, step: int) -> Interval:
    """The period of the same kind before or after: a whole month becomes the neighbouring whole month."""
    start, end = period
    month = start.astype("datetime64[M]")
    if start == month.astype("datetime64[D]") and end == (month + 1).astype("datetime64[D]") - DAY:
        return (month + step).astype("datetime64[D]"), (month + step + 1).astype("datetime64[D]") - DAY
    length = end - start + DAY
    return start + step * length, end + step * length
