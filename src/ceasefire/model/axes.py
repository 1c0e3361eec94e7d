"""What the axes of an array mean, and the ground that the war is fought on.

side: the two belligerents, in the scenario's order. axis: a sector of the front. item: a kind of equipment.
cell: an H3 hexagon of the theatre, in the order of its axes; the last row is an inert dummy that stands for
whatever lies outside. node: a town on the supply graph. run: one possible war, always the last axis.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

SIDES = 2
NEIGHBOURS = 6


class Ground(eqx.Module):
    """The map, constant during a war. One row a cell, then the dummy row."""

    area: Float[Array, "cell"]
    """km²; 0 in the dummy row."""
    axis: Int[Array, "cell"]
    """Which axis the cell belongs to."""
    neighbour: Int[Array, "cell 6"]
    """Rows of the six neighbours; the cell itself where there is none."""
    border: Float[Array, "side cell"]
    """1 where the side holds land outside the theatre next to the cell, from which it can enter."""
    feature: Float[Array, "feature cell"]
    """What makes a cell harder to take: town, river, fortification, wood; standardised."""
    link: Int[Array, "node link"]
    """Supply graph: neighbouring nodes, padded with the node itself."""
    length: Float[Array, "node link"]
    """km along each link; infinite where padded."""
    node_cell: Int[Array, "node"]
    """Cell of each node; the dummy row where it lies behind the theatre."""
    rear: Float[Array, "side node"]
    """km from the side's nearest source of supply to the node through the rear; infinite if none."""
    node_weight: Float[Array, "axis node"]
    """How much a node matters to supply on an axis: nearness to the opening line."""

    @property
    def axes(self) -> int:
        """Number of axes."""
        return self.node_weight.shape[0]

    def by_axis(self) -> Float[Array, "axis cell"]:
        """Indicator of each axis."""
        return (jnp.arange(self.axes)[:, None] == self.axis).astype(self.area.dtype)


def enemy(per_side: Float[Array, "side ..."]) -> Float[Array, "side ..."]:
    """The same quantity of the other side."""
    return per_side[::-1]
