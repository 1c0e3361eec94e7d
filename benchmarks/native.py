"""The step written by hand in C (`step.c`), built here by gcc for this machine and called through ctypes."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.case import SALTS, SCORES, STATES, TOLD, Arrays, Case, Outcome, constants, gamma_table
from ceasefire.simulate import draws

HERE = Path(__file__).parent
FLAGS = ("-O3", "-march=native", "-mprefer-vector-width=512", "-ffast-math", "-fPIC")
PHASES = ("attrition", "reach", "noise", "weight", "axes", "search", "fade", "move")
"""Parts of the step that the C code times, in its order."""

WHOLE = ("cells", "weeks", "list_length", "overflow", "places")
"""Whole numbers of `struct wars`, after its arrays; the last two come back."""


class MissingCompilerError(Exception):
    """There is no gcc."""


class Step:
    """The C step for cases of one shape."""

    def __init__(self, case: Case, weeks: int) -> None:
        """Build it. Raises `MissingCompilerError` where there is no gcc."""
        self.weeks, self.arrays = weeks, _arrays(case, weeks)
        self.record = _record(self.arrays)
        self.fight = build("step.c", _header(case, self.arrays)).fight
        self.fight.argtypes, self.fight.restype = [ctypes.POINTER(self.record)], None

    def __call__(self, case: Case) -> tuple[Outcome, dict[str, float], int]:
        """Fight the case; with the seconds of each phase, and how many cells in reach there were in all weeks."""
        arrays = _arrays(case, self.weeks)
        pointers = {name: array.ctypes.data for name, array in arrays.items()}
        cells = len(arrays["ground_area"])
        record = self.record(**pointers, cells=cells, weeks=self.weeks, list_length=case.list_length)
        self.fight(ctypes.byref(record))
        told = {name: arrays[f"out_{name}"] for name in TOLD}
        state = {f"{owner}_{name}": arrays[f"{owner}_{name}"] for owner, names in STATES.items() for name in names}
        seconds = dict(zip(PHASES, arrays["seconds"].tolist(), strict=True))
        return Outcome(told, state, bool(record.overflow)), seconds, int(record.places)


def compiler() -> str:
    """Which gcc there is."""
    found = shutil.which("gcc")
    told = subprocess.run([found, "-dumpfullversion"], capture_output=True, text=True).stdout if found else "is missing"
    return f"gcc {told.strip()}"


def build(source: str, header: str = "", flags: tuple[str, ...] = ()) -> ctypes.CDLL:
    """Compile a C file of this folder with the given `case.h` and load it.

    Raises `MissingCompilerError` where there is no gcc.
    """
    found = shutil.which("gcc")
    if found is None:
        raise MissingCompilerError("the C reference needs gcc, and there is none")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "case.h").write_text(header, encoding="utf-8")
        library, compiled = Path(folder, "built.so"), Path(folder, "built.o")
        options = [*FLAGS, *flags, f"-I{folder}", "-o", str(compiled)]
        subprocess.run([found, *options, "-c", str(HERE / source)], check=True)
        # Linked without -ffast-math: with it, loading would set the processor to round small numbers to 0 for all else.
        subprocess.run([found, "-shared", "-o", str(library), str(compiled), "-lm"], check=True)
        return ctypes.CDLL(os.fspath(library))


def _arrays(case: Case, weeks: int) -> Arrays:
    sides, axes, runs = case.line.tempo.shape
    items, towns = case.army.equipment.shape[1], len(case.ground.town_cell)
    shapes = {"lost": (sides, items), "control": (towns,), "casualties": (sides,), "killed": (sides,)}
    found: Arrays = {"seed": draws.seed_words(case.seed), "run": case.run, "gamma_table": gamma_table()}
    found |= {name: np.ascontiguousarray(array) for name, array in case.arrays().items()}
    found |= {f"out_{name}": np.zeros((weeks, *shapes.get(name, (sides, axes)), runs), np.float32) for name in TOLD}
    return found | {"seconds": np.zeros(len(PHASES))}


def _record(arrays: Arrays) -> Any:
    fields = [*((name, ctypes.c_void_p) for name in arrays), *((name, ctypes.c_int) for name in WHOLE)]
    return type("Wars", (ctypes.Structure,), {"_fields_": fields})


def _header(case: Case, arrays: Arrays) -> str:
    """The model's constants, the lengths of the dimensions, and `struct wars`."""
    lengths = {
        "RUNS": case.runs,
        "SIDES": len(arrays["front_budget"]),
        "AXES": arrays["front_tempo"].shape[1],
        "ITEMS": arrays["attrition_equipment"].shape[1],
        "FEATURES": len(arrays["ground_feature"]),
        "GARRISONS": len(arrays["ground_garrison_cell"]),
        "GARRISON_CELLS": arrays["ground_garrison_cell"].shape[1],
        "TOWNS": len(arrays["ground_town_cell"]),
        "TOWN_CELLS": arrays["ground_town_cell"].shape[1],
        "SCORES": SCORES,
    }
    numbers = constants()
    lengths |= {name: int(numbers.pop(name)) for name in ("SEARCH_STEPS", "EXACT_COUNT")}
    lines = [f"#define {name} {value}" for name, value in lengths.items()]
    lines += [f"#define {name} {value!r}f" for name, value in numbers.items()]
    lines += [f"#define SALT_{name.upper().replace('.', '_')} {salt}u" for name, salt in SALTS.items()]
    members = [f"    {_kind(array)} *{name};" for name, array in arrays.items()]
    members.append(f"    int {', '.join(WHOLE)};")
    return "\n".join([*lines, "struct wars {", *members, "};\n"])


def _kind(array: NDArray[Any]) -> str:
    return {"float32": "float", "int32": "int", "uint32": "uint32_t", "float64": "double"}[array.dtype.name]
