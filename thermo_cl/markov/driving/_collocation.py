"""Compiled solution of the collocation equations, state by state.

The unknowns of one state (its stages) form a block. The blocks of every column sum to the identity, because a jump
leaves one state for another; as in the subtraction-free elimination of a generator, each diagonal block is therefore
taken from the sum of its column and the blocks below it, not from differences of large rates. Pivots are sought
within blocks only, so that zeros between states are kept.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
def stage_increments(begin, end, lengths, generators, integrals, order, result):
    """Fill the increments (k, s, n, n) of the intervals from begin to end; ``order`` lists the states."""
    stages, n = generators.shape[1], generators.shape[2]
    size = stages * n
    matrix, source = np.empty((size + stages, size)), np.empty((size, n))
    for b in range(begin, end):
        matrix[:] = 0.0
        source[:] = 0.0
        for q in range(n):
            j = order[q]
            for k in range(stages):
                source[q * stages + k, j] = 1.0
                matrix[size + k, q * stages + k] = 1.0
            for p in range(n):
                if p != q:
                    for m in range(stages):
                        rate = lengths[b] * generators[b, m, order[p], j]
                        if rate != 0.0:
                            for k in range(stages):
                                matrix[p * stages + k, q * stages + m] = -integrals[k, m] * rate
        _eliminate(matrix, source, stages)
        for k in range(stages):
            for q in range(n):
                j = order[q]
                leaving = 0.0
                for p in range(n):
                    if p != q:
                        value = source[p * stages + k, j]
                        result[b, k, order[p], j] = value
                        leaving += value
                result[b, k, j, j] = -leaving


@njit(cache=True, nogil=True, error_model="numpy")
def _eliminate(matrix, source, block):
    """Solve in place, ``source`` becomes the solution; the last rows of ``matrix`` are the sums of its columns."""
    size, columns = matrix.shape[1], source.shape[1]
    reach = np.empty(size, np.int64)
    for k in range(size):
        after = (k // block + 1) * block
        if k % block == 0:
            for a in range(block):
                for c in range(k, after):
                    total = matrix[size + a, c]
                    for i in range(after + a, size, block):
                        total -= matrix[i, c]
                    matrix[k + a, c] = total
        pivot = k
        for i in range(k + 1, after):
            if abs(matrix[i, k]) > abs(matrix[pivot, k]):
                pivot = i
        if pivot != k:
            for j in range(k, size):
                matrix[k, j], matrix[pivot, j] = matrix[pivot, j], matrix[k, j]
            for j in range(columns):
                source[k, j], source[pivot, j] = source[pivot, j], source[k, j]
        last = size - 1
        while matrix[k, last] == 0.0 and last > k:
            last -= 1
        reach[k] = last
        for i in range(k + 1, size + block):
            if matrix[i, k] != 0.0:
                factor = matrix[i, k] / matrix[k, k]
                for j in range(k + 1, last + 1):
                    matrix[i, j] -= factor * matrix[k, j]
                if i < size:
                    for j in range(columns):
                        source[i, j] -= factor * source[k, j]
    for k in range(size - 1, -1, -1):
        for i in range(k + 1, reach[k] + 1):
            factor = matrix[k, i]
            if factor != 0.0:
                for j in range(columns):
                    source[k, j] -= factor * source[i, j]
        for j in range(columns):
            source[k, j] /= matrix[k, k]
