"""The command that takes in evidence week by week."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ceasefire.cli.job import WorkersOption
from ceasefire.cli.terminal import AsJson, EvidenceOption, progress


def assimilate(
    since: Annotated[str, typer.Option("--from", metavar="DATE", help="Day on which the war is opened.")],
    until: Annotated[str, typer.Option("--to", metavar="DATE", help="Last day of evidence, whole weeks later.")],
    scenario: Annotated[
        str | None, typer.Argument(help="Name of a shipped scenario, or a scenario file (.toml); its war is opened.")
    ] = None,
    runs: Annotated[int, typer.Option(help="How many wars to keep up with the evidence.")] = 256,
    seed: Annotated[int, typer.Option(help="Same seed, same bits.")] = 1,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for the numbers and a figure.")] = None,
    evidence: EvidenceOption = None,
    workers: WorkersOption = None,
    as_json: AsJson = False,
) -> None:
    """Open a war and update it with each week's evidence; score every forecast a week ahead.

    Example: ceasefire assimilate --from 2025-08-09 --to 2025-09-20 --runs 256
    """
    from ceasefire.scenario import spec
    from ceasefire.study.assimilation import assimilate as study
    from ceasefire.view import assimilation as view

    with progress("Weeks of evidence", not as_json) as on_progress:
        found = study.assimilate(
            scenario or spec.scenarios()[0],
            since=since,
            until=until,
            runs=runs,
            seed=seed,
            evidence=evidence,
            workers=workers,
            on_progress=on_progress,
        )
    print(view.to_json(found) if as_json else view.screen(found))
    if out is not None:
        written = view.write(found, out)
        if not as_json:
            print("\n".join(str(path) for path in written))
