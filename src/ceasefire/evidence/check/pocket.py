"""Towns said to be encircled or attacked from several sides, and roads said to be cut.

Encirclement is a matter of bearings: of 72 rays from the town, those with occupied ground within 15 km are closed.

  surrounded          confirmed from 90 % closed; contradicted under 50 %, or where one gap is 90° or wider
  fully surrounded    the same, and contradicted where one gap is wider than 45°
  nearly surrounded   confirmed where the widest gap is at most 60°, contradicted where over 100°
  semi-encircled      confirmed at 40 to 90 % closed, contradicted under 30 %

Attack from all directions is judged the same way within 40 km; from a named side, by occupied ground within 40 km and
45° of it. Roads `between A and B`: all main routes cut confirms, some is imprecise, none contradicts (`roads`). The
thresholds are elicited; a labeller who judges by another radius may differ near them.

Left out: fire control by drones and guns, which closes a road without holding it.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from ceasefire.evidence.check import roads
from ceasefire.evidence.check.atlas import RAYS, Atlas, open_arc
from ceasefire.evidence.check.record import Record, grade
from ceasefire.evidence.check.region import in_words, place, places
from ceasefire.evidence.check.words import foreseen, negative, plain, side, straight
from ceasefire.evidence.claim import Claim, Verdict
from ceasefire.evidence.geography import Place

RING_KM = 15.0
FRONT_KM = 40.0
FULL, HALF, SEMI, LEAST = 0.9, 0.5, 0.4, 0.3
WIDE_DEG, NARROW_DEG, GAP_DEG, TIGHT_DEG = 90.0, 60.0, 100.0, 45.0

_RING = re.compile(
    r"\b(?:encircle(?:d|s)?|encirclement|surrounded|surrounds?|besieged|cauldron|(?:cut|sealed) off|pocket)\b"
)
_NEARLY = re.compile(r"\b(?:nearly|almost|virtually|practically|all but|close to|effectively)\b")
_SEMI = re.compile(
    r"\b(?:semi|half|partial(?:ly)?|partly|(?:two|three|2|3|several) (?:sides|directions)|operational(?:ly)?)\b"
)
_SIDES = re.compile(
    r"\b(?:from|on|in) (?P<many>all|every|each|multiple|several|two|three|four|2|3|4|both)(?: (?:sides?|"
    r"directions?|axes|axis|flanks?))\b"
)
_COMPASS = re.compile(
    r"\bfrom (?:the )?((?:north|south|east|west)(?:[- ]?(?:east|west))?(?:(?:,| and|"
    r", and) (?:the )?(?:north|south|east|west)(?:[- ]?(?:east|west))?)*)\b"
)
_ATTACK = re.compile(r"\b(?:attack|mov(?:e|es|ing)|advanc|assault|press|converg|push|clos|storm|strik|squeez)")
_ROAD = re.compile(
    r"\b(?:roads?|highways?|arter(?:y|ies)|motorways?|routes?|supply lines?|lines? of communication|"
    r"railways?|rail line)\b"
)
_CUT = re.compile(
    r"\b(?:cut(?:s|ting)?|sever(?:ed|s|ing)?|block(?:ed|s|ing)?|interrupt\w*|seized|captured|straddl\w+|"
    r"physically control\w*)\b"
)
_OPEN = re.compile(r"\b(?:in use|usable|passable|open|passable|intact|uncut|free)\b")
_FIRE = re.compile(r"\bfire control|under fire|shelled|drones?\b")
_ROAD_NAME = re.compile(r"\b([mhtp])-?(\d\d)(?:-?(\d\d))?\b")
_NAMES = {"north": 0.0, "east": 90.0, "south": 180.0, "west": 270.0}
POINTS = {
    **_NAMES,
    "northeast": 45.0,
    "southeast": 135.0,
    "southwest": 225.0,
    "northwest": 315.0,
}
_WHOLLY = re.compile(r"\b(?:fully|completely|totally|entirely)\b")
_COMPASS_SHARE = re.compile(r"\b(?:compass|bearings)\b")
_GAP = re.compile(r"\b(?:in use|usable|passable|open|gap|corridor|way out|neck)\b")
_POINT = re.compile(r"\b((?:north|south)[- ]?(?:east|west)|north|south|east|west)(?:ern|wards?)?\b")
Bearings = NDArray[np.bool_]
"""[ray] whether ground of the other side lies that way."""
_COUNTS = {"two": 2, "2": 2, "both": 2, "three": 3, "3": 3, "four": 4, "4": 4, "multiple": 2, "several": 2}


def examine(claim: Claim, record: Record) -> Verdict | None:
    """A verdict on a claim of encirclement, of attack from several sides, or of cut roads; None where it makes none."""
    text = plain(claim)
    if claim.unit == "percent" and ("encircl" in claim.quantity or _COMPASS_SHARE.search(text)):
        return _ring_share(claim, record, text)
    if claim.unit is None and _GAP.search(text) and ("encircl" in claim.quantity or claim.quantity == "bearing"):
        return _gap_bearing(claim, record, text)
    if claim.unit not in (None, "boolean", "persons", "count"):
        return None
    if (
        "road" in claim.quantity
        or "supply_line" in claim.quantity
        or (_ROAD.search(text) and (_CUT.search(text) or _OPEN.search(text)))
    ):
        return _roads(claim, record, text)
    if "axis" in claim.quantity or "axes" in claim.quantity or (_SIDES.search(text) and _ATTACK.search(text)):
        return _axes(claim, record, text)
    if "encircl" in claim.quantity or (_RING.search(text) and _states_ring(claim)):
        return _ring(claim, record, text)
    return None


def _states_ring(claim: Claim) -> bool:
    """A claim of something else may mention a ring in passing."""
    return not re.search(r"control|captur|loss|casualt|troops|share|distance", claim.quantity)


# Rings


def _rays(claim: Claim, record: Record, text: str) -> tuple[Place, int, Bearings] | None:
    """The town, the map and its closed bearings, within the radius that the words name or else 15 km."""
    atlas, window = Atlas.of(record), record.window(claim)
    index = None if window is None else atlas.nearest_map(window[1])
    towns = [town for town in _about(claim, record) if atlas.follows(town)]
    if index is None or not towns or claim.negated:
        return None
    named = re.search(r"\bwithin (\d{1,2}) ?(?:km|kilomet)", text)
    radius = max(3.0, float(named[1])) if named else RING_KM
    town = towns[0]
    return town, index, atlas.around((town.latitude, town.longitude), index, radius).closed("RU", radius)


def _ring_share(claim: Claim, record: Record, text: str) -> Verdict | None:
    found = _rays(claim, record, text)
    if found is None or claim.value is None:
        return None
    town, index, closed = found
    share = 100.0 * float(np.mean(closed))
    computation = f"{town.name}: {int(closed.sum())} of {RAYS} bearings closed, {share:.0f} %."
    finding = Atlas.of(record).finding(record, claim, index, town.name, computation, round(share, 1))
    reason = f"Occupied ground closed {share:.0f} % of the compass around {town.name}."
    return Verdict(claim.id, grade(claim, share), reason, computation, (finding,))


def _gap_bearing(claim: Claim, record: Record, text: str) -> Verdict | None:
    found = _rays(claim, record, text)
    point = _POINT.search(f"{text} {straight(claim.value_text or '')}")
    if found is None or point is None:
        return None
    town, index, closed = found
    middle = _middle(closed)
    if middle is None:
        return None
    off = abs((middle - POINTS[re.sub(r"[- ]", "", point[1])] + 180.0) % 360.0 - 180.0)
    verdict = "confirmed" if off <= 33.75 else "imprecise" if off <= 67.5 else "contradicted"
    computation = f"{town.name}: the widest gap is {open_arc(closed):.0f}° about {middle:.0f}°, {off:.0f}° off."
    finding = Atlas.of(record).finding(record, claim, index, town.name, computation, None)
    return Verdict(claim.id, verdict, f"The open side of {town.name} lay about {middle:.0f}°.", computation, (finding,))


def _ring(claim: Claim, record: Record, text: str) -> Verdict | None:
    atlas = Atlas.of(record)
    towns = [town for town in _about(claim, record) if atlas.follows(town)]
    window = record.window(claim)
    if not towns or window is None:
        return None
    town, index = towns[0], atlas.nearest_map(window[1])
    if index is None:
        return Verdict(claim.id, "unverified", f"No map on record bears on {town.name} at that time.")
    stated = f"{text} {straight(claim.value_text or '')}"
    taken = bool(atlas.held(town)[index])
    ringing = "UA" if taken and side(stated) == "UA" else "RU"
    closed = atlas.around((town.latitude, town.longitude), index, RING_KM).closed(ringing, RING_KM)
    share, gap = float(np.mean(closed)), open_arc(closed)
    computation = (
        f"{town.name}, map of {atlas.dates[index]}: {int(closed.sum())} of {RAYS} bearings meet "
        f"{'occupied' if ringing == 'RU' else 'Ukrainian-held'} ground within {RING_KM:.0f} km ({share:.0%}); "
        f"the widest gap is {gap:.0f}°{_towards(closed)}."
    )
    finding = atlas.finding(record, claim, index, town.name, computation, round(100 * share, 1))
    if foreseen(text) and not _NEARLY.search(text):
        reason = (
            f"Whether {town.name} was about to be encircled is a judgement; {share:.0%} of the bearings were closed."
        )
        return Verdict(claim.id, "unverified", reason, computation, (finding,))
    verdict = _grade_ring(stated, share, gap)
    if negative(text) or claim.negated or (claim.unit == "boolean" and claim.value == 0):
        verdict = {"confirmed": "contradicted", "contradicted": "confirmed"}.get(verdict, verdict)
    if taken and ringing == "RU" and verdict != "contradicted":
        verdict = "imprecise"
    reason = (
        f"The other side's ground closed {share:.0%} of the compass around {town.name}; a gap of {gap:.0f}° was open."
    )
    if taken:
        reason += " The map shows the town itself as occupied by then."
    return Verdict(claim.id, verdict, reason, computation, (finding,))


def _about(claim: Claim, record: Record) -> list[Place]:
    own = place(claim.subject, record)
    if own is not None:
        return [own]
    word = _RING.search(straight(claim.span)) or _SIDES.search(straight(claim.span))
    if word is None:
        return places(claim, record, plain(claim))
    after, before = (
        in_words(claim.span[word.end() : word.end() + 60], record),
        in_words(claim.span[: word.start()], record),
    )
    is_after = word.group().startswith("surrounded") or not before
    return list(after[:1] or before[-1:]) if is_after else list(before[-1:]) or places(claim, record, plain(claim))


def _grade_ring(text: str, share: float, gap: float) -> str:
    if _SEMI.search(text):
        return "confirmed" if SEMI <= share <= FULL else "contradicted" if share < LEAST else "imprecise"
    if _NEARLY.search(text):
        return "confirmed" if gap <= NARROW_DEG else "contradicted" if gap > GAP_DEG or share < HALF else "imprecise"
    if share >= FULL:
        return "confirmed"
    if _WHOLLY.search(text) and gap > TIGHT_DEG:
        return "contradicted"
    return "contradicted" if share < HALF or gap >= WIDE_DEG else "imprecise"


def _towards(closed: Bearings) -> str:
    """Where the middle of the widest gap lies, as a point of the compass."""
    bearing = _middle(closed)
    if bearing is None:
        return ""
    return " towards the " + min(POINTS, key=lambda name: abs((POINTS[name] - bearing + 180.0) % 360.0 - 180.0))


def _middle(closed: Bearings) -> float | None:
    """Bearing of the middle of the widest gap, degrees; None where there is none, or nothing but one."""
    if closed.all() or not closed.any():
        return None
    start = int(np.argmax(closed))
    rolled = np.roll(closed, -start)
    best, run, middle = 0, 0, 0.0
    for position, shut in enumerate(rolled):
        run = 0 if shut else run + 1
        if run > best:
            best, middle = run, position - run / 2 + 0.5
    return (start + middle) * 360.0 / RAYS % 360.0


# Axes of attack


def _axes(claim: Claim, record: Record, text: str) -> Verdict | None:
    atlas = Atlas.of(record)
    towns = [town for town in _about(claim, record) if atlas.follows(town)]
    window = record.window(claim)
    if not towns or window is None:
        return None
    town, index = towns[0], atlas.nearest_map(window[1])
    stated = f"{text} {straight(claim.value_text or '')}"
    if index is None or claim.negated:
        return None
    closed = atlas.around((town.latitude, town.longitude), index, FRONT_KM).closed("RU", FRONT_KM)
    share, gap = float(np.mean(closed)), open_arc(closed)
    verdict = _grade_axes(stated, closed, share)
    if verdict is None:
        return None
    computation = (
        f"{town.name}, map of {atlas.dates[index]}: occupied ground within {FRONT_KM:.0f} km on {share:.0%} of the "
        f"bearings; the widest gap is {gap:.0f}°{_towards(closed)}."
    )
    finding = atlas.finding(record, claim, index, town.name, computation, round(100 * share, 1))
    reason = f"Occupied ground lay on {share:.0%} of the compass around {town.name}, within {FRONT_KM:.0f} km."
    return Verdict(claim.id, verdict, reason, computation, (finding,))


def _grade_axes(text: str, closed: Bearings, share: float) -> str | None:
    if (named := _COMPASS.search(text)) is not None:
        sides = re.findall(r"(?:north|south|east|west)(?:[- ]?(?:east|west))?", named.group(1))
        there = [_quarter(closed, POINTS[re.sub(r"[- ]", "", entry)]) > 0 for entry in sides]
        return "confirmed" if all(there) else "imprecise" if any(there) else "contradicted"
    many = _SIDES.search(text) or re.search(r"\b(?P<many>all|every|two|three|four) (?:sides?|directions?)\b", text)
    if many is None:
        return None
    if many["many"] in ("all", "every", "each", "four", "4"):
        return "confirmed" if share >= FULL else "imprecise" if share >= 0.75 else "contradicted"
    found = sum(_quarter(closed, bearing) >= HALF for bearing in _NAMES.values())
    off = abs(found - _COUNTS[many["many"]])
    if many["many"] in ("multiple", "several"):
        off = max(0, 2 - found)
    return "confirmed" if off == 0 else "imprecise" if off == 1 else "contradicted"


def _quarter(closed: Bearings, bearing: float) -> float:
    """Closed share of the quarter of the compass about a bearing."""
    rays = np.arange(RAYS) * 360.0 / RAYS
    return float(np.mean(closed[np.abs((rays - bearing + 180.0) % 360.0 - 180.0) <= 45.0]))


# Roads


def _roads(claim: Claim, record: Record, text: str) -> Verdict | None:
    atlas, window = Atlas.of(record), record.window(claim)
    index = None if window is None else atlas.nearest_map(window[1])
    said = f"{text} {straight(claim.value_text or '')}"
    if index is None or foreseen(text) or not (_CUT.search(said) or _OPEN.search(said)):
        return None
    towns = list(dict.fromkeys([*places(claim, record, text), *in_words(claim.span, record)]))
    if len(towns) < 2:
        towns = list(dict.fromkeys([*towns, *in_words(claim.sentence or "", record)]))[:3]
    pairs = _pairs(towns, record)
    routes = [route for start, end in pairs for route in roads.main_routes(start, end, record)]
    named = {"".join(part or "" for part in match.groups()) for match in _ROAD_NAME.finditer(text)}
    if named:
        chosen = [
            route for route in routes if any(re.sub(r"\W", "", edge.name.lower()) in named for edge in route.edges)
        ]
        routes = chosen or routes
    if not routes:
        return Verdict(claim.id, "unverified", "The road graph on record has no route between the places named.")
    cut = [route for route in routes if _occupied_km(route, record, index) > 0]
    return _roads_verdict(claim, record, text, routes, cut, index)


def _pairs(towns: list[Place], record: Record) -> list[tuple[str, str]]:
    """Every other town with the last: `the roads that join A and B to C`."""
    nodes = [name for name in dict.fromkeys(roads.node(town, record) for town in towns[:6]) if name is not None]
    return [(name, nodes[-1]) for name in nodes[:-1]]


def _occupied_km(route: roads.Route, record: Record, index: int) -> float:
    return sum(edge.km * roads.occupied_share(edge, record, index) for edge in route.edges)


def _roads_verdict(
    claim: Claim, record: Record, text: str, routes: list[roads.Route], cut: list[roads.Route], index: int
) -> Verdict:
    atlas = Atlas.of(record)
    told = [
        f"{route.name} ({route.km:.0f} km): {_occupied_km(route, record, index):.0f} km in occupied cells"
        for route in routes
    ]
    computation = f"Map of {atlas.dates[index]}; main routes: " + "; ".join(told) + "."
    states_open = (bool(_OPEN.search(text)) and not _CUT.search(text)) or claim.negated or negative(text)
    if len(cut) == len(routes):
        verdict = "contradicted" if states_open else "confirmed"
    elif cut:
        verdict = "imprecise"
    else:
        near = min(roads.clearance_km(route, record, index) for route in routes)
        verdict = "confirmed" if states_open else "contradicted" if near > roads.CLEAR_KM else "imprecise"
        computation += f" The nearest occupied ground lies {near:.1f} km from them."
    if verdict == "confirmed" and not states_open and _FIRE.search(text):
        verdict = "imprecise"
    reason = f"{len(cut)} of {len(routes)} main routes crossed occupied ground on the map of {atlas.dates[index]}."
    share = round(100.0 * len(cut) / len(routes), 1)
    finding = atlas.finding(record, claim, index, "roads", computation, share)
    return Verdict(claim.id, verdict, reason, computation, (finding,))
