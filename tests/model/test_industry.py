"""Industry: storage pays for what is refurbished."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ceasefire.model import industry


@pytest.fixture
def decade(with_prior_medians):
    """Storage and flows of ten years in which refurbishment starts at the given rates."""

    @jax.jit
    def run(params):
        def week(state, _):
            after, flows = industry.step(params, state)
            return after, (after.storage, flows)

        return jax.lax.scan(week, industry.State(params.storage_opening), None, length=520)[1]

    def of(**given):
        params = with_prior_medians(industry, runs=9, items=3, **given)
        storage, flows = run(params)
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
