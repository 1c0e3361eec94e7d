"""Who says it, and how sure: the voice behind each clause, its hedge and its grade.

A share of people who hold an opinion speaks with the voice of the pollster named last. Any other clause speaks with
that of the nearest verb of saying above it in the parse whose subject can speak; else of whoever its own verb makes
count, deny or expect it; else of an "according to", an aside ("..., the ministry said") or a "by their count" in its
sentence; else of a stance that the verb itself reports ("has publicly opposed"); else of the open quotation or the
interview's speaker that it stands in; else the author's.

Grades follow the Admiralty scale. The letter goes by kind of source (a poll B, an official for the own side B, press
C, unnamed sources D, the author C in fact and D in opinion), the digit by hedge. Both are elicited, trust D.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from ceasefire.evidence.article import lexicon

if TYPE_CHECKING:
    from spacy.tokens import Span as Words
    from spacy.tokens import Token

AUTHOR = "author"
SUBJECTS = ("nsubj", "nsubjpass", "csubj", "expl")
MAX_NAME = 80
"""Longest name of a speaker, characters."""
MAX_CLIMB = 60
Resolve = Callable[["Token"], str | None]


@dataclass(frozen=True)
class Voice:
    """Who says something, and with what verb."""

    name: str = AUTHOR
    verb: str = ""
    """Lemma of the verb of saying; empty for the author."""

    @property
    def is_author(self) -> bool:
        """The text speaks for itself."""
        return self.name == AUTHOR

    @property
    def side(self) -> str:
        """Whose account it is."""
        return lexicon.side(self.name)


NARRATOR = Voice()


def voice(head: Token, sentence: Words, resolve: Resolve, carried: Voice = NARRATOR) -> Voice:
    """The voice of the clause with this head. `resolve` names the antecedent of a pronoun."""
    ways: tuple[Callable[[], Voice | None], ...] = (
        lambda: _above(head, resolve),
        lambda: _polled(head, sentence),
        lambda: _tallied(head, resolve),
        lambda: _according(head, sentence, resolve),
        lambda: _aside(head, sentence, resolve),
        lambda: _by_count(head, sentence, resolve),
        lambda: _in_view(sentence, resolve),
        lambda: _stance(head, resolve),
        lambda: _reportedly(head, sentence),
    )
    return next((found for way in ways if (found := way()) is not None), carried)


def frame(head: Token) -> bool:
    """The head only introduces what somebody says: the claim is the clause below it."""
    lemma = head.lemma_.lower()
    said = [child for child in head.children if child.dep_ in ("ccomp", "parataxis") and is_clausal(child)]
    said = [child for child in said if not (_parted(child, head) or _is_infinitive(child))]
    who = subject(head)
    if lemma in lexicon.MENTAL:
        return bool(said) and who is not None and _speaks(who, lemma, lambda _: None) is not None
    return lemma in lexicon.SAYING and bool(said) and (who is not None or head.dep_ in ("acl", "advcl"))


def _is_infinitive(verb: Token) -> bool:
    return verb.tag_ == "VB" and any(child.tag_ == "TO" for child in verb.children)


def _parted(clause: Token, head: Token) -> bool:
    """The verb stands behind a semicolon, so that it does not report the clause before that."""
    return any(token.text == ";" for token in clause.doc[clause.i : head.i])


def is_clausal(token: Token) -> bool:
    """A verb, or a copula with its predicate."""
    return token.pos_ in ("VERB", "AUX")


def subject(head: Token) -> Token | None:
    """Grammatical subject of a verb; of the verb it is coordinated with where it has none."""
    for _ in range(MAX_CLIMB):
        for child in head.children:
            if child.dep_ in SUBJECTS:
                return child
        if head.dep_ not in ("conj", "xcomp") or not is_clausal(head.head) or head.head.i == head.i:
            return None
        head = head.head
    return None


def name_of(token: Token, resolve: Resolve) -> str:
    """A speaker as named in the text: a person's name, or the noun phrase without article and clauses."""
    if token.text.lower() in lexicon.PRONOUNS:
        return _tidy(resolve(token) or "") or token.text
    named = next((child for child in token.children if child.dep_ == "appos"), None)
    person = _person_at(token) or (_person_at(named) if named is not None else None)
    if person is not None:
        return _person_name(person)
    if token.pos_ == "NOUN" and named is not None and named.pos_ == "PROPN":
        return _tidy(_compound(named))
    if (source := _owner(token)) is not None:
        return name_of(source, resolve) if source.dep_ != "compound" else _tidy(_compound(source))
    if (known := lexicon.actor(token.text)) is not None and known.kind == "person":
        return _tidy(token.text)
    if holder := _office_holder(token):
        return holder
    words = [word for word in token.lefts if word.dep_ in _NAMING]
    first = min([word.left_edge.i for word in words], default=token.i)
    last = token.i
    for child in token.rights:
        if (
            child.dep_ == "prep"
            and (child.lower_ in ("of", "for", "at", "in", "from") or _serves(token, child))
            and child.right_edge.i - token.i <= 8
        ):
            last = _before_clause(child)
            break
    return _tidy(token.doc[first : last + 1].text)


def _serves(noun: Token, prep: Token) -> bool:
    """`aide to the president`."""
    return prep.lower_ == "to" and noun.lemma_.lower() in (
        "aide",
        "adviser",
        "advisor",
        "envoy",
        "ambassador",
        "deputy",
    )


def _person_at(token: Token) -> Words | None:
    return next((ent for ent in token.doc.ents if ent.start <= token.i < ent.end and ent.label_ == "PERSON"), None)


_TITLES = lexicon.words("President Chancellor Premier King Pope Senator General Governor Mayor")


def _person_name(person: Words) -> str:
    """As the text has it; behind a description of the office the last name."""
    name = _tidy(person.text)
    before = person.doc[person.start - 1] if person.start > 0 else None
    if before is None or before.dep_ != "compound" or before.is_punct:
        return name
    if " " not in name and before.pos_ == "PROPN" and before.text.istitle() and not _is_post(before):
        return f"{before.text} {name}"
    return f"{before.text} {name}" if before.text in _TITLES and " " not in name else last_name(name)


def _is_post(token: Token) -> bool:
    return bool(lexicon.OFFICES.search(token.lower_) or _GROUP.search(token.lower_) or _RANK.fullmatch(token.lower_))


_RANK = re.compile(
    r"(?:prime|foreign|defen[cs]e|vice|deputy|chief|lt|col|colonel|gen|maj|major|capt|captain|admiral|adm|mr|mrs|ms|dr|"
    r"sir|lord|king|pope|sen|senator|rep|congress\w+|premier|speaker|judge|professor|prof|leader|ambassador|head|"
    r"director|chair\w*|adviser|advisor|aide|negotiator|economist|analyst|journalist|columnist|pollster|blogger|"
    r"historian)\.?"
)
_DOCUMENTS = lexicon.words(
    """poll survey data datum figure map count estimate study report tally tracker number statistic calculation
    analysis"""
)


def _owner(noun: Token) -> Token | None:
    """Whose poll, map or count it is, where the text says so: that is the speaker."""
    if noun.lemma_.lower() not in _DOCUMENTS:
        return None
    for child in noun.children:
        if child.dep_ == "poss" and child.text.lower() not in lexicon.PRONOUNS:
            return child
        if child.dep_ in ("prep", "agent") and child.lower_ in ("by", "from", "of"):
            found = next((word for word in child.children if word.dep_ == "pobj"), None)
            if found is not None and _is_name(found):
                return found
        if child.dep_ == "acl":
            kept = next((word for word in child.children if word.dep_ == "agent"), None)
            found = next((word for word in kept.children if word.dep_ == "pobj"), None) if kept is not None else None
            if found is not None:
                return found
        if child.dep_ == "compound" and (lexicon.actor(_compound(child)) or _is_name(child)):
            return child
    return None


def _compound(token: Token) -> str:
    text: str = token.doc[token.left_edge.i : token.i + 1].text
    return text


_PARTICLES = frozenset(["von", "van", "de", "der", "den", "del", "di", "da", "la", "le", "al", "bin", "ter"])


def last_name(name: str) -> str:
    """A person as a text names them the second time: the last name with its particles."""
    words = name.split()
    at = len(words) - 1
    while at > 0 and words[at - 1].lower() in _PARTICLES:
        at -= 1
    return " ".join(words[at:]) if words else name


def _office_holder(token: Token) -> str | None:
    """`Ukraine's president`, where the same paragraph names the person."""
    if token.lower_ != "president":
        return None
    owner = " ".join(word.text for word in token.lefts if word.dep_ in ("poss", "amod", "compound", "nmod"))
    country = next((name for name, demonym in _COUNTRY_WORDS if re.search(demonym, owner)), None)
    if country is None:
        return None
    names = lexicon.OFFICE_HOLDERS[country]
    return next((word.text for word in token.doc if word.lower_ in names), None)


_COUNTRY_WORDS = (
    ("Ukraine", r"Ukrain"),
    ("Russia", r"Russia"),
    ("US", r"U\.?S\.?|American|United States"),
    ("France", r"French|France"),
)
_NAMING = ("compound", "amod", "poss", "nmod", "nummod", "det")


def _before_clause(prep: Token) -> int:
    """Last token of a prepositional phrase, short of any clause or aside in it."""
    last = prep.i
    for word in prep.subtree:
        if word.dep_ in ("relcl", "acl", "appos", "advcl") or (word.is_punct and word.text in ",;:("):
            break
        last = word.i
    return last


def _tidy(name: str) -> str:
    plain = " ".join(name.split())[:MAX_NAME].strip(" ,.;:“”\"'’‘")
    plain = re.sub(
        r"^(?:the|a|an|some|several|two|three|one|many|that|this|those|(?:its|their|his|her) own)\s+",
        "",
        plain,
        flags=re.IGNORECASE,
    )
    return re.sub(r"(?:’s|'s)$", "", plain)


def _above(head: Token, resolve: Resolve) -> Voice | None:
    token = head
    owner = next((child for child in head.children if child.dep_ == "poss"), None)
    if owner is not None and head.lemma_.lower() in _NOUN_VERBS:
        return Voice(name_of(owner, resolve), _noun_verb(head.lemma_.lower()))
    for _ in range(MAX_CLIMB):
        parent = token.head
        if parent.i == token.i:
            return None
        told = token.dep_ in ("ccomp", "parataxis", "acl", "relcl", "advcl", "appos", "pcomp")
        if told and not _parted(token, parent):
            found = _spoken(token, parent, resolve)
            if found:
                return found
        token = parent
    return None


def _spoken(token: Token, parent: Token, resolve: Resolve) -> Voice | None:
    """The voice of a verb or noun of saying that governs a clause."""
    lemma = parent.lemma_.lower()
    if token.dep_ in ("ccomp", "parataxis") and (
        lemma in lexicon.SAYING or lemma in lexicon.MENTAL or lemma in _ASKING
    ):
        who = subject(parent)
        if who is None and parent.dep_ in ("acl", "relcl"):
            who = _author_of(parent.head)
        elif who is not None and who.lower_ in ("who", "which", "that") and parent.dep_ == "relcl":
            who = parent.head
        return _speaks(who, lemma, resolve) if who is not None else None
    if (
        token.dep_ in ("acl", "ccomp", "relcl")
        and lemma in _SPEECH_NOUNS
        and any(child.dep_ in SUBJECTS for child in token.children)
    ):
        who = _author_of(parent)
        return Voice(name_of(who, resolve), _noun_verb(lemma)) if who is not None else None
    return None


_ASKING = ("demand",)
_NOUN_VERBS = {
    "claim": "claim",
    "assertion": "claim",
    "allegation": "allege",
    "accusation": "accuse",
    "boast": "boast",
    "insinuation": "allege",
}
_SPEECH_NOUNS = lexicon.SPEECH_NOUNS | _NOUN_VERBS.keys()


def _noun_verb(noun: str) -> str:
    return _NOUN_VERBS.get(noun, "say")


def _author_of(noun: Token) -> Token | None:
    """The possessor of a statement, or the object of its `by`; the noun itself where it is a report."""
    for child in noun.children:
        if child.dep_ == "poss" or any(word.dep_ == "case" for word in child.children):
            return child
        if child.dep_ in ("prep", "agent") and child.lower_ in ("by", "from"):
            return next((word for word in child.children if word.dep_ == "pobj"), None)
    return noun if noun.lower_ in lexicon.VAGUE_SPEAKERS else None


_GROUP = re.compile(
    r"\b(officials?|analysts?|experts?|economists?|observers?|diplomats?|ministr\w+|polls?|surveys?|data|figures|"
    r"numbers|study|"
    r"report|reports|sources?|intelligence|agency|institute|estimates?|documents?|maps?|imagery|footage|"
    r"respondents|pollsters?|"
    r"newspaper|magazine|bloggers?|milbloggers?|channels?|critics|supporters|commanders?|soldiers?|officers?|"
    r"generals?|"
    r"institute|consultanc\w+|service|bureau|centre|center|watchdog|monitors?|operator|company|regulator|army|navy|"
    r"negotiators?|mediators?|advis[eo]rs?|aides?|government|residents|people|traders|researchers|authorities|statement|document|index|tracker|article|letter)\b"
)
_INFERRING = lexicon.words(
    """show indicate suggest reveal find signal estimate calculate project expect believe think judge"""
)
_FORECASTERS = ("poll", "analyst", "press", "body", "office")
_SELF = ("i", "we", "you", "one")
_SPEECH = lexicon.words(
    """say tell state claim allege admit warn insist announce declare report deny boast hint demand"""
)
"""Lemmas whose subject speaks whoever it is; the subject of any other must be known to speak."""


def _speaks(who: Token, lemma: str, resolve: Resolve) -> Voice | None:
    """A voice where the subject can speak: a person, a body, a group, a poll; no fact that merely shows something."""
    if who.lower_ in _SELF or who.dep_ == "expl" or who.lemma_.lower() in _ITSELF:
        return None
    if who.lower_ == "it" and (before := _last_speaker(who)) is not None:
        return Voice(name_of(before, resolve), lemma)
    if who.lower_ in ("it", "this", "that", "these", "those", "which", "what") and resolve(who) is None:
        return None
    name = name_of(who, resolve)
    if lexicon.fold(name) in (
        "maps",
        "map",
        "data",
        "figures",
        "numbers",
        "statistics",
        "footage",
        "imagery",
        "images",
    ):
        return None
    if re.search(_SHARE, lexicon.fold(who.doc[who.left_edge.i : who.i + 1].text)):
        return None
    known = lexicon.actor(name)
    grouped = bool(_GROUP.search(lexicon.fold(name)))
    if lemma in lexicon.MENTAL or lemma in (
        "believe",
        "think",
        "expect",
        "agree",
        "realize",
        "hear",
        "learn",
        "accept",
    ):
        return Voice(name, lemma) if grouped or (known and known.kind in _FORECASTERS) else None
    if lemma in _INFERRING and not (grouped or known or _is_name(who)):
        return None
    speaks = grouped or known or _is_name(who) or who.lower_ in ("he", "she", "they")
    return Voice(name, lemma) if speaks or (lemma in _SPEECH and who.pos_ == "NOUN") else None


_ITSELF = lexicon.words("entry version article column post story update headline")
"""What a text calls itself."""


def _last_speaker(it: Token) -> Token | None:
    """The subject of the sentence before, where it is a body that can speak."""
    start = it.sent.start
    if start == 0:
        return None
    root = it.doc[start - 1].sent.root
    who = subject(root)
    if who is None or who.ent_type_ == "PERSON" or who.pos_ == "PRON":
        return None
    name = lexicon.fold(_compound(who))
    known = lexicon.actor(name)
    return who if (known and known.kind != "person") or _GROUP.search(name) or _can_speak(who) else None


def _is_name(token: Token) -> bool:
    return token.pos_ == "PROPN" or token.ent_type_ in ("PERSON", "ORG", "NORP", "GPE") or _can_speak(token)


def _can_speak(token: Token) -> bool:
    return bool(lexicon.OFFICES.search(token.lower_) or lexicon.ANONYMOUS.search(token.lower_))


def _according(head: Token, sentence: Words, resolve: Resolve) -> Voice | None:
    """The voice of an `according to` in the sentence, for clauses outside the phrase that names it."""
    for word in sentence:
        if word.lower_ != "according" or word.i + 1 >= len(word.doc) or word.doc[word.i + 1].lower_ != "to":
            continue
        opening = word.i == sentence.start or not word.nbor(-1).is_punct
        if word.left_edge.i <= head.i <= word.right_edge.i and not (opening and _beyond(word, head)):
            continue
        inside = [item for item in sentence.ents if word.i < item.start and item.end <= head.i]
        people = [item for item in inside if item.label_ == "PERSON" and item.start - word.i <= 10]
        if word.left_edge.i <= head.i <= word.right_edge.i and people:
            return Voice(_tidy(people[0].text), "accord")
        named = next((token for token in word.subtree if token.dep_ == "pobj"), None)
        if named is None:
            named = next(
                (token for token in word.subtree if token.i > word.i + 1 and token.pos_ in ("PROPN", "NOUN")), None
            )
        if named is not None:
            beside = next((item for item in people if item.start == named.i + 2 and named.nbor().text == ","), None)
            return Voice(_tidy(beside.text) if beside else name_of(named, resolve), "accord")
        body = sentence.doc[word.i + 2 : word.right_edge.i + 1]
        known = [item for item in body.ents if item.label_ in ("ORG", "PERSON")]
        if known:
            return Voice(_tidy(known[-1].text), "accord")
    return None


def _beyond(word: Token, head: Token) -> bool:
    """The verb stands behind a comma and the phrase that opens a sentence, whatever the parser hangs it on."""
    return (
        head.i > word.i + 2
        and head.pos_ in ("VERB", "AUX")
        and any(token.text == "," for token in head.doc[word.i : head.i])
    )


_SHARE = (
    r"(?:%|\bper ?cent\b|\b(?:one|two|three|four|five|six|seven|eight|nine) (?:in|out of) \w+|"
    r"\b(?:a|one|two|three) (?:third|quarter|fifth)s?\b|\b(?:half|majority|most|plurality)\b)"
)
_THINKS = (
    r"(?:want(?:s|ed)?|favou?r(?:s|ed)?|support(?:s|ed)?|oppos(?:e[sd]?|ing)|against|back(?:s|ed)?|accept(?:s|ed)?|"
    r"reject(?:s|ed)?|trust(?:s|ed)?|believe[sd]?|think|thought|prefer(?:s|red)?|approv\w+|disapprov\w+|consider|"
    r"ready|willing|would|call(?:s|ed)?|agree[sd]?|disagree[sd]?|told|answered|expect|hope|fear|undecided|concede)"
)
_OPINION_SHARE = re.compile(_SHARE + r"(?: [\w'-]+){0,7}? " + _THINKS + r"\b")


def is_opinion_share(text: str) -> bool:
    """A folded text tells how many of those asked think something."""
    return bool(_OPINION_SHARE.search(text))


@cache
def _pollsters() -> re.Pattern[str]:
    names = sorted((name for actor in lexicon.ACTORS if actor.kind == "poll" for name in actor.names), key=len)
    return re.compile(r"\b(?=[A-Z])(?i:" + "|".join(map(re.escape, reversed(names))) + r")(?= |[,.;:'’)]|$)")


_POLLING = re.compile(
    r"\b(polls?|surveys?|pollsters?|respondents?|asked|f[io]u?nds?|told|according|data|report\w*|sa\w+)\b"
)


def _polled(head: Token, sentence: Words) -> Voice | None:
    """The pollster named last in the paragraph, for a share of people who think something."""
    part = next((part for part in _parts(sentence) if part[0].i <= head.i <= part[-1].i), None)
    if part is None or not is_opinion_share(lexicon.fold(sentence.doc[part[0].i : part[-1].i + 1].text)):
        return None
    told = sentence.doc.text[: sentence.end_char]
    found = list(_pollsters().finditer(told))
    return Voice(found[-1][0], "find") if found and _POLLING.search(lexicon.fold(told)) else None


_COUNTING = lexicon.words(
    """put count report estimate tally record list number document register log identify verify reckon claim add say
    announce"""
)
_ANSWERING = lexicon.words("""demand deny dispute confirm reject doubt dismiss call""")
_EXPECTING = lexicon.words("""expect forecast predict anticipate foresee""")
"""Verbs that make their subject the source of their object: a figure, an answer to others, a forecast."""


def _tallied(head: Token, resolve: Resolve) -> Voice | None:
    """The voice of whoever counts, denies or expects what the clause says."""
    token = head
    for _ in range(MAX_CLIMB):
        lemma = token.lemma_.lower()
        is_verb = token.pos_ == "VERB" or any(child.dep_ == "nsubj" for child in token.children)
        if is_verb and lemma in _COUNTING | _ANSWERING | _EXPECTING:
            return _source(token, lemma, resolve)
        part_of = token.dep_ == "relcl" and any(
            child.dep_ in SUBJECTS and child.like_num and child.left_edge.i <= token.i for child in token.children
        )
        if (
            is_clausal(token)
            and not part_of
            and not (token.dep_ in ("advcl", "acl", "xcomp") and token.tag_ in ("VBG", "VBN", "VB"))
        ):
            return None
        if token.head.i == token.i:
            return None
        token = token.head
    return None


_PASSIVE = ("nsubjpass", "auxpass")
_COUNTERS = re.compile(
    r"\b(?:staff|ministry|force|institute|agency|bureau|office|monitors?|trackers?|analysts?|oryx|it)\b"
)
_GAINS = lexicon.words("capture seizure fall liberation loss gain advance retreat withdrawal death killing")
_ONLY: dict[str, Callable[[Token, list[Token]], bool]] = {
    "demand": lambda verb, objects: any(item.dep_ == "ccomp" for item in objects),
    "add": lambda verb, objects: _is_counter(subject(verb)) and any(_has_number(item) for item in objects),
    "say": lambda verb, objects: (who := subject(verb)) is not None and who.lemma_.lower() in _DOCUMENTS,
    "announce": lambda verb, objects: any(item.lemma_.lower() in _GAINS for item in objects),
}
"""Verbs that make a source only of some subjects or with some objects."""


def _is_counter(who: Token | None) -> bool:
    return who is not None and bool(_COUNTERS.search(who.lower_))


def _has_number(token: Token) -> bool:
    return any(word.like_num for word in token.subtree)


def _source(verb: Token, lemma: str, resolve: Resolve) -> Voice | None:
    objects = [child for child in verb.children if child.dep_ in ("dobj", "ccomp", "oprd")]
    modal = {child.lower_ for child in verb.children if child.tag_ == "MD"}
    refused = lemma == "confirm" and modal == {"would"} and any(child.dep_ == "neg" for child in verb.children)
    if not objects or (modal and not refused) or any(child.dep_ in _PASSIVE for child in verb.children):
        return None
    if lemma in _ONLY and not _ONLY[lemma](verb, objects):
        return None
    places = any(word.dep_ == "prep" and word.lower_ == "at" for word in verb.subtree)
    if (lemma == "put" and not places) or (lemma == "call" and not any(item.dep_ != "dobj" for item in objects)):
        return None
    who = subject(verb)
    if who is not None and who.lower_ in ("which", "who", "that") and verb.dep_ == "relcl":
        who = verb.head
    return _speaks(who, lemma, resolve) if who is not None else None


MAX_ASIDE = 14
"""Longest aside that names who says it, tokens."""


def _aside(head: Token, sentence: Words, resolve: Resolve) -> Voice | None:
    """The voice of an aside between commas: `..., the ministry said, ...`; `..., said the ministry`; `as X reports`.

    It covers what is in the quotation that it closes, else its sentence, but for a later clause that stands against it.
    """
    parts = list(_parts(sentence))
    for number, part in enumerate(parts):
        verb = next((token for token in part if _is_telling(token, part)), None)
        inside = part[0].i <= head.i <= part[-1].i
        if verb is None or len(part) > MAX_ASIDE or (inside and head.i != verb.i):
            continue
        own = next((other for other in parts[number + 1 :] if other[0].i <= head.i <= other[-1].i), None)
        closes = part[0].i > 0 and sentence.doc[part[0].i - 1].text in _CLOSING
        stands = own is not None and (own[0].lower_ != "and" or any(word.dep_ in SUBJECTS for word in head.children))
        if own is not None and (closes or (own[0].lower_ in _CONTRASTS and stands)):
            continue
        if _is_shown(verb, part):
            return Voice(_tidy(sentence.doc[part[0].i : verb.i - 1].text), "show")
        who = _teller(verb, part)
        if who is not None and who.lower_ not in (*_SELF, "it", "which", "who", "that"):
            return Voice(name_of(who, resolve), verb.lemma_.lower())
    return None


_CLOSING = ("”", '"', "»", "’", "''")
_CONTRASTS = ("as", "while", "but", "though", "although", "whereas", "even", "yet", "and")


def _parts(sentence: Words) -> Iterator[list[Token]]:
    """What stands between commas and dashes."""
    part: list[Token] = []
    for token in sentence:
        if token.text in (",", "—", "–", ";", ":") or token.is_quote:
            if part:
                yield part
            part = []
        elif not (token.is_space or token.text in ".!)("):
            part.append(token)
    if part:
        yield part


def _is_telling(verb: Token, part: list[Token]) -> bool:
    """A verb of saying in a part that does not say what."""
    if _is_shown(verb, part):
        return True
    believed = verb.tag_ == "VBN" and verb.lemma_ == "believe" and part[0].lower_ == "if"
    if not believed and (verb.lemma_.lower() not in lexicon.SAYING or verb.tag_ not in ("VBD", "VBZ", "VBP")):
        return False
    after = [token for token in part if token.i > verb.i]
    says = any(token.lower_ == "that" or is_clausal(token) for token in after)
    told = any(child.dep_ == "dobj" and child in part and child.i > verb.i for child in verb.children)
    addressed = verb.lemma_ == "tell"
    return not says and (not told or addressed)


def _is_shown(verb: Token, part: list[Token]) -> bool:
    """`The ministry's data show`, which the parser takes for one noun."""
    last = len(part) > 2 and verb.i == part[-1].i and verb.nbor(-1).lemma_.lower() in _DOCUMENTS
    return last and verb.lower_ in ("show", "shows", "showed", "suggest", "indicate")


def _teller(verb: Token, part: list[Token]) -> Token | None:
    parsed = next((child for child in verb.children if child.dep_ in SUBJECTS and child in part), None)
    if parsed is not None:
        return parsed
    nouns = [token for token in part if token.pos_ in ("NOUN", "PROPN") and token.dep_ not in ("compound", "poss")]
    return next((token for token in reversed(nouns) if token.i < verb.i), next(iter(nouns), None))


def _by_count(head: Token, sentence: Words, resolve: Resolve) -> Voice | None:
    """`By Kyiv's count`, `on the ministry's figures`; not for a later clause with a subject of its own."""
    if head.dep_ == "conj" and is_clausal(head) and any(child.dep_ in SUBJECTS for child in head.children):
        return None
    for word in sentence:
        if word.lemma_.lower() in _DOCUMENTS | {"account", "reckoning"} and word.dep_ == "pobj":
            owner = next((child for child in word.children if child.dep_ == "poss"), None)
            if owner is not None and word.head.lower_ in ("by", "on") and owner.lower_ not in lexicon.PRONOUNS:
                return Voice(name_of(owner, resolve), "count")
    counted = _COUNTED_BY.match(sentence.text)
    return Voice(_tidy(counted[1]), "count") if counted else None


_COUNTED_BY = re.compile(
    r"(?:By|On) ((?:the |[A-Z])[\w.’' -]{1,60}?)(?:['’]s|['’]) "
    r"(?:own )?(?:count|estimates?|reckoning|figures|account|tally)\b"
)


def _in_view(sentence: Words, resolve: Resolve) -> Voice | None:
    """`In the minister's view`, which opens a sentence."""
    for word in sentence[:8]:
        if word.lemma_.lower() in ("view", "opinion", "judgment", "judgement") and word.dep_ == "pobj":
            owner = next((child for child in word.children if child.dep_ == "poss"), None)
            if owner is not None and word.head.lower_ == "in" and owner.lower_ not in ("our", "my", "your"):
                return Voice(name_of(owner, resolve), "think")
    return None


_PUBLIC = re.compile(r"\b(publicly|repeatedly|openly|consistently|formally|long)\b")


def _stance(head: Token, resolve: Resolve) -> Voice | None:
    """The voice of a position stated in the present or perfect: "opposes ceding", "talks about land swaps"."""
    token = head
    for _ in range(MAX_CLIMB):
        if token.lemma_.lower() in lexicon.STANCE and token.pos_ == "VERB" and _is_present(token):
            who = subject(token)
            if who is not None and (who.ent_type_ == "PERSON" or _person(who, resolve) or _bids(token, who)):
                return Voice(name_of(who, resolve), token.lemma_.lower()) if _states(token) else None
        if token.dep_ not in ("conj", "xcomp", "relcl", "pcomp", "prep", "pobj", "dobj") or token.head.i == token.i:
            return None
        token = token.head
    return None


def _bids(verb: Token, who: Token) -> bool:
    """A party to the talks makes an offer of its own."""
    return verb.lemma_.lower() in ("offer", "float", "propose") and verb.tag_ in ("VBZ", "VBP") and _is_name(who)


def _person(token: Token, resolve: Resolve) -> bool:
    known = lexicon.actor(name_of(token, resolve))
    return bool(known and known.kind == "person") or token.lower_ in (
        "president",
        "minister",
        "chancellor",
        "spokesman",
    )


def _is_present(token: Token) -> bool:
    has = any(child.dep_ == "aux" and child.lower_ in ("has", "have", "’s", "'s") for child in token.children)
    return token.tag_ in ("VBZ", "VBP") or (token.tag_ == "VBN" and has)


def _states(token: Token) -> bool:
    """Talk, not will: wanting and seeking are the author's reading unless done in public."""
    lemma = token.lemma_.lower()
    if lemma in ("want", "seek"):
        return any(_PUBLIC.fullmatch(child.lower_) for child in token.children)
    if lemma in ("talk", "call", "back", "favor", "favour", "support", "rule", "offer", "float"):
        return lemma not in ("talk", "call", "rule") or any(child.dep_ in ("prep", "prt") for child in token.children)
    return True


def _reportedly(head: Token, sentence: Words) -> Voice | None:
    """`reportedly` without a name, in the clause itself."""
    near = " ".join(word.lower_ for word in head.children) + " " + head.lower_
    if "reportedly" in near:
        return Voice("reports", "report")
    if "allegedly" in near or "purportedly" in near:
        return Voice("reports", "allege")
    return None


# Quotations and interviews ------------------------------------------------------------------------------------------

_LABEL = re.compile(r"\s*(?P<name>[A-Z][\w.’'-]{0,24}(?: [A-Z][\w.’'-]{0,24}){0,3})(?: \([^)]{1,40}\))?: ")
_NO_SPEAKER = lexicon.words(
    """q question related update note read more also photo image source editor updated live summary key"""
)


def label(paragraph: str) -> tuple[str, int] | None:
    """The name before a colon that opens a paragraph of an interview, and where the speech begins."""
    found = _LABEL.match(paragraph[:160])
    if not found or found["name"].lower().split()[0] in _NO_SPEAKER:
        return None
    return found["name"], found.end()


def quotes(text: str) -> Iterator[tuple[int, int]]:
    """Stretches in double quotation marks, one that stays open running to the end."""
    opened: int | None = None
    for index, letter in enumerate(text):
        if (opened is None and letter in "“«„") or (letter == '"' and opened is None):
            opened = index
        elif opened is not None and letter in '”»"':
            yield opened, index + 1
            opened = None
    if opened is not None:
        yield opened, len(text)


# Certainty -----------------------------------------------------------------------------------------------------------


def hedge(text: str, said: Voice, kind: str, *, reading: bool = False, measured: bool = False) -> str:
    """How sure the statement is put. `text`: the clause, folded.

    `reading`: it says what is in somebody's mind; `measured`: it holds a number. A named voice makes it reported,
    unless the voice or the words are unconfirmed or alleged, or speak of what will come or how good something is.
    """
    if not _OF_OTHERS.search(text) and (
        lexicon.UNCONFIRMED.search(lexicon.fold(said.name)) or lexicon.UNCONFIRMED.search(text)
    ):
        return "unconfirmed"
    if said.verb in lexicon.DOUBTING or lexicon.ALLEGED.search(text):
        return "alleged"
    if not said.is_author:
        return "reported" if is_opinion_share(text) else _told(text, said, kind)
    if lexicon.REPORTEDLY.search(text):
        return "reported"
    return _own(text, kind, reading=reading, measured=measured)


_OF_OTHERS = re.compile(
    r"\b(?:figures?|numbers?|claims?|reports?|accounts?|statements?|it|this|they) "
    r"(?:could|can|has|have)(?: not|n't|not) (?:been |be )?(?:\w+ly )?(?:verified|confirmed)\b"
)
"""The author's remark that what others say is not confirmed: itself plainly stated."""
_WILL = re.compile(
    r"\b(will|won't|'ll|going to|shall|would (?:start|begin|end|take|last)|expects?|forecasts?|projected)\b"
)
_VERDICT = re.compile(
    r"\b(very difficult|difficult|terrible|great|disaster|best|worst|horrible|shameful|beautiful|stupid|tough|"
    r"important|unacceptable|eagerness|cannot (?:win|hold|last)|(?:not|never) (?:looking|interested|serious))\b"
)
_CHANCE = re.compile(r"\b(?:chances?|odds|probability|likelihood) of\b")
_HELD_VIEWS = ("doubt", "believe", "think", "fear", "hope", "suspect", "feel", "imagine", "worry")
_DENYING = ("oppose", "reject", "refuse")


def _told(text: str, said: Voice, kind: str) -> str:
    if _VERDICT.search(text) or said.verb in _HELD_VIEWS:
        return "opinion"
    known = lexicon.actor(said.name)
    if said.verb in _DENYING:
        return "asserted" if known and known.kind == "person" else "reported"
    if said.verb in ("forecast", "predict", "expect", "project", "warn") or (
        kind == "forecast" and (_WILL.search(text) or _CHANCE.search(text))
    ):
        return "forecast"
    return "reported"


_GUESS = re.compile(r"\b(may|might|perhaps|probably|possibly|presumably|maybe|cannot|can't|no \w+ would)\b")
_SURMISE = re.compile(r"\b(?:perhaps|probably|possibly|presumably|maybe)\b")
_FIGURE_OF_SPEECH = re.compile(
    r"\b((?:the|russian|wounded) bear|tigers?|wol(?:f|ves)|fox(?:es)?|vultures?|jackals?|hyenas?|serpents?|puppets?|"
    r"pawns?|gamblers?|poker|chess(?:board)?|dice|roulette|wager\w*|noose|ropes?|gallows|guillotine|graveyards?|coffins?|"
    r"corpses?|funerals?|slaughter\w*|butcher\w*|meat ?grinder|cannon fodder|furnace|inferno|abyss|swamp|quagmire|"
    r"circus|clowns?|charade|farce|theat(?:er|re) of|dreams? of|nightmare|throne|tsar|crown|angels?|devils?|saints?|"
    r"sinners?|messiah|prophets?|beggars?|thie(?:f|ves)|bandits?|gangsters?|mafia|mad(?:man|ness)|vassal\w*|empire|"
    r"ble(?:d|eds?|eding)|(?:out|short) of breath|suffocat\w+|strangl\w+|chok(?:es|ed|ing)|gasp\w*|limp(?:s|ed|ing)|"
    r"crumbl\w+|rott(?:en|ing)|gut(?:s|ted)|swallow\w*|devour\w*|gobbl\w*|poison(?:ed|s|ing)|house of cards|"
    r"domino(?:es)?|sinking ship|iceberg|fairy tales?|on (?:his|her|its|their) knees|stooges?|cronies|henchmen|"
    r"warmonger\w*|lapdogs?|lackeys?)\b"
)
"""Images and invective: who writes so gives a view, not a record."""
_TRYING = re.compile(
    r"\b((?:is|are|was|were|'s|'re|keeps?) (?:\w+ly )?(?:working|trying|looking|hoping|seeking|"
    r"plotting|playing|betting|waiting)|sells? (?:it|this|that) as|never wanted|refuses to|"
    r"at (?:great|terrible|huge) cost|badly|in our view)\b"
)
"""What an author reads into somebody's doings, or how he weighs them."""


def _own(text: str, kind: str, *, reading: bool, measured: bool) -> str:
    """The author's own words: a number is stated, unless it is a guess; a guess, a view and an image are opinion."""
    judged = lexicon.JUDGEMENT.search(text)
    future = kind == "forecast" or (kind != "event" and lexicon.FUTURE.search(text))
    guess = (kind != "event" and _GUESS.search(text)) or _SURMISE.search(text)
    if guess:
        return "opinion"
    if (measured and kind in _PLAIN) or _ON_PAPER.search(text):
        return "opinion" if judged and kind == "intention" else "asserted"
    if kind == "causal" and (future or lexicon.MODAL.search(text)):
        return "forecast"
    if kind == "forecast":
        return "opinion" if judged and not lexicon.FUTURE.search(text) else "forecast"
    if reading or judged or _FIGURE_OF_SPEECH.search(text) or _TRYING.search(text):
        return "forecast" if future and not (judged or reading) else "opinion"
    return "forecast" if future or (lexicon.MODAL.search(text) and kind != "event") else "asserted"


_PLAIN = ("stock", "flow", "location", "rate", "event", "intention")
_ON_PAPER = re.compile(
    r"\b(?:budget|law|plan|draft|treaty|memorandum|document|text)(?: [\w']+){0,4} "
    r"(?:assum\w+|envisag\w+|provides?|stipulat\w+)\b"
)


_DIGIT = {"asserted": "2", "reported": "2", "alleged": "4", "unconfirmed": "4", "opinion": "3", "forecast": "3"}


def admiralty(said: Voice, hedged: str) -> str:
    """Reliability of the source and credibility of what it says."""
    return _letter(said, hedged) + _DIGIT[hedged]


def _letter(said: Voice, hedged: str) -> str:
    if said.is_author:
        return "D" if hedged in ("opinion", "unconfirmed", "alleged") else "C"
    name = lexicon.fold(said.name)
    if hedged in ("unconfirmed", "alleged") or lexicon.ANONYMOUS.search(name):
        return "D"
    known = lexicon.actor(said.name)
    if known and known.kind in ("poll", "analyst", "person", "office", "state", "body"):
        return "B"
    return "B" if lexicon.OFFICES.search(name) or re.search(r"\b(poll|survey)", name) else "C"
