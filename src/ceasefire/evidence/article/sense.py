"""What a clause states: its kind, the system it is about, the issue it touches, its quantity, and what in short.

Kinds are told by what is measured where a number stands, else by the words that govern the clause: a cause outranks a
forecast, a forecast an intention, an intention a place, a place a trend, a trend an amount; what is left is an event.
All of it is rules over the tables of `lexicon`, elicited (trust D).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ceasefire.evidence.article import lexicon
from ceasefire.evidence.article.clause import Clause
from ceasefire.evidence.article.speaker import is_clausal, subject

if TYPE_CHECKING:
    pass

MAX_SLUG = 48
MAX_GIST = 6
"""Longest free name of a quantity, characters; most words of a short content."""


@dataclass(frozen=True)
class Figure:
    """A value with its band, as a claim holds it."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str | None = None
    qualifier: str = "none"


def kind(text: str, clause: Clause, figure: Figure | None) -> str:
    """The kind of a claim; `text` is the clause folded."""
    if figure is not None and (measured := _measured(text, figure)):
        return measured
    verb = " ".join(token.lower_ for token in clause.tokens if is_clausal(token) or token.dep_ in ("prt", "aux", "neg"))
    if _is_cause(text, clause):
        return "causal"
    if _MAYBE.search(verb) and not _OFFER.search(text):
        return "forecast"
    if lexicon.INTENTION.search(text) and not _WILL.search(text):
        return "intention"
    if lexicon.FUTURE.search(text) or _FORESEEN.search(verb):
        return "forecast"
    if _HOLDING.search(text):
        return "location"
    if lexicon.RATE.search(text) and not _is_past(clause):
        return "rate"
    if lexicon.LOCATION.search(text):
        return "location"
    if lexicon.FLOW.search(text) and (figure is not None or not _is_past(clause)):
        return "flow"
    if lexicon.STOCK.search(text) and not _is_past(clause):
        return "stock"
    return (
        "stock"
        if clause.head.lemma_ in ("be", "have", "lack", "remain", "be.") and clause.head.tag_ in ("VBZ", "VBP")
        else "event"
    )


_WILL = re.compile(r"\b(will|won't|'ll|going to|likely|expected)\b")
_MAYBE = re.compile(r"\b(may|might|could)\b")
_OFFER = re.compile(r"\b(wants?|seeks?|propos\w+|offer\w*|demand\w*|conced\w+|insist\w*|accept)\b")
_FORESEEN = re.compile(r"\b(may|might|could|will|would|shall)\b")
_HOLDING = re.compile(
    r"\b(occup(?:y|ies)|controls|fully control\w*|-held|-occupied|-controlled|surrounded|encircled|located|"
    r"captured|seized|liberated|cleared|"
    r"recaptured|retaken|fell to|has fallen)\b"
)


def _measured(text: str, figure: Figure) -> str | None:
    base, _, per = (figure.unit or "").partition("/")
    if figure.unit == "date":
        return "event"
    if lexicon.CAUSAL.search(text) and base == "percent" and "due" in text:
        return "causal"
    if _WILL.search(text) or (base in ("day", "month", "year") and re.search(r"\b(would|could|may|might)\b", text)):
        return "forecast"
    if per:
        return (
            "flow"
            if base == "USD" or (lexicon.FLOW.search(text) and "pace" not in text and "rate" not in text)
            else "rate"
        )
    if base in ("km", "deg"):
        return "rate" if lexicon.RATE.search(text) and "from" not in text else "location"
    if base == "km2":
        return "flow" if re.search(r"\b(captur|seiz|gain|took|taken|lost|advanc|liberat)\w*", text) else "location"
    if base == "percent":
        return _percent(text)
    if base == "percent of GDP":
        return "rate"
    if base in ("GW", "h", "C", "day", "month", "year"):
        return "stock"
    if base == "USD":
        return (
            "stock"
            if re.search(
                r"\b(assets|worth|reserves|debt|fund|price|barrel|cap|"
                r"valued)\b",
                text,
            )
            else "flow"
        )
    if base in ("persons", "count"):
        return _counted(text)
    if figure.value is not None:
        return "flow" if lexicon.FLOW.search(text) or "deficit" in text else "stock"
    return None


_PERIOD = re.compile(
    r"\b(month|months|week|weeks|year|years|quarter|since|in all|total(?:s|ed|led)?|average[ds]?|so far|monthly|"
    r"annual(?:ly)?|yearly|"
    r"january|february|march|april|may|june|july|august|september|october|november|december|202\d|a day|per day|"
    r"daily|each)\b"
)
_ONCE = re.compile(
    r"\b(launched|fired|shot down|downed|intercepted|killed|wounded|injured|struck|hit|attacked|destroyed|damaged|"
    r"captured|moved|moving|"
    r"exchanged|returned|arrested|evacuated|died|was killed|were killed)\b"
)


def _counted(text: str) -> str:
    """A count that happened at once is an event, over a period a flow, at a time a stock."""
    if "population" in text:
        return "stock"
    if _ONCE.search(text):
        return "flow" if _PERIOD.search(text) else "event"
    return "flow" if lexicon.FLOW.search(text) else "stock"


_LEVEL = re.compile(
    r"\b(inflation|key rate|interest rates?|benchmark rate|growth|gdp grew|intercept\w*|shot down|downed)\b"
)


def _percent(text: str) -> str:
    if _LEVEL.search(text):
        return "rate"
    if re.search(
        r"\b(territory|oblast|region|province|donetsk|luhansk|donbas|zaporizhzhia|kherson|land)\b", text
    ) and re.search(r"\b(control|hold|held|holds|occup)\w*", text):
        return "location"
    if re.search(
        r"\b(fell|fallen|drop\w*|declin\w*|down|rose|risen|increas\w*|up by|grew|grown|revenue\w*|cut|shr[aiu]nk|"
        r"plung\w*|jump\w*)\b",
        text,
    ):
        return "flow"
    if re.search(r"\b(inflation|interest|key rate|rate of|growth|gdp|intercept\w*|shot down|downed|annual)\b", text):
        return "rate"
    return "stock"


_CAUSE_LINKS = re.compile(
    r"\b(because|due (?:to|as|largely|mainly|partly|mostly)|owing to|thanks to|as a result|therefore|thereby|so "
    r"that|in response to|"
    r"reasons? (?:why|for)|in pursuit of)\b"
)


def _is_cause(text: str, clause: Clause) -> bool:
    """The clause's own verb causes, or a link of cause stands in it."""
    if _CAUSE_LINKS.search(text):
        return True
    found = lexicon.CAUSAL.search(text)
    if clause.nominal:
        return False
    if _changed_by_things(clause):
        return True
    if not found:
        return False
    verbs = {clause.head.lower_} | {
        token.lower_ for token in clause.tokens if token.dep_ in ("conj", "xcomp", "aux") and is_clausal(token)
    }
    words = found[0].split()
    return any(word in verbs for word in words) or words[0] in ("taking", "takes", "took")


def _changed_by_things(clause: Clause) -> bool:
    """A thing, not a person or a state, changes something: `sanctions have cut revenue`."""
    who = subject(clause.head)
    if who is None or clause.head.lemma_.lower() not in lexicon.CHANGING:
        return False
    changed = any(child.dep_ in ("dobj", "ccomp", "oprd", "dative") for child in clause.head.children)
    named = " ".join(word.lower_ for word in who.subtree)[:200]
    return changed and who.pos_ == "NOUN" and bool(lexicon.IMPERSONAL.search(named))


def _is_past(clause: Clause) -> bool:
    head = clause.head
    has = any(child.dep_ in ("aux", "auxpass") and child.tag_ != "VBD" for child in head.children)
    return head.tag_ == "VBD" or (head.tag_ == "VBN" and not has)


def system(text: str, sentence: str) -> str:
    """The system whose words weigh most in the clause, its sentence counting a fifth."""
    own, around = lexicon.systems(text), lexicon.systems(sentence)
    weight = {name: own[name] + 0.2 * around[name] for name in own}
    best = max(weight, key=lambda name: weight[name])
    return best if weight[best] > 0 else "claims"


def quantity(text: str, clause: Clause, told: str, issue: str | None) -> str:
    """The name of what is stated: of the shared vocabulary where it fits, else a free one."""
    if told == "causal":
        return _slug("effect_on", _object(clause) or issue or "outcome")
    if told == "intention" and issue:
        return f"position_{issue}"
    known = lexicon.quantity(text)
    if known:
        return known
    return _slug(clause.head.lemma_, _object(clause))


def _object(clause: Clause) -> str:
    for dep in ("dobj", "attr", "acomp", "pobj", "nsubjpass"):
        for token in clause.tokens:
            if token.dep_ == dep:
                return "_".join([*(word.lemma_ for word in token.lefts if word.dep_ == "compound"), token.lemma_])
    return ""


def _slug(*parts: str) -> str:
    joined = "_".join(part for part in parts if part).lower()
    kept = re.sub(r"[^a-z0-9]+", "_", joined.encode("ascii", "ignore").decode()).strip("_")
    return kept[:MAX_SLUG].strip("_") or "statement"


_HOLDERS = (
    (
        "RU",
        re.compile(
            r"\brussian[- ](?:held|occupied|controlled)|\b(?:russia|russians?|russian (?:forces|troops|army|"
            r"units)|moscow|putin|his troops|he)\b.{0,40}\b"
            r"(?:occup\w+|control\w*|captur\w+|seiz\w+|hold\w*|held|clear\w+|took|taken|invaded)|\b(?:occupied|"
            r"captured|seized|taken) by (?:russia|moscow)|"
            r"\bfell to russia|\boccupied\b"
        ),
    ),
    (
        "UA",
        re.compile(
            r"\bukrainian[- ](?:held|controlled)|\b(?:ukraine|ukrainian|ukrainians|kyiv|ukrainian (?:forces|"
            r"troops|army|defenders))\b.{0,40}\b"
            r"(?:control\w*|liberat\w+|retook|recaptur\w+|hold\w*|held|retain\w*|defend\w*)|\bcitadel\b|\bfortress\b"
        ),
    ),
)


def holder(text: str) -> str | None:
    """Who is said to hold the ground of a folded clause."""
    return next((side for side, pattern in _HOLDERS if pattern.search(text)), None)


def gist(clause: Clause) -> str:
    """The clause in a few words: negation, verb, object."""
    kept: list[str] = []
    for token in clause.tokens:
        if token.i == clause.head.i or token.dep_ in (
            "neg",
            "dobj",
            "attr",
            "acomp",
            "prt",
            "xcomp",
            "pobj",
            "dative",
            "oprd",
            "conj",
        ):
            kept.extend(
                word.text for word in token.lefts if word.dep_ in ("compound", "amod") and word in clause.tokens
            )
            kept.append(token.text)
    return " ".join(" ".join(kept[:MAX_GIST]).split())
