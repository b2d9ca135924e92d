"""Small random feed-forward networks, images in [0, 1] and one-hot targets for the tests of this room."""

from __future__ import annotations

from typing import Any

import numpy as np

from thermo_cl._types import Array
from thermo_cl.learning import Dataset
from thermo_cl.learning.feedforward import (
    Connection,
    Convolution,
    FeedForwardNetwork,
    HardSigmoid,
    Linear,
    MaxPooling,
    MeanPooling,
    ReLU,
    SoftmaxCrossEntropy,
    SquaredError,
    Tanh,
)

ACTIVATIONS = (ReLU(), Tanh(), Linear(), HardSigmoid())
LOSSES = (SquaredError(), SoftmaxCrossEntropy())


def dense(sizes: tuple[int, ...], activation: Any, loss: Any, *, seed: int = 0, dtype: Any = np.float64) -> Any:
    """Fully connected, with weights large enough for curved losses."""
    net = FeedForwardNetwork.random(sizes[0], list(sizes[1:]), activation=activation, loss=loss, dtype=dtype, rng=seed)
    return net.with_parameters({name: array * net.dtype.type(2.5) for name, array in net.parameters.items()})


def convolutional(pooling: type[MeanPooling] | type[MaxPooling], *, dtype: Any = np.float64) -> FeedForwardNetwork:
    """Two convolutions with pooling, for images of shape (1, 6, 6) and three classes."""
    kinds: list[Connection | int] = [Convolution(4, 3, padding=1), Convolution(3, 3, padding=1, pooling=pooling(2)), 3]
    return FeedForwardNetwork.random((1, 6, 6), kinds, dtype=dtype, rng=3)


def batch(net: FeedForwardNetwork, examples: int, *, seed: int = 0) -> tuple[Array, Array]:
    """Inputs in [0, 1], some at the ends, and one-hot targets."""
    rng = np.random.default_rng(seed)
    inputs = np.clip(rng.uniform(-0.2, 1.2, (examples, net.sizes[0])), 0, 1).astype(net.dtype)
    return inputs, np.eye(net.sizes[-1], dtype=net.dtype)[rng.integers(net.sizes[-1], size=examples)]


def dataset(net: FeedForwardNetwork, examples: int, *, seed: int = 0) -> Dataset:
    """The same as a data set, in which about three of four labels are those that the network tells."""
    inputs, targets = batch(net, examples, seed=seed)
    labels = targets.argmax(axis=1)
    told = net.outputs(inputs.astype(np.float32).astype(net.dtype)).argmax(axis=1)
    labels[: 2 * examples // 3] = told[: 2 * examples // 3]
    return Dataset(inputs, labels, classes=net.sizes[-1], name="drawn")
