"""Driven networks by brute force: step a general stiff integrator through cycle after cycle until nothing changes.

Rates are written out edge by edge, the signal is a plain function, and costs are integrated along with the
probabilities as further components of the same differential equation.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.integrate import solve_ivp

Matrix = np.ndarray


class Cycle(NamedTuple):
    """State at the start of a cycle, and integrals over it."""

    start: Matrix
    total: float
    heat: float
    housekeeping: float
    excess: float
    signal_work: float
    drive_work: float


def sawtooth_value(fast: float, slow: float, mean: float, amplitude: float) -> Callable[[float], float]:
    """The sawtooth over one period, as the paper writes it."""

    def value(t: float) -> float:
        share = t / fast if t <= fast else 1.0 - (t - fast) / slow
        return mean + amplitude * (share - 0.5)

    return value


def ladder_rates(
    gamma: float, factor: float, n: int, reference: float, step: float, signal: float
) -> dict[tuple[int, int], float]:
    """Rates of the ladder by (target, source)."""
    rates = {}
    ligand = math.log((1 + signal / 18.2) / (1 + signal / 3000.0))
    for m in range(n):
        energy = step * (reference - m) + ligand
        rates[m, n + m] = factor * max(1.0, math.exp(-energy))
        rates[n + m, m] = factor * max(1.0, math.exp(energy))
    for m in range(n - 1):
        rates[m, m + 1] = rates[n + m + 1, n + m] = 1.0
        rates[m + 1, m] = rates[n + m, n + m + 1] = gamma * math.exp(step / 2)
    return rates


def generator(rates: dict[tuple[int, int], float], n: int) -> Matrix:
    matrix = np.zeros((n, n))
    for (i, j), rate in rates.items():
        matrix[i, j] += rate
        matrix[j, j] -= rate
    return matrix


def steady(matrix: Matrix) -> Matrix:
    """Steady state by a linear solve, with the normalisation in place of the last equation."""
    system = matrix.copy()
    system[-1] = 1.0
    return np.linalg.solve(system, np.eye(len(system))[-1])


def integrate(
    rates: Callable[[float], dict[tuple[int, int], float]],
    corners: list[float],
    start: Matrix,
    extra: Callable[[float, Matrix, Matrix], list[float]] | None = None,
    tolerance: float = 1e-13,
) -> Matrix:
    """Probabilities (and running integrals of ``extra``) at the last corner."""
    n = start.size
    count = len(extra(corners[0] + 1e-9, start, generator(rates(corners[0]), n))) if extra else 0
    state = np.concatenate([start, np.zeros(count)])

    def flow(t: float, y: Matrix) -> Matrix:
        matrix = generator(rates(t), n)
        p = y[:n]
        return np.concatenate([matrix @ p, extra(t, p, matrix)] if extra else [matrix @ p])

    def jacobian(t: float, y: Matrix) -> Matrix:
        full = np.zeros((n + count, n + count))
        full[:n, :n] = generator(rates(t), n)
        return full

    for a, b in pairwise(corners):
        options = {} if extra else {"jac": jacobian}
        solved = solve_ivp(flow, (a, b), state, method="LSODA", rtol=tolerance, atol=1e-14, **options)
        assert solved.success
        state = solved.y[:, -1]
    return state


def cycle_of_ladder(
    gamma: float,
    factor: float,
    n: int,
    reference: float,
    fast: float,
    slow: float,
    mean: float,
    amplitude: float,
    *,
    step: float = 2.0,
    costs: bool = True,
) -> Cycle:
    """Periodic state of a ladder under a sawtooth, and what one cycle costs."""
    value = sawtooth_value(fast, slow, mean, amplitude)
    size = 2 * n

    def rates(t: float) -> dict[tuple[int, int], float]:
        return ladder_rates(gamma, factor, n, reference, step, value(t))

    def rate_of_costs(t: float, p: Matrix, matrix: Matrix) -> list[float]:
        pi = steady(matrix)
        total = heat = kept = excess = drive = 0.0
        for (i, j), rate in rates(t).items():
            flux = rate * p[j]
            total += flux * math.log(flux / (matrix[j, i] * p[i]))
            heat += flux * math.log(rate / matrix[j, i])
            kept += flux * math.log(rate * pi[j] / (matrix[j, i] * pi[i]))
            excess += flux * math.log(p[j] * pi[i] / (p[i] * pi[j]))
            if abs(i - j) == 1:
                along = (j > i) == (j < n)
                drive += flux * math.log(gamma) * (-1 if along else 1)
        s = value(t)
        speed = amplitude / fast if t <= fast else -amplitude / slow
        push = speed * (1 / (18.2 + s) - 1 / (3000.0 + s))
        work = push * 0.5 * (p[:n].sum() - p[n:].sum())
        return [total, heat, kept, excess, work, drive]

    corners = [0.0, fast, fast + slow]
    p = steady(generator(rates(0.0), size))
    for _ in range(200):
        after = integrate(rates, corners, p)
        done = np.abs(after - p).max() < 1e-12
        p = after / after.sum()
        if done:
            break
    if not costs:
        return Cycle(p, *[math.nan] * 6)
    integrals = integrate(rates, corners, p, rate_of_costs, tolerance=1e-12)[size:]
    return Cycle(p, *(float(x) for x in integrals))
