"""Jobs: what the page asks the machine to work out, one after the other, kept once it is done.

One job runs at a time. A listener is told the latest state, never every step on the way, so that a slow one costs no
memory. A job that nobody listens to any more is cancelled, so that a closed page does not keep the machine busy.
Finished jobs are files, written aside and renamed; they survive a restart, and the oldest are forgotten first.

Everything here runs in the server's event loop. Names of files come from here, never from a client.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple

from ceasefire.evidence import whole
from ceasefire.evidence.error import CeasefireError
from ceasefire.view.web import replies

ID = r"^[0-9a-f]{24}$"
"""What a job's id looks like: 96 random bits."""
FINAL = ("done", "failed", "cancelled")
PAGES = ("report.html", "terms.geojson", "policy.toml")
"""Files that a job can have beside its result and its map."""
STATE, RESULT, MAP = "job.json", "result.json", "map.bin"
STOPPED = "the server stopped before it was done; ask for it again"
MAPPED: Mapping[str, Literal["control", "difference"]] = {"replay": "control", "whatif": "difference"}
MOST_SERVERS = 16
TOLD = 400
"""Letters of a note or an error that are kept."""

Tell = Callable[[int, int, str], None]


class Answer(NamedTuple):
    """What work came to."""

    result: dict[str, Any]
    map: bytes | None
    pages: dict[str, bytes]


Work = Callable[[dict[str, Any], Tell], Awaitable[Answer]]
"""Does what was asked and tells how far it is; cancelling it stops the work. Raises `CeasefireError`."""


class Limits(NamedTuple):
    """How much is taken on."""

    waiting: int = 20
    """Jobs queued."""
    streams: int = 200
    """Open streams of events."""
    kept: int = 200
    """Finished jobs."""
    kept_bytes: int = 500 * 2**20
    left: float = 10.0
    """Seconds after which a job is cancelled whose last listener has gone."""
    unheard: float = 60.0
    """Seconds after which a job is cancelled that nobody has listened to."""
    ping: float = 15.0
    """Seconds after which a stream without news says that it is alive."""
    apart: float = 0.25
    """Seconds between two events of a stream, at least."""
    longest: Mapping[str, float] = {
        "forecast": 6 * 3600.0,
        "replay": 300.0,
        "whatif": 3600.0,
        "zone": 900.0,
        "terms": 300.0,
        "influence": 3600.0,
        "article": 600.0,
    }
    """Seconds that a job of a kind may run."""


class BusyError(CeasefireError):
    """There is too much to do already."""


NO_JOB = "there is no such job; it may have been forgotten"


class NoJobError(CeasefireError):
    """There is no such job."""


class JobError(CeasefireError):
    """A job cannot be taken on, or does not have what was asked for."""


@dataclass
class Entry:
    """A job as the server knows it."""

    id: str
    kind: replies.Kind
    title: str
    asked: dict[str, Any]
    created: str
    phase: replies.Phase = "queued"
    done: int = 0
    total: int = 0
    note: str = ""
    error: str = ""
    map: Literal["", "control", "difference"] = ""
    bytes: int = 0
    lasting: bool = False
    """Whether it goes on though nobody listens."""
    listeners: int = 0
    heard: float | None = None
    """When somebody last listened."""
    asked_at: float = 0.0
    version: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Future[Answer] | None = None

    @property
    def over(self) -> bool:
        """Whether it is finished."""
        return self.phase in FINAL

    def change(self) -> None:
        """Wake those who listen."""
        self.version += 1
        self.changed.set()


class Shelf:
    """A folder of jobs, held by one server: `jobs/ID/` of each that is finished, `open/ID.json` of the others."""

    lock: IO[str] | None = None

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.finished, self.open = folder / "jobs", folder / "open"
        for path in (self.finished, self.open):
            path.mkdir(parents=True, exist_ok=True)

    @classmethod
    def hold(cls, parent: Path, name: str) -> Shelf:
        """The shelf of a forecast that no other server holds: its name, or with a number where others show it too.

        Raises `CeasefireError` where nothing can be written.
        """
        safe = name if re.match(r"^[0-9a-f]{1,64}$", name) else hashlib.sha256(name.encode()).hexdigest()[:16]
        try:
            for number in range(1, MOST_SERVERS + 1):
                shelf = cls(parent / (safe if number == 1 else f"{safe}-{number}"))
                shelf.lock = (shelf.folder / "lock").open("w")
                with contextlib.suppress(BlockingIOError):
                    fcntl.flock(shelf.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return shelf
                shelf.lock.close()
        except OSError as error:
            raise JobError(
                f"cannot write {parent}: {error.strerror or error}; name another folder with --out"
            ) from None
        raise JobError(f"{MOST_SERVERS} servers show this forecast already; stop one")

    def release(self) -> None:
        """Let another server have it."""
        if self.lock is not None:
            self.lock.close()

    def begin(self, entry: Entry) -> None:
        """Note that a job has been taken on."""
        whole.write(self.open / f"{entry.id}.json", json.dumps(_document(entry)))

    def keep(self, entry: Entry, answer: Answer | None) -> None:
        """Keep a finished job, whole or not at all."""
        aside, place = self.finished / f".{entry.id}.partial", self.finished / entry.id
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
        try:
            if answer is not None:
                (aside / RESULT).write_text(json.dumps(answer.result, ensure_ascii=False), encoding="utf-8")
                pages = {name: answer.pages[name] for name in PAGES if name in answer.pages}
                for name, content in {**pages, **({} if answer.map is None else {MAP: answer.map})}.items():
                    (aside / name).write_bytes(content)
            entry.bytes = sum(path.stat().st_size for path in aside.iterdir())
            (aside / STATE).write_text(json.dumps(_document(entry), ensure_ascii=False), encoding="utf-8")
            os.replace(aside, place)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        (self.open / f"{entry.id}.json").unlink(missing_ok=True)

    def drop(self, entry: Entry) -> None:
        """Forget a job."""
        (self.open / f"{entry.id}.json").unlink(missing_ok=True)
        shutil.rmtree(self.finished / entry.id, ignore_errors=True)

    def read(self, entry: Entry, name: str) -> bytes | None:
        """A file of a job; None where it has none."""
        try:
            return (self.finished / entry.id / name).read_bytes()
        except FileNotFoundError:
            return None

    def restore(self) -> list[Entry]:
        """Jobs that were kept, the oldest first; those that a server left unfinished have failed."""
        for partial in self.finished.glob(".*.partial"):
            shutil.rmtree(partial, ignore_errors=True)
        found = [_entry(path / STATE) for path in self.finished.iterdir() if re.match(ID, path.name)]
        kept = [entry for entry in found if entry is not None and entry.over]
        known = {entry.id for entry in kept}
        for path in self.open.iterdir():
            entry = _entry(path) if path.suffix == ".json" and re.match(ID, path.stem) else None
            if entry is None or entry.id in known:
                path.unlink(missing_ok=True)
                continue
            entry.phase, entry.error = "failed", STOPPED
            self.keep(entry, None)
            kept.append(entry)
        return sorted(kept, key=lambda entry: entry.created)


def _document(entry: Entry) -> dict[str, Any]:
    """What is kept of a job's state."""
    names = ("id", "kind", "title", "asked", "created", "phase", "done", "total", "note", "error", "map", "bytes")
    return {name: getattr(entry, name) for name in names}


def _entry(path: Path) -> Entry | None:
    """A job from its file; None where that is damaged or of another program."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        size = found.pop("bytes")
        replies.Job.model_validate(found)
        if found["id"] != (path.stem if path.name != STATE else path.parent.name):
            return None
        return Entry(**found, bytes=int(size))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


class Jobs:
    """The queue, and all jobs that are known."""

    def __init__(self, work: Work, limits: Limits = Limits()) -> None:
        self.work, self.limits = work, limits
        self.shelf: Shelf | None = None
        self.entries: dict[str, Entry] = {}  # in the order in which they were asked for
        self.streams = 0
        self.closing = False
        self._wanted = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._unkept: dict[str, Answer] = {}

    async def open(self) -> None:
        """Begin to work."""
        self._tasks = [asyncio.create_task(self._work()), asyncio.create_task(self._watch())]

    def close(self) -> None:
        """End all streams, and take on no more; what runs is stopped by `stop`."""
        self.closing = True
        for entry in self.entries.values():
            entry.change()

    async def stop(self) -> None:
        """Stop what runs. It stays noted as open, so that the next server tells that it failed."""
        self.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.shelf is not None:
            self.shelf.release()

    def keep_in(self, shelf: Shelf) -> None:
        """Keep finished jobs on a shelf from now on, and take up those that are on it."""
        self.shelf = shelf
        self.entries = {entry.id: entry for entry in shelf.restore()} | self.entries
        self._forget_oldest()

    # ------------------------------------------------------------------------------------------------------ ask

    def ask(self, asked: dict[str, Any], title: str, *, lasting: bool = False) -> replies.Job:
        """Take a job on. Raises `BusyError` where too many wait."""
        waiting = sum(entry.phase == "queued" for entry in self.entries.values())
        if self.closing or waiting >= self.limits.waiting:
            raise BusyError(f"{waiting} jobs are waiting already; wait for one, or cancel one")
        now = dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")
        entry = Entry(secrets.token_hex(12), asked["kind"], title[:TOLD], asked, now, lasting=lasting)
        entry.asked_at = _clock()
        if self.shelf is not None and not lasting:
            self.shelf.begin(entry)
        self.entries[entry.id] = entry
        self._wanted.set()
        return self.told(entry)

    def find(self, number: str) -> Entry:
        """A job. Raises `NoJobError`."""
        if number not in self.entries:
            raise NoJobError(NO_JOB)
        return self.entries[number]

    def told(self, entry: Entry, result: dict[str, Any] | None = None) -> replies.Job:
        """A job as the page is told of it."""
        return replies.Job(
            id=entry.id,
            kind=entry.kind,
            title=entry.title,
            phase=entry.phase,
            asked=entry.asked,
            created=entry.created,
            done=entry.done,
            total=entry.total,
            note=entry.note,
            error=entry.error,
            ahead=self._ahead(entry),
            result=result,
            map=entry.map,
        )

    def _ahead(self, entry: Entry) -> int:
        if entry.phase != "queued":
            return 0
        before = list(self.entries).index(entry.id)
        return sum(not other.over for other in list(self.entries.values())[:before])

    def listed(self) -> replies.Jobs:
        """All jobs, the latest first."""
        return replies.Jobs(jobs=[self.told(entry) for entry in reversed(self.entries.values())])

    def read(self, number: str) -> replies.Job:
        """A job with its result; to ask for it counts as listening."""
        entry = self.find(number)
        entry.heard = _clock()
        found = self.file(number, RESULT) if entry.phase == "done" else None
        return self.told(entry, json.loads(found) if found else None)

    def file(self, number: str, name: str) -> bytes | None:
        """A file of a finished job by one of the fixed names; None where it has none."""
        entry = self.find(number)
        if entry.id in self._unkept:
            answer = self._unkept[entry.id]
            return {RESULT: json.dumps(answer.result).encode(), MAP: answer.map, **answer.pages}.get(name)
        return self.shelf.read(entry, name) if self.shelf is not None and entry.phase == "done" else None

    def cancel(self, number: str) -> replies.Job:
        """Cancel a job, or forget it where it is finished. Raises `JobError` of one that the server itself needs."""
        entry = self.find(number)
        if entry.lasting and not entry.over:
            raise JobError("the page rests on this forecast; stop the server to stop it")
        if entry.over:
            self._forget(entry)
        else:
            self._cancel(entry, "it was cancelled")
        return self.told(entry)

    # --------------------------------------------------------------------------------------------------- listen

    def may_listen(self, number: str) -> None:
        """Raise `NoJobError`, and `BusyError` where too many streams are open."""
        self.find(number)
        if self.streams >= self.limits.streams:
            raise BusyError(f"{self.streams} streams of events are open already; close some pages")

    async def listen(self, number: str) -> AsyncGenerator[replies.Job | None, None]:
        """The state of a job whenever it changes, as it is by then, until it is finished; None where nothing did.

        Raises as `may_listen`.
        """
        self.may_listen(number)
        entry = self.find(number)
        self.streams += 1
        entry.listeners += 1
        try:
            seen = -1
            while not self.closing or seen < 0:
                entry.changed.clear()
                if entry.version != seen:
                    seen = entry.version
                    yield self.told(entry)
                    if entry.over:
                        return
                    await asyncio.sleep(self.limits.apart)
                if entry.version == seen and not await _heard(entry.changed, self.limits.ping):
                    yield None
        finally:
            self.streams -= 1
            entry.listeners -= 1
            entry.heard = _clock()

    async def _watch(self) -> None:
        """Cancel jobs that nobody waits for."""
        while True:
            await asyncio.sleep(min(1.0, self.limits.left / 4))
            for entry in list(self.entries.values()):
                if not entry.over and self._left(entry):
                    self._cancel(entry, "nobody was waiting for it any more")

    def _left(self, entry: Entry) -> bool:
        if entry.lasting or entry.listeners:
            return False
        if entry.heard is None:
            return _clock() - entry.asked_at > self.limits.unheard
        return _clock() - entry.heard > self.limits.left

    # ----------------------------------------------------------------------------------------------------- work

    async def _work(self) -> None:
        """Do one job after the other."""
        while not self.closing:
            queued = [entry for entry in self.entries.values() if entry.phase == "queued"]
            if not queued:
                self._wanted.clear()
                await self._wanted.wait()
                continue
            await self._do(queued[0])

    async def _do(self, entry: Entry) -> None:
        """Do one job, and keep what came of it."""
        entry.phase = "running"
        for other in self.entries.values():
            if not other.over:
                other.change()
        entry.task = asyncio.ensure_future(self._limited(entry))
        try:
            answer = await entry.task
        except asyncio.CancelledError:
            if not entry.over:  # the server stops
                entry.task.cancel()
                await asyncio.gather(entry.task, return_exceptions=True)
                raise
            if self.closing:
                raise
        except CeasefireError as error:
            self._finish(entry, "failed", error=str(error))
        except Exception as error:
            print(f"ceasefire: a job of kind {entry.kind} failed: {type(error).__name__}: {error}", file=sys.stderr)
            self._finish(entry, "failed", error=f"the server failed: {type(error).__name__}; see what it printed")
        else:
            entry.map = MAPPED.get(entry.kind, "") if answer.map is not None else ""
            self._finish(entry, "done", answer=answer)
        finally:
            entry.task = None

    async def _limited(self, entry: Entry) -> Answer:
        longest = self.limits.longest[entry.kind]
        try:
            async with asyncio.timeout(longest):
                return await self.work(entry.asked, lambda *told: self._tell(entry, *told))
        except TimeoutError:
            raise JobError(
                f"it took more than {longest / 60:g} minutes, which is the most; ask for fewer runs or weeks"
            ) from None

    def _tell(self, entry: Entry, done: int, total: int, note: str) -> None:
        if entry.phase == "running":
            entry.done, entry.total, entry.note = max(0, int(done)), max(0, int(total)), str(note)[:TOLD]
            entry.change()

    def _cancel(self, entry: Entry, why: str) -> None:
        task = entry.task
        self._finish(entry, "cancelled", error=why)
        if task is not None:
            task.cancel()

    def _finish(self, entry: Entry, phase: replies.Phase, *, error: str = "", answer: Answer | None = None) -> None:
        """Say that a job is over, once what came of it is kept."""
        entry.phase, entry.error = phase, error[: 4 * TOLD]
        if answer is not None and entry.total:
            entry.done = entry.total
        self._keep(entry, answer)
        for other in self.entries.values():
            if other is entry or other.phase == "queued":
                other.change()
        self._forget_oldest()

    def _keep(self, entry: Entry, answer: Answer | None) -> None:
        if entry.lasting:
            return
        if self.shelf is None:
            if answer is not None:
                self._unkept[entry.id] = answer
            return
        try:
            self.shelf.keep(entry, answer)
        except OSError as error:
            entry.phase, entry.error = "failed", f"what came of it could not be kept: {error.strerror or error}"

    def _forget_oldest(self) -> None:
        """Forget the oldest finished jobs while there are too many, or they take too much room."""
        over = [entry for entry in self.entries.values() if entry.over and not entry.lasting]
        size = sum(entry.bytes for entry in over)
        while over and (len(over) > self.limits.kept or (size > self.limits.kept_bytes and len(over) > 1)):
            size -= over[0].bytes
            self._forget(over.pop(0))

    def _forget(self, entry: Entry) -> None:
        self.entries.pop(entry.id, None)
        self._unkept.pop(entry.id, None)
        if self.shelf is not None:
            self.shelf.drop(entry)


async def _heard(event: asyncio.Event, seconds: float) -> bool:
    """Whether an event came within a time."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


def _clock() -> float:
    return asyncio.get_running_loop().time()
