"""Which bank of the Dnipro a cell lies on: left (east) or right (west), looking downstream.

The side of the nearest stretch of the river decides. Good to a few kilometres, so not for islands.
"""

from __future__ import annotations

import re

import numpy as np
import shapely
from numpy.typing import NDArray

from ceasefire.evidence.check.atlas import Atlas
from ceasefire.evidence.check.record import Record

_LOWER = np.array(
    [
        (33.36, 46.775),
        (33.20, 46.755),
        (33.05, 46.755),
        (32.90, 46.70),
        (32.72, 46.66),
        (32.62, 46.62),
        (32.50, 46.57),
        (32.25, 46.53),
    ]
)
"""The river below Nova Kakhovka (longitude, latitude), where the table is a kilometre or two off; elicited."""
_SCALE = np.array([0.68, 1.0])
"""A degree of longitude against one of latitude near 47 N: positions are scaled before they are compared."""
_BANK = re.compile(r"\b(?:(?P<left>east(?:ern)?|left)|(?P<right>west(?:ern)?|right))[ -]bank\b")


def named(text: str) -> str | None:
    """`left` or `right`, where the text names one bank."""
    found = {match.lastgroup for match in _BANK.finditer(text)}
    return found.pop() if len(found) == 1 else None


_HELD = re.compile(
    r"\b(?:(?P<RU>russia\w*)|(?P<UA>ukrain\w*))[- ](?:held|occupied|controlled)\b[^.;]{0,60}?"
    r"\b(?:(?P<left>east(?:ern)?|left)|(?P<right>west(?:ern)?|right))[ -]bank\b"
)


def holders(text: str) -> list[tuple[str, str]]:
    """Each side with the bank that it is said to hold, as in `the Ukrainian-held west bank`."""
    return [("RU" if match["RU"] else "UA", "left" if match["left"] else "right") for match in _HELD.finditer(text)]


def cells(record: Record, atlas: Atlas, bank: str) -> NDArray[np.bool_]:
    """[cell] the cell lies on a bank of the Dnipro."""
    if "bank" not in record.shelf:
        record.shelf["bank"] = _left(record, atlas)
    left: NDArray[np.bool_] = record.shelf["bank"]
    return left if bank == "left" else ~left


def _left(record: Record, atlas: Atlas) -> NDArray[np.bool_]:
    river = next((river for river in record.geography.rivers if river.name == "Dnipro"), None)
    if river is None:
        return np.zeros(len(atlas.cells), dtype=np.bool_)
    start, end = _segments(river.line)
    tree = shapely.STRtree(shapely.linestrings(np.stack([start, end], axis=1)))
    centre = np.column_stack([atlas.cells.longitude, atlas.cells.latitude]) * _SCALE
    nearest = tree.nearest(shapely.points(centre))
    along, off = end[nearest] - start[nearest], centre - start[nearest]
    left: NDArray[np.bool_] = along[:, 0] * off[:, 1] - along[:, 1] * off[:, 0] > 0
    return left


def _segments(line: shapely.MultiLineString) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Stretches from upstream to downstream (the river never flows north for long), scaled."""
    starts, ends = [], []
    for part in shapely.get_parts(shapely.line_merge(line)):
        points = shapely.get_coordinates(part)
        if points[0, 1] < points[-1, 1]:
            points = points[::-1]
        points = _with_lower_course(points) * _SCALE
        starts.append(points[:-1])
        ends.append(points[1:])
    return np.concatenate(starts), np.concatenate(ends)


def _with_lower_course(points: NDArray[np.float64]) -> NDArray[np.float64]:
    below = (points[:, 0] < _LOWER[0, 0]) & (points[:, 1] < 46.9)
    return np.concatenate([points[~below], _LOWER]) if below.any() else points
