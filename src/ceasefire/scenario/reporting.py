"""Reporting: how what happens becomes what is claimed and mapped. Reported is not true.

Claims of losses exceed the truth by a factor and come with noise from week to week, z a standard normal of each week:
    claimed = overcount · true · e^(noise · z),
    log odds of the share reported as stopped = log odds of the true share + excess + noise · z;
maps lag behind the ground when mappers wait for proof. `study/observe.py` applies these to simulated wars;
`scenario/start.py` uses the factor the other way round, to open the war at what the claims imply. A defence reports a
larger share of weapons stopped than it stops: weapons that fail or miss by themselves are counted, and hits are not
told. `study/monthly.py` applies that.

Left out: drift of the factor in time, lags of claims, disagreement between mappers, launches that nobody notices.
Sources: overcount by item and excess by weapon in the scenario, the rest elicited.
"""

import equinox as eqx
from jaxtyping import Array, Float

from ceasefire.model.declare import LogNormal, Normal, Share, parameter


class Params(eqx.Module):
    """What is not known exactly about the reports."""

    overcount: Float[Array, "claim run"] = parameter(
        LogNormal(0.8, 1.5, 3.0), unit="1", doc="Claimed losses over true losses."
    )
    noise: Float[Array, "claim run"] = parameter(
        LogNormal(0.05, 0.15, 0.5), unit="1", doc="Standard deviation of the log of a week's claims around its level."
    )
    unmapped: Float[Array, "run"] = parameter(
        Share(0.05, 0.15, 0.3), unit="1", doc="Chance that an axis's map is not redrawn in a week."
    )
    stopped_excess: Float[Array, "weapon run"] = parameter(
        Normal(-0.1, 0.12, 0.4),
        unit="1",
        doc="Log odds by which the share of weapons that is reported as stopped exceeds the true one.",
    )
    stopped_noise: Float[Array, "run"] = parameter(
        LogNormal(0.05, 0.15, 0.4), unit="1", doc="Standard deviation of the log odds of a week's report around that."
    )


class State(eqx.Module):
    """Nothing is carried over."""


class Flows(eqx.Module):
    """Nothing but reports, which `study/observe.py` makes."""
