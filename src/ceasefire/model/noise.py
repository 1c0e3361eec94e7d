"""Luck: numbers in (0, 1) that are a function of (seed, run, subsystem, name, week, element), and of nothing else.

There is no generator to carry along. Adding a subsystem leaves every other die alone, a run can be replayed by
itself, and two policies share their luck. The function is Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror and
Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"), written elementwise so that the run axis stays last.
"""

import math
import zlib

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, UInt32

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
PARITY = 0x1BD11BDA
GOLDEN = 0x9E3779B9
"""An odd stride between the keys of successive weeks: no two weeks, nor two names, share a key."""


def threefry(key: tuple[Array, Array], counter: tuple[Array, Array]) -> tuple[Array, Array]:
    """Two words of 32 random bits for each pair of counter words; all four broadcast together."""
    schedule = (key[0], key[1], key[0] ^ key[1] ^ jnp.uint32(PARITY))
    x, y = counter[0] + schedule[0], counter[1] + schedule[1]
    for block in range(5):
        for rotation in ROTATIONS[block % 2]:
            x = x + y
            y = (y << rotation) | (y >> (32 - rotation))
            y = x ^ y
        x = x + schedule[(block + 1) % 3]
        y = y + schedule[(block + 2) % 3] + jnp.uint32(block + 1)
    return x, y


def word(name: str) -> int:
    """A fixed 32-bit word for a name."""
    return zlib.crc32(name.encode())


def to_unit(bits: UInt32[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Map 32 bits into the open interval (0, 1), on the 2^-23 grid that single precision holds exactly."""
    return ((bits >> 9).astype(jnp.result_type(float)) + 0.5) * 2.0**-23


class Noise(eqx.Module):
    """The dice of some runs in one week of one subsystem."""

    seed: UInt32[Array, "2"]
    run: UInt32[Array, "run"]
    week: Int[Array, ""]
    subsystem: str = eqx.field(static=True, default="")

    def of(self, subsystem: str) -> "Noise":
        """The dice of a subsystem."""
        return Noise(self.seed, self.run, self.week, subsystem)

    def _bits(self, name: str, element: Array) -> tuple[Array, Array]:
        salt = jnp.uint32(word(f"{self.subsystem}.{name}"))
        stride = jnp.asarray(self.week, jnp.uint32) * jnp.uint32(GOLDEN)
        return threefry((self.seed[0] ^ salt, self.seed[1] + stride), (element[..., None].astype(jnp.uint32), self.run))

    def uniform(self, name: str, shape: tuple[int, ...] = ()) -> Float[Array, "*shape run"]:
        """Uniforms for an array of the given shape before the run axis."""
        size = 1
        for length in shape:
            size *= length
        return to_unit(self._bits(name, jnp.arange(size, dtype=jnp.uint32).reshape(shape))[0])

    def both_sides(self, name: str, element: Int[Array, "n"]) -> Float[Array, "side n run"]:
        """Each side's uniform for each named element (a cell, say), whichever others are asked for beside it."""
        return jnp.stack([to_unit(bits) for bits in self._bits(name, element)])


def normal_quantile(u: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Quantile of the standard normal, √2 · erf⁻¹(2u − 1), good to 6e-6 of its value; compiles fast."""
    return math.sqrt(2.0) * jax.lax.erf_inv(2 * u - 1)


def wander(log_rate: Array, mean: Array, spread: Array, half_life: Array, u: Array) -> Array:
    """One week of a mean-reverting walk with the given stationary spread and half-life (weeks)."""
    memory = 2.0 ** (-1.0 / half_life)
    return mean + memory * (log_rate - mean) + spread * jnp.sqrt(1 - memory**2) * normal_quantile(u)
