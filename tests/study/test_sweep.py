"""Sweeps: effects of known functions, exactly nothing from nothing, the same bits however the work is shared out."""

from __future__ import annotations

import dataclasses
import itertools
import json

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from ceasefire import cli
from ceasefire.evidence.error import CeasefireError
from ceasefire.scenario import decree
from ceasefire.scenario.posterior import Law
from ceasefire.scenario.start import in_force
from ceasefire.study import design as designs
from ceasefire.study import sweep as study
from ceasefire.study import whatif
from ceasefire.study.design import Plan, PlanError
from ceasefire.study.measure import Output
from ceasefire.study.whatif import Comparison

RUNS, WEEKS, SEED = 40, 13, 5
RECRUITS = {"name": "manpower.recruitment[Blue]", "kind": "factor", "low": 0.25, "high": 4.0, "scale": "log"}
LATE = {"name": "drones.density", "kind": "factor", "low": 0.0, "high": 2.0, "from": 7}
NOTHING = {"name": "breach.hazard", "kind": "factor", "low": 0.5, "high": 2.0}
"""No breach opens by itself."""


def plan(**said) -> Plan:
    told = {"title": "A sweep", "scenario": "x", "weeks": WEEKS, "runs": RUNS, "seed": SEED, "method": "sobol"}
    return Plan.model_validate(told | said)


# --------------------------------------------------------------------------------------------------- known functions


def test_effects_of_ishigami_are_its_closed_form():
    a, b, inputs = 7.0, 0.1, 3
    x = np.pi * (2 * designs.sampled(inputs, 1024, SEED) - 1)
    y = np.sin(x[:, 0]) + a * np.sin(x[:, 1]) ** 2 + b * x[:, 2] ** 4 * np.sin(x[:, 0])
    alone = (1 + b * np.pi**4 / 5) ** 2 / 2, a**2 / 8, 0.0
    together = b**2 * np.pi**8 * (1 / 18 - 1 / 50)
    variance = sum(alone) + together
    first, first_half, total, total_half = study.analysed(y, inputs, SEED)
    assert (np.abs(first - np.array(alone) / variance) <= first_half).all()
    assert (np.abs(total - (np.array(alone) + together * np.array([1, 0, 1])) / variance) <= total_half).all()
    assert max(first_half.max(), total_half.max()) < 0.15


def test_what_does_not_vary_has_no_effects():
    points = designs.sampled(2, 8, SEED)
    assert np.isnan(study.analysed(np.ones(len(points)), 2, SEED)).all()
    first, _, total, total_half = study.analysed(points[:, 0], 2, SEED)
    assert (first[1], total[1], total_half[1]) == (0, 0, 0)
    assert total[0] > 0.5


def test_where_all_is_chance_the_whole_effect_is_noise():
    """Inputs that do nothing but change the dice: what is left to chance is the total effect."""
    inputs, samples, runs = 2, 256, 8
    luck = np.random.default_rng(SEED).normal(size=(samples, inputs + 2, runs))
    gap = luck - luck[:, :1]
    errors = (gap.std(axis=2, ddof=1) / np.sqrt(runs)).reshape(-1, 1, 1)
    mean = luck.mean(axis=2).reshape(-1, 1, 1)
    output = (Output("x", (), "", "1", ""),)
    zero = np.zeros((1, 1))
    against = [Comparison(output, (1,), runs, zero, zero, zero, error, zero, zero) for error in errors]
    found = study.effects(mean, against, inputs, SEED)
    assert (np.abs(found.total - found.noise) <= found.total_half).all()
    assert found.noise_all[0, 0] == pytest.approx(1, abs=0.15)


def test_main_effects_of_a_sum_are_its_shares_of_variance():
    inputs = np.array(list(itertools.product([0.0, 1.0, 2.0], [0.0, 1.0])))
    mean = (3 * inputs[:, 0] + 4 * inputs[:, 1])[:, None, None]
    first, second = study.main_effects(mean, inputs)
    assert first.mean[:, 0, 0] == pytest.approx([2, 5, 8])
    assert first.share + second.share == pytest.approx(1)
    assert second.share[0, 0] == pytest.approx(4 / (4 + 6))
    (none,) = study.main_effects(np.ones((6, 1, 1)), inputs[:, :1])
    assert np.isnan(none.share).all()


# --------------------------------------------------------------------------------------------------------------- wars


@pytest.fixture(scope="module")
def swept(invented_war) -> study.Sweep:
    asked = plan(samples=4, runs=32, horizons=[6, 13], vary=[RECRUITS, LATE, NOTHING])
    return study.of_start(invented_war, asked, workers=2)


def test_what_acts_on_nothing_has_exactly_no_effect(swept):
    effects = swept.effects
    varied = ~np.isnan(effects.total)
    assert (effects.total[0][varied[0]] > 0).any()
    for told in (effects.first, effects.first_half, effects.total, effects.total_half, effects.noise):
        assert (told[2][varied[2]] == 0).all()


def test_nothing_comes_before_its_cause(swept):
    row = swept.find("people_lost", "Amber")
    total = swept.effects.total
    assert total[0, row, 0] > 0
    assert total[1, row, 1] > 0
    assert (total[1, :, 0][~np.isnan(total[1, :, 0])] == 0).all()


def test_a_mean_and_its_error_are_those_of_the_runs(swept, invented_war):
    """A point fought alone."""
    point = 3
    schedule = decree.schedule(invented_war, WEEKS, swept.design.decrees[point])
    engine = study.Engine(invented_war, weeks=WEEKS, seed=SEED, keep=study.NEEDED)
    (chunk,) = engine.chunks(0, 32, [schedule])
    told = study.measured(chunk.series, study.headline_measures(invented_war), (6, 13))
    assert swept.mean[point] == pytest.approx(told.mean(axis=-1))
    assert swept.error[point] == pytest.approx(told.std(axis=-1, ddof=1) / np.sqrt(32))


@pytest.fixture(scope="module")
def crossed(invented_war) -> study.Sweep:
    vary = [RECRUITS | {"levels": 2}, {"name": "policy.effort", "kind": "number", "low": 0.2, "high": 0.6, "levels": 2}]
    return study.of_start(invented_war, plan(method="grid", vary=vary), workers=1)


def test_parts_and_workers_do_not_change_a_bit(crossed, invented_war):
    parted = [range(1), range(1, 4)]
    assert study.blocks(crossed.design, 2) == [range(4)]
    cells = study.fight(invented_war, crossed.plan, crossed.design, parted=parted, workers=2)
    for cell, compared, error in zip(cells, crossed.against, crossed.error, strict=True):
        again = study.compared(invented_war, crossed.plan, cell)
        for field in ("baseline", "treated", "difference", "error", "higher", "lower"):
            assert getattr(again, field).tobytes() == getattr(compared, field).tobytes()
        assert study.standard_error(cell).tobytes() == error.tobytes()


def test_a_corner_of_a_grid_is_the_treated_arm_of_a_whatif(crossed, invented_war):
    assert crossed.design.inputs[-1].tolist() == [4.0, 0.6]
    texts = ["manpower.recruitment[Blue]=x4", "policy.effort=0.6"]
    alone = whatif.of_start(
        invented_war, decree.schedule(invented_war, WEEKS, texts), runs=RUNS, weeks=WEEKS, seed=SEED
    )
    assert_is(crossed.against[-1], alone)
    assert np.array_equal(crossed.mean[-1, :, 0], alone.headline.treated[:, -1])


def test_a_policy_is_the_surprise_of_a_whatif(invented_war, tmp_path):
    do = ["manpower.recruitment[Amber]=x0.5@3..9", "drones.density[Blue]=x2"]
    (tmp_path / "a.toml").write_text(f"title = 'Fewer'\ndo = {json.dumps(do)}\n")
    (tmp_path / "b.toml").write_text('do = ["breach.hazard=x2"]\n')
    asked = plan(method="policies", policies=[str(tmp_path / name) for name in ("a.toml", "b.toml")])
    found = study.of_start(invented_war, asked, workers=2)
    alone = whatif.of_start(invented_war, decree.schedule(invented_war, WEEKS, do), runs=RUNS, weeks=WEEKS, seed=SEED)
    assert found.design.titles == ("Fewer", "b")
    assert_is(found.against[0], alone)
    assert not found.against[1].difference.any()
    assert (found.against[0].runs, found.expectation) == (alone.runs, whatif.UNFITTED)


def assert_is(found: Comparison, alone: whatif.WhatIf) -> None:
    """A point at the last week is a what-if's headline."""
    for row in range(len(found.outputs)):
        assert found.effect(row, WEEKS) == alone.headline.effect(row, WEEKS)


# -------------------------------------------------------------------------------------------------- what is not known


def test_a_quantile_is_that_of_the_prior_in_force_number_by_number(invented_war):
    name = "manpower.recruitment"
    asked = plan(method="grid", vary=[{"name": name, "kind": "quantile", "low": 0.1, "high": 0.9}])
    design = designs.designed(asked, invented_war)
    priors = in_force(invented_war.choices, invented_war.labels)
    for (level,), texts in zip(design.inputs, design.decrees, strict=True):
        for text in texts:
            read = decree.parse(text)
            assert read.value == pytest.approx(priors[f"{name}[{read.labels[0]}]"].quantile(level))
    assert [len(texts) for texts in design.decrees] == [2, 2, 2]


def test_a_quantile_of_what_was_calibrated_is_that_of_its_posterior(invented_war):
    name = "manpower.recruitment[Blue]"
    prior = in_force(invented_war.choices, invented_war.labels)[name]
    law = Law((name,), (prior,), np.array([0.7]), np.array([[0.4]]))
    taught = dataclasses.replace(invented_war, calibrated=(law,))
    asked = plan(method="grid", vary=[{"name": name, "kind": "quantile", "low": 0.1, "high": 0.9, "levels": 2}])
    design = designs.designed(asked, taught)
    expected = prior.quantile(ndtr(0.7 + 0.4 * ndtri(np.array([0.1, 0.9]))))
    assert [decree.parse(text).value for (text,) in design.decrees] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "what"),
    [("front.tempo_mean", "learned from"), ("attrition.troops[Blue]", "for parameters"), ("no.such", "no 'no.such'")],
)
def test_a_quantile_needs_a_prior(invented_war, name, what):
    with pytest.raises(CeasefireError, match=what):
        designs.designed(plan(vary=[{"name": name, "kind": "quantile", "low": 0.1, "high": 0.9}]), invented_war)


def test_a_scale_is_even_between_its_ends():
    one = designs.Vary.model_validate(RECRUITS)
    assert one.value(np.array([0.0, 0.5, 1.0])) == pytest.approx([0.25, 1.0, 4.0])
    assert designs.Vary.model_validate(LATE).value(np.array([0.0, 0.5, 1.0])) == pytest.approx([0.0, 1.0, 2.0])


# -------------------------------------------------------------------------------------------------------------- plans

HEAD = 'title = "T"\nscenario = "alaska-2025-08"\n'
ONE = '[[vary]]\nname = "drones.density[U]"\nkind = "factor"\nlow = 0.5\nhigh = 2.0\n'
WRONG = {
    "not TOML": ("= 3", "is not TOML"),
    "no method": (HEAD + ONE, "method: Field required"),
    "another method": (HEAD + 'method = "random"\n' + ONE, "'sobol', 'grid' or 'policies'"),
    "no input": (HEAD + 'method = "sobol"\n', "takes a table [[vary]]"),
    "no policy": (HEAD + 'method = "policies"\n', "takes a list `policies`"),
    "an unknown entry": (
        HEAD + 'method = "grid"\nrums = 5\n' + ONE,
        "rums: there is no such entry; did you mean 'runs'",
    ),
    "an unknown entry of an input": (HEAD + 'method = "grid"\n' + ONE + "level = 2\n", "did you mean 'levels'"),
    "ends the wrong way": (HEAD + 'method = "grid"\n' + ONE.replace("0.5", "3.0"), "low must be below high"),
    "no power of two": (
        HEAD + 'method = "sobol"\nsamples = 100\n' + ONE,
        "samples: a power of 2 is needed, such as 128",
    ),
    "a log of nothing": (HEAD + 'method = "grid"\n' + ONE.replace("0.5", "0.0") + 'scale = "log"\n', "above 0"),
    "a negative factor": (HEAD + 'method = "grid"\n' + ONE.replace("0.5", "-0.5"), "cannot be negative"),
    "a text for a number": (HEAD + 'method = "grid"\n' + ONE.replace("0.5", '"0.5"'), "vary.0.low"),
    "beyond certainty": (HEAD + 'method = "grid"\n' + ONE.replace("factor", "quantile"), "between 0 and 1"),
    "levels without a grid": (HEAD + 'method = "sobol"\n' + ONE + "levels = 3\n", 'levels are for method = "grid"'),
    "twice the same": (HEAD + 'method = "grid"\n' + ONE + ONE, "stands twice"),
    "beyond the end": (
        HEAD + 'method = "grid"\nweeks = 8\nhorizons = [9]\n' + ONE,
        "week 9 is not among the weeks 1 to 8",
    ),
    "too many": (HEAD + 'method = "sobol"\nsamples = 16384\n' + ONE + ONE.replace("[U]", "[R]"), "50,000 are the most"),
    "a file elsewhere": (HEAD + 'method = "policies"\npolicies = ["../a.toml"]\n', "no name of a file beside the plan"),
    "too long": ("#" * 70_000, "longer than"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_plan_that_cannot_be_is_refused_in_one_line(tmp_path, case):
    text, what = WRONG[case]
    path = tmp_path / "plan.toml"
    path.write_text(text)
    with pytest.raises(PlanError) as told:
        designs.read(path)
    assert what in str(told.value)
    assert str(path) in str(told.value)
    assert "\n" not in str(told.value)


def test_the_command_complains_in_one_line(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["ceasefire", "sweep", str(tmp_path / "none.toml")])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    told = capsys.readouterr().err
    assert (stop.value.code, told.count("\n")) == (1, 1)
    assert "cannot read the plan" in told
