"""Posteriors move draws as they say, and only those of numbers whose prior they know."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri

from ceasefire.model.declare import Fixed, LogNormal, Normal, Prior, Share, Uniform
from ceasefire.scenario import posterior, spec
from ceasefire.scenario.posterior import Law, Posterior, PosteriorError

PRIORS: dict[str, Prior] = {
    "oil.brent_spread": LogNormal(0.2, 0.32, 0.45),
    "oil.discount_spread[R]": Share(0.15, 0.3, 0.5),
    "front.physics": Uniform(0.0, 0.5),
}


@pytest.fixture
def law() -> Law:
    root = np.array([[0.5, 0.0, 0.0], [0.3, 0.4, 0.0], [0.0, 0.0, 1.0]])
    return Law(tuple(PRIORS), tuple(PRIORS.values()), np.array([0.7, -0.2, 0.0]), root)


@pytest.fixture
def kept(law) -> Posterior:
    return Posterior("russia-ukraine", dt.date(2025, 6, 7), "sha256:ab", "1.0", {"oil": law})


@pytest.mark.parametrize("prior", [Normal(-1, 0, 3), LogNormal(0.2, 1, 2), Share(0.1, 0.5, 0.6), Uniform(-1.0, 2.0)])
@given(u=st.floats(1e-6, 1 - 1e-6))
def test_a_score_undoes_a_quantile(prior, u):
    assert ndtr(prior.score(prior.quantile(u))) == pytest.approx(u, rel=1e-6, abs=1e-9)


def test_a_constant_has_its_value_only():
    assert Fixed(2.0).score(2.0) == 0
    assert np.isinf(Fixed(2.0).score(1.0))


def test_scores_have_the_mean_and_covariance_of_the_law(law):
    luck = np.random.default_rng(1).standard_normal((3, 200_000))
    scores = law.scores(luck)
    assert scores.mean(axis=1) == pytest.approx(law.centre, abs=0.01)
    assert np.cov(scores) == pytest.approx(law.root @ law.root.T, abs=0.01)
    assert law.spread == pytest.approx([0.5, 0.5, 1.0])


def test_a_run_has_its_scores_however_many_are_drawn_beside_it(law):
    luck = np.random.default_rng(2).standard_normal((3, 1000))
    whole = law.scores(luck)
    for part in (slice(0, 1), slice(3, 35), slice(500, 1000)):
        assert np.array_equal(law.scores(luck[:, part]), whole[:, part])


def test_a_marginal_is_the_law_of_its_numbers(law):
    part = law.only(("front.physics", "oil.discount_spread[R]"))
    cover = law.root @ law.root.T
    assert part.centre == pytest.approx(law.centre[[2, 1]])
    assert part.root @ part.root.T == pytest.approx(cover[np.ix_([2, 1], [2, 1])])


def test_density_is_that_of_a_normal_law(law):
    from scipy.stats import multivariate_normal

    at = np.random.default_rng(3).standard_normal((6, 3))
    expected = multivariate_normal(law.centre, law.root @ law.root.T).logpdf(at)
    assert np.diff(law.log_density(at)) == pytest.approx(np.diff(expected))
    values = np.stack([prior.quantile(ndtr(at[:, k])) for k, prior in enumerate(law.priors)], axis=1)
    assert law.log_density_at(values) == pytest.approx(law.log_density(at))


def test_the_law_of_draws_is_found_from_them(law):
    scores = law.scores(np.random.default_rng(4).standard_normal((3, 100_000)))
    found = Law.of_scores(PRIORS, scores)
    assert found.centre == pytest.approx(law.centre, abs=0.02)
    assert found.root == pytest.approx(law.root, abs=0.02)


def test_numbers_under_another_prior_are_left_alone(kept):
    newer = PRIORS | {"oil.brent_spread": LogNormal(0.2, 0.33, 0.45)}
    laws = posterior.in_force(kept, newer)
    assert [law.names for law in laws] == [("oil.discount_spread[R]", "front.physics")]
    assert posterior.in_force(kept, {}) == ()
    assert posterior.in_force(None, PRIORS) == ()


def test_uniforms_are_those_of_the_posterior(kept):
    luck = {name: np.random.default_rng(5).random(50_000) for name in PRIORS}
    found = posterior.moved(posterior.in_force(kept, PRIORS), luck)
    assert set(found) == set(PRIORS)
    assert ndtri(found["oil.brent_spread"]).mean() == pytest.approx(0.7, abs=0.02)
    assert found["front.physics"] == pytest.approx(luck["front.physics"], abs=1e-9)


def test_far_luck_stays_inside_the_cube(kept):
    luck = {name: np.array([1e-300, 1 - 1e-16]) for name in PRIORS}
    found = posterior.moved(posterior.in_force(kept, PRIORS), luck)
    assert all(((u > 0) & (u < 1)).all() for u in found.values())


def test_a_lesson_takes_a_law_whole_or_the_prior(kept):
    some = {name: PRIORS[name] for name in list(PRIORS)[:2]}
    assert kept.law(some).centre == pytest.approx([0.7, -0.2])
    assert kept.law(some | {"other": Uniform(0, 1)}).centre == pytest.approx([0, 0, 0])
    assert posterior.law(None, some).root == pytest.approx(np.eye(2))


# ------------------------------------------------------------------------------------------------------------ the files


def test_what_is_kept_is_what_is_read(kept, tmp_path):
    path = posterior.write(kept, tmp_path)
    found = posterior.read(path)
    assert found.laws["oil"].names == kept.laws["oil"].names
    assert found.laws["oil"].priors == kept.laws["oil"].priors
    assert np.array_equal(found.laws["oil"].root, kept.laws["oil"].root)
    assert [p.name for p in tmp_path.iterdir()] == ["2025-06-07.json"]


def test_the_latest_cut_off_counts_and_no_later_file_is_opened(kept, tmp_path):
    scenario = spec.load("alaska-2025-08").model_copy(update={"calibration": str(tmp_path)})
    for day in ("2025-01-04", "2025-06-07"):
        posterior.write(dataclasses.replace(kept, cut_off=dt.date.fromisoformat(day)), tmp_path)
    (tmp_path / "2025-08-10.json").write_text("broken")
    (tmp_path / "2025-06-30.weights.json").write_text("broken")
    assert posterior.find(scenario).cut_off == dt.date(2025, 6, 7)
    assert posterior.find(scenario.on(dt.date(2025, 6, 7))).cut_off == dt.date(2025, 6, 7)
    assert posterior.find(scenario.on(dt.date(2025, 6, 6))).cut_off == dt.date(2025, 1, 4)
    assert posterior.find(scenario.on(dt.date(2025, 1, 3))) is None
    with pytest.raises(PosteriorError, match="2025-08-10"):
        posterior.find(scenario.on(dt.date(2025, 8, 10)))
    assert posterior.find(scenario.model_copy(update={"calibration": "none"})) is None
    assert posterior.find(scenario.model_copy(update={"calibration": str(tmp_path / "nowhere")})) is None


def _spoil(told: dict, how: str) -> object:
    law = told["laws"]["oil"]
    match how:
        case "list":
            return [1]
        case "format":
            told["format"] = 99
        case "day":
            told["cut_off"] = "2024-06-07"
        case "family":
            law["numbers"][0]["prior"]["family"] = "Fixed"
        case "size":
            law["centre"].append(0.0)
        case "upper":
            law["root"][0][2] = 0.1
        case "negative":
            law["root"][0][0] = -0.5
        case "infinite":
            law["centre"][0] = 1e999
        case "twice":
            law["numbers"][1] = law["numbers"][0]
        case "empty":
            law["numbers"], law["centre"], law["root"] = [], [], []
    return told


@pytest.mark.parametrize(
    "how", ["list", "format", "day", "family", "size", "upper", "negative", "infinite", "twice", "empty"]
)
def test_a_spoiled_file_is_told_in_a_line(kept, tmp_path, how):
    path = posterior.write(kept, tmp_path)
    path.write_text(json.dumps(_spoil(json.loads(path.read_text()), how)))
    with pytest.raises(PosteriorError, match=r"2025-06-07\.json"):
        posterior.read(path)


def test_a_scenario_file_names_a_folder_beside_it_and_nowhere_else(tmp_path):
    shipped = (spec.LIBRARY / "alaska-2025-08.toml").read_text()
    path = tmp_path / "mine.toml"
    path.write_text('calibration = "learned"\n' + shipped)
    assert spec.load(path).calibration == str(tmp_path / "learned")
    for name in ("../elsewhere", "/etc", "..", "a/b"):
        path.write_text(f"calibration = {json.dumps(name)}\n" + shipped)
        with pytest.raises(spec.ScenarioError, match="calibration"):
            spec.load(path)
    path.write_text('calibration = "none"\n' + shipped)
    assert spec.load(path).calibration == "none"
