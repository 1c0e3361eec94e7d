"""A chunk: padding is simulated and not told, and a list of cells that is too short grows."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from ceasefire.model import logistics
from ceasefire.simulate import draws
from ceasefire.simulate import run as module
from ceasefire.simulate.run import CHUNK, Chunk, Engine, ground_of, opening_list_length

RUNS, WEEKS, SEED = 70, 6, 5


@pytest.fixture(scope="module")
def engine(start) -> Engine:
    return Engine(start, weeks=WEEKS, seed=SEED)


@pytest.fixture(scope="module")
def whole(engine) -> Chunk:
    return engine.chunk(2, 3 * CHUNK)


def test_padding_is_not_told_and_changes_nothing(engine, whole):
    part = engine.chunk(2, RUNS)
    for name, values in part.series.items():
        assert values.shape[-1] == 6, name
        assert values.tobytes() == whole.series[name][..., :6].tobytes(), name
    assert part.ok.shape == part.area_error.shape == (6,)
    assert part.control.max() == 6
    assert (part.control <= whole.control).all()


def test_a_list_that_is_too_short_grows_until_nothing_is_dropped(start, whole, monkeypatch):
    """Where cells are left over the chunk is simulated again; the last answer is told, whole."""
    lengths: list[int] = []
    compiled = module.fight

    def overflowing(*arguments, list_length: int, **named):
        lengths.append(list_length)
        fought = compiled(*arguments, list_length=4 * short, **named)
        return fought._replace(overflow=jnp.asarray(list_length < 4 * short))

    monkeypatch.setattr(module, "fight", overflowing)
    hasty = Engine(start, weeks=WEEKS, seed=SEED)
    short, hasty.list_length = hasty.list_length // 4, hasty.list_length // 4
    chunk = hasty.chunk(2, 3 * CHUNK)
    assert lengths == [short, 2 * short, 4 * short]
    for name, values in chunk.series.items():
        assert values.tobytes() == whole.series[name].tobytes(), name


def test_a_list_never_grows_beyond_all_cells(start, monkeypatch):
    lengths: list[int] = []
    compiled, usual = module.fight, Engine(start, weeks=WEEKS, seed=SEED)

    def overflowing(*arguments, list_length: int, **named):
        lengths.append(list_length)
        fought = compiled(*arguments, list_length=usual.list_length, **named)
        return fought._replace(overflow=jnp.asarray(True))

    monkeypatch.setattr(module, "fight", overflowing)
    usual.chunk(2, RUNS)
    assert lengths[-1] == len(start.theatre)
    assert lengths == sorted(set(lengths))


def test_the_first_list_has_room_and_is_no_longer_than_there_are_cells(start, engine):
    assert 0 < engine.list_length <= len(start.theatre)
    assert engine.list_length == opening_list_length(start, ground_of(start))


def test_the_map_and_what_was_taken_agree(whole):
    taken = whole.series["front.taken"].astype(float).sum(axis=(0, 1, 2))
    assert (whole.area_error <= 1e-5 * taken + 1e-4).all()


def test_the_ground_has_a_dummy_row_that_holds_nothing(invented_war):
    ground, cells = ground_of(invented_war), len(invented_war.theatre)
    assert ground.area.shape == (cells + 1,)
    assert float(ground.area[-1]) == 0
    assert (np.asarray(ground.neighbour[-1]) == cells).all()
    assert float(np.abs(ground.border[:, -1]).sum()) == 0
    assert np.isclose(float(ground.area.sum()), invented_war.theatre.area.sum(), rtol=1e-6)


def test_discs_weigh_the_cells_of_their_towns(invented_war):
    ground = ground_of(invented_war)
    for k, town in enumerate(invented_war.theatre.towns):
        weight = np.zeros(len(invented_war.theatre) + 1)
        np.add.at(weight, np.asarray(ground.town_cell[k]), np.asarray(ground.town_weight[k]))
        expected = np.zeros_like(weight)
        np.add.at(expected, town.row, town.weight)
        assert np.allclose(weight, expected, atol=1e-6), town.name


def test_roads_carry_at_the_opening_what_the_model_finds_that_they_can(invented_war):
    ground = ground_of(invented_war)
    held = jnp.append(jnp.asarray(invented_war.theatre.opening_share, float), 0.0)[:, None]
    room = logistics.whole(ground.capacity[:-1, None] * logistics.open_roads(ground, held))
    found, _ = logistics.throughput(ground, logistics.sources(ground, held), room)
    np.testing.assert_array_equal(found[:, 0], ground.garrison_flow)
    assert found.max() > 0


def test_wars_that_stand_as_given_go_on_as_they_would_have(engine, whole, start):
    """From the opening on by hand, the same bits as in one go; and the number of the week is part of the luck."""
    run = np.arange(2 * CHUNK, 3 * CHUNK, dtype=np.uint32)
    params, _ = draws.parameters(draws.values(start, draws.cube(start, SEED, run)))
    wars, asked = engine.begun(params, run), np.ones(CHUNK, dtype=bool)
    told = engine.onward(wars, 0, asked)
    for name, values in told.series.items():
        assert values.tobytes() == whole.series[name].tobytes(), name
    assert np.array_equal(told.control, whole.control)
    later = engine.onward(wars, 3, asked)
    assert later.series["attrition.troops"][0].tobytes() == told.series["attrition.troops"][0].tobytes()
    assert (later.series["attrition.troops"][1] != told.series["attrition.troops"][1]).any()
