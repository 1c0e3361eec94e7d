"""A page as a browser would read it: tags nest, nothing runs or loads, and what was seen is remembered."""

from __future__ import annotations

import html.parser

VOID = {"meta", "br", "wbr", "img", "link", "hr", "input"}


class Page(html.parser.HTMLParser):
    """Checks that tags nest, and remembers what it saw."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[str] = []
        self.identifiers: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        named = dict(attrs)
        assert not [name for name in named if name.startswith("on") or name in ("src", "srcset", "action")], named
        if named.get("id"):
            self.identifiers.append(named["id"] or "")
        if "href" in named:
            self.links.append(named["href"] or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open
        assert self.open.pop() == tag


def parsed(content: str) -> Page:
    """A page whose tags nest."""
    page = Page()
    page.feed(content)
    page.close()
    assert not page.open
    return page
