"""Activations of the energy network: values with their first two derivatives."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import scipy.special

from thermo_cl import _validate as check
from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError

__all__ = ["ACTIVATIONS", "Activation", "Clip", "Sigmoid", "SoftClip", "Tanh", "activation"]


class Activation(ABC):
    r"""Activation :math:`\rho` from the state of a neuron to its output; arrays keep their shape and precision."""

    bounds: tuple[float, float] = (-math.inf, math.inf)
    """Interval in which relaxation keeps the states."""

    @abstractmethod
    def value(self, x: Array) -> Array:
        r""":math:`\rho(x)`."""

    @abstractmethod
    def slope(self, x: Array) -> Array:
        r""":math:`\rho'(x)`."""

    @abstractmethod
    def curvature(self, x: Array) -> Array:
        r""":math:`\rho''(x)`, which the gradient through a relaxation needs."""


@dataclass(frozen=True)
class Clip(Activation):
    """The paper's activation, clip(x, 0, 1), with states kept in [0, 1] (Falk et al. 2025, App. B)."""

    bounds = (0.0, 1.0)

    def value(self, x: Array) -> Array:
        return np.clip(x, 0.0, 1.0)

    def slope(self, x: Array) -> Array:
        return np.asarray((x >= 0) & (x <= 1), dtype=x.dtype)  # one at the ends, so that a state can leave them

    def curvature(self, x: Array) -> Array:
        return np.zeros_like(x)


@dataclass(frozen=True)
class Sigmoid(Activation):
    r"""Logistic function :math:`1/(1 + e^{2 - 4x})`: the smooth neighbour of ``Clip`` with slope 1 at 1/2."""

    def value(self, x: Array) -> Array:
        return np.asarray(scipy.special.expit(4.0 * x - 2.0))

    def slope(self, x: Array) -> Array:
        y = self.value(x)
        return 4.0 * y * (1.0 - y)

    def curvature(self, x: Array) -> Array:
        y = self.value(x)
        return 16.0 * y * (1.0 - y) * (1.0 - 2.0 * y)


@dataclass(frozen=True)
class Tanh(Activation):
    """Hyperbolic tangent; outputs in (-1, 1)."""

    def value(self, x: Array) -> Array:
        return np.tanh(x)

    def slope(self, x: Array) -> Array:
        return 1.0 - np.tanh(x) ** 2

    def curvature(self, x: Array) -> Array:
        y = np.tanh(x)
        return -2.0 * y * (1.0 - y**2)


@dataclass(frozen=True)
class SoftClip(Activation):
    r"""Clip with rounded corners, :math:`w \ln[(1 + e^{x/w})/(1 + e^{(x - 1)/w})]`.

    Parameters
    ----------
    width : float
        Width w > 0 of the corners; ``Clip`` in the limit of none.
    """

    width: float = 0.1

    def __post_init__(self) -> None:
        check.positive_number("width", self.width)

    def value(self, x: Array) -> Array:
        w = self.width
        return w * np.asarray(np.logaddexp(x.dtype.type(0), x / w) - np.logaddexp(x.dtype.type(0), (x - 1.0) / w))

    def slope(self, x: Array) -> Array:
        w = self.width
        return np.asarray(scipy.special.expit(x / w) - scipy.special.expit((x - 1.0) / w))

    def curvature(self, x: Array) -> Array:
        low, high = (scipy.special.expit((x - end) / self.width) for end in (0.0, 1.0))
        return np.asarray((low * (1.0 - low) - high * (1.0 - high)) / self.width)


ACTIVATIONS: dict[str, type[Activation]] = {"clip": Clip, "sigmoid": Sigmoid, "tanh": Tanh, "soft-clip": SoftClip}


def activation(name: str) -> Activation:
    """The activation of a name, with its default shape.

    Raises
    ------
    InvalidParameterError
        If there is none of that name.
    """
    if name not in ACTIVATIONS:
        raise InvalidParameterError("activation", name, f"one of {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[name]()
