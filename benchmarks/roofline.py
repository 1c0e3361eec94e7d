"""What the C reference does for each cell, side and run, what the core can do at most, and so what bounds it."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from benchmarks import native
from ceasefire.model import front


class Work(NamedTuple):
    """Operations on one number, counted by hand in `step.c`."""

    flops: float = 0
    """Additions and multiplications of reals, one each (compilers may fuse pairs)."""
    whole: float = 0
    """Additions, shifts, rotations and logic of whole numbers; comparisons, choices and conversions."""
    divisions: float = 0
    moved: float = 0
    """Bytes that leave or enter the core's own caches."""

    def times(self, number: float) -> Work:
        """So many of them."""
        return Work(*(number * each for each in self))

    def plus(self, other: Work) -> Work:
        """Both."""
        return Work(*(a + b for a, b in zip(self, other, strict=True)))


EXPONENTIAL = Work(flops=16, whole=6)
LOGARITHM = Work(flops=14, whole=5, divisions=1)
NOISE = Work(flops=2, whole=42)
"""Half of Threefry-2x32-20 (20 · 3 + 20, one call serves both sides), and one number of it into (0, 1)."""


def per_place(features: int) -> dict[str, Work]:
    """Work by phase for each cell in reach, side and run and week; `fade`: for each cell of the map."""
    own = Work(flops=26 + features, whole=12, divisions=1, moved=16)
    return {
        "noise": NOISE,
        "weight": own.plus(LOGARITHM.times(3)).plus(EXPONENTIAL),
        "search": Work(flops=5, whole=1, divisions=1).times(front.SEARCH_STEPS + 1).plus(Work(moved=8)),
        "move": Work(flops=15, whole=4, divisions=1, moved=16),
        "fade": Work(flops=8, moved=8),
    }


class Peak(NamedTuple):
    """Per second: what the core does at most, measured."""

    flops: float
    whole: float
    divisions: float
    moved: float

    def least_seconds(self, work: Work) -> float:
        """Time that the work takes at these rates, one kind of it after the other."""
        return sum(each / most for each, most in zip(work, self, strict=True))


def peak() -> Peak:
    """Measure it, the best of several short tries."""
    code = native.build("peak.c", flags=("-ffp-contract=off",))
    code.arithmetic.argtypes, code.arithmetic.restype = [ctypes.c_long, ctypes.c_float, ctypes.c_float], ctypes.c_float
    code.whole.argtypes = [ctypes.c_long, ctypes.c_uint32]
    code.divide.argtypes, code.divide.restype = [ctypes.c_long, ctypes.c_float], ctypes.c_float
    code.copy.argtypes = [ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
    times, bytes_ = 2_000_000, 6 * 2**20
    arrays = [np.zeros(bytes_ + 64, np.uint8) for _ in range(2)]
    starts = [array.ctypes.data + -array.ctypes.data % 64 for array in arrays]
    return Peak(
        flops=times * 16 * 16 / _best(lambda: code.arithmetic(times, 1.0000001, 1e-7)),
        whole=times * 24 * 16 / _best(lambda: code.whole(times, 3)),
        divisions=times // 4 * 8 * 16 / _best(lambda: code.divide(times // 4, 0.5)),
        moved=10 * 2 * bytes_ / _best(lambda: code.copy(10, *starts, bytes_ // 64)),
    )


def _best(work: Callable[[], object], tries: int = 7) -> float:
    found = []
    for _ in range(tries):
        begun = time.perf_counter()
        work()
        found.append(time.perf_counter() - begun)
    return min(found)
