"""Integrals of polynomial-times-exponential terms, stable for every size of the exponent.

A term is ``t**n * exp(rate * t)``. Terms are stored by polynomial degree: ``poly[..., k, q]`` multiplies
``t**q * exp(rate[..., k] * t)``, so that derivatives and primitives keep the same shape.
"""

from __future__ import annotations

from math import comb, factorial

import numpy as np

from thermo_cl._types import Array, ComplexArray, FloatArray

_SERIES_TERMS = 34


def unit_moment(n: int, z: ComplexArray) -> ComplexArray:
    r"""Integral :math:`\int_0^1 x^n e^{zx} dx`, by series for small ``z`` and by upward recurrence else.

    The recurrence divides by ``z`` after subtracting numbers of order one, so it loses digits when
    ``|z| < n``; there the series (all terms bounded by ``|z|**j / j!``) takes over.
    """
    z = np.asarray(z, dtype=complex)
    small = np.abs(z) <= max(1.0, n)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        value = np.expm1(z) / z
        for power in range(1, n + 1):
            value = (np.exp(z) - power * value) / z
    if small.any():
        near = np.where(small, z, 0.0)
        term, series = np.ones_like(near), np.full_like(near, 1.0 / (n + 1))
        for j in range(1, _SERIES_TERMS + 2 * n):
            term = term * near / j
            series = series + term / (n + 1 + j)
        value = np.where(small, series, value)
    return np.asarray(value)


def term_moment(n: int, rate: ComplexArray, window: FloatArray) -> ComplexArray:
    r"""Integral of ``t**n * exp(rate * t)`` over ``[0, window]``; ``n!/(-rate)**(n+1)`` for no window."""
    endless = np.isinf(window)
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = factorial(n) / (-rate) ** (n + 1)
    if endless.all():
        return np.asarray(whole)
    length = np.where(endless, 1.0, window)
    cut = length ** (n + 1) * unit_moment(n, rate * length)
    return np.asarray(np.where(endless, whole, cut))


def primitive(poly: ComplexArray, rate: ComplexArray) -> ComplexArray:
    """Coefficients of an antiderivative, same shape; zero rates shift the polynomial up by one degree.

    The highest degree of a zero-rate mode must be free (zero), else it would be lost.
    """
    zero = rate == 0
    safe = np.where(zero, 1.0, rate)
    degree = poly.shape[-1] - 1
    result = np.zeros(np.broadcast_shapes(poly.shape, (*rate.shape, degree + 1)), dtype=complex)
    above = np.zeros(result.shape[:-1], dtype=complex)
    for q in range(degree, -1, -1):
        above = (poly[..., q] - (q + 1) * above) / safe
        result[..., q] = above
    if zero.any():
        shifted = np.zeros_like(result)
        shifted[..., 1:] = poly[..., :-1] / np.arange(1, degree + 1)
        result = np.where(zero[..., None], shifted, result)
    return result


def evaluate(poly: ComplexArray, rate: ComplexArray, t: Array) -> FloatArray:
    """Real part of the sum over modes at times ``t``, whose shape broadcasts against ``rate[..., 0]``."""
    t = np.asarray(t, dtype=float)[..., None]
    value = poly[..., -1]
    for q in range(poly.shape[-1] - 2, -1, -1):
        value = value * t + poly[..., q]
    with np.errstate(under="ignore"):
        return np.asarray(np.sum(np.real(value * np.exp(rate * t)), axis=-1))


def shifted_sums(rate: ComplexArray, start: FloatArray, period: FloatArray, degree: int) -> list[ComplexArray]:
    r"""Sums :math:`\sum_{m \ge 0} (a + mP)^r e^{\lambda(a + mP)}` for r = 0..degree, a = start, P = period.

    They collect the echoes of one corner of a periodic signal in all earlier periods; ``rate`` must decay.
    """
    ratio = np.exp(rate * period)
    plain = [-1.0 / np.expm1(rate * period)]  # sums of m**i * ratio**m
    for i in range(1, degree + 1):
        plain.append(ratio * plain[0] * sum(comb(i, j) * plain[j] for j in range(i)))
    first = np.exp(rate * start)
    sums = (sum(comb(r, i) * start ** (r - i) * period**i * plain[i] for i in range(r + 1)) for r in range(degree + 1))
    return [np.asarray(first * total) for total in sums]


def single_shift(rate: ComplexArray, start: FloatArray, degree: int) -> list[ComplexArray]:
    """The terms ``start**r * exp(rate * start)`` of one image alone, r = 0..degree."""
    first = np.exp(rate * start)
    return [np.asarray(first * start**r, dtype=complex) for r in range(degree + 1)]


def recentre(poly: ComplexArray, sums: list[ComplexArray]) -> ComplexArray:
    """Coefficients in local time of a mode sum shifted by the times whose power sums are given."""
    degree = poly.shape[-1] - 1
    parts = [sum(comb(q, i) * poly[..., q] * sums[q - i] for q in range(i, degree + 1)) for i in range(degree + 1)]
    return np.stack(np.broadcast_arrays(*parts), axis=-1)
