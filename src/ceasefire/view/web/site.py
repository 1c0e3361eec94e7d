"""The site: one forecast, what is told of it, and the jobs on it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from ceasefire.evidence.error import CeasefireError
from ceasefire.simulate import result as results
from ceasefire.view import report
from ceasefire.view.web import atlas, content, deal, evidence, futures, levers, replies, score, war
from ceasefire.view.web.content import Content, Kept
from ceasefire.view.web.jobs import Answer, JobError, Jobs, Limits, Shelf, Tell, Work
from ceasefire.view.web.subject import Forecasted, Subject
from ceasefire.view.web.worker import Worker

FIRST = ("war", "map", "cells", "control", "opening", "futures")
"""Replies that are made before anybody asks."""


class NotReadyError(CeasefireError):
    """The forecast is still being made."""


class Site:
    """What the routes hand out."""

    def __init__(
        self, subject: Subject, out: Path, asked: Mapping[str, int], work: Work | None, limits: Limits
    ) -> None:
        self.subject, self.out, self.asked = subject, out, dict(asked)
        self.worker = None if work else Worker(opening(subject))
        self._work: Work = work or self.worker  # type: ignore[assignment]
        self.jobs = Jobs(self._do, limits)
        self.kept = Kept()
        self.forecast_job: str | None = None
        self.shown: Forecasted | None = subject.forecasted()
        if self.shown is not None:
            self.jobs.keep_in(Shelf.hold(out / "serve", self.shown.fingerprint))

    @property
    def forecasted(self) -> Forecasted:
        """The forecast. Raises `NotReadyError`."""
        if self.shown is None:
            raise NotReadyError("the forecast is still being made; its job tells how far it is")
        return self.shown

    async def open(self) -> None:
        """Begin to work: on the forecast, if there is none."""
        await self.jobs.open()
        if self.shown is None:
            asked = {"kind": "forecast", **self.asked}
            self.forecast_job = self.jobs.ask(asked, f"Forecast: {self.subject.scenario.title}", lasting=True).id
        else:
            await self._ready()

    async def close(self) -> None:
        """End what runs."""
        await self.jobs.stop()
        if self.worker is not None:
            await self.worker.close()

    async def _do(self, asked: dict[str, Any], tell: Tell) -> Answer:
        if asked["kind"] == "replay":
            await asyncio.to_thread(self._check_still_there)
        answer = await self._work(asked, tell)
        if asked["kind"] == "forecast":
            self.shown = await asyncio.to_thread(self.subject.forecasted)
            if self.shown is None:
                raise JobError(f"the forecast was made, but {self.subject.folder} holds none of this scenario")
            self.jobs.keep_in(Shelf.hold(self.out / "serve", self.shown.fingerprint))
            await self._ready()
        return answer

    def _check_still_there(self) -> None:
        """Raise `JobError` where another forecast has taken the place of the one that is shown."""
        found = results.load(self.subject.folder).attrs.get("fingerprint")
        if self.shown is not None and found != self.shown.fingerprint:
            raise JobError(f"{self.subject.folder} holds another forecast by now than is shown; start the page again")

    async def _ready(self) -> None:
        """Make what is asked for first, and have the worker open the war, before anybody asks."""
        self._making = asyncio.create_task(self._make_first())
        if self.worker is not None:
            await self.worker.start()

    async def _make_first(self) -> None:
        with contextlib.suppress(CeasefireError):
            for name in FIRST:
                await self.get(name)

    async def get(self, name: str) -> Content:
        """A reply that has no number."""
        return await self.kept.get(name, self._makers[name])

    @cached_property
    def _makers(self) -> dict[str, Callable[[], Content]]:
        about = self.subject

        def result() -> Any:
            return self.forecasted.result

        def summary() -> Any:
            return self.forecasted.summary

        return {
            "war": lambda: content.told(war.told(result(), summary())),
            "map": lambda: content.told(atlas.map_of(result(), summary(), store=about.store)),
            "cells": lambda: content.raw(atlas.cells(result())),
            "control": lambda: content.raw(atlas.control(result())),
            "opening": lambda: content.raw(atlas.opening(result())),
            "futures": lambda: content.told(futures.futures(summary())),
            "runs": lambda: content.told(futures.runs(result())),
            "deal": lambda: content.told(deal.deal(summary())),
            "levers": lambda: content.told(levers.levers(about.scenario, about.store)),
            "evidence": lambda: content.told(evidence.evidence(about.scenario, about.store)),
            "score": lambda: content.told(score.score(about.scores, about.store)),
            "report": lambda: content.document(report.render(result(), summary())),
        }

    def war(self) -> replies.War:
        """The war, as long as its forecast is not there."""
        found = self.subject.scenario
        return replies.War(
            scenario=found.id,
            title=found.title,
            question=found.question,
            background=list(found.background),
            opening=str(found.opening),
            ready=False,
            forecast_job=self.forecast_job,
        )

    def files(self) -> dict[str, Any]:
        """Files to take away, by name."""
        from ceasefire.view import export

        found = self.forecasted
        return {each.name: each for each in export.offered(found.result, found.summary)}


def opening(subject: Subject) -> dict[str, Any]:
    """What the worker needs to open the war."""
    return {
        "scenario": subject.scenario.model_dump(mode="json"),
        "folder": str(subject.folder.resolve()),
        "evidence": str(subject.evidence.resolve()) if subject.evidence else "",
        "named": subject.named,
    }
