"""Journal: finished parts of a job, kept as they come in, so that a job that is killed at any moment can be resumed.

A job has a folder of its own, named by all that its result depends on, so that what is found there is always of the
same job. In it each stage has a folder with a `done` array, one byte a part, and a file for each finished part. A part
is written aside, renamed, and then marked as done: what is marked is whole. What is not marked is done again and comes
out the same.

A part is kept as plain arrays and JSON: tuples, lists, dicts, numbers, arrays, and the records of this program, after a
digest by which damage is seen. Reading it runs nothing: no class from anywhere else is ever made.
"""

from __future__ import annotations

import dataclasses
import fcntl
import hashlib
import importlib
import io
import json
import os
import shutil
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib.format import read_array, write_array
from numpy.typing import NDArray

from ceasefire.evidence.error import CeasefireError

FORMAT = 1
DONE, LOCK, JOB = "done", "lock", "job.json"
OURS = __name__.split(".")[0]
LIBRARIES = ("jax", "jaxlib", "numpy", "scipy")
"""Of other versions of these, a part would be of another job."""
DIGEST = 32
MOST_BYTES = 2**31
"""Of a part, once it is read."""


class JournalError(CeasefireError):
    """Finished work cannot be kept, or is not of this program."""


class Journal:
    """What is finished of one job. Only one process works on a job at a time."""

    def __init__(self, base: Path, job: Mapping[str, Any], *, resume: bool) -> None:
        """`job` is all that the result depends on, as JSON; what is kept of it is used if `resume`, else dropped.

        Raises `JournalError` where the folder cannot be written, or another process works on the same job.
        """
        made_by = {"format": FORMAT, "program": program(), **{name: version(name) for name in LIBRARIES}}
        told = json.dumps({**made_by, **job}, sort_keys=True, ensure_ascii=False)
        self.stages: dict[str, int] = {}
        self.folder = base / hashlib.sha256(told.encode()).hexdigest()[:16]
        with _told(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            self.lock: IO[str] = (self.folder / LOCK).open("w")
            try:
                fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.lock.close()
                raise JournalError(f"another process works on this job (in {self.folder}); wait for it") from None
            for stage in () if resume else filter(Path.is_dir, self.folder.iterdir()):
                shutil.rmtree(stage)
            (self.folder / JOB).write_text(told + "\n", encoding="utf-8")

    def stage(self, name: str, number: int) -> Stage:
        """What is kept of a stage of so many parts; the second of a name is another stage than the first."""
        self.stages[name] = self.stages.get(name, 0) + 1
        return Stage(self.folder / f"{name}-{self.stages[name]}", number)

    def parts(self) -> int:
        """How many finished parts are kept."""
        return sum(path.read_bytes().count(1) for path in self.folder.glob(f"*/{DONE}"))

    def close(self, *, drop: bool) -> None:
        """Let another process work on the job; `drop` what is kept, since the job is over."""
        if drop:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.lock.close()


def digest(path: Path) -> str:
    """What a file, or a folder with all that is in it, says, compiled code aside; the same for all that is missing.

    Raises `JournalError` where it cannot be read.
    """
    found = hashlib.sha256()
    try:
        for each in sorted(path.rglob("*")) if path.is_dir() else [path] if path.exists() else []:
            if each.is_file() and each.suffix != ".pyc":
                found.update(f"{each.relative_to(path)}\0{each.stat().st_size}\0".encode())
                with each.open("rb") as file:
                    while block := file.read(2**20):
                        found.update(block)
    except OSError as error:
        raise JournalError(f"cannot read {path}: {error.strerror or error}") from None
    return found.hexdigest()


@cache
def program() -> str:
    """What this program is, its evidence and scenarios included: another one's parts are of another job."""
    return digest(Path(__file__).parents[1])


class Stage:
    """Finished parts of one stage."""

    def __init__(self, folder: Path, number: int) -> None:
        self.folder, self.number = folder, number
        with _told(folder):
            folder.mkdir(exist_ok=True)
            path = folder / DONE
            marked = path.read_bytes() if path.exists() else b""
            if len(marked) != number:
                marked = bytes(number)
                path.write_bytes(marked)
        self.done: NDArray[np.uint8] = np.frombuffer(bytearray(marked), dtype=np.uint8)
        for part in np.flatnonzero(self.done):
            if _content(self._path(int(part))) is None:
                self.done[part] = 0

    def __contains__(self, part: int) -> bool:
        return bool(self.done[part])

    def read(self) -> Iterator[tuple[int, Any]]:
        """Every kept part with its number. Raises `JournalError` for what this program did not keep."""
        for part in np.flatnonzero(self.done):
            content = _content(self._path(int(part)))
            if content is None:
                raise JournalError(f"finished work in {self.folder} was damaged just now; do it again with --resume")
            yield int(part), unpack(content)

    def keep(self, part: int, result: Any) -> None:
        """Keep a finished part. Raises `JournalError` where it cannot be."""
        packed, path = pack(result), self._path(part)
        aside = path.with_suffix(".partial")
        try:
            aside.write_bytes(hashlib.sha256(packed).digest() + packed)
            os.replace(aside, path)
            with (self.folder / DONE).open("r+b") as file:
                file.seek(part)
                file.write(b"\x01")
        except OSError as error:
            with suppress(OSError):
                aside.unlink(missing_ok=True)
            raise JournalError(
                f"cannot keep finished work in {self.folder.parent}: {error.strerror or error}; {int(self.done.sum())} "
                f"of {self.number} parts are kept: make room and say the same again with --resume"
            ) from None
        self.done[part] = 1

    def _path(self, part: int) -> Path:
        return self.folder / f"{part}.part"


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Turn what the system says into what the user can do."""
    try:
        yield
    except OSError as error:
        raise JournalError(f"cannot keep finished work in {folder}: {error.strerror or error}") from None


# ----------------------------------------------------------------------------------------------- results as plain files

SHAPE = "shape.json"


def pack(result: Any) -> bytes:
    """A result as a zip file: its arrays, counts compressed, and its shape as JSON.

    Raises `TypeError` for what is not plain, `JournalError` for what is too large to be read again.
    """
    arrays: list[NDArray[Any]] = []
    shape = _shape(result, arrays)
    size = sum(array.nbytes for array in arrays)
    if size > MOST_BYTES // 2:
        raise JournalError(f"a part of {size >> 20} MiB cannot be kept; smaller parts would do")
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        file.writestr(zipfile.ZipInfo(SHAPE), json.dumps(shape))
        for number, array in enumerate(arrays):
            entry = zipfile.ZipInfo(f"{number}.npy")
            entry.compress_type = zipfile.ZIP_STORED if array.dtype.kind == "f" else zipfile.ZIP_DEFLATED
            with file.open(entry, "w", force_zip64=True) as stream:
                write_array(stream, array, allow_pickle=False)
    return held.getvalue()


def unpack(packed: bytes) -> Any:
    """What `pack` was given. Raises `JournalError` for what it did not make."""
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as file:
            size = sum(entry.file_size for entry in file.infolist())
            if size > MOST_BYTES:
                raise ValueError(f"{size >> 20} MiB are too much for a part")

            def array(number: int) -> NDArray[Any]:
                array: NDArray[Any] = read_array(io.BytesIO(file.read(f"{number}.npy")), allow_pickle=False)
                return array

            return _value(json.loads(file.read(SHAPE)), array)
    except UNREADABLE as error:
        raise JournalError(
            f"kept work cannot be read ({error or type(error).__name__}); leave out --resume to begin anew"
        ) from None


UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError),
    *(LookupError, ValueError, TypeError, AttributeError, ImportError, ArithmeticError, MemoryError),
)
"""What comes of bytes that `pack` did not make."""


def _shape(value: Any, arrays: list[NDArray[Any]]) -> Any:
    """A value as JSON: plain scalars as they are, all else as [kind, ...]; arrays are put aside."""
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    if isinstance(value, np.ndarray | np.generic):
        if value.dtype.hasobject:
            raise TypeError("an array of objects is no plain result")
        arrays.append(np.asarray(value))
        return ["array" if isinstance(value, np.ndarray) else "scalar", len(arrays) - 1]
    if kind is dict:
        return ["dict", [[_shape(key, arrays), _shape(each, arrays)] for key, each in value.items()]]
    if kind in PLAIN.values():
        return [kind.__name__, [_shape(each, arrays) for each in value]]
    fields = _fields(kind)
    if fields is None:
        raise TypeError(f"{kind.__name__} is no plain result")
    return ["record", kind.__module__, kind.__qualname__, [_shape(getattr(value, field), arrays) for field in fields]]


def _value(shape: Any, array: Callable[[int], NDArray[Any]]) -> Any:
    if not isinstance(shape, list):
        return shape
    kind, *rest = shape
    if kind in ("array", "scalar"):
        return array(rest[0])[() if kind == "scalar" else ...]
    if kind == "dict":
        return {_value(key, array): _value(each, array) for key, each in rest[0]}
    if kind in PLAIN:
        return PLAIN[kind](_value(each, array) for each in rest[0])
    module, name, values = rest
    if module.split(".")[0] != OURS:
        raise ValueError(f"{module} is not of this program")
    record = getattr(importlib.import_module(module), name)
    fields = _fields(record)
    if fields is None:
        raise ValueError(f"{name} is no record")
    return record(**dict(zip(fields, (_value(each, array) for each in values), strict=True)))


PLAIN: dict[str, Callable[[Iterator[Any]], Any]] = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}


def _fields(kind: type) -> tuple[str, ...] | None:
    """Names of the fields of a record of this program that can be found by its name; None for anything else."""
    if not isinstance(kind, type) or kind.__module__.split(".")[0] != OURS or kind.__qualname__ != kind.__name__:
        return None
    if dataclasses.is_dataclass(kind):
        return tuple(field.name for field in dataclasses.fields(kind) if field.init)
    return getattr(kind, "_fields", None) if issubclass(kind, tuple) else None


def _content(path: Path) -> bytes | None:
    """What was packed into a part; None where it is not there, or not as it was written."""
    try:
        kept = path.read_bytes()
    except OSError:
        return None
    content = kept[DIGEST:]
    return content if hashlib.sha256(content).digest() == kept[:DIGEST] else None
