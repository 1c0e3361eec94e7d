"""Pool: every part is told once, in a bounded memory, and an error leaves nobody at work."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future

import pytest

from ceasefire.simulate.journal import Journal
from ceasefire.simulate.pool import AHEAD, Pool, worked

PARTS = 150


class Gated:
    """Work of which one part waits until it is let go."""

    def __init__(self, held: int) -> None:
        self.held, self.gate, self.begun = held, threading.Event(), 0

    def __call__(self, number: int) -> int:
        self.begun += 1
        if number == self.held:
            assert self.gate.wait(60)
        return -number


def square(number: int) -> int:
    return number**2


def wars() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("wars")]


def wait_for(condition, seconds: float = 20) -> bool:
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
    return condition()


@pytest.mark.parametrize("workers", [None, 1, 2, 7, 300, Pool(3)])
@pytest.mark.parametrize("number", [0, 1, 3, PARTS])
def test_every_part_is_told_once(workers, number):
    assert sorted(worked(square, number, workers)) == [(k, k**2) for k in range(number)]
    assert wait_for(lambda: not wars())


def test_one_worker_tells_in_order():
    assert [number for number, _ in worked(square, PARTS, 1)] == list(range(PARTS))


@pytest.mark.parametrize("held", [0, 40])
def test_nothing_is_begun_too_far_ahead(held):
    """While a part lasts, others go on, but only so far."""
    work, width = Gated(held), 2
    told = worked(work, 2 * held + 4 * AHEAD, width)
    done = [next(told)[0] for _ in range(held + width * AHEAD - 1)]
    assert held not in done
    assert max(done) == held + width * AHEAD - 1
    assert work.begun == held + width * AHEAD
    work.gate.set()
    assert sorted([*done, *(number for number, _ in told)]) == list(range(2 * held + 4 * AHEAD))


def test_no_more_is_begun_than_is_asked_for():
    """Whoever takes the parts slowly is not drowned in them: the next begin as he asks."""
    work = Gated(-1)
    told = worked(work, PARTS, 2)
    next(told)
    time.sleep(0.1)
    assert work.begun <= 4
    told.close()


def test_an_error_ends_the_job_and_leaves_nobody_at_work():
    begun = []

    def work(number: int) -> int:
        begun.append(number)
        if number == 5:
            raise ZeroDivisionError(number)
        return number

    with pytest.raises(ZeroDivisionError, match="5"):
        list(worked(work, PARTS, 2))
    assert wait_for(lambda: not wars())
    assert len(begun) < 20


def test_who_stops_asking_ends_the_job():
    work = Gated(-1)
    told = worked(work, PARTS, 2)
    next(told)
    told.close()
    assert wait_for(lambda: not wars())
    assert work.begun < 10


class Slow:
    """Hands that end a part only when told, in whatever order."""

    def __init__(self) -> None:
        self.width, self.under_way, self.closed = 4, {}, False

    def submit(self, work, number: int) -> Future:
        self.under_way[number] = Future()
        return self.under_way[number]

    def end(self, number: int) -> None:
        self.under_way.pop(number).set_result(square(number))

    def close(self) -> None:
        self.closed = True


class Elsewhere:
    def __init__(self) -> None:
        self.slow = Slow()

    def hands(self) -> Slow:
        return self.slow


def test_hands_may_grow_and_shrink_while_they_work():
    """As a cluster does; they are let go in the end."""
    cluster, found = Elsewhere(), []
    slow = cluster.slow

    def ended() -> None:
        for done in range(PARTS):
            assert wait_for(lambda: bool(slow.under_way))
            slow.width = 1 + done % 9
            slow.end(max(slow.under_way))

    other = threading.Thread(target=ended)
    other.start()
    for part in worked(square, PARTS, Pool(cluster=cluster)):
        found.append(part)
        assert len(slow.under_way) <= 9
    other.join(20)
    assert sorted(found) == [(k, k**2) for k in range(PARTS)]
    assert slow.closed


def test_kept_parts_are_told_first_and_not_worked_on_again(tmp_path):
    journal = Journal(tmp_path, {}, resume=True)
    first = worked(square, PARTS, Pool(2, journal=journal))
    some = {next(first)[0] for _ in range(60)}
    first.close()
    kept = journal.parts()
    journal.close(drop=False)
    begun = []

    def work(number: int) -> int:
        begun.append(number)
        return square(number)

    journal = Journal(tmp_path, {}, resume=True)
    told = list(worked(work, PARTS, Pool(2, journal=journal)))
    journal.close(drop=True)
    assert sorted(told) == [(k, k**2) for k in range(PARTS)]
    assert some <= {number for number, _ in told[:kept]}
    assert sorted([*begun, *(number for number, _ in told[:kept])]) == list(range(PARTS))


def test_stages_of_a_job_are_kept_apart(tmp_path):
    """Two of one name are the first and the second of it."""
    journal = Journal(tmp_path, {}, resume=True)
    pool = Pool(1, journal=journal)
    for _ in range(2):
        assert dict(worked(square, 3, pool)) == {0: 0, 1: 1, 2: 4}
    assert dict(worked(lambda number: -number, 3, pool, "other")) == {0: 0, 1: -1, 2: -2}
    journal.close(drop=False)
    journal = Journal(tmp_path, {}, resume=True)
    pool = Pool(1, journal=journal)
    assert dict(worked(Gated(-1), 3, pool, "other")) == {0: 0, 1: -1, 2: -2}
    assert dict(worked(lambda number: None, 3, pool)) == {0: 0, 1: 1, 2: 4}
    journal.close(drop=True)
