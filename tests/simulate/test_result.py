"""Results on disk: whole or not at all, and what is read is what was written."""

from __future__ import annotations

import contextlib
import errno
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from ceasefire.evidence.error import CeasefireError
from ceasefire.simulate.result import ARRAY, MARK, ResultError, load, save, whole


@pytest.fixture
def dataset() -> xr.Dataset:
    """Every kind of number that a result holds, and the awkward ones among them."""
    awkward = np.array([[0.0, -0.0, np.nan], [np.inf, -np.inf, np.float32(1e-40)]], dtype=np.float32)
    return xr.Dataset(
        {
            "real": (("week", "run"), awkward, {"units": "km2", "long_name": "Ground"}),
            "small": ("run", np.array([-1, 0, 127], dtype=np.int8), {"flag_meanings": ["war", "peace"]}),
            "short": ("run", np.array([-1, 0, 32767], dtype=np.int16)),
            "flag": ("run", np.array([True, False, True])),
            "double": ("week", np.array([1 / 3, np.nextafter(1, 2)])),
        },
        coords={
            "run": np.arange(3),
            "cell": np.array([608295208915828735, 2**64 - 1], dtype=np.uint64),
            "axis": ["Київ", "a b"],
            "date": ("week", np.array(["2025-08-09", "2025-08-16"], dtype="datetime64[ns]")),
        },
        attrs={"seed": 2**64 - 1, "runs": 3, "title": "„Ж“ 😀\nsecond line", "background": [], "names": ["a", "b"]},
    )


def write(dataset: xr.Dataset, folder: Path) -> None:
    with whole(folder) as aside:
        save(dataset, aside)


def assert_same(one: xr.Dataset, other: xr.Dataset) -> None:
    assert set(one.variables) == set(other.variables)
    for name in one.variables:
        a, b = one[name], other[name]
        assert a.dims == b.dims, name
        assert a.dtype.kind == b.dtype.kind, name
        if a.dtype.kind in "UOT":
            assert a.to_numpy().tolist() == b.to_numpy().tolist(), name
        else:
            assert a.dtype == b.dtype, name
            assert a.to_numpy().tobytes() == b.to_numpy().tobytes(), name
        assert a.attrs == b.attrs, name
    assert one.attrs == other.attrs


def test_what_is_read_is_what_was_written(dataset, tmp_path):
    write(dataset, tmp_path / "result")
    assert_same(dataset, load(tmp_path / "result"))
    assert_same(dataset, load(tmp_path / "result" / ARRAY))
    assert_same(dataset, load(str(tmp_path / "result")))


def test_nothing_but_the_result_is_left(dataset, tmp_path):
    write(dataset, tmp_path / "deep" / "result")
    assert [path.name for path in tmp_path.iterdir()] == ["deep"]
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["result"]
    assert {path.name for path in (tmp_path / "deep" / "result").iterdir()} == {ARRAY, MARK}


def test_a_newer_result_takes_the_place_of_an_older(dataset, tmp_path):
    write(dataset, tmp_path / "result")
    newer = dataset.isel(run=[0, 2]).assign_attrs(seed=9)
    write(newer, tmp_path / "result")
    assert_same(newer, load(tmp_path / "result"))
    assert [path.name for path in tmp_path.iterdir()] == ["result"]


@pytest.mark.parametrize(
    "failure", [OSError(errno.ENOSPC, "No space left on device"), RuntimeError("broken"), KeyboardInterrupt()], ids=repr
)
@pytest.mark.parametrize("older", [True, False], ids=["older result", "no result"])
def test_a_failure_half_way_leaves_everything_as_it_was(dataset, tmp_path, failure, older):
    folder = tmp_path / "result"
    if older:
        write(dataset, folder)
    expected = ResultError if isinstance(failure, OSError) else type(failure)

    def interrupted() -> None:
        with whole(folder) as aside:
            save(dataset.assign_attrs(seed=9), aside)
            raise failure

    with pytest.raises(expected):
        interrupted()
    assert [path.name for path in tmp_path.iterdir()] == (["result"] if older else [])
    if older:
        assert_same(dataset, load(folder))


def test_a_folder_of_something_else_is_refused_before_any_work(tmp_path):
    foreign = tmp_path / "mine"
    foreign.mkdir()
    (foreign / "notes.txt").write_text("precious")
    with pytest.raises(ResultError, match="mine exists and is not a result"), whole(foreign):
        pytest.fail("got a folder to write in")
    assert (foreign / "notes.txt").read_text() == "precious"
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_files_that_someone_put_beside_a_result_are_not_deleted(dataset, tmp_path):
    write(dataset, tmp_path / "result")
    (tmp_path / "result" / "notes.txt").write_text("precious")
    with contextlib.suppress(ResultError):
        write(dataset.assign_attrs(seed=9), tmp_path / "result")
    assert (tmp_path / "result" / "notes.txt").read_text() == "precious"


@pytest.mark.parametrize("place", ["file", "file/inner", "dangling", "loop", "name/" + "x" * 300])
def test_a_place_that_cannot_be_written_is_refused_before_any_work(tmp_path, place):
    (tmp_path / "file").write_text("a file")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(ResultError) as error, whole(tmp_path / place):
        pytest.fail("got a folder to write in")
    assert "\n" not in str(error.value)
    assert place.partition("/")[0] in str(error.value)
    assert [name for name in sorted(path.name for path in tmp_path.iterdir()) if name != "name"] == before


def test_a_path_that_no_system_takes_is_refused(tmp_path):
    with pytest.raises(CeasefireError), whole(tmp_path / "a\0b"):
        pytest.fail("got a folder to write in")


def test_the_working_folder_itself_is_refused_and_stays_clean(dataset, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ResultError):
        write(dataset, Path("."))
    assert list(tmp_path.iterdir()) == []


def test_a_link_to_a_result_stays_a_link(dataset, tmp_path):
    """Written through, or refused; a link is never quietly replaced by a folder."""
    write(dataset, tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    newer = dataset.assign_attrs(seed=9)
    try:
        write(newer, tmp_path / "link")
    except ResultError:
        newer = dataset
    assert (tmp_path / "link").is_symlink()
    assert_same(newer, load(tmp_path / "link"))
    assert_same(newer, load(tmp_path / "real"))


@pytest.mark.parametrize("name", ["Ж имя 😀", "-dash", "two words", "new\nline", "a" * 200, ".hidden", "100%"])
def test_any_name_that_the_system_takes_will_do(dataset, tmp_path, name):
    write(dataset, tmp_path / name)
    assert_same(dataset, load(tmp_path / name))
    assert [path.name for path in tmp_path.iterdir()] == [name]


BREAKS = {
    "no mark": lambda folder: (folder / MARK).unlink(),
    "no array": lambda folder: shutil.rmtree(folder / ARRAY),
    "array is a file": lambda folder: (shutil.rmtree(folder / ARRAY), (folder / ARRAY).write_text("")),
    "no description": lambda folder: (folder / ARRAY / "zarr.json").unlink(),
    "description cut short": lambda folder: (folder / ARRAY / "zarr.json").write_text('{"zar'),
    "description empty": lambda folder: (folder / ARRAY / "zarr.json").write_text(""),
    "description a list": lambda folder: (folder / ARRAY / "zarr.json").write_text("[]"),
    "description not text": lambda folder: (folder / ARRAY / "zarr.json").write_bytes(b"\xff\xfe\x00"),
    "a variable's description broken": lambda folder: (folder / ARRAY / "real" / "zarr.json").write_text("{"),
    "another array's format": lambda folder: _edit(folder, lambda found: found.update(zarr_format=99)),
}


def _edit(folder: Path, change) -> None:
    path = folder / ARRAY / "zarr.json"
    found = json.loads(path.read_text())
    change(found)
    path.write_text(json.dumps(found))


@pytest.mark.parametrize("broken", BREAKS)
def test_a_result_that_is_not_whole_is_refused(dataset, tmp_path, broken):
    write(dataset, tmp_path / "result")
    BREAKS[broken](tmp_path / "result")
    with pytest.raises(ResultError) as error:
        load(tmp_path / "result")
    assert "result" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_later_format_is_refused(dataset, tmp_path):
    write(dataset, tmp_path / "result")
    (tmp_path / "result" / MARK).write_text("99\n")
    with pytest.raises(ResultError, match="99"):
        load(tmp_path / "result")


@pytest.mark.parametrize("path", ["nowhere", "", "a\0b", "x" * 5000])
def test_where_there_is_no_result_an_error_says_so(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ResultError):
        load(path)
