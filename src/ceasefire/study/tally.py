"""Tally: sums and counts of any number of runs in a memory that does not grow with them.

Everything is whole numbers, so that parts can be gathered in any order, by anybody, and come out the same to the last
bit. A sum holds a number as four whole ones,

    x = a · 2⁴⁰ + b + c · 2⁻⁴⁰ + d · 2⁻⁸⁰,   |b| ≤ 2³⁹, |c| ≤ 2³⁹, |d| ≤ 2³⁹,

exact to 2⁻⁸¹ for |x| < 2⁷⁹ and up to 10⁷ runs, so that squares of small differences count too. A histogram counts
numbers between fixed edges, 32 to each power of 2 from 2⁻¹² to 2²⁴ on either side of 0; a quantile is interpolated
between the edges of the bin that holds it, and is right to a width of it, 2 to 3 % of its size.

Left out: what is not finite (such runs are counted as failed and left out by the caller).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Counts = NDArray[np.int64]

STEP = 40
"""Bits between the whole numbers of a sum."""
BITS = 5
"""Bits of the mantissa that tell the bins of a power of 2 apart."""
SCALES = (STEP, 0, -STEP, -2 * STEP)
"""Powers of 2 that the whole numbers of a sum count."""
LOWEST, HIGHEST = -12, 24
"""Powers of 2 between which a histogram tells numbers apart."""


@dataclass
class Sum:
    """Exact sums of numbers, [...]."""

    limbs: Counts
    """a, b, c and d, [4, ...]."""

    @classmethod
    def zero(cls, *shape: int) -> Sum:
        """Sums of no numbers yet."""
        return cls(np.zeros((len(SCALES), *shape), dtype=np.int64))

    def add(self, values: NDArray[np.floating[Any]]) -> None:
        """Take in numbers [..., run]. Raises `ValueError` for what is not finite, or beyond 2⁷⁹."""
        if not (np.abs(values) < 2.0**79).all():
            raise ValueError("a number that is not finite, or beyond 2⁷⁹, cannot be added up exactly")
        rest = values if values.dtype == np.longdouble else values.astype(np.float64)
        for limb, scale in enumerate(SCALES):
            whole = np.rint(np.ldexp(rest, -scale))
            self.limbs[limb] += whole.astype(np.int64).sum(axis=-1)
            rest = rest - np.ldexp(whole, scale)

    def merge(self, other: Sum) -> None:
        """Take in another sum."""
        self.limbs += other.limbs

    def value(self) -> NDArray[np.longdouble]:
        """The sums [...]."""
        parts = zip(self.limbs.astype(np.longdouble), SCALES, strict=True)
        return np.asarray(sum(np.ldexp(limb, scale) for limb, scale in parts))


def edges() -> FloatArray:
    """Edges of the bins, from lowest to highest; the bin around 0 reaches from −2⁻¹² to 2⁻¹²."""
    mantissa = 1 + np.arange(2**BITS) / 2**BITS
    positive = np.append((2.0 ** np.arange(LOWEST, HIGHEST)[:, None] * mantissa).ravel(), 2.0**HIGHEST)
    return np.concatenate([-positive[::-1], positive])


EDGES = edges()
BINS = len(EDGES) + 1
"""Bins of a histogram: between the edges, and one beyond at either end."""


@dataclass
class Histogram:
    """Counts of numbers [...] between fixed edges."""

    counts: Counts
    """[..., bin]"""

    @classmethod
    def zero(cls, *shape: int) -> Histogram:
        """Counts of no numbers yet."""
        return cls(np.zeros((*shape, BINS), dtype=np.int64))

    def add(self, values: FloatArray) -> None:
        """Take in numbers [..., run]; a number on an edge counts as above it."""
        bins = np.searchsorted(EDGES, values, side="right")
        cell = np.arange(self.counts.size // BINS).reshape(*bins.shape[:-1], 1)
        np.add.at(self.counts.reshape(-1), (cell * BINS + bins).reshape(-1), 1)

    def merge(self, other: Histogram) -> None:
        """Take in another histogram."""
        self.counts += other.counts

    def quantiles(self, levels: Sequence[float]) -> FloatArray:
        """Quantiles [level, ...], interpolated within the bin; NaN where nothing was counted.

        Beyond the outermost edges the edge itself is told, and 0 within the bin around it.
        """
        reached = self.counts.cumsum(axis=-1)
        total = reached[..., -1:]
        low, high = np.append(-(2.0**HIGHEST), EDGES), np.append(EDGES, 2.0**HIGHEST)
        middle = BINS // 2
        low[middle] = high[middle] = 0.0
        found = np.full((len(levels), *total.shape[:-1]), np.nan)
        for row, level in enumerate(levels):
            wanted = level * total
            place = (reached < np.maximum(wanted, 0.5)).sum(axis=-1, keepdims=True).clip(max=BINS - 1)
            inside = np.take_along_axis(self.counts, place, axis=-1)
            before = np.take_along_axis(reached, place, axis=-1) - inside
            share = (wanted - before) / np.maximum(inside, 1)
            value = low[place] + np.clip(share, 0.0, 1.0) * (high[place] - low[place])
            found[row] = np.where(total > 0, value, np.nan)[..., 0]
        return found
