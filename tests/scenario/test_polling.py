"""Polling: is opinion found under polls of several houses, and is nothing learned from polls not yet published?"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from ceasefire.evidence.control import ControlRecord
from ceasefire.evidence.series import Observation
from ceasefire.evidence.store import Store
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario import polling
from ceasefire.scenario.polling import DESIGN, HOUSE_SPREAD, OFFSET_SPREAD, Belief, Reading, learn
from ceasefire.scenario.spec import Poll

OPENING = dt.date(2042, 6, 7)
DAY = np.datetime64(OPENING, "D")
TALKS, FIGHT, SIZE = "poll.blue.house.end.talks", "poll.blue.house.end.fight", "poll.blue.house.end.sample_size"
SERIES = 200


def reading(weeks_ago: float, share: float, answered: float = 1000.0) -> Reading:
    return Reading(DAY - np.timedelta64(round(7 * weeks_ago), "D"), share, answered)


def row(name: str, day: dt.date, value: float, lag: int = 5) -> Observation:
    unit = "person" if name.endswith("size") else "percent"
    return Observation(name, str(day), str(day + dt.timedelta(days=lag)), value, unit, "invented", "B")


def known(*rows: Observation, on: dt.date = OPENING) -> Vintage:
    frame = [row("other.thing", dt.date(2030, 1, 1), 0.0), row("other.thing", dt.date(2060, 1, 1), 0.0)]
    return Vintage(Store(tuple(sorted([*frame, *rows])), ControlRecord.empty(), {}), on)


def poll(**update: object) -> Poll:
    return Poll.model_validate({"side": "Blue", "question": "talks", "series": TALKS} | update)


def ago(weeks: int) -> dt.date:
    return OPENING - dt.timedelta(weeks=weeks)


def draw(law: polling.OpinionLaw, runs: int = 4000) -> polling.OpinionDraws:
    return law.draw(np.random.default_rng(3).uniform(size=(3, runs)))


def same(one: polling.OpinionLaw, other: polling.OpinionLaw) -> bool:
    return all((getattr(one, part) == getattr(other, part)).all() for part in ("weight", "centre", "cover"))


# Recovery


def lived(random: np.random.Generator) -> tuple[list[list[Reading]], float, float]:
    """Two pollsters over three years under a law drawn from the prior, opinion at the opening and a year later."""
    belief = Belief()
    weight = np.exp(belief.log_weight())

    def stretch() -> tuple[float, float, float]:
        point = random.choice(len(weight), p=weight / weight.sum())
        return polling.GRID[point, 0], polling.SPREAD[point], belief.mean_spread * random.normal()

    def walk(x: float, weeks: float, half_life: float, spread: float, mean: float) -> float:
        memory = 2 ** (-weeks / half_life)
        return mean + memory * (x - mean) + spread * np.sqrt(1 - memory**2) * random.normal()

    past = stretch()
    x = past[2] + past[1] * random.normal()
    offset, told = [0.0, OFFSET_SPREAD * random.normal()], [[], []]
    for week in range(156, 0, -12):
        house = int(random.uniform() < 0.4)
        share = expit(x + offset[house] + HOUSE_SPREAD * random.normal())
        told[house].append(reading(week, random.binomial(int(1000 / DESIGN), share) * DESIGN / 1000))
        x = walk(x, 12, *past)
    ahead = stretch() if random.uniform() < belief.renewal else past
    return told, x, walk(x, 52, *ahead)


@pytest.fixture(scope="module")
def recovered() -> list[tuple[polling.OpinionDraws, float, float]]:
    random, found = np.random.default_rng(11), []
    while len(found) < SERIES:
        told, now, later = lived(random)
        if (law := learn(told, DAY)) is not None:
            found.append((draw(law, 1000), now, later))
    return found


def test_eighty_percent_bands_of_the_level_hold_it(recovered):
    bands = [(*np.quantile(drawn.opening, [0.1, 0.9]), now) for drawn, now, _ in recovered]
    assert 0.74 <= np.mean([low <= now <= high for low, high, now in bands]) <= 0.86
    assert np.mean([high - low for low, high, _ in bands]) < 1.1


def test_eighty_percent_bands_of_a_year_ahead_hold_it(recovered):
    hits = []
    for drawn, _, later in recovered:
        memory = 2 ** (-52 / drawn.half_life)
        luck = np.random.default_rng(4).normal(size=len(memory))
        ahead = drawn.mean + memory * (drawn.opening - drawn.mean) + drawn.spread * np.sqrt(1 - memory**2) * luck
        low, high = np.quantile(ahead, [0.1, 0.9])
        hits.append(low <= later <= high)
    assert 0.74 <= np.mean(hits) <= 0.86


def test_levels_are_told_apart(recovered):
    assert (
        np.corrcoef([drawn.opening.mean() for drawn, _, _ in recovered], [now for _, now, _ in recovered])[0, 1] > 0.9
    )


def test_a_lively_opinion_is_told_from_a_calm_one():
    weeks = np.arange(150, 0, -6)
    calm = learn([[reading(w, 0.5) for w in weeks]], DAY, Belief(renewal=0.0))
    lively = learn([[reading(w, 0.3 + 0.4 * (k % 4 > 1)) for k, w in enumerate(weeks)]], DAY, Belief(renewal=0.0))
    assert np.median(draw(lively).spread) > 2 * np.median(draw(calm).spread)


def test_draws_are_those_of_the_mixture_ahead():
    law = learn([[reading(40, 0.2), reading(4, 0.4)], [reading(9, 0.7)]], DAY)
    drawn = draw(law, 200_000)
    for weeks in (0.0, 30.0):
        weight, centre, variance = law.ahead(weeks)
        memory = 2 ** (-weeks / drawn.half_life)
        moved = drawn.mean + memory * (drawn.opening - drawn.mean)
        mean = (weight * centre).sum()
        assert weight.sum() == pytest.approx(1)
        assert moved.mean() == pytest.approx(mean, abs=0.01)
        spread = np.mean((moved - mean) ** 2 + drawn.spread**2 * (1 - memory**2))
        assert spread == pytest.approx((weight * (variance + (centre - mean) ** 2)).sum(), rel=0.02)


# Offsets, sampling, time


def test_the_offset_of_a_house_is_learned_and_the_reference_has_none():
    weeks = range(60, 0, -4)
    one = [reading(w, 0.4) for w in weeks]
    other = [reading(w + 2, expit(logit(0.4) + 1.0)) for w in weeks]
    alone, both = (draw(learn(series, DAY)).opening for series in ([one], [one, other]))
    assert both.mean() == pytest.approx(alone.mean(), abs=0.05)
    assert both.std() <= alone.std() + 0.01
    swapped = draw(learn([other, one], DAY)).opening
    assert swapped.mean() - both.mean() == pytest.approx(1.0, abs=0.1)


def test_a_reference_that_has_not_asked_yet_leaves_the_offset_open():
    told = [reading(w, 0.4) for w in range(60, 0, -4)]
    asked, heard = draw(learn([told], DAY)), draw(learn([[], told], DAY))
    assert heard.opening.std() > asked.opening.std() + 0.2
    assert abs(heard.opening.mean()) < abs(asked.opening.mean())


def test_the_order_of_houses_after_the_reference_and_of_their_polls_does_not_matter():
    one, two, three = ([reading(w + k, 0.3 + 0.1 * k) for w in (30, 20, 10)] for k in range(3))
    law, turned = learn([one, two, three], DAY), learn([one[::-1], three, two[::-1]], DAY)
    for part in ("weight", "centre", "cover"):
        np.testing.assert_allclose(getattr(turned, part), getattr(law, part), rtol=1e-9, atol=1e-12)


def test_more_people_and_later_polls_say_more():
    few, many = (draw(learn([[reading(1, 0.6, n)]], DAY)).opening for n in (50, 5000))
    old = draw(learn([[reading(150, 0.6, 5000)]], DAY)).opening
    assert many.std() < few.std()
    assert many.std() < old.std()
    assert many.mean() == pytest.approx(logit(0.6), abs=0.03)


def test_one_poll_does_and_none_says_nothing():
    law = learn([[reading(3, 0.35)]], DAY)
    drawn = draw(law)
    assert drawn.opening.mean() == pytest.approx(logit(0.35), abs=0.1)
    assert drawn.mean.std() > 0.7
    assert learn([], DAY) is None
    assert learn([[], []], DAY) is None


def test_what_is_ahead_forgets_the_long_run_mean_with_the_chance_of_renewal():
    told = [[reading(w, 0.15) for w in range(300, 0, -5)]]
    same_stretch, other = (draw(learn(told, DAY, Belief(renewal=chance))).mean for chance in (0.0, 1.0))
    assert same_stretch.mean() < -0.6
    assert other.mean() == pytest.approx(0, abs=0.05)
    assert other.std() == pytest.approx(1.0, rel=0.05)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    told=st.lists(
        st.lists(st.tuples(st.integers(0, 2000), st.floats(0, 1), st.floats(0.01, 1e9)), max_size=4), max_size=4
    )
)
def test_any_polls_give_finite_draws(told):
    law = learn([[reading(*entry) for entry in part] for part in told], DAY)
    assert (law is None) == (not any(told))
    if law is not None:
        drawn = law.draw(np.random.default_rng(1).uniform(size=(3, 64)))
        for part in (drawn.opening, drawn.mean, drawn.spread, drawn.half_life):
            assert np.isfinite(part).all()
        assert (drawn.spread > 0).all()


# From the evidence


def test_the_share_is_of_those_who_answer_one_way_or_the_other():
    rows = [row(TALKS, ago(4), 30.0), row(FIGHT, ago(4), 50.0), row(SIZE, ago(4), 2000.0)]
    (both,) = polling.readings(known(*rows), TALKS, against=FIGHT, size=SIZE)
    assert (both.share, both.answered) == (pytest.approx(0.375), pytest.approx(1600))
    (alone,) = polling.readings(known(*rows), TALKS)
    assert (alone.share, alone.answered) == (pytest.approx(0.3), polling.USUAL_SIZE)
    p, n = 0.375, 1600 / DESIGN
    assert both.variance == pytest.approx(1 / (n * p) + 1 / (n * (1 - p)) + HOUSE_SPREAD**2, rel=0.01)


def test_a_day_without_the_contrary_answer_is_no_reading():
    rows = [row(TALKS, ago(4), 30.0), row(TALKS, ago(2), 30.0), row(FIGHT, ago(4), 50.0)]
    assert [r.day for r in polling.readings(known(*rows), TALKS, against=FIGHT)] == [np.datetime64(ago(4), "D")]


def test_an_inverse_poll_is_its_mirror():
    rows = [row(TALKS, ago(w), 20.0 + w) for w in (4, 9)] + [row(FIGHT, ago(w), 70.0 - w) for w in (4, 9)]
    straight = polling.opinion([poll(against=FIGHT)], known(*rows))["Blue", "talks"]
    inverse = polling.opinion([poll(series=FIGHT, against=TALKS, inverse=True)], known(*rows))["Blue", "talks"]
    mirrored = polling.opinion([poll(against=FIGHT, inverse=True)], known(*rows))["Blue", "talks"]
    np.testing.assert_allclose(inverse.centre, straight.centre, atol=1e-12)
    np.testing.assert_allclose(mirrored.centre, -straight.centre, atol=1e-12)
    np.testing.assert_allclose(mirrored.weight, straight.weight, atol=1e-12)


def test_laws_are_by_side_and_question_and_only_where_someone_asked():
    rows = [row(TALKS, ago(4), 30.0), row("poll.amber.x.y", ago(4), 60.0)]
    polls = [
        poll(),
        poll(series="poll.amber.x.y", side="Amber", question="concession"),
        poll(series="poll.never.asked", side="Amber"),
    ]
    assert set(polling.opinion(polls, known(*rows))) == {("Blue", "talks"), ("Amber", "concession")}
    assert polling.opinion([], known(*rows)) == {}


def test_a_poll_published_after_the_day_is_not_used():
    rows = [row(TALKS, ago(w), 30.0) for w in (30, 20)]
    late = row(TALKS, ago(1), 90.0, lag=8)
    revised = row(TALKS, ago(20), 95.0, lag=141)
    before = polling.opinion([poll()], known(*rows))["Blue", "talks"]
    assert same(polling.opinion([poll()], known(*rows, late, revised))["Blue", "talks"], before)
    after = polling.opinion([poll()], known(*rows, late, on=OPENING + dt.timedelta(days=1)))["Blue", "talks"]
    assert not same(after, before)


def test_the_order_of_rows_does_not_matter():
    rows = [row(TALKS, ago(w), 30.0 + w) for w in (30, 20, 10)]
    stores = (Store(tuple(part), ControlRecord.empty(), {}) for part in (rows, rows[::-1]))
    laws = [polling.opinion([poll()], Vintage(store, ago(8)))["Blue", "talks"] for store in stores]
    assert same(*laws)


@pytest.mark.parametrize(
    ("one", "other", "people"), [(0, 0, 900), (-3, 50, 900), (70, 60, 900), (40, 50, 0), (40, 50, -5)]
)
def test_figures_that_are_no_poll_are_passed_over(one, other, people):
    rows = [row(TALKS, ago(4), one), row(FIGHT, ago(4), other), row(SIZE, ago(4), people)]
    assert polling.readings(known(*rows), TALKS, against=FIGHT, size=SIZE) == ()
