"""One HTML file that needs nothing else: its frame, its style, and writing it whole.

No network, no script, printable. The policy that the page carries forbids it to load or to run anything, whatever text
it holds.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def replace_whole(path: Path, content: str) -> Path:
    """Write aside, then rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content)
        Path(aside).chmod(0o644)
        Path(aside).replace(path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise
    return path


def page(title: str, body: str, style: str = "") -> str:
    """A whole page; the title is escaped, body and further style are HTML and CSS already.

    A link within the page to a part that it lacks becomes plain words.
    """
    body = _living(body)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{STYLE}{style}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


_ID = re.compile(r"""\sid=["']([^"']+)["']""")
_INNER_LINK = re.compile(r"""<a href=["']#([^"']*)["']>(.*?)</a>""", re.DOTALL)


def _living(body: str) -> str:
    """The same without links to places that are not there."""
    known = set(_ID.findall(body))
    return _INNER_LINK.sub(lambda found: found[0] if found[1] in known else found[2], body)


def section(identifier: str, title: str, lead: str, *parts: str) -> str:
    """A section; title, lead and parts are HTML already."""
    inner = "\n".join(part for part in parts if part)
    opening = f'<p class="lead">{lead}</p>' if lead else ""
    return f'<section id="{identifier}">\n<h2>{title}</h2>\n{opening}\n{inner}\n</section>'


def row(label: str, cells: Iterable[str]) -> str:
    """A row of a table, escaped."""
    return f'<tr><th scope="row">{escape(label)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}</tr>'


def link(to: str, words: str) -> str:
    """Words that lead to a place of the same page; escaped."""
    return f'<a href="#{escape(to)}">{escape(words)}</a>'


_HEAD = re.compile(r'<h2>.*?</h2>\n(?:<p class="lead">.*?</p>)?', re.DOTALL)


def sourced(part: str, places: Mapping[str, str]) -> str:
    """A section with the line that leads to what it is made from, below its lead; nothing for no section."""
    return _HEAD.sub(lambda found: f"{found[0]}\n{came_from(places)}", part, count=1)


def came_from(places: Mapping[str, str]) -> str:
    """The line under figures and tables that leads to what they are made from: place of the page → words."""
    return f"<p class='from'>From: {', '.join(link(to, words) for to, words in places.items())}.</p>" if places else ""


STYLE = """
:root{color-scheme:light;--ink:#1d1d1b;--quiet:#62625d;--rule:#dedbd3;--paper:#fff}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:17px/1.5 Georgia,'Times New Roman','Liberation Serif',serif}
main{max-width:1128px;margin:0 auto;padding:40px 24px 80px}
header{border-top:4px solid var(--ink);padding-top:14px}
h1{font-size:44px;line-height:1.1;margin:.1em 0 .25em;letter-spacing:-.01em;font-weight:700;overflow-wrap:anywhere}
h2{font-size:28px;line-height:1.2;margin:0 0 .3em}
h3{font-size:19px;margin:2em 0 .7em}
h4{margin:1em 0 .4em;font-size:15px}
h4,.kicker,.byline,.note,.from,figcaption,table,dl,details,.sources{
 font-family:'Helvetica Neue',Helvetica,Arial,'Liberation Sans',sans-serif}
.kicker{text-transform:uppercase;letter-spacing:.07em;font-size:12.5px;font-weight:700;color:var(--quiet);margin:0}
.question{font-style:italic;font-size:21px;color:var(--quiet);margin:0 0 1.1em;max-width:42em}
.answer{font-size:22px;line-height:1.42;max-width:41em}
.answer p{margin:0 0 .65em}
.byline{font-size:13.5px;color:var(--quiet);margin:1.4em 0 0}
.lead{max-width:42em;margin:0 0 1.4em}
.answer a{text-decoration-thickness:1px;text-decoration-color:#c9c6bd}
.answer small{font:12.5px/1 'Helvetica Neue',Helvetica,Arial,'Liberation Sans',sans-serif;white-space:nowrap}
.from{font-size:12.5px;color:var(--quiet);margin:8px 0 18px;max-width:72em}
.note{font-size:13px;color:var(--quiet);max-width:60em}
ul{max-width:44em;padding-left:1.2em;margin:.6em 0}
li{margin-bottom:.35em}
section{border-top:1px solid var(--ink);margin-top:56px;padding-top:18px}
figure{margin:0 0 26px;min-width:0}
figcaption{font-weight:700;font-size:14px;margin-bottom:7px}
svg{display:block;max-width:100%;height:auto}
.beside{display:grid;grid-template-columns:minmax(0,700px) minmax(0,1fr);gap:36px;align-items:start}
.beside aside table{margin-top:28px}
.beside aside td,.beside aside th{font-size:13px}
.grid figure{margin-bottom:8px}
.grid{display:grid;gap:14px 24px;align-items:start}
.of2{grid-template-columns:repeat(2,minmax(0,1fr))}
.of3{grid-template-columns:repeat(3,minmax(0,1fr))}
.of5{grid-template-columns:repeat(5,minmax(0,1fr));gap:6px 15px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:14px;line-height:1.35;width:100%}
th,td{padding:5px 10px 5px 0;text-align:left;vertical-align:baseline;border-bottom:1px solid var(--rule)}
th{font-weight:400}
thead th{font-weight:700;font-size:13px;border-bottom:1px solid var(--ink);vertical-align:bottom}
thead span{font-weight:400;color:var(--quiet)}
.figures td,.figures thead th+th,.number,.numbers td,.numbers thead th+th{
 text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.figures td,.figures thead th+th{padding-left:10px}
.figures td.word,.figures thead th+th.word{text-align:left}
.figures .group th{font-weight:700;padding-top:16px}
.figures .group .doc{font-weight:400}
.figures .total th,.figures .total td{font-weight:700;border-top:1px solid var(--ink)}
small{color:var(--quiet);font-size:11.5px;font-weight:400;display:inline-block;min-width:5.2em}
details{font-size:13px;margin-top:6px}
summary{cursor:pointer;color:var(--quiet)}
.numbers table{font-size:12px}
.numbers .scroll{max-height:340px;overflow:auto;margin-top:6px}
.words td,.words th{font-size:13px}
.words thead th:nth-child(2),.words thead th:nth-child(3),.words thead th:nth-child(4){text-align:right}
.words th+th,.words td+td{padding-left:8px}
.left thead th:nth-child(n),.left td,.left th{text-align:left;vertical-align:top}
.words .date{white-space:nowrap}
.doc{display:block;color:var(--quiet);font-size:12.5px}
code,dd{overflow-wrap:anywhere}
code{font:12.5px/1.3 'SF Mono',Menlo,Consolas,'Liberation Mono',monospace}
.sources{font-size:13px;padding-left:2em}
.sources li{margin-bottom:.5em}
li:target,tr:target{background:#fff3c4}
a{color:inherit;text-decoration-color:#a9a69d;text-underline-offset:2px}
dl{display:grid;grid-template-columns:8em 1fr;gap:4px 12px;font-size:14px}
dt{color:var(--quiet)}
dd{margin:0}
@media(max-width:820px){.of2,.of3,.beside{grid-template-columns:1fr}.of5{grid-template-columns:repeat(2,minmax(0,1fr))}
 h1{font-size:32px}.answer{font-size:19px}}
@media print{body{font-size:11pt}main{max-width:none;padding:0}section{margin-top:24px}
 figure,tr{break-inside:avoid}h2,h3,h4{break-after:avoid}details{display:none}.scroll{overflow:visible}}
"""
