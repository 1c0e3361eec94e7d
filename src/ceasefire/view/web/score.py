"""The score: how well the same program did on days that it could not see, and sealed forecasts as far as due.

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
from ceasefire.study import backtest, scoreboard, seal
from ceasefire.study import score as scores
from ceasefire.study.scoreboard import Scoreboard
from ceasefire.view import scoreboard as shown
from ceasefire.view.web.replies import Bar, Coverage, Graded, Score, Skill

PACKAGED = Path(__file__).parent / "data"
BARS = "calibration.json"
"""Histogram of the probability transforms of a backtest, beside its scoreboard."""
CLASSES = 20
LARGEST = 8 * 2**20
MOST_SEALED = 200
EVERYTHING = "Everything"


def score(folder: Path | None, store: Store) -> Score:
    """What is known of the program's skill; `folder` may hold a backtest, sealed forecasts, or both."""
    board, where = _board(folder)
    sealed = list(_sealed(folder, store)) if folder else []
    if board is None:
        none = "No backtest is at hand; `ceasefire backtest --out DIR` makes one, and `--scores DIR` shows it here."
        return Score(made=none, verdict=[], skills=[], coverage=[], pit=[], sealed=sealed, adds_nothing=[])
    return Score(
        made=_made(board, own=where != PACKAGED),
        verdict=[_plain(line) for line in shown.verdict(board)],
        skills=list(_skills(board)),
        coverage=list(_coverage(board)),
        pit=_bars(where),
        sealed=sealed,
        adds_nothing=[_plain(line) for line in shown.nothing_added(board)] if board.members else [],
    )


def _board(folder: Path | None) -> tuple[Scoreboard | None, Path]:
    """The scoreboard of a folder, else the packaged one, with the folder that it is from."""
    for place in (folder, PACKAGED):
        path = place / scoreboard.NAME if place else None
        if place and path and path.is_file() and path.stat().st_size <= LARGEST:
            try:
                return scoreboard.from_json(path.read_text(encoding="utf-8")), place
            except (CeasefireError, OSError, ValueError):
                continue
    return None, PACKAGED


def _made(board: Scoreboard, *, own: bool) -> str:
    whose = "A backtest of your own" if own else "The public backtest that ships with this version"
    return (
        f"{whose}: version {board.version}, the war opened on {len(board.origins)} days from {board.origins[0]} to "
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


def _bars(place: Path) -> list[Bar]:
    """The histogram beside a scoreboard; none where there is none that can be read."""
    path = place / BARS
    try:
        told = json.loads(path.read_text(encoding="utf-8")) if path.stat().st_size <= LARGEST else {}
        return [Bar(low=low, high=high, share=share) for low, high, share in told.get("pit", [])]
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return []


def write_bars(folder: Path, store: Store) -> Path:
    """Write the histogram of the forecasts that a backtest left, beside its scoreboard.

    A transform is the share of draws below what came; where forecasts are right, every class holds as many.
    """
    draws, _ = backtest.read(folder / backtest.FOLDER)
    draws = {key: values for key, values in draws.items() if key[2] <= scoreboard.HORIZON}
    levels = scoreboard.observed_levels(store, {target for _, target, _ in draws})
    rows = scores.score_samples(levels, draws).rows
    count, edges = np.histogram(rows["pit"][rows["model"] == scores.FORECAST], bins=CLASSES, range=(0, 1))
    edges = np.round(edges, 6)
    bars = [[low, high, n / count.sum()] for low, high, n in zip(edges, edges[1:], count.tolist(), strict=False)]
    target = folder / BARS
    scoreboard.write_whole(target, json.dumps({"pit": bars}) + "\n")
    return target


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
