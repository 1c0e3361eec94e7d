"""Front: how much ground each side takes on each axis, and which cells.

How much. Each side has a budget for the whole front, M, and a tempo for each axis, x; both are mean-reverting walks
in logarithms. An axis gets its share of the budget, and physics moves it by what has changed since the opening:
    μ_a = effort · M · exp(x_a) / Σ exp(x) · surge_a · exp(b · (Δ_a − Δ_a at the opening)) + b · regained salient,
    Δ = γF ln(troops ratio) + γS ln(supply ratio) + γP ln(passage) + γM ln(press) − γW ln(works) + γH height · e^−νD,
for how much of an assault passes the enemy's drones, how it is made, the works it meets, and how much higher it stands,
which counts for less the more drones D the enemy has. With b = 0 this is a purely statistical model, bit for bit. The
ground taken is compound Poisson–gamma: n ~ Poisson(μ/m) lumps of mean area m.

Where. A cell draws u in (0, 1) and gains room · x / (1 + x), x = λ (w / u)³, where room is what the enemy still
holds of it and λ is such that the cells of the axis gain what the axis takes. Because P(x > 1) = λ^⅓ w, the weight w
acts as the relative chance of a cell to be taken: w = presence^a · room^b · (momentum + .001)^c · exp(−θ · feature),
for a garrison times resistance^−s. Presence is the side's hold of the cell and its neighbours; momentum is what was
taken near by lately, spreading along the front and fading with a half-life of six weeks.

Works are lost with the ground that they stand on and dug again, in balance at the tempo of the opening; by default
neither that nor the old map of works moves the front (`works_wear`, `works_map` 0: with them past forecasts of ground
were 1 to 3 % worse), so that works act through what is decreed. Only cells in
reach of the front are worked on. If there are more of them than the list has room for, the flow `overflow` says so and
the caller repeats with a longer list; nothing is dropped silently.

Left out: season, jumps of more than one cell a week, orders to withdraw, a grey zone.
Sources: tempo and lumps from the weekly maps, by `scenario/tempo.py`; a, b, c, θ from the observed changes, by
`scenario/allocation.py`; γ and digging elicited (model notes, section 1).
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int
from scipy.special import gammaincinv, ndtr

from ceasefire.model.axes import NEIGHBOURS, SIDES, Ground, enemy
from ceasefire.model.declare import SHARE, SIGNED, Fixed, LogNormal, Normal, Uniform, coupling, parameter, quantity
from ceasefire.model.intervene import Intervention
from ceasefire.model.noise import Noise, normal_quantile, wander

LUMP_SHAPE = 0.8
"""Gamma shape of one lump of ground (elicited)."""
SHARPNESS = 3
"""Exponent of (w/u): the higher, the fewer cells share the gains of a week (chosen with hindsight, see DATA.md)."""
MOMENTUM_MEMORY = 2.0 ** (-1 / 6)
MOMENTUM_SPREAD = 0.9
MOMENTUM_FLOOR = 0.001
SEARCH_STEPS, AIM, LEAP, LEAST_SLOPE = 10, 1.00003, 6.0, 1e-3
"""Of the search for λ: how many steps, how high it aims, how far ln λ moves at most in one, slopes that it believes."""
LEAST = 0.04
"""Odds below which none of a cell is taken, so that the front does not dissolve into dust."""
BLOCK = 1024
"""Cells worked on at a time; only blocks that hold cells in reach cost time (chosen for speed, 512 does as well)."""
MULTIPLE = (1e-34, 1e17)
BORDER_PRESENCE = 0.02
"""Presence of a side behind a border that it has not crossed (elicited)."""
TRACE = 1e-4
"""A share below this is nobody's foothold."""
WORKS_DEPTH = 4.0
"""Depth of the works, in widths of the contested strip (about 2 km each; elicited)."""
MOST_MOVED = 20.0
"""Beyond this physics moves no log budget, so that what is decreed beyond reason stays a number."""
LEAST_WORKS = 0.1
"""Works below this, relative to the opening, make no further difference (elicited)."""
SOME_WORKS = 0.25
"""Works that are everywhere, relative to the theatre's mean, so that none relative to none is 1 (arbitrary)."""
MOST_DUG = 1.5
"""A side that holds its line does not dig beyond this (elicited)."""


class Params(eqx.Module):
    """What the front does not know exactly."""

    budget_mean: Float[Array, "side run"] = parameter(
        Normal(2.5, 4.0, 5.0), unit="log(km2/week)", doc="Long-run log budget of the whole front."
    )
    budget_spread: Float[Array, "side run"] = parameter(
        LogNormal(0.15, 0.4, 1.0), unit="1", doc="Standard deviation of the log budget around its mean."
    )
    budget_half_life: Float[Array, "side run"] = parameter(
        LogNormal(1.5, 6, 25), unit="week", doc="Half-life of the budget's excursions."
    )
    budget_opening: Float[Array, "side run"] = parameter(
        Normal(2.5, 4.0, 5.0), unit="log(km2/week)", doc="Log budget at the opening."
    )
    tempo_mean: Float[Array, "side axis run"] = parameter(
        Normal(-2.0, 1.0, 4.0), unit="log(km2/week)", doc="Long-run log tempo of each axis."
    )
    tempo_spread: Float[Array, "side axis run"] = parameter(
        LogNormal(0.3, 0.8, 2.0), unit="1", doc="Standard deviation of each axis's log tempo around its mean."
    )
    tempo_half_life: Float[Array, "side axis run"] = parameter(
        LogNormal(1.5, 6, 25), unit="week", doc="Half-life of each axis's excursions."
    )
    tempo_opening: Float[Array, "side axis run"] = parameter(
        Normal(-2.0, 1.0, 4.0), unit="log(km2/week)", doc="Log tempo of each axis at the opening."
    )
    lump: Float[Array, "side axis run"] = parameter(LogNormal(2, 6, 18), unit="km2", doc="Mean ground taken at one go.")
    physics: Float[Array, "run"] = parameter(
        Uniform(0.0, 0.5), unit="1", doc="How far force and supply move the budget (b); 0 is pure statistics."
    )
    force_exponent: Float[Array, "run"] = coupling(
        "attrition.troops", "front.taken", LogNormal(0.3, 0.9, 1.8), doc="How the force ratio moves the budget (γF)."
    )
    supply_exponent: Float[Array, "run"] = coupling(
        "logistics.supply", "front.taken", LogNormal(0.2, 0.6, 1.2), doc="How the supply ratio moves it (γS)."
    )
    passage_exponent: Float[Array, "run"] = coupling(
        "drones.passage", "front.taken", LogNormal(0.3, 0.8, 1.5), doc="How passing the enemy's drones moves it (γP)."
    )
    press_exponent: Float[Array, "run"] = coupling(
        "posture.press", "front.taken", LogNormal(0.4, 0.8, 1.2), doc="How the posture moves it (γM)."
    )
    works_effect: Float[Array, "run"] = coupling(
        "front.works", "front.taken", LogNormal(0.2, 0.5, 0.9), doc="How the enemy's works move it (γW)."
    )
    height_effect: Float[Array, "run"] = coupling(
        "front.height", "front.taken", LogNormal(0.1, 0.4, 1.0), doc="How standing 100 m higher moves it (γH)."
    )
    height_drones: Float[Array, "run"] = coupling(
        "drones.density", "front.height", LogNormal(0.7, 1.5, 3.0), doc="How enemy drones cancel heights (ν)."
    )
    resistance_effect: Float[Array, "run"] = coupling(
        "siege.resistance", "front.held", LogNormal(0.5, 1.0, 2.0), doc="How a starving garrison draws attack (s)."
    )
    works_map: Float[Array, "run"] = parameter(
        Fixed(0.0), unit="1", source="backtest", doc="How far the map of works, older than the war's lines, counts."
    )
    works_wear: Float[Array, "run"] = coupling(
        "front.dug", "front.works", Fixed(0.0), doc="How far works that are lost and dug count.", source="backtest"
    )
    digging: Float[Array, "run"] = parameter(
        LogNormal(0.02, 0.035, 0.05), unit="1/week", doc="Share of the missing works that is dug again in a week."
    )
    presence_exponent: Float[Array, "run"] = parameter(
        LogNormal(0.4, 0.65, 1.0), unit="1", doc="Pull of cells where the side already stands (a)."
    )
    room_exponent: Float[Array, "run"] = parameter(
        LogNormal(0.6, 1.0, 1.6), unit="1", doc="Pull of cells that the enemy holds whole (b)."
    )
    momentum_exponent: Float[Array, "run"] = parameter(
        LogNormal(0.3, 0.6, 1.0), unit="1", doc="Pull of recent gains near by (c)."
    )
    resistance: Float[Array, "feature run"] = parameter(
        Normal(-0.3, 0.0, 0.3), unit="1", doc="How much each feature of the ground repels (θ), per standard deviation."
    )


class State(eqx.Module):
    """The map, and how the front is moving."""

    held: Float[Array, "cell run"] = quantity("1", "First side's share of each cell.", SHARE)
    momentum: Float[Array, "side cell run"] = quantity("1/week", "Share of each cell taken lately, here and near by.")
    budget: Float[Array, "side run"] = quantity("log(km2/week)", "Log budget of the whole front.", SIGNED)
    tempo: Float[Array, "side axis run"] = quantity("log(km2/week)", "Log tempo of each axis.", SIGNED)
    dug: Float[Array, "side axis run"] = quantity("1", "Works kept up behind the side's line; 1 at the opening.")
    works_opening: Float[Array, "side axis run"] = quantity("1", "Mapped works in the line, relative to the theatre.")
    overrun_opening: Float[Array, "side axis run"] = quantity("1", "Share of its works that the side expects to lose.")
    salient: Float[Array, "side axis run"] = quantity("km2", "Taken through breaches and not regained.")
    supply_opening: Float[Array, "side axis run"] = quantity("1", "Supply of the line at the opening.")
    height_opening: Float[Array, "side axis run"] = quantity("m", "How much higher the line stood then.", SIGNED)


class Flows(eqx.Module):
    """What changed hands during the week."""

    taken: Float[Array, "side axis run"] = quantity("km2", "Ground taken from the enemy.")
    unspent: Float[Array, "side axis run"] = quantity("km2", "Ground wanted beyond what was there.", derived=True)
    expected: Float[Array, "side axis run"] = quantity("km2", "Mean of the ground that was to be taken (μ).")
    residents: Float[Array, "side axis run"] = quantity("person", "Residents before the war, of the ground taken.")
    works: Float[Array, "side axis run"] = quantity("1", "Works in the side's line, relative to the opening.")
    height: Float[Array, "side axis run"] = quantity("m", "How much higher the side's line stands.", SIGNED)
    control: Float[Array, "town run"] = quantity("1", "First side's share of each town, as the week begins.", SHARE)
    ceded: Float[Array, "axis run"] = quantity("km2", "Ground ceded to the first side by decree.", SIGNED, derived=True)
    overflow: Bool[Array, ""] = quantity("1", "More cells in reach of the front than the list holds.", derived=True)


class Contact(eqx.Module):
    """What each side's line is like where it meets the enemy."""

    strip: Float[Array, "side axis run"]
    """km² of the enemy's that the side can enter."""
    works: Float[Array, "side axis run"]
    """Works of the side in its own strip, as mapped."""
    height: Float[Array, "side axis run"]
    """m by which the side's strip stands above the enemy's."""


def met(
    room: Float[Array, "n run"],
    near: Float[Array, "n run"],
    member: Float[Array, "axis n"],
    works: Float[Array, "n"],
    height: Float[Array, "n"],
) -> Float[Array, "3 axis run"]:
    """Sums over some cells of what a side can enter of them (`room`, km²): of 1, of the enemy's works, of height."""
    told = jnp.stack([jnp.ones_like(height), works, height])
    sums = (told[:, None] * member).reshape(-1, len(height)) @ (room * near)
    return sums.reshape(len(told), len(member), -1)


def contact(sums: Float[Array, "side 3 axis run"]) -> Contact:
    """Means over the cells that the enemy of each side can enter, weighted by the km² that he could take."""
    strip, works, height = sums[:, 0], sums[:, 1], sums[:, 2]
    mean = 1 / jnp.maximum(enemy(strip), 1e-6)
    stands = enemy(height) * mean
    return Contact(strip, enemy(works) * mean, stands - enemy(stands))


def presence(own: Array, beside: Array, border: Array) -> Float[Array, "n run"]:
    """A side's hold of some cells and their neighbours; more than none behind a border that it has not crossed."""
    return jnp.maximum(0.5 * own + 0.5 * beside, BORDER_PRESENCE * border[:, None])


def pressure_balance(
    params: Params,
    force: Array,
    supply: Array,
    passage: Array,
    press: Array,
    density: Array,
    works: Array,
    height: Array,
) -> Float[Array, "side axis run"]:
    """Δ: what physics says of each side's chance on each axis."""
    overlooked = jnp.exp(-params.height_drones * enemy(density))
    fed = jnp.log(jnp.maximum(supply, 1e-3))
    return (
        params.force_exponent * force[:, None]
        + params.supply_exponent * (fed - enemy(fed))
        + params.passage_exponent * jnp.log(jnp.maximum(passage, 1e-3))
        + params.press_exponent * jnp.log(jnp.maximum(press, 1e-3))[:, None]
        - params.works_effect * jnp.log(jnp.maximum(enemy(works), LEAST_WORKS))
        + params.height_effect * height / 100 * overlooked
    )


def axis_share(tempo: Float[Array, "side axis run"]) -> Float[Array, "side axis run"]:
    """Each axis's share of the budget."""
    share = jnp.exp(tempo - tempo.max(axis=1, keepdims=True))
    return share / share.sum(axis=1, keepdims=True)


def overrun(line: Contact, taken: Float[Array, "side axis run"]) -> Float[Array, "side axis run"]:
    """Share of each side's works that goes with the ground that the enemy takes."""
    return jnp.minimum(enemy(taken) / jnp.maximum(WORKS_DEPTH * enemy(line.strip), 1.0), 1.0)


def mean_ground(
    params: Params, state: State, moved: Array, effort: Array, surge: Array, regained: Array
) -> Float[Array, "side axis run"]:
    """μ: expected km² taken this week, by side and axis; `moved` is Δ less that of the opening."""
    statistical = effort[:, None] * jnp.exp(state.budget)[:, None] * axis_share(state.tempo)
    factor = surge * jnp.exp(jnp.clip(params.physics * moved, -MOST_MOVED, MOST_MOVED))
    won_back = params.physics * effort[:, None] * regained * enemy(state.salient)
    return jnp.where(params.physics > 0, statistical * factor + won_back, statistical)


def lumps(mean: Array, lump: Array, count_u: Array, size_u: Array) -> Float[Array, "side axis run"]:
    """Compound Poisson–gamma ground: quantiles of a Poisson number of lumps, and of their sum.

    E = μ, Var = μ m (1 + 1/κ), P(0) = exp(−μ/m).
    """
    count = poisson_quantile(mean / lump, count_u)
    return jnp.where(count > 0, gamma_quantile(count, size_u) * lump / LUMP_SHAPE, 0.0)


EXACT_COUNT = 12
_SCORES = np.linspace(-5.4, 5.4, 217)
_LOG_GAMMA = np.log(gammaincinv(LUMP_SHAPE * np.arange(1, EXACT_COUNT + 1)[:, None], ndtr(_SCORES)))
"""Log quantiles of Gamma(0.8 n) at normal scores, for n = 1 … 12 lumps."""


def poisson_quantile(rate: Array, u: Array) -> Array:
    """Smallest n with P(N ≤ n) ≥ u, exact up to `EXACT_COUNT`, beyond by Cornish and Fisher's expansion."""
    term = jnp.exp(-rate)
    cumulative, count = term, jnp.zeros_like(rate)
    for n in range(1, EXACT_COUNT + 1):
        count = count + (u > cumulative)
        term = term * rate / n
        cumulative = cumulative + term
    z = normal_quantile(u)
    far = jnp.round(rate + jnp.sqrt(rate) * z + (z**2 - 1) / 6)
    return jnp.where((count >= EXACT_COUNT) | (rate > EXACT_COUNT), jnp.maximum(far, 0.0), count)


def gamma_quantile(count: Array, u: Array) -> Array:
    """Quantile u of Gamma(0.8 · count): tabulated up to 12 lumps, Wilson and Hilferty's cube beyond."""
    z = normal_quantile(u)
    place = (jnp.clip(z, _SCORES[0], _SCORES[-1]) - _SCORES[0]) / (_SCORES[1] - _SCORES[0])
    left = jnp.clip(place.astype(int), 0, len(_SCORES) - 2)
    row = jnp.clip(count, 1, EXACT_COUNT).astype(int) - 1
    table = jnp.asarray(_LOG_GAMMA, z.dtype)
    low, high = table[row, left], table[row, left + 1]
    small = jnp.exp(low + (high - low) * (place - left))
    shape = LUMP_SHAPE * jnp.maximum(count, 1.0)
    cube = shape * jnp.maximum(1 - 1 / (9 * shape) + z / (3 * jnp.sqrt(shape)), 0.0) ** 3
    return jnp.where(count > EXACT_COUNT, cube, small)


def in_reach(ground: Ground, held: Float[Array, "cell run"]) -> Bool[Array, "cell"]:
    """Cells that could change in some run: one side stands there or next to it, and the other has something left."""
    stands = jnp.stack([held.max(axis=1), 1 - held.min(axis=1)]) > TRACE
    near = stands | (ground.border > TRACE)
    for k in range(NEIGHBOURS):
        near = near | stands[:, ground.neighbour[:, k]]
    return (near & enemy(stands)).any(axis=0) & (ground.area > 0)


def listed(reach: Bool[Array, "cell"], length: int) -> Int[Array, "block place"]:
    """Rows of the cells in reach, in blocks, filled up with the dummy row; there is room for `length` of them."""
    blocks = -(-length // BLOCK)
    place = jnp.where(reach, jnp.cumsum(reach) - 1, blocks * BLOCK)
    rows = jnp.arange(len(reach), dtype=jnp.int32)
    none = jnp.full(blocks * BLOCK, len(reach) - 1, jnp.int32)
    return none.at[place].set(rows, mode="drop").reshape(blocks, BLOCK)


def neighbour_mean(values: Float[Array, "... cell run"], neighbour: Int[Array, "n 6"]) -> Float[Array, "... n run"]:
    """Mean over the six neighbours of some cells."""
    total = values[..., neighbour[:, 0], :]
    for k in range(1, NEIGHBOURS):
        total = total + values[..., neighbour[:, k], :]
    return total / NEIGHBOURS


def share_taken(x: Array) -> Array:
    """Share of the room that is taken at odds x: nothing below `LEAST`, all of it in the limit."""
    return jnp.maximum(x - LEAST, 0.0) / (1 + x)


def to_axes(value: Float[Array, "n"], axis: Int[Array, "n"], number: int) -> Float[Array, "axis n"]:
    """What cells of the given value add to the sum over each axis."""
    return jnp.where(jnp.arange(number)[:, None] == axis, value, 0.0)


def ground_taken(
    multiple: Float[Array, "axis run"],
    ratio: Float[Array, "block n run"],
    room: Float[Array, "block n run"],
    area: Float[Array, "block n"],
    axis: Int[Array, "block n"],
    blocks: Int[Array, ""] | int,
) -> Float[Array, "axis run"]:
    """km² taken on each axis at λ: Σ area · room · share_taken(λ · ratio³) over so many blocks."""

    def add(k: Array, total: Array) -> Array:
        part = share_taken(multiple[axis[k]] * ratio[k] ** SHARPNESS)
        return total + to_axes(area[k], axis[k], len(multiple)) @ (room[k] * part)

    return jax.lax.fori_loop(0, blocks, add, jnp.zeros_like(multiple))


def multiplier(
    ratio: Float[Array, "block n run"],
    room: Float[Array, "block n run"],
    area: Float[Array, "block n"],
    axis: Int[Array, "block n"],
    wanted: Float[Array, "axis run"],
    blocks: Int[Array, ""] | int,
) -> Float[Array, "axis run"]:
    """λ at which just ≥ wanted is taken on each axis (`ground_taken`), over so many blocks; ratio is w/u.

    Secants of the log of what is taken over ln λ. Nothing is taken up to λ = LEAST / max ratio³, which bounds the
    search from below; it starts at the root for few cells taken, Σ room w · λ^⅓ · ∫ du/(1 + u³), with the slope ⅓ that
    follows, and aims a little high, so that it ends on the side where the gains can be scaled down to what is wanted.
    """
    wanted = jnp.maximum(wanted, 1e-9)
    none = jnp.zeros_like(wanted)

    def look(k: Array, known: tuple[Array, Array]) -> tuple[Array, Array]:
        few, best = known
        few = few + to_axes(area[k], axis[k], len(wanted)) @ (room[k] * jnp.minimum(ratio[k], 1.0))
        return few, best.at[axis[k]].max(jnp.where(room[k] > 0, ratio[k], 0.0))

    few, best = jax.lax.fori_loop(0, blocks, look, (none, none))
    few = math.pi / SHARPNESS / math.sin(math.pi / SHARPNESS) * few
    lowest, highest = (math.log(bound) for bound in MULTIPLE)
    low = jnp.clip(jnp.log(LEAST / jnp.maximum(best**SHARPNESS, 1e-30)), lowest, highest)
    start = jnp.clip(SHARPNESS * jnp.log(wanted / jnp.maximum(few, 1e-9)), low + 0.05, highest)

    def improve(_: int, known: tuple[Array, ...]) -> tuple[Array, ...]:
        here, low, high, before, missed, slope = known
        value = jnp.maximum(ground_taken(jnp.exp(here), ratio, room, area, axis, blocks), 1e-9)
        low, high = jnp.where(value < wanted, here, low), jnp.where(value < wanted, high, here)
        miss = jnp.log(value / wanted)
        secant = (miss - missed) / jnp.where(here == before, 1.0, here - before)
        slope = jnp.where((here != before) & (secant > LEAST_SLOPE), secant, slope)
        there = here + (math.log(AIM) - miss) / slope
        there = jnp.where(there <= low, (here + low) / 2, jnp.where(there >= high, (here + high) / 2, there))
        return jnp.minimum(there, here + LEAP), low, high, here, miss, slope

    known = start, low, jnp.full_like(wanted, highest), start, none, jnp.full_like(wanted, 1 / SHARPNESS)
    return jnp.exp(jax.lax.fori_loop(0, SEARCH_STEPS, improve, known)[2])


def weight(params: Params, near: Array, room: Array, momentum: Array, ease: Array) -> Float[Array, "n run"]:
    """Relative chance of each cell to be taken: presence^a · room^b · (momentum + .001)^c · exp(−θ · feature)."""
    attraction = (
        params.presence_exponent * jnp.log(jnp.maximum(near, TRACE))
        + params.room_exponent * jnp.log(jnp.maximum(room, TRACE))
        + params.momentum_exponent * jnp.log((momentum + MOMENTUM_FLOOR) / MOMENTUM_FLOOR)
    )
    return jnp.where((near > TRACE) & (room > TRACE), jnp.exp(attraction + ease), 0.0)


def aim(
    ratio: Float[Array, "block n run"],
    room: Float[Array, "block n run"],
    area: Float[Array, "block n"],
    axis: Int[Array, "block n"],
    wanted: Float[Array, "axis run"],
    blocks: Int[Array, ""] | int,
) -> tuple[Float[Array, "axis run"], Float[Array, "axis run"]]:
    """λ on each axis, and the factor ≤ 1 that then scales the gains down to what is wanted."""
    multiple = multiplier(ratio, room, area, axis, wanted, blocks)

    found = ground_taken(multiple, ratio, room, area, axis, blocks)
    return multiple, jnp.where(wanted > 0, wanted / jnp.maximum(found, 1e-9), 0.0)


def gained(ratio: Array, room: Array, axis: Array, multiple: Array, scale: Array) -> Float[Array, "n run"]:
    """What a side gains of each cell, given λ and the factor of its axis (`aim`)."""
    part = share_taken(multiple[axis] * ratio**SHARPNESS)
    gain = room * jnp.minimum(part * scale[axis], 1.0)
    return jnp.where(jnp.isfinite(gain), gain, 0.0)  # a broken run keeps its map; what it wanted tells that it broke


def decree(
    ground: Ground, held: Float[Array, "cell run"], do: Intervention
) -> tuple[Float[Array, "cell run"], Float[Array, "town run"], Float[Array, "axis run"]]:
    """Towns that are given to a side by decree: the map, the first side's share of each, km² that change hands."""
    before = held[ground.town_cell]
    share = jnp.minimum((ground.town_weight[..., None] * before).sum(axis=1), 1.0)
    control = do("control", share)
    risen, fallen = (control - share) / jnp.maximum(1 - share, 1e-9), (share - control) / jnp.maximum(share, 1e-9)
    move = jnp.where(control > share, risen, jnp.where(control < share, -fallen, 0.0))[:, None]
    change = jnp.where(
        ground.area[ground.town_cell][..., None] > 0, jnp.where(move > 0, 1 - before, before) * move, 0.0
    )
    after = held.at[ground.town_cell].add(change)
    after = after.at[ground.town_cell].set(jnp.clip(after[ground.town_cell], 0.0, 1.0))
    shared = jnp.zeros_like(ground.area).at[ground.town_cell].add(1.0)[ground.town_cell]
    moved = (after[ground.town_cell] - before) * (ground.area[ground.town_cell] / shared)[..., None]
    by_axis = jax.ops.segment_sum(
        moved.reshape(-1, moved.shape[-1]), ground.axis[ground.town_cell].reshape(-1), num_segments=ground.axes
    )
    return after, control, by_axis


def opening(
    params: Params, ground: Ground, share: Float[Array, "cell"], momentum: Float[Array, "side cell"], supply: Array
) -> State:
    """The map as observed, the same in every run, and the balance that later weeks are measured from.

    `share`, the first side's of each cell, and `momentum` are without the dummy row.
    """
    runs = params.physics.shape[0]
    held = jnp.append(share, 0.0)[:, None]
    beside = neighbour_mean(held, ground.neighbour)
    sums = []
    for side, (own, around) in enumerate(((held, beside), (1 - held, 1 - beside))):
        near, room = presence(own, around, ground.border[side]), (1 - own) * ground.area[:, None]
        sums.append(met(room, near, ground.by_axis(), ground.works[1 - side], ground.height))
    line = contact(jnp.stack(sums))
    even = jnp.ones_like(supply)
    return State(
        held=jnp.repeat(held, runs, axis=1),
        momentum=jnp.repeat(jnp.pad(momentum, ((0, 0), (0, 1)))[..., None], runs, axis=2),
        budget=params.budget_opening,
        tempo=params.tempo_opening,
        dug=even,
        works_opening=line.works * even,
        overrun_opening=overrun(line, jnp.exp(params.budget_opening)[:, None] * axis_share(params.tempo_opening)),
        salient=jnp.zeros_like(even),
        supply_opening=supply,
        height_opening=line.height * even,
    )


def garrison_of(ground: Ground) -> Int[Array, "cell"]:
    """Which garrison a cell belongs to, the first that claims it; one beyond the last where none does."""
    number = ground.garrison_cell.shape[0]
    index = jnp.broadcast_to(jnp.arange(number)[:, None], ground.garrison_cell.shape)
    none = jnp.full(ground.area.shape, number)
    return none.at[ground.garrison_cell].min(index).at[-1].set(number)


def step(
    params: Params,
    state: State,
    *,
    do: Intervention,
    noise: Noise,
    ground: Ground,
    effort: Float[Array, "side run"],
    force: Float[Array, "side run"],
    supply: Float[Array, "side axis run"],
    passage: Float[Array, "side axis run"],
    press: Float[Array, "side run"],
    density: Float[Array, "side axis run"],
    surge: Float[Array, "side axis run"],
    regained: Float[Array, "side axis run"],
    resistance: Float[Array, "garrison run"],
    list_length: int,
) -> tuple[State, Flows]:
    """Draw what each side takes on each axis, choose the cells, let budgets and tempos wander.

    `force` is the log force ratio relative to the opening, `surge` the factor of a breach, `regained` the share of the
    enemy's salient that a side aims to win back. `list_length` is how many cells in reach can be worked on.
    """
    whole_map, control, ceded = decree(ground, state.held, do)
    reach = in_reach(ground, whole_map)
    at = listed(reach, list_length)
    blocks = jnp.minimum(-(-reach.sum() // BLOCK), len(at))
    area, axis = ground.area[at], ground.axis[at]
    steady = jnp.log(jnp.maximum(jnp.concatenate([resistance, jnp.ones_like(whole_map[:1])]), 1e-3))
    steady = jnp.where(params.physics > 0, params.resistance_effect * steady, 0.0)
    garrison = garrison_of(ground)

    def find(k: Array, known: tuple[Array, Array]) -> tuple[Array, Array]:
        """A block of cells: how it is held, and what is beside it."""
        held, beside = known
        return held.at[k].set(whole_map[at[k]]), beside.at[k].set(neighbour_mean(whole_map, ground.neighbour[at[k]]))

    def look(k: Array, known: tuple[list[Array], list[Array]]) -> tuple[list[Array], list[Array]]:
        """A block of cells: each side's w/u, and where the sides meet."""
        ratio, sums = (list(part) for part in known)
        cell = at[k]
        ease = -ground.feature[:, cell].T @ params.resistance - steady[garrison[cell]]
        luck, member = noise.both_sides("cell", cell), to_axes(jnp.ones_like(area[k]), axis[k], ground.axes)
        for side, (own, around) in enumerate(((held[k], beside[k]), (1 - held[k], 1 - beside[k]))):
            near = presence(own, around, ground.border[side, cell])
            chance = weight(params, near, 1 - own, state.momentum[side, cell], ease)
            room = (1 - own) * area[k][:, None]
            ratio[side] = ratio[side].at[k].set(jnp.minimum(chance / luck[side], 1e7))
            sums[side] = sums[side] + met(room, near, member, ground.works[1 - side, cell], ground.height[cell])
        return ratio, sums

    blank, zero = (jnp.zeros((*shape, whole_map.shape[-1]), whole_map.dtype) for shape in (at.shape, (3, ground.axes)))
    held, beside = jax.lax.fori_loop(0, blocks, find, (blank, blank))
    ratio, sums = jax.lax.fori_loop(0, blocks, look, ([blank] * SIDES, [zero] * SIDES))
    line = contact(jnp.stack(sums))
    mapped = (line.works + SOME_WORKS) / (state.works_opening + SOME_WORKS)
    works, height = do("works", mapped**params.works_map * state.dug**params.works_wear), do("height", line.height)

    even, level = jnp.ones_like(supply), jnp.zeros_like(force)
    moved = pressure_balance(params, force, supply, passage, press, density, works, height) - pressure_balance(
        params, level, state.supply_opening, even, level + 1, even, even, state.height_opening
    )
    shape = state.tempo.shape[:-1]
    mean = do("expected", mean_ground(params, state, moved, effort, surge, regained))
    wanted = do("taken", lumps(mean, params.lump, noise.uniform("count", shape), noise.uniform("size", shape)))

    aims = [aim(ratio[side], room, area, axis, wanted[side], blocks) for side, room in enumerate((1 - held, held))]

    def move(k: Array, known: tuple[Array, ...]) -> tuple[Array, ...]:
        """A block of cells: what each side takes of it."""
        whole_map, momentum, taken, residents = known
        km2, people = (to_axes(each[at[k]], axis[k], ground.axes) for each in (ground.area, ground.population))
        after = held[k]
        for side, (room, sign) in enumerate(((1 - held[k], 1), (held[k], -1))):
            gain = gained(ratio[side][k], room, axis[k], *aims[side])
            after = after + sign * gain
            momentum = momentum.at[side, at[k]].add((1 - MOMENTUM_MEMORY) * gain)
            taken, residents = taken.at[side].add(km2 @ gain), residents.at[side].add(people @ gain)
        return whole_map.at[at[k]].set(jnp.clip(after, 0.0, 1.0)), momentum, taken, residents

    near_by = neighbour_mean(state.momentum, ground.neighbour)
    faded = MOMENTUM_MEMORY * ((1 - MOMENTUM_SPREAD) * state.momentum + MOMENTUM_SPREAD * near_by)
    none = jnp.zeros_like(wanted)
    new_map, momentum, taken, residents = jax.lax.fori_loop(0, blocks, move, (whole_map, faded, none, none))
    excess = overrun(line, taken) - state.overrun_opening
    dug = jnp.clip(state.dug * (1 - excess) + params.digging * (1 - state.dug), 0.0, MOST_DUG)
    breached = jnp.where(surge > 1, taken, 0.0)
    after = State(
        held=new_map,
        momentum=momentum,
        budget=wander(
            state.budget,
            params.budget_mean,
            params.budget_spread,
            params.budget_half_life,
            noise.uniform("budget", shape[:1]),
        ),
        tempo=wander(
            state.tempo, params.tempo_mean, params.tempo_spread, params.tempo_half_life, noise.uniform("tempo", shape)
        ),
        dug=dug,
        works_opening=state.works_opening,
        overrun_opening=state.overrun_opening,
        salient=jnp.maximum(state.salient - enemy(taken), 0.0) + breached,
        supply_opening=state.supply_opening,
        height_opening=state.height_opening,
    )
    return after, Flows(
        taken=taken,
        unspent=jnp.maximum(wanted - taken, 0.0),
        expected=mean,
        residents=do("residents", residents),
        works=works,
        height=height,
        control=control,
        ceded=ceded,
        overflow=reach.sum() > list_length,
    )
