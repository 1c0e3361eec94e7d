"""Cluster: the same bits as threads, whoever is killed, and however often."""

from __future__ import annotations

import importlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import psutil
import pytest

from ceasefire.simulate import cluster as clusters
from ceasefire.simulate.cluster import ClusterError, DaskCluster, connected
from ceasefire.simulate.journal import Journal
from ceasefire.simulate.pool import Pool, worked

PARTS, KILLS = 200, 10


@pytest.fixture(scope="module")
def arithmetic() -> Iterator[ModuleType]:
    """Work that can be imported, here and by the workers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parent)
        yield importlib.import_module("arithmetic")


@pytest.fixture(scope="module")
def cluster(arithmetic) -> Iterator[DaskCluster]:
    with connected("local", 2) as found:
        yield found


@pytest.fixture(scope="module")
def undisturbed(arithmetic) -> list[tuple[int, str]]:
    return told(worked(arithmetic.curve, PARTS, 16))


def told(parts) -> list[tuple[int, str]]:
    """Numbers and bits of all parts that were told."""
    found = []
    for number, (same, values) in parts:
        assert number == same
        found.append((number, values.tobytes().hex()))
    return sorted(found)


def test_a_cluster_tells_the_same_bits(cluster, undisturbed):
    """Also of what only this process knows by name."""
    scale = np.float64(3)

    def local(number: int) -> tuple[int, np.ndarray]:
        return number, np.sin(np.arange(50.0) * number) / scale

    assert told(worked(local, PARTS, Pool(cluster=cluster))) == undisturbed


def test_nothing_is_left_on_the_cluster(cluster, arithmetic):
    """What was fetched is let go, and what was not wanted any more is dropped."""
    parts = worked(arithmetic.curve, PARTS, Pool(cluster=cluster))
    next(parts)
    parts.close()
    until = time.monotonic() + 20
    while (left := cluster.client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks))) > 0:
        assert time.monotonic() < until, left
        time.sleep(0.05)
    assert cluster.lost == 0


def test_an_error_of_a_part_is_the_error_of_the_job(cluster):
    def work(number: int) -> float:
        return 1 / (number - 7)

    with pytest.raises(ZeroDivisionError):
        list(worked(work, PARTS, Pool(cluster=cluster)))
    assert len(list(worked(abs, 5, Pool(cluster=cluster)))) == 5


@pytest.mark.parametrize("blamed", [3, 0], ids=["Dask goes on", "Dask blames the part"])
def test_workers_killed_ten_times_cost_only_time(cluster, arithmetic, undisturbed, tmp_path, blamed):
    """Whenever and whoever it is: each part is told once, kept once, and right.

    Dask goes on with a part as long as no more than so many workers died over it; after that the pool begins it again,
    and sends the work itself again if need be.
    """
    cluster.client.run_on_scheduler(lambda dask_scheduler: setattr(dask_scheduler, "allowed_failures", blamed))
    dice, over, killed, lost = random.Random(1), threading.Event(), [], cluster.lost

    def kill() -> None:
        while len(killed) < KILLS and not over.wait(dice.uniform(0.02, 0.2)):
            alive = [nanny.pid for nanny in cluster.client.cluster.workers.values() if nanny.pid]
            if alive:
                os.kill(dice.choice(alive), signal.SIGKILL)
                killed.append(time.monotonic())

    killer = threading.Thread(target=kill)
    journal = Journal(tmp_path, {}, resume=True)
    killer.start()
    found = told(worked(arithmetic.curve, PARTS, Pool(cluster=cluster, journal=journal)))
    over.set()
    killer.join()
    assert found == undisturbed
    assert journal.parts() == PARTS
    assert len(killed) == KILLS
    assert blamed or cluster.lost > lost
    journal.close(drop=True)


def test_a_job_killed_twice_goes_on(arithmetic, undisturbed, tmp_path):
    """What it told before it died was told once; its workers die with it."""
    for until in (30, 60, None):
        before = journaled(tmp_path)
        command = [sys.executable, arithmetic.__file__, str(tmp_path), str(PARTS)]
        job = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
        lines = []
        for line in job.stdout:
            lines.append(line)
            if until is not None and len(lines) >= before + until:
                workers = psutil.Process(job.pid).children(recursive=True)
                job.kill()
                break
        job.wait(60)
        job.stdout.close()
        if until is None:
            found = [line.split() for line in lines]
            assert job.returncode == 0
            assert sorted((int(number), bits) for number, _, bits in found) == undisturbed
            assert journaled(tmp_path) == PARTS
        else:
            assert psutil.wait_procs(workers, timeout=30)[1] == []
            assert before + until <= journaled(tmp_path) < PARTS


def journaled(folder) -> int:
    """Parts of the job that are kept."""
    return sum(path.read_bytes().count(1) for path in folder.glob("*/*/done"))


# ----------------------------------------------------------------------------------------------------------- no cluster


@pytest.mark.parametrize(
    "address",
    ["tcp://127.0.0.1:9", "127.0.0.1:9", "nowhere.invalid:8786", "nonsense", "foo://x:1", "tcp://", "tcp://x:y"],
)
def test_where_no_scheduler_answers_one_line_says_so(monkeypatch, address):
    monkeypatch.setattr(clusters, "PATIENCE", 0.3)
    began = time.monotonic()
    with pytest.raises(ClusterError, match="would do") as told, connected(address):
        pass
    assert address in str(told.value)
    assert "\n" not in str(told.value)
    assert time.monotonic() - began < 20


def test_without_dask_it_is_told_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match="pip install"), connected("local"):
        pass
