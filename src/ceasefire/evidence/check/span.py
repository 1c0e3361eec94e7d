"""Distances and bearings: between towns, from a town to the line of contact or the border, and `the front runs by it`.

Distances are geodesic on WGS84, centre to centre. To the line they are to the nearest ground of the other side on the
map of the stated day (`atlas`, within 1 km). The edge of a built-up area lies nearer than its centre, and a road is
longer than the straight line: a distance that fails from the centre and holds from the edge of the disc, or along the
roads of the graph (trust D), is imprecise, never confirmed for that.

Directions: confirmed up to 33.75° off for eight points of the compass (45° where only four are used), imprecise up to
twice that. A bearing in degrees: 5° and 22.5°. Elicited.

Left out: ranges of weapons, depth of an advance, lengths of the front.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ceasefire.evidence.check import roads
from ceasefire.evidence.check.atlas import Atlas
from ceasefire.evidence.check.pocket import POINTS
from ceasefire.evidence.check.record import WITHIN, Record, bounds, grade, miss
from ceasefire.evidence.check.region import in_words, place, places
from ceasefire.evidence.check.words import RUSSIAN, UKRAINIAN, around, plain
from ceasefire.evidence.claim import Claim, Finding, Verdict
from ceasefire.evidence.gazetteer import bearing_deg, distance_km
from ceasefire.evidence.geography import Place

_KM = r"(?:km|kilomet(?:er|re)s?|miles?)"
_APART = re.compile(
    rf"\b{_KM}\b(?:\W+[\w'-]+){{0,5}}?\W+(?:from|of|away|apart|between|separat\w+|outside|beyond|behind|off)\b|"
    rf"\b(?:distance|apart|separat\w+|lies?|located|situated|within|less than|away)\b.{{0,60}}\b{_KM}\b"
)
_NOT_APART = re.compile(
    r"\b(?:range|front ?line (?:of|is|runs|stretch\w*|length)|long|length|wide|width|deep (?:strike|into)|"
    r"depth|advanc\w+ (?:by |of |about |some |up to )?\d|"
    r"speed|pipeline|fence|buffer|zone|square|per|missiles?|drones?|fl(?:y|ew|ies)|travell?ed)\b"
)
_LINE = re.compile(
    rf"\b(?:front(?:s|[- ]?lines?)?|line of contact|contact line|lines|zero line|(?:{RUSSIAN}|"
    rf"{UKRAINIAN})(?:['’]s)?[- ](?:held|"
    r"occupied|controlled|positions|lines|forces|troops|soldiers|units|territory|front)|combat|fighting|"
    r"nearest (?:russian|enemy|occupied))\b"
)
_BORDER = re.compile(
    r"\b(?:(?P<RU>russian|russia'?s?)|(?P<BY>belarus\w*)|(?P<any>international|"
    r"state))?[- ]?(?:state )?(?:border|frontier)\b(?: with (?P<with>russia|belarus))?"
)
_DIRECTION = re.compile(
    r"\b(?P<point>(?:north|south)[- ]?(?:east|west)|north|south|east|west)(?:ern|erly|"
    r"wards?)?(?: \w+){0,1}? (?:of|from)\b"
)
_ON_FRONT = re.compile(
    r"\b(?:front[- ]?line (?:town|city|village|settlement)|on the (?:very )?(?:edge|front)|(?:along|at|"
    r"on) (?:the )?(?:\w+ ){0,3}(?:front ?lines?|line of contact|contact line)|"
    r"outer (?:layers?|edge) of|position_on_front)\b"
)
_NEAR_FRONT = re.compile(
    r"\b(?:near|close to|not far from|by) (?:the )?(?:\w+ ){0,2}(?:front ?lines?|line of contact|contact line)\b"
)
ON_KM, NEAR_KM = 5.0, 15.0
MAP_ERROR_KM = 0.75
"""Error of a distance to the line that 95 % of places stay below."""


@dataclass(frozen=True)
class _Leg:
    """What was measured."""

    says: str
    km: float
    nearer: float
    """From the edges of built-up areas, km."""
    longer: float | None
    """By road, km."""
    findings: tuple[Finding, ...]
    bearing: float | None = None
    """From the second place to the first."""


def examine(claim: Claim, record: Record) -> Verdict | None:
    """A verdict on a distance, a bearing, or a place on the line; None where the claim states none."""
    text = f"{plain(claim)}"
    wide = around(claim)
    if claim.unit == "km" and claim.kind != "flow" and (_is_distance(claim, text) or _is_distance(claim, wide)):
        return _distance(claim, record, text)
    if claim.unit == "deg" or claim.quantity in ("bearing", "direction", "relative_location"):
        return _bearing(claim, record, text)
    if claim.unit in (None, "boolean") and (
        "front" in claim.quantity or (claim.kind == "location" and (_ON_FRONT.search(text) or _NEAR_FRONT.search(text)))
    ):
        return _on_front(claim, record, text)
    return None


def _is_distance(claim: Claim, text: str) -> bool:
    if claim.quantity == "distance" or claim.quantity.startswith("distance_"):
        return True
    return bool(_APART.search(text)) and not _NOT_APART.search(text)


# Distances


def _distance(claim: Claim, record: Record, text: str) -> Verdict | None:
    leg = _leg(claim, record, text)
    if isinstance(leg, Verdict) or leg is None:
        return leg
    verdict = grade(claim, leg.km)
    if leg.bearing is None and verdict != "confirmed" and _within_map_error(claim, leg.km):
        verdict = "confirmed"
    error = miss(claim, leg.km) or 0.0
    if verdict != "confirmed" and abs(error) * leg.km <= 1.0 and leg.km >= 1.0:
        verdict = "confirmed" if error <= 2 * WITHIN else "imprecise"
    computation = f"{leg.says}: {leg.km:.1f} km in a straight line, centre to centre; {error:.0%} off what is stated."
    if verdict == "contradicted":
        verdict, extra = _otherwise(claim, leg)
        computation += extra
    direction = _off_direction(text, leg)
    if direction is not None:
        worse, told = direction
        verdict = max(verdict, worse, key=("confirmed", "imprecise", "contradicted").index)
        computation += told
    reason = f"{leg.says[0].upper()}{leg.says[1:]} it is {leg.km:.1f} km."
    return Verdict(claim.id, verdict, reason, computation, leg.findings)


def _within_map_error(claim: Claim, km: float) -> bool:
    """The stated distance lies within the error of distances measured on cells."""
    stated = bounds(claim)
    return stated is not None and stated[0] - MAP_ERROR_KM <= km <= stated[1] + MAP_ERROR_KM


def _otherwise(claim: Claim, leg: _Leg) -> tuple[str, str]:
    stated = bounds(claim)
    if stated is not None and stated[0] <= leg.km and leg.nearer <= stated[1]:
        return "imprecise", f" From the edge of the built-up area it is about {leg.nearer:.0f} km."
    straight_line = re.search(r"\b(?:straight|crow|direct)\b", around(claim))
    if leg.longer is not None and not straight_line and (miss(claim, leg.longer) or 0.0) <= WITHIN:
        return "imprecise", f" By road it is about {leg.longer:.0f} km."
    return "contradicted", ""


def _leg(claim: Claim, record: Record, text: str) -> _Leg | Verdict | None:
    own = place(claim.subject, record)
    named = list(dict.fromkeys([*([own] if own else []), *places(claim, record, text)]))
    if (town := _own_town(claim, record)) is not None:
        return _to_line(claim, record, town)
    spoken = list(in_words(claim.span, record))
    if (border := _BORDER.search(text)) is not None and named:
        return _to_border(claim, record, named[0], border)
    if _LINE.search(text) and (len(named) < 2 or len(spoken) < 2):
        return _to_line(claim, record, named[0]) if named else None
    troops = re.search(rf"\b(?:{RUSSIAN}|{UKRAINIAN})\b", f"{claim.subject.lower()} {text}")
    if len(named) == 1 and len(spoken) < 2 and troops:
        return _to_line(claim, record, named[0])
    ends = _ends(claim, record, named, spoken)
    if ends is None and _LINE.search(around(claim)) and named:
        return _to_line(claim, record, named[0])
    return None if ends is None else _between(record, *ends)


_FROM_THEM = re.compile(
    rf"^[ -]?{_KM} (?:away )?from (?:them\b|(?:the )?(?:nearest )?(?:\w+ )?(?:positions|lines|troops|forces|front))",
    re.IGNORECASE,
)


def _own_town(claim: Claim, record: Record) -> Place | None:
    """Of a list, `A, 19 km from their positions, and B, 12 km from them`, the town of the claim's own number."""
    if claim.value is None:
        return None
    before = 0
    for number in re.finditer(r"\d[\d.,]{0,8}", claim.span):
        own = number[0].rstrip(".,").replace(",", "") == f"{claim.value:.10g}"
        if own and _FROM_THEM.search(claim.span[number.end() :]):
            return next(reversed(list(in_words(claim.span[before : number.start()], record))), None)
        before = number.end()
    return None


def _ends(claim: Claim, record: Record, named: list[Place], spoken: list[Place]) -> tuple[Place, Place] | None:
    """The two places: those of the span where it names two; else with the first that the sentence adds."""
    order = spoken if len(spoken) >= 2 else named
    if len(order) == 2:
        return order[0], order[1]
    if len(order) > 2:
        return _nearest_to_number(claim.span, order, record)
    around_it = [entry for entry in in_words(claim.sentence or "", record) if entry not in order]
    if len(order) != 1 or len(around_it) != 1:
        return None
    return (around_it[0], order[0]) if _is_reference(claim.span, order[0]) else (order[0], around_it[0])


def _is_reference(span: str, town: Place) -> bool:
    """The place from which is measured: `7 km east of X`."""
    names = "|".join(re.escape(name) for name in (town.name, *town.aliases))
    return (
        re.search(rf"\b(?:of|from) (?:the )?(?:(?:city|town|village) of )?(?:{names})\b", span, re.IGNORECASE)
        is not None
    )


def _nearest_to_number(text: str, order: list[Place], record: Record) -> tuple[Place, Place] | None:
    """Of several places, the last named before the number and the first after it; else the first two."""
    number = re.search(rf"\d[\d.,]*[- ]?(?:to \d+ )?{_KM}", text)
    if number is None:
        return order[0], order[1]
    before = list(in_words(text[: number.start()], record))
    after = list(in_words(text[number.end() :], record))
    if before and after:
        return before[0], after[0]
    return (after[0], after[1]) if len(after) > 1 else (order[0], order[1])


def _between(record: Record, first: Place, second: Place) -> _Leg:
    start, end = (first.latitude, first.longitude), (second.latitude, second.longitude)
    km = distance_km(start, end)
    nodes = roads.node(first, record), roads.node(second, record)
    ways = roads.main_routes(nodes[0], nodes[1], record) if nodes[0] and nodes[1] and nodes[0] != nodes[1] else []
    finding = Finding(
        "gazetteer",
        f"{first.name}, {second.name}",
        f"{km:.1f} km apart",
        round(km, 2),
        "km",
        trust=_trust(first, second),
    )
    return _Leg(
        f"from {first.name} to {second.name}",
        km,
        max(0.0, km - first.radius_km - second.radius_km),
        ways[0].km if ways else None,
        (finding,),
        bearing_deg(end, start),
    )


def _trust(*named: Place) -> str:
    return max((entry.trust or "C")[0] for entry in named)


def _to_line(claim: Claim, record: Record, town: Place) -> _Leg | Verdict | None:
    atlas, window = Atlas.of(record), record.window(claim)
    index = None if window is None else atlas.nearest_map(window[1])
    if not atlas.follows(town):
        return None
    if index is None:
        return Verdict(
            claim.id, "unverified", f"No map on record shows where the line ran near {town.name} at that time."
        )
    other = "UA" if atlas.held(town)[index] else "RU"
    km = atlas.to_side((town.latitude, town.longitude), index, other)
    if km is None:
        return None
    whose = "occupied" if other == "RU" else "Ukrainian-held"
    says = f"from {town.name} to the nearest {whose} ground on the map of {atlas.dates[index]}"
    published = str(atlas.published[index])
    finding = Finding(
        "deepstatemap",
        town.name,
        f"{km:.1f} km {says}",
        round(km, 1),
        "km",
        str(atlas.dates[index]),
        published,
        "A",
        not record.visible(claim, published),
    )
    return _Leg(says, km, max(0.0, km - town.radius_km), None, (finding,))


def _to_border(claim: Claim, record: Record, town: Place, match: re.Match[str]) -> _Leg | None:
    code = "BY" if match["BY"] or (match["with"] or "").startswith("belarus") else "RU"
    km = Atlas.of(record).to_border(record, (town.latitude, town.longitude), code)
    if km is None or town.country != "UA":
        return None
    says = f"from {town.name} to the border with {'Russia' if code == 'RU' else 'Belarus'}"
    finding = Finding("gazetteer", town.name, f"{km:.0f} km {says}", round(km, 1), "km", trust="B")
    return _Leg(says, km, max(0.0, km - town.radius_km), None, (finding,))


# Bearings


def _off_direction(text: str, leg: _Leg) -> tuple[str, str] | None:
    match = _DIRECTION.search(text)
    if match is None or leg.bearing is None:
        return None
    point = re.sub(r"[- ]", "", match["point"])
    off = _turn(leg.bearing, POINTS[point])
    return _grade_point(point, off), f" The bearing is {leg.bearing:.0f}°, {off:.0f}° off {match['point']}."


def _turn(first: float, second: float) -> float:
    return abs((first - second + 180.0) % 360.0 - 180.0)


def _grade_point(point: str, off: float) -> str:
    limit = 45.0 if point in ("north", "south", "east", "west") else 33.75
    return "confirmed" if off <= limit else "imprecise" if off <= 2 * limit else "contradicted"


def _bearing(claim: Claim, record: Record, text: str) -> Verdict | None:
    named = places(claim, record, text)
    spoken = list(in_words(claim.span, record))
    ends = spoken if len(spoken) >= 2 else named
    if len(ends) < 2:
        return None
    leg = _between(record, ends[0], ends[1])
    found = leg.bearing or 0.0
    said = f"{text} {(claim.value_text or '').lower()}"
    match = _DIRECTION.search(said) or re.search(
        r"\b(?P<point>(?:north|south)[- ]?(?:east|west)|north|south|east|west)", said
    )
    if claim.value is not None:
        off = _turn(found, claim.value)
        verdict = "confirmed" if off <= 5.0 else "imprecise" if off <= 22.5 else "contradicted"
        back = _turn(found, claim.value + 180.0)
        if verdict != "confirmed" and back <= 5.0 and "from" in said:
            verdict, off = "confirmed", back
    elif match is not None:
        point = re.sub(r"[- ]", "", match["point"])
        off = _turn(found, POINTS[point])
        verdict = _grade_point(point, off)
    else:
        return None
    computation = f"From {ends[1].name} to {ends[0].name} the bearing is {found:.1f}°, {off:.1f}° off what is stated."
    finding = Finding(
        "gazetteer",
        f"{ends[1].name}, {ends[0].name}",
        computation,
        round(found, 1),
        "deg",
        trust=_trust(ends[0], ends[1]),
    )
    return Verdict(
        claim.id, verdict, f"{ends[0].name} lies at {found:.0f}° from {ends[1].name}.", computation, (finding,)
    )


# The line


def _plant(claim: Claim, record: Record, text: str) -> list[Place]:
    """The nuclear plant at the front, where a text names it by what it is: there is one."""
    if not re.search(r"\bnuclear (?:power )?(?:plant|station|reactors?)\b", text):
        return []
    found = place("Zaporizhzhia nuclear plant", record)
    return [] if found is None else [found]


def _on_front(claim: Claim, record: Record, text: str) -> Verdict | None:
    named = places(claim, record, text) or _plant(claim, record, text)
    if not named or claim.negated:
        return None
    leg = _to_line(claim, record, named[0])
    if isinstance(leg, Verdict) or leg is None:
        return leg
    close = NEAR_KM if _NEAR_FRONT.search(text) and not _ON_FRONT.search(text) else ON_KM
    km = leg.nearer
    verdict = "confirmed" if km <= close else "imprecise" if km <= 3 * close else "contradicted"
    computation = (
        f"{leg.km:.1f} km {leg.says} ({km:.1f} from the edge of the built-up area); up to {close:.0f} km counts."
    )
    return Verdict(claim.id, verdict, f"It is {leg.km:.1f} km {leg.says}.", computation, leg.findings)
