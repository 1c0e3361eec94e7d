"""Baselines: what plain statistics would have said. A war model that does not beat them has not earned its place.

Every sampler has the form `f(increments, horizon, draws, rng, *, positive)` and returns draws of the cumulative change
after 1 … horizon weeks, float64 [draw, week]. `increments` are the weekly changes known at the origin, oldest first, at
least 12 of them and not all zero (`usable` sees to that). `positive` marks counts that only grow, such as claimed
losses; the others, such as km² of ground, may change sign. `forecast` runs them all.

Targets are named `area_total`, `area_<sector>` and `loss_<item>`.

For cells of a grid: the chance that the occupied share of each is one half or more so many weeks ahead, from the signed
distance to the front and its local speed (`CellRecord`, `CELL_BASELINES`).

Windows, grids and caps are arbitrary unless a reference is given; they were chosen once, on origins before 2026-02.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from types import MappingProxyType
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import isotonic_regression
from scipy.spatial import cKDTree
from scipy.special import expit

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntegerArray = NDArray[np.int64]
Baseline = Callable[..., FloatArray]

HORIZON = 26  # weeks
DRAWS = 1000
SHORTEST = 12  # weekly increments that the samplers need
YEAR, TWO_YEARS = 52, 104  # weeks


def family(target: str) -> str:
    """`total`, `sectors` or `losses`: the family that a target is scored with."""
    if target == "area_total":
        return "total"
    if target.startswith("area_"):
        return "sectors"
    if target.startswith("loss_"):
        return "losses"
    raise ValueError(f"Target {target!r} belongs to no family; targets are area_total, area_<sector>, loss_<item>.")


# ---------------------------------------------------------------------------------------------------------- samplers


def persistence(
    increments: FloatArray, horizon: int, draws: int, rng: np.random.Generator, *, positive: bool
) -> FloatArray:
    """No change, or for counts the rate of the last four weeks, spread as h-week changes have been in two years.

    Area: N(0, mean square of past h-week changes). Counts: N(4-week mean · h, their variance), not below zero. One
    normal a path, so horizons move together.
    """
    past = [_overlapping_sums(increments[-TWO_YEARS:], h) for h in range(1, horizon + 1)]
    normal = rng.standard_normal((draws, 1))
    if not positive:
        return normal * np.array([np.sqrt(np.mean(sums**2)) for sums in past])
    centre = np.mean(increments[-4:]) * np.arange(1, horizon + 1)
    return np.maximum(centre + normal * np.array([np.std(sums) for sums in past]), 0.0)


def climatology(
    increments: FloatArray, horizon: int, draws: int, rng: np.random.Generator, *, positive: bool
) -> FloatArray:
    """Empirical quantiles of the h-week changes of the past two years, one level of probability a path."""
    level = rng.random(draws)
    past = [_overlapping_sums(increments[-TWO_YEARS:], h) for h in range(1, horizon + 1)]
    return np.stack([np.quantile(sums, level) for sums in past], axis=1)


def drift(
    increments: FloatArray,
    horizon: int,
    draws: int,
    rng: np.random.Generator,
    *,
    positive: bool,
    window: int = 26,
    block: int = 1,
) -> FloatArray:
    """Bootstrap of the trailing window: weekly changes drawn with replacement, in blocks (Künsch 1989)."""
    recent = increments[-window:]
    length = min(block, len(recent))
    first = rng.integers(0, len(recent) - length + 1, (draws, -(-horizon // length), 1))
    weeks = (first + np.arange(length)).reshape(draws, -1)[:, :horizon]
    return np.cumsum(recent[weeks], axis=1)


UNSURE_WINDOWS = (4, 8, 13, 26, 52)  # weeks


def unsure_drift(
    increments: FloatArray, horizon: int, draws: int, rng: np.random.Generator, *, positive: bool
) -> FloatArray:
    """Bootstrap that is unsure of its window: an equal share of the draws for each, shortest window first."""
    shares = [len(part) for part in np.array_split(np.arange(draws), len(UNSURE_WINDOWS))]
    parts = [
        drift(increments, horizon, share, rng, positive=positive, window=window)
        for share, window in zip(shares, UNSURE_WINDOWS, strict=True)
    ]
    return np.concatenate(parts)


def autoregression(
    increments: FloatArray, horizon: int, draws: int, rng: np.random.Generator, *, positive: bool
) -> FloatArray:
    """AR(1) of the last 52 increments, unsure of its parameters, with resampled residuals.

    x_t = m + φ(x_{t−1} − x̄) + e_t. Under a flat prior m and φ are independent: N(mean of x_t, s²/n) and
    N(φ̂, s²/Σ(x − x̄)²) (Box and Jenkins 1976, section 7.2; s² for Student's t). φ is kept in [−.5, .97].
    """
    recent = increments[-YEAR:]
    before, after = recent[:-1] - recent[:-1].mean(), recent[1:]
    square = before @ before + 1e-9
    slope = before @ after / square
    residuals = after - after.mean() - slope * before
    noise = np.sqrt(residuals @ residuals / max(1, len(after) - 2))
    mean = after.mean() + noise / np.sqrt(len(after)) * rng.standard_normal(draws)
    phi = np.clip(slope + noise / np.sqrt(square) * rng.standard_normal(draws), -0.5, 0.97)
    shocks = rng.choice(residuals, (draws, horizon))
    centre = recent[:-1].mean()
    deviations = _recursion(np.full(draws, recent[-1] - centre), phi, (mean - centre)[:, None] + shocks)
    return np.cumsum(centre + deviations, axis=1)


SMOOTHING_GRID = np.array([0.05, 0.1, 0.15, 0.2, 0.3, 0.45, 0.6])


def smoothing(
    increments: FloatArray, horizon: int, draws: int, rng: np.random.Generator, *, positive: bool
) -> FloatArray:
    """Simple exponential smoothing of the increments, ETS(A,N,N): x_t = l_{t−1} + e_t, l_t = l_{t−1} + αe_t.

    α minimises the one-step squared error after 8 weeks; errors of the last 52 weeks, centred, are resampled.
    Hyndman, Koehler, Ord and Snyder 2008, Forecasting with Exponential Smoothing, section 2.5.
    """
    level = np.full(len(SMOOTHING_GRID), increments[:8].mean())
    errors = np.empty((len(increments), len(SMOOTHING_GRID)))
    for week, value in enumerate(increments):
        errors[week] = value - level
        level = level + SMOOTHING_GRID * errors[week]
    best = np.argmin(np.sum(errors[8:] ** 2, axis=0))
    recent = errors[8:, best][-YEAR:]
    shocks = rng.choice(recent - recent.mean(), (draws, horizon))
    learnt = SMOOTHING_GRID[best] * (np.cumsum(shocks, axis=1) - shocks)
    return np.cumsum(level[best] + learnt + shocks, axis=1)


def log_normal(
    increments: FloatArray, horizon: int, draws: int, rng: np.random.Generator, *, positive: bool
) -> FloatArray:
    """Shifted log-normal increments that revert to their mean: y = ln(x + c), y_t − μ = φ(y_{t−1} − μ) + e_t.

    Last 52 weeks; φ the lag-one autocorrelation in [0, .95]; e resampled; μ normal with standard deviation
    sd(e)/(1 − φ)/√n, the divisor at least .05. c = 1 for counts; else 1.2 times the worst loss, .15 sd and .5 km².
    The log is capped at .7 above the highest seen.
    """
    recent = np.maximum(increments[-YEAR:], 0.0) if positive else increments[-YEAR:]
    shift = 1.0 if positive else 1.2 * max(0.0, -recent.min()) + 0.15 * np.std(recent) + 0.5
    logs = np.log(recent + shift)
    deviations = logs - logs.mean()
    before, after = deviations[:-1], deviations[1:]
    phi = float(np.clip(before @ after / max(before @ before, 1e-9), 0.0, 0.95))
    residuals = after - phi * before
    mean_error = residuals.std() / max(0.05, 1 - phi) / np.sqrt(len(logs))
    mean = logs.mean() + mean_error * rng.standard_normal((draws, 1))
    shocks = rng.choice(residuals, (draws, horizon))
    paths = mean + _recursion(np.full(draws, deviations[-1]), phi, shocks)
    return np.cumsum(np.exp(np.minimum(paths, logs.max() + 0.7)) - shift, axis=1)


def gamma(increments: FloatArray, horizon: int, draws: int, rng: np.random.Generator, *, positive: bool) -> FloatArray:
    """Independent shifted gamma increments with the moments of the trailing 26 weeks; no regime, no trend."""
    recent = increments[-26:]
    shift = 1.1 * max(0.0, -recent.min()) + 1e-6
    mean, variance = np.mean(recent + shift), max(np.var(recent), 1e-9)
    return np.cumsum(rng.gamma(mean**2 / variance, variance / mean, (draws, horizon)) - shift, axis=1)


def local_level(
    increments: FloatArray, horizon: int, draws: int, rng: np.random.Generator, *, positive: bool
) -> FloatArray:
    """Mean-reverting local level: x_t = μ + s_t + σe_t, s_t = φs_{t−1} + σ√q·w_t, averaged over a grid of (φ, q).

    The Kalman filter is exact at each grid point and σ² is profiled out of its likelihood, which weighs the points
    (Durbin and Koopman 2012, sections 2.2 and 2.10). e is resampled from the standardised one-step errors of the
    last 78 weeks at the best point. Counts: on ln(x + 1) of two years, capped at 1 above the highest seen.
    """
    if not positive:
        return np.cumsum(_level_paths(filter_levels(increments), horizon, draws, rng), axis=1)
    logs = np.log1p(np.maximum(increments[-TWO_YEARS:], 0.0))
    paths = _level_paths(filter_levels(logs), horizon, draws, rng)
    return np.cumsum(np.expm1(np.minimum(paths, logs.max() + 1.0)), axis=1)


LEVEL_GRID = np.array([(phi, q) for phi in (0.85, 0.92, 0.97, 0.99, 1.0) for q in (0.002, 0.01, 0.03, 0.08, 0.2, 0.5)])
RESIDUAL_WEEKS = 78


class Levels(NamedTuple):
    """What the filter knows at the end of the record, at each point of LEVEL_GRID."""

    mean: float  # μ
    weight: FloatArray  # [point], sums to 1
    level: FloatArray  # [point], filtered mean of s
    variance: FloatArray  # [point], filtered variance of s, in units of σ²
    noise: FloatArray  # [point], σ
    residuals: FloatArray  # [week], one-step errors at the best point, mean 0 and variance 1


def filter_levels(record: FloatArray) -> Levels:
    """Run the Kalman filter of `local_level` at every grid point at once."""
    phi, q = LEVEL_GRID.T
    level, variance = np.zeros(len(phi)), np.minimum(q / np.maximum(1 - phi**2, 0.02), 5.0)
    surprises, spreads = np.empty((2, len(record), len(phi)))
    for week, value in enumerate(record - record.mean()):
        level, variance = phi * level, phi**2 * variance + q
        surprises[week], spreads[week] = value - level, variance + 1
        gain = variance / spreads[week]
        level, variance = level + gain * surprises[week], (1 - gain) * variance
    standard = surprises / np.sqrt(spreads)
    noise_square = np.mean(standard**2, axis=0)
    log_likelihood = -0.5 * (np.sum(np.log(spreads), axis=0) + len(record) * np.log(noise_square))
    weight = np.exp(log_likelihood - log_likelihood.max())
    best = standard[:, weight.argmax()]
    residuals = (best - best.mean()) / (best.std() + 1e-12)
    return Levels(float(record.mean()), weight / weight.sum(), level, variance, np.sqrt(noise_square), residuals)


def _level_paths(
    known: Levels, horizon: int, draws: int, rng: np.random.Generator, weeks: IntegerArray | None = None
) -> FloatArray:
    """Weekly steps [draw, week]; `weeks` [draw, week] says which past residuals are drawn again."""
    point = rng.choice(len(known.weight), draws, p=known.weight)
    phi, q = LEVEL_GRID[point].T
    noise = known.noise[point]
    start = known.level[point] + noise * np.sqrt(known.variance[point]) * rng.standard_normal(draws)
    if weeks is None:
        weeks = _residual_weeks(len(known.residuals), horizon, draws, rng)
    levels = _recursion(start, phi, (noise * np.sqrt(q))[:, None] * rng.standard_normal((draws, horizon)))
    return known.mean + levels + noise[:, None] * known.residuals[weeks]


def _residual_weeks(length: int, horizon: int, draws: int, rng: np.random.Generator) -> IntegerArray:
    return rng.integers(max(0, length - RESIDUAL_WEEKS), length, (draws, horizon))


def sectors(
    increments: Sequence[FloatArray], horizon: int, draws: int, rng: np.random.Generator, *, positive: bool = False
) -> FloatArray:
    """The total as a sum of sectors: a `local_level` each, their residuals drawn from the same past week."""
    length = min(len(record) for record in increments)
    weeks = _residual_weeks(length, horizon, draws, rng)
    moving = [record[-length:] for record in increments if np.any(record[-length:])]
    steps = [_level_paths(filter_levels(record), horizon, draws, rng, weeks) for record in moving]
    return np.cumsum(np.sum(steps, axis=0), axis=1) if steps else np.zeros((draws, horizon))


def _overlapping_sums(increments: FloatArray, weeks: int) -> FloatArray:
    """Every change over so many consecutive weeks; over half the record and rescaled, if it is too short for that."""
    span = min(weeks, max(1, len(increments) // 2))
    return np.lib.stride_tricks.sliding_window_view(increments, span).sum(axis=1) * (weeks / span)


def _recursion(start: FloatArray, phi: FloatArray | float, shocks: FloatArray) -> FloatArray:
    """s_t = φs_{t−1} + shock_t for each draw; start [draw], shocks [draw, week]."""
    paths = np.empty_like(shocks)
    for week in range(shocks.shape[1]):
        start = phi * start + shocks[:, week]
        paths[:, week] = start
    return paths


BASELINES: MappingProxyType[str, Baseline] = MappingProxyType(
    {
        "persistence": persistence,
        "climatology": climatology,
        "drift-8": partial(drift, window=8),
        "drift-13": partial(drift, window=13),
        "drift-26": partial(drift, window=26),
        "drift-52": partial(drift, window=52),
        "block-26": partial(drift, window=26, block=4),
        "block-52": partial(drift, window=52, block=6),
        "unsure-drift": unsure_drift,
        "autoregression": autoregression,
        "smoothing": smoothing,
        "local-level": local_level,
        "log-normal": log_normal,
        "gamma": gamma,
    }
)

AREA_POOL = ("local-level", "autoregression", "smoothing", "log-normal", "unsure-drift")
LOSS_POOL = ("local-level", "smoothing", "persistence")


def pool(increments: FloatArray, horizon: int, draws: int, rng: np.random.Generator, *, positive: bool) -> FloatArray:
    """Linear pool with equal weights: an equal share of the draws from each member (Stone 1961)."""
    members = LOSS_POOL if positive else AREA_POOL
    return pooled([BASELINES[name](increments, horizon, draws, rng, positive=positive) for name in members])


def pooled(members: Sequence[FloatArray]) -> FloatArray:
    """First share of the draws from the first member, second from the second, and so on.

    Draws are taken by position. `unsure_drift` orders its draws by window, so as the last of five members it gives
    those of its longest window: the pool holds a 52-week bootstrap.
    """
    shares = np.array_split(np.arange(len(members[0])), len(members))
    return np.concatenate([member[share] for member, share in zip(members, shares, strict=True)])


def usable(increments: ArrayLike) -> FloatArray:
    """The record with what the samplers need: zeros before it to make 12 weeks, a ripple of 1e-6 if all is zero."""
    record = np.asarray(increments, float)
    if not np.all(np.isfinite(record)):
        raise ValueError(f"{np.sum(~np.isfinite(record))} of {len(record)} increments are not finite; leave them out.")
    record = np.concatenate([np.zeros(max(0, SHORTEST - len(record))), record])
    return record if np.any(record) else 1e-6 * np.resize([1.0, -1.0], len(record))


def forecast(
    increments: Mapping[str, ArrayLike],
    horizon: int = HORIZON,
    draws: int = DRAWS,
    seed: Sequence[int] = (0,),
) -> dict[str, dict[str, FloatArray]]:
    """Every baseline for every target: {baseline: {target: [draw, week]}}, with `pool` and `sectors` besides.

    Each pair draws from its own stream, so that a target's draws do not depend on which others are asked for.
    `sectors` differs from `local-level` for `area_total` only, and there needs the sectors' increments.
    """
    records = {target: usable(record) for target, record in increments.items()}
    out = {
        name: {
            target: sampler(record, horizon, draws, _stream(seed, name, target), positive=family(target) == "losses")
            for target, record in records.items()
        }
        for name, sampler in BASELINES.items()
    }
    out["pool"] = {target: pooled([out[name][target] for name in _members(target)]) for target in records}
    out["sectors"] = dict(out["local-level"])
    parts = [np.asarray(record, float) for target, record in increments.items() if family(target) == "sectors"]
    if "area_total" in records and parts:
        out["sectors"]["area_total"] = sectors(parts, horizon, draws, _stream(seed, "sectors", "area_total"))
    return out


def _members(target: str) -> tuple[str, ...]:
    return LOSS_POOL if family(target) == "losses" else AREA_POOL


def _stream(seed: Sequence[int], name: str, target: str) -> np.random.Generator:
    return np.random.default_rng([*seed, crc32(name.encode()), crc32(target.encode())])


# ------------------------------------------------------------------------------------------------------------- cells

FAR = 99.0  # km; distances to the front are cut off here
SPEED_WINDOWS = (4, 13)  # weeks
SPEED_RADIUS = 25.0  # km
TRAINING_WEEKS = 52
REACH = 30.0  # km; farther from the front cells are not expected to change hands


@dataclass(frozen=True)
class CellRecord:
    """Weekly occupied shares of the cells of a grid, and where the front ran.

    Shares are kept in single precision, as they are stored. `counted` marks the cells that are learnt from and scored
    (left out, for instance, are cells mostly outside the country); all of them if it is not given.
    """

    share: NDArray[np.float32]  # [week, cell], 0 … 1
    position: FloatArray  # [cell, 2], km
    neighbours: IntegerArray  # [pair, 2], each pair of adjacent cells once
    counted: BoolArray  # [cell]
    _distances: dict[int, FloatArray] = field(default_factory=dict, repr=False)
    _speeds: dict[int, FloatArray] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls, share: ArrayLike, position: ArrayLike, neighbours: ArrayLike, counted: ArrayLike | None = None
    ) -> "CellRecord":
        """Check the arrays and put them into the record's types."""
        shares, places = np.asarray(share, np.float32), np.asarray(position, float)
        pairs = np.asarray(neighbours, np.int64)
        if shares.ndim != 2 or places.shape != (shares.shape[1], 2) or pairs.ndim != 2 or pairs.shape[1] != 2:
            raise ValueError(
                "Cells need share [week, cell], position [cell, 2] and neighbours [pair, 2]; "
                f"got {shares.shape}, {places.shape} and {pairs.shape}."
            )
        mask = np.ones(len(places), bool) if counted is None else np.asarray(counted, bool)
        return cls(shares, places, pairs, mask)

    def occupied(self, week: int) -> BoolArray:
        """Whether the share of each cell is one half or more."""
        return self.share[week] >= 0.5

    @cached_property
    def spacing(self) -> float:
        """Distance between the centres of adjacent cells, km (median of up to 500 pairs)."""
        first, second = self.position[self.neighbours[:500]].transpose(1, 0, 2)
        return float(np.median(np.linalg.norm(first - second, axis=1)))

    def distance(self, week: int) -> FloatArray:
        """Signed distance of each cell to the front, km; negative where occupied, at most FAR."""
        if week not in self._distances:
            self._distances[week] = signed_distance(self.share[week], self.position, self.neighbours)
        return self._distances[week]

    def speed(self, week: int) -> FloatArray:
        """Local speed of the front at each cell, km/week, [cell, window]; positive where the occupier gains."""
        if week not in self._speeds:
            self._speeds[week] = _front_speed(self, week)
        return self._speeds[week]


def signed_distance(share: NDArray[np.float32], position: FloatArray, neighbours: IntegerArray) -> FloatArray:
    """Distance to the nearest point where the share, linear between adjacent centres, crosses one half."""
    inside = share >= 0.5
    first, second = neighbours[inside[neighbours[:, 0]] != inside[neighbours[:, 1]]].T
    if not len(first):
        return np.where(inside, -FAR, FAR)
    along = (share[first] - 0.5) / (share[first] - share[second])
    front = position[first] + along[:, None] * (position[second] - position[first])
    nearest = cKDTree(front).query(position, distance_upper_bound=FAR)[0]
    return np.where(inside, -1.0, 1.0) * np.minimum(nearest, FAR)


def _front_speed(record: CellRecord, week: int) -> FloatArray:
    """Area gained within SPEED_RADIUS over the length of front inside it, a week, for each trailing window.

    A cell has spacing² of area (to a constant that cancels) and the front is two cells thick: speed = 2 · spacing ·
    Σ gain / number of front cells, the number at least 8, the speed within ±1 km/week.
    """
    distance = np.abs(record.distance(week))
    front = distance < record.spacing
    opens = [max(0, week - window) for window in SPEED_WINDOWS]
    gains = [(record.share[week] - record.share[start]) / max(1, week - start) for start in opens]
    gain = np.stack(gains, axis=1).astype(float)
    near, source = distance < REACH, front | (np.abs(gain).max(axis=1) > 0.0005)
    speed = np.zeros_like(gain)
    if near.any() and source.any():
        trees = cKDTree(record.position[near]), cKDTree(record.position[source])
        within = trees[0].sparse_distance_matrix(trees[1], SPEED_RADIUS, output_type="coo_matrix").tocsr()
        within.data[:] = 1.0
        thickness = np.maximum(within @ front[source].astype(float), 8.0)
        speed[near] = 2 * record.spacing * (within @ gain[source]) / thickness[:, None]
    return np.clip(speed, -1.0, 1.0)


def cell_persistence(record: CellRecord, week: int, horizon: int) -> FloatArray:
    """Every cell stays as it is: probability 0 or 1."""
    return record.occupied(week).astype(float)


_DISTANCE_EDGES = np.concatenate([[-FAR - 1], np.linspace(-8, 30, 77), [FAR + 1]])  # km
_PRIOR_CELLS = 0.02


def cell_climatology(record: CellRecord, week: int, horizon: int) -> FloatArray:
    """How often cells at this signed distance were occupied so many weeks later, over the past year.

    Frequencies by bins of half a kilometre, made to fall with distance by isotonic regression (Barlow et al. 1972);
    .02 of a cell that stays as it is is added to each bin. With too short a record, a shorter lag stands in and its
    distances are stretched by (horizon/lag)^.75 (arbitrary: between a steady advance, 1, and a random walk, .5).
    """
    weeks, lag = _training_weeks(week, horizon)
    bins = len(_DISTANCE_EDGES) + 1
    held, seen = np.zeros(bins), np.zeros(bins)
    for past in weeks:
        used = record.counted & (np.abs(record.distance(past)) < 40)
        stretched = record.distance(past)[used] * (horizon / lag) ** 0.75
        where = np.digitize(stretched, _DISTANCE_EDGES)
        held += np.bincount(where, record.occupied(past + lag)[used], bins)
        seen += np.bincount(where, minlength=bins)
    inside = np.concatenate([_DISTANCE_EDGES <= 0, [False]])
    weight = seen + _PRIOR_CELLS
    frequency = isotonic_regression((held + _PRIOR_CELLS * inside) / weight, weights=weight, increasing=False).x
    return np.clip(frequency[np.digitize(record.distance(week), _DISTANCE_EDGES)], 0.0, 1.0)


def cell_logistic(record: CellRecord, week: int, horizon: int) -> FloatArray:
    """Ridge logistic regression on signed distance and local speed of the front, fitted to the past year.

    logit P = β·features, standardised, penalty ½|β|² but for the constant (Hoerl and Kennard 1970; le Cessie and van
    Houwelingen 1992). Learnt within 20 km of the front, applied within REACH, no change beyond. Falls back on
    `cell_climatology` where the record is too short for the horizon.
    """
    weeks, lag = _training_weeks(week, horizon)
    if len(weeks) < 8 or lag < horizon:
        return cell_climatology(record, week, horizon)
    samples = [(past, record.counted & (np.abs(record.distance(past)) < 20)) for past in weeks[::2]]
    features = np.concatenate([_features(record, past, used, horizon) for past, used in samples])
    outcome = np.concatenate([record.occupied(past + lag)[used] for past, used in samples]).astype(float)
    scale = _scale(features)
    coefficients = ridge_logistic(features / scale, outcome)
    chance = record.occupied(week).astype(float)
    reach = np.abs(record.distance(week)) < REACH
    chance[reach] = expit(np.clip(_features(record, week, reach, horizon) / scale @ coefficients, -30, 30))
    return chance


def _training_weeks(week: int, horizon: int) -> tuple[IntegerArray, int]:
    """Every other week of the past year whose outcome, a lag later, is known; the lag is the horizon if it can be."""
    lag = min(horizon, max(1, week // 2))
    last = week - lag
    return np.arange(last, max(-1, last - TRAINING_WEEKS), -2), lag


def _features(record: CellRecord, week: int, used: BoolArray, horizon: int) -> FloatArray:
    """Distance on either side, its root, and the advance expected at the local speeds, most of it near the front."""
    distance = record.distance(week)[used]
    advance = record.speed(week)[used] * horizon
    outside, inside = np.maximum(distance, 0), np.maximum(-distance, 0)
    sides = np.column_stack([outside, np.sqrt(outside), inside, np.sqrt(inside)])
    nearness = np.exp(-np.abs(distance) / 4)[:, None]
    root = np.sign(advance) * np.sqrt(np.abs(advance))
    return np.column_stack([np.ones(len(distance)), distance > 0, sides, advance, advance * nearness, root])


def _scale(features: FloatArray) -> FloatArray:
    deviation = features.std(axis=0)
    return np.where(deviation > 0, deviation, 1.0)


def ridge_logistic(features: FloatArray, outcome: FloatArray, *, penalty: float = 1.0) -> FloatArray:
    """Coefficients that minimise Σ ln(1 + e^z) − yz + ½·penalty·|β|², z = features·β; the first is all but free.

    Newton's method with step halving: the cost is convex, so every step that is short enough descends.
    """
    ridge = np.full(features.shape[1], penalty)
    ridge[0] = 1e-3 * penalty

    def cost(at: FloatArray) -> float:
        z = features @ at
        return float(np.sum(np.logaddexp(0.0, z) - outcome * z) + 0.5 * ridge @ at**2)

    coefficients = np.zeros(features.shape[1])
    height = cost(coefficients)
    for _ in range(60):
        chance = expit(features @ coefficients)
        gradient = features.T @ (chance - outcome) + ridge * coefficients
        curvature = (features * (chance * (1 - chance))[:, None]).T @ features + np.diag(ridge)
        step = -np.linalg.solve(curvature, gradient)
        while (trial := cost(coefficients + step)) > height and np.max(np.abs(step)) > 1e-9:
            step /= 2
        coefficients, gained, height = coefficients + step, height - trial, trial
        if gained < 1e-6:
            break
    return coefficients


CELL_BASELINES: MappingProxyType[str, Baseline] = MappingProxyType(
    {"persistence": cell_persistence, "climatology": cell_climatology, "logistic": cell_logistic}
)


def cell_forecast(record: CellRecord, week: int, horizon: int) -> dict[str, FloatArray]:
    """P(occupied after so many weeks) of every cell by every baseline, from the record up to `week` only."""
    return {name: baseline(record, week, horizon) for name, baseline in CELL_BASELINES.items()}
