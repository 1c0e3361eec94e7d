"""Causal claims put to an invented war, the rules that answer them, and what claims assert beyond the rules.

The numbers of the claims (M11 …) are those of the table that the project works through (`study/claims.toml`).
"""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest

from ceasefire.model.oil import FACTORS
from ceasefire.scenario import decree
from ceasefire.simulate import training
from ceasefire.study.claim import Claim, ClaimError, Claims, filled, load
from ceasefire.study.mechanisms import (
    CONTESTED,
    CONTRADICTED,
    CUT,
    DEFINED,
    NOT_REPRESENTED,
    NOT_SHOWN,
    SUPPORTED,
    WAITS,
    Answer,
    Moved,
    Tried,
    answer,
    estimate,
    rules,
)
from ceasefire.study.whatif import compare

NAMES = {
    "attacker": "Blue",
    "defender": "Amber",
    "axis": "middle",
    "quiet_axis": "south",
    "towns": "Well",
    "towns_axis": "north",
    "garrison": "Well",
    "garrisons": ("Well", "Sand"),
    "far_garrison": "Salt",
    "roads": ("Eastern depot-Town 11", "Town 10-Town 11", "Town 11-Town 7"),
    "highway": "Eastern depot-Town 11",
    "highway_garrison": "Well",
    "highway_axis": "north",
    "armour": "tank",
    "guarantor": "Ruby",
    "attacker_public": "Blue_public",
    "defender_public": "Amber_public",
    "lost_allies": "Ruby",
    "other_allies": "Coral",
}
SHIPPED = load()
TRIED = [claim.id for claim in SHIPPED.claim if claim.trial]
REPRESENTED = [claim.id for claim in SHIPPED.claim if claim.trial and not claim.is_direct]
AT_LEAST = 32
"""Of the shipped claims, those that must have a pathway which is tried."""
RUNS, SEED = 128, 3
CLOSE = {"M13": 512}
"""Claims that hold by so little that more wars must tell: M13 lets 5.5 % of runs off, 5 % are asked for."""


@pytest.fixture(scope="module")
def valued_war(invented_war):
    """The invented war, values of fighting on fitted, so that both sides can reckon with what is expected."""
    return training.with_values(invented_war, training.fit(invented_war, runs=256, weeks=104))


@pytest.fixture(scope="module")
def answers(valued_war):
    return answer(valued_war, SHIPPED, names=NAMES, runs=RUNS, seed=SEED)


# ----------------------------------------------------------------------------------------------------------- all claims


@pytest.mark.parametrize("claim", TRIED)
def test_a_claim_holds_on_the_invented_war_by_every_rule_that_applies(answers, valued_war, claim):
    found = answers.of(claim)
    if claim in CLOSE:
        found = answer(valued_war, SHIPPED, names=NAMES, only=(claim,), runs=CLOSE[claim], seed=SEED).of(claim)
    failing = [(rule.name, rule.told) for tried in found.tried for rule in tried.rules if not rule.holds]
    held = DEFINED if found.claim.is_direct else CONTESTED if found.claim.contested else SUPPORTED
    assert found.verdict == held, failing


def test_every_claim_is_answered_and_enough_of_them_are_tried(answers):
    assert len(REPRESENTED) >= AT_LEAST
    assert answers.represented == len(REPRESENTED)
    assert [one.claim.id for one in answers.answers] == [claim.id for claim in SHIPPED.claim]
    for one in answers.answers:
        assert (one.verdict in (NOT_REPRESENTED, WAITS)) == (not one.claim.trial)
        assert not any(tried.failed for tried in one.tried)


def test_a_claim_alone_and_shared_out_otherwise_is_answered_alike(answers, valued_war):
    alone = answer(valued_war, SHIPPED, names=NAMES, only=["M11"], runs=RUNS, seed=SEED, workers=1)
    assert [tried.rules for tried in alone.of("M11").tried] == [tried.rules for tried in answers.of("M11").tried]
    assert alone.of("M11").tried[0].moved == answers.of("M11").tried[0].moved


# ---------------------------------------------------------------------------------------------------------------- rules

PLAIN = {
    "do": ["policy.planned_effort[Blue]=x{much}@4"],
    "values": {"much": [1.5, 2, 3]},
    "cut": ["front.force_exponent=0"],
    "outcome": [{"of": ["front.taken[Blue,*]"], "lag": 9, "sign": "+"}],
    "control": [{"of": ["oil.brent"], "lag": 9}],
}


def claim_of(*, contested=False, **changed):
    return Claim.model_validate(
        {
            "id": "X1",
            "cause": "c",
            "effect": "e",
            "sign": "+",
            "lag": "weeks",
            "contested": contested,
            "trial": [{**PLAIN, **changed}],
        }
    )


@pytest.fixture
def judged():
    """The answer to a claim whose arms are as told: mean effects, against a spread of 1 from run to run."""
    random = np.random.default_rng(4)
    runs = 400
    before = random.normal(10, 1, runs)
    luck = random.normal(0, 0.3, runs)

    def judge(*, doses=(0.5, 1.0, 2.0), cut=0.0, control=0.0, leaked=(), contested=False, early=None):
        claim = claim_of(
            contested=contested,
            outcome=[{**PLAIN["outcome"][0], **({"early": {"lag": 3, "at_most": 0.2}} if early is not None else {})}],
        )
        trial = claim.trial[0]
        arms = [before, *(before + dose * (1 + luck) for dose in doses)]
        moved = Moved(
            trial.outcome[0],
            tuple(estimate(before, arm) for arm in arms[1:]),
            tuple(estimate(low, high) for low, high in pairwise(arms)),
            None if early is None else estimate(before, before + early * (1 + luck)),
            estimate(before, before + cut * (1 + luck)),
        )
        still = ((trial.control[0], estimate(before, before + control * (1 + luck))),)
        found = rules([moved], still, leaked, contested)
        return Answer(claim, (Tried(trial, (), (), trial.cut, (moved,), still, found, (), 0),))

    return judge


def failing(found):
    return {rule.name for tried in found.tried for rule in tried.rules if not rule.holds}


def test_what_moves_as_claimed_and_nothing_else_is_supported(judged):
    assert judged().verdict == SUPPORTED
    assert judged(doses=(0.9, 1.0, 1.0)).verdict == SUPPORTED
    assert judged(early=0.1).verdict == SUPPORTED


def test_a_wrong_sign_is_contradicted(judged):
    found = judged(doses=(-0.5, -1.0, -2.0))
    assert found.verdict == CONTRADICTED
    assert failing(found) >= {"sign", "dose"}


@pytest.mark.parametrize(
    ("told", "rule"),
    [
        ({"leaked": ["front.taken"]}, "before"),
        ({"cut": 0.1}, "cut"),
        ({"control": 0.1}, "control"),
        ({"doses": (1.5, 1.0, 2.0)}, "dose"),
        ({"doses": (0.5, 1.0, 0.8)}, "dose"),
        ({"early": 0.5}, "early"),
        ({"contested": True}, "zero"),
    ],
)
def test_whatever_breaks_one_rule_is_not_shown_and_named(judged, told, rule):
    found = judged(**told)
    assert failing(found) == {rule}
    assert found.verdict == NOT_SHOWN
    assert found.rules[rule] is False


def test_what_does_not_move_is_not_shown(judged):
    assert judged(doses=(0.0, 0.0, 0.0)).verdict == NOT_SHOWN


def test_a_contested_claim_is_contested_where_some_runs_say_otherwise():
    random = np.random.default_rng(5)
    before = random.normal(size=500)
    effects = random.normal(0.5, 0.5, 500)
    claim = claim_of(contested=True)
    trial = claim.trial[0]
    arms = [before, *(before + dose * effects for dose in (0.5, 1, 2))]
    doses = tuple(estimate(before, arm) for arm in arms[1:])
    steps = tuple(estimate(low, high) for low, high in pairwise(arms))
    moved = Moved(trial.outcome[0], doses, steps, None, estimate(before, before))
    found = rules([moved], (), (), True)
    assert Answer(claim, (Tried(trial, (), (), trial.cut, (moved,), (), found, (), 0),)).verdict == CONTESTED
    assert moved.effect.towards(1) == pytest.approx((effects > 0).mean())


def test_a_little_of_the_effect_may_outlive_its_cut_but_no_more(judged):
    assert judged(cut=0.01).rules[CUT]
    assert not judged(cut=0.03).rules[CUT]


def test_an_estimate_is_the_paired_mean_with_students_interval():
    random = np.random.default_rng(6)
    covered = 0
    for _ in range(400):
        before = random.normal(size=20)
        found = estimate(before, before + random.normal(0.3, 1, 20))
        covered += found.low <= 0.3 <= found.high
    assert 0.92 < covered / 400 < 0.98
    same = estimate(before, before)
    assert (same.low, same.difference, same.high, same.up, same.down) == (0, 0, 0, 0, 0)


def test_numbers_that_do_not_stay_finite_support_nothing(judged):
    lost = dataclasses.replace(judged().tried[0].moved[0], doses=(estimate(np.ones(9), np.full(9, np.nan)),) * 3)
    found = rules([lost], (), (), False)
    assert {rule.name for rule in found if not rule.holds} >= {"sign"}


# ------------------------------------------------------------------------------------------------------------- the file


def test_a_name_in_braces_that_means_several_makes_several_lines():
    assert filled("a.b[{x}]={y}", {"x": ("p", "q"), "y": 0.5}) == ("a.b[p]=0.5", "a.b[q]=0.5")
    assert filled("a.b=1", {}) == ("a.b=1",)
    with pytest.raises(ClaimError, match="more than"):
        filled("a.b[{x}]={y}{z}{v}", dict.fromkeys("xyzv", ("p", "q", "r", "s", "t")))


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("claim = 1", "claim"),
        ("[[claim]]\nid = 'A'", "Field required"),
        ("[[claim]]\nid='A'\ncause='c'\neffect='e'\nsign='+'\nlag='w'", "not_represented"),
        ("[[claim]]\nid='A'\ncause='c'\neffect='e'\nsign='+'\nlag='w'\nwaits='b'\nmore=1", "more"),
        (2 * "[[claim]]\nid='A'\ncause='c'\neffect='e'\nsign='+'\nlag='w'\nwaits='b'\n", "twice"),
        ("\x00", "TOML"),
        ("#" + "x" * (1 << 20), "longer"),
    ],
)
def test_a_file_that_cannot_be_used_says_where_and_why(tmp_path, written, told):
    path = tmp_path / "claims.toml"
    path.write_text(written)
    with pytest.raises(ClaimError, match=told):
        load(path)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(ClaimError, match="cannot read"):
        load(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"cut": ()}, "cut"),
        ({"values": {"much": [1.5, 2]}}, "no_dose"),
        ({"values": {"much": [1.5, 2, 3], "more": [1, 2]}}, "as many"),
        ({"outcome": (), "control": ()}, "outcome"),
        ({"outcome": [{**PLAIN["outcome"][0], "early": {"lag": 9, "at_most": 0.2}}]}, "shorter"),
        ({"outcome": [{**PLAIN["outcome"][0], "per": ["oil.brent"]}], "contested": True}, "run by run"),
    ],
)
def test_a_trial_that_could_show_nothing_is_refused(changed, told):
    with pytest.raises(ValueError, match=told):
        claim_of(**changed)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"do": ["policy.planned_effort[{nobody}]=x{much}@4"]}, "nothing is known of"),
        ({"do": ["policy.planned_effort[{much.__class__}]=x{much}@4"]}, "X1"),
        ({"do": ["policy.planned_efort[Blue]=x{much}@4"]}, "planned_effort"),
        ({"outcome": [{"of": ["front.taken[Blu]"], "lag": 1, "sign": "+"}]}, "Blue"),
        ({"outcome": [{"of": ["front.held"], "lag": 1, "sign": "+"}]}, "recorded"),
        ({"outcome": [{"of": ["front.budget[Blue]"], "lag": 1, "sign": "+", "summed": True}]}, "add up"),
        ({"cut": ["front.taken=1"]}, "no cut|is none"),
        ({"cut": ["policy.planned_effort=1"]}, "is none"),
        ({"do": ["policy.planned_effort[Blue]=x{much}@515"]}, "weeks"),
        ({"given": ["policy.planned_effort[Blue]=x2@4"]}, "twice"),
    ],
)
def test_a_claim_that_cannot_be_put_to_this_war_is_named(invented_war, changed, told):
    with pytest.raises(ClaimError, match=told):
        answer(invented_war, Claims(claim=(claim_of(**changed),)), names=NAMES, runs=4)


def test_a_war_that_the_claims_know_nothing_of_and_an_unknown_claim_are_told(invented_war):
    with pytest.raises(ClaimError, match="binding"):
        answer(invented_war, SHIPPED, runs=4)
    with pytest.raises(ClaimError, match="M11"):
        answer(invented_war, SHIPPED, names=NAMES, only=["M111"], runs=4)


# ---------------------------------------------------------------------------------- what claims assert beyond the rules

HORIZON, FROM, BLUE, AMBER = 26, 4, "Blue", "Amber"
BALLISTIC, ANTISHIP, CRUISE, DRONE = "ballistic_missile", "antiship_missile", "cruise_missile", "attack_drone"


@pytest.fixture(scope="module")
def against(invented_war):
    """Every dose against the same war without it; `both` hold in either."""

    def put(doses, *both, weeks=13):
        schedules = [decree.schedule(invented_war, weeks, [*both, *dose.split(" & ")]) for dose in doses]
        given = decree.schedule(invented_war, weeks, both) if both else None
        found = compare(invented_war, schedules, given=given, runs=64, weeks=weeks, seed=SEED)
        return [one.rest.comparison() for one in found]

    return put


def effect(comparison, name, *labels, week=FROM):
    return comparison.effect(comparison.find(name, *labels), week)


def test_m04_missiles_stop_more_until_the_launchers_can_fire_no_faster(against):
    missiles = (25, 100, 400, 1600, 6400)
    more, batteries = (
        "air_defence.interceptors[Amber,long_interceptor]=+{}@4..4",
        "air_defence.launchers[Amber,long_interceptor]=+10@4",
    )
    found = against(
        [*(more.format(each) for each in missiles), f"{batteries} & {more.format(missiles[-1])}"],
        "industry.munition_output[Amber,long_interceptor]=0@4",
        "air_defence.interceptors[Amber,long_interceptor]=0@4..4",
        "strikes.stock[Blue,ballistic_missile]=200@4..4",
        "strikes.launched[Blue,ballistic_missile]=200@4..4",
    )
    stopped = [effect(one, "air_defence.stopped", BLUE, BALLISTIC).difference for one in found]
    assert 0 < stopped[0] < stopped[1] < stopped[2] <= stopped[3] == stopped[4] < stopped[5] < 200
    assert stopped[0] / missiles[0] > (stopped[1] - stopped[0]) / (missiles[1] - missiles[0])


def test_m21_drones_do_more_than_in_proportion_once_the_defence_is_saturated(against):
    swarms = (175, 350, 700, 1400, 2828)
    found = against(
        [f"strikes.launched[Blue,attack_drone]={swarm}@4..4" for swarm in swarms],
        "strikes.stock[Blue,attack_drone]=100000@4..4",
        "strikes.launched[Blue,attack_drone]=0@4..4",
        "air_defence.interceptors[Amber,interceptor_drone]=100000@4..4",
    )
    struck, leaked = (
        [effect(one, *what).difference / swarm for one, swarm in zip(found, swarms, strict=True)]
        for what in (("grid.struck", AMBER, "north", "thermal"), ("air_defence.leaked", BLUE, DRONE))
    )
    assert struck[0] > struck[1] < struck[2] < struck[3] < struck[4]
    assert leaked == sorted(leaked)
    assert leaked[1] < 1.02 * leaked[0]


def test_m22_the_fewer_land_attack_missiles_the_larger_the_share_of_antiship_ones(against):
    left = "strikes.stock[Blue,cruise_missile]=x{0}@4 & strikes.stock[Blue,ballistic_missile]=x{0}@4"
    found = against([left.format(each) for each in ("0.5", "0.1", "0")], "strikes.launched[Blue,attack_drone]=0@4")

    def launched(*weapons):
        each = [[effect(one, "strikes.launched", BLUE, weapon) for one in found] for weapon in weapons]
        return sum(np.array([one[0].baseline, *(effect.treated for effect in one)]) for one in each)

    assert (np.diff(launched(ANTISHIP) / launched(CRUISE, BALLISTIC, ANTISHIP)) > 0).all()


def test_m28_what_revenue_loses_is_the_sum_of_its_parts_and_nearly_all_discount(against):
    found = against([f"sanctions.oil_level[Blue]={level}@1" for level in (0, 2, 3)], weeks=HORIZON)
    for one in found:
        change = effect(one, "oil.revenue", BLUE, week=13).difference
        parts = {factor: effect(one, "oil.part", BLUE, factor, week=13).difference for factor in FACTORS}
        assert sum(parts.values()) == pytest.approx(change, rel=1e-4)
        assert parts["discount"] == pytest.approx(change, rel=0.1)
        assert effect(one, "oil.exchange", BLUE, week=13).difference == 0
    none, double, triple = (effect(one, "oil.revenue", BLUE, week=13).difference for one in found)
    assert none > 0 > double > triple


def test_m29_oil_that_some_buyers_leave_goes_to_others_for_the_most_part(against):
    for one in against([f"sanctions.secondary_level[Blue]={level}@1" for level in (0, 2)]):
        exposed, every = (
            effect(one, *what, week=13).difference for what in (("oil.volume", BLUE, "exposed"), ("oil.exports", BLUE))
        )
        assert abs(every) < abs(exposed) / 2
        assert every * exposed > 0


def test_m30_one_road_less_leaves_a_garrison_some_supply_and_none_at_all_no_supply(against):
    one, every = against(["logistics.passable[Eastern depot-Town 11]=0@5", "logistics.passable=0@5"])
    left, none = (effect(found, "logistics.throughput", "Well", week=13) for found in (one, every))
    assert none.treated == 0 < left.treated < left.baseline
    assert effect(every, "logistics.resupply", "Well", week=13).low > 0


def test_m25_a_town_adds_its_ground_and_no_more(against):
    area = effect(against(["front.control[Well]=1@4"])[0], "area")
    assert 0 < area.low < area.difference < 200


def test_m27_more_war_spending_is_deficit_before_it_is_anything_else(against):
    (found,) = against(["budget.spending_war[Blue]=x1.2@4"])
    spent, deficit = (effect(found, name, BLUE).difference for name in ("budget.spending_war", "budget.deficit"))
    assert deficit == pytest.approx(spent, rel=1e-3)
