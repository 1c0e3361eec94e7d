"""Pool: work in numbered parts, done by threads here or by processes elsewhere, and kept so that a dead job goes on.

A part is a function of its number alone, so that it may be worked on anywhere, in any order, and more than once: parts
of a killed worker are simply done again, and what comes out is the same to the last bit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from typing import Protocol, TypeVar

from ceasefire.simulate.journal import Journal

T = TypeVar("T")

AHEAD = 64
"""Parts for each worker that may be done before the first that is not: what waits for its turn stays bounded."""


class Hands(Protocol):
    """Whoever works: `work(number)` for many numbers, a few at a time."""

    @property
    def width(self) -> int:
        """How many parts are best under way at once."""
        ...

    def submit(self, work: Callable[[int], T], number: int) -> Future[T]:
        """Begin a part."""
        ...

    def close(self) -> None:
        """Drop what is under way."""
        ...


class Threads:
    """Threads of this process: compiled code leaves Python alone while it runs."""

    def __init__(self, width: int) -> None:
        self.threads = width
        self.executor = ThreadPoolExecutor(width, thread_name_prefix="wars")

    @property
    def width(self) -> int:
        """How many parts are best under way at once."""
        return self.threads

    def submit(self, work: Callable[[int], T], number: int) -> Future[T]:
        """Begin a part."""
        return self.executor.submit(work, number)

    def close(self) -> None:
        """Drop what has not begun; what has is left to end by itself."""
        self.executor.shutdown(wait=False, cancel_futures=True)


class Cluster(Protocol):
    """Workers beyond this process (`cluster.py`)."""

    lost: int
    """Parts that were begun again since their worker died."""

    def hands(self) -> Hands:
        """The workers, for one stage of a job."""
        ...


class Pool:
    """Where the parts of a job are done, and what is kept of them."""

    def __init__(
        self, threads: int | None = None, *, cluster: Cluster | None = None, journal: Journal | None = None
    ) -> None:
        """As many `threads` as there are cores, unless told; a `cluster` instead of them, if there is one."""
        self.threads, self.cluster, self.journal = threads, cluster, journal

    @property
    def lost(self) -> int:
        """Parts that were begun again since their worker died."""
        return self.cluster.lost if self.cluster is not None else 0

    def each(self, work: Callable[[int], T], number: int, stage: str) -> Iterator[tuple[int, T]]:
        """Parts 0 … number − 1 of a stage, told as they are finished; first those that were kept."""
        kept = self.journal.stage(stage, number) if self.journal is not None else None
        missing = [part for part in range(number) if kept is None or part not in kept]
        if kept is not None:
            yield from kept.read()
        if missing:
            with closing(self._hands(len(missing))) as hands:
                for part, result in _worked(hands, work, missing):
                    if kept is not None:
                        kept.keep(part, result)
                    yield part, result

    def _hands(self, number: int) -> Hands:
        if self.cluster is not None:
            return self.cluster.hands()
        return Threads(min(self.threads or os.cpu_count() or 1, number))


Workers = int | Pool | None
"""Threads of this process, as many as there are cores where None; or a pool."""


def worked(
    work: Callable[[int], T], number: int, workers: Workers = None, stage: str = "wars"
) -> Iterator[tuple[int, T]]:
    """Work on 0 … number − 1, told as they are finished. `stage` names the parts among those of the same job."""
    pool = workers if isinstance(workers, Pool) else Pool(workers)
    return pool.each(work, number, stage)


def _worked(hands: Hands, work: Callable[[int], T], numbers: list[int]) -> Iterator[tuple[int, T]]:
    """Parts as they are finished, none begun that is too far ahead of the first unfinished one."""
    busy: dict[Future[T], int] = {}
    waiting = iter(range(len(numbers)))
    following = next(waiting, None)

    def fill() -> None:
        nonlocal following
        while following is not None and len(busy) < hands.width:
            if following >= min(busy.values(), default=following) + AHEAD * hands.width:
                return
            busy[hands.submit(work, numbers[following])] = following
            following = next(waiting, None)

    fill()
    while busy:
        for future in wait(busy, return_when=FIRST_COMPLETED).done:
            part = busy.pop(future)
            fill()
            yield numbers[part], future.result()
