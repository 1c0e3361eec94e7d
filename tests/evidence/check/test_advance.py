"""Ground taken against another time, and its cost: made-up claims against the table of areas, read by hand."""

import numpy as np
import pytest

from ceasefire.evidence.check import advance
from ceasefire.evidence.check.record import Record
from ceasefire.evidence.claim import Claim


@pytest.fixture(scope="module")
def record():
    return Record.open()


def claim(span, value, unit="percent", as_of="undated", **fields):
    given = {"id": "c", "doc": "d", "subject": "Russia", "quantity": "advance_trend", "qualifier": "exact"} | fields
    return Claim(span=span, value=value, unit=unit, as_of=as_of, kind="rate", **given)


def taken(record, first, last):
    series = record.series("area.total")
    days = series.dates.astype(str).tolist()
    return float(series.values[days.index(last)] - series.values[days.index(first)])


def test_a_ratio_of_two_spans_of_weeks_is_confirmed_and_another_is_not(record):
    ratio = taken(record, "2025-08-02", "2025-08-30") / taken(record, "2025-07-05", "2025-08-02")
    stated = {"as_of": "2025-08-03/2025-08-30"}
    span = "gained {:.0f} % less than in the previous four weeks"
    fell = 100 * (1 - ratio)
    right = advance.examine(claim(span.format(fell), fell, **stated), record)
    assert right is not None
    assert right.verdict == "confirmed"
    wrong = advance.examine(claim(span.format(fell), fell - 60 * np.sign(ratio - 0.5), **stated), record)
    assert wrong is None or wrong.verdict != "confirmed"


def test_a_share_of_ground_is_no_ratio(record):
    assert advance.examine(claim("Russia took a fifth of Ukraine", 20.0, as_of="2025-08-03"), record) is None


def test_casualties_for_a_square_kilometre_follow_from_both_series(record):
    losses = record.series("loss_claim.personnel")
    days = losses.dates.astype("datetime64[D]").astype(int)
    ends = [int(np.datetime64(day, "D").astype(int)) for day in ("2025-07-05", "2025-08-02")]
    lost = float(np.diff(np.interp(ends, days, losses.values))[0])
    each = lost / taken(record, "2025-07-05", "2025-08-02")
    stated = {"unit": "persons", "as_of": "2025-07-06/2025-08-02", "quantity": "casualties_per_area"}
    span = "men for every square kilometre"
    for factor, verdict in ((1.0, "confirmed"), (1.2, "imprecise"), (2.0, "contradicted")):
        found = advance.examine(claim(span, factor * each, **stated), record)
        assert found is not None
        assert found.verdict == verdict
