"""A what-if as text, as a figure and as a folder of files."""

from __future__ import annotations

import math
import tempfile
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from ceasefire.evidence.error import suggestion
from ceasefire.scenario.decree import ABSOLUTE, FACTOR, DecreeError, Settled
from ceasefire.study.scoreboard import write_whole
from ceasefire.study.whatif import IS, IS_NOT, Comparison, Effect, WhatIf, horizons_of, to_json
from ceasefire.view.chart import FIRST, INK, QUIET, RULE, Frame, picture, standalone, tag, ticks, words
from ceasefire.view.text import clean, number, percent, short_day

FILES = ("whatif.json", "whatif.txt", "whatif.svg")
MOVED = 12
"""Rows of the rest that are shown unless all are asked for."""
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
        yield _line(f"{output.meaning} [{_unit(output.unit)}]", table.effect(row, found.weeks), output.unit)
    weeks = horizons_of(found.weeks)
    if len(weeks) > 1:
        yield ""
        yield f"{'Difference by week (± half the 95 % interval)':{NAME}}" + "".join(f"{week:>17}" for week in weeks)
        for row, output in enumerate(table.outputs):
            cells = "".join(f"{short(table.effect(row, week), output.unit):>17}" for week in weeks)
            yield f"{_cut(f'{output.meaning} [{_unit(output.unit)}]', NAME - 1):{NAME}}{cells}"


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


def _cut(name: str, longest: int) -> str:
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


def most_moved(found: WhatIf) -> list[int]:
    """Rows beyond the headline that stand out most: one of each quantity, none that is decreed itself."""
    seen = {decree.name for decree in found.decrees} | {output.name for output in found.headline.outputs}
    rows = []
    for row in (-found.rest.strength).argsort(kind="stable"):
        output = found.rest.outputs[row]
        if found.rest.strength[row] > 0 and output.name not in seen:
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
    return f"{found.runs:,} pairs: {output.meaning}, week {found.weeks}: {difference(effect)} {_unit(output.unit)}"


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
        f" {_unit(table.outputs[row].unit)} at week {found.weeks}"
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
    yield words(left, top + 12, f"{output.meaning}, {_unit(output.unit)}", font_weight="bold", font_size=11.5)
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
    """Write whatif.json, whatif.txt and whatif.svg into a folder that holds nothing else.

    Raises `CeasefireError` where that cannot be done.
    """
    target = Path(folder)
    check_folder(target)
    content = (to_json(found), text(found, everything=True), figure(found))
    for name, told in zip(FILES, content, strict=True):
        write_whole(target / name, told + "\n")
    return tuple(target / name for name in FILES)
