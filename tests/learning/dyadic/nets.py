"""Small feed-forward networks and minibatches for the tests of this room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thermo_cl._types import Array
from thermo_cl.learning.dyadic import DyadicStates
from thermo_cl.learning.feedforward import (
    Convolution,
    Dense,
    FeedForwardNetwork,
    Loss,
    MaxPooling,
    MeanPooling,
    Nonlinearity,
    SoftmaxCrossEntropy,
)


def network(
    activation: Nonlinearity,
    loss: Loss | None = None,
    *,
    sizes: Sequence[int] = (7, 9, 8, 5),
    scale: float = 1.0,
    seed: int = 1,
    dtype: Any = np.float64,
) -> FeedForwardNetwork:
    made = FeedForwardNetwork.random(sizes[0], sizes[1:], activation=activation, loss=loss, dtype=dtype, rng=seed)
    return made.with_parameters({name: a * made.dtype.type(scale) for name, a in made.parameters.items()})


def images(activation: Nonlinearity, loss: Loss | None = None, *, seed: int = 2) -> FeedForwardNetwork:
    """A convolution, one after maximum pooling, a dense connection after mean pooling."""
    kinds = [
        Convolution(2, 3, padding=1), Convolution(3, 3, padding=1, pooling=MaxPooling(2)), Dense(6, MeanPooling(2)), 4
    ]  # fmt: skip
    return FeedForwardNetwork.random((1, 4, 8), kinds, activation=activation, loss=loss, dtype=np.float64, rng=seed)


def batch(net: FeedForwardNetwork, examples: int = 6, *, seed: int = 3) -> tuple[Array, Array]:
    """Inputs and targets; those of the cross-entropy sum to 1."""
    rng = np.random.default_rng(seed)
    inputs, targets = (rng.normal(size=(examples, n)).astype(net.dtype) for n in (net.sizes[0], net.sizes[-1]))
    if isinstance(net.loss, SoftmaxCrossEntropy):
        targets = np.abs(targets)
        targets /= targets.sum(axis=1, keepdims=True)
    return inputs, targets


def generic(net: FeedForwardNetwork, examples: int = 6, *, seed: int = 4) -> DyadicStates:
    """Compartments that no forward pass made."""
    rng = np.random.default_rng(seed)
    plus, minus = (tuple(rng.normal(size=(examples, *shape)) for shape in net.shapes[1:]) for _ in range(2))
    return DyadicStates(plus, minus)


def distance(one: Any, other: Any) -> float:
    """Size of the difference of two gradients over the size of the second."""
    gap, size = (np.concatenate([np.ravel(a) for a in group]) for group in
                 ([one[k] - other[k] for k in other], list(other.values())))  # fmt: skip
    return float(np.linalg.norm(gap) / np.linalg.norm(size))
