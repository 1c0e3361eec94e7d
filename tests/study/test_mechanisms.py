"""Causal claims about the ground war, each put to an invented war as an intervention: sign, size, lag, control.

The numbers of the claims (M11 …) are those of the table that the project works through. A claim holds where the paired
interval excludes nought with the right sign, nothing moves before the cause, what should stay out of it stays, and
cutting the edge removes it.
"""

import pytest

from ceasefire.scenario import decree
from ceasefire.study.whatif import SO_FAR, compare

RUNS, WEEKS, FROM = 160, 13, 4
BLUE, AMBER, OTHERS = "Blue", "Amber", ("south", "north")

DOSES = {
    "no works": "front.works[Amber]=x0@4",
    "double works": "front.works[Amber]=x2@4",
    "double works in the south": "front.works[Amber,south]=x2@4",
    "a quarter of the drones": "drones.density[Amber]=x0.25@4",
    "half the drones": "drones.density[Amber]=x0.5@4",
    "double drones": "drones.density[Amber]=x2@4",
    "recruits": "manpower.recruitment[Blue]=x2@4",
    "no stand-off": "fires.standoff_range[Blue]=70@4",
    "stand-off": "fires.standoff_range[Blue]=402@4",
    "tempo": "policy.planned_effort[Blue]=x2@4",
    "a town": "front.control[Well]=1@4",
    "one road": "logistics.passable[Eastern depot-Town 11]=0@4",
    "all roads": "logistics.passable=0@4",
    "sieges": "siege.besieged=1@4",
    "no sieges": "siege.besieged=0@4",
}


def decreed(start, *lines):
    return decree.schedule(start, WEEKS, lines)


@pytest.fixture(scope="module")
def answers(invented_war):
    """Every dose against the same war without it."""
    found = compare(
        invented_war, [decreed(invented_war, line) for line in DOSES.values()], runs=RUNS, weeks=WEEKS, seed=3
    )
    return dict(zip(DOSES, (one.rest.comparison() for one in found), strict=True))


@pytest.fixture(scope="module")
def given(invented_war):
    """A dose against the same war without it, where something else holds in both."""

    def put(line, *both, **options):
        schedule = decreed(invented_war, *both, line)
        found = compare(invented_war, [schedule], given=decreed(invented_war, *both), runs=RUNS, weeks=WEEKS, seed=3)
        return found[0].rest.comparison()

    return put


def effect(comparison, name, *labels, week=WEEKS, measure=None):
    return comparison.effect(comparison.find(name, *labels, measure=measure), week)


def assert_rises(comparison, name, *labels, **where):
    found = effect(comparison, name, *labels, **where)
    assert found.low > 0, (name, found)


def assert_falls(comparison, name, *labels, **where):
    found = effect(comparison, name, *labels, **where)
    assert found.high < 0, (name, found)


def assert_still(comparison, name, *labels, **where):
    found = effect(comparison, name, *labels, **where)
    assert found.low <= 0 <= found.high, (name, found)


@pytest.mark.parametrize("dose", DOSES)
def test_nothing_moves_before_the_cause(answers, dose):
    comparison = answers[dose]
    assert (comparison.difference[:, comparison.weeks.index(1)] == 0).all()
    assert (comparison.difference[:, comparison.weeks.index(FROM)] != 0).any()


def test_m11_works_slow_the_attacker_and_make_ground_dearer(answers):
    assert_rises(answers["no works"], "front.taken", BLUE, "middle", measure=SO_FAR)
    assert_falls(answers["double works"], "front.taken", BLUE, "middle", measure=SO_FAR)
    for dose, dearer in (("no works", False), ("double works", True)):
        losses, ground = (
            effect(answers[dose], *what, week=WEEKS, measure=SO_FAR)
            for what in (("attrition.casualties", BLUE), ("front.taken", BLUE, "middle"))
        )
        assert (losses.treated / ground.treated > losses.baseline / ground.baseline) == dearer


def test_m11_works_in_one_sector_leave_the_others_alone(answers):
    assert_falls(answers["double works in the south"], "front.taken", BLUE, "south", measure=SO_FAR)
    for axis in ("middle", "north"):
        assert_still(answers["double works in the south"], "front.taken", BLUE, axis, week=FROM)


def test_m12_without_reserves_a_breach_gains_more_and_stays(given):
    breach = "breach.factor[Blue,middle]=9@4..4"
    lost = given("breach.reserve[Amber]=0@4..13", breach)
    assert_rises(lost, "breach.surge", BLUE, "middle")
    assert_rises(lost, "front.taken", BLUE, "middle", measure=SO_FAR)
    assert_falls(lost, "breach.readiness", AMBER)
    cut = given("breach.reserve[Amber]=0@4..13", breach, "breach.reserve_effect=0", "breach.recovery=0")
    assert effect(cut, "front.taken", BLUE, "middle", measure=SO_FAR).difference == 0


def test_m13_and_m30_a_cut_road_lowers_supply_in_steps_and_endurance_follows(answers):
    one, all_ = answers["one road"], answers["all roads"]
    flows = [effect(found, "logistics.throughput", "Well").treated for found in (one, all_)]
    whole = effect(one, "logistics.throughput", "Well").baseline
    assert flows[1] == 0 <= flows[0] <= whole
    assert_falls(all_, "siege.endurance", "Well")
    assert_rises(all_, "logistics.resupply", "Well")
    assert_falls(all_, "logistics.supply", AMBER, "middle")


def test_m15_fewer_drones_let_the_other_side_mass_and_move(answers):
    for axis in ("south", "middle", "north"):
        assert_falls(answers["a quarter of the drones"], "drones.massing_time", BLUE, axis)
        assert_rises(answers["a quarter of the drones"], "drones.group_size", BLUE, axis)
    assert_rises(answers["a quarter of the drones"], "ground_taken", BLUE)
    doses = ["double drones", "half the drones", "a quarter of the drones"]
    taken = [effect(answers[dose], "ground_taken", BLUE).difference for dose in doses]
    assert taken[0] < 0 < taken[1] < taken[2]
    assert effect(answers["a quarter of the drones"], "industry.munitions_made", BLUE, "shell").difference == 0


def test_m15_cutting_the_edge_removes_it(given):
    found = given(
        "drones.density[Amber]=x0.25@4", "drones.passage_effect=0", "posture.drone_effect=0", "front.height_drones=0"
    )
    assert_still(found, "front.taken", BLUE, "middle", week=FROM)
    assert effect(found, "drones.passage", BLUE, "middle").difference == 0


def test_m16_drones_and_cold_kill_the_wounded_and_hit_nobody_more(given):
    for line, both in (
        ("drones.density[Amber]=x0.25@4", ("attrition.drone_exponent=0", "posture.drone_effect=0")),
        ("weather.temperature=+15@4", ("drones.weather_effect=0", "attrition.air_exponent=0")),
    ):
        found = given(line, *both)
        killed, hit = (effect(found, name, BLUE, week=FROM) for name in ("attrition.killed", "attrition.casualties"))
        assert killed.high < 0
        assert hit.difference == 0


def test_m18_heights_are_worth_less_the_more_drones_the_other_side_has(given):
    worth = [
        effect(
            given("front.height[Blue]=+80@4", f"drones.density[Amber]={drones}@4"),
            "front.expected",
            BLUE,
            "middle",
            week=FROM,
        )
        for drones in (0, 1, 3)
    ]
    assert worth[0].low > 0
    assert worth[0].difference / worth[0].baseline > worth[1].difference / worth[1].baseline
    assert worth[1].difference / worth[1].baseline > worth[2].difference / worth[2].baseline


def test_m19_stand_off_saves_aircraft_and_reaches_the_rear(answers):
    near, far = answers["no stand-off"], answers["stand-off"]
    lost = [effect(found, "fires.loss_per_sortie", BLUE).treated for found in (near, far)]
    hits = [effect(found, "fires.rear_hits", BLUE).treated for found in (near, far)]
    assert lost[1] < lost[0]
    assert hits[1] > hits[0]
    assert effect(far, "attrition.casualties", AMBER, week=FROM).difference == 0


def test_m20_a_faster_enemy_leaves_fewer_works(answers):
    assert_falls(answers["tempo"], "front.dug", AMBER, "middle")


def test_m25_a_town_adds_its_ground_and_no_more(answers):
    area = effect(answers["a town"], "area", week=FROM)
    assert 0 < area.low < area.difference < 200
    assert_still(answers["a town"], "town_share", "Salt", week=FROM)


def test_m26_sieges_stretch_the_besieger_and_his_reserves(answers):
    assert_rises(answers["sieges"], "siege.stretch", BLUE)
    assert_falls(answers["sieges"], "breach.readiness", BLUE)
    assert effect(answers["no sieges"], "siege.stretch", BLUE).treated == 0


def test_m31_more_recruits_bring_massed_assault_back(answers):
    assert_rises(answers["recruits"], "posture.mix", BLUE, "massed")
    assert_falls(answers["recruits"], "posture.mix", BLUE, "encirclement")
    assert_rises(answers["recruits"], "posture.exposure", BLUE)
    assert effect(answers["recruits"], "posture.mix", AMBER, "massed", week=FROM).difference == 0
