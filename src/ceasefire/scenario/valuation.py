"""Valuation: what fighting on is worth to each side, as fitted on wars fought on without agreement, kept as a file.

A fit takes minutes (`simulate/training.py`), so each is kept by a mark of what it was made from: the war file, the
priors of the model, the evidence and the opening. Shipped scenarios carry theirs; others lie in the cache. A war opened
on another day borrows the latest fit of the same war that was opened no later: what is fitted is how value follows from
the state of the war, and that state is the opening's own. Where there is none, values follow the law of forts.

Left out: how uncertain the coefficients are; a fit tells how well it explains wars it has not seen.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ceasefire.evidence import whole
from ceasefire.evidence.error import CeasefireError
from ceasefire.model import war as model
from ceasefire.model.declare import declared
from ceasefire.model.resolve import READINGS
from ceasefire.scenario.spec import LIBRARY, Scenario, War

FloatArray = NDArray[np.float64]

SHIPPED = LIBRARY / "values"
FORMAT = 1
DATED = {"value", "record", "fused", "talks", "deadlines", "polls", "reported"}
"""Parts of a war file that count from a day on, or not at all."""
MOST_BYTES = 2 * 2**20


class ValuationError(CeasefireError):
    """A kept fit that cannot be read or written."""


@dataclass(frozen=True)
class Valuation:
    """Values of fighting on as a linear function of what a side knows and believes (`resolve.READINGS`)."""

    scenario: str
    opening: dt.date
    mark: str
    """Of all that it was made from."""
    war: str
    """Of the war file and the priors of the model alone."""
    coefficients: FloatArray
    """[side, reading]"""
    low: FloatArray
    """[side, reading] least of the states learned from."""
    high: FloatArray
    """[side, reading]"""
    fit: dict[str, Any]
    """How good it is, and what a revision of it needs."""

    def told(self, scenario: Scenario) -> str:
        """Where values come from, in words."""
        if self.opening == scenario.opening:
            return f"fitted for {self.scenario}"
        return f"fitted for {self.scenario}, opened on {self.opening}"


FORTS = "the law of forts; nothing was fitted"
"""Where values come from if there is no fit."""


@cache
def _priors() -> str:
    """A mark of every declared prior and of the readings."""
    told = [f"{v.name} {v.prior!r}" for part in model.SUBSYSTEMS for v in declared(part) if v.kind == "parameter"]
    return _mark("\n".join([*told, *READINGS]))


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def mark_of_war(war: War) -> str:
    """Mark of what a war file says whatever the day, and of the priors of the model."""
    return _mark(war.model_dump_json(exclude=DATED) + _priors())


def mark_of(scenario: Scenario, evidence_hash: str) -> str:
    """Mark of all that a fit depends on; nothing that became known after the opening is in it."""
    told = (*scenario.known_values(), *scenario.records(), *scenario.fusions(), *scenario.war.polls)
    known = [entry.model_dump_json() for entry in told]
    known += [talks.model_dump_json() for talks in scenario.war.talks if talks.announced <= scenario.opening]
    known += [day.model_dump_json() for day in scenario.war.deadlines if day.announced <= scenario.opening]
    return _mark("\n".join([mark_of_war(scenario.war), *known, str(scenario.opening), evidence_hash]))


def find(scenario: Scenario, evidence_hash: str) -> Valuation | None:
    """The fit of a scenario, else the latest of the same war that was opened no later; None where there is none."""
    exact, war = mark_of(scenario, evidence_hash), mark_of_war(scenario.war)
    kept = [found for found in _kept() if found.war == war and found.opening <= scenario.opening]
    own = [found for found in kept if found.mark == exact]
    shipped = [found for found in kept if (SHIPPED / f"{found.scenario}.json").is_file()]
    return own[0] if own else max(shipped, key=lambda found: found.opening, default=None)


def _kept() -> Iterator[Valuation]:
    """Every fit that can be read, shipped ones first."""
    for folder in (SHIPPED, folder_of_own()):
        for path in sorted(folder.glob("*.json")) if folder and folder.is_dir() else ():
            try:
                yield read(path)
            except ValuationError:
                continue


def folder_of_own() -> Path | None:
    """Where fits of other scenarios are kept; None where keeping is turned off."""
    chosen = os.environ.get("CEASEFIRE_CACHE")
    if chosen == "":
        return None
    try:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ceasefire"
    except RuntimeError:
        return None
    return (Path(chosen) if chosen else base) / "values"


def read(path: Path) -> Valuation:
    """Read a kept fit. Raises `ValuationError` where it is none, or one of another version."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValuationError(f"{path.name} is larger than {MOST_BYTES:,} bytes; it is no kept fit")
        told = json.loads(path.read_text(encoding="utf-8"))
        if told["format"] != FORMAT or tuple(told["readings"]) != READINGS:
            raise ValuationError(f"{path.name} was fitted by another version; `ceasefire fit` makes it anew")
        tables = {name: np.array(told[name], dtype=np.float64) for name in ("coefficients", "low", "high")}
        if any(table.shape != (2, len(READINGS)) or not np.isfinite(table).all() for table in tables.values()):
            raise ValuationError(f"{path.name} is damaged; `ceasefire fit` makes it anew")
        opening = dt.date.fromisoformat(told["opening"])
        return Valuation(told["scenario"], opening, told["mark"], told["war"], **tables, fit=told["fit"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValuationError(f"cannot read the kept fit {path.name}: {type(error).__name__}") from None


def write(found: Valuation, folder: Path) -> Path:
    """Keep a fit as a file, written aside and renamed. Raises `ValuationError` where it cannot be."""
    told = {
        "format": FORMAT,
        "scenario": found.scenario,
        "opening": str(found.opening),
        "mark": found.mark,
        "war": found.war,
        "readings": list(READINGS),
        **{name: getattr(found, name).tolist() for name in ("coefficients", "low", "high")},
        "fit": found.fit,
    }
    path = folder / f"{found.scenario}.json"
    try:
        whole.write(path, json.dumps(told, ensure_ascii=False, indent=1, allow_nan=False) + "\n")
    except OSError as error:
        raise ValuationError(f"cannot keep the fit in {folder}: {error.strerror or error}") from None
    return path


def rounded(table: FloatArray) -> FloatArray:
    """A table to ten digits, as single precision needs: what is kept is what was used."""
    return np.array([[0.0 if not value else round(value, 9 - _magnitude(value)) for value in row] for row in table])


def _magnitude(value: float) -> int:
    return math.floor(math.log10(abs(value)))
