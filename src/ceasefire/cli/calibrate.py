"""`ceasefire calibrate`: learn from the record what does not change during a war."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ceasefire.cli.job import ClusterOption, ResumeOption, WorkersOption, at_work, opening_of
from ceasefire.cli.terminal import AsJson, EvidenceOption, progress


def calibrate(
    scenario: Annotated[str, typer.Argument(help="A scenario of the war, shipped or a file.")] = "alaska-2025-08",
    until: Annotated[str, typer.Option(metavar="DATE", help="Learn from what was known on this day.")] = "2026-01-31",
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to keep it in.")] = Path("out/calibration"),
    only: Annotated[list[str] | None, typer.Option(metavar="MODULE", help="Only this module; may be repeated.")] = None,
    replicates: Annotated[int, typer.Option(help="Known truths that each module has to find again.")] = 40,
    members: Annotated[int, typer.Option(help="Wars to learn the couplings from, for each opening.")] = 2048,
    seed: Annotated[int, typer.Option(help="Same seed, same bits.")] = 1,
    evidence: EvidenceOption = None,
    workers: WorkersOption = None,
    cluster: ClusterOption = None,
    resume: ResumeOption = False,
    as_json: AsJson = False,
) -> None:
    """Learn what does not change during a war from all that was known on a day; takes minutes.

    Writes DATE.json, which forecasts opened on that day or later use if their scenario names the folder, and a report
    of what was learned and whether it can be trusted. The shipped war carries its calibrations.

    Example: ceasefire calibrate my-war.toml --until 2025-06-07 --out my-calibration
    """
    from ceasefire.study.calibration import calibrate as study
    from ceasefire.view import calibration as view

    job = {
        **opening_of(scenario, until, evidence, runs=members, weeks=0, seed=seed),
        "calibrate": [sorted(only or ()), replicates],
    }
    with (
        at_work(job, workers=workers, cluster=cluster, resume=resume) as hands,
        progress("Calibrating, per cent", not as_json, hands=hands) as on_progress,
    ):
        found = study.calibrate(
            scenario,
            until=until,
            only=tuple(only or ()),
            evidence=evidence,
            replicates=replicates,
            members=members,
            seed=seed,
            workers=hands,
            on_progress=on_progress,
        )
        files = study.write(found, out)
    told = json.dumps(asdict(found.report), ensure_ascii=False, indent=1)
    print(told if as_json else "\n".join([view.text(found.report), "", *map(str, files)]))
