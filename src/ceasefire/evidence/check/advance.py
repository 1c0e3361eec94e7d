"""How fast ground was taken against another time, and at what cost: `half of what it took in the four weeks before`.

Ground taken is the net change of the occupied area between two weekly maps. The last n weeks stated are held against
the n before them, or the first n of a longer stated time, or of a month named: n is in the words, else half of that
time, else all of it.
A ratio within 5 % (12 % where the claim says about, or a common fraction) is confirmed, within 25 % imprecise; further
off nothing is said, since which weeks are compared is a guess.

Casualties for a square kilometre are the General Staff's count over the net change, for a stated time of two weeks or
more; there both are known, and more than 25 % off is contradicted.
"""

from __future__ import annotations

import re

import numpy as np

from ceasefire.evidence.check.area import net_change, occupied
from ceasefire.evidence.check.record import NEAR, WITHIN, Record
from ceasefire.evidence.check.words import around, plain
from ceasefire.evidence.claim import Claim, Verdict
from ceasefire.evidence.series import Series

LOOSE, LITTLE = 0.12, 0.20
LEAST_DAYS = 14
_GROUND = re.compile(r"\b(?:took|takes?|taken|gain\w*|captur\w+|seiz\w+|advanc\w+|conquer\w*|square|sq km|km2)\b")
AGAINST = re.compile(
    r"\bthan (?:in |during |over |it \w+ in )?(?:the )?"
    r"(?:previous|preceding|prior|\w+ (?:weeks|months) (?:before|earlier))"
    r"|\bof what (?:it|they|russia|the army) (?:had )?(?:took|taken|gain\w*|captured|seized)"
    r"|\b(?:weeks|months) (?:before|earlier)\b|\b(?:previous|preceding|prior) (?:two|three|four|five|six|month)\b"
)
_WEEKS = re.compile(r"\b(two|three|four|five|six|eight|\d{1,2}) weeks\b")
_COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "eight": 8}
_LITTLE_MORE = re.compile(r"\b(?:little|just|slightly|barely) (?:more|over|above)(?: than)?\b")
_LESS, _MORE = re.compile(r"\b(?:less|fewer|slower|down)\b"), re.compile(r"\b(?:more|faster|up)\b")
_PART = re.compile(r"\bof what\b|\bof that\b|\b(?:half|third|quarter|fifth)s? (?:of|as)\b")
_FRACTION = re.compile(r"\b(?:half|third|quarter|fifth)\b")
_NAMES = "january february march april may june july august september october november december".split()  # noqa: SIM905
_MONTH = re.compile(rf"\b(?:last|in|of) ({'|'.join(_NAMES)})\b")
_COST = re.compile(
    r"\b(?:casualties|losses|men|soldiers|troops)\b.{0,30}\b(?:for (?:every|each)|per) (?:square|sq)"
    r"|casualties per area"
)


def examine(claim: Claim, record: Record) -> Verdict | None:
    """A verdict on a ratio of ground taken, or of casualties to it; None where the claim states none."""
    if claim.value is None or claim.negated or claim.kind in ("forecast", "causal", "intention"):
        return None
    text = plain(claim)
    if (claim.unit or "persons") in ("persons", "count") and _COST.search(f"{text} {claim.quantity.replace('_', ' ')}"):
        return _cost(claim, record)
    wide = f"{text} {around(claim)}"
    about = re.search(r"advance|area", claim.quantity) is not None or _GROUND.search(text) is not None
    if claim.unit not in (None, "percent") or not about or not AGAINST.search(wide):
        return None
    return _ratio(claim, record, text, wide)


def _ratio(claim: Claim, record: Record, text: str, wide: str) -> Verdict | None:
    window, series = record.window(claim), occupied(record, None)
    stated = _stated_ratio(claim, text, wide)
    if window is None or series is None or stated is None:
        return None
    best: tuple[float, str, int] | None = None
    for recent, base in _spans(series, window, wide):
        late, early = _taken(series, *recent), _taken(series, *base)
        if late is None or early is None or early <= 0:
            continue
        found = late / early
        how = (
            f"{late:,.0f} km² net from the map of {recent[0]} to that of {recent[1]} against {early:,.0f} "
            f"from {base[0]} to {base[1]}: {found:.2f}"
        )
        error = abs(found - stated) / found if found > 0 else 1.0
        if _LITTLE_MORE.search(text) and stated <= found <= stated * (1 + LITTLE):
            error = 0.0
        if best is None or error < best[0]:
            best = error, how, int(np.searchsorted(series.dates, recent[1]))
    if best is None or best[0] > NEAR:
        return None
    loose = LOOSE if claim.qualifier in ("about", "fraction") else WITHIN
    verdict = "confirmed" if best[0] <= loose else "imprecise"
    finding = record.finding(claim, series, min(best[2], len(series) - 1), best[1])
    return Verdict(claim.id, verdict, f"The maps show {best[1]}.", best[1], (finding,))


def _stated_ratio(claim: Claim, text: str, wide: str) -> float | None:
    """Recent over earlier, as stated."""
    value = claim.value
    if value is None:
        return None
    if claim.unit is None:
        return value if 0 < value < 20 else None
    if value < 0:
        return 1 + value / 100
    if claim.qualifier == "fraction" or _PART.search(text) or (_FRACTION.search(text) and _PART.search(wide)):
        return value / 100
    if _LESS.search(text):
        return 1 - value / 100
    return 1 + value / 100 if _MORE.search(text) else None


_Days = tuple[np.datetime64, np.datetime64]


def _spans(series: Series, window: _Days, wide: str) -> list[tuple[_Days, _Days]]:
    """Recent and earlier weeks that may be meant, from map to map."""
    last = int(np.searchsorted(series.dates, window[1], side="right")) - 1
    if last < 0 or (window[1] - series.dates[last]).astype(int) > 7:
        return []
    end, length = series.dates[last], int((window[1] - window[0]).astype(int))
    words = _WEEKS.search(wide)
    said = (_COUNTS.get(words[1]) or int(words[1])) if words else 0
    found = []
    for weeks in dict.fromkeys((said, round(length / 14), round(length / 7))):
        days = 7 * weeks
        if not 7 <= days <= 190:
            continue
        recent = (end - days, end)
        found.append((recent, (end - 2 * days, end - days)))
        if (month := _MONTH.search(wide)) is not None:
            found += [(recent, (day, day + days)) for day in _maps_of(series, _NAMES.index(month[1]) + 1, end - days)]
        start = int(np.searchsorted(series.dates, window[0]))
        if length > 2 * days and start < len(series.dates):
            found.append((recent, (series.dates[start], series.dates[start] + days)))
    return found


def _maps_of(series: Series, month: int, before: np.datetime64) -> list[np.datetime64]:
    """The first map of the last month of that number before a day."""
    first = np.datetime64(f"{str(before)[:4]}-{month:02d}-01", "D")
    if first > before:
        first = np.datetime64(f"{int(str(before)[:4]) - 1}-{month:02d}-01", "D")
    place = int(np.searchsorted(series.dates, first))
    return [series.dates[place]] if place < len(series.dates) else []


def _taken(series: Series, start: np.datetime64, end: np.datetime64) -> float | None:
    days = series.dates.astype(np.int64)
    first, last = int(start.astype(np.int64)), int(end.astype(np.int64))
    if first < days[0] or last > days[-1]:
        return None
    values = np.interp([first, last], days, series.values)
    return float(values[1] - values[0])


def _cost(claim: Claim, record: Record) -> Verdict | None:
    window, series, losses = record.window(claim), occupied(record, None), record.series("loss_claim.personnel")
    if window is None or series is None or losses is None or (window[1] - window[0]).astype(int) < LEAST_DAYS:
        return None
    if re.search(r"\b(?:killed|dead|deaths)\b", plain(claim)):
        return None
    taken, lost = net_change(series, window, ""), _taken(losses, window[0] - 1, window[1])
    if taken is None or lost is None or taken <= 0 or claim.value is None:
        return None
    found = lost / taken
    error = abs(claim.value - found) / found
    loose = 2 * WITHIN if claim.qualifier in ("about", "less_than") else WITHIN
    verdict = "confirmed" if error <= loose else "imprecise" if error <= NEAR else "contradicted"
    how = f"{lost:,.0f} casualties claimed over {taken:,.0f} km² net from {window[0]} to {window[1]}: {found:,.0f} each"
    end = max(0, int(np.searchsorted(series.dates, window[1], side="right")) - 1)
    return Verdict(claim.id, verdict, f"On record, {how}.", how, (record.finding(claim, series, end, how),))
