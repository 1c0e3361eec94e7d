"""Bargaining solutions: which option, or which lottery over options, parties agree on instead of disagreeing.

The table gives the utility of each option to each party; the disagreement point is what each has without agreement;
the gain g_ip = u_ip − d_p. With weights w that are positive and sum to one:

- Nash (1950; weights: Harsanyi and Selten 1972): maximise Π_p g_p^{w_p}. Units of utility do not matter, nor do
  options that are not chosen.
- Kalai–Smorodinsky (1975): equal shares g_p/a_p of the best that each party could hope for, a_p its largest gain among
  acceptable options. Units do not matter; a party whose prospects improve does not lose (two parties, lotteries).
- Egalitarian (Kalai 1977): equal gains g_p/w_p. Utilities of different parties must be comparable.

An option is acceptable when no party is worse off with it than without agreement and some party is better off; no other
option is ever chosen, and where none is acceptable there is `NoAgreementError`. A utility of −∞ is a veto.

On the table as it is, one option is chosen. The two rules of equal shares maximise the smallest share, then the second
smallest, and so on. The Nash product is over as many parties as gain together from some option (where these are not all
that could gain, options that are not chosen may matter); of options with equal products the one with the largest
smallest g_p/a_p is chosen. What is still tied goes to the first option.

With `hull=True` parties may agree on lotteries over options and throw utility away (the comprehensive hull). The
smallest shares are again raised one after the other, so that nothing is left on the table (Imai 1983); the Nash product
is found by Newton steps with a logarithmic barrier. A party that no acceptable lottery can help stays at its
disagreement value.

Left out: coalitions of some of the parties, private information, time.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linprog

from ceasefire.study.bargaining.check import (
    BargainingError,
    FloatArray,
    NoAgreementError,
    as_array,
    shaped,
    table,
    within,
)
from ceasefire.study.bargaining.formula import party_weights

BoolArray = NDArray[np.bool_]
TIE = 1e-9  # relative to the largest gain: closer than this counts as equal
VETO = 1e6  # times its largest gain: an option that costs a party more has no place in a lottery
TRACE = 1e-4  # chance below which the Nash lottery tries to do without an option


@dataclass(frozen=True, eq=False)
class Agreement:
    """What the parties agree on."""

    option: int | None
    """Index of the option; None where the parties agree on a lottery over several."""
    lottery: FloatArray
    """Chance of each option [option]."""
    utilities: FloatArray
    """(Expected) utility of each party [party]."""
    surplus: FloatArray
    """What each party gains over disagreement [party]."""
    tied: tuple[int, ...]
    """Options that would have done as well, the chosen one among them; empty for a lottery."""


@dataclass(frozen=True, eq=False)
class _Case:
    """A checked table: gains over disagreement, in units of each party's largest (or, if it has none, largest loss)."""

    utilities: FloatArray
    disagreement: FloatArray
    weights: FloatArray
    gains: FloatArray
    """[option, party], between −∞ and 1; what is within rounding of 0 is 0."""
    unit: FloatArray
    """Utility per unit of gain [party]."""


def nash(
    utilities: ArrayLike, disagreement: ArrayLike, weights: ArrayLike | None = None, hull: bool = False
) -> Agreement:
    """The acceptable option, or lottery, with the largest Π (u − d)^w.

    Utilities [option, party], two parties or more; disagreement [party]; weights [party], equal if left out, or for two
    parties the weight of the first. Raises `BargainingError`, `NoAgreementError`.
    """
    case = _case(utilities, disagreement, weights)
    if hull:
        return _lottery(case, _nash_lottery(case))
    acceptable = _acceptable(case)
    gains = case.gains[acceptable]
    helped = np.sum(gains > 0, axis=1)
    product = np.sum(case.weights * np.log(np.where(gains > 0, gains, 1.0)), axis=1)
    tied = acceptable[_first_by(np.column_stack([helped, product]))]
    fairest = _first_by(_smallest_first(case.gains, np.max(gains, axis=0))[tied])
    return _option(case, tied, tied[fairest[0]])


def kalai_smorodinsky(
    utilities: ArrayLike, disagreement: ArrayLike, weights: ArrayLike | None = None, hull: bool = False
) -> Agreement:
    """The acceptable option, or lottery, with the largest smallest (u − d)/(w a), a the largest gain of each party.

    Arguments and errors as for `nash`.
    """
    case = _case(utilities, disagreement, weights)
    if hull:
        return _lottery(case, _raise_smallest(case, _ideal_gains(case) * case.weights))
    acceptable = _acceptable(case)
    gains = case.gains[acceptable]
    tied = acceptable[_first_by(_smallest_first(gains, np.max(gains, axis=0) * case.weights))]
    return _option(case, tied, tied[0])


def egalitarian(
    utilities: ArrayLike, disagreement: ArrayLike, weights: ArrayLike | None = None, hull: bool = False
) -> Agreement:
    """The acceptable option, or lottery, with the largest smallest (u − d)/w.

    Arguments and errors as for `nash`.
    """
    case = _case(utilities, disagreement, weights)
    scale = case.weights / case.unit
    if hull:
        return _lottery(case, _raise_smallest(case, np.where(_ideal_gains(case) > 0, scale, 0.0)))
    acceptable = _acceptable(case)
    tied = acceptable[_first_by(_smallest_first(case.gains[acceptable], scale))]
    return _option(case, tied, tied[0])


# ------------------------------------------------------------------------------------------------ the table as it is


def _case(utilities: ArrayLike, disagreement: ArrayLike, weights: ArrayLike | None) -> _Case:
    """Check the table and rescale its gains."""
    u = as_array("utilities", utilities)
    shaped("utilities", u, (None, None))
    if u.shape[1] < 2:
        raise BargainingError(f"utilities has shape {u.shape}; it should be [option, party] with two parties or more")
    within("utilities", np.where(np.isneginf(u), 0.0, u), -np.inf, np.inf)
    d = table("disagreement", disagreement, u.shape[1:])
    gains = u - d
    finite = np.where(np.isneginf(u), 0.0, u)
    noise = 1e-12 * np.maximum(np.max(np.abs(finite), axis=0), np.abs(d))
    gains[np.abs(gains) <= noise] = 0.0
    most, least = np.max(gains, axis=0), -np.min(np.where(np.isneginf(gains), 0.0, gains), axis=0)
    unit = np.where(most > 0, most, np.where(least > 0, least, 1.0))
    return _Case(u, d, party_weights(weights, len(d)), gains / unit, unit)


def _acceptable(case: _Case) -> NDArray[np.intp]:
    """Indices of the options with which nobody is worse off and somebody better off."""
    acceptable = np.all(case.gains >= 0, axis=1) & np.any(case.gains > 0, axis=1)
    if not np.any(acceptable):
        raise NoAgreementError(
            f"none of {len(case.gains)} options is better for somebody than disagreement and worse for nobody; "
            "lower the disagreement values, add options, or allow lotteries with hull=True"
        )
    return np.flatnonzero(acceptable)


def _smallest_first(gains: FloatArray, scale: FloatArray) -> FloatArray:
    """Shares of gain [option, rank], smallest first, of the parties that can gain anything."""
    able = (np.max(gains, axis=0) > 0) & (scale > 0)
    return np.sort(gains[:, able] / scale[able], axis=1)


def _first_by(keys: FloatArray) -> NDArray[np.intp]:
    """Rows that are best by the first column, of these by the second, and so on."""
    best = np.arange(len(keys))
    for column in keys.T:
        value = column[best]
        best = best[value >= np.max(value) - TIE * max(1.0, float(np.max(np.abs(value))))]
    return best


def _option(case: _Case, tied: NDArray[np.intp], chosen: np.intp) -> Agreement:
    """Agreement on one of several options that are tied."""
    lottery = np.zeros(len(case.utilities))
    lottery[chosen] = 1.0
    utilities = case.utilities[chosen].copy()
    return Agreement(int(chosen), lottery, utilities, utilities - case.disagreement, tuple(int(one) for one in tied))


# ----------------------------------------------------------------------------------------------------------- lotteries


def _lottery(case: _Case, chances: FloatArray) -> Agreement:
    """Agreement on a lottery, or on its option where it has only one."""
    chances = np.where(chances > TIE, chances, 0.0)
    chances = chances / np.sum(chances)
    used = np.flatnonzero(chances)
    utilities = chances[used] @ case.utilities[used]
    option = int(used[0]) if len(used) == 1 else None
    return Agreement(option, chances, utilities, utilities - case.disagreement, () if option is None else (option,))


def _best_lottery(
    case: _Case, objective: FloatArray, floors: FloatArray, gap: FloatArray | None = None
) -> tuple[float, FloatArray]:
    """Largest objective · lottery + t with each party's gain at least its floor + gap · t; the lottery that has it.

    Without gaps t is 0. Raises `NoAgreementError` where the floors cannot be met.
    """
    usable = np.flatnonzero(_usable(case.gains))
    slope = np.zeros(len(floors)) if gap is None else gap
    cost = np.append(-objective[usable], 0.0 if gap is None else -1.0)
    found = (
        linprog(
            cost,
            A_ub=np.column_stack([-case.gains[usable].T, slope]),
            b_ub=-floors,
            A_eq=np.append(np.ones(len(usable)), 0.0)[None],
            b_eq=[1.0],
            bounds=[(0, None)] * len(usable) + [(None, None)],
        )
        if len(usable)
        else None
    )
    if found is None or found.status != 0:
        raise NoAgreementError("no lottery over the options leaves every party at least as well off as disagreement")
    lottery = np.zeros(len(case.gains))
    lottery[usable] = np.maximum(found.x[:-1], 0.0)
    return -float(found.fun), lottery / np.sum(lottery)


def _usable(gains: FloatArray) -> BoolArray:
    """Options that no party vetoes, by a utility of −∞ or by losing far more than it could ever gain."""
    usable: BoolArray = np.all(gains > -VETO, axis=1)
    return usable


def _ideal_gains(case: _Case) -> FloatArray:
    """The largest gain of each party among acceptable lotteries [party]; 0 where it cannot gain."""
    none = np.zeros(len(case.unit))
    columns = np.where(np.isneginf(case.gains), 0.0, case.gains).T
    ideal = np.array([_best_lottery(case, column, none)[0] for column in columns])
    if np.all(ideal <= TIE):
        raise NoAgreementError("no lottery over the options is better for somebody than disagreement")
    return np.where(ideal > TIE, ideal, 0.0)


def _raise_smallest(case: _Case, scale: FloatArray) -> FloatArray:
    """Lottery with the largest smallest gain/scale, then the largest second smallest, …; scale 0 leaves a party out."""
    rising, floors, scale = scale > 0, np.zeros(len(scale)), scale / np.max(scale)
    nothing = np.zeros(len(case.gains))
    lottery = nothing
    while np.any(rising):
        level, lottery = _best_lottery(case, nothing, np.where(rising, 0.0, floors), np.where(rising, scale, 0.0))
        floors[rising] = level * scale[rising]
        rising &= ~_stuck(case, floors, rising)
    return lottery


def _stuck(case: _Case, floors: FloatArray, rising: BoolArray) -> BoolArray:
    """Which of the rising parties cannot have more than their floors; at least one of them."""
    slack = floors - TIE * np.maximum(np.abs(floors), 1.0)
    room = np.full(len(floors), np.inf)
    for party in np.flatnonzero(rising):
        gain = np.where(np.isneginf(case.gains[:, party]), 0.0, case.gains[:, party])
        room[party] = _best_lottery(case, gain, slack)[0] - floors[party]
    stuck: BoolArray = rising & (room <= np.min(room) + 1e-6)
    return stuck


# -------------------------------------------------------------------------------------------- Nash product of lotteries


def _nash_lottery(case: _Case) -> FloatArray:
    """Lottery with the largest Π gain^w over the parties that can gain; the others stay at disagreement."""
    able = _ideal_gains(case) > 0
    start = _inner_lottery(case) if np.all(able) else _inner_lottery_of_a_face(case)
    used = np.flatnonzero(start > 0)
    lottery = np.zeros(len(case.gains))
    held = np.vstack([np.ones(len(used)), case.gains[np.ix_(used, ~able)].T])
    lottery[used] = _without_traces(case.gains[np.ix_(used, able)], case.weights[able], held, start[used])
    return lottery


def _without_traces(gains: FloatArray, weights: FloatArray, held: FloatArray, start: FloatArray) -> FloatArray:
    """Largest product, without the traces that the barrier leaves on options, where it is no worse without them."""
    lottery = _largest_product(gains, weights, held, start)
    used = lottery > min(TRACE, float(np.max(lottery)) / 2)
    plain = np.zeros(len(lottery))
    plain[used] = lottery[used] / np.sum(lottery[used])
    if np.all(plain @ gains > 0) and np.allclose(held @ plain, held @ start, rtol=0, atol=1e-12):
        plain[used] = _largest_product(gains[used], weights, held[:, used], plain[used])
        if weights @ np.log(plain @ gains) >= weights @ np.log(lottery @ gains) - 1e-13:
            return plain
    return lottery


def _inner_lottery(case: _Case) -> FloatArray:
    """A lottery that uses every undominated option and from which every party gains."""
    fair = _raise_smallest(case, _ideal_gains(case))
    mixed = _undominated(case.gains)
    mixed = np.where(fair > 0, 1.0, mixed)
    mixed /= np.sum(mixed)
    finite = np.where(np.isneginf(case.gains), 0.0, case.gains)
    gain, loss = fair @ finite, (fair - mixed) @ finite
    share = 0.5 * min(1.0, float(np.min(gain / np.maximum(loss, gain))))
    inner: FloatArray = (1 - share) * fair + share * mixed
    return inner


def _inner_lottery_of_a_face(case: _Case) -> FloatArray:
    """An acceptable lottery that uses every option that some acceptable lottery uses."""
    none = np.zeros(len(case.unit))
    usable = np.flatnonzero(_usable(case.gains))
    most = [_best_lottery(case, np.eye(len(case.gains))[option], none)[1] for option in usable]
    mixed = np.mean(most, axis=0)
    kept = np.where(mixed > TIE, mixed, 0.0)
    face: FloatArray = kept / np.sum(kept)
    return face


def _undominated(gains: FloatArray) -> FloatArray:
    """1 for options that no other option matches for all parties and beats for one, 0 for the others and for vetoes."""
    finite = _usable(gains)
    beaten = (np.any(np.all(gains >= row, axis=1) & np.any(gains > row, axis=1)) for row in gains)
    kept: FloatArray = (finite & ~np.fromiter(beaten, bool, len(gains))).astype(np.float64)
    return kept


def _largest_product(gains: FloatArray, weights: FloatArray, held: FloatArray, start: FloatArray) -> FloatArray:
    """Lottery λ > 0 with the largest Σ w ln(gains λ), keeping held · λ as at the start (logarithmic barrier)."""
    lottery = start
    for barrier in 10.0 ** -np.arange(1.0, 13.0):
        for _ in range(100):
            step, decrement = _newton_step(gains, weights, held, lottery, barrier)
            size = _step_size(gains, weights, lottery, step, barrier, decrement)
            lottery = lottery + size * step
            if decrement <= 1e-8 * barrier or size == 0.0:
                break
    return lottery


def _newton_step(
    gains: FloatArray, weights: FloatArray, held: FloatArray, lottery: FloatArray, barrier: float
) -> tuple[FloatArray, float]:
    """Newton step of −Σ w ln(gains λ) − barrier Σ ln λ, scaled by λ to stay well conditioned; its decrement squared."""
    gain = lottery @ gains
    scaled = gains * lottery[:, None]
    downhill = scaled @ (weights / gain) + barrier
    bend = barrier * np.eye(len(lottery)) + (scaled * (weights / gain**2)) @ scaled.T
    _, size, rows = np.linalg.svd(held * lottery, full_matrices=False)
    rows = rows[size > 1e-10 * size[0]]
    corner = np.zeros((len(rows), len(rows)))
    system = np.block([[bend, rows.T], [rows, corner]])
    step = np.linalg.solve(system, np.append(downhill, np.zeros(len(rows))))[: len(lottery)]
    return lottery * step, float(downhill @ step)


def _step_size(
    gains: FloatArray, weights: FloatArray, lottery: FloatArray, step: FloatArray, barrier: float, decrement: float
) -> float:
    """Largest of 1, ½, ¼, … that stays inside and improves by a tenth of what the slope promises; 0 if none does."""

    def merit(at: FloatArray) -> float:
        gain = at @ gains
        if min(np.min(at), np.min(gain)) <= 0:
            return np.inf
        return -float(weights @ np.log(gain) + barrier * np.sum(np.log(at)))

    here = merit(lottery)
    for halving in range(60):
        size = 0.5**halving
        if merit(lottery + size * step) <= here - 0.1 * size * decrement:
            return size
    return 0.0
