"""Who says it, on whose side, and how sure."""

from __future__ import annotations

import pytest

from ceasefire.evidence.article import document, lexicon, speaker
from ceasefire.evidence.article.extract import extract
from ceasefire.evidence.claim import ADMIRALTY, Claim


def said(text: str, part: str) -> Claim:
    article = document.parse((text + "\n").encode(), "note.txt", published="2025-09-17")
    found = [claim for claim in extract(article) if part in claim.span]
    assert found, [claim.span for claim in extract(article)]
    return min(found, key=lambda claim: len(claim.span))


@pytest.mark.parametrize(
    ("text", "part", "name", "side"),
    [
        ("The bridge at Nikopol collapsed on Sunday.", "collapsed", "author", "author"),
        ("Peskov said that the talks would resume in Istanbul.", "resume", "Peskov", "RU"),
        ("Kremlin spokesman Dmitry Peskov said the talks would resume in Istanbul.", "resume", "Peskov", "RU"),
        ("According to U.S. officials, the envoy left Moscow on Friday.", "left", "U.S. officials", "US"),
        ("The envoy left Moscow on Friday, according to Reuters.", "left", "Reuters", "neutral"),
        ("“The line will hold through the winter,” said Syrskyi.", "hold", "Syrskyi", "UA"),
        ("Ukraine’s General Staff reported that two brigades withdrew.", "withdrew", "Ukraine’s General Staff", "UA"),
        ("There are reports that the column has turned back to Belgorod.", "turned back", "reports", "neutral"),
        ("According to unconfirmed reports, a depot burned for two days.", "burned", "unconfirmed reports", "neutral"),
        ("The depot burned all night, the regional governor said.", "burned", "regional governor", "neutral"),
        ("The army lost 300 men in May, by Moscow's count.", "300 men", "Moscow", "RU"),
        ("Ukraine’s General Staff puts the losses of the week at 8,120 men.", "8,120", "Ukraine’s General Staff", "UA"),
        ("In a Levada poll, 41 percent favour an early truce.", "41 percent", "Levada", "neutral"),
        ("A survey by Gallup found that 41 percent favour an early truce.", "41 percent", "Gallup", "neutral"),
        ("Peskov denied the report.", "denied", "Peskov", "RU"),
        ("The IMF expects output to fall by 2 percent.", "2 percent", "IMF", "neutral"),
        ("Few believed the commander’s boast that the town had fallen.", "fallen", "commander", "neutral"),
    ],
)  # fmt: skip
def test_who_says_it(text: str, part: str, name: str, side: str) -> None:
    claim = said(text, part)
    assert (claim.attributed_to, claim.source_side) == (name, side)


def test_a_voice_ends_with_what_it_says() -> None:
    text = "Lavrov said that the offer was dead, but the delegation stayed in Geneva for a week."
    assert said(text, "dead").attributed_to == "Lavrov"
    assert said(text, "stayed").attributed_to == "author"


def test_a_voice_covers_all_that_it_says() -> None:
    text = "Lavrov said that the offer was dead and that the army would take the whole region."
    assert said(text, "dead").attributed_to == said(text, "whole region").attributed_to == "Lavrov"


def test_an_aside_covers_its_sentence_but_not_what_stands_against_it() -> None:
    text = "The pier burned, the port authority said, while the crews slept in the cabins."
    assert said(text, "burned").attributed_to == "port authority"
    assert said(text, "slept").attributed_to == "author"


def test_a_pollster_speaks_for_the_shares_that_follow() -> None:
    text = "In a KIIS poll of May, 61 percent opposed the plan. One in five would accept it with guarantees."
    assert said(text, "61 percent").attributed_to == said(text, "One in five").attributed_to == "KIIS"


def test_a_body_goes_on_speaking_as_it() -> None:
    text = "Ukraine’s General Staff spoke of heavy fighting. It counted 154 clashes on Sunday."
    assert said(text, "154").attributed_to == "Ukraine’s General Staff"


def test_a_fact_that_shows_something_does_not_speak() -> None:
    assert said("The retreat shows that the southern army lacks shells.", "lacks").attributed_to == "author"


def test_a_pronoun_that_speaks_is_the_last_person_named() -> None:
    text = "Rubio arrived in Kyiv on Monday. He said that the sanctions would stay in force."
    assert said(text, "stay in force").attributed_to == "Rubio"


@pytest.mark.parametrize(
    ("text", "part", "hedge"),
    [
        ("The depot near Bryansk burned for two days.", "burned", "asserted"),
        ("Budanov said that the depot near Bryansk burned for two days.", "burned", "reported"),
        ("The Russian Defence Ministry claimed that its troops had entered the town.", "entered", "alleged"),
        ("The commander allegedly sold fuel from the depot to smugglers.", "sold", "alleged"),
        ("According to unconfirmed reports, the depot near Bryansk burned for two days.", "burned", "unconfirmed"),
        ("The second army will reach the river in the spring.", "reach", "forecast"),
        ("The generals seem to have lost all sense of reality.", "lost", "opinion"),
        ("The generals are pawns in a game of chess.", "pawns", "opinion"),
        ("The army may be short of shells.", "short", "opinion"),
        ("The figures could not be independently verified.", "verified", "asserted"),
        ("The budget assumes a price of $61 a barrel.", "$61", "asserted"),
        ("Some bloggers claim that 30 percent want to leave the country.", "30 percent", "alleged"),
    ],
)
def test_how_sure_it_is_put(text: str, part: str, hedge: str) -> None:
    assert said(text, part).hedge == hedge


@pytest.mark.parametrize(
    ("name", "side"),
    [
        ("Volodymyr Zelenskiy", "UA"),
        ("President Vladimir Putin", "RU"),
        ("the Russian Foreign Ministry", "RU"),
        ("a senior Ukrainian official", "UA"),
        ("U.S. Treasury Secretary Scott Bessent", "US"),
        ("German Chancellor Friedrich Merz", "EU"),
        ("the British Ministry of Defence", "UK"),
        ("Gallup", "neutral"),
        ("Jane Nobody", "neutral"),
        ("author", "author"),
    ],
)
def test_sides(name: str, side: str) -> None:
    assert lexicon.side(name) == side


def test_no_spelling_stands_for_two_sides() -> None:
    sides: dict[str, str] = {}
    for actor in lexicon.ACTORS:
        for spelling in actor.names:
            assert sides.setdefault(spelling, actor.side) == actor.side, spelling


@pytest.mark.parametrize("name", ["author", "Gallup", "unconfirmed reports", "Putin", "anonymous sources", "Reuters"])
@pytest.mark.parametrize("hedge", ["asserted", "reported", "alleged", "unconfirmed", "opinion", "forecast"])
def test_grades_are_of_the_admiralty_scale(name: str, hedge: str) -> None:
    assert ADMIRALTY.fullmatch(speaker.admiralty(speaker.Voice(name), hedge))


def test_an_unnamed_source_is_graded_below_a_pollster() -> None:
    assert speaker.admiralty(speaker.Voice("anonymous sources"), "reported") > speaker.admiralty(
        speaker.Voice("Gallup"), "reported"
    )


def test_quotations_may_stay_open() -> None:
    assert list(speaker.quotes("He said “one” and “two")) == [(8, 13), (18, 22)]


@pytest.mark.parametrize(
    ("text", "part", "name", "hedge"),
    [
        (
            "The map-makers' office counts 300 losses, the Air Force said, and holds 40 prisoners.",
            "40",
            "Air Force",
            "reported",
        ),
        ("By Warsaw's count 1,900 volunteers have crossed the border since May.", "1,900", "Warsaw", "reported"),
        ("In the minister's view the talks only delay a decision.", "delay", "minister", "opinion"),
        ("A senior diplomat fears that the bridge will be lost.", "bridge", "senior diplomat", "opinion"),
        ("Kyiv announced the liberation of Robotyne; Moscow denies it.", "liberation", "Kyiv", "reported"),
        (
            "According to the governor, Ivan Fedorov, the bridge at Nikopol was closed.",
            "closed",
            "Ivan Fedorov",
            "reported",
        ),
    ],
)
def test_sources_that_stand_beside_the_clause(text: str, part: str, name: str, hedge: str) -> None:
    claim = said(text, part)
    assert (claim.attributed_to, claim.hedge) == (name, hedge)


def test_a_ministry_keeps_its_full_name() -> None:
    text = "The Ministry of Finance said that taxes rose in May. The Ministry added that spending fell in June."
    assert said(text, "spending").attributed_to == "Ministry of Finance"


@pytest.mark.parametrize(
    ("name", "side"),
    [("Air Force", "UA"), ("Russian air force", "RU"), ("Russian General Staff", "RU"), ("U.S. Air Force", "US")],
)
def test_a_service_belongs_to_ukraine_unless_another_country_is_named(name: str, side: str) -> None:
    assert lexicon.side(name) == side
