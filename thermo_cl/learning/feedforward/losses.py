"""Losses of an output layer: values, slopes and proximal steps, for each example."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from thermo_cl._types import Array
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.feedforward.softmax_proximal import softmax, softmax_proximal

__all__ = ["LOSSES", "Loss", "SoftmaxCrossEntropy", "SquaredError", "loss"]


@runtime_checkable
class Loss(Protocol):
    """A loss of outputs a and targets y, both of shape (batch, classes)."""

    @property
    def largest_curvature(self) -> float:
        """No eigenvalue of the loss's Hessian by the outputs is larger."""
        ...

    def value(self, outputs: Array, targets: Array) -> Array:
        """Loss of each example, shape (batch,), in nats or squared output units."""
        ...

    def slope(self, outputs: Array, targets: Array) -> Array:
        """Derivative by the outputs, shape (batch, classes)."""
        ...

    def curved(self, outputs: Array, vectors: Array) -> Array:
        """Hessian at the outputs times one vector for each example, shape (batch, classes)."""
        ...

    def proximal(self, outputs: Array, targets: Array, step: float) -> Array:
        r"""The s with :math:`s = a - \mathrm{step}\,\nabla\ell(s)`.

        With a positive step it minimises :math:`\ell(s) + |s - a|^2/2\,\mathrm{step}`. With a negative one it
        maximises :math:`\ell(s) - |s - a|^2/2|\mathrm{step}|`, which has a largest value if
        :math:`|\mathrm{step}| < 1/\mathrm{largest\_curvature}`.

        Raises
        ------
        InvalidParameterError
            If the step is more negative than that.
        """
        ...


@dataclass(frozen=True)
class SquaredError:
    r""":math:`\ell = |a - y|^2/2`."""

    largest_curvature = 1.0

    def value(self, outputs: Array, targets: Array) -> Array:
        """See ``Loss``."""
        gap = outputs - targets
        return 0.5 * np.asarray((gap * gap).sum(axis=1))

    def slope(self, outputs: Array, targets: Array) -> Array:
        """See ``Loss``."""
        return outputs - targets

    def curved(self, outputs: Array, vectors: Array) -> Array:
        """See ``Loss``."""
        del outputs
        return vectors

    def proximal(self, outputs: Array, targets: Array, step: float) -> Array:
        """See ``Loss``; in closed form."""
        t = outputs.dtype.type(_checked_step(step, self))
        return np.asarray((outputs + t * targets) / (1 + t))


@dataclass(frozen=True)
class SoftmaxCrossEntropy:
    r""":math:`\ell = -\sum_c y_c \ln p_c`, :math:`p = \mathrm{softmax}(a)`, for targets y that sum to 1."""

    largest_curvature = 0.5

    def value(self, outputs: Array, targets: Array) -> Array:
        """See ``Loss``."""
        shifted = outputs - outputs.max(axis=1, keepdims=True)
        norms = np.log(np.exp(shifted).sum(axis=1))
        return np.asarray(norms - (targets * shifted).sum(axis=1))

    def slope(self, outputs: Array, targets: Array) -> Array:
        """See ``Loss``."""
        return softmax(outputs) - targets

    def curved(self, outputs: Array, vectors: Array) -> Array:
        """See ``Loss``."""
        p = softmax(outputs)
        return np.asarray(p * (vectors - (p * vectors).sum(axis=1, keepdims=True)))

    def proximal(self, outputs: Array, targets: Array, step: float) -> Array:
        """See ``Loss``; to rounding of float64, by Newton's method."""
        return softmax_proximal(outputs, targets, _checked_step(step, self))


LOSSES: dict[str, type[Loss]] = {"squared-error": SquaredError, "cross-entropy": SoftmaxCrossEntropy}


def loss(name: str) -> Loss:
    """The loss of a name.

    Raises
    ------
    InvalidParameterError
        If there is none of that name.
    """
    if not isinstance(name, str) or name not in LOSSES:
        raise InvalidParameterError("loss", name, f"one of {', '.join(LOSSES)}")
    return LOSSES[name]()


def _checked_step(step: float, of: Loss) -> float:
    real = isinstance(step, (int, float, np.integer, np.floating))
    if not real or not math.isfinite(step) or step * of.largest_curvature <= -1:
        raise InvalidParameterError("step", step, f"finite and greater than {-1 / of.largest_curvature:g}")
    return float(step)
