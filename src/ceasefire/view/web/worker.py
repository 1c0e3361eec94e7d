"""The worker: one process that does jobs, one at a time, so that the server answers meanwhile.

It keeps the war open between jobs. To cancel a job is to kill it; the next job starts another. Both ends speak in
frames: two lengths, a head in JSON, and named bytes. Nothing that a client sent is ever unpickled or run. It ends when
the server does, because its input ends then, and the system takes it before the server where memory runs out.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import queue
import signal
import struct
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any, BinaryIO

from ceasefire.view.web.jobs import Answer, JobError, Tell

LENGTHS = struct.Struct("<II")
"""Of the head and of all bytes after it."""
MOST_BYTES = 1 << 30
"""Of an answer."""
NICE = 5
APART = 0.1
"""Seconds between two tellings, at least."""
MEMORY = "the system killed the work, most likely because memory ran out; ask for fewer runs or weeks"
ENDED = "the work ended by itself (code {code}); ask for it again"
RESULT, MAP = "result", "map"


def packed(head: dict[str, Any], parts: dict[str, bytes] | None = None) -> bytes:
    """A frame."""
    parts = parts or {}
    told = json.dumps({**head, "sizes": {name: len(part) for name, part in parts.items()}}).encode()
    return LENGTHS.pack(len(told), sum(map(len, parts.values()))) + told + b"".join(parts.values())


def unpacked(head: bytes, rest: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Head and parts of a frame."""
    told: dict[str, Any] = json.loads(head)
    parts, at = {}, 0
    for name, size in told.pop("sizes").items():
        parts[name] = rest[at : at + size]
        at += size
    return told, parts


# ---------------------------------------------------------------------------------------------------- the server's end


class Worker:
    """A process that is started when it is needed, and kept."""

    def __init__(self, opening: dict[str, Any], command: tuple[str, ...] = ()) -> None:
        self.opening = opening
        self.command = command or (sys.executable, "-m", "ceasefire.view.web.worker")
        self.process: asyncio.subprocess.Process | None = None
        self._killed: asyncio.Task[None] | None = None

    async def start(self, *, warm: bool = True) -> asyncio.subprocess.Process:
        """The process, started if there is none; `warm` has it open the war before it is asked for anything."""
        if self.process is None or self.process.returncode is not None:
            self.process = await asyncio.create_subprocess_exec(
                *self.command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, start_new_session=True
            )
            await _write(self.process, packed({**self.opening, "warm": warm}))
        return self.process

    async def __call__(self, asked: dict[str, Any], tell: Tell) -> Answer:
        """Do a job. Raises `JobError` where it fails; to cancel this is to kill the process."""
        process = await self.start(warm=False)
        try:
            await _write(process, packed({"asked": asked}))
            while True:
                head, parts = await _read(process)
                if "tell" in head:
                    tell(*head["tell"])
                elif "error" in head:
                    raise JobError(head["error"])
                else:
                    return Answer(json.loads(parts.pop(RESULT)), parts.pop(MAP, None), parts)
        except (asyncio.IncompleteReadError, ConnectionError):
            code = await process.wait()
            self.process = None
            raise JobError(MEMORY if code == -signal.SIGKILL else ENDED.format(code=code)) from None
        except asyncio.CancelledError:
            self.kill()
            raise

    def kill(self) -> None:
        """End the process at once, whatever it does."""
        process, self.process = self.process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            self._killed = asyncio.create_task(_buried(process))

    async def close(self) -> None:
        """End the process, and wait until it has."""
        self.kill()
        if self._killed is not None:
            await self._killed


async def _buried(process: asyncio.subprocess.Process) -> None:
    """Wait for a process that was killed, and close what led to it."""
    await process.wait()
    if process.stdin is not None:
        process.stdin.close()


async def _write(process: asyncio.subprocess.Process, frame: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(frame)
    await process.stdin.drain()


async def _read(process: asyncio.subprocess.Process) -> tuple[dict[str, Any], dict[str, bytes]]:
    assert process.stdout is not None
    head, rest = LENGTHS.unpack(await process.stdout.readexactly(LENGTHS.size))
    return unpacked(await process.stdout.readexactly(head), await process.stdout.readexactly(rest))


# --------------------------------------------------------------------------------------------------- the process's end


def main() -> None:
    """Do jobs until the server ends."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no frame
    _yield()
    frames: queue.Queue[dict[str, Any]] = queue.Queue()
    threading.Thread(target=_listen, args=(os.fdopen(os.dup(0), "rb"), frames), daemon=True).start()
    at = _opened(frames.get())
    while True:
        _do(frames.get()["asked"], at, out)


def _yield() -> None:
    """Let others go first, and be taken first where memory runs out."""
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICE)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _listen(stdin: BinaryIO, frames: queue.Queue[dict[str, Any]]) -> None:
    """Take what the server sends; end with it."""
    while len(lengths := stdin.read(LENGTHS.size)) == LENGTHS.size:
        head, rest = LENGTHS.unpack(lengths)
        frames.put(unpacked(stdin.read(head), stdin.read(rest))[0])
    os._exit(0)


def _opened(told: dict[str, Any]) -> Any:
    """The war, opened ahead of the first job if that is wanted."""
    from ceasefire.evidence.store import Store
    from ceasefire.scenario.spec import Scenario
    from ceasefire.view.web.work import Opened

    evidence = Path(told["evidence"]) if told["evidence"] else None
    scenario = Scenario.model_validate(told["scenario"])
    at = Opened(scenario, Store.open(evidence), Path(told["folder"]), evidence, told["named"])
    if told["warm"]:
        with contextlib.suppress(Exception):  # the job that needs it fails then, and says why
            _ = at.start
    return at


def _do(asked: dict[str, Any], at: Any, out: BinaryIO) -> None:
    """Do one job, and send what came of it."""
    from ceasefire.evidence.error import CeasefireError
    from ceasefire.view.web import work

    try:
        done = work.do(work.read(asked), at, _Teller(out))
        result = json.dumps(done.result, ensure_ascii=False).encode()
        parts = {RESULT: result, **({} if done.map is None else {MAP: done.map}), **done.pages}
        if (size := sum(map(len, parts.values()))) > MOST_BYTES:
            raise JobError(f"what came of it has {size:,} bytes; at most {MOST_BYTES:,} are kept: ask for fewer weeks")
        frame = packed({}, parts)
    except CeasefireError as error:
        frame = packed({"error": str(error)})
    except MemoryError:
        frame = packed({"error": "not enough memory; ask for fewer runs or weeks"})
    except Exception as error:
        traceback.print_exc()
        frame = packed({"error": f"the work failed: {type(error).__name__}; the server printed the details"})
    out.write(frame)
    out.flush()


class _Teller:
    """Tells how far a job is, not more often than anybody can read; what is new in words, and the last, always."""

    def __init__(self, out: BinaryIO) -> None:
        self.out, self.told, self.note, self.lock = out, 0.0, "", threading.Lock()

    def __call__(self, done: int, total: int, note: str) -> None:
        now = time.monotonic()
        with self.lock:
            if now - self.told < APART and note == self.note and (done < total or not total):
                return
            self.told, self.note = now, note
            self.out.write(packed({"tell": [int(done), int(total), str(note)]}))
            self.out.flush()


if __name__ == "__main__":
    main()
