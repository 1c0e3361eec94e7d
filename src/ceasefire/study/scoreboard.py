"""Scoreboard: what a folder of forecasts was worth, against plain statistics, on dates that it could not see.

Read from the files themselves, not from memory, and scored against the evidence as it stands today: changes of mapped
area and of claimed losses by CRPS, cells near the front by the Brier score (`score.py`). Every figure has an 80 %
interval from a circular block bootstrap: blocks of three successive origins are drawn with replacement, since
forecasts from neighbouring origins share their weeks (Politis and Romano 1992). The hindsight choice of the best
baseline is made once.

Left out: horizons beyond 26 weeks, which no baseline reaches; targets that the record does not follow.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from ceasefire.evidence import whole
from ceasefire.evidence.geography import Cells, Geography
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import GRACE_DAYS, Vintage
from ceasefire.scenario.spec import ScenarioError
from ceasefire.scenario.theatre import neighbours
from ceasefire.simulate.result import VERSION
from ceasefire.study import backtest, mixture, score
from ceasefire.study.baselines import CELL_BASELINES, HORIZON, CellRecord, family
from ceasefire.study.mixture import Levels, Weights
from ceasefire.study.score import BANDS, BEST, FORECAST, PERSISTENCE, CellTable, ScoreTable

FORMAT = 2
NAME = "scoreboard.json"
OPPONENTS = ("pool", PERSISTENCE, BEST)
SETTLED = 0.6
"""A cell counts if this share of it lies inside the country."""
KEPT_KM = 60.0
"""Cells this near any position of the front are followed; scored are those within 30 km, learnt from those in 40."""
CELL_COLUMNS = ("weeks", "model", "brier_per_1000", "expected_per_change", "number")
BLOCK, RESAMPLES = 3, 300
"""Origins in a block of the bootstrap, and how often it is drawn."""

PIT_CLASSES = 20
FloatArray = NDArray[np.float64]
Figure = dict[str, float]
"""`value`, and `low` and `high` of its 80 % interval."""


@dataclass(frozen=True)
class Scoreboard:
    """Everything that a scoreboard shows, ready for JSON."""

    version: str
    date: str
    """Day on which it was made."""
    seed: int
    draws: int
    origins: tuple[str, ...]
    """Those with at least one target date observed."""
    horizons: tuple[int, ...]
    observed_until: str
    headline: dict[str, Figure]
    """Skill against each opponent."""
    calibration: dict[str, dict[str, Figure]]
    """coverage50, coverage90, pit_mean and pit_distance, over `all` and by family."""
    families: dict[str, dict[str, Figure]]
    """Skill by family against each opponent."""
    half_years: dict[str, dict[str, Figure]]
    bands: tuple[dict[str, Any], ...]
    """A record for each family and band of horizons."""
    cells: dict[str, Any]
    """Empty where no cells were forecast; else `skill` against the best baseline and `bands`, records by model."""
    members: tuple[dict[str, Any], ...] = ()
    """What the simulator and plain statistics bring to the mixture: a record for each family and band of horizons, with
    the least and largest `weight` of each member over the origins, its `prior`, its `crps` relative to the pool's, that
    of the forecast as `mixture`, and whether the simulator `adds` anything. Empty where it was not kept alone."""
    pit: tuple[float, ...] = ()
    """Share of what came in each twentieth of its forecast, from the lowest; all the same where forecasts are right."""


# ----------------------------------------------------------------------------------------------------------- the record


def observed_levels(store: Store, targets: Iterable[str]) -> Levels:
    """Weekly levels of each target as known today, on the days of the weekly maps; with all sectors of the total.

    Raises `ScenarioError` for a target that the evidence does not follow.
    """
    return mixture.levels(today(store), targets)


def today(store: Store) -> Vintage:
    """All evidence of a store that has been published."""
    return Vintage(store, store.control.dates[-1] + np.timedelta64(GRACE_DAYS, "D"))


def cell_record(store: Store, geography: Geography | None = None) -> tuple[NDArray[np.uint64], CellRecord]:
    """Cells near any position of the front, sorted, and their shares week by week (of the whole cell)."""
    cells = (geography or Geography.packaged()).cells
    share = today(store).control(cells.cell).share
    position, pairs = _plane(cells), _pairs(cells.cell)
    land = ~cells.sea & (cells.inside > 0.02)
    front = np.concatenate([_front(week, position, pairs, land) for week in share])
    if not len(front):
        raise ScenarioError("no map of the evidence shows a front")
    kept = np.flatnonzero(land & (cKDTree(np.unique(front, axis=0)).query(position)[0] <= KEPT_KM))
    row = np.full(len(land), -1)
    row[kept] = np.arange(len(kept))
    inner = row[pairs]
    counted = (cells.inside >= SETTLED)[kept]
    return cells.cell[kept], CellRecord.of(share[:, kept], position[kept], inner[(inner >= 0).all(axis=1)], counted)


def _plane(cells: Cells) -> FloatArray:
    """Kilometres east of 36° E and north of 48.5° N."""
    east = (cells.longitude - 36) * 111.32 * np.cos(np.radians(48.5))
    return np.column_stack([east, (cells.latitude - 48.5) * 111.2])


def _pairs(cell: NDArray[np.uint64]) -> NDArray[np.int64]:
    near = neighbours(cell)
    pairs = np.column_stack([np.repeat(np.arange(len(cell)), near.shape[1]), near.ravel()])
    return pairs[pairs[:, 1] > pairs[:, 0]]


def _front(share: NDArray[np.float32], position: FloatArray, pairs: NDArray, land: NDArray[np.bool_]) -> FloatArray:
    """Where the share crosses one half at the edge of the largest stretch of land that is not occupied.

    Polygons of control end at coasts, where cells do not; lagoons and beaches behind the front are no front.
    """
    free = land & (share < 0.5)
    inner = pairs[free[pairs].all(axis=1)]
    graph = coo_matrix((np.ones(len(inner), bool), tuple(inner.T)), shape=(len(share), len(share)))
    label = connected_components(graph, directed=False)[1]
    main = free & (label == np.bincount(label[free], minlength=1).argmax()) if free.any() else free
    both = np.concatenate([pairs, pairs[:, ::-1]])
    one, other = both[main[both[:, 0]] & (share[both[:, 1]] >= 0.5)].T
    along = (share[one] - 0.5) / (share[one] - share[other])
    return position[one] + along[:, None] * (position[other] - position[one])


# -------------------------------------------------------------------------------------------------------------- scoring


def scoreboard(
    folder: str | Path, store: Store, *, geography: Geography | None = None, cells: bool = True
) -> Scoreboard:
    """Score the forecasts that a backtest left in `folder`/forecasts.

    Raises `ScenarioError` where there are none, or none with an observed target date.
    """
    folder = Path(folder)
    draws, chances = backtest.read(folder / backtest.FOLDER)
    draws = {key: values for key, values in draws.items() if key[2] <= HORIZON}
    try:
        table = score.score_samples(observed_levels(store, {target for _, target, _ in draws}), draws)
        cell_table = score_cells(chances, store, geography) if chances else None
        board = tell(table, cell_table, store, settings=_settings(folder, draws))
        return replace(board, members=tuple(_members(folder, table)))
    except ValueError as error:
        raise ScenarioError(f"{folder} cannot be scored: {error}") from None


def _members(folder: Path, table: ScoreTable) -> Iterable[dict[str, Any]]:
    """What each member of the mixture was worth; nothing where the simulator's own draws were not kept."""
    home = folder / backtest.SIMULATED
    weights = _weights(folder)
    if not weights or not any(home.glob(f"*{backtest.SAMPLES}")):
        return ()
    own = table.rows[table.rows["model"] == FORECAST]
    columns = (own[name].tolist() for name in ("origin", "target", "horizon", "change"))
    changes = {(np.datetime64(o, "D"), t, h): change for o, t, h, change in zip(*columns, strict=True)}
    simulated = backtest.read_samples(home)
    if not simulated.keys() >= changes.keys():
        return ()
    rows = np.concatenate([table.rows, score.score_model(mixture.SIMULATOR, simulated, changes)])
    return tell_members(rows, {origin: weights[origin] for origin in weights if np.any(own["origin"] == origin)})


def _weights(folder: Path) -> dict[np.datetime64, Weights]:
    """Weights of each origin as a backtest noted them; none where they cannot be read."""
    try:
        noted = backtest.settings_of(folder).get("weights", {}).items()
        return {np.datetime64(origin, "D"): mixture.from_document(document) for origin, document in noted}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def tell_members(rows: NDArray[np.void], weights: Mapping[np.datetime64, Weights]) -> Iterable[dict[str, Any]]:
    """A record for each family and band from scores of the forecast, the simulator alone and the baselines.

    The simulator adds nothing where the mixture is no better than the pool, or where it is surely worse than the pool
    alone and was never given more than its prior weight.
    """
    used = list(weights.values())
    names = used[0].members if used and len({own.members for own in used}) == 1 else ()
    families = np.array([family(str(target)) for target in rows["target"]])
    bands = np.array([score.band(int(horizon)) for horizon in rows["horizon"]])
    for key in [(name, weeks) for name in score.FAMILIES for weeks in BANDS]:
        here = rows[(families == key[0]) & (bands == key[1])]
        if names and len(here):
            given = np.array([own.table[key] for own in used])
            spans = {
                name: {"low": float(low), "high": float(high)}
                for name, low, high in zip(names, given.min(axis=0), given.max(axis=0), strict=True)
            }
            crps = {name: _relative(here, name) for name in names} | {"mixture": _relative(here, FORECAST)}
            lost = spans[names[0]]["high"] <= used[0].prior[0] and crps[names[0]]["low"] > 1
            yield {
                "family": key[0],
                "weeks": key[1],
                "weight": spans,
                "prior": dict(zip(names, used[0].prior, strict=True)),
                "crps": crps,
                "adds": bool(crps["mixture"]["value"] < 1 and not lost),
            }


def _relative(rows: NDArray[np.void], name: str) -> Figure:
    """CRPS of a model relative to the pool's, with its 80 % interval."""
    if name == "pool":
        return {"value": 1.0, "low": 1.0, "high": 1.0}
    both = rows[(rows["model"] == name) | (rows["model"] == "pool")]
    both["model"][both["model"] == name] = FORECAST
    skill = ScoreTable(both).headline("pool")
    return {"value": 1 - skill.value, "low": 1 - skill.high, "high": 1 - skill.low}


def score_cells(chances: backtest.CellChances, store: Store, geography: Geography | None = None) -> CellTable:
    """Score the cell forecasts; cells that were not forecast are taken to stay as they are."""
    listed, record = cell_record(store, geography)
    forecasts = {}
    for (origin, horizon), (cell, probability) in chances.items():
        if horizon <= HORIZON:
            row = np.minimum(np.searchsorted(listed, cell), len(listed) - 1)
            known = listed[row] == cell
            forecasts[origin, horizon] = np.full(len(listed), np.nan)
            forecasts[origin, horizon][row[known]] = probability[known]
    return score.score_cells(record, store.control.dates, forecasts)


def _settings(folder: Path, draws: backtest.Draws) -> dict[str, Any]:
    found = backtest.settings_of(folder)
    return {
        "version": found.get("version", VERSION),
        "seed": int(found.get("seed", 0)),
        "draws": min(len(values) for values in draws.values()),
        "horizons": tuple(sorted({horizon for _, _, horizon in draws})),
    }


def tell(
    table: ScoreTable, cells: CellTable | None, store: Store | None = None, *, settings: dict[str, Any]
) -> Scoreboard:
    """Every figure of the scoreboard from the tables of scores."""
    rows = table.rows
    families = np.array([family(str(target)) for target in rows["target"]])
    halves = np.array([score.half_year(origin) for origin in rows["origin"]])
    own = rows["model"] == FORECAST
    named = [name for name in score.FAMILIES if (families == name).any()]
    parts = {"all": rows[own], **{name: rows[own & (families == name)] for name in named}}
    shared = [half for half in np.unique(halves).tolist() if len(np.unique(rows["origin"][halves == half])) > 1]
    last = store.control.dates[-1] if store else (rows["origin"] + 7 * rows["horizon"]).max()
    return Scoreboard(
        **settings,
        date=str(dt.date.today()),
        origins=tuple(str(origin) for origin in np.unique(rows["origin"])),
        observed_until=str(last),
        headline=_skills(table, OPPONENTS),
        calibration={name: calibration(part) for name, part in parts.items()},
        families={name: _skills(ScoreTable(rows[families == name]), OPPONENTS) for name in named},
        half_years={half: _skills(ScoreTable(rows[halves == half]), OPPONENTS[:2]) for half in shared},
        bands=tuple(_bands(table, families)),
        cells=tell_cells(cells) if cells else {},
        pit=tuple(float(share) for share in np.histogram(rows["pit"][own], PIT_CLASSES, (0, 1))[0] / own.sum()),
    )


def _skills(table: ScoreTable, against: Sequence[str]) -> dict[str, Figure]:
    return {name: {key: float(x) for key, x in table.headline(name)._asdict().items()} for name in against}


def _bands(table: ScoreTable, families: NDArray[np.str_]) -> Iterable[dict[str, Any]]:
    rows = table.rows
    for record in table.to_rows():
        first, last = BANDS[str(record["weeks"])]
        here = rows[(families == record["family"]) & (rows["horizon"] >= first) & (rows["horizon"] <= last)]
        own = here[here["model"] == FORECAST]
        told = {name: record[name] for name in ("family", "weeks", "number", "best")}
        skills = {f"skill_{name}": figure for name, figure in _skills(ScoreTable(here), OPPONENTS).items()}
        yield told | {"crps": over_origins(own, _mean("crps"))} | skills | calibration(own)


def calibration(rows: NDArray[np.void]) -> dict[str, Figure]:
    """Coverage of the central intervals, and how far the probability transforms are from uniform."""
    measures = {
        "coverage50": _mean("inside50"),
        "coverage90": _mean("inside90"),
        "pit_mean": _mean("pit"),
        "pit_distance": lambda part: score.uniform_distance(part["pit"]),
    }
    return {name: over_origins(rows, measure) for name, measure in measures.items()}


def _mean(column: str) -> Callable[[NDArray[np.void]], float]:
    return lambda rows: float(rows[column].mean())


def over_origins(rows: NDArray[np.void], measure: Callable[[NDArray[np.void]], float], seed: int = 1) -> Figure:
    """A measure of rows with its 80 % interval over circular blocks of three successive origins."""
    origins, origin = np.unique(rows["origin"], return_inverse=True)
    places = [np.flatnonzero(origin == k) for k in range(len(origins))]
    drawn = [rows[np.concatenate([places[k] for k in chosen])] for chosen in blocks(len(origins), seed)]
    low, high = np.quantile([measure(part) for part in drawn], [0.1, 0.9])
    return {"value": measure(rows), "low": float(low), "high": float(high)}


def blocks(number: int, seed: int = 1) -> NDArray[np.int64]:
    """Resampled places [resample, place] of so many origins in time order."""
    length = min(BLOCK, number)
    first = np.random.default_rng(seed).integers(0, number, (RESAMPLES, -(-number // length), 1))
    return ((first + np.arange(length)) % number).reshape(RESAMPLES, -1)[:, :number]


def tell_cells(table: CellTable) -> dict[str, Any]:
    """Brier score by band and model, and the forecast's skill against each baseline with its interval."""
    bands = np.array([score.band(int(horizon)) for horizon in table.rows["horizon"]])
    records = []
    for record in table.to_rows():
        rows = table.rows if record["weeks"] == "all" else table.rows[bands == record["weeks"]]
        told: dict[str, Any] = {
            name: record[name] for name in ("weeks", "model", "brier_per_1000", "expected_per_change", "number")
        }
        if record["model"] == FORECAST:
            told |= {f"skill_{name}": cell_skill(rows, name) for name in CELL_BASELINES}
        records.append(told | {"changed": record["changed"]})
    scores = {str(r["model"]): float(r["brier_per_1000"]) for r in records if r["weeks"] == "all"}
    best = min((name for name in scores if name != FORECAST), key=lambda name: scores[name])
    return {"best": best, "skill": cell_skill(table.rows, best), "bands": records}


def cell_skill(rows: NDArray[np.void], against: str) -> Figure:
    """1 − Brier / Brier of a baseline, with its 80 % interval over blocks of origins."""
    origins, origin = np.unique(rows["origin"], return_inverse=True)
    sums = [
        np.bincount(origin, np.where(rows["model"] == name, rows["brier"], 0), len(origins))
        for name in (FORECAST, against)
    ]
    own, other = (values[blocks(len(origins))].sum(axis=1) for values in sums)
    low, high = np.quantile(1 - own / np.maximum(other, 1e-9), [0.1, 0.9])
    value = 1 - sums[0].sum() / max(sums[1].sum(), 1e-9)
    return {"value": float(value), "low": float(low), "high": float(high)}


# ---------------------------------------------------------------------------------------------------------------- files


def to_json(board: Scoreboard) -> str:
    """The scoreboard as JSON."""
    return json.dumps({"format": FORMAT, **asdict(board)}, ensure_ascii=False, indent=1) + "\n"


def from_json(text: str) -> Scoreboard:
    """A scoreboard from its JSON. Raises `ScenarioError` where it is none that this version reads."""
    try:
        document = json.loads(text)
        if document.pop("format") != FORMAT:
            raise ValueError("of another format")
        lists = {name: tuple(document[name]) for name in ("origins", "horizons", "bands", "members")}
        return Scoreboard(**(document | lists | {"pit": tuple(document.get("pit", ()))}))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ScenarioError(f"this is no scoreboard ({error}); `ceasefire backtest` writes one") from None


def write_whole(path: Path, text: str) -> None:
    """Write a text file aside and put it in its place."""
    try:
        whole.write(path, text)
    except OSError as error:
        raise ScenarioError(f"cannot write {path}: {error.strerror or error}") from None
