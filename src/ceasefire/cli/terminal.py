"""What commands share: options, a progress bar, lists, complaints."""

from __future__ import annotations

import json
import sys
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
def progress(label: str, shown: bool, *, tenths: bool = False) -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar on standard error, where that is a terminal; a line at the start, or each tenth, otherwise."""
    if not shown:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        told: list[int] = []

        def tell_once(done: int, total: int) -> None:
            tenth = 10 * done // total if tenths and total >= 10 else 0
            if not told:
                console.print(f"{label} …")
            elif tenth > told[-1]:
                console.print(f"{label}: {done} of {total}")
            told.append(tenth)

        yield tell_once
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


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
