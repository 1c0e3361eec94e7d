"""The levers: whatever is offered can be decreed, and nothing else is offered."""

from __future__ import annotations

import pytest

from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario import decree
from ceasefire.scenario.spec import load
from ceasefire.scenario.start import Start, open_war
from ceasefire.view.web import levers
from ceasefire.view.web.replies import Lever

WEEKS = 52


@pytest.fixture(scope="module", params=["abu-dhabi-2026-01", "alaska-2025-08"])
def opened(request) -> tuple[Start, levers.Levers]:
    store, scenario = Store.open(), load(request.param)
    return open_war(scenario, Vintage(store, scenario.opening)), levers.levers(scenario, store)


def written(lever: Lever, *, by_label: bool) -> str:
    """A decree of the first label of each dimension, or of all of them at once."""
    labels = ",".join(axis.labels[0].key if by_label else "*" for axis in lever.axes)
    value = 0.0 if lever.low is None else lever.low
    number = f"{value}" if value >= 0 else f"({value})"
    return f"{lever.name}[{labels}]={number}@5..9" if labels else f"{lever.name}={number}@5..9"


@pytest.mark.parametrize("by_label", [True, False])
def test_every_lever_can_be_pulled(opened, by_label):
    start, told = opened
    lines = [written(lever, by_label=by_label) for lever in told.levers]
    settled = decree.schedule(start, WEEKS, lines).settled
    assert [one.name for one in settled] == [lever.name for lever in told.levers]
    for lever, one in zip(told.levers, settled, strict=True):
        assert (lever.unit, lever.doc, lever.kind) == (one.unit, one.doc, one.quantity)


def test_a_factor_is_offered_where_it_is_taken(opened):
    start, told = opened
    for lever in told.levers:
        line = f"{lever.name}=x0.5"
        if lever.factor:
            decree.schedule(start, WEEKS, [line])
        else:
            with pytest.raises(decree.DecreeError):
                decree.schedule(start, WEEKS, [line])


def test_nothing_that_can_be_decreed_is_missing(opened):
    start, told = opened
    offered = {lever.name for lever in told.levers}
    for place in decree.places(start):
        if place.name not in offered:
            with pytest.raises(decree.DecreeError):
                decree.schedule(start, WEEKS, [f"{place.name}=+0"])


def test_labels_are_those_of_the_war_with_names_for_all(opened):
    start, told = opened
    for lever in told.levers:
        for axis in lever.axes:
            assert tuple(label.key for label in axis.labels) == start.labels[axis.name]
            assert all(label.name.strip() for label in axis.labels)
    sides = next(axis for lever in told.levers for axis in lever.axes if axis.name == "side")
    assert {label.name for label in sides.labels} == {"Russia", "Ukraine"}


def test_a_dozen_suggestions_over_the_whole_model(opened):
    start, told = opened
    assert len(told.suggestions) >= 12
    settled = [decree.schedule(start, WEEKS, [line]).settled[0] for line in told.suggestions]
    assert len({one.name.partition(".")[0] for one in settled}) >= 10


def test_a_small_war_gets_what_it_has(invented_war):
    lines = list(levers.suggested(invented_war.scenario, invented_war.labels))
    for line in lines:
        decree.schedule(invented_war, WEEKS, [line])
    assert len(lines) >= 8
