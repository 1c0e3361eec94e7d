"""The page of couplings: every one taken out of the shipped war, what that changes, and whether it earns its place."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ceasefire.study.ablate import (
    HELPS,
    HURTS,
    LEAST,
    NO_DIFFERENCE,
    NOT_SCORED,
    NOTHING,
    VERDICTS,
    Ablation,
    Removed,
    ablate,
)
from ceasefire.study.measure import Output
from ceasefire.study.whatif import Effect
from ceasefire.view.text import number
from ceasefire.view.whatif import difference

PAGE = Path("docs") / "reference" / "couplings.md"
COMMAND = "make couplings"
SCENARIO = "alaska-2025-08"
MOST = 3
"""Changes that are told of each coupling."""
UNITS = {"1": "percentage points", "person": "people", "km2": "km²", "count": ""}
MEANS = {
    HELPS: "forecasts of past days are worse without it",
    HURTS: "forecasts of past days are better without it",
    NO_DIFFERENCE: f"the interval holds 0, or the score changes by less than {100 * LEAST:g} %",
    NOTHING: "neither the headline nor the score moves in any run; it may move numbers beyond them",
    NOT_SCORED: "there was no past day to score",
}

READING = """\
- **A coupling** is an exponent or a slope by which one quantity acts on another, relative to the opening. Taken out, it
  is 0 in all weeks: its effect goes on as if its cause stayed what it was. The same wars are fought with the same luck.
- **What changes** is the mean difference of the headline without the coupling, with its 95 % interval over the runs:
  how well these runs know what it does in the model, not how well the model knows the war. Told are at most
  {most} that stand out most from what is left to chance, none where no interval excludes 0. So many are looked at that
  some stand out by luck.
- **CRPS** is by how much the score of past forecasts rises without it, with its 95 % interval over origins. More than 0
  means that forecasts are worse without it. Origins that share weeks are not independent, so that the interval is too
  narrow.
- A coupling that the backtest cannot see is not thereby wrong: the record of a war in which its cause hardly moved
  cannot tell, and what it moves may not be scored. It has not been shown to earn its place, either.
- What each means, and its prior: [the pages of the subsystems](../explanation/README.md)."""


def page(found: Ablation) -> str:
    """All couplings in Markdown, those first that earn most."""
    parts = [
        "# What each coupling is good for",
        _what(found),
        "\n".join(_verdicts(found)),
        "## Every coupling",
        "\n".join(_table(found)),
        "## How to read it",
        READING.format(most=MOST),
    ]
    return "\n\n".join(parts) + "\n"


def _what(found: Ablation) -> str:
    scored = (
        f"Past forecasts from {len(found.origins)} days, {found.origins[0]} to {found.origins[-1]}, "
        f"{found.draws:,} runs each."
        if found.origins
        else "No past forecast was scored."
    )
    return (
        f"The {len(found.removed)} couplings of the model, each taken out of the war of `{found.scenario}` in turn.\n"
        f"{found.runs:,} runs of {found.weeks} weeks from {found.opening}, with and without each, seed {found.seed}, "
        f"version {found.version}, evidence {found.evidence_hash[:15]}.\n{scored}\n"
        f"Made by `{COMMAND}`; nothing here is written by hand."
    )


def _verdicts(found: Ablation) -> Iterator[str]:
    """How many couplings have each verdict, and what it means."""
    yield "| verdict | couplings | meaning |"
    yield "| --- | ---: | --- |"
    for verdict in VERDICTS:
        number_of = sum(removed.verdict == verdict for removed in found.removed)
        if number_of:
            yield f"| {verdict} | {number_of} | {MEANS[verdict]} |"


def _table(found: Ablation) -> Iterator[str]:
    yield f"| coupling | cause → effect | changes without it by week {found.weeks} | CRPS without it, % | verdict |"
    yield "| --- | --- | --- | ---: | --- |"
    for removed in found.removed:
        changed = "<br>".join(changes(removed, found.weeks)) or "–"
        way = f"`{removed.cause}` → `{removed.effect}`"
        yield f"| {_linked(removed.name)} | {way} | {changed} | {score(removed)} | {removed.verdict} |"


def _linked(name: str) -> str:
    """A coupling with a link to the page that explains it."""
    return f"[`{name}`](../explanation/{name.split('.', 1)[0]}.md#couplings)"


def changes(removed: Removed, week: int) -> list[str]:
    """The headline's changes that stand out most, those seen."""
    table = removed.headline
    effects = [table.effect(row, week) for row in range(len(table.outputs))]
    seen = [row for row, effect in enumerate(effects) if effect.is_seen]
    most = sorted(seen, key=lambda row: -table.strength[row])[:MOST]
    return [_change(table.outputs[row], effects[row]) for row in most]


def _change(output: Output, effect: Effect) -> str:
    """One change in words, chances in percentage points."""
    scale = 100 if output.unit == "1" else 1
    middle, low, high = (scale * part for part in (effect.difference, effect.low, effect.high))
    told = difference(replace(effect, difference=middle, low=low, high=high))
    return f"{output.meaning.replace('|', '/')}: {told} {UNITS.get(output.unit, output.unit)}".rstrip()


def score(removed: Removed) -> str:
    """Rise of CRPS without the coupling in %, with its interval."""
    rise = removed.score
    if rise is None or math.isnan(rise.value):
        return "–"
    if rise.value == rise.low == rise.high == 0:
        return "0"
    value, low, high = (_signed(100 * part) for part in (rise.value, rise.low, rise.high))
    return f"{value} ({low} to {high})"


def _signed(value: float) -> str:
    """A percentage to two digits behind the point, so that small rises can be told apart."""
    if math.isnan(value):
        return "–"
    rounded = round(value, 2)
    return f"+{number(rounded)}" if rounded > 0 else number(rounded)


def main(path: Path = PAGE) -> None:
    """Take every coupling out, which takes long, and write the page."""
    text = page(ablate(SCENARIO))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
