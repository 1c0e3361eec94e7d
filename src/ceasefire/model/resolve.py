"""Resolve: what fighting on is worth to each side, and the least that it would accept instead.

What a side expects of fighting on, V, is a linear function of what it knows and believes (`READINGS`), fitted by least
squares on wars fought on without agreement (`simulate/training.py`); where nothing was fitted, that of a war over N
forts, with the same cost, patience and believed power (which is one of the readings, too):
    V(k) = k/N + A r₁ᵏ + B r₂ᵏ − e,  e = (c − β (2p − 1)/N)/(1 − β),  r: β p r² − r + β (1 − p) = 0,  V(0) = 0, V(N) =
    1.
What a side holds is worth something to it every week that the war lasts, impatience · standing, as it would be in
peace. Fighting costs cost · burden a week; the burden, 1 at the opening, is lately (a half-life of eight weeks)
    e^(a · losses + b · budget stress + c · hardship + d · strain + e · people's wish for talks),
all beyond the opening's. The least that a side would accept is
    V − penalty · log₂ pressure on it + hidden · its hardness,
and a side that thinks the enemy softer than he is asks for more than he can give, by hidden · how much it errs.

Scale: a side's own war aims are 1, its defeat 0.

Left out: leaders whose office hangs on the outcome, costs that pass, sunk costs, risk aversion.
Sources: costs of war and private information: Fearon 1995, "Rationalist Explanations for War"; forts: Smith and Stam
2004, "Bargaining and the Nature of War"; sizes elicited.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from ceasefire.model.axes import SIDES, Appraisal, enemy
from ceasefire.model.declare import SHARE, SIGNED, Fixed, LogNormal, Normal, coupling, parameter, quantity
from ceasefire.model.intervene import Intervention

READINGS = (
    "one",
    "forts",
    "standing",
    "power",
    "standing_squared",
    "power_squared",
    "standing_power",
    "impatience",
    "standing_impatience",
    "power_impatience",
    "cost",
    "burden",
    "enemy_burden",
    "burden_cost",
    "cost_impatience",
    "stake",
    "stake_power",
    "tempo",
    "tempo_power",
    "tempo_stake_power",
    "force",
    "strain",
    "enemy_strain",
    "stress",
    "enemy_stress",
    "aid",
    "enemy_aid",
    "grid",
    "enemy_grid",
    "cohesion",
)
"""What a side's value of fighting on is told from, seen from the side."""
MEMORY = 2.0 ** (-1 / 8)
"""Of burdens lately: a half-life of eight weeks (elicited)."""
DISCOUNTS = (1e-3, 0.9999)
"""Least and most that a fort later is worth, relative to one now: as far as single precision goes."""
MOST_COST = 100.0
"""Of a fort; far more than the war is about."""
VALUES = (-3.0, 2.0)
"""Bounds of what fighting on can be worth; own war aims are 1."""
TINY = 1e-12


class Params(eqx.Module):
    """What is not known exactly of what fighting on is worth."""

    fitted: Float[Array, "run"] = parameter(
        Fixed(0.0), unit="1", source="fitted", doc="1 where values of fighting on were fitted.", bounds=SHARE
    )
    value: Float[Array, "side reading run"] = parameter(
        Fixed(0.0), unit="1", source="fitted", doc="Coefficients of the value of fighting on.", bounds=SIGNED
    )
    value_low: Float[Array, "side reading run"] = parameter(
        Fixed(0.0), unit="1", source="fitted", doc="Least of each reading in the wars fitted on.", bounds=SIGNED
    )
    value_high: Float[Array, "side reading run"] = parameter(
        Fixed(0.0), unit="1", source="fitted", doc="Most of each reading in the wars fitted on.", bounds=SIGNED
    )
    forts: Float[Array, "run"] = parameter(Fixed(10.0), unit="1", doc="Forts between defeat and all aims (N).")
    fort_time: Float[Array, "run"] = parameter(
        LogNormal(10, 26, 70), unit="week", doc="Weeks in which one fort changes hands."
    )
    fort_power: Float[Array, "run"] = parameter(
        LogNormal(0.01, 0.03, 0.1), unit="1", doc="How far a log power of 1 moves the chance of a fort from a half."
    )
    impatience: Float[Array, "side run"] = parameter(
        LogNormal(0.001, 0.003, 0.01), unit="1/week", doc="Rate at which leaders discount the future."
    )
    cost: Float[Array, "side run"] = parameter(
        LogNormal(5e-5, 3e-4, 1.5e-3), unit="1/week", doc="What a week of war costs a leader, as then; own aims are 1."
    )
    loss_cost: Float[Array, "run"] = coupling(
        "attrition.casualties", "resolve.burden", LogNormal(0.1, 0.4, 1.0), doc="Log burden per log of losses."
    )
    stress_cost: Float[Array, "run"] = coupling(
        "budget.stress", "resolve.burden", LogNormal(0.2, 0.8, 2.0), doc="Log burden as budget stress goes to 1."
    )
    hardship_cost: Float[Array, "run"] = coupling(
        "grid.blackout_hours", "resolve.burden", LogNormal(0.1, 0.4, 1.2), doc="Log burden of days without power."
    )
    strain_cost: Float[Array, "run"] = coupling(
        "manpower.strain",
        "resolve.burden",
        LogNormal(0.1, 0.4, 1.0),
        doc="Log burden per log of losses by recruits.",
    )
    wish_cost: Float[Array, "run"] = coupling(
        "opinion.share",
        "resolve.burden",
        Normal(-0.05, 0.15, 0.5),
        doc="Log burden as the log odds of those who want talks rise by 1.",
    )
    penalty: Float[Array, "side run"] = coupling(
        "talks.urged",
        "resolve.least",
        LogNormal(0.005, 0.03, 0.1),
        doc="What refusing costs, and agreeing earns, a side as pressure on it doubles.",
    )
    hidden: Float[Array, "run"] = coupling(
        "beliefs.reckoned",
        "resolve.asked",
        LogNormal(0.01, 0.03, 0.08),
        doc="Spread of the least that a side would accept, which only it knows.",
    )
    rearm: Float[Array, "side run"] = parameter(
        Normal(-0.1, 0.1, 0.4), unit="1", doc="Log power that a side wins by a pause in the fighting."
    )


class State(eqx.Module):
    """What is remembered."""

    burden: Float[Array, "side run"] = quantity("1", "What fighting costs a side lately, relative to the opening.")


class Flows(eqx.Module):
    """What each side expects, and would accept."""

    reading: Float[Array, "side reading run"] = quantity(
        "1", "What a side's value of fighting on is told from, as things are.", SIGNED, derived=True, level=True
    )
    weekly_cost: Float[Array, "side run"] = quantity("1", "What the week of war costs a side; its own aims are 1.")
    standing: Float[Array, "side run"] = quantity(
        "1", "Worth of the line as held with nothing agreed.", SIGNED, derived=True, level=True
    )
    fighting_on: Float[Array, "side run"] = quantity("1", "What a side expects of fighting on.", SIGNED, level=True)
    least: Float[Array, "side run"] = quantity("1", "The least that a side would accept.", SIGNED, level=True)
    relapsed: Float[Array, "side run"] = quantity(
        "1", "What fighting on is worth once a pause has shifted power.", SIGNED, derived=True, level=True
    )
    shift: Float[Array, "run"] = quantity(
        "1", "Log power that a pause brings the first side beyond the second.", SIGNED, derived=True, level=True
    )
    asked: Float[Array, "run"] = quantity(
        "1", "What both ask too much, thinking the enemy softer than he is.", derived=True, level=True
    )


class Known(eqx.Module):
    """What each side goes by, all relative to the opening but power, tempo and standing."""

    mean: Float[Array, "side run"]
    """Believed log power of the first side over the second."""
    power: Float[Array, "run"]
    """The same in truth."""
    tempo: Float[Array, "run"]
    """Log of the ground that both together are expected to take, relative to the usual."""
    force: Float[Array, "side run"]
    losses: Float[Array, "side run"]
    """Log."""
    strain: Float[Array, "side run"]
    stress: Float[Array, "side run"]
    hours: Float[Array, "side run"]
    wish: Float[Array, "side run"]
    """Log odds of those who want talks."""
    aid: Float[Array, "side run"]
    """Log."""
    power_supply: Float[Array, "side run"]
    cohesion: Float[Array, "side run"]


def burden(params: Params, known: Known) -> Float[Array, "side run"]:
    """What fighting costs a side this week, relative to the opening."""
    log = params.loss_cost * known.losses + params.stress_cost * known.stress + params.strain_cost * known.strain
    log = log + params.hardship_cost * known.hours / 24 + params.wish_cost * known.wish
    return jnp.exp(jnp.clip(log, -3.0, 3.0))


def readings(
    params: Params, known: Known, appraisal: Appraisal, carried: Float[Array, "side run"]
) -> Float[Array, "side reading run"]:
    """What each side's value of fighting on is told from, in the order of `READINGS`, with power as it is in truth."""
    standing, stake = appraisal.standing, appraisal.stake
    none = jnp.zeros_like(standing)
    tempo = known.tempo + none
    haste = jnp.log(jnp.maximum(params.impatience, TINY) / 0.003)
    price = jnp.log(jnp.maximum(params.cost * carried, TINY) / 0.0003)
    log_burden = jnp.log(carried)
    told = {
        "one": none + 1,
        "standing": standing,
        "standing_squared": standing**2,
        "impatience": haste,
        "standing_impatience": standing * haste,
        "cost": price,
        "burden": log_burden,
        "enemy_burden": enemy(log_burden),
        "burden_cost": jnp.exp(price),
        "cost_impatience": jnp.exp(price - haste),
        "stake": stake,
        "tempo": tempo,
        "force": known.force,
        "strain": known.strain,
        "enemy_strain": enemy(known.strain),
        "stress": known.stress,
        "enemy_stress": enemy(known.stress),
        "aid": known.aid,
        "enemy_aid": enemy(known.aid),
        "grid": known.power_supply,
        "enemy_grid": enemy(known.power_supply),
        "cohesion": known.cohesion,
    }
    stacked = jnp.stack([told.get(name, none) for name in READINGS], axis=1)
    return with_power(params, stacked, jnp.broadcast_to(known.power, standing.shape))


def with_power(
    params: Params, reading: Float[Array, "side reading run"], power: Float[Array, "side run"]
) -> Float[Array, "side reading run"]:
    """The same readings of sides that hold power, the log of the first side's over the second's, for `power`."""
    own = power * jnp.array([1.0, -1.0], power.dtype)[:, None] / 2
    at = {name: reading[:, k] for k, name in enumerate(READINGS)}
    powered = {
        "forts": over_forts(params, at["standing"], 2 * own, jnp.exp(at["burden"])),
        "power": own,
        "power_squared": own**2,
        "standing_power": at["standing"] * own,
        "power_impatience": at["impatience"] * own,
        "stake_power": at["stake"] * own,
        "tempo_power": at["tempo"] * own,
        "tempo_stake_power": at["tempo"] * at["stake"] * own,
    }
    places = jnp.array([READINGS.index(name) for name in powered])
    return reading.at[:, places].set(jnp.stack(list(powered.values()), axis=1))


def worth_of_fighting(params: Params, reading: Float[Array, "side reading run"]) -> Float[Array, "side run"]:
    """V: what a side expects of fighting on, from readings held within those of the wars that it was fitted on."""
    fitted = (params.value * jnp.clip(reading, params.value_low, params.value_high)).sum(axis=1)
    forts = reading[:, READINGS.index("forts")]
    return jnp.clip(jnp.where(params.fitted > 0.5, fitted, forts), *VALUES)


def over_forts(
    params: Params, standing: Float[Array, "side run"], power: Float[Array, "side run"], carried: Array
) -> Float[Array, "side run"]:
    """What fighting on would be worth in a war over forts, with the same cost, patience and power in own favour."""
    number = jnp.maximum(params.forts, 1.0)
    value = forts_value(
        standing * number,
        number,
        jnp.clip(0.5 + 0.5 * jnp.tanh(2 * params.fort_power * power), 0.02, 0.98),
        jnp.clip(jnp.exp(-params.impatience * params.fort_time), *DISCOUNTS),
        jnp.minimum(params.cost * carried * params.fort_time, MOST_COST),
        kept=1.0,
    )
    return jnp.clip(value, *VALUES)


def forts_value(held: Array, forts: Array, chance: Array, discount: Array, cost: Array, kept: float = 0.0) -> Array:
    """Worth of fighting to the finish over N forts from `held` of them; a step is won with a chance, and costs.

    V(k) = kept (1 − discount) k/N − cost + discount (p V(k + 1) + (1 − p) V(k − 1)), V(0) = 0, V(N) = 1, discount < 1:
    with `kept` 1 what is held is worth something while the war lasts, with 0 (Smith and Stam) only in the end.
    """
    root = jnp.sqrt(1 - 4 * discount**2 * chance * (1 - chance))
    high, low = (1 + root) / (2 * discount * chance), 2 * discount * (1 - chance) / (1 + root)
    ever = (cost - kept * discount * (2 * chance - 1) / forts) / (1 - discount)
    k = jnp.clip(held, 0.0, forts)
    # V = kept k/N + A high^k + B low^k − ever; B = ever − A; A (high^N − low^N) = 1 − kept + ever − ever · low^N
    scale = high ** (k - forts)
    bottom = 1 - (low / high) ** forts
    a = (1 - kept + ever - ever * low**forts) / bottom * scale * (1 - (low / high) ** k)
    return kept * k / forts + a + ever * low**k - ever


def pressed(params: Params, urged: Float[Array, "side run"]) -> Float[Array, "side run"]:
    """What refusing costs a side under pressure, 0 at the opening's."""
    return params.penalty * jnp.log2(jnp.clip(urged, 0.01, 100.0))


def opening(runs: int) -> State:
    """Fighting costs what it costs."""
    return State(burden=jnp.ones((SIDES, runs)))


def step(
    params: Params,
    state: State,
    *,
    do: Intervention,
    known: Known,
    appraisal: Appraisal,
    urged: Float[Array, "side run"],
    hardness: Float[Array, "side run"],
    reckoned: Float[Array, "side run"],
    at_war: Bool[Array, "run"],
) -> tuple[State, Flows]:
    """Reckon what fighting on is worth.

    `urged` is the pressure on each side relative to the opening, `hardness` how hard it is, `reckoned` how hard it
    thinks the enemy is beyond what he is.
    """
    carried = MEMORY * state.burden + (1 - MEMORY) * burden(params, known)
    reading = readings(params, known, appraisal, carried)
    value = do("fighting_on", worth_of_fighting(params, with_power(params, reading, known.mean)))
    shift = params.rearm[0] - params.rearm[1]
    flows = Flows(
        reading=reading,
        weekly_cost=do("weekly_cost", params.cost * carried),
        standing=appraisal.standing,
        fighting_on=value,
        least=do("least", value - pressed(params, urged) + params.hidden * hardness),
        relapsed=worth_of_fighting(params, with_power(params, reading, known.mean + shift)),
        shift=shift,
        asked=params.hidden * jnp.maximum(-reckoned, 0.0).sum(axis=0),
    )
    return State(burden=jnp.where(at_war, carried, state.burden)), flows
