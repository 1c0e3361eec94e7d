"""Bargaining in closed form: splits of a linear frontier, and why wars are fought although they cost.

Shares and chances are of the stake, in [0, 1]; costs are in the same unit. Both sides are risk neutral.

Left out: more than one issue, risk aversion, learning over several rounds.
Sources: Nash 1950 (Econometrica 18) and Harsanyi and Selten 1972 (weights); Rubinstein 1982 (Econometrica 50); Fearon
1995 (International Organization 49: the range and the screening offer); Powell 2006 (International Organization 60:
commitment).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ceasefire.study.bargaining.check import BargainingError, FloatArray, NoAgreementError, number, table


class Interval(NamedTuple):
    """Shares of the first side that both prefer to war."""

    low: float
    high: float


class Screening(NamedTuple):
    """What a side demands that does not know how costly war is to the other."""

    demand: float
    war: float
    """Chance that the other side refuses."""


def nash_split(disagreement: ArrayLike, weights: ArrayLike | None = None, total: float = 1.0) -> FloatArray:
    """x_i = d_i + w_i (total − Σ d), the weighted Nash solution on the frontier Σ x = total, [party].

    Weights are positive and scaled to sum to one; equal if left out. For two parties a single number will do: the
    weight of the first, in (0, 1). Raises `NoAgreementError` where the disagreement values exceed the total.
    """
    d = table("disagreement", disagreement, (None,))
    whole = number("total", total)
    if np.sum(d) > whole + 1e-12 * max(1.0, abs(whole)):
        raise NoAgreementError(f"the disagreement values add up to {np.sum(d):g}, more than the total of {whole:g}")
    split: FloatArray = d + party_weights(weights, len(d)) * (whole - np.sum(d))
    return split


def party_weights(weights: ArrayLike | None, parties: int) -> FloatArray:
    """Positive weights that sum to one [party]; equal where none are given; two parties may get the first's alone."""
    if weights is None:
        return np.full(parties, 1 / parties)
    if np.ndim(weights) == 0 and parties == 2:
        first = number("weight of the first party", weights, 0, 1)
        weights = [first, 1 - first]
    found = table("weights", weights, (parties,), low=0, above=True)
    scaled: FloatArray = found / np.sum(found)
    return scaled


def rubinstein_share(first_patience: float, second_patience: float) -> float:
    """(1 − δ2)/(1 − δ1 δ2), the share of the side that makes the first of alternating offers.

    δ is what a share is worth one round later, in [0, 1]; not both are 1, for then any split is an equilibrium.
    """
    first, second = (number("patience", patience, 0, 1) for patience in (first_patience, second_patience))
    if first * second == 1:
        raise BargainingError("both patiences are 1: the share is not determined; at least one should be below 1")
    return (1 - second) / (1 - first * second)


def fearon_range(chance: float, first_cost: float, second_cost: float) -> Interval:
    """[p − c₁, p + c₂], the shares of the first side that both prefer to a war that it wins with chance p.

    Costs are not negative. The ends may lie outside [0, 1], where a side prefers any division to war.
    """
    p = number("chance", chance, 0, 1)
    return Interval(p - number("first cost", first_cost, 0), p + number("second cost", second_cost, 0))


def screening(chance: float, cost: float, low: float, high: float) -> Screening:
    """The best demand of a side that knows the other's cost of war only as uniform on [low, high], and its risk of war.

    The other refuses where its cost is below x − p, so the demand maximises x (1 − F(x − p)) + (p − c₁) F(x − p):
    x = p + (high − c₁)/2, but no less than p + low, which none refuses, and no more than the whole stake of 1.
    """
    p, own = number("chance", chance, 0, 1), number("cost", cost, 0)
    least = number("lowest cost of the other", low, 0)
    most = number("highest cost of the other", high, least)
    over = min(max((most - own) / 2, least), 1 - p)
    return Screening(p + over, (over - least) / (most - least) if over > least else 0.0)


def powell_threshold(discount: float, chance: float, declining_cost: float, rising_cost: float) -> float:
    """p₂* = (p₁ + (1 − δ)(c_D + δ c_R))/δ, the later chance of the rising side above which the other attacks now.

    p₁ is the rising side's chance of winning today, δ in (0, 1] the discount factor, costs per period and not negative.
    A threshold above 1 means that no shift of power is large enough.
    """
    d = number("discount", discount, 0, 1, above=True)
    declining, rising = number("declining cost", declining_cost, 0), number("rising cost", rising_cost, 0)
    return (number("chance", chance, 0, 1) + (1 - d) * (declining + d * rising)) / d


def preventive_war(
    discount: float, chance: float, later_chance: float, declining_cost: float, rising_cost: float
) -> bool:
    """Whether δ p₂ − p₁ > (1 − δ)(c_D + δ c_R): no promise of the rising side is worth as much as war to the other.

    `chance` and `later_chance` are the rising side's, now and after the shift.
    """
    later = number("later chance", later_chance, 0, 1)
    return later > powell_threshold(discount, chance, declining_cost, rising_cost)
