"""An article → its claims.

Each paragraph without its boilerplate is parsed; each sentence is cut into clauses (`clause`); each clause that states
something becomes one claim with the shortest verbatim span that says it. A number that no claim carries yet becomes a
claim of its own. Voice and hedge come from `speaker`, kind and topic from `sense`, figures from `measure`, days from
`dating`. Questions, orders, headings and remarks about the text itself are no claims.

Nothing in a text is followed, run or fetched: a text can only yield claims that quote it.

Left out: irony, tables, what pictures show; a pronoun is resolved to the last fitting name, which is wrong at times.
"""

from __future__ import annotations

import dataclasses
import datetime
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ceasefire.evidence.article import dating, lexicon, measure, sense, speaker, whereabouts
from ceasefire.evidence.article.clause import (
    Clause,
    asides,
    clauses,
    inventory,
    language,
    linked,
    nominals,
    noun_phrases,
    whole_text,
)
from ceasefire.evidence.article.speaker import NARRATOR, Voice
from ceasefire.evidence.claim import MAX_TEXT, Claim, is_unit

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token
    from spacy.tokens import Span as Words

    from ceasefire.evidence.article.document import Document
    from ceasefire.evidence.article.language_model import LanguageModel

MAX_PIECE = 12_000
"""Most characters parsed at once; a longer paragraph is cut at white space."""
MAX_SENTENCE = 200
"""Longest sentence that is cut into clauses, tokens; a longer run of text is no prose and yields no claim."""
MAX_CLAIMS = 5_000
MIN_REPEAT = 5
"""Fewest words of a span that can repeat another."""
UNDATED = "undated"


@dataclass(frozen=True)
class Piece:
    """A stretch of an article that is parsed by itself."""

    start: int
    text: str
    paragraph: int
    voice: Voice = NARRATOR
    pulled: bool = False
    """A paragraph of one short sentence: perhaps a pull quote."""


@dataclass
class Mention:
    """A name that a pronoun may stand for."""

    name: str
    kind: str
    subject: bool


@dataclass
class Draft:
    """A clause on its way to a claim."""

    clause: Clause
    start: int
    end: int
    sentence: str
    voice: Voice
    measures: list[measure.Measure]
    as_of: str
    places: tuple[str, ...]
    subject: str
    pulled: bool
    dated: bool = False
    """A date stands in the clause itself."""
    around: Clause | None = None
    """The clause that a further figure stands in."""
    minded: bool = False
    """It is what somebody is said to think."""


@dataclass
class Reading:
    """What is remembered from one sentence to the next."""

    document: Document
    mentions: list[Mention] = field(default_factory=list)
    past: str | None = None
    """Last past date of the paragraph."""
    places: whereabouts.Memory = field(default_factory=whereabouts.Memory)
    counted: measure.Measure | None = None
    """Last figure of the paragraph."""
    surveyed: str | None = None
    """Time of the last poll of the paragraph."""
    paragraph: int = -1
    quoting: Voice | None = None
    bodies: list[str] = field(default_factory=list)
    """Names of more than one word that have spoken."""

    def full(self, voice: Voice) -> Voice:
        """The voice under its full name: `the Ministry` is the ministry that spoke before."""
        if " " in voice.name and voice.name not in self.bodies:
            self.bodies.append(voice.name)
        if voice.name not in _SHORT:
            return voice
        longer = (name for name in reversed(self.bodies) if voice.name in name.split())
        return dataclasses.replace(voice, name=next(longer, voice.name))


_SHORT = ("Ministry", "ministry", "Institute", "institute", "Staff", "Agency", "agency", "Centre", "Center", "Service")


def extract(document: Document, *, model: LanguageModel | None = None) -> list[Claim]:
    """Claims of an article in the order of its text; those that only a language model finds are added.

    Raises `EvidenceError` where spaCy or its model is not installed, or the language model cannot be asked.
    """
    drafts: list[Draft] = []
    reading = Reading(document)
    pieces = list(_pieces(document))
    for piece, parsed in zip(pieces, language().pipe([piece.text for piece in pieces], batch_size=32), strict=True):
        drafts.extend(_read(piece, parsed, reading))
        if len(drafts) > MAX_CLAIMS:
            break
    found = [claim for draft in drafts[:MAX_CLAIMS] for claim in _claims(document, draft)]
    if model is not None:
        from ceasefire.evidence.article import language_model

        found = _with_model(found, language_model.claims(document, model))
    return _numbered(document, _linked(found, [draft for draft in drafts if draft.pulled]))


# Pieces --------------------------------------------------------------------------------------------------------------


def _pieces(document: Document) -> Iterator[Piece]:
    for number, paragraph in enumerate(document.paragraphs):
        for start, end in _without(paragraph, _left_out(document)):
            text = document.text[start:end]
            told = speaker.label(text)
            said = NARRATOR
            if told and lexicon.actor(told[0]) and lexicon.actor(told[0]).kind == "person":  # type: ignore[union-attr]
                said, start = Voice(told[0], "say"), start + told[1]
            for begin, stop in _chunks(document.text, start, end):
                body = document.text[begin:stop]
                if sum(letter.isalpha() for letter in body) >= 8:
                    yield Piece(begin, body, number, said, pulled=(begin, stop) == tuple(paragraph))


def _left_out(document: Document) -> list[tuple[int, int]]:
    spans = [(span[0], span[1]) for span in document.boilerplate]
    title = getattr(document, "title_span", None)
    if title is not None:
        spans.append((title[0], title[1]))
    return sorted(spans)


def _without(paragraph: tuple[int, int], gaps: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    start, end = paragraph
    for low, high in gaps:
        if high <= start or low >= end:
            continue
        if low > start:
            yield start, low
        start = max(start, high)
    if start < end:
        yield start, end


def _chunks(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > MAX_PIECE:
        cut = text.rfind(" ", start, start + MAX_PIECE)
        cut = cut if cut > start else start + MAX_PIECE
        yield start, cut
        start = cut
    yield start, end


# Sentences -----------------------------------------------------------------------------------------------------------

_ABOUT_TEXT = re.compile(
    r"^(?:as (?:noted|mentioned|discussed|described|explained|seen|shown) (?:above|earlier|below|before)|more on "
    r"(?:this|that)|see (?:also|below|above)|"
    r"in (?:this|the previous|an earlier) (?:article|post|column|section)"
    r"|here (?:is|are)\b|every (?:week|month|year) we\b|"
    r"(?:read|watch|listen|click|subscribe|"
    r"sign up|follow|share|support|donate)\b)"
)


def _read(piece: Piece, parsed: Doc, reading: Reading) -> Iterator[Draft]:
    if piece.paragraph != reading.paragraph:
        reading.paragraph, reading.past, reading.quoting = piece.paragraph, None, None
        reading.counted = reading.surveyed = None
        reading.places.turn()
    quoted = list(speaker.quotes(piece.text))
    sentences = [sentence for sentence in parsed.sents if len(sentence) <= MAX_SENTENCE]
    for sentence in sentences:
        known = len(reading.mentions)
        reading.mentions.extend(_mentions(sentence))
        resolve = _resolver(reading, known, sentence)
        if not _is_statement(sentence, piece):
            continue
        yield from _statements(piece, sentence, reading, resolve, quoted, alone=len(sentences) == 1)
        del reading.mentions[:-200]


def _is_statement(sentence: Words, piece: Piece) -> bool:
    text = sentence.text.strip()
    words = [token for token in sentence if token.is_alpha]
    if len(words) < 3 or text.rstrip("”\"'’) ").endswith("?") or _ABOUT_TEXT.match(lexicon.fold(text)):
        return False
    root = sentence.root
    has_subject = any(child.dep_ in speaker.SUBJECTS for child in root.children)
    if root.tag_ == "VB" and not has_subject and not any(child.dep_ == "aux" for child in root.children):
        return False
    ended = text.rstrip("”\"'’)] ").endswith((".", "!", "…", ";", ":"))
    if not ended and sentence.end == len(sentence.doc):
        listed = bool(re.match(r"\s*(?:[-•*–—·]|\d+[.)])", piece.text))
        if re.match(r"\s*\d+[.)]", piece.text) and len(words) <= MAX_HEADING and piece.pulled:
            return False
        return listed or (has_subject and len(words) >= 8) or any(letter.isdigit() for letter in text)
    return True


MAX_HEADING = 8
"""Most words of a numbered line without a full stop that is a heading; arbitrary."""


def _statements(
    piece: Piece,
    sentence: Words,
    reading: Reading,
    resolve: speaker.Resolve,
    quoted: list[tuple[int, int]],
    *,
    alone: bool,
) -> Iterator[Draft]:
    text = reading.document.text
    low, high = piece.start + sentence.start_char, piece.start + sentence.end_char
    dates = dating.find(text, reading.document.published, low, high)
    figures = [_after(text, item, sentence, reading) for item in measure.find(text, low, high)]
    figures = [item for item in figures if _counts(item, dates, text) and not _counts_speakers(item, text, high)]
    figures = [item for item in figures if not _is_period(item, figures, text)]
    found = clauses(sentence)
    _take_shares(found, figures, piece)
    found = [clause for clause in found if not (_is_frame(clause) or _only_names(clause))] or found[:1]
    found = [*found, *nominals(sentence, found)]
    found = linked(sentence, found)
    found = [*found, *asides(sentence, found)]
    found = sorted(
        [*found, *inventory(found), *_adjoined(found, figures, piece)], key=lambda clause: (clause.start, clause.end)
    )
    carried = _carried(piece, sentence, reading, quoted)
    _take_result(found, figures, piece, sentence)
    shared = _shared_figures(found, figures, piece)
    said = NARRATOR
    for clause, own in zip(found, shared, strict=True):
        said = reading.full(speaker.voice(clause.head, sentence, resolve, carried))
        own.sort(key=lambda item: item.value is None)
        main, further_ones = _main_figure(clause, own, piece, dates)
        host = _draft(piece, sentence, clause, main, said, dates, reading, resolve, pulled=piece.pulled and alone)
        if len(main) and len(own) > 1:
            near = _until_break(own, dates, text)
            own_date = _dated_by(own[0], own, clause, piece, dates)
            host.as_of = own_date or _as_of(clause, piece, near, reading, sentence, own[0])
        yield host
        for extra in further_ones:
            part = _around(sentence, extra, piece)
            further = _draft(piece, sentence, part, [extra], said, dates, reading, resolve, pulled=False)
            if own_date := _dated_by(extra, own, clause, piece, dates):
                further.as_of, further.dated = own_date, True
            yield _within(further, clause, host)
    for part in _weapons(sentence, found):
        said = speaker.voice(part.head, sentence, resolve, carried)
        own = [
            item for item in figures if piece.start + part.start <= item.start and item.end <= piece.start + part.end
        ]
        yield _draft(piece, sentence, part, own[:1], said, dates, reading, resolve, pulled=False)
    for extra in _left_over(found, figures, piece):
        part = _around(sentence, extra, piece)
        said = speaker.voice(part.head, sentence, resolve, carried)
        yield _draft(piece, sentence, part, [extra], said, dates, reading, resolve, pulled=False)
    _remember(sentence, reading, dates, resolve, carried)


_BACK = lexicon.words("it they them that this these those which")


def _after(text: str, item: measure.Measure, sentence: Words, reading: Reading) -> measure.Measure:
    """A figure, read after the last one of its paragraph where its sentence leans on that."""
    leans = sentence[0].like_num or any(token.lower_ in _BACK and token.pos_ in ("PRON", "DET") for token in sentence)
    if reading.counted is not None and leans:
        item = measure.follow(text, reading.counted, item)
    if item.noun or item.unit in ("persons", "count", "km2", "GW"):
        reading.counted = item
    return item


def _take_shares(found: list[Clause], figures: list[measure.Measure], piece: Piece) -> None:
    """`63 percent told the pollster that …`: the share belongs to what they said."""
    shares = [item.start - piece.start for item in figures if item.unit == "percent"]
    for clause in found:
        if not _is_frame(clause):
            continue
        who = speaker.subject(clause.head)
        if who is None or not any(who.left_edge.idx <= low <= who.idx for low in shares):
            continue
        said = next((other for other in found if other.head.head.i == clause.head.i and other is not clause), None)
        if said is not None and clause.start < said.start:
            said.start, said.tokens = clause.start, [*clause.tokens, *said.tokens]


def _take_result(found: list[Clause], figures: list[measure.Measure], piece: Piece, sentence: Words) -> None:
    """`The record was the first week: 2,000 launches`: the figure behind the colon is what the clause states."""
    for item in _left_over(found, figures, piece):
        low = item.start - piece.start
        before = next((clause for clause in found if 0 <= low - clause.end <= MAX_COLON and not clause.nominal), None)
        if before is None or ":" not in whole_text(sentence.doc)[before.end : low]:
            continue
        if not any(before.start <= other.start - piece.start < before.end for other in figures):
            before.end = max(_around(sentence, item, piece).end, item.end - piece.start)


MAX_COLON = 3
_ADJOINING = frozenset(["with", "after", "despite", "amid", "following", "including"])


def _adjoined(found: list[Clause], figures: list[measure.Measure], piece: Piece) -> Iterator[Clause]:
    """Phrases that add a figure to a clause that says more: `with a population of …`, `after a siege of …`."""
    for item in figures:
        low, high = item.start - piece.start, item.end - piece.start
        around = [clause for clause in found if clause.start <= low and high <= clause.end]
        if not around or (clause := min(around, key=lambda other: other.end - other.start)).nominal:
            continue
        token = next((word for word in clause.tokens if word.idx + len(word) > low), clause.head)
        for _ in range(6):
            if (token.lower_ in _ADJOINING and token.dep_ == "prep") or token.i == clause.head.i:
                break
            token = token.head
        words = [word for word in token.subtree if word in clause.tokens]
        if token.lower_ not in _ADJOINING or len(words) > 14 or len(clause.tokens) - len(words) < 6 or token.idx > low:
            continue
        inside = [word for word in words if word.idx <= high]
        stop = inside[-1].idx + len(inside[-1])
        yield Clause(token, token.idx, max(stop, high), words, nominal=True)


_FOR = re.compile(r"\b(?:for|lasting|during|over)\s(?:\w{1,8}\s)?$")
_LASTING = lexicon.words("last take spend need require run wait continue hold")


def _main_figure(
    clause: Clause, own: list[measure.Measure], piece: Piece, dates: list[dating.Dated]
) -> tuple[list[measure.Measure], list[measure.Measure]]:
    """The figure that a clause states, and those beside it; what happened on a day lasts beside that."""
    low, high = piece.start + clause.start, piece.start + clause.end
    dated = any(low <= date.start and date.end <= high and date.precision == "day" for date in dates)
    words = whole_text(clause.head.doc)
    before = words[max(0, own[0].start - piece.start - 16) : own[0].start - piece.start] if own else ""
    lasts = bool(own) and own[0].unit in measure.DAYS and clause.head.lemma_.lower() not in _LASTING
    lasts = (
        lasts
        and _FOR.search(before) is not None
        and "-" not in words[own[0].start - piece.start : own[0].end - piece.start]
    )
    if dated and lasts and clause.head.tag_ == "VBD" and not clause.nominal:
        return [], own
    return own[:1], own[1:]


_KNOWN_ALREADY = re.compile(r"\b(?:the|these|those|its|their|his|both|all)\s$")
FEW = 12


def _counts(item: measure.Measure, dates: list[dating.Dated], text: str) -> bool:
    """A measure that states an amount, and is no part of a date; `the two countries` are known to be two."""
    if any(item.start < date.end and date.start < item.end for date in dates):
        return False
    small = item.value is not None and item.value <= FEW and item.unit in ("count", "persons")
    if small and text[item.start].isalpha() and _KNOWN_ALREADY.search(text[max(0, item.start - 8) : item.start]):
        return False
    return not (item.unit == "count" and item.noun is None and item.value is not None and item.value <= 2)


_SPEAKERS = re.compile(
    r"(?:[\w’'-]{1,20} ){0,4}?(?:officials?|diplomats?|sources?|analysts?|negotiators?|economists?|experts?|"
    r"people (?:familiar|briefed|close)|aides?|advis[eo]rs?|persons?|officers?|lawmakers?)\b"
)
_SPOKEN = re.compile(r"\b(?:sa(?:y|ys|id)|told|believes?d?|fears?|puts?|expects?|thinks?|estimates?|claims?|warn\w*)\b")


def _counts_speakers(item: measure.Measure, text: str, stop: int) -> bool:
    """`two officials said`: how many say it is no claim of theirs."""
    small = item.value is not None and item.value <= FEW and item.unit in ("count", "persons")
    named = _SPEAKERS.match(text, item.start, min(stop, item.start + 80)) if small else None
    if named is None:
        return False
    before = text[max(0, item.start - 24) : item.start].lower()
    return "according to" in before or bool(_SPOKEN.search(text[named.end() : min(stop, named.end() + 24)]))


_THROUGH = re.compile(
    r"\b(?:in|over|during|within)\s(?:the\s|these\s|those\s)?(?:same\s|past\s|last\s|previous\s)?$", re.I
)


def _is_period(item: measure.Measure, figures: list[measure.Measure], text: str) -> bool:
    """A length of time in which something else was counted: `over four weeks`, `in the same two months`."""
    if item.unit not in measure.DAYS or item.value is None:
        return False
    before = text[max(0, item.start - 28) : item.start]
    opening = text.startswith(("Over ", "Within "), item.start)
    if not opening and not _THROUGH.search(before):
        return False
    return any(other.unit not in measure.DAYS for other in figures)


_ISSUED = lexicon.words("publish release take conduct carry commission run complete issue cite obtain see")
_INQUIRY = lexicon.words("poll survey study report statement interview document letter memo assessment analysis")
MAX_SOURCE = 7
"""Most words of `as the ministry reports`."""


def _names_source(clause: Clause) -> bool:
    """Only says where the rest is from: `a poll published in May`, `as the ministry reports`, `we assess`."""
    head = clause.head
    if head.dep_ == "acl" and head.lemma_.lower() in _ISSUED and head.head.lemma_.lower() in _INQUIRY:
        return True
    if head.lemma_.lower() not in lexicon.SAYING or len(clause.text.split()) > MAX_SOURCE:
        return False
    who = speaker.subject(head)
    opened = {child.lower_ for child in head.children} & {"as", "so", "if"}
    said = any(child.dep_ in ("dobj", "attr", "acomp", "neg") for child in head.children)
    bare = all(child.dep_ in (*speaker.SUBJECTS, "punct", "ccomp", "cc", "conj", "advmod") for child in head.children)
    aside = bare and head.tag_ in ("VBD", "VBZ", "VBP") and len(clause.text) < len(head.sent.text) // 2
    return who is not None and not said and (bool(opened) or aside or who.lower_ in ("we", "i"))


def _only_names(clause: Clause) -> bool:
    """`According to the minister, Jane Doe`: a source and no more."""
    verbs = any(child.dep_ in speaker.SUBJECTS for token in clause.tokens for child in token.children)
    return not verbs and clause.text.lower().startswith("according to") and not any(map(str.isdigit, clause.text))


def _is_frame(clause: Clause) -> bool:
    """Only introduces speech: verb of saying, its subject, and little else."""
    head = clause.head
    if not clause.nominal and _names_source(clause):
        return True
    if clause.nominal or not (speaker.frame(head) or _tells_of_speech(head)):
        return False
    who = speaker.subject(head)
    own = [
        token for token in clause.tokens if token.is_alpha and token.dep_ not in ("aux", "mark", "advmod", "npadvmod")
    ]
    named = set(who.subtree) if who is not None else set()
    rest = [token for token in own if token not in named and token.i != head.i]
    return len(rest) <= MAX_FRAME


MAX_FRAME = 8
"""Most words of an introduction beside its verb and subject."""


def _tells_of_speech(head: Token) -> bool:
    """`There are reports that …`, `he issued a statement saying that …`."""
    return any(
        child.dep_ in ("attr", "dobj", "nsubj")
        and child.lemma_.lower() in lexicon.SPEECH_NOUNS
        and any(word.dep_ in ("acl", "ccomp", "relcl") for word in child.children)
        for child in head.children
    )


def _carried(piece: Piece, sentence: Words, reading: Reading, quoted: list[tuple[int, int]]) -> Voice:
    """The voice of the interview's speaker, or of a quotation that runs on."""
    if not piece.voice.is_author:
        return piece.voice
    inside = any(start <= sentence.start_char and sentence.end_char <= end + 1 for start, end in quoted)
    return reading.quoting if inside and reading.quoting is not None else NARRATOR


def _remember(
    sentence: Words, reading: Reading, dates: list[dating.Dated], resolve: speaker.Resolve, carried: Voice
) -> None:
    published = reading.document.published
    gone = [date.as_of for date in dates if published is None or date.as_of[:10] <= published]
    if gone:
        reading.past = max(gone, key=lambda date: (not date.endswith(f"/{published}"), date))
    said = [
        found
        for token in sentence
        if speaker.is_clausal(token)
        and (found := speaker.voice(token, sentence, resolve)) is not NARRATOR
        and not found.is_author
    ]
    if said and any(mark in sentence.text for mark in '“”"«»„'):
        reading.quoting = said[-1]
    elif not carried.is_author:
        reading.quoting = carried


def _shared_figures(found: list[Clause], figures: list[measure.Measure], piece: Piece) -> list[list[measure.Measure]]:
    """Each figure to the shortest clause around it."""
    shared: list[list[measure.Measure]] = [[] for _ in found]
    for item in figures:
        around = [
            (clause.end - clause.start, index)
            for index, clause in enumerate(found)
            if piece.start + clause.start <= item.start and item.end <= piece.start + clause.end
        ]
        if around:
            shared[min(around)[1]].append(item)
    return shared


def _left_over(found: list[Clause], figures: list[measure.Measure], piece: Piece) -> list[measure.Measure]:
    return [
        item
        for item in figures
        if not any(
            piece.start + clause.start <= item.start and item.end <= piece.start + clause.end for clause in found
        )
    ]


_SENT = re.compile(
    r"\b(package|deliver\w*|suppl(?:y|ies|ied)|send\w*|sent|transfer\w*|aid|includ\w+|provid\w+|receiv\w+|"
    r"donat\w+|arms|sale)\b"
)


def _weapons(sentence: Words, found: list[Clause]) -> Iterator[Clause]:
    """Further kinds of weapon in a list of what is sent: one claim each."""
    text = sentence.text.lower()
    if not _SENT.search(text):
        return
    named: set[int] = set()
    for match in lexicon.WEAPONS.finditer(text):
        low = sentence.start_char + match.start()
        around = [index for index, clause in enumerate(found) if clause.start <= low < clause.end]
        shortest = min(around, key=lambda index: found[index].end - found[index].start, default=None)
        if shortest is not None and shortest not in named:
            named.add(shortest)
            continue
        chunk = next((chunk for chunk in noun_phrases(sentence) if chunk.start_char <= low < chunk.end_char), None)
        if chunk is not None:
            start, stop = chunk.start_char, chunk.end_char
            if chunk.root.dep_ == "pobj" and chunk.start >= 3 and chunk.doc[chunk.start - 1].lower_ == "of":
                start = chunk.doc[chunk.root.head.head.left_edge.i].idx
            yield Clause(chunk.root, min(start, chunk.start_char), stop, list(chunk), nominal=True)


_AMOUNTS = lexicon.words("rate fall rise drop increase decrease decline share total average pace speed growth package")


def _around(sentence: Words, item: measure.Measure, piece: Piece) -> Clause:
    """The noun phrase of a figure."""
    doc = sentence.doc
    low, high = item.start - piece.start, item.end - piece.start
    tokens = [token for token in sentence if token.idx < high and token.idx + len(token) > low] or [sentence.root]
    head = tokens[-1]
    for _ in range(3):
        if head.dep_ in ("nummod", "quantmod", "compound", "amod", "npadvmod") and head.head in sentence:
            head = head.head
    first = min(tokens[0].i, head.i)
    whole = head.head.head if head.dep_ == "pobj" and head.head.lower_ == "of" else head
    if whole.lemma_.lower() in _AMOUNTS and 0 < first - whole.left_edge.i <= 4:
        first = whole.left_edge.i
    for word in head.lefts:
        if word.dep_ in ("det", "amod", "compound", "nummod", "poss", "nmod", "quantmod"):
            first = min(first, word.left_edge.i)
    last = max(tokens[-1].i, head.i)
    for child in head.rights:
        if child.dep_ == "prep" and child.right_edge.i - last <= 8:
            last = child.right_edge.i
            break
    first = min(first, tokens[0].i) if tokens[0].i - first <= 10 else tokens[0].i
    last = last if last - tokens[-1].i <= 12 else tokens[-1].i
    words = list(doc[first : last + 1])
    return Clause(head, doc[first].idx, doc[last].idx + len(doc[last]), words, nominal=True)


# Names and places -----------------------------------------------------------------------------------------------------


def _mentions(sentence: Words) -> Iterator[Mention]:
    for token in sentence:
        if token.text not in _HIGH_OFFICES or token.ent_type_ or token.i + 1 == len(token.doc):
            continue
        if not (token.nbor().ent_type_ or token.nbor().pos_ == "PROPN"):
            stated = token.dep_ == "poss" and token.head.lemma_ in ("view", "opinion", "word")
            yield Mention(token.text, "person", token.dep_ in speaker.SUBJECTS or stated)
    for entity in sentence.ents:
        subject = entity.root.dep_ in speaker.SUBJECTS or entity.root.dep_ == "attr"
        known = lexicon.actor(entity.text)
        if known is not None:
            yield Mention(known.name, "person" if known.kind == "person" else "body", subject)
        elif entity.label_ == "PERSON":
            yield Mention(entity.text, "person", subject)
        elif entity.label_ in ("ORG", "GPE"):
            yield Mention(entity.text, "body", subject)


_HIGH_OFFICES = ("President", "Minister", "Chancellor", "Premier", "Governor", "Commander-in-Chief")
_PERSONAL = frozenset(["he", "him", "his", "she", "her", "hers", "who"])


def _resolver(reading: Reading, known: int, sentence: Words) -> speaker.Resolve:
    """Finds the name behind a pronoun: the last fitting subject, else the last fitting name."""

    def resolve(token: Token) -> str | None:
        word = token.lower_
        if word in ("who", "which", "that", "whose", "where") and token.head.dep_ == "relcl":
            return speaker.name_of(token.head.head, lambda _: None)
        kind = "person" if word in _PERSONAL else "body"
        if word in ("they", "their", "them", "we", "i", "you", "this", "that", "these", "those", "what"):
            return None
        before = [entity for entity in sentence.ents if entity.start < token.i]
        names = [*reading.mentions[:known], *_mentions_of(before)]
        fitting = [mention for mention in names[-24:] if mention.kind == kind]
        subjects = [mention for mention in fitting[-4:] if mention.subject]
        return (subjects or fitting or [Mention("", "", False)])[-1].name or None

    return resolve


def _mentions_of(entities: Iterable[Words]) -> Iterator[Mention]:
    for entity in entities:
        yield from _mentions(entity)


# Claims --------------------------------------------------------------------------------------------------------------


def _draft(
    piece: Piece,
    sentence: Words,
    clause: Clause,
    figures: list[measure.Measure],
    said: Voice,
    dates: list[dating.Dated],
    reading: Reading,
    resolve: speaker.Resolve,
    *,
    pulled: bool,
) -> Draft:
    return Draft(
        clause=clause,
        start=piece.start + clause.start,
        end=piece.start + clause.end,
        sentence=sentence.text.strip()[:MAX_TEXT],
        voice=said,
        measures=figures,
        as_of=_as_of(clause, piece, dates, reading, sentence, figures[0] if figures else None),
        places=whereabouts.whereabouts(clause, sentence, reading.places),
        subject=_subject(clause, resolve),
        pulled=pulled,
        minded=_minded(clause),
        dated=any(piece.start + clause.start <= date.start and date.end <= piece.start + clause.end for date in dates),
    )


def _within(draft: Draft, clause: Clause, host: Draft) -> Draft:
    """A further figure is about the time and place of the clause that it stands in."""
    as_of = draft.as_of if draft.dated else host.as_of
    return dataclasses.replace(
        draft, around=clause, as_of=as_of, places=host.places, subject=host.subject, minded=host.minded
    )


def _minded(clause: Clause) -> bool:
    """The clause is the content of a thought: `believes that …`, `fears that …`."""
    token = clause.head
    for _ in range(speaker.MAX_CLIMB):
        if token.dep_ in ("ccomp", "acl") and token.head.lemma_.lower() in _THINKING:
            return True
        if token.head.i == token.i or token.dep_ not in ("conj", "ccomp", "xcomp", "acl", "advcl"):
            return False
        token = token.head
    return False


_THINKING = frozenset({*lexicon.MENTAL, "believe", "think", "expect", "calculate", "reckon", "belief", "fear"}) - {
    "know",
    "see",
}


def _as_of(
    clause: Clause,
    piece: Piece,
    dates: list[dating.Dated],
    reading: Reading,
    sentence: Words,
    figure: measure.Measure | None = None,
) -> str:
    """The date in the clause; else of its past sentence or paragraph; else the day of publication."""
    published = reading.document.published
    whole = reading.document.text
    dates = [date for date in dates if not _BESIDE.search(whole[max(0, date.start - 16) : date.start])]
    if figure is not None and figure.unit == "percent" and _is_survey(clause, sentence, reading):
        return _fieldwork(dates, reading, figure)
    low, high = piece.start + clause.start, piece.start + clause.end
    inside = [date for date in dates if low <= date.start and date.end <= high]
    if not inside and clause.nominal and figure is not None:
        inside = [date for date in dates if figure.end <= date.start and date.end <= figure.end + MAX_TO_DATE // 2]
    if inside and (gone := _last_year(inside[0], clause, sentence, figure, whole, published)):
        return gone
    if not inside and reading.past and _SAME_PERIOD.search(clause.text if figure is None else sentence.text):
        return reading.past
    if inside and not _is_to_come(inside[0], clause, piece, published):
        return inside[0].as_of
    if _is_past(clause, sentence, figure):
        near = [date for date in dates if published is None or date.as_of[:10] <= published]
        if near:
            return near[0].as_of
        if reading.past:
            return reading.past
    return published or UNDATED


_SAME_PERIOD = re.compile(r"\b(?:the|that|this) same (?:\w{2,10} )?(?:days?|weeks?|months?|period|time)\b")


def _last_year(
    date: dating.Dated,
    clause: Clause,
    sentence: Words,
    figure: measure.Measure | None,
    text: str,
    published: str | None,
) -> str | None:
    """`had confirmed so many by 19 July`: a day without its year, in a clause of the past, lies before publication."""
    told = text[date.start : date.end]
    if published is None or date.precision != "day" or len(date.as_of) != 10 or date.as_of <= published:
        return None
    year = int(date.as_of[:4]) - 1
    if str(year + 1) in told or not any(map(str.isdigit, told)):
        return None
    had = any(child.dep_ == "aux" and child.lower_ == "had" for child in clause.head.children)
    earlier = f"{year}{date.as_of[4:]}"
    return earlier if earlier <= published and (had or _is_past(clause, sentence, figure)) else None


_BESIDE = re.compile(r"\bthan (?:it was |they were )?(?:in |at |on |during )?(?:the )?$")
"""Leads to a date that something is compared with."""


def _is_past(clause: Clause, sentence: Words, figure: measure.Measure | None) -> bool:
    """The clause tells of what was; a figure without a verb does where its sentence does."""
    if clause.nominal and figure is None:
        return False
    head = sentence.root if clause.nominal else clause.head
    auxiliary = {child.lower_: child.tag_ for child in head.children if child.dep_ in ("aux", "auxpass")}
    if "MD" in auxiliary.values():
        return "have" in auxiliary and head.tag_ == "VBN"
    if "VBD" in auxiliary.values() or head.tag_ == "VBD":
        return True
    return head.tag_ == "VBN" and not auxiliary and head.dep_ in ("acl", "ROOT", "ccomp", "relcl", "conj")


def _is_to_come(date: dating.Dated, clause: Clause, piece: Piece, published: str | None) -> bool:
    """A day after publication that belongs to an aim or a demand, which is held now."""
    if published is None or date.as_of[:10] <= published or clause.nominal:
        return False
    if any(child.tag_ == "MD" and child.lower_ in ("should", "must", "ought") for child in clause.head.children):
        return True
    low = date.start - piece.start
    token = next((word for word in clause.tokens if word.idx + len(word) > low), clause.head)
    while token.head.i != token.i and not speaker.is_clausal(token):
        token = token.head
    aim = token.i != clause.head.i and any(child.tag_ == "TO" for child in token.children)
    return aim and clause.head.tag_ in ("VBZ", "VBP")


FIELDWORK_DAYS = 60
"""Days before publication in which a poll of unknown date was taken; pollsters publish up to two months late."""
_POLLING = re.compile(
    r"\b(?:poll(?:s|ed|ster\w*)?|surveys?|respondents|kiis|gallup|razumkov|levada|vciom|russian field|rating group|"
    r"info sapiens)\b"
)
_PEOPLE = re.compile(
    r"\b(?:ukrainians|russians|americans|germans|europeans|respondents|voters|citizens|of (?:them|people))\b"
)
_VIEW = re.compile(
    r"\b(?:favou?r|support|oppos|want|trust|believ|reject|accept|ready|willing|would|think|thought|approv|endur|"
    r"prefer|agree|surrender|against|undecided|called|say|said|told)\w*"
)


def _is_survey(clause: Clause, sentence: Words, reading: Reading) -> bool:
    """A share of people who hold a view."""
    text = lexicon.fold(clause.text)
    asked = reading.surveyed is not None or _POLLING.search(lexicon.fold(sentence.text)) or _PEOPLE.search(text)
    return bool(asked and _VIEW.search(text))


_TAKEN_IN = re.compile(
    r"\b(?:polls?|polled|surveys?|surveyed|found|taken|conducted|carried out|asked|fieldwork|published|released|"
    r"said|reported)(?: \w{1,12}){0,2}\s(?:in|on|of|from|between)?\s?$"
)


def _fieldwork(dates: list[dating.Dated], reading: Reading, figure: measure.Measure) -> str:
    """When a poll was taken: in the month that the text gives, else in the weeks before it was published."""
    published, text = reading.document.published, reading.document.text
    told = [
        date
        for date in dates
        if (published is None or date.as_of[:10] <= published)
        and (date.end <= figure.start or _TAKEN_IN.search(text[max(0, date.start - 40) : date.start]))
    ]
    if told:
        day = told[0].as_of
        reading.surveyed = _weeks_before(day) if told[0].precision == "day" else day
    return reading.surveyed or (_weeks_before(published) if published else UNDATED)


def _weeks_before(day: str) -> str:
    last = datetime.date.fromisoformat(day)
    return f"{last - datetime.timedelta(days=FIELDWORK_DAYS)}/{last}"


_BREAKING = re.compile(r"[,;]\s(?:and|but|while|whereas)\b")


def _until_break(own: list[measure.Measure], dates: list[dating.Dated], text: str) -> list[dating.Dated]:
    """The dates that may be meant with the first figure: none behind `, and` and another figure."""
    parted = [item.start for item in own[1:] if _BREAKING.search(text, own[0].end, max(own[0].end, item.start))]
    return [date for date in dates if not parted or date.start < min(parted)]


def _dated_by(
    item: measure.Measure, own: list[measure.Measure], clause: Clause, piece: Piece, dates: list[dating.Dated]
) -> str | None:
    """The date right behind one of several figures: `from $44 in November`."""
    following = [other.start for other in own if other.start > item.end]
    stop = min([*following, piece.start + clause.end, item.end + MAX_TO_DATE])
    return next((date.as_of for date in dates if item.end <= date.start and date.end <= stop), None)


MAX_TO_DATE = 40
"""Most characters between a figure and the end of its date."""


def _subject(clause: Clause, resolve: speaker.Resolve) -> str:
    head = clause.head
    if clause.nominal:
        return _named(next((child for child in head.children if child.dep_ == "poss"), head), resolve)
    found = speaker.subject(head)
    if found is None and head.dep_ in ("acl", "relcl"):
        found = head.head
    if found is None and head.dep_ in ("advcl", "xcomp", "conj", "pcomp"):
        found = speaker.subject(head.head) or (
            speaker.subject(head.head.head) if head.head.head.i != head.head.i else None
        )
    named = _counted_people(found) if found is not None else None
    return named or (_named(found, resolve) if found is not None else _named(head, resolve))


def _counted_people(share: Token) -> str | None:
    """Of whom a share is: `69 percent of Ukrainians`, `one in four Russians`; respondents where the text is silent."""
    if re.match(r"\w+ (?:in|out of) \w+ \w", share.doc[share.left_edge.i : share.i + 1].text) and share.is_alpha:
        return share.text
    is_share = share.lemma_.lower() in _SHARES or share.like_num or share.text == "%"
    if not is_share:
        return None
    after = share.nbor() if share.i + 1 < len(share.doc) else share
    of = next((child for child in share.children if child.dep_ == "prep" and child.lower_ in ("of", "among")), None)
    people = next((child for child in of.children if child.dep_ == "pobj"), None) if of is not None else None
    if people is None and share.like_num and after.pos_ in ("NOUN", "PROPN"):
        people = after
    if people is not None:
        return people.text if people.lower_ not in lexicon.PRONOUNS else "respondents"
    return "respondents" if speaker.is_opinion_share(lexicon.fold(share.sent.text)) else None


_SHARES = lexicon.words("percent % third quarter fifth tenth half majority plurality minority")


def _named(token: Token, resolve: speaker.Resolve) -> str:
    name = speaker.name_of(token, resolve)
    known = lexicon.actor(name)
    return (known.name if known else name)[:200] or token.text


def _claims(document: Document, draft: Draft) -> Iterator[Claim]:
    """The claim of a draft; one for each place where several are taken, held or offered; a capture also has its day."""
    claim = _claim(document, draft)
    if claim is None:
        return
    if _listed_places(claim, draft):
        for place in claim.places[:MAX_LISTED]:
            yield dataclasses.replace(claim, places=(place,), subject=place)
        return
    taken = bool(_TAKEN.search(lexicon.fold(claim.span))) and draft.dated and bool(claim.places) and claim.value is None
    if not taken:
        yield claim
        return
    yield dataclasses.replace(claim, quantity="capture_date", value_text=claim.as_of, unit="date", kind="event")
    held = sense.holder(lexicon.fold(claim.span))
    now = document.published or claim.as_of
    yield dataclasses.replace(claim, quantity="town_control", value_text=held, kind="location", unit=None, as_of=now)


_TAKEN = re.compile(
    r"\b(captured|seized|cleared|took (?:full )?control|liberated|recaptured|retook|fell to|overran|took the "
    r"(?:town|city|village))\b"
)
MAX_LISTED = 6


def _listed_places(claim: Claim, draft: Draft) -> bool:
    """All its places stand in one list: `the provinces of A and B`, `took A, B and C`."""
    held = claim.kind in ("location", "event") and claim.quantity in (
        "town_control",
        "territory_control_share",
        "capture_date",
    )
    offered = claim.kind in ("intention", "forecast") and claim.deal_element in (
        "south_status",
        "donetsk_status",
        "land_swap",
    )
    if len(claim.places) < 2 or claim.value is not None or not (held or offered):
        return False
    if len({name for _, name in whereabouts.matches(claim.span)}) < len(claim.places):
        return False
    names = "|".join(
        re.escape(word) for word in ("and", "or", ",", "the", "of", "villages", "towns", "cities", "oblasts", "regions")
    )
    between = re.split(r"[A-Z][\w’'-]+(?: [A-Z][\w’'-]+)*", claim.span[_first_place(claim) :])[1 : len(claim.places)]
    return all(re.fullmatch(rf"(?:\s|{names})*", gap) for gap in between)


def _first_place(claim: Claim) -> int:
    return next(
        (low for (low, _), name in whereabouts.matches(claim.span) if any(name in place for place in claim.places)), 0
    )


def _claim(document: Document, draft: Draft) -> Claim | None:
    span = document.text[draft.start : draft.end]
    if not span.strip() or len(span) > MAX_TEXT:
        return None
    text = _plain(span) + _inherited_mood(draft.clause)
    if draft.around is not None:
        text = f"{text} {_plain(draft.around.text)}"
    item = draft.measures[0] if draft.measures else None
    figure = _figure(document.text, text, item, draft.sentence) or _in_words(text, draft)
    told = sense.kind(text, draft.around or draft.clause, figure, reported=not draft.voice.is_author)
    if draft.minded and draft.voice.is_author and told in ("event", "stock", "rate"):
        told = "intention"
    if told in ("stock", "event") and lexicon.WEAPONS.search(text) and _SENT.search(draft.sentence.lower()):
        told = "flow"
        figure = figure or sense.Figure(unit="count")
    if figure is None and _is_dated(draft, told, text):
        figure = sense.Figure(unit="date")
    issue = lexicon.deal_element(text)
    reading = draft.voice.is_author and (draft.minded or bool(lexicon.MOTIVE.search(text)))
    measured = figure is not None and figure.value is not None
    hedged = speaker.hedge(text, draft.voice, told, reading=reading, measured=measured)
    held = sense.holder(text) if told in ("location", "event") else None
    quantity = sense.quantity(text, draft.clause, told, issue)
    return Claim(
        id=f"{document.name}-000",
        doc=document.name,
        span=span,
        start=draft.start,
        end=draft.end,
        subject=draft.subject or "text",
        quantity=quantity,
        value=figure.value if figure else None,
        value_low=figure.low if figure else None,
        value_high=figure.high if figure else None,
        value_text=_value_text(draft, figure, quantity, held),
        unit=figure.unit if figure else None,
        qualifier=figure.qualifier if figure else "none",
        places=draft.places,
        as_of=draft.as_of,
        attributed_to=draft.voice.name,
        source_side=draft.voice.side,
        hedge=hedged,
        admiralty_code=speaker.admiralty(draft.voice, hedged),
        kind=told,
        system=sense.system(text, lexicon.fold(draft.sentence)),
        deal_element=issue,
        negated=bool(lexicon.NEGATION.search(text)),
        published=document.published,
        sentence=draft.sentence or None,
    )


_MAY = re.compile(r"(?<=[a-z,] )May\b|\bMay(?= \d)")
_WILL_NOUN = re.compile(r"\b(?:the|political|free|good|no|of|its|their|his|public) will\b")


def _plain(span: str) -> str:
    """Folded, without the month of May and the noun `will`, which would read as modals."""
    return _WILL_NOUN.sub(" ", lexicon.fold(_MAY.sub("spring", span)))


def _inherited_mood(clause: Clause) -> str:
    """The modal that a coordinated or participial clause shares with the one it hangs on."""
    head = clause.head
    for _ in range(8):
        own = next((child.lower_ for child in head.children if child.tag_ == "MD"), None)
        if own or any(child.dep_ in speaker.SUBJECTS for child in head.children) or clause.nominal:
            break
        if head.dep_ not in ("conj", "advcl", "xcomp", "pcomp") or head.tag_ not in ("VB", "VBG", "VBN"):
            return ""
        head = head.head
    else:
        return ""
    if head.i == clause.head.i or clause.nominal:
        return ""
    if head.lemma_.lower() == "risk":
        return " could"
    return f" {own}" if own else ""


_IN_MONEY = re.compile(
    r"\b(?:roubles?|rubles?|euros?|hryvnias?|dollars?|pounds?|yuan|budget|prices?|index|barrels?)\b|[$€£₽₴]"
)
_SCALE = re.compile(r"(?:million|billion|trillion|bn|tn)\b", re.I)
DAYS_PER_MONTH = 365.25 / 12
_ALL_OF = re.compile(
    r"\b(fully|entirely|completely|all of|the whole of|whole|entire)\b.{0,40}\b(occup\w+|control\w*|held|holds?)|"
    r"\b(occup\w+|controls?|holds?)\b.{0,20}\b(all of|the whole of|the entire)\b"
)
_DAILY = re.compile(r"\b(daily|nightly)\b.{0,40}\b(barrages?|attacks?|strikes?|raids?|shelling|bombardments?)\b")


def _figure(whole: str, text: str, item: measure.Measure | None, sentence: str) -> sense.Figure | None:
    """The value of a measure, signed by its direction; what words of wholeness or frequency say where there is none."""
    if item is None:
        if _ALL_OF.search(text) and re.search(
            r"\b(oblast|region|province|luhansk|donetsk|donbas|crimea|zaporizhzhia|kherson)\b", text
        ):
            return sense.Figure(100.0, 100.0, 100.0, "percent", "exact")
        return sense.Figure(1.0, 1.0, 1.0, "count/day", "about") if _DAILY.search(text) else None
    value, low, high, unit = item.value, item.low, item.high, item.unit
    if unit == "month":
        value, low, high = (None if number is None else number * DAYS_PER_MONTH for number in (value, low, high))
        unit = "day"
    if unit == "percent" and re.search(r"\bgdp\b|\bdefen[cs]e spending\b|\bgross domestic\b", text):
        unit = "percent of GDP"
    if unit == "percent" and measure.direction(whole, item) < 0 and value is not None and value > 0:
        value, low, high = -value, (-high if high is not None else None), (-low if low is not None else None)
    bare = unit is None and (_SCALE.search(whole[item.start : item.end]) or _IN_MONEY.search(sentence.lower()))
    if unit in (None, "persons", "count", "h") and value is not None and not bare:
        daily = re.match(r"\s(?:a|per|each|every) day\b", whole[item.end : item.end + 12])
        unit = f"{unit or 'count'}/day" if daily else unit or "count"
    if unit is not None and not is_unit(unit):
        unit = None
    return sense.Figure(value, low, high, unit, item.qualifier)


def _is_dated(draft: Draft, told: str, text: str) -> bool:
    """When it happened, or since when it holds, is what the claim states."""
    if told in ("event", "forecast"):
        return draft.dated or bool(_SAME_TIME.search(text))
    if told == "location":
        return draft.dated and bool(re.search(r"\bsince\b", text)) and not draft.clause.nominal
    return draft.dated and told == "intention" and draft.clause.head.tag_ == "VBD"


_SAME_TIME = re.compile(r"\b(?:the|that) (?:very )?same (?:day|week|month|year)\b")
_WHOLE = re.compile(r"^(?:(all)|none|neither) of (?:which|whom|them|those)\b")
_SHARED = re.compile(
    r"\b(?:due|owing|attributable|thanks|down)\b.{0,20}\bas much\b.{1,80}\bas (?:to|of|from)\b|"
    r"\b(?:due|owing|attributable) (?:equally|in equal (?:parts?|measure)) to\b|"
    r"\bin equal (?:parts?|measure) (?:due|owing)"
)
_SOME_TIME = re.compile(
    r"\b(?:tak(?:e|es|en|ing)|took|need(?:s|ed)?|last(?:s|ed)?) (?:\w+ )?(?:some|a long|a short|considerable|much|more|"
    r"little) (?:time|while)\b|\bsome time (?:to|before|for)\b"
)
_CONSENT = lexicon.words("support back endorse accept agree favour favor approve welcome")
_REFUSAL = lexicon.words("oppose reject refuse decline resist dismiss forbid")


_MULTIPLES = {"twice": 2.0, "double": 2.0, "two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0, "ten": 10.0}
_TIMES = re.compile(r"\b(twice|double|(two|three|four|five|ten) times) (?:what|as (?:many|much)|more|the)\b")
_PARTS = {"half": 50.0, "third": 100 / 3, "quarter": 25.0, "fifth": 20.0}
_BY_PART = re.compile(
    r"\bby (more than |over )?(?:(?:about|nearly|almost|roughly) )?(?:an? )?(half|third|quarter|fifth)\b"
)
_SHRINKING = re.compile(r"\b(?:shr[aiu]nk\w*|f[ae]ll\w*|drop\w*|declin\w*|lost|cut|down|reduc\w*|lower\w*)\b")
_ORDINALS = {"second": 2, "other": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "tenth": 10}
_EVERY = re.compile(
    r"\bevery (second|other|third|fourth|fifth|sixth|tenth) (?!days?\b|weeks?\b|months?\b|years?\b|time\b)\w"
)


def _in_words(text: str, draft: Draft) -> sense.Figure | None:
    """What a clause without a number says of an amount: all or none, half each, some time, yes or no."""
    if draft.measures:
        return None
    if whole := _WHOLE.match(text):
        value = 100.0 if whole[1] else 0.0
        return sense.Figure(value, value, value, "percent", "exact")
    if each := _EVERY.search(text):
        value = 100.0 / _ORDINALS[each[1]]
        return sense.Figure(value, 0.9 * value, 1.1 * value, "percent", "fraction")
    if times := _TIMES.search(text):
        factor = _MULTIPLES[times[2] or times[1]]
        return sense.Figure(factor, factor, factor, None, "about")
    if part := _BY_PART.search(text):
        sign = -1 if _SHRINKING.search(text) else 1
        value = sign * _PARTS[part[2]]
        far = sign * 100.0 if part[1] else value
        return sense.Figure(value, min(value, far), max(value, far), "percent", "at_least" if part[1] else "fraction")
    if _SHARED.search(text):
        return sense.Figure(50.0, 40.0, 60.0, "percent", "fraction")
    if _SOME_TIME.search(text):
        return sense.Figure(unit="day")
    head = draft.clause.head
    stated = not draft.clause.nominal and draft.around is None and lexicon.deal_element(text) is not None
    if stated and head.lemma_.lower() in _CONSENT | _REFUSAL and not _inherited_mood(draft.clause):
        negated = any(child.dep_ == "neg" for child in head.children)
        value = float((head.lemma_.lower() in _CONSENT) != negated)
        return sense.Figure(value, value, value, "boolean", "exact")
    return None


def _value_text(draft: Draft, figure: sense.Figure | None, quantity: str, held: str | None) -> str | None:
    if figure is not None and figure.value is not None:
        return None
    if quantity in ("town_control", "territory_control_share") and held:
        return held
    if (
        quantity in ("capture_date", "summit_date") or (figure is not None and figure.unit == "date")
    ) and draft.as_of != UNDATED:
        return draft.as_of
    if quantity == "encirclement_status":
        return "surrounded"
    return sense.gist(draft.clause)[:200] or None


# Repeats and numbers --------------------------------------------------------------------------------


def _linked(found: list[Claim], pulled: list[Draft]) -> list[Claim]:
    """Claims that repeat another's words point to it; of the two, the one in a paragraph of its own is the repeat."""
    alone = {(draft.start, draft.end) for draft in pulled}
    bags = [frozenset(lexicon.fold(claim.span).split()) for claim in found]
    common = Counter(word for bag in bags for word in bag)
    linked: dict[int, int] = {}
    by_word: dict[str, list[int]] = {}
    for index, bag in enumerate(bags):
        if len(bag) < MIN_REPEAT:
            continue
        rare = sorted(bag, key=lambda word: (common[word], word))[: len(bag) - math.ceil(ALIKE * len(bag)) + 1]
        for first in _alike(bag, bags, {other for word in rare for other in by_word.get(word, ())[:MAX_ALIKE]}):
            if _apart(found[first], found[index]) and first not in linked:
                is_pull = (found[first].start, found[first].end) in alone or _inside(found[first], alone)
                linked[first if is_pull else index] = index if is_pull else first
                break
        for word in rare:
            by_word.setdefault(word, []).append(index)
    return [
        dataclasses.replace(claim, dup_of=str(linked[index])) if index in linked else claim
        for index, claim in enumerate(found)
    ]


ALIKE = 0.75
"""Least share of words in common, of all words of the two, for one claim to repeat another."""
MAX_ALIKE = 50
"""Most earlier claims with one rare word that are compared with a claim."""


def _alike(bag: frozenset[str], bags: list[frozenset[str]], candidates: set[int]) -> list[int]:
    """Two bags this alike share one of their rarest words, so only those that do are compared."""
    return sorted(other for other in candidates if len(bag & bags[other]) >= ALIKE * len(bag | bags[other]))


def _inside(claim: Claim, spans: set[tuple[int, int]]) -> bool:
    return any(start <= (claim.start or 0) and (claim.end or 0) <= end for start, end in spans)


def _apart(first: Claim, second: Claim) -> bool:
    return (first.end or 0) <= (second.start or 0) or (second.end or 0) <= (first.start or 0)


def _numbered(document: Document, found: list[Claim]) -> list[Claim]:
    order = sorted(range(len(found)), key=lambda index: (found[index].start or 0, found[index].end or 0, index))
    names = {index: f"{document.name}-{place:03d}" for place, index in enumerate(order, 1)}
    return [
        dataclasses.replace(
            found[index],
            id=names[index],
            dup_of=names[int(found[index].dup_of or 0)] if found[index].dup_of is not None else None,
        )
        for index in order
    ]


def _with_model(found: list[Claim], asked: list[Claim]) -> list[Claim]:
    """The model's claims where they say something no rule found."""
    kept = list(found)
    for claim in asked:
        if not any(_same_stretch(claim, other) for other in kept):
            kept.append(claim)
    return kept


def _same_stretch(first: Claim, second: Claim) -> bool:
    low, high = max(first.start or 0, second.start or 0), min(first.end or 0, second.end or 0)
    return 2 * (high - low) >= min((first.end or 0) - (first.start or 0), (second.end or 0) - (second.start or 0))
