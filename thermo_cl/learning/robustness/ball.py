"""Balls around inputs, within the range of the pixels: the sets that attacks search."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermo_cl._types import Array

__all__ = ["CubeBall", "EuclideanBall"]


@dataclass(frozen=True, eq=False)
class CubeBall:
    r"""Inputs with :math:`|x - x_0|_\infty \le` size, in the range.

    Parameters
    ----------
    centre : ndarray, shape (batch, features)
        x_0, within the range.
    size : float
    bounds : (float, float)
        The range.
    """

    centre: Array
    size: float
    bounds: tuple[float, float]

    def project(self, inputs: Array) -> Array:
        """The nearest inputs of the set; never outside, also not by rounding."""
        return np.asarray(np.clip(inputs, *self._edges()))

    def ascend(self, inputs: Array, gradient: Array, length: float) -> Array:
        """A step of that length in the direction of fastest ascent, projected."""
        return self.project(inputs + inputs.dtype.type(length) * np.sign(gradient))

    def draw(self, rng: np.random.Generator) -> Array:
        """Inputs uniform in the cube, projected to the range."""
        shift = rng.uniform(-self.size, self.size, self.centre.shape)
        return self.project((self.centre + shift).astype(self.centre.dtype))

    def _edges(self) -> tuple[Array, Array]:
        kind = self.centre.dtype.type
        size = kind(self.size)
        if float(size) > self.size:
            size = np.nextafter(size, kind(0))
        low, high = self.centre - size, self.centre + size
        exact = self.centre.astype(np.float64)  # differences of float32 numbers are then exact
        low = np.where(exact - low > self.size, np.nextafter(low, kind(np.inf)), low)
        high = np.where(high - exact > self.size, np.nextafter(high, kind(-np.inf)), high)
        return np.maximum(low, kind(self.bounds[0])), np.minimum(high, kind(self.bounds[1]))


@dataclass(frozen=True, eq=False)
class EuclideanBall:
    r"""Inputs with :math:`|x - x_0|_2 \le` size (to rounding), in the range.

    Parameters
    ----------
    centre : ndarray, shape (batch, features)
        x_0, within the range.
    size : float
    bounds : (float, float)
        The range.
    """

    centre: Array
    size: float
    bounds: tuple[float, float]

    def project(self, inputs: Array) -> Array:
        """Inputs pulled back to the sphere, then cut to the range, which does not lengthen a change."""
        change = inputs.astype(np.float64) - self.centre
        longest = np.maximum(_lengths(change), self.size)
        inside = (self.centre + change * (self.size / longest)).astype(self.centre.dtype)
        return np.asarray(np.clip(inside, *map(self.centre.dtype.type, self.bounds)))

    def ascend(self, inputs: Array, gradient: Array, length: float) -> Array:
        """A step of that length in the direction of fastest ascent, projected; none where the gradient vanishes."""
        slope = gradient.astype(np.float64)
        largest = np.abs(slope).max(axis=1, keepdims=True)
        slope = np.divide(slope, largest, out=np.zeros_like(slope), where=largest > 0)  # no square underflows
        norms = _lengths(slope)
        return self.project(inputs + length * np.divide(slope, norms, out=slope, where=norms > 0))

    def draw(self, rng: np.random.Generator) -> Array:
        """Inputs uniform in the ball, cut to the range."""
        direction = rng.standard_normal(self.centre.shape)
        radius = self.size * rng.uniform(size=(len(direction), 1)) ** (1 / direction.shape[1])
        return self.project(self.centre + direction * (radius / _lengths(direction)))


def _lengths(vectors: Array) -> Array:
    return np.asarray(np.linalg.norm(vectors, axis=1, keepdims=True))
