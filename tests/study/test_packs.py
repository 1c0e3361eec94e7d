"""Small wars and their scores: closed forms, the base rate, symmetry, what ends wars sooner, and what a gain is."""

from __future__ import annotations

import datetime as dt
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceasefire.model.noise import Noise
from ceasefire.scenario import duration, pack
from ceasefire.scenario.pack import Opening, Pack
from ceasefire.simulate import draws, forts, small
from ceasefire.study import packs
from ceasefire.study.bargaining import win_probability
from ceasefire.study.packs import BASE, POOLED, STRUCTURE, Check, Forecast, Term
from ceasefire.view import packs as view

START, END = dt.date(2040, 1, 1), dt.date(2042, 1, 1)
DAY = START + dt.timedelta(weeks=40)
RUNS, SEED = 1024, 3
SHARES_OF = jax.jit(forts.shares)


def fact(week: float, **told: Any) -> dict[str, Any]:
    return {"on": START + dt.timedelta(weeks=week), "source": "invented", **told}


def issue(name: str, *options: dict[str, Any]) -> dict[str, Any]:
    whole = [{"name": option["id"], "since": START, **option} for option in options]
    return {"id": name, "name": name, "status_quo": options[0]["id"], "options": whole}


def invented(*later: dict[str, Any]) -> Pack:
    """A lopsided war of two sides over two lands; later moves of the line may be added."""
    return pack.parse(
        {
            "id": "invented",
            "title": "Invented War",
            "started": START,
            "end": [fact((END - START).days / 7, name="Truce", terms=("line-held", "zone-wide"))],
            "sides": [{"id": "A", "name": "Amber"}, {"id": "B", "name": "Blue"}],
            "lands": [
                {"id": "near", "name": "Near", "forts": 4.0, "km2": 9000},
                {"id": "far", "name": "Far", "forts": 6.0, "km2": 11000},
            ],
            "issues": [
                issue("line", {"id": "held"}, {"id": "ante", "lands": {"near": "A", "far": "B"}}),
                issue("zone", {"id": "none"}, {"id": "wide", "depth_km": 10}),
                issue("sequence", {"id": "truce"}, {"id": "treaty", "settles": True}),
            ],
            "held": [fact(0, share={"near": 1.0, "far": 0.0}), fact(20, share={"near": 0.5}), *later],
            "force": [fact(0, side="A", persons=100000), fact(0, side="B", persons=150000)],
            "table": [fact(30, talking=True)],
            "stance": [fact(10, actor="A", of="zone-wide", says="demands")],
        },
        "invented",
    )


def mirrored(war: Pack) -> Pack:
    """The same war with the sides in the other order."""
    turned = war.model_dump()
    for name in ("sides", "lands"):
        turned[name] = turned[name][::-1]
    for row in turned["held"]:
        row["share"] = {land: 1 - share for land, share in row["share"].items()}
    return pack.parse(turned, "mirrored")


def fought(war: Pack, *, endless: bool = True, runs: int = RUNS, **given: float) -> small.Fought:
    chosen = {name.replace("__", "."): value for name, value in given.items()}
    return small.fight(pack.opened(war, DAY), runs=runs, weeks=52, seed=SEED, endless=endless, given=chosen)


@pytest.fixture(scope="module")
def opening() -> Opening:
    return pack.opened(invented(), DAY)


@pytest.fixture(scope="module")
def endless() -> small.Fought:
    return fought(invented())


def within_year(told: small.Fought, weight: float) -> float:
    return float(packs.ends(told, weight).sum())


# The line


@pytest.mark.parametrize(("forts_held", "chance", "expected"), [(5, 0.55, 0.731717), (3, 0.6, 0.716122)])
def test_a_line_is_won_as_often_as_smith_and_stam_say(forts_held, chance, expected):
    assert win_probability(10, forts_held, chance) == pytest.approx(expected, abs=1e-6)
    runs = 4096
    line = forts.Line(
        size=jnp.array([10.0]),
        held=jnp.array([forts_held / 10]),
        fort=jnp.asarray(1.0),
        taken=jnp.zeros(2),
        seen=jnp.asarray(0.0),
        force=jnp.asarray(0.0),
    )
    params = forts.Params(*(jnp.full(runs, value) for value in (0.0, 1e-6, 26.0)))
    power = jnp.full(runs, float(np.arctanh(2 * chance - 1) / 2))

    def week(state, number):
        noise = Noise(jnp.asarray([8, 0], jnp.uint32), jnp.arange(runs, dtype=jnp.uint32), number, "forts")
        settled = (state.moved == 10 - forts_held) | (state.moved == -forts_held)
        after, _ = forts.step(
            params,
            state,
            noise=noise,
            line=line,
            fort_time=jnp.full(runs, 0.1),
            fort_power=jnp.ones(runs),
            power=power,
            fighting=~settled,
        )
        return after, None

    last, _ = jax.jit(partial(jax.lax.scan, week))(forts.opening(runs), jnp.arange(400))
    won, lost = last.moved == 10 - forts_held, last.moved == -forts_held
    assert (won | lost).all()
    assert float(won.mean()) == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / runs))


@settings(max_examples=60, deadline=None)
@given(
    size=st.lists(st.floats(0.5, 4), min_size=3, max_size=3),
    shares=st.lists(st.floats(0, 1), min_size=3, max_size=3),
    moved=st.floats(-12, 12),
)
def test_forts_won_are_land_won_and_never_more_than_there_is(size, shares, moved):
    sizes, held = np.array(size, np.float32), np.array(shares, np.float32)
    line = forts.Line(*(jnp.asarray(part) for part in (sizes, held, 1.0, np.zeros(2), 0.0, 0.0)))
    stood = np.asarray(SHARES_OF(line, jnp.array([moved])))[:, 0]
    possible = np.clip(moved, -(sizes * held).sum(), (sizes * (1 - held)).sum())
    assert (stood >= 0).all()
    assert (stood <= 1).all()
    assert sizes @ stood == pytest.approx(sizes @ held + possible, abs=1e-4)


def test_the_nearest_land_is_taken_first_and_given_back_last():
    line = forts.Line(
        *(jnp.asarray(part) for part in (np.full(3, 2.0), np.array([1, 0.5, 0]), 1.0, np.zeros(2), 0.0, 0.0))
    )
    moved = jnp.array([-2.0, -0.5, 0.0, 1.0, 2.0])
    expected = [[0.5, 1, 1, 1, 1], [0, 0.25, 0.5, 1, 1], [0, 0, 0, 0, 0.5]]
    np.testing.assert_allclose(forts.shares(line, moved), expected)


def test_ground_lately_taken_and_forces_make_power(opening):
    line, params = small.board_of(opening).line, forts.Params(*(jnp.ones(1) for _ in range(3)))
    ground = forts.expected(params, line, jnp.zeros(1))
    assert ground[1] / ground[0] == pytest.approx((0.5 + 2.0) / 0.5 * 1.5)
    mirror = forts.expected(params, forts.mirrored(line), jnp.zeros(1))
    np.testing.assert_allclose(mirror, ground[::-1], rtol=1e-6)


def test_a_line_that_moved_a_lot_moves_faster(opening):
    still = forts.Line(*(jnp.asarray(part) for part in (opening.size, opening.held, 1.0, np.zeros(2), 0.0, 0.0)))
    assert still.pace == pytest.approx(1.0)
    assert small.board_of(opening).line.pace == pytest.approx((26 + 40) / 26 / 3)


# The war


def test_nothing_known_later_reaches_a_forecast(endless):
    other = fought(invented(fact(41, share={"near": 0.0}), fact(50, share={"near": 1.0, "far": 1.0})))
    for ours, theirs in zip(endless, other, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_run_is_the_same_however_many_are_asked_for(endless):
    few = fought(invented(), runs=300)
    for part, whole in zip(few, endless, strict=True):
        np.testing.assert_array_equal(part, whole[..., :300])


def test_without_structure_the_end_comes_as_wars_of_this_age_have_ended(opening, endless):
    points = small.cube(opening, [], SEED, np.arange(RUNS, dtype=np.uint32))
    hazard = duration.hazard_path(opening.age_months, 52, points["learned.duration"])
    survival = np.concatenate([np.ones((1, RUNS)), np.cumprod(1 - hazard, axis=0)])
    expected = -np.diff(survival, axis=0).mean(axis=1)
    np.testing.assert_allclose(packs.ends(endless, BASE).sum(axis=1), expected, rtol=2e-3)


def test_a_war_fought_on_without_end_has_none_and_its_chances_stay_below_one(endless):
    assert not endless.first_ending.any()
    for weight in (BASE, POOLED, STRUCTURE):
        each = packs.ends(endless, weight)
        assert (each >= 0).all()
        assert 0 < each.sum() < 1


def test_hazards_foretell_how_many_of_the_wars_end(endless):
    as_it_goes = fought(invented(), endless=False)
    ended = (as_it_goes.first_ending_week > 0).mean()
    expected = within_year(endless, POOLED)
    assert ended == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / RUNS))
    agreed = packs.packages(as_it_goes)
    share = len(agreed) / RUNS
    expected = packs.ends(endless, POOLED)[:, 0].sum()
    assert share == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / RUNS))
    assert ((agreed >= 0) & (agreed < 8)).all()


def test_where_war_costs_more_the_zone_is_wider_and_the_end_sooner():
    cheap, dear = (fought(invented(), resolve__cost=cost) for cost in (1e-4, 5e-3))
    assert (dear.zone[0] > cheap.zone[0]).mean() > 0.95
    assert np.median(dear.zone) > np.median(cheap.zone) + 0.05
    assert within_year(dear, STRUCTURE) > 1.05 * within_year(cheap, STRUCTURE)


def test_optimists_find_a_narrower_zone():
    modest, proud = (fought(invented(), beliefs__gap_opening=gap) for gap in (-1.0, 1.0))
    assert np.median(proud.zone[0]) < np.median(modest.zone[0])


def test_it_does_not_matter_which_side_is_the_first(endless):
    war = mirrored(invented())
    opening = pack.opened(war, DAY)
    ours = pack.opened(invented(), DAY)
    np.testing.assert_allclose(opening.taken, ours.taken[::-1])
    np.testing.assert_allclose(opening.held, 1 - ours.held[::-1])
    other = fought(war)
    for measure in (lambda told: told.zone[0], lambda told: told.structural[:, 0].mean(axis=0)):
        here, there = measure(endless), measure(other)
        error = np.hypot(here.std(), there.std()) / np.sqrt(RUNS)
        assert here.mean() == pytest.approx(there.mean(), abs=4 * error)
    by_first, by_second = (told.structural.mean(axis=(0, 2))[1:3] for told in (endless, other))
    assert by_first[0] < by_first[1]
    np.testing.assert_allclose(by_first, by_second[::-1], rtol=0.25)


def test_parameters_of_a_run_follow_from_seed_run_and_name(opening):
    once, again, other = (
        small.drawn(opening, seed, np.arange(8, dtype=np.uint32)).resolve.cost for seed in (SEED, SEED, SEED + 1)
    )
    np.testing.assert_array_equal(once, again)
    assert (once != other).all()
    assert draws.seed_words(SEED).dtype == np.uint32


# The scores


def forecast(name: str, model: float, base: float, **told: Any) -> Forecast:
    weights = {BASE: base, POOLED: model, STRUCTURE: model}
    whole = {
        "pack": name,
        "title": name.title(),
        "share": 0.5,
        "day": DAY,
        "age_months": 9.0,
        "end": END,
        "weeks": 65,
        "chance": weights,
        "year": weights,
        "by_end": weights,
        "kinds": {"agreed": 0.5},
        "zone": 0.1,
        "agreements": 10,
        "terms": (Term(("held", "wide"), 0.7), Term(("ante", "none"), 0.3)),
        "came": ("ante", "none"),
    }
    return Forecast(**{**whole, **told})


def test_a_gain_is_the_log_of_the_ratio_of_chances_and_its_error_is_over_wars():
    found = Check((forecast("one", 0.2, 0.1), forecast("one", 0.1, 0.2), forecast("two", 0.1, 0.1)), 1, 1, 1)
    assert found.forecasts[0].gain() == pytest.approx(np.log(2))
    assert found.by_war() == pytest.approx({"one": 0.0, "two": 0.0})
    assert found.gain() == pytest.approx((0.0, 0.0))
    apart = Check((forecast("one", 0.2, 0.1), forecast("two", 0.1, 0.2)), 1, 1, 1)
    assert apart.gain() == pytest.approx((0.0, np.log(2)))
    assert np.isnan(Check((forecast("one", 0.2, 0.1),), 1, 1, 1).gain()[1])


@pytest.mark.parametrize(("week", "weeks"), [(0, [0, 1, 2, 3]), (3, [0, 1, 2, 3]), (4, [4, 5, 6, 7])])
def test_bins_are_four_weeks_from_the_opening(week, weeks):
    assert list(range(100))[packs.binned(week)] == weeks


def test_terms_that_came_are_placed_among_those_agreed():
    one = forecast("one", 0.1, 0.1)
    assert (one.rank, one.foreseen) == (2, 0.3)
    none = forecast("one", 0.1, 0.1, came=None)
    assert (none.rank, none.foreseen) == (None, 0)


def test_terms_are_told_by_line_and_zone(opening):
    agreed = np.array(
        [opening.agenda.find(name) for name in ("held.wide.truce", "held.wide.treaty", "ante.none.truce")]
    )
    assert packs.terms(opening, agreed) == (Term(("held", "wide"), 2 / 3), Term(("ante", "none"), 1 / 3))
    assert packs.came(invented(), opening.agenda) == ("held", "wide")


def test_terms_not_raised_by_the_opening_are_not_looked_for():
    korea = pack.load("korea")
    early, late = (pack.opened(korea, korea.day_at(share)).agenda for share in (0.25, 0.5))
    assert packs.came(korea, early) == ("contact",)
    assert packs.came(korea, late) == ("contact", "km4")
    winter = pack.load("winter-war")
    assert packs.came(winter, pack.opened(winter, winter.day_at(0.25)).agenda) is None


def test_a_forecast_of_an_invented_war_is_whole():
    war = invented()
    one = packs.forecast(war, 0.4, runs=256, weeks=104, seed=SEED)
    again = packs.forecast(war, 0.4, runs=256, weeks=104, seed=SEED)
    assert one == again
    assert one.day == war.day_at(0.4)
    assert one.weeks == -(-(END - one.day).days // 7)
    assert sum(term.share for term in one.terms) == pytest.approx(1)
    assert 0 < one.chance[BASE] < one.by_end[BASE] < 1
    assert sum(one.kinds.values()) < 1


# The page


def test_the_page_tells_every_opening_and_the_error():
    found = Check((forecast("one", 0.2, 0.1), forecast("korea", 0.1, 0.1)), 20, 104, 1)
    page = view.page(found, [invented()])
    assert page.count(f"| {DAY} | 50 % | 65 |") == 2
    assert "standard error 0.35" in page
    assert "| **30.0 %** |" in page
    assert "2 of 2" in page
    assert view.screen(found).count("\n") == 3


def test_the_page_that_is_kept_is_of_the_packs_that_are_shipped():
    kept = (Path(__file__).parents[2] / view.PAGE).read_text(encoding="utf-8")
    shipped = [pack.load(name) for name in pack.packs()]
    assert all(line in kept for line in view.facts(shipped))
    for war in shipped:
        assert all(f"| {war.title} | {war.day_at(share)} |" in kept for share in packs.SHARES)


def test_everything_can_be_told_in_plain_words():
    told = Check((forecast("one", 0.2, 0.1),), 20, 104, 1).told()
    assert told["forecasts"][0]["day"] == str(DAY)
    assert told["forecasts"][0]["gain"] == pytest.approx(np.log(2))
