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
    r"""Activation :math:`\rho` from the state of a neuron to its output; arrays keep their shape and precision.

    ``value``, ``slope`` and ``curvature`` say what they are for finite states; the four numbers bound them, for
    ``stable_step`` and for rules that can leave out a vanishing term.
    """

    plain_within_bounds: bool = False
    """Whether output and state are the same, and the slope one, everywhere within the bounds."""

    bounds: tuple[float, float] = (-math.inf, math.inf)
    """Interval in which relaxation keeps the states."""
    outputs: tuple[float, float] = (-math.inf, math.inf)
    r"""Interval that holds every :math:`\rho(x)`."""

    @abstractmethod
    def value(self, x: Array) -> Array:
        r""":math:`\rho(x)`."""

    @abstractmethod
    def slope(self, x: Array) -> Array:
        r""":math:`\rho'(x)`."""

    @abstractmethod
    def curvature(self, x: Array) -> Array:
        r""":math:`\rho''(x)`, which the gradient through a relaxation needs."""

    @property
    def largest_slope(self) -> float:
        r"""No :math:`|\rho'(x)|` within the bounds is larger; infinite if nothing is known."""
        return math.inf

    @property
    def largest_curvature(self) -> float:
        r"""No :math:`|\rho''(x)|` within the bounds is larger; infinite if nothing is known."""
        return math.inf


@dataclass(frozen=True)
class Clip(Activation):
    """The paper's activation, clip(x, 0, 1), with states kept in [0, 1] (Falk et al. 2025, App. B)."""

    plain_within_bounds = True
    bounds = (0.0, 1.0)
    outputs = (0.0, 1.0)
    largest_slope = 1.0
    largest_curvature = 0.0

    def value(self, x: Array) -> Array:
        return np.clip(x, 0.0, 1.0)

    def slope(self, x: Array) -> Array:
        return np.asarray((x >= 0) & (x <= 1), dtype=x.dtype)  # one at the ends, so that a state can leave them

    def curvature(self, x: Array) -> Array:
        return np.zeros_like(x)


@dataclass(frozen=True)
class Sigmoid(Activation):
    r"""Logistic function :math:`1/(1 + e^{2 - 4x})`: the smooth neighbour of ``Clip`` with slope 1 at 1/2."""

    outputs = (0.0, 1.0)
    largest_slope = 1.0
    largest_curvature = 8.0 / (3.0 * math.sqrt(3.0))

    def value(self, x: Array) -> Array:
        return np.asarray(scipy.special.expit(4.0 * x - 2.0))

    def slope(self, x: Array) -> Array:
        z = 4.0 * x - 2.0
        return np.asarray(4.0 * scipy.special.expit(z) * scipy.special.expit(-z))  # 1 - y would lose small slopes

    def curvature(self, x: Array) -> Array:
        z = 4.0 * x - 2.0
        high, low = scipy.special.expit(z), scipy.special.expit(-z)
        return np.asarray(16.0 * high * low * (low - high))


@dataclass(frozen=True)
class Tanh(Activation):
    """Hyperbolic tangent; outputs in (-1, 1)."""

    outputs = (-1.0, 1.0)
    largest_slope = 1.0
    largest_curvature = 4.0 / (3.0 * math.sqrt(3.0))

    def value(self, x: Array) -> Array:
        return np.tanh(x)

    def slope(self, x: Array) -> Array:
        y = np.tanh(x)
        return (1.0 - y) * (1.0 + y)

    def curvature(self, x: Array) -> Array:
        y = np.tanh(x)
        return -2.0 * y * (1.0 - y) * (1.0 + y)


@dataclass(frozen=True)
class SoftClip(Activation):
    r"""Clip with rounded corners, :math:`w \ln[(1 + e^{x/w})/(1 + e^{(x - 1)/w})]`.

    Parameters
    ----------
    width : float
        Width w > 0 of the corners; ``Clip`` in the limit of none.
    """

    width: float = 0.1
    outputs = (0.0, 1.0)

    def __post_init__(self) -> None:
        check.freeze(self, width=check.positive_number("width", self.width))

    @property
    def largest_slope(self) -> float:
        return math.tanh(0.25 / self.width)

    @property
    def largest_curvature(self) -> float:
        return 0.25 / self.width

    def value(self, x: Array) -> Array:
        # the difference of the two logarithms, with their large parts subtracted by hand
        corners = (np.log1p(np.exp(-np.abs(x - end) / self.width)) for end in (0.0, 1.0))
        low, high = corners
        return np.clip(np.clip(x, 0.0, 1.0) + self.width * (low - high), 0.0, 1.0)

    def slope(self, x: Array) -> Array:
        low, high = scipy.special.expit(x / self.width), scipy.special.expit((1.0 - x) / self.width)
        return np.asarray(low * high * -math.expm1(-1.0 / self.width))

    def curvature(self, x: Array) -> Array:
        w = self.width
        return np.asarray(self.slope(x) * (scipy.special.expit(-x / w) - scipy.special.expit((x - 1.0) / w)) / w)


ACTIVATIONS: dict[str, type[Activation]] = {"clip": Clip, "sigmoid": Sigmoid, "tanh": Tanh, "soft-clip": SoftClip}


def activation(name: str) -> Activation:
    """The activation of a name, with its default shape.

    Raises
    ------
    InvalidParameterError
        If there is none of that name.
    """
    if not isinstance(name, str) or name not in ACTIVATIONS:
        raise InvalidParameterError("activation", name, f"one of {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[name]()
