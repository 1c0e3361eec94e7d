"""Network: the most that can flow through a graph, for many sets of capacities at once.

Shortest augmenting paths after Edmonds and Karp (1972), which need at most nodes · edges augmentations. The lanes, one
problem each, are packed eight to a byte, so that one search goes on in all of them.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int, UInt8

from ceasefire.model.axes import Ground


def pack(bits: Bool[Array, "row lane"]) -> UInt8[Array, "row byte"]:
    """Eight lanes to a byte, the last filled up with 0."""
    return jnp.packbits(bits, axis=1, bitorder="little")


def unpack(packed: UInt8[Array, "row byte"], lanes: int) -> Bool[Array, "row lane"]:
    """The lanes again."""
    return jnp.unpackbits(packed, axis=1, count=lanes, bitorder="little") > 0


def maximum_flow(
    ground: Ground,
    capacity: Int[Array, "edge lane"],
    source: Bool[Array, "node lane"],
    sink: Bool[Array, "node lane"],
) -> tuple[Int[Array, "lane"], Int[Array, "edge lane"]]:
    """Maximum flow from all sources to all sinks over edges that carry `capacity` either way; many problems at once.

    Returns its value and the flow along each edge, positive from its first end to its second. Augments along shortest
    paths until no lane has one left; Edmonds and Karp's bound, nodes · edges, is never reached.
    """
    nodes, lanes = source.shape
    edges = capacity.shape[0]
    lane = jnp.arange(lanes)
    byte, bit = lane // 8, (lane % 8).astype(jnp.uint8)[:, None]
    outward = jnp.where(ground.edge[ground.link_edge, 0] == jnp.arange(nodes)[:, None], 1, -1)

    def augment(carry: tuple[Array, Array, Array, Array]) -> tuple[Array, Array, Array, Array]:
        flow, total, count, _ = carry
        digits, reached = shortest_paths(ground, capacity, flow, source, sink)
        found, begin = reached.any(axis=0), jnp.argmax(reached, axis=0)

        def onward(node: Array) -> tuple[Array, Array, Array]:
            """The edge that leads from a node to the sink, in which direction, and the node at its end."""
            digit = ((digits[node, :, byte] >> bit) & 1).astype(jnp.int32)
            column = (digit << jnp.arange(digits.shape[1])).sum(axis=1, dtype=jnp.int32)
            return ground.link_edge[node, column], outward[node, column], ground.link[node, column]

        def narrow(carry: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
            node, width, going = carry
            edge, way, after = onward(node)
            width = jnp.where(going, jnp.minimum(width, capacity[edge, lane] - way * flow[edge, lane]), width)
            node = jnp.where(going, after, node)
            return node, width, going & ~sink[node, lane]

        def push(carry: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
            node, flow, going = carry
            edge, way, after = onward(node)
            flow = flow.at[edge, lane].add(jnp.where(going, way * width, 0), mode="drop")
            node = jnp.where(going, after, node)
            return node, flow, going & ~sink[node, lane]

        most = jnp.full(lanes, jnp.iinfo(jnp.int32).max)
        _, width, _ = jax.lax.while_loop(lambda c: c[2].any(), narrow, (begin, most, found))
        width = jnp.where(found, width, 0)
        _, flow, _ = jax.lax.while_loop(lambda c: c[2].any(), push, (begin, flow, found))
        return flow, total + width, count + 1, found.any()

    start = (jnp.zeros_like(capacity), jnp.zeros(lanes, jnp.int32), jnp.int32(0), jnp.array(True))
    flow, total, _, _ = jax.lax.while_loop(lambda c: c[3] & (c[2] <= nodes * edges), augment, start)
    return total, flow


def shortest_paths(
    ground: Ground, capacity: Array, flow: Array, source: Array, sink: Array
) -> tuple[UInt8[Array, "node digit byte"], Bool[Array, "node lane"]]:
    """Breadth-first search from the sinks back along edges with room, in all lanes at once, one bit each.

    Returns, as binary digits, which of its links leads each node on to the sink, and the sources that were reached
    first. From the sinks because a garrison's own roads are most often the narrowest: a search in vain ends soon.
    """
    lanes, columns = source.shape[1], ground.link.shape[1]
    none = jnp.zeros((1, lanes), bool)
    there = pack(jnp.concatenate([capacity > flow, none]))[ground.link_edge]
    back = pack(jnp.concatenate([capacity > -flow, none]))[ground.link_edge]
    first = (ground.edge[ground.link_edge, 0] == jnp.arange(len(ground.link))[:, None])[..., None]
    room = jnp.where(first, there, back)
    target, begun = pack(source), pack(sink)
    digits = max(1, (columns - 1).bit_length())

    def spread(carry: tuple[Array, Array, Array, Array]) -> tuple[Array, Array, Array, Array]:
        seen, front, digit, done = carry
        open_ = ~seen & ~done
        fresh = jnp.zeros_like(seen)
        found = [jnp.zeros_like(seen)] * digits
        for column in range(columns):
            new = front[ground.link[:, column]] & room[:, column] & open_ & ~fresh
            fresh = fresh | new
            found = [old | new if column >> k & 1 else old for k, old in enumerate(found)]
        arrived = jax.lax.reduce(fresh & target, jnp.uint8(0), jax.lax.bitwise_or, (0,))
        return seen | fresh, fresh, digit | jnp.stack(found, axis=1), done | arrived

    digit = jnp.zeros((source.shape[0], digits, begun.shape[1]), jnp.uint8)
    start = (begun, begun, digit, jnp.zeros(begun.shape[1], jnp.uint8))
    seen, _, digit, _ = jax.lax.while_loop(lambda c: (c[1] & ~c[3]).any(), spread, start)
    return digit, unpack(seen & target, lanes)
