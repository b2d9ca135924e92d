"""Connections from one layer to the next: linear maps, after pooling if there is one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.feedforward.pooling import Pooled, Pooling, Unpooled

__all__ = [
    "Connection",
    "Convolution",
    "Dense",
    "Link",
    "chained_shapes",
    "checked_connections",
    "checked_input_shape",
]

Shape = tuple[int, ...]


class Link(Protocol):
    """A connection that has its input, so that it is linear also where pooling selects by it."""

    def forward(self, weights: Array, biases: Array) -> Array:
        """What the next layer receives, shape (batch, *output_shape)."""
        ...

    def backward(self, received: Array, weights: Array) -> Array:
        """The transposed map of an array of the next layer's shape, shape (batch, *input_shape)."""
        ...

    def gradient(self, received: Array) -> tuple[Array, Array]:
        """Derivatives of sum(received * forward) by weights and biases, summed over the batch."""
        ...


@runtime_checkable
class Connection(Protocol):
    """Kind of a connection, without its weights."""

    def shapes(self, inputs: Shape) -> tuple[Shape, Shape, Shape]:
        """Shapes of weights, biases and the output for an input shape (without the batch).

        Raises
        ------
        InvalidParameterError
            If the connection does not fit the input.
        """
        ...

    def link(self, inputs: Array) -> Link:
        """The connection with an input, shape (batch, *input_shape)."""
        ...


@dataclass(frozen=True)
class Dense:
    """Every neuron is joined to every other; weights of shape (inputs, units).

    Parameters
    ----------
    units : int
        Neurons of the next layer, >= 1.
    pooling : Pooling, optional
        Before the map.
    """

    units: int
    pooling: Pooling | None = None

    def __post_init__(self) -> None:
        check.freeze(self, units=check.integer_at_least("units", self.units, 1))
        _check_pooling(self.pooling)

    def shapes(self, inputs: Shape) -> tuple[Shape, Shape, Shape]:
        """See ``Connection``."""
        width = math.prod(_pooled_shape(self.pooling, inputs))
        return (width, self.units), (self.units,), (self.units,)

    def link(self, inputs: Array) -> Link:
        """See ``Connection``."""
        return _DenseLink(_pooled(self.pooling, inputs))


class _DenseLink:
    def __init__(self, pooled: Pooled) -> None:
        self._pooled = pooled
        self._flat = pooled.values.reshape(len(pooled.values), -1)

    def forward(self, weights: Array, biases: Array) -> Array:
        received = self._flat @ weights
        received += biases
        return received

    def backward(self, received: Array, weights: Array) -> Array:
        return self._pooled.backward((received @ weights.T).reshape(self._pooled.values.shape))

    def gradient(self, received: Array) -> tuple[Array, Array]:
        return self._flat.T @ received, received.sum(axis=0)


@dataclass(frozen=True)
class Convolution:
    """Cross-correlation with square filters; weights of shape (channels in, size, size, channels out).

    Parameters
    ----------
    channels : int
        Of the output, >= 1.
    size : int
        Side of the filters, >= 1.
    stride : int
        >= 1.
    padding : int
        Zeros on each side, >= 0.
    pooling : Pooling, optional
        Before the map.
    """

    channels: int
    size: int = 3
    stride: int = 1
    padding: int = 0
    pooling: Pooling | None = None

    def __post_init__(self) -> None:
        least = {"channels": 1, "size": 1, "stride": 1, "padding": 0}
        check.freeze(self, **{name: check.integer_at_least(name, getattr(self, name), n) for name, n in least.items()})
        _check_pooling(self.pooling)

    def shapes(self, inputs: Shape) -> tuple[Shape, Shape, Shape]:
        """See ``Connection``."""
        seen = _pooled_shape(self.pooling, inputs)
        if len(seen) != 3:
            raise InvalidParameterError("input_shape", inputs, "(channels, height, width) for a convolution")
        sides = [(n + 2 * self.padding - self.size) // self.stride + 1 for n in seen[1:]]
        if min(sides) < 1:
            raise InvalidParameterError("size", self.size, f"at most {min(seen[1:]) + 2 * self.padding}, the image")
        return (seen[0], self.size, self.size, self.channels), (self.channels,), (self.channels, *sides)

    def link(self, inputs: Array) -> Link:
        """See ``Connection``."""
        return _ConvolutionLink(self, _pooled(self.pooling, inputs))


class _ConvolutionLink:
    """Filters see their patches as rows of a matrix of shape (batch * places, channels * size * size)."""

    def __init__(self, kind: Convolution, pooled: Pooled) -> None:
        self._kind, self._pooled = kind, pooled
        x, p, k = pooled.values, kind.padding, kind.size
        padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p))) if p else x
        windows = np.lib.stride_tricks.sliding_window_view(padded, (k, k), axis=(2, 3))
        windows = windows[:, :, :: kind.stride, :: kind.stride]  # batch, channel, row, column, i, j
        self._padded_shape, self._places = padded.shape, windows.shape[2:4]
        self._patches = windows.transpose(0, 2, 3, 1, 4, 5).reshape(-1, x.shape[1] * k * k)

    def forward(self, weights: Array, biases: Array) -> Array:
        received = self._patches @ weights.reshape(-1, self._kind.channels)
        received += biases
        images = received.reshape(len(self._pooled.values), *self._places, self._kind.channels)
        return np.ascontiguousarray(images.transpose(0, 3, 1, 2))

    def backward(self, received: Array, weights: Array) -> Array:
        k, stride, p = self._kind.size, self._kind.stride, self._kind.padding
        rows, columns = self._places
        spread = self._rows(received) @ weights.reshape(-1, self._kind.channels).T
        patches = spread.reshape(len(received), rows, columns, -1, k, k).transpose(0, 3, 1, 2, 4, 5)
        padded = np.zeros(self._padded_shape, spread.dtype)
        for i in range(k):
            for j in range(k):
                padded[:, :, i : i + stride * rows : stride, j : j + stride * columns : stride] += patches[..., i, j]
        height, width = self._padded_shape[2:]
        return self._pooled.backward(padded[:, :, p : height - p, p : width - p])

    def gradient(self, received: Array) -> tuple[Array, Array]:
        rows = self._rows(received)
        shape = (self._padded_shape[1], self._kind.size, self._kind.size, self._kind.channels)
        return (self._patches.T @ rows).reshape(shape), rows.sum(axis=0)

    def _rows(self, received: Array) -> Array:
        return received.transpose(0, 2, 3, 1).reshape(-1, self._kind.channels)


def _pooled(pooling: Pooling | None, inputs: Array) -> Pooled:
    return Unpooled(inputs) if pooling is None else pooling.pool(inputs)


def _pooled_shape(pooling: Pooling | None, inputs: Shape) -> Shape:
    return inputs if pooling is None else pooling.shape(inputs)


def _check_pooling(pooling: object) -> None:
    if pooling is not None and (isinstance(pooling, type) or not isinstance(pooling, Pooling)):
        raise InvalidParameterError("pooling", pooling, "MeanPooling(size), MaxPooling(size) or None")


def checked_connections(given: Sequence[Connection | int]) -> tuple[Connection, ...]:
    """Connections of which a number n stands for ``Dense(n)``."""
    if isinstance(given, (str, bytes)) or not isinstance(given, Sequence) or not given:
        raise InvalidParameterError("connections", given, "at least one, as 512, Dense(512) or Convolution(8, 3)")
    for kind in given:
        if isinstance(kind, type):
            raise InvalidParameterError("connections", kind, "of values, as Dense(512), not of classes")
    return tuple(k if isinstance(k, Connection) else Dense(k) for k in given)


def checked_input_shape(given: int | Sequence[int]) -> tuple[int, ...]:
    """Features, or (channels, height, width), as a tuple."""
    sides = tuple(given) if isinstance(given, (tuple, list)) else (given,)
    if len(sides) not in (1, 3):
        raise InvalidParameterError("input_shape", given, "a number of features, or (channels, height, width)")
    return tuple(check.integer_at_least("input_shape", n, 1) for n in sides)


def chained_shapes(kinds: Sequence[Connection], inputs: Shape) -> list[tuple[Shape, Shape, Shape]]:
    """Shapes of weights, biases and layer for each connection, the last layer being no image."""
    found, here = [], inputs
    for kind in kinds:
        found.append(kind.shapes(here))
        here = found[-1][-1]
    if len(here) != 1:
        raise InvalidParameterError("connections", kinds[-1], "at the end a Dense one, to the classes")
    return found
