"""A pack: a war of the past as dated facts, small enough for one file, opened on any day from what was known by then.

In place of a map there is a line of ten forts from the heart of the first side to that of the second (Smith and Stam):
each land is so many forts long, and a fact says what share of it the first side held on a day. Every fact, and every
option of an issue, has the day on which it happened or was raised; an opening on a day sees those up to it, no other.

What facts mean for the model is law, the same for every pack:
    an option that an actor demands, accepts or refuses is worth `WORTH` to it; one on which it is silent, `BESIDE`
    where it demands another of the issue, and the model's own prior otherwise;
    a land weighs as many forts as it is long, `GIVEN_UP` of that to an actor that no longer asks for it; lands
    together weigh as much as all issues that are not about land, in the middle of the priors;
    the ground taken in the year before the opening tells the pace and direction of the line;
    casualties lately, relative to `USUAL_LOSSES` of the forces, tell the burden of the war;
    talks at which something was agreed within half a year are earnest as `EARNEST` says, others as the model does.
All these sizes are elicited, chosen once, and fitted to no war.

Left out: economies, arms, publics; pressure on the sides, which the model counts from the opening on; that the sides
knew other figures for strengths and losses than we do; leaders but for departures that were announced.
Sources: form after Smith and Stam 2004, "Bargaining and the Nature of War"; facts as each pack says.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError, field_validator, model_validator

from ceasefire.evidence.error import suggestion
from ceasefire.model.axes import YEAR
from ceasefire.model.declare import LogNormal, Prior, Share
from ceasefire.model.resolve import READINGS
from ceasefire.scenario.agenda import Agenda, Lands, draw_up
from ceasefire.scenario.spec import (
    IDENTIFIER,
    LABEL,
    Deadline,
    Issue,
    Number,
    Option,
    Patron,
    ScenarioError,
    Strict,
    Voice,
)

FloatArray = NDArray[np.float64]

PACKS = Path(__file__).parent / "library" / "packs"
DAYS_PER_MONTH = 30.4375
FORTS = 10
"""Length of the line."""
WINDOW = YEAR
"""Weeks before the opening in which ground taken and casualties count as late."""
PRIOR_WEEKS = 26.0
PRIOR_FORTS = 0.5
"""What is thought of a line on which nothing was seen: each side takes so many forts in so many weeks."""
WORTH = MappingProxyType(
    {"demands": Share(0.8, 0.93, 0.98), "accepts": Share(0.4, 0.6, 0.8), "refuses": Share(0.02, 0.07, 0.2)}
)
BESIDE = Share(0.1, 0.3, 0.6)
GIVEN_UP = 0.3
USUAL_LOSSES = 0.005
"""Casualties a week, of the forces, that cost what the model's prior says of a week of war."""
FURTHEST_LOSSES = 2.0
"""Log of losses relative to the usual is held within ± this."""
LATELY = 26
"""Weeks for which an agreement at the table makes talks look earnest."""
EARNEST = Share(0.3, 0.6, 0.85)
VOICE_PRICE = LogNormal(0.01, 0.03, 0.1)
"""What it costs a leader to overrule a voice of his side."""
AHEAD = 2 * YEAR
"""Weeks after the opening for which announced changes of leaders are kept."""
PRESSING = 4
"""Weeks before a deadline in which it presses."""


class Fact(Strict):
    """Something that happened, or was said, on a day."""

    on: dt.date
    source: str = Field(min_length=3)
    trust: Literal["A", "B", "C", "D"] = "D"
    note: str = ""


class Party(Strict):
    """One belligerent."""

    id: str = Field(pattern=r"^\w{1,12}$")
    name: str = Field(max_length=60)


class Stretch(Strict):
    """A land that the line runs through."""

    id: str = Field(pattern=LABEL)
    name: str = Field(max_length=60)
    forts: Number = Field(gt=0, le=FORTS)
    """Its part of the line: what is at stake in it, of ten (elicited)."""
    km2: Number = Field(gt=0)


class Raised(Option):
    """An option, and the day since when it was on the table; what could always be thought of has the war's first."""

    since: dt.date


class Question(Issue):
    """Something that is bargained over."""

    options: tuple[Raised, ...] = Field(min_length=1, max_length=12)


class Held(Fact):
    """Who held what on a day: the first side's share of some lands; of others it stays as it was."""

    share: dict[str, Number] = Field(min_length=1)

    @field_validator("share")
    @classmethod
    def _shares(cls, share: dict[str, float]) -> dict[str, float]:
        if any(not 0 <= part <= 1 for part in share.values()):
            raise ValueError("the share of a land is a number from 0 to 1")
        return share


class Force(Fact):
    """How many soldiers a side had on a day."""

    side: str
    persons: Number = Field(gt=0)


class Loss(Fact):
    """Casualties of a side, over some weeks that end on the day."""

    side: str
    casualties: Number = Field(gt=0)
    weeks: Number = Field(gt=0)


class Table(Fact):
    """Whether the sides talk, from that day on, of an end to the fighting; or something that they agreed on there."""

    talking: bool
    agreed: bool = False


class Stance(Fact):
    """What an actor said of an option, `issue-option`, or of a land, for which it may ask or no longer ask."""

    actor: str
    of: str
    says: Literal["demands", "accepts", "refuses", "drops"]


class Change(Fact):
    """A leader's departure on a day that was announced ahead, on `on`."""

    side: str
    due: dt.date


class End(Fact):
    """How the fighting, or the war, ended. No opening knows of it."""

    name: str = Field(max_length=80)
    terms: tuple[str, ...] = ()
    """Options, `issue-option`, that came nearest to what was agreed."""


class Pack(Strict):
    """A war of the past. The first end is the one that forecasts are scored on."""

    id: str = Field(pattern=IDENTIFIER)
    title: str = Field(max_length=200)
    started: dt.date
    sides: tuple[Party, Party]
    patrons: tuple[Patron, ...] = Field((), max_length=4)
    voices: tuple[Voice, ...] = Field((), max_length=4)
    lands: tuple[Stretch, ...] = Field(min_length=1, max_length=12)
    """From the heart of the first side to that of the second."""
    issues: tuple[Question, ...] = Field((), max_length=12)
    held: tuple[Held, ...] = Field(min_length=1)
    force: tuple[Force, ...] = ()
    loss: tuple[Loss, ...] = ()
    table: tuple[Table, ...] = ()
    stance: tuple[Stance, ...] = ()
    change: tuple[Change, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    end: tuple[End, ...] = Field(min_length=1)

    @property
    def ended(self) -> dt.date:
        """The day that forecasts are scored on."""
        return self.end[0].on

    @property
    def facts(self) -> tuple[Fact, ...]:
        """All facts but the ends, oldest first."""
        told: tuple[Fact, ...] = (*self.held, *self.force, *self.loss, *self.table, *self.stance, *self.change)
        return tuple(sorted(told, key=lambda fact: fact.on))

    @property
    def actors(self) -> tuple[str, ...]:
        """Leaders of both sides, then voices."""
        return (*(side.id for side in self.sides), *(voice.id for voice in self.voices))

    def day_at(self, share: float) -> dt.date:
        """The day on which a share of the war's duration had passed."""
        return self.started + dt.timedelta(days=round(share * (self.ended - self.started).days))

    @model_validator(mode="after")
    def _length(self) -> Pack:
        length = sum(land.forts for land in self.lands)
        if abs(length - FORTS) > 1e-9:
            raise ValueError(f"the lands are {length:g} forts long together; {FORTS} are needed")
        return self

    @model_validator(mode="after")
    def _named(self) -> Pack:
        sides, lands = [side.id for side in self.sides], [land.id for land in self.lands]
        options = [f"{issue.id}-{option.id}" for issue in self.issues for option in issue.options]
        _within("land", (land for fact in self.held for land in fact.share), lands)
        _within("side", (fact.side for fact in self.force), sides)
        _within("side", (fact.side for fact in self.loss), sides)
        _within("side", (fact.side for fact in self.change), sides)
        _within("side", (patron.supports for patron in self.patrons), sides)
        _within("side", (voice.of for voice in self.voices if voice.of), sides)
        _within("actor", (fact.actor for fact in self.stance), self.actors)
        _within("option", (option for fact in self.end for option in fact.terms), options)
        _within("option or land", (fact.of for fact in self.stance), [*options, *lands])
        return self

    @model_validator(mode="after")
    def _dated(self) -> Pack:
        first = min(self.held, key=lambda fact: fact.on)
        if first.on > self.started or set(first.share) != {land.id for land in self.lands}:
            raise ValueError(f"the first `held` must tell of every land by {self.started}")
        if self.ended <= self.started:
            raise ValueError(f"the war ended on {self.ended}, which is not after its start")
        late = next((issue.id for issue in self.issues if _status_quo(issue).since > self.started), None)
        if late:
            raise ValueError(f"issue {late}: what stands where nothing is agreed is an option from the start")
        return self


def _within(what: str, names: Iterable[str], known: Sequence[str]) -> None:
    stray = next((name for name in names if name not in known), None)
    if stray is not None:
        raise ValueError(f"{stray!r} is no {what}{suggestion(stray, known)}; there are {', '.join(known)}")


def _status_quo(issue: Question) -> Raised:
    return next(option for option in issue.options if option.id == issue.status_quo)


def packs() -> tuple[str, ...]:
    """Names of the shipped packs."""
    return tuple(sorted(path.stem for path in PACKS.glob("*.toml")))


def load(name: str) -> Pack:
    """A shipped pack by name. Raises `ScenarioError` where there is none, or where it cannot be read."""
    if name not in packs():
        raise ScenarioError(f"unknown pack {name!r}{suggestion(name, packs())}; there are: {', '.join(packs())}")
    return parse(tomllib.loads((PACKS / f"{name}.toml").read_text(encoding="utf-8")), name)


def parse(document: dict[str, Any], name: str) -> Pack:
    """Check a pack's document. Raises `ScenarioError` with the name and the key."""
    try:
        return Pack.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ScenarioError(f"{name}: {where}: {first['msg']}") from None


@dataclass(frozen=True)
class Opening:
    """What an opening knows, and nothing later."""

    id: str
    day: dt.date
    age_months: float
    labels: MappingProxyType[str, tuple[str, ...]]
    """Names along each dimension."""
    camp: tuple[str, ...]
    """By actor: the side whose land it counts as its own; empty for none."""
    agenda: Agenda
    size: FloatArray
    """[land] forts."""
    area: FloatArray
    """[land] km²."""
    held: FloatArray
    """[land] share that the first side holds."""
    taken: FloatArray
    """[side] forts taken lately."""
    seen: float
    """Weeks in which that was."""
    persons: FloatArray
    """[side] soldiers; 1 each where nothing is known of one."""
    losses: FloatArray
    """[side] log of casualties lately, relative to the usual; 0 where nothing is known."""
    talking: float
    """1 where the sides talk."""
    land_factor: FloatArray
    """[actor, land] of the model's prior of a land's weight."""
    priors: tuple[tuple[str, tuple[int, ...], Prior], ...]
    """Parameter, place in it, and what takes the place of the model's own prior there."""
    change: FloatArray
    """[side, week] 1 where a leader leaves whose departure was announced; a 0 more at the end."""
    deadline: FloatArray
    """[week] 1 in the weeks before a deadline that was set; a 0 more at the end."""


Dated = TypeVar("Dated", bound=Fact)


def known(facts: Sequence[Dated], day: dt.date) -> tuple[Dated, ...]:
    """Facts up to a day, oldest first; of one day, as the file has them."""
    return tuple(sorted((fact for fact in facts if fact.on <= day), key=lambda fact: fact.on))


def opened(pack: Pack, day: dt.date) -> Opening:
    """Open a pack on a day of its war. Raises `ScenarioError` for a day outside it."""
    if not pack.started <= day < pack.ended:
        raise ScenarioError(f"{pack.id} was fought from {pack.started} to {pack.ended}; it cannot open on {day}")
    asked = Asked(pack.id, pack.sides, pack.patrons, raised(pack.issues, day))
    size = np.array([land.forts for land in pack.lands])
    agenda = draw_up(asked, _lands(pack))
    stance = known(pack.stance, day)
    taken, seen = taken_lately(pack, day)
    return Opening(
        id=f"{pack.id}-{day}",
        day=day,
        age_months=(day - pack.started).days / DAYS_PER_MONTH,
        labels=_labels(pack, agenda),
        camp=(*(side.id for side in pack.sides), *(voice.of for voice in pack.voices)),
        agenda=agenda,
        size=size,
        area=np.array([land.km2 for land in pack.lands]),
        held=shares(pack, known(pack.held, day)),
        taken=taken,
        seen=seen,
        persons=_persons(pack, day),
        losses=_losses(pack, day),
        talking=float(talking(pack, day)),
        land_factor=_land_factor(pack, agenda, size, stance),
        priors=(*_worths(pack, agenda, stance), *_prices(pack), *_earnest(pack, day)),
        change=_changes(pack, day),
        deadline=_pressed(pack, day),
    )


@dataclass(frozen=True)
class Asked:
    """A war as an agenda asks of it."""

    id: str
    sides: tuple[Party, Party]
    patrons: tuple[Patron, ...]
    issues: tuple[Issue, ...]


def raised(issues: Sequence[Question], day: dt.date) -> tuple[Issue, ...]:
    """Issues with the options raised by a day; an issue of which only what stands was raised is not on the table."""
    told = (
        issue.model_copy(update={"options": tuple(option for option in issue.options if option.since <= day)})
        for issue in issues
    )
    return tuple(issue for issue in told if len(issue.options) > 1)


def _lands(pack: Pack) -> Lands:
    return Lands(
        id=tuple(land.id for land in pack.lands),
        name=tuple(land.name for land in pack.lands),
        row=np.arange(len(pack.lands)),
        whole=np.array([land.km2 for land in pack.lands]),
        behind=np.zeros(len(pack.lands)),
    )


def _labels(pack: Pack, agenda: Agenda) -> MappingProxyType[str, tuple[str, ...]]:
    return MappingProxyType(
        {
            "side": tuple(side.id for side in pack.sides),
            "actor": pack.actors,
            "patron": tuple(patron.id for patron in pack.patrons),
            "land": agenda.lands.id,
            "issue": tuple(issue.id for issue in agenda.issues),
            "option": agenda.label,
            "reading": READINGS,
        }
    )


def shares(pack: Pack, facts: Sequence[Held]) -> FloatArray:
    """First side's share of each land after some facts, the last word on each."""
    told = {land: share for fact in facts for land, share in fact.share.items()}
    return np.array([told[land.id] for land in pack.lands])


def taken_lately(pack: Pack, day: dt.date) -> tuple[FloatArray, float]:
    """Forts that each side took in the window before a day, [side], and the weeks that it spans.

    Moves are those from one fact to the next; of one that began before the window, all counts that ended in it.
    """
    size = np.array([land.forts for land in pack.lands])
    facts, since = known(pack.held, day), day - dt.timedelta(weeks=WINDOW)
    stood = np.array([shares(pack, facts[: k + 1]) for k in range(len(facts))])
    late = np.array([fact.on > since for fact in facts[1:]], dtype=bool)
    moved = (np.diff(stood, axis=0) * size)[late]
    taken = np.array([np.maximum(moved, 0.0).sum(), np.maximum(-moved, 0.0).sum()])
    return taken, min(float(WINDOW), (day - pack.started).days / 7)


def _latest(facts: Iterable[Dated]) -> Dated | None:
    return max(facts, key=lambda fact: fact.on, default=None)


def _persons(pack: Pack, day: dt.date) -> FloatArray:
    """Soldiers of each side, if both are known."""
    latest = [_latest(fact for fact in known(pack.force, day) if fact.side == side.id) for side in pack.sides]
    return np.array([force.persons if force and all(latest) else 1.0 for force in latest])


def _losses(pack: Pack, day: dt.date) -> FloatArray:
    persons, since = _persons(pack, day), day - dt.timedelta(weeks=WINDOW)
    told = np.zeros(len(pack.sides))
    for k, side in enumerate(pack.sides):
        loss = _latest(fact for fact in known(pack.loss, day) if fact.side == side.id and fact.on > since)
        if loss and persons[k] > 1:
            told[k] = np.log(loss.casualties / loss.weeks / persons[k] / USUAL_LOSSES)
    return np.clip(told, -FURTHEST_LOSSES, FURTHEST_LOSSES)


def talking(pack: Pack, day: dt.date) -> bool:
    """Whether the sides talk on a day."""
    told = known(pack.table, day)
    return told[-1].talking if told else False


def _earnest(pack: Pack, day: dt.date) -> list[tuple[str, tuple[int, ...], Prior]]:
    """What to think of talks at which something was agreed lately."""
    since = day - dt.timedelta(weeks=LATELY)
    lately = any(fact.agreed and fact.on > since for fact in known(pack.table, day))
    return [("talks.earnest_opening", (), EARNEST)] if lately and talking(pack, day) else []


def _worths(pack: Pack, agenda: Agenda, stance: Sequence[Stance]) -> list[tuple[str, tuple[int, ...], Prior]]:
    """What options are worth to actors that said something of them, or demand another."""
    said = {(fact.actor, fact.of): fact.says for fact in stance}
    told: list[tuple[str, tuple[int, ...], Prior]] = []
    for k, actor in enumerate(pack.actors):
        demands = {int(agenda.issue[o]) for o, of in enumerate(agenda.label) if said.get((actor, of)) == "demands"}
        for o, of in enumerate(agenda.label):
            says = said.get((actor, of), "drops")
            if says in WORTH:
                told.append(("preferences.worth", (k, o), WORTH[says]))
            elif int(agenda.issue[o]) in demands:
                told.append(("preferences.worth", (k, o), BESIDE))
    return told


def _prices(pack: Pack) -> list[tuple[str, tuple[int, ...], Prior]]:
    sides = [side.id for side in pack.sides]
    return [
        ("preferences.price", (sides.index(voice.of), len(sides) + k), VOICE_PRICE)
        for k, voice in enumerate(pack.voices)
        if voice.of
    ]


def _land_factor(pack: Pack, agenda: Agenda, size: FloatArray, stance: Sequence[Stance]) -> FloatArray:
    """Lands together weigh as much as all other issues; a land given up weighs less."""
    others = max(sum(not issue.territorial for issue in agenda.issues), 1)
    factor = np.tile(others * size / size.sum(), (len(pack.actors), 1))
    said = {(fact.actor, fact.of): fact.says for fact in stance}
    for k, actor in enumerate(pack.actors):
        for j, land in enumerate(pack.lands):
            factor[k, j] *= GIVEN_UP if said.get((actor, land.id)) in ("drops", "refuses") else 1.0
    return factor


def _week(day: dt.date, opening: dt.date) -> int:
    """Week from the opening, from 0, that a day belongs to."""
    return ((day - opening).days - 1) // 7


def _changes(pack: Pack, day: dt.date) -> FloatArray:
    weeks = np.zeros((len(pack.sides), AHEAD + 1))
    for fact in known(pack.change, day):
        week = _week(fact.due, day)
        if 0 <= week < AHEAD:
            weeks[[side.id for side in pack.sides].index(fact.side), week] = 1.0
    return weeks


def _pressed(pack: Pack, day: dt.date) -> FloatArray:
    weeks = np.zeros(YEAR + 1)
    for deadline in pack.deadlines:
        week = _week(deadline.on, day)
        if deadline.announced <= day and week >= 0:
            weeks[max(week + 1 - PRESSING, 0) : min(week + 1, YEAR)] = 1.0
    return weeks
