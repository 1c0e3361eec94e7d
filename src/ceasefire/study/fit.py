"""Fit: what fighting on is worth to each side of a war, fitted on purpose, and how well the fit does."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.model.resolve import READINGS
from ceasefire.scenario import valuation
from ceasefire.scenario.spec import Scenario
from ceasefire.scenario.start import open_war
from ceasefire.scenario.valuation import Valuation
from ceasefire.simulate import training
from ceasefire.simulate.cache import keep_compiled
from ceasefire.simulate.pool import Workers
from ceasefire.study.forecast import opened

STRONGEST = 8
"""Readings that are told of each side."""


def fit(
    scenario: str | Path | Scenario,
    *,
    on: str | dt.date | None = None,
    evidence: str | Path | None = None,
    out: Path | None = None,
    workers: Workers = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> tuple[Valuation, Path | None]:
    """Fit the values of fighting on of a scenario and keep them; returns them, and where they are kept.

    Raises `CeasefireError` where the scenario cannot be opened, or the fit cannot be kept in `out`.
    """
    asked = opened(scenario, on)
    start = open_war(asked, Vintage(Store.open(evidence), asked.opening))
    keep_compiled()
    found = training.fit(start, workers=workers, on_progress=on_progress)
    folder = out or valuation.folder_of_own()
    return found, valuation.write(found, folder) if folder else None


def text(found: Valuation) -> str:
    """How good the fit is and what moves value most, for a terminal."""
    fit = found.fit
    lines = [
        f"{found.scenario}, {found.opening}: {fit['samples']:,} states of {fit['runs']} wars of {fit['weeks']} weeks",
        f"Passes: {fit['passes']}, last moved by {fit['moved'][-1]:.4f}"
        + ("" if fit["converged"] else "; not stable, the tolerance is .005"),
    ]
    for side, name in enumerate(("first", "second")):
        lines.append(
            f"The {name} side: {100 * fit['r2'][side]:.0f} % of the variance of what wars brought, out of fold; "
            f"root mean square error {fit['rmse'][side]:.3f} of its war aims, most of it luck"
        )
        effect = np.array(fit["standardised"])[side]
        strongest = [int(k) for k in np.argsort(-np.abs(effect)) if k][:STRONGEST]
        lines += [f"    {READINGS[k]:22} {effect[k]:+.3f} per standard deviation" for k in strongest]
    return "\n".join(lines)


def to_json(found: Valuation) -> str:
    """The fit as JSON: coefficients by side and reading, ranges, quality."""
    tables = {
        name: [dict(zip(READINGS, map(float, row), strict=True)) for row in getattr(found, name)]
        for name in ("coefficients", "low", "high")
    }
    quality = {
        key: found.fit[key] for key in ("samples", "runs", "weeks", "r2", "rmse", "passes", "moved", "converged")
    }
    told = {"scenario": found.scenario, "opening": str(found.opening), **quality, **tables}
    return json.dumps(told, ensure_ascii=False, indent=1, allow_nan=False)
