"""Grid: power that is installed, available and served, region by region, and what repair brings back.

Every GW of a kind of plant in a region works or is out of action with minor, major or total damage. Hits break what
works; a hit finds a GW in proportion to its weight w = exposure of the region · vulnerability of the kind,
    hazard of a GW = hits · loss per hit · luck · w / Σ w · installed,
so that of a grid in which all works, hits · loss per hit GW are lost at first, and of one half broken, half of that.
Repair is a machine-repair queue (see `repair`), each kind of damage at its own rate, all slowed alike where crews (GW a
week) or parts run short. Parts are counted in GW of major damage that they mend: parts' = parts + delivered − used.

A region's demand is met from its own plants first; what others have left over, and then imports, fill what is lacking
through ties: no region takes or gives more than its part of transmission that works carries. So
    generated + imported = served ≤ demand = mild demand · (1 + α · (12 °C − temperature)₊ / 10).
Of what is missing industry bears a share, households the rest; households are cut for ς times the part of the day that
their missing power would make, as whole lines are cut by schedule. Then of the people
    dark = hours / 24,  cold = 1 − exp(−c · dark · (12 °C − temperature)₊ / 10),  dry = 1 − exp(−w · dark).
A GW is one in the hours of high demand; of what works a share, by kind, can be counted on then.

Left out: the hours of the day; sun, wind and water of the season; losses, frequency, fuel, exports; which region is cut
(what is served is the most that the ties allow); small generators; boilers and pumps that are hit themselves; repairs
that new hits undo; people who leave; heat in summer.
Sources: repair rates, the law of demand and the repair queue, model notes, section 5; the rest elicited, so that it can
give the 9.2 GW lost in spring 2024 (ENTSO-E) and the 8 GW of autumn 2025, half of them back by December (Nekrasov).
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ceasefire.model.axes import DAMAGE, PLANTS, SECTORS
from ceasefire.model.declare import SHARE, Fixed, LogNormal, Share, coupling, parameter, quantity
from ceasefire.model.intervene import NOTHING, Intervention
from ceasefire.model.noise import Noise, normal_quantile
from ceasefire.model.repair import FASTEST, NONE, exchange, manageable

MILD = 12.0
"""°C below which people heat."""
TIE = PLANTS.index("transmission")
"""Where transmission stands among the kinds of plant; the others, before it, generate."""
HIT = SECTORS.index("grid")
LEAST = 0.01
"""With less of its power at the opening than this share, industry is taken to do without."""
FAINT = 1e-30
"""GW that no proportions are taken from."""


class Params(eqx.Module):
    """What the grid does not know exactly."""

    capacity: Float[Array, "side plant run"] = parameter(
        LogNormal(1, 5, 25), unit="GW", doc="Installed, broken or not; of transmission what regions can take or give."
    )
    siting: Float[Array, "side region plant run"] = parameter(
        Fixed(1.0), unit="1", source="scenario", doc="Weight of each region in a side's plants of a kind."
    )
    usable: Float[Array, "plant run"] = parameter(
        Share(0.3, 0.7, 0.95), unit="1", doc="Share of what works that can be counted on when demand is high."
    )
    available_opening: Float[Array, "side plant run"] = parameter(
        Share(0.5, 0.85, 0.97), unit="1", doc="Share of each kind of plant that works at the opening."
    )
    recent_opening: Float[Array, "side run"] = parameter(
        Share(0.1, 0.3, 0.6), unit="1", doc="Share of what is broken at the opening that was broken only lately."
    )
    demand_mild: Float[Array, "side run"] = parameter(LogNormal(3, 10, 30), unit="GW", doc="Demand at 12 °C and above.")
    demand_share: Float[Array, "side region run"] = parameter(
        Fixed(1.0), unit="1", source="scenario", doc="Weight of each region in a side's demand."
    )
    demand_cold: Float[Array, "run"] = coupling(
        "weather.temperature", "grid.demand", LogNormal(0.15, 0.25, 0.4), doc="Demand gained with 10 °C of cold (α)."
    )
    import_cap: Float[Array, "side run"] = parameter(
        LogNormal(0.3, 1, 3), unit="GW", doc="The most that can be imported."
    )
    exposure: Float[Array, "side region run"] = parameter(
        Fixed(1.0), unit="1", source="scenario", doc="How much sooner a GW in a region is hit than one elsewhere."
    )
    vulnerability: Float[Array, "plant run"] = parameter(
        LogNormal(0.3, 1, 3), unit="1", doc="How much sooner a GW of a kind of plant is hit and broken than of another."
    )
    loss_per_hit: Float[Array, "run"] = coupling(
        "air_defence.hits",
        "grid.struck",
        LogNormal(0.008, 0.025, 0.08),
        unit="GW/count",
        doc="What a hit as strong as an attack drone's breaks while everything works.",
    )
    luck_spread: Float[Array, "run"] = parameter(
        LogNormal(0.2, 0.4, 0.7), unit="1", doc="Week-to-week standard deviation of the log of what a hit breaks."
    )
    heavy_share: Float[Array, "plant run"] = parameter(
        Share(0.3, 0.55, 0.8), unit="1", doc="Share of what is struck whose damage is more than minor."
    )
    lost_share: Float[Array, "run"] = parameter(
        Share(0.1, 0.25, 0.5), unit="1", doc="Share of that which must be built anew."
    )
    repair_minor: Float[Array, "run"] = parameter(
        LogNormal(0.3, 0.6, 1), unit="1/week", doc="Rate at which minor damage is mended."
    )
    repair_major: Float[Array, "run"] = parameter(
        LogNormal(0.02, 0.05, 0.12), unit="1/week", doc="Rate at which major damage is mended."
    )
    repair_lost: Float[Array, "run"] = parameter(
        LogNormal(0.003, 0.007, 0.015), unit="1/week", doc="Rate at which what was lost is built anew."
    )
    crews: Float[Array, "side run"] = parameter(
        LogNormal(0.25, 0.6, 1.5), unit="GW/week", doc="The most that crews can mend."
    )
    parts_opening: Float[Array, "side run"] = parameter(
        LogNormal(0.3, 1, 3), unit="GW", doc="Major damage that the parts in store at the opening can mend."
    )
    parts_supply: Float[Array, "side run"] = parameter(
        LogNormal(0.05, 0.15, 0.4), unit="GW/week", doc="Major damage that the parts made or given can mend."
    )
    parts_minor: Float[Array, "run"] = parameter(
        Share(0.05, 0.15, 0.35), unit="1", doc="Parts that minor damage takes, relative to major."
    )
    parts_lost: Float[Array, "run"] = parameter(
        LogNormal(1.2, 2, 4), unit="1", doc="Parts that building anew takes, relative to major damage."
    )
    industry_share: Float[Array, "side run"] = parameter(
        Share(0.3, 0.42, 0.55), unit="1", doc="Share of industry in mild demand."
    )
    industry_cut: Float[Array, "run"] = coupling(
        "grid.served_share",
        "grid.industry_served",
        Share(0.05, 0.15, 0.35),
        doc="Share of the missing power that industry goes without, as far as households can bear the rest.",
    )
    cut_factor: Float[Array, "run"] = coupling(
        "grid.served_share",
        "grid.blackout_hours",
        LogNormal(0.8, 1.3, 2.2),
        doc="Time that households are cut off, relative to the part of their power that is missing (ς).",
    )
    heat_effect: Float[Array, "run"] = coupling(
        "weather.temperature", "grid.cold", LogNormal(0.03, 0.1, 0.3), doc="How blackouts at 2 °C take heat away (c)."
    )
    water_effect: Float[Array, "run"] = coupling(
        "grid.blackout_hours", "grid.dry", LogNormal(0.03, 0.1, 0.3), doc="How blackouts take water away (w)."
    )
    population: Float[Array, "side run"] = parameter(
        LogNormal(5e6, 25e6, 120e6), unit="person", doc="People who live on the side's grid."
    )


class State(eqx.Module):
    """What is broken, what there is to mend it with, and how industry fares."""

    broken: Float[Array, "side region plant damage run"] = quantity("GW", "Out of action, by how badly it is damaged.")
    parts: Float[Array, "side run"] = quantity("GW", "Major damage that the parts in store can mend.")
    power: Float[Array, "side run"] = quantity("1", "Power that industry had last week, relative to the opening.")
    industry_opening: Float[Array, "side run"] = quantity("1", "Share of industry's demand met at the opening.", SHARE)


class Flows(eqx.Module):
    """What was broken and mended this week, and what the grid served after that."""

    struck: Float[Array, "side region plant run"] = quantity("GW", "Put out of action this week.")
    repaired: Float[Array, "side region plant run"] = quantity("GW", "Brought back this week.")
    parts_delivered: Float[Array, "side run"] = quantity("GW", "Parts that arrived, as the damage that they mend.")
    parts_used: Float[Array, "side run"] = quantity("GW", "Parts that repairs took, likewise.", derived=True)
    installed: Float[Array, "side run"] = quantity("GW", "Generation, broken or not.", derived=True, level=True)
    available: Float[Array, "side run"] = quantity("GW", "Generation that can be counted on.", level=True)
    demand: Float[Array, "side run"] = quantity("GW", "Power wanted when demand is high.", level=True)
    generated: Float[Array, "side run"] = quantity("GW", "Served from own plants.", derived=True, level=True)
    imported: Float[Array, "side run"] = quantity("GW", "Served from abroad.", level=True)
    served: Float[Array, "side run"] = quantity("GW", "Demand that is met.", derived=True, level=True)
    served_share: Float[Array, "side run"] = quantity(
        "1", "Share of demand that is met.", SHARE, derived=True, level=True
    )
    industry_served: Float[Array, "side run"] = quantity("1", "Share of industry's that is met.", SHARE, level=True)
    blackout_hours: Float[Array, "side run"] = quantity(
        "h", "Hours a day for which a household is cut off, on average.", (0.0, 24.0), level=True
    )
    dark: Float[Array, "side run"] = quantity("person", "People without electricity at a time.", level=True)
    cold: Float[Array, "side run"] = quantity("person", "People without heat, while it is cold.", level=True)
    dry: Float[Array, "side run"] = quantity("person", "People without water.", level=True)


def opening(params: Params, temperature: Float[Array, "run"]) -> State:
    """Damage as it is thought to be: what broke lately is as strikes break it, the rest what takes long to mend."""
    fresh, slow = severity(params), severity(params) / repair_rates(params)
    lately = params.recent_opening[:, None, None]
    kinds = lately * fresh + (1 - lately) * slow / slow.sum(axis=1, keepdims=True)
    installed = sited(params)
    out = installed * (1 - params.available_opening)[:, None]
    served = balance(params, installed, installed - out, do=NOTHING, temperature=temperature)["industry_served"]
    return State(out[:, :, :, None] * kinds[:, None], params.parts_opening, jnp.ones_like(served), served)


def opening_hours(params: Params, temperature: Float[Array, "run"]) -> Float[Array, "side run"]:
    """Hours a day for which a household was cut off at the opening."""
    installed = sited(params)
    working = installed * params.available_opening[:, None]
    return balance(params, installed, working, do=NOTHING, temperature=temperature)["blackout_hours"]


def step(
    params: Params,
    state: State,
    *,
    do: Intervention,
    noise: Noise,
    hits: Float[Array, "side sector run"],
    temperature: Float[Array, "run"],
) -> tuple[State, Flows]:
    """Break what is hit, mend what crews and parts allow, then share out the power that there is.

    `hits` are on the side's sectors, each as strong as an attack drone's; `temperature` is the side's, or everyone's.
    """
    installed = sited(params)
    broken = state.broken * manageable(state.broken.sum(axis=3), installed)[:, :, :, None]
    working = jnp.maximum(installed - broken.sum(axis=3), 0.0)
    delivered = do("parts_delivered", params.parts_supply)
    parts = state.parts + delivered

    hazard = hazards(params, installed, hits[:, HIT], noise.uniform("luck", hits.shape[:1]))[:, :, :, None]
    kinds, repair = severity(params), repair_rates(params) * allowed(params, broken, parts)[:, None, None, None]
    breaking, mending = exchange(hazard * kinds, repair, hazard)
    struck = by_damage(do, "struck", working[:, :, :, None] * breaking, kinds, working)
    there = broken.sum(axis=3)
    mended = by_damage(do, "repaired", broken * mending, jnp.full_like(kinds, 1 / len(DAMAGE)), there)
    mended = spilled(mended, broken)
    mended = mended * manageable(parts_for(params, mended), parts)[:, None, None, None]
    used = parts_for(params, mended)

    broken = jnp.maximum(broken + struck - mended, 0.0)
    working = jnp.maximum(installed - broken.sum(axis=3), 0.0)
    power = balance(params, installed, working, do=do, temperature=temperature)
    flows = Flows(struck.sum(axis=3), mended.sum(axis=3), delivered, used, **power)
    had = state.industry_opening
    relative = jnp.where(had > LEAST, flows.industry_served / jnp.maximum(had, LEAST), 1.0)
    return State(broken, jnp.maximum(parts - used, 0.0), relative, had), flows


def sited(params: Params) -> Float[Array, "side region plant run"]:
    """What is installed where, GW."""
    return params.capacity[:, None] * weights(params.siting)


def weights(of: Float[Array, "side region ..."]) -> Float[Array, "side region ..."]:
    """Shares of the regions in proportion to their weights; equal ones where there are none."""
    return (of + NONE) / (of + NONE).sum(axis=1, keepdims=True)


def severity(params: Params) -> Float[Array, "plant damage run"]:
    """Shares of what is struck by how badly it is damaged."""
    heavy = params.heavy_share
    return jnp.stack([1 - heavy, heavy * (1 - params.lost_share), heavy * params.lost_share], axis=1)


def repair_rates(params: Params) -> Float[Array, "damage run"]:
    """Rates per week at which each kind of damage is mended, with crews and parts enough."""
    return jnp.maximum(jnp.stack([params.repair_minor, params.repair_major, params.repair_lost]), NONE)


def hazards(
    params: Params, installed: Float[Array, "side region plant run"], hits: Float[Array, "side run"], u: Array
) -> Float[Array, "side region plant run"]:
    """Rate per week at which hits put each GW that works out of action; `u` is the luck of the week."""
    weight = params.exposure[:, :, None] * params.vulnerability
    everything = (weight * installed).sum(axis=(1, 2))
    luck = jnp.exp(params.luck_spread * normal_quantile(u) - params.luck_spread**2 / 2)
    rate = jnp.minimum(hits * params.loss_per_hit * luck / jnp.maximum(everything, NONE), FASTEST)
    return rate[:, None, None] * weight


def allowed(params: Params, broken: Array, parts: Float[Array, "side run"]) -> Float[Array, "side run"]:
    """Share of the repairs wanted for which crews and parts are there."""
    wanted = broken * repair_rates(params)
    crews = manageable(wanted.sum(axis=(1, 2, 3)), params.crews)
    return jnp.minimum(crews, manageable(parts_for(params, wanted), parts))


def parts_for(params: Params, mended: Float[Array, "side region plant damage run"]) -> Float[Array, "side run"]:
    """Parts that repairs take, in GW of major damage."""
    need = jnp.stack([params.parts_minor, jnp.ones_like(params.parts_minor), params.parts_lost])
    return (mended.sum(axis=(1, 2)) * need).sum(axis=1)


def by_damage(do: Intervention, name: str, flow: Array, otherwise: Array, most: Array) -> Array:
    """A flow [side region plant damage run] as decreed for all kinds of damage together, no more than there is.

    It keeps its proportions, or takes those of `otherwise` where there would be none of it.
    """
    whole = flow.sum(axis=3)
    total = jnp.minimum(do(name, whole), most)[:, :, :, None]
    share = flow / jnp.maximum(whole, FAINT)[:, :, :, None]
    return total * jnp.where(whole[:, :, :, None] > FAINT, share, otherwise)


def spilled(wanted: Array, most: Array) -> Array:
    """Flows [side region plant damage run] within what there is of each kind; what one cannot take goes to the rest."""
    taken = jnp.minimum(wanted, most)
    left = most - taken
    over = (wanted - taken).sum(axis=3, keepdims=True) / jnp.maximum(left.sum(axis=3, keepdims=True), FAINT)
    return taken + left * jnp.minimum(over, 1.0)


def balance(
    params: Params,
    installed: Float[Array, "side region plant run"],
    working: Float[Array, "side region plant run"],
    *,
    do: Intervention,
    temperature: Float[Array, "run"],
) -> dict[str, Array]:
    """Supply, demand and what people and industry lack, by the names of the flows."""
    frost = jnp.maximum(MILD - temperature, 0.0) / 10
    growth = 1 + params.demand_cold * frost
    demand = do("demand", params.demand_mild * growth)
    wanted = demand[:, None] * weights(params.demand_share)

    reliable = working * params.usable
    tie, plants = reliable[:, :, TIE], reliable[:, :, :TIE].sum(axis=2)
    sites = installed[:, :, :TIE].sum(axis=2)
    there, everything = plants.sum(axis=1), sites.sum(axis=1)
    available = jnp.minimum(do("available", there), everything)
    where = jnp.where((there > FAINT)[:, None], plants / jnp.maximum(there, FAINT)[:, None], weights(sites))
    own = available[:, None] * where

    local = jnp.minimum(own, wanted)
    lack, spare = jnp.minimum(wanted - local, tie), jnp.minimum(own - local, tie)
    lacking = lack.sum(axis=1)
    shared = jnp.minimum(spare.sum(axis=1), lacking)
    imported = jnp.minimum(do("imported", jnp.minimum(params.import_cap, lacking - shared)), lacking - shared)
    missing = jnp.maximum((wanted - local).sum(axis=1) - shared - imported, 0.0)
    generated = local.sum(axis=1) + shared

    industry = demand * params.industry_share / growth
    homes = demand - industry
    cut = jnp.clip(params.industry_cut * missing, jnp.maximum(missing - homes, 0.0), industry)
    industry_served = do("industry_served", 1 - cut / jnp.maximum(industry, NONE))
    homes_lack = jnp.clip(missing - industry * (1 - industry_served), 0.0, homes) / jnp.maximum(homes, NONE)
    hours = do("blackout_hours", 24 * jnp.minimum(params.cut_factor * homes_lack, 1.0))
    dark = hours / 24
    return {
        "installed": everything,
        "available": available,
        "demand": demand,
        "generated": generated,
        "imported": imported,
        "served": generated + imported,
        "served_share": jnp.where(demand > NONE, jnp.maximum(1 - missing / jnp.maximum(demand, NONE), 0.0), 1.0),
        "industry_served": industry_served,
        "blackout_hours": hours,
        "dark": do("dark", params.population * dark),
        "cold": do("cold", params.population * -jnp.expm1(-params.heat_effect * dark * frost)),
        "dry": do("dry", params.population * -jnp.expm1(-params.water_effect * dark)),
    }
