"""The page of monthly reports: what was forecast of each, what was reported, and how often the band held it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from scipy.stats import binomtest

from ceasefire.study.monthly import LEAST_OBSERVED, Check, Row, check, coverage, seen
from ceasefire.view.text import number

PAGE = Path("docs") / "reference" / "monthly.md"
COMMAND = "make monthly"
HEAD = "|  |  | reported | 80 % band | middle |\n| --- | --- | ---: | ---: | ---: |"

READING = f"""\
- **Forecasts** of each origin open the war from what was known on that day and run on without looking; **reports** are
  those known by now. Bands run from the 10 to the 90 % point of all runs, those in which the fighting ends among them,
  so that the lower ends of launches fall towards 0 in the course of a year.
- **A month** of launches, or of what was stopped, is the weeks that end in it after the origin; money, prices and rates
  are those of the days of the month.
- **Hit** means that the band holds what was reported. Honest bands hit 80 % in the long run; bands that always hit say
  too little.
- **Only series with {LEAST_OBSERVED} or more observations after an origin count**; the others are without a claim.
- Months of one series hang together, and both origins look at the same war: there is less evidence here than the number
  of rows suggests, and the interval of the coverage, which takes rows as independent, is too narrow.
- **Reported is not true.** The defence's reports of what it stopped go through the observation model
  (`study/monthly.py`). Launches are as the defender counted them. Served power is known from single statements.
- Left out: consumer prices, which are reported as a change over a year while the model tells the rate of a week;
  launches at Russia, of which the record has no such series."""


def page(checks: Sequence[Check]) -> str:
    """All checks in Markdown."""
    parts = [
        "# Reported, month by month",
        _what(checks),
        "## Coverage",
        "\n".join(_coverage(checks)),
        "\n".join(_by_series(checks)),
        "## How to read it",
        READING,
        *(part for found in checks for part in _origin(found)),
    ]
    return "\n\n".join(parts) + "\n"


def _what(checks: Sequence[Check]) -> str:
    lines = [
        "What is reported of strikes, air defence, oil money and power, forecast from past days, beside what came."
    ]
    for found in checks:
        lines.append(
            f"From {found.origin}: {found.runs:,} runs of {found.weeks} weeks, seed {found.seed}, version "
            f"{found.version}, evidence {found.evidence_hash[:15]}."
        )
    return "\n".join(lines) + f"\nMade by `{COMMAND}`; nothing here is written by hand."


def _coverage(checks: Sequence[Check]) -> Iterator[str]:
    yield "| 80 % bands | series | reports | hits | coverage | 95 % interval |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    for found in checks:
        yield _share(f"from {found.origin}", [found])
    yield _share("both" if len(checks) == 2 else "all", checks)


def _by_series(checks: Sequence[Check]) -> Iterator[str]:
    """Hits of each series with a claim, origin by origin."""
    yield f"| hits | {' | '.join(f'from {found.origin}' for found in checks)} |"
    yield f"| --- | {' | '.join('---:' for _ in checks)} |"
    claimed = [_claimed(found) for found in checks]
    for title in dict.fromkeys(title for part in claimed for title in part):
        yield f"| {title} | {' | '.join(_hits(part.get(title, ())) for part in claimed)} |"


def _claimed(found: Check) -> dict[str, tuple[Row, ...]]:
    """Rows of the series with a claim, by title."""
    return {title: rows for title, rows in found.by_series().items() if len(seen(rows)) >= LEAST_OBSERVED}


def _hits(rows: Sequence[Row]) -> str:
    known = seen(rows)
    return f"{sum(bool(row.hit) for row in known)} of {len(known)}" if known else "–"


def _share(name: str, checks: Sequence[Check]) -> str:
    """How often the bands held what was reported, with Wilson's interval."""
    rows = [row for found in checks for row in found.claimed()]
    series = len({row.title for row in rows})
    if not rows:
        return f"| {name} | 0 | 0 | 0 | – | – |"
    hits = sum(bool(row.hit) for row in rows)
    interval = binomtest(hits, len(rows)).proportion_ci(0.95, "wilson")
    told = f"{_percent(interval.low)} to {_percent(interval.high)}"
    return f"| {name} | {series} | {len(rows)} | {hits} | {_percent(coverage(rows))} | {told} |"


def _origin(found: Check) -> Iterator[str]:
    claimed = _claimed(found)
    rest = {title: rows for title, rows in found.by_series().items() if title not in claimed and seen(rows)}
    yield f"## From {found.origin}"
    yield "\n".join([HEAD, *(line for rows in claimed.values() for line in _series(rows, counts=True))])
    if rest:
        yield "Without a claim:"
        yield "\n".join([HEAD, *(line for rows in rest.values() for line in _series(rows, counts=False))])


def _series(rows: Sequence[Row], *, counts: bool) -> Iterator[str]:
    unit = "" if rows[0].unit == "1" else f", {rows[0].unit}"
    yield f"| **{rows[0].title}**{unit} | {f'**{_hits(rows)}**' if counts else ''} |  |  |  |"
    for row in rows:
        mark = "–" if row.hit is None else "hit" if row.hit else "**miss**"
        low, mid, high, observed = (_value(value, row.unit) for value in (row.low, row.mid, row.high, row.observed))
        yield f"| {row.when} | {mark} | {observed} | {low} to {high} | {mid} |"


def _value(value: float | None, unit: str) -> str:
    """Shares in percent, everything else to four digits."""
    if value is None:
        return "–"
    return _percent(value) if unit == "1" else number(value, 4)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def main(path: Path = PAGE) -> None:
    """Check again, which takes some minutes, and write the page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(check()), encoding="utf-8")


if __name__ == "__main__":
    main()
