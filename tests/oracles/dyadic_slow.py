"""The objective of dual propagation for one example by loops over neurons, and its Hessian where it is quadratic."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Vectors = Sequence[Any]


def squared_error(s: Any, y: Any) -> float:
    return sum((a - b) ** 2 for a, b in zip(s, y, strict=True)) / 2


def cross_entropy(s: Any, y: Any) -> float:
    top = max(s)
    norm = top + math.log(sum(math.exp(a - top) for a in s))
    return -sum(b * (a - norm) for a, b in zip(s, y, strict=True))


def square(s: float) -> float:
    return s * s / 2


def tanh_potential(s: float) -> float:
    """Integral of artanh."""
    return s * math.atanh(s) + math.log(1 - s * s) / 2


def received(weights: Any, biases: Any, below: Any) -> list[float]:
    return [sum(w[j] * r for w, r in zip(weights, below, strict=True)) + biases[j] for j in range(len(biases))]


def objective_of_one(
    weights: Vectors,
    biases: Vectors,
    x: Any,
    y: Any,
    plus: Vectors,
    minus: Vectors,
    alpha: float,
    betas: Sequence[float],
    potential: Callable[[float], float] = square,
    loss: Callable[[Any, Any], float] = squared_error,
) -> float:
    """As PHYSICS.md writes it, term by term, with proximal outputs; weights of shape (inputs, units)."""
    layers = len(weights)
    total = alpha * loss(plus[-1], y) + (1 - alpha) * loss(minus[-1], y)
    below = list(x)
    for k in range(layers):
        a = received(weights[k], biases[k], below)
        g = square if k == layers - 1 else potential
        for sign, state in ((1, plus[k]), (-1, minus[k])):
            energy = sum(g(s) - s * b for s, b in zip(state, a, strict=True))
            total += sign * energy / betas[k]
        below = [alpha * p + (1 - alpha) * m for p, m in zip(plus[k], minus[k], strict=True)]
    return total


def quadratic_form(function: Callable[[np.ndarray], float], size: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Hessian, slope and value at 0 of a quadratic function, from its values at unit vectors and their sums."""
    unit, start = np.eye(size), function(np.zeros(size))
    ones = [function(e) for e in unit]
    hessian = np.empty((size, size))
    for i in range(size):
        for j in range(i + 1):
            hessian[i, j] = hessian[j, i] = function(unit[i] + unit[j]) - ones[i] - ones[j] + start
    slope = np.array([one - start - hessian[i, i] / 2 for i, one in enumerate(ones)])
    return hessian, slope, start
