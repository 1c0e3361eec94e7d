"""A chain of causes as text, and as a graph: boxes and arrows from the causes on the left to the quantity asked for."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ceasefire.study.chain import AT_END, AVERAGE, IS, IS_NOT, Chain, Given, Link, Points
from ceasefire.view.chart import PAPER, QUIET, RULE, haloed, picture, standalone, tag, words
from ceasefire.view.text import clean, day, number

SHOWN = 12
"""Most lines of what the causes do from end to end."""
PARTS = 24
"""Most parts of a parameter that are told."""
USUAL = "+10 %"
MORE, LESS = "#0072b2", "#c04f00"
"""Colours of arrows by which more of the cause makes for more, or less, of the effect."""
LETTER, PITCH, GAP, HIGH, MARGIN, HEAD = 6.4, 48.0, 120.0, 34.0, 16.0, 48.0
"""Width of a letter, distance of rows, room for arrows, height of a box, margins, px."""

Point = tuple[float, float]


# --------------------------------------------------------------------------------------------------------------- text


def text(found: Chain | Given) -> str:
    """The chain as an indented tree, or what is known of a parameter."""
    return "\n".join(clean(line) for line in (_chain(found) if isinstance(found, Chain) else _given(found)))


def _chain(found: Chain) -> Iterator[str]:
    yield _title(found)
    yield f"{found.asked.key}: {found.asked.meaning}"
    yield f"Mean {number(found.mean, 4)} {found.asked.unit}, {_measure(found)}, over {found.runs:,} wars"
    if found.given:
        yield f"Given in all of them: {', '.join(found.given)}"
    yield "Each line: the change of what it stands under, its 95 % interval, and the change of the cause that makes it"
    yield ""
    yield found.asked.key
    yield from _tree(found, found.asked.key, 1, set())
    if not found.links:
        yield f"  nothing is seen to move it by {found.least:g} % or more"
    if found.whole:
        yield ""
        yield f"From end to end: change of {found.asked.key}"
        yield from (f"  {_strength(link)}" for link in found.whole[:SHOWN])
        if len(found.whole) > SHOWN:
            yield f"  and {len(found.whole) - SHOWN} weaker ones"
    yield ""
    yield from _foot(found)


def _title(found: Chain | Given) -> str:
    return f"{found.title} · from {day(dt.date.fromisoformat(found.opening))}"


def _measure(found: Chain) -> str:
    weeks = f"{found.weeks} weeks" if found.weeks > 1 else "the first week"
    if found.asked.measure == AT_END:
        return f"at the end of week {found.weeks}"
    return f"a week on average over {weeks}" if found.asked.measure == AVERAGE else f"added up over {weeks}"


def _tree(found: Chain, key: str, depth: int, told: set[str]) -> Iterator[str]:
    """Causes of a quantity, each with its own below; those that were told already without them."""
    for link in found.causes(key):
        again = link.cause in told and bool(found.causes(link.cause))
        yield "  " * depth + _line(link) + (" (its causes: above)" if again else "")
        if not again:
            told.add(link.cause)
            yield from _tree(found, link.cause, depth + 1, told)


def _line(link: Link) -> str:
    by = ", ".join(f"{c.name} ({number(c.mid, 2)}; {number(c.low, 2)} to {number(c.high, 2)})" for c in link.couplings)
    through = f", through {' and '.join(link.through)}" if link.through else ""
    return _strength(link) + (f" via {by}" if by else "") + through


def _strength(link: Link) -> str:
    return f"{_percent(link.change)} ({_signed(link.low)} to {_signed(link.high)}) per {link.dose} of {link.cause}"


def _signed(value: float) -> str:
    """A percentage with its sign, to a tenth; to a hundredth where it is small."""
    size = abs(value)
    shown = f"{size:,.0f}" if size >= 100 else f"{size:.1f}" if size >= 0.1 else f"{size:.2f}"
    return "0" if not shown.strip("0.") else ("−" if value < 0 else "+") + shown


def _percent(value: float) -> str:
    return f"{_signed(value)} %"


def _foot(found: Chain) -> Iterator[str]:
    left, tested = found.left_out, found.left_out.tried - found.left_out.no_effect - found.left_out.idle
    reasons = (
        (left.no_effect, "without any effect"),
        (left.chance, "that chance could explain"),
        (left.small, f"below {found.least:g} %"),
        (left.weaker, f"weaker than the {found.most} strongest of their effect"),
        (left.circle, "that would close a circle"),
        (left.idle, "whose cause stands at 0"),
    )
    told = ", ".join(f"{count} {reason}" for count, reason in reasons if count)
    yield f"{left.tried} links tried, {found.depth} steps back; left out: {told or 'none'}."
    yield f"{tested} were held against chance at 95 %: by luck alone about {0.05 * tested:.1g} would seem to be links."
    yield "What can be negative is in % of its mean size. A parameter that is a guess is no cause; it is held as drawn."
    yield f"What this is: {IS}"
    yield f"What it is not: {IS_NOT}"
    failed = f", {found.failed_runs:,} failed and left out" if found.failed_runs else ""
    yield f"{found.scenario}; {found.runs:,} wars of {found.weeks} weeks{failed}; seed {found.seed}; {found.version}"


def _given(found: Given) -> Iterator[str]:
    yield _title(found)
    yield f"{found.name}: {found.meaning}"
    yield "It is a parameter: given, constant during a war, and nothing in the war acts on it."
    yield f"Declared: {_points(found.prior, found.unit)}; source: {found.source}"
    if found.coupling:
        yield f"It couples {found.coupling[0]} to {found.coupling[1]}; 0 cuts it."
    yield "In this scenario, 5 / 50 / 95 %:"
    for part in found.parts[:PARTS]:
        yield f"  {','.join(part.labels) or 'everywhere'}: {_points(part, found.unit)}"
    if len(found.parts) > PARTS:
        yield f"  and {len(found.parts) - PARTS} more; name labels to see them"
    yield from (f"From: {note}" for note in found.notes)
    yield f"Acts directly on: {', '.join(found.acts_on) or 'nothing after the opening'}"
    yield f"{found.scenario}; {found.version}"


def _points(points: Points, unit: str) -> str:
    if points.low == points.high:
        return f"{number(points.mid)} {unit}, for sure"
    return f"{number(points.low)} / {number(points.mid)} / {number(points.high)} {unit}"


# -------------------------------------------------------------------------------------------------------------- graph


class Box(NamedTuple):
    """Where a quantity is drawn."""

    left: float
    middle: float
    width: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + self.width


def svg(found: Chain) -> str:
    """The chain as a file of its own: causes on the left, what was asked for on the right."""
    boxes = _placed(found)
    width = max(box.right for box in boxes.values()) + MARGIN
    height = max(box.middle for box in boxes.values()) + HIGH / 2 + 2 * MARGIN + 16
    strongest = max((abs(link.change) for link in found.links), default=1.0)
    width = max(width, 2 * MARGIN + LETTER * 100)
    body = [
        tag("rect", width=width, height=height, fill=PAPER),
        words(MARGIN, MARGIN + 10, clean(found.title), font_size=14, font_weight="bold"),
        words(MARGIN, MARGIN + 26, clean(f"What acts on {found.asked.key}, {_measure(found)}"), fill=QUIET),
        *(_arrow(link, boxes, strongest) for link in found.links),
        *(_box(key, box, key == found.asked.key) for key, box in boxes.items()),
        *_labels(found.links, boxes),
        *_legend(found, height - MARGIN),
    ]
    described = "; ".join(f"{link.cause} to {link.effect}: {_label(link)}" for link in found.links) or "no link is seen"
    return standalone(picture(width, height, clean(f"What acts on {found.asked.key}"), clean(described), body))


def layers(found: Chain) -> dict[str, int]:
    """Longest way from each quantity to what was asked for, in links."""
    far = {quantity.key: 0 for quantity in found.quantities}
    for _ in found.quantities:
        for link in found.links:
            far[link.cause] = max(far[link.cause], far[link.effect] + 1)
    return far


def _rows(found: Chain) -> dict[str, float]:
    """Rows as in the tree: each quantity in the middle of the causes that it is the first to have."""
    rows: dict[str, float] = {}
    taken = iter(range(len(found.quantities)))
    first: dict[str, str] = {}
    for link in found.links:
        first.setdefault(link.cause, link.effect)

    def place(key: str) -> float:
        below = [place(cause) for cause, effect in first.items() if effect == key]
        rows[key] = (below[0] + below[-1]) / 2 if below else float(next(taken))
        return rows[key]

    place(found.asked.key)
    return rows


def _placed(found: Chain) -> dict[str, Box]:
    far, rows = layers(found), _rows(found)
    wide = [0.0] * (max(far.values()) + 1)
    for key, layer in far.items():
        wide[layer] = max(wide[layer], LETTER * max(map(len, _halves(key))) + 20)
    left = [MARGIN + sum(w + GAP for w in wide[layer + 1 :]) for layer in range(len(wide))]
    top = MARGIN + HEAD + HIGH / 2
    return {key: Box(left[layer], top + PITCH * rows[key], wide[layer]) for key, layer in far.items()}


def _halves(key: str) -> tuple[str, str]:
    owner, _, rest = clean(key).partition(".")
    return owner, rest


def _box(key: str, box: Box, asked: bool) -> str:
    owner, rest = _halves(key)
    frame = {"stroke": QUIET if asked else RULE, "stroke_width": 2 if asked else 1}
    return tag(
        "g",
        tag("rect", x=box.left, y=box.middle - HIGH / 2, width=box.width, height=HIGH, rx=4, fill="#faf9f6", **frame),
        words(box.left + 10, box.middle - 4, owner, font_size=10, fill=QUIET),
        words(box.left + 10, box.middle + 10, rest, font_weight="bold" if asked else None),
    )


def _ends(link: Link, boxes: dict[str, Box]) -> tuple[Point, Point]:
    cause, effect = boxes[link.cause], boxes[link.effect]
    return (cause.right, cause.middle), (effect.left - 8, effect.middle)


def _arrow(link: Link, boxes: dict[str, Box], strongest: float) -> str:
    (x, y), (to_x, to_y) = _ends(link, boxes)
    bend = (to_x - x) / 2
    colour, thick = _colour(link), 1 + 5 * (abs(link.change) / strongest) ** 0.5
    curve = f"M{x:.1f},{y:.1f} C{x + bend:.1f},{y:.1f} {to_x - bend:.1f},{to_y:.1f} {to_x:.1f},{to_y:.1f}"
    half = 3 + thick / 2
    head = f"M{to_x + 8:.1f},{to_y:.1f} L{to_x:.1f},{to_y - half:.1f} L{to_x:.1f},{to_y + half:.1f} Z"
    dash = None if link.feeds else "7 3"
    return tag(
        "g",
        tag(
            "path",
            d=curve,
            fill="none",
            stroke=colour,
            stroke_width=thick,
            stroke_opacity="0.75",
            stroke_dasharray=dash,
        ),
        tag("path", d=head, fill=colour),
        tag("title", html.escape(clean(f"{link.effect}: {_strength(link)}"))),
    )


def _colour(link: Link) -> str:
    return MORE if link.feeds else LESS


def _labels(links: Sequence[Link], boxes: dict[str, Box]) -> Iterator[str]:
    """The strength beside each arrow, further along it for each arrow that leaves the same box."""
    leaving: dict[str, int] = {}
    for link in links:
        order = leaving[link.cause] = leaving.get(link.cause, -1) + 1
        x, y = _along(*_ends(link, boxes), min(0.4 + 0.16 * order, 0.85))
        yield haloed(x, y + 4, _label(link), text_anchor="middle", font_size=11, fill=_colour(link))


def _along(start: Point, end: Point, t: float) -> Point:
    """A point of the curve."""
    smooth = 3 * t**2 - 2 * t**3
    bend = 1.5 * t * (1 - t) ** 2 + 1.5 * t**2 * (1 - t) + t**3
    return start[0] + (end[0] - start[0]) * bend, start[1] + (end[1] - start[1]) * smooth


def _label(link: Link) -> str:
    return _percent(link.change) + ("" if link.dose == USUAL else f" per {link.dose}")


def _legend(found: Chain, y: float) -> Iterator[str]:
    said = f"% of the effect per {USUAL} of the cause; {found.runs:,} wars of {found.weeks} weeks, seed {found.seed}."
    yield words(MARGIN, y, said, fill=QUIET, font_size=11)
    yield words(MARGIN, y - 15, "Blue, whole: more makes more.", fill=MORE, font_size=11)
    yield words(MARGIN + 190, y - 15, "Orange, dashed: more makes less.", fill=LESS, font_size=11)
