"""War as a random walk over forts: who wins, how long it takes, what fighting on is worth, and what could be agreed.

N forts lie in a row, the first side holds k of them. Each battle is won by the first side with chance p and moves one
fort; at N it has won, at 0 lost. With r = (1 − p)/p

    P = (1 − r^k)/(1 − r^N),     T = (k − N P)/(1 − 2 p) battles;     p = ½: P = k/N, T = k (N − k).

A battle costs a side c, what comes after it is discounted by β, and victory and defeat end the walk:

    W(k) = −c + β (p V(k + 1) + (1 − p) V(k − 1)),     V = W, at the ends the utility of victory or defeat.

Each side i reckons with its own p_i. The zone of agreement z(k) = 1 − W_1(k) − W_2(k) is what a settlement of a stake
of 1 leaves to share; optimism shrinks it, for both expect to win. Where the sides settle with chance λ after every
battle if z > 0, dividing it, the first side gets s z and

    V_1 = W_1 + λ s max(z, 0),     V_2 = W_2 + λ (1 − s) max(z, 0).

That raises the value of fighting on, and so what must be offered to stop now: with N = 10, p = ½, β = .995, c = .012
and λ = .05 the zone in the middle falls from .6589 to .3413. Solved exactly, without simulation.

Left out: learning from battles (beliefs stay as they are), forts of unequal worth, draws.
Sources: Smith and Stam 2004 (Journal of Conflict Resolution 48) for the walk; Feller 1968, chapter XIV, for the closed
forms.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import solve_banded

from ceasefire.study.bargaining.check import BargainingError, FloatArray, number, table, whole

MOST_FORTS = 1000


@dataclass(frozen=True)
class Side:
    """What one side believes, pays and wants."""

    chance: float
    """That it wins a battle, as it believes, in [0, 1]."""
    cost: float = 0.0
    """Of a battle."""
    discount: float = 1.0
    """What the future is worth after a battle, in [0, 1]."""
    victory: float = 1.0
    defeat: float = 0.0


@dataclass(frozen=True, eq=False)
class Reservation:
    """What each side expects from fighting on with k = 0 … N forts in the hands of the first side."""

    first: FloatArray
    """[fort]"""
    second: FloatArray
    """[fort]"""

    @property
    def zone(self) -> FloatArray:
        """1 − first − second [fort]: what a settlement leaves to share; below 0 none is possible."""
        rest: FloatArray = 1 - self.first - self.second
        return rest


# ------------------------------------------------------------------------------------------------------- closed forms


def win_probability(forts: int, held: int, chance: float) -> float:
    """P, the chance that the first side takes all forts."""
    n, k, p = _walk(forts, held, chance)
    if p in (0.0, 1.0) or k in (0, n):
        return float(k == n or (p == 1 and k > 0))
    lead = np.log1p(-p) - np.log(p)  # ln r
    if lead > 0:  # both powers of r may overflow: divide them by r^N
        return float(np.exp((k - n) * lead) * np.expm1(-k * lead) / np.expm1(-n * lead))
    return float(np.expm1(k * lead) / np.expm1(n * lead)) if lead else k / n


def expected_duration(forts: int, held: int, chance: float) -> float:
    """T, the battles to expect until one side holds all forts."""
    n, k, p = _walk(forts, held, chance)
    if abs(1 - 2 * p) > 1e-3:
        return (k - n * win_probability(n, k, p)) / (1 - 2 * p)
    return float(-_values(n, p, 1.0, 1.0, 0.0, 0.0, np.zeros(n + 1), 0.0)[k])  # the closed form cancels near p = ½


# ----------------------------------------------------------------------------------------------- the value of fighting


def fighting_values(
    forts: int,
    chance: float,
    discount: float = 1.0,
    cost: float = 0.0,
    victory: float = 1.0,
    defeat: float = 0.0,
    *,
    settlement: float = 0.0,
    split: ArrayLike = 0.5,
) -> FloatArray:
    """W of the side whose forts are counted, [fort] for 0 … N held.

    With a chance of settlement after each battle that does not end the war, V = (1 − λ) W + λ split, where the split is
    what the side then gets: one number, or [fort] (the ends are not used). Raises `BargainingError`.
    """
    n, _, p = _walk(forts, 0, chance)
    share = table("split", np.broadcast_to(split, n + 1) if np.ndim(split) == 0 else split, (n + 1,))
    return _values(
        n,
        p,
        number("discount", discount, 0, 1),
        number("cost", cost),
        number("utility of victory", victory),
        number("utility of defeat", defeat),
        share,
        number("chance of settlement", settlement, 0, 1),
    )


def fight_to_finish(
    forts: int,
    held: int,
    chance: float,
    discount: float = 1.0,
    cost: float = 0.0,
    victory: float = 1.0,
    defeat: float = 0.0,
) -> float:
    """W(k), what a side that holds k of N forts expects from fighting until one side has them all."""
    values = fighting_values(forts, chance, discount, cost, victory, defeat)
    return float(values[_walk(forts, held, chance)[1]])


# ------------------------------------------------------------------------------------------------------------ two sides


def with_settlement(forts: int, first: Side, second: Side, settlement: float = 0.0, share: float = 0.5) -> Reservation:
    """W of both sides where they settle after a battle with a given chance, wherever there is something to share.

    `settlement` λ in [0, 1], 0 for a fight to the finish; `share` s in [0, 1] is the first side's part of the zone. The
    values are consistent: what is shared is what those same values leave. Raises `BargainingError`.
    """
    n, hazard, part = (
        _walk(forts, 0, first.chance)[0],
        number("settlement", settlement, 0, 1),
        number("share", share, 0, 1),
    )
    rows = [_battles(n, first, own=True), _battles(n, second, own=False)]
    settling = np.zeros(n + 1, dtype=bool)
    for _ in range(4 * n + 100):
        values = _solve_both(rows, hazard * settling, part)
        before, settling = settling, values.zone > 0
        settling[[0, n]] = False
        if np.array_equal(before, settling):
            return values
    raise BargainingError("where the sides would settle does not come to rest; try a smaller chance of settlement")


def zone_of_agreement(
    forts: int,
    held: int,
    chance: float,
    *,
    optimism: float = 0.0,
    discount: float = 1.0,
    cost: float = 0.0,
    settlement: float = 0.0,
    share: float = 0.5,
) -> float:
    """z(k) where both sides shift the chance of winning a battle by `optimism` in their own favour.

    Discount and cost are those of either side. Raises `BargainingError` where a shifted chance leaves [0, 1].
    """
    p, shift = number("chance", chance, 0, 1), number("optimism", optimism, -1, 1)
    first, second = (Side(believed, cost, discount) for believed in (p + shift, 1 - p + shift))
    reservation = with_settlement(forts, first, second, settlement, share)
    return float(reservation.zone[_walk(forts, held, chance)[1]])


# ------------------------------------------------------------------------------------------------------------- solving


def _walk(forts: int, held: int, chance: float) -> tuple[int, int, float]:
    """Checked N, k, p."""
    n = whole("forts", forts, 1, MOST_FORTS)
    return n, whole("held", held, 0, n), number("chance of winning a battle", chance, 0, 1)


def _values(
    n: int,
    p: float,
    discount: float,
    cost: float,
    victory: float,
    defeat: float,
    split: FloatArray,
    settlement: float,
) -> FloatArray:
    """W [fort] from W − β (p V(k+1) + q V(k−1)) = −c inside and the utilities at the ends: a tridiagonal system."""
    known = settlement * split
    known[[0, n]] = 0.0
    band = np.zeros((3, n + 1))
    band[1] = 1.0
    stay = np.full(n + 1, 1 - settlement)
    stay[[0, n]] = 1.0
    band[0, 2:] = -discount * p * stay[2:]
    band[2, : n - 1] = -discount * (1 - p) * stay[: n - 1]
    right = np.full(n + 1, -cost)
    right[1:n] += discount * (p * known[2:] + (1 - p) * known[:-2])
    right[[0, n]] = defeat, victory
    values: FloatArray = solve_banded((1, 1), band, right)
    return values


def _battles(n: int, side: Side, *, own: bool) -> tuple[FloatArray, FloatArray]:
    """W = right + weight · V for one side, by forts of the first side, as (weight [fort, fort], right [fort])."""
    p, beta = number("chance of winning a battle", side.chance, 0, 1), number("discount", side.discount, 0, 1)
    up, down = (p, 1 - p) if own else (1 - p, p)
    weight = beta * (up * np.eye(n + 1, k=1) + down * np.eye(n + 1, k=-1))
    weight[[0, n]] = 0.0
    right = np.full(n + 1, -number("cost", side.cost))
    ends = number("utility of defeat", side.defeat), number("utility of victory", side.victory)
    right[[0, n]] = ends if own else ends[::-1]
    return weight, right


def _solve_both(rows: list[tuple[FloatArray, FloatArray]], hazard: FloatArray, share: float) -> Reservation:
    """Values of both sides where at each fort they settle with a given hazard [fort] and divide the zone."""
    (first, first_right), (second, second_right) = rows
    one, part = np.eye(len(hazard)), hazard * share
    rest = hazard - part
    system = np.block([[one - first * (1 - part), first * part], [second * rest, one - second * (1 - rest)]])
    right = np.concatenate([first_right + first @ part, second_right + second @ rest])
    values = np.linalg.solve(system, right)
    return Reservation(*np.split(values, 2))
