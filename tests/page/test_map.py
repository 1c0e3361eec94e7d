"""The map shows what the server tells: as weeks pass, before the opening, by hand and by keyboard."""

import json
import statistics
import time
from typing import Any

import numpy as np
import pytest
from tests.page import picture


@pytest.fixture
def opened(visit: Any) -> Any:
    """The map, drawn."""
    page = visit("map")
    picture.ready(page)
    return page


def weeks(site: str) -> tuple[int, int]:
    """Observed days before the opening, and simulated weeks."""
    war = json.loads(picture.fetched(f"{site}/api/war"))
    days = json.loads(picture.fetched(f"{site}/api/map"))["observed"]
    return sum(day < war["opening"] for day in days), war["weeks"]


def test_the_slider_moves_the_map(opened: Any, site: str) -> None:
    observed, last = weeks(site)
    picture.slide(opened, observed)
    first, _, _ = picture.seen(opened)
    assert opened.locator(".when").inner_text().startswith("THE OPENING")
    picture.slide(opened, observed + last)
    later, _, _ = picture.seen(opened)
    assert (first != later).any()
    assert f"WEEK {last} OF {last}" in opened.locator(".when").inner_text()
    picture.slide(opened, observed)
    again, _, _ = picture.seen(opened)
    assert (first == again).all()


def test_colours_agree_with_the_chances_told(visit: Any, site: str) -> None:
    _, last = weeks(site)
    page = visit(f"map?colour=chance&week={last}")
    image, _, sight = picture.seen(page)
    told = picture.cells(site)
    chance = picture.control(site, len(told.middle))[last]
    column, row = picture.places(told.middle, sight).T
    inside = (column > 1) & (row > 1) & (column < image.shape[1] - 1) & (row < image.shape[0] - 1)
    assert inside.sum() > 5000
    red, blue, opaque = (image[row[inside], column[inside], k].astype(int) for k in (0, 2, 3))
    held = chance[inside].astype(int)
    assert (opaque == 255).all()
    assert (red > blue)[held > 140].all(), "what the first side likely holds is orange"
    assert (blue > red)[held < 110].all(), "what the second side likely holds is blue"
    # The less sure, the paler: red less blue rises with the chance.
    order = np.argsort(held, kind="stable")
    assert (np.diff((red - blue)[order])[np.diff(held[order]) > 0] >= 0).mean() > 0.99


def test_towns_stand_on_the_colour_of_who_holds_them(visit: Any, site: str) -> None:
    page = visit("map?colour=chance&week=0")
    image, _, (scale, x, y) = picture.seen(page)
    towns = json.loads(picture.fetched(f"{site}/api/map"))["towns"]
    first = json.loads(picture.fetched(f"{site}/api/war"))["sides"][0]["key"]
    agreed = []
    for town in towns:
        px, py = picture.projected(town["longitude"], town["latitude"])
        column, row = int(px * scale + x), int(py * scale + y)
        if 0 <= row < image.shape[0] and 0 <= column < image.shape[1] and image[row, column, 3]:
            red, blue = int(image[row, column, 0]), int(image[row, column, 2])
            agreed.append((red > blue) == (town["holder"] == first))
    # A town of many cells can have its middle in one that the other side holds.
    assert len(agreed) >= 12
    assert np.mean(agreed) >= 0.8


def test_the_line_of_contact_runs_between_the_sides(visit: Any, site: str) -> None:
    page = visit("map?week=0&off=bands")
    _, lines, sight = picture.seen(page)
    told = picture.cells(site)
    chance = picture.control(site, len(told.middle))[0]
    cell, edge = np.nonzero((told.neighbour >= 0) & (chance[:, None] >= 128) & (chance[told.neighbour] < 128))
    middle = (told.middle[cell] + told.middle[told.neighbour[cell, edge]]) / 2
    column, row = picture.places(middle, sight).T
    inside = (column > 4) & (row > 4) & (column < lines.shape[1] - 4) & (row < lines.shape[0] - 4)
    near = [lines[r - 3 : r + 4, c - 3 : c + 4, 3].max() for c, r in zip(column[inside], row[inside], strict=True)]
    assert len(near) > 100
    assert np.mean(np.array(near) > 0) > 0.98
    # And nowhere else: most of the map has no line.
    assert (lines[..., 3] > 0).mean() < 0.1


def test_playing_goes_on_to_the_last_week(opened: Any, site: str) -> None:
    observed, last = weeks(site)
    picture.slide(opened, observed + last - 4)
    opened.get_by_label("Speed, weeks a second").select_option("10")
    opened.get_by_role("button", name="Play the weeks").click()
    opened.locator(".when", has_text=f"week {last} of {last}").wait_for()
    opened.get_by_role("button", name="Play the weeks").wait_for()
    assert opened.get_by_role("slider", name="Day of the map").input_value() == str(observed + last)


def test_the_past_is_on_the_same_axis(opened: Any, site: str) -> None:
    observed, _ = weeks(site)
    assert observed > 10
    picture.slide(opened, observed)
    now, _, _ = picture.seen(opened)
    picture.slide(opened, 0)
    opened.locator(".when", has_text="Observed").wait_for()
    opened.locator(".words", has_text="than at the opening").wait_for()
    opened.wait_for_load_state("networkidle")
    then, _, _ = picture.seen(opened)
    assert (now != then).any()
    first = json.loads(picture.fetched(f"{site}/api/map"))["observed"][0]
    opened.wait_for_url(f"**/#/map?*day={first}*")
    assert opened.get_by_role("slider", name="Day of the map").get_attribute("aria-valuetext").endswith("observed")


def test_a_link_restores_week_colours_and_place(visit: Any) -> None:
    page = visit("map?week=7&colour=chance&at=37.500,48.500,5.00&off=towns")
    picture.ready(page)
    assert "WEEK 7 OF" in page.locator(".when").inner_text()
    assert page.get_by_label("Colours").input_value() == "chance"
    assert not page.get_by_label("Towns", exact=True).is_checked()
    assert page.locator(".picture circle.town").count() == 0
    _, _, (scale, x, y) = picture.seen(page)
    width, height = (page.locator("canvas.cells").bounding_box()[side] for side in ("width", "height"))
    px, py = picture.projected(37.5, 48.5)
    assert abs(px * scale + x - width / 2) < 2
    assert abs(py * scale + y - height / 2) < 2


def test_sliding_is_smooth(opened: Any, site: str) -> None:
    """The median of frames is drawn within 33 ms, which is thirty in a second."""
    observed, last = weeks(site)
    assert len(picture.cells(site).middle) >= 12_000
    spent = opened.evaluate(
        """async ([from, to]) => {
          const slider = document.querySelector(".map input[type=range]");
          const canvas = document.querySelector("canvas.cells");
          const spent = [];
          for (let round = 0; round < 3; round++) {
            for (let week = from; week <= to; week++) {
              const before = canvas.dataset.frames;
              slider.value = String(week);
              slider.dispatchEvent(new Event("input", { bubbles: true }));
              while (canvas.dataset.frames === before) await new Promise((next) => requestAnimationFrame(next));
              spent.push(Number(canvas.dataset.frameMs));
            }
          }
          return spent;
        }""",
        [observed, observed + last],
    )
    assert statistics.median(spent) <= 33


def test_first_view_within_two_seconds(browser_page: Any, site: str) -> None:
    taken = []
    for _ in range(3):
        browser_page.goto("about:blank")
        begun = time.monotonic()
        browser_page.goto(f"{site}/#/map")
        browser_page.locator("canvas.cells[data-frames]").wait_for()
        taken.append(time.monotonic() - begun)
    assert min(taken) <= 2


def test_the_hand_moves_and_enlarges_the_map(opened: Any) -> None:
    _, _, before = picture.seen(opened)
    box = opened.locator(".picture").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    opened.mouse.move(x, y)
    opened.mouse.down()
    opened.mouse.move(x - 80, y + 40, steps=4)
    opened.mouse.up()
    _, _, moved = picture.seen(opened)
    assert moved[0] == before[0]
    assert (round(moved[1] - before[1]), round(moved[2] - before[2])) == (-80, 40)
    opened.mouse.wheel(0, -300)
    _, _, nearer = picture.seen(opened)
    assert nearer[0] > 1.3 * before[0]
    opened.get_by_role("button", name="Show all of the map").click()
    _, _, whole = picture.seen(opened)
    assert whole[0] <= before[0]


def test_pointing_tells_the_cell(opened: Any, site: str) -> None:
    told = picture.cells(site)
    chance = picture.control(site, len(told.middle))
    _, _, sight = picture.seen(opened)
    at = picture.places(told.middle, sight)
    box = opened.locator("canvas.cells").bounding_box()
    middle = np.array([box["width"] / 2, box["height"] / 2])
    torn = np.flatnonzero((chance[-1] > 40) & (chance[-1] < 215))
    cell = torn[np.argmin(((at[torn] - middle) ** 2).sum(axis=1))]
    observed, last = weeks(site)
    picture.slide(opened, observed + last)
    opened.mouse.move(box["x"] + at[cell, 0] + 0.5, box["y"] + at[cell, 1] + 0.5)
    opened.locator("aside .cell", has_text=f"of runs in week {last}").wait_for()
    assert f"{round(100 * int(chance[-1, cell]) / 255)} %" in opened.locator("aside .cell").inner_text()


def test_the_keyboard_alone_does_it_all(opened: Any) -> None:
    opened.keyboard.press("Tab")
    reached = []
    for _ in range(80):
        reached.append(opened.evaluate("document.activeElement?.getAttribute('role') ?? document.activeElement?.type"))
        if reached[-1] == "application":
            break
        opened.keyboard.press("Tab")
    assert reached[-1] == "application"
    _, _, before = picture.seen(opened)
    opened.keyboard.press("+")
    opened.keyboard.press("ArrowRight")
    _, _, after = picture.seen(opened)
    assert after[0] > before[0]
    assert opened.locator(".cross").count() == 1
    for _ in range(80):
        opened.keyboard.press("Tab")
        if opened.evaluate("document.activeElement?.type") == "range":
            break
    value = int(opened.evaluate("document.activeElement.value"))
    opened.keyboard.press("ArrowLeft")
    opened.keyboard.press("ArrowLeft")
    picture.ready(opened)
    assert int(opened.evaluate("document.activeElement.value")) == value - 2
    assert f"WEEK {value - 2 - weeks_before(opened)} OF" in opened.locator(".when").inner_text()


def weeks_before(page: Any) -> int:
    """Observed days, from the slider itself: its last place less the weeks simulated."""
    most = int(page.get_by_role("slider", name="Day of the map").get_attribute("max"))
    return most - int(page.locator(".when .kicker").inner_text().split()[-1])


def test_layers_can_be_chosen(opened: Any) -> None:
    assert opened.locator(".picture path.road").count() == 0
    opened.get_by_label("Roads and railways").check()
    assert opened.locator(".picture path.road").count() > 10
    opened.get_by_label("Towns", exact=True).uncheck()
    assert opened.locator(".picture text.town").count() == 0
    opened.wait_for_url("**on=roads**")


def test_names_do_not_cover_each_other(opened: Any) -> None:
    boxes = opened.evaluate(
        """() => [...document.querySelectorAll(".picture svg > text")].map((each) => {
          const { left, right, top, bottom } = each.getBoundingClientRect();
          return [left, right, top, bottom];
        })"""
    )
    assert len(boxes) > 10
    for k, (left, right, top, bottom) in enumerate(boxes):
        for other in boxes[k + 1 :]:
            across = min(right, other[1]) - max(left, other[0])
            down = min(bottom, other[3]) - max(top, other[2])
            assert across < 3 or down < 6


def test_whose_borders_are_drawn_is_stated_and_a_table_tells_the_map(opened: Any) -> None:
    assert "1991" in opened.locator(".below .note").inner_text()
    opened.get_by_text("The map as a table").click()
    assert opened.locator(".below table").first.locator("tbody tr").count() >= 5
