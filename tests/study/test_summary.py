import datetime
import importlib.util
import itertools
import json
from pathlib import Path
from types import ModuleType

import jsonschema
import numpy as np
import pytest
import xarray

from ceasefire.study import summary as module
from ceasefire.study.summary import Summary, SummaryError, quantiles, schema_json, summarise, to_json, wilson

ROOT = Path(__file__).parents[2]


def _support() -> ModuleType:
    """The builder of made-up results that the tests of `view` use."""
    spec = importlib.util.spec_from_file_location("made_up_result", ROOT / "tests" / "view" / "conftest.py")
    assert spec
    assert spec.loader
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


make_result = _support().make_result


@pytest.fixture(scope="module")
def result() -> xarray.Dataset:
    return make_result()


@pytest.fixture(scope="module")
def summary(result: xarray.Dataset) -> Summary:
    return summarise(result)


def test_quantiles_of_known_draws_are_exact() -> None:
    draws = np.random.default_rng(1).permutation(101)
    np.testing.assert_allclose(quantiles(draws), [5, 25, 50, 75, 95])
    np.testing.assert_allclose(quantiles([0.0, 1.0]), [0.05, 0.25, 0.5, 0.75, 0.95])


def test_quantiles_leave_out_missing_draws_and_the_input_alone() -> None:
    draws = np.array([[3.0, np.nan, 1.0, 2.0], [np.nan] * 4])
    before = draws.copy()
    found = quantiles(draws)
    np.testing.assert_allclose(found[:, 0], quantiles([1.0, 2.0, 3.0]))
    assert np.isnan(found[:, 1]).all()
    np.testing.assert_array_equal(draws, before)


def test_series_are_plain_quantiles_over_runs(result: xarray.Dataset, summary: Summary) -> None:
    area = result["area"].values
    change = (area - area[0]).sum(axis=1)
    series = summary.find("area_change")
    assert series
    np.testing.assert_allclose(series.q05, np.quantile(change, 0.05, axis=-1))
    one = summary.find("area_change", axis="pokrovsk")
    assert one
    np.testing.assert_allclose(one.q75, np.quantile(area[:, 1] - area[0, 1], 0.75, axis=-1))
    total = summary.find("casualties_cumulative", side="U")
    assert total
    np.testing.assert_allclose(total.q50, np.quantile(result["casualties"].values[:, 1].cumsum(0), 0.5, axis=-1))


def test_a_share_stopped_is_of_the_weapons_of_four_weeks(result: xarray.Dataset, summary: Summary) -> None:
    launched, stopped = (result[name].values[:, 0, 3] for name in ("launched", "stopped"))
    series = summary.find("stopped_share", side="R", item="ballistic_missile")
    total = summary.find("launched_cumulative", side="R", item="ballistic_missile")
    assert series
    assert total
    for week in (2, 30):
        at = slice(max(week - 3, 0), week + 1)
        assert series.q50[week] == pytest.approx(np.median(stopped[at].sum(axis=0) / launched[at].sum(axis=0)))
    assert series.q50[0] is None
    np.testing.assert_allclose(total.q95, np.quantile(launched.cumsum(axis=0), 0.95, axis=-1))
    none = summary.find("stopped_share", side="U", item="antiship_missile")
    assert none
    assert none.empty
    assert [label.name for label in summary.weapons][:2] == ["attack drones", "decoys"]


def test_the_worst_week_is_the_worst_of_each_run_so_far(result: xarray.Dataset, summary: Summary) -> None:
    for measure, variable, worst in (
        ("served_share_least", "served_share", np.min),
        ("dark_most", "dark", np.max),
        ("cold_most", "cold", np.max),
    ):
        series = summary.find(measure, side="U")
        assert series
        assert series.q50[0] is None
        for week in (1, 20, 52):
            extremes = worst(result[variable].values[1 : week + 1, 1], axis=0)
            assert (series.q05[week], series.q95[week]) == pytest.approx(tuple(np.quantile(extremes, [0.05, 0.95])))


def test_oil_revenue_is_relative_to_a_world_in_which_nothing_changed(result: xarray.Dataset, summary: Summary) -> None:
    same = summarise(result.assign(oil_revenue=1.25 * result["oil_revenue_usual"])).find(
        "oil_revenue_relative", side="R"
    )
    assert same
    np.testing.assert_allclose(np.array([same.q05[1:], same.q95[1:]], float), 1.25, rtol=1e-6)
    without = summary.find("oil_revenue_relative", side="U")
    assert without
    assert without.empty
    revenue = summary.find("oil_revenue_cumulative", side="R")
    assert revenue
    assert revenue.q50[-1] == pytest.approx(np.median(result["oil_revenue"].values[:, 0].sum(axis=0)))


def test_a_result_without_strikes_and_money_is_summed_up_without_them(result: xarray.Dataset, summary: Summary) -> None:
    older = summarise(result.drop_dims("weapon").drop_vars(["served_share", "dark", "brent", "oil_revenue_usual"]))
    gone = {"launched", "stopped_share", "served_share", "served_share_least", "dark", "brent", "oil_revenue_relative"}
    left = {series.measure for series in older.series}
    assert not gone & left
    assert {"cold", "oil_revenue"} <= left
    assert older.weapons == ()
    assert older.endings == summary.endings


def test_aid_is_told_as_promise_delivery_payer_and_lag(result: xarray.Dataset, summary: Summary) -> None:
    america, europe, nobody = summary.allies
    assert (america.key, europe.name, nobody.supports) == ("US", "European states", "R")
    pledged, delivered, paid = (result[f"aid_{what}"].values.sum(axis=0) for what in ("pledged", "delivered", "paid"))
    for spread, totals in (
        (america.pledged, pledged[0].sum(axis=0)),
        (europe.delivered, delivered[1].sum(axis=0)),
        (europe.delivered_arms, delivered[1, 0]),
        (america.paid, paid[0]),
        (europe.lag, result["aid_lag"].values[1]),
    ):
        assert (spread.q05, spread.q50, spread.q95) == pytest.approx(tuple(np.quantile(totals, [0.05, 0.5, 0.95])))
    assert nobody.pledged.q95 == 0
    assert nobody.lag.q50 is None


def test_aid_over_four_weeks_begins_with_the_fourth(result: xarray.Dataset, summary: Summary) -> None:
    series = summary.find("aid_delivered", patron="EU")
    assert series
    assert series.q50[:4] == (None,) * 4
    delivered = result["aid_delivered"].values[:, 1].sum(axis=1)
    for week in (4, 30):
        assert series.q50[week] == pytest.approx(np.median(delivered[week - 3 : week + 1].sum(axis=0)))


def test_opinion_is_told_in_per_cent(result: xarray.Dataset, summary: Summary) -> None:
    series = summary.find("opinion", side="U", question="concession")
    assert series
    assert series.unit == "%"
    assert series.q50[9] == pytest.approx(100 * np.median(result["opinion"].values[9, 1, 1]))
    assert summary.find("opinion", side="U") is None
    assert [question.key for question in summary.questions] == ["talks", "concession"]


def test_a_leader_who_went_has_gone_for_good(result: xarray.Dataset, summary: Summary) -> None:
    assert [leader.side for leader in summary.leaders] == ["R", "U"]
    for place, leader in enumerate(summary.leaders):
        gone = result["leader_exits"].values[:, place] > 0
        assert [chance.probability for chance in leader.chances] == [gone[week].mean() for week in summary.horizons]


def test_what_is_owed_to_guarantees_is_counted_among_ceasefires() -> None:
    result = make_result(runs=1500)
    found = summarise(result).guarantees
    assert found
    assert found.every
    runs = np.flatnonzero(result["first_ending"].values == 1)
    relapsed = result["relapse_week"].values[runs] > 0
    assert (found.ceasefires, found.every.runs, found.every.probability) == (len(runs), len(runs), relapsed.mean())
    assert [by.patron for by in found.by] == [None, "US", "EU"]
    credibilities = [result["credibility"].values[1, 1], *result["guarantee"].values[:2]]
    for by, credibility in zip(found.by, credibilities, strict=True):
        assert by.least
        assert by.most
        assert by.credibility.q95 == pytest.approx(np.quantile(credibility, 0.95))
        assert by.least.runs == by.most.runs == len(runs) // 3
        low, high = np.quantile(credibility[runs], [1 / 3, 2 / 3])
        assert by.least.probability == pytest.approx(relapsed[credibility[runs] <= low].mean(), abs=0.01)
        assert by.most.probability == pytest.approx(relapsed[credibility[runs] >= high].mean(), abs=0.01)
        assert by.least.credibility_high <= by.most.credibility_low
    together = found.by[0]
    assert together.most
    assert together.least
    assert together.most.monte_carlo_high < together.least.monte_carlo_low


def test_guarantees_that_do_not_differ_or_few_ceasefires_are_not_compared(result: xarray.Dataset) -> None:
    many = make_result(runs=1500)
    alike = summarise(many.assign(guarantee=0.4 + 0 * many["guarantee"])).guarantees
    assert alike
    assert alike.every
    assert alike.by[0].least
    assert [by.least for by in alike.by[1:]] == [by.most for by in alike.by[1:]] == [None] * 3
    few = summarise(result.isel(run=slice(40))).guarantees
    assert few
    assert 0 < few.ceasefires < module.FEW
    assert few.every is None
    assert {by.most for by in few.by} == {None}


def test_a_result_without_allies_and_opinion_is_summed_up_without_them(
    result: xarray.Dataset, summary: Summary
) -> None:
    older = summarise(result.drop_dims(["patron", "question"]).drop_vars(["credibility", "leader_exits"]))
    assert (older.allies, older.guarantees, older.leaders, older.questions) == ((), None, (), ())
    assert not {"aid_pledged", "will", "opinion", "credibility"} & {series.measure for series in older.series}
    assert older.endings == summary.endings
    alone = result.isel(patron=slice(0))
    alone["patron"].attrs |= {"names": [], "supports": []}
    assert summarise(alone).allies == ()


def test_bands_are_ordered(summary: Summary) -> None:
    for series in summary.series:
        rows = np.array([series.q05, series.q25, series.q50, series.q75, series.q95], float)
        assert rows.shape == (5, summary.weeks + 1)
        gaps = np.diff(rows, axis=0)
        assert (gaps[~np.isnan(gaps)] >= 0).all(), series.measure


def test_claims_have_no_value_at_the_opening(summary: Summary) -> None:
    claimed = summary.find("claimed", side="R", item="personnel")
    assert claimed
    assert claimed.q50[0] is None
    assert claimed.q50[1] is not None


def test_endings_and_states_add_to_one(summary: Summary) -> None:
    endings = summary.endings
    assert sum(kind.probability.probability for kind in endings.kinds) + endings.none.probability == pytest.approx(1)
    for place, chance in enumerate(endings.any):
        assert sum(kind.by[place].probability for kind in endings.kinds) == pytest.approx(chance.probability)
    np.testing.assert_allclose(np.sum([state.share for state in summary.occupancy], axis=0), 1)
    assert "frozen" in {state.state for state in summary.occupancy}
    assert "frozen" not in {kind.kind for kind in endings.kinds}


def test_chances_never_fall_with_time(summary: Summary) -> None:
    rows = [kind.by for kind in summary.endings.kinds] + [town.chances for town in summary.towns]
    for chances in rows:
        assert all(early.probability <= late.probability for early, late in itertools.pairwise(chances))
    for kind in summary.endings.kinds:
        assert (np.diff(kind.weekly) >= 0).all()
        assert kind.weekly[-1] == pytest.approx(kind.probability.probability)


def test_base_rate_follows_from_the_age_of_the_war(result: xarray.Dataset, summary: Summary) -> None:
    base = summary.endings.base_rate
    assert base
    assert base.q50[0] == 0
    assert 0.05 < (base.q50[-1] or 0) < 0.6
    nameless = result.copy()
    nameless.attrs = {key: value for key, value in result.attrs.items() if key != "war_started"}
    assert summarise(nameless).endings.base_rate is None
    told = nameless.assign_attrs(scenario_document=json.dumps({"war": {"started": "2022-02-24"}}))
    assert summarise(told).endings.base_rate == base


def test_wilson_matches_published_values() -> None:
    """81 of 263 gives .2553 to .3662 (Newcombe 1998, Statistics in Medicine 17, table I)."""
    low, high = wilson([81, 0, 20], 263)
    assert (round(float(low[0]), 4), round(float(high[0]), 4)) == (0.2553, 0.3662)
    assert low[1] == 0
    assert 0 < high[1] < 0.02
    assert wilson(10, 10)[1] == 1


def test_failed_runs_are_left_out(result: xarray.Dataset) -> None:
    broken = result.copy(deep=True)
    broken["ok"].values[:50] = False
    broken["area"].values[:, :, :50] = 1e12
    kept = summarise(result.isel(run=slice(50, None)))
    found = summarise(broken)
    assert found.runs_used == 150
    assert found.failed_runs == 50
    assert found.series == kept.series
    broken["ok"].values[:] = False
    with pytest.raises(SummaryError, match="All of the 200 runs failed"):
        summarise(broken)


def test_a_result_that_lacks_something_is_refused(result: xarray.Dataset) -> None:
    with pytest.raises(SummaryError, match="lacks phase"):
        summarise(result.drop_vars("phase"))


def test_short_results_end_at_their_own_horizon() -> None:
    assert module.horizons_within(52) == (4, 13, 26, 52)
    assert module.horizons_within(104) == (4, 13, 26, 52)
    assert module.horizons_within(20) == (4, 13, 20)
    assert module.horizons_within(0) == ()
    assert summarise(make_result(weeks=20, runs=20)).endings.any[-1].weeks == 20


def test_json_is_stable_short_and_valid(summary: Summary) -> None:
    written = to_json(summary)
    assert written == to_json(Summary.model_validate_json(written))
    assert "NaN" not in written
    document = json.loads(written)
    jsonschema.validate(document, json.loads(schema_json()))
    assert list(document)[:4] == ["format", "scenario", "title", "question"]
    assert document["opening"] == "2026-01-31"
    assert float(f"{document['series'][0]['q95'][-1]:.6g}") == document["series"][0]["q95"][-1]
    assert len(written) < 400_000


def test_the_schema_in_the_documentation_is_current() -> None:
    kept = (ROOT / "docs" / "reference" / "summary.schema.json").read_text(encoding="utf-8")
    assert kept == schema_json(), "renew it with ceasefire.study.summary.write_schema"


def test_towns_come_most_endangered_first(summary: Summary) -> None:
    last = [town.chances[-1].probability for town in summary.towns]
    assert last == sorted(last, reverse=True)
    assert summary.towns[0].chances[0].date == datetime.date(2026, 2, 28)
