"""What commands share: options, a progress bar, lists, complaints."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
EvidenceOption = Annotated[
    Path | None, typer.Option("--evidence", metavar="STORE", help="Evidence store; the packaged one otherwise.")
]


@contextmanager
def progress(
    label: str, shown: bool, *, tenths: bool = False, hands: Any = None
) -> Iterator[Callable[[int, int], None] | None]:
    """What is done, of how much, how fast, how long it will take, and what workers lost, on standard error.

    A bar where that is a terminal; a line at the start, and at each tenth if asked or if `hands` is a cluster,
    otherwise.
    """
    if not shown:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        told: list[int] = []
        began = time.monotonic()

        def tell_once(done: int, total: int) -> None:
            tenth = 10 * done // total if (tenths or getattr(hands, "cluster", None)) and total >= 10 else 0
            if not told:
                console.print(f"{label} …")
            elif tenth > told[-1]:
                console.print(f"{label}: {done} of {total}{_pace(began, done, hands)}")
            told.append(tenth)

        yield tell_once
        return
    left, pace = TimeRemainingColumn(), TextColumn("{task.fields[pace]}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), left, pace)
    with Progress(*columns, console=console, transient=True) as bar:
        task, began = bar.add_task(label, total=None, pace=""), time.monotonic()
        yield lambda done, total: bar.update(task, completed=done, total=total, pace=_pace(began, done, hands))


def _pace(began: float, done: int, hands: Any) -> str:
    """How fast it goes, and how many parts were begun again since their worker died."""
    lost = getattr(hands, "lost", 0)
    rate = f" · {done / max(time.monotonic() - began, 1e-3):,.1f} a second"
    return rate + (f" · {lost} parts begun again" if lost else "")


def show(rows: list[dict[str, Any]], as_json: bool, line: Callable[[dict[str, Any]], str]) -> None:
    """Rows as JSON, or a line of text for each."""
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=1))
    else:
        print("\n".join(line(row) for row in rows))


def complain(message: str) -> None:
    """One line on standard error, without what a terminal might obey: a message may quote a file of somebody else."""
    plain = "".join(letter if letter.isprintable() else " " for letter in message)
    print(f"ceasefire: {' '.join(plain.split())}", file=sys.stderr, flush=True)
