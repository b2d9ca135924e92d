"""Derivatives by central differences of 80 digits: slow, obvious, and sharing nothing with an adjoint.

A step of 1e-25 leaves an error of 1e-50 or so. Networks are rate matrices W[i, j] (rate j -> i) of mpmath numbers;
the quantities are those of ``ladder_mp``, which subtracts nothing where it matters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from mpmath import mp

from tests.oracles import ladder_mp

Real: TypeAlias = Any
Matrix: TypeAlias = Any

DIGITS = 80
_STEP = "1e-25"


def difference(function: Callable[[Real], Real], at: Real, *, relative: bool = False, side: int = 0) -> Real:
    """Derivative of a function at a number: central, or one-sided (three points) where it has a kink."""
    with mp.workdps(DIGITS):
        at = mp.mpf(at)
        h = mp.mpf(_STEP) * (abs(at) if relative else 1)
        if side:
            h *= side
            return (4 * function(at + h) - function(at + 2 * h) - 3 * function(at)) / (2 * h)
        return (function(at + h) - function(at - h)) / (2 * h)


def matrix_of(rates: np.ndarray) -> Matrix:
    """Rates off the diagonal as an mpmath matrix."""
    n = len(rates)
    return mp.matrix(n, n) + mp.matrix(
        [[mp.mpf(float(rates[i, j])) if i != j else 0 for j in range(n)] for i in range(n)]
    )


def by_log_rate(quantity: Callable[[Matrix], Real], rates: np.ndarray, i: int, j: int) -> float:
    """Derivative of a quantity of a rate matrix by the logarithm of one rate."""
    base = matrix_of(rates)

    def changed(x: Real) -> Real:
        matrix = base.copy()
        matrix[i, j] *= mp.exp(x)
        return quantity(matrix)

    with mp.workdps(DIGITS):
        return float(difference(changed, 0))


def weighted(observable: Any) -> Callable[[Matrix], Real]:
    """Steady mean of an observable."""
    return lambda matrix: mp.fdot(map(mp.mpf, map(float, observable)), ladder_mp.steady_state(matrix, DIGITS))


def entropy_production(matrix: Matrix) -> Real:
    """Steady entropy production rate."""
    return ladder_mp.entropy_production_rate(matrix, ladder_mp.steady_state(matrix, DIGITS), DIGITS)


def first_moment(before: Matrix, after: Matrix, observable: Any) -> Real:
    """First moment of the response of an observable to a step of the rates."""
    with mp.workdps(DIGITS + 20):
        start = ladder_mp.steady_state(before, DIGITS)
        steps, last = ladder_mp._eliminate(after)
        change = [a - b for a, b in zip(start, ladder_mp._steady(steps, last), strict=True)]
        return mp.fdot(map(mp.mpf, map(float, observable)), ladder_mp._solve(steps, last, change))
