"""Industry: storage pays for what is refurbished; power and money limit what is built, not what is given."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ceasefire.model import industry
from ceasefire.model.axes import GOODS, INTERCEPTORS, MUNITIONS, SECTORS
from ceasefire.model.intervene import NOTHING

RUNS, ITEMS = 9, 3
MADE = ("built", "munitions_made")
GIVEN = ("imported", "munitions_imported")


CAUSES = ("power", "funding", "components")


def limits(**given):
    """What limits a side's industry, as at the opening unless given."""
    usual = {cause: jnp.ones((2, RUNS)) for cause in CAUSES} | {"capacity": jnp.ones((2, len(SECTORS), RUNS))}
    usual["received"] = jnp.ones((2, len(GOODS), RUNS))
    named = {"capacity": SECTORS, "received": [f"given_{good}" for good in GOODS]}
    for cause, value in given.items():
        whole = next((one for one, names in named.items() if cause in names), None)
        if whole is not None:
            at = named[whole].index(cause)
            usual[whole] = usual[whole].at[:, at].set(jnp.asarray(value, float)[..., None])
        else:
            usual[cause] = jnp.broadcast_to(jnp.asarray(value, float)[..., None], (2, RUNS))
    return usual


@jax.jit
def step(params, state, do, limits):
    return industry.step(params, state, do=do, **limits)


def week(params, do=NOTHING, **given):
    return step(params, industry.opening(params), do, limits(**given))[1]


@pytest.fixture
def drawn(with_prior_medians):
    return lambda **given: with_prior_medians(industry, runs=RUNS, items=ITEMS, **given)


@pytest.fixture
def decade(drawn):
    """Storage and flows of ten years in which refurbishment starts at the given rates."""

    @jax.jit
    def run(params, do):
        def week(state, _):
            after, flows = industry.step(params, state, do=do, **limits())
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


EXPONENTS = {"power": "power", "funding": "funding", "components": "parts", "industry": "plant"}


@pytest.mark.parametrize("cause", EXPONENTS)
def test_output_follows_what_limits_it_at_its_exponent_and_gifts_do_not(drawn, cause):
    exponents = np.linspace(0, 2, RUNS)
    params = drawn(imports=3.0, munition_imports=70.0, **{f"{EXPONENTS[cause]}_exponent": exponents})
    usual, short = week(params), week(params, **{cause: [0.5, 1.0]})
    for name in (*MADE, "refurbished"):
        one, other = np.asarray(getattr(short, name)), np.asarray(getattr(usual, name))
        np.testing.assert_allclose(one[0], other[0] * 0.5**exponents, rtol=1e-5, err_msg=name)
        assert (one[1] == other[1]).all(), name
    for name in GIVEN:
        assert (getattr(short, name) == getattr(usual, name)).all(), name


def test_depots_that_are_gone_let_fewer_munitions_through_whoever_made_them(drawn):
    params = drawn(munition_imports=70.0, depot_exponent=0.5)
    usual, struck = week(params), week(params, military=[0.25, 1.0])
    for name in ("munitions_made", "munitions_imported"):
        np.testing.assert_allclose(getattr(struck, name)[0], 0.5 * getattr(usual, name)[0], rtol=1e-6)
        assert (getattr(struck, name)[1] == getattr(usual, name)[1]).all()
    assert (struck.built == usual.built).all()


def test_without_power_nothing_is_made_unless_power_does_not_matter(drawn):
    dark = week(drawn(), power=[0.0, 0.0])
    assert (dark.munitions == 0).all()
    assert (dark.delivered == 0).all()
    params = drawn(power_exponent=0.0)
    for one, other in zip(
        *(jax.tree.leaves(week(params, **cause)) for cause in ({"power": [0.0, 0.0]}, {})), strict=True
    ):
        assert (one == other).all()


def test_making_grows_at_its_pace_which_halves_in_its_half_life(drawn):
    params = drawn(growth=0.02, growth_half_life=20.0)
    state, made = industry.opening(params), []
    for _ in range(400):
        state, flows = step(params, state, NOTHING, limits())
        made.append(float(flows.munitions_made[0, 0, 0]))
    memory = 2 ** (-1 / 20)
    np.testing.assert_allclose(np.log(made[1] / made[0]), 0.02, rtol=1e-3)
    np.testing.assert_allclose(np.log(made[21] / made[20]), 0.01, rtol=1e-3)
    np.testing.assert_allclose(np.log(made[-1] / made[0]), 0.02 / (1 - memory), rtol=1e-3)


@pytest.mark.parametrize("name", [*MADE, *GIVEN])
def test_what_is_decreed_is_what_arrives(drawn, decree, name):
    shape = (2, len(MUNITIONS)) if "munitions" in name else (2, ITEMS)
    numbers = np.arange(np.prod(shape), dtype=float).reshape(shape)
    flows = week(drawn(), decree(f"industry.{name}", items=ITEMS, value=numbers))
    np.testing.assert_array_equal(getattr(flows, name), np.repeat(numbers[..., None], RUNS, axis=2))


def test_what_comes_from_abroad_follows_what_patrons_give_of_it_and_plants_their_parts(drawn):
    at = {"import_exponent": 1.0, "foreign_exponent": 0.5, "imports": 3.0, "munition_imports": 5.0}
    params = drawn(**at)
    usual = week(params)
    shells = week(params, given_shells=[0.5, 1.0])
    ratio = np.asarray(shells.munitions_imported / usual.munitions_imported)[0, :, 0]
    np.testing.assert_allclose(ratio, np.where(np.array(MUNITIONS) == "shell", 0.5, 1.0), rtol=1e-6)
    np.testing.assert_array_equal(shells.munitions_imported[1], usual.munitions_imported[1])
    np.testing.assert_array_equal(shells.built, usual.built)
    interceptors = week(params, given_interceptors=[2.0, 1.0])
    ratio = np.asarray(interceptors.munitions_imported / usual.munitions_imported)[0, :, 0]
    np.testing.assert_allclose(ratio, np.where(np.isin(MUNITIONS, INTERCEPTORS), 2.0, 1.0), rtol=1e-6)
    np.testing.assert_allclose(week(params, given_platforms=[3.0, 1.0]).imported[0], 9.0, rtol=1e-6)
    np.testing.assert_allclose(week(params, given_components=[0.25, 1.0]).built[0], 0.5 * usual.built[0], rtol=1e-6)
    cut = drawn(**at | {"import_exponent": 0.0, "foreign_exponent": 0.0})
    for good in GOODS:
        for flow in ("built", "imported", "munitions_made", "munitions_imported"):
            found = week(cut, **{f"given_{good}": [0.0, 2.0]})
            np.testing.assert_array_equal(getattr(found, flow), getattr(usual, flow))
