"""Scores: how good probabilistic forecasts were, and how much better than plain statistics.

Draws are scored by the continuous ranked probability score, cells by the Brier score. Skill compares with baselines
(`baselines.py`): for each target and band of horizons the ratio of mean scores, then the mean of its logarithm over
targets, bands and families, so that every family counts the same, whatever its unit and however many its targets:

    skill = 1 − exp(mean over families of mean over bands of mean over targets of ln(score / score of the baseline))

A key is (origin, target, horizon in weeks); draws are of the change of the target from the origin on. It is scored
when the target was observed on both dates. Nothing later than the origin is shown to the baselines.

Reference: Gneiting and Raftery 2007, Journal of the American Statistical Association 102(477).
"""

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ceasefire.study import baselines as reference_forecasts
from ceasefire.study.baselines import CellRecord, family

FloatArray = NDArray[np.float64]
Date = np.datetime64
Key = tuple[Date, str, int]  # origin, target, horizon in weeks
Observed = Mapping[str, tuple[ArrayLike, ArrayLike]]  # target → dates, levels
Draws = Mapping[Key, ArrayLike]

BANDS = {"1-2": (1, 2), "3-4": (3, 4), "5-8": (5, 8), "9-13": (9, 13), "14-26": (14, 26)}  # weeks
FAMILIES = ("total", "sectors", "losses")
FORECAST, PERSISTENCE, BEST = "forecast", "persistence", "best"

_CLIP = 1e-3, 1e3  # ratios beyond say nothing more
_FLOOR = 1e-9  # of a baseline's mean score, against division by zero
_STILL = 1.0  # km²; a sector that moves less than this on average has ratios that are noise
_BLOCK = 3  # origins
_RESAMPLES = 300


def day(date: str | Date | datetime.date) -> Date:
    """A date in whole days, however it was given."""
    return cast(Date, np.asarray(date, "M8[D]")[()])


def band(horizon: int) -> str:
    """The band of horizons that so many weeks belong to."""
    for name, (first, last) in BANDS.items():
        if first <= horizon <= last:
            return name
    raise ValueError(f"Horizon {horizon} lies in no band; horizons run from 1 to 26 weeks.")


def half_year(origin: Date) -> str:
    """The half-year of a date, such as 2025H1."""
    year, month = str(origin.astype("M8[M]")).split("-")
    return f"{year}H{(int(month) + 5) // 6}"


# ------------------------------------------------------------------------------------------- scores of single forecasts


def crps(draws: ArrayLike, observed: ArrayLike) -> FloatArray:
    """Continuous ranked probability score of the empirical distribution; draws [..., draw], observed [...].

    CRPS = E|X − y| − ½E|X − X′|, X and X′ independent draws, one from the other's place included: it is never
    negative, and few draws cost a little. With x sorted, ½E|X − X′| = Σ(2i − m − 1)xᵢ/m².
    Example: crps([0, 1], 0) = ½ − ¼ = .25.
    """
    ordered = np.sort(np.asarray(draws, float), axis=-1)
    number = ordered.shape[-1]
    spread = ordered @ (2 * np.arange(1, number + 1) - number - 1) / number**2
    return np.mean(np.abs(ordered - np.asarray(observed, float)[..., None]), axis=-1) - spread


def probability_transform(draws: ArrayLike, observed: ArrayLike) -> FloatArray:
    """Share of draws below the observation, ties by half: uniform over [0, 1] for honest forecasts (Dawid 1984)."""
    values, truth = np.asarray(draws, float), np.asarray(observed, float)[..., None]
    return np.mean(values < truth, axis=-1) + 0.5 * np.mean(values == truth, axis=-1)


def uniform_distance(transforms: ArrayLike) -> float:
    """Largest gap between sorted probability transforms and the midpoints (i − ½)/n (Kolmogorov and Smirnov)."""
    ordered = np.sort(np.asarray(transforms, float))
    return float(np.max(np.abs(ordered - (np.arange(len(ordered)) + 0.5) / len(ordered))))


def brier(probability: ArrayLike, happened: ArrayLike) -> float:
    """Σ (p − y)² (Brier 1950)."""
    return float(np.sum((np.asarray(probability, float) - np.asarray(happened, float)) ** 2))


def log_score(probability: ArrayLike, happened: ArrayLike) -> float:
    """−Σ ln P(what happened), p kept within [.001, .999] (Good 1952)."""
    chance = np.clip(np.asarray(probability, float), 1e-3, 1 - 1e-3)
    return float(-np.sum(np.log(np.where(np.asarray(happened, bool), chance, 1 - chance))))


class Skill(NamedTuple):
    """A skill with its 80 % interval."""

    value: float
    low: float
    high: float


# ------------------------------------------------------------------------------------------------- tables of samples

ROW = np.dtype(
    [
        ("model", "U40"),
        ("origin", "M8[D]"),
        ("target", "U60"),
        ("horizon", np.int64),  # weeks
        ("change", np.float64),  # observed, in the target's unit, as are crps, absolute_error and width90
        ("crps", np.float64),
        ("inside50", np.bool_),
        ("inside90", np.bool_),
        ("pit", np.float64),
        ("absolute_error", np.float64),  # of the median
        ("width90", np.float64),
    ]
)


@dataclass(frozen=True)
class ScoreTable:
    """Scores of a forecast and of baselines on the same keys: a row of `ROW` for each model and key.

    `reference` names the baseline that skill is measured against by default. `best` stands for the baseline that did
    best in each family and band: chosen in hindsight, a deliberately hard opponent.
    """

    rows: NDArray[np.void]
    reference: str = "pool"

    def headline(self, against: str | None = None) -> Skill:
        """Skill over everything, with an 80 % interval from a block bootstrap of origins."""
        against = against or self.reference
        low, high = self._interval(against)
        return Skill(self._sums.skill(against), low, high)

    def by(
        self, group: Literal["family", "band", "half_year"], against: str | None = None
    ) -> dict[str | tuple[str, str], float]:
        """Skill by family, by (family, band), or by half-year of the origin (those with two origins or more)."""
        against = against or self.reference
        if group == "family":
            return {name: self._sums.of(_of_family(name)).skill(against) for name in self._families}
        if group == "band":
            return {key: self._sums.of(_within(*key)).skill(against) for key in self._family_bands}
        if group == "half_year":
            return self._half_years(against)
        raise ValueError(f"Skill cannot be told by {group!r}; there are family, band and half_year.")

    def coverage(self) -> dict[str, tuple[float, float]]:
        """Share of observations inside the central 50 and 90 % intervals, over `all` and by family."""
        rows, families = self._forecast, self._family[self._is_forecast]
        parts = {"all": rows, **{name: rows[families == name] for name in self._families}}
        return {name: (float(part["inside50"].mean()), float(part["inside90"].mean())) for name, part in parts.items()}

    def to_rows(self) -> list[dict[str, str | float]]:
        """One record for each family and band of horizons: scores, skills and calibration of the forecast."""
        return [self._record(*key) for key in self._family_bands]

    def league(self, name: str) -> dict[str, dict[str, float]]:
        """Mean ratio of CRPS to persistence for every model in a family, {model: {band: ratio}}; low is good."""
        bands = [horizons for kind, horizons in self._family_bands if kind == name]
        return {
            model: {
                horizons: 1 - self._sums.of(_within(name, horizons)).skill(PERSISTENCE, model) for horizons in bands
            }
            for model in self._sums.models
        }

    def _record(self, name: str, horizons: str) -> dict[str, str | float]:
        here = self._sums.of(_within(name, horizons))
        rows = self.rows[self._is_forecast & (self._family == name) & (self._band == horizons)]
        skills = {f"skill_{other}": here.skill(other) for other in dict.fromkeys((PERSISTENCE, self.reference, BEST))}
        return {
            "family": name,
            "weeks": horizons,
            "number": len(rows),
            "crps": float(rows["crps"].mean()),
            **skills,
            "best": here.best()[name, horizons],
            "coverage50": float(rows["inside50"].mean()),
            "coverage90": float(rows["inside90"].mean()),
            "pit_mean": float(rows["pit"].mean()),
            "pit_distance": uniform_distance(rows["pit"]),
        }

    def _half_years(self, against: str) -> dict[str | tuple[str, str], float]:
        halves = np.array([half_year(origin) for origin in self._sums.origins])
        groups = {str(half): halves == half for half in np.unique(halves) if np.sum(halves == half) > 1}
        return {half: self._sums.at(chosen).skill(against) for half, chosen in groups.items()}

    def _interval(self, against: str, seed: int = 1) -> tuple[float, float]:
        """Quantiles .1 and .9 of the skill over circular blocks of three origins (Politis and Romano 1992).

        The hindsight choice of `best` is made once, on all origins.
        """
        number = len(self._sums.origins)
        length = min(_BLOCK, number)
        rng, best = np.random.default_rng(seed), self._sums.best() if against == BEST else None
        skills = []
        for _ in range(_RESAMPLES):
            first = rng.integers(0, number, -(-number // length))
            chosen = ((first[:, None] + np.arange(length)) % number).ravel()[:number]
            skills.append(self._sums.at(chosen).skill(against, best=best))
        low, high = np.quantile(skills, [0.1, 0.9])
        return float(low), float(high)

    @cached_property
    def _sums(self) -> "_Sums":
        return _sum_up(self.rows, self._family, self._band)

    @cached_property
    def _family(self) -> NDArray[np.str_]:
        return _mapped(self.rows["target"], family)

    @cached_property
    def _band(self) -> NDArray[np.str_]:
        return _mapped(self.rows["horizon"], band)

    @cached_property
    def _is_forecast(self) -> NDArray[np.bool_]:
        return cast(NDArray[np.bool_], self.rows["model"] == FORECAST)

    @property
    def _forecast(self) -> NDArray[np.void]:
        return self.rows[self._is_forecast]

    @property
    def _families(self) -> list[str]:
        return [name for name in FAMILIES if np.any(self._family == name)]

    @property
    def _family_bands(self) -> list[tuple[str, str]]:
        present = set(zip(self._family.tolist(), self._band.tolist(), strict=True))
        return [(name, horizons) for name in FAMILIES for horizons in BANDS if (name, horizons) in present]


class _Stratum(NamedTuple):
    """What scores are averaged within before they are compared."""

    family: str
    band: str
    target: str


@dataclass(frozen=True)
class _Sums:
    """Sums of CRPS by origin, stratum and model: all that skill depends on."""

    total: FloatArray  # [origin, stratum, model]
    number: FloatArray  # [origin, stratum], the same for every model
    origins: NDArray[np.datetime64]
    strata: tuple[_Stratum, ...]
    models: tuple[str, ...]

    def at(self, origins: NDArray[np.int64] | NDArray[np.bool_]) -> "_Sums":
        """These origins only, as often as they are named."""
        return _Sums(self.total[origins], self.number[origins], self.origins[origins], self.strata, self.models)

    def of(self, belongs: Callable[[_Stratum], bool]) -> "_Sums":
        """Those strata only."""
        kept = [place for place, stratum in enumerate(self.strata) if belongs(stratum)]
        strata = tuple(self.strata[place] for place in kept)
        return _Sums(self.total[:, kept], self.number[:, kept], self.origins, strata, self.models)

    def skill(self, against: str, model: str = FORECAST, best: Mapping[tuple[str, str], str] | None = None) -> float:
        """1 − exp(mean log ratio), families and bands weighing the same; nan where nothing was scored."""
        if against == BEST:
            chosen = best or self.best()
            opponents = [self._column(chosen[stratum.family, stratum.band]) for stratum in self.strata]
        else:
            opponents = [self._column(against)] * len(self.strata)
        mean = self._mean
        opponent = np.maximum(mean[np.arange(len(self.strata)), opponents], _FLOOR)
        logs = np.log(np.clip(mean[:, self._column(model)] / opponent, *_CLIP))
        scored = np.isfinite(logs)
        return 1 - float(
            np.exp(_mean_of_means(logs[scored], [s for s, ok in zip(self.strata, scored, strict=True) if ok]))
        )

    def best(self) -> dict[tuple[str, str], str]:
        """The baseline with the lowest geometric mean of mean CRPS, by family and band."""
        names = sorted(name for name in self.models if name != FORECAST)
        logs = np.log(np.maximum(self._mean[:, [self._column(name) for name in names]], _FLOOR))
        keys = list(dict.fromkeys((stratum.family, stratum.band) for stratum in self.strata))
        members = {key: [place for place, s in enumerate(self.strata) if (s.family, s.band) == key] for key in keys}
        return {key: names[_lowest(logs[places])] for key, places in members.items()}

    @cached_property
    def _mean(self) -> FloatArray:
        """Mean CRPS [stratum, model]; nan where a stratum has none."""
        number = self.number.sum(axis=0)[:, None]
        with np.errstate(invalid="ignore"):
            return self.total.sum(axis=0) / np.where(number > 0, number, np.nan)

    def _column(self, name: str) -> int:
        if name not in self.models:
            raise ValueError(f"No scores of {name!r}; there are {', '.join(self.models)}.")
        return self.models.index(name)


def _lowest(logs: FloatArray) -> int:
    scored = logs[np.isfinite(logs).all(axis=1)]
    return int(scored.mean(axis=0).argmin()) if len(scored) else 0


def _mean_of_means(values: FloatArray, strata: Sequence[_Stratum]) -> float:
    """Mean over families of the mean over bands of the mean over targets."""
    by_family: dict[str, dict[str, list[float]]] = {}
    for value, stratum in zip(values, strata, strict=True):
        by_family.setdefault(stratum.family, {}).setdefault(stratum.band, []).append(float(value))
    means = [np.mean([np.mean(targets) for targets in bands.values()]) for bands in by_family.values()]
    return float(np.mean(means)) if means else float("nan")


def _sum_up(rows: NDArray[np.void], families: NDArray[np.str_], bands: NDArray[np.str_]) -> _Sums:
    keys = np.stack([families, bands, rows["target"].astype(str)], axis=1)
    unique, stratum = np.unique(keys, axis=0, return_inverse=True)
    origins, origin = np.unique(rows["origin"], return_inverse=True)
    models, model = np.unique(rows["model"], return_inverse=True)
    total = np.zeros((len(origins), len(unique), len(models)))
    number = np.zeros_like(total)
    place = (origin, stratum.reshape(-1), model)
    np.add.at(total, place, rows["crps"])
    np.add.at(number, place, 1.0)
    if np.any(number != number[..., :1]):
        raise ValueError("Every model must be scored on the same keys; some here lack what others have.")
    strata = tuple(_Stratum(*map(str, key)) for key in unique)
    return _Sums(total, number[..., 0], origins, strata, tuple(map(str, models)))


def _of_family(name: str) -> Callable[[_Stratum], bool]:
    return lambda stratum: stratum.family == name


def _within(name: str, horizons: str) -> Callable[[_Stratum], bool]:
    return lambda stratum: stratum.family == name and stratum.band == horizons


def _mapped(values: NDArray, function: Callable[..., str]) -> NDArray[np.str_]:
    unique, place = np.unique(values, return_inverse=True)
    return np.array([function(value.item()) for value in unique], dtype="U20")[place]


# ------------------------------------------------------------------------------------------------------ scoring samples


def score_samples(
    observed: Observed,
    forecasts: Draws | None = None,
    baselines: Mapping[str, Draws] | None = None,
    *,
    keys: Iterable[Key] | None = None,
    until: str | Date | None = None,
    reference: str = "pool",
) -> ScoreTable:
    """Score forecasts and baselines on every key whose dates are observed, none of them after `until`.

    `observed`: {target: (dates, levels)}, weekly; `forecasts`: {(origin, target, horizon): draws of the change}.
    `baselines`: the same for each baseline by name; made here if not given. Without forecasts, `keys` says which keys
    the baselines are to be compared on. Sectors that hardly move (less than 1 km² on average) are left out.
    """
    asked = list(forecasts if forecasts is not None else keys or ())
    changes = observed_changes(observed, asked, until)
    if not changes:
        raise ValueError(f"None of the {len(asked)} keys has both its dates observed; are the origins Saturdays?")
    others = baseline_draws(observed, changes) if baselines is None else baselines
    models = ({} if forecasts is None else {FORECAST: forecasts}) | dict(others)
    rows = [score_model(name, draws, changes) for name, draws in models.items()]
    return ScoreTable(_moving(np.concatenate(rows)), reference)


def observed_changes(observed: Observed, keys: Iterable[Key], until: str | Date | None = None) -> dict[Key, float]:
    """Change of the target from origin to target date, for each key that has both observed, in the order of `keys`."""
    levels = {target: _levels(target, *series) for target, series in observed.items()}
    changes = {}
    for origin, target, horizon in keys:
        if target not in levels:
            raise ValueError(f"Target {target!r} is not observed; observed are {', '.join(sorted(levels))}.")
        opened, then = day(origin), day(origin) + 7 * horizon
        change = levels[target].get(then, np.nan) - levels[target].get(opened, np.nan)
        if np.isfinite(change) and (until is None or then <= day(until)):
            changes[opened, target, horizon] = float(change)
    return changes


def _levels(target: str, dates: ArrayLike, values: ArrayLike) -> dict[Date, float]:
    days, numbers = np.asarray(dates, "M8[D]"), np.asarray(values, float)
    if days.shape != numbers.shape or days.ndim != 1 or np.any(np.diff(days).astype(int) <= 0):
        raise ValueError(f"{target} needs ascending dates, one level for each; got {days.shape} and {numbers.shape}.")
    return dict(zip(days, numbers, strict=True))


def increments_until(dates: ArrayLike, levels: ArrayLike, origin: str | Date) -> FloatArray:
    """Changes between successive observed levels, those known at the origin, oldest first."""
    values = np.asarray(levels, float)[np.asarray(dates, "M8[D]") <= day(origin)]
    return np.diff(values[np.isfinite(values)])


def baseline_draws(observed: Observed, keys: Iterable[Key], *, seed: int = 0) -> dict[str, dict[Key, FloatArray]]:
    """Draws of every baseline for the keys; each sees the record up to its origin only."""
    out: dict[str, dict[Key, FloatArray]] = {}
    by_origin: dict[Date, list[Key]] = {}
    for key in keys:
        by_origin.setdefault(key[0], []).append(key)
    for origin, here in by_origin.items():
        known = {name: increments_until(*series, origin) for name, series in observed.items()}
        made = reference_forecasts.forecast(known, seed=(seed, int(origin.astype(int)) + 1_000_000))
        for name, paths in made.items():
            out.setdefault(name, {}).update({key: paths[key[1]][:, key[2] - 1] for key in here})
    return out


def unfold(paths: Mapping[tuple[Date, str], ArrayLike]) -> dict[Key, FloatArray]:
    """Split paths {(origin, target): cumulative change [draw, week]} into draws by key."""
    arrays = {(day(origin), target): np.asarray(values, float) for (origin, target), values in paths.items()}
    return {(*key, week + 1): values[:, week] for key, values in arrays.items() for week in range(values.shape[1])}


def score_model(name: str, draws: Draws, changes: Mapping[Key, float]) -> NDArray[np.void]:
    """Rows of one model, a row for each key of `changes`."""
    arrays = _arrays(name, draws, changes)
    rows = np.empty(len(changes), ROW)
    rows["model"] = name
    for column, values in zip(("origin", "target", "horizon"), zip(*changes, strict=True), strict=True):
        rows[column] = np.array(values, ROW[column])
    rows["change"] = list(changes.values())
    sizes = np.array([len(array) for array in arrays])
    for size in np.unique(sizes):
        same = np.flatnonzero(sizes == size)
        for part in np.array_split(same, -(-len(same) * size // 1_000_000)):  # a million draws at a time
            _fill(rows, part, np.stack([arrays[place] for place in part]))
    return rows


def _arrays(name: str, draws: Draws, changes: Iterable[Key]) -> list[FloatArray]:
    dated = {(day(origin), target, horizon): values for (origin, target, horizon), values in draws.items()}
    missing = [key for key in changes if key not in dated]
    if missing:
        origin, target, horizon = missing[0]
        raise ValueError(f"{name} lacks {len(missing)} keys; the first is {origin} {target} at {horizon} weeks.")
    arrays = [np.asarray(dated[key], float) for key in changes]
    if any(array.ndim != 1 or not len(array) or not np.isfinite(array).all() for array in arrays):
        raise ValueError(f"{name} has draws that are empty, not finite or not one-dimensional.")
    return arrays


def _fill(rows: NDArray[np.void], part: NDArray[np.int64], draws: FloatArray) -> None:
    """Score draws [key, draw] against the changes that `rows` hold."""
    change = rows["change"][part]
    low90, low50, median, high50, high90 = np.quantile(draws, [0.05, 0.25, 0.5, 0.75, 0.95], axis=1)
    rows["crps"][part] = crps(draws, change)
    rows["inside50"][part] = (low50 <= change) & (change <= high50)
    rows["inside90"][part] = (low90 <= change) & (change <= high90)
    rows["pit"][part] = probability_transform(draws, change)
    rows["absolute_error"][part] = np.abs(median - change)
    rows["width90"][part] = high90 - low90


def _moving(rows: NDArray[np.void]) -> NDArray[np.void]:
    """Rows without the sectors that hardly move."""
    targets = [target for target in np.unique(rows["target"]) if family(str(target)) == "sectors"]
    still = [target for target in targets if np.abs(rows["change"][rows["target"] == target]).mean() < _STILL]
    return rows[~np.isin(rows["target"], still)]


# -------------------------------------------------------------------------------------------------------------- cells

CELL_ROW = np.dtype(
    [
        ("model", "U40"),
        ("origin", "M8[D]"),
        ("horizon", np.int64),  # weeks
        ("number", np.int64),  # of cells near the front
        ("changed", np.int64),  # of them, by the target date
        ("brier", np.float64),
        ("log_score", np.float64),
        ("expected", np.float64),  # number of changes that the forecast expected
    ]
)


@dataclass(frozen=True)
class CellTable:
    """Sums of scores over the cells near the front: a row of `CELL_ROW` for each model, origin and horizon."""

    rows: NDArray[np.void]

    def headline(self) -> float:
        """Brier skill of the forecast against the best baseline over all horizons."""
        scores = {str(row["model"]): float(row["brier_per_1000"]) for row in self.to_rows() if row["weeks"] == "all"}
        return 1 - scores.pop(FORECAST) / min(scores.values())

    def to_rows(self) -> list[dict[str, str | float]]:
        """One record for each band of horizons, and for all of them, and each model."""
        bands = _mapped(self.rows["horizon"], band)
        parts = {name: self.rows[bands == name] for name in BANDS if np.any(bands == name)} | {"all": self.rows}
        return [record for name, part in parts.items() for record in _cell_records(name, part)]


def _cell_records(weeks: str, rows: NDArray[np.void]) -> list[dict[str, str | float]]:
    brier_of = {str(model): rows["brier"][rows["model"] == model].sum() for model in np.unique(rows["model"])}
    references = [name for name in reference_forecasts.CELL_BASELINES if name in brier_of]
    records: list[dict[str, str | float]] = []
    for model, score in brier_of.items():
        own = rows[rows["model"] == model]
        records.append(
            {
                "weeks": weeks,
                "model": model,
                "brier_per_1000": float(1000 * score / own["number"].sum()),
                **{f"skill_{name}": float(1 - score / brier_of[name]) for name in references},
                "log_score": float(own["log_score"].sum()),
                "expected_per_change": float(own["expected"].sum() / max(own["changed"].sum(), 1)),
                "changed": int(own["changed"].sum()),
                "number": int(own["number"].sum()),
            }
        )
    return records


def score_cells(
    record: CellRecord,
    dates: ArrayLike,
    forecasts: Mapping[tuple[Date, int], ArrayLike] | None = None,
    *,
    keys: Iterable[tuple[Date, int]] | None = None,
    baselines: Callable[[CellRecord, int, int], Mapping[str, FloatArray]] = reference_forecasts.cell_forecast,
    within: float = 30.0,
    until: str | Date | None = None,
) -> CellTable:
    """Score P(occupied) of each cell that is counted and lies within so many km of the front at the origin.

    `dates` are those of the record's weeks. `forecasts`: {(origin, horizon): probability [cell]}, nan for a cell
    expected to stay as it is. Without them, `keys` says where the baselines are to be compared.
    """
    weeks = {date: week for week, date in enumerate(np.asarray(dates, "M8[D]"))}
    given = {(day(origin), horizon): values for (origin, horizon), values in (forecasts or {}).items()}
    asked = list(given) if forecasts is not None else [(day(origin), horizon) for origin, horizon in keys or ()]
    unknown = sorted({str(origin) for origin, _ in asked if origin not in weeks})
    if unknown:
        raise ValueError(f"Origins {', '.join(unknown)} are not among the record's weeks.")
    rows: list[tuple] = []
    for origin, horizon in asked:
        then = origin + 7 * horizon
        if then in weeks and (until is None or then <= day(until)):
            models = dict(baselines(record, weeks[origin], horizon))
            if forecasts is not None:
                models[FORECAST] = _filled(record, weeks[origin], given[origin, horizon])
            scores = _score_cells_once(record, weeks[origin], weeks[then], models, within)
            rows += [(name, origin, horizon, *values) for name, values in scores.items()]
    if not rows:
        raise ValueError(f"None of the {len(asked)} cell forecasts has an observed target date.")
    return CellTable(np.array(rows, CELL_ROW))


def _filled(record: CellRecord, week: int, probability: ArrayLike) -> FloatArray:
    values = np.asarray(probability, float)
    if values.shape != record.counted.shape or np.any((values < 0) | (values > 1)):
        raise ValueError(f"Cells need {record.counted.shape} probabilities within 0 … 1; got {values.shape}.")
    return np.where(np.isnan(values), record.occupied(week), values)


def _score_cells_once(
    record: CellRecord, week: int, later: int, models: Mapping[str, FloatArray], within: float
) -> dict[str, tuple[int, int, float, float, float]]:
    near = record.counted & (np.abs(record.distance(week)) <= within)
    before, after = record.occupied(week)[near], record.occupied(later)[near]
    number, changed = int(near.sum()), int(np.sum(before != after))
    return {
        name: (
            number,
            changed,
            brier(probability[near], after),
            log_score(probability[near], after),
            float(np.abs(probability[near] - before).sum()),
        )
        for name, probability in models.items()
    }
