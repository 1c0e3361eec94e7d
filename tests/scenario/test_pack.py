"""Packs: an opening knows nothing later than its day, one law reads all facts, and nonsense in a file is named."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import numpy as np
import pytest

from ceasefire.scenario import pack
from ceasefire.scenario.pack import BESIDE, EARNEST, FORTS, GIVEN_UP, USUAL_LOSSES, WORTH, Opening, Pack
from ceasefire.scenario.spec import ScenarioError

START, END = dt.date(2040, 1, 1), dt.date(2042, 1, 1)
DATED = ("held", "force", "loss", "table", "stance", "change")
ENDS = {"korea": "1953-07-27", "winter-war": "1940-03-12", "iran-iraq": "1988-08-20", "badme": "2000-06-18"}
SHARES = (0.25, 0.5, 0.75)


def after(weeks: float) -> dt.date:
    return START + dt.timedelta(weeks=weeks)


def fact(week: float, **told: Any) -> dict[str, Any]:
    return {"on": after(week), "source": "invented", **told}


def option(name: str, weeks: float = 0, **told: Any) -> dict[str, Any]:
    return {"id": name, "name": name, "since": after(weeks), **told}


def document() -> dict[str, Any]:
    """A war of two sides over two lands, five forts long each."""
    return {
        "id": "invented",
        "title": "Invented War",
        "started": START,
        "end": [{"name": "Truce", "on": END, "source": "invented"}],
        "sides": [{"id": "A", "name": "Amber"}, {"id": "B", "name": "Blue"}],
        "voices": [{"id": "ally", "name": "Ally", "kind": "patron", "of": "A"}],
        "lands": [
            {"id": "near", "name": "Near", "forts": 5.0, "km2": 5000},
            {"id": "far", "name": "Far", "forts": 5.0, "km2": 5000},
        ],
        "issues": [
            {
                "id": "line",
                "name": "Line",
                "status_quo": "held",
                "options": [option("held"), option("ante", lands={"near": "A", "far": "B"})],
            },
            {
                "id": "zone",
                "name": "Zone",
                "status_quo": "none",
                "options": [option("none"), option("wide", 30, depth_km=10)],
            },
            {
                "id": "rulers",
                "name": "Rulers",
                "status_quo": "stay",
                "options": [option("stay"), option("go"), option("share")],
            },
        ],
        "held": [
            fact(0, share={"near": 1.0, "far": 0.0}),
            fact(20, share={"near": 0.6}),
            fact(40, share={"near": 0.8}),
        ],
        "force": [fact(0, side="A", persons=1000), fact(0, side="B", persons=2000)],
        "loss": [fact(30, side="B", casualties=40, weeks=2)],
        "table": [fact(25, talking=True), fact(35, talking=True, agreed=True), fact(50, talking=False)],
        "stance": [
            fact(5, actor="A", of="rulers-go", says="demands"),
            fact(6, actor="B", of="rulers-go", says="refuses"),
            fact(7, actor="B", of="near", says="drops"),
            fact(45, actor="A", of="rulers-share", says="accepts"),
        ],
        "change": [fact(28, side="B", due=after(60))],
        "deadlines": [{"on": after(48), "announced": after(33), "source": "invented"}],
    }


@pytest.fixture
def war() -> Pack:
    return pack.parse(document(), "invented")


def told(opening: Opening) -> dict[str, Any]:
    """Everything that an opening says, as bits and words."""
    plain = {}
    for part in (opening, opening.agenda, opening.agenda.lands):
        for field in dataclasses.fields(part):
            value = getattr(part, field.name)
            name = f"{type(part).__name__}.{field.name}"
            plain[name] = value.tobytes() if isinstance(value, np.ndarray) else repr(value)
    return {name: value for name, value in plain.items() if name not in ("Opening.agenda", "Agenda.lands")}


def with_another_future(war: Pack, day: dt.date) -> Pack:
    """The same war to a day; whatever comes later is otherwise, and more comes."""
    later = war.model_dump()
    for kind in DATED:
        later[kind] = [row for row in later[kind] if row["on"] <= day]
    morrow, side = day + dt.timedelta(days=1), war.sides[0].id
    options = [f"{issue.id}-{option.id}" for issue in war.issues for option in issue.options]
    more = {"on": morrow, "source": "invented"}
    later["held"] += [{**more, "share": {land.id: 0.5 for land in war.lands}}]
    later["force"] += [{**more, "side": side, "persons": 12345.0}]
    later["loss"] += [{**more, "side": side, "casualties": 54321.0, "weeks": 1.0}]
    later["table"] += [{**more, "talking": True, "agreed": True}]
    later["stance"] += [{**more, "actor": side, "of": of, "says": "demands"} for of in options]
    later["stance"] += [{**more, "actor": side, "of": land.id, "says": "drops"} for land in war.lands]
    later["change"] += [{**more, "side": side, "due": morrow + dt.timedelta(weeks=9)}]
    later["deadlines"] = [row for row in later["deadlines"] if row["announced"] <= day]
    later["deadlines"] += [{"on": morrow + dt.timedelta(weeks=9), "announced": morrow, "source": "invented"}]
    later["end"] = [{**more, "name": "Another", "on": morrow, "terms": ()}]
    known = set(told_options(war, day))
    for issue in later["issues"]:
        for entry in issue["options"]:
            if f"{issue['id']}-{entry['id']}" not in known:
                entry["since"], entry["name"] = morrow, "Another"
    return pack.parse(later, war.id)


def told_options(war: Pack, day: dt.date) -> list[str]:
    return [f"{issue.id}-{entry.id}" for issue in war.issues for entry in issue.options if entry.since <= day]


# Only what was known


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("name", sorted(ENDS))
def test_an_opening_does_not_depend_on_what_came_later(name, share):
    war = pack.load(name)
    day = war.day_at(share)
    other = with_another_future(war, day)
    assert other.facts != war.facts
    assert told(pack.opened(other, day)) == told(pack.opened(war, day))


def test_a_fact_counts_from_its_day_on(war):
    assert pack.opened(war, after(20)).held.tolist() == [0.6, 0.0]
    assert pack.opened(war, after(20) - dt.timedelta(days=1)).held.tolist() == [1.0, 0.0]


def test_what_came_later_matters_once_it_has_come(war):
    day = after(10)
    other = with_another_future(war, day)
    morrow = other.model_copy(update={"end": war.end})
    known = told(pack.opened(morrow, day + dt.timedelta(days=1)))
    otherwise = told(pack.opened(war, day + dt.timedelta(days=1)))
    parts = ("held", "persons", "losses", "talking", "land_factor", "priors", "change", "deadline")
    assert all(known[f"Opening.{part}"] != otherwise[f"Opening.{part}"] for part in parts)


def test_options_are_on_the_table_from_the_day_on_which_they_were_raised(war):
    assert "zone-wide" in pack.opened(war, after(30)).agenda.label
    early = pack.opened(war, after(29)).agenda
    assert [issue.id for issue in early.issues] == ["line", "rulers"]
    assert len(early) == 2 * 3


# The shipped packs


@pytest.mark.parametrize("name", sorted(ENDS))
def test_shipped_packs_end_on_their_days_and_open_at_every_share(name):
    war = pack.load(name)
    assert str(war.ended) == ENDS[name]
    for share in SHARES:
        opening = pack.opened(war, war.day_at(share))
        assert opening.age_months * 30.4375 == pytest.approx(share * (war.ended - war.started).days, abs=1)
        assert opening.size.sum() == pytest.approx(FORTS)
        assert len(opening.agenda) >= 4


def test_the_treaty_of_algiers_came_half_a_year_after_the_ceasefire():
    assert [str(end.on) for end in pack.load("badme").end] == ["2000-06-18", "2000-12-12"]


def test_the_terms_of_the_armistice_were_on_the_table_in_korea_before_it():
    korea = pack.load("korea")
    for share, raised in ((0.25, False), (0.5, True), (0.75, True)):
        label = pack.opened(korea, korea.day_at(share)).agenda.label
        assert (set(korea.end[0].terms) <= set(label)) == raised


def test_every_fact_is_dated_within_its_war_or_the_day_of_its_end():
    for name in pack.packs():
        war = pack.load(name)
        assert all(war.started <= row.on <= war.ended for row in war.facts)


# How facts are read


def test_ground_taken_lately_is_counted_in_forts_on_both_sides(war):
    taken, weeks = pack.taken_lately(war, after(45))
    assert taken.tolist() == pytest.approx([1.0, 2.0])
    assert weeks == 45
    taken, weeks = pack.taken_lately(war, after(80))
    assert taken.tolist() == pytest.approx([1.0, 0.0])
    assert weeks == 52


def test_gains_and_losses_in_different_lands_do_not_cancel():
    both = document()
    both["held"].append(fact(41, share={"near": 0.6, "far": 0.2}))
    taken, _ = pack.taken_lately(pack.parse(both, "invented"), after(45))
    assert taken.tolist() == pytest.approx([2.0, 3.0])


def test_what_actors_say_sets_what_options_are_worth(war):
    opening = pack.opened(war, after(10))
    said = {(at, prior) for name, at, prior in opening.priors if name == "preferences.worth"}
    stay, go, share = (opening.agenda.label.index(f"rulers-{name}") for name in ("stay", "go", "share"))
    assert said == {
        ((0, go), WORTH["demands"]),
        ((0, stay), BESIDE),
        ((0, share), BESIDE),
        ((1, go), WORTH["refuses"]),
    }
    later = {at: prior for name, at, prior in pack.opened(war, after(46)).priors if name == "preferences.worth"}
    place = pack.opened(war, after(46)).agenda.label.index
    assert later[0, place("rulers-share")] == WORTH["accepts"]
    assert later[0, place("rulers-stay")] == BESIDE


def test_lands_weigh_as_much_as_all_other_issues_but_for_those_given_up(war):
    factor = pack.opened(war, after(31)).land_factor
    assert factor[0].sum() == pytest.approx(2.0)
    assert factor[1].tolist() == pytest.approx([GIVEN_UP, 1.0])


def test_losses_are_relative_to_the_usual_and_only_late_ones_count(war):
    assert pack.opened(war, after(31)).losses.tolist() == pytest.approx([0.0, np.log(20 / 2000 / USUAL_LOSSES)])
    assert pack.opened(war, after(83)).losses.tolist() == [0.0, 0.0]


def test_talks_stand_as_last_told_and_look_earnest_after_an_agreement(war):
    states = [(pack.opened(war, after(w)).talking, earnest(war, w)) for w in (10, 30, 36, 55)]
    assert states == [(0.0, False), (1.0, False), (1.0, True), (0.0, False)]


def earnest(war: Pack, weeks: float) -> bool:
    return ("talks.earnest_opening", (), EARNEST) in pack.opened(war, after(weeks)).priors


def test_announced_departures_and_deadlines_fall_into_their_weeks(war):
    opening = pack.opened(war, after(40))
    assert np.argwhere(opening.change).tolist() == [[1, 19]]
    assert np.flatnonzero(opening.deadline).tolist() == [4, 5, 6, 7]
    assert not pack.opened(war, after(27)).change.any()
    assert not pack.opened(war, after(32)).deadline.any()


def test_strengths_count_only_where_both_are_known():
    one = document()
    one["force"] = one["force"][:1]
    opening = pack.opened(pack.parse(one, "invented"), after(35))
    assert opening.persons.tolist() == [1.0, 1.0]
    assert not opening.losses.any()


# What is refused


def broken(**changes: Any) -> dict[str, Any]:
    return {**document(), **changes}


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"lands": document()["lands"][:1]}, "10 are needed"),
        ({"held": [fact(0, share={"near": 1.0})]}, "every land"),
        ({"held": [fact(1, share={"near": 1.0, "far": 0.0})]}, "every land"),
        ({"held": [fact(0, share={"near": 1.5, "far": 0.0})]}, "from 0 to 1"),
        ({"force": [fact(0, side="C", persons=5)]}, "'C' is no side"),
        ({"stance": [fact(0, actor="A", of="rulers-gone", says="demands")]}, "did you mean 'rulers-go'"),
        ({"started": END}, "not after its start"),
        ({"oddity": 1}, "oddity"),
    ],
)
def test_nonsense_is_refused_with_its_place(changes, text):
    with pytest.raises(ScenarioError, match=text):
        pack.parse(broken(**changes), "invented")


def test_what_stands_without_agreement_cannot_be_raised_late():
    late = document()
    late["issues"][2]["options"][0] = option("stay", 4)
    with pytest.raises(ScenarioError, match="from the start"):
        pack.parse(late, "invented")


@pytest.mark.parametrize("day", [START - dt.timedelta(days=1), END])
def test_a_war_opens_only_while_it_is_fought(war, day):
    with pytest.raises(ScenarioError, match="cannot open"):
        pack.opened(war, day)


def test_an_unknown_pack_is_named_with_its_neighbours():
    with pytest.raises(ScenarioError, match="did you mean 'korea'"):
        pack.load("corea")
