"""Reading an article: its claims, what the record says to each, and what came of what it foresaw.

A text goes in; claims, verdicts and a score come out. Nothing is fetched, nothing in the text is executed. A claim that
looks ahead cannot be judged as of the day it was made; once its day is past it is read as a statement about that day,
and that is its outcome.

Left out: when a forecast without a day has failed, and whether an intention that was not carried out was honest.
"""

from __future__ import annotations

import bisect
import dataclasses
import os
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.evidence import claim as claims_file
from ceasefire.evidence.claim import SYSTEMS, VERDICTS, Claim, Verdict
from ceasefire.evidence.error import CeasefireError, EvidenceError
from ceasefire.evidence.series import as_day
from ceasefire.evidence.source import Source
from ceasefire.evidence.store import Store

if TYPE_CHECKING:
    from ceasefire.evidence.article.document import Document
    from ceasefire.evidence.article.language_model import LanguageModel
    from ceasefire.evidence.check.record import Record

ARTICLES = (".txt", ".md", ".text", ".html", ".htm", ".xhtml")
"""Endings of the files of a folder that are read as articles."""
MOST = 2_000
"""Most articles in a batch."""
FAILS = ("contradicted", "conflated", "unsupported", "contested")
"""Verdicts by which a claim does not stand as it is put, the gravest first."""

TRUE, PARTLY, FALSE, NOT_DUE, UNKNOWN = (
    "came true",
    "came true in part",
    "did not come true",
    "not due within the record",
    "left open by the record",
)
_VERDICT = {
    "confirmed": TRUE,
    "imprecise": PARTLY,
    "contested": PARTLY,
    "conflated": FALSE,
    "contradicted": FALSE,
    "unsupported": FALSE,
}
_RESULT = {"came true": TRUE, "in part": PARTLY, "did not": FALSE, "open": NOT_DUE, "no record": UNKNOWN}


@dataclass(frozen=True)
class Forecast:
    """A claim about what was still to come, and what came of it."""

    claim: Claim
    due: str | None
    """Last day that it speaks of; None where it names none."""
    outcome: str
    """`TRUE`, `PARTLY`, `FALSE`, `NOT_DUE` or `UNKNOWN`."""
    verdict: Verdict
    """On the claim read as a statement about the day on which it was due."""


@dataclass(frozen=True)
class Score:
    """How many claims, by verdict and by system; repeats and what is only presupposed are left out."""

    claims: int
    repeats: int
    checked: int
    """Claims that a record bears on."""
    by_verdict: Mapping[str, int]
    """In the order of `VERDICTS`, those that occur."""
    by_system: Mapping[str, Mapping[str, int]]
    """System, verdict, number."""


@dataclass(frozen=True)
class Reading:
    """A text with its claims, in their order, and a verdict for each."""

    name: str
    title: str | None
    published: str | None
    """Day on which the text came out, None where it is not known."""
    claims: tuple[Claim, ...]
    verdicts: tuple[Verdict, ...]
    paragraphs: tuple[int, ...]
    """Number of the paragraph that each claim stands in, from 1; 0 where it is not known."""
    forecasts: tuple[Forecast, ...]
    """Those that name a later day, and those without one that came true by the end of the record."""
    undated: int
    """Other forecasts: they name no day by which they could be judged."""
    record: tuple[str, str] | None
    """First and last day of the record."""
    sources: Mapping[str, Source] = field(default_factory=dict)
    """Sources of the record, by key."""
    warnings: tuple[str, ...] = ()

    @property
    def counted(self) -> tuple[tuple[Claim, Verdict], ...]:
        """Claims that count, with their verdicts: no repeats, nothing that is only presupposed."""
        return tuple((c, v) for c, v in zip(self.claims, self.verdicts, strict=True) if not (c.dup_of or c.derived))

    def told(self) -> dict[str, Any]:
        """The reading as plain values."""
        return {
            "name": self.name,
            "title": self.title,
            "published": self.published,
            "score": dataclasses.asdict(score(self)),
            "claims": [row(claim, verdict) for claim, verdict in zip(self.claims, self.verdicts, strict=True)],
            "forecasts": [
                {"claim": forecast.claim.id, "due": forecast.due, "outcome": forecast.outcome}
                for forecast in self.forecasts
            ],
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True)
class Batch:
    """What came of several articles."""

    claims: tuple[Claim, ...]
    read: tuple[tuple[str, int], ...]
    """Article, number of its claims."""
    failed: tuple[tuple[str, str], ...]
    """Article, why it was passed over."""
    warnings: tuple[tuple[str, str], ...] = ()


# ---------------------------------------------------------------------------------------------------------- extraction


def articles(paths: Iterable[Path | str]) -> list[Path]:
    """Files to read: those named, and the articles that lie directly in the folders named, by name.

    Raises `EvidenceError` where a folder holds none, or there are too many.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        found += _in_folder(path) if os.path.isdir(path) else [path]
    if len(found) > MOST:
        raise EvidenceError(f"{len(found):,} articles are too many for one batch of {MOST:,}; take them in parts")
    return list(dict.fromkeys(found))


def _in_folder(folder: Path) -> list[Path]:
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.name.lower().endswith(ARTICLES))
    except OSError as error:
        raise EvidenceError(f"cannot read the folder {folder} ({error.strerror})") from error
    if not names:
        raise EvidenceError(f"the folder {folder} holds no article; files ending in {', '.join(ARTICLES)} are read")
    return [folder / name for name in names]


def extract(
    paths: Iterable[Path | str],
    *,
    published: str | None = None,
    model: LanguageModel | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Batch:
    """Claims of one or many articles, in order. One that cannot be read is passed over and told.

    `published` stands for articles that do not say when they came out. Raises `EvidenceError` where nothing can be
    begun: no such folder, no date.
    """
    check_day(published)
    todo = articles(paths)
    found: list[Claim] = []
    read: list[tuple[str, int]] = []
    failed: list[tuple[str, str]] = []
    notes: list[tuple[str, str]] = []
    names: dict[str, Path] = {}
    for done, path in enumerate(todo):
        if on_progress is not None:
            on_progress(done, len(todo))
        try:
            document, claims = _extracted(path, published, model)
            if document.name in names:
                raise EvidenceError(f"its name is that of {names[document.name]}; claims go by it, so rename one")
        except CeasefireError as error:
            failed.append((str(path), " ".join(str(error).split())))
            continue
        except Exception as error:  # one article must not cost the others
            failed.append((str(path), f"it stopped the reader ({type(error).__name__}: {str(error)[:120]})"))
            continue
        names[document.name] = path
        found += claims
        read.append((str(path), len(claims)))
        notes += [(str(path), warning) for warning in document.warnings]
    if on_progress is not None:
        on_progress(len(todo), len(todo))
    return Batch(tuple(found), tuple(read), tuple(failed), tuple(notes))


def _extracted(path: Path | str, published: str | None, model: LanguageModel | None) -> tuple[Document, list[Claim]]:
    from ceasefire.evidence.article import document as documents
    from ceasefire.evidence.article.extract import extract as extract_claims

    document = documents.read(path, published=published)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        claims = extract_claims(document, model=model)
    told = tuple(str(warning.message) for warning in caught if issubclass(warning.category, UserWarning))
    return dataclasses.replace(document, warnings=(*document.warnings, *dict.fromkeys(told))), claims


# ------------------------------------------------------------------------------------------------------------- checking


def read(
    path: Path | str, *, published: str | None = None, model: LanguageModel | None = None, store: Store | None = None
) -> Reading:
    """Read an article, find its claims and check them against the store, the packaged one otherwise.

    Raises `EvidenceError` where the file or the date cannot be used.
    """
    check_day(published)
    document, claims = _extracted(path, published, model)
    return judge(document, claims, Store.open() if store is None else store)


def judge(document: Document, claims: Sequence[Claim], store: Store) -> Reading:
    """Claims of a text against the record."""
    from ceasefire.evidence.check.check import check_against
    from ceasefire.evidence.check.record import Record

    record = Record.open(store, document.published)
    ordered = sorted(claims, key=lambda claim: (claim.start is None, claim.start or 0))
    verdicts = check_against(ordered, record)
    return gather(document, ordered, verdicts, record)


def gather(document: Document, claims: Sequence[Claim], verdicts: Sequence[Verdict], record: Record) -> Reading:
    """A reading of claims in the order of the text, with a verdict for each."""
    told = None if document.published is None else as_day(document.published)
    foreseen = [
        _forecast(claim, verdict, record)
        for claim, verdict in zip(claims, verdicts, strict=True)
        if _is_forecast(claim, told) and not (claim.dup_of or claim.derived)
    ]
    kept = tuple(forecast for forecast in foreseen if forecast.due is not None or forecast.outcome == TRUE)
    return Reading(
        name=document.name,
        title=document.title,
        published=document.published,
        claims=tuple(claims),
        verdicts=tuple(verdicts),
        paragraphs=tuple(_paragraph(document, claim) for claim in claims),
        forecasts=kept,
        undated=len(foreseen) - len(kept),
        record=_span(record.store),
        sources=record.store.sources,
        warnings=document.warnings,
    )


def check(
    path: Path | str, *, published: str | None = None, on: str | None = None, evidence: Path | str | None = None
) -> tuple[list[Claim], list[Verdict]]:
    """The claims of a file, and a verdict for each.

    `published` is the day on which the text came out, for claims that do not say; `on` leaves out of the record what
    was published after that day. Raises `EvidenceError` where the file, a day or the store cannot be used.
    """
    from ceasefire.evidence.check.check import check as check_claims

    check_day(published)
    check_day(on)
    claims = claims_file.read(path)
    if published is not None:
        claims = [claim if claim.published else dataclasses.replace(claim, published=published) for claim in claims]
    store = Store.open(evidence)
    return claims, check_claims(claims, store=store if on is None else as_known(store, on), on=published)


def as_known(store: Store, day: str) -> Store:
    """The store without what was published after a day."""
    limit, text = as_day(day), str(as_day(day))
    control = store.control
    kept = np.flatnonzero((control.published <= limit) & (control.dates <= limit))
    return dataclasses.replace(
        store,
        observations=tuple(seen for seen in store.observations if seen.published <= text),
        control=dataclasses.replace(
            control,
            dates=control.dates[kept],
            published=control.published[kept],
            share=control.share[kept],
            held=control.held[kept],
            disc=control.disc[kept],
        ),
    )


def row(claim: Claim, verdict: Verdict) -> dict[str, Any]:
    """A claim and its verdict as one object of a file."""
    told = verdict.told()
    return {
        **claim.told(),
        "verdict": verdict.verdict,
        "checkable": verdict.checkable,
        "reason": verdict.reason,
        "computation": verdict.computation,
        "record": told["record"],
    }


def score(reading: Reading) -> Score:
    """Claims by verdict and by system."""
    return tally(reading.claims, reading.verdicts)


def tally(claims: Sequence[Claim], verdicts: Sequence[Verdict]) -> Score:
    """Claims by verdict and by system, for claims of whatever text."""
    counted = [(c, v) for c, v in zip(claims, verdicts, strict=True) if not (c.dup_of or c.derived)]
    pairs = Counter((claim.system, verdict.verdict) for claim, verdict in counted)
    by_verdict = Counter(verdict.verdict for _, verdict in counted)
    return Score(
        claims=len(counted),
        repeats=len(claims) - len(counted),
        checked=sum(verdict.checkable for _, verdict in counted),
        by_verdict={name: by_verdict[name] for name in VERDICTS if by_verdict[name]},
        by_system={
            system: {name: pairs[system, name] for name in VERDICTS if pairs[system, name]}
            for system in SYSTEMS
            if any(pairs[system, name] for name in VERDICTS)
        },
    )


# ------------------------------------------------------------------------------------------------------------ forecasts


def _is_forecast(claim: Claim, told: np.datetime64 | None) -> bool:
    """It says that something will be: by its kind or hedge, or because all that it speaks of is after the text."""
    from ceasefire.evidence.check.record import interval

    if claim.kind == "causal":
        return False
    if claim.kind == "forecast" or claim.hedge == "forecast":
        return True
    days = interval(claim.as_of)
    return told is not None and days is not None and bool(days[0] > told)


def _forecast(claim: Claim, verdict: Verdict, record: Record) -> Forecast:
    """What became of it; its own verdict tells where that was reached from the record of its day."""
    from ceasefire.evidence.check.check import outcome

    found = outcome(claim, record)
    if verdict.checkable and found.due is not None:
        return Forecast(claim, found.due, _VERDICT[verdict.verdict], verdict)
    return Forecast(claim, found.due, _RESULT[found.result], found.verdict)


# --------------------------------------------------------------------------------------------------------------- parts


def check_day(day: str | None) -> None:
    """Raises `EvidenceError` where a day is none."""
    if day is not None:
        as_day(day)


def check_target(out: Path, *inputs: Path | str) -> None:
    """Raises `EvidenceError` where a file cannot be written there, or is one of those that are read."""
    if os.path.isdir(out):
        raise EvidenceError(f"{out} is a folder; name a file to write")
    if os.path.exists(out) and not os.path.isfile(out):
        raise EvidenceError(f"{out} is no ordinary file; name another to write")
    folder = out.parent
    if not os.path.isdir(folder):
        raise EvidenceError(f"there is no folder {folder} to write {out.name} into; make it first")
    if not os.access(folder, os.W_OK):
        raise EvidenceError(f"cannot write into the folder {folder}; name another")
    for path in inputs:
        if os.path.realpath(path) == os.path.realpath(out):
            raise EvidenceError(f"{out} is what is read; name another file to write")


def _span(store: Store) -> tuple[str, str] | None:
    """First and last day of the maps; of the rows where there is no map."""
    if len(store.control.dates):
        return str(store.control.dates[0]), str(store.control.dates[-1])
    days = [seen.date for seen in store.observations]
    return (min(days), max(days)) if days else None


def _paragraph(document: Document, claim: Claim) -> int:
    if claim.start is None:
        return 0
    return bisect.bisect_right([span[0] for span in document.paragraphs], claim.start)
