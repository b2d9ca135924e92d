"""Real state-space matrices of a sum of ``t**n * exp(rate * t)`` terms: one Jordan chain for each term."""

from __future__ import annotations

from math import factorial

import numpy as np
import scipy.linalg

from thermo_cl._types import ComplexArray, FloatArray, IntArray


def realisation(
    coefficients: ComplexArray, rates: ComplexArray, powers: IntArray, feedthrough: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Matrices A, B, C and D whose impulse response is the kernel; arrays of shape (k,)."""
    chains = [_chain(c, rate, int(n)) for c, rate, n in zip(coefficients, rates, powers, strict=True)]
    a = scipy.linalg.block_diag(*(chain[0] for chain in chains))
    b, c = (np.concatenate([chain[part] for chain in chains]) for part in (1, 2))
    return a, b[:, None], c[None, :], np.full((1, 1), feedthrough)


def _chain(c: complex, rate: complex, n: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Real Jordan chain whose impulse response is ``Re c t**n exp(rate t)``."""
    if rate.imag == 0:
        a = rate.real * np.eye(n + 1) + np.eye(n + 1, k=-1)
        return a, np.eye(n + 1)[0], np.eye(n + 1)[n] * factorial(n) * c.real
    turn = np.array([[rate.real, -rate.imag], [rate.imag, rate.real]])
    a = np.kron(np.eye(n + 1), turn) + np.kron(np.eye(n + 1, k=-1), np.eye(2))
    b, out = np.zeros(2 * n + 2), np.zeros(2 * n + 2)
    b[0], out[2 * n :] = 1.0, factorial(n) * np.array([c.real, -c.imag])
    return a, b, out
