"""The zone of agreement: what opens it and what closes it, and that what would bring a package in does so."""

from __future__ import annotations

import dataclasses
import json
import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceasefire.evidence.error import CeasefireError
from ceasefire.scenario import decree
from ceasefire.scenario import start as starts
from ceasefire.simulate.run import CHUNK, Engine
from ceasefire.study import negotiation, zone
from ceasefire.study.negotiation import Sitting, sit_down
from ceasefire.study.zone import Zone, of_start, shortfalls, smallest, weighted_mean
from ceasefire.view import zone as view

from .test_terms import opened, territorial

RUNS, SEED = 64, 3
HARD = "resolve.least=+0.3"
"""Both ask for so much more that no package is inside in most draws."""
AS_IT_IS = (
    "resolve.least=+0",
    "resolve.cost=x1",
    "talks.pressure=x1",
    "beliefs.mean=+0",
    "patrons.credible=x1",
)
"""Decrees that change nothing, so that one program serves whatever is decreed here."""


def weighed(start: starts.Start, *lines: str, runs: int = RUNS) -> Sitting:
    """A start at the table, as decreed."""
    return sit_down(start, runs=runs, seed=SEED, do=negotiation.decreed(start, [*AS_IT_IS, *lines]))


@pytest.fixture(scope="module")
def divided(invented_scenario, invented_theatre) -> starts.Start:
    return opened(territorial(invented_scenario), invented_theatre)


@pytest.fixture(scope="module")
def sitting(divided):
    return partial(weighed, divided)


@pytest.fixture(scope="module")
def plain(sitting) -> Sitting:
    return sitting()


@pytest.fixture(scope="module")
def easy(divided) -> Zone:
    return of_start(divided, runs=RUNS, seed=SEED)


@pytest.fixture(scope="module")
def hard(divided) -> Zone:
    return of_start(divided, runs=RUNS, seed=SEED, do=negotiation.decreed(divided, [*AS_IT_IS, HARD]))


# ---------------------------------------------------------------------------------------------------------- the table


def test_the_table_is_that_of_the_first_week_of_war(invented_war):
    """With what a week of losses does to the burden left out, both say the same to the last digits."""
    quiet = [f"resolve.{name}_cost=0" for name in ("loss", "stress", "strain", "hardship", "wish")]
    quiet += ["preferences.concession_effect=0", "beliefs.power=0.3"]
    schedule = decree.schedule(invented_war, 13, quiet)
    names = ("resolve.fighting_on", "resolve.least", "bargaining.zone", "bargaining.surplus")
    (fought,) = Engine(invented_war, weeks=13, seed=SEED, keep=names).chunks(0, CHUNK, (schedule,))
    seated = sit_down(invented_war, runs=CHUNK, seed=SEED, do=negotiation.decreed(invented_war, quiet))
    best = seated.smaller.argmax(axis=0)
    said = {
        "resolve.fighting_on": seated.table.where.fighting_on,
        "resolve.least": seated.table.where.least,
        "bargaining.zone": seated.smaller.max(axis=0),
        "bargaining.surplus": np.take_along_axis(seated.surplus, best[None, None], axis=1)[:, 0],
    }
    for name, values in said.items():
        assert fought.series[name][0] == pytest.approx(np.asarray(values), abs=2e-5), name


def test_a_draw_is_the_same_whichever_others_are_drawn(plain, sitting):
    fewer = sitting(runs=CHUNK + 5)
    assert fewer.runs == CHUNK + 5
    assert np.array_equal(fewer.surplus, plain.surplus[..., : CHUNK + 5])


def test_a_decree_that_changes_nothing_is_no_decree(divided, plain, easy):
    assert easy.width == zone.Band.of(plain.smaller.max(axis=0))
    still = negotiation.undone(negotiation.decreed(divided, [*AS_IT_IS, HARD]))
    assert np.array_equal(sit_down(divided, runs=RUNS, seed=SEED, do=still).surplus, plain.surplus)


def test_one_package_alone_is_weighed_as_among_others(plain):
    for package in (0, 17, 40):
        only, terms = plain.alone(package)
        nothing = zone.eased("payment", (True, True), 0.0)
        again = np.asarray(negotiation.again(only, terms, plain.do, nothing))[0]
        assert again == pytest.approx(plain.smaller[package], abs=1e-6)


def test_options_are_liked_as_packages_that_differ_in_them_alone(plain):
    """What a land is worth by itself, times its weight, is what a package gains by it."""
    agenda, now = plain.start.agenda, plain.table
    held, given_ = (agenda.find(f"{option}.held.none.ceasefire.none") for option in ("held", "all"))
    options = [agenda.label.index(f"south-{option}") for option in ("held", "all")]
    gain = now.appraisal.worth[:, given_] - now.appraisal.worth[:, held]
    liking = now.liking[:2, options[1]] - now.liking[:2, options[0]]
    assert now.salience[:2, 0] * liking == pytest.approx(gain, abs=1e-5)
    assert (liking[0] > 0).all()
    assert (liking[1] < 0).all()


# ------------------------------------------------------------------------------------------------- what moves the zone


def test_a_side_for_which_war_costs_more_accepts_less(plain, sitting):
    dear = sitting("resolve.cost[Blue]=x3")
    assert (dear.table.where.least[0] <= plain.table.where.least[0] + 1e-6).all()
    assert np.array_equal(dear.table.where.least[1], plain.table.where.least[1])
    assert (dear.smaller.max(axis=0) >= plain.smaller.max(axis=0) - 1e-4).all()
    assert dear.smaller.max(axis=0).mean() > plain.smaller.max(axis=0).mean()


def test_confidence_narrows_the_zone(plain, sitting):
    proud = sitting("beliefs.mean[Blue]=+0.5")
    assert (proud.table.where.fighting_on[0] >= plain.table.where.fighting_on[0] - 1e-6).all()
    assert proud.smaller.max(axis=0).mean() < plain.smaller.max(axis=0).mean()


def test_pressure_adds_exactly_its_penalty(plain, sitting):
    pressed = sitting("talks.pressure[Amber]=x2")
    gain = pressed.surplus[1] - plain.surplus[1]
    same = np.asarray(pressed.table.offer.bundle == plain.table.offer.bundle)
    penalty = np.broadcast_to(np.asarray(plain.table.reserve.penalty[1]), same.shape)
    assert gain[same] == pytest.approx(penalty[same], abs=1e-5)


def test_trust_in_guarantees_makes_guaranteed_packages_last(plain, sitting):
    firm = sitting("patrons.credible[Coral]=x1.5")
    breaks, before = np.asarray(firm.table.breaks), np.asarray(plain.table.breaks)
    promised = plain.start.agenda.guarantee.any(axis=1)
    assert (breaks[promised] < before[promised]).all()
    assert np.array_equal(breaks[~promised], before[~promised])


def test_what_is_decreed_is_told_beside_what_was(easy, hard):
    assert easy.before is None
    assert hard.before is not None
    assert hard.before.open == easy.open
    assert hard.before.width == easy.width
    assert hard.open.share <= easy.open.share
    assert hard.width.mid == pytest.approx(easy.width.mid - 0.3, abs=1e-4)


# ------------------------------------------------------------------------------------------------------- the answer


def test_packages_are_those_inside_most_often_first(plain, easy):
    agenda, inside = plain.start.agenda, (plain.smaller >= 0).mean(axis=1)
    assert [package.rank for package in easy.packages] == list(range(1, len(easy.packages) + 1))
    told = [package.inside.share for package in easy.packages]
    assert told == sorted(told, reverse=True)
    assert told[0] == inside.max()
    for package in easy.packages:
        at = agenda.find(package.id)
        assert package.inside.share == inside[at] >= zone.LEAST_SHARE
        assert package.inside.low <= package.inside.share <= package.inside.high
        assert sum(package.binds.values()) == pytest.approx(1)
        assert 0 < package.holds_a_year < 1
        assert [one.issue for one in package.riders] == ["debts"]
    assert len({package.id for package in easy.packages}) == len(easy.packages)
    assert easy.packages_inside == (inside >= zone.LEAST_SHARE).sum()
    assert easy.packages_likely == (inside >= 0.5).sum()
    assert easy.packages_weighed == len(agenda)


def test_a_zone_is_open_where_some_package_is_inside(plain, easy):
    assert easy.open.share == (plain.smaller >= 0).any(axis=0).mean()
    assert easy.open.share >= easy.packages[0].inside.share


def test_near_misses_are_out_in_most_draws_and_one_of_each_line(hard):
    assert hard.near_misses
    short = [miss.package.short for miss in hard.near_misses]
    assert short == sorted(short)
    assert short[0] > 0
    for miss in hard.near_misses:
        assert miss.package.inside.share < 0.5
    lines = [tuple(miss.package.line.km2_to.values()) for miss in hard.near_misses]
    calm = [miss.package.line.km2_demilitarised for miss in hard.near_misses]
    assert len(set(zip(lines, calm, strict=True))) == len(lines)


def test_each_way_that_is_told_does_what_it_says(divided, hard):
    """Decreed as told it brings the package inside in half of the draws; a little less of it does not."""
    written = {
        "cost": lambda side, size: f"resolve.cost[{side}]=x{math.exp(size):.9f}",
        "pressure": lambda side, size: f"talks.pressure[{side}]=x{2**size:.9f}",
        "payment": lambda side, size: f"resolve.least[{side}]=+{-size:.9f}".replace("+-", "-"),
    }
    told = [(miss, way) for miss in hard.near_misses for way in miss.ways if way.kind in written and way.enough]
    kinds = {way.kind: (miss, way) for miss, way in told}
    assert "payment" in kinds
    for miss, way in kinds.values():
        at = divided.agenda.find(miss.package.id)
        assert way.inside >= 0.5
        for size, enough in ((way.size * 1.001 + 1e-5, True), (way.size * 0.98 - 1e-3, False)):
            seated = weighed(divided, HARD, *(written[way.kind](side, size) for side in way.sides))
            assert bool((seated.smaller[at] >= 0).mean() >= 0.5) is enough, (way, size)


def test_a_payment_to_both_is_what_the_package_is_short_of(hard):
    for miss in hard.near_misses:
        (both,) = [way for way in miss.ways if way.kind == "payment" and len(way.sides) == 2]
        assert both.size == pytest.approx(miss.package.short, abs=2e-3)


def test_the_option_told_is_the_best_of_all_that_are_one_step_away(divided, hard):
    seated = weighed(divided, HARD)
    agenda, short = divided.agenda, shortfalls(seated.smaller)
    for miss in hard.near_misses:
        taken = set(agenda.package[agenda.find(miss.package.id)])
        near = [k for k in range(len(agenda)) if len(taken & set(agenda.package[k])) == agenda.package.shape[1] - 1]
        best = min(near, key=lambda k: short[k])
        told = [way for way in miss.ways if way.kind == "option"]
        if short[best] >= miss.package.short:
            assert not told
        else:
            assert told[0].inside == (seated.smaller[best] >= 0).mean()


def test_sides_want_opposite_things_of_land(easy):
    wish = next(wish for wish in easy.wishes if wish.issue == "south")
    assert wish.apart
    assert wish.option["Blue"].option == "all"
    assert wish.option["Amber"].option != "all"


def test_the_status_quo_is_what_stands_less_what_is_asked(plain, easy):
    surplus = np.asarray(plain.table.appraisal.standing - plain.table.where.least)
    assert easy.status_quo.inside.share == (surplus >= 0).all(axis=0).mean()
    assert easy.status_quo.surplus["Blue"].mid == pytest.approx(np.median(surplus[0]))


# ---------------------------------------------------------------------------------------------------------- its parts


@given(st.lists(st.floats(-1, 1, width=32), min_size=2, max_size=41))
def test_short_is_the_least_that_brings_half_inside(values):
    smaller = np.array([values])
    (short,) = shortfalls(smaller)
    assert (smaller + short >= 0).mean() >= 0.5
    assert (smaller + (short - 1e-6) >= 0).mean() < 0.5 or -short in values
    assert (short > 0) == ((smaller >= 0).mean() < 0.5)


@given(st.floats(0.01, 0.99), st.floats(1, 5))
def test_the_smallest_size_is_found(threshold, most):
    size, share = smallest(lambda size: 0.7 if size >= threshold * most else 0.2, most)
    assert share == 0.7
    assert size == pytest.approx(threshold * most, abs=most / 8 / 2**zone.HALVINGS)


def test_no_size_is_told_where_none_is_enough():
    assert smallest(lambda size: 0.1 + 0.1 * size, 2.0) == (None, pytest.approx(0.3))


def test_the_mean_position_on_car_emissions():
    """Capability × salience weighted mean of ten states: 7.389956 (Scholz, Calbert and Smith 2011)."""
    capability = [8, 8, 3, 16, 16, 16, 16, 5, 5, 8]
    position = np.array([4, 7, 4, 4, 10, 10, 10, 7, 4, 7])
    salience = [80, 40, 20, 80, 60, 60, 90, 10, 100, 70]
    scale = np.arange(11) / 10
    states = (position[:, None] == np.arange(11)).astype(float)
    liking = np.vstack([scale, 1 - scale, states])[..., None]
    weights = [np.array([0.0, 0.0, *numbers])[:, None] for numbers in (capability, salience)]
    mean, nearest = weighted_mean(*weights, liking)
    assert 10 * mean == pytest.approx(7.389956, abs=1e-6)
    assert nearest == 7


def test_nobody_who_cares_means_the_middle():
    none = np.zeros((3, 2))
    mean, _ = weighted_mean(none, none, np.random.default_rng(1).random((3, 4, 2)))
    assert (mean == 0.5).all()


# ------------------------------------------------------------------------------------------------------ JSON and text


def test_the_answer_is_json_without_holes(easy, hard):
    for found in (easy, hard):
        told = json.loads(zone.to_json(found))
        assert {"packages", "near_misses", "open", "stances", "wishes", "means", "status_quo"} <= set(told)
        assert "NaN" not in zone.to_json(found)
        for package in told["packages"]:
            assert {"id", "rank", "options", "inside", "surplus", "binds", "holds_a_year", "line"} <= set(package)
    assert [miss["package"]["id"] for miss in told["near_misses"]] == [miss.package.id for miss in hard.near_misses]


def test_the_text_names_every_package_and_side(hard):
    told = view.text(hard)
    for package in (*hard.packages, *(miss.package for miss in hard.near_misses)):
        assert package.id in told
    assert "Blue Federation" in told
    assert HARD in told
    assert all(letter.isprintable() or letter == "\n" for letter in told)


def test_where_values_come_from_is_told(divided, easy):
    fitted = dataclasses.replace(
        easy, values="fitted for something", stances=tuple(dataclasses.replace(s, beyond=0.4) for s in easy.stances)
    )
    assert "law of forts" in easy.values
    assert "40% of the draws" in view.text(fitted)
    assert "outside the wars" not in view.text(easy)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("manpower.recruitment=x0.5", "ceasefire whatif"),
        ("bargaining.zone=1", "acts through weeks of war"),
        ("resolve.costs=x2", "resolve.cost"),
        ("resolve.cost[Green]=x2", "Green"),
    ],
)
def test_what_cannot_act_on_the_day_is_refused(divided, line, said):
    with pytest.raises(CeasefireError, match=said):
        negotiation.decreed(divided, [line])


@pytest.mark.parametrize(("runs", "top"), [(1, 5), (zone.MOST_RUNS + 1, 5), (64, 0)])
def test_numbers_that_make_no_sense_are_refused(runs, top):
    with pytest.raises(CeasefireError, match="asked for"):
        zone.check(runs, 1, top)
