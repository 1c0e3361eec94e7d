"""The map: hexagons that fit together, chances to the byte, and nothing that was not known on the day."""

from __future__ import annotations

import struct

import h3.api.numpy_int as h3
import numpy as np
import pytest

from ceasefire.evidence.error import CeasefireError
from ceasefire.evidence.store import Store
from ceasefire.view.web import atlas


@pytest.fixture(scope="module")
def read(invented_result):
    """What a page reads of the bytes of the cells."""
    packed = atlas.cells(invented_result)
    magic, cells, corners = struct.unpack_from("<4sII", packed)
    parts, at = {}, 12
    for name, kind, shape in (
        ("place", "<f4", (corners, 2)),
        ("corner", "<u4", (cells, 6)),
        ("neighbour", "<i4", (cells, 6)),
        ("axis", "u1", (cells,)),
    ):
        parts[name] = np.frombuffer(packed, kind, int(np.prod(shape)), at).reshape(shape)
        at += parts[name].nbytes
    assert (magic, at) == (b"CFC1", len(packed))
    return parts


@pytest.fixture(scope="module")
def cell(invented_result) -> np.ndarray:
    return invented_result["cell"].to_numpy()


def test_every_edge_between_cells_belongs_to_two_of_them(read):
    edges: dict[tuple[int, ...], list[tuple[int, int]]] = {}
    for row, corner in enumerate(read["corner"].tolist()):
        for k in range(6):
            edges.setdefault(tuple(sorted((corner[k], corner[(k + 1) % 6]))), []).append((row, k))
    assert {len(found) for found in edges.values()} == {1, 2}
    for found in edges.values():
        across = [read["neighbour"][row, k] for row, k in found]
        assert across == ([-1] if len(found) == 1 else [found[1][0], found[0][0]])


def test_neighbours_are_those_of_h3(read, cell):
    index = {one: row for row, one in enumerate(cell.tolist())}
    for one, row in index.items():
        meant = {index[other] for other in h3.grid_ring(one, 1).tolist() if other in index}
        assert set(read["neighbour"][row].tolist()) - {-1} == meant


def test_corners_are_those_of_h3_in_one_sense_of_turning(read, cell):
    for row in range(0, len(cell), 37):
        ring = read["place"][read["corner"][row]].astype(float)
        boundary = np.array(h3.cell_to_boundary(int(cell[row])))[:, ::-1]
        assert all(np.abs(boundary - corner).sum(axis=1).min() < 2e-5 for corner in ring)
        x, y = (ring - ring.mean(axis=0)).T
        assert (x * np.roll(y, -1) - y * np.roll(x, -1) > 0).all()


def test_cells_are_as_large_as_h3_says(read, cell):
    for row in range(0, len(cell), 37):
        ring = read["place"].astype(float)[read["corner"][row]]
        x, y = (ring - ring.mean(axis=0)).T * 111.195
        x *= np.cos(np.radians(ring[:, 1].mean()))
        area = 0.5 * abs((x * np.roll(y, -1) - y * np.roll(x, -1)).sum())
        assert area == pytest.approx(h3.cell_area(int(cell[row]), "km^2"), rel=5e-3)


def test_every_corner_is_used_and_none_is_there_twice(read):
    assert set(read["corner"].ravel().tolist()) == set(range(len(read["place"])))
    assert len(np.unique(read["place"], axis=0)) == len(read["place"])


def test_axes_are_those_of_the_result(read, invented_result):
    names = invented_result["axis"].to_numpy()
    assert read["axis"].max() < len(names)
    assert (read["axis"] == atlas.axis_of(invented_result)).all()
    as_names = invented_result.assign_coords(cell_axis=("cell", names[read["axis"]]))
    assert (atlas.axis_of(as_names) == read["axis"]).all()


def test_control_survives_the_bytes(invented_result):
    chance = invented_result["control_probability"].to_numpy()
    told = np.frombuffer(atlas.control(invented_result), np.uint8).reshape(chance.shape)
    assert ((told == 0) == (chance == 0)).all()
    assert ((told == 255) == (chance == 1)).all()
    assert np.abs(told / 255 - chance).max() <= 1.01 / 255
    assert np.frombuffer(atlas.opening(invented_result), np.uint8).shape == chance.shape[1:]


def test_more_of_a_cell_is_never_told_as_less():
    share = np.sort(np.concatenate([np.random.default_rng(1).uniform(size=500), [0, 1, 1e-9, 1 - 1e-7, 0.5]]))
    told = atlas.in_255ths(share)
    assert (np.diff(told.astype(int)) >= 0).all()
    assert told[0] == 0
    assert told[1] == 1
    assert told[-1] == 255
    assert told[-2] == 254
    assert atlas.in_255ths(np.array([np.nan]))[0] <= 1


# --------------------------------------------------------------------------------------------------- what was observed


@pytest.fixture(scope="module")
def store() -> Store:
    return Store.open()


def test_no_map_from_after_the_opening_is_told(result, summary, store):
    """Neither mapped nor published after it, on any day that a war might open."""
    for day in ("2024-08-01", "2025-06-14", "2026-01-31"):
        opened = result.assign_attrs(opening=day)
        told = atlas.map_of(opened, summary, None, store).observed
        assert told
        assert told == sorted(told)
        assert max(told) <= day
        published = dict(zip(store.control.dates.astype(str), store.control.published.astype(str), strict=True))
        assert all(published[one] <= day for one in told)
        for index in (len(told), -1, 10**6):
            with pytest.raises(CeasefireError, match=f"{len(told)} are known"):
                atlas.observed(opened, store, index)


def test_the_last_map_known_is_the_opening(result, store):
    known = atlas.visible(result, store)
    assert atlas.observed(result, store, len(known) - 1) == atlas.opening(result)


def test_a_map_shows_what_was_mapped(result, store):
    known = atlas.visible(result, store)
    told = np.frombuffer(atlas.observed(result, store, 0), np.uint8)
    column = {cell: k for k, cell in enumerate(store.control.cells.tolist())}
    first, last = (store.control.share[known[at]] for at in (0, -1))
    compared = 0
    for row, cell in enumerate(result["cell"].to_numpy().tolist()):
        k = column.get(cell)
        if k is not None and first[k] != last[k]:
            assert told[row] == pytest.approx(255 * float(first[k]) / 1e4, abs=6)
            compared += 1
    assert compared > 20


# ---------------------------------------------------------------------------------------------------- towns and roads


def test_a_town_is_counted_from_the_week_in_which_it_changes_hands(invented_result, invented_summary, store):
    told = atlas.map_of(invented_result, invented_summary, None, store)
    week = invented_result["town_change_week"].to_numpy()
    assert [town.name for town in told.towns] == invented_result["town"].to_numpy().tolist()
    for town, changed in zip(told.towns, week, strict=True):
        assert town.changed == sorted(town.changed)
        assert town.changed[0] == 0
        assert town.changed[-1] == pytest.approx((changed >= 0).mean(), abs=1e-5)
        assert town.holder in invented_result["side"].to_numpy()


def test_the_map_is_small_enough_to_be_sent(result, summary, store):
    told = atlas.map_of(result, summary, None, store)
    assert len(told.model_dump_json()) < 400_000
    assert {line.kind for line in told.lines} >= {"road", "railway", "river", "region"}
    assert told.cells == result.sizes["cell"]
    assert told.west < told.east
    assert told.south < told.north
    assert {sector.key for sector in told.sectors} <= {axis.key for axis in summary.axes}
    for line in told.lines:
        assert len(line.points) >= 2
        assert all(0 <= share <= 1 for share in line.cut)


def test_a_road_is_cut_in_no_fewer_runs_than_told():
    """What is told is a bound: in runs drawn at random a road carries nothing at least so often."""
    random = np.random.default_rng(3)
    for side in (0, 1):
        held = random.random((6, 5, 400)) < random.random((6, 5, 1))  # week, cell, run
        held[0] = side == 0
        own = held if side == 0 else ~held
        closed = ~own.all(axis=1)
        told = atlas.cut(held.mean(axis=2))
        assert (told <= closed.mean(axis=1) + 1e-9).all()
        assert told[0] == 0
    one = random.random((6, 1, 400)) < 0.7
    one[0] = True
    assert atlas.cut(one.mean(axis=2)) == pytest.approx((~one[:, 0]).mean(axis=1))


def test_a_road_across_the_line_is_cut_at_the_opening():
    chance = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.25], [1.0, 1.0, 1.0]])
    assert atlas.cut(chance).tolist() == [1.0, 0.75, 0.0]
