"""The model's own step, and how the others' results and speed compare with it."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.case import FOR_ATTRITION, FOR_FRONT, STATES, TOLD, Case, Outcome
from ceasefire.model import attrition, front
from ceasefire.model.intervene import NOTHING
from ceasefire.model.noise import Noise
from ceasefire.simulate import draws


@partial(jax.jit, static_argnames=("weeks", "list_length"), compiler_options={"xla_cpu_multi_thread_eigen": False})
def _fight(people, land, army, line, ground, received, seed, run, *, weeks, list_length):  # type: ignore[no-untyped-def]
    def week(state: Any, number: jax.Array) -> Any:
        army, line = state
        noise, force = Noise(seed, run, number), attrition.log_force(people, army.troops)
        army, losses = attrition.step(
            people, army, do=NOTHING, noise=noise.of("attrition"), **{name: received[name] for name in FOR_ATTRITION}
        )
        line, gains = front.step(
            land,
            line,
            do=NOTHING,
            noise=noise.of("front"),
            ground=ground,
            force=force,
            list_length=list_length,
            **{name: received[name] for name in FOR_FRONT},
        )
        told = {name: getattr(gains if hasattr(gains, name) else losses, name) for name in TOLD}
        return (army, line), (told, gains.overflow)

    return jax.lax.scan(week, (army, line), jnp.arange(weeks))


def fight(case: Case, weeks: int) -> Outcome:
    """The case as the model has it."""
    (army, line), (told, overflow) = jax.block_until_ready(
        _fight(
            case.people,
            case.land,
            case.army,
            case.line,
            case.ground,
            dict(case.received),
            jnp.asarray(draws.seed_words(case.seed)),
            jnp.asarray(case.run),
            weeks=weeks,
            list_length=case.list_length,
        )
    )
    state = {
        f"{owner}_{name}": np.asarray(getattr(record, name))
        for (owner, names), record in zip(STATES.items(), (army, line), strict=True)
        for name in names
    }
    return Outcome({name: np.asarray(value) for name, value in told.items()}, state, bool(overflow.any()))
