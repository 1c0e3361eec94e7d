"""The futures, the runs and the deal: shares that add up, quantiles in order, runs that agree with their sum."""

from __future__ import annotations

import numpy as np
import pytest

from ceasefire.evidence.error import CeasefireError
from ceasefire.study.replay import LEAP_KM2, events
from ceasefire.study.summary import summarise
from ceasefire.view.web import deal, futures, war


@pytest.fixture(scope="module", params=["made up", "fought"])
def told(request, result, summary, invented_result, invented_summary):
    return (result, summary) if request.param == "made up" else (invented_result, invented_summary)


def test_quantiles_are_in_order_and_as_long_as_the_war(told):
    result, summary = told
    fans = futures.futures(summary).fans
    assert 20 < len(fans) <= 80
    assert len({fan.key for fan in fans}) == len(fans)
    for fan in fans:
        assert len(fan.q50) == result.sizes["week"]
        assert fan.label
        for points in zip(fan.q05, fan.q25, fan.q50, fan.q75, fan.q95, strict=True):
            known = [point for point in points if point is not None]
            assert known == sorted(known)


def test_a_fan_tells_what_the_summary_tells(told):
    _, summary = told
    fans = {fan.key: fan for fan in futures.futures(summary).fans}
    ground = summary.find("area_change")
    assert fans["area_change"].q50[-1] == pytest.approx(ground.q50[-1], rel=1e-3)
    met = summary.find("served_share", side=summary.sides[1].key)
    if not met.empty:
        assert fans[f"served_share.{summary.sides[1].key}"].q50[-1] == pytest.approx(100 * met.q50[-1], rel=1e-3)


def test_endings_never_come_undone_and_states_fill_every_week(told):
    result, summary = told
    found = futures.futures(summary)
    ended = np.sum([curve.share for curve in found.endings], axis=0)
    assert (np.diff(ended) >= -1e-12).all()
    assert ended[-1] == pytest.approx((result["first_ending"] > 0).mean().item(), abs=1e-6)
    assert np.sum([curve.share for curve in found.states], axis=0) == pytest.approx(1.0)
    assert [share for share in found.base_rate if share is not None] == sorted(found.base_rate)


def test_every_run_agrees_with_its_own_page(invented_result):
    columns = futures.runs(invented_result)
    lengths = {
        len(values) for values in (columns.run, columns.ending, columns.ending_week, columns.gained, columns.towns)
    }
    assert lengths == {invented_result.sizes["run"]}
    for number in columns.run[::7]:
        one, at = futures.run(invented_result, number), columns.run.index(number)
        assert one.gained[0] == 0
        assert one.gained[-1] == columns.gained[at]
        assert [losses[-1] for losses in one.losses] == [losses[at] for losses in columns.losses]
        assert all(losses == sorted(losses) for losses in one.losses)
        ended = [week for week, phase in enumerate(one.phase) if phase != "war"]
        assert columns.ending_week[at] == (ended[0] if ended else None)
        assert columns.ending[at] == (one.phase[ended[0]] if ended else "none")


def test_failed_runs_are_no_futures(invented_result):
    ok = invented_result["ok"].to_numpy().copy()
    ok[3] = False
    assert 3 not in futures.runs(invented_result.assign(ok=("run", ok))).run


@pytest.mark.parametrize("number", [-1, 40, 10**6])
def test_a_run_that_is_not_there_is_refused(invented_result, number):
    with pytest.raises(CeasefireError, match="0 to 39"):
        futures.run(invented_result, number)


# ----------------------------------------------------------------------------------------------------------- the diary


def test_the_diary_is_in_order_and_says_nothing_twice(invented_result):
    for number in range(invented_result.sizes["run"]):
        told = futures.run(invented_result, number).happenings
        assert [one.week for one in told] == sorted(one.week for one in told)
        assert len({(one.week, one.text) for one in told}) == len(told)
        assert all(one.text.endswith(".") and "\n" not in one.text for one in told)


def test_an_agreement_is_told_with_its_terms(invented_result):
    agreed = np.flatnonzero(invented_result["agreed"].any("option"))
    option = invented_result["option"]
    names = option.attrs.get("names", option.to_numpy())
    for number in agreed.tolist():
        (told,) = [one for one in futures.run(invented_result, number).happenings if one.kind == "terms"]
        assert told.week == int(invented_result["first_ending_week"][number])
        taken = np.flatnonzero(invented_result["agreed"].isel(run=number))
        assert all(str(names[k]) in told.text for k in taken)
    others = np.setdiff1d(np.arange(invented_result.sizes["run"]), agreed)
    for number in others[:5].tolist():
        assert not [one for one in futures.run(invented_result, number).happenings if one.kind == "terms"]


def test_talks_leaders_and_power_are_told_when_they_change(invented_result):
    one = invented_result.isel(run=0)
    weeks = invented_result.sizes["week"]
    talks = np.zeros(weeks, np.int8)
    talks[3:6], talks[6:9] = 1, 2
    exits = np.zeros((weeks, 2), np.int16)
    exits[5:, 0] = 1
    met = np.ones((weeks, 2))
    met[7, 1], met[8, 1], met[9, 1] = 0.74, 0.78, 0.55
    changed = one.assign(
        talks=("week", talks, one["talks"].attrs),
        leader_exits=(("week", "side"), exits),
        served_share=(("week", "side"), met),
        phase=("week", np.zeros(weeks, np.int8)),
    )
    told = {
        kind: [(e.week, e.text) for e in events(changed) if e.kind == kind] for kind in ("talks", "leader", "power")
    }
    assert [week for week, _ in told["talks"]] == [3, 6, 9]
    assert "begin" in told["talks"][0][1]
    assert "break off" in told["talks"][2][1]
    assert [week for week, _ in told["leader"]] == [5]
    assert [week for week, _ in told["power"]] == [7, 9]
    assert "55 %" in told["power"][1][1]


def test_weeks_of_much_ground_that_follow_on_each_other_are_one(invented_result):
    one = invented_result.isel(run=0)
    taken = np.zeros(one["taken"].shape)
    taken[4, 0, 0] = taken[5, 0, 0] = LEAP_KM2
    taken[9, 0, 0] = 2 * LEAP_KM2
    told = [e for e in events(one.assign(taken=(one["taken"].dims, taken))) if e.kind == "front"]
    assert [(e.week, f"{2 * LEAP_KM2:,.0f} km²" in e.text) for e in told] == [(5, True), (9, True)]
    assert "in 2 weeks" in told[0].text


# ------------------------------------------------------------------------------------------------- the deal, the war


def test_clauses_of_an_issue_share_its_agreements(summary):
    found = deal.deal(summary)
    assert found.agreements == summary.terms.agreements
    for issue in {clause.issue for clause in found.clauses}:
        shares = [clause.share for clause in found.clauses if clause.issue == issue]
        assert sum(shares) == pytest.approx(1.0)
        assert shares == sorted(shares, reverse=True)
    for package in found.packages:
        assert package.low <= package.share <= package.high
        assert package.runs == pytest.approx(package.share * found.agreements)


def test_every_sitting_has_both_sides(summary):
    found = deal.deal(summary)
    assert found.sittings
    for sitting in found.sittings:
        assert sitting.low <= sitting.zone <= sitting.high
        assert [stance.side for stance in sitting.stances] == [side.key for side in summary.sides]
        for stance in sitting.stances:
            for three in (stance.least, stance.fighting_on, stance.standing, stance.surplus):
                assert list(three) == sorted(three)


def test_a_result_without_terms_has_no_deal(result):
    bare = summarise(result.drop_vars(["agreed", "zone"]))
    found = deal.deal(bare)
    assert (found.agreements, found.sittings, found.clauses, found.packages) == (0, [], [], [])


def test_the_head_says_what_the_summary_says(told):
    result, summary = told
    head = war.told(result, summary)
    assert head.ready
    assert len(head.sentences) == 3
    assert len(head.dates) == head.weeks + 1 == result.sizes["week"]
    assert [axis.key for axis in head.axes] == result["axis"].to_numpy().tolist()
    assert "1991" in head.borders
