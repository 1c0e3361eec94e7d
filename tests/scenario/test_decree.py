"""Decrees: what is written means one thing or is refused in one line."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ceasefire.evidence.error import CeasefireError
from ceasefire.scenario import decree
from ceasefire.scenario.decree import DecreeError, Schedule, parse, places, schedule

WEEKS = 20
MONDAY = dt.date(2042, 6, 9)
"""In the first week after the opening, Saturday 7 June 2042."""


def decreed(start, *texts: str) -> Schedule:
    return schedule(start, WEEKS, texts)


def numbers(found: Schedule, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Factor and shift of a quantity, [week, ...]."""
    place = next(place for place in found.places if place.name == name)
    at = slice(place.offset, place.offset + place.size)
    return tuple(table[:, at].reshape(-1, *place.shape) for table in (found.factor, found.shift))


def touched(found: Schedule) -> np.ndarray:
    """[week, number] where anything is changed."""
    return (found.factor != 1) | (found.shift != 0)


@pytest.mark.parametrize(
    ("written", "kind", "value"),
    [
        ("0.5", "number", 0.5),
        ("3", "number", 3),
        (".5", "number", 0.5),
        ("5.", "number", 5),
        ("1e3", "number", 1000),
        ("(-3)", "number", -3),
        ("(−3)", "number", -3),
        ("(3)", "number", 3),
        ("x0.5", "factor", 0.5),
        ("X2", "factor", 2),
        ("×1.5", "factor", 1.5),
        ("x 2", "factor", 2),
        ("+3", "shift", 3),
        ("-3", "shift", -3),
        ("−3", "shift", -3),
        ("+1e-3", "shift", 0.001),
    ],
)
def test_a_value_is_a_number_a_factor_or_a_shift(written, kind, value):
    read = parse(f"manpower.recruitment[Blue]={written}")
    assert (read.kind, read.value) == (kind, value)


@pytest.mark.parametrize(
    ("window", "first", "last"),
    [
        ("", 1, WEEKS),
        ("@5", 5, WEEKS),
        ("@5..", 5, WEEKS),
        ("@5..8", 5, 8),
        ("@ 5 .. 8 ", 5, 8),
        ("@..8", 1, 8),
        ("@20..20", 20, 20),
        (f"@{MONDAY}", 1, WEEKS),
        (f"@{MONDAY}..{MONDAY + dt.timedelta(5)}", 1, 1),
        (f"@..{MONDAY + dt.timedelta(6)}", 1, 2),
        (f"@3..{MONDAY + dt.timedelta(weeks=9)}", 3, 10),
    ],
)
def test_a_window_is_in_weeks_or_days(invented_war, window, first, last):
    found = decreed(invented_war, f"manpower.recruitment=x0.5{window}")
    assert (found.settled[0].first, found.settled[0].last) == (first, last)
    assert np.flatnonzero(touched(found).any(axis=1)).tolist() == list(range(first - 1, last))


def test_a_week_ends_on_the_weekday_of_the_map(invented_war):
    """The day after the opening begins week 1, which lasts until the same weekday again."""
    opening = decree.opening_day(invented_war)
    for days in range(1, 7 * WEEKS + 1):
        day = opening + dt.timedelta(days)
        assert decreed(invented_war, f"manpower.recruitment=x2@{day}").settled[0].first == (days + 6) // 7


@pytest.mark.parametrize(
    ("name", "shape", "where"),
    [
        ("manpower.recruitment", (2,), (slice(None),)),
        ("manpower.recruitment[*]", (2,), (slice(None),)),
        ("manpower.recruitment[Amber]", (2,), (1,)),
        ("manpower.recruitment[ amber ]", (2,), (1,)),
        ("manpower.recruitment[Amber Republic]", (2,), (1,)),
        ("attrition.loss_rate[Blue]", (2, 2), (0,)),
        ("attrition.loss_rate[*,gun]", (2, 2), (slice(None), 1)),
        ("attrition.loss_rate[Amber,tank]", (2, 2), (1, 0)),
        ("front.taken[*,north]", (2, 3), (slice(None), 2)),
        ("manpower.training[Blue]", (2, 1), (0,)),
        ("bargaining.hazard", (), ()),
    ],
)
def test_labels_choose_numbers(invented_war, name, shape, where):
    found = decreed(invented_war, f"{name}=0.25")
    factor, shift = numbers(found, name.partition("[")[0])
    expected = np.zeros((WEEKS, *shape))
    expected[(slice(None), *where)] = 0.25
    assert np.array_equal(shift, expected)
    assert np.array_equal(factor, np.where(expected, 0, 1))
    assert touched(found).sum() == np.count_nonzero(expected)


def test_every_number_has_a_place_of_its_own(invented_war):
    found = places(invented_war)
    taken = np.concatenate([np.arange(place.offset, place.offset + place.size) for place in found])
    assert np.array_equal(taken, np.arange(len(taken)))
    assert len({place.name for place in found}) == len(found)


def test_a_state_is_multiplied_or_moved_once_and_held_throughout(invented_war):
    for written, weeks in (("x0.5", [4]), ("+100", [4]), ("-100", [4]), ("1000", [4, 5, 6, 7])):
        found = decreed(invented_war, f"attrition.troops[Blue]={written}@5..8")
        assert np.flatnonzero(touched(found).any(axis=1)).tolist() == weeks
        assert found.settled[0].once == (len(weeks) == 1)
    assert not decreed(invented_war, "manpower.recruitment=x0.5").settled[0].once
    assert not decreed(invented_war, "manpower.recruited=x0.5").settled[0].once


small = st.floats(0, 10).map(lambda value: float(f"{value:.3g}"))


@given(
    st.lists(
        st.tuples(st.sampled_from(["", "x", "+", "-"]), small, st.integers(1, WEEKS), st.integers(0, 5)),
        min_size=1,
        max_size=6,
        unique=True,
    ),
    st.floats(1, 1000),
)
@settings(deadline=None, max_examples=60)
def test_decrees_on_one_number_work_one_after_the_other(invented_war, steps, value):
    """The tables do what doing each in turn would do."""
    texts, expected = [], np.full(WEEKS, value)
    for mark, size, first, more in steps:
        last = min(first + more, WEEKS)
        texts.append(f"policy.planned_fire[Blue]={mark}{size:f}@{first}..{last}")
        here, size = slice(first - 1, last), float(f"{size:f}")
        expected[here] = {"": 0 * expected[here] + size, "x": expected[here] * size}.get(
            mark, expected[here] + (size if mark == "+" else -size)
        )
    if len(set(texts)) < len(texts):
        with pytest.raises(DecreeError, match="twice"):
            decreed(invented_war, *texts)
        return
    factor, shift = numbers(decreed(invented_war, *texts), "policy.planned_fire")
    assert np.allclose(factor[:, 0] * value + shift[:, 0], expected, rtol=1e-9, atol=1e-9)
    assert (factor[:, 1] == 1).all()


@pytest.mark.parametrize(
    ("text", "culprit"),
    [
        ("", "NAME=VALUE"),
        ("manpower.recruitment", "NAME=VALUE"),
        ("=3", "no name"),
        ("recruitment=3", "no name"),
        ("manpower.recruitment=", "no value"),
        ("manpower.recruitment=nan", "no value"),
        ("manpower.recruitment=inf", "no value"),
        ("manpower.recruitment=xinf", "no value"),
        ("manpower.recruitment=+-3", "no value"),
        ("manpower.recruitment=x", "no value"),
        ("manpower.recruitment=10%", "no value"),
        ("manpower.recruitment==3", "no value"),
        ("manpower.recruitment=x-1", "cannot be negative"),
        ("manpower.recruitment=1e300", "beyond"),
        ("manpower.recruitment=1e999", "beyond"),
        ("manpower.recruitment=+1e16", "beyond"),
        ("manpower.recruitment=(-5)", "0 or more"),
        ("manpower.return_share=1.5", "from 0 to 1"),
        ("manpower.recruitment[]=3", "empty"),
        ("manpower.recruitment[Blue,]=3", "empty"),
        ("manpower.recruitment[Blue,north]=3", "takes [side]"),
        ("manpower.recruitment[Bleu]=3", "did you mean 'Blue'"),
        ("manpower.recruitmnt=3", "did you mean 'manpower.recruitment'"),
        ("bargaining.hazard[Blue]=0.1", "takes none"),
        ("front.held=1", "front.control[TOWN]"),
        ("front.momentum[Blue]=1", "front.control[TOWN]"),
        ("reporting.overcount=1", "reported"),
        ("front.ceded=1", "front.control[TOWN]"),
        ("attrition.troops_opening=1", "past"),
        ("attrition.casualty_rate_opening=x2", "attrition.casualty_rate)"),
        ("bargaining.phase=1.5", "whole number"),
        ("bargaining.phase=x1", "whole number"),
        ("bargaining.ended=+1", "happens or not"),
        ("bargaining.ended=0.5", "happens or not"),
        ("manpower.recruitment=x2@", "missing"),
        ("manpower.recruitment=x2@..", "missing"),
        ("manpower.recruitment=x2@0", "outside"),
        ("manpower.recruitment=x2@21", "outside"),
        ("manpower.recruitment=x2@5..21", "outside"),
        ("manpower.recruitment=x2@8..5", "before it begins"),
        ("manpower.recruitment=x2@2042-06-07", "outside"),
        ("manpower.recruitment=x2@2042-13-40", "neither a week"),
        ("manpower.recruitment=x2@-3", "neither a week"),
        ("manpower.recruitment=x2@next week", "neither a week"),
        ("manpower.recruitment=x2@1...5", "neither a week"),
        ("manpower.recruitment=x2@1..2..3", "neither a week"),
        ("manpower.recruitment=x2@5@6", "neither a week"),
        ("manpower.recruitment=x٣", "no value"),
        ("manpower.recruitment=x2@٣", "neither a week"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(invented_war, text, culprit):
    with pytest.raises(DecreeError) as error:
        decreed(invented_war, text)
    assert culprit in str(error.value)
    assert "\n" not in str(error.value)


def test_the_same_twice_is_refused_and_nothing_at_all_as_well(invented_war):
    with pytest.raises(DecreeError, match="twice"):
        decreed(invented_war, "manpower.recruitment[Blue]=x0.5", "manpower.recruitment[blue]=x0.50@1..20")
    with pytest.raises(DecreeError, match="no intervention"):
        decreed(invented_war)
    with pytest.raises(DecreeError, match="most"):
        decreed(invented_war, *(f"manpower.recruitment=x{k}" for k in range(1001)))
    with pytest.raises(DecreeError, match="together"):
        decreed(invented_war, *(f"manpower.recruitment=x1e{k}" for k in range(10, 16)))


@given(st.text(max_size=60) | st.from_regex(r"[a-z]{1,9}\.[a-z_]{1,9}(\[.{0,9}\])?=.{0,12}(@.{0,12})?"))
@example("manpower.recruitment=x0.5@5..12")
@example("\x1b[31m=3")
@example("a.b=1e-400@" + "9" * 5)
@settings(deadline=None, max_examples=300)
def test_any_text_is_read_or_refused_in_one_printable_line(invented_war, text):
    message, found = "", None
    try:
        found = decreed(invented_war, text)
    except CeasefireError as error:
        message = str(error)
    if found is None:
        assert message
        assert message.isprintable()
        return
    assert np.isfinite(found.factor).all()
    assert np.isfinite(found.shift).all()


class TestPolicy:
    def test_a_file_gives_its_title_and_its_list(self, tmp_path):
        file = tmp_path / "policy.toml"
        file.write_text('title = "Less"\ndo = ["manpower.recruitment[Blue]=x0.5@5..26"]\n')
        assert decree.read(file) == ("Less", ("manpower.recruitment[Blue]=x0.5@5..26",))

    @pytest.mark.parametrize(
        ("content", "culprit"),
        [
            (b"", "does nothing"),
            (b"do = []", "does nothing"),
            (b"do = 3", "list of texts"),
            (b"do = [3]", "list of texts"),
            (b'title = 3\ndo = ["a.b=1"]', "list of texts"),
            (b'dos = ["a.b=1"]', "did you mean 'do'"),
            (b"do = [", "not TOML"),
            (b"\xff\xfe", "not TOML"),
            (b"do = " + b"[" * 5000, "not TOML"),
            (b"#" * 70_000, "longer"),
        ],
        ids=range(10),
    )
    def test_what_is_no_policy_is_refused(self, tmp_path, content, culprit):
        file = tmp_path / "policy.toml"
        file.write_bytes(content)
        with pytest.raises(DecreeError) as error:
            decree.read(file)
        assert culprit in str(error.value)
        assert "\n" not in str(error.value)

    def test_what_is_no_file_is_refused(self, tmp_path):
        for path in (tmp_path, tmp_path / "none.toml", "a\0b"):
            with pytest.raises(DecreeError, match="cannot read"):
                decree.read(path)


def test_a_road_may_be_named_from_either_end(invented_war):
    one, other = (decreed(invented_war, f"logistics.passable[{road}]=0") for road in ("Town 0-Town 1", "Town 1-Town 0"))
    assert (one.factor == other.factor).all()
    assert touched(one).any()
