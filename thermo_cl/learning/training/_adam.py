"""Compiled step of Adam, in place."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc"})
def adam_step(value, gradient, first, second, numbers):
    """Move flat arrays; returns the squared norm of the update and how many of its entries are not zero.

    ``numbers`` are beta1, 1 - beta1, beta2, 1 - beta2, rate/bias1, 1/sqrt(bias2) and epsilon, of the arrays' type.
    """
    keep1, take1, keep2, take2 = numbers[0], numbers[1], numbers[2], numbers[3]
    rate, scale, epsilon = numbers[4], numbers[5], numbers[6]
    square, moved = value.dtype.type(0), 0
    for i in range(value.shape[0]):
        g = gradient[i]
        m = keep1 * first[i] + take1 * g
        v = keep2 * second[i] + take2 * (g * g)
        first[i] = m
        second[i] = v
        step = rate * m / (np.sqrt(v) * scale + epsilon)
        value[i] -= step
        square += step * step
        moved += step != 0
    return square, moved
