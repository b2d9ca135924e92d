"""Dual propagation as plain programs, for comparison: the library has no learning rules yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from thermo_cl.symbolic.equation import Equation, Step

__all__ = ["DRAWS", "Array", "adjoint_gradient", "adjoint_states", "dual_equation", "networks", "solve", "sweep_matrix"]

DRAWS = 4
_PAPER = "Høier and Zach 2024"
Array = NDArray[np.float64]


def networks(
    rng: np.random.Generator, shapes: list[tuple[int, int]]
) -> list[tuple[list[Array], Array, Array, float, float]]:
    """Random weights, input, target, alpha and beta; numbers away from zero, so that nothing compared is."""

    def draw(shape: tuple[int, ...]) -> Array:
        return np.asarray(rng.uniform(0.3, 1.5, shape) * rng.choice([-1.0, 1.0], shape))

    drawn = []
    for _ in range(DRAWS):
        weights, x = [draw(shape) for shape in shapes], draw((shapes[0][1],))
        output = x
        for w in weights:
            output = w @ output
        drawn.append((weights, x, output - draw(output.shape), rng.uniform(), rng.uniform(0.1, 2.0)))
    return drawn


def adjoint_states(
    weights: list[Array], x: Array, y: Array, alpha: float, beta: float, activation: Callable[[Array], Array]
) -> tuple[list[Array], list[Array]]:
    """Run the adjoint form from rest: means, from the input on, and differences of the layers; a linear output."""
    size = len(weights)
    plus = minus = [np.zeros(w.shape[0]) for w in weights]
    layers = [activation] * (size - 1) + [np.asarray]
    for _ in range(3 * size):  # means settle layer by layer on the way up, then differences on the way down
        mean = [x, *(alpha * p + (1 - alpha) * m for p, m in zip(plus, minus, strict=True))]
        inputs = [w @ m for w, m in zip(weights, mean[:-1], strict=True)]
        signals = [weights[k + 1].T @ (plus[k + 1] - minus[k + 1]) for k in range(size - 1)]
        signals.append(-beta * (inputs[-1] - y))
        plus = [f(a + (1 - alpha) * d) for f, a, d in zip(layers, inputs, signals, strict=True)]
        minus = [f(a - alpha * d) for f, a, d in zip(layers, inputs, signals, strict=True)]
    mean = [x, *(alpha * p + (1 - alpha) * m for p, m in zip(plus, minus, strict=True))]
    return mean, [p - m for p, m in zip(plus, minus, strict=True)]


def adjoint_gradient(weights: list[Array], x: Array, y: Array, alpha: float, beta: float) -> list[Array]:
    """Gradient of the adjoint form on a linear network."""
    mean, difference = adjoint_states(weights, x, y, alpha, beta, np.asarray)
    return [-np.outer(d, m) / beta for d, m in zip(difference, mean[:-1], strict=True)]


def sweep_matrix(weights: list[Array], alpha: float, beta: float) -> Array:
    """Matrix of one sweep of plain dual propagation: what becomes of unit errors of the output without input."""
    columns = []
    for unit in np.eye(weights[-1].shape[0]):
        differences = [-beta * unit]
        for w in reversed(weights[1:]):
            differences.insert(0, w.T @ differences[0])
        mean = np.zeros(weights[0].shape[1])
        for w, d in zip(weights[:-1], differences[:-1], strict=True):
            mean = alpha * (w @ mean + alpha * d) + (1 - alpha) * (w @ mean - (1 - alpha) * d)
        columns.append(weights[-1] @ mean)
    return np.array(columns).T


def solve(equations: Iterable[sp.Expr], unknowns: Iterable[sp.Symbol]) -> dict[sp.Symbol, sp.Expr]:
    """Solution of linear equations, written as expressions that vanish."""
    unknowns = tuple(unknowns)
    return dict(zip(unknowns, next(iter(sp.linsolve([sp.expand(e) for e in equations], unknowns))), strict=True))


def dual_equation(
    name: str,
    title: str,
    statement: sp.Basic,
    derivation: tuple[Step, ...],
    compare: Callable[[np.random.Generator], tuple[Array, Array]],
    meanings: Mapping[sp.Symbol, str],
    paper: str = _PAPER,
) -> Equation:
    """Entry on dual propagation; ``meanings`` may explain more symbols than the statement has."""
    symbols = {symbol: meaning for symbol, meaning in meanings.items() if symbol in statement.free_symbols}
    return Equation(name, paper, "", title, statement, symbols, derivation, compare)
