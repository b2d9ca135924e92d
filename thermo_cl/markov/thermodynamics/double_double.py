"""Products of rates to twice the digits of a double, with exponents apart so that no product overflows.

The logarithm of a product of forward over backward rates is an affinity. Near detailed balance both products agree to
almost all digits, and only their exact difference tells how far from balance the given rates are.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl._types import FloatArray, IntArray

__all__ = ["Product", "lift", "log_ratio", "times"]

_SPLITTER = 134217729.0  # 2**27 + 1 halves a double's 53 bits (Dekker, Numer. Math. 18, 224 (1971))
_ROOT_HALF = np.sqrt(0.5)


class Product(NamedTuple):
    """The numbers (high + low) 2**exponent; high in [1/2, 1), low below its last digit."""

    high: FloatArray
    low: FloatArray
    exponent: IntArray

    def at(self, index: IntArray) -> Product:
        """Entries along the last axis."""
        return Product(self.high[..., index], self.low[..., index], self.exponent[..., index])


def lift(factor: ArrayLike) -> Product:
    """Positive doubles as products of one factor."""
    high, exponent = np.frexp(np.asarray(factor, dtype=float))
    return Product(high, np.zeros_like(high), exponent.astype(np.int64))


def times(a: Product, b: Product) -> Product:
    """Product with a relative error of some 2**-103."""
    high = a.high * b.high
    error = _product_error(a.high, b.high, high) + (a.high * b.low + a.low * b.high)
    total = high + error
    low = error - (total - high)
    mantissa, shift = np.frexp(total)
    return Product(mantissa, np.ldexp(low, -shift), a.exponent + b.exponent + shift)


def log_ratio(a: Product, b: Product) -> FloatArray:
    """ln(a / b), to the last digits also where a and b agree in all of a double's digits."""
    ratio = a.high / b.high
    shift = np.where(ratio >= 2.0 * _ROOT_HALF, 1, np.where(ratio < _ROOT_HALF, -1, 0))
    high, low = np.ldexp(a.high, -shift), np.ldexp(a.low, -shift)
    difference = (high - b.high) + (low - b.low)  # the first is exact: the two are within a factor of 2
    return np.asarray((a.exponent - b.exponent + shift) * np.log(2.0) + np.log1p(difference / b.high))


def _product_error(a: FloatArray, b: FloatArray, rounded: FloatArray) -> FloatArray:
    """What rounding took from a * b."""
    a_high, b_high = _leading(a), _leading(b)
    a_low, b_low = a - a_high, b - b_high
    return np.asarray(((a_high * b_high - rounded) + a_high * b_low + a_low * b_high) + a_low * b_low)


def _leading(x: FloatArray) -> FloatArray:
    scaled = _SPLITTER * x
    return np.asarray(scaled - (scaled - x))
