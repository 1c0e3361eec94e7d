"""Draws: a run's parameters are a function of seed, run and name, and stay where they mean something."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ceasefire.model.declare import Fixed, Variable
from ceasefire.scenario import spec
from ceasefire.scenario.start import MAY_BE_NONE, Start, from_record, variables
from ceasefire.simulate import draws
from ceasefire.study.forecast import assumptions

SEED = 5
MANY = np.arange(2000, dtype=np.uint32)


@pytest.fixture(scope="module")
def drawn(invented_war) -> draws.Values:
    return draws.values(invented_war, draws.cube(invented_war, SEED, MANY))


def reopened(start: Start, *values: spec.Value) -> Start:
    """The invented war with more numbers in its scenario."""
    scenario = start.scenario.model_copy(update={"value": values})
    claims = {0: {}, 1: {}}
    opened = from_record(scenario, start.theatre, claims=claims, area=start.area, evidence_hash="invented")
    return dataclasses.replace(opened, intensity=start.intensity)


def test_every_parameter_is_drawn_in_its_declared_shape(invented_war, drawn):
    assert set(drawn) == set(draws.checked_names())
    for name, values in drawn.items():
        dims = [dim for dim in variables()[name].dims if dim != "run"]
        assert values.shape == (*(len(invented_war.labels[dim]) for dim in dims), len(MANY)), name
        assert np.isfinite(values).all(), name


def test_draws_stay_where_they_mean_something(drawn):
    for name, values in drawn.items():
        family = type(variables()[name].prior).__name__
        if family == "LogNormal" and not name.endswith("_exponent"):
            assert (values > 0).all() or (name in MAY_BE_NONE and (values >= 0).all()), name
        if family == "Share":
            assert ((values >= 0) & (values <= 1)).all(), name


def test_a_run_is_drawn_the_same_in_any_company(invented_war, drawn):
    for company in ([0], [1999, 3, 700], list(range(32, 64))):
        few = draws.values(invented_war, draws.cube(invented_war, SEED, np.array(company, dtype=np.uint32)))
        for name, values in few.items():
            assert np.array_equal(values, drawn[name][..., company]), name


def test_the_cube_is_filled_evenly_and_names_are_independent(invented_war):
    points = draws.cube(invented_war, SEED, MANY)
    flat = np.concatenate([point.reshape(-1, len(MANY)) for point in points.values()])
    assert ((flat > 0) & (flat < 1)).all()
    assert abs(flat.mean() - 0.5) < 0.005
    assert abs(flat.var() - 1 / 12) < 0.002
    assert len(np.unique(flat, axis=0)) == len(flat)
    worst = np.abs(np.corrcoef(flat)[np.triu_indices(len(flat), 1)]).max()
    assert worst < 6 / np.sqrt(len(MANY))


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1, 2**32, 2**64 - 1])
def test_both_words_of_a_seed_count(seed):
    words = draws.seed_words(seed)
    assert int(words[0]) + (int(words[1]) << 32) == seed


def test_the_scenario_moves_only_what_it_names(invented_war, drawn):
    value = spec.Value(
        name="manpower.recruitment[Amber]",
        low=10.0,
        mid=20.0,
        high=30.0,
        unit="person/week",
        known_on=invented_war.scenario.opening,
        source="invented",
    )
    other = reopened(invented_war, value)
    moved = draws.values(other, draws.cube(other, SEED, MANY))
    for name, values in moved.items():
        if name == "manpower.recruitment":
            assert np.array_equal(values[0], drawn[name][0])
            assert np.allclose(np.quantile(values[1], (0.05, 0.5, 0.95)), (10, 20, 30), rtol=0.1)
        else:
            assert np.array_equal(values, drawn[name]), name


def test_a_number_of_a_scenario_is_used_or_refused(invented_war):
    """Nothing that `ceasefire variables` calls settable may be read and then quietly passed over."""
    settable = [variable for variable in variables().values() if variable.kind == "parameter"]
    assert [variable.name for variable in settable if _passed_over(invented_war, variable)] == []


def _passed_over(start: Start, variable: Variable) -> bool:
    """Whether a number for a variable is neither refused nor drawn."""
    mid = float(variable.prior.quantile(0.61)) * 1.01 + 0.001
    try:
        opened = _quickly(start, variable.name, mid, variable.unit)
    except spec.ScenarioError:
        return False
    return not np.allclose(draws.values(opened, draws.cube(opened, SEED, MANY[:4]))[variable.name], mid)


def _quickly(start: Start, name: str, number: float, unit: str) -> Start:
    """The invented war opened on a short record with claims of one side's losses, and one number in its scenario."""
    value = spec.Value(
        name=name, low=number, mid=number, high=number, unit=unit, known_on=start.scenario.opening, source="invented"
    )
    scenario = start.scenario.model_copy(update={"value": (value,)})
    short = dataclasses.replace(start.theatre, share=start.theatre.share[-14:], dates=start.theatre.dates[-14:])
    weekly = 1000 * np.exp(0.1 * np.sin(np.arange(20.0)))
    claims = {0: dict.fromkeys(start.labels["claim"], weekly), 1: {}}
    return from_record(scenario, short, claims=claims, area=start.area, evidence_hash="invented")


def are_the_points(told, values):
    """As many values lie below each point as should, but for sampling error.

    Five standard errors: of some thousand points, four would be exceeded by one now and then.
    """
    if np.ptp(values) < 1e-9 * max(abs(told[1]), 1e-9):
        return np.allclose(values[0], told)
    share = np.array([0.05, 0.5, 0.95])
    below = (values[:, None] <= told).mean(axis=0)
    return (np.abs(below - share) <= 5 * np.sqrt(share * (1 - share) / len(values))).all()


def test_assumptions_tell_what_was_drawn(invented_war, drawn):
    """Told 5, 50 and 95 % points are those of what went in, for every part that a row stands for.

    A row without numbers claims nothing; a learned law may be lumpy, so that only its middle is held against it.
    """
    rows = [row for row in assumptions(invented_war) if row["mid"] is not None]
    named = {row["name"] for row in rows}
    wrong = []
    for row in rows:
        name, _, inside = row["name"].partition("[")
        dims = [dim for dim in variables()[name].dims if dim != "run"]
        index = [label for label in inside.rstrip("]").split(",") if label]
        at = tuple(invented_war.labels[dim].index(label) for dim, label in zip(dims, index, strict=False))
        told = np.array([row["low"], row["mid"], row["high"]])
        for place in np.ndindex(drawn[name][at].shape[:-1]):
            labels = [invented_war.labels[dim][k] for dim, k in zip(dims, (*at, *place), strict=True)]
            if {f"{name}[{','.join(labels[:k])}]" for k in range(len(index) + 1, len(labels) + 1)} & named:
                continue
            values = drawn[name][at][place]
            found = np.quantile(values, (0.05, 0.5, 0.95))
            room = 0.1 * np.abs(found) + 0.1 * (found[2] - found[0]) + 1e-3
            middle = found[0] - room[0] <= told[1] <= found[2] + room[2]
            if not (middle if row["kind"] == "learned" else are_the_points(told, values)):
                wrong.append(f"{row['kind']} {row['name']} at {labels}: told {told}, drawn {found}")
    assert wrong == []


def test_an_assumption_is_listed_once(invented_war):
    names = [row["name"] for row in assumptions(invented_war)]
    assert sorted(names) == sorted(set(names))


def test_the_wars_age_is_an_assumption(invented_war, drawn):
    row = next(row for row in assumptions(invented_war) if row["name"] == "bargaining.age")
    assert np.isclose(row["mid"], invented_war.age_months)
    assert np.allclose(drawn["bargaining.age"], invented_war.age_months)


def test_equal_points_give_a_constant(invented_war):
    start = _quickly(invented_war, "reporting.unmapped", 0.2, "1")
    assert start.choices[-1].prior == Fixed(0.2)
    assert (draws.values(start, draws.cube(start, SEED, MANY[:4]))["reporting.unmapped"] == 0.2).all()
