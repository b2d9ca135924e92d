"""Exact rational functions of the Laplace variable: floats are rationals, and small systems keep them so.

A polynomial is a tuple of integers, lowest power first, without a zero in the highest place; zero is the empty tuple.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import factorial, gcd, inf, lcm

import numpy as np

from thermo_cl._types import Array, ComplexArray, FloatArray

__all__ = ["Polynomial", "Rational", "common_factor", "evaluate", "integers", "multiply", "quotient", "reduced",
           "rounded", "series_moments", "squarefree", "system_function"]  # fmt: skip

Polynomial = tuple[int, ...]
Rational = tuple[Polynomial, Polynomial]  # numerator and denominator


def _trimmed(values: Sequence[int]) -> Polynomial:
    end = len(values)
    while end and values[end - 1] == 0:
        end -= 1
    return tuple(values[:end])


def _primitive(values: Sequence[int]) -> Polynomial:
    """Coefficients without a common factor, the highest positive."""
    trimmed = _trimmed(values)
    if not trimmed:
        return ()
    shared = gcd(*trimmed) * (1 if trimmed[-1] > 0 else -1)
    return tuple(value // shared for value in trimmed)


def integers(*polynomials: Sequence[Fraction]) -> tuple[Polynomial, ...]:
    """Polynomials with rational coefficients over one denominator, which is left away with any common factor."""
    shared = lcm(*(value.denominator for each in polynomials for value in each))
    whole = [[int(value * shared) for value in each] for each in polynomials]
    divisor = gcd(*(value for each in whole for value in each)) or 1
    return tuple(_trimmed([value // divisor for value in each]) for each in whole)


def multiply(first: Polynomial, second: Polynomial) -> Polynomial:
    """Product."""
    result = [0] * max(len(first) + len(second) - 1, 0)
    for i, a in enumerate(first):
        for j, b in enumerate(second):
            result[i + j] += a * b
    return _trimmed(result)


def _remainder(first: Polynomial, second: Polynomial) -> Polynomial:
    """Remainder of a division by ``second``, times some integer."""
    rest = list(first)
    while len(rest) >= len(second):
        head, shift = rest[-1], len(rest) - len(second)
        rest = [value * second[-1] for value in rest]
        for j, b in enumerate(second):
            rest[shift + j] -= head * b
        rest = list(_primitive(rest[:-1]))
    return tuple(rest)


def common_factor(first: Polynomial, second: Polynomial) -> Polynomial:
    """Greatest common divisor by Euclid's algorithm, without a common factor of its coefficients."""
    first, second = _primitive(first), _primitive(second)
    while second:
        first, second = second, _primitive(_remainder(first, second))
    return first


def quotient(dividend: Polynomial, divisor: Polynomial) -> Polynomial:
    """Exact quotient by a primitive polynomial that divides."""
    rest, result = list(dividend), [0] * max(len(dividend) - len(divisor) + 1, 0)
    for shift in range(len(result) - 1, -1, -1):
        result[shift] = rest[shift + len(divisor) - 1] // divisor[-1]
        for j, b in enumerate(divisor):
            rest[shift + j] -= result[shift] * b
    return _trimmed(result)


def _derivative(values: Polynomial) -> Polynomial:
    return _trimmed([n * value for n, value in enumerate(values)][1:])


def squarefree(values: Polynomial) -> list[tuple[Polynomial, int]]:
    """Factors without multiple roots and how often each occurs (Yun, Proc. SYMSAC 1976, p. 26)."""
    values = _primitive(values)
    found: list[tuple[Polynomial, int]] = []
    shared = common_factor(values, _derivative(values))
    left, power = quotient(values, shared), 1
    while len(left) > 1:
        above = common_factor(left, shared)
        factor = quotient(left, above)
        if len(factor) > 1:
            found.append((factor, power))
        left, shared, power = above, quotient(shared, above), power + 1
    return found


def reduced(function: Rational) -> tuple[Rational, Polynomial]:
    """Numerator and denominator without their common factor, and that factor."""
    numerator, denominator = function
    factor = common_factor(numerator, denominator)
    lower = (quotient(numerator, factor), quotient(denominator, factor))
    return integers(*(tuple(map(Fraction, part)) for part in lower)), factor  # type: ignore[return-value]


def rounded(value: Fraction) -> float:
    """The nearest float, infinite beyond their range."""
    try:
        return float(value)
    except OverflowError:
        return inf if value > 0 else -inf


def evaluate(polynomial: Polynomial, p: ComplexArray, unit: int) -> ComplexArray:
    """Values over a unit at points p, of their shape."""
    total = np.zeros(p.shape, dtype=complex)
    for coefficient in reversed(polynomial):
        total = total * p + rounded(Fraction(coefficient, unit))
    return total


def series_moments(function: Rational, count: int) -> list[Fraction]:
    r"""Moments 0, 1, ... :math:`(-1)^n H^{(n)}(0)` of the kernel whose Laplace transform H is given, exactly."""
    numerator, denominator = (list(part) + [0] * count for part in function)
    taylor: list[Fraction] = []
    for n in range(count):
        known = sum((denominator[j] * taylor[n - j] for j in range(1, n + 1)), Fraction(0))
        taylor.append((numerator[n] - known) / Fraction(denominator[0]))
    return [(-1) ** n * factorial(n) * value for n, value in enumerate(taylor)]


def _scaled(values: Iterable[float]) -> tuple[list[int], int]:
    """Floats as integers times 2**-shift."""
    ratios = [float(value).as_integer_ratio() for value in values]
    shift = max((bottom.bit_length() - 1 for _, bottom in ratios), default=0)
    return [top << (shift - bottom.bit_length() + 1) for top, bottom in ratios], shift


def system_function(a: FloatArray, b: FloatArray, c: FloatArray, d: float) -> Rational:
    r"""Transfer function :math:`C (p - A)^{-1} B + D` of floats as they are, before common factors are cancelled.

    The adjugate of p - A by the Faddeev-LeVerrier recurrence, whose divisions are exact for integers.
    """
    n = a.shape[0]
    entries, shift = _scaled(a.ravel())
    matrix: Array = np.array(entries, dtype=object).reshape(n, n)
    (column, b_shift), (row, c_shift) = _scaled(b), _scaled(c)
    source, seen = np.array(column, dtype=object), np.array(row, dtype=object)
    adjugate: Array = np.array([[int(i == j) for j in range(n)] for i in range(n)], dtype=object).reshape(n, n)
    denominator, numerator = [0] * n + [1], [0] * n
    for k in range(1, n + 1):
        numerator[n - k] = int(seen @ adjugate @ source)
        product = matrix @ adjugate
        denominator[n - k] = -int(np.trace(product)) // k
        adjugate = product + denominator[n - k] * np.eye(n, dtype=int).astype(object)
    # of the integers' own variable 2**shift p, so that its powers come back with powers of two
    unit, instant = Fraction(2) ** (shift - b_shift - c_shift), Fraction(d)
    bottom = [Fraction(value << (shift * j)) for j, value in enumerate(denominator)]
    top = [Fraction(value << (shift * j)) * unit for j, value in enumerate([*numerator, 0])]
    upper, lower = integers([t + instant * q for t, q in zip(top, bottom, strict=True)], bottom)
    return upper, lower
