"""Influence of sources as text."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ceasefire.study.influence import GRADES, Dropped, Headline, Influence, told_rows
from ceasefire.study.measure import Output
from ceasefire.view.text import clean
from ceasefire.view.whatif import NONE, short

NAME = 38
MOST = 12
"""Numbers that are told of for each headline."""
FEW = 3
"""Numbers of a source that are named."""
HEADS = {"area": "ground, km²", "people_lost": "people lost", "fighting_ended": "ended"}


def text(found: Influence) -> str:
    """One line a source: what the headline changes without it; then what new claims would be worth."""
    lines = [
        clean(f"{found.title} · from {found.opening}: every source dropped in turn"),
        (
            f"{found.runs:,} wars of {found.weeks} weeks, with and without each, with the same luck; "
            "changes, ± half the 95 % interval"
        ),
        "",
        *_table(found.dropped),
        "",
    ]
    for headline in found.headlines:
        lines += [*_headline(headline), ""]
    lines += [
        (
            "Sd of the headline over runs, and as expected after one new claim of grade "
            f"{', '.join(GRADES)} about the number; R² with its 95 % interval, one number at a time."
        ),
        "Of the numbers that are seen to matter, at most one is expected to by luck; more wars show more of them.",
    ]
    return "\n".join(lines)


def _table(dropped: tuple[Dropped, ...]) -> Iterator[str]:
    if not dropped:
        yield "No source moves a number of the opening."
        return
    first = dropped[0].headline
    rows = told_rows(first.outputs, first.weeks)
    heads = "".join(f"{_head(first.outputs[row], week):>24}" for row, week in rows)
    yield f"{'Without':{NAME}}{heads}"
    for each in dropped:
        cells = "".join(f"{_cell(each, row, week):>24}" for row, week in rows)
        yield f"{clean(each.source)[: NAME - 1]:{NAME}}{cells}"
        more = f" and {len(each.numbers) - FEW} more" if len(each.numbers) > FEW else ""
        yield f"  {', '.join(each.numbers[:FEW])}{more}"


def _head(output: Output, week: int) -> str:
    return f"{HEADS[output.name]} {','.join(output.labels)}".strip() + f", w{week}"


def _cell(dropped: Dropped, row: int, week: int) -> str:
    effect = dropped.headline.effect(row, week)
    return NONE if effect.higher == effect.lower == 0 else short(effect, dropped.headline.outputs[row].unit)


def _headline(headline: Headline) -> Iterator[str]:
    name = _head(headline.output, headline.week)
    seen = [each for each in headline.worth if each.seen]
    yield f"{name}: sd {_number(headline.sd)}; of {len(headline.worth)} numbers, {len(seen)} are seen to matter"
    for each in seen[:MOST]:
        share = f"{100 * each.share:.0f} % ({100 * each.share_low:.0f} to {100 * each.share_high:.0f})"
        after = " / ".join(_number(sd) for sd in each.after)
        band = f"{each.low:.4g} / {each.middle:.4g} / {each.high:.4g} {each.unit}"
        yield f"  {each.number[:NAME]:{NAME}}  R² {share:18} sd {after:28} now {band}"


def _number(value: float) -> str:
    if math.isnan(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
