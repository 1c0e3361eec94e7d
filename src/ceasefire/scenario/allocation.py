"""Which cells change hands, learned from the cells that did, on the weekly maps known by the opening.

Given the ground that a side took on an axis in a week, cell j got a part in proportion to room · w,
w = near^a · room^b · ((momentum + floor)/floor)^c · exp(−θ · feature), as in `model/front.py`. What is learned of
(a, b, c, θ) has the partial likelihood Σ gain_j ln(room_j w_j / Σ room w), gains counted in lumps (McFadden 1974,
conditional logit). Lumps are not independent: the likelihood counts one of `OVERDISPERSION` of them.

The prior is normal and wide, or what calibration learned of the maps up to its cut-off (`study/calibration/choice.py`),
and then only the weeks since are new. The mode is found by Newton's method (the likelihood is concave), the uncertainty
is Laplace's.

Left out: sides apart (the attacker with more gains dominates), interaction with weather and drones, that the exponents
drift.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from ceasefire.model.declare import Z95, Normal, Prior
from ceasefire.model.front import LUMP_SHAPE, MOMENTUM_FLOOR, MOMENTUM_MEMORY, MOMENTUM_SPREAD, TRACE
from ceasefire.scenario.posterior import Law

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

PRESENCE = Normal(1 - Z95, 1.0, 1 + Z95)
"""a: ground falls in proportion to the attacker's hold of it and around it, give or take one power (elicited)."""
ROOM = Normal(-Z95, 0.0, Z95)
"""b: beyond the room itself, none, give or take one power (elicited)."""
MOMENTUM = Normal(0.5 - 0.5 * Z95, 0.5, 0.5 + 0.5 * Z95)
"""c: attacks go on where they went well, between not at all and in proportion (elicited)."""
RESISTANCE = Normal(-0.5 * Z95, 0.0, 0.5 * Z95)
"""θ: a standard deviation of a feature of the ground changes the chance by e^±.5 or so (elicited)."""
LUMP_KM2 = 5.0
USUAL_LUMP_KM2 = 7.0
"""Mean ground taken at one go (model notes, section 1)."""
OVERDISPERSION = USUAL_LUMP_KM2 * (1 + 1 / LUMP_SHAPE) / LUMP_KM2
"""Variance over mean of what a cell gets, in lumps, if ground is compound Poisson–gamma as in `model/front.py`; 3.15.

Partial likelihood has nothing to say of it. On maps to 2025-01-04 the variance of the slope, summed over quarters of a
year on an axis, is .1 to 1.6 times that of independent lumps, depending on the exponent, so that this errs on the side
of caution; on longer records only that of momentum is larger."""
WINDOW = 60
"""Weeks of maps that count."""
WARM_UP = 8
"""Weeks before momentum can be trusted."""


def priors(features: int) -> dict[str, Prior]:
    """The numbers of the lesson, for so many features of the ground."""
    exponents: dict[str, Prior] = {
        "allocation.presence": PRESENCE,
        "allocation.room": ROOM,
        "allocation.momentum": MOMENTUM,
    }
    return exponents | {f"allocation.resistance[{k}]": RESISTANCE for k in range(features)}


@dataclass(frozen=True)
class AllocationLaw:
    """A normal law of (a, b, c, θ)."""

    centre: FloatArray
    root: FloatArray

    def draw(self, uniforms: FloatArray) -> FloatArray:
        """Exponents and resistances at uniforms [3 + feature, run]."""
        drawn = np.repeat(self.centre[:, None], uniforms.shape[-1], axis=1)
        for column, score in zip(self.root.T, ndtri(uniforms), strict=True):  # in one order, however many runs
            drawn += column[:, None] * score
        return drawn


@dataclass(frozen=True)
class Choices:
    """Every cell that could have been taken in some week, side and axis."""

    column: FloatArray
    """ln near, ln room, ln momentum, −feature …, [choice, column]."""
    room: FloatArray
    """km² that could be taken."""
    gain: FloatArray
    """Lumps taken."""
    group: IntArray
    """Which week, side and axis the choice belongs to."""


def momentum_after(momentum: FloatArray, gain: FloatArray, neighbour: IntArray) -> FloatArray:
    """Momentum [cell] a week on: spread to neighbours, fade, add this week's share gained (as `model/front.py`)."""
    spread = (1 - MOMENTUM_SPREAD) * momentum + MOMENTUM_SPREAD * momentum[neighbour].mean(axis=1)
    return MOMENTUM_MEMORY * spread + (1 - MOMENTUM_MEMORY) * gain


def opening_momentum(share: FloatArray, neighbour: IntArray) -> FloatArray:
    """Momentum of both sides at the end of the maps, [side, cell], from shares [week, cell]."""
    momentum = np.zeros((2, share.shape[1]))
    for change in np.diff(np.nan_to_num(share), axis=0):
        for side, gain in enumerate((change, -change)):
            momentum[side] = momentum_after(momentum[side], np.maximum(gain, 0), neighbour)
    return momentum


def choices(
    share: FloatArray,
    neighbour: IntArray,
    axis: IntArray,
    area: FloatArray,
    feature: FloatArray,
    *,
    known: int = 0,
) -> Choices:
    """List the choices that the weekly maps [week, cell] show, with what each cell looked like beforehand.

    The first `known` changes are left out: those that the law has seen which will be told of the others.
    """
    parts: list[tuple[FloatArray, FloatArray, FloatArray, IntArray]] = []
    momentum = np.zeros((2, share.shape[1]))
    first = max(WARM_UP, len(share) - 1 - WINDOW, known)
    for week, change in enumerate(np.diff(share, axis=0)):
        for side, gain in enumerate((np.maximum(change, 0), np.maximum(-change, 0))):
            if week >= first and gain.any():
                own = share[week] if side == 0 else 1 - share[week]
                parts.append(_week_choices(own, gain, momentum[side], neighbour, axis, area, feature, 2 * week + side))
            momentum[side] = momentum_after(momentum[side], gain, neighbour)
    if not parts:
        empty = np.zeros(0)
        return Choices(np.zeros((0, 3 + len(feature))), empty, empty, np.zeros(0, np.int64))
    column, room, gain, group = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Choices(column, room, gain, np.unique(group, return_inverse=True)[1])


def _week_choices(
    own: FloatArray,
    gain: FloatArray,
    momentum: FloatArray,
    neighbour: IntArray,
    axis: IntArray,
    area: FloatArray,
    feature: FloatArray,
    label: int,
) -> tuple[FloatArray, FloatArray, FloatArray, IntArray]:
    near = 0.5 * own + 0.5 * own[neighbour].mean(axis=1)
    at = np.flatnonzero((near > 0.02) & (own < 0.98))
    column = np.column_stack(
        [
            np.log(np.maximum(near[at], TRACE)),
            np.log(np.maximum(1 - own[at], TRACE)),
            np.log((momentum[at] + MOMENTUM_FLOOR) / MOMENTUM_FLOOR),
            -feature[:, at].T,
        ]
    )
    return column, (1 - own[at]) * area[at], gain[at] * area[at] / LUMP_KM2, axis[at] + 1000 * label


def learn(listed: Choices, law: Law | None = None) -> AllocationLaw:
    """The law of the exponents given choices that `law`, the prior if none is given, has not seen."""
    law = law or Law.prior(priors(listed.column.shape[1] - 3))
    centre, root = _in_values(law)
    precision = np.linalg.inv(root @ root.T)
    theta, information = centre.copy(), precision
    for _ in range(30 if len(listed.gain) else 0):
        gradient, curvature = slope(listed, theta)
        information = precision + curvature / OVERDISPERSION
        step = np.linalg.solve(information, gradient / OVERDISPERSION - precision @ (theta - centre))
        theta = theta + np.clip(step, -0.5, 0.5)
        if np.abs(step).max() < 1e-6:
            break
    return AllocationLaw(theta, np.linalg.cholesky(np.linalg.inv(information)))


def _in_values(law: Law) -> tuple[FloatArray, FloatArray]:
    """Centre and root of a law of scores as one of the exponents: their priors are normal, so both are linear."""
    middle = np.array([prior.quantile(0.5) for prior in law.priors])
    spread = np.array([prior.quantile(0.95) - prior.quantile(0.5) for prior in law.priors]) / Z95
    return middle + spread * law.centre, spread[:, None] * law.root


def slope(listed: Choices, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Gradient and negative Hessian of the partial log likelihood, lumps taken as independent."""
    chance = chances(listed, theta)
    groups = int(listed.group.max()) + 1
    gains = np.bincount(listed.group, listed.gain, groups)
    expected = chance * gains[listed.group]
    gradient = listed.column.T @ (listed.gain - expected)
    means = np.stack([np.bincount(listed.group, chance * c, groups) for c in listed.column.T], axis=1)
    second = (listed.column * expected[:, None]).T @ listed.column
    return gradient, second - (means * gains[:, None]).T @ means


def chances(listed: Choices, theta: FloatArray) -> FloatArray:
    """Chance of each choice to be the next lump of its group, [choice]."""
    utility = listed.column @ theta
    most = np.full(int(listed.group.max()) + 1, -np.inf)
    np.maximum.at(most, listed.group, utility)
    weight = listed.room * np.exp(utility - most[listed.group])
    return np.asarray(weight / np.bincount(listed.group, weight)[listed.group])
