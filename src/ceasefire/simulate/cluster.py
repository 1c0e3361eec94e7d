"""Cluster: workers beyond this process, by Dask distributed; the same bits as on one machine.

A part is a function of its number alone, so it may be done twice. When a worker dies its parts go to others, however
often that happens; only a part that seems to kill whoever takes it ends the job. Results are fetched and let go one by
one, so that no machine holds more than what is under way.

`ceasefire` must be installed on the workers in the same version, on the same kind of processor (what was compiled for
another may round differently). Dask sends work as pickles: whoever reaches a scheduler can run anything on its workers,
so keep it within a network that you trust.
"""

from __future__ import annotations

import logging
import os
import uuid
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from ceasefire.evidence.error import CeasefireError

T = TypeVar("T")

LOCAL = "local"
QUEUED = 3
"""Parts under way for each thread, so that none waits for the next to arrive."""
TRIES = 20
"""Workers that may die over one part."""
PATIENCE = 15
"""Seconds that a scheduler may take to answer."""


class ClusterError(CeasefireError):
    """No cluster can be used, or its workers died over and over."""


class DaskCluster:
    """Workers of a Dask scheduler."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.lost = 0
        """Parts that were begun again since no worker lived to end them."""
        self.processor = _processor(client)
        """Mark of the kind of processor of its workers."""

    def hands(self) -> DaskHands:
        """The workers, for one stage of a job."""
        return DaskHands(self)


class DaskHands:
    """Workers of a cluster, on one stage of a job."""

    def __init__(self, cluster: DaskCluster) -> None:
        self.cluster, self.client = cluster, cluster.client
        self.sent: tuple[Any, Any] | None = None
        """The work, and how it lies on the cluster: sent once, and again by itself to whoever lacks it."""
        self.under_way: set[Any] = set()
        self.open = True

    @property
    def width(self) -> int:
        """Parts that are best under way at once."""
        threads = sum(self.client.nthreads().values())
        return QUEUED * max(threads, 1)

    def submit(self, work: Callable[[int], T], number: int) -> Future[T]:
        """Begin a part; it is begun again if its workers die."""
        result: Future[T] = Future()
        result.set_running_or_notify_cancel()
        self._begin(work, number, result, TRIES)
        return result

    def close(self) -> None:
        """Drop what is under way."""
        self.open = False
        with suppress(Exception):
            self.client.cancel(list(self.under_way.copy()))
        self.under_way.clear()
        self.sent = None

    def _begin(self, work: Callable[[int], T], number: int, result: Future[T], tries: int) -> None:
        future = self.client.submit(perform, self._lying(work), number, key=f"part-{uuid.uuid4()}", pure=False)
        self.under_way.add(future)
        future.add_done_callback(lambda future: self._ended(future, work, number, result, tries))

    def _lying(self, work: Callable[[int], T]) -> Any:
        """The work as it lies on the cluster: sent as bytes to the scheduler, who has it made anew where it is lost.

        It is sent again where too many workers died while they took it in.
        """
        if self.sent is None or self.sent[0] is not work or self.sent[1].status not in ("pending", "finished"):
            from distributed.protocol.pickle import dumps

            self.sent = work, self.client.submit(arrived, dumps(work), key=f"work-{uuid.uuid4()}", pure=False)
        return self.sent[1]

    def _ended(self, future: Any, work: Callable[[int], T], number: int, result: Future[T], tries: int) -> None:
        """Hand over what came out; begin again where nobody lived to end it."""
        from distributed.scheduler import KilledWorker

        self.under_way.discard(future)
        try:
            try:
                value = future.result()
            except (KilledWorker, CancelledError) as error:
                if not self.open:
                    raise
                if not tries:
                    raise ClusterError(f"part {number} has no worker that lives to end it ({error})") from None
                self.cluster.lost += 1
                self._begin(work, number, result, tries - 1)
                return
        except BaseException as error:
            result.set_exception(error)
        else:
            result.set_result(value)
        finally:
            future.release()


def arrived(packed: bytes) -> Any:
    """Work that came to a worker, kept there as long as it is needed."""
    from distributed.protocol.pickle import loads

    from ceasefire.simulate.cache import keep_compiled

    keep_compiled()
    return loads(packed)


def perform(work: Callable[[int], T], number: int) -> T:
    """One part, on a worker."""
    return work(number)


@contextmanager
def connected(address: str, workers: int | None = None) -> Iterator[DaskCluster]:
    """A cluster for as long as it is used: `local`, a process for each core or so many, or a scheduler's address.

    Raises `ClusterError` where Dask is not installed, or no scheduler answers or it goes away.
    """
    try:
        import dask
        from distributed import Client, LocalCluster
        from distributed.comm import CommClosedError
    except ImportError:
        raise ClusterError("--cluster needs Dask: pip install 'ceasefire[cluster]'") from None
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", message="Sending large graph")
    if address == LOCAL:
        with (
            dask.config.set({"distributed.scheduler.allowed-failures": 0}),  # every death is told, and counted
            LocalCluster(
                n_workers=workers or os.cpu_count() or 1,
                threads_per_worker=1,
                dashboard_address=None,
                scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
                memory_limit=0,
                silence_logs=logging.CRITICAL,
                env={"NPROC": "1", "OPENBLAS_NUM_THREADS": "1"},
            ) as cluster,
            Client(cluster) as client,
            _told(CommClosedError),
        ):
            yield DaskCluster(client)
        return
    try:
        client = Client(address.strip() or "nowhere", timeout=PATIENCE)
        client.wait_for_workers(1, timeout=PATIENCE)
    except (OSError, ValueError, TypeError) as error:
        raise ClusterError(
            f"no scheduler with workers answers at {address!r} ({error}); `local` or tcp://10.0.0.1:8786 would do"
        ) from None
    with client, _told(CommClosedError):
        yield DaskCluster(client)


@contextmanager
def _told(gone: type[Exception]) -> Iterator[None]:
    """Say what can be done where the scheduler went away."""
    try:
        yield
    except gone:
        raise ClusterError(
            "the scheduler went away; what is finished is kept: say the same again with --resume"
        ) from None


def _processor(client: Any) -> str:
    """The mark of the workers' processors. Raises `ClusterError` where they are of different kinds."""
    from ceasefire.simulate.cache import processor

    found = sorted(set(client.run(processor).values()))
    if len(found) > 1:
        raise ClusterError(f"the workers have {len(found)} kinds of processors, which may round differently; use one")
    return found[0] if found else ""
