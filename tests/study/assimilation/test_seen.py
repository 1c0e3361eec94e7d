"""What a week shows: nothing that was published after its Saturday, and each report at the time that it is of."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ceasefire.evidence.control import SHARE_STEPS
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario import spec
from ceasefire.scenario.spec import Reported
from ceasefire.scenario.start import Start, open_war
from ceasefire.study.assimilation.seen import Seen, Watch, weights

FIRST = np.datetime64("2025-08-09")


@pytest.fixture(scope="module")
def store() -> Store:
    return Store.open(None)


@pytest.fixture(scope="module")
def start(store) -> Start:
    scenario = spec.load("alaska-2025-08")
    return open_war(scenario, Vintage(store, scenario.opening))


def spoiled(store: Store, day: str) -> Store:
    """The store with absurd numbers and maps wherever they could not be known on a day."""
    rows = tuple(
        row if max(row.date, row.published) <= day else dataclasses.replace(row, value=-1e9 - 7 * row.value)
        for row in store.observations
    )
    record, share = store.control, store.control.share.copy()
    later = (record.dates > np.datetime64(day)) | (record.published > np.datetime64(day))
    share[later] = SHARE_STEPS - share[later]
    return dataclasses.replace(store, observations=rows, control=dataclasses.replace(record, share=share))


def told(seen: Seen) -> tuple:
    reports = tuple((one.entry.name, one.value, tuple(one.weight)) for one in seen.reports)
    return str(seen.day), seen.raw.tobytes(), seen.share.tobytes(), seen.claims, reports, seen.passed


def test_nothing_published_after_the_saturday_is_seen(store, start):
    watch = Watch(store, start)
    for number in (1, 4):
        day = str(FIRST + 7 * number)
        other = Watch(spoiled(store, day), start)
        assert told(watch.seen(number)) == told(other.seen(number))
        assert told(watch.seen(number + 1)) != told(other.seen(number + 1))


def test_a_week_shows_its_map_its_claims_and_last_weeks_launches(store, start):
    seen = Watch(store, start).seen(2)
    theatre = start.theatre
    claims = Vintage(store, "2025-08-23").series("loss_claim.personnel")
    assert seen.claims[0, "personnel"] == np.diff(claims.values)[-1]
    gain = ((seen.raw - Watch(store, start).seen(1).raw) * theatre.area).sum()
    area = Vintage(store, "2025-08-23").series("area.total").values
    assert gain == pytest.approx(area[-1] - area[-2], abs=3.0)
    launched = next(one for one in seen.reports if one.entry.series == "strike.long_range_drone.launched")
    assert launched.weight.tolist() == [1.0, 0.0], "published on the day after its week"


def report(kind: str) -> Reported:
    return Reported(name="x", series="a.b", unit="count", kind=kind, of=("oil.brent",))


def test_reports_are_of_the_weeks_that_their_kind_says():
    first = np.datetime64("2025-08-09")
    assert weights(report("weeks"), first + 14, first, 4).tolist() == [0, 1, 0, 0]
    assert weights(report("weeks"), first + 13, first, 4) is None
    assert weights(report("weeks"), first, first, 4) is None
    assert weights(report("day"), first + 8, first, 4).tolist() == [0, 1, 0, 0]
    month = np.datetime64("2025-08-31")
    total, mean = (weights(report(kind), month, first, 4) for kind in ("total", "mean"))
    assert total.sum() == pytest.approx(31 / 7)
    assert mean == pytest.approx(total * 7 / 31)
    assert total * 7 == pytest.approx([9 + 7, 7, 7, 1]), "days before the opening count like its first week's"
    assert weights(report("mean"), np.datetime64("2025-07-31"), first, 4) is None
