"""Stacking: how much the simulator and plain statistics should each count, learned from forecasts that came due.

For a linear pool with weights w of members X_i, the score of a forecast of y is a quadratic in the weights,

    CRPS(w) = Σ w_i E|X_i − y| − ½ Σ w_i w_j E|X_i − X_j′|,

and convex where they add up to 1 (energy distance), so that the best weights are the exact solution of a small problem.

**What is learned from**: forecasts opened before the cut-off whose target date had come and was published by it. A
score is divided by the mean score of `pool` for that target and band, so that neither units nor volatile sectors
decide. Targets of a family are far from independent: together they count once. Forecasts that overlap share their
weeks: one opened g weeks after the one before counts min(1, g / h) at h weeks, so that the sum is about the number of
disjoint stretches of h weeks in the record.

**Prior**: the prior weights count as PRIOR_ORIGINS forecasts whose outcome was drawn from the mixture with these very
weights: on average their loss is −½ (w − w₀)ᵀ D (w − w₀) and a constant, D_ij = E|X_i − X_j′| the mean of the members
at hand. A family's weights are shrunk to the elicited ones, a band's to its family's, by the same number.

**How strong**: if two members' normal forecasts differ by δ standard deviations, one outcome moves the slope of the
loss by .58 δ and its curvature is .56 δ² (both times the standard deviation); weights whose best values are spread by
.2 about one half then call for (.58/.56)² / (.2² δ²) = 26 / δ² forecasts. Members seldom differ by more than one
standard deviation, so 26 is the least that this reasoning allows: two years of openings every four weeks. It was not
tuned to scores.

Left out: how uncertain the weights are; families teach each other nothing.
Sources: energy form of the CRPS: Gneiting and Raftery 2007, Journal of the American Statistical Association 102(477);
stacking of forecasts: Hall and Mitchell 2007, International Journal of Forecasting 23(1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario import posterior
from ceasefire.scenario.spec import ScenarioError
from ceasefire.simulate.ensemble import Ensemble
from ceasefire.study import backtest, score
from ceasefire.study.baselines import HORIZON, family
from ceasefire.study.mixture import (
    DIGITS,
    MEMBERS,
    PRIOR,
    SIMULATOR,
    Past,
    Table,
    Weights,
    coupled,
    find,
    followed,
    levels,
    statistics,
    write,
)
from ceasefire.study.score import BANDS, FAMILIES, Key, band

FloatArray = NDArray[np.float64]

PRIOR_ORIGINS = 26.0
"""Forecasts that the prior weights count for, by family, and the family's weights in each of its bands."""
STILL = 1.0
"""km²; a sector that moves less than this on average has ratios that are noise, as in the score."""


REFERENCE = 1
"""Place of `pool` among the members, whose scores are the unit."""


@dataclass(frozen=True)
class Quadratic:
    """Loss of weights w: slope·w − ½ wᵀ·apart·w, summed over `count` forecasts."""

    slope: FloatArray
    """[member] Σ E|X_i − y|"""
    apart: FloatArray
    """[member, member] Σ E|X_i − X_j′|"""
    count: float

    def __add__(self, other: Quadratic) -> Quadratic:
        return Quadratic(self.slope + other.slope, self.apart + other.apart, self.count + other.count)

    def times(self, factor: float) -> Quadratic:
        """The same, counted that often."""
        return Quadratic(self.slope * factor, self.apart * factor, self.count * factor)

    def at(self, weights: Sequence[float] | FloatArray) -> float:
        """The loss of these weights."""
        w = np.asarray(weights, float)
        return float(self.slope @ w - 0.5 * w @ self.apart @ w)

    def expecting(self, weights: Sequence[float], count: float) -> Quadratic:
        """As many forecasts with members as far apart as here, their outcomes drawn from the mixture so weighted."""
        apart = self.apart * (count / self.count) if self.count else np.zeros_like(self.apart)
        return Quadratic(apart @ np.asarray(weights, float), apart, count)


def loss(members: Sequence[FloatArray], observed: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Parts of the CRPS of mixtures for many keys: E|X_i − y| [key, member], E|X_i − X_j′| [key, member, member].

    Members are draws [key, draw]; as in `score.crps`, X and X′ come from all places, their own included.
    """
    slope = np.stack([np.mean(np.abs(draws - observed[:, None]), axis=1) for draws in members], axis=1)
    within = [_spread(draws) for draws in members]
    apart = np.empty((len(observed), len(members), len(members)))
    for i, one in enumerate(members):
        apart[:, i, i] = within[i] / one.shape[1] ** 2
        for j, other in enumerate(members[:i]):
            between = (_spread(np.concatenate([one, other], axis=1)) - within[i] - within[j]) / 2
            apart[:, i, j] = apart[:, j, i] = between / (one.shape[1] * other.shape[1])
    return slope, apart


def _spread(draws: FloatArray) -> FloatArray:
    """Σ |x − x′| over all pairs of places."""
    ordered = np.sort(draws, axis=1)
    number = ordered.shape[1]
    spread: FloatArray = 2 * (ordered @ (2.0 * np.arange(1, number + 1) - number - 1))
    return spread


def best(quadratic: Quadratic, otherwise: Sequence[float]) -> tuple[float, ...]:
    """Weights on the simplex with the least loss: exact, by trying every set of members that may have weight.

    On a face of the simplex the loss is convex, so its least there solves a linear system; of the solutions that are
    weights, the best is taken. `otherwise` is told where the members do not differ.
    """
    number = len(quadratic.slope)
    chosen, least = tuple(otherwise), quadratic.at(otherwise) - 1e-12 * max(1.0, abs(quadratic.at(otherwise)))
    for mask in range(1, 2**number):
        face = [k for k in range(number) if mask >> k & 1]
        weights = np.zeros(number)
        weights[face] = _stationary(quadratic, face)
        if weights.min() >= 0 and quadratic.at(weights) < least:
            chosen, least = tuple(weights.tolist()), quadratic.at(weights)
    return chosen


def _stationary(quadratic: Quadratic, face: Sequence[int]) -> FloatArray:
    """Where the loss is flat along a face: apart·w + λ = slope, Σ w = 1 (least squares where it is flat all over)."""
    size = len(face)
    system = np.ones((size + 1, size + 1))
    system[:size, :size] = quadratic.apart[np.ix_(face, face)]
    system[size, size] = 0
    solution: FloatArray = np.linalg.lstsq(system, np.append(quadratic.slope[list(face)], 1.0), rcond=1e-12)[0][:size]
    total = solution.sum()
    return solution / total if abs(total - 1) < 1e-6 else np.full(size, -1.0)


# ------------------------------------------------------------------------------------------------------------- learning


def learn(
    simulated: Mapping[Key, FloatArray],
    store: Store,
    until: str,
    *,
    war: str,
    version: str = "",
    members: Sequence[str] = MEMBERS,
    prior: Sequence[float] = PRIOR,
    strength: float = PRIOR_ORIGINS,
) -> Weights:
    """Weights from simulated draws by origin, target and horizon, as they could be learned on the day `until`.

    Keys opened on that day or later, or not observed by it, do nothing. Without any, the weights are the prior ones.
    """
    vintage = Vintage(store, until)
    due = due_keys(simulated, vintage)
    parts = _quadratics(simulated, due, store, members)
    table: Table = {}
    past = {}
    for name in FAMILIES:
        bands = {weeks: parts.get((name, weeks), _nothing(len(members))) for weeks in BANDS}
        whole = _together([part for part in bands.values() if part.count], len(members))
        own = best(whole + whole.expecting(prior, strength), prior)
        for weeks, part in bands.items():
            table[name, weeks] = _rounded(best(part + part.expecting(own, strength), own))
            if part.count:
                scores = (part.slope - np.diag(part.apart) / 2) / part.count
                past[name, weeks] = Past(round(part.count, 2), tuple(np.round(scores, DIGITS).tolist()))
    return Weights(
        war=war,
        cut_off=str(vintage.as_of),
        evidence=vintage.hash,
        members=tuple(members),
        prior=tuple(prior),
        table=table,
        origins=tuple(sorted({str(origin) for origin, _, _ in due})),
        past=past,
        version=version,
    )


def due_keys(keys: Iterable[Key], vintage: Vintage) -> dict[Key, float]:
    """Observed change of each key opened before the day whose target date had come and was published by it."""
    early = [key for key in keys if key[0] < vintage.as_of and key[2] <= HORIZON]
    known = set(followed(vintage, {key[1] for key in early}))
    asked = sorted(key for key in early if key[1] in known)
    if not asked:
        return {}
    changes = score.observed_changes(levels(vintage, {key[1] for key in asked}), asked, vintage.as_of)
    moved: dict[str, list[float]] = {}
    for (_, target, _), change in changes.items():
        moved.setdefault(target, []).append(abs(change))
    still = {t for t, sizes in moved.items() if family(t) == "sectors" and float(np.mean(sizes)) < STILL}
    return {key: change for key, change in changes.items() if key[1] not in still}


def _nothing(number: int) -> Quadratic:
    return Quadratic(np.zeros(number), np.zeros((number, number)), 0.0)


def _together(parts: Sequence[Quadratic], number: int) -> Quadratic:
    """Bands of one family as one: an origin that all of them have counts once."""
    return sum(parts, _nothing(number)).times(1 / max(len(parts), 1))


def _quadratics(
    simulated: Mapping[Key, FloatArray], due: Mapping[Key, float], store: Store, members: Sequence[str]
) -> dict[tuple[str, str], Quadratic]:
    """Loss by family and band: at each origin and horizon the mean over targets, counted by its share of the band."""
    share = _shares(due, {h for _, _, h in simulated})
    slope: dict[Key, FloatArray] = {}
    apart: dict[Key, FloatArray] = {}
    for origin in sorted({key[0] for key in due}):
        here = [key for key in due if key[0] == origin]
        known = statistics(Vintage(store, origin), sorted({key[1] for key in here}), members)
        own = np.stack([simulated[key] for key in here])
        others = [np.stack([known[m][key[1]][:, key[2] - 1] for key in here]) for m in members if m != SIMULATOR]
        parts = loss([own, *others], np.array([due[key] for key in here]))
        slope.update(zip(here, parts[0], strict=True))
        apart.update(zip(here, parts[1], strict=True))
    unit = _units({key: float(slope[key][REFERENCE] - apart[key][REFERENCE, REFERENCE] / 2) for key in due})
    found: dict[tuple[str, str], Quadratic] = {}
    for origin, horizon in sorted({(key[0], key[2]) for key in due}):
        for name in FAMILIES:
            keys = [k for k in due if k[0] == origin and k[2] == horizon and family(k[1]) == name and k in unit]
            if keys:
                one = Quadratic(
                    np.mean([slope[key] / unit[key] for key in keys], axis=0),
                    np.mean([apart[key] / unit[key] for key in keys], axis=0),
                    1.0,
                ).times(share[origin, horizon])
                stratum = name, band(horizon)
                found[stratum] = found[stratum] + one if stratum in found else one
    return found


def _units(scores: Mapping[Key, float]) -> dict[Key, float]:
    """Mean score of the reference in the target and band of each key; keys where that is nought are left out."""
    values: dict[tuple[str, str], list[float]] = {}
    for (_, target, horizon), value in scores.items():
        values.setdefault((target, band(horizon)), []).append(value)
    mean = {stratum: float(np.mean(parts)) for stratum, parts in values.items()}
    return {key: mean[key[1], band(key[2])] for key in scores if mean[key[1], band(key[2])] > 0}


def _shares(due: Mapping[Key, float], horizons: set[int]) -> dict[tuple[np.datetime64, int], float]:
    """What a forecast from each origin at each horizon counts: its share of the band, less if it overlaps the last."""
    origins = sorted({key[0] for key in due})
    gap = {later: (later - origin).astype(int) / 7 for origin, later in pairwise(origins)}
    width = {weeks: sum(h <= HORIZON and band(h) == weeks for h in horizons) for weeks in BANDS}
    return {(key[0], key[2]): float(min(1.0, gap.get(key[0], np.inf) / key[2]) / width[band(key[2])]) for key in due}


def _rounded(weights: Sequence[float]) -> tuple[float, ...]:
    """Weights to so many decimals; the largest takes what is left."""
    values = [round(weight, DIGITS) for weight in weights]
    largest = int(np.argmax(values))
    rest = sum(value for k, value in enumerate(values) if k != largest)
    return tuple(round(1 - rest, DIGITS) if k == largest else value for k, value in enumerate(values))


# ---------------------------------------------------------------------------------------------------------------- files


def learn_from(
    folder: str | Path,
    until: str,
    store: Store,
    *,
    out: Path | None = None,
    members: Sequence[str] = MEMBERS,
    prior: Sequence[float] = PRIOR,
    strength: float = PRIOR_ORIGINS,
) -> tuple[Weights, Path | None]:
    """Learn weights from the simulated forecasts of a backtest, and write them below `out` where that is given.

    No file of an origin on the cut-off or later is opened. Raises `ScenarioError` where the folder holds no forecast of
    the simulator alone, `EvidenceError` where the evidence does not reach the cut-off.
    """
    folder = Path(folder)
    settings = backtest.settings_of(folder)
    if not settings.get("war"):
        raise ScenarioError(f"{folder} holds no backtest ({backtest.SETTINGS}); `ceasefire backtest` makes one")
    Vintage(store, until)
    home = backtest.folder_of_simulated(folder)
    simulated = backtest.read_samples(home, before=until)
    version = str(settings.get("version", ""))
    war = str(settings["war"])
    found = learn(simulated, store, until, war=war, version=version, members=members, prior=prior, strength=strength)
    return found, write(found, out) if out else None


# -------------------------------------------------------------------------------------------------- beside a forecast

HORIZONS = (4, 13, 26)
"""Weeks ahead at which a forecast is shown beside plain statistics."""
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def headline(ensemble: Ensemble, vintage: Vintage, weights: Weights | None = None) -> dict[str, Any]:
    """Ground and claimed losses as the simulator, plain statistics and their mixture forecast them, ready for JSON.

    Weights are those shipped for the opening unless given. Targets without a record are left out, and runs that did not
    finish; there are no rows where nothing is left.
    """
    scenario, opening = ensemble.start.scenario, ensemble.start.scenario.opening
    weights = weights or find(scenario.war.id, opening, posterior.folder_of(scenario))
    horizons = tuple(weeks for weeks in HORIZONS if weeks <= ensemble.weeks)
    told: dict[str, Any] = {"cut_off": weights.cut_off, "members": list(weights.members), "rows": []}
    if not horizons or not ensemble.ok.any():
        return told
    targets, change = backtest.changes(ensemble, horizons)
    change = change[..., ensemble.ok]
    shown = [target for target in followed(vintage, targets) if family(target) != "sectors"]
    others = statistics(vintage, shown, weights.members)
    for target in shown:
        for weeks, own in zip(horizons, change[targets.index(target)], strict=True):
            rest = [others[name][target][:, weeks - 1] for name in weights.members[1:]]
            mixed = coupled(own, rest, weights.of(target, weeks))
            drawn = dict(zip((*weights.members, "mixture"), (own, *rest, mixed), strict=True))
            told["rows"].append(
                {
                    "target": target,
                    "week": weeks,
                    "weights": list(weights.of(target, weeks)),
                    "scores": list(past.scores) if (past := weights.past.get((family(target), band(weeks)))) else [],
                    "quantiles": {name: np.quantile(draws, QUANTILES).tolist() for name, draws in drawn.items()},
                }
            )
    return told
