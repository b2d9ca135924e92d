"""Slow and obvious: Boltzmann machines state by state, chains trajectory by trajectory."""

from __future__ import annotations

import itertools
import math

import numpy as np

from thermo_cl.learning.data import bars_and_stripes

EXAMPLES = bars_and_stripes(2).inputs


def machine(seed: int, hidden: int = 3, visible: int = 4, scale: float = 1.0, lateral: bool = False):
    rng = np.random.default_rng(seed)
    weights, biases = scale * rng.normal(size=(hidden, visible)), 0.5 * rng.normal(size=hidden)
    couplings = rng.normal(size=(visible, visible))
    couplings = couplings + couplings.T
    np.fill_diagonal(couplings, 0.0)
    return (weights, biases, couplings) if lateral else (weights, biases)


def states(weights, biases, couplings=None):
    """(v, h, exp(-E), statistic) of every state."""
    hidden, visible = weights.shape
    found = []
    for v in itertools.product((0.0, 1.0), repeat=visible):
        for h in itertools.product((0.0, 1.0), repeat=hidden):
            a, b = np.array(v), np.array(h)
            energy = -(b @ weights @ a + biases @ b)
            if couplings is not None:
                energy -= 0.5 * a @ couplings @ a
            found.append((a, b, math.exp(-energy), -np.concatenate([np.outer(b, a).ravel(), b])))
    return found


def outcomes(weights, biases, examples, couplings=None):
    """[(probability, statistic)] of the positive and of the negative phase in equilibrium."""
    every = states(weights, biases, couplings)
    total = sum(e for _, _, e, _ in every)
    negative = [(e / total, g) for _, _, e, g in every]
    positive = []
    for x in examples:
        held = [(e, g) for v, _, e, g in every if (v == x).all()]
        norm = sum(e for e, _ in held)
        positive += [(e / norm / len(examples), g) for e, g in held]
    return positive, negative


def moments(pairs):
    """Mean and covariance of a list of (probability, vector)."""
    mean = sum(p * y for p, y in pairs)
    return mean, sum(p * np.outer(y - mean, y - mean) for p, y in pairs)


def isd_outcomes(positive, negative, b, c=0.0):
    """[(probability, estimate)] of the estimator that draws its phase."""
    return [(b * p, (g - c) / b) for p, g in positive] + [((1 - b) * p, -(g - c) / (1 - b)) for p, g in negative]


def random_kernel(rng, n):
    kernel = rng.random((n, n)) ** 2 + 0.05
    return kernel / kernel.sum(axis=0)


def trajectories(kernel, start, steps):
    """(probability, states 1 ... steps) of every trajectory."""
    n = len(start)
    for path in itertools.product(range(n), repeat=steps + 1):
        p = start[path[0]]
        for a, b in itertools.pairwise(path):
            p *= kernel[b, a]
        yield p, path[1:]
