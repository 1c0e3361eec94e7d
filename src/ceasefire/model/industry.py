"""Industry: equipment and munitions newly built, brought back from storage, or given, each week.

    new build = capacity · power^ε_p · funding^ε_f · parts^ε_c · plants^ε_d · given^ε_a,
all relative to the opening: the power that is left for industry, the money for arms, parts in spite of sanctions,
plants in spite of strikes, parts that patrons give. What munitions are made grows by `pace`, which slows down with a
half-life. What comes from abroad follows what patrons give of it. Munitions reach the army as far as depots and
airfields stand, which strikes on military targets wear down.

Storage empties as its good pieces go first: refurbishment falls with the share of the store that is left,
rate · (storage / opening)^decline, limited like new build, and can never take more than there is.

Left out: labour as a limit of its own, the time to build, raw materials, which plant makes what.
Sources: by side, item and munition in the scenario, each with its own; exponents elicited, that of power after the
model notes, section 5.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ceasefire.model.axes import GOODS, INTERCEPTORS, MUNITIONS, SECTORS
from ceasefire.model.declare import SIGNED, Fixed, LogNormal, Normal, Uniform, coupling, parameter, quantity
from ceasefire.model.intervene import Intervention

COMPONENTS, PLATFORMS = GOODS.index("components"), GOODS.index("platforms")
_SORTS = {"shell": "shells", **dict.fromkeys(INTERCEPTORS, "interceptors")}
GOOD_OF = tuple(GOODS.index(_SORTS.get(munition, "weapons")) for munition in MUNITIONS)
"""As which of the goods that patrons give each munition counts."""


class Params(eqx.Module):
    """What industry does not know exactly."""

    new_build: Float[Array, "side item run"] = parameter(
        LogNormal(1, 10, 100), unit="count/week", doc="Newly built each week, at the opening's power and funding."
    )
    imports: Float[Array, "side item run"] = parameter(
        Fixed(0.0), unit="count/week", source="scenario", doc="Bought or given from abroad each week."
    )
    refurbishment: Float[Array, "side item run"] = parameter(
        LogNormal(0.5, 5, 50), unit="count/week", doc="Brought back from storage each week, at the opening."
    )
    storage_opening: Float[Array, "side item run"] = parameter(
        LogNormal(100, 1000, 10000), unit="count", doc="Pieces in storage at the opening that can be brought back."
    )
    decline: Float[Array, "run"] = parameter(
        Uniform(0.7, 2.0), unit="1", doc="How fast refurbishment falls as the good part of the store goes (elasticity)."
    )
    munition_output: Float[Array, "side munition run"] = parameter(
        LogNormal(10, 1000, 100000), unit="count/week", doc="Munitions made each week, at the opening."
    )
    munition_imports: Float[Array, "side munition run"] = parameter(
        Fixed(0.0), unit="count/week", source="scenario", doc="Munitions bought or given from abroad each week."
    )
    growth: Float[Array, "side munition run"] = parameter(
        Normal(-0.003, 0.0, 0.003), unit="1/week", doc="Pace at which the making of a munition grows."
    )
    growth_half_life: Float[Array, "run"] = parameter(
        LogNormal(13, 30, 80), unit="week", doc="Time in which that pace halves, as markets and plants saturate."
    )
    power_exponent: Float[Array, "run"] = coupling(
        "grid.power", "industry.built", LogNormal(0.1, 0.3, 0.5), doc="How output follows power (ε_p)."
    )
    funding_exponent: Float[Array, "run"] = coupling(
        "budget.funding", "industry.built", LogNormal(0.3, 0.7, 1.2), doc="How output follows money (ε_f)."
    )
    parts_exponent: Float[Array, "run"] = coupling(
        "sanctions.components", "industry.built", LogNormal(0.2, 0.6, 1.2), doc="How output follows parts (ε_c)."
    )
    plant_exponent: Float[Array, "run"] = coupling(
        "damage.capacity", "industry.built", LogNormal(0.3, 0.7, 1.2), doc="How output follows plants that stand (ε_d)."
    )
    foreign_exponent: Float[Array, "run"] = coupling(
        "patrons.received",
        "industry.built",
        LogNormal(0.05, 0.2, 0.6),
        doc="How output follows the parts that patrons give (ε_a).",
    )
    import_exponent: Float[Array, "run"] = coupling(
        "patrons.received",
        "industry.munitions_imported",
        Fixed(1.0),
        doc="How what comes from abroad follows what patrons give; 1 is in proportion.",
    )
    depot_exponent: Float[Array, "run"] = coupling(
        "damage.capacity",
        "industry.munitions_made",
        LogNormal(0.1, 0.4, 1.0),
        doc="How munitions that reach the army follow depots and airfields that stand.",
    )


class State(eqx.Module):
    """What is left to refurbish, and how far the making of munitions has grown."""

    storage: Float[Array, "side item run"] = quantity("count", "Pieces left in storage.")
    pace: Float[Array, "side munition run"] = quantity("1/week", "Growth of the making of munitions.", SIGNED)
    expansion: Float[Array, "side munition run"] = quantity("1", "Log of what it has grown to since.", SIGNED)


class Flows(eqx.Module):
    """What reached the army this week."""

    built: Float[Array, "side item run"] = quantity("count", "Newly built this week.")
    imported: Float[Array, "side item run"] = quantity("count", "Bought or given from abroad this week.")
    refurbished: Float[Array, "side item run"] = quantity("count", "Taken from storage and repaired this week.")
    munitions_made: Float[Array, "side munition run"] = quantity("count", "Munitions made this week.")
    munitions_imported: Float[Array, "side munition run"] = quantity("count", "Munitions from abroad this week.")

    @property
    def delivered(self) -> Float[Array, "side item run"]:
        """Pieces that reached the army, from all sources."""
        return self.built + self.imported + self.refurbished

    @property
    def munitions(self) -> Float[Array, "side munition run"]:
        """Munitions that reached the army, from all sources."""
        return self.munitions_made + self.munitions_imported


def opening(params: Params) -> State:
    """Storage as it is thought to be; no growth yet."""
    return State(params.storage_opening, params.growth, jnp.zeros_like(params.growth))


def step(
    params: Params,
    state: State,
    *,
    do: Intervention,
    power: Float[Array, "side run"],
    funding: Float[Array, "side run"],
    components: Float[Array, "side run"],
    capacity: Float[Array, "side sector run"],
    received: Float[Array, "side good run"],
) -> tuple[State, Flows]:
    """Build, import, refurbish; storage pays for what is refurbished.

    `received` is what patrons give, relative to the opening.
    """
    plants, depots = (capacity[:, SECTORS.index(sector)] for sector in ("industry", "military"))
    money = funding**params.funding_exponent * components**params.parts_exponent
    money = money * received[:, COMPONENTS] ** params.foreign_exponent
    given = received**params.import_exponent
    of_munition = jnp.stack([given[:, good] for good in GOOD_OF], axis=1)
    limit = (power**params.power_exponent * money * plants**params.plant_exponent)[:, None]
    arrive = (depots**params.depot_exponent)[:, None]
    left = state.storage / jnp.maximum(params.storage_opening, 1e-9)
    wanted = do("refurbished", params.refurbishment * limit * left**params.decline)
    refurbished = jnp.minimum(wanted, state.storage)
    made = params.munition_output * jnp.exp(state.expansion) * limit
    flows = Flows(
        built=do("built", params.new_build * limit),
        imported=do("imported", params.imports * given[:, PLATFORMS, None]),
        refurbished=refurbished,
        munitions_made=do("munitions_made", made * arrive),
        munitions_imported=do("munitions_imported", params.munition_imports * of_munition * arrive),
    )
    after = State(
        storage=state.storage - refurbished,
        pace=state.pace * 2.0 ** (-1.0 / params.growth_half_life),
        expansion=state.expansion + state.pace,
    )
    return after, flows
