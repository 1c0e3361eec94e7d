"""Decrees: what somebody would do to a war, in one line of text each, and the tables that the model takes.

    NAME=VALUE[@FROM..TO]

NAME is a declared quantity with its labels, `manpower.recruitment[Russia]`; labels left out, or `*`, mean all of
them. VALUE is a number (`0.5`: that, whatever its causes say), a factor (`x0.5`: half of what it would be) or a shift
with its sign (`+300`, `-300`: so much more or less than it would be; what is negative itself is written `(-300)`).
FROM and TO are weeks, 1 the first after the opening, or days, which mean the week that they lie in; `@5` and `@5..`
last until the horizon, `@..8` begins at once, `@5..8` includes both.

A parameter or a flow is changed in every week of the window. A state carries its changes along, so that a factor or a
shift is applied to it once, as the first week of the window begins; a number holds it there over the whole window.
Decrees on the same number in the same week work one after the other, in the order given. The model keeps what comes
out within the bounds of the quantity: a share stays between 0 and 1, a stock is never negative.

Left out: decrees that answer to what happens in a run (rules), and what nobody can decree: the map cell by cell, what
is reported, and with what the war opened.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ceasefire.evidence.error import suggestion
from ceasefire.model import war
from ceasefire.model.declare import Variable, declared
from ceasefire.model.intervene import Place
from ceasefire.scenario.spec import ScenarioError
from ceasefire.scenario.start import Start, variables

ABSOLUTE, FACTOR, SHIFT = "number", "factor", "shift"
LARGEST = 1e15
"""Beyond this no quantity means anything, and single precision comes to its end."""
MOST_BYTES = 65536
MOST_DECREES = 1000
GRAMMAR = "NAME=VALUE[@FROM..TO] is needed, such as manpower.recruitment[LABEL]=x0.5@5..12"
OF_THE_GROUND = ("cell", "block")
FOLLOWS = {
    "front.ceded": "front.control[TOWN]",
    "front.unspent": "front.taken",
    "air_defence.used": "air_defence.ready",
    "air_defence.leaked": "air_defence.stopped",
    "air_defence.stopped_share": "air_defence.stopped",
    "grid.parts_used": "grid.repaired",
    "grid.installed": "grid.capacity",
    "grid.generated": "grid.available",
    "grid.served": "grid.available",
    "grid.served_share": "grid.available",
    "damage.capacity": "damage.out",
    "oil.price": "oil.discount",
    "oil.exports": "oil.volume",
    "oil.part": "oil.revenue",
    "budget.deficit": "budget.spending_civil",
    "patrons.paid": "patrons.pledged",
    "patrons.received": "patrons.shells",
    "patrons.credibility": "patrons.trusted",
    "opinion.caused": "opinion.share",
    "beliefs.optimism": "beliefs.bias",
    "beliefs.reckoned": "beliefs.hardness",
    "beliefs.chance": "beliefs.hardness",
    "preferences.share": "front.control[TOWN]",
    "preferences.content": "preferences.floor_now",
    "resolve.relapsed": "resolve.rearm",
    "resolve.shift": "resolve.rearm",
    "resolve.asked": "resolve.hidden",
    "bargaining.weight": "bargaining.standing_effect",
    "talks.talking": "talks.regime",
    "talks.earnest": "talks.regime",
    "bargaining.package": "bargaining.phase",
    "bargaining.taken_up": "bargaining.phase",
    "resolve.reading": "resolve.fighting_on",
    "resolve.standing": "preferences.land_weight",
    "bargaining.surplus": "resolve.least",
    "bargaining.likely": "resolve.least",
    "bargaining.line": "resolve.least",
    "bargaining.lasting": "bargaining.relapse",
    "bargaining.agreement": "bargaining.structural",
    "bargaining.agreed": "bargaining.ended",
}
"""Flows that only follow from others, and what can be decreed instead."""
OPENING = "_opening"


class DecreeError(ScenarioError):
    """An intervention that says nothing, or nothing that can be done."""


@dataclass(frozen=True)
class Decree:
    """One intervention as written."""

    text: str
    name: str
    labels: tuple[str, ...]
    kind: str
    value: float
    first: int | dt.date | None
    last: int | dt.date | None


@dataclass(frozen=True)
class Settled:
    """One intervention on one war: what is changed, in which weeks."""

    text: str
    name: str
    labels: tuple[str, ...]
    kind: str
    value: float
    unit: str
    doc: str
    quantity: str
    """parameter, state or flow."""
    first: int
    last: int
    once: bool
    """Applied in the first week alone, since what is changed carries it along."""


@dataclass(frozen=True)
class Schedule:
    """What is decreed week by week: each number becomes factor · value + shift, or shift alone where factor is 0."""

    places: tuple[Place, ...]
    factor: NDArray[np.float64]
    """[week, number]"""
    shift: NDArray[np.float64]
    settled: tuple[Settled, ...] = ()

    @property
    def first(self) -> int | None:
        """First week in which anything is changed."""
        return min((decree.first for decree in self.settled), default=None)


# -------------------------------------------------------------------------------------------------------------- reading

_NAME = re.compile(r"([A-Za-z_]\w*\.[A-Za-z_]\w*)\s*(?:\[([^\[\]]*)\])?", re.ASCII)
_NUMBER = re.compile(r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


def parse(text: str) -> Decree:
    """Read one intervention. Raises `DecreeError` for what cannot be read."""
    written = text if isinstance(text, str) else repr(text)
    shown = printable(written)
    if not isinstance(text, str) or len(written) > 500 or "=" not in written:
        raise DecreeError(f"intervention {shown!r} cannot be read: {GRAMMAR}")
    left, _, right = written.partition("=")
    value, at, window = right.partition("@")
    match = _NAME.fullmatch(left.strip())
    if match is None:
        raise DecreeError(f"intervention {shown!r}: {printable(left.strip())!r} is no name; {GRAMMAR}")
    labels = tuple(label.strip() for label in match[2].split(",")) if match[2] is not None else ()
    if match[2] is not None and not all(labels):
        raise DecreeError(f"intervention {shown!r}: a label in the brackets is empty; name one, or * for all")
    kind, number = _value(value.strip(), shown)
    first, last = _window(window.strip(), shown) if at else (None, None)
    return Decree(written.strip(), match[1], labels, kind, number, first, last)


def _value(written: str, shown: str) -> tuple[str, float]:
    plain = written.replace("−", "-").replace("×", "x")
    kind, rest, sign = ABSOLUTE, plain, 1.0
    if plain[:1] in ("x", "X"):
        kind, rest = FACTOR, plain[1:].strip()
        if rest.startswith("-"):
            raise DecreeError(f"intervention {shown!r}: a factor cannot be negative; x0 is the least")
    elif plain[:1] in ("+", "-"):
        kind, rest, sign = SHIFT, plain[1:].strip(), 1.0 if plain[0] == "+" else -1.0
    elif plain.startswith("(") and plain.endswith(")"):
        rest = plain[1:-1].strip()
        if rest[:1] in ("+", "-"):
            rest, sign = rest[1:].strip(), 1.0 if rest[0] == "+" else -1.0
    if not _NUMBER.fullmatch(rest):
        raise DecreeError(
            f"intervention {shown!r}: {printable(written)!r} is no value; write a number (0.5), a factor (x0.5), "
            "a shift (+3 or -3), or a negative number in parentheses, (-3)"
        )
    number = sign * float(rest)
    if abs(number) > LARGEST:
        raise DecreeError(f"intervention {shown!r}: {printable(written)!r} is beyond {LARGEST:g}")
    return kind, number + 0.0


def _window(written: str, shown: str) -> tuple[int | dt.date | None, int | dt.date | None]:
    first, _, last = (part.strip() for part in written.partition(".."))
    if not first and not last:
        raise DecreeError(f"intervention {shown!r}: weeks or days are missing after the @, such as @5..12")
    begin, end = (_time(part, shown) if part else None for part in (first, last))
    return begin, end


def _time(written: str, shown: str) -> int | dt.date:
    if re.fullmatch(r"[0-9]{1,6}", written):
        return int(written)
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", written):
        try:
            return dt.date.fromisoformat(written)
        except ValueError:
            pass
    raise DecreeError(f"intervention {shown!r}: {printable(written)!r} is neither a week (5) nor a day (2025-10-04)")


def printable(text: str) -> str:
    """Text of a user for a message: printable and short."""
    clean = "".join(letter if letter.isprintable() else "?" for letter in text)
    return clean if len(clean) <= 80 else f"{clean[:77]}…"


def read(path: str | Path) -> tuple[str, tuple[str, ...]]:
    """Title and interventions of a policy file: TOML with `do = ["…", …]` and perhaps `title = "…"`.

    Raises `DecreeError` where it is none.
    """
    place = Path(path)
    try:
        with place.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise DecreeError(f"cannot read the policy {place}: {getattr(error, 'strerror', None) or error}") from None
    if len(content) > MOST_BYTES:
        raise DecreeError(f"the policy {place} is longer than {MOST_BYTES:,} bytes; it cannot be one")
    try:
        told = tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise DecreeError(f"the policy {place} is not TOML: {printable(' '.join(str(error).split()))}") from None
    unknown = sorted(set(told) - {"title", "do"})
    if unknown:
        raise DecreeError(
            f"the policy {place} has an entry {printable(unknown[0])!r}{suggestion(unknown[0], ('title', 'do'))}; "
            "a title and a list `do` are all there can be"
        )
    title, listed = told.get("title", ""), told.get("do", [])
    if not isinstance(title, str) or not isinstance(listed, list) or not all(isinstance(do, str) for do in listed):
        raise DecreeError(f'the policy {place}: `do` must be a list of texts, do = ["…", …], and `title` a text')
    if not listed:
        raise DecreeError(f"the policy {place} does nothing: its list `do` is empty or missing")
    return printable(title), tuple(listed)


# -------------------------------------------------------------------------------------------------------------- places


@cache
def _in_reach() -> dict[str, tuple[Variable, str]]:
    """Every quantity of the war itself by name, with the kind of number that it is (float, int or bool)."""
    found = {}
    for subsystem in war.SUBSYSTEMS:
        owner = subsystem.__name__.rsplit(".", 1)[-1]
        parts = (subsystem.Params, subsystem.State, subsystem.Flows)
        types = {f"{owner}.{field.name}": field.type for part in parts for field in dataclasses.fields(part)}
        for variable in declared(subsystem):
            number = str(getattr(types[variable.name], "dtypes", ("float",))[0]).rstrip("0123456789")
            found[variable.name] = (variable, {"uint": "int"}.get(number, number))
    return found


def shape_of(variable: Variable, labels: dict[str, tuple[str, ...]]) -> tuple[int, ...] | None:
    """Length along each dimension before the run axis, 1 for the stages of a pipeline; None where it has no labels."""
    dims = variable.dims[:-1]
    if variable.dims[-1:] != ("run",) or not all(dim.isdigit() or labels.get(dim) for dim in dims):
        return None
    return tuple(1 if dim.isdigit() else len(labels[dim]) for dim in dims)


def places(start: Start) -> tuple[Place, ...]:
    """Where each quantity that can be decreed stands in the tables."""
    labels, found, offset = start.labels, [], 0
    for name, (variable, _) in _in_reach().items():
        shape = shape_of(variable, labels)
        if shape is not None:
            found.append(Place(name, offset, shape, variable.bounds))
            offset += found[-1].size
    return tuple(found)


def nothing(start: Start, weeks: int) -> Schedule:
    """Tables that change nothing."""
    stood = places(start)
    size = sum(place.size for place in stood)
    return Schedule(stood, np.ones((weeks, size)), np.zeros((weeks, size)))


# ------------------------------------------------------------------------------------------------------------- settling


def schedule(start: Start, weeks: int, decrees: Iterable[str | Decree]) -> Schedule:
    """What decrees do to a war of so many weeks. Raises `DecreeError` where one cannot be done."""
    listed = [decree if isinstance(decree, Decree) else parse(decree) for decree in decrees]
    if not listed:
        raise DecreeError(f"no intervention was named: {GRAMMAR}")
    if len(listed) > MOST_DECREES:
        raise DecreeError(f"{len(listed)} interventions were named; {MOST_DECREES} are the most")
    tables = nothing(start, weeks)
    settled = []
    for decree in listed:
        settled.append(_settle(decree, start, weeks))
        place = next(place for place in tables.places if place.name == decree.name)
        at = _numbers(place, settled[-1].labels, start)
        last = settled[-1].first if settled[-1].once else settled[-1].last
        window = np.ix_(range(settled[-1].first - 1, last), at)
        factor, shift = {ABSOLUTE: (0.0, decree.value), FACTOR: (decree.value, 0.0), SHIFT: (1.0, decree.value)}[
            decree.kind
        ]
        tables.factor[window] = tables.factor[window] * factor
        tables.shift[window] = tables.shift[window] * factor + shift
    keys = [dataclasses.replace(one, text="") for one in settled]
    twice = next((one for k, one in enumerate(settled) if keys[k] in keys[:k]), None)
    if twice:
        raise DecreeError(f"intervention {printable(twice.text)!r} is named twice")
    if np.abs(tables.factor).max() > LARGEST or np.abs(tables.shift).max() > LARGEST:
        raise DecreeError(f"the interventions together go beyond {LARGEST:g}")
    return Schedule(tables.places, tables.factor, tables.shift, tuple(settled))


def _settle(decree: Decree, start: Start, weeks: int) -> Settled:
    variable, number = _known(decree, start)
    labels = _labels(decree, variable, start)
    _check_value(decree, variable, number)
    first, last = _weeks(decree, start, weeks)
    once = variable.kind == "state" and decree.kind != ABSOLUTE
    return Settled(
        decree.text,
        decree.name,
        labels,
        decree.kind,
        decree.value,
        variable.unit,
        variable.doc,
        variable.kind,
        first,
        last,
        once,
    )


def _known(decree: Decree, start: Start) -> tuple[Variable, str]:
    known, shown = _in_reach(), printable(decree.text)
    if decree.name not in known:
        if decree.name in variables():
            raise DecreeError(f"intervention {shown!r}: what is reported is told of the war and changes nothing in it")
        near = [place.name for place in places(start)]
        raise DecreeError(
            f"intervention {shown!r}: there is no {printable(decree.name)!r}{suggestion(decree.name, near)}; "
            "`ceasefire variables` lists all"
        )
    variable, number = known[decree.name]
    if variable.kind == "parameter" and decree.name.endswith(OPENING):
        raise DecreeError(
            f"intervention {shown!r}: {decree.name} is what the war opens with, which is past; "
            f"change what follows from it, or the number in a scenario file{_instead(decree.name, known)}"
        )
    if decree.name in FOLLOWS:
        raise DecreeError(
            f"intervention {shown!r}: {decree.name} only follows from others; {FOLLOWS[decree.name]} can be decreed"
        )
    if shape_of(variable, start.labels) is None:
        if set(variable.dims) & set(OF_THE_GROUND):
            raise DecreeError(
                f"intervention {shown!r}: {decree.name} is told cell by cell and cannot be decreed; "
                "front.control[TOWN] can"
            )
        raise DecreeError(f"intervention {shown!r}: {decree.name} has no labels to name it by and cannot be decreed")
    return variable, number


def _instead(name: str, known: dict[str, tuple[Variable, str]]) -> str:
    stem = name.removesuffix(OPENING)
    near = [stem] if stem in known else [f"{stem}_mean"] if f"{stem}_mean" in known else []
    return "".join(f" (such as {one})" for one in near)


def _labels(decree: Decree, variable: Variable, start: Start) -> tuple[str, ...]:
    """Labels as the scenario writes them, `*` for all, without trailing ones that mean all."""
    names, shown = start.labels, printable(decree.text)
    dims = [dim for dim in variable.dims[:-1] if not dim.isdigit()]
    if len(decree.labels) > len(dims):
        takes = f"[{','.join(dims)}]" if dims else "none"
        raise DecreeError(f"intervention {shown!r}: {len(decree.labels)} labels; {decree.name} takes {takes}")
    found = []
    for label, dim in zip(decree.labels, dims, strict=False):
        meant = "*" if label == "*" else _meant(label, dim, start)
        if meant is None:
            listed = ", ".join(names[dim][:12]) + (" …" if len(names[dim]) > 12 else "")
            raise DecreeError(
                f"intervention {shown!r}: unknown {dim} {printable(label)!r}{suggestion(label, names[dim])}; "
                f"there are {listed}"
            )
        found.append(meant)
    while found and found[-1] == "*":
        found.pop()
    return tuple(found)


def _meant(label: str, dim: str, start: Start) -> str | None:
    """The label itself, or the one that is spelt or named like it."""
    labels, told = start.labels[dim], start.scenario.war
    if label in labels:
        return label
    spelt = [(name, name) for name in labels]
    spelt += [(side.name, side.id) for side in told.sides if dim == "side"]
    spelt += [(item.name, item.id) for item in told.items if dim == "item"]
    if dim == "edge":
        roads = start.theatre.roads
        spelt += [(f"{roads.name[b]}-{roads.name[a]}", name) for name, (a, b) in zip(labels, roads.edge, strict=True)]
    same = {key for name, key in spelt if name.casefold() == label.casefold()}
    return same.pop() if len(same) == 1 else None


def _check_value(decree: Decree, variable: Variable, number: str) -> None:
    shown, (low, high) = printable(decree.text), variable.bounds
    if decree.kind == ABSOLUTE and not low <= decree.value <= high:
        span = f"from {low:g} to {high:g}" if math.isfinite(high) else f"{low:g} or more"
        raise DecreeError(f"intervention {shown!r}: {decree.name} is {span} [{variable.unit}]; found {decree.value:g}")
    if number == "bool" and not (decree.kind != SHIFT and decree.value in (0, 1)):
        raise DecreeError(f"intervention {shown!r}: {decree.name} happens or not; 1 or 0 is needed")
    if number == "int" and (decree.kind == FACTOR or decree.value % 1):
        raise DecreeError(f"intervention {shown!r}: {decree.name} is a whole number; found {decree.value:g}")


def _weeks(decree: Decree, start: Start, weeks: int) -> tuple[int, int]:
    shown, opening = printable(decree.text), opening_day(start)
    first = 1 if decree.first is None else _week(decree.first, opening)
    last = weeks if decree.last is None else _week(decree.last, opening)
    horizon = f"the weeks are 1 to {weeks}, {opening + dt.timedelta(days=1)} to {opening + dt.timedelta(weeks=weeks)}"
    if first > last and decree.first is not None and decree.last is not None:
        raise DecreeError(f"intervention {shown!r} ends before it begins")
    if not (1 <= first <= weeks and 1 <= last <= weeks):
        raise DecreeError(f"intervention {shown!r} lies outside the horizon; {horizon}")
    return first, last


def _week(time: int | dt.date, opening: dt.date) -> int:
    return time if isinstance(time, int) else -(-(time - opening).days // 7)


def opening_day(start: Start) -> dt.date:
    """Day of the last map: each week ends so many weeks after it."""
    day: dt.date = start.theatre.dates[-1].astype("datetime64[D]").item()
    return day


def _numbers(place: Place, labels: Sequence[str], start: Start) -> list[int]:
    """Which numbers of the table a decree is on."""
    variable, names = _in_reach()[place.name][0], start.labels
    dims = list(variable.dims[:-1])
    chosen, given = [], list(labels)
    for dim, length in zip(dims, place.shape, strict=True):
        label = "*" if dim.isdigit() or not given else given.pop(0)
        chosen.append(range(length) if label == "*" else [names[dim].index(label)])
    if not chosen:
        return [place.offset]
    return (place.offset + np.ravel_multi_index(np.ix_(*chosen), place.shape).ravel()).tolist()
