"""`ceasefire serve`: it says where it is, what is wrong in one line, and leaves nothing behind."""

from __future__ import annotations

import importlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from ceasefire.evidence.error import CeasefireError

command = importlib.import_module("ceasefire.cli.serve")  # the command has the name of its module


def start(*words: str, cwd: Path) -> subprocess.Popen[str]:
    """The command, in a process and a folder of its own."""
    line = [sys.executable, "-m", "ceasefire", "serve", *words]
    return subprocess.Popen(
        line, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def refused(*words: str, cwd: Path) -> str:
    """What it says where it cannot serve: one line."""
    process = start(*words, "--no-browser", cwd=cwd)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 1
    assert told.startswith("ceasefire: ")
    assert told.count("\n") == 1
    return told


def children(process: int) -> list[int]:
    """Processes that a process started."""
    listed = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [int(child) for child in listed]


def test_it_says_where_it_is_and_ends_with_all_that_works_for_it(shown_folder, tmp_path):
    process = start(str(shown_folder), "--port", "0", "--no-browser", cwd=tmp_path)
    try:
        address = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())[0]
        with urllib.request.urlopen(f"{address}api/war", timeout=60) as reply:
            assert json.load(reply)["ready"]
        until = time.monotonic() + 60
        while not (workers := children(process.pid)):
            assert time.monotonic() < until
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        out, told = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0
    assert "Stopped." in out
    assert "Traceback" not in told
    for worker in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)


def test_a_folder_without_a_result_says_what_it_holds(tmp_path):
    (tmp_path / "notes.txt").touch()
    assert "it holds notes.txt" in refused(".", cwd=tmp_path)


def test_something_unknown_names_what_there_is(tmp_path):
    assert "abu-dhabi-2026-01" in refused("nowhere", cwd=tmp_path)


def test_a_busy_port_that_was_named_is_said_and_the_next_is_taken_otherwise(monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CeasefireError, match=f"port {port}: Address already in use; name another with --port"):
            command._bound("127.0.0.1", port)
        monkeypatch.setattr(command, "PORT", port)
        with command._bound("127.0.0.1", None) as found:
            assert port < found.getsockname()[1] < port + command.PORTS


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", -1), ("127.0.0.1", 70000), ("no.such.name.invalid", 8199)])
def test_an_address_that_cannot_be_is_said(host: str, port: int):
    with pytest.raises(CeasefireError, match="port"):
        command._bound(host, port)


def test_a_token_is_read_or_made_and_never_short(tmp_path):
    assert len(command._token(None)) >= 32
    assert command._token(None) != command._token(None)
    file = tmp_path / "token"
    for text, good in (("x" * 16, True), ("x" * 15, False), ("x" * 20 + "; Path=/", False), ("x\n" * 20, False)):
        file.write_text(text + "\n")
        if good:
            assert command._token(file) == text
        else:
            with pytest.raises(CeasefireError, match="at least 16"):
                command._token(file)
    with pytest.raises(CeasefireError, match="cannot read"):
        command._token(tmp_path / "none")


def test_help_loads_no_server():
    """What only the page needs is read only for the page."""
    code = "import sys; sys.argv = ['ceasefire', '--help']\nimport ceasefire.cli\n"
    code += "assert not {'fastapi', 'uvicorn', 'starlette', 'jax'} & set(sys.modules), sorted(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
