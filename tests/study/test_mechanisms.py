"""Causal claims about the war, each put to an invented war as an intervention: sign, size, lag, control.

The numbers of the claims (M11 …) are those of the table that the project works through. A claim holds where the paired
interval excludes nought with the right sign, nothing moves before the cause, what should stay out of it stays, and
cutting the edge removes it.
"""

import numpy as np
import pytest

from ceasefire.model.oil import FACTORS
from ceasefire.scenario import decree
from ceasefire.study.whatif import SO_FAR, compare

RUNS, HORIZON, WEEKS, FROM = 128, 26, 13, 4
BLUE, AMBER, OTHERS = "Blue", "Amber", ("south", "north")
BALLISTIC, ANTISHIP = "ballistic_missile", "antiship_missile"
DRONE, CRUISE = "attack_drone", "cruise_missile"

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
    "sanctions on oil": "sanctions.oil_level[Blue]=2@4",
    "sanctions on parts": "sanctions.component_level[Blue]=2@4",
    "war spending": "budget.spending_war[Blue]=x1.2@4",
}

MONEY = {
    "no sanctions on oil": "sanctions.oil_level[Blue]=0@1",
    "double sanctions on oil": "sanctions.oil_level[Blue]=2@1",
    "triple sanctions on oil": "sanctions.oil_level[Blue]=3@1",
    "no sanctions on parts": "sanctions.component_level[Blue]=0@1",
    "double sanctions on parts": "sanctions.component_level[Blue]=2@1",
    "triple sanctions on parts": "sanctions.component_level[Blue]=3@1",
    "no pressure on buyers": "sanctions.secondary_level[Blue]=0@1",
    "double pressure on buyers": "sanctions.secondary_level[Blue]=2@1",
    "a fifth more for the war": "budget.spending_war[Blue]=x1.2@1",
    "two fifths more for the war": "budget.spending_war[Blue]=x1.4@1",
}
"""From the first week on, so that week 4 ends the first month and week 13 the third."""

SALVO = ("strikes.stock[Blue,ballistic_missile]=200@4..4", "strikes.launched[Blue,ballistic_missile]=200@4..4")
NO_INTERCEPTORS = (
    "industry.munition_output[Amber,long_interceptor]=0@4",
    "air_defence.interceptors[Amber,long_interceptor]=0@4..4",
)
MISSILES = (25, 100, 400, 1600, 6400)
INTERCEPTORS = "air_defence.interceptors[Amber,long_interceptor]=+{}@4..4"
BATTERIES = "air_defence.launchers[Amber,long_interceptor]=+{}@4"
SHIELD = {
    "launchers": BATTERIES.format(10),
    "two batteries": BATTERIES.format(2),
    "two batteries and missiles": f"{BATTERIES.format(2)} & {INTERCEPTORS.format(100)}",
    "launchers and most missiles": f"{BATTERIES.format(10)} & {INTERCEPTORS.format(MISSILES[-1])}",
    **{str(missiles): INTERCEPTORS.format(missiles) for missiles in MISSILES},
}

NO_DRONES = (
    "strikes.stock[Blue,attack_drone]=100000@4..4",
    "strikes.launched[Blue,attack_drone]=0@4..4",
    "air_defence.interceptors[Amber,interceptor_drone]=100000@4..4",
)
"""The defence has interceptor drones enough, so that nothing saturates before guns and jammers do."""
SWARMS = {
    drones: f"strikes.launched[Blue,attack_drone]={drones}@4..4" for drones in ("175", "350", "700", "1400", "2828")
}
"""A week; 100 a day are 700, 404 a day 2,828."""

SHORTAGE = {
    left: f"strikes.stock[Blue,cruise_missile]=x{left}@4 & strikes.stock[Blue,ballistic_missile]=x{left}@4"
    for left in ("0.5", "0.1", "0")
}


def against(start, doses, *both):
    """Every dose against the same war without it; `both` hold in either."""

    def decreed(*lines):
        return decree.schedule(start, HORIZON, lines)

    schedules = [decreed(*both, *dose.split(" & ")) for dose in doses.values()]
    rule = decreed(*both) if both else None
    found = compare(start, schedules, given=rule, runs=RUNS, weeks=HORIZON, seed=3)
    return dict(zip(doses, (one.rest.comparison() for one in found), strict=True))


@pytest.fixture(scope="module")
def answers(invented_war):
    return against(invented_war, DOSES)


@pytest.fixture(scope="module")
def money(invented_war):
    return against(invented_war, MONEY)


@pytest.fixture(scope="module")
def shield(invented_war):
    """Against a salvo of ballistic missiles, with none to stop them."""
    return against(invented_war, SHIELD, *NO_INTERCEPTORS, *SALVO)


@pytest.fixture(scope="module")
def given(invented_war):
    """A dose against the same war without it, where something else holds in both."""

    def put(line, *both):
        return against(invented_war, {line: line}, *both)[line]

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


def assert_nothing_before(comparison):
    assert (comparison.difference[:, comparison.weeks.index(1)] == 0).all()
    assert (comparison.difference[:, comparison.weeks.index(FROM)] != 0).any()


@pytest.mark.parametrize("dose", DOSES)
def test_nothing_moves_before_the_cause(answers, dose):
    assert_nothing_before(answers[dose])


def test_m04_launchers_without_missiles_stop_nothing(shield):
    stood = shield["launchers"].moved
    assert [shield["launchers"].outputs[row].name for row in stood.nonzero()[0]] == ["air_defence.launchers"]
    assert effect(shield["launchers"], "air_defence.stopped", BLUE, BALLISTIC, week=FROM).treated == 0


def test_m04_missiles_stop_more_until_the_launchers_can_fire_no_faster(shield):
    found = [effect(shield[str(missiles)], "air_defence.stopped", BLUE, BALLISTIC, week=FROM) for missiles in MISSILES]
    assert found[0].low > 0
    stopped = [one.difference for one in found]
    assert stopped[0] < stopped[1] < stopped[2] <= stopped[3] == stopped[4] < 200
    assert stopped[0] / MISSILES[0] > (stopped[1] - stopped[0]) / (MISSILES[1] - MISSILES[0])
    faster = effect(shield["launchers and most missiles"], "air_defence.stopped", BLUE, BALLISTIC, week=FROM)
    assert faster.low > found[-1].high
    assert_rises(shield["100"], "air_defence.stopped_share", BLUE, BALLISTIC, week=FROM)
    for missiles in map(str, MISSILES):
        assert_nothing_before(shield[missiles])
        for loss in ("ground_taken", "people_lost"):
            assert effect(shield[missiles], loss, BLUE, week=FROM).difference == 0


def test_m36_batteries_with_missiles_spare_the_grid_from_ballistic_ones(shield):
    without, with_ = shield["two batteries"], shield["two batteries and missiles"]
    assert effect(without, "grid.available", AMBER).difference == 0
    assert_falls(with_, "air_defence.hits", AMBER, "grid", week=FROM)
    for week in (FROM, WEEKS):
        assert_falls(with_, "grid.struck", AMBER, "north", "thermal", measure=SO_FAR, week=week)
        assert_rises(with_, "grid.available", AMBER, week=week)
    more = [effect(shield[dose], "grid.available", AMBER) for dose in ("100", "two batteries and missiles")]
    assert 0 < more[0].difference < more[1].difference
    for weapon in (DRONE, CRUISE):
        assert effect(with_, "air_defence.stopped", BLUE, weapon, week=FROM).difference == 0


def test_m21_drones_do_more_than_in_proportion_once_the_defence_is_saturated(invented_war):
    found = against(invented_war, SWARMS, *NO_DRONES)
    struck, leaked = (
        [effect(found[dose], *what, week=FROM).difference / int(dose) for dose in SWARMS]
        for what in (("grid.struck", AMBER, "north", "thermal"), ("air_defence.leaked", BLUE, DRONE))
    )
    assert struck[0] > struck[1] < struck[2] < struck[3] < struck[4]
    assert leaked == sorted(leaked)
    assert leaked[1] < 1.02 * leaked[0]
    for dose in SWARMS:
        assert_nothing_before(found[dose])
        assert_rises(found[dose], "grid.struck", AMBER, "north", "thermal", week=FROM)
        assert effect(found[dose], "ground_taken", BLUE, week=FROM).difference == 0


def test_m21_and_m36_cutting_the_edge_spares_the_grid(given):
    found = given("strikes.launched[Blue,attack_drone]=x0.5@4", "grid.loss_per_hit=0")
    assert_falls(found, "air_defence.hits", AMBER, "grid")
    assert effect(found, "grid.available", AMBER).difference == 0
    assert effect(found, "grid.blackout_hours", AMBER).difference == 0


def test_m22_the_fewer_land_attack_missiles_the_more_antiship_ones_fly_and_the_less_they_hit(invented_war):
    found = against(invented_war, SHORTAGE, "strikes.launched[Blue,attack_drone]=0@4")

    def of(name, *labels):
        one = [effect(comparison, name, *labels, week=FROM) for comparison in found.values()]
        return np.array([one[0].baseline, *(each.treated for each in one)])

    launched, leaked = (
        sum(of(name, BLUE, weapon) for weapon in (CRUISE, BALLISTIC, ANTISHIP))
        for name in ("strikes.launched", "air_defence.leaked")
    )
    assert (np.diff(of("strikes.launched", BLUE, ANTISHIP) / launched) > 0).all()
    assert (np.diff(of("air_defence.hits", AMBER, "grid") / leaked) < 0).all()
    for comparison in found.values():
        assert_nothing_before(comparison)
        assert_rises(comparison, "strikes.launched", BLUE, ANTISHIP, week=FROM)


def test_m22_cutting_the_edge_removes_it(given):
    found = given(SHORTAGE["0"], "strikes.substitution=0")
    assert_falls(found, "strikes.launched", BLUE, BALLISTIC, week=FROM)
    assert effect(found, "strikes.launched", BLUE, ANTISHIP, week=FROM).difference == 0


def course(comparison, name, *labels):
    """Differences at the end of the first, third and sixth month, as multiples of the last."""
    first, third, sixth = (effect(comparison, name, *labels, week=week).difference for week in (4, 13, 26))
    return first / sixth, third / sixth


def assert_dose(money, what, name, *labels):
    none, double, triple = (
        effect(money[f"{times} {what}"], name, *labels).difference for times in ("no", "double", "triple")
    )
    assert none > 0 > double > triple


def test_m28_sanctions_on_oil_cut_revenue_after_months_and_its_parts_add_up(money):
    for dose in (f"{times} sanctions on oil" for times in ("no", "double", "triple")):
        found = money[dose]
        first, third = course(found, "oil.revenue", BLUE)
        assert 0 < first < 0.2 * max(third, 1)
        change = effect(found, "oil.revenue", BLUE).difference
        parts = {factor: effect(found, "oil.part", BLUE, factor).difference for factor in FACTORS}
        assert sum(parts.values()) == pytest.approx(change, rel=1e-4)
        assert parts["discount"] == pytest.approx(change, rel=0.1)
        for price in (("oil.brent",), ("oil.exchange", BLUE)):
            assert effect(found, *price).difference == 0
        assert_still(found, "ground_taken", BLUE, week=4)
    assert_rises(money["no sanctions on oil"], "oil.revenue", BLUE)
    assert_falls(money["double sanctions on oil"], "oil.revenue", BLUE)
    assert_dose(money, "sanctions on oil", "oil.revenue", BLUE)


def test_m35_sanctions_on_parts_cut_arms_by_more_after_half_a_year_than_after_three_months(money):
    for dose in (f"{times} sanctions on parts" for times in ("no", "double", "triple")):
        for name, what in (
            ("industry.munitions_made", DRONE),
            ("industry.munitions_made", BALLISTIC),
            ("industry.built", "tank"),
        ):
            first, third = course(money[dose], name, BLUE, what)
            assert 0 < first < 0.2
            assert third < 1
    assert_falls(money["double sanctions on parts"], "industry.munitions_made", BLUE, DRONE)
    assert_dose(money, "sanctions on parts", "industry.munitions_made", BLUE, DRONE)


def test_m06_sanctions_on_oil_and_parts_cut_arms_of_one_side_alone(money, answers, given):
    for what in ("oil", "parts"):
        found = money[f"double sanctions on {what}"]
        assert_falls(found, "industry.munitions_made", BLUE, DRONE)
        assert course(found, "industry.munitions_made", BLUE, DRONE)[0] < 0.2
        other = effect(answers[f"sanctions on {what}"], "industry.munitions_made", AMBER, DRONE, week=FROM)
        assert other.difference == 0
    cut = given(DOSES["sanctions on oil"], "budget.stress_effect=0", "budget.money_effect=0")
    assert_falls(cut, "oil.revenue", BLUE)
    assert effect(cut, "industry.munitions_made", BLUE, DRONE).difference == 0


def test_m06_m28_and_m35_cutting_the_edges_removes_them(given):
    every = " & ".join([DOSES["sanctions on oil"], DOSES["sanctions on parts"], "sanctions.secondary_level[Blue]=2@4"])
    cut = ("oil.discount_effect", "oil.rerouting_effect", "oil.exposure_effect", "sanctions.component_effect")
    found = given(every, *(f"{edge}=0" for edge in cut))
    for bite in ("oil_bite", "component_bite", "secondary_bite"):
        assert_rises(found, f"sanctions.{bite}", BLUE)
    for name, *labels in (("oil.revenue",), ("oil.volume", "exposed"), ("industry.munitions_made", DRONE)):
        assert effect(found, name, BLUE, *labels).difference == 0


def test_m29_pressure_on_buyers_moves_oil_to_others_at_a_discount(money):
    off, double = money["no pressure on buyers"], money["double pressure on buyers"]
    assert_rises(off, "oil.exports", BLUE)
    assert_falls(off, "oil.discount", BLUE)
    assert_falls(double, "oil.exports", BLUE)
    assert_rises(double, "oil.discount", BLUE)
    for found, sign in ((off, 1), (double, -1)):
        exposed, steady, every = (
            sign * effect(found, "oil.volume", BLUE, "exposed").difference,
            sign * effect(found, "oil.volume", BLUE, "steady").difference,
            sign * effect(found, "oil.exports", BLUE).difference,
        )
        assert exposed > -steady > 0
        assert 0 < every < exposed / 2
        first, third = course(found, "oil.volume", BLUE, "exposed")
        assert 0 < first < third
        assert effect(found, "sanctions.components", BLUE).difference == 0


def test_m27_war_spending_raises_deficit_prices_and_key_rate(money, answers, given):
    doses = [money[f"{more} more for the war"] for more in ("a fifth", "two fifths")]
    for name in ("budget.deficit", "budget.inflation", "budget.key_rate"):
        for week in (4, 13, 26):
            assert_rises(doses[0], name, BLUE, week=week)
        fifth, two_fifths = (effect(dose, name, BLUE).difference for dose in doses)
        assert 0 < fifth < two_fifths
        assert effect(answers["war spending"], name, AMBER, week=FROM).difference == 0
    cut = given(DOSES["war spending"], "budget.demand_effect=0", "budget.money_effect=0")
    assert_rises(cut, "budget.deficit", BLUE)
    assert effect(cut, "budget.inflation", BLUE).difference == 0
    assert effect(cut, "budget.key_rate", BLUE).difference == 0


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
    assert effect(answers["tempo"], "oil.revenue", BLUE).difference == 0


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
