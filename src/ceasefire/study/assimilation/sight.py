"""Sights: what each run expects of what was observed in a week, and how likely that is in each.

Ground. The expectation of a side on an axis is ln μ, the log of the mean of the week's ground (`front.expected`), not
the ground that a run's dice gave it. With lumps of mean m the likelihood of g km² is the compound Poisson–gamma's,
    f(g; μ) = Σ_n Poisson(n; μ/m) Gamma(g; κn, m/κ),   f(0; μ) = e^(−μ/m),
so that a week without ground says as much as one with. An axis of which no cell changed was not redrawn, or was quiet:
    p = u + (1 − u) · e^(−μ₁/m₁ − μ₂/m₂),   u = `reporting.unmapped`.
The chance q that such an axis lags follows by Bayes' rule; what was to be taken meanwhile, c = q c + μ, comes with the
next redrawing: p = (1 − ε) [(1 − q) f(g; μ) + q f(g; μ + c)] + ε b(g). b, exponential with a mean of 10 km², stands for
redrawings that no fighting explains: they move the map (`cycle.py`) and hardly the tempo. ε = 0.03, elicited.

Claims. ln(claimed + ½) = ln(overcount · true + ½) + error, its variance that of `reporting.noise` in the mean of the
runs and 1/12 of a unit squared for rounding. The record says what is claimed, not how much of it is true: intensities
are moved as ln(overcount · stock) + intensity, of which the first part is the run's own and stays.

Reports. Counts, money, prices: ln(x + c) with errors of 5 % (elicited) and of rounding; shares: log odds with errors of
0.15 (elicited), to which `reporting.stopped_noise` comes for weapons stopped; these are reported with the run's excess.
What a run expects of a report of an earlier week or month is its own history, which is updated like a state.

Left out: claims of sides whose losses the war does not follow; revisions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, logit

from ceasefire.model.front import LUMP_SHAPE
from ceasefire.scenario import spec
from ceasefire.scenario.spec import PERSONNEL, Reported
from ceasefire.scenario.start import Start, variables
from ceasefire.scenario.tempo import NOUGHT
from ceasefire.simulate.draws import Values
from ceasefire.study.assimilation.filter import Law, Likely, Normal
from ceasefire.study.assimilation.scale import Labels
from ceasefire.study.assimilation.seen import Report, Seen

FloatArray = NDArray[np.float64]
Series = Mapping[str, NDArray[np.floating]]
"""What a week told, by dotted name, [..., run]."""

REDRAWN, REDRAWN_KM2 = 0.03, 10.0
COUNT_ERROR, SHARE_ERROR = 0.05, 0.15
LEAST_KM2 = 1e-3
LEAST_SHARE = 0.01
"""Reported shares are kept this far from 0 and 1."""
MOST_LUMPS = 400
STOPPED, LEAKED = "air_defence.stopped", "air_defence.leaked"


@dataclass(frozen=True)
class Sight:
    """One number that was observed."""

    name: str
    labels: Labels
    expected: FloatArray
    """[run], on a scale without bounds."""
    law: Law


@dataclass(frozen=True)
class Lag:
    """How far maps lag behind each run."""

    chance: FloatArray
    """[axis, run]: q."""
    unmapped: FloatArray
    """[side, axis, run] km²: c."""


def no_lag(sides: int, axes: int, runs: int) -> Lag:
    """Every map is up to date."""
    return Lag(np.zeros((axes, runs)), np.zeros((sides, axes, runs)))


def gains(start: Start, before: NDArray[np.floating], after: NDArray[np.floating]) -> FloatArray:
    """Ground that changed hands between two maps, [side, axis] km²."""
    theatre = start.theatre
    change = (after.astype(np.float64) - before) * theatre.area
    return np.stack([np.bincount(theatre.axis, g, len(theatre.axes)) for g in (change.clip(0), (-change).clip(0))])


def quiet(gain: FloatArray) -> NDArray[np.bool_]:
    """Axes of which nothing was redrawn, [axis]."""
    told: NDArray[np.bool_] = gain.sum(axis=0) <= NOUGHT
    return told


def log_density(gain: float, mean: FloatArray, lump: FloatArray) -> FloatArray:
    """Log density of ground g > 0, or log chance of none, in each run."""
    rate = mean / lump
    if gain <= NOUGHT:
        return -rate
    likely = float(max(rate.max(), gain / lump.min() * 2))
    count = np.arange(1, min(int(np.ceil(likely + 8 * np.sqrt(likely) + 8)), MOST_LUMPS) + 1)[:, None]
    shape = LUMP_SHAPE * count
    terms = count * np.log(np.maximum(rate, 1e-12)) - rate - gammaln(count + 1)
    terms = terms + (shape - 1) * np.log(gain) - gain * LUMP_SHAPE / lump - gammaln(shape)
    terms = terms - shape * np.log(lump / LUMP_SHAPE)
    top = terms.max(axis=0)
    return np.asarray(top + np.log(np.exp(terms - top).sum(axis=0)))


def ground(start: Start, gain: FloatArray, series: Series, drawn: Values, lag: Lag) -> Iterator[Sight]:
    """What was taken by each side on each axis."""
    mean, lump = np.nan_to_num(series["front.expected"].astype(np.float64)), drawn["front.lump"]
    still, missed = quiet(gain), drawn["reporting.unmapped"]
    for axis, place in enumerate(start.labels["axis"]):
        rate = (mean[:, axis] / lump[:, axis]).sum(axis=0)
        for side, name in enumerate(start.labels["side"]):
            m, c, q = lump[side, axis], lag.unmapped[side, axis], lag.chance[axis]
            if still[axis]:
                law = _quiet(missed, rate - mean[side, axis] / m, m)
            else:
                law = _redrawn(float(gain[side, axis]), m, c, q)
            expected = np.log(mean[side, axis] + LEAST_KM2)
            of = {"side": frozenset([name]), "axis": frozenset([place])}
            yield Sight(f"ground[{name},{place}]", of, expected, Likely(law))


def _quiet(missed: FloatArray, other: FloatArray, lump: FloatArray) -> Callable[[FloatArray], FloatArray]:
    """Log likelihood in ln μ where nothing was redrawn; `other` is μ/m of the other side."""

    def law(expected: FloatArray) -> FloatArray:
        none = np.exp(-np.exp(np.minimum(expected, 12.0)) / lump - other)
        return np.asarray(np.log(missed + (1 - missed) * none))

    return law


def _redrawn(
    gain: float, lump: FloatArray, unmapped: FloatArray, chance: FloatArray
) -> Callable[[FloatArray], FloatArray]:
    """Log likelihood in ln μ where the axis was redrawn, whoever gained."""
    broad = float(np.exp(-gain / REDRAWN_KM2) / REDRAWN_KM2) if gain > NOUGHT else 1.0

    def law(expected: FloatArray) -> FloatArray:
        mean = np.exp(np.minimum(expected, 12.0))
        told = (1 - chance) * np.exp(log_density(gain, mean, lump))
        if unmapped.any():
            told = told + chance * np.exp(log_density(gain, mean + unmapped, lump))
        return np.asarray(np.log((1 - REDRAWN) * told + REDRAWN * broad))

    return law


def later(lag: Lag, gain: FloatArray | None, series: Series, drawn: Values) -> Lag:
    """How far maps lag after a week; `gain` None where there was no map at all."""
    mean, lump, missed = (
        np.nan_to_num(series["front.expected"].astype(np.float64)),
        drawn["front.lump"],
        drawn["reporting.unmapped"],
    )
    waiting = lag.chance * lag.unmapped + mean
    if gain is None:
        return Lag(np.ones_like(lag.chance), waiting)
    none = (1 - lag.chance) * np.exp(-(mean / lump).sum(axis=0)) + lag.chance * np.exp(
        -((mean + lag.unmapped) / lump).sum(axis=0)
    )
    chance = missed / (missed + (1 - missed) * none)
    still = quiet(gain)[:, None]
    return Lag(np.where(still, chance, 0.0), np.where(still, waiting, 0.0))


def claimed(start: Start, series: Series, drawn: Values, side: int) -> FloatArray:
    """Losses of a side as they would be claimed in the median, [claim, run]."""
    people, pieces = series["attrition.casualties"][side], series["attrition.lost"][side]
    return np.asarray(drawn["reporting.overcount"] * np.concatenate([people[None], pieces]).astype(np.float64))


def losses(start: Start, seen: Seen, series: Series, drawn: Values, weight: FloatArray) -> Iterator[Sight]:
    """What was claimed of each side's losses."""
    for (side, claim), value in (seen.claims or {}).items():
        k = start.labels["claim"].index(claim)
        expected = np.log(claimed(start, series, drawn, side)[k] + 0.5)
        variance = float((weight * drawn["reporting.noise"][k] ** 2).sum()) + 1 / 12 / (value + 0.5) ** 2
        of = {"side": frozenset([start.labels["side"][side]])}
        if claim != PERSONNEL:
            of["item"] = frozenset([claim])
        name = f"claims[{start.labels['side'][side]},{claim}]"
        yield Sight(name, of, expected, Normal(float(np.log(value + 0.5)), variance))


def anchors(drawn: Values) -> dict[str, FloatArray]:
    """What is added to a state of each run before it is moved, by dotted name, [..., run]."""
    overcount = np.log(drawn["reporting.overcount"])
    people = overcount[0] + np.log(drawn["attrition.troops_opening"])
    pieces = overcount[1:] + np.log(drawn["attrition.equipment_opening"])
    return {
        "attrition.intensity": people,
        "attrition.casualty_rate": people,
        "attrition.item_intensity": pieces,
        "attrition.loss_rate": pieces,
    }


# ------------------------------------------------------------------------------------------------------------- reports


def needed(start: Start) -> tuple[str, ...]:
    """Quantities that reports are made from."""
    names = dict.fromkeys(
        spec.split(name)[0] for entry in start.scenario.war.reported for name in (*entry.of, *entry.of_per)
    )
    return (*names, *((LEAKED,) if STOPPED in names else ()))


def told(start: Start, series: Series, names: tuple[str, ...]) -> FloatArray:
    """Named quantities of a week added up, labels that are left out too, [run]."""
    known = variables()
    total: FloatArray | float = 0.0
    for name in names:
        variable, index = spec.split(name)
        dims = tuple(dim for dim in known[variable].dims if dim != "run" and not dim.isdigit())
        at = tuple(start.labels[dim].index(label) for dim, label in zip(dims, index, strict=False))
        values = series[variable][at].astype(np.float64)
        total = total + values.reshape(-1, values.shape[-1]).sum(axis=0)
    return np.asarray(total)


def of_labels(entry: Reported) -> Labels:
    """What a report is of: the labels that its quantities have."""
    known, found = variables(), dict[str, set[str]]()
    for name in entry.of:
        variable, index = spec.split(name)
        dims = [dim for dim in known[variable].dims if dim != "run" and not dim.isdigit()]
        for dim, label in zip(dims, index, strict=False):
            found.setdefault(dim, set()).add(label)
    return {dim: frozenset(labels) for dim, labels in found.items()}


def history(start: Start, series: Series, drawn: Values) -> FloatArray:
    """What a week adds to each report, over and under the line (1 where there is none), [2 · report, run]."""
    lines = []
    shown = dict(series)
    if STOPPED in shown:
        better = np.exp(drawn["reporting.stopped_excess"])
        stopped, leaked = shown[STOPPED].astype(np.float64), shown[LEAKED].astype(np.float64)
        share = np.divide(stopped * better, stopped * better + leaked, out=np.zeros_like(stopped), where=stopped > 0)
        shown[STOPPED] = share * (stopped + leaked)
    for entry in start.scenario.war.reported:
        over = told(start, shown, entry.of)
        lines += [over, told(start, shown, entry.of_per) if entry.per else np.ones_like(over)]
    return np.array(lines, dtype=np.float64)


def reported(start: Start, reports: tuple[Report, ...], past: FloatArray, drawn: Values) -> Iterator[Sight]:
    """What was reported, from the history of each run, [week, 2 · report, run]."""
    entries = start.scenario.war.reported
    noise = float((drawn["reporting.stopped_noise"] ** 2).mean()) ** 0.5
    for report in reports:
        entry, k = report.entry, 2 * entries.index(report.entry)
        over, under = (np.einsum("w,wr->r", report.weight, past[:, k + line]) for line in (0, 1))
        value = entry.factor * over / np.maximum(under, 1e-9) if entry.per else entry.factor * over
        if entry.unit == "1":
            stopped = any(name.startswith(STOPPED) for name in entry.of)
            expected = logit(np.clip(value, LEAST_SHARE, 1 - LEAST_SHARE))
            seen = float(logit(np.clip(report.value, LEAST_SHARE, 1 - LEAST_SHARE)))
            law = Normal(seen, SHARE_ERROR**2 + noise**2 * stopped)
        else:
            trace = 0.5 if entry.kind == "weeks" else 1e-3 * abs(report.value)
            rounding = 1 / 12 / (report.value + trace) ** 2 if entry.kind == "weeks" else 0.0
            expected = np.log(np.maximum(value, 0.0) + trace)
            law = Normal(float(np.log(max(report.value, 0.0) + trace)), COUNT_ERROR**2 + rounding)
        yield Sight(entry.name, of_labels(entry), expected, law)
