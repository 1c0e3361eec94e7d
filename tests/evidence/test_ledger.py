from __future__ import annotations

import csv
import dataclasses
import functools
import itertools
import json
import os
import pwd
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings

from ceasefire.evidence import database, exchange, ledger
from ceasefire.evidence.claim import MAX_LINE, Claim, read, write
from ceasefire.evidence.database import Database, default_location
from ceasefire.evidence.entry import ClaimSource, Link, checked, from_text
from ceasefire.evidence.error import EvidenceError
from ceasefire.evidence.ledger import Ledger

# A PostgreSQL server of its own, in a temporary folder, on a socket and without a port.


@pytest.fixture(scope="session")
def server() -> Iterator[Path]:
    """The folder of the server's socket."""
    tools = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or [
        Path(found) for found in [shutil.which("initdb")] if found
    ]
    if not tools:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no PostgreSQL server here; install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="ceasefire-pg-"))
    tool, data = tools[-1].parent, folder / "data"
    try:
        give_to_server(folder)
        as_server(
            tool / "initdb", "-D", data, "-U", "ceasefire", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"
        )
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c max_connections=20"
        as_server(tool / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
        try:
            yield folder
        finally:
            as_server(tool / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def give_to_server(folder: Path) -> None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)


def as_server(*command: Path | str) -> None:
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run([*prefix, *map(str, command)], check=True, stdout=subprocess.DEVNULL, timeout=60, cwd="/")


_NUMBERS = itertools.count()
_SCHEMAS = 6
"""More than one test uses at once; they are made anew in turn, for a server of many files is slow to remove."""


def fresh_database(folder: Path) -> str:
    """URL of an empty schema on the server."""
    import psycopg

    name = f"test_{next(_NUMBERS) % _SCHEMAS}"
    with psycopg.connect(host=str(folder), user="ceasefire", dbname="postgres", autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE")
        connection.execute(f"CREATE SCHEMA {name}")
    return f"postgresql:///postgres?user=ceasefire&host={folder}&options=-csearch_path%3D{name}"


@functools.cache
def empty() -> bytes:
    """An SQLite ledger without claims; it is made once, since making one takes longer than most tests."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        Ledger.open(path)
        return path.read_bytes()


def opened(path: Path) -> Ledger:
    """An empty ledger in a file."""
    path.write_bytes(empty())
    return Ledger.open(path)


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Where the next new ledger may be kept."""
    if request.param == "postgresql":
        folder = request.getfixturevalue("server")
        return lambda: fresh_database(folder)
    return lambda: str(tmp_path / f"{next(_NUMBERS)}.sqlite")


@pytest.fixture
def in_file(tmp_path: Path) -> Ledger:
    """Where the kind of database makes no difference."""
    return opened(tmp_path / "ledger.sqlite")


@pytest.fixture
def kept(fresh: Callable[[], str]) -> Ledger:
    where = fresh()
    return Ledger.open(where) if "://" in where else opened(Path(where))


def claim(name: str = "a", **fields: Any) -> Claim:
    given = {"doc": "text", "span": f"words of {name}", "subject": "Russia", "quantity": "losses_tanks"}
    return Claim(id=name, **{**given, **fields})


FULL = claim(
    "full",
    span='He said: "−3,000 tanks,\r\nno less"\tand\u2028more \U0001f600',
    start=3,
    end=40,
    value=-3000.1,
    value_low=5e-324,
    value_high=1.7976931348623157e308,
    value_text="",
    unit="count/day",
    qualifier="about",
    places=("Pokrovsk", "a;b", "=c"),
    as_of="2025-08/2025-09-01",
    attributed_to="@someone",
    source_side="RU",
    hedge="alleged",
    admiralty_code="F6",
    kind="flow",
    system="battle",
    deal_element="'+land",
    dup_of="elsewhere",
    derived=True,
    negated=True,
    published="2025-08-13",
    sentence="'",
    note="=cmd|' /C calc'!A0",
)


LONG = ("span", "subject", "quantity", "note", "sentence", "value_text", "doc", "dup_of", "attributed_to")

# Keeping


def test_every_field_comes_back_as_it_went_in(kept: Ledger) -> None:
    assert kept.add([FULL, claim()]) == 2
    assert kept.claims() == [FULL, claim()]


def test_adding_twice_does_nothing(kept: Ledger) -> None:
    kept.add([claim(value=5)])
    before = kept.entries()
    assert kept.add([claim(value=5.0), claim(value=5)]) == 0
    assert kept.entries() == before


def test_other_content_under_a_known_name_is_refused_with_what_would_do(kept: Ledger) -> None:
    kept.add([claim(value=5)])
    with pytest.raises(EvidenceError, match=r"'a'.*another value.*[Cc]orrect"):
        kept.add([claim("new"), claim(value=6)])
    assert kept.claims() == [claim(value=5)]


def test_claims_that_contradict_each_other_stay_side_by_side(kept: Ledger) -> None:
    both = [claim("yes", negated=False), claim("no", negated=True)]
    kept.add(both)
    assert kept.claims() == both


@pytest.mark.parametrize(
    "bad",
    [
        {"span": "nul \0"},
        {"note": "\ud800"},
        {"places": ("\udfff",)},
        {"places": "Kyiv"},
        {"doc": " "},
        {"span": ""},
        {"start": 3.5},
        {"start": -1},
        {"start": 10**30},
        {"hedge": None},
        {"dup_of": "bad"},
        dict.fromkeys(LONG, "я" * 4_000),
    ],
    ids=lambda bad: next(iter(bad)),
)
def test_one_claim_that_cannot_be_kept_keeps_all_out(in_file: Ledger, bad: dict[str, Any]) -> None:
    claims = [claim("good"), claim("bad", **bad)]
    with pytest.raises(EvidenceError, match="bad"):
        in_file.add(claims)
    assert in_file.claims(include_retired=True) == []
    assert in_file.sources() == {}


def test_a_number_is_the_order_of_addition(kept: Ledger) -> None:
    kept.add([claim("z"), claim("b")])
    kept.add([claim("a")])
    assert [(entry.added, entry.claim.id) for entry in kept.entries()] == [(1, "z"), (2, "b"), (3, "a")]


# History


def test_a_correction_keeps_what_was_said_before(kept: Ledger) -> None:
    kept.add([claim(value=5)])
    kept.correct("a", "misread", value=6, places=("Pokrovsk",))
    kept.correct("a", "typo", note="seen")
    now = claim(value=6, places=("Pokrovsk",), note="seen")
    entry = kept.history("a")
    assert [each.claim for each in entry.revisions] == [claim(value=5), claim(value=6, places=("Pokrovsk",)), now]
    assert [each.reason for each in entry.revisions] == ["", "misread", "typo"]
    assert kept.claims() == [now]
    assert kept.claims(place="Pokrovsk") == [now]


def test_adding_the_first_wording_again_undoes_no_correction(kept: Ledger) -> None:
    kept.add([claim(value=5)])
    kept.correct("a", "misread", value=6)
    assert kept.add([claim(value=5)]) == 0
    assert kept.claims() == [claim(value=6)]


def test_what_is_retired_stays_readable(kept: Ledger) -> None:
    kept.add([claim(), claim("b")])
    kept.retire("a", "withdrawn by its source")
    assert kept.claims() == [claim("b")]
    assert kept.claims(include_retired=True) == [claim(), claim("b")]
    assert kept.history("a").retired == "withdrawn by its source"
    assert kept.add([claim()]) == 0
    with pytest.raises(EvidenceError, match="retired"):
        kept.correct("a", "why", value=1)
    with pytest.raises(EvidenceError, match="retired"):
        kept.retire("a", "again")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda kept: kept.correct("a", " ", value=1), "reason"),
        (lambda kept: kept.correct("a", "why"), "at least one field"),
        (lambda kept: kept.correct("a", "why", id="b"), "'id'"),
        (lambda kept: kept.correct("a", "why", valeu=1), "'value'"),
        (lambda kept: kept.correct("a", "why", value="many"), "finite number"),
        (lambda kept: kept.correct("a", "why", quantity="losses_tanks"), "reads so already"),
        (lambda kept: kept.correct("a", "why", as_of="2025-02-30"), "calendar"),
        (lambda kept: kept.correct("aa", "why", value=1), "no claim 'aa'.*'a'"),
        (lambda kept: kept.retire("\0", "why"), "U\\+0000"),
        (lambda kept: kept.retire("a", ""), "reason"),
        (lambda kept: kept.history("b"), "no claim 'b'"),
        (lambda kept: kept.link("a", "b", "copy"), "no claim 'b'"),
        (lambda kept: kept.link("a", "a", "copy"), "two claims"),
        (lambda kept: kept.link("a", "b", "copi"), "'copy'"),
        (lambda kept: kept.unlink("a", "b", "copy"), "not linked"),
        (lambda kept: kept.describe(ClaimSource("texts")), "'text'"),
        (lambda kept: kept.claims(as_of="soon"), "ISO"),
        (lambda kept: kept.claims(published_by="soon"), "soon"),
    ],
)
def test_mistakes_are_told_and_change_nothing(in_file: Ledger, change: Callable[[Ledger], Any], told: str) -> None:
    in_file.add([claim()])
    before = in_file.entries()
    with pytest.raises(EvidenceError, match=told):
        change(in_file)
    assert in_file.entries() == before


def test_a_history_too_long_to_pass_on_is_refused(in_file: Ledger) -> None:
    in_file.add([claim()])
    enough = MAX_LINE // 4_000
    for number in range(enough):
        in_file.correct("a", "r" * 3_950, value=number)
    with pytest.raises(EvidenceError, match="longer than"):
        in_file.correct("a", "r" * 4_000, value=enough)
    assert len(in_file.history("a").revisions) == 1 + enough


# Sources


def test_a_source_is_whoever_it_is_attributed_to(kept: Ledger) -> None:
    kept.add([claim(), claim("b", attributed_to="General Staff")])
    assert set(kept.sources()) == {"text", "General Staff"}
    assert kept.claims(source="General Staff") == [claim("b", attributed_to="General Staff")]
    kept.correct("b", "misattributed", attributed_to="Oryx")
    assert kept.history("b").source == "Oryx"


def test_a_source_can_be_described_once_and_anew(kept: Ledger) -> None:
    staff = ClaimSource("staff", "General Staff", "UA", "B", "daily report", "facts", "2025-08-01", "2025-08-02")
    kept.add([claim()], source="staff")
    kept.add([claim("b")], source=staff)
    assert kept.sources() == {"staff": staff}
    other = dataclasses.replace(staff, reliability="D")
    with pytest.raises(EvidenceError, match="described otherwise"):
        kept.add([claim("c")], source=other)
    kept.describe(other)
    assert kept.sources() == {"staff": other}


@pytest.mark.parametrize(
    "bad", [{"side": "XX"}, {"reliability": "G"}, {"published": "2025"}, {"name": "\0"}, {"key": ""}]
)
def test_a_source_that_cannot_be_is_refused(bad: dict[str, str]) -> None:
    with pytest.raises(EvidenceError, match="source"):
        ClaimSource(**{"key": "k", **bad})


# Asking


def test_filters_must_all_hold(kept: Ledger) -> None:
    one = claim("1", quantity="distance", places=("Pokrovsk", "Dnipro"), source_side="RU", as_of="2025-08-12")
    two = claim("2", quantity="distance", places=("Kyiv",), source_side="UA", as_of="2025-07/2025-08", doc="other")
    three = claim("3", as_of="2024")
    kept.add([one, two, three, claim("4")])
    assert kept.claims(quantity="distance") == [one, two]
    assert kept.claims(place="Dnipro") == [one]
    assert kept.claims(place="dnipro") == []
    assert kept.claims(side="UA", quantity="distance") == [two]
    assert kept.claims(doc="other") == [two]
    assert kept.claims(as_of="2025-08-12") == [one, two]
    assert kept.claims(as_of="2024-12-31/2025-07-01") == [two, three]
    assert kept.claims(as_of="2025-09") == []
    assert kept.claims(as_of="undated") == [claim("4")]


def test_what_was_known_on_a_day_is_what_had_been_published(kept: Ledger) -> None:
    days = [None, "2025-08-12", "2025-08-13"]
    kept.add([claim(str(day), published=day) for day in days])
    assert [each.published for each in kept.claims(published_by="2025-08-12")] == ["2025-08-12"]
    assert len(kept.claims(published_by="2025-08-13")) == 2
    assert kept.claims(published_by="2025-08-11") == []


def test_words_of_a_query_are_never_run(kept: Ledger) -> None:
    kept.add([claim("x'; DROP TABLE claim; --", quantity="'; DELETE FROM revision; --")])
    assert kept.claims(quantity="' OR '1'='1") == []
    assert len(kept.claims(quantity="'; DELETE FROM revision; --")) == 1


# Origins


def test_one_origin_counts_once(kept: Ledger) -> None:
    kept.add([claim(name) for name in "abcde"] + [claim("f", dup_of="e")])
    assert kept.link("a", "b", "copy")
    assert not kept.link("b", "a", "copy")
    kept.link("b", "c", "origin")
    assert [[each.id for each in group] for group in kept.clusters()] == [["a", "b", "c"], ["d"], ["e", "f"]]
    kept.retire("b", "withdrawn")
    assert [[each.id for each in group] for group in kept.clusters()] == [["a", "c"], ["d"], ["e", "f"]]
    kept.unlink("c", "b", "origin")
    assert [len(group) for group in kept.clusters()] == [1, 1, 1, 2]


def test_a_cluster_does_not_know_what_is_published_later(kept: Ledger) -> None:
    kept.add(
        [claim("a", published="2025-01-01"), claim("b", published="2025-01-02"), claim("c", published="2025-02-01")]
    )
    kept.link_all([Link("a", "c", "origin"), Link("b", "c", "origin")])
    assert len(kept.clusters()) == 1
    assert len(kept.clusters(published_by="2025-01-31")) == 2


def test_links_are_all_or_none(kept: Ledger) -> None:
    kept.add([claim("a"), claim("b")])
    with pytest.raises(EvidenceError):
        kept.link_all([Link("a", "b", "copy"), Link("a", "zzz", "copy")])
    assert kept.links() == []


SAID = "Russian forces lost 3,000 tanks in the fighting around Pokrovsk since the spring of last year"


def copies(*claims: Claim) -> list[Link]:
    with tempfile.TemporaryDirectory() as folder:
        kept = opened(Path(folder) / "l.sqlite")
        kept.add(claims)
        return kept.detect_copies()


@pytest.mark.parametrize(
    "again",
    [
        SAID,
        f"“{SAID.upper()}!”",
        SAID.replace("3,000", "3000"),
        SAID.replace("the fighting", "fighting"),
        SAID.replace("Russian forces", "The Russian forces"),
    ],
)
def test_the_same_words_in_another_text_are_a_copy(again: str) -> None:
    original, copy = claim("a", span=SAID, published="2025-01-02"), claim("b", doc="other", span=again)
    assert copies(copy, original) == [Link("a", "b", "copy")]


@pytest.mark.parametrize(
    "changes",
    [
        {"span": SAID.replace("3,000", "2,000")},
        {"span": SAID.replace("lost", "have not lost")},
        {"value": 3000.0},
        {"negated": True},
        {"places": ("Kupiansk",)},
        {"quantity": "losses_artillery"},
        {"span": "What the tanks did around Pokrovsk since the spring of last year was another matter altogether"},
    ],
    ids=str,
)
def test_other_statements_are_no_copies(changes: dict[str, Any]) -> None:
    assert copies(claim("a", span=SAID), claim("b", doc="other", **{"span": SAID, **changes})) == []


def test_few_words_are_no_copy_but_their_sentences_may_show_it() -> None:
    short = "3,000 tanks lost"
    assert copies(claim("a", span=short), claim("b", doc="other", span=short)) == []
    told = copies(claim("a", span=short, sentence=SAID), claim("b", doc="other", span=short, sentence=SAID))
    assert told == [Link("a", "b", "copy")]


def test_the_same_words_twice_in_one_text_are_a_quote_unless_at_one_place() -> None:
    body, pulled = claim("a", span=SAID, start=0, end=90), claim("b", span=SAID, start=900, end=990)
    assert copies(body, pulled) == [Link("a", "b", "quote")]
    assert copies(body, claim("b", span=SAID, start=10, end=95)) == []


def test_copies_that_are_linked_are_not_found_again(kept: Ledger) -> None:
    kept.add([claim(str(number), doc=str(number), span=SAID) for number in range(5)])
    assert kept.link_all(kept.detect_copies()) == 4
    assert kept.detect_copies() == []
    assert len(kept.clusters()) == 1


# Files


@pytest.mark.parametrize("name", ["ledger.jsonl", "ledger.csv"])
def test_an_export_restores_everything(kept: Ledger, fresh: Callable[[], str], tmp_path: Path, name: str) -> None:
    kept.add([FULL, claim("b"), claim("c", attributed_to="{=1}")])
    kept.add([claim("d")], source=ClaimSource("=staff", "General Staff", "mixed", licence="@facts"))
    kept.correct("d", "+reason", source="other", value=1)
    kept.correct("d", "again", source="=staff")
    kept.correct("full", "cleared", value_text=None, places=(), unit=None, note="")
    kept.retire("b", "-withdrawn")
    kept.link("full", "d", "origin")
    assert kept.export_file(tmp_path / name) == 4
    other = Ledger.open(fresh())
    assert other.import_file(tmp_path / name) == 4
    assert everything(other) == everything(kept)
    assert other.import_file(tmp_path / name) == 0
    other.export_file(tmp_path / f"again-{name}")
    assert (tmp_path / f"again-{name}").read_bytes() == (tmp_path / name).read_bytes()


def everything(kept: Ledger) -> tuple[Any, ...]:
    return kept.entries(include_retired=True), kept.sources(), kept.links()


def test_an_export_is_a_file_of_claims_and_the_other_way_round(kept: Ledger, tmp_path: Path) -> None:
    write([FULL.told(), claim().told()], tmp_path / "plain.jsonl")
    assert kept.import_file(tmp_path / "plain.jsonl") == 2
    kept.export_file(tmp_path / "ledger.jsonl")
    assert read(tmp_path / "ledger.jsonl") == [FULL, claim()]


def test_a_longer_history_is_taken_over_and_another_one_refused(
    kept: Ledger, fresh: Callable[[], str], tmp_path: Path
) -> None:
    kept.add([claim(value=5)])
    kept.export_file(tmp_path / "old.jsonl")
    ahead, aside = Ledger.open(fresh()), Ledger.open(fresh())
    for other in (ahead, aside):
        other.import_file(tmp_path / "old.jsonl")
    ahead.correct("a", "misread", value=6)
    ahead.retire("a", "withdrawn")
    ahead.export_file(tmp_path / "new.jsonl")
    assert kept.import_file(tmp_path / "new.jsonl") == 1
    assert everything(kept) == everything(ahead)
    assert kept.import_file(tmp_path / "old.jsonl") == 0
    aside.correct("a", "misread otherwise", value=7)
    before = everything(aside)
    with pytest.raises(EvidenceError, match="another"):
        aside.import_file(tmp_path / "new.jsonl")
    assert everything(aside) == before


def test_no_text_in_a_csv_file_can_run_as_a_formula(tmp_path: Path) -> None:
    kept = Ledger.open(tmp_path / "l.sqlite")
    texts = ["=1", "+1", "-1", "@a", "\t=1", "  =1", "'=1", "''=1", "'", "''", "'plain", "plain", "＝1", "\r=1"]
    kept.add([claim(str(number), note=text, attributed_to=text) for number, text in enumerate(texts)])
    kept.export_file(tmp_path / "l.csv")
    with open(tmp_path / "l.csv", encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.DictReader(file) for cell in (row["note"], row["attributed_to"], row["source"])]
    assert not [cell for cell in cells if cell.strip()[:1] in tuple("=+-@＝")]
    assert [cell for cell in cells if cell in ("plain", "'plain")]
    other = Ledger.open(tmp_path / "other.sqlite")
    other.import_file(tmp_path / "l.csv")
    assert everything(other) == everything(kept)


def test_a_csv_file_from_a_spreadsheet_is_read(tmp_path: Path) -> None:
    content = "\ufeffid,doc,span,subject,quantity,value,negated,places,mine\r\n"
    content += 'k,text,"a, b",Russia,distance,-1.5e1,TRUE,Pokrovsk; Kyiv,=x\r\n\r\n'
    (tmp_path / "l.CSV").write_bytes(content.encode())
    kept = Ledger.open(tmp_path / "l.sqlite")
    kept.import_file(tmp_path / "l.CSV")
    wanted = claim("k", span="a, b", quantity="distance", value=-15.0, negated=True, places=("Pokrovsk", "Kyiv"))
    assert kept.claims() == [wanted]


GOOD = json.dumps(claim("good").told())
STEP = {"reason": "r", "was": {"value": 1}}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.jsonl", b"\xff\xfe\x00"),
        ("x.jsonl", b"[1]"),
        ("x.jsonl", b"[" * 60_000),
        ("x.jsonl", b'{"id": "a"}'),
        ("x.jsonl", b"{" + b" " * MAX_LINE + b"}"),
        ("x.jsonl", json.dumps({**claim().told(), "source": 5}).encode()),
        ("x.jsonl", json.dumps({**claim().told(), "source": {"key": "k", "colour": "red"}}).encode()),
        ("x.jsonl", json.dumps({**claim().told(), "source": {"key": "k", "side": ["UA"]}}).encode()),
        ("x.jsonl", json.dumps({**claim().told(), "retired": True}).encode()),
        ("x.jsonl", json.dumps({**claim().told(), "links": "good"}).encode()),
        ("x.jsonl", json.dumps({**claim().told(), "links": [{"to": "good", "kind": []}]}).encode()),
        ("x.jsonl", json.dumps({**claim().told(), "links": [{"to": "nobody", "kind": "copy"}]}).encode()),
        ("x.jsonl", json.dumps({**claim().told(), "history": [STEP | {"was": {"id": "b"}}]}).encode()),
        ("x.jsonl", json.dumps({**claim().told(), "history": [STEP | {"was": {"note": ""}}]}).encode()),
        ("x.jsonl", json.dumps({**claim().told(), "history": [STEP | {"was": {"value": "many"}}]}).encode()),
        ("x.jsonl", json.dumps({**claim().told(), "history": [STEP | {"reason": ""}]}).encode()),
        ("x.jsonl", json.dumps({**claim().told(), "note": "\ud800"}).encode()),
        ("x.jsonl", json.dumps({**claim().told(), "value": 10**400}).encode()),
        ("x.csv", b""),
        ("x.csv", b"\xff\xfe\x00"),
        ("x.csv", b"id,doc,span\na,b\n"),
        ("x.csv", b'id,doc,span\n"a'),
        ("x.csv", b"id,id,doc,span,subject,quantity\n"),
        ("x.csv", b"id,doc,span,subject,quantity,value\na,b,c,d,e,inf\n"),
        ("x.csv", b"id,doc,span,subject,quantity,value\na,b,c,d,e,1_000\n"),
        ("x.csv", b"id,doc,span,subject,quantity,derived\na,b,c,d,e,yes\n"),
        ("x.csv", b"id,doc,span,subject,quantity,places\na,b,c,d,e," + b"[" * 100_000),
        ("x.csv", b"id,doc,span,subject,quantity\na,b," + b"x" * 200_000),
        ("x.csv", b"id,doc,span,subject,quantity\n" + b"x" * 500_000),
    ],
)
def test_a_broken_file_is_told_and_leaves_the_ledger_as_it_was(tmp_path: Path, name: str, content: bytes) -> None:
    kept = opened(tmp_path / "l.sqlite")
    kept.add([claim("here")])
    path = tmp_path / name
    path.write_bytes(GOOD.encode() + b"\n" + content if name == "x.jsonl" else content)
    before = everything(kept)
    with pytest.raises(EvidenceError):
        kept.import_file(path)
    assert everything(kept) == before


def test_files_that_are_not_there_are_told(tmp_path: Path) -> None:
    kept = Ledger.open(tmp_path / "l.sqlite")
    for name in ("none.csv", "none.jsonl"):
        with pytest.raises(EvidenceError, match="none"):
            kept.import_file(tmp_path / name)
        with pytest.raises(EvidenceError, match="cannot write"):
            kept.export_file(tmp_path / "no folder" / name)


def test_a_ledger_never_grows_beyond_what_an_import_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "MAX_LINES", 3)
    kept = Ledger.open(tmp_path / "l.sqlite")
    kept.add([claim("a"), claim("b")])
    with pytest.raises(EvidenceError, match="at most 3"):
        kept.add([claim("c"), claim("d")])
    assert kept.add([claim("c")]) == 1


# The same as a model that is plain Python


NAMES = st.sampled_from("abcd")
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "value": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "note": TEXT | st.sampled_from(["=", "'", "'=", '"']),
        "value_text": st.none() | TEXT | st.sampled_from(["", "'", "-"]),
        "places": st.lists(TEXT, max_size=2).map(tuple),
        "attributed_to": TEXT,
        "negated": st.booleans(),
        "published": st.none() | st.dates().map(str),
    },
)
REASONS = TEXT.filter(str.strip)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), NAMES, FIELDS),
        st.tuples(st.just("correct"), NAMES, FIELDS, REASONS),
        st.tuples(st.just("retire"), NAMES, REASONS),
        st.tuples(st.just("link"), NAMES, NAMES),
        st.tuples(st.just("pass on"), st.sampled_from(["jsonl", "csv"])),
    ),
    max_size=10,
)


class Model:
    """What a ledger should hold, without a database."""

    def __init__(self) -> None:
        self.wordings: dict[str, list[tuple[Claim, str]]] = {}
        self.retired: dict[str, str] = {}
        self.linked: set[frozenset[str]] = set()

    def may(self, step: tuple[Any, ...]) -> bool:
        """Take a step; False where it is to be refused."""
        kind, name = step[:2]
        lines = self.wordings.get(name)
        if kind == "add":
            new = claim(name, **step[2])
            if lines is None:
                self.wordings[name] = [(new, "")]
            return lines is None or new in [old for old, _ in lines]
        if kind == "link":
            fine = name != step[2] and {name, step[2]} <= set(self.wordings)
            self.linked |= {frozenset(step[1:])} if fine else set()
            return fine
        if lines is None or name in self.retired:
            return False
        if kind == "retire":
            self.retired[name] = step[2]
            return True
        new = dataclasses.replace(lines[-1][0], **step[2])
        fine = new != lines[-1][0]
        if fine:
            lines.append((new, step[3]))
        return fine


def take(kept: Ledger, step: tuple[Any, ...]) -> None:
    kind, name, *rest = step
    if kind == "add":
        kept.add([claim(name, **rest[0])])
    elif kind == "correct":
        kept.correct(name, rest[1], **rest[0])
    elif kind == "retire":
        kept.retire(name, rest[0])
    else:
        kept.link(name, rest[0], "origin")


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(steps=STEPS)
def test_any_sequence_of_steps_keeps_the_history(fresh: Callable[[], str], tmp_path: Path, steps: list[Any]) -> None:
    kept, model = Ledger.open(fresh()), Model()
    for step in steps:
        if step[0] == "pass on":
            path = tmp_path / f"ledger.{step[1]}"
            kept.export_file(path)
            before, kept = everything(kept), Ledger.open(fresh())
            kept.import_file(path)
            assert everything(kept) == before
        elif model.may(step):
            take(kept, step)
        else:
            with pytest.raises(EvidenceError):
                take(kept, step)
    entries = kept.entries(include_retired=True)
    assert {each.claim.id: [(one.claim, one.reason) for one in each.revisions] for each in entries} == model.wordings
    assert [each.claim.id for each in entries] == list(model.wordings)
    assert [each.added for each in entries] == list(range(1, len(entries) + 1))
    assert {each.claim.id: each.retired for each in entries if each.retired} == model.retired
    assert {frozenset((link.first, link.second)) for link in kept.links()} == model.linked
    assert {each.id for each in kept.claims()} == set(model.wordings) - set(model.retired)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_the_apostrophe_is_put_and_taken_without_doubt(text: str) -> None:
    cell = exchange._guarded(text)
    assert exchange._unguarded(cell) == text
    assert cell.strip()[:1] not in tuple("=+-@")


# More than one process

WRITER = """
import sys, time
import sqlalchemy as sa
from ceasefire.evidence.claim import Claim
from ceasefire.evidence.ledger import Ledger

def claim(name):
    return Claim(id=name, doc="text", span="words", subject="Russia", quantity="losses_tanks")

def stall(connection):
    print("before the commit", flush=True)
    time.sleep(60)

kept = Ledger.open(sys.argv[1])
kept.add([claim("kept 1"), claim("kept 2")])
kept.correct("kept 1", "why", value=5)
sa.event.listen(sa.Engine, "commit", stall)
kept.add([claim("lost 1"), claim("lost 2")])
"""


def test_a_killed_writer_loses_nothing_committed_and_nothing_else_is_there(fresh: Callable[[], str]) -> None:
    where = fresh()
    writer = subprocess.Popen([sys.executable, "-c", WRITER, where], stdout=subprocess.PIPE, text=True)
    try:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "before the commit\n"
        during = Ledger.open(where).entries()
    finally:
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
    kept = Ledger.open(where)
    assert kept.entries() == during
    assert [(entry.claim.id, len(entry.revisions)) for entry in during] == [("kept 1", 2), ("kept 2", 1)]
    assert kept.add([claim("next")]) == 1
    assert kept.history("next").added == 3


def test_readers_go_on_while_somebody_writes(fresh: Callable[[], str]) -> None:
    where = fresh()
    kept, other = Ledger.open(where), Ledger.open(where)
    kept.add([claim("a")])
    with kept._database.writing() as connection:
        ledger._merge(connection, [ledger.Offer((ledger.Revision(claim("b"), ""),))])
        assert [each.id for each in other.claims()] == ["a"]
        assert other.clusters() == [(claim("a"),)]
    assert [each.id for each in other.claims()] == ["a", "b"]


def test_writers_take_turns(fresh: Callable[[], str]) -> None:
    where = fresh()
    problems: list[BaseException] = []

    def work(writer: int) -> None:
        try:
            kept = Ledger.open(where)
            for number in range(5):
                kept.add([claim(f"{writer} {number}")])
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=work, args=[writer]) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    entries = Ledger.open(where).entries()
    assert [entry.added for entry in entries] == list(range(1, 21))
    assert len({entry.claim.id for entry in entries}) == 20


def test_a_writer_that_waits_too_long_is_told(fresh: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "WAIT", 1)
    where = fresh()
    kept, other = Ledger.open(where), Ledger.open(where)
    with kept._database.writing(), pytest.raises(EvidenceError, match="another process"):
        other.add([claim()])


# Opening


def test_a_file_is_in_wal_mode_and_whole_after_every_call(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    Ledger.open(path).add([claim()])
    assert [each.name for each in tmp_path.iterdir()] == ["l.sqlite"]
    with sqlite3.connect(path) as raw:
        assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    raw.close()


def test_the_default_is_a_file_in_the_users_folder_or_what_the_variable_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("CEASEFIRE_LEDGER", raising=False)
    assert default_location() == str(tmp_path / "data" / "ceasefire" / "ledger.sqlite")
    Ledger.open().add([claim()])
    assert Ledger.open(default_location()).claims() == [claim()]
    monkeypatch.setenv("CEASEFIRE_LEDGER", str(tmp_path / "mine.sqlite"))
    assert Ledger.open().claims() == []
    assert (tmp_path / "mine.sqlite").exists()


def foreign_database(path: Path) -> None:
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE claim (id TEXT)")
    raw.close()


def newer_ledger(path: Path) -> None:
    Ledger.open(path)
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE ledger SET version = 99")
    raw.close()


def newer_file(path: Path) -> None:
    Ledger.open(path)
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA user_version = 99")
    raw.close()


def torn_ledger(path: Path) -> None:
    Ledger.open(path)
    path.write_bytes(path.read_bytes()[:4096] + b"\xff" * 8192)


def changed_ledger(statement: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        Ledger.open(path).add([claim(), claim("b")])
        with sqlite3.connect(path) as raw:
            raw.executescript(statement)
        raw.close()

    return make


ENDLESS = (
    "ALTER TABLE claim RENAME TO other; CREATE VIEW claim AS WITH RECURSIVE t(n) AS "
    "(SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT 'k' || n AS id, n AS added FROM t"
)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (changed_ledger("DELETE FROM source"), "another program"),
        (changed_ledger("UPDATE claim SET added = 'abc' WHERE id = 'a'"), "another program"),
        (changed_ledger(ENDLESS), "another program"),
        (changed_ledger("CREATE TRIGGER t AFTER INSERT ON claim BEGIN DELETE FROM link; END"), "another program"),
        (lambda path: path.write_text("id,doc\n" * 50), "no ledger"),
        (lambda path: path.write_bytes(b""), "no ledger"),
        (lambda path: path.write_bytes(b"SQLite format 3\0" + bytes(200)), "no ledger"),
        (foreign_database, "no ledger"),
        (newer_ledger, "version 99"),
        (newer_file, "version 99"),
        (torn_ledger, "cannot be used"),
    ],
)
def test_what_is_no_ledger_is_told_and_left_untouched(tmp_path: Path, make: Callable[[Path], Any], told: str) -> None:
    path = tmp_path / "file"
    make(path)
    before = path.read_bytes()
    with pytest.raises(EvidenceError, match=told):
        Ledger.open(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("{folder}", "directory"),
        ("{folder}/none/l.sqlite", "No such file"),
        ("{folder}/a\0b", "null"),
        ("mysql://me:secret@host/db", "mysql"),
        ("postgresql://me:secret@[broken", "postgresql"),
        ("postgresql://me:secret@/none?host={folder}", "cannot be used"),
        ("sqlite://", "sqlite"),
    ],
)
def test_a_place_where_none_can_be_is_told_without_the_password(tmp_path: Path, asked: str, told: str) -> None:
    with pytest.raises(EvidenceError, match=told) as found:
        Ledger.open(asked.replace("{folder}", str(tmp_path)))
    assert "secret" not in str(found.value)
    assert list(tmp_path.iterdir()) == []


def test_a_url_names_a_file_too(tmp_path: Path) -> None:
    Ledger.open(f"sqlite:///{tmp_path}/l.sqlite").add([claim()])
    assert Ledger.open(tmp_path / "l.sqlite").claims() == [claim()]


def test_a_missing_driver_is_told_with_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(EvidenceError, match=r"ceasefire\[postgres\]"):
        Ledger.open("postgresql://host/db")


@pytest.mark.parametrize(
    ("statement", "told"),
    [("CREATE TABLE claim (id TEXT)", "no ledger"), ("CREATE TABLE ledger (colour TEXT)", "cannot be used|no ledger")],
)
def test_a_database_of_others_is_left_untouched(server: Path, statement: str, told: str) -> None:
    where = fresh_database(server)
    engine = sa.create_engine(where.replace("postgresql:", "postgresql+psycopg:", 1))
    with engine.begin() as connection:
        connection.execute(sa.text(statement))
    with pytest.raises(EvidenceError, match=told):
        Ledger.open(where)
    assert len(sa.inspect(engine).get_table_names()) == 1
    engine.dispose()


def test_a_newer_database_is_left_untouched(server: Path) -> None:
    where = fresh_database(server)
    with Ledger.open(where)._database.writing() as connection:
        connection.execute(sa.update(database.LEDGER).values(version=99))
    with pytest.raises(EvidenceError, match="version 99"):
        Ledger.open(where)


def test_many_may_make_the_same_ledger_at_once(fresh: Callable[[], str]) -> None:
    where = fresh()
    problems: list[BaseException] = []

    def work(number: int) -> None:
        try:
            Ledger.open(where).add([claim(str(number))])
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=work, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(Database.open(where).where) > 0
    assert len(Ledger.open(where).claims()) == 6


# Small parts


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("value", "-1.5", -1.5),
        ("start", "12", 12),
        ("negated", "True", True),
        ("places", "Pokrovsk; Kyiv", ("Pokrovsk", "Kyiv")),
        ("places", '["a;b"]', ("a;b",)),
        ("value", "", None),
        ("hedge", "", "asserted"),
        ("note", "", ""),
        ("note", "'=x", "'=x"),
        ("source", "Oryx", "Oryx"),
    ],
)
def test_a_typed_field_is_what_it_says(name: str, text: str, wanted: object) -> None:
    assert from_text(name, text) == wanted


@pytest.mark.parametrize(("name", "text"), [("value", "nan"), ("negated", "si"), ("places", "[1"), ("colour", "red")])
def test_a_typed_field_that_cannot_be_is_refused(name: str, text: str) -> None:
    with pytest.raises(EvidenceError, match=name):
        from_text(name, text)


def test_what_is_checked_is_what_is_read_back() -> None:
    whole = checked(claim(value=5, start=3.0, end=9.0, places=["Kyiv"]))
    assert (type(whole.value), type(whole.start), whole.places) == (float, int, ("Kyiv",))
