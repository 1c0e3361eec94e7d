"""An invented war: sides, a map and dates that no packaged evidence knows. What works on it works on any war."""

import atexit
import datetime as dt
import os
import shutil
import tempfile
from collections.abc import Callable
from itertools import pairwise
from types import MappingProxyType

import h3.api.numpy_int as h3
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.spatial import cKDTree

from ceasefire.model.axes import YEAR, Ground, Terms
from ceasefire.scenario import spec, start, theatre
from ceasefire.simulate.cache import keep_compiled

if "PYTEST_XDIST_WORKER" not in os.environ:
    os.environ["CEASEFIRE_CACHE"] = tempfile.mkdtemp(prefix="ceasefire-tests-")
    atexit.register(shutil.rmtree, os.environ["CEASEFIRE_CACHE"], ignore_errors=True)
keep_compiled()
"""What is compiled serves every test that follows, in every worker, and nothing outside the tests."""

OPENING = dt.date(2042, 6, 7)
WEEKS_OF_MAPS = 40
CLAIMED_A_WEEK = MappingProxyType({"personnel": 2400.0, "tank": 14.0, "gun": 30.0})
MADE_A_WEEK = MappingProxyType(
    {
        "attack_drone": (250, 400, 650),
        "decoy": (120, 200, 350),
        "cruise_missile": (8, 12, 18),
        "ballistic_missile": (4, 6, 9),
        "antiship_missile": (1, 1.5, 2.5),
        "interceptor_drone": (60, 100, 160),
        "short_interceptor": (10, 16, 25),
        "long_interceptor": (8, 14, 25),
    }
)
"""On either side; of what is used at the front nothing is known."""
GIVEN_A_WEEK = MappingProxyType(
    {
        "Cobalt": {"shells": (0.01, 0.02, 0.04), "components": (0.02, 0.04, 0.08)},
        "Ruby": {
            "interceptors": (0.03, 0.05, 0.08),
            "shells": (0.02, 0.03, 0.05),
            "weapons": (0.02, 0.03, 0.05),
            "platforms": (0.03, 0.05, 0.09),
            "money": (0.1, 0.15, 0.2),
        },
        "Coral": {"shells": (0.01, 0.02, 0.03), "components": (0.01, 0.02, 0.03), "money": (0.03, 0.05, 0.08)},
    }
)
"""In bn USD, by patron and good."""
ISSUES = (
    {
        "id": "line",
        "name": "Line",
        "status_quo": "held",
        "options": [
            {"id": "held", "name": "As held"},
            {"id": "south_back", "name": "The south goes back to Amber", "lands": {"south": "Amber"}},
            {"id": "north_given", "name": "The north goes to Blue", "lands": {"north": "Blue"}},
            {"id": "middle_bare", "name": "No arms in the middle", "lands": {"middle": "demilitarised"}},
        ],
    },
    {
        "id": "zone",
        "name": "Zone between the armies",
        "status_quo": "none",
        "options": [{"id": "none", "name": "None"}, {"id": "km10", "name": "10 km", "depth_km": 10.0}],
    },
    {
        "id": "guarantees",
        "name": "Guarantees",
        "status_quo": "none",
        "options": [{"id": "none", "name": "None"}, {"id": "coral", "name": "By Coral", "guarantees": {"Coral": 0.8}}],
    },
    {
        "id": "sequence",
        "name": "What comes first",
        "status_quo": "ceasefire",
        "options": [
            {"id": "ceasefire", "name": "Ceasefire", "excludes": ["line-north_given"]},
            {"id": "treaty", "name": "Treaty", "settles": True, "relief": 0.5},
        ],
    },
    {
        "id": "port",
        "name": "The port",
        "rider": True,
        "status_quo": "shut",
        "options": [{"id": "shut", "name": "Shut"}, {"id": "open", "name": "Open"}],
    },
)
"""What Blue and Amber bargain over."""


@pytest.fixture(scope="session")
def invented_scenario() -> spec.Scenario:
    return spec.Scenario(
        id="dry-river",
        title="The war of the dry river",
        question="How far will Blue have come in half a year?",
        opening=OPENING,
        war=spec.War(
            id="blue-amber",
            title="Blue against Amber",
            started=dt.date(2041, 3, 2),
            sides=(
                spec.Side(id="Blue", name="Blue Federation", claims="amber.on_blue", supply=("Western depot",)),
                spec.Side(id="Amber", name="Amber Republic", supply=("Eastern depot",)),
            ),
            items=(spec.Item(id="tank", name="Tanks", role="armour"), spec.Item(id="gun", name="Guns", role="gun")),
            theatre=spec.Theatre(reach_km=40),
            patrons=(
                spec.Patron(id="Cobalt", name="Cobalt Union", supports="Blue"),
                spec.Patron(id="Ruby", name="Ruby League", supports="Amber", elections=(dt.date(2042, 9, 3),)),
                spec.Patron(id="Coral", name="Coral Islands", supports="Amber"),
            ),
            lands=tuple(spec.Land(id=axis, name=axis.title(), axes=(axis,)) for axis in ("south", "middle", "north")),
            issues=tuple(spec.Issue.model_validate(issue) for issue in ISSUES),
            voices=(
                spec.Voice(id="Blue_public", name="People of Blue", kind="public", of="Blue"),
                spec.Voice(id="Amber_public", name="People of Amber", kind="public", of="Amber"),
                spec.Voice(id="Pearl", name="Pearl, mediator", kind="mediator"),
            ),
            value=(
                _value("talks.talking_opening", 0.5, 0.5, 0.5, "1"),
                _value("preferences.price[Amber,Amber_public]", 0.02, 0.05, 0.1, "1"),
                _value("preferences.price[Blue,Blue_public]", 0.01, 0.03, 0.06, "1"),
                _value("preferences.worth[Amber,guarantees-coral]", 0.6, 0.8, 0.95, "1"),
                _value("preferences.worth[Amber,guarantees-none]", 0.02, 0.05, 0.1, "1"),
                _value("attrition.troops_opening[Blue]", 180e3, 220e3, 270e3, "person"),
                _value("attrition.troops_opening[Amber]", 120e3, 150e3, 190e3, "person"),
                _value("attrition.equipment_opening[Blue,tank]", 900, 1200, 1600, "count"),
                _value("manpower.recruitment[Blue]", 2000, 2600, 3300, "person/week"),
                _value("manpower.recruitment[Amber]", 1200, 1600, 2200, "person/week"),
                _value("reporting.overcount[tank]", 1.2, 1.6, 2.2, "1"),
                *(
                    _value(f"industry.munition_output[{side},{munition}]", *points, "count/week")
                    for side in ("Blue", "Amber")
                    for munition, points in MADE_A_WEEK.items()
                ),
                _value("air_defence.launchers_opening", 100, 150, 220, "count"),
                _value("air_defence.launchers_opening[Blue,long_interceptor]", 2, 3, 5, "count"),
                _value("air_defence.launchers_opening[Amber,long_interceptor]", 2, 3, 5, "count"),
                _value("air_defence.salvo", 1.5, 2, 3, "1"),
                _value("grid.capacity", 3, 4, 6, "GW"),
                _value("grid.demand_mild", 7, 8, 9, "GW"),
                _value("oil.volume_opening", 1.2, 1.8, 2.7, "mb/d"),
                _value("oil.exchange_opening", 30, 35, 42, "LCU/USD"),
                _value("budget.gdp", 3e4, 4e4, 5.5e4, "bn LCU/year"),
                *(
                    _value(f"patrons.{what}[{patron},{good}]", *points, "bn USD/week")
                    for patron, given in GIVEN_A_WEEK.items()
                    for good, points in given.items()
                    for what in ("pledge_opening", "delivery_opening")
                ),
                _value("patrons.paid_by[Ruby,Coral]", 0.2, 0.3, 0.4, "1"),
                _value("patrons.guarantees[Coral]", 1, 1, 1, "1"),
                _value("industry.munition_imports[Amber,shell]", 900, 1500, 2500, "count/week"),
                _value("industry.munition_imports[Amber,short_interceptor]", 4, 6, 9, "count/week"),
                _value("industry.munition_imports[Blue,shell]", 600, 1000, 1700, "count/week"),
                _value("budget.aid[Amber]", 0.15, 0.2, 0.3, "bn USD/week"),
                _value("manpower.recruitment[Blue]", 9e5, 1e6, 1.1e6, "person/week", known_on=dt.date(2042, 8, 1)),
            ),
        ),
    )


@pytest.fixture(scope="session")
def invented_theatre() -> theatre.Theatre:
    """547 cells around 15° N 20° E, an advancing north-south line, three axes from south to north."""
    random = np.random.default_rng(1)
    disk = np.asarray(h3.grid_disk(h3.latlng_to_cell(15.0, 20.0, 7), 13))
    latitude = np.array([h3.cell_to_latlng(c)[0] for c in disk])
    axis = np.digitize(latitude, np.quantile(latitude, [1 / 3, 2 / 3]))
    order = np.lexsort((disk, axis))
    cell, axis = disk[order], axis[order].astype(np.int64)
    latitude, longitude = np.array([h3.cell_to_latlng(c) for c in cell]).T
    area = np.array([h3.cell_area(c, unit="km^2") for c in cell])
    neighbour = theatre.neighbours(cell)
    feature = random.normal(size=(2, len(cell)))
    share = _weekly_maps(random, longitude < 19.98, neighbour, axis, area)
    roads = _roads(cell, latitude, longitude, axis)
    last = np.datetime64(OPENING)
    return theatre.Theatre(
        cell=cell,
        latitude=latitude,
        longitude=longitude,
        axis=axis,
        axes=("south", "middle", "north"),
        area=area,
        neighbour=neighbour,
        border=np.zeros((2, len(cell))),
        feature=(feature - feature.mean(axis=1, keepdims=True)) / feature.std(axis=1, keepdims=True),
        height=25 * feature[0],
        population=np.round(np.exp(4 + random.normal(size=len(cell)))),
        works=_works(random, len(cell)),
        climate=np.array([[24.0], [26.0], [28.0]]) - 6 * np.cos(2 * np.pi * (np.arange(52) + 22) / 52),
        share=share,
        opening_share=share[-1],
        dates=last - 7 * np.arange(len(share))[::-1].astype("timedelta64[D]"),
        towns=tuple(
            _town(*place, latitude, longitude, neighbour, share[-1])
            for place in (("Sand", 15.0, 20.03), ("Well", 15.15, 20.12), ("Salt", 14.85, 19.85))
        ),
        roads=roads,
        garrisons=tuple(
            _garrison(*fort, roads, latitude, longitude, share[-1])
            for fort in (("Well", ("Town 11",)), ("Sand", ("Town 7",)), ("Salt", ("Town 0", "Town 1")))
        ),
    )


@pytest.fixture(scope="session")
def invented_war(invented_scenario: spec.Scenario, invented_theatre: theatre.Theatre) -> start.Start:
    """The opening of the invented war; the enemy counts Blue's losses, nobody counts Amber's."""
    random = np.random.default_rng(2)
    claims = {c: np.round(mean * np.exp(0.2 * random.normal(size=60))) for c, mean in CLAIMED_A_WEEK.items()}
    claims["tank"][7] = np.nan
    held = invented_theatre.opening_share * invented_theatre.area
    return start.from_record(
        invented_scenario,
        invented_theatre,
        claims={0: claims, 1: {}},
        area=1000.0 + np.bincount(invented_theatre.axis, held, len(invented_theatre.axes)),
        evidence_hash="invented",
    )


@pytest.fixture(scope="session")
def bare_ground() -> Callable[..., Ground]:
    """Cells that hang together, one inert town behind them and nothing else: no roads, garrisons or works apart."""

    def bare(
        neighbour: np.ndarray, axis: np.ndarray, feature: np.ndarray, *, area: float = 5.0, items: int = 1
    ) -> Ground:
        cells, axes = len(neighbour), int(axis.max()) + 1
        return Ground(
            area=jnp.asarray(np.append(np.full(cells, area), 0.0), float),
            axis=jnp.asarray(np.append(axis, 0), jnp.int32),
            neighbour=jnp.asarray(np.vstack([neighbour, np.full((1, 6), cells)]), jnp.int32),
            border=jnp.zeros((2, cells + 1)),
            feature=jnp.asarray(np.column_stack([feature, np.zeros(len(feature))]), float),
            height=jnp.zeros(cells + 1),
            population=jnp.asarray(np.append(np.full(cells, 100.0), 0.0), float),
            works=jnp.ones((2, cells + 1)),
            block=jnp.asarray(np.append(np.zeros(cells), 1), jnp.int32),
            block_neighbour=jnp.repeat(jnp.arange(2, dtype=jnp.int32)[:, None], 6, axis=1),
            climate=jnp.full((axes, YEAR), 10.0),
            collection=jnp.ones((2, YEAR)),
            edge=jnp.zeros((1, 2), jnp.int32),
            length=jnp.full(1, jnp.inf),
            capacity=jnp.zeros(1),
            edge_cell=jnp.full((1, 1), cells, jnp.int32),
            link=jnp.zeros((1, 1), jnp.int32),
            link_edge=jnp.zeros((1, 1), jnp.int32),
            node_cell=jnp.zeros(1, jnp.int32),
            rear=jnp.zeros((2, 1)),
            node_weight=jnp.ones((axes, 1)),
            garrison_node=jnp.zeros((0, 1)),
            garrison_cell=jnp.full((0, 1), cells, jnp.int32),
            garrison_side=jnp.zeros(0, jnp.int32),
            garrison_flow=jnp.zeros(0),
            town_cell=jnp.full((0, 1), cells, jnp.int32),
            town_weight=jnp.zeros((0, 1)),
            role=jnp.zeros((2, items)),
            supports=jnp.asarray([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]]),
            election=jnp.full(3, -1, jnp.int32),
            talks=jnp.zeros(YEAR + 1),
            terms=_one_package(np.append(np.full(cells, area), 0.0)),
        )

    return bare


def _one_package(area: np.ndarray) -> Terms:
    """All land is one, and all that can be agreed is the line as held."""
    return Terms(
        land_area=jnp.asarray(area[None], float),
        land_behind=jnp.zeros(1),
        land_whole=jnp.asarray(area.sum(keepdims=True), float),
        issue=jnp.zeros(1, jnp.int32),
        territorial=jnp.zeros(1),
        status_quo=jnp.ones(1),
        package=jnp.zeros((1, 1), jnp.int32),
        rider=jnp.zeros((0, 1)),
        line=jnp.zeros(1, jnp.int32),
        gives=jnp.zeros((2, 1, 1)),
        neutral=jnp.zeros((2, 1, 1)),
        depth=jnp.zeros(1),
        guarantee=jnp.zeros((1, 3)),
        relief=jnp.zeros(1),
        settles=jnp.zeros(1),
        camp=jnp.eye(2),
        deadline=jnp.zeros(YEAR + 1),
    )


def _value(name: str, low: float, mid: float, high: float, unit: str, known_on: dt.date = OPENING) -> spec.Value:
    return spec.Value(name=name, low=low, mid=mid, high=high, unit=unit, known_on=known_on, source="invented")


def _weekly_maps(
    random: np.random.Generator, first: np.ndarray, neighbour: np.ndarray, axis: np.ndarray, area: np.ndarray
) -> np.ndarray:
    """Each week each side takes lumps of about 4 km² on each axis, Blue more often, from cells next to its own."""
    share = first.astype(np.float64)
    maps = [share]
    for _ in range(WEEKS_OF_MAPS - 1):
        share = share.copy()
        for side, lumps_a_week in enumerate((2.0, 0.4)):
            for sector in range(3):
                wanted = random.gamma(0.8, 5.0, size=random.poisson(lumps_a_week)).sum()
                own = share if side == 0 else 1 - share
                near = 0.5 * own + 0.5 * own[neighbour].mean(axis=1)
                open_ = (near > 0.1) & (own < 1) & (axis == sector)
                appeal = np.where(open_, near, 0) / random.exponential(size=len(own))
                for row in np.argsort(-appeal)[: (appeal > 0).sum()]:
                    gain = min(wanted, (1 - own[row]) * area[row])
                    share[row] += (1 - 2 * side) * gain / area[row]
                    wanted -= gain
        maps.append(np.clip(share, 0, 1))
    return np.stack(maps).astype(np.float32)


def _town(
    name: str,
    north: float,
    east: float,
    latitude: np.ndarray,
    longitude: np.ndarray,
    neighbour: np.ndarray,
    share: np.ndarray,
) -> theatre.Town:
    centre = int(cKDTree(np.column_stack([latitude, longitude])).query((north, east))[1])
    row = np.append(centre, neighbour[centre])
    return theatre.Town(name, north, east, 20_000, row, np.array([0.4, *[0.1] * 6]), 0 if share[centre] >= 0.5 else 1)


def _works(random: np.random.Generator, cells: int) -> np.ndarray:
    dug = random.gamma(0.5, size=(2, cells))
    return dug / dug.mean(axis=1, keepdims=True)


def _garrison(
    name: str,
    towns: tuple[str, ...],
    roads: theatre.Roads,
    latitude: np.ndarray,
    longitude: np.ndarray,
    share: np.ndarray,
) -> theatre.Garrison:
    node = np.array([roads.name.index(town) for town in towns])
    position = theatre.plane(latitude, longitude)
    near = cKDTree(position[roads.cell[node]]).query(position)[0] < theatre.GARRISON_KM
    mine = share[roads.cell[node]] >= 0.5
    return theatre.Garrison(name, node, np.flatnonzero(near), 0 if mine.mean() >= 0.5 else 1)


def _roads(cell: np.ndarray, latitude: np.ndarray, longitude: np.ndarray, axis: np.ndarray) -> theatre.Roads:
    """A depot behind either edge, and on each axis a road of four towns from one to the other; roads cross in between.

    The crossings are long ones, so that the shortest way from a depot is along its axis.
    """
    tree = cKDTree(np.column_stack([latitude, longitude]))
    columns = (19.8, 19.93, 20.05, 20.18)
    places = [(north, east) for north in (14.85, 15.0, 15.15) for east in columns]
    at = np.array([-1, -1, *tree.query(places)[1]])
    km: dict[tuple[int, int], float] = {}
    for road in range(3):
        chain = [0, *range(2 + 4 * road, 6 + 4 * road), 1]
        km |= {tuple(sorted(pair)): 14.0 + road for pair in pairwise(chain)}
    km |= {(2 + column, 6 + column): 60.0 for column in (0, 3)} | {(6 + column, 10 + column): 70.0 for column in (0, 3)}
    names = ("Western depot", "Eastern depot", *(f"Town {k}" for k in range(len(places))))
    edge = [tuple(sorted(pair, key=lambda node: names[node])) for pair in km]
    position = [(15.0, 19.6), (15.0, 20.4), *places]
    rear = np.full((2, len(at)), np.inf)
    rear[0, 0] = rear[1, 1] = 0.0
    weight = np.zeros((3, len(at)))
    for node, (_, east) in enumerate(places, start=2):
        weight[axis[at[node]], node] = np.exp(-abs(east - 19.98) * 107 / 20)
    return theatre.Roads(
        name=names,
        cell=at,
        edge=np.array(edge),
        edge_name=tuple(f"{names[a]}-{names[b]}" for a, b in edge),
        length=np.array(list(km.values())),
        capacity=np.where(np.array(list(km.values())) < 20, 17_500.0, 4_200.0),
        edge_cell=tuple(theatre.crossed(position[a], position[b], cell) for a, b in edge),
        rear=rear,
        weight=weight,
    )
