"""The command line: parse, call one public function, print."""

from __future__ import annotations

import _thread
import errno
import gc
import io
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from ceasefire.cli.assimilate import assimilate
from ceasefire.cli.calibrate import calibrate
from ceasefire.cli.claims import claims_app
from ceasefire.cli.export import export
from ceasefire.cli.job import ClusterOption, ResumeOption, WorkersOption, at_work, opening_of
from ceasefire.cli.ledger import ledger_app
from ceasefire.cli.serve import serve
from ceasefire.cli.stack import stack
from ceasefire.cli.sweep import sweep
from ceasefire.cli.terminal import AsJson, EvidenceOption, complain, progress, show

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # matrices are small: more threads would wait for each other


class StoppedError(Exception):
    """The user pressed Ctrl-C."""


class Group(typer.core.TyperGroup):
    """Commands that stop with one line when the user presses Ctrl-C."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise StoppedError from None


app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="When, where and on what terms a war may end: forecasts with their uncertainty and their sources.",
)
evidence_app = typer.Typer(no_args_is_help=True, help="What is known, and who says so.")
app.add_typer(evidence_app, name="evidence")
app.add_typer(claims_app, name="claims")
app.add_typer(ledger_app, name="ledger")


def heed(ignored: Any) -> None:
    """Ask again for a Ctrl-C that was lost where nothing can be raised: in a callback of the garbage collector."""
    if ignored.exc_type is not None and issubclass(ignored.exc_type, KeyboardInterrupt):
        threading.Timer(0.05, _thread.interrupt_main).start()
    else:
        sys.__unraisablehook__(ignored)


def main() -> None:
    """Run the command line; a user's mistake is one line on standard error, never a traceback."""
    sys.unraisablehook = heed
    gc.set_threshold(100_000, 50, 50)  # what is imported stays, and need not be looked through again and again
    from ceasefire.evidence.error import CeasefireError

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()
        if code == 130:
            raise StoppedError
        sys.exit(code if isinstance(code, int) else 0)
    except typer.Exit as stop:
        sys.exit(stop.exit_code)
    except CeasefireError as error:
        _fail(str(error), 1)
    except (StoppedError, KeyboardInterrupt, typer.Abort):
        _stop()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _fail(f"cannot print the output: {error.strerror}", 1)
    except MemoryError:
        _fail("not enough memory; ask for fewer runs or weeks", 1)
    except Exception as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            print(error.ctx.get_help())  # type: ignore[attr-defined]
            sys.exit(2)
        if hasattr(error, "format_message"):  # typer's own usage errors
            _fail(f"{error.format_message()} (see --help)", 2)
        raise


def _fail(message: str, code: int) -> None:
    complain(message)
    sys.exit(code)


def _stop() -> None:
    """End at once: nothing is half-written by now, and workers need not finish what nobody will read."""
    working = any(thread.name.startswith("wars") for thread in threading.enumerate())
    try:
        _fail("stopped; nothing was written", 130)
    finally:
        if working:
            os._exit(130)


@app.command()
def scenarios(as_json: AsJson = False) -> None:
    """List the shipped scenarios.

    Example: ceasefire scenarios
    """
    from ceasefire.scenario import spec

    loaded = [spec.load(name) for name in spec.scenarios()]
    rows = [{"id": s.id, "opening": str(s.opening), "title": s.title, "question": s.question} for s in loaded]
    show(rows, as_json, lambda row: f"{row['id']}  ({row['opening']})  {row['title']}\n    {row['question']}")


@app.command()
def forecast(
    scenario: Annotated[
        str | None, typer.Argument(help="Name of a shipped scenario, or a scenario file (.toml); optional with --on.")
    ] = None,
    runs: Annotated[int, typer.Option(help="How many wars to simulate.")] = 2000,
    weeks: Annotated[int, typer.Option(help="How many weeks ahead.")] = 52,
    seed: Annotated[int, typer.Option(help="Same seed, same bits.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Folder to write; out/<scenario>/ otherwise.")] = None,
    on: Annotated[str | None, typer.Option(metavar="DATE", help="Open the scenario's war on another day.")] = None,
    evidence: EvidenceOption = None,
    stream: Annotated[
        bool,
        typer.Option("--stream", help="Up to 10 million runs in constant memory; chances, no report."),
    ] = False,
    series: Annotated[bool, typer.Option("--series", help="With --stream: keep the series of every war too.")] = False,
    workers: WorkersOption = None,
    cluster: ClusterOption = None,
    resume: ResumeOption = False,
    as_json: AsJson = False,
) -> None:
    """Forecast a scenario: simulate, summarise, write result.zarr, summary.json and report.html.

    Example: ceasefire forecast abu-dhabi-2026-01 --runs 2000 --weeks 52 --seed 1
    """
    from ceasefire.scenario import spec
    from ceasefire.simulate.ensemble import RequestError, check
    from ceasefire.simulate.run import prepare

    check(runs, weeks, seed, workers)
    if series and not stream:
        raise RequestError("--series is for --stream; a forecast without it keeps the series of every war anyway")
    name = _scenario(scenario, on)
    spec.load(name)  # a mistake is told before anything is read
    prepare()  # compiled code is read while the rest is imported

    from ceasefire.simulate.result import check_target
    from ceasefire.study.forecast import forecast as run_forecast
    from ceasefire.study.forecast import opened
    from ceasefire.study.summary import to_json
    from ceasefire.view import stream as view
    from ceasefire.view.early import line
    from ceasefire.view.export import FILES, write_result
    from ceasefire.view.text import render

    folder = out if out is not None else Path("out") / opened(name, on).id
    check_target(folder)
    job = {**opening_of(name, on, evidence, runs=runs, weeks=weeks, seed=seed), "stream": stream}
    with (
        at_work(job, workers=workers, cluster=cluster, resume=resume) as hands,
        progress("Simulating wars", not as_json, hands=hands) as on_progress,
    ):
        asked: Any = {"runs": runs, "weeks": weeks, "seed": seed, "on": on, "evidence": evidence, "workers": hands}
        asked["on_progress"] = on_progress
        if stream:
            print(view.streamed(name, folder, series=series, as_json=as_json, **asked))
        else:
            tell = None if as_json else lambda early: print(line(early), file=sys.stderr, flush=True)
            summary = write_result(run_forecast(name, **asked, on_early=tell), folder)
            print(to_json(summary) if as_json else render(summary, [folder / name for name in FILES]))


def _scenario(name: str | None, on: str | None) -> str:
    """The scenario that is named; with a date alone, the war of the first shipped one."""
    from ceasefire.scenario import spec

    if name is None and on is None:
        raise spec.ScenarioError(f"name a scenario, or a day with --on; there are: {', '.join(spec.scenarios())}")
    return spec.scenarios()[0] if name is None else name


@app.command()
def packs(
    only: Annotated[list[str] | None, typer.Argument(metavar="PACK", help="Names of packs; all otherwise.")] = None,
    runs: Annotated[int, typer.Option(help="How many wars to simulate for each opening.")] = 2000,
    seed: Annotated[int, typer.Option(help="Same seed, same bits.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Open four wars of the past before their end, and score when they ended against the base rate.

    Example: ceasefire packs korea
    """
    from ceasefire.study import packs as study
    from ceasefire.view.packs import screen

    found = study.check(only or None, runs=runs, seed=seed)
    print(json.dumps(found.told(), ensure_ascii=False, indent=1) if as_json else screen(found))


@app.command()
def fit(
    scenario: Annotated[
        str | None, typer.Argument(help="Name of a shipped scenario, or a scenario file (.toml); optional with --on.")
    ] = None,
    on: Annotated[str | None, typer.Option(metavar="DATE", help="Open the scenario's war on another day.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder to keep it in; the cache otherwise.")] = None,
    evidence: EvidenceOption = None,
    workers: WorkersOption = None,
    as_json: AsJson = False,
) -> None:
    """Fit what fighting on is worth to each side, on wars fought on without agreement; takes minutes.

    Shipped scenarios carry their fit, and a forecast of a war without one makes it.

    Example: ceasefire fit my-war.toml
    """
    from ceasefire.study import fit as study

    with progress("Fighting on", not as_json) as on_progress:
        found, path = study.fit(
            _scenario(scenario, on), on=on, evidence=evidence, out=out, workers=workers, on_progress=on_progress
        )
    print(study.to_json(found) if as_json else "\n".join([study.text(found), *([str(path)] if path else [])]))


@app.command()
def replay(
    result: Annotated[Path, typer.Argument(help="Folder of a result.")],
    run: Annotated[int, typer.Option(help="Which run.")] = 0,
    evidence: EvidenceOption = None,
    as_json: AsJson = False,
) -> None:
    """Simulate one run of a result again, bit for bit, and list its events.

    Example: ceasefire replay out/abu-dhabi-2026-01 --run 17
    """
    from ceasefire.simulate import result as results
    from ceasefire.study.replay import replay as run_replay

    again = run_replay(results.load(result), run, evidence=evidence)
    if as_json:
        print(json.dumps(again.told(), ensure_ascii=False, indent=1))
    else:
        print(f"Run {again.run}: {'the same bits as' if again.same_bits else 'NOT the bits that were'} recorded")
        for event in again.events:
            print(f"{event.date}  {event.text}")
    if not again.same_bits:
        raise typer.Exit(1)


@app.command()
def variables(
    match: Annotated[str, typer.Argument(help="Only names that contain this.")] = "", as_json: AsJson = False
) -> None:
    """List every input that can be set and every output: name, unit, meaning, owner.

    Example: ceasefire variables attrition
    """
    from ceasefire.scenario.start import variables as declared

    rows = [
        {
            "name": v.name,
            "index": [dim for dim in v.dims if dim != "run"],
            "kind": v.kind,
            "settable": v.kind == "parameter",
            "unit": v.unit,
            "meaning": v.doc,
            "owner": v.name.split(".")[0],
            "source": v.source or "",
        }
        for v in declared().values()
        if match in v.name
    ]
    if not rows:
        from ceasefire.evidence.error import suggestion
        from ceasefire.scenario.spec import ScenarioError

        raise ScenarioError(f"no variable contains {match!r}{suggestion(match, declared())}")
    show(rows, as_json, _variable_line)


def _variable_line(row: dict[str, Any]) -> str:
    index = f"[{','.join(row['index'])}]" if row["index"] else ""
    return f"{row['name'] + index:48} {row['unit']:14} {row['kind']:10} {row['meaning']}"


@evidence_app.command("build")
def evidence_build(
    source: Annotated[Path, typer.Option("--from", metavar="DIR", help="Folder of public upstream files.")],
    out: Annotated[Path, typer.Option("--out", metavar="STORE", help="Folder of the store to write.")],
    as_json: AsJson = False,
) -> None:
    """Build an evidence store from public upstream files.

    Example: ceasefire evidence build --from upstream --out my-store
    """
    from ceasefire.evidence.build import build

    messages: list[str] = []
    store = build(source, out, on_message=messages.append if as_json else lambda line: print(line, file=sys.stderr))
    told: dict[str, Any] = {"store": str(out), "rows": len(store.observations), "maps": len(store.control.dates)}
    if as_json:
        print(
            json.dumps({**told, "warnings": list(store.warnings), "messages": messages}, ensure_ascii=False, indent=1)
        )
    else:
        print(f"{told['store']}: {told['rows']:,} dated rows, {told['maps']} maps, {len(store.warnings)} warnings")


@evidence_app.command("explain")
def evidence_explain(
    name: Annotated[str, typer.Argument(help="A parameter, such as attrition.troops_opening[R], or a series.")],
    on: Annotated[str | None, typer.Option(metavar="DATE", help="As known on another day than the opening.")] = None,
    scenario: Annotated[
        str, typer.Option(help="Name of a shipped scenario, or a scenario file.")
    ] = "abu-dhabi-2026-01",
    evidence: EvidenceOption = None,
    as_json: AsJson = False,
) -> None:
    """Print the claims behind a number: who said what, when, and how much each counts for.

    Example: ceasefire evidence explain "attrition.troops_opening[R]" --on 2025-08-16
    """
    from ceasefire.study import provenance as study

    found = study.explain(name, scenario, on=on, evidence=evidence)
    print(study.to_json(found) if as_json else found.text())


@app.command()
def backtest(
    scenario: Annotated[str, typer.Argument(help="A scenario of the war, shipped or a file.")] = "alaska-2025-08",
    origins: Annotated[
        str, typer.Option(metavar="A..B", help="First and last opening day.")
    ] = "2025-01-04..2026-01-31",
    every: Annotated[str, typer.Option(help="Step between openings, in weeks.")] = "4w",
    horizons: Annotated[str, typer.Option(metavar="A..B", help="Weeks ahead.")] = "1..26",
    out: Annotated[Path, typer.Option(help="Folder to write; what is whole in it is kept.")] = Path("out/backtest"),
    draws: Annotated[int, typer.Option(help="How many wars to simulate for each opening.")] = 1000,
    seed: Annotated[int, typer.Option(help="Same seed, same bits.")] = 1,
    evidence: EvidenceOption = None,
    workers: WorkersOption = None,
    cluster: ClusterOption = None,
    as_json: AsJson = False,
) -> None:
    """Forecast past days from what was known on each, and score the forecasts against plain statistics.

    Example: ceasefire backtest --origins 2025-01-04..2026-01-31 --every 4w --horizons 1..26 --out out/backtest
    """
    from ceasefire.evidence.store import Store
    from ceasefire.study import backtest as study
    from ceasefire.study.scoreboard import scoreboard, to_json
    from ceasefire.view import scoreboard as view

    days, weeks = study.origins_between(origins, every), study.horizons_between(horizons)
    with (
        at_work({}, workers=workers, cluster=cluster, kept=False) as hands,
        progress("Forecasting past days", not as_json, hands=hands) as on_progress,
    ):
        study.backtest(
            scenario,
            origins=days,
            horizons=weeks,
            out=out,
            evidence=evidence,
            draws=draws,
            seed=seed,
            workers=hands,
            on_progress=on_progress,
        )
    if not as_json:
        print("Scoring …", file=sys.stderr)
    board = scoreboard(out, Store.open(evidence))
    files = view.write(board, out)
    print(to_json(board) if as_json else "\n".join([view.text(board), "", *map(str, files)]))


for command in (calibrate, assimilate, stack, sweep, export, serve):
    app.command()(command)


@app.command()
def seal(
    result: Annotated[Path, typer.Argument(help="Folder of a result.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="File to write; never overwritten.")],
) -> None:
    """Seal a forecast: one file that anybody can judge later and nobody can change unnoticed.

    Example: ceasefire seal out/abu-dhabi-2026-01 --out abu-dhabi-2026-01.sealed.json
    """
    from ceasefire.simulate import result as results
    from ceasefire.study import seal as study

    document = study.seal(results.load(result))
    study.write(document, out)
    number = sum(len(document[part]) for part in ("quantities", "towns", "endings"))
    print(f"{out}: {number} statements\n{document['seal']}")


@app.command()
def grade(
    file: Annotated[Path, typer.Argument(help="A sealed forecast.")],
    evidence: EvidenceOption = None,
    as_json: AsJson = False,
) -> None:
    """Check the seal of a forecast, and score what the evidence has reached.

    Example: ceasefire grade abu-dhabi-2026-01.sealed.json
    """
    from ceasefire.evidence.store import Store
    from ceasefire.study import seal as study

    report = study.grade(study.read(file), Store.open(evidence))
    told = {**asdict(report), "verified": True, "totals": report.totals()}
    print(json.dumps(told, ensure_ascii=False, indent=1) if as_json else study.render(report))


@app.command()
def diff(
    before: Annotated[Path, typer.Argument(metavar="RESULT_A", help="Folder of a result.")],
    after: Annotated[Path, typer.Argument(metavar="RESULT_B", help="Folder of a later result of the same war.")],
    evidence_a: Annotated[Path | None, typer.Option(metavar="STORE", help="Evidence of the first result.")] = None,
    evidence_b: Annotated[Path | None, typer.Option(metavar="STORE", help="Evidence of the second result.")] = None,
    runs: Annotated[int | None, typer.Option(help="How many runs to compare; all that both have otherwise.")] = None,
    workers: WorkersOption = None,
    as_json: AsJson = False,
) -> None:
    """Tell why two forecasts of a war differ: code, evidence, numbers of the scenario, or luck.

    Example: ceasefire diff out/january out/february --runs 500
    """
    from ceasefire.simulate import result as results
    from ceasefire.study import diff as study

    found = study.diff(
        results.load(before),
        results.load(after),
        evidence_one=evidence_a,
        evidence_other=evidence_b,
        runs=runs,
        workers=workers,
    )
    print(json.dumps(asdict(found), ensure_ascii=False, indent=1) if as_json else study.render(found))


DoOption = Annotated[
    list[str] | None,
    typer.Option("--do", metavar="NAME=VALUE[@FROM..TO]", help="An intervention; may be given many times."),
]


@app.command()
def whatif(
    scenario: Annotated[
        str | None, typer.Argument(help="Name of a shipped scenario, or a scenario file (.toml); optional with --on.")
    ] = None,
    do: DoOption = None,
    given: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE[@FROM..TO]", help="What holds with and without; repeatable.")
    ] = None,
    policy: Annotated[Path | None, typer.Option(metavar="FILE", help="Interventions from a file (.toml).")] = None,
    runs: Annotated[int, typer.Option(help="How many wars to fight, with and without.")] = 1024,
    weeks: Annotated[int, typer.Option(help="How many weeks ahead.")] = 52,
    seed: Annotated[int, typer.Option(help="Same seed, same bits.")] = 1,
    on: Annotated[str | None, typer.Option(metavar="DATE", help="Open the scenario's war on another day.")] = None,
    surprise: Annotated[
        bool,
        typer.Option("--surprise", help="Neither side reckons with it; otherwise both do, once it begins."),
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="Every number that differs in some run.")] = False,
    match: Annotated[str, typer.Option(metavar="TEXT", help="Numbers whose name contains this.")] = "",
    figure: Annotated[Path | None, typer.Option(metavar="FILE.svg", help="Draw the headline week by week.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder to write: JSON, text, figure, page.")] = None,
    evidence: EvidenceOption = None,
    workers: WorkersOption = None,
    cluster: ClusterOption = None,
    resume: ResumeOption = False,
    as_json: AsJson = False,
) -> None:
    """Compare a war with and without an intervention, run by run with the same luck.

    VALUE is a number (0.5), a factor (x0.5) or a shift (+300, -300; a negative number is (-300)). FROM and TO are weeks
    (1 is the first) or days; @5 lasts until the horizon. Labels left out, or *, mean all.

    Example: ceasefire whatif abu-dhabi-2026-01 --do "manpower.recruitment[Russia]=x0.5@5..26"
    """
    from ceasefire.study import whatif as study
    from ceasefire.study.scoreboard import write_whole
    from ceasefire.view import whatif as view

    if figure is not None:
        view.check_file(figure)
    if out is not None:
        view.check_folder(out)
    name = _scenario(scenario, on)
    job = {
        **opening_of(name, on, evidence, runs=runs, weeks=weeks, seed=seed),
        "whatif": [do or [], given or [], surprise],
        "policy": policy,
    }
    with (
        at_work(job, workers=workers, cluster=cluster, resume=resume) as hands,
        _answers(not as_json) as on_progress,
    ):
        found = study.whatif(
            name,
            do or [],
            given=given or [],
            policy=policy,
            runs=runs,
            weeks=weeks,
            seed=seed,
            on=on,
            evidence=evidence,
            workers=hands,
            surprise=surprise,
            on_progress=on_progress,
        )
        told = study.to_json(found) if as_json else view.text(found, everything=everything, match=match)
        if figure is not None:
            write_whole(figure, view.figure(found))
        files = [*([figure] if figure else []), *(view.write(found, out) if out is not None else ())]
    print(told if as_json or not files else "\n".join([told, "Files: " + "  ".join(map(str, files))]))


@contextmanager
def _answers(shown: bool) -> Iterator[Callable[[int, int, Any], None] | None]:
    """The answer as it grows, on standard error: a live line on a terminal, the first and the last otherwise."""
    if not shown:
        yield None
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    from ceasefire.view.whatif import live

    console, began, told = Console(stderr=True, soft_wrap=True, highlight=False), time.monotonic(), list[int]()

    def line(done: int, total: int, found: Any) -> str:
        return f"{time.monotonic() - began:.0f} s, {done} of {total}: {live(found)}"

    if not console.is_terminal:

        def tell(done: int, total: int, found: Any) -> None:
            if not told or done == total:
                console.print(line(done, total, found), markup=False)
            told.append(done)

        yield tell
        return
    with Live(Text("Fighting the first wars …"), console=console, transient=True) as screen:
        yield lambda done, total, found: screen.update(Text(line(done, total, found)))


@app.command()
def zone(
    scenario: Annotated[
        str | None, typer.Argument(help="Name of a shipped scenario, or a scenario file (.toml); optional with --on.")
    ] = None,
    do: DoOption = None,
    runs: Annotated[int, typer.Option(help="How many draws of what is not known.")] = 512,
    seed: Annotated[int, typer.Option(help="Same seed, same bits.")] = 1,
    top: Annotated[int, typer.Option(help="How many packages to list.")] = 20,
    on: Annotated[str | None, typer.Option(metavar="DATE", help="Open the scenario's war on another day.")] = None,
    evidence: EvidenceOption = None,
    as_json: AsJson = False,
) -> None:
    """List the packages of terms that both sides would prefer to fighting on, and what would bring others in.

    Nothing is fought: terms are weighed as they stand at the opening, in many draws of what is not known. What is
    decreed acts on that day.

    Example: ceasefire zone abu-dhabi-2026-01 --do "talks.pressure[R]=x2"
    """
    from ceasefire.study import zone as study
    from ceasefire.view import zone as view

    found = study.zone(_scenario(scenario, on), on=on, do=do or [], runs=runs, seed=seed, top=top, evidence=evidence)
    print(study.to_json(found) if as_json else view.text(found))


@app.command()
def terms(
    scenario: Annotated[
        str | None, typer.Argument(help="Name of a shipped scenario, or a scenario file (.toml); optional with --on.")
    ] = None,
    package: Annotated[str, typer.Option(metavar="ID", help="A package, as `ceasefire zone` names it.")] = ...,  # type: ignore[assignment]
    out: Annotated[Path, typer.Option(metavar="FILE.geojson", help="File to write.")] = ...,  # type: ignore[assignment]
    on: Annotated[str | None, typer.Option(metavar="DATE", help="Open the scenario's war on another day.")] = None,
    evidence: EvidenceOption = None,
) -> None:
    """Draw a package of terms on the map of the opening: line, zone, what changes hands, as GeoJSON.

    Example: ceasefire terms abu-dhabi-2026-01 --package ID --out terms.geojson
    """
    from ceasefire.study import terms as study
    from ceasefire.study.scoreboard import write_whole
    from ceasefire.view.whatif import check_file
    from ceasefire.view.zone import terms_text

    check_file(out)
    drawn = study.terms(_scenario(scenario, on), package, on=on, evidence=evidence)
    write_whole(out, study.to_geojson(drawn))
    print(f"{terms_text(drawn)}\nFile: {out}")


@app.command()
def ablate(
    scenario: Annotated[str, typer.Argument(help="Name of a shipped scenario, or a scenario file.")] = "alaska-2025-08",
    match: Annotated[str, typer.Option(metavar="TEXT", help="Only couplings whose name contains this.")] = "",
    runs: Annotated[int, typer.Option(help="How many wars to fight, with and without each coupling.")] = 128,
    weeks: Annotated[int, typer.Option(help="How many weeks ahead.")] = 52,
    origins: Annotated[
        str, typer.Option(metavar="A..B", help="First and last opening day of the backtest.")
    ] = "2025-01-04..2025-08-02",
    every: Annotated[str, typer.Option(help="Step between openings, in weeks.")] = "10w",
    draws: Annotated[int, typer.Option(help="How many wars to fight for each opening.")] = 128,
    backtest: Annotated[bool, typer.Option(help="Score each coupling on past days as well.")] = True,
    seed: Annotated[int, typer.Option(help="Same seed, same bits.")] = 1,
    evidence: EvidenceOption = None,
    workers: WorkersOption = None,
    as_json: AsJson = False,
) -> None:
    """Take each coupling out in turn: what it does to the forecast, and whether it earns its place in the backtest.

    Example: ceasefire ablate alaska-2025-08 --match drone --every 15w
    """
    from ceasefire.study import ablate as study
    from ceasefire.view import ablate as view

    with progress("Taking couplings out", not as_json) as on_progress:
        found = study.ablate(
            scenario,
            match=match,
            runs=runs,
            weeks=weeks,
            origins=origins if backtest else None,
            every=every,
            draws=draws,
            seed=seed,
            evidence=evidence,
            workers=workers,
            on_progress=on_progress,
        )
    print(study.to_json(found) if as_json else view.text(found))


@app.command()
def explain(
    name: Annotated[str, typer.Argument(help="What to explain: revenue, or a quantity such as front.taken[Russia].")],
    scenario: Annotated[
        str, typer.Argument(help="Name of a shipped scenario, or a scenario file.")
    ] = "abu-dhabi-2026-01",
    side: Annotated[str | None, typer.Option(help="Whose revenue; the first side with oil otherwise.")] = None,
    depth: Annotated[int, typer.Option(help="How many steps back from a quantity.")] = 3,
    given: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE[@FROM..TO]", help="What holds in all wars; repeatable.")
    ] = None,
    svg: Annotated[Path | None, typer.Option(metavar="FILE.svg", help="Draw the chain of a quantity.")] = None,
    runs: Annotated[int | None, typer.Option(help="How many wars to fight: 256 for revenue, 64 otherwise.")] = None,
    weeks: Annotated[int | None, typer.Option(help="How many weeks ahead: 52 for revenue, 26 otherwise.")] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same bits.")] = 1,
    on: Annotated[str | None, typer.Option(metavar="DATE", help="Open the scenario's war on another day.")] = None,
    evidence: EvidenceOption = None,
    workers: WorkersOption = None,
    as_json: AsJson = False,
) -> None:
    """Take a number apart: the revenue from oil, or any quantity of the war and the chain from its causes.

    Revenue is told as the record has it, and as the model has it. A quantity is told with what acts on it in the model,
    link by link, and how strong each link is in this scenario.

    Example: ceasefire explain "industry.munitions_made[Russia,shell]" abu-dhabi-2026-01 --depth 2
    """
    from ceasefire.evidence.error import CeasefireError
    from ceasefire.study import chain
    from ceasefire.study import explain as study
    from ceasefire.study.scoreboard import write_whole
    from ceasefire.view import chain as chain_view
    from ceasefire.view import explain as view
    from ceasefire.view.whatif import check_file

    if svg is not None:
        if "." not in name:
            raise CeasefireError("only the chain of a quantity, such as front.taken[Russia], can be drawn with --svg")
        check_file(svg)
    with progress("Simulating wars", not as_json) as on_progress:
        found = study.explain(
            name,
            scenario,
            side=side,
            given=given or (),
            runs=runs,
            weeks=weeks,
            seed=seed,
            depth=depth,
            on=on,
            evidence=evidence,
            workers=workers,
            on_progress=on_progress,
        )
    if svg is not None:
        if not isinstance(found, chain.Chain):
            raise CeasefireError(f"{name} is given; there is no chain to draw")
        write_whole(svg, chain_view.svg(found))
    told = view.text(found) if isinstance(found, study.Revenue) else chain_view.text(found)
    print(study.to_json(found) if as_json else told if svg is None else f"{told}\nFile: {svg}")


@app.command()
def influence(
    scenario: Annotated[
        str, typer.Argument(help="Name of a shipped scenario, or a scenario file.")
    ] = "abu-dhabi-2026-01",
    match: Annotated[str, typer.Option(metavar="TEXT", help="Only sources whose name contains this.")] = "",
    runs: Annotated[int, typer.Option(help="How many wars to fight, with and without each.")] = 256,
    weeks: Annotated[int, typer.Option(help="How many weeks ahead.")] = 52,
    seed: Annotated[int, typer.Option(help="Same seed, same bits.")] = 1,
    on: Annotated[str | None, typer.Option(metavar="DATE", help="Open the scenario's war on another day.")] = None,
    evidence: EvidenceOption = None,
    workers: WorkersOption = None,
    cluster: ClusterOption = None,
    resume: ResumeOption = False,
    as_json: AsJson = False,
) -> None:
    """Drop every source in turn, and show what that does to the forecast; and what a new claim would be worth.

    Example: ceasefire influence abu-dhabi-2026-01 --match DeepState --runs 256
    """
    from ceasefire.study import influence as study
    from ceasefire.view import influence as view

    job = {**opening_of(scenario, on, evidence, runs=runs, weeks=weeks, seed=seed), "influence": match}
    with (
        at_work(job, workers=workers, cluster=cluster, resume=resume) as hands,
        progress("Dropping sources", not as_json, hands=hands) as on_progress,
    ):
        found = study.influence(
            scenario,
            match=match,
            runs=runs,
            weeks=weeks,
            seed=seed,
            on=on,
            evidence=evidence,
            workers=hands,
            on_progress=on_progress,
        )
    print(study.to_json(found) if as_json else view.text(found))
