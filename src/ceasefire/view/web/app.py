"""The server: routes that hand out what others make.

What is told of the forecast is up to `site.py`, jobs to `jobs.py`, and who may ask to `safety.py`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import traceback
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import Body, FastAPI, Request, Response
from fastapi import Path as InPath
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from ceasefire.evidence.error import CeasefireError
from ceasefire.simulate.result import VERSION
from ceasefire.view.web import atlas, content, futures, replies
from ceasefire.view.web.content import BYTES, HTML, JSON, PAGE, Content, Page, plain, problem
from ceasefire.view.web.jobs import FINAL, ID, MAP, NO_JOB, BusyError, JobError, Jobs, Limits, NoJobError, Work
from ceasefire.view.web.safety import DOCUMENT_POLICY, Access, App, Guard, Receive, Scope, Send
from ceasefire.view.web.site import NotReadyError, Site
from ceasefire.view.web.subject import Subject

PATIENCE = 30.0
"""Seconds that a listener may take to read an event."""
TITLES = {"zone": "Packages at the opening", "forecast": "The forecast"}
MOST_TEXT = 300
"""Letters of an article that are told with a list of jobs."""


class NotThereError(CeasefireError):
    """What was asked for is not there."""


def create_app(
    subject: Subject,
    access: Access,
    *,
    out: Path = Path("out"),
    asked: Mapping[str, int] | None = None,
    work: Work | None = None,
    limits: Limits = Limits(),
    page: Path = PAGE,
) -> Server:
    """The server of a subject; `asked` is how large a forecast to make where there is none, `work` who does jobs.

    Raises `CeasefireError` where the forecast is damaged, or finished jobs cannot be kept in `out`.
    """
    site = Site(subject, out, asked or {}, work, limits)
    return Server(site, access, page)


class Server:
    """The application behind its door: the API under `/api`, the page elsewhere."""

    def __init__(self, site: Site, access: Access, page: Path) -> None:
        self.site, self.api, self.page = site, api(site), Page(page)
        self.guard: App = Guard(self._route, access)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self.guard(scope, receive, send)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_page = scope["type"] == "http" and not f"{scope['path']}/".startswith("/api/")
        await (self.page if is_page else self.api)(scope, receive, send)


def _problems(*codes: int) -> dict[int | str, dict[str, Any]]:
    return {code: {"model": replies.Problem, "description": WHY[code]} for code in codes}


WHY = {
    400: "The request is not understood.",
    401: "A token is needed.",
    403: "Another page asked.",
    404: "There is no such thing.",
    405: "Not with this method.",
    408: "The request did not come in time.",
    409: "Not now: the forecast is not there yet, or the job is not done.",
    413: "The request is too large.",
    415: "Only application/json is read.",
    421: "This server does not go by that name.",
    422: "The request says something that cannot be.",
    429: "There is too much to do already.",
    500: "The server failed.",
}
ALWAYS = _problems(400, 401, 403, 421, 500)


def _media(kind: str, what: str) -> dict[int | str, dict[str, Any]]:
    text = kind.startswith("text/") or kind.endswith(("json", "toml"))
    schema = {"type": "string"} if text else {"type": "string", "format": "binary"}
    return {200: {"description": what, "content": {kind.partition(";")[0]: {"schema": schema}}}}


def api(site: Site) -> FastAPI:
    """The routes."""

    @asynccontextmanager
    async def alive(app: FastAPI) -> AsyncIterator[None]:
        await site.open()
        try:
            yield
        finally:
            await site.close()

    app = FastAPI(
        title="ceasefire",
        version=VERSION,
        description="What the page asks: a forecast of a war, and jobs on it.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=alive,
        redirect_slashes=False,
        responses=ALWAYS,
        generate_unique_id_function=lambda route: route.name,
    )
    _add_errors(app)
    _add_forecast(app, site)
    _add_jobs(app, site)
    _add_files(app, site)
    return app


def _add_errors(app: FastAPI) -> None:
    """Say in one line what is wrong, always in the same shape."""
    codes: dict[type[CeasefireError], int] = {
        NoJobError: 404,
        NotThereError: 404,
        BusyError: 429,
        JobError: 409,
        NotReadyError: 409,
    }

    @app.exception_handler(CeasefireError)
    async def told(request: Request, error: CeasefireError) -> Response:
        return problem(codes.get(type(error), 422), str(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        if tuple(first["loc"]) == ("path", "id"):
            return problem(404, NO_JOB)
        where = ".".join(str(part) for part in first["loc"] if isinstance(part, int | str))
        return problem(422, plain(f"{where}: {first['msg']}"))

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        return problem(error.status_code, WHY.get(error.status_code, str(error.detail)), error.headers)

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> Response:
        traceback.print_exception(error, file=sys.stderr)
        return problem(500, f"the server failed: {type(error).__name__}; it printed the details")


def _add_forecast(app: FastAPI, site: Site) -> None:
    """What the forecast says."""

    @app.get("/api/war", response_model=replies.War)
    async def war(request: Request) -> Response:
        """What is being looked at."""
        return (content.told(site.war()) if site.shown is None else await site.get("war")).reply(request)

    def told(name: str, model: type[BaseModel], what: str, path: str = "") -> None:
        async def route(request: Request) -> Response:
            return (await site.get(name)).reply(request)

        route.__doc__ = what
        problems = {} if name in ("levers", "evidence", "score") else _problems(409)
        app.get(f"/api/{path or name}", response_model=model, name=name, responses=problems)(route)

    def sent(name: str, what: str) -> None:
        async def route(request: Request) -> Response:
            return (await site.get(name)).reply(request)

        route.__doc__ = what
        documented = {**_media(BYTES, what), **_problems(409)}
        app.get(f"/api/map/{name}", response_class=Response, name=f"map_{name}", responses=documented)(route)

    told("map", replies.Map, "What is drawn beneath and above the cells.")
    sent("cells", "Geometry of the cells: see the head of `atlas.py`.")
    sent("control", "Chance that the first side holds each cell, uint8 [week, cell], 0 to 255.")
    sent("opening", "First side's share of each cell at the opening, uint8 [cell].")

    @app.get(
        "/api/map/observed/{index}",
        response_class=Response,
        responses={**_media(BYTES, "First side's share of each cell, uint8 [cell]."), **_problems(404, 409, 422)},
    )
    async def map_observed(request: Request, index: Annotated[int, InPath(ge=0, lt=100_000)]) -> Response:
        """A map of the record, by its place in `Map.observed`."""
        with_map = json.loads((await site.get("map")).content)
        if index >= len(with_map["observed"]):
            raise NotThereError(f"map {index} was asked for; there are {len(with_map['observed'])}, counted from 0")
        result = site.forecasted.result
        found = await site.kept.get(
            f"observed/{index}", lambda: content.raw(atlas.observed(result, site.subject.store, index))
        )
        return found.reply(request)

    told("futures", replies.Futures, "Fans, endings and states by week.")
    told("runs", replies.Runs, "All runs, as columns.")

    @app.get("/api/runs/{run}", response_model=replies.Run, responses=_problems(404, 409, 422))
    async def run(request: Request, run: Annotated[int, InPath(ge=0, lt=10_000_000)]) -> Response:
        """One run as a dated list of events."""
        result = site.forecasted.result
        if run >= result.sizes["run"]:
            raise NotThereError(f"run {run} was asked for; there are {result.sizes['run']}, counted from 0")
        return (await site.kept.get(f"runs/{run}", lambda: content.told(futures.run(result, run)))).reply(request)

    told("deal", replies.Deal, "What the runs say of agreements.")
    told("levers", replies.Levers, "What can be decreed.")
    told("evidence", replies.Evidence, "What is known, and who says so.")
    told("score", replies.Score, "How well the same program did on days it could not see.")


# ---------------------------------------------------------------------------------------------------------------- jobs


def _titled(asked: replies.Request) -> str:
    """A job in a few words."""
    match asked:
        case replies.Replay(run=run):
            return f"Run {run}"
        case replies.WhatIf(title=title, do=do):
            return plain(title) or plain("; ".join(do))[:200]
        case replies.Terms(package=package):
            return f"Terms: {plain(package)[:200]}"
        case replies.Influence(source=source):
            return f"Without {plain(source)}"
        case replies.Article(text=text):
            return f"Article: {plain(text[:400])[:80]}"
        case _:
            return TITLES[asked.kind]


def _short(job: replies.Job) -> replies.Job:
    """A job without the whole text of an article."""
    text = job.asked.get("text", "")
    if len(text) <= MOST_TEXT:
        return job
    return job.model_copy(update={"asked": {**job.asked, "text": f"{text[:MOST_TEXT]}…"}})


class Events(Response):
    """The states of a job as they come, as server-sent events; it ends with the job, or with the listener."""

    def __init__(self, jobs: Jobs, number: str) -> None:
        self.jobs, self.number, self.background = jobs, number, None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until one of both has gone."""
        told = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": [*told, (b"x-accel-buffering", b"no")]})
        both = {asyncio.create_task(self._send(send)), asyncio.create_task(_gone(receive))}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)

    async def _send(self, send: Send) -> None:
        async with aclosing(self.jobs.listen(self.number)) as states:
            async for job in states:
                text = f"event: job\ndata: {_short(job).model_dump_json()}\n\n" if job is not None else ": alive\n\n"
                async with asyncio.timeout(PATIENCE):
                    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


Number = Annotated[str, InPath(pattern=ID, description="The job's id.")]


def _add_jobs(app: FastAPI, site: Site) -> None:
    """What can be worked out."""
    fresh = {"cache-control": "no-store"}

    def sent(found: BaseModel, code: int = 200) -> Response:
        return Response(found.model_dump_json(), code, fresh, JSON)

    @app.post(
        "/api/jobs", response_model=replies.Job, status_code=202, responses=_problems(408, 409, 413, 415, 422, 429)
    )
    async def ask(asked: Annotated[replies.Request, Body(discriminator="kind")]) -> Response:
        """Have something worked out. A job that nobody listens to is cancelled after a while."""
        _ = site.forecasted
        return sent(_short(site.jobs.ask(asked.model_dump(), _titled(asked))), 202)

    @app.get("/api/jobs", response_model=replies.Jobs)
    async def jobs_all() -> Response:
        """All jobs, the latest first."""
        return sent(replies.Jobs(jobs=[_short(job) for job in site.jobs.listed().jobs]))

    @app.get("/api/jobs/{id}", response_model=replies.Job, responses=_problems(404, 422))
    async def job(request: Request, id: Number) -> Response:
        """A job, with its result once it is done."""
        return Content(site.jobs.read(id).model_dump_json().encode(), JSON).reply(request)

    @app.delete("/api/jobs/{id}", response_model=replies.Job, responses=_problems(404, 409, 422))
    async def cancel(id: Number) -> Response:
        """Cancel a job that waits or runs; forget one that is finished."""
        return sent(_short(site.jobs.cancel(id)))

    @app.get(
        "/api/jobs/{id}/events",
        response_class=Response,
        responses={**_media("text/event-stream", "Events `job` with a Job."), **_problems(404, 405, 422, 429)},
    )
    async def events(id: Number) -> Response:
        """How a job stands whenever that changes, until it is finished."""
        site.jobs.may_listen(id)
        return Events(site.jobs, id)

    def offered(name: str, kind: str, what: str, path: str) -> None:
        async def route(request: Request, id: Number) -> Response:
            found = await asyncio.to_thread(site.jobs.file, id, name)
            if found is None:
                over = site.jobs.find(id).phase in FINAL
                raise (NotThereError if over else JobError)(f"the job has no {path}{'' if over else ' yet'}")
            whole = content.document(found) if kind == HTML else Content(found, kind, _saved(path, kind))
            return await asyncio.to_thread(whole.reply, request)

        route.__doc__ = what
        documented = {**_media(kind, what), **_problems(404, 409, 422)}
        label = f"job_{path.replace('.', '_')}"
        app.get(f"/api/jobs/{{id}}/{path}", response_class=Response, name=label, responses=documented)(route)

    offered(MAP, BYTES, "Control by week and cell, or a difference: see `Job.map`.", "map")
    offered("policy.toml", "application/toml", "What was decreed, as a policy file.", "policy.toml")
    offered("report.html", HTML, "The result as a document.", "report.html")
    offered("terms.geojson", "application/geo+json", "The terms on a map.", "terms.geojson")


def _saved(name: str, kind: str) -> dict[str, str]:
    return {} if kind == BYTES else {"content-disposition": f'attachment; filename="{name}"'}


# --------------------------------------------------------------------------------------------------------------- files


def _add_files(app: FastAPI, site: Site) -> None:
    """What can be taken away."""

    @app.get("/api/files", response_model=replies.Files, responses=_problems(409))
    async def files(request: Request) -> Response:
        """Files that can be made from the forecast."""

        def made() -> Content:
            listed = [
                replies.File(name=each.name, what=each.what, type=each.type, url=f"/api/files/{each.name}")
                for each in site.files().values()
            ]
            return content.told(replies.Files(files=listed))

        return (await site.kept.get("files", made)).reply(request)

    @app.get(
        "/api/files/{name}",
        response_class=Response,
        responses={**_media("*/*", "The file; its kind is that of `File.type`."), **_problems(404, 409, 422)},
    )
    async def file(request: Request, name: Annotated[str, InPath(max_length=200)]) -> Response:
        """A file by its name in the list."""
        listed = await asyncio.to_thread(site.files)
        if name not in listed:
            raise NotThereError(f"there is no such file; there are: {', '.join(listed)}")
        each = listed[name]

        def made() -> Content:
            headers = {"content-disposition": f'attachment; filename="{each.name}"'}
            return Content(each.make(), each.type, {**headers, "content-security-policy": DOCUMENT_POLICY})

        return (await site.kept.get(f"files/{name}", made)).reply(request)

    @app.get("/api/report", response_class=Response, responses={**_media(HTML, "A document."), **_problems(409)})
    async def report(request: Request) -> Response:
        """The report of the forecast; nothing in it runs."""
        return (await site.get("report")).reply(request)
