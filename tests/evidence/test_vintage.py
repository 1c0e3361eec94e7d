from __future__ import annotations

import dataclasses
import random

import numpy as np
import pytest

from ceasefire.evidence.control import ControlRecord
from ceasefire.evidence.error import EvidenceError
from ceasefire.evidence.gazetteer import Gazetteer
from ceasefire.evidence.series import Observation, Series
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage

DAY = "2025-03-15"


def spoiled(store: Store, day: str) -> Store:
    """The store with everything that was not yet known on a day changed out of recognition."""
    rows = [
        row
        if row.date <= day and row.published <= day
        else dataclasses.replace(row, value=-row.value * 3 - 1, trust="D", source="markets", note="spoiled")
        for row in store.observations
    ]
    rows.append(Observation("invented.later", "2099-01-01", day, 1.0, "count", "markets", "D"))
    rows.append(Observation("invented.unpublished", day, "2099-01-01", 1.0, "count", "markets", "D"))
    record = store.control
    later = (record.dates > np.datetime64(day)) | (record.published > np.datetime64(day))
    share, held, disc = record.share.copy(), record.held.copy(), record.disc.copy()
    share[later] = 10_000 - share[later]
    held[later] = ~held[later]
    disc[later] = 10_000 - disc[later]
    random.Random(1).shuffle(rows)
    changed = dataclasses.replace(record, share=share, held=held, disc=disc)
    return dataclasses.replace(store, observations=tuple(rows), control=changed)


def everything(vintage: Vintage, cells: np.ndarray) -> list[np.ndarray]:
    gazetteer = Gazetteer.packaged()
    history = vintage.control(cells)
    arrays = [history.dates, history.share, vintage.occupied_cells()]
    for name in vintage.names():
        series = vintage.series(name)
        arrays += [series.dates, series.values, series.published, series.source, series.trust, series.note]
    for name in ("Pokrovsk", "Toretsk", "Kramatorsk"):
        place = vintage.place(gazetteer.find(name))
        arrays += [place.dates, place.held, place.disc]
    return arrays


@pytest.mark.parametrize("day", ["2025-03-01", DAY, "2025-03-20"])
def test_nothing_later_can_change_a_vintage(small, day):
    before, after = Vintage(small, day), Vintage(spoiled(small, day), day)
    cells = small.control.cells
    assert before.hash == after.hash
    assert before.names() == after.names()
    assert before.latest_control_date == after.latest_control_date
    for one, other in zip(everything(before, cells), everything(after, cells), strict=True):
        np.testing.assert_array_equal(one, other)


def test_nothing_later_can_change_a_packaged_vintage(packaged):
    day = "2025-08-09"
    before, after = Vintage(packaged, day), Vintage(spoiled(packaged, day), day)
    assert before.hash == after.hash
    cells = packaged.control.cells[::7]
    for one, other in zip(everything(before, cells), everything(after, cells), strict=True):
        np.testing.assert_array_equal(one, other)


def test_anything_visible_does_change_the_hash(small):
    base = Vintage(small, DAY).hash
    assert base.startswith("v1:")
    visible = next(i for i, row in enumerate(small.observations) if row.published <= DAY and row.date <= DAY)
    for change in ({"value": 1.5}, {"trust": "D"}, {"note": "x"}, {"published": "2025-01-01"}, {"source": "markets"}):
        rows = list(small.observations)
        rows[visible] = dataclasses.replace(rows[visible], **change)
        assert Vintage(dataclasses.replace(small, observations=tuple(rows)), DAY).hash != base
    share = small.control.share.copy()
    share[0, 0] ^= 1
    control = dataclasses.replace(small.control, share=share)
    assert Vintage(dataclasses.replace(small, control=control), DAY).hash != base


def test_the_hash_does_not_depend_on_order_or_layout(small):
    record = small.control
    extra = np.array([1], dtype=np.uint64)
    wider = ControlRecord(
        cells=np.concatenate([extra, record.cells]),
        dates=record.dates,
        published=record.published,
        share=np.concatenate([np.zeros((len(record.dates), 1), dtype=np.uint16), record.share], axis=1),
        places=record.places[::-1],
        held=record.held[:, ::-1],
        disc=record.disc[:, ::-1],
    )
    shuffled = dataclasses.replace(small, observations=small.observations[::-1], control=wider)
    assert Vintage(shuffled, DAY).hash == Vintage(small, DAY).hash


def test_a_row_is_visible_only_once_it_happened_and_was_published(small):
    row = Observation("x.y", "2025-03-08", "2025-03-12", 5.0, "count", "markets", "A")
    store = dataclasses.replace(small, observations=(*small.observations, row))
    assert "x.y" not in Vintage(store, "2025-03-11").names()
    assert Vintage(store, "2025-03-12").series("x.y").latest() == 5.0
    plan = dataclasses.replace(row, date="2025-03-29", published="2025-03-01")
    store = dataclasses.replace(small, observations=(*small.observations, plan))
    assert "x.y" not in Vintage(store, "2025-03-28").names()
    assert "x.y" in Vintage(store, "2025-03-29").names()


def test_control_is_nought_for_cells_never_occupied(small):
    history = Vintage(small, DAY).control(np.array([1, small.control.cells[5], 2**63], dtype=np.uint64))
    assert history.share.shape == (3, 3)
    assert history.share.dtype == np.float32
    assert (history.share[:, [0, 2]] == 0).all()
    assert [str(day) for day in history.dates] == ["2025-03-01", "2025-03-08", "2025-03-15"]


def test_a_missing_week_stays_missing(small):
    days = {str(day) for day in Vintage(small, "2025-03-29").control(small.control.cells[:1]).dates}
    assert "2025-03-22" not in days
    assert "2025-03-29" in days


@pytest.mark.parametrize("day", ["2025-02-28", "2025-04-30", "1914-08-04", "2999-01-01"])
def test_a_date_outside_the_record_is_refused_with_the_range(small, day):
    with pytest.raises(EvidenceError, match="2025-03-01 to 2025-04-29"):
        Vintage(small, day)


@pytest.mark.parametrize("day", ["soon", "", None, "2025-02-30", "NaT"])
def test_what_is_no_date_is_refused(small, day):
    with pytest.raises(EvidenceError):
        Vintage(small, day)


def test_an_unknown_series_is_refused_with_the_nearest_name(small):
    with pytest.raises(EvidenceError, match=r"loss_claim.personnel"):
        Vintage(small, DAY).series("loss_claim.personel")


def rows(*values: tuple[str, str, float]) -> list[Observation]:
    return [Observation("x", day, known, value, "count", "markets", "C") for day, known, value in values]


def test_the_latest_value_is_the_last_revision_of_the_last_event():
    series = Series.of(
        rows(("2025-02-01", "2025-03-09", 3.0), ("2025-03-01", "2025-03-05", 1.0), ("2025-03-01", "2025-03-02", 2.0))
    )
    assert series.latest() == 1.0
    assert list(series.between("2025-01-01", "2025-02-15").values) == [3.0]
    assert len(series.trusted("AB")) == 0
    with pytest.raises(EvidenceError):
        series.between("1999-01-01", "1999-02-01").latest()


def test_change_starts_unknown():
    change = Series.of(rows(("2025-02-01", "2025-02-01", 3.0), ("2025-02-08", "2025-02-08", 5.0))).change()
    assert np.isnan(change[0])
    assert change[1] == 2.0


def test_a_series_has_one_name_and_unit():
    mixed = rows(("2025-02-01", "2025-02-01", 3.0))
    mixed.append(dataclasses.replace(mixed[0], unit="km2"))
    with pytest.raises(EvidenceError):
        Series.of(mixed)
    with pytest.raises(EvidenceError):
        Series.of([])


def test_arrays_of_a_series_cannot_be_written_to(small):
    series = Vintage(small, DAY).series("area.total")
    with pytest.raises(ValueError, match="read-only"):
        series.values[0] = 0
