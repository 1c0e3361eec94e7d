"""What is being looked at: the scenario, the answer in three sentences, and how to get it again."""

from __future__ import annotations

import xarray

from ceasefire.study.summary import Label, Summary
from ceasefire.view import text
from ceasefire.view.web.replies import Named, War

BORDERS = (
    "Ukraine's borders of 1991, Crimea and Donbas included. Colours tell who holds ground, and claim nothing about "
    "whose it is."
)


def told(result: xarray.Dataset, summary: Summary) -> War:
    """The head of the page for a forecast that is there."""
    return War(
        scenario=summary.scenario,
        title=summary.title,
        question=summary.question,
        background=list(summary.background),
        opening=str(summary.opening),
        ready=True,
        sentences=list(text.sentences(summary)),
        weeks=summary.weeks,
        dates=[str(day) for day in summary.dates],
        horizons=list(summary.horizons),
        sides=[Named(key=side.key, name=side.name) for side in summary.sides],
        axes=[_named(axis) for axis in summary.axes],
        runs=summary.runs_used,
        failed_runs=summary.failed_runs,
        seed=summary.seed,
        version=summary.version,
        fingerprint=str(result.attrs.get("fingerprint", "")),
        evidence_as_of=summary.evidence_as_of,
        command=summary.command,
        borders=BORDERS,
        unknown=list(summary.notes),
    )


def _named(label: Label) -> Named:
    return Named(key=label.key, name=label.name)
