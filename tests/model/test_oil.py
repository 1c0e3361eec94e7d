"""Oil: what sanctions, prices, strikes and the season do to revenue, and parts that add up to it."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ceasefire.model import oil, sanctions
from ceasefire.model.axes import BUYERS, SECTORS, SIDES, YEAR
from ceasefire.model.declare import declared
from ceasefire.model.intervene import NOTHING, Intervention, Place
from ceasefire.model.noise import Noise

RUNS, WEEKS = 64, 104
KNOWN = {variable.name: variable for variable in declared(oil)}
PARAMETERS = [variable for variable in KNOWN.values() if variable.kind == "parameter"]
DECREED = [variable for variable in KNOWN.values() if variable.kind == "flow" and not variable.derived]
LENGTH = {"side": SIDES, "buyer": len(BUYERS), "factor": len(oil.FACTORS)}
BITE = ("oil_bite", "secondary_bite", "interception_bite")
PRECISION = {False: 2e-5, True: 1e-12}


class Dice(Noise):
    """Dice of which the two sides may swap theirs, and which may show no luck."""

    mirror: jax.Array = False
    calm: jax.Array = False

    def uniform(self, name, shape=()):
        u = super().uniform(name, shape)
        u = jnp.where(self.mirror, u[::-1], u) if shape[:1] == (SIDES,) else u
        return jnp.where(self.calm, 0.5, u)


def drawn(u=0.5, runs=RUNS, **given):
    """Parameters at a quantile of their priors, or at what is given (for all, by side, or by side and buyer)."""
    u, found = np.broadcast_to(u, (len(PARAMETERS), runs)), {}
    for row, variable in zip(u, PARAMETERS, strict=True):
        name, shape = variable.name.partition(".")[2], [LENGTH[dim] for dim in variable.dims[:-1]]
        value = np.asarray(given.pop(name, variable.prior.quantile(row)), float)
        value = value.reshape(value.shape + (1,) * (len(shape) + 1 - value.ndim)) if value.shape != (runs,) else value
        found[name] = jnp.asarray(np.broadcast_to(value, (*shape, runs)), float)
    assert not given
    return oil.Params(**found)


def anyhow(**given):
    """Parameters drawn from their priors."""
    return drawn(np.random.default_rng(4).uniform(size=(len(PARAMETERS), RUNS)), **given)


def decree(name=None, value=0.0):
    """A value for a flow, on both sides; all flows have a place in the table, so that what is compiled serves all."""
    factor, shift, places = [], [], []
    for flow in DECREED:
        shape = tuple(LENGTH[dim] for dim in flow.dims[:-1])
        places.append(Place(flow.name, sum(map(len, factor)), shape, flow.bounds))
        told = flow.name == f"oil.{name}"
        factor.append(np.full(int(np.prod(shape)), 0.0 if told else 1.0))
        shift.append(np.full(int(np.prod(shape)), value if told else 0.0))
    table = (jnp.asarray(np.concatenate(column), float) for column in (factor, shift))
    return Intervention(*table, tuple(places), "oil")


@jax.jit
def _run(params, do, ground, told, mirror, calm):
    def week(state, now):
        number, given = now
        seed, run = jnp.asarray([3, 0], jnp.uint32), jnp.arange(params.take.shape[-1], dtype=jnp.uint32)
        dice = Dice(seed, run, number, "oil", mirror, calm)
        after, flows = oil.step(params, state, do=do, noise=dice, ground=ground, **given)
        return after, (after, flows)

    return jax.lax.scan(week, oil.opening(params), (jnp.arange(WEEKS), told))[1]


def by_week(value, dims):
    """A number, one a side, or whatever there is by week, for all weeks, sides and runs."""
    value = np.asarray(value, float)
    value = value.reshape((1,) * (value.shape[:1] != (WEEKS,)) + value.shape)
    return jnp.asarray(
        np.broadcast_to(value.reshape(value.shape + (1,) * (len(dims) + 1 - value.ndim)), (WEEKS, *dims))
    )


@pytest.fixture(scope="module")
def sell(bare_ground):
    """Two years of oil under given bites and capacities, and collections by side."""
    map_of_one = bare_ground(np.zeros((1, 6), int), np.zeros(1, int), np.zeros((1, 1)))

    def run(params, *, do=None, collection=1.0, capacity=None, mirror=False, calm=True, **bites):
        runs = params.take.shape[-1]
        told = {name: by_week(bites.pop(name, 0.0), (SIDES, runs)).astype(float) for name in BITE}
        assert not bites
        left = np.ones((SIDES, len(SECTORS)))
        for sector, share in (capacity or {}).items():
            left[:, SECTORS.index(sector)] = share
        told["capacity"] = by_week(left, (SIDES, len(SECTORS), runs)).astype(float)
        season = np.broadcast_to(np.asarray(collection, float), (SIDES, YEAR))
        ground = dataclasses.replace(map_of_one, collection=jnp.asarray(season, float))
        dice = jnp.asarray(mirror), jnp.asarray(calm)
        return jax.tree.map(np.asarray, _run(params, do or decree(), ground, told, *dice))

    return run


def seasons(sides=SIDES):
    """A season of payments for each side, with mean 1."""
    found = np.random.default_rng(6).uniform(0.5, 2.0, (sides, YEAR))
    return found / found.mean(axis=1, keepdims=True)


@pytest.mark.parametrize("draw", [drawn, anyhow])
def test_without_luck_or_decree_revenue_is_the_openings_times_the_season(sell, draw):
    params = draw(brent_return=0.0, discount_return=0.0, exchange_return=0.0)
    season = seasons()
    _, flows = sell(params, collection=season)
    expected = np.asarray(oil.revenue_opening(params)) * season[:, np.arange(WEEKS) % YEAR].T[..., None]
    np.testing.assert_allclose(flows.revenue, expected, rtol=1e-4)
    others = np.delete(flows.part, oil.FACTORS.index("season"), axis=2)
    assert np.abs(others).max() < 1e-4 * flows.revenue.max()
    sold = np.asarray(params.volume_opening).sum(axis=1) * np.ones((WEEKS, 1, 1))
    np.testing.assert_allclose(flows.exports, sold, rtol=1e-5)
    np.testing.assert_allclose(flows.price[0], params.brent_opening * params.fetched_opening, rtol=1e-5)


def test_revenue_is_the_take_of_what_is_exported():
    params = drawn(
        brent_opening=70, fetched_opening=0.85, exchange_opening=90, volume_opening=[[2, 5], [0, 0]], take=0.6
    )
    barrels = 7 * 7e6
    np.testing.assert_allclose(oil.revenue_opening(params)[0], 0.6 * 70 * 0.85 * 90 * barrels / 1e9, rtol=1e-6)
    assert (oil.revenue_opening(params)[1] == 0).all()


# ------------------------------------------------------------------------------------------------- decomposition


@pytest.mark.parametrize("precision", [False, True])
def test_parts_add_up_to_the_change_of_revenue(sell, precision):
    with jax.enable_x64(precision):
        params = anyhow()
        bites = {"oil_bite": [1.0, 0.3], "secondary_bite": [0.5, -1.0], "interception_bite": [0.4, 0.0]}
        hit = {"refining": 0.6, "ports": [0.5, 0.8]}
        _, flows = sell(params, collection=seasons(), capacity=hit, calm=False, **bites)
        change = flows.revenue - np.asarray(oil.revenue_opening(params))
        scale = np.abs(flows.part).sum(axis=2) + flows.revenue
        assert (np.abs(flows.part.sum(axis=2) - change) <= PRECISION[precision] * scale).all()
        assert np.abs(change).max() > 0.1 * flows.revenue.max()


@pytest.mark.parametrize("namespace", [np, jnp])
def test_a_decomposition_is_exact_symmetric_and_blind_to_the_order_of_factors(namespace):
    with jax.enable_x64(True):
        random = np.random.default_rng(8)
        before, after = (namespace.asarray(random.lognormal(0, 1, (6, 500))) for _ in range(2))
        parts = oil.decompose(before, after)
        assert isinstance(parts, type(before))
        np.testing.assert_allclose(parts.sum(axis=0), after.prod(axis=0) - before.prod(axis=0), rtol=1e-9, atol=1e-12)
        np.testing.assert_array_equal(oil.decompose(after, before), -parts)
        np.testing.assert_allclose(oil.decompose(before[::-1], after[::-1])[::-1], parts, rtol=1e-12)


def test_a_decomposition_has_its_closed_form():
    before, after = np.array([2.0, 3.0]), np.array([4.0, 6.0])
    mean = (24 - 6) / np.log(4)
    np.testing.assert_allclose(oil.decompose(before, after), [mean * np.log(2)] * 2)


@pytest.mark.parametrize("factor", range(6))
@pytest.mark.parametrize("to", [0.0, 0.999, 3.0])
def test_a_decomposition_gives_all_to_the_factor_that_alone_has_changed(factor, to):
    before = np.linspace(0.5, 4.0, 6)
    after = before.copy()
    after[factor] *= to
    parts = oil.decompose(before, after)
    assert parts[factor] == pytest.approx(after.prod() - before.prod())
    assert (np.delete(parts, factor) == 0).all()


def test_a_decomposition_stands_zeros_on_either_side_and_on_both():
    one, none = np.ones(6), np.zeros(6)
    half = np.array([0.0, 0.0, 1.0, 2.0, 3.0, 0.5])
    for before in (one, none, half):
        for after in (one, none, half):
            parts = oil.decompose(before, after)
            assert np.isfinite(parts).all()
            assert parts.sum() == pytest.approx(after.prod() - before.prod(), abs=1e-12)
            single = oil.decompose(before.astype(np.float32), after.astype(np.float32))
            np.testing.assert_allclose(single, parts, atol=1e-5)


def test_what_alone_changes_has_all_of_the_change(sell):
    params = drawn(exchange_effect=0.0)
    cases = {
        "price": {"do": decree("brent", 100.0)},
        "discount": {"oil_bite": 1.0},
        "exchange": {"do": decree("exchange", 100.0)},
        "volume": {"interception_bite": 1.0},
        "strikes": {"capacity": {"ports": 0.2}},
        "season": {"collection": seasons()},
    }
    assert set(cases) == set(oil.FACTORS)
    for factor, given in cases.items():
        _, flows = sell(params, **given)
        change = flows.revenue - np.asarray(oil.revenue_opening(params))
        assert np.abs(change[-1]).max() > 1
        np.testing.assert_allclose(flows.part[:, :, oil.FACTORS.index(factor)], change, rtol=1e-3, atol=0.02)


def test_what_is_decreed_of_revenue_stands_with_the_season_and_parts_still_add_up(sell):
    params = drawn()
    _, flows = sell(params, do=decree("revenue", 50.0), oil_bite=1.0)
    change = 50 - np.asarray(oil.revenue_opening(params))
    np.testing.assert_allclose(flows.part.sum(axis=2), change * np.ones((WEEKS, 1, 1)), rtol=1e-4)
    _, free = sell(params, oil_bite=1.0)
    np.testing.assert_array_equal(flows.part[:, :, :-1], free.part[:, :, :-1])


# --------------------------------------------------------------------------------------------------------- prices


def test_excursions_go_by_halves_and_spread_as_they_should(sell):
    with jax.enable_x64(True):
        still = drawn(brent_half_life=46.0, brent_return=1.0, jump_rate=0.0)
        away = 1 - sell(still)[0].brent_excursion
        np.testing.assert_allclose(away[1:] / away[:-1], 0.98504, atol=5e-6)
        np.testing.assert_allclose(away[45], 0.5, rtol=1e-9)
    runs = 8192
    params = drawn(runs=runs, jump_rate=0.0, brent_half_life=13.0, discount_half_life=5.0, exchange_half_life=26.0)
    state, _ = sell(params, calm=False)
    for name, half_life in (("brent", 13.0), ("discount", 5.0), ("exchange", 26.0)):
        spread = getattr(params, f"{name}_spread").max()
        for week in (1, 10, WEEKS):
            expected = spread * np.sqrt(1 - 4.0 ** (-week / half_life))
            found = getattr(state, f"{name}_excursion")[week - 1].std()
            assert found == pytest.approx(expected, rel=4 / np.sqrt(2 * runs)), (name, week)


def test_jumps_come_at_their_rate_with_their_size_and_go_by_halves(sell):
    params = drawn(runs=4096, jump_rate=0.02, jump_size=0.4, jump_half_life=20.0)
    jumped = sell(params, calm=False)[0].brent_jump
    came = jumped[1:] - jumped[:-1] * 2 ** (-1 / 20)
    struck = np.abs(came) > 1e-6
    chance = -np.expm1(-0.02)
    assert struck.mean() == pytest.approx(chance, abs=4 * np.sqrt(chance / struck.size))
    assert came[struck].mean() == pytest.approx(0, abs=4 * 0.4 / np.sqrt(struck.sum()))
    assert came[struck].std() == pytest.approx(0.4, rel=0.05)
    assert (sell(drawn(jump_rate=0.0), calm=False)[0].brent_jump == 0).all()


def test_one_price_of_brent_moves_both_sides(sell):
    _, flows = sell(anyhow(), do=decree("brent", 40.0))
    assert (flows.brent == 40).all()
    np.testing.assert_allclose(flows.price, 40 * (1 - flows.discount), rtol=1e-6)
    _, lucky = sell(drawn(), calm=False)
    assert lucky.brent.shape == (WEEKS, RUNS)
    price = lucky.part[:, :, oil.FACTORS.index("price")] / np.asarray(oil.revenue_opening(drawn()))
    assert np.corrcoef(price[-1])[0, 1] > 0.9


def test_dear_brent_makes_a_currency_dear_and_without_the_coupling_does_not(sell):
    coupled, free = (sell(drawn(exchange_effect=e), do=decree("brent", 144.0))[1].exchange for e in (0.3, 0.0))
    np.testing.assert_allclose(coupled, 60 * 2**-0.3, rtol=1e-5)
    np.testing.assert_allclose(free, 60, rtol=1e-6)


# ------------------------------------------------------------------------------------------------------ sanctions


def bitten(**levels):
    """Bites of three years of sanctions, at prior medians, without luck; levels are given for both sides."""
    given = {v.name.partition(".")[2]: v for v in declared(sanctions) if v.kind == "parameter"}
    values = {name: np.full((*[SIDES] * (len(v.dims) - 1), 1), v.prior.quantile(0.5)) for name, v in given.items()}
    values["round_rate"][:] = 0
    for name, level in levels.items():
        values[name][:] = level
    params, flows = sanctions.Params(**{name: jnp.asarray(value, float) for name, value in values.items()}), []
    state, step = sanctions.opening(params), jax.jit(sanctions.step)
    for number in range(WEEKS):
        noise = Noise(jnp.zeros(2, jnp.uint32), jnp.zeros(1, jnp.uint32), jnp.asarray(number), "sanctions")
        state, happened = step(params, state, do=NOTHING, noise=noise, lifted=jnp.zeros(1))
        flows.append(happened)
    return {name: np.stack([getattr(week, name) for week in flows]) for name in BITE}


@pytest.mark.parametrize(
    "level", [{"oil_level": 2.0}, {"oil_level": 0.0}, {"secondary_level": 2.0}, {"interception_level": 0.5}]
)
def test_a_step_of_sanctions_does_almost_nothing_to_revenue_in_a_month(sell, level):
    bites = bitten(**level)
    for params in (drawn(), anyhow(brent_return=0.0, discount_return=0.0, exchange_return=0.0)):
        change = (sell(params, **bites)[1].revenue - sell(params)[1].revenue)[:, 0].mean(axis=-1)
        if "interception_level" not in level:
            assert np.abs(change[:4]).max() < 0.2 * np.abs(change).max()
        assert np.abs(change[:4]).mean() < 0.2 * np.abs(change).max()
        assert (change > 0).all() == (level == {"oil_level": 0.0})
        if 0.0 not in level.values():
            assert np.abs(change[-1]) < 0.9 * np.abs(change).max()


def test_secondary_sanctions_reroute_more_than_they_stop_and_deepen_the_discount(sell):
    params = anyhow(volume_opening=[[1.8, 5.5], [1.8, 5.5]])
    for bite, sign in ((1.0, -1), (-1.0, 1)):
        plain, flows = sell(params)[1], sell(params, secondary_bite=[bite, 0.0])[1]
        exposed, steady = np.moveaxis((flows.volume - plain.volume)[:, 0], 1, 0)
        assert (np.sign(exposed) == sign).all()
        assert (np.sign(steady) == -sign).all()
        assert (np.abs(exposed + steady) < np.abs(exposed)).all()
        assert (np.sign(exposed + steady) == sign).all()
        assert (np.sign(flows.discount[:, 0] - plain.discount[:, 0]) == -sign).all()
        assert (flows.volume[:, 1] == plain.volume[:, 1]).all()


def test_interceptions_cut_the_volume_of_all_buyers_and_at_most_what_can_be_stopped(sell):
    params = anyhow()
    volume = [sell(params, interception_bite=bite)[1].volume[-1] for bite in (0.0, 0.2, 1.0, 50.0)]
    assert (np.diff(np.stack(volume), axis=0) < 0).all()
    left = 1 - np.asarray(params.stoppable_share)[:, None]
    np.testing.assert_allclose(volume[-1], volume[0] * left, rtol=1e-5)


def test_couplings_of_nothing_let_nothing_through(sell):
    params = anyhow(
        discount_effect=0.0,
        rerouting_effect=0.0,
        exposure_effect=0.0,
        stoppable_share=0.0,
        refining_weight=0.0,
        port_weight=0.0,
    )
    plain = sell(params, calm=False)[1]
    hit = sell(params, calm=False, capacity=dict.fromkeys(("refining", "ports"), 0.1), **dict.fromkeys(BITE, 2.0))[1]
    for name in set(vars(plain)) - {"refining", "shipping"}:
        np.testing.assert_array_equal(getattr(plain, name), getattr(hit, name), err_msg=name)
    assert (hit.refining < 1).all()


# -------------------------------------------------------------------------------------------------------- strikes


@pytest.mark.parametrize(("sector", "worked"), [("refining", "refining"), ("ports", "shipping")])
def test_spare_capacity_is_the_first_to_go(sell, sector, worked):
    params = drawn(refining_spare=0.2, port_spare=0.2)
    spared, hit, more = (sell(params, capacity={sector: left})[1] for left in (0.81, 0.6, 0.4))
    for flows, expected in ((spared, 1.0), (hit, 0.75), (more, 0.5)):
        np.testing.assert_allclose(getattr(flows, worked), expected, rtol=1e-6)
    np.testing.assert_allclose(spared.revenue, sell(params)[1].revenue, rtol=1e-6)
    assert (hit.revenue < spared.revenue).all()
    assert (more.revenue < hit.revenue).all()
    assert ((more.exports < spared.exports) == (sector == "ports")).all()
    assert (sell(params, capacity={sector: 1.5})[1].revenue == sell(params)[1].revenue).all()


# ---------------------------------------------------------------------------------------- sides, payments, extremes


def test_tax_is_paid_after_its_mean_lag_and_the_season_at_once(sell):
    with jax.enable_x64(True):
        params = drawn(payment_lag=6.0, exchange_effect=0.0)
        revenue = sell(params, do=decree("brent", 144.0))[1].revenue[:, 0, 0] / oil.revenue_opening(params)[0, 0]
        assert revenue[-1] == pytest.approx(2, rel=1e-9)
        assert (2 - revenue).sum() == pytest.approx(6, rel=1e-6)
        season = seasons()
        found = sell(params, collection=season)[1].revenue[:YEAR, 1, 0] / oil.revenue_opening(params)[1, 0]
        np.testing.assert_allclose(found, season[1], rtol=1e-9)


def test_a_side_without_oil_earns_nothing_and_harms_nothing(sell):
    params = anyhow(volume_opening=[[0, 0], [1, 2]])
    bites, hit = dict.fromkeys(BITE, 1.0), {"refining": 0.0, "ports": 0.0}
    for do in (decree(), decree("volume", 3.0)):
        state, flows = sell(params, calm=False, capacity=hit, do=do, **bites)
        assert (flows.revenue[:, 0] == 0).all()
        assert (flows.part[:, 0] == 0).all()
        assert (flows.revenue[:, 1] > 0).all()
        assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves((state, flows)))


def test_swapped_sides_with_swapped_dice_swap_everything(sell):
    with jax.enable_x64(True):
        params = anyhow(
            volume_opening=[[2, 5], [0.1, 0.4]], exchange_opening=[90, 40], fetched_opening=[0.8, 0.95], take=[0.6, 0.2]
        )
        flipped = jax.tree.map(lambda leaf: leaf[::-1] if leaf.ndim > 1 else leaf, params)
        bites, season = {"oil_bite": [1.0, 0.2], "secondary_bite": [-1.0, 0.5]}, seasons()
        fought = sell(params, calm=False, collection=season, capacity={"ports": [0.3, 1.0]}, **bites)
        other = {name: bite[::-1] for name, bite in bites.items()}
        image = sell(flipped, calm=False, mirror=True, collection=season[::-1], capacity={"ports": [1.0, 0.3]}, **other)
        for one, two in zip(jax.tree.leaves(fought), jax.tree.leaves(image), strict=True):
            np.testing.assert_allclose(one, two[:, ::-1] if one.ndim > 2 else two, rtol=1e-12, atol=1e-12)


def assert_possible(*records):
    for record in records:
        for name, found in vars(record).items():
            low, high = KNOWN[f"oil.{name}"].bounds
            assert found.dtype == jnp.result_type(float)
            assert np.isfinite(found).all(), name
            assert low <= found.min(), name
            assert found.max() <= high, name


@pytest.mark.parametrize("precision", [False, True])
@pytest.mark.parametrize("value", [0.0, 1e6])
def test_nothing_breaks_whatever_a_parameter_is(sell, precision, value):
    with jax.enable_x64(precision):
        bites = {"oil_bite": [1.0, -1.0], "secondary_bite": [-1.0, 3.0], "interception_bite": 1.0}
        for variable in PARAMETERS:
            bound = min(value, variable.bounds[1])
            params = drawn(runs=2, **{variable.name.partition(".")[2]: bound})
            assert_possible(*sell(params, calm=False, capacity={"refining": 0.0, "ports": 0.5}, **bites))


@pytest.mark.parametrize("value", [0.0, 1e6])
def test_nothing_breaks_whatever_is_decreed(sell, value):
    for flow in DECREED:
        state, found = sell(drawn(runs=2), do=decree(flow.name.partition(".")[2], value), oil_bite=1.0)
        assert_possible(state, found)
        change = found.revenue - np.asarray(oil.revenue_opening(drawn(runs=2)))
        np.testing.assert_allclose(found.part.sum(axis=2), change, rtol=1e-3, atol=1e-3 * np.abs(found.part).max())


def test_the_season_is_of_payments_alone(sell):
    first, second = (sell(drawn(), collection=season)[1] for season in (1.0, seasons()))
    for name in set(vars(first)) - {"revenue", "part"}:
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
