"""What if: nothing before the cause, nothing without a cause, more from more, and intervals that hold the truth."""

from __future__ import annotations

import dataclasses
import itertools
import json

import numpy as np
import pytest

import ceasefire
from ceasefire.evidence.error import CeasefireError
from ceasefire.scenario import decree
from ceasefire.scenario.start import variables
from ceasefire.simulate.run import CHUNK, TOWN_SHARE, Engine
from ceasefire.study import measure
from ceasefire.study import whatif as study
from ceasefire.study.measure import AT_END, IN_WEEK, SO_FAR, Measure, Output
from ceasefire.study.whatif import Tally, WhatIf, of_start

RUNS, WEEKS, SEED = 70, 26, 5
"""As many weeks as the ablation, so that both share one compiled program."""
HALF = "manpower.recruitment[Blue]=x0.5@5"


@pytest.fixture(scope="module")
def engine(invented_war) -> Engine:
    return Engine(invented_war, weeks=WEEKS, seed=SEED, keep=measure.recorded(invented_war))


@pytest.fixture(scope="module")
def fight(invented_war, engine):
    """One chunk as it is, and with each of some decrees."""

    def fought(*texts: str):
        schedules = [decree.schedule(invented_war, WEEKS, text.split(" & ")) for text in texts]
        return list(engine.chunks(0, CHUNK, (engine.nothing, *schedules)))

    return fought


@pytest.fixture(scope="module")
def compared(invented_war):
    def found(*texts: str, runs: int = RUNS, workers: int = 1, **more) -> WhatIf:
        schedule = decree.schedule(invented_war, WEEKS, texts)
        return of_start(invented_war, schedule, runs=runs, weeks=WEEKS, seed=SEED, workers=workers, **more)

    return found


@pytest.fixture(scope="module")
def half(compared) -> WhatIf:
    return compared(HALF)


def assert_same(one, other, weeks: int | None = None) -> None:
    """Two chunks are the same to the last bit, through the end of a week if one is named."""
    assert set(one.series) == set(other.series)
    for name, values in one.series.items():
        until = None if weeks is None else weeks + (len(values) == WEEKS + 1)
        assert values[:until].tobytes() == other.series[name][:until].tobytes(), name


# ------------------------------------------------------------------------------------------------- what must be nothing


def test_an_intervention_that_changes_nothing_leaves_every_bit(fight, invented_war):
    """Every quantity that can be decreed at all, times 1 and plus 0."""
    known, texts = variables(), []
    for place in decree.places(invented_war):
        try:
            decree.schedule(invented_war, WEEKS, [f"{place.name}=+0"])
        except CeasefireError:
            continue
        texts.append(f"{place.name}=+0")
    assert len(texts) > 40
    real = [text for text in texts if "bargaining." not in text and known[text[:-3]].unit != "1"]
    plain, zero, one, back = fight(
        " & ".join(texts),
        " & ".join(text.replace("=+0", "=x1") for text in real),
        "manpower.recruitment=x4 & manpower.recruitment=x0.25 & attrition.troops=+5000 & attrition.troops=-5000",
    )
    for treated in (zero, one, back):
        assert_same(plain, treated)
        assert np.array_equal(plain.control, treated.control)


@pytest.mark.parametrize(
    "name",
    [
        "manpower.recruitment[Blue]=x0.1",
        "attrition.troops=x0.3",
        "attrition.casualties[Amber]=9000",
        "front.taken[Blue]=0",
        "policy.effort=x0",
        "bargaining.ended=1",
        "manpower.training=+40000",
    ],
)
def test_nothing_differs_before_the_cause_and_something_after(fight, name):
    plain, treated = fight(f"{name}@6..8")
    assert_same(plain, treated, weeks=5)
    assert any(not np.array_equal(values, treated.series[key]) for key, values in plain.series.items())


def test_an_effect_before_the_cause_is_exactly_nothing(half):
    for row in range(len(half.headline.outputs)):
        for week in range(1, 5):
            effect = half.headline.effect(row, week)
            assert (effect.difference, effect.low, effect.high, effect.higher, effect.lower) == (0, 0, 0, 0, 0)
            assert effect.baseline == effect.treated


def test_other_weeks_are_left_alone(fight):
    """A flow that is decreed in a window is decreed in that window only."""
    (_, treated) = fight("manpower.recruited=123@6..8")
    assert (
        (treated.series["manpower.recruited"] == 123).all(axis=(1, 2)) == np.isin(np.arange(1, WEEKS + 1), [6, 7, 8])
    ).all()


# ------------------------------------------------------------------------------------------------------ what must be so


def test_every_flow_is_what_is_decreed(fight, invented_war):
    """Contract: each declared flow passes through `do` where it is computed; less where a stock has no more to give."""
    known = variables()
    flows = [place for place in decree.places(invented_war) if known[place.name].kind == "flow"]
    texts = {place.name: f"{place.name}={_within(place)}@3..4" for place in flows if place.name not in decree.FOLLOWS}
    texts["bargaining.resumed"] += " & bargaining.phase=1@3"
    _, *chunks = fight(*texts.values())
    deaf = []
    for (name, text), chunk in zip(texts.items(), chunks, strict=True):
        value = float(text.partition("=")[2].partition("@")[0].strip("()"))
        found = chunk.series[name][2].astype(float)
        same = np.isclose(found, value, rtol=1e-4, atol=1e-5)
        enough = same.any() if name in LIMITED else same.mean() > 0.9
        if not (enough and (found[~same] < value).all() and chunk.ok.all()):
            deaf.append(f"{text}: {found.min():g} to {found.max():g}")
    assert deaf == []


LIMITED = {"grid.repaired", "damage.repaired", "grid.imported"}
"""What is limited by what is broken, or missing, in most places."""
WHOLE = {"strikes.aim": 0.2}
"""Shares that are scaled to sum to one."""


def _within(place: decree.Place) -> str:
    """A value that a flow can have and usually has not."""
    if place.name in WHOLE:
        return f"{WHOLE[place.name]}"
    _, number = decree._in_reach()[place.name]
    if number == "bool":
        return "1"
    low, high = place.bounds
    value = low + 0.5 if low > 0.25 else 0.25 if high >= 0.25 else high / 2
    return f"({value:g})"


def test_more_recruits_never_fewer_soldiers(fight):
    doses = [0.25, 0.5, 1.5, 2, 4]
    plain, *chunks = fight(*(f"manpower.recruitment[Blue]=x{dose}" for dose in doses))
    chunks.insert(2, plain)
    for lower, higher in itertools.pairwise(chunks):
        assert (higher.series["manpower.recruited"][:, 0] > lower.series["manpower.recruited"][:, 0]).all()
        last = [chunk.series["attrition.troops"][-1, 0].astype(float).mean() for chunk in (lower, higher)]
        assert last[1] > last[0]


def test_recruits_decreed_are_exactly_those_recruited(compared):
    """1000 a week over 22 weeks: a known case without any chance in it."""
    found = compared("manpower.recruited[Amber]=1000@5")
    before, after = (found.effect("manpower.recruited", "Amber", week=week, measure=SO_FAR) for week in (4, WEEKS))
    assert after.treated - before.treated == pytest.approx(22 * 1000, rel=1e-6)
    assert after.difference == pytest.approx(after.treated - after.baseline, rel=1e-9)
    assert (before.higher, before.lower) == (0, 0)
    assert found.effect("manpower.recruited", "Amber", measure=IN_WEEK).treated == 1000


@pytest.mark.parametrize(
    "text",
    [
        "attrition.casualties[Blue]=20000@3..6",
        "manpower.arriving=x0@4..9",
        "attrition.troops[Amber]=+30000@5",
        "front.taken=x3@2..",
        "front.taken[Blue,north]=0",
        "manpower.desertion_rate=x5",
        "policy.effort=x2 & attrition.lost=x4",
    ],
)
def test_books_close_whatever_is_decreed(fight, text):
    """Nothing negative, nobody twice: the map is the sum of what was taken, recruits are in training or beyond."""
    plain, treated = fight(text)
    assert treated.ok[plain.ok].all()
    for name, values in treated.series.items():
        low, high = variables()[name].bounds if name != TOWN_SHARE else (0, 1)
        assert (values >= low - 1e-4).all(), name
        assert (values <= high + 1e-4).all(), name
    taken = treated.series["front.taken"].astype(float).sum(axis=(0, 1, 2))
    assert (treated.area_error <= 1e-5 * taken + 2e-3).all()


# -------------------------------------------------------------------------------------------------- whoever works on it


@pytest.mark.parametrize("workers", [2, 3])
def test_the_number_of_workers_changes_no_bit(compared, half, workers):
    again = compared(HALF, workers=workers)
    for table in ("headline", "rest"):
        for field in dataclasses.fields(getattr(half, table)):
            one, other = (getattr(getattr(found, table), field.name) for found in (half, again))
            assert one.tobytes() == other.tobytes() if isinstance(one, np.ndarray) else one == other, field.name


def test_what_is_told_on_the_way_is_what_fewer_runs_would_say(compared, half):
    told: list[tuple[int, int, WhatIf]] = []
    compared(HALF, workers=1, on_progress=lambda *at: told.append(at))
    assert [(done, total) for done, total, _ in told] == [(32, RUNS), (64, RUNS), (70, RUNS)]
    first, fewer = told[0][2], compared(HALF, runs=32)
    assert first.runs == fewer.runs == 32
    assert first.rest.difference.tobytes() == fewer.rest.difference.tobytes()
    assert first.rest.error.tobytes() == fewer.rest.error.tobytes()
    assert told[-1][2].rest.difference.tobytes() == half.rest.difference.tobytes()


def test_wars_that_fail_are_counted_and_left_out(invented_war, engine, half):
    schedule = decree.schedule(invented_war, WEEKS, [HALF])
    plain, treated = engine.chunks(0, CHUNK, (engine.nothing, schedule))
    treated.ok[3] = False
    treated.series["attrition.troops"][:, :, 3] = np.nan
    asked = measure.measures(invented_war)
    arms = [(measure.measured(arm.series, asked, (WEEKS,)),) * 2 + (arm.ok,) for arm in (plain, treated)]
    part = study.paired(*arms)
    assert (part.failed, part.headline.runs, part.rest.runs) == (1, CHUNK - 1, CHUNK - 1)
    found = Tally(asked, (WEEKS,))
    found.pairs.merge(part.rest)
    assert np.isfinite(found.comparison().difference).all()


# ----------------------------------------------------------------------------------------------------------- statistics


def tally(gaps: np.ndarray, parts: list[int]) -> study.Comparison:
    outputs = tuple(Output(f"x{k}", (), AT_END, "1", "") for k in range(len(gaps)))
    found = Tally((Measure(outputs, lambda series: series["x"]),), (1,))
    base = np.linspace(0, 5, gaps.shape[1])[None] * np.ones((len(gaps), 1))
    for part in np.split(np.arange(gaps.shape[1]), np.cumsum(parts)):
        found.add(base[:, None, part], (base + gaps)[:, None, part])
    return found.comparison()


@pytest.mark.parametrize("parts", [[], [32], [32, 32], [1, 1, 0, 50]])
def test_a_tally_is_the_mean_and_its_standard_error_however_it_comes(parts):
    gaps = 1e6 + np.random.default_rng(1).normal(size=(3, 100))
    found = tally(gaps, parts)
    assert found.runs == 100
    assert np.allclose(found.difference[:, 0], gaps.mean(axis=1), rtol=1e-12)
    assert np.allclose(found.error[:, 0], gaps.std(axis=1, ddof=1) / 10, rtol=1e-6)
    assert (found.higher == 1).all()


def test_the_interval_holds_the_true_difference_as_often_as_it_says():
    """2000 experiments of 16 runs whose effect of 3 varies from run to run: 95 % hold it, give or take chance."""
    found = tally(np.random.default_rng(2).normal(3, 2, (2000, 16)), [5, 5])
    effects = [found.effect(row, 1) for row in range(2000)]
    held = np.mean([effect.low <= 3 <= effect.high for effect in effects])
    assert abs(held - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 2000)


def test_few_runs_hold_what_many_runs_find(compared):
    """Wars in which each recruit more is one more: intervals from 32 runs against the mean of other 64."""
    many = compared("manpower.recruitment[Blue]=x2", runs=96)
    few = compared("manpower.recruitment[Blue]=x2", runs=32)
    truth = 3 * many.effect("manpower.recruited", "Blue", measure=SO_FAR).difference / 2
    truth -= few.effect("manpower.recruited", "Blue", measure=SO_FAR).difference / 2
    effect = few.effect("manpower.recruited", "Blue", measure=SO_FAR)
    width = effect.high - effect.low
    assert effect.low - width < truth < effect.high + width


def test_every_label_of_every_output_is_compared_once(half, invented_war):
    keys = [(output.key, output.measure) for output in half.rest.outputs]
    assert len(keys) == len(set(keys))
    names = {output.name for output in half.rest.outputs}
    assert set(measure.recorded(invented_war)) - set(measure.CODES) <= names
    amounts = {output.name for output in half.rest.outputs if output.measure == SO_FAR}
    assert {"attrition.killed", "front.taken", "attrition.lost"} <= amounts
    assert not {"bargaining.hazard", "logistics.supply", "attrition.troops"} & amounts
    assert half.rest.weeks == (1, 4, 13, WEEKS)
    assert half.headline.weeks == tuple(range(1, WEEKS + 1))


def test_totals_are_sums_of_weeks(half):
    """The same number told in two ways: the sides' sums over axes, and the change of the area."""
    taken = [half.effect("ground_taken", side) for side in ("Blue", "Amber")]
    for part in ("baseline", "treated", "difference"):
        parts = [getattr(half.effect("front.taken", "Blue", axis, measure=SO_FAR), part) for axis in AXES]
        assert getattr(taken[0], part) == pytest.approx(sum(parts), rel=1e-6, abs=1e-6)
    area, opening = half.effect("area"), half.headline.effect(half.headline.find("area"), 1)
    assert area.difference == pytest.approx(taken[0].difference - taken[1].difference, abs=1e-4)
    assert opening.difference == 0
    first = half.effect("attrition.casualties", "Blue", week=1, measure=IN_WEEK).baseline
    assert half.effect("attrition.casualties", "Blue", week=1, measure=SO_FAR).baseline == pytest.approx(first)


AXES = ("south", "middle", "north")


def test_json_tells_everything_in_numbers(half):
    told = json.loads(study.to_json(half), parse_constant=lambda name: pytest.fail(name))
    assert told["interventions"][0]["first"] == 5
    assert told["runs"] == RUNS
    assert len(told["outputs"]) + len(told["unmoved"]) == len(half.rest.outputs)
    assert {"is", "is_not", "evidence_hash", "seed", "version"} <= set(told)
    strength = [row["t"] for row in told["outputs"] if row["t"] is not None]
    assert strength == sorted(strength, reverse=True)


@pytest.mark.parametrize(
    ("asked", "culprit"),
    [
        ({"do": []}, "no intervention"),
        ({"do": HALF, "runs": 1}, "at least 2"),
        ({"do": HALF, "weeks": 0}, "0 weeks"),
        ({"do": "nonsense"}, "NAME=VALUE"),
        ({"policy": "none.toml"}, "cannot read"),
    ],
    ids=str,
)
def test_what_cannot_be_compared_is_refused(asked, culprit):
    with pytest.raises(CeasefireError, match=culprit):
        ceasefire.whatif("alaska-2025-08", **asked)
