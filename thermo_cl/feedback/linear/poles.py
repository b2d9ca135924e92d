"""Partial fractions of an exact rational function: the modes of a kernel, well conditioned however close they are.

Poles are found with guard digits. Where some lie so close together that the terms of the kernel would be large and
cancel, they are expanded about their mean in powers of time, the way of ``integral_feedback_kernel`` near critical
damping; the expansion holds for coinciding poles as well.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from thermo_cl._types import ComplexArray, FloatArray, IntArray
from thermo_cl.errors import ConvergenceError
from thermo_cl.feedback.linear.rational import Polynomial, Rational, squarefree
from thermo_cl.feedback.linear.roots import Complex, roots

__all__ = ["Pole", "Term", "arranged", "kernel_terms", "partial_fractions", "roots"]

_DIGITS = (50, 100, 200, 400, 800)
_REACHES = (0.0, 1e-6, 1e-3, 0.05, 0.15, 0.4)  # of a cluster of poles, in units of their decay rate
_CANCELLATION = 300.0  # of the terms over the kernel, which is accepted
_WORST_CANCELLATION = 1e6
_MOST_POWERS = 60


class Pole(NamedTuple):
    """Part ``sum_i weights[i] t**i exp(rate t) / i!`` of a kernel, in guard digits."""

    rate: Complex
    weights: list[Complex]


class Term(NamedTuple):
    """Term ``Re coefficient t**power exp(rate t)`` of a kernel, in double precision."""

    coefficient: complex
    rate: complex
    power: int


def partial_fractions(function: Rational) -> list[Pole]:
    """Poles and weights of the strictly proper part; numerator and denominator have no common factor."""
    from mpmath import mp  # type: ignore[import-untyped]

    numerator, denominator = function
    poles = []
    for factor, power in squarefree(denominator):
        for rate in roots(factor):
            top, bottom = _about(numerator, rate, power), _about(denominator, rate, 2 * power)[power:]
            taylor: list[Complex] = []  # of the numerator over what the denominator has beside this pole
            for n in range(power):
                known = mp.fsum(bottom[j] * taylor[n - j] for j in range(1, n + 1))
                taylor.append((top[n] - known) / bottom[0])
            poles.append(Pole(rate, taylor[::-1]))
    return poles


def _about(polynomial: Polynomial, centre: Complex, count: int) -> list[Complex]:
    """First Taylor coefficients of a polynomial about a point."""
    from mpmath import mp

    values = [mp.mpc(value) for value in polynomial] or [mp.mpc(0)]
    result = []
    for _ in range(count):
        for j in range(len(values) - 2, -1, -1):
            values[j] += centre * values[j + 1]
        result.append(values[0])
        values = values[1:] or [mp.mpc(0)]
    return result


def kernel_terms(function: Rational) -> tuple[list[Term], list[complex]]:
    """Terms of the regular part of a kernel from its Laplace transform, and its poles; no terms if one does not decay.

    Raises
    ------
    ConvergenceError
        If no arrangement of the terms keeps ten digits, or the poles cannot be told apart.
    """
    from mpmath import mp

    for digits in _DIGITS:
        with mp.workdps(digits):
            try:
                poles = partial_fractions(function)
            except ArithmeticError:
                continue
            rates = [complex(pole.rate) for pole in poles for _ in pole.weights]
            rounding = mp.mpf(10) ** (20 - digits)
            if any(-pole.rate.real <= rounding * abs(pole.rate) for pole in poles):
                return [], [complex(0.0 if abs(r.real) < 1e-15 * abs(r) else r.real, r.imag) for r in rates]
            lost = _lost_digits(poles)
            if lost + 30 > digits:
                continue
            terms = _best_terms(poles)
            return terms, rates
    raise ConvergenceError(
        f"the poles of a controller of order {len(function[1]) - 1} cannot be told apart with {_DIGITS[-1]} digits; "
        "move its parameters apart, or make it exactly degenerate"
    )


def arranged(rows: list[list[Term]]) -> tuple[ComplexArray, ComplexArray, IntArray]:
    """Coefficients and rates, shape (members, k), of the terms of each member of a batch, and their common powers."""
    powers: list[int] = []
    for power in range(max((term.power for terms in rows for term in terms), default=-1) + 1):
        powers += [power] * max(sum(term.power == power for term in terms) for terms in rows)
    shape = (len(rows), len(powers))
    weights, rates = np.zeros(shape, dtype=complex), np.full(shape, -1.0, dtype=complex)
    for i, terms in enumerate(rows):
        free = list(range(len(powers)))
        for term in terms:
            k = next(k for k in free if powers[k] == term.power)
            free.remove(k)
            weights[i, k], rates[i, k] = term.coefficient, term.rate
        rates[i, free] = terms[0].rate if terms else -1.0
    return weights, rates, np.array(powers, dtype=int)


def _lost_digits(poles: list[Pole]) -> float:
    """Digits that the poles' weights cancel at most."""
    from mpmath import mp

    gaps = [
        float(-mp.log10(abs(one.rate - other.rate) / (abs(one.rate) + abs(other.rate))))
        for i, one in enumerate(poles)
        for other in poles[:i]
    ]
    return max(gaps, default=0.0) * max(sum(len(pole.weights) for pole in poles), 1)


def _best_terms(poles: list[Pole]) -> list[Term]:
    best, least, seen = [], math.inf, set()
    for reach in _REACHES:
        groups = _groups(poles, reach)
        if len(groups) in seen:
            continue
        seen.add(len(groups))
        expanded = [_expanded(group) for group in groups]
        if any(part is None for part in expanded):
            continue
        terms = [term for part in expanded if part is not None for term in part]
        lost = _cancellation(terms)
        if lost < least:
            best, least = terms, lost
        if least <= _CANCELLATION:
            break
    if least > _WORST_CANCELLATION:
        raise ConvergenceError(
            f"the terms of the kernel cancel to one part in {least:.2g}: {len(poles)} poles that lie close together "
            "without coinciding; move them apart, or make those that hardly differ equal"
        )
    return best


def _groups(poles: list[Pole], reach: float) -> list[list[Pole]]:
    """Poles joined where they are closer to each other than ``reach`` times their decay rate."""
    groups = [[pole] for pole in poles]
    joined = True
    while joined:
        joined = False
        for i, one in enumerate(groups):
            for j in range(i):
                near = any(
                    abs(x.rate - y.rate) < reach * min(-x.rate.real, -y.rate.real) for x in one for y in groups[j]
                )
                if near:
                    groups[j] += groups.pop(i)
                    joined = True
                    break
            if joined:
                break
    return groups


def _expanded(group: list[Pole]) -> list[Term] | None:
    """Terms of poles about their mean, none of the mirror image of another group; None if there are too many."""
    from mpmath import mp

    if len(group) == 1:
        centre = group[0].rate
        weights = [w / mp.factorial(i) for i, w in enumerate(group[0].weights)]
    else:
        centre = mp.fsum(pole.rate for pole in group) / len(group)
        weights = _powers(group, centre)
        if not weights:
            return None
    if abs(centre.imag) <= mp.mpf(10) ** (10 - mp.dps) * abs(centre):
        return [Term(complex(w.real), complex(centre.real), n) for n, w in enumerate(weights)]
    if centre.imag < 0:
        return []
    return [Term(complex(2 * w), complex(centre), n) for n, w in enumerate(weights)]


def _powers(group: list[Pole], centre: Complex) -> list[Complex]:
    """Coefficients of the powers of time about a centre, up to those below rounding; empty if there are too many."""
    from mpmath import mp

    weights: list[Complex] = []
    decay, largest = -centre.real, mp.zero
    order = sum(len(pole.weights) for pole in group)
    for n in range(_MOST_POWERS):
        weight = mp.fsum(
            w * (pole.rate - centre) ** (n - i) / (mp.factorial(i) * mp.factorial(n - i))
            for pole in group
            for i, w in enumerate(pole.weights)
            if i <= n
        )
        weights.append(weight)
        size = abs(weight) * (mp.mpf(n) / (mp.e * decay)) ** n  # at its largest, t = n/decay
        largest = max(largest, size)
        if n >= order:
            below = [abs(w) * (mp.mpf(m) / (mp.e * decay)) ** m for m, w in enumerate(weights)][-order:]
            if max(below) < mp.mpf("1e-18") * largest:
                return weights[: n + 1 - order]
    return []


def _cancellation(terms: list[Term]) -> float:
    """Sum of the terms' sizes over the largest value of the kernel."""
    if not terms:
        return 1.0
    coefficients = np.array([term.coefficient for term in terms])
    rates, powers = np.array([term.rate for term in terms]), np.array([term.power for term in terms])
    slowest, fastest = np.min(-rates.real), np.max(np.abs(rates))
    time: FloatArray = np.concatenate([[0.0], np.geomspace(0.01 / fastest, 40.0 / slowest, 600)])[:, None]
    with np.errstate(all="ignore"):
        values = np.nan_to_num(coefficients * time**powers * np.exp(rates * time))  # 0 inf where a mode is long over
    return float(np.abs(values).sum(axis=1).max() / np.abs(values.real.sum(axis=1)).max())
