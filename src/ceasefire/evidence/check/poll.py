"""Shares of opinion against the polls on record: who was asked, by whom, when, and above all what.

A claim names a population, perhaps a pollster, and a question: to negotiate soon, to cede land, to fight on, to endure.
Its poll is the last one of that question which could be read when the claim was made, or those with fieldwork in the
days that it speaks of. A share within the poll's sampling error, 98/√n points but 3 to 6, is confirmed; within twice
that, imprecise. Otherwise every answer to every other question of the last year is tried, the same pollster's first:
where one holds the number within 1.5 points the claim is conflated and the question is named. An earlier wave of the
same question that fits is named too. What then remains is contradicted by a poll of trust A or B.

"The inverse of half a year ago" is held against the pollster's wave before the last, on its own question.
Left out: answers by region or age, and polls of other countries; which wording is the fairer one.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass

import numpy as np

from ceasefire.evidence.check.question import NOT, QUESTIONS, Question
from ceasefire.evidence.check.record import Record, bounds
from ceasefire.evidence.check.scope import words
from ceasefire.evidence.claim import Claim, Finding, Verdict

HIT = 1.5
"""Points within which another question explains a number."""
EXACT = 0.6
LEAST_ERROR, MOST_ERROR = 3.0, 6.0
YEAR = 370
AROUND = 45
"""Days around stated ones in which fieldwork still is the one meant."""


_POLLSTERS = {
    "gallup": words(r"gallup"),
    "kiis": words(r"kiis|kyiv international institute|kmis"),
    "rating": words(r"rating group|sociological group rating|\brating poll|rating['’]s poll"),
    "razumkov": words(r"razumkov"),
    "levada": words(r"levada"),
    "russian_field": words(r"russian field"),
    "chronicles": words(r"chronicles"),
}
_PEOPLE = {
    "ua": words(
        r"ukrainians?\b(?! (?:soldiers|troops|drones|refugees))|people (?:of|in) ukraine|ukraine population|in ukraine"
    ),
    "ru": words(
        r"russians\b|people (?:of|in) russia|russia population|russian (?:respondents|public|people|society)|in russia"
    ),
}
_ELSEWHERE = words(
    r"americans|germans|poles\b|europeans|republicans|democrats|britons|french\b"
    r"|refugees|soldiers|veterans|in the east\b|eastern ukraine|young|aged\b|women|men\b"
)
_SURVEY = words(
    r"poll|survey|respondent|opinion|favou?r|support|wants?\b|would\b|prefer|believe|think"
    r"|ready\b|willing|oppos|approv|reject|agree|trust|consider|endur|back\b|say\b|said\b"
)
_EXPECT = words(
    r"(?:believe|expect|think|predict|doubt|confident|trust)[\w\s,'’-]{0,60}\b(?:will|won['’]t"
    r"|would end|going to)\b|(?:trust|approve of|confidence in) (?:\w+ )?(?:zelensk|putin|trump|president)"
)
"""What people expect, and whom they trust, is not asked in the polls here."""
_INVERSE = words(r"inverse(?! of\s*$)|reverse\b(?! of\s*$)|the opposite(?! of\s*$)|mirror image|flip")
_BASE = "those_for_talks_concessions"


@dataclass(frozen=True)
class _Answer:
    """One share in one poll."""

    pollster: str
    answer: str
    value: float
    error: float
    finding: Finding
    date: np.datetime64

    @property
    def says(self) -> str:
        question, _, option = self.answer.partition(".")
        base = " (of those for talks)" if question == _BASE else ""
        name = self.pollster.upper() if self.pollster == "kiis" else self.pollster.replace("_", " ").title()
        return (
            f"{name}, {question.replace('_', ' ')}: {option.replace('_', ' ')}{base}, "
            f"fieldwork to {self.date}: {self.value:g} %"
        )


def examine(claim: Claim, record: Record) -> Verdict | None:
    """What the polls say to a share; None where the claim is no share of people polled here."""
    limits = bounds(claim)
    text = f"{claim.span} {claim.subject} {claim.quantity} {claim.attributed_to} {claim.value_text or ''}"
    whole = f"{text} {claim.sentence or ''}"
    if (claim.unit or "percent") != "percent" or (limits is None and not _THAN.search(claim.span)):
        return None
    if limits is not None and limits[1] < 0:
        return None
    if not _SURVEY.search(whole) or _ELSEWHERE.search(text) or claim.kind in ("forecast", "causal"):
        return None
    country = _country(claim, text, whole)
    if claim.negated and _NOT_EVEN.match(claim.span):
        claim = dataclasses.replace(claim, negated=False, qualifier="less_than", value_low=None, value_high=claim.value)
    question = next((item for item in QUESTIONS if item.words.search(text)), None)
    if question is None and claim.sentence:
        question = next((item for item in QUESTIONS if item.words.search(whole)), None)
    told = record.told_on(claim)
    if country is None or told is None or claim.negated:
        return None
    if "trust" in claim.quantity or _EXPECT.search(claim.span):
        return None
    if limits is None:
        return _compared(claim, record, _answers(record, claim, country), question, told, None) if question else None
    if "opinion" not in claim.quantity and not _PERCENT.search(text):
        return None
    pollster = next((name for part in (text, whole) for name, words in _POLLSTERS.items() if words.search(part)), None)
    answers = _answers(record, claim, country)
    if _INVERSE.search(f"{claim.span.strip()} {claim.value_text or ''}".strip()):
        return _inverse(claim, record, answers, pollster, question, told)
    if question is None:
        return None
    found = _share(claim, record, answers, pollster, question, told)
    return _compared(claim, record, answers, question, told, found)


_NOT_EVEN = re.compile(r"not (?:even |a |one|half|\d)", re.IGNORECASE)
_PERCENT = re.compile(
    r"per ?cent|%|\b(?:one|two|three|four|\d) (?:in|out of) (?:two|three|four|five|ten|\d)"
    r"|\b(?:half|thirds?|quarter|majority|most|two-thirds)\b",
    re.IGNORECASE,
)


def _country(claim: Claim, text: str, whole: str) -> str | None:
    for place in (text, whole):
        found = {key: match.start() for key, pattern in _PEOPLE.items() if (match := pattern.search(place))}
        if found:
            return min(found, key=lambda key: found[key])
    where = " ".join(claim.places)
    if (ukraine := "Ukraine" in where) != ("Russia" in where):
        return "ua" if ukraine else "ru"
    return "ru" if _POLLSTERS["levada"].search(whole) else "ua" if _POLLSTERS["kiis"].search(whole) else None


def _answers(record: Record, claim: Claim, country: str) -> list[_Answer]:
    """Every answer of a country's polls, as it stands to a claim made on that day."""
    kept: dict[tuple[str, str], list[_Answer]] = record.shelf.setdefault("polls", {})
    key = country, str(record.told_on(claim))
    if key not in kept:
        if len(kept) >= KEPT:
            kept.clear()
        kept[key] = _read(record, claim, country)
    return kept[key]


KEPT = 64
"""Days of telling whose polls are kept."""


def _read(record: Record, claim: Claim, country: str) -> list[_Answer]:
    found = []
    for name in record.names():
        parts = name.split(".")
        if len(parts) != 5 or parts[:2] != ["poll", country] or parts[4] in ("sample_size", "dont_know"):
            continue
        series = record.series(name)
        size = record.series(".".join((*parts[:4], "sample_size")))
        if series is None:
            continue
        for row in range(len(series)):
            people = 1000.0 if size is None else float(size.values[np.argmin(np.abs(size.dates - series.dates[row]))])
            error = float(np.clip(98.0 / np.sqrt(max(people, 1.0)), LEAST_ERROR, MOST_ERROR))
            answer = f"{parts[3]}.{parts[4]}"
            says = (
                f"{parts[2]} {answer.replace('_', ' ').replace('.', ': ')}, "
                f"{series.dates[row]}: {series.values[row]:g} %"
            )
            finding = record.finding(claim, series, row, says)
            found.append(_Answer(parts[2], answer, float(series.values[row]), error, finding, series.dates[row]))
    return found


def _share(
    claim: Claim,
    record: Record,
    answers: list[_Answer],
    pollster: str | None,
    question: Question,
    told: np.datetime64,
) -> Verdict | None:
    recent = [item for item in answers if item.date <= told and (told - item.date).astype(int) <= YEAR]
    meant = [item for item in answers if item.answer in question.answers and (pollster in (None, item.pollster))]
    whole = [item for item in meant if not item.answer.startswith(_BASE)]
    asked = _of_time(whole, claim, record, told) or _of_time(meant, claim, record, told)
    if not asked and not [item for item in recent if pollster in (None, item.pollster)]:
        return None
    best = min(asked, key=lambda item: _miss(claim, item), default=None)
    if best is not None and _miss(claim, best) <= best.error:
        return _verdict(claim, "confirmed", f"The poll has it: {best.says}", [best])
    waves = [item for item in meant if item.date <= told and _near(claim, item)]
    others = [item for item in recent if item.answer not in question.answers and _explains(claim, item, pollster)]
    others.sort(key=lambda item: (item.pollster != pollster, item.finding.later, -int(item.date.astype(int))))
    if others and not question.words.search(claim.span) and _other_side(claim, question, others[0]):
        return _verdict(claim, "confirmed", f"The poll has it: {others[0].says}", [others[0]])
    if others and not (waves and others[0].pollster != pollster):
        reason = f"True of another question: {others[0].says}; those who {question.says} are not that share"
        return _verdict(claim, "conflated", reason, [others[0], *([best] if best else [])])
    if best is None:
        return None
    if _miss(claim, best) <= 2 * best.error:
        return _verdict(claim, "imprecise", f"{_miss(claim, best):.0f} points off: {best.says}", [best])
    if waves:
        last = max(waves, key=lambda item: item.date)
        return _verdict(claim, "conflated", f"True of an earlier poll: {last.says}; not of {best.says}", [last, best])
    grade = "contradicted" if best.finding.trust in ("A", "B") and best.answer.split(".")[0] != _BASE else "contested"
    return _verdict(claim, grade, f"The nearest poll of those who {question.says}: {best.says}", [best])


_THAN = re.compile(
    r"\b(?:(?P<less>smaller|lower|fewer|less|down|fell|fall\w*|declin\w*|drop\w*)|(?P<more>larger|higher|more|bigger|up|rose|grew|"
    r"ris\w*|greater))\b[^.;]{0,40}?\b(?:than in|since|from|compared with) (?P<month>"
    r"january|february|march|april|may|june|july|august|september|october|november|december)",
    re.IGNORECASE,
)
_MONTHS = "january february march april may june july august september october november december".split()  # noqa: SIM905


def _compared(
    claim: Claim,
    record: Record,
    answers: list[_Answer],
    question: Question,
    told: np.datetime64,
    found: Verdict | None,
) -> Verdict | None:
    """A comparison with an earlier month of the same poll, held against both waves."""
    than = _THAN.search(claim.span)
    if than is None:
        return found
    waves = sorted((item for item in answers if item.answer in question.answers), key=lambda item: item.date)
    now = [item for item in waves if item.date <= told and told - item.date <= np.timedelta64(YEAR // 4, "D")]
    month = _MONTHS.index(than["month"].lower())
    for last in reversed(now):
        then = [
            item
            for item in waves
            if item.answer == last.answer
            and item.pollster == last.pollster
            and item.date < last.date
            and int(item.date.astype("M8[M]").astype(int)) % 12 == month
            and last.date - item.date < np.timedelta64(YEAR, "D")
        ]
        if then:
            moved = (last.value - then[-1].value) * (-1 if than["less"] else 1)
            if moved > 0:
                return found or _verdict(
                    claim, "confirmed", f"It moved so: {then[-1].says}; {last.says}", [then[-1], last]
                )
            grade = "contradicted" if found is None or found.verdict != "confirmed" else "imprecise"
            return _verdict(claim, grade, f"It moved the other way: {then[-1].says}; {last.says}", [then[-1], last])
    return found


def _other_side(claim: Claim, question: Question, item: _Answer) -> bool:
    """The span names no question of its own (`55 percent were against`): it answers that of its text."""
    same = any(item.answer.split(".")[0] == answer.split(".")[0] for answer in question.answers)
    denies = bool(re.search(rf"\b{NOT}", claim.span, re.IGNORECASE))
    return same and denies == bool(_DENIAL.search(item.answer))


_DENIAL = re.compile(r"\.(?:no|not|never|only)_|\.(?:no|never|against)$|reject|unacceptable|not_open")


def _of_time(meant: list[_Answer], claim: Claim, record: Record, told: np.datetime64) -> list[_Answer]:
    """Fieldwork in the stated days; else the last wave of each question that could be read, or the next one after."""
    window = record.window(claim)
    if window is not None and (told > window[1] or window[0] < window[1]):
        for around in (10, AROUND):
            inside = [item for item in meant if window[0] - around <= item.date <= window[1] + around]
            if inside:
                return inside
    last: dict[tuple[str, str], _Answer] = {}
    for item in sorted(meant, key=lambda item: item.date):
        readable = not item.finding.later and item.date <= told
        fresh = abs((told - item.date).astype(int)) <= YEAR
        if fresh and (readable or (item.date <= told + AROUND and (item.pollster, item.answer) not in last)):
            last[item.pollster, item.answer] = item
    return list(last.values())


def _miss(claim: Claim, item: _Answer) -> float:
    limits = bounds(claim)
    if limits is None:
        return float("inf")
    return max(limits[0] - item.value, item.value - limits[1], 0.0)


def _near(claim: Claim, item: _Answer) -> bool:
    """Another question explains a number only by that number, not by the width of a hedge."""
    value = claim.value
    if value is None:
        limits = bounds(claim)
        if limits is None or not np.isfinite(limits).all():
            return False
        value = sum(limits) / 2
    return abs(value - item.value) <= HIT


def _explains(claim: Claim, item: _Answer, pollster: str | None) -> bool:
    """The named pollster's number within `HIT`; another's has to be the very number."""
    value = claim.value if item.pollster != pollster else None
    return _near(claim, item) and (value is None or abs(value - item.value) <= EXACT)


def _inverse(
    claim: Claim,
    record: Record,
    answers: list[_Answer],
    pollster: str | None,
    question: Question | None,
    told: np.datetime64,
) -> Verdict | None:
    """Where opinion is said to have stood: the wave before the last, on the pollster's own question."""
    own = {"gallup": "end_of_war.negotiate_soon", "levada": "now_should.move_to_talks"}.get(pollster or "", "")
    keys = (own,) if own else () if question is None else question.answers[:1]
    waves = [item for item in answers if item.answer in keys and pollster in (None, item.pollster)]
    window = record.window(claim)
    day = told - 182 if window is None or window[1] >= told - 60 else window[1]
    before = [item for item in waves if item.date <= told - 90]
    if not before:
        return None
    then = min(before, key=lambda item: abs((item.date - day).astype(int)))
    if abs((then.date - day).astype(int)) > YEAR:
        return None
    grade = "confirmed" if _miss(claim, then) <= then.error else "contradicted"
    return _verdict(claim, grade, f"Where it stood: {then.says}", [then])


def _verdict(claim: Claim, grade: str, reason: str, items: list[_Answer]) -> Verdict:
    how = "; ".join(f"{item.value:g} % ± {item.error:.1f} ({item.date})" for item in items)
    return Verdict(
        claim.id,
        grade,
        f"{reason}.",
        f"stated {claim.value if claim.value is not None else bounds(claim)}; {how}",
        tuple(item.finding for item in items),
    )
