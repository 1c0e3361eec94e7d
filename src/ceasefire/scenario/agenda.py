"""The agenda: what can be agreed in a war, as tables of lands, issues, options and packages.

A package takes one option of every issue that is not a rider, if no rule of the options forbids it: an option
`excludes` others, or `needs` one of others. Riders have worth alone and are settled last. A war whose file names no
issues gets a plain agenda: the line as held, a zone or none, guarantees by its patrons or none, a ceasefire or a
settlement.

Left out: options that come and go with the date; what an option says beyond land, zone, guarantees and relief is worth
something to the actors and does nothing else.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ceasefire.evidence.error import suggestion
from ceasefire.evidence.geography import Geography
from ceasefire.evidence.vintage import Vintage
from ceasefire.scenario.spec import Issue, Land, Option, ScenarioError, War
from ceasefire.scenario.theatre import Theatre, inside_share

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

MOST_PACKAGES = 4096
MOST_COMBINATIONS = 10_000_000
DEMILITARISED = "demilitarised"
"""Fate of a land without arms; with a side and a hyphen before it, that side's part alone."""
PLAIN_DEPTH_KM = 10.0
PLAIN_GUARANTEE = 0.7
"""Zone and strength of guarantees where a war names no issues (arbitrary)."""


class Named(Protocol):
    """Whoever goes by an id."""

    @property
    def id(self) -> str:
        """How files name it."""
        ...


class Bargained(Protocol):
    """What an agenda asks of a war."""

    @property
    def id(self) -> str:
        """How files name it."""
        ...

    @property
    def sides(self) -> Sequence[Named]:
        """Both sides."""
        ...

    @property
    def patrons(self) -> Sequence[Named]:
        """Those who can guarantee an agreement."""
        ...

    @property
    def issues(self) -> tuple[Issue, ...]:
        """What is bargained over; none for the plain agenda."""
        ...


@dataclass(frozen=True)
class Lands:
    """The lands of an agenda on the map of the opening."""

    id: tuple[str, ...]
    name: tuple[str, ...]
    row: IntArray
    """[cell] land of each cell of the theatre; −1 for none."""
    whole: FloatArray
    """[land] km²."""
    behind: FloatArray
    """[land] km² that the first side holds outside the theatre."""


@dataclass(frozen=True)
class Agenda:
    """What can be agreed. Options count over all issues, in order."""

    lands: Lands
    issues: tuple[Issue, ...]
    label: tuple[str, ...]
    """[option] `issue-option`."""
    issue: IntArray
    """[option] index of the option's issue."""
    package: IntArray
    """[package, enumerated issue] index of the option."""
    line: IntArray
    """[package] index of the way that it awards the lands."""
    gives: FloatArray
    """[side, line, land] share of what the other holds that goes to the side."""
    neutral: FloatArray
    """[side, line, land] 1 where what the side holds is to be demilitarised."""
    depth: FloatArray
    """[package] km."""
    guarantee: FloatArray
    """[package, patron] strength."""
    relief: FloatArray
    """[package] share of sanctions lifted."""
    settles: FloatArray
    """[package] 1 or 0."""

    def __len__(self) -> int:
        return len(self.package)

    @property
    def options(self) -> tuple[Option, ...]:
        """All options in order."""
        return tuple(option for issue in self.issues for option in issue.options)

    @property
    def rider(self) -> FloatArray:
        """[rider, option] 1 for the options of each rider."""
        riders = [k for k, issue in enumerate(self.issues) if issue.rider]
        return np.array([self.issue == k for k in riders], float).reshape(len(riders), len(self.issue))

    @property
    def status_quo(self) -> FloatArray:
        """[option] 1 for what stands where nothing is agreed."""
        return np.array([float(o.id == issue.status_quo) for issue in self.issues for o in issue.options])

    def named(self, package: int) -> str:
        """A name for a package: its options, joined by a dot."""
        return ".".join(self.options[k].id for k in self.package[package])

    def find(self, name: str) -> int:
        """Package by its name. Raises `ScenarioError` where there is none."""
        names = [self.named(k) for k in range(len(self))]
        if name not in names:
            raise ScenarioError(
                f"no package {name[:120]!r}{suggestion(name, names)}; a package names an option of each of "
                f"{', '.join(issue.id for issue in self.issues if not issue.rider)}, as in {names[0]}"
            )
        return names.index(name)


def draw_up(war: Bargained, lands: Lands) -> Agenda:
    """List what can be agreed. Raises `ScenarioError` for rules that name nothing, allow nothing, or far too much."""
    issues = war.issues or plain_issues(war)
    options = [(k, option) for k, issue in enumerate(issues) for option in issue.options]
    label = tuple(f"{issues[k].id}-{option.id}" for k, option in options)
    _check(war, issues, label, lands)
    first = np.cumsum([0, *(len(issue.options) for issue in issues)])
    settled = [k for k, issue in enumerate(issues) if not issue.rider]
    if not settled:
        raise ScenarioError(f"{war.id}: every issue is a rider; an agreement needs one that is not")
    ranges = [range(first[k], first[k + 1]) for k in settled]
    if np.prod([float(len(each)) for each in ranges]) > MOST_COMBINATIONS:
        raise ScenarioError(f"{war.id}: the issues combine in more than {MOST_COMBINATIONS:,} ways; make some riders")
    rules = _rules([option for _, option in options], label)
    package = [chosen for chosen in itertools.product(*ranges) if _allowed(chosen, rules)]
    _check_fates(war, package, [option for _, option in options], label)
    if not 1 <= len(package) <= MOST_PACKAGES:
        raise ScenarioError(
            f"{war.id}: the issues make {len(package):,} packages; from 1 to {MOST_PACKAGES:,} can be weighed, "
            "by options that exclude or need each other, or by riders"
        )
    return _tables(war, lands, issues, label, np.array(package, dtype=np.int64), [option for _, option in options])


def _tables(
    war: Bargained,
    lands: Lands,
    issues: Sequence[Issue],
    label: tuple[str, ...],
    package: IntArray,
    options: list[Option],
) -> Agenda:
    sides, patrons = [side.id for side in war.sides], [patron.id for patron in war.patrons]
    gives, neutral = np.zeros((2, 2, len(package), len(lands.id)))
    for at, chosen in enumerate(package):
        for option in (options[k] for k in chosen):
            for land, fate in option.lands.items():
                column = lands.id.index(land)
                given, bare = fate_of(fate, sides)
                gives[:, at, column] = np.maximum(gives[:, at, column], given)
                neutral[:, at, column] = np.maximum(neutral[:, at, column], bare)
    neutral = np.where(gives[::-1] > 0, 0.0, neutral)
    awards = np.concatenate([gives, neutral]).transpose(1, 0, 2).reshape(len(package), -1)
    kinds, line = np.unique(awards, axis=0, return_inverse=True)
    kept = kinds.reshape(len(kinds), 4, -1).transpose(1, 0, 2)

    def summed(of: str) -> FloatArray:
        return np.array([max(float(getattr(options[k], of)) for k in chosen) for chosen in package])

    guarantee = np.zeros((len(package), len(patrons)))
    for at, chosen in enumerate(package):
        for k in chosen:
            for patron, strength in options[k].guarantees.items():
                column = patrons.index(patron)
                guarantee[at, column] = max(guarantee[at, column], strength)
    return Agenda(
        lands=lands,
        issues=tuple(issues),
        label=label,
        issue=np.array([k for k, issue in enumerate(issues) for _ in issue.options], dtype=np.int64),
        package=package,
        line=line.reshape(-1).astype(np.int64),
        gives=kept[:2],
        neutral=kept[2:],
        depth=summed("depth_km"),
        guarantee=guarantee,
        relief=summed("relief"),
        settles=summed("settles"),
    )


def fate_of(fate: str, sides: Sequence[str]) -> tuple[list[float], list[float]]:
    """By side: 1 where it is given the land, and 1 where what it holds of it is to be without arms."""
    bare = [float(fate in (DEMILITARISED, f"{side}-{DEMILITARISED}")) for side in sides]
    return [float(side == fate) for side in sides], bare


def _rules(options: Sequence[Option], label: tuple[str, ...]) -> list[tuple[frozenset[int], frozenset[int]]]:
    """What each option excludes and needs, as positions of options."""
    return [
        (frozenset(label.index(name) for name in o.excludes), frozenset(label.index(name) for name in o.needs))
        for o in options
    ]


def _allowed(chosen: Sequence[int], rules: list[tuple[frozenset[int], frozenset[int]]]) -> bool:
    taken = frozenset(chosen)
    return all(not rules[k][0] & taken and (not rules[k][1] or rules[k][1] & taken) for k in chosen)


def _check(war: Bargained, issues: Sequence[Issue], label: tuple[str, ...], lands: Lands) -> None:
    """Raise `ScenarioError` where an option names what there is not."""
    sides = [side.id for side in war.sides]
    fates = [*sides, DEMILITARISED, *(f"{side}-{DEMILITARISED}" for side in sides)]
    patrons = [patron.id for patron in war.patrons]
    for issue in issues:
        others = [
            f"{other.id}-{o.id}" for other in issues if other is not issue and not other.rider for o in other.options
        ]
        for option in issue.options:
            where = f"{war.id}: option {issue.id}-{option.id}"
            for names, known, what in (
                (option.lands, lands.id, "land"),
                (option.lands.values(), fates, "fate"),
                (option.guarantees, patrons, "patron"),
                ((*option.excludes, *option.needs), others, "option"),
            ):
                stray = next((name for name in names if name not in known), None)
                if stray is not None:
                    raise ScenarioError(
                        f"{where} names {what} {stray!r}{suggestion(stray, known)}; there are: {', '.join(known)}"
                    )


def _check_fates(
    war: Bargained, packages: Sequence[tuple[int, ...]], options: Sequence[Option], label: tuple[str, ...]
) -> None:
    """Raise `ScenarioError` where a package gives a land to both sides."""
    sides = [side.id for side in war.sides]
    for chosen in packages:
        given: dict[str, int] = {}
        for k in chosen:
            for land, fate in options[k].lands.items():
                before = given.setdefault(land, k) if fate in sides else k
                if fate in sides and options[before].lands[land] != fate:
                    raise ScenarioError(
                        f"{war.id}: options {label[before]} and {label[k]} give land {land} to different sides; "
                        "let one exclude the other"
                    )


def plain_issues(war: Bargained) -> tuple[Issue, ...]:
    """Issues of a war whose file names none."""
    promised = {patron.id: PLAIN_GUARANTEE for patron in war.patrons}
    patrons = [{"id": "patrons", "name": "Guarantees by patrons", "guarantees": promised}] if promised else []
    plain: list[dict[str, Any]] = [
        {"id": "line", "name": "Line", "options": [{"id": "held", "name": "As held"}]},
        {
            "id": "zone",
            "name": "Zone between the armies",
            "options": [{"id": "none", "name": "None"}, {"id": "wide", "name": "10 km", "depth_km": PLAIN_DEPTH_KM}],
        },
        {"id": "guarantees", "name": "Guarantees", "options": [{"id": "none", "name": "None"}, *patrons]},
        {
            "id": "sequence",
            "name": "What comes first",
            "options": [
                {"id": "ceasefire", "name": "Ceasefire first"},
                {"id": "treaty", "name": "Treaty", "settles": True},
            ],
        },
    ]
    return tuple(Issue.model_validate(issue | {"status_quo": issue["options"][0]["id"]}) for issue in plain)


def lands_of_axes(war: War, theatre: Theatre) -> Lands:
    """Lands made of axes of the front, within the theatre; one an axis where the war names none."""
    named = war.lands or tuple(Land.model_validate({"id": axis, "name": axis, "axes": [axis]}) for axis in theatre.axes)
    row = np.full(len(theatre), -1, dtype=np.int64)
    for k, land in enumerate(named):
        _known(war, land.id, land.axes, theatre.axes)
        row[np.isin(theatre.axis, [theatre.axes.index(axis) for axis in land.axes])] = k
    whole = summed(row, theatre.area, len(named))
    _check_whole(war, named, whole)
    ids, names = tuple(land.id for land in named), tuple(land.name for land in named)
    return Lands(id=ids, name=names, row=row, whole=whole, behind=np.zeros(len(named)))


def lands_of(war: War, theatre: Theatre, geography: Geography, vintage: Vintage) -> Lands:
    """Lands on the map of the opening. Raises `ScenarioError` for one that the geography does not know."""
    by_axis = lands_of_axes(war, theatre) if not war.lands else None
    if by_axis is not None or not any(land.oblasts for land in war.lands):
        return by_axis or lands_of_axes(war, theatre)
    cells = geography.cells
    place = {int(cell): k for k, cell in enumerate(cells.cell)}
    at = np.array([place[int(cell)] for cell in theatre.cell])
    everywhere = np.full(len(cells.cell), -1, dtype=np.int64)
    for k, land in enumerate(war.lands):
        _known(war, land.id, land.oblasts, geography.oblast_names)
        everywhere[np.isin(cells.oblast, [geography.oblast_names.index(name) for name in land.oblasts])] = k
        _known(war, land.id, land.axes, theatre.axes)
        for axis in land.axes:
            everywhere[at[theatre.axis == theatre.axes.index(axis)]] = k
    ground = np.where(cells.sea, 0.0, cells.area_km2 * cells.inside).astype(np.float64)
    share = inside_share(vintage.control(cells.cell).share[-1:], cells.inside)[0].astype(np.float64)
    whole = summed(everywhere, ground, len(war.lands))
    _check_whole(war, war.lands, whole)
    first = summed(everywhere, ground * share, len(war.lands))
    row = everywhere[at]
    mapped = theatre.opening_share.astype(np.float64) * theatre.area
    in_theatre = summed(row, mapped, len(war.lands))
    return Lands(
        id=tuple(land.id for land in war.lands),
        name=tuple(land.name for land in war.lands),
        row=row,
        whole=whole,
        behind=np.maximum(first - in_theatre, 0.0),
    )


def _check_whole(war: War, lands: Sequence[Land], whole: FloatArray) -> None:
    """Raise `ScenarioError` for a land without ground of its own."""
    empty = next((land.id for land, area in zip(lands, whole, strict=True) if area <= 0), None)
    if empty is not None:
        raise ScenarioError(f"{war.id}: land {empty} has no ground of its own; lands named after it take all of it")


def summed(row: IntArray, area: FloatArray, lands: int) -> FloatArray:
    """km² by land, [land], of cells whose land is `row`, −1 for none."""
    inside = row >= 0
    return np.bincount(row[inside], area[inside], lands).astype(np.float64)


def _known(war: War, land: str, names: Sequence[str], known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            raise ScenarioError(
                f"{war.id}: land {land} names {name!r}{suggestion(name, known)}; there are: {', '.join(known)}"
            )
