"""Journal: what is kept comes back as it was, whatever is torn, damaged or planted is not taken for it."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import resource
import shutil
import subprocess
import sys
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ceasefire.model.declare import LogNormal, Normal
from ceasefire.scenario.posterior import Law
from ceasefire.simulate import journal as keeping
from ceasefire.simulate.journal import Journal, JournalError, pack, unpack
from ceasefire.simulate.pool import Pool, worked
from ceasefire.simulate.run import Chunk
from ceasefire.study import stream, whatif
from ceasefire.study.calibration.calibrate import Number

PARTS = 12
JOB = {"what": "squares"}

ARRAYS = hnp.arrays(
    st.one_of(
        hnp.boolean_dtypes(),
        hnp.integer_dtypes(),
        hnp.unsigned_integer_dtypes(),
        hnp.floating_dtypes(sizes=(32, 64)),
        hnp.datetime64_dtypes(),
        st.just(np.dtype("U3")),
    ),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5))
NUMBERS = st.sampled_from([np.float64(0.1), np.float32(0.1), np.int64(-3), np.bool_(True), np.float64("nan")])
KEYS = st.one_of(st.text(max_size=3), st.integers(), st.tuples(st.integers(), st.text(max_size=2)))
PLAIN = st.recursive(
    st.one_of(SCALARS, NUMBERS, ARRAYS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(KEYS, inner, max_size=3),
        st.sets(KEYS, max_size=3),
        st.builds(Chunk, st.dictionaries(st.text(max_size=3), inner, max_size=2), inner, inner, inner),
    ),
    max_leaves=8,
)


def assert_same(one, other) -> None:
    """The same types, shapes and bits all the way down."""
    assert type(one) is type(other)
    if isinstance(one, np.ndarray | np.generic):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        assert one.tobytes() == other.tobytes()
    elif isinstance(one, dict):
        assert list(one) == list(other)
        assert_same(list(one.values()), list(other.values()))
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for mine, its in zip(one, other, strict=True):
            assert_same(mine, its)
    elif hasattr(one, "__dict__"):
        assert_same(vars(one), vars(other))
    else:
        assert one == other or (one != one and other != other)


# ------------------------------------------------------------------------------------------------- there and back again


@given(PLAIN)
def test_what_is_packed_comes_back_bit_for_bit(result):
    assert_same(unpack(pack(result)), result)


def test_records_of_this_program_come_back():
    random = np.random.default_rng(1)
    streamed = stream.Streamed.zero(3, 4, 2, 5)
    streamed.sums.add(random.normal(size=(3, 4, 6)))
    streamed.counts.add(random.normal(size=(3, 4, 6)))
    pairs = whatif.Paired.zero(2, 3)
    pairs.add(*random.normal(size=(2, 2, 3, 5)))
    series = {"x": random.normal(size=(3, 2)).astype(np.float32)}
    chunk = Chunk(series, np.ones(3, np.int32), np.ones(2, bool), np.ones(2))
    priors = {"a": Normal(-1.0, 0.0, 1.0), "b": LogNormal(1.0, 2.0, 4.0)}
    number = Number("m", "n", (1.0, 2.0, 3.0), (1.5, 2.0, 2.5), 0.1, 0.5, 0.2, 0.9, 0.9, 0.8, None, 100.0)
    for result in (streamed, stream.Part(streamed, None), [whatif.Part(1, pairs, pairs)], chunk, number):
        assert_same(unpack(pack(result)), result)
    assert_same(unpack(pack((Law.prior(priors), [number], 3))), (Law.prior(priors), [number], 3))


@pytest.mark.parametrize("result", [object(), Path("x"), np.array([None]), 1j, lambda: 0, os, Journal, b"x"])
def test_what_is_not_plain_is_refused_when_it_is_kept(result):
    with pytest.raises(TypeError):
        pack([result])


# ---------------------------------------------------------------------------------------------------------- what is not


def forged(shape: str, **entries: bytes) -> bytes:
    """A part that somebody else made."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("shape.json", shape)
        for name, content in entries.items():
            file.writestr(f"{name}.npy", content)
    return held.getvalue()


def record(module: str, name: str, *values) -> str:
    return json.dumps(["record", module, name, list(values)])


@pytest.mark.parametrize(
    "shape",
    [
        record("os", "system", "false"),
        record("ceasefire.simulate.journal", "importlib"),
        record("ceasefire.simulate.journal", "digest", "x"),
        record("ceasefire.simulate.journal", "Journal", "x", {}),
        record("ceasefire.simulate.journal", "os.system", "false"),
        record("ceasefire.simulate.journal", "Path", "x"),
        record("ceasefire.nowhere", "Part"),
        record("ceasefire.study.stream", "Part"),
        record(".os", "system"),
        record("ceasefire..os", "system"),
        record("", ""),
        json.dumps(["record", 3, 4, 5]),
        json.dumps(["record"]),
        json.dumps([]),
        json.dumps(["array"]),
        json.dumps(["array", 7]),
        json.dumps(["array", "../../x"]),
        json.dumps(["dict", [[["list", []], 1]]]),
        json.dumps(["dict", [1]]),
        json.dumps(["list", 3]),
        json.dumps([["list"], []]),
        "[" * 100_000,
        '["list",[' * 5000 + "]]" * 5000,
        "{",
        "",
    ],
)
def test_a_forged_shape_is_refused_and_runs_nothing(shape):
    with pytest.raises(JournalError, match="--resume"):
        unpack(forged(shape))


def test_arrays_of_objects_are_not_read():
    held = io.BytesIO()
    np.save(held, np.array([print, None], dtype=object), allow_pickle=True)
    with pytest.raises(JournalError, match="--resume"):
        unpack(forged('["array", 0]', **{"0": held.getvalue()}))


def test_what_claims_to_be_huge_is_refused_before_it_is_read():
    """An array that claims more than it has, and an entry that would be gigabytes once inflated."""
    held = io.BytesIO()
    np.lib.format.write_array_header_1_0(held, {"descr": "<f8", "fortran_order": False, "shape": (2**57,)})
    with pytest.raises(JournalError, match="--resume"):
        unpack(forged('["array", 0]', **{"0": held.getvalue()}))
    bomb = bytearray(forged('["array", 0]', **{"0": bytes(2**20)}))
    entry = bomb.rindex(b"PK\x01\x02")
    bomb[entry + 24 : entry + 28] = (3 * 2**30).to_bytes(4, "little")
    with pytest.raises(JournalError, match="3072 MiB"):
        unpack(bytes(bomb))


@settings(max_examples=100)
@given(st.data())
def test_damaged_parts_are_never_a_surprise(data):
    """Cut short, or with some bytes changed: either refused, or (where it says nothing) read."""
    packed = bytearray(pack({"a": np.arange(5), "b": ("text", 1.5), "c": np.linspace(0, 1, 3)}))
    for _ in range(data.draw(st.integers(1, 3))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(packed)))
    for junk in (bytes(packed), bytes(packed[:cut])):
        with suppress(JournalError):
            unpack(junk)


# ------------------------------------------------------------------------------------------------------- a job, resumed


class Work:
    """Squares, and a note of which were worked on."""

    def __init__(self) -> None:
        self.done: list[int] = []

    def __call__(self, number: int) -> dict[str, np.ndarray]:
        self.done.append(number)
        return {"square": np.full(50, number**2 / 3), "count": np.arange(number)}


@pytest.fixture
def opened(tmp_path):
    """Journals of a job, closed in the end."""
    journals: list[Journal] = []

    def begin(job=JOB, *, resume: bool = True) -> Journal:
        journals.append(Journal(tmp_path, job, resume=resume))
        return journals[-1]

    yield begin
    for journal in journals:
        journal.close(drop=False)


def through(journal: Journal, work: Work, stop: int | None = None) -> dict[int, bytes]:
    """What a job comes to, or its first parts; each is told once."""
    found: dict[int, bytes] = {}
    for number, part in worked(work, PARTS, Pool(1, journal=journal)):
        assert number not in found
        found[number] = pack(part)
        if len(found) == stop:
            break
    return found


@pytest.fixture(scope="module")
def undisturbed() -> dict[int, bytes]:
    return {number: pack(part) for number, part in worked(Work(), PARTS, 1)}


def test_a_job_goes_on_where_it_was_left(opened, undisturbed):
    first, work = opened(), Work()
    some = through(first, Work(), stop=5)
    kept = first.parts()
    first.close(drop=False)
    again = opened()
    assert again.parts() == kept >= 5
    assert through(again, work) == undisturbed
    assert sorted(work.done) == [part for part in range(PARTS) if part not in list(range(kept))]
    assert some.items() <= undisturbed.items()


def test_without_resume_nothing_that_was_kept_is_used(opened, undisturbed):
    first, work = opened(), Work()
    through(first, Work())
    first.close(drop=False)
    assert through(opened(resume=False), work) == undisturbed
    assert sorted(work.done) == list(range(PARTS))


def test_another_job_has_another_journal(opened):
    one, other = opened(), opened({"what": "cubes"})
    through(one, Work())
    assert one.folder != other.folder
    assert other.parts() == 0


def test_a_stage_of_another_size_is_begun_anew(opened):
    journal = opened()
    through(journal, Work())
    journal.close(drop=False)
    assert not opened().stage("wars", PARTS + 1).done.any()


def test_a_job_that_is_over_leaves_nothing(opened, tmp_path):
    journal = opened()
    through(journal, Work())
    journal.close(drop=True)
    assert not list(tmp_path.iterdir())


def changed(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


DAMAGE = {
    "a bit": changed,
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-9]),
    "empty": lambda path: path.write_bytes(b""),
    "gone": Path.unlink,
    "another's": lambda path: path.write_bytes(b"junk" * 100),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_part_is_done_again(opened, undisturbed, how):
    first, work = opened(), Work()
    through(first, Work())
    first.close(drop=False)
    DAMAGE[how](first.folder / "wars-1" / "7.part")
    assert through(opened(), work) == undisturbed
    assert work.done == [7]


def test_all_of_a_part_is_guarded(opened):
    journal = opened()
    stage = journal.stage("wars", 1)
    stage.keep(0, {"a": np.arange(3)})
    path = journal.folder / "wars-1" / "0.part"
    whole = path.read_bytes()
    for place in range(0, len(whole), 3):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        assert 0 not in keeping.Stage(journal.folder / "wars-1", 1)
    path.write_bytes(whole)
    assert 0 in keeping.Stage(journal.folder / "wars-1", 1)


@pytest.mark.parametrize("when", ["before it is renamed", "before it is marked"])
def test_a_writer_killed_over_a_part_loses_only_that(opened, undisturbed, monkeypatch, when):
    """Power fails as the sixth part is kept."""

    class Killed(BaseException):
        pass

    first, work, rename = opened(), Work(), os.replace

    def replace(source, target) -> None:
        if Path(target).name == "5.part":
            if when == "before it is marked":
                rename(source, target)
            raise Killed
        rename(source, target)

    monkeypatch.setattr(keeping.os, "replace", replace)
    with pytest.raises(Killed):
        through(first, Work())
    monkeypatch.undo()
    first.close(drop=False)
    assert through(opened(), work) == undisturbed
    assert sorted(work.done) == list(range(5, PARTS))


def test_one_process_works_on_a_job_at_a_time(opened):
    """So that none drops what another keeps; the lock goes with the process that held it, however it dies."""
    journal = opened()
    for resume in (True, False):
        with pytest.raises(JournalError, match="another process"):
            opened(resume=resume)
    journal.close(drop=False)
    opened()


def test_a_lock_dies_with_its_process(tmp_path):
    journal = Journal(tmp_path, JOB, resume=True)
    journal.close(drop=False)
    hold = "import fcntl, sys, time; f = open(sys.argv[1], 'w'); fcntl.flock(f, 2); print(flush=True); time.sleep(60)"
    command = [sys.executable, "-S", "-c", hold, str(journal.folder / keeping.LOCK)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
        holder.stdout.readline()
        with pytest.raises(JournalError, match="another process"):
            Journal(tmp_path, JOB, resume=True)
        holder.kill()
    Journal(tmp_path, JOB, resume=True).close(drop=True)


# --------------------------------------------------------------------------------------------------------- a full disk


def test_a_full_disk_is_told_and_the_job_goes_on_afterwards(opened, undisturbed, monkeypatch):
    first, work, write = opened(), Work(), Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if path.name == "7.partial":
            write(path, content[: len(content) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(JournalError, match=rf"No space left on device; 7 of {PARTS} parts are kept.*--resume") as told:
        through(first, Work())
    assert "\n" not in str(told.value)
    assert not list(first.folder.glob("*/*.partial"))
    monkeypatch.undo()
    first.close(drop=False)
    assert through(opened(), work) == undisturbed
    assert sorted(work.done) == list(range(7, PARTS))


def test_a_file_that_may_not_grow_is_told_too(opened, undisturbed):
    """What the system itself refuses to write."""
    first, before = opened(), resource.getrlimit(resource.RLIMIT_FSIZE)
    content = len(pack(Work()(0)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (content - 100, before[1]))
    try:
        with pytest.raises(JournalError, match="--resume"):
            through(first, Work())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    first.close(drop=False)
    assert through(opened(), Work()) == undisturbed


@pytest.mark.parametrize("where", ["base", "folder"])
def test_where_nothing_can_be_kept_is_told_in_one_line(tmp_path, where):
    """A file stands where a folder should."""
    base = tmp_path / "jobs"
    if where == "base":
        base.write_text("")
    else:
        journal = Journal(base, JOB, resume=True)
        journal.close(drop=False)
        shutil.rmtree(journal.folder)
        journal.folder.write_text("")
    with pytest.raises(JournalError, match="cannot keep finished work") as told:
        Journal(base, JOB, resume=True)
    assert "\n" not in str(told.value)


def test_digests_tell_files_apart(tmp_path):
    """What they say and where they lie; compiled code does not count, and what is missing is always the same."""
    (tmp_path / "a").mkdir()
    empty = keeping.digest(tmp_path)
    (tmp_path / "a" / "x").write_text("1")
    one = keeping.digest(tmp_path)
    (tmp_path / "a" / "x.pyc").write_text("1")
    assert keeping.digest(tmp_path) == one
    (tmp_path / "a" / "x").rename(tmp_path / "a" / "y")
    assert len({empty, one, keeping.digest(tmp_path)}) == 3
    assert keeping.digest(tmp_path / "none") == keeping.digest(tmp_path / "nothing") == hashlib.sha256().hexdigest()
