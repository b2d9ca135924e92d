r"""One backward sweep in place of the inner loop: the adjoint form at alpha = 0 or 1."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from thermo_cl._types import Array
from thermo_cl.learning.dyadic.output import Output, output_step
from thermo_cl.learning.dyadic.states import DyadicStates, forward_states
from thermo_cl.learning.feedforward import FeedForwardNetwork, ForwardPass

__all__ = ["one_sweep", "swept_states"]


def one_sweep(
    network: FeedForwardNetwork, now: ForwardPass, targets: Array, alpha: float, betas: Sequence[float], output: Output
) -> list[Array]:
    r"""Differences :math:`\Delta_k` of all layers, from the last one down.

    At :math:`\alpha` = 1 the plus, at 0 the minus compartment takes no part of the message in the adjoint form, so
    that the mean state is that of the forward pass: :math:`\Delta_k = f(a_k) - f(a_k - m_k)` or
    :math:`f(a_k + m_k) - f(a_k)` is final at once (Hoier and Zach, ICML 2024).

    Parameters
    ----------
    network : FeedForwardNetwork
    now : ForwardPass
    targets : ndarray, shape (batch, classes)
    alpha : {0, 1}
    betas : sequence of float, one for each layer
    output : {"linearised", "proximal"}

    Returns
    -------
    list of ndarray, shapes (batch, *layer_shape)
        New arrays.
    """
    if output == "linearised":
        found = [network.loss.slope(now.outputs, targets) * -betas[-1]]
    else:
        found = [np.subtract(*output_step(network.loss, now.outputs, targets, alpha, betas[-1], "adjoint", output))]
    f, falls = network.activation, alpha == 1
    for k in range(len(now.links) - 1, 0, -1):
        message = now.links[k].backward(found[0], network.weights[k])
        if betas[k - 1] != betas[k]:
            message *= betas[k - 1] / betas[k]
        received, state = now.received[k - 1], now.states[k - 1]
        if falls:
            moved = f.value(np.subtract(received, message, out=message))
            found.insert(0, np.subtract(state, moved, out=message))
        else:
            message += received
            moved = f.value(message)
            found.insert(0, np.subtract(moved, state, out=message))
    return found


def swept_states(now: ForwardPass, differences: Sequence[Array], alpha: float) -> DyadicStates:
    """Both compartments of all layers after ``one_sweep``."""
    at = forward_states(now).plus
    if alpha == 1:
        return DyadicStates(at, tuple(s - gap for s, gap in zip(at, differences, strict=True)))
    return DyadicStates(tuple(s + gap for s, gap in zip(at, differences, strict=True)), at)
