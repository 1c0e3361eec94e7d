"""Preferences: weights add to one, packages are worth what their parts are, voices object, new leaders differ."""

import dataclasses
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import expit

from ceasefire.model import preferences
from ceasefire.model.declare import declared
from ceasefire.model.intervene import NOTHING, Intervention, Place
from ceasefire.model.noise import Noise

RUNS = 200
TABLE = {"lands": 2, "issues": 5, "options": 13, "actors": 4}
LENGTH = {"land": 2, "issue": 5, "option": 13, "actor": 4, "side": 2, "run": RUNS}
SECOND = [False, True, True, False]
"""Which actors count the second side's land as their own."""
PARAMETERS = [v for v in declared(preferences) if v.kind == "parameter"]


stepped = jax.jit(preferences.step)


@jax.jit
def appraised(params, state, terms, flows):
    weighed = preferences.tastes(params, state, terms)
    return preferences.appraise(params, weighed, terms, flows.share, flows.floor_now)


@pytest.fixture(autouse=True)
def precise():
    with jax.enable_x64(True):
        yield


@pytest.fixture
def drawn(with_prior_medians):
    """Parameters drawn from their priors, or as given."""

    def params(seed=1, **given):
        random, found = np.random.default_rng(seed), {}
        for variable in PARAMETERS:
            shape = [LENGTH[dim] for dim in variable.dims]
            found[variable.name.partition(".")[2]] = variable.prior.quantile(random.uniform(0.02, 0.98, shape))
        return with_prior_medians(preferences, runs=RUNS, table=TABLE, **found | given)

    return params


@pytest.fixture
def ground(bare_ground, table):
    def with_terms(**given):
        bare = bare_ground(np.zeros((4, 6), int), np.zeros(4, int), np.zeros((1, 4)))
        return dataclasses.replace(bare, terms=table(**given))

    return with_terms


def tasted(seed=2):
    random = np.random.default_rng(seed)
    return preferences.State(
        jnp.asarray(random.normal(size=(2, 2, RUNS))), jnp.asarray(random.normal(size=(2, 5, RUNS)))
    )


def shares(seed=3):
    return jnp.asarray(np.random.default_rng(seed).uniform(size=(2, RUNS)))


def one_week(params, ground, state=None, *, do=NOTHING, week=0, held=0.5, concession=0.0, exited=False):
    noise = Noise(jnp.asarray([7, 0], jnp.uint32), jnp.arange(RUNS, dtype=jnp.uint32), jnp.asarray(week), "preferences")
    told = {"concession": concession, "exited": exited}
    told = {k: jnp.broadcast_to(jnp.asarray(v).reshape(-1, 1), (2, RUNS)) for k, v in told.items()}
    held = jnp.broadcast_to(jnp.asarray(held, float).reshape(-1, 1), (5, RUNS))
    state = state or preferences.opening(params)
    return stepped(params, state, do=do, noise=noise, terms=ground.terms, held=held, **told)


def test_shares_of_land_are_counted_in_square_kilometres(drawn, ground):
    """The first land: 10 and 20 km² in cells held to 1 and .25, 15 km² behind, of 60; the second: 30 km² held to .6."""
    _, flows = one_week(drawn(), ground(), held=[1.0, 0.25, 0.6, 0.9, 0.0])
    np.testing.assert_allclose(flows.share[0], (10 + 5 + 15) / 60, rtol=1e-12)
    np.testing.assert_allclose(flows.share[1], 0.6, rtol=1e-12)


def test_weights_of_every_actor_add_to_one_whatever_the_tastes(drawn, table):
    params, terms = drawn(), table()
    for state in (preferences.opening(params), tasted()):
        plain = dataclasses.replace(params, worth=jnp.ones_like(params.worth))
        found = preferences.tastes(plain, state, terms)
        first_of_each = found.option[:, np.array([0, 4, 6, 8, 11])].sum(axis=1)
        np.testing.assert_allclose(found.land.sum(axis=1) + first_of_each, 1, rtol=1e-12)
        assert (found.land[3] == 0).all()
        assert (found.option[:, :4] == 0).all()


def test_tastes_are_of_leaders_alone(drawn, table):
    params, terms = drawn(), table()
    one, other = (preferences.tastes(params, state, terms) for state in (preferences.opening(params), tasted()))
    np.testing.assert_array_equal(one.land[2:], other.land[2:])
    np.testing.assert_array_equal(one.option[2:], other.option[2:])
    for side in range(2):
        ratio = np.log(other.land[side] / one.land[side])
        np.testing.assert_allclose(ratio[0] - ratio[1], tasted().land_taste[side, 0] - tasted().land_taste[side, 1])


def by_hand(params, terms, state, share, actor, package, riders, run):
    """Worth of a package to an actor in a run, part by part, in plain Python."""
    p = jax.tree.map(lambda leaf: np.asarray(leaf)[..., run], params)
    t = jax.tree.map(np.asarray, terms)
    land, issue = p.land_weight[actor].copy(), p.issue_weight[actor].copy()
    if actor < 2:
        land *= np.exp(np.asarray(state.land_taste)[actor, :, run])
        issue *= np.exp(np.asarray(state.issue_taste)[actor, :, run])
    issue[0] = 0.0
    land *= actor != 3
    total, worth = land.sum() + issue.sum(), 0.0
    for k, weight in enumerate(land):
        first = np.asarray(share)[k, run]
        line = t.line[package]
        if t.gives[0, line, k]:
            first = 1.0
        if t.gives[1, line, k]:
            first = 0.0
        kept = first
        kept += p.neutral[actor] * t.neutral[1, line, k] * (1 - first)
        kept -= p.neutral[actor] * t.neutral[0, line, k] * first
        own = 1 - kept if SECOND[actor] else kept
        b = p.whole[actor]
        worth += weight * ((1 - b) * own + b * min(max(own - 0.95, 0) / 0.05, 1))
    for option in (*t.package[package], *riders):
        worth += issue[t.issue[option]] * p.worth[actor, option]
    return worth / total


def test_a_package_is_worth_what_its_parts_are(drawn, table):
    params, terms, state, share = drawn(), table(), tasted(), shares()
    weighed = preferences.tastes(params, state, terms)
    plain = preferences.package_worth(weighed, terms, preferences.land_worth(params, weighed, terms, share))
    added, picked = preferences.bundles(weighed, terms)
    for run, way in ((0, 0), (7, 1), (99, 2)):
        riders = np.flatnonzero(picked[way, :, run])
        assert len(riders) == 2
        for actor, package in product(range(4), range(16)):
            expected = by_hand(params, terms, state, share, actor, package, riders, run)
            assert plain[actor, package, run] + added[way, actor, run] == pytest.approx(expected, rel=1e-12)


def test_a_line_that_fades_is_worth_the_package_of_all_that_stands(drawn, table):
    params, terms, state, share = drawn(), table(), tasted(), shares()
    found = preferences.as_things_stand(params, preferences.tastes(params, state, terms), terms, share)
    for run, actor in product((0, 50), range(4)):
        assert found[actor, run] == pytest.approx(by_hand(params, terms, state, share, actor, 0, (8, 11), run))


@pytest.mark.parametrize("least", [0.0, 1.0])
def test_all_that_a_side_wants_is_worth_one_and_its_defeat_nothing(least, drawn, table):
    params, terms = drawn(worth=least), table()
    weighed = preferences.tastes(params, tasted(), terms)
    for side in range(2):
        share = jnp.full((2, RUNS), least if side == 0 else 1 - least)
        worth = preferences.land_worth(params, weighed, terms, share)[side, 0]
        added, _ = preferences.bundles(weighed, terms)
        whole = worth + weighed.option[side, 4] + weighed.option[side, 6] + added[0, side]
        np.testing.assert_allclose(whole, least, atol=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_worth_more_than_all_aims_or_less_than_defeat(seed, drawn, table):
    params, terms, share = drawn(seed), table(), shares(seed)
    weighed = preferences.tastes(params, tasted(seed), terms)
    worth = preferences.package_worth(weighed, terms, preferences.land_worth(params, weighed, terms, share))
    added, _ = preferences.bundles(weighed, terms)
    assert worth.min() >= 0
    assert (worth + added.max(axis=0)[:, None]).max() <= 1 + 1e-12


@pytest.mark.parametrize("seed", range(6))
def test_land_that_the_enemy_must_leave_bare_is_worth_something_between_as_held_and_all(seed, drawn, table):
    neutral = np.zeros((2, 4, 2))
    neutral[1, 3] = 1
    gives = np.zeros((2, 4, 2))
    gives[0, 1] = 1
    params, terms = drawn(seed), table(neutral=neutral, gives=gives)
    weighed = preferences.tastes(params, preferences.opening(params), terms)
    held, everything, _, bare = preferences.land_worth(params, weighed, terms, shares(seed)).transpose(1, 0, 2)
    assert (held[0] < bare[0]).all()
    assert (bare[0] < everything[0]).all()
    for loser in (1, 2):
        assert (held[loser] > bare[loser]).all()
        assert (bare[loser] > everything[loser]).all()


def test_part_of_a_land_comes_only_with_all_of_it():
    share = np.array([0.0, 0.5, 0.95, 0.975, 1.0])
    np.testing.assert_allclose(preferences.in_part_and_whole(0.0, share), share, rtol=1e-12)
    np.testing.assert_allclose(preferences.in_part_and_whole(1.0, share), [0, 0, 0, 0.5, 1], atol=1e-12)
    found = preferences.in_part_and_whole(0.4, share)
    np.testing.assert_allclose(found, [0, 0.3, 0.57, 0.785, 1], atol=1e-12)


def test_lines_are_told_by_what_both_leaders_weigh(drawn, table):
    params, terms, share = drawn(land_weight=np.ones((4, 2, 1))), table(), shares()
    weighed = preferences.tastes(params, preferences.opening(params), terms)
    held, takes, swap, bare = preferences.awarded(weighed, terms, share)
    np.testing.assert_allclose(held, np.asarray(share).mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(takes, (1 + share[1]) / 2, rtol=1e-12)
    np.testing.assert_allclose(swap, 0.5, rtol=1e-12)
    np.testing.assert_allclose(bare, held, rtol=1e-12)


def test_bundles_are_the_best_of_all_ways_to_settle_the_riders(drawn, table):
    params, terms = drawn(), table()
    weighed = preferences.tastes(params, tasted(), terms)
    added, picked = preferences.bundles(weighed, terms)
    option = np.asarray(weighed.option)
    ways = [option[:, a] + option[:, b] for a, b in product((8, 9, 10), (11, 12))]
    both, first, second = (
        np.array([of(way) for way in ways]) for of in (lambda w: w[0] + w[1], lambda w: w[0], lambda w: w[1])
    )
    for k, wanted in enumerate((both, first, second)):
        best = wanted.argmax(axis=0)
        expected = np.stack(ways)[best, :, np.arange(RUNS)].T
        np.testing.assert_allclose(added[k], expected, rtol=1e-12)
    assert ((picked == 0) | (picked == 1)).all()
    np.testing.assert_array_equal(picked[:, 8:11].sum(axis=1), 1)
    np.testing.assert_array_equal(picked[:, 11:].sum(axis=1), 1)
    assert (picked[:, :8] == 0).all()


def test_a_voice_objects_less_the_more_a_package_is_worth_to_it_and_half_at_its_floor(drawn):
    params = drawn(width=0.1)
    worth = jnp.asarray(np.linspace(0, 1, 21)[:, None] * np.ones((2, 21, RUNS)))
    found = np.asarray(preferences.objections(params, jnp.full((4, RUNS), 0.5), worth))
    np.testing.assert_allclose(found[:, :, 0], np.broadcast_to(expit((0.5 - np.linspace(0, 1, 21)) / 0.1), (2, 21)))
    assert (np.diff(found, axis=1) < 0).all()
    assert (found[:, 10] == 0.5).all()


def test_overruling_costs_each_leader_his_own_price_of_each_voice(drawn):
    price = np.array([[5.0, 5.0, 0.2, 0.1], [5.0, 5.0, 0.0, 0.3]])[..., None]
    objection = jnp.asarray(np.array([0.5, 0.9])[:, None, None] * np.ones((2, 3, RUNS)))
    found = preferences.overruling(drawn(price=price), objection)
    np.testing.assert_allclose(found[0], 0.2 * 0.5 + 0.1 * 0.9, rtol=1e-12)
    np.testing.assert_allclose(found[1], 0.3 * 0.9, rtol=1e-12)


def test_who_would_concede_lowers_the_floor_of_voices_of_his_side_and_of_no_other(drawn, ground):
    params = drawn(concession_effect=0.1)
    _, flows = one_week(params, ground(), concession=[0.0, 1.5])
    moved = np.asarray(flows.floor_now - params.floor)
    np.testing.assert_allclose(moved[2], -0.15, rtol=1e-12)
    assert (moved[[0, 3]] == 0).all()
    cut = drawn(concession_effect=0.0)
    _, flows = one_week(cut, ground(), concession=[3.0, -1.5])
    np.testing.assert_array_equal(flows.floor_now, cut.floor)


def test_how_content_actors_are_with_the_line_as_held_is_told_against_their_floors(drawn, ground, table):
    params = drawn(width=0.07)
    _, flows = one_week(params, ground(), tasted(), held=0.3, concession=[0.4, 0.2])
    weighed = preferences.tastes(params, tasted(), table())
    standing = preferences.as_things_stand(params, weighed, table(), flows.share)
    np.testing.assert_allclose(flows.content, expit((standing - flows.floor_now) / 0.07), rtol=1e-9)


def test_a_decreed_floor_is_what_voices_object_by(drawn, ground, table):
    place = Place("preferences.floor_now", 0, (4,), (-np.inf, np.inf))
    do = Intervention(jnp.zeros(4), jnp.full(4, 30.0), (place,), "preferences")
    params = drawn(price=1.0)
    _, flows = one_week(params, ground(), do=do)
    weighed = preferences.tastes(params, preferences.opening(params), table())
    found = preferences.appraise(params, weighed, table(), flows.share, flows.floor_now)
    np.testing.assert_allclose(found.overruling, 2.0, rtol=1e-9)


def test_only_leaders_who_go_take_their_tastes_along(drawn, ground):
    params, before = drawn(taste_spread=0.5), tasted()
    after, _ = one_week(params, ground(), before, exited=[False, True])
    for old, new in ((before.land_taste, after.land_taste), (before.issue_taste, after.issue_taste)):
        np.testing.assert_array_equal(new[0], old[0])
        assert (new[1] != old[1]).all()
        assert abs(float(new[1].mean())) < 4 * 0.5 / np.sqrt(new[1].size)
        assert float(new[1].std()) == pytest.approx(0.5, rel=0.15)
    same, _ = one_week(params, ground(), before)
    for old, new in zip(jax.tree.leaves(before), jax.tree.leaves(same), strict=True):
        np.testing.assert_array_equal(new, old)


def test_without_the_coupling_whoever_follows_wants_the_same(drawn, ground):
    params = drawn(taste_spread=0.0)
    after, _ = one_week(params, ground(), exited=True)
    for old, new in zip(jax.tree.leaves(preferences.opening(params)), jax.tree.leaves(after), strict=True):
        np.testing.assert_array_equal(new, old)


def test_successors_are_drawn_anew_each_time(drawn, ground):
    params = drawn()
    one, other = (one_week(params, ground(), exited=True, week=week)[0] for week in (1, 2))
    assert (one.land_taste != other.land_taste).all()


def test_swapped_sides_want_the_mirror_image(drawn, table):
    """Actors without voices; lands held the other way round."""
    turned = np.array([1, 0, 2, 3])
    params, state, share = drawn(), tasted(), shares()
    camp = np.array([[1.0, 0, 0, 0], [0, 1, 0, 0]])
    terms = table(camp=camp)
    swapped = {
        name: getattr(params, name)[turned] for name in ("land_weight", "issue_weight", "worth", "whole", "neutral")
    }
    image = dataclasses.replace(params, **swapped)
    mirror = table(camp=camp, gives=np.asarray(terms.gives)[::-1], neutral=np.asarray(terms.neutral)[::-1])
    mirrored = preferences.State(state.land_taste[::-1], state.issue_taste[::-1])
    one, other = (preferences.tastes(p, s, t) for p, s, t in ((params, state, terms), (image, mirrored, mirror)))
    here = preferences.package_worth(one, terms, preferences.land_worth(params, one, terms, share))
    there = preferences.package_worth(other, mirror, preferences.land_worth(image, other, mirror, 1 - share))
    np.testing.assert_allclose(there[:2], here[:2][::-1], rtol=1e-12)


@pytest.mark.parametrize("variable", PARAMETERS, ids=lambda variable: variable.name)
@pytest.mark.parametrize("value", [0.0, 1e15, -1e15])
def test_nothing_breaks_whatever_a_parameter_is(variable, value, drawn, ground, table):
    with jax.enable_x64(False):
        params, name = drawn(price=0.1), variable.name.partition(".")[2]
        params = dataclasses.replace(
            params, **{name: jnp.full_like(getattr(params, name), np.clip(value, *variable.bounds))}
        )
        after, flows = one_week(params, ground(), exited=True, concession=0.3)
        found = appraised(params, after, table(), flows)
        for leaf in jax.tree.leaves((after, flows, found)):
            assert np.isfinite(leaf).all()
            assert leaf.dtype == jnp.float32
