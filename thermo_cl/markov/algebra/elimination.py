"""Subtraction-free elimination of states (Grassmann, Taksar and Heyman), for steady states.

Eliminating a state leaves the network as seen by an observer who does not look while it is occupied: the
rates between the others grow by ``rate in * rate out / total rate out``. No step subtracts, so every steady
probability keeps its relative accuracy however stiff the rates (Grassmann et al., Oper. Res. 33, 1107 (1985)).
Complex rates carry exact derivatives through it (complex step).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermo_cl._types import Array
from thermo_cl.errors import ReducibleNetworkError
from thermo_cl.markov.algebra.classes import communicating_classes, out_of_range

__all__ = ["Elimination", "eliminate"]


@dataclass(frozen=True, eq=False)
class Elimination:
    """Factors of a generator.

    Attributes
    ----------
    factors : ndarray, shape (..., n, n)
        Below the diagonal: rates of the censored networks. Above: those rates over the outflow of the column.
    outflow : ndarray, shape (..., n)
        Total rate from state k to the states before it, once all states after it are eliminated.
    """

    factors: Array
    outflow: Array

    def steady_state(self) -> Array:
        """Steady probabilities, shape (..., n), each with full relative accuracy down to the underflow limit."""
        factors, n = self.factors, self.outflow.shape[-1]
        p = np.zeros_like(self.outflow)
        p[..., 0] = 1.0
        for k in range(1, n):
            p[..., k] = np.einsum("...j,...j->...", factors[..., k, :k], p[..., :k]) / self.outflow[..., k]
            p[..., : k + 1] /= np.maximum(1.0, p[..., k].real)[..., None]  # keeps the largest near one: no overflow
        return np.asarray(p / p.sum(axis=-1, keepdims=True))

    def residence_times(self) -> Array:
        """Expected time in state i before the first visit to state 0, starting from j; shape (..., n, n).

        Minus the inverse of the generator without its first row and column, bordered by zeros. A sum of products
        of positive numbers throughout, hence entrywise accurate.
        """
        factors, n = self.factors, self.outflow.shape[-1]
        visits = np.zeros_like(factors)
        own = np.arange(1, n)
        visits[..., own, own] = 1.0
        for k in range(n - 1, 1, -1):
            visits[..., 1:k, k:] += factors[..., 1:k, k, None] * visits[..., k, None, k:]
        for k in range(1, n):
            visits[..., k, :] += np.einsum("...j,...ji->...i", factors[..., k, 1:k], visits[..., 1:k, :])
            visits[..., k, :] /= self.outflow[..., k, None]
        return visits


def eliminate(generator: Array) -> Elimination:
    """Eliminate states from the last to the second.

    Parameters
    ----------
    generator : ndarray, shape (..., n, n)
        Column convention: entry (i, j) is the rate j -> i. The diagonal is ignored.

    Raises
    ------
    ReducibleNetworkError
        If a state cannot reach the ones before it.
    ConvergenceError
        If the way out of a state underflows.
    """
    rates = np.array(generator)
    n = rates.shape[-1]
    outflow = np.ones(rates.shape[:-1], dtype=rates.dtype)
    for k in range(n - 1, 0, -1):
        leaving = rates[..., :k, k].sum(axis=-1)
        if (leaving == 0).any():
            classes = communicating_classes(generator[leaving == 0][0])
            raise ReducibleNetworkError(classes) if len(classes) > 1 else out_of_range(k)
        outflow[..., k] = leaving
        rates[..., :k, k] /= leaving[..., None]
        rates[..., :k, :k] += rates[..., :k, k, None] * rates[..., k, None, :k]
    return Elimination(rates, outflow)
