"""Oil: is the likelihood that of a walk of weeks, are known numbers found again, does a war teach of itself alone?"""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import jax
import numpy as np
import pytest
from scipy.stats import kstest, multivariate_normal, norm

from ceasefire.evidence.control import ControlRecord
from ceasefire.evidence.series import Observation
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.model.declare import Fixed, LogNormal
from ceasefire.scenario.start import variables
from ceasefire.study.calibration import nuts, oil

MONTHS = np.arange(640, 675)
NUMBERS = {
    "oil.brent_spread": 0.3,
    "oil.brent_half_life": 50.0,
    "oil.jump_rate": 0.01,
    "oil.jump_size": 0.4,
    "oil.discount_spread[R]": 0.4,
    "oil.discount_half_life": 15.0,
    "oil.exchange_spread[R]": 0.2,
    "oil.exchange_effect[R]": 0.2,
    "oil.exchange_half_life": 60.0,
}


def walk(observed: np.ndarray, brent: np.ndarray | None = None) -> oil.Walk:
    share = np.diff(oil.shares(MONTHS), axis=0)
    return oil.tabled(observed, share, np.zeros(len(share)) if brent is None else brent)


def data(generator: np.random.Generator) -> oil.Data:
    still = np.zeros(len(MONTHS) - 1)
    rate = walk(still, 0.06 * generator.standard_normal(len(still)))
    empty = oil.Data(np.zeros(160), {"R": walk(still)}, {"R": rate}, {}, np.asarray(20.0))
    return oil.simulate(NUMBERS, empty, generator)


def priors() -> dict[str, LogNormal]:
    known = variables()
    return {name: known[name.partition("[")[0]].prior for name in NUMBERS}


# Likelihood


def test_months_are_made_of_the_weeks_that_hold_their_days():
    share = oil.shares(np.array([645, 646, 648]))  # October, November 2023, January 2024
    np.testing.assert_allclose(share.sum(axis=1), 1.0)
    assert share[0, :5] == pytest.approx(np.array([7, 7, 7, 7, 3]) / 31)
    assert share[1, 4] == pytest.approx(4 / 30)


@pytest.mark.parametrize("half_life", [1.7, 9.0, 33.3, 160.0])
def test_a_walk_has_the_likelihood_of_a_joint_normal(half_life):
    random = np.random.default_rng(5)
    observed, brent = 0.1 * random.standard_normal((2, len(MONTHS) - 1))
    told = walk(observed, brent)
    week = np.arange(told.share.shape[1])
    cover = 0.3**2 * told.share @ 2.0 ** (-np.abs(week[:, None] - week) / half_life) @ told.share.T
    plain = multivariate_normal(cov=cover).logpdf(observed + 0.25 * brent)
    with jax.enable_x64(True):
        found = oil.walk_likelihood(*map(jax.numpy.asarray, (0.3, half_life, 0.25)), told)
    assert float(found) == pytest.approx(plain, abs=0.05)


def test_a_calm_price_has_the_likelihood_of_a_walk_week_by_week():
    log = np.cumsum(0.03 * np.random.default_rng(6).standard_normal(40))
    log -= log[0]
    keep = 2 ** (-1 / 50)
    plain = norm(0.2 + keep * (log[:-1] - 0.2), 0.3 * np.sqrt(1 - keep**2)).logpdf(log[1:]).sum()
    with jax.enable_x64(True):
        found = oil.brent_likelihood(*map(jax.numpy.asarray, (0.3, 50.0, 1e-12, 0.4, 0.2)), jax.numpy.asarray(log))
    assert float(found) == pytest.approx(plain, rel=1e-6)


def test_one_week_that_leaps_speaks_for_jumps_and_not_for_restlessness():
    calm = np.cumsum(0.03 * np.random.default_rng(6).standard_normal(80))
    leapt = calm + 0.6 * (np.arange(80) > 40)

    def gain(log: np.ndarray, rate: float) -> float:
        numbers = map(jax.numpy.asarray, (0.3, 50.0, rate, 0.4, 0.0))
        with jax.enable_x64(True):
            return float(oil.brent_likelihood(*numbers, jax.numpy.asarray(log)))

    assert gain(leapt, 0.02) - gain(leapt, 1e-6) > 5
    assert gain(calm, 0.02) < gain(calm, 1e-6)


# Recovery


def test_ranks_of_known_truths_are_uniform_and_spreads_are_learned(monkeypatch):
    monkeypatch.setattr(nuts, "REPLICATE_WARM_UP", 150)
    monkeypatch.setattr(nuts, "REPLICATE_DRAWS", 200)
    found = nuts.replicate(oil.MODULE, priors(), data(np.random.default_rng(1)), number=20, seed=3)
    names = list(priors())
    for name in names:
        rank = (found.rank[names.index(name)] + 0.5) / (found.among + 1)
        assert kstest(rank, "uniform").pvalue > 0.001, name
    for name in ("oil.brent_spread", "oil.discount_spread[R]", "oil.exchange_spread[R]"):
        assert (found.spread[names.index(name)] ** 2).mean() < 0.7, name
    at = names.index("oil.discount_spread[R]")
    assert np.corrcoef(found.truth[at], found.mean[at])[0, 1] > 0.5


def test_simulated_data_have_the_shapes_of_the_data_and_move_the_numbers_that_they_should():
    random = np.random.default_rng(2)
    usual = data(random)
    wild = oil.simulate({**NUMBERS, "oil.discount_spread[R]": 2.0}, usual, random)
    assert jax.tree.map(np.shape, wild) == jax.tree.map(np.shape, usual)
    assert wild.discount["R"].observed.std() > 2 * usual.discount["R"].observed.std()


# From the record


def rows(name: str, days: np.ndarray, values: np.ndarray) -> list[Observation]:
    return [
        Observation(name, str(day), str(day + np.timedelta64(5, "D")), float(value), "USD", "invented", "B")
        for day, value in zip(days, values, strict=True)
    ]


def world() -> list[Observation]:
    random = np.random.default_rng(4)
    ends = (MONTHS + 1).astype("datetime64[M]").astype("datetime64[D]") - np.timedelta64(1, "D")
    weeks = np.arange("2023-06-03", "2026-05-01", 7, dtype="datetime64[D]")
    return [
        *rows("p.week", weeks, 80 * np.exp(0.02 * random.standard_normal(len(weeks)))),
        *rows("p.brent", ends, np.full(len(ends), 80.0)),
        *rows("p.amber", ends, 60 + random.standard_normal(len(ends))),
        *rows("p.coin", ends, 9 + 0.1 * random.standard_normal(len(ends))),
    ]


def start(reported: dict[str, str], opening: str = "p.week", **fixed: float) -> SimpleNamespace:
    entries = tuple(
        SimpleNamespace(series=series, of=(name,), per="", kind="mean") for series, name in reported.items()
    )
    record = (SimpleNamespace(name="oil.brent_opening", series=opening),)
    war = SimpleNamespace(started=np.datetime64("2023-01-01").astype(object), reported=entries, record=record)
    known = [v for v in variables().values() if v.kind == "parameter" and v.name.startswith("oil.")]
    listed = [SimpleNamespace(variable=v, index=(), prior=v.prior) for v in known]
    listed += [
        SimpleNamespace(variable=v, index=(), prior=Fixed(fixed[v.name.partition(".")[2]]))
        for v in known
        if v.name.partition(".")[2] in fixed
    ]
    return SimpleNamespace(
        scenario=SimpleNamespace(war=war), choices=tuple(listed), labels={"side": ("Amber", "Blue"), "buyer": ("one",)}
    )


REPORTED = {"p.brent": "oil.brent", "p.amber": "oil.price[Amber]", "p.coin": "oil.exchange[Amber]"}


def known(observations: list[Observation], day: str = "2026-04-30") -> Vintage:
    frame = rows("other.thing", np.array(["2020-01-01", "2040-01-01"], "datetime64[D]"), np.ones(2))
    return Vintage(Store(tuple(sorted([*observations, *frame])), ControlRecord.empty(), {}), day)


def test_a_war_teaches_of_the_sides_whose_prices_it_reports():
    vintage = known(world())
    both = oil.gather(start(REPORTED), vintage)
    assert set(oil.priors(start(REPORTED), both)) >= {"oil.brent_spread", "oil.discount_spread[Amber]"}
    assert not any("Blue" in name for name in oil.priors(start(REPORTED), both))
    alone = oil.gather(start({}), vintage)
    assert set(oil.priors(start({}), alone)) == set(oil.BRENT)
    assert oil.gather(start({}, opening="p.none"), vintage) is None


def test_a_number_that_is_sure_is_not_learned():
    opened = start(REPORTED, exchange_effect=0.0, jump_rate=0.0)
    found = oil.gather(opened, known(world()))
    assert set(found.fixed) == {"oil.exchange_effect[Amber]", "oil.jump_rate"}
    assert not set(found.fixed) & set(oil.priors(opened, found))


def test_what_is_published_after_the_day_teaches_nothing():
    opened, until = start(REPORTED), "2025-03-01"
    before = [row for row in world() if row.published <= until]
    here, there = (oil.gather(opened, known(listed, until)) for listed in (before, world()))
    for one, other in zip(jax.tree.leaves(here), jax.tree.leaves(there), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_first_year_of_a_war_teaches_nothing_of_discounts():
    wild = [replace(row, value=5.0) if row.name == "p.amber" and row.date < "2024-01-01" else row for row in world()]
    here, there = (oil.gather(start(REPORTED), known(listed)) for listed in (world(), wild))
    np.testing.assert_array_equal(here.discount["Amber"].observed, there.discount["Amber"].observed)
    assert len(here.discount["Amber"].observed) == (MONTHS >= 12 * (2024 - 1970)).sum() - 1
