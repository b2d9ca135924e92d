"""How far the adjoint form of dual propagation is from backpropagation, for a smooth activation (Høier and Zach 2024).

One hidden neuron of input a, activation f and weight w to a linear output; e(beta) is the output error at the fixed
point of the rule. The coefficients are compared with Cauchy integrals of the rule run at complex beta.
"""

from __future__ import annotations

import numpy as np
import sympy as sp

from thermo_cl.symbolic.equation import Equation, Step
from thermo_cl.symbolic.equations.learning._dual import DRAWS, Array, dual_equation
from thermo_cl.symbolic.registry import register

__all__: list[str] = []

_alpha, _x, _y, _a, _w = sp.symbols("alpha x y a w", real=True)
_beta = sp.Symbol("beta", positive=True)
_f = sp.Function("f", real=True)
_e = sp.Function("e", real=True)

_MEANINGS = {
    _alpha: "weight of the positive compartment in a neuron's mean, from 0 to 1",
    _beta: "strength of the nudge",
    _x: "input below the hidden neuron",
    _y: "target",
    _a: "input of the hidden neuron",
    _w: "weight from the hidden neuron to the output",
}


@register
def dp_bias() -> Equation:
    """One hidden neuron of any smooth activation: the gradient of the adjoint form is off by beta (2 alpha - 1) ..."""
    closed = (2 * _alpha - 1) / 2 * _x * _w**2 * (_w * _f(_a) - _y) ** 2 * _f(_a).diff(_a, 2)
    return _bias(
        "dp-bias", "Gradient error of the adjoint form, of first order in beta off alpha = 1/2", _alpha, 1, closed
    )


@register
def dp_bias_symmetric() -> Equation:
    """... which vanishes at alpha = 1/2 and leaves the second order."""
    error = _w * _f(_a) - _y
    curved = _w * _f(_a).diff(_a) * _f(_a).diff(_a, 2) / 8 + error * _f(_a).diff(_a, 3) / 24
    closed = _x * _w**3 * error**2 * curved
    half = sp.Rational(1, 2)
    return _bias("dp-bias-symmetric", "Gradient error at alpha = 1/2, of second order in beta", half, 2, closed)


def _bias(name: str, title: str, alpha: sp.Expr, order: int, closed: sp.Expr) -> Equation:
    """Coefficient of the gradient's error at a power of beta; e(beta) is the output error at the rule's fixed point."""
    signal = -_beta * _w * _e(_beta)
    plus, minus = _f(_a + (1 - alpha) * signal), _f(_a - alpha * signal)
    mean = alpha * plus + (1 - alpha) * minus
    back = _x * _w * (_w * _f(_a) - _y) * _f(_a).diff(_a)
    limit = sp.Limit((-(plus - minus) * _x / _beta - back) / _beta**order, _beta, 0)

    def expand(e: sp.Limit) -> sp.Expr:
        series = _error_series(_w * mean - _y)
        return sp.limit(sp.expand(_taylor(e.args[0].subs(_e(_beta), series))), _beta, 0)

    def compare(rng: np.random.Generator) -> tuple[Array, Array]:
        smooth = closed.replace(_f, sp.tanh).doit()
        a, w, x, y = rng.uniform(((0.2,), (0.5,), (0.5,), (-1.5,)), ((0.5,), (1.5,), (1.5,), (-0.5,)), (4, DRAWS))
        mix = np.full(DRAWS, 0.5) if alpha == sp.Rational(1, 2) else rng.uniform(0.0, 0.4, DRAWS)
        evaluate = sp.lambdify([_a, _w, _x, _y, _alpha], smooth, "numpy")
        direct = [_coefficient(order, *drawn) for drawn in zip(a, w, x, y, mix, strict=True)]
        return np.broadcast_to(evaluate(a, w, x, y, mix), DRAWS), np.array(direct)

    return dual_equation(
        name,
        title,
        sp.Eq(limit, closed, evaluate=False),
        (
            Step(limit, "gradient by the weight below the hidden neuron, less backpropagation's"),
            Step(closed, "Taylor series of f at a and of e at its fixed point e = w s - y, then the limit", expand),
        ),
        compare,
        _MEANINGS,
    )


def _taylor(expression: sp.Expr) -> sp.Expr:
    """Replace f about a by its third-order polynomial; the remainder is of fourth order in beta."""
    orders = range(4)
    return expression.replace(_f, lambda z: sum(_f(_a).diff(_a, k) * (z - _a) ** k / sp.factorial(k) for k in orders))


def _error_series(fixed_point: sp.Expr) -> sp.Expr:
    """Solve e = fixed_point(e) order by order in beta, to second order."""
    coefficients = sp.symbols("e_0:3", real=True)
    series = sum(c * _beta**k for k, c in enumerate(coefficients))
    residual = sp.expand(_taylor(fixed_point.subs(_e(_beta), series)) - series)
    known: dict[sp.Symbol, sp.Expr] = {}
    for k, c in enumerate(coefficients):
        known[c] = sp.solve(residual.coeff(_beta, k).subs(known), c)[0]
    return series.subs(known)


def _coefficient(order: int, a: float, w: float, x: float, y: float, alpha: float) -> float:
    """Coefficient of a power of beta in the gradient of the adjoint form, by Cauchy's integral around beta = 0."""
    beta = 0.2 * np.exp(2j * np.pi * (np.arange(64) + 0.5) / 64)
    error = np.full(beta.shape, w * np.tanh(a) - y, dtype=complex)
    for _ in range(100):
        plus, minus = np.tanh(a - (1 - alpha) * beta * w * error), np.tanh(a + alpha * beta * w * error)
        error = w * (alpha * plus + (1 - alpha) * minus) - y
    return float(np.mean(-(plus - minus) * x / beta / beta**order).real)
