"""Probabilistic Condorcet election: how likely each option is to prevail when coalitions contend pair by pair.

Actor k of weight w_k backs option i against j with w_k max(0, U_ki − U_kj); the coalition strength is

    c_ij = floor + Σ_k w_k max(0, U_ki − U_kj),     v_ij = c_ij^e/(c_ij^e + c_ji^e),     v_ii = ½,

with e = 1 (linear law: three to one wins ¾ of the time), 2 (square law: .9), any other exponent, or infinite (binary:
the stronger side wins, equals toss a coin). From the pairwise chances follow the chances of the options, in one of
three ways:

- conditional: p_i ∝ Π_j v_ij, i beats all others given that some option does;
- uniform: the favourite is challenged by each option equally often and is replaced when it loses; p is the share of
  time that each option is the favourite in the long run;
- incentive: likewise, but favourite j is challenged by i with a chance proportional to c_ij v_ij, what the coalition
  for i expects to gain.

Left out: abstention, side payments, and agendas that somebody sets.
Source: KAPSARC Toolkit for Behavioral Analysis (KTAB; Wise, Lester and Efird 2015), whose three-option demonstration
these definitions reproduce to the four decimals published.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse.csgraph import connected_components
from scipy.special import expit, softmax

from ceasefire.evidence.error import suggestion
from ceasefire.study.bargaining.check import BargainingError, FloatArray, number, table

Law = Literal["linear", "square", "binary"] | float
"""Name or exponent of the law that turns strengths into a chance of winning."""
Rule = Callable[[ArrayLike, Law], FloatArray]
"""An election: coalition strengths [option, option] and a law → chance of each option."""

EXPONENTS = {"linear": 1.0, "square": 2.0, "binary": np.inf}
FLOOR = 1e-8


def coalition_strength(utilities: ArrayLike, weights: ArrayLike, floor: float = FLOOR) -> FloatArray:
    """c_ij = floor + Σ_k w_k max(0, U_ki − U_kj), [option, option], from utilities [actor, option], weights [actor].

    The floor keeps the chances defined where nobody cares. Raises `BargainingError`.
    """
    u = table("utilities", utilities, (None, None))
    weight = table("weights", weights, u.shape[:1], low=0)
    strength = np.full((u.shape[1], u.shape[1]), number("floor", floor, low=0))
    for influence, row in zip(weight, u, strict=True):  # one actor at a time: [actor, option, option] may be large
        strength += influence * np.maximum(row[:, None] - row, 0.0)
    return strength


def victory_chance(strength: ArrayLike, law: Law = "linear") -> FloatArray:
    """v_ij, the chance that i beats j, [option, option], from coalition strengths c_ij; ½ where both are 0."""
    c, exponent = _strength(strength), _exponent(law)
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.log(c) - np.log(c.T)
        chance: FloatArray = np.where(odds == 0, 0.5, expit(exponent * odds))
    return np.where(np.isnan(odds) | np.eye(len(c), dtype=bool), 0.5, chance)


def conditional_election(strength: ArrayLike, law: Law = "linear") -> FloatArray:
    """p_i ∝ Π_j v_ij, [option].

    Raises `BargainingError` where every option is sure to lose against some other, as in a cycle under the binary law.
    """
    with np.errstate(divide="ignore"):
        merit = np.sum(np.log(victory_chance(strength, law)), axis=1)
    if np.all(np.isneginf(merit)):
        raise BargainingError("every option is sure to lose against another; a uniform or incentive election will do")
    chance: FloatArray = softmax(merit)
    return chance


def uniform_election(strength: ArrayLike, law: Law = "linear") -> FloatArray:
    """Long-run law of the favourite when every option challenges equally often, [option]."""
    victory = victory_chance(strength, law)
    return _long_run(victory / len(victory))


def incentive_election(strength: ArrayLike, law: Law = "linear") -> FloatArray:
    """Long-run law of the favourite when j is challenged by i in proportion to c_ij v_ij, [option].

    A favourite whom nobody has an incentive to challenge stays.
    """
    victory = victory_chance(strength, law)
    gain = _strength(strength) * victory
    np.fill_diagonal(gain, 0.0)
    total = np.sum(gain, axis=0)
    return _long_run(gain / np.where(total > 0, total, 1.0) * victory)


def condorcet_election(
    utilities: ArrayLike, weights: ArrayLike, law: Law = "linear", rule: Rule = conditional_election
) -> FloatArray:
    """Chance of each option [option], from utilities [actor, option] and the actors' weights [actor]."""
    return rule(coalition_strength(utilities, weights), law)


def _strength(strength: ArrayLike) -> FloatArray:
    """Square table of strengths that are not negative."""
    c = table("coalition strength", strength, (None, None), low=0)
    if c.shape[0] != c.shape[1]:
        raise BargainingError(f"coalition strength has shape {c.shape}; it should be square, [option, option]")
    return c


def _exponent(law: Law) -> float:
    """Exponent of a law, which has a name or is a number above 0."""
    if isinstance(law, str):
        if law not in EXPONENTS:
            raise BargainingError(f"no law {law!r}; laws are {', '.join(EXPONENTS)}{suggestion(law, EXPONENTS)}")
        return EXPONENTS[law]
    if law == np.inf:
        return law
    return number("exponent of the law", law, 0, above=True)


def _long_run(replace: FloatArray) -> FloatArray:
    """Long-run shares of time of a chain that starts anywhere with equal chance; replace[i, j]: from j to i.

    Chains that can end in several ways are split: the chance to end in each closed class, times the law within it.
    """
    replace = replace * ~np.eye(len(replace), dtype=bool)
    count, label = connected_components(replace.T > 0, connection="strong")
    closed = [c for c in range(count) if not np.any(replace[np.ix_(label != c, label == c)])]
    share = np.zeros(len(replace))
    for c, weight in zip(closed, _absorbed(replace, label, closed), strict=True):
        share[label == c] = weight * _stationary(replace[np.ix_(label == c, label == c)])
    return share


def _absorbed(replace: FloatArray, label: np.ndarray, closed: list[int]) -> FloatArray:
    """Chance that a chain with a uniform start ends in each closed class."""
    passing = ~np.isin(label, closed)
    within_passing = replace[np.ix_(passing, passing)] - np.diag(np.sum(replace[:, passing], axis=0))
    steps = np.array([np.sum(replace[np.ix_(label == c, passing)], axis=0) for c in closed])
    reached = -np.linalg.solve(within_passing.T, steps.T).T if np.any(passing) else np.zeros((len(closed), 0))
    start = np.array([np.sum(label == c) for c in closed])
    absorbed: FloatArray = (start + np.sum(reached, axis=1)) / len(label)
    return absorbed


def _stationary(replace: FloatArray) -> FloatArray:
    """Stationary law of an irreducible chain, free of cancellation (Grassmann, Taksar and Heyman 1985)."""
    step = replace.copy()
    for last in range(len(step) - 1, 0, -1):
        step[last, :last] /= np.sum(step[:last, last])
        step[:last, :last] += np.outer(step[:last, last], step[last, :last])
    share = np.ones(len(step))
    for state in range(1, len(step)):
        share[state] = step[state, :state] @ share[:state]
    total: FloatArray = share / np.sum(share)
    return total
