"""A clause is about the ground that it names, stands for, or by its subject concerns."""

from __future__ import annotations

import pytest

from ceasefire.evidence.article import document
from ceasefire.evidence.article.extract import extract


def places(text: str, part: str) -> set[str]:
    """Places of the shortest claim whose span holds some words."""
    found = extract(document.parse(text.encode(), "note.txt", published="2025-09-17"))
    held = [claim for claim in found if part in claim.span]
    assert held, [claim.span for claim in found]
    return set(min(held, key=lambda claim: len(claim.span)).places)


@pytest.mark.parametrize(
    ("text", "part", "place"),
    [
        ("Troops are dug in at Lyman. The town has lost its last bridge.", "last bridge", "Lyman"),
        ("Shells fell on Lyman and Siversk. Both towns are without water.", "without water", "Siversk"),
        ("Fighting goes on in Sumy region. Drones struck the regional capital twice.", "regional capital", "Sumy"),
        ("Russian troops advanced in the province of Kherson.", "advanced", "Kherson oblast"),
        ("A mayor was arrested in the city of Kherson.", "arrested", "Kherson"),
        ("Moscow has tightened its grip on Donetsk.", "grip", "Donetsk oblast"),
        ("Generals call the fortress belt their best defence.", "fortress belt", "Kramatorsk"),
        ("The Zaporizhzhia nuclear power plant has been shut down since 2022.", "shut down", "Enerhodar"),
    ],
)
def test_named_or_stood_for(text: str, part: str, place: str) -> None:
    assert place in places(text, part)


@pytest.mark.parametrize(
    ("text", "part", "country"),
    [
        ("A Levada poll found that 61 percent of Russians want talks.", "61 percent", "Russia"),
        ("A KIIS survey found that 24 percent would give up land.", "24 percent", "Ukraine"),
        ("Russia launched 310 drones and 12 missiles overnight.", "310 drones", "Ukraine"),
        ("Ukrainian drones struck two refineries overnight.", "struck", "Russia"),
        ("Russia gained 410 square kilometres in August.", "410", "Ukraine"),
        ("London allocated 1.6 billion pounds of military aid in May.", "1.6 billion", "Ukraine"),
        ("Washington imposed sanctions on two oil companies in August.", "sanctions", "Russia"),
        ("The White House announced secondary tariffs on India.", "tariffs", "India"),
        ("The federal budget lost 900 billion roubles in July.", "900 billion", "Russia"),
        ("Blackouts last nine hours in many towns.", "nine hours", "Ukraine"),
    ],
)
def test_the_country_that_a_subject_concerns(text: str, part: str, country: str) -> None:
    assert places(text, part) == {country}


def test_a_capital_is_a_place_only_where_something_happens_there() -> None:
    assert places("Envoys from both sides met in Berlin on Monday.", "met") == {"Berlin"}
    assert "Berlin" not in places("Berlin has refused to send cruise missiles.", "refused")


def test_a_paragraph_forgets_the_ground_of_the_last() -> None:
    text = "Fighting goes on in Lyman.\n\nIt is a question of will, and nobody doubts the outcome any more."
    assert "Lyman" not in places(text, "question of will")
