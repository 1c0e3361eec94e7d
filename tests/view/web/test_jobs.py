"""Jobs: one at a time and in order, told as they stand, given up when nobody waits, kept when done."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sys
import tracemalloc
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from ceasefire.evidence.error import CeasefireError
from ceasefire.view.web.jobs import (
    MAP,
    RESULT,
    STATE,
    Answer,
    BusyError,
    Entry,
    JobError,
    Jobs,
    Limits,
    NoJobError,
    Shelf,
    Tell,
)
from ceasefire.view.web.worker import Worker, packed, unpacked

ASKED = {"kind": "replay", "run": 3}
QUICK = Limits(waiting=3, streams=4, kept=5, left=0.2, unheard=0.6, apart=0.0, ping=0.1)


class Bench:
    """Work that a test steers: it begins, tells, and ends when the test says so."""

    def __init__(self) -> None:
        self.begun: list[dict[str, Any]] = []
        self.stopped: list[dict[str, Any]] = []
        self.go = asyncio.Event()
        self.fails: Exception | None = None
        self.answer = Answer({"same_bits": True}, b"\0\1", {"report.html": b"<p>"})
        self.tell: Tell = lambda done, total, note: None

    async def __call__(self, asked: dict[str, Any], tell: Tell) -> Answer:
        self.begun.append(asked)
        self.tell = tell
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.stopped.append(asked)
            raise
        if self.fails:
            raise self.fails
        return self.answer


def tried(
    trial: Callable[[Jobs, Bench], Awaitable[None]], *, limits: Limits = QUICK, folder: Path | None = None
) -> None:
    """A trial with a queue of its own."""

    async def go() -> None:
        bench = Bench()
        jobs = Jobs(bench, limits)
        if folder is not None:
            jobs.keep_in(Shelf.hold(folder, "ab12"))
        await jobs.open()
        try:
            async with asyncio.timeout(20):
                await trial(jobs, bench)
        finally:
            await jobs.stop()

    asyncio.run(go())


async def until(true: Callable[[], bool]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.005)


async def ended(jobs: Jobs, number: str) -> Any:
    """Listen to a job to its end."""
    async with aclosing(jobs.listen(number)) as states:
        async for state in states:
            last = state or last
    return last


# ------------------------------------------------------------------------------------------------------------- queue


def test_jobs_run_one_at_a_time_in_the_order_they_were_asked_for():
    async def trial(jobs: Jobs, bench: Bench) -> None:
        first, second, third = (jobs.ask({**ASKED, "run": run}, "Run") for run in range(3))
        await until(lambda: len(bench.begun) == 1)
        states = {number: jobs.read(number) for number in (first.id, second.id, third.id)}
        assert [state.phase for state in states.values()] == ["running", "queued", "queued"]
        assert [state.ahead for state in states.values()] == [0, 1, 2]
        bench.go.set()
        last = await ended(jobs, third.id)
        assert last.phase == "done"
        assert [asked["run"] for asked in bench.begun] == [0, 1, 2]
        assert [job.id for job in jobs.listed().jobs][-1] == first.id

    tried(trial)


def test_only_so_many_wait():
    async def trial(jobs: Jobs, bench: Bench) -> None:
        jobs.ask(ASKED, "")
        await until(lambda: len(bench.begun) == 1)
        for _ in range(QUICK.waiting):
            jobs.ask(ASKED, "")
        with pytest.raises(BusyError, match="3 jobs are waiting"):
            jobs.ask(ASKED, "")

    tried(trial)


def test_a_running_job_is_cancelled_and_the_next_begins():
    async def trial(jobs: Jobs, bench: Bench) -> None:
        first, second = jobs.ask({**ASKED, "run": 1}, ""), jobs.ask({**ASKED, "run": 2}, "")
        await until(lambda: len(bench.begun) == 1)
        assert jobs.cancel(first.id).phase == "cancelled"
        await until(lambda: len(bench.begun) == 2)
        assert [asked["run"] for asked in bench.stopped] == [1]
        bench.go.set()
        assert (await ended(jobs, second.id)).phase == "done"
        assert jobs.read(first.id).phase == "cancelled"

    tried(trial)


def test_a_server_that_stops_as_a_job_is_cancelled_stops():
    async def trial(jobs: Jobs, bench: Bench) -> None:
        first, _ = jobs.ask({**ASKED, "run": 1}, ""), jobs.ask({**ASKED, "run": 2}, "")
        await until(lambda: len(bench.begun) == 1)
        jobs.cancel(first.id)
        await asyncio.wait_for(jobs.stop(), 5)
        assert [asked["run"] for asked in bench.begun] == [1]

    tried(trial)


def test_a_waiting_job_is_cancelled_and_never_begins():
    async def trial(jobs: Jobs, bench: Bench) -> None:
        first, second = jobs.ask({**ASKED, "run": 1}, ""), jobs.ask({**ASKED, "run": 2}, "")
        await until(lambda: len(bench.begun) == 1)
        jobs.cancel(second.id)
        bench.go.set()
        await ended(jobs, first.id)
        await asyncio.sleep(0.05)
        assert [asked["run"] for asked in bench.begun] == [1]

    tried(trial)


def test_to_delete_a_finished_job_is_to_forget_it(tmp_path):
    async def trial(jobs: Jobs, bench: Bench) -> None:
        bench.go.set()
        job = jobs.ask(ASKED, "")
        await ended(jobs, job.id)
        assert (tmp_path / "ab12" / "jobs" / job.id).is_dir()
        jobs.cancel(job.id)
        assert not (tmp_path / "ab12" / "jobs" / job.id).exists()
        with pytest.raises(NoJobError):
            jobs.read(job.id)

    tried(trial, folder=tmp_path)


def test_a_mistake_is_told_and_anything_else_does_not_stop_the_queue(capsys):
    async def trial(jobs: Jobs, bench: Bench) -> None:
        bench.go.set()
        for fails, told in ((CeasefireError("no such town"), "no such town"), (KeyError("x"), "the server failed")):
            bench.fails = fails
            last = await ended(jobs, jobs.ask(ASKED, "").id)
            assert last.phase == "failed"
            assert last.error.startswith(told)
        bench.fails = None
        assert (await ended(jobs, jobs.ask(ASKED, "").id)).phase == "done"

    tried(trial)
    assert "KeyError" in capsys.readouterr().err


def test_a_job_may_run_only_so_long():
    async def trial(jobs: Jobs, bench: Bench) -> None:
        last = await ended(jobs, jobs.ask(ASKED, "").id)
        assert last.phase == "failed"
        assert "which is the most" in last.error
        assert bench.stopped == [ASKED]

    tried(trial, limits=QUICK._replace(longest={"replay": 0.1}))


# ------------------------------------------------------------------------------------------------------------ listen


def test_a_job_whose_last_listener_has_gone_is_cancelled_after_a_while():
    async def trial(jobs: Jobs, bench: Bench) -> None:
        job = jobs.ask(ASKED, "")
        async with aclosing(jobs.listen(job.id)) as states:
            async for _ in states:
                break
        assert jobs.find(job.id).phase != "cancelled"
        await until(lambda: jobs.find(job.id).phase == "cancelled")
        assert "nobody" in jobs.find(job.id).error
        await until(lambda: bench.stopped == [ASKED])

    tried(trial)


def test_a_page_that_is_loaded_again_keeps_its_job():
    async def trial(jobs: Jobs, bench: Bench) -> None:
        job = jobs.ask(ASKED, "")
        for _ in range(5):
            async with aclosing(jobs.listen(job.id)) as states:
                async for _ in states:
                    break
            await asyncio.sleep(QUICK.left / 3)
        assert jobs.find(job.id).phase == "running"

    tried(trial)


def test_as_long_as_somebody_listens_it_goes_on():
    async def trial(jobs: Jobs, bench: Bench) -> None:
        job = jobs.ask(ASKED, "")
        heard = asyncio.create_task(ended(jobs, job.id))
        await asyncio.sleep(4 * QUICK.left)
        bench.go.set()
        assert (await heard).phase == "done"

    tried(trial)


def test_a_job_that_nobody_ever_listened_to_is_cancelled_later():
    async def trial(jobs: Jobs, bench: Bench) -> None:
        job = jobs.ask(ASKED, "")
        await asyncio.sleep(QUICK.unheard / 2)
        assert jobs.find(job.id).phase == "running"
        await until(lambda: jobs.find(job.id).phase == "cancelled")

    tried(trial)


def test_the_forecast_goes_on_without_listeners_and_is_not_cancelled():
    async def trial(jobs: Jobs, bench: Bench) -> None:
        job = jobs.ask({"kind": "forecast"}, "", lasting=True)
        await asyncio.sleep(2 * QUICK.unheard)
        assert jobs.read(job.id).phase == "running"
        with pytest.raises(JobError, match="rests on this forecast"):
            jobs.cancel(job.id)

    tried(trial)


def test_only_so_many_listen():
    async def trial(jobs: Jobs, bench: Bench) -> None:
        job = jobs.ask(ASKED, "")
        listeners = [asyncio.create_task(ended(jobs, job.id)) for _ in range(QUICK.streams)]
        await until(lambda: jobs.streams == QUICK.streams)
        with pytest.raises(BusyError, match="streams"):
            jobs.may_listen(job.id)
        for listener in listeners:
            listener.cancel()
        await asyncio.gather(*listeners, return_exceptions=True)
        jobs.may_listen(job.id)

    tried(trial)


def test_a_stream_without_news_says_that_it_is_alive():
    async def trial(jobs: Jobs, bench: Bench) -> None:
        job = jobs.ask(ASKED, "")
        async with aclosing(jobs.listen(job.id)) as states:
            found = [await anext(states) for _ in range(4)]
        assert None in found

    tried(trial)


def test_ten_thousand_events_cost_no_memory_however_slow_the_listeners():
    """Each listener gets the latest state when it asks for one, and nothing is kept for it meanwhile."""

    async def trial(jobs: Jobs, bench: Bench) -> None:
        job = jobs.ask(ASKED, "")
        slow = jobs.listen(job.id)
        await anext(slow)
        heard: list[Any] = []

        async def fast() -> None:
            async with aclosing(jobs.listen(job.id)) as states:
                async for state in states:
                    heard[:] = [state]

        listener = asyncio.create_task(fast())
        await until(lambda: bool(heard))
        gc.collect()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        for done in range(10_000):
            bench.tell(done, 10_000, f"After {done} wars: {'x' * 200}")
            if done % 100 == 0:
                await asyncio.sleep(0)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        assert grown < 100_000
        assert (await anext(slow)).done == 9999
        await slow.aclose()
        bench.go.set()
        await listener
        assert heard[0].phase == "done"
        assert heard[0].done == 10_000

    tried(trial, limits=QUICK._replace(ping=5.0))


def test_events_come_no_faster_than_they_may():
    async def trial(jobs: Jobs, bench: Bench) -> None:
        job, count = jobs.ask(ASKED, ""), 0
        heard = asyncio.create_task(ended(jobs, job.id))
        async with aclosing(jobs.listen(job.id)) as states:
            loop = asyncio.get_running_loop()
            began = loop.time()
            while loop.time() - began < 0.5:
                bench.tell(count, 10_000, "")
                await anext(states)
                count += 1
        heard.cancel()
        assert count <= 0.5 / 0.1 + 2

    tried(trial, limits=QUICK._replace(apart=0.1))


# ---------------------------------------------------------------------------------------------------------------- keep


def test_finished_jobs_are_there_after_a_restart(tmp_path):
    kept: list[str] = []

    async def first(jobs: Jobs, bench: Bench) -> None:
        bench.go.set()
        job = jobs.ask(ASKED, "Run 3")
        await ended(jobs, job.id)
        kept.append(job.id)

    async def second(jobs: Jobs, bench: Bench) -> None:
        job = jobs.read(kept[0])
        assert (job.phase, job.title, job.result, job.map) == ("done", "Run 3", {"same_bits": True}, "control")
        assert jobs.file(kept[0], MAP) == b"\0\1"
        assert jobs.file(kept[0], "report.html") == b"<p>"
        assert jobs.file(kept[0], "policy.toml") is None
        assert bench.begun == []

    tried(first, folder=tmp_path)
    tried(second, folder=tmp_path)


def test_a_job_that_ran_when_the_server_stopped_has_failed(tmp_path):
    cut: list[str] = []

    async def first(jobs: Jobs, bench: Bench) -> None:
        cut.extend(jobs.ask(ASKED, "").id for _ in range(2))
        await until(lambda: len(bench.begun) == 1)

    async def second(jobs: Jobs, bench: Bench) -> None:
        for number in cut:
            assert jobs.read(number).phase == "failed"
            assert "the server stopped" in jobs.read(number).error

    tried(first, folder=tmp_path)
    tried(second, folder=tmp_path)
    tried(second, folder=tmp_path)


def test_the_oldest_are_forgotten_where_there_are_too_many(tmp_path):
    async def trial(jobs: Jobs, bench: Bench) -> None:
        bench.go.set()
        asked = []
        for _ in range(QUICK.kept + 3):
            asked.append(jobs.ask(ASKED, "").id)
            await ended(jobs, asked[-1])
            await asyncio.sleep(0.002)
        assert set(jobs.entries) == set(asked[3:])
        assert {path.name for path in (tmp_path / "ab12" / "jobs").iterdir()} == set(asked[3:])

    tried(trial, folder=tmp_path)


def test_the_oldest_are_forgotten_where_they_take_too_much_room(tmp_path):
    async def trial(jobs: Jobs, bench: Bench) -> None:
        bench.go.set()
        bench.answer = bench.answer._replace(map=bytes(1000))
        asked = []
        for _ in range(4):
            asked.append(jobs.ask(ASKED, "").id)
            await ended(jobs, asked[-1])
            await asyncio.sleep(0.002)
        assert list(jobs.entries) == asked[2:]

    tried(trial, folder=tmp_path, limits=QUICK._replace(kept_bytes=2500))


def test_what_is_half_written_or_damaged_or_strange_is_no_job(tmp_path):
    shelf = Shelf(tmp_path)
    good = Entry("a" * 24, "replay", "", ASKED, "2026-01-01T00:00:00", phase="done")
    shelf.keep(good, Answer({}, None, {}))
    (tmp_path / "jobs" / f".{'b' * 24}.partial").mkdir()
    for name, text in (("c" * 24, "{"), ("d" * 24, "[]"), ("e" * 24, json.dumps({"id": "../../etc"})), ("x", "{}")):
        (tmp_path / "jobs" / name).mkdir()
        (tmp_path / "jobs" / name / STATE).write_text(text)
    moved = json.loads((tmp_path / "jobs" / good.id / STATE).read_text()) | {"id": "f" * 24}
    (tmp_path / "jobs" / ("1" * 24)).mkdir()
    (tmp_path / "jobs" / ("1" * 24) / STATE).write_text(json.dumps(moved))
    assert [entry.id for entry in Shelf(tmp_path).restore()] == [good.id]
    assert not list((tmp_path / "jobs").glob(".*"))


def test_pages_that_have_no_fixed_name_are_not_written(tmp_path):
    shelf = Shelf(tmp_path)
    entry = Entry("a" * 24, "replay", "", ASKED, "2026-01-01T00:00:00", phase="done")
    shelf.keep(entry, Answer({}, None, {"../evil": b"x", "report.html": b"y"}))
    assert {path.name for path in (tmp_path / "jobs" / entry.id).iterdir()} == {STATE, RESULT, "report.html"}
    assert not (tmp_path / "jobs" / "evil").exists()


def test_a_name_that_is_no_mark_stays_in_its_folder(tmp_path):
    assert Shelf.hold(tmp_path / "serve", "../../evil").folder.parent == tmp_path / "serve"


def test_two_servers_of_one_forecast_keep_apart(tmp_path):
    one, other = Shelf.hold(tmp_path, "ab"), Shelf.hold(tmp_path, "ab")
    assert one.folder != other.folder
    one.release()
    assert Shelf.hold(tmp_path, "ab").folder == one.folder


def test_where_nothing_can_be_written_it_is_said_at_once(tmp_path):
    (tmp_path / "serve").write_text("a file")
    with pytest.raises(JobError, match="name another folder with --out"):
        Shelf.hold(tmp_path / "serve", "ab")


# ------------------------------------------------------------------------------------------------------------- worker

HAND = """
import json, os, sys, time
from ceasefire.view.web.worker import LENGTHS, packed, unpacked
def frame():
    lengths = sys.stdin.buffer.read(LENGTHS.size)
    if not lengths:
        sys.exit(0)
    head, rest = LENGTHS.unpack(lengths)
    return unpacked(sys.stdin.buffer.read(head), sys.stdin.buffer.read(rest))[0]
def say(*told):
    sys.stdout.buffer.write(packed(*told)); sys.stdout.buffer.flush()
frame()
while True:
    run = frame()["asked"]["run"]
    say({"tell": [1, 2, str(os.getpid())]})
    if run == 1: os.kill(os.getpid(), 9)
    if run == 2: sys.exit(3)
    if run == 3: time.sleep(600)
    if run == 4: say({"error": "no such run"}); continue
    say({}, {"result": b'{"run": %d}' % run, "map": b"12", "report.html": b"page"})
"""
"""A process that speaks as the worker does, and does what the number of the run says."""


def handed(trial: Callable[[Worker], Awaitable[None]]) -> None:
    async def go() -> None:
        worker = Worker({}, (sys.executable, "-c", HAND))
        try:
            async with asyncio.timeout(30):
                await trial(worker)
        finally:
            await worker.close()

    asyncio.run(go())


def test_frames_come_out_as_they_went_in():
    frame = packed({"a": [1, "é"]}, {"map": bytes(range(256)), "empty": b""})
    size = int.from_bytes(frame[:4], "little")
    head, parts = unpacked(frame[8 : 8 + size], frame[8 + size :])
    assert head == {"a": [1, "é"]}
    assert parts == {"map": bytes(range(256)), "empty": b""}


def test_a_worker_tells_answers_and_stays():
    async def trial(worker: Worker) -> None:
        told: list[tuple[int, int, str]] = []
        for run in (7, 8):
            answer = await worker({"run": run}, lambda *so_far: told.append(so_far))
            assert answer == ({"run": run}, b"12", {"report.html": b"page"})
        assert told[0] == told[1]

    handed(trial)


def test_a_mistake_leaves_the_worker_alive():
    async def trial(worker: Worker) -> None:
        with pytest.raises(JobError, match="no such run"):
            await worker({"run": 4}, lambda *told: None)
        assert (await worker({"run": 5}, lambda *told: None)).result == {"run": 5}

    handed(trial)


@pytest.mark.parametrize(("run", "says"), [(1, "memory ran out"), (2, r"ended by itself \(code 3\)")])
def test_a_worker_that_dies_fails_its_job_and_another_takes_over(run: int, says: str):
    async def trial(worker: Worker) -> None:
        with pytest.raises(JobError, match=says):
            await worker({"run": run}, lambda *told: None)
        assert (await worker({"run": 5}, lambda *told: None)).result == {"run": 5}

    handed(trial)


def test_to_cancel_is_to_kill_and_the_next_job_has_a_new_process():
    async def trial(worker: Worker) -> None:
        told: list[str] = []
        job = asyncio.create_task(worker({"run": 3}, lambda done, total, note: told.append(note)))
        await until(lambda: bool(told))
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job
        await until(lambda: not alive(int(told[0])))
        assert (await worker({"run": 5}, lambda *told: None)).result == {"run": 5}

    handed(trial)


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return not Path(f"/proc/{process}/stat").exists() or " Z " not in Path(f"/proc/{process}/stat").read_text()


def test_the_real_worker_ends_when_its_server_does():
    async def trial() -> None:
        opening = {"scenario": {}, "folder": "", "evidence": "", "named": None}
        worker = Worker(opening)
        process = await worker.start(warm=False)
        process.stdin.close()
        async with asyncio.timeout(60):
            assert await process.wait() != -signal.SIGKILL
        await worker.close()

    asyncio.run(trial())


def test_a_real_job_by_the_real_worker(tmp_path):
    """A what-if on the shipped war, small: what it comes to is what the library says, bit for bit."""
    from ceasefire.evidence.store import Store
    from ceasefire.scenario import spec
    from ceasefire.study import whatif
    from ceasefire.view.web.site import opening
    from ceasefire.view.web.subject import Subject

    name, decree = "abu-dhabi-2026-01", "manpower.recruitment[Russia]=x0.5@2..4"
    asked = {"kind": "whatif", "do": [decree], "runs": 32, "weeks": 4, "seed": 1, "surprise": True}
    about = Subject(spec.load(name), Store.open(), tmp_path, None, name)
    told: list[tuple[int, int, str]] = []

    async def go() -> Answer:
        worker = Worker(opening(about))
        try:
            return await worker(asked, lambda *so_far: told.append(so_far))
        finally:
            await worker.close()

    answer = asyncio.run(go())
    same = json.loads(whatif.to_json(whatif.whatif(name, [decree], runs=32, weeks=4, seed=1, surprise=True)))
    assert answer.result == same
    assert told[-1][:2] == (32, 32)
    assert answer.map
    assert answer.pages["policy.toml"]
