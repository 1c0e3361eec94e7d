"""Posteriors: what calibration taught of numbers that do not change during a war, kept by cut-off.

A posterior lives in the unit cube of the priors. A prior turns u in (0, 1) into a value; with z = Φ⁻¹(u), calibration
replaces the independent z ~ N(0, 1) of some numbers by

    z' = centre + root · z,   u' = Φ(z'),

a joint normal law of their scores. A run keeps its luck z, so that forecasts with and without calibration are paired,
and a number that nothing was learned of keeps its bits. Each law says of which prior it is; where another prior is in
force on the day, such as a number that became known later, that stands and the law of the others is its marginal.

Laws are learned at a few published cut-offs, each on evidence up to it (`study/calibration/`). An opening uses the
latest cut-off that is not after it and opens no later file.

Left out: posteriors that are not normal in scores; dependence between what different modules learned (cut Bayes, so
that a wrong module cannot distort another: Plummer 2015, Statistics and Computing 25(1)).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from ceasefire.evidence import whole
from ceasefire.evidence.error import CeasefireError
from ceasefire.model import declare
from ceasefire.model.declare import Prior
from ceasefire.scenario.spec import LIBRARY, NO_CALIBRATION, Scenario

FloatArray = NDArray[np.float64]

SHIPPED = LIBRARY / "calibration"
FORMAT = 1
MOST_BYTES = 4 * 2**20
FURTHEST = 8.0
"""Scores are held within ± this, where Φ can still be told from 0 and 1."""
_FAMILIES = {family.__name__: family for family in (declare.Normal, declare.LogNormal, declare.Share, declare.Uniform)}


class PosteriorError(CeasefireError):
    """A kept calibration that cannot be read or written."""


@dataclass(frozen=True)
class Law:
    """A joint normal law of the scores of some numbers; N(0, 1) each is the prior."""

    names: tuple[str, ...]
    priors: tuple[Prior, ...]
    centre: FloatArray
    """[number]"""
    root: FloatArray
    """[number, number], lower triangle; root · rootᵀ is the covariance."""

    @classmethod
    def prior(cls, priors: Mapping[str, Prior]) -> Law:
        """Nothing learned."""
        return cls(tuple(priors), tuple(priors.values()), np.zeros(len(priors)), np.eye(len(priors)))

    @classmethod
    def of_scores(cls, priors: Mapping[str, Prior], scores: FloatArray) -> Law:
        """The law with the mean and covariance of scores [number, draw], rounded as a file keeps them."""
        cover = np.atleast_2d(np.cov(scores)) + 1e-9 * np.eye(len(scores))
        return cls(tuple(priors), tuple(priors.values()), _rounded(scores.mean(axis=1)), _rounded(_root(cover)))

    @property
    def spread(self) -> FloatArray:
        """Standard deviation of each score; 1 is the prior's."""
        return np.asarray(np.sqrt((self.root**2).sum(axis=1)))

    @property
    def learned(self) -> bool:
        """Whether it is another law than the prior."""
        return bool(self.centre.any() or (self.root != np.eye(len(self.root))).any())

    def only(self, names: Sequence[str]) -> Law:
        """The marginal law of some of the numbers, in the order given."""
        at = [self.names.index(name) for name in names]
        if at == list(range(len(self.names))):
            return self
        root = _root((self.root @ self.root.T)[np.ix_(at, at)])
        return Law(tuple(names), tuple(self.priors[k] for k in at), self.centre[at], root)

    def scores(self, luck: FloatArray) -> FloatArray:
        """Scores [number, run] from independent standard normal luck [number, run]; each run's own, however many."""
        moved = [
            centre + sum(weight * luck[k] for k, weight in enumerate(row) if weight)
            for centre, row in zip(self.centre, self.root, strict=True)
        ]
        return np.clip(np.array(moved), -FURTHEST, FURTHEST)

    def log_density(self, scores: FloatArray) -> FloatArray:
        """Log density of scores [..., number], up to a constant."""
        away = np.linalg.solve(self.root, (scores - self.centre).reshape(-1, len(self.centre)).T)
        return -0.5 * np.asarray((away**2).sum(axis=0)).reshape(scores.shape[:-1])

    def log_density_at(self, values: FloatArray) -> FloatArray:
        """Log density at values [..., number], with respect to their scores, up to a constant."""
        each = [prior.score(values[..., k]) for k, prior in enumerate(self.priors)]
        return self.log_density(np.stack(each, axis=-1))


@dataclass(frozen=True)
class Posterior:
    """What was learned of a war at a cut-off."""

    war: str
    cut_off: dt.date
    evidence: str
    """Hash of what was known by then."""
    program: str
    """Version that learned it."""
    laws: dict[str, Law]
    """By module, each of its own numbers."""

    @property
    def digest(self) -> str:
        """A mark of all that acts on a forecast."""
        told = {module: _entry(law) for module, law in self.laws.items()}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]

    def law(self, priors: Mapping[str, Prior]) -> Law:
        """The law of some numbers of one module; the prior where that did not learn them all under these priors."""
        for law in self.laws.values():
            known = dict(zip(law.names, law.priors, strict=True))
            if all(known.get(name) == prior for name, prior in priors.items()):
                return law.only(tuple(priors))
        return Law.prior(priors)


def points(prior: Prior, centre: float, spread: float) -> tuple[float, float, float]:
    """5, 50 and 95 % points of a number whose score is N(centre, spread²)."""
    low, mid, high = prior.quantile(ndtr(centre + spread * declare.Z95 * np.array([-1.0, 0.0, 1.0]))).tolist()
    return low, mid, high


def law(found: Posterior | None, priors: Mapping[str, Prior]) -> Law:
    """What a posterior, if there is one, says of some numbers."""
    return found.law(priors) if found else Law.prior(priors)


def in_force(found: Posterior | None, priors: Mapping[str, Prior]) -> tuple[Law, ...]:
    """The laws of those numbers whose prior of the day is the one that they were learned under."""
    laws = []
    for learned in found.laws.values() if found else ():
        held = zip(learned.names, learned.priors, strict=True)
        names = [name for name, prior in held if priors.get(name) == prior]
        if names:
            laws.append(learned.only(names))
    return tuple(laws)


def moved(laws: Iterable[Law], luck: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """Uniforms of calibrated numbers [run], by name, from the uniforms of the prior."""
    found: dict[str, FloatArray] = {}
    for each in laws:
        scores = each.scores(ndtri(np.stack([luck[name] for name in each.names])))
        found |= dict(zip(each.names, ndtr(scores), strict=True))
    return found


# ------------------------------------------------------------------------------------------------------------ the files


def folder_of(scenario: Scenario) -> Path | None:
    """Where the calibrations of a scenario lie; None for none."""
    if scenario.calibration == NO_CALIBRATION:
        return None
    return Path(scenario.calibration) if scenario.calibration else SHIPPED / scenario.war.id


def find(scenario: Scenario) -> Posterior | None:
    """The latest calibration of the war whose cut-off is not after the opening.

    Raises `PosteriorError` where it cannot be read.
    """
    folder = folder_of(scenario)
    cut_off = latest(folder, scenario.opening, ".json") if folder else None
    if folder is None or cut_off is None:
        return None
    found = read(folder / f"{cut_off}.json")
    return found if found.war == scenario.war.id else None


def latest(folder: Path, opening: dt.date, ending: str) -> dt.date | None:
    """The last cut-off by which a folder has a file, not after the opening; nothing is opened."""
    names = (path.name.removesuffix(ending) for path in folder.glob(f"????-??-??{ending}"))
    return max((day for day in map(_day, names) if day and day <= opening), default=None)


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def read(path: Path) -> Posterior:
    """A kept calibration. Raises `PosteriorError` where the file is none."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"it has more than {MOST_BYTES} bytes")
        told = json.loads(path.read_text(encoding="utf-8"))
        if told.get("format") != FORMAT:
            raise ValueError(f"its format is {told.get('format')}; {FORMAT} is read")
        cut_off = dt.date.fromisoformat(told["cut_off"])
        if str(cut_off) != path.name.removesuffix(".json"):
            raise ValueError(f"it is of {cut_off}")
        laws = {module: _law(entry) for module, entry in told["laws"].items()}
        return Posterior(str(told["war"]), cut_off, str(told["evidence"]), str(told["program"]), laws)
    except OSError as error:
        raise PosteriorError(f"cannot read the calibration {path.name}: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, np.linalg.LinAlgError) as error:
        raise PosteriorError(f"{path.name} is no calibration: {type(error).__name__}: {str(error)[:120]}") from None


def _law(entry: dict[str, Any]) -> Law:
    names = tuple(str(number["name"]) for number in entry["numbers"])
    priors = tuple(_prior(number["prior"]) for number in entry["numbers"])
    centre, root = np.array(entry["centre"], float), np.array(entry["root"], float)
    size = len(names)
    if centre.shape != (size,) or root.shape != (size, size) or len(set(names)) != size or not size:
        raise ValueError(f"{size} numbers, centre {centre.shape}, root {root.shape}")
    if not (np.isfinite(centre).all() and np.isfinite(root).all() and (np.diag(root) > 0).all() and _lower(root)):
        raise ValueError("the root is no lower triangle of finite numbers with a positive diagonal")
    return Law(names, priors, centre, root)


def _lower(root: FloatArray) -> bool:
    return bool((np.triu(root, 1) == 0).all())


def _prior(entry: dict[str, Any]) -> Prior:
    family = _FAMILIES[entry["family"]]
    return family(**{key: float(value) for key, value in entry.items() if key != "family"})


def write(found: Posterior, folder: Path) -> Path:
    """Keep a calibration as a file, written aside and renamed. Raises `PosteriorError` where it cannot be."""
    told = {
        "format": FORMAT,
        "war": found.war,
        "cut_off": str(found.cut_off),
        "evidence": found.evidence,
        "program": found.program,
        "laws": {module: _entry(law) for module, law in found.laws.items()},
    }
    path = folder / f"{found.cut_off}.json"
    try:
        whole.write(path, json.dumps(told, ensure_ascii=False, indent=1, allow_nan=False) + "\n")
    except OSError as error:
        raise PosteriorError(f"cannot keep the calibration in {folder}: {error.strerror or error}") from None
    return path


def _entry(law: Law) -> dict[str, Any]:
    numbers = [
        {"name": name, "prior": {"family": type(prior).__name__, **asdict(prior)}}  # type: ignore[call-overload]
        for name, prior in zip(law.names, law.priors, strict=True)
    ]
    return {"numbers": numbers, "centre": law.centre.tolist(), "root": law.root.tolist()}


def _root(cover: FloatArray) -> FloatArray:
    return np.asarray(np.linalg.cholesky(cover), np.float64)


def _rounded(values: FloatArray) -> FloatArray:
    """To six decimals: what is kept is what is used."""
    return np.round(values, 6) + 0.0
