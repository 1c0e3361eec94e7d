"""The contract that every subsystem keeps, and the priors."""

import dataclasses
import inspect
import re

import numpy as np
import pytest
from scipy.special import ndtr

from ceasefire.model import war
from ceasefire.model.declare import (
    POSITIVE,
    SHARE,
    SIGNED,
    Fixed,
    LogNormal,
    Normal,
    Share,
    Uniform,
    declared,
    from_triple,
)
from ceasefire.model.intervene import Intervention
from ceasefire.scenario import reporting
from ceasefire.scenario.start import LEARNED, variables

UNIT = re.compile(
    r"1|(person|count|km2|km|t|week|month)(/week)?|1/week|log\((km2|person|count)/week\)|m|h|°C|"
    r"(1|person|GW)/count|1/km|GW(/week)?|mb/d|USD/bbl|LCU/USD|bn LCU(/week|/year)?|bn USD(/week)?|%/year"
)
DIMENSIONS = {"side", "axis", "item", "cell", "claim", "feature", "run", "2"}
DIMENSIONS |= {"munition", "posture", "kind", "ordnance", "garrison", "edge", "town"}
DIMENSIONS |= {"weapon", "layer", "sector", "region", "plant", "damage", "buyer", "lever", "factor"}
DIMENSIONS |= {"patron", "payer", "good", "switch", "question"}
DIMENSIONS |= {"land", "issue", "option", "actor", "type", "reading", "ending"}
BOUNDS = {Normal: SIGNED, LogNormal: POSITIVE, Share: SHARE, Uniform: POSITIVE, Fixed: POSITIVE}
SUPPORT = {Normal: (-np.inf, np.inf), LogNormal: (0, np.inf), Share: (0, 1), Uniform: (-np.inf, np.inf)}
PARTS = (*war.SUBSYSTEMS, reporting)
ALL = [variable for part in PARTS for variable in declared(part)]
UNCERTAIN = [variable for variable in ALL if variable.kind == "parameter"]


def name_of(part):
    return getattr(part, "name", None) or part.__name__.rsplit(".", 1)[-1]


@pytest.mark.parametrize("part", war.SUBSYSTEMS, ids=name_of)
def test_a_subsystem_is_params_state_flows_and_step(part):
    for record in (part.Params, part.State, part.Flows):
        assert dataclasses.is_dataclass(record)
        assert record.__doc__
        assert {field.name for field in dataclasses.fields(record)} == set(record.__annotations__)
    first, second, *others = inspect.signature(part.step).parameters.values()
    assert (first.name, second.name) == ("params", "state")
    assert all(other.kind is inspect.Parameter.KEYWORD_ONLY for other in others)
    assert inspect.signature(part.step).return_annotation == tuple[part.State, part.Flows]
    assert "Left out:" in part.__doc__


@pytest.mark.parametrize("record", ["Params", "State", "Flows"])
def test_the_war_has_every_part_of_every_subsystem_in_order(record):
    owners = {field.name: field.type for field in dataclasses.fields(getattr(war, record))}
    assert owners == {name_of(part): getattr(part, record) for part in war.SUBSYSTEMS}
    assert list(owners) == [name_of(part) for part in war.SUBSYSTEMS]


@pytest.mark.parametrize("part", war.SUBSYSTEMS, ids=name_of)
def test_a_subsystem_is_told_what_is_decreed(part):
    told = inspect.signature(part.step).parameters["do"]
    assert told.default is inspect.Parameter.empty
    assert told.annotation is Intervention


def test_a_subsystem_knows_no_other():
    names = {name_of(part) for part in war.SUBSYSTEMS}
    for part in war.SUBSYSTEMS:
        known = {name_of(value) for value in vars(part).values() if inspect.ismodule(value)}
        assert not known & names, part.__name__


@pytest.mark.parametrize("variable", ALL, ids=name_of)
def test_a_quantity_says_its_unit_its_meaning_and_its_dimensions(variable):
    assert UNIT.fullmatch(variable.unit), variable.unit
    assert variable.doc.endswith(".")
    assert set(variable.dims) <= DIMENSIONS
    assert variable.dims[-1:] == ("run",) or variable.name == "front.overflow"


@pytest.mark.parametrize("variable", ALL, ids=name_of)
def test_bounds_say_what_a_quantity_can_be(variable):
    low, high = variable.bounds
    assert low < high
    chosen = BOUNDS[type(variable.prior)] if variable.kind == "parameter" else variable.bounds
    assert variable.bounds == chosen or (isinstance(variable.prior, Fixed) and variable.bounds in (SHARE, SIGNED))


@pytest.mark.parametrize("variable", [variable for variable in ALL if variable.coupling], ids=name_of)
def test_a_coupling_has_no_unit_and_joins_quantities_that_there_are(variable):
    assert variable.kind == "parameter"
    assert variable.unit == "1" or variable.unit.endswith("/count")
    assert variable.dims[-1:] == ("run",)
    joined = {name: next((v for v in ALL if v.name == name), None) for name in variable.coupling}
    assert all(joined.values()), joined
    owner = variable.name.partition(".")[0]
    assert variable.coupling[1].partition(".")[0] == owner


AGREED = {"bargaining.package", "bargaining.taken_up"}
"""States that tell of an agreement, which none but the sides can make."""


def test_only_parameters_have_priors_and_what_is_derived_happens_or_was_agreed():
    for variable in ALL:
        assert (variable.prior is not None) == (variable.kind == "parameter"), variable.name
        assert not variable.derived or variable.kind == "flow" or variable.name in AGREED, variable.name


def test_names_are_unique_and_listed_once():
    assert len({variable.name for variable in ALL}) == len(ALL)
    assert list(variables()) == [variable.name for variable in ALL]
    assert set(LEARNED) <= {variable.name for variable in UNCERTAIN}


@pytest.mark.parametrize("variable", UNCERTAIN, ids=name_of)
def test_a_parameter_has_a_source_and_a_prior_within_its_support(variable):
    assert variable.source
    assert variable.known_on
    quantiles = variable.prior.quantile(np.linspace(0.0005, 0.9995, 1999))
    assert np.isfinite(quantiles).all()
    if isinstance(variable.prior, Fixed):
        assert np.ptp(quantiles) == 0
        return
    assert (np.diff(quantiles) > 0).all()
    low, high = SUPPORT[type(variable.prior)]
    assert low < quantiles[0]
    assert quantiles[-1] < high


def test_priors_are_finite_at_the_ends_of_the_unit_interval_that_dice_can_show():
    ends = np.array([2.0**-24, 1 - 2.0**-24])
    for variable in UNCERTAIN:
        assert np.isfinite(variable.prior.quantile(ends)).all(), variable.name


@pytest.mark.parametrize(
    ("kind", "triple"),
    [("positive", (2.0, 3.0, 11.0)), ("share", (0.1, 0.2, 0.9)), ("signed", (-4.0, 0.5, 1.0))],
)
def test_a_prior_goes_through_its_triple(kind, triple):
    prior = from_triple(*triple, kind=kind)
    np.testing.assert_allclose(prior.quantile([0.05, 0.5, 0.95]), triple, rtol=1e-12)
    np.testing.assert_allclose([prior.quantile(u) for u in (0.05, 0.5, 0.95)], triple, rtol=1e-12)


def test_an_even_triple_is_the_plain_distribution():
    u = np.linspace(0.01, 0.99, 99)
    np.testing.assert_allclose(ndtr(Normal(-1.6448536269514722, 0, 1.6448536269514722).quantile(u)), u, rtol=1e-9)
    np.testing.assert_allclose(np.log(LogNormal(0.25, 1, 4).quantile(u)), Normal(*np.log([0.25, 1, 4])).quantile(u))


def test_three_equal_points_are_a_constant():
    assert (from_triple(7.0, 7.0, 7.0, kind="positive").quantile(np.array([0.01, 0.5, 0.99])) == 7).all()
