"""Damped updates of dyadic layers, and how much damping a network needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.dyadic.output import Output, check_choice
from thermo_cl.learning.dyadic.stability import nudge_eigenvalues, stability_advice
from thermo_cl.learning.feedforward import FeedForwardNetwork, ForwardPass, HardSigmoid, Linear, Nonlinearity, ReLU
from thermo_cl.learning.feedforward.norms import spectral_norm

__all__ = [
    "DAMPINGS",
    "Damping",
    "check_curable",
    "damped_value",
    "damping_of",
    "stronger",
]

Damping = Literal["layers", "auto"]

DAMPINGS = ("layers", "auto")
_NEWTON = 100  # steps; about ten are needed
_LEAST = 0.25  # damping of the output that is doubled where there is less
_STARTS = 2024  # seed of the first vectors
_COARSE = 1e-3  # relative accuracy of norms and stability numbers that only set a damping


def damped_value(activation: Nonlinearity, received: Array, old: Array, strength: float) -> Array:
    r"""The s that minimises :math:`G(s) - s u + \tfrac{L}{2}(s - s_\mathrm{old})^2` for what it receives, u.

    That is :math:`f((u + L s_\mathrm{old})/(1 + L))` (Hoier and Zach, ICML 2024) for the activations with
    :math:`G = s^2/2` where it is finite: linear, ReLU and hard sigmoid. For others, as tanh, that formula would
    move the fixed point away from s = f(u); the minimum is s = f(p) with :math:`p + L f(p) = u + L s_\mathrm{old}`,
    which Newton's method solves.

    Parameters
    ----------
    activation : Nonlinearity
    received : ndarray
        u.
    old : ndarray, of the same shape
        The compartment before.
    strength : float
        L >= 0.
    """
    if strength == 0:
        return activation.value(received)
    total = received + strength * old
    p = total / (1 + strength)
    if isinstance(activation, (Linear, ReLU, HardSigmoid)):
        return activation.value(p)
    tolerance = 4 * np.finfo(total.dtype).eps * (1 + strength)
    for _ in range(_NEWTON):  # from below, where f is concave: it does not overshoot
        s = activation.value(p)
        move = (p + strength * s - total) / (1 + strength * activation.slope(p))
        p -= move
        if not np.abs(move).max() > tolerance * max(1.0, float(np.abs(p).max())):  # nan ends it too
            break
    return activation.value(p)


def damping_of(
    network: FeedForwardNetwork,
    now: ForwardPass,
    alpha: float,
    betas: Sequence[float],
    damping: Damping = "layers",
    *,
    output: Output = "linearised",
    delayed: bool = False,
) -> tuple[float | Array, ...]:
    r"""Strengths of damping of the layers 1, ..., L.

    ``"layers"``: :math:`L_k = \tfrac12\max(0, \|W_k\|^2 - 1)|1 - 2\alpha|` of the hidden layers (Hoier and Zach,
    ICML 2024), the output layer undamped. Measured on linear networks, this cures :math:`\alpha > 1/2` with one
    hidden layer and :math:`\beta \le 1/2` (in sweeps in one direction :math:`\beta < 1`), but in general not with
    more: the messages lag too, and two lags for each layer make the loop from the output and back oscillate.

    ``"auto"``: none where the stability number N is below 1 or :math:`\alpha \le 1/2` (it would not help). Else, on
    a network of linear activation, that of the output layer alone, :math:`L_L = N` for each example: an eigenvalue
    :math:`-\lambda` of the loop becomes :math:`(N - \lambda)/(1 + N)`, so that with the squared error sweeps
    ``"up-down"`` converge with the factor N/(1 + N) for every :math:`\alpha > 1/2`, depth and :math:`\beta` (N of
    other losses is that of the forward pass, and the factor another one where they rest). ``delayed`` is for other
    orders, whose messages come up to L - 2 sweeps late: :math:`L_L = (L - 1) N`. On other networks that of
    ``"layers"``, which copes better with slopes that change; ``stronger`` is for where it does not do.

    Parameters
    ----------
    network : FeedForwardNetwork
    now : ForwardPass
    alpha : float
    betas : sequence of float, one for each layer
    damping : {"layers", "auto"}
    output : {"linearised", "proximal"}
    delayed : bool

    Returns
    -------
    tuple of float or ndarray of shape (batch, 1)
        One for each layer.
    """
    check_choice("damping", damping, DAMPINGS)
    hidden, asymmetry = len(network.weights) - 1, abs(1 - 2 * alpha)
    if damping == "layers":
        if not asymmetry:
            return (0.0,) * (hidden + 1)
        return (*_layers(network, alpha), 0.0)
    if alpha <= 0.5 or not hidden:
        return (0.0,) * (hidden + 1)
    number = asymmetry * nudge_eigenvalues(network, now, betas, alpha=alpha, output=output, tolerance=_COARSE)
    if number.max() < 1:
        return (0.0,) * (hidden + 1)
    if not isinstance(network.activation, Linear):
        return damping_of(network, now, alpha, betas)
    strength = (hidden if delayed else 1) * number
    return (*(0.0,) * hidden, strength[:, None].astype(network.dtype))


def stronger(
    network: FeedForwardNetwork, alpha: float, strengths: Sequence[float | Array]
) -> tuple[float | Array, ...]:
    """The next stronger damping: that of ``"layers"``, then twice that of the output layer, at least 1/2."""
    *hidden, last = strengths
    if not any(hidden) and not isinstance(network.activation, Linear):
        layers = _layers(network, alpha)
        if any(layers):
            return (*layers, last)
    return (*hidden, 2 * np.maximum(last, _LEAST))


def _layers(network: FeedForwardNetwork, alpha: float) -> tuple[float, ...]:
    layers = list(zip(network.connections, network.weights, network.shapes, strict=False))[1:]
    norms = [spectral_norm(kind, w, shape, tolerance=_COARSE) for kind, w, shape in layers]
    return tuple(0.5 * max(0.0, norm * norm - 1) * abs(1 - 2 * alpha) for norm in norms)


def check_curable(
    network: FeedForwardNetwork, now: ForwardPass, alpha: float, betas: Sequence[float], *, output: Output
) -> None:
    r"""Refuse a damped inner loop that no damping makes converge.

    Raises
    ------
    InvalidParameterError
        If :math:`\alpha < 1/2` and the stability number of an example is 1 or more; says it and the largest nudge.
    """
    if alpha >= 0.5 or len(betas) == 1:
        return
    number, told = stability_advice(network, now, alpha, betas, output)
    if number >= 1:
        shown = betas[0] if len(set(betas)) == 1 else tuple(betas)
        raise InvalidParameterError("beta", shown, f"smaller for damped sweeps; {told}")
