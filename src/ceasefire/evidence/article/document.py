"""A file of text or HTML as plain text with paragraphs, and what in it is no part of the article marked.

A file of text keeps its characters one for one, so offsets are offsets into the decoded file. Of a page only what is
meant to be read is kept: scripts, menus, forms and hidden parts fall away, and where the page marks its article the
rest falls away too. Nothing is fetched, run or expanded: tags are scanned once from left to right, entities of HTML
become characters, a document that declares entities of its own is refused. Marks that change the direction of text,
or that nobody sees, are blanked, because a reader and a program would otherwise read two texts.

What is boilerplate is told by general habits of the press (link titles, bylines, credits, licences, pleas), line by
line. Left out: pages whose text a script draws, scans, more than one article in a file.
"""

from __future__ import annotations

import codecs
import html
import os
import re
import stat
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ceasefire.evidence.article import dating
from ceasefire.evidence.error import EvidenceError

MAX_TEXT_BYTES = 1024 * 1024
MAX_PAGE_BYTES = 4 * 1024 * 1024
"""Most bytes of a file of text, and of a page with its scripts."""
MAX_CHARACTERS = 200_000
"""Most characters of readable text: some 30,000 words."""
MAX_TAGS = 50_000
MAX_DEPTH = 1_000
"""Most tags in a page, and most of them open at once."""


def _words(row: str) -> list[str]:
    return row.split()


class Span(NamedTuple):
    """Characters from `start` up to `end`."""

    start: int
    end: int


@dataclass(frozen=True)
class Document:
    """An article."""

    name: str
    text: str
    paragraphs: tuple[Span, ...]
    """Runs of text without the white space around them, the title among them."""
    boilerplate: tuple[Span, ...]
    """Parts that claim nothing, in order, none overlapping: link titles, bylines, licences, pleas, credits."""
    title: str | None = None
    published: str | None = None
    """ISO day."""
    warnings: tuple[str, ...] = ()
    title_span: Span | None = None
    """Where the title stands in the text; None where it is known from elsewhere."""
    place: str | None = None
    """Place of a dateline."""

    def is_boilerplate(self, start: int, end: int) -> bool:
        """At least half of these characters are boilerplate."""
        covered = sum(max(0, min(end, span.end) - max(start, span.start)) for span in self.boilerplate)
        return 2 * covered >= end - start > 0


def read(path: Path | str, *, published: str | None = None) -> Document:
    """An article from a file. Raises `EvidenceError` where it cannot be read as text."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise EvidenceError(f"{path} is no plain file; name a file of text or HTML")
        with open(path, "rb") as file:
            data = file.read(MAX_PAGE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise EvidenceError(f"cannot read {path} ({reason}); name a file of text or HTML") from error
    return parse(data, Path(path).name, published=published)


def parse(data: bytes, name: str, *, published: str | None = None) -> Document:
    """An article from bytes; `name` is that of the file. Raises `EvidenceError` where they are no text."""
    path = Path(name)
    given = _given(published)
    _refuse_binary(data, name)
    warnings: list[str] = []
    decoded = _decoded(data, name, warnings)
    if _is_page(decoded, path.suffix.lower()):
        if len(data) > MAX_PAGE_BYTES:
            raise EvidenceError(_too_large(name, MAX_PAGE_BYTES, "save its text alone"))
        page = _read_page(decoded, name)
        text = _scrubbed(page.text, warnings)
        links, head = page.links, page.head
    else:
        if len(data) > MAX_TEXT_BYTES:
            raise EvidenceError(_too_large(name, MAX_TEXT_BYTES, "split it into articles"))
        text, links, head = _scrubbed(decoded, warnings), (), {}
    return _assembled(_stem(path), text, name, links=links, head=head, given=given, warnings=warnings)


def _assembled(
    stem: str,
    text: str,
    name: str,
    *,
    links: Iterable[Span],
    head: Mapping[str, str],
    given: str | None,
    warnings: list[str],
) -> Document:
    if len(text) > MAX_CHARACTERS:
        raise EvidenceError(
            f"{name} has {len(text):,} characters of text; at most {MAX_CHARACTERS:,} are read as one article: split it"
        )
    if not text.strip():
        raise EvidenceError(
            f"{name} holds no readable text; save the article as text, or the page as a browser shows it"
        )
    paragraphs = _paragraphs(text)
    title, title_span = _title(text, paragraphs, head.get("title"))
    place, stamped = _dateline(text, paragraphs, title_span)
    found = given or head.get("published") or _printed_date(text, paragraphs) or stamped
    if found is None:
        warnings.append("no date of publication found; give one, or dates such as 'last week' stay open")
    spans = [*links, *_boilerplate(text, paragraphs, title_span)]
    return Document(
        name=stem,
        text=text,
        paragraphs=tuple(paragraphs),
        boilerplate=_merged(spans),
        title=title,
        published=found,
        warnings=tuple(warnings),
        title_span=title_span,
        place=place,
    )


def _stem(path: Path) -> str:
    kept = "".join(letter if letter.isprintable() else " " for letter in path.stem).strip()
    return kept.encode("utf-8", "replace").decode()[:200] or "article"


def _given(published: str | None) -> str | None:
    if published is None:
        return None
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", published, re.ASCII):
            return str(np.datetime64(published, "D"))
    except ValueError:
        pass
    raise EvidenceError(f"published {published!r:.40} is no ISO day; expected one such as 2025-08-12")


def _too_large(name: str, limit: int, remedy: str) -> str:
    return f"{name} is larger than the {limit:,} bytes that are read of one article; {remedy}"


# ---------------------------------------------------------------------------------------------------------------------
# Bytes to characters

_MAGIC = (
    (b"%PDF", "a PDF", "save its text, for instance with pdftotext"),
    (b"PK\x03\x04", "a ZIP archive or an office document", "save it as plain text or HTML"),
    (b"\xd0\xcf\x11\xe0", "an old office document", "save it as plain text or HTML"),
    (b"{\\rtf", "rich text (RTF)", "save it as plain text or HTML"),
    (b"\x89PNG", "a picture", "type out or recognise its text first"),
    (b"GIF8", "a picture", "type out or recognise its text first"),
    (b"\xff\xd8\xff", "a picture", "type out or recognise its text first"),
    (b"\x1f\x8b", "a compressed file", "unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a compressed file", "unpack it first"),
    (b"BZh", "a compressed file", "unpack it first"),
    (b"\xfd7zXZ", "a compressed file", "unpack it first"),
    (b"7z\xbc\xaf", "a compressed file", "unpack it first"),
    (b"\x7fELF", "a program", "name a file of text or HTML"),
    (b"SQLite format 3", "a database", "name a file of text or HTML"),
)
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROLS = bytes(sorted({*range(32), 127} - {9, 10, 11, 12, 13}))
MAX_CONTROL_SHARE = 0.02
"""Bytes that no text has, as a share of all, from which on a file counts as binary; arbitrary."""
_CHARSET = re.compile(rb"""<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s{0,9}=\s{0,9}["']?([\w.:-]{1,40})""", re.I)
_CHARSETS = re.compile(
    r"utf-?8|windows-?125\d|cp125\d|iso-?8859-?\d{1,2}|latin-?1|us-ascii|ascii|koi8-[ru]|mac(cyrillic|roman)"
)


def _refuse_binary(data: bytes, name: str) -> None:
    for magic, kind, remedy in _MAGIC:
        if data.startswith(magic):
            raise EvidenceError(f"{name} is {kind}, not text; {remedy}")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)):
        return
    controls = len(data) - len(data.translate(None, _CONTROLS))
    if b"\0" in data or controls > max(3, MAX_CONTROL_SHARE * len(data)):
        raise EvidenceError(f"{name} holds bytes that no text has; save the article as text in UTF-8, or as HTML")


def _decoded(data: bytes, name: str, warnings: list[str]) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _marked(data.removeprefix(mark), encoding, name, warnings)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    declared = _CHARSET.search(data[:4096])
    if declared:
        encoding = declared[1].decode("ascii", "replace").lower()
        if _CHARSETS.fullmatch(encoding) and not encoding.startswith("utf"):
            return data.decode("cp1252" if "ascii" in encoding else encoding, "replace")
    guess = data.decode("utf-8", "replace")
    wrong = guess.count("\ufffd")
    if sum(letter > "\x7f" for letter in guess) - wrong >= wrong:
        warnings.append(f"mixed encodings: {wrong:,} places that are not UTF-8 show as \N{REPLACEMENT CHARACTER}")
        return guess
    warnings.append("not UTF-8; read as Windows-1252")
    return data.decode("cp1252", "replace")


def _marked(data: bytes, encoding: str, name: str, warnings: list[str]) -> str:
    text = data.decode(encoding, "replace")
    wrong = text.count("\ufffd")
    if text.count("\0") > MAX_CONTROL_SHARE * len(text) or wrong > 0.1 * len(text):
        raise EvidenceError(f"{name} says that it is {encoding.upper()} but is not; save the article as text in UTF-8")
    if wrong:
        warnings.append(f"{wrong:,} places that are not {encoding.upper()} show as \N{REPLACEMENT CHARACTER}")
    return text


_DIRECTION = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_UNSEEN = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064"
    "\u206a\u206b\u206c\u206d\u206e\u206f\u3164\ufeff\uffa0"
)
_STRAY = "".join(map(chr, [*range(9), *range(14, 32), 127, *range(128, 133), *range(134, 160), *range(0xFFF9, 0xFFFC)]))
_TAGGED = re.compile("[\U000e0000-\U000e007f\ufe00-\ufe0f]")
_BLANKED = str.maketrans(dict.fromkeys(_DIRECTION + _UNSEEN + _STRAY, " "))


def _scrubbed(text: str, warnings: list[str]) -> str:
    """The text with every mark that turns or hides text blanked, character for character."""
    counts = Counter(text)
    for kind, marks in (
        ("marks of writing direction", _DIRECTION),
        ("invisible characters", _UNSEEN),
        ("control characters", _STRAY),
    ):
        if number := sum(counts[mark] for mark in marks):
            warnings.append(f"{number:,} {kind} read as blanks")
    found, number = _TAGGED.subn(" ", text)
    if number:
        warnings.append(f"{number:,} invisible tags read as blanks")
    return found.translate(_BLANKED)


# ---------------------------------------------------------------------------------------------------------------------
# Pages

_PAGE_SUFFIXES = (".html", ".htm", ".xhtml", ".shtml", ".xml", ".mhtml")
_PAGE = re.compile(
    r"\s{0,200}(?:<\?xml[^>]{0,200}>\s{0,200})?(?:<!--[^>]{0,500}-->\s{0,200})?<(?:!doctype|html|head|body|article)\b",
    re.I,
)
_ENTITY = re.compile(r"<!ENTITY", re.I)
_VOID = frozenset(_words("area base br col embed hr img input link meta param source track wbr"))
_RAW = frozenset(_words("script style title textarea xmp noembed noframes"))
_NEVER_READ = frozenset(
    _words("script style noscript template svg math head select iframe object video audio canvas xmp noembed noframes")
)
_DROPPED = _NEVER_READ | frozenset(_words("nav aside footer form button dialog menu label textarea"))
_IN_HEAD = frozenset(_words("meta link title script style base noscript template"))
_BLOCK = frozenset(
    _words(
        "address article blockquote body br caption dd details div dl dt fieldset figcaption figure h1 h2 h3 h4 h5 h6 "
        "header hr html li main ol p pre section summary table tbody tfoot thead tr ul"
    )
)
_CLOSES_ITSELF = frozenset(_words("p li dt dd tr td th option"))
_ASIDE_WORDS = frozenset(
    _words(
        "advert advertisement ad ads banner breadcrumb breadcrumbs byline comments comment cookie cookies consent "
        "credit copyright disclaimer footer menu nav navbar navigation newsletter paywall popup promo promotion "
        "recommended related share sharing sidebar signup sponsored subscribe subscription tags teaser toolbar "
        "trending widget"
    )
)
"""First or last word of a class that names what stands beside an article."""
_STATE_WORDS = ("has", "no", "with", "without", "is", "js")
_ASIDE_ROLES = frozenset(_words("navigation banner contentinfo complementary search form dialog alert menu toolbar"))
_UNSEEN_STYLE = re.compile(
    r"display\s{0,9}:\s{0,9}none|visibility\s{0,9}:\s{0,9}hidden|font-size\s{0,9}:\s{0,9}0(?![.\d])", re.I
)
_WHOLE = frozenset(_words("html body main article"))
_DATE_KEYS = frozenset(
    _words(
        "article:published_time og:published_time datepublished date pubdate publishdate publish-date publish_date "
        "publication_date dc.date dc.date.issued dcterms.created dcterms.date dcterms.issued sailthru.date parsely- "
        "pub-date citation_publication_date citation_date article.published cxenseparse:recs:publishtime"
    )
)
_TITLE_KEYS = frozenset({"og:title", "twitter:title", "dc.title", "citation_title", "headline"})
_JSON_DATE = re.compile(r'"datePublished"\s{0,9}:\s{0,9}"([^"]{4,40})"')
_ISO_DAY = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?=$|[T\s])", re.ASCII)
_TAG_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9:-]{0,60}")
_TAG_STOP = re.compile(r"[>\"']")
MAX_ATTRIBUTES = 4_000
"""Characters of a tag that are looked at."""
_ATTRIBUTE = re.compile(r"""([^\s"'=<>/]{1,60})(?:\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""")
_SPACE = re.compile(r"[ \t\r\n\f\v\u00a0]+")
MIN_ARTICLE = 200
"""Fewest characters for a part of a page to be taken as its article; arbitrary."""


@dataclass(frozen=True)
class _Page:
    text: str
    links: tuple[Span, ...]
    """Lines that are nothing but links."""
    head: Mapping[str, str]


class _Piece(NamedTuple):
    kind: str
    """`text`, `open`, `close` or `raw`: what stands between the tags of a script or title."""
    name: str
    body: str


def _is_page(text: str, suffix: str) -> bool:
    return suffix in _PAGE_SUFFIXES or (suffix not in (".txt", ".text", ".md") and _PAGE.match(text) is not None)


def _read_page(text: str, name: str) -> _Page:
    if _ENTITY.search(text):
        raise EvidenceError(
            f"{name} declares entities of its own, which are never expanded; save it as text or plain HTML"
        )
    page = _Reader(name, _DROPPED).read(text)
    return page if len(page.text) >= MIN_ARTICLE else max(page, _Reader(name, _NEVER_READ).read(text), key=_length)


def _length(page: _Page) -> int:
    return len(page.text)


def _pieces(text: str) -> Iterator[_Piece]:
    """Tags and the text between them, scanned once: no search is repeated, so time grows with length alone."""
    at, length = 0, len(text)
    missing: set[str] = set()
    while at < length:
        opening = text.find("<", at)
        if opening < 0:
            yield _Piece("text", "", text[at:])
            return
        if opening > at:
            yield _Piece("text", "", text[at:opening])
        after = text[opening + 1 : opening + 2]
        if after in ("!", "?"):
            closer = "-->" if text.startswith("<!--", opening) else ">"
            at = _past(text, closer, opening + 2, missing) or (_past(text, ">", opening + 2, missing) or length)
            continue
        closing = after == "/"
        found = _TAG_NAME.match(text, opening + 1 + closing)
        if not found:
            yield _Piece("text", "", "<")
            at = opening + 1
            continue
        tag, stop = found[0].lower(), _tag_end(text, found.end(), missing)
        yield _Piece("close" if closing else "open", tag, "" if closing else text[found.end() : stop - 1])
        at = stop
        if tag in _RAW and not closing:
            at = yield from _raw(text, tag, stop, missing)


def _raw(text: str, tag: str, at: int, missing: set[str]) -> Generator[_Piece, None, int]:
    closer = f"</{tag}"
    found = None if closer in missing else re.compile(re.escape(closer), re.I).search(text, at)
    if found is None:
        missing.add(closer)
        return len(text)
    yield _Piece("raw", tag, text[at : found.start()])
    return found.start()


def _past(text: str, sought: str, at: int, missing: set[str]) -> int:
    """Offset behind the next `sought`; 0 where there is none, which is remembered."""
    found = -1 if sought in missing else text.find(sought, at)
    if found < 0:
        missing.add(sought)
        return 0
    return found + len(sought)


def _tag_end(text: str, at: int, missing: set[str]) -> int:
    while found := _TAG_STOP.search(text, at):
        if found[0] == ">":
            return found.end()
        at = _past(text, found[0], found.end(), missing) or found.end()
    return len(text)


class _Line(NamedTuple):
    text: str
    link: bool
    regions: frozenset[int]


class _Reader:
    """Takes the pieces of a page one by one and keeps the lines that a reader would see."""

    def __init__(self, name: str, dropped: frozenset[str]) -> None:
        self._name = name
        self._dropped = dropped
        self._tags = 0
        self._open: list[tuple[str, bool]] = []
        """Elements that are open, and whether each drops its content."""
        self._names: Counter[str] = Counter()
        self._hidden = 0
        self._regions: list[int] = []
        """Depth and number of each `article` or `main` that is open."""
        self._kinds: list[str] = []
        self._parts: list[str] = []
        self._linked = 0
        self._lines: list[_Line] = []
        self._head: dict[str, str] = {}
        self._headings: list[str] = []
        self._wanted = ""

    def read(self, text: str) -> _Page:
        for kind, name, body in _pieces(text):
            if kind == "text":
                self._take_text(body)
            elif kind == "raw":
                self._take_raw(name, body)
            elif kind == "open":
                self._take_open(name, body)
            else:
                self._take_close(name)
        self._end_line()
        return self._page()

    def _take_text(self, body: str) -> None:
        if self._hidden:
            return
        words = html.unescape(body)
        self._parts.append(words)
        if self._names["a"]:
            self._linked += len(words.strip())

    def _take_raw(self, name: str, body: str) -> None:
        if name == "title" and "page title" not in self._head:
            self._head["page title"] = _SPACE.sub(" ", html.unescape(body)).strip()
        elif name == "script" and self._wanted == "ld+json" and (found := _JSON_DATE.search(body)):
            self._note_date("json", found[1])

    def _take_open(self, name: str, body: str) -> None:
        self._tags += 1
        if self._tags > MAX_TAGS or len(self._open) > MAX_DEPTH:
            raise EvidenceError(
                f"{self._name} has more than {MAX_TAGS:,} tags, or {MAX_DEPTH:,} inside one another; "
                "save its text alone"
            )
        fields = _attributes(body)
        if self._names["head"] and name not in _IN_HEAD and name != "head":
            self._close("head")
        self._look(name, fields)
        if name in _CLOSES_ITSELF and self._open and self._open[-1][0] == name:
            self._close(name)
        if name in _BLOCK:
            self._end_line()
        elif name in ("td", "th"):
            self._parts.append(" ")
        if name in _VOID or (body.endswith("/") and name not in _BLOCK | _RAW):
            return
        dropped = name in self._dropped or (name not in _WHOLE and self._is_aside(fields))
        self._open.append((name, dropped))
        self._names[name] += 1
        self._hidden += dropped
        if name in ("article", "main"):
            self._regions.append(len(self._kinds))
            self._kinds.append(name)

    def _look(self, name: str, fields: Mapping[str, str]) -> None:
        if name == "meta":
            key = (fields.get("property") or fields.get("name") or fields.get("itemprop") or "").lower()
            if key in _DATE_KEYS:
                self._note_date("meta", fields.get("content", ""))
            elif key in _TITLE_KEYS and fields.get("content"):
                self._head.setdefault("meta title", _SPACE.sub(" ", fields["content"]).strip())
        elif fields.get("itemprop", "").lower() == "datepublished":
            self._note_date("meta", fields.get("content") or fields.get("datetime", ""))
        elif name == "time" and not self._hidden:
            self._note_date("time", fields.get("datetime", ""))
        elif name == "script":
            self._wanted = "ld+json" if "ld+json" in fields.get("type", "").lower() else ""

    def _note_date(self, kind: str, stamp: str) -> None:
        if kind not in self._head and (day := _iso_day(stamp)):
            self._head[kind] = day

    def _is_aside(self, fields: Mapping[str, str]) -> bool:
        if not fields:
            return False
        if "hidden" in fields or fields.get("aria-hidden", "").lower() == "true":
            return True
        if _UNSEEN_STYLE.search(fields.get("style", "")):
            return True
        if self._dropped is _NEVER_READ:
            return False
        if fields.get("role", "").lower() in _ASIDE_ROLES:
            return True
        return any(_names_aside(word) for word in f"{fields.get('class', '')} {fields.get('id', '')}".lower().split())

    def _take_close(self, name: str) -> None:
        if name in _BLOCK:
            if name == "h1" and self._names["h1"] and not self._hidden:
                self._headings.append(_SPACE.sub(" ", "".join(self._parts)).strip())
            self._end_line()
        if self._names[name]:
            self._close(name)

    def _close(self, name: str) -> None:
        """Close the innermost element of that name and whatever is still open in it."""
        while self._open:
            closed, dropped = self._open.pop()
            self._names[closed] -= 1
            self._hidden -= dropped
            if closed in ("article", "main"):
                self._regions.pop()
            if closed == name:
                return

    def _end_line(self) -> None:
        words = _SPACE.sub(" ", "".join(self._parts)).strip()
        if words:
            link = self._linked >= 0.9 * len(words) and len(words) <= 200 and not words.endswith(".")
            self._lines.append(_Line(words, link and not self._names["h1"], frozenset(self._regions)))
        self._parts, self._linked = [], 0

    def _page(self) -> _Page:
        lines = self._article()
        text, links, at = [], [], 0
        for line in lines:
            if line.link:
                links.append(Span(at, at + len(line.text)))
            text.append(line.text)
            at += len(line.text) + 1
        return _Page("\n".join(text), tuple(links), self._told())

    def _article(self) -> list[_Line]:
        """Lines of the longest `article`, else `main`, else all."""
        for kind in ("article", "main"):
            sizes: Counter[int] = Counter()
            for line in self._lines:
                for region in line.regions:
                    if self._kinds[region] == kind:
                        sizes[region] += len(line.text)
            if sizes and max(sizes.values()) >= MIN_ARTICLE:
                best = max(sizes, key=lambda region: (sizes[region], -region))
                return [line for line in self._lines if best in line.regions]
        return self._lines

    def _told(self) -> dict[str, str]:
        told: dict[str, str] = {}
        for key in ("meta", "json", "time"):
            if key in self._head:
                told.setdefault("published", self._head[key])
        heading = self._headings[0] if self._headings else ""
        title = self._head.get("meta title") or heading or _without_site(self._head.get("page title", ""))
        if title:
            told["title"] = title[:300]
        return told


def _attributes(body: str) -> dict[str, str]:
    found: dict[str, str] = {}
    if not body or body.isspace():
        return found
    for key, *values in _ATTRIBUTE.findall(body[:MAX_ATTRIBUTES]):
        found.setdefault(key.lower(), html.unescape("".join(values)))
    return found


def _names_aside(word: str) -> bool:
    parts = re.split(r"[-_]+", word[:80])
    return parts[0] not in _STATE_WORDS and (parts[0] in _ASIDE_WORDS or parts[-1] in _ASIDE_WORDS)


def _without_site(title: str) -> str:
    """A page's title less the name of the site behind a bar or dash."""
    for mark in (" | ", " — ", " – ", " - ", " :: "):
        before, found, after = title.rpartition(mark)
        if found and len(before) >= 15 and len(after) <= 40:
            return before.strip()
    return title


def _iso_day(stamp: str) -> str | None:
    """The day of a stamp that a machine wrote: `2025-08-12T09:30:00Z`; one that a person wrote if it is full."""
    stamp = stamp.strip()[:60]
    if found := _ISO_DAY.match(stamp):
        try:
            return str(np.datetime64("-".join(found.groups()), "D"))
        except ValueError:
            return None
    dates = [item for item in dating.find(stamp) if item.precision == "day"]
    return dates[0].as_of if dates else None


# ---------------------------------------------------------------------------------------------------------------------
# Paragraphs, title, date

_LINE = re.compile(r"[^\r\n\f\v\u0085\u2028\u2029]+")
_ENDED = re.compile(r"""[.!?:;]["'”’)\]]*$""")


def _paragraphs(text: str) -> list[Span]:
    """Lines that are not blank; lines broken at a fixed width are put together again."""
    found: list[Span] = []
    run: list[Span] = []
    for line in _lines(text):
        if run and _is_blank_between(text, run[-1].end, line.start):
            found.extend(_joined(text, run))
            run = []
        run.append(line)
    return found + _joined(text, run)


def _lines(text: str) -> Iterator[Span]:
    for match in _LINE.finditer(text):
        words = match[0].strip()
        if words:
            start = match.start() + match[0].index(words[0])
            yield Span(start, start + len(words))


def _is_blank_between(text: str, start: int, end: int) -> bool:
    between = text[start:end].replace("\r\n", "\n")
    return sum(between.count(mark) for mark in "\n\r\f\v\u0085\u2028\u2029") > 1


def _joined(text: str, run: list[Span]) -> list[Span]:
    """One paragraph where every line but the last is of the width of a typewriter and most break off mid-sentence."""
    if len(run) < 2:
        return run
    if any(
        _is_boilerplate_line(text[line.start : line.end]) or _is_masthead(text[line.start : line.end]) for line in run
    ):
        return run
    widths = [line.end - line.start for line in run[:-1]]
    ended = sum(_ENDED.search(text, line.end - 4, line.end) is not None for line in run[:-1])
    if min(widths) >= 45 and max(widths) <= 110 and max(widths) - min(widths) <= 30 and 2 * ended < len(widths):
        return [Span(run[0].start, run[-1].end)]
    return run


def _title(text: str, paragraphs: list[Span], known: str | None) -> tuple[str | None, Span | None]:
    for span in paragraphs[:4]:
        words = text[span.start : span.end].lstrip("#* ").rstrip("#* ")
        if known and _plain(words) == _plain(known):
            return known, span
    if known:
        return known, None
    if len(paragraphs) < 2:
        return None, None
    first = paragraphs[0]
    words = text[first.start : first.end].strip("#*=_ ")
    labelled = re.match(r"(?:title|headline)\s?:\s?", words, re.I)
    words = words[labelled.end() :] if labelled else words
    if not 2 <= len(words.split()) <= 25 or len(words) > 160 or "\n" in words or _ENDED.search(words.rstrip("?!")):
        return None, None
    if _is_boilerplate_line(words) or _DATELINE.match(words):
        return None, None
    return words, first


def _plain(words: str) -> str:
    return re.sub(r"\W+", " ", words).strip().casefold()


_DATELINE = re.compile(
    r"(?P<place>[A-Z][A-Z.'’-]{2,30}(?: [A-Z][A-Z.'’-]{1,30}){0,3})(?:, [A-Z][\w.]{1,20}(?: [A-Z][\w.]{1,20}){0,2})??"
    r"(?:,? (?P<date>[A-Z][a-z]{2,8}\.? \d{1,2}(?:,? \d{4})?|\d{1,2} [A-Z][a-z]{2,8}\.?(?:,? \d{4})?))?"
    r"(?:,? \((?:[A-Z]\w{1,20})(?:[ /][A-Z]\w{1,20}){0,3}\))? ?(?:—|–|--|-) ?(?=\S)"
)
MAX_STAMP = 160
"""Longest line that is searched for the date of publication."""


def _dateline(text: str, paragraphs: list[Span], title: Span | None) -> tuple[str | None, str | None]:
    """Place and full date of a dateline, each where it is given."""
    for span in [span for span in paragraphs[:8] if span != title]:
        found = _DATELINE.match(text, span.start, span.end)
        if found and (found["date"] or " (" in found[0] or found[0].rstrip()[-1] in "—–"):
            date = dating.resolve(found["date"], None) if found["date"] else None
            return found["place"].title(), date if date and len(date) == 10 else None
    return None, None


def _printed_date(text: str, paragraphs: list[Span]) -> str | None:
    """A full date on a short line near the top, or on a stamp near the end."""
    near = [span for span in paragraphs[:6] if span.end - span.start <= MAX_STAMP]
    last = [span for span in paragraphs[-6:] if _STAMP.match(text, span.start, span.end)]
    stamped = [span for span in near if _STAMP.match(text, span.start, span.end)]
    for span in [*stamped, *near, *last]:
        if span.end - span.start > MAX_STAMP:
            continue
        dates = [item for item in dating.find(text, None, span.start, span.end) if item.precision == "day"]
        if dates and (span not in near or span in stamped or not _ENDED.search(text[span.start : span.end])):
            return dates[0].as_of
    return None


# ---------------------------------------------------------------------------------------------------------------------
# Boilerplate

_NAME = r"[A-Z][\w.'’-]{0,30}"
_LINK_WORDS = (
    r"(?:read|see|watch|listen|hear)(?: more| also| next| further| full story| here| now| on)?|also read|also see|more"
    r"|related(?: (?:stor(?:y|ies)|articles?|content|reading|posts?|coverage|news|topics?))?|recommended(?: reading)?"
    r"|further reading|don['’]t miss|in case you missed it|from the archives?|you (?:may|might) also like"
    r"|trending(?: now)?|most (?:read|popular)|latest(?: news)?|up next|editor['’]s picks?|explainer|learn more"
    r"|more on this"
)
_INSIDE = r"(?:[^()\[\]\n\r]|\([^()\n\r]{0,100}\)){0,300}"
_BRACKETED = re.compile(
    rf"[(\[]\s?(?:(?:{_LINK_WORDS})(?: (?:from|by|about|on) [^:()\[\]\n\r]{{1,60}})?\s?[:|–—]"
    rf"|(?:read (?:more|also)|also read|see also)\b){_INSIDE}[)\]]",
    re.I,
)
_CREDIT_WORDS = (
    r"photo(?:graph|s)?|image|picture|pic|illustration|graphic|map|video|screenshot|screengrab|credit|cover"
    r"|charts?|infographic"
)
_CREDITED = re.compile(
    rf"[(\[]\s?(?:(?:{_CREDIT_WORDS})(?: credits?| source)?\s?(?:[:/|]|by\b|courtesy\b|via\b)"
    rf"|(?:AP|Reuters|AFP|EPA)\s?(?:Photo|Image)?/|Getty Images|via (?:AP|Reuters|AFP|Getty))[^"
    rf"()\[\]\n\r]{{0,200}}[)\]]",
    re.I,
)
_LINK_LINE = re.compile(
    rf"\W{{0,6}}(?:{_LINK_WORDS})(?: (?:from|by|about|on|at|in) [^:\n\r]{{1,60}})?\s?(?::|\||–|—|>|»|→|$)", re.I
)
_SURE_LINK = re.compile(
    r"\W{0,6}(?:read (?:more|also|next)|also read|see also|also see|related|recommended|further reading)\b", re.I
)
_STAMP = re.compile(
    r"\W{0,4}(?:(?:last |first )?(?:updated|published|posted|modified|released|filed)|date(?: of publication)?"
    r"|publication date)"
    r"\b\s?(?:on|at|:|–|-)?",
    re.I,
)
_BYLINE = re.compile(
    rf"\W{{0,4}}(?:[Bb][Yy]|BY|[Aa]uthor:|[Ww]ritten by|[Ww]ords by|[Ss]tory by|[Oo]pinion by|[Aa]nalysis by"
    rf"|[Rr]eported by) "
    rf"(?:{_NAME}|and|&|,|de|van|von|der|la|of|for|in|at|the|\||/|–|—|-|@\w{{1,30}}|\d{{1,2}},?|\d{{4}})"
    rf"(?:,?[ \u00a0]{{1,2}}(?:{_NAME}|and|&|de|van|von|der|la|of|for|in|at|the|\||/|–|—|-|@\w{{1,30}}"
    rf"|\d{{1,2}},?|\d{{4}}),?){{0,16}}\W{{0,3}}"
)
_REPORTING = re.compile(
    r"\W{0,3}(?:(?:additional |further )?(?:reporting|writing|editing|translation|research|graphics|fact[- ]checking)"
    r"(?: and (?:writing|editing|reporting|research))?|compiled|translated|edited|produced) by\b",
    re.I,
)
_REPORTS_FROM = re.compile(
    rf"(?:{_NAME}[ ,]{{1,2}}(?:and )?){{1,7}}(?:reports?|reported|contributed(?: (?:reporting|to this (?:report"
    rf"|story|article)))?)"
    rf"(?: from| to this (?:report|story|article))?(?: (?:{_NAME}|and|in|the|,|from)[.,]?){{0,8}}\.?"
)
_LICENCE = re.compile(
    r"©|\(c\) ?(?:19|20)\d\d|copyright\s{1,3}(?:©|\(c\)|(?:19|20)\d\d|by\b)|all rights reserved|creative commons"
    r"|\bCC[ -]BY\b"
    r"|licen[sc]ed under|may not be (?:reproduced|republished|published, broadcast)|(?:re)?published with "
    r"(?:the )?permission"
    r"|(?:this|the) (?:article|story|piece|essay|column|post|report|analysis|commentary) (?:was |is |has been )?"
    r"(?:originally |first |also )?(?:appear(?:s|ed)|(?:re)?published|republished|adapted|reprinted|syndicated"
    r"|licen[sc]ed)\b"
    r"|originally (?:published|appeared) (?:in|on|at|by)\b|terms of (?:use|service)|privacy policy",
    re.I,
)
_CREDIT_LINE = re.compile(
    rf"\W{{0,4}}(?:{_CREDIT_WORDS})(?: credits?| source)?\s?(?::|\||/|by\b|courtesy\b)|.{{0,300}}(?:/|via "
    rf"|by )\s?(?:Getty Images|AP Photo|Shutterstock"
    r"|AFP via Getty|EPA|Reuters|AFP|Wikimedia Commons)\W{0,4}$|(?:AP|Reuters|AFP) Photo\b",
    re.I,
)
_PLEA = re.compile(
    r"\W{0,4}(?:(?:please )?(?:subscribe|donate|sign up|sign in|log in|register)\b|become a (?:member|patron"
    r"|subscriber|supporter|donor)|(?:please )?(?:consider |help )?(?:support(?:ing)?|donat(?:e|ing)|contribut"
    r"(?:e|ing)|subscrib(?:e|ing))(?: to| us)? (?:our|us|independent journalism|this (?:site|publication"
    r"|newsletter|work|channel)|quality journalism)\b|follow (?:us|him|her|them|the author|@|\w{1,30} on)\b"
    r"|join (?:us (?:on|at|for)|our|the (?:conversation|discussion|newsletter|mailing))|share (?:this|on|via"
    r"|article|story|the (?:article|story|post|news))\b|click here|like (?:us|this article)\b|download (?:our"
    r"|the) app|get (?:our|the|your|unlimited)\b.{0,80}(?:newsletter|inbox|access|app|briefing|email)|(?:we"
    r"|this (?:site|website)) uses? cookies|accept (?:all )?cookies|cookie (?:policy|settings|preferences)"
    r"|if you (?:enjoy(?:ed)?|like(?:d)?|value|found|appreciate)\b.{0,120}(?:subscri|donat|support|shar"
    r"|newsletter|journalism|member)|our (?:journalism|reporting) (?:is|depends|relies)\b|your (?:support"
    r"|donation|contribution|subscription) (?:helps|keeps|makes|allows|enables|matters|goes|is vital|funds)\b"
    r"|want (?:more (?:stories|news|like|from|of)|to (?:read|get|receive) more)\b|enter your e-?mail|unsubscribe"
    r"|already a (?:subscriber|member)|start your (?:free )?trial"
    r"|glory to (?:ukraine|the heroes|our)\b.{0,40}!|slava ukraini\b.{0,40}!|long live \w{1,20}!"
    r"|this newsletter|thank(?:s| you) for (?:reading"
    r"|subscribing|your support)|leave a comment|comments? (?:are closed|policy)|post a comment|view "
    r"(?:all )?comments|skip to (?:main )?content|back to top|print this)",
    re.I,
)
_BUTTON = re.compile(
    r"\W{0,4}(?:(?:share|tweet|e-?mail|print|save|comments?(?: \(\d+\))?|facebook|twitter|x|linkedin|whatsapp"
    r"|telegram|reddit|copy link|link|bookmark"
    r"|advertisements?|sponsored(?: content)?|ad|menu|search|home|subscribe|donate|\d{1,3} (?:min"
    r"(?:ute)?s?) read|\d{1,3} comments?|listen|loading|gift"
    r"|about the author|reading time:? \d{1,3} min(?:ute)?s?)[ \t,|·•/]{0,3}){1,12}\W{0,4}",
    re.I,
)
_TAG_LINE = re.compile(
    r"\W{0,4}(?:tags?|topics?|filed under|categor(?:y|ies)|keywords?|section|more (?:on|about)|hashtags?|isbn"
    r"|doi|contact|e-?mail|tel|phone)\s?:|(?:#\w{1,60}[ ,]{0,3}){1,20}$|(?:https?://|www\.)\S{1,2000}$"
    r"|\S{1,64}@[\w-]{1,60}\.[\w.]{2,60}$",
    re.I,
)
_NOTE = re.compile(
    r"\W{0,4}(?:(?:the )?(?:views?|opinions?)(?: and opinions?)? (?:expressed|in this)|disclaimer\s?:|"
    r"(?:editor['’]?s?['’]?|publisher['’]s|author['’]s) note\s?:"
    r".{0,200}(?:article|story|piece|post|column|version|essay|commentary)|this (?:article|story|piece|post"
    r"|page) (?:has been|was) (?:updated|corrected|amended))",
    re.I,
)
_POST = (
    r"fellow|columnist|correspondent|reporter|journalist|editor|analyst|professor|lecturer|scholar|researcher"
    r"|contributor"
    r"|writer|author|director|historian|commentator|founder|co-founder|host|adviser|advisor|veteran|consultant"
    r"|economist"
    r"|president|ambassador|officer|expert|candidate|blogger|translator|photographer|producer|chair|secretary"
    r"|colonel|general"
)
_BIO = re.compile(
    r"[*_\s—–-]{0,4}(?:the (?:author|writer)|about the author\W|(?:(?:dr|prof|professor|lt|col|gen|maj|sir"
    r"|ret)\.? ?){0,2}"
    rf"(?-i:{_NAME}(?: {_NAME}){{0,3}} (?P<surname>{_NAME})))[*_]{{0,3}}(?: \([^()]{{1,60}}\)|, [^,.;]{{1,60}},|,)?"
    rf" (?:is|was|has been|serves as|works as|teaches|writes|covers) .{{0,200}}\b(?:{_POST})\b",
    re.I,
)
_OWN_WORK = re.compile(r"\b(?:at|for|with|of|in|on)\b|\bwhose\b|\bbooks?\b")
MAX_BIO = 600
MAX_LINE = 300
"""Longest line that is taken for a note about its author, or for any other boilerplate as a whole; arbitrary."""


def _boilerplate(text: str, paragraphs: list[Span], title: Span | None) -> Iterator[Span]:
    for span in paragraphs:
        yield from _within(text, span)
    yield from _title_lists(text, paragraphs)
    for span in paragraphs:
        words = text[span.start : span.end]
        if span == title:
            continue
        if _is_boilerplate_line(words):
            yield span
        elif found := _DATELINE.match(words):
            if found["date"] or "(" in found[0] or found[0].rstrip()[-1] in "—–":
                yield Span(span.start, span.start + len(found[0].rstrip()))
        elif _LICENCE.search(words):
            yield from _sentences_with(_LICENCE, text, span)
    yield from _about_author(text, paragraphs, title)
    yield from _closing(text, paragraphs, title)
    yield from (span for span in paragraphs[:6] if span != title and _is_masthead(text[span.start : span.end]))


def _within(text: str, span: Span) -> Iterator[Span]:
    for pattern in (_BRACKETED, _CREDITED):
        for found in pattern.finditer(text, span.start, span.end):
            yield Span(*found.span())


def _is_boilerplate_line(words: str) -> bool:
    """The whole line claims nothing."""
    if len(words) > MAX_LINE:
        return False
    if any(pattern.match(words) for pattern in (_REPORTING, _PLEA, _TAG_LINE, _NOTE)):
        return True
    if any(pattern.fullmatch(words) for pattern in (_BYLINE, _REPORTS_FROM, _BUTTON)):
        return True
    if _is_link(words) or _CREDIT_LINE.match(words):
        return True
    if _LICENCE.search(words):
        return len(re.findall(r"[.!?](?:\s|$)", words)) <= 2
    return _is_stamp(words)


def _is_link(words: str) -> bool:
    """A link title; behind a word that may also open a sentence, only what looks like a title."""
    found = _LINK_LINE.match(words)
    if found is None or _SURE_LINK.match(words):
        return found is not None
    rest = words[found.end() :].strip()
    return not rest or (not words.endswith((".", ";", ",")) and not rest[0].islower() and not rest[0].isdigit())


def _is_stamp(words: str) -> bool:
    """A date and little else."""
    if len(words) > MAX_STAMP:
        return False
    rest = words
    for item in reversed(dating.find(words)):
        rest = rest[: item.start] + rest[item.end :]
    if rest == words and not _STAMP.match(words):
        return False
    left = re.findall(r"[A-Za-z]{3,}", _STAMP.sub("", rest, count=1))
    return rest != words and all(word.lower() in _CLOCK for word in left)


_CLOCK = frozenset(
    _words("est edt gmt utc cet cest pst pdt eet eest msk edition updated published posted last and at on read min")
)


def _title_lists(text: str, paragraphs: list[Span]) -> Iterator[Span]:
    """A line such as `Read more:` with the titles under it, to the first line that reads as a sentence."""
    for index, span in enumerate(paragraphs):
        words = text[span.start : span.end]
        if (
            len(words) > 120
            or not _LINK_LINE.match(words)
            or not re.search(r"(?::|more|also|stories|articles|reading|like)\W{0,3}$", words, re.I)
        ):
            continue
        end = span.end
        for line in paragraphs[index + 1 : index + 12]:
            if line.end - line.start > MAX_STAMP or text[line.end - 1] in ".;,":
                break
            end = line.end
        yield Span(span.start, end)


def _sentences_with(pattern: re.Pattern[str], text: str, span: Span) -> Iterator[Span]:
    """Sentences of a long paragraph that a pattern is found in."""
    at = span.start
    for stop in [
        *(found.end() for found in re.finditer(r"[.!?]\s", text[span.start : span.end])),
        span.end - span.start,
    ]:
        end = min(span.start + stop, span.end)
        if end > at and pattern.search(text, at, end):
            yield Span(at, at + len(text[at:end].rstrip()))
        at = end


_JOINERS = frozenset(_words("a and at by de der for from in of on the van von with"))


def _is_masthead(words: str) -> bool:
    """A line of names and a full date, as below a title: `Opinion | A. Writer | 3 May 2025`."""
    if len(words) > MAX_MASTHEAD or _ENDED.search(words):
        return False
    dates = [item for item in dating.find(words) if item.precision == "day"]
    rest = words
    for item in reversed(dates):
        rest = rest[: item.start] + rest[item.end :]
    left = re.findall(r"[^\W\d_][\w.’'-]*", rest)
    named = all(word[0].isupper() or word.lower() in _JOINERS for word in left)
    return bool(dates) and (named or _is_imprint(rest))


def _is_imprint(rest: str) -> bool:
    """Short parts between commas or bars, without a number: `The Paper | data desk`."""
    parts = [part.split() for part in re.split(r"[,|·•–—/]", rest) if part.strip()]
    short = all(len(part) <= MAX_IMPRINT for part in parts)
    return len(parts) >= 2 and short and not any(letter.isdigit() for letter in rest)


MAX_MASTHEAD = 100
MAX_IMPRINT = 4
NEAR_END = 8
"""Last paragraphs that are searched for notes on the author and for what closes a page; arbitrary."""
_SENTENCE = re.compile(r"[^.!?]{1,400}(?:[.!?](?!\s|$)[^.!?]{1,400}){0,8}[.!?]*[\"'”’)*_]{0,3}")
_CLOSED = re.compile(
    r"\W{0,4}(?:(?:this|that|our|the) (?:live )?(?:live ?blog|blog|live coverage|coverage|live page|feed|live feed|"
    r"live thread|thread|page) (?:is|has|was|will|ends?|closes?|continues?)\b|(?:and )?that(?:['’]s| is) (?:all|it) "
    r"(?:from|for)\b|we(?: are|['’]re) (?:now )?(?:closing|wrapping|pausing|ending) (?:up )?(?:this|our|the)\b|"
    r"(?:you can )?(?:follow|find|read|see|catch up (?:on|with)) (?:all |more |the rest |the latest )*(?:of )?"
    r"(?:our|the) (?:\w{1,20} ){0,3}(?:coverage|updates|reporting|live ?blog|blog|developments|analysis|page)\b|"
    r"this is a (?:developing|breaking) (?:news )?story\b|(?:this|the) (?:story|article|page|report|piece|post) "
    r"(?:is being|will be|may be|continues to be) (?:updated|corrected)\b|more (?:updates|details|to) (?:to )?"
    r"(?:follow|come)\b|(?:any |all |the )?(?:views?|opinions?)(?: and opinions?)? (?:expressed|in this|are "
    r"(?:his|her|their|my) own|here are)\b|the (?:full |complete |entire |original )?(?:video|audio|"
    r"transcript|text|recording|interview|report|data ?set|spreadsheet|methodology) (?:is|are|can be|will be) "
    r"(?:available|published|found|"
    r"downloaded|posted|online)\b|(?:method(?:ology)?|corrections?|charts?|graphics?|maps?)\s?:"
    r"|the (?:author|writer|columnist)['’]s? (?:views?|opinions?)\b)",
    re.I,
)
_PEN = re.compile(
    rf"[*_\s—–-]{{0,4}}(?:{_NAME} ){{1,3}}(?P<surname>{_NAME})[*_]{{0,3}},?"
    r"(?: (?:is|was) (?:an? |the )?.{0,120}\b(?:based in|author of|writer|columnist|correspondent|editor|fellow)\b"
    r"| (?:also |regularly |often )?(?:writes|covers|reports (?:on|from|for)|contributes|edits|blogs|tweets|hosts|"
    r"teaches|lectures)\b)"
)


def _closing(text: str, paragraphs: list[Span], title: Span | None) -> Iterator[Span]:
    """Sentences near the end that speak of the page, of whose views it holds, or of who wrote it."""
    rest = [span for span in paragraphs if span != title]
    body = " ".join(text[span.start : span.end] for span in rest if span.end - span.start > MAX_STAMP)
    for span in rest[-NEAR_END:] if len(rest) > 1 else []:
        about = False
        for found in _SENTENCE.finditer(text, span.start, span.end):
            words = found[0].strip()
            pen = _PEN.match(words) if span in rest[-3:] else None
            own = pen is not None and body.count(pen["surname"]) - words.count(pen["surname"]) < 1
            about = own or (about and re.match(r"\W{0,3}(?:he|she|they|his|her|their)\b", words, re.I) is not None)
            if words and (_CLOSED.match(words) or about):
                start = found.start() + found[0].index(words[0])
                yield Span(start, start + len(words))


def _about_author(text: str, paragraphs: list[Span], title: Span | None) -> Iterator[Span]:
    """Notes on the author among the last lines, and whole lines in italics there."""
    rest = [span for span in paragraphs if span != title and not _is_boilerplate_line(text[span.start : span.end])]
    for span in rest[-3:] if len(rest) > 1 else []:
        words = text[span.start : span.end]
        if len(words) > MAX_BIO:
            continue
        italic = re.fullmatch(r"([*_]{1,3})(?![*_\s]).{20,}(?<![*_\s])\1", words, re.S) is not None
        found = _BIO.match(words)
        others = " ".join(
            text[other.start : other.end] for other in rest if other != span and other.end - other.start > MAX_STAMP
        )
        if found and found["surname"] and found["surname"] in others:
            continue
        if found and (_OWN_WORK.search(words, found.end() - 1) or italic or words[0] in "*_"):
            yield span


def _merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans in order, those that touch put together."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(span.end, merged[-1].end))
        else:
            merged.append(span)
    return tuple(merged)
