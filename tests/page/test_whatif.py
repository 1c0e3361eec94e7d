"""What if: from a lever that is searched to a paired difference, beside another, cancelled, linked and taken away."""

import json
import re
import urllib.request
from pathlib import Path

import pytest

from ceasefire.scenario import decree

PATIENCE = 400_000
"""Milliseconds that a job may take on a busy machine."""
RECRUITS = "manpower.recruitment[R]=x0.5@5"
BRENT = "oil.brent=50@5"


def begin(page, runs="32"):
    """Few runs, and no fit of what fighting on is worth."""
    page.get_by_label("Runs", exact=True).fill(runs)
    page.get_by_label("Runs", exact=True).press("Tab")
    page.get_by_label("A surprise").check()


def add(page, line):
    page.get_by_label("Or write one by hand").fill(line)
    page.get_by_role("button", name="Add", exact=True).click()


def fight(page):
    page.get_by_role("button", name="Fight it with and without").click()


def jobs(page):
    page.wait_for_timeout(700)  # the address follows the page after a moment
    found = re.search(r"jobs=([^&]+)", page.evaluate("location.hash"))
    return found[1].split("%2C") if found else []


def asked(site, job):
    with urllib.request.urlopen(f"{site}/api/jobs/{job}", timeout=30) as reply:
        return json.load(reply)


def test_a_lever_is_found_by_its_meaning_and_becomes_a_decree_by_keyboard_alone(visit):
    page = visit("whatif")
    search = page.get_by_role("combobox", name="Lever")
    search.focus()
    page.keyboard.type("price of brent")
    page.get_by_role("option").first.wait_for()
    assert page.get_by_role("option").first.locator(".name").inner_text() == "oil.brent"
    page.keyboard.press("Enter")
    page.get_by_role("combobox", name="How", exact=True).select_option("set")
    page.get_by_label("Amount").fill("50")
    page.get_by_role("button", name="Add to what is decreed").press("Enter")
    assert page.get_by_label("Decree 1", exact=True).input_value() == BRENT
    assert page.get_by_text("Price of Brent: 50 USD/bbl, from week 5 on", exact=False).first.is_visible()


def test_what_the_program_objects_to_stands_beside_the_line(visit):
    page = visit("whatif")
    begin(page)
    add(page, BRENT)
    add(page, "oil.bren=50@5")
    fight(page)
    page.get_by_role("alert").first.wait_for(timeout=PATIENCE)
    assert "there is no 'oil.bren'; did you mean 'oil.brent'" in page.get_by_role("alert").first.inner_text()
    assert page.get_by_label("Decree 2", exact=True).get_attribute("aria-invalid") == "true"
    assert page.get_by_label("Decree 1", exact=True).get_attribute("aria-invalid") is None
    assert jobs(page) == []


def test_a_what_if_is_cancelled(visit, site):
    page = visit("whatif")
    begin(page, "4096")
    add(page, RECRUITS)
    fight(page)
    page.get_by_role("button", name="Cancel").wait_for(timeout=PATIENCE)
    [job] = jobs(page)
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("region", name="Being fought").wait_for(state="detached", timeout=PATIENCE)
    assert asked(site, job)["phase"] == "cancelled"
    assert jobs(page) == []
    assert page.get_by_label("Decree 1", exact=True).input_value() == RECRUITS


@pytest.fixture(scope="module")
def kept_link():
    """Where the first answer stands, once there is one."""
    return []


@pytest.fixture
def answered(visit, kept_link):
    """A what-if run to its difference; those who come later open it by its link."""
    page = visit(kept_link[0] if kept_link else "whatif")
    if not kept_link:
        begin(page)
        add(page, RECRUITS)
        fight(page)
    page.get_by_role("heading", name="What differs").wait_for(timeout=PATIENCE)
    page.wait_for_timeout(700)
    kept_link.append(page.evaluate("location.hash").removeprefix("#/"))
    return page


def test_a_what_if_runs_to_its_difference_and_a_link_restores_it(answered, site, keep, tmp_path):
    page = answered
    found = asked(site, jobs(page)[0])["result"]
    row = next(each for each in found["headline"] if each["meaning"] == "Killed and wounded, Russia")
    effect = row["effects"][-1]
    assert effect["low"] <= effect["difference"] <= effect["high"] < 0
    shown = page.get_by_role("group", name="Differences that the decrees make").get_by_role("listitem")
    line = shown.filter(has_text="Killed and wounded, Russia").inner_text()
    sure = sum(each["effects"][-1]["low"] > 0 or each["effects"][-1]["high"] < 0 for each in found["headline"])
    assert line.count("−") == 3
    assert f"{sure} of {len(found['headline'])} headline numbers differ for sure" in page.locator("main").inner_text()
    still = shown.filter(has_text="Fighting has ended").inner_text()
    ended = next(each for each in found["headline"] if each["name"] == "fighting_ended")["effects"][-1]
    assert ("the same in every run" in still) == (ended["higher"] == ended["lower"] == 0)
    keep(page, "whatif-answer")

    with page.expect_download() as taken:
        page.get_by_role("link", name="Policy file").click()
    taken.value.save_as(tmp_path / "policy.toml")
    _, lines = decree.read(Path(tmp_path / "policy.toml"))
    assert list(lines) == [RECRUITS]
    assert (
        "--do 'manpower.recruitment[R]=x0.5@5' --runs 32 --weeks 13 --seed 1 --surprise"
        in page.locator(".command").inner_text()
    )

    again = page.context.new_page()
    again.goto(page.url)
    again.get_by_role("heading", name="What differs").wait_for()
    assert again.get_by_label("Decree 1", exact=True).input_value() == RECRUITS
    assert again.get_by_label("Runs", exact=True).input_value() == "32"
    assert again.get_by_label("A surprise").is_checked()
    assert (
        again.get_by_role("group", name="Differences that the decrees make").inner_text()
        == page.get_by_role("group", name="Differences that the decrees make").inner_text()
    )


def test_the_map_of_the_difference_follows_the_week(answered):
    page = answered
    picture = page.get_by_role("application")
    week = page.get_by_label("Week", exact=True)
    week.fill("1")
    page.get_by_text("No cell differs in this week.").wait_for()
    assert "week 1" in picture.get_attribute("aria-label")


def test_two_what_ifs_stand_side_by_side(answered, keep):
    page = answered
    page.get_by_role("button", name="Remove decree 1").click()
    add(page, BRENT)
    fight(page)
    beside = page.get_by_role("region", name="Side by side")
    beside.wait_for(timeout=PATIENCE)
    assert len(jobs(page)) == 2
    head = beside.get_by_role("columnheader").all_inner_texts()
    assert head == ["Number", "Unit", "Without", "A", "B"]
    keep(page, "whatif-beside")
    page.get_by_role("button", name=f"Put away the answer {BRENT}").click()
    beside.wait_for(state="detached")
    assert len(jobs(page)) == 1
