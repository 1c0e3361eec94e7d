"""The whole war: what is conserved, what is symmetric, what a change of units does."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ceasefire.scenario.start import variables

KNOWN = variables()
PRECISION = {"single": (False, 1e-5), "double": (True, 1e-9)}
SIGNED = {"front.balance", "front.budget", "front.tempo", "attrition.intensity", "attrition.item_intensity"}
ROUNDING = {"front.unspent": 1e-5}


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


def test_every_person_is_accounted_for(books):
    stock, flow, _, tolerance = books
    people = stock["attrition.troops"] + stock["manpower.arriving"]
    people = people + stock["manpower.training"].sum(axis=2) + stock["manpower.recovering"].sum(axis=2)
    gone = flow["attrition.killed"] + flow["manpower.disabled"] + flow["attrition.departed"]
    assert_balanced(people, flow["manpower.recruited"], gone, tolerance)
    parts = flow["attrition.killed"] + flow["attrition.wounded"]
    np.testing.assert_allclose(parts, flow["attrition.casualties"], rtol=tolerance)


def test_every_piece_of_equipment_is_accounted_for(books):
    stock, flow, _, tolerance = books
    assert_balanced(stock["attrition.equipment"], flow["industry.delivered"], flow["attrition.lost"], tolerance)
    assert_balanced(stock["industry.storage"], 0, flow["industry.refurbished"], tolerance)
    parts = flow["industry.built"] + flow["industry.refurbished"]
    np.testing.assert_allclose(parts, flow["industry.delivered"], rtol=tolerance)


def test_what_one_side_gains_on_an_axis_the_other_loses(books):
    stock, flow, ground, tolerance = books
    member = (np.arange(ground.axes)[:, None] == ground.axis) * ground.area.astype(np.float64)
    area = np.einsum("ac,wcr->war", member, stock["front.held"])
    taken = flow["front.taken"]
    assert taken.sum() > 0
    assert_balanced(area, taken[:, 0], taken[:, 1], tolerance)


def assert_possible(found):
    for name, values in found.items():
        assert np.isfinite(values).all(), name
        assert name in SIGNED or values.min() >= -ROUNDING.get(name, 0), name
    for name in ("front.held", "logistics.supply", "bargaining.hazard"):
        assert found[name].max() <= 1, name


def test_nothing_is_negative_or_infinite_and_shares_are_shares(half_year):
    _, fought = half_year
    assert_possible(named(fought.states, fought.flows))


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
    opened = open_invented(policy__planned_effort=0.0, policy__planned_fire=0.0)
    fought = campaign(opened)
    assert (fought.states.front.held == opened.state.front.held).all()
    flows = fought.flows
    for nothing in (flows.front.taken, flows.front.unspent, flows.attrition.casualties, flows.attrition.lost):
        assert (nothing == 0).all()


def assert_alike(found, expected, name):
    """Equal but for rounding, which now and then tips a cell over a threshold."""
    close = np.isclose(found, expected, rtol=1e-3, atol=1e-3 * max(np.abs(expected).max(), 1e-6))
    assert close.mean() > 0.999, f"{name}: {1 - close.mean():.1%} differ"


def mirrored(name, values, axis=0):
    """The same with the sides swapped; `axis` is the place of the side."""
    if name == "front.held":
        return 1 - values
    return jnp.flip(values, axis) if KNOWN[name].dims[:1] == ("side",) else values


def in_the_mirror(opened):
    """The same war with the sides swapped."""
    ground = dataclasses.replace(opened.ground, border=opened.ground.border[::-1], rear=opened.ground.rear[::-1])
    return type(opened)(converted(opened.params, mirrored), converted(opened.state, mirrored), ground)


@pytest.fixture(scope="module")
def unending(open_invented):
    return open_invented(bargaining__scale=1e9, bargaining__weibull=0.0, front__physics=0.5)


def test_with_swapped_sides_and_swapped_dice_the_war_is_its_mirror_image(unending, campaign):
    fought, image = campaign(unending), campaign(in_the_mirror(unending), mirror=True)
    found = named(*image[1:])
    expected = named(*(converted(record, lambda n, a: mirrored(n, a, axis=1)) for record in fought[1:]))
    for name, values in expected.items():
        assert_alike(found[name], values, name)


def test_with_swapped_sides_and_other_dice_the_war_follows_the_mirrored_law(unending, campaign):
    fought, image = campaign(unending), campaign(in_the_mirror(unending))
    for name in ("front.taken", "front.momentum", "attrition.casualties", "attrition.lost", "logistics.supply"):
        one, other = (named(*war[1:])[name].mean(axis=0) for war in (fought, image))
        runs = one.shape[-1]
        difference = (one - other[::-1]).reshape(2, -1, runs).mean(axis=1)
        error = difference.std(axis=1) / np.sqrt(runs)
        assert (np.abs(difference.mean(axis=1)) <= 4 * error + 1e-6).all(), name


@pytest.mark.parametrize("draw", range(3))
def test_a_change_of_units_changes_nothing_but_units(draw, unending, campaign):
    size = dict(zip(("person", "count", "km2", "km"), np.random.default_rng(draw).uniform(0.3, 3, 4), strict=True))

    def rescaled(name, values):
        unit = KNOWN[name].unit
        if unit.startswith("log("):
            return values + np.log(size.get(unit[4:].split("/")[0], 1.0))
        return values * size[unit.split("/")[0]] if unit.split("/")[0] in size else values

    ground = dataclasses.replace(
        unending.ground,
        area=unending.ground.area * size["km2"],
        length=unending.ground.length * size["km"],
        rear=unending.ground.rear * size["km"],
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
