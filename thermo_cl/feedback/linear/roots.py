"""Simple roots of a polynomial of integers, to any number of digits, by Aberth's method."""

from __future__ import annotations

import itertools
from typing import Any

from thermo_cl.feedback.linear.rational import Polynomial

__all__ = ["Complex", "roots"]

Complex = Any  # mpmath has no types to name


def roots(polynomial: Polynomial) -> list[Complex]:
    """Simple roots of a polynomial without multiple ones, to the working precision of mpmath; pairs side by side."""
    from mpmath import mp  # type: ignore[import-untyped]

    n, digits = len(polynomial) - 1, mp.dps
    with mp.workdps(2 * digits + 2 * n):  # the coefficients are exact, but sums of their large terms cancel
        coefficients = [mp.mpf(value) for value in polynomial]
        if n == 1:
            return [mp.mpc(-coefficients[0] / coefficients[1])]
        guess, smallest = _starts(polynomial), mp.mpf(10) ** -digits
        for _ in range(60 + 10 * n):
            if _improve(guess, coefficients) < smallest:
                return _conjugated(guess, n, mp.mpf(10) ** (10 - digits))
    raise ArithmeticError


def _improve(guess: list[Complex], coefficients: list[Complex]) -> Complex:
    """One step of Aberth's method in place; the largest relative change."""
    from mpmath import mp

    largest = mp.zero
    for i, x in enumerate(guess):
        value, slope = mp.zero, mp.zero
        for coefficient in reversed(coefficients):
            value, slope = value * x + coefficient, slope * x + value
        if value == 0:
            continue
        newton = value / slope
        step = newton / (1 - newton * mp.fsum(1 / (x - y) for j, y in enumerate(guess) if j != i))
        guess[i] = x - step
        largest = max(largest, abs(step / guess[i]))
    return largest


def _starts(polynomial: Polynomial) -> list[Complex]:
    """Points on circles whose radii are the slopes of the Newton polygon (Bini, Numer. Algorithms 13, 179 (1996))."""
    from mpmath import mp

    points = [(j, float(mp.log(abs(value)))) for j, value in enumerate(polynomial) if value]
    hull: list[tuple[int, float]] = []
    for point in points:
        while len(hull) > 1 and (hull[-1][1] - hull[-2][1]) * (point[0] - hull[-1][0]) <= (point[1] - hull[-1][1]) * (
            hull[-1][0] - hull[-2][0]
        ):
            hull.pop()
        hull.append(point)
    guess = [mp.zero] * hull[0][0]
    for (i, low), (j, high) in itertools.pairwise(hull):
        radius, count = mp.exp((low - high) / (j - i)), j - i
        guess += [radius * mp.expjpi((2 * k + 0.7) / count + 0.3 * i) for k in range(count)]
    return guess


def _conjugated(found: list[Complex], count: int, rounding: Complex) -> list[Complex]:
    """Real roots, then conjugate pairs, exactly so."""
    from mpmath import mp

    real = sorted(x.real for x in found if abs(x.imag) <= rounding * abs(x))
    upper = [x for x in found if x.imag > rounding * abs(x)]
    if len(real) + 2 * len(upper) != count:
        raise ArithmeticError
    return [*map(mp.mpc, real), *(part for x in upper for part in (x, mp.conj(x)))]
