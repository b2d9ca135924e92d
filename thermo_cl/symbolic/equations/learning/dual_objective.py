"""The objective behind dual propagation, on linear networks with squared loss (Høier and Zach 2024).

J = alpha l(s_L+) + (1 - alpha) l(s_L-) + (1/beta) sum_k [E_k(s_k+, m) - E_k(s_k-, m)], E_k(s, m) = s^2/2 - s W m, where
m = alpha s+ + (1 - alpha) s- is the mean of the layer below. Values are those at the stationary point in all states;
whether it is a minimum in s+ and a maximum in s- depends on the order of the two and on the weights. The library has no
learning rules yet: numbers are compared with a numerical solution for the stationary point.
"""

from __future__ import annotations

import numpy as np
import sympy as sp

from thermo_cl.symbolic.equation import Equation, Step
from thermo_cl.symbolic.equations.learning._dual import Array, dual_equation, networks, solve
from thermo_cl.symbolic.registry import register

__all__: list[str] = []

_alpha, _x, _y = sp.symbols("alpha x y", real=True)
_beta, _odds = sp.symbols("beta r", positive=True)
_W = sp.symbols("w_0:3", real=True)
_PLUS, _MINUS = sp.symbols("s_1:4", real=True), sp.symbols("t_1:4", real=True)
_J = sp.Symbol("J", real=True)
_HALF = sp.Rational(1, 2)

_MEANINGS = {
    _J: "objective at its stationary point (loss)",
    _alpha: "weight of the positive compartment in a neuron's mean, from 0 to 1",
    _beta: "strength of the nudge; where the loss is exceeded, below the pole of the objective",
    _x: "input",
    _y: "target",
    **dict.fromkeys(_W, "weight of a layer"),
}

_ERROR = _W[2] * _W[1] * _W[0] * _x - _y
_HIDDEN = _W[2] ** 2 + _W[2] ** 2 * _W[1] ** 2  # K: squared gains from the hidden layers to the output
_TWICE = (1 + _alpha * _beta) * (1 - (1 - _alpha) * _beta) + (2 * _alpha - 1) * _beta * _HIDDEN
_VALUE = _ERROR**2 / (2 * _TWICE)  # proved in dp_objective
_LOSS = _ERROR**2 / 2


@register
def dp_objective() -> Equation:
    """Any alpha: one linear neuron in each of two hidden layers and the output."""
    objective = _objective()
    return _scalar(
        "dp-objective",
        "Stationary value of the objective: the loss over (1 + a b)(1 - (1 - a) b) + (2 a - 1) b K",
        sp.Eq(_J, _VALUE, evaluate=False),
        (
            Step(objective, "definition, for the states s+ and s- of three layers"),
            Step(
                _VALUE,
                "stationary in all six states, a quadratic function is its constant plus half its linear part",
                lambda e: _quadratic_value(e, _PLUS + _MINUS),
            ),
        ),
    )


@register
def dp_local_gradient() -> Equation:
    """The local rule follows the gradient of this objective."""
    name = sp.Symbol("g", real=True)
    mean = [_x, *(_mixed(s, t) for s, t in zip(_PLUS, _MINUS, strict=True))]
    local = sp.Matrix([-(s - t) * m / _beta for s, t, m in zip(_PLUS, _MINUS, mean[:-1], strict=True)])
    closed = sp.Matrix([_VALUE]).jacobian(_W).T

    def compare(rng: np.random.Generator) -> tuple[Array, Array]:
        evaluate = sp.lambdify([*_W, _x, _y, _alpha, _beta], closed, "numpy")
        ours, direct = [], []
        for w, x, y, alpha, beta in networks(rng, [(1, 1)] * 3):
            alpha, beta = 0.5 + alpha / 2, beta / 2
            plus, minus, _ = _stationary(w, x, y, alpha, beta)
            ours.append(evaluate(*(v.item() for v in w), x.item(), y.item(), alpha, beta)[:, 0])
            below = [x, *(alpha * p + (1 - alpha) * m for p, m in zip(plus, minus, strict=True))][:-1]
            direct.append([-((p - m) * r).item() / beta for p, m, r in zip(plus, minus, below, strict=True)])
        return np.array(ours), np.array(direct)

    return dual_equation(
        "dp-local-gradient",
        "The local rule, minus difference times mean below over beta, is the gradient of the objective",
        sp.Eq(name, closed, evaluate=False),
        (
            Step(local, "the rule, at the states of plain dual propagation"),
            Step(
                closed, "states where the objective is stationary", lambda e: e.subs(_stationary_states(_objective()))
            ),
        ),
        compare,
        _MEANINGS | {name: "what the rule changes the weights by"},
    )


@register
def dp_objective_one() -> Equation:
    """At alpha = 1 the objective is a smoothed loss."""
    value = _VALUE.subs(_alpha, 1)
    return _scalar(
        "dp-objective-one",
        "At alpha = 1 the objective does not exceed the loss",
        sp.LessThan(value, _LOSS, evaluate=False),
        (
            Step(_LOSS - value, "gap between the loss and dp-objective at alpha = 1"),
            Step(_LOSS * _beta * (1 + _HIDDEN) / (1 + _beta * (1 + _HIDDEN)), "common denominator"),
        ),
        value,
        1.0,
    )


@register
def dp_objective_zero() -> Equation:
    """At alpha = 0 the objective exceeds the loss; it is finite below beta (1 + K) = 1."""
    below = _odds / ((1 + _odds) * (1 + _HIDDEN))
    value = _VALUE.subs(_alpha, 0)
    return _scalar(
        "dp-objective-zero",
        "At alpha = 0 the objective is not less than the loss",
        sp.GreaterThan(value, _LOSS, evaluate=False),
        (
            Step(value - _LOSS, "gap between dp-objective at alpha = 0 and the loss"),
            Step(_LOSS * _odds, "beta (1 + K) = r/(1 + r): all values below 1", lambda e: e.subs(_beta, below)),
        ),
        value,
        0.0,
    )


@register
def dp_objective_half() -> Equation:
    """At alpha = 1/2 the hidden layers drop out: the loss itself, up to second order in beta."""
    value = _LOSS / (1 - _beta**2 / 4)
    return _scalar(
        "dp-objective-half",
        "At alpha = 1/2 the objective is the loss over 1 - beta^2/4, whatever the hidden layers",
        sp.Eq(_J, value, evaluate=False),
        (
            Step(_objective().subs(_alpha, _HALF), "definition"),
            Step(value, "stationary in all six states", lambda e: e.subs(_stationary_states(e))),
        ),
        value,
        0.5,
    )


@register
def dp_worst_case() -> Equation:
    """The objective at alpha = 0 is the loss under the worst perturbation of all layers, at a price."""
    pushes = sp.symbols("d_1:4", real=True)
    error = _ERROR + _W[2] * _W[1] * pushes[0] + _W[2] * pushes[1] + pushes[2]
    perturbed = error**2 / 2 - sum(d**2 for d in pushes) / (2 * _beta)
    value = _VALUE.subs(_alpha, 0)
    return _scalar(
        "dp-worst-case",
        "At alpha = 0 the objective is the worst loss under perturbations d of all layers that cost d^2/(2 beta)",
        sp.Eq(_J, value, evaluate=False),
        (
            Step(perturbed, "loss with perturbed layers, less their price; concave for beta (1 + K) < 1"),
            Step(value, "stationary in the perturbations", lambda e: e.subs(solve(_slopes(e, pushes), pushes))),
        ),
        value,
        0.0,
    )


@register
def dp_objective_matrix() -> Equation:
    """Two hidden and two output neurons: both ends, alpha = 1 and alpha = 0."""
    weights = sp.Matrix(2, 2, sp.symbols("V_1:3(1:3)", real=True))
    inputs, target = sp.Matrix(sp.symbols("a_1:3", real=True)), sp.Matrix(sp.symbols("y_1:3", real=True))
    plus, minus, upper, lower = (sp.Matrix(sp.symbols(f"{n}_1:3", real=True)) for n in "stpq")
    states = (*plus, *minus, *upper, *lower)
    error = weights * inputs - target
    nudged = sp.eye(2) + weights * weights.T  # 1 + K

    def objective(alpha: int) -> sp.Expr:
        mean = alpha * plus + (1 - alpha) * minus
        losses = alpha * (upper - target).dot(upper - target) + (1 - alpha) * (lower - target).dot(lower - target)
        energies = _energy(plus, inputs) - _energy(minus, inputs)
        energies += _energy(upper, weights * mean) - _energy(lower, weights * mean)
        return losses / 2 + energies / _beta

    def closed(sign: int) -> sp.Expr:
        matrix = sp.eye(2) + sign * _beta * nudged
        return (error.T * matrix.adjugate() * error)[0] / (2 * matrix.det())

    def compare(rng: np.random.Generator) -> tuple[Array, Array]:
        evaluate = sp.lambdify([*weights, *inputs, *target, _beta], [closed(1), closed(-1)], "numpy")
        ours, direct = [], []
        for w, x, y, _, beta in networks(rng, [(2, 2)] * 2):
            beta *= 0.4 / float(np.linalg.norm(np.eye(2) + w[1] @ w[1].T))
            ours.append(evaluate(*w[1].ravel(), *(w[0] @ x), *y, beta))
            direct.append([_stationary(w, x, y, alpha, beta)[2] for alpha in (1.0, 0.0)])
        return np.array(ours), np.array(direct)

    both = sp.Matrix([closed(1), closed(-1)])
    return dual_equation(
        "dp-objective-matrix",
        "Two neurons a layer: e^T (1 + b (1 + K))^-1 e/2 at alpha = 1 and e^T (1 - b (1 + K))^-1 e/2 at alpha = 0",
        sp.Eq(_J, both, evaluate=False),
        (
            Step(sp.Matrix([objective(1), objective(0)]), "definition, at alpha = 1 and at alpha = 0"),
            Step(
                both,
                "stationary in all eight states; a quadratic function is there its constant plus half its linear part",
                lambda e: e.applyfunc(lambda entry: _quadratic_value(entry, states)),
            ),
        ),
        compare,
        {
            **_MEANINGS,
            **dict.fromkeys(weights, "weight from a hidden neuron to an output"),
            **dict.fromkeys(inputs, "input of a hidden neuron"),
            **dict.fromkeys(target, "target"),
        },
    )


def _mixed(plus: sp.Expr, minus: sp.Expr) -> sp.Expr:
    return _alpha * plus + (1 - _alpha) * minus


def _energy(state: sp.Matrix, drive: sp.Matrix) -> sp.Expr:
    return state.dot(state) / 2 - state.dot(drive)


def _objective() -> sp.Expr:
    """Three layers of one linear neuron each."""
    mean = [_x, *(_mixed(s, t) for s, t in zip(_PLUS, _MINUS, strict=True))]
    drives = [w * m for w, m in zip(_W, mean[:-1], strict=True)]
    energies = [(s**2 - t**2) / 2 - (s - t) * a for s, t, a in zip(_PLUS, _MINUS, drives, strict=True)]
    return _mixed((_PLUS[2] - _y) ** 2, (_MINUS[2] - _y) ** 2) / 2 + sum(energies) / _beta


def _slopes(expression: sp.Expr, unknowns: tuple[sp.Symbol, ...]) -> list[sp.Expr]:
    return [_beta * sp.diff(expression, u) for u in unknowns]


def _stationary_states(objective: sp.Expr) -> dict[sp.Symbol, sp.Expr]:
    return solve(_slopes(objective, _PLUS + _MINUS), _PLUS + _MINUS)


def _quadratic_value(objective: sp.Expr, unknowns: tuple[sp.Symbol, ...]) -> sp.Expr:
    """Value of a quadratic function at its stationary point."""
    start = dict.fromkeys(unknowns, 0)
    states = solve(_slopes(objective, unknowns), unknowns)
    return objective.subs(start) + sum(sp.diff(objective, u).subs(start) * states[u] for u in unknowns) / 2


def _stationary(
    weights: list[Array], x: Array, y: Array, alpha: float, beta: float
) -> tuple[list[Array], list[Array], float]:
    """States and value where the objective is stationary, from its values at sums of two unit vectors."""
    ends = np.cumsum([w.shape[0] for w in weights])[:-1]

    def split(flat: Array) -> tuple[list[Array], list[Array]]:
        plus, minus = np.split(flat, 2)
        return np.split(plus, ends), np.split(minus, ends)

    def objective(flat: Array) -> float:
        plus, minus = split(flat)
        total = float(alpha * np.sum((plus[-1] - y) ** 2) + (1 - alpha) * np.sum((minus[-1] - y) ** 2)) / 2
        below = x
        for w, p, m in zip(weights, plus, minus, strict=True):
            total += float(np.sum(p**2 - m**2) / 2 - (p - m) @ w @ below) / beta
            below = alpha * p + (1 - alpha) * m
        return total

    units = np.eye(2 * sum(w.shape[0] for w in weights))
    rest = objective(0 * units[0])
    single = np.array([objective(u) for u in units])
    pairs = np.array([[objective(u + v) for u in units] for v in units])
    curvature = pairs - single[:, None] - single[None, :] + rest
    slope = single - rest - np.diag(curvature) / 2
    state = -np.linalg.solve(curvature, slope)
    return *split(state), rest + float(slope @ state) / 2


def _scalar(
    name: str,
    title: str,
    statement: sp.Basic,
    derivation: tuple[Step, ...],
    value: sp.Expr = _VALUE,
    alpha: float | None = None,
) -> Equation:
    """Entry on the network of three neurons; ``value`` is compared with the stationary objective at ``alpha``."""

    def compare(rng: np.random.Generator) -> tuple[Array, Array]:
        evaluate = sp.lambdify([*_W, _x, _y, _alpha, _beta], value, "numpy")
        ours, direct = [], []
        for w, x, y, mix, beta in networks(rng, [(1, 1)] * 3):
            mix = 0.5 + mix / 2 if alpha is None else alpha
            w1, w2 = w[1].item(), w[2].item()
            beta *= 0.4 / (1 + w2**2 * (1 + w1**2))  # below the pole at alpha = 0
            ours.append(evaluate(w[0].item(), w1, w2, x.item(), y.item(), mix, beta))
            direct.append(_stationary(w, x, y, mix, beta)[2])
        return np.array(ours), np.array(direct)

    # its closed form at any alpha, and so at 1/2, is ours
    paper = {"paper": "thermo_cl"} if alpha in (None, 0.5) else {}
    return dual_equation(name, title, statement, derivation, compare, _MEANINGS, **paper)
