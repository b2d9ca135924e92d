"""Matrices of the connections of feed-forward networks, entry by entry."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from thermo_cl._types import Array
from thermo_cl.learning.feedforward import Connection, Convolution, MeanPooling


def pooling_matrix(size: int, shape: tuple[int, ...]) -> Array:
    """Mean pooling of images of shape (channels, height, width), flattened."""
    channels, height, width = shape
    rows, columns = height // size, width // size
    matrix = np.zeros((channels * rows * columns, channels * height * width))
    for c in range(channels):
        for y in range(height):
            for x in range(width):
                to = (c * rows + y // size) * columns + x // size
                matrix[to, (c * height + y) * width + x] = 1 / size**2
    return matrix


def convolution_matrix(weights: Array, shape: tuple[int, ...], stride: int, padding: int) -> Array:
    """Cross-correlation of images of shape (channels, height, width), flattened."""
    channels, height, width = shape
    _, k, _, filters = weights.shape
    rows, columns = ((n + 2 * padding - k) // stride + 1 for n in (height, width))
    matrix = np.zeros((filters * rows * columns, channels * height * width))
    for o in range(filters):
        for r in range(rows):
            for s in range(columns):
                for c in range(channels):
                    for i in range(k):
                        for j in range(k):
                            y, x = r * stride + i - padding, s * stride + j - padding
                            if 0 <= y < height and 0 <= x < width:
                                to = (o * rows + r) * columns + s
                                matrix[to, (c * height + y) * width + x] += weights[c, i, j, o]
    return matrix


def connection_matrix(connection: Connection, weights: Array, shape: tuple[int, ...]) -> Array:
    """What a connection, with mean pooling or none, does without its biases: shape (outputs, inputs)."""
    pooling = connection.pooling  # type: ignore[attr-defined]
    first = np.eye(int(np.prod(shape)))
    if pooling is not None:
        assert isinstance(pooling, MeanPooling)
        first = pooling_matrix(pooling.size, shape)
        shape = (shape[0], shape[1] // pooling.size, shape[2] // pooling.size)
    if isinstance(connection, Convolution):
        return convolution_matrix(weights.astype(float), shape, connection.stride, connection.padding) @ first
    return weights.astype(float).T @ first


def chain_matrix(connections: Sequence[Connection], weights: Sequence[Array], shape: tuple[int, ...]) -> Array:
    """Product of the matrices of connections one after another."""
    product = np.eye(int(np.prod(shape)))
    for connection, w in zip(connections, weights, strict=True):
        product = connection_matrix(connection, w, shape) @ product
        shape = connection.shapes(shape)[-1]
    return product
