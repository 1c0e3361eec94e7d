"""A calibration is learned, kept, told and used, and says when it knows nothing."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np
import numpyro
import numpyro.distributions as dist
import pytest
from numpy.typing import NDArray

from ceasefire.evidence.error import CeasefireError
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario import posterior, spec
from ceasefire.scenario.start import Start, in_force, open_war
from ceasefire.simulate.draws import cube, values
from ceasefire.study.calibration import calibrate as study
from ceasefire.study.calibration.module import Module, priors_of
from ceasefire.study.forecast import assumptions
from ceasefire.view import calibration as view

DAY = "2025-01-04"
KNOWN, UNKNOWN = "strikes.tempo_spread", "strikes.nights_spread"


class Data(NamedTuple):
    seen: NDArray[np.float64]


def _model(given, data):
    numpyro.sample("seen", dist.Normal(given[KNOWN], 0.05), obs=data.seen)


def _simulate(given, data, generator):
    return Data(generator.normal(given[KNOWN], 0.05, data.seen.shape))


TOY = Module(
    "toy",
    "A number seen with noise, and one never seen",
    lambda start, vintage: Data(np.full(8, 0.5)),
    lambda start, data: {name: priors_of(start)[name] for name in (KNOWN, UNKNOWN)},
    _model,
    _simulate,
)
SILENT = dataclasses.replace(TOY, name="silent", gather=lambda start, vintage: None)


@pytest.fixture(scope="module")
def found() -> study.Calibration:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study, "MODULES", (TOY, SILENT))
        return study.calibrate("alaska-2025-08", until=DAY, only=("toy", "silent"), replicates=40, seed=3)


@pytest.fixture(scope="module")
def start(found, tmp_path_factory) -> Start:
    folder = tmp_path_factory.mktemp("kept")
    study.write(found, folder)
    scenario = spec.load("alaska-2025-08").model_copy(update={"calibration": str(folder)}).on(found.posterior.cut_off)
    return open_war(scenario, Vintage(Store.open(None), scenario.opening))


def test_what_the_record_tells_is_identified_and_the_rest_is_not(found):
    known, unknown = found.report.numbers
    assert (known.name, unknown.name) == (KNOWN, UNKNOWN)
    assert known.identified
    assert known.posterior[1] == pytest.approx(0.5, abs=0.05)
    assert known.contraction > 0.8
    assert known.recovery > 0.8
    assert not unknown.identified
    assert abs(unknown.recovery) < 0.6
    assert min(known.uniform, unknown.uniform) > 1e-3
    assert found.report.without == ("silent",)


def test_draws_of_the_opened_war_are_those_of_the_posterior(found, start):
    drawn = values(start, cube(start, 1, np.arange(4000, dtype=np.uint32)))
    assert start.cut_off == DAY
    low, mid, high = np.quantile(drawn[KNOWN], [0.05, 0.5, 0.95])
    assert [low, mid, high] == pytest.approx(found.report.numbers[0].posterior, rel=0.05)


def test_what_was_not_calibrated_keeps_its_bits(start):
    bare = dataclasses.replace(start, calibrated=(), cut_off="")
    points = cube(start, 1, np.arange(64, dtype=np.uint32))
    one, other = values(start, points), values(bare, points)
    changed = {name for name in one if not np.array_equal(one[name], other[name])}
    assert changed == {KNOWN, UNKNOWN}


def test_a_run_is_the_same_however_many_are_drawn_beside_it(start):
    few = values(start, cube(start, 1, np.arange(32, 64, dtype=np.uint32)))
    many = values(start, cube(start, 1, np.arange(200, dtype=np.uint32)))
    assert np.array_equal(few[KNOWN], many[KNOWN][..., 32:64])


def test_a_number_that_became_known_since_stands(start):
    newer = spec.Value(
        name=KNOWN, low=0.1, mid=0.2, high=0.3, unit="1", known_on=start.scenario.opening, source="told since"
    )
    scenario = start.scenario.model_copy(update={"value": (*start.scenario.value, newer)})
    told = open_war(scenario, Vintage(Store.open(None), scenario.opening))
    assert [law.names for law in told.calibrated] == [(UNKNOWN,)]
    assert in_force(told.choices, told.labels)[KNOWN].quantile(0.5) == pytest.approx(0.2)


def test_assumptions_tell_what_was_calibrated(found, start):
    rows = [row for row in assumptions(start) if row["name"] == KNOWN]
    assert [row["kind"] for row in rows] == ["calibrated"]
    assert [rows[0][point] for point in ("low", "mid", "high")] == pytest.approx(found.report.numbers[0].posterior)
    assert rows[0]["known_on"] == DAY


def test_a_report_is_read_back_the_same(found, tmp_path):
    path, kept = study.write(found, tmp_path)
    assert study.read_report(kept) == found.report
    assert posterior.read(path).laws["toy"].names == (KNOWN, UNKNOWN)
    kept.write_text("{}")
    with pytest.raises(CeasefireError, match="no report"):
        study.read_report(kept)


def test_the_page_says_what_is_not_identified(found):
    told = view.page([found.report])
    assert f"Not identified: `{UNKNOWN}`." in told
    assert f"`{KNOWN}`" in told
    assert "1 of 2 numbers are identified" in view.text(found.report)
    assert "not identified" in view.text(found.report)
    assert view.figure(found.report).startswith("<svg")


@pytest.mark.parametrize(
    ("asked", "match"),
    [
        ({"only": ("frnt",)}, "front"),
        ({"until": "yesterday"}, "yesterday"),
        ({"replicates": 3}, "replicates"),
        ({"members": 1}, "members"),
        ({"until": "2023-01-07"}, "2023-01-07"),
    ],
)
def test_what_makes_no_sense_is_told_before_any_work(asked, match):
    with pytest.raises(CeasefireError, match=match):
        study.calibrate("alaska-2025-08", **({"until": DAY, "only": ("front",)} | asked))
