"""Strikes: which weapons a side launches deep into the enemy's country, how bunched, and at what.

A side flies its stocks down over `cover` weeks. Of each weapon it launches the share
    share = min(fire · sight^i · leave^l · exp(tempo + urge) · luck / cover, 1)
of what it has. Sight is what patrons let the side see, leave what they allow it to use of their missiles, both relative
to the opening. Tempo is a slow walk that all weapons of a side have in common: campaigns come and go. The urge is 0
but for missiles that were made for ships, which are fired at land the faster the fewer land-attack missiles there are,
    urge = substitution · log(cruise and ballistic missiles at the opening / now).
Luck is the week's own, by weapon, with mean one and spread s,
    luck = max(1 − b² + b z, 0)³,   b = s / 3,
the cube of a normal z that stands for a gamma (Wilson and Hilferty 1931): at s near 1 some weeks see next to nothing
launched, others thrice the mean. Up to s = 1.5 its mean is one and its spread s, both to within 2 %.

A week's launches fall on some nights more than on others, which the defence feels as if they were spread evenly over
fewer nights. They are aimed at sectors in proportion to weights; the log weight of the grid rises as the season gets
colder than the opening's, by `winter_turn` for 10 °C.

Left out: whole numbers of weapons, bombers and launchers as limits, luck shared by weapons that fly together, nights
and aim by weapon, aims that answer to damage done, what is saved up for one blow.
Sources: spread of weekly launches after the defender's daily reports (`luck` near 1.0 for cruise, .5 for ballistic
missiles, .3 for drones); salvo bunching: model notes, section 4; the rest elicited. Open claim M22: substitution.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ceasefire.model.axes import MUNITIONS, SECTORS, WEAPONS, relative
from ceasefire.model.declare import SHARE, SIGNED, Fixed, LogNormal, coupling, parameter, quantity
from ceasefire.model.intervene import Intervention
from ceasefire.model.noise import Noise, normal_quantile, wander

AMONG_MUNITIONS = slice(MUNITIONS.index(WEAPONS[0]), MUNITIONS.index(WEAPONS[-1]) + 1)
"""Where weapons stand among munitions, in the same order."""
LAND_ATTACK = slice(WEAPONS.index("cruise_missile"), WEAPONS.index("ballistic_missile") + 1)
ANTISHIP = np.array(WEAPONS)[:, None] == "antiship_missile"
MISSILE = np.char.endswith(np.array(WEAPONS)[:, None], "missile")
GRID = np.array(SECTORS)[:, None] == "grid"
TRACE = 1.0
"""Missiles that are always there, so that none relative to none is 1; arbitrary, and small beside any stock."""
WEEK = 7.0
"""Nights in a week."""
MEMORY = 2.0 ** (-1 / 8)
"""Of launches lately: a half-life of eight weeks (elicited)."""
WIDEST = 2.0
"""No spread of luck is wider; beyond it the cube no longer keeps its mean."""
FURTHEST = 20.0
"""Logarithms beyond this mean nothing, and single precision comes to its end."""


class Params(eqx.Module):
    """What is not known exactly about strikes."""

    cover: Float[Array, "side weapon run"] = parameter(
        LogNormal(1.5, 4, 12), unit="week", doc="Time over which a side launches its stock; a week at least."
    )
    luck: Float[Array, "side weapon run"] = parameter(
        LogNormal(0.2, 0.5, 1.2), unit="1", doc="Week-to-week standard deviation of launches, relative to the plan."
    )
    tempo_spread: Float[Array, "run"] = parameter(
        LogNormal(0.1, 0.25, 0.6), unit="1", doc="Standard deviation of the log tempo of a side's launches."
    )
    tempo_half_life: Float[Array, "run"] = parameter(
        LogNormal(3, 8, 25), unit="week", doc="Half-life of the tempo's excursions."
    )
    substitution: Float[Array, "run"] = coupling(
        "strikes.stock",
        "strikes.launched",
        LogNormal(0.3, 0.8, 2.0),
        doc="How the pace of antiship missiles rises as land-attack missiles run out (elasticity).",
    )
    intelligence_exponent: Float[Array, "run"] = coupling(
        "patrons.intelligence",
        "strikes.launched",
        LogNormal(0.1, 0.4, 1.0),
        doc="How the pace of launches follows what patrons let a side see (i).",
    )
    licence_exponent: Float[Array, "run"] = coupling(
        "patrons.licence",
        "strikes.launched",
        Fixed(1.0),
        doc="How the pace of missiles follows leave to use them (l); 1 is in proportion.",
    )
    nights_usual: Float[Array, "side run"] = parameter(
        LogNormal(2.5, 4.5, 6.5), unit="1", doc="Nights over which a week's launches are spread in effect, 1 to 7."
    )
    nights_spread: Float[Array, "run"] = parameter(
        LogNormal(0.1, 0.25, 0.5), unit="1", doc="Week-to-week standard deviation of the log of those nights."
    )
    aim_weight: Float[Array, "side sector run"] = parameter(
        LogNormal(0.05, 0.2, 0.5), unit="1", doc="Weight of each of the enemy's sectors in what a side aims at."
    )
    winter_turn: Float[Array, "run"] = coupling(
        "weather.temperature",
        "strikes.aim",
        LogNormal(0.1, 0.4, 1.0),
        doc="Log weight of the grid gained as the season gets 10 °C colder.",
    )


class State(eqx.Module):
    """What is left to launch, and how hard it is launched."""

    stock: Float[Array, "side weapon run"] = quantity("count", "Weapons ready to be launched.")
    tempo: Float[Array, "side run"] = quantity("1", "Log of the tempo of launches, relative to the opening.", SIGNED)
    land_attack_opening: Float[Array, "side run"] = quantity("count", "Cruise and ballistic missiles at the opening.")
    launches: Float[Array, "side run"] = quantity("count/week", "Weapons launched a week, lately.")
    launches_opening: Float[Array, "side run"] = quantity("count/week", "The same at the opening.")


class Flows(eqx.Module):
    """What was launched this week."""

    launched: Float[Array, "side weapon run"] = quantity("count", "Weapons launched this week.")
    nights: Float[Array, "side run"] = quantity(
        "1", "Nights over which the week's launches were spread, in effect.", (1.0, WEEK), level=True
    )
    aim: Float[Array, "side sector run"] = quantity(
        "1", "Share of a side's launches aimed at each of the enemy's sectors.", SHARE, level=True
    )


def opening(params: Params, delivered: Float[Array, "side munition run"]) -> State:
    """Stocks that stay as they are while as many are delivered."""
    launched = delivered[:, AMONG_MUNITIONS]
    stock = launched * _cover(params)
    usual, calm = launched.sum(axis=1), jnp.zeros_like(params.nights_usual)
    return State(stock, calm, stock[:, LAND_ATTACK].sum(axis=1), usual, usual)


def escalation(state: State) -> Float[Array, "side run"]:
    """Log of weapons launched lately relative to the opening; 0 where fewer are."""
    return jnp.maximum(jnp.log(relative(state.launches, state.launches_opening, TRACE)), 0.0)


def opening_nights(params: Params) -> Float[Array, "side run"]:
    """Nights of a week at the opening, their luck at the median."""
    return jnp.clip(params.nights_usual, 1.0, WEEK)


def opening_aim(params: Params) -> Float[Array, "side sector run"]:
    """Shares aimed at each sector in the season of the opening."""
    return shares(params.aim_weight)


def _cover(params: Params) -> Array:
    return jnp.maximum(params.cover, 1.0)


def shares(weight: Float[Array, "side sector run"]) -> Float[Array, "side sector run"]:
    """Weights as shares of their sum; none where all are 0."""
    return weight / jnp.maximum(weight.sum(axis=1, keepdims=True), 1e-30)


def gamma_like(spread: Array, u: Array) -> Array:
    """Quantile u of a positive number with mean one and the given spread: the cube of a normal."""
    b = jnp.minimum(spread, WIDEST) / 3
    return jnp.maximum(1 - b**2 + b * normal_quantile(u), 0.0) ** 3


def step(
    params: Params,
    state: State,
    *,
    do: Intervention,
    noise: Noise,
    fire: Float[Array, "side run"],
    delivered: Float[Array, "side munition run"],
    colder: Float[Array, "run"],
    intelligence: Float[Array, "side run"],
    licence: Float[Array, "side run"],
) -> tuple[State, Flows]:
    """Launch and aim; then the tempo moves on and the week's output arrives.

    `colder` is by how many °C the climate of the week is colder than at the opening; `intelligence` and `licence` are
    what patrons give and allow, relative to the opening.
    """
    weapons, sides = state.stock.shape[:-1], fire.shape[:-1]
    left = relative(state.stock[:, LAND_ATTACK].sum(axis=1), state.land_attack_opening, TRACE)
    urge = state.tempo[:, None] - ANTISHIP * (params.substitution * jnp.log(left))[:, None]
    luck = gamma_like(params.luck, noise.uniform("launch", weapons))
    leave = jnp.where(MISSILE, (licence**params.licence_exponent)[:, None], 1.0)
    able = fire * intelligence**params.intelligence_exponent
    pace = able[:, None] * leave * jnp.exp(jnp.minimum(urge, FURTHEST)) * luck / _cover(params)
    launched = jnp.minimum(do("launched", jnp.minimum(pace, 1.0) * state.stock), state.stock)

    bunched = jnp.exp(params.nights_spread * normal_quantile(noise.uniform("nights", sides)))
    nights = do("nights", jnp.clip(opening_nights(params) * bunched, 1.0, WEEK))
    turn = jnp.exp(jnp.clip(params.winter_turn * colder / 10, -FURTHEST, FURTHEST))
    aim = shares(do("aim", shares(params.aim_weight * jnp.where(GRID, turn, 1.0))))

    still = jnp.zeros_like(params.tempo_spread)
    after = State(
        stock=state.stock - launched + delivered[:, AMONG_MUNITIONS],
        tempo=wander(state.tempo, still, params.tempo_spread, params.tempo_half_life, noise.uniform("tempo", sides)),
        land_attack_opening=state.land_attack_opening,
        launches=state.launches + (1 - MEMORY) * (launched.sum(axis=1) - state.launches),
        launches_opening=state.launches_opening,
    )
    return after, Flows(launched, nights, aim)
