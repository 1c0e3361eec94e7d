"""The subject: which war a page is about, where its forecast lies, and what was found there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import xarray as xr

from ceasefire.evidence.error import CeasefireError
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario import spec
from ceasefire.scenario.spec import Scenario
from ceasefire.simulate import result as results
from ceasefire.study.replay import evidence_of
from ceasefire.study.scoreboard import NAME as SCOREBOARD
from ceasefire.study.seal import FORMAT as SEALED
from ceasefire.study.summary import Summary, summarise

MOST_LISTED = 8
SMALL = 64 * 2**20
"""Bytes of a JSON file that is still looked into."""


class SubjectError(CeasefireError):
    """There is nothing to show, or it is not clear what."""


@dataclass(frozen=True)
class Forecasted:
    """A forecast, and its summary."""

    result: xr.Dataset
    summary: Summary

    @property
    def fingerprint(self) -> str:
        """The mark that the result gives itself."""
        return str(self.result.attrs["fingerprint"])


@dataclass(frozen=True)
class Subject:
    """What a page is about."""

    scenario: Scenario
    store: Store
    folder: Path
    """Of the result, which is there or will be."""
    evidence: Path | None = None
    named: str | None = None
    """How the user named the scenario; None where a result was named."""
    scores: Path | None = None
    """A folder with a scoreboard, sealed forecasts, or both."""

    def forecasted(self) -> Forecasted | None:
        """The forecast, if it is there, of this scenario, from this evidence and by this program.

        Raises `CeasefireError` where it is damaged, where the folder holds a streamed forecast, and where a result that
        was named itself is of other evidence or another version: what would be asked of it is not what is shown.
        """
        if not is_result(self.folder):
            if (self.folder / results.STREAM).is_dir():
                results.load(self.folder)  # says what it is
            return None
        found = read(self.folder)
        attributes = found.result.attrs
        if self.named is not None and Scenario.model_validate_json(attributes["scenario_document"]) != self.scenario:
            return None
        other = self._other(attributes)
        if other and self.named is None:
            raise SubjectError(f"the result in {self.folder} is {other}: forecast again, or name its scenario instead")
        return None if other else found

    def _other(self, attributes: Mapping[Any, Any]) -> str:
        """How a result differs from what would be forecast now; nothing where it does not."""
        if attributes["version"] != results.VERSION:
            return f"of version {attributes['version']}; this is {results.VERSION}"
        if attributes["evidence_hash"] != Vintage(self.store, self.scenario.opening).hash:
            return "made from other evidence than is at hand"
        return ""


def subject(what: str, *, out: Path = Path("out"), evidence: Path | None = None, scores: Path | None = None) -> Subject:
    """What is meant: a shipped scenario, a scenario file, or a folder. Raises `CeasefireError`."""
    if what in spec.scenarios() or what.endswith(".toml"):
        scenario = spec.load(what)
        place = scores if scores is not None else _scored(out, out / "backtest")
        return Subject(scenario, Store.open(evidence), out / scenario.id, evidence, what, place)
    folder = Path(what)
    if not folder.is_dir():
        raise SubjectError(
            f"{what[:200]!r} is neither a shipped scenario, nor a scenario file (.toml), nor a folder; "
            f"there are: {', '.join(spec.scenarios())}"
        )
    found = _result_in(folder)
    place = scores if scores is not None else _scored(folder, folder / "backtest", found.parent / "backtest")
    result = results.load(found)
    try:
        scenario = Scenario.model_validate_json(result.attrs["scenario_document"])
        store = evidence_of(result, evidence)
    except (KeyError, ValueError, TypeError) as error:
        raise SubjectError(f"the result in {found} is damaged: {type(error).__name__}; forecast again") from None
    kept = str(result.attrs.get("evidence_store", "packaged"))
    return Subject(scenario, store, found, evidence or (None if kept == "packaged" else Path(kept)), None, place)


def is_result(folder: Path) -> bool:
    """Whether a folder holds a result."""
    return (folder / results.MARK).is_file() and (folder / results.ARRAY).is_dir()


def read(folder: Path) -> Forecasted:
    """A result and its summary. Raises `CeasefireError` where it is damaged."""
    result = results.load(folder)
    try:
        found = Forecasted(result, summarise(result))
        _ = found.fingerprint
        return found
    except CeasefireError:
        raise
    except (KeyError, ValueError, TypeError, IndexError) as error:
        why = " ".join(f"{type(error).__name__}: {error}".split())
        raise SubjectError(f"the result in {folder} is damaged: {why[:200]}; forecast again") from None


def _result_in(folder: Path) -> Path:
    """The result that a folder is, or the newest that it holds."""
    if is_result(folder) or (folder / results.STREAM).is_dir():
        return folder
    held = sorted(path for path in folder.iterdir() if path.is_dir() and is_result(path))
    if not held:
        names = sorted(path.name for path in folder.iterdir())
        listed = ", ".join(names[:MOST_LISTED]) + (" …" if len(names) > MOST_LISTED else "")
        raise SubjectError(
            f"{folder} holds no result; it holds {listed or 'nothing'}; `ceasefire forecast` writes a result"
        )
    return max(held, key=lambda path: (path / results.MARK).stat().st_mtime)


def _scored(*folders: Path) -> Path | None:
    """The first of some folders that holds a scoreboard or a sealed forecast."""
    return next((folder for folder in folders if folder.is_dir() and _is_scored(folder)), None)


def _is_scored(folder: Path) -> bool:
    return (folder / SCOREBOARD).is_file() or any(_is_sealed(path) for path in sorted(folder.glob("*.json"))[:200])


def _is_sealed(path: Path) -> bool:
    try:
        if not path.is_file() or path.stat().st_size > SMALL:
            return False
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(told, dict) and told.get("format") == SEALED
