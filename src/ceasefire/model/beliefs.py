"""Beliefs: how strong each side thinks it is, and how hard it thinks the enemy is.

Relative power θ is the log of the ground that the first side is expected to take over what the second is. Each side
holds a normal belief, mean m and variance P, and learns every week of war from a signal that it takes for unbiased,
    y = θ + own bias + e, e ~ N(0, R);   P⁻ = P / δ,   K = P⁻ / (P⁻ + R),   m ← m + K (y − m),   P ← (1 − K) P⁻.
What is declared is the precision 1/R, so that at 0 battle teaches nothing; P⁻ is at most `VAGUE`.
With no bias and δ = 1 two sides' beliefs meet, their gap shrinking as 1 / (1 + n P₀ / R); with biases the gap tends to
their difference: optimism can outlast any number of battles. What θ does by itself widens no belief; δ stands for it.

How hard the enemy is: of three types, z = −1, 0, 1 in units of the spread of his true reserve, each held as likely as
the others at first. In weeks of talks his offers tell y = z + e, the plainer the more earnest the talks, and Bayes'
rule does the rest:  log p(z) ← log p(z) − (y − z)² / (2 s²), normalised.

Left out: that offers are chosen to mislead, what patrons tell a side, battles that tell more than others, beliefs
about costs of the third kind (what the other thinks of me).
Sources: form after model notes, section 11; war as a way to learn: Slantchev 2003, "The Principle of Convergence in
Wartime Negotiations"; optimism may persist: Shirkey 2016, through the model notes; sizes elicited.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ceasefire.model.axes import enemy
from ceasefire.model.declare import SHARE, SIGNED, Fixed, LogNormal, Normal, Share, coupling, parameter, quantity
from ceasefire.model.intervene import Intervention
from ceasefire.model.noise import Noise, normal_quantile

HARDNESS = jnp.array([-1.0, 0.0, 1.0])
"""Of each type, in spreads of the true reserve."""
FURTHEST = 8.0
"""Power and beliefs about it are held within ± this."""
REACH = (-FURTHEST, FURTHEST)
VAGUE = 64.0
"""Largest variance of a belief."""
FAR = 1e6
"""An offer is at most so many standard deviations off what a type would make."""
TINY = 1e-6


class Params(eqx.Module):
    """What is not known exactly of beliefs."""

    bias: Float[Array, "side run"] = parameter(
        Normal(-0.1, 0.15, 0.4), unit="1", doc="How much a side overrates its power, log, whatever it sees."
    )
    gap_opening: Float[Array, "side run"] = parameter(
        Normal(-0.25, 0.15, 0.55), unit="1", doc="The same, of what it believes at the opening."
    )
    doubt_opening: Float[Array, "side run"] = parameter(
        LogNormal(0.02, 0.08, 0.3), unit="1", doc="Variance of the belief at the opening (P)."
    )
    precision: Float[Array, "run"] = coupling(
        "front.expected",
        "beliefs.mean",
        LogNormal(0.5, 1.0, 2.0),
        doc="Precision of what one week of battle tells (1/R); the larger, the faster battle teaches.",
    )
    memory: Float[Array, "run"] = parameter(
        Share(0.94, 0.97, 0.99), unit="1", doc="Weight that old battles keep from week to week (δ)."
    )
    hardness: Float[Array, "side run"] = parameter(
        Normal(-1.645, 0.0, 1.645), unit="1", doc="How hard a side is in truth, in spreads of its reserve."
    )
    offer_noise: Float[Array, "run"] = parameter(
        LogNormal(1.0, 2.0, 4.0), unit="1", doc="Standard deviation of what a week of earnest talks tells (s)."
    )
    insincere_noise: Float[Array, "run"] = parameter(
        LogNormal(2.0, 4.0, 8.0), unit="1", doc="How many times more vague the offers of insincere talks are."
    )
    trace: Float[Array, "run"] = parameter(
        Fixed(1.0),
        unit="km2/week",
        source="definition",
        doc="Ground added to what either side is expected to take, so that none to none is 1.",
    )
    usual_tempo: Float[Array, "run"] = parameter(
        Fixed(55.0),
        unit="km2/week",
        source="definition",
        doc="Ground taken by both sides together at which tempo is 0.",
    )


class State(eqx.Module):
    """What each side believes."""

    mean: Float[Array, "side run"] = quantity("1", "Believed log power of the first side over the second.", REACH)
    variance: Float[Array, "side run"] = quantity("1", "Variance of that belief.")
    odds: Float[Array, "side type run"] = quantity("1", "Log chance of each type of the enemy, but for a sum.", SIGNED)
    power_lately: Float[Array, "run"] = quantity(
        "1", "True log power of the first side over the second in the last week of war.", REACH
    )


class Flows(eqx.Module):
    """What the week showed."""

    power: Float[Array, "run"] = quantity("1", "True log power of the first side over the second.", REACH, level=True)
    optimism: Float[Array, "side run"] = quantity(
        "1", "How much a side overrates its own power.", SIGNED, derived=True, level=True
    )
    reckoned: Float[Array, "side run"] = quantity(
        "1", "How hard a side thinks the enemy is, beyond what he is.", SIGNED, derived=True, level=True
    )
    chance: Float[Array, "side type run"] = quantity(
        "1", "Chance of each type of the enemy, as a side sees it.", SHARE, derived=True, level=True
    )


def own_sign(per_side: Float[Array, "side run"]) -> Float[Array, "side run"]:
    """A log power of the first side over the second as each side counts it."""
    return per_side * jnp.array([1.0, -1.0], per_side.dtype)[:, None]


def relative_power(params: Params, expected: Float[Array, "side axis run"]) -> Float[Array, "run"]:
    """θ from the ground that each side is expected to take, km² a week by axis."""
    ground = jnp.log(expected.sum(axis=1) + jnp.maximum(params.trace, TINY))
    return jnp.clip(ground[0] - ground[1], -FURTHEST, FURTHEST)


def tempo(params: Params, expected: Float[Array, "side axis run"]) -> Float[Array, "run"]:
    """Log of the ground that both sides together are expected to take, relative to the usual."""
    ground = expected.sum(axis=(0, 1)) + jnp.maximum(params.trace, TINY)
    return jnp.log(ground / jnp.maximum(params.usual_tempo, TINY))


def opening(params: Params, power: Float[Array, "run"]) -> State:
    """Each side overrates itself by its gap; every type of the enemy is as likely."""
    mean = power + own_sign(params.gap_opening)
    even = jnp.zeros((len(mean), len(HARDNESS), mean.shape[-1]), mean.dtype)
    return State(mean=jnp.clip(mean, -FURTHEST, FURTHEST), variance=params.doubt_opening, odds=even, power_lately=power)


def learned(
    mean: Array, variance: Array, signal: Array, precision: Array, memory: Array
) -> tuple[Float[Array, "side run"], Float[Array, "side run"]]:
    """Mean and variance after a signal of some `precision`, old data fading by `memory`."""
    prior = jnp.minimum(variance / jnp.maximum(memory, TINY), VAGUE)
    gain = prior * precision / (1 + prior * precision)
    return mean + gain * (signal - mean), (1 - gain) * prior


def step(
    params: Params,
    state: State,
    *,
    do: Intervention,
    noise: Noise,
    expected: Float[Array, "side axis run"],
    talking: Float[Array, "run"],
    earnest: Float[Array, "run"],
    peace: Float[Array, "run"],
) -> tuple[State, Flows]:
    """Learn from a week of war, and of talks where there are any (`talking`, `earnest` 1 or 0); none in peace."""
    power = do("power", jnp.where(peace > 0, state.power_lately, relative_power(params, expected)))
    seen = power + own_sign(params.bias)
    luck = normal_quantile(noise.uniform("battle", state.mean.shape[:-1])) / jnp.sqrt(
        jnp.maximum(params.precision, TINY)
    )
    mean, variance = learned(state.mean, state.variance, seen + own_sign(luck), params.precision, params.memory)
    mean = jnp.where(peace > 0, state.mean, jnp.clip(mean, -FURTHEST, FURTHEST))
    odds = heard(params, state.odds, noise.uniform("offer", state.mean.shape[:-1]), talking * (1 - peace), earnest)
    chance = jax.nn.softmax(odds, axis=1)
    reckoned = (chance * HARDNESS.astype(chance.dtype)[:, None]).sum(axis=1) - enemy(params.hardness)
    after = State(mean=mean, variance=jnp.where(peace > 0, state.variance, variance), odds=odds, power_lately=power)
    return after, Flows(power=power, optimism=own_sign(mean - power), reckoned=reckoned, chance=chance)


def heard(params: Params, odds: Array, u: Array, talking: Array, earnest: Array) -> Float[Array, "side type run"]:
    """Log chances of the enemy's types after a week of his offers; unchanged where nobody talks."""
    vague = params.offer_noise * jnp.where(earnest > 0, 1.0, params.insincere_noise)
    offer = enemy(params.hardness) + vague * normal_quantile(u)
    off = (offer[:, None] - HARDNESS.astype(odds.dtype)[:, None]) / jnp.maximum(vague, TINY)
    told = odds - talking * 0.5 * jnp.clip(off, -FAR, FAR) ** 2
    return told - told.max(axis=1, keepdims=True)
