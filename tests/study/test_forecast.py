"""A forecast of the shipped war: what is conserved, what is labelled, and what the opening says."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pytest
import xarray as xr

from ceasefire.evidence.error import CeasefireError
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.model import oil
from ceasefire.model.axes import GOODS
from ceasefire.model.bargaining import CEASEFIRE, FADE, FROZEN, PHASES, WAR
from ceasefire.scenario import spec
from ceasefire.scenario.start import Start, open_war, variables
from ceasefire.simulate import draws
from ceasefire.simulate.ensemble import simulate
from ceasefire.simulate.result import load
from ceasefire.study.forecast import MEANING, assumptions, dataset, forecast, town_change_week
from ceasefire.study.summary import to_json
from ceasefire.view.export import FILES, write_result

RUNS, WEEKS, SEED = 70, 6, 5
FLOWS = ("taken", "casualties", "killed", "lost", "recruited", "launched", "stopped", "oil_revenue")
OPINION = ("will", "credibility", "opinion")
POWER = ("served_share", "dark", "cold", "blackout_hours")
UNKNOWN_AT_THE_OPENING = {
    *("claimed", "supply", "hazard", "brent", "inflation"),
    *POWER,
    *OPINION,
}


@pytest.fixture(scope="module")
def result() -> xr.Dataset:
    return forecast("alaska-2025-08", runs=RUNS, weeks=WEEKS, seed=SEED, workers=1)


@pytest.fixture(scope="module")
def vintage() -> Vintage:
    return Vintage(Store.open(None), "2025-08-09")


@pytest.fixture(scope="module")
def start(vintage) -> Start:
    return open_war(spec.load("alaska-2025-08"), vintage)


# Conservation


def test_ground_lost_by_one_side_is_taken_by_the_other(result):
    taken = result["taken"].to_numpy().astype(float)
    change = np.diff(result["area"].to_numpy().astype(float), axis=0)
    assert np.allclose(change, taken[1:, 0] - taken[1:, 1], atol=0.01)
    assert (result["area_error"] <= 1e-5 * result["taken"].sum(["week", "side", "axis"]) + 1e-4).all()
    assert (result["area"] >= 0).all()


def test_nobody_takes_more_than_there_is(result, start):
    theatre = start.theatre
    for side, share in enumerate((1 - theatre.opening_share, theatre.opening_share)):
        room = np.bincount(theatre.axis, share * theatre.area, len(theatre.axes))
        other = result["taken"].isel(side=1 - side).sum("week").to_numpy()
        taken = result["taken"].isel(side=side).sum("week").to_numpy()
        assert (taken <= room[:, None] + other + 1e-2).all()


@pytest.mark.parametrize("name", FLOWS)
def test_flows_are_never_negative_and_nothing_flows_before_the_opening(result, name):
    assert (result[name] >= 0).all()
    assert (result[name].isel(week=0) == 0).all()


@pytest.mark.parametrize("name", ["troops", "equipment", "storage", "reserves"])
def test_stocks_are_never_negative(result, name):
    assert (result[name] >= 0).all()


def test_the_killed_are_a_part_of_the_casualties_and_no_more_than_there_were_soldiers(result):
    casualties = result["casualties"].to_numpy()[1:]
    killed, troops = result["killed"].to_numpy()[1:], result["troops"].to_numpy()[:-1]
    assert (killed <= casualties).all()
    assert (casualties <= troops).all()
    fought = np.where(casualties > 0, casualties, np.nan)
    share = killed / fought
    assert (np.nanmin(share) > 0) & (np.nanmax(share) < 1)


def test_storage_only_empties_and_no_more_is_lost_than_there_was(result):
    equipment, storage = (result[name].to_numpy().astype(float) for name in ("equipment", "storage"))
    lost = result["lost"].to_numpy().astype(float)[1:]
    assert (lost <= equipment[:-1] + 1e-3).all()
    assert (np.diff(storage, axis=0) <= 0).all()


def test_under_an_agreement_nobody_advances_and_nobody_falls(result):
    phase = result["phase"].to_numpy()[:-1]
    quiet = (phase != WAR) & (phase != FADE)
    assert quiet.any()
    for name in ("taken", "casualties", "killed", "lost"):
        values = np.moveaxis(result[name].to_numpy()[1:], -1, 1)
        assert (values[quiet] == 0).all(), name
    assert (np.moveaxis(result["casualties"].to_numpy()[1:], -1, 1)[phase == WAR] > 0).all()


def test_a_settled_war_stays_settled(result):
    phase = result["phase"].to_numpy()
    changed = phase[1:] != phase[:-1]
    assert set(np.unique(phase[:-1][changed])) <= {WAR, CEASEFIRE, FADE, FROZEN}


# Strikes, power, money


def test_no_more_weapons_are_stopped_than_launched(result):
    assert (result["stopped"] <= result["launched"]).all()
    assert (result["launched"].isel(week=slice(1, None)).sum(["week", "weapon"]) > 0).all()


def test_nobody_is_in_the_dark_while_all_demand_is_met(result):
    served, dark, cold, hours = (result[name].to_numpy()[1:].astype(float) for name in POWER)
    assert (dark[served == 1] == 0).all()
    assert (cold[dark == 0] == 0).all()
    assert ((hours > 0) == (dark > 0)).all()
    assert (hours <= 24).all()
    population = np.ma.masked_array(dark, hours < 1e-3) * 24 / np.maximum(hours, 1e-3)
    assert population.count()
    assert (population.max(axis=0) <= population.min(axis=0) * (1 + 1e-4)).all()


def test_usual_oil_revenue_is_that_of_the_opening_in_the_season_of_each_week(result, start):
    params, _ = draws.parameters(draws.values(start, draws.cube(start, SEED, np.arange(RUNS, dtype=np.uint32))))
    opening = np.asarray(oil.revenue_opening(params.oil))
    for week in range(WEEKS):
        expected = opening * start.collection[:, week, None]
        assert np.allclose(result["oil_revenue_usual"].to_numpy()[week + 1], expected, rtol=1e-4, atol=1e-4)


def test_weapons_and_money_are_kept_in_single_precision_and_with_readable_names(result):
    for name in ("launched", "stopped", *POWER, "brent", "oil_revenue", "oil_revenue_usual", "reserves", "inflation"):
        assert result[name].dtype == np.float32, name
    assert result["weapon"].attrs["names"][2] == "Cruise missiles"


# Allies and opinion


@pytest.fixture(scope="module")
def invented(invented_war) -> xr.Dataset:
    return dataset(simulate(invented_war, runs=RUNS, weeks=13, seed=SEED, workers=1))


def test_all_that_is_pledged_is_paid_by_somebody(invented):
    pledged, paid = (invented[name].to_numpy().astype(float) for name in ("aid_pledged", "aid_paid"))
    assert np.allclose(pledged.sum(axis=(1, 2)), paid.sum(axis=1), rtol=1e-4)
    assert (pledged[0] == 0).all()
    assert (
        invented["aid_paid"].sel(patron="Coral").sum("week")
        > invented["aid_pledged"].sel(patron="Coral").sum(["week", "aid"])
    ).all()


def test_arms_and_money_are_those_of_the_goods_that_are_given(invented):
    assert (invented["aid_pledged"].sel(patron="Cobalt", aid="money") == 0).all()
    for patron in ("Ruby", "Coral"):
        assert (invented["aid_delivered"].sel(patron=patron).sum("week") > 0).all()
    assert invented["patron"].attrs["supports"] == ["Blue", "Amber", "Amber"]
    assert invented["patron"].attrs["names"][0] == "Cobalt Union"


def test_the_lag_of_a_patron_lies_among_those_of_its_goods(invented, invented_war):
    drawn = draws.values(invented_war, draws.cube(invented_war, SEED, np.arange(RUNS, dtype=np.uint32)))["patrons.lag"]
    given = drawn[[GOODS.index(good) for good in ("shells", "components")]]
    lag = invented["aid_lag"].sel(patron="Cobalt").to_numpy()
    assert (lag >= given.min(axis=0) * (1 - 1e-5)).all()
    assert (lag <= given.max(axis=0) * (1 + 1e-5)).all()


def test_guarantees_are_credible_only_where_somebody_gives_them(invented):
    assert (invented["credibility"].sel(side="Blue").isel(week=slice(1, None)) == 0).all()
    coral = invented["guarantee"].sel(patron="Coral").to_numpy()
    assert np.allclose(invented["credibility"].sel(side="Amber").isel(week=1), coral, atol=1e-6)
    assert (coral > 0).all()
    assert (invented["guarantee"].sel(patron=["Cobalt", "Ruby"]) == 0).all()


def test_switches_leaders_and_relapses_are_told_as_they_happen(invented):
    assert set(np.unique(invented["switched_on"])) <= {0, 1}
    exits = invented["leader_exits"].to_numpy()
    assert (exits[0] == 0).all()
    assert (np.diff(exits, axis=0) >= 0).all()
    phase, relapse = invented["phase"].to_numpy(), invented["relapse_week"].to_numpy()
    for run in range(RUNS):
        resumed = np.flatnonzero((phase[:-1, run] != WAR) & (phase[1:, run] == WAR))
        assert relapse[run] == (resumed[0] + 1 if len(resumed) else 0)


# Towns, maps, endings


def test_a_town_changes_hands_in_the_first_week_in_which_the_other_side_has_half_of_it(result):
    share, holder = result["town_share"].to_numpy(), result["town_holder"].to_numpy()
    weeks = result["town_change_week"].to_numpy()
    for town, side in enumerate(holder):
        for run in range(RUNS):
            other = 1 - share[:, town, run] if side == 0 else share[:, town, run]
            needed = 0.5 if other[0] < 0.5 else (1 + other[0]) / 2
            passed = [week for week in range(WEEKS + 1) if other[week] >= needed]
            assert weeks[town, run] == (passed[0] if passed else -1)


def test_no_town_changes_hands_at_the_opening(result):
    assert (result["town_change_week"] != 0).all()


def test_a_town_held_half_and_half_needs_half_of_the_rest_as_well():
    share = np.array([0.6, 0.7, 0.81, 0.5])[:, None, None]
    assert town_change_week(share, np.array([1])).item() == 2
    assert town_change_week(1 - share, np.array([0])).item() == 2
    assert town_change_week(share, np.array([0])).item() == 3


def test_towns_stand_where_the_opening_map_puts_them(result, start):
    for k, town in enumerate(start.theatre.towns):
        share = (town.weight * start.theatre.opening_share[town.row]).sum()
        assert np.allclose(result["town_share"].isel(week=0, town=k), share, atol=1e-5), town.name
        assert result["town_holder"].to_numpy()[k] == town.holder


def test_control_begins_with_the_opening_map(result, start):
    probability = result["control_probability"].to_numpy()
    assert np.array_equal(probability[0], (start.theatre.opening_share >= 0.5).astype(np.float32))
    assert np.array_equal(result["control_opening"].to_numpy(), start.theatre.opening_share)
    counts = probability * RUNS
    assert np.allclose(counts, np.round(counts), atol=1e-3)


def test_areas_begin_with_the_record(result, vintage):
    for axis in result["axis"].to_numpy():
        record = vintage.series(f"area.{axis}").latest()
        assert np.allclose(result["area"].sel(axis=axis, week=0), record, rtol=1e-6)


def test_mapped_ground_is_true_ground_of_now_or_before(result):
    area, mapped = result["area"].to_numpy(), result["mapped_area"].to_numpy()
    for week in range(WEEKS + 1):
        assert (mapped[week] == area[: week + 1]).any(axis=0).all(), week
    assert (mapped[0] == area[0]).all()


def test_the_first_ending_is_the_first_week_out_of_war(result):
    phase = result["phase"].to_numpy()
    for run in range(RUNS):
        ended = np.flatnonzero(phase[:, run] != WAR)
        kind, week = (phase[ended[0], run], ended[0]) if len(ended) else (0, 0)
        assert result["first_ending"].to_numpy()[run] == kind
        assert result["first_ending_week"].to_numpy()[run] == week


def test_claims_of_the_first_weeks_continue_those_of_the_last(result, vintage):
    """The forecast opens at what was being claimed, whatever the truth behind it is."""
    for claim in ("personnel", "artillery", "vehicles", "drone"):
        series = vintage.series(f"loss_claim.{claim}")
        last = np.diff(series.values[-9:]).mean()
        told = result["claimed"].sel(claim=claim).isel(week=slice(1, 4)).to_numpy()
        fighting = result["phase"].to_numpy()[:3] == WAR
        assert 0.6 < np.median(told[fighting]) / last < 1.6, claim


# Labels


def test_every_variable_says_what_it_is(result):
    assert set(result.data_vars) == set(MEANING)
    for name, array in result.data_vars.items():
        assert array.attrs["units"], name
        assert len(array.attrs["long_name"]) > 3, name
        assert array.dims == tuple(MEANING[name][0].split()), name
    for name in ("phase", "first_ending"):
        assert tuple(result[name].attrs["flag_meanings"]) == PHASES
        assert int(result[name].max()) < len(PHASES)


def test_shares_and_chances_lie_between_nothing_and_all(result):
    for name in ("control_probability", "control_opening", "town_share", "supply", "hazard", "served_share", *OPINION):
        values = result[name].to_numpy()
        known = values[~np.isnan(values)]
        assert ((known >= 0) & (known <= 1)).all(), name


def test_only_the_opening_week_of_a_rate_is_unknown(result):
    for name, array in result.data_vars.items():
        if array.dtype.kind != "f" or name == "aid_lag":  # of a patron that pledges nothing there is none
            continue
        unknown = np.isnan(array.to_numpy())
        if name in UNKNOWN_AT_THE_OPENING:
            assert unknown[0].all(), name
            assert not unknown[1:].any(), name
        else:
            assert not unknown.any(), name
        assert not np.isinf(array.to_numpy()).any(), name


def test_weeks_are_dated_and_the_first_ends_after_the_opening(result):
    dates = result["date"].to_numpy()
    opening = np.datetime64(result.attrs["opening"])
    assert (np.diff(dates) == np.timedelta64(7, "D")).all()
    assert dates[0] <= opening < dates[1]


def test_attributes_say_what_was_asked_and_from_what(result, vintage):
    attributes = result.attrs
    expected = {"scenario": "alaska-2025-08", "seed": SEED, "runs": RUNS, "weeks": WEEKS, "failed_runs": 0}
    assert {key: attributes[key] for key in expected} == expected
    assert attributes["evidence_hash"] == vintage.hash
    assert attributes["evidence_as_of"] == attributes["opening"] == "2025-08-09"
    assert spec.Scenario.model_validate_json(attributes["scenario_document"]) == spec.load("alaska-2025-08")
    assert attributes["version"]
    assert dt.datetime.fromisoformat(attributes["created"]).tzinfo is not None
    assert len(json.loads(attributes["notes"])) >= 3
    assert attributes["side_names"] == ["Russia", "Ukraine"]
    for name in ("title", "question", "background"):
        assert attributes[name], name


def test_every_parameter_is_an_assumption_with_unit_source_and_date(result):
    rows = json.loads(result.attrs["assumptions"])
    assert {row["name"].split("[")[0] for row in rows} == set(draws.checked_names())
    for row in rows:
        variable = variables()[row["name"].split("[")[0]]
        assert row["unit"] == variable.unit, row["name"]
        assert row["doc"] == variable.doc, row["name"]
        assert row["source"].strip(), row["name"]
        assert row["kind"] in ("value", "learned", "prior", "definition"), row["name"]
        assert row["known_on"] == "always" or row["known_on"] <= result.attrs["opening"], row["name"]
        if row["mid"] is not None:
            assert row["low"] <= row["mid"] <= row["high"], row["name"]


def test_a_number_replaced_by_a_later_one_is_no_assumption_any_more(start):
    """Of the counts of Russian troops known by August 2025 only the last went in."""
    rows = [row for row in assumptions(start) if row["name"] == "attrition.troops_opening[R]"]
    assert [(row["mid"], row["known_on"]) for row in rows] == [(pytest.approx(695_000), "2025-06-22")]


def test_a_written_forecast_reads_back_to_the_last_bit(result, tmp_path):
    summary = write_result(result, tmp_path / "out")
    again = load(tmp_path / "out")
    for name in result.variables:
        one, other = result[name].to_numpy(), again[name].to_numpy()
        assert one.tolist() == other.tolist() if one.dtype.kind in "UO" else one.tobytes() == other.tobytes(), name
        assert result[name].attrs == again[name].attrs, name
    assert result.attrs == again.attrs
    assert all((tmp_path / "out" / name).exists() for name in FILES)
    assert (tmp_path / "out" / "summary.json").read_text(encoding="utf-8") == to_json(summary)
    assert "<html" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


# What is asked


def test_a_scenario_may_be_given_as_name_file_or_object(result, tmp_path):
    path = tmp_path / "copy.toml"
    path.write_text((spec.LIBRARY / "alaska-2025-08.toml").read_text(encoding="utf-8"), encoding="utf-8")
    by_file = forecast(path, runs=8, weeks=WEEKS, seed=SEED, workers=1)
    by_object = forecast(spec.load("alaska-2025-08"), runs=8, weeks=WEEKS, seed=SEED, workers=1)
    for other in (by_file, by_object):
        for name in ("taken", "troops", "claimed", "mapped_area", "phase"):
            assert np.array_equal(result[name].isel(run=slice(8)), other[name], equal_nan=True), name


@pytest.mark.parametrize("day", ["nonsense", "", "2025-13-01", "2025-02-30", "yesterday", "1999-01-01", "2030-01-01"])
def test_a_day_that_will_not_do_is_named(day):
    with pytest.raises(CeasefireError) as error:
        forecast("alaska-2025-08", on=day, runs=8, weeks=WEEKS, workers=1)
    assert repr(day) in str(error.value) or day in str(error.value)
    assert "\n" not in str(error.value)


def test_a_war_in_which_every_run_fails_is_an_error_that_a_user_can_read(result, tmp_path):
    broken = result.assign(ok=("run", np.zeros(RUNS, dtype=bool), result["ok"].attrs))
    with pytest.raises(CeasefireError) as error:
        write_result(broken, tmp_path / "out")
    assert str(RUNS) in str(error.value)
    assert not (tmp_path / "out").exists()
