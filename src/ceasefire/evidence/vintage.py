"""The evidence as it stood on a date: a forecast, or a backtest, cannot peek.

A row is visible on a day if what it describes had happened by then (event date ≤ day) and it could be read by then
(published ≤ day). Everything here is computed from visible rows alone, so nothing later in the store can change it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ceasefire.evidence.control import SHARE_STEPS, place_key
from ceasefire.evidence.error import EvidenceError, suggestion
from ceasefire.evidence.geography import Place
from ceasefire.evidence.series import Day, Days, Observation, Series, as_day
from ceasefire.evidence.store import Store

HASH_VERSION = "v1"
GRACE_DAYS = 31
"""A forecast may open at most this long after the last evidence."""


@dataclass(frozen=True, eq=False)
class ControlHistory:
    """Occupied share of cells, map by map."""

    dates: Days
    """[date]"""
    share: NDArray[np.float32]
    """[date, cell], 0 to 1, of the whole area of the cell."""


@dataclass(frozen=True, eq=False)
class PlaceHistory:
    """Who held a place, map by map."""

    dates: Days
    held: NDArray[np.bool_]
    """[date]: the place's point lies in the occupied polygon."""
    disc: NDArray[np.float32]
    """[date]: occupied share of the place's disc (`Place.radius_km`), 0 to 1."""


class Vintage:
    """What a store shows on one day."""

    def __init__(self, store: Store, as_of: Day) -> None:
        """Raises `EvidenceError` where the day is no date, before the first map, or too long after the last."""
        self.as_of = as_day(as_of)
        _check_range(store, self.as_of)
        limit = str(self.as_of)
        self._rows: dict[str, list[Observation]] = {}
        for row in store.observations:
            if row.date <= limit and row.published <= limit:
                self._rows.setdefault(row.name, []).append(row)
        self._control = store.control
        self._visible = np.flatnonzero((store.control.dates <= self.as_of) & (store.control.published <= self.as_of))

    def names(self) -> tuple[str, ...]:
        """Names of the series with at least one visible row, sorted."""
        return tuple(sorted(self._rows))

    def series(self, name: str) -> Series:
        """Visible rows of one series. Raises `EvidenceError` where there are none, with the nearest known name."""
        if name not in self._rows:
            hint = suggestion(name, self._rows)
            raise EvidenceError(f"no series {name!r} is known on {self.as_of}{hint or '; see Vintage.names()'}")
        return Series.of(self._rows[name])

    @property
    def latest_control_date(self) -> np.datetime64:
        """Date of the last visible map. Raises `EvidenceError` where none is visible."""
        if not len(self._visible):
            raise EvidenceError(f"no map of control is known on {self.as_of}")
        latest: np.datetime64 = self._control.dates[self._visible[-1]]
        return latest

    def control(self, cells: NDArray[np.uint64]) -> ControlHistory:
        """Occupied share of the given cells on every visible map; 0 for cells never occupied."""
        known = self._control.cells
        cells = np.asarray(cells, dtype=np.uint64)
        share = np.zeros((len(self._visible), len(cells)), dtype=np.float32)
        if len(known) and len(self._visible):
            column = np.minimum(np.searchsorted(known, cells), len(known) - 1)
            found = known[column] == cells
            share[:, found] = self._control.share[np.ix_(self._visible, column[found])] / np.float32(SHARE_STEPS)
        return ControlHistory(self._control.dates[self._visible], share)

    def occupied_cells(self) -> NDArray[np.uint64]:
        """Cells with any occupied ground on any visible map, sorted."""
        return self._control.cells[self._control.share[self._visible].any(axis=0)]

    def place(self, place: Place) -> PlaceHistory:
        """Who held a place on every visible map. Raises `EvidenceError` where the record does not follow it."""
        column = np.flatnonzero(self._control.places == place_key(place))
        if not len(column):
            raise EvidenceError(f"the record of control does not follow {place.name}; it follows places in Ukraine")
        disc = self._control.disc[self._visible, column[0]] / np.float32(SHARE_STEPS)
        return PlaceHistory(self._control.dates[self._visible], self._control.held[self._visible, column[0]], disc)

    @cached_property
    def hash(self) -> str:
        """`v1:` and the sha256 of exactly the visible rows, in an order of their own.

        Independent of anything later in the store, of the order of rows and of the layout of files.
        """
        digest = hashlib.sha256()
        for name in sorted(self._rows):
            for row in sorted(self._rows[name]):
                _absorb(digest, *(str(value) for value in _fields(row)))
        for index in self._visible:
            self._absorb_map(digest, index)
        return f"{HASH_VERSION}:{digest.hexdigest()}"

    def _absorb_map(self, digest: hashlib._Hash, index: np.intp) -> None:
        record = self._control
        occupied = np.flatnonzero(record.share[index])
        _absorb(digest, "map", str(record.dates[index]), str(record.published[index]), str(len(occupied)))
        digest.update(record.cells[occupied].astype("<u8").tobytes())
        digest.update(record.share[index, occupied].astype("<u2").tobytes())
        for column in np.argsort(record.places):
            if record.disc[index, column] or record.held[index, column]:
                held, disc = int(record.held[index, column]), int(record.disc[index, column])
                _absorb(digest, str(record.places[column]), str(held), str(disc))


def _fields(row: Observation) -> tuple[str | float, ...]:
    return (row.name, row.date, row.published, repr(row.value), row.unit, row.source, row.trust, row.note)


def _absorb(digest: hashlib._Hash, *fields: str) -> None:
    """Add fields, each with its length, so that no two rows can run into one another."""
    for text in fields:
        encoded = text.encode()
        digest.update(f"{len(encoded)}:".encode() + encoded)


def _check_range(store: Store, day: np.datetime64) -> None:
    first, last = _span(store)
    end = last + np.timedelta64(GRACE_DAYS, "D")
    if not first <= day <= end:
        raise EvidenceError(
            f"no evidence for {day}: this store serves {first} to {end}, {GRACE_DAYS} days after its last; "
            "choose a date in that range, or build a store from later files"
        )


def _span(store: Store) -> tuple[np.datetime64, np.datetime64]:
    """First and last map of control; first and last event where there is none."""
    if len(store.control.dates):
        return store.control.dates[0], store.control.dates[-1]
    if not store.observations:
        raise EvidenceError("this store holds no evidence at all; build it again from upstream files")
    days = [row.date for row in store.observations]
    return np.datetime64(min(days), "D"), np.datetime64(max(days), "D")
