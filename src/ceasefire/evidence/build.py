"""Build a store from a folder of upstream files, all or nothing.

The new store is written beside its place and then renamed into it: a failure, or Ctrl-C, leaves an old store exactly
as it was. The same input gives the same bytes.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from ceasefire.evidence import control
from ceasefire.evidence.error import EvidenceError
from ceasefire.evidence.geography import Geography
from ceasefire.evidence.series import Observation
from ceasefire.evidence.source import SOURCES
from ceasefire.evidence.store import MANIFEST, Store, encode, read_manifest
from ceasefire.evidence.upstream import Upstream, read_folder


def _silent(message: str) -> None:
    """Say nothing."""


def build(from_dir: Path | str, out: Path | str, *, on_message: Callable[[str], None] = _silent) -> Store:
    """Read the upstream files below `from_dir` and write the store folder `out`.

    `on_message` gets one line for each file passed over and each stage. Raises `EvidenceError` where a known file
    cannot be read, none is found, or `out` holds something that is not a store.
    """
    source, target = Path(from_dir), Path(out)
    check_target(target)
    upstream = read_folder(source, on_message)
    on_message(f"read {len(upstream.files)} files; {len(upstream.warnings)} warnings")
    store = derive(upstream)
    write(encode(store), target)
    on_message(f"wrote {len(store.observations):,} observations and {len(store.control.dates)} maps of control")
    return Store.open(target)


def derive(upstream: Upstream) -> Store:
    """Everything a store holds, from what was read."""
    geography = Geography.packaged()
    rows = upstream.observations + control.areas(upstream.polygons, geography.sectors)
    return Store(
        observations=_distinct(rows),
        control=control.measure(upstream.polygons, geography.places),
        manifest={
            "files": dict(sorted(upstream.files.items())),
            "passed_over": sorted(upstream.passed_over),
            "sources": _provenance(file["source"] for file in upstream.files.values()),
            "warnings": list(upstream.warnings),
        },
    )


def _distinct(rows: Iterable[Observation]) -> tuple[Observation, ...]:
    return tuple(sorted(set(rows)))


def _provenance(keys: Iterable[str]) -> dict[str, dict[str, str | int]]:
    return {
        key: {
            "producer": SOURCES[key].producer,
            "citation": SOURCES[key].citation,
            "licence": SOURCES[key].licence,
            "terms": SOURCES[key].terms,
            "side": SOURCES[key].side,
            "trust": SOURCES[key].trust,
            "lag": SOURCES[key].lag,
        }
        for key in sorted(set(keys))
    }


def check_target(target: Path) -> None:
    """Refuse a place that holds something other than a store."""
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise EvidenceError(f"{target} is not a folder; name a new folder, or an old store to replace")
    if not target.exists() or not any(target.iterdir()):
        return
    if not (target / MANIFEST).is_file():
        raise EvidenceError(f"{target} holds files that are not an evidence store; name a new or empty folder")
    try:
        read_manifest(target)
    except (ValueError, OSError, RecursionError) as error:
        raise EvidenceError(f"{target} has a broken {MANIFEST}; remove the folder, or name a new one") from error


def write(files: Mapping[str, bytes], target: Path) -> None:
    """Put files into a folder all at once, in place of whatever store was there."""
    target = Path(os.path.abspath(target))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".partial", dir=target.parent))
    except OSError as error:
        raise EvidenceError(f"cannot write beside {target} ({error.strerror})") from error
    try:
        fresh = aside / "new"
        fresh.mkdir()
        for name, content in files.items():
            (fresh / name).write_bytes(content)
        _swap(fresh, target, aside / "old")
    except OSError as error:
        raise EvidenceError(f"cannot write {target} ({error.strerror}); the old store is as it was") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _swap(fresh: Path, target: Path, old: Path) -> None:
    """Rename the old folder away and the new one in; put the old one back if that fails."""
    try:
        if target.exists():
            target.rename(old)
        fresh.rename(target)
    except BaseException:
        if old.exists() and not target.exists():
            old.rename(target)
        raise
