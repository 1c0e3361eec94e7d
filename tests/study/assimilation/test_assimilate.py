"""Assimilation on an invented war: a hidden truth is found from its reports, and nothing else changes anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import jax
import numpy as np
import pytest

from ceasefire.model import bargaining
from ceasefire.scenario.start import Start
from ceasefire.study import score
from ceasefire.study.assimilation import scale, sight
from ceasefire.study.assimilation.assimilate import AssimilationError, _weeks
from ceasefire.study.assimilation.cycle import Cycle, Standing, Week
from ceasefire.study.assimilation.filter import spread_of
from ceasefire.study.assimilation.score import scored
from ceasefire.study.assimilation.seen import WEEK, Seen

RUNS, WEEKS, TRUTHS = 96, 8, 6


def same(one: Standing, other: Standing) -> bool:
    """Whether two ensembles have the same bits."""
    pairs = zip(jax.tree.leaves(one.state), jax.tree.leaves(other.state), strict=True)
    return one.weight.tobytes() == other.weight.tobytes() and all(a.tobytes() == b.tobytes() for a, b in pairs)


def seen_of(start: Start, truth: Standing, week: Week, run: int) -> Seen:
    """What would be published of one war: its map as it is, claims of the first side's losses with the run's noise."""
    share = np.asarray(truth.state.front.held)[: len(start.theatre), run]
    known = {name: values[..., : truth.runs] for name, values in truth.drawn.items()}
    median = sight.claimed(start, week.series, known, 0)[:, run]
    noise = known["reporting.noise"][:, run] * np.random.default_rng([run, truth.week]).standard_normal(len(median))
    told = zip(start.labels["claim"], np.round(median * np.exp(noise)).tolist(), strict=True)
    claims = {(0, claim): value for claim, value in told if value > 0}
    return Seen(start.theatre.dates[-1] + truth.week * WEEK, share, share, claims)


def unsure(cycle: Cycle) -> Standing:
    """An opening at which less is known than the invented record tells: how hard both sides push, and what it costs."""
    standing = cycle.opened()
    random = np.random.default_rng(cycle.seed)
    wider = {"front.budget": 0.8, "attrition.intensity": 0.5, "attrition.item_intensity": 0.5}
    changed = {}
    for name, spread in wider.items():
        values = standing.find(name)
        changed[name] = values + spread * random.standard_normal(values.shape).astype(values.dtype)
    return replace(standing, state=scale.put(standing.state, changed))


def fought(cycle: Cycle) -> list[tuple[Standing, Week]]:
    """Every week of wars that nobody looks at."""
    standing, told = unsure(cycle), []
    for _ in range(WEEKS):
        standing, week = cycle.week(standing)
        told.append((standing, week))
    return told


@pytest.fixture(scope="module")
def truths(invented_war) -> list[tuple[Standing, Week]]:
    return fought(Cycle(invented_war, runs=32, seed=77))


@pytest.fixture(scope="module")
def free(invented_war) -> list[tuple[Standing, Week]]:
    return fought(Cycle(invented_war, runs=RUNS, seed=1))


def going_on(truths: list[tuple[Standing, Week]]) -> list[int]:
    """The first wars that go on to the end."""
    return np.flatnonzero(truths[-1][0].state.bargaining.phase == bargaining.WAR)[:TRUTHS].tolist()


def followed(start: Start, truths: list[tuple[Standing, Week]], run: int, workers: int | None = None) -> list[tuple]:
    """An ensemble that takes in each week of one true war: as it forecast the week, and as it was updated."""
    cycle = Cycle(start, runs=RUNS, seed=1, workers=workers)
    standing, told = unsure(cycle), []
    for truth, happened in truths:
        before, week = cycle.week(standing)
        standing, step = cycle.update(before, week, seen_of(start, truth, happened, run))
        told.append((before, week, standing, step))
    return told


@pytest.fixture(scope="module")
def twins(invented_war, truths) -> dict[int, list[tuple]]:
    return {run: followed(invented_war, truths, run) for run in going_on(truths)}


def median(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weighted median over runs, [...]; a war that just ended does not drag it along."""
    order = np.argsort(values, axis=-1)
    below = np.cumsum(weight[order], axis=-1)
    at = (below < 0.5).sum(axis=-1)[..., None]
    return np.take_along_axis(np.take_along_axis(values, order, axis=-1), at, axis=-1)[..., 0]


def compared(
    hidden: Callable[[Standing, Week], np.ndarray], twins: dict[int, list[tuple]], truths: list, free: list
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Errors of runs that look and of runs that do not, and whether the former's 90 % band holds what is hidden."""
    errors, plain, inside = [], [], []
    for run, told in twins.items():
        for k in range(WEEKS // 4, WEEKS):
            true, said, blind = hidden(*truths[k])[..., run], hidden(*told[k][:2]), hidden(*free[k])
            weight = told[k][0].weight
            errors.append((median(said, weight) - true).ravel())
            plain.append((median(blind, np.full(RUNS, 1 / RUNS)) - true).ravel())
            below = ((said < true[..., None]) * weight).sum(axis=-1)
            inside.append(((below > 0.05) & (below < 0.95)).ravel())
    return np.concatenate(errors), np.concatenate(plain), np.concatenate(inside)


def rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))


def test_the_hidden_tempo_of_the_front_is_found(twins, truths, free):
    """ln of what each side should take on each axis: nearer to the truth than without looking, and honestly so."""
    errors, plain, inside = compared(
        lambda standing, week: np.log(week.series["front.expected"] + 0.01), twins, truths, free
    )
    assert rms(errors) < 0.97 * rms(plain)
    far = np.abs(plain) > np.quantile(np.abs(plain), 0.75)
    assert rms(errors[far]) < 0.9 * rms(plain[far])
    assert 0.8 <= inside.mean() <= 0.98


def test_the_intensity_behind_claims_is_found(invented_war, twins, truths, free):
    """Claimed losses of the coming week without the noise of claims, in logs, which no report tells."""

    def level(standing: Standing, week: Week) -> np.ndarray:
        known = {name: values[..., : standing.runs] for name, values in standing.drawn.items()}
        return np.log(sight.claimed(invented_war, week.series, known, 0) + 0.5)

    errors, plain, inside = compared(level, twins, truths, free)
    assert rms(errors) < 0.9 * rms(plain)
    assert 0.8 <= inside.mean() <= 1.0


def test_every_run_stands_on_the_observed_map_where_it_was_redrawn(invented_war, twins, truths):
    theatre = invented_war.theatre
    for run, told in twins.items():
        for k, (_, _, after, _) in enumerate(told):
            observed = np.asarray(truths[k][0].state.front.held)[: len(theatre), run]
            earlier = np.asarray(truths[k - 1][0].state.front.held)[: len(theatre), run] if k else theatre.share[-1]
            redrawn = ~sight.quiet(sight.gains(invented_war, earlier, observed))
            held = after.state.front.held[: len(theatre)]
            at = redrawn[theatre.axis]
            assert (held[at] == observed[at, None]).all()
            assert (after.lag.chance[redrawn] == 0).all()
            still = after.lag.chance[~redrawn]
            assert ((still > 0) & (still < 1)).all()


def test_a_week_in_which_nothing_was_seen_changes_nothing(free, invented_war):
    cycle = Cycle(invented_war, runs=RUNS, seed=1)
    before, week = free[2]
    after, step = cycle.update(before, week, Seen(invented_war.theatre.dates[-1] + 3 * WEEK))
    assert same(before, after)
    assert (step.observations, step.reached, step.resampled) == (0, 0, False)
    assert (after.lag.chance == 1).all(), "where no map came, every map lags"


def test_what_is_seen_of_one_place_leaves_the_others_alone(free, invented_war):
    """Claims of tanks lost: no other item, no other side, no axis but by what has no such label."""
    cycle = Cycle(invented_war, runs=RUNS, seed=1)
    before, week = free[2]
    after, step = cycle.update(before, week, Seen(before.map, claims={(0, "tank"): 3.0}))
    assert step.reached > 0
    listed = scale.rows(before.find, invented_war.labels)
    one, other = (scale.values(standing.find, listed, RUNS) for standing in (before, after))
    moved = (one != other).any(axis=1)
    for row, changed in zip(listed, moved, strict=True):
        if changed:
            assert row.labels.get("side", {"Blue"}) == {"Blue"}
            assert row.labels.get("item", {"tank"}) == {"tank"}
    intensity = [row.name == "attrition.item_intensity" and row.place == (0, 0) for row in listed].index(True)
    assert spread_of(other[intensity], after.weight)[0] < spread_of(one[intensity], before.weight)[0]


def test_the_same_bits_for_one_worker_and_two(invented_war, truths, twins):
    run, told = next(iter(twins.items()))
    assert same(followed(invented_war, truths, run, workers=1)[-1][2], told[-1][2])


def test_copies_are_whole_runs_and_part_at_once(free, invented_war):
    cycle = Cycle(invented_war, runs=RUNS, seed=1)
    standing = free[2][0]
    weight = np.where(np.arange(RUNS) == 5, 40.0, 1.0)
    even = cycle.resampled(replace(standing, weight=weight / weight.sum()))
    assert np.allclose(even.weight, 1 / RUNS)
    troops = even.state.attrition.troops[0, :RUNS]
    copies = np.flatnonzero(troops == standing.state.attrition.troops[0, 5])
    assert abs(len(copies) - RUNS * 40 / (RUNS + 39)) < 2
    assert len(np.unique(even.drawn["front.physics"][copies])) == len(copies)
    later, _ = cycle.week(even)
    assert len(np.unique(later.state.attrition.troops[0, copies])) == len(copies)


def test_a_run_alone_scores_as_a_point_and_weights_count():
    random = np.random.default_rng(1)
    assert scored(np.array([3.0]), np.ones(1), 5.0, 1.0).crps == pytest.approx(2.0)
    values = random.standard_normal(300)
    doubled = scored(np.append(values, values[:100]), np.full(400, 1 / 400), 0.4, 1.0)
    weight = np.append(np.full(100, 2 / 400), np.full(200, 1 / 400))
    once = scored(values, weight, 0.4, 1.0)
    assert once.crps == pytest.approx(doubled.crps)
    assert (once.pit, once.points) == (pytest.approx(doubled.pit), doubled.points)


def test_states_come_back_from_their_scales_within_their_bounds(free, invented_war):
    standing = free[-1][0]
    listed = scale.rows(standing.find, invented_war.labels)
    plain = scale.values(standing.find, listed, RUNS)
    trace = scale.traces(plain)
    told = scale.back(scale.forward(plain, listed, trace), listed, trace)
    assert np.allclose(told, plain, rtol=1e-6, atol=1e-5)
    names = {row.name for row in listed}
    assert {"front.tempo", "attrition.troops", "strikes.stock", "budget.reserves", "opinion.level"} <= names
    assert not {"front.held", "talks.regime", "patrons.on"} & names
    assert not any(name.endswith("_opening") for name in names)
    wild = scale.back(scale.forward(plain, listed, trace) + 50, listed, trace)
    for row, values in zip(listed, wild, strict=True):
        assert (values >= row.bounds[0]).all()
        assert (values <= row.bounds[1]).all()


@pytest.mark.parametrize("until", ["2042-06-07", "2042-06-12", "2045-06-10", "soon", "2041-01-01"])
def test_days_that_are_no_whole_weeks_later_are_refused(invented_war, until):
    with pytest.raises(AssimilationError, match=r"2042-06|YYYY"):
        _weeks(invented_war, until)


def test_whole_weeks_are_counted_from_the_map_of_the_opening(invented_war):
    assert _weeks(invented_war, "2042-06-28") == 3


def test_runs_of_equal_weight_are_scored_as_plain_draws():
    """Weighted scores of equal weights are those of the scoreboard."""
    values = np.random.default_rng(2).standard_normal(50)
    one = scored(values, np.full(50, 1 / 50), 0.3, 1.0)
    assert one.crps == pytest.approx(float(score.crps(values, 0.3)))
    assert one.pit == pytest.approx(float(score.probability_transform(values, 0.3)))
