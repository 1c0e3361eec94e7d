"""The server: every route tells what it promises, and a real server answers many at once while a job runs."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import re
import shutil
import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from ceasefire.evidence.error import CeasefireError
from ceasefire.simulate import result as results
from ceasefire.view.web import replies
from ceasefire.view.web.app import Server, create_app
from ceasefire.view.web.jobs import Answer, Limits, Tell
from ceasefire.view.web.safety import Access, Hasty
from ceasefire.view.web.subject import Subject, SubjectError, subject

CLIENTS = 50
TOLD = {
    "war": replies.War,
    "map": replies.Map,
    "futures": replies.Futures,
    "runs": replies.Runs,
    "runs/3": replies.Run,
    "deal": replies.Deal,
    "levers": replies.Levers,
    "evidence": replies.Evidence,
    "score": replies.Score,
    "jobs": replies.Jobs,
    "files": replies.Files,
}


class Steered:
    """Work that ends once it may."""

    def __init__(self) -> None:
        self.go = threading.Event()

    async def __call__(self, asked: dict[str, Any], tell: Tell) -> Answer:
        if asked["kind"] == "terms":
            raise CeasefireError("no such package")
        done = 0
        while not self.go.is_set():
            done = min(done + 1, 10**6)
            tell(done, 10**6, f"{done} wars so far")
            await asyncio.sleep(0.005)
        return Answer({"asked": asked["kind"]}, b"\1\2", {"report.html": b"<p>&lt;script&gt;", "policy.toml": b"do=[]"})


@contextlib.contextmanager
def served(about: Subject, folder: Path, work: Any, limits: Limits = Limits()) -> Iterator[tuple[httpx.Client, Server]]:
    """A real server in a thread, and a client of it."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    app = create_app(about, Access("127.0.0.1", port), out=folder, work=work, limits=limits)
    config = uvicorn.Config(app, http=Hasty, ws="none", log_level="error", timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            yield client, app
    finally:
        server.should_exit = True
        thread.join(20)
        listening.close()


@pytest.fixture(scope="module")
def work() -> Steered:
    return Steered()


@pytest.fixture(scope="module")
def client(shown_subject, work, tmp_path_factory) -> Iterator[httpx.Client]:
    with served(shown_subject, tmp_path_factory.mktemp("served"), work) as (client, _):
        yield client


def finished(client: httpx.Client, number: str) -> replies.Job:
    """Listen to a job to its end; its last event and what is read of it then agree."""
    last = {}
    with client.stream("GET", f"/api/jobs/{number}/events") as events:
        assert events.headers["content-type"].startswith("text/event-stream")
        for line in events.iter_lines():
            if line.startswith("data: "):
                last = json.loads(line[6:])
    read = client.get(f"/api/jobs/{number}").json()
    assert {**read, "result": None} == last
    return replies.Job.model_validate(read)


@pytest.mark.parametrize("path", sorted(TOLD))
def test_every_reply_is_of_its_kind(client: httpx.Client, path: str):
    reply = client.get(f"/api/{path}")
    assert reply.status_code == 200, reply.text
    TOLD[path].model_validate_json(reply.content)


def test_the_war_is_the_one_that_was_named(client: httpx.Client, result):
    told = replies.War.model_validate_json(client.get("/api/war").content)
    assert told.ready
    assert told.scenario == result.attrs["scenario"]
    assert told.fingerprint == "ab12cd34"
    assert told.runs == result.sizes["run"]


def test_maps_have_a_byte_for_each_cell_and_week(client: httpx.Client, result):
    cells, weeks = result.sizes["cell"], result.sizes["week"]
    assert len(client.get("/api/map/control").content) == cells * weeks
    assert len(client.get("/api/map/opening").content) == cells
    magic, count, _ = struct.unpack("<4sII", client.get("/api/map/cells").content[:12])
    assert (magic, count) == (b"CFC1", cells)


def test_what_a_browser_has_is_not_sent_again(client: httpx.Client):
    first = client.get("/api/futures", headers={"accept-encoding": "gzip"})
    assert first.headers["content-encoding"] == "gzip"
    assert first.headers["cache-control"] == "no-cache"
    again = client.get("/api/futures", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    plain = client.get("/api/futures", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == first.content
    assert client.get("/api/futures", headers={"accept-encoding": "gzip;q=0"}).headers.get("content-encoding") is None


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api", 404),
        ("GET", "/api/", 404),
        ("GET", "/api/none", 404),
        ("GET", "/api/war/", 404),
        ("GET", "/api/runs/9999999", 404),
        ("GET", "/api/runs/-1", 422),
        ("GET", "/api/runs/x", 422),
        ("GET", "/api/runs/99999999999999999999999999", 422),
        ("GET", "/api/map/observed/99999", 404),
        ("GET", "/api/files/..%2f..%2fetc%2fpasswd", 404),
        ("GET", "/api/files/none.csv", 404),
        ("GET", "/api/jobs/" + "0" * 24, 404),
        ("GET", "/api/jobs/..", 404),
        ("GET", "/api/jobs/..%2f..%2fx", 404),
        ("GET", "/api/jobs/xyz", 404),
        ("GET", "/api/jobs/" + "0" * 24 + "/map", 404),
        ("GET", "/api/jobs/" + "0" * 24 + "/job.json", 404),
        ("GET", "/api/jobs/" + "0" * 24 + "/events", 404),
        ("DELETE", "/api/jobs/" + "0" * 24, 404),
        ("POST", "/api/war", 405),
        ("PUT", "/api/jobs", 405),
        ("HEAD", "/api/jobs/" + "0" * 24 + "/events", 404),
    ],
)
def test_what_is_not_there_is_said_in_words(client: httpx.Client, method: str, path: str, status: int):
    reply = client.request(method, path)
    assert reply.status_code == status
    if method != "HEAD":
        assert replies.Problem.model_validate_json(reply.content).error


@pytest.mark.parametrize(
    "asked",
    [
        {},
        [],
        "x",
        {"kind": "forecast"},
        {"kind": "shell"},
        {"kind": "replay"},
        {"kind": "replay", "run": -1},
        {"kind": "replay", "run": 1, "path": "/etc/passwd"},
        {"kind": "whatif", "do": []},
        {"kind": "whatif", "do": ["x"] * 41},
        {"kind": "whatif", "do": ["x"], "runs": 10**9},
        {"kind": "article", "text": ""},
    ],
)
def test_a_request_that_makes_no_sense_is_refused(client: httpx.Client, asked: Any):
    before = client.get("/api/jobs").json()
    reply = client.post("/api/jobs", json=asked)
    assert reply.status_code == 422
    assert replies.Problem.model_validate_json(reply.content).error
    assert client.get("/api/jobs").json() == before


def test_head_is_get_without_its_body(client: httpx.Client):
    for path in ("/api/war", "/api/map/cells", "/"):
        got, headed = client.get(path), client.head(path)
        assert headed.status_code == got.status_code
        assert headed.content == b""
        assert headed.headers["content-type"] == got.headers["content-type"]


def test_documents_run_nothing(client: httpx.Client):
    reply = client.get("/api/report")
    policy = reply.headers["content-security-policy"]
    assert reply.headers["content-type"].startswith("text/html")
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy
    assert "sandbox" in policy
    assert "allow-scripts" not in policy


def test_files_are_those_of_the_list(client: httpx.Client):
    listed = client.get("/api/files").json()["files"]
    assert listed
    small = listed[0]
    reply = client.get(small["url"])
    assert reply.status_code == 200
    assert reply.content
    assert reply.headers["content-type"].partition(";")[0] == small["type"].partition(";")[0]
    assert "attachment" in reply.headers["content-disposition"]


def test_fifty_clients_are_answered_while_a_job_runs_and_its_listeners_hear_the_end(
    client: httpx.Client, work: Steered
):
    work.go.clear()
    number = client.post("/api/jobs", json={"kind": "replay", "run": 1}).json()["id"]

    async def listen(browser: httpx.AsyncClient) -> dict[str, Any]:
        last: dict[str, Any] = {}
        async with browser.stream("GET", f"/api/jobs/{number}/events") as events:
            async for line in events.aiter_lines():
                if line.startswith("data: "):
                    last = json.loads(line[6:])
        return last

    async def read(browser: httpx.AsyncClient, path: str) -> float:
        began = time.perf_counter()
        reply = await browser.get(f"/api/{path}")
        assert reply.status_code == 200
        return time.perf_counter() - began

    async def go() -> tuple[list[dict[str, Any]], list[float]]:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=client.base_url, timeout=60, limits=limits) as browser:
            listening = [asyncio.create_task(listen(browser)) for _ in range(CLIENTS)]
            paths = ["war", "map", "map/cells", "map/control", "futures", "runs/1", "deal", f"jobs/{number}"]
            took = await asyncio.gather(*(read(browser, paths[each % len(paths)]) for each in range(CLIENTS)))
            work.go.set()
            return await asyncio.gather(*listening), list(took)

    heard, took = asyncio.run(go())
    assert len(heard) == CLIENTS
    assert all(last["phase"] == "done" and last["id"] == number for last in heard)
    assert max(took) < 15


def test_a_finished_job_gives_what_it_has_and_says_what_it_has_not(client: httpx.Client, work: Steered):
    work.go.set()
    number = client.post("/api/jobs", json={"kind": "replay", "run": 2}).json()["id"]
    job = finished(client, number)
    assert (job.phase, job.result, job.map) == ("done", {"asked": "replay"}, "control")
    assert client.get(f"/api/jobs/{number}/map").content == b"\1\2"
    document = client.get(f"/api/jobs/{number}/report.html")
    assert document.headers["content-security-policy"].startswith("default-src 'none'")
    assert client.get(f"/api/jobs/{number}/terms.geojson").status_code == 404
    assert client.delete(f"/api/jobs/{number}").status_code == 200
    assert client.get(f"/api/jobs/{number}").status_code == 404


def test_a_job_that_is_not_done_has_nothing_yet(client: httpx.Client, work: Steered):
    work.go.clear()
    number = client.post("/api/jobs", json={"kind": "zone"}).json()["id"]
    assert client.get(f"/api/jobs/{number}/map").status_code == 409
    assert client.delete(f"/api/jobs/{number}").json()["phase"] == "cancelled"
    assert finished(client, number).phase == "cancelled"
    work.go.set()


def test_a_mistake_in_a_job_is_told_with_the_job(client: httpx.Client):
    number = client.post("/api/jobs", json={"kind": "terms", "package": "x"}).json()["id"]
    job = finished(client, number)
    assert (job.phase, job.error) == ("failed", "no such package")


def test_an_article_is_not_repeated_in_every_event(client: httpx.Client, work: Steered):
    work.go.set()
    text = "Some words. " * 5000
    job = client.post("/api/jobs", json={"kind": "article", "text": text}).json()
    assert len(job["asked"]["text"]) < 400
    assert len(client.get("/api/jobs").content) < 40_000
    assert client.get(f"/api/jobs/{job['id']}").json()["asked"]["text"] == text


def test_a_closed_page_lets_its_job_go(shown_subject, tmp_path):
    work = Steered()
    with served(shown_subject, tmp_path, work, Limits(left=0.3)) as (client, app):
        number = client.post("/api/jobs", json={"kind": "replay", "run": 1}).json()["id"]
        with client.stream("GET", f"/api/jobs/{number}/events") as events:
            next(events.iter_lines())
        until = time.monotonic() + 10
        while app.site.jobs.find(number).phase != "cancelled":
            assert time.monotonic() < until
            time.sleep(0.05)
        assert app.site.jobs.streams == 0


def test_a_restart_keeps_what_was_done(shown_subject, tmp_path):
    work = Steered()
    work.go.set()
    with served(shown_subject, tmp_path, work) as (client, _):
        number = client.post("/api/jobs", json={"kind": "replay", "run": 1}).json()["id"]
        before = finished(client, number)
    with served(shown_subject, tmp_path, work) as (client, _):
        assert replies.Job.model_validate_json(client.get(f"/api/jobs/{number}").content) == before


def test_a_forecast_of_other_evidence_or_another_version_is_not_shown(shown_subject, tmp_path):
    assert shown_subject.forecasted() is not None
    for name, value in (("version", "0.0.1"), ("evidence_hash", "v1:0")):
        old = results.load(shown_subject.folder)
        old.attrs[name] = value
        folder = tmp_path / name
        with results.whole(folder) as aside:
            results.save(old, aside)
        about = replace(shown_subject, folder=folder)
        assert replace(about, named="abu-dhabi-2026-01").forecasted() is None  # it is forecast again
        with pytest.raises(SubjectError, match="forecast again"):
            about.forecasted()


def test_a_streamed_forecast_is_not_forecast_over(shown_subject, tmp_path):
    with results.whole(tmp_path / "streamed") as aside:
        (aside / results.STREAM).mkdir()
    with pytest.raises(results.ResultError, match="streamed"):
        replace(shown_subject, folder=tmp_path / "streamed", named="abu-dhabi-2026-01").forecasted()


def test_a_run_of_another_forecast_than_is_shown_is_not_replayed(shown_subject, tmp_path):
    work = Steered()
    work.go.set()
    folder = tmp_path / "result"
    shutil.copytree(shown_subject.folder, folder)
    with served(replace(shown_subject, folder=folder), tmp_path / "out", work) as (client, _):
        other = results.load(folder)
        other.attrs["fingerprint"] = "ffff0000"
        with results.whole(folder) as aside:
            results.save(other, aside)
        number = client.post("/api/jobs", json={"kind": "replay", "run": 1}).json()["id"]
        told = finished(client, number)
        assert told.phase == "failed"
        assert "another forecast" in told.error


def test_without_a_result_the_forecast_is_the_first_job(shown_scenario, shown_subject, tmp_path):
    place = tmp_path / "later"
    about = Subject(shown_scenario, shown_subject.store, place)
    go = threading.Event()

    async def work(asked: dict[str, Any], tell: Tell) -> Answer:
        assert asked["kind"] == "forecast"
        tell(1, 2, "half of it")
        while not go.is_set():
            await asyncio.sleep(0.01)
        place.symlink_to(shown_subject.folder)
        return Answer({}, None, {})

    with served(about, tmp_path / "out", work) as (client, _):
        war = replies.War.model_validate_json(client.get("/api/war").content)
        assert not war.ready
        assert war.title == shown_scenario.title
        for path in ("map", "futures", "files", "report", "runs/1"):
            assert client.get(f"/api/{path}").status_code == 409
        assert client.get("/api/levers").status_code == 200
        assert client.post("/api/jobs", json={"kind": "zone"}).status_code == 409
        assert client.delete(f"/api/jobs/{war.forecast_job}").status_code == 409
        go.set()
        assert finished(client, war.forecast_job).phase == "done"
        assert client.get("/api/war").json()["ready"]
        assert client.get("/api/futures").status_code == 200


def test_a_connection_that_says_nothing_is_closed(shown_subject, tmp_path, monkeypatch):
    monkeypatch.setattr(Hasty, "seconds", 0.3)
    with served(shown_subject, tmp_path, Steered()) as (client, _):
        for said in (b"", b"GET /api/war HTTP/1.1\r\nHost: "):
            with socket.create_connection(("127.0.0.1", client.base_url.port)) as idle:
                idle.settimeout(10)
                idle.sendall(said)
                assert idle.recv(100) == b""


def test_the_schema_names_every_route_and_its_replies(client: httpx.Client):
    told = client.get("/api/openapi.json").json()
    for path in TOLD:
        assert re.sub(r"/3$", "/{run}", f"/api/{path}") in told["paths"]
    for path, methods in told["paths"].items():
        for method, route in methods.items():
            assert route["operationId"], (path, method)
            codes = route["responses"]
            assert set(codes) & {"200", "202"}
            for code, reply in codes.items():
                if int(code) >= 400:
                    schema = reply["content"]["application/json"]["schema"]
                    assert schema["$ref"].endswith("/Problem"), (path, code)


def test_the_schema_that_the_page_is_made_from_is_the_servers():
    from ceasefire.view.web import schema

    kept = Path(__file__).parents[3] / "frontend" / "openapi.json"
    assert kept.read_text(encoding="utf-8") == schema.schema(), "python -m ceasefire.view.web.schema writes it anew"


# ------------------------------------------------------------------------------------------------------------- subject


def test_a_folder_is_a_result_or_holds_some(shown_folder, tmp_path):
    assert subject(str(shown_folder)).folder == shown_folder
    assert subject(str(shown_folder.parent)).folder == shown_folder
    with pytest.raises(CeasefireError, match="holds nothing"):
        subject(str(tmp_path))
    (tmp_path / "notes.txt").touch()
    with pytest.raises(CeasefireError, match=r"it holds notes\.txt"):
        subject(str(tmp_path))
    with pytest.raises(CeasefireError, match="neither a shipped scenario"):
        subject("nowhere")


def test_a_result_of_another_question_is_no_result_of_this(shown_scenario, shown_folder, shown_subject):
    other = shown_scenario.model_copy(update={"title": "Another"})
    asked = Subject(other, shown_subject.store, shown_folder, None, "abu-dhabi-2026-01")
    assert asked.forecasted() is None


def test_packed_content_unpacks_to_itself(client: httpx.Client):
    with client.stream("GET", "/api/map/cells", headers={"accept-encoding": "gzip"}) as reply:
        packed = b"".join(reply.iter_raw())
    assert gzip.decompress(packed) == client.get("/api/map/cells").content
