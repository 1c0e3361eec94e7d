"""The agenda: packages that the rules allow, what each awards and promises, lands in km², clear errors."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools

import numpy as np
import pytest
from pydantic import ValidationError

from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario import agenda, spec
from ceasefire.scenario.agenda import DEMILITARISED, Lands, draw_up, lands_of_axes, plain_issues
from ceasefire.scenario.spec import Deadline, Issue, Land, Option, ScenarioError, Voice
from ceasefire.scenario.start import from_record, open_war
from ceasefire.simulate.run import ground_of

LANDS = Lands(
    id=("coast", "hills"),
    name=("Coast", "Hills"),
    row=np.array([0, 0, 1, -1]),
    whole=np.array([60.0, 30.0]),
    behind=np.array([15.0, 0.0]),
)


def issue(id: str, *options: dict[str, object] | str, rider: bool = False, status_quo: str = "") -> Issue:
    """An issue; an option that is a text says nothing."""
    listed = [{"id": option} if isinstance(option, str) else option for option in options]
    told = [{"name": str(option["id"])} | option for option in listed]
    return Issue.model_validate(
        {"id": id, "name": id, "rider": rider, "status_quo": status_quo or told[0]["id"], "options": told}
    )


@pytest.fixture
def bargained(invented_scenario):
    """The invented war over some issues."""
    return lambda *issues: invented_scenario.war.model_copy(update={"issues": issues})


LINE = issue(
    "line",
    "held",
    {"id": "coast", "lands": {"coast": "Blue"}},
    {"id": "swap", "lands": {"coast": "Blue", "hills": "Amber"}},
)
ZONE = issue("zone", "none", {"id": "wide", "depth_km": 15.0})
PEACE = issue("peace", {"id": "stop"}, {"id": "treaty", "settles": True, "relief": 0.5})


def test_packages_are_all_combinations_of_what_is_not_a_rider(bargained):
    found = draw_up(bargained(LINE, issue("port", "shut", "open", rider=True), ZONE, PEACE), LANDS)
    names = {found.named(k) for k in range(len(found))}
    assert names == {
        ".".join(each) for each in itertools.product(("held", "coast", "swap"), ("none", "wide"), ("stop", "treaty"))
    }
    assert len(names) == len(found) == 12
    assert found.label[:5] == ("line-held", "line-coast", "line-swap", "port-shut", "port-open")
    np.testing.assert_array_equal(found.rider, [[0, 0, 0, 1, 1, 0, 0, 0, 0]])
    np.testing.assert_array_equal(found.status_quo, [1, 0, 0, 1, 0, 1, 0, 1, 0])
    np.testing.assert_array_equal(found.issue, [0, 0, 0, 1, 1, 2, 2, 3, 3])
    for k in range(len(found)):
        assert found.find(found.named(k)) == k


def test_a_package_does_what_its_options_say(bargained):
    guarantees = issue("pact", "none", {"id": "both", "guarantees": {"Coral": 0.8, "Ruby": 0.3}})
    found = draw_up(bargained(LINE, ZONE, PEACE, guarantees), LANDS)
    for k in range(len(found)):
        chosen = found.named(k).split(".")
        assert found.depth[k] == 15.0 * ("wide" in chosen)
        assert (found.settles[k], found.relief[k]) == (("treaty" in chosen), 0.5 * ("treaty" in chosen))
        np.testing.assert_allclose(found.guarantee[k], np.array([0, 0.3, 0.8]) * ("both" in chosen))
        gives = found.gives[:, found.line[k]]
        np.testing.assert_array_equal(gives[0], [chosen[0] != "held", 0])
        np.testing.assert_array_equal(gives[1], [0, chosen[0] == "swap"])
    assert found.gives.shape == (2, 3, 2)
    assert (found.neutral == 0).all()


def test_land_is_demilitarised_where_it_is_kept_and_never_where_it_is_given(bargained):
    bare = issue("arms", "free", {"id": "bare", "lands": {"coast": DEMILITARISED, "hills": DEMILITARISED}})
    for issues in ((LINE, bare), (bare, LINE)):
        found = draw_up(bargained(*issues), LANDS)
        assert not (found.neutral * found.gives[::-1]).any()
        for k in range(len(found)):
            chosen = set(found.named(k).split("."))
            neutral, gives = found.neutral[:, found.line[k]], found.gives[:, found.line[k]]
            kept = 1 - gives[::-1]
            np.testing.assert_array_equal(neutral, kept * ("bare" in chosen))


def test_one_side_alone_may_have_to_leave_its_part_of_a_land_bare(bargained):
    fates = {"blue": f"Blue-{DEMILITARISED}", "amber": f"Amber-{DEMILITARISED}", "both": DEMILITARISED}
    options = [{"id": name, "lands": {"coast": fate}} for name, fate in fates.items()]
    found = draw_up(bargained(issue("arms", "free", *options)), LANDS)
    bare = {found.named(k): found.neutral[:, found.line[k], 0].tolist() for k in range(len(found))}
    assert bare == {"free": [0, 0], "blue": [1, 0], "amber": [0, 1], "both": [1, 1]}
    assert (found.neutral[:, :, 1] == 0).all()


def test_packages_that_award_land_alike_share_a_line(bargained):
    found = draw_up(bargained(ZONE, LINE, PEACE), LANDS)
    by_line = {found.named(k).split(".")[1]: set() for k in range(len(found))}
    for k in range(len(found)):
        by_line[found.named(k).split(".")[1]].add(int(found.line[k]))
    assert all(len(lines) == 1 for lines in by_line.values())
    assert len(set.union(*by_line.values())) == 3


def test_options_that_exclude_or_need_each_other_meet_as_they_say(bargained):
    first = issue("first", "a", {"id": "b", "excludes": ["second-c"]}, {"id": "x", "needs": ["second-d", "third-f"]})
    found = draw_up(bargained(first, issue("second", "c", "d"), issue("third", "e", "f")), LANDS)
    allowed = {
        ".".join(each)
        for each in itertools.product("abx", "cd", "ef")
        if not (each[0] == "b" and each[1] == "c") and not (each[0] == "x" and each[1] == "c" and each[2] == "e")
    }
    assert {found.named(k) for k in range(len(found))} == allowed


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"lands": {"coats": "Blue"}}, "names land 'coats'; did you mean 'coast'"),
        ({"lands": {"coast": "Bleu"}}, "names fate 'Bleu'; did you mean 'Blue'"),
        ({"guarantees": {"Pearl": 0.5}}, "names patron 'Pearl'"),
        ({"excludes": ["zone-narrow"]}, "names option 'zone-narrow'"),
        ({"needs": ["port-open"]}, "names option 'port-open'"),
        ({"needs": ["odd-none"]}, "names option 'odd-none'"),
        ({"excludes": ["odd-it"]}, "names option 'odd-it'"),
    ],
    ids=["land", "fate", "patron", "excluded", "rider", "own issue", "itself"],
)
def test_an_option_that_names_what_cannot_be_is_refused_by_name(option, message, bargained):
    odd = issue("odd", "none", {"id": "it", **option})
    with pytest.raises(ScenarioError) as caught:
        draw_up(bargained(odd, ZONE, issue("port", "shut", "open", rider=True)), LANDS)
    assert message in str(caught.value)
    assert "odd-it" in str(caught.value)
    assert "there are" in str(caught.value)


def test_a_package_that_gives_a_land_to_both_sides_is_refused_unless_a_rule_forbids_it(bargained):
    back = {"id": "back", "lands": {"coast": "Amber"}}
    with pytest.raises(ScenarioError, match=r"line-coast and other-back give land coast to different sides"):
        draw_up(bargained(LINE, issue("other", "none", back)), LANDS)
    rule = {"excludes": ["line-coast", "line-swap"]}
    found = draw_up(bargained(LINE, issue("other", "none", back | rule)), LANDS)
    assert len(found) == 4
    again = draw_up(bargained(LINE, issue("other", "none", {"id": "too", "lands": {"coast": "Blue"}})), LANDS)
    assert len(again) == 6


def test_nothing_to_agree_and_far_too_much_are_refused(bargained):
    with pytest.raises(ScenarioError, match="every issue is a rider"):
        draw_up(bargained(issue("port", "shut", "open", rider=True)), LANDS)
    never = issue("never", {"id": "a", "excludes": ["zone-none", "zone-wide"]})
    with pytest.raises(ScenarioError, match="0 packages"):
        draw_up(bargained(never, ZONE), LANDS)
    many = [issue(f"many{k}", *(f"o{n}" for n in range(9))) for k in range(4)]
    with pytest.raises(ScenarioError, match="6,561 packages"):
        draw_up(bargained(*many), LANDS)
    more = [issue(f"more{k}", *(f"o{n}" for n in range(12))) for k in range(7)]
    with pytest.raises(ScenarioError, match="more than 10,000,000 ways"):
        draw_up(bargained(*more), LANDS)


def test_an_unknown_package_is_named_with_one_that_there_is(bargained):
    found = draw_up(bargained(LINE, ZONE), LANDS)
    with pytest.raises(ScenarioError, match=r"no package 'held\.wid'; did you mean 'held\.wide'"):
        found.find("held.wid")


def test_a_war_without_issues_has_the_plain_agenda(invented_scenario, invented_theatre):
    war = invented_scenario.war.model_copy(update={"issues": (), "lands": ()})
    found = draw_up(war, lands_of_axes(war, invented_theatre))
    assert len(found) == 8
    assert found.lands.id == invented_theatre.axes
    assert [issue.id for issue in found.issues] == ["line", "zone", "guarantees", "sequence"]
    assert (found.gives == 0).all()
    assert set(found.guarantee.sum(axis=0)) == {4 * agenda.PLAIN_GUARANTEE}
    alone = war.model_copy(update={"patrons": ()})
    assert len(draw_up(alone, lands_of_axes(alone, invented_theatre))) == 4
    assert not any(issue.rider or issue.territorial for issue in plain_issues(war))


def test_lands_of_axes_cover_each_axis_once(invented_scenario, invented_theatre):
    found = lands_of_axes(invented_scenario.war.model_copy(update={"lands": ()}), invented_theatre)
    np.testing.assert_allclose(found.whole.sum(), invented_theatre.area.sum())
    for k, axis in enumerate(invented_theatre.axes):
        of_axis = invented_theatre.axis == invented_theatre.axes.index(axis)
        np.testing.assert_array_equal(found.row == k, of_axis)
        np.testing.assert_allclose(found.whole[k], invented_theatre.area[of_axis].sum())
    assert (found.behind == 0).all()


def test_lands_may_join_axes_and_leave_some_out_but_not_name_what_is_not_there(invented_scenario, invented_theatre):
    def of(*lands: Land) -> Lands:
        return lands_of_axes(invented_scenario.war.model_copy(update={"lands": lands}), invented_theatre)

    first, second, third = invented_theatre.axes
    found = of(Land(id="both", name="Both", axes=(first, third)))
    assert set(found.row[invented_theatre.axis == 1]) == {-1}
    np.testing.assert_allclose(found.whole, invented_theatre.area[invented_theatre.axis != 1].sum())
    with pytest.raises(ScenarioError, match=f"land odd names '{second}x'; did you mean '{second}'"):
        of(Land(id="odd", name="Odd", axes=(f"{second}x",)))
    with pytest.raises(ScenarioError, match="land early has no ground of its own"):
        of(Land(id="early", name="Early", axes=(first,)), Land(id="late", name="Late", axes=(first,)))


@pytest.fixture(scope="module")
def shipped():
    scenario = spec.load("alaska-2025-08")
    return open_war(scenario, Vintage(Store.open(None), scenario.opening))


def test_the_shipped_lands_are_as_large_as_their_oblasts_and_held_as_the_map_says(shipped):
    """Areas of oblasts: State Statistics Service of Ukraine; holdings of August 2025 within wide bounds."""
    lands = shipped.agenda.lands
    terms = ground_of(shipped).terms
    share = np.append(shipped.theatre.opening_share, 0.0)
    held = (np.asarray(terms.land_area) @ share + lands.behind) / lands.whole
    for oblast, km2, low, high in (("Donetsk", 26_517, 0.7, 0.85), ("Luhansk", 26_684, 0.98, 1.0)):
        k = lands.id.index(oblast)
        assert lands.whole[k] == pytest.approx(km2, rel=0.02)
        assert low < held[k] <= high
    in_theatre = np.asarray(terms.land_area).sum(axis=1)
    assert (in_theatre <= lands.whole * (1 + 1e-6)).all()
    assert (lands.behind <= lands.whole - (np.asarray(terms.land_area) * (1 - share)).sum(axis=1) + 1).all()


def test_the_shipped_agenda_is_of_a_size_that_can_be_weighed(shipped):
    assert 500 <= len(shipped.agenda) <= 2000
    names = [shipped.agenda.named(k) for k in range(len(shipped.agenda))]
    assert len(set(names)) == len(names)


def test_terms_for_the_model_keep_what_the_agenda_says(shipped):
    terms, told = ground_of(shipped).terms, shipped.agenda
    for name in ("issue", "package", "line", "gives", "neutral", "depth", "guarantee", "relief", "settles", "rider"):
        np.testing.assert_allclose(np.asarray(getattr(terms, name)), getattr(told, name), rtol=1e-6)
    assert terms.camp.shape == (2, len(shipped.labels["actor"]))
    assert (np.asarray(terms.camp)[:, :2] == np.eye(2)).all()
    assert terms.deadline[-1] == 0


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: issue("odd", "a", status_quo="b"), "none of its options"),
        (lambda: issue("odd", "a", "a"), "a"),
        (lambda: issue("odd", "a", {"id": "b", "relief": 0.5}, rider=True), "carry worth alone"),
        (lambda: Option(id="b", name="B", guarantees={"Coral": 1.5}), "from 0 to 1"),
        (lambda: Land(id="l", name="L"), "oblasts, or of axes"),
        (lambda: Land(id="l", name="L", axes=("a",), oblasts=("b",)), "oblasts, or of axes"),
        (lambda: Voice(id="v", name="V", kind="public"), "name the side"),
        (lambda: Deadline(on="2042-01-01", announced="2042-02-01", source="told"), "which is after it"),
        (lambda: Option(id="two-parts", name="B"), "pattern"),
    ],
)
def test_what_makes_no_sense_in_a_file_is_refused(made, message):
    with pytest.raises(ValidationError, match=message):
        made()


def test_deadlines_press_in_the_month_before_if_they_were_known(invented_scenario, invented_theatre):
    opening = invented_scenario.opening
    short = dataclasses.replace(invented_theatre, share=invented_theatre.share[-6:], dates=invented_theatre.dates[-6:])

    def weeks(known: int) -> list[int]:
        days = [(after, min(known, after)) for after in (3, 40, 80, -10)]
        days = [tuple(opening + dt.timedelta(days=day) for day in pair) for pair in days]
        set_ = tuple(Deadline(on=on, announced=announced, source="invented") for on, announced in days)
        war = invented_scenario.war.model_copy(update={"deadlines": set_})
        told = invented_scenario.model_copy(update={"war": war})
        start = from_record(told, short, claims={0: {}, 1: {}}, area=np.ones(3), evidence_hash="invented")
        assert start.deadline[-1] == 0
        return np.flatnonzero(start.deadline).tolist()

    assert weeks(known=-20) == [0, 2, 3, 4, 5, 8, 9, 10, 11]
    assert weeks(known=0) == weeks(known=-20)
    assert weeks(known=1) == []
