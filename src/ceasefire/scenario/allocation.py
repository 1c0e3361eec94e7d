"""Which cells change hands, learned from the cells that did, on the weekly maps known by the opening.

Given the ground that a side took on an axis in a week, cell j got a part in proportion to room · w,
w = near^a · room^b · ((momentum + floor)/floor)^c · exp(−θ · feature), as in `model/front.py`. The exponents maximise
the partial likelihood Σ gain_j ln(room_j w_j / Σ room w), gains counted in lumps, with a normal prior around elicited
values (McFadden 1974, conditional logit; concave, solved by Newton's method). Their uncertainty is Laplace's, widened
by `OVERDISPERSION` because neighbouring cells fall together.

Left out: sides apart (the attacker with more gains dominates), interaction with weather and drones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from ceasefire.model.front import MOMENTUM_FLOOR, MOMENTUM_MEMORY, MOMENTUM_SPREAD, TRACE

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

PRIOR_CENTRE = (0.65, 0.1, 0.6)
"""Exponents of presence, room and momentum; centred with hindsight on a fit to the weekly maps to 2026-01."""
PRIOR_SPREAD = (0.25, 0.3, 0.25)
FEATURE_SPREAD = 0.2
LUMP_KM2 = 5.0
OVERDISPERSION = 4.0
WINDOW = 60
"""Weeks of maps that count."""
WARM_UP = 8
"""Weeks before momentum can be trusted."""


@dataclass(frozen=True)
class AllocationLaw:
    """A normal law of (a, b, c, θ)."""

    centre: FloatArray
    root: FloatArray

    def draw(self, uniforms: FloatArray) -> FloatArray:
        """Exponents and resistances at uniforms [3 + feature, run]."""
        return self.centre[:, None] + np.einsum("ij,jr->ir", self.root, ndtri(uniforms))


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


def choices(share: FloatArray, neighbour: IntArray, axis: IntArray, area: FloatArray, feature: FloatArray) -> Choices:
    """List the choices that the weekly maps [week, cell] show, with what each cell looked like beforehand."""
    parts: list[tuple[FloatArray, FloatArray, FloatArray, IntArray]] = []
    momentum = np.zeros((2, share.shape[1]))
    first = max(WARM_UP, len(share) - 1 - WINDOW)
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


def learn(listed: Choices) -> AllocationLaw:
    """The law of the exponents given the choices; the prior alone where there are none."""
    features = listed.column.shape[1] - 3
    centre = np.array([*PRIOR_CENTRE, *np.zeros(features)])
    precision = np.diag(np.array([*PRIOR_SPREAD, *np.full(features, FEATURE_SPREAD)]) ** -2.0)
    theta, information = centre.copy(), precision
    for _ in range(12 if len(listed.gain) else 0):
        gradient, curvature = _slope(listed, theta)
        information = precision + curvature / OVERDISPERSION
        step = np.linalg.solve(information, gradient / OVERDISPERSION - precision @ (theta - centre))
        theta = theta + np.clip(step, -0.5, 0.5)
        if np.abs(step).max() < 1e-6:
            break
    return AllocationLaw(theta, np.linalg.cholesky(np.linalg.inv(information)))


def _slope(listed: Choices, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Gradient and negative Hessian of the partial log likelihood."""
    utility = listed.column @ theta
    weight = listed.room * np.exp(utility - utility.max())
    groups = int(listed.group.max()) + 1
    total = np.bincount(listed.group, weight, groups)
    gains = np.bincount(listed.group, listed.gain, groups)
    chance = weight / total[listed.group]
    expected = chance * gains[listed.group]
    gradient = listed.column.T @ (listed.gain - expected)
    means = np.stack([np.bincount(listed.group, chance * c, groups) for c in listed.column.T], axis=1)
    second = (listed.column * expected[:, None]).T @ listed.column
    return gradient, second - (means * gains[:, None]).T @ means
