"""Packs: wars of the past, opened at a quarter, a half and three quarters of their duration, and scored.

Each opening sees what was known on its day (`scenario/pack.py`). The war is fought on without end in many runs, for the
hazard of an end in every week; the forecast of the week of the end is the mean over runs of h_w Π (1 − h_v), v < w, so
that the base rate alone is exact but for its draws. The score is ln P of the bin of four weeks that holds the end,
given that the war still ran at the opening: a proper score. It is compared with that of the base rate alone, the same
duration law at weight w = 0 of the structure, and of the structure alone, w = 1.

Four wars say next to nothing. Openings of one war look at the same end, so that the standard error is taken over the
means of wars, which are four. What facts and lands were listed, and how, was written with the ends known, whatever the
days say; only the laws that read them were fixed before, and nothing was changed after scores were seen. The duration
law was fitted on a record that has these wars among 95; it is the same in all columns.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from ceasefire.model import bargaining
from ceasefire.model.axes import ENDINGS, YEAR
from ceasefire.scenario.agenda import Agenda
from ceasefire.scenario.pack import Opening, Pack, load, opened, packs
from ceasefire.simulate.small import Fought, fight

FloatArray = NDArray[np.float64]

SHARES = (0.25, 0.5, 0.75)
"""Of a war's duration, at which it is opened."""
RUNS, WEEKS, SEED = 2000, 520, 1
BIN = 4
"""Weeks."""
BASE, POOLED, STRUCTURE = 0.0, 0.5, 1.0
"""Weight of the structure beside the base rate."""
WEIGHTS = (BASE, POOLED, STRUCTURE)
TOLD = ("line", "zone")
"""Issues by which agreed terms are told."""


@dataclass(frozen=True)
class Term:
    """Options of the line, and of the zone where there is one, and how often agreements have them."""

    options: tuple[str, ...]
    share: float


@dataclass(frozen=True)
class Forecast:
    """One opening of one war: what was expected, and when the end came."""

    pack: str
    title: str
    share: float
    day: dt.date
    age_months: float
    end: dt.date
    weeks: int
    """Until the end, the week that holds it counted."""
    chance: Mapping[float, float]
    """By weight of the structure: P of the bin of four weeks that holds the end."""
    year: Mapping[float, float]
    """P of an end within a year."""
    by_end: Mapping[float, float]
    """P of an end by the week of the actual one; uniform over [0, 1] for honest forecasts."""
    kinds: Mapping[str, float]
    """At the weight of every forecast: P of each kind of ending within the horizon."""
    zone: float
    """Median of the zone in the first week."""
    agreements: int
    """Runs that end by agreement within the horizon."""
    terms: tuple[Term, ...]
    """Likeliest first."""
    came: tuple[str, ...] | None
    """What came nearest to the terms in the end, of the issues on the table; none where it had not been raised."""

    def gain(self, weight: float = POOLED) -> float:
        """Log score less that of the base rate."""
        return float(np.log(self.chance[weight] / self.chance[BASE]))

    @property
    def rank(self) -> int | None:
        """Place of the terms that came among those that runs agree on, from 1; none where none does."""
        return next((k for k, term in enumerate(self.terms, 1) if term.options == self.came), None)

    @property
    def foreseen(self) -> float:
        """Share of agreements on the terms that came."""
        return sum(term.share for term in self.terms if term.options == self.came)


@dataclass(frozen=True)
class Check:
    """All openings of all wars."""

    forecasts: tuple[Forecast, ...]
    runs: int
    weeks: int
    seed: int

    def by_war(self, weight: float = POOLED) -> dict[str, float]:
        """Mean gain of each war's openings."""
        names = dict.fromkeys(one.pack for one in self.forecasts)
        return {name: float(np.mean([one.gain(weight) for one in self.of(name)])) for name in names}

    def of(self, pack: str) -> tuple[Forecast, ...]:
        """Openings of one war."""
        return tuple(one for one in self.forecasts if one.pack == pack)

    def gain(self, weight: float = POOLED) -> tuple[float, float]:
        """Mean gain over all openings, and its standard error over the means of wars (NaN for one war)."""
        means = np.array(list(self.by_war(weight).values()))
        error = float(means.std(ddof=1) / np.sqrt(len(means))) if len(means) > 1 else float("nan")
        return float(np.mean([one.gain(weight) for one in self.forecasts])), error

    def told(self) -> dict[str, Any]:
        """Everything as plain numbers and words."""
        mean, error = self.gain()
        rows = [{**_plain(asdict(one)), "gain": one.gain()} for one in self.forecasts]
        summary = {"gain": mean, "standard_error": error, "by_war": self.by_war(), "structure": self.gain(STRUCTURE)[0]}
        return {"runs": self.runs, "weeks": self.weeks, "seed": self.seed, **summary, "forecasts": rows}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return value.isoformat() if isinstance(value, dt.date) else value


def check(names: Sequence[str] | None = None, *, runs: int = RUNS, weeks: int = WEEKS, seed: int = SEED) -> Check:
    """Open every shipped pack, or those named, and score it; a few minutes, most of them compilation."""
    wars = [load(name) for name in names or packs()]
    found = [forecast(war, share, runs=runs, weeks=weeks, seed=seed) for war in wars for share in SHARES]
    return Check(tuple(found), runs, weeks, seed)


def forecast(pack: Pack, share: float, *, runs: int = RUNS, weeks: int = WEEKS, seed: int = SEED) -> Forecast:
    """Open a pack at a share of its duration, and compare with what came."""
    start = opened(pack, pack.day_at(share))
    went_on = fight(start, runs=runs, weeks=weeks, seed=seed, endless=True)
    as_it_goes = fight(start, runs=runs, weeks=weeks, seed=seed, endless=False)
    last = ((pack.ended - start.day).days - 1) // 7
    density = {weight: ends(went_on, weight).sum(axis=1) for weight in WEIGHTS}
    agreed = packages(as_it_goes)
    return Forecast(
        pack=pack.id,
        title=pack.title,
        share=share,
        day=start.day,
        age_months=start.age_months,
        end=pack.ended,
        weeks=last + 1,
        chance={weight: float(chance[binned(last)].sum()) for weight, chance in density.items()},
        year={weight: float(chance[:YEAR].sum()) for weight, chance in density.items()},
        by_end={weight: float(chance[: last + 1].sum()) for weight, chance in density.items()},
        kinds=dict(zip(ENDINGS, ends(went_on, POOLED).sum(axis=0).tolist(), strict=True)),
        zone=float(np.median(went_on.zone[0])),
        agreements=len(agreed),
        terms=terms(start, agreed),
        came=came(pack, start.agenda),
    )


def binned(week: int) -> slice:
    """Weeks of the bin that holds a week, both from 0 at the opening."""
    return slice(week // BIN * BIN, (week // BIN + 1) * BIN)


def ends(fought: Fought, weight: float) -> FloatArray:
    """P of an end in each week, of each kind [week, ending], at a weight of the structure."""
    hazards = jnp.asarray(fought.structural), jnp.asarray(fought.usual)
    each = np.asarray(bargaining.pooled(*hazards, jnp.asarray(weight, float)), np.float64)
    total = each.sum(axis=1)
    hazard = np.minimum(total, 1.0)
    going_on = np.cumprod(1 - hazard, axis=0)
    still = np.concatenate([np.ones_like(going_on[:1]), going_on[:-1]])
    return np.asarray((each * (hazard / np.maximum(total, 1e-30) * still)[:, None]).mean(axis=-1))


def packages(fought: Fought) -> NDArray[np.int64]:
    """Packages, from 0, of the runs that first ended by agreement."""
    by_agreement = np.isin(fought.first_ending, (bargaining.CEASEFIRE, bargaining.SETTLEMENT))
    week = fought.first_ending_week[by_agreement] - 1
    return np.asarray(fought.package[week, np.flatnonzero(by_agreement)] - 1, np.int64)


def terms(start: Opening, agreed: NDArray[np.int64]) -> tuple[Term, ...]:
    """How often agreements have each pair of line and zone, likeliest first."""
    counted = Counter(lines_and_zones(start.agenda, int(package)) for package in agreed)
    return tuple(Term(options, number / len(agreed)) for options, number in counted.most_common())


def lines_and_zones(agenda: Agenda, package: int) -> tuple[str, ...]:
    """Options that a package has of the issues told."""
    options = [agenda.options[k] for k in agenda.package[package]]
    issues = [agenda.issues[int(agenda.issue[k])].id for k in agenda.package[package]]
    return tuple(option.id for option, issue in zip(options, issues, strict=True) if issue in TOLD)


def came(pack: Pack, agenda: Agenda) -> tuple[str, ...] | None:
    """What came in the end, of the issues told that are on the table; none where an option had not been raised."""
    on_table = [issue.id for issue in agenda.issues if issue.id in TOLD]
    signed = [label for label in pack.end[0].terms if label.partition("-")[0] in on_table]
    return tuple(label.partition("-")[2] for label in signed) if set(signed) <= set(agenda.label) else None
