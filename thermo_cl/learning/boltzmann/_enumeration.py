"""Compiled sums over all states of one layer, in float64, from tables of its two halves.

The states x of the summed layer are pairs (high, low) of the states of its upper and lower units; the other layer's
units, given x, are independent with activations c + x A. The exponentials of activations are products of table
entries, so that a state costs multiplications only, as long as no activation exceeds ``MILD``.
"""

from __future__ import annotations

import numpy as np
from numba import njit

MILD = 80.0  # products of eight factors 1 + exp(80) stay below the largest double
_GROUP = 8


@njit(cache=True, nogil=True, error_model="numpy")
def log_weights(own, high, low, exp_high, exp_low, mild, out):
    """Fill ``out`` (highs, lows) with own + sum_m log(1 + exp(high + low)), the tables being (highs, m), (lows, m)."""
    units = high.shape[1]
    for a in range(high.shape[0]):
        for b in range(low.shape[0]):
            total = own[a, b]
            if mild:
                x, y, i = exp_high[a], exp_low[b], 0
                while i < units:
                    product = 1.0
                    for k in range(i, min(i + _GROUP, units)):
                        product *= 1.0 + x[k] * y[k]
                    total += np.log(product)
                    i += _GROUP
            else:
                for k in range(units):
                    s = high[a, k] + low[b, k]
                    total += max(s, 0.0) + np.log1p(np.exp(-abs(s)))
            out[a, b] = total


@njit(cache=True, nogil=True, error_model="numpy")
def mean_sums(weights, high, low, by_high, by_low):
    """Add the probabilities of the other layer's units, weighted, to the sums over each half: (highs, m), (lows, m)."""
    units = high.shape[1]
    for a in range(high.shape[0]):
        for b in range(low.shape[0]):
            w = weights[a, b]
            if w == 0:
                continue
            for k in range(units):
                p = w / (1.0 + np.exp(-(high[a, k] + low[b, k])))
                by_high[a, k] += p
                by_low[b, k] += p
