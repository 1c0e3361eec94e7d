"""Intervention: a quantity overwritten by decree, whatever its causes say; its consequences follow from there.

Every flow passes through its subsystem's `do` where it is computed, `casualties = do("casualties", …)`, so that stocks
and later subsystems see what was decreed, and books still close. Parameters and states are overwritten as a week
begins. A quantity that nobody names keeps its bits.
"""

from dataclasses import dataclass
from math import prod
from typing import Any, TypeVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

Record = TypeVar("Record")


@dataclass(frozen=True)
class Place:
    """Where a quantity stands in the table of interventions."""

    name: str
    offset: int
    shape: tuple[int, ...]
    """Length along each dimension before the run axis; 1 where all share one number."""
    bounds: tuple[float, float]

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return prod(self.shape)


class Intervention(eqx.Module):
    """What is decreed in one week: each number becomes factor · value + shift, or shift alone where the factor is 0."""

    factor: Float[Array, "number"]
    shift: Float[Array, "number"]
    places: tuple[Place, ...] = eqx.field(static=True)
    subsystem: str = eqx.field(static=True, default="")

    def of(self, subsystem: str) -> "Intervention":
        """What is decreed for a subsystem."""
        return Intervention(self.factor, self.shift, self.places, subsystem)

    def __call__(self, name: str, value: Array) -> Array:
        """The value [..., run] of a quantity of the subsystem, or what is decreed in its place."""
        place = next((p for p in self.places if p.name == f"{self.subsystem}.{name}"), None)
        if place is None:
            return value
        at = slice(place.offset, place.offset + place.size)
        factor, shift = (table[at].reshape(*place.shape, 1).astype(jnp.result_type(float)) for table in self.table)
        decreed = jnp.clip(jnp.where(factor == 0, shift, value * factor + shift), *place.bounds)
        return jnp.where((factor == 1) & (shift == 0), value, decreed.astype(value.dtype))

    @property
    def table(self) -> tuple[Array, Array]:
        """Factors and shifts."""
        return self.factor, self.shift

    def on(self, record: Record) -> Record:
        """A subsystem's parameters or state as decreed."""
        fields: Any = record.__dataclass_fields__  # type: ignore[attr-defined]
        return type(record)(**{field: self(field, getattr(record, field)) for field in fields})


NOTHING = Intervention(jnp.zeros(0), jnp.zeros(0), ())
"""No intervention."""
