"""Mixture: the simulator and plain statistics as one forecast, with weights that were learned before the opening.

The forecast of a number is the linear pool of its members: a draw comes from member i with probability w_i. Here it is
taken at evenly spaced levels, and its quantiles are put in the order of the simulator's own draws (ensemble copula
coupling), so that draw k still tells one story over targets and weeks. With weight 1 the simulator keeps its bits.

Weights are by family of targets and band of horizons (`score.BANDS`). They lie in files named by their cut-off, the
last day of the evidence that they were learned from (`stack.py`). A forecast uses the latest cut-off not after its
opening and opens no later file; where there is none, the prior weights.

Members are two, the fewest: the simulator and `pool`, itself a fixed mixture of time-series models (`baselines.py`).
With a year of forecasts, more weights could not be told apart.

Left out: cells; horizons beyond 26 weeks and targets without a record, where the simulator stands alone; sums: mixtures
are taken target by target, so draws of the axes do not add up to those of the total.
Sources: linear pool: Stone 1961, Annals of Mathematical Statistics 32(4); coupling: Schefzik, Thorarinsdottir and
Gneiting 2013, Statistical Science 28(4); equal weights are hard to beat: Clemen 1989, International Journal of
Forecasting 5(4), and Stock and Watson 2004, Journal of Forecasting 23(6).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ceasefire.evidence import whole
from ceasefire.evidence.error import CeasefireError
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario import posterior
from ceasefire.scenario.spec import ScenarioError
from ceasefire.study import baselines
from ceasefire.study.baselines import HORIZON, family
from ceasefire.study.score import BANDS, FAMILIES, band

FloatArray = NDArray[np.float64]
Levels = dict[str, tuple[NDArray[np.datetime64], FloatArray]]
"""Weekly levels by target: dates and values."""
Table = dict[tuple[str, str], tuple[float, ...]]
"""Weights in the order of the members, by family and band of horizons."""

SIMULATOR = "simulator"
MEMBERS = (SIMULATOR, "pool")
PRIOR = (0.5, 0.5)
"""Elicited: as good as each other. A rule of thumb that learned weights seldom beat (see the sources)."""
SUFFIX = ".weights.json"
FORMAT = 1
DIGITS = 4
"""Decimals of a weight: more would say nothing, and the rest differs between machines."""
MOST_BYTES = 2**18
SEED = 1961
"""Arbitrary; the draws of the statistics are not those that forecasts are scored against."""


class WeightsError(CeasefireError):
    """Weights that cannot be read, written or used."""


class Past(NamedTuple):
    """Forecasts of a family and band that had come due when weights were learned."""

    forecasts: float
    """How many independent ones they are worth."""
    scores: tuple[float, ...]
    """Mean CRPS of each member, relative to that of the pool of baselines; below 1 is better."""


@dataclass(frozen=True)
class Weights:
    """How much each member counts, and what that was learned from."""

    war: str
    cut_off: str
    """Last day of the evidence learned from; empty for prior weights."""
    evidence: str
    """Hash of that evidence as known on that day; empty for prior weights."""
    members: tuple[str, ...]
    prior: tuple[float, ...]
    table: Table
    """Every family and band."""
    origins: tuple[str, ...] = ()
    """Openings of the forecasts learned from."""
    past: Mapping[tuple[str, str], Past] = field(default_factory=dict)
    """By family and band, those that had come due."""
    version: str = ""
    """Of the program whose forecasts were learned from."""

    def of(self, target: str, horizon: int) -> tuple[float, ...]:
        """Weights for a target so many weeks ahead."""
        return self.table[family(target), band(horizon)]

    @property
    def digest(self) -> str:
        """A mark of all that acts on a forecast."""
        told = [self.members, [[*key, *weights] for key, weights in sorted(self.table.items())]]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]


def prior_weights(war: str) -> Weights:
    """What counts where nothing was learned yet."""
    return Weights(war, "", "", MEMBERS, PRIOR, {(name, weeks): PRIOR for name in FAMILIES for weeks in BANDS})


# --------------------------------------------------------------------------------------------------- the mixed forecast


def levels(vintage: Vintage, targets: Iterable[str]) -> Levels:
    """Weekly levels of each target as known, on the days of the weekly maps; with all sectors of the total.

    Raises `ScenarioError` for a target that the evidence does not follow.
    """
    known = set(vintage.names())
    asked = set(targets) | {f"area_{name.removeprefix('area.')}" for name in known if name.startswith("area.")}
    found = {}
    for target in sorted(asked):
        name = series_name(target)
        if name not in known:
            raise ScenarioError(f"the forecasts have the target {target}, and the evidence no series {name}")
        series = vintage.series(name)
        weekday = (series.dates - vintage.latest_control_date).astype(int) % 7 == 0
        last = np.append(series.dates[1:] != series.dates[:-1], True)
        found[target] = (series.dates[weekday & last], series.values[weekday & last])
    return found


def followed(vintage: Vintage, targets: Iterable[str]) -> list[str]:
    """Those targets that the evidence has a series of."""
    known = set(vintage.names())
    return [target for target in targets if series_name(target) in known]


def series_name(target: str) -> str:
    """Name of the series that a target is scored on."""
    return f"loss_claim.{target.removeprefix('loss_')}" if family(target) == "losses" else target.replace("_", ".", 1)


def statistics(vintage: Vintage, targets: Iterable[str], members: Sequence[str] = MEMBERS) -> dict[str, Any]:
    """Draws of each member but the simulator, {member: {target: [draw, week]}}, from what was known on the day.

    They depend on the day and the evidence alone, not on which other targets or days are asked for. Targets without a
    record have none.
    """
    asked = followed(vintage, targets)
    found = levels(vintage, asked)
    needed = found if "sectors" in members else asked
    known = {target: np.diff(found[target][1][np.isfinite(found[target][1])]) for target in needed}
    made = baselines.forecast(known, HORIZON, seed=(SEED, int(vintage.as_of.astype(int)) + 1_000_000))
    return {name: {target: made[name][target] for target in asked} for name in members if name != SIMULATOR}


def stacked(
    targets: Sequence[str],
    horizons: Sequence[int],
    change: FloatArray,
    others: Mapping[str, Mapping[str, FloatArray]],
    weights: Weights,
) -> FloatArray:
    """The mixed forecast [target, horizon, draw] in the order of the simulator's draws; `others` by `statistics`."""
    mixed, names = change.copy(), [name for name in weights.members if name != SIMULATOR]
    for row, target in enumerate(targets):
        for column, horizon in enumerate(horizons):
            if horizon <= HORIZON and all(target in others[name] for name in names):
                rest = [others[name][target][:, horizon - 1] for name in names]
                mixed[row, column] = coupled(change[row, column], rest, weights.of(target, horizon))
    return mixed


def coupled(own: FloatArray, others: Sequence[FloatArray], weights: Sequence[float]) -> FloatArray:
    """Quantiles of the mixture at the levels (k − ½)/m, in the order of the m draws of the first member.

    Ties among those keep the order in which they stand.
    """
    if weights[0] == 1:
        return own.copy()
    order = np.argsort(own, kind="stable")
    mixed = np.empty_like(own)
    mixed[order] = quantiles([own, *others], weights, (np.arange(len(own)) + 0.5) / len(own))
    return mixed


def quantiles(members: Sequence[FloatArray], weights: Sequence[float], level: FloatArray) -> FloatArray:
    """Smallest value that the mixture of the members' draws lies at or below with at least that probability."""
    kept = [(values, weight) for values, weight in zip(members, weights, strict=True) if weight > 0]
    value = np.concatenate([values for values, _ in kept])
    mass = np.concatenate([np.full(len(values), weight / len(values)) for values, weight in kept])
    order = np.argsort(value, kind="stable")
    place = np.searchsorted(np.cumsum(mass[order]), level)
    return value[order][np.minimum(place, len(value) - 1)]


# ---------------------------------------------------------------------------------------------------------------- files


def find(war: str, opening: str | dt.date, folder: Path | None) -> Weights:
    """Weights of the latest cut-off not after the opening; the prior weights where there is none.

    No file of a later cut-off is opened. Raises `WeightsError` where the one that counts cannot be read.
    """
    day = opening if isinstance(opening, dt.date) else dt.date.fromisoformat(opening[:10])
    cut_off = posterior.latest(folder, day, SUFFIX) if folder else None
    if folder is None or cut_off is None:
        return prior_weights(war)
    found = read(folder / f"{cut_off}{SUFFIX}")
    if (found.war, found.cut_off) != (war, str(cut_off)):
        raise WeightsError(f"{cut_off}{SUFFIX} holds weights of {found.war} until {found.cut_off or 'no day'}")
    return found


def write(weights: Weights, folder: Path) -> Path:
    """Keep weights as `folder`/CUT-OFF.weights.json, written aside and renamed."""
    path = folder / f"{weights.cut_off}{SUFFIX}"
    try:
        whole.write(path, json.dumps(told(weights), indent=1, allow_nan=False) + "\n")
    except OSError as error:
        raise WeightsError(f"cannot write {path}: {error.strerror or error}") from None
    return path


def told(weights: Weights) -> dict[str, Any]:
    """Weights as a document."""
    return {
        "format": FORMAT,
        "war": weights.war,
        "cut_off": weights.cut_off,
        "evidence": weights.evidence,
        "version": weights.version,
        "members": list(weights.members),
        "prior": list(weights.prior),
        "origins": list(weights.origins),
        "table": [
            {"family": name, "weeks": weeks, "weights": list(values), **_past(weights.past.get((name, weeks)))}
            for (name, weeks), values in weights.table.items()
        ],
    }


def _past(past: Past | None) -> dict[str, Any]:
    return {"forecasts": past.forecasts, "scores": list(past.scores)} if past else {}


def read(path: Path) -> Weights:
    """Weights from their file. Raises `WeightsError` where it is none, or its numbers cannot be weights."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise WeightsError(f"{path.name} is larger than {MOST_BYTES:,} bytes; it holds no weights")
        return from_document(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        what = str(error) if isinstance(error, ValueError) else f"{type(error).__name__} {error}"
        raise WeightsError(f"{path.name} holds no weights ({what}); `ceasefire stack` makes it anew") from None


def from_document(document: dict[str, Any]) -> Weights:
    """Weights from `told`. Raises `ValueError`, `KeyError` or `TypeError` where they are none."""
    if document["format"] != FORMAT:
        raise ValueError(f"of format {document['format']!r}, this version reads {FORMAT}")
    members = tuple(str(name) for name in document["members"])
    known = {SIMULATOR, "pool", "sectors", *baselines.BASELINES}
    if members[:1] != (SIMULATOR,) or len(set(members)) != len(members) or not known.issuperset(members):
        raise ValueError(f"members {', '.join(members)}: {SIMULATOR} first, then baselines, each once")
    table = {(row["family"], row["weeks"]): _simplex(row["weights"], members) for row in document["table"]}
    if set(table) != {(name, weeks) for name in FAMILIES for weeks in BANDS}:
        raise ValueError("a family or band of horizons is missing, or unknown")
    return Weights(
        war=str(document["war"]),
        cut_off=str(document["cut_off"]),
        evidence=str(document["evidence"]),
        members=members,
        prior=_simplex(document["prior"], members),
        table=table,
        origins=tuple(str(origin) for origin in document["origins"]),
        past={
            (row["family"], row["weeks"]): Past(float(row["forecasts"]), _scores(row["scores"], members))
            for row in document["table"]
            if "scores" in row
        },
        version=str(document["version"]),
    )


def _scores(values: Sequence[Any], members: Sequence[str]) -> tuple[float, ...]:
    scores = tuple(float(value) for value in values)
    if len(scores) != len(members) or not all(math.isfinite(score) and score >= 0 for score in scores):
        raise ValueError(f"scores {values!r}: one is needed for each of {', '.join(members)}")
    return scores


def _simplex(values: Sequence[Any], members: Sequence[str]) -> tuple[float, ...]:
    weights = tuple(float(value) for value in values)
    if len(weights) != len(members) or not all(math.isfinite(w) and 0 <= w <= 1 for w in weights):
        raise ValueError(f"weights {values!r}: one from 0 to 1 is needed for each of {', '.join(members)}")
    if abs(sum(weights) - 1) > 1e-9:
        raise ValueError(f"weights {values!r} add up to {sum(weights):.6g}, not to 1")
    return weights
