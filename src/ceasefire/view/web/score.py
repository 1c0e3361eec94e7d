"""The score: how well the program did on days that it could not see, and sealed forecasts as far as due.

The figures are those of a backtest (`study/scoreboard.py`): of the folder that was named, or else those of the public
backtest that ship with the package. Nothing is said that neither holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ceasefire.evidence.error import CeasefireError
from ceasefire.evidence.store import Store
from ceasefire.simulate.result import VERSION
from ceasefire.study import scoreboard, seal
from ceasefire.study.scoreboard import Scoreboard
from ceasefire.view import scoreboard as shown
from ceasefire.view.web.replies import Bar, Coverage, Graded, Score, Skill

PACKAGED = Path(__file__).parent / "data"
LARGEST = 8 * 2**20
MOST_SEALED = 200
EVERYTHING = "Everything"


def score(folder: Path | None, store: Store) -> Score:
    """What is known of the program's skill; `folder` may hold a backtest, sealed forecasts, or both."""
    sealed = list(_sealed(folder, store)) if folder else []
    named = folder is not None and (folder / scoreboard.NAME).is_file()
    try:
        board = _board(folder if named and folder else PACKAGED)
    except (CeasefireError, OSError, ValueError) as error:
        none = "No backtest is at hand; `ceasefire backtest --out DIR` makes one, and `--scores DIR` shows it here."
        made = f"The scoreboard of that folder cannot be read: {error}" if named else none
        return Score(made=made, verdict=[], skills=[], coverage=[], pit=[], sealed=sealed, adds_nothing=[])
    return Score(
        made=_made(board, own=named),
        verdict=[_plain(line) for line in shown.verdict(board)],
        skills=list(_skills(board)),
        coverage=list(_coverage(board)),
        pit=_bars(board),
        sealed=sealed,
        adds_nothing=[_plain(line) for line in shown.nothing_added(board)] if board.members else [],
    )


def _board(folder: Path) -> Scoreboard:
    """The scoreboard of a folder. Raises `CeasefireError`, `OSError` or `ValueError` where it cannot be read."""
    path = folder / scoreboard.NAME
    if path.stat().st_size > LARGEST:
        raise ValueError(f"it has more than {LARGEST:,} bytes")
    return scoreboard.from_json(path.read_text(encoding="utf-8"))


def _made(board: Scoreboard, *, own: bool) -> str:
    whose = "A backtest of your own" if own else "The public backtest that ships with the program"
    version = f"version {board.version}" + ("" if board.version == VERSION else f" (this is {VERSION})")
    return (
        f"{whose}: {version}, the war opened on {len(board.origins)} days from {board.origins[0]} to "
        f"{board.origins[-1]}, each time with what was known then, {board.draws:,} runs, seed {board.seed}; scored on "
        f"what was observed until {board.observed_until}, made on {board.date}."
    )


def _plain(line: str) -> str:
    """A line of Markdown without its marks."""
    return line.strip().removeprefix("- ").replace("**", "")


def _skills(board: Scoreboard) -> Iterator[Skill]:
    """Skill over everything, by family, and by family and band of horizons."""
    for rival, figure in board.headline.items():
        yield _skill(EVERYTHING, "", rival, figure)
    for family, rivals in board.families.items():
        for rival, figure in rivals.items():
            yield _skill(_family(family), "", rival, figure)
    for row in board.bands:
        for rival in scoreboard.OPPONENTS:
            if f"skill_{rival}" in row:
                yield _skill(_family(row["family"]), f"{row['weeks']} weeks", rival, row[f"skill_{rival}"])
    if board.cells:
        yield _skill("Cells that change hands", "", shown.MODELS[board.cells["best"]], board.cells["skill"])


def _skill(target: str, horizon: str, rival: str, figure: dict[str, float]) -> Skill:
    name = {"pool": "statistics", "persistence": "no change", "best": "best of them"}.get(rival, rival)
    return Skill(
        target=target, horizon=horizon, rival=name, skill=figure["value"], low=figure["low"], high=figure["high"]
    )


def _family(name: str) -> str:
    return EVERYTHING if name == "all" else shown.FAMILIES.get(name, name)


def _coverage(board: Scoreboard) -> Iterator[Coverage]:
    for family, parts in board.calibration.items():
        yield Coverage(
            family=_family(family),
            inside_50=parts["coverage50"]["value"],
            inside_90=parts["coverage90"]["value"],
            forecasts=sum(row["number"] for row in board.bands if family in ("all", row["family"])),
        )


def _bars(board: Scoreboard) -> list[Bar]:
    """The histogram of the probability transforms; none where the backtest is of a version that kept none."""
    edges = np.linspace(0, 1, len(board.pit) + 1).round(6).tolist()
    return [Bar(low=low, high=high, share=share) for low, high, share in zip(edges, edges[1:], board.pit, strict=False)]


# -------------------------------------------------------------------------------------------------------------- sealed


def _sealed(folder: Path, store: Store) -> Iterator[Graded]:
    """Every sealed forecast that lies in a folder, by name; one that cannot be graded says why."""
    try:
        files = sorted(path for path in folder.glob("*.json") if path.is_file())
    except OSError:
        return
    for path in files[:MOST_SEALED]:
        try:
            if path.stat().st_size > seal.LARGEST_FILE or not _is_sealed(path):
                continue
            yield _graded(path, store)
        except (CeasefireError, OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            yield _unreadable(path, error)


def _is_sealed(path: Path) -> bool:
    """Whether a file says that it is a sealed forecast; scoreboards and others lie in the same folder."""
    told: Any = json.loads(path.read_text(encoding="utf-8"))
    return isinstance(told, dict) and told.get("format") == seal.FORMAT


def _graded(path: Path, store: Store) -> Graded:
    document = seal.read(path)
    report = seal.grade(document, store)
    totals = report.totals()
    return Graded(
        file=path.name,
        title=str(document.get("title") or document["scenario"]),
        opening=report.opening,
        seal=report.seal,
        statements=len(report.graded) + len(report.pending),
        reached=len(report.graded),
        inside_90=totals.get("inside90"),
        totals=dict(totals),
    )


def _unreadable(path: Path, error: Exception) -> Graded:
    why = " ".join(str(error).replace(f"{path.parent}/", "").split())
    return Graded(
        file=path.name,
        title=f"Not graded: {why[:200]}",
        opening="",
        seal="",
        statements=0,
        reached=0,
        inside_90=None,
        totals={},
    )
