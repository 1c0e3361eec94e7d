"""The step in NumPy, a chunk of wars at a time, on the cells in reach: what one would write without a compiler.

Arrays are [..., run] as in the model; `Wars` holds them by the names of `Case.arrays`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfinv

from benchmarks.case import SALTS, SCORES, STATES, TOLD, Arrays, Case, Outcome, constants, gamma_table
from ceasefire.simulate import draws

Array = NDArray[Any]
TURNS = (13, 15, 26, 6, 17, 29, 16, 24)


class Wars:
    """A chunk of wars that is being fought."""

    def __init__(self, case: Case) -> None:
        self.now, self.seed, self.run = case.arrays(), draws.seed_words(case.seed), case.run
        self.number, self.table = constants(), gamma_table()
        self.sides, self.axes, self.runs = case.line.tempo.shape
        self.garrison = garrisons(self.now)

    def bits(self, name: str, week: int, element: Array) -> tuple[Array, Array]:
        """Two words of luck for each element and run."""
        key = (self.seed[:1] ^ np.uint32(SALTS[name]), self.seed[1:] + np.uint32(week * 0x9E3779B9 & 0xFFFFFFFF))
        return threefry(key, element.astype(np.uint32)[..., None], self.run)

    def uniform(self, name: str, week: int, shape: tuple[int, ...]) -> Array:
        """Uniforms [*shape, run]."""
        return to_unit(self.bits(name, week, np.arange(int(np.prod(shape))).reshape(shape))[0])


def garrisons(now: Arrays) -> Array:
    """Which garrison a cell belongs to, the first that claims it; one beyond the last where none does."""
    claimed = now["ground_garrison_cell"]
    found = np.full(len(now["ground_area"]), len(claimed))
    for k in range(len(claimed) - 1, -1, -1):
        found[claimed[k]] = k
    found[-1] = len(claimed)
    return found


def threefry(key: tuple[Array, Array], first: Array, second: Array) -> tuple[Array, Array]:
    """Threefry-2x32 with 20 rounds."""
    schedule = (key[0], key[1], key[0] ^ key[1] ^ np.uint32(0x1BD11BDA))
    x, y = first + schedule[0], second + schedule[1]
    x, y = np.broadcast_arrays(x, y)
    for k in range(20):
        turn = TURNS[k % 8]
        x = x + y
        y = (y << np.uint32(turn) | y >> np.uint32(32 - turn)) ^ x
        if k % 4 == 3:
            block = k // 4
            x, y = x + schedule[(block + 1) % 3], y + (schedule[(block + 2) % 3] + np.uint32(block + 1))
    return x, y


def to_unit(bits: Array) -> Array:
    """32 bits into (0, 1)."""
    return ((bits >> np.uint32(9)).astype(np.float32) + np.float32(0.5)) * np.float32(2.0**-23)


def normal_quantile(u: Array) -> Array:
    """Quantile of the standard normal."""
    return np.float32(np.sqrt(2.0)) * erfinv(2 * u - 1)


def wander(rate: Array, mean: Array, spread: Array, half_life: Array, u: Array) -> Array:
    """One week of a mean-reverting walk."""
    memory = np.exp2(-1 / half_life)
    return mean + memory * (rate - mean) + spread * np.sqrt(1 - memory**2) * normal_quantile(u)


def fall(stock: Array, hazard: Array, u: Array) -> Array:
    """How many of a stock fall: the clipped normal quantile of the binomial."""
    p = -np.expm1(-hazard)
    return np.clip(stock * p + np.sqrt(stock * p * (1 - p)) * normal_quantile(u), 0, stock)


def attrition(wars: Wars, week: int) -> Arrays:
    """Losses of a week."""
    now = wars.now
    p = {name.removeprefix("attrition_"): value for name, value in now.items() if name.startswith("attrition_")}
    given = {name.removeprefix("in_"): value for name, value in now.items() if name.startswith("in_")}
    strength, drones = np.maximum(p["troops"], 1) / p["troops_opening"], given["density"].mean(axis=1)
    rest = 1 - p["drone_share"]
    guns = rest * p["artillery_share"]
    air = (rest - guns) * p["air_share"]
    mix = 1 + p["drone_share"] * (drones[::-1] ** p["drone_exponent"] - 1)
    mix = mix + guns * (given["artillery"][::-1] ** p["artillery_exponent"] - 1)
    mix = np.maximum(mix + air * (given["air"][::-1] ** p["air_exponent"] - 1), 0)
    attack = p["hold"] + (1 - p["hold"]) * given["effort"] * given["exposure"] ** p["exposure_exponent"]
    received = strength ** (p["own_exponent"] - 1) * strength[::-1] ** p["enemy_exponent"]
    received = received * given["fire"][::-1] * mix * attack

    two, each = p["troops"].shape[:-1], p["equipment"].shape[:-1]
    hazard = np.exp(p["intensity"]) * received
    casualties = fall(p["troops"], hazard, wars.uniform("attrition.fall", week, two))
    odds = np.clip(p["killed_share"], 1e-6, 1 - 1e-6)
    odds = odds / (1 - odds) * np.maximum(drones[::-1], 1e-3) ** p["medevac_drones"]
    odds = odds * np.exp(p["medevac_cold"] * given["colder"] / 10)
    left = p["troops"] - casualties
    surrendered = np.minimum(given["captured"], left)
    departed = np.minimum(given["leaving"], left - surrendered)
    hazard = np.exp(p["item_intensity"]) * received[:, None]
    lost = fall(p["equipment"], hazard, wars.uniform("attrition.break", week, each))
    damaged = np.minimum(lost * p["damage_ratio"], p["equipment"] - lost)
    repaired = p["workshop"] * -np.expm1(-1 / p["repair_time"])
    now |= {
        "attrition_troops": left - surrendered - departed + given["arriving"],
        "attrition_equipment": p["equipment"] - lost - damaged + given["delivered"] + repaired,
        "attrition_workshop": p["workshop"] + damaged - repaired,
        "attrition_intensity": wander(
            p["intensity"],
            np.log(p["casualty_rate"]),
            p["spread"],
            p["half_life"],
            wars.uniform("attrition.intensity", week, two),
        ),
        "attrition_item_intensity": wander(
            p["item_intensity"],
            np.log(p["loss_rate"]),
            p["item_spread"],
            p["item_half_life"],
            wars.uniform("attrition.item", week, each),
        ),
    }
    return {"casualties": casualties, "killed": casualties * odds / (1 + odds), "lost": lost}


def in_reach(wars: Wars) -> Array:
    """Rows of the cells that could change in some run."""
    now, trace = wars.now, wars.number["TRACE"]
    held, neighbour = now["front_held"], now["ground_neighbour"]
    most = np.stack([held.max(axis=1), 1 - held.min(axis=1)])
    near = np.maximum(np.maximum(most, most[:, neighbour].max(axis=2)), now["ground_border"])
    return np.flatnonzero(((near > trace) & (most[::-1] > trace)).any(axis=0) & (now["ground_area"] > 0))


def weights(wars: Wars, week: int, at: Array) -> tuple[Array, Array, Array]:
    """Of some cells: (w/u)³ and what the enemy holds, [side, cell, run]; what can be entered, [side, cell, run] km²."""
    now, number = wars.now, wars.number
    held, neighbour = now["front_held"], now["ground_neighbour"][at]
    own = np.stack([held[at], 1 - held[at]])
    beside = sum(held[neighbour[:, k]] for k in range(6)) / np.float32(6)
    near = (own + np.stack([beside, 1 - beside])) / 2
    near = np.maximum(near, np.float32(number["BORDER_PRESENCE"]) * now["ground_border"][:, at, None])
    room, trace, floor = 1 - own, np.float32(number["TRACE"]), np.float32(number["MOMENTUM_FLOOR"])
    steady = np.concatenate([now["in_resistance"], np.ones((1, wars.runs), np.float32)])
    steady = np.log(np.maximum(steady, np.float32(1e-3))) * now["front_resistance_effect"]
    steady = np.where(now["front_physics"] > 0, steady, 0)[wars.garrison[at]]
    pull = now["front_presence_exponent"] * np.log(np.maximum(near, trace))
    pull += now["front_room_exponent"] * np.log(np.maximum(room, trace))
    pull += now["front_momentum_exponent"] * np.log1p(now["front_momentum"][:, at] / floor)
    pull -= now["ground_feature"][:, at].T @ now["front_resistance"] + steady
    luck = np.stack([to_unit(bits) for bits in wars.bits("front.cell", week, at)])
    ratio = np.where((near > trace) & (room > trace), np.minimum(np.exp(pull) / luck, np.float32(1e7)), 0)
    return ratio**3, room, room * near * now["ground_area"][at, None]


def poisson_quantile(rate: Array, u: Array, exact: int) -> Array:
    """Smallest n with P(N ≤ n) ≥ u, by Cornish and Fisher beyond `exact`."""
    term = np.exp(-rate)
    cumulative, count = term, np.zeros_like(rate)
    for n in range(1, exact + 1):
        count = count + (u > cumulative)
        term = term * rate / n
        cumulative = cumulative + term
    z = normal_quantile(u)
    far = np.maximum(np.round(rate + np.sqrt(rate) * z + (z**2 - 1) / 6), 0)
    return np.where((count >= exact) | (rate > exact), far, count)


def gamma_quantile(wars: Wars, count: Array, u: Array) -> Array:
    """Quantile of Gamma(0.8 · count): tabulated, by Wilson and Hilferty beyond the table."""
    last, exact = wars.number["LAST_SCORE"], int(wars.number["EXACT_COUNT"])
    z = normal_quantile(u)
    place = (np.clip(z, -last, last) + last) * (SCORES - 1) / (2 * last)
    left, line = np.minimum(place.astype(int), SCORES - 2), np.clip(count, 1, exact).astype(int) - 1
    low, high = wars.table[line, left], wars.table[line, left + 1]
    shape = np.float32(wars.number["LUMP_SHAPE"]) * np.maximum(count, 1)
    cube = shape * np.maximum(1 - 1 / (9 * shape) + z / (3 * np.sqrt(shape)), 0) ** 3
    return np.where(count > exact, cube, np.exp(low + (high - low) * (place - left)))


def wanted(wars: Wars, week: int, force: Array, sums: Array) -> tuple[Arrays, Array]:
    """What each side expects and wants to take, from the sums [kind, side, axis, run] of 1, works and height."""
    now, number = wars.now, wars.number
    p = {name.removeprefix("front_"): value for name, value in now.items() if name.startswith("front_")}
    given = {name.removeprefix("in_"): value for name, value in now.items() if name.startswith("in_")}
    works, height = sums[1:, ::-1] / np.maximum(sums[0, ::-1], 1e-6)
    height = height - height[::-1]
    some = np.float32(number["SOME_WORKS"])
    works = ((works + some) / (p["works_opening"] + some)) ** p["works_map"] * p["dug"] ** p["works_wear"]
    fed, fed_opening = (np.log(np.maximum(s, 1e-3)) for s in (given["supply"], p["supply_opening"]))
    moved = p["force_exponent"] * force[:, None]
    moved = moved + p["supply_exponent"] * (fed - fed[::-1] - fed_opening + fed_opening[::-1])
    moved = moved + p["passage_exponent"] * np.log(np.maximum(given["passage"], 1e-3))
    moved = moved + p["press_exponent"] * np.log(np.maximum(given["press"], 1e-3))[:, None]
    moved = moved - p["works_effect"] * np.log(np.maximum(works[::-1], number["LEAST_WORKS"]))
    seen = height * np.exp(-p["height_drones"] * given["density"][::-1])
    moved = moved + p["height_effect"] / 100 * (seen - p["height_opening"] * np.exp(-p["height_drones"]))
    share = np.exp(p["tempo"] - p["tempo"].max(axis=1, keepdims=True))
    usual = (given["effort"] * np.exp(p["budget"]))[:, None] * share / share.sum(axis=1, keepdims=True)
    pushed = usual * given["surge"] * np.exp(np.clip(p["physics"] * moved, -number["MOST_MOVED"], number["MOST_MOVED"]))
    pushed = pushed + p["physics"] * given["effort"][:, None] * given["regained"] * p["salient"][::-1]
    mean = np.where(p["physics"] > 0, pushed, usual).astype(np.float32)
    shape = mean.shape[:-1]
    count = poisson_quantile(mean / p["lump"], wars.uniform("front.count", week, shape), int(number["EXACT_COUNT"]))
    size = gamma_quantile(wars, count, wars.uniform("front.size", week, shape)) * p["lump"] / number["LUMP_SHAPE"]
    return {"expected": mean, "works": works, "height": height}, np.where(count > 0, size, 0).astype(np.float32)


def search(number: dict[str, float], cube: Array, km2: Array, asked: Array) -> tuple[Array, Array]:
    """λ and the factor that scales the gains, [run], for the cells [cell, run] of a side and an axis."""
    least, low_bound, high_bound = number["LEAST"], number["LEAST_MULTIPLE"], number["MOST_MULTIPLE"]
    aim = np.maximum(asked, 1e-9)
    few = np.pi / 3 / np.sin(np.pi / 3) * (km2 * np.minimum(np.cbrt(cube), 1)).sum(axis=0)
    best = np.where(km2 > 0, cube, 0).max(axis=0, initial=0)
    low = np.clip(np.log(least / np.maximum(best, 1e-30)), low_bound, high_bound)
    high = np.full_like(low, high_bound)
    here = np.clip(3 * np.log(aim / np.maximum(few, 1e-9)), low + 0.05, high_bound)

    def sums(log_multiple: Array) -> Array:
        odds = np.exp(log_multiple).astype(np.float32) * cube
        return np.maximum((km2 * (np.maximum(odds - least, 0) / (1 + odds))).sum(axis=0), 1e-9)

    before, missed, slope = here, np.zeros_like(here), np.full_like(here, 1 / 3)
    for _ in range(int(number["SEARCH_STEPS"])):
        value = sums(here)
        low, high = np.where(value < aim, here, low), np.where(value < aim, high, here)
        miss, moved = np.log(value / aim), here != before
        secant = (miss - missed) / np.where(moved, here - before, 1)
        slope = np.where(moved & (secant > number["LEAST_SLOPE"]), secant, slope)
        there = here + (np.log(number["AIM"]) - miss) / slope
        there = np.where(there <= low, (here + low) / 2, np.where(there >= high, (here + high) / 2, there))
        before, missed, here = here, miss, np.minimum(there, here + number["LEAP"])
    return np.exp(high).astype(np.float32), np.where(asked > 0, asked / sums(high), 0).astype(np.float32)


def front(wars: Wars, week: int, force: Array) -> Arrays:
    """Ground of a week."""
    now, number = wars.now, wars.number
    weight = now["ground_town_weight"][..., None]
    control = np.minimum((weight * now["front_held"][now["ground_town_cell"]]).sum(axis=1), 1)
    at = in_reach(wars)
    cube, room, enters = weights(wars, week, at)
    area, people, member = now["ground_area"][at], now["ground_population"][at], now["ground_axis"][at]
    member = (member == np.arange(wars.axes)[:, None]).astype(np.float32)
    works, height = now["ground_works"][::-1, at], np.broadcast_to(now["ground_height"][at], (2, len(at)))
    sums = np.stack([member @ enters, (works[:, None] * member) @ enters, (height[:, None] * member) @ enters])
    told, asked = wanted(wars, week, force, sums)

    gain = np.zeros_like(cube)
    for axis in range(wars.axes):
        rows = np.flatnonzero(member[axis])
        for side in range(wars.sides):
            here, open_ = cube[side, rows], room[side, rows]
            multiple, scale = search(number, here, open_ * area[rows, None], asked[side, axis])
            odds = multiple * here
            gain[side, rows] = open_ * np.minimum(np.maximum(odds - number["LEAST"], 0) / (1 + odds) * scale, 1)
    taken, residents = (member * area) @ gain, (member * people) @ gain

    momentum, neighbour = now["front_momentum"], now["ground_neighbour"]
    near = sum(momentum[:, neighbour[:, k]] for k in range(6)) / np.float32(6)
    memory, spread = np.float32(number["MOMENTUM_MEMORY"]), np.float32(number["MOMENTUM_SPREAD"])
    now["front_momentum"] = memory * ((1 - spread) * momentum + spread * near)
    now["front_momentum"][:, at] += (1 - memory) * gain
    now["front_held"][at] = np.clip(now["front_held"][at] + gain[0] - gain[1], 0, 1)
    afterwards(wars, week, taken, sums[0])
    return told | {"taken": taken, "residents": residents, "control": control}


def afterwards(wars: Wars, week: int, taken: Array, strip: Array) -> None:
    """Works are lost and dug, salients grow and shrink, budgets and tempos wander."""
    now, number, shape = wars.now, wars.number, taken.shape[:-1]
    p = {name.removeprefix("front_"): value for name, value in now.items() if name.startswith("front_")}
    lost = taken[::-1]
    excess = np.minimum(lost / np.maximum(number["WORKS_DEPTH"] * strip[::-1], 1), 1) - p["overrun_opening"]
    dug = p["dug"] * (1 - excess) + p["digging"] * (1 - p["dug"])
    now["front_dug"] = np.clip(dug, 0, number["MOST_DUG"])
    now["front_salient"] = np.maximum(p["salient"] - lost, 0) + np.where(now["in_surge"] > 1, taken, 0)
    for name, elements in (("budget", shape[:1]), ("tempo", shape)):
        law = (p[f"{name}_mean"], p[f"{name}_spread"], p[f"{name}_half_life"])
        now[f"front_{name}"] = wander(p[name], *law, wars.uniform(f"front.{name}", week, elements))


def log_force(now: Arrays) -> Array:
    """Log ratio of a side's troops to the enemy's, relative to the opening."""
    strength = np.log(np.maximum(now["attrition_troops"], 1) / now["attrition_troops_opening"])
    return strength - strength[::-1]


def fight(case: Case, weeks: int) -> Outcome:
    """The case as NumPy has it."""
    wars = Wars(case)
    told: list[Arrays] = []
    for week in range(weeks):
        force = log_force(wars.now)
        told.append(attrition(wars, week) | front(wars, week, force))
    state = {f"{owner}_{name}": wars.now[f"{owner}_{name}"] for owner, names in STATES.items() for name in names}
    return Outcome({name: np.stack([each[name] for each in told]) for name in TOLD}, state)
