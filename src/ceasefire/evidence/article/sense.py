"""What a clause states: its kind, the system it is about, the issue it touches, its quantity, and what in short.

Where a number stands its unit decides: lengths and shares of ground are places, amounts over a period flows, totals and
prices stocks, amounts per day rates, unless the number is only asked for, agreed on or foreseen. Else the words that
govern the clause decide: a cause outranks a forecast, a forecast an intention, an intention a place, a place a trend,
a trend a state; what is left happened. All of it is rules over word classes, elicited (trust D).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ceasefire.evidence.article import lexicon
from ceasefire.evidence.article.clause import Clause
from ceasefire.evidence.article.speaker import SUBJECTS, is_clausal, is_opinion_share, subject

MAX_SLUG = 48
MAX_GIST = 6
"""Longest free name of a quantity, characters; most words of a short content."""


@dataclass(frozen=True)
class Figure:
    """A value with its band, as a claim holds it."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str | None = None
    qualifier: str = "none"


def kind(text: str, clause: Clause, figure: Figure | None, *, reported: bool = False) -> str:
    """The kind of a claim; `text` is the clause folded; `reported`: somebody else than the author says it."""
    if is_opinion_share(text):
        return "stock"
    if figure is not None and (measured := _measured(text, clause, figure)):
        return measured
    verb = " ".join(token.lower_ for token in clause.tokens if is_clausal(token) or token.dep_ in ("prt", "aux", "neg"))
    ways = (
        ("event", lambda: bool(_ANSWERED.search(text)) or _is_done(clause)),
        ("intention", lambda: bool(_MEANT.search(text)) or _is_demanded(clause)),
        ("causal", lambda: _is_cause(text, clause)),
        ("intention", lambda: reported and bool(_CONCEDING.search(text))),
        ("forecast", lambda: _is_possible(text, verb, clause)),
        ("intention", lambda: bool(lexicon.INTENTION.search(text) or _STANCE.search(text)) and not _WILL.search(text)),
        ("forecast", lambda: _is_future(text, verb, clause)),
        ("event", lambda: _takes(clause)),
        ("location", lambda: bool(_HOLDING.search(text)) or _belongs(clause)),
        ("rate", lambda: _is_trend(text, clause)),
        ("location", lambda: bool(lexicon.LOCATION.search(text)) and not _is_deed(clause)),
        ("flow", lambda: bool(lexicon.FLOW.search(text)) and (figure is not None or _goes_on(clause))),
        ("rate", lambda: _is_progressive(clause)),
        ("stock", lambda: _is_state(text, clause, reported)),
    )
    return next((name for name, holds in ways if holds()), "event")


def _is_possible(text: str, verb: str, clause: Clause) -> bool:
    """May, might or could, of its own or of the clause it leans on; not the wording of an offer or a question."""
    inherited = "" if clause.head.lemma_.lower() in _STATES | _LYING else text.rsplit(" ", 1)[-1]
    return bool(_MAYBE.search(f"{verb} {inherited}")) and not _OFFER.search(text) and clause.head.tag_ != "VBD"


_DEMANDING = lexicon.words("""insist demand propose ask request urge suggest recommend require""")
_MEETING = lexicon.words("""agree accept sign approve meet visit spend arrive host travel broker talk fly call""")


def _is_demanded(clause: Clause) -> bool:
    """What somebody insists on, in the subjunctive: `insists that they leave`."""
    head = clause.head
    bare = head.tag_ in ("VB", "VBP") and not any(child.dep_ == "aux" for child in head.children)
    return bare and head.dep_ == "ccomp" and head.head.lemma_.lower() in _DEMANDING


_ACTS = lexicon.words("""agreement deal treaty accord pact law decree resolution contract memorandum decision order""")
_RULING = lexicon.words(
    """establish lift grant provide create set cancel extend oblige commit waive ban permit require end open
    allow bind"""
)


def _is_done(clause: Clause) -> bool:
    """People met or agreed, whatever it was about; a treaty lays down something; `after ignoring`."""
    head = clause.head
    if head.dep_ == "pcomp" and head.tag_ == "VBG" and head.head.lower_ in ("after", "since", "upon"):
        return True
    who = subject(head)
    if who is not None and who.lemma_.lower() in _ACTS and head.lemma_.lower() in _RULING:
        return not any(child.tag_ == "MD" for child in head.children)
    others = [child for child in head.children if child.dep_ in ("aux", "neg")]
    done = head.tag_ == "VBD" or any(child.lemma_ == "have" for child in others)
    refused = any(child.dep_ == "neg" or child.tag_ == "MD" or child.lemma_ == "do" for child in others)
    return head.lemma_.lower() in _MEETING and done and not refused and not clause.nominal


def _is_deed(clause: Clause) -> bool:
    """A finished act; where it happened is beside the point."""
    return not clause.nominal and _is_past(clause) and clause.head.lemma_.lower() not in _STATES | _LYING


_LYING = lexicon.words("""lie locate situate stand contain border overlook surround encircle occupy form remain hold""")


def _goes_on(clause: Clause) -> bool:
    denied = any(child.dep_ == "neg" for child in clause.head.children)
    return clause.nominal or not (_is_past(clause) or denied)


_WILL = re.compile(r"\b(will|won't|'ll|going to|likely|expect(?:s|ed)?)\b")
_MAYBE = re.compile(r"\b(may|might|could)\b(?! not (?:be )?(?:\w+ly )?(?:verif|confirm))")
_OFFER = re.compile(
    r"\b(wants?|seeks?|seeking|propos\w+|offer\w*|demand\w*|conced\w+|insist\w*|accept|looking to|trying to|bent on)\b"
)
_FORESEEN = re.compile(r"\b(may|might|will|would|shall|could(?! not (?:be )?(?:\w+ly )?(?:verif|confirm)))\b")
_ANSWERED = re.compile(
    r"\b(den(?:y|ies|ied)|would not confirm"
    r"|dismiss(?:es|ed)?|disput(?:es|ed)|confirmed|(?:calls?|called) (?:it|this|the \w+) "
    r"(?:false|fake|untrue|wrong|a lie)|no comment|(?:declined|refused) to comment|could not (?:be )?(?:\w+ly )?"
    r"(?:verified|verify|confirm(?:ed)?)|no (?:evidence|footage|proof|confirmation))\b"
)
"""What is said about what others say."""
_MEANT = re.compile(r"\b((?:is|are|was|were) (?:meant|designed|intended|supposed|aimed) (?:to|at))\b")
_CONCEDING = re.compile(
    r"\b(?:would|could|might|may|can) (?:not |also |only |then )?(?:return|accept|agree|withdraw|cede|recogni[sz]e|"
    r"conced|hand|give|pull|stop|halt|keep|sign|trade|swap|freeze|renounce|settle|drop|lift|guarantee)\w*"
)
"""What a party would grant; a guess where the author says it, a position where somebody is reported to."""
_STANCE = re.compile(
    r"\b((?:not|never) (?:yet )?(?:agree[ds]?|accept(?:ed|s)?|sign(?:ed|s)?|want(?:ed|s)?|looking|interested)|"
    r"ask(?:s|ed|ing)? for|dream(?:s|ed|ing)? of|has no right|legal right|no right to|permission|bluff\w*|"
    r"ready (?:to|for)|thirst\w* for|(?:has|have) (?:so far )?(?:refused|rejected|ruled)|"
    r"cannot (?:stop|afford)|"
    r"play(?:s|ed|ing)? for time|meant to|must|ought to|insist\w* (?:on|that)|stands? (?:firm|by)|dares? not|"
    r"ambitions?|craves?|aspires?|yearn\w*)\b"
)
_HOLDING = re.compile(
    r"\b(occup(?:y|ies|ied)|controls|fully control\w*|-held|-occupied|-controlled|surrounded|encircled|located|"
    r"captured|seized|liberated|cleared|recaptured|retaken|fell to|has fallen|(?:in|into) (?:\w+ )?(?:russian|"
    r"ukrainian|moscow's|kyiv's|enemy|their|its|our) hands|under (?:\w+ )?(?:russian|ukrainian|enemy|fire) control|"
    r"(?:fighting|battles?|combat|clashes) (?:continues?|rages?|goes on)|supplied from|still in use|"
    r"under (?:\w+ )?(?:fire|watch|siege)|flies? the|(?:not |never )?secured|pushed into|foothold|entrenched|dug in)\b"
)
_ASKED = re.compile(
    r"\b(ask(?:s|ed) for|demand(?:s|ed)|propos(?:es|ed)|offer(?:s|ed)|would have|should|ought to|must|insist(?:s|ed)|"
    r"threaten(?:s|ed)|vow(?:s|ed)|"
    r"wants?|calls? for|called for|urg(?:es|ed)|request(?:s|ed))\b"
)
_AGREED = re.compile(
    r"\b(agree[ds]?|accept(?:s|ed)|sign(?:s|ed)|approv(?:es|ed)|announc(?:es|ed)|pledg(?:es|ed)|decided|promis(?:es|ed)|"
    r"brokered|ratified)\b"
)
_EXPECTED = re.compile(
    r"\b(will|won't|'ll|going to|likely|expect(?:s|ed)?|forecasts?|projects|projected|predicts?|assum(?:es|ed)|"
    r"target(?:s|ed)?|draft budget|"
    r"chance of|odds|probability|by next|this year|next year|could|may|might)\b"
)


def _measured(text: str, clause: Clause, figure: Figure) -> str | None:
    base, _, per = (figure.unit or "").partition("/")
    if figure.unit == "date":
        return "event"
    if figure.unit == "boolean":
        return None
    if base == "percent" and "due" in text and lexicon.CAUSAL.search(text):
        return "causal"
    if _is_hypothetical(text, clause):
        return "forecast"
    if figure.value is not None and _ASKED.search(text):
        return "intention"
    if base in _DURATIONS:
        return _lasting(text, clause)
    if per:
        return "flow" if base == "USD" or (base in ("persons", "count") and _MOVED.search(text)) else "rate"
    if base in ("persons", "count", "USD", "") and figure.value is not None and _AGREED.search(text):
        return "event"
    return _by_unit(text, clause, base, figure)


_DURATIONS = ("h", "day", "week", "month", "year")


_CHANCE = re.compile(r"\b(?:chances?|odds|probability|likelihood) of\b")


def _is_hypothetical(text: str, clause: Clause) -> bool:
    """What is assumed, foreseen or only possible."""
    if _CHANCE.search(text):
        return True
    if _EXPECTED.search(text) and not (_is_past(clause) and not re.search(r"\b(expected|projected|assumed)\b", text)):
        return True
    return any(child.dep_ == "mark" and child.lower_ in ("if", "unless") for child in clause.head.children)


_MOVED = re.compile(
    r"\b(draft\w*|recruit\w*|enlist\w*|conscript\w*|mobili[sz]\w*|sign(?:s|ed|ing)? up|deliver\w*|suppl\w+|"
    r"import\w*|export\w*|receiv\w+|sen(?:ds?|t|ding)|transfer\w*|deport\w*)\b"
)
"""What passes from hand to hand."""


def _lasting(text: str, clause: Clause) -> str | None:
    """A duration is the length of an event, of a state, or only dates another statement."""
    if re.search(r"\b(a|per|each|every) (?:day|night|week)\b", text):
        return "rate"
    if re.search(r"\b(square|km2|km²)\b", text):
        return "rate" if re.search(r"\b(a|per) day\b", text) else "flow"
    alone = clause.nominal or not any(child.dep_ in SUBJECTS for child in clause.head.children)
    if alone and not _is_cause(text, clause):
        return "event" if re.search(r"\b(cease-?fire|truce|pause|talks?|meeting|visit|summit)\b", text) else "stock"
    return None


def _by_unit(text: str, clause: Clause, base: str, figure: Figure) -> str | None:
    if base in ("persons", "count") and re.search(r"\bfor (?:each|every)\b", text):
        return "rate"
    if base in ("km", "deg"):
        return "flow" if re.search(r"\badvanc\w+\b", text) and not _FROM.search(text) else "location"
    if base == "km2":
        return "location" if _HELD.search(text) and not _GAINED.search(text) else "flow"
    if base == "percent":
        return _percent(text, clause)
    if base == "percent of GDP":
        return "flow" if re.search(r"\b(deficit|gap|shortfall|surplus)\b", text) else "rate"
    if base in ("GW", "C"):
        return "flow" if re.search(r"\b(lost|destroyed|knocked out|restored|repaired|added|built)\b", text) else "stock"
    if base == "USD" or (figure.value is not None and _MONEY.search(text)):
        return _money(text, clause)
    if base in ("persons", "count") or figure.value is not None:
        return _counted(text, clause)
    return None


_FROM = re.compile(r"\b(from|of|away|behind|short|within|to the)\b")
_HELD = re.compile(r"\b(control\w*|hold\w*|held|occup\w+|under)\b")
_GAINED = re.compile(
    r"\b(captur\w+|seiz\w+|gain\w*|took|taken|takes?|taking|lost|loses?|losing|advanc\w+|liberat\w+|grew|grown|"
    r"shr[aiu]nk\w*|expanded|fell|rose|up|down)\b"
)
_MONEY = re.compile(r"\b(roubles?|rubles?|euros?|hryvnias?|dollars?|pounds?|yuan|trillion|billion)\b|[$€£₽₴]")
_PRICE = re.compile(
    r"\b(assets|worth|reserves|debt|fund|prices?|priced|barrel|cap|valued|average[ds]?|brent|urals|crude|to the dollar|"
    r"costs?|trad(?:es|ed|ing) at|exchange|discount|gap between|cumulative|stands? at|stood at)\b"
)
_GIVEN = re.compile(r"\b(allocat\w+|aid|assistance|given|gave|poured|provid\w+|spent|sent|committed|donat\w+)\b")
_SPAN_OF_YEARS = re.compile(
    r"\bsince\b|\bbetween (?:\w+ )?\d{4} and\b|\bin (?:all|total)\b|\btotal(?:s|led|ling)?\b|\bso far\b|\bto date\b|"
    r"\bcumulative\w*\b|\bin (?:[\w-]+ ){1,4}years\b|\bstart of the\b|\bpassed\b|\bbrings?|bringing\b"
)
"""A running total."""
_RECENT = re.compile(
    r"\b(over|in|during|for|within|through) (?:the )?(?:past|last|previous|preceding|same|first|second|third|fourth|"
    r"week|month|night|day|quarter|whole|january|february|march|april|spring|june|july|august|september|october|november|"
    r"december|summer|autumn|winter|two|three|four|five|six|\d{4})\b|\b(?:overnight|daily|nightly|weekly|monthly|"
    r"annual\w*|yearly|(?:a|per|each) (?:day|week|month|year)|last (?:night|week|month|year)|this (?:week|month)|"
    r"today|yesterday)\b"
)
"""A period that ends."""


def _money(text: str, clause: Clause) -> str:
    if _GIVEN.search(text):
        return "stock" if _SPAN_OF_YEARS.search(text) or (_is_perfect(clause) and not _RECENT.search(text)) else "flow"
    if re.search(r"\bneeds?\b.*\byear\b", text):
        return "forecast"
    yearly = lexicon.FLOW.search(text) or re.search(r"\b(annual|yearly|quarterly|monthly|weekly)\b", text)
    return "stock" if _PRICE.search(text) and not yearly else "flow"


_AT_ONCE = re.compile(
    r"\b(killed|wounded|injured|died|moved|moving|met|exchanged|returned|arrested|evacuated|swapped|released|points|"
    r"articles|bodies|prisoners)\b"
)
_SPENT = re.compile(
    r"\b(launch\w*|fired|shot down|brought down|downed|intercept\w*|stopped|destroy\w*|struck|hit|lost|losses|"
    r"casualties|damaged|jammed|repelled|attacked|deserted|gained|captured)\b"
)


def _counted(text: str, clause: Clause) -> str:
    """A running total is a stock, what was spent or lost in a period a flow, what happened at once an event."""
    if re.search(r"\b(population|residents|inhabitants)\b", text):
        return "stock"
    if re.search(r"\b(villages?|towns?|settlements?|cities|districts)\b", text) and _HOLDING.search(text):
        return "location"
    tallied = clause.head.lemma_.lower() in ("count", "tally", "document", "list", "record")
    if re.search(r"\bin the (?:[\w-]+ )?(?:days|weeks|months) since\b", text):
        return "flow"
    if _SPAN_OF_YEARS.search(text):
        return "stock"
    if _RECENT.search(text):
        return "flow" if not _is_state_verb(clause) or _SPENT.search(text) else "stock"
    if tallied or re.search(r"\b(?:has|have|had|'s|'ve) (?:\w+ )?(?:lost|buried|suffered)\b", text):
        return "stock"
    if _SPENT.search(text):
        return "flow"
    if _AT_ONCE.search(text):
        return "event"
    return "flow" if lexicon.FLOW.search(text) else "stock"


_LEVEL = re.compile(
    r"\b(inflation|key rate|interest rates?|benchmark rate|growth|gdp grew|intercept\w*|shot down|downed|"
    r"(?:stop|hit|success|kill|loss|unemployment) rates?)\b"
)
_GROUND = re.compile(
    r"\b(territory|oblast|region|province|donetsk|luhansk|donbas|zaporizhzhia|kherson|kharkiv|crimea|land area|compass|"
    r"(?:of|in) (?:\w+ )?(?:ukraine|the country|the town|the city))\b"
)


_YEARLY = re.compile(r"(?:%|per ?cent) (?:a|per|each) (?:day|week|month|year)\b")
_OF_WHAT = re.compile(r"\b(?:half|thirds?|quarters?|fifths?|tenths?|%|per ?cent) of what\b|\ba (?:fall|drop|rise) of\b")


_ONE_IN = re.compile(
    r"\b(?:one|two|three) (?:in|out of) (?:every )?(?:two|three|four|five|six|seven|eight|nine|ten)\b|"
    r"\bevery (?:second|third|fourth|fifth|tenth)\b"
)
"""How often something succeeds; a share of people who think something is told apart before."""


def _percent(text: str, clause: Clause) -> str:
    if _YEARLY.search(text) or _OF_WHAT.search(text) or _ONE_IN.search(text):
        return "rate"
    if _LEVEL.search(text):
        set_by = re.search(
            r"\b(cut|cuts|rais\w+|lower\w*|lift\w*|hik\w+|increas\w+|reduc\w+|slash\w+|kept|held)\b", text
        )
        return "event" if set_by and re.search(r"\brates?\b", text) and "bank" in text else "rate"
    if _GROUND.search(text):
        return "location"
    if re.search(
        r"\b(fell|fallen|drop\w*|declin\w*|down|rose|risen|increas\w*|up by|grew|grown|revenues?|cut|shr[aiu]nk|"
        r"plung\w*|jump\w*|collaps\w*|(?:less|more|lower|higher|fewer) than|year on year|lost|restored|destroyed|"
        r"halved|doubled)\b",
        text,
    ):
        return "flow"
    return "rate" if re.search(r"\b(rate of|gdp|annual|share rose|share fell)\b", text) else "stock"


def _is_future(text: str, verb: str, clause: Clause) -> bool:
    """What is still to come: a future, a modal, `before it falls`, `if it falls`, `do not expect`."""
    if _FORESEEN.search(verb):
        return True
    marks = {child.lower_ for child in clause.head.children if child.dep_ in ("mark", "advmod")}
    present = clause.head.tag_ in ("VBP", "VBZ", "VB")
    if marks & {"if", "unless", "before", "until"} and present and not clause.nominal:
        return True
    if clause.head.lemma_ in ("expect", "foresee", "anticipate", "predict", "forecast") and not clause.nominal:
        return True
    return bool(lexicon.FUTURE.search(text)) and not (_is_past(clause) and clause.head.dep_ == "ROOT")


_TAKING = lexicon.words("capture seize take fall liberate recapture retake overrun storm lose")


def _takes(clause: Clause) -> bool:
    """A place changes hands in the verb itself: `was captured`, `has fallen`; not `the captured town`."""
    head = clause.head
    if head.lemma_.lower() not in _TAKING or clause.nominal or head.dep_ in ("acl", "relcl"):
        return False
    finite = head.tag_ == "VBD" or any(child.dep_ in ("aux", "auxpass") for child in head.children)
    passive = any(child.dep_ == "nsubjpass" for child in head.children)
    fallen = head.lemma_ == "fall" and subject(head) is not None and subject(head).ent_type_ in ("GPE", "LOC")  # type: ignore[union-attr]
    return finite and (passive or fallen)


def _belongs(clause: Clause) -> bool:
    """A named place or `the town` is somebody's: `the town is Ukrainian`."""
    head, who = clause.head, subject(clause.head)
    if head.lemma_ not in ("be", "remain", "stay") or who is None:
        return False
    whose = any(child.dep_ in ("acomp", "attr", "oprd") and child.lower_ in _WHOSE for child in head.children)
    return whose and (who.ent_type_ in ("GPE", "LOC") or who.lower_ in ("town", "city", "village", "it"))


_WHOSE = ("russian", "ukrainian", "ours", "theirs")
_GRADUAL = re.compile(
    r"\b(slow(?:ly|er)|gradual(?:ly)?|stead(?:y|ily)|increasing(?:ly)?|faster|pace|persistent\w*|"
    r"(?:less|more|smaller|larger|fewer|lower|higher|better|worse) (?:\w+ ){0,2}than|twice|half) ?"
)


def _is_trend(text: str, clause: Clause) -> bool:
    """Words of speed or of change."""
    gradual = bool(_GRADUAL.search(text))
    return (bool(lexicon.RATE.search(text)) and (gradual or not _is_past(clause))) or (gradual and clause.nominal)


def _is_progressive(clause: Clause) -> bool:
    """Something goes on: `is running out of`."""
    head = clause.head
    return head.tag_ == "VBG" and any(
        child.dep_ == "aux" and child.lemma_ == "be" and child.tag_ in ("VBZ", "VBP") for child in head.children
    )


def _is_state(text: str, clause: Clause, reported: bool) -> bool:
    """How things stand: a noun phrase of a level, or a verb of being, having and lacking in the present.

    What somebody else says stands one tense back.
    """
    if clause.nominal:
        return bool(lexicon.STOCK.search(text))
    return _is_state_verb(clause) and (reported or not _is_past(clause))


def _is_state_verb(clause: Clause) -> bool:
    return clause.head.lemma_.lower() in _STATES


_STATES = lexicon.words(
    """be have lack remain need own stand number support favour favor trust possess contain comprise total keep
    amount consist hold fight"""
)


def _is_perfect(clause: Clause) -> bool:
    has = any(child.dep_ == "aux" and child.lemma_ == "have" for child in clause.head.children)
    return has and clause.head.tag_ in ("VBN", "VBD")


_CAUSE_LINKS = re.compile(
    r"\b((?:is|are|was|were) why|because"
    r"|due (?:to|as|largely|mainly|partly|mostly)|owing to|thanks to|as a result|therefore|thereby|so "
    r"that|in response to|"
    r"reasons? (?:why|for)|in pursuit of)\b"
)


def _is_cause(text: str, clause: Clause) -> bool:
    """The clause's own verb causes, or a link of cause stands in it."""
    if _CAUSE_LINKS.search(text):
        return True
    if any(child.dep_ == "mark" and child.lower_ == "because" for child in clause.head.children):
        return True
    found = lexicon.CAUSAL.search(text)
    if clause.nominal:
        return False
    if _changed_by_things(clause):
        return True
    if not found:
        return False
    verbs = {clause.head.lower_} | {
        token.lower_
        for token in clause.tokens
        if is_clausal(token)
        and (token.dep_ in ("conj", "xcomp", "aux", "ccomp", "csubj") or (token.dep_ == "acl" and token.tag_ == "VBG"))
    }
    words = found[0].split()
    suffered = any(child.dep_ == "auxpass" or child.lemma_ == "be" for child in clause.head.children)
    if suffered and clause.head.tag_ == "VBN" and clause.head.lower_ in words:
        return any(child.dep_ == "agent" for child in clause.head.children)
    return any(word in verbs for word in words) or words[0] in ("taking", "takes", "took")


def _changed_by_things(clause: Clause) -> bool:
    """A thing, not a person or a state, changes something: `sanctions have cut revenue`."""
    who = subject(clause.head)
    if who is None or clause.head.lemma_.lower() not in lexicon.CHANGING | _CHANGING:
        return False
    changed = any(child.dep_ in ("dobj", "ccomp", "oprd", "dative") for child in clause.head.children)
    named = " ".join(word.lower_ for word in who.subtree)[:200]
    if who.lower_ == "which" and clause.head.dep_ == "relcl":
        return changed and who.doc[max(0, who.i - 1)].text == ","
    return changed and who.pos_ == "NOUN" and bool(lexicon.IMPERSONAL.search(named) or _WEATHER.search(named))


_CHANGING = lexicon.words(
    """favour favor gut change strain harm buy deter weaken strengthen drain erode ruin shatter spur accelerate curb
    choke deprive halt complicate deepen fuel sap shield expose cripple"""
)
_WEATHER = re.compile(r"\b(fog|rain|snow|frost|thaw|heat|slaughter|promises?|guarantees?)\b")


def _is_past(clause: Clause) -> bool:
    head = clause.head
    auxiliaries = [child for child in head.children if child.dep_ in ("aux", "auxpass")]
    if any(child.tag_ == "VBD" and child.lower_ != "had" for child in auxiliaries):
        return True
    return head.tag_ == "VBD" or (head.tag_ == "VBN" and not auxiliaries)


def system(text: str, sentence: str) -> str:
    """The system whose words weigh most in the clause, its sentence counting a fifth."""
    own, around = lexicon.systems(text), lexicon.systems(sentence)
    weight = {name: own[name] + 0.2 * around[name] for name in own}
    best = max(weight, key=lambda name: weight[name])
    return best if weight[best] > 0 else "claims"


def quantity(text: str, clause: Clause, told: str, issue: str | None) -> str:
    """The name of what is stated: of the shared vocabulary where it fits, else a free one."""
    if told == "causal":
        return _slug("effect_on", _object(clause) or issue or "outcome")
    if told == "intention" and issue:
        return f"position_{issue}"
    known = lexicon.quantity(text)
    if known == "capture_date" and not _takes_place(text, clause):
        known = lexicon.quantity(_TOOK.sub(" ", text))
    if known:
        return known
    return _slug(clause.head.lemma_, _object(clause))


_TOOK = re.compile(r"\btook\b(?! (?:full )?control)")
_SEIZED = re.compile(r"\b(?:captured|seized|fell to|cleared|liberated|retook|recaptured|took (?:full )?control)\b")
_SETTLED = lexicon.words("town city village settlement district suburb hill airport island")


def _takes_place(text: str, clause: Clause) -> bool:
    """What is taken is a place: not a phone call, a share, or so many square kilometres."""
    if _SEIZED.search(text):
        return True
    taken = [token for token in clause.tokens if token.dep_ == "dobj" and token.head.lemma_ == "take"]
    return any(token.ent_type_ in ("GPE", "LOC", "FAC") or token.lemma_ in _SETTLED for token in taken)


def _object(clause: Clause) -> str:
    for dep in ("dobj", "attr", "acomp", "pobj", "nsubjpass"):
        for token in clause.tokens:
            if token.dep_ == dep:
                return "_".join([*(word.lemma_ for word in token.lefts if word.dep_ == "compound"), token.lemma_])
    return ""


def _slug(*parts: str) -> str:
    joined = "_".join(part for part in parts if part).lower()
    kept = re.sub(r"[^a-z0-9]+", "_", joined.encode("ascii", "ignore").decode()).strip("_")
    return kept[:MAX_SLUG].strip("_") or "statement"


_HOLDERS = (
    (
        "RU",
        re.compile(
            r"\brussian[- ](?:held|occupied|controlled)|\b(?:russia|russians?|russian (?:forces|troops|army|"
            r"units)|moscow|putin|his troops|he)\b.{0,40}\b"
            r"(?:occup\w+|control\w*|captur\w+|seiz\w+|hold\w*|held|clear\w+|took|taken|invaded)|\b(?:occupied|"
            r"captured|seized|taken) by (?:russia|moscow)|"
            r"\bfell to russia|\boccupied\b"
        ),
    ),
    (
        "UA",
        re.compile(
            r"\bukrainian[- ](?:held|controlled)|\b(?:ukraine|ukrainian|ukrainians|kyiv|ukrainian (?:forces|"
            r"troops|army|defenders))\b.{0,40}\b"
            r"(?:control\w*|liberat\w+|retook|recaptur\w+|hold\w*|held|retain\w*|defend\w*)|\bcitadel\b|\bfortress\b"
        ),
    ),
)


def holder(text: str) -> str | None:
    """Who is said to hold the ground of a folded clause."""
    return next((side for side, pattern in _HOLDERS if pattern.search(text)), None)


def gist(clause: Clause) -> str:
    """The clause in a few words: negation, verb, object."""
    kept: list[str] = []
    for token in clause.tokens:
        if token.i == clause.head.i or token.dep_ in (
            "neg",
            "dobj",
            "attr",
            "acomp",
            "prt",
            "xcomp",
            "pobj",
            "dative",
            "oprd",
            "conj",
        ):
            kept.extend(
                word.text for word in token.lefts if word.dep_ in ("compound", "amod") and word in clause.tokens
            )
            kept.append(token.text)
    return " ".join(" ".join(kept[:MAX_GIST]).split())
