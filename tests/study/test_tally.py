"""Tally: exact sums, counts that add up, quantiles in the right bin; nothing depends on order or on who adds what."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ceasefire.study.tally import BINS, BITS, EDGES, HIGHEST, LOWEST, Histogram, Sum

LEVELS = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
LAWS = {
    "normal": lambda random, n: random.normal(100.0, 30.0, n),
    "log-normal": lambda random, n: np.exp(random.normal(0.0, 4.0, n)),
    "Cauchy": lambda random, n: random.standard_cauchy(n),
    "Poisson": lambda random, n: random.poisson(3.0, n).astype(float),
    "coin": lambda random, n: (random.random(n) < 0.3).astype(float),
    "one value": lambda random, n: np.full(n, 7.7),
}


def numbers(largest: float = 1e23):
    real = st.floats(-largest, largest, allow_nan=False)
    return hnp.arrays(np.float64, st.integers(0, 20), elements=st.one_of(real, st.floats(-1.0, 1.0)))


def exactly(total: Sum) -> Fraction:
    """The number that is held."""
    return sum(
        (
            Fraction(int(limb)) * Fraction(2) ** scale
            for limb, scale in zip(total.limbs, (40, 0, -40, -80), strict=True)
        ),
        Fraction(0),
    )


def summed(*parts: np.ndarray) -> Sum:
    total = Sum.zero()
    for part in parts:
        total.add(part)
    return total


# ------------------------------------------------------------------------------------------------------------------ sum


@given(numbers())
def test_a_sum_is_exact_to_its_last_place(values):
    """Each number is rounded once, at 2⁻⁸⁰; what has no smaller bits is exact."""
    wanted = sum(map(Fraction, values.tolist()), Fraction(0))
    assert abs(exactly(summed(values)) - wanted) <= len(values) * Fraction(1, 2**81)
    coarse = np.ldexp(np.rint(np.ldexp(values, 20)), -20)
    assert exactly(summed(coarse)) == sum(map(Fraction, coarse.tolist()), Fraction(0))


@given(numbers(), st.randoms(use_true_random=False))
def test_order_and_parts_change_nothing(values, random):
    """Added one by one in any order, or in two parts that are merged: the same whole numbers."""
    order = random.sample(range(len(values)), len(values))
    cut = random.randint(0, len(values))
    whole, one, other = summed(values), summed(values[order[:cut]]), summed(values[order[cut:]])
    other.merge(one)
    assert whole.limbs.tobytes() == other.limbs.tobytes()
    assert whole.limbs.tobytes() == summed(*values[order][:, None]).limbs.tobytes()


@given(numbers())
def test_numbers_and_their_opposites_cancel(values):
    assert not summed(values, -values).value().any()


def test_squares_of_small_differences_count():
    """(10⁻⁸)² is far below the last place of a double near 1, and is not lost."""
    square = np.square(np.full(1000, 1e-8), dtype=np.longdouble)
    assert float(summed(np.ones(5), square).value() - 5) == pytest.approx(1e-13, rel=1e-6)


@given(hnp.arrays(np.float64, (2, 3, 4), elements=st.floats(-1e6, 1e6)))
def test_each_place_has_its_own_sum(values):
    total = Sum.zero(2, 3)
    total.add(values)
    assert total.value().astype(float) == pytest.approx(values.sum(axis=-1), rel=1e-12, abs=1e-9)


# ------------------------------------------------------------------------------------------------------------ histogram


def counted(values: np.ndarray) -> Histogram:
    found = Histogram.zero()
    found.add(values)
    return found


def width(value: np.ndarray) -> np.ndarray:
    """Width of the bin that holds a number."""
    return np.maximum(np.abs(value) * 2.0**-BITS, 2.0 ** (LOWEST + 1))


def test_edges_increase_and_are_symmetric():
    assert len(EDGES) + 1 == BINS
    assert (np.diff(EDGES) > 0).all()
    assert np.array_equal(EDGES, -EDGES[::-1])
    assert EDGES[-1] == 2.0**HIGHEST


@pytest.mark.parametrize("law", LAWS)
def test_a_quantile_lies_in_the_bin_of_the_true_one(law):
    values = LAWS[law](np.random.default_rng(3), 20_001)
    found = counted(values).quantiles(LEVELS)
    true = np.quantile(values, LEVELS, method="inverted_cdf")
    within = np.clip(true, -(2.0**HIGHEST), 2.0**HIGHEST)
    assert (np.abs(found - within) <= width(within)).all()


@given(hnp.arrays(np.float64, st.integers(1, 50), elements=st.floats(-1e9, 1e9)))
def test_quantiles_rise_with_the_level_and_mirror(values):
    """Of numbers with the other sign they are the opposite, to the width of a bin."""
    found = counted(values).quantiles(LEVELS)
    assert (np.diff(found) >= 0).all()
    between = np.array([0.12345, 0.41421, 0.61803, 0.91607])  # no level falls on the border of two numbers
    there, back = counted(values).quantiles(between), -counted(-values).quantiles(1 - between)
    assert (np.abs(there - back) <= width(there)).all()


@given(numbers(1e9), numbers(1e9))
def test_parts_of_a_histogram_merge(one, other):
    both, merged = counted(np.concatenate([one, other])), counted(one)
    merged.merge(counted(other))
    assert np.array_equal(both.counts, merged.counts)
    assert both.counts.sum() == len(one) + len(other)


def test_no_numbers_are_no_quantiles():
    """A part in which every war broke."""
    found = Histogram.zero(2, 3)
    found.add(np.zeros((2, 3, 0)))
    assert not found.counts.any()
    assert np.isnan(found.quantiles((0.5,))).all()


def test_what_happens_or_not_is_counted_apart():
    found = Histogram.zero(2)
    found.add(np.array([[0.0, 1.0, 1.0], [0.0, 0.0, 0.0]]))
    assert np.array_equal(np.sort(found.counts, axis=-1)[:, -2:], [[1, 2], [0, 3]])
