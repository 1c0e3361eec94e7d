"""Opinion: a walk when nothing changes, and causes that move it by as much as they say, each one alone."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import expit, logit

from ceasefire.model import opinion
from ceasefire.model.axes import QUESTIONS, SIDES
from ceasefire.model.declare import declared
from ceasefire.model.intervene import NOTHING, Intervention, Place
from ceasefire.model.noise import Noise

RUNS, WEEKS, AGE = 64, 104, 150.0
USUAL = {"taken": [60.0, 35.0], "casualties": [6000.0, 7500.0], "hours": [2.0, 0.5], "harmed": [300.0, 40.0]}
"""What each side is used to in a week, inflation beyond it apart."""
EFFECTS = ["prospect_effect", "casualty_effect", "hardship_effect", "price_effect", "rally_effect"]
STILL = {"level_opening": 0.3, "level_mean": 0.3, "level_spread": 0.0}
WORSE = {
    "prospect_effect": {"taken": [20.0, 95.0]},
    "casualty_effect": {"casualties": [24000.0, 7500.0]},
    "hardship_effect": {"hours": [14.0, 0.5]},
    "price_effect": {"excess": [15.0, 0.0]},
    "rally_effect": {"harmed": [1500.0, 40.0]},
}
"""For each effect, weeks that make its cause worse for the first side."""
KNOWN = {variable.name.partition(".")[2]: variable for variable in declared(opinion)}


def weekly(given):
    """What comes in each week [week, side, run]: a number for both sides, one for each, or one a week and side."""
    found = {}
    for name, value in (USUAL | {"excess": 0.0, "peace": 0.0} | given).items():
        value = np.asarray(value, float)
        value = value[..., None] if value.ndim else value
        found[name] = jnp.asarray(np.broadcast_to(value, (WEEKS, SIDES, RUNS)), float)
    return found


@jax.jit
def _run(params, state, received, do, flipped):
    def week(state, now):
        number, told = now
        noise = Mirror(jnp.asarray([4, 0], jnp.uint32), jnp.arange(RUNS, dtype=jnp.uint32), number, "opinion", flipped)
        told = told | {"peace": told["peace"][0]}
        after, flows = opinion.step(params, state, do=do, noise=noise, **told)
        return after, (after, flows)

    return jax.lax.scan(week, state, (jnp.arange(WEEKS), received))[1]


class Mirror(Noise):
    """Dice of which the two sides may swap theirs."""

    flipped: jax.Array = False

    def uniform(self, name, shape=()):
        u = super().uniform(name, shape)
        return jnp.where(self.flipped, u[::-1], u)


def opened(params, usual=USUAL):
    """The opening of a war in which every week so far was the usual one."""
    sides = {name: jnp.broadcast_to(jnp.asarray(value, float)[:, None], (SIDES, RUNS)) for name, value in usual.items()}
    taken, age = sides.pop("taken"), jnp.full(RUNS, AGE)
    return opinion.opening(params, advance=taken - taken[::-1], age_weeks=age, **sides)


def years(params, *, state=None, do=NOTHING, flipped=False, **given):
    """State and flows of two years, week by week."""
    told = _run(params, state or opened(params), weekly(given), do, jnp.asarray(flipped))
    return jax.tree.map(np.asarray, told)


@pytest.fixture
def drawn(with_prior_medians):
    """Parameters at the medians of their priors, or at what is given for all, or by question or side."""
    return lambda **given: with_prior_medians(opinion, runs=RUNS, **given)


@pytest.fixture
def alone(drawn):
    """Parameters by which one cause, if any, moves an opinion that otherwise stays as it is."""

    def params(effect=None, size=1.0, **given):
        return drawn(**dict.fromkeys(EFFECTS, 0.0) | ({effect: size} if effect else {}) | STILL | given)

    return params


def anywhere(seed):
    """Every parameter anywhere within its prior, each run its own."""
    random, length = np.random.default_rng(seed), {"side": SIDES, "question": len(QUESTIONS), "run": RUNS}
    parameters = [(name, variable) for name, variable in KNOWN.items() if variable.kind == "parameter"]
    shapes = {name: [length[dim] for dim in variable.dims] for name, variable in parameters}
    return opinion.Params(
        **{name: jnp.asarray(var.prior.quantile(random.uniform(size=shapes[name])), float) for name, var in parameters}
    )


def test_where_nothing_changes_opinion_is_its_level_and_no_cause_moves_it():
    state, flows = years(anywhere(1))
    assert (flows.caused == 0).all()
    np.testing.assert_allclose(flows.share, expit(state.level), rtol=1e-5)
    for name, values in vars(state).items():
        if name not in ("level", "casualties", "usual_casualties"):
            assert (values == values[0]).all(), name
    assert (state.casualties == state.usual_casualties).all()


def test_unmoved_opinion_is_the_stationary_walk_that_was_learned(drawn):
    mean, spread = np.array([[-1.0, 0.5], [0.2, 1.4]]), 0.6
    params = drawn(level_mean=mean[..., None], level_spread=spread, level_half_life=6.0, level_opening=0.0)
    found = logit(years(params)[1].share[52:].astype(np.float64))
    memory = 2 ** (-1 / 6)
    lone = found.shape[0] * found.shape[-1] * (1 - memory) / (1 + memory)
    np.testing.assert_allclose(found.mean(axis=(0, 3)), mean, atol=4 * spread / np.sqrt(lone))
    np.testing.assert_allclose(found.std(axis=(0, 3)), spread, rtol=4 / np.sqrt(2 * lone))


def test_without_luck_the_level_closes_half_the_gap_in_its_half_life(drawn):
    params = drawn(level_opening=-1.0, level_mean=1.0, level_spread=0.0, level_half_life=26.0)
    level = years(params)[0].level
    np.testing.assert_allclose(
        level[[25, 51]], np.broadcast_to(np.array([0, 0.5]).reshape(2, 1, 1, 1), (2, 2, 2, RUNS)), atol=1e-4
    )


@pytest.mark.parametrize("effect", EFFECTS)
def test_each_cause_moves_the_opinion_of_the_side_that_feels_it_the_way_its_effect_says(alone, effect):
    for size in (1.0, -1.0):
        caused = years(alone(effect, size), **WORSE[effect])[1].caused[4:]
        worse = -1 if effect in ("prospect_effect", "rally_effect") else 1
        assert (size * worse * caused[:, 0] > 0).all()
        assert (caused[:, 1] == 0).all() or effect == "prospect_effect"


def test_with_the_usual_signs_bad_news_makes_people_want_talks_and_a_rally_does_not(drawn):
    for effect in EFFECTS:
        caused = years(drawn(**STILL), **WORSE[effect])[1].caused[4:, 0]
        assert ((caused < 0) if effect == "rally_effect" else (caused > 0)).all(), effect


@pytest.mark.parametrize("effect", EFFECTS)
def test_without_its_coupling_a_cause_has_no_effect_whatever_happens(drawn, effect):
    params = drawn(**{effect: 0.0})
    assert (years(params, **WORSE[effect])[1].share == years(params)[1].share).all()
    assert (years(drawn(), **WORSE[effect])[1].share != years(drawn())[1].share).any()


@pytest.mark.parametrize("effect", EFFECTS)
def test_two_questions_respond_apart(alone, effect):
    one = years(alone(effect, np.array([[0.8], [0.0]])), **WORSE[effect])[1]
    assert (one.caused[4:, 0, 0] != 0).all()
    assert (one.caused[:, :, 1] == 0).all()
    both = years(alone(effect, np.array([[0.8], [-0.4]])), **WORSE[effect])[1]
    np.testing.assert_allclose(both.caused[:, :, 1], -0.5 * both.caused[:, :, 0], rtol=1e-5)


def test_worse_moves_more(alone):
    for effect in EFFECTS:
        found = []
        for part in (0.0, 0.5, 1.0, 1.5):
            weeks = {}
            for name, value in WORSE[effect].items():
                usual = np.asarray(USUAL.get(name, [0.0, 0.0]))
                weeks[name] = np.maximum(usual + part * (np.asarray(value) - usual), 0.0)
            found.append(np.abs(years(alone(effect), **weeks)[1].caused[4:, 0]))
        assert (np.diff(found, axis=0) > 0).all(), effect


def test_casualties_count_by_the_log_of_all_the_wars(alone):
    caused = years(alone("casualty_effect", 0.5), casualties=[12000.0, 0.0])[1].caused
    week = np.arange(1, WEEKS + 1)
    for side, pace in ((0, 2.0), (1, 0.0)):
        expected = 0.5 * np.log((AGE + pace * week) / (AGE + week))
        np.testing.assert_allclose(caused[:, side, 0, 0], expected, rtol=1e-3, atol=1e-5)


def test_casualties_tell_in_a_war_without_any_so_far(alone):
    usual = USUAL | {"casualties": [0.0, 0.0], "harmed": [0.0, 0.0]}
    params = alone("casualty_effect", 0.5)
    caused = years(params, state=opened(params, usual), casualties=[0.0, 50.0], harmed=0.0)[1].caused
    assert (caused[:, 0] == 0).all()
    np.testing.assert_allclose(caused[:, 1, 0, 0], 0.5 * np.log(50.0 * np.arange(1, WEEKS + 1)), rtol=1e-5)


def test_a_day_without_power_moves_opinion_by_its_effect_in_the_end(alone):
    caused = years(alone("hardship_effect", 0.7), hours=[2.0 + 24 / 4, 0.5])[1].caused[:, 0, 0, 0]
    week = np.arange(1, WEEKS + 1)
    np.testing.assert_allclose(caused, 0.7 / 4 * (1 - 2 ** (-week / 8)), rtol=1e-4)


def test_ten_points_of_inflation_move_opinion_by_its_effect_at_once(alone):
    caused = years(alone("price_effect", 0.3), excess=[10.0, -20.0])[1].caused
    np.testing.assert_allclose(caused[:, 0], 0.3, rtol=1e-6)
    np.testing.assert_allclose(caused[:, 1], -0.6, rtol=1e-6)


def test_prospects_are_bounded_and_opposite(alone):
    taken = np.random.default_rng(2).uniform(0, 4000, (WEEKS, SIDES))
    prospect = years(alone(), taken=taken)[0].prospect
    assert (prospect[:, 0] == -prospect[:, 1]).all()
    assert np.abs(prospect).max() <= 1
    assert np.ptp(prospect) > 0.5


def test_who_does_better_than_before_has_better_prospects_by_the_scale(alone):
    state = years(alone(prospect_scale=40.0), taken=[60.0 + 40.0, 35.0])[0]
    assert (np.diff(state.prospect[:, 0], axis=0) >= 0).all()
    np.testing.assert_allclose(state.prospect[-1, 0], np.tanh(1.0), rtol=1e-3)
    half = years(alone(prospect_scale=40.0), taken=[60.0, 35.0 + 40.0])[0].prospect[7, 1]
    np.testing.assert_allclose(half, np.tanh(0.5), rtol=1e-4)


def test_opinion_hears_of_prospects_a_week_late(alone):
    state, flows = years(alone("prospect_effect", -0.5), taken=[200.0, 0.0])
    assert (flows.caused[0] == 0).all()
    np.testing.assert_allclose(flows.caused[1:, :, 0], -0.5 * state.prospect[:-1], rtol=1e-6)


def test_a_rally_fades_with_its_half_life_once_the_harm_is_the_usual(alone):
    params = alone("rally_effect", 0.4, rally_half_life=13.0)
    state = dataclasses.replace(opened(params), rally=jnp.full((SIDES, RUNS), 1.0))
    caused = years(params, state=state)[1].caused
    np.testing.assert_allclose(caused[:, 0, 0, 0], -0.4 * 2 ** (-np.arange(1, WEEKS + 1) / 13), rtol=1e-4)
    rally = years(params, harmed=[1500.0, 40.0])[0].rally[:, 0, 0]
    top = rally.argmax()
    assert 4 <= top <= 26
    assert 0.4 * np.log(5) < rally.max() < np.log(5)
    np.testing.assert_allclose(rally[-1] / rally[-14], 0.5, atol=0.01)


def test_less_harm_than_usual_is_no_rally_and_a_week_of_alarm_is_soon_over(alone):
    assert (years(alone("rally_effect"), harmed=[0.0, 10.0])[0].rally == 0).all()
    blow = np.tile(np.asarray(USUAL["harmed"]), (WEEKS, 1))
    blow[10, 0] *= 10
    rally = years(alone("rally_effect", rally_half_life=20.0), harmed=blow)[0].rally[:, 0, 0]
    assert (rally[:10] == 0).all()
    np.testing.assert_allclose(rally[10], np.log1p(9 * (1 - 2 ** (-1 / 8))), rtol=1e-4)
    assert (np.diff(rally[10:]) <= 0).all()
    assert rally[-1] < 0.01 * rally[10]


def test_a_rally_can_cancel_hardship(drawn):
    raid = {"hours": [14.0, 0.5], "harmed": [1500.0, 40.0]}
    plain = dict.fromkeys(EFFECTS[:-1], 0.0) | STILL | {"hardship_effect": 0.6}
    state, flows = years(drawn(**plain, rally_effect=0.0), **raid)
    at = 20
    cancelling = flows.caused[at, 0, 0, 0] / state.rally[at, 0, 0]
    found = years(drawn(**plain, rally_effect=cancelling), **raid)[1].caused[:, 0, 0, 0]
    assert found[at] == pytest.approx(0.0, abs=1e-6)
    assert (found[:at] < 0).all()
    assert (found[at + 1 :] > 0).all()
    stronger = years(drawn(**plain, rally_effect=2 * cancelling), **raid)[1].caused[at, 0]
    np.testing.assert_allclose(stronger, -flows.caused[at, 0], rtol=1e-4)


def test_swapped_sides_with_swapped_dice_swap_everything():
    given = {"taken": [90.0, 10.0], "casualties": [9000.0, 5000.0], "hours": [6.0, 0.0], "harmed": [900.0, 20.0]}
    params = anywhere(5)
    other = {name: value[::-1] for name, value in given.items()}
    flipped = opinion.Params(
        **{name: value[::-1] if KNOWN[name].dims[0] == "side" else value for name, value in vars(params).items()}
    )
    usual = {name: value[::-1] for name, value in USUAL.items()}
    fought = years(params, excess=[12.0, -2.0], **given)
    image = years(flipped, state=opened(flipped, usual), flipped=True, excess=[-2.0, 12.0], **other)
    for one, mirrored in zip(jax.tree.leaves(fought), jax.tree.leaves(image), strict=True):
        assert (one == mirrored[:, ::-1]).all()


def test_people_and_ground_in_other_units_give_the_same_opinion():
    size = {"km2": 100.0, "person": 40.0, "h": 1.0, "1": 1.0, "week": 1.0}

    def rescaled(record):
        units = {name: KNOWN[name].unit.partition("/")[0] for name in vars(record)}
        return type(record)(**{name: value * size[units[name]] for name, value in vars(record).items()})

    given = {"taken": [90.0, 10.0], "casualties": [9000.0, 5000.0], "hours": [6.0, 0.0], "harmed": [900.0, 20.0]}
    by = {"taken": 100.0, "casualties": 40.0, "hours": 1.0, "harmed": 40.0}
    with jax.enable_x64(True):
        params = anywhere(6)
        expected = years(params, **given)
        other = {name: by[name] * np.asarray(value) for name, value in given.items()}
        found = years(rescaled(params), state=rescaled(opened(params)), **other)
    for want, got in zip(expected, found, strict=True):
        want = rescaled(want)
        for name, value in vars(got).items():
            np.testing.assert_allclose(value, getattr(want, name), rtol=1e-9, atol=1e-12, err_msg=name)


def test_a_decreed_share_is_what_people_say_and_leaves_what_they_think():
    place = Place("opinion.share", 0, (SIDES, len(QUESTIONS)), KNOWN["share"].bounds)
    decreed = jnp.asarray([0.1, 0.9, 0.5, 1.0])
    told = years(anywhere(7), do=Intervention(jnp.zeros(4), decreed, (place,), "opinion"))
    np.testing.assert_allclose(told[1].share[..., 0], np.broadcast_to(decreed.reshape(2, 2), (WEEKS, 2, 2)))
    for one, other in zip(jax.tree.leaves(told[0]), jax.tree.leaves(years(anywhere(7))[0]), strict=True):
        assert (one == other).all()


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("value", [-1e15, 0.0, 1e15])
def test_a_share_is_a_share_whatever_comes_in_and_whatever_is_decreed(wide, value):
    with jax.enable_x64(wide):
        most = max(value, 0.0)
        told = [years(anywhere(8), **{name: [most, USUAL["taken"][0]]}) for name in USUAL if name != "hours"]
        told += [years(anywhere(8), excess=1e3), years(anywhere(8), hours=[24.0, 0.0])]
        for name in (name for name, variable in KNOWN.items() if variable.kind == "parameter"):
            params = anywhere(9)
            extreme = jnp.full_like(getattr(params, name), max(value, KNOWN[name].bounds[0]))
            params = dataclasses.replace(params, **{name: extreme})
            told.append(years(params, taken=[200.0, 0.0], casualties=1e4, excess=5.0, harmed=[9000.0, 0.0]))
        for state, flows in told:
            assert flows.share.min() > 0
            assert flows.share.max() < 1
            for record in (state, flows):
                for name, found in vars(record).items():
                    assert found.dtype == jnp.result_type(float)
                    assert np.isfinite(found).all(), name
                    low, high = KNOWN[name].bounds
                    assert low <= found.min(), name
                    assert found.max() <= high, name


def test_an_end_of_the_fighting_is_neither_victory_nor_defeat(drawn):
    nobody_moves = years(drawn(**STILL), taken=0.0, peace=1.0)
    assert (nobody_moves[0].prospect == 0).all()
    after_a_defeat = years(drawn(**STILL), taken=[10.0, 150.0])[0]
    state = jax.tree.map(lambda leaf: jnp.asarray(leaf[-1]), after_a_defeat)
    prospect = np.abs(years(drawn(**STILL), state=state, taken=0.0, peace=1.0)[0].prospect)
    assert (np.diff(prospect, axis=0) <= 0).all()
    assert prospect[-1].max() < 0.01 < prospect[0].min()
