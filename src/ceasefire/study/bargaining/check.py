"""What the toolkit accepts: numbers and tables checked before anything is computed.

Every public function calls these at its boundary, so that a wrong input is named with what was asked, what was found
and what would do. Arrays come back as float64 copies.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ceasefire.evidence.error import CeasefireError

FloatArray = NDArray[np.float64]


class BargainingError(CeasefireError):
    """A case that the bargaining toolkit cannot answer: a wrong input, or no answer that the method defines."""


class NoAgreementError(BargainingError):
    """Nothing on the table is better for somebody than disagreement and worse for nobody."""


def number(name: str, value: Any, low: float = -np.inf, high: float = np.inf, *, above: bool = False) -> float:
    """Return a finite number in [low, high], or in (low, high] where `above`; raise `BargainingError` otherwise."""
    found = as_array(name, value)
    if found.ndim:
        raise BargainingError(f"{name} is one number; found an array of shape {found.shape}")
    within(name, found, low, high, above=above)
    return float(found)


def table(
    name: str,
    values: ArrayLike,
    shape: Sequence[int | None],
    low: float = -np.inf,
    high: float = np.inf,
    *,
    above: bool = False,
) -> FloatArray:
    """Return finite numbers of a shape (None: any length from one up), each in [low, high]; (low, high] where `above`.

    Raises `BargainingError`.
    """
    found = as_array(name, values)
    shaped(name, found, shape)
    within(name, found, low, high, above=above)
    return found


def as_array(name: str, values: Any) -> FloatArray:
    """Float64 copy; raises `BargainingError` where the values are ragged or no numbers."""
    try:
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BargainingError(f"{name} takes numbers in rows of equal length; {error}") from error


def shaped(name: str, found: FloatArray, shape: Sequence[int | None]) -> None:
    """Raise `BargainingError` where an array has another shape; None stands for any length from one up."""
    fits = found.ndim == len(shape) and all(
        have == want if want is not None else have >= 1 for have, want in zip(found.shape, shape, strict=True)
    )
    if not fits:
        asked = ", ".join("any" if length is None else str(length) for length in shape)
        raise BargainingError(f"{name} has shape {found.shape}; it should be ({asked}), and not empty")


def within(name: str, found: FloatArray, low: float, high: float, *, above: bool = False) -> None:
    """Raise `BargainingError` at the first entry that is not finite or not in the interval."""
    inside = np.isfinite(found) & (found <= high) & ((found > low) if above else (found >= low))
    if not np.all(inside):
        place = tuple(int(axis) for axis in np.argwhere(~inside)[0])
        where = f"{name}{list(place) if place else ''}"
        interval = f"{'above' if above else 'from'} {low:g} to {high:g}"
        raise BargainingError(f"{where} is {found[place]:g}; it should be a finite number {interval}")


def whole(name: str, value: Any, low: int, high: int) -> int:
    """Return a whole number in [low, high]; raise `BargainingError` otherwise."""
    found = number(name, value, low, high)
    if found != round(found):
        raise BargainingError(f"{name} is {found:g}; it should be a whole number from {low} to {high}")
    return int(found)
