"""Safety: who may ask the server what, and how much of it.

The server works for one person's browser. What other pages in that browser ask for, or have it ask for, is refused:
the `Host` must be ours (a name that is made to point here is not), and so must `Origin` and `Sec-Fetch-Site` on all
that changes something. On an address that others can reach, a token is needed. Requests are small and come in time.

Left out: encryption. Where the way there is not trusted, reach it through a tunnel to the same port.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import json
import re
import socket
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from ceasefire.evidence.error import CeasefireError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")
READING = ("GET", "HEAD", "OPTIONS")
CONTENT_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; frame-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""Styles stand in the page because charts set them on each mark; scripts never do."""
DOCUMENT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
"""Of documents that the program writes: nothing runs in them and nothing is loaded."""
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
SHORTEST_TOKEN = 16


class Bounds(NamedTuple):
    """How much a request may be."""

    target: int = 8192
    """Bytes of path and query."""
    headers: int = 32768
    """Bytes of all headers."""
    header_count: int = 100
    body: int = 256 * 2**10
    large_body: int = 2**20
    """Of an article."""
    depth: int = 32
    """How deep JSON may be nested."""
    seconds: float = 10.0
    """Within which a body must have come."""


BOUNDS = Bounds()


class RefusedError(CeasefireError):
    """A request is refused, with the status that says why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Access(NamedTuple):
    """Who may ask: by which names, on which port, with which token."""

    host: str
    port: int
    token: str | None = None

    @property
    def cookie(self) -> str:
        """Name of the cookie with the token; cookies know no ports, so the name does."""
        return f"ceasefire_{self.port}"

    def is_ours(self, host: str) -> bool:
        """Whether a `Host` names this server: its name or this machine's, with its port."""
        name, _, port = host.rpartition(":") if re.search(r":\d+$", host) else (host, "", "80")
        if port != str(self.port):
            return False
        named = name.lower()
        if self.host in ("0.0.0.0", "::"):
            return named in (*LOCAL_NAMES, socket.gethostname().lower()) or _is_address(named)
        return named in LOCAL_NAMES or named == _bracketed(self.host).lower()

    def admits(self, found: Iterable[str]) -> bool:
        """Whether one of the tokens is the right one; it takes the same time either way."""
        token = (self.token or "").encode()
        right = [hmac.compare_digest(token, other.encode("utf-8", "replace")) for other in found]
        return any(right)


def is_local(host: str) -> bool:
    """Whether an address is of this machine alone."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _is_address(name: str) -> bool:
    """Whether a host is a plain address, which nobody can make point elsewhere."""
    try:
        return bool(ipaddress.ip_address(name.strip("[]")))
    except ValueError:
        return False


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


class Guard:
    """The door: checks a request before the application sees it, and adds headers to every reply."""

    def __init__(self, app: App, access: Access, bounds: Bounds = BOUNDS) -> None:
        self.app, self.access, self.bounds = app, access, bounds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, _with_headers(send, scope["method"] == "HEAD"))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            headers = self._headers(scope)
            self._same_site(scope, headers)
            entering = self._enter(scope, headers)
            if entering is not None:
                await _reply(send, 303, b"", [(b"location", entering[0]), (b"set-cookie", entering[1])])
                return
            body = await self._body(scope, headers, receive)
        except RefusedError as error:
            await refuse(send, error.status, str(error))
            return
        if scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        await self.app(scope, _once(body, receive), send)

    # ----------------------------------------------------------------------------------------------------- checks

    def _headers(self, scope: Scope) -> dict[str, list[str]]:
        """Headers by name. Raises `RefusedError` where there are too many, or the host is not ours."""
        target = len(scope.get("raw_path") or scope["path"].encode()) + len(scope.get("query_string", b""))
        if target > self.bounds.target:
            raise RefusedError(414, f"the address has {target:,} bytes; at most {self.bounds.target:,} are read")
        raw = scope["headers"]
        if len(raw) > self.bounds.header_count or sum(len(k) + len(v) for k, v in raw) > self.bounds.headers:
            raise RefusedError(431, f"the headers are too large; at most {self.bounds.headers:,} bytes are read")
        headers: dict[str, list[str]] = {}
        for name, value in raw:
            headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        hosts = headers.get("host", [])
        if len(hosts) != 1 or not self.access.is_ours(hosts[0]):
            raise RefusedError(421, "this server answers to its own name and port alone; open the address it printed")
        return headers

    def _same_site(self, scope: Scope, headers: dict[str, list[str]]) -> None:
        """Raises `RefusedError` where another page asks: to change anything, or to read what no link leads to."""
        site = headers.get("sec-fetch-site", ["none"])
        reading = scope["method"] in READING
        navigating = headers.get("sec-fetch-mode") == ["navigate"]
        foreign = any(found not in ("same-origin", "none") for found in site)
        if foreign and not (reading and navigating):
            raise RefusedError(403, "another page asked; only this server's own page may")
        origins = headers.get("origin", [])
        ours = all(found in {f"{scheme}://{headers['host'][0]}" for scheme in ("http", "https")} for found in origins)
        if not reading and not (ours and len(origins) <= 1):
            raise RefusedError(403, "another page asked to change something; only this server's own page may")

    def _enter(self, scope: Scope, headers: dict[str, list[str]]) -> tuple[bytes, bytes] | None:
        """Where to go and the cookie to set, if the address has the token. Raises `RefusedError` without any."""
        if self.access.token is None:
            return None
        query = _query(scope) if scope["path"] == "/" else {}
        if query and self.access.admits(query.pop("token", [])):
            rest = f"/?{urlencode(query, doseq=True)}" if query else "/"
            cookie = f"{self.access.cookie}={self.access.token}; Path=/; HttpOnly; SameSite=Lax"
            return rest.encode(), cookie.encode()
        if not self.access.admits(_tokens(headers, self.access.cookie)):
            raise RefusedError(401, "a token is needed: open the address with ?token=… that the server printed")
        return None

    async def _body(self, scope: Scope, headers: dict[str, list[str]], receive: Receive) -> bytes:
        """The whole body, counted as it comes. Raises `RefusedError` where it is too large, late or no plain JSON."""
        if scope["method"] in READING:
            return b""
        most = self.bounds.large_body if scope["path"] == "/api/jobs" else self.bounds.body
        declared = headers.get("content-length", ["0"])[0]
        if declared.isdigit() and (len(declared) > 12 or int(declared) > most):
            raise RefusedError(413, f"the request is too large; at most {most:,} bytes are read")
        try:
            async with asyncio.timeout(self.bounds.seconds):
                body = await _read(receive, most)
        except TimeoutError:
            raise RefusedError(408, f"the request did not come within {self.bounds.seconds:g} seconds") from None
        if body:
            self._check_json(body, headers.get("content-type", [""])[0])
        return body

    def _check_json(self, body: bytes, kind: str) -> None:
        if kind.partition(";")[0].strip().lower() != "application/json":
            raise RefusedError(415, "only application/json is read")
        if depth(body) > self.bounds.depth:
            raise RefusedError(400, f"the JSON is nested more than {self.bounds.depth} deep")
        try:
            found = json.loads(body, parse_constant=_no_number)
        except (ValueError, RecursionError):
            raise RefusedError(400, "the request is not JSON") from None
        large = isinstance(found, dict) and found.get("kind") == "article"
        if len(body) > self.bounds.body and not large:
            raise RefusedError(413, f"the request is too large; at most {self.bounds.body:,} bytes are read")


def depth(body: bytes) -> int:
    """How deep brackets are nested outside of strings."""
    deepest = now = 0
    for found in re.finditer(rb'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', body, re.DOTALL):
        mark = found[0][:1]
        if mark in b"[{":
            now += 1
            deepest = max(deepest, now)
        elif mark in b"]}":
            now -= 1
    return deepest


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number")


def _query(scope: Scope) -> dict[str, list[str]]:
    """What is asked behind the path. Raises `RefusedError` where it is too much."""
    try:
        return parse_qs(scope.get("query_string", b"").decode("latin-1"), max_num_fields=100)
    except ValueError:
        raise RefusedError(400, "the address has too many parts; at most 100 are read") from None


def _tokens(headers: dict[str, list[str]], name: str) -> list[str]:
    """Tokens that a request brings: as a bearer, or in our cookie."""
    found = [value[7:].strip() for value in headers.get("authorization", []) if value[:7].lower() == "bearer "]
    for line in headers.get("cookie", []):
        try:
            cookies = SimpleCookie(line)
        except CookieError:
            continue
        if name in cookies:
            found.append(cookies[name].value)
    return found


async def _read(receive: Receive, most: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RefusedError(400, "the request broke off")
        body += message.get("body", b"")
        if len(body) > most:
            raise RefusedError(413, f"the request is too large; at most {most:,} bytes are read")
        if not message.get("more_body", False):
            return bytes(body)


def _once(body: bytes, receive: Receive) -> Receive:
    """Hand on a body that has been read, then whatever comes."""
    left = [{"type": "http.request", "body": body, "more_body": False}]

    async def read() -> Message:
        return left.pop() if left else await receive()

    return read


# ------------------------------------------------------------------------------------------------------------- replies


def _with_headers(send: Send, bare: bool) -> Send:
    """Add the headers of every reply that are not there yet; leave out the body of a reply to HEAD."""

    async def add(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = {name.lower() for name, _ in message.get("headers", ())}
            ours = [*HEADERS, (b"content-security-policy", CONTENT_POLICY.encode())]
            added = [(name, value) for name, value in ours if name not in there]
            message = {**message, "headers": [*message.get("headers", ()), *added]}
        elif bare and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return add


async def refuse(send: Send, status: int, why: str) -> None:
    """Say why a request is refused, and close the connection: what is left of it is not read."""
    body = json.dumps({"error": why}, ensure_ascii=False).encode()
    extra = [(b"www-authenticate", b"Bearer")] if status == 401 else []
    await _reply(send, status, body, [(b"content-type", b"application/json"), (b"connection", b"close"), *extra])


async def _reply(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    told = [(b"content-length", str(len(body)).encode()), (b"cache-control", b"no-store"), *headers]
    await send({"type": "http.response.start", "status": status, "headers": told})
    await send({"type": "http.response.body", "body": body})


class Hasty(H11Protocol):
    """A connection whose request must have come, up to its body, within a time."""

    seconds = 15.0
    hurry: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Wait on while a head is not whole."""
        super().data_received(data)
        whole = self.conn.their_state is not h11.IDLE or not self.conn.trailing_data[0]
        if whole and self.hurry is not None:
            self.hurry.cancel()
            self.hurry = None
        elif not whole and self.hurry is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        if self.hurry is not None:
            self.hurry.cancel()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self.hurry = self.loop.call_later(self.seconds, self.transport.close)
