"""Forts: a front reduced to a line of forts between two hearts.

What a side is expected to take in a week, km², is the size of a fort times
    E = (PRIOR_FORTS + forts taken lately) / (PRIOR_WEEKS + weeks watched) · e^(± κ ln(ratio of forces) / 2 ± x / 2),
x a mean-reverting walk, 0 at the opening. It gives power θ, about ln(E₁ / E₂), as a map does (`model/beliefs.py`),
and power the walk of Smith and Stam: a fort is decided in a week with chance 1 − e^(−1/time), and falls to the first
side with chance ½ + ½ tanh(2 · fort_power · θ), the law by which the sides reckon too (`model/bargaining.py`). The line
takes lands in their order, the nearest first, and gives back last what it held first.

Left out: all that a front is made of; losses, supply and weather do not move the line; that a side whose line is gone
has lost: its worth of fighting falls to nothing, no more.
Sources: Smith and Stam 2004, "Bargaining and the Nature of War"; sizes elicited.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from ceasefire.model.axes import enemy
from ceasefire.model.beliefs import own_sign
from ceasefire.model.declare import SHARE, SIGNED, LogNormal, parameter, quantity
from ceasefire.model.noise import Noise, wander
from ceasefire.scenario.pack import PRIOR_FORTS, PRIOR_WEEKS


class Params(eqx.Module):
    """What is not known exactly of the line."""

    force_effect: Float[Array, "run"] = parameter(
        LogNormal(0.5, 1.0, 2.0), unit="1", doc="How the ratio of forces acts on that of ground taken (κ)."
    )
    spread: Float[Array, "run"] = parameter(
        LogNormal(0.2, 0.5, 1.0), unit="1", doc="Stationary standard deviation of power, log, around its mean (x)."
    )
    half_life: Float[Array, "run"] = parameter(LogNormal(13, 26, 52), unit="week", doc="Half-life of what moves power.")


class Line(eqx.Module):
    """The line at the opening, constant during a war."""

    size: Float[Array, "land"]
    """Forts."""
    held: Float[Array, "land"]
    """Share that the first side holds."""
    fort: Float[Array, ""]
    """km² of a fort."""
    taken: Float[Array, "side"]
    """Forts taken lately."""
    seen: Float[Array, ""]
    """Weeks in which that was."""
    force: Float[Array, ""]
    """Log of the first side's forces over the second's."""

    @property
    def pace(self) -> Float[Array, ""]:
        """How much longer a fort takes than on a line of which nothing is known."""
        return (PRIOR_WEEKS + self.seen) / PRIOR_WEEKS * 2 * PRIOR_FORTS / (2 * PRIOR_FORTS + self.taken.sum())


class State(eqx.Module):
    """Where the line stands."""

    moved: Float[Array, "run"] = quantity("1", "Forts that the first side won since the opening, net.", SIGNED)
    favour: Float[Array, "run"] = quantity("1", "Log power beyond the mean.", SIGNED)


class Flows(eqx.Module):
    """What the week brought."""

    share: Float[Array, "land run"] = quantity("1", "First side's share of each land, as the week began.", SHARE)
    won: Float[Array, "run"] = quantity("1", "Forts that the first side won, net.", SIGNED)


def opening(runs: int) -> State:
    """The line as it was seen."""
    return State(jnp.zeros(runs), jnp.zeros(runs))


def expected(params: Params, line: Line, favour: Float[Array, "run"]) -> Float[Array, "side run"]:
    """km² a week that each side is expected to take (E)."""
    rate = line.fort * (PRIOR_FORTS + line.taken) / (PRIOR_WEEKS + line.seen)
    push = (params.force_effect * line.force + favour) / 2
    return rate[:, None] * jnp.exp(own_sign(jnp.stack([push, push])))


def shares(line: Line, moved: Float[Array, "run"]) -> Float[Array, "land run"]:
    """First side's share of each land after it has won so many forts, net."""
    room, ours = line.size * (1 - line.held), line.size * line.held
    nearer = jnp.cumsum(room) - room
    farther = jnp.cumsum(ours[::-1])[::-1] - ours
    won = jnp.clip(moved - nearer[:, None], 0.0, room[:, None])
    lost = jnp.clip(-moved - farther[:, None], 0.0, ours[:, None])
    return jnp.clip(line.held[:, None] + (won - lost) / line.size[:, None], 0.0, 1.0)


def chance(fort_power: Float[Array, "run"], power: Float[Array, "run"]) -> Float[Array, "run"]:
    """Chance that a fort which is decided falls to the first side."""
    return jnp.clip(0.5 + 0.5 * jnp.tanh(2 * fort_power * power), 0.02, 0.98)


def step(
    params: Params,
    state: State,
    *,
    noise: Noise,
    line: Line,
    fort_time: Float[Array, "run"],
    fort_power: Float[Array, "run"],
    power: Float[Array, "run"],
    fighting: Bool[Array, "run"],
) -> tuple[State, Flows]:
    """A week at the line; nothing moves where there is no fighting. `power` is θ."""
    decided = noise.uniform("decided") < -jnp.expm1(-1 / jnp.maximum(fort_time, 1e-3))
    ours = noise.uniform("won") < chance(fort_power, power)
    won = jnp.where(decided & fighting, jnp.where(ours, 1.0, -1.0), 0.0)
    most, least = (line.size * (1 - line.held)).sum(), -(line.size * line.held).sum()
    moved = jnp.clip(state.moved + won, least, most)
    favour = wander(state.favour, jnp.zeros_like(moved), params.spread, params.half_life, noise.uniform("favour"))
    return State(moved, favour), Flows(shares(line, state.moved), moved - state.moved)


def mirrored(line: Line) -> Line:
    """The same line as the other side sees it."""
    return Line(line.size[::-1], 1 - line.held[::-1], line.fort, enemy(line.taken), line.seen, -line.force)
