"""Opinion: how far and how fast the answers to a question move in a war, from all polls of both sides.

What is learned are the medians, over the questions and stretches of a war, of the half-life of opinion and of its move
of a year (`scenario/polling.py`, `PRIORS`). Given them, the log of a question's own half-life and move is normal around
theirs with half of the prior's variance, and its polls have the likelihood of the lesson's Kalman filter, so that

    p(polls | medians) = Π over questions Σ over the grid p(point | medians) · p(polls of the question | point),

all states, long-run means and offsets of pollsters being integrated out by the filter. The second factor does not
depend on the medians, and is a table. So a question's own polls are used once for its own point and once, with those
of all other questions, for what is usual in the war; a law learned from four questions stays wide.

Left out: the noise of a house and the spread of offsets, which polls two months apart hardly tell from movement; the
spread of long-run means and the chance of another stretch, of which there are as many cases as questions. They stay as
elicited. Questions of one side move together; here they are taken as independent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
from numpy.typing import NDArray

from ceasefire.evidence.vintage import Vintage
from ceasefire.model.declare import Prior
from ceasefire.scenario import polling
from ceasefire.scenario.polling import COMMON, FACTOR, GRID, HALF_LIFE, MOVE, OFFSET_SPREAD, PRIORS, SPREAD, USUAL, Told
from ceasefire.scenario.start import Start
from ceasefire.study.calibration.module import Module

FloatArray = NDArray[np.float64]

LEAST_POLLS = 2
"""Of a question; one tells nothing of how it moves."""
SCORE = np.log(GRID / [HALF_LIFE, MOVE]) / np.log(FACTOR)
"""Of the grid's half-lives and moves, [grid, 2]."""


class Data(NamedTuple):
    """Polls by question, and what they say of every point of the grid."""

    polls: dict[str, Told]
    """By side and question."""
    likelihood: FloatArray
    """[question, grid] log likelihood of a question's polls."""


def gather(start: Start, vintage: Vintage) -> Data | None:
    """All questions of the war that were put often enough by the day; None where there is none."""
    found = {}
    for (side, question), series in polling.asked(start.scenario.war.polls, vintage).items():
        told = polling.told(series)
        if told is not None and len(told.weeks) >= LEAST_POLLS:
            found[f"{side} {question}"] = told
    return _data(found) if found else None


def _data(polls: dict[str, Told]) -> Data:
    listed = dict(sorted(polls.items()))
    return Data(listed, np.stack([polling.follow(told)[0] for told in listed.values()]))


def priors(start: Start, data: Data) -> dict[str, Prior]:
    """The lesson's own."""
    return dict(PRIORS)


def model(values: Mapping[str, jax.Array], data: Data) -> None:
    """Add the log likelihood of all polls."""
    numpyro.factor("polls", log_likelihood(values, data.likelihood))


def log_likelihood(values: Mapping[str, jax.Array], table: jax.Array | FloatArray) -> jax.Array:
    """Of all questions, given the war's medians."""
    return jax.scipy.special.logsumexp(log_share(values) + table, axis=1).sum()


def log_share(values: Mapping[str, jax.Array]) -> jax.Array:
    """Log probability of each point of the grid for a question of the war, [grid]."""
    usual = jnp.log(jnp.stack([values["polling.half_life"] / HALF_LIFE, values["polling.move"] / MOVE]))
    logs = -0.5 * ((SCORE - usual / np.log(FACTOR)) ** 2).sum(axis=1) / (1 - COMMON)
    return logs - jax.scipy.special.logsumexp(logs)


def simulate(values: Mapping[str, float], data: Data, generator: np.random.Generator) -> Data:
    """Polls on the same days by the same houses, as a war with these medians would have them."""
    usual = np.log([values["polling.half_life"] / HALF_LIFE, values["polling.move"] / MOVE]) / np.log(FACTOR)
    share = np.exp(-0.5 * ((SCORE - usual) ** 2).sum(axis=1) / (1 - COMMON))
    points = generator.choice(len(GRID), size=len(data.polls), p=share / share.sum())
    return _data(
        {
            name: _asked_again(told, point, generator)
            for (name, told), point in zip(data.polls.items(), points, strict=True)
        }
    )


def _asked_again(told: Told, point: int, generator: np.random.Generator) -> Told:
    spread = np.array([SPREAD[point], USUAL.mean_spread, *[OFFSET_SPREAD] * (told.seen.shape[1] - 2)])
    state, heard = spread * generator.standard_normal(len(spread)), []
    for weeks, seen, variance in zip(told.weeks, told.seen, told.variance, strict=True):
        memory = 2.0 ** (-weeks / GRID[point, 0])
        state[0] = memory * state[0] + spread[0] * np.sqrt(1 - memory**2) * generator.standard_normal()
        heard.append(seen @ state + np.sqrt(variance) * generator.standard_normal())
    return told._replace(log_odds=np.array(heard))


MODULE = Module(
    name="opinion",
    title="How far and how fast opinion moves, from all polls of both sides",
    gather=gather,
    priors=priors,
    model=model,
    simulate=simulate,
)
