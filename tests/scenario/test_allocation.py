"""Allocation: are the exponents found that chose the cells?"""

import dataclasses
from typing import NamedTuple

import h3.api.numpy_int as h3
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import ndtr

from ceasefire.model import front
from ceasefire.model.axes import Ground
from ceasefire.model.declare import declared
from ceasefire.model.intervene import NOTHING
from ceasefire.model.noise import Noise
from ceasefire.scenario import allocation
from ceasefire.scenario.posterior import Law
from ceasefire.scenario.theatre import neighbours

THETA = np.array([0.9, 0.4, 0.35, 0.25, -0.15])


@pytest.fixture(scope="module")
def listed():
    """Choices drawn from the very law: 400 groups of 30 cells, three lumps each."""
    random = np.random.default_rng(4)
    groups, cells = 400, 30
    near, room = random.uniform(0.03, 1, (2, groups * cells))
    momentum = np.log1p(random.exponential(30, groups * cells))
    column = np.column_stack([np.log(near), np.log(room), momentum, random.normal(size=(groups * cells, 2))])
    km2 = 5 * room
    weight = (km2 * np.exp(column @ THETA)).reshape(groups, cells)
    gain = [random.multinomial(3, w / w.sum()) for w in weight]
    return allocation.Choices(column, km2, np.concatenate(gain).astype(float), np.repeat(np.arange(groups), cells))


def spread_of(law):
    return np.sqrt(np.diag(law.root @ law.root.T))


def prior_points(features=2):
    priors = allocation.priors(features).values()
    return np.array([(p.quantile(0.5), p.quantile(ndtr(1.0)) - p.quantile(0.5)) for p in priors]).T


def narrowed(centre, spread):
    """What calibration might have taught of two features and three exponents."""
    priors = allocation.priors(2)
    return Law(tuple(priors), tuple(priors.values()), np.asarray(centre, float), np.diag(spread))


def test_known_exponents_are_recovered(listed):
    law = allocation.learn(listed)
    np.testing.assert_allclose(law.centre, THETA, atol=0.25)
    assert (np.abs(law.centre - THETA) < 2 * spread_of(law)).all()
    assert (spread_of(law) < 0.3 * prior_points()[1]).all()


def test_more_record_is_nearer_the_truth_than_the_prior(listed):
    middle, _ = prior_points()
    assert np.linalg.norm(allocation.learn(listed).centre - THETA) < 0.3 * np.linalg.norm(middle - THETA)


def test_without_choices_the_prior_speaks(listed):
    law = allocation.learn(part_of(listed, np.zeros(len(listed.gain), bool)))
    middle, spread = prior_points()
    np.testing.assert_allclose(law.centre, middle, atol=1e-9)
    np.testing.assert_allclose(law.root, np.diag(spread), atol=1e-9)


def test_without_choices_the_law_that_was_learned_speaks(listed):
    middle, spread = prior_points()
    known = narrowed([0.5, 0, -1, 0, 2], [0.1, 0.2, 0.3, 0.4, 0.5])
    law = allocation.learn(part_of(listed, np.zeros(len(listed.gain), bool)), known)
    np.testing.assert_allclose(law.centre, middle + spread * known.centre, atol=1e-9)
    np.testing.assert_allclose(spread_of(law), spread * known.spread)


def test_what_was_learned_holds_new_choices_back(listed):
    free, held = allocation.learn(listed), allocation.learn(listed, narrowed(np.zeros(5), np.full(5, 0.05)))
    middle, _ = prior_points()
    assert (np.abs(held.centre - middle) < np.abs(free.centre - middle)).all()
    assert (spread_of(held) < spread_of(free)).all()


def part_of(listed, chosen):
    group = np.unique(listed.group[chosen], return_inverse=True)[1]
    return allocation.Choices(listed.column[chosen], listed.room[chosen], listed.gain[chosen], group)


def test_learning_in_two_steps_is_as_good_as_in_one(listed):
    early = listed.group < 250
    first = allocation.learn(part_of(listed, early))
    middle, spread = prior_points()
    priors = allocation.priors(2)
    handed = Law(tuple(priors), tuple(priors.values()), (first.centre - middle) / spread, first.root / spread[:, None])
    both, whole = allocation.learn(part_of(listed, ~early), handed), allocation.learn(listed)
    np.testing.assert_allclose(both.centre, whole.centre, atol=0.2 * spread_of(whole).min())
    np.testing.assert_allclose(spread_of(both), spread_of(whole), rtol=0.05)


def test_chances_of_a_group_add_up_and_follow_their_weights(listed):
    chance = allocation.chances(listed, THETA)
    np.testing.assert_allclose(np.bincount(listed.group, chance), 1)
    weight = listed.room * np.exp(listed.column @ THETA)
    np.testing.assert_allclose(chance[1:30] / chance[0], weight[1:30] / weight[0])


def test_a_column_that_is_alike_within_every_group_teaches_nothing(listed):
    constant = listed.column.copy()
    constant[:, 3] = listed.group
    law = allocation.learn(dataclasses.replace(listed, column=constant))
    middle, spread = prior_points()
    assert law.centre[3] == pytest.approx(middle[3], abs=1e-6)
    assert spread_of(law)[3] == pytest.approx(spread[3])


def test_draws_have_the_moments_of_the_law(listed):
    law = allocation.learn(listed)
    points = law.draw(np.random.default_rng(0).uniform(size=(5, 20_000)))
    np.testing.assert_allclose(points.mean(axis=1), law.centre, atol=0.01)
    np.testing.assert_allclose(np.cov(points), law.root @ law.root.T, atol=0.003)


# ------------------------------------------------------------------------------- one truth, shared with the front

WEEKS, RUNS, RINGS = 60, 8, 22


class Advance(NamedTuple):
    """What the front itself makes of known exponents while one side alone attacks."""

    neighbour: np.ndarray
    feature: np.ndarray
    ground: Ground
    held: np.ndarray
    """[week + 1, cell, run]."""
    momentum: np.ndarray
    """[week + 1, side, cell, run]."""


def open_plain(bare_ground):
    """One axis on a disk of cells anywhere, with two features of no particular meaning."""
    cell = np.asarray(h3.grid_disk(h3.latlng_to_cell(-25.0, 25.0, 7), RINGS))
    feature = np.random.default_rng(0).normal(size=(2, len(cell)))
    held = np.array([h3.cell_to_latlng(c)[1] < 24.85 for c in cell])
    return held, bare_ground(neighbours(cell), np.zeros(len(cell), int), feature)


@pytest.fixture(scope="module")
def advance(bare_ground):
    first, ground = open_plain(bare_ground)
    dims = {v.name: v.dims for v in declared(front)}
    lengths = {"side": 2, "axis": 1, "feature": 2, "run": RUNS}
    values = dict.fromkeys(front.Params.__annotations__, 0.5)
    values |= {"physics": 0.0, "lump": 6.0, "budget_mean": np.log(25.0), "budget_opening": np.log(25.0)}
    values |= {"presence_exponent": THETA[0], "room_exponent": THETA[1], "momentum_exponent": THETA[2]}
    values |= {"resistance": THETA[3:, None], "budget_half_life": 8.0}
    shapes = {name: [lengths[dim] for dim in dims[f"front.{name}"]] for name in values}
    params = front.Params(**{n: jnp.broadcast_to(jnp.asarray(v, jnp.float32), shapes[n]) for n, v in values.items()})
    even, ones = jnp.ones((2, 1, RUNS)), jnp.ones((2, RUNS))
    share = jnp.asarray(first, jnp.float32)
    opening = front.opening(params, ground, share, jnp.zeros((2, len(first))), even)
    plain = {"force": 0 * ones, "supply": even, "passage": even, "press": ones, "density": even, "surge": even}
    plain |= {"regained": 0 * even, "resistance": jnp.ones((0, RUNS)), "do": NOTHING, "list_length": len(first)}

    @jax.jit
    def fight(params, state, ground):
        def week(state, number):
            noise = Noise(jnp.zeros(2, jnp.uint32), jnp.arange(RUNS, dtype=jnp.uint32), number, "front")
            effort = jnp.asarray([[1.0] * RUNS, [0.0] * RUNS])
            after, _ = front.step(params, state, ground=ground, noise=noise, effort=effort, **plain)
            return after, (after.held, after.momentum)

        return jax.lax.scan(week, state, jnp.arange(WEEKS))[1]

    held, momentum = fight(params, opening, ground)
    held, momentum = np.concatenate([opening.held[None], held]), np.concatenate([opening.momentum[None], momentum])
    neighbour, feature = np.asarray(ground.neighbour)[:-1], np.asarray(ground.feature, float)[:, :-1]
    return Advance(neighbour, feature, ground, held[:, :-1].astype(float), momentum[:, :, :-1].astype(float))


def test_momentum_is_carried_on_as_the_front_carries_it(advance):
    held, momentum = advance.held, advance.momentum
    for week in (0, 7, 50):
        with_dummy = jnp.asarray(np.vstack([held[week], np.zeros(RUNS)]))
        reach = np.asarray(front.in_reach(advance.ground, with_dummy))[:-1]
        for side, gain in enumerate((held[week + 1] - held[week], np.zeros_like(held[0]))):
            for run in range(RUNS):
                after = allocation.momentum_after(momentum[week, side, :, run], gain[:, run], advance.neighbour)
                np.testing.assert_allclose(momentum[week + 1, side, reach, run], after[reach], atol=1e-6)


def test_momentum_at_the_opening_is_what_the_weeks_before_have_left(advance):
    found = allocation.opening_momentum(advance.held[..., 0], advance.neighbour)
    np.testing.assert_allclose(found, advance.momentum[-1, ..., 0], atol=1e-5)


def test_exponents_are_recovered_from_the_maps_that_the_front_makes(advance):
    shape = np.zeros(len(advance.neighbour), int), np.full(len(advance.neighbour), 5.0)
    each = [allocation.choices(advance.held[..., r], advance.neighbour, *shape, advance.feature) for r in range(RUNS)]
    first = np.cumsum([0, *(listed.group.max() + 1 for listed in each[:-1])])
    group = np.concatenate([listed.group + k for listed, k in zip(each, first, strict=True)])
    parts = {name: np.concatenate([getattr(listed, name) for listed in each]) for name in ("column", "room", "gain")}
    law = allocation.learn(allocation.Choices(**parts, group=group))
    np.testing.assert_allclose(law.centre, THETA, atol=0.1)


def test_changes_that_are_known_are_left_out_and_the_rest_looks_the_same(invented_theatre):
    t = invented_theatre
    share = t.share.astype(float)
    all_, late = (
        allocation.choices(share, t.neighbour, t.axis, t.area, t.feature, known=k) for k in (0, len(share) - 4)
    )
    moved = np.abs(np.diff(share, axis=0))[-3:] @ t.area
    assert 0 < len(late.gain) < len(all_.gain)
    assert late.gain.sum() * allocation.LUMP_KM2 == pytest.approx(moved.sum(), rel=0.05)
    np.testing.assert_array_equal(late.column, all_.column[-len(late.gain) :])


def test_nothing_moved_is_no_choice(invented_theatre):
    t = invented_theatre
    still = np.repeat(t.share[-1:].astype(float), 30, axis=0)
    listed = allocation.choices(still, t.neighbour, t.axis, t.area, t.feature)
    assert len(listed.gain) == 0
    assert listed.column.shape == (0, 3 + len(t.feature))


def test_every_lump_taken_is_counted_once(invented_theatre):
    t = invented_theatre
    share = t.share.astype(float)
    listed = allocation.choices(share, t.neighbour, t.axis, t.area, t.feature)
    moved = np.abs(np.diff(share, axis=0))[allocation.WARM_UP :] @ t.area
    assert listed.gain.sum() * allocation.LUMP_KM2 == pytest.approx(moved.sum(), rel=0.05)
    assert (listed.gain * allocation.LUMP_KM2 <= listed.room * (1 + 1e-6)).all()
