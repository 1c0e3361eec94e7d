"""What the page is told: every reply of the API, with its units. The page's types are made from these.

Probabilities are shares of runs, 0 to 1. A week counts from the opening, which is week 0; `dates[week]` is its last
day. Intervals called `low` and `high` are 95 % unless their field says otherwise. Maps travel as bytes (`atlas.py`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class Reply(BaseModel):
    """Base of replies and requests: nothing unknown, nothing changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Named(Reply):
    """A key that other replies use, and its name in words."""

    key: str
    name: str


class Problem(Reply):
    """Why a request was refused: what was asked, what was found, what would do."""

    error: str


# ------------------------------------------------------------------------------------------------------------- the war


class War(Reply):
    """What is being looked at, and whether its forecast is there yet."""

    scenario: str
    title: str
    question: str
    background: list[str]
    opening: str
    ready: bool
    """False while the forecast is still being made: then only the fields above and `forecast_job` are filled."""
    forecast_job: str | None = None
    sentences: list[str] = []
    """The answer: three sentences."""
    weeks: int = 0
    dates: list[str] = []
    horizons: list[int] = []
    sides: list[Named] = []
    """First and second side."""
    axes: list[Named] = []
    runs: int = 0
    failed_runs: int = 0
    seed: int = 0
    version: str = ""
    fingerprint: str = ""
    evidence_as_of: str = ""
    command: str = ""
    """What to type to get the same result."""
    borders: str = ""
    """Whose borders the map draws, in words."""
    unknown: list[str] = []
    """What the model does not know, in words."""


# ------------------------------------------------------------------------------------------------------------- the map


class Place(Reply):
    """A town of the scenario, or a city for orientation."""

    name: str
    longitude: float
    latitude: float
    population: int | None = None
    holder: str | None = None
    """Key of the side that holds it at the opening; None for a city that is only drawn."""
    changed: list[float] = []
    """Share of runs in which it has changed hands by week."""


class Sector(Reply):
    """A sector of the front: where its name stands, and its outline."""

    key: str
    name: str
    longitude: float
    latitude: float
    outline: list[list[tuple[float, float]]]
    """Rings of longitude and latitude."""


class Line(Reply):
    """A line on the map: a road, a river, a coast, a border."""

    name: str
    kind: Literal["road", "railway", "river", "border", "region", "coast"]
    points: list[tuple[float, float]]
    cut: list[float] = []
    """Of roads: share of runs in which it carries nothing for its side, by week."""


class Map(Reply):
    """What is drawn beneath and above the cells."""

    cells: int
    west: float
    east: float
    south: float
    north: float
    towns: list[Place]
    cities: list[Place]
    sectors: list[Sector]
    lines: list[Line]
    observed: list[str]
    """Days on which control was mapped, oldest first; none after the opening."""
    attribution: list[str]


# --------------------------------------------------------------------------------------------------------- the futures


class Fan(Reply):
    """Quantiles of a quantity by week."""

    key: str
    group: Literal["area", "losses", "stocks", "power", "revenue", "opinion", "aid", "talks", "strikes"]
    label: str
    of: str
    """Whose or of what, such as `Russia` or `Pokrovsk`; empty where there is but one."""
    unit: str
    q05: list[float | None]
    q25: list[float | None]
    q50: list[float | None]
    q75: list[float | None]
    q95: list[float | None]


class Curve(Reply):
    """A share of runs by week."""

    key: str
    label: str
    share: list[float]


class Futures(Reply):
    """Fans, endings and states by week."""

    fans: list[Fan]
    endings: list[Curve]
    """Share of runs whose first end was of a kind, by week."""
    base_rate: list[float | None]
    """Share of past wars of this age that would have ended, by week; empty where unknown."""
    states: list[Curve]
    """Share of runs in each state, relapses included."""


class Runs(Reply):
    """All runs, as columns, to pick one from."""

    run: list[int]
    ending: list[str]
    """Kind of the first ending; `none` where there is none by the horizon."""
    ending_week: list[int | None]
    gained: list[float]
    """km² that the first side holds at the horizon beyond the opening."""
    losses: list[list[float]]
    """[side][run] killed or seriously wounded by the horizon."""
    towns: list[int]
    """Towns in other hands than at the opening at the horizon."""


class Happening(Reply):
    """Something that happened in one run."""

    week: int
    date: str
    kind: str
    text: str


class Run(Reply):
    """One run as a dated list of events, and a few of its numbers by week."""

    run: int
    happenings: list[Happening]
    gained: list[float]
    losses: list[list[float]]
    """[side][week] since the opening."""
    phase: list[str]


# ------------------------------------------------------------------------------------------------------------ the deal


class Stance(Reply):
    """One side at the table, 5, 50 and 95 % of runs still at war."""

    side: str
    least: tuple[float, float, float]
    """The least that it would accept; its own aims in full are 1."""
    fighting_on: tuple[float, float, float]
    standing: tuple[float, float, float]
    surplus: tuple[float, float, float]
    """Of the package that is best for the worse-off side."""


class Sitting(Reply):
    """The table after some weeks."""

    week: int
    date: str
    zone: float
    """Share of runs still at war in which some package is better for both than fighting on."""
    low: float
    high: float
    size: tuple[float, float, float]
    """Largest that the smaller of both surpluses can be, 5, 50 and 95 %."""
    lasting: tuple[float, float, float]
    earnest: float
    stances: list[Stance]


class Clause(Reply):
    """What an agreement says on an issue."""

    issue: str
    option: str
    share: float


class Agreed(Reply):
    """A package that runs agreed on."""

    clauses: list[str]
    runs: int
    share: float
    low: float
    high: float


class Deal(Reply):
    """What the runs say of agreements; the zone at the opening itself is a job of kind `zone`."""

    agreements: int
    runs: int
    sittings: list[Sitting]
    clauses: list[Clause]
    packages: list[Agreed]
    line_as_held: float | None
    holds_a_year: float | None
    resumed: float | None


# ------------------------------------------------------------------------------------------------------------- what if


class Axis(Reply):
    """A dimension of a lever, and the labels it takes."""

    name: str
    labels: list[Named]


class Lever(Reply):
    """Something that can be decreed."""

    name: str
    kind: str
    unit: str
    doc: str
    source: str
    axes: list[Axis]
    low: float | None
    """Bounds of what it can be."""
    high: float | None
    factor: bool
    """False where only a number or a shift makes sense."""


class Levers(Reply):
    """The list of variables, and how a decree is written."""

    grammar: str
    levers: list[Lever]
    suggestions: list[str]
    """Decrees to begin with."""


# ------------------------------------------------------------------------------------------------------------- evidence


class Said(Reply):
    """A claim or a reading behind numbers of the war."""

    id: str
    text: str
    value: str
    unit: str
    date: str
    published: str
    source: str
    """Key of its source."""
    grade: str
    verdict: str
    """What the record says of it; empty where it was not checked."""
    feeds: list[str]
    """Numbers of the war that rest on it."""


class Origin(Reply):
    """A source."""

    key: str
    name: str
    citation: str
    url: str
    licence: str
    side: str
    grade: str
    rows: int
    """Dated rows of the record that it gives."""
    feeds: list[str]
    droppable: bool
    """Whether a job of kind `influence` can drop it."""


class Evidence(Reply):
    """What is known, and who says so."""

    as_of: str
    sources: list[Origin]
    claims: list[Said]


# ---------------------------------------------------------------------------------------------------------------- score


class Skill(Reply):
    """How much better than a rival, by target: 1 is perfect, 0 no better, below 0 worse."""

    target: str
    horizon: str
    rival: str
    skill: float
    low: float
    high: float
    """80 % interval over openings."""


class Coverage(Reply):
    """How often intervals held what came."""

    family: str
    inside_50: float
    inside_90: float
    forecasts: int


class Bar(Reply):
    """A class of a calibration histogram."""

    low: float
    high: float
    share: float


class Graded(Reply):
    """A sealed forecast, as far as its day has come."""

    file: str
    title: str
    opening: str
    seal: str
    statements: int
    reached: int
    inside_90: float | None
    totals: dict[str, float | int | None]


class Score(Reply):
    """How well the same program did on days it could not see."""

    made: str
    """What it was made with, in words."""
    verdict: list[str]
    skills: list[Skill]
    coverage: list[Coverage]
    pit: list[Bar]
    sealed: list[Graded]
    adds_nothing: list[str]
    """Where the model adds nothing to statistics."""


# ----------------------------------------------------------------------------------------------------------------- jobs

Kind = Literal["forecast", "replay", "whatif", "zone", "terms", "influence", "article"]
Phase = Literal["queued", "running", "done", "failed", "cancelled"]


class Replay(Reply):
    """Fight one run of the forecast again, for its map."""

    kind: Literal["replay"]
    run: int = Field(ge=0, lt=10_000_000)


class WhatIf(Reply):
    """Fight the same wars with and without decrees."""

    kind: Literal["whatif"]
    title: str = Field("", max_length=200)
    do: list[str] = Field(min_length=1, max_length=40)
    given: list[str] = Field([], max_length=40)
    runs: int = Field(256, ge=2, le=4096)
    weeks: int = Field(52, ge=1, le=156)
    seed: int = Field(1, ge=0, lt=2**53)
    surprise: bool = False


class Zone(Reply):
    """Weigh all packages at the opening."""

    kind: Literal["zone"]
    do: list[str] = Field([], max_length=40)
    runs: int = Field(512, ge=2, le=4096)
    top: int = Field(20, ge=1, le=100)


class Terms(Reply):
    """Draw a package on the map of the opening."""

    kind: Literal["terms"]
    package: str = Field(max_length=400)


class Influence(Reply):
    """Drop sources, and see what that does to the forecast."""

    kind: Literal["influence"]
    source: str = Field(max_length=300)
    runs: int = Field(128, ge=2, le=1024)


class Article(Reply):
    """Read an article and hold it against the record."""

    kind: Literal["article"]
    text: str = Field(min_length=1, max_length=200_000)
    published: str | None = Field(None, max_length=10)


class Forecast(Reply):
    """Make the forecast that the page rests on. The server asks for it by itself; a page cannot."""

    kind: Literal["forecast"]
    runs: int = Field(2000, ge=1, le=1_000_000)
    weeks: int = Field(52, ge=1, le=520)
    seed: int = Field(1, ge=0, lt=2**53)


Request = Replay | WhatIf | Zone | Terms | Influence | Article
ASKED: TypeAdapter[Request | Forecast] = TypeAdapter(Annotated[Request | Forecast, Field(discriminator="kind")])
"""Everything that can be asked of the machine, by page or server."""


class Job(Reply):
    """A job, as it stands."""

    id: str
    kind: Kind
    title: str
    phase: Phase
    asked: dict[str, Any]
    """The request."""
    created: str
    done: int = 0
    total: int = 0
    """How many parts are done, of how many; both 0 where that is not known."""
    note: str = ""
    """What is known so far, in a sentence."""
    error: str = ""
    """Why it failed: what was asked, what was found, what would do."""
    ahead: int = 0
    """Jobs that come before it."""
    result: dict[str, Any] | None = None
    """Of a job that is done and asked for by itself."""
    map: Literal["", "control", "difference"] = ""
    """What `/api/jobs/{id}/map` has: control of a replayed run, difference of a what-if, or nothing."""


class Jobs(Reply):
    """All jobs, the latest first."""

    jobs: list[Job]


class File(Reply):
    """A file to take away."""

    name: str
    what: str
    type: str
    url: str


class Files(Reply):
    """Files to take away."""

    files: list[File]
