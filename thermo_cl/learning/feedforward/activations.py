"""Activations of feed-forward networks, with the convex potentials whose conjugates' slopes they are."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
import scipy.special

from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning import energy

__all__ = ["ACTIVATIONS", "HardSigmoid", "Linear", "Nonlinearity", "ReLU", "Tanh", "activation"]


class Nonlinearity(energy.Activation):
    r"""A non-decreasing activation f from what a neuron receives to its output.

    It is the slope of a convex function, :math:`f = \nabla G^*`, so that :math:`f(a)` minimises
    :math:`G(s) - s a` (Hoier and Zach, ICML 2024, Sec. 3).
    """

    @abstractmethod
    def potential(self, s: Array) -> Array:
        """G(s), infinite outside the closure of the outputs."""


@dataclass(frozen=True)
class Linear(Nonlinearity):
    """f(a) = a, G(s) = s^2/2."""

    largest_slope = 1.0
    largest_curvature = 0.0

    def value(self, x: Array) -> Array:
        return x

    def slope(self, x: Array) -> Array:
        return np.ones_like(x)

    def curvature(self, x: Array) -> Array:
        return np.zeros_like(x)

    def potential(self, s: Array) -> Array:
        return 0.5 * s * s


@dataclass(frozen=True)
class ReLU(Nonlinearity):
    """f(a) = max(a, 0), G(s) = s^2/2 for s >= 0; the slope at 0 counts as 0."""

    outputs = (0.0, math.inf)
    largest_slope = 1.0
    largest_curvature = 0.0

    def value(self, x: Array) -> Array:
        return np.asarray(np.maximum(x, x.dtype.type(0)))

    def slope(self, x: Array) -> Array:
        return np.asarray(x > 0, dtype=x.dtype)

    def curvature(self, x: Array) -> Array:
        return np.zeros_like(x)

    def potential(self, s: Array) -> Array:
        return np.where(s >= 0, 0.5 * s * s, s.dtype.type(math.inf))


@dataclass(frozen=True)
class HardSigmoid(energy.Clip, Nonlinearity):
    """f(a) = clip(a, 0, 1), G(s) = s^2/2 for s in [0, 1]; the slope at the ends counts as 0."""

    def slope(self, x: Array) -> Array:
        return np.asarray((x > 0) & (x < 1), dtype=x.dtype)

    def potential(self, s: Array) -> Array:
        return np.where((s >= 0) & (s <= 1), 0.5 * s * s, s.dtype.type(math.inf))


@dataclass(frozen=True)
class Tanh(energy.Tanh, Nonlinearity):
    r"""f(a) = tanh a, :math:`G(s) = \tfrac12[(1 + s)\ln(1 + s) + (1 - s)\ln(1 - s)]` for s in [-1, 1]."""

    def potential(self, s: Array) -> Array:
        size = np.abs(s)
        inner, outer = (np.where((size < 0.5) == small, size, 0) for small in (True, False))
        high, low = 1 + outer, np.where(outer <= 1, 1 - outer, 1)
        value = 0.5 * (scipy.special.xlogy(high, high) + scipy.special.xlogy(low, low))
        value += inner * np.arctanh(inner) + 0.5 * np.log1p(-inner * inner)  # the same without its cancellation
        return np.asarray(np.where(size <= 1, value, s.dtype.type(math.inf)))


ACTIVATIONS: dict[str, type[Nonlinearity]] = {
    "relu": ReLU,
    "tanh": Tanh,
    "linear": Linear,
    "hard-sigmoid": HardSigmoid,
}


def activation(name: str) -> Nonlinearity:
    """The activation of a name.

    Raises
    ------
    InvalidParameterError
        If there is none of that name.
    """
    if not isinstance(name, str) or name not in ACTIVATIONS:
        raise InvalidParameterError("activation", name, f"one of {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[name]()
