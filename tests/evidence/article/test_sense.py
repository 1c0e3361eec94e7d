"""What kind of statement a clause makes."""

from __future__ import annotations

import pytest

from ceasefire.evidence.article import document
from ceasefire.evidence.article.extract import extract
from ceasefire.evidence.claim import Claim


def told(text: str, part: str) -> Claim:
    article = document.parse((text + "\n").encode(), "note.txt", published="2025-12-10")
    found = [claim for claim in extract(article) if part in claim.span]
    assert found, [claim.span for claim in extract(article)]
    return min(found, key=lambda claim: len(claim.span))


@pytest.mark.parametrize(
    ("text", "part", "kind"),
    [
        ("Kupiansk lies 35 km north of Lyman.", "35 km", "location"),
        ("About 19 percent of Ukraine is occupied.", "19 percent", "location"),
        ("Exports of crude fell 12 percent in November.", "12 percent", "flow"),
        ("Inflation slowed to 7.1 percent in October.", "7.1 percent", "rate"),
        ("The central bank raised its key rate to 17 percent on Friday.", "17 percent", "event"),
        ("The army advanced at 12 square kilometres a day.", "12 square", "rate"),
        ("The army has taken 310 square kilometres in the past month.", "310 square", "flow"),
        ("The air force shot down 77 drones overnight.", "77 drones", "flow"),
        ("Six people were killed on Thursday when a bomb hit a market.", "Six people", "event"),
        ("The army has lost 4,012 tanks since the invasion began.", "4,012 tanks", "stock"),
        ("The hryvnia traded at 42.3 to the dollar on Monday.", "42.3", "stock"),
        ("The country's plants can draw on 9.1 GW.", "9.1 GW", "stock"),
        ("The storm left crews to mend 2 GW that were destroyed in May.", "2 GW", "flow"),
        ("Berlin pledged $3 billion for air defence on Friday.", "$3 billion", "event"),
        ("The memorandum demanded a truce of 45 days.", "45 days", "intention"),
        ("Output is expected to reach 90 missiles next year.", "90 missiles", "forecast"),
    ],
)  # fmt: skip
def test_a_number_tells_by_its_unit_and_what_is_done_with_it(text: str, part: str, kind: str) -> None:
    assert told(text, part).kind == kind


@pytest.mark.parametrize(
    ("text", "part", "kind"),
    [
        ("Two presidents met in Beijing on 3 September.", "met", "event"),
        ("Vovchansk was captured in the spring.", "captured", "event"),
        ("Vovchansk remains in Ukrainian hands.", "remains", "location"),
        ("The town is Ukrainian after all.", "Ukrainian", "location"),
        ("Lavrov insists that the army leave the province.", "leave", "intention"),
        ("The raids are meant to exhaust the defenders.", "meant", "intention"),
        ("Kallas said that Moscow would accept a pause at sea.", "accept", "intention"),
        ("The garrison will leave before the frost.", "will leave", "forecast"),
        ("Heavy rain has slowed the columns for weeks.", "slowed", "causal"),
        ("Refineries stand idle because drones hit their power supply.", "drones hit", "causal"),
        ("The brigade is running out of shells.", "running out", "rate"),
    ],
)  # fmt: skip
def test_words_tell_where_no_number_stands(text: str, part: str, kind: str) -> None:
    assert told(text, part).kind == kind


def test_a_share_of_opinion_is_a_level_whatever_is_wished() -> None:
    claim = told("A Razumkov survey found that 44 percent would accept a truce at sea.", "44 percent")
    assert (claim.kind, claim.hedge) == ("stock", "reported")


def test_what_is_suffered_is_no_cause() -> None:
    assert told("The southern army is exhausted.", "exhausted").kind != "causal"
