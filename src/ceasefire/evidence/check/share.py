"""Shares: how much of a region a side held at a date, or took over a period.

A share is occupied land over all land of the region (cells, within a percentage point of the polygons); of Ukraine
whole it is the mapped total over 603,550 km², its 1991 area. `Fully` needs 99.9 %, is imprecise from 90 %. A share that
is over a tenth off for the region that is named and holds, within 3 %, for a neighbour of it (the other side's share,
Donbas for Donetsk, the country without Crimea) is conflated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from ceasefire.evidence.check.advance import AGAINST
from ceasefire.evidence.check.area import (
    ALIKE,
    BEFORE_2022_KM2,
    CRIMEA_KM2,
    UKRAINE_KM2,
    Reading,
    abroad,
    gainer_said,
    holder_said,
    net_change,
    occupied,
    unheld,
)
from ceasefire.evidence.check.atlas import Atlas
from ceasefire.evidence.check.record import HEDGE, Interval, Record, bounds, grade, miss
from ceasefire.evidence.check.region import ANNEXED, DONBAS, UKRAINE, Region, regions
from ceasefire.evidence.check.words import around, foreseen, plain, straight
from ceasefire.evidence.claim import Claim, Verdict

WHOLE, NEARLY = 99.9, 90.0
_HELD = re.compile(
    r"\b(?:control\w*|occup\w+|hold(?:s|ing)?|held|captur\w+|seiz\w+|conquer\w*|tak(?:e|es|en|ing)|took|"
    r"annex\w*|hands|grip|rule|"
    r"liberat\w+|retain\w*|los(?:t|es)|territory|territories|land)\b"
)
_PEOPLE = re.compile(
    r"\b(?:ukrainians|russians|people|respondents|population|voters|public|favou?r\w*|support\w*|polls?|"
    r"survey\w*|opinion|citizens|"
    r"troops|soldiers|electricity|power|energy|capacity|gdp|budget|exports?|reserves|minerals?|coal|grain|"
    r"industry|economy|refin\w+)\b"
)
_POLLED = re.compile(
    r"\b(?:per ?cent|%) (?:of (?:the )?)?"
    r"(?:ukrainians|russians|people|respondents|voters|population|public|those polled)\b"
    r"|\b(?:ukrainians|russians|respondents|voters)\b.{0,30}\b(?:reject|oppose|accept|favou?r|support|would|want)"
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


def examine(claim: Claim, record: Record) -> Verdict | None:
    """A verdict on a share of ground; None where the claim states none."""
    text = plain(claim)
    said = f"{text} {straight(claim.value_text or '')}"
    if abroad(claim) or (claim.unit or "").startswith("km2"):
        return None
    if "trend" in claim.quantity or _POLLED.search(text):
        return None
    if claim.kind in ("flow", "rate") and claim.value is not None and AGAINST.search(around(claim)):
        return None
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
    holder = holder_said(claim, text)
    occupied = _percent(scope, atlas, record, index, text)
    if holder == "RU" and scope is not UKRAINE and claim.value is not None and unheld(claim, text):
        holder = "UA" if "confirmed" == grade(claim, 100.0 - occupied) != grade(claim, occupied) else holder
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
    series = occupied(record, None if scope is UKRAINE else scope)
    net = None if series is None else net_change(series, window, "")
    if series is None or net is None:
        return None
    land = UKRAINE_KM2 if scope is UKRAINE else Atlas.of(record).land_km2(scope.cells(Atlas.of(record)))
    found = 100.0 * (-net if gainer_said(text) == "UA" else net) / land
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


def _other_share(claim: Claim, record: Record, scope: Region, holder: str, index: int) -> Reading | None:
    """A neighbouring scope for which the figure holds."""
    for entry in _shares_beside(record, scope, holder, index):
        error = miss(claim, entry.value)
        if error is not None and error <= ALIKE:
            return entry
    return None


def _shares_beside(record: Record, scope: Region, holder: str, index: int) -> Iterator[Reading]:
    atlas = Atlas.of(record)
    own = _percent(scope, atlas, record, index, "")
    other = "Ukraine" if holder == "RU" else "Russia"
    yield Reading(f"the share that {other} held", 100.0 - own if holder == "RU" else own)
    beside = [DONBAS, ANNEXED] if scope.oblasts and scope.oblasts[0] in ANNEXED.oblasts else []
    if scope in (DONBAS, ANNEXED):
        beside = [Region(f"{name} oblast", (name,)) for name in scope.oblasts]
    beside = [*beside, *(entry for entry in (DONBAS, ANNEXED) if entry is not scope and scope in (DONBAS, ANNEXED))]
    for entry in beside:
        share = _percent(entry, atlas, record, index, "")
        yield Reading(entry.name, share if holder == "RU" else 100.0 - share)
    if scope is UKRAINE and holder == "RU":
        yield Reading("the ground taken since February 2022", _percent(UKRAINE, atlas, record, index, "since 2022"))
        yield Reading("Ukraine without Crimea", _percent(UKRAINE, atlas, record, index, "without crimea"))
