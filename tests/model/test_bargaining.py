"""Bargaining: surpluses, rules and hazards against plain counts and closed forms; what follows an end."""

import dataclasses
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import expit

from ceasefire.model import bargaining
from ceasefire.model.axes import ENDINGS, Appraisal
from ceasefire.model.bargaining import (
    CEASEFIRE,
    DICTATED_FIRST,
    DICTATED_SECOND,
    FADE,
    FREEZE,
    FROZEN,
    MONTH,
    RULES,
    SETTLEMENT,
    WAR,
    Offer,
)
from ceasefire.model.declare import declared
from ceasefire.model.intervene import NOTHING, Intervention, Place
from ceasefire.model.noise import Noise
from ceasefire.scenario import duration

RUNS, WEEKS = 2_500, 80
PACKAGES, OPTIONS = 16, 13
TROOPS = (3e5, 1e5)
NEVER = {"relapse": 0.0, "ripen": 0.0, "flare": 0.0}
BASE_RATE = {"anchor": 0.0}
STRUCTURE = {"anchor": 1.0}
QUIET = {"silent_rate": 1e-9, "dictated_rate": 1e-9, "fade_rate": 1e-9}
PARAMETERS = [v for v in declared(bargaining) if v.kind == "parameter"]
FLOWS = [v for v in declared(bargaining) if v.kind == "flow" and not v.derived]
LENGTH = {"side": 2, "ending": len(ENDINGS)}


@jax.jit
def _run(params, state, do, told):
    """Many weeks in many runs: states and flows [week, ..., run]."""
    runs = jnp.arange(params.age.shape[-1], dtype=jnp.uint32)

    def week(state, number):
        noise = Noise(jnp.asarray([8, 0], jnp.uint32), runs, number, "bargaining")
        after, flows = bargaining.step(params, state, do=do, noise=noise, **told)
        return after, (after, flows)

    return jax.lax.scan(week, state, jnp.arange(WEEKS))[1]


def decree(**given):
    """Decrees on flows; all have a place, so that `step` compiles once."""
    factor, shift, places = [], [], []
    for flow in FLOWS:
        shape, value = tuple(LENGTH[dim] for dim in flow.dims[:-1]), given.pop(flow.name.partition(".")[2], None)
        places.append(Place(flow.name, sum(place.size for place in places), shape, flow.bounds))
        factor.append(np.full(places[-1].size, float(value is None)))
        shift.append(np.broadcast_to(0.0 if value is None else value, shape).ravel())
    assert not given
    return Intervention(
        *(jnp.asarray(np.concatenate(part), float) for part in (factor, shift)), tuple(places), "bargaining"
    )


def sided(value, runs):
    """A number for both sides, or one for each."""
    return jnp.asarray(np.broadcast_to(np.asarray(value, float).reshape(-1, 1), (2, runs)), float)


def appraised(runs=RUNS, seed=None, **given):
    """What packages are worth: at random, or as it is given for [side, package]; riders have three ways."""
    random = np.random.default_rng(seed or 1)
    bundle = np.zeros((3, OPTIONS, 1))
    for way, chosen in enumerate(((8, 11), (9, 12), (10, 11))):
        bundle[way, chosen, 0] = 1
    made = {
        "worth": random.uniform(0.2, 0.7, (2, PACKAGES, runs if seed else 1)),
        "overruling": random.uniform(0, 0.05, (2, PACKAGES, runs if seed else 1)),
        "bundle_worth": random.uniform(0, 0.2, (3, 2, runs if seed else 1)),
        "bundle": bundle,
        "standing": np.full((2, 1), 0.5),
        "stake": np.full((2, 1), 0.5),
        "line": np.full((4, 1), 0.5),
    }
    made |= {name: np.asarray(value, float).reshape(*np.shape(value), 1) for name, value in given.items()}
    return Appraisal(**{k: jnp.asarray(np.broadcast_to(v, (*v.shape[:-1], runs)), float) for k, v in made.items()})


def told(table, runs=RUNS, appraisal=None, troops=TROOPS, **given):
    """What comes into a week: nobody talks and patrons promise nothing unless it is given."""
    usual = {"due": 0.0, "asked": 0.0, "shift": 0.0, "relapsed": 0.4, "least": 0.5, "impatience": 0.003, "allies": 1.0}
    value = usual | {name: given.pop(name) for name in tuple(given) if name in usual}
    regime, trust = given.pop("regime", 0), given.pop("trust", (0.0, 0.0, 0.0))
    assert not given
    one = {name: jnp.full(runs, value[name], float) for name in ("due", "asked", "shift")}
    two = {name: sided(value[name], runs) for name in ("relapsed", "least", "impatience", "allies")}
    trusted = jnp.asarray(np.broadcast_to(np.asarray(trust, float).reshape(-1, 1), (3, runs)), float)
    whole = jnp.broadcast_to(jnp.asarray(regime, jnp.int32), (runs,))
    return {
        "terms": table(),
        "troops": sided(troops, runs),
        "appraisal": appraisal or appraised(runs),
        "talked": bargaining.Talked(one["due"], whole, two["allies"], trusted),
        "wanted": bargaining.Wanted(two["least"], two["relapsed"], two["impatience"], one["shift"], one["asked"]),
    }


@pytest.fixture
def fight(table):
    """Many weeks in many runs from a phase on."""

    def years(params, phase=WAR, *, package=0, weeks=0, state=None, do=None, runs=RUNS, **given):
        if state is None:
            opened = bargaining.opening(runs, OPTIONS)
            stands = {"phase": phase, "weeks_in_phase": weeks, "package": package}
            whole = {k: jnp.broadcast_to(jnp.asarray(v, jnp.int32), (runs,)) for k, v in stands.items()}
            state = dataclasses.replace(opened, **whole)
        return jax.tree.map(np.asarray, _run(params, state, do or decree(), told(table, runs, **given)))

    return years


@pytest.fixture
def drawn(with_prior_medians):
    """Parameters with a constant usual hazard (a Weibull of shape 1) of `rate` a week, where one is given."""

    def params(rate=None, runs=RUNS, **given):
        if rate is not None:
            given |= {"weibull": 1.0, "shape": 1.0, "scale": 1 / (rate * MONTH)}
        return with_prior_medians(bargaining, runs=runs, **given)

    return params


def within(count, total, chance):
    """A frequency is as likely as chance says, up to four and a half standard errors."""
    return abs(count / total - chance) <= 4.5 * np.sqrt(chance * (1 - chance) / total)


# ---------------------------------------------------------------------------------------------------------- base rate


def test_at_the_base_rate_a_constant_hazard_ends_a_third_of_wars_within_a_year(drawn, fight):
    states, flows = fight(drawn(0.0075, **NEVER, **BASE_RATE))
    np.testing.assert_allclose(flows.hazard, 1 - np.exp(-0.0075), rtol=1e-3)
    survived = np.prod(1 - flows.hazard[:52, 0].astype(np.float64))
    assert 1 - survived == pytest.approx(0.3229, abs=1e-3)
    assert within((states.first_ending_week[51] > 0).sum(), RUNS, 0.3229)
    assert within((states.phase[51] != WAR).sum(), RUNS, 0.3229)


@pytest.mark.parametrize("weibull", [0.0, 1.0])
def test_the_usual_hazard_is_that_of_wars_of_this_age(weibull):
    shape, scale, age = np.array([1.17, 0.72, 1.4]), np.array([5.3, 8.0, 30.0]), np.array([0.1, 24.0, 47.2])
    with jax.enable_x64(True):
        given = {"shape": shape, "scale": scale, "age": age, "weibull": np.full(3, weibull)}
        others = {name: np.zeros(3) for name in bargaining.Params.__annotations__ if name not in given}
        params = bargaining.Params(**{name: jnp.asarray(values) for name, values in (given | others).items()})
        found = np.stack([bargaining.ending_hazard(params, jnp.asarray(week)) for week in range(104)])
    law = stats.weibull_min if weibull else stats.fisk
    months = age + np.arange(105)[:, None] / MONTH
    survival = law.sf(months, shape, scale=scale)
    np.testing.assert_allclose(found, 1 - survival[1:] / survival[:-1], rtol=1e-9)


def test_the_usual_hazard_is_the_one_that_the_record_of_wars_gives(drawn):
    uniforms = np.random.default_rng(1).uniform(size=(3, RUNS))
    law = duration.draw(uniforms)
    given = {"weibull": law.family != list(duration.FAMILIES).index("log-logistic"), "age": 47.2}
    params = drawn(shape=law.shape, scale=law.scale, **given)
    found = np.stack([bargaining.ending_hazard(params, jnp.asarray(week)) for week in range(20)])
    expected = duration.hazard_path(47.2, 20, uniforms)
    np.testing.assert_allclose(found, expected.reshape(found.shape), rtol=2e-3, atol=1e-6)


def test_at_the_base_rate_neither_the_hazard_nor_the_kind_of_end_knows_of_the_structure(drawn, fight):
    params = drawn(0.02, **NEVER, **BASE_RATE)
    one = fight(params, least=2.0, regime=0)
    other = fight(params, least=0.0, regime=2, due=1.0)
    for name in ("hazard", "ended"):
        np.testing.assert_array_equal(getattr(one[1], name), getattr(other[1], name))
    for _, flows in (one, other):
        np.testing.assert_allclose(flows.hazard, flows.usual.sum(axis=1), rtol=1e-5)
    agreed = [
        (state.first_ending[-1] == CEASEFIRE) | (state.first_ending[-1] == SETTLEMENT) for state, _ in (one, other)
    ]
    np.testing.assert_array_equal(*agreed)
    assert (one[1].structural[:, 0] != other[1].structural[:, 0]).all()


def test_usual_ends_come_in_their_shares(drawn):
    params = drawn(0.01, ceasefire_share=0.5, settlement_share=0.4, dictated_share=0.6, strength_exponent=2.0)
    found = bargaining.usual_endings(params, jnp.asarray(3), sided(TROOPS, RUNS))
    first = 0.18 * 9 / 10
    np.testing.assert_allclose(found[:, 0] / found[:, 0].sum(), [0.7, first, 0.18 - first, 0.12], rtol=1e-4)
    np.testing.assert_allclose(found.sum(axis=0), 1 - np.exp(-0.01), rtol=1e-3)


def test_the_stronger_side_dictates_more_often_even_over_a_destroyed_army(drawn):
    shares = {"ceasefire_share": 0.01, "settlement_share": 0.01, "dictated_share": 0.99, "strength_exponent": 8.0}
    for troops, side in (((8e5, 0.0), 0), ((0.0, 8e5), 1)):
        found = bargaining.usual_endings(drawn(0.01, **shares), jnp.asarray(0), sided(troops, RUNS))[:, 0]
        assert found[1 + side] / found.sum() == pytest.approx(0.99**3, abs=1e-3)
        assert found[2 - side] / found.sum() < 1e-8


def test_without_the_coupling_troops_change_no_bit(drawn, fight):
    params = drawn(0.05, strength_exponent=0.0)
    one, other = (fight(params, troops=troops) for troops in (TROOPS, (3e5, 9e5)))
    for left, right in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        np.testing.assert_array_equal(left, right)


# ----------------------------------------------------------------------------------------------- structure and pooling


@pytest.mark.parametrize("weight", [0.0, 0.25, 0.5, 1.0])
def test_the_hazard_is_the_geometric_mean_of_both_and_so_is_how_it_is_shared_out(weight, drawn, fight):
    structural = np.array([0.02, 0.001, 0.0003, 0.0002])
    states, flows = fight(drawn(0.03, anchor=weight, **NEVER), do=decree(structural=structural))
    usual = flows.usual[:, :, 0].astype(float)
    total = structural.sum() ** weight * usual.sum(axis=1) ** (1 - weight)
    np.testing.assert_allclose(flows.hazard[:, 0], total, rtol=1e-4)
    each = structural**weight * usual[0] ** (1 - weight)
    ended = states.first_ending_week[-1] > 0
    assert within((states.package[-1] > 0).sum(), ended.sum(), each[0] / each.sum())


def test_structure_alone_knows_of_no_duration(drawn, fight):
    one, other = (fight(drawn(rate, **NEVER, **STRUCTURE), regime=2)[1] for rate in (0.001, 0.1))
    np.testing.assert_array_equal(one.hazard, other.hazard)
    assert (one.usual != other.usual).all()


def test_competing_ends_come_in_the_shares_of_their_hazards_whenever_they_come(drawn, fight):
    """λi/Σλ, early or late."""
    rates = np.array([0.004, 0.006, 0.008, 0.002])
    states, flows = fight(drawn(0.01, **NEVER, **STRUCTURE), do=decree(structural=rates))
    np.testing.assert_allclose(flows.hazard, 0.02, rtol=1e-5)
    week, ending = states.first_ending_week[-1], states.first_ending[-1]
    agreed = np.where((ending == CEASEFIRE) | (ending == SETTLEMENT), CEASEFIRE, ending)
    assert within((week == 0).sum(), RUNS, 0.98**WEEKS)
    for early, late in ((0, 20), (20, 80)):
        among = agreed[(week > early) & (week <= late)]
        for kind, rate in zip((CEASEFIRE, DICTATED_FIRST, DICTATED_SECOND, FADE), rates, strict=True):
            assert within((among == kind).sum(), len(among), rate / 0.02)


def test_the_hazard_of_an_agreement_follows_its_law(drawn, fight):
    rates = {"silent_rate": 0.0005, "insincere_rate": 0.003, "earnest_rate": 0.08}
    params = drawn(**rates, zone_middle=0.05, zone_width=0.04, deadline_effect=0.7)
    regime = np.arange(RUNS) % 3
    for zone, asked, due in ((0.0, 0.0, 0.0), (0.12, 0.03, 1.0), (-0.2, 0.1, 0.0)):
        _, flows = fight(params, regime=regime, asked=asked, due=due, do=decree(zone=zone))
        expected = np.array(list(rates.values()))[regime] * expit((zone - asked - 0.05) / 0.04) * np.exp(0.7 * due)
        np.testing.assert_allclose(flows.agreement, np.broadcast_to(expected, flows.agreement.shape), rtol=1e-5)
        np.testing.assert_array_equal(flows.structural[:, 0], flows.agreement)


@settings(max_examples=60, deadline=None)
@given(zone=st.floats(-0.5, 0.5), wider=st.floats(1e-3, 0.5), asked=st.floats(0, 0.3))
def test_a_wider_zone_is_agreed_on_sooner_and_asking_too_much_later(zone, wider, asked):
    one = {name: jnp.ones(1) for name in bargaining.Params.__annotations__}
    params = bargaining.Params(**one | {"zone_width": jnp.full(1, 0.2)})
    none, two = jnp.zeros(1), jnp.zeros((2, 1))
    talked = bargaining.Talked(none, none.astype(jnp.int32), two, two)

    def hazard(zone, asked):
        return float(bargaining.agreement_hazard(params, talked, jnp.full(1, zone), jnp.full(1, asked))[0])

    assert hazard(zone + wider, asked) > hazard(zone, asked)
    assert hazard(zone, asked + wider) < hazard(zone, asked)


# ---------------------------------------------------------------------------------------------------------- agreements


def test_the_chance_that_an_agreement_breaks_follows_its_law(drawn, table):
    effects = {"guarantee_effect": 1.5, "usual_credibility": 0.25, "depth_effect": 0.02, "settled_effect": 0.7}
    params, terms = drawn(runs=2, relapse=0.01, shift_effect=0.9, **effects), table()
    found = bargaining.breaking(params, terms, sided((0.3, 0.9), 2).repeat(2, axis=0)[:3], jnp.asarray([0.4, -0.4]))
    trust = np.array([0.3, 0.3, 0.9])
    for package in range(PACKAGES):
        kept = 1 - np.prod(1 - np.asarray(terms.guarantee)[package] * trust)
        log = (
            -1.5 * (kept - 0.25)
            - 0.02 * 15 * (1 - np.exp(-float(terms.depth[package]) / 15))
            - 0.7 * float(terms.settles[package])
            + 0.9 * 0.4
        )
        np.testing.assert_allclose(found[package], 0.01 * np.exp(log), rtol=1e-5)


def test_several_guarantors_are_better_than_each(drawn, table):
    guarantee = np.zeros((PACKAGES, 3))
    guarantee[1, 0] = guarantee[2, 1] = guarantee[3, :2] = 0.5
    params = drawn(runs=1, relapse=0.01, guarantee_effect=1.0, usual_credibility=0.0, depth_effect=0, settled_effect=0)
    found = bargaining.breaking(params, table(guarantee=guarantee), jnp.full((3, 1), 0.8), jnp.zeros(1))[:, 0]
    np.testing.assert_allclose(np.log(found[:4] / found[0]), [0, -0.4, -0.4, -(1 - 0.6**2)], rtol=1e-5)


@settings(max_examples=60, deadline=None)
@given(trust=st.floats(0, 0.9), more=st.floats(0.01, 0.1), shift=st.floats(-3, 3), effect=st.floats(0.1, 3))
def test_guarantees_depth_and_settlement_make_peace_last_and_a_shift_of_power_does_not(trust, more, shift, effect):
    one = {name: jnp.full(1, effect) for name in bargaining.Params.__annotations__}
    params = bargaining.Params(**one | {"relapse": jnp.full(1, 1e-9), "depth_effect": jnp.full(1, 0.02)})

    class Rows:
        guarantee, depth = jnp.asarray([[0.0], [1.0], [0.0], [0.0]]), jnp.asarray([0.0, 0, 20, 0])
        settles = jnp.asarray([0.0, 0, 0, 1])

    def breaks(trust, shift):
        return np.asarray(bargaining.breaking(params, Rows, jnp.full((1, 1), trust), jnp.full(1, shift))[:, 0])

    plain, guaranteed, deep, settled = breaks(trust, shift)
    assert guaranteed <= plain
    assert deep < plain
    assert settled < plain
    assert breaks(trust + more, shift)[1] < guaranteed
    assert (breaks(trust, shift + np.sign(shift + 1e-9) * more) > breaks(trust, shift)).all()
    np.testing.assert_array_equal(breaks(trust, shift), breaks(trust, -shift))


def test_what_is_offered_is_the_best_way_to_settle_the_riders_for_the_worse_off(table):
    runs = 300
    appraisal = appraised(runs, seed=5)
    random = np.random.default_rng(6)
    breaks, impatience = random.uniform(0, 0.01, (PACKAGES, runs)), np.array([[0.002], [0.006]]) * np.ones(runs)
    relapsed, least = random.uniform(0.2, 0.6, (2, 2, runs))
    given = (jnp.asarray(x, float) for x in (least, relapsed, impatience, np.zeros(runs), np.zeros(runs)))
    offer = bargaining.offers(appraisal, jnp.asarray(breaks, float), bargaining.Wanted(*given))
    kept = impatience[:, None] / (impatience[:, None] + breaks)
    whole = np.asarray(appraisal.worth)[None] + np.asarray(appraisal.bundle_worth)[:, :, None]
    surplus = kept * whole + (1 - kept) * relapsed[:, None] - np.asarray(appraisal.overruling) - least[:, None]
    way = surplus.min(axis=1).argmax(axis=0)
    np.testing.assert_array_equal(offer.bundle, way)
    expected = np.take_along_axis(surplus, way[None, None], axis=0)[0]
    np.testing.assert_allclose(offer.surplus, expected, atol=1e-6)
    np.testing.assert_allclose(offer.least, expected.min(axis=0), atol=1e-6)


def test_an_agreement_that_surely_holds_is_worth_its_terms_and_one_that_surely_breaks_the_war_after(table):
    appraisal = appraised(3)
    wanted = told(table, 3, least=0.1, relapsed=(0.3, 0.6))["wanted"]
    holds = bargaining.offers(appraisal, jnp.zeros((PACKAGES, 3)), wanted)
    whole = appraisal.worth + jnp.take_along_axis(appraisal.bundle_worth, holds.bundle[:, None], axis=0).transpose(
        1, 0, 2
    )
    np.testing.assert_allclose(holds.surplus, whole - appraisal.overruling - 0.1, atol=1e-6)
    eager = dataclasses.replace(wanted, impatience=jnp.full((2, 3), 1e-9))
    breaks = bargaining.offers(appraisal, jnp.ones((PACKAGES, 3)), eager)
    expected = np.array([[[0.3]], [[0.6]]]) - 0.1 - np.asarray(appraisal.overruling)
    np.testing.assert_allclose(breaks.surplus, expected, atol=1e-5)


def test_the_zone_is_what_the_worse_off_can_have_at_most_and_does_not_widen_by_itself(drawn, fight, table):
    params = drawn(1e-6, **QUIET)
    _, flows = fight(params, least=(0.3, 0.45))
    given = told(table, least=(0.3, 0.45))
    breaks = bargaining.breaking(params, given["terms"], given["talked"].trust, given["wanted"].shift)
    offer = bargaining.offers(given["appraisal"], breaks, given["wanted"])
    np.testing.assert_allclose(flows.zone, np.broadcast_to(offer.least.max(axis=0), flows.zone.shape), atol=1e-6)
    np.testing.assert_allclose(flows.surplus.min(axis=1), flows.zone, atol=1e-6)
    np.testing.assert_array_equal(flows.zone, np.broadcast_to(flows.zone[0], flows.zone.shape))


def test_swapped_sides_have_the_same_zone_and_the_mirrored_end(drawn, fight):
    appraisal = appraised(seed=4)
    image = dataclasses.replace(
        appraisal,
        worth=appraisal.worth[::-1],
        overruling=appraisal.overruling[::-1],
        bundle_worth=appraisal.bundle_worth[:, ::-1],
    )
    params = drawn(0.01)
    given = {"least": (0.4, 0.3), "relapsed": (0.2, 0.5), "allies": (1.0, 0.5), "impatience": (0.002, 0.005)}
    _, one = fight(params, appraisal=appraisal, shift=0.3, **given)
    turned = {name: pair[::-1] for name, pair in given.items()}
    _, other = fight(params, appraisal=image, troops=TROOPS[::-1], shift=-0.3, **turned)
    for name in ("zone", "lasting", "hazard", "agreement"):
        np.testing.assert_allclose(getattr(other, name), getattr(one, name), rtol=1e-5, atol=1e-7)
    for name in ("surplus", "weight"):
        np.testing.assert_allclose(getattr(other, name), getattr(one, name)[:, ::-1], rtol=1e-5, atol=1e-7)
    for name in ("structural", "usual"):
        np.testing.assert_allclose(getattr(other, name), getattr(one, name)[:, [0, 2, 1, 3]], rtol=1e-5, atol=1e-12)


# --------------------------------------------------------------------------------------------------------------- rules


def offer_of(seed, runs=60, packages=PACKAGES, low=-0.1):
    surplus = np.random.default_rng(seed).uniform(low, 0.3, (2, packages, runs))
    return Offer(jnp.asarray(surplus, float), jnp.zeros((packages, runs), jnp.int32)), surplus.astype(np.float32)


@jax.jit
def picked(params, settles, offer, weight, noise):
    return bargaining.pick(params, SimpleNamespace(settles=settles), offer, weight, noise)


def ruled(drawn, rule, offer, weight=(1.0, 1.0), **given):
    runs = offer.surplus.shape[-1]
    params = drawn(runs=runs, rule=(RULES.index(rule) + 0.5) / len(RULES), **{"temperature": 0.0} | given)
    noise = Noise(jnp.asarray([2, 0], jnp.uint32), jnp.arange(runs, dtype=jnp.uint32), jnp.asarray(0), "bargaining")
    return np.asarray(picked(params, jnp.zeros(len(offer.least)), offer, sided(weight, runs), noise))


@pytest.mark.parametrize("ready", [0.0, 0.4, 1.0])
def test_a_treaty_is_picked_only_where_its_text_is_ready(drawn, ready):
    runs = 4000
    offer = Offer(jnp.broadcast_to(jnp.asarray([0.1, 0.3])[:, None], (2, 2, runs)), jnp.zeros((2, runs), jnp.int32))
    params = drawn(runs=runs, rule=0.6, temperature=0.0, treaty_ready=ready)
    noise = Noise(jnp.asarray([2, 0], jnp.uint32), jnp.arange(runs, dtype=jnp.uint32), jnp.asarray(0), "bargaining")
    found = picked(params, jnp.asarray([0.0, 1.0]), offer, sided((1.0, 1.0), runs), noise)
    assert within(found.sum(), runs, ready)


def ktab(surplus, weight):
    """Chances of packages in the vote of two sides, from coalitions of strength (KTAB)."""
    packages = surplus.shape[1]
    won = np.zeros((packages, packages))
    for a in range(packages):
        for b in range(packages):
            won[a, b] = 1e-8 + sum(w * max(0.0, s[a] - s[b]) for w, s in zip(weight, surplus, strict=True))
    chance = np.array(
        [np.prod([won[a, b] / (won[a, b] + won[b, a]) for b in range(packages)]) for a in range(packages)]
    )
    return chance / chance.sum()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("weight", [(1.0, 1.0), (1.4, 0.6)])
def test_each_rule_picks_what_a_plain_search_finds(seed, weight, drawn):
    offer, surplus = offer_of(seed)
    inside = surplus.min(axis=0) >= 0
    gain = np.maximum(surplus, 0)
    ideal = np.where(inside, surplus, 0).max(axis=1)
    expected = {
        "Nash": (gain[0] ** weight[0] * gain[1] ** weight[1]).argmax(axis=0),
        "Kalai–Smorodinsky": np.where(inside, (surplus / ideal[:, None]).min(axis=0), -1).argmax(axis=0),
        "egalitarian": surplus.min(axis=0).argmax(axis=0),
    }
    for rule, package in expected.items():
        np.testing.assert_array_equal(ruled(drawn, rule, offer, weight), package, err_msg=rule)
    voted = ruled(drawn, "vote", offer, weight)
    for run in range(surplus.shape[-1]):
        listed = np.argsort(-surplus[:, :, run].min(axis=0))[: bargaining.SHORTLIST]
        chance = ktab(surplus[:, listed, run], weight)
        chance = np.where(inside[listed, run], chance, 0)
        assert chance[listed == voted[run]] == pytest.approx(chance.max(), rel=1e-3)


def test_at_a_temperature_of_a_hundredth_the_vote_falls_as_often_as_its_law_says(drawn):
    """A Gumbel draw of the scale of the scores picks each with its chance."""
    surplus = np.array([[0.30, 0.20, 0.12, 0.25], [0.10, 0.20, 0.27, 0.16]])
    runs = 20_000
    offer = Offer(jnp.asarray(np.repeat(surplus[..., None], runs, axis=-1), float), jnp.zeros((4, runs), jnp.int32))
    found = np.bincount(ruled(drawn, "vote", offer, (1.2, 0.8), temperature=0.01), minlength=4)
    for count, chance in zip(found, ktab(surplus, (1.2, 0.8)), strict=True):
        assert within(count, runs, chance)


@pytest.mark.parametrize("rule", RULES)
def test_terms_that_a_side_would_refuse_are_never_picked_while_there_are_others(rule, drawn):
    offer, surplus = offer_of(11, runs=2000, low=-0.5)
    opened = (surplus.min(axis=0) >= 0).any(axis=0)
    assert 0.2 < opened.mean() < 1
    for temperature in (0.01, 50.0):
        found = ruled(drawn, rule, offer, temperature=temperature)
        least = np.take_along_axis(surplus.min(axis=0), found[None], axis=0)[0]
        assert (least[opened] >= 0).all()
    cold = ruled(drawn, rule, offer)
    np.testing.assert_array_equal(cold[~opened], surplus.min(axis=0).argmax(axis=0)[~opened])


def test_each_rule_has_a_quarter_of_the_draws(drawn):
    offer, _ = offer_of(3, runs=4)
    rules = np.array([0.0, 0.26, 0.51, 1.0])
    params = drawn(runs=4, rule=rules, temperature=0.0)
    found = bargaining.scores(params, offer, sided(1.0, 4))
    for run, rule in enumerate(RULES):
        alone = bargaining.scores(drawn(runs=4, rule=(run + 0.5) / 4, temperature=0.0), offer, sided(1.0, 4))
        np.testing.assert_array_equal(found[:, run], alone[:, run], err_msg=rule)


def test_allies_give_weight_relative_to_the_opening_and_none_where_the_link_is_cut(drawn):
    even = bargaining.strength_weights(drawn(standing_effect=0.7), sided(1.0, RUNS))
    np.testing.assert_allclose(even, 1, rtol=1e-6)
    found = bargaining.strength_weights(drawn(standing_effect=0.7), sided((1.0, 0.5), RUNS))
    np.testing.assert_allclose(found.sum(axis=0), 2, rtol=1e-6)
    np.testing.assert_allclose(found[0] / found[1], 2**0.7, rtol=1e-5)
    cut = bargaining.strength_weights(drawn(standing_effect=0.0), sided((1.0, 0.0), RUNS))
    np.testing.assert_array_equal(cut, 1)


# ------------------------------------------------------------------------------------------------------ what follows


def test_who_agrees_signs_a_package_with_one_option_of_every_issue(drawn, fight, table):
    states, flows = fight(drawn(0.02, **NEVER, ceasefire_share=1 - 1e-7, **BASE_RATE), least=0.3)
    agreed, terms = states.package[-1] > 0, table()
    assert 0.7 < agreed.mean() < 0.9
    np.testing.assert_array_equal(agreed, states.first_ending_week[-1] > 0)
    issue = np.asarray(terms.issue)
    by_issue = np.stack([states.taken_up[-1][issue == k].sum(axis=0) for k in range(5)])
    np.testing.assert_array_equal(by_issue, np.broadcast_to(agreed, by_issue.shape))
    for run in np.flatnonzero(agreed)[:50]:
        assert (states.taken_up[-1, np.asarray(terms.package)[states.package[-1, run] - 1], run] == 1).all()
    np.testing.assert_array_equal(flows.agreed.sum(axis=0), states.taken_up[-1])
    settles = np.asarray(terms.settles)[states.package[-1] - 1] > 0.5
    np.testing.assert_array_equal(states.first_ending[-1][agreed], np.where(settles, SETTLEMENT, CEASEFIRE)[agreed])


def test_only_agreements_are_signed(drawn, fight):
    rates = {"ceasefire_share": 0.2, "settlement_share": 0.2, "dictated_share": 0.5}
    states, _ = fight(drawn(0.02, **NEVER, **rates, **BASE_RATE))
    signed = (states.first_ending[-1] == CEASEFIRE) | (states.first_ending[-1] == SETTLEMENT)
    np.testing.assert_array_equal(states.package[-1] > 0, signed)
    np.testing.assert_array_equal(states.taken_up[-1].sum(axis=0) > 0, signed)
    assert within((signed & (states.first_ending_week[-1] > 0)).sum(), (states.first_ending_week[-1] > 0).sum(), 0.36)


def test_without_hazard_there_is_only_war(drawn, fight):
    states, flows = fight(drawn(1e-12, **QUIET, **BASE_RATE))
    assert (states.phase == WAR).all()
    assert (states.first_ending == 0).all()
    assert not flows.ended.any()
    assert (states.weeks_in_phase[-1] == WEEKS).all()


def test_a_ceasefire_freezes_after_half_a_year(drawn, fight, table):
    best = appraised(worth=np.where(np.asarray(table().settles) == 0, 0.9, 0.0) * np.ones((2, 1)))
    states, _ = fight(drawn(0.02, **NEVER, ceasefire_share=1 - 1e-7, **BASE_RATE), appraisal=best)
    week, ended = np.arange(1, WEEKS + 1)[:, None], states.first_ending_week[-1]
    since = np.where(ended > 0, week - ended, -1)
    expected = np.where(since < 0, WAR, np.where(since < FREEZE, CEASEFIRE, FROZEN))
    assert (states.phase == expected).all()


BARE, TREATY = 1, 2
"""Packages, counted from 1: nothing but a ceasefire on the line as held, and a treaty there."""
NEUTRAL = {"guarantee_effect": 0.0, "depth_effect": 0.0, "settled_effect": 0.0, "shift_effect": 0.0}


def test_ceasefires_break_or_ripen_and_faded_wars_flare_at_their_rates(drawn, fight):
    params = drawn(1e-12, relapse=0.01, ripen=0.03, flare=0.02, **NEUTRAL, **QUIET, **BASE_RATE)
    ripe = params.settled_effect + 50
    for phase in (CEASEFIRE, FROZEN):
        lasting = dataclasses.replace(params, settled_effect=ripe)
        states, flows = fight(lasting, phase, package=BARE, weeks=1)
        left = 1 - 0.96**WEEKS
        assert within((states.phase[-1] == SETTLEMENT).sum(), RUNS, 0.75 * left)
        assert within(flows.resumed.sum(), RUNS, 0.25 * left)
    states, _ = fight(params, FADE, weeks=1)
    assert within((states.phase[-1] == WAR).sum(), RUNS, 1 - 0.98**WEEKS)


@pytest.mark.parametrize(
    ("package", "factor"), [(BARE, np.exp(-1.2)), (TREATY, np.exp(-1.2 - 0.02 * 15 * (1 - np.exp(-20 / 15))))]
)
def test_a_settlement_breaks_as_rarely_as_it_says_whether_signed_or_grown(package, factor, drawn, fight):
    effects = NEUTRAL | {"settled_effect": 1.2, "depth_effect": 0.02}
    params = drawn(1e-12, relapse=0.02, ripen=0.0, **effects, **QUIET, **BASE_RATE)
    _, flows = fight(params, SETTLEMENT, package=package, weeks=1)
    assert within(flows.resumed.sum(), RUNS, 1 - (1 - 0.02 * factor) ** WEEKS)


def test_what_is_dictated_lasts(drawn, fight):
    for phase in (DICTATED_FIRST, DICTATED_SECOND):
        states, flows = fight(drawn(0.5, relapse=0.5, flare=0.5, ripen=0.4), phase, weeks=1)
        assert (states.phase == phase).all()
        assert not flows.resumed.any()


def test_a_war_that_resumes_has_no_agreement_and_keeps_the_week_of_its_first_end(drawn, fight):
    params = drawn(0.05, relapse=0.05, flare=0.05, ripen=0.0, **NEUTRAL, ceasefire_share=0.9)
    states, flows = fight(params, regime=2, least=0.2)
    assert flows.resumed.sum() > 100
    back = states.phase == WAR
    assert (states.package[back] == 0).all()
    assert (np.moveaxis(states.taken_up, 1, 0)[:, back] == 0).all()
    assert (states.phase[flows.resumed] == WAR).all()
    week = np.where(flows.ended.any(axis=0), flows.ended.argmax(axis=0) + 1, 0)
    np.testing.assert_array_equal(states.first_ending_week[-1], week)


def test_credible_guarantees_keep_an_agreement_longer_only_where_they_were_given(drawn, fight):
    effect = NEUTRAL | {"guarantee_effect": 1.5, "usual_credibility": 0.25}
    params = drawn(1e-12, relapse=0.02, ripen=0.0, **effect, **QUIET, **BASE_RATE)
    guaranteed = 3
    hazard = {}
    for package in (BARE, guaranteed):
        for trusted in (0.0, 0.9):
            states, _ = fight(params, CEASEFIRE, package=package, trust=(0.0, 0.0, trusted))
            hazard[package, trusted] = -np.log((states.phase != WAR).all(axis=0).mean()) / WEEKS
    assert hazard[BARE, 0.0] == hazard[BARE, 0.9] == hazard[guaranteed, 0.0]
    assert hazard[BARE, 0.0] == pytest.approx(0.02 * np.exp(1.5 * 0.25), rel=0.06)
    assert hazard[guaranteed, 0.9] / hazard[BARE, 0.9] == pytest.approx(np.exp(-1.5 * 0.8 * 0.9), rel=0.12)
    cut = dataclasses.replace(params, guarantee_effect=params.guarantee_effect * 0)
    one, other = (fight(cut, CEASEFIRE, package=guaranteed, trust=(0, 0, trusted))[0].phase for trusted in (0.0, 0.9))
    np.testing.assert_array_equal(one, other)


def test_an_agreement_lifts_what_it_says_of_sanctions_while_it_holds(table):
    state = dataclasses.replace(bargaining.opening(3, OPTIONS), package=jnp.asarray([0, BARE, TREATY], jnp.int32))
    np.testing.assert_array_equal(bargaining.relief(table(), state), [0, 0, 0.5])


def test_a_war_opens_as_a_war_that_never_ended():
    for values in jax.tree.leaves(bargaining.opening(RUNS, OPTIONS)):
        assert (values == 0).all()


@pytest.mark.parametrize(("name", "value"), [("ended", 1.0), ("hazard", 1.0)])
def test_a_decreed_end_comes_at_once_in_the_usual_shares(name, value, drawn, fight):
    params = drawn(1e-6, **NEVER, ceasefire_share=0.5, settlement_share=0.5, **BASE_RATE)
    states, flows = fight(params, do=decree(**{name: value}))
    assert (states.first_ending_week == 1).all()
    assert flows.ended[0].all()
    assert not flows.ended[1:].any()
    assert within((states.package[-1] > 0).sum(), RUNS, 0.75)


@pytest.mark.parametrize("name", ["ended", "hazard"])
def test_a_war_that_is_decreed_to_last_lasts(name, drawn, fight):
    states, flows = fight(drawn(0.2), do=decree(**{name: 0.0}))
    assert (states.phase == WAR).all()
    assert not flows.ended.any()


def test_an_agreement_that_is_decreed_to_hold_or_break_does_so_and_a_dictate_cannot_break(drawn, fight):
    params = drawn(1e-12, relapse=0.2, ripen=0.0, flare=0.2, **QUIET, **BASE_RATE)
    for phase in (CEASEFIRE, FROZEN, SETTLEMENT, FADE):
        states, _ = fight(params, phase, package=BARE, weeks=1, do=decree(resumed=0.0))
        assert (states.phase != WAR).all()
        states, flows = fight(params, phase, package=BARE, weeks=1, do=decree(resumed=1.0))
        assert (states.phase == WAR).all()
        assert flows.resumed[0].all()
        assert not flows.resumed[1:].any()
    states, flows = fight(params, DICTATED_FIRST, weeks=1, do=decree(resumed=1.0))
    assert (states.phase == DICTATED_FIRST).all()
    assert not flows.resumed.any()


@pytest.mark.parametrize("variable", PARAMETERS, ids=lambda variable: variable.name)
@pytest.mark.parametrize("value", [0.0, 1e15, -1e15])
def test_nothing_breaks_whatever_a_parameter_is(variable, value, drawn, table):
    runs = 8
    params, name = drawn(runs=runs), variable.name.partition(".")[2]
    given = jnp.full_like(getattr(params, name), np.clip(value, *variable.bounds))
    states, flows = _run(
        dataclasses.replace(params, **{name: given}),
        bargaining.opening(runs, OPTIONS),
        NOTHING,
        told(table, runs, least=0.3, regime=np.arange(runs) % 3, due=1.0, asked=0.01, shift=-0.2, trust=(0.2, 0, 0.5)),
    )
    for leaf in jax.tree.leaves((states, flows)):
        assert np.isfinite(leaf).all()
    assert states.phase.min() >= WAR
    assert states.phase.max() <= FROZEN
    assert states.package.max() <= PACKAGES
    assert flows.hazard.min() >= 0
    assert flows.hazard.max() <= 1
