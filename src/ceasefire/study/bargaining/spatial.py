"""Spatial model of bargaining: actors with influence, and a position and a salience on each of several dimensions.

    d_ki = √(Σ_m s_km² (x_km − x_im)²/Σ_m s_km²)       how far option i is from what actor k wants
    U_ki = (1 − d_ki)(1 + d_ki R_k)                    R_k: risk attitude, −1 averse, 0 neutral, +1 seeking
    p_i from the probabilistic Condorcet election of `election.py` among the positions
    R_k = (3 p − p_max − 2 p_min)/(2 (p_max − p_min))  p: chance of the position that k holds

Positions are divided by the length of the scale, so that distances lie in [0, 1]. The first pass takes every actor for
neutral; the chances that come out give the risk attitudes, from −½ for whoever holds the weakest position to 1 for
whoever holds the strongest, and with these the election is held again. Actors with identical positions stand for one
option. The chances are those of the first turn.

Left out: how actors shift their positions in later turns; any position that nobody holds.
Source: KAPSARC Toolkit for Behavioral Analysis (KTAB; Wise, Lester and Efird 2015), whose three-dimensional example
comes out to the four decimals published, with the linear law and the conditional rule.
"""

import csv
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ceasefire.study.bargaining.check import BargainingError, FloatArray, number, table, within
from ceasefire.study.bargaining.election import Law, Rule, conditional_election, condorcet_election

SCALE = 100.0
"""Positions and saliences of a table are given from 0 to this."""
LARGEST_FILE = 1_000_000  # bytes
MOST_ACTORS, MOST_DIMENSIONS = 500, 50


@dataclass(frozen=True, eq=False)
class SpatialTable:
    """Who wants what, how much, and with what influence."""

    title: str
    actors: tuple[str, ...]
    influence: FloatArray
    """[actor]"""
    position: FloatArray
    """[actor, dimension], 0 to 100."""
    salience: FloatArray
    """[actor, dimension], 0 to 100."""


@dataclass(frozen=True, eq=False)
class SpatialElection:
    """First-turn chances of the positions on the table."""

    options: FloatArray
    """The distinct positions [option, dimension], in order of the first actor that holds each."""
    option_of: NDArray[np.intp]
    """Index of the option that each actor holds [actor]."""
    risk: FloatArray
    """Risk attitude R [actor], −½ to 1."""
    neutral: FloatArray
    """Chance of each option were all actors neutral [option]: the first pass."""
    chance: FloatArray
    """Chance of each option [option]."""

    @property
    def chance_of_actor(self) -> FloatArray:
        """Chance that the position of each actor prevails [actor]; actors who share one have the same."""
        return self.chance[self.option_of]


def spatial_distance(options: ArrayLike, position: ArrayLike, salience: ArrayLike, scale: float = SCALE) -> FloatArray:
    """d_ki, how far each option is from what each actor wants, [actor, option], in [0, 1] where inputs span the scale.

    Options [option, dimension], positions and saliences [actor, dimension]; salience is not negative and somewhere
    positive for each actor. Raises `BargainingError`.
    """
    x = table("position", position, (None, None))
    y = table("options", options, (None, x.shape[1])) / number("scale", scale, 0, above=True)
    square = table("salience", salience, x.shape, low=0) ** 2
    total = np.sum(square, axis=1)
    within("summed squared salience of actor", total, 0, np.inf, above=True)
    distance: FloatArray = np.sqrt(np.einsum("km,kom->ko", square, (x[:, None] / scale - y) ** 2) / total[:, None])
    return distance


def spatial_utility(distance: ArrayLike, risk: ArrayLike) -> FloatArray:
    """U = (1 − d)(1 + d R) from distances [actor, option] in [0, 1] and risk attitudes [actor] in [−1, 1]."""
    d = table("distance", distance, (None, None), 0, 1 + 1e-12)
    attitude = table("risk", risk, d.shape[:1], -1, 1)
    utility: FloatArray = (1 - d) * (1 + d * attitude[:, None])
    return utility


def risk_attitude(chance: ArrayLike) -> FloatArray:
    """R = (3 p − p_max − 2 p_min)/(2 (p_max − p_min)) of whoever holds each position; 0 where all are as likely."""
    p = table("chance", chance, (None,), low=0)
    span = np.max(p) - np.min(p)
    if span <= 1e-12:
        return np.zeros_like(p)
    risk = (3 * p - np.max(p) - 2 * np.min(p)) / (2 * span)
    return np.clip(risk, -0.5, 1.0)  # rounding may step over the ends


def spatial_election(
    influence: ArrayLike,
    position: ArrayLike,
    salience: ArrayLike,
    *,
    scale: float = SCALE,
    law: Law = "linear",
    rule: Rule = conditional_election,
) -> SpatialElection:
    """First-turn chances of the positions that actors hold, with risk attitudes from a neutral pass.

    Influence [actor], not negative, in any unit; positions [actor, dimension] from 0 to the scale, saliences of the
    same shape, not negative (their unit cancels). Raises `BargainingError`.
    """
    x = table("position", position, (None, None), 0, number("scale", scale, 0, above=True))
    weight = table("influence", influence, x.shape[:1], low=0)
    options, option_of = _distinct(x)
    distance = spatial_distance(options, x, salience, scale)
    neutral = condorcet_election(spatial_utility(distance, np.zeros(len(x))), weight, law, rule)
    risk = risk_attitude(neutral)[option_of]
    chance = condorcet_election(spatial_utility(distance, risk), weight, law, rule)
    return SpatialElection(options, option_of, risk, neutral, chance)


def _distinct(position: FloatArray) -> tuple[FloatArray, NDArray[np.intp]]:
    """Distinct rows in order of appearance, and which of them each row is."""
    _, first, same = np.unique(position, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return position[first[order]], np.argsort(order)[same.ravel()]


# ------------------------------------------------------------------------------------------------------------ the file


def read_spatial(path: str | PathLike[str]) -> SpatialTable:
    """Read a table in the comma-separated form of KTAB.

    First row: name, description, number of actors, number of dimensions. Second row: headings. Then a row an actor:
    name, description, power, and position and salience for each dimension, 0 to 100. Fields may be padded and rows may
    end in a comma. Raises `BargainingError` where the file is missing, too large (1 MB, 500 actors, 50 dimensions) or
    not of this form.
    """
    rows = _rows(Path(path))
    if len(rows) < 2 or len(rows[0]) < 4:
        raise BargainingError(
            f"{path}: the first row should give name, description, actors and dimensions, then headings"
        )
    actors = _count(path, "actors", rows[0][2], 2, MOST_ACTORS)
    dimensions = _count(path, "dimensions", rows[0][3], 1, MOST_DIMENSIONS)
    _check_headings(path, rows[1], dimensions)
    if len(rows) != actors + 2:
        raise BargainingError(
            f"{path}: the first row says {actors} actors; found {len(rows) - 2} rows below the headings"
        )
    names = tuple(row[0] for row in rows[2:])
    if len(set(names)) != actors or "" in names:
        raise BargainingError(f"{path}: every actor needs a name of its own; found {', '.join(map(repr, names))}")
    numbers = np.array([_numbers(path, row, dimensions) for row in rows[2:]])
    within(f"{path}: power", numbers[:, 0], 0, np.inf, above=True)
    within(f"{path}: position and salience", numbers[:, 1:], 0, SCALE)
    return SpatialTable(rows[0][0], names, numbers[:, 0], numbers[:, 1::2], numbers[:, 2::2])


def _rows(path: Path) -> list[list[str]]:
    """Rows that are not blank, fields stripped, without empty fields at the end."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            text = file.read(LARGEST_FILE + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise BargainingError(f"{path} cannot be read as a spatial table: {error}") from error
    if len(text) > LARGEST_FILE:
        raise BargainingError(f"{path} is larger than {LARGEST_FILE:,} characters; a spatial table is a few rows")
    try:
        rows = [[field.strip() for field in row] for row in csv.reader(text.splitlines(), skipinitialspace=True)]
    except csv.Error as error:
        raise BargainingError(f"{path} is not a comma-separated table: {error}") from error
    return [_trimmed(row) for row in rows if any(row)]


def _trimmed(row: list[str]) -> list[str]:
    while row and not row[-1]:
        row = row[:-1]
    return row


def _count(path: str | PathLike[str], what: str, field: str, low: int, high: int) -> int:
    if not (field.isascii() and field.isdigit() and len(field) < 10 and low <= int(field) <= high):
        raise BargainingError(f"{path}: the number of {what} is {field!r}; it should be from {low} to {high}")
    return int(field)


def _check_headings(path: str | PathLike[str], row: list[str], dimensions: int) -> None:
    """Raise where position and salience of each dimension do not follow name, description and power in turn."""
    initials = "".join(heading[:1].lower() for heading in row[3:])
    if len(row) != 3 + 2 * dimensions or initials != "ps" * dimensions:
        asked = "Actor, Description, Power, then Pstn and Sal for each"
        raise BargainingError(f"{path}: headings of {dimensions} dimensions are {asked}; found {', '.join(row)}")


def _numbers(path: str | PathLike[str], row: list[str], dimensions: int) -> list[float]:
    """Power, then position and salience by dimension."""
    if len(row) != 3 + 2 * dimensions:
        asked = 3 + 2 * dimensions
        raise BargainingError(f"{path}: {row[0]!r} has {len(row)} fields; {dimensions} dimensions make {asked}")
    try:
        return [float(field) for field in row[2:]]
    except ValueError as error:
        raise BargainingError(f"{path}: {row[0]!r} has a field that is no number: {error}") from error
