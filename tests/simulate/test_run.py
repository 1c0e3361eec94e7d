"""A chunk: padding is simulated and not told, and a list of cells that is too short grows."""

from __future__ import annotations

import numpy as np
import pytest

from ceasefire.simulate.run import CHUNK, Engine, discs_of, ground_of, opening_list_length

WEEKS, SEED = 6, 5


@pytest.fixture(scope="module")
def roomy(invented_war) -> Engine:
    """An engine with room for all that comes into reach in a few weeks, if not for every cell."""
    engine = Engine(invented_war, weeks=WEEKS, seed=SEED)
    engine.list_length = 220
    return engine


def test_a_list_that_is_too_short_grows_until_nothing_is_dropped(invented_war, roomy):
    short = Engine(invented_war, weeks=WEEKS, seed=SEED)
    short.list_length = roomy.list_length // 2
    one, other = short.chunk(0, CHUNK), roomy.chunk(0, CHUNK)
    for name, values in other.series.items():
        assert values.tobytes() == one.series[name].tobytes(), name
    assert np.array_equal(one.control, other.control)
    assert one.ok.all()
    assert one.area_error.max() < 1e-3


def test_padding_is_not_told_and_changes_nothing(roomy):
    whole, part = roomy.chunk(1, 2 * CHUNK), roomy.chunk(1, CHUNK + 5)
    for name, values in part.series.items():
        assert values.shape[-1] == 5, name
        assert values.tobytes() == whole.series[name][..., :5].tobytes(), name
    assert part.ok.shape == part.area_error.shape == (5,)
    assert part.control.max() == 5
    assert (part.control <= whole.control).all()


def test_the_first_list_has_room_and_is_no_longer_than_there_are_cells(invented_war):
    length = opening_list_length(invented_war, ground_of(invented_war))
    assert 0 < length <= len(invented_war.theatre)


def test_the_ground_has_a_dummy_row_that_holds_nothing(invented_war):
    ground, cells = ground_of(invented_war), len(invented_war.theatre)
    assert ground.area.shape == (cells + 1,)
    assert float(ground.area[-1]) == 0
    assert (np.asarray(ground.neighbour[-1]) == cells).all()
    assert float(np.abs(ground.border[:, -1]).sum()) == 0
    assert np.isclose(float(ground.area.sum()), invented_war.theatre.area.sum(), rtol=1e-6)


def test_discs_weigh_the_cells_of_their_towns(invented_war):
    discs = discs_of(invented_war)
    for k, town in enumerate(invented_war.theatre.towns):
        weight = np.zeros(len(invented_war.theatre) + 1)
        np.add.at(weight, np.asarray(discs.row[k]), np.asarray(discs.weight[k]))
        expected = np.zeros_like(weight)
        np.add.at(expected, town.row, town.weight)
        assert np.allclose(weight, expected, atol=1e-6), town.name
