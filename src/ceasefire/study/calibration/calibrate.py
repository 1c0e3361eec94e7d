"""Calibrate: learn, up to a cut-off, what the record teaches of numbers that do not change during a war.

Each module has its own likelihood and its own numbers (`module.py`), sampled by NUTS (`nuts.py`); couplings that no
likelihood knows are learned by ensemble Kalman inversion of the whole simulator (`inversion.py`). What comes out is a
`Posterior` of normal laws in the unit cube of the priors, and a report of whether it can be trusted:

    contraction = 1 − spread², of a number's score; below `LEAST` the number is called unidentified,
    recovery: correlation of posterior means with truths, over simulated data of the size of the record,
    covered: share of those truths within the central 90 % of their posterior,
    uniform: p-value of a χ² test that their ranks are uniform, and R̂ and the effective number of draws.

Left out: feedback between modules; what is not normal in scores.
Sources: model notes, section 13; Plummer 2015 (cut Bayes); Talts et al. 2018 (ranks).
"""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ceasefire.evidence import whole
from ceasefire.evidence.error import suggestion
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario import posterior, spec
from ceasefire.scenario.posterior import Law, Posterior
from ceasefire.scenario.spec import NO_CALIBRATION, Scenario, ScenarioError
from ceasefire.scenario.start import Start, open_war
from ceasefire.simulate.cache import keep_compiled
from ceasefire.simulate.pool import Workers, worked
from ceasefire.simulate.result import VERSION
from ceasefire.study.calibration import choice, front, inversion, losses, nuts, oil, opinion, salvos
from ceasefire.study.calibration.module import Module
from ceasefire.study.calibration.rank import trust

MODULES: tuple[Module, ...] = (front.MODULE, choice.MODULE, losses.MODULE, opinion.MODULE, salvos.MODULE, oil.MODULE)
INVERSION = "couplings"
REPLICATES, MEMBERS = 40, 2048
LEAST = 0.1
"""Contraction below which a number is called unidentified."""
FORMAT, ENDING = 1, ".report.json"

Progress = Callable[[int, int], None]
ONE_AT_A_TIME = threading.Lock()
"""numpyro keeps one stack of handlers for all threads of a process."""


@dataclass(frozen=True)
class Number:
    """What was learned of one number, and how well such a number can be learned."""

    module: str
    name: str
    prior: tuple[float, float, float]
    """5, 50 and 95 % points."""
    posterior: tuple[float, float, float]
    centre: float
    """Mean of the score; 0 is the prior's."""
    spread: float
    """Standard deviation of the score; 1 is the prior's."""
    contraction: float
    recovery: float
    covered: float
    uniform: float
    split_rhat: float | None
    """None where nothing was sampled."""
    effective: float | None

    @property
    def touched(self) -> bool:
        """Whether its prior was moved at all."""
        return self.centre != 0 or self.spread != 1

    @property
    def identified(self) -> bool:
        """Whether the record says something of it."""
        return self.contraction >= LEAST


@dataclass(frozen=True)
class Report:
    """How one calibration went."""

    war: str
    cut_off: str
    evidence: str
    program: str
    seed: int
    replicates: int
    numbers: tuple[Number, ...]
    divergent: dict[str, int]
    """Divergent steps by module."""
    without: tuple[str, ...]
    """Modules of which the record had nothing."""
    crosscheck: tuple[dict[str, Any], ...] = ()
    """What another method says of the couplings that moved most."""


@dataclass(frozen=True)
class Calibration:
    """What was learned at a cut-off."""

    posterior: Posterior
    report: Report


def calibrate(
    scenario: str | Path | Scenario,
    *,
    until: str | dt.date,
    only: Iterable[str] = (),
    evidence: str | Path | None = None,
    replicates: int = REPLICATES,
    members: int = MEMBERS,
    seed: int = 1,
    workers: Workers = None,
    on_progress: Progress | None = None,
) -> Calibration:
    """Learn from all that was known on a day; from some modules only, where they are named.

    Raises `ScenarioError` for a module that there is not, and what `open_war` raises where the war cannot be opened.
    """
    wanted = _wanted(tuple(only))
    _check(replicates, members)
    keep_compiled()
    asked = scenario if isinstance(scenario, Scenario) else spec.load(scenario)
    cut_off = _day(until)
    opened = asked.on(cut_off).model_copy(update={"calibration": NO_CALIBRATION})
    store = Store.open(evidence)
    vintage = Vintage(store, cut_off)
    start = open_war(opened, vintage)
    steps = _Steps(len(wanted), on_progress)
    laws, numbers, divergent, without = {}, [], {}, []
    modules = [module for module in MODULES if module.name in wanted]

    def work(number: int) -> tuple[Law, list[Number], int] | None:
        return _sampled(modules[number], start, vintage, replicates, seed)

    sampled = {}
    for number, found in worked(work, len(modules), workers, "modules"):
        sampled[number] = found
        steps.one()
    for number, module in enumerate(modules):
        if (found := sampled[number]) is None:
            without.append(module.name)
            continue
        laws[module.name], told, divergent[module.name] = found
        numbers += told
    crosscheck: tuple[dict[str, Any], ...] = ()
    if INVERSION in wanted:
        inverted = inversion.learn(
            opened,
            store,
            members=members,
            seed=seed,
            workers=workers,
            without={name for law in laws.values() for name in law.names},
            on_progress=steps.part(),
        )
        if inverted.law is None:
            without.append(INVERSION)
        else:
            laws[INVERSION] = inverted.law
        numbers += [_inverted(row) for row in inverted.rows]
        crosscheck = inverted.crosscheck
    program = VERSION
    learned = Posterior(asked.war.id, cut_off, vintage.hash, program, laws)
    report = Report(
        asked.war.id,
        str(cut_off),
        vintage.hash,
        program,
        seed,
        replicates,
        tuple(numbers),
        divergent,
        tuple(without),
        crosscheck,
    )
    return Calibration(learned, report)


def _wanted(only: tuple[str, ...]) -> tuple[str, ...]:
    known = (*(module.name for module in MODULES), INVERSION)
    for name in only:
        if name not in known:
            raise ScenarioError(f"unknown module {name!r}{suggestion(name, known)}; there are: {', '.join(known)}")
    return only or known


def _check(replicates: int, members: int) -> None:
    if not 20 <= replicates <= 2000:
        raise ScenarioError(f"{replicates} replicates were asked for; from 20 to 2000 make sense")
    if not 64 <= members <= 16384:
        raise ScenarioError(f"{members} members were asked for; from 64 to 16384 make sense")


def _day(until: str | dt.date) -> dt.date:
    try:
        return until if isinstance(until, dt.date) else dt.date.fromisoformat(until)
    except ValueError:
        raise ScenarioError(f"{until!r} is no day; one such as 2025-01-04 is needed") from None


class _Steps:
    """Progress of modules, each a hundred parts of the whole."""

    def __init__(self, number: int, on_progress: Progress | None) -> None:
        self.number, self.done, self.on_progress = number, 0, on_progress

    def one(self) -> None:
        """A module is done."""
        self.done += 1
        self._tell(100 * self.done)

    def part(self) -> Progress:
        """Progress of the next module."""
        first, self.done = self.done, self.done + 1
        return lambda done, of: self._tell(100 * first + 100 * done // max(of, 1))

    def _tell(self, done: int) -> None:
        if self.on_progress is not None:
            self.on_progress(done, 100 * self.number)


def _sampled(
    module: Module, start: Start, vintage: Vintage, replicates: int, seed: int
) -> tuple[Law, list[Number], int] | None:
    """What one likelihood says; None where the record has nothing that it needs."""
    data = module.gather(start, vintage)
    priors = module.priors(start, data) if data is not None else {}
    if not priors:
        return None
    with ONE_AT_A_TIME:
        found = nuts.sample(module, priors, data, seed=seed)
        again = nuts.replicate(module, priors, data, number=replicates, seed=seed)
    law = Law.of_scores(priors, found.scores)
    kept = tuple(name for name in priors if name not in module.nuisance)
    numbers = [
        Number(
            module.name,
            name,
            posterior.points(prior, 0.0, 1.0),
            posterior.points(prior, law.centre[k], law.spread[k]),
            float(law.centre[k]),
            float(law.spread[k]),
            float(1 - law.spread[k] ** 2),
            *_recovered(again, k),
            float(found.split_rhat[k]),
            float(found.effective[k]),
        )
        for k, (name, prior) in enumerate(priors.items())
        if name in kept
    ]
    return law.only(kept), numbers, found.divergent


def _recovered(again: nuts.Replicates, number: int) -> tuple[float, float, float]:
    """Recovery, coverage of 90 % intervals and p-value of uniform ranks of one number."""
    truth, rank = again.truth[number], again.rank[number]
    recovery = float(np.corrcoef(truth, again.mean[number])[0, 1])
    level = (rank + 0.5) / (again.among + 1)
    return recovery, *trust(level)


def _inverted(row: inversion.Row) -> Number:
    return Number(
        INVERSION,
        row.name,
        posterior.points(row.prior, 0.0, 1.0),
        posterior.points(row.prior, row.centre, row.spread),
        row.centre,
        row.spread,
        1 - row.spread**2,
        row.recovery,
        row.covered,
        row.uniform,
        None,
        None,
    )


# ------------------------------------------------------------------------------------------------------------ the files


def write(found: Calibration, folder: Path) -> tuple[Path, Path]:
    """Keep the posterior and its report. Raises `PosteriorError` where they cannot be."""
    kept = folder / f"{found.report.cut_off}{ENDING}"
    try:
        text = json.dumps({"format": FORMAT, **asdict(found.report)}, ensure_ascii=False, indent=1)
        whole.write(kept, text + "\n")
    except OSError as error:
        raise posterior.PosteriorError(f"cannot keep the report in {folder}: {error.strerror or error}") from None
    return posterior.write(found.posterior, folder), kept


def read_report(path: Path) -> Report:
    """A kept report. Raises `PosteriorError` where the file is none."""
    try:
        told: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if told["format"] != FORMAT:
            raise ValueError(f"its format is {told['format']}; {FORMAT} is read")
        rows = tuple(
            Number(**{**row, "prior": tuple(row["prior"]), "posterior": tuple(row["posterior"])})
            for row in told["numbers"]
        )
        rest = {key: value for key, value in told.items() if key not in ("format", "numbers")}
        rest["without"], rest["crosscheck"] = tuple(rest["without"]), tuple(rest["crosscheck"])
        return Report(numbers=rows, **rest)
    except OSError as error:
        raise posterior.PosteriorError(f"cannot read {path.name}: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise posterior.PosteriorError(f"{path.name} is no report of a calibration: {error}") from None
