"""Dual propagation neuron by neuron, slow and obvious: all compartments of one example at once until they rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np


def resting(
    weights: Sequence[np.ndarray],
    biases: Sequence[np.ndarray],
    f: Callable[[float], float],
    loss_slope: Callable[[list[float]], list[float]],
    x: np.ndarray,
    alpha: float,
    betas: Sequence[float],
    *,
    adjoint: bool,
    proximal: bool,
    rounds: int = 120,
) -> tuple[list[list[float]], list[list[float]]]:
    """Compartments by Jacobi steps; weights[k][i][j] leads from neuron i to neuron j."""
    layers = len(weights)
    up, down = (1 - alpha, alpha) if adjoint else (alpha, 1 - alpha)
    plus = [[0.0] * len(b) for b in biases]
    minus = [[0.0] * len(b) for b in biases]
    for _ in range(rounds):
        means = [
            [alpha * p + (1 - alpha) * m for p, m in zip(*both, strict=True)] for both in zip(plus, minus, strict=True)
        ]
        below = [list(map(float, x)), *means]
        new_plus, new_minus = [], []
        for k in range(layers):
            a = []
            for j in range(len(biases[k])):
                total = float(biases[k][j])
                for i in range(len(below[k])):
                    total += float(weights[k][i][j]) * below[k][i]
                a.append(total)
            if k == layers - 1:
                at_plus, at_minus = (plus[k], minus[k]) if proximal else (a, a)
                pull, push = loss_slope(at_plus), loss_slope(at_minus)
                new_plus.append([a[j] - up * betas[k] * pull[j] for j in range(len(a))])
                new_minus.append([a[j] + down * betas[k] * push[j] for j in range(len(a))])
                continue
            message = []
            for i in range(len(a)):
                total = 0.0
                for j in range(len(biases[k + 1])):
                    total += float(weights[k + 1][i][j]) * (plus[k + 1][j] - minus[k + 1][j])
                message.append(total * betas[k] / betas[k + 1])
            new_plus.append([f(a[i] + up * message[i]) for i in range(len(a))])
            new_minus.append([f(a[i] - down * message[i]) for i in range(len(a))])
        plus, minus = new_plus, new_minus
    return plus, minus


def softmax_slope(targets: np.ndarray) -> Callable[[list[float]], list[float]]:
    def slope(a: list[float]) -> list[float]:
        total = sum(np.exp(v) for v in a)
        return [float(np.exp(v) / total - t) for v, t in zip(a, targets, strict=True)]

    return slope


def squared_slope(targets: np.ndarray) -> Callable[[list[float]], list[float]]:
    return lambda a: [v - float(t) for v, t in zip(a, targets, strict=True)]
