from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from invented import daily, square, strike, write_losses, write_map, write_table

from ceasefire.evidence import upstream as reading
from ceasefire.evidence.error import CeasefireError, EvidenceError
from ceasefire.evidence.upstream import File, read_folder


def quiet(message: str) -> None: ...


def read(folder: Path) -> reading.Upstream:
    return read_folder(folder, quiet)


def values(found: reading.Upstream, name: str) -> dict[str, float]:
    return {row.date: row.value for row in found.observations if row.name == name}


@pytest.mark.parametrize(
    ("text", "end"),
    [("2025", "2025-12-31"), ("2025-02", "2025-02-28"), ("2024-02", "2024-02-29"), ("2025-02-03", "2025-02-03")],
)
def test_an_interval_is_dated_by_its_end(text, end):
    assert reading.end_of_interval(text) == end


@pytest.mark.parametrize("text", ["", "2025-13", "2025-02-30", "1812-06-24", "25-02-03", "2025-2-3", "９999", "soon"])
def test_what_is_no_date_in_range_is_none(text):
    assert reading.end_of_interval(text) is None


def test_weeks_end_on_saturdays():
    assert [reading.week_end(day) for day in ("2025-03-01", "2025-03-02", "2025-03-07")] == [
        "2025-03-01",
        "2025-03-08",
        "2025-03-08",
    ]


def test_losses_are_cumulative_saturdays(tmp_path):
    write_losses(tmp_path, daily("2025-02-24", 14))
    assert values(read(tmp_path), "loss_claim.personnel") == {"2025-03-01": 1500, "2025-03-08": 2200}


def test_a_gap_stays_missing_and_warns(tmp_path):
    counts = daily("2025-02-24", 21)
    del counts["2025-03-08"], counts["2025-03-09"]
    write_losses(tmp_path, counts)
    found = read(tmp_path)
    assert set(values(found, "loss_claim.personnel")) == {"2025-03-01", "2025-03-15"}
    assert any("2025-03-08 to 2025-03-09" in warning and "gap" in warning for warning in found.warnings)


def test_a_negative_correction_warns_and_is_kept(tmp_path):
    counts = daily("2025-02-24", 14)
    counts["2025-03-08"] = 1
    write_losses(tmp_path, counts)
    found = read(tmp_path)
    assert values(found, "loss_claim.personnel")["2025-03-08"] == 1
    assert any("falls" in warning and "2025-03-08" in warning for warning in found.warnings)


def test_vehicles_are_one_item_before_and_after_the_merger(tmp_path):
    records = [
        {"date": "2022-04-30", "military auto": 100, "fuel tank": 7},
        {"date": "2022-05-07", "vehicles and fuel tanks": 120},
    ]
    (tmp_path / "russia_losses_equipment.json").write_text(json.dumps(records))
    assert values(read(tmp_path), "loss_claim.vehicles") == {"2022-04-30": 107, "2022-05-07": 120}


def test_the_same_day_twice_is_refused_only_where_figures_differ(tmp_path):
    path = tmp_path / "russia_losses_personnel.json"
    same = {"date": "2025-03-01", "personnel": 5}
    path.write_text(json.dumps([same, same]))
    assert any("twice" in warning for warning in read(tmp_path).warnings)
    path.write_text(json.dumps([same, {**same, "personnel": 6}]))
    with pytest.raises(EvidenceError, match=r"russia_losses_personnel.json, row 2: 2025-03-01 stands twice"):
        read(tmp_path)


def test_jammed_drones_are_added_only_before_they_were_counted_as_destroyed(tmp_path):
    rows = [strike(day, "Shahed-136/131", 10, 6, 2) for day in daily("2025-06-01", 120)]
    write_table(tmp_path, "missile_attacks_daily.csv", rows)
    stopped = values(read(tmp_path), "strike.long_range_drone.stopped")
    assert stopped["2025-07-26"] == 7 * 8
    assert stopped["2025-08-16"] == 7 * 6


def test_rows_that_report_kills_only_have_no_launches(tmp_path):
    rows = [strike(day, "Orlan-10", 3, 3) for day in daily("2025-03-02", 14)]
    write_table(tmp_path, "missile_attacks_daily.csv", rows)
    names = {row.name for row in read(tmp_path).observations}
    assert names == {"strike.tactical_drone.stopped"}


def test_a_week_with_reports_and_none_of_a_class_counts_nought(tmp_path):
    rows = [strike(day, "Shahed-136/131", 1, 1) for day in daily("2025-03-02", 14)]
    rows.append(strike("2025-03-03", "Kalibr", 4, 4))
    write_table(tmp_path, "missile_attacks_daily.csv", rows)
    assert values(read(tmp_path), "strike.cruise.launched") == {"2025-03-08": 4, "2025-03-15": 0}


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("Iskander-M and Iskander-K", "mixed_missile"),
        ("C-300/C-400 and Iskander-M", "ballistic"),
        ("X-101/X-555 and Kalibr", "cruise"),
        ("Orlan-10 and ZALA", "tactical_drone"),
        ("Wonder weapon", None),
    ],
)
def test_models_have_classes(model, kind):
    assert reading.strike_class(model) == kind


def test_an_unknown_model_is_counted_apart_with_a_warning(tmp_path):
    rows = [strike(day, "Wonder weapon", 1, 0) for day in daily("2025-03-02", 7)]
    write_table(tmp_path, "missile_attacks_daily.csv", rows)
    found = read(tmp_path)
    assert values(found, "strike.unclassified.launched") == {"2025-03-08": 7}
    assert any("Wonder weapon" in warning for warning in found.warnings)


def test_brent_is_the_mean_of_weeks_that_are_over(tmp_path):
    rows = [{"Date": "2025-03-03", "Price": 70}, {"Date": "2025-03-07", "Price": 80}]
    rows.append({"Date": "2025-03-10", "Price": 99})
    write_table(tmp_path, "brent_daily.csv", rows)
    assert values(read(tmp_path), "price.brent") == {"2025-03-08": 75}


def fact(**changes: str) -> dict[str, str]:
    row = {"date": "2025-02", "side": "UA", "series": "import_cap", "value": "2.1", "unit": "GW", "published": ""}
    return {**row, "source": "somebody", "trust": "B", "note": "", **changes}


def test_facts_without_publication_date_come_with_the_declared_lag(tmp_path):
    write_table(tmp_path, "ukraine_energy.csv", [fact()])
    (row,) = read(tmp_path).observations
    assert (row.name, row.date, row.published) == ("facts.ukraine_energy.ua.import_cap", "2025-02-28", "2025-03-07")


def test_a_month_of_publication_is_read_as_its_end(tmp_path):
    write_table(tmp_path, "ukraine_energy.csv", [fact(published="2025-05")])
    assert read(tmp_path).observations[0].published == "2025-05-31"


def test_rows_of_trust_d_are_kept_and_flagged(tmp_path):
    write_table(tmp_path, "ukraine_energy.csv", [fact(trust="D")])
    assert read(tmp_path).observations[0].trust == "D"


def test_one_series_in_two_units_becomes_two(tmp_path):
    write_table(tmp_path, "ukraine_energy.csv", [fact(), fact(unit="MW", value="2100")])
    names = {row.name for row in read(tmp_path).observations}
    assert names == {"facts.ukraine_energy.ua.import_cap_gw", "facts.ukraine_energy.ua.import_cap_mw"}


def test_a_bound_is_no_value(tmp_path):
    odds = {"date": "2025-05", "market": "M", "event": "peace", "prob": "<0.50", "source": ""}
    write_table(tmp_path, "market_odds.csv", [odds, {**odds, "prob": "0.4"}])
    found = read(tmp_path)
    assert [row.value for row in found.observations] == [0.4]
    assert any("bound" in warning for warning in found.warnings)


def test_polls_carry_both_answers_and_the_undecided(tmp_path):
    poll = {"fieldwork_start": "2025-01-01", "fieldwork_end": "2025-01-09", "published": "2025-02-01", "country": "UA"}
    poll |= {"pollster": "KIIS", "n": "1000", "question": "end war", "option_a": "Talk now", "pct_a": "40"}
    poll |= {"option_b": "never", "pct_b": "50", "dk": "10", "source": "", "trust": "A", "note": ""}
    write_table(tmp_path, "polls.csv", [poll])
    found = {row.name: row for row in read(tmp_path).observations}
    assert found["poll.ua.kiis.end_war.talk_now"].value == 40
    assert found["poll.ua.kiis.end_war.dont_know"].value == 10
    assert {row.date for row in found.values()} == {"2025-01-09"}
    write_table(tmp_path, "polls.csv", [{**poll, "pct_a": "140"}])
    with pytest.raises(EvidenceError, match=r"polls.csv, row 2: pct_a is 140"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("source", "known"),
    [
        ("Press 2025-06-22", ("2025-06-22", "2026-01-31")),
        ("Institute (27 Jan 2026)", ("2026-01-27", "2026-01-27")),
        ("judgement", ("2025-08-31", "2026-01-31")),
        ("Aug .34 Dec .23 Jan .38", ("2026-01-31", "2026-01-31")),
        ("Janes via a blog", ("2025-08-31", "2026-01-31")),
        ("above 20 from November", ("2025-11-30", "2025-11-30")),
    ],
)
def test_a_parameter_is_known_from_the_latest_date_that_its_source_names(source, known):
    assert reading._known_on(source) == known


def test_unknown_files_are_passed_over_with_one_line_each(upstream):
    (upstream / "notes.txt").write_text("hello")
    (upstream / "run.py").write_text("raise SystemExit('never run')")
    lines: list[str] = []
    found = read_folder(upstream, lines.append)
    assert found.passed_over == ["notes.txt", "run.py"]
    assert sum("notes.txt" in line for line in lines) == 1


def test_a_map_of_another_weekday_is_passed_over(upstream):
    write_map(upstream, "2025-03-05", square(37.0, 48.2, 37.3, 48.4))
    assert "2025-03-05" not in read(upstream).polygons


def test_a_missing_week_of_maps_warns(upstream):
    found = read(upstream)
    assert "2025-03-22" not in found.polygons
    assert any("2025-03-22" in warning for warning in found.warnings)


def test_links_out_of_the_folder_are_read_and_circles_end(upstream, tmp_path):
    inside = tmp_path / "linked"
    inside.mkdir()
    (inside / "maps").symlink_to(upstream)
    (inside / "again").symlink_to(inside)
    assert len(read(inside).polygons) == 4


def test_a_folder_without_known_files_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(EvidenceError, match="none of the known upstream files"):
        read(tmp_path)
    with pytest.raises(EvidenceError, match="not a folder"):
        read(tmp_path / "absent")


BROKEN_TABLES = [
    (b"", "is missing"),
    (b"Date,Cost\n2025-03-01,1\n", "row 1: column Price is missing"),
    (b"Date,Price\n", "no rows"),
    (b"Date,Price\n2025-03-01,seventy\n", "row 2: Price is 'seventy'"),
    (b"Date,Price\n2025-03-01,70\n2025-03-02,nan\n", "row 3: Price is 'nan'"),
    (b"Date,Price\n2025-03-01,inf\n", "row 2: Price is 'inf'"),
    (b"Date,Price\n2025-03-01,1e400\n", "row 2: Price is '1e400'"),
    (b"Date,Price\n1066-10-14,70\n", "row 2: Date is '1066-10-14'"),
    (b"Date,Price\n2025-03-01\n", "row 2: 1 fields where the header has 2"),
    (b"Date,Price,Price\n2025-03-01,1,2\n", "Price stands twice"),
    (b"Date,Price\n2025-03-01,\xff\n", "not UTF-8"),
    (b"Date,Price\n2025-03-01,\x00\n", "row 2"),
]


@pytest.mark.parametrize(("content", "problem"), BROKEN_TABLES)
def test_a_broken_table_names_file_and_row(tmp_path, content, problem):
    (tmp_path / "brent_daily.csv").write_bytes(content)
    with pytest.raises(EvidenceError, match=r"brent_daily.csv") as caught:
        read(tmp_path)
    assert problem in str(caught.value)
    assert isinstance(caught.value, CeasefireError)


BROKEN_RECORDS = [
    ("[" * 100_000, "nested too deep"),
    ('[{"date": "2025-03-01", "personnel": NaN}]', "NaN"),
    ('[{"date": "2025-03-01", "personnel": 1e999}]', "row 1: personnel"),
    ('[{"date": "2025-03-01", "personnel": "many"}]', "row 1: personnel is 'many'"),
    ('[{"date": "2025-03-01", "personnel": true}]', "row 1: personnel is bool"),
    ('[{"date": "2025-03-01", "personnel": [1]}]', "row 1: personnel is list"),
    ('[{"date": "2025-03-01", "personnel": -1}]', "row 1: personnel is -1"),
    ('[{"date": "2025-03-01"}, 5]', "row 2: a record is needed"),
    ('[{"personnel": 5}]', "row 1: date is ''"),
    ('[{"date": "2025-03-01", "elephants": 5}]', "no known item"),
    ('{"date": 1}', "list of daily records"),
    ("[", "not readable as JSON"),
    ('[{"date": "2025-03-01", "personnel": ' + "9" * 5000 + "}]", "personnel"),
]


@pytest.mark.parametrize(("content", "problem"), BROKEN_RECORDS)
def test_broken_records_name_file_and_row(tmp_path, content, problem):
    (tmp_path / "russia_losses_personnel.json").write_text(content)
    with pytest.raises(EvidenceError, match=r"russia_losses_personnel.json") as caught:
        read(tmp_path)
    assert problem in str(caught.value) or "not readable as JSON" in str(caught.value)


BROKEN_GEOMETRIES = [
    ({"type": "Point", "coordinates": [37, 48]}, "a Polygon or MultiPolygon is needed"),
    ({"type": "Polygon", "coordinates": []}, "corners"),
    ({"type": "Polygon", "coordinates": [[[37, 48], [38, 48]]]}, "cannot be read"),
    ({"type": "Polygon", "coordinates": "there"}, "cannot be read"),
    ({"type": "Polygon"}, "cannot be read"),
    ({"type": "Polygon", "coordinates": [[[37, 48], [38, 49], [38, 48], [37, 49], [37, 48]]]}, "broken"),
    ({"type": "Polygon", "coordinates": [[[4e6, 5e6], [5e6, 5e6], [5e6, 6e6], [4e6, 5e6]]]}, "longitude ±180"),
    (None, "found NoneType"),
]


@pytest.mark.parametrize(("geometry", "problem"), BROKEN_GEOMETRIES)
def test_a_broken_polygon_names_its_file(tmp_path, geometry, problem):
    path = write_map(tmp_path, "2025-03-01")
    path.write_text(json.dumps({"features": [{"type": "Feature", "geometry": geometry}]}))
    with pytest.raises(EvidenceError, match=r"deepstatemap_data_20250301.geojson, row 1") as caught:
        read(tmp_path)
    assert problem in str(caught.value)


def test_a_map_in_another_projection_or_with_an_impossible_date_is_refused(tmp_path):
    path = write_map(tmp_path, "2025-03-01", square(37.0, 48.2, 37.3, 48.4))
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "crs": {"properties": {"name": "EPSG:3857"}}}))
    with pytest.raises(EvidenceError, match="3857"):
        read(tmp_path)
    path.rename(tmp_path / "deepstatemap_data_20251399.geojson")
    with pytest.raises(EvidenceError, match="date that does not exist"):
        read(tmp_path)


def test_a_huge_file_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "MAX_BYTES", 1000)
    (tmp_path / "brent_daily.csv").write_bytes(b"x" * 1001)
    with pytest.raises(EvidenceError, match="the most that is read"):
        read(tmp_path)


def test_two_files_of_one_name_are_refused(upstream):
    (upstream / "copy").mkdir()
    write_losses(upstream / "copy", daily("2025-02-24", 7))
    with pytest.raises(EvidenceError, match="have the same name"):
        read(upstream)


def test_byte_order_mark_and_windows_lines_change_nothing(tmp_path):
    table = "Date,Price\n2025-03-03,70\n2025-03-07,80\n"
    (tmp_path / "brent_daily.csv").write_bytes(table.encode())
    plain = read(tmp_path).observations
    (tmp_path / "brent_daily.csv").write_bytes(b"\xef\xbb\xbf" + table.replace("\n", "\r\n").encode())
    assert read(tmp_path).observations == plain


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["features", "geometry", "type", "coordinates", "crs", "date", "personnel"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
READERS = [
    *[lambda file, kind=kind: kind.read(file, quiet) for kind in reading.KINDS],
    reading.read_control,
]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(document=JSON)
def test_any_document_is_read_or_refused(document):
    file = File("deepstatemap_data_20250301.geojson", json.dumps(document).encode(), "")
    for reader in READERS:
        try:
            reader(file)
        except EvidenceError:
            continue


@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=200), header=st.sampled_from(["", "Date,Price\n", "date,uav_claimed\n"]))
def test_any_bytes_are_read_or_refused(content, header):
    file = File("oryx_totals_by_type_20250719.csv", header.encode() + content, "")
    for reader in READERS:
        try:
            reader(file)
        except EvidenceError:
            continue
