"""Results: an xarray Dataset, kept as zarr; whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import xarray as xr

from ceasefire.evidence.error import CeasefireError
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

    Raises `ResultError` where the folder cannot be written, or something that is no result stands in its place.
    """
    target = Path(target)
    if target.exists() and not _is_ours(target):
        raise ResultError(f"{target} exists and is not a result of ceasefire; name another folder with --out")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".partial", dir=target.parent))
    except OSError as error:
        raise ResultError(f"cannot write {target}: {error.strerror or error}; name another folder with --out") from None
    try:
        yield aside
        (aside / MARK).write_text(f"{FORMAT}\n")
        _replace(aside, target)
    except OSError as error:
        raise ResultError(f"cannot write {target}: {error.strerror or error}; nothing was kept") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _is_ours(target: Path) -> bool:
    return target.is_dir() and ((target / MARK).exists() or not any(target.iterdir()))


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


def save(result: xr.Dataset, folder: Path) -> None:
    """Write a result's array into a folder (see `whole`)."""
    encoding = {name: {"chunks": tuple(array.shape)} for name, array in result.data_vars.items()}
    result.attrs["chunk"] = CHUNK
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result.to_zarr(folder / ARRAY, mode="w", consolidated=False, zarr_format=3, encoding=encoding)


def load(path: str | Path) -> xr.Dataset:
    """Open a result folder, or the array in it. Raises `ResultError` where there is none that is whole."""
    path = Path(path)
    folder = path.parent if path.name == ARRAY else path
    if not (folder / MARK).exists() or not (folder / ARRAY).is_dir():
        raise ResultError(f"{path} holds no result; `ceasefire forecast` writes one into out/<scenario>/")
    try:
        return xr.open_zarr(folder / ARRAY, consolidated=False, chunks=None)
    except (OSError, ValueError, KeyError) as error:
        raise ResultError(f"cannot read the result in {folder}: {error}") from None
