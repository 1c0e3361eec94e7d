"""The page of one article: what it claims, in its order, and what the record says to each claim.

Self-contained like the report: no network, no script, printable, light or dark. Every string that comes from an article
is untrusted: it is escaped, and what would not print, marks of writing direction included, is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

import h3.api.numpy_int as h3
import numpy as np
import xarray

from ceasefire.evidence.claim import Claim, Finding, Verdict
from ceasefire.evidence.control import SHARE_STEPS
from ceasefire.evidence.error import EvidenceError
from ceasefire.evidence.gazetteer import Gazetteer, fold
from ceasefire.evidence.geography import Geography, Place
from ceasefire.evidence.source import SOURCES
from ceasefire.evidence.store import Store
from ceasefire.study.reading import FAILS, FALSE, NOT_DUE, PARTLY, TRUE, Forecast, Reading, Score, score
from ceasefire.view import chart
from ceasefire.view.chart import Label, Window
from ceasefire.view.page import page, replace_whole, section
from ceasefire.view.verdict import (
    CREDIBILITY,
    RELIABILITY,
    SIDES,
    SIGNS,
    SYSTEMS,
    chip,
    dated,
    figure,
    grade,
    name_of,
    quoted,
    said,
    stated,
    when,
)

SHOWN = 2_000
"""Most claims on a page."""
NAMED = 6
"""Most failing claims that the first screen lists."""
MAP_WIDTH = 700
LEAST_KM, MARGIN_KM = 220.0, 35.0
"""Least width of the map, and its margin around the places."""
NEAR_KM = 120.0
"""Places this near to occupied ground set the frame of the map; all of them where none is."""
_KM_PER_DEGREE = 111.195


_OWN = {
    "text": ("The article itself", "Arithmetic within the text", ""),
    "gazetteer": ("Gazetteer", "Places of GeoNames, and those declared here", "CC BY 4.0 (GeoNames)"),
    "almanac": ("Almanac", "Dated events and holders of office, general knowledge", ""),
    "terrain": ("Heights of the ground", "NOAA GLOBE, 1 km grid", "public domain"),
    "calendar": ("The calendar", "Weekdays, dates and spans of time", ""),
}
"""What is no published table: name, citation, licence."""


def write(reading: Reading, store: Store, path: Path | str) -> Path:
    """Write the page; the file appears whole or not at all. Raises `EvidenceError` where it cannot be written."""
    return write_page(render(reading, store), path)


def write_page(content: str, path: Path | str) -> Path:
    """Write a finished page. Raises `EvidenceError` where that fails."""
    try:
        return replace_whole(Path(path), content)
    except OSError as error:
        raise EvidenceError(f"cannot write {path} ({error.strerror})") from error


def render(reading: Reading, store: Store) -> str:
    """The page as HTML."""
    anchors = anchored(reading.claims)
    parts = (
        _opening(reading, anchors),
        _claims(reading, anchors),
        _forecasts(reading, anchors),
        _map(reading, store, anchors),
        _sources(reading),
        _how(),
        _blind(reading),
    )
    return page(heading(reading), "\n".join(part for part in parts if part), STYLE)


def heading(reading: Reading) -> str:
    """What the page is called."""
    return said(reading.title or reading.name, 300)


_SECTIONS = ("card", "claims", "ahead", "map", "sources", "how", "blind")


def anchored(claims: Iterable[Claim]) -> dict[int, str]:
    """An anchor for each claim by its place: its identifier where that is plain and its own, else its number."""
    anchors: dict[int, str] = {}
    taken = set(_SECTIONS)
    for place, claim in enumerate(claims):
        plain = re.fullmatch(r"(?!claim\.)[A-Za-z][\w.-]{0,79}", claim.id, re.ASCII) and claim.id not in taken
        anchors[place] = claim.id if plain else f"claim.{place + 1}"
        taken.add(anchors[place])
    return anchors


def _who(claim: Claim) -> str:
    """Who says it, how sure, of when, and what exactly."""
    own = claim.attributed_to == "author"
    parts = ["the author" if own else f"<bdi>{escape(said(claim.attributed_to, 120))}</bdi>"]
    if claim.source_side in SIDES:
        parts.append(SIDES[claim.source_side])
    parts.append(claim.hedge)
    parts.append(f"grade {grade(claim.admiralty_code)}")
    if claim.as_of != "undated":
        parts.append(f"as of {when(claim.as_of)}")
    return " · ".join(parts)


# ------------------------------------------------------------------------------------------------------- first screen


def _opening(reading: Reading, anchors: Mapping[int, str]) -> str:
    told = score(reading)
    published = f"published {when(reading.published)}" if reading.published else "day of publication not known"
    answer = "".join(f"<p>{sentence}</p>" for sentence in sentences(reading, anchors))
    warnings = "".join(f"<li>{escape(said(line, 300))}</li>" for line in reading.warnings[:8])
    return f"""<header>
<p class="kicker">Held against the record · {escape(published)}</p>
<h1>{escape(heading(reading))}</h1>
<div class="answer">{answer}</div>
{_bar(told)}
<p class="byline">{_reach(reading)} A verdict says what the record shows, not whether the article is fair.
<a href="#claims">Claims</a> · <a href="#ahead">What it foresaw</a> · <a href="#map">Map</a> ·
<a href="#sources">Sources</a> · <a href="#how">How to read</a> · <a href="#blind">What it cannot see</a></p>
{f'<ul class="note">{warnings}</ul>' if warnings else ""}
</header>
{_card(reading, told, anchors)}"""


def _reach(reading: Reading) -> str:
    if reading.record is None:
        return "There is no record to hold it against."
    first, last = map(when, reading.record)
    return f"The record here runs from {first} to {last}; some series go further back."


def sentences(reading: Reading, anchors: Mapping[int, str]) -> Iterator[str]:
    """Three sentences, as HTML: how much is claimed, how it fares, and what fails most plainly."""
    told = score(reading)
    if not told.claims:
        yield "No claim was found in this text."
        return
    left = told.claims - told.checked
    counted = f"{told.claims} claim{'s' if told.claims > 1 else ''}"
    if not told.checked:
        yield f"This article makes {counted}; no record here bears on {'any of them' if told.claims > 1 else 'it'}."
        return
    rest = f"; on the other {left if left > 1 else 'one'} it is silent" if left else ""
    yield f"This article makes {counted}, and the record bears on <b>{told.checked}</b> of them{rest}."
    yield f"Of these, {_listed(told)}."
    failing = _failing(reading)
    if failing:
        place, claim, verdict = failing[0]
        reason = dated(verdict.reason, 260).rstrip(".")
        yield (
            f'What fails most plainly: <a href="#{anchors[place]}">{quoted(claim, 140)}</a> is '
            f"<b>{SIGNS[verdict.verdict].name}</b>. {reason}."
        )
    else:
        yield "Nothing that could be checked fails."


def _listed(told: Score) -> str:
    parts = [
        f"<b>{count}</b> {'is' if count == 1 else 'are'} {SIGNS[name].name}"
        for name, count in told.by_verdict.items()
        if name not in ("unverified", "not_checked")
    ]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _failing(reading: Reading) -> list[tuple[int, Claim, Verdict]]:
    """Claims that do not stand as they are put: the gravest first, then what is asserted before what is hedged."""
    hedges = ("asserted", "reported", "opinion", "alleged", "unconfirmed", "forecast")

    def weight(item: tuple[int, Claim, Verdict]) -> tuple[int, str, int, int]:
        place, claim, verdict = item
        trust = min((finding.trust for finding in verdict.record), default="D")
        return FAILS.index(verdict.verdict), trust, hedges.index(claim.hedge), place

    found = [
        (place, claim, verdict)
        for place, (claim, verdict) in enumerate(zip(reading.claims, reading.verdicts, strict=True))
        if verdict.verdict in FAILS and not (claim.dup_of or claim.derived)
    ]
    return sorted(found, key=weight)


def _bar(told: Score) -> str:
    """All claims as one bar, and its key."""
    if not told.claims:
        return ""
    parts = "".join(
        f'<i class="{name}" style="flex:{count}" title="{SIGNS[name].name}: {count}"></i>'
        for name, count in told.by_verdict.items()
    )
    key = "".join(f"<li>{chip(name)}<span class='count'>{count}</span></li>" for name, count in told.by_verdict.items())
    words = ", ".join(f"{SIGNS[name].name} {count}" for name, count in told.by_verdict.items())
    return (
        f'<div class="bar" role="img" aria-label="Claims by verdict: {words}">{parts}</div><ul class="key">{key}</ul>'
    )


def _card(reading: Reading, told: Score, anchors: Mapping[int, str]) -> str:
    """Counts by system, and what fails."""
    if not told.claims:
        return ""
    verdicts = list(told.by_verdict)
    head = "".join(
        f'<th scope="col"><span class="mark {name}" aria-hidden="true">{SIGNS[name].symbol}</span>'
        f"<span class='word'>{SIGNS[name].name}</span></th>"
        for name in verdicts
    )
    rows = "".join(
        f'<tr><th scope="row">{SYSTEMS[system]}</th>'
        + "".join(f"<td>{counts.get(name) or '·'}</td>" for name in verdicts)
        + f"<td>{sum(counts.values())}</td></tr>"
        for system, counts in told.by_system.items()
    )
    total = "".join(f"<td>{count}</td>" for count in told.by_verdict.values())
    foot = f'<tr class="total"><th scope="row">All</th>{total}<td>{told.claims}</td></tr>'
    left = f"<p class='note'>{told.repeats} repeats and presuppositions are not counted.</p>" if told.repeats else ""
    table = (
        f"<div class='scroll'><table class='figures'><thead><tr><th scope='col'>Claims about</th>{head}"
        f"<th scope='col'>All</th></tr></thead><tbody>{rows}{foot}</tbody></table></div>{left}"
    )
    return section("card", "Score card", "", table, _what_fails(reading, anchors))


def _what_fails(reading: Reading, anchors: Mapping[int, str]) -> str:
    failing = _failing(reading)
    if not failing:
        return ""
    items = "".join(
        f'<li>{chip(verdict.verdict)} <a href="#{anchors[place]}">{quoted(claim)}</a>'
        f"<span class='doc'>{dated(verdict.reason, 300)}</span></li>"
        for place, claim, verdict in failing[:NAMED]
    )
    more = len(failing) - NAMED
    rest = f"<p class='note'>And {more} more, below.</p>" if more > 0 else ""
    return f"<h3>What does not stand as it is put</h3><ul class='fails'>{items}</ul>{rest}"


# ------------------------------------------------------------------------------------------------------------- claims


def _claims(reading: Reading, anchors: Mapping[int, str]) -> str:
    if not reading.claims:
        words = "No sentence of this text states anything that this program takes for a claim about the war."
        return section("claims", "Claims, in the order of the text", words)
    pieces, before = [], -1
    numbers = {claim.id: place + 1 for place, claim in reversed(list(enumerate(reading.claims)))}
    shown = zip(reading.claims[:SHOWN], reading.verdicts, reading.paragraphs, strict=False)
    for place, (claim, verdict, paragraph) in enumerate(shown):
        if paragraph != before and paragraph:
            pieces.append(f'<h3 class="para">Paragraph {paragraph}</h3>')
        before = paragraph
        pieces.append(_entry(place, claim, verdict, anchors, numbers))
    if len(reading.claims) > SHOWN:
        pieces.append(f"<p class='note'>{len(reading.claims) - SHOWN:,} more claims are not shown on this page.</p>")
    lead = "Each claim as the article has it, and beside it what the record says. Numbers are links."
    return section("claims", "Claims, in the order of the text", lead, *pieces)


def _entry(place: int, claim: Claim, verdict: Verdict, anchors: Mapping[int, str], numbers: Mapping[str, int]) -> str:
    anchor = anchors[place]
    head = f'<p class="head"><a class="no" href="#{anchor}">{place + 1}</a>{chip(verdict.verdict)}</p>'
    value = stated(claim)
    value = f'<p class="states"><span>{escape(name_of(claim))}</span>{f": <b>{escape(value)}</b>" if value else ""}</p>'
    lines = [f"<blockquote>{quoted(claim, 1_000)}</blockquote>", value, f'<p class="who">{_who(claim)}</p>']
    if claim.dup_of:
        lines.append(f'<p class="who">{_repeats(claim, anchors, numbers)}</p>')
    bare = "" if verdict.record or verdict.computation else " bare"
    return (
        f'<article class="claim {verdict.verdict}{bare}" id="{anchor}">{head}<div class="said">{"".join(lines)}</div>'
        f'<div class="record">{_record(verdict)}</div></article>'
    )


def _repeats(claim: Claim, anchors: Mapping[int, str], numbers: Mapping[str, int]) -> str:
    """That a claim repeats another, with a link where that one is on the page."""
    other = numbers.get(claim.dup_of or "")
    if other is None:
        return "repeats another claim; not counted"
    return f'repeats <a href="#{anchors[other - 1]}">claim {other}</a>; not counted'


def _record(verdict: Verdict) -> str:
    parts = [f'<p class="reason">{dated(verdict.reason)}</p>']
    known = [finding for finding in verdict.record if not finding.later]
    later = [finding for finding in verdict.record if finding.later]
    if known:
        parts.append(f"<ul class='found'>{''.join(map(_finding, known))}</ul>")
    if later:
        parts.append(
            "<p class='later'>Later record, published after the article</p>"
            f"<ul class='found'>{''.join(map(_finding, later))}</ul>"
        )
    if verdict.computation and verdict.computation.strip(". ") != verdict.reason.strip(". "):
        parts.append(f'<p class="sum"><span>Worked out</span> {dated(verdict.computation)}</p>')
    return "".join(parts)


def _finding(finding: Finding) -> str:
    value = figure(finding.value, finding.unit)
    dates = [when(finding.date)] if finding.date else []
    if finding.published and finding.published != finding.date:
        dates.append(f"published {when(finding.published)}")
    shown = [value] if value and value.split("\u00a0")[0] not in finding.says else []
    parts = [_source_name(finding.source), said(finding.name, 120), *shown, *dates]
    meta = " · ".join(escape(part) for part in [*parts, f"trust {said(finding.trust, 8)}"] if part)
    return f"<li>{dated(finding.says)}<span class='doc'>{meta}</span></li>"


def _source_name(key: str) -> str:
    if key in _OWN:
        return _OWN[key][0]
    return re.split(r", (?:through|compiled)", SOURCES[key].producer)[0] if key in SOURCES else said(key, 80)


# ---------------------------------------------------------------------------------------------------------- forecasts

_OUTCOME_SIGN = {TRUE: "confirmed", PARTLY: "imprecise", FALSE: "contradicted"}


def outcome(forecast: Forecast) -> str:
    """What came of a forecast, in colour, symbol and words."""
    kind = _OUTCOME_SIGN.get(forecast.outcome, "unverified")
    symbol = "…" if forecast.outcome == NOT_DUE else SIGNS[kind].symbol
    return f'<span class="chip {kind}"><b aria-hidden="true">{symbol}</b>{forecast.outcome}</span>'


def _forecasts(reading: Reading, anchors: Mapping[int, str]) -> str:
    title = "What it foresaw, and what came of it"
    undated = (
        f"{reading.undated} more look{'s' if reading.undated == 1 else ''} ahead without a date by which to judge."
        if reading.undated
        else ""
    )
    if not reading.forecasts:
        return section("ahead", title, f"No claim looks ahead to a date. {undated}".strip())
    links = {id(claim): (place, anchors[place]) for place, claim in enumerate(reading.claims)}
    rows = "".join(_foreseen(forecast, *links[id(forecast.claim)]) for forecast in reading.forecasts)
    lead = f"Each is read as a statement about the day on which it was due. {undated}".strip()
    table = (
        "<div class='scroll'><table class='words ahead'><thead><tr><th scope='col'>Claim</th><th scope='col'>Due</th>"
        "<th scope='col'>What came of it</th><th scope='col'>Record</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )
    return section("ahead", title, lead, table)


def _foreseen(forecast: Forecast, place: int, anchor: str) -> str:
    reason = "The record ends before." if forecast.outcome == NOT_DUE else dated(forecast.verdict.reason)
    due = when(forecast.due) if forecast.due else "no day named"
    return (
        f'<tr><th scope="row"><a href="#{anchor}">{place + 1}</a> {quoted(forecast.claim)}</th>'
        f"<td class='date'>{due}</td><td>{outcome(forecast)}</td><td>{reason}</td></tr>"
    )


# ---------------------------------------------------------------------------------------------------------------- map


def _map(reading: Reading, store: Store, anchors: Mapping[int, str]) -> str:
    named = _named(reading)
    title = "The places, and the line of contact"
    if not named:
        return section("map", title, "The article names no place that the maps here cover.")
    index = _map_on(store, reading.published)
    table = _places_table(named, store, index, anchors)
    if index is None:
        words = "There is no map of control as of that day; the maps here cover other days."
        return section("map", title, words, table)
    date = when(str(store.control.dates[index]))
    late = "" if reading.published else " The day of publication is not known, so this is the latest map."
    drawing = _drawn(named, store, index, date)
    legend = (
        "<ul class='legend'><li><i style='background:" + chart.HELD_FIRST + "'></i>occupied</li>"
        "<li><i style='background:"
        + chart.HELD_SECOND
        + "'></i>not occupied</li><li><i class='line'></i>line of contact</li></ul>"
    )
    lead = (
        f"Control as of {date}, the last map up to the day of the article, at a grain of about 5 km²; the grey zone "
        f"counts as not occupied.{late}"
    )
    return section(
        "map", title, lead, f'<div class="beside"><figure class="plate">{drawing}{legend}</figure>{table}</div>'
    )


def _named(reading: Reading) -> dict[Place, list[int]]:
    """Places named in claims that the maps cover, with the positions of the claims; most named first."""
    spellings: dict[str, Place] = {}
    for place in Gazetteer.packaged().places:
        for spelling in (place.name, *place.aliases):
            spellings.setdefault(fold(spelling), place)
    found: dict[Place, list[int]] = {}
    for position, claim in enumerate(reading.claims[:SHOWN]):
        named = {fold(name): None for name in claim.places}
        for place in dict.fromkeys(spellings[name] for name in named if name in spellings):
            if place.country == "UA":
                found.setdefault(place, []).append(position)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[1][0])))


def _map_on(store: Store, published: str | None) -> int | None:
    """Position of the last map up to a day, the last of all where no day is known; None where there is none."""
    dates = store.control.dates
    if published is None:
        return len(dates) - 1 if len(dates) else None
    found = int(np.searchsorted(dates, np.datetime64(published, "D"), side="right")) - 1
    return found if found >= 0 else None


def _drawn(named: Mapping[Place, Sequence[int]], store: Store, index: int, date: str) -> str:
    geography = Geography.packaged()
    window = _window(_near(list(named), store, index, geography))
    atlas = chart.Atlas(_ground(store, index, geography, window), geography)
    labels = [Label(place.longitude, place.latitude, place.name, strong=True) for place in named]
    taken = {place.name for place in named}
    cities = sorted((p for p in geography.places if (p.population or 0) >= 250_000), key=lambda p: -(p.population or 0))
    labels += [Label(p.longitude, p.latitude, p.name) for p in cities if p.name not in taken and p.kind == "town"]
    return chart.hex_map(
        atlas,
        0,
        window=window,
        title=f"Places named in the article and the line of contact, {date}",
        description=f"Map of {len(named)} places: {', '.join(place.name for place in list(named)[:12])}.",
        labels=labels,
        width=MAP_WIDTH,
    )


def _near(places: Sequence[Place], store: Store, index: int, geography: Geography) -> list[Place]:
    """Places near occupied ground; all where none is."""
    rows = geography.cells.rows(store.control.cells[store.control.share[index] >= SHARE_STEPS // 2])
    rows = rows[rows >= 0]
    north, east = geography.cells.latitude[rows], geography.cells.longitude[rows]

    def km(place: Place) -> float:
        across = (east - place.longitude) * np.cos(np.radians(place.latitude))
        return float(_KM_PER_DEGREE * np.hypot(north - place.latitude, across).min(initial=np.inf))

    return [place for place in places if km(place) <= NEAR_KM] or list(places)


def _window(places: Sequence[Place]) -> Window:
    """West, south, east, north around places; no smaller than a readable map."""
    latitudes, longitudes = [p.latitude for p in places], [p.longitude for p in places]
    middle = (min(latitudes) + max(latitudes)) / 2
    wide_degree = _KM_PER_DEGREE * float(np.cos(np.radians(middle)))
    width = max(LEAST_KM, (max(longitudes) - min(longitudes)) * wide_degree + 2 * MARGIN_KM)
    height = max(0.62 * width, (max(latitudes) - min(latitudes)) * _KM_PER_DEGREE + 2 * MARGIN_KM)
    width = max(width, height / 1.1)
    across, along = width / 2 / wide_degree, height / 2 / _KM_PER_DEGREE
    centre = (min(longitudes) + max(longitudes)) / 2
    return centre - across, middle - along, centre + across, middle + along


def _ground(store: Store, index: int, geography: Geography, window: Window) -> xarray.Dataset:
    """Who holds each cell in and around the window, in the form that maps of forecasts are drawn from."""
    west, south, east, north = window
    cells = geography.cells
    rim = 0.3
    inside = (
        (cells.longitude > west - rim)
        & (cells.longitude < east + rim)
        & (cells.latitude > south - rim)
        & (cells.latitude < north + rim)
    )
    chosen = np.flatnonzero(inside & ~cells.sea)
    known = store.control.cells
    column = np.minimum(np.searchsorted(known, cells.cell[chosen]), max(len(known) - 1, 0))
    share = np.zeros(len(chosen))
    if len(known):
        share = np.where(
            known[column] == cells.cell[chosen], store.control.share[index, column] / float(SHARE_STEPS), 0.0
        )
    held = np.where(share / np.maximum(cells.inside[chosen], 0.01) >= 0.5, 1.0, 0.0)
    return xarray.Dataset(
        {
            "control_opening": ("cell", held),
            "control_probability": (("week", "cell"), held[None, :]),
            "cell_axis": ("cell", np.zeros(len(chosen), int)),
            "longitude": ("cell", cells.longitude[chosen]),
            "latitude": ("cell", cells.latitude[chosen]),
        },
        coords={"cell": cells.cell[chosen], "axis": ["all"]},
    )


def _places_table(
    named: Mapping[Place, Sequence[int]], store: Store, index: int | None, anchors: Mapping[int, str]
) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(place.name)}</th><td>{_holder(place, store, index)}</td>'
        f"<td>{_links(positions, anchors)}</td></tr>"
        for place, positions in list(named.items())[:40]
    )
    return (
        "<aside><table class='words'><thead><tr><th scope='col'>Place</th><th scope='col'>That day</th>"
        f"<th scope='col' class='left'>Claims</th></tr></thead><tbody>{rows}</tbody></table></aside>"
    )


def _links(positions: Sequence[int], anchors: Mapping[int, str]) -> str:
    """Numbers of claims as links, the first dozen."""
    links = ", ".join(f'<a href="#{anchors[at]}">{at + 1}</a>' for at in positions[:12])
    return f"{links} …" if len(positions) > 12 else links


def _holder(place: Place, store: Store, index: int | None) -> str:
    """Whether a place's point lay in occupied ground on a map."""
    if index is None:
        return "–"
    cell = np.uint64(h3.latlng_to_cell(place.latitude, place.longitude, 7))
    column = int(np.searchsorted(store.control.cells, cell))
    known = store.control.cells
    share = store.control.share[index, column] / SHARE_STEPS if column < len(known) and known[column] == cell else 0.0
    return "occupied" if share >= 0.9 else "not occupied" if share <= 0.1 else "on the line"


# ------------------------------------------------------------------------------------------------------------ sources


def _sources(reading: Reading) -> str:
    used: dict[str, int] = {}
    for verdict in reading.verdicts:
        for finding in verdict.record:
            used[finding.source] = used.get(finding.source, 0) + 1
    if not used:
        return section("sources", "Sources", "No record was used.")
    rows = "".join(_source_row(key, count) for key, count in sorted(used.items(), key=lambda item: -item[1]))
    table = (
        "<div class='scroll'><table class='words sourced'><thead><tr><th scope='col'>Source</th>"
        "<th scope='col'>What</th><th scope='col'>Used</th><th scope='col'>Trust</th>"
        f"<th scope='col'>Licence and terms</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )
    lead = "Trust: A checked against a second figure, B one decent source, C a single claim, D judgement."
    return section("sources", "Sources", lead, table)


def _source_row(key: str, count: int) -> str:
    if key in SOURCES:
        source = SOURCES[key]
        cells = (source.producer, source.citation, f"{count}", source.trust, f"{source.licence}. {source.terms}")
    else:
        name, citation, licence = _OWN.get(key, (said(key, 80), "", ""))
        cells = (name, citation, f"{count}", "", licence)
    first, *rest = (escape(cell) for cell in cells)
    return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>'


# -------------------------------------------------------------------------------------------------------- how to read


def _how() -> str:
    meanings = "".join(f"<dt>{chip(name)}</dt><dd>{escape(sign.meaning)}</dd>" for name, sign in SIGNS.items())
    grades = "; ".join(f"{letter} {words}" for letter, words in RELIABILITY.items())
    digits = "; ".join(f"{digit} {words}" for digit, words in CREDIBILITY.items())
    return section(
        "how",
        "How to read it",
        "Each claim is judged as of the day that it speaks of, by the best record of that day.",
        f"<dl class='signs'>{meanings}</dl>",
        f"<p class='note'>Grade, by the Admiralty code: source {grades}; information {digits}. It is set from the "
        "words of the text, before any record is looked at.</p>",
        "<p class='note'>Later record: published after the article. Its author could not have known it, and may be "
        "right or wrong by it all the same.</p>",
    )


def _blind(reading: Reading) -> str:
    lines = [
        "Whether the article is fair: what it leaves out, what it stresses, what a reader will take it to mean.",
        "What people want, mean or think, and what causes what. Such claims are listed, and left unverified.",
        "What no record here holds. Unverified is not a hint that it is false.",
        "Claims that the reading of the text missed or misread; the words quoted are verbatim, so look at them.",
        "Errors of the record itself: losses are one side's claims, maps lag by days, polls have errors of their own.",
    ]
    if reading.published is None:
        lines.append("When the article came out: it does not say. The last day that a claim speaks of stands for it.")
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return section("blind", "What it cannot see", "", f"<ul>{items}</ul>")


# -------------------------------------------------------------------------------------------------------------- style

_COLOURS = "".join(f".{name}{{--v:{sign.colour}}}" for name, sign in SIGNS.items())
_NIGHT = "".join(f".{name}{{--v:{sign.night}}}" for name, sign in SIGNS.items())

STYLE = f"""
:root{{color-scheme:light dark;--wash:#f6f4ee;--on:#fff;--target:#fff3c4}}
{_COLOURS}
.answer a{{text-decoration-thickness:1px}}
.chip{{font:600 13px/1.2 'Helvetica Neue',Helvetica,Arial,'Liberation Sans',sans-serif;display:inline-flex;
 align-items:center;gap:6px;color:var(--v);white-space:nowrap;vertical-align:baseline}}
.chip b,.mark{{display:inline-flex;align-items:center;justify-content:center;width:19px;height:19px;border-radius:4px;
 background:var(--v);color:var(--on);font:700 13px/1 'DejaVu Sans','Segoe UI Symbol','Apple Symbols',sans-serif}}
.mark{{margin-right:5px;width:17px;height:17px;font-size:12px}}
.unverified .chip,.not_checked .chip,.chip.unverified,.chip.not_checked{{font-weight:400}}
.bar{{display:flex;gap:2px;height:22px;margin:26px 0 10px;max-width:920px}}
.bar i{{background:var(--v);min-width:3px;display:block}}
.bar i.unverified,.bar i.not_checked{{background:repeating-linear-gradient(45deg,var(--v) 0 1px,transparent 1px 5px);
 border:1px solid var(--v)}}
.key{{list-style:none;padding:0;margin:0;display:flex;flex-wrap:wrap;gap:6px 24px;max-width:none}}
.key li{{margin:0;display:flex;align-items:center;gap:7px}}
.count{{font:700 15px/1 'Helvetica Neue',Helvetica,Arial,'Liberation Sans',sans-serif;
 font-variant-numeric:tabular-nums}}
.fails{{list-style:none;padding:0;max-width:52em}}
.fails li{{margin-bottom:.9em;padding-left:14px;border-left:3px solid var(--rule)}}
.fails .chip{{margin-right:6px}}
.fails .doc{{font:14px/1.45 'Helvetica Neue',Helvetica,Arial,'Liberation Sans',sans-serif;margin-top:2px}}
.para{{font:700 12.5px/1.2 'Helvetica Neue',Helvetica,Arial,'Liberation Sans',sans-serif;text-transform:uppercase;
 letter-spacing:.07em;color:var(--quiet);margin:2.6em 0 .2em}}
.claim{{display:grid;grid-template-columns:7.4em minmax(0,1fr) minmax(0,1fr);gap:0 30px;padding:16px 0 16px 14px;
 border-top:1px solid var(--rule);border-left:4px solid var(--v);margin-left:-18px;scroll-margin-top:10px}}
.claim.unverified,.claim.not_checked{{border-left-color:var(--rule)}}
.claim:target{{background:var(--target)}}
.claim p,.claim ul,.claim blockquote{{margin:0}}
.head{{display:flex;flex-direction:column;gap:7px;align-items:flex-start}}
.no{{font:600 13px/1.2 'Helvetica Neue',Helvetica,Arial,'Liberation Sans',sans-serif;color:var(--quiet);
 text-decoration:none}}
.no::before{{content:'#'}}
.no:hover{{text-decoration:underline}}
.claim blockquote{{font-size:17px;line-height:1.42;overflow-wrap:anywhere}}
.claim .states,.claim .who,.claim .record,.claim .found,.later,.sum{{
 font:14px/1.45 'Helvetica Neue',Helvetica,Arial,'Liberation Sans',sans-serif;overflow-wrap:anywhere}}
.claim .states{{margin-top:7px}}
.states span{{color:var(--quiet)}}
.claim .who{{color:var(--quiet);font-size:13px;margin-top:3px}}
abbr{{text-decoration:underline dotted;text-underline-offset:2px}}
.claim .reason{{font-size:15px}}
.claim.bare .reason{{color:var(--quiet);font-size:14px}}
.found{{list-style:none;padding:0;max-width:none}}
.claim .found{{margin-top:8px}}
.found li{{padding-left:12px;border-left:2px solid var(--rule);margin:0 0 7px}}
.found .doc{{font-size:12.5px}}
.claim .later{{margin-top:10px;font-size:12.5px;font-weight:700;color:var(--quiet)}}
.claim .sum{{margin-top:8px;font-size:13px;background:var(--wash);padding:6px 10px}}
.sum span{{color:var(--quiet)}}
.plate{{background:#fff;color:#1d1d1b}}
.legend{{list-style:none;display:flex;flex-wrap:wrap;gap:4px 20px;padding:8px 0 0;margin:0;max-width:none;
 font:13px/1.3 'Helvetica Neue',Helvetica,Arial,'Liberation Sans',sans-serif}}
.legend li{{display:flex;align-items:center;gap:7px;margin:0}}
.legend i{{width:22px;height:13px;border:1px solid #dedbd3;display:block}}
.legend i.line{{height:0;border:0;border-top:2px solid #1d1d1b}}
.beside aside table{{margin-top:0}}
.beside aside{{max-height:none}}
.words thead th:nth-child(n){{text-align:left}}
.words th+td{{padding-left:8px}}
thead .word{{color:inherit;font-weight:700}}
.words td,.words th{{vertical-align:top}}
.beside aside td:nth-child(2){{white-space:nowrap}}
.ahead th[scope=row]{{width:42%}}
.chip b{{flex:none}}
.ahead .chip{{white-space:normal}}
.ahead td:nth-child(3){{min-width:13em}}
.sourced td:nth-child(3),.sourced td:nth-child(4){{text-align:left}}
.signs{{grid-template-columns:9.5em 1fr;gap:9px 14px;align-items:baseline;max-width:52em}}
@media(max-width:820px){{
 .claim{{grid-template-columns:minmax(0,1fr);gap:8px;padding-left:12px;margin-left:-12px}}
 .head{{flex-direction:row;align-items:center;gap:12px}}
 .claim .record{{border-top:1px dotted var(--rule);padding-top:8px}}
 .bar{{height:18px}}
 main{{padding:24px 18px 60px}}
 .ahead,.ahead tbody,.ahead tr,.ahead td,.ahead th,.sourced,.sourced tbody,.sourced tr,.sourced td,.sourced th{{
  display:block;width:auto!important;border-bottom:0;padding:2px 0!important;text-align:left}}
 thead .word{{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}}
 .ahead thead,.sourced thead{{display:none}}
 .ahead tr,.sourced tr{{border-bottom:1px solid var(--rule);padding:10px 0}}
 .signs{{grid-template-columns:1fr;gap:2px}}
 .signs dd{{margin-bottom:8px}}
}}
@media(prefers-color-scheme:dark){{
 :root{{--ink:#e9e7e1;--quiet:#a5a49c;--rule:#3b3a36;--paper:#171715;--wash:#22221f;--on:#171715;--target:#3a3413}}
 a{{text-decoration-color:#6d6b64}}
 .plate{{padding:10px}}
 tr:target,li:target{{background:var(--target)}}
 {_NIGHT}
}}
@media print{{
 .claim{{break-inside:avoid}}
 *{{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
}}
"""
