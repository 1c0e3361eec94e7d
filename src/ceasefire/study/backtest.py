"""Backtest: the same program on dates that it could not see past.

For each origin the war is opened from the evidence as it stood that day and simulated for the longest horizon. What is
written are draws of the change of each target (mapped area in total and by axis, claimed losses by item) and the
probability that each cell near the front is held, in the columns of the public scoring format, one pair of files an
origin. An origin whose files are whole is not done again.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario import spec
from ceasefire.scenario.spec import Scenario, ScenarioError
from ceasefire.scenario.start import open_war
from ceasefire.scenario.theatre import plane
from ceasefire.simulate import ensemble as many
from ceasefire.simulate.ensemble import Ensemble
from ceasefire.simulate.result import VERSION
from ceasefire.study import observe

DRAWS = 1000
WITHIN_KM = 30.0
"""Cells this near the front at the origin are forecast."""
FOLDER, SETTINGS = "forecasts", "backtest.json"


@dataclass(frozen=True)
class Plan:
    """What a backtest is of."""

    war: str
    origins: tuple[str, ...]
    horizons: tuple[int, ...]
    draws: int
    seed: int
    version: str = VERSION


@dataclass(frozen=True)
class Forecasts:
    """What one origin's forecast says, in the terms of the score."""

    origin: str
    horizons: tuple[int, ...]
    targets: tuple[str, ...]
    change: NDArray[np.float64]
    """[target, horizon, draw] since the origin."""
    cell: NDArray[np.uint64]
    probability: NDArray[np.float64]
    """[horizon, cell] that the first side holds at least half."""


def origins_between(text: str, every: str) -> tuple[str, ...]:
    """Origins `A..B` in steps such as `4w`. Raises `ScenarioError` where either makes no sense."""
    try:
        first, last = (dt.date.fromisoformat(part) for part in text.split(".."))
        weeks = int(every.removesuffix("w"))
        if weeks < 1 or first > last or not every.endswith("w"):
            raise ValueError
    except ValueError:
        raise ScenarioError(f"origins {text!r} every {every!r}: DATE..DATE and a step such as 4w are needed") from None
    count = (last - first).days // (7 * weeks) + 1
    return tuple(str(first + dt.timedelta(weeks=weeks * k)) for k in range(count))


def horizons_between(text: str) -> tuple[int, ...]:
    """Horizons `A..B` in weeks. Raises `ScenarioError` where they make no sense."""
    try:
        first, last = (int(part) for part in text.split(".."))
        if not 1 <= first <= last <= 104:
            raise ValueError
    except ValueError:
        raise ScenarioError(f"horizons {text!r}: A..B in weeks are needed, 1 to 104, such as 1..26") from None
    return tuple(range(first, last + 1))


def forecast_origin(
    scenario: Scenario,
    store: Store,
    origin: str,
    horizons: Sequence[int],
    *,
    draws: int = DRAWS,
    seed: int = 1,
    workers: int | None = None,
) -> Forecasts:
    """Open the war on a day from what was known, simulate it, and say what the score asks."""
    opened = scenario.on(dt.date.fromisoformat(origin))
    start = open_war(opened, Vintage(store, origin))
    ensemble = many.simulate(start, runs=draws, weeks=max(horizons), seed=seed, workers=workers)
    return in_terms_of_score(ensemble, origin, tuple(horizons))


def in_terms_of_score(ensemble: Ensemble, origin: str, horizons: tuple[int, ...]) -> Forecasts:
    """Changes of mapped area and claimed losses since the opening, and control of the cells near the front."""
    start, at = ensemble.start, np.array(horizons)
    net = ensemble.series["taken"][:, 0] - ensemble.series["taken"][:, 1]
    area = observe.mapped(ensemble, np.concatenate([np.zeros_like(net[:1]), np.cumsum(net, axis=0)]))[at]
    claims = np.cumsum(observe.claims(ensemble), axis=0)[at - 1]
    followed = [k for k, claim in enumerate(start.labels["claim"]) if (0, claim) in start.intensity]
    change = np.concatenate([area.sum(axis=1)[:, None], area, claims[:, followed]], axis=1)
    targets = ("area_total", *(f"area_{axis}" for axis in start.labels["axis"]))
    near = distance_to_front(start.theatre.latitude, start.theatre.longitude, start.theatre.opening_share) <= WITHIN_KM
    return Forecasts(
        origin=origin,
        horizons=horizons,
        targets=(*targets, *(f"loss_{start.labels['claim'][k]}" for k in followed)),
        change=change.transpose(1, 0, 2),
        cell=start.theatre.cell[near],
        probability=(ensemble.control[at][:, near] / ensemble.runs),
    )


def distance_to_front(latitude: NDArray, longitude: NDArray, share: NDArray) -> NDArray[np.float64]:
    """Km from each cell to the nearest cell that the other side holds, less half a cell."""
    position, held = plane(latitude, longitude), share >= 0.5
    if held.all() or not held.any():
        return np.full(len(share), np.inf)
    other = np.where(held, cKDTree(position[~held]).query(position)[0], cKDTree(position[held]).query(position)[0])
    return other - 1.3


def write(found: Forecasts, folder: Path) -> None:
    """Write one origin's two files, each whole or not at all; cells first, so that the samples mark it done."""
    _write(folder / f"{found.origin}.cells.csv.gz", _cell_lines(found))
    _write(folder / f"{found.origin}.samples.csv.gz", _sample_lines(found))


def _write(path: Path, lines: Iterator[str]) -> None:
    aside = path.with_name(f".{path.name}.partial")
    try:
        with aside.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=4, mtime=0) as packed:
            with io.TextIOWrapper(packed, encoding="ascii", newline="") as text:
                text.writelines(lines)
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def _sample_lines(found: Forecasts) -> Iterator[str]:
    yield "origin,horizon_weeks,target,sample_id,value\n"
    for target, by_horizon in zip(found.targets, found.change, strict=True):
        for horizon, draws in zip(found.horizons, by_horizon, strict=True):
            head = f"{found.origin},{horizon},{target},"
            yield "".join(f"{head}{k},{value:.6g}\n" for k, value in enumerate(draws.tolist()))


def _cell_lines(found: Forecasts) -> Iterator[str]:
    yield "origin,horizon_weeks,cell,prob\n"
    names = [f"{cell:x}" for cell in found.cell.tolist()]
    for horizon, probability in zip(found.horizons, found.probability, strict=True):
        head = f"{found.origin},{horizon},"
        yield "".join(f"{head}{name},{p:.6g}\n" for name, p in zip(names, probability.tolist(), strict=True))


def read(folder: Path) -> tuple[dict, dict]:
    """Forecasts of a folder: {(origin, target, horizon): draws} and {(origin, horizon): {cell: probability}}."""
    draws: dict[tuple[np.datetime64, str, int], list[float]] = {}
    cells: dict[tuple[np.datetime64, int], dict[int, float]] = {}
    for path in sorted(folder.glob("*.samples.csv.gz")):
        with gzip.open(path, "rt", encoding="ascii", newline="") as text:
            for origin, horizon, target, _, value in _rows(text):
                draws.setdefault((np.datetime64(origin), target, int(horizon)), []).append(float(value))
    for path in sorted(folder.glob("*.cells.csv.gz")):
        with gzip.open(path, "rt", encoding="ascii", newline="") as text:
            for origin, horizon, cell, probability in _rows(text):
                cells.setdefault((np.datetime64(origin), int(horizon)), {})[int(cell, 16)] = float(probability)
    return {key: np.array(values) for key, values in draws.items()}, cells


def _rows(text: io.TextIOBase) -> Iterator[list[str]]:
    rows = csv.reader(text)
    next(rows)
    return rows


def backtest(
    scenario: str | Path | Scenario,
    *,
    origins: Sequence[str],
    horizons: Sequence[int],
    out: str | Path,
    evidence: str | Path | None = None,
    draws: int = DRAWS,
    seed: int = 1,
    workers: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Forecast every origin into `out`/forecasts and return that folder; what is whole already is kept.

    Raises `ScenarioError` where the folder holds a backtest with other settings, `EvidenceError` for an origin that
    the evidence cannot open.
    """
    asked = scenario if isinstance(scenario, Scenario) else spec.load(scenario)
    store = Store.open(evidence)
    plan = Plan(asked.war.id, tuple(origins), tuple(horizons), draws, seed)
    folder = _prepare(Path(out), plan)
    for origin in origins:
        Vintage(store, origin)
    for done, origin in enumerate(origins):
        if not (folder / f"{origin}.samples.csv.gz").exists():
            found = forecast_origin(asked, store, origin, plan.horizons, draws=draws, seed=seed, workers=workers)
            write(found, folder)
        if on_progress:
            on_progress(done + 1, len(origins))
    return folder


def _prepare(out: Path, plan: Plan) -> Path:
    """Make the folder, or check that what it holds is of the same plan."""
    folder, settings = out / FOLDER, out / SETTINGS
    same = {key: value for key, value in asdict(plan).items() if key != "origins"}
    same["horizons"] = list(plan.horizons)
    try:
        if settings.exists():
            found = json.loads(settings.read_text())
            if found != same:
                raise ScenarioError(f"{out} holds a backtest with other settings ({found}); name another folder")
        folder.mkdir(parents=True, exist_ok=True)
        settings.write_text(json.dumps(same, indent=1))
    except (OSError, ValueError) as error:
        raise ScenarioError(f"cannot use {out}: {error}") from None
    return folder
