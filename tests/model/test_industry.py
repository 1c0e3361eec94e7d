"""Industry: storage pays for what is refurbished; power and money limit what is built, not what is given."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ceasefire.model import industry
from ceasefire.model.axes import MUNITIONS
from ceasefire.model.intervene import NOTHING

RUNS, ITEMS = 9, 3
MADE = ("built", "munitions_made")
GIVEN = ("imported", "munitions_imported")


@jax.jit
def step(params, state, do):
    return industry.step(params, state, do=do)


def week(params, do=NOTHING):
    return step(params, industry.opening(params), do)[1]


@pytest.fixture
def drawn(with_prior_medians):
    return lambda **given: with_prior_medians(industry, runs=RUNS, items=ITEMS, **given)


@pytest.fixture
def decade(drawn):
    """Storage and flows of ten years in which refurbishment starts at the given rates."""

    @jax.jit
    def run(params, do):
        def week(state, _):
            after, flows = industry.step(params, state, do=do)
            return after, (after.storage, flows)

        return jax.lax.scan(week, industry.opening(params), None, length=520)[1]

    def of(do=NOTHING, **given):
        params = drawn(**given)
        storage, flows = run(params, do)
        return params, np.concatenate([params.storage_opening[None], storage]), flows

    return of


@pytest.mark.parametrize("rate", [0.0, 5.0, 400.0, 1e6])
@pytest.mark.parametrize("decline", [0.7, 2.0])
def test_storage_empties_by_what_is_taken_and_never_beyond(decade, rate, decline):
    params, storage, flows = decade(refurbishment=rate, decline=decline)
    assert storage.min() >= 0
    assert (np.diff(storage, axis=0) <= 0).all()
    np.testing.assert_allclose(-np.diff(storage, axis=0), flows.refurbished, atol=1e-3)
    np.testing.assert_allclose(flows.delivered, flows.built + flows.refurbished, rtol=1e-6)
    assert (flows.refurbished <= rate * (1 + 1e-6)).all()
    assert (flows.built == params.new_build).all()


@pytest.mark.parametrize("given", [{"value": 1e6}, {"factor": 50.0}, {"value": 0.0}, {"shift": 2.0}])
def test_storage_pays_for_what_is_decreed_and_never_more(decade, decree, given):
    _, storage, flows = decade(decree("industry.refurbished", items=ITEMS, **given))
    assert storage.min() >= 0
    np.testing.assert_allclose(-np.diff(storage, axis=0), flows.refurbished, atol=1e-3)


def test_refurbishment_falls_with_the_share_left_to_the_power_of_the_decline(decade):
    decline = np.linspace(0.7, 2, 9)
    params, storage, flows = decade(refurbishment=20.0, decline=decline)
    expected = 20.0 * (storage[:-1] / np.asarray(params.storage_opening)) ** decline
    np.testing.assert_allclose(flows.refurbished, np.minimum(expected, storage[:-1]), rtol=1e-4)


def test_an_empty_store_gives_nothing(decade):
    _, storage, flows = decade(storage_opening=0.0)
    assert (storage == 0).all()
    assert (flows.refurbished == 0).all()
    assert jnp.isfinite(flows.delivered).all()


def test_what_reaches_the_army_is_what_was_built_given_and_refurbished(drawn):
    random = np.random.default_rng(1)
    equipment, munitions = random.gamma(2, 5, (2, 2, ITEMS)), random.gamma(2, 500, (2, 2, len(MUNITIONS)))
    flows = week(
        drawn(new_build=equipment[0], imports=equipment[1], munition_output=munitions[0], munition_imports=munitions[1])
    )
    refurbished = np.asarray(flows.refurbished)
    np.testing.assert_allclose(flows.delivered, equipment.sum(axis=0)[..., None] + refurbished, rtol=1e-6)
    np.testing.assert_allclose(flows.munitions, np.repeat(munitions.sum(axis=0)[..., None], RUNS, axis=2), rtol=1e-6)


@pytest.mark.parametrize("cause", ["power", "funding"])
def test_output_follows_power_and_funding_at_their_exponents_and_gifts_do_not(drawn, cause):
    usual = week(drawn(imports=3.0, munition_imports=70.0))
    short = week(
        drawn(imports=3.0, munition_imports=70.0, **{cause: [0.5, 1.0], f"{cause}_exponent": np.linspace(0, 2, RUNS)})
    )
    less = 0.5 ** np.linspace(0, 2, RUNS)
    for name in (*MADE, "refurbished"):
        one, other = np.asarray(getattr(short, name)), np.asarray(getattr(usual, name))
        np.testing.assert_allclose(one[0], other[0] * less, rtol=1e-5, err_msg=name)
        assert (one[1] == other[1]).all(), name
    for name in GIVEN:
        assert (getattr(short, name) == getattr(usual, name)).all(), name


def test_without_power_nothing_is_made_unless_power_does_not_matter(drawn):
    dark = week(drawn(power=0.0))
    assert (dark.munitions == 0).all()
    assert (dark.delivered == 0).all()
    uncoupled, usual = week(drawn(power=0.0, power_exponent=0.0)), week(drawn())
    for one, other in zip(jax.tree.leaves(uncoupled), jax.tree.leaves(usual), strict=True):
        assert (one == other).all()


@pytest.mark.parametrize("name", [*MADE, *GIVEN])
def test_what_is_decreed_is_what_arrives(drawn, decree, name):
    shape = (2, len(MUNITIONS)) if "munitions" in name else (2, ITEMS)
    numbers = np.arange(np.prod(shape), dtype=float).reshape(shape)
    flows = week(drawn(), decree(f"industry.{name}", items=ITEMS, value=numbers))
    np.testing.assert_array_equal(getattr(flows, name), np.repeat(numbers[..., None], RUNS, axis=2))
