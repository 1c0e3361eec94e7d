"""Wiring and chains: what the equations say acts on what, closed forms, no circle, nothing without a cause."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from ceasefire.evidence.error import CeasefireError
from ceasefire.model import war
from ceasefire.model.declare import declared
from ceasefire.scenario import decree
from ceasefire.scenario.start import variables
from ceasefire.simulate.ensemble import RequestError
from ceasefire.simulate.run import CHUNK, Engine
from ceasefire.study import chain as study
from ceasefire.study.chain import Causes, Chain, Given, Quantity, Size, change, dose, of_start
from ceasefire.study.explain import explain
from ceasefire.study.wiring import Wiring, reaching, wiring

RUNS, WEEKS, SEED = CHUNK, 13, 5
MADE, EFFORT = "industry.munitions_made[Blue,attack_drone]", "policy.effort[Blue]"
KNOWN = variables()
COUPLINGS = {name: variable.coupling for name, variable in KNOWN.items() if variable.coupling}
LOOSE = frozenset({"strikes.winter_turn", "front.height_drones"})
"""Couplings of which an end is only named: the usual cold, not the temperature; what height does, not height."""


@pytest.fixture(scope="module")
def wired(invented_war) -> Wiring:
    return wiring(invented_war)


@pytest.fixture(scope="module")
def causes(invented_war, wired) -> Causes:
    return Causes(invented_war, wired)


@pytest.fixture(scope="module")
def explained(invented_war):
    def found(name: str = MADE, **more) -> Chain:
        asked = {"runs": RUNS, "weeks": WEEKS, "seed": SEED, "depth": 1, "workers": 1} | more
        chain = of_start(invented_war, name, **asked)
        assert isinstance(chain, Chain)
        return chain

    return found


@pytest.fixture(scope="module")
def effort(explained) -> Chain:
    return explained(EFFORT)


@pytest.fixture(scope="module")
def deep(explained) -> Chain:
    return explained(depth=2, most=6)


# ------------------------------------------------------------------------------------------------------------- wiring


def test_every_state_and_flow_is_wired_to_what_is_declared(wired):
    every = {variable.name: variable for part in war.SUBSYSTEMS for variable in declared(part)}
    assert set(wired) == {name for name, variable in every.items() if variable.kind != "parameter"}
    assert frozenset().union(*wired.values()) <= set(every)


@pytest.mark.parametrize(
    ("cause", "effect"),
    [
        ("sanctions.component_bite", "sanctions.components"),
        ("sanctions.components", "industry.built"),
        ("industry.parts_exponent", "industry.built"),
        ("drones.density", "attrition.casualties"),
        ("attrition.casualties", "attrition.troops"),
        ("policy.planned_effort", "policy.effort"),
        ("budget.arms", "budget.funding"),
    ],
)
def test_known_links_are_found(wired, cause, effect):
    assert cause in wired[effect]


def test_links_that_are_not_there_are_not_found(wired, causes):
    assert "oil.revenue" not in causes.ways("front.taken")
    assert "weather.temperature" not in causes.ways("sanctions.components")
    assert not [name for name in wired["weather.temperature"] if not name.startswith("weather.")]


@pytest.mark.parametrize("name", sorted(COUPLINGS))
def test_every_declared_coupling_is_in_the_equations(wired, name):
    """Some equation has the parameter in it, its cause leads there, and it leads to the effect within the week."""
    cause, effect = COUPLINGS[name]
    owners = {end.partition(".")[0] for end in (name, cause, effect)}
    begins = {cause} | (set(wired[cause]) if KNOWN[cause].derived else set())

    def this_week(quantity: str) -> bool:
        return KNOWN[quantity].kind == "flow" and quantity.partition(".")[0] in owners

    def carries(quantity: str) -> bool:
        return KNOWN[quantity].kind == "state" or this_week(quantity)

    at = [quantity for quantity, behind in wired.items() if name in behind]
    caused = [one for one in at if begins & {one, *reaching(wired, one, carries)}]
    true = any(one == effect or one in reaching(wired, effect, this_week) for one in caused)
    assert true == (name not in LOOSE)


@pytest.mark.parametrize("doses", [("oil.brent=x2",), ("drones.density[Blue]=x1.5",)])
def test_what_is_not_wired_to_a_cause_keeps_its_bits(invented_war, wired, doses):
    name = decree.parse(doses[0]).name
    keep = tuple(p.name for p in decree.places(invented_war) if KNOWN[p.name].kind != "parameter")
    engine = Engine(invented_war, weeks=WEEKS, seed=SEED, keep=keep)
    before, after = engine.chunks(0, CHUNK, (engine.nothing, decree.schedule(invented_war, WEEKS, doses)))
    reached = {each for each in keep if name in reaching(wired, each, lambda _: True)}
    moved = {each for each in keep if before.series[each].tobytes() != after.series[each].tobytes()}
    assert moved <= reached | {name}
    assert len(reached) < len(keep)
    assert name in moved


def test_the_way_is_the_shortest_and_ends_where_nothing_carries():
    wired = {"d": frozenset("c"), "c": frozenset("bx"), "x": frozenset("a"), "b": frozenset("a"), "a": frozenset("d")}
    assert reaching(wired, "d", lambda name: name in "cb") == {"c": (), "b": ("c",), "x": ("c",), "a": ("b", "c")}
    assert reaching(wired, "d", lambda name: True)["d"] == ("a", "b", "c")
    assert reaching(wired, "nothing", lambda name: True) == {}


# ------------------------------------------------------------------------------------------------------------ measuring


def test_a_change_is_told_in_percent_of_the_mean_size():
    before = np.array([1.0, -3.0, 2.0, 2.0])
    assert change(before, before + 0.5) == pytest.approx((25.0, 25.0, 25.0))
    found = change(before, before + np.array([0.0, 1.0, 0.0, 1.0]))
    assert (found.mean, found.high - found.mean) == pytest.approx((25.0, 3.182446 * 50 / math.sqrt(3) / 2))
    assert not found.is_seen
    assert change(np.zeros(4), np.ones(4)) == (0.0, 0.0, 0.0)
    assert change(np.ones(1), np.ones(1)) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("name", "size", "told"),
    [
        ("oil.brent", Size(60.0, 90.0), ("factor", 1.1, "+10 %")),
        ("weather.clear", Size(0.6, 0.95), ("factor", 0.9, "−10 %")),
        ("weather.clear", Size(0.1, 0.5), ("factor", 1.1, "+10 %")),
        ("weather.temperature", Size(12.0, 30.0), ("shift", 1.2, "+10 %")),
        ("sanctions.interception_level", Size(0.0, 0.0), ("shift", 0.1, "+0.1")),
        ("manpower.mobilisation", Size(0.0, 0.0), None),
        ("oil.revenue", Size(0.0, 0.0), None),
    ],
)
def test_a_dose_leaves_a_quantity_within_its_bounds(name, size, told):
    variable = KNOWN[name]
    cause = Quantity(name, (), variable.kind, variable.unit, variable.doc, study.AVERAGE)
    found = dose(cause, size)
    assert (found and (found[0].kind, pytest.approx(found[0].value), found[1])) == told


# --------------------------------------------------------------------------------------------------------------- chains


def test_what_is_planned_is_done(effort):
    link = next(each for each in effort.causes(EFFORT) if each.cause == "policy.planned_effort[Blue]")
    assert (link.dose, link.feeds) == ("+10 %", True)
    assert link.change == pytest.approx(10, abs=0.5)


def test_strong_links_have_their_signs_and_the_couplings_that_they_go_by(deep):
    links = {link.cause: link for link in deep.causes(MADE)}
    parts, struck = links["sanctions.components[Blue]"], links["damage.struck[Blue]"]
    assert parts.low > 0
    assert parts.feeds
    assert struck.high < 0
    assert not struck.feeds
    assert [coupling.name for coupling in parts.couplings] == ["industry.parts_exponent"]
    assert struck.through == ("damage.out",)
    assert all(c.low <= c.mid <= c.high for link in deep.links for c in link.couplings)


def test_a_link_is_gone_where_its_coupling_is_cut(explained):
    found = explained(given=["industry.parts_exponent=0"])
    assert "sanctions.components[Blue]" not in {link.cause for link in found.links}
    assert found.given == ("industry.parts_exponent=0",)


def test_a_chain_has_no_circle_and_no_more_than_was_asked_for(deep):
    behind: dict[str, set[str]] = {}
    for _ in deep.links:
        for link in deep.links:
            behind.setdefault(link.effect, set()).update({link.cause}, behind.get(link.cause, ()))
    assert not [key for key, every in behind.items() if key in every]
    assert behind[MADE] == {quantity.key for quantity in deep.quantities} - {MADE}
    for quantity in deep.quantities:
        sizes = [abs(link.change) for link in deep.causes(quantity.key)]
        assert len(sizes) <= deep.most
        assert sizes == sorted(sizes, reverse=True)
    assert all(abs(link.change) >= deep.least and link.low * link.high > 0 for link in deep.links)


def test_every_link_that_was_tried_is_told_or_counted(deep):
    left = deep.left_out
    out = left.no_effect + left.chance + left.small + left.weaker + left.circle + left.idle
    assert left.tried == len(deep.links) + out


def test_first_links_are_the_same_from_end_to_end(deep):
    whole = {link.cause: link for link in deep.whole}
    assert set(whole) == {quantity.key for quantity in deep.quantities} - {MADE}
    for link in deep.causes(MADE):
        assert (whole[link.cause].change, whole[link.cause].low) == (link.change, link.low)


def test_a_chain_is_the_same_whoever_works_on_it(explained):
    one, other = (explained(EFFORT, runs=CHUNK + 8, workers=workers) for workers in (1, 3))
    assert one == other


def test_progress_ends_at_the_whole(explained):
    told: list[tuple[int, int]] = []
    explained(EFFORT, on_progress=lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1]
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_sides_may_be_named_in_full_and_trailing_labels_left_out(explained):
    assert explained("policy.effort[blue federation]").asked.key == EFFORT
    assert explained("oil.brent").asked.labels == ()


def test_a_state_and_what_only_follows_can_be_asked_for(explained):
    assert "attrition.casualties[Amber]" in {link.cause for link in explained("attrition.troops[Amber]").links}
    assert explained("oil.exports[Blue]").links


def test_what_is_told_can_be_read_by_others(deep):
    told = json.loads(study.to_json(deep))
    assert (told["name"], told["runs"], told["interval"]) == (MADE, RUNS, 0.95)
    assert [link["cause"] for link in told["links"]] == [link.cause for link in deep.links]


# ---------------------------------------------------------------------------------------------------- what is not there


def test_a_parameter_is_given(invented_war):
    found = of_start(invented_war, "industry.munition_output[Blue,attack_drone]")
    assert isinstance(found, Given)
    assert [part.labels for part in found.parts] == [("Blue", "attack_drone")]
    assert found.parts[0].mid == pytest.approx(400, rel=0.05)
    assert "industry.munitions_made" in found.acts_on
    coupling = of_start(invented_war, "industry.parts_exponent")
    assert isinstance(coupling, Given)
    assert coupling.coupling == ("sanctions.components", "industry.built")
    assert json.loads(study.to_json(coupling))["name"] == "industry.parts_exponent"


@pytest.mark.parametrize(
    ("name", "culprits"),
    [
        ("front.tkaen[Blue]", ("front.tkaen", "did you mean 'front.taken'")),
        ("front.taken", ("front.taken[Blue] or front.taken[Amber]",)),
        ("front.taken[*]", ("front.taken[Blue]",)),
        ("front.taken[Bleu]", ("'Bleu'", "did you mean 'Blue'", "Amber")),
        ("front.taken[Blue,middle,more]", ("3 labels", "[side,axis]")),
        ("front.held", ("cell by cell", "front.control[TOWN]")),
        ("front.overflow", ("no labels",)),
        ("bargaining.phase", ("code", "bargaining.hazard")),
        ("reporting.claim", ("reporting.claim",)),
        ("industry.parts_exponent[Blue]", ("1 labels", "none")),
        ("front.taken[Blue", ("no name",)),
        ("front.\x1b[31m", ("no name",)),
        ("a.b" * 400, ("no name",)),
    ],
)
def test_bad_names_are_refused(invented_war, name, culprits):
    with pytest.raises(CeasefireError) as error:
        of_start(invented_war, name, runs=2, weeks=1)
    message = str(error.value)
    assert message.isprintable()
    for culprit in culprits:
        assert culprit in message


@pytest.mark.parametrize(
    "more", [{"runs": 1}, {"weeks": 0}, {"depth": 0}, {"depth": 99}, {"most": 0}, {"least": math.nan}, {"least": -1.0}]
)
def test_bad_numbers_are_refused(invented_war, more):
    with pytest.raises(RequestError):
        of_start(invented_war, MADE, **more)


def test_a_side_of_a_quantity_is_named_in_its_brackets():
    with pytest.raises(CeasefireError, match=r"front\.taken\[SIDE\]"):
        explain("front.taken", "abu-dhabi-2026-01", side="R")
    with pytest.raises(CeasefireError, match="nothing can be given"):
        explain("revenue", "abu-dhabi-2026-01", given=["front.physics=0"])
