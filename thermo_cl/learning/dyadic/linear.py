r"""Dual propagation on linear networks with the squared error, in closed form and float64.

Where the compartments rest, :math:`s_k^\pm` differ by :math:`\Delta_k = (\beta_k/\beta_L) J_k^T\Delta_L`, the mean
states exceed what they receive by :math:`(2\alpha - 1)\Delta_k`, and the output's differs from the target by
:math:`\epsilon = [1 + (2\alpha - 1) h K]^{-1} e`, with the feed-forward error e, the influence
:math:`K = \sum_{k<L}\beta_k J_k J_k^T` and :math:`\Delta_L = -\beta_L h\,\epsilon`. Linearised outputs have h = 1,
proximal ones :math:`h = 1/(1 + \alpha\beta_L)(1 - \bar\alpha\beta_L)`, :math:`\bar\alpha = 1 - \alpha`.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from thermo_cl._types import Array, FloatArray
from thermo_cl.errors import ConvergenceError, InvalidParameterError
from thermo_cl.learning.dyadic.output import Output, checked_betas, output_step
from thermo_cl.learning.dyadic.problem import Problem, checked_nudges, in_double
from thermo_cl.learning.dyadic.states import DyadicStates, mean
from thermo_cl.learning.feedforward import FeedForwardNetwork, Linear, MaxPooling, SquaredError
from thermo_cl.learning.feedforward.gradient import check_network

__all__ = ["growth_factor", "influence", "is_linear", "linear_objective", "solve_linear"]


def is_linear(network: FeedForwardNetwork) -> bool:
    """Whether the network is linear in its inputs and the loss is the squared error."""
    pooled = any(isinstance(getattr(kind, "pooling", None), MaxPooling) for kind in network.connections)
    return isinstance(network.activation, Linear) and isinstance(network.loss, SquaredError) and not pooled


def influence(network: FeedForwardNetwork, beta: float | Sequence[float] = 1.0) -> FloatArray:
    r"""Response of the outputs to forces on all hidden layers, :math:`K = \sum_{k<L}\beta_k J_k J_k^T`.

    Parameters
    ----------
    network : FeedForwardNetwork
        Linear; :math:`J_k = W_{L-1}\cdots W_k` leads from layer k to the outputs.
    beta : float or sequence of float
        Nudge > 0, or one for each layer 1, ..., L; that of layer L does not matter.

    Returns
    -------
    ndarray, shape (classes, classes)

    Raises
    ------
    InvalidParameterError
        If the network is not linear, or a nudge is not positive.
    """
    _check_linear(network)
    betas, net = checked_betas(beta, len(network.weights)), in_double(network)
    here = np.eye(net.sizes[-1])
    total = np.zeros_like(here)
    for k in range(len(betas) - 1, 0, -1):
        below = np.zeros((net.sizes[-1], *net.shapes[k]))  # a linear connection does not ask what its input is
        here = net.connections[k].link(below).backward(here, net.weights[k])
        rows = here.reshape(len(total), -1)
        total += betas[k - 1] * (rows @ rows.T)
    return total


def _response(alpha: float, beta: float, output: Output) -> float:
    r"""h, the force of the nudged outputs over the error: 1, or :math:`1/(1 + \alpha\beta)(1 - \bar\alpha\beta)`."""
    return 1.0 if output == "linearised" else 1 / ((1 + alpha * beta) * (1 - (1 - alpha) * beta))


def growth_factor(
    network: FeedForwardNetwork, alpha: float, beta: float | Sequence[float], output: Output = "linearised"
) -> float:
    r"""Factor by which up-and-down sweeps of plain dual propagation lengthen a deviation, the stability number.

    :math:`|2\alpha - 1|\,h\,\lambda_\mathrm{max}(K)`: the compartments rest if it is below 1. For
    :math:`\alpha < 1/2` that is also the condition for J to be finite.

    Parameters
    ----------
    network : FeedForwardNetwork
        Linear, with the squared error.
    alpha, beta, output
        As of ``solve_linear``.

    Raises
    ------
    InvalidParameterError
        If an argument is not as above, or beta too large for proximal outputs.
    """
    _check_linear(network, loss=True)
    return _growth(network, *checked_nudges(network, alpha, beta, "plain", output), output)


def linear_objective(
    network: FeedForwardNetwork,
    inputs: Array,
    targets: Array,
    alpha: float,
    beta: float | Sequence[float],
    output: Output = "proximal",
) -> FloatArray:
    r"""J of each example at rest, :math:`\tfrac{h}{2}\, e^T [1 + (2\alpha - 1) h K]^{-1} e`.

    It is :math:`\min_\delta` (for :math:`\alpha > 1/2`) or :math:`\max_\delta` (below) of
    :math:`\tfrac{h}{2}|e + \sum_{k<L} J_k\delta_k|^2 \pm \sum_{k<L} |\delta_k|^2/2|2\alpha - 1|\beta_k` over
    perturbations :math:`\delta_k` of what the hidden layers receive. With one beta, :math:`K = \beta K_1`, and
    proximal outputs :math:`J = \tfrac12 e^T[1 + (2\alpha - 1)\beta(1 + K_1) - \alpha\bar\alpha\beta^2]^{-1}e`,
    which falls with alpha if beta < 2: at alpha = 1 it is not above the loss, at 1/2 it is the loss over
    :math:`1 - \beta^2/4`, at 0 the loss under the worst perturbations of all layers, the outputs included, less
    their penalty.

    Parameters
    ----------
    network, inputs, targets, alpha, beta, output
        As of ``solve_linear``.

    Returns
    -------
    ndarray, shape (batch,)

    Raises
    ------
    InvalidParameterError, ConvergenceError
        As by ``solve_linear``.
    """
    _check_linear(network, loss=True)
    problem = Problem.of(network, inputs, targets, alpha, beta, output)
    error, rest, h = _outputs(problem)
    return np.asarray(0.5 * h * (error * rest).sum(axis=1))


def solve_linear(
    network: FeedForwardNetwork,
    inputs: Array,
    targets: Array,
    alpha: float,
    beta: float | Sequence[float],
    output: Output = "proximal",
) -> DyadicStates:
    """Compartments at rest of plain dual propagation on a linear network, by one linear solve of size classes.

    For alpha >= 1/2 they exist whatever the growth factor is, also where sweeps diverge.

    Parameters
    ----------
    network : FeedForwardNetwork
        Linear, with the squared error.
    inputs : ndarray, shape (batch, features)
    targets : ndarray, shape (batch, classes)
    alpha : float
        Asymmetry in [0, 1].
    beta : float or sequence of float
        Nudge > 0, or one for each layer 1, ..., L.
    output : {"linearised", "proximal"}

    Returns
    -------
    DyadicStates
        Of float64.

    Raises
    ------
    InvalidParameterError
        If an argument is not as above, or beta too large for proximal outputs.
    ConvergenceError
        If alpha < 1/2 and the growth factor is not below 1: the maximum over perturbations is infinite.
    """
    _check_linear(network, loss=True)
    problem = Problem.of(network, inputs, targets, alpha, beta, output)
    net, alpha, betas = problem.network, problem.alpha, problem.betas
    _, rest, h = _outputs(problem)
    links = net.forward(problem.inputs).links
    gaps = [-betas[-1] * h * rest]
    for k in range(len(links) - 1, 0, -1):
        gaps.insert(0, betas[k - 1] / betas[k] * links[k].backward(gaps[0], net.weights[k]))
    plus, minus, below = [], [], net.shaped(problem.inputs)
    for kind, w, b, gap in zip(net.connections, net.weights, net.biases, gaps, strict=True):
        received = kind.link(below).forward(w, b)
        plus.append(received + alpha * gap)
        minus.append(received - (1 - alpha) * gap)
        below = mean(plus[-1], minus[-1], alpha)
    plus[-1], minus[-1] = output_step(net.loss, received, problem.targets, alpha, betas[-1], "plain", output)
    return DyadicStates(tuple(plus), tuple(minus))


def _outputs(problem: Problem) -> tuple[FloatArray, FloatArray, float]:
    """Feed-forward error, error at rest, and h."""
    net, alpha, betas = problem.network, problem.alpha, problem.betas
    growth = _growth(net, alpha, betas, problem.output)
    if alpha < 0.5 and growth >= 1:
        raise ConvergenceError(
            f"J({alpha:g}) is infinite at beta = {_shown(betas)}: with alpha < 1/2 it is a largest value over "
            f"perturbations of the layers, finite only for stability numbers below 1, and here that is {growth:.3g}. "
            f"{_remedy(net, alpha, betas, problem.output)}"
        )
    h = _response(alpha, betas[-1], problem.output)
    error = net.outputs(problem.inputs) - problem.targets
    matrix = np.eye(error.shape[1]) + (2 * alpha - 1) * h * influence(net, betas)
    return error, np.asarray(np.linalg.solve(matrix, error.T).T, dtype=np.float64), h


def _remedy(network: FeedForwardNetwork, alpha: float, betas: tuple[float, ...], output: Output) -> str:
    """What to do where J is infinite."""
    low, high = 0.0, 1.0
    for _ in range(60):  # the growth factor rises with a factor common to all nudges
        half = (low + high) / 2
        below = _growth(network, alpha, tuple(half * b for b in betas), output) < 1
        low, high = (half, high) if below else (low, half)
    return f"Take nudges below {low:.3g} times these, or alpha >= 1/2"


def _shown(betas: tuple[float, ...]) -> str:
    same = all(a == b for a, b in itertools.pairwise(betas))
    return f"{betas[0]:g}" if same else "(" + ", ".join(f"{b:g}" for b in betas) + ")"


def _growth(network: FeedForwardNetwork, alpha: float, betas: tuple[float, ...], output: Output) -> float:
    if len(betas) == 1:
        return 0.0
    largest = float(np.linalg.eigvalsh(influence(network, betas))[-1])
    return abs(2 * alpha - 1) * _response(alpha, betas[-1], output) * largest


def _check_linear(network: FeedForwardNetwork, *, loss: bool = False) -> None:
    check_network(network)
    if not isinstance(network.activation, Linear):
        raise InvalidParameterError("network.activation", network.activation, "Linear() for the closed form")
    if any(isinstance(getattr(kind, "pooling", None), MaxPooling) for kind in network.connections):
        raise InvalidParameterError("network.connections", "MaxPooling", "without it for the closed form")
    if loss and not isinstance(network.loss, SquaredError):
        raise InvalidParameterError("network.loss", network.loss, "SquaredError() for the closed form")
