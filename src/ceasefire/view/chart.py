"""Charts as SVG: fans, curves, states by week, and maps of hexagons. Strings in, strings out; no script.

Every chart says what it shows in a title and a description (`role=img`), and comes with a table of its numbers. Colours
are told apart in the common forms of colour blindness: orange and blue for the two sides, Okabe and Ito's set for the
ways of ending. Maps are equirectangular, with longitudes shortened by the cosine of the middle latitude: true to scale
within 2 % over the few degrees that a front spans.

Hexagons of one class are merged into one shape, so that a map of thirty thousand cells weighs some tens of kilobytes.
"""

from __future__ import annotations

import datetime
import html
import itertools
import math
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import h3.api.numpy_int as h3
import numpy as np
import shapely
import xarray
from numpy.typing import NDArray

from ceasefire.evidence.geography import Geography
from ceasefire.study.summary import Series, finished
from ceasefire.view.text import number, percent, short_day

INK, QUIET, RULE, PAPER = "#1d1d1b", "#62625d", "#dedbd3", "#ffffff"
FIRST, SECOND, NEITHER = "#bf5b04", "#2166ac", "#4d4d4d"
"""Colours of the first side, of the second, and of what belongs to neither."""
ENDINGS = {
    "war": "#d9d6cf",
    "ceasefire": "#0072b2",
    "settlement": "#009e73",
    "dictated by the first side": "#d55e00",
    "dictated by the second side": "#cc79a7",
    "fade": "#e6c229",
    "frozen": "#7cc0e8",
}
"""Okabe and Ito's colours, the yellow darkened for white paper."""
WEIGHTS = {0.0: QUIET, 0.25: "#a99bd1", 0.5: INK, 0.75: "#7d6fb8", 1.0: "#4b3c96"}
"""Colours of ends by weight of the structure: from pale to dark; the weight that is simulated in ink."""
FONT = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif"

FloatArray = NDArray[np.float64]
Values = Sequence[float | None]
Window = tuple[float, float, float, float]
"""West, south, east, north, in degrees."""


# -------------------------------------------------------------------------------------------------------- elements


def tag(name: str, *children: str, **attributes: object) -> str:
    """An element; underscores of attributes become hyphens, attribute values are escaped, children are not."""
    listed = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(_short(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{listed}>{''.join(children)}</{name}>" if children else f"<{name}{listed}/>"


def _short(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def words(x: float, y: float, text: str, **attributes: object) -> str:
    """A line of text, escaped."""
    return tag("text", html.escape(text), x=float(x), y=float(y), **attributes)


def haloed(x: float, y: float, text: str, **attributes: object) -> str:
    """A line of text that stays readable over a map."""
    halo = {"stroke": PAPER, "stroke_width": 3, "stroke_linejoin": "round", "paint_order": "stroke"}
    return words(x, y, text, **(halo | attributes))


def standalone(drawing: str) -> str:
    """A drawing as a file of its own."""
    return drawing.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1) + "\n"


def picture(width: float, height: float, title: str, description: str, body: Iterable[str]) -> str:
    """A drawing with its title and description for those who cannot see it."""
    drawn = "".join(body)
    mark = f"{zlib.crc32(f'{title}{description}{drawn}'.encode()):08x}"
    return tag(
        "svg",
        tag("title", html.escape(title), id=f"t{mark}"),
        tag("desc", html.escape(description), id=f"d{mark}"),
        drawn,
        role="img",
        aria_labelledby=f"t{mark} d{mark}",
        viewBox=f"0 0 {width:g} {height:g}",
        width=f"{width:g}",
        height=f"{height:g}",
        font_family=FONT,
        font_size=12,
        fill=INK,
    )


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The numbers behind a chart, folded away; every string is escaped."""
    header = tag("tr", *(tag("th", html.escape(cell) or "&#8203;", scope="col") for cell in head))
    body = "".join(
        tag("tr", tag("th", html.escape(row[0]) or "&#8203;", scope="row"), *(_cell(cell) for cell in row[1:]))
        for row in rows
    )
    inner = tag("table", tag("thead", header), f"<tbody>{body}</tbody>")
    return tag("details", tag("summary", html.escape(caption)), tag("div", inner, class_="scroll"), class_="numbers")


def _cell(text: str) -> str:
    return f"<td>{html.escape(text)}</td>"


def series_table(caption: str, dates: Sequence[datetime.date], series: Series, every: int = 1) -> str:
    """Quantiles by week; every so many weeks, the last one always."""
    last = len(dates) - 1
    weeks = [week for week in range(last + 1) if week % every == 0 or week == last]
    rows = [
        [
            short_day(dates[week]),
            *(number(row[week]) for row in (series.q05, series.q25, series.q50, series.q75, series.q95)),
        ]
        for week in weeks
    ]
    return table(caption, ["Week ending", "5%", "25%", "Median", "75%", "95%"], rows)


# ------------------------------------------------------------------------------------------------------ axes of time


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round values that span an interval, at most so many and one."""
    if not high > low:
        return [low]
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(place * step, 12) for place in range(first, last + 1)]


class Frame(NamedTuple):
    """Where a chart over weeks draws: the box of its data and the values at the box's edges."""

    left: float
    top: float
    right: float
    bottom: float
    weeks: int
    low: float
    high: float

    def x(self, week: float) -> float:
        """Place of a week."""
        return self.left + (self.right - self.left) * week / max(self.weeks, 1)

    def y(self, value: float) -> float:
        """Place of a value."""
        return self.bottom - (self.bottom - self.top) * (value - self.low) / (self.high - self.low)


def limits(series: Iterable[Series], *, zero: bool = True) -> tuple[float, float]:
    """Lowest and highest value of some fans with a little air, zero among them unless told otherwise."""
    values = [value for one in series for row in (one.q05, one.q95) for value in row if value is not None]
    low, high = min(values, default=0.0), max(values, default=1.0)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if not high > low:
        high = low + 1.0
    air = 0.04 * (high - low)
    return (low if low == 0 else low - air), (high if high == 0 else high + air)


def _brief(value: float) -> str:
    """A number where there is little room."""
    return number(value).replace(" million", "m")


def _grid(frame: Frame, label: Callable[[float], str], most: int = 5) -> list[str]:
    """Lines across with their values, the zero line darker."""
    drawn = []
    for value in ticks(frame.low, frame.high, most):
        y = frame.y(value)
        colour = INK if value == 0 else RULE
        drawn.append(tag("path", d=f"M{frame.left:.1f} {y:.1f}H{frame.right:.1f}", stroke=colour, stroke_width=0.8))
        drawn.append(words(frame.left - 6, y + 4, label(value), text_anchor="end", font_size=11, fill=QUIET))
    return drawn


def _calendar(frame: Frame, dates: Sequence[datetime.date]) -> list[str]:
    """Months along the foot, with the year below the first of each."""
    starts = _months(dates)
    room = max(1, int((frame.right - frame.left) / 46))
    step = next(step for step in (1, 2, 3, 6, 12, 24, 60, 600) if len(starts) / step <= room)
    drawn, year = [], None
    for week, date in starts:
        if (date.month - 1) % min(step, 12) or (step > 12 and date.year % (step // 12)):
            continue
        x = frame.x(week)
        drawn.append(tag("path", d=f"M{x:.1f} {frame.bottom:.1f}v4", stroke=QUIET, stroke_width=0.8))
        drawn.append(words(x, frame.bottom + 16, f"{date:%b}", text_anchor="middle", font_size=11, fill=QUIET))
        if date.year != year:
            year = date.year
            drawn.append(words(x, frame.bottom + 29, str(year), text_anchor="middle", font_size=11, fill=QUIET))
    return drawn


def _months(dates: Sequence[datetime.date]) -> list[tuple[float, datetime.date]]:
    """First days of months within the dates, with the week they fall on (a fraction)."""
    day, starts = dates[0], []
    month = datetime.date(day.year, day.month, 1)
    while month <= dates[-1]:
        if month >= dates[0]:
            starts.append(((month - dates[0]).days / 7, month))
        month = datetime.date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return starts


def _line(frame: Frame, values: Values) -> str:
    """A path through the weeks that have a value."""
    points = [(frame.x(week), frame.y(value)) for week, value in enumerate(values) if value is not None]
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) if points else ""


def _area(frame: Frame, low: Values, high: Values) -> str:
    """A closed path between two rows of values."""
    above = [(frame.x(w), frame.y(value)) for w, value in enumerate(high) if value is not None]
    below = [(frame.x(w), frame.y(value)) for w, value in enumerate(low) if value is not None]
    points = above + below[::-1]
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + "Z" if points else ""


# ---------------------------------------------------------------------------------------------------- charts by week


def fan(
    dates: Sequence[datetime.date],
    series: Series,
    *,
    title: str,
    description: str,
    unit: str = "",
    colour: str = NEITHER,
    observed: Sequence[tuple[datetime.date, float]] = (),
    within: tuple[float, float] | None = None,
    size: tuple[int, int] = (360, 240),
) -> str:
    """A fan: 5 to 95 % pale, 25 to 75 % darker, the median a line; observed values as open circles.

    `within` gives the lowest and highest value, so that neighbours can share a scale.
    """
    width, height = size
    low, high = within or limits([series])
    small = width < 260
    frame = Frame(
        46.0 if small else 58.0,
        26.0 if small else 42.0,
        width - (44.0 if small else 76.0),
        height - 36.0,
        len(dates) - 1,
        low,
        high,
    )
    body = [
        words(0, 13, title, font_weight="bold", font_size=12 if small else 14),
        words(0, 28, unit, font_size=11, fill=QUIET),
        *_grid(frame, _brief, 3 if small else 5),
        tag("path", d=_area(frame, series.q05, series.q95), fill=colour, fill_opacity=0.18),
        tag("path", d=_area(frame, series.q25, series.q75), fill=colour, fill_opacity=0.34),
        tag("path", d=_line(frame, series.q50), fill="none", stroke=colour, stroke_width=2.2, stroke_linejoin="round"),
        *_dots(frame, dates, observed),
        *_calendar(frame, dates),
        *_ends(frame, series, colour, small),
    ]
    return picture(width, height, title, description, body)


def _dots(
    frame: Frame, dates: Sequence[datetime.date], observed: Sequence[tuple[datetime.date, float]]
) -> Iterable[str]:
    for date, value in observed:
        week = (date - dates[0]).days / 7
        if 0 <= week <= frame.weeks and frame.low <= value <= frame.high:
            yield tag("circle", cx=frame.x(week), cy=frame.y(value), r=2.6, fill=PAPER, stroke=INK, stroke_width=1.2)


def _ends(frame: Frame, series: Series, colour: str, small: bool) -> Iterable[str]:
    """The last values written at the right: the median, and the range where there is room for it."""
    values = [row[-1] for row in (series.q95, series.q50, series.q05)]
    high, median, low = values
    if high is None or median is None or low is None:
        return
    x = frame.right + 6
    places = _apart([frame.y(high), frame.y(median), frame.y(low)], 13.0)
    yield words(x, places[1] + 4, _brief(median), font_weight="bold", fill=colour, font_size=11 if small else 12)
    if not small:
        yield words(x, places[0] + 4, _brief(high), font_size=11, fill=QUIET)
        yield words(x, places[2] + 4, _brief(low), font_size=11, fill=QUIET)


def _apart(places: Sequence[float], least: float, top: float = -math.inf, bottom: float = math.inf) -> list[float]:
    """Places pushed apart to at least so many pixels and kept between top and bottom, moved no more than needed."""
    order = sorted(range(len(places)), key=lambda index: places[index])
    spread = [float(place) for place in places]
    for _ in range(60):
        for upper, lower in itertools.pairwise(order):
            lack = least - (spread[lower] - spread[upper])
            if lack > 0:
                spread[upper] -= lack / 2
                spread[lower] += lack / 2
        for rank, index in enumerate(order):
            spread[index] = max(spread[index], top + least * rank)
            spread[index] = min(spread[index], bottom - least * (len(order) - 1 - rank))
    return spread


@dataclass(frozen=True)
class Curve:
    """One line of `curves`."""

    label: str
    values: Values
    colour: str
    dashes: str | None = None
    weight: float = 2.2


def curves(
    dates: Sequence[datetime.date],
    lines: Sequence[Curve],
    *,
    title: str,
    description: str,
    unit: str = "",
    size: tuple[int, int] = (720, 360),
) -> str:
    """Probabilities by week as lines, each named at its end."""
    width, height = size
    top = max((value for line in lines for value in line.values if value is not None), default=0.0)
    high = min(1.0, max(ticks(0.0, max(top, 0.02) * 1.25)[-1], top))
    frame = Frame(44.0, 42.0, width - 190.0, height - 36.0, len(dates) - 1, 0.0, high)
    ends = [frame.y(next((value for value in reversed(line.values) if value is not None), 0.0)) for line in lines]
    places = _apart(ends, 15.0, frame.top, frame.bottom + 2)
    body = [
        words(0, 13, title, font_weight="bold", font_size=14),
        words(0, 28, unit, font_size=11, fill=QUIET),
        *_grid(frame, lambda value: f"{100 * value:g}%"),
        *_calendar(frame, dates),
    ]
    for line, end, place in zip(lines, ends, places, strict=True):
        body.append(
            tag(
                "path",
                d=_line(frame, line.values),
                fill="none",
                stroke=line.colour,
                stroke_width=line.weight,
                stroke_dasharray=line.dashes,
                stroke_linejoin="round",
            )
        )
        body.append(
            tag("path", d=f"M{frame.right + 2:.1f} {end:.1f}L{frame.right + 12:.1f} {place:.1f}", stroke=line.colour)
        )
        last = next((value for value in reversed(line.values) if value is not None), 0.0)
        body.append(words(frame.right + 16, place + 4, f"{percent(last)} {line.label}", font_size=12))
    return picture(width, height, title, description, body)


def occupancy(
    dates: Sequence[datetime.date],
    states: Sequence[tuple[str, str, Sequence[float]]],
    *,
    title: str,
    description: str,
    unit: str = "",
    size: tuple[int, int] = (720, 360),
) -> str:
    """Shares of runs in each state (label, colour, share by week), stacked week by week, the first at the foot."""
    width, height = size
    shown = [state for state in states if any(state[2])]
    frame = Frame(44.0, 42.0, width - 190.0, height - 36.0, len(dates), 0.0, 1.0)
    body = [words(0, 13, title, font_weight="bold", font_size=14), words(0, 28, unit, font_size=11, fill=QUIET)]
    base = np.zeros(len(dates))
    names: list[tuple[float, str, str]] = []
    for label, colour, share in shown:
        raised = base + np.asarray(share, float)
        body.append(tag("path", d=_steps(frame, base, raised), fill=colour, stroke=PAPER, stroke_width=0.6))
        names.append((frame.y(float(base[-1] + raised[-1]) / 2), f"{percent(float(share[-1]))} {label}", colour))
        base = raised
    body += _grid(frame._replace(right=frame.left - 1), lambda value: f"{100 * value:g}%")
    body += _calendar(frame, dates)
    for (_, name, colour), place in zip(
        names, _apart([name[0] for name in names], 16.0, frame.top + 5, frame.bottom - 4), strict=True
    ):
        body.append(tag("rect", x=frame.right + 8, y=place - 5, width=10, height=10, fill=colour))
        body.append(words(frame.right + 24, place + 4, name))
    return picture(width, height, title, description, body)


def _steps(frame: Frame, low: FloatArray, high: FloatArray) -> str:
    """A closed band with a flat piece for each week."""
    forth = "".join(f"V{frame.y(value):.1f}H{frame.x(week + 1):.1f}" for week, value in enumerate(high))
    back = "".join(f"V{frame.y(low[week]):.1f}H{frame.x(week):.1f}" for week in reversed(range(len(low))))
    return f"M{frame.x(0):.1f} {frame.y(low[0]):.1f}{forth}{back}Z"


# ------------------------------------------------------------------------------------------------------------- maps

CLASSES = (0.01, 0.1, 0.25, 0.5, 0.75)
"""Least probability of each colour of a map; below the first a cell keeps the colour of its holder."""
CLASS_NAMES = ("1–10%", "10–25%", "25–50%", "50–75%", "over 75%")
TO_FIRST = ("#fdd0a2", "#fdae6b", "#f08a38", "#cf5a0c", "#8a3404")
TO_SECOND = ("#c3daee", "#92c0e2", "#559ccd", "#2470b3", "#0b3d7a")
HELD_FIRST, HELD_SECOND, LAND, OUTSIDE = "#efdfd2", "#e3eaf0", "#f6f4ef", "#fbfbf9"
_KM_PER_DEGREE = 111.195
_SMALLEST_ISLAND = 0.002
"""Square degrees, some 15 km²; what is smaller is mostly left over from simplified outlines."""
_TEETH = 2.0
"""Pixels per km from which the line of contact follows the edges of cells."""
_FINE = 10
"""Paths of maps are written in whole tenths of a pixel."""


class Label(NamedTuple):
    """A named point of a map; the first labels given find room first."""

    longitude: float
    latitude: float
    text: str
    strong: bool = False


class Projection(NamedTuple):
    """Equirectangular, with longitudes shortened by the cosine of the middle latitude."""

    west: float
    north: float
    scale: float
    """Pixels per degree of latitude."""
    shorten: float
    width: float
    height: float

    @staticmethod
    def of(window: Window, width: float) -> Projection:
        """Fit a window into so many pixels of width."""
        west, south, east, north = window
        shorten = math.cos(math.radians((south + north) / 2))
        scale = width / ((east - west) * shorten)
        return Projection(west, north, scale, shorten, width, (north - south) * scale)

    @property
    def pixels_per_km(self) -> float:
        """Scale along a meridian."""
        return self.scale / _KM_PER_DEGREE

    def place(self, coordinates: Any) -> FloatArray:
        """Pixels [point, (x, y)] of [point, (longitude, latitude)]."""
        points = np.asarray(coordinates, float)
        x = (points[:, 0] - self.west) * self.shorten * self.scale
        return np.stack([x, (self.north - points[:, 1]) * self.scale], axis=1)


class Atlas:
    """The cells of a result as shapes, merged once and drawn many times."""

    def __init__(self, result: xarray.Dataset, geography: Geography) -> None:
        self.cell: NDArray[np.uint64] = np.asarray(result["cell"].values, np.uint64)
        self.opening: FloatArray = np.asarray(result["control_opening"].values, float)
        self.held: FloatArray = np.asarray(result["control_probability"].transpose("week", "cell").values)
        self.axis = _axis_names(result)
        self.longitude: FloatArray = np.asarray(result["longitude"].values, float)
        self.latitude: FloatArray = np.asarray(result["latitude"].values, float)
        self.geography = geography

    @cached_property
    def first(self) -> NDArray[np.bool_]:
        """Cells that the first side holds at the opening, specks given to the side around them."""
        return (self.opening >= 0.5) ^ self.specks

    @cached_property
    def specks(self) -> NDArray[np.bool_]:
        """Cells on a coast or border that only seem to be held by the other side than the ground around them.

        Such a cell is partly sea or foreign, so that half of it may be nobody's. A group of them is a speck where
        all of its cells touch the edge of the country and it is not the largest group of its side.
        """
        holder = self.opening >= 0.5
        edge = self._edge
        specks = np.zeros(len(holder), bool)
        for side in (holder, ~holder):
            groups = sorted(self._groups(side), key=len)
            for group in groups[:-1]:
                specks[group] = bool(edge[group].all())
        return specks

    @cached_property
    def neighbours(self) -> list[list[int]]:
        """Positions of the cells around each cell, those that the result has."""
        index = {cell: place for place, cell in enumerate(self.cell.tolist())}
        return [[index[cell] for cell in ring if cell in index] for ring in self._ring.tolist()]

    @cached_property
    def _ring(self) -> NDArray[np.uint64]:
        """The six cells around each cell, [cell, 6]; 0, which is no cell, for the sixth of a pentagon."""
        ring = np.zeros((len(self.cell), 6), np.uint64)
        for row, cell in zip(ring, self.cell.tolist(), strict=True):
            around = h3.grid_ring(cell, 1)
            row[: len(around)] = around
        return ring

    @cached_property
    def _edge(self) -> NDArray[np.bool_]:
        """Cells that are partly outside the country, or touch the sea or what is outside."""
        cells = self.geography.cells
        own, around = cells.rows(self.cell), cells.rows(self._ring.ravel()).reshape(self._ring.shape)
        partly = (own < 0) | (cells.inside[own] < 0.99)
        outside = ((around < 0) | cells.sea[around]) & (self._ring > 0)
        return partly | outside.any(axis=1)

    def _groups(self, chosen: NDArray[np.bool_]) -> list[list[int]]:
        """Connected groups among the chosen cells."""
        waiting, groups = set(np.flatnonzero(chosen).tolist()), []
        while waiting:
            group = [waiting.pop()]
            for place in group:  # grows while it is walked
                near = waiting.intersection(self.neighbours[place])
                waiting -= near
                group.extend(near)
            groups.append(group)
        return groups

    def change(self, week: int) -> FloatArray:
        """P(the other side than at the opening holds each cell); 0 for specks."""
        held = np.nan_to_num(self.held[week].astype(float), nan=0.0)
        return np.where(self.specks, 0.0, np.where(self.first, 1 - held, held))

    def shape(self, cells: NDArray[np.bool_]) -> Any:
        """The chosen cells as one polygon."""
        return _merged(self.cell[cells])

    @cached_property
    def land(self) -> Any:
        """The recorded country without its sea."""
        cells = self.geography.cells
        sea = _merged(cells.cell[cells.sea])
        parts = shapely.get_parts(shapely.make_valid(self.geography.outline))
        whole = shapely.union_all([shapely.Polygon(part.exterior) for part in parts if part.geom_type == "Polygon"])
        land = shapely.get_parts(whole.difference(sea.buffer(0.002)))
        return shapely.MultiPolygon([part for part in land if part.area > _SMALLEST_ISLAND])

    @cached_property
    def rivers(self) -> Any:
        """The wide rivers."""
        return shapely.union_all([river.line for river in self.geography.rivers if river.rank >= 2])

    @cached_property
    def first_ground(self) -> Any:
        """Ground of the first side at the opening."""
        return self.shape(self.first)

    @cached_property
    def second_ground(self) -> Any:
        """Ground of the second side at the opening."""
        return self.shape(~self.first)

    def chance(self, week: int) -> FloatArray:
        """P(the first side holds each cell), specks given to the side around them."""
        change = self.change(week)
        return np.where(self.first, 1 - change, change)

    @cached_property
    def contact(self) -> Any:
        """The line between the sides at the opening, along the edges of cells."""
        return self.line_around(self.first)

    def line_around(self, chosen: NDArray[np.bool_]) -> Any:
        """The line between the chosen cells and the others, along the edges of cells."""
        pieces = []
        for place in np.flatnonzero(chosen):
            for other in self.neighbours[place]:
                if not chosen[other]:
                    edge = h3.directed_edge_to_boundary(h3.cells_to_directed_edge(self.cell[place], self.cell[other]))
                    pieces.append([(round(lng, 6), round(lat, 6)) for lat, lng in edge])
        return shapely.line_merge(shapely.MultiLineString(pieces)) if pieces else shapely.MultiLineString()

    @cached_property
    def smooth_contact(self) -> Any:
        """The same line without the teeth of the cells, for maps on which a cell is a few pixels wide."""
        parts = [_halved(_halved(shapely.get_coordinates(part))) for part in shapely.get_parts(self.contact)]
        return shapely.MultiLineString(parts)

    def window(self, weeks: Iterable[int], margin_km: float = 12.0) -> Window:
        """What a map must show: the contact line and every cell that may change hands."""
        moving = np.any([self.change(week) >= CLASSES[0] for week in weeks], axis=0)
        bounds = [] if self.contact.is_empty else [self.contact.bounds]
        if moving.any() or not bounds:
            some = moving if moving.any() else np.ones_like(moving)
            x, y = self.longitude[some], self.latitude[some]
            bounds.append((x.min(), y.min(), x.max(), y.max()))
        edges = np.array(bounds)
        west, south = edges[:, :2].min(axis=0).tolist()
        east, north = edges[:, 2:].max(axis=0).tolist()
        tall = margin_km / _KM_PER_DEGREE
        wide = tall / math.cos(math.radians((south + north) / 2))
        return west - wide, south - tall, east + wide, north + tall

    def busiest(self, week: int, width_km: float, height_km: float) -> Window:
        """The window of that size in which most cells are expected to change hands by a week."""
        weight = np.where(self.change(week) >= 0.25, self.change(week), 0.0)
        shorten = math.cos(math.radians(float(self.latitude.mean())))
        x, y = self.longitude * _KM_PER_DEGREE * shorten, self.latitude * _KM_PER_DEGREE
        step = 10.0
        columns = np.floor((x - x.min()) / step).astype(int)
        rows = np.floor((y - y.min()) / step).astype(int)
        counts = np.zeros((rows.max() + 1, columns.max() + 1))
        np.add.at(counts, (rows, columns), weight)
        tall, wide = (
            min(round(size / step), limit) for size, limit in zip((height_km, width_km), counts.shape, strict=True)
        )
        sums = np.lib.stride_tricks.sliding_window_view(counts, (tall, wide)).sum(axis=(2, 3))
        row, column = np.unravel_index(int(sums.argmax()), sums.shape)
        middle_x, middle_y = x.min() + step * (column + wide / 2), y.min() + step * (row + tall / 2)
        to_x, to_y = 1 / (_KM_PER_DEGREE * shorten), 1 / _KM_PER_DEGREE
        return (
            float((middle_x - width_km / 2) * to_x),
            float((middle_y - height_km / 2) * to_y),
            float((middle_x + width_km / 2) * to_x),
            float((middle_y + height_km / 2) * to_y),
        )


def _axis_names(result: xarray.Dataset) -> list[str]:
    """Key of the sector of each cell, whether the result holds keys or positions."""
    axes, values = [str(key) for key in result["axis"].values], result["cell_axis"].values
    if values.dtype.kind not in "iu":
        return [str(value) for value in values]
    return [axes[place] if 0 <= place < len(axes) else "" for place in values.tolist()]


def _halved(points: FloatArray) -> FloatArray:
    """Midpoints between neighbours, the ends kept."""
    return np.concatenate([points[:1], (points[:-1] + points[1:]) / 2, points[-1:]])


def _merged(cells: NDArray[np.uint64]) -> Any:
    """Cells as one shape in longitude and latitude."""
    if not len(cells):
        return shapely.MultiPolygon()
    outline = h3.cells_to_h3shape(cells, tight=False)
    return shapely.MultiPolygon([(_turned(part.outer), [_turned(hole) for hole in part.holes]) for part in outline])


def _turned(ring: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(lng, lat) for lat, lng in ring]


def hex_map(
    atlas: Atlas,
    week: int,
    *,
    window: Window,
    title: str,
    description: str,
    labels: Sequence[Label] = (),
    width: int = 560,
) -> str:
    """A map of the probability that each cell is held by the other side than at the opening, at a week.

    Orange: ground the first side may take; blue: ground the second may take. The black line is the line of contact at
    the opening.
    """
    projection = Projection.of(window, width)
    change = atlas.change(week)
    contact = atlas.contact if projection.pixels_per_km > _TEETH else atlas.smooth_contact
    body = [
        tag("rect", width=width, height=projection.height, fill=OUTSIDE),
        _filled(atlas.land, projection, window, LAND, smooth=0.6),
        _filled(atlas.first_ground, projection, window, HELD_FIRST, smooth=0.4),
        _filled(atlas.second_ground, projection, window, HELD_SECOND, smooth=0.4),
        *_classes(atlas, change, projection, window),
        _stroked(atlas.rivers, projection, window, "#a9bccb", 0.8),
        _stroked(atlas.land.boundary, projection, window, "#8d8d86", 0.9),
        _stroked(contact, projection, window, INK, 1.5),
        *_labelled(labels, projection),
        *_scale_bar(projection),
        tag("rect", x=0.5, y=0.5, width=width - 1, height=projection.height - 1, fill="none", stroke=RULE),
    ]
    return picture(width, round(projection.height), title, description, body)


def _classes(atlas: Atlas, change: FloatArray, projection: Projection, window: Window) -> Iterable[str]:
    """One shape for each colour."""
    bins = np.digitize(change, CLASSES)
    for colours, side in ((TO_FIRST, ~atlas.first), (TO_SECOND, atlas.first)):
        for level, colour in enumerate(colours, 1):
            cells = side & (bins == level)
            if cells.any():
                yield _filled(atlas.shape(cells), projection, window, colour)


def _filled(shape: Any, projection: Projection, window: Window, colour: str, smooth: float = 0.0) -> str:
    path = _path(shape, projection, window, smooth)
    return tag("path", d=path, fill=colour, fill_rule="evenodd", transform=_TENTHS) if path else ""


def _stroked(line: Any, projection: Projection, window: Window, colour: str, weight: float) -> str:
    path = _path(line, projection, window, 0.3)
    if not path:
        return ""
    return tag(
        "path",
        d=path,
        fill="none",
        stroke=colour,
        stroke_width=weight * _FINE,
        stroke_linejoin="round",
        transform=_TENTHS,
    )


_TENTHS = f"scale({1 / _FINE:g})"


def _path(shape: Any, projection: Projection, window: Window, smooth: float) -> str:
    """Part of a shape within a window as path data in tenths of a pixel; `smooth` is in pixels."""
    west, south, east, north = window
    margin = 3 / projection.scale
    box = shapely.box(west - margin, south - margin, east + margin, north + margin)
    clipped = shapely.make_valid(shape).intersection(box)
    if smooth:
        clipped = shapely.simplify(clipped, smooth / projection.scale)
    return "".join(_ring(projection.place(points), closed) for points, closed in _lines(clipped))


def _lines(shape: Any) -> Iterable[tuple[FloatArray, bool]]:
    """Coordinates of every ring (closed) and line of a shape."""
    for part in shapely.get_parts(shape):
        if part.geom_type == "Polygon":
            for ring in (part.exterior, *part.interiors):
                yield shapely.get_coordinates(ring), True
        elif part.geom_type in ("LineString", "LinearRing"):
            yield shapely.get_coordinates(part), False
        elif part.geom_type.startswith(("Multi", "Geometry")):
            yield from _lines(part)


def _ring(points: FloatArray, closed: bool) -> str:
    """Path data with relative whole steps; points that fall together are dropped."""
    whole = np.round(points * _FINE).astype(int)
    steps = np.diff(whole, axis=0)
    steps = steps[np.any(steps != 0, axis=1)]
    if len(steps) < (3 if closed else 1):
        return ""
    if closed:
        steps = steps[:-1]
    numbers = "".join(f"{x:+d}{y:+d}" for x, y in steps.tolist()).replace("+", " ")
    return f"M{whole[0, 0]} {whole[0, 1]}l{numbers.strip()}{'z' if closed else ''}"


# ----------------------------------------------------------------------------------------------- furniture of a map

_PLACES = (
    ("start", 6.0, 4.0),
    ("end", -6.0, 4.0),
    ("middle", 0.0, -7.0),
    ("middle", 0.0, 15.0),
    ("start", 5.0, -5.0),
    ("start", 5.0, 13.0),
    ("end", -5.0, -5.0),
    ("end", -5.0, 13.0),
)
"""Anchors and offsets tried for a label, best first."""
_LETTER = 0.56
"""Width of a letter relative to the size of its type, on average."""


class _Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: _Box) -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


def _labelled(labels: Sequence[Label], projection: Projection) -> list[str]:
    """Dots and names; a name that finds no room is left out, and its dot with it unless it is a strong one."""
    frame = _Box(8, 8, projection.width - 8, projection.height - 26)
    points = projection.place([(label.longitude, label.latitude) for label in labels]) if labels else np.empty((0, 2))
    inside = [
        (label, float(x), float(y))
        for label, (x, y) in zip(labels, points, strict=True)
        if frame.left < x < frame.right and frame.top < y < frame.bottom
    ]
    taken = [_Box(x - 3, y - 3, x + 3, y + 3) for label, x, y in inside if label.strong]
    drawn: list[str] = []
    for label, x, y in inside:
        size = 12.0 if label.strong else 11.0
        room = _room(label, x, y, size, frame, taken)
        if room:
            anchor, dx, dy, box = room
            taken.append(box)
            drawn.append(_named(label, x + dx, y + dy, size, anchor))
        if room or label.strong:
            drawn.append(
                tag("circle", cx=x, cy=y, r=2.6 if label.strong else 2.0, fill=INK, stroke=PAPER, stroke_width=1)
            )
    return drawn


def _room(
    label: Label, x: float, y: float, size: float, frame: _Box, taken: Sequence[_Box]
) -> tuple[str, float, float, _Box] | None:
    """The first place around a point where its name meets nothing that is already there."""
    wide = len(label.text) * size * _LETTER * (1.06 if label.strong else 1.0)
    own = _Box(x - 3, y - 3, x + 3, y + 3)
    for anchor, dx, dy in _PLACES:
        left = x + dx - {"start": 0.0, "end": wide, "middle": wide / 2}[anchor]
        box = _Box(left - 1, y + dy - 0.85 * size, left + wide + 1, y + dy + 0.3 * size)
        outside = box.left < frame.left or box.right > frame.right or box.top < frame.top or box.bottom > frame.bottom
        if not outside and not any(box.meets(other) for other in taken if other != own):
            return anchor, dx, dy, box
    return None


def _named(label: Label, x: float, y: float, size: float, anchor: str) -> str:
    return haloed(
        x,
        y,
        label.text,
        text_anchor=anchor,
        font_size=size,
        font_weight="bold" if label.strong else None,
        fill=INK if label.strong else QUIET,
    )


def _scale_bar(projection: Projection) -> list[str]:
    """A round number of kilometres at the lower left."""
    longest = projection.width / 4 / projection.pixels_per_km
    length = max(km for km in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if km <= max(longest, 1))
    x, y = 12.0, projection.height - 12.0
    right = x + length * projection.pixels_per_km
    bar = f"M{x:.1f} {y - 5:.1f}v5H{right:.1f}v-5"
    return [
        tag("path", d=bar, fill="none", stroke=PAPER, stroke_width=4, stroke_linecap="square"),
        tag("path", d=bar, fill="none", stroke=INK, stroke_width=1.2),
        haloed(right + 6, y, f"{length} km", font_size=11),
    ]


def map_legend(first: str, second: str) -> str:
    """Colours of the maps, explained; the names of the sides are escaped."""
    width, height, box = 330, 192, 62
    body: list[str] = []
    for row, (side, colours) in enumerate(((first, TO_FIRST), (second, TO_SECOND))):
        y = 44 * row
        body.append(words(0, y + 12, f"Probability that {side} has taken it", font_size=12))
        for place, colour in enumerate(colours):
            body.append(tag("rect", x=place * box, y=y + 19, width=box, height=13, fill=colour))
    for place, name in enumerate(CLASS_NAMES):
        body.append(words((place + 0.5) * box, 92, name, text_anchor="middle", font_size=11, fill=QUIET))
    fields = (
        (HELD_FIRST, f"Held by {first}, as at the opening"),
        (HELD_SECOND, f"Held by {second}, as at the opening"),
        (LAND, "Outside the modelled area"),
    )
    for row, (colour, name) in enumerate(fields):
        y = 106 + 21 * row
        body.append(tag("rect", x=0.5, y=y + 0.5, width=22, height=13, fill=colour, stroke=RULE))
        body.append(words(31, y + 11, name, font_size=12))
    body.append(tag("path", d="M0 177h24", stroke=INK, stroke_width=1.8))
    body.append(words(31, 181, "Line of contact at the opening", font_size=12))
    return picture(
        width, height, "Colours of the maps", "Darker means more probable; see the tables for numbers.", body
    )


def classes_table(caption: str, atlas: Atlas, week: int, names: Mapping[str, str]) -> str:
    """Cells of each sector by the probability that they change hands."""
    bins = np.digitize(atlas.change(week), CLASSES)
    axis = np.array(atlas.axis)
    rows = [
        [name, *(f"{int(np.sum((axis == key) & (bins == level))):,}" for level in range(len(CLASSES) + 1))]
        for key, name in names.items()
    ]
    return table(caption, ["Cells", "under 1%", *CLASS_NAMES], rows)


def atlas(result: xarray.Dataset, geography: Geography | None = None) -> Atlas:
    """Prepare the maps of a result."""
    return Atlas(finished(result), geography or Geography.packaged())
