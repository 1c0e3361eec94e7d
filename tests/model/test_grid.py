"""The grid: GW, parts and energy balance, repair is a queue, and cold, hits and broken ties cost power."""

import dataclasses
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ceasefire.model import grid
from ceasefire.model.axes import PLANTS, SECTORS
from ceasefire.model.noise import Noise

RUNS = 6
TIE = PLANTS.index("transmission")
BROKEN = {"available_opening": 0.6, "recent_opening": 0.5}
"""An opening that leaves much to repair."""
AT_ONCE = {"crews": 1e9, "parts_supply": 1e9}
"""Crews and parts that are no limit."""


opening = jax.jit(grid.opening)
hazards = jax.jit(grid.hazards)


@jax.jit
def step(params, state, do, noise, hits, temperature):
    return grid.step(params, state, do=do, noise=noise, hits=hits, temperature=temperature)


@pytest.fixture
def drawn(with_prior_medians):
    return lambda **given: with_prior_medians(grid, runs=RUNS, **given)


@pytest.fixture
def seen(drawn, decree):
    """The states (the opening's first) and the flows of some weeks of as many hits on the grid, [week, ...]."""

    def weeks(number=8, *, hits=0.0, temperature=-3.0, before=None, do=None, params=None, state=None, **given):
        params = params or drawn(**given)
        per_run = lambda t: jnp.full(RUNS, t, float)  # noqa: E731
        on = jnp.zeros((2, len(SECTORS), RUNS))
        on = on.at[:, SECTORS.index("grid")].set(jnp.broadcast_to(jnp.asarray(hits, float), (RUNS, 2)).T)
        states = [state or opening(params, per_run(temperature if before is None else before))]
        flows, do = [], do or decree("grid.struck")
        for week in range(number):
            dice = Noise(jnp.asarray([3, 0], jnp.uint32), jnp.arange(RUNS, dtype=jnp.uint32), jnp.asarray(week), "grid")
            state, happened = step(params, states[-1], do, dice, on, per_run(temperature))
            states.append(state)
            flows.append(happened)
        return params, *(jax.tree.map(lambda *x: np.stack(x), *records) for records in (states, flows))

    return weeks


def installed(params):
    return np.asarray(jax.jit(grid.sited)(params))


def out_of(states):
    """GW out of action [week, side, region, plant, run]."""
    return states.broken.sum(axis=4)


def close(precision):
    return {"rtol": 1e-9, "atol": 1e-9} if precision else {"rtol": 1e-4, "atol": 1e-4}


# ------------------------------------------------------------------------------------------------------------ the books


@pytest.mark.parametrize("precision", [False, True])
@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("struck", {}),
        ("struck", {"value": 1e9}),
        ("struck", {"value": 0.02}),
        ("struck", {"value": 0.0}),
        ("repaired", {"value": 1e9}),
        ("repaired", {"factor": 3.0}),
        ("repaired", {"value": 0.0}),
        ("parts_delivered", {"value": 0.0}),
        ("parts_delivered", {"value": 50.0}),
        ("available", {"value": 1e9}),
        ("available", {"factor": 0.5}),
        ("available", {"value": 0.0}),
        ("demand", {"factor": 0.0}),
        ("demand", {"factor": 9.0}),
        ("imported", {"value": 1e9}),
        ("imported", {"value": 0.0}),
    ],
)
def test_capacity_parts_and_energy_balance_whatever_is_decreed(seen, decree, name, given, precision):
    with jax.enable_x64(precision):
        do = decree(f"grid.{name}", **given)
        params, states, flows = seen(hits=[60.0, 5.0], do=do, demand_mild=[14.0, 7.0], **BROKEN)
        out, there, near = out_of(states), installed(params), close(precision)
        np.testing.assert_allclose(np.diff(out, axis=0), flows.struck - flows.repaired, **near)
        assert states.broken.min() >= 0
        assert (out <= there * (1 + 1e-6)).all()
        assert (flows.struck <= (there - out[:-1]) * (1 + 1e-5) + 1e-5).all()
        assert (flows.repaired <= out[:-1] * (1 + 1e-5) + 1e-5).all()
        np.testing.assert_allclose(np.diff(states.parts, axis=0), flows.parts_delivered - flows.parts_used, **near)
        assert states.parts.min() >= 0
        np.testing.assert_allclose(flows.generated + flows.imported, flows.served, **near)
        np.testing.assert_allclose(flows.installed[0], there[:, :, :TIE].sum(axis=(1, 2)), **near)
        below = [flows.installed, flows.available, flows.generated, 0 * flows.generated]
        assert all((more >= less * (1 - 1e-5)).all() for more, less in pairwise(below))
        assert (flows.served <= flows.demand * (1 + 1e-5)).all()
        assert (flows.imported <= np.maximum(flows.demand - flows.generated, 0) + 1e-3).all()
        np.testing.assert_allclose(flows.served_share * flows.demand, flows.served, **near)
        for leaf in jax.tree.leaves((states, flows)):
            assert leaf.dtype == jnp.result_type(float)
            assert np.isfinite(leaf).all()
            assert leaf.min() >= 0


def test_the_opening_is_as_it_is_said_to_be(seen):
    shares = np.linspace(0.2, 0.95, 10).reshape(2, 5)
    params, states, flows = seen(1, available_opening=shares, siting=np.arange(40).reshape(2, 4, 5) + 1.0, crews=1e-9)
    np.testing.assert_allclose(installed(params).sum(axis=1), params.capacity, rtol=1e-5)
    np.testing.assert_allclose(out_of(states)[0], installed(params) * (1 - shares)[:, None, :, None], rtol=1e-4)
    works = shares[..., None] * params.capacity * params.usable
    np.testing.assert_allclose(flows.available[0], works[:, :TIE].sum(axis=1), rtol=1e-4)
    assert (states.power == 1).all()


def test_what_has_been_broken_for_long_is_what_takes_long_to_mend(drawn):
    fresh, old = (opening(drawn(recent_opening=share), jnp.zeros(RUNS)).broken for share in (0.999, 0.001))
    assert (fresh[:, :, :, 0] > old[:, :, :, 0]).all()
    assert (fresh[:, :, :, 2] < old[:, :, :, 2]).all()


# ---------------------------------------------------------------------------------------------------- damage and repair


@pytest.mark.parametrize("precision", [False, True])
def test_availability_is_that_of_two_states_where_there_is_one_kind_of_damage(seen, precision):
    with jax.enable_x64(precision):
        given = {"heavy_share": 0.0, "repair_minor": 0.2, "luck_spread": 0.0, "available_opening": 1.0, **AT_ONCE}
        per_gw = {"capacity": 4.0, "loss_per_hit": 0.02, "vulnerability": 2.0, "recent_opening": 1.0}
        params, states, _ = seen(150, hits=0.05 * 20 / 0.02, **given, **per_gw)
        t = np.arange(151)[:, None, None, None, None]
        available = 1 - out_of(states) / installed(params)
        exact = np.broadcast_to(0.8 + 0.2 * np.exp(-0.25 * t), available.shape)
        np.testing.assert_allclose(available, exact, rtol=1e-9 if precision else 1e-4)


def test_hits_are_spread_by_exposure_vulnerability_and_what_still_works(seen):
    exposure, vulnerability = np.array([[1, 2, 5, 0], [1, 1, 1, 3.0]]), np.array([0.0, 1, 2, 0.1, 3])
    told = {"exposure": exposure, "vulnerability": vulnerability, "luck_spread": 0.0, "available_opening": 0.7}
    params, states, flows = seen(1, hits=5.0, loss_per_hit=0.01, crews=1e-12, **told)
    weight = exposure[:, :, None, None] * vulnerability[:, None] * installed(params)
    expected = weight / weight.sum(axis=(1, 2), keepdims=True) * 5 * 0.01 * 0.7
    np.testing.assert_allclose(flows.struck[0], expected, rtol=0.01, atol=1e-9)
    kinds = np.diff(states.broken, axis=0)[0].sum(axis=(0, 1))
    heavy = params.heavy_share * np.stack([1 - params.lost_share, params.lost_share])[:, None]
    np.testing.assert_allclose(kinds[1, 1:] / kinds[1].sum(axis=0), heavy[:, 1], rtol=0.01)


def test_luck_changes_when_hits_break_things_not_how_much(with_prior_medians):
    points = 3000
    u = jnp.broadcast_to((jnp.arange(points) + 0.5) / points, (2, points))
    lucky, even = (with_prior_medians(grid, runs=points, luck_spread=spread) for spread in (0.7, 0.0))
    rates, usual = (hazards(p, jax.jit(grid.sited)(p), jnp.ones((2, points)), u) for p in (lucky, even))
    np.testing.assert_allclose(np.mean(rates, axis=-1), np.mean(usual, axis=-1), rtol=0.01)
    assert (np.diff(rates, axis=-1) > 0).all()


def test_without_hits_nothing_changes_but_by_repair(seen):
    _, states, flows = seen(40, **BROKEN)
    assert (flows.struck == 0).all()
    assert (np.diff(states.broken, axis=0) <= 0).all()
    for better in (flows.available, flows.served_share, flows.industry_served, states.power):
        assert (np.diff(better, axis=0) >= -1e-6).all()
    _, states, flows = seen(10, crews=1e-12, **BROKEN)
    np.testing.assert_allclose(states.broken, states.broken[:1].repeat(11, axis=0), rtol=1e-6)
    np.testing.assert_allclose(states.power, 1, rtol=1e-6)


@pytest.mark.parametrize(("crews", "short"), [(50.0, False), (0.05, True), (0.2, True)])
def test_the_repair_queue_obeys_littles_law(seen, crews, short):
    """In the long run: GW in repair = GW broken a week · mean weeks in repair, and crews that are short never rest."""
    with jax.enable_x64(True):
        one_kind = {"heavy_share": 0.0, "repair_minor": 0.3, "luck_spread": 0.0, "recent_opening": 1.0}
        told = {"capacity": 4.0, "vulnerability": 1.0, "loss_per_hit": 0.01, "parts_supply": 1e9, "crews": crews}
        _, states, flows = seen(500, hits=100.0, **one_kind, **told)
        broken, hazard = out_of(states)[-1].sum(axis=(1, 2)), 100.0 * 0.01 / 20
        throughput = hazard * (20 - broken)
        mean_time = 20 / crews - 1 / hazard if short else 1 / 0.3
        np.testing.assert_allclose(broken, throughput * mean_time, rtol=1e-6)
        np.testing.assert_allclose(throughput, crews if short else hazard * 20 * 0.3 / (0.3 + hazard), rtol=1e-6)
        assert (flows.repaired.sum(axis=(2, 3)) <= crews * (1 + 1e-9)).all()


def test_parts_that_run_short_set_the_pace(seen):
    told = {"parts_opening": 1e-6, "parts_supply": 0.08, "crews": 1e9, "capacity": 100.0}
    _, _, flows = seen(30, hits=3000.0, **told, **BROKEN)
    np.testing.assert_allclose(flows.parts_used, 0.08, rtol=0.3)
    np.testing.assert_allclose(flows.parts_used.sum(axis=0), 30 * 0.08, rtol=0.05)
    _, _, enough = seen(30, hits=3000.0, **{**told, "parts_supply": 5.0}, **BROKEN)
    assert (enough.repaired.sum(axis=(2, 3)) > flows.repaired.sum(axis=(2, 3))).all()


# ------------------------------------------------------------------------------------------------------- supply, demand


def short_of_power(**given):
    """One region has the plants, another the demand, imports are none."""
    sited, there = np.zeros((2, 4, 5)), np.zeros((2, 4))
    sited[:, 0, :TIE], there[:, 1] = 1.0, 1.0
    sited[:, :2, TIE] = 0.5
    even = {"usable": 1.0, "available_opening": 1.0, "capacity": [5.0, 5.0, 5.0, 5.0, 8.0], "import_cap": 0.0}
    even["capacity"] = np.array([even["capacity"]] * 2)
    return {"siting": sited, "demand_share": there, "demand_mild": 10.0, "demand_cold": 0.0, **even, **given}


def test_power_goes_between_regions_as_far_as_ties_carry(seen):
    flows = seen(1, **short_of_power())[2]
    np.testing.assert_allclose(flows.served, 4, rtol=1e-5)
    np.testing.assert_allclose(flows.available, 20, rtol=1e-5)
    np.testing.assert_allclose(seen(1, **short_of_power(import_cap=3.0))[2].served, 4, rtol=1e-5)
    wide = short_of_power()["capacity"] * np.array([1, 1, 1, 1, 9])
    np.testing.assert_allclose(seen(1, **short_of_power(capacity=wide))[2].served, 10, rtol=1e-5)
    at_home = short_of_power(demand_share=np.array([[1.0, 0, 0, 0]] * 2))
    np.testing.assert_allclose(seen(1, **at_home)[2].served, 10, rtol=1e-5)


def test_hits_on_transmission_alone_cost_power_where_it_has_to_travel(seen):
    only = np.eye(5)[TIE]
    _, states, flows = seen(12, hits=40.0, **short_of_power(vulnerability=only, crews=1e-12))
    assert (np.diff(flows.served, axis=0) < 0).all()
    np.testing.assert_allclose(flows.available, 20, rtol=1e-5)
    carried = 4 - out_of(states)[1:, :, :2, TIE].max(axis=2)
    np.testing.assert_allclose(flows.served, carried, rtol=1e-4)
    at_home = short_of_power(vulnerability=only, demand_share=np.array([[1.0, 0, 0, 0]] * 2))
    np.testing.assert_allclose(seen(12, hits=40.0, **at_home)[2].served, 10, rtol=1e-5)


def test_own_plants_come_first_and_imports_fill_what_is_lacking(seen):
    plenty = {"capacity": [[3.0] * 4 + [200.0]] * 2, "usable": 1.0, "available_opening": 1.0, "demand_cold": 0.0}
    plenty["capacity"] = np.array(plenty["capacity"])
    for demand, cap, served in ((9.0, 5.0, 9.0), (14.0, 5.0, 14.0), (20.0, 5.0, 17.0), (20.0, 0.0, 12.0)):
        flows = seen(1, demand_mild=demand, import_cap=cap, **plenty)[2]
        np.testing.assert_allclose(flows.served, served, rtol=1e-5)
        np.testing.assert_allclose(flows.imported, served - min(demand, 12.0), atol=1e-4)


def test_demand_follows_the_cold_below_mild(seen):
    demand = [seen(1, temperature=t, demand_cold=0.25, demand_mild=8.0)[2].demand for t in (30.0, 12.0, 2.0, -8.0)]
    np.testing.assert_allclose(np.stack(demand)[:, 0, 0, 0], [8, 8, 10, 12], rtol=1e-5)


def test_cold_takes_the_heat_of_those_who_are_cut_off_and_of_nobody_else(seen):
    def scarce(share, temperature):
        scarcity = {"available_opening": share, "crews": 1e-9, "demand_mild": 12.0, "demand_cold": 0.0}
        return seen(1, temperature=temperature, **scarcity)[2]

    for colder, warmer in ((-8.0, 2.0), (2.0, 8.0), (8.0, 13.0)):
        assert (scarce(0.4, colder).cold > scarce(0.4, warmer).cold).all()
    assert (scarce(0.4, 12.0).cold == 0).all()
    assert (scarce(0.999, -20.0).cold <= 1e-3 * scarce(0.4, -20.0).cold).all()
    fewer, more = scarce(0.5, -8.0), scarce(0.3, -8.0)
    for name in ("blackout_hours", "dark", "cold", "dry"):
        assert (getattr(more, name) > getattr(fewer, name)).all(), name
    assert (more.industry_served < fewer.industry_served).all()
    assert (more.blackout_hours <= 24).all()
    np.testing.assert_allclose(more.dark[0] * 24, more.blackout_hours[0] * 25e6, rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "doses", "better"),
    [
        ("import_cap", (0.0, 0.5, 1.5), True),
        ("crews", (1e-9, 0.2, 0.6), True),
        ("parts_supply", (1e-9, 0.1, 0.3), True),
        ("usable", (0.3, 0.6, 0.9), True),
        ("loss_per_hit", (0.0, 0.02, 0.1), False),
        ("demand_cold", (0.0, 0.2, 0.5), False),
    ],
)
def test_more_of_it_serves_more_or_less(seen, name, doses, better):
    told = {"demand_mild": 25.0, "parts_opening": 1e-9, **BROKEN}
    found = np.stack([seen(12, hits=20.0, **(told | {name: dose}))[2].served_share[-1] for dose in doses])
    assert ((np.diff(found, axis=0) > 0) == better).all()
    assert (np.diff(found, axis=0) != 0).all()


def test_more_hits_serve_less_and_only_those_whom_they_hit(seen):
    none, some, many = (seen(12, hits=[h, 4.0], demand_mild=25.0)[2] for h in (0.0, 20.0, 100.0))
    assert (none.served_share[1:, 0] > some.served_share[1:, 0]).all()
    assert (some.served_share[1:, 0] > many.served_share[1:, 0]).all()
    assert (none.served_share[:, 1] == many.served_share[:, 1]).all()


def test_industry_and_households_bear_together_what_is_missing(seen):
    for cut in (0.0, 1.0, 0.6, 0.2):
        told = {"industry_cut": cut, "cut_factor": 1.0, "industry_share": 0.4, "demand_mild": 25.0, **BROKEN}
        _, states, flows = seen(6, hits=50.0, crews=1e-12, **told)
        industry = 0.4 * 25
        homes = flows.demand - industry
        lack = industry * (1 - flows.industry_served) + homes * flows.blackout_hours / 24
        np.testing.assert_allclose(lack, flows.demand - flows.served, rtol=1e-3)
    relative = flows.industry_served / states.industry_opening[0]
    np.testing.assert_allclose(states.power[1:], relative, rtol=1e-5)
    assert (np.diff(states.power, axis=0) < 0).all()


def test_without_couplings_nothing_conveys_anything(seen):
    short = {"demand_mild": 12.0, **BROKEN}
    assert (seen(hits=90.0, loss_per_hit=0.0)[2].struck == 0).all()
    warm, frost = (seen(1, temperature=t, demand_cold=0.0, **short)[2] for t in (20.0, -20.0))
    assert (warm.demand == frost.demand).all()
    assert (warm.served == frost.served).all()
    _, states, flows = seen(hits=9.0, industry_cut=0.0, **short)
    assert (states.power == 1).all()
    for coupling, names in (
        ("cut_factor", ("blackout_hours", "dark", "cold", "dry")),
        ("heat_effect", ("cold",)),
        ("water_effect", ("dry",)),
    ):
        for name in names:
            assert (getattr(seen(1, **{coupling: 0.0}, **short)[2], name) == 0).all(), name
            assert (getattr(flows, name) > 0).all(), name


@pytest.mark.parametrize("value", [0.0, 1e-12, 1e15])
@pytest.mark.parametrize("hits", [0.0, 1e15])
def test_no_parameter_makes_anything_infinite(seen, drawn, value, hits):
    usual = drawn(**BROKEN)
    for field in dataclasses.fields(grid.Params):
        bounds = field.metadata["bounds"]
        extreme = jnp.full_like(getattr(usual, field.name), np.clip(value, *bounds))
        params = dataclasses.replace(usual, **{field.name: extreme})
        _, states, flows = seen(2, hits=hits, params=params, state=opening(usual, jnp.zeros(RUNS)))
        for leaf in (*jax.tree.leaves(opening(params, jnp.zeros(RUNS))), *jax.tree.leaves((states, flows))):
            assert np.isfinite(leaf).all(), field.name
        for share in (flows.served_share, flows.industry_served):
            assert ((share >= 0) & (share <= 1)).all(), field.name


def test_what_is_decreed_to_be_broken_is_no_more_than_there_is(seen, drawn):
    params = drawn()
    state = dataclasses.replace(opening(params, jnp.zeros(RUNS)), broken=jnp.full((2, 4, 5, 3, RUNS), 1e6))
    _, states, flows = seen(3, params=params, state=state)
    assert (out_of(states)[1:] <= installed(params) * (1 + 1e-5)).all()
    assert (flows.available < 0.9 * flows.installed).all()


@pytest.mark.parametrize(("name", "effect"), [("industry_served", "power"), ("blackout_hours", "dark")])
def test_what_is_decreed_has_its_consequences(seen, decree, name, effect):
    _, states, usual = seen(2, demand_mild=20.0)
    _, changed, flows = seen(2, demand_mild=20.0, do=decree(f"grid.{name}", value=0.5))
    assert (getattr(flows, name) == 0.5).all()
    if effect == "power":
        np.testing.assert_allclose(changed.power[1:], 0.5 / changed.industry_opening[1:], rtol=1e-5)
        assert (flows.blackout_hours < usual.blackout_hours).all()
    else:
        np.testing.assert_allclose(flows.dark, 25e6 * 0.5 / 24, rtol=1e-5)
        assert (changed.power == states.power).all()


def test_the_sides_are_alike(seen, drawn):
    random = np.random.default_rng(4)
    uneven = {
        "capacity": random.uniform(2, 9, (2, 5)),
        "siting": random.uniform(0, 1, (2, 4, 5)),
        "available_opening": random.uniform(0.4, 0.9, (2, 5)),
        "demand_mild": random.uniform(8, 20, 2),
        "demand_share": random.uniform(0, 1, (2, 4)),
        "exposure": random.uniform(0, 1, (2, 4)),
        "crews": random.uniform(0.1, 1, 2),
        "population": random.uniform(1e6, 1e8, 2),
    }
    one = seen(hits=[60.0, 9.0], luck_spread=0.0, **uneven)
    other = seen(hits=[9.0, 60.0], luck_spread=0.0, **{name: value[::-1] for name, value in uneven.items()})
    for a, b in zip(jax.tree.leaves(one[1:]), jax.tree.leaves(other[1:]), strict=True):
        assert (a == b[:, ::-1]).all()
