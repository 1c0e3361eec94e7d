"""The command line: what it prints, what it writes, and that a mistake is one line and leaves nothing behind."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import io
import json
import os
import re
import resource
import select
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest
import xarray as xr
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ceasefire import cli
from ceasefire.evidence.error import CeasefireError
from ceasefire.evidence.store import CONTROL, MANIFEST, PACKAGED, SERIES
from ceasefire.scenario.spec import LIBRARY, scenarios
from ceasefire.simulate.result import ARRAY, load
from ceasefire.study import explain as explanations
from ceasefire.study import forecast as forecasts
from ceasefire.view.export import FILES

PROGRAM = Path(sys.executable).parent / "ceasefire"
COMMANDS = (("scenarios",), ("forecast",), ("replay",), ("variables",), ("evidence", "build"), ("explain",))
SMALL = ("forecast", "alaska-2025-08", "--runs", "8", "--weeks", "6", "--seed", "5", "--workers", "1")


class Told(NamedTuple):
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str


def call(*arguments: str) -> Told:
    """The whole command line, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        patch.setattr(sys, "argv", ["ceasefire", *arguments])
        patch.setenv("COLUMNS", "200")
        try:
            cli.main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
    return Told(code, out.getvalue(), err.getvalue())


HELP = """
import sys
from ceasefire import cli
try:
    cli.main()
except SystemExit as stop:
    assert not stop.code
print(*sys.modules, file=sys.stderr)
"""


def run(*arguments: str, **options: object) -> Told:
    """The whole command line, in a process of its own."""
    kept = {"capture_output": True, "text": True, "timeout": 240} | options
    done = subprocess.run([str(PROGRAM), *arguments], check=False, **kept)
    return Told(done.returncode, done.stdout or "", done.stderr or "")


def assert_one_line(told: Told, *culprits: str, code: int = 1) -> None:
    """A mistake: one line on standard error that names it, nothing on standard output."""
    assert told.code == code, told
    lines = told.err.splitlines()
    assert len(lines) == 1, told.err
    assert lines[0].startswith("ceasefire: ")
    assert told.out == ""
    for culprit in culprits:
        assert culprit in lines[0]


def fingerprint(folder: Path) -> dict[str, str]:
    """Every file below a folder with its checksum."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, Told]:
    """A small result, and what making it printed."""
    folder = tmp_path_factory.mktemp("made") / "result"
    return folder, call(*SMALL, "--json", "--out", str(folder))


@pytest.fixture(scope="module")
def result(made) -> xr.Dataset:
    return load(made[0]).load()


class Fresh(NamedTuple):
    """A forecast made in a process of its own."""

    folder: Path
    environment: dict[str, str]
    """In which no process need compile what another has."""


@pytest.fixture(scope="module")
def fresh(tmp_path_factory) -> Fresh:
    place, environment = tmp_path_factory.mktemp("fresh"), dict(os.environ)
    asked = ("forecast", "alaska-2025-08", "--runs", "40", "--weeks", "6", "--seed", "5")
    told = run(*asked, "--out", str(place / "result"), env=environment)
    assert told.code == 0, told.err
    return Fresh(place / "result", environment)


@pytest.fixture
def asked(monkeypatch, result) -> list[str]:
    """Forecasts that were asked for; none is simulated, each gets the small result."""
    names: list[str] = []

    def instead(scenario: str, **_: object) -> xr.Dataset:
        names.append(scenario)
        return result.copy()

    monkeypatch.setattr(forecasts, "forecast", instead)
    return names


# Help and lists


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_shows_an_example_that_would_run(command, monkeypatch, tmp_path):
    told = call(*command, "--help")
    assert told.code == 0
    assert told.err == ""
    example_line = re.search(r"Example: ceasefire (.+)", told.out)
    assert example_line, told.out
    arguments = shlex.split(example_line[1].strip(" │"))
    assert arguments[: len(command)] == list(command)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(forecasts, "open_war", _stop)
    monkeypatch.setattr(explanations, "open_war", _stop)
    assert call(*arguments).code in (0, 1), "the example is not understood"


def _stop(*_: object) -> None:
    raise CeasefireError("stopped before the simulation")


def test_help_lists_every_command():
    told = call("--help")
    assert told.code == 0
    for command in ("scenarios", "forecast", "replay", "variables", "evidence", "explain"):
        assert re.search(rf"\b{command}\b", told.out)


def test_help_needs_nothing_heavy():
    """What computes is imported by the command that needs it."""
    told = subprocess.run([sys.executable, "-c", HELP, "--help"], capture_output=True, text=True, timeout=60)
    assert told.returncode == 0
    heavy = {"numpy", "jax", "equinox", "pydantic", "scipy", "xarray", "h3", "shapely", "sqlalchemy", "numpyro"}
    assert not heavy & set(told.stderr.split()), told.stderr


def test_without_a_command_help_is_shown_and_nothing_else():
    for arguments in ((), ("evidence",)):
        told = call(*arguments)
        assert "Usage:" in told.out
        assert told.err == ""
        assert told.code in (0, 2)


def test_scenarios_are_listed():
    told = call("scenarios")
    rows = json.loads(call("scenarios", "--json").out)
    assert [row["id"] for row in rows] == list(scenarios())
    for row in rows:
        assert row["question"].endswith("?")
        assert {row["id"], row["title"], row["question"], row["opening"]} <= set(
            re.split(r"\n\s*|  |\((?=\d{4})|(?<=\d)\)", told.out)
        )


def test_variables_are_listed():
    rows = json.loads(call("variables", "--json").out)
    names = [row["name"] for row in rows]
    assert len(names) == len(set(names))
    for row in rows:
        assert row["owner"] == row["name"].split(".")[0]
        assert row["settable"] == (row["kind"] == "parameter")
        assert row["unit"]
        assert row["meaning"]
    part = json.loads(call("variables", "attrition", "--json").out)
    assert part == [row for row in rows if "attrition" in row["name"]]
    text = call("variables", "attrition").out.splitlines()
    assert len(text) == len(part)
    assert all(line.startswith(row["name"]) for line, row in zip(text, part, strict=True))


def test_an_unknown_variable_gets_a_suggestion():
    assert_one_line(call("variables", "atrition"), "atrition", "did you mean", "attrition.")
    assert_one_line(call("variables", "two\nlines"))


# Mistakes


@pytest.mark.parametrize(
    ("arguments", "culprits"),
    [
        (("forecats",), ("forecats", "forecast")),
        (("nonsense",), ("nonsense",)),
        (("evidence", "biuld"), ("biuld", "build")),
        (("forecast", "alaska-2025-08", "extra"), ("extra",)),
        (("forecast", "alaska-2025-08", "--frobnicate"), ("--frobnicate",)),
        (("forecast", "alaska-2025-08", "--runs"), ("--runs",)),
        (("forecast", "alaska-2025-08", "--runs", "many"), ("--runs",)),
        (("forecast", "alaska-2025-08", "--runs", "1.5"), ("--runs",)),
        (("forecast", "alaska-2025-08", "--seed", "0x5"), ("--seed",)),
        (("replay",), ("result",)),
        (("replay", "somewhere", "--run", "first"), ("--run",)),
        (("evidence", "build", "--from", "somewhere"), ("--out",)),
        (("explain",), ("name",)),
        (("explain", "revenue", "alaska-2025-08", "extra"), ("extra",)),
    ],
    ids=lambda value: " ".join(value),
)
def test_a_command_that_is_not_understood(arguments, culprits):
    assert_one_line(call(*arguments), *culprits, code=2)


@pytest.mark.parametrize(
    ("options", "culprits"),
    [
        (("--runs", "0"), ("0 runs", "from 1")),
        (("--runs", "-5"), ("-5 runs",)),
        (("--runs", "99999999999999999999"), ("99999999999999999999 runs",)),
        (("--weeks", "0"), ("0 weeks",)),
        (("--weeks", "-1"), ("-1 weeks",)),
        (("--weeks", "5000"), ("5000 weeks",)),
        (("--seed", "-1"), ("-1",)),
        (("--seed", "18446744073709551616"), ("18446744073709551616",)),
        (("--workers", "0"), ("0 workers",)),
        (("--on", "nonsense"), ("nonsense", "YYYY-MM-DD")),
        (("--on", ""), ("YYYY-MM-DD",)),
        (("--on", "2025-02-30"), ("2025-02-30",)),
        (("--on", "1999-01-01"), ("1999-01-01", "2024-07-13")),
        (("--on", "2030-01-01"), ("2030-01-01", "2026")),
        (("--evidence", "nowhere"), ("nowhere", "evidence")),
        (("--evidence", ""), ("evidence",)),
    ],
    ids=lambda value: " ".join(value),
)
def test_an_option_that_makes_no_sense(options, culprits, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert_one_line(call("forecast", "alaska-2025-08", "--json", *options), *culprits)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "culprits"),
    [
        ("alaska-2025", ("alaska-2025", "did you mean 'alaska-2025-08'")),
        ("", ("alaska-2025-08",)),
        ("../../etc/passwd", ("passwd", "alaska-2025-08")),
        ("nowhere.toml", ("nowhere.toml",)),
        ("x" * 5000, ("xxxx",)),
        ("Ж 😀", ("Ж 😀",)),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_an_unknown_scenario(name, culprits, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(forecasts, "open_war", _stop)
    assert_one_line(call("forecast", name, "--json"), *culprits)
    assert list(tmp_path.iterdir()) == []


def test_without_a_scenario_the_shipped_ones_are_named():
    assert_one_line(call("forecast", "--json"), *scenarios())


def test_a_refused_forecast_does_not_say_that_it_simulates(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert_one_line(call("forecast", "alaska-2025"), "did you mean 'alaska-2025-08'")
    assert_one_line(call("forecast", "alaska-2025-08", "--runs", "0"), "0 runs")


def test_a_broken_scenario_file_is_named(tmp_path):
    text = (LIBRARY / "alaska-2025-08.toml").read_text(encoding="utf-8")
    (tmp_path / "mine.toml").write_text(text.replace("question", "questoin"), encoding="utf-8")
    assert_one_line(call("forecast", str(tmp_path / "mine.toml"), "--json"), "mine.toml", "question")


def test_the_program_itself_ends_with_one_line_and_a_code():
    told = run("forecast", "alaska-2025", "--json")
    assert_one_line(told, "alaska-2025-08")
    assert_one_line(run("nonsense"), "nonsense", code=2)


# Evidence


def _edit(name: str, change) -> None:
    def edit(folder: Path) -> None:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        change(manifest)
        (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")

    edit.__name__ = name
    return edit


def _damage(name: str, change) -> None:
    def damage(folder: Path) -> None:
        (folder / name).write_bytes(change((folder / name).read_bytes()))

    return damage


TAMPERING = {
    "empty folder": lambda folder: [path.unlink() for path in folder.iterdir()],
    "no manifest": lambda folder: (folder / MANIFEST).unlink(),
    "no series": lambda folder: (folder / SERIES).unlink(),
    "no maps": lambda folder: (folder / CONTROL).unlink(),
    "series cut short": _damage(SERIES, lambda content: content[:1000]),
    "series with a bit turned": _damage(
        SERIES, lambda content: content[:99] + bytes([content[99] ^ 1]) + content[100:]
    ),
    "maps empty": _damage(CONTROL, lambda _: b""),
    "manifest cut short": _damage(MANIFEST, lambda content: content[:100]),
    "manifest a list": _damage(MANIFEST, lambda _: b"[]"),
    "manifest empty": _damage(MANIFEST, lambda _: b""),
    "manifest not text": _damage(MANIFEST, lambda _: b"\xff\xfe\x00"),
    "manifest deep": _damage(MANIFEST, lambda _: b"[" * 100_000),
    "another format": _edit("format", lambda manifest: manifest.update(format="something")),
    "a later version": _edit("version", lambda manifest: manifest.update(version=99)),
    "a version in words": _edit("version", lambda manifest: manifest.update(version="one")),
    "no tables": _edit("tables", lambda manifest: manifest.pop("tables")),
    "another checksum": _edit("sha", lambda manifest: manifest["tables"][SERIES].update(sha256="0" * 64)),
    "no checksum": _edit("sha", lambda manifest: manifest["tables"][SERIES].pop("sha256")),
    "sources a list": _edit("sources", lambda manifest: manifest.update(sources=[])),
    "a folder in place of a table": lambda folder: ((folder / SERIES).unlink(), (folder / SERIES).mkdir()),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_broken_evidence_is_one_line(tmp_path, what):
    shutil.copytree(PACKAGED, tmp_path / "store")
    TAMPERING[what](tmp_path / "store")
    assert_one_line(call(*SMALL, "--json", "--evidence", str(tmp_path / "store")), "store")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"type": "FeatureCollection", "features": [{}]}'], ids=repr)
def test_a_build_that_fails_leaves_the_old_store(tmp_path, content):
    shutil.copytree(PACKAGED, tmp_path / "store")
    (tmp_path / "upstream").mkdir()
    (tmp_path / "upstream" / "deepstatemap_data_20250301.geojson").write_text(content)
    before = fingerprint(tmp_path)
    arguments = ("evidence", "build", "--json", "--from", str(tmp_path / "upstream"), "--out", str(tmp_path / "store"))
    assert_one_line(call(*arguments), "20250301")
    assert fingerprint(tmp_path) == before


@pytest.mark.parametrize("place", ["nowhere", "file", "empty"])
def test_a_build_from_nothing_is_refused(tmp_path, place):
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    before = sorted(path.name for path in tmp_path.iterdir())
    told = call("evidence", "build", "--json", "--from", str(tmp_path / place), "--out", str(tmp_path / "store"))
    assert_one_line(told, place)
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_build_does_not_touch_a_folder_of_something_else(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("precious")
    told = call("evidence", "build", "--json", "--from", str(tmp_path), "--out", str(tmp_path / "mine"))
    assert_one_line(told, "mine")
    assert fingerprint(tmp_path / "mine").keys() == {"notes.txt"}


# A forecast


def test_json_is_the_summary_that_is_written(made):
    folder, told = made
    assert told.code == 0
    assert told.err == ""
    assert json.loads(told.out) == json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert {path.name for path in folder.iterdir()} == {*FILES, "ceasefire-result"}
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_text_names_the_files_and_the_default_folder_is_that_of_the_scenario(asked, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = call(*SMALL)
    assert told.code == 0
    folder = Path("out") / "alaska-2025-08"
    for name in FILES:
        assert name in told.out
        assert (folder / name).exists()
    assert asked == ["alaska-2025-08"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("place", ["file", "file/inner", "/proc/nowhere", "/sys/nowhere", "/dev/null", "foreign", ""])
def test_a_place_that_cannot_be_written_is_told_before_anything_is_simulated(asked, tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("a file")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "notes.txt").write_text("precious")
    before = fingerprint(tmp_path)
    assert_one_line(call(*SMALL, "--json", "--out", place), place or "--out")
    assert fingerprint(tmp_path) == before
    assert {path.name for path in tmp_path.iterdir()} == {"file", "foreign"}
    assert asked == []


def test_a_foreign_folder_is_refused_and_left_alone(asked, tmp_path):
    (tmp_path / "notes.txt").write_text("precious")
    assert_one_line(call(*SMALL, "--json", "--out", str(tmp_path)), str(tmp_path), "not a result")
    assert fingerprint(tmp_path).keys() == {"notes.txt"}


@pytest.mark.parametrize("name", ["Ж имя 😀", "-dash"])
@pytest.mark.usefixtures("asked")
def test_any_name_of_a_folder_will_do(tmp_path, name):
    told = call(*SMALL, "--json", f"--out={tmp_path / name}")
    assert (told.code, told.err) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == [name]


@contextlib.contextmanager
def full_disk(largest: int):
    """No file may grow beyond `largest` bytes: what a disk that fills up looks like to a program."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("largest", [0, 100, 20_000, 100_000], ids=lambda size: f"full after {size} bytes")
@pytest.mark.parametrize("older", [False, True], ids=["no result yet", "older result"])
@pytest.mark.usefixtures("asked")
def test_a_disk_that_fills_up_leaves_everything_as_it_was(made, tmp_path, largest, older):
    if older:
        shutil.copytree(made[0], tmp_path / "result")
    before = fingerprint(tmp_path)
    with full_disk(largest):
        told = call(*SMALL, "--json", "--out", str(tmp_path / "result"))
    assert_one_line(told, "cannot write", str(tmp_path / "result"))
    assert fingerprint(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == (["result"] if older else [])


@pytest.mark.usefixtures("asked")
def test_a_result_is_replaced_by_a_newer_one(made, tmp_path):
    shutil.copytree(made[0], tmp_path / "result")
    (tmp_path / "result" / "summary.json").write_text("old")
    assert call(*SMALL, "--json", "--out", str(tmp_path / "result")).code == 0
    assert (tmp_path / "result" / "summary.json").read_text() != "old"
    assert [path.name for path in tmp_path.iterdir()] == ["result"]


# Explaining


@pytest.mark.parametrize(
    ("arguments", "culprits"),
    [
        (("revnue",), ("'revnue'", "did you mean 'revenue'")),
        (("",), ("revenue",)),
        (("two\nlines",), ("revenue",)),
        (("revenue", "alaska-2025"), ("did you mean 'alaska-2025-08'",)),
        (("revenue", "--side", "Rusia"), ("'Rusia'", "did you mean 'Russia'", "U (Ukraine)")),
        (("revenue", "--side", "Ukraine"), ("Ukraine has no revenue from oil",)),
        (("revenue", "--runs", "0"), ("0 runs",)),
        (("revenue", "--weeks", "-1"), ("-1 weeks",)),
        (("revenue", "--on", "nonsense"), ("nonsense", "YYYY-MM-DD")),
        (("revenue", "--on", "1999-01-01"), ("1999-01-01",)),
        (("revenue", "--evidence", "nowhere"), ("nowhere", "evidence")),
        (("revenue", "--given", "front.physics=0"), ("nothing can be given",)),
        (("revenue", "--svg", "new.svg"), ("--svg", "front.taken[Russia]")),
        (("front.tkaen[R]",), ("'front.tkaen[R]'", "did you mean 'front.taken'")),
        (("front.taken[R",), ("'front.taken[R'", "no name")),
        (("front.taken[R]", "--side", "R"), ("front.taken[SIDE]",)),
        (("front.taken[R]", "--depth", "0"), ("depth of 0",)),
        (("front.taken[R]", "--runs", "1"), ("1 runs", "at least 2")),
        (("front.taken[R]", "--weeks", "0"), ("0 weeks",)),
        (("front.taken[R]", "alaska-2025"), ("did you mean 'alaska-2025-08'",)),
        (("front.taken[R]", "--svg", "."), ("is a folder",)),
    ],
    ids=lambda value: " ".join(value),
)
def test_what_cannot_be_explained(arguments, culprits, monkeypatch):
    monkeypatch.setattr(explanations, "open_war", _stop)
    assert_one_line(call("explain", *arguments, "--json"), *culprits)


def test_revenue_is_explained_as_text_and_as_json(monkeypatch):
    """The past of a real opening; what is to come is made up, so that nothing is simulated."""
    part = explanations.Part("none", 0.0, 0.0, 0.0, 0.0)
    comes = [dataclasses.replace(part, name=name) for name in explanations.oil.FACTORS]
    made_up = explanations.Coming("2026-01-31", 52, 256, 0, part, part, tuple(comes))
    monkeypatch.setattr(explanations, "what_comes", lambda *_, **__: made_up)
    told = call("explain", "revenue")
    assert (told.code, told.err) == (0, "")
    assert "January to December 2025" in told.out
    as_json = json.loads(call("explain", "revenue", "--json", "--on", "2025-08-09", "--side", "R").out)
    assert (as_json["format"], as_json["unit"], as_json["opening"]) == (1, "bn RUB", "2025-08-09")
    assert (as_json["past"][0]["first"], as_json["past"][0]["last"]) == ("2025-01", "2025-06")


def test_a_quantity_is_explained_as_text_as_json_and_as_a_graph(tmp_path):
    """The chain is short, so that nearly nothing is simulated."""
    asked = ("explain", "policy.effort[Russia]", "--depth", "1", "--runs", "2", "--weeks", "13")
    told = call(*asked, "--svg", str(tmp_path / "new" / "chain.svg"))
    assert told.code == 0
    assert "per +10 % of policy.planned_effort[R]" in told.out
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["chain.svg"]
    as_json = json.loads(call(*asked, "--json").out)
    assert (as_json["name"], as_json["weeks"], as_json["seed"]) == ("policy.effort[R]", 13, 1)


def test_a_parameter_is_explained_by_what_is_given(tmp_path):
    told = call("explain", "industry.parts_exponent")
    assert told.code == 0
    assert "couples sanctions.components to industry.built" in told.out
    drawn = call("explain", "industry.parts_exponent", "--json", "--svg", str(tmp_path / "chain.svg"))
    assert_one_line(drawn, "industry.parts_exponent", "no chain to draw")
    assert list(tmp_path.iterdir()) == []


# Stopping


@pytest.mark.parametrize("place", ["ceasefire.study.forecast.forecast", "ceasefire.view.export.write_report"])
def test_ctrl_c_is_one_line_and_130(asked, made, tmp_path, monkeypatch, place):
    """While simulating, and while writing."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(place, interrupted)
    assert_one_line(call(*SMALL, "--json", "--out", str(tmp_path / "result")), "stopped", code=130)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_signal_half_way_leaves_nothing(tmp_path, fresh):
    arguments = ["forecast", "alaska-2025-08", "--runs", "100000", "--weeks", "6", "--out", str(tmp_path / "result")]
    child = subprocess.Popen(
        [str(PROGRAM), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=fresh.environment
    )
    try:
        select.select([child.stderr], [], [], 5)
        time.sleep(2)
        assert child.poll() is None
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=300)
    finally:
        child.kill()
    assert b"Traceback" not in err
    assert child.returncode == 130
    assert err.decode().splitlines()[-1].startswith("ceasefire: stopped")
    assert out == b""
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_that_a_callback_swallows_is_heeded(monkeypatch):
    """JAX has a callback of the garbage collector, in which nothing can be raised."""

    class Swallows:
        def __del__(self) -> None:
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "unraisablehook", cli.heed)

    def work() -> None:
        Swallows()
        time.sleep(10)

    with pytest.raises(KeyboardInterrupt):
        work()


def test_memory_that_runs_out_is_one_line(tmp_path, monkeypatch):
    def too_much(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(forecasts, "forecast", too_much)
    assert_one_line(call(*SMALL, "--json", "--out", str(tmp_path / "result")), "memory")


# Where the output goes


@pytest.mark.parametrize("arguments", [("scenarios",), ("variables", "--json")], ids=" ".join)
def test_a_reader_that_has_seen_enough_is_no_mistake(arguments):
    reading, writing = os.pipe()
    child = subprocess.Popen([str(PROGRAM), *arguments], stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    os.close(reading)
    _, err = child.communicate(timeout=60)
    assert err == b""


def test_head_takes_one_line():
    shell = subprocess.run(
        f"{shlex.quote(str(PROGRAM))} variables | head -n 1", shell=True, capture_output=True, timeout=60, check=False
    )
    assert len(shell.stdout.splitlines()) == 1
    assert shell.stderr == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_an_output_that_cannot_be_written_is_one_line():
    with Path("/dev/full").open("w") as full:
        told = run("variables", "--json", capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert_one_line(told, "No space left")


def test_a_terminal_without_greek_letters_is_served():
    told = run("variables", "front", env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert told.code == 0, told.err[-500:]
    assert told.err == ""


# The same bits


def test_a_new_process_gives_the_same_bits(fresh):
    told = load(fresh.folder).load()
    here = forecasts.forecast("alaska-2025-08", runs=40, weeks=6, seed=5, workers=1)
    assert set(told.variables) == set(here.variables)
    for name in here.data_vars:
        assert told[name].to_numpy().tobytes() == here[name].to_numpy().tobytes(), name
    for name in ("evidence_hash", "assumptions", "scenario_document"):
        assert told.attrs[name] == here.attrs[name], name


def test_a_run_is_replayed(made):
    folder, _ = made
    told = call("replay", str(folder), "--run", "7")
    assert (told.code, told.err) == (0, "")
    assert told.out.startswith("Run 7: the same bits as recorded\n")
    as_json = json.loads(call("replay", str(folder), "--run", "7", "--json").out)
    assert (as_json["run"], as_json["same_bits"]) == (7, True)
    assert len(as_json["events"]) == len(told.out.splitlines()) - 1


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])
def test_a_run_that_comes_out_otherwise_is_an_error(made, tmp_path, form):
    """Whoever checks in a script looks at the code that the program ends with."""
    shutil.copytree(made[0], tmp_path / "tampered")
    description = tmp_path / "tampered" / ARRAY / "zarr.json"
    content = json.loads(description.read_text())
    content["attributes"]["seed"] = 6
    description.write_text(json.dumps(content))
    told = call("replay", str(tmp_path / "tampered"), "--run", "7", *form)
    assert "NOT the bits" in told.out or '"same_bits": false' in told.out
    assert told.code == 1


@pytest.mark.parametrize("run_number", ["8", "-1", "99999999999999999999"])
def test_a_run_that_is_not_there_is_told(made, run_number):
    assert_one_line(call("replay", str(made[0]), "--run", run_number), run_number, "0 to 7")


@pytest.mark.parametrize("what", ["nowhere", "empty", "file", "no mark", "no array", "no labels", "array cut short"])
def test_a_result_that_is_missing_or_broken_is_told(made, tmp_path, what):
    folder = tmp_path / "result"
    if what == "empty":
        folder.mkdir()
    elif what == "file":
        folder.write_text("")
    elif what != "nowhere":
        shutil.copytree(made[0], folder)
    if what == "no mark":
        (folder / "ceasefire-result").unlink()
    elif what == "no array":
        shutil.rmtree(folder / ARRAY)
    elif what == "no labels":
        content = json.loads((folder / ARRAY / "zarr.json").read_text())
        content["attributes"] = {}
        (folder / ARRAY / "zarr.json").write_text(json.dumps(content))
    elif what == "array cut short":
        chunk = next(path for path in (folder / ARRAY / "troops" / "c").rglob("*") if path.is_file())
        chunk.write_bytes(chunk.read_bytes()[:20])
    assert_one_line(call("replay", str(folder)))


# Anything at all

WORDS = st.sampled_from(
    (
        *("scenarios", "forecast", "replay", "variables", "evidence", "build", "alaska-2025-08", "nowhere"),
        *("--runs", "--weeks", "--seed", "--on", "--out", "--evidence", "--workers", "--json", "--run", "--from"),
        *("--help", "--", "-", "-1", "0", "1", "9" * 30, "1e3", "nan", "2025-08-09", "2025-W10-3"),
        *("", " ", "Ж", "\n", "'", "%s", "{}"),
    )
)
LETTERS = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=8)
"""A system passes no nought in an argument."""


@settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(arguments=st.lists(st.one_of(WORDS, WORDS, LETTERS), max_size=7))
@example(arguments=["forecast", "alaska-2025-08", "--on", "2025-W10-3"])
@example(arguments=["forecast", "\udcff.toml"])
@example(arguments=["forecast", "alaska-2025-08", "--evidence", "\udcff"])
@example(arguments=["variables", "\udcff"])
def test_no_arguments_do_worse_than_one_line(tmp_path, monkeypatch, arguments):
    """Whatever is typed ends with a known code, and a mistake with one line; no forecast gets as far as simulating."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(forecasts, "open_war", _stop)
    monkeypatch.setattr(forecasts, "Vintage", _stop)
    told = call(*arguments)
    assert told.code in (0, 1, 2), told
    assert "Traceback" not in told.err
    if told.code == 1:
        assert told.err.splitlines()[-1].startswith("ceasefire: ")
    assert list(tmp_path.iterdir()) == []
