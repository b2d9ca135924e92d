"""An inner problem: a network and examples in float64, with an asymmetry, nudges and outputs that suit them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from thermo_cl._types import Array, FloatArray
from thermo_cl.learning.dyadic.output import (
    FORMS,
    OUTPUTS,
    Form,
    Output,
    check_choice,
    check_finite_batch,
    check_output,
    checked_alpha,
    checked_betas,
)
from thermo_cl.learning.feedforward import FeedForwardNetwork
from thermo_cl.learning.feedforward.gradient import check_network, check_targets

__all__ = ["Problem", "checked_nudges", "in_double"]


@dataclass(frozen=True, eq=False)
class Problem:
    """What plain dual propagation has to solve for a minibatch; make one with ``of``.

    Attributes
    ----------
    network : FeedForwardNetwork
        Of float64, as the arrays.
    inputs : ndarray, shape (batch, features)
    targets : ndarray, shape (batch, classes)
    alpha : float
    betas : tuple of float
        Of the layers 1, ..., L.
    output : {"linearised", "proximal"}
    """

    network: FeedForwardNetwork
    inputs: FloatArray
    targets: FloatArray
    alpha: float
    betas: tuple[float, ...]
    output: Output

    @classmethod
    def of(
        cls,
        network: FeedForwardNetwork,
        inputs: Array,
        targets: Array,
        alpha: float,
        beta: float | Sequence[float],
        output: Output,
    ) -> Problem:
        """The problem of what a caller gave.

        Raises
        ------
        InvalidParameterError
            If an argument is out of its domain, not finite, or does not fit the network.
        """
        alpha, betas = checked_nudges(network, alpha, beta, "plain", output)
        network.shaped(inputs)
        check_targets(network, len(inputs), targets)
        check_finite_batch(inputs, targets)
        x, y = (array.astype(np.float64, copy=False) for array in (inputs, targets))
        return cls(in_double(network), x, y, alpha, betas, output)


def checked_nudges(
    network: FeedForwardNetwork, alpha: float, beta: float | Sequence[float], form: Form, output: Output
) -> tuple[float, tuple[float, ...]]:
    """Asymmetry, and a nudge for each layer, in plain numbers.

    Raises
    ------
    InvalidParameterError
        If the network is not feed-forward, an argument is out of its domain, or beta is too large for proximal outputs.
    """
    check_network(network)
    check_choice("form", form, FORMS)
    check_choice("output", output, OUTPUTS)
    alpha, betas = checked_alpha(alpha), checked_betas(beta, len(network.weights))
    check_output(network.loss, alpha, betas[-1], form, output)
    return alpha, betas


def in_double(network: FeedForwardNetwork) -> FeedForwardNetwork:
    """The same network in float64."""
    if network.dtype == np.float64:
        return network
    weights, biases = ([a.astype(np.float64) for a in group] for group in (network.weights, network.biases))
    f, cost, shape = network.activation, network.loss, network.input_shape
    return FeedForwardNetwork(network.connections, weights, biases, shape, activation=f, loss=cost)
