"""Safety: the door lets in the page's own requests, and nothing else, however it is asked."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import httpx
import pytest

from ceasefire.view.web.content import Page
from ceasefire.view.web.safety import Access, Bounds, Guard, depth, is_local

HOST = "127.0.0.1:8765"
OURS = f"http://{HOST}"


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Says how long the body was that it got."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    text = f"{scope['method']} {len(body)}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": text})


def ask(method: str, path: str = "/api/jobs", *, access: Access = Access("127.0.0.1", 8765), **asked: Any) -> Any:
    """One request to the door, with an application behind it that answers everything."""
    asked["headers"] = {"host": HOST, **asked.get("headers", {})}
    bounds = asked.pop("bounds", Bounds())

    async def go() -> httpx.Response:
        transport = httpx.ASGITransport(app=Guard(echo, access, bounds))
        async with httpx.AsyncClient(transport=transport, base_url=OURS) as client:
            return await client.request(method, path, **asked)

    return asyncio.run(go())


@pytest.mark.parametrize("host", [HOST, "localhost:8765", "LOCALHOST:8765"])
def test_the_server_answers_to_its_own_names(host: str):
    assert ask("GET", headers={"host": host}).status_code == 200


def test_the_server_answers_on_the_other_loopback():
    assert ask("GET", headers={"host": "[::1]:8765"}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:8765",
        "evil.example",
        "127.0.0.1:80",
        "127.0.0.1",
        "127.0.0.1.evil.example:8765",
        "localhost.evil.example:8765",
        "localhost:8765:8765",
        "127.0.0.1:8765@evil.example",
        "10.0.0.5:8765",
        "",
    ],
)
def test_a_name_that_is_made_to_point_here_is_refused(host: str):
    reply = ask("GET", headers={"host": host})
    assert reply.status_code == 421
    assert reply.json()["error"]


def test_two_hosts_are_refused():
    """Two headers that disagree are how a proxy and a server are made to see different things."""
    told = asyncio.run(raw([(b"host", HOST.encode()), (b"host", b"evil.example")]))
    assert told == 421


async def raw(headers: list[tuple[bytes, bytes]], path: str = "/", query: bytes = b"") -> int:
    """Status of a request whose headers no client would send."""
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": query}
    found: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        found.append(message)

    await Guard(echo, Access("127.0.0.1", 8765))({**scope, "headers": headers}, receive, send)
    return int(found[0]["status"])


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "PATCH"])
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "http://localhost:8765"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},
        {"origin": OURS, "sec-fetch-site": "cross-site"},
    ],
)
def test_another_page_changes_nothing(method: str, headers: dict[str, str]):
    assert ask(method, headers=headers).status_code == 403


@pytest.mark.parametrize("headers", [{}, {"origin": OURS}, {"origin": OURS, "sec-fetch-site": "same-origin"}])
def test_our_page_and_the_command_line_may(headers: dict[str, str]):
    assert ask("POST", json={}, headers=headers).status_code == 200


def test_another_page_reads_nothing_but_may_link_here():
    assert ask("GET", headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}).status_code == 403
    assert ask("GET", headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}).status_code == 200


def test_a_body_must_be_json():
    """What a form can send across sites without being asked for leave is no JSON."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        assert ask("POST", content=b"{}", headers={"content-type": kind}).status_code == 415


@pytest.mark.parametrize("body", [b"{", b"\xff", b'{"a": NaN}', b'{"a": Infinity}', b"9" * 5000, b'"\\ud800'])
def test_what_is_no_json_is_refused_in_words(body: bytes):
    reply = ask("POST", content=body, headers={"content-type": "application/json"})
    assert reply.status_code == 400
    assert reply.json()["error"]


def test_every_reply_forbids_foreign_and_inline_scripts():
    for reply in (ask("GET"), ask("GET", headers={"host": "evil.example"})):
        policy = dict(part.strip().split(" ", 1) for part in reply.headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'self'"
        assert policy["script-src"] == "'self'"
        assert policy["frame-ancestors"] == "'self'"
        assert policy["object-src"] == policy["base-uri"] == policy["form-action"] == "'none'"
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["referrer-policy"] == "no-referrer"
        assert not any(name.startswith("access-control") for name in reply.headers)


def test_a_reply_to_head_has_the_headers_of_get_and_no_body():
    reply = ask("HEAD")
    assert reply.status_code == 200
    assert reply.content == b""


# ----------------------------------------------------------------------------------------------------------- how much

SMALL = Bounds(target=200, headers=500, body=1000, large_body=4000, depth=5, seconds=0.3)


def sized(size: int, kind: str) -> bytes:
    return json.dumps({"kind": kind, "text": "x" * size}).encode()


@pytest.mark.parametrize(
    ("kind", "size", "path", "status"),
    [
        ("whatif", 500, "/api/jobs", 200),
        ("whatif", 2000, "/api/jobs", 413),
        ("article", 2000, "/api/jobs", 200),
        ("article", 5000, "/api/jobs", 413),
        ("article", 2000, "/api/other", 413),
    ],
)
def test_a_body_may_be_as_large_as_its_kind_needs(kind: str, size: int, path: str, status: int):
    headers = {"content-type": "application/json"}
    assert ask("POST", path, content=sized(size, kind), headers=headers, bounds=SMALL).status_code == status


def test_a_body_is_counted_as_it_comes_whatever_was_declared():
    async def endless():
        for _ in range(1000):
            yield b"x" * 100

    assert ask("POST", content=endless(), bounds=SMALL).status_code == 413


def test_a_body_that_trickles_is_given_up():
    async def trickle():
        for _ in range(100):
            yield b" "
            await asyncio.sleep(0.05)

    began = time.monotonic()
    assert ask("POST", content=trickle(), bounds=SMALL).status_code == 408
    assert time.monotonic() - began < 2


def test_nesting_is_bounded():
    headers = {"content-type": "application/json"}
    for body, status in ((b"[[[[[]]]]]", 200), (b"[[[[[[]]]]]]", 400), (b'{"a":"[[[[[[[["}', 200)):
        assert ask("POST", content=body, headers=headers, bounds=SMALL).status_code == status
    assert ask("POST", content=b"[" * 200_000, headers=headers).status_code == 400


@pytest.mark.parametrize(
    ("text", "deep"),
    [(b"", 0), (b"1", 0), (b"[]", 1), (b'[{"a":[]}]', 3), (b'"[[["', 0), (b'"\\"[["', 0), (b'["\\\\",[]]', 2)],
)
def test_depth_counts_brackets_outside_of_strings(text: bytes, deep: int):
    assert depth(text) == deep


def test_depth_takes_time_in_proportion_to_the_text():
    took = []
    for size in (100_000, 800_000):
        began = time.perf_counter()
        depth(b'"' + b"\\" * size)
        took.append(time.perf_counter() - began)
    assert took[1] < 40 * max(took[0], 1e-3)


def test_addresses_and_headers_are_bounded():
    assert ask("GET", "/" + "x" * 300, bounds=SMALL).status_code == 414
    assert ask("GET", "/?" + "x" * 300, bounds=SMALL).status_code == 414
    assert ask("GET", headers={"x": "y" * 600}, bounds=SMALL).status_code == 431


# -------------------------------------------------------------------------------------------------------------- token

TOKEN = "correct-horse-battery-staple"
GUARDED = Access("0.0.0.0", 8765, TOKEN)


def test_without_the_token_nothing_is_told():
    for path in ("/", "/api/war", "/assets/x.js", "/?token=wrong", "/?token=", "/api/war?token=" + TOKEN):
        assert ask("GET", path, access=GUARDED).status_code == 401
    for headers in ({"authorization": "Bearer wrong"}, {"authorization": TOKEN}, {"cookie": "ceasefire_8765=no"}):
        assert ask("GET", headers=headers, access=GUARDED).status_code == 401
    assert ask("GET", headers={"cookie": f"ceasefire_8766={TOKEN}"}, access=GUARDED).status_code == 401


def test_too_many_parts_of_an_address_are_refused_in_words():
    reply = ask("GET", "/?" + "&".join(f"a{k}=1" for k in range(101)), access=GUARDED)
    assert reply.status_code == 400
    assert ask("GET", "/api/war?" + "&".join(f"a{k}=1" for k in range(101)), access=GUARDED).status_code == 401


def test_a_bearer_or_the_cookie_is_enough():
    assert ask("GET", headers={"authorization": f"Bearer {TOKEN}"}, access=GUARDED).status_code == 200
    assert ask("GET", headers={"cookie": f"a=b; ceasefire_8765={TOKEN}"}, access=GUARDED).status_code == 200


def test_visiting_with_the_token_sets_a_cookie_that_no_script_reads_and_hides_the_token():
    reply = ask("GET", "/?token=" + TOKEN, access=GUARDED)
    assert reply.status_code == 303
    assert reply.headers["location"] == "/"
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= {p.strip() for p in reply.headers["set-cookie"].split(";")}


def test_a_redirect_never_leads_elsewhere():
    for query in ("token=%s&next=http://evil.example", "token=%s&//evil.example", "token=%s&x=%%0d%%0aSet-Cookie:a=b"):
        reply = ask("GET", "/?" + query % TOKEN, access=GUARDED)
        assert reply.headers["location"].startswith("/?") or reply.headers["location"] == "/"
        assert "\r" not in reply.headers["location"]


def test_on_all_addresses_only_names_that_cannot_be_pointed_elsewhere_are_ours():
    for host, ours in (("192.168.1.7:8765", True), ("[fe80::1]:8765", True), ("evil.example:8765", False)):
        assert GUARDED.is_ours(host) is ours


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("example.org", False)],
)
def test_only_loopback_needs_no_token(host: str, local: bool):
    assert is_local(host) is local


# --------------------------------------------------------------------------------------------------------------- page


@pytest.fixture
def page(tmp_path) -> Page:
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "page"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>x</title>")
    (folder / "assets" / "a-1.js").write_text("1;" * 2000)
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return Page(folder)


def get(page: Page, path: str, **headers: str) -> httpx.Response:
    async def go() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=page), base_url=OURS) as client:
            return await client.get(path, headers=headers)

    return asyncio.run(go())


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/assets/../../secret.txt",
        "/..\\secret.txt",
        "//etc/passwd",
        "/%00",
        "/link.txt",
        "/assets/",
        "/assets/%2e%2e%2f%2e%2e%2fsecret.txt",
    ],
)
def test_no_address_leads_out_of_the_page(page: Page, path: str):
    reply = get(page, path)
    assert reply.status_code == 404
    assert "secret" not in reply.text


def test_the_page_is_asked_for_again_and_its_parts_are_not(page: Page):
    assert get(page, "/").headers["cache-control"] == "no-cache"
    part = get(page, "/assets/a-1.js", **{"accept-encoding": "gzip"})
    assert "immutable" in part.headers["cache-control"]
    assert part.headers["content-encoding"] == "gzip"
    assert part.headers["content-type"].startswith("text/javascript")
    assert get(page, "/", **{"if-none-match": get(page, "/").headers["etag"]}).status_code == 304


def test_a_page_that_is_not_built_says_how_to_build_it(tmp_path):
    reply = get(Page(tmp_path / "none"), "/")
    assert reply.status_code == 503
    assert "make page" in reply.text
