"""State-space matrices of a transfer function."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError

__all__ = ["observable_form", "polynomials"]


def polynomials(numerator: ArrayLike, denominator: ArrayLike) -> tuple[list[Fraction], list[Fraction]]:
    """Exact coefficients, lowest power first, of a proper transfer function given highest power first."""
    parts = []
    for name, given in (("numerator", numerator), ("denominator", denominator)):
        values = check.finite(name, given)
        if values.ndim != 1:
            raise InvalidParameterError(f"{name}.shape", values.shape, "(k,), the coefficients of one polynomial")
        parts.append([Fraction(float(value)) for value in np.trim_zeros(values, "f")][::-1])
    top, bottom = parts
    if not bottom:
        raise InvalidParameterError("denominator", denominator, "different from zero")
    if len(top) > len(bottom):
        raise InvalidParameterError(
            "numerator", f"of degree {len(top) - 1}", f"of degree at most {len(bottom) - 1}, that of the denominator"
        )
    return top, bottom


def observable_form(top: list[Fraction], bottom: list[Fraction]) -> tuple[Array, Array, Array, float]:
    """Matrices A, B, C, D of a transfer function, lowest power first, with its integrator as the last state.

    The last state is scaled so that it integrates -u without rounding where the numerator vanishes at p = 0.
    """
    n = len(bottom) - 1
    top = top + [Fraction(0)] * (n + 1 - len(top))
    lower = [value / bottom[n] for value in bottom]
    d = top[n] / bottom[n]
    upper = [value / bottom[n] - q * d for value, q in zip(top, lower, strict=True)]
    a, b, c = np.zeros((n, n)), np.zeros(n), np.zeros(n)
    if n == 0:
        return a, b, c, float(d)
    a[: n - 1, 1:] += np.eye(n - 1)
    a[:, 0] = [-float(value) for value in lower[n - 1 :: -1]]
    b[:] = [float(value) for value in upper[n - 1 :: -1]]
    c[0] = 1.0
    unit = float(lower[0])
    if unit > 0.0:  # else a pole does not decay, which is refused later
        if n == 1:
            c[0] = unit
        else:
            a[n - 2, n - 1], a[n - 1, 0] = unit, -1.0
        b[n - 1] = float(top[0] / bottom[0]) - float(d)
    return a, b, c, float(d)
