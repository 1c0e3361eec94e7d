"""The score: skill with its intervals, coverage, and where the model adds nothing, as the backtest has it."""

import json
import urllib.request


def test_the_score_is_that_of_the_backtest(visit, site, keep):
    with urllib.request.urlopen(f"{site}/api/score", timeout=60) as reply:
        score = json.load(reply)
    page = visit("score")
    page.get_by_text(score["verdict"][0]).wait_for()
    text = page.locator("main").inner_text()
    for line in (score["made"], *score["verdict"], *score["adds_nothing"]):
        assert line in text
    rows = page.get_by_role("group", name="over all horizons").get_by_role("listitem")
    rival = score["skills"][0]["rival"]
    mine = [each for each in score["skills"] if each["rival"] == rival and not each["horizon"]]
    assert rows.count() == len(mine)
    for skill, row in zip(mine, rows.all_inner_texts(), strict=True):
        assert skill["target"] in row
        assert row.count("(") == 1
    for family in score["coverage"]:
        assert f"{round(100 * family['inside_90'])} %, should be 90 %" in text
    keep(page, "score")


def test_another_rival_shows_other_numbers(visit):
    page = visit("score")
    rows = page.get_by_role("group", name="over all horizons").get_by_role("listitem")
    rows.first.wait_for()
    before = rows.all_inner_texts()
    page.get_by_role("combobox", name="Against").select_option("no change")
    assert rows.all_inner_texts() != before
