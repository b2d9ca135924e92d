"""Equilibrium propagation: contrasts of an energy between a nudged and the free state, and what they approach.

States minimise E + beta l; the contrast is (dE/dw at the nudged state - dE/dw at the free one)/beta (Scellier and
Bengio, Front. Comput. Neurosci. 11, 24 (2017); the rule behind Falk et al., Fig. 3). The network here has two hidden
units and an output: E = (h1^2 + h2^2 + o^2)/2 - w_0 x h1 - w_1 h1 h2 - w_2 h2 o, l = (o - y)^2/2, stable for w_1^2 +
w_2^2 < 1. The library has no learning rules yet: numbers are compared with numerical solutions for the states, at
complex beta.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from thermo_cl.symbolic.equation import Equation, Step
from thermo_cl.symbolic.registry import register
from thermo_cl.symbolic.zero import is_zero

__all__: list[str] = []

_SOURCE = "Scellier and Bengio 2017"
_DRAWS = 4
_CIRCLE = 0.2 * np.exp(2j * np.pi * (np.arange(48) + 0.5) / 48)  # of beta; the nearest pole is beyond 0.6
_Real = NDArray[np.float64]
_Complex = NDArray[Any]  # complex; numpy types the mixture with real arrays loosely

_x, _y, _t = sp.symbols("x y t", real=True)
_beta, _fast = sp.symbols("beta tau_f", positive=True)
_W = sp.symbols("w_0:3", real=True)
_RULE = sp.Symbol("g", real=True)

_MEANINGS = {
    _x: "input",
    _y: "target",
    _RULE: "what the rule gives for the weights w_0, w_1, w_2",
    **dict.fromkeys(_W, "symmetric weight between neighbouring units"),
}


def _states(beta: sp.Expr) -> sp.Matrix:
    """Minimum of E + beta l over h1, h2 and o: linear equations."""
    curvature = sp.Matrix([[1, -_W[1], 0], [-_W[1], 1, -_W[2]], [0, -_W[2], 1 + beta]])
    return curvature.adjugate() * sp.Matrix([_W[0] * _x, 0, beta * _y]) / curvature.det()


def _slope(beta: sp.Expr) -> sp.Matrix:
    """Derivative of E by the weights at that minimum."""
    first, second, output = _states(beta)
    return -sp.Matrix([_x * first, first * second, second * output])


_FREE = _states(sp.S.Zero)
_ERROR = _FREE[2] - _y
_BACK = sp.Matrix([_ERROR**2 / 2]).jacobian(_W).T
_GAIN = (1 - _W[1] ** 2) / (1 - _W[1] ** 2 - _W[2] ** 2)  # of the output, by a force on it
_MOVED = sp.Matrix([_W[1] * _W[2], _W[2], 1 - _W[1] ** 2]) / (1 - _W[1] ** 2 - _W[2] ** 2)  # all units, by that force
_PAIRS = sp.Matrix([0, _MOVED[0] * _MOVED[1], _MOVED[1] * _MOVED[2]])


@register
def ep_gradient() -> Equation:
    """Any smooth energy E(theta, s) and loss l(s), at any nudge; at beta = 0 the right side is the loss gradient."""
    theta, s = sp.symbols("theta s", real=True)
    energy, loss = sp.Function("E", real=True)(theta, s), sp.Function("l", real=True)(s)
    state = sp.Function("S", real=True)(theta, _beta)
    force = energy.diff(s).subs(s, state) + _beta * loss.diff(s).subs(s, state)  # zero at every theta and beta
    contrast = sp.Derivative(energy.diff(theta).subs(s, state), _beta)
    total = sp.Derivative(loss.subs(s, state), theta)
    by_beta, by_theta = force.diff(_beta).doit(), force.diff(theta).doit()
    (mixed,) = by_theta.atoms(sp.Subs)
    moved = sp.solve(by_beta, state.diff(_beta))[0]

    def compare(rng: np.random.Generator) -> tuple[_Real, _Real]:
        def settle(angle: _Complex, beta: _Complex) -> _Complex:
            """Minimum of (1 + angle^2) s^2/2 + s^4/4 - sin(angle) s + beta (s - 1)^2/2, by Newton's method."""
            found = np.zeros_like(angle)
            for _ in range(60):
                slope = (1 + angle**2) * found + found**3 - np.sin(angle) + beta * (found - 1)
                found = found - slope / (1 + angle**2 + 3 * found**2 + beta)
            return found

        angle, beta, tiny = rng.uniform(0.2, 1.0, _DRAWS) + 0j, rng.uniform(0.0, 1.0, _DRAWS) + 0j, 1e-30j
        nudged = settle(angle, beta + tiny)
        ours = (angle * nudged**2 - np.cos(angle) * nudged).imag / tiny.imag
        return ours, ((settle(angle + tiny, beta) - 1) ** 2 / 2).imag / tiny.imag

    return Equation(
        "ep-gradient",
        _SOURCE,
        "",
        "Rate of the contrast with the nudge is the gradient of the loss, along the stationary states",
        sp.Eq(contrast, total, evaluate=False),
        {theta: "any parameter of the energy", _beta: "strength of the nudge"},
        (
            Step(contrast, "slope of E by theta at the state S(theta, beta) where d(E + beta l)/ds = 0"),
            Step(contrast.doit(), "chain rule", sp.Derivative.doit),
            Step(
                contrast.doit().subs(state.diff(_beta), moved),
                "dS/dbeta from the derivative of the stationarity by beta",
                lambda e: e.subs(state.diff(_beta), sp.solve(by_beta, state.diff(_beta))[0]),
            ),
            Step(
                total.doit(),
                "the mixed derivative from the derivative of the stationarity by theta",
                lambda e: e.replace(
                    lambda part: part == mixed, lambda part: sp.solve(by_theta.xreplace({mixed: part}), part)[0]
                ),
            ),
        ),
        compare,
    )


@register
def ep_network() -> Equation:
    """Three weights at once; the right side differentiates the loss of the free state."""
    return _network(
        "ep-network",
        "The contrast tends to the gradient of the loss by every weight as the nudge vanishes",
        _BACK,
        (
            Step(_limits(_contrast()), "contrast of nudged and free state, over beta"),
            Step(_BACK, "take the limits", _take),
        ),
        lambda network: network.coefficient(0),
    )


@register
def ep_one_sided_error() -> Equation:
    """First order in beta: the nudge also shrinks the error, and moves the states that the contrast multiplies."""
    closed = -_GAIN * _BACK - _ERROR**2 * _PAIRS
    excess = (_slope(_beta) - _slope(sp.S.Zero) - _beta * _BACK) / _beta**2
    return _network(
        "ep-one-sided-error",
        "Error of the contrast between nudged and free state, over beta",
        closed,
        (
            Step(_limits(excess), "contrast less gradient, over beta"),
            Step(closed, "take the limits", _take),
        ),
        lambda network: network.coefficient(1),
    )


@register
def ep_centred_error() -> Equation:
    """Nudged both ways: the first order cancels."""
    closed = _GAIN**2 * _BACK + 2 * _GAIN * _ERROR**2 * _PAIRS
    excess = (_slope(_beta) - _slope(-_beta) - 2 * _beta * _BACK) / (2 * _beta**3)
    return _network(
        "ep-centred-error",
        "Error of the contrast between states nudged by beta and by -beta, over beta squared",
        closed,
        (
            Step(_limits(excess), "centred contrast less gradient, over beta squared"),
            Step(closed, "take the limits", _take),
        ),
        lambda network: network.coefficient(2),
    )


@register
def ep_temporal_contrast() -> Equation:
    """A synapse that answers to the rate of its current -dE/dw learns while the nudge rises, and not while it falls."""
    current = -_slope(_beta * _t / _fast)
    ramp = current.applyfunc(lambda c: sp.Integral(sp.Derivative(c, _t), (_t, 0, _fast)) / _beta)
    return _network(
        "ep-temporal-contrast",
        "Temporal contrast: a fast ramp to the nudged state moves the weights down the gradient of the loss",
        -_BACK,
        (
            Step(
                _limits(ramp), "rate of the current over the ramp; the slow return is below threshold and adds nothing"
            ),
            Step(_limits(-_contrast()), "fundamental theorem of calculus: only the ends of the ramp count", _integrate),
            Step(-_BACK, "take the limits", _take),
        ),
        lambda network: network.ramp(),
    )


def _contrast() -> sp.Matrix:
    return (_slope(_beta) - _slope(sp.S.Zero)) / _beta


def _limits(matrix: sp.Matrix) -> sp.Matrix:
    return matrix.applyfunc(lambda entry: sp.Limit(entry, _beta, 0))


def _take(limits: sp.Matrix) -> sp.Matrix:
    """Limits at beta = 0 by l'Hopital's rule: powers of beta out of the denominator, then as many derivatives."""
    return limits.applyfunc(lambda limit: _hopital(limit.args[0]))


def _hopital(quotient: sp.Expr) -> sp.Expr:
    """Value at beta = 0 of a quotient by a power of beta; nan if its numerator vanishes to a lower order."""
    order = -quotient.as_powers_dict()[_beta]
    numerator = quotient * _beta**order
    for _ in range(int(order)):
        if not is_zero(numerator.subs(_beta, 0)):
            return sp.nan
        numerator = numerator.diff(_beta)
    return numerator.subs(_beta, 0) / sp.factorial(order)


def _integrate(limits: sp.Matrix) -> sp.Matrix:
    """Integral of a derivative: its function at the ends."""

    def ends(integral: sp.Integral) -> sp.Expr:
        (variable, start, end), inner = integral.limits[0], integral.function.expr
        return inner.subs(variable, end) - inner.subs(variable, start)

    return limits.applyfunc(lambda limit: limit.replace(lambda e: isinstance(e, sp.Integral), ends))


class _Network:
    """The network with numbers for weights, input and target."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.weights = rng.uniform(0.2, 0.5, 3) * rng.choice([-1, 1], 3)
        self.input, self.target = rng.uniform(0.5, 1.5), rng.uniform(0.5, 1.5)

    def solve(self, beta: _Complex) -> tuple[_Complex, _Complex]:
        """States and their derivatives by beta, shape (n, 3)."""
        _, w1, w2 = self.weights
        curvature = np.array([[1, -w1, 0], [-w1, 1, -w2], [0, -w2, 1]], dtype=complex) + np.zeros((beta.size, 1, 1))
        curvature[:, 2, 2] += beta
        force = np.stack([np.full(beta.shape, self.weights[0] * self.input), 0 * beta, beta * self.target], axis=-1)
        states = np.linalg.solve(curvature, force[..., None])[..., 0]
        pull = np.stack([0 * beta, 0 * beta, self.target - states[:, 2]], axis=-1)
        return states, np.linalg.solve(curvature, pull[..., None])[..., 0]

    def slope(self, beta: _Complex) -> _Complex:
        """Derivative of the energy by the weights, shape (n, 3)."""
        (first, second, output) = self.solve(beta)[0].T
        return -np.stack([self.input * first, first * second, second * output], axis=-1)

    def coefficient(self, order: int) -> _Real:
        """Coefficient of a power of beta in the contrast, by Cauchy's integral around the free state."""
        contrast = (self.slope(_CIRCLE) - self.slope(np.zeros(1, dtype=complex))) / _CIRCLE[:, None]
        return np.asarray(np.mean(contrast / _CIRCLE[:, None] ** order, axis=0).real)

    def ramp(self) -> _Real:
        """Rate of the current over the ramp by quadrature, over beta; its value at beta = 0 by Cauchy's integral."""
        nodes, weights = np.polynomial.legendre.leggauss(20)
        total = np.zeros((_CIRCLE.size, 3), dtype=complex)
        for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):  # share of the ramp's duration
            (a, b, c), (da, db, dc) = (values.T for values in self.solve(_CIRCLE * node))
            total += weight * np.stack([self.input * da, da * b + a * db, db * c + b * dc], axis=-1)
        return np.asarray(np.mean(total, axis=0).real)  # the rate has one factor beta more, which the division takes


def _network(
    name: str, title: str, closed: sp.Matrix, derivation: tuple[Step, ...], numbers: Callable[[_Network], _Real]
) -> Equation:
    """Entry on the rule for the three weights, compared with ``numbers`` on random networks."""

    def compare(rng: np.random.Generator) -> tuple[_Real, _Real]:
        evaluate = sp.lambdify([*_W, _x, _y], closed, "numpy")
        networks = [_Network(rng) for _ in range(_DRAWS)]
        ours = [evaluate(*network.weights, network.input, network.target)[:, 0] for network in networks]
        return np.array(ours), np.array([numbers(network) for network in networks])

    return Equation(name, _SOURCE, "", title, sp.Eq(_RULE, closed, evaluate=False), _MEANINGS, derivation, compare)
