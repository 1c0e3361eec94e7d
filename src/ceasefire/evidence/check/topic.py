"""What figures are about: the topics on record, the words that name them, and every scope that a number may belong to.

A scope is one reading of a figure: whose, of what category, with what status (killed or casualties, launched or
stopped, claimed or seen, planned or made), under which definition. It says which series hold it and how a value over
a period follows from them. A claim that names a scope is held to it; a number that fails there and holds in a scope
next to it is conflated.

Words are general English of this war, judged by hand (trust D); the series are the record's own. Losses and strikes
are spelled out here, all other scopes in data/scopes.csv, one a line.
Left out: occupied ground and distances (`ground`), shares of opinion (`poll`).
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from importlib import resources

FORMS = ("total", "flow", "mean", "to_date", "point")
"""total: a running total, whose difference is a flow; flow: a count per row's interval; mean: a price or rate,
averaged; to_date: a sum since 1 January; point: dated estimates, taken near the day."""


@dataclass(frozen=True)
class Scope:
    """One thing that a figure may be about."""

    side: str
    category: str
    status: str
    form: str
    unit: str
    """`count`, `percent`, `USD`, `EUR`, `RUB`, `UAH`, `GW`, `h`, `USD/bbl`, `RUB/USD`, `UAH/USD`, `mb/d`, `ratio`."""
    names: tuple[str, ...]
    """Series whose sum it is."""
    says: str
    """In words, for the reader."""
    scale: float = 1.0
    """What a value on record is multiplied by to be in `unit`."""
    per: str | None = None
    """`day`, `month` or `yr` where a point on record is a rate."""
    floor: bool = False
    """What is on record is a lower bound."""
    share: str | None = None
    """Series `NAME.low`, `.mid`, `.high`: fractions that the sum is multiplied by."""
    particular: bool = False
    """One decision, tranche or estimate among many: it confirms a number and contradicts none."""
    reach: int = 200
    """Days around the stated ones in which a dated estimate still bears on them."""


@dataclass(frozen=True)
class Topic:
    """Scopes that a reader may take for one another, and the words that name them."""

    name: str
    needs: re.Pattern[str]
    """Without one of these words a claim is not of this topic."""
    scopes: tuple[Scope, ...]
    side: tuple[tuple[str, re.Pattern[str]], ...] = ()
    category: tuple[tuple[str, re.Pattern[str]], ...] = ()
    status: tuple[tuple[str, re.Pattern[str]], ...] = ()
    """Values of each dimension with the words that state it; nearest to the number wins."""
    usual: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What a claim that states no value of a dimension is taken to mean; any of it may make it true."""
    unless: re.Pattern[str] | None = None
    """Words that belong to another topic."""

    def dimension(self, name: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
        """Values of one dimension with their words."""
        found: tuple[tuple[str, re.Pattern[str]], ...] = getattr(self, name)
        return found


DIMENSIONS = ("side", "category", "status")
_ANY = ("any",)
"""Of a dimension whose every value a claim may mean that states none."""


def _words(text: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{text})", re.IGNORECASE)


def _table(rows: dict[str, str]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((key, _words(text)) for key, text in rows.items())


_RUSSIAN = r"russia|moscow|kremlin|putin|enem(?:y|ies)\b|occupier|invader"
_UKRAINIAN = r"ukrain|kyiv|kiev|zelensk|afu\b"
_SIDES = _table({"RU": _RUSSIAN, "UA": _UKRAINIAN})


def _on_table(topic: str) -> tuple[Scope, ...]:
    """Scopes of a topic from the packaged table."""
    with resources.files("ceasefire.evidence").joinpath("data/scopes.csv").open(encoding="utf-8") as file:
        return tuple(_scope(row) for row in csv.DictReader(file) if row["topic"] == topic)


def _scope(row: dict[str, str]) -> Scope:
    return Scope(
        row["side"],
        row["category"],
        row["status"],
        row["form"],
        row["unit"],
        tuple(row["series"].split("+")),
        row["says"],
        scale=float(row["scale"]),
        per=row["per"] or None,
        reach=int(row["reach"]),
        particular=row["particular"] == "yes",
    )


# Losses: what each side has lost, as claimed by the other, seen in pictures, or named

_ARMS = {
    "tank": (r"(?:main battle )?tanks?\b", "tank", "tanks"),
    "armour": (
        r"armou?red (?:personnel|combat|fighting|vehicle)|apcs?\b|ifvs?\b|afvs?\b|bmps?\b|btrs?\b|infantry fighting",
        "apc",
        "armoured vehicles",
    ),
    "artillery": (r"artillery|howitzers?\b|guns?\b|mortars?\b", "artillery", "artillery systems"),
    "rocket launcher": (r"multiple[- ]launch|mlrs|rocket launchers?|rocket artillery", "mrl", "rocket launchers"),
    "air defence": (r"air[- ]defen[cs]e|anti-?aircraft|surface-to-air", "air_defence", "air-defence systems"),
    "aircraft": (r"(?:war|air)?planes?\b|aircraft\b|fighter jets?|jets?\b|bombers?\b", "aircraft", "aircraft"),
    "helicopter": (r"helicopters?\b", "helicopter", "helicopters"),
    "drone": (r"drones?\b|uavs?\b|unmanned aerial", "drone", "drones"),
    "cruise missile": (r"cruise missiles?", "cruise_missile", "cruise missiles"),
    "ship": (r"(?:war)?ships?\b|vessels?\b|boats?\b", "naval_ship", "ships"),
    "submarine": (r"submarines?\b", "submarine", "submarines"),
    "vehicle": (r"trucks?\b|vehicles?\b|fuel tankers?|tankers?\b", "vehicles", "vehicles and fuel tanks"),
    "special equipment": (r"special equipment", "special", "special equipment"),
}
"""Category: words, the General Staff's series, the reader's word."""
_SEEN = {
    "tank": ("tanks",),
    "armour": ("armoured_fighting_vehicles", "infantry_fighting_vehicles", "armoured_personnel_carriers"),
    "artillery": ("towed_artillery", "self_propelled_artillery"),
    "aircraft": ("aircraft",),
    "helicopter": ("helicopters",),
    "air defence": ("surface_to_air_missile_systems",),
    "equipment": ("all_types",),
}
"""Category: types of the visual count that make it up."""


def _claimed() -> tuple[Scope, ...]:
    people = "casualties (killed and wounded) as claimed by the Ukrainian General Staff"
    personnel = Scope("RU", "personnel", "casualties", "total", "count", ("loss_claim.personnel",), f"Russian {people}")
    killed = Scope(
        "RU",
        "personnel",
        "killed",
        "total",
        "count",
        ("loss_claim.personnel",),
        "Russian killed: claimed casualties times the estimated share of killed",
        share="parameter.ru.killed_share_of_casualties",
    )
    arms = tuple(
        Scope("RU", category, "claimed", "total", "count", (f"loss_claim.{series}",), f"Russian {plural} lost, {_GS}")
        for category, (_, series, plural) in _ARMS.items()
    )
    return (personnel, killed, *arms)


_GS = "as claimed by the Ukrainian General Staff"


def _seen() -> tuple[Scope, ...]:
    scopes = []
    for side, country in (("RU", "russia"), ("UA", "ukraine")):
        who = "Russian" if side == "RU" else "Ukrainian"
        for category, types in _SEEN.items():
            plural = _ARMS[category][2] if category in _ARMS else "pieces of equipment"
            for status, topic, end, how in (
                ("visual", "visual_loss", "", "lost, visually confirmed (a floor)"),
                ("destroyed", "visual_fate", ".destroyed", "destroyed, visually confirmed (a floor)"),
                ("captured", "visual_fate", ".captured", "captured, visually confirmed (a floor)"),
            ):
                names = tuple(f"{topic}.{country}.{kind}{end}" for kind in types)
                form = "total" if topic == "visual_loss" else "point"
                scopes.append(
                    Scope(side, category, status, form, "count", names, f"{who} {plural} {how}", floor=True, reach=60)
                )
    return tuple(scopes)


_NAMED = (
    Scope("RU", "personnel", "named", "flow", "count", ("named_loss.ru.dead",), "Russian dead by name", floor=True),
    Scope("UA", "personnel", "named", "flow", "count", ("named_loss.ua.dead",), "Ukrainian dead by name", floor=True),
    Scope(
        "UA",
        "personnel",
        "missing",
        "flow",
        "count",
        ("named_loss.ua.missing",),
        "Ukrainian missing by name",
        floor=True,
    ),
    Scope(
        "UA",
        "personnel",
        "casualties",
        "point",
        "count",
        ("parameter.ua.casualties_month",),
        "Ukrainian casualties a month, estimates",
        scale=1e3,
        per="month",
    ),
)

LOSSES = Topic(
    "losses",
    _words(
        r"los(?:t|s|ses|ing)\b|destroy|kill|casualt|dead\b|death"
        r"|die[ds]?\b|dying\b|fatalit|wounded|eliminat|neutrali[sz]|knocked out"
        r"|liquidat|captured|visually|oryx|buried\b|burie[sd]|graves\b"
    ),
    (*_claimed(), *_seen(), *_NAMED, *_on_table("losses")),
    side=_SIDES,
    category=(
        *_table(
            {
                "personnel": (
                    r"soldiers?\b|troops?\b|personnel\b|men\b|service(?:men"
                    r"|members|personnel)|casualt|killed|wounded|dead\b"
                    r"|deaths?\b|fatalit|manpower|invaders?\b|occupiers?\b|fighters\b|lives\b"
                ),
                "equipment": r"(?:pieces|units|items) of (?:military )?equipment|equipment loss|heavy equipment",
            }
        ),
        *((category, _words(words)) for category, (words, _, _) in _ARMS.items()),
    ),
    status=_table(
        {
            "casualties": (
                r"casualt|killed (?:and|or) (?:seriously )?(?:wounded"
                r"|injured)|killed, wounded|dead (?:and|or) wounded"
                r"|losses in personnel|combat losses|personnel losses"
            ),
            "killed": (
                r"kill(?!ed (?:and|or) (?:seriously )?(?:wounded|injured))"
                r"|dead\b(?! (?:and|or) wounded)|deaths?\b|died\b|dying\b|fatalit"
                r"|liquidat|eliminat|buried\b|graves\b"
            ),
            "missing": r"missing\b",
            "named": r"by name|named\b|obituar|mediazona|ualosses|names of",
            "visual": r"visual|oryx|photograph|video evidence|independently (?:verified|confirmed)|open[- ]source",
            "captured": r"captured\b|seized\b",
        }
    ),
    usual={"status": ("casualties", "claimed", "visual", "destroyed", "estimated", "estimated total")},
    unless=_words(
        r"civilian|residents|children|apartment|bystander|passers-?by"
        r"|shot down|intercept|downed\b|launch|storage|stockpile|refurbish|per ?cent of ukrainians"
    ),
)

# Strikes: what was sent at Ukraine and what was stopped

_STRIKE = {
    "drone": (("long_range_drone",), "long-range drones"),
    "missile": (
        ("ballistic", "cruise", "mixed_missile", "unknown_missile", "anti_radiation"),
        "missiles of all kinds",
    ),
    "ballistic missile": (("ballistic",), "ballistic missiles"),
    "cruise missile": (("cruise",), "cruise missiles"),
    "drone and missile": (
        ("long_range_drone", "ballistic", "cruise", "mixed_missile", "unknown_missile", "anti_radiation"),
        "drones and missiles",
    ),
}


def _strikes() -> tuple[Scope, ...]:
    scopes = []
    for category, (kinds, plural) in _STRIKE.items():
        for status, verb in (("launched", "launched at Ukraine"), ("stopped", "shot down or suppressed by Ukraine")):
            names = tuple(f"strike.{kind}.{status}" for kind in kinds)
            scopes.append(Scope("RU", category, status, "flow", "count", names, f"{plural} {verb}"))
        shares = tuple(f"strike.{kind}.stopped" for kind in kinds)
        scopes.append(
            Scope("RU", category, "stopped", "flow", "percent", shares, f"share of {plural} stopped", scale=100.0)
        )
    claimed = ("intercept_claim.drone",)
    says = "Ukrainian drones that the Russian ministry claims to have shot down"
    scopes.append(Scope("UA", "drone", "stopped", "flow", "count", claimed, says))
    return tuple(scopes)


STRIKES = Topic(
    "strikes",
    _words(
        r"launch|fired?\b|attack|struck|strikes?\b|barrage|salvo"
        r"|shot down|shooting down|intercept|downed\b|suppress|jammed"
        r"|shahed|geran|swarm|raid|wave of|unleashed|sent\b|used\b|neutrali[sz]|destroyed|rained|drones?_|missiles?_"
    ),
    _strikes(),
    side=_table(
        {
            "UA": (
                r"ukrainian (?:\w+ )?(?:drone|uav|unmanned|missile)|at russia\b"
                r"|into russia\b|on russia\b|against russia\b|over russian"
                r"|russia(?:n|['’]s)? (?:air defen[cs]e|defen[cs]e ministry|ministry of defen[cs]e)"
            ),
            "RU": r"russia|moscow|kremlin|putin|shahed|geran|at ukraine|on ukraine|enemy",
        }
    ),
    category=_table(
        {
            "drone and missile": r"(?:drones?|uavs?) and (?:[a-z]+ )?missiles|missiles? and (?:[a-z]+ )?drones?"
            r"|air attack weapons|aerial (?:weapons|targets)",
            "ballistic missile": r"ballistic|iskander-m\b|kinzhal|kn-23",
            "cruise missile": r"cruise missile|kalibr|kh-?101|iskander-k\b",
            "missile": r"(?:ballistic and cruise|cruise and ballistic) missiles?"
            r"|(?<!cruise )(?<!ballistic )missiles?\b|missiles?_",
            "drone": r"drones?\b|drones?_|uavs?\b|shahed|geran|unmanned",
        }
    ),
    status=_table(
        {
            "stopped": r"shot down|shooting down|shoots? down|intercept|downed\b|suppress|jammed"
            r"|neutrali[sz]|destroyed|stopped|repel|brought down|interception|success rate",
            "launched": r"launch|fired?\b|attack|struck|barrage|salvo|swarm|unleashed|sent\b|used\b|rained|raid",
        }
    ),
    usual={"side": ("RU",), "status": ("launched",)},
    unless=_words(r"produc|factory|manufactur|stockpile|per ?cent of ukrainians|hours|warehouse|plan(?:s|ned)? to"),
)

# Money and prices

REVENUE = Topic(
    "oil and gas revenue",
    _words(
        r"oil_revenue|(?:took in|tak(?:es|ing) in|yield\w*|brought in|collect\w*|received|receipts)"
        r"[\w\s$€.,]{0,60}(?:oil|gas)\b"
        r"|(?:oil|energy|gas|hydrocarbon|fossil|petroleum)[\w\s,'’-]{0,30}(?:revenue"
        r"|income|earning|receipts|proceeds|taxes)|oil_revenue|earn(?:s|ed)?\b[\w\s$€.,]{0,40}(?:oil|gas|fossil|energy)"
    ),
    _on_table("oil and gas revenue"),
    status=_table({"export": r"export", "plan": r"planned|plan\b|budgeted|target"}),
    usual={"category": ("oil and gas", "oil", "fossil fuel"), "status": ("budget", "export", "year")},
)

PRICES = Topic(
    "oil price",
    _words(
        r"(?:brent|urals|oil|crude)[\w\s,'’-]{0,40}(?:price|trad|sold|cost|barrel|\$)"
        r"|(?:price|barrel)[\w\s,'’-]{0,25}(?:brent|urals|oil|crude)|oil_price|brent\b|urals\b"
    ),
    _on_table("oil price"),
    category=_table(
        {
            "Brent": r"brent",
            "Urals": r"urals|russian (?:oil|crude)|russia(?:['’]s)? (?:oil|crude)|russia$|from russia\b",
            "Urals discount": r"discount|(?:gap|difference|spread) between",
        }
    ),
    status=_table({"plan": r"budget(?:ed)? (?:assum|price)|assum"}),
    usual={"category": ("Brent",), "status": ("market", "tax")},
    unless=_words(r"\bcap\b|price cap|breakeven"),
)

EXCHANGE = Topic(
    "exchange rate",
    _words(
        r"(?:ro?uble|hryvnia)s?\b[\w\s,.'’-]{0,40}(?:dollar|\$)|(?:dollar"
        r"|\$)[\w\s,.'’-]{0,40}(?:ro?uble|hryvnia)|exchange.rate"
        r"|ro?uble\b[\w\s,.'’-]{0,60}(?:stronger|weaker|budget assumes)|(?:stronger|weaker) than the \d"
    ),
    _on_table("exchange rate"),
    status=_table({"plan": r"budget|assum"}),
    category=_table({"rouble": r"ro?uble|\brub\b", "hryvnia": r"hryvnia|\buah\b"}),
    usual={"category": ("rouble",), "status": ("market", "end of month", "plan")},
    unless=_words(r"trillion|billion|bonus|payment|salary|paid"),
)

RATES = Topic(
    "key rate",
    _words(r"(?:key|policy|benchmark|interest|refinancing)(?: interest)?[ _]rate|central bank"),
    _on_table("key rate"),
    unless=_words(r"inflation|ukrain|federal reserve|\becb\b|mortgage"),
)

INFLATION = Topic(
    "inflation",
    _words(r"inflation|consumer prices|cost of living|\bcpi\b|prices (?:rose|grew|are rising|increased)"),
    _on_table("inflation"),
    side=_SIDES,
    status=_table({"on the month": r"monthly inflation|month[- ]on[- ]month|in the month"}),
    usual={"side": ("RU",), "status": ("on the year",)},
    unless=_words(r"food|real incomes?|expect|forecast|target|oil|petrol|gasoline"),
)

BUDGET = Topic(
    "Russian budget",
    _words(r"budget|deficit|wealth fund|nwf\b|federal (?:spending|expenditure)|reserves?\b"),
    _on_table("Russian budget"),
    category=_table(
        {
            "defence budget": r"defen[cs]e (?:budget|spending)|military (?:budget|spending)",
            "deficit": r"deficit|shortfall|gap\b",
            "expenditure": r"expenditure|spending|spent\b|outlays",
            "wealth fund": r"wealth fund|nwf\b",
            "revenue": r"revenue|income\b",
        }
    ),
    status=_table({"liquid": r"liquid", "plan": r"planned|plan\b|projected|draft"}),
    usual={"status": ("actual", "whole")},
    unless=_words(r"oil and gas|oil-and-gas|oil revenue|energy revenue|ukrain|kyiv|hryvnia"),
)

# Power

POWER = Topic(
    "Ukraine's power",
    _words(r"power|electric|generat|energy|grid|outage|blackout|megawatt|gigawatt|\bgw\b|capacity"),
    _on_table("Ukraine's power"),
    category=_table(
        {
            "demand": r"demand|consumption|needs?\b",
            "deficit": r"deficit|shortage|shortfall|gap\b",
            "imports": r"import",
            "nuclear": r"nuclear",
            "thermal": r"thermal|coal|dtek",
            "hydro": r"hydro",
            "outages": r"outage|blackout|without (?:power|electricity)",
            "supply": r"hours of (?:power|electricity)|of (?:its )?(?:demand|needs)",
            "capacity": r"capacity|generat|power system",
        }
    ),
    status=_table(
        {
            "installed": r"installed|pre-?war|before the war",
            "lost": r"lost\b|losing|destroyed|knocked out|taken out|damaged",
            "available": r"available|remaining|operating|can generate|left with",
        }
    ),
    usual={
        "category": ("capacity",),
        "status": ("available", "peak", "expected", "cap", "hours a day", "hours a year", "share of demand"),
    },
    unless=_words(
        r"firepower|purchas(?:e|ing) power|great power|air ?power|russian (?:gas"
        r"|oil)|fossil|liquefied|\blng\b|energy (?:compan|export|revenue|purchase)"
    ),
)

# Men, arms, money from abroad: dated estimates

FORCES = Topic(
    "size of forces",
    _words(
        r"troops?\b|soldiers?\b|army\b|armed forces|military|personnel\b"
        r"|grouping|servic|strong\b|contingent|force\b|forces\b"
    ),
    _on_table("size of forces"),
    side=_SIDES,
    category=_table(
        {
            "grouping in Ukraine": r"in ukraine|grouping|deployed|occupied|at the front"
            r"|along the front|fighting in|combat zone|in the zone",
            "contract soldiers": r"contract",
            "reserve": r"reserve",
            "invasion force": r"invasion force|invaded with|massed",
            "combat troops": r"front[- ]?line troops|combat troops",
            "land forces": r"land forces|ground forces",
            "all defence forces": r"defen[cs]e forces",
            "armed forces": r"armed forces|army\b|military\b",
            "whole military": r"whole military|total (?:size|strength)|active-duty",
        }
    ),
    status=_table(
        {
            "cap": r"cap\b|capped|limit|ceiling",
            "plan": r"planned|plans? to|intends|authori[sz]ed strength",
            "authorised": r"authori[sz]ed|decree",
        }
    ),
    usual={
        "side": ("RU",),
        "category": ("grouping in Ukraine", "armed forces", "whole military"),
        "status": ("actual", "authorised"),
    },
    unless=_words(
        r"kill|casualt|los(?:t|ses)\b|wounded|dead\b|buri|bodies|recruit|enlist|sign(?:ed|ing)? (?:up|contract)"
        r"|mobili[sz]|north korea|peacekeep|per ?cent|prisoner|pows?\b|bodies|desert|exchang"
    ),
)

RECRUITS = Topic(
    "recruitment",
    _words(
        r"recruit|enlist|draft(?:s|ed|ing)\b|call(?:s|ed) up"
        r"|sign(?:ed|ing|s)? (?:up|military contracts|contracts)|contracts? with"
        r"|mobili[sz]|conscript|volunteers?\b|join(?:ed|ing) the (?:army|military)"
    ),
    _on_table("recruitment"),
    side=_SIDES,
    category=_table(
        {
            "contracts": r"contract",
            "volunteers": r"volunteer",
            "mobilised": r"mobili[sz]|conscript|draft|call(?:s|ed) up",
        }
    ),
    usual={
        "side": ("RU",),
        "category": ("contracts", "recruits", "mobilised"),
        "status": ("to date", "year", "rate", "estimate"),
    },
    unless=_words(r"per ?cent of|bonus|ro?uble|\$"),
)

PRODUCTION = Topic(
    "production",
    _words(
        r"produc|manufactur|factor(?:y|ies)|output|assembl|churn|turn(?:s|ing)? out|ma(?:kes?|king)\b|builds?\b"
        r"|built\b|deliver(?:ed|ies|s)? to the (?:army|troops|front)|industr|fire[sd]?\b|firing"
    ),
    _on_table("production"),
    side=_SIDES,
    category=_table(
        {
            "Shahed drone": r"shahed|geran|long[- ]range drone|strike drone|attack drone|alabuga",
            "FPV drone": r"fpv",
            "shell": r"shells?\b|rounds?\b|munition",
            "Iskander": r"iskander",
            "Kalibr": r"kalibr",
            "Kh-101": r"kh-?101",
            "Kinzhal": r"kinzhal",
            "missile": r"missiles?\b",
            "tank": r"tanks?\b",
            "drone": r"drones?\b|uavs?\b",
        }
    ),
    status=_table(
        {
            "plan": r"plan|target|aim|goal|intend|will\b|procure",
            "capacity": r"capacity|capable|can (?:make|produce)",
            "fired": r"fir(?:e|es|ed|ing)\b",
            "refurbished": r"refurbish|restor|repair|moderni[sz]",
        }
    ),
    usual={"side": ("RU",), "status": ("made", "estimate")},
    unless=_words(
        r"launch(?:ed|es|ing)\b|shot down|intercept|overnight|los(?:t|ses)\b|generat|electric|refiner|oil\b|barrels"
    ),
)

STOCKS = Topic(
    "stocks of arms",
    _words(
        r"storage|stock|reserves?\b|depots?\b|mothball|warehouse|shortage"
        r"|active (?:tanks|fleet)|in service|inventory|remain|run(?:ning)? (?:out|low)"
    ),
    _on_table("stocks of arms"),
    category=_table(
        {
            "tank": r"tanks?\b",
            "artillery": r"artillery|guns?\b|howitzer",
            "armour": r"armou?red|bmps?\b|ifvs?\b|fighting vehicle",
            "Iskander": r"iskander",
            "Kalibr": r"kalibr",
            "Kinzhal": r"kinzhal",
            "Kh-101": r"kh-?101",
        }
    ),
    status=_table(
        {
            "in good state": r"(?:storage[\w\s,]{0,30})?(?:good (?:condition|state|order)|usable|serviceable)",
            "active": r"active|in service",
            "in storage": r"storage|depot|mothball|reserve|stock",
        }
    ),
    usual={"status": ("in storage", "active", "stock")},
    unless=_words(r"ukrainian stock|u\.s\. stock|american stock|wealth|foreign exchange|currency"),
)

AID = Topic(
    "aid to Ukraine",
    _words(
        r"aid\b|assistance|support(?:ed)?\b|allocat|commit|donat"
        r"|package|program|imf\b|financ|loan|lend\b|lent\b|fund|grants?\b|tranche|purl\b|pledg|need|pour(?:ed|ing)?\b|spent\b|g[ai]ve[ns]?\b|sent\b"
    ),
    _on_table("aid to Ukraine"),
    side=_table(
        {
            "US": r"u\.?s\.?\b|united states|america|washington|pentagon|white house|biden|trump",
            "DE": r"german(?!y and)|berlin",
            "IMF": r"imf\b|monetary fund",
            "EU": r"europe|eu\b|brussels",
            "UA": r"(?:ukraine|kyiv) (?:needs|received|raised|got|lacks)"
            r"|external financing|public debt|(?:financing|funding) (?:gap|need)",
            "all": r"(?:all|total|combined|western|donors?|allies|allied|partners|west|nato|purl|global|worldwide)\b",
        }
    ),
    category=_table(
        {
            "purchase scheme": r"purl\b|purchase scheme|prioriti[sz]ed",
            "need 2026": r"needs?\b(?! for air)",
            "external financing": r"external financing|foreign financing",
            "public debt": r"public debt|state debt",
            "military aid": r"military (?:aid|assistance|support|help)",
        }
    ),
    status=_table(
        {
            "allocated since 2022": r"since (?:february )?2022|since the (?:start|war|invasion)|in total"
            r"|total\b|overall|has (?:given|provided|sent|spent|allocated)",
            "change": r"fell|drop|decline|plung|per ?cent less",
        }
    ),
    usual={"side": ("all",), "category": _ANY, "status": _ANY},
    unless=_words(
        r"package|moral support|support (?:the|for) (?:war|president)"
        r"|per ?cent of (?:ukrainians|russians|americans|respondents)"
    ),
)

OIL = Topic(
    "oil exports",
    _words(
        r"(?:oil|crude)[\w\s,]{0,40}(?:barrels|bpd|b/d)|barrels[\w\s,]{0,30}(?:oil|crude|export)"
        r"|(?:barrels|bpd) (?:a|per) day"
    ),
    _on_table("oil exports"),
    category=_table({"crude and products": r"export|ship", "production": r"produc|output|pump"}),
    unless=_words(r"price|refin|per barrel"),
)

HOME_BUDGET = Topic(
    "Ukrainian budget",
    _words(
        r"(?:ukrain|kyiv)[\w\s,'’]{0,60}(?:budget|deficit|spending|defen[cs]e)|(?:budget|deficit)[\w\s,'’]{0,40}ukrain"
    ),
    _on_table("Ukrainian budget"),
    category=_table({"deficit": r"deficit", "defence share": r"share of|per ?cent of", "external loans": r"loans?\b"}),
    usual={"category": _ANY, "status": _ANY},
    unless=_words(r"russia|moscow|aid\b"),
)

AIR_DEFENCE = Topic(
    "air defence",
    _words(r"patriots?\b"),
    _on_table("air defence"),
    side=_table(
        {"DE": r"german|berlin", "UA": r"(?:ukraine|kyiv) (?:needs|wants|seeks|asked)", "all": r"ukraine|kyiv"}
    ),
    unless=_words(r"interceptors?\b|missiles?\b|dollars?\b|per ?cent|factory"),
)

ODDS = Topic(
    "odds of a ceasefire",
    _words(
        r"polymarket|prediction market|betting market|odds|kalshi|traders put|market(?:s)? (?:put|price)"
        r"|ceasefire[\w\s,]{0,40} (?:chance|probability)|(?:chance|probability) of (?:a )?ceasefire|ceasefire_chance"
    ),
    _on_table("odds of a ceasefire"),
)

TOPICS = (
    STRIKES,
    LOSSES,
    REVENUE,
    PRICES,
    EXCHANGE,
    RATES,
    INFLATION,
    RECRUITS,
    STOCKS,
    PRODUCTION,
    ODDS,
    BUDGET,
    HOME_BUDGET,
    OIL,
    AIR_DEFENCE,
    POWER,
    FORCES,
    AID,
)
"""In the order in which a claim is held against them; the first with a reading of the stated scope answers."""
