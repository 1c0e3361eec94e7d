"""Terms on a map: ground is conserved, nothing moves unasked, and lines, zones and files are what they say."""

from __future__ import annotations

import dataclasses
import itertools
import json

import numpy as np
import pytest
import shapely
from pyproj import Geod

from ceasefire.scenario import agenda as agendas
from ceasefire.scenario import start as starts
from ceasefire.scenario.spec import Issue, Land, Option, ScenarioError, Voice
from ceasefire.study import terms as study
from ceasefire.study.terms import Terms, of_start, transfers

WIDE = "all.to_amber.km8.ceasefire.none"
HELD = "held.held.none.ceasefire.none"


def territorial(scenario, *, issues=()):
    """The invented scenario with lands to bargain over."""
    issues = issues or (
        Issue(
            id="south",
            name="The south",
            status_quo="held",
            options=(
                Option(id="held", name="As held"),
                Option(id="all", name="All to Blue", lands={"south": "Blue"}),
                Option(id="calm", name="Without arms", lands={"south": "demilitarised"}),
            ),
        ),
        Issue(
            id="north",
            name="The north",
            status_quo="held",
            options=(
                Option(id="held", name="As held"),
                Option(id="to_amber", name="All to Amber", lands={"north": "Amber"}),
            ),
        ),
        Issue(
            id="zone",
            name="Zone",
            status_quo="none",
            options=(Option(id="none", name="None"), Option(id="km8", name="8 km", depth_km=8)),
        ),
        Issue(
            id="sequence",
            name="Sequence",
            status_quo="ceasefire",
            options=(Option(id="ceasefire", name="Ceasefire"), Option(id="treaty", name="Treaty", settles=True)),
        ),
        Issue(
            id="guarantees",
            name="Guarantees",
            status_quo="none",
            options=(Option(id="none", name="None"), Option(id="coral", name="By Coral", guarantees={"Coral": 0.8})),
        ),
        Issue(
            id="debts",
            name="Debts",
            rider=True,
            status_quo="kept",
            options=(Option(id="kept", name="Kept"), Option(id="waived", name="Waived")),
        ),
    )
    lands = (Land(id="south", name="The south", axes=("south",)), Land(id="north", name="The north", axes=("north",)))
    voices = (
        Voice(id="people", name="People of Amber", kind="public", of="Amber"),
        Voice(id="broker", name="The broker", kind="mediator"),
    )
    values = tuple(value for value in scenario.war.value if not value.name.startswith("preferences."))
    war = scenario.war.model_copy(update={"lands": lands, "issues": issues, "voices": voices, "value": values})
    return scenario.model_copy(update={"war": war})


def opened(scenario, theatre):
    """A war opened on the invented theatre, of whose losses nobody claims anything."""
    return starts.from_record(
        scenario, theatre, claims={0: {}, 1: {}}, area=np.full(len(theatre.axes), 1000.0), evidence_hash="invented"
    )


@pytest.fixture(scope="module")
def divided(invented_scenario, invented_theatre) -> starts.Start:
    return opened(territorial(invented_scenario), invented_theatre)


@pytest.fixture(scope="module")
def wide(divided) -> Terms:
    return of_start(divided, WIDE)


def behind(start: starts.Start) -> starts.Start:
    """The same war, with as much land again behind the theatre, a third of it the first side's."""
    lands = start.agenda.lands
    more = dataclasses.replace(lands, whole=2 * lands.whole, behind=lands.whole / 3)
    return dataclasses.replace(start, agenda=dataclasses.replace(start.agenda, lands=more))


# ----------------------------------------------------------------------------------------------------------- ground


@pytest.mark.parametrize("outside", [False, True])
def test_what_comes_goes_and_stays_adds_up(divided, outside):
    start = behind(divided) if outside else divided
    agenda, theatre = start.agenda, start.theatre
    moved = transfers(agenda, theatre)
    share = theatre.opening_share.astype(float)
    for land in range(len(agenda.lands.id)):
        mine = agenda.lands.row == land
        first = (theatre.area * share)[mine].sum() + agenda.lands.behind[land]
        second = agenda.lands.whole[land] - first
        assert moved.first[:, land] == pytest.approx(first + moved.km2[0, :, land] - moved.km2[1, :, land])
        assert (moved.km2[0, :, land] <= second + 1e-6).all()
        assert (moved.km2[1, :, land] <= first + 1e-6).all()
        people = theatre.population[mine].sum()
        given = (theatre.population * (1 - share))[mine].sum()
        assert np.unique(moved.people[0, :, land].round(6)) == pytest.approx([0, given] if land == 0 else [0])
        assert given < people
    assert (moved.behind <= moved.km2 + 1e-9).all()
    assert bool(moved.behind.sum() > 1e-6) == outside


def test_as_held_moves_nothing(divided):
    held = of_start(divided, HELD)
    assert not held.of_kind("change")
    assert not held.of_kind("zone")
    assert held.totals["km2_to"] == {"Blue": 0, "Amber": 0}
    agenda = divided.agenda
    same = study.share_after(agenda, divided.theatre, agenda.find(HELD))
    assert np.array_equal(same, divided.theatre.opening_share.astype(float))


def test_all_to_a_side_leaves_none_of_it_to_the_other(divided):
    agenda, theatre = divided.agenda, divided.theatre
    share = study.share_after(agenda, theatre, agenda.find(WIDE))
    south, north = (agenda.lands.row == land for land in (0, 1))
    assert (share[south] == 1).all()
    assert (share[north] == 0).all()
    assert np.array_equal(share[~south & ~north], theatre.opening_share[~south & ~north].astype(float))


def test_demilitarised_land_is_what_each_side_is_left_with(divided):
    calm = of_start(divided, "calm.held.none.ceasefire.none")
    south = divided.agenda.lands.whole[0]
    parts = {feature.told["side"]: feature.told["km2"] for feature in calm.of_kind("demilitarised")}
    assert set(parts) == {"Blue", "Amber"}
    assert sum(parts.values()) == pytest.approx(south)
    assert not calm.of_kind("change")


# ---------------------------------------------------------------------------------------------------------- geometry


def test_the_line_is_where_the_two_parts_touch(divided, wide):
    agenda, theatre = divided.agenda, divided.theatre
    first = study.share_after(agenda, theatre, agenda.find(WIDE)) >= 0.5
    both = [shapely.coverage_union_all(study.Outlines.of(theatre.cell[part]).polygons()) for part in (first, ~first)]
    touching = shapely.intersection(*(part.boundary for part in both))
    (line,) = wide.of_kind("line")
    assert shapely.is_valid(line.shape)
    assert shapely.symmetric_difference(touching, line.shape).length == pytest.approx(0, abs=1e-9)
    assert line.told["km"] == pytest.approx(Geod(ellps="WGS84").geometry_length(line.shape) / 1000)


def test_a_land_that_is_all_of_one_side_has_no_line(divided):
    line = study.line_between(divided.theatre, np.ones(len(divided.theatre), bool))
    assert line.is_empty


def test_the_zone_lies_within_half_its_depth_of_the_line(divided, wide):
    (zone,), (line,) = wide.of_kind("zone"), wide.of_kind("line")
    geod = Geod(ellps="WGS84")
    for east, north in shapely.get_coordinates(zone.shape)[::7]:
        (there, _) = shapely.get_coordinates(shapely.shortest_line(line.shape, shapely.Point(east, north)))
        assert geod.inv(east, north, *there)[2] <= 4000 * 1.04  # nearest in degrees is not quite nearest in km
    assert shapely.covers(shapely.buffer(zone.shape, 1e-7), line.shape)


def test_a_deeper_zone_holds_more_and_the_deepest_the_whole_theatre(divided, wide):
    theatre, line = divided.theatre, wide.of_kind("line")[0].shape
    strips = [study.strip(theatre, line, half) for half in (1.0, 4.0, 9.0, 200.0)]
    for narrow, broad in itertools.pairwise(strips):
        assert narrow.km2 < broad.km2
        assert narrow.people < broad.people
        assert shapely.covers(shapely.buffer(broad.shape, 1e-6), narrow.shape)
    assert strips[-1].km2 == pytest.approx(theatre.area.sum())
    assert strips[-1].people == pytest.approx(theatre.population.sum())
    assert strips[0].km2 == pytest.approx(2 * wide.of_kind("line")[0].told["km"], rel=0.35)


def test_cells_that_change_hands_cover_what_they_are_said_to(divided, wide):
    """Drawn are whole cells; km² go by shares, which along the old line are parts of cells."""
    for change in wide.of_kind("change"):
        area = abs(Geod(ellps="WGS84").geometry_area_perimeter(change.shape)[0])
        assert area / 1e6 == pytest.approx(change.told["km2"], rel=0.05)
        assert shapely.is_valid(change.shape)


def test_what_lies_outside_the_theatre_is_told_and_not_drawn(divided, wide):
    beyond = of_start(behind(divided), WIDE)
    for near, far in zip(wide.of_kind("change"), beyond.of_kind("change"), strict=True):
        assert near.shape.equals(far.shape)
        outside = far.told["km2_outside_theatre"]
        assert outside > 0
        assert far.told["km2"] == pytest.approx(near.told["km2"] + outside)
        assert far.told["people"] == near.told["people"]


# --------------------------------------------------------------------------------------------------------------- file


@pytest.mark.parametrize("package", [HELD, WIDE, "calm.to_amber.km8.treaty.coral"])
def test_the_file_is_geojson(divided, package):
    told = json.loads(study.to_geojson(of_start(divided, package)))
    assert told["type"] == "FeatureCollection"
    assert told["properties"]["package"] == package
    assert [option["issue"] for option in told["properties"]["options"]] == [
        issue.id for issue in divided.agenda.issues if not issue.rider
    ]
    for feature in told["features"]:
        assert feature["type"] == "Feature"
        assert feature["properties"]["package"] == package
        shape = shapely.geometry.shape(feature["geometry"])
        assert shapely.is_valid(shape)
        west, south, east, north = shape.bounds
        assert 19.5 < west < east < 20.5
        assert 14.5 < south < north < 15.5
        for part in getattr(shape, "geoms", [shape]):
            assert part.geom_type == "LineString" or part.exterior.is_ccw
    kinds = [feature["properties"]["kind"] for feature in told["features"]]
    assert kinds[0] == "line"
    assert ("zone" in kinds) == ("km8" in package)


def test_a_package_that_is_not_there_is_refused_with_the_nearest(divided):
    with pytest.raises(ScenarioError, match=r"no package 'held\.held\.nome.*did you mean .*held\.held\.none"):
        of_start(divided, "held.held.nome.ceasefire.none")


def test_every_package_has_a_name_of_its_own_and_is_found_by_it(divided):
    agenda: agendas.Agenda = divided.agenda
    names = [agenda.named(k) for k in range(len(agenda))]
    assert len(set(names)) == len(names) == 3 * 2 * 2 * 2 * 2
    assert [agenda.find(name) for name in names] == list(range(len(agenda)))
