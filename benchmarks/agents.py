"""The step in Mesa 3, one war at a time: every cell is an agent that looks at its neighbours and decides what it loses.

Sides and axes are counted with the NumPy functions of `arrays.py`, which cost next to nothing beside the cells.
"""

from __future__ import annotations

import math
from typing import Any

import mesa  # type: ignore[import-untyped]
import numpy as np

from benchmarks import arrays
from benchmarks.case import STATES, TOLD, Case, Outcome

SIDES = (0, 1)


class Cell(mesa.Agent):
    """A cell: the first side's share of it and what was taken there lately."""

    def __init__(self, model: War, row: int) -> None:
        super().__init__(model)
        now = model.wars.now
        self.row, self.axis, self.area = row, int(now["ground_axis"][row]), float(now["ground_area"][row])
        self.held = float(now["front_held"][row, 0])
        self.momentum = [float(now["front_momentum"][side, row, 0]) for side in SIDES]
        self.border = [model.number["BORDER_PRESENCE"] * float(now["ground_border"][side, row]) for side in SIDES]
        self.works = [float(now["ground_works"][1 - side, row]) for side in SIDES]
        self.height, self.people = float(now["ground_height"][row]), float(now["ground_population"][row])
        self.ease = -float(now["ground_feature"][:, row] @ now["front_resistance"][:, 0]) - model.steady(row)
        self.beside: list[Cell] = []
        self.cube, self.gain, self.faded, self.reached = [0.0, 0.0], [0.0, 0.0], [0.0, 0.0], False

    def look(self) -> None:
        """See whether the front is in reach, and weigh the chance of either side."""
        self.gain = [0.0, 0.0]
        trace, number, law = self.model.number["TRACE"], self.model.number, self.model.law
        shares = [cell.held for cell in self.beside]
        first = max(self.held, *shares, self.border[0]) > trace and 1 - self.held > trace
        second = max(1 - self.held, 1 - min(shares), self.border[1]) > trace and self.held > trace
        self.reached = (first or second) and self.area > 0
        if not self.reached:
            return
        around, luck = sum(shares) / 6, self.model.luck(self.row)
        for side in SIDES:
            own, near = (self.held, around) if side == 0 else (1 - self.held, 1 - around)
            near, room = max(0.5 * own + 0.5 * near, self.border[side]), 1 - own
            enters = room * self.area * near
            for kind, told in enumerate((1.0, self.works[side], self.height)):
                self.model.sums[kind, side, self.axis] += told * enters
            pull = law["presence"] * math.log(max(near, trace)) + law["room"] * math.log(max(room, trace))
            pull += law["momentum"] * math.log1p(self.momentum[side] / number["MOMENTUM_FLOOR"])
            open_ = near > trace and room > trace
            self.cube[side] = min(math.exp(pull + self.ease) / luck[side], 1e7) ** 3 if open_ else 0.0

    def lose(self) -> None:
        """Give way to either side as far as its odds go."""
        for side in SIDES:
            odds = self.model.multiple[side, self.axis] * self.cube[side]
            part = max(odds - self.model.number["LEAST"], 0.0) / (1 + odds) * self.model.scale[side, self.axis]
            self.gain[side] = (1 - self.held if side == 0 else self.held) * min(part, 1.0)
            self.model.taken[side, self.axis] += self.area * self.gain[side]
            self.model.residents[side, self.axis] += self.people * self.gain[side]

    def fade(self) -> None:
        """Let momentum spread and fade."""
        memory, spread = self.model.number["MOMENTUM_MEMORY"], self.model.number["MOMENTUM_SPREAD"]
        for side in SIDES:
            near = sum(cell.momentum[side] for cell in self.beside) / 6
            self.faded[side] = memory * ((1 - spread) * self.momentum[side] + spread * near)

    def settle(self) -> None:
        """End the week."""
        self.held = min(max(self.held + self.gain[0] - self.gain[1], 0.0), 1.0)
        memory = self.model.number["MOMENTUM_MEMORY"]
        self.momentum = [self.faded[side] + (1 - memory) * self.gain[side] for side in SIDES]


class War(mesa.Model):
    """One run of a case."""

    def __init__(self, case: Case, run: int) -> None:
        super().__init__(rng=0)
        self.wars = arrays.Wars(case.only(slice(run, run + 1)))
        self.number, now = self.wars.number, self.wars.now
        names = {"presence": "presence_exponent", "room": "room_exponent", "momentum": "momentum_exponent"}
        self.law = {name: float(now[f"front_{field}"][0]) for name, field in names.items()}
        self.week, self.dice = 0, np.empty((2, 0))
        self.cells = [Cell(self, row) for row in range(len(now["ground_area"]) - 1)]
        for cell in self.cells:
            cell.beside = [self.cells[row] for row in now["ground_neighbour"][cell.row]]

    def steady(self, row: int) -> float:
        """What a garrison that is fed adds to the resistance of its cells; 0 elsewhere."""
        now, garrison = self.wars.now, self.wars.garrison[row]
        if garrison == len(now["in_resistance"]) or now["front_physics"][0] <= 0:
            return 0.0
        return float(now["front_resistance_effect"][0] * math.log(max(now["in_resistance"][garrison, 0], 1e-3)))

    def luck(self, row: int) -> tuple[float, float]:
        """Both sides' luck in a cell."""
        return self.dice[0, row], self.dice[1, row]

    def step(self) -> None:
        """One week."""
        self.told = self.fought()
        self.week += 1

    def fought(self) -> dict[str, Any]:
        """What happens in a week."""
        wars, now, force = self.wars, self.wars.now, arrays.log_force(self.wars.now)
        losses = arrays.attrition(wars, self.week)
        bits = wars.bits("front.cell", self.week, np.arange(len(self.cells)))
        self.dice = np.stack([arrays.to_unit(word)[:, 0] for word in bits])
        held = np.array([*(cell.held for cell in self.cells), 0.0])
        control = np.minimum((now["ground_town_weight"] * held[now["ground_town_cell"]]).sum(axis=1), 1)
        self.sums = np.zeros((3, 2, wars.axes))
        self.taken, self.residents = np.zeros((2, wars.axes)), np.zeros((2, wars.axes))
        self.agents.do("look")
        told, asked = arrays.wanted(wars, self.week, force, self.sums[..., None])
        reached = self.agents.select(lambda cell: cell.reached)
        self.aim(list(reached), asked)
        reached.do("lose")
        self.agents.do("fade")
        self.agents.do("settle")
        told |= {"taken": self.taken[..., None], "residents": self.residents[..., None], "control": control[:, None]}
        arrays.afterwards(wars, self.week, told["taken"], self.sums[0][..., None])
        return losses | told

    def aim(self, reached: list[Cell], asked: np.ndarray) -> None:
        """Find λ of each side and axis."""
        self.multiple, self.scale = np.zeros((2, self.wars.axes)), np.zeros((2, self.wars.axes))
        for axis in range(self.wars.axes):
            here = [cell for cell in reached if cell.axis == axis]
            for side in SIDES:
                cube = np.array([cell.cube[side] for cell in here])[:, None]
                km2 = np.array([(1 - c.held if side == 0 else c.held) * c.area for c in here])[:, None]
                found = arrays.search(self.number, cube, km2, asked[side, axis])
                self.multiple[side, axis], self.scale[side, axis] = (value.item() for value in found)


def fight(case: Case, weeks: int, run: int = 0) -> Outcome:
    """One run of the case as Mesa has it."""
    war = War(case, run)
    told = []
    for _ in range(weeks):
        war.step()
        told.append(war.told)
    now = war.wars.now
    now["front_held"][:-1, 0] = [cell.held for cell in war.cells]
    now["front_momentum"][:, :-1, 0] = np.array([cell.momentum for cell in war.cells]).T
    state = {f"{owner}_{name}": now[f"{owner}_{name}"] for owner, names in STATES.items() for name in names}
    return Outcome({name: np.stack([each[name] for each in told]) for name in TOLD}, state)
