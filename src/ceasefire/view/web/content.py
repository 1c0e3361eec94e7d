"""Content: bytes to send, made once, with a mark by which a browser knows that it has them already.

What depends on the forecast alone is made when it is first asked for, in another thread, and kept. The page is the
files of a folder, read into memory, so that no address leads to any other file.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import mimetypes
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ceasefire.view.web import replies
from ceasefire.view.web.safety import DOCUMENT_POLICY, Receive, Scope, Send

PAGE = Path(__file__).parent / "page"
BYTES, JSON, HTML = "application/octet-stream", "application/json", "text/html; charset=utf-8"
MOST_KEPT = 256 * 2**20
"""Bytes of replies that are kept in memory."""
WORTH_PACKING = 512
PACKED = ("image/png", "application/zip", "application/x-netcdf", "application/vnd.apache.parquet")
"""Kinds that are small already."""
UNBUILT = "The page is not built; `make page` builds it. The report of the forecast is at /api/report."


class Content:
    """Bytes to send, with their mark and, where that is worth it, packed."""

    def __init__(self, content: bytes, media: str, headers: Mapping[str, str] | None = None) -> None:
        self.content, self.media, self.headers = content, media, dict(headers or {})
        self.mark = hashlib.sha256(content).hexdigest()[:24]

    @cached_property
    def packed(self) -> bytes:
        """The content by gzip; the content itself where that is no smaller."""
        if len(self.content) < WORTH_PACKING or self.media.startswith(PACKED):
            return self.content
        packed = gzip.compress(self.content, 6, mtime=0)
        return packed if len(packed) < 0.95 * len(self.content) else self.content

    @property
    def size(self) -> int:
        """Bytes that it takes in memory."""
        return len(self.content) + (len(self.packed) if self.packed is not self.content else 0)

    def reply(self, request: Request, *, caching: str = "no-cache") -> Response:
        """Send it, or say that the browser has it already."""
        mark = f'W/"{self.mark}"'
        headers = {**self.headers, "etag": mark, "cache-control": caching, "vary": "Accept-Encoding"}
        if mark in [found.strip() for found in request.headers.get("if-none-match", "").split(",")]:
            return Response(status_code=304, headers=headers)
        content = self.packed if _takes_gzip(request) else self.content
        if content is not self.content:
            headers["content-encoding"] = "gzip"
        return Response(content, media_type=self.media, headers=headers)


def _takes_gzip(request: Request) -> bool:
    named = [part.replace(" ", "").lower() for part in request.headers.get("accept-encoding", "").split(",")]
    return any(part.partition(";")[0] in ("gzip", "*") and not part.endswith((";q=0", ";q=0.0")) for part in named)


class Kept:
    """Replies that are made once, in another thread; those not used for longest go first where there are too many."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self.most = most
        self.made: dict[str, asyncio.Task[Content]] = {}

    async def get(self, key: str, make: Callable[[], Content]) -> Content:
        """A reply by its key. Who asks while it is made waits for the same one."""
        task = self.made.pop(key, None)
        if task is None or (task.done() and task.exception() is not None):
            task = asyncio.create_task(asyncio.to_thread(_ready, make))
        self.made[key] = task
        found = await asyncio.shield(task)
        self._forget()
        return found

    def _forget(self) -> None:
        """Keep no more than may be kept."""
        over = [(key, task) for key, task in self.made.items() if task.done()]
        sizes = {key: t.result().size if t.exception() is None else 0 for key, t in over}
        total = sum(sizes.values())
        for key, _ in over[:-1]:
            if total <= self.most:
                return
            total -= sizes[key]
            del self.made[key]


def _ready(make: Callable[[], Content]) -> Content:
    """Made and packed, so that whoever sends it only sends."""
    content = make()
    _ = content.packed
    return content


def told(found: BaseModel) -> Content:
    """A reply as JSON."""
    return Content(found.model_dump_json().encode(), JSON)


def raw(found: bytes) -> Content:
    """Plain bytes, such as a map."""
    return Content(found, BYTES)


def document(text: str | bytes) -> Content:
    """A document that the program wrote: nothing in it runs."""
    content = text.encode() if isinstance(text, str) else text
    return Content(content, HTML, {"content-security-policy": DOCUMENT_POLICY})


# ---------------------------------------------------------------------------------------------------------------- page


class Page:
    """The built page: the files of a folder, read into memory, and again whenever its index is another."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.read_at, self.files = folder, 0, dict[str, Content]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a file."""
        request = Request(scope, receive)
        await self._found(request)(scope, receive, send)

    def _found(self, request: Request) -> Response:
        self._read()
        path = request.url.path.removeprefix("/") or "index.html"
        if request.method != "GET":
            return problem(405, "the page can only be read", {"allow": "GET, HEAD"})
        if not self.files:
            return Response(UNBUILT, 503, {"cache-control": "no-store"}, "text/plain; charset=utf-8")
        if path not in self.files:
            return Response("There is no such page.", 404, {"cache-control": "no-store"}, "text/plain; charset=utf-8")
        lasting = path.startswith("assets/")  # their names change with their content
        caching = "public, max-age=31536000, immutable" if lasting else "no-cache"
        return self.files[path].reply(request, caching=caching)

    def _read(self) -> None:
        try:
            changed = (self.folder / "index.html").stat().st_mtime_ns
        except OSError:
            self.files, self.read_at = {}, 0
            return
        if changed != self.read_at:
            found = sorted(path for path in self.folder.rglob("*") if path.is_file() and not path.is_symlink())
            self.files = {path.relative_to(self.folder).as_posix(): _file(path) for path in found}
            self.read_at = changed


KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html"}


def _file(path: Path) -> Content:
    kind = KINDS.get(path.suffix) or mimetypes.guess_type(path.name)[0] or BYTES
    text = kind.startswith("text/") or kind == "image/svg+xml"
    return Content(path.read_bytes(), f"{kind}; charset=utf-8" if text else kind)


def problem(code: int, why: str, headers: Mapping[str, str] | None = None) -> Response:
    """Say in one line what is wrong."""
    told = replies.Problem(error=plain(why))
    return JSONResponse(told.model_dump(), code, {**(headers or {}), "cache-control": "no-store"})


def plain(text: str) -> str:
    """A line without what cannot be shown."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:1600]
