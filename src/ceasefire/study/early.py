"""Early: what the first wars of a forecast say, while the others are still fought."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ceasefire.model.bargaining import WAR
from ceasefire.scenario.start import Start
from ceasefire.simulate.run import CHUNK, Chunk

FIRST = 2
"""Chunks that are told of, from the first on: the same wars however the work is shared out."""


@dataclass(frozen=True)
class Early:
    """The first wars of a forecast; those that failed are left out."""

    wars: int
    of: int
    """How many were asked for."""
    weeks: int
    side: str
    """Name of the first side."""
    ended: int
    """Wars in which the fighting ended within the horizon, whether or not it resumed."""
    gain: tuple[float, float, float]
    """Ground that the first side wins over all weeks: 5, 50 and 95 %, km²."""


class Watch:
    """Looks at chunks as they come in, and tells once of the first ones."""

    def __init__(self, start: Start, runs: int, weeks: int, tell: Callable[[Early], None]) -> None:
        self.side = start.scenario.war.sides[0].name
        self.runs, self.weeks, self.tell = runs, weeks, tell
        self.seen: dict[int, Chunk] = {}

    def __call__(self, number: int, chunk: Chunk) -> None:
        """Take in a chunk. Nothing is told of a forecast that is no longer than its beginning."""
        if number >= FIRST or self.runs <= FIRST * CHUNK:
            return
        self.seen[number] = chunk
        if len(self.seen) < FIRST:
            return
        chunks = [self.seen[place] for place in sorted(self.seen)]
        ok = np.concatenate([chunk.ok for chunk in chunks])
        ended = np.concatenate([(chunk.series["bargaining.phase"] != WAR).any(axis=0) for chunk in chunks])[ok]
        gain = np.concatenate([_gain(chunk) for chunk in chunks])[ok]
        self.seen.clear()
        if len(gain):
            low, middle, high = np.quantile(gain, (0.05, 0.5, 0.95)).tolist()
            self.tell(Early(len(gain), self.runs, self.weeks, self.side, int(ended.sum()), (low, middle, high)))


def _gain(chunk: Chunk) -> np.ndarray:
    taken = chunk.series["front.taken"].astype(np.float64)
    won: np.ndarray = (taken[:, 0] - taken[:, 1] + chunk.series["front.ceded"]).sum(axis=(0, 1))
    return won
