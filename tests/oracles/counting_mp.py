"""Counting statistics of a network in mpmath: slow, obvious, and right to as many digits as asked for.

The scaled cumulant generating function is the eigenvalue of largest real part of the whole tilted generator, found by
``mp.eig``; cumulants are its numerical derivatives with so many digits that the step's error does not matter. Rates
and increments are doubles, taken at their exact values.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from mpmath import mp

Real: TypeAlias = Any
Matrix: TypeAlias = Any


def exact_generator(rates: Any, digits: int = 80) -> Matrix:
    """Generator as an ``mp.matrix`` whose off-diagonal entries are the given doubles."""
    n = len(rates)
    with mp.workdps(digits):
        matrix = mp.zeros(n)
        for i in range(n):
            for j in range(n):
                if i != j:
                    matrix[i, j] = mp.mpf(float(rates[i][j]))
        for j in range(n):
            matrix[j, j] = -mp.fsum(matrix[i, j] for i in range(n) if i != j)
        return matrix


def generating_function(rates: Any, increments: Any, k: Real, digits: int = 60) -> Real:
    """Dominant eigenvalue of W[i, j] exp(k d[i, j])."""
    with mp.workdps(digits):
        tilted = exact_generator(rates, digits)
        for i in range(tilted.rows):
            for j in range(tilted.rows):
                if i != j:
                    tilted[i, j] *= mp.exp(mp.mpf(k) * mp.mpf(float(increments[i][j])))
        values = mp.eig(tilted, left=False, right=False)
        return max(mp.re(value) for value in values)


def cumulants(rates: Any, increments: Any, order: int = 4, digits: int = 120) -> list[Real]:
    """Scaled cumulants 1 to ``order`` by central differences of the generating function at 0."""
    with mp.workdps(digits):
        step = mp.mpf(10) ** -(digits // 6)
        reach = order // 2 + 1
        points = list(range(-reach, reach + 1))
        values = [generating_function(rates, increments, j * step, digits) for j in points]
        # the polynomial through the values: its error is of the order of the step to the power of what it leaves
        system = mp.matrix([[mp.mpf(j) ** m for m in range(len(points))] for j in points])
        coefficients = mp.lu_solve(system, mp.matrix(values))
        return [coefficients[m] * mp.factorial(m) / step**m for m in range(1, order + 1)]
