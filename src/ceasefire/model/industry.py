"""Industry: equipment and munitions newly built, brought back from storage, or given, each week.

New build = capacity · power^ε_p · funding^ε_f, both 1 at the opening. Gifts and imports are steady rates. Storage
empties as its good pieces go first: refurbishment falls with the share of the store that is left,
rate · (storage / opening)^decline, limited by power and funding likewise, and can never take more than there is.

Left out: parts and labour as limits of their own, the time to build; deep strikes on plants.
Sources: by side, item and munition in the scenario, each with its own; the rest elicited.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ceasefire.model.declare import Fixed, LogNormal, Uniform, coupling, parameter, quantity
from ceasefire.model.intervene import Intervention


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
    power: Float[Array, "side run"] = parameter(
        Fixed(1.0), unit="1", source="definition", doc="Electric power that plants get, relative to the opening."
    )
    funding: Float[Array, "side run"] = parameter(
        Fixed(1.0), unit="1", source="definition", doc="Money that plants get, relative to the opening."
    )
    power_exponent: Float[Array, "run"] = coupling(
        "industry.power", "industry.built", LogNormal(0.2, 0.5, 1.0), doc="How output follows power (ε_p)."
    )
    funding_exponent: Float[Array, "run"] = coupling(
        "industry.funding", "industry.built", LogNormal(0.3, 0.7, 1.2), doc="How output follows money (ε_f)."
    )


class State(eqx.Module):
    """What is left to refurbish."""

    storage: Float[Array, "side item run"] = quantity("count", "Pieces left in storage.")


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
    """Storage as it is thought to be."""
    return State(params.storage_opening)


def step(params: Params, state: State, *, do: Intervention) -> tuple[State, Flows]:
    """Build, import, refurbish; storage pays for what is refurbished."""
    limit = (params.power**params.power_exponent * params.funding**params.funding_exponent)[:, None]
    left = state.storage / jnp.maximum(params.storage_opening, 1e-9)
    wanted = do("refurbished", params.refurbishment * limit * left**params.decline)
    refurbished = jnp.minimum(wanted, state.storage)
    flows = Flows(
        built=do("built", params.new_build * limit),
        imported=do("imported", params.imports),
        refurbished=refurbished,
        munitions_made=do("munitions_made", params.munition_output * limit),
        munitions_imported=do("munitions_imported", params.munition_imports),
    )
    return State(state.storage - refurbished), flows
