"""The evidence: whom the opening draws on, what they said, and which numbers of the war rest on it.

Only what could be read on the opening day is told. A source is a speaker, named as `ceasefire influence` names it, or
the table that a publisher keeps. The verdict on a claim that was fused with others is where it lies beside what all of
them give together; a claim that stands alone has none, since nothing of the record speaks against it or for it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from ceasefire.evidence import fuse
from ceasefire.evidence.error import CeasefireError
from ceasefire.evidence.fuse import Statement
from ceasefire.evidence.series import Observation
from ceasefire.evidence.source import SOURCES
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario import fused
from ceasefire.scenario.spec import Fused, Record, Scenario, Value
from ceasefire.scenario.start import variables
from ceasefire.study import influence
from ceasefire.view import text
from ceasefire.view.web.replies import Evidence, Origin, Said

MOST_FEEDS = 40
"""Numbers that are named for a source."""
MOST_TEXT = 400
URLS = {
    "deepstatemap": "https://deepstatemap.live",
    "general-staff": "https://github.com/PetroIvaniuk/2022-Ukraine-Russia-War-Dataset",
    "air-force": "https://www.kaggle.com/datasets/piterfm/massive-missile-attacks-on-ukraine",
    "oil-prices": "https://github.com/datasets/oil-prices",
    "visual-losses": "https://github.com/scarnecchia/oryx_data",
    "aid": "https://www.ifw-kiel.de/topics/war-against-ukraine/ukraine-support-tracker/",
}
"""Where the tables of publishers are found, of those that name a place."""


def evidence(scenario: Scenario, store: Store) -> Evidence:
    """Sources and claims behind the numbers of an opening."""
    claims = tuple(_merged(_claims(scenario, Vintage(store, scenario.opening))))
    return Evidence(
        as_of=str(scenario.opening),
        sources=[*_speakers(scenario, store, claims), *_tables(scenario, store)],
        claims=list(claims),
    )


# ------------------------------------------------------------------------------------------------------------- sources


def _visible(scenario: Scenario, store: Store) -> list[Observation]:
    limit = str(scenario.opening)
    return [row for row in store.observations if row.date <= limit and row.published <= limit]


def _speakers(scenario: Scenario, store: Store, claims: Sequence[Said]) -> Iterator[Origin]:
    """Everybody whom the opening draws on, those with most numbers first; who says nothing that counts is left out."""
    rows = _by_speaker(_visible(scenario, store))
    feeds: dict[str, set[str]] = defaultdict(set)
    heard: dict[str, Counter[str]] = defaultdict(Counter)
    for said in claims:
        feeds[said.source].update(said.feeds)
        heard[said.source].update(filter(None, [said.grade]))
    for name, own in rows.items():
        heard[name].update(row.trust for row in own if row.trust)
        for series in {row.name for row in own}:
            feeds[name] |= _read_by(scenario, series)
    cited = {influence.source_of(value): value.source for value in scenario.known_values()}
    names = [name for name in influence.sources(scenario, store) if feeds[name] or rows.get(name)]
    for name in sorted(names, key=lambda name: (-len(feeds[name]), name)):
        own = rows.get(name, [])
        tables = [SOURCES[key] for key in dict.fromkeys(row.source for row in own) if key in SOURCES]
        yield Origin(
            key=name,
            name=f"{SOURCES[name].producer}, speaker not named" if name in SOURCES else name,
            citation="; ".join(table.citation for table in tables) or cited.get(name, "")[:MOST_TEXT],
            url=next((URLS[table.key] for table in tables if table.key in URLS), ""),
            licence="; ".join(dict.fromkeys(table.licence for table in tables)),
            side=_side(name, own),
            grade=heard[name].most_common(1)[0][0] if heard[name] else "",
            rows=len(own),
            feeds=sorted(feeds[name])[:MOST_FEEDS],
            droppable=True,
        )


def _by_speaker(rows: Iterable[Observation]) -> dict[str, list[Observation]]:
    """Rows by who speaks in them; who that is depends on table, note and trust alone."""
    known: dict[tuple[str, str, str], str] = {}
    found: dict[str, list[Observation]] = defaultdict(list)
    for row in rows:
        key = (row.source, row.note, row.trust)
        if key not in known:
            known[key] = influence.speaks(row)
        found[known[key]].append(row)
    return found


def _side(name: str, rows: Sequence[Observation]) -> str:
    if rows:
        return fuse.speaker(rows[0])[1]
    named = fuse.named(name)
    return named[1] if named else ""


def _read_by(scenario: Scenario, series: str) -> set[str]:
    """Numbers that a series is read for by itself: losses of a side, opinion, the map's tempo."""
    war = scenario.war
    found = {f"losses[{side.id}]" for side in war.sides if side.claims and series.startswith(f"{side.claims}.")}
    polled = [(poll.series, poll.side, poll.question) for poll in war.polls]
    return found | {f"opinion[{side},{question}]" for name, side, question in polled if name == series}


def _tables(scenario: Scenario, store: Store) -> Iterator[Origin]:
    """Tables of publishers that the store draws on, with the rows that could be read on the day."""
    count = Counter(row.source for row in _visible(scenario, store))
    maps = [day for day in store.control.published if str(day) <= str(scenario.opening)]
    for key, table in sorted(store.sources.items()):
        is_map = key == influence.MAP
        yield Origin(
            key=f"table:{key}",
            name=table.producer,
            citation=table.citation,
            url=URLS.get(key, ""),
            licence=table.licence,
            side=table.side,
            grade=table.trust,
            rows=count[key] + (len(maps) if is_map else 0),
            feeds=["front.budget_mean", "front.tempo_mean", "front.resistance", "opening map"] if is_map else [],
            droppable=False,
        )


# -------------------------------------------------------------------------------------------------------------- claims


def _claims(scenario: Scenario, vintage: Vintage) -> Iterator[Said]:
    """Claims that were fused, readings of series, and numbers of the war file that others said."""
    for entry in scenario.fusions():
        yield from _fused(entry, vintage)
    for record in scenario.records():
        yield from _recorded(record, vintage)
    for value in {value.name: value for value in scenario.known_values()}.values():
        if influence.source_of(value) != influence.ELICITED:
            yield _given(value)


def _merged(claims: Iterable[Said]) -> Iterator[Said]:
    """Each claim once, with every number that rests on it."""
    found: dict[tuple[str, str], Said] = {}
    for said in claims:
        key = (said.id, said.value)
        known = found.get(key)
        feeds = [*known.feeds, *(name for name in said.feeds if name not in known.feeds)] if known else said.feeds
        found[key] = said.model_copy(update={"feeds": feeds})
    yield from found.values()


def _series_words(name: str) -> str:
    """The name of a series as words."""
    return ", ".join(part.replace("_", " ") for part in name.split("."))


def _fused(entry: Fused, vintage: Vintage) -> Iterator[Said]:
    """Claims of a fused number, each beside the band that all of them give."""
    reading = fused.read(entry, variables()[entry.variable], vintage)
    band = (reading.value.low, reading.value.high) if reading else None
    for each in fused.claims(entry, vintage):
        yield Said(
            id=f"{each.name}@{each.date}/{each.source}/{each.published}",
            text=(each.note or _series_words(each.name))[:MOST_TEXT],
            value=_band(each),
            unit=entry.unit,
            date=each.date,
            published=each.published,
            source=each.source,
            grade=each.grade,
            verdict=_verdict(each, band),
            feeds=[entry.name],
        )


def _band(each: Statement) -> str:
    value = text.number(each.value, 4)
    if each.low is None and each.high is None:
        return value if each.kind == "point" else f"{'at least' if each.kind == 'floor' else 'at most'} {value}"
    low, high = (each.value if end is None else end for end in (each.low, each.high))
    return f"{value} ({text.number(low, 3)} to {text.number(high, 3)})"


def _verdict(each: Statement, band: tuple[float, float] | None) -> str:
    """Where a claim lies beside the 5 to 95 % of all claims together."""
    if band is None:
        return ""
    low, high = band
    span = f"{text.number(low, 3)} to {text.number(high, 3)}"
    if each.kind == "floor":
        return f"{'agrees with' if each.value <= high else 'above'} all claims together, {span}"
    if each.kind == "ceiling":
        return f"{'agrees with' if each.value >= low else 'below'} all claims together, {span}"
    where = "below" if each.value < low else "above" if each.value > high else "within"
    return f"{where} what all claims together give, {span}"


def _recorded(entry: Record, vintage: Vintage) -> Iterator[Said]:
    """The latest observations that a number is read from."""
    try:
        series = vintage.series(entry.series)
    except CeasefireError:
        return
    columns = (series.dates, series.published, series.values, series.source, series.trust, series.note)
    for date, published, value, source, trust, note in list(zip(*columns, strict=True))[-entry.last :]:
        row = Observation(
            entry.series, str(date), str(published), float(value), series.unit, str(source), str(trust), str(note)
        )
        yield Said(
            id=f"{entry.series}@{date}/{published}",
            text=(str(note) or _series_words(entry.series))[:MOST_TEXT],
            value=text.number(float(value), 4),
            unit=series.unit,
            date=str(date),
            published=str(published),
            source=influence.speaks(row),
            grade=str(trust),
            verdict="",
            feeds=[entry.name],
        )


def _given(value: Value) -> Said:
    """A number of the war file with its source."""
    span = f" ({text.number(value.low, 3)} to {text.number(value.high, 3)})" if value.low < value.high else ""
    return Said(
        id=f"{value.name}@{value.known_on}",
        text=" ".join(f"{value.source}. {value.note}".split())[:MOST_TEXT] if value.note else value.source[:MOST_TEXT],
        value=text.number(value.mid, 4) + span,
        unit=value.unit,
        date=str(value.known_on),
        published=str(value.known_on),
        source=influence.source_of(value),
        grade=value.trust,
        verdict="",
        feeds=[value.name],
    )
