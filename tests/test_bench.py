"""The equations of the front and attrition, written anew in C and in NumPy, come to the same as the model's."""

import os
import shutil

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from benchmarks import arrays, compare, native, step
from benchmarks.case import Case

from ceasefire.model import attrition, front
from ceasefire.simulate import draws
from ceasefire.simulate.run import CHUNK, ground_of

WEEKS = 6
ON_AXES = ("density", "supply", "passage", "surge")
ON_SIDES = ("effort", "fire", "exposure", "press", "artillery", "air")


@pytest.fixture(scope="module")
def case(invented_war):
    """The invented war as it opens; what the rest of the war would hand to the step is drawn at random."""
    random, run = np.random.default_rng(6), np.arange(CHUNK, dtype=np.uint32)
    ground = ground_of(invented_war)
    params, _ = draws.parameters(draws.values(invented_war, draws.cube(invented_war, 1, run)))
    sides, axes, _ = params.front.tempo_opening.shape
    items, garrisons = params.attrition.equipment_opening.shape[1], len(ground.garrison_cell)

    def near_one(*shape):
        return np.exp(0.3 * random.normal(size=(*shape, CHUNK)))

    drawn = {name: near_one(sides) for name in ON_SIDES} | {name: near_one(sides, axes) for name in ON_AXES}
    drawn |= {name: 500 * near_one(sides) for name in ("captured", "arriving", "leaving")}
    drawn |= {"colder": random.normal(size=CHUNK), "delivered": 5 * near_one(sides, items)}
    drawn |= {"resistance": random.uniform(size=(garrisons, CHUNK)), "regained": 0.1 * near_one(sides, axes)}
    received = {name: jnp.asarray(value, jnp.float32) for name, value in drawn.items()}
    share, momentum = (jnp.asarray(a, float) for a in (invented_war.theatre.opening_share, invented_war.momentum))
    opened = jax.jit(front.opening)(params.front, ground, share, momentum, received["supply"])
    army = attrition.opening(params.attrition)
    return Case(ground, params.attrition, params.front, army, opened, received, 1, run, len(ground.area) - 1)


@pytest.fixture(scope="module")
def model(case):
    return step.fight(case, WEEKS)


def agrees(found, model):
    assert model.told["taken"].sum(axis=(0, 2, 3)).min() > 0
    assert max(compare.differences(found, model).values()) < 1e-4


def test_numpy_comes_to_the_same(case, model):
    agrees(arrays.fight(case, WEEKS), model)


@pytest.mark.skipif(
    shutil.which("gcc") is None and os.environ.get("CI") != "true",
    reason="the C reference needs gcc, and there is none",
)
def test_c_comes_to_the_same(case, model):
    agrees(native.Step(case, WEEKS)(case)[0], model)


def test_loading_the_step_leaves_the_processor_as_it_was(case):
    native.Step(case, 1)
    assert np.float64(1e-310) * np.float64(0.5) > 0
