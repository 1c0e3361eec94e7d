"""Logistics: which roads are open, how well they supply the line, and how much they can carry to a garrison.

A road or railway is open to a side that holds every cell that it crosses; a salient across it cuts it, and so does
`passable` 0. Its length counts as km · (1 + ι·I) / (1 + ι·I₀), where interdiction I is the enemy's share of the land
within about 20 km, times the density of his drones, and I₀ is that of the opening. A town's distance d is the least
sum over open roads from the side's sources of supply (oblast centres in the rear, whose distance through the rear does
not change). Supply of an axis is the mean of exp(−d / reach) over the towns near the opening line that the side holds,
and never less than `FLOOR`, what can be carried by hand and by air.

Throughput of a garrison is the maximum flow from all sources to its towns, as if nobody else were to be supplied, over
open roads of capacity · passable · min(1, exp(−δ·(I − I₀))) in whole tonnes; it is exact. It and the land around roads
are surveyed every `SURVEY` weeks, and at once when a road is decreed open or cut.

Left out: what others draw from the same road, stocks at the front, lorries and locomotives, bridges, weather, and
roads that are no part of the graph.
Sources: distance decay, floor and interdiction are elicited; roads are general knowledge (trust D, see DATA.md);
maximum flow in `network`.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from ceasefire.model.axes import SIDES, Ground, enemy
from ceasefire.model.declare import LogNormal, coupling, parameter, quantity
from ceasefire.model.intervene import Intervention
from ceasefire.model.network import maximum_flow
from ceasefire.model.noise import Noise

FLOOR = 0.05
SURVEY = 4
"""Weeks between surveys of throughput and of the land around roads."""
FAR = 1000.0
"""km that stand for no road at all."""
MOST = 4e6
"""t/week that no road carries more than, so that whole tonnes stay within 32 bits."""


class Params(eqx.Module):
    """What logistics does not know exactly."""

    reach: Float[Array, "run"] = parameter(
        LogNormal(40, 80, 150), unit="km", doc="Distance from a source over which supply falls by a factor e."
    )
    delay: Float[Array, "run"] = coupling(
        "drones.density", "logistics.supply", LogNormal(0.2, 0.8, 2.5), doc="How interdiction lengthens roads (ι)."
    )
    damage: Float[Array, "run"] = coupling(
        "drones.density", "logistics.throughput", LogNormal(0.2, 0.7, 2.0), doc="How it takes their capacity (δ)."
    )


class State(eqx.Module):
    """The roads as they were at the opening and at the last survey."""

    opened: Float[Array, "side edge run"] = quantity("1", "1 for roads that were open to the side at the opening.")
    near: Float[Array, "side edge run"] = quantity("1", "Enemy's share of the land around each road, as surveyed.")
    near_opening: Float[Array, "side edge run"] = quantity("1", "The same at the opening.")
    carried: Float[Array, "garrison run"] = quantity("t/week", "Throughput of each garrison, as surveyed.")
    surveyed: Float[Array, "edge run"] = quantity("1", "What was passable at the last survey.")


class Flows(eqx.Module):
    """Roads and supply this week."""

    passable: Float[Array, "edge run"] = quantity(
        "1", "1 for a road that its holder can use, 0 for one that is cut; in between it scales what the road carries."
    )
    interdiction: Float[Array, "side edge run"] = quantity("1", "Enemy drones over the side's roads (I).")
    supply: Float[Array, "side axis run"] = quantity("1", "Supply of the line on each axis, 1 at the source.")
    throughput: Float[Array, "garrison run"] = quantity("t/week", "The most that can reach each garrison by road.")
    resupply: Float[Array, "garrison run"] = quantity(
        "km", "Shortest open road from a source to each garrison, longer for interdiction; 1000 where there is none."
    )
    roads_cut: Float[Array, "side run"] = quantity(
        "count", "Roads open to the side at the opening that no longer are.", level=True
    )


def opening(params: Params, ground: Ground, share: Float[Array, "cell"]) -> State:
    """The roads at the opening, the same in every run; `share` is the first side's of each cell, without the dummy."""
    kind = params.reach.dtype
    held = jnp.append(share, 0.0).astype(kind)[:, None]

    def everywhere(array: Array) -> Array:
        return jnp.repeat(array.astype(kind), params.reach.shape[-1], axis=-1)

    near = everywhere(enemy_near(ground, held))
    return State(
        opened=everywhere(open_roads(ground, held)),
        near=near,
        near_opening=near,
        carried=everywhere(ground.garrison_flow[:, None]),
        surveyed=everywhere(jnp.ones_like(ground.length[:-1, None])),
    )


def opening_supply(params: Params, ground: Ground, share: Float[Array, "cell"]) -> Float[Array, "side axis run"]:
    """Supply of each axis at the opening, which the front's budget is measured from."""
    runs = params.reach.shape[-1]
    held = jnp.repeat(jnp.append(share, 0.0).astype(params.reach.dtype)[:, None], runs, axis=1)
    open_ = open_roads(ground, held)
    return supply_of(params, ground, held, jnp.where(open_, ground.length[:-1, None], jnp.inf))[0]


def step(
    params: Params,
    state: State,
    *,
    do: Intervention,
    noise: Noise,
    ground: Ground,
    held: Float[Array, "cell run"],
    density: Float[Array, "side axis run"],
) -> tuple[State, Flows]:
    """Find the open roads, the supply that they give each axis, and what they can carry to each garrison.

    `held` is the first side's share of each cell, `density` that of each side's drones relative to the opening.
    """
    passable = do("passable", jnp.ones_like(state.surveyed))
    open_ = open_roads(ground, held) & (passable > 0)
    due = (noise.week % SURVEY == 0) | (passable != state.surveyed).any()
    near = jax.lax.cond(due, lambda: enemy_near(ground, held), lambda: state.near)
    interdiction = do("interdiction", near * enemy(density)[:, edge_axis(ground)])
    delay = (1 + params.delay * interdiction) / (1 + params.delay * state.near_opening)
    km = jnp.where(open_, ground.length[:-1, None] * delay, jnp.inf)
    supply, distance = supply_of(params, ground, held, km)

    def survey() -> Array:
        left = jnp.minimum(jnp.exp(-params.damage * (interdiction - state.near_opening)), 1.0)
        room = whole(ground.capacity[:-1, None] * passable * left * open_)
        return throughput(ground, sources(ground, held), room)[0].astype(state.carried.dtype)

    carried = jax.lax.cond(due, survey, lambda: state.carried)
    cut = ((state.opened > 0) & ~open_).sum(axis=1).astype(held.dtype)
    flows = Flows(
        passable=passable,
        interdiction=interdiction,
        supply=do("supply", supply),
        throughput=do("throughput", carried),
        resupply=do("resupply", resupply(ground, distance)),
        roads_cut=do("roads_cut", cut),
    )
    return State(state.opened, near, state.near_opening, carried, passable), flows


def holds(ground: Ground, held: Float[Array, "cell run"]) -> Bool[Array, "node side run"]:
    """Whether each side holds each town; one behind the theatre belongs to whoever has a rear path to it."""
    share = held[ground.node_cell]
    outside = (ground.node_cell == held.shape[0] - 1)[:, None, None]
    return jnp.where(outside, jnp.isfinite(ground.rear).T[..., None], jnp.stack([share >= 0.5, share < 0.5], axis=1))


def sources(ground: Ground, held: Float[Array, "cell run"]) -> Bool[Array, "node side run"]:
    """Towns where a side's supply enters."""
    return holds(ground, held) & jnp.isfinite(ground.rear).T[..., None]


def open_roads(ground: Ground, held: Float[Array, "cell run"]) -> Bool[Array, "side edge run"]:
    """Roads of which a side holds every cell and both ends."""
    cell, inside = crossed(ground, held.shape[0] - 1)
    share = jax.lax.optimization_barrier(held[cell])
    own = jnp.stack([share.min(axis=1) >= 0.5, share.max(axis=1) < 0.5])
    mine = holds(ground, held)
    ends = (mine[ground.edge[:-1, 0]] & mine[ground.edge[:-1, 1]]).transpose(1, 0, 2)
    return ends & (own | ~inside.any(axis=1)[:, None])


def crossed(ground: Ground, dummy: int) -> tuple[Int[Array, "edge point"], Bool[Array, "edge point"]]:
    """Cells that each road crosses, filled up with its first one, and which of them are no fillers."""
    cell = ground.edge_cell[:-1]
    inside = cell != dummy
    return jnp.where(inside, cell, cell[:, :1]), inside


def enemy_near(ground: Ground, held: Float[Array, "cell run"]) -> Float[Array, "side edge run"]:
    """The enemy's share of the land in the blocks that a road crosses and those next to them; 0 behind the theatre."""
    count = ground.block_neighbour.shape[0]

    def around(in_cell: Array) -> Array:
        in_block = jnp.zeros((count, in_cell.shape[1]), in_cell.dtype).at[ground.block].add(in_cell)
        return in_block + in_block[ground.block_neighbour].sum(axis=1)

    land = around(ground.area[:, None])
    first = around(held * ground.area[:, None]) / jnp.maximum(land, 1e-9)
    cell, inside = crossed(ground, held.shape[0] - 1)
    edges, blocks = jnp.arange(len(cell))[:, None], ground.block[cell]
    part = jnp.zeros((len(cell), count), held.dtype).at[edges, blocks].add(inside.astype(held.dtype))
    part = part / jnp.maximum(part.sum(axis=1, keepdims=True), 1.0)
    mean = jnp.einsum("eb,br->er", part, first, precision="highest")
    some = inside.any(axis=1)[:, None]
    return jnp.clip(jnp.stack([jnp.where(some, 1 - mean, 0.0), jnp.where(some, mean, 0.0)]), 0.0, 1.0)


def edge_axis(ground: Ground) -> Int[Array, "edge"]:
    """The axis that each road begins on; any, behind the theatre."""
    cell = ground.edge_cell[:-1]
    return ground.axis[cell[:, 0]]


def road_distance(
    ground: Ground, start: Float[Array, "node side run"], km: Float[Array, "edge side run"]
) -> Float[Array, "node side run"]:
    """Km to each town over roads of the given length, from where it starts at a given distance; infinite if cut off.

    Bellman and Ford: repeated until nothing gets shorter, at most once for each town.
    """
    tail, head, both = arcs(ground.edge[:-1], km)

    def relax(carry: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        distance, count, _ = carry
        shorter = distance.at[head].min(distance[tail] + both)
        return shorter, count + 1, (shorter < distance).any()

    def unsettled(carry: tuple[Array, Array, Array]) -> Array:
        return carry[2] & (carry[1] < start.shape[0])

    return jax.lax.while_loop(unsettled, relax, (start, jnp.int32(0), jnp.array(True)))[0]


def arcs(edge: Int[Array, "edge 2"], value: Array) -> tuple[Array, Array, Array]:
    """Both directions of each edge: where they begin, where they end, and their common value."""
    tail = jnp.concatenate([edge[:, 0], edge[:, 1]])
    head = jnp.concatenate([edge[:, 1], edge[:, 0]])
    return tail, head, jnp.concatenate([value, value])


def supply_of(
    params: Params, ground: Ground, held: Float[Array, "cell run"], km: Float[Array, "side edge run"]
) -> tuple[Float[Array, "side axis run"], Float[Array, "node side run"]]:
    """Supply of each axis over roads of the given length, and each town's distance."""
    mine = holds(ground, held)
    start = jnp.where(mine, ground.rear.T[..., None], jnp.inf).astype(km.dtype)
    distance = road_distance(ground, start, km.transpose(1, 0, 2))
    reached = jnp.where(mine, jnp.exp(-distance / params.reach), 0.0)
    weight = ground.node_weight
    total = jnp.einsum("an,nsr->sar", weight, mine.astype(weight.dtype), precision="highest")
    supply = jnp.einsum("an,nsr->sar", weight, reached, precision="highest") / jnp.maximum(total, 1e-9)
    return jnp.maximum(supply, FLOOR).astype(held.dtype), distance


def resupply(ground: Ground, distance: Float[Array, "node side run"]) -> Float[Array, "garrison run"]:
    """Km to the nearest of each garrison's towns, for the side that holds it at the opening."""
    by_side = jnp.where(ground.garrison_node[..., None, None] > 0, distance, FAR).min(axis=1)
    own = jnp.arange(SIDES)[:, None] == ground.garrison_side[:, None, None]
    return jnp.minimum(jnp.where(own, by_side, FAR).min(axis=1), FAR)


def whole(capacity: Array) -> Int[Array, "side edge run"]:
    """Capacity in whole tonnes."""
    return jnp.floor(jnp.minimum(capacity, MOST)).astype(jnp.int32)


def throughput(
    ground: Ground, source: Bool[Array, "node side run"], room: Int[Array, "side edge run"]
) -> tuple[Int[Array, "garrison run"], Int[Array, "edge garrison run"]]:
    """Maximum flow to each garrison from the sources of the side that holds it, and how it goes along each edge.

    A garrison's own towns are no sources to it: what counts is what reaches it from elsewhere.
    """
    runs = room.shape[-1]
    sink = jnp.repeat((ground.garrison_node.T > 0)[..., None], runs, axis=2)
    start = source[:, ground.garrison_side] & ~sink
    capacity = room[ground.garrison_side].transpose(1, 0, 2)
    lanes = sink.shape[1] * runs
    if lanes == 0:
        return jnp.zeros(sink.shape[1:], jnp.int32), jnp.zeros(capacity.shape, jnp.int32)
    flat = [array.reshape(array.shape[0], lanes) for array in (capacity, start, sink)]
    total, flow = maximum_flow(ground, *flat)
    return total.reshape(-1, runs), flow.reshape(capacity.shape)
