"""Who held a town on a day, when it changed hands, and which way a region was held.

A town is judged by its point and by the occupied share of its disc, on the last map up to the stated day and, where the
town had changed by the next, on that one too (the maps are weekly). Of a town said to be Russian:

  confirmed     its point is occupied and at least .9 of its disc (.98 where all of it is claimed)
  imprecise     its point, or half of its disc, is; or the map shows it within 3 weeks after
  contested     a Russian account; the map shows at least a tenth of the disc
  contradicted  otherwise

Of a town said to be Ukrainian the same holds for what is free. Of a date of capture: the week in which the point was
first occupied, or the last tenth of the disc fell, is confirmed; up to 3 weeks early or 13 late is
imprecise. The first map is of
2024-07-13: what it shows as held was taken before, and the record cannot say when. The thresholds are elicited.

Left out: ground in Russia (the maps stop at the border), and the grey zone, which counts as not occupied.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from ceasefire.evidence.check import bank
from ceasefire.evidence.check.atlas import Atlas
from ceasefire.evidence.check.record import Record
from ceasefire.evidence.check.region import UKRAINE, Region, in_words, place, places, regions
from ceasefire.evidence.check.words import Status, around, dated, plain, spoken, status, straight
from ceasefire.evidence.claim import Claim, Finding, Verdict
from ceasefire.evidence.gazetteer import fold
from ceasefire.evidence.geography import Place

MOST, ALL, HALF, SOME, NONE = 0.9, 0.98, 0.5, 0.1, 0.02
"""Shares of a disc: mostly, wholly, half, partly, not at all."""
AHEAD = 3
"""Weeks after the stated day within which a town shown as taken makes the claim early, not wrong."""
QUARTER = 91
"""Days by which a date of capture may miss and still be imprecise."""
WEEK = 7
CLOSE_KM = 2.0
"""A town this near the other side's ground may be fought over though its disc shows nothing."""

_CONTROL = re.compile(r"control|captur|held|hold|occup|fall|liberat|seiz|taken|cleared|status_of_town|retak|recaptur")
_CITIES = re.compile(r"\bcit(?:y|ies) of\b")
_MOSTLY = re.compile(r"\b(?:mostly|largely|most of|mainly)\b|\(most\)")
_NOT_CONTROL = re.compile(
    r"share|area|rate|trend|road|encircle|distance|terrain|line_status|losses|casualt|fire_control"
)
_AIR = re.compile(
    r"\b(?:air(?:space)?|sea|fire control|birth|weapons?|tanks?|drones?|talks|election|prisoners?|soldiers|"
    r"equipment|trophies|"
    r"positions|airport|heights?|high ground|refiner\w+|market|ship|vessel|tanker|assets)\b"
)


def examine(claim: Claim, record: Record) -> Verdict | None:
    """A verdict on a claim of control or capture; None where it makes none."""
    if claim.unit not in (None, "boolean", "date", "day", "month") or _NOT_CONTROL.search(claim.quantity):
        return None
    if not _CONTROL.search(claim.quantity) and (claim.kind not in ("event", "location") or _AIR.search(plain(claim))):
        return None
    areas = regions(claim, record, straight(f"{plain(claim)} | {around(claim)}"))
    said = status(claim)
    if said is None or not (_CONTROL.search(claim.quantity) or spoken(plain(claim)) is not None):
        return None
    named = places(claim, record, straight(claim.span))
    own = place(claim.subject, record)
    if own is not None and own in named:
        named = [own]
    if not [town for town in named if town.kind != "region"] and _CITIES.search(straight(claim.span)):
        cities = [town for town in in_words(claim.span, record) if town.kind != "region"]
        areas, named = ([], cities) if cities else (areas, named)
    if areas and (not named or (claim.subject and _is_area(claim, areas))):
        return _area(claim, record, said, areas[0])
    towns = [town for town in named if Atlas.of(record).follows(town) and town.kind != "region"][:8]
    return _towns(claim, record, towns) if towns else _untold(claim, named)


def _is_area(claim: Claim, areas: list[Region]) -> bool:
    first = fold(areas[0].name).split()[0]
    return first in fold(claim.subject)


def examine_bank(claim: Claim, record: Record) -> Verdict | None:
    """A verdict on who held a bank of the Dnipro, or each bank; None where the claim names none.

    Where no oblast is named Kherson is meant: there the river is the line.
    """
    text = straight(f"{claim.subject} | {claim.span}")
    if claim.unit not in (None, "boolean", "percent") or claim.value not in (None, 0, 1, 100):
        return None
    pairs = bank.holders(plain(claim))
    if not pairs and (which := bank.named(text)) is not None and (said := status(claim)) is not None:
        pairs = [(said.holder, which)]
    if not pairs or claim.negated:
        return None
    match = _ON_RIVER.search(straight(f"{text} {' '.join(claim.places)} {around(claim)}"))
    oblast = {"z": "Zaporizhzhia", "d": "Dnipropetrovsk"}.get(match[1][0] if match else "", "Kherson")
    area = Region(f"{oblast} oblast", (oblast,))
    found = [_bank(claim, record, Status(holder), area, which) for holder, which in pairs]
    kept = [verdict for verdict in found if verdict is not None]
    return _together(claim, kept) if kept else None


_ON_RIVER = re.compile(r"\b(kherson|zaporizhzhia|zaporizhia|zaporozhye|dnipropetrovsk)\b")


def _untold(claim: Claim, named: list[Place]) -> Verdict | None:
    if not named:
        return None
    reason = f"The maps do not follow {named[0].name}: they are of towns inside Ukraine's border."
    return Verdict(claim.id, "unverified", reason)


# Towns


def _towns(claim: Claim, record: Record, towns: list[Place]) -> Verdict | None:
    verdicts = [_town(claim, record, town) for town in towns]
    found = [verdict for verdict in verdicts if verdict is not None]
    return _together(claim, found) if found else None


def _together(claim: Claim, found: list[Verdict]) -> Verdict:
    """One verdict of several that a claim asks for at once."""
    if len({verdict.verdict for verdict in found}) == 1:
        first = found[0]
        return Verdict(
            claim.id,
            first.verdict,
            first.reason if len(found) == 1 else " ".join(verdict.reason for verdict in found),
            " ".join(verdict.computation for verdict in found),
            tuple(item for verdict in found for item in verdict.record),
        )
    worst = [verdict for verdict in found if verdict.verdict == "contradicted"]
    kind = "unverified" if any(not verdict.checkable for verdict in found) else "imprecise"
    if len(worst) * 2 > len(found):
        kind = "contradicted"
    return Verdict(
        claim.id,
        kind,
        "It holds for some of the places and not for others: " + " ".join(verdict.reason for verdict in found),
        " ".join(verdict.computation for verdict in found),
        tuple(item for verdict in found for item in verdict.record),
    )


def _town(claim: Claim, record: Record, town: Place) -> Verdict | None:
    spellings = tuple(straight(name) for name in (town.name, *town.aliases))
    said = status(claim, tuple(name for name in spellings if name in plain(claim)))
    window = record.window(claim)
    if said is None:
        return None
    if window is None:
        return Verdict(claim.id, "unverified", "Neither the claim nor the text says of which day it speaks.")
    if _is_dated_event(claim, record, said):
        return _event(claim, record, town, said)
    return _state(claim, record, town, said, window[1])


def _is_dated_event(claim: Claim, record: Record, said: Status) -> bool:
    if claim.unit == "date" or "date" in claim.quantity:
        return True
    window, told = record.window(claim), record.told_on(claim)
    if not said.event or window is None or told is None or (not said.sure and not dated(claim)):
        return False
    early = told - window[1] > np.timedelta64(3, "D")
    return bool(early or window[0] < window[1]) and dated(claim)


def _state(claim: Claim, record: Record, town: Place, said: Status, day: np.datetime64) -> Verdict:
    atlas = Atlas.of(record)
    index = atlas.nearest_map(day)
    if index is None:
        return _off_the_maps(claim, record, town, said, day)
    shown = [index]
    if index + 1 < len(atlas.dates) and atlas.dates[index] < day:
        shown.append(index + 1)
    centre = re.search(r"\b(?:cent(?:re|er)|central)\b", plain(claim)) is not None
    graded = [(_grade(atlas, town, said, entry, claim, centre=centre, base=index), entry) for entry in shown]
    verdict, at = min(graded, key=lambda item: (_ORDER.index(item[0]), item[1]))
    findings = _findings(claim, record, town, sorted({index, at, *_ahead(atlas, town, said, index, verdict)}))
    return Verdict(claim.id, verdict, _reason(atlas, town, said, verdict, at), _shares(atlas, town, at), findings)


_ORDER = ("confirmed", "imprecise", "contested", "contradicted")


def _grade(
    atlas: Atlas, town: Place, said: Status, index: int, claim: Claim, *, centre: bool = False, base: int | None = None
) -> str:
    held, disc = bool(atlas.held(town)[index]), float(atlas.disc(town)[index])
    if said.holder == "contested":
        return _contested(atlas, town, index, disc)
    if said.holder == "entered":
        return "confirmed" if disc > NONE else "imprecise" if _entered_soon(atlas, town, index) else "contradicted"
    ours = said.holder == "RU"
    point, share = (held, disc) if ours else (not held, 1.0 - disc)
    if centre:
        return "confirmed" if point else "imprecise" if share >= HALF else "contradicted"
    if point and share >= HALF and _MOSTLY.search(straight(f"{claim.span} {claim.value_text or ''}")):
        return "confirmed"
    if said.part and not said.whole:
        return _partly(share, point)
    if point and share >= (ALL if said.whole else HALF if said.event and claim.hedge == "forecast" else MOST):
        return "confirmed"
    if said.whole:
        return "imprecise" if point and share >= HALF else "contradicted"
    if point or share >= HALF:
        return "imprecise"
    if _changes(atlas, town, said.holder, index if base is None else base):
        return "imprecise"
    if ours and claim.source_side == "RU" and share >= SOME:
        return "contested"
    return "contradicted"


def _partly(share: float, point: bool) -> str:
    """Some of the town is said to be held."""
    if share > NONE and share < ALL:
        return "confirmed"
    return "imprecise" if point or share >= ALL else "contradicted"


def _contested(atlas: Atlas, town: Place, index: int, disc: float) -> str:
    if NONE < disc < ALL:
        return "confirmed"
    other = "RU" if disc <= NONE else "UA"
    far = atlas.to_side((town.latitude, town.longitude), index, other)
    return "imprecise" if far is not None and far <= CLOSE_KM + town.radius_km else "contradicted"


def _entered_soon(atlas: Atlas, town: Place, index: int) -> bool:
    return bool((atlas.disc(town)[index : index + AHEAD + 1] > NONE).any())


def _changes(atlas: Atlas, town: Place, holder: str, index: int) -> bool:
    """The map shows the town with that holder within the weeks after."""
    held = atlas.held(town)
    theirs = held if holder == "RU" else ~held
    return bool(theirs[index : index + AHEAD + 1].any())


def _ahead(atlas: Atlas, town: Place, said: Status, index: int, verdict: str) -> list[int]:
    """The later map that makes the claim early."""
    if said.holder not in ("RU", "UA") or verdict != "imprecise":
        return []
    held = atlas.held(town)[index : index + AHEAD + 1]
    theirs = np.flatnonzero(held if said.holder == "RU" else ~held)
    return [index + int(theirs[0])] if len(theirs) and theirs[0] > 0 else []


def _shares(atlas: Atlas, town: Place, index: int) -> str:
    held, disc = bool(atlas.held(town)[index]), float(atlas.disc(town)[index])
    return (
        f"{town.name}, map of {atlas.dates[index]}: centre {'occupied' if held else 'not occupied'}, "
        f"{disc:.0%} of the disc of {town.radius_km:.1f} km occupied."
    )


def _reason(atlas: Atlas, town: Place, said: Status, verdict: str, index: int) -> str:
    held, disc = bool(atlas.held(town)[index]), float(atlas.disc(town)[index])
    shown = "in Russian hands" if held and disc >= MOST else "in Ukrainian hands" if not held and disc <= SOME else ""
    if not shown:
        shown = f"divided, {disc:.0%} of it occupied" + (", the centre included" if held else ", the centre not")
    text = f"The map of {atlas.dates[index]} shows {town.name} {shown}."
    if verdict == "imprecise" and said.holder == "RU" and not held:
        later = np.flatnonzero(atlas.held(town)[index:])
        if len(later):
            text += f" It first shows it occupied on {atlas.dates[index + int(later[0])]}."
    return text


def _findings(claim: Claim, record: Record, town: Place, indices: list[int]) -> tuple[Finding, ...]:
    atlas = Atlas.of(record)
    return tuple(
        atlas.finding(
            record, claim, at, town.name, _shares(atlas, town, at), round(100 * float(atlas.disc(town)[at]), 1)
        )
        for at in indices
    )


def _off_the_maps(claim: Claim, record: Record, town: Place, said: Status, day: np.datetime64) -> Verdict:
    atlas = Atlas.of(record)
    if not len(atlas.dates) or day > atlas.dates[0]:
        return Verdict(claim.id, "unverified", f"The maps on record do not reach {day}.")
    return Verdict(
        claim.id,
        "unverified",
        f"The maps begin on {atlas.dates[0]}; who held {town.name} on {day} is not on record.",
        _shares(atlas, town, 0),
        _findings(claim, record, town, [0]),
    )


# When it changed hands


def turns(atlas: Atlas, town: Place, holder: str) -> NDArray[np.int64]:
    """Maps on which a town's point is first shown with a holder, having been shown otherwise the map before."""
    held = atlas.held(town)
    theirs = held if holder == "RU" else ~held
    return (np.flatnonzero(theirs[1:] & ~theirs[:-1]) + 1).astype(np.int64)


def _event(claim: Claim, record: Record, town: Place, said: Status) -> Verdict:
    atlas, window = Atlas.of(record), _stated_days(claim, record)
    holder = said.holder if said.holder in ("RU", "UA") else "RU"
    if window is None or not len(atlas.dates):
        return Verdict(claim.id, "unverified", "The claim gives no date that a calendar holds.")
    found = turns(atlas, town, holder)
    if not len(found):
        return _no_turn(claim, record, town, holder, window)
    spans = [(atlas.dates[at - 1] + np.timedelta64(1, "D"), atlas.dates[at], int(at)) for at in found]
    spans += [
        (atlas.dates[end - 1] + np.timedelta64(1, "D"), atlas.dates[end], end)
        for end in _completed(atlas, town, found, holder)
    ]
    gap, at = min((_gap(window, (start, end)), index) for start, end, index in spans)
    early = bool(window[1] < min(start for start, _, _ in spans))
    between = any(found[0] <= at_end for at_end in _completed(atlas, town, found, holder)) and _within(
        window, atlas, int(found[0]), _completed(atlas, town, found, holder)
    )
    limit = AHEAD * WEEK if early else QUARTER
    verdict = "confirmed" if gap <= 3 else "imprecise" if gap <= limit or between else "contradicted"
    if verdict == "confirmed" and said.whole and holder == "RU" and float(atlas.disc(town)[at]) < MOST:
        verdict = "imprecise"
    first = int(found[np.argmin(np.abs(found - at))])
    taken = "occupied" if holder == "RU" else "free again"
    reason = f"The maps first show the centre of {town.name} {taken} on {atlas.dates[first]} (and not a week before)."
    computation = (
        f"Stated {window[0]} to {window[1]}; shown {atlas.dates[first - 1]} to {atlas.dates[first]}: {gap} days apart."
    )
    return Verdict(claim.id, verdict, reason, computation, _findings(claim, record, town, [first - 1, first]))


def _stated_days(claim: Claim, record: Record) -> tuple[np.datetime64, np.datetime64] | None:
    from ceasefire.evidence.check.record import interval

    text = (claim.value_text or "").strip()
    own = interval(text) if re.fullmatch(r"\d{4}(?:-\d\d){0,2}(?:/\d{4}(?:-\d\d){0,2})?", text) else None
    return own or record.window(claim)


def _completed(atlas: Atlas, town: Place, found: NDArray[np.int64], holder: str) -> list[int]:
    """Maps on which nearly all of the disc first has the holder, after each turn."""
    disc = atlas.disc(town)
    share = disc if holder == "RU" else 1.0 - disc
    ends = [np.flatnonzero(share[at:] >= MOST) for at in found]
    return [int(at + end[0]) for at, end in zip(found, ends, strict=True) if len(end)]


def _within(window: tuple[np.datetime64, np.datetime64], atlas: Atlas, start: int, ends: list[int]) -> bool:
    return bool(ends) and bool(atlas.dates[start] <= window[1] and window[0] <= atlas.dates[max(ends)])


def _gap(stated: tuple[np.datetime64, np.datetime64], shown: tuple[np.datetime64, np.datetime64]) -> int:
    """Days between two intervals, 0 where they meet."""
    before = (shown[0] - stated[1]).astype(int)
    after = (stated[0] - shown[1]).astype(int)
    return int(max(before, after, 0))


def _no_turn(
    claim: Claim, record: Record, town: Place, holder: str, window: tuple[np.datetime64, np.datetime64]
) -> Verdict:
    atlas = Atlas.of(record)
    theirs = bool(atlas.held(town)[0]) == (holder == "RU")
    findings = _findings(claim, record, town, [0, len(atlas.dates) - 1])
    first, last = atlas.dates[0], atlas.dates[-1]
    if theirs:
        late = window[0] > first + np.timedelta64(WEEK, "D")
        verdict = "contradicted" if late else "unverified"
        whose = "Russian" if holder == "RU" else "Ukrainian"
        reason = f"{town.name} is in {whose} hands on the first map ({first}); since when, the maps cannot say."
        return Verdict(claim.id, verdict, reason, _shares(atlas, town, 0), findings)
    if window[1] < first or window[0] > last:
        return Verdict(claim.id, "unverified", f"The maps run from {first} to {last}.", "", findings)
    share = atlas.disc(town) if holder == "RU" else 1.0 - atlas.disc(town)
    end = atlas.upto(window[1])
    best = float(share[: (end or 0) + AHEAD + 1].max())
    verdict = (
        "imprecise" if best >= HALF else "contested" if best >= SOME and claim.source_side == "RU" else "contradicted"
    )
    reason = (
        f"No map up to {last} shows the centre of {town.name} changing hands; at most {best:.0%} of it had by then."
    )
    return Verdict(claim.id, verdict, reason, _shares(atlas, town, end or 0), findings)


# Regions


def _area(claim: Claim, record: Record, said: Status, area: Region) -> Verdict | None:
    if area is UKRAINE:
        return None
    atlas = Atlas.of(record)
    return _scope(claim, record, said, area.name, area.cells(atlas))


def _bank(claim: Claim, record: Record, said: Status, area: Region, which: str) -> Verdict | None:
    atlas = Atlas.of(record)
    cells = area.cells(atlas) & bank.cells(record, atlas, which)
    name = f"the {'east' if which == 'left' else 'west'} bank in {area.name}"
    return _scope(claim, record, said, name, cells)


def _scope(claim: Claim, record: Record, said: Status, name: str, cells: NDArray[np.bool_]) -> Verdict | None:
    atlas, window = Atlas.of(record), record.window(claim)
    index = None if window is None else atlas.nearest_map(window[1])
    if said.holder not in ("RU", "UA") or not cells.any():
        return None
    if index is None:
        return Verdict(claim.id, "unverified", f"No map on record bears on {name} at that time.")
    land, occupied = atlas.land_km2(cells), atlas.occupied_km2(cells, index)
    share = min(1.0, occupied / land)
    theirs = share if said.holder == "RU" else 1.0 - share
    if said.part and not said.whole and bank.named(plain(claim)) is None:
        verdict = "confirmed" if 0.001 < theirs < 0.999 else "imprecise" if theirs >= 0.999 else "contradicted"
    else:
        full = 0.999 if said.whole else MOST if "bank" in name else 0.97
        verdict = "confirmed" if theirs >= full else "imprecise" if theirs >= MOST else "contradicted"
    whose = "Russia" if said.holder == "RU" else "Ukraine"
    reason = f"On the map of {atlas.dates[index]} {whose} held {theirs:.1%} of {name}."
    computation = f"{occupied:,.0f} of {land:,.0f} km² of land occupied: {share:.2%}."
    finding = atlas.finding(record, claim, index, name, computation, round(100 * share, 2))
    return Verdict(claim.id, verdict, reason, computation, (finding,))
