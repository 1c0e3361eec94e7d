"""Salvos: how uneven the launches of a side's weapons are from week to week, and how its tempo comes and goes.

Of each reported class of weapons, with launches of weapon w as a share a_w of what is planned,

    launched = plan · exp(tempo) · Σ a_w luck_w,   luck_w = max(1 − b² + b z, 0)³,   b = luck spread / 3,

to the next whole number, as in `model/strikes.py`. The sum of lucks is taken as one such cube with its spread
√Σ (a_w s_w)², which gives the chance of every count in closed form, none included. Tempo is a mean-reverting walk that
all classes of a side have in common; plan is a class's own, straight in logs between knots half a year apart that
wander by 0.5 (elicited), so that growth and new production are not taken for tempo. Tempo and knots are sampled beside
the numbers. Data are simulated with the lucks apart.

Only the last year known on the day counts: how weapons were used before is another campaign, when launches began to be
reported is none of the model's, and tempo week by week makes longer windows slow. No result of another window was seen.
The counts are as `evidence/upstream.py` has them, decoys among the long-range drones. Of several weapons in one class
the record knows the sum alone, so their lucks are learned together and hardly apart; shares a_w are those of their
output.

Left out: stocks, which many launches draw down; what is aimed at; launches missed by the report.
Series are those that the war file says report `strikes.launched`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jax.scipy.special import ndtr
from numpy.typing import NDArray

from ceasefire.evidence.vintage import Vintage
from ceasefire.model.declare import Fixed, Prior
from ceasefire.model.strikes import WIDEST
from ceasefire.scenario.spec import Reported, split
from ceasefire.scenario.start import Start
from ceasefire.study.calibration.module import Module, priors_of

FloatArray = NDArray[np.float64]
Values = Mapping[str, jax.Array]

LAUNCHED = "strikes.launched"
TEMPO = ("strikes.tempo_spread", "strikes.tempo_half_life")
WEEK = np.timedelta64(7, "D")
WINDOW, LEAST_WEEKS, LEAST_MEAN = 53, 26, 1.0
"""Weeks that count; fewest that teach; fewest weapons a week."""
KNOT_WEEKS = 26
FAR, NEVER = 40.0, 1e-200
"""Scores and chances beyond these are told by the density in place of the chance."""
LEVEL_SPREAD, KNOT_SPREAD = 1.0, 0.5
"""Of the log of the plan around the mean of the record, and of its change from knot to knot; elicited."""


class Salvo(NamedTuple):
    """Launches of one class of weapons."""

    counts: FloatArray
    """[week] NaN where it is not known."""
    usual: FloatArray
    """Log of the mean count of the record, around which the plan is thought to be."""
    share: dict[str, FloatArray]
    """By weapon, of what is planned."""


class Data(NamedTuple):
    """Launches by side and class."""

    side: dict[str, dict[str, Salvo]]
    fixed: dict[str, FloatArray]
    """Numbers that are known for sure."""


# ------------------------------------------------------------------------------------------------------------ gathering


def gather(start: Start, vintage: Vintage) -> Data | None:
    """Weekly launches of the last year, of all sides whose launches are reported; None where there are none."""
    known = priors_of(start)
    side: dict[str, dict[str, Salvo]] = {}
    for entry in start.scenario.war.reported:
        of = launches(entry)
        count = weekly(vintage, entry.series) if of else np.array([])
        if of and np.isfinite(count).sum() >= LEAST_WEEKS and np.nanmean(count) >= LEAST_MEAN:
            salvo = Salvo(count, np.log(np.nanmean(count)), _shares(of, known))
            side.setdefault(of[0][0], {})["+".join(weapon for _, weapon in of)] = salvo
    if not side:
        return None
    sure = {name: known[name] for name in numbers(side)}
    return Data(side, {name: np.asarray(prior.value) for name, prior in sure.items() if isinstance(prior, Fixed)})


def numbers(side: Mapping[str, Mapping[str, Salvo]]) -> tuple[str, ...]:
    """What these launches are made from."""
    weapons = ((name, weapon) for name, classes in side.items() for salvo in classes.values() for weapon in salvo.share)
    return (*(f"strikes.luck[{name},{weapon}]" for name, weapon in weapons), *TEMPO)


def priors(start: Start, data: Data) -> dict[str, Prior]:
    """Those in force of all numbers that are not known for sure."""
    known = priors_of(start)
    return {name: known[name] for name in numbers(data.side) if name not in data.fixed}


def launches(entry: Reported) -> tuple[tuple[str, str], ...]:
    """Side and weapon of the launches that a series counts by week; none where it counts anything else."""
    named = [split(name) for name in entry.of]
    sides = {index[0] for _, index in named if index}
    fits = all(variable == LAUNCHED and len(index) == 2 for variable, index in named) and len(sides) == 1
    return tuple((index[0], index[1]) for _, index in named) if fits and entry.kind == "weeks" and not entry.per else ()


def _shares(of: tuple[tuple[str, str], ...], known: Mapping[str, Prior]) -> dict[str, FloatArray]:
    """Of the median output of each weapon; alike where none is made."""
    output = {weapon: float(known[f"industry.munition_output[{side},{weapon}]"].quantile(0.5)) for side, weapon in of}
    total = sum(output.values())
    return {weapon: np.asarray(made / total if total > 0 else 1 / len(of)) for weapon, made in output.items()}


def weekly(vintage: Vintage, name: str, window: int = WINDOW) -> FloatArray:
    """A weekly series in the last weeks until its last event known on the day, [week], NaN in weeks without one."""
    count = np.full(window, np.nan)
    if name in vintage.names():
        series = vintage.series(name)
        last = np.append(series.dates[1:] != series.dates[:-1], True) & (series.values >= 0)
        days, values = series.dates[last], series.values[last]
        back = (days[-1] - days) // WEEK if len(days) else np.array([], int)
        on_grid = ((days[-1:] - days) % WEEK == np.timedelta64(0)) & (back < window)
        count[window - 1 - back[on_grid]] = values[on_grid]
    return count


# ----------------------------------------------------------------------------------------------------------- likelihood


def model(values: Values, data: Data) -> None:
    """Sample tempo and plans, and add the log likelihood of all counts."""
    told: dict[str, Any] = {**data.fixed, **values}
    for side, classes in data.side.items():
        weeks = next(iter(classes.values())).counts.shape[-1]
        luck = numpyro.sample(f"tempo {side}", dist.Normal().expand([weeks]).to_event(1))
        tempo = told[TEMPO[0]] * wandered(told[TEMPO[1]], luck)
        for name, salvo in classes.items():
            knots = numpyro.sample(f"plan {side} {name}", dist.Normal().expand([_knots(weeks)]).to_event(1))
            plan = salvo.usual + between(weeks) @ knots
            spread = jnp.sqrt(sum((share * told[f"strikes.luck[{side},{w}]"]) ** 2 for w, share in salvo.share.items()))
            numpyro.factor(f"count {side} {name}", count_likelihood(jnp.asarray(salvo.counts), plan + tempo, spread))


def wandered(half_life: jax.Array, luck: jax.Array) -> jax.Array:
    """A stationary walk of spread 1 from luck, [week]."""
    memory = 2.0 ** (-1 / half_life)
    first = np.arange(luck.shape[0]) == 0
    fresh = luck * jnp.where(first, 1.0, jnp.sqrt(1 - memory**2))
    keep = memory * jnp.ones_like(luck)
    return jax.lax.associative_scan(lambda a, b: (a[0] * b[0], a[1] * b[0] + b[1]), (keep, fresh))[1]


def between(weeks: int) -> FloatArray:
    """Matrix that draws a plan's deviations from luck [knot], straight between knots, [week, knot]."""
    at = np.arange(weeks) / KNOT_WEEKS
    near = np.maximum(1 - np.abs(at[:, None] - np.arange(_knots(weeks))), 0.0)
    spread = np.array([LEVEL_SPREAD, *[KNOT_SPREAD] * (_knots(weeks) - 1)])
    return np.asarray(near @ np.tril(np.ones((len(spread), len(spread)))) * spread)


def _knots(weeks: int) -> int:
    return -(-(weeks - 1) // KNOT_WEEKS) + 1


def count_likelihood(count: jax.Array, log_mean: jax.Array, spread: jax.Array) -> jax.Array:
    """Log chance of counts, whole numbers nearest to a cube with this mean and relative spread; NaN says nothing."""
    b = jnp.minimum(spread, WIDEST) / 3
    known = jnp.where(jnp.isnan(count), 1.0, count)
    scale = jnp.exp(-log_mean / 3)

    def score(edge: jax.Array) -> jax.Array:
        return (jnp.cbrt(edge) * scale - 1 + b**2) / b

    above = score(known + 0.5)
    below = jnp.where(known > 0, score(jnp.maximum(known - 0.5, 0.5)), jnp.minimum(above - 1, -FAR))
    flipped = below > 0
    chance = ndtr(jnp.where(flipped, -below, above)) - ndtr(jnp.where(flipped, -above, below))
    middle = jnp.where(known > 0, 0.5 * (below + above), above)
    far = -0.5 * middle**2 + jnp.log(above - below)
    log = jnp.where(chance > NEVER, jnp.log(jnp.maximum(chance, NEVER)), far)
    return jnp.where(jnp.isnan(count), 0.0, log).sum()


# ----------------------------------------------------------------------------------------------------------- simulation


def simulate(values: Mapping[str, float], data: Data, generator: np.random.Generator) -> Data:
    """Launches in the same weeks, each weapon with a luck of its own."""
    told: dict[str, Any] = {**data.fixed, **values}
    side = {name: dict(_launched(told, name, classes, generator)) for name, classes in data.side.items()}
    return data._replace(side=side)


def _launched(
    told: Mapping[str, Any], side: str, classes: Mapping[str, Salvo], generator: np.random.Generator
) -> Iterator[tuple[str, Salvo]]:
    weeks = len(next(iter(classes.values())).counts)
    memory, tempo = 2.0 ** (-1 / told[TEMPO[1]]), generator.standard_normal(weeks)
    for week in range(1, weeks):
        tempo[week] = memory * tempo[week - 1] + np.sqrt(1 - memory**2) * tempo[week]
    for name, salvo in classes.items():
        plan = salvo.usual + between(weeks) @ generator.standard_normal(_knots(weeks))
        luck = np.zeros(weeks)
        for weapon, share in salvo.share.items():
            b = min(told[f"strikes.luck[{side},{weapon}]"], WIDEST) / 3
            luck += share * np.maximum(1 - b**2 + b * generator.standard_normal(weeks), 0.0) ** 3
        count = np.round(np.exp(plan + told[TEMPO[0]] * tempo) * luck)
        yield name, salvo._replace(counts=np.where(np.isnan(salvo.counts), np.nan, count))


MODULE = Module(
    name="salvos",
    title="How uneven launches are from week to week, and how their tempo comes and goes, from weekly reports of them",
    gather=gather,
    priors=priors,
    model=model,
    simulate=simulate,
)
