"""Two compartments of every neuron."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermo_cl._types import Array
from thermo_cl.learning.feedforward import ForwardPass

__all__ = ["DyadicStates", "forward_states"]


@dataclass(frozen=True, eq=False)
class DyadicStates:
    r"""Compartments :math:`s_k^+` and :math:`s_k^-` of the layers k = 1, ..., L (Hoier and Zach, ICML 2024).

    Attributes
    ----------
    plus, minus : tuple of ndarray, shapes (batch, *layer_shape)
    """

    plus: tuple[Array, ...]
    minus: tuple[Array, ...]

    def mean(self, alpha: float) -> tuple[Array, ...]:
        r""":math:`\bar s_k = \alpha s_k^+ + (1 - \alpha) s_k^-`, which goes up, shapes (batch, *layer_shape)."""
        return tuple(mean(plus, minus, alpha) for plus, minus in zip(self.plus, self.minus, strict=True))

    def difference(self) -> tuple[Array, ...]:
        r""":math:`\Delta_k = s_k^+ - s_k^-`, which comes down, shapes (batch, *layer_shape)."""
        return tuple(plus - minus for plus, minus in zip(self.plus, self.minus, strict=True))

    @property
    def finite(self) -> bool:
        """Whether every number is."""
        return all(bool(np.isfinite(layer).all()) for layer in (*self.plus, *self.minus))


def mean(plus: Array, minus: Array, alpha: float) -> Array:
    """Mean state of a layer; at alpha = 1 or 0 the compartment itself, not a copy."""
    if alpha == 1:
        return plus
    if alpha == 0:
        return minus
    total = alpha * plus
    total += (1 - alpha) * minus
    return np.asarray(total)


def forward_states(now: ForwardPass) -> DyadicStates:
    """Both compartments at what a forward pass gives; arrays are shared with it."""
    layers = (*now.states, now.outputs)
    return DyadicStates(layers, layers)
