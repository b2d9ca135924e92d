r"""The objective of dual propagation, at given compartments and where they rest.

.. math:: J = \alpha\ell(s_L^+) + \bar\alpha\ell(s_L^-)
    + \sum_k \frac{1}{\beta_k}[E_k(s_k^+, \bar s_{k-1}) - E_k(s_k^-, \bar s_{k-1})],

:math:`E_k(s, r) = G_k(s) - s^T(W r + b)`, :math:`\bar\alpha = 1 - \alpha` (Hoier and Zach, ICML 2024): smallest over
:math:`s^+` and largest over :math:`s^-`, in the sense that both are stationary. Linearised outputs belong to the
objective whose output layer has one state, :math:`J = \ell(a_L) + \sum_{k<L}(\ldots)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import Array, FloatArray
from thermo_cl.errors import ConvergenceError, InvalidParameterError
from thermo_cl.learning.dyadic.linear import growth_factor, is_linear, solve_linear
from thermo_cl.learning.dyadic.output import Output
from thermo_cl.learning.dyadic.problem import Problem
from thermo_cl.learning.dyadic.stability import largest_share, stability_number
from thermo_cl.learning.dyadic.states import DyadicStates
from thermo_cl.learning.dyadic.sweeps import Inner, Order, solve
from thermo_cl.learning.feedforward import FeedForwardNetwork

__all__ = ["Objective", "objective_at", "objective_at_rest"]


@dataclass(frozen=True, eq=False)
class Objective:
    """J where the compartments rest, and how they came there.

    Attributes
    ----------
    value : ndarray, shape (batch,)
        J of each example; of what was reached if not ``converged``.
    states : DyadicStates
        Of float64.
    stability : float
        Largest stability number of the examples; below 1 if plain sweeps converge.
    sweeps : int
        How many were made; 0 for a linear network with squared error, which is solved exactly.
    residual : float
        Largest change of a compartment in one more sweep over the largest compartment.
    converged : bool
        Whether that is below the tolerance; the rounding of an exact solution grows with ``stability``.
    """

    value: FloatArray
    states: DyadicStates
    stability: float
    sweeps: int
    residual: float
    converged: bool


def objective_at(
    network: FeedForwardNetwork,
    inputs: Array,
    targets: Array,
    states: DyadicStates,
    alpha: float,
    beta: float | Sequence[float],
    output: Output = "proximal",
) -> FloatArray:
    r"""J of each example at given compartments.

    Parameters
    ----------
    network : FeedForwardNetwork
    inputs : ndarray, shape (batch, features)
    targets : ndarray, shape (batch, classes)
    states : DyadicStates
        With ``output = "linearised"``, the compartments of the last layer do not matter.
    alpha : float
        Asymmetry in [0, 1].
    beta : float or sequence of float
        Nudge > 0, or one for each layer 1, ..., L.
    output : {"proximal", "linearised"}
        Which objective; see the module.

    Returns
    -------
    ndarray, shape (batch,)
        Infinite where a plus compartment is none of the activation's outputs, else minus infinity where a minus
        compartment is none. Rounding errors are about 1e-16 over the smallest nudge.

    Raises
    ------
    InvalidParameterError
        If an argument is not as above.
    """
    problem = Problem.of(network, inputs, targets, alpha, beta, output)
    shapes = [(len(inputs), *shape) for shape in network.shapes[1:]]
    if not isinstance(states, DyadicStates):
        raise InvalidParameterError("states", type(states).__name__, "DyadicStates")
    if [layer.shape for layer in (*states.plus, *states.minus)] != shapes * 2:
        seen = ", ".join(str(layer.shape) for layer in states.plus)
        raise InvalidParameterError("states", f"layers of shapes {seen}", f"of shapes {', '.join(map(str, shapes))}")
    plus, minus = (tuple(layer.astype(np.float64) for layer in group) for group in (states.plus, states.minus))
    return _value(problem, DyadicStates(plus, minus))


def objective_at_rest(
    network: FeedForwardNetwork,
    inputs: Array,
    targets: Array,
    alpha: float,
    beta: float | Sequence[float],
    *,
    output: Output = "proximal",
    order: Order = "up-down",
    sweeps: int = 1000,
    tolerance: float = 1e-12,
    start: DyadicStates | None = None,
    rng: np.random.Generator | int | None = None,
) -> Objective:
    r"""J of each example where its compartments rest: exactly on linear networks, by sweeps on others.

    There, :math:`\partial J/\partial W_{k-1} = -\Delta_k\bar s_{k-1}^T/\beta_k`. Sweeps are plain while the
    stability number is below 1; above, they are damped.

    For alpha = 0 the plus compartments follow the minus ones, :math:`s_k^+ = f(a_k)`, and J is the loss under a
    perturbation of every layer less its price,
    :math:`\ell(s_L) - \sum_k [G(s_k) + G^*(a_k) - s_k^T a_k]/\beta_k`, made largest; for alpha = 1 the plus ones
    make it smallest with a plus sign. The price of :math:`s_k = f(a_k + \delta_k)` is :math:`|\delta_k|^2/2\beta_k`
    on linear networks, and not more on others whose slopes are not above 1. For alpha between, on linear networks,
    see ``linear_objective``.

    Parameters
    ----------
    network, inputs, targets, alpha, beta, output
        As of ``objective_at``.
    order : {"up-down", "forward", "backward", "odd-even", "random"}
        Of the sweeps.
    sweeps : int
        At most so many, >= 1.
    tolerance : float
        Largest change of a compartment in a sweep, over the largest compartment, to end with.
    start : DyadicStates, optional
        Where sweeps begin, in float64; by default at the forward pass.
    rng : Generator or seed
        For the random order.

    Returns
    -------
    Objective
        Not ``converged`` if the sweeps were too few, or if pooling by the maximum changes its choice from sweep to
        sweep: where two pixels are nearly equal, J can be without a point at which it is stationary.

    Raises
    ------
    InvalidParameterError
        If an argument is not as above.
    ConvergenceError
        If the sweeps diverge, or J is infinite; the message gives the stability number and what to change.
    """
    problem = Problem.of(network, inputs, targets, alpha, beta, output)
    tolerance = check.positive_number("tolerance", tolerance)
    net, x, y, alpha, betas = problem.network, problem.inputs, problem.targets, problem.alpha, problem.betas
    if is_linear(net):
        stability = growth_factor(net, alpha, betas, output)
        start = solve_linear(net, x, y, alpha, betas, output)
        again = solve(net, x, y, alpha, betas, "plain", output, "forward", 1, tolerance, start)
        return Objective(_value(problem, start), start, stability, 0, again.residual, again.converged)
    stability = float(stability_number(net, x, alpha, betas, y, output=output).max())
    form: Literal["plain", "damped"] = "damped" if stability >= 1 and alpha > 0.5 else "plain"
    inner = solve(net, x, y, alpha, betas, form, output, order, sweeps, tolerance, start, rng, damping="auto")
    if inner.diverging or not inner.states.finite:
        share = largest_share(net, net.forward(x), alpha, betas, output, stability)
        raise ConvergenceError(_diverged(inner, stability, alpha, betas, share))
    value = _value(problem, inner.states)
    return Objective(value, inner.states, stability, inner.sweeps, inner.residual, inner.converged)


def _value(problem: Problem, states: DyadicStates) -> FloatArray:
    """J of each example at compartments of float64."""
    net, alpha, betas, wanted = problem.network, problem.alpha, problem.betas, problem.targets
    plus, minus = states.plus, states.minus
    lower = [net.shaped(problem.inputs), *states.mean(alpha)[:-1]]
    received = [
        kind.link(state).forward(w, b)
        for kind, state, w, b in zip(net.connections, lower, net.weights, net.biases, strict=True)
    ]
    high, low = (np.zeros(len(wanted)) for _ in range(2))  # potentials
    if problem.output == "linearised":
        rest = net.loss.value(received[-1], wanted)
    else:
        rest = alpha * net.loss.value(plus[-1], wanted) + (1 - alpha) * net.loss.value(minus[-1], wanted)
        gap, centre = plus[-1] - minus[-1], (plus[-1] + minus[-1]) / 2
        rest = rest + _sums(gap * (centre - received[-1])) / betas[-1]
    for up, down, a, nudge in zip(plus[:-1], minus[:-1], received, betas, strict=False):
        high = high + _sums(net.activation.potential(up)) / nudge
        low = low + _sums(net.activation.potential(down)) / nudge
        rest = rest - _sums((up - down) * a) / nudge
    return np.where(np.isinf(high), np.inf, rest + np.where(np.isinf(high), 0, high) - low)


def _diverged(inner: Inner, stability: float, alpha: float, betas: tuple[float, ...], share: float) -> str:
    said = (
        f"the compartments of J({alpha:g}) diverge: after {inner.sweeps} sweeps their changes grow by a factor of "
        f"{inner.growth:.3g} a sweep. With nudges of {min(betas):g} to {max(betas):g}, the stability "
        f"number at the forward pass is {stability:.3g}; it must be below 1. "
    )
    if stability < 1:
        return (
            f"{said}It holds near the forward pass alone: take smaller nudges, alpha nearer to 1/2, or, if pooling by "
            "the maximum changes its choice from sweep to sweep, MeanPooling"
        )
    smaller = f"take nudges below {0.9 * share:.2g} times these"
    if alpha < 0.5:
        why = "The largest value over perturbations of the layers is then infinite or far off, and damping cannot help"
        return f"{said}{why}: {smaller}"
    return said + f"Damping did not suffice: {smaller}, or begin nearer to rest with start"


def _sums(values: Array) -> FloatArray:
    return np.asarray(values.reshape(len(values), -1).sum(axis=1))
