"""The evidence: who says what; a source left out; an article held against the record."""

import json
import re
import urllib.request

import pytest
from playwright.sync_api import expect

PATIENCE = 400_000
"""Milliseconds that a job may take on a busy machine."""
ARTICLE = """Russian forces captured Pokrovsk in January 2026, the General Staff said.

Russia occupies all of Donetsk oblast. Russian troops advanced 250 square kilometres in January 2026.
<script>document.title = "run"</script><img src=x onerror="document.title='run'">
"""


@pytest.fixture
def evidence(site):
    with urllib.request.urlopen(f"{site}/api/evidence", timeout=60) as reply:
        return json.load(reply)


def test_sources_are_listed_with_what_rests_on_them_and_can_be_searched(visit, evidence, keep):
    page = visit("evidence")
    page.get_by_role("heading", name=f"Sources ({len(evidence['sources'])})").wait_for()
    keep(page, "evidence")
    page.get_by_label("Search").fill("levada")
    found = page.get_by_role("region", name="Sources").get_by_role("rowheader").all_inner_texts()
    assert found
    assert all("Levada" in each for each in found)
    page.get_by_role("button", name="Show the claims of Levada").click()
    own = [claim for claim in evidence["claims"] if claim["source"] == "Levada"]
    page.get_by_label("Search").fill("")
    page.get_by_role("heading", name=f"Claims ({len(own)})").wait_for()
    expect(page).to_have_url(re.compile("source=Levada"))


def test_without_a_source_the_forecast_changes_by_so_much(visit, keep):
    page = visit("evidence?q=Putin")
    page.get_by_label("Runs when one is dropped").select_option("32")
    page.get_by_role("button", name="Drop Putin and see what changes").click()
    dropped = page.get_by_role("region", name="Without Putin")
    dropped.wait_for(timeout=PATIENCE)
    assert "of the opening change" in dropped.inner_text()
    rows = dropped.get_by_role("listitem")
    assert rows.count() >= 10
    assert all("(" in row or "the same in every run" in row or "next to none" in row for row in rows.all_inner_texts())
    assert "(" in rows.filter(has_text="Killed and wounded, Russia").inner_text(), "it feeds the size of the army"
    keep(page, "evidence-dropped")


def test_an_article_gets_its_verdicts_and_runs_nothing(visit, keep):
    page = visit("evidence")
    page.get_by_label("Text of the article").fill(ARTICLE)
    page.get_by_label("Published on").fill("2026-01-31")
    page.get_by_role("button", name="Read and check it").click()
    reading = page.get_by_role("region", name="What the record says of the article")
    reading.wait_for(timeout=PATIENCE)
    told = reading.inner_text()
    assert "contradicted: Russia held 78.2 % of Donetsk oblast" in told
    assert "imprecise: The maps first show the centre of Pokrovsk occupied on 2025-11-22" in told
    page.get_by_role("button", name="Show the full report").click()
    frame = page.locator("iframe")
    assert frame.get_attribute("sandbox") == ""
    page.frame_locator("iframe").get_by_text("Donetsk oblast").first.wait_for()
    assert page.title() != "run"
    keep(page, "evidence-article")
