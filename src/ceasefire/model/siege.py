"""Siege: how long garrisons hold out on their stores, how many surrender, and how many attackers they tie down.

The enemy is in contact with a garrison by his share c of the land in and around its towns, and besieges it by
clip((c − touch) / (grip − touch), 0, 1) · besiege · effort, until the garrison has fallen at c ≥ `FALLEN`. Its stores,
in weeks of need, gain min(rate, 1 + refill) a week up to what they were at the opening and lose 1 a week, less if there
is less; starving is the share of the need unmet. The rate is margin · throughput / throughput at the opening: roads
carry `margin` times the need at the opening, whatever else they carry. A garrison that no road of the graph reached at
the opening is fed by other ways. Once stores are below `LOW` of normal and the rate below `TRICKLE`, a besieged
garrison gives up a share `surrender` of its men a week (model notes, section 1, pockets).

Attackers tied down: besieged · (ratio · men + crowd · inhabitants) · works^fortified · (1 + rotation · w / (w + 13)),
after w weeks, at most all troops; works are the mean of the defender's around the garrison, relative to the theatre.

Left out: losses of the garrison other than by surrender (they are part of the line, see `attrition`), reinforcement,
breakouts, evacuation, civilians' needs, supply by air. Garrisons that share towns are counted each by itself.
Sources: surrender .25 a week and the .2 of stores from model notes, section 1; the rest is elicited.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ceasefire.model.axes import SIDES, Ground, enemy
from ceasefire.model.declare import SHARE, Fixed, LogNormal, Share, coupling, parameter, quantity
from ceasefire.model.intervene import Intervention

FALLEN = 0.9
"""Contact from which on a garrison has fallen; who is left has gone with the line."""
LOW, TRICKLE = 0.2, 0.05
"""Share of normal stores, and rate of supply, below which men give up."""
LONGEST = 104.0
"""Weeks that stand for lasting endurance."""
QUARTER = 13.0
"""Weeks of siege after which rotation ties down half of what it will (elicited)."""
LEAST_WORKS, MOST_WORKS = 0.25, 4.0


class Params(eqx.Module):
    """What sieges do not know exactly."""

    besiege: Float[Array, "garrison run"] = parameter(
        Fixed(1.0), unit="1", doc="How far the enemy presses a siege where it can; 0 leaves the garrison alone."
    )
    garrison_troops: Float[Array, "garrison run"] = parameter(
        LogNormal(1000, 4000, 12000), unit="person", doc="Men in each garrison at the opening."
    )
    stores_opening: Float[Array, "garrison run"] = parameter(
        LogNormal(1, 3, 8), unit="week", doc="Stores at the opening and when full, in weeks of need."
    )
    margin: Float[Array, "garrison run"] = parameter(
        LogNormal(1.2, 2.0, 5.0), unit="1", doc="What roads could bring at the opening over what the garrison needs."
    )
    refill: Float[Array, "run"] = parameter(
        LogNormal(0.1, 0.3, 1.0), unit="1", doc="Weeks of need by which stores can grow in a week."
    )
    touch: Float[Array, "run"] = parameter(
        Share(0.02, 0.05, 0.12), unit="1", doc="Enemy's share of the land around at which a siege begins."
    )
    grip: Float[Array, "run"] = parameter(
        Share(0.25, 0.4, 0.6), unit="1", doc="Enemy's share of the land around at which the siege is complete."
    )
    surrender: Float[Array, "run"] = coupling(
        "siege.starving", "siege.captured", Share(0.1, 0.25, 0.5), doc="Share of cut-off men who give up in a week."
    )
    frailty: Float[Array, "run"] = coupling(
        "siege.starving", "siege.resistance", Share(0.3, 0.6, 0.9), doc="Share of resistance that goes with food."
    )
    ratio: Float[Array, "run"] = parameter(
        LogNormal(1.5, 3.0, 6.0), unit="1", doc="Attackers tied down for each man of a besieged garrison."
    )
    crowd: Float[Array, "run"] = parameter(
        LogNormal(0.005, 0.02, 0.06), unit="1", doc="Attackers tied down for each pre-war inhabitant."
    )
    fortified: Float[Array, "run"] = parameter(
        LogNormal(0.1, 0.3, 0.6), unit="1", doc="Exponent of the works around a garrison in the attackers tied down."
    )
    rotation: Float[Array, "run"] = parameter(
        LogNormal(0.1, 0.3, 0.8), unit="1", doc="Further share tied down by rotation when a siege drags on."
    )


class State(eqx.Module):
    """What garrisons have left."""

    stores: Float[Array, "garrison run"] = quantity("week", "Stores in weeks of need.")
    men: Float[Array, "garrison run"] = quantity("person", "Men in the garrison who have not surrendered.")
    weeks_besieged: Float[Array, "garrison run"] = quantity("week", "How long it has been besieged without a break.")
    need: Float[Array, "garrison run"] = quantity("t/week", "Throughput that feeds it; 0 if it is fed by other ways.")


class Flows(eqx.Module):
    """The week in each garrison, and what it costs each side."""

    contact: Float[Array, "garrison run"] = quantity("1", "Enemy's share of the land in and around it.", SHARE)
    besieged: Float[Array, "garrison run"] = quantity("1", "How far the enemy besieges it.", SHARE)
    inflow: Float[Array, "garrison run"] = quantity("week", "Weeks of need brought in this week.")
    consumption: Float[Array, "garrison run"] = quantity("week", "Weeks of need used up this week.")
    starving: Float[Array, "garrison run"] = quantity("1", "Share of the need unmet.", SHARE)
    endurance: Float[Array, "garrison run"] = quantity(
        "week", "Weeks until the stores are out at this rate of supply; 104 if never."
    )
    surrendered: Float[Array, "garrison run"] = quantity("person", "Men of the garrison who surrender this week.")
    captured: Float[Array, "side run"] = quantity("person", "Men of the side who surrender this week.")
    resistance: Float[Array, "garrison run"] = quantity("1", "How well it resists, 1 while it is fed.", SHARE)
    committed: Float[Array, "side run"] = quantity("person", "The side's troops that its sieges tie down.", level=True)
    stretch: Float[Array, "side run"] = quantity("1", "Share of the side's troops that its sieges tie down.", SHARE)


def opening(params: Params, throughput: Float[Array, "garrison run"]) -> State:
    """Full stores, everyone there, no siege yet; `throughput` is that of the roads at the opening, t/week."""
    return State(
        stores=params.stores_opening,
        men=params.garrison_troops,
        weeks_besieged=jnp.zeros_like(params.stores_opening),
        need=throughput / params.margin,
    )


def step(
    params: Params,
    state: State,
    *,
    do: Intervention,
    ground: Ground,
    held: Float[Array, "cell run"],
    throughput: Float[Array, "garrison run"],
    troops: Float[Array, "side run"],
    effort: Float[Array, "side run"],
) -> tuple[State, Flows]:
    """Besiege, feed and starve each garrison; count who surrenders and who is tied down.

    `held` is the first side's share of each cell; nobody besieges without effort.
    """
    contact = do("contact", enemy_contact(ground, held))
    pressed = jnp.clip((contact - params.touch) / jnp.maximum(params.grip - params.touch, 1e-3), 0.0, 1.0)
    besieger = jnp.clip(enemy(effort), 0.0, 1.0)[ground.garrison_side]
    besieged = do("besieged", jnp.clip(pressed * params.besiege, 0.0, 1.0) * besieger * (contact < FALLEN))

    rate = jnp.where(state.need > 0, throughput / jnp.maximum(state.need, 1e-9), LONGEST)
    room = jnp.maximum(params.stores_opening - state.stores, 0.0)
    inflow = do("inflow", jnp.minimum(rate, 1.0 + jnp.minimum(params.refill, room)))
    there = state.stores + inflow
    consumption = jnp.minimum(do("consumption", jnp.minimum(there, 1.0)), there)
    starving = do("starving", jnp.clip(1.0 - consumption, 0.0, 1.0))
    stores = jnp.maximum(there - consumption, 0.0)
    endurance = jnp.minimum(stores / jnp.maximum(1.0 - rate, 1.0 / LONGEST**2), LONGEST)
    endurance = do("endurance", jnp.where(rate >= 1.0, LONGEST, endurance))

    helpless = (stores < LOW * params.stores_opening) & (rate < TRICKLE)
    willing = jnp.minimum(params.surrender, 1.0) * besieged * helpless * state.men
    exist = troops / jnp.maximum(by_side(ground, willing), 1e-9)
    willing = willing * jnp.minimum(exist, 1.0)[ground.garrison_side]
    surrendered = jnp.minimum(do("surrendered", willing), state.men)
    captured = do("captured", by_side(ground, surrendered))
    resistance = do("resistance", 1.0 - jnp.minimum(params.frailty, 1.0) * starving)

    long = state.weeks_besieged / (state.weeks_besieged + QUARTER)
    tied = besieged * attackers(params, ground, state.men) * (1.0 + params.rotation * long)
    committed = do("committed", jnp.minimum(enemy(by_side(ground, tied)), troops))
    stretch = do("stretch", jnp.clip(committed / jnp.maximum(troops, 1.0), 0.0, 1.0))
    weeks = jnp.where(besieged >= 0.5, state.weeks_besieged + 1.0, 0.0)
    flows = Flows(
        contact=contact,
        besieged=besieged,
        inflow=inflow,
        consumption=consumption,
        starving=starving,
        endurance=endurance,
        surrendered=surrendered,
        captured=captured,
        resistance=resistance,
        committed=committed,
        stretch=stretch,
    )
    return State(stores, state.men - surrendered, weeks, state.need), flows


def enemy_contact(ground: Ground, held: Float[Array, "cell run"]) -> Float[Array, "garrison run"]:
    """The enemy's share of the land in and around each garrison; 0 where none of it is in the theatre."""
    area = ground.area[ground.garrison_cell]
    first = jnp.einsum("gp,gpr->gr", area, held[ground.garrison_cell], precision="highest")
    land = area.sum(axis=1)[:, None]
    share = jnp.clip(first / jnp.maximum(land, 1e-9), 0.0, 1.0)
    theirs = jnp.where(ground.garrison_side[:, None] == 0, 1.0 - share, share)
    return jnp.where(land > 0, theirs, 0.0)


def attackers(params: Params, ground: Ground, men: Float[Array, "garrison run"]) -> Float[Array, "garrison run"]:
    """How many attackers a full siege of each garrison ties down in its first week."""
    inside = ground.area[ground.garrison_cell] > 0
    works = ground.works[ground.garrison_side[:, None], ground.garrison_cell]
    mean = (works * inside).sum(axis=1) / jnp.maximum(inside.sum(axis=1), 1)
    inhabitants = (ground.population[ground.garrison_cell] * inside).sum(axis=1)[:, None]
    strong = jnp.clip(mean, LEAST_WORKS, MOST_WORKS)[:, None] ** params.fortified
    return (params.ratio * men + params.crowd * inhabitants) * strong


def by_side(ground: Ground, per_garrison: Float[Array, "garrison run"]) -> Float[Array, "side run"]:
    """Sum over the garrisons that each side holds at the opening."""
    mine = (jnp.arange(SIDES)[:, None] == ground.garrison_side).astype(per_garrison.dtype)
    return jnp.einsum("sg,gr->sr", mine, per_garrison, precision="highest")
