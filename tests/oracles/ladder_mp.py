"""The ladder of Markov states in mpmath: slow, obvious, and right to as many digits as asked for.

States 0 .. n-1 are the top rail by level and n .. 2n-1 the bottom rail; W[i, j] is the rate j -> i.
Arguments are plain numbers and are taken at their exact value: the float 18.2 means the double nearest to
18.2, so that a result can be compared with double precision code that was given the same float. Pass
``mp.mpf("18.2")`` for the decimal.

Everything rests on one elimination (Grassmann, Taksar & Heyman, Oper. Res. 33, 1107 (1985)) that only adds,
multiplies and divides positive rates. A steady state therefore keeps all its digits in every entry, however
small.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from mpmath import mp

Real: TypeAlias = Any  # int, float or mpf; mpmath has no types to name
Matrix: TypeAlias = Any  # mp.matrix

DISSOCIATION_INACTIVE = 18.2
DISSOCIATION_ACTIVE = 3000.0
GUARD = 20
MOST_DIGITS = 20_000


class _Step(NamedTuple):
    """One eliminated state: its exit rate, and its rates from and to the states that were left."""

    state: int
    exit_rate: Real
    sources: dict[int, Real]
    targets: dict[int, Real]


def rate_matrix(
    gamma: Real,
    rate_factor: Real,
    n_levels: int,
    reference_level: Real = 1,
    energy_step: Real = 2,
    signal: Real = 0,
    *,
    dissociation_inactive: Real = DISSOCIATION_INACTIVE,
    dissociation_active: Real = DISSOCIATION_ACTIVE,
    digits: int = 60,
) -> Matrix:
    """Generator of the ladder as an ``mp.matrix`` of 2 n_levels rows and columns."""
    n = int(n_levels)
    with mp.workdps(digits + GUARD):
        gamma, factor, step, s = (mp.mpf(x) for x in (gamma, rate_factor, energy_step, signal))
        ligand = mp.log((1 + s / mp.mpf(dissociation_inactive)) / (1 + s / mp.mpf(dissociation_active)))
        against = mp.exp(step / 2) * gamma
        rates = mp.zeros(2 * n)
        for m in range(n):
            energy = step * (mp.mpf(reference_level) - m) + ligand
            rates[m, n + m] = factor * max(mp.one, mp.exp(-energy))
            rates[n + m, m] = factor * max(mp.one, mp.exp(energy))
        for m in range(n - 1):
            rates[m, m + 1] = mp.one
            rates[m + 1, m] = against
            rates[n + m + 1, n + m] = mp.one
            rates[n + m, n + m + 1] = against
        for j in range(2 * n):
            rates[j, j] = -mp.fsum(rates[i, j] for i in range(2 * n) if i != j)
        return rates


def _eliminate(matrix: Matrix) -> tuple[list[_Step], int]:
    """Remove states one by one, fewest neighbours first; the steps in order, and the state that remains.

    The diagonal is never read: an exit rate is the sum of the rates out, which is what makes it exact.
    """
    size = matrix.rows
    sources: list[dict[int, Real]] = [{} for _ in range(size)]
    targets: list[dict[int, Real]] = [{} for _ in range(size)]
    for i in range(size):
        for j in range(size):
            if i != j and matrix[i, j] != 0:
                sources[i][j] = targets[j][i] = matrix[i, j]
    left = set(range(size))
    steps = []
    while len(left) > 1:
        k = min(left, key=lambda state: (len(sources[state].keys() | targets[state].keys()), state))
        left.discard(k)
        exit_rate = mp.fsum(targets[k].values())
        if exit_rate == 0:
            raise ValueError(f"state {k} cannot be left: the network is reducible")
        steps.append(_Step(k, exit_rate, sources[k], targets[k]))
        for i in targets[k]:
            del sources[i][k]
        for j, rate_in in sources[k].items():
            del targets[j][k]
            for i, rate_out in targets[k].items():
                if i != j:
                    detour = rate_in * rate_out / exit_rate
                    sources[i][j] = targets[j][i] = targets[j].get(i, mp.zero) + detour
    return steps, left.pop()


def steady_state(matrix: Matrix, digits: int = 60) -> list[Real]:
    """Stationary probabilities, each to ``digits`` digits of its own (given rates that have them)."""
    with mp.workdps(digits + GUARD):
        return _steady(*_eliminate(matrix))


def _steady(steps: list[_Step], last: int) -> list[Real]:
    weights = [mp.zero] * (len(steps) + 1)
    weights[last] = mp.one
    for step in reversed(steps):
        weights[step.state] = mp.fsum(weights[j] * rate for j, rate in step.sources.items()) / step.exit_rate
    total = mp.fsum(weights)
    return [weight / total for weight in weights]


def _solve(steps: list[_Step], last: int, right_side: list[Real]) -> list[Real]:
    """The x of zero sum with W x = right_side, for a right-hand side that sums to zero."""
    b = list(right_side)
    for step in steps:
        for i, rate in step.targets.items():
            b[i] += rate * b[step.state] / step.exit_rate
    x = [mp.zero] * len(b)
    for step in reversed(steps):
        gained = mp.fsum(x[j] * rate for j, rate in step.sources.items())
        x[step.state] = (gained - b[step.state]) / step.exit_rate
    excess = mp.fsum(x)
    return [value - excess * p for value, p in zip(x, _steady(steps, last), strict=True)]


def entropy_production_rate(matrix: Matrix, p: list[Real], digits: int = 60) -> Real:
    """Sum over edges of (J+ - J-) ln(J+/J-), k_B per time; infinite if a one-way edge carries flux."""
    total = mp.zero
    with mp.workdps(digits + GUARD):
        for i in range(matrix.rows):
            for j in range(i):
                forward, backward = matrix[i, j] * p[j], matrix[j, i] * p[i]
                if forward and backward:
                    total += (forward - backward) * mp.log(forward / backward)
                elif forward or backward:
                    return mp.inf
        return +total


def plaquette_currents(matrix: Matrix, p: list[Real], digits: int = 60) -> list[Real]:
    """Net probability current along the top rail from each level to the next, by plain subtraction of fluxes."""
    with mp.workdps(digits + GUARD):
        return [matrix[m + 1, m] * p[m] - matrix[m, m + 1] * p[m + 1] for m in range(matrix.rows // 2 - 1)]


def edge_force(matrix: Matrix, p: list[Real], source: int, target: int, digits: int = 60) -> Real:
    """Logarithm of the flux source -> target over the flux back."""
    with mp.workdps(digits + GUARD):
        return mp.log(matrix[target, source] * p[source] / (matrix[source, target] * p[target]))


def _until_stable(compute: Callable[[int], Real], digits: int) -> Real:
    """``compute`` at a doubling number of digits, until two results in a row agree to ``digits``."""
    working = digits + GUARD
    before = compute(working)
    while working < MOST_DIGITS:
        working *= 2
        now = compute(working)
        with mp.workdps(working):
            # Two exact zeros are no agreement: a small difference reads zero while digits are few.
            if now != 0 and abs(now - before) <= mp.mpf(10) ** -digits * abs(now):
                return now
        before = now
    raise ArithmeticError(f"no {digits} stable digits with {MOST_DIGITS} working digits: is the exact value zero?")


def area(
    gamma: Real,
    rate_factor: Real,
    n_levels: int,
    reference_level: Real = 1,
    energy_step: Real = 2,
    signal: Real = 200,
    baseline: Real = 0,
    *,
    dissociation_inactive: Real = DISSOCIATION_INACTIVE,
    dissociation_active: Real = DISSOCIATION_ACTIVE,
    digits: int = 60,
) -> Real:
    """Integral over all times of the un-normalised step kernel: P_top(signal) - P_top(baseline).

    By plain sums, with as many digits as that takes. Signal and baseline must differ: the exact value zero
    is never reached by a growing number of digits.
    """
    shape = (gamma, rate_factor, n_levels, reference_level, energy_step)
    ligand = {"dissociation_inactive": dissociation_inactive, "dissociation_active": dissociation_active}

    def compute(working: int) -> Real:
        after, before = (
            steady_state(rate_matrix(*shape, s, **ligand, digits=working), working)[:n_levels]
            for s in (signal, baseline)
        )
        with mp.workdps(working + GUARD):
            return mp.fsum(after) - mp.fsum(before)

    return _until_stable(compute, digits)


def first_moment(
    gamma: Real,
    rate_factor: Real,
    n_levels: int,
    reference_level: Real = 1,
    energy_step: Real = 2,
    signal: Real = 200,
    baseline: Real = 0,
    *,
    dissociation_inactive: Real = DISSOCIATION_INACTIVE,
    dissociation_active: Real = DISSOCIATION_ACTIVE,
    digits: int = 60,
) -> Real:
    """Integral of t K(t) over all times for the un-normalised step kernel.

    K is the derivative of c.p(t), so by parts it is the sum over the top rail of the x that solves
    W x = p(0) - p(inf) with zero sum, namely -int (p(t) - p(inf)) dt.
    """
    shape = (gamma, rate_factor, n_levels, reference_level, energy_step)
    ligand = {"dissociation_inactive": dissociation_inactive, "dissociation_active": dissociation_active}

    def compute(working: int) -> Real:
        start = steady_state(rate_matrix(*shape, baseline, **ligand, digits=working), working)
        with mp.workdps(working + GUARD):
            steps, last = _eliminate(rate_matrix(*shape, signal, **ligand, digits=working))
            change = [a - b for a, b in zip(start, _steady(steps, last), strict=True)]
            return mp.fsum(_solve(steps, last, change)[:n_levels])

    return _until_stable(compute, digits)


def step_kernel_terms(
    gamma: Real,
    rate_factor: Real,
    n_levels: int,
    reference_level: Real = 1,
    energy_step: Real = 2,
    signal: Real = 200,
    baseline: Real = 0,
    *,
    dissociation_inactive: Real = DISSOCIATION_INACTIVE,
    dissociation_active: Real = DISSOCIATION_ACTIVE,
    digits: int = 60,
) -> list[tuple[Real, int, Real]]:
    """The un-normalised step kernel as (c, 0, lambda) terms of sum c exp(lambda t), by ``mp.eig``.

    Diagonalises at twice the digits, for the eigenvectors of a strongly driven ladder are far from
    orthogonal. Imaginary parts that are only rounding are dropped, so that real modes come as real numbers.
    """
    shape = (gamma, rate_factor, n_levels, reference_level, energy_step)
    ligand = {"dissociation_inactive": dissociation_inactive, "dissociation_active": dissociation_active}
    before, after = (rate_matrix(*shape, s, **ligand, digits=2 * digits) for s in (baseline, signal))
    start = steady_state(before, 2 * digits)
    with mp.workdps(2 * digits):
        values, left, right = mp.eig(after, left=True, right=True)
        size = len(values)
        stationary = min(range(size), key=lambda k: abs(values[k]))
        terms = []
        for k in range(size):
            if k != stationary:
                overlap = mp.fsum(left[k, i] * right[i, k] for i in range(size))
                seen = mp.fsum(right[i, k] for i in range(n_levels))
                excited = mp.fsum(left[k, i] * start[i] for i in range(size))
                terms.append((_real(values[k] * seen * excited / overlap, digits), 0, _real(values[k], digits)))
        return terms


def _real(z: Real, digits: int) -> Real:
    return z.real if abs(mp.im(z)) <= mp.mpf(10) ** -digits * abs(z) else z
