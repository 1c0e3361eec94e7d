"""`ceasefire sweep`: a design of experiments over interventions and what is not known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ceasefire.cli.job import ClusterOption, ResumeOption, WorkersOption, at_work, opening_of
from ceasefire.cli.terminal import AsJson, EvidenceOption, progress


def sweep(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="Plan of the sweep (.toml).")],
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder to write; out/sweeps/<name of the plan> otherwise.")
    ] = None,
    evidence: EvidenceOption = None,
    workers: WorkersOption = None,
    cluster: ClusterOption = None,
    resume: ResumeOption = False,
    as_json: AsJson = False,
) -> None:
    """Fight a design of experiments: Sobol effects of inputs on the headline, a grid, or files of interventions.

    Writes sweep.json, points.csv and sweep.svg.

    Example: ceasefire sweep examples/sweep.toml
    """
    from ceasefire.study import design
    from ceasefire.study import sweep as study
    from ceasefire.view import sweep as view

    asked = design.read(plan)
    target = out if out is not None else Path("out") / "sweeps" / plan.stem
    view.check_folder(target)
    start = opening_of(
        asked.scenario,
        str(asked.on) if asked.on else None,
        evidence,
        runs=asked.runs,
        weeks=asked.weeks,
        seed=asked.seed,
    )
    job = {**start, "sweep": plan, **{f"policy {k}": Path(name) for k, name in enumerate(asked.policies)}}
    with (
        at_work(job, workers=workers, cluster=cluster, resume=resume) as hands,
        progress("Fighting the points of the design, wars", not as_json, tenths=True, hands=hands) as on_progress,
    ):
        found = study.sweep(asked, evidence=evidence, workers=hands, on_progress=on_progress)
        files = view.write(found, target)
    print(study.to_json(found) if as_json else "\n".join([view.text(found), "Files: " + "  ".join(map(str, files))]))
