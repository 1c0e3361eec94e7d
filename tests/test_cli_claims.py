"""The commands on claims and the ledger: what they write, and that a mistake is one line and leaves nothing behind."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shlex
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from ceasefire import cli
from ceasefire.evidence.claim import VERDICTS, read

COMMANDS = (
    *(("claims", name) for name in ("extract", "check", "report", "compare")),
    *(
        ("ledger", name)
        for name in ("add", "correct", "retire", "list", "history", "link", "copies", "import", "export")
    ),
    ("evidence", "explain"),
    ("influence",),
)
ARTICLE = """A spring of small steps

Russian troops hold Toretsk. Kramatorsk is 35 km from Bakhmut, and Pokrovsk is surrounded. Ukraine's General Staff says
Russia has lost more than 10,000 tanks since the invasion began.

Moscow launched 3,000 drones in March 2025, the Ukrainian Air Force reported. Russia will take Kramatorsk by the end of
2025, officials expect.
"""
LATER = """What became of it

Russian troops hold Toretsk. Ukraine's General Staff says Russia has lost 11,400 tanks since the invasion began.
"""
KNOWN = {"id": "k1", "doc": "notes", "span": "lost 12 tanks", "subject": "Russia", "quantity": "losses_tanks"}


class Told(NamedTuple):
    code: int
    out: str
    err: str


def call(*arguments: str | Path) -> Told:
    """The whole command line, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        patch.setattr(sys, "argv", ["ceasefire", *map(str, arguments)])
        patch.setenv("COLUMNS", "200")
        try:
            cli.main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
    return Told(code, out.getvalue(), err.getvalue())


def assert_one_line(told: Told, *culprits: str) -> None:
    """A mistake: one line on standard error that names it, nothing on standard output."""
    assert told.code == 1, told
    assert told.err.startswith("ceasefire: ")
    assert len(told.err.splitlines()) == 1, told.err
    assert told.out == ""
    for culprit in culprits:
        assert culprit in told.err


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture
def article(tmp_path) -> Path:
    path = tmp_path / "spring.txt"
    path.write_text(ARTICLE)
    return path


@pytest.fixture
def later(tmp_path) -> Path:
    path = tmp_path / "later.txt"
    path.write_text(LATER)
    return path


# Help


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_shows_an_example_of_the_command(command):
    told = call(*command, "--help")
    assert told.code == 0
    found = re.search(r"Example: ceasefire (.+)", told.out)
    assert found, told.out
    assert shlex.split(found[1].strip(" │"))[: len(command)] == list(command)


# Extract, check, report, compare


def test_claims_are_extracted_checked_and_counted(article, tmp_path):
    claims, checked = tmp_path / "claims.jsonl", tmp_path / "checked.jsonl"
    told = call("claims", "extract", article, "--published", "2025-04-05", "--out", claims)
    assert told.code == 0, told.err
    found = read(claims)
    assert len(found) >= 4
    assert all(ARTICLE[claim.start : claim.end] == claim.span for claim in found), "spans are verbatim"
    assert {claim.published for claim in found} == {"2025-04-05"}
    told = call("claims", "check", claims, "--out", checked, "--json")
    assert told.code == 0, told.err
    rows = [json.loads(line) for line in checked.read_text().splitlines()]
    assert [row["span"] for row in rows] == [claim.span for claim in found]
    counted = [row["verdict"] for row in rows if not (row["dup_of"] or row["derived"])]
    assert json.loads(told.out)["verdicts"] == {name: counted.count(name) for name in VERDICTS if name in counted}
    assert all(row["checkable"] == (row["verdict"] not in ("unverified", "not_checked")) for row in rows)
    assert any(row["record"] for row in rows)
    again = tmp_path / "again.jsonl"
    assert call("claims", "check", checked, "--out", again).code == 0, "what was checked can be checked again"
    assert again.read_bytes() == checked.read_bytes()


def test_nothing_published_later_is_used_where_a_day_is_given(article, tmp_path):
    claims, checked = tmp_path / "claims.jsonl", tmp_path / "checked.jsonl"
    call("claims", "extract", article, "--published", "2025-04-05", "--out", claims)
    assert call("claims", "check", claims, "--on", "2025-03-15", "--out", checked).code == 0
    rows = [json.loads(line) for line in checked.read_text().splitlines()]
    days = [found["published"] for row in rows for found in row["record"] if found["published"]]
    assert days
    assert max(days) <= "2025-03-15"


def test_the_report_is_one_page_about_all_claims(article, tmp_path):
    page = tmp_path / "page.html"
    told = call("claims", "report", article, "--published", "2025-04-05", "--out", page)
    assert told.code == 0, told.err
    content = page.read_text()
    assert "A spring of small steps" in content
    assert content.count("<article") == int(re.search(r"(\d+) claims", told.out)[1])  # type: ignore[index]
    assert "<svg" in content
    assert "<script" not in content
    as_json = call("claims", "report", article, "--published", "2025-04-05", "--out", page, "--json")
    assert json.loads(as_json.out)["published"] == "2025-04-05"
    assert page.read_text() == content, "same input, same page"


def test_the_comparison_puts_the_earlier_first(article, later, tmp_path):
    page = tmp_path / "both.html"
    days = ("--published-a", "2025-11-29", "--published-b", "2025-04-05")
    told = call("claims", "compare", later, article, *days, "--out", page, "--json")
    assert told.code == 0, told.err
    found = json.loads(told.out)
    assert [found[which]["name"] for which in ("earlier", "later")] == ["spring", "later"]
    assert any("tanks" in pair["later"]["span"] for pair in found["updates"])
    assert "What the later updates" in page.read_text()
    assert "Updates: " in call("claims", "compare", later, article, *days).out


def test_a_batch_passes_over_what_cannot_be_read(article, later, tmp_path):
    (tmp_path / "junk.txt").write_bytes(os.urandom(20_000))
    (tmp_path / "loop.txt").symlink_to(tmp_path / "loop.txt")
    out = tmp_path / "claims.jsonl"
    told = call("claims", "extract", tmp_path, "--published", "2025-04-05", "--out", out)
    assert told.code == 1
    assert {claim.doc for claim in read(out)} == {"spring", "later"}
    passed = [line for line in told.err.splitlines() if "passed over" in line]
    assert len(passed) == 2
    assert any("junk.txt" in line for line in passed)
    assert any("loop.txt" in line for line in passed)
    assert "Traceback" not in told.err


def test_a_batch_of_which_nothing_can_be_read_writes_nothing(tmp_path):
    for number in range(2):
        (tmp_path / f"junk{number}.txt").write_bytes(os.urandom(20_000))
    out = tmp_path / "claims.jsonl"
    told = call("claims", "extract", tmp_path, "--out", out)
    assert told.code == 1
    assert "nothing is written" in told.err
    assert not out.exists()


# Bad input: one line, exit code 1, nothing half-written


def bomb() -> bytes:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    return f'<?xml version="1.0"?><!DOCTYPE html [<!ENTITY a0 "ha">{entities}]><html>&a11;</html>'.encode()


BAD = {
    "large.txt": b"Russia lost 12 tanks near Pokrovsk on Friday. " * 115_000,
    "junk.txt": bytes(range(256)) * 400,
    "bomb.html": bomb(),
    "nothing.txt": b"",
}


@pytest.mark.parametrize("command", ["extract", "report"])
@pytest.mark.parametrize("name", BAD)
def test_bad_articles_are_refused_in_one_line(name, command, tmp_path):
    path, out = tmp_path / name, tmp_path / "out"
    path.write_bytes(BAD[name])
    began = time.monotonic()
    told = call("claims", command, path, "--out", out)
    assert time.monotonic() - began < 20
    assert_one_line(told)
    assert names(tmp_path) == {name}


@pytest.mark.parametrize("command", ["extract", "report"])
def test_what_is_no_file_is_refused_in_one_line(command, tmp_path):
    (tmp_path / "loop.txt").symlink_to(tmp_path / "loop.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "empty").mkdir()
    before = names(tmp_path)
    for name in ("missing.txt", "loop.txt", "pipe.txt", "empty", "x" * 300):
        assert_one_line(call("claims", command, tmp_path / name, "--out", tmp_path / "out"), name)
    assert names(tmp_path) == before


HOSTILE = (
    "<html><body><article>"
    + "<script>alert(1)</script><p onclick='x()'>Russian troops hold Toretsk <img src=x onerror=y>.</p>" * 30
    + "<p>&lt;script&gt;alert(2)&lt;/script&gt; Russia has lost 10,000 tanks.</p>\u202eexe.txt</article></body></html>"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1251"])
def test_a_page_full_of_scripts_shows_as_text(encoding, tmp_path):
    path, page = tmp_path / "hostile.html", tmp_path / "page.html"
    path.write_bytes(HOSTILE.encode(encoding, errors="replace"))
    told = call("claims", "report", path, "--published", "2025-04-05", "--out", page)
    assert told.code == 0, told.err
    content = page.read_text()
    assert "<script" not in content
    assert "<img" not in content
    assert "\u202e" not in content


@pytest.mark.parametrize("day", ["yesterday", "2025-02-30", "2025-13-01", "", "99999-01-01"])
def test_a_day_that_is_none_is_refused(day, article, tmp_path):
    for command in ("extract", "report"):
        assert_one_line(call("claims", command, article, "--published", day, "--out", tmp_path / "out"))
    claims = tmp_path / "claims.jsonl"
    claims.write_text(json.dumps(KNOWN) + "\n")
    for option in ("--published", "--on"):
        assert_one_line(call("claims", "check", claims, option, day, "--out", tmp_path / "out"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["extract", "report", "check"])
def test_targets_are_refused_before_any_work(command, article, tmp_path):
    before = article.read_bytes()
    assert_one_line(call("claims", command, article, "--out", article), "is what is read")
    assert_one_line(call("claims", command, article, "--out", tmp_path / "no" / "out"), "no folder")
    assert_one_line(call("claims", command, article, "--out", tmp_path), "is a folder")
    assert article.read_bytes() == before
    assert names(tmp_path) == {article.name}


BROKEN = {
    "no JSON": b"{",
    "a list": b"[]",
    "not finite": json.dumps(KNOWN | {"value": float("nan")}).encode(),
    "wrong type": json.dumps(KNOWN | {"value": "many"}).encode(),
    "wrong place": json.dumps(KNOWN | {"places": "Toretsk"}).encode(),
    "place that is no name": json.dumps(KNOWN | {"places": [{"a": 1}]}).encode(),
    "unknown word": json.dumps(KNOWN | {"kind": "rumour"}).encode(),
    "no such day": json.dumps(KNOWN | {"as_of": "soon"}).encode(),
    "missing": b'{"id": "a"}',
    "long line": json.dumps(KNOWN | {"note": "x" * 100_000}).encode(),
    "long text": json.dumps(KNOWN | {"note": "x" * 10_000}).encode(),
    "deep": b'{"a":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "no UTF-8": b"\xff\xfe\x00",
    "huge number": json.dumps(KNOWN).encode()[:-1] + b', "value": 1e999}',
    "many digits": json.dumps(KNOWN).encode()[:-1] + b', "value": ' + b"9" * 6_000 + b"}",
    "published nonsense": json.dumps(KNOWN | {"published": "soon", "as_of": "2025-01-01"}).encode(),
    "published number": json.dumps(KNOWN | {"published": 5}).encode(),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_of_claims_are_refused_in_one_line(name, tmp_path):
    path, out = tmp_path / "claims.jsonl", tmp_path / "out.jsonl"
    path.write_bytes(BROKEN[name] + b"\n")
    told = call("claims", "check", path, "--out", out)
    assert_one_line(told)
    assert names(tmp_path) == {"claims.jsonl"}


def test_an_empty_file_of_claims_has_no_verdicts(tmp_path):
    (tmp_path / "claims.jsonl").write_bytes(b"\n\n")
    told = call("claims", "check", tmp_path / "claims.jsonl", "--out", tmp_path / "out.jsonl")
    assert told.code == 0
    assert (tmp_path / "out.jsonl").read_bytes() == b""


def test_a_model_that_cannot_be_asked_is_one_line(article, tmp_path, monkeypatch):
    monkeypatch.delenv("CEASEFIRE_MODEL_URL", raising=False)
    before = names(tmp_path)
    for options in (("--model", "some"), ("--model", "some", "--model-url", "http://127.0.0.1:9/v1")):
        assert_one_line(call("claims", "extract", article, *options, "--out", tmp_path / "out"), "language model")
    assert names(tmp_path) == before


def test_what_counts_towards_a_number_is_told(tmp_path):
    assert_one_line(call("evidence", "explain", "no.such_number"), "no.such_number")


# Ledger


def test_a_ledger_keeps_what_was_said_before(tmp_path):
    where = ("--ledger", tmp_path / "ledger.sqlite")
    fields = [f"{name}={value}" for name, value in KNOWN.items()]
    assert call("ledger", "add", *fields, "value=12", "places=Toretsk;Pokrovsk", *where).out == "k1: added\n"
    assert "known already" in call("ledger", "add", *fields, "value=12", "places=Toretsk;Pokrovsk", *where).out
    assert call("ledger", "correct", "k1", "value=14", "--reason", "misread", *where).code == 0
    listed = json.loads(call("ledger", "list", "--place", "Toretsk", "--json", *where).out)
    assert [claim["value"] for claim in listed] == [14]
    history = call("ledger", "history", "k1", *where).out
    assert history.index("12") < history.index("misread") < history.index("14")
    other = [f"{name}={value}" for name, value in (KNOWN | {"id": "k2", "doc": "copy"}).items()]
    assert call("ledger", "add", *other, *where).code == 0
    assert call("ledger", "link", "k1", "k2", "--kind", "copy", *where).code == 0
    assert "k2" in call("ledger", "history", "k1", *where).out
    assert call("ledger", "retire", "k1", "--reason", "withdrawn", *where).code == 0
    assert "k1 " not in call("ledger", "list", *where).out
    assert "k1 " in call("ledger", "list", "--retired", *where).out


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_an_export_makes_the_same_ledger(ending, tmp_path):
    first, second = (("--ledger", tmp_path / f"{name}.sqlite") for name in "ab")
    call("ledger", "add", *(f"{name}={value}" for name, value in KNOWN.items()), *first)
    call("ledger", "correct", "k1", "value=3", "--reason", "counted", *first)
    assert call("ledger", "export", tmp_path / f"all.{ending}", *first).code == 0
    assert call("ledger", "import", tmp_path / f"all.{ending}", *second).code == 0
    assert (
        call("ledger", "history", "k1", "--json", *second).out == call("ledger", "history", "k1", "--json", *first).out
    )


@pytest.mark.parametrize(
    ("arguments", "culprit"),
    [
        (("add", "id=x"), "doc"),
        (("add", "id"), "FIELD=VALUE"),
        (("add", *(f"{n}={v}" for n, v in KNOWN.items()), "valeu=1"), "did you mean 'value'"),
        (("add", *(f"{n}={v}" for n, v in KNOWN.items()), "value=many"), "is a number"),
        (("add", *(f"{n}={v}" for n, v in KNOWN.items()), "negated=perhaps"), "true or false"),
        (("add", *(f"{n}={v}" for n, v in KNOWN.items()), "value=nan"), "is a number"),
        (("add", *(f"{n}={v}" for n, v in KNOWN.items()), "value=1", "value=2"), "twice"),
        (("add", *(f"{n}={v}" for n, v in KNOWN.items()), "published=2025-02-30"), "published"),
        (("correct", "k9", "value=1", "--reason", "r"), "k9"),
        (("retire", "k9", "--reason", "r"), "k9"),
        (("history", "k9"), "k9"),
        (("link", "k8", "k9"), "k8"),
        (("list", "--as-of", "soon"), "soon"),
        (("list", "--on", "soon"), "soon"),
        (("list", "--side", "XX"), "XX"),
        (("import", "nothing.jsonl"), "nothing.jsonl"),
    ],
    ids=str,
)
def test_mistakes_with_a_ledger_are_one_line(arguments, culprit, tmp_path):
    where = ("--ledger", tmp_path / "ledger.sqlite")
    call("ledger", "add", "id=k7", "doc=d", "span=s", "subject=s", "quantity=q", *where)
    assert_one_line(call("ledger", *arguments, *where), culprit)
    assert [claim["id"] for claim in json.loads(call("ledger", "list", "--json", *where).out)] == ["k7"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("list",),
        ("history", "k1"),
        ("correct", "k1", "value=1", "--reason", "r"),
        ("retire", "k1", "--reason", "r"),
        ("link", "k1", "k2"),
        ("copies",),
        ("export", "{folder}/all.csv"),
        ("import", "{folder}/nothing.jsonl"),
        ("add", "id=x"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_where_there_is_no_ledger_none_is_made(arguments, tmp_path):
    asked = [each.format(folder=tmp_path) for each in arguments]
    assert_one_line(call("ledger", *asked, "--ledger", tmp_path / "ledger.sqlite"))
    assert names(tmp_path) == set()


def test_an_empty_field_is_what_a_claim_has_without_it(tmp_path):
    where = ("--ledger", tmp_path / "ledger.sqlite")
    call("ledger", "add", *(f"{name}={value}" for name, value in KNOWN.items()), "note=seen", "value=3", *where)
    told = call("ledger", "correct", "k1", "note=", "value=", "hedge=", "--reason", "not so", *where)
    assert told.code == 0, told.err
    (claim,) = json.loads(call("ledger", "list", "--json", *where).out)
    assert (claim["note"], claim["value"], claim["hedge"]) == ("", None, "asserted")


def test_a_source_that_is_named_is_kept(tmp_path):
    where = ("--ledger", tmp_path / "ledger.sqlite")
    call("ledger", "add", *(f"{name}={value}" for name, value in KNOWN.items()), "source=Oryx", *where)
    assert "k1 " in call("ledger", "list", "--source", "Oryx", *where).out


def test_a_ledger_is_not_exported_over_itself(tmp_path):
    where = tmp_path / "ledger.sqlite"
    call("ledger", "add", *(f"{name}={value}" for name, value in KNOWN.items()), "--ledger", where)
    (tmp_path / "link").symlink_to(where)
    before = where.read_bytes()
    for name in ("ledger.sqlite", "link"):
        assert_one_line(call("ledger", "export", tmp_path / name, "--ledger", where), "the ledger itself")
    assert where.read_bytes() == before


def test_what_is_no_file_is_never_replaced(article, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    claims = tmp_path / "claims.jsonl"
    claims.write_text(json.dumps(KNOWN) + "\n")
    ledger = ("--ledger", tmp_path / "ledger.sqlite")
    call("ledger", "import", claims, *ledger)
    for arguments in (
        ("claims", "check", claims, "--out", tmp_path / "pipe"),
        ("claims", "report", article, "--out", tmp_path / "pipe"),
        ("ledger", "export", tmp_path / "pipe", *ledger),
        ("ledger", "list", "--ledger", tmp_path / "pipe"),
    ):
        assert_one_line(call(*arguments), "no ordinary file")
        assert (tmp_path / "pipe").is_fifo()


def test_a_message_carries_nothing_that_a_terminal_obeys(tmp_path):
    path = tmp_path / "a\x1b[2J\u202eb.jsonl"
    told = call("claims", "check", path, "--out", tmp_path / "out.jsonl")
    assert_one_line(told, "cannot read")
    assert told.err[:-1].isprintable()


def test_what_is_no_ledger_is_left_as_it_is(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("my notes")
    assert_one_line(call("ledger", "list", "--ledger", path), "is no ledger")
    assert path.read_text() == "my notes"
    assert names(tmp_path) == {"notes.txt"}
