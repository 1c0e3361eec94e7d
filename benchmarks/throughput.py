"""Whole wars: runs × weeks × cells a second, how that grows, and how long one waits for the first result."""

from __future__ import annotations

import dataclasses
import os
import resource
import statistics
import subprocess
import sys
import time
from typing import NamedTuple

import numpy as np

from ceasefire.scenario import theatre
from ceasefire.scenario.start import Start
from ceasefire.simulate.ensemble import simulate

FIRST = """
import time; begun = time.perf_counter()
def lap(name):
    global begun; print(name, time.perf_counter() - begun); begun = time.perf_counter()
import ceasefire
from ceasefire.study.forecast import opened
from ceasefire.scenario.start import open_war
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.simulate.ensemble import simulate
from ceasefire.simulate.cache import keep_compiled
lap("import")
asked = opened("{scenario}")
start = open_war(asked, Vintage(Store.open(None), asked.opening))
lap("open")
keep_compiled()
simulate(start, runs=32, weeks=13, seed=1, workers=1)
lap("first chunk, with what must be compiled")
simulate(start, runs=32, weeks=13, seed=1, workers=1)
lap("the same again")
"""
"""What a fresh process does up to its first result."""


class Speed(NamedTuple):
    """How fast an ensemble was simulated."""

    runs: int
    weeks: int
    cells: int
    workers: int
    seconds: float
    """Wall time, the median of some."""
    processor: float
    """Processor time of the same."""

    @property
    def rate(self) -> float:
        """runs × weeks × cells per second."""
        return self.runs * self.weeks * self.cells / self.seconds


def measure(start: Start, *, runs: int, weeks: int, workers: int, repeats: int = 1, warm: bool = True) -> Speed:
    """Simulate once to compile and `repeats` times for the clock."""
    if warm:
        simulate(start, runs=32, weeks=weeks, seed=1, workers=1)
    wall, processor = [], []
    for _ in range(repeats):
        begun, spent = time.perf_counter(), time.process_time()
        simulate(start, runs=runs, weeks=weeks, seed=1, workers=workers)
        wall.append(time.perf_counter() - begun)
        processor.append(time.process_time() - spent)
    return Speed(runs, weeks, len(start.theatre), workers, statistics.median(wall), statistics.median(processor))


def first_result(scenario: str, *, cold: bool) -> dict[str, float]:
    """Seconds of a fresh process up to its first result, step by step; `cold` without compiled code kept before."""
    kept = {**os.environ, "CEASEFIRE_CACHE": ""} if cold else dict(os.environ)
    code = FIRST.format(scenario=scenario)
    told = subprocess.run([sys.executable, "-c", code], env=kept, check=True, capture_output=True, text=True)
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in told.stdout.splitlines())}


def peak_memory() -> float:
    """GiB that this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def fewer_cells(start: Start, cells: int) -> Start:
    """The same war on a smaller map: about so many cells, those nearest to its front; towns and roads stay in name.

    Neighbours, towns, garrisons and roads that lie outside point to the nearest cell that is left.
    """
    whole = start.theatre
    if cells >= len(whole):
        return start
    kept = nearest(whole, cells)
    row = np.full(len(whole), -1)
    row[kept] = np.arange(len(kept))
    own = np.arange(len(kept))[:, None]
    neighbour = np.where(row[whole.neighbour[kept]] < 0, own, row[whole.neighbour[kept]])
    place = theatre.plane(whole.latitude[kept], whole.longitude[kept])
    stand_in = np.array(row)
    gone = np.flatnonzero(row < 0)
    stand_in[gone] = _closest(theatre.plane(whole.latitude[gone], whole.longitude[gone]), place)
    roads = dataclasses.replace(
        whole.roads,
        cell=np.where(whole.roads.cell < 0, -1, stand_in[whole.roads.cell]),
        edge_cell=tuple(np.unique(stand_in[cell]) if len(cell) else cell for cell in whole.roads.edge_cell),
    )
    smaller = dataclasses.replace(
        whole,
        cell=whole.cell[kept],
        latitude=whole.latitude[kept],
        longitude=whole.longitude[kept],
        axis=whole.axis[kept],
        area=whole.area[kept],
        neighbour=neighbour,
        border=whole.border[:, kept],
        feature=whole.feature[:, kept],
        height=whole.height[kept],
        population=whole.population[kept],
        works=whole.works[:, kept],
        share=whole.share[:, kept],
        opening_share=whole.opening_share[kept],
        towns=tuple(dataclasses.replace(town, row=stand_in[town.row]) for town in whole.towns),
        roads=roads,
        garrisons=tuple(
            dataclasses.replace(garrison, row=np.unique(stand_in[garrison.row])) for garrison in whole.garrisons
        ),
    )
    lands = dataclasses.replace(start.agenda.lands, row=start.agenda.lands.row[kept])
    agenda = dataclasses.replace(start.agenda, lands=lands)
    return dataclasses.replace(start, theatre=smaller, momentum=start.momentum[:, kept], agenda=agenda)


def nearest(whole: theatre.Theatre, cells: int) -> np.ndarray:
    """Rows of the cells nearest to the front, in order."""
    share = whole.opening_share
    edge = (share > 0) & (share < 1) | (np.abs(share[whole.neighbour] - share[:, None]).max(axis=1) > 0)
    place = theatre.plane(whole.latitude, whole.longitude)
    far = np.linalg.norm(place - place[edge][_closest(place, place[edge])], axis=1)
    return np.sort(np.argsort(far, kind="stable")[:cells])


def _closest(places: np.ndarray, among: np.ndarray) -> np.ndarray:
    from scipy.spatial import cKDTree

    return np.asarray(cKDTree(among).query(places)[1])
