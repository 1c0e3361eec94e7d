"""Same seed, same bits: whoever works on it, however many runs there are, on whichever day."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ceasefire.model.declare import Fixed
from ceasefire.scenario import spec
from ceasefire.scenario.start import Choice, from_record, variables
from ceasefire.simulate.ensemble import LARGEST_RUNS, LONGEST_WEEKS, Ensemble, RequestError, simulate
from ceasefire.simulate.run import CHUNK, Engine

RUNS, WEEKS, SEED = 70, 6, 5
"""Two full chunks and a padded one."""
MOVING = ("front.taken", "attrition.casualties", "attrition.lost", "manpower.recruited", "attrition.troops")


@pytest.fixture(scope="module")
def ensemble(start) -> Ensemble:
    return simulate(start, runs=RUNS, weeks=WEEKS, seed=SEED, workers=1)


def assert_same_bits(one: Ensemble, other: Ensemble, runs: int) -> None:
    """The first runs of two ensembles are the same to the last bit."""
    assert list(one.series) == list(other.series)
    pairs = [(one.series[name][..., :runs], other.series[name][..., :runs], name) for name in one.series]
    pairs += [(getattr(one, name)[:runs], getattr(other, name)[:runs], name) for name in ("ok", "area_error")]
    for a, b, name in pairs:
        assert a.dtype == b.dtype, name
        assert a.tobytes() == b.tobytes(), name


@pytest.mark.parametrize("workers", [2, 3])
def test_the_number_of_workers_changes_nothing(start, ensemble, workers):
    again = simulate(start, runs=RUNS, weeks=WEEKS, seed=SEED, workers=workers)
    assert_same_bits(ensemble, again, RUNS)
    assert np.array_equal(ensemble.control, again.control)


def test_the_number_of_runs_changes_no_run(start, ensemble):
    fewer = simulate(start, runs=40, weeks=WEEKS, seed=SEED, workers=1)
    assert fewer.runs == 40
    assert_same_bits(ensemble, fewer, 40)
    assert (fewer.control <= ensemble.control).all()


def test_control_counts_the_runs_of_every_chunk(start, ensemble):
    engine = Engine(start, weeks=WEEKS, seed=SEED)
    chunks = [engine.chunk(number, RUNS) for number in range(-(-RUNS // CHUNK))]
    assert [chunk.series["bargaining.phase"].shape[-1] for chunk in chunks] == [32, 32, 6]
    assert np.array_equal(sum(chunk.control for chunk in chunks), ensemble.control)
    assert ensemble.control.max() == RUNS
    assert chunks[2].control.max() == 6


@pytest.mark.parametrize("seed", [SEED + 1, SEED + 2**32], ids=["next", "upper word"])
def test_another_seed_is_another_future(start, ensemble, seed):
    other = simulate(start, runs=RUNS, weeks=WEEKS, seed=seed, workers=1)
    for name in (*MOVING, "bargaining.phase"):
        assert not np.array_equal(ensemble.series[name], other.series[name]), name


def test_runs_of_one_ensemble_differ(ensemble):
    for name in MOVING:
        futures = {ensemble.series[name][..., run].tobytes() for run in range(RUNS)}
        assert len(futures) == RUNS, name


def test_every_run_of_the_shipped_war_stays_finite(ensemble):
    assert ensemble.ok.all()
    assert all(np.isfinite(values).all() for values in ensemble.series.values() if values.dtype.kind == "f")


@pytest.mark.parametrize("name", ["front.physics", "attrition.hold", "bargaining.relapse"])
def test_one_broken_run_is_told_and_leaves_the_others_alone(start, ensemble, name):
    """A parameter that is not a number in one run; sums over the cells that runs share may round otherwise."""
    choices = list(start.choices)
    place = next(k for k, choice in enumerate(choices) if choice.variable.name == name)
    choices[place] = dataclasses.replace(choices[place], prior=_Holed(choices[place].prior, run=3))
    hurt = simulate(dataclasses.replace(start, choices=tuple(choices)), runs=CHUNK, weeks=WEEKS, seed=SEED, workers=1)
    others = np.delete(np.arange(CHUNK), 3)
    assert hurt.ok[others].all()
    for series in (*MOVING[1:], "attrition.equipment", "bargaining.phase"):
        assert np.array_equal(ensemble.series[series][..., others], hurt.series[series][..., others]), series
    for series in ("front.taken", "town_share"):
        assert np.allclose(
            ensemble.series[series][..., others], hurt.series[series][..., others], rtol=1e-3, atol=1e-2
        ), series
    assert not hurt.ok[3]


@dataclasses.dataclass(frozen=True)
class _Holed:
    """A prior that gives one run no number."""

    prior: object
    run: int

    def quantile(self, u):
        values = np.array(self.prior.quantile(u), dtype=float)
        values[..., self.run] = np.nan
        return values


@pytest.mark.parametrize(
    "name",
    [
        "logistics.reach",
        "attrition.troops_opening",
        "attrition.equipment_opening",
        "attrition.casualty_rate",
        "attrition.loss_rate",
        "industry.storage_opening",
        "industry.new_build",
        "manpower.recruitment",
        "manpower.training_time",
        "bargaining.scale",
        "bargaining.relapse",
        "front.lump",
    ],
)
def test_nothing_at_all_is_refused_or_makes_a_war(start, invented_war, name):
    """0 for sure: a war without recruits can be simulated; what cannot must be refused before it is."""
    variable = variables()[name]
    nought = spec.Value(
        name=name, low=0, mid=0, high=0, unit=variable.unit, known_on=invented_war.scenario.opening, source="invented"
    )
    scenario = invented_war.scenario.model_copy(update={"value": (nought,)})
    place = invented_war.theatre
    short = dataclasses.replace(place, share=place.share[-6:], dates=place.dates[-6:])
    try:
        from_record(scenario, short, claims={0: {}, 1: {}}, area=invented_war.area, evidence_hash="invented")
    except spec.ScenarioError:
        return
    without = dataclasses.replace(start, choices=(*start.choices, Choice(variable, (), Fixed(0.0), nought)))
    assert simulate(without, runs=CHUNK, weeks=WEEKS, seed=SEED, workers=1).ok.all()


def test_progress_reaches_the_end_without_going_back(start):
    told: list[tuple[int, int]] = []
    simulate(start, runs=RUNS, weeks=WEEKS, seed=SEED, workers=1, on_progress=lambda *at: told.append(at))
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert told[-1] == (RUNS, RUNS)
    assert {total for _, total in told} == {RUNS}


def test_stopping_in_the_middle_stops(start):
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(start, runs=100_000, weeks=WEEKS, seed=SEED, workers=1, on_progress=stop)


@pytest.mark.parametrize(
    ("asked", "culprit"),
    [
        ({"runs": 0}, "0 runs"),
        ({"runs": -5}, "-5 runs"),
        ({"runs": LARGEST_RUNS + 1}, "10000001 runs"),
        ({"weeks": 0}, "0 weeks"),
        ({"weeks": -1}, "-1 weeks"),
        ({"weeks": LONGEST_WEEKS + 1}, "521 weeks"),
        ({"seed": -1}, "-1"),
        ({"seed": 2**64}, str(2**64)),
        ({"workers": 0}, "0 workers"),
        ({"workers": -2}, "-2 workers"),
        ({"workers": 2000}, "2000 workers"),
    ],
    ids=str,
)
def test_numbers_that_make_no_sense_are_refused(start, asked, culprit):
    with pytest.raises(RequestError) as error:
        simulate(start, **{"runs": RUNS, "weeks": WEEKS, "seed": SEED} | asked)
    assert culprit in str(error.value)
    assert "\n" not in str(error.value)
