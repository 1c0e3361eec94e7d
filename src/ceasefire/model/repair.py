"""Repair: what breaks and what is mended in a week, and what crews and parts allow of it.

A unit that works breaks in way k at rate λ_k, and is mended at rate μ_k. Of the working and of those broken in way k
    λ_k · m_k   and   μ_k · m_k,   m_k = (1 − exp(−Λ − μ_k)) / (Λ + μ_k),   Λ = Σ λ_k,
change over in a week. With one way to break this is the exact law of two states: availability tends to μ / (λ + μ), as
A + (1 − A) exp(−(λ + μ) t) from whole. With several it is near on the way, exact in the long run, where broken_k /
working = λ_k / μ_k, and nothing becomes negative. What breaks and is mended within one week is in neither flow.

Where the work wanted, Σ μ_k · broken_k, is more than crews or parts allow, all of it is slowed alike. That is the
machine-repair queue: in the long run as much is mended as the crews can mend.

Sources: competing rates and the machine-repair queue, textbook (model notes, section 5).
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

FASTEST = 1e6
"""1/week beyond which a rate means at once."""
NONE = 1e-9
"""Less than this, whatever its unit, is nothing; it keeps divisions finite."""


def exchange(
    hazard: Float[Array, "*shape"], repair: Float[Array, "*shape"], together: Float[Array, "*shape"] | None = None
) -> tuple[Float[Array, "*shape"], Float[Array, "*shape"]]:
    """Shares of the working that break, and of the broken that are mended, in a week at constant rates per week.

    `together` is the hazard of all ways to break (Λ), where this is one of several.
    """
    hazard, repair = jnp.minimum(hazard, FASTEST), jnp.minimum(repair, FASTEST)
    every = hazard if together is None else jnp.minimum(jnp.maximum(together, hazard), FASTEST)
    rate = jnp.maximum(every + repair, NONE)
    moved = -jnp.expm1(-rate) / rate
    return hazard * moved, repair * moved


def manageable(wanted: Float[Array, "*shape"], limit: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Share of the work wanted that a limit leaves."""
    return jnp.minimum(limit / jnp.maximum(wanted, NONE), 1.0)
