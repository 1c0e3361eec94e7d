"""The whole war: what is conserved, what is symmetric, what a change of units does."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ceasefire.model import air_defence, drones, fires, logistics, strikes
from ceasefire.model.axes import GOODS, INTERCEPTORS, MUNITIONS
from ceasefire.model.intervene import Intervention
from ceasefire.scenario.start import variables

KNOWN = variables()
PRECISION = {"single": (False, 1e-5), "double": (True, 1e-9)}
ROUNDING = {"front.unspent": 1e-5}
SPENT = (("drones", "used", drones), ("fires", "fired", fires), ("strikes", "launched", strikes))
ON_THE_MAP = {"border", "rear", "works", "collection", "supports"}
ON_THE_TABLE = {"gives", "neutral", "camp"}
"""What of the ground, and of the terms, has a row for each side."""


def converted(record, function):
    """A record of all subsystems with function(dotted name, array) in the place of each array."""
    parts = {}
    for owner in (field.name for field in dataclasses.fields(record)):
        part = getattr(record, owner)
        names = [field.name for field in dataclasses.fields(part)]
        parts[owner] = type(part)(**{name: function(f"{owner}.{name}", getattr(part, name)) for name in names})
    return type(record)(**parts)


def named(*records):
    """Every array of some records by dotted name."""
    found = {}
    for record in records:
        converted(record, lambda name, array: found.update({name: np.asarray(array, np.float64)}))
    return found


@pytest.fixture(scope="module", params=PRECISION)
def books(request, open_invented, campaign):
    """Stocks at the opening and after every week [week + 1, ...], flows of every week, and how exactly they balance."""
    wide, tolerance = PRECISION[request.param]
    with jax.enable_x64(wide):
        opened = open_invented()
        fought = campaign(opened)
        assert fought.last.front.held.dtype == (jnp.float64 if wide else jnp.float32)
        before, after = named(opened.state), named(fought.states)
        stock = {name: np.concatenate([before[name][None], after[name]]) for name in after}
        return stock, named(fought.flows), jax.tree.map(np.asarray, opened.ground), tolerance


def assert_balanced(stock, inflow, outflow, tolerance):
    assert np.abs(np.diff(stock, axis=0) - (inflow - outflow)).max() <= tolerance * np.abs(stock).max()


def assert_people_balance(stock, flow, tolerance):
    people = stock["attrition.troops"] + stock["manpower.arriving"]
    people = people + stock["manpower.training"].sum(axis=2) + stock["manpower.recovering"].sum(axis=2)
    gone = flow["attrition.killed"] + flow["manpower.disabled"]
    gone = gone + flow["attrition.departed"] + flow["attrition.surrendered"]
    assert_balanced(people, flow["manpower.recruited"], gone, tolerance)
    parts = flow["attrition.killed"] + flow["attrition.wounded"]
    np.testing.assert_allclose(parts, flow["attrition.casualties"], rtol=tolerance, atol=tolerance)
    assert_balanced(stock["breach.reserve"], flow["breach.refilled"], flow["breach.drawn"], tolerance)
    beyond = stock["breach.reserve"][1:] - stock["attrition.troops"][:-1]
    assert beyond.max() <= tolerance * stock["breach.reserve"].max()
    assert_balanced(stock["siege.men"], 0, flow["siege.surrendered"], tolerance)


def assert_equipment_balances(stock, flow, tolerance):
    delivered = flow["industry.built"] + flow["industry.imported"] + flow["industry.refurbished"]
    pieces = stock["attrition.equipment"] + stock["attrition.workshop"]
    assert_balanced(pieces, delivered, flow["attrition.lost"], tolerance)
    assert_balanced(stock["attrition.workshop"], flow["attrition.damaged"], flow["attrition.repaired"], tolerance)
    assert_balanced(stock["industry.storage"], 0, flow["industry.refurbished"], tolerance)
    assert_balanced(stock["fires.aircraft"], flow["fires.aircraft_delivered"], flow["fires.aircraft_lost"], tolerance)


def assert_munitions_balance(stock, flow, tolerance):
    made = flow["industry.munitions_made"] + flow["industry.munitions_imported"]
    for owner, used, among in SPENT:
        received, spent, left = made[:, :, among.AMONG_MUNITIONS], flow[f"{owner}.{used}"], stock[f"{owner}.stock"]
        assert received.shape == spent.shape
        for kind in range(spent.shape[2]):
            assert_balanced(left[:, :, kind], received[:, :, kind], spent[:, :, kind], tolerance)

    received, spent = made[:, :, air_defence.AMONG_MUNITIONS], flow["air_defence.used"]
    assert (spent[:, :, : -len(INTERCEPTORS)] == 0).all()
    assert_balanced(
        stock["air_defence.interceptors"][:, :, -len(INTERCEPTORS) :],
        received,
        spent[:, :, -len(INTERCEPTORS) :],
        tolerance,
    )
    assert_balanced(stock["air_defence.launchers"], flow["air_defence.launchers_delivered"], 0, tolerance)
    np.testing.assert_allclose(
        flow["air_defence.stopped"] + flow["air_defence.leaked"], flow["strikes.launched"], rtol=tolerance
    )


def assert_power_and_money_balance(stock, flow, tolerance):
    assert_balanced(stock["grid.broken"].sum(axis=4), flow["grid.struck"], flow["grid.repaired"], tolerance)
    assert_balanced(stock["grid.parts"], flow["grid.parts_delivered"], flow["grid.parts_used"], tolerance)
    served, demand = flow["grid.served"], flow["grid.demand"]
    np.testing.assert_allclose(flow["grid.generated"] + flow["grid.imported"], served, rtol=10 * tolerance)
    assert (served <= demand * (1 + tolerance)).all()
    assert_balanced(stock["damage.out"], flow["damage.struck"], flow["damage.repaired"], tolerance)
    assert_balanced(stock["budget.reserves"], 0, flow["budget.drawn"], tolerance)
    assert_balanced(stock["budget.debt"], flow["budget.borrowed"], 0, tolerance)
    assert_balanced(stock["budget.money"], flow["budget.created"], 0, tolerance)
    raised = flow["budget.drawn"] + flow["budget.borrowed"] + flow["budget.created"]
    spent = flow["budget.spending_war"] + flow["budget.spending_civil"]
    income = flow["oil.revenue"] + flow["budget.revenue_other"] + flow["budget.aid_received"]
    for total in (raised, spent - income):
        largest = max(np.abs(amount).max() for amount in (spent, income, flow["budget.drawn"], flow["budget.created"]))
        assert np.abs(total - flow["budget.deficit"]).max() <= tolerance * largest
    parts = flow["oil.part"].sum(axis=2)
    assert np.abs(np.diff(flow["oil.revenue"] - parts, axis=0)).max() <= 10 * tolerance * flow["oil.revenue"].max()


def assert_promises_balance(stock, flow, tolerance):
    given = np.stack([flow[f"patrons.{good}"] for good in GOODS], axis=2)
    promised = stock["patrons.promised"].sum(axis=3)
    amiss = np.diff(promised, axis=0) - (flow["patrons.pledged"] - given)
    assert np.abs(amiss).max() <= tolerance * max(promised.max(), given.max())
    pledged, paid = flow["patrons.pledged"].sum(axis=(1, 2)), flow["patrons.paid"].sum(axis=1)
    np.testing.assert_allclose(paid, pledged, rtol=10 * tolerance)


def assert_land_balances(stock, flow, ground, tolerance):
    member = (np.arange(ground.axes)[:, None] == ground.axis) * ground.area.astype(np.float64)
    area = np.einsum("ac,wcr->war", member, stock["front.held"])
    assert_balanced(area, flow["front.taken"][:, 0] + flow["front.ceded"], flow["front.taken"][:, 1], tolerance)


def test_every_person_is_accounted_for(books):
    stock, flow, _, tolerance = books
    assert_people_balance(stock, flow, tolerance)


def test_every_piece_of_equipment_is_accounted_for(books):
    stock, flow, _, tolerance = books
    assert_equipment_balances(stock, flow, tolerance)


def test_every_munition_of_each_type_is_accounted_for(books):
    stock, flow, _, tolerance = books
    every = np.arange(len(MUNITIONS))
    owned = [every[owner.AMONG_MUNITIONS] for owner in (drones, fires, strikes, air_defence)]
    assert np.sort(np.concatenate(owned)).tolist() == every.tolist()
    assert_munitions_balance(stock, flow, tolerance)


def test_every_gigawatt_and_all_money_is_accounted_for(books):
    stock, flow, _, tolerance = books
    assert flow["grid.struck"].sum() > 0
    assert_power_and_money_balance(stock, flow, tolerance)


def test_all_that_patrons_pledge_is_given_or_still_promised_and_somebody_pays(books):
    stock, flow, _, tolerance = books
    assert flow["patrons.pledged"].sum() > 0
    assert_promises_balance(stock, flow, tolerance)


def test_what_one_side_gains_on_an_axis_the_other_loses(books):
    stock, flow, ground, tolerance = books
    assert flow["front.taken"].sum() > 0
    assert (flow["front.ceded"] == 0).all()
    assert_land_balances(stock, flow, ground, tolerance)


def assert_possible(found):
    for name, values in found.items():
        assert np.isfinite(values).all(), name
        low, high = KNOWN[name].bounds
        assert values.min() >= low - ROUNDING.get(name, 0), name
        assert values.max() <= high, name


def test_nothing_is_negative_or_infinite_and_shares_are_shares(half_year):
    _, fought = half_year
    assert_possible(named(fought.states, fought.flows))


@pytest.fixture(scope="module")
def whim(decreed_nothing):
    """Some flows decreed at random: set, multiplied or shifted, beyond reason too."""

    def table(draw):
        random, do = np.random.default_rng(draw), decreed_nothing()
        factor, shift = np.array(do.factor), np.array(do.shift)
        for place in do.places:
            if KNOWN[place.name].kind == "flow" and not KNOWN[place.name].derived and random.uniform() < 0.15:
                at = slice(place.offset, place.offset + place.size)
                value = random.choice([0.0, 0.5, 40.0, 3e3, 1e6], place.size)
                kind = random.integers(3)
                factor[at] = random.choice([0.0, 0.3, 5.0], place.size) if kind == 1 else float(kind == 2)
                shift[at] = 0.0 if kind == 1 else value if kind == 0 else random.choice([-30.0, 30.0], place.size)
        return Intervention(jnp.asarray(factor, float), jnp.asarray(shift, float), do.places)

    return table


@pytest.mark.parametrize("draw", range(12))
def test_books_close_whatever_is_decreed(draw, open_invented, campaign, whim):
    opened = open_invented(front__physics=0.5)
    fought = campaign(opened, do=whim(draw))
    before, after, flow = named(opened.state), named(fought.states), named(fought.flows)
    stock = {name: np.concatenate([before[name][None], after[name]]) for name in after}
    assert_possible(after | flow)
    tolerance = PRECISION["single"][1]
    assert_people_balance(stock, flow, tolerance)
    assert_equipment_balances(stock, flow, tolerance)
    assert_munitions_balance(stock, flow, tolerance)
    assert_power_and_money_balance(stock, flow, tolerance)
    assert_promises_balance(stock, flow, tolerance)
    assert_land_balances(stock, flow, jax.tree.map(np.asarray, opened.ground), tolerance)


def test_armies_can_be_destroyed_but_not_overdrawn(open_invented, campaign):
    opened = open_invented(
        attrition__casualty_rate=5.0,
        attrition__casualty_rate_opening=5.0,
        attrition__loss_rate=5.0,
        attrition__loss_rate_opening=5.0,
        attrition__troops_opening=500.0,
        manpower__recruitment=0.1,
        manpower__desertion_rate=0.5,
        industry__refurbishment=1e6,
        industry__new_build=0.0,
    )
    fought = campaign(opened)
    found = named(fought.states, fought.flows)
    assert_possible(found)
    before = np.concatenate([opened.state.attrition.troops[None], fought.states.attrition.troops[:-1]])
    assert (found["attrition.casualties"] + found["attrition.departed"] <= before * (1 + 1e-6)).all()
    assert (found["attrition.casualties"] == before).any()
    assert (found["industry.storage"][-1] == 0).all()


def test_without_effort_and_fire_nothing_moves_and_nobody_falls(open_invented, campaign):
    opened = open_invented(policy__planned_effort=0.0, policy__planned_fire=0.0, front__physics=0.5, breach__hazard=1.0)
    fought = campaign(opened)
    assert (fought.states.front.held == opened.state.front.held).all()
    assert (fought.states.breach.factor == 1).all()
    assert (fought.states.front.salient == 0).all()
    found = named(fought.flows)
    for nothing in (
        "front.taken",
        "front.unspent",
        "front.residents",
        "attrition.casualties",
        "attrition.surrendered",
        "attrition.lost",
        "attrition.damaged",
        "drones.used",
        "fires.fired",
        "fires.sorties",
        "fires.rear_hits",
        "civilians.harmed",
        "civilians.transferred",
        "siege.besieged",
        "siege.committed",
    ):
        assert (found[nothing] == 0).all(), nothing


# ------------------------------------------------------------------------------------ the statistical core, couplings


ASIDE = ("front", "bargaining", "policy", "reporting")
"""What decides how much ground is taken where there is no physics, and what does not take part."""
BASE_RATE = {"bargaining__anchor": 0.0, "bargaining__relapse": 0.0}
"""Wars end at the base rate alone, and for good: what the sides want and fear has no part in it."""
COUPLINGS = {
    name.replace(".", "__"): 0.0
    for name, variable in KNOWN.items()
    if variable.coupling and not name.startswith("policy.truce")
}
"""All but what stops the fighting under an agreement, which is no physics."""
UNCOUPLED = {**COUPLINGS, "breach__hazard": 0.0}


def elsewhere(at):
    """Everything that physics is about at another point of its prior."""
    given = {
        name.replace(".", "__"): float(variable.prior.quantile(at))
        for name, variable in KNOWN.items()
        if variable.kind == "parameter" and name.partition(".")[0] not in ASIDE
    }
    return {name: value for name, value in given.items() if not name.endswith(("_opening", "output", "imports"))}


@pytest.fixture(scope="module")
def core(open_invented, campaign):
    return campaign(open_invented(front__physics=0.0, **BASE_RATE))


@pytest.mark.parametrize("at", [0.1, 0.9])
def test_without_physics_nothing_else_changes_a_bit_of_the_ground_that_is_taken(at, core, open_invented, campaign):
    other = campaign(open_invented(front__physics=0.0, **elsewhere(at), **BASE_RATE))
    assert_same_ground(core, other)
    assert (core.flows.attrition.casualties != other.flows.attrition.casualties).any()


@pytest.mark.parametrize("at", [0.1, 0.9])
def test_without_couplings_the_war_is_its_statistical_core_bit_for_bit(at, core, open_invented, campaign):
    other = campaign(open_invented(front__physics=0.5, **elsewhere(at) | UNCOUPLED, **BASE_RATE))
    assert_same_ground(core, other)


def assert_same_ground(one, other):
    for found, expected in zip(
        (one.states.front.held, one.flows.front.taken, one.flows.front.expected),
        (other.states.front.held, other.flows.front.taken, other.flows.front.expected),
        strict=True,
    ):
        assert (found == expected).all()


def test_couplings_are_what_connects_the_war(core, open_invented, campaign):
    other = campaign(open_invented(front__physics=0.5, **elsewhere(0.9)))
    assert (core.flows.front.taken != other.flows.front.taken).any()


UNENDING = {"bargaining__scale": 1e9, "bargaining__weibull": 0.0, "front__physics": 0.5}


def assert_alike(found, expected, name, tolerance=1e-3):
    """Equal but for rounding, which now and then tips a cell over a threshold."""
    close = np.isclose(found, expected, rtol=tolerance, atol=tolerance * max(np.abs(expected).max(), 1e-6))
    assert close.mean() > 0.999, f"{name}: {1 - close.mean():.1%} differ"


TURNED = {"side": [1, 0], "actor": [1, 0, 3, 2, 4], "ending": [0, 2, 1, 3]}
"""What takes the place of what along each dimension as sides are swapped; actors are leaders, publics, a mediator."""


def mirrored(name, values, axis=0):
    """The same with the sides swapped; `axis` is the place of the first dimension."""
    if name in ("front.held", "front.control", "preferences.share", "bargaining.line"):
        return 1 - values
    if name in ("front.ceded", "beliefs.power", "beliefs.power_lately", "resolve.shift"):
        return -values
    if name == "beliefs.mean":
        return -jnp.flip(values, axis)
    for dim, order in TURNED.items():
        if dim in KNOWN[name].dims:
            values = jnp.take(values, np.array(order), axis + KNOWN[name].dims.index(dim))
    return values


def in_the_mirror(opened):
    """The same war with the sides swapped."""
    swapped = {name: getattr(opened.ground, name)[::-1] for name in ON_THE_MAP}
    terms, held = opened.ground.terms, opened.ground.terms.land_area.sum(axis=1)
    turned = {name: getattr(terms, name)[::-1] for name in ("gives", "neutral")} | {
        "camp": terms.camp[::-1, np.array(TURNED["actor"])]
    }
    turned["land_behind"] = terms.land_whole - held - terms.land_behind
    swapped |= {"garrison_side": 1 - opened.ground.garrison_side, "terms": dataclasses.replace(terms, **turned)}
    ground = dataclasses.replace(opened.ground, **swapped)
    return type(opened)(converted(opened.params, mirrored), converted(opened.state, mirrored), ground)


def test_a_mirror_swaps_all_of_the_ground_that_has_sides(open_invented):
    ground = open_invented().ground
    for record, sided in ((ground, ON_THE_MAP), (ground.terms, ON_THE_TABLE)):
        fields = [field for field in dataclasses.fields(record) if field.name != "terms"]
        assert {field.name for field in fields if "side" in field.type.dim_str.split()} == sided


@pytest.fixture(scope="module")
def unending(open_invented):
    return open_invented(**UNENDING)


def test_with_swapped_sides_and_swapped_dice_the_war_is_its_mirror_image(open_invented, campaign):
    with jax.enable_x64(True):
        opened = open_invented(**UNENDING)
        fought, image = campaign(opened), campaign(in_the_mirror(opened), mirror=True)
        found = named(*image[1:])
        expected = named(*(converted(record, lambda n, a: mirrored(n, a, axis=1)) for record in fought[1:]))
    for name, values in expected.items():
        assert_alike(found[name], values, name, tolerance=1e-7)


def test_with_swapped_sides_and_other_dice_the_war_follows_the_mirrored_law(unending, campaign):
    fought, image = campaign(unending), campaign(in_the_mirror(unending))
    for name in (
        "front.taken",
        "front.momentum",
        "front.works",
        "attrition.casualties",
        "attrition.lost",
        "logistics.supply",
        "drones.density",
        "fires.air",
        "posture.mix",
        "civilians.harmed",
        "manpower.recruited",
        "breach.readiness",
    ):
        one, other = (named(*war[1:])[name].mean(axis=0) for war in (fought, image))
        runs = one.shape[-1]
        difference = (one - other[::-1]).reshape(2, -1, runs).mean(axis=1)
        error = difference.std(axis=1) / np.sqrt(runs)
        assert (np.abs(difference.mean(axis=1)) <= 4 * error + 1e-6).all(), name


@pytest.fixture(scope="module")
def plentiful(open_invented):
    """So much ammunition, whatever is struck, that traces do not count; no aircraft, a whole number, is lost."""
    many = {"industry__munition_output": 1e6, "fires__aircraft_opening": 1e6, "fires__exposed_loss": 0.0}
    many |= {f"industry__{cause}_exponent": 0.0 for cause in ("power", "plant", "depot")}
    with jax.enable_x64(True):
        return open_invented(**UNENDING, **many)


IN_KM = ("logistics.roads_cut", "bargaining.depth_effect")
"""Not scaled: a count of roads, and what is held against the reach of a zone, a constant in km."""


@pytest.mark.parametrize("draw", range(3))
def test_a_change_of_units_changes_nothing_but_units(draw, plentiful, campaign):
    unending = plentiful
    size = dict(zip(("person", "count", "km2", "km"), np.random.default_rng(draw).uniform(0.3, 3, 4), strict=True))

    def rescaled(name, values):
        unit = KNOWN[name].unit
        if name in IN_KM:
            return values
        if name == "logistics.resupply":
            return jnp.where(values >= logistics.FAR, logistics.FAR, values * size["km"])
        if unit.startswith("log("):
            return values + np.log(size.get(unit[4:].split("/")[0], 1.0))
        of, _, per = unit.partition("/")
        return (values * size.get(of, 1.0) / size.get(per, 1.0)).astype(values.dtype)

    with jax.enable_x64(True):
        terms = unending.ground.terms
        areas = {name: getattr(terms, name) * size["km2"] for name in ("land_area", "land_behind", "land_whole")}
        ground = dataclasses.replace(
            unending.ground,
            terms=dataclasses.replace(terms, **areas),
            area=unending.ground.area * size["km2"],
            length=unending.ground.length * size["km"],
            rear=unending.ground.rear * size["km"],
            population=unending.ground.population * size["person"],
        )
        other = type(unending)(converted(unending.params, rescaled), converted(unending.state, rescaled), ground)
        found = named(*campaign(other, calm=True)[1:])
        expected = named(*(converted(record, rescaled) for record in campaign(unending, calm=True)[1:]))
    for name, values in expected.items():
        assert_alike(found[name], values, name)


def test_a_run_does_not_depend_on_the_runs_beside_it(unending, campaign):
    effort = unending.params.policy.planned_effort.at[:, 1:].set(0.0)
    policy = dataclasses.replace(unending.params.policy, planned_effort=effort)
    beside_peace = unending._replace(params=dataclasses.replace(unending.params, policy=policy))
    expected, found = (named(*campaign(war)[1:]) for war in (unending, beside_peace))
    for name in (name for name in expected if "run" in KNOWN[name].dims):
        assert_alike(found[name][..., 0], expected[name][..., 0], name)


def test_new_values_need_no_new_compilation(open_invented, campaign):
    campaign(open_invented())
    compiled = campaign.compiled._cache_size()
    campaign(open_invented(front__physics=0.0, manpower__recruitment=5.0), first=7, calm=True)
    assert campaign.compiled._cache_size() == compiled


def test_two_halves_are_the_whole(half_year, campaign):
    opened, halves = half_year
    whole = campaign(opened, weeks=len(halves.states.front.held))
    for one, other in zip(jax.tree.leaves(whole), jax.tree.leaves(halves), strict=True):
        assert (one == other).all()
