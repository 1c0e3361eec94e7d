"""The page as somebody sees it: a real server on a small real forecast, and Chromium that may talk to nobody else.

A test fails where the page logged an error, a reply failed, or anything was asked of another host.
"""

import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

SCENARIO, RUNS, WEEKS = "abu-dhabi-2026-01", 64, 13
PROGRAM = (sys.executable, "-c", "from ceasefire.cli import main; main()")
READY = 180.0
"""Seconds within which the server must answer."""
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-first-run",
)


@pytest.fixture(scope="session")
def small_result() -> Path:
    """A forecast of the shipped war, small enough to be made in a test; made once for all workers."""
    named = os.environ.get("CEASEFIRE_PAGE_RESULT")
    if named:
        return Path(named)
    kept = Path(os.environ.get("CEASEFIRE_CACHE") or tempfile.mkdtemp(prefix="ceasefire-page-"))
    kept.mkdir(parents=True, exist_ok=True)
    folder = kept / "page-result"
    with (kept / "page-result.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "summary.json").is_file():
            words = [SCENARIO, "--runs", str(RUNS), "--weeks", str(WEEKS), "--out", str(folder)]
            command = [*PROGRAM, "forecast", *words]
            made = subprocess.run(command, capture_output=True, text=True, check=False)
            assert made.returncode == 0, made.stderr[-2000:]
    return folder


@pytest.fixture(scope="module")
def site(small_result: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server of its own for each file of tests."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(small_result, folder / "result")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [*PROGRAM, "serve", str(folder / "result"), "--no-browser", "--port", str(port)]
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=folder, start_new_session=True)
    try:
        _wait(f"http://127.0.0.1:{port}", server, folder / "server.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        _stop(server)


def _wait(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + READY
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/api/war", timeout=5) as reply:
                if json.load(reply)["ready"]:
                    return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.2)
    raise AssertionError(f"the server did not come up:\n{log.read_text()[-3000:]}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End the server and whatever works for it."""
    server.terminate()
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait(10)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium. It is closed after each file, since its event loop would be in the way of other tests."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        says = "no Chromium was found; install it (Debian: apt-get install chromium) to test the page"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(says)
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture
def browser_page(browser: Any) -> Iterator[Any]:
    """A page of its own, 1440 × 900, which must stay without errors and among us."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, reduced_motion="reduce", accept_downloads=True
    )
    page, wrong = context.new_page(), []
    page.set_default_timeout(30_000)
    page.on("console", lambda said: wrong.append(f"console: {said.text}") if said.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    context.on("request", lambda request: wrong.extend(_strange(request.url)))
    context.on("response", lambda reply: wrong.append(f"{reply.status}: {reply.url}") if reply.status >= 400 else None)
    page.wrong = wrong
    yield page
    context.close()
    assert wrong == []


def _strange(address: str) -> list[str]:
    """An address on another host, as a complaint."""
    parts = urlsplit(address)
    local = parts.scheme in ("data", "blob", "about") or parts.hostname == "127.0.0.1"
    return [] if local else [f"asked of another host: {address}"]


@pytest.fixture
def keep(tmp_path: Path) -> Callable[[Any, str], Path]:
    """Keep a screenshot of all of a page, in CEASEFIRE_SCREENSHOTS where that is set."""
    folder = Path(os.environ.get("CEASEFIRE_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)

    def kept(page: Any, name: str) -> Path:
        path = folder / f"{re.sub(r'[^a-z0-9-]+', '-', name.lower())}.png"
        page.screenshot(path=path, full_page=True)
        return path

    return kept


@pytest.fixture
def visit(browser_page: Any, site: str) -> Callable[..., Any]:
    """Open a view by what follows the #, and wait until it is there."""

    def opened(view: str) -> Any:
        browser_page.goto(f"{site}/#/{view}")
        browser_page.locator("main h1, main h2").first.wait_for()
        return browser_page

    return opened
