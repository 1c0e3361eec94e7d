"""The deal: what the runs say of terms, and all packages weighed at the opening, one of them drawn."""

import json
import re
import urllib.request

import pytest

PATIENCE = 240_000
"""Milliseconds that a job may take on a busy machine."""


@pytest.fixture
def deal(site):
    with urllib.request.urlopen(f"{site}/api/deal", timeout=30) as reply:
        return json.load(reply)


def percent(share):
    """A chance as the page writes it."""
    if 0 < share < 0.01:
        return "<1 %"
    return ">99 %" if 0.99 < share < 1 else f"{round(100 * share)} %"


def test_the_page_tells_the_zone_that_the_forecast_found(visit, deal, keep):
    page = visit("deal")
    page.get_by_text("How wide the zone is").wait_for()
    told = page.locator("main .lead").first.inner_text()
    assert percent(deal["sittings"][0]["zone"]) in told
    assert percent(deal["sittings"][-1]["zone"]) in told
    assert f"{deal['agreements']:,} of {deal['runs']:,} simulated wars" in told
    page.get_by_text("Both sides at the table, all numbers").click()
    rows = page.get_by_role("region", name="Own aims in full are 1").get_by_role("row")
    assert rows.count() == 1 + 2 * len(deal["sittings"])
    keep(page, "deal")


def test_packages_are_weighed_and_one_is_drawn_on_the_map(visit, site, keep):
    page = visit("deal")
    page.get_by_label("Draws").select_option("128")
    page.get_by_role("button", name="Weigh the packages").click()
    packages = page.get_by_role("region", name="Packages", exact=True).get_by_role("radio")
    packages.first.wait_for(timeout=PATIENCE)
    job = re.search(r"job=([0-9a-f]+)", page.url)[1]
    with urllib.request.urlopen(f"{site}/api/jobs/{job}", timeout=30) as reply:
        zone = json.load(reply)["result"]
    second = zone["packages"][1]
    page.get_by_role("radio", name=re.compile(r"^2\. ")).check()
    chosen = page.get_by_role("region", name="The chosen package")
    assert f"in {percent(second['inside']['share'])}" in chosen.inner_text()
    for option in second["options"]:
        assert option["option_name"] in chosen.inner_text()
    page.get_by_role("button", name="Draw it on the map").click()
    chosen.get_by_text("Save as GeoJSON").wait_for(timeout=PATIENCE)
    assert chosen.locator("svg path.shape.line").count() == 1
    keep(page, "deal-zone")

    again = page.context.new_page()
    again.goto(page.url)
    again.get_by_role("region", name="The chosen package").get_by_text("Save as GeoJSON").wait_for(timeout=PATIENCE)
    assert again.get_by_role("radio", name=re.compile(r"^2\. ")).is_checked()
