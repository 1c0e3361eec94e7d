"""Losses and strikes: what each side has lost, what was sent at Ukraine and what was stopped.

Words are general English of this war, judged by hand (trust D); the series are the record's own.
"""

from __future__ import annotations

from ceasefire.evidence.check.scope import SIDES, Scope, Topic, on_table, table, words

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
    words(
        r"los(?:t|s|ses|ing)\b|destroy|kill|casualt|dead\b|death"
        r"|die[ds]?\b|dying\b|fatalit|wounded|eliminat|neutrali[sz]|knocked out"
        r"|liquidat|captured|visually|oryx|general staff\b|buried\b|burie[sd]|graves\b"
    ),
    (*_claimed(), *_seen(), *_NAMED, *on_table("losses")),
    side=SIDES,
    category=(
        *table(
            {
                "personnel": (
                    r"soldiers?\b|troops?\b|personnel\b|men\b|service(?:men"
                    r"|members|personnel)|casualt|killed|wounded|dead\b"
                    r"|deaths?\b|fatalit|manpower|invaders?\b|occupiers?\b|fighters\b|lives\b"
                ),
                "equipment": r"(?:pieces|units|items) of (?:military )?equipment|equipment loss|heavy equipment",
            }
        ),
        *((category, words(spelled)) for category, (spelled, _, _) in _ARMS.items()),
    ),
    status=table(
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
    unless=words(
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
        scopes.append(
            Scope("RU", category, "through", "flow", "percent", shares, f"share of {plural} not stopped", scale=100.0)
        )
    claimed = ("intercept_claim.drone",)
    says = "Ukrainian drones that the Russian ministry claims to have shot down"
    scopes.append(Scope("UA", "drone", "stopped", "flow", "count", claimed, says))
    return tuple(scopes)


STRIKES = Topic(
    "strikes",
    words(
        r"launch|fired?\b|attack|struck|strikes?\b|barrage|salvo"
        r"|shot down|shooting down|intercept|downed\b|suppress|jammed"
        r"|shahed|geran|swarm|raid|wave of|unleashed|sent\b|used\b|neutrali[sz]|destroyed|rained|drones?_|missiles?_"
        r"|(?:drones?|missiles?)[\w ]{0,20} through\b"
    ),
    _strikes(),
    side=table(
        {
            "UA": (
                r"ukrainian (?:\w+ )?(?:drone|uav|unmanned|missile)|at russia\b"
                r"|into russia\b|on russia\b|against russia\b|over russian"
                r"|russia(?:n|['’]s)? (?:air defen[cs]e|defen[cs]e ministry|ministry of defen[cs]e)"
            ),
            "RU": r"russia|moscow|kremlin|putin|shahed|geran|at ukraine|on ukraine|enemy",
        }
    ),
    category=table(
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
    status=table(
        {
            "through": r"(?:gets?|got|getting|went|going|slip\w*|broke|break\w*) through|through share|penetrat\w+"
            r"|leak(?:ed|ing|s)? through|not (?:shot down|intercepted|stopped)|evad\w+",
            "stopped": r"shot down|shooting down|shoots? down|intercept|downed\b|suppress|jammed"
            r"|neutrali[sz]|destroyed|stopped|repel|brought down|interception|success rate",
            "launched": r"launch|fired?\b|attack|struck|barrage|salvo|swarm|unleashed|sent\b|used\b|rained|raid",
        }
    ),
    usual={"side": ("RU",), "status": ("launched",)},
    unless=words(r"produc|factory|manufactur|stockpile|per ?cent of ukrainians|hours|warehouse|plan(?:s|ned)? to"),
)
