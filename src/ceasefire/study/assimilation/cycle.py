"""The cycle: forecast a week, look at what was published in it, update, go on.

Each week (1) every run fights on from where it stands; (2) what it expects of the week's evidence is told, and scored
against what came (`score.py`); (3) regimes are weighed and, if need be, runs resampled (`regime.py`); continuous states
follow by the filter (`filter.py`); the map is reset to what was observed.

Control. Let o be the map of the week, h a run's. On an axis that was redrawn h ← o. On one that was not, the run keeps
what it holds itself since the last redrawing with chance q, the chance that the map lags (`sight.py`), and h ← o
otherwise; one die an axis, run and week. A redrawing that takes ground back, whoever was told to have fought for it,
moves the map all the same. Momentum is that of the observed maps, as at the opening, or the run's own where it keeps
its ground. Where no map came at all, every run keeps its own.

A run in which the war has ended while it goes on in the evidence expects no ground and no losses, so that its weight
falls to almost nothing. Of the parameters only the levels that states return to are filtered (`scale.LEVELS`); the
others change by resampling alone.

Left out: cells that come into reach of the front after the opening beyond its theatre; roads, garrisons, works and
parameters learned from the record, which stay those of the opening; talks and deadlines announced after it; polls and
aid, which reach a war only when it is opened.
Sources: model notes, section 13.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from ceasefire.model import war
from ceasefire.model.bargaining import WAR
from ceasefire.model.noise import Noise
from ceasefire.scenario.allocation import momentum_after
from ceasefire.scenario.start import Start
from ceasefire.simulate import draws
from ceasefire.simulate.pool import Workers, worked
from ceasefire.simulate.run import CHUNK, Engine, Wars
from ceasefire.study.assimilation import filter as kalman
from ceasefire.study.assimilation import regime, scale, sight
from ceasefire.study.assimilation.seen import Seen
from ceasefire.study.assimilation.sight import Lag, Sight

FloatArray = NDArray[np.float64]

HISTORY = 10
"""Weeks of a run's own past that a report can still change."""
ALWAYS = ("front.expected", "front.taken", "front.ceded", "attrition.casualties", "attrition.lost")


@dataclass(frozen=True)
class Standing:
    """All runs between two weeks; arrays have room for whole chunks, `runs` of them count."""

    week: int
    """Weeks since the opening."""
    runs: int
    points: draws.Cube
    """Uniforms that parameters are made from, [..., slot]."""
    drawn: draws.Values
    """Parameters, [..., slot]."""
    state: war.State
    """On the host, [..., slot]."""
    weight: FloatArray
    """[run], adding up to 1."""
    ok: NDArray[np.bool_]
    """[slot]: every number stayed finite."""
    lag: Lag
    """[..., run]"""
    map: NDArray[np.float32]
    """[cell]: first side's share on the last map, as it shows it."""
    settled: NDArray[np.float32]
    """[cell]: the same, as a war stands on it."""
    shown: FloatArray
    """[axis, run] km²: ground of the first side in the theatre as last mapped."""
    momentum: FloatArray
    """[side, cell] of the maps."""
    past: FloatArray
    """[week, 2 · report, run]"""

    def find(self, name: str) -> NDArray[Any]:
        """A state, or a level that it returns to, by its dotted name, [..., slot]."""
        return self.drawn[name] if name in scale.LEVELS else scale.of_state(self.state, name)


@dataclass(frozen=True)
class Week:
    """What a week told before anything of it was seen."""

    series: dict[str, NDArray[np.floating[Any]]]
    """By dotted name, [..., run]."""
    before: Standing
    """How the runs stood as it began."""


@dataclass(frozen=True)
class Step:
    """What an update did."""

    observations: int
    reached: int
    """States that something reached."""
    passed: int
    effective: float
    """Effective number of runs after weighing, before resampling."""
    resampled: bool


class Cycle:
    """Moves an ensemble through weeks of evidence."""

    def __init__(self, start: Start, *, runs: int, seed: int, workers: Workers = None) -> None:
        self.start, self.runs, self.seed, self.workers = start, runs, seed, workers
        self.engine = Engine(start, weeks=1, seed=seed)
        self.slots = -(-runs // CHUNK) * CHUNK
        self.keep = tuple(dict.fromkeys((*ALWAYS, *sight.needed(start))))

    def opened(self) -> Standing:
        """Every run as the opening has it."""
        slot = np.arange(self.slots, dtype=np.uint32)
        chunks = [draws.cube(self.start, self.seed, slot[at]) for at in self._chunks()]
        points = {name: np.concatenate([part[name] for part in chunks], axis=-1) for name in chunks[0]}
        drawn = self._drawn(points)
        states = [self.engine.begun(self._params(drawn, at), slot[at]).state for at in self._chunks()]
        theatre = self.start.theatre
        finite = [np.isfinite(values).reshape(-1, self.slots).all(axis=0) for values in drawn.values()]
        return Standing(
            week=0,
            runs=self.runs,
            points=points,
            drawn=drawn,
            state=_joined(states),
            weight=np.full(self.runs, 1 / self.runs),
            ok=np.all(finite, axis=0),
            lag=sight.no_lag(len(self.start.labels["side"]), len(theatre.axes), self.runs),
            map=theatre.share[-1],
            settled=theatre.opening_share,
            shown=self._area(theatre.opening_share[:, None]).repeat(self.runs, axis=1),
            momentum=self.start.momentum,
            past=np.zeros((0, 2 * len(self.start.scenario.war.reported), self.runs)),
        )

    def _chunks(self) -> list[slice]:
        return [slice(first, first + CHUNK) for first in range(0, self.slots, CHUNK)]

    def _drawn(self, points: draws.Cube) -> draws.Values:
        """Parameters of all slots, chunk by chunk, as a forecast draws them."""
        parts = [
            draws.values(self.start, {name: values[..., at] for name, values in points.items()})
            for at in self._chunks()
        ]
        return {name: np.concatenate([part[name] for part in parts], axis=-1) for name in parts[0]}

    def _params(self, drawn: draws.Values, at: slice) -> war.Params:
        return draws.parameters({name: values[..., at] for name, values in drawn.items()})[0]

    def wars(self, standing: Standing, at: slice) -> Wars:
        """A chunk, ready to fight on."""
        state = jax.tree.map(lambda values: jnp.asarray(values[..., at]), standing.state)
        return Wars(self._params(standing.drawn, at), state, np.arange(at.start, at.stop, dtype=np.uint32))

    def week(self, standing: Standing) -> tuple[Standing, Week]:
        """Fight one week; nothing of it is looked at."""
        chunks = self._chunks()

        def work(index: int) -> tuple[war.State, dict[str, NDArray[Any]], NDArray[np.bool_]]:
            fought = self.engine.week(self.wars(standing, chunks[index]), standing.week)
            series = {name: np.asarray(fought.series[name][0]) for name in self.keep}
            return jax.tree.map(np.asarray, fought.last), series, np.asarray(fought.finite[0])

        done = dict(worked(work, len(chunks), self.workers))
        parts = [done[index] for index in range(len(chunks))]
        series = {name: np.concatenate([p[1][name] for p in parts], axis=-1)[..., : self.runs] for name in self.keep}
        ok = standing.ok & np.concatenate([part[2] for part in parts])
        known = {name: values[..., : self.runs] for name, values in standing.drawn.items()}
        told = sight.history(self.start, series, known).reshape(1, -1, self.runs)
        after = replace(
            standing,
            week=standing.week + 1,
            state=_joined([part[0] for part in parts]),
            ok=ok,
            weight=_living(standing.weight, ok[: self.runs]),
            past=np.concatenate([standing.past, np.nan_to_num(told)]),
        )
        return after, Week(series, standing)

    def update(self, standing: Standing, week: Week, seen: Seen) -> tuple[Standing, Step]:
        """Take in what was published in the week."""
        known = {name: values[..., : self.runs] for name, values in standing.drawn.items()}
        gain = None if seen.raw is None else sight.gains(self.start, week.before.map, seen.raw)
        found = [
            *(() if gain is None else sight.ground(self.start, gain, week.series, known, standing.lag)),
            *sight.losses(self.start, seen, week.series, known, standing.weight),
            *sight.reported(self.start, seen.reports, standing.past, known),
        ]
        lag = sight.later(standing.lag, gain, week.series, known)
        after = replace(standing, weight=self._weighed(standing, found))
        if found:
            after, reached = self._filtered(after, found)
        else:
            reached = 0
        after = self._mapped(replace(after, lag=lag), seen)
        number = kalman.effective(after.weight)
        resampled = number < self.runs / 2
        if resampled:
            after = self.resampled(after)
        return after, Step(len(found), reached, seen.passed, number, resampled)

    def _weighed(self, standing: Standing, found: list[Sight]) -> FloatArray:
        """Weights after the week, by regime."""
        if not found:
            return standing.weight
        alive = standing.weight > 0
        expected = np.array([np.where(alive, one.expected, 0.0) for one in found])
        likely = (one.law.log_likelihood(row) for one, row in zip(found, expected, strict=True))
        logs = np.array([np.where(alive, row, 0.0) for row in likely])
        told, near = {}, {}
        for name, (value, labels) in _regimes(standing.state, self.start.labels, self.runs).items():
            told[name] = value
            near[name] = np.array([k for k, one in enumerate(found) if scale.meet(one.labels, labels)], dtype=np.int64)
        return regime.reweighted(standing.weight, told, expected, logs, near)

    def _filtered(self, standing: Standing, found: list[Sight]) -> tuple[Standing, int]:
        """Continuous states and the runs' own histories after the week."""
        listed = scale.rows(standing.find, self.start.labels)
        alive = standing.weight > 0
        weight = standing.weight[alive]
        plain = scale.values(standing.find, listed, self.runs)
        recent = standing.past[-HISTORY:]
        lines = recent.reshape(-1, self.runs)
        entries = self.start.scenario.war.reported
        line_labels = [sight.of_labels(entry) for entry in entries for _ in range(2)] * len(recent)
        trace, line_trace = scale.traces(plain[:, alive]), scale.traces(lines[:, alive])
        offset = scale.offsets(listed, sight.anchors(standing.drawn), self.runs)
        own = scale.forward(plain, listed, trace) + offset
        before = np.concatenate([own, np.log(np.maximum(lines, 0.0) + line_trace[:, None])])[:, alive]
        labels = [*(row.labels for row in listed), *line_labels]
        near = np.array([[scale.meet(one, other.labels) for other in found] for one in labels])
        among = np.array([[scale.meet(one.labels, other.labels) for one in found] for other in found])
        expected = np.array([one.expected[alive] for one in found])
        laws = tuple(_among(one.law, alive) for one in found)
        new = kalman.update(before, expected, laws, weight, near.reshape(len(labels), -1), among)
        told = kalman.relaxed(before, new.state, weight, new.reached)
        size = len(listed)
        changed = plain.copy()
        changed[:, alive] = scale.back(told[:size] - offset[:, alive], listed, trace)
        found_new = scale.replaced(standing.find, listed, changed, new.reached[:size], alive)
        levels = {name: values for name, values in found_new.items() if name in scale.LEVELS}
        state = scale.put(standing.state, {name: v for name, v in found_new.items() if name not in levels})
        lines = lines.copy()
        at = np.flatnonzero(new.reached[size:])
        lines[np.ix_(at, alive)] = np.maximum(np.exp(told[size:][at]) - line_trace[at, None], 0.0)
        past = np.concatenate([standing.past[:-HISTORY], lines.reshape(recent.shape)])
        return replace(standing, state=state, drawn=standing.drawn | levels, past=past), int(new.reached[:size].sum())

    def _mapped(self, standing: Standing, seen: Seen) -> Standing:
        """Every run on the observed map, but for what a map that lags does not show yet."""
        if seen.raw is None or seen.share is None:
            return standing
        theatre, cells = self.start.theatre, len(self.start.theatre)
        change = seen.raw.astype(np.float64) - standing.map
        momentum = np.stack(
            [
                momentum_after(old, np.maximum(move, 0.0), theatre.neighbour)
                for old, move in zip(standing.momentum, (change, -change), strict=True)
            ]
        )
        luck = self._luck("lag", (len(theatre.axes),), standing.week)
        keeps = np.zeros((len(theatre.axes), self.slots), dtype=bool)
        keeps[:, : self.runs] = luck[:, : self.runs] < standing.lag.chance
        keeps[:, ~standing.ok] = False
        own = keeps[theatre.axis]
        held, moving = (np.array(getattr(standing.state.front, name)) for name in ("held", "momentum"))
        held[:cells] = np.where(own, held[:cells], seen.share[:, None])
        moving[:, :cells] = np.where(own[None], moving[:, :cells], momentum[..., None])
        state = scale.put(standing.state, {"front.held": held, "front.momentum": moving})
        shown = self._area(seen.share[:, None]).repeat(self.runs, axis=1)
        return replace(standing, state=state, map=seen.raw, settled=seen.share, shown=shown, momentum=momentum)

    def resampled(self, standing: Standing) -> Standing:
        """Runs of equal weight; see `regime.py`."""
        luck = self._luck("resample", (), standing.week)
        parent = regime.parents(standing.weight, float(luck[0]))
        whole = np.concatenate([parent, np.arange(self.runs, self.slots)])
        points = {
            name: regime.shaken(values, whole, self._luck(f"shake.{name}", values.shape[:-1], standing.week))
            for name, values in standing.points.items()
        }
        return replace(
            standing,
            points=points,
            drawn=self._moved(standing, points, whole),
            state=jax.tree.map(lambda values: values[..., whole], standing.state),
            weight=np.full(self.runs, 1 / self.runs),
            ok=standing.ok[whole],
            lag=Lag(standing.lag.chance[:, parent], standing.lag.unmapped[..., parent]),
            shown=standing.shown[:, parent],
            past=standing.past[..., parent],
        )

    def _moved(self, standing: Standing, points: draws.Cube, parent: NDArray[np.int64]) -> draws.Values:
        """Parameters at points of the unit cube, their levels as far from there as the parents' had been moved."""
        drawn, before = self._drawn(points), self._drawn(standing.points)
        for name in scale.LEVELS:
            old, now = before[name][..., parent], standing.drawn[name][..., parent]
            signed = name.startswith("front.")
            moved = drawn[name] + (now - old) if signed else drawn[name] * (now / old)
            drawn[name] = np.where(now == old, drawn[name], moved)
        return drawn

    def _luck(self, name: str, shape: tuple[int, ...], week: int) -> FloatArray:
        """Uniforms of a week, [..., slot], apart from those that wars are fought with."""
        seed, run = jnp.asarray(draws.seed_words(self.seed)), jnp.arange(self.slots, dtype=jnp.uint32)
        return np.asarray(Noise(seed, run, jnp.asarray(week), "assimilation").uniform(name, shape), np.float64)

    def unseen(self, standing: Standing) -> Standing:
        """Runs left alone after a week: only their own mappers have gone on."""
        return replace(standing, shown=standing.shown + self.mapped_change(standing))

    def mapped_change(self, standing: Standing) -> FloatArray:
        """Change of each axis's area as a mapper would show it after the week, [axis, run] km²."""
        held = np.asarray(standing.state.front.held)[: len(self.start.theatre), : self.runs]
        still = self._luck("map", standing.shown.shape[:1], standing.week)[:, : self.runs]
        unmapped = standing.drawn["reporting.unmapped"][: self.runs]
        return np.where(still < unmapped, 0.0, self._area(held) - standing.shown)

    def _area(self, held: NDArray[np.floating[Any]]) -> FloatArray:
        """Ground of the first side by axis, [axis, run] km², from shares [cell, run]."""
        theatre = self.start.theatre
        listed = [np.flatnonzero(theatre.axis == axis) for axis in range(len(theatre.axes))]
        return np.array([(theatre.area[at, None] * held[at]).sum(axis=0, dtype=np.float64) for at in listed])

    def claimed(self, standing: Standing, week: Week, side: int) -> FloatArray:
        """What would be claimed of a side's losses in the week, [claim, run]."""
        known = {name: values[..., : self.runs] for name, values in standing.drawn.items()}
        told = sight.claimed(self.start, week.series, known, side)
        luck = self._luck(f"claim.{side}", told.shape[:-1], standing.week)[:, : self.runs]
        return np.asarray(np.round(told * np.exp(known["reporting.noise"] * ndtri(luck))))


def _joined(states: list[war.State]) -> war.State:
    """Chunks as one, on the host."""
    joined: war.State = jax.tree.map(lambda *parts: np.concatenate([np.asarray(p) for p in parts], axis=-1), *states)
    return joined


def _living(weight: FloatArray, ok: NDArray[np.bool_]) -> FloatArray:
    """Weights without runs that broke; as they are where none did."""
    if ok.all() or not (weight * ok).any():
        return weight
    return np.asarray(weight * ok / (weight * ok).sum())


def _regimes(
    state: war.State, labels: dict[str, tuple[str, ...]], runs: int
) -> dict[str, tuple[NDArray[np.int64], scale.Labels]]:
    """Every regime that runs differ in, and the labels that it is of."""
    found: dict[str, tuple[NDArray[np.int64], scale.Labels]] = {}

    def add(name: str, values: NDArray[Any], dims: tuple[str, ...]) -> None:
        for place in np.ndindex(*values.shape[:-1]):
            told = values[place][:runs].astype(np.int64)
            if told.min() != told.max():
                of = {dim: frozenset([labels[dim][k]]) for dim, k in zip(dims, place, strict=True)}
                found[f"{name}{list(place)}"] = (told, of)

    add("war", np.asarray(state.bargaining.phase) != WAR, ())
    add("talks", np.asarray(state.talks.regime), ())
    add("on", np.asarray(state.patrons.on) > 0.5, ("patron", "switch"))
    add("aligned", np.asarray(state.patrons.aligned) > 0.5, ("patron",))
    add("breach", np.asarray(state.breach.factor) > 1, ("side", "axis"))
    return found


def _among(law: kalman.Law, alive: NDArray[np.bool_]) -> kalman.Law:
    """The same law for the runs that are alive."""
    if isinstance(law, kalman.Normal) or alive.all():
        return law

    def among(expected: FloatArray) -> FloatArray:
        whole = np.zeros(len(alive))
        whole[alive] = expected
        return law.log_likelihood(whole)[alive]

    return kalman.Likely(among)
