"""Revenue explained: the published falls come out of what was observed, parts add up, and nothing later is seen."""

from __future__ import annotations

import dataclasses
import json
from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest

from ceasefire.evidence.control import ControlRecord
from ceasefire.evidence.error import CeasefireError
from ceasefire.evidence.series import Observation
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.model import oil
from ceasefire.model.axes import SECTORS, SIDES, YEAR
from ceasefire.model.declare import declared
from ceasefire.model.noise import Noise
from ceasefire.scenario import spec
from ceasefire.simulate.draws import cube, parameters, seed_words, values
from ceasefire.study import explain as study
from ceasefire.study.explain import IMPOSED, REST, SPREAD, Known, Monthly

RUNS, WEEKS, SEED = 40, 26, 5
"""As many weeks as in the tests of what-if, so that all share one compiled program."""
DRAWS = 1024
ROLES = Known._fields
FIRST, LAST = 72 * 12, 72 * 12 + 4
"""January to May 2042, the last whole month before the invented war opens."""


def dice(runs: int = DRAWS) -> Noise:
    run = jnp.arange(runs, dtype=jnp.uint32)
    return Noise(jnp.asarray(seed_words(SEED)), run, jnp.asarray(0), "test")


def lags(runs: int = DRAWS) -> np.ndarray:
    """Time to pay as the model has it before anything is known."""
    prior = next(variable.prior for variable in declared(oil) if variable.name == "oil.payment_lag")
    return prior.quantile(np.asarray(dice(runs).uniform("lag"), float))


def months(first: str, last: str) -> tuple[int, int]:
    return tuple(int(np.datetime64(month, "M").astype(int)) for month in (first, last))


@pytest.fixture(scope="module")
def store() -> Store:
    return Store.open(None)


@pytest.fixture(scope="module")
def russia() -> spec.Side:
    return spec.load("abu-dhabi-2026-01").war.sides[0]


@pytest.fixture(scope="module")
def winter(store, russia) -> tuple[Known, np.ndarray]:
    """What was known on 31 January 2026, imposed."""
    known = study.observed(russia, Vintage(store, "2026-01-31"))
    return known, study.imposed(known, dice())


# ------------------------------------------------------------------------------------------------------ the record


@pytest.mark.parametrize(("first", "last"), [("2025-01", "2025-07"), ("2025-01", "2025-12")])
def test_the_published_fall_comes_out_of_what_was_observed(store, winter, first, last):
    known, drivers = winter
    published = Vintage(store, "2026-01-31").series("facts.oil_revenue.ru.change_on_year").trusted("A")
    fall = dict(zip(published.dates.astype("datetime64[M]").astype(str), published.values / 100, strict=True))[last]
    found = study.compared(known, *months(first, last), drivers=drivers, lag=lags())
    assert found.change / found.before == pytest.approx(fall, abs=0.005)
    assert found.ruled.low < fall < found.ruled.high
    assert found.ruled.mid == pytest.approx(fall, abs=0.025)


def test_parts_add_up_to_what_was_observed(winter):
    known, drivers = winter
    for span in (*study.periods(known), months("2025-01", "2025-07"), months("2024-03", "2024-03")):
        found = study.compared(known, *span, drivers=drivers, lag=lags())
        assert sum(part.mean for part in found.parts) == pytest.approx(found.change, abs=1e-8 * found.before)
        ruled = sum(part.mean for part in found.parts if part.name != REST)
        assert ruled == pytest.approx(found.ruled.mean * found.before, abs=1e-8 * found.before)


def test_nothing_later_is_seen(store, russia):
    day = "2025-08-09"
    later = tuple(
        dataclasses.replace(row, value=-7 * row.value) if max(row.date, row.published) > day else row
        for row in store.observations
    )
    early = tuple(row for row in store.observations if max(row.date, row.published) <= day)

    def told(rows):
        known = study.observed(russia, Vintage(dataclasses.replace(store, observations=rows), day))
        drivers = study.imposed(known, dice(64))
        return [study.compared(known, *span, drivers=drivers, lag=lags(64)) for span in study.periods(known)]

    found = told(store.observations)
    assert [(change.first, change.last) for change in found] == [("2025-01", "2025-06"), ("2024-07", "2025-06")]
    assert found == told(later) == told(early)


# ---------------------------------------------------------------------------------------------------- made-up records


def series(name: str, value: np.ndarray, begin: int = FIRST - 40, unit: str = "bn X", trust: str = "B") -> Monthly:
    month = begin + np.arange(len(value))
    return Monthly(name, unit, month, value, np.full(len(month), trust), np.full(len(month), "economy"))


def made_up(drivers: np.ndarray, lag: np.ndarray, rest: np.ndarray) -> Known:
    """A record whose revenue follows the rule, times what the rule leaves out."""
    begin = FIRST - 40
    due = study.paid(drivers, begin, lag)[..., 0].prod(axis=0) * rest
    brent, kept, exchange, volume = drivers[..., 0]
    return Known(
        *(series(name, v) for name, v in zip(ROLES, (due, brent, brent * kept, exchange, volume), strict=True))
    )


@pytest.mark.parametrize("cause", [*IMPOSED, REST])
def test_what_alone_changed_gets_the_whole_change(cause):
    drivers = np.ones((4, 45, 1)) * np.array([80.0, 0.8, 60.0, 5.0])[:, None, None]
    rest = np.full(45, 0.6)
    walk = np.exp(0.1 * np.sin(np.arange(45.0)) - 0.02 * np.arange(45))
    if cause == REST:
        rest = rest * walk
    else:
        drivers[IMPOSED.index(cause)] *= walk[:, None]
    lag = np.array([4.0])
    found = study.compared(made_up(drivers, lag, rest), FIRST, LAST, drivers=drivers, lag=lag)
    assert abs(found.change) > 0.05 * found.before
    for part in found.parts:
        assert part.mean == pytest.approx(found.change if part.name == cause else 0, abs=1e-9 * found.before)


def test_half_the_price_and_half_the_volume_share_alike():
    """What the mean divisia index is for: neither comes first."""
    drivers = np.ones((4, 45, 1))
    drivers[[0, 3], -17:] = 0.5
    found = study.compared(made_up(drivers, np.array([1e-9]), np.ones(45)), LAST, LAST, drivers=drivers, lag=np.ones(1))
    told = {part.name: part.mean for part in found.parts}
    assert told["price"] == pytest.approx(told["volume"])


def test_payment_follows_the_rule_of_the_model():
    """The same prices, decreed to `oil.step` week by week, are paid for at the same time."""
    random = np.random.default_rng(3)
    drivers = np.exp(0.3 * random.normal(size=(4, 30, 1)))
    drivers[1] /= 4
    edges = np.arange(FIRST, FIRST + 31).astype("datetime64[M]").astype("datetime64[D]").astype(int)
    month = np.repeat(np.arange(30), np.diff(edges))
    weekly = np.stack([drivers[:, month[k : k + 7], 0].mean(axis=1) for k in range(0, len(month), 7)])
    received = np.repeat(weekly[0] * paid_by_the_model(weekly, lag=5.0), 7, axis=0)[: len(month)]
    expected = np.stack([received[month == k].mean(axis=0) for k in range(30)], axis=1)
    assert study.paid(drivers, FIRST, np.array([5.0]))[..., 0] == pytest.approx(expected, rel=1e-5)


def paid_by_the_model(weekly: np.ndarray, lag: float) -> np.ndarray:
    """What is paid for in each week relative to the opening [week, factor], where all four factors are decreed."""
    given = dict(zip(("brent", "fetched", "exchange", "volume"), weekly[0], strict=True))
    start = {f"oil.{name}_opening": value for name, value in given.items()} | {"oil.payment_lag": lag}
    prior = {v.name: v for v in declared(oil) if v.kind == "parameter"}
    shape = {name: tuple({"side": SIDES, "buyer": 2, "run": 1}[dim] for dim in v.dims) for name, v in prior.items()}
    middle = {name: start.get(name, float(v.prior.quantile(0.5))) for name, v in prior.items()}
    params = oil.Params(**{name[4:]: jnp.full(shape[name], value, float) for name, value in middle.items()})
    nothing = jnp.zeros((SIDES, 1))
    state, told = oil.opening(params), []
    for number, (brent, kept, exchange, volume) in enumerate(weekly):
        decreed = {"brent": brent, "discount": 1 - kept, "exchange": exchange, "volume": volume}
        state, _ = oil.step(
            params,
            state,
            do=lambda name, value, now=decreed: jnp.full_like(value, now[name]) if name in now else value,
            noise=Noise(jnp.zeros(2, jnp.uint32), jnp.zeros(1, jnp.uint32), jnp.asarray(number), "oil"),
            ground=SimpleNamespace(collection=jnp.ones((SIDES, YEAR))),
            oil_bite=nothing,
            secondary_bite=nothing,
            interception_bite=nothing,
            capacity=jnp.ones((SIDES, len(SECTORS), 1)),
        )
        told.append(np.asarray(state.paid, float)[0, :4, 0])
    return np.stack(told)


def test_exports_are_as_sure_as_their_figures():
    month = np.array([0, 12])
    volume = Monthly("x.y", "mb/d", month, np.array([8.0, 2.0]), np.array(["A", "D"]), np.array(["s", "s"]))
    log = np.log(study.exports(volume, np.arange(15), dice(8192)))
    assert log.mean(axis=1)[[0, 6, 12, 14]] == pytest.approx(np.log([8, 4, 2, 2]), abs=0.002)
    spread = log.std(axis=1)
    assert spread[[0, 12]] == pytest.approx([SPREAD["A"], SPREAD["D"]], rel=0.03)
    assert spread[6] > study.BETWEEN


def test_periods_are_the_year_to_date_and_the_last_twelve_months():
    whole = Known(*(series(name, np.ones(45)) for name in ROLES))
    assert study.periods(whole) == [(FIRST, LAST), (LAST - 11, LAST)]
    december = Known(*(series(name, np.ones(40)) for name in ROLES))
    assert study.periods(december) == [(FIRST - 12, FIRST - 1)]
    late = whole._replace(price=series("price", np.ones(44)))
    assert study.periods(late) == [(FIRST, LAST - 1), (LAST - 12, LAST - 1)]
    short = whole._replace(revenue=series("revenue", np.ones(20), begin=LAST - 19))
    assert study.periods(short) == [(FIRST, LAST)]
    broken = whole._replace(exchange=series("exchange", np.ones(10), begin=LAST - 9))
    assert study.periods(broken) == []
    with pytest.raises(CeasefireError, match="2042-01 to 2042-05"):
        study.compared(broken, FIRST, LAST, drivers=np.ones((4, 10, 1)), lag=np.ones(1))


# ------------------------------------------------------------------------------------------------------- a whole answer


def rows(unit: str = "bn X", begin: int = FIRST - 40) -> list[Observation]:
    """Monthly figures of the invented war, each published a week after the month, the last after the opening."""
    found = []
    for k, (role, level) in enumerate(zip(ROLES, (50.0, 80.0, 60.0, 30.0, 4.0), strict=True)):
        for month in range(begin, LAST + 1):
            day = np.datetime64(month + 1, "M").astype("datetime64[D]") - 1
            value = level * np.exp(0.05 * np.sin(month + k))
            name = "econ." + role
            found.append(Observation(name, str(day), str(day + 7), value, unit, "economy", "B"))
    return found


@pytest.fixture(scope="module")
def oil_war(invented_war, invented_scenario):
    """The invented war, in which Blue sells oil."""
    blue, amber = invented_scenario.war.sides
    trade = spec.Trade(brent="econ.brent", price="econ.price", exchange="econ.exchange", volume="econ.volume")
    blue = blue.model_copy(update={"collection": "econ.revenue", "trade": trade})
    war = invented_scenario.war.model_copy(update={"sides": (blue, amber)})
    return dataclasses.replace(invented_war, scenario=invented_scenario.model_copy(update={"war": war}))


def vintage_of(war, observations: list[Observation]) -> Vintage:
    frame = [Observation("other.thing", f"{year}-01-01", f"{year}-01-01", 0.0, "1", "x", "B") for year in (2030, 2060)]
    return Vintage(Store(tuple(sorted(observations + frame)), ControlRecord.empty(), {}), str(war.scenario.opening))


@pytest.fixture(scope="module")
def whole(oil_war):
    vintage = vintage_of(oil_war, rows())
    return study.of_start(oil_war, vintage, 0, runs=RUNS, weeks=WEEKS, seed=SEED, workers=1)


def test_a_whole_answer_is_told_as_of_the_opening(whole):
    assert [(change.first, change.last) for change in whole.past] == [("2042-01", "2042-05"), ("2041-06", "2042-05")]
    assert {series.role: sum(series.known.values()) for series in whole.followed} == dict.fromkeys(ROLES, 24)
    told = json.loads(study.to_json(whole))
    assert (told["name"], told["side"], told["unit"], told["coming"]["weeks"]) == ("revenue", "Blue", "bn LCU", WEEKS)


def test_what_comes_is_told_against_the_opening_in_parts_that_add_up(whole, oil_war):
    coming = whole.coming
    assert (coming.runs, coming.failed_runs) == (RUNS, 0)
    difference = coming.expected.mean - coming.opening.mean
    assert sum(part.mean for part in coming.parts) == pytest.approx(difference, abs=1e-9 * coming.opening.mean)
    params, _ = parameters(values(oil_war, cube(oil_war, SEED, np.arange(RUNS, dtype=np.uint32))))
    rate = np.asarray(oil.revenue_opening(params.oil), float)[0]
    assert coming.opening.mean == pytest.approx(WEEKS * rate.mean(), rel=1e-4)
    for part in (coming.opening, coming.expected, *coming.parts):
        assert part.low <= part.mid <= part.high


@pytest.mark.parametrize(
    ("observations", "reason"),
    [
        ([row for row in rows() if row.name != "econ.price"], "nothing is known of econ.price on 2042-06-07"),
        (rows(unit="trn X"), "billions are needed"),
        (rows(begin=FIRST - 6), "no months are known on 2042-06-07 that can be compared"),
    ],
    ids=["no price", "another unit", "too short"],
)
def test_where_the_past_cannot_be_told_the_reason_is(oil_war, observations, reason):
    past, followed, missing = study.what_was(
        oil_war, vintage_of(oil_war, observations), oil_war.scenario.war.sides[0], SEED
    )
    assert past == followed == ()
    assert reason in missing


# ------------------------------------------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize("name", spec.scenarios())
def test_the_shipped_series_are_there(store, name):
    scenario = spec.load(name)
    vintage = Vintage(store, scenario.opening)
    for side in scenario.war.sides:
        assert side.trade is None or isinstance(study.observed(side, vintage), Known)


def test_prices_without_a_revenue_are_refused(oil_war):
    trade = oil_war.scenario.war.sides[0].trade
    with pytest.raises(ValueError, match="collection"):
        spec.Side(id="Blue", name="Blue", trade=trade)


def test_the_side_is_the_first_with_oil_or_the_one_that_is_named(oil_war, invented_scenario):
    scenario = oil_war.scenario
    assert study.side_with_oil(scenario) == 0
    assert study.side_with_oil(scenario, "blue federation") == study.side_with_oil(scenario, "BLUE") == 0
    for asked, words in (("Amber", "Amber Republic has no revenue from oil"), ("Blu", "did you mean 'Blue'")):
        with pytest.raises(CeasefireError, match=words):
            study.side_with_oil(scenario, asked)
    with pytest.raises(CeasefireError, match="no side of Blue against Amber"):
        study.side_with_oil(invented_scenario)


def test_what_cannot_be_explained_is_told_before_anything_is_read():
    with pytest.raises(CeasefireError, match=r"'revenu' cannot be explained; did you mean 'revenue'.*revenue"):
        study.explain("revenu", "nowhere")
    with pytest.raises(CeasefireError, match="0 runs"):
        study.explain("revenue", "nowhere", runs=0)
