"""Small networks and data for the tests of forward-forward learning."""

from __future__ import annotations

import itertools

import numpy as np

from thermo_cl.learning.data import Dataset
from thermo_cl.learning.forward_forward import ForwardForwardNetwork


def network(*sizes: int, classes: int = 3, seed: int = 0, size: float = 1.5, dtype: type = np.float64):
    """Random weights of some size, so that goodness is of order one."""
    rng = np.random.default_rng(seed)
    sizes = sizes or (8, 6, 5)
    weights = [rng.normal(0, size, pair).astype(dtype) for pair in itertools.pairwise(sizes)]
    biases = [rng.normal(0.2, 0.5, n).astype(dtype) for n in sizes[1:]]
    return ForwardForwardNetwork(weights, biases, classes=classes, threshold=1.3)


def pictures(count: int = 20, features: int = 8, classes: int = 3, seed: int = 1) -> Dataset:
    """Sparse noise."""
    rng = np.random.default_rng(seed)
    inputs = rng.random((count, features)) * (rng.random((count, features)) < 0.5)
    return Dataset(inputs, rng.integers(0, classes, count), classes=classes, name="noise")


def blocks(count: int = 300, seed: int = 2) -> Dataset:
    """Three classes, each lighting its own third of the last 12 of 15 pixels."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, count)
    inputs = 0.2 * rng.random((count, 15))
    for row, k in enumerate(labels):
        inputs[row, 3 + 4 * k : 7 + 4 * k] += 0.7
    return Dataset(inputs, labels, classes=3, name="blocks")
