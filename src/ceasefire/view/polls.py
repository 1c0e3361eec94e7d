"""The page of polls: what the first half of each series had made one expect of the rest, and what the rest said."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.study.polls import DAY, LEAST, Check, Held, Question, check, coverage, every, sensitivity
from ceasefire.view.chart import FIRST, INK, NEITHER, PAPER, QUIET, RULE, Frame, picture, standalone, tag, words

PAGE = Path("docs") / "reference" / "polls.md"
IMAGE = Path("docs") / "images" / "polls.svg"
LINK = "../images/polls.svg"
COMMAND = "python -m ceasefire.view.polls"
WIDTH, HEIGHT = 380.0, 220.0
"""Of one panel."""
ACRONYM = 4
"""Names of pollsters of at most so many letters are written in capitals."""
Sensitivity = Mapping[str, tuple[int, int, int, int]]

READING = f"""\
- **Learned** is the first half of each series, by order of fieldwork, and nothing else; of later polls only their days
  enter the bands. Every series with {LEAST} or more polls of one pollster and one question is here.
- **Share** is of those who gave either of the two answers, where both are published of the same days, and of all who
  were asked otherwise. A question's options are complements, so one stands for all: the one published most often, of
  several the first of the alphabet.
- **Band** runs from the 10 to the 90 % point of what a poll would say: opinion as `scenario/polling.py` has it,
  sampling, and what else differs between two polls of one house. Honest bands hold 80 % in the long run.
- **CRPS** scores the whole forecast, in percentage points; smaller is better. *Persistence* is the last poll learned,
  give or take sampling and the noise of the house.
- **Next poll** is another exercise: each poll after the second of a series, forecast from all before it."""

UNKNOWN = """\
- The polls of one series hang together: a forecast that missed a turn misses every poll after it. These are four
  series of one war, so the coverage is that of about four observations, and says little of other wars.
- Three things were chosen with hindsight, after the same polls had been looked at: that what is ahead may be drawn to a
  new long-run mean, that the chance of it is a half, and that this mean is held to log odds of 1 around even, not 1.5.
  The table of other beliefs shows what hangs on them. Without another stretch the bands would be far too narrow: the
  coverage is a check of these choices, not a forecast that stood the test.
- The same bands are too wide for the next poll: what moves opinion in this war has come in long drifts, which a walk
  around a mean has only in part.
- The bands know nothing of the war: neither the ground, nor losses, nor talks. In a simulated war these act on opinion
  besides (`model/opinion.py`).
- Nobody knows here whether people say what they think, nor what those think who were not asked: those abroad, at the
  front, or under occupation."""


def page(checks: Sequence[Check], beliefs: Sensitivity) -> str:
    """All checks in Markdown."""
    parts = [
        "# Polls",
        "What the first half of each pollster's series had made one expect of the second.",
        f"Made by `{COMMAND}` from what was published by {DAY}; nothing here is written by hand.",
        f"![Shares that polls said, learned and held out, with 80 % bands]({LINK})",
        "## Coverage",
        "\n".join(_coverage(checks)),
        "## Under other beliefs",
        "How many of the 80 % bands hold what polls said, if opinion is taken to move in another way.",
        "\n".join(_beliefs(beliefs)),
        "## How to read it",
        READING,
        "## What it does not know",
        UNKNOWN,
        *(part for found in checks for part in _series(found)),
    ]
    return "\n\n".join(parts) + "\n"


def _coverage(checks: Sequence[Check]) -> Iterator[str]:
    yield "| series | learned | held out | in the band | coverage | CRPS | persistence |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for found in checks:
        yield _row(title(found.question), len(found.learned), found.held)
    yield _row("**all**", sum(len(found.learned) for found in checks), every(checks))


def _row(name: str, learned: int, rows: Sequence[Held]) -> str:
    hits = sum(row.hit for row in rows)
    score, still = (np.mean([getattr(row, what) for row in rows]) for what in ("score", "still"))
    return f"| {name} | {learned} | {len(rows)} | {hits} | {_percent(coverage(rows))} % | {score:.1f} | {still:.1f} |"


def _beliefs(beliefs: Sensitivity) -> Iterator[str]:
    yield "| belief | held out | next poll |"
    yield "| --- | ---: | ---: |"
    for name, (hits, rows, near, following) in beliefs.items():
        yield f"| {name} | {hits} of {rows} | {near} of {following} |"


def _series(found: Check) -> Iterator[str]:
    yield f"## {title(found.question)}"
    last = found.learned[-1]
    against = f" of this and “{_option(found.question.against)}”" if found.question.against else ""
    yield (
        f"Per cent{against}. Learned: {len(found.learned)} polls from {found.learned[0].day} to {last.day}, "
        f"the last {_percent(last.share)} %."
    )
    yield "\n".join(
        [
            "| fieldwork until | said | middle | 80 % band |  |",
            "| --- | ---: | ---: | ---: | --- |",
            *(
                f"| {row.day} | {_percent(row.share)} | {_percent(row.mid)} | {_percent(row.low)} to "
                f"{_percent(row.high)} | {'in' if row.hit else '**out**'} |"
                for row in found.held
            ),
        ]
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f}"


def title(question: Question) -> str:
    """A question in words, from the name of its series: poll, country, pollster, question, option."""
    country, house, asked = [*question.series.split(".")[1:-1], "", ""][:3]
    name = house.upper() if len(house) <= ACRONYM else house.replace("_", " ").title()
    return f"{name} ({country.upper()}), {asked.replace('_', ' ')}: {_option(question.series)}"


def _option(series: str) -> str:
    return series.rpartition(".")[2].replace("_", " ")


# --------------------------------------------------------------------------------------------------------------- figure


def figure(checks: Sequence[Check]) -> str:
    """One panel for each series, two in a row: polls learned and held out, and the bands."""
    days = [day for found in checks for day in _days(found)]
    first, last = min(days), max(days)
    body = [
        part
        for k, found in enumerate(checks)
        for part in _panel(found, _frame(k, _weeks(first, last)), first, name=title(found.question))
    ]
    rows = (len(checks) + 1) // 2
    told = "; ".join(
        f"{title(found.question)}: {sum(row.hit for row in found.held)} of {len(found.held)} in the band"
        for found in checks
    )
    return picture(2 * WIDTH, rows * HEIGHT + 22, "Polls held out, with 80 % bands", told, [*body, *_key(rows)])


def _days(found: Check) -> Iterator[np.datetime64]:
    yield from (reading.day for reading in found.learned)
    yield from (row.day for row in found.held)


def _weeks(first: np.datetime64, day: np.datetime64) -> float:
    return float((day - first) / np.timedelta64(7, "D"))


def _frame(place: int, weeks: float) -> Frame:
    left, top = WIDTH * (place % 2), HEIGHT * (place // 2)
    return Frame(left + 42, top + 30, left + WIDTH - 16, top + HEIGHT - 26, int(np.ceil(weeks)) + 4, 0.0, 1.0)


def _panel(found: Check, frame: Frame, first: np.datetime64, name: str) -> Iterator[str]:
    yield words(frame.left - 34, frame.top - 14, name, font_weight="bold")
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = frame.y(share)
        yield tag("path", d=f"M{frame.left:.1f} {y:.1f}H{frame.right:.1f}", stroke=RULE, stroke_width=0.8)
        yield words(frame.left - 6, y + 4, f"{100 * share:.0f}%", text_anchor="end", font_size=11, fill=QUIET)
    yield from _years(frame, first)
    yield from _band(found, frame, first)
    for one in found.learned:
        yield tag("circle", cx=frame.x(_weeks(first, one.day)), cy=frame.y(one.share), r=3, fill=INK)
    for row in found.held:
        colour = NEITHER if row.hit else FIRST
        place = {"cx": frame.x(_weeks(first, row.day)), "cy": frame.y(row.share)}
        yield tag("circle", **place, r=3, fill=PAPER if row.hit else FIRST, stroke=colour, stroke_width=1.4)


def _years(frame: Frame, first: np.datetime64) -> Iterator[str]:
    start: datetime.date = first.astype(object)
    for year in range(start.year + 1, start.year + 2 + frame.weeks // 52):
        week = _weeks(first, np.datetime64(datetime.date(year, 1, 1), "D"))
        if week <= frame.weeks:
            x = frame.x(week)
            yield tag("path", d=f"M{x:.1f} {frame.bottom:.1f}v4", stroke=QUIET, stroke_width=0.8)
            yield words(x, frame.bottom + 16, str(year), text_anchor="middle", font_size=11, fill=QUIET)


def _band(found: Check, frame: Frame, first: np.datetime64) -> Iterator[str]:
    """From the last poll learned to the last held out; straight between the days of polls."""
    last = found.learned[-1]
    days = [_weeks(first, day) for day in (last.day, *(row.day for row in found.held))]
    low, mid, high = ([last.share, *(getattr(row, point) for row in found.held)] for point in ("low", "mid", "high"))
    around = [*zip(days, high, strict=True), *reversed([*zip(days, low, strict=True)])]
    yield tag("path", d=f"M{_path(frame, around)}Z", fill=NEITHER, fill_opacity=0.2)
    middle = _path(frame, [*zip(days, mid, strict=True)])
    yield tag("path", d=f"M{middle}", fill="none", stroke=NEITHER, stroke_width=1.6)


def _path(frame: Frame, points: Sequence[tuple[float, float]]) -> str:
    return "L".join(f"{frame.x(week):.1f} {frame.y(share):.1f}" for week, share in points)


def _key(rows: int) -> Iterator[str]:
    y = rows * HEIGHT + 10
    marks = ((INK, INK, "learned"), (PAPER, NEITHER, "held out, in the 80 % band"), (FIRST, FIRST, "held out, missed"))
    for k, (fill, stroke, text) in enumerate(marks):
        x = 48.0 + 200 * k
        yield tag("circle", cx=x, cy=y - 4, r=3, fill=fill, stroke=stroke, stroke_width=1.4)
        yield words(x + 8, y, text, font_size=11, fill=QUIET)


def main(path: Path = PAGE, image: Path = IMAGE) -> None:
    """Check again, which takes a minute or two, and write the page and its figure."""
    vintage = Vintage(Store.open(), DAY)
    checks = check(vintage)
    for target, text in ((path, page(checks, sensitivity(vintage))), (image, standalone(figure(checks)))):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
