"""Fans and endings as they are told, and any run replayed: its diary, and its map that follows."""

import csv
import json
from typing import Any

import numpy as np
import pytest
from tests.page import picture


@pytest.fixture
def opened(visit: Any) -> Any:
    page = visit("futures")
    page.locator("figure svg").first.wait_for()
    return page


def told(site: str, path: str) -> Any:
    return json.loads(picture.fetched(f"{site}/api/{path}"))


def test_each_group_of_fans_has_figures_that_say_what_they_show(opened: Any, site: str) -> None:
    fans = told(site, "futures")["fans"]
    buttons = opened.get_by_role("group", name="Quantities").get_by_role("button")
    assert buttons.count() == len({fan["group"] for fan in fans}) >= 6
    for k in range(buttons.count()):
        buttons.nth(k).click()
        figures = opened.locator("section[aria-labelledby=fans] figure")
        figures.first.locator("svg[role=img]").wait_for()
        for figure in figures.all():
            words = figure.locator("svg[role=img]").first.get_attribute("aria-label")
            assert "nine runs of ten" in words
            assert figure.locator("svg path").count() >= 3


def test_numbers_of_a_figure_are_those_told_and_can_be_taken_away(opened: Any, site: str) -> None:
    fan = next(fan for fan in told(site, "futures")["fans"] if fan["key"] == "area_change")
    figure = opened.locator("section[aria-labelledby=fans] figure").first
    figure.get_by_text("Numbers").click()
    last = figure.locator("tbody tr").last.locator("td").all_inner_texts()
    assert [float(each) for each in last[1:]] == [fan[level][-1] for level in ("q05", "q25", "q50", "q75", "q95")]
    with opened.expect_download() as taken:
        figure.get_by_role("button", name="Save as CSV").click()
    with open(taken.value.path(), encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert [float(row[4]) for row in rows[1:]] == fan["q50"]
    with opened.expect_download() as taken:
        figure.get_by_role("button", name="Save as SVG").click()
    assert taken.value.path().read_text("utf-8").startswith("<svg")


def test_endings_add_up(opened: Any, site: str) -> None:
    futures = told(site, "futures")
    total = sum(kind["share"][-1] for kind in futures["endings"])
    words = opened.locator("section[aria-labelledby=endings] .keys").first.inner_text()
    assert f"Any end {round(100 * total)} %" in words or total < 0.01


def test_a_run_is_picked_and_its_diary_read(opened: Any, site: str) -> None:
    opened.get_by_role("button", name="Show run 5", exact=True).click()
    diary = opened.locator(".diary")
    diary.get_by_text("The diary of run 5").wait_for()
    events = told(site, "runs/5")["happenings"]
    diary.locator(".event").first.wait_for()
    assert diary.locator(".event span").all_inner_texts() == [event["text"] for event in events]
    opened.wait_for_url("**run=5**")
    opened.get_by_role("button", name="A typical one").click()
    opened.wait_for_url(lambda address: "run=" in address and "run=5&" not in address + "&")


def test_runs_are_sorted_and_filtered(opened: Any, site: str) -> None:
    runs = told(site, "runs")
    table = opened.get_by_role("region", name="Runs")
    table.get_by_role("button", name="Gain of").click()
    first = int(table.locator("tbody tr").first.locator("button").inner_text())
    assert runs["gained"][runs["run"].index(first)] == max(runs["gained"])
    kind = max(set(runs["ending"]) - {"none"}, key=runs["ending"].count, default="none")
    opened.get_by_role("combobox", name="First ending").select_option(kind)
    count = runs["ending"].count(kind)
    assert opened.locator("section[aria-labelledby=one] p.note").inner_text().startswith(f"{count:,} run")


def test_a_replayed_run_is_on_the_map_and_follows_its_diary(visit: Any, site: str) -> None:
    runs = told(site, "runs")
    run = runs["run"][int(np.argmax(runs["gained"]))]
    page = visit(f"futures?run={run}")
    page.get_by_role("button", name="Replay on the map").click()
    page.locator("canvas.cells[data-frames]").wait_for(timeout=240_000)
    assert "bit for bit the same" in page.locator(".state").inner_text()
    start, _, _ = picture.seen(page)
    events = told(site, f"runs/{run}")["happenings"]
    late = max(range(len(events)), key=lambda k: events[k]["week"])
    page.locator(".event").nth(late).click()
    week = events[late]["week"]
    page.locator(".state", has_text=f"week {week}.").wait_for()
    page.wait_for_url(f"**week={week}**")
    image, _, sight = picture.seen(page)
    assert (image != start).any(), "the map follows the diary"

    job = next(job for job in told(site, "jobs")["jobs"] if job["kind"] == "replay" and job["asked"]["run"] == run)
    cells = picture.cells(site)
    held = np.frombuffer(picture.fetched(f"{site}/api/jobs/{job['id']}/map"), np.uint8).reshape(-1, len(cells.middle))
    assert set(np.unique(held[week])) <= {0, 255}
    column, row = picture.places(cells.middle, sight).T
    inside = (column > 1) & (row > 1) & (column < image.shape[1] - 1) & (row < image.shape[0] - 1)
    red, blue = (image[row[inside], column[inside], k].astype(int) for k in (0, 2))
    assert ((red > blue) == (held[week][inside] == 255)).all()

    page.reload()
    page.locator("canvas.cells[data-frames]").wait_for()
    again, _, _ = picture.seen(page)
    assert (again == image).all(), "a link restores the replayed map"


def test_a_replay_can_be_cancelled(visit: Any, site: str) -> None:
    page = visit("futures?run=1")
    page.get_by_role("button", name="Replay on the map").click()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Replay on the map").wait_for()
    assert all(
        job["phase"] in ("cancelled", "done") for job in told(site, "jobs")["jobs"] if job["asked"].get("run") == 1
    )


def test_the_keyboard_alone_picks_a_run(opened: Any) -> None:
    opened.locator("#content").focus()
    for _ in range(200):
        opened.keyboard.press("Tab")
        if opened.evaluate("document.activeElement?.getAttribute('aria-label')") == "Show run 2":
            break
    opened.keyboard.press("Enter")
    opened.get_by_text("The diary of run 2").wait_for()
    for _ in range(60):
        opened.keyboard.press("Tab")
        if opened.evaluate("document.activeElement?.className.includes('event')"):
            break
    opened.keyboard.press("Tab")
    opened.keyboard.press("Enter")
    assert opened.locator(".event[aria-current=true]").count() == 1
