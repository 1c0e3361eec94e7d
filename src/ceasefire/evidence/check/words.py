"""What the words of a claim say of control: who holds or took a place, wholly or in part, or that it is fought over.

Read in this order: the holder that the claim names in `value_text`; then the verb of the span with its side. A verb in
prospect (`to capture`, `advancing on`) states no control. Words are general English of this war, judged by hand.

Left out: irony, pronouns that stand for a side (the verb decides: to capture is taken as Russian, to hold out as
Ukrainian), control within a sentence of two opposed halves beyond the half that names the place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ceasefire.evidence.claim import Claim

RUSSIAN = r"russia\w*|moscow\w*|kremlin\w*|putin\w*|invad\w+|occupiers?|enemy|wagner\w*|separatist\w*|(?:d|l)[np]r"
UKRAINIAN = r"ukrain\w*|kyiv\w*|kiev\w*|zelensk\w*|afu|uaf|zsu|defenders?|syrsk\w*"
_SIDE = re.compile(rf"\b(?:(?P<RU>{RUSSIAN})|(?P<UA>{UKRAINIAN}))\b")
_ATTRIBUTE = re.compile(
    rf"\b(?:{RUSSIAN}|{UKRAINIAN})(?:['’]s)? (?=(?:[a-z]+ ){{0,2}}(?:towns?|cit(?:y|ies)|villages?|"
    r"strongholds?|fortress\w*|"
    r"hubs?|bastions?|citadels?|oblasts?|regions?|provinces?|settlements?|territory|soil|land)\b)"
)
_NEGATION = re.compile(
    r"\b(?:not|never|no longer|nor|neither|fail\w* to|failed|unable to|cannot|has yet to|have yet to|yet to|"
    r"den(?:y|ies|ied|ying)|without|refut\w+|reject\w*)\b|n['’]t\b"
)
_PROSPECT = re.compile(
    r"\b(?:try|tries|trying|tried|aim\w*|seek\w*|sought|attempt\w*|plan\w*|want\w*|hop(?:e|es|ing)|"
    r"clos\w+ in|threat\w*|"
    r"verge|about to|poised|will|would|could|may|might|if|should|"
    r"(?<!week )(?<!weeks )(?<!month )(?<!months )(?<!year )(?<!day )before|"
    r"goal|objective|capable|prepar\w+|bid|effort\w*|"
    r"offensive|battles?|fight\w*|push\w*|intend\w*|expect\w*|likely|unless|until|risk\w*|bent on|set on|close to|near|"
    r"advanc\w+ (?:on|toward|towards)|approach\w*|demand\w*|insist\w*|cede|ceding|concede\w*|hand over|in order)\b"
)
_TAKE = (
    r"secur(?:e|es|ed|ing)|"
    r"captur(?:e|es|ed|ing)|seiz(?:e|es|ed|ing|ure)|conquer\w*|conquest|overr[ua]n|annex\w*|storm(?:ed|s)|"
    r"took(?: over)?|taken(?: over)?|"
    r"takes?|taking|clear(?:ed|s|ing)|occupi(?:ed|es)|occupying|swallow\w*"
)
_FREE = (
    r"liberat(?:e|es|ed|ing|ion)|retook|retak(?:e|en|es|ing)|recaptur(?:e|es|ed|ing)|freed|regain(?:s|ed)?|"
    r"reclaim(?:s|ed)?|won back"
)
_HOLD = r"holds?|held|holding|controls?|controlled|controlling|retain(?:s|ed)?|keeps?|kept|administer(?:s|ed)"
_RESIST = (
    r"hold(?:s|ing)? out|held out|defend(?:s|ed|ing)?|resist(?:s|ed|ing)?|withst(?:and|ood)s?|stand(?:s|ing)? firm"
)
_LOSE = (
    r"los(?:e|t|es|s|ing)|withdrew|withdr(?:a|e)w(?:n|s|al)?|retreat(?:ed|s)?|pull(?:ed|s)? out|abandon(?:ed|s)?|"
    r"surrender(?:ed|s)?|evacuated|gave up|expelled|driven out|pushed out|ousted"
)
_FALL = r"fell|fallen|falls|(?<!the )(?<!this )(?<!last )(?<!next )fall|fall of"
_ENTER = (
    r"enter(?:ed|s|ing)?|broke into|broken into|breaks into|infiltrat\w+|foothold|penetrat\w+|inside the (?:city|town)|"
    r"reached|street (?:fighting|battles)"
)
_CONTEST = (
    r"contested|disputed|gr[ae]y[ -]zone|no[ -]man['’]?s[ -]land|fighting (?:in|for|inside)|battles? for|changing hands"
)
_VERB = re.compile(
    rf"\b(?:(?P<contest>{_CONTEST})|(?P<resist>{_RESIST})|(?P<free>{_FREE})|(?P<enter>{_ENTER})|(?P<lose>{_LOSE})|"
    rf"(?P<fall>{_FALL})|(?P<take>{_TAKE})|(?P<hold>{_HOLD}))\b"
)
_HELD_BY = re.compile(
    rf"\b(?:(?P<RU>{RUSSIAN})|(?P<UA>{UKRAINIAN}))[- ](?:held|controlled|occupied|administered|run|captured|"
    r"liberated)\b"
)
_HANDS = re.compile(
    r"\b(?:in|under|into|to) (?:the )?(?:full |complete |firm |total |"
    rf"de facto )?(?:hands of )?(?:the )?(?:(?P<RU>{RUSSIAN})|(?P<UA>{UKRAINIAN}))(?:['’]s)? ?"
    r"(?:\w+ )?(?:hands|control|occupation|rule|administration)\b|\b(?:remain\w*|stay\w*|still|is|was|"
    r"are) (?:in |under )?"
    rf"(?:(?P<RU2>{RUSSIAN})|(?P<UA2>{UKRAINIAN}))\b(?=[ .,;]|$)(?! (?:troops|forces|soldiers|fire|attack|"
    r"army|units|president|state|town|city|village))"
)
_FLAG = re.compile(
    r"\b(?:flies|fly|flew|flying|raised|hoisted) (?:the |its |a )?"
    r"(?:(?P<RU>russian)|ukrainian) (?:flag|colou?rs|tricolou?r)\b"
)
_UNDER = re.compile(r"\bunder (?:\w+ )?occupation\b|\boccupied (?!by)(?:[a-z]+ )?")
_WHOLE = re.compile(
    r"\b(?:full(?:y)?|entire(?:ly)?|complete(?:ly)?|all of|whole|clear(?:ed|ing|s)|total(?:ly)?|100 ?(?:%|"
    r"percent|per cent))\b"
)
_PART = re.compile(
    r"\b(?:parts?|partly|partial(?:ly)?|outskirts|suburbs?|edges?|half|most of|districts?|north(?:ern)?|"
    r"south(?:ern)?|east(?:ern)?|"
    r"west(?:ern)?|cent(?:re|er|ral)|areas? (?:of|around|near)|some)\b"
)
_QUARTER = re.compile(
    r"\b(?:parts?|most|half|(?:north|south|east|west|cent)\w* (?:parts?|districts?|quarters?|half|suburbs?|"
    r"outskirts|edges?)|"
    r"districts?|outskirts|suburbs) (?:and \w+ )?of\b"
)
_RETRACTED = re.compile(
    r"\b(?:(?:that|this|it|which) (?:was|is|were|proved) (?:wrong|false|untrue|incorrect|mistaken|an error|a mistake)|"
    r"retract\w*|erroneous\w*|corrected|correction|we regret|withdrawn claim)\b"
)
_DONE_TO = re.compile(
    r"\b(?:managed|manages|continues?|continued|succeeded|came|able|fail\w*|unable|yet|inability) (?:in |"
    r"to |to fully |to completely )$"
)
_UNDER_WAY = re.compile(r"\b(?:after|by|since|having|been|is|are|was|were|now|still|already|,) $")
_DAY_WORDS = re.compile(
    r"\b(?:last (?:week|month|year|night|spring|summer|autumn|fall|winter|january|february|march|april|may|"
    r"june|july|august|"
    r"september|october|november|december|monday|tuesday|wednesday|thursday|friday|saturday|sunday)|"
    r"this (?:week|month|morning)|"
    r"yesterday|today|ago|monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|march|"
    r"april|(?:in|on|of|early|late|mid) may|"
    r"june|july|august|september|october|november|december|20\d\d|(?:in|last|this) (?:spring|summer|autumn|winter))\b"
)


@dataclass(frozen=True)
class Status:
    """What is said of a place."""

    holder: str
    """`RU`, `UA`, `contested`, `entered` (Russian troops are inside)."""
    whole: bool = False
    """All of it."""
    part: bool = False
    """Some of it."""
    event: bool = False
    """It changed hands, rather than being held."""
    sure: bool = True
    """The side is named, not inferred from the verb."""


def plain(claim: Claim) -> str:
    """The span and what it states, lower case, straight quotes, one line."""
    return straight(claim.span)


def straight(text: str) -> str:
    """Lower case, straight quotes and hyphens, single spaces."""
    marks = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "‑": "-"})
    return " ".join(text.lower().translate(marks).split())


def around(claim: Claim) -> str:
    """The sentence, or the span where there is none."""
    return straight(claim.sentence or claim.span)


def status(claim: Claim, names: tuple[str, ...] = ()) -> Status | None:
    """What a claim says of who holds a place; None where it says nothing of that kind.

    `names` are the spellings of the place: the verb nearest to them decides.
    """
    text = plain(claim)
    verb = spoken(text, names)
    stated = _stated(claim)
    refused = claim.negated or (claim.unit == "boolean" and claim.value == 0) or bool(_RETRACTED.search(text))
    if stated is not None and not (refused and verb is not None):
        holder = _other(stated.holder) if refused else stated.holder
        whole = bool(_WHOLE.search(text)) and holder == "RU"
        part = bool(_PART.search(straight(claim.value_text or "")) or (not whole and _QUARTER.search(text)))
        event = verb.event if verb is not None and verb.holder == holder else False
        return Status(holder, whole or stated.whole, part or stated.part, event, True)
    if verb is None and claim.quantity == "capture_date" and not refused and side(text) != "UA":
        return Status("RU", event=True, sure=False)
    if verb is None:
        return None
    if refused and not _NEGATION.search(text):
        return Status(_other(verb.holder), sure=verb.sure)
    return verb


def dated(claim: Claim) -> bool:
    """The words say when it happened."""
    return bool(_DAY_WORDS.search(plain(claim)))


def side(text: str) -> str | None:
    """The side that a text names, None where it names both or none."""
    sides = {match.lastgroup for match in _SIDE.finditer(text)}
    return sides.pop() if len(sides) == 1 else None


def negative(text: str) -> bool:
    """The text negates something."""
    return bool(_NEGATION.search(text))


def in_prospect(text: str) -> bool:
    """The text speaks of aims, chances or things to come."""
    return bool(_PROSPECT.search(text))


_FORESEEN = re.compile(
    r"\b(?:will|would|could|may|might|should|if|unless|aim\w*|plan\w*|want\w*|hop(?:e|es|ing)|seek\w*|try|tries|"
    r"trying|threat\w*|risk\w*|verge|about to|poised|intend\w*|expect\w*|demand\w*|insist\w*|"
    r"cede|ceding|concede\w*|hand over)\b"
)


def foreseen(text: str) -> bool:
    """The text speaks of aims or of things to come; unlike `in_prospect`, a push or a battle is no aim."""
    return bool(_FORESEEN.search(text))


def _other(holder: str) -> str:
    return {"RU": "UA", "UA": "RU", "entered": "UA"}.get(holder, holder)


_STATED = re.compile(r"\s*(?P<no>not |no longer )?(?:(?P<RU>ru|russia|russian|rus)|(?P<UA>ua|ukraine|ukrainian|ukr))\b")


def _stated(claim: Claim) -> Status | None:
    text = straight(claim.value_text or "")
    if not text:
        return None
    if re.search(_CONTEST, text):
        return Status("contested")
    match = _STATED.match(text)
    if match is None:
        return spoken(text, ())
    holder = "RU" if match["RU"] else "UA"
    if match["no"]:
        return Status(_other(holder))
    return Status(holder, bool(_WHOLE.search(text)), bool(_PART.search(text)))


def spoken(text: str, names: tuple[str, ...] = ()) -> Status | None:
    """What the words alone say of control; of several verbs, the first near one of the names that states anything."""
    part, whole = bool(_PART.search(text)), bool(_WHOLE.search(text))
    if match := _HELD_BY.search(text):
        return Status(match.lastgroup or "RU", whole, part)
    flag = _FLAG.search(text)
    if flag is not None:
        return Status("RU" if flag["RU"] else "UA", whole, part)
    held = _HANDS.search(text)
    if held is not None and not _before(_PROSPECT, text, held.start(), 40):
        holder = (held.lastgroup or "RU")[:2]
        return Status(_other(holder) if _before(_NEGATION, text, held.start(), 30) else holder, whole, part)
    verbs = [match for match in _VERB.finditer(text) if _near(match, text, names)]
    for match in verbs:
        if (found := _of_verb(match, text, whole, part)) is not None:
            return found
    if not verbs and _UNDER.search(text):
        return Status("RU", whole, part, sure=False)
    return None


def _near(match: re.Match[str], text: str, names: tuple[str, ...]) -> bool:
    if not names:
        return True
    window = text[max(0, match.start() - 90) : match.end() + 90]
    return any(name in window for name in names)


def _before(pattern: re.Pattern[str], text: str, position: int, reach: int) -> bool:
    return bool(pattern.search(text[max(0, position - reach) : position]))


def _of_verb(match: re.Match[str], text: str, whole: bool, part: bool) -> Status | None:
    kind = match.lastgroup or "take"
    if kind == "contest":
        return Status("contested")
    ahead = _PROSPECT.search(text[max(0, match.start() - 35) : match.start()])
    meant = ahead is not None or re.search(r"\bto $", text[: match.start()]) is not None
    if meant and kind != "fall" and not _DONE_TO.search(text[: match.start()]):
        return None
    actor, sure = _actor(match, text)
    if match.group().endswith("ing") and not sure and not _UNDER_WAY.search(text[: match.start()]):
        return None
    negated = _before(_NEGATION, text, match.start(), 28) or bool(re.match(r" (?:not|no)\b", text[match.end() :]))
    holder = {
        "take": actor or "RU",
        "free": actor or "UA",
        "hold": actor or "",
        "resist": actor or "UA",
        "lose": _other(actor) if actor else "RU",
        "fall": actor or "RU",
        "enter": "entered" if (actor or "RU") == "RU" else "",
    }[kind]
    if not holder:
        return None
    event = kind in ("take", "free", "lose", "fall")
    if negated:
        return Status(_other(holder), sure=sure)
    return Status(holder, whole, part, event, sure)


def _actor(match: re.Match[str], text: str) -> tuple[str | None, bool]:
    """The side that acts: after `by` or `to`, else the last named before the verb."""
    after = text[match.end() : match.end() + 60]
    by = re.search(
        rf"\b(?:by|to|into) (?:the |the hands of )?(?:\w+ )?(?:(?P<RU>{RUSSIAN})|(?P<UA>{UKRAINIAN}))\b", after
    )
    if by is not None and (match.lastgroup != "lose"):
        return by.lastgroup, True
    if by is not None and match.lastgroup == "lose":
        return _other(by.lastgroup or "RU"), True
    before = _ATTRIBUTE.sub(" ", text[: match.start()])
    named = [found.lastgroup for found in _SIDE.finditer(before)]
    return (named[-1], True) if named else (None, False)
