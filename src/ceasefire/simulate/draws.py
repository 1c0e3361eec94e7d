"""Draws: one point of the unit cube for each run, turned into its parameters.

A run's cube is a function of (seed, run, name), so a run is the same whichever others are drawn beside it. Parameters
come from the prior, or the latest number known, then from what the record taught (`scenario/start.py`).
"""

from __future__ import annotations

import dataclasses
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from scipy.special import betaincinv, ndtri

from ceasefire.model import war
from ceasefire.model.declare import declared
from ceasefire.model.noise import threefry, to_unit, word
from ceasefire.scenario import duration, posterior, reporting, spec
from ceasefire.scenario.start import LEARNED, PERSONNEL, Choice, Start

FloatArray = NDArray[np.float64]
Cube = dict[str, FloatArray]
Values = dict[str, FloatArray]

OPENING = 2**32 - 1
"""The week that the dice of the opening belong to."""


def seed_words(seed: int) -> NDArray[np.uint32]:
    """A seed of up to 64 bits as two words."""
    return np.array([seed & 0xFFFFFFFF, (seed >> 32) & 0xFFFFFFFF], dtype=np.uint32)


@jax.jit
def uniforms(seed: jax.Array, runs: jax.Array, salt: jax.Array, element: jax.Array) -> jax.Array:
    """Uniforms [element, run] of the opening, by the salt and the number of each element."""
    key = threefry((seed[0], seed[1]), (salt, jnp.uint32(OPENING)))
    return to_unit(threefry((key[0][:, None], key[1][:, None]), (element[:, None], runs))[0])


def cube(start: Start, seed: int, runs: NDArray[np.uint32]) -> Cube:
    """Uniforms for everything that is drawn at the opening, each [..., run]."""
    shapes = _shapes(start)
    sizes = [int(np.prod(shape)) for _, shape in shapes]
    salt = np.repeat(np.array([word(f"opening.{name}") for name, _ in shapes], dtype=np.uint32), sizes)
    element = np.concatenate([np.arange(size, dtype=np.uint32) for size in sizes])
    points = uniforms(jnp.asarray(seed_words(seed)), jnp.asarray(runs), jnp.asarray(salt), jnp.asarray(element))
    parts = np.split(np.asarray(points, dtype=np.float64), np.cumsum(sizes)[:-1])
    return {name: part.reshape(*shape, len(runs)) for (name, shape), part in zip(shapes, parts, strict=True)}


def _shapes(start: Start) -> tuple[tuple[str, tuple[int, ...]], ...]:
    shapes = {choice.variable.name: _shape(start, choice.variable.dims) for choice in start.choices}
    sides, axes = len(start.labels["side"]), len(start.labels["axis"])
    shapes |= {
        "learned.budget": (sides, 3),
        "learned.axes": (sides, axes, 3),
        "learned.allocation": (3 + len(start.labels["feature"]),),
        "learned.intensity": (sides, len(start.labels["claim"]), 3),
        "learned.unseen": (sides, len(start.labels["claim"])),
        "learned.opinion": (sides, len(start.labels["question"]), 3),
        "learned.duration": (3,),
        "learned.ending": (3,),
    }
    return tuple(sorted(shapes.items()))


def _shape(start: Start, dims: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(len(start.labels[dim]) for dim in dims if dim != "run")


def wider_power(seed: int, runs: NDArray[np.uint32], spread: float) -> FloatArray:
    """Log of power to add to the first side's tempo and take from the second's, [run]: beyond what is likely."""
    salt, element = np.array([word("training.power")], dtype=np.uint32), np.zeros(1, dtype=np.uint32)
    points = uniforms(jnp.asarray(seed_words(seed)), jnp.asarray(runs), jnp.asarray(salt), jnp.asarray(element))
    return spread * np.asarray(ndtri(np.asarray(points, dtype=np.float64)[0]))


def values(start: Start, points: Cube, wider: FloatArray | float = 0.0) -> Values:
    """Every parameter of every run by dotted name, each [..., run]; `wider` is added to the first side's log tempo."""
    drawn: Values = {}
    points = _taught(start, points)
    for choice in start.choices:
        if choice.value is None:
            drawn[choice.variable.name] = choice.prior.quantile(points[choice.variable.name])
        else:
            _set(start, drawn, choice, points)
    for lesson in (_front, _losses, _opinion):
        drawn |= lesson(start, points, drawn)
    drawn |= endings(start.age_months, points) | _fighting_on(start, drawn)
    for choice in start.choices:  # a number of the scenario stands, whatever the record says
        if choice.value is not None and choice.variable.name in LEARNED:
            _set(start, drawn, choice, points)
    for name in ("front.budget_mean", "front.budget_opening") if np.any(wider) else ():
        drawn[name] = drawn[name] + np.stack([wider, -np.asarray(wider)])
    return drawn


def _taught(start: Start, points: Cube) -> Cube:
    """The cube with the numbers that were calibrated where their posterior has them."""
    if not start.calibrated:
        return points
    places = {name: place(start, name) for law in start.calibrated for name in law.names}
    moved = posterior.moved(start.calibrated, {name: points[key][at] for name, (key, at) in places.items()})
    changed = points | {key: points[key].copy() for key, _ in places.values()}
    for name, (key, at) in places.items():
        changed[key][at] = moved[name]
    return changed


def place(start: Start, name: str) -> tuple[str, tuple[int, ...]]:
    """Where a number stands in the cube."""
    variable, index = spec.split(name)
    dims = next(choice.variable.dims for choice in start.choices if choice.variable.name == variable)
    places = (dim for dim in dims if dim != "run")
    return variable, tuple(start.labels[dim].index(label) for dim, label in zip(places, index, strict=True))


def _set(start: Start, drawn: Values, choice: Choice, points: Cube) -> None:
    """Put one prior's quantiles in the part of a parameter that it is for."""
    dims = [dim for dim in choice.variable.dims if dim != "run"]
    at = tuple(start.labels[dim].index(label) for dim, label in zip(dims, choice.index, strict=False))
    drawn[choice.variable.name][at] = choice.prior.quantile(points[choice.variable.name][at])


def _front(start: Start, points: Cube, drawn: Values) -> Values:
    """Budget, tempo and choice of cells, as the maps have taught."""
    budgets = [law.draw(points["learned.budget"][side, None]) for side, law in enumerate(start.budget)]
    axes = [law.draw(points["learned.axes"][side]) for side, law in enumerate(start.axes)]
    theta = start.allocation.draw(points["learned.allocation"])

    def stack(draws: list[Any], field: str) -> FloatArray:
        return np.stack([getattr(draw, field) for draw in draws])

    return {
        "front.budget_mean": stack(budgets, "mean")[:, 0],
        "front.budget_spread": stack(budgets, "spread")[:, 0],
        "front.budget_half_life": stack(budgets, "half_life")[:, 0],
        "front.budget_opening": stack(budgets, "opening")[:, 0],
        "front.tempo_mean": stack(axes, "mean"),
        "front.tempo_spread": stack(axes, "spread"),
        "front.tempo_half_life": stack(axes, "half_life"),
        "front.tempo_opening": stack(axes, "opening"),
        "front.lump": stack(axes, "lump"),
        "front.presence_exponent": theta[0],
        "front.room_exponent": theta[1],
        "front.momentum_exponent": theta[2],
        "front.resistance": theta[3:],
    }


def _losses(start: Start, points: Cube, drawn: Values) -> Values:
    """Loss rates: what the claims imply for the side that they are of; a stationary draw around the mean otherwise."""
    changed = {name: drawn[name].copy() for name in drawn if name.startswith(("attrition.", "reporting.noise"))}
    for side in range(len(start.labels["side"])):
        for column, claim in enumerate(start.labels["claim"]):
            at, rate, spread, half_life, stock = _loss_names(side, column, claim)
            law = start.intensity.get((side, claim))
            if law is None:
                luck = ndtri(points["learned.unseen"][side, column])
                changed[rate + "_opening"][at] = changed[rate][at] * np.exp(changed[spread][at] * luck)
                continue
            draw = law.draw(points["learned.intensity"][side, column])
            true_over_stock = 1 / (drawn["reporting.overcount"][column] * drawn[stock][at])
            changed[rate][at] = _as_hazard(np.exp(draw.mean) * true_over_stock)
            changed[rate + "_opening"][at] = _as_hazard(np.exp(draw.opening) * true_over_stock)
            changed[spread][at], changed[half_life][at] = draw.spread, draw.half_life
            changed["reporting.noise"][column] = draw.noise
    return changed


def _loss_names(side: int, column: int, claim: str) -> tuple[tuple[int, ...], str, str, str, str]:
    if claim == PERSONNEL:
        names = ("casualty_rate", "spread", "half_life", "troops_opening")
        return (side,), *(f"attrition.{n}" for n in names)  # type: ignore[return-value]
    names = ("loss_rate", "item_spread", "item_half_life", "equipment_opening")
    return (side, column - 1), *(f"attrition.{n}" for n in names)  # type: ignore[return-value]


def _as_hazard(share: FloatArray) -> FloatArray:
    """Hazard h with 1 − exp(−h) = share; a share above one half is taken as one half."""
    return -np.log1p(-np.minimum(share, 0.5))


def _opinion(start: Start, points: Cube, drawn: Values) -> Values:
    """What people want, where polls have asked them."""
    fields = ("opening", "mean", "spread", "half_life")
    changed = {f"opinion.level_{field}": drawn[f"opinion.level_{field}"].copy() for field in fields}
    for at, law in start.opinion.items():
        draw = law.draw(points["learned.opinion"][at])
        for field in fields:
            changed[f"opinion.level_{field}"][at] = getattr(draw, field)
    return changed


def endings(age_months: float, points: Cube) -> Values:
    """The duration law and the shares of the kinds of ending, as other wars have taught, for a war of some age."""
    law = duration.draw(points["learned.duration"])
    counts = duration.ending_shares()
    kinds = ("ceasefire", "settlement", "dictated")
    order = [*kinds, "fade"]
    shares = {}
    for k, kind in enumerate(kinds):
        rest = sum(counts[other] for other in order[k + 1 :])
        shares[f"bargaining.{kind}_share"] = betaincinv(counts[kind], rest, points["learned.ending"][k])
    return {
        "bargaining.weibull": (np.asarray(law.family) != _LOG_LOGISTIC).astype(np.float64),
        "bargaining.shape": np.asarray(law.shape, dtype=np.float64),
        "bargaining.scale": np.asarray(law.scale, dtype=np.float64),
        "bargaining.age": np.full(points["learned.duration"].shape[-1], age_months),
        **shares,
    }


def _fighting_on(start: Start, drawn: Values) -> Values:
    """Values of fighting on, the same in every run, where they were fitted."""
    found = start.valuation
    if found is None:
        return {}
    runs = drawn["resolve.fitted"].shape[-1]
    tables = {"value": found.coefficients, "value_low": found.low, "value_high": found.high}
    told = {f"resolve.{name}": np.repeat(table[..., None], runs, axis=-1) for name, table in tables.items()}
    return told | {"resolve.fitted": np.ones(runs)}


_LOG_LOGISTIC = tuple(duration.FAMILIES).index("log-logistic")


def on_device(values: ArrayLike, dtype: DTypeLike = float) -> jax.Array:
    """An array for compiled code, converted here: JAX would compile a conversion for every shape."""
    return jax.device_put(np.asarray(values, jax.dtypes.canonicalize_dtype(dtype)))


def parameters(drawn: Values) -> tuple[war.Params, reporting.Params]:
    """Drawn values as the records that the model takes."""

    def of(subsystem: ModuleType) -> Any:
        owner = subsystem.__name__.rsplit(".", 1)[-1]
        fields = [field.name for field in dataclasses.fields(subsystem.Params)]
        return subsystem.Params(**{field: on_device(drawn[f"{owner}.{field}"]) for field in fields})

    owners = {subsystem.__name__.rsplit(".", 1)[-1]: of(subsystem) for subsystem in war.SUBSYSTEMS}
    return war.Params(**owners), of(reporting)


def checked_names() -> tuple[str, ...]:
    """Names of all parameters, for tests of completeness."""
    return tuple(v.name for part in (*war.SUBSYSTEMS, reporting) for v in declared(part) if v.kind == "parameter")
