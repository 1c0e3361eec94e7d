"""Dice: the published generator, and what a die must be."""

from itertools import combinations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from ceasefire.model import noise
from ceasefire.model.noise import Noise, threefry, to_unit, wander
from ceasefire.simulate.draws import seed_words

MASK = 0xFFFFFFFF
uniform = jax.jit(Noise.uniform, static_argnames=("name", "shape"))
both_sides = jax.jit(Noise.both_sides, static_argnames="name")


def plain_threefry(key, counter):
    """Threefry-2x32-20 as Salmon and others (2011) tabulate it, in whole numbers of Python, round by round."""
    rotations = (13, 15, 26, 6, 17, 29, 16, 24)
    schedule = (*key, 0x1BD11BDA ^ key[0] ^ key[1])
    x, y = (counter[0] + schedule[0]) & MASK, (counter[1] + schedule[1]) & MASK
    for number in range(20):
        turn = rotations[number % 8]
        x = (x + y) & MASK
        y = (((y << turn) | (y >> (32 - turn))) & MASK) ^ x
        if number % 4 == 3:
            block = number // 4 + 1
            x = (x + schedule[block % 3]) & MASK
            y = (y + schedule[(block + 1) % 3] + block) & MASK
    return x, y


def dice(seed=1, runs=64, week=3, subsystem="front"):
    return Noise(jnp.asarray(seed_words(seed)), jnp.arange(runs, dtype=jnp.uint32), jnp.asarray(week), subsystem)


@pytest.mark.parametrize(
    ("key", "counter", "answer"),
    [
        ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
        ((MASK, MASK), (MASK, MASK), (0x1CB996FC, 0xBB002BE7)),
        ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
    ],
    ids=["zeros", "ones", "pi"],
)
def test_known_answers_of_random123(key, counter, answer):
    found = threefry(*(tuple(map(jnp.uint32, pair)) for pair in (key, counter)))
    assert tuple(map(int, found)) == answer
    assert plain_threefry(key, counter) == answer


def test_any_key_and_counter_give_what_a_plain_implementation_gives():
    words = np.random.default_rng(0).integers(0, 2**32, (4, 200), dtype=np.uint32)
    found = np.stack(threefry(tuple(words[:2]), tuple(words[2:])))
    assert found.T.tolist() == [list(plain_threefry(w[:2], w[2:])) for w in words.T.tolist()]


def test_a_die_is_the_generator_keyed_by_seed_name_and_week():
    found = uniform(dice(seed=2**40 + 9, week=7), "lump", (5,))
    key = (9 ^ noise.word("front.lump"), (2**8 + 7 * noise.GOLDEN) & MASK)
    bits = plain_threefry(key, (4, 63))[0]
    assert found[4, 63] == ((bits >> 9) + 0.5) / 2**23


@pytest.mark.parametrize("wide", [False, True])
def test_uniforms_lie_inside_the_open_interval(wide):
    with jax.enable_x64(wide):
        u = to_unit(jnp.array([0, MASK], jnp.uint32))
        assert 0 < u[0] < 1e-7
        assert 1 - 1e-7 < u[1] < 1


def test_a_run_and_an_element_have_their_luck_whoever_else_is_asked_for():
    whole = dice()
    some = Noise(whole.seed, whole.run[jnp.array([40, 3])], whole.week, whole.subsystem)
    assert (uniform(some, "size", (2, 3)) == uniform(whole, "size", (2, 3))[..., jnp.array([40, 3])]).all()
    cells = jnp.array([70, 5, 12])
    found, among = both_sides(some, "cell", cells), both_sides(whole, "cell", jnp.arange(80))
    assert (found == among[:, cells][:, :, jnp.array([40, 3])]).all()
    assert (among[0, :6].reshape(2, 3, 64) == uniform(whole, "cell", (2, 3))).all()
    assert abs(np.corrcoef(np.asarray(among).reshape(2, -1))[0, 1]) < 0.06


def test_uniforms_are_uniform():
    u = np.asarray(uniform(dice(runs=200), "size", (1000,)), np.float64)
    assert stats.kstest(u.ravel(), "uniform").pvalue > 0.01
    assert (stats.kstest(u, "uniform", axis=0).pvalue > 1e-5).all()
    assert (stats.kstest(u, "uniform", axis=1).pvalue > 1e-6).all()


def test_names_weeks_seeds_and_subsystems_have_nothing_in_common():
    streams = [
        np.ravel(uniform(dice(**given), name, (100,)))
        for name in ("count", "size")
        for given in ({}, {"week": 4}, {"seed": 2}, {"seed": 2**33}, {"subsystem": "attrition"})
    ]
    ranks = np.corrcoef(np.stack(streams))
    for one, other in combinations(range(len(streams)), 2):
        assert abs(ranks[one, other]) < 4.5 / np.sqrt(streams[0].size)


def test_neighbouring_runs_elements_and_weeks_are_uncorrelated():
    u = np.stack([uniform(dice(runs=100, week=w), "size", (100,)) for w in range(10)]) - 0.5
    for pair in ((u[1:], u[:-1]), (u[:, 1:], u[:, :-1]), (u[..., 1:], u[..., :-1])):
        assert abs((pair[0] * pair[1]).mean() * 12) < 4.5 / np.sqrt(pair[0].size)


def test_a_walk_keeps_its_stationary_law_and_forgets_at_its_half_life():
    log_rate = 1.0 + 0.5 * np.asarray(jax.scipy.special.ndtri(uniform(dice(runs=20_000), "start")))
    after = log_rate
    for week in range(6):
        after = np.asarray(wander(after, 1.0, 0.5, 6.0, uniform(dice(runs=20_000, week=week), "tempo")))
    assert after.mean() == pytest.approx(1.0, abs=0.015)
    assert after.std() == pytest.approx(0.5, rel=0.02)
    assert np.corrcoef(log_rate, after)[0, 1] == pytest.approx(0.5, abs=0.02)
    assert wander(3.0, 1.0, 0.5, 46.0, 0.5) == pytest.approx(1 + 2 * 0.98504, rel=1e-5)
