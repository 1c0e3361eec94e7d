"""Durations: published figures of the record, closed forms of the families, recovery from simulated lifetimes."""

import numpy as np
import pytest
from scipy import stats

from ceasefire.scenario import duration

HEADER = (
    "WarNum,WarName,StartMonth1,StartDay1,StartYear1,EndMonth1,EndDay1,EndYear1,"
    "StartMonth2,StartDay2,StartYear2,EndMonth2,EndDay2,EndYear2,Outcome,BatDeath\n"
)


@pytest.fixture
def uniforms():
    return np.random.default_rng(7).uniform(size=(3, 4000))


# ------------------------------------------------------------------------------------------------------- the record


def test_the_record_has_the_published_shares_and_median():
    months = [war.months for war in duration.wars()]
    shares = duration.outlasting()
    assert len(months) == 95
    assert [round(shares[year], 3) for year in (1, 2, 3, 4, 5)] == [0.547, 0.211, 0.137, 0.095, 0.063]
    assert np.median(months) == pytest.approx(5.4, abs=0.05)
    assert np.mean(months) == pytest.approx(13.7, abs=0.05)
    assert all(war.ended and war.start <= war.end for war in duration.wars())


@pytest.mark.parametrize(
    ("name", "months"), [("Korean", 37.1), ("Iran-Iraq", 94.9), ("Badme Border", 31.3), ("Chaco", 35.9)]
)
def test_known_wars_lasted_as_long_as_published(name, months):
    (war,) = [war for war in duration.wars() if war.name == name]
    assert war.months == pytest.approx(months, abs=0.06)


def test_deriving_takes_the_outermost_dates_of_the_participants(tmp_path):
    upstream, derived = tmp_path / "upstream.csv", tmp_path / "derived.csv"
    upstream.write_text(
        HEADER
        + "3,Salt War,2,1,1900,3,1,1900,-8,-8,-8,-8,-8,-8,1,400\n"
        + "3,Salt War,1,15,1900,2,1,1900,5,1,1900,6,30,1901,2,-9\n"
        + "1,Pepper War,7,1,1890,7,10,1890,-8,-8,-8,-8,-8,-8,6,10\n"
    )
    pepper, salt = duration.derive(upstream, derived)
    assert (pepper.outcome, pepper.months) == ("stalemate", 10 / duration.DAYS_PER_MONTH)
    assert (str(salt.start), str(salt.end)) == ("1900-01-15", "1901-06-30")
    assert (salt.outcome, salt.battle_deaths, salt.calendar_years) == ("victory", 400, 1)
    assert derived.read_text().splitlines()[1] == "1,Pepper War,1890-07-01,1890-07-10,0.3285,stalemate,10"


def test_deriving_from_the_wrong_file_says_what_is_missing(tmp_path):
    (tmp_path / "wrong.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="WarNum"):
        duration.derive(tmp_path / "wrong.csv", tmp_path / "derived.csv")


# --------------------------------------------------------------------------------------------------------- families


@pytest.mark.parametrize(
    ("family", "shape", "scale", "loss"), [("weibull", 0.72, 10.8, 333.05), ("log-logistic", 1.17, 5.26, 330.37)]
)
def test_the_fits_are_the_published_ones(family, shape, scale, loss):
    fitted = duration.fits()[family]
    assert float(fitted.lifetime.shape) == pytest.approx(shape, abs=0.005)
    assert float(fitted.lifetime.scale) == pytest.approx(scale, abs=0.05)
    assert -fitted.log_likelihood == pytest.approx(loss, abs=0.01)


@pytest.mark.parametrize(
    ("family", "age", "chance"),
    [("weibull", 41.6, 0.41), ("log-logistic", 41.6, 0.24), ("weibull", 47.2, 0.40), ("log-logistic", 47.2, 0.22)],
)
def test_the_chance_of_an_end_within_a_year_is_the_published_one(family, age, chance):
    assert duration.fits()[family].lifetime.conditional_end(age, 12) == pytest.approx(chance, abs=0.005)


@pytest.mark.parametrize(
    ("family", "law"),
    [("weibull", stats.weibull_min(0.8, scale=9.0)), ("log-logistic", stats.fisk(1.3, scale=9.0))],
)
def test_families_agree_with_their_closed_forms(family, law):
    shape = {"weibull": 0.8, "log-logistic": 1.3}[family]
    lifetime = duration.Lifetime(duration.FAMILIES[family], np.array(shape), np.array(9.0))
    t = np.array([0.1, 1.0, 9.0, 60.0, 300.0])
    np.testing.assert_allclose(lifetime.survival(t), law.sf(t), rtol=1e-9)
    np.testing.assert_allclose(lifetime.log_density(t), law.logpdf(t), rtol=1e-9)
    np.testing.assert_allclose(lifetime.hazard(t), law.pdf(t) / law.sf(t), rtol=1e-9)
    np.testing.assert_allclose(lifetime.conditional_end(t, 12), 1 - law.sf(t + 12) / law.sf(t), rtol=1e-9)
    assert lifetime.survival(0.0) == 1.0


def test_the_exponential_fit_is_ends_over_time_at_risk():
    months, ended = np.array([1.0, 4.0, 7.0, 20.0]), np.array([1, 1, 0, 1])
    fitted = duration.fit("exponential", months, ended)
    assert float(fitted.lifetime.scale) == pytest.approx(32 / 3, rel=1e-9)
    assert fitted.covariance[1, 1] == pytest.approx(1 / 3, rel=1e-6)
    assert fitted.lifetime.hazard(50.0) == pytest.approx(3 / 32)


@pytest.mark.parametrize("family", ["weibull", "log-logistic"])
def test_parameters_are_recovered_although_a_third_are_censored(family):
    rng = np.random.default_rng(3)
    number, shape, scale = 4000, 0.8, 9.0
    law = stats.weibull_min(shape, scale=scale) if family == "weibull" else stats.fisk(shape, scale=scale)
    lived, watched = law.rvs(number, random_state=rng), rng.uniform(1, 20, number)
    fitted = duration.fit(family, np.minimum(lived, watched), lived <= watched)
    error = (fitted.log_parameters - np.log([shape, scale])) / np.sqrt(np.diag(fitted.covariance))
    assert np.mean(lived > watched) > 0.25
    assert np.all(np.abs(error) < 3)


@pytest.mark.parametrize("family", list(duration.FAMILIES))
def test_the_covariance_is_the_curvature_of_the_likelihood(family):
    fitted = duration.fits()[family]
    months = np.array([war.months for war in duration.wars()])

    def height(log_parameters):
        shape, scale = np.exp(log_parameters)
        return duration.Lifetime(fitted.lifetime.family, shape, scale).log_density(months).sum()

    top, step = fitted.log_parameters, 1e-3
    free = [0, 1] if fitted.lifetime.family.shape_is_free else [1]
    units = np.eye(2)[free] * step
    curvature = [
        [
            (height(top + a + b) - height(top + a - b) - height(top - a + b) + height(top - a - b)) / (4 * step**2)
            for a in units
        ]
        for b in units
    ]
    np.testing.assert_allclose(fitted.covariance[np.ix_(free, free)], np.linalg.inv(-np.array(curvature)), rtol=1e-3)


def test_changing_the_unit_of_time_changes_only_the_scale():
    months = np.array([war.months for war in duration.wars()])
    in_days = duration.fit("weibull", months * 30.4375)
    assert in_days.lifetime.scale == pytest.approx(duration.fits()["weibull"].lifetime.scale * 30.4375, rel=1e-8)
    assert in_days.lifetime.shape == pytest.approx(duration.fits()["weibull"].lifetime.shape, rel=1e-8)


def test_refused_requests_say_what_would_do():
    with pytest.raises(ValueError, match="log-logistic"):
        duration.fit("gompertz", [1.0, 2.0])
    with pytest.raises(ValueError, match="positive"):
        duration.fit("weibull", [1.0, 0.0])
    with pytest.raises(ValueError, match="two wars that ended"):
        duration.fit("weibull", [1.0, 2.0], [1, 0])
    with pytest.raises(ValueError, match=r"\[3, run\]"):
        duration.draw(np.full((2, 5), 0.5))
    with pytest.raises(ValueError, match="between 0 and 1"):
        duration.draw(np.zeros((3, 5)))
    with pytest.raises(ValueError, match="negative"):
        duration.hazard_path(-1, 4, np.full((3, 1), 0.5))


# ---------------------------------------------------------------------------------------------------- Kaplan–Meier


def test_kaplan_and_meier_without_censoring_is_the_share_that_outlasts():
    months = np.array([war.months for war in duration.wars()])
    ages = np.array([0.0, 1.0, 5.0, 12.0, 40.0, 100.0])
    np.testing.assert_allclose(duration.kaplan_meier().survival(ages), (months > ages[:, None]).mean(axis=1))


def test_kaplan_and_meier_with_censoring_by_hand():
    curve = duration.kaplan_meier([1.0, 2.0, 2.0, 3.0, 4.0], [1, 1, 0, 0, 1])
    np.testing.assert_allclose(curve.survival([0.5, 1.0, 2.5, 3.5, 4.0]), [1, 0.8, 0.6, 0.6, 0.0])
    assert curve.conditional_end(1.5, 1.0) == pytest.approx(0.25)
    assert np.isnan(curve.conditional_end(5.0, 1.0))
    # between 2/√2 and 2√2 one war ended (the other was lost from sight); three wars lived there, two of them throughout
    lived = 2 * (2 - np.sqrt(2)) + 2 * np.sqrt(2)
    assert curve.hazard(2.0) == pytest.approx(1 / lived)
    assert np.isnan(curve.hazard(50.0))


def test_the_families_follow_kaplan_and_meier():
    ages = np.array([1.0, 3.0, 8.0, 24.0])
    for name in ("weibull", "log-logistic"):
        gap = duration.fits()[name].lifetime.survival(ages) - duration.kaplan_meier().survival(ages)
        assert np.abs(gap).max() < 0.08


# ------------------------------------------------------------------------------------------------ comparison, draws


def test_the_log_logistic_foretells_left_out_wars_best():
    first, second, last = duration.compare()
    assert (first.family, second.family, last.family) == ("log-logistic", "weibull", "exponential")
    assert all(row.left_out < row.log_likelihood for row in (first, second, last))
    assert first.weight + second.weight + last.weight == pytest.approx(1)
    assert 0.1 < second.weight < 0.35


def test_leaving_one_out_is_a_fit_to_the_others():
    months = np.array([0.5, 1.0, 3.0, 6.0, 30.0])
    ended = np.array([1, 1, 1, 1, 0])
    densities = duration.left_out_log_density("weibull", months, ended)
    assert densities[2] == pytest.approx(
        duration.fit("weibull", months[[0, 1, 3, 4]], ended[[0, 1, 3, 4]]).lifetime.log_density(3.0)
    )
    assert densities[4] == pytest.approx(np.log(duration.fit("weibull", months[:4]).lifetime.survival(30.0)))


def test_weights_are_even_for_twins_and_certain_for_a_clear_winner():
    log_densities = np.random.default_rng(0).normal(size=60)
    np.testing.assert_allclose(duration.averaging_weights(np.stack([log_densities, log_densities])), 0.5)
    assert duration.averaging_weights(np.stack([log_densities, log_densities - 1]))[0] > 0.999


def test_draws_have_the_weights_and_the_moments_of_the_fits(uniforms):
    drawn = duration.draw(uniforms)
    names = list(duration.FAMILIES)
    for row in duration.compare():
        chosen = drawn.family == names.index(row.family)
        assert chosen.mean() == pytest.approx(row.weight, abs=0.03)
    chosen = drawn.family == names.index("log-logistic")
    fitted = duration.fits()["log-logistic"]
    log_drawn = np.log([drawn.shape[chosen], drawn.scale[chosen]])
    np.testing.assert_allclose(log_drawn.mean(axis=1), fitted.log_parameters, atol=0.015)
    np.testing.assert_allclose(np.cov(log_drawn), fitted.covariance, atol=0.002)
    assert np.all(drawn.shape[drawn.family == names.index("exponential")] == 1)


def test_weekly_hazards_multiply_up_to_the_conditional_end(uniforms):
    path = duration.hazard_path(50.0, 52, uniforms)
    assert path.shape == (52, 4000)
    assert path.dtype == np.float64
    assert np.all((path > 0) & (path < 1))
    within = duration.draw(uniforms).conditional_end(50.0, 52 * duration.MONTHS_PER_WEEK)
    np.testing.assert_allclose(1 - np.prod(1 - path, axis=0), within, rtol=1e-9)
    assert 0.2 < within.mean() < 0.35


def test_hazards_depend_on_age_alone_and_not_on_how_runs_are_cut(uniforms):
    whole = duration.hazard_path(30.0, 8, uniforms)
    parts = [duration.hazard_path(30.0, 8, uniforms[:, part]) for part in (slice(0, 100), slice(100, None))]
    assert np.array_equal(whole, np.concatenate(parts, axis=1))
    later = duration.hazard_path(30.0 + 4 * duration.MONTHS_PER_WEEK, 4, uniforms)
    np.testing.assert_allclose(whole[4:], later, rtol=1e-6)


def test_a_war_that_opens_today_has_the_record_before_it(uniforms):
    path = duration.hazard_path(0.0, 52, uniforms)
    assert (1 - np.prod(1 - path, axis=0)).mean() == pytest.approx(1 - duration.kaplan_meier().survival(12.0), abs=0.08)


def test_kinds_of_ending_are_a_loose_prior():
    shares = duration.ending_shares()
    total = sum(shares.values())
    assert list(shares) == ["ceasefire", "settlement", "dictated", "fade"]
    assert total == pytest.approx(6)
    assert shares["dictated"] / total == pytest.approx((20 / 68 + 11 / 25) / 2)
    assert all(0.05 < share / total < 0.6 for share in shares.values())
