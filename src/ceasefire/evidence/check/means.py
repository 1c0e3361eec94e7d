"""Men, arms and power: dated estimates of what each side has and makes.

Words are general English of this war, judged by hand (trust D).
"""

from __future__ import annotations

from ceasefire.evidence.check.scope import SIDES, Topic, on_table, table, words

# Power

POWER = Topic(
    "Ukraine's power",
    words(r"power|electric|generat|energy|grid|outage|blackout|megawatt|gigawatt|\bgw\b|capacity"),
    on_table("Ukraine's power"),
    category=table(
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
    status=table(
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
    unless=words(
        r"firepower|purchas(?:e|ing) power|great power|air ?power|russian (?:gas"
        r"|oil)|fossil|liquefied|\blng\b|energy (?:compan|export|revenue|purchase)"
    ),
)

# Men, arms, money from abroad: dated estimates

FORCES = Topic(
    "size of forces",
    words(
        r"troops?\b|soldiers?\b|army\b|armed forces|military|personnel\b"
        r"|grouping|servic|strong\b|contingent|force\b|forces\b"
    ),
    on_table("size of forces"),
    side=SIDES,
    category=table(
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
    status=table(
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
    unless=words(
        r"kill|casualt|los(?:t|ses)\b|wounded|dead\b|buri|bodies|recruit|enlist|sign(?:ed|ing)? (?:up|contract)"
        r"|mobili[sz]|north korea|peacekeep|per ?cent|prisoner|pows?\b|bodies|desert|exchang"
    ),
)

RECRUITS = Topic(
    "recruitment",
    words(
        r"recruit|enlist|draft(?:s|ed|ing)\b|call(?:s|ed) up"
        r"|sign(?:ed|ing|s)? (?:up|military contracts|contracts)|contracts? with"
        r"|mobili[sz]|conscript|volunteers?\b|join(?:ed|ing) the (?:army|military)"
    ),
    on_table("recruitment"),
    side=SIDES,
    category=table(
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
    unless=words(r"per ?cent of|bonus|ro?uble|\$"),
)

PRODUCTION = Topic(
    "production",
    words(
        r"produc|manufactur|factor(?:y|ies)|output|assembl|churn|turn(?:s|ing)? out|ma(?:kes?|king)\b|builds?\b"
        r"|built\b|deliver(?:ed|ies|s)? to the (?:army|troops|front)|industr|fire[sd]?\b|firing"
    ),
    on_table("production"),
    side=SIDES,
    category=table(
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
    status=table(
        {
            "plan": r"plan|target|aim|goal|intend|will\b|procure",
            "capacity": r"capacity|capable|can (?:make|produce)",
            "fired": r"fir(?:e|es|ed|ing)\b",
            "refurbished": r"refurbish|restor|repair|moderni[sz]",
        }
    ),
    usual={"side": ("RU",), "status": ("made", "estimate")},
    unless=words(
        r"launch(?:ed|es|ing)\b|shot down|intercept|overnight|los(?:t|ses)\b|generat|electric|refiner|oil\b|barrels"
    ),
)

STOCKS = Topic(
    "stocks of arms",
    words(
        r"storage|stock|stores?\b|reserves?\b|depots?\b|mothball|warehouse|shortage"
        r"|active (?:tanks|fleet)|in service|inventory|remain|run(?:ning)? (?:out|low)"
    ),
    on_table("stocks of arms"),
    category=table(
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
    status=table(
        {
            "in good state": r"(?:storage[\w\s,]{0,30})?(?:good (?:condition|state|order)|usable|serviceable)",
            "active": r"active|in service",
            "in storage": r"storage|stores?\b|depot|mothball|reserve|stock",
        }
    ),
    usual={"status": ("in storage", "active", "stock")},
    unless=words(r"ukrainian stock|u\.s\. stock|american stock|wealth|foreign exchange|currency"),
)


AIR_DEFENCE = Topic(
    "air defence",
    words(r"patriots?\b"),
    on_table("air defence"),
    side=table({"DE": r"german|berlin", "UA": r"(?:ukraine|kyiv) (?:needs|wants|seeks|asked)", "all": r"ukraine|kyiv"}),
    unless=words(r"interceptors?\b|missiles?\b|dollars?\b|per ?cent|factory"),
)
