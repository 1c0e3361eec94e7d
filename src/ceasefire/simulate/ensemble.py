"""Ensemble: many runs of one start, chunk by chunk, on all cores; the same bits however the work is shared out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ceasefire.evidence.error import CeasefireError
from ceasefire.scenario.decree import Schedule
from ceasefire.scenario.start import Start
from ceasefire.simulate import draws
from ceasefire.simulate.draws import Values
from ceasefire.simulate.pool import Pool, Workers, worked
from ceasefire.simulate.run import CHUNK, KEPT, Chunk, Engine

LARGEST_RUNS = 10_000_000
LONGEST_WEEKS = 520


class RequestError(CeasefireError):
    """More runs, weeks or workers were asked for than make sense."""


@dataclass(frozen=True)
class Ensemble:
    """All runs of a forecast, as `run.Fought` describes them."""

    start: Start
    seed: int
    weeks: int
    series: dict[str, NDArray[Any]]
    control: NDArray[np.int32]
    ok: NDArray[np.bool_]
    area_error: NDArray[np.floating[Any]]
    first: int = 0
    """Number of the first run."""
    drawn: Values | None = None
    """Parameters of the runs by dotted name, [..., run], where they are not those that their numbers draw."""

    @property
    def runs(self) -> int:
        """How many wars were simulated."""
        return len(self.ok)

    def parameters(self, first: int, number: int) -> Values:
        """Parameters of `number` runs from `first` on, counted from 0, by dotted name, [..., run].

        Beyond the last run they are those of runs that would come next, or the last run's where `drawn` is given.
        """
        run = np.arange(first, first + number, dtype=np.uint32)
        if self.drawn is not None:
            return {name: values[..., np.minimum(run, self.runs - 1)] for name, values in self.drawn.items()}
        return draws.values(self.start, draws.cube(self.start, self.seed, run + np.uint32(self.first)))

    def net_gain(self) -> NDArray[np.floating[Any]]:
        """Ground that the first side wins in each week, by fighting and by decree, [week, axis, run] km²."""
        taken = self.series["front.taken"]
        return taken[:, 0] - taken[:, 1] + self.series["front.ceded"]


def check(runs: int, weeks: int, seed: int, workers: Workers = None) -> None:
    """Raise `RequestError` for numbers that make no sense."""
    if not 1 <= runs <= LARGEST_RUNS:
        raise RequestError(f"{runs} runs were asked for; from 1 to {LARGEST_RUNS:,} can be simulated")
    if not 1 <= weeks <= LONGEST_WEEKS:
        raise RequestError(f"{weeks} weeks were asked for; from 1 to {LONGEST_WEEKS} can be simulated")
    if not 0 <= seed < 2**64:
        raise RequestError(f"the seed is {seed}; a whole number from 0 to 2^64 − 1 is needed")
    width = workers.threads if isinstance(workers, Pool) else workers
    if width is not None and not 1 <= width <= 1024:
        raise RequestError(f"{width} workers were asked for; from 1 to 1024 make sense")


def simulate(
    start: Start,
    *,
    runs: int,
    weeks: int,
    seed: int,
    workers: Workers = None,
    do: Schedule | None = None,
    keep: tuple[str, ...] = KEPT,
    on_progress: Callable[[int, int], None] | None = None,
    on_chunk: Callable[[int, Chunk], None] | None = None,
) -> Ensemble:
    """Simulate `runs` wars for `weeks` weeks and keep the named series of them.

    `on_chunk` is told of each chunk with its number, `on_progress` of how many runs are done and how many there are.
    Raises `RequestError` for numbers that make no sense.
    """
    check(runs, weeks, seed, workers)
    number = -(-runs // CHUNK)
    store: dict[str, NDArray[Any]] = {}
    control = np.zeros((weeks + 1, len(start.theatre)), dtype=np.int32)
    ok, error = np.zeros(runs, dtype=bool), np.zeros(runs)
    done = 0
    engine = Engine(start, weeks=weeks, seed=seed, do=do, keep=keep)
    for index, chunk in worked(lambda index: engine.chunk(index, runs), number, workers):
        at = slice(index * CHUNK, min((index + 1) * CHUNK, runs))
        for name, values in chunk.series.items():
            if name not in store:
                store[name] = np.zeros((*values.shape[:-1], runs), dtype=values.dtype)
            store[name][..., at] = values
        control += chunk.control
        ok[at], error[at] = chunk.ok, chunk.area_error
        done += len(chunk.ok)
        if on_chunk:
            on_chunk(index, chunk)
        if on_progress:
            on_progress(done, runs)
    return Ensemble(start, seed, weeks, store, control, ok, error)
