"""How the line moves and what stands behind it: trends, defensive belts, heights, and the people of towns.

Closing in: the distance from each town to occupied ground now against six weeks before. Confirmed where it fell by a
tenth or 3 km, imprecise where it fell less (or ground was taken within 30 km without it falling), else contradicted.
Faster or slower: km² a day over four weeks against the twelve before; 15 % either way counts. A defensive line in
Donetsk is the belt of Sloviansk, Kramatorsk, Druzhkivka and Kostiantynivka: broken where one of them is held, imprecise
where one has been entered, contradicted where none has. High ground: cells within 3 km of the place against the mean of
the others' cells, more than 20 m; it commands them where they lie within 15 km. All thresholds are elicited.

People are pre-war residents (GeoNames, trust C); who is left in a town at war is on no record here.
"""

from __future__ import annotations

import re

import numpy as np

from ceasefire.evidence.check.atlas import Atlas
from ceasefire.evidence.check.record import NEAR, WITHIN, Interval, Record, grade, miss
from ceasefire.evidence.check.region import DONBAS, in_words, place, places, regions, sector
from ceasefire.evidence.check.words import around, negative, plain, status, straight
from ceasefire.evidence.claim import Claim, Finding, Verdict
from ceasefire.evidence.gazetteer import distance_km
from ceasefire.evidence.geography import Place
from ceasefire.evidence.series import Series

WEEKS = 6
FELL_KM, FELL_SHARE, STILL_KM = 3.0, 0.10, 0.2
AROUND_KM, TAKEN_KM2 = 30.0, 10.0
CHANGE = 0.15
COMMANDS_KM, HIGHER_M, HEIGHT_KM = 15.0, 20.0, 3.0
BELT = ("Sloviansk", "Kramatorsk", "Druzhkivka", "Kostiantynivka")
ENTERED = 0.02

_CLOSING = re.compile(
    r"\b(?:clos(?:e|es|ing) in|advanc\w+ (?:on|to|toward|towards|in the direction)|approach(?:es|ing|ed)?|"
    r"inch\w* (?:closer|toward)|"
    r"bear(?:s|ing) down|push\w* (?:toward|towards|closer)|mov(?:es|ing) (?:on|toward|towards|closer)|"
    r"driv\w+ (?:on|toward|towards))\b"
)
_FASTER = re.compile(
    r"\b(?:accelerat\w+|speed(?:s|ing)? up|sped up|faster|quicken\w*|gain\w* (?:momentum|pace|speed)|increas\w+ pace|"
    r"(?:pace|rate) (?:\w+ )?(?:rising|rises|rose|increas\w+|grow\w*|up)|rising (?:pace|rate)|fastest|quickest)\b"
)
_SLOWER = re.compile(
    r"\b(?:slow(?:s|ed|ing|er|down)?|decelerat\w+|los(?:t|ing) momentum|stall\w*|stuck|bogged down|"
    r"ground to a halt|stalemate|"
    r"(?:pace|rate) (?:\w+ )?(?:fall\w*|fell|declin\w*|drop\w*|down)|falling (?:pace|rate)|slowest)\b"
)
_UNMOVED = re.compile(r"\b(?:hardly|barely|unchanged|no closer|little (?:closer|progress)|scarcely|as far)\b")
_ADVANCE = re.compile(r"\b(?:advanc\w+|offensive|gains?|push|front(?: ?line)?|assault|pace)\b")
_BELT = re.compile(
    r"\b(?:defen[cs]\w* (?:line|belt|position|perimeter)s?|fortress belt|fortified (?:line|belt)s?|"
    r"lines? of defen[cs]e|defen[cs]es)\b"
)
_BROKEN = re.compile(
    r"\b(?:brok\w+|breach\w*|collaps\w+|pierc\w+|crumbl\w+|smash\w+|shatter\w*|overrun|penetrat\w+|rupture\w*)\b"
)
_INTACT = re.compile(r"\b(?:hold(?:s|ing)?|held|intact|unbroken|stand(?:s|ing)?|firm)\b")
_HEIGHT = re.compile(
    r"\b(?:high(?:er)? ground|heights?|hilltops?|overlook\w*|commanding (?:heights?|view|position)|elevat(?:ed|ion))\b"
)
_PEOPLE = re.compile(r"\b(?:population|inhabitants|residents|people (?:live|lived)|home to|city of|town of)\b")
_NOT_PEOPLE = re.compile(
    r"\b(?:remain\w*|left|still|stay\w*|evacuat\w*|displac\w*|fled|refugees?|killed|wounded|casualt\w*|"
    r"soldiers?|troops|men|"
    r"die[ds]?|dead|electricity|power|without|missing|recruit\w*|mobili\w*)\b"
)


def examine(claim: Claim, record: Record) -> Verdict | None:
    """A verdict on a trend of the line, a defensive line, heights or a population; None where the claim states none."""
    text = f"{straight(claim.subject)} | {plain(claim)}"
    if claim.unit == "persons":
        return _people(claim, record, text)
    if claim.unit not in (None, "boolean", "percent"):
        return None
    if "defensive_line" in claim.quantity or (_BELT.search(text) and (_BROKEN.search(text) or _INTACT.search(text))):
        return _belt(claim, record, text)
    if "terrain" in claim.quantity or (_HEIGHT.search(text) and claim.kind in ("location", "event")):
        return _heights(claim, record, text)
    pace = bool(_ADVANCE.search(text) and (_FASTER.search(text) or _SLOWER.search(text)))
    if claim.unit != "percent" and pace and claim.kind in ("rate", "flow", "event"):
        return _pace(claim, record, text)
    if claim.unit is None and ("advance_trend" in claim.quantity or (claim.kind == "rate" and _CLOSING.search(text))):
        return _closing(claim, record, text)
    return None


# Trends


def _closing(claim: Claim, record: Record, text: str) -> Verdict | None:
    atlas, window = Atlas.of(record), record.window(claim)
    index = None if window is None else atlas.nearest_map(window[1])
    towns = [town for town in places(claim, record, text) if atlas.follows(town)]
    towns = towns or _largest_free(claim, record, text)
    if index is None or index < WEEKS or not towns or claim.negated:
        return None
    base = _base(atlas, index, window)
    unmoved = _UNMOVED.search(f"{text} {straight(claim.value_text or '')}")
    told, verdicts, findings = [], [], []
    for town in towns[:6]:
        point = (town.latitude, town.longitude)
        now, before = atlas.to_side(point, index, "RU"), atlas.to_side(point, base, "RU")
        if now is None or before is None:
            continue
        graded = _grade_closing(atlas, point, (base, index), before, now)
        moved = abs(before - now) / max(before, 1e-9)
        still = "confirmed" if moved <= FELL_SHARE else "imprecise" if moved <= NEAR else "contradicted"
        verdicts.append(still if unmoved else graded)
        then, today = atlas.dates[base], atlas.dates[index]
        says = f"{town.name} {before:.1f} km from occupied ground on {then}, {now:.1f} on {today}"
        told.append(says)
        findings.append(atlas.finding(record, claim, index, town.name, says, None))
    if not verdicts:
        return None
    order = ("confirmed", "imprecise", "contradicted")
    verdict = sorted(verdicts, key=order.index)[len(verdicts) // 2]
    return Verdict(claim.id, verdict, "; ".join(told) + ".", "; ".join(told) + ".", tuple(findings))


def _largest_free(claim: Claim, record: Record, text: str) -> list[Place]:
    """The three largest towns of the named oblast that had not been taken: its `main cities`."""
    atlas, window = Atlas.of(record), record.window(claim)
    index = None if window is None else atlas.nearest_map(window[1])
    oblasts = {name for area in regions(claim, record, f"{text} | {around(claim)}") for name in area.oblasts}
    if index is None or not oblasts or len(oblasts) > len(DONBAS.oblasts):
        return []
    free = [
        town
        for town in record.geography.places
        if town.oblast in oblasts and town.population and atlas.follows(town) and not atlas.held(town)[index]
    ]
    return sorted(free, key=lambda town: -(town.population or 0))[:3]


def _base(atlas: Atlas, index: int, window: Interval | None) -> int:
    """The map to compare with: that of the start of a stated period of weeks, else six weeks before."""
    start = None if window is None else atlas.upto(window[0])
    return start if start is not None and start <= index - WEEKS else index - WEEKS


def _grade_closing(atlas: Atlas, point: tuple[float, float], maps: tuple[int, int], before: float, now: float) -> str:
    fell = before - now
    if fell >= FELL_KM or (fell > STILL_KM and fell >= FELL_SHARE * before):
        return "confirmed"
    if fell > STILL_KM or now == 0.0:
        return "imprecise"
    near, then = atlas.around(point, maps[1], AROUND_KM), atlas.around(point, maps[0], AROUND_KM)
    inside = near.km <= AROUND_KM
    taken = float((np.pi * near.radius**2 * (near.occupied - then.occupied))[inside].sum())
    return "imprecise" if taken >= TAKEN_KM2 and fell > -1.0 else "contradicted"


def _pace(claim: Claim, record: Record, text: str) -> Verdict | None:
    window = record.window(claim)
    scope = sector(text, record)
    series = record.series(f"area.{scope.sector if scope else 'total'}")
    if window is None or series is None or claim.negated:
        return None
    end = int(np.searchsorted(series.dates, window[1], side="right")) - 1
    if end < 16 or window[1] - series.dates[end] > np.timedelta64(31, "D"):
        return Verdict(claim.id, "unverified", "The maps on record are too few to tell a change of pace at that time.")
    now, before, since = _paces(series, end, window)
    if _MOST.search(text):
        return _superlative(claim, record, series, end, window, text)
    if before <= 0:
        return None
    ratio = now / before
    if _FASTER.search(text):
        verdict = "confirmed" if ratio >= 1 + CHANGE else "imprecise" if ratio >= 1 - CHANGE else "contradicted"
    elif re.search(r"\b(?:stall|stuck|bogged|halt|stalemate)", text):
        verdict = "confirmed" if ratio <= 0.25 else "imprecise" if ratio <= 0.6 else "contradicted"
    else:
        verdict = "confirmed" if ratio <= 1 - CHANGE else "imprecise" if ratio <= 1 + CHANGE else "contradicted"
    where = scope.name if scope else "the whole front"
    computation = (
        f"{where}: {now:.1f} km² a day in the four weeks to {series.dates[end]}, "
        f"{before:.1f} in {since}: {ratio - 1:+.0%}."
    )
    finding = record.finding(claim, series, end, computation)
    return Verdict(claim.id, verdict, computation[0].upper() + computation[1:], computation, (finding,))


_MOST = re.compile(r"\b(?:fastest|quickest|slowest)\b")


def _paces(series: Series, end: int, window: Interval) -> tuple[float, float, str]:
    """km² a day over the last four weeks, and before: the first four of the stated period, else the twelve before."""
    now = float(series.values[end] - series.values[end - 4]) / 28
    start = int(np.searchsorted(series.dates, window[0], side="right")) - 1
    if 0 <= start <= end - 6:
        first = float(series.values[start + 4] - series.values[start]) / 28
        return now, first, f"the four weeks from {series.dates[start]}"
    return now, float(series.values[end - 4] - series.values[end - 16]) / 84, "the twelve before"


def _superlative(claim: Claim, record: Record, series: Series, end: int, window: Interval, text: str) -> Verdict | None:
    """Fastest, or slowest, four weeks since the start of the stated period."""
    start = max(4, int(np.searchsorted(series.dates, window[0], side="left")))
    if start >= end - 4:
        return None
    paces = (series.values[4:] - series.values[:-4])[start - 4 : end - 3] / 28
    now, rest = float(paces[-1]), paces[:-4]
    slowest = "slowest" in text
    best = float(rest.min() if slowest else rest.max())
    off = (best - now) / max(abs(best), 1e-9) * (-1 if slowest else 1)
    verdict = "confirmed" if off <= WITHIN else "imprecise" if off <= NEAR else "contradicted"
    computation = (
        f"{now:.1f} km² a day in the four weeks to {series.dates[end]}; "
        f"the {'least' if slowest else 'most'} in any four weeks from {series.dates[start]} was {best:.1f} before."
    )
    return Verdict(claim.id, verdict, computation, computation, (record.finding(claim, series, end, computation),))


# Defences


def _belt(claim: Claim, record: Record, text: str) -> Verdict | None:
    atlas, window = Atlas.of(record), record.window(claim)
    index = None if window is None else atlas.nearest_map(window[1])
    areas = regions(claim, record, text)
    named = [town for town in places(claim, record, text) if atlas.follows(town)]
    if any("Donetsk" not in area.oblasts and area.name != "Ukraine" for area in areas) or index is None:
        return None
    if named and not any(town.oblast == "Donetsk" for town in named):
        return None
    belt = [town for town in (place(name, record) for name in BELT) if town is not None and atlas.follows(town)]
    if not belt:
        return None
    discs = {town.name: float(atlas.disc(town)[index]) for town in belt}
    taken = [town.name for town in belt if atlas.held(town)[index]]
    entered = [name for name, disc in discs.items() if disc > ENTERED]
    verdict = "confirmed" if taken else "imprecise" if entered else "contradicted"
    said = f"{text} {straight(claim.value_text or '')}"
    if not _BROKEN.search(said) or negative(text) or claim.negated:
        verdict = {"confirmed": "contradicted", "contradicted": "confirmed"}.get(verdict, verdict)
    near = {town.name: atlas.to_side((town.latitude, town.longitude), index, "RU") for town in belt}
    computation = f"Map of {atlas.dates[index]}: " + "; ".join(
        f"{name} {discs[name]:.0%} occupied, line {km:.1f} km off" for name, km in near.items() if km is not None
    )
    held = "none was" if not taken else f"{', '.join(taken)} was"
    reason = f"Of the towns of the fortified belt in Donetsk {held} held on the map of {atlas.dates[index]}"
    reason += (
        "." if taken else ", and none had been entered." if not entered else f"; {', '.join(entered)} had been entered."
    )
    finding = atlas.finding(record, claim, index, "fortified belt", computation, None)
    return Verdict(claim.id, verdict, reason, computation + ".", (finding,))


# Heights


def _heights(claim: Claim, record: Record, text: str) -> Verdict | None:
    named = list(dict.fromkeys([*places(claim, record, text), *in_words(claim.span, record)]))
    towns = [town for town in named if town.country == "UA"]
    first = _on_high(claim, record)
    others = [town for town in towns if town != first][:4]
    if first is None or not others or claim.negated:
        return None
    top = _height(record, first, highest=True)
    below = {town: _height(record, town, highest=False) for town in others}
    if top is None or any(height is None for height in below.values()):
        return None
    higher = [town for town, height in below.items() if top - (height or 0.0) > HIGHER_M]
    far = {town: distance_km((first.latitude, first.longitude), (town.latitude, town.longitude)) for town in others}
    if not higher:
        verdict = "contradicted"
    elif len(higher) < len(others) or any(far[town] > COMMANDS_KM for town in others):
        verdict = "imprecise"
    else:
        verdict = _held_height(claim, record, first)
    told = [f"{town.name} {below[town]:.0f} m, {far[town]:.0f} km off" for town in others]
    computation = f"{first.name}: ground up to {top:.0f} m within {HEIGHT_KM:.0f} km; " + "; ".join(told) + "."
    finding = Finding("terrain", first.name, computation, round(top, 1), trust="B")
    reason = f"The ground at {first.name} rises to {top:.0f} m; " + "; ".join(told) + "."
    return Verdict(claim.id, verdict, reason, computation, (finding,))


def _on_high(claim: Claim, record: Record) -> Place | None:
    """The place of the high ground: the subject, else the last one named before `above` or `over`."""
    if (own := place(claim.subject, record)) is not None:
        return own
    over = re.search(r"\b(?:above|over|overlooking|overlooks)\b", claim.span)
    if over is None:
        return next(iter(in_words(claim.span, record)), None)
    said = (claim.sentence or "").partition(claim.span)[0] + " " + claim.span[: over.start()]
    return next(reversed(in_words(said, record)), None)


def _held_height(claim: Claim, record: Record, town: Place) -> str:
    """High ground that is said to be held: who held it."""
    atlas, window = Atlas.of(record), record.window(claim)
    index = None if window is None else atlas.nearest_map(window[1])
    said = status(claim)
    if said is None or said.holder not in ("RU", "UA") or index is None or not atlas.follows(town):
        return "confirmed"
    return "confirmed" if bool(atlas.held(town)[index]) == (said.holder == "RU") else "contradicted"


def _height(record: Record, town: Place, *, highest: bool) -> float | None:
    """Height of the ground at a town, m: its highest cell within 3 km, or the mean over its cells."""
    cells = record.geography.cells
    reach = HEIGHT_KM / 111.2
    near = (np.abs(cells.latitude - town.latitude) <= reach) & (np.abs(cells.longitude - town.longitude) <= 1.5 * reach)
    height = cells.elevation_m[near]
    height = height[np.isfinite(height)]
    if not len(height):
        return None
    return float(height.max() if highest else height.mean())


# People


def _people(claim: Claim, record: Record, text: str) -> Verdict | None:
    if not ("population" in claim.quantity or _PEOPLE.search(text)) or _NOT_PEOPLE.search(text) or claim.value is None:
        return None
    towns = list(dict.fromkeys(places(claim, record, text)))
    own = place(claim.subject, record)
    if own is not None and not re.search(r"\b(?:combined|together|total|both)\b", around(claim)):
        towns = [own]
    counted = [town for town in towns if town.population]
    if not counted or len(counted) < len(towns):
        return None
    total = sum(town.population or 0 for town in counted)
    verdict = grade(claim, total)
    error = miss(claim, total) or 0.0
    names = " + ".join(f"{town.name} {town.population:,}" for town in counted)
    computation = (
        f"{names} = {total:,} residents before the war (table of places, trust C); {error:.0%} off what is stated."
    )
    findings = tuple(
        Finding(
            "gazetteer",
            town.name,
            f"{town.population:,} residents before the war",
            float(town.population or 0),
            "persons",
            trust="C",
        )
        for town in counted
    )
    if verdict == "contradicted":
        verdict = "unverified"
        computation += " A figure of trust C cannot contradict one, and far fewer live there since."
    return Verdict(
        claim.id,
        verdict,
        f"Before the war {' and '.join(t.name for t in counted)} had {total:,} residents.",
        computation,
        findings,
    )
