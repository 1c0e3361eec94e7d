"""What is on the map: known distances, first dates, shares, rings, roads; and statements about them, true and false."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ceasefire.evidence.check import bank, ground, roads
from ceasefire.evidence.check.atlas import Atlas, open_arc
from ceasefire.evidence.check.holding import turns
from ceasefire.evidence.check.record import Record
from ceasefire.evidence.check.region import ANNEXED, DONBAS, region
from ceasefire.evidence.check.words import spoken, straight
from ceasefire.evidence.claim import Claim, Verdict
from ceasefire.evidence.gazetteer import bearing_deg, distance_km


@pytest.fixture(scope="module")
def record() -> Record:
    return Record.open()


@pytest.fixture(scope="module")
def atlas(record: Record) -> Atlas:
    return Atlas.of(record)


def stated(span: str, subject: str, as_of: str, quantity: str = "town_control", **more: object) -> Claim:
    kind = "event" if more.get("unit") is None else "stock"
    return Claim(
        **{"id": "c", "doc": "d", "kind": kind, **more}, span=span, subject=subject, as_of=as_of, quantity=quantity
    )


def verdict(record: Record, span: str, subject: str, as_of: str, quantity: str = "town_control", **more: object) -> str:
    found = ground.examine(stated(span, subject, as_of, quantity, **more), record)
    return "none" if found is None else found.verdict


# The maps


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Toretsk", "2025-01-18"),
        ("Chasiv Yar", "2025-05-17"),
        ("Pokrovsk south", "2025-11-01"),
        ("Pokrovsk", "2025-11-22"),
        ("Pokrovsk north", "2026-01-03"),
        ("Siversk", "2025-12-13"),
        ("Myrnohrad", "2026-01-03"),
    ],
)
def test_first_map_of_control(record: Record, atlas: Atlas, name: str, first: str) -> None:
    town = record.gazetteer.find(name)
    assert [str(atlas.dates[at]) for at in turns(atlas, town, "RU")] == [first]


@pytest.mark.parametrize("name", ["Kramatorsk", "Sloviansk", "Kostiantynivka", "Dobropillia", "Lyman"])
def test_never_held(record: Record, atlas: Atlas, name: str) -> None:
    assert not atlas.held(record.gazetteer.find(name)).any()


def test_area_of_each_sector_agrees_with_the_polygons(record: Record, atlas: Atlas) -> None:
    for key in atlas.sector_keys:
        series = record.series(f"area.{key}")
        assert series is not None
        cells = atlas.within_sector(key)
        land = atlas.land_km2(cells)
        for index in (0, 40, len(atlas.dates) - 1):
            assert abs(atlas.occupied_km2(cells, index) - series.values[index]) / land < 0.01


def test_cells_of_the_country_sum_to_the_mapped_total(record: Record, atlas: Atlas) -> None:
    series = record.series("area.total")
    everywhere = np.ones(len(atlas.cells), dtype=np.bool_)
    for index in (0, 57, len(atlas.dates) - 1):
        assert atlas.occupied_km2(everywhere, index) == pytest.approx(series.values[index], rel=1e-3)


def test_shares_of_oblasts(atlas: Atlas) -> None:
    index = atlas.upto(np.datetime64("2025-08-09"))

    def share(*names: str) -> float:
        cells = atlas.within(names)
        return 100 * atlas.occupied_km2(cells, index) / atlas.land_km2(cells)

    assert 98.6 <= share("Luhansk") <= 99.7
    assert 73.5 <= share("Donetsk") <= 75.5
    assert share("Crimea") == pytest.approx(100, abs=0.5)
    assert share("Poltava") == 0
    assert min(share("Luhansk"), share("Donetsk")) < share(*DONBAS.oblasts) < max(share("Luhansk"), share("Donetsk"))


def test_net_change_is_gross_gain_less_gross_loss(record: Record, atlas: Atlas) -> None:
    everywhere = np.ones(len(atlas.cells), dtype=np.bool_)
    taken, given = atlas.gained_km2(everywhere, 30, 50)
    change = atlas.occupied_km2(everywhere, 50) - atlas.occupied_km2(everywhere, 30)
    assert taken >= 0
    assert given >= 0
    assert taken - given == pytest.approx(change, abs=0.01)


def test_distance_to_the_line_moves_with_the_line(record: Record, atlas: Atlas) -> None:
    town = record.gazetteer.find("Pokrovsk")
    point = (town.latitude, town.longitude)
    far = [
        atlas.to_side(point, atlas.upto(np.datetime64(day)), "RU") for day in ("2024-07-13", "2024-11-02", "2025-08-09")
    ]
    assert far[0] > far[1] > far[2]
    assert far[2] == pytest.approx(5.1, abs=1.0)
    assert far[1] == pytest.approx(10.2, abs=1.0)


def test_a_ring_of_ground_closes_every_bearing(record: Record, atlas: Atlas) -> None:
    deep = record.gazetteer.find("Donetsk")
    near = atlas.around((deep.latitude, deep.longitude), len(atlas.dates) - 1, 15.0)
    assert near.closed("RU", 15.0).all()
    assert open_arc(near.closed("RU", 15.0)) == 0
    assert not near.closed("UA", 15.0).any()
    assert open_arc(near.closed("UA", 15.0)) == 360


@pytest.mark.parametrize(
    ("closed", "gap"), [([1, 1, 0, 0], 180.0), ([0, 1, 1, 0], 180.0), ([0, 1, 0, 1], 90.0), ([0, 0, 0, 1], 270.0)]
)
def test_widest_gap_runs_over_north(closed: list[int], gap: float) -> None:
    assert open_arc(np.array(closed, dtype=np.bool_)) == gap


def test_banks_of_the_river(record: Record, atlas: Atlas) -> None:
    left = bank.cells(record, atlas, "left")
    for name, side in [
        ("Kherson", False), ("Oleshky", True), ("Nova Kakhovka", True), ("Nikopol", False), ("Enerhodar", True),
        ("Berdiansk", True), ("Kryvyi Rih", False), ("Melitopol", True), ("Mykolaiv", False), ("Kharkiv", True),
    ]:  # fmt: skip
        town = record.gazetteer.find(name)
        nearest = np.argmin((atlas.cells.latitude - town.latitude) ** 2 + (atlas.cells.longitude - town.longitude) ** 2)
        assert bool(left[nearest]) is side, name


# Distances and bearings


@pytest.mark.parametrize(
    ("start", "end"),
    [("Kramatorsk", "Sloviansk"), ("Pokrovsk", "Kostiantynivka"), ("Kyiv", "Moscow"), ("Sumy", "Kherson")],
)
def test_stated_distance_is_measured(record: Record, start: str, end: str) -> None:
    first, second = record.gazetteer.find(start), record.gazetteer.find(end)
    km = distance_km((first.latitude, first.longitude), (second.latitude, second.longitude))
    for factor, expected in ((1.0, "confirmed"), (0.97, "confirmed"), (1.15, "imprecise"), (2.0, "contradicted")):
        said = f"{start} lies {km * factor:.0f} km from {end}"
        found = ground.examine(stated(said, start, "2025-08-01", "distance", unit="km", value=km * factor), record)
        assert found is not None, said
        assert found.verdict == expected, (said, found)
        assert abs(found.record[0].value - km) <= 0.1


def test_bearings_in_degrees_and_words(record: Record) -> None:
    first, second = record.gazetteer.find("Sumy"), record.gazetteer.find("Kharkiv")
    deg = bearing_deg((second.latitude, second.longitude), (first.latitude, first.longitude))
    for off, expected in ((0, "confirmed"), (2, "confirmed"), (15, "imprecise"), (90, "contradicted")):
        claim = stated(
            "bearing of Sumy from Kharkiv",
            "Sumy",
            "undated",
            "bearing",
            unit="deg",
            value=deg + off,
            places=("Sumy", "Kharkiv"),
        )
        assert ground.examine(claim, record).verdict == expected
    assert (
        verdict(record, "Sumy is north-west of Kharkiv", "Sumy", "undated", "direction", kind="location") == "confirmed"
    )
    assert (
        verdict(record, "Sumy is south-east of Kharkiv", "Sumy", "undated", "direction", kind="location")
        == "contradicted"
    )


def test_right_distance_in_the_wrong_direction_is_contradicted(record: Record) -> None:
    said = {"quantity": "distance", "unit": "km", "value": 13.4, "kind": "location"}
    assert verdict(record, "Kramatorsk lies 13 km south of Sloviansk", "Kramatorsk", "undated", **said) == "confirmed"
    assert (
        verdict(record, "Kramatorsk lies 13 km north of Sloviansk", "Kramatorsk", "undated", **said) == "contradicted"
    )


def test_distances_to_line_and_border(record: Record) -> None:
    say = {"quantity": "distance", "unit": "km", "kind": "location"}
    assert (
        verdict(
            record, "Russian lines are 10 km from Kostiantynivka", "Kostiantynivka", "2025-08-12", value=10.0, **say
        )
        == "confirmed"
    )
    assert (
        verdict(
            record, "Russian lines are 40 km from Kostiantynivka", "Kostiantynivka", "2025-08-12", value=40.0, **say
        )
        == "contradicted"
    )
    assert (
        verdict(record, "Sumy is 28 km from the Russian border", "Sumy", "2025-08-12", value=28.0, **say) == "confirmed"
    )
    assert (
        verdict(record, "Kharkiv is 90 km from the Russian border", "Kharkiv", "2025-08-12", value=90.0, **say)
        == "contradicted"
    )


def test_a_range_or_an_advance_is_no_distance_between_places(record: Record) -> None:
    for said in ("missiles with a range of 300 km", "the front line is 1,200 km long", "Russian troops advanced 12 km"):
        assert verdict(record, said, "Pokrovsk", "2025-08-12", "reach", unit="km", value=300.0) == "none"


# Who held what


@pytest.mark.parametrize(
    ("span", "town", "as_of", "expected"),
    [
        ("Russian forces captured Vuhledar", "Vuhledar", "2024-10-14", "confirmed"),
        ("Vuhledar has fallen", "Vuhledar", "2024-10-14", "confirmed"),
        ("Vuhledar was taken by Russian troops", "Vuhledar", "2024-10-14", "confirmed"),
        ("Ukraine lost Vuhledar", "Vuhledar", "2024-10-14", "confirmed"),
        ("Ukrainian troops withdrew from Vuhledar", "Vuhledar", "2024-10-14", "confirmed"),
        ("Russia has not taken Vuhledar", "Vuhledar", "2025-02-14", "contradicted"),
        ("Vuhledar remains in Ukrainian hands", "Vuhledar", "2025-02-14", "contradicted"),
        ("Ukraine no longer holds Vuhledar", "Vuhledar", "2025-02-14", "confirmed"),
        ("Ukraine liberated Vuhledar", "Vuhledar", "2025-02-14", "contradicted"),
        ("Russian forces captured Siversk", "Siversk", "2025-11-24", "imprecise"),
        ("Russian forces captured Siversk", "Siversk", "2025-11-08", "contradicted"),
        ("Russian forces captured Siversk", "Siversk", "2025-03-20", "contradicted"),
        ("Russia controls Kramatorsk", "Kramatorsk", "2025-12-20", "contradicted"),
        ("Kramatorsk is still held by Ukraine", "Kramatorsk", "2025-12-20", "confirmed"),
        ("Russia has failed to capture Kramatorsk", "Kramatorsk", "2025-12-20", "confirmed"),
        ("Russian-occupied Melitopol", "Melitopol", "2025-12-20", "confirmed"),
        ("the Ukrainian-held city of Zaporizhzhia", "Zaporizhzhia", "2025-12-20", "confirmed"),
        ("Toretsk is contested", "Toretsk", "2024-12-10", "confirmed"),
        ("Sloviansk is contested", "Sloviansk", "2024-12-10", "contradicted"),
        ("Russian troops have entered Toretsk", "Toretsk", "2024-12-10", "confirmed"),
        ("Russian troops have entered Lyman", "Lyman", "2024-12-10", "contradicted"),
        ("Russia has fully cleared Chasiv Yar", "Chasiv Yar", "2025-08-12", "imprecise"),
    ],
)  # fmt: skip
def test_control_statements(record: Record, span: str, town: str, as_of: str, expected: str) -> None:
    assert verdict(record, span, town, as_of) == expected


@pytest.mark.parametrize("stated_holder", [None, "RU", "UA"])
def test_negation_is_read_whichever_holder_is_named(record: Record, stated_holder: str | None) -> None:
    more = {"negated": True, "value_text": stated_holder}
    assert verdict(record, "Russia has not captured Lyman", "Lyman", "2025-12-10", **more) == "confirmed"


@pytest.mark.parametrize(
    "span",
    [
        "Russia wants to capture Kramatorsk", "Russian troops are advancing on Kramatorsk", "if Kramatorsk is captured",
        "Russia could seize Kramatorsk", "the campaign to take Kramatorsk",
    ],
)  # fmt: skip
def test_prospects_state_no_control(span: str) -> None:
    assert spoken(straight(span)) is None


def test_one_sided_claim_of_a_town_that_is_partly_held_is_contested(record: Record) -> None:
    claim = {"source_side": "RU", "attributed_to": "Russian Defence Ministry"}
    assert verdict(record, "Kupiansk has been captured", "Kupiansk", "2025-11-22", **claim) == "contested"
    assert verdict(record, "Kupiansk has been captured", "Kupiansk", "2025-11-22") == "contradicted"


def test_every_town_is_judged_by_its_own_map(record: Record, atlas: Atlas) -> None:
    """What a map shows whole is confirmed for that side and contradicted for the other, wherever it is."""
    index = 60
    day = str(atlas.dates[index])
    checked = 0
    for town in record.geography.places[::9]:
        if town.country != "UA" or town.kind == "region" or town.name not in {town.name}:
            continue
        held = atlas.held(town)
        if not (held[index - 3 : index + 10].all() or not held[index - 3 : index + 10].any()):
            continue
        if atlas.disc(town)[index : index + 2].max() > 0.0 and atlas.disc(town)[index : index + 2].min() < 1.0:
            continue
        if record.gazetteer.find(town.name) != town:
            continue
        ours, theirs = ("RU", "UA") if held[index] else ("UA", "RU")
        assert verdict(record, town.name, town.name, day, value_text=ours) == "confirmed", town
        assert verdict(record, town.name, town.name, day, value_text=theirs) == "contradicted", town
        checked += 1
    assert checked > 80


@pytest.mark.parametrize(
    ("span", "town", "as_of", "expected"),
    [
        ("Velyka Novosilka fell in January 2025", "Velyka Novosilka", "2025-01", "confirmed"),
        ("Velyka Novosilka fell in March 2025", "Velyka Novosilka", "2025-03", "imprecise"),
        ("Velyka Novosilka fell in September 2025", "Velyka Novosilka", "2025-09", "contradicted"),
        ("Avdiivka fell in September 2025", "Avdiivka", "2025-09", "contradicted"),
        ("Avdiivka fell in February 2024", "Avdiivka", "2024-02", "unverified"),
        ("Lyman fell in September 2025", "Lyman", "2025-09", "contradicted"),
    ],
)
def test_dates_of_capture(record: Record, span: str, town: str, as_of: str, expected: str) -> None:
    assert verdict(record, span, town, as_of, "capture_date", unit="date") == expected


def test_places_off_the_maps_are_unverified(record: Record) -> None:
    assert verdict(record, "Ukraine captured Sudzha", "Sudzha", "2024-09-01") == "unverified"
    assert verdict(record, "Russia captured Bakhmut", "Bakhmut", "2023-05-21") == "unverified"
    assert verdict(record, "Russia captured Bakhmut", "Bakhmut", "2030-05-21") == "unverified"


def test_later_maps_are_shown_apart(record: Record) -> None:
    found = ground.examine(stated("Russian forces captured Siversk", "Siversk", "2025-11-24"), record)
    assert [item.later for item in found.record] == [False, True]
    assert [item.date for item in found.record] == ["2025-11-22", "2025-12-13"]
    published = dataclasses.replace(
        stated("Russian forces captured Siversk", "Siversk", "2025-11-24"), published="2026-02-01"
    )
    assert not any(item.later for item in ground.examine(published, record).record)


def test_banks_are_judged_apart(record: Record) -> None:
    oblast = {"places": ("Kherson oblast",), "kind": "location"}
    assert (
        verdict(record, "the Russian-occupied east bank", "Kherson oblast (east bank)", "2025-08-12", **oblast)
        == "confirmed"
    )
    assert (
        verdict(record, "the Ukrainian-held west bank", "Kherson oblast (west bank)", "2025-08-12", **oblast)
        == "confirmed"
    )
    assert (
        verdict(record, "the Ukrainian-held east bank", "Kherson oblast (east bank)", "2025-08-12", **oblast)
        == "contradicted"
    )


# Shares and areas


@pytest.mark.parametrize(
    ("span", "value", "expected"),
    [
        ("Russia controls about three quarters of Donetsk oblast", 75, "confirmed"),
        ("Ukraine still holds about a quarter of Donetsk oblast", 25, "confirmed"),
        ("Russia controls a quarter of Donetsk oblast", 25, "conflated"),
        ("Russia holds 87 percent of Donetsk oblast", 87, "conflated"),
        ("Russia holds 50 percent of Donetsk oblast", 50, "contradicted"),
        ("Russia fully controls Donetsk oblast", 100, "contradicted"),
    ],
)
def test_shares(record: Record, span: str, value: float, expected: str) -> None:
    more = {"unit": "percent", "value": float(value), "kind": "location", "system": "geography"}
    assert verdict(record, span, "Donetsk oblast", "2025-08-12", "territory_control_share", **more) == expected


@pytest.mark.parametrize(
    ("span", "value", "qualifier", "expected"),
    [
        ("Russia occupies a fifth of Ukraine", 20, "fraction", "confirmed"),
        ("Russia occupies 12 percent of Ukraine", 12, "exact", "conflated"),
        ("Russia occupies 35 percent of Ukraine", 35, "exact", "contradicted"),
        ("Russia has occupied 12 percent of Ukraine since February 2022", 12, "about", "confirmed"),
    ],
)
def test_shares_of_the_country(record: Record, span: str, value: float, qualifier: str, expected: str) -> None:
    more = {"unit": "percent", "value": float(value), "kind": "location", "system": "geography", "qualifier": qualifier}
    assert verdict(record, span, "Ukraine", "2025-08-12", "territory_control_share", **more) == expected


def test_a_share_of_opinion_is_no_share_of_ground(record: Record) -> None:
    said = "60 percent of Ukrainians would hold on to all territory"
    assert verdict(record, said, "Ukraine", "2025-08-12", "opinion_share", unit="percent", value=60.0) == "none"


def test_areas_agree_with_the_series(record: Record) -> None:
    total = record.series("area.total")
    end = int(np.searchsorted(total.dates, np.datetime64("2025-08-09")))
    daily = float(total.values[end] - total.values[end - 4]) / 28
    say = {"kind": "flow", "system": "battle"}
    for factor, expected in ((1.0, "confirmed"), (1.15, "imprecise"), (3.0, "contradicted")):
        found = verdict(
            record,
            "Russia gains ground",
            "Russia",
            "2025-07-13/2025-08-09",
            "area_taken",
            unit="km2/day",
            value=factor * daily,
            **say,
        )
        assert found == expected, factor
    whole = float(total.values[end])
    say = {"kind": "stock", "system": "geography", "unit": "km2"}
    assert (
        verdict(
            record, "Russia controls this much of Ukraine", "Ukraine", "2025-08-09", "occupied_area", value=whole, **say
        )
        == "confirmed"
    )
    since = whole - 43_760
    assert (
        verdict(
            record, "Russia controls this much of Ukraine", "Ukraine", "2025-08-09", "occupied_area", value=since, **say
        )
        == "conflated"
    )


def test_ground_taken_as_a_share_of_the_country(record: Record) -> None:
    say = {"unit": "percent", "kind": "flow", "system": "battle", "qualifier": "less_than"}
    words = "the ground that Russia took is less than this share of Ukraine"
    assert verdict(record, words, "Ukraine", "2025", "territory_control_share", value=1.0, **say) == "confirmed"
    assert verdict(record, words, "Ukraine", "2025", "territory_control_share", value=0.1, **say) == "contradicted"


def test_ground_abroad_is_not_on_the_maps(record: Record) -> None:
    say = {"quantity": "occupied_area", "unit": "km2", "value": 1300.0, "kind": "stock"}
    assert verdict(record, "Ukraine holds 1,300 km2 of the Kursk region", "Kursk oblast", "2024-09-08", **say) == "none"


def test_gain_of_another_month_is_conflated(record: Record, atlas: Atlas) -> None:
    total = record.series("area.total")
    days = total.dates.astype(np.int64)

    def at(day: str) -> float:
        return float(np.interp(np.datetime64(day).astype(int), days, total.values))

    august, september = at("2025-08-31") - at("2025-07-31"), at("2025-09-30") - at("2025-08-31")
    assert august / september > 1.3
    say = {"unit": "km2", "kind": "flow", "system": "battle", "value": august}
    assert (
        verdict(record, "Russia captured this much in August", "Russia", "2025-08", "area_taken", **say) == "confirmed"
    )
    assert (
        verdict(record, "Russia captured this much in September", "Russia", "2025-09", "area_taken", **say)
        == "conflated"
    )


# Rings, axes, roads


@pytest.mark.parametrize(
    ("span", "town", "as_of", "expected"),
    [
        ("Pokrovsk is encircled", "Pokrovsk", "2025-08-12", "contradicted"),
        ("Pokrovsk is not encircled", "Pokrovsk", "2025-08-12", "confirmed"),
        ("Pokrovsk is semi-encircled", "Pokrovsk", "2025-10-12", "confirmed"),
        ("Kramatorsk is semi-encircled", "Kramatorsk", "2025-10-12", "contradicted"),
        ("Kurakhove is nearly surrounded", "Kurakhove", "2024-12-14", "confirmed"),
        ("Kurakhove is surrounded", "Kurakhove", "2024-12-14", "imprecise"),
        ("Kramatorsk is nearly surrounded", "Kramatorsk", "2025-12-14", "contradicted"),
    ],
)
def test_rings(record: Record, span: str, town: str, as_of: str, expected: str) -> None:
    assert verdict(record, span, town, as_of, "encirclement_status", kind="location") == expected


def test_wholly_encircled_allows_no_gap(record: Record) -> None:
    for words, expected in (
        ("Myrnohrad is encircled", "imprecise"),
        ("Myrnohrad is completely encircled", "contradicted"),
    ):
        assert verdict(record, words, "Myrnohrad", "2025-11-17", "encirclement_status", kind="location") == expected


def test_closed_share_of_the_compass_and_the_open_side(record: Record) -> None:
    say = {"quantity": "encirclement_share", "unit": "percent", "kind": "location"}
    words = "Russian ground closes this much of the compass around Pokrovsk within 20 km"
    town = record.gazetteer.find("Pokrovsk")
    atlas = Atlas.of(record)
    near = atlas.around((town.latitude, town.longitude), atlas.upto(np.datetime64("2025-11-15")), 20.0)
    share = 100.0 * float(near.closed("RU", 20.0).mean())
    for value, expected in ((share, "confirmed"), (0.85 * share, "imprecise"), (0.4 * share, "contradicted")):
        assert verdict(record, words, "Pokrovsk", "2025-11-15", value=value, **say) == expected
    side = {"quantity": "bearing", "kind": "location"}
    assert verdict(record, "the open side is to the north-west", "Pokrovsk", "2025-11-15", **side) == "confirmed"
    assert verdict(record, "the open side is to the south-east", "Pokrovsk", "2025-11-15", **side) == "contradicted"


def test_axes(record: Record) -> None:
    say = {"quantity": "axis_of_advance", "kind": "location"}
    assert (
        verdict(record, "attacks on Kramatorsk from all directions", "Kramatorsk", "2025-08-12", **say)
        == "contradicted"
    )
    assert verdict(record, "attacks on Kramatorsk from the east", "Kramatorsk", "2025-08-12", **say) == "confirmed"
    assert verdict(record, "attacks on Kramatorsk from the west", "Kramatorsk", "2025-08-12", **say) == "contradicted"


def test_roads(record: Record) -> None:
    say = {"quantity": "road_status"}
    assert (
        verdict(record, "cut the road from Pokrovsk to Kostiantynivka", "Pokrovsk", "2025-08-12", **say) == "confirmed"
    )
    assert (
        verdict(record, "cut the road from Kramatorsk to Sloviansk", "Kramatorsk", "2025-08-12", **say)
        == "contradicted"
    )
    both = {**say, "places": ("Kramatorsk", "Kostiantynivka", "Pokrovsk")}
    assert verdict(record, "cut the roads that join these towns", "roads", "2025-08-12", **both) == "imprecise"


def test_routes_share_no_road_and_join_their_ends(record: Record) -> None:
    routes = roads.main_routes("Kramatorsk", "Pokrovsk", record)
    assert len(routes) >= 2
    used = [edge for route in routes for edge in route.edges]
    assert len(used) == len(set(used))
    for route in routes:
        assert {route.name.split("–")[0], route.name.split("–")[-1]} == {"Kramatorsk", "Pokrovsk"}
        assert route.km == pytest.approx(sum(edge.km for edge in route.edges))
    assert [route.km for route in routes] == sorted(route.km for route in routes)


# The line and what is behind it


def test_trends(record: Record) -> None:
    say = {"quantity": "advance_trend", "kind": "rate"}
    assert (
        verdict(record, "Russian troops are closing in on Huliaipole", "Huliaipole", "2025-12-12", **say) == "confirmed"
    )
    assert verdict(record, "Russian troops are closing in on Orikhiv", "Orikhiv", "2025-03-12", **say) == "contradicted"
    assert verdict(record, "the Russian advance is slowing", "Russia", "2026-01-31", **say) == "confirmed"
    assert verdict(record, "the Russian advance is accelerating", "Russia", "2026-01-31", **say) == "contradicted"


def test_fastest_and_rising(record: Record) -> None:
    total = record.series("area.total")
    paces = (total.values[4:] - total.values[:-4]) / 28
    best = int(np.argmax(paces)) + 4
    day = str(total.dates[best])
    say = {"quantity": "advance_trend", "kind": "rate"}
    assert verdict(record, "the fastest pace since July", "Russia", f"2024-07-13/{day}", **say) == "confirmed"
    assert verdict(record, "the fastest pace since 2024", "Russia", "2024-07-13/2026-01-31", **say) == "contradicted"
    assert verdict(record, "with the pace rising since July", "Russia", "2025-07/2025-09", **say) == "contradicted"


def test_belt_and_heights(record: Record) -> None:
    broken = {"quantity": "defensive_line_status"}
    assert verdict(record, "the fortress belt has been broken", "Ukraine", "2025-12-12", **broken) == "contradicted"
    assert verdict(record, "the fortress belt has not been broken", "Ukraine", "2025-12-12", **broken) == "confirmed"
    above = {"quantity": "terrain_dominance", "kind": "location"}
    assert (
        verdict(record, "the heights of Chasiv Yar above Kostiantynivka", "Chasiv Yar", "2025-08-12", **above)
        == "confirmed"
    )
    assert (
        verdict(record, "the heights of Kostiantynivka above Chasiv Yar", "Kostiantynivka", "2025-08-12", **above)
        == "contradicted"
    )


def test_people(record: Record) -> None:
    say = {"quantity": "population", "unit": "persons", "kind": "stock"}
    towns = ("Kramatorsk", "Sloviansk")
    both = sum(record.gazetteer.find(name).population for name in towns)
    assert (
        verdict(
            record, "with a combined population of", "two cities", "undated", value=float(both), places=towns, **say
        )
        == "confirmed"
    )
    assert (
        verdict(record, "with a combined population of", "two cities", "undated", value=0.8 * both, places=towns, **say)
        == "imprecise"
    )
    assert verdict(record, "residents remain in Kramatorsk", "Kramatorsk", "undated", value=50_000.0, **say) == "none"


# Names


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("Luhansk", "russia holds luhansk", None),
        ("Luhansk", "the province of luhansk", "Luhansk oblast"),
        ("Luhansk oblast", "", "Luhansk oblast"),
        ("Donetsk", "a quarter of donetsk", "Donetsk oblast"),
        ("Donbass", "", "Donbas"),
        ("the Crimean peninsula", "", "Crimea with Sevastopol"),
        ("Kramatorsk", "all of kramatorsk", None),
        ("Atlantis", "", None),
    ],
)
def test_regions_and_cities_of_one_name(name: str, text: str, expected: str | None) -> None:
    found = region(name, text)
    assert (found.name if found else None) == expected


def test_a_verdict_names_its_source(record: Record) -> None:
    found = ground.examine(stated("Russia controls Kramatorsk", "Kramatorsk", "2025-12-20"), record)
    assert isinstance(found, Verdict)
    assert found.record
    assert all(item.source == "deepstatemap" and item.trust == "A" for item in found.record)
    assert all(item.published is not None and item.date is not None for item in found.record)
    assert "2025-12-20" in found.computation or "2025-12-2" in found.computation
    assert set(ANNEXED.oblasts) > set(DONBAS.oblasts)
