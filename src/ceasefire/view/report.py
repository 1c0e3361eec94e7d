"""The report: one HTML file that answers the question in three sentences and then shows why.

Self-contained: no network, no script, printable. Every string that comes from a result is escaped, since a scenario may
be anybody's, and the page's own policy forbids it to load or to run anything (`page.py`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from html import escape
from pathlib import Path

import numpy as np
import xarray

from ceasefire.evidence.geography import Geography, Place
from ceasefire.evidence.source import SOURCES, Source
from ceasefire.study.mixture import SIMULATOR
from ceasefire.study.summary import (
    FEW,
    Ally,
    Assumption,
    Beside,
    Chance,
    Guarantees,
    Guarantor,
    Matter,
    Member,
    Portion,
    Series,
    Spread,
    Summary,
    Table,
    Terms,
    Weighting,
)
from ceasefire.view import chart, text
from ceasefire.view.chart import Atlas, Curve, Label, Window
from ceasefire.view.page import link, page, replace_whole, row, section, sourced

WIDE, HALF, THIRD, FIFTH = 1080, 528, 348, 204
"""Widths of charts in pixels: whole page, two, three and five beside each other."""
ZOOM_KM = 190.0
"""Width of the maps of the busiest stretch."""
CITY_KM = 15.0
"""A city this near another named place is not named."""
CITY = 250_000
"""Places with as many pre-war residents are named on maps for orientation."""


def write_report(result: xarray.Dataset, summary: Summary, path: str | Path) -> Path:
    """Write the report of a result beside its summary; the file appears whole or not at all."""
    return replace_whole(Path(path), render(result, summary))


def render(result: xarray.Dataset, summary: Summary) -> str:
    """The report as HTML."""
    sections = {
        "glance": _glance(summary),
        "background": _background(summary),
        "map": _maps(result, summary),
        "ground": _ground(summary),
        "ending": _ending(summary),
        "terms": _terms(summary),
        "table": _table(summary),
        "people": _people(summary),
        "stocks": _stocks(summary),
        "strikes": _strikes(summary),
        "money": _money(summary),
        "allies": _allies(summary),
        "opinion": _opinion(summary),
        "towns": _towns(summary),
        "beside": _beside(summary),
    }
    told = [sourced(part, _behind(summary, name)) for name, part in sections.items()]
    last = (_unknown(summary), _assumptions(summary), _records(summary), _method(summary))
    return page(summary.title, "\n".join(part for part in (_opening(summary), *told, *last) if part))


BEHIND: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "map": (("front", "breach", "logistics", "posture"), ("deepstatemap",)),
    "ground": (("front", "breach", "logistics", "posture", "reporting"), ("deepstatemap",)),
    "ending": (("bargaining", "talks", "resolve", "preferences", "beliefs"), ()),
    "terms": (("preferences", "bargaining"), ()),
    "table": (("resolve", "beliefs", "preferences", "talks"), ()),
    "people": (("attrition", "fires", "drones", "manpower", "civilians", "reporting"), ("general-staff", "forces")),
    "stocks": (("attrition", "industry", "patrons"), ("general-staff", "equipment", "production")),
    "strikes": (("strikes", "air_defence", "grid", "damage"), ("air-force", "energy")),
    "money": (("oil", "sanctions", "budget"), ("oil-prices", "oil-revenue", "economy", "russian-budget")),
    "allies": (("patrons",), ("aid",)),
    "opinion": (("opinion", "elites"), ("polls",)),
    "towns": (("front", "siege"), ("deepstatemap",)),
    "beside": ((), ("deepstatemap", "general-staff")),
}
"""What stands behind the numbers of each section: subsystems, whose assumptions are listed, and records."""
PARTS = {
    "ground": "ground",
    "ending": "endings",
    "towns": "towns",
    "people": "people",
    "strikes": "power",
    "money": "oil",
}
"""Sections in which the numbers at a glance are told in full."""


def _behind(summary: Summary, name: str) -> dict[str, str]:
    """Where the numbers of a section come from: place of the page → words."""
    if name == "glance":
        return {**PARTS, "method": "runs and seed"}
    if name == "background":
        return {"method": "the scenario"}
    owners, records = BEHIND[name]
    counted = Counter(_owner(row) for row in summary.assumptions)
    assumed = {
        f"assumption-{owner}": f"{counted[owner]} assumptions on {owner.replace('_', ' ')}"
        for owner in owners
        if counted[owner]
    }
    recorded = {f"record-{key}": SOURCES[key].producer.partition(",")[0] for key in records}
    return {**assumed, **recorded, "method": "runs and seed"}


def _owner(row: Assumption) -> str:
    """The subsystem that an assumption belongs to."""
    return row.name.partition(".")[0]


def _figure(drawing: str, numbers: str = "") -> str:
    return f"<figure>{drawing}{numbers}</figure>"


def _grid(columns: int, figures: Iterable[str]) -> str:
    return f'<div class="grid of{columns}">{"".join(figures)}</div>'


# ----------------------------------------------------------------------------------------------------- first screen


def _opening(summary: Summary) -> str:
    places = {"ending": "endings", "ground": "ground", "people": "losses"}
    told = zip(text.sentences(summary), places.items(), strict=True)
    answer = "".join(f"<p>{escape(said)} <small>From: {link(*place)}</small></p>" for said, place in told)
    return f"""<header>
<p class="kicker">Simulated futures · opening {text.day(summary.opening)}</p>
<h1>{escape(summary.title)}</h1>
<p class="question">{escape(summary.question)}</p>
<div class="answer">{answer}</div>
<p class="byline">{escape(text.runs_line(summary))}. Evidence as of {escape(summary.evidence_as_of) or "–"}.
Chances are shares of simulated runs: they are right only as far as <a href="#unknown">the model</a> is.</p>
</header>"""


def _glance(summary: Summary) -> str:
    columns = len(summary.horizons) + 1
    body = []
    for title, rows in text.sections(summary):
        body.append(f'<tr class="group"><th colspan="{columns}" scope="colgroup">{escape(title)}</th></tr>')
        body += [row(label, cells) for label, cells in rows]
    inner = f"<table class='figures'>{_horizon_head(summary, '')}<tbody>{''.join(body)}</tbody></table>"
    return section("glance", "At a glance", "", f'<div class="scroll">{inner}</div>')


def _background(summary: Summary) -> str:
    if not summary.background:
        return ""
    lines = "".join(f"<li>{escape(line)}</li>" for line in summary.background)
    return section("background", "How things stood at the opening", "", f"<ul>{lines}</ul>")


def _horizon_head(summary: Summary, corner: str, *more: str) -> str:
    cells = "".join(
        f'<th scope="col">{week} weeks<br><span>{text.short_day(summary.date_of(week))}</span></th>'
        for week in summary.horizons
    )
    others = "".join(f'<th scope="col" class="word">{escape(name)}</th>' for name in more)
    return f'<thead><tr><th scope="col">{escape(corner) or "By the end of"}</th>{others}{cells}</tr></thead>'


# --------------------------------------------------------------------------------------------------------------- maps


def _maps(result: xarray.Dataset, summary: Summary) -> str:
    if "control_probability" not in result or not result.sizes.get("cell") or not summary.horizons:
        return ""
    geography = Geography.packaged()
    atlas = chart.atlas(result, geography)
    last = summary.horizons[-1]
    whole = atlas.window([0, *summary.horizons])
    names = {axis.key: axis.name for axis in summary.axes}
    first, second = (side.name for side in summary.sides[:2])
    expected = _expected(atlas, summary)
    labels = map_labels(result, summary, geography)
    overview = _map(atlas, summary, last, whole, labels, 700)
    numbers = chart.classes_table(f"Cells by sector, {text.day(summary.date_of(last))}", atlas, last, names)
    legend = chart.map_legend(first, second)
    close = _close(whole, atlas.busiest(last, ZOOM_KM, 0.8 * ZOOM_KM))
    zooms = [_figure(_map(atlas, summary, week, close, labels, HALF)) for week in (0, *summary.horizons[-3:])]
    lead = (
        "Each hexagon, some 5 km² of ground, is coloured by the share of runs in which the side that does not hold it "
        "at the opening holds it on the date shown. The black line is the line of contact at the opening."
    )
    return section(
        "map",
        "Where the line may move",
        lead,
        f'<div class="beside">{_figure(overview, numbers)}<aside>{legend}{expected}</aside></div>',
        "<h3>The stretch where most ground is expected to change hands</h3>",
        _grid(2, zooms),
    )


def _expected(atlas: Atlas, summary: Summary) -> str:
    """Expected number of cells that each side has taken, by sector, at the last horizon."""
    week = summary.horizons[-1]
    change, axis = atlas.change(week), np.array(atlas.axis)
    rows = "".join(
        row(label.name, [f"{change[(axis == label.key) & held].sum():,.0f}" for held in (~atlas.first, atlas.first)])
        for label in summary.axes
    )
    head = "".join(f'<th scope="col">to {escape(side.name)}</th>' for side in summary.sides[:2])
    return (
        f"<table class='figures'><thead><tr><th scope='col'>Hexagons expected to pass<br>"
        f"<span>by {text.day(summary.date_of(week))}</span></th>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _close(whole: Window, close: Window) -> Window:
    """The closer window, unless the whole is hardly larger."""
    return close if (whole[2] - whole[0]) > 1.15 * (close[2] - close[0]) else whole


def _map(atlas: Atlas, summary: Summary, week: int, window: Window, labels: Sequence[Label], width: int) -> str:
    date = text.day(summary.date_of(week))
    title = f"{date}, the opening" if week == 0 else f"{date}, {week} weeks after the opening"
    expected = float(atlas.change(week).sum())
    description = (
        f"Map of hexagons. The expected number of cells in other hands than at the opening is {expected:,.0f}."
    )
    drawing = chart.hex_map(
        atlas, week, window=window, title=title, description=description, labels=labels, width=width
    )
    return f"<figcaption>{escape(title)}</figcaption>{drawing}"


def map_labels(result: xarray.Dataset, summary: Summary, geography: Geography) -> list[Label]:
    """Towns of the scenario, most at risk first, their quarters last; then cities for orientation."""
    places = {place.name: place for place in (*geography.nodes, *geography.places)}
    own = town_points(result)
    labels = []
    quarters = {place.name for place in geography.places if place.kind == "quarter"}
    for town in sorted(summary.towns, key=lambda town: town.name in quarters):
        place = places.get(town.name)
        point = own.get(town.name) or ((place.longitude, place.latitude) if place else None)
        if point:
            labels.append(Label(*point, town.name, strong=True))
    taken = [(label.longitude, label.latitude) for label in labels]
    return labels + [Label(p.longitude, p.latitude, p.name) for p in _cities(geography, taken)]


def town_points(result: xarray.Dataset) -> dict[str, tuple[float, float]]:
    """Longitude and latitude of towns, where the result gives them."""
    if "town_latitude" not in result or "town_longitude" not in result:
        return {}
    points = zip(result["town_longitude"].values.tolist(), result["town_latitude"].values.tolist(), strict=True)
    return dict(zip(map(str, result["town"].values), points, strict=True))


def _cities(geography: Geography, taken: list[tuple[float, float]]) -> list[Place]:
    """Large cities, the largest first; none that lies beside a point already named."""
    large = [place for place in geography.places if place.kind == "town" and (place.population or 0) >= CITY]
    named, cities = list(taken), []
    for place in sorted(large, key=lambda place: -(place.population or 0)):
        point = (place.longitude, place.latitude)
        if all(_km_apart(point, other) > CITY_KM for other in named):
            cities.append(place)
            named.append(point)
    return cities


def _km_apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    east = (one[0] - other[0]) * math.cos(math.radians(one[1]))
    return 111.2 * math.hypot(east, one[1] - other[1])


# --------------------------------------------------------------------------------------------------- fans and curves


def _fan(
    summary: Summary,
    series: Series | None,
    title: str,
    unit: str,
    colour: str,
    *,
    size: tuple[int, int],
    within: tuple[float, float] | None = None,
    every: int = 1,
    numbers: bool = True,
    words: str = "",
) -> str:
    """A fan with its numbers; `words` describe it where the unit is not told."""
    if series is None or series.empty:
        return ""
    last = len(summary.dates) - 1
    description = (
        f"{title}, {unit or words}. On {text.day(summary.dates[last])} the median is {text.middle(series, last, 3)} "
        f"and nine runs of ten lie between {text.spread(series, last, 3).replace(' to ', ' and ')}."
    )
    drawing = chart.fan(
        summary.dates,
        series,
        title=title,
        description=description,
        unit=unit,
        colour=colour,
        within=within,
        size=size,
    )
    caption = f"Numbers: {title}, {unit}"
    return _figure(drawing, chart.series_table(caption, summary.dates, series, every) if numbers else "")


def _together(*series: Series | None, zero: bool = True) -> tuple[float, float]:
    return chart.limits([one for one in series if one is not None], zero=zero)


def _ground(summary: Summary) -> str:
    first = summary.sides[0].name
    true, mapped = summary.find("area_change"), summary.find("mapped_area_change")
    shared = _together(true, mapped)
    big = (HALF, 300)
    main = [
        _fan(summary, true, f"Ground gained by {first}", "km² since the opening", chart.FIRST, size=big, within=shared),
        _fan(
            summary,
            mapped,
            f"Ground gained by {first}, as mapped",
            "km² since the opening, as a public mapper would report it",
            chart.NEITHER,
            size=big,
            within=shared,
        ),
    ]
    sectors = [(axis.name, summary.find("area_change", axis=axis.key)) for axis in summary.axes]
    limits = _together(*(series for _, series in sectors))
    small = [
        _fan(summary, series, name, "km² since the opening", chart.FIRST, size=(THIRD, 210), within=limits, every=4)
        for name, series in sectors
    ]
    lead = (
        f"Ground held by {escape(first)} less what it held at the opening; below zero it has lost ground. The line is "
        "the median run, the dark band holds half of all runs, the pale one nine of ten."
    )
    return section("ground", "Ground", lead, _grid(2, main), "<h3>By sector, on one scale</h3>", _grid(3, small))


def _ending(summary: Summary) -> str:
    curves = _figure(ending_curves(summary), _curve_table(summary, _ending_lines(summary)))
    return section(
        "ending",
        "How and when the fighting ends",
        _base_rate_words(summary),
        curves,
        _ending_table(summary),
        *_weights(summary),
        _figure(states(summary), _state_table(summary)),
    )


def _ending_lines(summary: Summary) -> list[Curve]:
    """Any ending, each kind, and what the age of the war alone says."""
    endings = summary.endings
    ended = [sum(values) for values in zip(*(kind.weekly for kind in endings.kinds), strict=True)]
    lines = [Curve("Any ending", ended, chart.INK, weight=3.0)]
    lines += [
        Curve(text.state_label(summary, kind.kind), kind.weekly, chart.ENDINGS.get(kind.kind, chart.NEITHER))
        for kind in endings.kinds
    ]
    alone = next((told.weekly for told in endings.weights if told.weight == 0), None)
    if alone or endings.base_rate:
        usual = alone or (endings.base_rate.q50 if endings.base_rate else ())
        lines.append(Curve("Base rate, wars this old", usual, chart.QUIET, "5 4", 1.8))
    return lines


def ending_curves(summary: Summary) -> str:
    """The chance that the fighting has first ended, by kind, as SVG."""
    return chart.curves(
        summary.dates,
        _ending_lines(summary),
        title="Probability that the fighting has first ended, by kind",
        description=text.sentences(summary)[0],
        unit="share of runs; a war that ends may resume",
        size=(WIDE, 400),
    )


def states(summary: Summary) -> str:
    """Where the war stands week by week, as SVG."""
    shares = [
        (text.state_label(summary, state.state), chart.ENDINGS.get(state.state, chart.NEITHER), state.share)
        for state in summary.occupancy
    ]
    return chart.occupancy(
        summary.dates,
        shares,
        title="State of the war, week by week",
        description="Share of runs in each state: war, ceasefire, settlement and the others.",
        unit="share of runs in each state, relapses included",
        size=(WIDE, 340),
    )


def _base_rate_words(summary: Summary) -> str:
    base = summary.endings.base_rate
    if base is None or not summary.horizons:
        return "The kinds exclude each other; with the runs that see no ending they add to one."
    week = summary.horizons[-1]
    low, high = (text.percent(row[week] or 0.0) for row in (base.q05, base.q95))
    return (
        f"For comparison, of past wars between states that had lasted as long as this one, "
        f"{text.percent(base.q50[week] or 0.0)} (between {low} and {high}) ended within a further {week} weeks: the "
        "dashed line, which knows nothing of this war but its age. That the rest tells the time of an end any better "
        "cannot be shown: past wars are few, and this one ends but once."
    ).replace("<", "&lt;")


_WEIGHT_NAMES = {
    0.0: "Base rate alone",
    0.25: "Structure ¼",
    0.5: "Structure ½",
    0.75: "Structure ¾",
    1.0: "Structure alone",
}


def _weights(summary: Summary) -> list[str]:
    """What the ends rest on: other weights of structure and base rate, and the chance of an end run by run."""
    told, week = summary.endings.weights, len(summary.dates) - 1
    if not told or not summary.horizons:
        return []
    lines = [
        Curve(_WEIGHT_NAMES[each.weight], each.weekly, chart.WEIGHTS[each.weight], "5 4" if each.weight == 0 else None)
        for each in told
    ]
    title = "Probability of any ending, by weight of the structure"
    drawing = chart.curves(
        summary.dates,
        lines,
        title=title,
        description=f"{title}, from the base rate alone to the structure alone.",
        unit="the rest is the base rate of wars this old",
        size=(HALF, 300),
    )
    chance = _scaled(summary.endings.chance, 100.0)
    unit = "%, over runs; the luck of the end itself left out"
    fan = _fan(summary, chance, "Chance that the war has ended", unit, chart.NEITHER, size=(HALF, 300), every=4)
    words = (
        "<p class='lead'>Each week the hazard of an end is pooled from two, in logs: what the bargaining of this war "
        "makes of it (its structure), and how often wars of its age have ended. No record could teach their weight; "
        "the runs take ½. The other weights are told from the same runs, each counted as often as it would then come "
        "about. Hazards are pooled run by run, so that where runs differ much ½ need not lie half-way. "
        f"By {text.day(summary.dates[week])} the chance of an end differs from run to run as the right figure shows: "
        "what is not known of the war, and how it goes.</p>"
    )
    return [
        "<h3>What the ends rest on</h3>",
        words,
        _grid(2, [_figure(drawing, _curve_table(summary, lines)), fan]),
        _weight_table(summary),
        _cause_table(summary),
    ]


def _weight_table(summary: Summary) -> str:
    """Any ending at each weight, and what the runs are worth then; each kind at the last horizon."""
    told = summary.endings.weights
    rows = "".join(_weight_row(each) for each in told)
    body = f"<tr class='group'><th colspan='{len(summary.horizons) + 2}' scope='colgroup'>Any ending</th></tr>{rows}"
    head = _horizon_head(summary, "By the end of").replace(
        "</tr></thead>", '<th scope="col">Worth, runs</th></tr></thead>'
    )
    kinds = "".join(
        f'<tr><th scope="row">{escape(text.state_label(summary, kind))}</th>'
        + "".join(f"<td>{_maybe_chance(each.kinds[kind][-1])}</td>" for each in told)
        + "</tr>"
        for kind in told[0].kinds
    )
    names = "".join(f'<th scope="col">{_WEIGHT_NAMES[each.weight]}</th>' for each in told)
    day = text.day(summary.date_of(summary.horizons[-1]))
    return (
        f"<div class='scroll'><table class='figures'>{head}<tbody>{body}</tbody></table></div>"
        f"<div class='scroll'><table class='figures'><thead><tr><th scope='col'>First ending by {day}</th>{names}</tr>"
        f"</thead><tbody>{kinds}</tbody></table></div><p class='note'>Worth: how many runs of equal weight would be as "
        f"sure; where they are fewer than {FEW}, nothing is told.</p>"
    )


def _weight_row(each: Weighting) -> str:
    cells = "".join(f"<td>{_maybe_chance(chance)}</td>" for chance in each.any)
    name = _WEIGHT_NAMES[each.weight]
    return f'<tr><th scope="row">{name}</th>{cells}<td>{each.effective_runs[-1]:,.0f}</td></tr>'


def _maybe_chance(chance: Chance | None) -> str:
    return "too few" if chance is None else _chance(chance)


def _cause_table(summary: Summary) -> str:
    """The chance of each cause run by run."""
    rows = "".join(
        row(text.cause_label(summary, cause.cause), [_percent_spread(spread) for spread in cause.by])
        for cause in summary.endings.causes
    )
    return (
        f"<div class='scroll'><table class='figures'>{_horizon_head(summary, 'Chance run by run, %')}"
        f"<tbody>{rows}</tbody></table></div><p class='note'>The median run, and in brackets nine runs of ten. The "
        "means, not the medians, are the shares of runs above.</p>"
    )


def _percent_spread(spread: Spread) -> str:
    """The median and nine runs of ten, in whole per cent where that says enough."""
    points = [None if p is None else 100 * p for p in (spread.q50, spread.q05, spread.q95)]
    middle, low, high = (text.number(None if p is None else round(p, 1), 2) for p in points)
    return f"{middle} ({low}–{high})"


def _curve_table(summary: Summary, lines: Sequence[Curve]) -> str:
    head = ["Week ending", *(line.label for line in lines)]
    rows = [
        [text.short_day(date), *(f"{100 * (line.values[week] or 0.0):.1f}%" for line in lines)]
        for week, date in enumerate(summary.dates)
    ]
    return chart.table("Numbers: first ending by week", head, rows)


def _state_table(summary: Summary) -> str:
    head = ["Week ending", *(text.state_label(summary, state.state) for state in summary.occupancy)]
    rows = [
        [text.short_day(date), *(f"{100 * state.share[week]:.1f}%" for state in summary.occupancy)]
        for week, date in enumerate(summary.dates)
    ]
    return chart.table("Numbers: state by week", head, rows)


def _ending_table(summary: Summary) -> str:
    rows = [_chance_row(text.state_label(summary, kind.kind), kind.by) for kind in summary.endings.kinds]
    rows.append(_chance_row("Any ending", summary.endings.any, "total"))
    return (
        f"<div class='scroll'><table class='figures'>{_horizon_head(summary, 'First ending by')}"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
        "<p class='note'>Small print in each cell: Wilson 95% interval of the Monte Carlo error, what is owed to a "
        "finite number of runs. It says nothing of whether the model is right.</p>"
    )


def _chance_row(label: str, chances: Sequence[Chance], kind: str = "") -> str:
    cells = "".join(f"<td>{_chance(chance)}</td>" for chance in chances)
    return f'<tr{f" class={kind!r}" if kind else ""}><th scope="row">{escape(label)}</th>{cells}</tr>'


def _chance(chance: Chance) -> str:
    low, high = 100 * chance.monte_carlo_low, 100 * chance.monte_carlo_high
    return f"{escape(text.percent(chance.probability))} <small>{low:.1f}–{high:.1f}</small>"


# ------------------------------------------------------------------------------------------------ terms and the table


def _terms(summary: Summary) -> str:
    terms = summary.terms
    if terms is None:
        return ""
    lead = f"The war first ends by an agreement in {terms.agreements:,} runs"
    if terms.agreements < FEW:
        lead += (
            f", too few to tell of their terms: {FEW} are needed. Shown instead are the terms that would leave the "
            "worse-off side best off in the runs still at war; nobody has agreed on them"
        )
    return section(
        "terms",
        "On what terms",
        f"{lead}. What the sides want is judged from what they say; no share says what would be right.",
        _clause_table(summary, terms),
        _line_words(terms),
        _land_table(summary, terms),
        _package_table(terms),
        _holding_words(summary, terms),
    )


def _clause_table(summary: Summary, terms: Terms) -> str:
    agreed = terms.agreements >= FEW
    weeks = [f"{week} weeks" if week > 1 else "First week" for week in terms.weeks]
    head = ['<th scope="col">Agreed on</th>'] if agreed else []
    head += [
        f'<th scope="col">{name}<br><span>{number:,} at war</span></th>'
        for name, number in zip(weeks, terms.at_war, strict=True)
    ]
    body = "".join(_matter(matter, agreed, len(head)) for matter in terms.issues)
    return (
        "<div class='scroll'><table class='figures'><thead><tr><th scope='col'>Issue</th>"
        f"{''.join(head)}</tr></thead><tbody>{body}</tbody></table></div><p class='note'>Agreed on: of all agreements, "
        "with the Monte Carlo error in small print. By week: of the runs still at war, how often the package that is "
        f"best for the worse-off side takes it. Shares of fewer than {FEW} runs are not told.</p>"
    )


def _matter(matter: Matter, agreed: bool, columns: int) -> str:
    title = escape(matter.name) + (" <span class='doc'>settled last, as suits the rest</span>" if matter.rider else "")
    rows = [f'<tr class="group"><th colspan="{columns + 1}" scope="colgroup">{title}</th></tr>']
    for clause in matter.clauses:
        cells = [f"<td>{_portion(clause.agreed)}</td>"] if agreed and clause.agreed else []
        cells += [f"<td>{'–' if share is None else escape(text.percent(share))}</td>" for share in clause.likely]
        rows.append(f'<tr><th scope="row">{escape(clause.name)}</th>{"".join(cells)}</tr>')
    return "".join(rows)


def _portion(part: Portion) -> str:
    low, high = 100 * part.monte_carlo_low, 100 * part.monte_carlo_high
    return f"{escape(text.percent(part.probability))} <small>{low:.1f}–{high:.1f}</small>"


def _line_words(terms: Terms) -> str:
    """The plain forecast that the line stays as held, and the zone between the armies."""
    parts = []
    if terms.line_as_held:
        parts.append(
            f"The plain forecast that an agreement awards no land is right in {_share(terms.line_as_held)} of "
            "agreements. Another plain forecast, the mean of what all actors want by how much they can and care, is in "
            "the answer of ceasefire zone."
        )
    if len(terms.depth) > 1:
        shares = ", ".join(f"{km}\u00a0km in {_share(part)}" for km, part in terms.depth.items())
        parts.append(f"Depth of the zone between the armies: {shares}.")
    return f"<p class='lead'>{escape(' '.join(parts))}</p>" if parts else ""


def _land_table(summary: Summary, terms: Terms) -> str:
    """What agreements say of each land."""
    if not terms.lands:
        return ""
    first, second = (side.name for side in summary.sides[:2])
    head = "".join(
        f'<th scope="col">{escape(_capital(_sides_named(kind, first, second)))}</th>' for kind in terms.lands[0].kinds
    )
    rows = "".join(
        f'<tr><th scope="row">{escape(fate.name)}</th>'
        + "".join(f"<td>{_portion(part)}</td>" for part in fate.kinds.values())
        + "</tr>"
        for fate in terms.lands
    )
    return (
        f"<h3>Land</h3><div class='scroll'><table class='figures'><thead><tr><th scope='col'>In agreements</th>{head}"
        f"</tr></thead><tbody>{rows}</tbody></table></div><p class='note'>To a side: it gets what the other holds of "
        "the land, however little that is. As held: the line stays where it is when the agreement is signed.</p>"
    )


def _sides_named(words: str, first: str, second: str) -> str:
    return words.replace("the first side", first).replace("the second side", second)


def _package_table(terms: Terms) -> str:
    if not terms.packages:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{escape(" · ".join(package.clauses))}<span class="doc">{escape(package.key)}</span></th>'
        f"<td>{_portion(package.share)}</td></tr>"
        for package in terms.packages
    )
    return (
        "<h3>The most common packages</h3><div class='scroll'><table class='figures'><thead><tr>"
        "<th scope='col'>Package</th><th scope='col'>Of agreements</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )


def _holding_words(summary: Summary, terms: Terms) -> str:
    """How long agreements hold."""
    if not terms.holds or terms.resumed is None:
        return ""
    years = " and ".join(
        f"{holding.years} year{'s' if holding.years > 1 else ''} with {text.percent(holding.mean)} "
        f"(between {text.percent(holding.over_runs.q05 or 0.0)} and {text.percent(holding.over_runs.q95 or 0.0)})"
        for holding in terms.holds
    )
    words = (
        f"When it is signed, an agreement holds for {years}, should its guarantees stay as credible as they are then: "
        f"the mean over agreements, and nine of ten. Fighting resumes by {text.day(summary.dates[-1])} after "
        f"{_share(terms.resumed)} of them; late ones have less time to fail."
    )
    return f"<h3>Whether an agreement lasts</h3><p class='lead'>{escape(words)}</p>"


_ORIGINS = {
    "fitted": "What fighting on is worth was fitted to simulated wars that were fought on without an agreement.",
    "forts law": "What fighting on is worth comes from a plain law of forts that change hands; nothing was fitted.",
}


def _table(summary: Summary) -> str:
    if not summary.table:
        return ""
    lead = (
        "A side agrees to what is worth more to it than the least that it would accept: what it expects of fighting "
        "on, less what refusing would cost it, and more of it the harder it is. Its own aims count 1, its defeat 0. "
        "There is a zone of agreement where some package leaves both a surplus. Told of the runs still at war: the "
        "median, and in brackets nine runs of ten. "
    )
    origin = _ORIGINS.get(summary.values, f"Values of fighting on: {summary.values}." if summary.values else "")
    head = "".join(
        f'<th scope="col">{f"{now.weeks} weeks" if now.weeks > 1 else "First week"}<br>'
        f"<span>{text.short_day(now.date)}, {now.zone.runs:,} runs</span></th>"
        for now in summary.table
    )
    body = "".join(_table_rows(summary))
    table = (
        f"<div class='scroll'><table class='figures'><thead><tr><th scope='col'>In the week</th>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )
    zone = _fan(
        summary,
        _without_opening(summary.find("zone")),
        "Surplus of the worse-off side",
        "in the package that is best for it; no zone below 0",
        chart.NEITHER,
        size=(WIDE, 260),
        every=4,
    )
    return section(
        "table",
        "What each side holds out for",
        escape(lead + origin),
        table,
        "<h3>The zone of agreement</h3>",
        zone,
        "<h3>The least that each would accept</h3>",
        _grid(2, _pair(summary, "least", "its own aims 1, its defeat 0")),
    )


_STANCE = {
    "least": "The least that it would accept",
    "standing": "The line as held, nothing agreed",
    "fighting_on": "What it expects of fighting on",
    "surplus": "Its surplus in the package best for the worse-off",
    "optimism": "How much it overrates its power, log",
}


def _table_rows(summary: Summary) -> Iterable[str]:
    """Zone and talks, then each side."""
    tables = summary.table

    def group(title: str) -> str:
        return f'<tr class="group"><th colspan="{len(tables) + 1}" scope="colgroup">{escape(title)}</th></tr>'

    def told(label: str, cell: Callable[[Table], str]) -> str:
        return row(label, [cell(now) for now in tables])

    yield group("The table")
    yield (
        '<tr><th scope="row">There is a zone of agreement</th>'
        + "".join(f"<td>{_portion(now.zone)}</td>" for now in tables)
        + "</tr>"
    )
    yield told("Surplus of the worse-off side", lambda now: _worth(now.size))
    yield told("An agreement on that would hold a year, %", lambda now: _percent_spread(now.lasting))
    for regime in tables[0].talks:
        yield told(f"Talks: {regime}", partial(_talking, regime))
    for place, side in enumerate(summary.sides[:2]):
        yield group(side.name)
        for name, words in _STANCE.items():
            yield told(words, partial(_stance, place, name))
        yield told("It is the worse-off side", partial(_worse_off, place))


def _talking(regime: str, now: Table) -> str:
    return text.percent(now.talks[regime])


def _stance(place: int, name: str, now: Table) -> str:
    return _worth(getattr(now.sides[place], name))


def _worse_off(place: int, now: Table) -> str:
    return text.percent(now.sides[place].worse_off)


def _worth(spread: Spread) -> str:
    """A worth with two decimals."""
    middle, low, high = (
        "–" if p is None else f"{p:.2f}".replace("-", "−") for p in (spread.q50, spread.q05, spread.q95)
    )
    return f"{middle} ({low} to {high})"


# ------------------------------------------------------------------------------------------------- people and stocks


SIDE_COLOURS = (chart.FIRST, chart.SECOND)
_TOTALS = {
    "casualties_cumulative": "killed or seriously wounded since the opening",
    "killed_cumulative": "killed since the opening",
    "civilians_harmed_cumulative": "civilians killed or wounded on its land, since the opening",
    "transferred_cumulative": "civilians who came under its control since the opening",
    "troops": "soldiers in the field",
}


def _people(summary: Summary) -> str:
    lead = (
        "Losses are people. What is claimed in public and what is true are different quantities: the model keeps both, "
        "and a forecast of claims is to be judged by claims. Panels of a row share one scale."
    )
    totals = [panel for measure, unit in _TOTALS.items() for panel in _pair(summary, measure, unit)]
    return section("people", "People", lead, _grid(3, _weekly_losses(summary)), _grid(2, totals))


def _weekly_losses(summary: Summary) -> list[str]:
    """True losses of both sides beside the claims about the first."""
    first, unit = summary.sides[0], "killed or seriously wounded a week"
    panels = [
        (side.name, unit, colour, _without_opening(summary.find("casualties", side=side.key)))
        for side, colour in zip(summary.sides, SIDE_COLOURS, strict=False)
    ]
    claimed = _without_opening(summary.find("claimed", side=first.key, item="personnel"))
    panels.append((f"{first.name}, as claimed", "published claims of its losses, a week", chart.NEITHER, claimed))
    shared = _together(*(panel[3] for panel in panels))
    return [
        _fan(summary, series, name, words, colour, size=(THIRD, 250), within=shared)
        for name, words, colour, series in panels
    ]


def _pair(
    summary: Summary,
    measure: str,
    unit: str,
    scale: float = 1.0,
    *,
    zero: bool = True,
    apart: bool = False,
) -> list[str]:
    """One measure for both sides on one scale, or each on its own; zero on it unless told otherwise."""
    series = [_scaled(summary.find(measure, side=side.key), scale) for side in summary.sides]
    shared = None if apart else _together(*series, zero=zero)
    return [
        _fan(summary, one, side.name, unit, colour, size=(HALF, 240), within=shared, every=4)
        for side, one, colour in zip(summary.sides, series, SIDE_COLOURS, strict=False)
    ]


_ROWS = ("q05", "q25", "q50", "q75", "q95")


def _without_opening(series: Series | None) -> Series | None:
    """What happens during weeks, without the opening, which has no week behind it."""
    if series is None:
        return None
    return series.model_copy(update={name: (None, *getattr(series, name)[1:]) for name in _ROWS})


def _scaled(series: Series | None, scale: float) -> Series | None:
    """The same in another unit."""
    if series is None or scale == 1.0:
        return series
    rows = {name: tuple(None if v is None else scale * v for v in getattr(series, name)) for name in _ROWS}
    return series.model_copy(update=rows)


def _during(series: Series | None, scale: float = 1.0) -> Series | None:
    """What happens during weeks, in another unit."""
    return _scaled(_without_opening(series), scale)


def _stocks(summary: Summary) -> str:
    items = list(dict.fromkeys(s.item for s in summary.series if s.measure == "equipment" and s.item))
    if not items:
        return ""
    parts = []
    for measure, title in (("equipment", "In the field"), ("storage", "In storage")):
        series = {
            side.key: [summary.find(measure, side=side.key, item=item) for item in items] for side in summary.sides
        }
        if all(one is None or one.empty for each in series.values() for one in each):
            continue
        shared = [_together(*pair) for pair in zip(*series.values(), strict=True)]
        parts.append(f"<h3>{title}</h3>")
        for side, colour in zip(summary.sides, SIDE_COLOURS, strict=False):
            parts.append(f"<h4>{escape(side.name)}</h4>")
            parts.append(_grid(5, _stock_row(summary, items, series[side.key], shared, colour)))
        parts.append(_stock_table(summary, title, items, series))
    return section("stocks", "Equipment", "Each kind of equipment has one scale for both sides.", *parts)


def _stock_row(
    summary: Summary,
    items: Sequence[str],
    row: Sequence[Series | None],
    shared: Sequence[tuple[float, float]],
    colour: str,
) -> list[str]:
    names = {label.key: label.name for label in summary.items}
    return [
        _fan(summary, one, _capital(names.get(item, item)), "", colour, size=(FIFTH, 150), within=within, numbers=False)
        for item, one, within in zip(items, row, shared, strict=True)
    ]


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _stock_table(
    summary: Summary, title: str, items: Sequence[str], series: dict[str, list[Series | None]], first: int = 0
) -> str:
    """Medians and ranges at the horizons, from week `first` on."""
    weeks = list(dict.fromkeys((first, *summary.horizons)))
    rows = [
        [f"{summary.side_name(key)}, {item}"]
        + [f"{text.middle(one, week, 3)} ({text.spread(one, week, 3)})" for week in weeks]
        for key, each in series.items()
        for item, one in zip(items, each, strict=True)
        if one is not None
    ]
    head = ["Median (5–95%)", *(text.short_day(summary.date_of(week)) for week in weeks)]
    return chart.table(f"Numbers: {title.lower()}", head, rows)


# ------------------------------------------------------------------------------------------------ strikes and money


_WORST = {
    "served_share_least": ("Power demand met, %", 100.0),
    "dark_most": ("People without electricity, thousands", 1e-3),
    "cold_most": ("People without heat, thousands", 1e-3),
}
"""Worst weeks: measure, words, scale."""


def _strikes(summary: Summary) -> str:
    parts = [*_weapons(summary), *_power(summary)]
    lead = (
        "What each side launches deep into the other’s country, how much of it the air defence stops, and how much of "
        "the demand for power the grid still meets in the hours when demand is high. Those without electricity or heat "
        "are people, anywhere in the country, at a time; civilians whom strikes kill or wound are counted under "
        "“People”."
    )
    return section("strikes", "Strikes and power", lead, *parts) if parts else ""


def _weapons(summary: Summary) -> list[str]:
    """Launches by weapon, one scale for both sides; then the shares stopped, all on one scale."""
    parts = []
    names = [side.name for side in summary.sides]
    for title, measure, scale, words in (
        ("Weapons launched in a week", "launched", 1.0, "launched by {} in a week"),
        (
            "Share stopped by the other side over four weeks, %",
            "stopped_share",
            100.0,
            "launched by {}, % stopped by {} over four weeks",
        ),
    ):
        found = {
            side.key: [_during(summary.find(measure, side=side.key, item=w.key), scale) for w in summary.weapons]
            for side in summary.sides
        }
        if all(one is None or one.empty for row in found.values() for one in row):
            continue
        shared = [_together(*pair) if scale == 1.0 else (0.0, 100.0) for pair in zip(*found.values(), strict=True)]
        parts.append(f"<h3>{title}</h3>")
        for side, owners, colour in zip(summary.sides, (names, names[::-1]), SIDE_COLOURS, strict=False):
            if any(one and not one.empty for one in found[side.key]):
                parts.append(f"<h4>{escape(_capital(words.format(*owners)))}</h4>")
                parts.append(_weapon_row(summary, found[side.key], shared, colour, words.format(*owners)))
        kinds = [weapon.name.lower() for weapon in summary.weapons]
        parts.append(_stock_table(summary, title, kinds, found, first=1))
    return parts


def _weapon_row(
    summary: Summary, row: Sequence[Series | None], shared: Sequence[tuple[float, float]], colour: str, words: str
) -> str:
    """One small chart for each weapon; an empty place where a side has none, so that columns stay in line."""
    size, names = (FIFTH, 150), [_capital(weapon.name) for weapon in summary.weapons]
    figures = [
        _fan(summary, one, name, "", colour, size=size, within=within, numbers=False, words=words) or _figure("")
        for name, one, within in zip(names, row, shared, strict=True)
    ]
    return _grid(5, figures)


def _power(summary: Summary) -> list[str]:
    """Both sides beside each other; an empty place where a side lacks nothing."""
    pairs = [
        _pair(summary, "served_share", "demand for power that is met, %", 100.0, zero=False),
        _pair(summary, "dark", "people without electricity at a time"),
        _pair(summary, "cold", "people without heat at a time"),
    ]
    figures = [figure or _figure("") for pair in pairs if any(pair) for figure in pair]
    return ["<h3>Power</h3>", _grid(2, figures), _worst_weeks(summary)] if figures else []


def _worst_weeks(summary: Summary) -> str:
    """The worst week of each run up to each horizon."""
    body = []
    for measure, (words, scale) in _WORST.items():
        found = [(side.name, summary.find(measure, side=side.key)) for side in summary.sides]
        rows = [
            row(name, [_middle_and_spread(series, week, scale) for week in summary.horizons])
            for name, series in found
            if series
        ]
        if rows:
            title = f'<th colspan="{len(summary.horizons) + 1}" scope="colgroup">{words}</th>'
            body += [f'<tr class="group">{title}</tr>', *rows]
    if not body:
        return ""
    return (
        f"<h4>The worst week</h4><div class='scroll'><table class='figures'>{_horizon_head(summary, 'Up to')}"
        f"<tbody>{''.join(body)}</tbody></table></div>"
        "<p class='note'>Each run has its own worst week. The median of these, and in brackets nine runs of ten.</p>"
    )


def _middle_and_spread(series: Series, week: int, scale: float, decimals: int = 1) -> str:
    """The median and nine runs of ten at a week; −1 is the last."""
    points = [row[week] for row in (series.q50, series.q05, series.q95)]
    middle, low, high = (text.number(None if p is None else round(scale * p, decimals)) for p in points)
    return f"{middle} ({low}–{high})"


def _money(summary: Summary) -> str:
    lead = (
        "What oil brings, and how the state’s money fares. Revenue follows the price and the discount with some weeks’ "
        "delay and has a season of its own, as some taxes come by the quarter; 100% is what that season would bring if "
        "nothing had changed since the opening. Sums are in the money of their day."
    )
    parts = []
    for title, columns, figures in (("Oil", 3, _oil(summary)), ("Prices and reserves", 2, _state_money(summary))):
        shown = [figure for figure in figures if figure]
        parts += [f"<h3>{title}</h3>", _grid(columns, shown)] if shown else []
    return section("money", "Money", lead, *parts) if parts else ""


def _oil(summary: Summary) -> list[str]:
    """Brent, then the revenue of each side that has any."""
    panels = [("Brent crude", "US dollars a barrel", chart.NEITHER, _during(summary.find("brent")))]
    for measure, unit, scale in (
        ("oil_revenue", "oil and gas taxes in a week, bn of local currency", 1.0),
        ("oil_revenue_relative", "oil and gas taxes so far, % of the opening’s rate in season", 100.0),
    ):
        panels += [
            (side.name, unit, colour, _during(summary.find(measure, side=side.key), scale))
            for side, colour in zip(summary.sides, SIDE_COLOURS, strict=False)
        ]
    return [
        _fan(summary, series, name, unit, colour, size=(THIRD, 230), every=4) for name, unit, colour, series in panels
    ]


def _state_money(summary: Summary) -> list[str]:
    """Inflation on one scale; reserves, each side's in its own currency."""
    reserves = "reserves that the budget can use, bn of local currency"
    return [
        *_pair(summary, "inflation", "inflation, % a year"),
        *_pair(summary, "reserves", reserves, apart=True),
    ]


# ------------------------------------------------------------------------------------------------ allies and opinion


_AID = ("patrons.pledge_opening", "patrons.delivery_opening", "patrons.paid_by")
"""Parameters whose numbers, by patron, the amounts of aid rest on."""


def _allies(summary: Summary) -> str:
    if not summary.allies:
        return ""
    giving = [ally for ally in summary.allies if any((each.q95 or 0) > 0 for each in (ally.pledged, ally.delivered))]
    lead = (
        "What other states promise, what arrives, and who pays are different things. A pledge is delivered weeks or "
        "months later; a patron may pay for what another gives. Amounts are billions of US dollars from the opening "
        f"to {text.day(summary.dates[-1])}: the median run, and in brackets nine runs of ten."
    )
    others = ", ".join(
        f"{ally.name} ({summary.side_name(ally.supports)})" for ally in summary.allies if ally not in giving
    )
    idle = f"<p class='note'>Allies that give nothing counted here: {escape(others)}.</p>" if others else ""
    return section(
        "allies",
        "Allies and aid",
        lead,
        _ally_table(summary, giving),
        idle,
        *_aid_flows(summary, giving),
        _guarantees(summary),
    )


def _ally_table(summary: Summary, giving: Sequence[Ally]) -> str:
    if not giving:
        return ""
    sources = _source_numbers(summary)
    rows = "".join(_ally_row(summary, ally, sources) for ally in giving)
    names = (
        "Pledged",
        "Delivered",
        "of it arms",
        "Paid",
        "From pledge to<br>delivery, weeks",
        "For giving at<br>the end, %",
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in (*names, "Sources"))
    return (
        "<div class='scroll'><table class='figures'><thead><tr><th scope='col'>Patron</th>"
        f"<th scope='col' class='word'>Helps</th>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        "<p class='note'>Delivered: some of it was pledged before the opening, and some of what is pledged comes after "
        "the end. Paid: what a patron pays of new pledges, its own and those of others. From pledge to delivery: a "
        "mean over the goods that it pledges. For giving: share of those who decide in its country.</p>"
    )


def _ally_row(summary: Summary, ally: Ally, sources: Mapping[str, int]) -> str:
    will = summary.find("will", patron=ally.key)
    cells = [_spread(amount, 2) for amount in (ally.pledged, ally.delivered, ally.delivered_arms, ally.paid)]
    cells.append(_spread(ally.lag, 0))
    cells.append(_middle_and_spread(will, -1, 100.0, 0) if will else "–")
    names = tuple(f"{name}[{ally.key}{end}" for name in _AID for end in ",]")
    given = dict.fromkeys(row.source for row in summary.assumptions if row.name.startswith(names))
    return (
        f'<tr><th scope="row">{escape(ally.name)}</th>'
        f'<td class="word">{escape(summary.side_name(ally.supports))}</td>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        + f"<td>{', '.join(_source_link(sources[source]) for source in given) or '–'}</td></tr>"
    )


def _spread(spread: Spread, decimals: int) -> str:
    middle, low, high = (
        text.number(None if point is None else round(point, decimals)) for point in (spread.q50, spread.q05, spread.q95)
    )
    return f"{middle} ({low}–{high})" if spread.q50 is not None else "–"


def _aid_flows(summary: Summary, giving: Sequence[Ally]) -> list[str]:
    """Pledges above deliveries, each patron's on one scale."""
    parts = []
    shared = {
        ally.key: _together(*(summary.find(name, patron=ally.key) for name in ("aid_pledged", "aid_delivered")))
        for ally in giving
    }
    colours = dict(zip((side.key for side in summary.sides), SIDE_COLOURS, strict=False))
    for measure, title in (("aid_pledged", "Newly pledged"), ("aid_delivered", "Delivered")):
        figures = [
            _fan(
                summary,
                summary.find(measure, patron=ally.key),
                ally.name,
                f"bn USD {title.lower()} over four weeks",
                colours.get(ally.supports, chart.NEITHER),
                size=(THIRD, 190),
                within=shared[ally.key],
                every=4,
            )
            for ally in giving
        ]
        if any(figures):
            parts += [f"<h3>{title}</h3>", _grid(3, [figure or _figure("") for figure in figures])]
    return parts


def _guarantees(summary: Summary) -> str:
    """What the forecast owes to guarantees of an agreement."""
    found = summary.guarantees
    if found is None:
        return ""
    given = found.by[0].agreements
    words = _relapses(summary, found)
    words += "" if given else " None of them has a guarantee that could be kept."
    told = f"<p class='lead'>{escape(words)}</p>"
    return f"<h3>What the forecast owes to guarantees</h3>{told}{_guarantor_table(summary, found) if given else ''}"


def _relapses(summary: Summary, found: Guarantees) -> str:
    """How often an agreement fails, with guarantees in it or not."""
    start = f"The war first ends by an agreement in {found.agreements:,} runs"
    if found.every is None:
        return f"{start}, too few to say how often one fails: {FEW} are needed."
    bare = f"; of the {found.without.runs:,} without a guarantee, in {_share(found.without)}" if found.without else ""
    return f"{start}; in {_share(found.every)} of them fighting resumes by {text.day(summary.dates[-1])}{bare}."


def _guarantor_table(summary: Summary, found: Guarantees) -> str:
    """How often an agreement fails where the guarantees in it are least and where they are most credible."""
    names = {ally.key: f"{ally.name} alone" for ally in summary.allies}
    rows = "".join(
        row(names.get(by.patron or "", by.patron or "All guarantors together"), _guarantor(by)) for by in found.by
    )
    head = "".join(
        f'<th scope="col">{name}</th>'
        for name in (
            "Agreements<br>with it",
            "Chance that it is<br>believed and kept, %",
            "Fighting resumes, third with the<br>least credible guarantees",
            "Fighting resumes, third with the<br>most credible guarantees",
        )
    )
    return (
        f"<div class='scroll'><table class='figures'><thead><tr><th scope='col'>Guarantor</th>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div><p class='note'>Of the agreements that have the guarantee. The chance is "
        "a judgement with a wide range, as no agreement has tested it. Thirds are the same size; of fewer than "
        f"{FEW} runs they are not told. Ranges of shares are the Monte Carlo error alone (Wilson 95%): where they "
        "overlap, so few runs cannot tell the thirds apart. A late agreement has less time to fail, and agreements "
        "with guarantees differ in other ways too: ceasefire whatif compares like with like.</p>"
    )


def _guarantor(by: Guarantor) -> list[str]:
    missing = "alike" if by.agreements // 3 >= FEW else "too few"
    points = [None if p is None else 100 * p for p in (by.credibility.q50, by.credibility.q05, by.credibility.q95)]
    middle, low, high = (text.number(None if p is None else round(p)) for p in points)
    shares = [_share(part) if part else missing for part in (by.least, by.most)]
    return [f"{by.agreements:,}", f"{middle} ({low}–{high})", *shares]


def _share(part: Portion) -> str:
    low, high = 100 * part.monte_carlo_low, 100 * part.monte_carlo_high
    return f"{text.percent(part.probability)} ({low:.1f}–{high:.1f}%)"


def _opinion(summary: Summary) -> str:
    parts = []
    for question in summary.questions:
        figures = [
            _fan(
                summary,
                summary.find("opinion", side=side.key, question=question.key),
                side.name,
                f"% who {question.name[:1].lower()}{question.name[1:]}, of those with an opinion",
                colour,
                size=(HALF, 240),
                within=(0.0, 100.0),
                every=4,
            )
            for side, colour in zip(summary.sides, SIDE_COLOURS, strict=False)
        ]
        if any(figures):
            parts += [f"<h3>{escape(question.name)}</h3>", _grid(2, figures)]
    lead = (
        "Shares of those who have an opinion, as they hold it, though they may say it to nobody. It is not the figure "
        "of a poll, which depends on who is asked, in what words, and on whether an answer may cost something."
    )
    leaders = _leader_table(summary)
    return section("opinion", "Opinion at home", lead if parts else "", *parts, leaders) if parts or leaders else ""


def _leader_table(summary: Summary) -> str:
    if not summary.leaders or not summary.horizons:
        return ""
    rows = "".join(_chance_row(summary.side_name(leader.side), leader.chances) for leader in summary.leaders)
    return (
        "<h3>Chance that the leader has gone</h3><div class='scroll'><table class='figures'>"
        f"{_horizon_head(summary, '')}<tbody>{rows}</tbody></table></div>"
        "<p class='note'>For whatever reason, by each date. Small print: Wilson 95% interval of the Monte Carlo "
        "error.</p>"
    )


# -------------------------------------------------------------------------------------------------------------- towns


def _towns(summary: Summary) -> str:
    if not summary.towns:
        return ""
    moving = [town for town in summary.towns if any(chance.probability >= 0.01 for chance in town.chances)]
    still = [town for town in summary.towns if town not in moving]
    rows = "".join(
        f'<tr><th scope="row">{escape(town.name)}</th><td class="word">{escape(summary.side_name(town.holder))}</td>'
        + "".join(
            f'<td style="background:{_tint(chance.probability)}">{_chance(chance)}</td>' for chance in town.chances
        )
        + "</tr>"
        for town in moving
    )
    rest = ", ".join(f"{town.name} ({summary.side_name(town.holder)})" for town in still)
    inner = f"<table class='figures'>{_horizon_head(summary, 'Town', 'Held by')}<tbody>{rows}</tbody></table>"
    lead = (
        "Probability that the town has changed hands at least once by each date: at least half of its ground, a disc "
        "as large as its pre-war population suggests, is held by the other side."
    )
    below = f'<p class="note">Under 1% by every date: {escape(rest)}.</p>' if rest else ""
    return section("towns", "Towns", lead, f'<div class="scroll">{inner}</div>' if moving else "", below)


def _tint(probability: float) -> str:
    """Background that darkens with a probability; text on it stays readable."""
    return f"rgba(90,90,85,{0.34 * probability:.2f})"


# ---------------------------------------------------------------------------------------------------- plain statistics

_MEMBERS = {"simulator": "This model", "pool": "Plain statistics", "mixture": "Mixture"}


def _beside(summary: Summary) -> str:
    """Ground and claimed losses as the model, plain statistics and their mixture forecast them."""
    if summary.beside is None:
        return ""
    names = list(dict.fromkeys(member.name for row in summary.beside.rows for member in row.members))
    head = "".join(f'<th scope="col">{escape(_MEMBERS.get(name, name))}</th>' for name in names)
    body = [
        row(
            f"{_of_target(summary, each.target)}, {each.week} weeks",
            (_points(member) for member in each.members),
        )
        for each in summary.beside.rows
    ]
    learned = (
        f"learned from forecasts that had come due by {text.day(summary.beside.cut_off)}"
        if summary.beside.cut_off
        else "elicited, since no forecast had come due"
    )
    lead = (
        "Change since the opening: median, and in brackets the central 90 %. Plain statistics extend the record of the "
        f"number itself and know nothing of the war. Weights of the mixture, in percent, are {learned}. Where the "
        "columns differ much, the record of past forecasts says which to trust: scores are mean CRPS of those that had "
        "come due, relative to plain statistics, and below 1 is better." + _nothing_added(summary, summary.beside)
    )
    inner = f'<thead><tr><th scope="col"></th>{head}</tr></thead><tbody>{"".join(body)}</tbody>'
    table = f'<div class="scroll"><table class="figures">{inner}</table></div>'
    return section("beside", "Beside plain statistics", lead, table)


def _of_target(summary: Summary, target: str) -> str:
    """A target in words."""
    if target == "area_total":
        return f"Ground gained by {summary.sides[0].name}, km²"
    key = target.removeprefix("loss_")
    names = {item.key: item.name for item in summary.items}
    return f"Claimed losses, {names.get(key, key.replace('_', ' ')).lower()}"


def _nothing_added(summary: Summary, beside: Beside) -> str:
    """Where this model was no better than plain statistics in the past."""
    worse = [
        f"{row.week} weeks of {_of_target(summary, row.target).partition(',')[0].replace('G', 'g', 1)}"
        for row in beside.rows
        for member in row.members
        if member.name == SIMULATOR and member.score is not None and member.score >= 1
    ]
    return f" There this model has added nothing to: {'; '.join(worse)}." if worse else ""


def _points(member: Member) -> str:
    low, _, middle, _, high = (f"{point:,.0f}".replace("-", "−") for point in member.quantiles)
    share = "" if member.weight is None else f"; weight {100 * member.weight:.0f} %"
    score = "" if member.score is None else f", score {member.score:.2f}"
    return f"{middle} ({low} to {high}){share}{score}"


# ------------------------------------------------------------------------------------- what stands behind the numbers


def _unknown(summary: Summary) -> str:
    notes = "".join(f"<li>{escape(note)}</li>" for note in summary.notes)
    lead = "A band says what the model does not know within its own terms. Outside of them lie:"
    return section("unknown", "What the model leaves out", lead, f"<ul>{notes}</ul>") if notes else ""


def _assumptions(summary: Summary) -> str:
    if not summary.assumptions:
        return ""
    numbers = _source_numbers(summary)
    rows = "".join(
        _assumptions_of(owner, summary, numbers) for owner in dict.fromkeys(map(_owner, summary.assumptions))
    )
    head = "".join(
        f'<th scope="col">{name}</th>'
        for name in ("Number", "5%", "Middle", "95%", "Unit", "Kind", "Known on", "Source")
    )
    listed = "".join(_source(source, place, summary.assumptions) for source, place in numbers.items())
    lead = (
        f"{len(summary.assumptions)} numbers; those that are uncertain are drawn anew for every run. A prior is a "
        "judgement made before looking at this war’s record; a value was reported; a learned number was fitted to the "
        "record; a calibrated one was learned from the record up to a day before. Every number leads to its source."
    )
    table = f"<table class='words'><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return section(
        "assumptions",
        "What is assumed, and who says so",
        lead,
        f'<div class="scroll">{table}</div>',
        f'<h3 id="sources">Sources</h3><ol class="sources">{listed}</ol>',
    )


def _assumptions_of(owner: str, summary: Summary, numbers: Mapping[str, int]) -> str:
    """The assumptions of a subsystem under its name."""
    own = [row for row in summary.assumptions if _owner(row) == owner]
    name = escape(_capital(owner.replace("_", " ")))
    head = f'<tr class="group" id="assumption-{escape(owner)}"><th colspan="8" scope="colgroup">{name}</th></tr>'
    return head + "".join(_assumption(row, numbers[row.source]) for row in own)


def _records(summary: Summary) -> str:
    """Publishers of the record: what they publish, until when it is known here, on what terms."""
    if not summary.evidence_as_of:
        return ""
    rows = "".join(_record(key, source) for key, source in SOURCES.items())
    head = "".join(
        f'<th scope="col">{name}</th>' for name in ("Who publishes it", "What", "Account", "Trust", "Licence and terms")
    )
    lead = (
        f"What the record of the war is built from, as published by {escape(summary.evidence_as_of)}. Account: whose "
        "it is. Trust: A checked against a second figure, B one decent source, C a single claim, D judgement; rows "
        "may differ."
    )
    inner = f"<table class='words left'><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return section("records", "The record", lead, f'<div class="scroll">{inner}</div>')


def _record(key: str, source: Source) -> str:
    cells = (source.citation, source.side, source.trust, f"{source.licence}. {source.terms}")
    told = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f'<tr id="record-{escape(key)}"><th scope="row">{escape(source.producer)}</th>{told}</tr>'


def _source_numbers(summary: Summary) -> dict[str, int]:
    """The number of each source in the list of sources."""
    return {source: place for place, source in enumerate(dict.fromkeys(row.source for row in summary.assumptions), 1)}


def _source_link(number: int) -> str:
    return f'<a href="#source-{number}">{number}</a>'


def _assumption(row: Assumption, source: int) -> str:
    cells = "".join(
        f'<td class="number"><a href="#source-{source}">{escape(_value(value))}</a></td>'
        for value in (row.low, row.mid, row.high)
    )
    doc = f"<span class='doc'>{escape(row.doc)}</span>" if row.doc else ""
    return (
        f'<tr><th scope="row"><code>{escape(row.name)}</code>{doc}</th>{cells}'
        f"<td>{escape(_unit(row.unit))}</td><td>{escape(row.kind)}</td>"
        f'<td class="date">{escape(row.known_on)}</td><td>{_source_link(source)}</td></tr>'
    )


def _unit(unit: str) -> str:
    return unit.replace("km2", "km²")


def _value(value: float | str | None) -> str:
    return value if isinstance(value, str) else text.number(value)


def _source(source: str, place: int, assumptions: Iterable[Assumption]) -> str:
    names = [row.name for row in assumptions if row.source == source]
    shown = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    return (
        f'<li id="source-{place}"><strong>{escape(source) or "no source given"}</strong> '
        f"<span class='doc'>{escape(shown)}</span></li>"
    )


def _method(summary: Summary) -> str:
    facts = {
        "Scenario": summary.scenario,
        "Command": summary.command,
        "Seed": str(summary.seed),
        "Runs": f"{summary.runs:,} asked for, {summary.runs_used:,} used, {summary.failed_runs:,} failed",
        "Weeks": f"{summary.weeks}, to {text.day(summary.dates[-1])}",
        "ceasefire": summary.version,
        "Evidence": f"as of {summary.evidence_as_of}; {summary.evidence_hash}",
        "Made": summary.created,
    }
    rows = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
    lead = "The same version, evidence and seed give the same result."
    scale = f"<p class='note'>{escape(text.LIKELIHOODS)}.</p>"
    return section("method", "How to make it again", lead, f"<dl>{rows}</dl>", scale)
