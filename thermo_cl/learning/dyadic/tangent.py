"""Linear maps of the connections at given states: what small changes become on the way up."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from thermo_cl._types import Array
from thermo_cl.learning.feedforward import Connection, FeedForwardNetwork, ForwardPass, MaxPooling, MeanPooling

__all__ = ["push_forward", "without_pooling"]


def without_pooling(connection: Connection) -> Connection:
    """The connection's linear map alone, for pooled inputs."""
    if getattr(connection, "pooling", None) is None:
        return connection
    bare: Connection = dataclasses.replace(connection, pooling=None)  # type: ignore[type-var]
    return bare


def pushed(connection: Connection, state: Array, weights: Array, change: Array) -> Array:
    """What a small change of the state below makes the next layer receive, shape (batch, *output_shape)."""
    pooling = getattr(connection, "pooling", None)
    if isinstance(pooling, MaxPooling):
        chosen = pooling.pool(state)
        marks = chosen.backward(np.ones_like(chosen.values))
        change = MeanPooling(pooling.size).pool(marks * change).values * float(pooling.size**2)
    elif pooling is not None:
        change = pooling.pool(change).values
    biases = np.zeros(weights.shape[-1], weights.dtype)
    return without_pooling(connection).link(change).forward(weights, biases)


def push_forward(network: FeedForwardNetwork, now: ForwardPass, changes: list[Array]) -> Array:
    r"""Change of the outputs by small changes of the states 1, ..., L - 1: :math:`\sum_k J_k\,\delta s_k`.

    Parameters
    ----------
    network : FeedForwardNetwork
    now : ForwardPass
    changes : list of ndarray, shapes (batch, *layer_shape)
        Of the hidden layers, added by each to what it makes of the layer below.

    Returns
    -------
    ndarray, shape (batch, classes)
    """
    total: Any = np.zeros_like(now.outputs)
    for k, change in enumerate(changes, start=1):
        here = change if k == 1 else change + network.activation.slope(now.received[k - 1]) * total
        total = pushed(network.connections[k], now.states[k - 1], network.weights[k], here)
    return np.asarray(total)
