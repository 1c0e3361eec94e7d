"""Budget: the deficit is always paid for, and money, prices and the money for arms follow it."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ceasefire.model import budget
from ceasefire.model.axes import YEAR
from ceasefire.model.declare import declared
from ceasefire.model.intervene import Intervention, Place
from ceasefire.model.noise import Noise

RUNS, LONGEST = 40, 400
OIL, RATE = [160.0, 0.0], [80.0, 42.0]
AT_WAR = {
    "gdp": [2e5, 8e3],
    "war_share": [0.07, 0.27],
    "civil_share": [0.14, 0.2],
    "deficit_opening": [0.025, 0.03],
    "aid": [0.0, 1.0],
    "inflation_spread": 0.0,
}
"""A large state with oil and a small one with donors, without luck."""
FLOWS = [variable for variable in declared(budget) if variable.kind == "flow" and not variable.derived]


def decree(**given):
    """Decrees on flows, each as (factor, shift) of `Intervention`; all share a table, so that `step` compiles once."""
    factor, shift, places = [], [], []
    for number, variable in enumerate(FLOWS):
        scale, add = given.pop(variable.name.partition(".")[2], (1.0, 0.0))
        places.append(Place(variable.name, 2 * number, (2,), variable.bounds))
        factor.append(np.broadcast_to(np.asarray(scale, float), 2))
        shift.append(np.broadcast_to(np.asarray(add, float), 2))
    assert not given
    table = (jnp.asarray(np.concatenate(column), float) for column in (factor, shift))
    return Intervention(*table, tuple(places), "budget")


def per_week(value):
    """A number, one for each side, or one for each week and side (the last goes on), as [week, side, run]."""
    value = np.asarray(value, float)
    value = np.concatenate([value, np.repeat(value[-1:], LONGEST - len(value), axis=0)]) if value.ndim > 1 else value
    value = value[..., None] if value.ndim else value
    return jnp.asarray(np.broadcast_to(value, (LONGEST, 2, RUNS)), float)


@jax.jit
def _weeks(params, state, do, revenue, exchange, fire, grants):
    def week(state, given):
        number, *received = given
        runs = jnp.arange(RUNS, dtype=jnp.uint32)
        noise = Noise(jnp.asarray([3, 0], jnp.uint32), runs, number, "budget")
        received = dict(zip(("revenue", "exchange", "fire", "grants"), received, strict=True))
        after, flows = budget.step(params, state, do=do, noise=noise, **received)
        return after, (after, flows)

    return jax.lax.scan(week, state, (jnp.arange(LONGEST), revenue, exchange, fire, grants))[1]


def weeks(params, state, number=1, *, do=None, oil=OIL, rate=RATE, fire=1.0, grants=1.0):
    """States and flows after each of some weeks, [week, side, run]; compiled once for all numbers of weeks."""
    found = _weeks(params, state, do or decree(), *(per_week(value) for value in (oil, rate, fire, grants)))
    return jax.tree.map(lambda array: np.asarray(array)[:number], found)


_opening = jax.jit(budget.opening)


def opened(params, oil=OIL, rate=RATE):
    return _opening(params, per_week(oil)[0], per_week(rate)[0])


@pytest.fixture
def drawn(with_prior_medians):
    """Parameters of the two states at war; the rest at the medians of the priors, or as given."""
    return lambda **given: with_prior_medians(budget, runs=RUNS, **(AT_WAR | given))


@pytest.fixture
def anywhere(with_prior_medians):
    """Parameters from all over the priors, each run its own."""

    def some(seed=0, **given):
        random, filled = np.random.default_rng(seed), {}
        for variable in (variable for variable in declared(budget) if variable.kind == "parameter"):
            shape = (2, RUNS) if "side" in variable.dims else (RUNS,)
            filled[variable.name.partition(".")[2]] = variable.prior.quantile(random.uniform(0.001, 0.999, shape))
        return with_prior_medians(budget, runs=RUNS, **(filled | given))

    return some


@pytest.fixture(params=["single", "double"])
def precision(request):
    """How exactly books close."""
    with jax.enable_x64(request.param == "double"):
        yield 1e-12 if request.param == "double" else 2e-6


def wild(seed):
    """Some flows decreed at random: set, multiplied or shifted, beyond reason too."""
    random, given = np.random.default_rng(seed), {}
    for variable in FLOWS:
        if random.uniform() < 0.4:
            set_to = random.choice([0.0, 3.0, 900.0, 1e6], 2), random.choice([0.0, 0.3, 5.0], 2)
            given[variable.name.partition(".")[2]] = [(0.0, set_to[0]), (set_to[1], 0.0), (1.0, -50.0)][
                random.integers(3)
            ]
    return decree(**given)


@pytest.mark.parametrize("seed", range(10))
def test_the_deficit_is_paid_for_whatever_is_decreed(anywhere, precision, seed):
    random = np.random.default_rng(seed)
    params = anywhere(seed, aid=random.gamma(1, 1, (2, 1)), reserves_opening=random.choice([0.0, 0.001, 0.1], (2, 1)))
    state = opened(params)
    oil, rate = random.gamma(1, 200, (60, 2)), random.lognormal(4, 0.3, (60, 2))
    states, flows = weeks(params, state, 60, do=wild(seed), oil=oil, rate=rate, fire=random.uniform(0, 2, (60, 2)))
    states, flows, state = jax.tree.map(lambda array: np.asarray(array, np.float64), (states, flows, state))
    size = 1 + sum(np.abs(getattr(flows, f)) for f in ("spending_war", "spending_civil", "revenue_other", "created"))
    size = size + np.abs(flows.borrowed) + np.abs(flows.drawn) + oil[..., None] + flows.aid_received
    paid = flows.drawn + flows.borrowed + flows.created
    assert (np.abs(paid - flows.deficit) <= precision * size).all()
    wanted = flows.spending_war + flows.spending_civil - flows.revenue_other - flows.aid_received - oil[..., None]
    assert (np.abs(wanted - flows.deficit) <= precision * size).all()
    for stock, flow in (("reserves", -flows.drawn), ("debt", flows.borrowed), ("money", flows.created)):
        after = np.concatenate([getattr(state, stock)[None], getattr(states, stock)])
        assert (np.abs(np.diff(after, axis=0) - flow) <= precision * (size + np.abs(after).max())).all(), stock
        assert stock == "money" or after.min() >= 0, stock


@pytest.mark.parametrize("seed", range(3))
def test_nothing_moves_when_nothing_changes(anywhere, precision, seed):
    params = anywhere(seed, inflation_spread=0.0, reserves_opening=2.0, aid=[0.0, 1.0])
    state = opened(params)
    states, flows = weeks(params, state, 156)
    close = {"rtol": 100 * precision, "atol": 100 * precision}
    np.testing.assert_allclose(states.funding, 1, **close)
    np.testing.assert_allclose(states.prices, 0, atol=100 * precision)
    np.testing.assert_allclose(states.key_rate, np.repeat(params.key_rate_opening[None], 156, axis=0), **close)
    np.testing.assert_allclose(flows.inflation, np.repeat(params.inflation_opening[None], 156, axis=0), **close)
    np.testing.assert_allclose(flows.stress, np.repeat(state.stress_opening[None], 156, axis=0), **close)
    np.testing.assert_allclose(flows.deficit, np.repeat(state.lasting[None], 156, axis=0), rtol=1e-3, atol=1e-2)
    assert states.funding.dtype == state.funding.dtype == (jnp.float64 if precision < 1e-9 else jnp.float32)


def test_the_deficit_at_the_opening_is_as_it_is_said_to_be(drawn):
    params = drawn()
    flows = weeks(params, opened(params))[1]
    np.testing.assert_allclose(flows.deficit[0, :, 0], [0.025 * 2e5 / YEAR, 0.03 * 8e3 / YEAR], rtol=1e-4)
    np.testing.assert_allclose(flows.spending_war[0, :, 0], [0.07 * 2e5 / YEAR, 0.27 * 8e3 / YEAR], rtol=1e-5)
    np.testing.assert_allclose(flows.aid_received[0, :, 0], [0, 42], rtol=1e-6)


def later(**given):
    """Parameters changed after the opening."""
    return lambda params: dataclasses.replace(
        params, **{name: jnp.full_like(getattr(params, name), value) for name, value in given.items()}
    )


@pytest.mark.parametrize("how", ["flow", "plan"])
def test_spending_a_fifth_more_on_war_raises_the_deficit_at_once_and_inflation_and_the_key_rate_in_months(drawn, how):
    params = drawn()
    state = opened(params)
    more = dataclasses.replace(params, war_share=params.war_share * (1.2 if how == "plan" else 1))
    usual, base = weeks(params, state, 26)
    spent, found = weeks(more, state, 26, do=decree(spending_war=(1.2, 0.0)) if how == "flow" else None)
    extra = np.asarray(found.deficit - base.deficit)
    np.testing.assert_allclose(extra[0], 0.2 * base.spending_war[0], rtol=1e-4)
    assert (np.diff(found.inflation[:13], axis=0) > 0).all()
    assert (np.diff(spent.key_rate[:26], axis=0) > 0).all()
    for week, point in ((4, 0.05), (25, 0.3)):
        assert (found.inflation[week] - base.inflation[week] > point).all()
    assert (spent.key_rate[25] - usual.key_rate[25] > 0.2).all()
    assert (spent.key_rate[3] - usual.key_rate[3] < 0.2 * (spent.key_rate[25] - usual.key_rate[25])).all()


def test_aid_lowers_the_deficit_of_whoever_gets_it_and_keeps_its_plants_funded(drawn):
    params = drawn()
    state = opened(params)
    found = [weeks(later(aid=aid)(params), state, 52) for aid in (0.0, 0.5, 1.0, 1.5)]
    deficit = np.stack([flows.deficit for _, flows in found])
    np.testing.assert_allclose(-np.diff(deficit[:, 0, 1], axis=0), 21, rtol=1e-3)
    funding = np.stack([states.funding[-1, 1] for states, _ in found])
    assert (np.diff(funding, axis=0) > 0).all()
    assert (funding[0] < 0.9).all()


def test_when_aid_stops_and_nobody_lends_money_is_created_prices_rise_and_plants_get_less(drawn):
    params = drawn(capacity=0.0, reserves_opening=0.0)
    state = opened(params)
    usual, base = weeks(params, state, 52)
    cut = dataclasses.replace(params, aid=jnp.zeros_like(params.aid))
    states, flows = weeks(cut, state, 52)
    np.testing.assert_allclose(flows.created, flows.deficit, rtol=1e-6)
    assert (np.diff(states.money[:, 1], axis=0) > 42).all()
    assert (flows.inflation[-1, 1] > base.inflation[-1, 1] + 5).all()
    assert (np.diff(states.prices[:, 1], axis=0) > 0).all()
    assert (states.funding[-1, 1] < 0.8).all()
    assert (np.diff(states.funding[:, 1], axis=0) < 0).all()
    for one, other in zip(jax.tree.leaves((states, flows)), jax.tree.leaves((usual, base)), strict=True):
        assert (one[:, 0] == other[:, 0]).all()


def test_falling_oil_revenue_reaches_plants_only_as_reserves_run_out_and_smoothly(drawn):
    params = drawn(capacity=0.0, deficit_opening=0.0, reserves_opening=0.04, pace=8.0)
    state = opened(params)
    states, flows = weeks(params, state, 150, oil=0.0)
    funding, reserves = np.asarray(states.funding[:, 0, 0]), np.asarray(states.reserves[:, 0, 0])
    last = int(np.argmax(np.asarray(flows.created[:, 0, 0]) > 1))
    assert 26 < last < 60
    np.testing.assert_allclose(funding[:last], 1, rtol=0.01)
    assert funding[last + 40] < 0.9
    assert reserves[-1] < 0.01 * reserves[0]
    assert np.abs(np.diff(funding)).max() < 0.03
    lent = drawn(capacity=0.03, deficit_opening=0.0, reserves_opening=0.0)
    borrowing, _ = weeks(lent, opened(lent), 52, oil=0.0)
    falling = np.diff(np.asarray(borrowing.funding[:, 0, 0]))
    assert falling.max() < 1e-6
    assert falling.min() > -0.03
    assert borrowing.funding[-1, 0, 0] < 0.9


def test_what_is_borrowed_saturates_then_reserves_give_then_money_is_created(drawn):
    params = drawn(capacity=0.03, reserves_opening=0.001, pace=20.0)
    limit, reserves = 0.03 * 2e5 / YEAR, 0.001 * 2e5
    for deficit in (0.001, 0.02, 0.08):
        with_it = dataclasses.replace(params, deficit_opening=jnp.full_like(params.deficit_opening, deficit))
        flows = weeks(with_it, opened(with_it))[1]
        owed = deficit * 2e5 / YEAR
        borrowed = limit * np.tanh(owed / limit)
        given = min(owed - borrowed, reserves / 20)
        for name, expected in (("borrowed", borrowed), ("drawn", given), ("created", owed - borrowed - given)):
            found = getattr(flows, name)[0, 0]
            np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-2 * owed, err_msg=name)


def test_a_surplus_repays_debt_and_is_then_saved(drawn):
    params = drawn(deficit_opening=-0.02, debt_opening=0.01, reserves_opening=0.01)
    states, flows = weeks(params, opened(params), 52)
    np.testing.assert_allclose(states.debt[-1], 0, atol=0.1)
    np.testing.assert_allclose(states.reserves[-1, :, 0], [0.02 * 2e5, 0.02 * 8e3], rtol=1e-3)
    assert (np.abs(flows.created) < 1e-2).all()
    np.testing.assert_allclose(states.funding, 1, rtol=1e-4)


def test_swings_of_revenue_around_its_mean_are_bridged_by_borrowing(drawn):
    params = drawn(reserves_opening=0.1)
    state = opened(params)
    swing = np.array(OIL) * (1 + 0.4 * np.sin(2 * np.pi * np.arange(4 * YEAR)[:, None] / 13))
    steady, flat = weeks(params, state, 4 * YEAR)
    states, flows = weeks(params, state, 4 * YEAR, oil=swing)
    assert np.ptp(flows.borrowed[:, 0]) > 1.5 * 0.4 * OIL[0]
    np.testing.assert_allclose(flows.drawn[:, 0], flat.drawn[:, 0], atol=0.1 * OIL[0])
    np.testing.assert_allclose(states.reserves[-1, 0], steady.reserves[-1, 0], rtol=0.03)
    np.testing.assert_allclose(states.funding, 1, rtol=0.02)


def test_what_is_decreed_of_one_way_to_pay_is_made_good_by_the_others(drawn):
    params = drawn(capacity=0.1)
    state = opened(params)
    base = weeks(params, state)[1]
    for given, borrowed in (({"created": (0.0, 5.0)}, base.borrowed + base.created - 5), ({"borrowed": (0.0, 1.0)}, 1)):
        flows = weeks(params, state, do=decree(**given))[1]
        np.testing.assert_allclose(flows.borrowed, np.broadcast_to(borrowed, flows.borrowed.shape), rtol=1e-3)
        np.testing.assert_allclose(flows.deficit, base.deficit, rtol=1e-6)
    flows = weeks(params, state, do=decree(drawn=(0.0, 1e9)))[1]
    np.testing.assert_allclose(flows.drawn[0], state.reserves, rtol=1e-6)


def test_aid_is_worth_more_at_once_where_the_currency_falls(drawn):
    params = drawn()
    flows = weeks(params, opened(params), rate=[80.0, 63.0])[1]
    np.testing.assert_allclose(flows.aid_received[0, :, 0], [0, 63], rtol=1e-6)


def test_prices_and_the_key_rate_follow_what_is_decreed_of_inflation(drawn):
    params = drawn(inflation_opening=8.0)
    states, flows = weeks(params, opened(params), 26, do=decree(inflation=(0.0, [8.0, 34.0])))
    np.testing.assert_allclose(flows.inflation[:, :, 0], np.repeat([[8.0, 34.0]], 26, axis=0), rtol=1e-6)
    np.testing.assert_allclose(states.prices[:, 1, 0], 0.26 / YEAR * np.arange(1, 27), rtol=1e-4)
    assert (states.prices[:, 0] == 0).all()
    assert (np.diff(states.key_rate[:, 1], axis=0) > 0).all()


def test_a_depreciation_raises_prices_by_its_share_in_the_end(drawn):
    params = drawn(exchange_effect=0.2, rate_effect=0.0, money_effect=0.0, demand_effect=0.0, aid=0.0)
    states, _ = weeks(params, opened(params), 250, rate=np.array(RATE) * 1.1)
    np.testing.assert_allclose(states.prices[-1], 0.2 * np.log(1.1), rtol=0.01)


def test_inflation_and_the_key_rate_settle_where_demand_and_the_bank_pull(drawn):
    effects = {"demand_effect": 0.6, "rate_effect": 0.3, "rate_response": 1.5, "money_effect": 0.0, "erosion": 0.0}
    params = drawn(**effects)
    state = opened(params)
    states, flows = weeks(dataclasses.replace(params, war_share=params.war_share * 1.5), state, 400)
    settled = 0.6 * 0.5 * np.array([7.0, 27.0]) / (1 + 0.3 * 1.5)
    np.testing.assert_allclose(states.excess[-1, :, 0], settled, rtol=0.01)
    np.testing.assert_allclose((flows.inflation - params.inflation_opening)[-1], states.excess[-1], rtol=1e-3)
    np.testing.assert_allclose((states.key_rate[-1] - params.key_rate_opening)[:, 0], 1.5 * settled, rtol=0.01)


def test_an_agreement_lowers_war_spending_by_the_share_that_goes_with_fire_and_spares_the_plants(drawn):
    params = drawn(fire_effect=0.3)
    flows = weeks(params, opened(params), fire=[0.0, 0.5])[1]
    np.testing.assert_allclose(flows.arms[0, :, 0], 1, rtol=0.03)
    planned = np.array([0.07 * 2e5, 0.27 * 8e3]) / YEAR
    np.testing.assert_allclose(flows.spending_war[0, :, 0], [0.7, 0.85] * planned, rtol=1e-5)


CAUSES = {
    "fire_effect": ("spending_war", {"fire": 0.2}, {}, {}),
    "erosion": ("arms", {}, {"prices": 0.5}, {"stress": (0.0, 0.5)}),
    "demand_effect": ("inflation", {}, {}, {"spending_civil": (1.5, 0.0), "created": (0.0, 0.0)}),
    "money_effect": ("inflation", {}, {}, {"created": (0.0, 9.0)}),
    "exchange_effect": ("inflation", {"rate": [160.0, 21.0]}, {}, {"created": (0.0, 0.0)}),
    "rate_effect": ("inflation", {}, {"key_rate": 40.0}, {}),
    "rate_response": ("key_rate", {}, {}, {"inflation": (0.0, 60.0)}),
    "stress_effect": ("arms", {}, {}, {"stress": (0.0, 0.9)}),
    "aid_exponent": ("aid_received", {"grants": [0.2, 3.0]}, {}, {}),
}
"""Of each coupling: what it acts on; what is received, how the week begins and what is decreed where its cause acts."""


def test_every_coupling_has_a_cause_here():
    assert set(CAUSES) == {v.name.partition(".")[2] for v in declared(budget) if v.coupling}


@pytest.mark.parametrize("name", CAUSES)
def test_without_a_coupling_its_cause_does_exactly_nothing(drawn, name):
    effect, received, began, given = CAUSES[name]
    untouched = {flow: (0.0, 0.0) for flow in given if flow == "created"} | {"stress": (0.0, 0.5)}

    def found(do, received, began, **strength):
        params = drawn(aid=[0.5, 2.0], **strength)
        state = dataclasses.replace(opened(params), **{k: jnp.full((2, RUNS), v) for k, v in began.items()})
        states, flows = weeks(params, state, do=decree(**do), **received)
        return np.asarray(getattr(flows, effect) if hasattr(flows, effect) else getattr(states, effect))

    causes = ((untouched, {}, {}), (untouched | given, received, began))
    without = [found(*cause, **{name: 0.0}) for cause in causes]
    acts = [found(*cause) for cause in causes]
    np.testing.assert_allclose(without[0], without[1], rtol=2e-7)
    assert (np.abs(acts[1] / acts[0] - 1) > 1e-3).all()


ABSURD = (
    {"gdp": 0.0},
    {"reserves_opening": 0.0, "debt_opening": 0.0, "capacity": 0.0},
    {"war_share": 0.0, "civil_share": 0.0},
    {"gdp": 1e12, "pace": 0.0},
    {"war_share": 1.0, "deficit_opening": 1.0, "inflation_half_life": 0.0, "rate_half_life": 0.0, "stress_width": 0.0},
    {"aid": 1e9, "money_effect": 1e6, "exchange_effect": 1e6},
    {"gdp": 0.0, "aid": 1e9, "stress_effect": 100.0, "inflation_spread": 1e6},
)


@pytest.mark.parametrize("given", ABSURD, ids=str)
@pytest.mark.parametrize("outside", [(OIL, RATE, 1.0), (0.0, 0.0, 0.0), (1e9, 1e9, 1e6)], ids=str)
def test_nothing_at_all_or_too_much_of_it_does_no_harm(drawn, given, outside):
    params = drawn(**given)
    oil, rate, fire = outside
    for do in (None, decree(spending_war=(0.0, 1e12), inflation=(0.0, 1000.0)), decree(created=(0.0, 1e12))):
        found = weeks(params, opened(params), 60, do=do, oil=oil, rate=rate, fire=fire)
        bounds = {variable.name.partition(".")[2]: variable.bounds for variable in declared(budget)}
        for record in found:
            for field in dataclasses.fields(record):
                values = np.asarray(getattr(record, field.name))
                low, high = bounds[field.name]
                assert np.isfinite(values).all(), field.name
                assert values.min() >= low, field.name
                assert values.max() <= high, field.name


def test_a_smaller_economy_pays_less_and_is_not_strained_more(drawn):
    params = drawn(aid=0.0)
    state = opened(params, oil=0.0)
    flows = weeks(dataclasses.replace(params, gdp=params.gdp * 0.8), state, 60, oil=0.0)[1]
    np.testing.assert_allclose(flows.deficit, 0.8 * np.repeat(state.lasting[None], 60, axis=0), rtol=1e-3)
    np.testing.assert_allclose(flows.spending_war / state.war_opening, 0.8, rtol=1e-4)
    np.testing.assert_allclose(flows.stress[-1], state.stress_opening, rtol=0.01)


def test_luck_moves_inflation_by_its_spread(drawn):
    params = drawn(inflation_spread=3.0, inflation_half_life=4.0, demand_effect=0.0, money_effect=0.0, rate_effect=0.0)
    flows = weeks(params, opened(params), LONGEST)[1]
    luck = np.asarray(flows.inflation - params.inflation_opening)[50:]
    assert luck.std() == pytest.approx(3.0, rel=0.05)
    assert luck.mean() == pytest.approx(0.0, abs=0.15)


def test_the_sides_are_alike(anywhere):
    swap = lambda tree: jax.tree.map(lambda x: x[::-1] if x.ndim > 1 else x, tree)  # noqa: E731
    params = anywhere(7, aid=[0.0, 1.0], inflation_spread=0.0)
    received = {"oil": [90.0, 10.0], "rate": [100.0, 40.0], "fire": [0.5, 1.5]}
    one = weeks(params, opened(params), 20, **received)
    mirrored = {name: value[::-1] for name, value in received.items()}
    other = weeks(swap(params), opened(swap(params), OIL[::-1], RATE[::-1]), 20, **mirrored)
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        assert (a == b[:, ::-1]).all()


def test_aid_follows_what_patrons_give_and_stays_where_the_link_is_cut(drawn):
    params = drawn(aid=[0.5, 2.0], aid_exponent=1.0)
    usual, double = (weeks(params, opened(params), grants=grants)[1] for grants in (1.0, [[1.0, 2.0]]))
    np.testing.assert_array_equal(double.aid_received[:, 0], usual.aid_received[:, 0])
    np.testing.assert_allclose(double.aid_received[:, 1], 2 * usual.aid_received[:, 1], rtol=1e-6)
    cut = drawn(aid=[0.5, 2.0], aid_exponent=0.0)
    np.testing.assert_array_equal(weeks(cut, opened(cut), grants=0.0)[1].aid_received, usual.aid_received)
