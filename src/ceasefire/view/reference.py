"""Reference pages made from the code: what is declared is what is documented."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ceasefire.model.declare import Variable
from ceasefire.scenario import spec
from ceasefire.scenario.start import LEARNED, variables

PAGES = Path("docs") / "reference"


def variables_page() -> str:
    """Every declared quantity, by subsystem: name, unit, prior, source, meaning."""
    lines = [
        "# Variables",
        "",
        "Made from the declarations in the code (`make reference`). A prior is given by 5, 50 and 95 % points. Where",
        "the record teaches a parameter, the source says what replaces the prior. `elicited` means judgement: a source",
        "for it is wanted.",
    ]
    owner = ""
    for variable in variables().values():
        if variable.name.split(".")[0] != owner:
            owner = variable.name.split(".")[0]
            lines += ["", f"## {owner}", "", "| name | unit | prior | source | meaning |", "|---|---|---|---|---|"]
        lines.append(_row(variable))
    return "\n".join(lines) + "\n"


def _row(variable: Variable) -> str:
    index = ",".join(dim for dim in variable.dims if dim != "run")
    name = f"`{variable.name}[{index}]`" if index else f"`{variable.name}`"
    source = LEARNED.get(variable.name, variable.source or variable.kind)
    return f"| {name} | {variable.unit} | {_prior(variable)} | {source} | {variable.doc} |"


def _prior(variable: Variable) -> str:
    if variable.prior is None:
        return ""
    points = variable.prior.quantile(np.array([0.05, 0.5, 0.95]))
    return " / ".join(f"{x:.3g}" for x in dict.fromkeys(points.tolist()))


def values_page() -> str:
    """Every number of the shipped wars, with the day since when it is known or the series that it is read from."""
    lines = [
        "# Numbers of the shipped scenarios",
        "",
        "Made from the scenario files (`make reference`). On an opening date the latest number known by then counts.",
        "Trust: A checked against a second figure, B one decent source, C a single claim, D judgement.",
    ]
    for war in {scenario.war.id: scenario.war for scenario in map(spec.load, spec.scenarios())}.values():
        lines += ["", f"## {war.title}", "", "| name | unit | 5 / 50 / 95 % | known on | trust | source |"]
        lines += ["|---|---|---|---|---|---|"]
        for v in war.value:
            band = f"{v.low:.6g} / {v.mid:.6g} / {v.high:.6g}"
            lines.append(f"| `{v.name}` | {v.unit} | {band} | {v.known_on} | {v.trust} | {v.source} |")
        lines += _records(war.record)
        lines += _fused(war.fused)
    return "\n".join(lines) + "\n"


def _records(records: tuple[spec.Record, ...]) -> Iterator[str]:
    """Parameters that follow a series of the evidence."""
    if not records:
        return
    yield from (
        "",
        "### Read from the evidence",
        "",
        "On an opening date these are the mean of the latest observations known by then, or the sum of one series",
        "over that of another, times the factor. Low and high, the 5 and 95 % points, multiply that, or its odds",
        "where the number is a share; they are added to it where the number can be negative.",
        "",
        "| name | unit | series | last | factor | low / high | trust | source |",
        "|---|---|---|---|---|---|---|---|",
    )
    for r in records:
        series = f"`{r.series}` over `{r.per}`" if r.per else f"`{r.series}`"
        spread = f"{r.low:.6g} / {r.high:.6g}"
        yield f"| `{r.name}` | {r.unit} | {series} | {r.last} | {r.factor:.6g} | {spread} | {r.trust} | {r.source} |"


def _fused(listed: tuple[spec.Fused, ...]) -> Iterator[str]:
    """Parameters that many claims are fused into."""
    if not listed:
        return
    yield from (
        "",
        "### Fused from claims",
        "",
        "On an opening date the claims of these series known by then are fused into one number, in place of the",
        "numbers of that name above, which stand where fewer than `least` claims of different origin are known.",
        "`ceasefire evidence explain NAME` prints them with their weights. A name that ends in a dot is a claim with a",
        "band; scope is the sd added for a claim about not quite the same thing, on the log scale.",
        "",
        "| name | unit | claims | within, days | least | wanders, a year | trust | source |",
        "|---|---|---|---|---|---|---|---|",
    )
    for f in listed:
        said = "; ".join([*map(_line, f.lines), *map(_leg, f.balances)])
        walk = f"{f.walk:.6g}" + (f", trend {f.drift:.6g}" if f.drift else "")
        yield f"| `{f.name}` | {f.unit} | {said} | {f.within} | {f.least} | {walk} | {f.trust} | {f.source} |"


def _line(line: spec.Line) -> str:
    told = [
        f"times {line.factor:.6g}" if line.factor != 1 else "",
        line.kind if line.kind != "point" else "",
        "total since 1 January, a week's mean" if line.since_new_year else "",
        f"scope {line.scope:.6g}" if line.scope else "",
        f"origin: {line.origin}" if line.origin else "",
        line.note,
    ]
    more = ", ".join(part for part in told if part)
    return f"`{line.series}`" + (f" ({more})" if more else "")


def _leg(leg: spec.Leg) -> str:
    flows = [f"{sign}{_line(line)}" for sign, line in (("+", leg.inflow), ("−", leg.outflow)) if line is not None]
    return f"balance over {leg.days} days {' '.join(flows)}, sd {leg.spread:.6g} of it: {leg.source}"


PAGE = {"variables.md": variables_page, "values.md": values_page}


def write(folder: Path = PAGES) -> None:
    """Write every page."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGE.items():
        (folder / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write()
