"""One reading of a figure: whose, of what category, with what status, and which series hold it; topics as sets of them.

A claim that names a scope is held to it; a number that fails there and holds in a scope next to it is conflated.
Scopes of losses and strikes are spelled out in `toll`, all others in data/scopes.csv, one a line.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from importlib import resources

FORMS = ("total", "flow", "mean", "to_date", "point")
"""total: a running total, whose difference is a flow; flow: a count per row's interval; mean: a price or rate,
averaged; to_date: a sum since 1 January; point: dated estimates, taken near the day."""


@dataclass(frozen=True)
class Scope:
    """One thing that a figure may be about."""

    side: str
    category: str
    status: str
    form: str
    unit: str
    """`count`, `percent`, `USD`, `EUR`, `RUB`, `UAH`, `GW`, `h`, `USD/bbl`, `RUB/USD`, `UAH/USD`, `mb/d`, `ratio`."""
    names: tuple[str, ...]
    """Series whose sum it is."""
    says: str
    """In words, for the reader."""
    scale: float = 1.0
    """What a value on record is multiplied by to be in `unit`."""
    per: str | None = None
    """`day`, `month` or `yr` where a point on record is a rate."""
    floor: bool = False
    """What is on record is a lower bound."""
    share: str | None = None
    """Series `NAME.low`, `.mid`, `.high`: fractions that the sum is multiplied by."""
    particular: bool = False
    """One decision, tranche or estimate among many: it confirms a number and contradicts none."""
    reach: int = 200
    """Days around the stated ones in which a dated estimate still bears on them."""


@dataclass(frozen=True)
class Topic:
    """Scopes that a reader may take for one another, and the words that name them."""

    name: str
    needs: re.Pattern[str]
    """Without one of these words a claim is not of this topic."""
    scopes: tuple[Scope, ...]
    side: tuple[tuple[str, re.Pattern[str]], ...] = ()
    category: tuple[tuple[str, re.Pattern[str]], ...] = ()
    status: tuple[tuple[str, re.Pattern[str]], ...] = ()
    """Values of each dimension with the words that state it; nearest to the number wins."""
    usual: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What a claim that states no value of a dimension is taken to mean; any of it may make it true."""
    unless: re.Pattern[str] | None = None
    """Words that belong to another topic."""

    def dimension(self, name: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
        """Values of one dimension with their words."""
        found: tuple[tuple[str, re.Pattern[str]], ...] = getattr(self, name)
        return found


DIMENSIONS = ("side", "category", "status")
ANY = ("any",)
"""Of a dimension whose every value a claim may mean that states none."""


def words(text: str) -> re.Pattern[str]:
    """Words, of either case, from where one begins."""
    return re.compile(rf"\b(?:{text})", re.IGNORECASE)


def table(rows: dict[str, str]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Values of a dimension with the words that state them."""
    return tuple((key, words(text)) for key, text in rows.items())


RUSSIAN = r"russia|moscow|kremlin|putin|enem(?:y|ies)\b|occupier|invader"
UKRAINIAN = r"ukrain|kyiv|kiev|zelensk|afu\b"
SIDES = table({"RU": RUSSIAN, "UA": UKRAINIAN})


def on_table(topic: str) -> tuple[Scope, ...]:
    """Scopes of a topic from the packaged table."""
    with resources.files("ceasefire.evidence").joinpath("data/scopes.csv").open(encoding="utf-8") as file:
        return tuple(_scope(row) for row in csv.DictReader(file) if row["topic"] == topic)


def _scope(row: dict[str, str]) -> Scope:
    return Scope(
        row["side"],
        row["category"],
        row["status"],
        row["form"],
        row["unit"],
        tuple(row["series"].split("+")),
        row["says"],
        scale=float(row["scale"]),
        per=row["per"] or None,
        reach=int(row["reach"]),
        particular=row["particular"] == "yes",
    )
