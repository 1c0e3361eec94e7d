"""The page of packs: wars of the past, when their end was expected, on which terms, and what came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ceasefire.scenario import pack
from ceasefire.scenario.pack import Pack
from ceasefire.study.packs import BASE, BIN, POOLED, STRUCTURE, TOLD, Check, Forecast, check

PAGE = Path("docs") / "reference" / "packs.md"
COMMAND = "make packs"
LISTED = 5
"""Likely terms that the page tells of each opening."""
FULL = "korea"
"""The pack of which all lines and zones are told."""

READING = f"""\
- **Openings** are at a quarter, a half and three quarters of a war's duration. An opening reads the facts, and the
  options, dated up to its day; the laws that read them are the same for every war (`scenario/pack.py`).
- **Model** is the same code as in any war, beliefs, preferences, talks and bargaining, with a line of forts in place
  of the front; values of fighting on are those of a war over forts, nothing is fitted.
- **Score** is ln P of the bin of {BIN} weeks that holds the end, given that the war went on at the opening. *Gain* is
  the score less that of the **base rate**, the duration of wars between states (weight 0 of the structure). Forecasts
  give the structure weight {POOLED:g}; **structure alone** is weight 1. Above 0 is better than the base rate.
- **By then** is P of an end by the week of the actual one: uniform between 0 and 1 for honest forecasts."""

UNKNOWN = """\
- **Four wars are four observations, at most.** Openings of one war look at the same end; the standard error is over the
  means of the four wars, and is itself hardly known. No claim of skill, for or against, rests on these figures.
- The days of facts keep an opening from reading later ones. They do not keep whoever wrote the packs from knowing how
  the wars ended: which facts, options and lands are listed, and how much is at stake in each land, was judged with
  hindsight. Most rows are general knowledge, trust D.
- The laws that read the facts, and all sizes in them, were set before any score was computed and not changed after.
  Four laws of bargaining were changed after a first version of this page, with a mean gain of −0.21, had been seen:
  what is held is worth something while a side fights, a week of war costs less, depth counts less beyond 15 km, and a
  treaty is not always ready.
- The base rate was fitted on 95 wars from 1823 to 2003, these four and later ones among them. It is the same in all
  columns.
- Of the sides' strengths we know what was published later. Economies, arms and publics are not there."""

AGREED = f"""\
Of runs that end by agreement, the options of the {" and the ".join(TOLD)}, as the packs name them; beside them what
came nearest to the terms in the end, of the issues that had been raised. A line as held moves with the front. A deep
zone costs the model's leaders nothing and makes an agreement last, which speaks for the deepest that has been raised.
What was agreed at the table before the opening is known as what both accept; it binds nobody."""


def page(found: Check, packs: Sequence[Pack]) -> str:
    """The study in Markdown."""
    parts = [
        "# Wars of the past",
        "Wars between states that are over, opened as small packs of dated facts, and scored on when they ended.",
        _what(found),
        "## When",
        "\n".join(_scores(found)),
        _verdict(found),
        "\n".join(_wars(found)),
        "## How to read it",
        READING,
        "## What it does not know",
        UNKNOWN,
        "## On which terms",
        AGREED,
        "\n".join(_terms(found)),
        *(part for one in found.of(FULL) for part in _full(one)),
        "## Facts",
        "\n".join(facts(packs)),
    ]
    return "\n\n".join(parts) + "\n"


def _what(found: Check) -> str:
    return (
        f"{found.runs:,} runs of up to {found.weeks} weeks from each opening, seed {found.seed}. Made by `{COMMAND}`; "
        "nothing here is written by hand."
    )


def _scores(found: Check) -> Iterator[str]:
    yield (
        "| war | opened | at | weeks to the end | P of the bin: model | base rate | structure alone | gain | "
        "by then: model | base rate | within a year: model | base rate |"
    )
    yield f"| --- | --- | ---: | {' | '.join(['---:'] * 9)} |"
    for one in found.forecasts:
        chances = " | ".join(f"{100 * one.chance[weight]:.2f} %" for weight in (POOLED, BASE, STRUCTURE))
        sums = " | ".join(f"{100 * told[w]:.0f} %" for told in (one.by_end, one.year) for w in (POOLED, BASE))
        yield (
            f"| {one.title} | {one.day} | {100 * one.share:.0f} % | {one.weeks} | {chances} | "
            f"{signed(one.gain())} | {sums} |"
        )


def _verdict(found: Check) -> str:
    mean, error = found.gain()
    alone, alone_error = found.gain(STRUCTURE)
    openings, wars = len(found.forecasts), len(found.by_war())
    return (
        f"Mean gain over {openings} openings of {wars} wars: **{signed(mean)}**, standard error {error:.2f} "
        f"over the means of wars; of the structure alone {signed(alone)}, {alone_error:.2f}. {_word(mean, error)}"
    )


def _word(mean: float, error: float) -> str:
    """What the figures allow to be said."""
    if not np.isfinite(error):
        return "One war has no error to speak of."
    if abs(mean) < 2 * error:
        return "Nothing tells the model from the base rate here."
    side = "ahead of" if mean > 0 else "behind"
    return f"The model is {side} the base rate by more than two standard errors, of four observations."


def _wars(found: Check) -> Iterator[str]:
    yield "| mean gain | model | structure alone |"
    yield "| --- | ---: | ---: |"
    alone = found.by_war(STRUCTURE)
    for name, gain in found.by_war().items():
        yield f"| {found.of(name)[0].title} | {signed(gain)} | {signed(alone[name])} |"


def signed(value: float) -> str:
    """A gain with its sign, a true minus."""
    return f"{value:+.2f}".replace("-", "−")


def _terms(found: Check) -> Iterator[str]:
    yield f"| war | opened | runs that agree | likeliest, first {LISTED} | what came | share | rank |"
    yield "| --- | --- | ---: | --- | --- | ---: | ---: |"
    for one in found.forecasts:
        likely = ", ".join(f"{_named(t.options)} {100 * t.share:.0f} %" for t in one.terms[:LISTED])
        yield f"| {one.title} | {one.day} | {one.agreements:,} of {found.runs:,} | {likely} | {_came(one)} |"


def _named(options: Sequence[str]) -> str:
    return " + ".join(options)


def _came(one: Forecast) -> str:
    if one.came is None:
        return "not raised yet | – | –"
    rank = f"{one.rank} of {len(one.terms)}" if one.rank else "–"
    return f"{_named(one.came)} | {100 * one.foreseen:.1f} % | {rank}"


def _full(one: Forecast) -> Iterator[str]:
    """All lines and zones of one opening."""
    if not any(len(term.options) > 1 for term in one.terms):
        return
    lines = list(dict.fromkeys(term.options[0] for term in one.terms))
    zones = list(dict.fromkeys(term.options[1] for term in one.terms))
    share = {term.options: term.share for term in one.terms}
    rows = [f"| {one.title}, opened on {one.day} | {' | '.join(zones)} | any zone |"]
    rows.append(f"| --- | {' | '.join('---:' for _ in zones)} | ---: |")
    for line in lines:
        cells = [share.get((line, zone), 0.0) for zone in zones]
        marked = [_cell(part, (line, zone) == one.came) for part, zone in zip(cells, zones, strict=True)]
        rows.append(f"| {line} | {' | '.join(marked)} | {_cell(sum(cells), False)} |")
    any_line = [sum(share.get((line, zone), 0.0) for line in lines) for zone in zones]
    rows.append(f"| any line | {' | '.join(_cell(part, False) for part in any_line)} | {_cell(sum(any_line), False)} |")
    yield "\n".join(rows)


def _cell(share: float, came: bool) -> str:
    return f"**{100 * share:.1f} %**" if came else f"{100 * share:.1f} %"


def facts(packs: Sequence[Pack]) -> Iterator[str]:
    """Lines of the table of facts."""
    yield "| pack | fought | facts | of trust A | B | C | D | lands, forts of stake in each |"
    yield "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |"
    for one in packs:
        trust = Counter[str](fact.trust for fact in one.facts)
        lands = ", ".join(f"{land.name} {land.forts:g}" for land in one.lands)
        counts = " | ".join(str(trust[grade]) for grade in "ABCD")
        yield f"| {one.title} | {one.started} to {one.ended} | {len(one.facts)} | {counts} | {lands} |"


def screen(found: Check) -> str:
    """The scores as plain lines, for a terminal."""
    head = f"{'war':<26}{'opened':<12}{'weeks':>6}{'model':>9}{'base':>9}{'alone':>9}{'gain':>8}"
    lines = [
        f"{one.title[:25]:<26}{one.day!s:<12}{one.weeks:>6}"
        + "".join(f"{100 * one.chance[weight]:>8.2f}%" for weight in (POOLED, BASE, STRUCTURE))
        + f"{signed(one.gain()):>8}"
        for one in found.forecasts
    ]
    return "\n".join([head, *lines, _verdict(found).replace("**", "")])


def main(path: Path = PAGE) -> None:
    """Open and score all packs again, which takes some minutes, and write the page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(check(), [pack.load(name) for name in pack.packs()]), encoding="utf-8")


if __name__ == "__main__":
    main()
