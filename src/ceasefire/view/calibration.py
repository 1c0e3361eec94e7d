"""The page of calibration: what the record taught of each number, and whether that can be trusted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from ceasefire.scenario.posterior import SHIPPED
from ceasefire.study.calibration.calibrate import ENDING, INVERSION, LEAST, MODULES, Number, Report, read_report
from ceasefire.view.chart import FIRST, INK, PAPER, QUIET, RULE, picture, standalone, tag, words
from ceasefire.view.text import number

PAGE = Path("docs") / "reference" / "calibration.md"
IMAGE = Path("docs") / "images" / "calibration.svg"
LINK = "../images/calibration.svg"
COMMAND = "python -m ceasefire.view.calibration"
WAR = "russia-ukraine"
ROW, LEFT, WIDTH, REACH = 15.0, 250.0, 760.0, 3.5
"""Of the figure: height of a row, room for names, width; scores shown on either side of 0."""
SMALL = 0.01
"""p-values below this are pointed out."""
TITLES = {module.name: module.title for module in MODULES} | {
    INVERSION: "Couplings of the whole model, by ensemble Kalman inversion"
}

READING = f"""\
- **Prior** and **posterior** are 5, 50 and 95 % points. Both live in the unit cube of the prior: *centre* and *spread*
  are the mean and the standard deviation of the standard normal score, 0 and 1 before anything was learned.
- **Contraction** is 1 − spread². Below {LEAST} the record says next to nothing of the number, and it is called
  **not identified**; its prior stands, all but unchanged.
- **Recovery** is the correlation between known truths and what is found from data made of them, of the size of the
  record; **covered** the share of those truths within the central 90 % of their posterior; **uniform** the p-value of a
  test that their ranks are uniform, as they are if likelihood and sampler are right.
- **R̂** near 1 means that four chains agree; **draws** is how many independent ones they are worth. The inversion has
  neither: there is nothing that could fail to converge, and ranks and coverage come from members held out."""


def text(report: Report) -> str:
    """A calibration on a screen."""
    width = max((len(each.name) for each in report.numbers if each.touched), default=4)
    head = f"Calibrated {report.war} up to {report.cut_off}; program {report.program}, seed {report.seed}."
    lines = [head, ""]
    for module in dict.fromkeys(each.module for each in report.numbers):
        lines.append(f"{module}: {TITLES.get(module, '')}{_astray(report, module)}")
        rows = [each for each in report.numbers if each.module == module]
        lines += [_line(each, width) for each in rows if each.touched]
        still = len([each for each in rows if not each.touched])
        lines += [f"  {still} others: not identified, as they were", ""] if still else [""]
    if report.without:
        lines.append(f"Nothing on the record for: {', '.join(report.without)}.")
    known = sum(each.identified for each in report.numbers)
    return "\n".join([*lines, f"{known} of {len(report.numbers)} numbers are identified."])


def _line(each: Number, width: int) -> str:
    verdict = f"contraction {each.contraction:.2f}" if each.identified else "not identified"
    return f"  {each.name:{width}}  {_points(each.prior)} → {_points(each.posterior)}  {verdict}"


def _astray(report: Report, module: str) -> str:
    astray = report.divergent.get(module, 0)
    return f" ({astray} steps went astray)" if astray else ""


def _points(points: Sequence[float]) -> str:
    return " / ".join(number(point) for point in points)


def page(reports: Sequence[Report]) -> str:
    """All cut-offs of a war in Markdown, the last one in full."""
    last = reports[-1]
    parts = [
        "# Calibration",
        "What the record taught of the numbers that do not change during a war, at each published cut-off.",
        f"Made by `{COMMAND}` from the reports that `ceasefire calibrate` wrote; nothing here is written by hand.",
        "## How to read it",
        READING,
        "## Cut-offs",
        "An opening uses the latest cut-off that is not after it.",
        _table(
            ("Cut-off", "Numbers", "Identified", "Mean contraction", "Covered (90 %)", "Least p of ranks", "Largest R̂"),
            (_summary(report) for report in reports),
        ),
        f"![Centre and 90 % interval of every identified score at {last.cut_off}, beside the prior]({LINK})",
    ]
    for module in dict.fromkeys(each.module for each in last.numbers):
        parts += [f"## {TITLES.get(module, module)}", *_module(reports, module)]
    return "\n\n".join([*parts, *_crosschecked(last)]) + "\n"


def _summary(report: Report) -> Sequence[str]:
    rows = report.numbers
    sampled = [each.split_rhat for each in rows if each.split_rhat is not None]
    return (
        report.cut_off,
        str(len(rows)),
        str(sum(each.identified for each in rows)),
        f"{sum(each.contraction for each in rows) / len(rows):.2f}",
        f"{sum(each.covered for each in rows) / len(rows):.2f}",
        f"{min(each.uniform for each in rows):.3f}",
        f"{max(sampled):.3f}" if sampled else "–",
    )


def _module(reports: Sequence[Report], module: str) -> Iterable[str]:
    last = reports[-1]
    rows = [each for each in last.numbers if each.module == module and each.touched]
    yield _table(
        (
            "Number",
            "Prior",
            f"Posterior, {last.cut_off}",
            "Contraction",
            "Recovery",
            "Covered",
            "Uniform",
            "R̂",
            "Draws",
        ),
        (_row(each) for each in rows),
    )
    if len(reports) > 1:
        earlier = reports[:-1]
        yield "Middle at earlier cut-offs:"
        yield _table(
            ("Number", *(report.cut_off for report in earlier), last.cut_off),
            ((f"`{each.name}`", *(_middle(report, each.name) for report in reports)) for each in rows),
        )
    unknown = [f"`{each.name}`" for each in last.numbers if each.module == module and not each.identified]
    if unknown:
        yield f"Not identified: {', '.join(unknown)}."
    odd = [f"`{each.name}` (p = {each.uniform:.4f})" for each in rows if each.uniform < SMALL]
    if odd:
        yield f"Ranks that are hardly uniform: {', '.join(odd)}."
    if _astray(last, module):
        yield f"{_astray(last, module).strip(' ()').capitalize()}."


def _row(each: Number) -> Sequence[str]:
    return (
        f"`{each.name}`",
        _points(each.prior),
        _points(each.posterior),
        f"{each.contraction:.2f}",
        f"{each.recovery:.2f}",
        f"{each.covered:.2f}",
        f"{each.uniform:.3f}",
        "–" if each.split_rhat is None else f"{each.split_rhat:.3f}",
        "–" if each.effective is None else f"{each.effective:.0f}",
    )


def _middle(report: Report, name: str) -> str:
    found = [each.posterior[1] for each in report.numbers if each.name == name]
    return number(found[0]) if found else "–"


def _crosschecked(report: Report) -> Iterable[str]:
    if not report.crosscheck:
        return
    head = tuple(report.crosscheck[0])
    yield "## Cross-check of the couplings that moved most"
    yield _table(
        [title.replace("_", " ").capitalize() for title in head],
        ([_told(row[key]) for key in head] for row in report.crosscheck),
    )


def _told(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else f"`{value}`"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def figure(report: Report) -> str:
    """Every identified score: its centre and 90 % interval, on the prior's."""
    rows = [each for each in report.numbers if each.identified]
    height = ROW * len(rows) + 56
    at = {score: LEFT + (WIDTH - LEFT - 20) * (score + REACH) / (2 * REACH) for score in range(-3, 4)}
    unit = at[1] - at[0]
    body = [tag("rect", x=0, y=0, width=WIDTH, height=height, fill=PAPER)]
    body.append(
        tag("rect", x=at[0] - 1.645 * unit, y=24, width=2 * 1.645 * unit, height=height - 50, fill=RULE, opacity=0.5)
    )
    for score, x in at.items():
        body.append(tag("line", x1=x, x2=x, y1=24, y2=height - 26, stroke=RULE))
        body.append(words(x, height - 10, f"{score:+d}" if score else "0", text_anchor="middle", fill=QUIET))
    body.append(words(at[0], 16, "score; the band is the prior's 90 %", text_anchor="middle", fill=QUIET))
    for k, each in enumerate(rows):
        y = 24 + ROW * (k + 0.6)
        low, high = (at[0] + unit * (each.centre + sign * 1.645 * each.spread) for sign in (-1, 1))
        body.append(words(LEFT - 10, y + 4, each.name, text_anchor="end", fill=INK, font_size=10))
        body.append(tag("line", x1=low, x2=high, y1=y, y2=y, stroke=FIRST, stroke_width=2))
        body.append(tag("circle", cx=at[0] + unit * each.centre, cy=y, r=3, fill=FIRST))
    title = f"What was learned up to {report.cut_off}"
    return standalone(picture(WIDTH, height, title, "Centre and 90 % interval of each identified score.", body))


def shipped(war: str = WAR) -> tuple[Report, ...]:
    """Reports of the shipped calibrations of a war, in order."""
    return tuple(read_report(path) for path in sorted((SHIPPED / war).glob(f"????-??-??{ENDING}")))


if __name__ == "__main__":
    told = shipped()
    PAGE.write_text(page(told), encoding="utf-8")
    IMAGE.write_text(figure(told[-1]), encoding="utf-8")
