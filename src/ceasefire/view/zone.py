"""The zone of agreement, and a package on the map, as text."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from ceasefire.study.terms import Chosen, Terms
from ceasefire.study.zone import IS, IS_NOT, LEAST_SHARE, Band, Miss, Package, Share, Way, Zone
from ceasefire.view.text import clean, number, percent

WIDTH = 110
NAME = 24
BAND = 24
LEVERS = {
    "payment": "a payment from outside",
    "cost": "a costlier war",
    "pressure": "pressure",
    "confidence": "less confidence",
    "guarantees": "firmer guarantees",
    "option": "another option",
}
"""What would bring a package inside, in words."""


def text(found: Zone) -> str:
    """The answer for a terminal."""
    parts = (_head(found), _sides(found), _wishes(found), _packages(found), _misses(found), _plain(found), _foot(found))
    return "\n\n".join("\n".join(part) for part in parts)


def _head(found: Zone) -> Iterator[str]:
    yield clean(f"{found.title} · {found.opening}: terms that both sides would prefer to fighting on")
    for decree in found.decrees:
        yield clean(f"  with {decree.text}")
    told = (
        f"In {_share(found.open)} of the draws there are such terms. The zone, the smaller surplus in the package "
        f"that is best for the worse-off side, is {band(found.width)}."
    )
    if found.before:
        told += f" Without what is decreed: {_share(found.before.open)} and {band(found.before.width)}."
    brackets = "In brackets stand 95 % intervals after shares, and 8 draws of 10 after numbers."
    yield from _wrapped("", f"{told} Values of fighting on: {found.values}. {brackets}", indent=0)


def _sides(found: Zone) -> Iterator[str]:
    heads = ("least it would accept", "fighting on", "line as held", "overrates its power")
    yield f"{'Own aims 1, defeat 0':{NAME}}" + "".join(f"{head:>{BAND}}" for head in heads)
    for stance in found.stances:
        bands = (stance.least, stance.fighting_on, stance.standing, stance.confidence)
        yield f"{_cut(found.sides[stance.side], NAME - 1):{NAME}}" + "".join(f"{band(one):>{BAND}}" for one in bands)
    if found.before:
        for side, least in found.before.least.items():
            yield f"{_cut(f'{found.sides[side]}, without', NAME - 1):{NAME}}{band(least):>{BAND}}"
    for stance in found.stances:
        if stance.beyond is not None and stance.beyond >= 0.01:
            name, part = found.sides[stance.side], percent(stance.beyond)
            yield f"{name} stands outside the wars that values were fitted on in {part} of the draws."


def _wishes(found: Zone) -> Iterator[str]:
    yield "What each side holds out for: the package that is best for it, with the share of draws"
    for wish in found.wishes:
        if wish.apart:
            told = (
                f"{found.sides[side]}: {one.option_name} ({percent(wish.share[side])})"
                for side, one in wish.option.items()
            )
            yield from _wrapped(f"  {wish.issue_name}: ", "; ".join(told))
    agreed = [
        f"{wish.issue_name}: {next(iter(wish.option.values())).option_name}" for wish in found.wishes if not wish.apart
    ]
    if agreed:
        yield from _wrapped("  The same for both: ", "; ".join(agreed))


def _packages(found: Zone) -> Iterator[str]:
    weighed = (
        f"of {found.packages_weighed:,}, {found.packages_inside:,} are inside in {percent(LEAST_SHARE)} of the draws "
        f"or more, {found.packages_likely:,} in half"
    )
    if not found.packages:
        yield f"Packages: {weighed}."
        return
    yield f"Packages, those inside most often first: {weighed}"
    names = [found.sides[side] for side in found.packages[0].surplus]
    head = f"{'':>4}{'inside':>18}" + "".join(f"{_cut(name, BAND - 2):>{BAND}}" for name in names)
    yield f"{head}{'holds a year':>14}{'binds':>12}  package"
    for package in found.packages:
        yield _row(found, package)
    yield from _described(found, f"  {found.packages[0].rank}: ", found.packages[0])


def _row(found: Zone, package: Package) -> str:
    surplus = "".join(f"{band(one, sign=True):>{BAND}}" for one in package.surplus.values())
    side = max(package.binds, key=lambda one: package.binds[one])
    holds, binds = percent(package.holds_a_year), f"{_cut(found.sides[side], 8)} {percent(package.binds[side])}"
    return f"{package.rank:>4}{_share(package.inside):>18}{surplus}{holds:>14}{binds:>12}  {clean(package.id)}"


def _described(found: Zone, lead: str, package: Package) -> Iterator[str]:
    """A package in words, and what it does to the land."""
    yield from _wrapped(lead, f"{in_words(package.options)}.")
    if package.riders:
        yield from _wrapped(" " * len(lead) + "with it, most often: ", f"{in_words(package.riders)}.")
    yield from _wrapped(" " * len(lead), " ".join(_on_the_land(found, package)))


def in_words(options: Sequence[Chosen]) -> str:
    """Options of a package, issue by issue."""
    return clean("; ".join(f"{one.issue_name}: {one.option_name}" for one in options))


def _on_the_land(found: Zone, package: Package) -> Iterator[str]:
    line = package.line
    first = next(iter(found.sides.values()))
    after, now = percent(line.first_share), percent(line.first_share_now)
    yield f"{first} then holds {after} of the land bargained over, now {now}."
    yield from _moved(found.sides, line.km2_to, line.people_to)
    if line.km2_demilitarised >= 0.5:
        yield f"{number(line.km2_demilitarised)} km² without arms."
    if line.depth_km:
        yield f"Zone of {number(line.depth_km)} km."
    low, mid, high = (number(years, 2) for years in (package.holds.low, package.holds.mid, package.holds.high))
    yield f"Until it breaks, {mid} years ({low} to {high})."


def _moved(sides: dict[str, str], km2: dict[str, float], people: dict[str, float]) -> Iterator[str]:
    for side, ground in km2.items():
        if ground >= 0.5:
            yield f"{number(ground)} km² with {number(people[side])} people before the war come to {sides[side]}."


def _misses(found: Zone) -> Iterator[str]:
    if not found.near_misses:
        yield "Every way to award the lands has a package that is inside in most draws: no near misses."
        return
    yield "Not inside in most draws, the nearest package of each line; what alone would bring it inside in half:"
    for miss in found.near_misses:
        yield from _miss(found, miss)


def _miss(found: Zone, miss: Miss) -> Iterator[str]:
    package = miss.package
    side = max(package.binds, key=lambda one: package.binds[one])
    binds = f"{found.sides[side]} binds in {percent(package.binds[side])}"
    yield clean(f"  {package.id}")
    yield f"    inside in {_share(package.inside)}; {binds}; short of half by {number(package.short, 2)} for both"
    for kind in dict.fromkeys(way.kind for way in miss.ways):
        enough = [way_text(way, found.sides) for way in miss.ways if way.kind == kind and way.enough]
        if enough:
            yield from _wrapped(f"    · {LEVERS[kind]}: ", ", or ".join(enough))
    short = [f"{LEVERS[way.kind]} (to {percent(way.inside)})" for way in _not_enough(miss.ways)]
    if short:
        yield from _wrapped("    Not enough: ", ", ".join(short))


def _not_enough(ways: Iterable[Way]) -> list[Way]:
    """Kinds of change of which no size is enough, the best try of each."""
    best: dict[str, Way] = {}
    for way in ways:
        if way.kind not in best or way.inside > best[way.kind].inside:
            best[way.kind] = way
    return [way for way in best.values() if not way.enough]


def way_text(way: Way, sides: dict[str, str]) -> str:
    """How much of a change is needed, and for whom."""
    if way.swapped:
        before, after = way.swapped
        return clean(
            f"{after.issue_name}: {after.option_name} in place of {before.option_name} ({percent(way.inside)})"
        )
    who, size = sides[way.sides[0]] if len(way.sides) == 1 else "both sides", way.size or 0.0
    return {
        "payment": f"{number(size, 2)} of its aims to {'each side' if len(way.sides) > 1 else who}",
        "cost": f"{_times(math.exp(size))} for {who}",
        "pressure": f"{_times(2**size)} on {who}",
        "confidence": f"{who} {number(math.exp(size), 3)} times weaker than thought",
        "guarantees": f"{percent(size)} of the doubt in them gone",
    }[way.kind]


def _times(factor: float) -> str:
    return f"{number(factor, 2)} times as much" if factor >= 2 else f"{number(100 * (factor - 1), 2)} % more"


def _plain(found: Zone) -> Iterator[str]:
    yield "Plain answers beside it"
    held = "; ".join(f"{found.sides[side]} {band(one, sign=True)}" for side, one in found.status_quo.surplus.items())
    stops = f"both would prefer it to fighting on in {_share(found.status_quo.inside)}; surplus: {held}"
    yield from _wrapped("  It stops for good on the line as held, nothing agreed: ", stops)
    told = "; ".join(
        f"{mean.issue_name} {number(mean.position.mid, 2)}, {mean.option.option_name} ({percent(mean.share)})"
        for mean in found.means
        if not mean.rider
    )
    first, second = found.sides.values()
    yield from _wrapped(
        f"  Mean position by capability × salience, 0 {second}, 1 {first}, nearest option: ", clean(told)
    )
    package = found.mean_package
    if package:
        yield clean(
            f"  The package of these options, {package.id}: inside in {_share(package.inside)}, rank {package.rank}"
        )


def _foot(found: Zone) -> Iterator[str]:
    failed = f", {found.failed_runs:,} failed and left out" if found.failed_runs else ""
    yield f"{found.runs:,} draws{failed}; seed {found.seed}; ceasefire {found.version}"
    yield from _wrapped("", f"{IS} {IS_NOT}", indent=0)


def band(one: Band, *, sign: bool = False) -> str:
    """Median and 80 % band."""
    low, mid, high = (_amount(value, sign and value > 0.005) for value in (one.low, one.mid, one.high))
    return f"{mid} ({low} to {high})"


def _amount(value: float, plus: bool) -> str:
    return f"{'+' if plus else '−' if value <= -0.005 else ''}{abs(value):.2f}"


def _share(share: Share) -> str:
    low, high = (f"{100 * value:.0f}" for value in (share.low, share.high))
    return f"{percent(share.share)} ({low} to {high})"


def _wrapped(lead: str, told: str, indent: int = 6) -> list[str]:
    return textwrap.wrap(clean(told), WIDTH, initial_indent=clean(lead), subsequent_indent=" " * indent)


def _cut(name: str, longest: int) -> str:
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


# ------------------------------------------------------------------------------------------------------ a package drawn


def terms_text(drawn: Terms) -> str:
    """A package on the map, for a terminal."""
    return "\n".join(_drawn(drawn))


def _drawn(drawn: Terms) -> Iterator[str]:
    sides = dict(drawn.sides)
    yield clean(f"{drawn.title} · {drawn.opening}: {drawn.package}")
    yield from _wrapped("  ", f"{in_words(drawn.options)}.")
    for feature in drawn.features:
        told = feature.told
        if feature.kind == "line":
            yield f"  Line through the theatre: {number(told['km'])} km" + (
                "" if feature.shape else "; none runs there"
            )
        elif feature.kind == "zone":
            yield f"  Zone of {number(told['depth_km'])} km along it: {_ground(told)}"
        elif feature.kind == "demilitarised":
            yield clean(f"  {told['land_name']}, {sides[told['side']]}'s part without arms: {_ground(told)}")
        else:
            yield clean(f"  {told['land_name']}, to {sides[told['to']]}: {_ground(told)}")
    if not any(drawn.totals["km2_to"].values()):
        yield "  No land changes hands."


def _ground(told: dict[str, float]) -> str:
    """How much ground, and how many people lived on it."""
    outside = told.get("km2_outside_theatre", 0.0)
    behind = f", of which {number(outside)} outside the theatre, not drawn" if outside >= 0.5 else ""
    return f"{number(told['km2'])} km²{behind}; {number(told['people'])} people before the war"
