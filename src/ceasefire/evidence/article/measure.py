"""Numbers in English text, with unit, range and qualifier.

The text is cut once into numbers, words and marks; everything after that looks at neighbours in that list, so time
grows with length alone. A number is digits ("1,200", "18.5", "10bn"), words ("two and a half million", "a dozen") or
a fraction ("two-thirds of", "one in five"). Words before it say how exact it is, words after it what is counted; a
number without such a word counts what its neighbour in the sentence counts. Lengths become km, areas km², power GW,
temperatures °C; money keeps its currency, and only dollars have a unit.

Bands: "about" is ±10 %, a length of time in whole weeks, months or years ± half a unit (nobody counts such a time to
the day), a fraction ±10 %, "at least" has no upper end and "up to" no lower one. All three are arbitrary.

No measures: dates, years, times of day, ordinals, the names of things ("F-16", "Article 5", "Leopard 2", "Resolution
2202"), telephone numbers, ages, "three weeks ago" and "the last two months" (`dating` reads those), numbers above
10^18. Left out: multiples ("three times as many"), numbers in words with a unit that English leaves unsaid.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

KM_PER_MILE = 1.609344
HA_PER_KM2 = 100.0
DAYS = {"h": 1 / 24, "day": 1.0, "week": 7.0, "month": 30.4375, "year": 365.25}
"""Length of each unit of time in days; months and years are means."""
ABOUT = 0.1
MAX_VALUE = 1e18
MAX_DIGITS = 24
WINDOW = 24
"""Tokens that one number may span."""
REACH = 6
"""Words between a number and what it counts, at most."""


def _words(row: str) -> list[str]:
    return row.split()


@dataclass(frozen=True)
class Measure:
    """A number in a text."""

    start: int
    end: int
    """From the words that qualify it to its unit: "more than 1,200 North Korean soldiers"."""
    value: float | None
    """The middle of a range; None where the words give a bound alone ("for months", "a majority of")."""
    low: float | None
    high: float | None
    unit: str | None
    """Of the grammar of `claim.UNITS`, rates folded in (`count/day`); None where that grammar has none."""
    qualifier: str
    currency: str | None = None
    """ISO code of money, also where it is not dollars and `unit` is None."""
    noun: str | None = None
    """What is counted, lower case, with the words between: "north korean soldiers"."""


class _Token(NamedTuple):
    kind: str
    """number, word or mark."""
    text: str
    """Lower case."""
    start: int
    end: int
    raw: str


class _Amount(NamedTuple):
    """A number in the list of tokens, before its unit is known."""

    value: float
    stop: int
    """First token after it."""
    scaled: bool
    """A word such as `million` belongs to it."""
    words: bool
    """Written in words alone."""
    vague: bool = False
    fraction: bool = False
    bound: bool = False
    """Only a lower bound is said: `dozens`, `months`."""
    start: int = -1
    """First token."""
    top: float | None = None
    """Upper end where the words give one: `tens of thousands`, `several`."""
    currency: str | None = None
    mantissa: float = 0.0


# ---------------------------------------------------------------------------------------------------------------------
# Tables

_SMALL = {
    word: float(value)
    for value, word in enumerate(
        _words(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
            "seventeen eighteen nineteen"
        )
    )
}
_TENS = {word: 10.0 * (n + 2) for n, word in enumerate(_words("twenty thirty forty fifty sixty seventy eighty ninety"))}
_SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_SHORT_SCALES = {
    "k": 1e3,
    "m": 1e6,
    "mn": 1e6,
    "mln": 1e6,
    "mio": 1e6,
    "b": 1e9,
    "bn": 1e9,
    "bln": 1e9,
    "tn": 1e12,
    "trn": 1e12,
}
_MANY = {
    "dozens": 24.0,
    "scores": 40.0,
    "hundreds": 200.0,
    "thousands": 2e3,
    "millions": 2e6,
    "billions": 2e9,
    "trillions": 2e12,
}
"""Least that the plural says."""
_FRACTIONS = {
    "half": 1 / 2, "halves": 1 / 2, "third": 1 / 3, "thirds": 1 / 3, "quarter": 1 / 4, "quarters": 1 / 4,
    "fourth": 1 / 4, "fourths": 1 / 4, "fifth": 1 / 5, "fifths": 1 / 5, "sixth": 1 / 6, "sixths": 1 / 6,
    "seventh": 1 / 7, "sevenths": 1 / 7, "eighth": 1 / 8, "eighths": 1 / 8, "ninth": 1 / 9, "ninths": 1 / 9,
    "tenth": 1 / 10, "tenths": 1 / 10,
}  # fmt: skip
_TIME = {
    "minute": ("h", 1 / 60), "minutes": ("h", 1 / 60), "min": ("h", 1 / 60), "mins": ("h", 1 / 60),
    "hour": ("h", 1.0), "hours": ("h", 1.0), "hrs": ("h", 1.0), "hr": ("h", 1.0),
    "day": ("day", 1.0), "days": ("day", 1.0), "night": ("day", 1.0), "nights": ("day", 1.0),
    "week": ("day", 7.0), "weeks": ("day", 7.0), "fortnight": ("day", 14.0), "month": ("month", 1.0),
    "months": ("month", 1.0), "year": ("year", 1.0), "years": ("year", 1.0), "decade": ("year", 10.0),
    "decades": ("year", 10.0), "century": ("year", 100.0), "centuries": ("year", 100.0),
}  # fmt: skip
_ROUNDED = frozenset(_words("week weeks fortnight month months year years decade decades century centuries"))
_LENGTH = {
    "km": 1.0, "kms": 1.0, "kilometre": 1.0, "kilometres": 1.0, "kilometer": 1.0, "kilometers": 1.0,
    "mile": KM_PER_MILE, "miles": KM_PER_MILE, "mi": KM_PER_MILE, "metre": 1e-3, "metres": 1e-3, "meter": 1e-3,
    "meters": 1e-3, "m": 1e-3,
}  # fmt: skip
_POWER = {"gw": 1.0, "gigawatt": 1.0, "gigawatts": 1.0, "mw": 1e-3, "megawatt": 1e-3, "megawatts": 1e-3}
_PERCENT = frozenset(_words("% percent pct percentage pp"))
_MONEY_WORDS = {
    "dollar": "USD", "dollars": "USD", "usd": "USD", "euro": "EUR", "euros": "EUR", "eur": "EUR", "ruble": "RUB",
    "rubles": "RUB", "rouble": "RUB", "roubles": "RUB", "rub": "RUB", "pound": "GBP", "pounds": "GBP", "gbp": "GBP",
    "hryvnia": "UAH", "hryvnias": "UAH", "hryvnya": "UAH", "hryvnyas": "UAH", "uah": "UAH", "yuan": "CNY", "cny": "CNY",
    "rmb": "CNY", "yen": "JPY", "jpy": "JPY", "rupees": "INR", "rupee": "INR", "inr": "INR", "zloty": "PLN",
    "zlotys": "PLN", "pln": "PLN", "kronor": "SEK", "kroner": "NOK", "krona": "SEK", "krone": "NOK", "francs": "CHF",
    "chf": "CHF", "lira": "TRY", "won": "KRW", "cents": None, "cent": None,
}  # fmt: skip
_MONEY_MARKS = {"$": "USD", "€": "EUR", "£": "GBP", "₽": "RUB", "₴": "UAH", "¥": "JPY", "₹": "INR"}
_DOLLARS = {
    "us": "USD",
    "u.s": "USD",
    "c": "CAD",
    "ca": "CAD",
    "a": "AUD",
    "au": "AUD",
    "nz": "NZD",
    "hk": "HKD",
    "s": "SGD",
}
_PERSONS = frozenset(
    _words(
        "soldier soldiers troop troops trooper troopers man men woman women person persons people casualty casualties "
        "killed wounded dead injured missing deaths death fatalities fatality victims victim civilians civilian "
        "children child kids residents resident inhabitants inhabitant refugees refugee prisoners prisoner pows pow "
        "hostages hostage recruits recruit volunteers volunteer servicemen serviceman servicewomen servicemembers "
        "personnel officers officer conscripts conscript mercenaries mercenary fighters fighter defenders defender "
        "attackers militants infantrymen infantry marines paratroopers reservists reservist deserters deserter "
        "defectors workers worker guards guard pilots pilot operators operator crewmen sailors sailor engineers "
        "engineer instructors instructor trainees citizens citizen voters voter respondents respondent adults adult "
        "pensioners evacuees migrants migrant emigrants students student teachers journalists journalist doctors "
        "medics rescuers firefighters policemen police lives life souls convicts convict inmates bodies body amputees "
        "veterans veteran peacekeepers peacekeeper advisers advisors ukrainians russians koreans americans europeans "
        "germans poles britons crimeans belarusians chechens wounds contractors contractor employees employee staff "
        "population populations generals general commanders commander detainees orphans teenagers patients passengers "
        "protesters demonstrators serviceperson serviceperson mobilised mobilized displaced combatants combatant "
        "specialists specialist snipers sniper strong"
    )
)
_COUNTED = frozenset(
    _words(
        "drone drones uav uavs missile missiles rocket rockets shell shells round rounds bomb bombs tank tanks "
        "battery batteries launcher launchers system systems jet jets aircraft plane planes airplane airplanes "
        "fighter-jets bomber bombers helicopter helicopters submarine submarines ship ships vessel vessels boat boats "
        "tanker tankers warship warships frigate frigates corvette corvettes vehicle vehicles truck trucks car cars "
        "carrier carriers howitzer howitzers gun guns mortar mortars radar radars brigade brigades battalion "
        "battalions regiment regiments division divisions company companies unit units army armies corps platoon "
        "platoons squad squads squadron squadrons interceptor interceptors munition munitions warhead warheads mine "
        "mines town towns village villages city cities settlement settlements district districts building buildings "
        "house houses home homes apartment apartments school schools hospital hospitals church churches bridge "
        "bridges refinery refineries depot depots plant plants substation substations reactor reactors station "
        "stations facility facilities airfield airfields airbase airbases port ports barrel barrels strike strikes "
        "attack attacks assault assaults raid raids barrage barrages clash clashes battle battles engagement "
        "engagements sortie sorties explosion explosions launch launches hit hits impact impacts violation violations "
        "meeting meetings call calls round-trips visit visits sanction sanctions package packages country countries "
        "nation nations state states oblast oblasts region regions province provinces household households consumer "
        "consumers customer customers family families piece pieces weapon weapons item items target targets wave "
        "waves incident incidents case cases factory factories enterprise enterprises bank banks refugees-camp abrams "
        "bradleys leopards himars atacms patriots patriot javelins stingers f-16s f-16 migs mig-29s su-34s shaheds "
        "shahed gerans decoys decoy glide-bombs kinzhals iskanders kalibrs storm-shadows mirages gripens marders "
        "caesars crew crews groups group ballots votes vote seats seat points point proposals proposal conditions "
        "condition positions position trains train locomotives locomotive turbines turbine generators generator "
        "transformers transformer satellites satellite terminals terminal containers container apartments lawmakers- "
        "votes pieces platforms platform spg spgs mlrs ifv ifvs apc apcs afv afvs motorcycles motorcycle robots robot "
        "cruise-missiles fortresses laws law documents document cellars trenches bunkers kilotons ceasefires truces "
        "exchanges swaps"
    )
)
_NOT_COUNTED = frozenset(
    _words(
        "sides things thing reasons reason ways way parties hands terms words respects times time sources analysts "
        "hypotheses options scenarios questions question fold senses factors leaders presidents"
    )
)
"""Nouns of talk rather than of the world; `two sides` measures nothing."""
_VERBS = frozenset(
    _words(
        "is was has does says was includes continues remains becomes seems appears means makes takes gives comes goes "
        "gets needs wants claims shows uses loses wins holds this its his hers ours yours theirs us as thus plus "
        "minus versus news always perhaps unless whereas besides across less towards afterwards yes minutes-to- "
        "midnight"
    )
)
_STOPS = frozenset(
    _words(
        "and or but nor in on at to from with without by for the were was is are be been being had has have having "
        "that which who whom whose when where while after before since until till during if because as than then "
        "there their its his her our your my they he she it we you i this these those into onto over under against "
        "between among through across around near out off up down can could may might must shall should will would "
        "did do does not also still only just even so both either all about per each every an a last next earlier ago "
        "later compared versus according said says told killed-in amid despite toward towards via within about more "
        "fewer less"
    )
)
_SKIPPED = frozenset(_words("of the its their his her our other such these those so-called"))
_BEFORE = {
    "about": "about", "around": "about", "roughly": "about", "approximately": "about", "approx": "about",
    "circa": "about", "nearly": "about", "almost": "about", "some": "about", "estimated": "about", "close to": "about",
    "an estimated": "about", "in the region of": "about", "on the order of": "about", "of the order of": "about",
    "somewhere around": "about", "just about": "about", "near": "about", "or so": "about", "~": "about", "≈": "about",
    "an average of": "about", "on average": "about", "averaging": "about", "average of": "about", "ca": "about",
    "more than": "at_least", "over": "at_least", "at least": "at_least", "no fewer than": "at_least",
    "no less than": "at_least", "not less than": "at_least", "not fewer than": "at_least", "upwards of": "at_least",
    "upward of": "at_least", "in excess of": "at_least", "above": "at_least", "exceeding": "at_least",
    "exceeds": "at_least", "exceeded": "at_least", "exceed": "at_least", "surpassing": "at_least",
    "surpassed": "at_least", "topping": "at_least", "topped": "at_least", "a minimum of": "at_least",
    "minimum of": "at_least", "beyond": "at_least", "greater than": "at_least", "higher than": "at_least",
    "larger than": "at_least", "longer than": "at_least", "well over": "at_least", "fully": "at_least",
    ">": "at_least", "≥": "at_least",
    "up to": "less_than", "less than": "less_than", "fewer than": "less_than", "under": "less_than",
    "no more than": "less_than", "not more than": "less_than", "at most": "less_than", "below": "less_than",
    "as many as": "less_than", "as much as": "less_than", "a maximum of": "less_than", "maximum of": "less_than",
    "smaller than": "less_than", "lower than": "less_than", "shorter than": "less_than", "not exceeding": "less_than",
    "as high as": "less_than", "as few as": "at_least", "as little as": "at_least", "as low as": "at_least",
    "<": "less_than", "≤": "less_than", "barely": "about", "a little over": "at_least", "exactly": "exact",
    "precisely": "exact",
}  # fmt: skip
"""Words before a number and the qualifier that they give."""
_AFTER = {
    "or more": "at_least", "or so": "about", "or less": "less_than", "or fewer": "less_than", "at least": "at_least",
    "at most": "less_than", "and counting": "at_least", "odd": "about", "and more": "at_least", "plus": "at_least",
}  # fmt: skip
_PER = {
    "day": "day", "daily": "day", "night": "day", "nightly": "day", "week": "week", "weekly": "week",
    "month": "month", "monthly": "month", "year": "yr", "annum": "yr", "annually": "yr", "yearly": "yr",
    "annual": "yr",
}  # fmt: skip
_RATED = ("km", "km2", "persons", "count", "USD")
_LABELS = frozenset(
    _words(
        "article articles resolution section sections chapter protocol no nos number order decree directive act title "
        "unit brigade battalion regiment highway route road channel page pages figure table step phase stage level "
        "tier class room flight minsk version season part paragraph clause item annex volume vol issue formula stream "
        "category leopard challenger abrams shahed geran atacms pac su mig tu kh kinzhal iskander bradley gepard "
        "marder type mark mk boeing airbus il ka mi yak buk lancet orlan zala tb falcon caesar himars iris sa javelin "
        "grad smerch uragan tochka kalibr oreshnik gpt covid windows catch agenda vision pier gate block day zircon "
        "neptune fp flamingo hwasong"
    )
)
_SMALL_LABELS = frozenset(
    _words("article articles section resolution chapter page pages phase stage level class no nos day")
)
"""Words that a number names rather than counts: `Article 5`, `Leopard 2`, `day 1,267`."""
_KILLING = frozenset(
    _words(
        "killed killing kill kills wounded wounding wound injured injuring injures wounds captured mobilised "
        "mobilized recruited recruits mobilise mobilize deported evacuated displaced freed conscripted buried"
    )
)
_PERSONS_OF = re.compile(
    r"\b(?:population|army|force|garrison|contingent|death toll|toll|casualties|deaths|losses(?: in the \w{1,12}"
    r" \w{1,8})?|crew|audience|community|city|dead|killed|wounded|fatalities|prisoners|refugees|soldiers|recruits|"
    r"desert(?:ers|ions)|town|staff|workforce|troops|personnel|manpower)(?: \w{1,20}){0,2}? (?:of|"
    r"(?:c[ao]me )?to|at|reached|reach|exceeded|exceed|passed|topped|surpassed|totall?ed|numbered|hit)\b[^.;:]{0,24}$",
    re.I,
)
_HARDWARE = re.compile(r"\b(?:equipment|tanks?|vehicles?|aircraft|artillery|armou?r|material|drones?|ships?)\b", re.I)

# ---------------------------------------------------------------------------------------------------------------------
# Tokens

_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:\.[^\W\d_](?![^\W\d_]))*|\S")
_MONTH = (
    r"(?:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|March|Mar\.?|April|Apr\.?|May|June?|Jun\.|July?|Jul\.|Aug(?:ust|\.)?|"
    r"Sept?(?:ember|\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)"
)
_DASH = r"\s?(?:-|–|—|to|and|/)\s?"
_MASKS = tuple(
    re.compile(pattern, flags)
    for pattern, flags in (
        (r"https?://\S{1,2000}|\bwww\.\S{1,2000}|\S{1,64}@\S{1,255}", re.I),
        (
            (
                rf"\b\d{{1,2}}(?:st|nd|rd|th)?(?:{_DASH}\d{{1,2}}(?:st|nd|rd|th)?)?,? (?:of )?{_MONTH}\b(?:,? ?(?:19"
                rf"|20)\d\d\b)?"
            ),
            0,
        ),
        (
            (
                rf"\b{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?\b(?![,.]\d)(?:{_DASH}\d{{1,2}}\b(?![,.]?\d))?(?:,? ?(?:19"
                rf"|20)\d\d\b)?"
            ),
            0,
        ),
        (rf"\b{_MONTH},? (?:of )?(?:19|20)\d\d\b", 0),
        (r"\b\d{4}-\d\d(?:-\d\d)?\b|\b\d{1,2}[./]\d{1,2}[./](?:\d{4}|\d\d)\b", 0),
        (r"\b(?:19|20)\d\d\s?(?:[-–—/]|to|and|through)\s?(?:(?:19|20)\d\d|\d\d)\b(?![,.]?\d)", 0),
        (r"\b(?:19|20)\d0['’]?s\b|(?<!\w)['’]\d\ds?\b", 0),
        (r"\b\d{1,2}:\d\d(?::\d\d)?(?:\s?[ap]\.?m\b\.?)?|\b\d{1,2}\s?(?:a\.m\.|p\.m\.|am\b|pm\b|o['’]clock)", re.I),
        (r"\b\d{4} (?:hours|hrs|GMT|UTC|EST|EDT|EEST|MSK|local time)\b", 0),
        (r"\+\d[\d ().-]{6,24}\d|\(\d{3}\) ?\d{3}[-. ]\d{4}|\b\d{3}[-.]\d{3}[-.]\d{4}\b", 0),
        (
            (
                r"\b(?:G|Group of |E|P|BRICS\+?|Five|UNSCR ?|N)-?\d{1,4}\b|\bGroup of (?:Seven|Eight|Twenty)\b"
                r"|\bBig Three\b"
            ),
            0,
        ),
        (r"\b24/7\b|\b9/11\b|\b50[/-]50\b|\b\d{1,4}(?:,\d{3}){0,2}(?:st|nd|rd|th)\b", re.I),
        (r"^[ \t]{0,8}\(?\d{1,3}[.)][ \t]|\[\d{1,4}\]|\((?:[ivx]{1,5}|\d{1,2})\)", re.M),
        (r"\b(?:one|two|three)[- ](?:way|sided|off|time|state|man show|party|handed|fold)\b|\bsquare one\b", re.I),
        (r"\b\d{2,3}(?:\.\d{1,2})?[- ]?(?:mm|millimet(?:re|er)s?|cm|calib(?:re|er))\b", re.I),
        (r"\b(?:World War|Cold War|Article|Phase|Stage) (?:One|Two|Three|Five|I{1,3})\b|\bNumber One\b", re.I),
    )
)


def find(text: str, start: int = 0, end: int | None = None) -> list[Measure]:
    """Numbers between two offsets, in order, none overlapping."""
    end = len(text) if end is None else min(end, len(text))
    tokens = _tokens(text, max(0, start), end)
    found: list[Measure] = []
    at = 0
    while at < len(tokens):
        amount = _amount(tokens, at)
        if amount is None:
            at += 1
            continue
        measure, after = _measured(text, tokens, amount)
        at = max(after, at + 1)
        if measure is not None and (not found or measure.start >= found[-1].end):
            before = next((item for item in reversed(found) if item.unit not in DAYS), None)
            found.append(_like_before(text, before, measure) if before else measure)
    for number, (first, second) in enumerate(itertools.pairwise(found)):
        if _is_bare(first) and _FROM_TO.fullmatch(text, first.end, second.start):
            found[number] = replace(first, unit=second.unit, currency=second.currency, noun=second.noun)
    return found


_FROM_TO = re.compile(r"\s{1,3}to(?:\s{1,3}\w{1,12}){0,1}?\s{1,3}")
_SENTENCE_END = re.compile(r"[.!?;:\n](?:\s|$)")
SAME_SUBJECT = 90
"""Characters over which a number without a unit still counts the persons or things of the number before; arbitrary."""


def _is_bare(measure: Measure) -> bool:
    return measure.unit is None and measure.currency is None and measure.noun is None


def _like_before(text: str, before: Measure, measure: Measure) -> Measure:
    """`403,000 people in 2025 and 409,000 in 2026`: the second number counts what the first did."""
    if not _is_bare(measure) or before.unit is None:
        return measure
    if before.noun is None or (measure.value or 0) < 10:
        return _compared(text, before, measure)
    between = text[before.end : measure.start]
    if len(between) > SAME_SUBJECT or _SENTENCE_END.search(between) or _OTHER_MATTER.match(text, measure.end):
        return measure
    base = before.unit.partition("/")[0]
    unit = base if re.search(r"\btotal|\bbringing\b", between) else before.unit
    return replace(measure, unit=unit, noun=before.noun) if base in ("persons", "count") else measure


_COMPARED = re.compile(
    r"(?:\b(?:from|to|than|or|versus|vs|against(?: an? \w{1,20})?(?: of)?|compared (?:with|to)|instead of|need of)|,)"
    r"\s{0,3}(?:an?\s)?(?:\w{1,12}\s){0,1}$"
)
_EACH = re.compile(r"\s(?:an?|per|each|every)\s(day|week|month|year)\b(?! (?:ago|earlier|later|before))")


def _compared(text: str, before: Measure, measure: Measure) -> Measure:
    """`11 gigawatts against a need of 18`, `570 square kilometres, or 20 a day`: measured in the same unit."""
    between = text[before.end : measure.start]
    if len(between) > SAME_SUBJECT or _SENTENCE_END.search(between) or not _COMPARED.search(between):
        return measure
    base = (before.unit or "").partition("/")[0]
    each = _EACH.match(text, measure.end)
    if each and base in _RATED:
        return replace(measure, unit=f"{base}/{_PER[each[1]]}", end=each.end())
    if _OTHER_MATTER.match(text, measure.end) or base not in ("km", "km2", "GW", "percent", "persons", "count", "h"):
        return measure
    return replace(measure, unit=before.unit, noun=before.noun)


def follow(text: str, before: Measure, measure: Measure) -> Measure:
    """A measure read after one of an earlier sentence: a bare number counts the same, `a third of that` is a part."""
    base = (before.unit or "").partition("/")[0]
    if base not in ("persons", "count", "km2", "GW") or measure.value is None:
        return measure
    if measure.unit == "percent" and _OF_THAT.match(text, measure.end) and before.value is not None:
        part = before.value / 100.0
        return replace(
            measure,
            value=_tidy(measure.value * part),
            low=None if measure.low is None else _tidy(measure.low * part),
            high=None if measure.high is None else _tidy(measure.high * part),
            unit=before.unit,
            noun=before.noun,
        )
    if base in ("persons", "count") and _is_bare(measure) and measure.value >= 10:
        return measure if _OTHER_MATTER.match(text, measure.end) else replace(measure, unit=base, noun=before.noun)
    return measure


_OF_THAT = re.compile(r"\s{1,3}(?:of\s{1,3})?(?:that|this)(?=\s{0,3}(?:[.,;:)]|number|figure|total|$))")
_OTHER_MATTER = re.compile(
    r"\s{0,3}(?!(?:in|a|an|on|by|over|during|the|last|were|was|of|and|or|at|each|to|since|this|as)\b)[\w°%]"
)
"""A word behind a number that could be a unit of its own."""


def in_days(measure: Measure) -> float | None:
    """A length of time in days; None for anything else, and where only a bound is given."""
    if measure.unit not in DAYS or measure.value is None:
        return None
    return measure.value * DAYS[measure.unit]


_DOWN = re.compile(
    r"\b(?:f[ae]ll(?:s|en|ing)?|drop(?:s|ped|ping)?|declin(?:e|es|ed|ing)|decreas(?:e|es|ed|ing)|shr[aiu]nk(?:s"
    r"|ing)?|reduc(?:e|es|ed|ing|tion)"
    r"|cut(?:s|ting)?|slump(?:s|ed)?|plung(?:e|es|ed|ing)|plummet(?:s|ed|ing)?|contract(?:s|ed|ing|ion)|shed"
    r"|sank|lower(?:s|ed|ing)?|less|fewer|down"
    r"|slid|slip(?:s|ped)?|tumbl(?:e|es|ed)|weaken(?:s|ed|ing)?|loss of|lost|collaps(?:e|es|ed)|depreciat(?:e|es"
    r"|ed)|dip(?:s|ped)?|smaller|slow(?:s|ed)?)\b",
    re.I,
)
_UP = re.compile(
    r"\b(?:ris(?:e|es|en|ing)|rose|increas(?:e|es|ed|ing)|gr[eo]w(?:s|n|ing|th)?|jump(?:s|ed)?|climb(?:s|ed"
    r"|ing)?|surg(?:e|es|ed|ing)|soar(?:s|ed|ing)?"
    r"|gain(?:s|ed|ing)?|up|higher|more|expand(?:s|ed|ing)?|rais(?:e|es|ed|ing)|boost(?:s|ed)?|add(?:s|ed|ing)?"
    r"|doubl(?:e|es|ed)|swell(?:s|ed)?|swollen|larger"
    r"|greater|strengthen(?:s|ed|ing)?|appreciat(?:e|es|ed)|spik(?:e|es|ed)|widen(?:s|ed)?|accelerat(?:e|es|ed))\b",
    re.I,
)
_PHRASAL = re.compile(
    r"\b(?:shot|shoots?|shooting|brought|bring|took|taken|gunned|knocked|up to|backed|set|called|made|given|back"
    r"(?:ed)?) (?:down|up)\b|\bup to\b|\bmore than\b|\bless than\b"
    r"|\bfewer than\b|\bhigher than\b|\blower than\b|\bcut (?:off|the|supply|main)\b|\bcontract(?:s|ed)? (?:for"
    r"|worth|of|to)\b",
    re.I,
)
_OWNED = re.compile(r"\b(?:lost|loss of|gain(?:s|ed|ing)?|add(?:s|ed|ing)?|rais(?:e|es|ed|ing)|shed)\b", re.I)
"""Words that tell of a change only beside a share: `lost 1,200 men` is no fall by 1,200."""
_LEVEL = re.compile(r"\b(?:to|from|at|reach(?:es|ed|ing)?|than|totall?(?:ed|ing)|into)\s*$", re.I)
_CLAUSE = re.compile(r"[.;:!?()\n“”]|,\s|\b(?:but|while|whereas|although|which)\b")
NEAR = 60
"""Characters around a measure that are read for a word of change; arbitrary."""


def direction(text: str, measure: Measure) -> int:
    """-1 where the text says that something fell by this measure, +1 where it rose by it, 0 otherwise.

    A level is no change: "fell from 20 to 15" gives 0 for both numbers.
    """
    before = _PHRASAL.sub("", _CLAUSE.split(text[max(0, measure.start - NEAR) : measure.start])[-1])
    if measure.unit != "percent":
        before = _OWNED.sub("", before)
    after = _CLAUSE.split(text[measure.end : measure.end + NEAR])[0]
    if _LEVEL.search(before):
        return 0
    if sign := _sign_after(after):
        return sign
    return _nearest_sign(before)


def _sign_after(after: str) -> int:
    """Of a word right behind the number: "20 percent lower", "a 20 percent drop"."""
    head = " ".join(after.split()[:2])
    return -1 if _DOWN.search(head) else 1 if _UP.search(head) else 0


def _nearest_sign(before: str) -> int:
    down = max((found.end() for found in _DOWN.finditer(before)), default=-1)
    up = max((found.end() for found in _UP.finditer(before)), default=-1)
    nearest = max(down, up)
    if nearest < 0 or len(before[nearest:].split()) > 4:
        return 0
    return -1 if down > up else 1


# ---------------------------------------------------------------------------------------------------------------------
# Text to tokens


def _tokens(text: str, start: int, end: int) -> list[_Token]:
    """Numbers, words and marks; what a mask covers is one mark."""
    masked = _masked(text, start, end)
    tokens: list[_Token] = []
    at = start
    for left, right in [*masked, (end, end)]:
        for found in _TOKEN.finditer(text, at, left):
            raw = found[0]
            kind = "number" if raw[0].isdecimal() else "word" if raw[0].isalpha() else "mark"
            tokens.append(
                _Token(kind, raw.lower() if len(raw) <= 64 else raw[:64], found.start(), found.end(), raw[:64])
            )
        if right > left:
            tokens.append(_Token("masked", text[left:right][:64].lower(), left, right, text[left:right][:64]))
        at = right
    return tokens


def _masked(text: str, start: int, end: int) -> list[tuple[int, int]]:
    spans = sorted(found.span() for mask in _MASKS for found in mask.finditer(text, start, end))
    merged: list[tuple[int, int]] = []
    for left, right in spans:
        if merged and left < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(right, merged[-1][1]))
        elif right > left:
            merged.append((left, right))
    return merged


def _word(tokens: Sequence[_Token], at: int) -> str:
    """Text of a word or mark; empty beyond the ends and for numbers."""
    return tokens[at].text if 0 <= at < len(tokens) and tokens[at].kind in ("word", "mark") else ""


def _touches(tokens: Sequence[_Token], at: int) -> bool:
    """No space between this token and the one before."""
    return 0 < at < len(tokens) and tokens[at - 1].end == tokens[at].start


def _past_hyphen(tokens: Sequence[_Token], at: int) -> int:
    """Past a hyphen that joins two words."""
    joined = _word(tokens, at) in ("-", "\u2011", "‐") and _touches(tokens, at) and _touches(tokens, at + 1)
    return at + 1 if joined else at


# ---------------------------------------------------------------------------------------------------------------------
# Tokens to amounts


def _amount(tokens: Sequence[_Token], at: int) -> _Amount | None:
    """The number that starts at a token, money marks included."""
    if at >= len(tokens):
        return None
    word = tokens[at].text
    if tokens[at].kind == "mark" and word in _MONEY_MARKS:
        return _priced(tokens, at, at + 1, _currency(tokens, at))
    if tokens[at].kind == "word" and word in ("usd", "eur", "rub", "gbp", "uah", "cny") and at + 1 < len(tokens):
        return _priced(tokens, at, at + 1, _MONEY_WORDS[word]) if tokens[at + 1].kind == "number" else None
    if tokens[at].kind == "number":
        found = _digits(tokens, at)
    elif tokens[at].kind == "word":
        found = _in_words(tokens, at)
    else:
        return None
    if found is None or not abs(found.value) <= MAX_VALUE:
        return None
    return found._replace(start=at)


def _priced(tokens: Sequence[_Token], first: int, at: int, currency: str | None) -> _Amount | None:
    found = _amount(tokens, at) if at < len(tokens) and tokens[at].kind == "number" else None
    if found is None:
        return None
    scale = _SHORT_SCALES.get(_word(tokens, found.stop), 0) if _touches(tokens, found.stop) and not found.scaled else 0
    if scale:
        found = found._replace(value=found.value * scale, stop=found.stop + 1, scaled=True)
    return found._replace(start=first, currency=currency)


def _currency(tokens: Sequence[_Token], at: int) -> str | None:
    mark = tokens[at].text
    if mark == "$" and _touches(tokens, at) and _word(tokens, at - 1) in _DOLLARS:
        return _DOLLARS[_word(tokens, at - 1)]
    return _MONEY_MARKS[mark]


_SUFFIXES = frozenset(
    {*_SHORT_SCALES, *_LENGTH, *_POWER, *_PERCENT, "h", "hr", "hrs", "min", "km²", "c", "ha", "sq", "kmh"}
)


def _digits(tokens: Sequence[_Token], at: int) -> _Amount | None:
    """A number in digits with the scale words after it."""
    value = _value(tokens[at].raw) if not _is_name(tokens, at) else None
    if value is None:
        return None
    stop = at + 1
    while stop < len(tokens) and _continues(tokens, at, stop):
        value, stop = value * 1000 + float(tokens[stop].raw), stop + 1
    if _touches(tokens, stop) and tokens[stop].kind == "word" and not _is_suffix(tokens, stop):
        return None
    if _word(tokens, stop) == "/" and stop + 1 < len(tokens) and tokens[stop + 1].kind == "number":
        return _slashed(tokens, value, stop + 1)
    share = _share(tokens, value, stop)
    if share is not None:
        return share
    if [_word(tokens, stop + n) for n in range(3)] == ["and", "a", "half"]:
        value, stop = value + 0.5, stop + 3
    return _scaled(tokens, value, stop, words=False)


def _is_suffix(tokens: Sequence[_Token], at: int) -> bool:
    """A unit or scale written against its number, not a code such as 9M729."""
    if _touches(tokens, at + 1) and tokens[at + 1].kind == "number":
        return tokens[at].text in _LENGTH and tokens[at + 1].raw == "2"
    return tokens[at].text in _SUFFIXES


def _value(raw: str) -> float | None:
    """Digits as a number: commas group thousands, or stand for the point where one or two digits follow."""
    if len(raw) > MAX_DIGITS or not raw.isascii():
        return None
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", raw):
        return float(raw.replace(",", ""))
    if re.fullmatch(r"\d+(?:\.\d+)?", raw):
        return float(raw)
    if re.fullmatch(r"\d{1,4},\d{1,2}", raw):
        return float(raw.replace(",", "."))
    if re.fullmatch(r"\d{1,3}(?:\.\d{3}){2,}", raw):
        return float(raw.replace(".", ""))
    return None


def _continues(tokens: Sequence[_Token], first: int, at: int) -> bool:
    """A group of three digits behind a space: 1 200."""
    group, before = tokens[at], tokens[at - 1]
    return (
        group.kind == "number"
        and len(tokens[first].raw) <= 3
        and re.fullmatch(r"\d{3}", group.raw, re.ASCII) is not None
        and re.fullmatch(r"\d{1,3}", before.raw, re.ASCII) is not None
        and group.start == before.end + 1
        and at - first < 5
        and tokens[first].raw[0] != "0"
    )


def _is_name(tokens: Sequence[_Token], at: int) -> bool:
    """The number is part of a name or a code: `F-16`, `Article 5`, `T72`, `#3`."""
    before = tokens[at - 1] if at else None
    if before is None:
        return False
    if _touches(tokens, at):
        if before.kind == "word" or before.text in ("#", "@", "№", "_", "\\", "/", "=", ".", ":"):
            return True
        if before.text in ("-", "\u2011", "‐") and _touches(tokens, at - 1) and at >= 2:
            return tokens[at - 2].kind == "word" and tokens[at - 2].text not in {*_SMALL, *_TENS}
    if (
        before.text == "."
        and at >= 2
        and tokens[at - 2].text in ("no", "nos", "art", "sec", "vol", "fig", "p", "pp", "ch")
    ):
        return True
    if before.kind != "word" or tokens[at].start - before.end > 2 or ("," in tokens[at].raw and before.text != "day"):
        return False
    return before.text in _SMALL_LABELS or (before.text in _LABELS and before.raw[0].isupper())


def _slashed(tokens: Sequence[_Token], top: float, at: int) -> _Amount | None:
    below = _value(tokens[at].raw)
    if below is None or not 0 < top < below <= 10 or _word(tokens, at + 1) != "of":
        return None
    return _Amount(100 * top / below, at + 1, scaled=False, words=False, fraction=True)


def _share(tokens: Sequence[_Token], value: float, stop: int) -> _Amount | None:
    """One in five, seven out of ten."""
    link = stop + 2 if [_word(tokens, stop), _word(tokens, stop + 1)] == ["out", "of"] else stop + 1
    if _word(tokens, link - 1) not in ("in", "of") or (_word(tokens, link - 1) == "of" and link != stop + 2):
        return None
    every = link + 1 if _word(tokens, link) == "every" else link
    if every >= len(tokens):
        return None
    below = _SMALL.get(_word(tokens, every), 0) or _TENS.get(_word(tokens, every), 0)
    if tokens[every].kind == "number":
        below = _value(tokens[every].raw) or 0
    if below not in (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 20, 50, 100) or not 0 < value < below or value != int(value):
        return None
    if (
        _word(tokens, every + 1) in _TIME
        or _word(tokens, every + 1) in _SCALES
        or _word(tokens, every + 1) in ("%", "percent")
    ):
        return None
    return _Amount(100 * value / below, every + 1, scaled=False, words=False, fraction=True)


def _scaled(tokens: Sequence[_Token], value: float, stop: int, *, words: bool, vague: bool = False) -> _Amount:
    """The amount with the scale word after it."""
    mantissa, scaled = value, False
    while True:
        at = _past_hyphen(tokens, stop)
        word = _word(tokens, at)
        scale = _SCALES.get(word) or (12.0 if word == "dozen" else 0.0)
        if not scale and not words:
            close = word in ("k", "b") and _touches(tokens, at)
            scale = _SHORT_SCALES[word] if close or word in ("mn", "mln", "mio", "bn", "bln", "tn", "trn") else 0.0
        if not scale or value * scale > MAX_VALUE:
            return _Amount(value, stop, scaled=scaled, words=words, vague=vague, mantissa=mantissa)
        value, stop, scaled = value * scale, at + 1, True


_LASTING = (
    "for",
    "during",
    "lasted",
    "took",
    "takes",
    "take",
    "over",
    "lasting",
    "last",
    "spent",
    "after",
    "within",
    "in",
)


def _in_words(tokens: Sequence[_Token], at: int) -> _Amount | None:
    word = tokens[at].text
    if word in ("days", "weeks", "months", "years", "decades") and _word(tokens, at - 1) in _LASTING[:8]:
        return _Amount(2.0, at, scaled=False, words=True, bound=True)
    if word in _NUMBER_WORDS or word in ("a", "an"):
        return (
            _half(tokens, at)
            or _fraction(tokens, at)
            or _many(tokens, at)
            or _article(tokens, at)
            or _cardinal(tokens, at)
        )
    return None


_NUMBER_WORDS = frozenset({*_SMALL, *_TENS, *_MANY, "half", "quarter", "several", "tens", "majority", "dozen"})


def _half(tokens: Sequence[_Token], at: int) -> _Amount | None:
    """Half a million, half the army, a quarter million."""
    word, before = tokens[at].text, _word(tokens, at - 1)
    if word == "majority":
        if _word(tokens, at + 1) not in ("of", "in") or _word(tokens, at + 2) == "leader":
            return None
        return _Amount(50.0, at + 1, scaled=False, words=True, fraction=True, bound=True, top=100.0)
    start = (
        at + 1 if word in ("a", "one") and _word(tokens, _past_hyphen(tokens, at + 1)) in ("half", "quarter") else at
    )
    start = _past_hyphen(tokens, start)
    word = _word(tokens, start)
    if word not in ("half", "quarter") or before in (
        "first",
        "second",
        "third",
        "fourth",
        "last",
        "other",
        "latter",
        "next",
    ):
        return None
    part = _FRACTIONS[word]
    after = _past_hyphen(tokens, start + 1)
    if _word(tokens, after) in _SCALES:
        return _scaled(tokens, part, after, words=True, vague=True)
    if word == "half" and _word(tokens, after) in ("a", "an") and _word(tokens, after + 1) in {*_SCALES, "dozen"}:
        return _scaled(tokens, part, after + 1, words=True, vague=True)
    if (
        word == "half"
        and _word(tokens, after) in ("a", "an")
        and _word(tokens, after + 1) in {*_TIME, *_LENGTH, *_PERCENT}
    ):
        return _Amount(part, after + 1, scaled=False, words=True, vague=True)
    if word == "half" and _word(tokens, after) in _TIME and after > start + 1:
        return _Amount(part, after, scaled=False, words=True, vague=True)
    of_period = after + 1 < len(tokens) and tokens[after + 1].kind == "number"
    if (_word(tokens, after) == "of" and not of_period) or (word == "half" and before == "by"):
        return _of_scale(tokens, part, after)
    if after == start + 1 and _word(tokens, after) in _ANSWERING:
        return _Amount(100 * part, after, scaled=False, words=True, fraction=True)
    if word == "half" and after == start + 1 and _word(tokens, after) in ("the", "its", "their", "his", "our", "all"):
        return _Amount(50.0, after, scaled=False, words=True, fraction=True)
    return None


def _of_scale(tokens: Sequence[_Token], part: float, of: int) -> _Amount:
    """Three quarters of a million, or a plain share."""
    if _word(tokens, of + 1) == "a" and _word(tokens, of + 2) in _SCALES:
        return _scaled(tokens, part, of + 2, words=True, vague=True)
    return _Amount(100 * part, of, scaled=False, words=True, fraction=True)


def _fraction(tokens: Sequence[_Token], at: int) -> _Amount | None:
    """A third of, two-thirds, three quarters."""
    top = 1.0 if tokens[at].text in ("a", "an") else _SMALL.get(tokens[at].text)
    after = _past_hyphen(tokens, at + 1)
    part = _FRACTIONS.get(_word(tokens, after))
    if top is None or part is None or not 0 < top * part < 1:
        return None
    of = after + 1
    if _word(tokens, _past_hyphen(tokens, of)) in _SCALES:
        return _scaled(tokens, top * part, _past_hyphen(tokens, of), words=True, vague=True)
    plain = after > at + 1 or (top >= 2 and _word(tokens, after) not in ("quarters", "fifths", "halves"))
    if _word(tokens, of) == "of":
        return _of_scale(tokens, top * part, of)
    if _word(tokens, of) not in _ANSWERING and (not plain or (top == 1 and tokens[at].text in ("a", "an"))):
        return None
    return _Amount(100 * top * part, of, scaled=False, words=True, fraction=True)


_ANSWERING = frozenset(
    _words(
        "would want wants wanted say says said favour favours favoured favor favors favored support supports supported "
        "oppose opposes opposed believe believes believed think thinks thought trust trusts trusted approve approves "
        "approved reject rejects rejected accept accepts accepted agree agrees agreed disagree expect expects expected "
        "are were had have could prefer prefers preferred back backs backed fear fears feared"
    )
)
"""Verbs behind `a third` or `half` that make it a share of people or things."""


def _many(tokens: Sequence[_Token], at: int) -> _Amount | None:
    """Dozens, hundreds of thousands, several hundred."""
    word = tokens[at].text
    if word == "a" and _word(tokens, at + 1) == "few":
        word, at = "several", at + 1
    if word == "several":
        found = _scaled(tokens, 1.0, at + 1, words=True)
        if not found.scaled:
            return None
        return found._replace(value=3 * found.value, top=9 * found.value, bound=True)
    if word == "tens" and _word(tokens, at + 1) != "of":
        return None
    least = 20.0 if word == "tens" else _MANY.get(word)
    if least is None:
        return None
    most, stop = {24.0: 100.0, 40.0: 100.0, 20.0: 100.0}.get(least, 5 * least), at + 1
    if _word(tokens, stop) == "of" and _word(tokens, stop + 1) in _MANY and _MANY[_word(tokens, stop + 1)] >= 2e3:
        unit = _MANY[_word(tokens, stop + 1)] / 2
        least, most, stop = least * unit, most * unit, stop + 2
    elif word == "tens":
        return None
    return _Amount(least, stop, scaled=True, words=True, bound=True, top=most)


def _article(tokens: Sequence[_Token], at: int) -> _Amount | None:
    """A dozen, a million, a couple of, for a year."""
    if tokens[at].text not in ("a", "an"):
        return None
    after = _word(tokens, at + 1)
    if after in _SCALES or after == "dozen":
        return _scaled(tokens, 1.0, at + 1, words=True, vague=True)
    if after == "couple":
        return _Amount(2.0, at + 3 if _word(tokens, at + 2) == "of" else at + 2, scaled=False, words=True, vague=True)
    lasts = (
        "for",
        "after",
        "within",
        "nearly",
        "almost",
        "than",
        "over",
        "about",
        "least",
        "under",
        "lasted",
        "took",
        "roughly",
    )
    if after in _TIME and _word(tokens, at - 1) in lasts and _word(tokens, at + 2) not in ("ago", "earlier", "later"):
        return _Amount(1.0, at + 1, scaled=False, words=True, vague=True)
    return None


def _cardinal(tokens: Sequence[_Token], at: int) -> _Amount | None:
    """Numbers in words: twenty-five, two hundred and ten, two and a half million."""
    total, current, stop = 0.0, None, at
    largest, scaled = float("inf"), False
    while stop < len(tokens):
        here = _past_hyphen(tokens, stop) if stop > at else stop
        word = _word(tokens, here)
        small = _SMALL.get(word, _TENS.get(word))
        if (
            word == "and"
            and [_word(tokens, here + 1), _word(tokens, here + 2)] == ["a", "half"]
            and current is not None
        ):
            current, stop = current + 0.5, here + 3
            continue
        if word == "and" and stop > at and (current or total) >= 100 and _fits(tokens, here + 1, current or 0.0):
            stop = here + 1
            continue
        if small is not None and _fits(tokens, here, current):
            current = (current or 0.0) + small
        elif word == "hundred" and current is not None and 0 < current < 100:
            current *= 100
        elif word in _SCALES and word != "hundred" and current is not None and _SCALES[word] < largest:
            largest, scaled = _SCALES[word], True
            total, current = total + current * largest, None
        elif word == "dozen" and current is not None:
            return _Amount((total + current) * 12, here + 1, scaled=True, words=True, vague=True, mantissa=current)
        else:
            break
        stop = here + 1
    if stop == at:
        return None
    value = total + (current or 0.0)
    share = _share(tokens, value, stop)
    return share or _Amount(value, stop, scaled=scaled, words=True, mantissa=value / (largest if scaled else 1.0))


def _fits(tokens: Sequence[_Token], at: int, current: float | None) -> bool:
    """Whether a number word can be added to what was read: a digit after a ten, either after hundreds."""
    word = _word(tokens, at)
    small = _SMALL.get(word, _TENS.get(word))
    if small is None:
        return False
    if current is None or current == 0.0:
        return True
    if current != int(current):
        return False
    return current % 100 == 0 or (current % 10 == 0 and current % 100 >= 20 and 0 < small < 10)


# ---------------------------------------------------------------------------------------------------------------------
# Amounts to measures


class _Unit(NamedTuple):
    unit: str | None
    factor: float
    stop: int
    noun: str | None = None
    currency: str | None = None
    rounded: bool = False
    """Counted in whole weeks, months or years."""
    refused: bool = False
    """What follows shows that the number is no measure."""


_DASHES = ("-", "–", "—", "\u2011", "‐", "−")
_MOVED = re.compile(
    r"\b(?:f[ae]ll(?:en|ing)?|drop(?:ped)?|declined?|decreased?|rose|risen|rises?|increased?|grew|grown|went"
    r"|gone|up|down|cut|reduced?|raised?|lowered"
    r"|changed?|moved|shifted|slipped|slid|jumped|climbed|soared|surged|plunged|plummeted|shrank|shrunk"
    r"|contracted|expanded|boosted|revised|swung)\b[^.;]{0,60}$",
    re.I,
)


def _measured(text: str, tokens: Sequence[_Token], amount: _Amount) -> tuple[Measure | None, int]:
    """The measure that starts with an amount, and the token to go on from."""
    unit = _unit(tokens, _past_plus(tokens, amount))
    other = None if amount.fraction or amount.bound else _second(text, tokens, amount, unit)
    last = other or amount
    if other is not None:
        unit = _unit(tokens, other)
        amount = _level_scale(amount, other, unit)
    if unit.refused:
        return None, last.stop
    unit = _of_whom(text, tokens, amount, last, unit)
    unit = _rated(tokens, amount, unit)
    if _is_idle(text, tokens, amount, last, unit, ranged=other is not None):
        return None, last.stop
    first, qualifier = _qualifier(tokens, amount.start)
    stop, after = _qualifier_after(tokens, last.stop, unit.stop)
    qualifier = qualifier or after
    low, value, high, qualifier = _band(amount, other, unit, qualifier)
    sign = _sign(text, tokens, first if first < amount.start else amount.start, unit)
    if sign < 0 and value is not None:
        low, value, high = (None if high is None else -high), -value, (None if low is None else -low)
    if other is not None and first == amount.start and _word(tokens, first - 1) in ("between", "from"):
        first -= 1
    begin = tokens[first].start
    if tokens[amount.start].text in _MONEY_MARKS and first == amount.start and _touches(tokens, first):
        begin = tokens[first - 1].start if _word(tokens, first - 1) in _DOLLARS else begin
    measure = Measure(
        start=begin,
        end=tokens[max(stop, unit.stop, last.stop) - 1].end,
        value=_tidy(value),
        low=_tidy(low),
        high=_tidy(high),
        unit=unit.unit,
        qualifier=qualifier,
        currency=unit.currency,
        noun=unit.noun,
    )
    return measure, max(stop, last.stop)


def _past_plus(tokens: Sequence[_Token], amount: _Amount) -> _Amount:
    """The amount as if it ended behind `+` or `-plus`, so that its unit is found."""
    stop, _ = _qualifier_after(tokens, amount.stop, len(tokens))
    return amount._replace(stop=stop) if stop <= amount.stop + 2 else amount


def _tidy(value: float | None) -> float | None:
    """Less the last digits that multiplying by a scale leaves: 66.9 billion is 66,900,000,000."""
    return None if value is None else float(f"{value:.12g}")


def _second(text: str, tokens: Sequence[_Token], amount: _Amount, unit: _Unit) -> _Amount | None:
    """The upper end of a range that starts with an amount."""
    explicit = unit.unit is not None and unit.stop > amount.stop and unit.unit not in ("persons", "count")
    for stop in (amount.stop, unit.stop) if explicit else (amount.stop,):
        link = _word(tokens, stop)
        other = _amount(tokens, stop + 1) if link in (*_DASHES, "to", "and", "or") else None
        if other is None and link in _DASHES and stop + 1 < len(tokens) and tokens[stop + 1].kind == "number":
            other = _after_dash(tokens, stop + 1)
        if other is None or other.fraction or other.bound:
            continue
        low = _level_scale(amount, other, unit).value
        if not low < other.value or (other.currency and other.currency != amount.currency):
            continue
        if stop == unit.stop and explicit and _unit(tokens, other).unit != unit.unit:
            continue
        if _is_range(text, tokens, amount, other, link, stop):
            return other
    return None


def _after_dash(tokens: Sequence[_Token], at: int) -> _Amount | None:
    """A number right behind a dash: seen with what is before it, it would look like part of a name."""
    return _shifted(_amount(tokens[at : at + WINDOW], 0), at)


def _shifted(amount: _Amount | None, by: int) -> _Amount | None:
    return amount and amount._replace(stop=amount.stop + by, start=amount.start + by)


def _is_range(text: str, tokens: Sequence[_Token], low: _Amount, high: _Amount, link: str, at: int) -> bool:
    before = _word(tokens, low.start - 1)
    if link in _DASHES:
        close = _touches(tokens, at) and _touches(tokens, at + 1)
        return close or (link in ("-", "–") and not low.words and not high.words and not _touches(tokens, at + 1))
    if link == "and":
        return before == "between"
    if link == "or":
        return high.value <= 3 * low.value + 1
    begin = tokens[low.start].start
    if before in ("by", "grew", "rose", "fell"):
        return before == "by" and _level_scale(low, high, _Unit(None, 1.0, at)).value * NARROW >= high.value
    return not (before == "from" and _MOVED.search(text, max(0, begin - 80), begin))


NARROW = 1.5
"""`by 8 to 9` is a range, `by 5 to 20` a change and a level, as the upper end is below or above this many times the
lower; arbitrary."""


def _level_scale(low: _Amount, high: _Amount, unit: _Unit) -> _Amount:
    """The lower end with the scale of the upper: `5 to 10 million`."""
    if low.scaled or not high.scaled or not high.mantissa or low.value >= 1000 or low.value >= high.mantissa:
        return low
    return low._replace(value=low.value * high.value / high.mantissa, scaled=True)


def _unit(tokens: Sequence[_Token], amount: _Amount) -> _Unit:
    """What is counted, from the words behind an amount."""
    if amount.fraction:
        return _Unit("percent", 1.0, amount.stop)
    if amount.currency:
        return _money(tokens, amount.stop, amount.currency)
    at = _past_hyphen(tokens, amount.stop)
    hyphenated = at > amount.stop
    word = _word(tokens, at)
    if word == "times" or word == "x":
        return _Unit(None, 1.0, at, refused=True)
    if word in _PERCENT or (word == "per" and _word(tokens, at + 1) == "cent"):
        return _percent(tokens, at + 1 if word != "per" else at + 2)
    if word == "basis" and _word(tokens, at + 1) in ("point", "points"):
        return _Unit("percent", 0.01, at + 2)
    if word in ("°", "degrees", "degree", "º"):
        return _degrees(tokens, at + 1)
    length = _length(tokens, at, amount)
    if length is not None:
        return length
    if word in _POWER:
        return _Unit("GW", _POWER[word], at + 1)
    if word == "h" and _touches(tokens, at):
        return _Unit("h", 1.0, at + 1)
    if word in _TIME:
        return _time(tokens, at, amount, hyphenated=hyphenated)
    currency = _money_word(tokens, at)
    if currency is not None:
        return _money(tokens, currency.stop, currency.currency or "USD")
    return _counted(tokens, at)


def _percent(tokens: Sequence[_Token], at: int) -> _Unit:
    if _word(tokens, at - 1) == "percentage" and _word(tokens, at) in ("point", "points"):
        at += 1
    elif _word(tokens, at - 1) == "percentage":
        return _Unit(None, 1.0, at)
    of = at + 1
    if _word(tokens, at) == "of":
        for skip in range(5):
            word = _word(tokens, of + skip)
            if word == "gdp":
                return _Unit("percent of GDP", 1.0, of + skip + 1)
            if [word, _word(tokens, of + skip + 1)] == ["gross", "domestic"]:
                return _Unit("percent of GDP", 1.0, of + skip + 3)
            if word not in (
                "its",
                "their",
                "the",
                "national",
                "annual",
                "s",
                "’",
                "'",
                "a",
                "country",
                "our",
            ) and not word.endswith(("n", "a", "e", "y")):
                break
    return _Unit("percent", 1.0, at)


def _degrees(tokens: Sequence[_Token], at: int) -> _Unit:
    word = _word(tokens, at)
    if word in ("celsius", "c", "centigrade"):
        return _Unit("C", 1.0, at + 1)
    if word in ("fahrenheit", "f"):
        return _Unit("C", -1.0, at + 1)
    if word in ("below", "above") and _word(tokens, at + 1) in ("zero", "freezing"):
        return _Unit("C", 1.0, at + 2)
    return _Unit("deg", 1.0, at)


def _length(tokens: Sequence[_Token], at: int, amount: _Amount) -> _Unit | None:
    word = _word(tokens, at)
    if word in ("square", "sq"):
        after = at + 2 if _word(tokens, at + 1) == "." else at + 1
        after = _past_hyphen(tokens, after)
        factor = _LENGTH.get(_word(tokens, after))
        return _Unit("km2", factor * factor, after + 1) if factor else None
    if word in ("km²", "sqkm", "mi²"):
        return _Unit("km2", 1.0 if word != "mi²" else KM_PER_MILE**2, at + 1)
    if word in ("hectare", "hectares", "ha"):
        return _Unit("km2", 1 / HA_PER_KM2, at + 1)
    if word in ("nautical",) and _word(tokens, at + 1) in ("mile", "miles"):
        return _Unit("km", 1.852, at + 2)
    if word not in _LENGTH:
        return None
    squared = at + 1 < len(tokens) and tokens[at + 1].raw in ("2", "²") and _touches(tokens, at + 1)
    if squared:
        return _Unit("km2", _LENGTH[word] ** 2, at + 2)
    if word == "m" and _touches(tokens, at):
        people = _counted(tokens, at + 1)
        if people.unit is not None:
            return people._replace(factor=1e6)
    if word == "m" and amount.words:
        return None
    if _word(tokens, at + 1) in ("/", "per", "an") and _word(tokens, at + 2) in ("h", "hr", "hour", "second", "s"):
        return _Unit(None, 1.0, at + 1)
    return _Unit("km", _LENGTH[word], at + 1)


_PERIODS = frozenset(
    _words(
        "past last next previous coming first final recent preceding following initial another subsequent ensuing "
        "latest every"
    )
)
_POINTS = frozenset(_words("ago earlier later before after"))


def _time(tokens: Sequence[_Token], at: int, amount: _Amount, *, hyphenated: bool) -> _Unit:
    word = tokens[at].text
    unit, factor = _TIME[word]
    found = _Unit(unit, factor, at + 1, rounded=word in _ROUNDED)
    after = _past_hyphen(tokens, at + 1)
    if _word(tokens, after) == "old" or [_word(tokens, after), _word(tokens, after + 1)] == ["of", "age"]:
        return found._replace(refused=True)
    if not hyphenated and (_word(tokens, at + 1) in _POINTS or _word(tokens, amount.start - 1) in _PERIODS):
        return found._replace(refused=True)
    lasts = (
        "for",
        "within",
        "in",
        "after",
        "over",
        "under",
        "than",
        "least",
        "nearly",
        "almost",
        "about",
        "lasted",
        "took",
    )
    alone = amount.words and amount.value == 1 and not amount.vague and not hyphenated
    if alone and _word(tokens, amount.start - 1) not in lasts:
        return found._replace(refused=True)
    return found


def _money_word(tokens: Sequence[_Token], at: int) -> _Unit | None:
    skip = at + 1 if _word(tokens, at) in ("us", "u.s", "american", "russian", "british") else at
    skip = skip + 1 if skip > at and _word(tokens, skip) == "." else skip
    skip = _past_hyphen(tokens, skip)
    word = _word(tokens, skip)
    if word not in _MONEY_WORDS:
        return None
    return _Unit(None, 1.0, skip + 1, currency=_MONEY_WORDS[word])


def _money(tokens: Sequence[_Token], at: int, currency: str) -> _Unit:
    return _Unit("USD" if currency == "USD" else None, 1.0, at, currency=currency)


_PARTICIPLES = frozenset(_words("killed wounded dead injured missing mobilised mobilized displaced strong"))


def _counted(tokens: Sequence[_Token], at: int) -> _Unit:
    """Persons or things within a few words, the last of a row of nouns: `drone operators` are persons."""
    nothing = _Unit(None, 1.0, at)
    here, words, found, named = at, 0, None, False
    if _word(tokens, here) == "of":
        here += 1
    while here < len(tokens) and words < REACH:
        token = tokens[here]
        if token.kind == "mark":
            if not _joins(tokens, here):
                break
            here += 1
            continue
        if token.kind == "masked":
            if not re.fullmatch(r"[\d.]+[- ]?(?:mm|millimet\w+|cm|calib\w+)", token.text):
                break
            here += 1
            continue
        if token.kind == "number":
            if not _is_name(tokens, here):
                break
            here += 1
            named = True
            found = here + 1 if _touches(tokens, here) and tokens[here].kind == "word" else here
            here = found
            continue
        first = found is None or named
        if found is None and words and token.text in ("and", "or") and _noun_ahead(tokens, here + 1):
            here, words = here + 1, words + 1
            continue
        if token.text in _STOPS or (token.text in _VERBS and found is not None):
            if words or token.text not in _SKIPPED:
                break
            here, words = here + 1, words + 1
            continue
        if token.text in _SKIPPED and found is None:
            here, words = here + 1, words + 1
            continue
        if token.text in _NOT_COUNTED and found is None:
            return nothing._replace(refused=True)
        if token.text == "strong" and _word(tokens, here - 1) == "-":
            return _Unit("persons", 1.0, here + 1)
        if _is_noun(token) and (first or token.text not in _PARTICIPLES):
            found = here + 1
            named = False
        elif found is not None and not _joins(tokens, here - 1):
            break
        here, words = here + 1, words + 1
    if found is None:
        return nothing
    last = next(token for token in reversed(tokens[at:found]) if token.kind in ("word", "number"))
    craft = any(token.kind == "number" for token in tokens[at:found]) and last.text in ("fighters", "fighter")
    persons = last.text in _PERSONS and not craft
    return _Unit("persons" if persons else "count", 1.0, found, noun=_noun(tokens[at:found]))


def _noun_ahead(tokens: Sequence[_Token], at: int) -> bool:
    """`ballistic and cruise missiles`: behind one more adjective stands what is counted."""
    return _word(tokens, at) not in _STOPS and _word(tokens, at + 1) in {*_COUNTED, *_PERSONS}


def _noun(tokens: Sequence[_Token]) -> str:
    """The words as written, lower case, less `of the`."""
    kept = list(tokens)
    while len(kept) > 1 and (kept[0].text in _SKIPPED or kept[0].kind == "mark"):
        kept.pop(0)
    parts = [kept[0].text]
    for before, token in itertools.pairwise(kept):
        parts.append(token.text if before.end == token.start else f" {token.text}")
    return "".join(parts)[:100]


def _joins(tokens: Sequence[_Token], at: int) -> bool:
    """A hyphen, an apostrophe, a quotation mark, or the point of an abbreviation inside a row of words."""
    mark = tokens[at].text
    if mark in ("-", "‐", "\u2011", "'", "’"):
        return _touches(tokens, at) and _touches(tokens, at + 1)
    if mark == ".":
        return "." in _word(tokens, at - 1) and at + 1 < len(tokens) and not _touches(tokens, at + 1)
    return mark in ("“", "”", '"')


def _is_noun(token: _Token) -> bool:
    word = token.text
    if word in _PERSONS or word in _COUNTED:
        return True
    plural = len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is", "ous"))
    return plural and token.raw[0].islower() and word not in _VERBS and word not in _NOT_COUNTED


def _of_whom(text: str, tokens: Sequence[_Token], amount: _Amount, last: _Amount, unit: _Unit) -> _Unit:
    """A unit that stands elsewhere: `37 of 45 drones`, `killed 20`, `a population of 3,000`."""
    if unit.unit is not None or unit.currency is not None or unit.stop > last.stop + 1:
        return unit
    if _word(tokens, last.stop) == "of":
        at = last.stop + 1 + (_word(tokens, last.stop + 1) in ("the", "its", "their", "some", "about"))
        whole = _amount(tokens, at)
        if whole is not None and not whole.fraction and whole.value >= last.value:
            found = _unit(tokens, whole)
            if found.unit in ("persons", "count"):
                return found._replace(stop=last.stop)
    begin = tokens[amount.start].start
    if any(_word(tokens, amount.start - back) in _KILLING for back in range(1, 5)):
        return unit._replace(unit="persons", stop=last.stop)
    if _word(tokens, last.stop) in ("were", "was", "are", "have", "had") and any(
        _word(tokens, last.stop + ahead) in _KILLING for ahead in (1, 2, 3)
    ):
        return unit._replace(unit="persons", stop=last.stop)
    before = text[max(0, begin - 80, tokens[0].start) : begin]
    if _PERSONS_OF.search(before):
        return unit._replace(unit="count" if _HARDWARE.search(before) else "persons", stop=last.stop)
    return unit


_SPENT = frozenset(
    _words("in for within after over during once twice times half quarter such than about not only just over under")
)
_RATE_STOPS = frozenset(
    _words("that which and but who when where while after before killed killing has have had was were will would")
)


def _rated(tokens: Sequence[_Token], amount: _Amount, unit: _Unit) -> _Unit:
    """The unit per day, week, month or year where the words around say so."""
    if unit.unit not in _RATED:
        if unit.unit is None or unit.currency is None:
            return _barrels(tokens, amount, unit)
        return unit
    for ahead in range(6):
        at = unit.stop + ahead
        word = _word(tokens, at)
        if (
            at >= len(tokens)
            or tokens[at].kind in ("number", "masked")
            or (tokens[at].kind == "mark" and word not in ("/", "-"))
        ):
            break
        if word in ("daily", "nightly", "weekly", "monthly", "annually", "yearly") and tokens[at].kind == "word":
            return unit._replace(unit=f"{unit.unit}/{_PER[word]}", stop=at + 1)
        period = _word(tokens, at + 1)
        if (
            word in ("/", "per", "a", "an", "each", "every")
            and period in _PER
            and _word(tokens, at + 2) not in ("ago", "earlier", "later")
        ):
            if word in ("a", "an") and (ahead and _word(tokens, at - 1) in _SPENT):
                break
            return unit._replace(unit=f"{unit.unit}/{_PER[period]}", stop=at + 2)
        if ahead and word in ("that", "which", "who", "but", "because"):
            break
    for back in range(1, 7):
        at = amount.start - back
        word = _word(tokens, at)
        if at < 0 or tokens[at].kind != "word" or word in _RATE_STOPS:
            break
        if word in ("daily", "nightly", "weekly", "monthly", "annual", "yearly"):
            return unit._replace(unit=f"{unit.unit}/{_PER[word]}")
    return unit


def _barrels(tokens: Sequence[_Token], amount: _Amount, unit: _Unit) -> _Unit:
    """Barrels per day in the trade's short forms."""
    if _word(tokens, amount.stop) == "bpd":
        return unit._replace(unit="count/day", stop=amount.stop + 1, noun="barrels")
    if [_word(tokens, amount.stop + n) for n in range(3)] == ["b", "/", "d"]:
        return unit._replace(unit="count/day", stop=amount.stop + 3, noun="barrels")
    return unit


_YEAR_LEADS = frozenset(_words("lost killed destroyed launched captured wounded injured fired received downed"))


def _is_idle(text: str, tokens: Sequence[_Token], amount: _Amount, last: _Amount, unit: _Unit, *, ranged: bool) -> bool:
    """The number says nothing that can be measured: a year, an age, `one of them`."""
    token = tokens[amount.start]
    plain = token.kind == "number" and not amount.scaled and amount.currency is None and amount.stop == amount.start + 1
    if plain and re.fullmatch(r"(?:19|20)\d\d", token.raw) and unit.unit in (None, "count", "persons"):
        _, qualifier = _qualifier(tokens, amount.start)
        return qualifier is None and _word(tokens, amount.start - 1) not in _YEAR_LEADS
    if amount.words and not amount.scaled and not amount.fraction and amount.value == 1 and not amount.vague:
        if _word(tokens, amount.stop) in ("of", "day", "another", "way", "time") or _word(tokens, amount.start - 1) in (
            "no",
            "any",
            "every",
            "this",
            "that",
            "the",
        ):
            return True
        if unit.noun is not None and unit.stop > amount.stop + 3:
            return True
    if unit.unit is not None or unit.currency is not None:
        return False
    if amount.bound:
        return True
    if (
        not ranged
        and plain
        and _word(tokens, amount.start - 1) == ","
        and _word(tokens, amount.stop) in (",", ".")
        and 15 <= amount.value <= 110
    ):
        return True
    return amount.words and not amount.scaled and last.value < 13


def _qualifier(tokens: Sequence[_Token], first: int) -> tuple[int, str | None]:
    """The words before a number that say how exact it is: where they start, and what they say."""
    at = first
    if _word(tokens, at - 1) in ("between", "from"):
        at -= 1
    for skipped in (0, 1):
        if skipped:
            if _word(tokens, at - 1) not in ("another", "the", "an", "additional", "further", "its", "their", "a"):
                break
            at -= 1
        for length in (4, 3, 2, 1):
            if at - length < 0:
                continue
            phrase = " ".join(_word(tokens, at - back) for back in range(length, 0, -1))
            found = _BEFORE.get(phrase)
            if found and not (skipped and found == "about") and not _is_preposition(tokens, at - length, phrase):
                return at - length, found
    return first, None


def _is_preposition(tokens: Sequence[_Token], at: int, phrase: str) -> bool:
    """`over` and the like where they lead no number: `took over 20 villages`, `hand over 5`."""
    return phrase in ("over", "above", "under", "near", "around", "below") and _word(tokens, at - 1) in (
        "took", "take", "takes", "taken", "taking", "hand", "handed", "turn", "turned", "turning", "handing", "won",
        "flew",
    )  # fmt: skip


def _qualifier_after(tokens: Sequence[_Token], number: int, unit: int) -> tuple[int, str | None]:
    """`300+`, `300-plus`, `20 or more`, `20 kilometres or so`."""
    if _word(tokens, number) == "+" and _touches(tokens, number):
        return number + 1, "at_least"
    hyphen = _past_hyphen(tokens, number)
    if hyphen > number and _word(tokens, hyphen) in ("plus", "odd"):
        return hyphen + 1, _AFTER[_word(tokens, hyphen)]
    for at in (number, unit):
        found = _AFTER.get(f"{_word(tokens, at)} {_word(tokens, at + 1)}")
        if found:
            return at + 2, found
    return number, None


def _band(
    amount: _Amount, other: _Amount | None, unit: _Unit, qualifier: str | None
) -> tuple[float | None, float | None, float | None, str]:
    """Low, value, high and qualifier, in the unit."""
    if other is not None:
        low, high = _in_unit(amount.value, unit), _in_unit(other.value, unit)
        return low, (low + high) / 2, high, qualifier if qualifier not in (None, "exact") else "about"
    value = _in_unit(amount.value, unit)
    if amount.bound:
        top = None if amount.top is None or qualifier == "at_least" else _in_unit(amount.top, unit)
        return value, None, top, "fraction" if amount.fraction else "at_least" if top is None else qualifier or "about"
    if qualifier == "at_least":
        return value, value, None, qualifier
    if qualifier == "less_than":
        return None, value, value, qualifier
    if qualifier is None and unit.rounded and amount.value == int(amount.value):
        half = 0.5 * unit.factor
        return value - half, value, value + half, "about"
    if amount.fraction or qualifier == "about" or (qualifier is None and amount.vague):
        margin = ABOUT * abs(value)
        return value - margin, value, value + margin, "fraction" if amount.fraction else "about"
    return value, value, value, "exact"


def _in_unit(value: float, unit: _Unit) -> float:
    if unit.unit == "C" and unit.factor < 0:
        return round((value - 32) / 1.8, 1)
    return value * unit.factor


def _sign(text: str, tokens: Sequence[_Token], first: int, unit: _Unit) -> int:
    """-1 for `minus 20` and for a minus sign before a number that can be negative."""
    before = _word(tokens, first - 1)
    if before == "minus":
        return -1
    if (
        before not in ("-", "−", "–")
        or not _touches(tokens, first)
        or unit.unit not in ("C", "percent", "USD", "deg", None)
    ):
        return 1
    at = tokens[first - 1].start
    return -1 if at == 0 or text[at - 1] in " \n\t(\u00a0" else 1
