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


def test_quantiles_are_those_of_numpy_to_the_last_bit() -> None:
    random = np.random.default_rng(8)
    draws = random.normal(size=(3, 7, 101))
    assert np.array_equal(quantiles(draws), np.quantile(draws, (0.05, 0.25, 0.5, 0.75, 0.95), axis=-1))
    draws[random.random(draws.shape) < 0.3] = np.nan
    known = np.nanquantile(draws, (0.05, 0.25, 0.5, 0.75, 0.95), axis=-1)
    assert np.array_equal(quantiles(draws), known)


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


def test_what_is_owed_to_guarantees_is_counted_among_agreements() -> None:
    result = make_result(runs=1500)
    found = summarise(result).guarantees
    assert found
    assert found.every
    assert found.without
    runs = np.flatnonzero(np.isin(result["first_ending"].values, (1, 2)))
    relapsed = result["relapse_week"].values[runs] > 0
    assert (found.agreements, found.every.runs, found.every.probability) == (len(runs), len(runs), relapsed.mean())
    promised = result["promised"].values[:, runs]
    bare = (promised == 0).all(axis=0)
    assert (found.without.runs, found.without.probability) == (bare.sum(), relapsed[bare].mean())
    assert [by.patron for by in found.by] == [None, "US", "EU"]
    for by, credibility in zip(found.by, [1 - (1 - promised).prod(axis=0), *promised[:2]], strict=True):
        given, broken = credibility[~bare], relapsed[~bare]
        assert by.least
        assert by.most
        assert by.agreements == len(given)
        assert by.credibility.q95 == pytest.approx(np.quantile(given, 0.95))
        assert by.least.runs == by.most.runs == len(given) // 3
        low, high = np.quantile(given, [1 / 3, 2 / 3])
        assert by.least.probability == pytest.approx(broken[given <= low].mean(), abs=0.01)
        assert by.most.probability == pytest.approx(broken[given >= high].mean(), abs=0.01)
        assert by.least.credibility_high <= by.most.credibility_low
    together = found.by[0]
    assert together.most
    assert together.most.monte_carlo_high < found.without.monte_carlo_low


def test_guarantees_that_do_not_differ_or_few_agreements_are_not_compared(result: xarray.Dataset) -> None:
    many = make_result(runs=1500)
    alike = summarise(many.assign(promised=0.4 * (many["promised"] > 0))).guarantees
    assert alike
    assert alike.every
    assert [by.least for by in alike.by] == [by.most for by in alike.by] == [None] * 3
    few = summarise(result.isel(run=slice(40))).guarantees
    assert few
    assert 0 < few.agreements < module.FEW
    assert few.every is None
    assert {by.most for by in few.by} == {None}
    nobody = summarise(result.assign(promised=0 * result["promised"])).guarantees
    assert nobody
    assert [(by.agreements, by.credibility.q50) for by in nobody.by] == [(0, None)]


def test_terms_are_counted_among_agreements(result: xarray.Dataset, summary: Summary) -> None:
    terms = summary.terms
    assert terms
    runs = np.flatnonzero(np.isin(result["first_ending"].values, (1, 2)))
    assert terms.agreements == len(runs) >= module.FEW
    for matter, name in zip(terms.issues, ("line", "zone", "guarantees", "assets"), strict=True):
        assert (matter.key, matter.rider) == (name, name == "assets")
        assert sum(clause.agreed.probability for clause in matter.clauses if clause.agreed) == pytest.approx(1)
        for clause in matter.clauses:
            assert clause.agreed
            taken = result["agreed"].sel(option=clause.key).values[runs]
            low, high = wilson(taken.sum(), len(runs))
            assert clause.agreed.probability == pytest.approx(taken.mean())
            assert (clause.agreed.monte_carlo_low, clause.agreed.monte_carlo_high) == pytest.approx((low, high))
    swap = result["agreed"].sel(option="line-swap").values[runs]
    assert terms.line_as_held
    assert terms.line_as_held.probability == pytest.approx(1 - swap.mean())
    east, north = terms.lands
    assert east.kinds["to the first side"].probability == north.kinds["to the second side"].probability == swap.mean()
    assert east.kinds["as held"].probability == pytest.approx(terms.line_as_held.probability)
    wide = result["agreed"].sel(option="zone-km15").values[runs].mean()
    assert {km: part.probability for km, part in terms.depth.items()} == pytest.approx({"0": 1 - wide, "15": wide})


def test_the_most_common_packages_come_first_under_the_names_that_others_know(
    result: xarray.Dataset, summary: Summary
) -> None:
    assert summary.terms
    packages = summary.terms.packages
    shares = [package.share.probability for package in packages]
    assert shares == sorted(shares, reverse=True)
    agreed = result["agreed"].values.astype(bool)
    signed = agreed.any(axis=0)
    first, zone, guarantees = packages[0].key.split(".")
    same = np.ones(agreed.shape[1], bool)
    for name in (f"line-{first}", f"zone-{zone}", f"guarantees-{guarantees}"):
        same &= result["agreed"].sel(option=name).values.astype(bool)
    assert packages[0].share.probability == pytest.approx(same.sum() / signed.sum())
    assert len(packages[0].clauses) == 3


def test_terms_that_would_suit_both_are_told_of_runs_still_at_war(result: xarray.Dataset, summary: Summary) -> None:
    terms = summary.terms
    assert terms
    assert terms.weeks == (1, 4, 13, 26, 52)
    for place, week in enumerate(terms.weeks):
        ended = result["first_ending_week"].values
        going = (result["first_ending"].values == 0) | (ended >= week)
        assert terms.at_war[place] == going.sum()
        swap = result["likely"].sel(option="line-swap").values[week, going].mean()
        assert terms.issues[0].clauses[1].likely[place] == pytest.approx(swap)
        assert terms.likely_line_as_held[place] == pytest.approx(1 - swap)


def test_of_few_agreements_no_terms_are_told_but_those_that_would_suit_both(result: xarray.Dataset) -> None:
    few = summarise(result.isel(run=slice(60))).terms
    assert few
    assert 0 < few.agreements < module.FEW
    assert (few.line_as_held, few.lands, few.depth, few.packages, few.holds, few.resumed) == (
        None,
        (),
        {},
        (),
        (),
        None,
    )
    clauses = [clause for matter in few.issues for clause in matter.clauses]
    assert {clause.agreed for clause in clauses} == {None}
    assert all(clause.likely[0] is not None for clause in clauses)
    fewer = summarise(result.isel(run=slice(20))).terms
    assert fewer
    assert {share for matter in fewer.issues for clause in matter.clauses for share in clause.likely} == {None}


def test_agreements_hold_for_fewer_years_the_longer_they_must(result: xarray.Dataset, summary: Summary) -> None:
    assert summary.terms
    one, five = summary.terms.holds
    year = result["holds"].values[~np.isnan(result["holds"].values)]
    assert (one.years, five.years) == module.YEARS
    assert (one.mean, five.mean) == pytest.approx((year.mean(), (year**5).mean()))
    assert five.over_runs.q50 == pytest.approx(np.median(year) ** 5, rel=0.05)
    assert summary.terms.resumed
    signed = result["agreed"].values.any(axis=0)
    assert summary.terms.resumed.probability == (result["relapse_week"].values[signed] > 0).mean()


def test_the_table_is_told_of_runs_still_at_war(result: xarray.Dataset, summary: Summary) -> None:
    assert [now.weeks for now in summary.table] == [1, 4, 13, 26, 52]
    for now in summary.table:
        going = (result["first_ending"].values == 0) | (result["first_ending_week"].values >= now.weeks)
        assert now.zone.runs == going.sum()
        zone = result["zone"].values[now.weeks, going]
        assert now.zone.probability == (zone >= 0).mean()
        assert now.size.q50 == pytest.approx(np.median(zone))
        assert sum(now.talks.values()) == pytest.approx(1)
        assert sum(side.worse_off for side in now.sides) == pytest.approx(1)
        for place, side in enumerate(now.sides):
            assert side.least.q05 == pytest.approx(np.quantile(result["least"].values[now.weeks, place, going], 0.05))
    least, zone = summary.find("least", side="U"), summary.find("zone")
    assert least
    assert zone
    assert zone.q50[0] is None
    assert (zone.q95[4], least.q50[4]) == pytest.approx(
        (summary.table[1].size.q95, summary.table[1].sides[1].least.q50)
    )


def test_ends_at_the_weight_of_the_runs_are_those_that_were_simulated(summary: Summary) -> None:
    endings = summary.endings
    assert [told.weight for told in endings.weights] == [0, 0.25, 0.5, 0.75, 1]
    simulated = endings.weights[2]
    assert simulated.effective_runs == pytest.approx([summary.runs_used] * 4)
    for chance, known in zip(simulated.any, endings.any, strict=True):
        assert chance
        assert chance.model_dump() == pytest.approx(known.model_dump())
    for kind in endings.kinds:
        told = simulated.kinds[kind.kind]
        assert [chance and chance.probability for chance in told] == pytest.approx([c.probability for c in kind.by])


def test_the_base_rate_alone_and_the_structure_alone_end_wars_as_their_hazards_do() -> None:
    """In the made-up war hazards depend on nothing that happens: what each alone would end is known."""
    result = make_result(runs=4000, rings=2, seed=5)
    weights = summarise(result).endings.weights
    for told, name in ((weights[0], "usual"), (weights[-1], "structural")):
        hazard = result[name].values[1:].sum(axis=1)
        for place, week in enumerate((4, 13, 26, 52)):
            known = (1 - np.prod(1 - hazard[:week], axis=0)).mean()
            chance = told.any[place]
            assert chance
            error = (chance.monte_carlo_high - chance.monte_carlo_low) / 2
            assert abs(chance.probability - known) < 1.6 * error, (name, week)
        parts = [chances[-1].probability for chances in told.kinds.values() if chances[-1]]
        assert chance
        assert sum(parts) == pytest.approx(chance.probability)


def test_the_chance_of_an_end_run_by_run_has_the_share_that_ends_in_its_middle() -> None:
    result = make_result(runs=2000, rings=2)
    endings = summarise(result).endings
    assert endings.chance
    each = np.sqrt(result["structural"].values[1:].sum(axis=1) * result["usual"].values[1:].sum(axis=1))
    known = 1 - np.cumprod(1 - each, axis=0)
    for week in (4, 26, 52):
        rows = (endings.chance.q05[week], endings.chance.q50[week], endings.chance.q95[week])
        np.testing.assert_allclose(rows, np.quantile(known[week - 1], [0.05, 0.5, 0.95]), rtol=0.06)
    assert [cause.cause for cause in endings.causes] == ["agreed", "dictated_first", "dictated_second", "fade"]
    medians = [cause.by[-1].q50 or 0 for cause in endings.causes]
    assert medians[0] == max(medians)


def test_weights_that_leave_too_few_runs_say_nothing(result: xarray.Dataset) -> None:
    wide = result.isel(run=slice(31)).assign(structural=result["structural"].isel(run=slice(31)) * 6)
    told = summarise(wide).endings.weights[-1]
    assert told.effective_runs[-1] < module.FEW
    assert told.any[-1] is None
    assert {chances[-1] for chances in told.kinds.values()} == {None}
    assert told.weekly[-1] is None


@pytest.mark.parametrize("gone", ["structural", "agreed", "zone"])
def test_a_result_that_knows_nothing_of_bargaining_is_summed_up_without_it(result: xarray.Dataset, gone: str) -> None:
    older = summarise(result.drop_vars(gone))
    assert (older.endings.weights == ()) == (gone == "structural")
    assert (older.endings.chance is None) == (gone == "structural")
    assert (older.terms is None) == (older.guarantees is None) == (gone == "agreed")
    assert (older.table == ()) == (gone == "zone")


def test_a_result_without_allies_and_opinion_is_summed_up_without_them(
    result: xarray.Dataset, summary: Summary
) -> None:
    older = summarise(result.drop_dims(["patron", "question"]).drop_vars(["credibility", "leader_exits"]))
    assert older.terms == summary.terms
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
    assert len(written) < 450_000


def test_what_is_noted_of_plain_statistics_is_kept() -> None:
    rows = [
        {
            "target": "area_total",
            "week": 4,
            "weights": [0.7, 0.3],
            "quantiles": {"simulator": [1, 2, 3, 4, 5], "pool": [2, 3, 4, 5, 6], "mixture": [1, 2, 3, 5, 6]},
        }
    ]
    noted = {"cut_off": "2025-10-04", "members": ["simulator", "pool"], "rows": rows}
    told = summarise(make_result(runs=20).assign_attrs(beside=json.dumps(noted))).beside
    assert told is not None
    assert str(told.cut_off) == "2025-10-04"
    assert [(member.name, member.weight) for member in told.rows[0].members] == [
        ("simulator", 0.7),
        ("pool", 0.3),
        ("mixture", None),
    ]
    assert told.rows[0].members[2].quantiles == (1, 2, 3, 5, 6)
    unlearned = summarise(make_result(runs=20).assign_attrs(beside=json.dumps(noted | {"cut_off": ""}))).beside
    assert unlearned is not None
    assert unlearned.cut_off is None
    assert summarise(make_result(runs=20).assign_attrs(beside=json.dumps(noted | {"rows": []}))).beside is None
    assert summarise(make_result(runs=20)).beside is None


def test_the_schema_in_the_documentation_is_current() -> None:
    kept = (ROOT / "docs" / "reference" / "summary.schema.json").read_text(encoding="utf-8")
    assert kept == schema_json(), "renew it with ceasefire.study.summary.write_schema"


def test_towns_come_most_endangered_first(summary: Summary) -> None:
    last = [town.chances[-1].probability for town in summary.towns]
    assert last == sorted(last, reverse=True)
    assert summary.towns[0].chances[0].date == datetime.date(2026, 2, 28)
