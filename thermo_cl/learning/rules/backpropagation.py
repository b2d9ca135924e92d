"""Backpropagation through the unrolled relaxation: the reference gradient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from thermo_cl._types import Array
from thermo_cl.learning.energy import (
    EnergyNetwork,
    Parameters,
    Relaxation,
    States,
    check_batch,
    check_relaxation,
    relax,
)
from thermo_cl.learning.rules.interface import Estimate

__all__ = ["Backpropagation"]


@dataclass(frozen=True)
class Backpropagation:
    r"""Exact gradient of the mean output cost after the free phase.

    The cost is :math:`C = \sum_\mathrm{out} (x_T - y)^2`, with :math:`x_T` the states after
    T = ``relaxation.free_steps`` steps from the given states, which count as constants. Each step
    :math:`x_{t+1} = \mathrm{clip}(x_t - \epsilon\, \partial E/\partial x_t)` is differentiated as it is
    computed. With :math:`\mu` the derivative of C by the state before clipping and
    :math:`\delta_l = \epsilon \rho'(x_l) \mu_l`,

    .. math::

        \frac{\partial C}{\partial x_l} &= (1 - \epsilon)\mu_l + \epsilon \rho''(x_l) h_l \mu_l
            + \rho'(x_l) \left(\delta_{l+1} W_{l+1}^T + \delta_{l-1} W_l\right), \\
        \frac{\partial C}{\partial W_l} &= \sum_t \rho(x_{l-1})^T \delta_l + \delta_{l-1}^T \rho(x_l),

    where :math:`h_l` is what layer l receives from its neighbours. Where a bound is active no derivative passes:
    :math:`\mu = 0` for every state that a step leaves at a bound, also if it comes there without being clipped.
    From a free state at rest, K steps give what equilibrium propagation tends to with K clamped steps as its
    nudge vanishes (Ernoult et al., NeurIPS 2019, Theorem 1). Memory: three arrays of (steps, batch, neurons).

    Parameters
    ----------
    relaxation : Relaxation
        Its clamped steps are not used. Without free steps the gradient is zero.

    Raises
    ------
    InvalidParameterError
        From ``estimate``, if a minibatch does not fit the network.
    """

    relaxation: Relaxation = field(default_factory=Relaxation)

    def __post_init__(self) -> None:
        check_relaxation(self.relaxation)

    def estimate(
        self, network: EnergyNetwork, inputs: Array, targets: Array, states: States, rng: np.random.Generator
    ) -> Estimate:
        """See ``Rule``; nothing is drawn."""
        del rng
        check_batch(network, inputs, states, targets)
        drive = inputs @ network.weights[0] + network.biases[0]
        path = [states]
        for _ in range(self.relaxation.free_steps):
            path.append(
                relax(network, inputs, path[-1], steps=1, step_size=self.relaxation.step_size, drive=drive)
            )  # fmt: skip
        free = path[-1]
        gap = (2.0 / len(inputs)) * (free[-1] - targets)
        outputs, deltas = _backward(network, drive, path, gap, self.relaxation.step_size)
        return Estimate(_gradient(inputs, outputs, deltas), free, free[-1])


def _backward(
    network: EnergyNetwork, drive: Array, path: Sequence[States], gap: Array, step_size: float
) -> tuple[list[Array], list[Array]]:
    """Outputs before each step and derivatives by the received input, both by layer, shapes (steps, batch, n_l)."""
    act, (low, high) = network.activation, network.activation.bounds
    layers, curved = range(len(network.weights)), act.largest_curvature > 0
    bounded = low > -np.inf or high < np.inf
    steps = len(path) - 1
    outputs = [np.empty((steps, *x.shape), x.dtype) for x in path[0]]
    deltas = [np.empty((steps, *x.shape), x.dtype) for x in path[0]]
    adjoint = [np.zeros_like(x) for x in path[-1]]
    adjoint[-1] = gap
    for t in range(steps - 1, -1, -1):
        x, after = path[t], path[t + 1]
        slopes = [act.slope(layer) for layer in x]
        for n in layers:
            if bounded:
                adjoint[n] *= (after[n] > low) & (after[n] < high)
            outputs[n][t] = act.value(x[n])
            deltas[n][t] = step_size * slopes[n] * adjoint[n]
        for n in layers:
            received = _received(network, [d[t] for d in deltas], n)
            kept = (1.0 - step_size) * adjoint[n]
            if curved:
                total = _received(network, [r[t] for r in outputs], n) + (drive if n == 0 else network.biases[n])
                kept += step_size * act.curvature(x[n]) * total * adjoint[n]
            adjoint[n] = kept + slopes[n] * received
    return outputs, deltas


def _received(network: EnergyNetwork, sent: Sequence[Array], n: int) -> Array:
    """What the neighbours of a layer send it through the weights, inputs left out."""
    total = np.zeros_like(sent[n])
    if n > 0:
        total += sent[n - 1] @ network.weights[n]
    if n + 1 < len(sent):
        total += sent[n + 1] @ network.weights[n + 1].T
    return total


def _gradient(inputs: Array, outputs: Sequence[Array], deltas: Sequence[Array]) -> Parameters:
    """Derivative by each parameter, one matrix product for each term, whatever the number of steps."""
    summed = [d.sum(axis=0) for d in deltas]
    gradient = {"W1": inputs.T @ summed[0], "b1": summed[0].sum(axis=0)}
    out, change = ([a.reshape(-1, a.shape[-1]) for a in arrays] for arrays in (outputs, deltas))
    for n in range(1, len(deltas)):
        gradient[f"W{n + 1}"] = out[n - 1].T @ change[n] + change[n - 1].T @ out[n]
        gradient[f"b{n + 1}"] = summed[n].sum(axis=0)
    return gradient
