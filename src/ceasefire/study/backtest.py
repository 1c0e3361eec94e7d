"""Backtest: the same program on dates that it could not see past.

For each origin the war is opened from the evidence as it stood that day and simulated for the longest horizon. What is
written are draws of the change of each target (mapped area in total and by axis, claimed losses by item) and the
probability that each cell near the front is held, in the columns of the public scoring format, one pair of files an
origin. An origin whose files are whole is not done again.

The draws of the simulator alone lie in `members`; those in `forecasts` are mixed with plain statistics by weights that
were learned before the origin (`mixture.py`). With other weights only the mixture is made anew.
"""

from __future__ import annotations

import csv
import ctypes
import datetime as dt
import gzip
import io
import json
import os
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import h3.api.numpy_int as h3
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ceasefire.evidence.error import EvidenceError
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario import posterior, spec
from ceasefire.scenario.spec import Scenario, ScenarioError
from ceasefire.scenario.start import open_war
from ceasefire.scenario.theatre import Theatre, plane
from ceasefire.simulate import ensemble as many
from ceasefire.simulate.cache import keep_compiled
from ceasefire.simulate.ensemble import Ensemble
from ceasefire.simulate.pool import Workers
from ceasefire.simulate.result import VERSION
from ceasefire.study import mixture, observe
from ceasefire.study.mixture import Weights

DRAWS = 1000
WITHIN_KM = 30.0
"""Cells this near the front at the origin are forecast."""
FOLDER, SIMULATED, SETTINGS = "forecasts", "members", "backtest.json"
SAMPLES, CELLS, PARTIAL = ".samples.csv.gz", ".cells.csv.gz", ".partial"
SAMPLE_COLUMNS = ("origin", "horizon_weeks", "target", "sample_id", "value")
CELL_COLUMNS = ("origin", "horizon_weeks", "cell", "prob")
LONGEST = 104
"""Weeks."""
SHORTEST = 12
"""Weekly changes of the map that an origin must have behind it, as the baselines need them."""

Draws = dict[tuple[np.datetime64, str, int], NDArray[np.float64]]
"""Draws of the change by origin, target and horizon in weeks."""
CellChances = dict[tuple[np.datetime64, int], tuple[NDArray[np.uint64], NDArray[np.float64]]]
"""Cells, and the probability of each that the first side holds half of it, by origin and horizon."""


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
        if not 1 <= first <= last <= LONGEST:
            raise ValueError
    except ValueError:
        raise ScenarioError(f"horizons {text!r}: A..B in weeks are needed, 1 to {LONGEST}, such as 1..26") from None
    return tuple(range(first, last + 1))


def forecast_origin(
    scenario: Scenario,
    store: Store,
    origin: str,
    horizons: Sequence[int],
    *,
    draws: int = DRAWS,
    seed: int = 1,
    workers: Workers = None,
) -> Forecasts:
    """Open the war on a day from what was known, simulate it, and say what the score asks."""
    opened = scenario.on(dt.date.fromisoformat(origin))
    start = open_war(opened, Vintage(store, origin))
    ensemble = many.simulate(start, runs=draws, weeks=max(horizons), seed=seed, workers=workers)
    return in_terms_of_score(ensemble, origin, tuple(horizons))


def in_terms_of_score(ensemble: Ensemble, origin: str, horizons: tuple[int, ...]) -> Forecasts:
    """Changes of mapped area and claimed losses since the opening, and control of the cells near the front."""
    start = ensemble.start
    targets, change = changes(ensemble, horizons)
    near = distance_to_front(start.theatre.latitude, start.theatre.longitude, start.theatre.opening_share) <= WITHIN_KM
    near &= as_recorded(start.theatre)
    return Forecasts(
        origin=origin,
        horizons=horizons,
        targets=targets,
        change=change,
        cell=start.theatre.cell[near],
        probability=(ensemble.control[np.array(horizons)][:, near] / ensemble.runs),
    )


def changes(ensemble: Ensemble, horizons: tuple[int, ...]) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Targets, and the change of each since the opening, [target, horizon, draw]."""
    start, at, net = ensemble.start, np.array(horizons), ensemble.net_gain()
    area = observe.mapped(ensemble, np.concatenate([np.zeros_like(net[:1]), np.cumsum(net, axis=0)]))[at]
    claims = np.cumsum(observe.claims(ensemble), axis=0)[at - 1]
    followed = [k for k, claim in enumerate(start.labels["claim"]) if (0, claim) in start.intensity]
    change = np.concatenate([area.sum(axis=1)[:, None], area, claims[:, followed]], axis=1)
    targets = ("area_total", *(f"area_{axis}" for axis in start.labels["axis"]))
    claimed = (f"loss_{start.labels['claim'][k]}" for k in followed)
    return (*targets, *claimed), change.transpose(1, 0, 2)


def as_recorded(theatre: Theatre) -> NDArray[np.bool_]:
    """Cells that open in the same hands as on the record.

    The score asks for half of the whole cell, the model knows the part inside the country: at coasts and borders they
    disagree from the start, and such cells are left out, which says that they stay as they are.
    """
    inside = theatre.area / np.array([h3.cell_area(cell, unit="km^2") for cell in theatre.cell])
    return (theatre.share[-1] * inside >= 0.5) == (theatre.opening_share >= 0.5)


def distance_to_front(latitude: NDArray, longitude: NDArray, share: NDArray) -> NDArray[np.float64]:
    """Km from each cell to the nearest cell that the other side holds, less half a cell."""
    position, held = plane(latitude, longitude), share >= 0.5
    if held.all() or not held.any():
        return np.full(len(share), np.inf)
    other = np.where(held, cKDTree(position[~held]).query(position)[0], cKDTree(position[held]).query(position)[0])
    return other - 1.3


def write(found: Forecasts, folder: Path) -> None:
    """Write one origin's two files, each whole or not at all; cells first, so that the samples mark it done."""
    write_cells(found, folder)
    write_samples(found, folder)


def write_cells(found: Forecasts, folder: Path) -> None:
    """Write the cells of one origin, whole or not at all."""
    _write(folder / f"{found.origin}{CELLS}", _cell_lines(found))


def write_samples(found: Forecasts, folder: Path) -> None:
    """Write the draws of one origin, whole or not at all."""
    _write(folder / f"{found.origin}{SAMPLES}", _sample_lines(found))


def _write(path: Path, lines: Iterator[str]) -> None:
    """Written beside the folder of forecasts, which never holds anything else, and renamed into it."""
    aside = path.parent.parent / f".{path.name}{PARTIAL}"
    try:
        with (
            aside.open("wb") as raw,
            gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=4, mtime=0) as packed,
            io.TextIOWrapper(packed, encoding="ascii", newline="") as text,
        ):
            text.writelines(lines)
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def _sample_lines(found: Forecasts) -> Iterator[str]:
    yield ",".join(SAMPLE_COLUMNS) + "\n"
    for target, by_horizon in zip(found.targets, found.change, strict=True):
        for horizon, draws in zip(found.horizons, by_horizon, strict=True):
            head = f"{found.origin},{horizon},{target},"
            yield "".join(f"{head}{k},{value:.6g}\n" for k, value in enumerate(draws.tolist()))


def _cell_lines(found: Forecasts) -> Iterator[str]:
    yield ",".join(CELL_COLUMNS) + "\n"
    names = [f"{cell:x}" for cell in found.cell.tolist()]
    for horizon, probability in zip(found.horizons, found.probability, strict=True):
        head = f"{found.origin},{horizon},"
        yield "".join(f"{head}{name},{p:.6g}\n" for name, p in zip(names, probability.tolist(), strict=True))


# ---------------------------------------------------------------------------------------------------------- reading


def read(folder: Path) -> tuple[Draws, CellChances]:
    """Forecasts of a folder. Raises `ScenarioError` where a file is broken or there is none."""
    draws = read_samples(folder)
    cells: CellChances = {}
    for path in sorted(folder.glob(f"*{CELLS}")):
        number: dict[str, int] = {}
        for (origin, horizon), names, values in _groups(path, CELL_COLUMNS):
            number.update((name, int(name, 16)) for name in set(names).difference(number))
            listed = np.array([number[name] for name in names], np.uint64)
            _add(cells, path, (np.datetime64(origin, "D"), int(horizon)), (listed, values))
    return draws, cells


def read_samples(folder: Path, before: str | None = None) -> Draws:
    """Draws of a folder; of files named by a day, those before a given one alone are opened.

    Raises `ScenarioError` where a file is broken or there is none.
    """
    draws: Draws = {}
    paths = sorted(folder.glob(f"*{SAMPLES}"))
    if not paths:
        raise ScenarioError(f"{folder} holds no forecasts (DATE{SAMPLES}); `ceasefire backtest` writes them")
    for path in paths:
        if before is None or path.name.removesuffix(SAMPLES) < before:
            for (origin, horizon, target), _, values in _groups(path, SAMPLE_COLUMNS):
                _add(draws, path, (np.datetime64(origin, "D"), target, int(horizon)), values)
    return draws


def settings_of(folder: Path) -> dict[str, Any]:
    """What a backtest was made with; empty where that cannot be read."""
    try:
        found = json.loads((folder / SETTINGS).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def folder_of_simulated(folder: Path) -> Path:
    """Where the draws of the simulator alone lie; before there were mixtures, these were the forecasts themselves."""
    mixed = (folder / SIMULATED).is_dir() or "weights" in settings_of(folder)
    return folder / (SIMULATED if mixed else FOLDER)


def _add(table: dict[Any, Any], path: Path, key: tuple[Any, ...], value: Any) -> None:
    if key in table:
        raise ScenarioError(f"{path.name}: {' '.join(map(str, key))} is in another file already")
    table[key] = value


def _groups(path: Path, names: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Sequence[str], NDArray[np.float64]]]:
    """Rows with equal leading columns: those columns, the last but one column, and the last one as numbers."""
    try:
        columns = _columns(_unpacked(path), names)
        values = np.array(columns[-1], dtype=np.float64)
        if not np.isfinite(values).all():
            raise ValueError("a number is not finite")
        for place in _runs(columns[:-2]):
            first = place.start if isinstance(place, slice) else place[0]
            leading = tuple(column[first] for column in columns[:-2])
            inner = columns[-2][place] if isinstance(place, slice) else [columns[-2][row] for row in place]
            if len(set(inner)) != len(inner):
                raise ValueError(f"a {names[-2]} of {' '.join(leading)} is there twice")
            yield leading, inner, values[place]
    except (ValueError, csv.Error) as error:
        raise ScenarioError(f"{path.name} is not a file of forecasts: {error}") from None


def _columns(text: str, names: tuple[str, ...]) -> list[list[str]]:
    """Columns by name. A plain file in our order is split; quotes, other line ends and columns go through `csv`."""
    head, _, body = text.partition("\n")
    if head == ",".join(names) and not any(mark in text for mark in '"\r'):
        fields = body.removesuffix("\n").replace("\n", ",").split(",")
        if len(fields) == len(names) * (body.count("\n") + (not body.endswith("\n"))):
            return [fields[k :: len(names)] for k in range(len(names))]
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    missing = [name for name in names if not rows or name not in rows[0]]
    if missing or any(len(row) != len(rows[0]) for row in rows):
        raise ValueError(f"the column {missing[0]} is missing" if missing else "its rows are of different length")
    return [[row[rows[0].index(name)] for row in rows[1:]] for name in names]


def _runs(columns: list[list[str]]) -> Iterable[slice | list[int]]:
    """Where the rows of each combination are: slices where they stand together, as in files written here."""
    turns = {k for column in columns for k, (one, two) in enumerate(pairwise(column), 1) if one != two}
    edges = [0, *sorted(turns), len(columns[0])]
    places: dict[tuple[str, ...], list[slice]] = {}
    for first, last in pairwise(edges):
        if first < last:
            places.setdefault(tuple(column[first] for column in columns), []).append(slice(first, last))
    for parts in places.values():
        yield parts[0] if len(parts) == 1 else [row for part in parts for row in range(part.start, part.stop)]


def _unpacked(path: Path) -> str:
    try:
        return gzip.decompress(path.read_bytes()).decode("ascii")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise ScenarioError(f"cannot read {path.name}: {error}; remove it and run the backtest again") from None


# -------------------------------------------------------------------------------------------------------- the backtest


def backtest(
    scenario: str | Path | Scenario,
    *,
    origins: Sequence[str],
    horizons: Sequence[int],
    out: str | Path,
    evidence: str | Path | None = None,
    draws: int = DRAWS,
    seed: int = 1,
    workers: Workers = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Forecast every origin into `out`/forecasts and return that folder; what is whole already is kept.

    Weights of the mixture are those that the scenario's calibrations have. Raises, before any work,
    `EvidenceError` for an origin that the evidence has no map of, `ScenarioError` where the folder holds a backtest
    with other settings or from other evidence, `WeightsError` where the weights of an origin cannot be read.
    """
    many.check(draws, max(horizons), seed, workers)
    asked = scenario if isinstance(scenario, Scenario) else spec.load(scenario)
    store = Store.open(evidence)
    known = {origin: _opened(store, origin) for origin in origins}
    keep_compiled()
    plan = Plan(asked.war.id, tuple(origins), tuple(horizons), draws, seed)
    weights = {origin: mixture.find(asked.war.id, origin, posterior.folder_of(asked)) for origin in origins}
    sources = {
        "evidence": {origin: vintage.hash for origin, vintage in known.items()},
        "calibration": {origin: _mark_of(asked, origin) for origin in origins},
    }
    folder = _prepare(Path(out), plan, sources, weights)
    for done, origin in enumerate(origins):
        if not is_simulated(folder, origin, plan.horizons, draws):
            found = forecast_origin(asked, store, origin, plan.horizons, draws=draws, seed=seed, workers=workers)
            write_cells(found, folder)
            write_samples(found, folder.parent / SIMULATED)
            del found
            _give_back_memory()
        if not is_whole(folder, origin, plan.horizons, draws):
            simulated = read_origin(folder.parent / SIMULATED, origin)
            write_samples(stacked(simulated, known[origin], weights[origin]), folder)
        if on_progress:
            on_progress(done + 1, len(origins))
    return folder


def _give_back_memory() -> None:
    """Return freed memory to the system: the C library of Linux would keep about half a GB an origin."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim:
        trim(0)


def stacked(found: Forecasts, vintage: Vintage, weights: Weights) -> Forecasts:
    """One origin's draws mixed with what plain statistics said that day."""
    if all(own[0] == 1 for own in weights.table.values()):
        return found
    others = mixture.statistics(vintage, found.targets, weights.members)
    return replace(found, change=mixture.stacked(found.targets, found.horizons, found.change, others, weights))


def read_origin(folder: Path, origin: str) -> Forecasts:
    """The draws of one origin, as written; without cells. Raises `ScenarioError` where the file is broken."""
    path = folder / f"{origin}{SAMPLES}"
    draws = {(target, int(horizon)): values for (_, horizon, target), _, values in _groups(path, SAMPLE_COLUMNS)}
    targets = tuple(dict.fromkeys(target for target, _ in draws))
    horizons = tuple(dict.fromkeys(horizon for _, horizon in draws))
    try:
        change = np.array([[draws[target, horizon] for horizon in horizons] for target in targets])
    except (KeyError, ValueError):
        raise ScenarioError(f"{path.name} lacks some horizons or draws; remove it and run the backtest again") from None
    return Forecasts(origin, horizons, targets, change, np.array([], np.uint64), np.zeros((len(horizons), 0)))


def _opened(store: Store, origin: str) -> Vintage:
    """The evidence on an origin. Raises `EvidenceError` without a map of that very day, or with too few before it."""
    vintage = Vintage(store, origin)
    dates = store.control.dates
    if not len(dates) or vintage.latest_control_date != vintage.as_of:
        near = dates[np.argmin(np.abs((dates - vintage.as_of).astype(int)))] if len(dates) else "none"
        raise EvidenceError(f"origin {origin}: there is no map of control of that day; the nearest is of {near}")
    maps = int((dates <= vintage.as_of).sum())
    if maps <= SHORTEST:
        raise EvidenceError(
            f"origin {origin}: {maps} weekly maps are known by then, {SHORTEST + 1} are needed; "
            f"the first origin can be {dates[min(SHORTEST, len(dates) - 1)]}"
        )
    return vintage


def is_whole(folder: Path, origin: str, horizons: Sequence[int], draws: int) -> bool:
    """Whether both files of an origin are there and hold every horizon and draw to the last line."""
    samples, cells = folder / f"{origin}{SAMPLES}", folder / f"{origin}{CELLS}"
    return _rows_in(samples) % (len(horizons) * draws) == 0 and _rows_in(cells) % len(horizons) == 0


def is_simulated(folder: Path, origin: str, horizons: Sequence[int], draws: int) -> bool:
    """Whether what the simulator alone said of an origin is there to the last line: its draws, and the cells."""
    samples, cells = folder.parent / SIMULATED / f"{origin}{SAMPLES}", folder / f"{origin}{CELLS}"
    return _rows_in(samples) % (len(horizons) * draws) == 0 and _rows_in(cells) % len(horizons) == 0


def _rows_in(path: Path) -> int:
    """Rows below the header, −1 for a file that is missing, broken off or empty."""
    try:
        content = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error):
        return -1
    rows = content.count(b"\n") - 1
    return rows if rows > 0 and content.endswith(b"\n") else -1


def _mark_of(scenario: Scenario, origin: str) -> str:
    """What stands for the calibration that a forecast of an origin uses; empty for none."""
    found = posterior.find(scenario.on(dt.date.fromisoformat(origin)))
    return f"{found.cut_off} {found.digest}" if found else ""


def _prepare(out: Path, plan: Plan, sources: dict[str, dict[str, str]], weights: dict[str, Weights]) -> Path:
    """Make the folder, or check that what it holds is of the same plan and from the same sources.

    Mixtures with other weights are removed before the new weights are noted, so that none is taken for another.
    """
    folder, settings = out / FOLDER, out / SETTINGS
    wanted = {key: value for key, value in asdict(plan).items() if key != "origins"}
    wanted["horizons"] = list(plan.horizons)
    try:
        found = json.loads(settings.read_text()) if settings.exists() else wanted
        _check_same(out, found, wanted, sources)
        folder.mkdir(parents=True, exist_ok=True)
        (out / SIMULATED).mkdir(exist_ok=True)
        for left in out.glob(f".*{PARTIAL}"):
            left.unlink()
        earlier = found.get("weights", {})
        for origin, own in weights.items():
            if earlier.get(origin, {}).get("mark") != own.digest:
                (folder / f"{origin}{SAMPLES}").unlink(missing_ok=True)
        used = {origin: {"mark": own.digest, **mixture.told(own)} for origin, own in weights.items()}
        told = wanted | {
            **{name: dict(sorted({**found.get(name, {}), **marks}.items())) for name, marks in sources.items()},
            "weights": dict(sorted({**earlier, **used}.items())),
        }
        aside = settings.with_name(f".{SETTINGS}{PARTIAL}")
        aside.write_text(json.dumps(told, indent=1))
        os.replace(aside, settings)
    except (OSError, ValueError, AttributeError) as error:
        raise ScenarioError(f"cannot use {out}: {error}") from None
    return folder


def _check_same(out: Path, found: dict[str, Any], wanted: dict[str, Any], sources: dict[str, dict[str, str]]) -> None:
    for key, value in wanted.items():
        if found.get(key) != value:
            raise ScenarioError(
                f"{out} holds a backtest with other settings ({key}: {str(found.get(key))[:60]} there, "
                f"{str(value)[:60]} asked for); name another folder"
            )
    for name, marks in sources.items():
        other = [origin for origin, mark in marks.items() if found.get(name, {}).get(origin, mark) != mark]
        if other:
            raise ScenarioError(f"{out} holds forecasts of {other[0]} from other {name}; name another folder")
