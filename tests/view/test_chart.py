import itertools
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
import xarray

from ceasefire.evidence.geography import Geography
from ceasefire.study.summary import Summary
from ceasefire.view import chart


@pytest.fixture(scope="module")
def atlas(result: xarray.Dataset) -> chart.Atlas:
    return chart.atlas(result)


def _fan(summary: Summary, **more: object) -> ElementTree.Element:
    series = summary.find("area_change")
    assert series
    drawing = chart.fan(summary.dates, series, title="<Ground>", description="A & B", **more)  # type: ignore[arg-type]
    return ElementTree.fromstring(drawing)


def _ys(path: str) -> list[float]:
    return [float(y) for _, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path)]


def test_the_median_lies_inside_the_bands(summary: Summary) -> None:
    paths = list(_fan(summary).iter("path"))
    outer, inner = [_ys(e.attrib["d"]) for e in paths if e.get("fill-opacity")]
    median = next(_ys(e.attrib["d"]) for e in paths if e.get("stroke-width") == "2.2")
    weeks = len(median)
    assert weeks == summary.weeks + 1
    for week, y in enumerate(median):
        assert outer[week] <= inner[week] <= y + 0.1
        assert y - 0.1 <= inner[2 * weeks - 1 - week] <= outer[2 * weeks - 1 - week] + 0.1


def test_charts_have_a_title_and_a_description(summary: Summary) -> None:
    drawing = _fan(summary)
    assert drawing.get("role") == "img"
    title, description = drawing.find("title"), drawing.find("desc")
    assert title is not None
    assert description is not None
    assert (title.text, description.text) == ("<Ground>", "A & B")
    assert drawing.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"


def test_observed_values_are_drawn_where_they_fit(summary: Summary) -> None:
    observed = [(summary.dates[2], 30.0), (summary.dates[3], 1e9)]
    assert len(list(_fan(summary, observed=observed).iter("circle"))) == 1


def test_an_empty_series_still_makes_a_chart(summary: Summary) -> None:
    series = summary.find("area_change")
    assert series
    none = (None,) * len(summary.dates)
    empty = series.model_copy(update=dict.fromkeys(("q05", "q25", "q50", "q75", "q95"), none))
    ElementTree.fromstring(chart.fan(summary.dates, empty, title="t", description="d"))


def test_states_fill_the_box(summary: Summary) -> None:
    states = [(state.state, chart.ENDINGS[state.state], state.share) for state in summary.occupancy]
    drawing = ElementTree.fromstring(chart.occupancy(summary.dates, states, title="t", description="d"))
    filled = [e for e in drawing.iter("path") if e.get("fill") in chart.ENDINGS.values()]
    assert len(filled) == sum(any(state.share) for state in summary.occupancy)


def test_ticks_are_round_and_inside() -> None:
    assert chart.ticks(0, 10) == [0, 2, 4, 6, 8, 10]
    assert chart.ticks(-3, 4) == [-2, 0, 2, 4]
    assert chart.ticks(5, 5) == [5]


def test_change_is_seen_from_the_holder_at_the_opening(atlas: chart.Atlas) -> None:
    assert np.all(atlas.change(0) == 0)
    change, held = atlas.change(26), atlas.held[26]
    np.testing.assert_allclose(change[atlas.first], 1 - held[atlas.first], atol=1e-6)
    np.testing.assert_allclose(change[~atlas.first], held[~atlas.first], atol=1e-6)


def test_merged_cells_cover_the_same_ground(atlas: chart.Atlas) -> None:
    together = atlas.first_ground.area + atlas.second_ground.area
    assert together == pytest.approx(atlas.shape(np.ones(len(atlas.opening), bool)).area)
    assert atlas.first_ground.intersection(atlas.second_ground).area < 1e-9


def test_the_contact_line_parts_the_sides(atlas: chart.Atlas) -> None:
    shared = atlas.first_ground.boundary.buffer(1e-4).intersection(atlas.second_ground.boundary.buffer(1e-4))
    assert not atlas.contact.is_empty
    assert atlas.contact.within(shared.buffer(1e-4))


def test_maps_name_towns_without_overlap(atlas: chart.Atlas) -> None:
    window = atlas.window([52])
    labels = [chart.Label(37.1 + 0.02 * (i % 9), 48.3 + 0.006 * (i // 9), f"Town {i}", i % 7 == 0) for i in range(60)]
    drawing = chart.hex_map(atlas, 52, window=window, title="t", description="d", labels=labels)
    root = ElementTree.fromstring(drawing)
    boxes = []
    for element in root.iter("text"):
        if (element.text or "").startswith("Town"):
            size, x, y = (float(element.attrib[key]) for key in ("font-size", "x", "y"))
            wide = len(element.text or "") * size * 0.56
            left = x - {"start": 0, "end": wide, "middle": wide / 2}[element.attrib["text-anchor"]]
            boxes.append((left, y - 0.8 * size, left + wide, y + 0.2 * size))
    assert len(boxes) > 5
    for number, (left, top, right, bottom) in enumerate(boxes):
        for other in boxes[number + 1 :]:
            assert left >= other[2] or other[0] >= right or top >= other[3] or other[1] >= bottom


def test_a_map_of_nothing_is_a_map(result: xarray.Dataset) -> None:
    still = result.copy(deep=True)
    still["control_opening"][:] = 0.0
    still["control_probability"][:] = 0.0
    atlas = chart.Atlas(still, Geography.packaged())
    drawing = chart.hex_map(atlas, 4, window=atlas.window([4]), title="t", description="d")
    ElementTree.fromstring(drawing)


def test_projection_keeps_scale() -> None:
    projection = chart.Projection.of((37.0, 48.0, 38.0, 48.5), 500)
    (x, y), (east, south) = projection.place([(37.0, 48.5), (38.0, 48.0)])
    assert (x, y) == (0, 0)
    assert east == pytest.approx(500)
    assert south == pytest.approx(projection.height)
    assert projection.pixels_per_km == pytest.approx(500 / (111.195 * np.cos(np.radians(48.25))))


def test_specks_on_a_border_are_not_a_front(result: xarray.Dataset) -> None:
    """One cell whose share is low only because it is partly foreign is drawn with the ground around it."""
    speckled = result.copy(deep=True)
    inland = int(np.argmax(result["longitude"].values))
    speckled["control_opening"][inland] = 0.2
    atlas = chart.Atlas(speckled, Geography.packaged())
    assert not atlas.first[inland]  # far from any border: a pocket
    atlas = chart.Atlas(speckled, Geography.packaged())
    atlas.__dict__["_edge"] = np.arange(len(atlas.opening)) == inland
    assert atlas.first[inland]
    assert atlas.change(52)[inland] == 0


def test_crowded_places_are_pushed_apart_within_limits() -> None:
    places = chart._apart([5.0, 6.0, 7.0, 90.0], 10.0, 0.0, 95.0)
    assert all(later - earlier >= 10 - 1e-6 for earlier, later in itertools.pairwise(places))
    assert min(places) >= 0
    assert max(places) <= 95
