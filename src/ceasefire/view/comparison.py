"""Two articles beside each other, as a page and as text: what contradicts, updates, is new, was dropped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from ceasefire.evidence.claim import Claim, Verdict
from ceasefire.study.comparison import Comparison, Judged, Pair
from ceasefire.study.reading import NOT_DUE, Reading
from ceasefire.view import reading as one
from ceasefire.view.page import page, section
from ceasefire.view.reading import heading, outcome
from ceasefire.view.verdict import SIGNS, chip, dated, name_of, quoted, said, stated, when

SHOWN = 400
"""Most claims of a section on a page."""
LINES = 12
"""Most claims of a section on a screen."""


def write(found: Comparison, path: Path | str) -> Path:
    """Write the page; the file appears whole or not at all. Raises `EvidenceError` where it cannot be written."""
    return one.write_page(render(found), path)


def render(found: Comparison) -> str:
    """The page as HTML."""
    parts = (
        _opening(found),
        _pairs(
            "contradicts", "What they contradict", "Both speak of the same days, and differ.", found, found.contradicts
        ),
        _pairs(
            "updates", "What the later updates", "The later speaks of later days, and differs.", found, found.updates
        ),
        _forecasts(found),
        _singles("new", "New in the later", found.new),
        _singles("dropped", "Not in the later any more", found.dropped),
        _pairs("repeats", "What both say", "", found, found.repeats),
        _how(),
    )
    title = f"{heading(found.earlier)} · {heading(found.later)}"
    return page(title, "\n".join(part for part in parts if part), one.STYLE + _STYLE)


def text(found: Comparison) -> str:
    """The comparison for a terminal."""
    return "\n".join(_lines(found))


# ---------------------------------------------------------------------------------------------------------------- text


def _lines(found: Comparison) -> Iterator[str]:
    yield f"Earlier: {_titled(found.earlier)}"
    yield f"Later:   {_titled(found.later)}"
    if not found.ordered:
        yield "One of them does not say when it came out, so they stand in the order in which they were given."
    yield from sentences(found)
    for title, pairs in (("Contradicts", found.contradicts), ("Updates", found.updates)):
        if pairs:
            yield ""
            yield f"{title}: {len(pairs)}"
            for pair in pairs[:LINES]:
                yield f"  {name_of(pair.earlier)}"
                yield f"    earlier: {_briefly(pair.earlier, pair.earlier_verdict)}"
                yield f"    later:   {_briefly(pair.later, pair.later_verdict)}"
            yield from _more(len(pairs))
    if found.forecasts:
        yield ""
        yield f"Forecasts of the earlier: {len(found.forecasts)}"
        for judged in found.forecasts[:LINES]:
            yield f"  {said(judged.forecast.claim.span, 90)}: {_due(judged)}, {judged.forecast.outcome}"
            if judged.answer is not None:
                yield f"    the later {_answering(judged)}: {said(judged.answer.span, 90)}"
        yield from _more(len(found.forecasts))
    for title, items in (("New", found.new), ("Dropped", found.dropped)):
        if items:
            yield ""
            yield f"{title}: {len(items)}"
            yield from (f"  {_briefly(claim, verdict)}" for claim, verdict in items[:LINES])
            yield from _more(len(items))


def _due(judged: Judged) -> str:
    return f"due {judged.forecast.due}" if judged.forecast.due else "no day named"


def _more(number: int) -> Iterator[str]:
    if number > LINES:
        yield f"  and {number - LINES} more"


def _titled(reading: Reading) -> str:
    published = f"published {reading.published}" if reading.published else "day not known"
    return f"{heading(reading)} ({published}, {len(reading.counted)} claims)"


def _briefly(claim: Claim, verdict: Verdict) -> str:
    value = stated(claim)
    told = f" = {value}" if value and claim.value is not None else ""
    return f"{said(claim.span, 90)}{told} [{claim.as_of}; {SIGNS[verdict.verdict].name}]"


def _answering(judged: Judged) -> str:
    return {"repeats": "says that it came about", "contradicts": "says otherwise", "updates": "says otherwise"}[
        judged.relation
    ]


def sentences(found: Comparison) -> Iterator[str]:
    """Three sentences on how the two bear on each other."""
    common = len(found.contradicts) + len(found.updates) + len(found.repeats)
    both = {0: "Nothing is told", 1: "One thing is told"}.get(common, f"{common} things are told")
    yield f"{both} by both{_split(found)}."
    yield (
        f"The later adds {_count(len(found.new), 'claim')} and no longer makes {len(found.dropped)} of the "
        f"{len(found.earlier.counted)} of the earlier."
    )
    if found.forecasts:
        told: dict[str, int] = {}
        for judged in found.forecasts:
            told[judged.forecast.outcome] = told.get(judged.forecast.outcome, 0) + 1
        listed = "; ".join(f"{count} {name}" for name, count in told.items())
        yield f"Of {_count(len(found.forecasts), 'forecast')} of the earlier with a day, by the record: {listed}."
    else:
        yield "The earlier makes no forecast with a day."


def _split(found: Comparison) -> str:
    parts = [
        f"{len(pairs)} {word}"
        for pairs, word in (
            (found.contradicts, "contradicted"),
            (found.updates, "updated"),
            (found.repeats, "said again"),
        )
        if pairs
    ]
    return f": {', '.join(parts)}" if parts else ""


def _count(number: int, word: str) -> str:
    return f"{number or 'no'} {word}{'' if number == 1 else 's'}"


# ---------------------------------------------------------------------------------------------------------------- page


def _opening(found: Comparison) -> str:
    answer = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences(found))
    order = "" if found.ordered else " One does not say when it came out: they stand in the order given."
    return f"""<header>
<p class="kicker">Two articles held against each other</p>
<h1 class="two"><span>{escape(heading(found.earlier))}</span> <span>{escape(heading(found.later))}</span></h1>
<p class="byline">Earlier: {_day(found.earlier)}. Later: {_day(found.later)}.{order}</p>
<div class="answer">{answer}</div>
</header>"""


def _day(reading: Reading) -> str:
    return when(reading.published) if reading.published else "day of publication not known"


def _pairs(identifier: str, title: str, lead: str, found: Comparison, pairs: Sequence[Pair]) -> str:
    if not pairs:
        return section(identifier, title, "Nothing.") if identifier != "repeats" else ""
    rows = "".join(
        f'<div class="pair"><p class="states"><span>{escape(name_of(pair.earlier))}</span></p>'
        f"{_side('Earlier', pair.earlier, pair.earlier_verdict)}{_side('Later', pair.later, pair.later_verdict)}</div>"
        for pair in pairs[:SHOWN]
    )
    return section(identifier, title, lead, rows, _rest(len(pairs)))


def _side(label: str, claim: Claim, verdict: Verdict) -> str:
    value = stated(claim)
    date = f" · as of {when(claim.as_of)}" if claim.as_of != "undated" else ""
    shown = f"<p class='states'><b>{escape(value)}</b>{date}</p>" if value else f"<p class='states'>{date[3:]}</p>"
    reason = f'<p class="who">{dated(verdict.reason, 300)}</p>' if verdict.checkable else ""
    return (
        f'<div class="one {verdict.verdict}"><p class="which">{label} {chip(verdict.verdict)}</p>'
        f"<blockquote>{quoted(claim, 400)}</blockquote>{shown}{reason}</div>"
    )


def _singles(identifier: str, title: str, items: Sequence[tuple[Claim, Verdict]]) -> str:
    if not items:
        return section(identifier, title, "Nothing.")
    rows = "".join(
        f"<tr><td>{chip(verdict.verdict)}</td><th scope='row'>{quoted(claim, 240)}"
        f"<span class='doc'>{escape(name_of(claim))}</span></th></tr>"
        for claim, verdict in items[:SHOWN]
    )
    return section(
        identifier, title, "", f"<table class='words singles'><tbody>{rows}</tbody></table>", _rest(len(items))
    )


def _rest(number: int) -> str:
    return f"<p class='note'>And {number - SHOWN:,} more.</p>" if number > SHOWN else ""


def _forecasts(found: Comparison) -> str:
    title = "What the earlier foresaw, and what came of it"
    if not found.forecasts:
        return section("ahead", title, "It makes no forecast with a day.")
    rows = "".join(_foreseen(judged) for judged in found.forecasts[:SHOWN])
    table = (
        "<div class='scroll'><table class='words ahead'><thead><tr><th scope='col'>Forecast</th>"
        "<th scope='col'>Due</th><th scope='col'>By the record</th><th scope='col'>By the later article</th></tr>"
        f"</thead><tbody>{rows}</tbody></table></div>"
    )
    return section("ahead", title, "", table)


def _foreseen(judged: Judged) -> str:
    forecast = judged.forecast
    if judged.answer is not None:
        answer = f"It {escape(_answering(judged))}: {quoted(judged.answer)}"
    else:
        answer = "It does not say."
    reason = "The record ends before." if forecast.outcome == NOT_DUE else dated(forecast.verdict.reason, 300)
    due = when(forecast.due) if forecast.due else "no day named"
    return (
        f'<tr><th scope="row">{quoted(forecast.claim)}</th><td class="date">{due}</td>'
        f"<td>{outcome(forecast)}<span class='doc'>{reason}</span></td><td>{answer}</td></tr>"
    )


def _how() -> str:
    lines = (
        "Two claims are about the same thing where unit and places allow it, and their words are nearly alike.",
        "The same thing said in altogether different words is not seen, and shows as new and dropped.",
        "Figures are the same within 5 %, or where their bands meet; a figure that is hedged with about has 10 %.",
        "That two articles differ does not say which is right: the verdict beside each says what the record shows.",
    )
    return section("how", "How to read it", "", f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>")


_STYLE = """
h1.two{font-size:34px}
h1.two span{display:block}
h1.two+.byline{margin:0 0 1.6em}
h1.two span+span{border-top:1px solid var(--rule);margin-top:.3em;padding-top:.3em}
.pair{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:8px 30px;padding:14px 0 18px;
 border-top:1px solid var(--rule)}
.pair>.states{grid-column:1/-1;margin:0}
.pair p,.pair blockquote{margin:0}
.one{border-left:4px solid var(--v);padding-left:14px}
.one.unverified,.one.not_checked{border-left-color:var(--rule)}
.which,.pair .states,.pair .who{font:14px/1.45 'Helvetica Neue',Helvetica,Arial,'Liberation Sans',sans-serif;
 overflow-wrap:anywhere}
.which{color:var(--quiet)}
.which .chip{margin-left:8px}
.pair blockquote{font-size:17px;line-height:1.42;margin:5px 0;overflow-wrap:anywhere}
.pair .who{color:var(--quiet);font-size:13px;margin-top:3px}
.singles td:first-child{width:9.5em}
.singles th{font:16px/1.4 Georgia,'Times New Roman','Liberation Serif',serif;overflow-wrap:anywhere}
@media(max-width:820px){.pair{grid-template-columns:minmax(0,1fr)}h1.two{font-size:25px}
 .singles,.singles tbody,.singles tr,.singles td,.singles th{display:block;width:auto!important;border-bottom:0;
  padding:2px 0!important}.singles tr{border-bottom:1px solid var(--rule);padding:8px 0}}
@media print{.pair{break-inside:avoid}}
"""
