"""A scenario: one question put to the model, as a file that a person can read.

A scenario names its war; the war file says who fights, where the front's axes and towns are, which records follow it,
and which numbers are known since when. Both are TOML. A number is `[[value]]` with `name` (`subsystem.parameter`, with
`[side]`, `[item]` or `[side,item]`), `low`, `mid`, `high` (5/50/95 %), `unit`, `known_on`, `source`, `trust`. On the
opening date the latest number known by then counts; where none was known, the wide prior declared in the model does.
A `[[record]]` ties a parameter to a series of the evidence; what it reads on an opening date is a number like those,
known since the last observation that it is made from (see `Record` and `scenario/record.py`). A `[[fused]]` ties a
parameter to several series, whose claims are fused into one number; where enough are known by the opening it stands in
place of the war's own numbers of that name (see `Fused` and `scenario/fused.py`). A `[[reported]]` says which
quantities of a simulated war a series reports, so that the two can be held against each other (see `Reported` and
`study/monthly.py`).
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ceasefire.evidence.error import CeasefireError, suggestion

LIBRARY = Path(__file__).parent / "library"
LARGEST_FILE = 4 * 2**20
NAME = re.compile(r"[a-z_]+\.[a-z_]+(\[ *[\w-]+ *(, *[\w-]+ *)*\])?")
IDENTIFIER = r"^\w[\w.-]{0,59}$"
SERIES = r"^([a-z0-9_]+(\.[a-z0-9_]+)+)?$"
CLAIMED = r"^[a-z0-9_]+(\.[a-z0-9_]+)+\.?$"
"""A series, or the stem of a low, a mid and a high."""
LABEL = r"^[A-Za-z0-9_]{1,24}$"
PERSONNEL = "personnel"
"""The item that claims of people go by."""
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Whole = Annotated[int, Field(strict=True)]


NO_CALIBRATION = "none"


class ScenarioError(CeasefireError):
    """A scenario is unknown, unreadable, or says something that the model cannot take."""


class Strict(BaseModel):
    """A table of a scenario file; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Trade(Strict):
    """Monthly series that the revenue from a side's oil is explained by."""

    brent: str = Field(pattern=SERIES, min_length=1, max_length=120)
    """Price of Brent, USD a barrel."""
    price: str = Field(pattern=SERIES, min_length=1, max_length=120)
    """Price that its oil is taxed at, USD a barrel."""
    exchange: str = Field(pattern=SERIES, min_length=1, max_length=120)
    """Local currency per dollar."""
    volume: str = Field(pattern=SERIES, min_length=1, max_length=120)
    """Crude and products exported; months without a figure are interpolated."""
    currency: str = Field("LCU", pattern=r"^[A-Z]{3}$")


class Side(Strict):
    """One belligerent."""

    id: str = Field(pattern=r"^\w{1,12}$")
    name: str = Field(max_length=60)
    country: str = Field("", max_length=8)
    """Code of the country whose land lies behind its own border."""
    claims: str = Field("", max_length=60)
    """Prefix of the series of its losses as the enemy claims them; empty where there is none."""
    supply: tuple[str, ...] = ()
    """Towns where supply enters."""
    collection: str = Field("", pattern=SERIES, max_length=120)
    """Monthly series of the taxes on its oil, whose season collection follows; empty for an even flow."""
    trade: Trade | None = None
    """What the taxes on its oil come from, month by month."""

    @model_validator(mode="after")
    def _taxed(self) -> Side:
        if self.trade is not None and not self.collection:
            raise ValueError("trade explains taxes on oil; name their series as `collection` beside it")
        return self


class Item(Strict):
    """A kind of equipment."""

    id: str = Field(pattern=r"^[a-z_]{1,20}$")
    name: str = Field(max_length=60)
    role: Literal["", "armour", "gun"] = ""
    """What it is to the fighting, where the model has a word for it."""

    @field_validator("id")
    @classmethod
    def _is_equipment(cls, name: str) -> str:
        if name == PERSONNEL:
            raise ValueError(f"{PERSONNEL!r} stands for people; equipment needs another name")
        return name


class Patron(Strict):
    """A state, or several that act together, that helps one side."""

    id: str = Field(pattern=r"^\w{1,12}$")
    name: str = Field(max_length=60)
    supports: str = Field(pattern=r"^\w{1,12}$")
    """Id of the side that it helps."""
    elections: tuple[dt.date, ...] = Field((), max_length=40)
    """National elections whose days the law fixes, so that they are known long before."""


class Talks(Strict):
    """Talks between the sides that were announced for a day."""

    on: dt.date
    announced: dt.date
    source: str = Field(min_length=3)

    @model_validator(mode="after")
    def _ahead(self) -> Talks:
        if self.announced > self.on:
            raise ValueError(f"talks on {self.on} were announced on {self.announced}, which is after them")
        return self


class Deadline(Strict):
    """A day by which an agreement was demanded."""

    on: dt.date
    announced: dt.date
    source: str = Field(min_length=3)

    @model_validator(mode="after")
    def _ahead(self) -> Deadline:
        if self.announced > self.on:
            raise ValueError(f"the deadline {self.on} was set on {self.announced}, which is after it")
        return self


class Land(Strict):
    """An area that an agreement can name."""

    id: str = Field(pattern=LABEL)
    name: str = Field(max_length=60)
    oblasts: tuple[str, ...] = Field(default=(), max_length=40)
    """First-level divisions that it is made of, as the geography names them."""
    axes: tuple[str, ...] = Field(default=(), max_length=40)
    """Or axes of the front; then it is what of them lies in the theatre."""

    @model_validator(mode="after")
    def _of_something(self) -> Land:
        if bool(self.oblasts) == bool(self.axes):
            raise ValueError(f"land {self.id} is made of oblasts, or of axes of the front: name one or the other")
        return self


class Option(Strict):
    """A way to settle an issue, and who took it for a position."""

    id: str = Field(pattern=LABEL)
    name: str = Field(max_length=120)
    source: str = Field(default="elicited", min_length=3)
    lands: dict[str, str] = Field(default_factory=dict, max_length=40)
    """By land: the side that gets what the other holds of it, or `demilitarised` where both keep what they hold without
    arms, `SIDE-demilitarised` where one does."""
    depth_km: Number = Field(default=0.0, ge=0, le=200)
    """Depth of the zone between the armies, both sides of the line together."""
    guarantees: dict[str, Number] = Field(default_factory=dict, max_length=12)
    """By patron: strength of what it promises to keep the agreement, 0 to 1."""
    relief: Number = Field(default=0.0, ge=0, le=1)
    """Share of sanctions that is lifted."""
    settles: bool = False
    """The agreement settles the war; otherwise it stops the fighting first."""
    excludes: tuple[str, ...] = Field(default=(), max_length=40)
    """Options of other issues, `issue-option`, that cannot stand in the same package."""
    needs: tuple[str, ...] = Field(default=(), max_length=40)
    """Options of other issues of which one must stand in the same package."""

    @field_validator("guarantees")
    @classmethod
    def _shares(cls, strength: dict[str, float]) -> dict[str, float]:
        if any(not 0 <= part <= 1 for part in strength.values()):
            raise ValueError("the strength of a guarantee is a number from 0 to 1")
        return strength


class Issue(Strict):
    """Something that is bargained over."""

    id: str = Field(pattern=LABEL)
    name: str = Field(max_length=120)
    rider: bool = False
    """Settled last, as suits the rest; a rider carries worth alone."""
    status_quo: str
    """Option that stands where nothing is agreed."""
    options: tuple[Option, ...] = Field(min_length=1, max_length=12)

    @model_validator(mode="after")
    def _consistent(self) -> Issue:
        _once(tuple(option.id for option in self.options))
        if self.status_quo not in [option.id for option in self.options]:
            raise ValueError(f"issue {self.id}: status_quo {self.status_quo!r} is none of its options")
        inert = all(
            not (o.lands or o.depth_km or o.guarantees or o.relief or o.settles or o.excludes or o.needs)
            for o in self.options
        )
        if self.rider and not inert:
            raise ValueError(
                f"issue {self.id} is a rider: its options carry worth alone, no land, zone, rule or promise"
            )
        return self

    @property
    def territorial(self) -> bool:
        """Whether it is about land."""
        return any(option.lands for option in self.options)


class Voice(Strict):
    """An actor beside the two leaders who has to be listened to."""

    id: str = Field(pattern=r"^\w{1,20}$")
    name: str = Field(max_length=60)
    kind: Literal["public", "patron", "mediator"]
    of: str = ""
    """Side whose land it counts as its own; none for a mediator."""

    @model_validator(mode="after")
    def _sided(self) -> Voice:
        if (self.kind == "public") and not self.of:
            raise ValueError(f"voice {self.id} is a public; name the side that it is the public `of`")
        return self


class Poll(Strict):
    """A question that one pollster asks, and what it says of a side's opinion.

    A poll's figure is the share of those who answer one way or the other: series / (series + against).
    """

    side: str = Field(pattern=r"^\w{1,12}$")
    question: Literal["talks", "concession"]
    series: str = Field(pattern=SERIES, min_length=1, max_length=120)
    """Per cent who want talks, or would accept a concession; of an `inverse` poll, those who would not."""
    against: str = Field("", pattern=SERIES, max_length=120)
    """Per cent who hold the contrary; 100 less the first where none is named."""
    size: str = Field("", pattern=SERIES, max_length=120)
    """People asked."""
    inverse: bool = False

    @model_validator(mode="after")
    def _apart(self) -> Poll:
        if self.series in (self.against, self.size):
            raise ValueError(f"{self.series}: against and size are series of their own")
        return self

    @property
    def pollster(self) -> str:
        """Who asked, and what, as the name of the series has it."""
        return self.series.rpartition(".")[0]


class Garrison(Strict):
    """A defended town, or several, that can be besieged."""

    name: str = Field(pattern=IDENTIFIER)
    towns: tuple[str, ...] = Field(min_length=1)
    """Towns of the supply graph."""

    @field_validator("towns")
    @classmethod
    def _once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return _once(names)


class Theatre(Strict):
    """Which cells the war is fought on: a rule, not a list."""

    reach_km: Number = Field(ge=3, lt=400)
    """Land cells this near the opening line."""
    border_axes: tuple[str, ...] = ()
    """Axes on which a side may open a front across its own border."""
    border_reach_km: Number = Field(15.0, ge=0, lt=200)
    towns: tuple[str, ...] = ()
    garrisons: tuple[Garrison, ...] = ()

    @field_validator("border_axes", "towns")
    @classmethod
    def _once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return _once(names)

    @field_validator("garrisons")
    @classmethod
    def _apart(cls, garrisons: tuple[Garrison, ...]) -> tuple[Garrison, ...]:
        _once(tuple(garrison.name for garrison in garrisons))
        return garrisons


class Named(Strict):
    """What a number is for, in what unit, and who says so."""

    name: str
    unit: str
    source: str = Field(min_length=3)
    trust: Literal["A", "B", "C", "D"] = "D"

    @field_validator("name")
    @classmethod
    def _well_formed(cls, name: str) -> str:
        if not NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a variable; write subsystem.parameter[side,item]")
        return name

    @field_validator("source")
    @classmethod
    def _sourced(cls, source: str) -> str:
        if len(source.strip()) < 3:
            raise ValueError("a source is needed; write `elicited` where it is judgement")
        return source

    @property
    def variable(self) -> str:
        """The name without its index."""
        return split(self.name)[0]

    @property
    def index(self) -> tuple[str, ...]:
        """Labels of the index, () for all."""
        return split(self.name)[1]


def split(name: str) -> tuple[str, tuple[str, ...]]:
    """A name without its index, and the labels of the index."""
    variable, _, inside = name.rstrip("]").partition("[")
    return variable, tuple(part.strip() for part in inside.split(",") if part.strip())


class Value(Named):
    """A number of the scenario, with its uncertainty, its source and the day since when it is known."""

    low: Number
    mid: Number
    high: Number
    known_on: dt.date
    note: str = ""

    @model_validator(mode="after")
    def _ordered(self) -> Value:
        if not self.low <= self.mid <= self.high:
            raise ValueError(f"{self.name}: low ≤ mid ≤ high is needed, found {self.low}, {self.mid}, {self.high}")
        return self


class Record(Named):
    """A parameter that follows a series of the evidence, so that an opening on any day reads it as known then.

    `source` says why the series stands for the parameter.
    """

    series: str = Field(pattern=SERIES, min_length=1, max_length=120)
    per: str = Field("", pattern=SERIES, max_length=120)
    """A second series; the number is then the sum of the first over the sum of the second, on the days of both."""
    last: Whole = Field(1, ge=1, le=520)
    """Of how many observations the mean is taken, the latest first; at least half of them must be known."""
    within: Whole = Field(366, ge=1, le=3660)
    """Observations of events longer before the opening than this many days do not count."""
    factor: Number = Field(1.0, gt=0)
    """What turns the series into the unit of the parameter."""
    low: Number
    """5 % point: a factor on the middle; on its odds for a share; added to it for a signed parameter."""
    high: Number
    """95 % point, likewise."""


class Line(Strict):
    """A series of claims about one number."""

    series: str = Field(pattern=CLAIMED, min_length=1, max_length=120)
    """A name that ends in a dot stands for its `low`, `mid` and `high`: claims with a band of their own."""
    factor: Number = Field(1.0, gt=0)
    """What turns the series into the unit of the parameter."""
    kind: Literal["point", "floor", "ceiling"] = "point"
    scope: Number = Field(0.0, ge=0, le=3)
    """Sd, on the log scale, for a claim about not quite the same thing."""
    since_new_year: bool = False
    """A total since 1 January; what counts is the mean of a week."""
    origin: str = Field("", max_length=60)
    """Common origin of all its claims, and of those of other lines that name it."""
    note: str = Field("", max_length=300)
    """What else than the number it is about."""


class Leg(Strict):
    """A stock balance: what came in and what went out over some days that end with the event told of."""

    days: Whole = Field(ge=1, le=3660)
    inflow: Line | None = None
    outflow: Line | None = None
    spread: Number = Field(gt=0, le=5)
    """Sd of the balance, as a share of all that came in and went out."""
    source: str = Field(min_length=3)

    @model_validator(mode="after")
    def _of_something(self) -> Leg:
        if self.inflow is None and self.outflow is None:
            raise ValueError("a balance needs an inflow, an outflow or both")
        return self


class Fused(Named):
    """A parameter that many claims are about, fused into one number (`evidence/fuse.py`).

    `source` says why the claims stand for the parameter.
    """

    lines: tuple[Line, ...] = Field(min_length=1, max_length=20)
    balances: tuple[Leg, ...] = Field((), max_length=6)
    within: Whole = Field(732, ge=1, le=3660)
    """Claims about days longer before the opening than this many do not count."""
    least: Whole = Field(2, ge=1, le=100)
    """With fewer claims of different origin than this there is no number: the war's own, or the prior, stand."""
    topic: str = Field("", max_length=20)
    """What the claims are about, as `evidence/fuse.py` names it."""
    walk: Number = Field(0.15, ge=0, le=5)
    """Sd by which the quantity wanders in a year, on the log scale (log odds of a share)."""
    drift: Number = Field(0.0, ge=0, le=5)
    """Sd of a steady trend, a year."""

    @field_validator("lines")
    @classmethod
    def _apart(cls, lines: tuple[Line, ...]) -> tuple[Line, ...]:
        _once(tuple(line.series for line in lines))
        return lines


class Reported(Strict):
    """A series of the evidence, and the quantities of a simulated war that it reports."""

    name: str = Field(min_length=1, max_length=80)
    """Title of the series, for people."""
    series: str = Field(pattern=SERIES, min_length=1, max_length=120)
    per: str = Field("", pattern=SERIES, max_length=120)
    """A second series; what is reported is then the first over the second."""
    unit: str = Field(min_length=1, max_length=20)
    kind: Literal["weeks", "total", "mean", "day"]
    """What the series tells of: a flow, every week; a month's total of a flow; a month's mean of a level; a level as it
    stood on a day."""
    of: tuple[str, ...] = Field(min_length=1)
    """Quantities that add up to it, in what is simulated; over labels that are left out they add up too."""
    of_per: tuple[str, ...] = ()
    """Quantities that add up to the second series."""
    factor: Number = Field(1.0, gt=0)
    """What turns the quantities into the unit of the report."""

    @field_validator("of", "of_per")
    @classmethod
    def _well_formed(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not NAME.fullmatch(name):
                raise ValueError(f"{name!r} is no name of a quantity; write subsystem.quantity[side,weapon]")
        return _once(names)

    @model_validator(mode="after")
    def _of_both(self) -> Reported:
        if bool(self.per) != bool(self.of_per):
            raise ValueError(f"{self.name}: per and of_per are both needed for a ratio, and neither otherwise")
        return self


class War(Strict):
    """What does not depend on the day: who fights, where, since when, and every number with the day it became known."""

    id: str = Field(pattern=IDENTIFIER)
    title: str = Field(max_length=200)
    started: dt.date
    sides: tuple[Side, Side]
    items: tuple[Item, ...] = Field(min_length=1, max_length=20)
    theatre: Theatre
    patrons: tuple[Patron, ...] = Field((), max_length=12)
    talks: tuple[Talks, ...] = Field((), max_length=400)
    deadlines: tuple[Deadline, ...] = Field((), max_length=100)
    polls: tuple[Poll, ...] = Field((), max_length=40)
    lands: tuple[Land, ...] = Field((), max_length=24)
    issues: tuple[Issue, ...] = Field((), max_length=24)
    voices: tuple[Voice, ...] = Field((), max_length=12)
    value: tuple[Value, ...] = ()
    record: tuple[Record, ...] = ()
    fused: tuple[Fused, ...] = ()
    reported: tuple[Reported, ...] = ()

    @field_validator("sides", "items", "patrons", "lands", "issues", "voices")
    @classmethod
    def _apart(cls, parts: tuple[Any, ...]) -> tuple[Any, ...]:
        _once(tuple(part.id for part in parts))
        return parts

    @model_validator(mode="after")
    def _of_sides(self) -> War:
        sides = [side.id for side in self.sides]
        named = [(f"patron {patron.id} supports", patron.supports) for patron in self.patrons]
        named += [(f"poll {poll.series} is of", poll.side) for poll in self.polls]
        named += [(f"voice {voice.id} is of", voice.of) for voice in self.voices if voice.of]
        stray = next((f"{what} {side!r}" for what, side in named if side not in sides), None)
        if stray:
            raise ValueError(f"{stray}, which is no side; there are {', '.join(sides)}")
        _once(tuple(poll.series for poll in self.polls))
        _once((*sides, *(patron.id for patron in self.patrons)))
        _once((*sides, *(voice.id for voice in self.voices)))
        return self

    @field_validator("fused")
    @classmethod
    def _by_name(cls, listed: tuple[Fused, ...]) -> tuple[Fused, ...]:
        _once(tuple(entry.name for entry in listed))
        return listed

    @field_validator("reported")
    @classmethod
    def _by_title(cls, listed: tuple[Reported, ...]) -> tuple[Reported, ...]:
        _once(tuple(entry.name for entry in listed))
        return listed


class Scenario(Strict):
    """A war, opened on a day, with a question."""

    id: str = Field(pattern=IDENTIFIER)
    title: str = Field(max_length=200)
    question: str = Field(max_length=600)
    opening: dt.date
    war: War
    background: tuple[str, ...] = ()
    """What was said of the situation at the time, each with its source."""
    value: tuple[Value, ...] = ()
    record: tuple[Record, ...] = ()
    fused: tuple[Fused, ...] = ()
    calibration: str = Field("", max_length=4096)
    """Folder of the war's calibrations; empty for the shipped ones, `none` for none."""

    @model_validator(mode="after")
    def _in_order(self) -> Scenario:
        if self.war.started >= self.opening:
            raise ValueError(f"the war started on {self.war.started}, which is not before the opening, {self.opening}")
        return self

    def known_values(self, recorded: tuple[Value, ...] = (), fused: tuple[Value, ...] = ()) -> tuple[Value, ...]:
        """Numbers known by the opening, oldest first; of a day, the war's, then those `recorded`, then its own.

        A number that was `fused` stands in place of the war's numbers of that name.
        """
        instead = {entry.name for entry in fused}
        own = [v for v in self.war.value if v.name not in instead]
        known = [v for v in (*own, *recorded, *fused, *self.value) if v.known_on <= self.opening]
        return tuple(sorted(known, key=lambda v: v.known_on))

    def records(self) -> tuple[Record, ...]:
        """Parameters that follow a series, the scenario's own after the war's."""
        return (*self.war.record, *self.record)

    def fusions(self) -> tuple[Fused, ...]:
        """Parameters that many claims are fused into; the scenario's own take the place of the war's."""
        own = {entry.name for entry in self.fused}
        return (*(entry for entry in self.war.fused if entry.name not in own), *self.fused)

    def on(self, day: dt.date) -> Scenario:
        """The same war opened on another day, from what was known then."""
        return self.model_copy(
            update={
                "id": f"{self.war.id}-{day}",
                "title": f"{self.war.title}, opened on {day}",
                "question": f"What becomes of the war from {day} on, as far as could be known on that day?",
                "opening": day,
                "background": (),
            }
        )


def scenarios() -> tuple[str, ...]:
    """Names of the shipped scenarios."""
    return tuple(sorted(path.stem for path in LIBRARY.glob("*.toml")))


def load(name: str | Path) -> Scenario:
    """A shipped scenario by name, or a scenario file by path.

    Raises `ScenarioError` where there is none, or where it cannot be read; the text names the file and the key.
    """
    path = Path(name)
    if path.suffix != ".toml":
        path = LIBRARY / f"{name}.toml"
        if str(name) not in scenarios():
            known = ", ".join(scenarios())
            raise ScenarioError(
                f"unknown scenario {str(name)!r}{suggestion(str(name), scenarios())}; there are: {known}"
            )
    return parse(_read(path), path)


def parse(document: dict[str, Any], path: Path) -> Scenario:
    """Check a scenario document; a war given by name is looked for in the library, by path beside the file."""
    war = document.get("war")
    try:
        if isinstance(war, str):
            document = {**document, "war": War.model_validate(_read(_war_file(war, path)))}
        return _beside(Scenario.model_validate(document), path)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])[:120]
        found = f"; found {first['input']!r}"[:90] if isinstance(first["input"], _PLAIN) else ""
        raise ScenarioError(_one_line(f"{path.name}: {where}: {first['msg']}{found}")) from None
    except (TypeError, RecursionError) as error:
        raise ScenarioError(_one_line(f"{path.name}: {error}")) from None


_PLAIN = (str, int, float, dt.date, dt.time)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names of which none stands twice."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{', '.join(twice)[:80]} stands twice")
    return names


def _beside(scenario: Scenario, path: Path) -> Scenario:
    """The scenario with the folder of its calibrations, which lies beside the file and nowhere else."""
    asked = scenario.calibration
    if asked in ("", NO_CALIBRATION):
        return scenario
    if Path(asked).name != asked or asked in (".", "..") or "\0" in asked:
        raise ScenarioError(f"{path.name}: calibration: {asked[:80]!r} is no name of a folder beside the file")
    return scenario.model_copy(update={"calibration": str(path.parent / asked)})


def _war_file(war: str, path: Path) -> Path:
    """Where a named war is: in the library, or beside the scenario if the name ends in .toml; never elsewhere."""
    name = Path(war).name
    if not name or name in (".", "..") or "\0" in name:
        raise ScenarioError(f"{path.name}: war: {war!r} is no name of a war; there is 'russia-ukraine'")
    home = path.parent if name.endswith(".toml") else LIBRARY / "wars"
    return home / (name if name.endswith(".toml") else f"{name}.toml")


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ScenarioError(f"{path.name} is larger than {LARGEST_FILE // 2**20} MB; a scenario is a short file")
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(_one_line(f"{path.name} is not valid TOML: {error}")) from None
    except (OSError, ValueError, RecursionError) as error:
        raise ScenarioError(_one_line(f"cannot read the scenario {str(path)[-200:]!r}: {error}")) from None
