"""What is exported is what the result says, opens elsewhere, and is the same bytes each time."""

from __future__ import annotations

import csv
import io
import json
import re

import numpy as np
import pytest
import shapely
import shapely.geometry
import xarray

from ceasefire.evidence.error import CeasefireError
from ceasefire.study.summary import Summary
from ceasefire.view import chart, export, figure


@pytest.fixture(scope="module")
def made(result: xarray.Dataset, summary: Summary) -> dict[str, export.Export]:
    return {each.name: each for each in export.offered(result, summary, list(export.KINDS))}


@pytest.fixture(scope="module")
def shapes(made) -> dict[str, dict]:
    names = ("cells", "line", "towns", "sectors")
    return {name: json.loads(made[f"{name}.geojson"].make()) for name in names}


def _rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_names_are_plain_and_each_says_what_it_is(made):
    assert all(re.fullmatch(r"[a-z0-9-]+\.[a-z]+", name) for name in made)
    assert all(each.what and "/" in each.type for each in made.values())


def test_series_hold_the_quantiles_of_the_summary(made, summary):
    rows = _rows(made["series.csv"].make())
    assert len(rows) == len(summary.series) * len(summary.dates)
    last = [row for row in rows if row["measure"] == "area_change" and row["of"] == "" and row["week"] == "52"]
    series = summary.find("area_change")
    assert [float(last[0][name]) for name in export.QUANTILES] == pytest.approx(
        [getattr(series, name)[52] for name in export.QUANTILES], rel=1e-8
    )
    assert last[0]["date"] == summary.dates[52].isoformat()
    assert last[0]["unit"] == series.unit


def test_endings_add_up_and_runs_agree_with_them(made, summary):
    rows = _rows(made["endings.csv"].make())
    last = {row["ending"]: float(row["probability"]) for row in rows if row["week"] == "52"}
    assert sum(value for name, value in last.items() if name != "any") == pytest.approx(last["any"])
    runs = _rows(made["runs.csv"].make())
    assert len(runs) == summary.runs_used
    assert sum(run["ending"] != "none" for run in runs) / len(runs) == pytest.approx(last["any"], abs=1e-6)
    assert all((run["ending"] == "none") == (run["ending_week"] == "") for run in runs)


def test_towns_are_those_of_the_summary(made, summary):
    rows = _rows(made["towns.csv"].make())
    first = summary.towns[0]
    found = [float(row["probability"]) for row in rows if row["town"] == first.name]
    assert found == pytest.approx([chance.probability for chance in first.chances])


def test_no_cell_of_a_table_is_a_formula():
    table = {"name": ["=SUM(A1)", "+1", "-2", "@x", "plain"], "value": [1.0, None, -3.5, 2, 1e-7]}
    rows = _rows(export._csv(lambda: table))
    assert [row["name"][0] for row in rows] == ["'", "'", "'", "'", "p"]
    assert [row["value"] for row in rows] == ["1", "", "-3.5", "2", "1e-07"]


def test_parquet_holds_the_same_as_csv(made):
    parquet = pytest.importorskip("pyarrow.parquet")
    for name in ("series", "endings", "towns", "runs"):
        table = parquet.read_table(io.BytesIO(made[f"{name}.parquet"].make()))
        rows = _rows(made[f"{name}.csv"].make())
        assert table.num_rows == len(rows)
        assert table.column_names == list(rows[0])
    assert table.schema.field("ground_gained_km2").type == "double"


def test_netcdf_opens_again_and_is_the_same(made, result):
    again = xarray.open_dataset(io.BytesIO(made["result.nc"].make()), engine="h5netcdf").load()
    assert set(again.variables) == set(result.variables)
    for name in result.variables:
        assert again[name].dims == result[name].dims
        if result[name].dtype.kind in "fiub":
            assert again[name].dtype == result[name].dtype
            np.testing.assert_array_equal(again[name].values, result[name].values)
        else:
            assert again[name].values.astype(str).tolist() == result[name].values.astype(str).tolist()
    assert again["area"].attrs["units"] == "km2"
    assert json.loads(again["side"].attrs["names"]) == list(result["side"].attrs["names"])


def test_shapes_are_valid_and_turn_the_right_way(shapes):
    for collection in shapes.values():
        assert collection["type"] == "FeatureCollection"
        assert "DeepStateMap" in collection["attribution"]
        assert "probability" in collection["description"]
        assert collection["features"]
        for feature in collection["features"]:
            shape = shapely.geometry.shape(feature["geometry"])
            assert shape.is_valid
            west, _, east, north = shape.bounds if not shape.is_empty else (30, 45, 30, 45)
            assert 20 < west <= east < 45 < north < 55, "longitude comes first"
            for part in shapely.get_parts(shape):
                if part.geom_type == "Polygon":
                    assert part.exterior.is_ccw
                    assert not any(ring.is_ccw for ring in part.interiors)


def test_cells_carry_the_chances_of_the_result(shapes, result, summary):
    assert len(shapes["cells"]["features"]) == result.sizes["cell"]
    held = result["control_probability"].transpose("week", "cell").values
    for feature in shapes["cells"]["features"][::37]:
        row = int(np.flatnonzero(result["cell"].values == int(feature["properties"]["cell"], 16))[0])
        for week in summary.horizons:
            assert feature["properties"][f"chance_{week}w"] == pytest.approx(held[week, row], abs=1e-4)


def test_the_line_lies_between_the_cells_of_the_two_sides(shapes, result):
    atlas = chart.atlas(result)
    opening, *later = shapes["line"]["features"]
    line = shapely.geometry.shape(opening["geometry"])
    for side in (atlas.first_ground, atlas.second_ground):
        assert line.distance(side) < 1e-4
        assert line.intersection(side.buffer(-0.004)).length == pytest.approx(0, abs=1e-9)
    week = max(feature["properties"]["week"] for feature in later)
    middle, half, most = (
        shapely.geometry.shape(feature["geometry"]) for feature in later if feature["properties"]["week"] == week
    )
    assert most.buffer(1e-4).contains(half), "a band of 90 % holds one of 50 %"
    assert middle.difference(most.buffer(2e-4)).length < 0.05 * middle.length


def test_towns_and_sectors_say_what_the_summary_says(shapes, summary):
    names = [feature["properties"]["name"] for feature in shapes["towns"]["features"]]
    assert set(names) <= {town.name for town in summary.towns}
    sector = shapes["sectors"]["features"][0]["properties"]
    series = summary.find("area_change", axis=sector["key"])
    week = summary.horizons[-1]
    assert sector[f"gained_{week}w_q50_km2"] == series.q50[week]


def test_the_same_result_gives_the_same_bytes(made, result, summary):
    again = {each.name: each for each in export.offered(result, summary, list(export.KINDS))}
    for name in ("series.csv", "runs.parquet", "result.nc", "line.geojson", "endings.svg", "endings.png"):
        assert made[name].make() == again[name].make(), name


def test_figures_are_drawings_of_their_own(made):
    for name in ("endings.svg", "area-change.svg", "map-52w.svg", "casualties-r.svg"):
        drawing = made[name].make().decode()
        assert drawing.startswith("<svg xmlns=")
        assert "<title" in drawing
        assert "script" not in drawing


def test_words_of_a_png_are_drawn(made):
    resvg = pytest.importorskip("resvg_py")
    drawing = made["endings.svg"].make().decode()
    without = re.sub(r"<text.*?</text>", "", drawing)
    assert figure.png(drawing) != figure.png(without), "the words leave marks"
    assert figure.png(drawing)[:8] == b"\x89PNG\r\n\x1a\n"
    assert resvg


def test_what_is_missing_is_named_with_its_extra(result, summary, monkeypatch):
    monkeypatch.setattr(export, "find_spec", lambda name: None if name == "pyarrow" else object())
    with pytest.raises(CeasefireError, match=r"pyarrow.*pip install 'ceasefire\[parquet\]'"):
        export.offered(result, summary, ["parquet"])
    assert not [each for each in export.offered(result, summary) if each.name.endswith(".parquet")]


def test_no_font_is_said_in_a_line(monkeypatch):
    monkeypatch.setattr(figure, "_font", lambda: None)
    with pytest.raises(CeasefireError, match=r"no font was found.*DejaVu Sans.*SVG"):
        figure.png("<svg/>")


def test_files_are_written_whole_and_a_file_is_no_folder(made, tmp_path):
    paths = export.write([made["towns.csv"]], tmp_path / "files")
    assert [path.name for path in (tmp_path / "files").iterdir()] == ["towns.csv"] == [path.name for path in paths]
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(CeasefireError, match="is no folder"):
        export.write([made["towns.csv"]], tmp_path / "taken")
    assert (tmp_path / "taken").read_text() == "mine"
