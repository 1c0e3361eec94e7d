"""Front: how much ground each side takes on each axis, and which cells.

How much. Each side has a budget for the whole front, M, and a tempo for each axis, x; both are mean-reverting walks
in logarithms. An axis gets its share of the budget, μ_a = effort · M · exp(x_a) / Σ exp(x), times
[(troops / enemy troops)^γF · (supply / enemy supply)^γS]^b, both ratios relative to the opening; with b = 0 this is a
purely statistical model. The ground taken is compound Poisson–gamma: n ~ Poisson(μ/m) lumps of mean area m.

Where. A cell draws u in (0, 1) and gains room · x / (1 + x), x = λ (w / u)³, where room is what the enemy still
holds of it and λ is such that the cells of the axis gain what the axis takes. Because P(x > 1) = λ^⅓ w, the weight w
acts as the relative chance of a cell to be taken: w = presence^a · room^b · (momentum + .001)^c · exp(−θ · feature).
Presence is the side's hold of the cell and its neighbours; momentum is what was taken near by lately, spreading
along the front and fading with a half-life of six weeks.

Only cells in reach of the front are worked on. If there are more of them than the list has room for, the flow
`overflow` says so and the caller repeats with a longer list; nothing is dropped silently.

Left out: reserves that plug a breach, breakthroughs as a regime, pockets, sieges, jumps of more than one cell a week.
Sources: tempo and lumps from the weekly maps, by `scenario/tempo.py`; a, b, c, θ from the observed changes, by
`scenario/allocation.py`; γ elicited (model notes, section 1).
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtri
from jaxtyping import Array, Bool, Float, Int
from scipy.special import gammaincinv, ndtr

from ceasefire.model.axes import NEIGHBOURS, Ground, enemy
from ceasefire.model.declare import LogNormal, Normal, Uniform, parameter, quantity
from ceasefire.model.noise import Noise, wander

LUMP_SHAPE = 0.8
"""Gamma shape of one lump of ground (elicited)."""
SHARPNESS = 3
"""Exponent of (w/u): the higher, the fewer cells share the gains of a week (chosen with hindsight, see DATA.md)."""
MOMENTUM_MEMORY = 2.0 ** (-1 / 6)
MOMENTUM_SPREAD = 0.9
MOMENTUM_FLOOR = 0.001
SEARCH_STEPS, AIM, LEAP = 7, 1.0001, 6.0
"""Of the search for λ: how many steps, how high it aims, how far ln λ moves at most in one."""
LEAST = 0.04
"""Odds below which none of a cell is taken, so that the front does not dissolve into dust."""
MULTIPLE = (1e-34, 1e17)
BORDER_PRESENCE = 0.02
"""Presence of a side behind a border that it has not crossed (elicited)."""
TRACE = 1e-4
"""A share below this is nobody's foothold."""


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
    force_exponent: Float[Array, "run"] = parameter(
        LogNormal(0.3, 0.9, 1.8), unit="1", doc="Effect of the force ratio on an axis's budget (γF)."
    )
    supply_exponent: Float[Array, "run"] = parameter(
        LogNormal(0.2, 0.6, 1.2), unit="1", doc="Effect of the supply ratio on an axis's budget (γS)."
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

    held: Float[Array, "cell run"] = quantity("1", "First side's share of each cell.")
    momentum: Float[Array, "side cell run"] = quantity("1/week", "Share of each cell taken lately, here and near by.")
    budget: Float[Array, "side run"] = quantity("log(km2/week)", "Log budget of the whole front.")
    tempo: Float[Array, "side axis run"] = quantity("log(km2/week)", "Log tempo of each axis.")
    balance: Float[Array, "side axis run"] = quantity("1", "Log of force and supply ratio at the opening.")


class Flows(eqx.Module):
    """What changed hands during the week."""

    taken: Float[Array, "side axis run"] = quantity("km2", "Ground taken from the enemy.")
    unspent: Float[Array, "side axis run"] = quantity("km2", "Ground that could have been taken, had there been any.")
    overflow: Bool[Array, ""] = quantity("1", "More cells in reach of the front than the list holds.")


def relative_balance(params: Params, troops: Array, supply: Array) -> Float[Array, "side axis run"]:
    """γF ln(force ratio) + γS ln(supply ratio), each side over the other, on each axis."""
    force = jnp.log(jnp.maximum(troops, 1.0) / jnp.maximum(enemy(troops), 1.0))[:, None]
    return params.force_exponent * force + params.supply_exponent * jnp.log(supply / enemy(supply))


def mean_ground(params: Params, state: State, balance: Array, effort: Array) -> Float[Array, "side axis run"]:
    """μ: expected km² taken this week, by side and axis."""
    top = state.tempo.max(axis=1, keepdims=True)
    share = jnp.exp(state.tempo - top)
    share = share / share.sum(axis=1, keepdims=True)
    physics = jnp.exp(params.physics * (balance - state.balance))
    return effort[:, None] * jnp.exp(state.budget)[:, None] * share * physics


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
    z = ndtri(u)
    far = jnp.round(rate + jnp.sqrt(rate) * z + (z**2 - 1) / 6)
    return jnp.where((count >= EXACT_COUNT) | (rate > EXACT_COUNT), jnp.maximum(far, 0.0), count)


def gamma_quantile(count: Array, u: Array) -> Array:
    """Quantile u of Gamma(0.8 · count): tabulated up to 12 lumps, Wilson and Hilferty's cube beyond."""
    z = ndtri(u)
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
    most = jnp.stack([held.max(axis=1), (1 - held).max(axis=1)])
    near = jnp.maximum(most, most[:, ground.neighbour].max(axis=2))
    near = jnp.maximum(near, ground.border)
    contested = (near > TRACE) & (enemy(most) > TRACE)
    return contested.any(axis=0) & (ground.area > 0)


def neighbour_mean(values: Float[Array, "... cell run"], neighbour: Int[Array, "n 6"]) -> Float[Array, "... n run"]:
    """Mean over the six neighbours of some cells."""
    total = values[..., neighbour[:, 0], :]
    for k in range(1, NEIGHBOURS):
        total = total + values[..., neighbour[:, k], :]
    return total / NEIGHBOURS


def share_taken(x: Array) -> Array:
    """Share of the room that is taken at odds x: nothing below `LEAST`, all of it in the limit."""
    return jnp.maximum(x - LEAST, 0.0) / (1 + x)


def multiplier(
    ratio: Float[Array, "n run"],
    room: Float[Array, "n run"],
    axis: Int[Array, "n"],
    member: Float[Array, "axis n"],
    wanted: Float[Array, "axis run"],
) -> Float[Array, "axis run"]:
    """λ with Σ room · share_taken(λ · ratio³) just ≥ wanted on each axis; ratio is w/u, room in km².

    Newton's method in ln λ. The sum is 0 up to λ = LEAST / max ratio³, which bounds the search from below; it starts at
    the root for few cells taken, Σ room w · λ^⅓ · ∫ du/(1 + u³), and aims a little high, so that it ends on the side
    where the gains can be scaled down to what is wanted.
    """
    odds = ratio**SHARPNESS
    wanted = jnp.maximum(wanted, 1e-9)
    few = math.pi / SHARPNESS / math.sin(math.pi / SHARPNESS) * (member @ (room * jnp.minimum(ratio, 1.0)))
    best = jax.ops.segment_max(jnp.where(room > 0, odds, 0.0), axis, num_segments=member.shape[0])
    lowest, highest = (math.log(bound) for bound in MULTIPLE)
    low = jnp.clip(jnp.log(LEAST / jnp.maximum(best, 1e-30)), lowest, highest)
    high = jnp.full_like(wanted, highest)

    def improve(_: int, known: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        here, low, high = known
        x = jnp.exp(here)[axis] * odds
        value = jnp.maximum(member @ (room * share_taken(x)), 1e-9)
        slope = jnp.maximum(member @ (room * jnp.where(x > LEAST, (1 + LEAST) * x / (1 + x) ** 2, 0.0)), 1e-9)
        low, high = jnp.where(value < wanted, here, low), jnp.where(value < wanted, high, here)
        newton = here + jnp.log(AIM * wanted / value) * value / slope
        there = jnp.where(newton <= low, low + 0.3 * (here - low), jnp.where(newton >= high, (here + high) / 2, newton))
        return jnp.minimum(there, here + LEAP), low, high

    start = jnp.clip(SHARPNESS * jnp.log(wanted / jnp.maximum(few, 1e-9)), low + 0.05, highest)
    _, _, enough = jax.lax.fori_loop(0, SEARCH_STEPS, improve, (start, low, high))
    return jnp.exp(enough)


def weight(params: Params, near: Array, room: Array, momentum: Array, ease: Array) -> Float[Array, "n run"]:
    """Relative chance of each cell to be taken: presence^a · room^b · (momentum + .001)^c · exp(−θ · feature)."""
    attraction = (
        params.presence_exponent * jnp.log(jnp.maximum(near, TRACE))
        + params.room_exponent * jnp.log(jnp.maximum(room, TRACE))
        + params.momentum_exponent * jnp.log((momentum + MOMENTUM_FLOOR) / MOMENTUM_FLOOR)
    )
    return jnp.where((near > TRACE) & (room > TRACE), jnp.exp(attraction + ease), 0.0)


def allocate(
    ratio: Float[Array, "n run"],
    room: Float[Array, "n run"],
    area: Float[Array, "n"],
    axis: Int[Array, "n"],
    wanted: Float[Array, "axis run"],
) -> tuple[Float[Array, "n run"], Float[Array, "axis run"]]:
    """Spread the ground that one side takes on each axis over the cells; returns each cell's gain and the km² taken."""
    member = (jnp.arange(wanted.shape[0])[:, None] == axis).astype(area.dtype)
    room_area = room * area[:, None]
    multiple = multiplier(ratio, room_area, axis, member, wanted)
    part = share_taken(multiple[axis] * ratio**SHARPNESS)
    found = member @ (room_area * part)
    scale = jnp.where(wanted > 0, wanted / jnp.maximum(found, 1e-9), 0.0)
    gain = room * jnp.minimum(part * scale[axis], 1.0)
    gain = jnp.where(jnp.isfinite(gain), gain, 0.0)  # a broken run keeps its map; what it wanted tells that it broke
    return gain, member @ (gain * area[:, None])


def step(
    params: Params,
    state: State,
    *,
    ground: Ground,
    noise: Noise,
    effort: Float[Array, "side run"],
    troops: Float[Array, "side run"],
    supply: Float[Array, "side axis run"],
    list_length: int,
) -> tuple[State, Flows]:
    """Draw what each side takes on each axis, choose the cells, let budgets and tempos wander.

    `list_length` is how many cells in reach of the front can be worked on.
    """
    balance = relative_balance(params, troops, supply)
    shape = state.tempo.shape[:-1]
    mean = mean_ground(params, state, balance, effort)
    wanted = lumps(mean, params.lump, noise.uniform("count", shape), noise.uniform("size", shape))

    reach = in_reach(ground, state.held)
    at = jnp.nonzero(reach, size=list_length, fill_value=ground.area.shape[0] - 1)[0]
    held, beside = state.held[at], neighbour_mean(state.held, ground.neighbour[at])
    momentum = state.momentum[:, at]
    ease = -ground.feature[:, at].T @ params.resistance

    def one_side(_: None, side: tuple[Array, ...]) -> tuple[None, tuple[Array, Array]]:
        """The same rules for each side in turn: its share of the ground, its luck, its aims."""
        first, border, momentum, wanted = side
        own = jnp.where(first, held, 1 - held)
        near = jnp.maximum(
            0.5 * own + 0.5 * jnp.where(first, beside, 1 - beside), BORDER_PRESENCE * border[at][:, None]
        )
        luck = noise.each("cell", 2 * at + jnp.where(first, 0, 1))
        ratio = jnp.minimum(weight(params, near, 1 - own, momentum, ease) / luck, 1e7)
        return None, allocate(ratio, 1 - own, ground.area[at], ground.axis[at], wanted)

    sides = (jnp.array([True, False]), ground.border, momentum, wanted)
    _, (gain, taken) = jax.lax.scan(one_side, None, sides)

    near_by = neighbour_mean(state.momentum, ground.neighbour)
    faded = MOMENTUM_MEMORY * ((1 - MOMENTUM_SPREAD) * state.momentum + MOMENTUM_SPREAD * near_by)
    after = State(
        held=state.held.at[at].set(jnp.clip(held + gain[0] - gain[1], 0.0, 1.0)),
        momentum=faded.at[:, at].add((1 - MOMENTUM_MEMORY) * gain),
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
        balance=state.balance,
    )
    return after, Flows(taken, wanted - taken, reach.sum() > list_length)
