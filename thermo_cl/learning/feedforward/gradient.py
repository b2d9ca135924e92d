"""Backpropagation through a feed-forward network, as a rule and as a function."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.energy import Parameters, States
from thermo_cl.learning.feedforward.network import FeedForwardNetwork, ForwardPass
from thermo_cl.learning.rules.interface import Estimate

__all__ = ["ForwardBackpropagation", "check_network", "check_targets", "gradient_of", "input_gradient", "pull_back"]


@dataclass(frozen=True)
class ForwardBackpropagation:
    """Exact gradient of the mean loss of a ``FeedForwardNetwork`` (Rumelhart, Hinton and Williams, Nature 1986).

    Raises
    ------
    InvalidParameterError
        From ``estimate``, if a minibatch does not fit the network.
    """

    def estimate(
        self, network: FeedForwardNetwork, inputs: Array, targets: Array, states: States, rng: np.random.Generator
    ) -> Estimate:
        """See ``Rule``; nothing is drawn or kept."""
        del rng
        check_network(network)
        now = network.forward(inputs)
        check_targets(network, len(inputs), targets)
        errors = pull_back(network, now, network.loss.slope(now.outputs, targets))
        return Estimate(gradient_of(now, errors), states, now.outputs)


def pull_back(network: FeedForwardNetwork, now: ForwardPass, slope: Array) -> list[Array]:
    r"""Derivatives :math:`\partial\ell/\partial a_k` by what each layer receives, shapes (batch, *layer_shape).

    Parameters
    ----------
    network : FeedForwardNetwork
    now : ForwardPass
    slope : ndarray, shape (batch, classes)
        Derivative by the outputs.
    """
    errors = [slope]
    for k in range(len(now.links) - 1, 0, -1):
        back = now.links[k].backward(errors[0], network.weights[k])
        errors.insert(0, back * network.activation.slope(now.received[k - 1]))
    return errors


def gradient_of(now: ForwardPass, errors: list[Array]) -> Parameters:
    """Batch means of the derivatives by each parameter, from those by what the layers receive."""
    gradient: dict[str, Array] = {}
    for n, (link, error) in enumerate(zip(now.links, errors, strict=True), start=1):
        weights, biases = link.gradient(error / error.dtype.type(len(error)))
        gradient |= {f"W{n}": weights, f"b{n}": biases}
    return gradient


def input_gradient(network: FeedForwardNetwork, inputs: Array, targets: Array) -> Array:
    """Derivative of each example's loss by its inputs, shape (batch, features)."""
    now = network.forward(inputs)
    check_targets(network, len(inputs), targets)
    errors = pull_back(network, now, network.loss.slope(now.outputs, targets))
    return now.links[0].backward(errors[0], network.weights[0]).reshape(inputs.shape)


def check_network(network: object) -> None:
    """Refuse what is no feed-forward network."""
    if not isinstance(network, FeedForwardNetwork):
        raise InvalidParameterError("network", type(network).__name__, "a FeedForwardNetwork, for this rule")


def check_targets(network: FeedForwardNetwork, batch: int, targets: Array) -> None:
    """Refuse targets that do not fit so many examples."""
    shape = (batch, network.sizes[-1])
    if not isinstance(targets, np.ndarray) or targets.shape != shape or targets.dtype != network.dtype:
        seen = f"{targets.dtype} {targets.shape}" if isinstance(targets, np.ndarray) else type(targets).__name__
        raise InvalidParameterError("targets", seen, f"{network.dtype} of shape {shape}")
