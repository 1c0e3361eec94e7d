"""Fusion: what is known comes out again, copies add nothing, and no claim is seen before its day."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import math

import numpy as np
import pytest

from ceasefire.evidence import fuse
from ceasefire.evidence.claim import Claim
from ceasefire.evidence.control import ControlRecord
from ceasefire.evidence.error import EvidenceError
from ceasefire.evidence.fuse import CEILING, FLOOR, Balance, Quantity, Statement, estimate
from ceasefire.evidence.series import Observation
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage

ON = "2042-06-07"
CASES = 200
SPREAD = 1.6448536269514722


def troops(**update: object) -> Quantity:
    return dataclasses.replace(Quantity("troops", "person", prior=(50.0, 150.0, 450.0)), **update)


def said(value: float, source: str = "scouts", **update: object) -> Statement:
    return dataclasses.replace(Statement(ON, value, source, grade="B", cluster=source), **update)


def before(days: int) -> str:
    return str(dt.date.fromisoformat(ON) - dt.timedelta(days=days))


def width(found: fuse.Estimate) -> float:
    return found.high / found.low


# ------------------------------------------------------------------------------------------------ what is known returns


def simulated(random: np.random.Generator) -> tuple[Quantity, list[Statement], float, dict[str, float]]:
    """A quantity that wanders, told by two partisan sides and a neutral one, with copies, floors and wild claims."""
    quantity = Quantity("truth", "1", walk=0.15, prior=(math.exp(-SPREAD), 1.0, math.exp(SPREAD)))
    size = fuse.BIAS * fuse.BIAS_FACTOR ** random.normal()
    scale = fuse.RELIABILITY_FACTOR ** random.normal()
    bias = {"Blue": size * random.normal(), "Amber": size * random.normal(), fuse.NEUTRAL: 0.0}
    truth = x = random.normal()
    habit: dict[str, float] = {}
    listed, last = [], 0
    for day in sorted(random.choice(700, 5, replace=False).tolist()):
        x += quantity.walk * math.sqrt((day - last) / fuse.YEAR) * random.normal()
        last = day
        for side in bias:
            if random.random() < 0.4:
                continue
            grade = str(random.choice(list("ABCD")))
            source = f"{side}{random.integers(2)}"
            own = habit.setdefault(source, scale * fuse.HABIT * random.normal())
            sd = scale * fuse.GRADE[grade] * (fuse.OUTLIER_FACTOR if random.random() < fuse.OUTLIER else 1.0)
            one = Statement(
                before(day),
                math.exp(x + bias[side] + own + sd * random.normal()),
                source,
                side,
                grade,
                cluster=f"{source} {day}",
            )
            listed += [one, *[dataclasses.replace(one, source="echo", published=ON)] * int(random.integers(3))]
        if random.random() < 0.4:
            seen = math.exp(x - 0.3 * abs(random.normal()))
            listed.append(Statement(before(day), seen, f"photographs {day}", kind=FLOOR))
    return quantity, listed, math.exp(truth), bias


def test_truth_lies_in_ninety_per_cent_of_its_ninety_per_cent_intervals():
    random = np.random.default_rng(8)
    inside, half, biases = [], [], []
    for _ in range(CASES):
        quantity, listed, truth, bias = simulated(random)
        found = estimate(quantity, listed, on=ON)
        inside.append(found.low <= truth <= found.high)
        half.append(found.points[0, 1] <= truth <= found.points[0, 3])
        biases += [each.low <= math.exp(bias[each.side]) <= each.high for each in found.biases]
    assert 0.85 <= np.mean(inside) <= 0.95
    assert 0.40 <= np.mean(half) <= 0.60
    assert 0.85 <= np.mean(biases) <= 0.95


def test_claims_narrow_what_was_known_before():
    random = np.random.default_rng(9)
    widths = [width(estimate(q, listed, on=ON)) for q, listed, _, _ in (simulated(random) for _ in range(20))]
    assert np.median(widths) < 0.3 * math.exp(2 * SPREAD)


def test_a_bias_is_learned_from_a_neutral_count_of_the_same_events():
    events = [
        statement
        for k, level in enumerate((10.0, 40.0, 900.0, 7.0, 55.0))
        for statement in (
            said(level, f"count {k}", event=f"battle {k}", grade="A"),
            said(1.4 * level, f"Blue {k}", side="Blue", event=f"battle {k}", grade="A"),
        )
    ]
    alone = estimate(troops(), [said(140.0, "Blue staff", side="Blue")], on=ON)
    paired = estimate(troops(), [said(140.0, "Blue staff", side="Blue"), *events], on=ON)
    (bias,) = paired.biases
    assert bias.low < 1.4 < bias.high
    assert bias.low > 1.1
    assert alone.median > 130
    assert 95 < paired.median < 110
    assert paired.origins == 1
    assert math.fsum(w.weight for w in paired.weights if not w.statement.event) + paired.prior_weight == pytest.approx(
        1
    )


def test_two_sides_bound_the_truth_between_them():
    found = estimate(troops(), [said(100.0, "Blue", side="Blue"), said(140.0, "Amber", side="Amber")], on=ON)
    assert 105 < found.median < 135


# --------------------------------------------------------------------------------------------------------------- copies


@pytest.mark.parametrize("copies", [1, 2, 7])
def test_a_copy_adds_nothing(copies):
    origin = [said(120.0, "staff", side="Blue"), said(150.0, "scouts", grade="C")]
    echo = [
        dataclasses.replace(origin[0], source=f"paper {k}", side="Amber", grade="A", published="2042-06-08")
        for k in range(copies)
    ]
    one, many = estimate(troops(), origin, on=ON), estimate(troops(), [*origin, *echo], on=ON)
    assert one.points.tobytes() == many.points.tobytes()
    assert one.origins == many.origins == 2
    told = [weight for weight in many.weights if weight.copy_of]
    assert len(told) == copies
    assert all(weight.weight == 0 and weight.copy_of == "staff" for weight in told)


def test_the_same_word_of_another_origin_does_add():
    one = [said(120.0, "staff")]
    two = [*one, said(120.0, "scouts")]
    assert width(estimate(troops(), two, on=ON)) < width(estimate(troops(), one, on=ON))


def test_numbers_of_one_origin_on_two_days_are_hardly_more_than_one():
    one = [said(120.0, "staff")]
    same = [*one, said(121.0, "staff", date=before(7))]
    apart = [*one, said(121.0, "scouts", date=before(7))]
    gain, usual = (width(estimate(troops(walk=0.01), listed, on=ON)) for listed in (same, apart))
    alone = width(estimate(troops(walk=0.01), one, on=ON))
    assert usual < gain <= alone * 1.001


def test_order_changes_no_bit():
    _, listed, _, _ = simulated(np.random.default_rng(5))
    quantity = troops(prior=None)
    expected = estimate(quantity, listed, on=ON)
    for seed in range(4):
        mixed = [listed[k] for k in np.random.default_rng(seed).permutation(len(listed))]
        found = estimate(quantity, mixed, on=ON)
        assert found.points.tobytes() == expected.points.tobytes()
        assert found.weights == expected.weights


# ------------------------------------------------------------------------------------------------------- what claims do


def test_without_a_source_less_is_known():
    listed = [said(value, source) for value, source in ((120.0, "a"), (126.0, "b"), (131.0, "c"), (124.0, "d"))]
    whole = width(estimate(troops(), listed, on=ON))
    for k in range(len(listed)):
        assert width(estimate(troops(), listed[:k] + listed[k + 1 :], on=ON)) > whole


def test_better_claims_count_more_and_weights_add_up_to_one():
    grades = ("A1", "A", "B2", "B3", "C3", "D", "E5")
    found = estimate(troops(), [said(120.0 + k, g, grade=g) for k, g in enumerate(grades)], on=ON)
    by = {weight.statement.grade: weight.weight for weight in found.weights}
    assert [by[g] for g in grades] == sorted(by.values(), reverse=True)
    assert math.fsum(by.values()) + found.prior_weight == pytest.approx(1, abs=1e-9)


def test_one_wild_claim_is_overruled():
    listed = [said(value, source) for value, source in ((120.0, "a"), (126.0, "b"), (122.0, "c"))]
    found = estimate(troops(), [*listed, said(900.0, "wild")], on=ON)
    assert 115 < found.median < 135
    wild = next(weight for weight in found.weights if weight.statement.source == "wild")
    assert abs(wild.weight) < 0.05


def test_one_claim_under_a_weak_prior_is_the_estimate():
    found = estimate(troops(prior=None), [said(120.0)], on=ON)
    assert found.median == pytest.approx(120, rel=1e-3)


def test_a_floor_lifts_only_what_is_below_it():
    point = [said(100.0, grade="C")]
    plain = estimate(troops(), point, on=ON)
    far = estimate(troops(), [*point, said(20.0, "graves", kind=FLOOR)], on=ON)
    near = estimate(troops(), [*point, said(110.0, "graves", kind=FLOOR)], on=ON)
    assert far.median == pytest.approx(plain.median, rel=1e-3)
    assert near.low >= 110 * 0.999
    assert near.median > plain.median
    below = estimate(troops(), [*point, said(90.0, "bunks", kind=CEILING)], on=ON)
    assert below.high <= 90 * 1.001


def test_of_floors_the_highest_counts():
    point = [said(100.0, grade="C")]
    one = estimate(troops(), [*point, said(110.0, "graves", kind=FLOOR)], on=ON)
    two = estimate(troops(), [*point, said(110.0, "graves", kind=FLOOR), said(80.0, "letters", kind=FLOOR)], on=ON)
    assert one.points.tobytes() == two.points.tobytes()


def test_a_band_is_a_claim_less_sure():
    sure = estimate(troops(), [said(100.0, grade="A")], on=ON)
    band = estimate(troops(), [said(100.0, grade="A", low=70.0, high=140.0)], on=ON)
    assert width(band) > 1.5 * width(sure)
    assert band.low < 75 < 130 < band.high


def test_the_past_is_worth_less_the_more_the_quantity_wanders():
    old = [said(100.0, "a", date=before(700)), said(104.0, "b", date=before(700))]
    still, restless = (estimate(troops(walk=w), old, on=ON, dates=[before(700)]) for w in (0.02, 0.4))
    assert width(restless) > 1.5 * width(still)
    assert restless.dates == (before(700), ON)
    then, now = restless.points
    assert now[4] / now[0] > then[4] / then[0]


def test_a_stock_balance_is_a_third_leg():
    counted = [said(1000.0, "space", date=before(365), grade="A")]
    quantity = troops(prior=(100.0, 1000.0, 10000.0), walk=0.5)
    alone = estimate(quantity, counted, on=ON)
    leg = Balance(before(365), ON, inflow=50.0, outflow=350.0, sd=40.0, source="depots")
    found = estimate(quantity, counted, on=ON, balances=[leg])
    assert found.median == pytest.approx(700, rel=0.05)
    assert width(found) < width(alone)
    against = estimate(quantity, [*counted, said(700.0, "space 2", grade="A")], on=ON, balances=[leg])
    assert width(against) < width(found)


@pytest.mark.parametrize(
    ("quantity", "values", "expected"),
    [
        (Quantity("share", "1", "share"), (0.3, 0.36), (0.3, 0.36)),
        (Quantity("share", "1", "share", prior=(0.05, 0.4, 0.9)), (0.0, 0.0), (0.0, 0.2)),
        (Quantity("change", "1", "signed", scale=10.0), (-4.0, 2.0), (-4.0, 2.0)),
    ],
    ids=["share", "none at all", "signed"],
)
def test_shares_and_signed_numbers(quantity, values, expected):
    found = estimate(quantity, [said(v, f"s{k}") for k, v in enumerate(values)], on=ON)
    assert expected[0] <= found.median <= expected[1]
    assert found.low < found.median < found.high
    if quantity.form == "share":
        assert 0 < found.low < found.high < 1


def test_without_claims_the_prior_stands():
    found = estimate(troops(), [], on=ON)
    assert (found.low, found.median, found.high) == pytest.approx((50, 150, 450), rel=1e-6)
    assert found.prior_weight == 1


def test_units_do_not_matter():
    listed = [said(120.0, "a"), said(150.0, "b", side="Blue"), said(90.0, "c", kind=FLOOR)]
    more = [dataclasses.replace(each, value=1000 * each.value) for each in listed]
    one = estimate(troops(), listed, on=ON)
    other = estimate(troops(prior=(50e3, 150e3, 450e3)), more, on=ON)
    np.testing.assert_allclose(other.points, 1000 * one.points, rtol=1e-6)


BAD = {
    "no claim": ((), {"prior": None}, "no claim bears"),
    "negative": ((said(-3.0),), {}, "above 0"),
    "not finite": ((said(math.nan),), {}, "finite"),
    "no share": ((said(1.2),), {"form": "share", "prior": None}, "from 0 to 1"),
    "no grade": ((said(2.0, grade="Z9"),), {}, "no grade"),
    "no kind": ((said(2.0, kind="guess"),), {}, "guess"),
    "outside its band": ((said(2.0, low=3.0),), {}, "outside its own band"),
    "no date": ((said(2.0, date="soon"),), {}, "soon"),
    "a sure prior": ((said(2.0),), {"prior": (1.0, 1.0, 1.0)}, "prior"),
    "no form": ((said(2.0),), {"form": "round"}, "round"),
    "no walk": ((said(2.0),), {"walk": math.nan}, "walk"),
    "too many": (tuple(said(2.0, f"s{k}") for k in range(fuse.MOST + 1)), {}, "more than"),
}


@pytest.mark.parametrize(("listed", "update", "culprit"), BAD.values(), ids=BAD)
def test_what_cannot_be_is_refused(listed, update, culprit):
    with pytest.raises(EvidenceError, match=culprit):
        estimate(troops(**update), listed, on=ON)


# ------------------------------------------------------------------------------------------------------- from the store


def row(name: str, date: str, published: str, value: float, note: str = "", trust: str = "B") -> Observation:
    return Observation(name, date, published, value, "persons", "forces", trust, note)


def vintage(*rows: Observation, on: str = ON) -> Vintage:
    frame = [row("other.thing", "2030-01-01", "2030-01-01", 0.0), row("other.thing", "2060-01-01", "2060-01-01", 0.0)]
    return Vintage(Store(tuple(sorted([*frame, *rows])), ControlRecord.empty(), {}), on)


def test_nothing_is_seen_before_it_happened_and_was_published():
    rows = [
        row("facts.troops", "2042-06-01", "2042-06-02", 100.0),
        row("facts.troops", "2042-06-01", "2042-06-08", 999.0),
        row("facts.troops", "2042-06-09", "2042-06-05", 999.0),
        row("facts.troops", "2020-06-09", "2020-06-09", 999.0),
    ]
    found = fuse.from_store(vintage(*rows), "facts.troops", factor=2.0)
    assert [each.value for each in found] == [200.0]
    assert fuse.from_store(vintage(*rows), "facts.nothing") == ()
    for later in itertools.combinations(rows[1:], 2):
        assert fuse.from_store(vintage(rows[0], *later), "facts.troops", factor=2.0) == found


def test_low_mid_and_high_are_one_claim_with_its_band():
    rows = [row(f"parameter.troops.{end}", ON, ON, v) for end, v in (("low", 90.0), ("mid", 100.0), ("high", 130.0))]
    (found,) = fuse.from_store(vintage(*rows), "parameter.troops.")
    assert (found.low, found.value, found.high) == (90, 100, 130)


@pytest.mark.parametrize(
    ("source", "note", "who", "side"),
    [
        ("forces", "Syrskyi LB.ua via a paper; Putin says otherwise", "Syrskyi", "UA"),
        ("forces", "general knowledge (Putin); with the rear", "Putin", "RU"),
        ("equipment", "IISS Military Balance 2024", "IISS", "neutral"),
        ("general-staff", "", "Ukrainian General Staff", "UA"),
        ("visual-losses", "", "Oryx", "neutral"),
        ("russian-defence-ministry", "", "Russian Ministry of Defence", "RU"),
        ("forces", "hurt in many places", "forces", "neutral"),
        ("elsewhere", "", "elsewhere", "neutral"),
    ],
)
def test_who_speaks_is_read_from_the_note_or_the_table(source, note, who, side):
    assert fuse.speaker(Observation("x", ON, ON, 1.0, "1", source, "B", note)) == (who, side)


def test_what_one_speaker_says_in_one_day_is_one_origin():
    rows = [
        row("facts.troops", "2042-06-01", "2042-06-02", 100.0, "Syrskyi"),
        row("parameter.troops.mid", "2042-06-01", "2042-06-02", 0.1, "Syrskyi (press)"),
    ]
    seen = vintage(*rows)
    listed = [
        *fuse.from_store(seen, "facts.troops"),
        *fuse.from_store(seen, "parameter.troops.", factor=1000),
    ]
    found = estimate(troops(), listed, on=ON)
    assert found.origins == 1


# ----------------------------------------------------------------------------------------------------- claims of texts


def claim(number: int, **update: object) -> Claim:
    plain: dict[str, object] = {
        "id": f"c{number}",
        "doc": "paper",
        "span": "about a hundred",
        "subject": "troops",
        "quantity": "troops",
        "value": 100.0,
        "as_of": "2042-05",
        "admiralty_code": "B2",
        "source_side": "UA",
        "attributed_to": "the staff",
    }
    return Claim(**(plain | update))


def test_claims_of_texts_can_be_fused():
    listed = fuse.from_claims(
        [
            claim(1),
            claim(2, dup_of="c1", doc="another"),
            claim(3, qualifier="at_least", value=90.0, attributed_to="author", source_side="author"),
            claim(4, value=None, value_low=80.0, value_high=120.0),
            claim(5, hedge="forecast"),
            claim(6, as_of="undated"),
            claim(7, value=None),
            claim(8, negated=True),
        ]
    )
    assert [each.name for each in listed] == ["c1", "c2", "c3", "c4"]
    assert [each.date for each in listed] == ["2042-05-31"] * 4
    assert [each.cluster for each in listed] == ["c1", "c1", "c3", "c4"]
    assert (listed[2].kind, listed[2].side, listed[2].source) == (FLOOR, fuse.NEUTRAL, "author of paper")
    assert (listed[3].low, listed[3].value, listed[3].high) == (80, 100, 120)
    found = estimate(troops(), listed, on=ON)
    assert found.origins == 3


def test_claims_that_the_ledger_clusters_are_one_origin():
    listed = [claim(1), claim(2, doc="another"), claim(3, dup_of="c2"), claim(4, dup_of="c3"), claim(5)]
    alone = fuse.from_claims(listed)
    assert [each.cluster for each in alone] == ["c1", "c2", "c2", "c2", "c5"]
    together = fuse.from_claims(listed, clusters=[listed[:2]])
    assert [each.cluster for each in together] == ["c1", "c1", "c1", "c1", "c5"]
    assert estimate(troops(), together, on=ON).origins == 2


def test_claims_that_repeat_each_other_in_a_circle_are_read():
    assert len(fuse.from_claims([claim(1, dup_of="c2"), claim(2, dup_of="c1")])) == 2
