"""Checks of a minibatch against a network, cheap enough for every call."""

from __future__ import annotations

from typing import Any

import numpy as np

from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.energy.network import EnergyNetwork, States

__all__ = ["check_batch", "check_states"]


def check_batch(network: EnergyNetwork, inputs: Array, states: States, targets: Array | None = None) -> None:
    """Refuse inputs, states or targets that do not fit a network; a few microseconds, whatever the sizes.

    Parameters
    ----------
    network : EnergyNetwork
    inputs : ndarray, shape (batch, n_0)
        At least one example.
    states : tuple of ndarray, shapes (batch, n_l)
    targets : ndarray, shape (batch, n_L), optional

    Raises
    ------
    InvalidParameterError
        If a shape, or a type other than the network's own, does not fit. Entries are not looked at.
    """
    width, dtype = network.weights[0].shape[0], network.weights[0].dtype
    if not isinstance(inputs, np.ndarray) or inputs.ndim != 2 or inputs.shape[0] < 1 or inputs.shape[1] != width:
        raise InvalidParameterError("inputs", _seen(inputs), f"an array of shape (batch, {width}), batch >= 1")
    if inputs.dtype != dtype:
        raise InvalidParameterError("inputs", _seen(inputs), f"of type {dtype}, as the network's")
    check_states(network, inputs.shape[0], states, targets)


def check_states(network: EnergyNetwork, batch: int, states: States, targets: Array | None = None) -> None:
    """The part of ``check_batch`` that does not need the inputs, only the number of examples."""
    dtype, biases = network.weights[0].dtype, network.biases
    if not isinstance(states, tuple) or len(states) != len(biases):
        given = f"{type(states).__name__} of {len(states)}" if hasattr(states, "__len__") else states
        raise InvalidParameterError("states", given, f"a tuple of {len(biases)} arrays, one for each layer")
    for n, (layer, bias) in enumerate(zip(states, biases, strict=True), start=1):
        if not isinstance(layer, np.ndarray) or layer.shape != (batch, bias.size) or layer.dtype != dtype:
            raise InvalidParameterError(f"states of layer {n}", _seen(layer), f"{dtype} of shape {(batch, bias.size)}")
    if targets is None:
        return
    shape = (batch, biases[-1].size)
    if not isinstance(targets, np.ndarray) or targets.shape != shape or targets.dtype != dtype:
        raise InvalidParameterError("targets", _seen(targets), f"{dtype} of shape {shape}")


def _seen(array: Any) -> str:
    """What was given, in few words."""
    return f"{array.dtype} of shape {array.shape}" if isinstance(array, np.ndarray) else type(array).__name__
