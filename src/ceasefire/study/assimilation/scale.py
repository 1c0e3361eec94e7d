"""Scales: states of wars as rows without bounds, and back.

What is positive goes as ln(x + c), c a thousandth of its mean over the runs, so that stocks may be empty; a share as
its log odds; everything else as it is, and back within its bounds. Each row keeps the labels of what it is of.

Not rows: the map and its momentum, which are observed; whole numbers and switches, which are regimes; roads, which
follow the map; what is remembered of the opening (`…_opening`, `usual_…`), which does not change in a war. Books hold
all the same: they say that what a week closes with is what it opened with and what flowed in it, and the filter acts
between weeks, on what the next one opens with.

With the states go the levels that they return to (`LEVELS`), which are parameters: what many weeks say of a state they
say of its level, and without that a forecast would go back to what was thought at the opening.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from ceasefire.model import war
from ceasefire.model.declare import SHARE, Bounds, Variable, declared

FloatArray = NDArray[np.float64]
Labels = Mapping[str, frozenset[str]]
"""What a number is of: labels by dimension, all of them where a dimension is left out."""
Find = Callable[[str], NDArray[Any]]
"""A number of all runs by its dotted name, [..., run]."""

NOT_ROWS = (
    "front.held",
    "front.momentum",
    "breach.factor",
    "patrons.on",
    "patrons.aligned",
    "siege.weeks_besieged",
    "bargaining.taken_up",
)
LEVELS = ("front.budget_mean", "front.tempo_mean", "attrition.casualty_rate", "attrition.loss_rate")
"""Parameters that are moved like states (augmentation: Anderson 2001, Monthly Weather Review 129, 2884)."""
ALIASES = {"munition": "weapon"}
"""Dimensions with the same labels: what is launched is also made."""
TRACE = 1e-3
CERTAIN = 1e-6
"""Shares are kept this far from 0 and 1 before their log odds are taken."""


@dataclass(frozen=True)
class Row:
    """One number that the filter moves."""

    name: str
    place: tuple[int, ...]
    labels: Labels
    bounds: Bounds


def rows(find: Find, labels: Mapping[str, Sequence[str]]) -> tuple[Row, ...]:
    """Every number that the filter may move."""
    return tuple(_rows(find, labels))


def _rows(find: Find, labels: Mapping[str, Sequence[str]]) -> Iterator[Row]:
    for subsystem in war.SUBSYSTEMS:
        for variable in declared(subsystem):
            if variable.name not in LEVELS and not _moves(variable):
                continue
            values, dims = find(variable.name), variable.dims[:-1]
            if values.dtype.kind != "f":
                continue
            for place in np.ndindex(*values.shape[:-1]):
                of = {d: frozenset([labels[d][k]]) for d, k in zip(dims, place, strict=True) if d in labels}
                yield Row(variable.name, place, _aliased(of), variable.bounds)


def _moves(variable: Variable) -> bool:
    """Whether a quantity is a state that the filter may move."""
    owner, _, field = variable.name.partition(".")
    if variable.kind != "state" or variable.derived or variable.name in NOT_ROWS or owner == "logistics":
        return False
    return not (field.endswith("_opening") or field.startswith("usual_"))


def _aliased(of: Labels) -> Labels:
    return {ALIASES.get(dim, dim): told for dim, told in of.items()}


def meet(one: Labels, other: Labels) -> bool:
    """Whether two numbers share a label of every dimension that both have."""
    return all(one[dim] & other[dim] for dim in one.keys() & other.keys())


def values(find: Find, listed: Sequence[Row], runs: int) -> FloatArray:
    """Rows as they are, [row, run]."""
    told = [find(row.name)[row.place][:runs] for row in listed]
    return np.array(told, dtype=np.float64).reshape(len(listed), runs)


def of_state(state: war.State, name: str) -> NDArray[Any]:
    """A number of a state by its dotted name, [..., run]."""
    owner, _, field = name.partition(".")
    found: NDArray[Any] = getattr(getattr(state, owner), field)
    return found


def offsets(listed: Sequence[Row], anchors: Mapping[str, FloatArray], runs: int) -> FloatArray:
    """What is added to each row, [row, run], from what is added to states by dotted name."""
    told = np.zeros((len(listed), runs))
    for k, row in enumerate(listed):
        if row.name in anchors:
            told[k] = anchors[row.name][row.place][:runs]
    return told


def traces(plain: FloatArray) -> FloatArray:
    """c of each row, [row]."""
    return TRACE * np.abs(plain).mean(axis=1) + 1e-12


def forward(plain: FloatArray, listed: Sequence[Row], trace: FloatArray) -> FloatArray:
    """Rows on scales without bounds."""
    told = plain.copy()
    for k, row in enumerate(listed):
        if row.bounds == SHARE:
            told[k] = logit(np.clip(plain[k], CERTAIN, 1 - CERTAIN))
        elif row.bounds == (0.0, np.inf):
            told[k] = np.log(np.maximum(plain[k], 0.0) + trace[k])
    return told


def back(told: FloatArray, listed: Sequence[Row], trace: FloatArray) -> FloatArray:
    """Rows as they are, within their bounds."""
    plain = told.copy()
    for k, row in enumerate(listed):
        if row.bounds == SHARE:
            plain[k] = expit(told[k])
        elif row.bounds == (0.0, np.inf):
            plain[k] = np.exp(np.minimum(told[k], 80.0)) - trace[k]
        plain[k] = np.clip(plain[k], *row.bounds)
    return plain


def replaced(
    find: Find, listed: Sequence[Row], plain: FloatArray, reached: NDArray[np.bool_], alive: NDArray[np.bool_]
) -> dict[str, NDArray[Any]]:
    """The arrays in which something was reached, new in the runs that are alive; everything else keeps its bits."""
    changed: dict[str, NDArray[Any]] = {}
    for k in np.flatnonzero(reached).tolist():
        row = listed[k]
        if row.name not in changed:
            changed[row.name] = np.array(find(row.name))
        line = changed[row.name][row.place]
        line[: len(alive)][alive] = plain[k][alive]
    return changed


def put(state: war.State, changed: Mapping[str, NDArray[Any]]) -> war.State:
    """The state with some of its arrays replaced, by dotted name."""
    parts = {}
    for owner in fields(state):
        part = getattr(state, owner.name)
        new = {f.name: changed[f"{owner.name}.{f.name}"] for f in fields(part) if f"{owner.name}.{f.name}" in changed}
        told = {f.name: new.get(f.name, getattr(part, f.name)) for f in fields(part)}
        parts[owner.name] = type(part)(**told)
    return war.State(**parts)
