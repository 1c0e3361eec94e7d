"""Whatever the file, what is read is its text or a clear refusal; and boilerplate is told from article."""

from __future__ import annotations

import codecs
import contextlib
import os
import socket
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceasefire.evidence.article import document
from ceasefire.evidence.article.document import Document, Span
from ceasefire.evidence.error import EvidenceError

BODY = (
    "The garrison held the crossing for nine days before the relief column arrived from the north.\n"
    "Its commander said that 40 vehicles had been lost, and that the road to the east was cut."
)


def parse(text: str | bytes, name: str = "note.txt", **more: str) -> Document:
    return document.parse(text if isinstance(text, bytes) else text.encode(), name, **more)


def words(found: Document, spans: tuple[Span, ...]) -> list[str]:
    return [found.text[span.start : span.end] for span in spans]


# Text files


@pytest.mark.parametrize(
    "text", ["One.\nTwo.\n", "\r\n\r\nOne.\r\nTwo — “three”.\r\n", "\n\n  One\t\ttwo.  \n\n\nThree."]
)
def test_a_text_file_keeps_every_character(text: str, tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_bytes(text.encode())
    found = document.read(path)
    assert found.text == text
    assert found.name == "note"
    for span in found.paragraphs:
        assert text[span.start : span.end] == text[span.start : span.end].strip() != ""


def test_paragraphs_are_lines_and_broken_lines_are_joined() -> None:
    assert words(parse(BODY), parse(BODY).paragraphs) == BODY.split("\n")
    wrapped = (
        "The garrison held the crossing for nine days before the relief\n"
        "column arrived from the north along the one road that was open.\n"
        "\n"
        "Its commander said that forty of his vehicles had been lost and\n"
        "that the road to the east, which the map shows as a dotted line,\n"
        "was cut."
    )
    assert len(parse(wrapped).paragraphs) == 2


@pytest.mark.parametrize(
    ("data", "warned"),
    [
        (BODY.encode(), False),
        (codecs.BOM_UTF8 + BODY.encode(), False),
        (codecs.BOM_UTF16_LE + BODY.encode("utf-16-le"), False),
        (codecs.BOM_UTF16_BE + BODY.encode("utf-16-be"), False),
        (BODY.replace("said", "said—").encode("cp1252"), True),
    ],
)
def test_encodings(data: bytes, warned: bool) -> None:
    found = parse(data, published="2025-01-01")
    assert found.text.replace("said—", "said") == BODY
    assert bool(found.warnings) == warned


def test_mixed_encodings_are_told() -> None:
    data = "Die Straße, the naïve café, été. ".encode() * 3 + b"caf\xe9 was lost."
    found = parse(data, published="2025-01-01")
    assert found.text.count("\ufffd") == 1
    assert "mixed encodings" in found.warnings[0]


def test_marks_that_turn_or_hide_text_are_blanked_in_place() -> None:
    text = "Held by \u202eeht ymene\u202c and Kup\u200byansk \x1b[31mred\x1b[0m \U000e0041 end."
    found = parse(text, published="2025-01-01")
    assert len(found.text) == len(text)
    assert not set(found.text) & set("\u202e\u202c\u200b\x1b\U000e0041")
    assert len(found.warnings) == 4


# What is refused


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"%PDF-1.7 ...", "PDF"),
        (b"PK\x03\x04....", "ZIP"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"{\\rtf1 hello}", "RTF"),
        (b"\x1f\x8b\x08", "compressed"),
        (b"some\0text", "no text has"),
        (bytes(range(256)) * 20, "no text has"),
        (b"\x01\x02\x03\x04 abc", "no text has"),
        (BODY.encode("utf-16-le"), "no text has"),
        (b"", "no readable text"),
        (b" \n \n", "no readable text"),
        (b"word " * 300_000, "larger than"),
        (b"word " * 50_000, "characters"),
    ],
)
def test_what_is_no_article_is_refused_with_what_would_do(data: bytes, said: str) -> None:
    with pytest.raises(EvidenceError, match=said):
        parse(data)


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="cannot read"):
        document.read(tmp_path / "none.txt")
    with pytest.raises(EvidenceError, match="no plain file"):
        document.read(tmp_path)
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(EvidenceError, match="no plain file"):
        document.read(tmp_path / "pipe.txt")
    with pytest.raises(EvidenceError, match="cannot read"):
        document.read("a\0b.txt")


@pytest.mark.parametrize("published", ["12 August", "2025-02-30", "2025", "2025-08-12T10:00"])
def test_a_wrong_day_of_publication_is_refused(published: str) -> None:
    with pytest.raises(EvidenceError, match="no ISO day"):
        parse(BODY, published=published)


def test_a_bomb_of_entities_is_refused() -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><p>&b;</p>'
    for name in ("bomb.xml", "bomb.html", "bomb"):
        with pytest.raises(EvidenceError, match="entities"):
            parse(bomb, name)
    assert parse(bomb, "bomb.txt").text == bomb


# Pages

PAGE = """<!DOCTYPE html><html><head><title>The crossing holds | The Daily Example</title>
<meta property="article:published_time" content="2025-03-04T08:00:00Z">
<script>var secret = "script text"; if (a < b) { document.write("<p>written</p>") }</script>
<style>p { color: red }</style></head><body>
<nav><a href="/">Home</a> <a href="/war">War menu</a></nav>
<header class="site-header"><h1>The crossing holds</h1></header>
<article><p class="byline">By Jane Doe</p>
<p>The garrison&nbsp;held the crossing for <b>nine</b> days &mdash; before the relief column arrived.</p>
<p style="display:none">Hidden order to the reader.</p><p hidden>Hidden too.</p>
<div class="related-posts"><a href="x">A related story</a></div>
<p>Its commander said that 40&#160;vehicles had been lost, and that the road to the east was cut, and that
more were on their way; the ministry could not be reached, and nobody answered at the town hall.
<p>An unclosed paragraph ends the story.
<ul><li><a href="y">Why the bridge mattered</a></li></ul>
<form><input value="mail"><p>Enter your mail</p></form>
</article><aside>Aside text</aside><footer>Footer text</footer>
<noscript>Enable scripts</noscript><iframe src="http://example.org/"></iframe></body></html>"""


def test_of_a_page_only_the_article_is_kept() -> None:
    found = parse(PAGE, "page.html")
    for gone in (
        "script text",
        "written",
        "color",
        "menu",
        "Hidden",
        "Aside",
        "Footer",
        "Enable",
        "Enter",
        "related story",
        "Home",
    ):
        assert gone not in found.text
    assert "The garrison held the crossing for nine days — before the relief column arrived." in found.text
    assert "40 vehicles had been lost" in found.text
    assert "An unclosed paragraph ends the story." in words(found, found.paragraphs)
    assert found.title == "The crossing holds"
    assert found.published == "2025-03-04"
    assert words(found, found.boilerplate) == ["Why the bridge mattered"]


@pytest.mark.parametrize(
    "tag",
    [
        '<meta name="pubdate" content="March 4, 2025">',
        '<script type="application/ld+json">{"datePublished": "2025-03-04T10:00:00+02:00"}</script>',
        '<time datetime="2025-03-04">yesterday</time>',
        '<span itemprop="datePublished" content="2025-03-04">4 March</span>',
    ],
)
def test_the_date_of_a_page(tag: str) -> None:
    assert parse(f"<html><body>{tag}<p>{BODY}</p></body></html>", "page.html").published == "2025-03-04"
    assert (
        parse(f"<html><body>{tag}<p>{BODY}</p></body></html>", "page.html", published="2025-01-01").published
        == "2025-01-01"
    )


def test_a_page_of_scripts_has_no_text() -> None:
    with pytest.raises(EvidenceError, match="no readable text"):
        parse("<html><body>" + "<script>alert('x')</script>" * 2_000 + "</body></html>", "page.html")


def test_a_declared_encoding_is_used_and_a_strange_one_is_not() -> None:
    page = f'<html><head><meta charset="windows-1251"></head><body><p>Мелитополь: {BODY}</p></body></html>'
    assert "Мелитополь" in parse(page.encode("cp1251"), "page.html").text
    for strange in ("unicode_escape", "zip", "rot13", "utf-7", "idna"):
        data = f'<html><head><meta charset="{strange}"></head><body><p>caf'.encode() + b"\xe9 \\x41 " + BODY.encode()
        assert "café \\x41" in parse(data, "page.html").text


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    links = (
        '<link rel="stylesheet" href="http://example.org/a.css"><img src="http://example.org/x.png">'
        '<!DOCTYPE x SYSTEM "http://example.org/x.dtd">'
    )
    assert "garrison" in parse(f"{links}<html><body>{links}<p>{BODY}</p></body></html>", "page.html").text


@pytest.mark.parametrize(
    "inside",
    [
        "<" * 50_000,
        "<a" * 50_000,
        "<!--" * 50_000,
        '<a "' * 50_000,
        "<a x='\"" * 20_000,
        "</i>" * 50_000,
        "&" * 50_000,
        "&#" * 50_000,
        "<script>" * 20_000,
        "<title>" * 20_000,
        "<a " + 'x="' * 50_000,
        "<i></b>" * 20_000,
        "<p class='" + "a-" * 50_000 + "'>",
        "<p style='" + "display" * 20_000 + "'>",
        "<p>" * 40_000,
    ],
)
def test_hostile_pages_take_no_time(inside: str) -> None:
    began = time.process_time()
    with contextlib.suppress(EvidenceError):
        parse(f"<html><body><p>{BODY}</p>{inside}", "page.html")
    assert time.process_time() - began < 3


def test_a_page_too_deep_or_too_full_of_tags_is_refused() -> None:
    for inside in ("<b>" * 2_000, "<i></i>" * 60_000):
        with pytest.raises(EvidenceError, match="tags"):
            parse(f"<html><body>{inside}{BODY}", "page.html")


# Boilerplate


@pytest.mark.parametrize(
    "line",
    [
        "(RELATED: The Bridge That Would Not Fall)",
        "[Read more: Why the bridge (still) matters]",
        "Also read: The bridge that would not fall",
        "See also: A history of bridges",
        "RELATED ARTICLES",
        "Read more on the bridge »",
        "By Jane Doe",
        "By Jane Doe and John O’Neill, Defence Correspondent",
        "Jane Doe reports from Lviv.",
        "Reporting by Jane Doe in Lviv; Editing by John Roe",
        "© 2025 The Daily Example. All rights reserved.",
        "This article was originally published in The Daily Example.",
        "Licensed under a Creative Commons licence (CC BY 4.0).",
        "(Photo: Jane Doe/Example Agency)",
        "Image credit: Getty Images",
        "A soldier crosses the bridge. Jane Doe/Getty Images",
        "Subscribe to our newsletter for more stories like this.",
        "Support our journalism: become a member today.",
        "Share this on Facebook",
        "Share Tweet Email Print",
        "We use cookies to improve your experience.",
        "Follow us on X and Telegram.",
        "Advertisement",
        "5 min read",
        "Published: 4 March 2025, 10:30 GMT",
        "Last updated on March 4, 2025",
        "March 4, 2025",
        "Tags: bridges, rivers",
        "Filed under: Opinion",
        "The views expressed are those of the author.",
    ],
)
def test_boilerplate_lines(line: str) -> None:
    found = parse(f"{BODY}\n{line}\n{BODY}")
    assert line in words(found, found.boilerplate)
    assert sum(span.end - span.start for span in found.boilerplate) == len(line)


@pytest.mark.parametrize(
    "line",
    [
        "By Friday the army had lost 300 men and withdrawn to the river.",
        "Photographs published by the ministry show 12 burnt vehicles near the bridge.",
        "Support for the war fell to 40 percent, the pollster said.",
        "Related to this is the shortage of shells, which has worsened since May.",
        "More than 300 drones were launched at the city overnight.",
        "The president is a former director of the security service.",
        "Sources: two of them said that the bridge had been hit 14 times by glide bombs that night.",
        "Share prices fell by 3 percent after the strike on the refinery.",
        "The general reports from the front every morning, and he reports losses.",
        "On March 4, 2025, the bridge fell to the 5th brigade.",
        "See the map: the town is surrounded on three sides, with one road still open to the west of it.",
        "Video shows three tanks burning on the bridge.",
        "The copyright dispute delayed the maps.",
        "He said (related units were elsewhere) that 40 vehicles were lost.",
        "Your support is not enough: Kyiv asked for 10 batteries and got two, said the minister of defence on Monday.",
        "Listen: the generals said that the city would fall in three days.",
        "Watch the river: 3,000 men have crossed it since May, and more will follow before the ice comes.",
    ],
)
def test_sentences_are_not_boilerplate(line: str) -> None:
    found = parse(f"{BODY}\n{line}\n{BODY}\n{BODY}")
    assert words(found, found.boilerplate) == []


def test_links_inside_a_paragraph_are_cut_out_exactly() -> None:
    text = f"The town fell in May. (RELATED: The Fall) Two brigades left.\n{BODY}"
    found = parse(text)
    assert words(found, found.boilerplate) == ["(RELATED: The Fall)"]
    assert found.is_boilerplate(22, 40)
    assert not found.is_boilerplate(0, 21)


def test_titles_under_read_more_go_to_the_end_of_the_block() -> None:
    text = f"{BODY}\nREAD MORE from Jane Doe:\nThe Bridge That Would Not Fall\nWhy Rivers Matter?"
    found = parse(text)
    assert words(found, found.boilerplate) == [text[text.index("READ MORE") :]]
    later = parse(f"{BODY}\nRead more:\nThe Bridge That Would Not Fall\n{BODY}")
    assert words(later, later.boilerplate) == ["Read more:\nThe Bridge That Would Not Fall"]


def test_notes_on_the_author_at_the_end() -> None:
    note = "*Jane Doe is a senior fellow at the Institute of Examples.*"
    found = parse(f"{BODY}\n{note}")
    assert words(found, found.boilerplate) == [note]
    found = parse(f"{BODY}\nJohn Roe, a retired colonel, was a correspondent for The Daily Example.")
    assert len(found.boilerplate) == 1


def test_a_dateline_is_no_claim_but_dates_the_text() -> None:
    found = parse(f"The crossing holds\n\nKYIV, March 4, 2025 (Reuters) — The garrison held the crossing.\n{BODY}")
    assert found.title == "The crossing holds"
    assert words(found, (found.title_span,)) == ["The crossing holds"]  # type: ignore[arg-type]
    assert words(found, found.boilerplate) == ["KYIV, March 4, 2025 (Reuters) —"]
    assert (found.place, found.published) == ("Kyiv", "2025-03-04")


def test_a_title_is_a_short_first_line_that_does_not_end_a_sentence() -> None:
    assert parse(f"Who holds the crossing?\n\n{BODY}").title == "Who holds the crossing?"
    assert parse(BODY).title is None
    assert parse("Who holds the crossing").title is None


def test_the_date_is_read_from_a_line_near_the_top() -> None:
    assert parse(f"The crossing holds\nBy Jane Doe | March 4, 2025\n{BODY}").published == "2025-03-04"
    assert parse(f"Campaign assessment, 4 March 2025\n\n{BODY}").published == "2025-03-04"
    assert parse(f"{BODY}\nIt began on March 4, 2025.").published is None
    assert any("publication" in warning for warning in parse(BODY).warnings)


# Any bytes at all


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=400) | st.text(max_size=400).map(lambda text: text.encode("utf-8", "replace")),
    st.sampled_from(["a.txt", "a.html", "a", "\x00.xml"]),
)
def test_any_bytes_are_read_or_refused(data: bytes, name: str) -> None:
    try:
        found = parse(data, name)
    except EvidenceError:
        return
    found.text.encode()
    end = 0
    for span in found.paragraphs:
        assert end <= span.start < span.end <= len(found.text)
        end = span.end
    end = 0
    for span in found.boilerplate:
        assert end <= span.start < span.end <= len(found.text)
        end = span.end


PIECES = [
    "<p>", "</p>", "<div class='share'>", "</div>", "<a href=x>", "</a>", "<br/>", "<!-- ", "-->", "<script>",
    "</script>", "<article>", "</article>", "<h1>", "</h1>", "&amp;", "&#x202e;", "&#0;", "&bogus;", "<", ">", '"',
    "'", "text ", "The town fell. ", "\n", "<td>", "<li>", "<head>", "<body>", "<time datetime='2025-01-02'>",
    "<title>", "</title>", "<![CDATA[", "]]>", "<svg>", "</svg>", "<form>", "</form>", "<style>",
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
def test_any_soup_of_tags_is_read_or_refused(soup: str) -> None:
    try:
        found = parse(soup, "soup.html")
    except EvidenceError:
        return
    assert "\u202e" not in found.text
    assert all(found.text[span.start : span.end].strip() for span in found.paragraphs)


@pytest.mark.parametrize(
    "line",
    [
        "Mara Quell covers eastern Europe for this paper. She lives in Lviv.",
        "This live blog has now ended.",
        "The views expressed here are those of the writer alone.",
        "You can follow all our coverage of the war here.",
    ],
)
def test_notes_at_the_end_claim_nothing(line: str) -> None:
    body = "The garrison of the town held out for another week, and its commander asked for shells once more. " * 2
    text = f"A long week\n\n{body.strip()}\n\n{line}\n"
    article = document.parse(text.encode(), "note.txt")
    start = text.index(line)
    assert article.is_boilerplate(start, start + len(line))
    assert not article.is_boilerplate(text.index("The garrison"), start - 2)


def test_a_line_of_names_and_a_date_claims_nothing() -> None:
    text = "The long week\nComment | Mara Quell | 3 May 2025\n\nThe garrison held out for another week, it was said.\n"
    article = document.parse(text.encode(), "note.txt")
    start = text.index("Comment")
    assert article.is_boilerplate(start, text.index("2025") + 4)
    assert article.published == "2025-05-03"
