"""An ablation as text."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ceasefire.study.ablate import HELPS, NO_DIFFERENCE, NOTHING, VERDICTS, Ablation, Share
from ceasefire.study.whatif import Effect
from ceasefire.view.text import clean
from ceasefire.view.whatif import NONE, short

NAME = 34
COLUMNS = ("area", "people_lost", "fighting_ended", "towns_changed")


def text(found: Ablation) -> str:
    """One line a coupling: its verdict, its score, and what taking it out changes at the last week."""
    wars = f"{found.runs:,} wars of {found.weeks} weeks, with and without each"
    lines = [
        clean(f"{found.title} · from {found.opening}: every coupling taken out in turn"),
        f"{wars}; changes at week {found.weeks}, ± half the 95 % interval",
    ]
    if found.origins:
        lines.append(
            f"Backtest: {len(found.origins)} origins {found.origins[0]} to {found.origins[-1]}, {found.draws} draws; "
            "CRPS without it against with it, more than 0 means that it helps; 95 % interval over origins"
        )
    lines += ["", *_table(found), "", *_verdicts(found)]
    return "\n".join(lines)


def _table(found: Ablation) -> Iterator[str]:
    outputs = found.removed[0].headline.outputs
    rows = [row for row, output in enumerate(outputs) if output.name in COLUMNS]
    heads = [_head(outputs[row].name, outputs[row].labels) for row in rows]
    yield f"{'Without':{NAME}}{'verdict':>19}{'CRPS, %':>23}" + "".join(f"{head:>20}" for head in heads)
    for removed in found.removed:
        cells = [_cell(removed.headline.effect(row, found.weeks), outputs[row].unit) for row in rows]
        told = "".join(f"{cell:>20}" for cell in cells)
        yield f"{removed.name:{NAME}}{removed.verdict:>19}{_score(removed.score):>23}{told}"
        yield f"  {removed.cause} → {removed.effect}"


def _head(name: str, labels: tuple[str, ...]) -> str:
    names = {"area": "ground, km²", "people_lost": "people lost", "fighting_ended": "ended", "towns_changed": "towns"}
    return f"{names[name]} {','.join(labels)}".strip()


def _cell(effect: Effect, unit: str) -> str:
    return NONE if effect.higher == effect.lower == 0 else short(effect, unit)


def _score(score: Share | None) -> str:
    if score is None or math.isnan(score.value):
        return "–"
    value, low, high = (_signed(100 * part) for part in (score.value, score.low, score.high))
    return f"{value} ({low} to {high})"


def _signed(value: float) -> str:
    if math.isnan(value):
        return "–"
    return f"{value:+.1f}".replace("-", "−") if round(value, 1) else "0"


def _verdicts(found: Ablation) -> Iterator[str]:
    """A sentence for each verdict."""
    for verdict in VERDICTS:
        named = [removed for removed in found.removed if removed.verdict == verdict]
        if named:
            yield f"{verdict[0].upper()}{verdict[1:]}: {', '.join(removed.name for removed in named)}."
    if any(removed.verdict == NOTHING for removed in found.removed):
        yield "What does nothing moves neither the headline nor the score; it may move numbers beyond them (whatif)."
    if found.origins:
        yield f"By luck alone about {0.05 * len(found.removed):.1g} of {len(found.removed)} would seem to help or hurt."
    idle = [r.name for r in found.removed if r.verdict in (NO_DIFFERENCE, NOTHING)]
    if found.origins and idle:
        earn = "earns" if len(idle) == 1 else "earn"
        yield f"Of {len(found.removed)} couplings, {len(idle)} {earn} nothing that this backtest can see."
    if found.origins and not any(removed.verdict == HELPS for removed in found.removed):
        yield "No coupling is seen to help."
