"""The page of couplings: every coupling once, what stands out told, what does not left out."""

import dataclasses
import math
import re
from pathlib import Path

import numpy as np
import pytest

from ceasefire.study.ablate import HELPS, NO_DIFFERENCE, NOT_SCORED, NOTHING, Ablation, Removed, Share
from ceasefire.study.measure import Output
from ceasefire.study.whatif import Comparison
from ceasefire.view import couplings as view

ROOT = Path(__file__).parents[2]
OUTPUTS = (
    Output("ground_taken", ("Blue",), "so far", "km2", "Ground taken by Blue"),
    Output("people_lost", ("Blue",), "so far", "person", "Killed and wounded, Blue"),
    Output("people_lost", ("Amber",), "so far", "person", "Killed and wounded, Amber"),
    Output("fighting_ended", (), "so far", "1", "Fighting has ended"),
)
WEEKS = (1, 2)


def headline(difference: list[float], error: list[float]) -> Comparison:
    """The same difference in both weeks, over 101 runs."""
    both = np.column_stack([difference, difference])
    share = (both != 0).astype(float)
    baseline = np.full(both.shape, 10.0)
    spread = np.column_stack([error, error])
    return Comparison(OUTPUTS, WEEKS, 101, baseline, baseline + both, both, spread, share, 1 - share)


def removed(name: str = "front.force_exponent", **changes: object) -> Removed:
    moves = headline([50.0, -2e3, 3.0, 0.02], [5.0, 900.0, 10.0, 0.001])
    whole = Removed(name, "attrition.troops", "front.taken", "How.", moves, Share(0.0123, 0.002, 0.0226), (), HELPS)
    return dataclasses.replace(whole, **changes)


def ablation(*found: Removed, origins: tuple[str, ...] = ("2041-01-01", "2041-02-01")) -> Ablation:
    return Ablation("dry-river", "The war", "2042-06-07", 2, 101, origins, 32, 1, "0", "invented", found)


def rows(text: str) -> dict[str, list[str]]:
    """Cells of each coupling's row by its name."""
    lines = [line for line in text.splitlines() if line.startswith("| [`")]
    return {re.search(r"`([^`]+)`", line)[1]: [cell.strip() for cell in line.strip("|").split("|")] for line in lines}


def test_changes_that_are_seen_are_told_strongest_first():
    ended, ground, people = view.changes(removed(), 2)
    assert ended.startswith("Fighting has ended: +2")
    assert ended.endswith("percentage points")
    assert re.fullmatch(r"Ground taken by Blue: \+50 \(\+40.* to \+59.*\) km²", ground)
    assert people.startswith("Killed and wounded, Blue: −2,000")


def test_what_is_left_to_chance_is_not_told():
    noise = headline([50.0, -2e3, 3.0, 0.02], [50.0, 2e3, 10.0, 0.1])
    assert view.changes(removed(headline=noise), 2) == []
    none = headline([0.0] * 4, [0.0] * 4)
    assert view.changes(removed(headline=none), 2) == []


def test_no_more_than_the_most_are_told():
    moved = headline([50.0, -2e3, 30.0, 0.02], [1.0, 1.0, 1.0, 0.001])
    assert len(view.changes(removed(headline=moved), 2)) == view.MOST < len(OUTPUTS)


@pytest.mark.parametrize(
    ("rise", "told"),
    [
        (Share(0.0123, 0.002, 0.0226), "+1.23 (+0.2 to +2.26)"),
        (Share(-0.0123, -0.02, -0.001), "−1.23 (−2 to −0.1)"),
        (Share(0.0, 0.0, 0.0), "0"),
        (Share(0.01, math.nan, math.nan), "+1 (– to –)"),
        (Share(math.nan, math.nan, math.nan), "–"),
        (None, "–"),
    ],
)
def test_a_score_is_told_with_its_interval(rise, told):
    assert view.score(removed(score=rise)) == told


def test_every_coupling_has_one_row_of_as_many_cells():
    idle = removed("grid.heat_effect", headline=headline([0.0] * 4, [0.0] * 4), score=Share(0, 0, 0), verdict=NOTHING)
    unseen = removed("oil.port_weight", verdict=NO_DIFFERENCE)
    text = view.page(ablation(removed(), unseen, idle))
    found = rows(text)
    assert list(found) == ["front.force_exponent", "oil.port_weight", "grid.heat_effect"]
    assert {len(cells) for cells in found.values()} == {5}
    assert found["grid.heat_effect"][2:] == ["–", "0", NOTHING]
    for verdict in (HELPS, NO_DIFFERENCE, NOTHING):
        assert f"| {verdict} | 1 |" in text
    assert f"| {NOT_SCORED}" not in text


def test_without_past_days_it_says_so():
    text = view.page(ablation(removed(score=None, verdict=NOT_SCORED), origins=()))
    assert "No past forecast was scored." in text
    assert f"| {NOT_SCORED} | 1 |" in text


def test_the_explanation_of_every_coupling_is_where_the_page_points_to():
    text = view.page(ablation(removed(), removed("grid.heat_effect")))
    for link, anchor in re.findall(r"\]\((\.\./[^)#]+)#?([^)]*)\)", text):
        target = (ROOT / view.PAGE.parent / link).resolve()
        assert target.exists(), link
        assert not anchor or f"## {anchor.capitalize()}" in target.read_text(encoding="utf-8")


def test_it_is_written_where_it_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(view, "ablate", lambda scenario: ablation(removed()))
    view.main(tmp_path / "reference" / "couplings.md")
    assert (tmp_path / "reference" / "couplings.md").read_text(encoding="utf-8") == view.page(ablation(removed()))
