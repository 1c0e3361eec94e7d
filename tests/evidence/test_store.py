from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from invented import SATURDAYS, square, write_map

from ceasefire.evidence import build as building
from ceasefire.evidence import store as storing
from ceasefire.evidence.build import build
from ceasefire.evidence.error import EvidenceError
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_same_input_gives_the_same_bytes(upstream, tmp_path):
    build(upstream, tmp_path / "one")
    build(upstream, tmp_path / "two")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_a_store_reads_back_what_was_derived(upstream, tmp_path):
    derived = building.derive(building.read_folder(upstream, print))
    opened = build(upstream, tmp_path / "store")
    assert opened.observations == derived.observations
    np.testing.assert_array_equal(opened.control.share, derived.control.share)
    np.testing.assert_array_equal(opened.control.held, derived.control.held)
    np.testing.assert_array_equal(opened.control.disc, derived.control.disc)


def test_provenance_names_sources_files_and_warnings_but_no_folder(upstream, tmp_path):
    build(upstream, tmp_path / "store")
    text = (tmp_path / "store" / "store.json").read_text()
    manifest = json.loads(text)
    assert set(manifest["sources"]) == {"deepstatemap", "general-staff", "air-force"}
    assert all(len(file["sha256"]) == 64 for file in manifest["files"].values())
    assert any("2025-03-22" in warning for warning in manifest["warnings"])
    assert str(tmp_path) not in text
    assert "DeepStateMap" in (tmp_path / "store" / "LICENSE-DATA.md").read_text()


def test_a_store_of_maps_alone_or_counts_alone_is_a_store(upstream, tmp_path):
    for path in upstream.glob("*.geojson"):
        path.unlink()
    counts = build(upstream, tmp_path / "counts")
    vintage = Vintage(counts, "2025-03-20")
    assert len(vintage.control(np.array([1], dtype=np.uint64)).dates) == 0
    with pytest.raises(EvidenceError, match="no map"):
        _ = vintage.latest_control_date
    maps = tmp_path / "maps"
    maps.mkdir()
    write_map(maps, "2025-03-01", square(37.0, 48.2, 37.3, 48.4))
    assert Vintage(build(maps, tmp_path / "only-maps"), "2025-03-01").series("area.total").latest() > 0


def test_a_later_map_and_file_extend_an_old_store(upstream, tmp_path):
    old = build(upstream, tmp_path / "store")
    write_map(upstream, "2026-05-02", square(37.0, 48.2, 37.9, 48.4))
    new = build(upstream, tmp_path / "store")
    assert str(new.control.dates[-1]) == "2026-05-02"
    assert Vintage(new, "2025-03-29").hash == Vintage(old, "2025-03-29").hash


def test_an_old_store_survives_a_failed_build(upstream, tmp_path, monkeypatch):
    target = tmp_path / "store"
    build(upstream, target)
    before = contents(target)
    (upstream / "brent_daily.csv").write_text("nonsense")
    with pytest.raises(EvidenceError, match=r"brent_daily.csv"):
        build(upstream, target)
    assert contents(target) == before
    (upstream / "brent_daily.csv").unlink()
    for failure in (OSError(28, "No space left on device"), KeyboardInterrupt()):
        _fail_last_rename(monkeypatch, failure)
        with pytest.raises((EvidenceError, KeyboardInterrupt)):
            build(upstream, target)
        monkeypatch.undo()
        assert contents(target) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["store", "upstream"]


def _fail_last_rename(monkeypatch: pytest.MonkeyPatch, failure: BaseException) -> None:
    real = Path.rename

    def rename(self: Path, other: Path) -> Path:
        if self.name == "new":
            raise failure
        return real(self, other)

    monkeypatch.setattr(Path, "rename", rename)


def test_a_folder_that_is_no_store_is_not_overwritten(upstream, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("years of work")
    with pytest.raises(EvidenceError, match="not an evidence store"):
        build(upstream, tmp_path / "home")
    (tmp_path / "file").write_text("")
    with pytest.raises(EvidenceError, match="not a folder"):
        build(upstream, tmp_path / "file")
    (tmp_path / "empty").mkdir()
    assert build(upstream, tmp_path / "empty").observations


def _damage(folder: Path, name: str, change) -> None:
    path = folder / name
    path.write_bytes(change(path.read_bytes()))


def _edit(**changes):
    def edit(content: bytes) -> bytes:
        return json.dumps({**json.loads(content), **changes}).encode()

    return edit


@pytest.mark.parametrize(
    ("name", "change", "problem"),
    [
        ("store.json", lambda content: b"{", "cannot be read"),
        ("store.json", _edit(format="other"), "not the manifest"),
        ("store.json", _edit(version=2), "format 2"),
        ("store.json", _edit(version="1"), "format 1"),
        ("store.json", _edit(sources=None), "names no sources"),
        ("store.json", _edit(tables={}), "cannot be read"),
        ("series.csv.gz", lambda content: content[:-9], "damaged"),
        ("control.npz", lambda content: b"", "damaged"),
    ],
)
def test_a_damaged_store_is_refused_in_words(upstream, tmp_path, name, change, problem):
    build(upstream, tmp_path / "store")
    _damage(tmp_path / "store", name, change)
    with pytest.raises(EvidenceError, match=problem):
        Store.open(tmp_path / "store")


@pytest.mark.parametrize("name", ["series.csv.gz", "control.npz", "store.json"])
def test_a_missing_table_is_refused_in_words(upstream, tmp_path, name):
    build(upstream, tmp_path / "store")
    (tmp_path / "store" / name).unlink()
    with pytest.raises(EvidenceError, match=r"build it again"):
        Store.open(tmp_path / "store")


def test_a_forged_table_with_a_matching_checksum_is_still_checked(upstream, tmp_path):
    folder = tmp_path / "store"
    build(upstream, folder)
    manifest = json.loads((folder / "store.json").read_text())
    forged = b"not a gzip file"
    (folder / "series.csv.gz").write_bytes(forged)
    manifest["tables"]["series.csv.gz"]["sha256"] = storing.hashlib.sha256(forged).hexdigest()
    (folder / "store.json").write_text(json.dumps(manifest))
    with pytest.raises(EvidenceError, match="cannot be read"):
        Store.open(folder)


def test_without_a_packaged_store_the_message_names_the_option(tmp_path, monkeypatch):
    monkeypatch.setattr(storing, "PACKAGED", tmp_path / "absent")
    with pytest.raises(EvidenceError, match="--evidence STORE"):
        Store.open(None)


def test_a_store_can_be_moved(upstream, tmp_path):
    built = build(upstream, tmp_path / "store")
    shutil.move(tmp_path / "store", tmp_path / "elsewhere")
    assert Store.open(tmp_path / "elsewhere").observations == built.observations
    assert [str(day) for day in built.control.dates] == list(SATURDAYS)
