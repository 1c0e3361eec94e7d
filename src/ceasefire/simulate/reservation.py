"""Values of fighting on, learned from simulated wars: least-squares Monte Carlo.

What it is worth to side i to fight on from a state x at step t, if nothing is agreed there, is what the side may expect
of the steps to come: it loses c in each, discounts by β, and gets `worth` where the war ends by agreement, with chance
h at a step it reaches, or the `terminal` worth where it ends otherwise or the path is cut off,

    W_t = −c_t + β·[(1 − h_{t+1})·W_{t+1} + h_{t+1}·worth_{t+1}],    V(x) = E[W_t | x_t = x].

V is linear in the regressors, one ridge regression for each side, pooled over steps and runs, of the realised W on what
the side knows and believes. Belief is a regressor like any other, so what a biased side expects is what V says at its
belief: nothing is simulated within the simulation.

Since h and `worth` depend on V, policies are iterated: the first pass knows no agreement, each later one decides by the
values found so far, until what comes of it is less than a tolerance away on average. Where agreement hinges on a narrow
zone that would swing for ever (if agreement is likely, fighting on is worth more, so agreement is unlikely, so fighting
on is worth less), so values move only part of the way: half as far whenever the distance has not halved.

Runs are dealt into folds, and decisions in a run follow coefficients of the other folds: payoffs of a run never inform
its own decisions, which would make values look better than any side could do without foresight.

Left out: a fit for each step (where the horizon matters, the steps to go are a regressor); what lies outside the
states simulated (regressors are clipped to their training range, and the share clipped is told).
Sources: Longstaff and Schwartz 2001 (regression on simulated paths), Tsitsiklis and Van Roy 2001 (linear values).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ceasefire.evidence.error import CeasefireError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

Regressors = Callable[[int, IntArray], FloatArray]
"""What each side knows and believes at a step in the given runs, [side, term, run]; term 0 is the constant 1."""
Settle = Callable[[int, IntArray, FloatArray], tuple[FloatArray, FloatArray]]
"""At a step that the given runs have reached, for each side's value of fighting on from there [side, run]: the chance
that the war ends there by agreement [run], and what that would be worth to each side [side, run]."""

ByStep = list[FloatArray]
"""For each step the numbers [side, run] of runs still fought."""

FOLDS = 5
RIDGE = 1e-3
"""Penalty on the square of a standardised coefficient, relative to the variance of its regressor."""
STRONG_RIDGE = 1.0
"""Likewise, for what an intervention changes: where a regressor explains nothing, its coefficient stays put."""
PASSES = 10
TOLERANCE = 0.005
"""Mean distance, in utility, between the values decided by and those that come of it, which is close enough."""


class ReservationError(CeasefireError):
    """Paths from which no value of fighting on can be learned."""


@dataclass(frozen=True)
class Paths:
    """Wars fought on through steps 0 … T − 1, and how a side would settle one.

    Raises `ReservationError` where shapes disagree, a number is not finite, or a path ends and goes on.
    """

    regressors: Regressors
    cost: FloatArray
    """Utility lost by fighting through a step, [step, side, run]."""
    discount: FloatArray
    """What utility one step later is worth now, above 0, at most 1, [side, run]."""
    terminal: FloatArray
    """Worth of what is there once a path has ended, or after the last step, [side, run]."""
    alive: NDArray[np.bool_]
    """Whether a path is still fought at the start of a step, [step, run]; what is not, pays and teaches nothing."""
    settle: Settle | None = None
    weight: FloatArray | float = 1.0
    """How much a state counts in the regression, [step, run] or whatever broadcasts; 0 leaves it out."""

    def __post_init__(self) -> None:
        _check_paths(self)

    @property
    def steps(self) -> range:
        """The steps fought."""
        return range(len(self.alive))

    def fought(self, step: int) -> IntArray:
        """Numbers of the runs that are still fought at a step."""
        return np.flatnonzero(self.alive[step])

    def weights(self, step: int) -> FloatArray:
        """How much the states of a step count, [run], of runs still fought."""
        weights: FloatArray = np.broadcast_to(np.asarray(self.weight, float), self.alive.shape)[step, self.alive[step]]
        return weights


def stored(values: FloatArray) -> Regressors:
    """Regressors that lie in an array [step, side, term, run]."""
    return lambda step, run: values[step][..., run]


@dataclass(frozen=True)
class Scale:
    """Mean, standard deviation and range of every regressor over the states learned from, each [side, term]."""

    centre: FloatArray
    spread: FloatArray
    low: FloatArray
    high: FloatArray

    def standard(self, regressors: FloatArray) -> FloatArray:
        """Regressors [..., side, term, run], clipped to their range, in standard deviations; the constant stays 1."""
        self._check(regressors)
        standard: FloatArray = np.clip(regressors, self.low[..., None], self.high[..., None])
        standard -= self.centre[..., None]
        standard /= self.spread[..., None]
        return standard

    def outside(self, regressors: FloatArray) -> FloatArray:
        """Share of regressors [..., side, term, run] that lie outside their range, [side, term]."""
        self._check(regressors)
        beyond = (regressors < self.low[..., None]) | (regressors > self.high[..., None])
        share: FloatArray = beyond.mean(axis=(*range(beyond.ndim - 3), -1))
        return share

    def _check(self, regressors: FloatArray) -> None:
        if np.shape(regressors)[-3:-1] != self.centre.shape:
            sides, terms = self.centre.shape
            raise ReservationError(
                f"regressors have shape {np.shape(regressors)}; [..., side, term, run] with {sides} sides and {terms} "
                "terms is needed, as in the training"
            )


@dataclass(frozen=True)
class Fit:
    """Values of fighting on as a linear function of regressors."""

    scale: Scale
    coefficients: FloatArray
    """Learned from all runs, of standardised regressors, [side, term]."""
    held_out: FloatArray
    """Learned from all folds but one, [fold, side, term]; run r lies in fold r mod folds."""
    samples: int
    """States that were learned from."""
    r2: FloatArray
    """Share of the variance of realised payoffs explained out of fold, [side]; below 0: worse than their mean."""
    rmse: FloatArray
    """Likewise the root mean square error, most of it the luck of the single war, [side]."""
    moved: tuple[float, ...]
    """Mean distance from the values decided by to those that came of it, in each pass with agreement."""
    converged: bool

    def predict(self, regressors: FloatArray) -> FloatArray:
        """Values [..., side, run] for regressors [..., side, term, run], clipped to their training range."""
        values: FloatArray = (self.coefficients[:, None, :] @ self.scale.standard(regressors))[..., 0, :]
        return values

    def cross_fitted(self, paths: Paths) -> ByStep:
        """Values at each step of paths, from folds that a run is not in, so honest for the runs of the training."""
        return _values(paths, self.scale, self.held_out)

    def report(self, regressors: FloatArray | None = None) -> dict[str, object]:
        """How good the fit is, in plain numbers; with regressors it was applied to, the share clipped by term."""
        told: dict[str, object] = {
            "samples": self.samples,
            "r2": self.r2.tolist(),
            "rmse": self.rmse.tolist(),
            "passes": 1 + len(self.moved),
            "moved": list(self.moved),
            "converged": self.converged,
        }
        return told if regressors is None else told | {"outside": self.scale.outside(regressors).tolist()}


@dataclass(frozen=True)
class Revision:
    """What an intervention does to the values of fighting on."""

    fit: Fit
    """The values with the intervention; its quality and its range are those of the fit revised."""
    shift: FloatArray
    """Mean change of value at an unchanged state, [side]."""
    error: FloatArray
    """Its standard error, states of one run taken together, [side]; that of the fit revised comes on top in `fit`."""
    moved: tuple[float, ...]
    """Mean distance from the change of values decided by, none at first, to what came of it, in each pass."""
    converged: bool


def fit(
    paths: Paths,
    *,
    folds: int = FOLDS,
    ridge: float = RIDGE,
    passes: int = PASSES,
    tolerance: float = TOLERANCE,
) -> Fit:
    """Learn the values of fighting on: a pass without agreement, then at most `passes` with, if paths can settle.

    Deterministic. Raises `ReservationError` for settings out of range and for paths that teach nothing.
    """
    _check_settings(folds, ridge, passes, paths.alive.shape[1])
    scale = _scale(paths)
    normal = _normal(paths, scale, folds, ridge)
    payoffs = _payoffs(paths, None)
    values, moved = normal.values(normal.solved(payoffs)[1]), list[float]()
    if paths.settle:
        payoffs, values, moved = _iterated(normal, partial(_payoffs, paths), values, passes, tolerance)
    whole, held_out = normal.solved(payoffs)
    r2, rmse = _quality(paths, payoffs, values)
    return Fit(scale, whole, held_out, normal.samples, r2, rmse, tuple(moved), not moved or moved[-1] < tolerance)


def revise(
    fit: Fit,
    paths: Paths,
    changed: Paths,
    *,
    ridge: float = STRONG_RIDGE,
    passes: int = PASSES,
    tolerance: float = TOLERANCE,
) -> Revision:
    """Learn what an intervention changes from the same runs without it (`paths`) and with it (`changed`).

    The same dice fall in both, so what a run gains, less what its change of state already explains,

        [W'_t − V(x'_t)] − [W_t − V(x_t)],

    is far less noisy than either payoff; where the states are the same, it is the plain difference of payoffs. It is
    regressed on x', with a strong ridge toward no change (the mean is free), and added to V. This is for small changes:
    what differs from state to state is about halved, and a large change is better learned by `fit` anew. States count
    that both have reached, with the weights of `changed`.

    Raises `ReservationError` where runs or steps disagree, or none remain.
    """
    _check_pair(paths, changed)
    _check_settings(len(fit.held_out), ridge, passes, paths.alive.shape[1])
    both = replace(changed, weight=np.asarray(changed.weight, float) * paths.alive)
    normal = _normal(both, fit.scale, len(fit.held_out), ridge)
    values, known = fit.cross_fitted(paths), fit.cross_fitted(changed)
    usual = _aligned(paths, both, _less(_payoffs(paths, values), values))

    def gain(change: ByStep) -> ByStep:
        return _less(_less(_payoffs(changed, _plus(known, change)), known), usual)

    none = [np.zeros_like(part) for part in known]
    gained, _, moved = _iterated(normal, gain, none, passes if changed.settle else 1, tolerance)
    whole, held_out = normal.solved(gained)
    shift, error = _mean_by_run(both, gained)
    revised = replace(fit, coefficients=fit.coefficients + whole, held_out=fit.held_out + held_out)
    return Revision(revised, shift, error, tuple(moved), not changed.settle or moved[-1] < tolerance)


def _iterated(
    normal: _Normal, respond: Callable[[ByStep], ByStep], believed: ByStep, passes: int, tolerance: float
) -> tuple[ByStep, ByStep, list[float]]:
    """Targets, the values they teach, and how far these lay from the values decided by in each pass.

    `respond` tells the targets that come about where decisions go by given values.
    """
    moved: list[float] = []
    stride = 1.0
    while True:
        targets = respond(believed)
        change = _less(normal.values(normal.solved(targets)[1]), believed)
        moved.append(float(_pooled(normal.paths, [np.abs(part) for part in change]).mean()))
        if moved[-1] < tolerance or len(moved) == passes:
            return targets, _plus(believed, change), moved
        if len(moved) > 1 and moved[-1] > moved[-2] / 2:
            stride /= 2
        believed = _plus(believed, [stride * part for part in change])


@dataclass(frozen=True)
class _Normal:
    """Normal equations of the ridge regressions: what is the same for every payoff."""

    paths: Paths
    scale: Scale
    gram: FloatArray
    """Weighted sums of products of standardised regressors, [fold, side, term, term]."""
    weight: FloatArray
    """Sum of weights, [fold]."""
    samples: int
    ridge: float

    def solved(self, targets: ByStep) -> tuple[FloatArray, FloatArray]:
        """Coefficients of targets, from all folds [side, term] and from all but one [fold, side, term]."""
        sums = self.gram, self._moment(targets), self.weight
        others = [[np.delete(parts, fold, axis=0).sum(axis=0) for parts in sums] for fold in range(len(self.weight))]
        whole = self._solve(*(parts.sum(axis=0) for parts in sums))
        return whole, np.stack([self._solve(*parts) for parts in others])

    def values(self, held_out: FloatArray) -> ByStep:
        """What held-out coefficients say of every state."""
        return _values(self.paths, self.scale, held_out)

    def _moment(self, targets: ByStep) -> FloatArray:
        """Weighted sums of regressor times target, [fold, side, term]."""
        moment = np.zeros(self.gram.shape[:-1])
        for step, run, regressors in _standardised(self.paths, self.scale):
            weighted = (self.paths.weights(step) * targets[step])[..., None]
            dealt = np.where((run % len(moment))[:, None] == np.arange(len(moment)), weighted, 0.0)
            moment += np.moveaxis(regressors @ dealt, -1, 0)
        return moment

    def _solve(self, gram: FloatArray, moment: FloatArray, weight: float) -> FloatArray:
        penalty = np.full(gram.shape[-1], self.ridge * weight)
        penalty[0] = 0.0
        return np.asarray(np.linalg.solve(gram + np.diag(penalty), moment[..., None])[..., 0], float)


def _normal(paths: Paths, scale: Scale, folds: int, ridge: float) -> _Normal:
    sides, terms = scale.centre.shape
    gram, weight, samples = np.zeros((folds, sides, terms, terms)), np.zeros(folds), 0
    for step, run, regressors in _standardised(paths, scale):
        weights = paths.weights(step)
        samples += int(np.count_nonzero(weights))
        for fold in range(folds):
            mine = run % folds == fold
            own = regressors[..., mine]
            gram[fold] += (own * weights[mine]) @ np.swapaxes(own, -1, -2)
            weight[fold] += weights[mine].sum()
    if np.count_nonzero(weight) < 2:
        raise ReservationError(f"the {samples} states to learn from lie in one fold of {folds}; simulate more runs")
    return _Normal(paths, scale, gram, weight, samples, ridge)


def _scale(paths: Paths) -> Scale:
    told = [_moments(paths, step) for step in paths.steps if paths.weights(step).any()]
    if not told:
        raise ReservationError("no run is fought at any step that counts; there is nothing to learn from")
    weight, mean, variance, lowest, highest = (np.stack(parts) for parts in zip(*told, strict=True))
    low, high = lowest.min(axis=0), highest.max(axis=0)
    if (low[:, 0] != 1).any() or (high[:, 0] != 1).any():
        raise ReservationError(f"regressor 0 runs from {low[:, 0].min():g} to {high[:, 0].max():g}; it must be 1")
    centre = np.average(mean, axis=0, weights=weight)
    spread = np.sqrt(np.average(variance + (mean - centre) ** 2, axis=0, weights=weight))
    centre[:, 0] = 0.0
    return Scale(centre, np.where(high > low, spread, 1.0), low, high)


def _moments(paths: Paths, step: int) -> tuple[FloatArray, ...]:
    """Weight of a step, and mean, variance, least and largest of its regressors, [side, term]."""
    weights = paths.weights(step)
    counts = weights > 0
    weights, regressors = weights[counts], _regressors(paths, step, paths.fought(step)[counts])
    mean = np.average(regressors, axis=-1, weights=weights)
    variance = np.average((regressors - mean[..., None]) ** 2, axis=-1, weights=weights)
    return weights.sum(), mean, variance, regressors.min(axis=-1), regressors.max(axis=-1)


def _regressors(paths: Paths, step: int, run: IntArray) -> FloatArray:
    found = np.asarray(paths.regressors(step, run), float)
    sides = len(paths.terminal)
    if found.ndim != 3 or (found.shape[0], found.shape[2]) != (sides, len(run)):
        raise ReservationError(
            f"regressors of step {step} have shape {found.shape}; [side, term, run] with {sides} sides and "
            f"{len(run)} runs is needed"
        )
    if not (np.isfinite(found.sum()) or np.isfinite(found).all()):
        side, term, column = np.argwhere(~np.isfinite(found))[0]
        raise ReservationError(
            f"term {term} of side {side} is {found[side, term, column]} at step {step} of run {run[column]}; leave "
            "runs that failed out of the paths"
        )
    return found


def _standardised(paths: Paths, scale: Scale) -> Iterator[tuple[int, IntArray, FloatArray]]:
    """Step, runs still fought and their regressors [side, term, run], for every step that has any."""
    for step in paths.steps:
        run = paths.fought(step)
        if len(run):
            yield step, run, scale.standard(_regressors(paths, step, run))


def _values(paths: Paths, scale: Scale, held_out: FloatArray) -> ByStep:
    """Values at each step, of every run from the coefficients of the folds it is not in."""
    values = [np.zeros((len(paths.terminal), len(paths.fought(step)))) for step in paths.steps]
    by_side = np.swapaxes(held_out, 0, 1)
    for step, run, regressors in _standardised(paths, scale):
        values[step] = (by_side @ regressors)[:, run % len(held_out), np.arange(len(run))]
    return values


def _payoffs(paths: Paths, values: ByStep | None) -> ByStep:
    """Realised worth of fighting on, where decisions go by `values`; None: no agreement."""
    worth = np.array(paths.terminal, float)
    payoffs = [worth[:, :0]] * len(paths.alive)
    for step in reversed(paths.steps):
        run = paths.fought(step)
        payoffs[step] = worth[:, run] = paths.discount[:, run] * worth[:, run] - paths.cost[step][:, run]
        if values is not None and paths.settle and len(run):
            chance, agreed = _agreement(paths.settle, step, run, values[step])
            worth[:, run] = (1 - chance) * payoffs[step] + chance * agreed
    return payoffs


def _agreement(settle: Settle, step: int, run: IntArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    chance, worth = settle(step, run, values)
    if np.shape(chance) != run.shape or np.shape(worth) != values.shape:
        raise ReservationError(
            f"settling at step {step} gave chances {np.shape(chance)} and worth {np.shape(worth)}; "
            f"{run.shape} and {values.shape} are needed"
        )
    if not ((chance >= 0) & (chance <= 1)).all() or not np.isfinite(worth).all():
        raise ReservationError(f"settling at step {step} gave a chance outside [0, 1] or a worth that is not finite")
    return chance, worth


def _pooled(paths: Paths, parts: ByStep) -> FloatArray:
    """Weighted mean over states of numbers [side, run] at each step, [side]."""
    weights = [paths.weights(step) for step in paths.steps]
    total = np.sum([part @ weight for part, weight in zip(parts, weights, strict=True)], axis=0)
    mean: FloatArray = total / sum(weight.sum() for weight in weights)
    return mean


def _quality(paths: Paths, payoffs: ByStep, values: ByStep) -> tuple[FloatArray, FloatArray]:
    """Share of the variance of payoffs that values explain, and root mean square error, [side]."""
    mean = _pooled(paths, payoffs)[:, None]
    error = _pooled(paths, [part**2 for part in _less(payoffs, values)])
    variance = _pooled(paths, [(part - mean) ** 2 for part in payoffs])
    unexplained = np.divide(error, variance, out=np.ones_like(error), where=variance > 0)
    return 1 - unexplained, np.sqrt(error)


def _mean_by_run(paths: Paths, gain: ByStep) -> tuple[FloatArray, FloatArray]:
    """Weighted mean over states, and its standard error with states of one run taken together, [side]."""
    mean = _pooled(paths, gain)
    total, weight = np.zeros(paths.terminal.shape), 0.0
    for step in paths.steps:
        weights = paths.weights(step)
        total[:, paths.fought(step)] += weights * (gain[step] - mean[:, None])
        weight += weights.sum()
    return mean, np.sqrt((total**2).sum(axis=-1)) / weight


def _aligned(paths: Paths, other: Paths, parts: ByStep) -> ByStep:
    """Numbers of the states of `paths`, for the runs that `other` still fights; 0 where `paths` do not."""
    aligned = []
    for step, part in enumerate(parts):
        whole = np.zeros(paths.terminal.shape)
        whole[:, paths.fought(step)] = part
        aligned.append(whole[:, other.fought(step)])
    return aligned


def _plus(left: ByStep, right: ByStep) -> ByStep:
    return [one + other for one, other in zip(left, right, strict=True)]


def _less(left: ByStep, right: ByStep) -> ByStep:
    return [one - other for one, other in zip(left, right, strict=True)]


def _check_pair(paths: Paths, changed: Paths) -> None:
    if paths.cost.shape != changed.cost.shape:
        raise ReservationError(
            f"paths have [step, side, run] {paths.cost.shape}, changed ones {changed.cost.shape}; the same runs and "
            "steps are needed, with and without the intervention"
        )


def _check_paths(paths: Paths) -> None:
    if np.ndim(paths.cost) != 3 or 0 in np.shape(paths.cost):
        raise ReservationError(f"costs have shape {np.shape(paths.cost)}; [step, side, run], none empty, is needed")
    steps, sides, runs = paths.cost.shape
    for name, shape in (("discount", (sides, runs)), ("terminal", (sides, runs)), ("alive", (steps, runs))):
        if np.shape(getattr(paths, name)) != shape:
            raise ReservationError(f"{name} has shape {np.shape(getattr(paths, name))}; {shape} is needed, like cost")
    alive = paths.alive
    if (alive[1:] & ~alive[:-1]).any():
        raise ReservationError("a path that had ended is fought on again; `alive` may only turn from true to false")
    if not np.isfinite(np.where(alive[:, None], paths.cost, 0.0)).all() or not np.isfinite(paths.terminal).all():
        raise ReservationError("a cost or a terminal worth is not finite; leave runs that failed out of the paths")
    if not ((paths.discount > 0) & (paths.discount <= 1)).all():
        raise ReservationError("a discount lies outside (0, 1]")
    _check_weight(paths)


def _check_weight(paths: Paths) -> None:
    weight = np.asarray(paths.weight, float)
    try:
        np.broadcast_to(weight, paths.alive.shape)
    except ValueError:
        raise ReservationError(
            f"weights have shape {weight.shape}; {paths.alive.shape}, or what broadcasts to it, is needed"
        ) from None
    if not (np.isfinite(weight) & (weight >= 0)).all():
        raise ReservationError("a weight is negative or not finite")


def _check_settings(folds: int, ridge: float, passes: int, runs: int) -> None:
    if not 2 <= folds <= runs:
        raise ReservationError(f"{folds} folds were asked for; from 2 to the number of runs, {runs}, make sense")
    if not 0 < ridge < np.inf:
        raise ReservationError(f"the ridge is {ridge}; a positive number is needed, 0.001 is usual")
    if passes < 1:
        raise ReservationError(f"{passes} passes were asked for; at least 1 is needed")
