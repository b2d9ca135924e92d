"""Dual propagation and its adjoint form: gradients, stability, errors (Høier and Zach 2024).

A neuron is a pair s+, s- with mean alpha s+ + (1 - alpha) s- going up and difference D = s+ - s- coming down; a layer's
input is a, its activation f, and s+ = f(a + u W^T D), s- = f(a - (1 - u) W^T D) with D of the layer above: u = alpha in
plain dual propagation, u = 1 - alpha in the adjoint form. The output is nudged by the loss gradient there times beta.
The library has no learning rules yet: numbers are compared with plain programs of the rule and of backpropagation.
"""

from __future__ import annotations

import numpy as np
import sympy as sp

from thermo_cl.symbolic.equation import Equation, Step
from thermo_cl.symbolic.equations.learning._dual import (
    Array,
    adjoint_gradient,
    adjoint_states,
    dual_equation,
    networks,
    solve,
    sweep_matrix,
)
from thermo_cl.symbolic.registry import register

__all__: list[str] = []

_alpha, _x, _y = sp.symbols("alpha x y", real=True)
_beta, _lam = sp.symbols("beta lambda", positive=True)
_W = sp.symbols("w_0:3", real=True)
_W0 = sp.Matrix(2, 2, sp.symbols("U_1:3(1:3)", real=True))
_W1 = sp.Matrix(2, 2, sp.symbols("V_1:3(1:3)", real=True))
_GRADIENT = sp.Symbol("g", real=True)
_f = sp.Function("f", real=True)

_MEANINGS = {
    _alpha: "weight of the positive compartment in a neuron's mean, from 0 to 1",
    _beta: "strength of the nudge",
    _x: "input",
    _y: "target",
    _lam: "eigenvalue of K, the sum of J J^T over hidden layers, J the linear map from the layer to the output",
    _GRADIENT: "gradient of the loss by the weights, as the rule finds it",
    **dict.fromkeys(_W, "weight of a layer"),
    **dict.fromkeys(_W0, "weight of the first layer shown"),
    **dict.fromkeys(_W1, "weight of the second layer shown"),
}


@register
def dp_linear() -> Equation:
    """Three layers of one linear neuron each: the adjoint form is backpropagation at every alpha and beta."""
    states = sp.symbols("s_1:4", real=True), sp.symbols("t_1:4", real=True)  # s+ and s- of each layer
    mean = [_x, *(_mixed(s, t) for s, t in zip(*states, strict=True))]
    difference = [s - t for s, t in zip(*states, strict=True)]
    inputs = [w * m for w, m in zip(_W, mean[:-1], strict=True)]
    signals = [_W[1] * difference[1], _W[2] * difference[2], -_beta * (inputs[2] - _y)]
    rules = [
        equation
        for s, t, a, signal in zip(*states, inputs, signals, strict=True)
        for equation in (s - a - (1 - _alpha) * signal, t - a + _alpha * signal)
    ]
    local = sp.Matrix([-d * m / _beta for d, m in zip(difference, mean[:-1], strict=True)])
    loss = (_W[2] * _W[1] * _W[0] * _x - _y) ** 2 / 2

    def compare(rng: np.random.Generator) -> tuple[Array, Array]:
        evaluate = sp.lambdify([*_W, _x, _y], sp.Matrix([loss]).jacobian(_W), "numpy")
        ours, direct = [], []
        for w, x, y, alpha, beta in networks(rng, [(1, 1)] * 3):
            ours.append(evaluate(*(v.item() for v in w), x.item(), y.item())[0])
            direct.append([g.item() for g in adjoint_gradient(w, x, y, alpha, beta)])
        return np.array(ours), np.array(direct)

    return dual_equation(
        "dp-linear",
        "On a linear network the adjoint form is backpropagation, whatever alpha and beta",
        sp.Eq(_GRADIENT, sp.Matrix([loss]).jacobian(_W).T, evaluate=False),
        (
            Step(local, "the rule: minus difference times the mean below, over beta"),
            Step(
                sp.Matrix([loss]).jacobian(_W).T,
                "the states solve the table of the rule, six linear equations; the means are the feed-forward ones",
                lambda e: e.subs(solve(rules, states[0] + states[1])),
            ),
        ),
        compare,
        _MEANINGS,
    )


@register
def dp_linear_matrix() -> Equation:
    """Two layers of two linear neurons each."""
    inputs, target = sp.Matrix(sp.symbols("x_1:3", real=True)), sp.Matrix(sp.symbols("y_1:3", real=True))
    plus, minus, upper, lower = (sp.Matrix(sp.symbols(f"{n}_1:3", real=True)) for n in "stpq")
    mean, difference, last = _mixed(plus, minus), plus - minus, upper - lower
    output = _W1 * mean
    nudge = -_beta * (output - target)
    rules = [
        *(plus - _W0 * inputs - (1 - _alpha) * _W1.T * last),
        *(minus - _W0 * inputs + _alpha * _W1.T * last),
        *(upper - output - (1 - _alpha) * nudge),
        *(lower - output + _alpha * nudge),
    ]
    local = -sp.Matrix.hstack(difference * inputs.T, last * mean.T) / _beta
    error = _W1 * _W0 * inputs - target
    loss = error.dot(error) / 2
    back = sp.Matrix.hstack(*(weights.applyfunc(lambda w: sp.diff(loss, w)) for weights in (_W0, _W1)))

    def compare(rng: np.random.Generator) -> tuple[Array, Array]:
        evaluate = sp.lambdify([*_W0, *_W1, *inputs, *target], back, "numpy")
        ours, direct = [], []
        for w, x, y, alpha, beta in networks(rng, [(2, 2)] * 2):
            ours.append(evaluate(*w[0].ravel(), *w[1].ravel(), *x, *y))
            direct.append(np.hstack(adjoint_gradient(w, x, y, alpha, beta)))
        return np.array(ours), np.array(direct)

    return dual_equation(
        "dp-linear-matrix",
        "Adjoint form and backpropagation on two layers of two neurons: gradients side by side",
        sp.Eq(_GRADIENT, back, evaluate=False),
        (
            Step(local, "the rule: minus difference times the transposed mean below, over beta"),
            Step(
                back,
                "the states solve the table of the rule, eight linear equations",
                lambda e: e.subs(solve(rules, (*plus, *minus, *upper, *lower))),
            ),
        ),
        compare,
        _MEANINGS | dict.fromkeys([*inputs], "input") | dict.fromkeys([*target], "target"),
    )


@register
def dp_adjoint_forward() -> Equation:
    """At alpha = 0 and 1 the means of the adjoint form are the feed-forward activations, for any f and any feedback."""
    mean = sp.Symbol("s", real=True)
    fed = sp.symbols("d_1:3", real=True)

    def layer(inputs: sp.Expr, signal: sp.Expr) -> sp.Expr:
        return _mixed(_f(inputs + (1 - _alpha) * signal), _f(inputs - _alpha * signal))

    second = layer(_W[1] * layer(_W[0] * _x, fed[0]), fed[1])
    forward = sp.Matrix([1, 1]) * _f(_W[1] * _f(_W[0] * _x))

    def compare(rng: np.random.Generator) -> tuple[Array, Array]:
        evaluate = sp.lambdify([*_W[:2], _x], forward[0], [{"f": np.tanh}, "numpy"])
        ours, direct = [], []
        for w, x, y, _, beta in networks(rng, [(1, 1)] * 3):
            ours.append([evaluate(w[0].item(), w[1].item(), x.item())] * 2)
            direct.append([adjoint_states(w, x, y, alpha, beta, np.tanh)[0][2].item() for alpha in (0.0, 1.0)])
        return np.array(ours), np.array(direct)

    return dual_equation(
        "dp-adjoint-forward",
        "At alpha = 0 and alpha = 1 the mean of the adjoint form is the feed-forward activation",
        sp.Eq(mean, forward, evaluate=False),
        (
            Step(sp.Matrix([second, second]), "mean of the second layer, for any signals d from above; twice"),
            Step(
                forward,
                "at alpha = 0 only s- counts, at alpha = 1 only s+, and it is the one that is not nudged",
                lambda e: sp.Matrix([e[0].subs(_alpha, 0), e[1].subs(_alpha, 1)]),
            ),
        ),
        compare,
        _MEANINGS | {mean: "mean of the second layer at alpha = 0 and at alpha = 1"},
    )


@register
def dp_iteration() -> Equation:
    """Plain dual propagation on a linear network with two hidden layers, swept down and up in turn."""
    error = sp.Matrix(sp.symbols("e_1:3", real=True))
    first = sp.Matrix(sp.symbols("a_1:3", real=True))
    target = sp.Matrix(sp.symbols("y_1:3", real=True))
    name = sp.Symbol("G", real=True)
    upper = _W1.T * (-_beta * error)
    lower = _W0.T * upper
    mean = _mixed(first + _alpha * lower, first - (1 - _alpha) * lower)
    mean = _mixed(_W0 * mean + _alpha * upper, _W0 * mean - (1 - _alpha) * upper)
    swept = _W1 * mean - target
    closed = -(2 * _alpha - 1) * _beta * (_W1 * _W1.T + _W1 * _W0 * _W0.T * _W1.T)

    def compare(rng: np.random.Generator) -> tuple[Array, Array]:
        evaluate = sp.lambdify([*_W0, *_W1, _alpha, _beta], closed, "numpy")
        ours, direct = [], []
        for w, _, _, alpha, beta in networks(rng, [(2, 2)] * 3):
            ours.append(evaluate(*w[1].ravel(), *w[2].ravel(), alpha, beta))
            direct.append(sweep_matrix(w, alpha, beta))
        return np.array(ours), np.array(direct)

    return dual_equation(
        "dp-iteration",
        "A sweep down and up multiplies the deviation of the output error by -(2 alpha - 1) beta K",
        sp.Eq(name, closed, evaluate=False),
        (
            Step(swept, "output error after a sweep: differences down from -beta e, then means up"),
            Step(closed, "differentiate by the error before the sweep", lambda e: e.jacobian(error)),
        ),
        compare,
        _MEANINGS | {name: "matrix of a sweep"},
    )


@register
def dp_stability() -> Equation:
    """Condition of convergence, for the mode of an eigenvector of K; the largest eigenvalue decides."""
    e, drive = sp.symbols("e e_0", real=True)
    factor = -(2 * _alpha - 1) * _beta * _lam
    rest = sp.solve(drive + factor * e - e, e)[0]
    contracts = sp.StrictLessThan(sp.Abs((drive + factor * e - rest) / (e - rest)), 1, evaluate=False)
    condition = sp.StrictLessThan(sp.Abs(2 * _alpha - 1) * _beta * _lam, 1, evaluate=False)
    first, second = sorted((contracts, condition), key=str)

    def compare(rng: np.random.Generator) -> tuple[Array, Array]:
        evaluate = sp.lambdify([_alpha, _beta, _lam], condition.lhs, "numpy")
        ours, direct = [], []
        for w, _, _, alpha, beta in networks(rng, [(4, 3), (5, 4), (3, 5)]):
            to_output = [w[2], w[2] @ w[1]]
            largest = np.linalg.eigvalsh(sum(j @ j.T for j in to_output))[-1]
            ours.append(evaluate(alpha, beta, largest))
            direct.append(np.max(np.abs(np.linalg.eigvals(sweep_matrix(w, alpha, beta)))))
        return np.array(ours), np.array(direct)

    return dual_equation(
        "dp-stability",
        "Sweeps of plain dual propagation converge on a linear network under |2 alpha - 1| beta lambda < 1",
        sp.Equivalent(contracts, condition, evaluate=False),
        (
            Step(
                (1 - first.lhs) / (1 - second.lhs), "ratio of the gaps; the mode's error e becomes e_0 - (2a - 1) b l e"
            ),
            Step(
                sp.S.One,
                "the distance from the fixed point is multiplied by a constant, whatever e and e_0",
                lambda r: sp.cancel(r.replace(sp.Abs, lambda z: sp.Abs(sp.factor(z)))),
            ),
        ),
        compare,
        _MEANINGS | {e: "output error along the eigenvector", drive: "the same without feedback"},
    )


def _mixed(plus: sp.Basic, minus: sp.Basic) -> sp.Basic:
    """Mean of the two compartments."""
    return _alpha * plus + (1 - _alpha) * minus
