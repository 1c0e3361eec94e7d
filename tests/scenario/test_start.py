"""The opening: numbers fit their variables, the latest known counts, and the theatre is what the map shows."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ceasefire.evidence.error import CeasefireError
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario import spec, theatre
from ceasefire.scenario.start import LEARNED, Choice, Start, from_record, open_war, variables, weekly_gains
from ceasefire.simulate.draws import checked_names

OPENING = dt.date(2042, 6, 7)


@pytest.fixture(scope="module")
def scenario() -> spec.Scenario:
    return spec.load("alaska-2025-08")


@pytest.fixture(scope="module")
def vintage(scenario) -> Vintage:
    return Vintage(Store.open(None), scenario.opening)


@pytest.fixture(scope="module")
def start(scenario, vintage) -> Start:
    return open_war(scenario, vintage)


@pytest.fixture(scope="module")
def short(invented_theatre) -> theatre.Theatre:
    """A theatre with a short record, quick to open a war on."""
    return dataclasses.replace(invented_theatre, share=invented_theatre.share[-6:], dates=invented_theatre.dates[-6:])


def opened(scenario: spec.Scenario, short: theatre.Theatre, *values: spec.Value) -> Start:
    """The invented war with more numbers in its scenario."""
    more = scenario.model_copy(update={"value": values})
    return from_record(more, short, claims={0: {}, 1: {}}, area=np.ones(3), evidence_hash="invented")


def number(name: str, low: float, mid: float, high: float, unit: str, known_on: dt.date = OPENING) -> spec.Value:
    return spec.Value(name=name, low=low, mid=mid, high=high, unit=unit, known_on=known_on, source="invented")


def refused(scenario: spec.Scenario, short: theatre.Theatre, value: spec.Value) -> str:
    with pytest.raises(spec.ScenarioError) as error:
        opened(scenario, short, value)
    assert "\n" not in str(error.value)
    return str(error.value)


def followed(name: str, unit: str, series: str = "works.made", low: float = 0.5, high: float = 2.0) -> spec.Record:
    return spec.Record(name=name, unit=unit, series=series, low=low, high=high, source="invented")


def chosen(start: Start, name: str, *index: str) -> Choice:
    """What counts of a part of a parameter."""
    return [c for c in start.choices if c.variable.name == name and c.index in ((), index)][-1]


# Numbers


@pytest.mark.parametrize(
    ("value", "culprits"),
    [
        (number("atrition.troops_opening[Blue]", 1, 2, 3, "person"), ("atrition", "did you mean", "attrition.troops")),
        (number("attrition.troops[Blue]", 1, 2, 3, "person"), ("attrition.troops[Blue]", "attrition.troops_opening")),
        (number("attrition.killed[Blue]", 1, 2, 3, "person"), ("attrition.killed[Blue]", "killed_share")),
        (number("attrition.troops_opening[Blue]", 1, 2, 3, "people"), ("troops_opening", "person", "people")),
        (number("logistics.reach", 1, 2, 3, "m"), ("logistics.reach", "km", "'m'")),
        (number("attrition.troops_opening[Bleu]", 1, 2, 3, "person"), ("Bleu", "did you mean 'Blue'")),
        (number("attrition.equipment_opening[Blue,tanks]", 1, 2, 3, "count"), ("tanks", "did you mean 'tank'")),
        (number("attrition.equipment_opening[tank]", 1, 2, 3, "count"), ("tank", "side")),
        (number("attrition.troops_opening[Blue,tank]", 1, 2, 3, "person"), ("troops_opening", "2 labels", "side")),
        (number("attrition.hold[Blue]", 0.1, 0.2, 0.3, "1"), ("attrition.hold", "1 label")),
        (number("attrition.troops_opening[Blue]", 0, 2, 3, "person"), ("troops_opening", "positive", "0")),
        (number("attrition.troops_opening[Blue]", -1, 2, 3, "person"), ("troops_opening", "positive", "-1")),
        (number("attrition.killed_share", 0.0, 0.2, 0.3, "1"), ("killed_share", "positive")),
        (number("attrition.killed_share", 0.1, 0.2, 1.0, "1"), ("killed_share", "below 1")),
        (number("attrition.killed_share", 0.1, 0.2, 7.0, "1"), ("killed_share", "below 1", "7")),
        (number("reporting.overcount[trucks]", 1, 2, 3, "1"), ("trucks", "claim")),
    ],
    ids=lambda value: value.name if isinstance(value, spec.Value) else "",
)
def test_a_number_that_fits_no_variable_is_named(invented_scenario, short, value, culprits):
    message = refused(invented_scenario, short, value)
    for culprit in culprits:
        assert culprit in message


def test_a_number_known_too_late_is_checked_all_the_same(invented_scenario, short):
    late = number("attrition.troops_opening[Blue]", 1, 2, 3, "people", known_on=OPENING + dt.timedelta(days=1))
    assert "people" in refused(invented_scenario, short, late)


def test_a_signed_number_may_be_negative(invented_scenario, short):
    choice = opened(invented_scenario, short, number("attrition.own_exponent", -1.0, 0.0, 1.0, "1")).choices[-1]
    assert choice.prior.quantile(0.05) == pytest.approx(-1)


@pytest.mark.parametrize(
    ("name", "unit", "points"),
    [
        ("attrition.troops_opening[Blue]", "person", (1e5, 2e5, 5e5)),
        ("attrition.killed_share[Amber]", "1", (0.1, 0.3, 0.4)),
        ("attrition.own_exponent", "1", (-1.0, 0.5, 0.7)),
        ("manpower.recruitment", "person/week", (10.0, 10.0, 30.0)),
        ("reporting.unmapped", "1", (0.3, 0.3, 0.3)),
    ],
)
def test_the_points_of_a_number_are_the_points_of_its_prior(invented_scenario, short, name, unit, points):
    choice = opened(invented_scenario, short, number(name, *points, unit)).choices[-1]
    assert np.allclose(choice.prior.quantile(np.array([0.05, 0.5, 0.95])), points)
    sampled = choice.prior.quantile(np.linspace(0.001, 0.999, 999))
    assert (np.diff(sampled) >= 0).all()
    assert np.isfinite(sampled).all()


def test_the_latest_number_known_counts_and_a_later_one_does_not(invented_scenario, short):
    def known(*days: int) -> list[float]:
        name = "logistics.reach"
        values = [
            number(name, k + 1.0, k + 1.0, k + 1.0, "km", OPENING + dt.timedelta(days=day))
            for k, day in enumerate(days)
        ]
        chosen = [c for c in opened(invented_scenario, short, *values).choices if c.variable.name == name]
        return [float(chosen[-1].prior.quantile(0.5)), len(chosen)]

    assert known(-9, -2, 3)[0] == 2.0
    assert known(-2, -9, 3)[0] == 1.0
    assert known(0, -9)[0] == 1.0
    assert known(1)[0] == pytest.approx(float(variables()["logistics.reach"].prior.quantile(0.5)))


def test_a_number_for_all_may_follow_one_for_a_side(invented_scenario, short):
    """The order in which numbers became known decides, not how particular they are."""
    early, late = OPENING - dt.timedelta(days=9), OPENING - dt.timedelta(days=2)
    start = opened(
        invented_scenario,
        short,
        number("manpower.return_share", 0.5, 0.5, 0.5, "1", late),
        number("manpower.return_share[Blue]", 0.3, 0.3, 0.3, "1", early),
    )
    chosen = [c for c in start.choices if c.variable.name == "manpower.return_share"]
    assert (chosen[-1].index, float(chosen[-1].prior.quantile(0.5))) == ((), 0.5)


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from([v.name for v in variables().values() if v.kind == "parameter"]),
    index=st.sampled_from(["", "[Blue]", "[Amber,tank]", "[gun]", "[personnel]", "[north]", "[0]", "[Blue,north]"]),
    points=st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32), min_size=3, max_size=3).map(sorted),
    right_unit=st.booleans(),
)
def test_any_number_is_taken_with_finite_draws_or_refused(invented_scenario, short, name, index, points, right_unit):
    value = number(name + index, *points, variables()[name].unit if right_unit else "furlong")
    try:
        start, refusal = opened(invented_scenario, short, value), ""
    except spec.ScenarioError as error:
        start, refusal = None, str(error)
    assert "\n" not in refusal
    if start is None:
        return
    assert right_unit
    choice = next(c for c in start.choices if c.value is not None and c.value.name == value.name)
    assert not np.isnan(choice.prior.quantile(np.array([0.05, 0.5, 0.95]))).any()


# Numbers that follow a series


@pytest.mark.parametrize(
    ("record", "culprits"),
    [
        (followed("atrition.troops_opening[Blue]", "person"), ("atrition", "did you mean", "attrition.troops")),
        (followed("attrition.troops[Blue]", "person"), ("attrition.troops[Blue]", "attrition.troops_opening")),
        (followed("attrition.troops_opening[Blue]", "people"), ("troops_opening", "person", "people")),
        (followed("attrition.troops_opening[Bleu]", "person"), ("Bleu", "did you mean 'Blue'")),
        (followed("attrition.troops_opening[Blue,tank]", "person"), ("troops_opening", "2 labels", "side")),
        (followed("industry.munition_output[Blue,shel]", "count/week"), ("shel", "did you mean 'shell'")),
        (followed("attrition.troops_opening[Blue]", "person", low=-0.5), ("troops_opening", "multiply", "-0.5")),
        (followed("attrition.killed_share", "1", high=0.9), ("killed_share", "odds", "0.9")),
        (followed("attrition.own_exponent", "1"), ("own_exponent", "added", "0.5")),
    ],
    ids=lambda record: record.name if isinstance(record, spec.Record) else "",
)
def test_a_record_that_fits_no_variable_is_named_whether_or_not_its_series_is_known(
    invented_scenario, short, record, culprits
):
    war = invented_scenario.war.model_copy(update={"record": (record,)})
    for asked in ({"record": (record,)}, {"war": war}):
        with pytest.raises(spec.ScenarioError) as error:
            opened(invented_scenario.model_copy(update=asked), short)
        for culprit in culprits:
            assert culprit in str(error.value)


@pytest.mark.parametrize(("given", "counts"), [(-3, "read"), (-2, "given"), (-1, "given"), (1, "read")])
def test_the_latest_known_counts_whether_read_from_the_record_or_given(invented_scenario, short, given, counts):
    """Of the same day the scenario's own number counts; what becomes known after the opening never does."""
    name, day = "manpower.recruitment[Amber]", dt.timedelta(days=1)
    read = number(name, 10, 20, 30, "person/week", OPENING - 2 * day).model_copy(update={"source": "read"})
    own = number(name, 1, 2, 3, "person/week", OPENING + given * day).model_copy(update={"source": "given"})
    more = invented_scenario.model_copy(
        update={"value": (own,), "war": invented_scenario.war.model_copy(update={"value": ()})}
    )
    start = from_record(more, short, claims={0: {}, 1: {}}, area=np.ones(3), evidence_hash="invented", recorded=(read,))
    assert chosen(start, "manpower.recruitment", "Amber").value.source == counts


def test_a_number_read_from_the_record_has_to_fit_like_any_other(invented_scenario, short):
    for value, culprit in (
        (number("manpower.recruitment[Amber]", 0, 2, 3, "person/week"), "positive"),
        (number("attrition.killed_share", 0.1, 0.2, 1.0, "1"), "below 1"),
    ):
        with pytest.raises(spec.ScenarioError, match=culprit):
            from_record(
                invented_scenario,
                short,
                claims={0: {}, 1: {}},
                area=np.ones(3),
                evidence_hash="invented",
                recorded=(value,),
            )


def test_every_part_of_a_parameter_has_a_name(invented_scenario, short):
    """Whatever dimension a parameter has, a file can name its parts."""
    start = opened(invented_scenario, short)
    for variable in variables().values():
        if variable.kind == "parameter":
            assert {*variable.dims} - {"run"} <= set(start.labels), variable.name
    for names in start.labels.values():
        assert len(set(names)) == len(names)


def test_taxes_flow_evenly_where_nothing_is_known_of_their_season(invented_scenario, short):
    assert (opened(invented_scenario, short).collection == np.ones((2, 52))).all()


def test_every_parameter_has_a_prior_a_unit_and_a_meaning():
    declared = variables()
    for name in checked_names():
        assert declared[name].prior is not None, name
        assert declared[name].source, name
    for variable in declared.values():
        assert variable.unit, variable.name
        assert variable.doc.endswith("."), variable.name
        assert variable.kind in ("parameter", "state", "flow")
    assert set(LEARNED) <= set(checked_names())


# The shipped war


def test_an_opening_on_another_day_than_the_evidence_is_refused(scenario, vintage):
    with pytest.raises(spec.ScenarioError, match="2025-06-01"):
        open_war(scenario.on(dt.date(2025, 6, 1)), vintage)


def test_the_first_sides_claims_are_learned_and_nobody_counts_the_others(start):
    assert {claim for side, claim in start.intensity if side == 0} == set(start.labels["claim"])
    assert not [claim for side, claim in start.intensity if side == 1]


def test_age_is_counted_from_the_start_of_the_war(start, scenario):
    assert start.age_months == pytest.approx((scenario.opening - scenario.war.started).days / 30.4375)


def test_areas_are_the_records_last(start, vintage):
    for axis, area in zip(start.theatre.axes, start.area, strict=True):
        assert area == vintage.series(f"area.{axis}").latest()


FOLLOWED = (
    spec.Record(
        name="industry.munition_output[R,standoff_missile]",
        unit="count/week",
        series="strike.cruise.launched",
        last=26,
        low=0.7,
        high=1.4,
        source="they are launched as they are made",
        trust="B",
    ),
    followed("attrition.killed_share", "1", series="strike.never.launched"),
)


@pytest.fixture(scope="module")
def following(scenario) -> spec.Scenario:
    """The shipped war, with a parameter that follows a series, one that follows none, and taxes with a season."""
    first, second = scenario.war.sides
    sides = (first.model_copy(update={"collection": "econ.ru_oil_gas_revenue"}), second)
    war = scenario.war.model_copy(update={"sides": sides, "record": FOLLOWED})
    return scenario.model_copy(update={"war": war})


@pytest.fixture(scope="module")
def followed_start(following, vintage) -> Start:
    return open_war(following, vintage)


def test_a_parameter_follows_its_series(followed_start, vintage):
    launched = vintage.series("strike.cruise.launched")
    assert len(np.unique(launched.dates)) == len(launched)
    choice = chosen(followed_start, "industry.munition_output", "R", "standoff_missile")
    mean = launched.values[-26:].mean()
    assert choice.prior.quantile(np.array([0.05, 0.5, 0.95])) == pytest.approx(mean * np.array([0.7, 1, 1.4]))
    assert str(choice.value.known_on) == str(launched.published[-26:].max())
    assert "strike.cruise.launched" in choice.value.source
    assert "they are launched as they are made" in choice.value.source
    assert choice.value.trust == "B"


def test_where_the_series_says_nothing_what_stood_before_stands(start, followed_start):
    known = ("attrition.killed_share", "R"), ("industry.munition_output", "U", "standoff_missile")
    for name, *index in known:
        assert chosen(followed_start, name, *index) == chosen(start, name, *index)


def test_taxes_follow_the_season_of_their_series(followed_start):
    assert followed_start.collection.shape == (2, 52)
    assert followed_start.collection.mean(axis=1) == pytest.approx(np.ones(2))
    assert np.ptp(followed_start.collection[0]) > 0.5
    assert (followed_start.collection[1] == 1).all()


def test_an_opening_reads_only_what_was_known(following, followed_start, scenario):
    """Rows that happened or were published later are worth nothing; the same rows, known in time, are."""
    store, day = Store.open(None), str(scenario.opening)
    names = {"strike.cruise.launched", "econ.ru_oil_gas_revenue"}

    def spoiled(late: bool) -> Start:
        rows = [
            dataclasses.replace(row, value=row.value + 50.0)
            if row.name in names and (max(row.date, row.published) > day) is late
            else row
            for row in store.observations
        ]
        return open_war(following, Vintage(dataclasses.replace(store, observations=tuple(rows)), scenario.opening))

    after = spoiled(late=True)
    assert after.choices == followed_start.choices
    assert (after.collection == followed_start.collection).all()
    early = spoiled(late=False)
    name, *index = "industry.munition_output", "R", "standoff_missile"
    assert chosen(early, name, *index).value.mid == pytest.approx(50 + chosen(followed_start, name, *index).value.mid)
    assert (early.collection != followed_start.collection).any()


def test_the_theatre_holds_together(start):
    place = start.theatre
    assert len(np.unique(place.cell)) == len(place)
    assert (np.diff(place.axis) >= 0).all()
    assert ((place.share >= 0) & (place.share <= 1)).all()
    assert ((place.opening_share >= 0) & (place.opening_share <= 1)).all()
    assert (place.area > 0).all()
    rows = np.arange(len(place))[:, None]
    mutual = (place.neighbour[place.neighbour] == rows[:, :, None]).any(axis=2)
    assert mutual[place.neighbour != rows].all()
    assert np.allclose([town.weight.sum() for town in place.towns if town.weight.any()], 1)
    assert np.isfinite(place.feature).all()
    assert np.abs(place.feature.mean(axis=1)).max() < 1e-6


def test_gains_of_the_record_are_changes_of_its_maps(start):
    place = start.theatre
    gains = weekly_gains(place)
    net = gains[0] - gains[1]
    inside = np.stack([np.bincount(place.axis, share * place.area, len(place.axes)) for share in place.share], axis=1)
    whole_weeks = np.diff(place.dates) == np.timedelta64(7, "D")
    assert np.allclose(net[:, whole_weeks], np.diff(inside, axis=1)[:, whole_weeks], atol=0.1)
    assert np.isnan(net[:, ~whole_weeks]).all()
    assert (gains[:, :, whole_weeks] >= 0).all()


def changed(scenario: spec.Scenario, **update: object) -> spec.Scenario:
    place = scenario.war.theatre.model_copy(update=update)
    return scenario.model_copy(update={"war": scenario.war.model_copy(update={"theatre": place})})


def supplied(scenario: spec.Scenario, **update: object) -> spec.Scenario:
    first, second = scenario.war.sides
    war = scenario.war.model_copy(update={"sides": (first, second.model_copy(update=update))})
    return scenario.model_copy(update={"war": war})


@pytest.mark.parametrize(
    ("change", "culprits"),
    [
        (lambda s: changed(s, towns=("Kramatosk",)), ("Kramatosk", "did you mean", "ramatorsk")),
        (lambda s: changed(s, towns=("",)), ("''",)),
        (lambda s: changed(s, towns=("Belgorod",)), ("Belgorod",)),
        (lambda s: changed(s, border_axes=("summy",)), ("summy", "did you mean 'sumy'")),
        (lambda s: supplied(s, supply=("Kharkov",)), ("Kharkov", "did you mean 'Kharkiv'")),
        (lambda s: supplied(s, claims="loss_clam"), ("loss_clam", "loss_claim")),
    ],
    ids=["town", "empty town", "foreign town", "axis", "supply", "claims"],
)
def test_a_theatre_that_cannot_be_laid_out_is_told(scenario, vintage, change, culprits):
    with pytest.raises(CeasefireError) as error:
        open_war(change(scenario), vintage)
    assert "\n" not in str(error.value)
    for culprit in culprits:
        assert culprit in str(error.value)


@pytest.mark.parametrize("day", ["2026-02-14"])
def test_an_opening_long_after_the_last_map_is_refused_or_starts_on_its_day(scenario, day):
    """A forecast's first week must not be over before it opens."""
    opening = dt.date.fromisoformat(day)
    try:
        late = open_war(scenario.on(opening), Vintage(Store.open(None), opening))
    except CeasefireError:
        return
    assert late.theatre.dates[-1] + np.timedelta64(7, "D") > np.datetime64(opening)
