"""The command that learns how much the simulator and plain statistics should each count."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ceasefire.cli.terminal import AsJson, EvidenceOption


def stack(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a backtest.")],
    until: Annotated[str, typer.Option(metavar="DATE", help="Cut-off: nothing known later is used.")],
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder to keep them in; nowhere otherwise.")] = None,
    evidence: EvidenceOption = None,
    as_json: AsJson = False,
) -> None:
    """Learn how much the simulator and plain statistics should each count, from forecasts that had come due.

    Example: ceasefire stack out/backtest --until 2025-10-04 --out out/calibration
    """
    from ceasefire.evidence.store import Store
    from ceasefire.study import mixture
    from ceasefire.study import stack as study
    from ceasefire.view import stack as view

    weights, path = study.learn_from(folder, until, Store.open(evidence), out=out)
    if as_json:
        print(json.dumps(mixture.told(weights), indent=1))
    else:
        print("\n".join([view.text(weights), *(["", str(path)] if path else [])]))
