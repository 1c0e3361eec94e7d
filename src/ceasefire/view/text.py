"""Words: a summary as sentences and as one screen of text.

Neutral by rule: sides by name only, ground is gained or lost, losses are people. Each sentence gives its uncertainty
twice, in words and in numbers; the words are the calibrated scale of the Intergovernmental Panel on Climate Change
(Mastrandrea et al. 2010), so that "likely" means the same thing in every report.
"""

from __future__ import annotations

import datetime
import io
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from ceasefire.study.summary import Chance, Series, Summary, Town

WIDTH = 100
LINES = 45
TOWNS = 2
"""Towns on the screen of text."""

LIKELIHOOD = (
    (0.99, "virtually certain"),
    (0.95, "extremely likely"),
    (0.90, "very likely"),
    (0.66, "likely"),
    (0.33, "about as likely as not"),
    (0.10, "unlikely"),
    (0.05, "very unlikely"),
    (0.01, "extremely unlikely"),
    (0.0, "exceptionally unlikely"),
)
"""Least probability of each word."""

_ENDINGS = {
    "war": ("War goes on", "war"),
    "ceasefire": ("Ceasefire", "a ceasefire"),
    "settlement": ("Settlement", "a comprehensive settlement"),
    "dictated by the first side": ("Dictated by {first}", "terms dictated by {first}"),
    "dictated by the second side": ("Dictated by {second}", "terms dictated by {second}"),
    "fade": ("Fades, no agreement", "fighting that fades without an agreement"),
    "frozen": ("Frozen ceasefire", "a frozen ceasefire"),
}

CAUSES = {
    "agreed": "Agreement, of either kind",
    "dictated_first": "Dictated by {first}",
    "dictated_second": "Dictated by {second}",
    "fade": "Fades, no agreement",
}
"""What can bring an end about, by label."""


# ---------------------------------------------------------------------------------------------------------- numbers


def number(value: float | None, digits: int = 3) -> str:
    """A number for people: three significant digits, thousands apart, a true minus sign; a dash for no value."""
    if value is None or not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    shown = float(f"{value:.{digits}g}")
    sign = "−" if shown < 0 else ""
    size = abs(shown)
    if size >= 1e6:
        return f"{sign}{_plain(size / 1e6, digits)} million"
    if size < 1e-3:
        mantissa, exponent = f"{size:.{digits - 1}e}".split("e")
        return f"{sign}{_plain(float(mantissa), digits)}e−{abs(int(exponent))}"
    return sign + _plain(size, digits)


def _plain(size: float, digits: int) -> str:
    decimals = max(0, digits - 1 - math.floor(math.log10(size))) if size else 0
    written = f"{size:,.{decimals}f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def percent(probability: float) -> str:
    """A probability in whole percent; never a bare 0 or 100, which no finite number of runs can show."""
    if probability < 0.01:
        return "<1%"
    return ">99%" if probability > 0.99 else f"{100 * probability:.0f}%"


def likelihood(probability: float) -> str:
    """The calibrated word for a probability."""
    return next(word for least, word in LIKELIHOOD if probability >= least)


def day(date: datetime.date) -> str:
    """A date in words, without a leading zero, its parts kept on one line."""
    return f"{date.day}\u00a0{date:%B\u00a0%Y}"


def short_day(date: datetime.date) -> str:
    """A date for the head of a column."""
    return f"{date.day} {date:%b %Y}"


LIKELIHOODS = "Words for probabilities, each down to the next: " + "; ".join(
    f"{word} {'over' if least else 'under'} {100 * (least or 0.01):.0f}%" for least, word in LIKELIHOOD
)


def spread(series: Series | None, week: int, digits: int = 2, scale: float = 1.0) -> str:
    """The range from 5 to 95 % at a week."""
    if series is None:
        return "–"
    low, high = (_scaled(row[week], scale) for row in (series.q05, series.q95))
    return f"{number(low, digits)} to {number(high, digits)}"


def middle(series: Series | None, week: int, digits: int = 2, scale: float = 1.0) -> str:
    """The median at a week."""
    return "–" if series is None else number(_scaled(series.q50[week], scale), digits)


def _scaled(value: float | None, scale: float) -> float | None:
    return None if value is None else value * scale


def clean(text: str) -> str:
    """Text from a result without control characters, which a terminal might obey."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


# -------------------------------------------------------------------------------------------------------- sentences


def state_label(summary: Summary, kind: str) -> str:
    """Name of a way of ending, or of a state, for tables and legends."""
    return _named(summary, kind, 0)


def _named(summary: Summary, kind: str, form: int) -> str:
    first, second = (side.name for side in summary.sides[:2])
    return _ENDINGS.get(kind, (kind, kind))[form].format(first=first, second=second)


def cause_label(summary: Summary, cause: str) -> str:
    """Name of a cause of an end."""
    first, second = (side.name for side in summary.sides[:2])
    return CAUSES.get(cause, cause).format(first=first, second=second)


def sentences(summary: Summary) -> tuple[str, str, str]:
    """The answer in three sentences: how it ends, on what ground, at what cost in people."""
    return _ending_sentence(summary), _ground_sentence(summary), _people_sentence(summary)


def _ending_sentence(summary: Summary) -> str:
    chances = summary.endings.any
    if not chances:
        return "The result opens and closes in the same week, so it says nothing of an end to the war."
    last = chances[-1]
    near = next((chance for chance in chances if 13 <= chance.weeks < last.weeks), None)
    start = (
        f"An end to the fighting is {_sure(near)} by {day(near.date)} and " if near else "An end to the fighting is "
    )
    kind = max(summary.endings.kinds, key=lambda ending: ending.by[-1].probability, default=None)
    if kind is None or kind.by[-1].probability == 0:
        return f"{start}{_sure(last)} by {day(last.date)}; no run has ended by then."
    form = f"{_named(summary, kind.kind, 1)} ({percent(kind.by[-1].probability)})"
    return f"{start}{_sure(last)} by {day(last.date)}; the most common first ending by then is {form}{_line(summary)}."


def _line(summary: Summary) -> str:
    """How many agreements leave the line where it is."""
    if summary.terms is None or summary.terms.line_as_held is None:
        return ""
    return f", and {percent(summary.terms.line_as_held.probability)} of agreements leave the line as held"


def _sure(chance: Chance) -> str:
    return f"{likelihood(chance.probability)} ({percent(chance.probability)})"


def _ground_sentence(summary: Summary) -> str:
    change = summary.find("area_change")
    if not summary.first_side_gains or change is None:
        return "The result says nothing of ground."
    gain = summary.first_side_gains[-1]
    low, high = change.q05[gain.weeks], change.q95[gain.weeks]
    side = summary.sides[0].name
    middle_change = change.q50[gain.weeks] or 0.0
    more = "more" if middle_change >= 0 else "less"
    return (
        f"{side} is {_sure(gain)} to hold more ground on {day(gain.date)} than at the opening: "
        f"{number(abs(middle_change), 2)}\u00a0km² {more} in the median run, "
        f"a change between {number(low, 2)} and {number(high, 2)}\u00a0km² in nine runs of ten{_town_clause(summary)}."
    )


def _town_clause(summary: Summary) -> str:
    if not summary.towns or not summary.towns[0].chances[-1].probability:
        return "; no listed town changes hands in any run"
    town = summary.towns[0]
    chance = percent(town.chances[-1].probability)
    return f"; of the towns, {town.name} ({chance}, now {summary.side_name(town.holder)}) changes hands most often"


def _people_sentence(summary: Summary) -> str:
    if not summary.horizons:
        return "The result says nothing of losses."
    week = summary.horizons[-1]
    parts = [
        f"{spread(summary.find('casualties_cumulative', side=side.key), week)} people on the side of {side.name}"
        f" (median {middle(summary.find('casualties_cumulative', side=side.key), week)})"
        for side in summary.sides
    ]
    return (
        f"From the opening to {day(summary.date_of(week))}, {' and '.join(parts)} are killed or seriously wounded, "
        "each range holding nine runs of ten."
    )


def towns_at_risk(summary: Summary, most: int) -> tuple[Town, ...]:
    """The towns most likely to change hands, those that ever do."""
    return tuple(town for town in summary.towns if town.chances and town.chances[-1].probability > 0)[:most]


def runs_line(summary: Summary) -> str:
    """How many runs, how many of them failed, and how to repeat them."""
    failed = f", {summary.failed_runs:,} failed and left out" if summary.failed_runs else ""
    return f"{summary.runs_used:,} runs{failed}; seed {summary.seed}; ceasefire {summary.version}"


# -------------------------------------------------------------------------------------------------------- one screen


def render(summary: Summary, files: Sequence[str | Path] = ()) -> str:
    """One screen of plain text: at most 45 lines of 100 columns. `files` are named at the foot."""
    out = io.StringIO()
    Console(file=out, width=WIDTH, color_system=None, force_terminal=False, highlight=False).print(
        renderable(summary, files)
    )
    return "\n".join(line.rstrip() for line in out.getvalue().rstrip().splitlines()) + "\n"


def renderable(summary: Summary, files: Sequence[str | Path] = ()) -> RenderableType:
    """The same screen for a terminal, with weight where it helps reading."""
    head = Text(_cut(clean(f"{summary.title} · from {day(summary.opening)}"), WIDTH), style="bold")
    parts: list[RenderableType] = [head, Text(_cut(clean(summary.question), 3 * WIDTH - 15), style="italic"), Text()]
    parts += [Text(_cut(clean(sentence), 3 * WIDTH - 15)) for sentence in sentences(summary)]
    parts.append(_table(summary))
    parts += [Text(_cut(f"Not known: {clean(note)}", WIDTH), style="dim") for note in summary.notes[:1]]
    parts.append(Text(_cut(clean(f"{runs_line(summary)}. Ranges hold 90% of runs, if the model is right."), WIDTH)))
    if files:
        parts.append(Text(_cut(clean("Files: " + "  ".join(str(file) for file in files)), 2 * WIDTH)))
    return Group(*parts)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _table(summary: Summary) -> Table:
    """Every row of the screen under one head of dates."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, show_edge=False, width=WIDTH)
    table.add_column("\nBy", no_wrap=True, overflow="ellipsis", width=34)
    for week in summary.horizons:
        heading = f"{week} weeks\n{short_day(summary.date_of(week))}"
        table.add_column(heading, justify="right", no_wrap=True, ratio=1)
    for title, rows in sections(summary):
        table.add_row(Text(clean(title), style="bold"))
        for label, cells in rows:
            table.add_row(Text(f"  {clean(label)}"), *(Text(cell) for cell in cells))
    return table


Row = tuple[str, list[str]]


def sections(summary: Summary) -> Iterable[tuple[str, list[Row]]]:
    """The numbers of the screen: groups of rows, a cell for each horizon."""
    yield f"Ground gained by {summary.sides[0].name}, km²", _ground_rows(summary)
    yield "How the fighting first ends", _ending_rows(summary)
    if towns := towns_at_risk(summary, TOWNS):
        yield "Town changes hands (holder now)", [_town_row(summary, town) for town in towns]
    yield "People killed or seriously wounded", [*_people_rows(summary), *_civilian_rows(summary)]
    if rows := [*_power_rows(summary), *_oil_rows(summary)]:
        yield "Power demand met and oil taxes, %", rows


def _ground_rows(summary: Summary) -> list[Row]:
    change = summary.find("area_change")
    return [
        ("Median run", _cells(summary, lambda week: middle(change, week))),
        ("Nine runs of ten", _cells(summary, lambda week: spread(change, week))),
    ]


def _ending_rows(summary: Summary) -> list[Row]:
    rows = [
        (state_label(summary, ending.kind), [percent(chance.probability) for chance in ending.by])
        for ending in summary.endings.kinds
    ]
    rest = [percent(1 - chance.probability) for chance in summary.endings.any]
    return [*rows, ("No ending yet", rest), *_base_rate_rows(summary)]


def _base_rate_rows(summary: Summary) -> list[Row]:
    """What the age of the war alone would say, where the result tells of it."""
    alone = next((told for told in summary.endings.weights if told.weight == 0), None)
    if alone is None:
        return []
    return [("  by the base rate alone", ["–" if c is None else percent(1 - c.probability) for c in alone.any])]


def _town_row(summary: Summary, town: Town) -> Row:
    cells = [percent(chance.probability) for chance in town.chances]
    return f"{town.name} ({summary.side_name(town.holder)})", cells


def _civilian_rows(summary: Summary) -> list[Row]:
    """Civilians on the land of each side, where the result tells of them."""
    found = [(side, summary.find("civilians_harmed_cumulative", side=side.key)) for side in summary.sides]
    return [(f"Civilians, {side.name}, thousands", _cells(summary, _median_and_range(s, 1))) for side, s in found if s]


def _people_rows(summary: Summary) -> list[Row]:
    rows: list[Row] = []
    for side in summary.sides:
        series = summary.find("casualties_cumulative", side=side.key)
        rows.append((f"{side.name}, thousands", _cells(summary, _median_and_range(series))))
    return rows


def _power_rows(summary: Summary) -> list[Row]:
    """Share of power demand that is met in the worst week by each date, where the result tells of power."""
    found = [(side, summary.find("served_share_least", side=side.key)) for side in summary.sides]
    return [
        (f"Power met, worst week, {side.name}", _cells(summary, _percent_and_range(series)))
        for side, series in found
        if series and not series.empty
    ]


def _oil_rows(summary: Summary) -> list[Row]:
    """Oil revenue up to each date over what the opening's rate would have brought, for sides that have any."""
    found = [(side, summary.find("oil_revenue_relative", side=side.key)) for side in summary.sides]
    return [
        (f"Oil taxes, {side.name}, opening 100", _cells(summary, _percent_and_range(series)))
        for side, series in found
        if series and not series.empty
    ]


def _median_and_range(series: Series | None, decimals: int = 6) -> Callable[[int], str]:
    """Median and range in thousands, with two digits and so many decimals at most."""

    def cell(week: int) -> str:
        if series is None:
            return "–"
        points = [_scaled(row[week], 1e-3) for row in (series.q50, series.q05, series.q95)]
        mid, low, high = (number(None if p is None else round(p, decimals), 2) for p in points)
        return f"{mid} ({low}–{high})"

    return cell


def _percent_and_range(series: Series) -> Callable[[int], str]:
    """Median and range of a share in whole percent."""

    def cell(week: int) -> str:
        points = [_scaled(row[week], 100.0) for row in (series.q50, series.q05, series.q95)]
        mid, low, high = ("–" if p is None else f"{p:,.0f}" for p in points)
        return f"{mid} ({low}–{high})"

    return cell


def _cells(summary: Summary, cell: Callable[[int], str]) -> list[str]:
    return [cell(week) for week in summary.horizons]
