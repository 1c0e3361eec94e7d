"""A made-up result: three axes, a few hundred cells around Pokrovsk, two hundred runs."""

from __future__ import annotations

import json
import re

import h3
import numpy as np
import pytest
import xarray
from tests.view.parsed import parsed

from ceasefire.study.summary import Summary, summarise

WEEKS, RUNS = 52, 200
AXES = ("bakhmut", "pokrovsk", "kurakhove")
ITEMS = ("tank", "apc", "artillery", "drone", "vehicles")
CLAIMS = ("personnel", "tank", "apc", "artillery")
TOWNS = ("Pokrovsk", "Kostiantynivka", "Kramatorsk", "Dobropillia", "Toretsk", "Myrnohrad", "Druzhkivka")
WEAPONS = ("attack_drone", "decoy", "cruise_missile", "ballistic_missile", "antiship_missile")
PATRONS = {"US": "United States", "EU": "European states", "BY": "Belarus"}
PHASES = [
    "war",
    "ceasefire",
    "settlement",
    "dictated by the first side",
    "dictated by the second side",
    "fade",
    "frozen",
]
CAUSES = ("agreed", "dictated_first", "dictated_second", "fade")
LANDS = {"east": "The east", "north": "The north"}
ISSUES = {"line": "The line", "zone": "Zone", "guarantees": "Guarantees", "assets": "Frozen assets"}
OPTIONS = {
    "line-held": "As held",
    "line-swap": "North for east",
    "zone-none": "No zone",
    "zone-km15": "15 km",
    "guarantees-none": "No guarantees",
    "guarantees-allies": "By allies",
    "assets-kept": "Kept",
    "assets-shared": "Shared",
}
ASSUMPTIONS = [
    {
        "name": "attrition.lethality",
        "unit": "1/round",
        "low": 1.2e-7,
        "mid": 4e-7,
        "high": 1.3e-6,
        "kind": "prior",
        "source": "elicited",
        "known_on": "2024-12-31",
        "doc": "Chance that one delivered round removes a given exposed soldier.",
    },
    {
        "name": "manpower.recruits[R]",
        "unit": "person/week",
        "low": 6500,
        "mid": 7500,
        "high": 8600,
        "kind": "value",
        "source": "Statement of the ministry, reported by two agencies",
        "known_on": "2026-01-15",
        "doc": "People who sign a contract in a week.",
    },
    {
        "name": "front.tempo",
        "unit": "1",
        "low": 0.6,
        "mid": 1.0,
        "high": 1.7,
        "kind": "learned",
        "source": "mapped-area",
        "known_on": "2026-01-31",
        "doc": "Speed of the advance relative to the law of the front.",
    },
]
NOTES = [
    "Nothing is known of plans, reserves that have not been seen, or decisions of single persons.",
    "Losses of people are claimed by one side and estimated for both; the true numbers are not public.",
    "A third country that enters the war is outside the model.",
]


def make_result(
    *, weeks: int = WEEKS, runs: int = RUNS, rings: int = 10, seed: int = 7, **attributes: object
) -> xarray.Dataset:
    """A synthetic ensemble that has everything the engine's has; not a forecast of anything."""
    random = np.random.default_rng(seed)
    week = np.arange(weeks + 1)
    saturdays = np.datetime64("2026-01-31") + 7 * week
    cells = np.array(sorted(h3.str_to_int(c) for c in h3.grid_disk(h3.latlng_to_cell(48.36, 37.38, 7), rings)))
    centres = np.array([h3.cell_to_latlng(h3.int_to_str(int(cell))) for cell in cells])
    east = centres[:, 1] - 37.38 + 0.35 * (centres[:, 0] - 48.36) + 0.01 * np.sin(40 * centres[:, 0])
    opening = np.clip(0.5 + east / 0.03, 0, 1)
    reach = 0.004 + 0.1 * week / max(weeks, 1)
    probability = np.clip(1 / (1 + np.exp(-(east[None] + 0.45 * reach[:, None]) / (0.35 * reach[:, None]))), 0, 1)
    probability[0] = opening >= 0.5

    pace = random.gamma(2.0, [[[6.0]], [[9.0]], [[4.0]]], size=(3, 1, runs)).transpose(1, 0, 2)
    steps = random.normal(0, 6, size=(weeks + 1, 3, runs)) + pace
    steps[0] = 0
    bargained = _bargained(np.random.default_rng(seed + 1), weeks, runs)
    ends, kind, guaranteed = (bargained.pop(name) for name in ("ends", "kind", "guaranteed"))
    going = week[:, None] <= ends
    area = 4000 + np.cumsum(steps * going[:, None], axis=0)
    phase = np.where(going & (week[:, None] < ends), 0, kind)
    phase[(phase == 1) & (week[:, None] - ends > 26)] = 6

    intensity = random.gamma(20, 1 / 20, size=(weeks + 1, 2, runs)) * random.lognormal(0, 0.3, size=(2, runs))
    casualties = np.array([6800.0, 3600.0])[:, None] * intensity * going[:, None]
    casualties[0] = 0
    stock = np.array([3000, 7000, 6000, 60000, 20000.0])[:, None]
    spend = random.gamma(3, [[12], [35], [20], [90], [200]], size=(weeks + 1, 2, 5, runs))
    spend[0] = 0
    lost = spend * going[:, None, None]
    equipment = np.maximum(stock * [[[1.0]], [[0.55]]] - np.cumsum(0.6 * lost, axis=0), 0)
    claimed = np.concatenate([1.25 * casualties[:, :1], 1.3 * lost[:, 0, :3]], axis=1)
    claimed[0] = np.nan
    risk = np.array([0.97, 0.6, 0.08, 0.35, 0.9, 0.93, 0.15])[:, None]
    change_week = np.where(random.random((7, runs)) < risk, random.integers(1, weeks + 1, (7, runs)), -1)

    strength = np.array([[760, 500, 34, 17, 3], [600, 80, 6, 2, 0]])[:, :, None]
    launched = random.gamma(6, strength / 6, size=(weeks + 1, 2, 5, runs)) * np.exp(0.01 * week)[:, None, None, None]
    launched[0] = 0
    stopped = launched * np.clip(np.array([0.8, 0.9, 0.65, 0.25, 0.1])[:, None] + 0.2 * steps[:, :1, None] / 30, 0, 1)
    winter = np.exp(-(((week - 24) / 9) ** 2))[:, None, None]
    lack = np.array([[0.01], [0.15]]) * random.lognormal(0, 0.6, (2, runs)) * (0.15 + winter)
    served = np.clip(1 - lack, 0, 1)
    dark = np.array([[140e6], [30e6]]) * np.clip(1.3 * (1 - served), 0, 1)
    for level in (served, dark):
        level[0] = np.nan
    brent = 66 * np.exp(np.cumsum(random.normal(0, 0.03, (weeks + 1, runs)), axis=0))
    brent[0] = np.nan
    quarterly = np.where(week % 13 == 12, 1.8, 1 - 0.8 / 12) * (week > 0)
    oil_usual = quarterly[:, None, None] * np.stack([random.normal(165, 4, runs), np.zeros(runs)])
    oil = oil_usual * np.nan_to_num(brent / 66)[:, None]
    reserves = np.array([[4000], [0]]) - 40 * week[:, None, None] * random.random((2, runs)) * [[1], [0]]
    inflation = np.array([[8.5], [12.0]]) + np.cumsum(random.normal(0, 0.3, (weeks + 1, 2, runs)), axis=0)
    inflation[0] = np.nan

    giving = np.array([[0.3, 0.0], [0.9, 0.6], [0.0, 0.0]])[:, :, None]
    pledged = giving * random.gamma(2.0, 0.5, (weeks + 1, 3, 2, runs))
    delivered = giving * random.gamma(8.0, 0.11, (weeks + 1, 3, 2, runs))
    paid = pledged.sum(axis=2)[:, [0, 1, 2]] * [[0.2], [1.0], [1.0]]
    paid[:, 1] += 0.8 * pledged[:, 0].sum(axis=1)
    lag = random.lognormal(np.log(18), 0.2, (3, runs)) * [[1], [1.2], [np.nan]]
    for flow in (pledged, delivered, paid):
        flow[0] = 0
    mood = np.cumsum(random.normal(0, 0.06, (weeks + 1, 3, runs)), axis=0)
    guarantee = np.stack([random.beta(1, 9, runs), random.beta(2, 4, runs), np.zeros(runs)])
    credibility = np.zeros((weeks + 1, 2, runs))
    credibility[1:, 1] = 1 - (1 - guarantee).prod(axis=0)
    lean = np.array([[0.6, -0.9], [0.9, -0.4]])[:, :, None]
    opinion = 1 / (1 + np.exp(-lean - np.cumsum(random.normal(0, 0.08, (weeks + 1, 2, 2, runs)), axis=0)))
    for level in (mood, credibility, opinion):
        level[0] = np.nan
    exits = np.cumsum(random.random((weeks + 1, 2, runs)) < 0.001, axis=0)
    exits -= exits[:1]
    lasting = week[-1] - ends
    promised = guarantee * guaranteed
    fails = np.isin(kind, (1, 2)) & (lasting > 0) & (random.random(runs) < 0.6 * (1 - promised).prod(axis=0))
    relapse = np.where(fails, ends + 1 + (random.random(runs) * np.maximum(lasting, 0)).astype(int), 0)

    meanings = {
        "talks": {"flag_meanings": ["none", "not meant", "earnest"]},
        "awarded": {
            "flag_values": [-1, 0, 1, 2, 3],
            "flag_meanings": ["no agreement", "as held", "to the first side", "to the second side", "demilitarised"],
        },
    }

    def variable(dims: str, values: np.ndarray, unit: str, name: str, **more: object) -> tuple:
        return dims.split(), values, {"units": unit, "long_name": name, **more}

    people, count = "person", "count"
    return xarray.Dataset(
        {
            "area": variable("week axis run", area, "km2", "Held by the first side"),
            "mapped_area": variable("week axis run", area + random.normal(0, 9, area.shape), "km2", "As mapped"),
            "casualties": variable("week side run", casualties, people, "Killed or seriously wounded"),
            "killed": variable("week side run", 0.3 * casualties, people, "Killed"),
            "civilians_harmed": variable("week side run", 0.02 * casualties[:, ::-1], people, "Civilians harmed"),
            "lost": variable("week side item run", lost, count, "Equipment lost"),
            "claimed": variable("week claim run", claimed, count, "Claimed losses of the first side"),
            "troops": variable(
                "week side run",
                np.array([620e3, 480e3])[:, None] + np.cumsum([[[7300], [3300]]] - casualties, axis=0),
                people,
                "Troops",
            ),
            "equipment": variable("week side item run", equipment, count, "In the field"),
            "storage": variable("week side item run", 0.7 * equipment, count, "In storage"),
            "recruited": variable("week side run", 1.05 * casualties, people, "Recruited"),
            "phase": variable("week run", phase.astype(np.int8), "1", "State", flag_meanings=PHASES),
            "hazard": variable("week run", random.gamma(2, 0.004, phase.shape), "1/week", "Hazard of an ending"),
            **{
                name: variable(dims, values, "1", name, **meanings.get(name, {}))
                for name, (dims, values) in bargained.items()
            },
            "promised": variable("patron run", promised, "1", "Guarantees in the agreement are kept"),
            "launched": variable("week side weapon run", launched, count, "Weapons launched"),
            "stopped": variable("week side weapon run", stopped, count, "Of these, stopped"),
            "served_share": variable("week side run", served, "1", "Share of power demand that is met"),
            "dark": variable("week side run", dark, people, "People without electricity"),
            "cold": variable("week side run", 0.2 * winter * dark, people, "People without heat"),
            "blackout_hours": variable("week side run", 24 * 1.3 * (1 - served), "h/day", "Hours without electricity"),
            "brent": variable("week run", brent, "USD/bbl", "Price of Brent"),
            "oil_revenue": variable("week side run", oil, "bn LCU", "Taxes on oil and gas"),
            "oil_revenue_usual": variable("week side run", oil_usual, "bn LCU", "The same if nothing changed"),
            "reserves": variable("week side run", reserves, "bn LCU", "Reserves"),
            "inflation": variable("week side run", inflation, "%/year", "Inflation"),
            "aid_pledged": variable("week patron aid run", pledged, "bn USD", "Newly pledged"),
            "aid_delivered": variable("week patron aid run", delivered, "bn USD", "Delivered"),
            "aid_paid": variable("week patron run", paid, "bn USD", "Paid of what is pledged"),
            "aid_lag": variable("patron run", lag, "week", "From pledge to delivery"),
            "guarantee": variable("patron run", guarantee, "1", "Own guarantee is kept"),
            "will": variable("week patron run", 1 / (1 + np.exp(-0.4 - mood)), "1", "For giving"),
            "credibility": variable("week side run", credibility, "1", "Guarantees are kept"),
            "opinion": variable("week side question run", opinion, "1", "Say yes"),
            "leader_exits": variable("week side run", exits.astype(np.int16), count, "Leaders gone"),
            "relapse_week": variable("run", relapse.astype(np.int16), "week", "Fighting resumed"),
            "first_ending": variable("run", kind.astype(np.int8), "1", "First ending"),
            "first_ending_week": variable("run", np.where(kind > 0, ends, -1).astype(np.int16), "week", "Its week"),
            "town_change_week": variable("town run", change_week.astype(np.int16), "week", "First change of hands"),
            "town_holder": variable("town", np.array([0, 1, 1, 1, 0, 1, 1], np.int8), "1", "Holder at the opening"),
            "control_probability": variable("week cell", probability.astype(np.float32), "1", "First side holds it"),
            "control_opening": variable("cell", opening.astype(np.float32), "1", "Share held at the opening"),
        },
        coords={
            "week": week,
            "date": ("week", saturdays.astype("M8[ns]")),
            "axis": list(AXES),
            "side": ("side", ["R", "U"], {"names": ["Russia", "Ukraine"]}),
            "item": list(ITEMS),
            "claim": list(CLAIMS),
            "weapon": ("weapon", list(WEAPONS), {"names": [f"{name}s".replace("_", " ") for name in WEAPONS]}),
            "patron": ("patron", list(PATRONS), {"names": list(PATRONS.values()), "supports": ["U", "U", "R"]}),
            "aid": ["arms", "money"],
            "question": ("question", ["talks", "concession"], {"names": ["Want talks", "Would concede land"]}),
            "ending": list(CAUSES),
            "land": ("land", list(LANDS), {"names": list(LANDS.values())}),
            "issue": ("issue", list(ISSUES), {"names": list(ISSUES.values())}),
            "issue_rider": ("issue", [0, 0, 0, 1]),
            "option": ("option", list(OPTIONS), {"names": list(OPTIONS.values())}),
            "option_issue": ("option", [0, 0, 1, 1, 2, 2, 3, 3]),
            "option_gives": ("option", [0, 1, 0, 0, 0, 0, 0, 0]),
            "option_depth": ("option", [0, 0, 0, 15.0, 0, 0, 0, 0]),
            "town": list(TOWNS),
            "cell": cells.astype(np.uint64),
            "latitude": ("cell", centres[:, 0]),
            "longitude": ("cell", centres[:, 1]),
            "cell_axis": ("cell", np.array(AXES)[np.digitize(centres[:, 0], [48.3, 48.42])[::-1]]),
            "run": np.arange(runs),
            "ok": ("run", np.ones(runs, bool)),
        },
        attrs={
            "scenario": "made-up",
            "title": "A made-up war",
            "question": "When will the fighting end, on what line, and at what cost in people?",
            "opening": "2026-01-31",
            "war_started": "2022-02-24",
            "seed": seed,
            "runs": runs,
            "weeks": weeks,
            "version": "0.1.0",
            "evidence_hash": "sha256:0123456789abcdef",
            "evidence_as_of": "2026-01-31",
            "failed_runs": 0,
            "assumptions": json.dumps(ASSUMPTIONS),
            "notes": json.dumps(NOTES),
            "side_names": ["Russia", "Ukraine"],
            "created": "2026-02-01T12:00:00Z",
        }
        | attributes,
    )


def _bargained(random: np.random.Generator, weeks: int, runs: int) -> dict:
    """What is bargained over: hazards, the ends that follow from them, and terms."""
    price = random.lognormal(0, 0.8, runs)
    structural = np.array([0.012, 0.002, 0.0006, 0.001])[:, None] * np.stack([price, *[np.ones(runs)] * 3])
    structural = np.repeat(structural[None], weeks + 1, axis=0) * random.lognormal(0, 0.2, (weeks + 1, 4, runs))
    usual = np.full((weeks + 1, 4, runs), 0.01) * np.array([0.6, 0.15, 0.1, 0.15])[:, None]
    parts = np.sqrt(structural * usual)
    total = np.sqrt(structural.sum(axis=1) * usual.sum(axis=1))
    each = parts / parts.sum(axis=1, keepdims=True) * total[:, None]
    ends, cause = np.full(runs, weeks + 1), np.zeros(runs, int)
    for at in range(1, weeks + 1):
        struck = (ends > weeks) & (random.random(runs) < each[at].sum(axis=0))
        ends[struck] = at
        cause[struck] = (random.random(runs) * each[at].sum(axis=0) > np.cumsum(each[at], axis=0)[:-1]).sum(axis=0)[
            struck
        ]
    kind = np.where(ends > weeks, 0, np.where(cause > 0, cause + 2, np.where(random.random(runs) < 0.7, 1, 2)))
    signed = np.isin(kind, (1, 2))
    taken = np.stack([random.random(runs) < share for share in (0.2, 0.6, 0.75, 0.5)])
    one_hot = np.stack([~taken, taken], axis=1).reshape(8, runs)
    offered = np.stack([random.random((weeks + 1, runs)) < share for share in (0.3, 0.5, 0.7, 0.5)], axis=1)
    likely = np.stack([~offered, offered], axis=2).reshape(weeks + 1, 8, runs)
    zone = random.normal(0.05, 0.1, (weeks + 1, runs))
    fighting = np.array([[0.45], [0.3]]) + random.normal(0, 0.1, (weeks + 1, 2, runs))
    for level in (structural, usual, zone, fighting):
        level[0] = np.nan
    return {
        "ends": ends,
        "kind": kind,
        "guaranteed": signed & taken[2],
        "structural": ("week ending run", structural),
        "usual": ("week ending run", usual),
        "anchor": ("run", np.full(runs, 0.5)),
        "agreed": ("option run", (one_hot & signed).astype(np.int8)),
        "awarded": ("land run", np.where(signed, np.stack([taken[0], 2 * taken[0]]), -1).astype(np.int8)),
        "holds": ("run", np.where(signed, random.beta(8, 2, runs), np.nan)),
        "likely": ("week option run", (likely * (np.arange(weeks + 1) > 0)[:, None, None]).astype(np.int8)),
        "zone": ("week run", zone),
        "surplus": ("week side run", np.stack([zone, zone + random.normal(0, 0.1, zone.shape)], axis=1)),
        "least": ("week side run", fighting + 0.02),
        "fighting_on": ("week side run", fighting),
        "standing": ("week side run", fighting + 0.1),
        "optimism": ("week side run", 0.1 + 0 * fighting),
        "lasting": ("week run", 0.85 + 0 * zone),
        "line": ("week run", 0.5 + 0 * zone),
        "talks": ("week run", random.integers(0, 3, (weeks + 1, runs)).astype(np.int8)),
    }


@pytest.fixture(scope="session")
def result() -> xarray.Dataset:
    return make_result()


@pytest.fixture(scope="session")
def summary(result: xarray.Dataset) -> Summary:
    return summarise(result)


def check_page(content: str) -> None:
    """A page nests, runs and loads nothing, has its policy, and every link leads to a place of its own."""
    page = parsed(content)
    assert page.tags.count("h1") == 1
    assert not {"script", "img", "link", "iframe", "object", "form", "input"} & set(page.tags)
    assert not re.search(r"url\(|@import", content)
    assert 'http-equiv="Content-Security-Policy" content="default-src \'none\'' in content
    assert sorted(page.identifiers) == sorted(set(page.identifiers))
    assert page.links
    assert all(link.startswith("#") and link[1:] in page.identifiers for link in page.links)
    drawings = re.findall(r"<svg.*?</svg>", content, re.DOTALL)
    assert drawings
    assert all(re.search(r"<title id=[^>]+>[^<]+</title>", drawing) for drawing in drawings)
    assert content.index('class="answer"') < content.index("<section")
    answer = content[content.index('class="answer"') : content.index('class="byline"')]
    assert answer.count("<p>") == 3


@pytest.fixture(scope="session")
def sound():
    """What every page has to be."""
    return check_page
