"""Figures of a forecast one by one, as SVG and as PNG, for papers and slides."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import xarray

from ceasefire.evidence.error import CeasefireError
from ceasefire.study.summary import Series, Summary
from ceasefire.view import chart, text
from ceasefire.view.chart import standalone
from ceasefire.view.report import ending_curves, map_labels, states

WIDTH = 1080
SIZE = (720, 420)
ZOOM = 2.0
"""Pixels of a PNG for each of the SVG."""
FONTS = ("Liberation Sans", "Arial", "Helvetica", "DejaVu Sans", "Noto Sans", "Segoe UI", "Roboto")
"""Fonts that words of a PNG are drawn in: the first that is installed."""
BY_SIDE = {
    "casualties_cumulative": "killed or seriously wounded since the opening",
    "killed_cumulative": "killed since the opening",
    "civilians_harmed_cumulative": "civilians killed or wounded on its land since the opening",
    "troops": "soldiers in the field",
    "served_share": "share of power demand that is met",
    "reserves": "reserves that the budget can use, bn of local currency",
    "inflation": "inflation, % a year",
}
"""Fans told for each side: measure and unit in words."""
ALONE = {
    "area_change": ("Ground gained by {}", "km² since the opening"),
    "mapped_area_change": ("Ground gained by {}, as mapped", "km² since the opening"),
    "brent": ("Brent crude", "US dollars a barrel"),
}
"""Fans told once: measure, title and unit."""


class Drawing(NamedTuple):
    """A figure that can be drawn."""

    name: str
    title: str
    draw: Callable[[], str]


def drawings(result: xarray.Dataset, summary: Summary) -> tuple[Drawing, ...]:
    """Figures of a result: maps by horizon, endings, states, and the fans that are asked for most."""
    return (*_maps(result, summary), *_endings(summary), *_fans(summary))


def _maps(result: xarray.Dataset, summary: Summary) -> Iterator[Drawing]:
    if "control_probability" not in result or not result.sizes.get("cell") or not summary.horizons:
        return

    @functools.cache
    def prepared() -> tuple[chart.Atlas, chart.Window, list[chart.Label]]:
        atlas = chart.atlas(result)
        return atlas, atlas.window([0, *summary.horizons]), map_labels(result, summary, atlas.geography)

    def draw(week: int, title: str) -> str:
        atlas, window, labels = prepared()
        told = f"{float(atlas.change(week).sum()):,.0f} cells are expected in other hands than at the opening."
        drawn = chart.hex_map(atlas, week, window=window, title=title, description=told, labels=labels, width=WIDTH)
        return standalone(drawn)

    for week in summary.horizons:
        title = f"Where the line may be on {text.short_day(summary.date_of(week))}"
        yield Drawing(f"map-{week}w", title, functools.partial(draw, week, title))
    first, second = (side.name for side in summary.sides[:2])
    yield Drawing("map-legend", "Colours of the maps", lambda: standalone(chart.map_legend(first, second)))


def _endings(summary: Summary) -> Iterator[Drawing]:
    if summary.endings.kinds and summary.horizons:
        title = "Probability that the fighting has first ended, by kind"
        yield Drawing("endings", title, lambda: standalone(ending_curves(summary)))
        yield Drawing("states", "State of the war, week by week", lambda: standalone(states(summary)))


def _fans(summary: Summary) -> Iterator[Drawing]:
    first = summary.sides[0].name
    for measure, (title, unit) in ALONE.items():
        yield from _fan(summary, summary.find(measure), measure, title.format(first), unit, chart.NEITHER)
    for measure, unit in BY_SIDE.items():
        for side, colour in zip(summary.sides, (chart.FIRST, chart.SECOND), strict=False):
            name = f"{measure.removesuffix('_cumulative')}-{side.key}"
            yield from _fan(summary, summary.find(measure, side=side.key), name, side.name, unit, colour)


def _fan(summary: Summary, series: Series | None, name: str, title: str, unit: str, colour: str) -> Iterator[Drawing]:
    if series is None or series.empty:
        return
    last = len(summary.dates) - 1
    told = f"{title}, {unit}: median {text.middle(series, last, 3)}, nine runs of ten {text.spread(series, last, 3)}."

    def draw() -> str:
        drawn = chart.fan(summary.dates, series, title=title, description=told, unit=unit, colour=colour, size=SIZE)
        return standalone(drawn)

    yield Drawing(re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-"), f"{title}: {unit}", draw)


def png(svg: str) -> bytes:
    """A drawing as PNG on white. Raises `CeasefireError` where the extra or any font is missing."""
    try:
        import resvg_py
    except ImportError:
        raise CeasefireError("PNG needs the extra png: pip install 'ceasefire[png]'") from None
    font = _font()
    if font is None:
        raise CeasefireError(
            f"no font was found to draw the words of a PNG; install one of {', '.join(FONTS)}, or take SVG"
        )
    drawn = resvg_py.svg_to_bytes(
        svg_string=svg, background="#ffffff", zoom=ZOOM, font_family=font, serif_family=font, sans_serif_family=font
    )
    return bytes(drawn)


@functools.cache
def _font() -> str | None:
    """The first of the fonts that leaves a mark: a picture with a word in it differs from one without."""
    import resvg_py

    frame = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20" font-family="{}">{}</svg>'
    for font in FONTS:
        word, empty = (
            bytes(resvg_py.svg_to_bytes(svg_string=frame.format(font, body), font_family=font, serif_family=font))
            for body in ('<text x="2" y="15">Ab</text>', "")
        )
        if word != empty:
            return font
    return None
