"""Networks of springs or resistors by loops and dense matrices, with nothing of the package."""

from __future__ import annotations

import numpy as np


def compatibility(positions, edges, kind):
    """B, shape (edges, dofs): elongation of each edge by each displacement, one entry at a time."""
    positions = np.asarray(positions, dtype=float)
    dim = positions.shape[1] if kind == "elastic" else 1
    matrix = np.zeros((len(edges), dim * len(positions)))
    for e, (i, j) in enumerate(edges):
        for axis in range(dim):
            along = 1.0
            if kind == "elastic":
                along = (positions[i, axis] - positions[j, axis]) / np.linalg.norm(positions[i] - positions[j])
            matrix[e, dim * i + axis] += along
            matrix[e, dim * j + axis] -= along
    return matrix


def stiffness(matrix, coefficients):
    """Sum over edges of c b b^T, shape (dofs, dofs)."""
    total = np.zeros((matrix.shape[1], matrix.shape[1]))
    for c, row in zip(coefficients, matrix, strict=True):
        total += c * np.outer(row, row)
    return total


def equilibrium(matrix, coefficients, imposed, values, load=None):
    """Displacements (dofs,) of one pattern, by a dense solve."""
    n = matrix.shape[1]
    k = stiffness(matrix, coefficients)
    free = [d for d in range(n) if d not in {int(i) for i in imposed}]
    x = np.zeros(n)
    x[list(imposed)] = values
    right = -k[np.ix_(free, list(imposed))] @ np.asarray(values, dtype=float)
    if load is not None:
        right = right + np.asarray(load)[free]
    x[free] = np.linalg.solve(k[np.ix_(free, free)], right)
    return x


def loss(matrix, coefficients, imposed, values, readout, targets):
    """Half the mean over patterns of the squared errors."""
    total = 0.0
    for given, wanted in zip(values, targets, strict=True):
        error = np.asarray(wanted) - readout @ equilibrium(matrix, coefficients, imposed, given)
        total += 0.5 * float(error @ error)
    return total / len(values)


def clamping_cost(matrix, coefficients, imposed, values, readout, targets):
    """Least energy by which loads at the outputs bring them to their targets, mean over patterns.

    The energy of the state clamped at the outputs less that of the free one, both minimised directly.
    """
    n, k = matrix.shape[1], stiffness(matrix, coefficients)
    total = 0.0
    for given, wanted in zip(values, targets, strict=True):
        rows = np.vstack([np.eye(n)[list(imposed)], readout])
        held = np.concatenate([given, wanted])
        saddle = np.block([[k, rows.T], [rows, np.zeros((len(rows), len(rows)))]])
        clamped = np.linalg.solve(saddle, np.concatenate([np.zeros(n), held]))[:n]
        free = equilibrium(matrix, coefficients, imposed, given)
        total += 0.5 * float(clamped @ k @ clamped - free @ k @ free)
    return total / len(values)


def slope(function, coefficients, step=1e-4):
    """Derivative by every coefficient: central differences, extrapolated once."""
    coefficients = np.asarray(coefficients, dtype=float)
    found = np.zeros(len(coefficients))
    for e in range(len(coefficients)):
        central = []
        for h in (step, step / 2):
            up, down = coefficients.copy(), coefficients.copy()
            up[e] += h
            down[e] -= h
            central.append((function(up) - function(down)) / (2.0 * h))
        found[e] = (4.0 * central[1] - central[0]) / 3.0
    return found


def floppy(matrix, imposed):
    """Number of motions of the free degrees of freedom that strain no edge: from the rank."""
    free = [d for d in range(matrix.shape[1]) if d not in {int(i) for i in imposed}]
    return len(free) - np.linalg.matrix_rank(matrix[:, free])
