"""Where a command works: threads here or a cluster, with or without a journal of what is finished."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from ceasefire.cli.terminal import complain

WorkersOption = Annotated[
    int | None, typer.Option("--workers", help="Cores to use; all otherwise. Never changes the result.")
]
ClusterOption = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="local|ADDRESS",
        help="Work in processes of this machine, or on a Dask scheduler; finished parts are kept. Changes no bit.",
    ),
]
ResumeOption = Annotated[
    bool, typer.Option("--resume", help="Keep finished parts, and take up those of the same job that was cut off.")
]
JOBS = Path("out") / "jobs"
LOCAL = "local"
MOST_WORKERS = 1024


@contextmanager
def at_work(
    job: Mapping[str, Any], *, workers: int | None, cluster: str | None = None, resume: bool = False, kept: bool = True
) -> Iterator[Any]:
    """Workers for a job, which is all that its result depends on: what was asked, and in files the digest of each.

    Finished parts are kept under `out/jobs` where there is a cluster, or the job is to be resumed, until the job is
    over; never if `kept` is not set. Raises `ClusterError` and `JournalError`.
    """
    from ceasefire.simulate.ensemble import RequestError

    if workers is not None and not 1 <= workers <= MOST_WORKERS:
        raise RequestError(f"{workers} workers were asked for; from 1 to {MOST_WORKERS} make sense")
    if workers is not None and cluster not in (None, LOCAL):
        raise RequestError(f"a scheduler has the workers that it has; leave out --workers {workers}, or say {LOCAL}")
    if cluster is None and not (resume and kept):
        yield workers
        return
    from ceasefire.simulate.cache import processor
    from ceasefire.simulate.cluster import connected
    from ceasefire.simulate.journal import Journal, digest
    from ceasefire.simulate.pool import Pool

    told = {name: digest(value) if isinstance(value, Path) else value for name, value in job.items()}
    with connected(cluster, workers) if cluster is not None else nullcontext() as found:
        mark = found.processor if found is not None else processor()
        journal = Journal(JOBS, {**told, "processor": mark}, resume=resume) if kept else None
        over = False
        try:
            if resume and journal is not None:
                print(f"{journal.parts()} parts of this job were kept.", file=sys.stderr)
            yield Pool(workers, cluster=found, journal=journal)
            over = True
        finally:
            if journal is not None:
                journal.close(drop=over)
            if found is not None and found.lost:
                complain(f"{found.lost} parts were begun again since their workers died")


def opening_of(
    scenario: str, on: str | None, evidence: Path | None, *, runs: int, weeks: int, seed: int
) -> dict[str, Any]:
    """What the wars of a command depend on."""
    from ceasefire.scenario.spec import NO_CALIBRATION
    from ceasefire.study.forecast import opened

    calibration = opened(scenario, on).calibration
    return {
        "scenario": scenario,
        "file": Path(scenario),
        "on": on,
        "evidence": evidence,
        "calibration": "" if calibration in ("", NO_CALIBRATION) else Path(calibration),
        "runs": runs,
        "weeks": weeks,
        "seed": seed,
    }
