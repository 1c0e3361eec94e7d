"""Where evidence comes from: who published it, on what terms, from which side, how far to trust it, how late it came.

Trust: A checked against a second figure; B one decent source; C a single claim; D judgement or general knowledge.
`lag` is the whole number of days from the event (the end of its interval) to publication, used only where upstream
gives no date of publication. Lags are declared here by hand from each publisher's habit.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """One publisher's table."""

    key: str
    producer: str
    citation: str
    licence: str
    side: str
    """Whose account this is: `UA`, `RU`, `neutral`, `mixed` (per row)."""
    trust: str
    """Letter A to D of rows that carry none of their own."""
    lag: int
    """Days from event to publication where upstream gives no date."""
    terms: str
    """What whoever passes the derived table on has to do."""


FACTS = "facts: figures as published by the bodies named in each row; no licence claimed"
FACTS_TERMS = "Cite the body named in the row's note."

SOURCES = {
    source.key: source
    for source in (
        Source(
            "deepstatemap",
            "DeepStateMap, through the repository cyterat/deepstate-map-data",
            "DeepStateMap.Live, occupied territory of Ukraine, daily polygons",
            "GPL-3.0 (repository); attribution of DeepStateMap",
            "UA",
            "A",
            0,
            "Attribute DeepStateMap (deepstatemap.live). Shares and areas here are measured from its polygons; the "
            "polygons themselves are not passed on.",
        ),
        Source(
            "general-staff",
            "General Staff of the Armed Forces of Ukraine, through PetroIvaniuk/2022-Ukraine-Russia-War-Dataset",
            "Petro Ivaniuk, 2022 Ukraine Russia War: claimed Russian losses by day",
            "MIT",
            "UA",
            "B",
            0,
            "Keep the MIT notice: copyright Petro Ivaniuk. These are one side's claims.",
        ),
        Source(
            "air-force",
            "Air Force of Ukraine, compiled on Kaggle by piterfm",
            "Massive missile attacks on Ukraine, daily reports of the Air Force of Ukraine",
            "stated ODC-BY 1.0 on a mirror; original terms not seen",
            "UA",
            "A",
            1,
            "Derived weekly counts only. Attribute the Air Force of Ukraine and the compilation.",
        ),
        Source(
            "russian-defence-ministry",
            "Ministry of Defence of the Russian Federation",
            "Claimed interceptions of Ukrainian drones by day, counted from the ministry's posts",
            "counts",
            "RU",
            "C",
            0,
            "Counts of public claims; no terms attached.",
        ),
        Source(
            "oil-prices",
            "US Energy Information Administration, through datasets/oil-prices",
            "EIA, Europe Brent spot price FOB, daily",
            "public domain (EIA); Unlicense (compilation)",
            "neutral",
            "A",
            0,
            "None. A traded price is known when it is traded, so it has no lag.",
        ),
        Source(
            "economy",
            "central banks, MinFin, EIA, press",
            "monthly economic figures",
            FACTS,
            "mixed",
            "C",
            30,
            FACTS_TERMS,
        ),
        Source(
            "oil-revenue",
            "Ministry of Finance of Russia",
            "oil and gas revenue totals",
            FACTS,
            "RU",
            "A",
            10,
            FACTS_TERMS,
        ),
        Source(
            "russian-budget",
            "Ministry of Finance of Russia (press)",
            "budget and wealth fund",
            FACTS,
            "RU",
            "C",
            30,
            FACTS_TERMS,
        ),
        Source(
            "ukrainian-finance",
            "Ministry of Finance of Ukraine and lenders (press)",
            "budget and financing of Ukraine",
            FACTS,
            "UA",
            "C",
            30,
            FACTS_TERMS,
        ),
        Source(
            "energy",
            "UNDP, ENTSO-E, IEA, officials",
            "power supply of Ukraine at dated points",
            FACTS,
            "mixed",
            "C",
            7,
            FACTS_TERMS,
        ),
        Source(
            "aid",
            "Kiel Institute for the World Economy (press)",
            "Ukraine Support Tracker, aggregates as published",
            FACTS,
            "neutral",
            "B",
            45,
            FACTS_TERMS,
        ),
        Source(
            "air-defence", "governments", "announced deliveries of air defence", FACTS, "mixed", "C", 0, FACTS_TERMS
        ),
        Source(
            "forces", "officials, think-tanks", "size of forces, dated estimates", FACTS, "mixed", "C", 7, FACTS_TERMS
        ),
        Source("recruitment", "officials, press", "recruitment, dated statements", FACTS, "mixed", "C", 7, FACTS_TERMS),
        Source(
            "equipment",
            "open-source analysts, officials",
            "stored, active and lost equipment",
            FACTS,
            "mixed",
            "C",
            30,
            FACTS_TERMS,
        ),
        Source(
            "production",
            "officials, think-tanks, press",
            "arms production and plans",
            FACTS,
            "mixed",
            "C",
            30,
            FACTS_TERMS,
        ),
        Source(
            "polls",
            "KIIS, Gallup, Rating, Razumkov, Levada, Russian Field, Chronicles",
            "opinion polls",
            FACTS,
            "mixed",
            "C",
            14,
            FACTS_TERMS,
        ),
        Source("markets", "Polymarket (press)", "prices of ceasefire markets", FACTS, "neutral", "C", 0, FACTS_TERMS),
        Source(
            "parameters",
            "press, think-tanks",
            "low, mid and high of modelled quantities at two dates",
            FACTS,
            "mixed",
            "C",
            0,
            FACTS_TERMS,
        ),
        Source(
            "visual-losses",
            "Oryx, through scarnecchia/oryx_data",
            "Oryx, visually confirmed equipment losses; compiled by Scarnecchia",
            "CC BY 4.0",
            "neutral",
            "B",
            1,
            "Attribute Oryx and scarnecchia/oryx_data, CC BY 4.0; selected and renamed here. A floor, not a count.",
        ),
        Source(
            "named-losses",
            "public lists of named dead and missing",
            "named dead and missing by month",
            "MIT (repository)",
            "neutral",
            "C",
            180,
            "Keep the MIT notice. A floor: names are added for months after the event, and the counts here are as "
            "they stood at the end of the table, so a long lag is declared.",
        ),
    )
}
"""Every source that a build can read from, by key."""
