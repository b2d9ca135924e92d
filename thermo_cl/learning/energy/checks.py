"""Checks of a minibatch against a network, cheap enough for every call."""

from __future__ import annotations

from typing import Any

import numpy as np

from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.energy.network import EnergyNetwork, States

__all__ = ["check_batch", "check_inputs", "check_states", "check_targets"]


def check_batch(network: EnergyNetwork, inputs: Array, states: States, targets: Array) -> None:
    """Refuse inputs, states or targets that do not fit a network; a few microseconds, whatever the sizes.

    Parameters
    ----------
    network : EnergyNetwork
    inputs : ndarray, shape (batch, n_0)
        At least one example.
    states : tuple of ndarray, shapes (batch, n_l)
    targets : ndarray, shape (batch, n_L)

    Raises
    ------
    InvalidParameterError
        If a shape, or a type other than the network's own, does not fit. Entries are not looked at.
    """
    batch = check_inputs(network, inputs)
    check_states(network, batch, states)
    check_targets(network, batch, targets)


def check_inputs(network: EnergyNetwork, inputs: Array) -> int:
    """Number of examples, if the inputs fit."""
    if not isinstance(network, EnergyNetwork):
        raise InvalidParameterError("network", type(network).__name__, "an EnergyNetwork, for this rule")
    width, dtype = network.weights[0].shape[0], network.weights[0].dtype
    if not isinstance(inputs, np.ndarray) or inputs.ndim != 2 or inputs.shape[0] < 1 or inputs.shape[1] != width:
        raise InvalidParameterError("inputs", _seen(inputs), f"an array of shape (batch, {width}), batch >= 1")
    if inputs.dtype != dtype:
        raise InvalidParameterError("inputs", _seen(inputs), f"of type {dtype}, as the network's")
    return int(inputs.shape[0])


def check_states(network: EnergyNetwork, batch: int, states: States) -> None:
    """Refuse states that do not fit so many examples."""
    dtype, biases = network.weights[0].dtype, network.biases
    if not isinstance(states, tuple) or len(states) != len(biases):
        given = f"{type(states).__name__} of {len(states)}" if hasattr(states, "__len__") else states
        raise InvalidParameterError("states", given, f"a tuple of {len(biases)} arrays, one for each layer")
    for n, (layer, bias) in enumerate(zip(states, biases, strict=True), start=1):
        if not isinstance(layer, np.ndarray) or layer.shape != (batch, bias.size) or layer.dtype != dtype:
            raise InvalidParameterError(f"states of layer {n}", _seen(layer), f"{dtype} of shape {(batch, bias.size)}")


def check_targets(network: EnergyNetwork, batch: int, targets: Array) -> None:
    """Refuse targets that do not fit so many examples."""
    dtype, shape = network.weights[0].dtype, (batch, network.biases[-1].size)
    if not isinstance(targets, np.ndarray) or targets.shape != shape or targets.dtype != dtype:
        raise InvalidParameterError("targets", _seen(targets), f"{dtype} of shape {shape}")


def _seen(array: Any) -> str:
    """What was given, in few words."""
    return f"{array.dtype} of shape {array.shape}" if isinstance(array, np.ndarray) else type(array).__name__
