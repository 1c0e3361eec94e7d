"""Pooling: what the ends of the runs say at another weight of structure, and how sure the chance of an end is.

Each week a cause k of an end has a structural hazard s and a usual one u, that of wars of this age; a run with weight w
ends in the week with chance H = (Σ s)^w · (Σ u)^(1 − w), and by cause k with h ∝ s^w · u^(1 − w). Weight 0 is the base
rate alone, 1 the structure alone.

**Another weight** v needs no new runs (importance sampling). One that ended in week τ by cause k counts
    W = Π_{t < τ} (1 − H_v) / (1 − H_w) · h_v / h_w,   H = Σ_k h,
one that has not ended counts the product alone. The share of n runs in which something happened is Σ W · 1 / n, which
never falls with time; it is worth as many equal runs as would have the same standard error. All together are worth
(Σ W)² / Σ W² (Kish).

**The chance that a war ends**, given what it is and how it goes, is 1 − Π (1 − H) over its weeks. A run that ended has
no later weeks. Those of another take their place (hot deck): of the runs that outlasted its last week, the one most
like it in hazard then and in hazard gathered by then. Whether a war ends in a week is the throw of a coin that only the
hazard weighs, so those that it spared are, of the same hazards, like those that it struck: with many runs nothing is
assumed. Carrying on the last hazard instead would tell of too many ends, as wars end in their most hopeful weeks.

Left out: how the range of that chance divides between what is not known of a war and how it goes; for that each draw
would have to be fought several times.
Sources: importance sampling: Owen 2013, Monte Carlo theory, methods and examples, chapter 9; effective number: Kish
1965, Survey Sampling; hot deck: Andridge and Little 2010, International Statistical Review 78(1).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Of the structure; that of the runs themselves is among them."""
TINY = 1e-12
SURE = 1 - 1e-9
"""No hazard counts as more, so that its log is finite."""


@dataclass(frozen=True)
class Hazards:
    """What could end each run in each week, and what did."""

    structural: FloatArray
    """[week, cause, run], the first week after the opening first."""
    usual: FloatArray
    """[week, cause, run]"""
    weight: FloatArray
    """[run] of the structure, as simulated."""
    ended: IntArray
    """[run] week of the first end, from 1; 0 for none."""
    cause: IntArray
    """[run] what it was; anything where there is none."""

    @cached_property
    def simulated(self) -> FloatArray:
        """Chance of each end in each week at the weights of the runs, [week, cause, run]."""
        return self.at(self.weight)

    def at(self, weight: ArrayLike) -> FloatArray:
        """Chance of each end in each week at some weight, [week, cause, run]; of all together at most 1."""
        each = _pooled(self.structural, self.usual, weight)
        total = _pooled(self.structural.sum(axis=1), self.usual.sum(axis=1), weight)
        return each / np.maximum(each.sum(axis=1, keepdims=True), TINY) * np.minimum(total, 1.0)[:, None]


def _pooled(structural: FloatArray, usual: FloatArray, weight: ArrayLike) -> FloatArray:
    """structural^w · usual^(1 − w)."""
    return np.asarray(structural.clip(TINY) ** weight * usual.clip(TINY) ** (1 - np.asarray(weight)))


def run_weights(hazards: Hazards, weight: float) -> FloatArray:
    """How much each run counts at another weight by the end of each week, [week, run]; the opening, with 1, first."""
    simulated, wanted = hazards.simulated, hazards.at(weight)
    log_spared = _log_spared(wanted) - _log_spared(simulated)
    week, runs = np.arange(len(simulated))[:, None], np.arange(simulated.shape[-1])
    over = np.where(hazards.ended > 0, hazards.ended - 1, len(simulated))
    last, cause = np.minimum(over, len(simulated) - 1), np.clip(hazards.cause, 0, simulated.shape[1] - 1)
    struck = np.log(wanted[last, cause, runs]) - np.log(simulated[last, cause, runs])
    log = np.where(week < over, log_spared, np.where(week == over, struck, 0.0))
    return np.exp(np.concatenate([np.zeros((1, len(runs))), np.cumsum(log, axis=0)]))


def _log_spared(each: FloatArray) -> FloatArray:
    """Log of the chance that no cause ends a run in a week, [week, run]."""
    return np.log1p(-np.minimum(each.sum(axis=1), SURE))


def share(happened: NDArray[np.bool_], weight: FloatArray) -> tuple[float, float]:
    """Weighted share of runs in which something happened, and how many equal runs would be as sure of it."""
    counted = weight * happened
    found = float(min(counted.mean(), 1.0))
    variance = float(counted.var()) / len(counted)
    return found, found * (1 - found) / variance if 0 < found < 1 and variance > 0 else effective(weight)


def effective(weight: FloatArray) -> float:
    """How many runs of equal weight are worth as much (Kish)."""
    return float(weight.sum() ** 2 / (weight**2).sum())


def carried_on(each: FloatArray, ended: IntArray) -> FloatArray:
    """Chances of each end in each week [week, cause, run], those after a run's own end taken from runs like it.

    `ended` [run] is the week of each end, from 1, 0 for none. Where no run went on, the last chances stay.
    """
    told = np.array(each, float)
    log_spared = _log_spared(told)
    gathered = -np.cumsum(log_spared, axis=0)
    for week in range(len(told) - 1, 0, -1):  # the last first, so that a run which is taken is whole
        over, going = np.flatnonzero(ended == week), np.flatnonzero((ended == 0) | (ended > week))
        if not over.size:
            continue
        if not going.size:
            told[week:, :, over] = told[week - 1, :, over].T
            continue
        trait = np.stack([np.log(np.maximum(-log_spared[week - 1], TINY)), gathered[week - 1]], axis=1)
        told[week:, :, over] = told[week:, :, going[_nearest(trait[over], trait[going])]]
    return told


def _nearest(wanted: FloatArray, among: FloatArray) -> IntArray:
    """For each row the row of `among` that is nearest, each column relative to its spread."""
    scale = np.maximum(among.std(axis=0), TINY)
    return np.asarray(cKDTree(among / scale).query(wanted / scale)[1], dtype=np.int64)


def chances(each: FloatArray) -> FloatArray:
    """Chance that each cause has ended a war by the end of each week, [cause, week, run]; the opening first."""
    going = np.exp(np.cumsum(_log_spared(each), axis=0))
    before = np.concatenate([np.ones_like(going[:1]), going[:-1]])
    by_then = np.cumsum(before[:, None] * each, axis=0)
    return np.concatenate([np.zeros_like(by_then[:1]), by_then]).swapaxes(0, 1)
