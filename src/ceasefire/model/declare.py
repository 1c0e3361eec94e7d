"""Declarations: a quantity with its unit and meaning, and for what is not known exactly, a prior and its source.

A prior is a quantile function, so that one point of the unit cube serves Monte Carlo, sensitivity analysis,
calibration and scenario discovery alike. Triples are 5/50/95 % points; they become a log-normal (positive), a
logit-normal (share) or a normal (signed) with those points, the two halves scaled apart where the triple is skewed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit, ndtri

Z95 = 1.6448536269514722


class Prior(Protocol):
    """A distribution, given by its quantile function."""

    def quantile(self, u: ArrayLike) -> NDArray[np.float64]:
        """Value at probability u in (0, 1)."""
        ...

    def score(self, value: ArrayLike) -> NDArray[np.float64]:
        """Standard normal score of a value: z with quantile(Φ(z)) = value; infinite where the prior has nothing."""
        ...


def _two_piece(u: ArrayLike, low: float, mid: float, high: float) -> NDArray[np.float64]:
    """Quantiles of the two-piece normal with 5/50/95 % points low, mid, high."""
    z = ndtri(np.asarray(u, float)) / Z95
    return mid + z * np.where(z < 0, mid - low, high - mid)


def _two_piece_score(x: NDArray[np.float64], low: float, mid: float, high: float) -> NDArray[np.float64]:
    """Standard normal scores of values of the two-piece normal."""
    return Z95 * (x - mid) / np.where(x < mid, mid - low, high - mid)


@dataclass(frozen=True)
class Normal:
    """A signed number by its 5, 50 and 95 % points."""

    low: float
    mid: float
    high: float

    def quantile(self, u: ArrayLike) -> NDArray[np.float64]:
        """Value at probability u."""
        return _two_piece(u, self.low, self.mid, self.high)

    def score(self, value: ArrayLike) -> NDArray[np.float64]:
        """Standard normal score of a value."""
        return _two_piece_score(np.asarray(value, float), self.low, self.mid, self.high)


@dataclass(frozen=True)
class LogNormal:
    """A positive number by its 5, 50 and 95 % points."""

    low: float
    mid: float
    high: float

    def quantile(self, u: ArrayLike) -> NDArray[np.float64]:
        """Value at probability u."""
        return np.exp(_two_piece(u, np.log(self.low), np.log(self.mid), np.log(self.high)))

    def score(self, value: ArrayLike) -> NDArray[np.float64]:
        """Standard normal score of a value."""
        return _two_piece_score(np.log(np.asarray(value, float)), np.log(self.low), np.log(self.mid), np.log(self.high))


@dataclass(frozen=True)
class Share:
    """A number between 0 and 1 by its 5, 50 and 95 % points (logit-normal)."""

    low: float
    mid: float
    high: float

    def quantile(self, u: ArrayLike) -> NDArray[np.float64]:
        """Value at probability u."""
        return expit(_two_piece(u, logit(self.low), logit(self.mid), logit(self.high)))

    def score(self, value: ArrayLike) -> NDArray[np.float64]:
        """Standard normal score of a value."""
        return _two_piece_score(logit(np.asarray(value, float)), logit(self.low), logit(self.mid), logit(self.high))


@dataclass(frozen=True)
class Uniform:
    """Equally likely between two bounds."""

    low: float
    high: float

    def quantile(self, u: ArrayLike) -> NDArray[np.float64]:
        """Value at probability u."""
        return self.low + np.asarray(u, float) * (self.high - self.low)

    def score(self, value: ArrayLike) -> NDArray[np.float64]:
        """Standard normal score of a value."""
        return ndtri((np.asarray(value, float) - self.low) / (self.high - self.low))


@dataclass(frozen=True)
class Fixed:
    """A choice, not a guess: one value for every run."""

    value: float

    def quantile(self, u: ArrayLike) -> NDArray[np.float64]:
        """The value, whatever u."""
        return np.full(np.shape(u), float(self.value))

    def score(self, value: ArrayLike) -> NDArray[np.float64]:
        """0 at the value, infinite elsewhere."""
        return np.where(np.asarray(value, float) == self.value, 0.0, np.inf)


def from_triple(low: float, mid: float, high: float, *, kind: str) -> Prior:
    """A prior of `kind` positive, share or signed with the given 5/50/95 % points; equal points give a constant."""
    if low == high:
        return Fixed(mid)
    families: dict[str, type[LogNormal] | type[Share] | type[Normal]]
    families = {"positive": LogNormal, "share": Share, "signed": Normal}
    return families[kind](low, mid, high)


Bounds = tuple[float, float]
POSITIVE: Bounds = (0.0, float("inf"))
SIGNED: Bounds = (-float("inf"), float("inf"))
SHARE: Bounds = (0.0, 1.0)


def parameter(
    prior: Prior,
    *,
    unit: str,
    doc: str,
    source: str = "elicited",
    known_on: str = "always",
    bounds: Bounds | None = None,
) -> Any:
    """Declare a field of `Params`: constant during a run, not known exactly; `bounds` where the prior does not say."""
    bounds = bounds or (SHARE if isinstance(prior, Share) else SIGNED if isinstance(prior, Normal) else POSITIVE)
    return dataclasses.field(
        metadata={
            "unit": unit,
            "doc": doc,
            "prior": prior,
            "source": source,
            "known_on": known_on,
            "bounds": bounds,
        }
    )


def coupling(cause: str, effect: str, prior: Prior, *, doc: str, unit: str = "1", source: str = "elicited") -> Any:
    """Declare a field of `Params` by which one quantity acts on another: an exponent or a slope, without effect at 0.

    `cause` and `effect` are dotted names of declared quantities. What a coupling conveys is mostly relative to the
    opening, so that at 0 the war goes on as if the cause stayed what it was then.
    """
    field = parameter(prior, unit=unit, doc=doc, source=source)
    return dataclasses.field(metadata={**field.metadata, "coupling": (cause, effect)})


def quantity(unit: str, doc: str, bounds: Bounds = POSITIVE, *, derived: bool = False, level: bool = False) -> Any:
    """Declare a field of `State` or `Flows`; `bounds` are the values that it can take.

    A `derived` quantity only tells of others; it cannot be overwritten by itself. A flow that is a `level` stands
    during the week, and does not add up over weeks.
    """
    return dataclasses.field(metadata={"unit": unit, "doc": doc, "bounds": bounds, "derived": derived, "level": level})


@dataclass(frozen=True)
class Variable:
    """One declared quantity, as the lists, the files and the command line know it."""

    name: str
    kind: str
    dims: tuple[str, ...]
    unit: str
    doc: str
    prior: Prior | None = None
    source: str | None = None
    known_on: str | None = None
    bounds: Bounds = POSITIVE
    coupling: tuple[str, str] | None = None
    """Cause and effect, where the parameter is a coupling."""
    derived: bool = False
    """It only tells of others and cannot be overwritten by itself."""
    level: bool = False
    """A flow that stands during the week and does not add up over weeks."""


def declared(subsystem: ModuleType) -> Iterator[Variable]:
    """Every quantity that a subsystem declares, as `subsystem.field`."""
    owner = subsystem.__name__.rsplit(".", 1)[-1]
    for part, kind in (("Params", "parameter"), ("State", "state"), ("Flows", "flow")):
        for field in dataclasses.fields(getattr(subsystem, part)):
            dims = tuple(getattr(field.type, "dim_str", "").split())
            yield Variable(f"{owner}.{field.name}", kind, dims, **field.metadata)
