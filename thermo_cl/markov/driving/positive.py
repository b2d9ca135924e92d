"""Propagators that are positive by construction."""

from __future__ import annotations

import math

import numpy as np

from thermo_cl._types import BoolArray, FloatArray
from thermo_cl.markov.driving.collocation import tableau

__all__ = ["positive_propagators"]

_TERMS = 20  # 1/20! is below rounding


def positive_propagators(lengths: FloatArray, generators: FloatArray) -> tuple[FloatArray, BoolArray]:
    r"""Exponentials of the integrated rates, minus one, from the start of intervals to their collocation points.

    The first term of the Magnus series, :math:`\exp \int_0^t W dt'`, by halving the time until there is at most one
    jump, a series :math:`e^{-q} \sum_k (\int W dt' + q)^k / k!` in which no term is negative, and squaring.

    Parameters
    ----------
    lengths : ndarray, shape (k,)
    generators : ndarray, shape (k, s, n, n)
        W at the collocation points.

    Returns
    -------
    increments : ndarray, shape (k, s, n, n)
        Propagators minus one; only valid ones mean anything.
    valid : ndarray of bool, shape (k,)
        Whether the integrated rates are none of them negative.
    """
    stages, n = generators.shape[1], generators.shape[-1]
    own = np.arange(n)
    rates = lengths[:, None, None, None] * np.einsum("kl,bl...->bk...", tableau(stages).integrals, generators)
    rates[..., own, own] = 0.0
    valid = (rates >= 0).all(axis=(-1, -2, -3))
    rates = np.where(valid[:, None, None, None], rates, 0.0)
    jumps = rates.sum(axis=-2)
    halvings = max(0, math.ceil(math.log2(max(1.0, float(jumps.max(initial=0.0))))))
    rates, jumps = np.ldexp(rates, -halvings), np.ldexp(jumps, -halvings)
    most = jumps.max(axis=-1)[..., None]
    rates[..., own, own] = most - jumps
    term = np.exp(-most)[..., None] * np.eye(n)
    total = term.copy()
    for k in range(1, _TERMS):
        term = np.matmul(rates, term) / k
        total += term
    for _ in range(halvings):
        total = np.matmul(total, total)
        total /= total.sum(axis=-2, keepdims=True)  # squaring would let the rounding of the sums grow
    total[..., own, own] = 0.0
    total[..., own, own] = -total.sum(axis=-2)
    return np.asarray(total), valid
