"""The deep war of 9 August 2025: what launchers, missiles, cold, crews and sanctions do, in the shipped model."""

import numpy as np
import pytest

from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario import decree, spec
from ceasefire.scenario.start import open_war
from ceasefire.simulate.run import Engine
from ceasefire.study.measure import SO_FAR
from ceasefire.study.whatif import compare

CHUNKS, WEEKS = 6, 26
BALLISTIC = ("air_defence.stopped", "R", "ballistic_missile")
MID_JANUARY = 23
"""The week that holds 2026-01-15."""
EMPTY = [
    f"{name}[U,long_interceptor]=0"
    for name in ("air_defence.interceptors", "industry.munitions_made", "industry.munitions_imported")
]
LAUNCHERS = "air_defence.launchers[U,long_interceptor]=+10@1"
ARMS = {
    "cold": ["weather.temperature=-8"],
    "crews": ["grid.crews[U]=x3", "grid.parts_supply[U]=x3"],
    "no hits": ["air_defence.hits[U]=0"],
    "imports": ["grid.import_cap[U]=+2"],
    "a hundred missiles": ["air_defence.interceptors[U,long_interceptor]=+100@1"],
    "a thousand missiles": ["air_defence.interceptors[U,long_interceptor]=+1000@1"],
    "ten thousand missiles": ["air_defence.interceptors[U,long_interceptor]=+10000@1"],
    "sanctions": ["sanctions.oil_level[R]=2"],
}


@pytest.fixture(scope="module")
def start():
    scenario = spec.load("alaska-2025-08")
    return open_war(scenario, Vintage(Store.open(None), scenario.opening))


@pytest.fixture(scope="module")
def wars(start):
    """Some of the series of 192 wars, [week, ..., run]."""
    keep = (
        "strikes.launched",
        "strikes.stock",
        "grid.installed",
        "grid.available",
        "grid.demand",
        "grid.generated",
        "grid.served",
        "grid.served_share",
        "grid.struck",
        "grid.repaired",
        "damage.out",
        "oil.revenue",
        "oil.part",
    )
    engine = Engine(start, weeks=WEEKS, seed=1, keep=keep)
    chunks = [engine.chunk(number, 32 * CHUNKS) for number in range(CHUNKS)]
    return {name: np.concatenate([chunk.series[name] for chunk in chunks], axis=-1) for name in keep}


@pytest.fixture(scope="module")
def answers(start):
    arms = [decree.schedule(start, WEEKS, lines) for lines in ARMS.values()]
    found = compare(start, arms, runs=64, weeks=WEEKS, seed=1)
    return dict(zip(ARMS, (one.rest.comparison() for one in found), strict=True))


@pytest.fixture(scope="module")
def empty(start):
    """Ten more launchers, and a hundred missiles, where there are no missiles at all."""
    given = decree.schedule(start, WEEKS, [line + "@1" for line in EMPTY])
    arms = [decree.schedule(start, WEEKS, [*(line + "@1" for line in EMPTY), LAUNCHERS])]
    found = compare(start, arms, given=given, runs=64, weeks=WEEKS, seed=1)
    return found[0].rest.comparison()


def effect(comparison, name, *labels, week=WEEKS, measure=None):
    return comparison.effect(comparison.find(name, *labels, measure=measure), week)


# --------------------------------------------------------------------------------------------- strikes and air defence


def test_ten_empty_launchers_change_nothing(empty):
    for weapon in ("attack_drone", "cruise_missile", "ballistic_missile", "antiship_missile"):
        found = effect(empty, "air_defence.stopped", "R", weapon, measure=SO_FAR)
        assert found.difference == 0
    assert effect(empty, *BALLISTIC, measure=SO_FAR).treated == 0
    assert effect(empty, "grid.served_share", "U").difference == 0


def test_a_hundred_missiles_stop_more_until_the_launchers_can_do_no_more(answers):
    more = [
        effect(answers[f"a {n} missiles".replace("a ten", "ten")], *BALLISTIC, measure=SO_FAR)
        for n in ("hundred", "thousand", "ten thousand")
    ]
    assert more[0].low > 0
    assert more[0].difference < more[1].difference
    assert more[2].difference < 1.1 * more[1].difference
    assert effect(answers["a hundred missiles"], "air_defence.stopped", "R", "attack_drone", week=1).difference == 0


def test_launches_never_exceed_what_there_is(wars):
    assert (wars["strikes.launched"] <= wars["strikes.stock"][:-1] * (1 + 1e-6)).all()


# ------------------------------------------------------------------------------------------------------------ the grid


def test_mid_january_lies_in_the_band_that_is_opened_in_august(wars):
    """11 of 18 GW on 15 January 2026 (Zelenskyy, Reuters, 2026-01-16)."""
    low, high = np.quantile(wars["grid.served_share"][MID_JANUARY - 1, 1], [0.1, 0.9])
    assert low <= 0.61 <= high
    assert high - low < 0.7


def test_installed_available_and_served_power_are_kept_apart(wars):
    installed, available, served = (wars[f"grid.{name}"] for name in ("installed", "available", "served"))
    assert (wars["grid.generated"] <= available * (1 + 1e-5)).all()
    assert (available <= installed * (1 + 1e-5)).all()
    assert (served <= wars["grid.demand"] * (1 + 1e-5)).all()
    assert (served[:, 1] > available[:, 1]).any()
    assert (installed > 1.3 * available)[:, 1].mean() > 0.9


def test_cold_raises_the_loss_of_heat_and_crews_and_imports_bring_power_back(answers):
    assert effect(answers["cold"], "grid.cold", "U", week=13).low > 0
    assert effect(answers["cold"], "grid.served_share", "U", week=13).high < 0
    for arm in ("crews", "imports", "no hits"):
        assert effect(answers[arm], "grid.served_share", "U").low > 0


def test_repair_takes_weeks_to_months(answers):
    """Without further hits a season brings back some of what is broken, and not all of it."""
    found = effect(answers["no hits"], "grid.available", "U", week=13)
    first = effect(answers["no hits"], "grid.available", "U", week=1)
    back = found.treated - first.treated
    assert 0.3 < back < 4


def test_at_the_opening_a_small_part_of_each_sector_is_out_of_action(wars):
    assert (np.median(wars["damage.out"][0], axis=-1) < 0.2).all()


# ----------------------------------------------------------------------------------------------------------------- oil


def test_the_parts_of_revenue_add_up(wars):
    revenue, parts = wars["oil.revenue"][:, 0], wars["oil.part"][:, 0].sum(axis=1)
    assert np.abs(np.diff(revenue - parts, axis=0)).max() < 1e-4 * revenue.max()


def test_sanctions_do_almost_nothing_in_the_first_month(answers):
    effects = [effect(answers["sanctions"], "oil.revenue", "R", week=week) for week in (4, 26)]
    assert effects[1].high < 0
    assert abs(effects[0].difference) < 0.2 * abs(effects[1].difference)
