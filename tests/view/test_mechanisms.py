"""The page of causal claims: a row for each, whatever was found and whatever it is called."""

import numpy as np
import pytest

from ceasefire.study.claim import Claim, load
from ceasefire.study.mechanisms import Answer, Answers, Moved, Tried, estimate, rules
from ceasefire.view.mechanisms import page

TRIED = {
    "do": ["policy.talks=1@4"],
    "no_dose": "A switch.",
    "cut": ["policy.talks_effect=0"],
    "outcome": [{"of": ["policy.effort[Blue]"], "lag": 0, "sign": "+", "title": "Effort | of <b>Blue</b>"}],
}


@pytest.fixture
def answered():
    """Answers of which one was tried, with an effect as told, and the others are shipped claims that wait."""

    def made(difference, *, contested=False):
        told = {"id": "X1", "cause": "talks | due", "effect": "effort", "sign": "+", "lag": "days"}
        claim = Claim.model_validate({**told, "contested": contested, "trial": [TRIED]})
        before = np.random.default_rng(7).normal(1, 0.1, 200)
        found = estimate(before, before + difference * np.linspace(-0.2, 2.2, 200))
        moved = Moved(claim.trial[0].outcome[0], (found,), (found,), None, estimate(before, before))
        priors = (("policy.talks_effect", 0.25),)
        told_rules = rules([moved], (), (), contested)
        tried = Tried(claim.trial[0], (), (), claim.trial[0].cut, (moved,), (), told_rules, priors, 0)
        waiting = [Answer(one) for one in load().claim if not one.trial]
        return Answers("s", "A war", "2042-06-07", 200, 1, "0", "h", (Answer(claim, (tried,)), *waiting))

    return made


def rows(written):
    return [line for line in written.splitlines() if line.startswith("| ")][2:]


def test_every_claim_has_one_row_with_its_id_first_and_as_many_cells_as_the_head(answered):
    found = answered(0.1)
    written = page(found)
    assert [row.split(" | ")[0][2:] for row in rows(written)] == [one.claim.id for one in found.answers]
    assert {row.count(" | ") for row in rows(written)} == {6}
    assert "<b>" not in written
    assert all(one.claim.not_represented in written for one in found.answers)


def test_the_row_tells_the_answer_and_what_fails(answered):
    assert "**supported**" in rows(page(answered(0.1)))[0]
    assert "**contradicted**" in rows(page(answered(-0.1)))[0]
    assert "fails: sign" in rows(page(answered(-0.1)))[0]


def test_a_contested_row_tells_how_far_it_is_open(answered):
    row = rows(page(answered(0.1, contested=True)))[0]
    assert "**contested**" in row
    assert "as claimed in 92 % of runs (25 % of `policy.talks_effect` at or below 0)" in row
