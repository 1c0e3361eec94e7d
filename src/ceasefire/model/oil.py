"""Oil: what a side's oil fetches, how much of it is sold to whom, and what its treasury gets.

    revenue = take · brent · (1 − discount) · exchange · volume · strikes · season
All but the season enters as smoothed by the time to pay, in two stages of equal mean length: x̄ ← x̄ + (x − x̄)/(1 + L/2).
Brent is one for the world: its log relative to the opening is a mean-reverting walk plus jumps, at most one a week,
that go by halves. The log odds of the discount are such a walk plus what the bites of sanctions add. Local currency
per dollar is one in logs, and falls as Brent rises: exchange ~ brent^(−ε).

Of the buyers some are exposed to secondary sanctions: they take exp(−effect · bite) of what they did, and a share of
the rest goes to the steady ones. Interceptions of bite i stop 1 − exp(−i) of what sails in ships that can be stopped.
Refineries and ports work as at the opening until spare capacity is gone: worked = min(1, capacity / (1 − spare)).
    strikes = (1 − w_r · (1 − refining)) · (1 − w_p · (1 − shipping))

What a factor x_k has done to revenue R since the opening is
    part_k = L(R, R₀) · ln(x_k / x_k₀),   L(a, b) = (a − b) / (ln a − ln b),
the logarithmic mean divisia index (LMDI-I): parts add up to R − R₀ without a residual, and change sign with time. The
season's part counts from an even flow, and has what is decreed of revenue itself.

Left out: gas apart from oil, changes of the tax rules, output quotas, what strikes on refineries do to prices at home,
that the last weeks before the opening were taxed at other prices. A side that sold no oil then sells none after.
Sources: rule linear in price and exchange, Brent (half-life 60 weeks, .35 a year; .15/.3/.6 jumps a year of N(0, .4),
half-life 20 weeks), spare capacity: model notes, section 8, and elicited; a month's tax is paid in the next: notes on
the monthly record; LMDI: Ang 2005, "The LMDI approach to decomposition analysis: a practical guide" (general
knowledge); the rest elicited. Open claims M06 and M28, contested: whether sanctions bite at all.
"""

from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logit
from jaxtyping import Array, Float

from ceasefire.model.axes import SECTORS, SIDES, YEAR, Ground
from ceasefire.model.declare import SHARE, SIGNED, LogNormal, Normal, Share, coupling, parameter, quantity
from ceasefire.model.intervene import Intervention
from ceasefire.model.noise import Noise, normal_quantile, wander

FACTORS = ("price", "discount", "exchange", "volume", "strikes", "season")
"""What revenue is a product of."""
LATE = np.array([[factor != "season"] for factor in FACTORS])
"""Factors whose change is paid for later; the season is that of paying."""
BILLION = 7e-3
"""Billions a week for a million barrels a day at 1 a barrel."""
LARGEST = 30.0
"""Logarithms are held within ± this, so that no decree overflows."""
TINY = 1e-30
"""Stands for 0 in a logarithm."""
AnyArray = TypeVar("AnyArray", Array, np.ndarray)


class Params(eqx.Module):
    """What is not known exactly about oil and what it brings."""

    brent_opening: Float[Array, "run"] = parameter(
        LogNormal(50, 72, 105), unit="USD/bbl", doc="Price of Brent at the opening."
    )
    brent_return: Float[Array, "run"] = parameter(
        Normal(-0.25, 0, 0.25), unit="1", doc="Log of the price that Brent returns to, less the opening's."
    )
    brent_spread: Float[Array, "run"] = parameter(
        LogNormal(0.2, 0.32, 0.45), unit="1", doc="Standard deviation of log Brent in the long run, without jumps."
    )
    brent_half_life: Float[Array, "run"] = parameter(
        LogNormal(25, 60, 140), unit="week", doc="Half-life of Brent's excursions."
    )
    jump_rate: Float[Array, "run"] = parameter(
        LogNormal(0.0029, 0.0058, 0.0115), unit="1/week", doc="Jumps of Brent; 0.0058 is 0.3 a year."
    )
    jump_size: Float[Array, "run"] = parameter(
        LogNormal(0.25, 0.4, 0.6), unit="1", doc="Standard deviation of a jump of log Brent."
    )
    jump_half_life: Float[Array, "run"] = parameter(LogNormal(10, 20, 40), unit="week", doc="Half-life of a jump.")
    fetched_opening: Float[Array, "side run"] = parameter(
        Share(0.6, 0.82, 0.95), unit="1", doc="Share of Brent's price that a side's oil fetches: 1 less the discount."
    )
    discount_return: Float[Array, "side run"] = parameter(
        Normal(-0.5, 0, 0.5), unit="1", doc="Log odds that the discount returns to, less the opening's."
    )
    discount_spread: Float[Array, "side run"] = parameter(
        LogNormal(0.15, 0.3, 0.5), unit="1", doc="Standard deviation of the discount's log odds in the long run."
    )
    discount_half_life: Float[Array, "run"] = parameter(
        LogNormal(8, 20, 45), unit="week", doc="Half-life of the discount's excursions."
    )
    discount_effect: Float[Array, "run"] = coupling(
        "sanctions.oil_bite",
        "oil.discount",
        Normal(-0.2, 0.9, 2.0),
        doc="Log odds of the discount added by a bite on oil as large as the opening's; contested, so it may be none.",
    )
    rerouting_effect: Float[Array, "run"] = coupling(
        "sanctions.secondary_bite",
        "oil.discount",
        LogNormal(0.05, 0.2, 0.5),
        doc="Log odds of the discount added by a bite on buyers as large as the opening's.",
    )
    exchange_opening: Float[Array, "side run"] = parameter(
        LogNormal(15, 60, 200), unit="LCU/USD", doc="Local currency per dollar at the opening."
    )
    exchange_return: Float[Array, "side run"] = parameter(
        Normal(-0.15, 0, 0.25), unit="1", doc="Log of the exchange rate that it returns to, less the opening's."
    )
    exchange_spread: Float[Array, "side run"] = parameter(
        LogNormal(0.12, 0.22, 0.4), unit="1", doc="Standard deviation of the log exchange rate in the long run."
    )
    exchange_half_life: Float[Array, "run"] = parameter(
        LogNormal(40, 80, 160), unit="week", doc="Half-life of the exchange rate's excursions."
    )
    exchange_effect: Float[Array, "side run"] = coupling(
        "oil.brent", "oil.exchange", LogNormal(0.03, 0.12, 0.4), doc="How the currency gains as Brent rises (ε)."
    )
    volume_opening: Float[Array, "side buyer run"] = parameter(
        LogNormal(0.2, 1.5, 6), unit="mb/d", doc="Crude and products that buyers take at the opening."
    )
    exposure_effect: Float[Array, "run"] = coupling(
        "sanctions.secondary_bite",
        "oil.volume",
        LogNormal(0.1, 0.35, 1.0),
        doc="Log of what exposed buyers no longer take at a bite as large as the opening's.",
    )
    rerouted_share: Float[Array, "run"] = parameter(
        Share(0.4, 0.7, 0.92), unit="1", doc="Share of what exposed buyers leave that goes to the steady ones."
    )
    stoppable_share: Float[Array, "side run"] = coupling(
        "sanctions.interception_bite",
        "oil.volume",
        Share(0.25, 0.5, 0.75),
        doc="Share of a side's oil that sails in ships which can be stopped.",
    )
    refining_spare: Float[Array, "side run"] = parameter(
        Share(0.04, 0.12, 0.25), unit="1", doc="Share of the refineries that work at the opening which is not needed."
    )
    port_spare: Float[Array, "side run"] = parameter(
        Share(0.05, 0.15, 0.3), unit="1", doc="Share of the ports that work at the opening which is not needed."
    )
    refining_weight: Float[Array, "side run"] = coupling(
        "oil.refining", "oil.revenue", Share(0.05, 0.15, 0.4), doc="Share of revenue that hangs on refining (w_r)."
    )
    port_weight: Float[Array, "side run"] = coupling(
        "oil.shipping", "oil.exports", Share(0.3, 0.55, 0.8), doc="Share of the exports that needs the ports (w_p)."
    )
    payment_lag: Float[Array, "run"] = parameter(
        LogNormal(2, 4, 7), unit="week", doc="Mean time from a sale to the tax on it (L)."
    )
    take: Float[Array, "side run"] = parameter(
        LogNormal(0.4, 0.62, 0.85), unit="1", doc="Revenue from oil and gas relative to the value of exported oil."
    )


class State(eqx.Module):
    """Prices relative to the opening, and taxes on their way to the treasury."""

    brent_excursion: Float[Array, "run"] = quantity("1", "Log of Brent relative to the opening, without jumps.", SIGNED)
    brent_jump: Float[Array, "run"] = quantity("1", "Log of what jumps have done to Brent.", SIGNED)
    discount_excursion: Float[Array, "side run"] = quantity(
        "1", "Log odds of the discount, less the opening's.", SIGNED
    )
    exchange_excursion: Float[Array, "side run"] = quantity(
        "1", "Log of the exchange rate, less the opening's.", SIGNED
    )
    assessed: Float[Array, "side factor run"] = quantity("1", "Factors of the taxes assessed, relative to the opening.")
    paid: Float[Array, "side factor run"] = quantity("1", "Factors of the taxes paid, relative to the opening.")


class Flows(eqx.Module):
    """This week's oil."""

    brent: Float[Array, "run"] = quantity("USD/bbl", "Price of Brent.", level=True)
    discount: Float[Array, "side run"] = quantity(
        "1", "Discount on a side's oil, as a share of Brent.", SHARE, level=True
    )
    price: Float[Array, "side run"] = quantity("USD/bbl", "Price of a side's oil.", derived=True, level=True)
    exchange: Float[Array, "side run"] = quantity("LCU/USD", "Local currency per dollar.", level=True)
    volume: Float[Array, "side buyer run"] = quantity("mb/d", "Crude and products that buyers would take.", level=True)
    refining: Float[Array, "side run"] = quantity("1", "Refining relative to the opening.", SHARE, level=True)
    shipping: Float[Array, "side run"] = quantity("1", "Work of the ports relative to the opening.", SHARE, level=True)
    exports: Float[Array, "side run"] = quantity("mb/d", "Crude and products that leave.", derived=True, level=True)
    revenue: Float[Array, "side run"] = quantity("bn LCU", "Taxes on oil and gas received this week.")
    part: Float[Array, "side factor run"] = quantity(
        "bn LCU", "Of the revenue beyond the opening's, what each factor did.", SIGNED, derived=True
    )


def opening(params: Params) -> State:
    """Prices as they are; taxes on their way as sales at these prices make them."""
    none = jnp.zeros_like(params.fetched_opening)
    even = jnp.ones((SIDES, len(FACTORS), none.shape[-1]), none.dtype)
    return State(none[0], none[0], none, none, even, even)


def revenue_opening(params: Params) -> Float[Array, "side run"]:
    """Revenue of a week at the opening's prices and volumes, without its season, in billions of local currency."""
    sold = params.fetched_opening * params.exchange_opening * params.volume_opening.sum(axis=1)
    return BILLION * params.take * params.brent_opening * sold


def decompose(before: AnyArray, after: AnyArray) -> AnyArray:
    """What each factor [factor, ...] did to the change of their product.

    Parts L · ln(after / before) add up to the product after less the product before; L is their logarithmic mean,
    max · (1 − exp(−|d|)) / |d| with d the difference of their logarithms. Where a factor goes to 0 nearly all of the
    change is its own (`TINY` stands for it in a logarithm). For arrays of JAX and of NumPy, not below 0.
    """
    xp = after.__array_namespace__()
    change = xp.log(xp.maximum(after, TINY)) - xp.log(xp.maximum(before, TINY))
    apart = xp.maximum(xp.abs(xp.sum(change, axis=0)), TINY)
    larger = xp.maximum(xp.prod(before, axis=0), xp.prod(after, axis=0))
    return -larger * xp.expm1(-apart) / apart * change


def step(
    params: Params,
    state: State,
    *,
    do: Intervention,
    noise: Noise,
    ground: Ground,
    oil_bite: Float[Array, "side run"],
    secondary_bite: Float[Array, "side run"],
    interception_bite: Float[Array, "side run"],
    capacity: Float[Array, "side sector run"],
) -> tuple[State, Flows]:
    """Prices move, oil is sold and shipped, and last weeks' taxes are paid."""
    prices = _wander(params, state, noise)
    brent = do("brent", params.brent_opening * _exp(prices["brent_excursion"] + prices["brent_jump"]))
    dearer = _relative(brent, params.brent_opening)
    pressed = params.discount_effect * oil_bite + params.rerouting_effect * secondary_bite
    odds = prices["discount_excursion"] - logit(params.fetched_opening) + pressed
    discount = do("discount", jax.nn.sigmoid(odds))
    stronger = params.exchange_effect * jnp.log(jnp.maximum(dearer, TINY))
    exchange = do("exchange", params.exchange_opening * _exp(prices["exchange_excursion"] - stronger))
    volume = do("volume", _taken(params, secondary_bite, interception_bite))
    refining = do("refining", _worked(capacity[:, SECTORS.index("refining")], params.refining_spare))
    shipping = do("shipping", _worked(capacity[:, SECTORS.index("ports")], params.port_spare))
    refined, shipped = 1 - params.refining_weight * (1 - refining), 1 - params.port_weight * (1 - shipping)
    factors = jnp.stack(
        jnp.broadcast_arrays(
            dearer,
            _relative(1 - discount, params.fetched_opening),
            _relative(exchange, params.exchange_opening),
            _relative(volume.sum(axis=1), params.volume_opening.sum(axis=1)),
            refined * shipped,
            ground.collection[:, noise.week % YEAR][:, None],
        ),
        axis=1,
    )
    gain = 1 / (1 + LATE * params.payment_lag / 2)
    assessed = state.assessed + gain * (factors - state.assessed)
    paid = state.paid + gain * (assessed - state.paid)
    start = revenue_opening(params)
    due = start * paid.prod(axis=1)
    revenue = do("revenue", due)
    by_factor = paid.swapaxes(0, 1)
    part = (start * decompose(jnp.ones_like(by_factor), by_factor)).swapaxes(0, 1)
    return State(**prices, assessed=assessed, paid=paid), Flows(
        brent=brent,
        discount=discount,
        price=brent * (1 - discount),
        exchange=exchange,
        volume=volume,
        refining=refining,
        shipping=shipping,
        exports=volume.sum(axis=1) * shipped,
        revenue=revenue,
        part=part.at[:, FACTORS.index("season")].add(revenue - due),
    )


def _wander(params: Params, state: State, noise: Noise) -> dict[str, Array]:
    """Brent, discount and exchange rate after a week of their own walks and of jumps."""

    def walk(name: str, shape: tuple[int, ...]) -> Array:
        spread, half_life = getattr(params, f"{name}_spread"), getattr(params, f"{name}_half_life")
        mean, now = getattr(params, f"{name}_return"), getattr(state, f"{name}_excursion")
        return wander(now, mean, spread, half_life, noise.uniform(name, shape))

    comes = noise.uniform("jump") < -jnp.expm1(-params.jump_rate)
    jump = jnp.where(comes, params.jump_size * normal_quantile(noise.uniform("size")), 0.0)
    return {
        "brent_excursion": walk("brent", ()),
        "brent_jump": state.brent_jump * 2.0 ** (-1.0 / params.jump_half_life) + jump,
        "discount_excursion": walk("discount", (SIDES,)),
        "exchange_excursion": walk("exchange", (SIDES,)),
    }


def _taken(params: Params, secondary: Array, interceptions: Array) -> Array:
    """Volume by buyer [side, buyer, run]."""
    exposed, steady = params.volume_opening[:, 0], params.volume_opening[:, 1]
    still = exposed * _exp(-params.exposure_effect * secondary)
    elsewhere = jnp.maximum(steady + params.rerouted_share * (exposed - still), 0.0)
    stopped = params.stoppable_share * -jnp.expm1(-jnp.maximum(interceptions, 0.0))
    return jnp.stack([still, elsewhere], axis=1) * (1 - stopped)[:, None]


def _worked(capacity: Array, spare: Array) -> Array:
    """Work of plants relative to the opening, spare capacity being the first to go."""
    return jnp.clip(capacity / jnp.maximum(1 - spare, TINY), 0.0, 1.0)


def _relative(now: Array, opening: Array) -> Array:
    """Relative to the opening; 1 where there was nothing."""
    return jnp.where(opening > 0, now / jnp.maximum(opening, TINY), 1.0)


def _exp(log: Array) -> Array:
    return jnp.exp(jnp.clip(log, -LARGEST, LARGEST))
