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
from ceasefire.model.bargaining import CEASEFIRE, DICTATED_FIRST, FADE, FROZEN, PHASES, SETTLEMENT, WAR
from ceasefire.scenario import agenda, spec
from ceasefire.scenario.decree import schedule
from ceasefire.scenario.start import Start, open_war, variables
from ceasefire.simulate import draws
from ceasefire.simulate.ensemble import simulate
from ceasefire.simulate.result import load
from ceasefire.study import pooling
from ceasefire.study.forecast import FATES, MEANING, REGIMES, assumptions, dataset, fates, forecast, town_change_week
from ceasefire.study.summary import summarise, to_json
from ceasefire.view.export import FILES, write_result

RUNS, WEEKS, SEED = 70, 6, 5
FLOWS = ("taken", "casualties", "killed", "lost", "recruited", "launched", "stopped", "oil_revenue")
OPINION = ("will", "credibility", "opinion")
POWER = ("served_share", "dark", "cold", "blackout_hours")
UNKNOWN_AT_THE_OPENING = {
    *("claimed", "supply", "hazard", "brent", "inflation"),
    *("zone", "surplus", "least", "standing", "fighting_on", "optimism", "line", "lasting", "structural", "usual"),
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


def test_what_one_side_dictates_stays(result):
    phase = result["phase"].to_numpy()
    changed = phase[1:] != phase[:-1]
    assert set(np.unique(phase[:-1][changed])) <= {WAR, CEASEFIRE, SETTLEMENT, FADE, FROZEN}


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


# Bargaining


MANY = 320


@pytest.fixture(scope="module")
def agreeing(invented_war) -> xr.Dataset:
    """The invented war, its agreements made sixty times as likely by its structure."""
    do = schedule(invented_war, 13, ["bargaining.structural[agreed]=x60"])
    return dataset(simulate(invented_war, runs=MANY, weeks=13, seed=SEED, workers=1, do=do))


@pytest.fixture(scope="module")
def signed(agreeing) -> np.ndarray:
    """Runs whose war first ends by agreement."""
    found = np.flatnonzero(np.isin(agreeing["first_ending"], (CEASEFIRE, SETTLEMENT)))
    assert len(found) > 30
    return found


def test_the_hazard_is_what_structure_and_base_rate_make_of_it(agreeing):
    structural, usual = (agreeing[name].to_numpy()[1:].astype(float) for name in ("structural", "usual"))
    pooled = np.sqrt(structural.sum(axis=1) * usual.sum(axis=1))
    assert (agreeing["anchor"] == 0.5).all()
    assert np.allclose(agreeing["hazard"][1:], np.minimum(pooled, 1), rtol=1e-4)


def test_an_agreement_takes_one_option_of_each_issue_and_there_is_none_without_one(agreeing, signed):
    agreed, issue = agreeing["agreed"].to_numpy(), agreeing["option_issue"].to_numpy()
    for number in range(agreeing.sizes["issue"]):
        assert (agreed[issue == number][:, signed].sum(axis=0) == 1).all()
    others = np.setdiff1d(np.arange(MANY), signed)
    assert len(others)
    assert (agreed[:, others] == 0).all()
    assert ((agreeing["awarded"].to_numpy() == -1) == ~agreed.any(axis=0)).all()
    treaty = agreeing["agreed"].sel(option="sequence-treaty").to_numpy()[signed] == 1
    assert (treaty == (agreeing["first_ending"].to_numpy()[signed] == SETTLEMENT)).all()


def test_land_goes_where_the_line_that_was_agreed_on_puts_it(agreeing, signed):
    told = {"line-south_back": ("south", 2), "line-north_given": ("north", 1), "line-middle_bare": ("middle", 3)}
    awarded = agreeing["awarded"].isel(run=signed)
    seen = 0
    for option, (land, fate) in told.items():
        taken = agreeing["agreed"].sel(option=option).to_numpy()[signed] == 1
        seen += taken.sum()
        assert ((awarded.sel(land=land).to_numpy() == fate) == taken).all(), option
        assert (awarded.sel(land=land).to_numpy()[~taken] == 0).all(), option
    assert seen
    assert agreeing["option_gives"].sel(option=list(told)).to_numpy().tolist() == [1, 1, 0]
    assert summarise(agreeing).terms.line_as_held.probability < 1


def test_guarantees_count_where_the_agreement_has_them(agreeing, signed):
    promised = agreeing["promised"].to_numpy()[:, signed]
    given = agreeing["agreed"].sel(option="guarantees-coral").to_numpy()[signed] == 1
    coral = list(agreeing["patron"].to_numpy()).index("Coral")
    expected = 0.8 * agreeing["guarantee"].to_numpy()[coral, signed] * given
    assert given.any()
    assert not given.all()
    loyal = promised[coral] > 0  # the others have left their side by then
    assert np.allclose(promised[coral][loyal], expected[loyal], rtol=1e-5)
    assert (expected[~loyal] == 0).mean() > 0.5
    assert (np.delete(promised, coral, axis=0) == 0).all()


def test_how_long_an_agreement_holds_follows_from_what_is_in_it(agreeing, signed, invented_war):
    drawn = draws.values(invented_war, draws.cube(invented_war, SEED, signed.astype(np.uint32)))
    p = {name: drawn[f"bargaining.{name}"] for name in ("relapse", "guarantee_effect", "usual_credibility")}
    p |= {name: drawn[f"bargaining.{name}"] for name in ("depth_effect", "settled_effect", "shift_effect")}
    rearm = drawn["resolve.rearm"]
    agreed = agreeing["agreed"].isel(run=signed)
    promised = 1 - (1 - agreeing["promised"].to_numpy()[:, signed]).prod(axis=0)
    log = -p["guarantee_effect"] * (promised - p["usual_credibility"])
    log = log - 15 * (1 - np.exp(-10 / 15)) * p["depth_effect"] * agreed.sel(option="zone-km10").to_numpy()
    log = log - p["settled_effect"] * agreed.sel(option="sequence-treaty").to_numpy()
    log = log + p["shift_effect"] * np.abs(rearm[0] - rearm[1])
    expected = (1 - np.minimum(p["relapse"] * np.exp(log), 1)) ** 52
    assert np.allclose(agreeing["holds"].to_numpy()[signed], expected, rtol=1e-3, atol=1e-5)
    assert np.isnan(agreeing["holds"].to_numpy()).sum() == MANY - len(signed)


def test_the_zone_is_the_smaller_surplus_and_the_least_is_near_what_fighting_on_is_worth(invented):
    surplus, zone = invented["surplus"].to_numpy()[1:], invented["zone"].to_numpy()[1:]
    assert np.allclose(surplus.min(axis=1), zone, atol=1e-5)
    least, worth = (invented[name].to_numpy()[1:] for name in ("least", "fighting_on"))
    assert np.corrcoef(least.ravel(), worth.ravel())[0, 1] > 0.9
    likely, issue = invented["likely"].to_numpy(), invented["option_issue"].to_numpy()
    assert (likely[0] == 0).all()
    for number in range(invented.sizes["issue"]):
        assert (likely[1:, issue == number].sum(axis=1) == 1).all()


def test_what_a_package_says_of_each_land_is_told_in_words():
    option = spec.Option
    issues = (
        spec.Issue(
            id="east",
            name="East",
            status_quo="held",
            options=(
                option(id="held", name="As held"),
                option(id="blue", name="To Blue", lands={"dunes": "Blue", "wells": "Amber"}),
                option(id="bare", name="Without arms", lands={"dunes": "demilitarised"}),
            ),
        ),
    )
    lands = agenda.Lands(("dunes", "wells"), ("Dunes", "Wells"), np.zeros(0, int), np.ones(2), np.zeros(2))
    sides = (spec.Side(id="Blue", name="Blue"), spec.Side(id="Amber", name="Amber"))
    war = spec.War.model_construct(id="w", sides=sides, patrons=(), issues=issues)
    found = fates(agenda.draw_up(war, lands))
    words = [[FATES[code] for code in row] for row in found]
    assert words == [
        ["as held", "as held"],
        ["to the first side", "to the second side"],
        ["demilitarised", "as held"],
    ]


def test_the_mean_chance_of_an_end_is_the_share_that_ends(agreeing):
    endings = summarise(agreeing).endings
    hazards = agreeing["structural"].to_numpy()[1:].astype(float), agreeing["usual"].to_numpy()[1:].astype(float)
    kind, week = agreeing["first_ending"].to_numpy(), agreeing["first_ending_week"].to_numpy().astype(int)
    cause = np.where(kind <= SETTLEMENT, 0, kind - DICTATED_FIRST + 1)
    told = pooling.Hazards(*hazards, np.full(MANY, 0.5), week, cause)
    mean = pooling.chances(pooling.carried_on(told.at(0.5), told.ended)).mean(axis=-1)
    ended = endings.any[-1].probability
    error = np.sqrt(ended * (1 - ended) / MANY)
    assert mean.sum(axis=0)[-1] == pytest.approx(ended, abs=3 * error)
    assert mean[0, -1] == pytest.approx(
        (week[kind <= SETTLEMENT] > 0).mean() * (kind <= SETTLEMENT).mean(), abs=3 * error
    )
    assert endings.chance
    assert endings.chance.q05[-1] < mean.sum(axis=0)[-1] < endings.chance.q95[-1]


def test_the_base_rate_alone_is_what_the_age_of_the_war_says(invented):
    """Usual hazards depend on nothing that happens, so their share is known without any run ending."""
    alone = summarise(invented).endings.weights[0]
    assert alone.weight == 0
    known = (1 - np.prod(1 - invented["usual"].to_numpy()[1:].astype(float).sum(axis=1), axis=0)).mean()
    chance = alone.any[-1]
    assert chance
    assert chance.monte_carlo_low - 0.02 <= known <= chance.monte_carlo_high + 0.02


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
    for name, meanings in (("phase", PHASES), ("first_ending", PHASES), ("talks", REGIMES)):
        assert tuple(result[name].attrs["flag_meanings"]) == meanings
        assert int(result[name].max()) < len(meanings)


def test_shares_and_chances_lie_between_nothing_and_all(result):
    told = ("control_probability", "control_opening", "town_share", "supply", "hazard", "served_share")
    for name in (*told, *OPINION, "lasting", "holds", "promised", "line", "likely", "agreed", "anchor"):
        values = result[name].to_numpy()
        known = values[~np.isnan(values)]
        assert ((known >= 0) & (known <= 1)).all(), name


def test_only_the_opening_week_of_a_rate_is_unknown(result):
    for name, array in result.data_vars.items():
        if array.dtype.kind != "f" or name in ("aid_lag", "holds"):  # what is not pledged or agreed on has none
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
        assert row["kind"] in ("value", "learned", "calibrated", "prior", "definition"), row["name"]
        assert row["known_on"] == "always" or row["known_on"] <= result.attrs["opening"], row["name"]
        if row["mid"] is not None:
            assert row["low"] <= row["mid"] <= row["high"], row["name"]


def test_a_number_replaced_by_a_later_one_is_no_assumption_any_more(start):
    """Of the numbers of one name known by the opening only the last went in, unless claims were fused or read off."""
    scenario = start.scenario
    instead = {entry.name for entry in (*scenario.fusions(), *scenario.records())}
    known: dict[str, list] = {}
    for value in scenario.known_values():
        known.setdefault(value.name, []).append(value)
    replaced = {name: found for name, found in known.items() if len(found) > 1 and name not in instead}
    assert len(replaced) >= 3
    told = [row for row in assumptions(start) if row["name"] in replaced]
    assert sorted(row["name"] for row in told) == sorted(replaced)
    for row in told:
        last = replaced[row["name"]][-1]
        assert (row["mid"], row["known_on"]) == (pytest.approx(last.mid), str(last.known_on)), row["name"]


def test_claims_that_are_fused_take_the_place_of_the_numbers_by_hand(start):
    (row,) = [row for row in assumptions(start) if row["name"] == "attrition.troops_opening[R]"]
    assert row["source"].startswith("fused from")
    assert row["low"] < row["mid"] < row["high"]
    assert row["known_on"] <= str(start.scenario.opening)


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
