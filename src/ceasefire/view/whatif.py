"""A what-if as text, as a figure, as a page and as a folder of files."""

from __future__ import annotations

import datetime as dt
import math
import shlex
import tempfile
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

from ceasefire.evidence.error import suggestion
from ceasefire.model.declare import Variable
from ceasefire.scenario.decree import ABSOLUTE, FACTOR, DecreeError, Settled
from ceasefire.scenario.start import variables
from ceasefire.study.measure import CHANCES, Output
from ceasefire.study.scoreboard import write_whole
from ceasefire.study.whatif import IS, IS_NOT, SURPRISE, Comparison, Effect, WhatIf, horizons_of, to_json
from ceasefire.view.chart import FIRST, INK, NEITHER, PAPER, QUIET, RULE, Frame, picture, standalone, tag, ticks, words
from ceasefire.view.chart import table as number_table
from ceasefire.view.page import came_from, link, page, section
from ceasefire.view.text import LIKELIHOODS, clean, day, likelihood, number, percent, short_day

FILES = ("whatif.json", "whatif.txt", "whatif.svg", "report.html")
MOVED = 12
"""Rows of the rest that are shown unless all are asked for."""
NEGLIGIBLE = 1e-6
"""A number below this is nothing in any unit that is told."""
NAME = 46
NONE = "exactly none"


# ----------------------------------------------------------------------------------------------------------------- text


def text(found: WhatIf, *, everything: bool = False, match: str = "") -> str:
    """The comparison for a terminal. Raises `DecreeError` where no output contains `match`."""
    lines = [clean(f"{found.title} · from {found.opening}: what if …")]
    if found.policy:
        lines.append(clean(f"  {found.policy}"))
    lines += [f"  {clean(line)}" for decree in found.decrees for line in decree_lines(found, decree)]
    if found.given:
        lines.append("given that, in both:")
        lines += [f"  {clean(line)}" for decree in found.given for line in decree_lines(found, decree)]
    lines += ["", *_block(found)]
    if match:
        rows = _matching(found.rest, match)
        lines += ["", f"Outputs that contain {clean(match)!r}, week {found.weeks}", *_listed(found.rest, rows)]
    elif everything:
        order = [int(row) for row in (-found.rest.strength).argsort(kind="stable") if found.rest.moved[row]]
        still = len(found.rest.outputs) - len(order)
        lines += ["", f"Every output that differs in some run, week {found.weeks}", *_listed(found.rest, order)]
        lines.append(f"{still:,} others do not differ in any run.")
    else:
        rows = most_moved(found)
        lines += ["", f"What else moves most, week {found.weeks}", *_listed(found.rest, rows)]
        moved = int(found.rest.moved.sum())
        lines.append(f"{moved:,} of {len(found.rest.outputs):,} numbers differ in some run; --all or --match TEXT")
    return "\n".join([*lines, "", foot(found), found.expectation, IS, IS_NOT])


def decree_lines(found: WhatIf, decree: Settled) -> Iterator[str]:
    """An intervention in words."""
    name = decree.name + (f"[{','.join(decree.labels)}]" if decree.labels else "")
    amount = number(abs(decree.value), 6)
    sign = "−" if decree.value < 0 else "+"
    unit = "" if decree.unit == "1" else f" {decree.unit}"
    if decree.kind == ABSOLUTE:
        did = f"= {'−' if decree.value < 0 else ''}{amount}{unit}"
    else:
        did = f"× {amount}" if decree.kind == FACTOR else f"{sign} {amount}{unit}"
    begin, end = short_day(found.date(decree.first - 1)), short_day(found.date(decree.last))
    when = f"weeks {decree.first} to {decree.last} ({begin} to {end})"
    if decree.once:
        when = f"once, at the start of week {decree.first} ({begin}): a state carries the change along"
    yield f"{name} {did}, {when}"
    yield f"    {decree.doc}"


def _block(found: WhatIf) -> Iterator[str]:
    """The headline: the last week in full, then the difference at each horizon."""
    table = found.headline
    yield f"{'By ' + short_day(found.date(found.weeks)) + f', week {found.weeks}':{NAME}}{_HEAD}"
    for row, output in enumerate(table.outputs):
        yield _line(f"{output.meaning} [{_unit_of(output)}]", table.effect(row, found.weeks), output.unit)
    weeks = horizons_of(found.weeks)
    if len(weeks) > 1:
        yield ""
        yield f"{'Difference by week (± half the 95 % interval)':{NAME}}" + "".join(f"{week:>17}" for week in weeks)
        for row, output in enumerate(table.outputs):
            cells = "".join(f"{short(table.effect(row, week), output.unit):>17}" for week in weeks)
            yield f"{_cut(f'{output.meaning} [{_unit_of(output)}]', NAME - 1):{NAME}}{cells}"


_HEAD = f"{'without':>11}{'with':>11}{'difference (95 % interval)':>36}{'higher':>8}{'lower':>7}"


def _line(name: str, effect: Effect, unit: str) -> str:
    told = [_value(effect.baseline, unit), _value(effect.treated, unit)]
    middle = difference(effect, unit)
    shares = [_share(effect.higher), _share(effect.lower)]
    return f"{_cut(name, NAME - 1):{NAME}}{told[0]:>11}{told[1]:>11}{middle:>36}{shares[0]:>8}{shares[1]:>7}"


def _value(value: float, unit: str) -> str:
    return number(value, 3 if unit == "1" else 4)


def _share(share: float) -> str:
    return "none" if share == 0 else "all" if share == 1 else percent(share)


def difference(effect: Effect, unit: str = "") -> str:
    """A difference with its interval."""
    if effect.higher == effect.lower == 0:
        return NONE
    digits = _digits(effect)
    low, high = (_signed(value, digits) for value in (effect.low, effect.high))
    return f"{_signed(effect.difference, digits)} ({low} to {high})"


def _digits(effect: Effect) -> int:
    """Digits that the interval leaves standing, two of it at least."""
    half = (effect.high - effect.low) / 2
    if not half > 0 or effect.difference == 0:
        return 3
    return min(6, max(2, 2 + math.floor(math.log10(abs(effect.difference))) - math.floor(math.log10(half))))


def short(effect: Effect, unit: str = "") -> str:
    """A difference with half the width of its interval."""
    if effect.higher == effect.lower == 0:
        return "0"
    half = (effect.high - effect.low) / 2
    return f"{_signed(effect.difference, 3)} ±{number(half, 2)}"


def _signed(value: float, digits: int) -> str:
    return f"+{number(value, digits)}" if value > 0 else number(value, digits)


def _unit(unit: str) -> str:
    return {"1": "probability", "km2": "km²"}.get(unit, unit)


def _unit_of(output: Output) -> str:
    """The unit of an output in words: a number without one is a chance, or a worth, or a bare number."""
    if output.unit == "1":
        return "probability" if output.name in (*CHANCES, "phase") else WORTH.get(output.name, "1")
    return _unit(output.unit)


WORTH = {"least": "its own aims 1, its defeat 0"}
"""Units in words of numbers that have none."""


def _cut(name: str, longest: int) -> str:
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


def most_moved(found: WhatIf) -> list[int]:
    """Rows beyond the headline that stand out most: one of each quantity, none that is decreed itself."""
    seen = {decree.name for decree in found.decrees} | {output.name for output in found.headline.outputs}
    rows = []
    for row in (-found.rest.strength).argsort(kind="stable"):
        output = found.rest.outputs[row]
        size = max(abs(found.rest.baseline[row, -1]), abs(found.rest.treated[row, -1]))
        if found.rest.strength[row] > 0 and output.name not in seen and size > NEGLIGIBLE:
            seen.add(output.name)
            rows.append(int(row))
    return rows[:MOVED]


def _matching(table: Comparison, match: str) -> list[int]:
    wanted = match.casefold()
    rows = [row for row, output in enumerate(table.outputs) if wanted in output.key.casefold()]
    if not rows:
        names = sorted({output.name for output in table.outputs})
        raise DecreeError(f"no output contains {clean(match)[:80]!r}{suggestion(match, names)}")
    return rows


def _listed(table: Comparison, rows: Sequence[int]) -> Iterator[str]:
    yield f"{'':{NAME}}{_HEAD}"
    for row in rows:
        output = table.outputs[row]
        name = f"{output.key}{'' if output.measure == 'at the end of the week' else f', {output.measure}'}"
        unit = "" if output.unit == "1" else f" [{_unit(output.unit)}]"
        yield _line(f"{_cut(name, NAME - 1 - len(unit))}{unit}", table.effect(row, table.weeks[-1]), output.unit)


def foot(found: WhatIf) -> str:
    """How many wars, and how to get them again."""
    failed = f", {found.failed_runs:,} failed and left out" if found.failed_runs else ""
    return f"{found.runs:,} pairs of wars{failed}; seed {found.seed}; ceasefire {found.version}"


def live(found: WhatIf) -> str:
    """The answer so far in one line."""
    table = found.headline
    row = int(table.strength.argmax())
    output, effect = table.outputs[row], table.effect(row, found.weeks)
    return f"{found.runs:,} pairs: {output.meaning}, week {found.weeks}: {difference(effect)} {_unit_of(output)}"


# --------------------------------------------------------------------------------------------------------------- figure


def figure(found: WhatIf) -> str:
    """The difference in each headline number week by week, with its 95 % interval, as SVG."""
    table = found.headline
    columns, width, height = 3, 300.0, 170.0
    shown = list(range(len(table.outputs)))
    rows = -(-len(shown) // columns)
    said = [line.strip() for decree in found.decrees for line in decree_lines(found, decree)][::2]
    top = 52.0 + 16 * min(len(said), 6)
    body = [words(16, 24, clean(f"{found.title}: what if …"), font_size=16, font_weight="bold")]
    body += [words(16, 44 + 16 * k, clean(_cut(line, 130)), fill=QUIET) for k, line in enumerate(said[:5])]
    if len(said) > 5:
        body.append(words(16, 44 + 16 * 5, f"and {len(said) - 5} more", fill=QUIET))
    for place, row in enumerate(shown):
        left, upper = 16 + width * (place % columns), top + height * (place // columns)
        body += _panel(found, row, left, upper, width - 16, height - 20)
    bottom = top + height * rows
    body.append(words(16, bottom + 8, f"Difference with − without; band: 95 % interval. {foot(found)}", fill=QUIET))
    noted = textwrap.wrap(IS_NOT, 150)
    body += [words(16, bottom + 26 + 15 * k, line, fill=QUIET, font_size=11) for k, line in enumerate(noted)]
    told = "; ".join(
        f"{table.outputs[row].meaning}: {difference(table.effect(row, found.weeks))}"
        f" {_unit_of(table.outputs[row])} at week {found.weeks}"
        for row in shown
    )
    drawn = picture(
        16 + columns * width, bottom + 25 + 15 * len(noted), f"What if: {clean(found.title)}", clean(told), body
    )
    return standalone(drawn)


def _panel(found: WhatIf, row: int, left: float, top: float, width: float, height: float) -> Iterator[str]:
    table = found.headline
    output, effects = table.outputs[row], table.effects(row)
    lows = [0.0, *(effect.low if math.isfinite(effect.low) else effect.difference for effect in effects)]
    highs = [0.0, *(effect.high if math.isfinite(effect.high) else effect.difference for effect in effects)]
    middles = [0.0, *(effect.difference for effect in effects)]
    low, high = min(lows), max(highs)
    air = 0.06 * (high - low) or 1.0
    frame = Frame(left + 52, top + 24, left + width, top + height - 14, found.weeks, low - air, high + air)
    yield words(left, top + 12, f"{output.meaning}, {_unit_of(output)}", font_weight="bold", font_size=11.5)
    for value in ticks(frame.low, frame.high, 4):
        y = frame.y(value)
        colour = INK if value == 0 else RULE
        yield tag("path", d=f"M{frame.left:.1f} {y:.1f}H{frame.right:.1f}", stroke=colour, stroke_width=0.8)
        label = number(value).replace(" million", "m")
        yield words(frame.left - 5, y + 4, label, text_anchor="end", font_size=10, fill=QUIET)
    for week in ticks(0, found.weeks, 4):
        if week == int(week):
            place = {"text_anchor": "middle", "font_size": 10, "fill": QUIET}
            yield words(frame.x(week), frame.bottom + 13, f"week {week:g}" if week == 0 else f"{week:g}", **place)
    for begin in sorted({decree.first - 1 for decree in found.decrees} - {0}):
        x = frame.x(begin)
        yield tag("path", d=f"M{x:.1f} {frame.top:.1f}V{frame.bottom:.1f}", stroke=QUIET, stroke_dasharray="3 3")
    if any(lows) or any(highs):
        edge = [*enumerate(highs), *reversed([*enumerate(lows)])]
        yield tag("path", d=_through(frame, edge) + "Z", fill=FIRST, fill_opacity=0.22)
        yield tag("path", d=_through(frame, [*enumerate(middles)]), fill="none", stroke=FIRST, stroke_width=2)
    else:
        yield words(frame.left + 6, frame.top + 12, NONE, font_size=11, fill=QUIET)


def _through(frame: Frame, points: Sequence[tuple[int, float]]) -> str:
    return "M" + "L".join(f"{frame.x(week):.1f} {frame.y(value):.1f}" for week, value in points)


# ----------------------------------------------------------------------------------------------------------------- page


def render(found: WhatIf) -> str:
    """The comparison as one page that needs nothing else: the answer, its figures and numbers, how to read it."""
    parts = (
        _opening(found),
        _differences(found),
        _weekly(found),
        _moved(found),
        _still(found),
        _reading(found),
        _left_out(found),
        _origin(found),
        _method(found),
    )
    title = clean(f"{found.title}: what if {_named(found)}")
    return page(title, "\n".join(part for part in parts if part))


def _named(found: WhatIf) -> str:
    """The policy's title, or what is decreed in a line."""
    return found.policy or "; ".join(decree.text for decree in found.decrees)


def _opening(found: WhatIf) -> str:
    answer = "".join(f"<p>{sentence}</p>" for sentence in sentences(found))
    title, shown = _asked(found)
    return f"""<header>
<p class="kicker">{escape(found.title)} · opening {day(dt.date.fromisoformat(found.opening))}</p>
<h1>{escape(title)}</h1>
<p class="question">{link("done", shown)}</p>
<div class="answer">{answer}</div>
<p class="byline">{escape(foot(found))}. The same wars with the same luck, with and without it: an effect
<a href="#left-out">in the model</a>, which is right only as far as the model is.</p>
</header>"""


def _asked(found: WhatIf) -> tuple[str, str]:
    """Heading and line beneath it: what is done, and when."""
    lines = [next(decree_lines(found, decree)) for decree in found.decrees]
    if len(lines) == 1 and not found.policy:
        did, _, when = lines[0].partition(", ")
        return f"What if: {clean(did)}", clean(f"{found.decrees[0].doc.rstrip('.')}, {when}")
    shown = "; ".join(lines[:3]) + (f"; and {len(lines) - 3} more" if len(lines) > 3 else "")
    return (f"What if: {clean(found.policy)}" if found.policy else "What if"), clean(shown)


def sentences(found: WhatIf) -> tuple[str, str, str]:
    """The answer in three sentences, as HTML: whether it ends, on what ground, at what cost in people."""
    return _end_sentence(found), _ground_sentence(found), _people_sentence(found)


def _end_sentence(found: WhatIf) -> str:
    row, effect = _at_end(found, "fighting_ended")
    date = day(found.date(found.weeks))
    treated, baseline = (f"{likelihood(value)} ({percent(value)})" for value in (effect.treated, effect.baseline))
    if _is_none(effect):
        told = f"An end to the fighting by {date} is {baseline}, with it as without it"
    elif likelihood(effect.treated) == likelihood(effect.baseline):
        word = f"{likelihood(effect.treated)} either way ({percent(effect.treated)} with it"
        told = f"An end to the fighting by {date} is {word}, {percent(effect.baseline)} without)"
    else:
        told = f"An end to the fighting by {date} is {treated} with it and {baseline} without it"
    points = "" if _is_none(effect) else f"a difference of {_signed(100 * effect.difference, 2)} points, "
    return f"{link(f'number-{row}', told)}: {escape(points + _verdict(effect, 100.0))}."


def _ground_sentence(found: WhatIf) -> str:
    row, effect = _at_end(found, "area")
    told = f"{found.side_names[0]} then holds {_amount(effect.difference)} km² {_more(effect.difference)} ground"
    if _is_none(effect):
        told = f"{found.side_names[0]} then holds as much ground as without it"
    return f"{link(f'number-{row}', told)}: {escape(_verdict(effect, 1.0))}{_where(effect)}."


def _people_sentence(found: WhatIf) -> str:
    rows = [row for row, output in enumerate(found.headline.outputs) if output.name == "people_lost"]
    parts = []
    for row, side in zip(rows, found.side_names, strict=False):
        effect = found.headline.effect(row, found.weeks)
        told = f"{_amount(effect.difference)} {_more(effect.difference, 'fewer')} people on the side of {side}"
        if _is_none(effect):
            told = f"as many people as without it on the side of {side}"
        parts.append(f"{link(f'number-{row}', told)} ({escape(_verdict(effect, 1.0))})")
    if not parts:
        return "Nothing is told of losses."
    return f"By then {' and '.join(parts)} have been killed or wounded."


def _at_end(found: WhatIf, name: str) -> tuple[int, Effect]:
    row = found.headline.find(name)
    return row, found.headline.effect(row, found.weeks)


def _is_none(effect: Effect) -> bool:
    return effect.higher == effect.lower == 0


def _amount(value: float) -> str:
    return number(abs(value), 2)


def _more(value: float, less: str = "less") -> str:
    return "more" if value >= 0 else less


def _where(effect: Effect) -> str:
    """In how many of the pairs the sign is that of the mean."""
    if _is_none(effect):
        return ""
    side, share = ("more", effect.higher) if effect.difference >= 0 else ("less", effect.lower)
    return f"; it is {side} in {_share(share)} of the pairs"


def _verdict(effect: Effect, scale: float) -> str:
    """How sure an effect is, in words and numbers."""
    if _is_none(effect):
        return "no pair of wars differs"
    low, high = (_signed(scale * value, 2) for value in (effect.low, effect.high))
    interval = f"95% interval {low} to {high}"
    return interval if effect.is_seen else f"{interval}, so that it cannot be told from none"


# ------------------------------------------------------------------------------------------------- figures of the page


def _differences(found: WhatIf) -> str:
    table = found.headline
    rows = "".join(_headline_row(found, row) for row in range(len(table.outputs)))
    head = "".join(
        f'<th scope="col">{name}</th>'
        for name in ("Without", "With", "Difference", "95% interval", "Higher in", "Lower in")
    )
    week = f"{day(found.date(found.weeks))}, week {found.weeks}"
    numbers = (
        f"<div class='scroll'><table class='figures'><thead><tr><th scope='col'>By {week}</th>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )
    lead = (
        "Each dot is the mean difference over all pairs of wars, each bar its 95% interval. Where a bar crosses the "
        "line, so many pairs cannot tell the effect from none."
    )
    drawn = f"<figure>{dots(found)}</figure>{numbers}"
    return section("differences", "With it and without it", lead, drawn, came_from(_BEHIND))


def _headline_row(found: WhatIf, row: int) -> str:
    output, effect = found.headline.outputs[row], found.headline.effect(row, found.weeks)
    name = f"{escape(output.meaning)} <span class='doc'>{escape(_unit_of(output))}, {escape(output.measure)}</span>"
    return f'<tr id="number-{row}"><th scope="row">{name}</th>{_effect_cells(effect, output.unit)}</tr>'


def _effect_cells(effect: Effect, unit: str) -> str:
    digits = _digits(effect)
    none = _is_none(effect)
    interval = "–" if none else f"{_signed(effect.low, digits)} to {_signed(effect.high, digits)}"
    cells = (
        _value(effect.baseline, unit),
        _value(effect.treated, unit),
        NONE if none else _signed(effect.difference, digits),
        interval,
        _share(effect.higher),
        _share(effect.lower),
    )
    return "".join(f"<td>{escape(cell)}</td>" for cell in cells)


def dots(found: WhatIf) -> str:
    """Headline differences on one scale: amounts in % of what they are without it, chances in percentage points."""
    shown = [(row, told) for row in range(len(found.headline.outputs)) if (told := _relative(found, row))]
    width, step, left, right = 1080.0, 30.0, 300.0, 250.0
    edges = [0.0, *(value for _, told in shown for value in told if math.isfinite(value))]
    low, high = min(edges), max(edges)
    air = 0.05 * (high - low) or 1.0
    bottom = 52 + step * len(shown)
    frame = Frame(left, 46, width - right, bottom, 1, low - air, high + air)

    def x(value: float) -> float:
        return frame.left + (frame.right - frame.left) * (value - frame.low) / (frame.high - frame.low)

    date = short_day(found.date(found.weeks))
    title = f"Difference by {date}, week {found.weeks}, with − without"
    body = [
        words(0, 14, title, font_weight="bold", font_size=14),
        words(0, 30, "amounts: % of their value without it; chances and shares: percentage points", fill=QUIET),
    ]
    for value in ticks(frame.low, frame.high, 7):
        colour = INK if value == 0 else RULE
        body.append(tag("path", d=f"M{x(value):.1f} {frame.top:.1f}V{bottom:.1f}", stroke=colour, stroke_width=0.8))
        label = f"{_signed(value, 3)}"
        body.append(words(x(value), bottom + 16, label, text_anchor="middle", font_size=11, fill=QUIET))
    for place, (row, (under, middle, over)) in enumerate(shown):
        output, effect = found.headline.outputs[row], found.headline.effect(row, found.weeks)
        y = 66 + step * place
        colour = FIRST if effect.is_seen else NEITHER
        body.append(words(0, y + 4, _cut(output.meaning, 44), font_size=12.5))
        if math.isfinite(under):
            body.append(tag("path", d=f"M{x(under):.1f} {y:.1f}H{x(over):.1f}", stroke=colour, stroke_width=3))
        body.append(
            tag(
                "circle",
                cx=x(middle),
                cy=y,
                r=5,
                fill=colour if effect.is_seen else PAPER,
                stroke=colour,
                stroke_width=2,
            )
        )
        said = NONE if _is_none(effect) else f"{short(effect)} {_unit_after(output.unit)}"
        body.append(words(width - right + 14, y + 4, said, font_size=12, fill=QUIET))
    spoken = "; ".join(
        f"{found.headline.outputs[row].meaning}: {difference(found.headline.effect(row, found.weeks))}"
        for row, _ in shown
    )
    return picture(width, bottom + 24, title, clean(spoken), body)


def _relative(found: WhatIf, row: int) -> tuple[float, float, float] | None:
    """Low, middle and high of a difference on the common scale; none where there is nothing to hold it against."""
    output, effect = found.headline.outputs[row], found.headline.effect(row, found.weeks)
    base = 1.0 if output.unit == "1" else abs(effect.baseline)
    if not math.isfinite(effect.difference) or base < abs(effect.high - effect.low):
        return None  # a share of what is hardly there says nothing
    low, middle, high = (100 * value / base for value in (effect.low, effect.difference, effect.high))
    return low, middle, high


def _unit_after(unit: str) -> str:
    """A unit behind a number."""
    return {"1": "", "person": "people", "count": "", "km2": "km²"}.get(unit, unit)


def _weekly(found: WhatIf) -> str:
    table = found.headline
    figures = []
    for row, output in enumerate(table.outputs):
        effects = table.effects(row)
        title = f"{output.meaning}, {_unit_of(output)}"
        told = difference(effects[-1])
        body = list(_panel(found, row, 0, 0, 348, 190))
        drawn = picture(352, 196, f"Difference in {title}", f"By week {found.weeks}: {told}.", body)
        rows = [
            [
                short_day(found.date(effect.week)),
                *(_value(value, output.unit) for value in (effect.baseline, effect.treated)),
                *(_signed(value, 3) for value in (effect.difference, effect.low, effect.high)),
            ]
            for effect in effects
        ]
        head = ["Week ending", "Without", "With", "Difference", "2.5%", "97.5%"]
        figures.append(f"<figure>{drawn}{number_table(f'Numbers: {title}', head, rows)}</figure>")
    lead = "The difference at the end of each week; the band is its 95% interval. A dashed line: something begins."
    grid = f'<div class="grid of3">{"".join(figures)}</div>'
    return section("weeks", "Week by week", lead, grid, came_from(_BEHIND))


def _moved(found: WhatIf) -> str:
    rows = most_moved(found)
    if not rows:
        return ""
    table = found.rest
    body = "".join(
        f"<tr><th scope='row'><code>{escape(table.outputs[row].key)}</code><span class='doc'>"
        f"{escape(clean(table.outputs[row].meaning))} {escape(_unit_of(table.outputs[row]))}, "
        f"{escape(table.outputs[row].measure)}</span></th>"
        f"{_effect_cells(table.effect(row, table.weeks[-1]), table.outputs[row].unit)}</tr>"
        for row in rows
    )
    head = "".join(
        f'<th scope="col">{name}</th>'
        for name in ("Without", "With", "Difference", "95% interval", "Higher in", "Lower in")
    )
    lead = (
        "Beyond the headline, what stands out most from chance: one row of each quantity, none of what is decreed "
        f"itself, at week {found.weeks}."
    )
    inner = f"<table class='figures'><thead><tr><th scope='col'>Quantity</th>{head}</tr></thead>"
    shown = f"<div class='scroll'>{inner}<tbody>{body}</tbody></table></div>"
    return section("moved", "What else moved most", lead, shown, came_from(_BEHIND))


def _still(found: WhatIf) -> str:
    """What did not move, or not enough to be told from chance."""
    table, moved = found.headline, int(found.rest.moved.sum())
    effects = [(output, table.effect(row, found.weeks)) for row, output in enumerate(table.outputs)]
    same = [output.meaning for output, effect in effects if _is_none(effect)]
    unsure = [output.meaning for output, effect in effects if not _is_none(effect) and not effect.is_seen]
    lines = [
        f"Exactly the same in every pair: {'; '.join(same)}." if same else "",
        f"Not told from chance by {found.runs:,} pairs: {'; '.join(unsure)}." if unsure else "",
        (
            f"Of all {len(found.rest.outputs):,} numbers of the model, {moved:,} differ in some pair at some horizon, "
            f"and {len(found.rest.outputs) - moved:,} in none."
        ),
    ]
    first = min(decree.first for decree in found.decrees)
    if first > 1:
        lines.append(f"Before {day(found.date(first - 1))} both are the same to the last bit.")
    items = "".join(f"<li>{escape(clean(line))}</li>" for line in lines if line)
    return section("still", "What did not move", "", f"<ul>{items}</ul>")


def _reading(found: WhatIf) -> str:
    lines = (
        IS,
        found.expectation,
        (
            "The 95% interval is that of the mean over pairs (Student’s t): how well so many pairs know the effect "
            "in the model, not how well the model knows the war, and not how much one war would differ."
        ),
        "Higher in, lower in: the share of pairs in which the number is higher, or lower, with it.",
        LIKELIHOODS,
    )
    items = "".join(f"<li>{escape(clean(line))}</li>" for line in lines)
    return section("read", "How to read it", "", f"<ul>{items}</ul>")


def _left_out(found: WhatIf) -> str:
    failed = (
        f"{found.failed_runs:,} of {found.asked_runs:,} pairs did not stay finite and are left out."
        if found.failed_runs
        else ""
    )
    lines = [
        IS_NOT,
        "What the model leaves out is left out of the difference too: the report of a forecast lists it.",
        failed,
    ]
    items = "".join(f"<li>{escape(line)}</li>" for line in lines if line)
    return section("left-out", "What is left out", "", f"<ul>{items}</ul>")


def _origin(found: WhatIf) -> str:
    """What is decreed, and where the numbers that it changes come from."""
    known = variables()
    rows = "".join(_decreed_row(found, decree, known) for decree in (*found.decrees, *found.given))
    head = "".join(
        f'<th scope="col">{name}</th>' for name in ("Number", "Changed", "When", "Without it, as known from")
    )
    lead = (
        "Numbers are the author’s choice where they are decreed; all others are those of the forecast from the same "
        "opening and evidence."
    )
    inner = f"<table class='words left'><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return section("done", "What is done", lead, f"<div class='scroll'>{inner}</div>")


def _decreed_row(found: WhatIf, decree: Settled, known: Mapping[str, Variable]) -> str:
    told, doc = decree_lines(found, decree)
    name, _, when = told.partition(", ")
    variable = known.get(decree.name)
    source = variable.source if variable is not None and variable.source else "simulated by the model"
    label, _, change = name.rpartition(" ") if decree.kind == FACTOR else (name, "", "")
    shown = decree.name + (f"[{','.join(decree.labels)}]" if decree.labels else "")
    change = name.removeprefix(shown).strip() or change or label
    both = " (in both)" if decree in found.given else ""
    return (
        f"<tr><th scope='row'><code>{escape(shown)}</code><span class='doc'>{escape(clean(doc.strip()))}</span></th>"
        f"<td>{escape(change + both)}</td><td>{escape(when)}</td><td>{escape(source)}</td></tr>"
    )


def command(found: WhatIf) -> str:
    """What to type to get the same comparison again."""
    options = [("--do", decree.text) for decree in found.decrees] + [("--given", decree.text) for decree in found.given]
    told = "".join(f" {name} {shlex.quote(value)}" for name, value in options)
    surprise = " --surprise" if found.expectation == SURPRISE else ""
    size = f"--runs {found.asked_runs} --weeks {found.weeks} --seed {found.seed}"
    return f"ceasefire whatif {shlex.quote(found.scenario)} --on {found.opening}{told}{surprise} {size}"


def _method(found: WhatIf) -> str:
    facts = {
        "Scenario": f"{found.scenario}, opening {found.opening}",
        "Command": command(found),
        "Pairs": f"{found.asked_runs:,} asked for, {found.runs:,} used, {found.failed_runs:,} failed",
        "Weeks": f"{found.weeks}, to {day(found.date(found.weeks))}",
        "Seed": str(found.seed),
        "ceasefire": found.version,
        "Evidence": f"as of {found.opening}; {found.evidence_hash}",
    }
    rows = "".join(f"<dt>{name}</dt><dd>{escape(clean(value))}</dd>" for name, value in facts.items())
    lead = "The same version, evidence and seed give the same result, number by number."
    return section("method", "How to make it again", lead, f"<dl>{rows}</dl>")


_BEHIND = {"done": "what is done", "read": "how to read it", "method": "opening, evidence and seed"}
"""Sections that stand behind every number of the page."""


# ---------------------------------------------------------------------------------------------------------------- files


def check_folder(folder: Path) -> None:
    """Raise `DecreeError` where the files could not be written, before anything is simulated for them."""
    if not folder.name or (folder.exists() and not folder.is_dir()):
        raise DecreeError(f"{str(folder)!r} is no folder for a what-if; name another with --out")
    try:
        other = [path.name for path in folder.iterdir() if path.name not in FILES] if folder.exists() else []
    except OSError as error:
        raise DecreeError(f"cannot write {folder}: {error.strerror or error}") from None
    if other:
        raise DecreeError(f"{folder} holds something else ({clean(sorted(other)[0])[:40]}); name another with --out")
    check_file(folder / FILES[0])


def check_file(path: Path) -> None:
    """Raise `DecreeError` where a file could not be written, before anything is simulated for it."""
    try:
        if "\0" in str(path):
            raise ValueError("a zero byte is in its name")
        if path.is_dir():
            raise DecreeError(f"{path} is a folder; name a file")
        nearest = next(folder for folder in path.absolute().parents if folder.exists())
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except (OSError, ValueError) as error:
        raise DecreeError(f"cannot write {clean(str(path))}: {getattr(error, 'strerror', None) or error}") from None


def write(found: WhatIf, folder: str | Path) -> tuple[Path, ...]:
    """Write whatif.json, whatif.txt, whatif.svg and report.html into a folder that holds nothing else.

    Raises `CeasefireError` where that cannot be done.
    """
    target = Path(folder)
    check_folder(target)
    content = (to_json(found), text(found, everything=True), figure(found), render(found))
    for name, told in zip(FILES, content, strict=True):
        write_whole(target / name, told.rstrip("\n") + "\n")
    return tuple(target / name for name in FILES)
