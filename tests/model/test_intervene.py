"""Interventions: what is decreed holds within its bounds, and what is not keeps its bits."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Float

from ceasefire.model.declare import POSITIVE, SHARE, SIGNED
from ceasefire.model.intervene import NOTHING, Intervention, Place

SHAPES = {"troops": (2,), "stock": (2, 3), "held": (2,), "balance": (2,), "pipeline": (2, 1), "rate": ()}
BOUNDS = {"held": SHARE, "balance": SIGNED}
RUNS = 5


class Record(eqx.Module):
    """Some quantities of an invented subsystem."""

    troops: Float[Array, "side run"]
    stock: Float[Array, "side item run"]


def places():
    found, offset = [], 0
    for name, shape in SHAPES.items():
        found.append(Place(f"army.{name}", offset, shape, BOUNDS.get(name, POSITIVE)))
        offset += found[-1].size
    return tuple(found), offset


def decreed(**numbers):
    """A table over all quantities in which some numbers have a (factor, shift)."""
    stood, size = places()
    factor, shift = np.ones(size), np.zeros(size)
    for place in stood:
        at = slice(place.offset, place.offset + place.size)
        given = numbers.get(place.name.partition(".")[2], (1.0, 0.0))
        factor[at], shift[at] = (np.broadcast_to(number, place.shape).ravel() for number in given)
    return Intervention(jnp.asarray(factor, float), jnp.asarray(shift, float), stood, "army")


def some(shape, seed=1):
    return jnp.asarray(np.random.default_rng(seed).normal(3, 1, (*shape, RUNS)), float)


def same_bits(one, other):
    return one.dtype == other.dtype and np.asarray(one).tobytes() == np.asarray(other).tobytes()


def test_a_place_is_as_large_as_its_shape():
    stood, size = places()
    assert [place.size for place in stood] == [2, 6, 2, 2, 2, 1]
    assert size == 15


@pytest.mark.parametrize(
    ("given", "expected"),
    [((0.0, 7.0), lambda value: 0 * value + 7), ((2.0, 0.0), lambda value: 2 * value), ((1.0, 3), lambda v: v + 3)],
    ids=["value", "factor", "shift"],
)
def test_a_number_is_set_multiplied_or_shifted(given, expected):
    value = some((2,))
    np.testing.assert_allclose(decreed(troops=given)("troops", value), expected(value), rtol=1e-6)


def test_each_number_has_its_own_decree_and_the_others_keep_their_bits():
    value = some((2, 3))
    do = decreed(stock=(np.array([[1, 0, 1], [2, 1, 1]]), np.array([[0, 50, 0], [0, 0, -1]])))
    found = np.asarray(do("stock", value))
    np.testing.assert_array_equal(found[0, 1], 50)
    np.testing.assert_allclose(found[1, 0], 2 * value[1, 0], rtol=1e-6)
    np.testing.assert_allclose(found[1, 2], value[1, 2] - 1, rtol=1e-6)
    for side, item in ((0, 0), (0, 2), (1, 1)):
        assert same_bits(found[side, item], value[side, item])


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("troops", (1.0, -1e6), 0.0),
        ("troops", (0.0, -5.0), 0.0),
        ("held", (0.0, 1.5), 1.0),
        ("held", (50.0, 0.0), 1.0),
        ("held", (1.0, -9.0), 0.0),
        ("balance", (0.0, -5.0), -5.0),
    ],
)
def test_what_is_decreed_stays_within_its_bounds(name, given, expected):
    np.testing.assert_array_equal(decreed(**{name: given})(name, some((2,))), expected)


def test_what_nobody_names_keeps_its_bits_even_if_it_is_no_number_or_out_of_bounds():
    value = jnp.asarray([[1.1, -0.0, -7.0, np.nan, np.inf], [3.3, 1e-40, 1e38, -np.inf, 0.1]])
    for do in (decreed(), decreed(stock=(0.0, 4.0)), NOTHING.of("army")):
        for found in (do("troops", value), jax.jit(lambda do, value: do("troops", value))(do, value)):
            assert same_bits(found, value)


def test_a_value_holds_even_where_there_was_no_number():
    value = jnp.asarray([[np.nan, np.inf, -np.inf, 0.0, 1.0]] * 2)
    np.testing.assert_array_equal(decreed(troops=(0.0, 8.0))("troops", value), 8.0)


def test_the_stages_of_a_pipeline_and_the_runs_share_a_decree():
    found = decreed(pipeline=(np.array([[3.0], [1.0]]), 0.0))("pipeline", jnp.ones((2, 2, RUNS)))
    np.testing.assert_array_equal(found, np.array([3.0, 1.0])[:, None, None] * np.ones((2, 2, RUNS)))
    np.testing.assert_array_equal(decreed(rate=(0.0, 0.25))("rate", some(())), 0.25)


@pytest.mark.parametrize("dtype", [jnp.bool_, jnp.int32, jnp.float32])
def test_whole_numbers_and_yes_or_no_stay_such(dtype):
    value = jnp.asarray([[0, 1, 1, 0, 1]] * 2).astype(dtype)
    assert same_bits(decreed()("troops", value), value)
    found = decreed(troops=(np.array([0.0, 1.0]), np.array([1.0, 0.0])))("troops", value)
    assert found.dtype == dtype
    assert (found[0] == 1).all()
    assert same_bits(found[1], value[1])


def test_another_subsystem_is_left_alone():
    value = some((2,))
    do = decreed(troops=(0.0, 1.0))
    assert same_bits(do.of("navy")("troops", value), value)
    np.testing.assert_array_equal(do.of("navy").of("army")("troops", value), 1.0)


def test_a_whole_record_is_overwritten_where_it_is_named():
    record = Record(some((2,)), some((2, 3)))
    found = decreed(troops=(0.0, 9.0)).on(record)
    assert isinstance(found, Record)
    assert (found.troops == 9).all()
    assert same_bits(found.stock, record.stock)


def test_precision_stays_what_it_was():
    with jax.enable_x64(True):
        value = jnp.asarray(np.full((2, RUNS), 1 / 3))
        assert same_bits(decreed()("troops", value), value)
        found = decreed(troops=(1.0, 1e-12))("troops", value)
        assert found.dtype == jnp.float64
        assert (found > value).all()
