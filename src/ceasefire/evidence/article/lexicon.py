"""Words by which a text about this war is read: actors and their sides, regions, topics, issues, verbs of saying.

All tables are elicited general knowledge (trust D) up to January 2026, meant for any text in English about the war.
Patterns are plain alternations of words, matched on folded lower-case text; none nests a repeat in a repeat.

Left out: other languages, and anyone not named here. An unknown name is kept as the text has it and counts as neutral.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

SIDE_UNKNOWN = "neutral"


@dataclass(frozen=True)
class Actor:
    """Someone who says or does things, and for which side."""

    name: str
    side: str
    kind: str
    """person, state, office, press, poll, analyst or body."""
    names: tuple[str, ...]
    """Spellings, folded; a person's last name is one of them."""


def _people(side: str, *rows: str) -> tuple[Actor, ...]:
    """`Name|spelling|spelling`: the first is the name that claims carry."""
    return tuple(Actor(row.split("|")[0], side, "person", _spellings(row)) for row in rows)


def _bodies(side: str, kind: str, *rows: str) -> tuple[Actor, ...]:
    return tuple(Actor(row.split("|")[0], side, kind, _spellings(row)) for row in rows)


def _spellings(row: str) -> tuple[str, ...]:
    return tuple(fold(part) for part in row.split("|"))


def words(text: str) -> frozenset[str]:
    """A set of words."""
    return frozenset(text.split())


def fold(text: str) -> str:
    """Lower case, straight apostrophes and hyphens, single spaces, no full stops inside abbreviations."""
    plain = text.casefold().translate(_STRAIGHT)
    plain = _ABBREVIATION.sub(lambda found: found[0].replace(".", ""), plain)
    return " ".join(plain.split())


_STRAIGHT = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "‑": "-", "\u00a0": " "})
_ABBREVIATION = re.compile(r"\b(?:[a-z]\.){2,5}")

ACTORS: tuple[Actor, ...] = (
    *_people(
        "UA",
        "Zelenskyy|Zelensky|Zelenskiy|Zelenskii|Volodymyr Zelenskyy|Volodymyr Zelensky|Volodymyr Zelenskiy",
        "Syrskyi|Syrskyy|Syrsky|Syrskii|Oleksandr Syrskyi|Oleksandr Syrskyy|Oleksandr Syrsky",
        "Umerov|Rustem Umerov",
        "Yermak|Andriy Yermak|Andrii Yermak",
        "Budanov|Kyrylo Budanov",
        "Sybiha|Andrii Sybiha|Andriy Sybiha",
        "Kuleba|Dmytro Kuleba",
        "Svyrydenko|Yulia Svyrydenko|Yuliia Svyrydenko",
        "Shmyhal|Denys Shmyhal",
        "Fedorov|Mykhailo Fedorov",
        "Zaluzhnyi|Zaluzhny|Valerii Zaluzhnyi|Valery Zaluzhny",
        "Podolyak|Mykhailo Podolyak",
        "Kyslytsya|Serhiy Kyslytsya|Sergiy Kyslytsya",
        "Hnatov|Andrii Hnatov",
        "Arakhamia|Davyd Arakhamia|David Arakhamia",
        "Maliuk|Vasyl Maliuk|Malyuk",
        "Poroshenko|Petro Poroshenko",
        "Klitschko|Vitali Klitschko",
        "Ihnat|Yurii Ihnat|Yuriy Ihnat",
        "Kudrytskyi|Volodymyr Kudrytskyi",
        "Zaichenko|Vitaliy Zaichenko",
    ),
    *_people(
        "RU",
        "Putin|Vladimir Putin",
        "Lavrov|Sergei Lavrov|Sergey Lavrov",
        "Peskov|Dmitry Peskov|Dmitri Peskov",
        "Medvedev|Dmitry Medvedev|Dmitri Medvedev",
        "Ushakov|Yuri Ushakov|Yury Ushakov",
        "Gerasimov|Valery Gerasimov",
        "Belousov|Andrei Belousov|Andrey Belousov",
        "Shoigu|Sergei Shoigu|Sergey Shoigu",
        "Dmitriev|Kirill Dmitriev",
        "Medinsky|Vladimir Medinsky",
        "Kostyukov|Igor Kostyukov",
        "Zakharova|Maria Zakharova",
        "Ryabkov|Sergei Ryabkov",
        "Nabiullina|Elvira Nabiullina",
        "Siluanov|Anton Siluanov",
        "Novak|Alexander Novak",
        "Patrushev|Nikolai Patrushev",
        "Prigozhin|Yevgeny Prigozhin",
        "Surovikin|Sergei Surovikin",
        "Kadyrov|Ramzan Kadyrov",
        "Balitsky|Yevgeny Balitsky",
        "Pushilin|Denis Pushilin",
        "Solovyov|Vladimir Solovyov",
        "Likhachev|Alexei Likhachev",
    ),
    *_people(
        "US",
        "Trump|Donald Trump|Donald J. Trump",
        "Biden|Joe Biden",
        "Vance|JD Vance|J.D. Vance",
        "Rubio|Marco Rubio",
        "Hegseth|Pete Hegseth",
        "Witkoff|Witcoff|Steve Witkoff|Steven Witkoff|Steven Witcoff",
        "Kellogg|Keith Kellogg",
        "Kushner|Jared Kushner",
        "Driscoll|Dan Driscoll",
        "Bessent|Scott Bessent",
        "Leavitt|Karoline Leavitt",
        "Whitaker|Matthew Whitaker",
        "Grynkewich|Alexus Grynkewich",
        "Cavoli|Christopher Cavoli",
        "Graham|Lindsey Graham",
        "Blinken|Antony Blinken",
        "Sullivan|Jake Sullivan",
        "Waltz|Mike Waltz",
        "Colby|Elbridge Colby",
        "Caine|Dan Caine",
    ),
    *_people(
        "EU",
        "Macron|Emmanuel Macron",
        "Merz|Friedrich Merz",
        "Scholz|Olaf Scholz",
        "Meloni|Giorgia Meloni",
        "Tusk|Donald Tusk",
        "Sikorski|Radoslaw Sikorski|Radosław Sikorski",
        "Nawrocki|Karol Nawrocki",
        "von der Leyen|Ursula von der Leyen",
        "Kallas|Kaja Kallas",
        "Costa|António Costa|Antonio Costa",
        "Stubb|Alexander Stubb",
        "Pistorius|Boris Pistorius",
        "Wadephul|Johann Wadephul",
        "Orbán|Orban|Viktor Orbán|Viktor Orban",
        "Fico|Robert Fico",
        "Szijjártó|Szijjarto|Péter Szijjártó|Peter Szijjarto",
        "Rutte|Mark Rutte",
        "De Wever|Bart De Wever",
        "Frederiksen|Mette Frederiksen",
        "Kubilius|Andrius Kubilius",
        "Tsahkna|Margus Tsahkna",
        "Pevkur|Hanno Pevkur",
        "Dombrovskis|Valdis Dombrovskis",
        "Šefčovič|Sefcovic|Maros Sefcovic",
        "Sánchez|Pedro Sánchez|Pedro Sanchez",
    ),
    *_people(
        "UK",
        "Starmer|Keir Starmer",
        "Healey|John Healey",
        "Lammy|David Lammy",
        "Cooper|Yvette Cooper",
        "Radakin|Tony Radakin",
        "Powell|Jonathan Powell",
        "Johnson|Boris Johnson",
        "Sunak|Rishi Sunak",
    ),
    *_people(
        "neutral",
        "Erdogan|Erdoğan|Recep Tayyip Erdogan|Recep Tayyip Erdoğan",
        "Fidan|Hakan Fidan",
        "Xi|Xi Jinping",
        "Wang Yi|Wang",
        "Modi|Narendra Modi",
        "Jaishankar|S. Jaishankar",
        "Lula|Luiz Inácio Lula da Silva",
        "Grossi|Rafael Grossi|Rafael Mariano Grossi",
        "Guterres|António Guterres|Antonio Guterres",
        "Aliyev|Ilham Aliyev",
        "Pashinyan|Nikol Pashinyan",
        "Lukashenko|Alexander Lukashenko|Alyaksandr Lukashenka",
        "Kim|Kim Jong Un",
        "Netanyahu|Benjamin Netanyahu",
        "Maduro|Nicolás Maduro|Nicolas Maduro",
        "Leo|Pope Leo|Pope Leo XIV",
    ),
    *_bodies("UA", "state", "Ukraine|Kyiv|Kiev|Ukrainian government|Ukrainians|Ukrainian forces"),
    *_bodies("RU", "state", "Russia|Moscow|Kremlin|Russian Federation|Russians|Russian forces"),
    *_bodies(
        "US",
        "state",
        "United States|US|USA|America|Washington|White House|Trump administration|the administration|Americans",
    ),
    *_bodies(
        "EU",
        "state",
        "EU|European Union|Brussels|Europe|Europeans|Germany|Berlin|France|Paris|Poland|Warsaw|Italy|Rome|Spain|"
        "Madrid|"
        "Netherlands|Belgium|Denmark|Sweden|Finland|Estonia|Latvia|Lithuania|Czech Republic|Czechia|Slovakia|Hungary|"
        "Romania|Bulgaria|Greece|Austria|Portugal|Ireland|European Commission|European Council|European leaders",
    ),
    *_bodies("EU", "body", "NATO|NATO allies|the alliance|the Alliance|European allies|E3|Coalition of the Willing"),
    *_bodies("UK", "state", "United Kingdom|UK|Britain|Great Britain|London|Downing Street|British government"),
    *_bodies(
        "UA",
        "office",
        "General Staff|Ukraine's General Staff|Ukrainian General Staff|General Staff of the Armed Forces of Ukraine",
        "Ukrainian Air Force|Ukraine's Air Force|Air Force of Ukraine|Air Force",
        "Ukrenergo",
        "DTEK",
        "Naftogaz",
        "Energoatom",
        "SBU|Security Service of Ukraine",
        "HUR|GUR|Ukrainian military intelligence|Ukraine's military intelligence|Defence Intelligence of Ukraine",
        "Verkhovna Rada|Rada",
        "National Bank of Ukraine|NBU",
        "DeepState|Deep State|DeepStateMap",
        "Bankova",
        "Armed Forces of Ukraine|AFU|ZSU",
        "Unmanned Systems Forces",
        "Khortytsia|Khortytsia group",
    ),
    *_bodies(
        "RU",
        "office",
        "Russian Defence Ministry|Russian Defense Ministry|Russia's Defence Ministry|Russia's Defense Ministry|"
        "Russian MoD|"
        "Ministry of Defence of the Russian Federation|Ministry of Defense of the Russian Federation",
        "Gazprom",
        "Rosneft",
        "Lukoil",
        "Rosatom",
        "FSB",
        "SVR",
        "State Duma|Duma",
        "Bank of Russia|Central Bank of Russia|Russian central bank|Russia's central bank",
        "Rosstat",
        "Security Council of Russia",
    ),
    *_bodies(
        "US",
        "office",
        "Pentagon|Department of Defense|Department of War",
        "State Department|US State Department",
        "US Treasury|Treasury|Treasury Department|OFAC",
        "CIA",
        "Congress|US Congress|Senate|House of Representatives",
        "US officials|American officials|senior US official",
        "US European Command|EUCOM",
        "DIA|Defense Intelligence Agency",
        "EIA|Energy Information Administration",
    ),
    *_bodies("EU", "office", "European Parliament", "Bundestag|Bundeswehr", "Euroclear", "Élysée|Elysee", "ECB"),
    *_bodies("UK", "office", "UK Ministry of Defence|British Ministry of Defence|British military intelligence|MI6"),
    *_bodies("neutral", "press", "Reuters", "Associated Press|AP", "AFP|Agence France-Presse", "Al Jazeera", "Xinhua"),
    *_bodies(
        "UK", "press", "Financial Times|FT", "BBC|BBC News", "Guardian", "Economist", "Telegraph", "Times", "Sky News"
    ),
    *_bodies(
        "US",
        "press",
        "New York Times|NYT",
        "Washington Post",
        "Wall Street Journal|WSJ",
        "Bloomberg",
        "CNN",
        "Axios",
        "Politico",
        "NBC|NBC News",
        "CBS|CBS News",
        "Fox News",
        "Atlantic",
    ),
    *_bodies(
        "UA",
        "press",
        "Ukrainska Pravda",
        "Kyiv Independent",
        "Kyiv Post",
        "Ukrinform",
        "Suspilne",
        "RBC-Ukraine",
        "Interfax-Ukraine",
    ),
    *_bodies(
        "RU",
        "press",
        "TASS",
        "RIA Novosti|RIA",
        "Interfax",
        "Kommersant",
        "Izvestia",
        "RT",
        "Vedomosti",
        "Sputnik",
        "Rybar",
    ),
    *_bodies(
        "neutral", "press", "Meduza", "Mediazona", "The Insider", "Moscow Times", "Le Monde", "Der Spiegel|Spiegel"
    ),
    *_bodies("EU", "press", "Bild", "Die Welt", "Euractiv", "El País|El Pais"),
    *_bodies(
        "neutral",
        "poll",
        "Gallup",
        "KIIS|Kyiv International Institute of Sociology",
        "Razumkov Centre|Razumkov Center|Razumkov",
        "Rating|Rating Group|Sociological Group Rating",
        "Levada|Levada Center|Levada Centre",
        "VCIOM|VTsIOM",
        "FOM",
        "Russian Field",
        "Chronicles",
        "Pew|Pew Research Center",
        "YouGov",
        "Ipsos",
        "Info Sapiens",
        "Democratic Initiatives Foundation",
    ),
    *_bodies(
        "neutral",
        "analyst",
        "ISW|Institute for the Study of War",
        "RUSI|Royal United Services Institute",
        "IISS|International Institute for Strategic Studies",
        "CSIS|Center for Strategic and International Studies",
        "Kiel Institute|Kiel Institute for the World Economy|IfW Kiel",
        "Oryx",
        "Black Bird Group",
        "Frontelligence Insight|Frontelligence",
        "Carnegie|Carnegie Endowment|Carnegie Politika",
        "Chatham House",
        "Atlantic Council",
        "Bruegel",
        "CREA|Centre for Research on Energy and Clean Air",
        "KSE|Kyiv School of Economics",
        "Kpler",
        "Vortexa",
        "Argus|Argus Media",
        "S&P Global",
        "Rystad|Rystad Energy",
        "RAND",
        "Ember",
    ),
    *_bodies(
        "neutral",
        "body",
        "UN|United Nations|UN Security Council",
        "IAEA|International Atomic Energy Agency",
        "IMF|International Monetary Fund",
        "World Bank",
        "IEA|International Energy Agency",
        "OPEC|OPEC+",
        "OSCE",
        "ICRC|Red Cross",
        "ENTSO-E",
        "UNDP",
        "G7|Group of Seven",
        "Turkey|Türkiye|Ankara",
        "China|Beijing",
        "India|New Delhi",
        "Saudi Arabia|Riyadh",
        "UAE|United Arab Emirates|Abu Dhabi",
        "Qatar|Doha",
        "Israel",
        "Iran|Tehran",
        "North Korea|Pyongyang",
        "Belarus|Minsk",
        "Switzerland",
        "Azerbaijan",
        "Armenia",
        "Vatican|Holy See",
    ),
)

_ADJECTIVES: Mapping[str, str] = {
    "ukrainian": "UA",
    "russian": "RU",
    "kremlin": "RU",
    "kremlin's": "RU",
    "american": "US",
    "us": "US",
    "white house": "US",
    "state department": "US",
    "european": "EU",
    "eu": "EU",
    "nato": "EU",
    "german": "EU",
    "french": "EU",
    "polish": "EU",
    "italian": "EU",
    "dutch": "EU",
    "danish": "EU",
    "finnish": "EU",
    "swedish": "EU",
    "estonian": "EU",
    "latvian": "EU",
    "lithuanian": "EU",
    "czech": "EU",
    "hungarian": "EU",
    "british": "UK",
    "uk": "UK",
    "turkish": "neutral",
    "chinese": "neutral",
    "indian": "neutral",
    "israeli": "neutral",
    "kyiv's": "UA",
    "moscow's": "RU",
    "ukraine's": "UA",
    "russia's": "RU",
    "washington's": "US",
    "pro-kremlin": "RU",
    "moscow-installed": "RU",
    "russian-installed": "RU",
    "russian-backed": "RU",
}


@cache
def _actors_by_name() -> dict[str, Actor]:
    table: dict[str, Actor] = {}
    for actor in ACTORS:
        for spelling in actor.names:
            table.setdefault(spelling, actor)
    return table


@cache
def _actor_pattern() -> re.Pattern[str]:
    names = sorted(_actors_by_name(), key=len, reverse=True)
    return re.compile(r"(?<![\w-])(" + "|".join(map(re.escape, names)) + r")(?![\w-])")


def actor(name: str) -> Actor | None:
    """The actor of a name, with or without article and title; None where the tables do not know it."""
    known = _actors_by_name().get(bare(name))
    whose = _WHOSE.match(fold(name)) if known is not None and known.side == "UA" and known.kind != "person" else None
    return _actors_by_name().get(fold(name).removeprefix("the ").strip()) if whose else known


_WHOSE = re.compile(r"(?:the )?(?:russian?(?:'s)?|u\.?s\.?|american|british|french|german|turkish|polish|israeli) ")


def actors_in(text: str) -> list[Actor]:
    """Actors named in a text, in order."""
    return [_actors_by_name()[found[1]] for found in _actor_pattern().finditer(fold(text))]


_ARTICLE = re.compile(r"^(?:the|a|an|this|that|its|his|her|their) ")
_TITLE = re.compile(
    r"^(?:(?:us|u s|russian|ukrainian|american|british|french|german|turkish|former|ex-|acting|deputy|prime|vice|"
    r"foreign|"
    r"defence|defense|interior|energy|finance|national|security|special|white house|kremlin|state department|army|"
    r"president|minister|secretary|chancellor|premier|envoy|adviser|advisor|spokesman|spokeswoman|spokesperson|"
    r"general|"
    r"gen|lt|col|colonel|maj|major|admiral|adm|senator|sen|governor|mayor|ambassador|commander|commander-in-chief|"
    r"chief|"
    r"chairman|director|head|mr|mrs|ms|dr|of state|treasury|council|pope|king|lord|sir)[.,]? )+"
)


def bare(name: str) -> str:
    """A name folded, without article, title and possessive ending."""
    plain = _ARTICLE.sub("", fold(name).strip(" ,.;:\"'"))
    plain = plain.removesuffix("'s").removesuffix("'")
    if plain in _actors_by_name():
        return plain
    untitled = _TITLE.sub("", plain)
    return untitled or plain


def side(name: str) -> str:
    """Whose account it is when this name gives it. Anyone unknown counts as neutral."""
    if name == "author":
        return "author"
    known = actor(name)
    if known:
        return known.side
    words = fold(name)
    for length in (2, 1):
        parts = words.split()
        for index in range(len(parts) - length + 1):
            adjective = " ".join(parts[index : index + length])
            if adjective in _ADJECTIVES:
                return _ADJECTIVES[adjective]
    named = actors_in(name)
    return named[-1].side if named else SIDE_UNKNOWN


# Regions -------------------------------------------------------------------------------------------------------------

OBLASTS = (
    "Cherkasy",
    "Chernihiv",
    "Chernivtsi",
    "Dnipropetrovsk",
    "Donetsk",
    "Ivano-Frankivsk",
    "Kharkiv",
    "Kherson",
    "Khmelnytskyi",
    "Kirovohrad",
    "Kyiv",
    "Luhansk",
    "Lviv",
    "Mykolaiv",
    "Odesa",
    "Poltava",
    "Rivne",
    "Sumy",
    "Ternopil",
    "Vinnytsia",
    "Volyn",
    "Zakarpattia",
    "Zaporizhzhia",
    "Zhytomyr",
    "Kursk",
    "Belgorod",
    "Bryansk",
    "Rostov",
    "Voronezh",
)
_OBLAST_SPELLINGS = {
    "Luhansk": ("lugansk",),
    "Kharkiv": ("kharkov",),
    "Odesa": ("odessa",),
    "Zaporizhzhia": ("zaporizhia", "zaporizhzhya", "zaporozhye", "zaporizhzhia", "zaporozhia"),
    "Dnipropetrovsk": ("dnipro",),
    "Mykolaiv": ("nikolaev",),
    "Chernihiv": ("chernigov",),
    "Kyiv": ("kiev",),
}
WHOLE_OBLASTS = ("Donetsk", "Luhansk", "Zaporizhzhia", "Kherson")
"""Named alone these mostly mean the oblast when ground, armies or a settlement are spoken of."""

REGIONS: Mapping[str, tuple[str, ...]] = {
    "Donbas": ("donbas", "donbass"),
    "Crimea": ("crimea", "crimean peninsula"),
    "eastern Ukraine": ("eastern ukraine", "ukraine's east", "east of ukraine", "east ukraine"),
    "southern Ukraine": ("southern ukraine", "ukraine's south", "south of ukraine"),
    "northern Ukraine": ("northern ukraine", "ukraine's north"),
    "western Ukraine": ("western ukraine", "ukraine's west"),
    "eastern Europe": ("eastern europe",),
    "South Caucasus": ("south caucasus",),
    "Caucasus": ("caucasus",),
    "Central Asia": ("central asia",),
    "Alaska": ("alaska", "anchorage"),
    "Black Sea": ("black sea",),
    "Sea of Azov": ("sea of azov", "azov sea"),
    "Baltic Sea": ("baltic sea",),
    "Dnieper delta": ("dnieper delta", "dnipro delta", "dnieper river delta", "dnipro river delta"),
    "Dnieper": ("dnieper", "dnipro river", "dnieper river"),
    "Novorossiya": ("novorossiya",),
    "Transnistria": ("transnistria",),
    "Kaliningrad": ("kaliningrad",),
    "Middle East": ("middle east",),
    **{
        name: (name.casefold(),)
        for name in (
            "Istanbul",
            "Jeddah",
            "Riyadh",
            "Geneva",
            "Budapest",
            "Vienna",
            "Abu Dhabi",
            "Doha",
            "Warsaw",
            "Helsinki",
            "Munich",
            "Davos",
            "Copenhagen",
            "The Hague",
            "New York",
            "Miami",
            "Minsk",
            "Rome",
            "Stockholm",
            "Vilnius",
            "Antalya",
            "Ankara",
            "Berlin",
            "Paris",
            "London",
            "Brussels",
            "Beijing",
            "Tianjin",
            "New Delhi",
            "Washington",
            "Saratov",
            "Engels",
            "Ryazan",
            "Samara",
            "Syzran",
            "Tula",
            "Kaluga",
            "Tver",
            "Smolensk",
            "Volgograd",
            "Krasnodar",
            "Tuapse",
            "Ust-Luga",
            "Primorsk",
            "Ufa",
            "Kazan",
            "Yelabuga",
            "Izhevsk",
            "Murmansk",
            "Sochi",
            "Nizhny Novgorod",
        )
    },
    "Ukraine": ("ukraine", "ukrainian"),
    "Russia": ("russia", "russian federation", "russian"),
    "United States": ("united states", "us", "usa", "america"),
    "EU": ("eu", "european union", "europe", "european"),
    "NATO": ("nato",),
    "United Kingdom": ("united kingdom", "uk", "britain", "great britain"),
    "Germany": ("germany",),
    "France": ("france",),
    "Poland": ("poland",),
    "Italy": ("italy",),
    "Spain": ("spain",),
    "Netherlands": ("netherlands",),
    "Belgium": ("belgium",),
    "Denmark": ("denmark",),
    "Norway": ("norway",),
    "Sweden": ("sweden",),
    "Finland": ("finland",),
    "Estonia": ("estonia",),
    "Latvia": ("latvia",),
    "Lithuania": ("lithuania",),
    "Czechia": ("czechia", "czech republic"),
    "Slovakia": ("slovakia",),
    "Hungary": ("hungary",),
    "Romania": ("romania",),
    "Moldova": ("moldova",),
    "Bulgaria": ("bulgaria",),
    "Greece": ("greece",),
    "Austria": ("austria",),
    "Switzerland": ("switzerland",),
    "Turkey": ("turkey", "türkiye"),
    "Belarus": ("belarus",),
    "Georgia": ("georgia",),
    "Armenia": ("armenia",),
    "Azerbaijan": ("azerbaijan",),
    "Kazakhstan": ("kazakhstan",),
    "Iran": ("iran",),
    "Israel": ("israel",),
    "Syria": ("syria",),
    "Saudi Arabia": ("saudi arabia",),
    "UAE": ("uae", "united arab emirates"),
    "Qatar": ("qatar",),
    "India": ("india",),
    "China": ("china",),
    "Japan": ("japan",),
    "South Korea": ("south korea",),
    "North Korea": ("north korea",),
    "Venezuela": ("venezuela",),
    "Brazil": ("brazil",),
    "Canada": ("canada",),
    "Australia": ("australia",),
}
COUNTRIES = frozenset(list(REGIONS)[list(REGIONS).index("Ukraine") :])
PARTIES = frozenset({"Ukraine", "Russia", "United States", "EU", "NATO", "United Kingdom"})
"""Those who fight, arm or negotiate: named everywhere, seldom as ground."""
METONYMS = frozenset(
    {
        "Kyiv",
        "Moscow",
        "Washington",
        "London",
        "Paris",
        "Berlin",
        "Brussels",
        "Ankara",
        "Beijing",
        "Rome",
        "Warsaw",
        "Riyadh",
        "Doha",
        "Minsk",
        "New Delhi",
        "Budapest",
        "Vilnius",
        "Helsinki",
        "Stockholm",
        "Copenhagen",
        "Vienna",
        "Abu Dhabi",
    }
)
"""Capitals that stand for governments where they act or speak."""
FORTRESS_BELT = ("Kostiantynivka", "Druzhkivka", "Kramatorsk", "Sloviansk")
"""The line of cities in the west of Donetsk oblast that Ukraine has fortified since 2014."""
OBLAST_CAPITALS: Mapping[str, str] = {"Dnipropetrovsk oblast": "Dnipro", "Zakarpattia oblast": "Uzhhorod"}
"""Where the capital's name is not the oblast's."""


@cache
def region_names() -> dict[str, str]:
    """Folded spelling → region; oblasts with their word (`oblast`, `region`, `province`) only."""
    table = {spelling: name for name, spellings in REGIONS.items() for spelling in spellings}
    for name in OBLASTS:
        for stem in (name.casefold(), *_OBLAST_SPELLINGS.get(name, ())):
            for word in ("oblast", "region", "province"):
                table[f"{stem} {word}"] = f"{name} oblast"
                table[f"{word} of {stem}"] = f"{name} oblast"
    return table


# Saying --------------------------------------------------------------------------------------------------------------

SAYING = words(
    """say tell add state note explain argue insist maintain stress emphasize emphasise declare announce confirm
    report write warn acknowledge admit concede assert contend suggest estimate believe think reckon predict
    forecast expect conclude find show indicate reveal claim allege deny assess observe remark reply respond
    answer recall point post describe tweet testify comment affirm reiterate repeat signal hint promise pledge
    vow threaten boast complain caution disclose quote cite judge calculate project recommend urge propose hear
    learn agree accept"""
)
"""Lemmas that take a reported clause; whose subject is then the speaker."""
MENTAL = words("""know fear hope doubt realize realise understand want imagine assume suspect worry see feel""")
"""Lemmas of thinking: their clause is the author's reading of a mind, unless the thinker is a group asked."""
DOUBTING = frozenset(["claim", "allege", "accuse", "purport", "boast"])
STANCE = words(
    """oppose reject demand insist propose refuse support favour favor back endorse want seek call rule advocate
    float talk offer"""
)
"""Lemmas that state a position by themselves, in the present or perfect, without a reported clause."""
VAGUE_SPEAKERS = words("""reports report sources source rumours rumors media accounts leaks speculation""")
SPEECH_NOUNS = words(
    """statement claim report assertion allegation accusation remark announcement warning suggestion admission"""
)
PRONOUNS = words("""he she they it we i you him her them his its their who which that this these those""")

OFFICES = re.compile(
    r"\b(officials?|ministry|ministers?|spokes(?:man|woman|person)|president|kremlin|government|staff|general|"
    r"command(?:er)?|"
    r"department|secretary|chancellor|envoy|governor|mayor|office|council|commission|army|military|force)\b"
)
ANONYMOUS = re.compile(
    r"\b(sources?|reports?|rumou?rs?|anonymous|insiders?|people (?:familiar|briefed|close)|channels?|bloggers?|"
    r"leaks?)\b"
)

WEAPONS = re.compile(
    r"\b(patriots?|himars|atacms|amraams?|f-16s?|mirages?|gripens?|tomahawks?|storm shadows?|scalps?|taurus|"
    r"iris-t|nasams|samp/t|"
    r"gepards?|leopards?|abrams|challengers?|bradleys?|javelins?|stingers?|howitzers?|caesars?|himars|jassms?|"
    r"erams?|gmlrs|"
    r"iskanders?|kinzhals?|kalibrs?|shaheds?|gerans?|oreshniks?|zircons?|kh-\d+|s-[34]00s?|flamingos?|neptunes?|"
    r"glide bombs?)\b"
)
"""Weapons by name."""

OFFICE_HOLDERS: Mapping[str, tuple[str, ...]] = {
    "Ukraine": ("zelenskyy", "zelensky", "zelenskiy"),
    "Russia": ("putin",),
    "US": ("trump", "biden"),
    "France": ("macron",),
}
"""Presidents by country, to be read only where the text names the person too."""
DEMONYMS: Mapping[str, str] = {
    "ukrainian": "Ukraine",
    "ukrainians": "Ukraine",
    "ukraine": "Ukraine",
    "kyiv": "Ukraine",
    "kiev": "Ukraine",
    "russian": "Russia",
    "russians": "Russia",
    "russia": "Russia",
    "moscow": "Russia",
    "kremlin": "Russia",
    "putin": "Russia",
    "zelensky": "Ukraine",
    "zelenskyy": "Ukraine",
    "rouble": "Russia",
    "ruble": "Russia",
    "hryvnia": "Ukraine",
    "gazprom": "Russia",
    "rosneft": "Russia",
    "lukoil": "Russia",
    "ukrenergo": "Ukraine",
    "urals": "Russia",
    "washington": "United States",
    "american": "United States",
    "americans": "United States",
    "us": "United States",
    "european": "EU",
    "europeans": "EU",
    "europe": "EU",
    "eu": "EU",
    "nato": "NATO",
    "german": "Germany",
    "germany": "Germany",
    "french": "France",
    "france": "France",
    "polish": "Poland",
    "poland": "Poland",
    "british": "United Kingdom",
    "britain": "United Kingdom",
    "chinese": "China",
    "china": "China",
    "indian": "India",
    "india": "India",
    "turkish": "Turkey",
    "turkey": "Turkey",
    "iranian": "Iran",
    "iran": "Iran",
}
"""Words of people, capitals, leaders and money → the country that is meant where a clause names no ground."""

# Certainty ----------------------------------------------------------------------------------------------------------

UNCONFIRMED = re.compile(
    r"\b(unconfirmed|unverified|could not (?:be )?(?:independently )?(?:verify|verified|confirm(?:ed)?)|not "
    r"(?:been )?"
    r"independently (?:verified|confirmed)|rumou?r(?:s|ed)?|speculation)\b"
)
ALLEGED = re.compile(
    r"\b(alleged(?:ly)?|purported(?:ly)?|supposed(?:ly)?|so-called|without (?:offering |providing |any |giving "
    r")*evidence|"
    r"without (?:offering |providing |any )*proof|ostensibl[ey])\b"
)
REPORTEDLY = re.compile(
    r"\b(reportedly|it is reported|is said to|are said to|was said to|were said to|by (?:some|most) accounts)\b"
)
FUTURE = re.compile(
    r"\b(will|won't|'ll|shall|going to|is set to|are set to|expected to|is due to|are due to|likely to|unlikely "
    r"to|about to|"
    r"poised to|on course to|on track to|is bound to|are bound to|lies? ahead|by (?:the end of|next|20[2-3]\d)|"
    r"forecasts?|projected to|prospective|threatens? to|risks?|soon be|scheduled (?:for|to)|upcoming|planned for|"
    r"in the (?:coming|next) (?:days|weeks|months|years?))\b"
)
MODAL = re.compile(
    r"\b(may|might|could|would|should|cannot|can't|couldn't|wouldn't|perhaps|possibly|probably|likely|presumably|"
    r"maybe)\b"
)
JUDGEMENT = re.compile(
    r"\b(seems?|seeming(?:ly)?|appears?|apparent(?:ly)?|clear(?:ly)?|obvious(?:ly)?|telling|surprising(?:ly)?|"
    r"remarkabl[ey]|"
    r"desperate(?:ly)?|humiliat\w+|disast\w+|catastroph\w+|absurd\w*|foolish\w*|reckless\w*|unrealistic|realistic|"
    r"naive|"
    r"best|worst|greatest|most important|biggest|only real|real chance|eager\w*|sincere\w*|impoten\w+|weakness|"
    r"gamble[sd]?|"
    r"bluff\w*|hollow|delusion\w*|illusion\w*|myth|folly|betray\w*|shameful\w*|cynical\w*|brutal\w*|dangerous\w*|"
    r"evil|tragic\w*|"
    r"wise\w*|unwise|mistake[sn]?|blunder\w*|failure|triumph\w*|doomed|futile|pointless|hopeless|inevitabl[ey]|"
    r"unthinkable|in my view|i think|i believe|in truth|of course|frankly|deserve[sd]?|ought|must|should|no doubt|"
    r"backfoot|back foot|upper hand|winning|losing|dominates?|dominant|serious concern|deep(?:ly)? concern\w*|"
    r"difficult|morale|in (?:his|her|their) mind|driving (?:him|her|them)|incentivi\w+|"
    r"too (?:late|little|much|far|few|many)|sensible|plausible|implausible|"
    r"sociopath|paranoi\w+|obsess\w+|greed\w*|coward\w*|heroic|brave\w*|"
    r"surely|certainly|essentially|effectively a|in effect|little more than|nothing but|nothing more than|at heart|"
    r"truth is|fact is|real question|nonsense|fantasy|wishful)\b"
)
MOTIVE = re.compile(
    r"\b(means to|convinced|wants?|wanted|seeks?|sought|hop(?:es?|ed|ing)|aims?|aimed|intends?|intended"
    r"|desire[sd]?|fears?|feared|"
    r"worr(?:y|ies|ied)|"
    r"believes?|believed|thinks?|thought|tests?|testing|tries|trying|tried|looking (?:to|for)|bent on|determined|"
    r"motivat\w+|"
    r"decided|needs? to|eager\w*|reluctan\w+|willing\w*|ready to|prepared to|is interested|in (?:his|her|their) mind|"
    r"calculat(?:es|ed|ing) that|bet(?:s|ting)? (?:on|that)|plays? for time|buy(?:ing)? time|stall\w*|focus(?:es|"
    r"ed|ing)? on|ambition\w*|"
    r"counting on|dream\w*|jumping at|scared)\b"
)
NEGATION = re.compile(
    r"\b(not|n't|no|never|neither|nor|none|without|denie[sd]|deny(?:ing)?|cannot|hardly|failed to|fails to)\b"
)

# Kinds --------------------------------------------------------------------------------------------------------------

CAUSAL = re.compile(
    r"\b(because|due (?:to|as|largely|mainly|partly|mostly|in part)|owing to|thanks to|caus(?:e[sd]?|ing)|leads? "
    r"to|led to|leading to|results? (?:in|from)|"
    r"resulted in|resulting in|as a result|therefore|thereby|thus|hence|driv(?:es?|ing|en) (?:him|her|them|it|the|"
    r"by|up|down|russia|ukraine|putin|trump)|"
    r"drove|forc(?:es?|ed|ing) (?!of)|compel\w*|push(?:es|ed|ing)? (?:up|down|him|the|russia|ukraine|putin|moscow|"
    r"kyiv)|allow(?:s|ed|ing)?|"
    r"enabl(?:es?|ed|ing)|let(?:s|ting)? \w+|permit(?:s|ted|ting)|prevent(?:s|ed|ing)?|depriv\w+|weaken(?:s|ed|ing)?|"
    r"undermin(?:es?|ed|ing)|strengthen(?:s|ed|ing)?|erod(?:es?|ed|ing)|exhaust(?:s|ed|ing)?|strain(?:s|ed|ing)?|"
    r"eliminat(?:es?|ed|ing)|incentivi[sz]\w+|encourag\w+|deter(?:s|red|ring)?|help(?:s|ed|ing)? (?:to |ukraine|"
    r"russia|explain)|"
    r"taking (?:a|its|their) toll|takes? (?:a|its|their) toll|took (?:a|its|their) toll|impact(?:s|ed)?|"
    r"affect(?:s|ed)?|effects?|"
    r"would (?:give|mean|allow|make|let|leave|free|open|cost|force|help|end|cut|deprive|weaken|hand)|"
    r"could (?:give|mean|allow|make|let|leave|free|open|cost|force|help|end|cut|exhaust|weaken|hand)|leav(?:es|"
    r"ing) \w+ "
    r"(?:out|without|with|unable|exposed|vulnerable)|left \w+ (?:out|without|with|unable|exposed|vulnerable)|"
    r"mak(?:es?|ing|e) (?:it|them|him)|"
    r"mad(?:e) (?:it|them|him)|contribut(?:es?|ed|ing) to|explains?|explained by|reason(?:s)? (?:why|for)|factors?|"
    r"in response to|blam(?:es?|ed|ing)|attribut(?:es|ed|ing)? .{1,40}\bto\b|trigger(?:s|ed|ing)?|spark(?:s|ed|"
    r"ing)?|boost(?:s|ed|ing)?|"
    r"enhanc(?:es?|ed|ing)|vanish\w*|remov(?:es?|ed|ing) (?:the|any|its|his)|consolidat\w+|so that|depend(?:s|"
    r"ed)? on|"
    r"give(?:s)? (?:him|it|them|russia|ukraine|moscow|kyiv|putin)|in pursuit of|complicat\w+|reduc(?:es?|ed|ing) "
    r"(?:the|its|russia's|ukraine's)|"
    r"sustain(?:s|ed|ing)?|fuel(?:s|led|ed|ling|ing) (?:the|fears|a)|stems? from|offset(?:s|ting)?|hamper\w*|"
    r"hinder\w*)\b"
)
INTENTION = re.compile(
    r"\b(wants?|wanted|means to|convinced|floats?|floated|seeks?|sought|aims?|aimed|intends?"
    r"|intended|intention\w*|plans? to|planned to|planning to|"
    r"objectives?|goals?|demands?|demanded|"
    r"insist(?:s|ed)?|oppos(?:es?|ed|ing)|reject(?:s|ed)?|refus(?:es?|ed)|willing\w*|unwilling\w*|ready to|"
    r"prepared to|propos(?:e[sd]?|als?|ing)|offer(?:s|ed)?|"
    r"hopes?|hoped|fears?|looking to|trying to|tries to|tried to|seeking|pledge[sd]?|vow(?:s|ed)?|promis(?:e[sd]?|"
    r"ing)|favou?rs? (?!conced)|"
    r"stop the killing|land swaps?|in (?:exchange|return) for|in return|decided to|doctrine|every inch|should|"
    r"call(?:s|ed|ing)? (?:for|on)|position is|"
    r"gambl\w+|focus(?:es|ed)? on|tests?|testing|works? to|working to|to start \w+ing|eager\w*|motiv\w+|rul(?:es?|"
    r"ed|ing) out|red lines?|"
    r"conditions?|would (?:return|accept|agree|withdraw|cede|recogni[sz]e|concede|hand over|give up|keep|not "
    r"accept|sign|consider|support|back|send|provide|deploy|require)|"
    r"back(?:s|ed)? (?:a|the) (?:plan|proposal|idea)|urg(?:es?|ed|ing)|ambition\w*|bent on|determined to|"
    r"committed to|priority|priorities|"
    r"guarantees?|demarcation line|demilitari[sz]ed)\b"
)
LOCATION = re.compile(
    r"\b(occup(?:y|ies|ied)|controls|control (?:of|over|the|most|all|about)|controlled by|controlling|hold(?:s|"
    r"ing)? (?!talks|elections|back|that|a |an |on |out|the (?:summit|talks|meeting|election|line))|held (?:by|"
    r"part|territory)|-held|-occupied|-controlled|"
    r"in the hands of|under (?:russian|ukrainian) control|surrounded|encircled|captured|seized|liberated|cleared|"
    r"located|lies (?!ahead)|situated|stands (?:on|at|above)|borders on|bordering|neighbou?r(?:s|ing)?|"
    r"kilomet(?:er|re)s? (?:from|north|south|east|west|away|of|inside|behind|deep)|"
    r"km (?:from|north|south|east|west|away|of|inside|behind|deep)|miles? (?:from|north|south|east|west|away|of|"
    r"inside|behind)|north(?:east|west)? of|south(?:east|west)? of|east of|west of|"
    r"high ground|heights|overlook\w*|outskirts|hub|stronghold|fortress|citadel|bank of|west bank|east bank|"
    r"corridors?|"
    r"part of the former|formed part|peninsula|all directions|pocket|foothold|bridgehead|grey zone|gray zone|home "
    r"to|rare earth|facilities|southern end|northern end|"
    r"changed hands|fell to|fallen to|has fallen|remains? in|per ?cent of (?:the )?(?:territory|oblast|region|"
    r"province|donetsk|luhansk|ukraine)|recaptured|retaken|retook)\b"
)
RATE = re.compile(
    r"\b(per (?:day|week|month|year)|a (?:day|week|month|year)\b|each (?:day|week|month|night)|every (?:day|week|"
    r"month|night)|daily|nightly|weekly|monthly|"
    r"annual(?:ly)?|pace|rate|slow(?:s|ed|ing|er|ly)?|accelerat\w+|gradual(?:ly)?|increasing(?:ly)?|growing|"
    r"declining|falling|rising|shrinking|"
    r"clos(?:es|ed|ing) in|advanc(?:es?|ed|ing)|inching|grinding|trend|persistent|steady|steadily|dominates?|"
    r"losing|winning|backfoot|back foot|"
    r"intensif\w+|escalat\w+|worsen\w*|deteriorat\w+|stalled|stalemate|momentum|tempo|interest rate|inflation|"
    r"share of gdp|per ?cent of gdp|shortage)\b"
)
FLOW = re.compile(
    r"\b(revenues?|exports?|imports?|deliver(?:y|ies|ed|ing|s)?|packages?|suppl(?:y|ies|ied|ying)|shipments?|"
    r"sales|purchases?|sold|bought|"
    r"launch(?:es|ed|ing)?|fired|shot down|downed|intercept(?:s|ed|ing|ions?)?|casualties|killed|wounded|losses|"
    r"lost \d|losing \d|destroyed|damaged|"
    r"produc(?:es?|ed|ing|tion)|output|recruit\w*|mobili[sz]\w+|signed up|spending|spent|budget|loans?|grants?|"
    r"tranche|disburs\w+|donat\w+|"
    r"aid|invest\w*|paid|payments?|transfer(?:s|red)?|on its way|en route|consum(?:e|es|ed|ption)|decimated|"
    r"deserted|desertions?|gained|captured \d|"
    r"exchanged|returned \d|evacuat\w+|deficit|earned|earnings|taxes)\b"
)
STOCK = re.compile(
    r"\b(population|residents|inhabitants|troops|soldiers|strength|reserves?|stocks?|stockpiles?|inventory|has \d|"
    r"have \d|total(?:s|ed|led|ling|ing)?|in all|"
    r"capacity|per ?cent of (?:ukrainians|russians|respondents|americans|germans|people|voters|the public|those)|"
    r"respondents|support(?:s|ed)?|favou?r|trust(?:s|ed)?|polls?|survey\w*|"
    r"worth|valued|price|exchange rate|debt|assets|fund|months of|weeks of|siege|overheated|economy (?:is|was)|"
    r"state of|number(?:s|ed|ing)?|strong|"
    r"stands? at|stood at|temperature|fleet|operates?|in service|squadrons?|brigades?|batteries|launchers?)\b"
)

CHANGING = words(
    """cut raise reduce increase make cost hurt slow squeeze push drive help end destroy damage cripple starve free
    tie wear bleed lower lift double halve force leave give keep stop hold delay disrupt feed turn bring hit
    pull shift worsen improve ease deepen speed buy"""
)
IMPERSONAL = re.compile(
    r"\b(sanctions?|tariffs?|strikes?|attacks?|war|loss(?:es)?|delays?|prices?|weather|mud|winter|cold|shortages?|"
    r"mobili[sz]ation|fall|capture|collapse|"
    r"rise|drop|decline|aid|deliver(?:y|ies)|weapons|missiles|drones|barrages?|campaign|blockade|embargo|cap|deal|"
    r"agreement|truce|ceasefire|election|"
    r"polic(?:y|ies)|decision|spending|inflation|debt|rates?|demand|supply|corruption|fatigue|exhaustion|victory|"
    r"defeat|siege|offensive|advance|retreat|"
    r"interest|lack|absence|presence|threat|fear|pressure|failure|success|plan|fighting|fire|bombing|outages?|"
    r"blackouts?|exports?|imports?|week of|month of)\b"
)
"""Verbs of change and things that cause without wanting: together a causal statement."""

# Topics --------------------------------------------------------------------------------------------------------------

SYSTEM_WORDS: Mapping[str, re.Pattern[str]] = {
    "grid": re.compile(
        r"\b(power (?:grid|plants?|system|stations?|supply|outages?|cuts?|capacity|deficit|lines?)|electric\w*|"
        r"blackouts?|outages?|substations?|grid|heating|"
        r"thermal (?:power|plants?)|hydro\w*|nuclear (?:power )?(?:plants?|reactors?|units?)|gigawatts?|gw|"
        r"megawatts?|mw|ukrenergo|dtek|energoatom|energy "
        r"(?:infrastructure|system|facilities|sector|ministry|truce)|reactors?|gas (?:storage|production)|"
        r"transformers?|generation|hours without)\b"
    ),
    "oil": re.compile(
        r"\b(oil|crude|urals|brent|barrels?|refiner(?:y|ies)|gas(?:oline)?|pipelines?|lng|sanctions?|sanctioned|"
        r"shadow fleet|tankers?|price cap|budget|rouble|ruble|"
        r"econom(?:y|ic|ies)|gdp|inflation|key rate|interest rates?|central bank|revenues?|exports?|tariffs?|"
        r"fossil fuels?|market|deficit|national wealth fund|"
        r"rosneft|lukoil|gazprom|petroleum|diesel|fuel|frozen assets|tax(?:es)?|hryvnia|bonds?|banks?)\b"
    ),
    "drones_air": re.compile(
        r"\b(fpv|drone (?:operators?|production|units?|warfare|war|kill)|f-16s?|air superiority|mirage|gripens?|"
        r"fighter (?:jets?|aircraft)|aircraft|amraams?|"
        r"glide bombs?|unmanned|uavs?|quadcopters?|fib(?:re|er)-optic|electronic warfare|jamming|air ?space|"
        r"helicopters?|sorties?)\b"
    ),
    "strikes_ad": re.compile(
        r"\b(missiles?|ballistic|cruise|shaheds?|gerans?|barrages?|air raids?|air defen[cs]es?|patriots?|"
        r"interceptors?|intercept\w*|iris-t|nasams|samp/t|"
        r"launched|shot down|downed|air strikes?|airstrikes?|long-range (?:strikes?|drones?|weapons?)|deep "
        r"strikes?|kinzhal|iskanders?|kalibrs?|oreshnik|zircons?|kh-\d+|"
        r"storm shadow|scalp|atacms|tomahawks?|flamingo|bombard\w*|air attack|air force|hit (?:moscow|kyiv|"
        r"kharkiv|odesa)|decoys?|drones?)\b"
    ),
    "production": re.compile(
        r"\b(produc(?:es?|ed|ing|tion)|factor(?:y|ies)|plants? (?:make|produc)\w*|output|assembly|defen[cs]e "
        r"industr\w+|arms industr\w+|manufactur\w+|"
        r"refurbish\w*|stockpiles?|storage|shells?|ammunition|artillery shells|shortages? of tanks|tanks|"
        r"uralvagonzavod|industrial|rare earths?|mines|minerals?|industry|"
        r"armou?red vehicles|barrels per)\b"
    ),
    "logistics": re.compile(
        r"\b(supply (?:lines?|routes?|roads?)|logistic\w*|roads?|railways?|rail|highways?|motorway|arter(?:y|ies)|"
        r"bridges?|resupply|ground lines? of communication|"
        r"glocs?|routes?|transit hub|depots?|trains?|convoys?|ports?|e40|e50|m-?0[346]|m-?30|h-?20|h-?32|t-?0504)\b"
    ),
    "opinion": re.compile(
        r"\b(polls?|polled|pollsters?|survey\w*|respondents?|public opinion|morale|per ?cent of (?:ukrainians|"
        r"russians|americans|germans|respondents|people|those)|"
        r"ukrainians (?:favou?r|support|want|believe|think|trust|oppose|say|are ready)|russians (?:favou?r|"
        r"support|want|believe|think|trust)|approval|trust in|"
        r"popularity|war-weary|weariness|gallup|kiis|levada|razumkov|voters|electorate|society|russian people|"
        r"undecided)\b"
    ),
    "allies": re.compile(
        r"\b(nato|allies|allied|aid|packages?|arms (?:deliver\w+|sales|supplies|suppl\w+|shipments?)|weapons|"
        r"military assistance|military aid|kiel|loans?|donors?|"
        r"himars|deliver(?:y|ies|ed)|pentagon|congress|european union|europe(?:ans?)?|germany|berlin|france|"
        r"britain|poland|purl|coalition of the willing|"
        r"defen[cs]e spending|reparations loan|frozen|security assistance|strategic|stocks|iran|azerbaijan|"
        r"armenia|caucasus|china|north korea|g7|eu|partners?|"
        r"presence|alliances?|members?)\b"
    ),
    "negotiation": re.compile(
        r"\b(negotiat\w*|talks?|summit|cease-?fire|truce|peace|deal|settlement|land swaps?|concede|conced\w+|"
        r"cede[sd]?|ceding|concessions?|demands?|"
        r"proposals?|proposed|envoys?|delegations?|mediat\w+|security guarantees?|demilitari[sz]\w+|demarcation|"
        r"hand(?:ing|ed)? over|handover|withdraw\w*|"
        r"territorial|recogni[sz]\w+|cessation|hostilities|meet(?:ing|s)?|met|agreement|agreed|sign(?:ed|ing)?|"
        r"diplomat\w*|witkoff|kellogg|format|"
        r"future status|neutrality|memorandum|terms|red lines?|leverage|face-to-face|willingness|sincere|walked "
        r"back|prisoner (?:swap|exchange)|return(?:s|ed)?|"
        r"plan|offer(?:s|ed)?|compromise|referendum|guarantees?|pull (?:troops|back))\b"
    ),
    "geography": re.compile(
        r"\b(occup(?:y|ies|ied)|controls?|controlled|controlling|captured?|capturing|seiz(?:e[sd]?|ing)|"
        r"population|residents|high ground|heights|square (?:km|kilomet|mile)\w*|km2|"
        r"per ?cent of (?:the )?(?:territory|oblast|region|province|donetsk|luhansk|ukraine)|territor(?:y|ies)|"
        r"oblasts?|provinces?|kilomet(?:er|re)s?|km|miles?|"
        r"river|bank|peninsula|-held|-occupied|cities|fell|fallen|liberated|cleared|town|village|settlement of|"
        r"border|southern end|located|corridors?|neighbou?ring|delta|crimea)\b"
    ),
    "battle": re.compile(
        r"\b(troops|soldiers|forces|army|assaults?|offensives?|counter-?offensives?|attack(?:s|ed|ing)?|front "
        r"?lines?|battle\w*|casualties|killed|wounded|losses|brigades?|"
        r"siege|sieges|encircl\w+|surround\w*|fighting|combat|advanc\w+|defen[cs]ive|defen[cs]es|fortif\w+|"
        r"breakthrough|infantry|tanks?|artillery|infiltrat\w+|"
        r"desert(?:ion|ed|ions|er|ers)|mobili[sz]\w+|recruit\w*|generals?|commanders?|reserves?|trench\w*|pocket|"
        r"push(?:ed|ing)?|repel\w*|units?|invad\w+|invasion|incursion|"
        r"expel\w+|militar\w+|war machine|manpower|closing in|general staff|moves on|garrison|retreat\w*|"
        r"personnel|objectives?|frontal)\b"
    ),
}
SYSTEM_WEIGHT: Mapping[str, float] = {
    "grid": 1.6,
    "oil": 1.1,
    "drones_air": 1.5,
    "strikes_ad": 1.2,
    "production": 1.2,
    "logistics": 1.3,
    "opinion": 1.6,
    "allies": 0.9,
    "negotiation": 1.05,
    "geography": 0.9,
    "battle": 1.0,
}

DEAL_ISSUES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "land_swap",
        re.compile(
            r"\b(land swaps?|territorial swaps?|swap(?:ping)? (?:of )?(?:land|territor\w+)|territorial exchanges?|"
            r"withdrawals? from other parts|"
            r"(?:withdraw\w*|withdrawals? from|pull\w*|out of) (?:\w+ ){0,5}(?:sumy|kharkiv|northern ukraine))"
        ),
    ),
    (
        "npp",
        re.compile(
            r"\b(zaporizhzhia (?:npp|nuclear)|znpp|zaes|enerhodar|nuclear (?:power )?(?:plant|reactor|station))"
        ),
    ),
    (
        "security_guarantees",
        re.compile(
            r"\b(security guarantees?|article 5|article five|nato membership|join(?:ing)? nato|neutrality|neutral "
            r"status|force cap|"
            r"cap on (?:ukraine's|the) (?:army|armed)|peacekeep\w+|reassurance force|multinational force|eu "
            r"membership|coalition of the willing)"
        ),
    ),
    (
        "frozen_assets",
        re.compile(
            r"\b(frozen (?:russian )?(?:assets|funds|reserves)|immobili[sz]ed (?:russian )?assets|reparations "
            r"loan|euroclear)"
        ),
    ),
    (
        "oil_at_sea",
        re.compile(
            r"\b(shadow fleet|tankers?|naval interception|energy truce|boarding|seiz\w+ (?:of )?(?:a |the "
            r")?(?:vessel|ship))"
        ),
    ),
    ("crimea_status", re.compile(r"\bcrimea")),
    (
        "south_status",
        re.compile(
            r"\b((?:return|keep|kept|annex|cede|hand|freez|withdraw|demarc|divid|corridor|"
            r"province)\w*.{0,80}(?:zaporizhzhia|kherson|dnieper|dnipro|delta)|"
            r"(?:zaporizhzhia|kherson|dnieper|dnipro|delta).{0,80}(?:return|keep|annex|cede|hand over|freez|"
            r"withdraw|demarc|divid)|land corridors?)"
        ),
    ),
    (
        "donetsk_status",
        re.compile(
            r"\b((?:cede|ceding|hand|concede|conced|give|giving|surrender|withdraw|pull|keep|demilitari|"
            r"demarcation|economic zone|all of|getting|obtain|settle)\w*.{0,60}"
            r"(?:donetsk|donbas|kramatorsk|sloviansk)|(?:donetsk|donbas|kramatorsk).{0,60}(?:handover|cession|"
            r"cede|withdraw|demilitari|economic zone)|"
            r"every inch|ced(?:e|ing) (?:any )?(?:of its |its |ukrainian )?(?:territory|land)|demilitari[sz]ed "
            r"zone|free economic zone|conced\w+ (?:any )?territor\w+)"
        ),
    ),
    (
        "ceasefire_sequencing",
        re.compile(r"\b(cease-?fire|truce|cessation of hostilities|freeze|stop the (?:killing|fighting|war))"),
    ),
    ("sanctions", re.compile(r"\b(sanction\w*|tariffs? on (?:india|china)|price cap|snap-?back)")),
    ("luhansk_status", re.compile(r"\b(?:recogni[sz]\w+|status|cede|hand|annex)\w*.{0,40}luhansk")),
    (
        "nuclear_signalling",
        re.compile(
            r"\b(nuclear (?:threat|submarine|weapon|arsenal|strike|test|doctrine|sabre|saber|war)s?|going nuclear|"
            r"tactical nuclear)"
        ),
    ),
    (
        "arms",
        re.compile(
            r"\b((?:arms|weapons?|military aid|missiles?|patriots?|atacms|himars|tomahawks?|f-16s?|interceptors?|"
            r"taurus)\b.{0,60}"
            r"\b(?:package|deliver\w*|suppl\w*|sale|sell|send|sent|transfer\w*|for ukraine|to ukraine|to kyiv)|"
            r"(?:package|deliver\w*|suppl\w*|sell|send|sent|transfer\w*)\b.{0,60}\b(?:arms|weapons?|patriots?|"
            r"atacms|himars|tomahawks?|f-16s?))"
        ),
    ),
    (
        "european_energy",
        re.compile(
            r"\b(european (?:gas |energy )?market|russian gas|fossil fuels|lng (?:purchases?|imports?)|energy "
            r"purchases?|repowereu|nord stream)"
        ),
    ),
    ("us_strategy", re.compile(r"\b(up the ante|hold back on a deal|walk away|pressure on (?:moscow|russia|putin))")),
    (
        "format",
        re.compile(
            r"\b(included in|trilateral|bilateral|face-to-face|direct talks|delegations?|mediat\w+|working "
            r"groups?|format|meet(?:ing)? (?:with )?(?:zelensk\w+|putin))"
        ),
    ),
    ("regional", re.compile(r"\b(south caucasus|zangezur|tripp)")),
)

QUANTITIES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "encirclement_status",
        re.compile(r"\b(surrounded|encircled|encirclement of|cut off|besieged|in a pocket|semi-encircled|trapped)\b"),
    ),
    ("siege_duration", re.compile(r"\b(month|week|day|year)s?[- ](?:long )?siege\b")),
    (
        "road_status",
        re.compile(
            r"\b(road|highway|artery|arteries|supply (?:line|route)s?|railway|rail line|motorway|"
            r"routes?)\b.{0,80}\b(cut|severed|interdict\w+|under fire|closed|open)\b|"
            r"\b(cut|severed|interdict\w+|closed)\b.{0,60}\b(road|highway|artery|arteries|supply (?:line|route)s?|"
            r"railway|motorway|routes?)\b"
        ),
    ),
    (
        "opinion_share_negotiate",
        re.compile(
            r"\b(negotiat\w+|talks)\b.{0,80}\b(poll|survey|respondents|ukrainians|percent|per cent|%)|(%|percent|"
            r"per cent|respondents)\b.{0,80}\bnegotiat\w+"
        ),
    ),
    (
        "opinion_share_concede_territory",
        re.compile(
            r"\b(%|percent|per cent|share|majority|respondents|ukrainians)\b.{0,100}\b(territor\w+|concessions?|"
            r"concede|conceding|cede|ceding|land)\b"
        ),
    ),
    (
        "opinion_share_trust_leader",
        re.compile(r"\b(trust|approv\w+)\b.{0,60}\b(zelensk\w+|president|putin|trump|government)\b"),
    ),
    (
        "territory_control_share",
        re.compile(
            r"\b(percent|per cent|%|share|fully|all|entire|half|third|quarter|fifth|part)\b.{0,60}\b(oblast|"
            r"region|province|donetsk|luhansk|zaporizhzhia|kherson|donbas|ukraine's territory|"
            r"of ukraine|its territory|country)\b.{0,0}"
        ),
    ),
    (
        "capture_date",
        re.compile(
            r"\b(captured|seized|fell to|cleared|took|liberated|retook|recaptured)\b.{0,80}\b(last|on (?:monday|"
            r"tuesday|wednesday|thursday|friday|saturday|sunday)|in (?:january|february|march|april|"
            r"may|june|july|august|september|october|november|december)|yesterday|this week|20\d\d)\b"
        ),
    ),
    (
        "axis_of_advance",
        re.compile(
            r"\b(from (?:all|three|two|several) (?:directions|sides)|moves? on|drive on|thrust towards?|pincer)\b"
        ),
    ),
    (
        "advance_trend",
        re.compile(
            r"\b(advanc\w+|closing in|push(?:ing|ed)? (?:towards|forward|into|west)|gaining ground|momentum|"
            r"inching|creeping|stalled)\b"
        ),
    ),
    ("area_taken", re.compile(r"\b(square|sq\.?|km2|km²)\b.{0,60}")),
    ("distance", re.compile(r"\b(kilomet(?:er|re)s?|km|miles?)\b.{0,40}\b(from|of|away|behind|short|to)\b")),
    ("bearing", re.compile(r"\b(north|south|east|west|north-?east|north-?west|south-?east|south-?west) of\b")),
    (
        "town_control",
        re.compile(
            r"\b(captured?|capturing|seiz(?:e[sd]?|ing)|controls?|controlled|occup(?:y|ies|ied)|cleared|holds?|"
            r"held|liberated|retook|fell to|has fallen|-held|-occupied|in the hands of)\b"
        ),
    ),
    ("population", re.compile(r"\b(population|residents|inhabitants|people liv\w+|home to)\b")),
    ("terrain_dominance", re.compile(r"\b(high ground|heights|overlook\w*|commanding)\b")),
    ("defensive_line_status", re.compile(r"\b(defen[cs]ive (?:lines?|belt|positions?)|fortress belt|defen[cs]es)\b")),
    ("front_length", re.compile(r"\bfront ?line\b.{0,40}\b(km|kilomet|mile|long)")),
    (
        "losses_tanks",
        re.compile(
            r"\btanks?\b.{0,60}\b(lost|destroyed|losses|knocked)|\b(lost|destroyed|"
            r"losses)\b.{0,60}\btanks?\b"
        ),
    ),
    (
        "losses_artillery",
        re.compile(r"\bartillery\b.{0,60}\b(lost|destroyed|losses)|\b(lost|destroyed|losses)\b.{0,60}\bartillery"),
    ),
    (
        "losses_aircraft",
        re.compile(
            r"\b(aircraft|jets?|helicopters?)\b.{0,60}\b(lost|destroyed|losses)|\b(lost|destroyed|"
            r"losses)\b.{0,60}\b(aircraft|jets?|helicopters?)"
        ),
    ),
    ("casualties", re.compile(r"\b(casualties|killed|wounded|dead|deaths?|losses|decimated|died|injured)\b")),
    (
        "interception_share",
        re.compile(
            r"\b(intercept\w*|shot down|downed)\b.{0,60}\b(percent|per cent|%|rate|share)|(percent|per cent|"
            r"%)\b.{0,60}\b(intercept\w*|shot down|downed)"
        ),
    ),
    (
        "drones_stopped",
        re.compile(
            r"\b(shot down|downed|intercept\w*|suppress\w*|jammed|destroyed|neutrali[sz]ed)\b.{0,80}\b(drones?|"
            r"uavs?|shaheds?)|\b(drones?|uavs?|shaheds?)\b.{0,60}\b(shot down|downed|intercept\w*|suppress\w*|jammed)"
        ),
    ),
    (
        "drones_launched",
        re.compile(
            r"\b(launch\w*|fired|sent|attack\w*|barrages?)\b.{0,80}\b(drones?|uavs?|shaheds?)|\b(drones?|uavs?|"
            r"shaheds?)\b.{0,60}\b(launch\w*|fired|attack\w*|barrages?)"
        ),
    ),
    (
        "missiles_launched",
        re.compile(
            r"\b(launch\w*|fired|barrages?)\b.{0,80}\bmissiles?|\bmissiles?\b.{0,60}\b(launch\w*|fired|barrages?)"
        ),
    ),
    (
        "production_drones",
        re.compile(
            r"\b(produc\w+|output|manufactur\w+)\b.{0,60}\bdrones?|\bdrones?\b.{0,60}\b(produc\w+|output|"
            r"manufactur\w+)"
        ),
    ),
    (
        "production_missiles",
        re.compile(
            r"\b(produc\w+|output|manufactur\w+)\b.{0,60}\bmissiles?|\bmissiles?\b.{0,60}\b(produc\w+|output|"
            r"manufactur\w+)"
        ),
    ),
    (
        "production_tanks",
        re.compile(
            r"\b(produc\w+|output|manufactur\w+)\b.{0,60}\btanks?|\btanks?\b.{0,60}\b(produc\w+|output|manufactur\w+)"
        ),
    ),
    (
        "production_shells",
        re.compile(
            r"\b(produc\w+|output|manufactur\w+)\b.{0,60}\b(shells?|rounds)|\b(shells?|"
            r"rounds)\b.{0,60}\b(produc\w+|output|manufactur\w+)"
        ),
    ),
    (
        "stock_tanks",
        re.compile(
            r"\btanks?\b.{0,60}\b(shortage|stock\w*|storage|left|remain\w*|reserve)|\b(shortage|stock\w*|"
            r"storage)\b.{0,40}\btanks?"
        ),
    ),
    (
        "stock_missiles",
        re.compile(
            r"\b(stock\w*|left|remain\w*)\b.{0,60}\bmissiles?|\bmissiles?\b.{0,40}\b(stock\w*|left|"
            r"remain\w*)"
        ),
    ),
    (
        "recruitment",
        re.compile(r"\b(recruit\w*|enlist\w*|sign(?:ed|ing) (?:up|contracts?)|mobili[sz]\w+|conscript\w*)\b"),
    ),
    (
        "power_deficit",
        re.compile(
            r"\b(power|electricity|energy|capacity|generation)\b.{0,40}\b(deficit|shortfall|shortage)|\b(deficit|"
            r"shortfall|shortage)\b.{0,40}\b(power|electricity|gw|gigawatts?)"
        ),
    ),
    ("outage_hours", re.compile(r"\b(outages?|blackouts?|without (?:power|electricity)|power cuts?)\b")),
    ("power_demand", re.compile(r"\b(electricity|power|peak)\b.{0,30}\b(demand|consumption|needs?)\b")),
    (
        "power_capacity",
        re.compile(
            r"\b(power|generat\w+|installed|electric\w*)\b.{0,30}\b(capacity|gigawatts?|gw|generation)|"
            r"\b(gigawatts?|gw)\b"
        ),
    ),
    (
        "oil_revenue_change",
        re.compile(
            r"\b(oil|gas|energy)\b.{0,40}\brevenues?\b.{0,60}\b(fell|fallen|drop\w*|down|declin\w*|rose|up|"
            r"increas\w*|plung\w*|shr[aiu]nk)"
        ),
    ),
    ("oil_revenue", re.compile(r"\b(oil|gas|energy)\b.{0,30}\b(revenues?|income|earnings)\b")),
    ("oil_price", re.compile(r"\b(urals|brent|crude|oil)\b.{0,60}\b(price|barrel|\$)")),
    ("refinery_strikes", re.compile(r"\brefiner(?:y|ies)\b")),
    ("exchange_rate", re.compile(r"\b(rouble|ruble|hryvnia)s?\b.{0,40}\b(dollar|rate|per)\b")),
    ("inflation", re.compile(r"\binflation\b")),
    ("key_rate", re.compile(r"\b(key|interest) rates?\b")),
    ("budget_deficit", re.compile(r"\b(budget|fiscal) (?:deficit|gap|shortfall)\b")),
    ("defence_spending_target", re.compile(r"\bdefen[cs]e (?:spending|budget)\b")),
    ("frozen_assets", re.compile(r"\b(frozen|immobili[sz]ed)\b.{0,20}\bassets\b")),
    ("aid_patriot", re.compile(r"\bpatriots?\b")),
    ("aid_f16", re.compile(r"\bf-16s?\b")),
    ("aid_himars", re.compile(r"\bhimars\b")),
    ("aid_atacms", re.compile(r"\batacms\b")),
    ("aid_amraam", re.compile(r"\bamraams?\b")),
    ("aid_tomahawk", re.compile(r"\btomahawks?\b")),
    (
        "aid_value",
        re.compile(
            r"\b(aid|package|assistance|loan|support|arms|weapons)\b.{0,60}(\$|€|£|billion|million)|(\$|€|£|"
            r"billion|million)\b.{0,60}\b(aid|package|assistance|loan|arms|weapons)\b"
        ),
    ),
    (
        "summit_date",
        re.compile(
            r"\b(summit|meet(?:ing)?|met)\b.{0,60}\b(alaska|friday|monday|tuesday|wednesday|thursday|saturday|"
            r"sunday|anchorage|next week)\b"
        ),
    ),
    (
        "role",
        re.compile(
            r"\b(chairman|president of|minister of|head of|secretary of|chief of|former president|who (?:heads|"
            r"leads))\b"
        ),
    ),
    ("troops", re.compile(r"\b(troops|soldiers|personnel|servicemen|men under arms|army of|force of)\b")),
    ("sanctions", re.compile(r"\bsanction\w*\b")),
    ("aid_delivery", re.compile(r"\b(arms|weapons?|military) (?:deliver\w+|suppl\w+|aid|assistance|shipments?)\b")),
    ("front_line", re.compile(r"\bfront ?lines?\b")),
)


@dataclass(frozen=True)
class Scene:
    """What a stretch of text is about."""

    system: str
    deal_element: str | None
    quantity: str | None


def systems(text: str) -> dict[str, float]:
    """Weight of each system's words in a folded text."""
    return {
        name: SYSTEM_WEIGHT[name] * len({found[0] for found in pattern.finditer(text)})
        for name, pattern in SYSTEM_WORDS.items()
    }


def deal_element(text: str) -> str | None:
    """The first issue of a negotiation that a folded text touches, in the order of the table."""
    return next((name for name, pattern in DEAL_ISSUES if pattern.search(text)), None)


def quantity(text: str) -> str | None:
    """The first quantity of the shared vocabulary that a folded text speaks of, in the order of the table."""
    return next((name for name, pattern in QUANTITIES if pattern.search(text)), None)
