"""The work: what each kind of job does, and what it comes to. It runs in a process of its own (`worker.py`).

Every study is the one that the command line calls, on the war that the page shows, with luck that the request names; so
that a job asked for twice comes to the same, and to what the command line says.
"""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ceasefire.evidence.error import suggestion
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario import decree
from ceasefire.scenario.spec import Scenario, ScenarioError
from ceasefire.scenario.start import Start, open_war
from ceasefire.simulate import result as results
from ceasefire.simulate.cache import keep_compiled
from ceasefire.simulate.result import VERSION, ResultError
from ceasefire.view.web import replies
from ceasefire.view.web.futures import happenings
from ceasefire.view.web.replies import Article, Forecast, Influence, Replay, Request, Terms, WhatIf, Zone

Tell = Callable[[int, int, str], None]
"""Is told how many parts are done, of how many, and what is known so far."""

REPORT, GEOJSON, POLICY = "report.html", "terms.geojson", "policy.toml"
INFLUENCE_WEEKS = 52
OPENING = "The war is being opened."
FITTING = "What fighting on is worth is fitted again, with the intervention."


class Done(NamedTuple):
    """What a job came to."""

    result: dict[str, Any]
    map: bytes | None = None
    """Control of a run, or a difference, as `atlas.py` tells."""
    pages: dict[str, bytes] = {}  # noqa: RUF012 - a NamedTuple's default; never written to
    """Files by name: report.html, terms.geojson, policy.toml."""


@dataclass
class Opened:
    """The war that jobs are about, opened once."""

    scenario: Scenario
    store: Store
    folder: Path
    """Of the result that the page shows, or that a forecast will be written to."""
    evidence: Path | None = None
    """Where the store lies; None for the packaged one."""
    named: str | Path | None = None
    """How the user named the scenario, for the command that makes the forecast again."""
    _start: Start | None = None

    @property
    def start(self) -> Start:
        """The opening; the first job to ask waits for it."""
        if self._start is None:
            keep_compiled()
            self._start = open_war(self.scenario, Vintage(self.store, self.scenario.opening))
        return self._start


def do(request: Request | Forecast, at: Opened, tell: Tell) -> Done:
    """Do what a request asks. Raises `CeasefireError` with what was asked, what was found and what would do."""
    match request:
        case Forecast():
            return _forecast(request, at, tell)
        case Replay():
            return _replay(request, at, tell)
        case WhatIf():
            return _whatif(request, at, tell)
        case Zone():
            return _zone(request, at, tell)
        case Terms():
            return _terms(request, at, tell)
        case Influence():
            return _influence(request, at, tell)
        case Article():
            return _article(request, at, tell)


def read(asked: dict[str, Any]) -> Request | Forecast:
    """A request from plain values. Raises `pydantic.ValidationError` for what is none."""
    return replies.ASKED.validate_python(asked)


# ---------------------------------------------------------------------------------------------------------- whole wars


def _forecast(request: Forecast, at: Opened, tell: Tell) -> Done:
    """Make the forecast that the page rests on; its folder appears whole or not at all."""
    from ceasefire.study.early import Early
    from ceasefire.study.forecast import forecast
    from ceasefire.view import early
    from ceasefire.view.export import write_result

    results.check_target(at.folder)
    note = ""

    def so_far(done: int, of: int) -> None:
        tell(done, of, note)

    def first(found: Early) -> None:
        nonlocal note
        note = early.line(found)

    tell(0, request.runs, OPENING)
    made = forecast(
        at.named if at.named is not None else at.scenario,
        runs=request.runs,
        weeks=request.weeks,
        seed=request.seed,
        evidence=at.evidence,
        on_progress=so_far,
        on_early=first,
    )
    write_result(made, at.folder)
    return Done({"fingerprint": str(made.attrs["fingerprint"]), "runs": request.runs})


def _replay(request: Replay, at: Opened, tell: Tell) -> Done:
    """Fight one run of the forecast again."""
    from ceasefire.study import replay

    result = results.load(at.folder)
    replay.check(result, request.run)
    tell(0, 1, OPENING)
    if at.start.evidence_hash != result.attrs["evidence_hash"]:
        raise ResultError("the evidence is not the one that the forecast was made from; forecast again")
    tell(0, 1, f"Run {request.run} is fought again.")
    again = replay.of_start(at.start, result, request.run)
    told = [happening.model_dump() for happening in happenings(list(again.events))]
    held = np.where(again.control, 255, 0).astype(np.uint8)
    return Done({"same_bits": again.same_bits, "happenings": told}, held.tobytes())


def _whatif(request: WhatIf, at: Opened, tell: Tell) -> Done:
    """Fight the same wars with and without decrees."""
    from ceasefire.study import whatif
    from ceasefire.view import whatif as shown

    lines, both = ([decree.parse(line) for line in listed] for listed in (request.do, request.given))
    tell(0, request.runs, OPENING)
    schedule = decree.schedule(at.start, request.weeks, [*both, *lines])
    given = decree.schedule(at.start, request.weeks, both) if both else None
    if not request.surprise and at.start.valuation is not None:
        tell(0, request.runs, FITTING)
    schedule, expectation = whatif.expected(at.start, schedule, lines, both, surprise=request.surprise)
    title = _printable(request.title)
    found = whatif.of_start(
        at.start,
        schedule,
        given=given,
        policy=title,
        expectation=expectation,
        runs=request.runs,
        weeks=request.weeks,
        seed=request.seed,
        on_progress=lambda done, of, so_far: tell(done, of, shown.live(so_far)),
    )
    moved = found.control_difference
    assert moved is not None
    text = policy(title, [line.text for line in lines], [line.text for line in both], _asked(request))
    pages = {POLICY: text.encode(), REPORT: shown.render(found).encode()}
    return Done(json.loads(whatif.to_json(found)), np.rint(127 * moved).astype(np.int8).tobytes(), pages)


def _asked(request: WhatIf) -> str:
    """Settings of a what-if that a policy file cannot hold, as the command line has them."""
    settings = f"--runs {request.runs} --weeks {request.weeks} --seed {request.seed}"
    return settings + (" --surprise" if request.surprise else "")


def policy(title: str, do: list[str], given: list[str], asked: str = "") -> str:
    """A policy file as `decree.read` takes it; what it cannot hold is said beside it."""
    lines = [f"# Asked with: {asked}"] if asked else []
    lines += [f"# Beside it, with and without: {_printable(line)}" for line in given]
    lines += [f"title = {_quoted(title)}"] if title else []
    return "\n".join([*lines, "do = [", *(f"    {_quoted(line)}," for line in do), "]", ""])


def _quoted(text: str) -> str:
    """A text as a basic string of TOML."""
    return json.dumps(_printable(text), ensure_ascii=False)


def _printable(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


# ------------------------------------------------------------------------------------------------------ at the opening


def _zone(request: Zone, at: Opened, tell: Tell) -> Done:
    """Weigh all packages at the opening."""
    from ceasefire.study import zone
    from ceasefire.study.negotiation import decreed

    zone.check(request.runs, 1, request.top)
    tell(0, 1, OPENING)
    schedule = decreed(at.start, request.do)
    tell(0, 1, f"All packages are weighed in {request.runs:,} draws.")
    return Done(json.loads(zone.to_json(zone.of_start(at.start, runs=request.runs, top=request.top, do=schedule))))


def _terms(request: Terms, at: Opened, tell: Tell) -> Done:
    """Draw a package on the map of the opening."""
    from ceasefire.study import terms
    from ceasefire.view.zone import terms_text

    tell(0, 1, OPENING)
    drawn = terms.of_start(at.start, request.package)
    written = terms.to_geojson(drawn)
    return Done({"geojson": json.loads(written), "text": terms_text(drawn)}, pages={GEOJSON: written.encode()})


def _influence(request: Influence, at: Opened, tell: Tell) -> Done:
    """Drop one source; where no number of the opening changes without it, no war is fought."""
    from ceasefire.study import influence

    known = influence.sources(at.scenario, at.store)
    if request.source not in known:
        raise ScenarioError(
            f"the opening draws on no source {request.source!r:.80}{suggestion(request.source, known)}; "
            "those that can be dropped are marked in the evidence"
        )
    tell(0, 1, OPENING)
    without = influence.openings_without(at.start, at.store, [request.source])
    dropped, headlines = (
        influence.of_start(
            at.start,
            without,
            runs=request.runs,
            weeks=INFLUENCE_WEEKS,
            on_progress=lambda done, of: tell(done, of, f"Wars with and without {request.source}."),
        )
        if without
        else ((), ())
    )
    found = influence.Influence(
        scenario=at.scenario.id,
        title=at.scenario.title,
        opening=str(at.scenario.opening),
        weeks=INFLUENCE_WEEKS,
        runs=request.runs,
        seed=1,
        version=VERSION,
        evidence_hash=at.start.evidence_hash,
        dropped=dropped,
        headlines=headlines,
    )
    return Done(json.loads(influence.to_json(found)))


# -------------------------------------------------------------------------------------------------------------- article


def _article(request: Article, at: Opened, tell: Tell) -> Done:
    """Read a text and hold what it claims against the record."""
    from ceasefire.study import reading
    from ceasefire.view import reading as shown

    tell(0, 1, "The text is read.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "article.txt"
        path.write_text(request.text, encoding="utf-8", errors="replace")
        found = reading.read(path, published=request.published or None, store=at.store)
    found = dataclasses.replace(found, warnings=tuple(line.replace(str(path), "the text") for line in found.warnings))
    return Done(found.told(), pages={REPORT: shown.render(found, at.store).encode()})
