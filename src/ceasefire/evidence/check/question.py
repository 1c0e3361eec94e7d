"""Questions of the polls on record: the words by which a claim names one, and the answers that say it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ceasefire.evidence.check.scope import words


@dataclass(frozen=True)
class Question:
    """What was asked, in the reader's words, and the answers on record that say it."""

    key: str
    says: str
    words: re.Pattern[str]
    answers: tuple[str, ...]
    """`question.option` of series `poll.COUNTRY.POLLSTER.question.option`."""


_LAND = r"(?:territor|land\b|lands\b|donbas|donetsk|crimea|region|oblast|occupied)"
_GIVE = (
    r"(?:conced|ced(?:e|es|ing)\b|cession|giv(?:e|ing) up|surrender"
    r"|hand(?:ing)? over|los(?:e|ing)\b|renounc|relinquish|withdraw)"
)
NOT = (
    r"(?:oppos|reject|against|refus|rul(?:e|es|ed|ing) out|not ready|unwilling|unacceptable"
    r"|under no circumstances|never\b|no concession|won['’]t|would not|do not|don['’]t)"
)

_MOSCOW = r"(?:russia(?:n|['’]s)|moscow['’]s|putin['’]s|kremlin['’]s)"

QUESTIONS = (
    Question(
        "european plan",
        "would accept the European and Ukrainian plan",
        words(
            r"(?:european|europe['’]s|kyiv['’]s|ukrainian|europe-ukraine)[\w\s,'’-]{0,25} (?:peace )?(?:plan|proposal)"
        ),
        ("europe_ukraine_plan_freeze_guarantees_no_recognition.would_accept",),
    ),
    Question(
        "no russian plan",
        "reject the Russian plan",
        words(
            rf"{NOT}[\w\s,'’-]{{0,40}}{_MOSCOW}[\w\s,'’-]{{0,25}}(?:plan|terms|demand|condition|proposal)"
            rf"|{_MOSCOW}[\w\s,'’-]{{0,25}}(?:plan|terms|demand|condition|proposal)\w*[\w\s,'’-]{{0,30}}(?:unacceptable|rejected)"
        ),
        ("russian_plan.categorically_unacceptable",),
    ),
    Question(
        "russian plan",
        "would accept the Russian plan",
        words(
            r"(?:russia(?:n|['’]s)|moscow['’]s|putin['’]s"
            r"|kremlin['’]s)[\w\s,'’-]{0,25}(?:plan|terms|demand|condition|proposal)"
        ),
        ("russian_plan.would_accept",),
    ),
    Question(
        "freeze",
        "would accept a freeze of the front with guarantees",
        words(r"(?:accept|agree|approv|support|back|open to|ready)[\w\s,'’-]{0,40}(?:freez|frozen|present line)"),
        ("europe_ukraine_plan_freeze_guarantees_no_recognition.would_accept",),
    ),
    Question(
        "no donbas",
        "reject giving up Donbas for guarantees",
        words(rf"{NOT}[\w\s,'’-]{{0,60}}(?:donbas|donetsk)"),
        ("give_up_donbas_for_guarantees.categorically_reject",),
    ),
    Question(
        "donbas",
        "would give up Donbas for guarantees",
        words(
            rf"(?:{_GIVE}|leave|withdraw|swap)[\w\s,'’-]{{0,60}}(?:donbas|donetsk)|opinion_share_accept\w*(?:donbas|donetsk)"
        ),
        ("give_up_donbas_for_guarantees.ready_to_accept",),
    ),
    Question(
        "no concession",
        "reject territorial concessions",
        words(
            rf"{NOT}[\w\s,'’-]{{0,60}}(?:{_GIVE}|{_LAND}|concession)"
            rf"|opinion_share_(?:refuse|reject|oppose)\w*|no territorial concessions"
        ),
        (
            "territorial_concessions.no_under_any_circumstances",
            "territory.no_concessions",
            "any_concessions.not_ready",
            "those_for_talks_concessions.not_open",
        ),
    ),
    Question(
        "concession",
        "are ready for territorial concessions",
        words(
            rf"{_GIVE}[\w\s,'’-]{{0,40}}{_LAND}|territorial concession"
            rf"|territorial compromise|land for peace|land[- ]for[- ]peace"
            rf"|opinion_share_(?:concede|cede)\w*|concessions?\b"
            rf"|{_LAND}[\w\s,'’-]{{0,25}}(?:for|in (?:exchange|return) for) peace"
        ),
        (
            "territorial_concessions.ready_to_give_up_some",
            "concessions.ready_for_concessions_for_peace",
            "any_concessions.ready",
            "those_for_talks_concessions.open_to_territorial_concessions",
        ),
    ),
    Question(
        "elections",
        "support elections before a ceasefire",
        words(r"election"),
        ("elections_before_ceasefire.support",),
    ),
    Question(
        "guarantees",
        "back a ceasefire only with guarantees",
        words(r"ceasefire[\w\s,'’-]{0,30}guarantee"),
        ("ceasefire.only_with_guarantees",),
    ),
    Question(
        "endure",
        "would endure the war as long as necessary",
        words(r"endur|withstand|bear\b|as long as (?:necessary|needed|it takes)|ready to (?:wait|hold out)"),
        ("endure_war.as_long_as_necessary",),
    ),
    Question(
        "fight on",
        "want to fight on",
        words(
            r"(?:go|going|goes) on (?:with the )?(?:fight|war)|opinion_share_(?:continue|fight)\w*"
            r"|(?:fight|fighting|war|keep|continu)[\w\s,'’-]{0,30}(?:victory|\bon\b|continu|wins?\b"
            r"|won\b)|until victory|continu\w* (?:the )?(?:war|fighting|military|hostilit)"
            r"|keep fighting|carry on"
        ),
        (
            "end_of_war.fight_until_victory",
            "now_should.continue_military_action",
            "now_should.continue",
            "concessions.only_victory",
        ),
    ),
    Question(
        "negotiate",
        "want negotiations soon",
        words(
            r"negotiat|peace talks|talks\b|end(?:ing)? (?:to )?the (?:war|fighting)"
            r"|diploma|peace deal|settlement|opinion_share_negotiate\w*|compromise"
        ),
        (
            "end_of_war.negotiate_soon",
            "now_should.move_to_talks",
            "now_should.talks",
            "direct_kyiv_moscow_talks.support",
            "way_to_end.direct_talks",
            "way_to_end.compromise_with_other_countries",
            "outcome.cease_fire_and_seek_compromise",
            "time_for_official_talks.yes",
            "peace_deal_signed.support",
            "peace_deal_signed_by_putin.support",
        ),
    ),
    Question(
        "support",
        "support the armed forces in the war",
        words(
            r"support\w*[\w\s,'’-]{0,30}(?:war\b|armed forces|army|military|invasion"
            r"|operation)|approv\w*[\w\s,'’-]{0,20}(?:war\b|operation|invasion)"
        ),
        ("support_armed_forces.yes",),
    ),
)
"""The first whose words are met is the question of a claim; a share of those for talks is no share of all."""
