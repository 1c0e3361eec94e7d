"""Results: an xarray Dataset, kept as zarr; whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import numpy as np
import xarray as xr

from ceasefire.evidence.error import CeasefireError
from ceasefire.scenario.start import Start
from ceasefire.simulate.run import CHUNK

VERSION = version("ceasefire")
FORMAT = 1
MARK = "ceasefire-result"
ARRAY = "result.zarr"


class ResultError(CeasefireError):
    """A result cannot be written or read."""


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """A folder to write in, put in the place of `target` once everything is written; removed on any failure.

    Meanwhile no warnings are told: zarr has one for every array of text, and filters are for all threads to share.
    Raises `ResultError` where the folder cannot be written, or something that is no result stands in its place.
    """
    target = Path(target)
    aside = _aside(target)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield aside
        (aside / MARK).write_text(f"{FORMAT}\n")
        _replace(aside, target)
    except OSError as error:
        raise ResultError(f"cannot write {target}: {error.strerror or error}; nothing was kept") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def check_target(target: Path) -> None:
    """Raise `ResultError` where a result could not be written, before anything is simulated for it."""
    target = Path(target)
    with _told(target):
        _refuse(target)
        nearest = next(folder for folder in target.absolute().parents if folder.exists())
        Path(tempfile.mkdtemp(dir=nearest)).rmdir()


def _aside(target: Path) -> Path:
    """A new folder beside the target."""
    with _told(target):
        _refuse(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f".{target.name[:80]}.", suffix=".partial", dir=target.parent))


@contextmanager
def _told(target: Path) -> Iterator[None]:
    """Turn what the system says into what the user can do."""
    try:
        yield
    except (OSError, ValueError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or error
        raise ResultError(f"cannot write {target}: {why}; name another folder with --out") from None


def _refuse(target: Path) -> None:
    """Refuse a place that is no folder for a result."""
    if not target.name or target.resolve() == Path.cwd():
        raise ResultError(f"{str(target)!r} is no folder for a result; name another with --out")
    if len(os.fsencode(target.name)) > LONGEST_NAME:
        raise ResultError(f"the name {target.name[:40]}… is too long for a folder; name another with --out")
    if (target.exists() or target.is_symlink()) and not _is_ours(target):
        raise ResultError(f"{target} exists and is not a result of ceasefire; name another folder with --out")


LONGEST_NAME = 240
STREAM, SERIES = "stream.zarr", "series.zarr"
OURS = (MARK, ARRAY, STREAM, SERIES, "summary.json", "report.html")


def _is_ours(target: Path) -> bool:
    """Whether a folder holds nothing but a result, so that it may be replaced."""
    if target.is_symlink() or not target.is_dir():
        return False
    names = [path.name for path in target.iterdir()]
    return not names or (MARK in names and set(names) <= set(OURS))


def _replace(aside: Path, target: Path) -> None:
    """Put a finished folder where the old one was; the old one survives until the new one stands."""
    aside.chmod(0o755)
    if not target.exists():
        os.replace(aside, target)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".old", dir=target.parent))
    os.replace(target, old / "result")
    try:
        os.replace(aside, target)
    except OSError:
        os.replace(old / "result", target)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def fingerprint(start: Start, *, runs: int, weeks: int, seed: int) -> str:
    """A mark of what a result is a function of: version, chunk width, scenario, evidence, lessons, seed and size.

    Two results with the same mark have the same bits, on processors of the same kind.
    """
    told = [VERSION, CHUNK, runs, weeks, seed, start.scenario.model_dump_json(), start.evidence_hash]
    found = hashlib.sha256(json.dumps(told).encode())
    fitted = start.valuation
    arrays = [part for law in start.calibrated for part in (law.centre, law.root)]
    arrays += [fitted.coefficients, fitted.low, fitted.high] if fitted else []
    for array in arrays:
        found.update(np.ascontiguousarray(array, dtype=np.float64).tobytes())
    return found.hexdigest()[:16]


def save(result: xr.Dataset, folder: Path, name: str = ARRAY) -> None:
    """Write a result's array into a folder (see `whole`)."""
    encoding = {name: {"chunks": tuple(array.shape)} for name, array in result.data_vars.items()}
    result.to_zarr(folder / name, mode="w", consolidated=False, zarr_format=3, encoding=encoding)


def load(path: str | Path) -> xr.Dataset:
    """Open a result folder, or the array in it. Raises `ResultError` where there is none that is whole."""
    path = Path(path)
    folder = path.parent if path.name == ARRAY else path
    try:
        whole = (folder / MARK).is_file() and (folder / ARRAY).is_dir()
        found = (folder / MARK).read_text()[:20].strip() if whole else ""
    except (OSError, ValueError) as error:
        raise ResultError(f"cannot read {str(path)[-100:]!r}: {getattr(error, 'strerror', None) or error}") from None
    if not whole and (folder / STREAM).is_dir():
        raise ResultError(f"{path} holds a streamed forecast, which keeps no single wars; forecast without --stream")
    if not whole:
        raise ResultError(f"{path} holds no result; `ceasefire forecast` writes one into out/<scenario>/")
    if found != str(FORMAT):
        raise ResultError(f"{path} has format {found!r}; this version reads {FORMAT}: use the program that wrote it")
    try:
        return xr.open_zarr(folder / ARRAY, consolidated=False, chunks=None).load()
    except Exception as error:  # zarr and its codecs raise whatever they like on damaged files
        why = " ".join(f"{type(error).__name__}: {error}".split())
        raise ResultError(f"cannot read the result in {folder}: {why[:200]}") from None
