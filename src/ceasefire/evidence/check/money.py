"""Money: revenue, prices, budgets, aid, and what markets expect.

Words are general English of this war, judged by hand (trust D).
"""

from __future__ import annotations

from ceasefire.evidence.check.scope import ANY, SIDES, Topic, on_table, table, words

# Money and prices

REVENUE = Topic(
    "oil and gas revenue",
    words(
        r"oil_revenue|(?:took in|tak(?:es|ing) in|yield\w*|brought in|collect\w*|received|receipts)"
        r"[\w\s$€.,]{0,60}(?:oil|gas)\b"
        r"|(?:oil|energy|gas|hydrocarbon|fossil|petroleum)[\w\s,'’-]{0,30}(?:revenue"
        r"|income|earning|receipts|proceeds|taxes)|oil_revenue|earn(?:s|ed)?\b[\w\s$€.,]{0,40}(?:oil|gas|fossil|energy)"
    ),
    on_table("oil and gas revenue"),
    status=table({"export": r"export", "plan": r"planned|plan\b|budgeted|target"}),
    usual={"category": ("oil and gas", "oil", "fossil fuel"), "status": ("budget", "export", "year")},
)

PRICES = Topic(
    "oil price",
    words(
        r"(?:brent|urals|oil|crude)[\w\s,'’-]{0,40}(?:price|trad|sold|cost|barrel|\$)"
        r"|(?:price|barrel)[\w\s,'’-]{0,25}(?:brent|urals|oil|crude)|oil_price|brent\b|urals\b"
    ),
    on_table("oil price"),
    category=table(
        {
            "Brent": r"brent",
            "Urals": r"urals|russian (?:oil|crude)|russia(?:['’]s)? (?:oil|crude)|russia$|from russia\b",
            "Urals discount": r"discount|(?:gap|difference|spread) between",
        }
    ),
    status=table({"plan": r"budget(?:ed)? (?:assum|price)|assum"}),
    usual={"category": ("Brent",), "status": ("market", "tax")},
    unless=words(r"\bcap\b|price cap|breakeven"),
)

EXCHANGE = Topic(
    "exchange rate",
    words(
        r"(?:ro?uble|hryvnia)s?\b[\w\s,.'’-]{0,40}(?:dollar|\$)|(?:dollar"
        r"|\$)[\w\s,.'’-]{0,40}(?:ro?uble|hryvnia)|exchange.rate"
        r"|ro?uble\b[\w\s,.'’-]{0,60}(?:stronger|weaker|budget assumes)|(?:stronger|weaker) than the \d"
    ),
    on_table("exchange rate"),
    status=table({"plan": r"budget|assum"}),
    category=table({"rouble": r"ro?uble|\brub\b", "hryvnia": r"hryvnia|\buah\b"}),
    usual={"category": ("rouble",), "status": ("market", "end of month", "plan")},
    unless=words(r"trillion|billion|bonus|payment|salary|paid"),
)

RATES = Topic(
    "key rate",
    words(r"(?:key|policy|benchmark|interest|refinancing)(?: interest)?[ _]rate|central bank"),
    on_table("key rate"),
    unless=words(r"inflation|ukrain|federal reserve|\becb\b|mortgage"),
)

INFLATION = Topic(
    "inflation",
    words(
        r"inflation|consumer prices|cost of living|\bcpi\b|"
        r"prices (?:rose|rise|grew|grow|climb(?:ed)?|went up|are (?:rising|up)|increased?)"
    ),
    on_table("inflation"),
    side=SIDES,
    status=table({"on the month": r"monthly inflation|month[- ]on[- ]month|in the month"}),
    usual={"side": ("RU",), "status": ("on the year",)},
    unless=words(r"food|real incomes?|expect|forecast|target|oil|petrol|gasoline"),
)

BUDGET = Topic(
    "Russian budget",
    words(r"budget|deficit|wealth fund|nwf\b|federal (?:spending|expenditure)|reserves?\b"),
    on_table("Russian budget"),
    category=table(
        {
            "defence budget": r"defen[cs]e (?:budget|spending)|military (?:budget|spending)",
            "deficit": r"deficit|shortfall|gap\b",
            "expenditure": r"expenditure|spending|spent\b|outlays",
            "wealth fund": r"wealth fund|nwf\b",
            "revenue": r"revenue|income\b",
        }
    ),
    status=table({"liquid": r"liquid", "plan": r"planned|plan\b|projected|draft"}),
    usual={"status": ("actual", "whole")},
    unless=words(r"oil and gas|oil-and-gas|oil revenue|energy revenue|ukrain|kyiv|hryvnia"),
)

AID = Topic(
    "aid to Ukraine",
    words(
        r"aid\b|assistance|support(?:ed)?\b|allocat|commit|donat"
        r"|package|program|imf\b|financ|loan|lend\b|lent\b|fund|grants?\b|tranche|purl\b|pledg|need|pour(?:ed|ing)?\b|spent\b|g[ai]ve[ns]?\b|sent\b"
    ),
    on_table("aid to Ukraine"),
    side=table(
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
    category=table(
        {
            "purchase scheme": r"purl\b|purchase scheme|prioriti[sz]ed",
            "need 2026": r"needs?\b(?! for air)",
            "external financing": r"external financing|foreign financing",
            "public debt": r"public debt|state debt",
            "military aid": r"military (?:aid|assistance|support|help)",
        }
    ),
    status=table(
        {
            "allocated since 2022": r"since (?:february )?2022|since the (?:start|war|invasion)|in total"
            r"|total\b|overall|has (?:given|provided|sent|spent|allocated)",
            "change": r"fell|drop|decline|plung|per ?cent less",
        }
    ),
    usual={"side": ("all",), "category": ANY, "status": ANY},
    unless=words(
        r"package|moral support|support (?:the|for) (?:war|president)"
        r"|per ?cent of (?:ukrainians|russians|americans|respondents)"
    ),
)

OIL = Topic(
    "oil exports",
    words(
        r"(?:oil|crude)[\w\s,]{0,40}(?:barrels|bpd|b/d)|barrels[\w\s,]{0,30}(?:oil|crude|export)"
        r"|(?:barrels|bpd) (?:a|per) day"
    ),
    on_table("oil exports"),
    category=table({"crude and products": r"export|ship", "production": r"produc|output|pump"}),
    unless=words(r"price|refin|per barrel"),
)

HOME_BUDGET = Topic(
    "Ukrainian budget",
    words(
        r"(?:ukrain|kyiv)[\w\s,'’]{0,60}(?:budget|deficit|spending|defen[cs]e)|(?:budget|deficit)[\w\s,'’]{0,40}ukrain"
    ),
    on_table("Ukrainian budget"),
    category=table({"deficit": r"deficit", "defence share": r"share of|per ?cent of", "external loans": r"loans?\b"}),
    usual={"category": ANY, "status": ANY},
    unless=words(r"russia|moscow|aid\b"),
)

ODDS = Topic(
    "odds of a ceasefire",
    words(
        r"polymarket|prediction market|betting market|odds|kalshi|traders put|market(?:s)? (?:put|price)"
        r"|ceasefire[\w\s,]{0,40} (?:chance|probability)|(?:chance|probability) of (?:a )?ceasefire|ceasefire_chance"
    ),
    on_table("odds of a ceasefire"),
)
