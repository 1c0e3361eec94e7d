"""The store: all evidence in one folder, each table beside its provenance. Plain files, same bytes for same input.

store.json        format, tables with sha256, sources with licence, upstream files with sha256, warnings
series.csv.gz     name, date, published, value, unit, source, trust, note; sorted
control.npz       first map whole, later maps as changes; shares in 1/10,000; places
LICENSE-DATA.md   the terms of each source used
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ceasefire.evidence.control import SHARE_STEPS, ControlRecord
from ceasefire.evidence.error import EvidenceError
from ceasefire.evidence.series import Observation
from ceasefire.evidence.source import SOURCES, Source
from ceasefire.evidence.upstream import end_of_interval

PACKAGED = Path(__file__).parent / "data" / "store"
FORMAT = "ceasefire-evidence"
VERSION = 1
MANIFEST = "store.json"
SERIES = "series.csv.gz"
CONTROL = "control.npz"
LICENCE = "LICENSE-DATA.md"
COLUMNS = ("name", "date", "published", "value", "unit", "source", "trust", "note")
MAX_BYTES = 256 * 2**20
"""Most that a table may hold, packed or unpacked."""

REBUILD = "build it again with ceasefire.evidence.build.build"


@dataclass(frozen=True, eq=False)
class Store:
    """All evidence, of every date; ask a `Vintage` for what was known on one."""

    observations: tuple[Observation, ...]
    """Sorted by name, event date, publication date."""
    control: ControlRecord
    manifest: Mapping[str, Any]
    """Provenance, as in store.json."""

    @staticmethod
    def open(path: Path | str | None = None) -> Store:
        """Open a store folder; None opens the one that ships with the package.

        Raises `EvidenceError` where it is missing, broken, or of a later format.
        """
        folder = PACKAGED if path is None else Path(path)
        if path is None and not (folder / MANIFEST).is_file():
            raise EvidenceError("no evidence ships with this copy of the package; name a store with --evidence STORE")
        try:
            return _open(folder)
        except (
            OSError,
            ValueError,
            KeyError,
            TypeError,
            IndexError,
            AttributeError,
            EOFError,
            RecursionError,
        ) as error:
            problem = error.strerror if isinstance(error, OSError) and error.strerror else str(error)[:200]
        except (zipfile.BadZipFile, zlib.error, csv.Error, OverflowError, MemoryError) as error:
            problem = str(error)[:200]
        raise EvidenceError(f"the store in {folder} cannot be read ({problem}); {REBUILD}")

    @property
    def warnings(self) -> tuple[str, ...]:
        """Gaps, corrections and bounds found by the build."""
        return tuple(self.manifest.get("warnings", ()))

    @property
    def sources(self) -> dict[str, Source]:
        """Sources that this store draws on, by key."""
        return {key: SOURCES[key] for key in self.manifest["sources"] if key in SOURCES}


# Writing


def encode(store: Store) -> dict[str, bytes]:
    """The store's files by name."""
    tables = {SERIES: _encode_series(store.observations), CONTROL: _encode_control(store.control)}
    used = [SOURCES[key] for key in sorted(store.manifest["sources"])]
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        **store.manifest,
        "tables": {name: _table(name, content, store) for name, content in tables.items()},
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    return tables | {MANIFEST: text.encode(), LICENCE: licence_notice(used).encode()}


def _table(name: str, content: bytes, store: Store) -> dict[str, Any]:
    rows = len(store.observations) if name == SERIES else len(store.control.dates)
    keys = {row.source for row in store.observations} if name == SERIES else {"deepstatemap"} if rows else set()
    terms = sorted({SOURCES[key].licence for key in keys})
    return {"sha256": hashlib.sha256(content).hexdigest(), "rows": rows, "sources": sorted(keys), "licences": terms}


def _encode_series(observations: Iterable[Observation]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in observations:
        writer.writerow([getattr(row, column) for column in COLUMNS])
    return gzip.compress(text.getvalue().encode(), compresslevel=9, mtime=0)


def _encode_control(record: ControlRecord) -> bytes:
    first = record.share[0] if len(record.dates) else np.empty(0, dtype=np.uint16)
    later = np.diff(record.share.astype(np.int32), axis=0) if len(record.dates) else np.empty((0, 0))
    when, where = np.nonzero(later)
    file = io.BytesIO()
    np.savez_compressed(
        file,
        cells=record.cells,
        dates=record.dates.astype(np.int64),
        published=record.published.astype(np.int64),
        first=first,
        when=(when + 1).astype(np.uint16),
        where=where.astype(np.uint32),
        share=record.share[when + 1, where] if len(when) else np.empty(0, dtype=np.uint16),
        places=record.places,
        held=np.packbits(record.held, axis=1) if record.held.size else np.empty((0, 0), dtype=np.uint8),
        disc=record.disc,
    )
    return file.getvalue()


def licence_notice(sources: Iterable[Source]) -> str:
    """Terms of every source in a store, as Markdown."""
    lines = [
        "# Terms of the data in this folder",
        "",
        "The tables here are derived: counts, weekly sums, shares of map cells, each from the source its row names.",
        "Each derived table carries the terms of what it is derived from:",
        "",
    ]
    for source in sources:
        lines += [
            f"## {source.key}",
            "",
            f"- Producer: {source.producer}",
            f"- Citation: {source.citation}",
            f"- Licence: {source.licence}",
            f"- Terms: {source.terms}",
            "",
        ]
    return "\n".join(lines)


# Reading


def _open(folder: Path) -> Store:
    manifest = read_manifest(folder)
    packed = {name: _checked(folder, name, manifest) for name in (SERIES, CONTROL)}
    return Store(
        observations=tuple(sorted(_decode_series(packed[SERIES]))),
        control=_decode_control(packed[CONTROL]),
        manifest={key: value for key, value in manifest.items() if key not in ("format", "version", "tables")},
    )


def read_manifest(folder: Path) -> dict[str, Any]:
    """The checked store.json of a folder. Raises `EvidenceError` where the folder is no store this version reads."""
    path = folder / MANIFEST
    if not path.is_file():
        raise EvidenceError(f"{folder} is not an evidence store: it has no {MANIFEST}; {REBUILD}")
    if path.stat().st_size > MAX_BYTES:
        raise EvidenceError(f"{path} is larger than any manifest; {REBUILD}")
    manifest = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise EvidenceError(f"{path} is not the manifest of an evidence store; {REBUILD}")
    if not isinstance(manifest.get("version"), int) or manifest["version"] > VERSION:
        found = manifest.get("version")
        raise EvidenceError(f"the store in {folder} has format {found}, this version reads up to {VERSION}; {REBUILD}")
    if not isinstance(manifest.get("sources"), dict):
        raise EvidenceError(f"{path} names no sources; {REBUILD}")
    return manifest


def _checked(folder: Path, name: str, manifest: Mapping[str, Any]) -> bytes:
    path = folder / name
    if path.stat().st_size > MAX_BYTES:
        raise EvidenceError(f"{path} is too large for a table of evidence; {REBUILD}")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != manifest["tables"][name]["sha256"]:
        raise EvidenceError(f"{path} is not the file that {MANIFEST} describes: damaged or edited; {REBUILD}")
    return content


def _decode_series(content: bytes) -> list[Observation]:
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
        text = file.read(MAX_BYTES + 1)
    if len(text) > MAX_BYTES:
        raise ValueError("series.csv.gz unpacks to more than a table of evidence holds")
    rows = csv.reader(io.StringIO(text.decode("utf-8"), newline=""), strict=True)
    if tuple(next(rows, ())) != COLUMNS:
        raise ValueError(f"series.csv.gz must have the columns {', '.join(COLUMNS)}")
    return [
        Observation(name, _day(date), _day(published), float(value), unit, source, trust, note)
        for name, date, published, value, unit, source, trust, note in rows
    ]


def _day(text: str) -> str:
    if len(text) != 10 or end_of_interval(text) is None:
        raise ValueError(f"{text[:20]!r} is not a day")
    return text


def _decode_control(content: bytes) -> ControlRecord:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > MAX_BYTES:
            raise ValueError("control.npz unpacks to more than a table of evidence holds")
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        column = {name: file[name] for name in file.files}
    share = _unroll(column)
    shape = (len(column["dates"]), len(column["places"]))
    held = np.unpackbits(column["held"], axis=1, count=shape[1]) if column["held"].size else np.zeros(shape)
    record = ControlRecord(
        cells=column["cells"].astype(np.uint64),
        dates=column["dates"].astype("datetime64[D]"),
        published=column["published"].astype("datetime64[D]"),
        share=share,
        places=column["places"].astype(np.str_),
        held=held.astype(np.bool_).reshape(shape),
        disc=column["disc"].astype(np.uint16).reshape(shape),
    )
    _check_control(record)
    return record


def _unroll(column: Mapping[str, NDArray[Any]]) -> NDArray[np.uint16]:
    """Rebuild every map from the first and the changes."""
    dates, cells = len(column["dates"]), len(column["cells"])
    if dates * cells * 2 > MAX_BYTES:
        raise ValueError("control.npz describes more maps of more cells than a table of evidence holds")
    share = np.zeros((dates, cells), dtype=np.uint16)
    if not dates:
        return share
    share[0] = column["first"]
    bounds = np.searchsorted(column["when"], np.arange(1, dates + 1))
    for index in range(1, dates):
        changed = slice(bounds[index - 1], bounds[index])
        share[index] = share[index - 1]
        share[index, column["where"][changed]] = column["share"][changed]
    return share


def _check_control(record: ControlRecord) -> None:
    if np.any(np.diff(record.dates).astype(np.int64) <= 0) or np.any(record.cells[1:] <= record.cells[:-1]):
        raise ValueError("control.npz is not in order of date and cell")
    if len(record.published) != len(record.dates) or np.any(record.share > SHARE_STEPS):
        raise ValueError("control.npz holds shares above 1 or lacks publication dates")
