"""Budget: what a state spends and takes in, how it pays for the difference, and what that does to prices and arms.

Amounts are in bn of local currency (LCU) a week, in the money of the opening: inflation as it was then moves neither
them nor the exchange rate; what prices do beyond it is P, 1 at the opening.
    war spending = share of GDP · (1 − c + c · fire) · P^(1 − e); civil spending, other revenue = shares of GDP · P;
    deficit = war spending + civil spending − oil revenue − other revenue − aid in USD · exchange rate.
What the deficit has been lately, S, is borrowed up to a capacity K, K · tanh(S/K); swings around S are bridged by
borrowing within ± K. Of the rest reserves give up to 1 / `pace` each week, and what then is left is created. A surplus
repays debt, then is saved. So drawn + borrowed + created = deficit, always: money makes good what is decreed of the
others, borrowing and reserves make good what is decreed of money.

Inflation beyond the opening's wanders, with a half-life, around
    a₁ · demand + a₂ · money + a₃ · depreciation − a₄ · (key rate − opening),
real spending and money created beyond the opening's in % of a year's GDP, depreciation in % a year. The key rate moves
towards its opening value + θ · inflation beyond the opening's. Strain on the budget is
    stress = σ((what lately had to be borrowed or created, as a share of GDP − φ₀) / φ₁),
and as pay comes before plants, money for arms = real war spending · (1 − κ (stress − stress then)), relative to then,
without what fire costs beyond the opening's: what is fired builds no plants.

Left out: the profile of a budget within the year (deficits cluster in some months), interest on debt, growth and taxes
on it, fear that inflation feeds on itself, credit under state orders, regions' budgets, who holds the debt.
Sources: form after model notes, section 8 (there stress is of the whole deficit, and inflation has no anchor); effects,
half-lives and thresholds elicited; shares of GDP by side in the scenario.
"""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ceasefire.model.axes import YEAR, relative
from ceasefire.model.declare import SHARE, SIGNED, Fixed, LogNormal, Normal, Share, coupling, parameter, quantity
from ceasefire.model.intervene import Intervention
from ceasefire.model.noise import Noise, wander

MEMORY = 2.0 ** (-1 / 8)
"""Of what has been lately: a half-life of eight weeks, so that taxes paid by the quarter are bridged (elicited)."""
TRACE = 1e-3
"""bn LCU a week that any state spends, so that none relative to none is 1; small beside any budget."""
TINY = 1e-6
INFLATION = (-50.0, 1000.0)
"""% a year; beyond this money is no longer what it was."""
PRICES = (-5.0, 10.0)
"""Log; likewise."""


class Params(eqx.Module):
    """What is not known exactly about budgets."""

    gdp: Float[Array, "side run"] = parameter(
        LogNormal(1e3, 2e4, 4e5), unit="bn LCU/year", doc="Gross domestic product at the opening."
    )
    war_share: Float[Array, "side run"] = parameter(
        Share(0.02, 0.07, 0.25), unit="1", doc="War spending as planned, as a share of GDP, at the opening's fire."
    )
    civil_share: Float[Array, "side run"] = parameter(
        Share(0.08, 0.16, 0.3), unit="1", doc="Other spending of the state as planned, as a share of GDP."
    )
    deficit_opening: Float[Array, "side run"] = parameter(
        Normal(-0.01, 0.025, 0.08), unit="1", doc="Deficit a year after aid, as a share of GDP; other revenue follows."
    )
    aid: Float[Array, "side run"] = parameter(
        Fixed(0.0), unit="bn USD/week", source="scenario", doc="Grants and loans to the budget from abroad."
    )
    debt_opening: Float[Array, "side run"] = parameter(
        LogNormal(0.1, 0.4, 1.2), unit="1", doc="Debt of the state, as a share of a year's GDP."
    )
    reserves_opening: Float[Array, "side run"] = parameter(
        LogNormal(0.002, 0.02, 0.1), unit="1", doc="Reserves that the budget can use, as a share of a year's GDP."
    )
    capacity: Float[Array, "side run"] = parameter(
        Share(0.01, 0.03, 0.07), unit="1", doc="Net borrowing a year that markets and banks bear, share of GDP (K)."
    )
    pace: Float[Array, "side run"] = parameter(
        LogNormal(8, 20, 50), unit="week", doc="Time over which reserves last at the fastest drawing; a week at least."
    )
    inflation_opening: Float[Array, "side run"] = parameter(
        Normal(1, 8, 20), unit="%/year", doc="Inflation over the year before the opening."
    )
    key_rate_opening: Float[Array, "side run"] = parameter(
        LogNormal(4, 12, 25), unit="%/year", doc="Key rate of the central bank at the opening."
    )
    inflation_half_life: Float[Array, "run"] = parameter(
        LogNormal(8, 16, 32), unit="week", doc="Time in which inflation goes half the way to where it is pushed."
    )
    inflation_spread: Float[Array, "side run"] = parameter(
        LogNormal(0.7, 2, 5), unit="%/year", doc="Standard deviation of inflation around that, from other causes."
    )
    rate_half_life: Float[Array, "run"] = parameter(
        LogNormal(4, 10, 25), unit="week", doc="Time in which the key rate goes half the way to where it should be."
    )
    stress_middle: Float[Array, "side run"] = parameter(
        LogNormal(0.02, 0.05, 0.12), unit="1", doc="Share of GDP a year, to be borrowed or created, at stress ½ (φ₀)."
    )
    stress_width: Float[Array, "run"] = parameter(
        LogNormal(0.01, 0.02, 0.05), unit="1", doc="How much more of GDP raises the log odds of stress by 1 (φ₁)."
    )
    fire_effect: Float[Array, "run"] = coupling(
        "policy.fire", "budget.spending_war", Share(0.1, 0.3, 0.5), doc="Share of war spending that goes with fire (c)."
    )
    erosion: Float[Array, "run"] = coupling(
        "budget.prices", "budget.spending_war", Share(0.1, 0.3, 0.6), doc="Price rises that war spending misses (e)."
    )
    demand_effect: Float[Array, "run"] = coupling(
        "budget.spending_war", "budget.inflation", LogNormal(0.2, 0.6, 1.5), doc="Points per point of demand (a₁)."
    )
    money_effect: Float[Array, "run"] = coupling(
        "budget.created", "budget.inflation", LogNormal(0.3, 1, 2.5), doc="Points per point of GDP created (a₂)."
    )
    exchange_effect: Float[Array, "run"] = coupling(
        "oil.exchange", "budget.inflation", LogNormal(0.04, 0.1, 0.3), doc="How prices follow a depreciation (a₃)."
    )
    rate_effect: Float[Array, "run"] = coupling(
        "budget.key_rate", "budget.inflation", LogNormal(0.1, 0.3, 0.7), doc="Points off per point of key rate (a₄)."
    )
    rate_response: Float[Array, "run"] = coupling(
        "budget.inflation", "budget.key_rate", LogNormal(0.7, 1.3, 2.2), doc="Points per point of inflation (θ)."
    )
    aid_exponent: Float[Array, "run"] = coupling(
        "patrons.received",
        "budget.aid_received",
        Fixed(1.0),
        doc="How aid to the budget follows what patrons give; 1 is in proportion.",
    )
    stress_effect: Float[Array, "run"] = coupling(
        "budget.stress", "budget.arms", LogNormal(0.15, 0.4, 0.9), doc="Share of arms money that full stress cuts (κ)."
    )


class State(eqx.Module):
    """What is owed and saved, where prices are, and how things were at the opening."""

    reserves: Float[Array, "side run"] = quantity("bn LCU", "Reserves that the budget can use.")
    debt: Float[Array, "side run"] = quantity("bn LCU", "Debt of the state.")
    money: Float[Array, "side run"] = quantity("bn LCU", "Money created for the budget since the opening.", SIGNED)
    lasting: Float[Array, "side run"] = quantity("bn LCU/week", "Deficit as it has been lately (S).", SIGNED)
    burden: Float[Array, "side run"] = quantity("1", "Lately borrowed or created, as a share of GDP a year.", SIGNED)
    prices: Float[Array, "side run"] = quantity("1", "Log of prices beyond the opening's inflation (ln P).", PRICES)
    excess: Float[Array, "side run"] = quantity("%/year", "Inflation beyond the opening's.", SIGNED)
    key_rate: Float[Array, "side run"] = quantity("%/year", "Key rate of the central bank.")
    exchange_lately: Float[Array, "side run"] = quantity("LCU/USD", "Exchange rate of the week before.")
    funding: Float[Array, "side run"] = quantity("1", "Money for arms plants, real, relative to the opening.")
    tax_share: Float[Array, "side run"] = quantity("1", "Revenue from other than oil and aid, as a share of GDP.")
    war_opening: Float[Array, "side run"] = quantity("bn LCU/week", "War spending at the opening.")
    spent_opening: Float[Array, "side run"] = quantity("1", "All spending then, as a share of GDP.")
    created_opening: Float[Array, "side run"] = quantity("1", "Money created then, as a share of GDP a year.", SIGNED)
    stress_opening: Float[Array, "side run"] = quantity("1", "Stress then.", SHARE)


class Flows(eqx.Module):
    """What was spent, taken in and raised this week, and what it did."""

    spending_war: Float[Array, "side run"] = quantity("bn LCU", "Spent on the war this week.")
    spending_civil: Float[Array, "side run"] = quantity("bn LCU", "Spent on everything else this week.")
    revenue_other: Float[Array, "side run"] = quantity("bn LCU", "Taken in from other than oil and aid this week.")
    aid_received: Float[Array, "side run"] = quantity("bn LCU", "Grants and loans from abroad this week.")
    deficit: Float[Array, "side run"] = quantity("bn LCU", "Spent beyond what came in.", SIGNED, derived=True)
    drawn: Float[Array, "side run"] = quantity("bn LCU", "Drawn from reserves; saved where negative.", SIGNED)
    borrowed: Float[Array, "side run"] = quantity("bn LCU", "Borrowed; repaid where negative.", SIGNED)
    created: Float[Array, "side run"] = quantity("bn LCU", "Money created for the budget.", SIGNED)
    inflation: Float[Array, "side run"] = quantity("%/year", "Inflation as it stands this week.", INFLATION, level=True)
    stress: Float[Array, "side run"] = quantity("1", "Strain on the budget.", SHARE, level=True)
    arms: Float[Array, "side run"] = quantity("1", "Money for arms plants, real, relative to the opening.", level=True)


def borrowing(limit: Array, lasting: Array, bridged: Array, debt: Array) -> Array:
    """What is borrowed for a deficit that lately has been `lasting`; no more is repaid than the debt."""
    regular = limit * jnp.tanh(jnp.maximum(lasting, 0) / jnp.maximum(limit, TINY)) + jnp.minimum(lasting, 0)
    return jnp.maximum(regular + bridged, -debt)


def drawing(params: Params, short: Array, reserves: Array) -> Array:
    """What reserves give of what is `short`; what is over is saved."""
    return jnp.minimum(short, reserves / jnp.maximum(params.pace, 1.0))


def strain(params: Params, burden: Array) -> Array:
    """Stress of having to borrow or create a share of GDP a year."""
    return jax.nn.sigmoid((burden - params.stress_middle) / jnp.maximum(params.stress_width, TINY))


def opening(params: Params, revenue: Float[Array, "side run"], exchange: Float[Array, "side run"]) -> State:
    """A budget that stays as it is; `revenue` from oil is what a week brings when the season is set aside."""
    week, nothing = params.gdp / YEAR, jnp.zeros_like(params.gdp)
    debt, reserves = params.debt_opening * params.gdp, params.reserves_opening * params.gdp
    war, civil = params.war_share * week, params.civil_share * week
    rest = war + civil - revenue - params.aid * exchange
    taxes = jnp.maximum(rest - params.deficit_opening * week, 0)
    deficit = rest - taxes
    borrowed = borrowing(params.capacity * week, deficit, nothing, debt)
    drawn = drawing(params, deficit - borrowed, reserves)
    of_gdp = jnp.maximum(week, TINY)
    burden = (deficit - jnp.maximum(drawn, 0)) / of_gdp
    return State(
        reserves=reserves,
        debt=debt,
        money=nothing,
        lasting=deficit,
        burden=burden,
        prices=nothing,
        excess=nothing,
        key_rate=params.key_rate_opening,
        exchange_lately=exchange,
        funding=jnp.ones_like(nothing),
        tax_share=taxes / of_gdp,
        war_opening=war,
        spent_opening=(war + civil) / of_gdp,
        created_opening=(deficit - borrowed - drawn) / of_gdp,
        stress_opening=strain(params, burden),
    )


def step(
    params: Params,
    state: State,
    *,
    do: Intervention,
    noise: Noise,
    revenue: Float[Array, "side run"],
    exchange: Float[Array, "side run"],
    fire: Float[Array, "side run"],
    grants: Float[Array, "side run"],
) -> tuple[State, Flows]:
    """Spend, take in, raise the difference; then prices, the key rate and the money for arms follow.

    `revenue` is from oil (bn LCU), `exchange` in LCU per USD; `fire` and `grants`, the money that patrons give, are
    relative to the opening.
    """
    level = jnp.exp(state.prices)
    week = params.gdp / YEAR * level
    planned = params.war_share * week * jnp.exp(-params.erosion * state.prices)
    shot = planned * params.fire_effect * (fire - 1)
    war = do("spending_war", planned + shot)
    civil = do("spending_civil", params.civil_share * week)
    taxes = do("revenue_other", state.tax_share * week)
    aid = do("aid_received", params.aid * grants**params.aid_exponent * exchange)
    deficit = war + civil - revenue - taxes - aid
    lasting = state.lasting + (1 - MEMORY) * (deficit - state.lasting)
    limit, of_gdp = params.capacity * week, jnp.maximum(week, TINY)
    borrowed = borrowing(limit, lasting, jnp.clip(deficit - lasting, -limit, limit), state.debt)
    borrowed, drawn, created = _paid(params, state, do, deficit, borrowed)
    fall = jnp.log(jnp.maximum(exchange, TINY) / jnp.maximum(state.exchange_lately, TINY))
    push = params.demand_effect * ((war + civil) / of_gdp - state.spent_opening)
    push = push + params.money_effect * (created / of_gdp - state.created_opening)
    push = 100 * (push + params.exchange_effect * YEAR * fall)
    push = push - params.rate_effect * (state.key_rate - params.key_rate_opening)
    luck = noise.uniform("inflation", fire.shape[:-1])
    excess = wander(state.excess, push, params.inflation_spread, params.inflation_half_life, luck)
    inflation = do("inflation", jnp.clip(params.inflation_opening + excess, *INFLATION))
    excess = inflation - params.inflation_opening
    target = params.key_rate_opening + params.rate_response * excess
    step_up = (1 - 2.0 ** (-1.0 / params.rate_half_life)) * (target - state.key_rate)
    burden = state.burden + (1 - MEMORY) * ((deficit - jnp.maximum(drawn, 0)) / of_gdp - state.burden)
    stress = do("stress", strain(params, burden))
    plants = jnp.maximum(1 - params.stress_effect * (stress - state.stress_opening), 0)
    arms = do("arms", relative(jnp.maximum(war - shot, 0) / level, state.war_opening, TRACE) * plants)
    after = dataclasses.replace(
        state,
        reserves=state.reserves - drawn,
        debt=state.debt + borrowed,
        money=state.money + created,
        lasting=lasting,
        burden=burden,
        prices=jnp.clip(state.prices + excess / (100 * YEAR), *PRICES),
        excess=excess,
        key_rate=jnp.maximum(state.key_rate + step_up, 0),
        exchange_lately=exchange,
        funding=arms,
    )
    return after, Flows(war, civil, taxes, aid, deficit, drawn, borrowed, created, inflation, stress, arms)


def _paid(
    params: Params, state: State, do: Intervention, deficit: Array, borrowed: Array
) -> tuple[Array, Array, Array]:
    """What is borrowed, drawn and created, in sum the deficit; debt and reserves do not fall below nothing."""
    borrowed = jnp.maximum(do("borrowed", borrowed), -state.debt)
    drawn = jnp.minimum(do("drawn", drawing(params, deficit - borrowed, state.reserves)), state.reserves)
    created = do("created", deficit - borrowed - drawn)
    owed = deficit - drawn - created
    borrowed = jnp.maximum(owed, -state.debt)
    return borrowed, drawn - (borrowed - owed), created
