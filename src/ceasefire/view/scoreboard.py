"""The scoreboard as text, as a page with its history, and as a figure: made from its numbers, never by hand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any

from ceasefire.evidence.source import SOURCES
from ceasefire.study.scoreboard import BLOCK, Scoreboard, to_json, write_whole
from ceasefire.view import page as frame
from ceasefire.view.chart import FIRST, INK, QUIET, RULE, SECOND, picture, standalone, tag, words

FAMILIES = {"total": "Ground, total", "sectors": "Ground, by axis", "losses": "Claimed losses"}
MODELS = {
    "forecast": "ceasefire",
    "persistence": "no change",
    "climatology": "distance to the front",
    "logistic": "distance and speed of the front",
}
HISTORY = "## History"
HEAD = f"{'vs persistence':>15}{'vs best':>9}{'in 50%':>8}{'in 90%':>8}"
PAGE, PICTURE, NUMBERS, REPORT = "scoreboard.md", "scoreboard.svg", "scoreboard.json", "report.html"
COMMAND = "ceasefire backtest --origins 2025-01-04..2026-01-31 --every 4w --horizons 1..26 --out DIR"


def write(board: Scoreboard, folder: Path) -> tuple[Path, ...]:
    """Write scoreboard.json, scoreboard.md, scoreboard.svg and report.html beside the forecasts.

    The history of the scoreboard that stands there is kept.
    """
    kept = folder / PAGE
    told = page(board, PICTURE, kept.read_text(encoding="utf-8") if kept.is_file() else "")
    files = {NUMBERS: to_json(board), PAGE: told, PICTURE: standalone(figure(board))}
    files[REPORT] = render(board, history_rows(told))
    for name, text in files.items():
        write_whole(folder / name, text)
    return tuple(folder / name for name in files)


def write_page(board: Scoreboard, path: Path, image: Path) -> None:
    """Make a page of the documentation anew; the lines of its history are kept, one a version."""
    earlier = path.read_text(encoding="utf-8") if path.exists() else ""
    link = Path(*[".."] * (len(path.parent.parts) - _shared(path, image)), *image.parts[_shared(path, image) :])
    write_whole(image, standalone(figure(board)))
    write_whole(path, page(board, link.as_posix(), earlier))


def _shared(path: Path, image: Path) -> int:
    """How many leading folders two paths share."""
    same = [one == other for one, other in zip(path.parent.parts, image.parent.parts, strict=False)]
    return same.index(False) if False in same else len(same)


# ----------------------------------------------------------------------------------------------------------------- text


def text(board: Scoreboard) -> str:
    """A compact table for a terminal."""
    lines = [
        f"{len(board.origins)} origins {board.origins[0]} to {board.origins[-1]}, scored until {board.observed_until}",
        "Skill: 0 is as good as the baseline, 1 perfect; 80 % intervals in brackets",
        "",
        f"{'':16}{'weeks':>6}{'CRPS':>9}   {'skill vs pool':24}{HEAD}",
    ]
    for row in board.bands:
        lines.append(
            f"{FAMILIES[row['family']]:16}{row['weeks']:>6}{row['crps']['value']:>9.4g}   "
            f"{skill(row['skill_pool']):24}{signed(row['skill_persistence']['value']):>15}"
            f"{signed(row['skill_best']['value']):>9}{share(row['coverage50']):>8}{share(row['coverage90']):>8}"
        )
    lines.append("")
    lines += [
        f"{'All' if k == 0 else ''!s:16}skill vs {n:12} {skill(f)}" for k, (n, f) in enumerate(board.headline.items())
    ]
    lines += [
        f"{FAMILIES[name]:16}skill vs pool         {skill(parts['pool'])}" for name, parts in board.families.items()
    ]
    lines += [f"{half:16}skill vs pool         {skill(parts['pool'])}" for half, parts in board.half_years.items()]
    if board.cells:
        lines.append(f"{'Cells':16}Brier skill vs {MODELS[board.cells['best']]}: {skill(board.cells['skill'])}")
    if board.members:
        lines += ["", f"{'':16}{'weeks':>6}   {'weight of the simulator':26}{'CRPS to the pool: alone, mixed':>30}"]
        for row in board.members:
            alone, mixed = (f"{row['crps'][name]['value']:.3f}" for name in ("simulator", "mixture"))
            weight, told = span(row["weight"]["simulator"]), "" if row["adds"] else "   adds nothing"
            lines.append(f"{FAMILIES[row['family']]:16}{row['weeks']:>6}   {weight:26}{alone:>20}{mixed:>10}{told}")
    if len(board.origins) <= BLOCK:
        lines += ["", f"There is no interval in brackets with {BLOCK} origins or fewer: these figures prove nothing."]
    return "\n".join(lines)


def skill(figure: dict[str, float]) -> str:
    """A skill with its interval."""
    return f"{signed(figure['value'])} ({signed(figure['low'])} to {signed(figure['high'])})"


def signed(value: float) -> str:
    """Three decimals with a true minus."""
    return f"{value:+.3f}".replace("-", "−")


def share(figure: dict[str, float]) -> str:
    """A share in whole percent."""
    return f"{100 * figure['value']:.0f} %"


# ----------------------------------------------------------------------------------------------------------------- page


def page(board: Scoreboard, image: str, earlier: str = "") -> str:
    """The scoreboard in Markdown; `earlier` is the page that it replaces."""
    parts = [
        "# Scoreboard",
        _what(board),
        f"![Skill against the pool of statistical models, by family and horizon]({image})",
        "## In plain words",
        "\n".join(verdict(board)),
        "## How to read it",
        READING,
        "## Ground and claimed losses",
        _markdown(*band_rows(board)),
        "## By half-year, and calibration",
        _markdown(*half_rows(board)),
        _markdown(*calibration_rows(board)),
        *(("## Cells near the front", _markdown(*cell_rows(board))) if board.cells else ()),
        *(("## What the simulator adds", _added(board)) if board.members else ()),
        HISTORY,
        "One line a version, newest first. Skill against the pool, and of cells against their best baseline.",
        _history(board, earlier),
    ]
    return "\n\n".join(parts) + "\n"


READING = """\
- **Skill** is 1 − exp(mean log ratio of CRPS to the baseline's): 0 is as good as the baseline, 0.1 is a score about
  10 % better, below 0 is worse. *Pool* is a fixed mixture of time-series models, *persistence* is no change (losses:
  the rate of the last four weeks), *best* is the baseline that did best in that row, picked in hindsight.
- **In brackets** is the 80 % interval over which origins happened to be drawn, three neighbours at a time. Where it
  holds 0, the record does not tell which is better.
- **In 50 %, in 90 %** is how often the observation fell within those bands; honest bands hit 50 and 90. **PIT mean** is
  where in the forecast the observation fell on average; 0.5 is unbiased. **Distance** is the largest gap to a uniform
  spread of those places; smaller is better.
- **Brier score** of a cell is the squared error of the probability that the first side holds at least half of it, here
  in thousandths, over cells within 30 km of the front.
- The same weeks are forecast from several origins, and all origins lie in one war: this is less evidence than the
  number of rows suggests. It says nothing about how the war ends, which has not been observed.
- **Limits of the record**: a cell counts where 60 % of it is inside the country and it is mostly land, within 60 km of
  any position of the front against the main body of unoccupied land. Estuaries and lagoons are not told from land
  everywhere, so cell figures differ by about 1 % from those of a grid cut along another coastline."""


def _what(board: Scoreboard) -> str:
    return (
        f"Version {board.version}. The war opened on {len(board.origins)} dates from {board.origins[0]} to "
        f"{board.origins[-1]}, each from what was known on that day, {board.draws:,} runs, seed {board.seed};\n"
        f"scored on what was observed until {board.observed_until}. Made on {board.date} by\n\n    {COMMAND}\n\n"
        "from the scores beside the forecasts; nothing here is written by hand."
    )


def verdict(board: Scoreboard) -> Iterator[str]:
    """Where the program beats statistics, where it does not, and where one cannot tell."""
    overall = board.headline["pool"]
    word = _word(overall, board)
    yield f"Over everything, the forecasts are {word} the pool of statistical models: {skill(overall)}.\n"
    kinds: dict[str, list[str]] = {"better than": [], "worse than": [], "not clearly different from": []}
    for row in board.bands:
        name = f"{FAMILIES[row['family']].lower()}, {row['weeks']} weeks"
        kinds[_word(row["skill_pool"], board)].append(f"{name} ({signed(row['skill_pool']['value'])})")
    for kind, rows in kinds.items():
        yield f"- **{kind.capitalize()} the pool:** {'; '.join(rows) if rows else 'nowhere'}."
    if board.cells:
        best = MODELS[board.cells["best"]]
        yield (
            f"\nFor single cells they are {_word(board.cells['skill'], board)} the best baseline ({best}): "
            f"{skill(board.cells['skill'])}."
        )


def _word(figure: dict[str, float], board: Scoreboard) -> str:
    if len(board.origins) <= BLOCK:  # every resample holds every origin
        return "not clearly different from"
    if figure["low"] > 0:
        return "better than"
    return "worse than" if figure["high"] < 0 else "not clearly different from"


Rows = tuple[list[str], list[list[str]]]
"""A table: its head and its rows."""


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def band_rows(board: Scoreboard) -> Rows:
    """Scores by family and weeks ahead."""
    head = ["", "weeks", "forecasts", "CRPS", "vs pool", "vs persistence", "vs best", "best", "in 50 %", "in 90 %"]
    return [*head, "PIT mean", "distance"], [_row(row) for row in board.bands]


def _row(row: dict[str, Any]) -> list[str]:
    crps = f"{row['crps']['value']:.4g} ({row['crps']['low']:.4g} to {row['crps']['high']:.4g})"
    skills = [skill(row[f"skill_{name}"]) for name in ("pool", "persistence", "best")]
    shares = [share(row["coverage50"]), share(row["coverage90"])]
    pit = [f"{row['pit_mean']['value']:.2f}", f"{row['pit_distance']['value']:.2f}"]
    return [FAMILIES[row["family"]], row["weeks"], str(row["number"]), crps, *skills, row["best"], *shares, *pit]


def half_rows(board: Scoreboard) -> Rows:
    """Skill over everything, by family and by half-year."""
    rows = [("everything", board.headline), *((FAMILIES[n], parts) for n, parts in board.families.items())]
    rows += list(board.half_years.items())
    told = [
        [name, *(skill(parts[n]) if n in parts else "" for n in ("pool", "persistence", "best"))]
        for name, parts in rows
    ]
    return ["Skill", "vs pool", "vs persistence", "vs best"], told


def calibration_rows(board: Scoreboard) -> Rows:
    """How often bands held what was observed, and where in the forecast it fell."""
    rows = []
    for name, parts in board.calibration.items():
        spans = [
            f"{share(f)} ({100 * f['low']:.0f} to {100 * f['high']:.0f})"
            for f in (parts["coverage50"], parts["coverage90"])
        ]
        pits = [
            f"{f['value']:.2f} ({f['low']:.2f} to {f['high']:.2f})" for f in (parts["pit_mean"], parts["pit_distance"])
        ]
        rows.append([FAMILIES.get(name, "everything"), *spans, *pits])
    return ["Calibration", "in 50 %", "in 90 %", "PIT mean", "distance"], rows


def cell_rows(board: Scoreboard) -> Rows:
    """Scores of single cells near the front by weeks ahead."""
    weeks = list(dict.fromkeys(record["weeks"] for record in board.cells["bands"]))
    table = {(record["weeks"], record["model"]): record for record in board.cells["bands"]}
    names = [name for name in MODELS if (weeks[0], name) in table]
    rows = [
        [
            band,
            f"{table[band, 'forecast']['changed']:,} of {table[band, 'forecast']['number']:,}",
            *(f"{table[band, name]['brier_per_1000']:.2f}" for name in names),
            *(skill(table[band, "forecast"][f"skill_{name}"]) for name in names[1:]),
        ]
        for band in weeks
    ]
    head = [
        "weeks",
        "cells changed",
        *(f"Brier/1000, {MODELS[n]}" for n in names),
        *(f"skill vs {MODELS[n]}" for n in names[1:]),
    ]
    return head, rows


ADDED = """\
Forecasts of ground and losses mix the simulator with plain statistics. The weights were learned before each opening,
from forecasts that had come due by the latest cut-off not after it. CRPS is relative to that of the pool: below 1 is
better. The least and the largest weight over the openings are shown."""


def _added(board: Scoreboard) -> str:
    return "\n\n".join([ADDED, _markdown(*member_rows(board)), "\n".join(nothing_added(board))])


def member_rows(board: Scoreboard) -> Rows:
    """Weight and score of the simulator and of plain statistics, alone and mixed."""
    names = list(board.members[0]["weight"])
    head = ["", "weeks", *(f"weight, {name}" for name in names), *(f"CRPS, {name}" for name in [*names, "mixture"])]
    rows = [
        [
            FAMILIES[row["family"]],
            row["weeks"],
            *(span(row["weight"][name]) for name in names),
            *(relative(row["crps"][name]) for name in [*names, "mixture"]),
        ]
        for row in board.members
    ]
    return head, rows


def span(figure: dict[str, float]) -> str:
    """The least and the largest of a weight, once where they are the same."""
    low, high = f"{figure['low']:.2f}", f"{figure['high']:.2f}"
    return low if low == high else f"{low} to {high}"


def relative(figure: dict[str, float]) -> str:
    """A relative score with its interval, where it has one."""
    value = f"{figure['value']:.3f}"
    return value if figure["low"] == figure["high"] else f"{value} ({figure['low']:.3f} to {figure['high']:.3f})"


def nothing_added(board: Scoreboard) -> Iterator[str]:
    """Where the simulator adds nothing to plain statistics, and where it is better without them."""
    names = [f"{FAMILIES[row['family']].lower()}, {row['weeks']} weeks" for row in board.members]
    without = [name for name, row in zip(names, board.members, strict=True) if not row["adds"]]
    alone = sum(row["crps"]["simulator"]["value"] < row["crps"]["mixture"]["value"] for row in board.members)
    yield f"- **The simulator adds nothing to plain statistics:** {'; '.join(without) or 'nowhere'}."
    yield f"- Alone it would have scored better than the mixture in {alone} of {len(names)} rows."


def _history(board: Scoreboard, earlier: str) -> str:
    """The lines of the page that is replaced, with this version's on top in the place of its own older line."""
    cells = skill(board.cells["skill"]) if board.cells else "–"
    own = f"| {board.date} | {board.version} | {len(board.origins)} | {skill(board.headline['pool'])} | {cells} |"
    lines = earlier.partition(HISTORY)[2].splitlines()
    kept = [line for line in lines if line.startswith("| 2") and line.split("|")[2].strip() != board.version]
    return "\n".join(
        ["| date | version | origins | headline | cells |", "| --- | --- | ---: | ---: | ---: |", own, *kept]
    )


def history_rows(told: str) -> list[list[str]]:
    """Lines of the history of a page, as cells."""
    lines = told.partition(HISTORY)[2].splitlines()
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines if line.startswith("| 2")]


# --------------------------------------------------------------------------------------------------------------- figure


def figure(board: Scoreboard) -> str:
    """Skill against the pool by family and band of horizons, and of the cells, with 80 % intervals, as SVG."""
    rows = [(FAMILIES[r["family"]], r["weeks"], r["skill_pool"], FIRST) for r in board.bands]
    if board.cells:
        best = board.cells["best"]
        own = [r for r in board.cells["bands"] if r["model"] == "forecast" and r["weeks"] != "all"]
        rows += [("Cells (Brier)", r["weeks"], r[f"skill_{best}"], SECOND) for r in own]
    low = min(-0.2, *(r[2]["low"] for r in rows))
    high = max(0.3, *(r[2]["high"] for r in rows))
    low, high = max(low, -1.0), min(high, 1.0)
    left, width, top, step = 150, 720, 56, 19

    def x(value: float) -> float:
        return left + 60 + (width - left - 80) * (min(max(value, low), high) - low) / (high - low)

    breaks = [k for k, (one, other) in enumerate(pairwise(rows), 1) if one[0] != other[0]]
    place = [top + step * k + 14 * sum(k >= b for b in breaks) for k in range(len(rows))]
    bottom = place[-1] + step
    marks = [round(0.1 * k, 1) for k in range(-10, 11) if low <= 0.1 * k <= high]
    every = marks if len(marks) <= 9 else [m for m in marks if round(10 * m) % 2 == 0]
    body = [words(16, 22, "Skill against plain statistics, with 80 % intervals", font_size=15, font_weight="bold")]
    body.append(
        words(
            16,
            40,
            "right of 0: better than the pool of time-series models (cells: than their best baseline)",
            fill=QUIET,
        )
    )
    for mark in every:
        body.append(
            tag("line", x1=x(mark), x2=x(mark), y1=float(top - 8), y2=float(bottom), stroke=INK if mark == 0 else RULE)
        )
        body.append(
            words(
                x(mark),
                bottom + 16,
                f"{mark:+.1f}".replace("-", "−") if mark else "0",
                text_anchor="middle",
                fill=QUIET,
            )
        )
    for k, ((name, weeks, value, colour), y) in enumerate(zip(rows, place, strict=True)):
        if k == 0 or k in breaks:
            body.append(words(16, y + 4, name))
        body.append(words(left + 48, y + 4, weeks, text_anchor="end", fill=QUIET))
        body.append(
            tag(
                "line", x1=x(value["low"]), x2=x(value["high"]), y1=float(y), y2=float(y), stroke=colour, stroke_width=2
            )
        )
        body.append(tag("circle", cx=x(value["value"]), cy=float(y), r=4, fill=colour))
    told = "; ".join(f"{name}, {weeks} weeks {skill(value)}" for name, weeks, value, _ in rows)
    return picture(width, bottom + 28, "Skill of the forecasts by family and weeks ahead", told, body)


# ------------------------------------------------------------------------------------------------------- page as HTML


def render(board: Scoreboard, history: Sequence[Sequence[str]] = ()) -> str:
    """The scoreboard as one HTML page that needs nothing else."""
    parts = (
        _opening(board),
        _skill_section(board),
        _coverage_section(board),
        _cell_section(board),
        _nothing_section(board),
        _history_section(history),
        _reading_section(),
        _sources_section(),
        _method_section(board),
    )
    return frame.page("Backtest", "\n".join(part for part in parts if part))


def _opening(board: Scoreboard) -> str:
    answer = "".join(f"<p>{sentence}</p>" for sentence in sentences(board))
    days = f"{len(board.origins)} past days from {board.origins[0]} to {board.origins[-1]}"
    return f"""<header>
<p class="kicker">Backtest · {escape(days)}</p>
<h1>How good past forecasts were</h1>
<p class="question">The war was opened on each of these days from what was known then, and the forecasts held against
what was observed until {escape(board.observed_until)}: are they better than plain statistics, and are their bands
honest?</p>
<div class="answer">{answer}</div>
<p class="byline">{board.draws:,} runs a day; seed {board.seed}; ceasefire {escape(board.version)}. It says nothing of
how the war ends, which has <a href="#read">not been observed</a>.</p>
</header>"""


def sentences(board: Scoreboard) -> tuple[str, str, str]:
    """The answer in three sentences, as HTML: better or not, honest or not, and where it adds nothing."""
    return _skill_sentence(board), _honest_sentence(board), _nothing_sentence(board)


def _skill_sentence(board: Scoreboard) -> str:
    overall = board.headline["pool"]
    told = f"Over everything, forecasts are {_word(overall, board)} a pool of statistical models"
    value = f"skill {_of_three(overall)}, where 0 is as good and 1 is perfect"
    return f"{frame.link('skill', told)}: {escape(value)}."


def _of_three(figure: dict[str, float]) -> str:
    return f"{signed(figure['value'])}, 80% interval {signed(figure['low'])} to {signed(figure['high'])}"


def _honest_sentence(board: Scoreboard) -> str:
    parts = board.calibration["all"]
    half, most = parts["coverage50"], parts["coverage90"]
    narrow = [name for name, honest in ((half, 0.5), (most, 0.9)) if name["high"] < honest]
    wide = [name for name, honest in ((half, 0.5), (most, 0.9)) if name["low"] > honest]
    word = "somewhat too narrow" if narrow else "somewhat too wide" if wide else "about as wide as they should be"
    told = f"Their bands were {word}"
    return (
        f"{frame.link('coverage', told)}: those said to hold 50% held {_held(half)} of what was observed, and those "
        f"said to hold 90% held {_held(most)}."
    )


def _held(figure: dict[str, float]) -> str:
    return f"{100 * figure['value']:.0f}% ({100 * figure['low']:.0f} to {100 * figure['high']:.0f})"


def _nothing_sentence(board: Scoreboard) -> str:
    unsure = [row for row in board.bands if _word(row["skill_pool"], board) != "better than"]
    told = f"In {len(unsure)} of {len(board.bands)} rows of the table it is not clearly better"
    worst = min(board.bands, key=lambda row: float(row["skill_pool"]["value"]), default=None)
    if worst is None:
        return "Nothing was scored."
    name = f"{FAMILIES[worst['family']].lower()}, {worst['weeks']} weeks ahead"
    return f"{frame.link('nothing', told)}; it does worst on {escape(name)}: {escape(_of_three(worst['skill_pool']))}."


def _html(rows: Rows, kind: str = "figures") -> str:
    """A table; every string is escaped."""
    head, body = rows
    top = "".join(f'<th scope="col">{escape(cell) or "&#8203;"}</th>' for cell in head)
    lines = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{_beneath(cell)}</td>" for cell in rest)}</tr>'
        for first, *rest in body
    )
    return (
        f"<div class='scroll'><table class='{kind}'><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def _beneath(cell: str) -> str:
    """A figure with its interval beneath it, so that tables stay narrow."""
    told = re.fullmatch(r"(\S+(?: %)?) \((.+ to .+)\)", cell)
    return f"{escape(told[1])}<br><small>{escape(told[2])}</small>" if told else escape(cell)


_BEHIND = {"read": "how to read it", "sources": "the record", "method": "days, runs and seed"}


def _skill_section(board: Scoreboard) -> str:
    lead = (
        "Each dot is the skill of a family of forecasts against plain statistics so many weeks ahead, each bar its "
        "80% interval over which days happened to be opened."
    )
    shown = f"<figure>{figure(board)}</figure>"
    more = ("<h3>By half-year</h3>", _html(half_rows(board)))
    return frame.section(
        "skill", "Better than plain statistics?", lead, shown, _html(band_rows(board)), *more, frame.came_from(_BEHIND)
    )


def _coverage_section(board: Scoreboard) -> str:
    lead = "How often what was observed fell within a band: an honest band of 50% holds half, one of 90% nine of ten."
    shown = f"<figure>{coverage(board)}</figure>"
    return frame.section(
        "coverage",
        "Are the bands honest?",
        lead,
        shown,
        _html(calibration_rows(board)),
        frame.came_from(_BEHIND),
    )


def coverage(board: Scoreboard) -> str:
    """Share of observations within the 50 and 90 % bands by family, with 80 % intervals, as SVG."""
    rows = [(FAMILIES.get(name, "Everything"), parts) for name, parts in board.calibration.items()]
    left, width, top, step = 150.0, 720.0, 50.0, 30.0
    bottom = top + step * len(rows)

    def x(value: float) -> float:
        return left + (width - left - 30) * value

    title = "Share of observations within the bands, with 80 % intervals"
    body = [words(0, 16, title, font_size=14, font_weight="bold")]
    for mark in (0.0, 0.25, 0.5, 0.75, 0.9, 1.0):
        honest = mark in (0.5, 0.9)
        body.append(
            tag(
                "path",
                d=f"M{x(mark):.1f} {top - 14:.1f}V{bottom:.1f}",
                stroke=INK if honest else RULE,
                stroke_dasharray="4 3" if honest else None,
            )
        )
        body.append(words(x(mark), bottom + 16, f"{100 * mark:.0f}%", text_anchor="middle", fill=QUIET))
    for place, (name, parts) in enumerate(rows):
        y = top + step * place + 4
        body.append(words(0, y + 4, name))
        for band, colour in (("coverage50", FIRST), ("coverage90", SECOND)):
            part = parts[band]
            body.append(
                tag("path", d=f"M{x(part['low']):.1f} {y:.1f}H{x(part['high']):.1f}", stroke=colour, stroke_width=3)
            )
            body.append(tag("circle", cx=x(part["value"]), cy=y, r=5, fill=colour))
    body.append(
        words(0, bottom + 38, "orange: the 50% band; blue: the 90% band; dashed: where an honest band lies", fill=QUIET)
    )
    told = "; ".join(f"{name}: {share(p['coverage50'])} and {share(p['coverage90'])}" for name, p in rows)
    return picture(width, bottom + 48, title, told, body)


def _cell_section(board: Scoreboard) -> str:
    if not board.cells:
        return ""
    best = MODELS[board.cells["best"]]
    lead = (
        f"For single cells they are {_word(board.cells['skill'], board)} the best baseline ({best}): "
        f"{skill(board.cells['skill'])}. Brier scores are in thousandths; less is better."
    )
    return frame.section(
        "cells", "Cells near the front", escape(lead), _html(cell_rows(board)), frame.came_from(_BEHIND)
    )


def _nothing_section(board: Scoreboard) -> str:
    """Where the program is no better than statistics, and what the simulator adds to them."""
    kinds: dict[str, list[str]] = {"Worse than the pool": [], "Not clearly different from the pool": []}
    for row in board.bands:
        word = _word(row["skill_pool"], board)
        if word != "better than":
            kind = "Worse than the pool" if word == "worse than" else "Not clearly different from the pool"
            name = f"{FAMILIES[row['family']].lower()}, {row['weeks']} weeks"
            kinds[kind].append(f"{name} ({signed(row['skill_pool']['value'])})")
    lines = [f"{kind}: {'; '.join(rows) if rows else 'nowhere'}." for kind, rows in kinds.items()]
    lines += [line.removeprefix("- ").replace("**", "") for line in nothing_added(board)] if board.members else []
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    table = ""
    if board.members:
        note = f"<p class='note'>{escape(' '.join(ADDED.split()))}</p>"
        table = f"<h3>What the simulator brings to the mixture</h3>{_html(member_rows(board))}{note}"
    return frame.section("nothing", "Where it adds nothing", "", f"<ul>{items}</ul>", table, frame.came_from(_BEHIND))


def _history_section(history: Sequence[Sequence[str]]) -> str:
    if not history:
        return ""
    head = ["Date", "Version", "Days", "Skill against the pool", "Cells, against their best baseline"]
    lead = "One line a version, newest first."
    return frame.section("history", "History", lead, _html((head, [list(row) for row in history])))


def _reading_section() -> str:
    lines = " ".join(READING.split()).removeprefix("- ").split(" - **")
    items = "".join(f"<li>{_bold(line if k == 0 else f'**{line}')}</li>" for k, line in enumerate(lines))
    return frame.section("read", "How to read it", "", f"<ul>{items}</ul>")


def _bold(line: str) -> str:
    """Markdown's bold and italic words as HTML."""
    strong = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", escape(line))
    return re.sub(r"\*(.+?)\*", r"<em>\1</em>", strong)


OBSERVED = ("deepstatemap", "general-staff")
"""Sources of what forecasts are held against."""


def _sources_section() -> str:
    rows = [
        (SOURCES[key].producer, SOURCES[key].citation, SOURCES[key].licence, SOURCES[key].terms) for key in OBSERVED
    ]
    head = ["Source", "What", "Licence", "Terms"]
    lead = (
        "Ground is held against a public map of control, losses against one side’s claims: both are records, not truth."
    )
    return frame.section("sources", "The record", lead, _html((head, [list(row) for row in rows]), "words left"))


def _method_section(board: Scoreboard) -> str:
    facts = {
        "Days": ", ".join(board.origins),
        "Weeks ahead": f"{board.horizons[0]} to {board.horizons[-1]}" if board.horizons else "–",
        "Runs": f"{board.draws:,} a day",
        "Seed": str(board.seed),
        "ceasefire": board.version,
        "Observed until": board.observed_until,
        "Command": COMMAND,
        "Made": board.date,
    }
    rows = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
    lead = "Scored from the files beside this page, against the evidence as it stands; nothing here is written by hand."
    return frame.section("method", "How to make it again", lead, f"<dl>{rows}</dl>")
