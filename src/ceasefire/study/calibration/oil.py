"""Oil: how restless Brent, the discount on a side's oil and its currency are, from weekly and monthly prices.

Brent, by week, is log price = m + x: x is a mean-reverting walk that jumps in some weeks, and m the price in the long
run, of which nothing is known but that the first price is as far from it as any. So a week's change has the density

    (1 − p) N(d; −(1 − φ)(price − m), q) + p N(d; −(1 − φ)(price − m), q + size²),   q = spread² (1 − φ²),

p the chance of a jump and φ what a week leaves of an excursion; m is sampled beside the numbers. In `model/oil.py` a
jump fades with a half-life of its own. That is left out here, since the record has hardly any jump to learn it from
(a filter with it, Bar-Shalom, Li and Kirubarajan 2001, section 11.6, learned the same of all else at twelve times the
cost); data are simulated with it, so that ranks of truths tell whether it matters.

The log odds of a discount and the log of an exchange rate are known as means of months of a weekly walk,

    y = m + A x − ε b,   cov x = spread² · 2^(−|weeks apart| / half-life),

A the share of each week in each month, b the log of Brent by month and ε the effect of Brent on the currency (0 for a
discount). Differences of successive months do not depend on m and are normal. The terms of their likelihood, without
spread and ε, are functions of the half-life alone: they are tabled on a fine grid and interpolated. That the mean of
logs stands for the log of means is the one approximation.

Brent counts since its record begins, since its law has jumps. Discounts and exchange rates count from a year after the
war began: their laws have none, and the panic, embargoes and controls of a first year are another regime. The rule was
fixed before any likelihood was looked at.

Not learned: the half-life of Brent, whose ranks are not uniform, as a jump fades in the war and not in the likelihood.
Left out: bites of sanctions, whose effect on the discount goes into its restlessness, which is so overstated; what the
market expects of the price (`brent_return`); that differences of discount and currency hang together.
Series are found through the war file: Brent as `oil.brent_opening` follows it, the rest as `reported` of `oil.price`,
`oil.brent` and `oil.exchange`. A side whose series is not reported teaches nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from numpy.typing import NDArray
from scipy.special import logit

from ceasefire.evidence.vintage import Vintage
from ceasefire.model.declare import Fixed, Prior
from ceasefire.scenario.spec import Reported, War, split
from ceasefire.scenario.start import Start
from ceasefire.study.calibration.module import Module, priors_of

FloatArray = NDArray[np.float64]
Days = NDArray[np.datetime64]
Values = Mapping[str, jax.Array]

BRENT = tuple(f"oil.{name}" for name in ("brent_spread", "brent_half_life", "jump_rate", "jump_size"))
LEAST_WEEKS, LEAST_MONTHS = 52, 12
REGIME = np.timedelta64(365, "D")
"""A war's first year, which teaches nothing of discounts and exchange rates."""
WEEK = np.timedelta64(7, "D")
STEP = 0.0625
HALF_LIVES = 2.0 ** np.arange(0.0, 11.0, STEP)
"""Weeks, by which likelihoods are tabled; a sixteenth of an octave apart."""
JUMP_HALF_LIFE = "oil.jump_half_life"


class Walk(NamedTuple):
    """A walk known as means of months."""

    observed: FloatArray
    """[month − 1] differences of successive months."""
    share: FloatArray
    """[month − 1, week] the same differences of the share of each week."""
    brent: FloatArray
    """[month − 1] the same of the log of Brent; 0 where it does not count."""
    table: FloatArray
    """[4, half-life] by half-life, at spread 1: log determinant of the covariance of `observed`, and the products of
    `observed` and of `brent` with each other by its inverse: own · own, own · brent, brent · brent."""


class Data(NamedTuple):
    """Prices, by side where there are several."""

    brent: FloatArray
    """[week] log price less that of the first, of the latest weeks in a row; none where there are too few."""
    discount: dict[str, Walk]
    exchange: dict[str, Walk]
    fixed: dict[str, FloatArray]
    """Numbers that are known for sure."""
    jump_half_life: FloatArray
    """Median of its prior (weeks), with which data are simulated."""


# ------------------------------------------------------------------------------------------------------------ gathering


def gather(start: Start, vintage: Vintage) -> Data | None:
    """Prices known on the day; None where there are too few of each."""
    war = start.scenario.war
    since = np.datetime64(war.started, "D") + REGIME
    brent = _weekly(vintage, _opening_series(war))
    price = _reported(war, "oil.brent").get("", "")
    discounts = {side: _discount(vintage, name, price, since) for side, name in _reported(war, "oil.price").items()}
    rates = {side: _exchange(vintage, name, price, since) for side, name in _reported(war, "oil.exchange").items()}
    data = Data(
        brent=brent,
        discount={side: walk for side, walk in discounts.items() if walk is not None},
        exchange={side: walk for side, walk in rates.items() if walk is not None},
        fixed={},
        jump_half_life=np.zeros(()),
    )
    if not len(brent) and not data.discount and not data.exchange:
        return None
    known = priors_of(start)
    sure = {name: known[name] for name in numbers(data)}
    fixed = {name: np.asarray(p.value) for name, p in sure.items() if isinstance(p, Fixed)}
    return data._replace(fixed=fixed, jump_half_life=known[JUMP_HALF_LIFE].quantile(0.5))


def numbers(data: Data) -> tuple[str, ...]:
    """What these data are made from."""
    return (
        *(BRENT if len(data.brent) else ()),
        *(f"oil.discount_spread[{side}]" for side in data.discount),
        *(("oil.discount_half_life",) if data.discount else ()),
        *(f"oil.exchange_{what}[{side}]" for side in data.exchange for what in ("spread", "effect")),
        *(("oil.exchange_half_life",) if data.exchange else ()),
    )


def priors(start: Start, data: Data) -> dict[str, Prior]:
    """Those in force of all numbers that are not known for sure."""
    known = priors_of(start)
    return {name: known[name] for name in numbers(data) if name not in data.fixed}


def _opening_series(war: War) -> str:
    return next((entry.series for entry in war.record if entry.name == "oil.brent_opening"), "")


def _reported(war: War, quantity: str) -> dict[str, str]:
    """Monthly series that report one quantity and nothing besides, by side; "" for one that has none."""
    listed = ((entry, *split(entry.of[0])) for entry in war.reported if _plain(entry))
    return {"".join(index): entry.series for entry, variable, index in listed if variable == quantity}


def _plain(entry: Reported) -> bool:
    return len(entry.of) == 1 and not entry.per and entry.kind == "mean"


def _known(vintage: Vintage, name: str) -> tuple[Days, FloatArray]:
    """The last word on each event of a series, where it is above 0; nothing of a series that is not known."""
    if name not in vintage.names():
        return np.array([], "datetime64[D]"), np.array([])
    series = vintage.series(name)
    last = np.append(series.dates[1:] != series.dates[:-1], True) & (series.values > 0)
    return series.dates[last], series.values[last]


def _weekly(vintage: Vintage, name: str) -> FloatArray:
    """Log of a weekly series less the first, of the latest weeks in a row; none where they are too few."""
    days, price = _known(vintage, name)
    breaks = np.flatnonzero(np.diff(days) != WEEK)
    row = price[breaks[-1] + 1 :] if len(breaks) else price
    return np.log(row / row[0]) if len(row) >= LEAST_WEEKS else np.array([])


def _by_month(vintage: Vintage, name: str, since: np.datetime64) -> dict[int, float]:
    """Values by month since 1970, of months that begin on a day or later; none where the series is not monthly."""
    days, values = _known(vintage, name)
    month = days.astype("datetime64[M]")
    whole = month.astype("datetime64[D]") >= since
    months = month[whole].astype(int).tolist()
    return dict(zip(months, values[whole].tolist(), strict=True)) if len(set(months)) == len(months) else {}


def _discount(vintage: Vintage, name: str, brent: str, since: np.datetime64) -> Walk | None:
    """Log odds of the discount, of months in which there was one."""
    price, usual = _by_month(vintage, name, since), _by_month(vintage, brent, since)
    share = {month: 1 - price[month] / usual[month] for month in sorted(price.keys() & usual.keys())}
    return _walk({month: float(logit(part)) for month, part in share.items() if 0 < part < 1}, {})


def _exchange(vintage: Vintage, name: str, brent: str, since: np.datetime64) -> Walk | None:
    """Log of the exchange rate, of months with a price of Brent."""
    rate, price = _by_month(vintage, name, since), _by_month(vintage, brent, since)
    months = sorted(rate.keys() & price.keys())
    return _walk({month: np.log(rate[month]) for month in months}, {month: np.log(price[month]) for month in months})


def _walk(by_month: dict[int, float], brent: dict[int, float]) -> Walk | None:
    if len(by_month) < LEAST_MONTHS:
        return None
    months = np.array(list(by_month))
    share = np.diff(shares(months), axis=0)
    oil = np.diff([brent.get(month, 0.0) for month in months.tolist()])
    return tabled(np.diff(list(by_month.values())), share, oil)


def tabled(observed: FloatArray, share: FloatArray, brent: FloatArray) -> Walk:
    """A walk with its table."""
    week = np.arange(share.shape[1])
    apart = np.abs(week[:, None] - week)
    both, rows = np.stack([observed, brent], axis=1), []
    for half_life in HALF_LIVES:
        root = np.linalg.cholesky(share @ (2.0 ** (-week / half_life))[apart] @ share.T)
        away = np.linalg.solve(root, both)
        (own, mixed), (_, other) = away.T @ away
        rows.append((2 * np.log(np.diag(root)).sum(), own, mixed, other))
    return Walk(observed, share, brent, np.array(rows).T)


def shares(months: NDArray[np.int64]) -> FloatArray:
    """Share of each week in the days of each month, [month, week]; weeks count from the first month's first day."""
    first = months[0].astype("datetime64[M]").astype("datetime64[D]")
    weeks = int(((months[-1] + 1).astype("datetime64[M]").astype("datetime64[D]") - first) / WEEK) + 1
    found = np.zeros((len(months), weeks))
    for row, month in zip(found, months, strict=True):
        ends = [edge.astype("datetime64[M]").astype("datetime64[D]") for edge in (month, month + 1)]
        row += np.bincount(((np.arange(*ends) - first) // WEEK).astype(int), minlength=weeks)
        row /= row.sum()
    return found


# ----------------------------------------------------------------------------------------------------------- likelihood


def model(values: Values, data: Data) -> None:
    """Add the log likelihood of all prices."""
    told: dict[str, Any] = {**data.fixed, **values}
    if len(data.brent):
        long_run = told["oil.brent_spread"] * numpyro.sample("long_run", dist.Normal())
        spread, half_life, rate, size = (told[name] for name in BRENT)
        told_by = brent_likelihood(spread, half_life, rate, size, long_run, jnp.asarray(data.brent))
        numpyro.factor("brent", told_by)
    for side, walk in data.discount.items():
        spread, half_life = told[f"oil.discount_spread[{side}]"], told["oil.discount_half_life"]
        numpyro.factor(f"discount {side}", walk_likelihood(spread, half_life, jnp.zeros(()), walk))
    for side, walk in data.exchange.items():
        spread, half_life = told[f"oil.exchange_spread[{side}]"], told["oil.exchange_half_life"]
        effect = told[f"oil.exchange_effect[{side}]"]
        numpyro.factor(f"exchange {side}", walk_likelihood(spread, half_life, effect, walk))


def walk_likelihood(spread: jax.Array, half_life: jax.Array, effect: jax.Array, walk: Walk) -> jax.Array:
    """Log likelihood of differences of means of a stationary walk that loses `effect` times Brent."""
    place = jnp.clip(jnp.log2(half_life / HALF_LIVES[0]) / STEP, 0.0, len(HALF_LIVES) - 1.001)
    below = jnp.floor(place).astype(int)
    rise = place - below
    size, own, both, brent = (1 - rise) * walk.table[:, below] + rise * walk.table[:, below + 1]
    square = own + effect * (2 * both + effect * brent)
    return -0.5 * (square / spread**2 + size) - len(walk.observed) * (jnp.log(spread) + 0.5 * jnp.log(2 * jnp.pi))


def brent_likelihood(
    spread: jax.Array, half_life: jax.Array, rate: jax.Array, size: jax.Array, long_run: jax.Array, log: jax.Array
) -> jax.Array:
    """Log likelihood of weekly log prices, given the first, which is 0, and the price in the `long_run`."""
    keep, comes = 2.0 ** (-1 / half_life), -jnp.expm1(-rate)
    away = log[1:] - log[:-1] + (1 - keep) * (log[:-1] - long_run)
    calm = spread**2 * (1 - keep**2)
    still = jnp.log1p(-comes) + _log_normal(away, calm)
    return jnp.logaddexp(still, jnp.log(comes) + _log_normal(away, calm + size**2)).sum()


def _log_normal(away: jax.Array, variance: jax.Array) -> jax.Array:
    return -0.5 * (away**2 / variance + jnp.log(2 * jnp.pi * variance))


# ----------------------------------------------------------------------------------------------------------- simulation


def simulate(values: Mapping[str, float], data: Data, generator: np.random.Generator) -> Data:
    """Prices of the same weeks and months, as a world with these numbers would have them."""
    told: dict[str, Any] = {**data.fixed, **values}
    brent = data.brent
    if len(brent):
        spread, half_life, rate, size = (float(told[name]) for name in BRENT)
        brent = _brent(spread, half_life, rate, size, float(data.jump_half_life), len(brent), generator)

    def again(walk: Walk, what: str, side: str, effect: float) -> Walk:
        moved = _wandered(told[f"oil.{what}_spread[{side}]"], told[f"oil.{what}_half_life"], walk, generator)
        return tabled(moved - effect * walk.brent, walk.share, walk.brent)

    return data._replace(
        brent=brent,
        discount={side: again(walk, "discount", side, 0.0) for side, walk in data.discount.items()},
        exchange={
            side: again(walk, "exchange", side, told[f"oil.exchange_effect[{side}]"])
            for side, walk in data.exchange.items()
        },
    )


def _wandered(spread: float, half_life: float, walk: Walk, generator: np.random.Generator) -> FloatArray:
    weeks, keep = int(walk.share.shape[1]), 2.0 ** (-1 / half_life)
    luck = generator.standard_normal(weeks)
    x = np.empty(weeks)
    x[0] = luck[0]
    for week in range(1, weeks):
        x[week] = keep * x[week - 1] + np.sqrt(1 - keep**2) * luck[week]
    return spread * walk.share @ x


def _brent(
    spread: float,
    half_life: float,
    rate: float,
    size: float,
    jump_half_life: float,
    weeks: int,
    generator: np.random.Generator,
) -> FloatArray:
    """Weekly log prices less the first; jumps had come before that too."""
    keep, fade, comes = 2.0 ** (-1 / half_life), 2.0 ** (-1 / jump_half_life), -np.expm1(-rate)
    x, j, made = spread * generator.standard_normal(), 0.0, []
    before = int(10 * jump_half_life)
    for week in range(before + weeks):
        x = keep * x + spread * np.sqrt(1 - keep**2) * generator.standard_normal()
        j = fade * j + (size * generator.standard_normal() if generator.uniform() < comes else 0.0)
        if week >= before:
            made.append(x + j)
    return np.array(made) - made[0]


MODULE = Module(
    name="oil",
    title="How restless Brent, discounts and exchange rates are, from weekly and monthly prices",
    gather=gather,
    priors=priors,
    model=model,
    simulate=simulate,
    nuisance=frozenset({"oil.brent_half_life"}),
)
