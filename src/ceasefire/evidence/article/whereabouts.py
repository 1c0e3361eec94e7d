"""Which ground a clause speaks of, as names of the gazetteer, of oblasts, larger regions or countries.

In this order: towns, oblasts and regions that the clause names; what "the town" or "the river" stands for; the country
that a subject of its kind concerns (whose people were polled, whose sky was attacked, who is aided or sanctioned,
whose money is counted); the ground of the sentence it hangs on; the last ground of its paragraph; the country whose
people or leaders it speaks of. A capital stands for its country unless something happens in, on or near it.

Left out: places of the same name, and ground that only a map shows.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ceasefire.evidence.article import lexicon, speaker
from ceasefire.evidence.article.clause import Clause, place_names

if TYPE_CHECKING:
    from spacy.tokens import Span as Words
    from spacy.tokens import Token

MAX_REMEMBERED = 60
"""Places that a later `the town` may stand for."""


@dataclass
class Memory:
    """Places that were read so far."""

    named: list[str] = field(default_factory=list)
    """Towns, oblasts and waters in the order of the text."""
    ground: tuple[str, ...] = ()
    """Last ground of the paragraph."""
    asked: str | None = None
    """Country whose people were polled last."""
    purse: str | None = None
    """Country whose money was spoken of last."""
    oblasts: set[str] = field(default_factory=set)
    """Names that the text has used with `oblast` or `region`."""

    last: tuple[str, ...] = ()
    """Places of the last clause of the paragraph that has any."""

    def turn(self) -> None:
        """A new paragraph begins."""
        self.ground = self.last = ()

    def keep(self, found: tuple[str, ...]) -> None:
        """What a clause was found to speak of."""
        self.last = found or self.last
        self.ground = tuple(name for name in found if name not in lexicon.PARTIES) or self.ground
        solid = [name for name in found if name not in lexicon.COUNTRIES]
        self.named = [*(name for name in self.named if name not in solid), *solid][-MAX_REMEMBERED:]


def whereabouts(clause: Clause, sentence: Words, memory: Memory) -> tuple[str, ...]:
    """Places of a clause, most telling first; they are remembered."""
    own = _named(clause, sentence, memory)
    ways = (
        lambda: _surveyed(clause),
        lambda: _said(clause, sentence, memory, own),
        lambda: _located(clause, own),
        lambda: _concerned(clause, sentence, memory),
        lambda: _around(clause, sentence, memory),
        lambda: memory.ground if _leans(clause) else (),
        lambda: own or _country(clause.text) or memory.ground or _country(sentence.text) or memory.last,
    )
    found = tuple(dict.fromkeys(next((names for way in ways if (names := way())), ())))
    memory.keep(found)
    return found


def _surveyed(clause: Clause) -> tuple[str, ...]:
    """The country of the people whose share thinks something, wherever their view is about."""
    found = _SURVEYED.search(lexicon.fold(clause.text))
    named = _people_of(found[0]) if found else None
    return (named,) if named else ()


_SURVEYED = re.compile(
    r"(?:%|per ?cent|majority|half|thirds?|quarters?|fifths?|in (?:three|four|five|ten)) (?:of )?(?:the )?(?:all )?"
    r"(?:ukrainians|russians|americans|germans|europeans|poles|britons)\b"
)


def _said(clause: Clause, sentence: Words, memory: Memory, own: tuple[str, ...]) -> tuple[str, ...]:
    """Ground that the clause names or stands for; with it, that of what a participle describes."""
    stood = tuple(name for name in own if name not in lexicon.COUNTRIES)
    found = (*stood, *_stand_ins(lexicon.fold(clause.text), lexicon.fold(sentence.text), memory, stood))
    if found and clause.head.tag_ == "VBG" and clause.head.dep_ in ("advcl", "acl"):
        return (*found, *_around(clause, sentence, memory))
    return found


_LEANING = lexicon.words("it this that they them there these those which its here")


def _leans(clause: Clause) -> bool:
    """It speaks of what was said before, or of fighting."""
    return any(token.lower_ in _LEANING and token.pos_ == "PRON" for token in clause.tokens) or bool(
        _FIGHTING.search(lexicon.fold(clause.text))
    )


# Names ---------------------------------------------------------------------------------------------------------------


def _named(clause: Clause, sentence: Words, memory: Memory) -> tuple[str, ...]:
    """Names in a clause in the order of its words, states only where they are no actors."""
    found: list[str] = []
    around = lexicon.fold(sentence.text)
    for (low, high), name in matches(clause.text):
        token = _token_at(clause, low, high)
        if token is None:
            continue
        if re.match(r" (?:International|Independent|School|Post|Times|Institute)\b", clause.text[high : high + 16]):
            continue
        if name in lexicon.METONYMS and not _is_site(token):
            if name in ("Kyiv", "Moscow") and _is_object(token):
                found.extend([lexicon.DEMONYMS[name.lower()], *([name] if token.head.lower_ == "to" else [])])
            continue
        if name in lexicon.COUNTRIES and not (_is_ground(token, name) or (clause.nominal and token.dep_ == "poss")):
            continue
        found.append(_as_oblast(name, clause.text[high : high + 12], around, memory))
    return tuple(dict.fromkeys(found))


def matches(text: str) -> Iterator[tuple[tuple[int, int], str]]:
    """Names of places with their stretch; the letters before an offset keep their number."""
    plain = text.replace("’", "'").replace("‘", "'").lower().replace("u.s.", "us  ").replace("u.k.", "uk  ")
    if len(plain) != len(text):
        plain = text.lower() if len(text.lower()) == len(text) else text
    regions, towns = lexicon.region_names(), _towns()
    for match in _pattern().finditer(plain):
        name = match[0]
        if text[match.start()].islower() and not name.startswith(_LOWER):
            continue
        if name == "us" and text[match.start() : match.start() + 2] == "us":
            continue
        yield match.span(), regions.get(name) or towns[name]


_LOWER = ("eastern", "southern", "northern", "western", "region", "province", "oblast")


@functools.cache
def _pattern() -> re.Pattern[str]:
    names = {name.lower() for name in (*place_names(), *lexicon.region_names())}
    return re.compile(r"(?<![\w-])(?:" + "|".join(map(re.escape, sorted(names, key=len, reverse=True))) + r")(?!\w)")


@functools.cache
def _towns() -> dict[str, str]:
    return {name.lower(): canonical for name, canonical in reversed(place_names().items())}


def _token_at(clause: Clause, low: int, high: int) -> Token | None:
    start, stop = clause.start + low, clause.start + high
    span = clause.head.doc.char_span(start, max(stop, start + 1), alignment_mode="expand")
    inside = [token for token in span or () if start <= token.idx < stop]
    if not inside:
        return None
    return next((token for token in reversed(inside) if token.pos_ in ("PROPN", "NOUN", "ADJ")), inside[-1])


_GOVERNING = lexicon.words(
    """government official officials regime authorities forces troops army leadership leader leaders side delegation
    offer proposal position demand demands response plan officials allies administration diplomats"""
)
_HITTING = lexicon.words(
    """hit strike attack bomb shell pound bombard reach visit capture seize take storm besiege encircle leave enter
    threaten target defend evacuate blanket rock"""
)
_AT = lexicon.words("in on at near around over from outside inside into across above toward towards of")
_WITHIN = lexicon.words("in inside within across throughout into near")


def _is_site(token: Token) -> bool:
    """Something happens at the capital, which does not act or speak here."""
    head = token.head
    if token.dep_ == "pobj":
        return head.lower_ in _AT and not (head.lower_ in ("from", "of") and head.head.pos_ == "NOUN")
    if token.dep_ == "dobj":
        return head.lemma_.lower() in _HITTING
    after = token.doc[token.i + 1] if token.i + 1 < len(token.doc) else token
    if after.like_num or after.is_currency:
        return False
    if token.dep_ in ("compound", "nmod", "amod") or (after.tag_ == "NNS" and after.dep_ != "dobj"):
        return head.lower_ not in _GOVERNING and after.lower_ not in _GOVERNING
    return token.dep_ in ("conj", "appos") and head.i != token.i and head.pos_ == "PROPN" and _is_site(head)


def _is_object(token: Token) -> bool:
    return token.dep_ in ("pobj", "dobj", "dative", "iobj")


_LAND = lexicon.words(
    """territory soil cities city land airspace economy morale border side towns villages grid sky skies market
    people society public population"""
)
_PARTS = lexicon.words(
    """all part parts rest half third quarter fifth tenth most much percent % cent area map share whole swathes east
    south north west"""
)
_STATE_DEPS = ("pobj", "dobj", "appos", "poss", "nmod", "npadvmod", "compound", "dative")


def _is_ground(token: Token, name: str) -> bool:
    """A country as the ground that is spoken of, not as the one that acts."""
    if token.pos_ == "ADJ":
        return token.head.lower_ in _LAND
    if token.dep_ == "poss":
        return token.head.dep_ not in speaker.SUBJECTS
    if token.dep_ == "conj" and name not in lexicon.PARTIES:
        return True
    return token.dep_ in _STATE_DEPS


def _located(clause: Clause, own: tuple[str, ...]) -> tuple[str, ...]:
    """Countries that something is in, and those that are no party to the war or its talks."""
    inside = []
    for (low, high), name in matches(clause.text):
        token = _token_at(clause, low, high)
        if token is None or name not in own:
            continue
        part = token.head.lower_ == "of" and token.head.head.lower_ in _PARTS
        within = token.dep_ == "pobj" and (token.head.lower_ in _WITHIN or part)
        land = token.head.lower_ in _LAND and token.dep_ in ("poss", "amod", "compound")
        if within or land or (name in lexicon.COUNTRIES and name not in lexicon.PARTIES):
            inside.append(name)
    return tuple(inside)


_FIGHTING = re.compile(
    r"\b(oblast|region|province|ground|area|territor|front|troops|forces|army|advanc|captur|control|occup|cede|"
    r"ceding|conced|withdraw|centers|centres|cities|demarcation|handover|all of|part of|rest of|encircl|assault|"
    r"offensive|west bank|east bank|provinces|defen[cs]ive|pull|holding|incursion|invad|swap|expel)\w*"
)
_CITY_CUE = r"(?:\bcity of {0}|\b{0} (?:city|airport)|\b(?:in|on|hit|struck) (?:central|downtown) {0})\b"
_OBLAST_CUE = (
    r"\b(?:provinces?|regions?|oblasts?) of (?:\w+ and )?{0}\b|\b{0}(?:,? and \w+)? (?:regions?|oblasts?|provinces?)\b"
)


def _as_oblast(name: str, after: str, sentence: str, memory: Memory) -> str:
    """The oblast where a name that it shares with its capital is said of an army's ground."""
    if name.endswith(" oblast"):
        memory.oblasts.add(name)
        return name
    if name not in lexicon.OBLASTS or re.match(r"\s*(?:city|airport)", after.lower()):
        return name
    if re.search(_CITY_CUE.format(re.escape(name.lower())), sentence):
        return name
    if re.search(_OBLAST_CUE.format(re.escape(name.lower())), sentence):
        memory.oblasts.add(f"{name} oblast")
        return f"{name} oblast"
    armies = name in lexicon.WHOLE_OBLASTS or f"{name} oblast" in memory.oblasts
    whole = name in ("Donetsk", "Luhansk") or (armies and _FIGHTING.search(sentence))
    return f"{name} oblast" if whole else name


# What stands for a place ---------------------------------------------------------------------------------------------

_TOWN_WORD = re.compile(
    r"\b(?:the|that|this|its|both|these|those|two) (?:\w+ ){0,1}(town|city|village|settlement|stronghold|garrison|"
    r"citadel|bastion|towns|cities|villages|settlements)\b(?! of\b)"
)
_PLURAL = ("towns", "cities", "villages", "settlements")
_OBLAST_WORD = re.compile(r"\b(?:the|that|this) (?:\w+ ){0,1}(oblast|region|province)\b(?! of\b)")
_CAPITAL_WORD = re.compile(r"\b(?:the|its) (?:regional|provincial|oblast) (?:capital|centre|center)\b")
_WATER_WORD = re.compile(r"\b(?:the|this) (?:\w+ ){0,1}(?:river|waterway|reservoir|delta)\b")
_WATERS = ("Dnieper", "Dnieper delta", "Black Sea", "Sea of Azov")
_CITIES_OF = re.compile(
    r"\b(?:main|biggest|largest|major|remaining|last|key|big) (?:urban |ukrainian[- ]held |fortress |fortified )?"
    r"(?:cent(?:er|re)s|cities|strongholds|agglomeration)\b"
)
_BELT = re.compile(r"\bfortress (?:belt|cities|line)\b")
_PLANT = re.compile(r"\bnuclear (?:power )?(?:plant|station|reactor|facility)s?\b|\bznpp\b|\bzaes\b")
_OTHER_PLANT = re.compile(r"\b(?:kursk|khmelnytskyi|rivne|south ukraine|chornobyl|chernobyl|iran\w*|submarines?)\b")
_AT_FRONT = re.compile(
    r"\b(?:front|occup\w+|zaporizhzhia|enerhodar|russian[- ](?:held|occupied|controlled)|captured)\b"
)
_BANK = re.compile(r"\b(?:east|left|west|right) bank\b")


def _stand_ins(text: str, sentence: str, memory: Memory, own: tuple[str, ...]) -> tuple[str, ...]:
    """Places that a clause means without their names."""
    found: list[str] = []
    donetsk = "Donetsk oblast" in own or "donetsk" in sentence or "donbas" in sentence
    if _BELT.search(text) or (donetsk and _CITIES_OF.search(text)):
        found.extend(lexicon.FORTRESS_BELT)
    if _PLANT.search(text) and not _OTHER_PLANT.search(text) and _AT_FRONT.search(f"{text} {sentence}"):
        found.append("Enerhodar")
    if _BANK.search(text) and not own and any(name in memory.named for name in (*_WATERS[:2], "Kherson oblast")):
        found.append("Kherson oblast")
    towns = [name for name in memory.named if _is_town(name)]
    word = _TOWN_WORD.search(text)
    if word and towns and not any(map(_is_town, own)):
        found.extend(towns[-2:] if word[1] in _PLURAL else towns[-1:])
    areas = [name for name in memory.named if name.endswith(" oblast")]
    if _OBLAST_WORD.search(text) and areas and not own:
        found.append(areas[-1])
    if _CAPITAL_WORD.search(text) and areas:
        found.append(lexicon.OBLAST_CAPITALS.get(areas[-1], areas[-1].removesuffix(" oblast")))
    waters = [name for name in memory.named if name in _WATERS]
    if _WATER_WORD.search(text) and waters and not own:
        found.extend([waters[-1], *(["Dnieper"] if waters[-1] == "Dnieper delta" else [])])
    return tuple(found)


def _is_town(name: str) -> bool:
    return not (
        name in lexicon.REGIONS or name in lexicon.COUNTRIES or name in lexicon.METONYMS or name.endswith(" oblast")
    )


# What a subject concerns ---------------------------------------------------------------------------------------------

_PEOPLE = re.compile(
    r"\b(ukrainians?|russians?|americans?|germans?|europeans?|poles|britons?)\b"
    r"(?! (?:forces|troops|army|plan|proposal))"
)
_ASKED = re.compile(
    r"\b(?:poll(?:s|ed|ster\w*)?|survey\w*|respondents?|voters|public opinion|kiis|gallup|razumkov|levada|vciom|"
    r"russian field|rating group|info sapiens)\b"
)
_SHARE = re.compile(
    r"(?:\d ?%|\bper ?cent\b|\bmajority\b|\b(?:half|thirds?|quarters?|fifths?) (?:of|would|want|say|said)|"
    r"\bone in \w+|\bin (?:ten|five|four)\b|\bsmaller share\b|\blarger share\b)"
)
_OPINION = re.compile(
    r"\b(?:favou?r|support|oppos|want|trust|believ|reject|accept|ready|willing|would|think|thought|sa[iy]|said|"
    r"called|approv|endur|prefer|agree|surrender|give up|respondents|concession|against|undecided)\w*"
)
_POLLED_BY = {
    "levada": "Russia",
    "vciom": "Russia",
    "russian field": "Russia",
    "chronicles": "Russia",
    "kiis": "Ukraine",
    "razumkov": "Ukraine",
    "rating group": "Ukraine",
    "info sapiens": "Ukraine",
}

_AIR = re.compile(
    r"\b(?:launch\w*|fir(?:e|ed|ing)|shot down|downed|intercept\w*|stopped|suppress\w*|jammed|neutrali[sz]ed|barrages?|"
    r"salvo\w*|raids?|strikes?|(?:stop|interception|kill|hit) rate|"
    r"struck|hit|attacked|brought down|air attack\w*|bombard\w*)\b"
)
_FLYING = re.compile(
    r"\b(?:drones?|missiles?|shaheds?|gerans?|uavs?|barrages?|air raids?|glide bombs?|strikes?|decoys)\b"
)
_AT_RUSSIA = re.compile(
    r"\b(?:ukrainian (?:long-range )?(?:drones?|missiles?|strikes?|uavs?)|ukraine(?:'s)? (?:\w+ )?(?:launched|struck|"
    r"hit|fired|drones|strikes|attacked)|russia(?:n|'s)? (?:\w+ ){0,3}(?:shot down|downed|intercepted|destroyed)|"
    r"refiner\w+|inside russia|on russian)"
)
_TAKEN = re.compile(
    r"\b(?:square (?:km|kilomet\w+|miles?)|sq\.? (?:km|miles?)|km2|km²|hectares|gain(?:ed|ing|s)? ground|occupied area|"
    r"advances?|advanced|advancing|rate of advance|pace of (?:the )?advance)\b"
)
_PACE = re.compile(r"\b(?:pace|rate|tempo)\b")
_FOR_UKRAINE = re.compile(
    r"\b(?:(?:military|american|western|european|allied) aid|aid (?:package|deliver\w*|to)"
    r"|assistance|arms (?:deliver\w*|package|suppl\w*|sales)|"
    r"weapons? (?:deliver\w*|suppl\w*)|lend (?:ukraine|kyiv)|loans? (?:to|for) (?:ukraine|kyiv)|f-16s?|patriots?|"
    r"himars|atacms|amraams?|reparations loan|to (?:ukraine|kyiv)|"
    r"(?:hand|give|send|lend|grant|offer|sell)(?:s|ing)? (?:ukraine|kyiv)|(?:allocated|poured|pledged|donated|"
    r"disbursed|committed) .{0,30}(?:\$|€|£|billion|million))\b"
)
_PUNISHED = re.compile(r"\b(?:sanction\w*|blacklist\w*|embargo\w*|price cap|secondary tariffs?|tariffs?)\b")
_AGAINST = re.compile(r"\b(?:against|on|hit|for) (india|china|turkey|iran|belarus|north korea|hungary|brazil)\b")
_YIELDED = re.compile(
    r"\b(?:(?:ced(?:e[sd]?|ing)|conced\w+|giv(?:e|es|ing) up|gave up|surrender\w*|trade|hand(?:ing|ed)? over|yield\w*|"
    r"los(?:e|ing)) (?:\w+ ){0,3}(?:territor\w+|land|inch|ground|region)|territorial (?:concession|loss|integrity)\w*|"
    r"inch of)\b"
)
_PURSES = (
    ("Russia", re.compile(
        r"\b(?:roubles?|rubles?|russian (?:\w+ )?(?:economy|budget|oil|exports?)|russia's (?:\w+ )?(?:economy|budget|"
        r"oil|exports?|federal|"
        r"central)|federal (?:budget|deficit)|urals|rosneft|lukoil|gazprom|bank of russia|national wealth fund"
        r"|(?<!bank's )key rate|shadow "
        r"fleet|(?:kremlin|moscow)'s (?:purse|coffers|treasury|war chest|finances))\b")),
    ("Ukraine", re.compile(
        r"\b(?:hryvnias?|ukrenergo|dtek|energoatom|naftogaz|national bank of ukraine|ukraine's (?:economy|budget|grid|"
        r"exports?)|ukrainian (?:economy|budget|grid|exports?)|(?:kyiv|ukraine) needs)\b")),
)  # fmt: skip
_MONEY = re.compile(
    r"\b(?:budget|deficit|revenues?|spending|expenditure|key rate|inflation|gdp|taxes|exports?|oil and gas|receipts|"
    r"prices (?:rise|rose|are rising|grow|grew)|trillion|target|shortfall|gap)\b"
)
_POWER = re.compile(
    r"\b(?:grid|power (?:stations?|plants?|cuts?|system|deficit)|outages?|blackouts?|electricity|gigawatts?|gw|"
    r"megawatts?|(?:power|electricity) (?:imports?|exports?)|substations?|heating)\b"
)


def _concerned(clause: Clause, sentence: Words, memory: Memory) -> tuple[str, ...]:
    """The country that a subject of this kind concerns."""
    noun = _described(clause)
    text = lexicon.fold(f"{noun.text} {clause.text}" if noun else clause.text)
    around = lexicon.fold(sentence.text)
    named = _people_of(text) or _people_of(around)
    if _ASKED.search(around):
        memory.asked = _people_of(around) or _asked_by(around) or memory.asked
    for country, pattern in _PURSES:
        if pattern.search(text):
            memory.purse = country
    if _SHARE.search(text) and _OPINION.search(text) and not _MONEY.search(text):
        return (named or memory.asked or "Ukraine",)
    if _ASKED.search(text) and memory.asked:
        return (memory.asked,)
    if _AIR.search(text) and _FLYING.search(around):
        return ("Russia",) if _AT_RUSSIA.search(around) else ("Ukraine",)
    if _TAKEN.search(f"{text} {around}" if _PACE.search(text) else text):
        whole = Clause(sentence.root, sentence.start_char, sentence.end_char, [])
        return _solid(whole, sentence, memory) or ("Ukraine",)
    if _PUNISHED.search(text):
        target = _AGAINST.search(text)
        return (_titled(target[1]),) if target else ("Russia",)
    if _YIELDED.search(text) or (_FOR_UKRAINE.search(text) and "russian aid" not in text):
        return ("Ukraine",)
    for country, pattern in _PURSES:
        if pattern.search(text):
            return (country,)
    if _POWER.search(text):
        return ("Ukraine",) if not re.search(r"\b(?:russian|russia's|belgorod)\b", text) else ("Russia",)
    if _MONEY.search(text) and memory.purse and not _country(clause.text):
        return (memory.purse,)
    return ()


def _people_of(text: str) -> str | None:
    found = _PEOPLE.search(text)
    return lexicon.DEMONYMS.get(found[1]) or lexicon.DEMONYMS.get(found[1].removesuffix("s")) if found else None


def _asked_by(text: str) -> str | None:
    return next((country for name, country in _POLLED_BY.items() if name in text), None)


def _titled(name: str) -> str:
    return lexicon.region_names().get(name, name.title())


def _around(clause: Clause, sentence: Words, memory: Memory) -> tuple[str, ...]:
    """Ground of what the clause describes, else of its sentence."""
    noun = _described(clause)
    if noun is not None:
        found = _solid(noun, sentence, memory) or _located(noun, _named(noun, sentence, memory))
        if found:
            return found
    whole = Clause(sentence.root, sentence.start_char, max(clause.end, sentence.end_char), [])
    return _solid(whole, sentence, memory)


def _described(clause: Clause) -> Clause | None:
    """The noun phrase that a relative or participial clause hangs on."""
    if clause.head.dep_ not in ("relcl", "acl"):
        return None
    noun = clause.head.head
    last = noun.doc[noun.right_edge.i]
    start, stop = noun.doc[noun.left_edge.i].idx, min(clause.end, last.idx + len(last))
    return Clause(noun, start, max(start + 1, stop), [])


def _solid(clause: Clause, sentence: Words, memory: Memory) -> tuple[str, ...]:
    named = tuple(name for name in _named(clause, sentence, memory) if name not in lexicon.PARTIES)
    return (*named, *_stand_ins(lexicon.fold(clause.text), lexicon.fold(sentence.text), memory, named))


def _country(text: str) -> tuple[str, ...]:
    """The country whose people, leaders or money the words speak of first."""
    words = [word.strip(".,;:()\"'") for word in lexicon.fold(text).replace("'s", " ").replace("-", " ").split()]
    return tuple(dict.fromkeys(lexicon.DEMONYMS[word] for word in words if word in lexicon.DEMONYMS))[:1]
