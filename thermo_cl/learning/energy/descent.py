"""Does the energy fall: the step size below which it must, and a count of the examples for which it did not."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.energy.network import EnergyNetwork

__all__ = ["rises", "stable_step"]


def rises(energies: ArrayLike, *, rounding: float = 1e-9) -> float:
    """Share of the examples whose energy rises beyond rounding in some step; 0 where relaxation is sound.

    Parameters
    ----------
    energies : array_like, shape (steps + 1, batch)
        From ``relaxation_energies``.
    rounding : float
        Rise that is overlooked, over the largest energy of the example. Near a minimum the rounding of float32
        states moves the energy in second order only, by about 1e-14 of it for each neuron.

    Returns
    -------
    float
        In [0, 1]. An energy that is not finite counts as a rise.

    Raises
    ------
    InvalidParameterError
        If the array has not two axes, or there is no example.
    """
    values = np.asarray(energies, dtype=np.float64)
    if values.ndim != 2 or 0 in values.shape:
        raise InvalidParameterError("energies.shape", values.shape, "(steps + 1, batch), neither of them 0")
    finite = np.isfinite(values).all(axis=0)
    values = np.where(finite, values, 0.0)
    allowed = check.positive_number("rounding", rounding) * np.abs(values).max(axis=0)
    return float(np.mean((np.diff(values, axis=0) > allowed).any(axis=0) | ~finite))


def stable_step(network: EnergyNetwork, *, nudge: float = 0.0, inputs: Array | None = None) -> float:
    r"""Step size up to which no step of ``relax`` raises the energy.

    Proved: :math:`F = E + \beta C` does not rise in any step of size :math:`\epsilon \le 2/\Lambda` from any states
    within the activation's bounds, and falls if :math:`\epsilon < 2/\Lambda` and the states move. For
    :math:`\Lambda` bounds the Hessian of F from above along the segment s between the states, and the projection on
    the bounds gives :math:`\partial F \cdot s \le -|s|^2/\epsilon`, so :math:`\Delta F \le (\Lambda/2 - 1/\epsilon)
    |s|^2` (Bertsekas, Nonlinear Programming, 2nd ed., Prop. 2.3.2). Here :math:`\Lambda` is the largest eigenvalue of
    a tridiagonal matrix with one row a layer,

    .. math:: T_{ll} = 1 + \max|\rho''| \max|h_l| + 2 \beta\, [l = L], \quad
              T_{l,l+1} = \max(\rho')^2\, \|W_{l+1}\|_2,

    where :math:`h_l` is what layer l receives, bounded by the range of its neighbours' outputs: a block matrix is below
    the matrix of its blocks' norms. For ``Clip``, whose energy is quadratic within the bounds, there is no middle
    term and the inputs do not matter; with two layers or fewer, :math:`\Lambda` then is the largest eigenvalue of
    the Hessian itself. For smooth activations the bound holds for all states, and is cautious, the more so
    the more inputs there are.

    Parameters
    ----------
    network : EnergyNetwork
    nudge : float
        :math:`\beta` of either sign.
    inputs : ndarray, shape (batch, n_0), optional
        Inputs that are meant; any in [0, 1] by default.

    Returns
    -------
    float
        :math:`2/\Lambda`; infinite if F is nowhere curved upwards.

    Raises
    ------
    InvalidParameterError
        If the activation has no known bounds, or the inputs do not fit.
    """
    act, beta = network.activation, check.single("nudge", check.finite("nudge", nudge))
    if not math.isfinite(act.largest_slope) or not math.isfinite(act.largest_curvature):
        raise InvalidParameterError("activation", act, "one whose slope and curvature are bounded")
    weights = [w.astype(np.float64) for w in network.weights]
    matrix = np.eye(len(weights))
    if act.largest_curvature > 0:
        if not all(math.isfinite(end) for end in act.outputs):
            raise InvalidParameterError("activation", act, "one whose outputs are bounded")
        matrix += act.largest_curvature * np.diag(_largest_received(network, weights, inputs))
    matrix[-1, -1] += 2.0 * beta
    for n, w in enumerate(weights[1:], start=1):
        matrix[n - 1, n] = matrix[n, n - 1] = act.largest_slope**2 * np.linalg.norm(w, 2)
    largest = float(np.linalg.eigvalsh(matrix)[-1])
    return 2.0 / largest if largest > 0 else math.inf


def _largest_received(network: EnergyNetwork, weights: list[Array], inputs: Array | None) -> list[float]:
    """Largest input, in size, that a neuron of each layer can receive from its neighbours."""
    first = weights[0]
    if inputs is None:
        low, high = np.minimum(first, 0.0).sum(axis=0), np.maximum(first, 0.0).sum(axis=0)
    elif np.ndim(inputs) != 2 or np.shape(inputs)[1] != len(first):
        raise InvalidParameterError("inputs.shape", np.shape(inputs), f"(batch, {len(first)})")
    else:
        driven = np.asarray(inputs, dtype=np.float64) @ first
        low, high = driven.min(axis=0), driven.max(axis=0)
    ends, sizes = network.activation.outputs, []
    for n, bias in enumerate(network.biases):
        neighbours = [] if n == 0 else [weights[n]]
        neighbours += [weights[n + 1].T] if n + 1 < len(weights) else []
        below, above = (low + bias, high + bias) if n == 0 else (bias.astype(float), bias.astype(float))
        for w in neighbours:
            below = below + np.minimum(w * ends[0], w * ends[1]).sum(axis=0)
            above = above + np.maximum(w * ends[0], w * ends[1]).sum(axis=0)
        sizes.append(float(np.maximum(np.abs(below), np.abs(above)).max()))
    return sizes
