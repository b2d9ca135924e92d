"""Pooling of images before a connection: means, or the largest value of each square."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError

__all__ = ["MaxPooling", "MeanPooling", "Pooled", "Pooling", "Unpooled"]


class Pooled(Protocol):
    """Pooled values, and the way back."""

    @property
    def values(self) -> Array:
        """Shape (batch, *pooled_shape)."""
        ...

    def backward(self, received: Array) -> Array:
        """The transposed map of an array of the shape of the values, shape (batch, *input_shape)."""
        ...


@runtime_checkable
class Pooling(Protocol):
    """A way to make images smaller."""

    def shape(self, inputs: tuple[int, ...]) -> tuple[int, ...]:
        """Shape after pooling (without the batch).

        Raises
        ------
        InvalidParameterError
            If the input is no image of whole squares.
        """
        ...

    def pool(self, inputs: Array) -> Pooled:
        """Images of shape (batch, channels, height, width), pooled."""
        ...


@dataclass(frozen=True, eq=False)
class Unpooled:
    """Values as they are."""

    values: Array

    def backward(self, received: Array) -> Array:
        """See ``Pooled``."""
        return received


@dataclass(frozen=True)
class MeanPooling:
    """Mean over squares of ``size`` x ``size`` pixels, size >= 1."""

    size: int = 2

    def __post_init__(self) -> None:
        check.freeze(self, size=check.integer_at_least("size", self.size, 1))

    def shape(self, inputs: tuple[int, ...]) -> tuple[int, ...]:
        """See ``Pooling``."""
        return _smaller(self.size, inputs)

    def pool(self, inputs: Array) -> Pooled:
        """See ``Pooling``."""
        return _Mean(_squares(inputs, self.size).mean(axis=(3, 5)), self.size)


@dataclass(frozen=True)
class MaxPooling:
    """Largest value of squares of ``size`` x ``size`` pixels, size >= 1; of equal ones the first.

    Dyadic layers select by their mean state, and both compartments follow that selection.
    """

    size: int = 2

    def __post_init__(self) -> None:
        check.freeze(self, size=check.integer_at_least("size", self.size, 1))

    def shape(self, inputs: tuple[int, ...]) -> tuple[int, ...]:
        """See ``Pooling``."""
        return _smaller(self.size, inputs)

    def pool(self, inputs: Array) -> Pooled:
        """See ``Pooling``."""
        squares = _squares(inputs, self.size).transpose(0, 1, 2, 4, 3, 5)
        flat = squares.reshape(*squares.shape[:4], -1)
        chosen = flat.argmax(axis=-1)[..., None]
        return _Max(np.take_along_axis(flat, chosen, axis=-1)[..., 0], chosen, self.size)


@dataclass(frozen=True, eq=False)
class _Mean:
    values: Array
    size: int

    def backward(self, received: Array) -> Array:
        wide = received.repeat(self.size, axis=2).repeat(self.size, axis=3)
        return np.asarray(wide / received.dtype.type(self.size**2))


@dataclass(frozen=True, eq=False)
class _Max:
    values: Array
    chosen: Array
    size: int

    def backward(self, received: Array) -> Array:
        n, (batch, channels, rows, columns) = self.size, received.shape
        flat = np.zeros((*received.shape, n * n), received.dtype)
        np.put_along_axis(flat, self.chosen, received[..., None], axis=-1)
        squares = flat.reshape(batch, channels, rows, columns, n, n).transpose(0, 1, 2, 4, 3, 5)
        return squares.reshape(batch, channels, rows * n, columns * n)


def _squares(inputs: Array, n: int) -> Array:
    """View of shape (batch, channels, rows, n, columns, n)."""
    batch, channels, height, width = inputs.shape
    return inputs.reshape(batch, channels, height // n, n, width // n, n)


def _smaller(n: int, inputs: tuple[int, ...]) -> tuple[int, ...]:
    if len(inputs) != 3 or inputs[1] % n or inputs[2] % n:
        raise InvalidParameterError("input_shape", inputs, f"(channels, height, width), both sides multiples of {n}")
    return inputs[0], inputs[1] // n, inputs[2] // n
