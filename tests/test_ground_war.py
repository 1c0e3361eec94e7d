"""The ground war of 9 August 2025: what reserves, roads, drones, works and recruits do to it, in the shipped model."""

import numpy as np
import pytest

from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario import decree, spec
from ceasefire.scenario.start import open_war
from ceasefire.study.measure import SO_FAR
from ceasefire.study.whatif import compare

RUNS, WEEKS = 64, 13
ROADS = ("Dobropillia-Pokrovsk", "Mezhova-Pokrovsk", "Chaplyne-Pokrovsk")
CUT = [f"logistics.passable[{road}]=0" for road in ROADS]
BREACH = "breach.factor[R,pokrovsk]=9@1..1"
ARMS = {
    "one road cut": CUT[:1],
    "two roads cut": CUT[:2],
    "three roads cut": CUT,
    "breach": [BREACH],
    "breach without reserves": [BREACH, "breach.reserve[U]=0@1..13"],
    "double drones": ["drones.density[U]=x2"],
    "half the drones": ["drones.density[U]=x0.5"],
    "heights": ["front.height[R]=+100"],
    "heights and double drones": ["front.height[R]=+100", "drones.density[U]=x2"],
    "recruits": ["manpower.recruitment[R]=x2"],
}


@pytest.fixture(scope="module")
def answers():
    scenario = spec.load("alaska-2025-08")
    start = open_war(scenario, Vintage(Store.open(None), scenario.opening))
    arms = [decree.schedule(start, WEEKS, lines) for lines in ARMS.values()]
    found = compare(start, arms, runs=RUNS, weeks=WEEKS, seed=1)
    return dict(zip(ARMS, (one.rest.comparison() for one in found), strict=True))


@pytest.fixture
def effect(answers):
    def of(arm, name, *labels, week=WEEKS, measure=None):
        return answers[arm].effect(answers[arm].find(name, *labels, measure=measure), week)

    return of


def test_each_road_cut_lowers_what_can_reach_pokrovsk_by_a_step(effect):
    whole = effect("one road cut", "logistics.throughput", "Pokrovsk", week=1).baseline
    steps = [effect(arm, "logistics.throughput", "Pokrovsk", week=1).treated for arm in list(ARMS)[:3]]
    assert whole > 60_000
    assert whole > steps[0] > steps[1] > steps[2] == 0
    for arm in list(ARMS)[:3]:
        assert effect(arm, "logistics.throughput", "Kherson", week=1).difference == 0


def test_endurance_follows_the_roads_and_a_pocket_starves_and_surrenders(effect):
    weeks = [effect(arm, "siege.endurance", "Pokrovsk", week=4).treated for arm in list(ARMS)[:3]]
    assert weeks[0] >= weeks[1] > weeks[2]
    assert effect("three roads cut", "siege.starving", "Pokrovsk").low > 0
    assert effect("three roads cut", "attrition.surrendered", "U", measure=SO_FAR).low > 0
    assert effect("three roads cut", "siege.men", "Pokrovsk").high < 0


def test_reserves_plug_a_breach(effect):
    opened, bare = (effect(arm, "front.taken", "R", "pokrovsk", measure=SO_FAR) for arm in list(ARMS)[3:5])
    assert opened.low > 0
    assert bare.difference > 2 * opened.difference
    assert effect("breach", "breach.surge", "R", "pokrovsk").treated < 2
    assert effect("breach without reserves", "breach.surge", "R", "pokrovsk").treated > 5


def test_more_drones_stop_massing_and_movement_and_cancel_heights(effect):
    for arm, sign in (("double drones", -1), ("half the drones", 1)):
        taken = effect(arm, "ground_taken", "R")
        assert taken.is_seen
        assert np.sign(taken.difference) == sign
        assert np.sign(effect(arm, "drones.group_size", "R", "pokrovsk").difference) == sign
        assert np.sign(effect(arm, "drones.massing_time", "R", "pokrovsk").difference) == -sign
    alone = effect("heights", "front.expected", "R", "pokrovsk", week=1)
    both = effect("heights and double drones", "front.expected", "R", "pokrovsk", week=1)
    drones = effect("double drones", "front.expected", "R", "pokrovsk", week=1)
    assert alone.low > 0
    assert both.treated / drones.treated < alone.treated / alone.baseline


def test_more_recruits_bring_men_later_than_the_training_takes(effect):
    assert effect("recruits", "manpower.recruited", "R", week=1).low > 0
    assert effect("recruits", "attrition.troops", "R", week=1).difference == 0
    assert effect("recruits", "attrition.troops", "R").low > 20_000
