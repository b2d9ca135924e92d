"""Rules of learning with one interface: physics through a carrier, two stored states, the exact gradient."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.learning.carrier import Carrier
from thermo_cl.feedback.learning.cells import Cells, cells_of
from thermo_cl.feedback.learning.shape import Shape, single_protocol
from thermo_cl.feedback.learning.threshold import integral_over_cells
from thermo_cl.synapse import Sawtooth

if TYPE_CHECKING:
    from thermo_cl.feedback.networks import Contrast, EdgeNetwork, Task

__all__ = ["ExactGradient", "PhysicalRule", "Rule", "TwoState"]


class Rule(Protocol):
    """Direction in which one presentation of the patterns changes the coefficients, per unit of learning rate."""

    def update(self, contrast: Contrast, coefficients: FloatArray) -> FloatArray:
        """Change of every coefficient, shape (edges,), the mean over patterns."""


@dataclass(frozen=True)
class TwoState:
    r"""The explicit contrastive rule, which compares two stored states of each edge (coupled learning).

    :math:`\Delta c = -(1/\eta)\langle s_C - s_F\rangle` with s = strain^2/2, the mean over patterns. Its limit of small
    nudges by loads is minus the exact gradient of the loss.

    Parameters
    ----------
    mean : float
        The two states are those at a = mean - 1/2 and a = mean + 1/2: 0.5 for free and clamped, 0 for a nudge to both
        sides of the free state, which cancels the error of first order in the nudge.
    """

    mean: float = 0.5

    def __post_init__(self) -> None:
        check.single("mean", check.finite("mean", self.mean))

    def update(self, contrast: Contrast, coefficients: FloatArray) -> FloatArray:
        """Minus the mean rise of s over the amplitude, shape (edges,)."""
        del coefficients
        rise = contrast.change * (contrast.free + self.mean * contrast.change)
        return np.asarray(-rise.mean(axis=0) / contrast.amplitude)


@dataclass(frozen=True, eq=False)
class ExactGradient:
    """Steepest descent of the loss: minus its derivative by every coefficient, computed by the adjoint.

    Parameters
    ----------
    network, task : EdgeNetwork, Task
        What is learnt; the coefficients are those passed to ``update``.
    """

    network: EdgeNetwork
    task: Task

    def update(self, contrast: Contrast, coefficients: FloatArray) -> FloatArray:
        """Minus the gradient, shape (edges,)."""
        from thermo_cl.feedback.networks import gradient

        del contrast
        return np.negative(gradient(self.network.with_coefficients(coefficients), self.task))


@dataclass(frozen=True, eq=False)
class PhysicalRule:
    """What one cycle of the sawtooth does to each edge through its own physics, and nothing else.

    The output of each edge is known in closed form over the cycle, and its part past the threshold integrated exactly.
    The change is divided by the carrier's ideal factor and the nudge's amplitude: in the ideal limit it equals
    ``TwoState(protocol.mean)`` for a chemical and for memristors driven by power, that times the coefficient for
    Maxwell units, and with the sign of the strain in place of the strain for memristors driven by their own voltage.
    From one pattern to the next the inputs must change slowly, below the threshold: a rise of the signal by ds takes
    longer than ``|first_moment| * ds / threshold``.

    Parameters
    ----------
    carrier : Carrier
        Kernel, threshold and gain of the units on the edges.
    protocol : Sawtooth
        Single; ``mean`` 0.5 for a nudge between the free and the clamped state, 0 for one to both sides of the free.

    Raises
    ------
    InvalidParameterError
        For a batch of protocols, or a carrier whose ideal factor is 0.
    """

    carrier: Carrier
    protocol: Sawtooth
    shapes: tuple[Shape, Shape] = field(init=False, repr=False)
    cells: Cells = field(init=False, repr=False)

    def __post_init__(self) -> None:
        single_protocol(self.protocol)
        factor = self.carrier.ideal_factor
        if not (np.isfinite(factor) and factor != 0.0):
            raise InvalidParameterError("carrier.ideal_factor", factor, "finite and different from 0")
        shapes = self.carrier.shapes(self.protocol)
        check.freeze(self, shapes=shapes, cells=cells_of(*shapes))

    def update(self, contrast: Contrast, coefficients: FloatArray) -> FloatArray:
        """Mean over patterns of what a cycle changes, over ideal factor and amplitude; shape (edges,)."""
        change = self.carrier.gain * self.passed(contrast, coefficients).mean(axis=0)
        return np.asarray(change / (self.carrier.ideal_factor * contrast.amplitude))

    def passed(self, contrast: Contrast, coefficients: FloatArray) -> FloatArray:
        """Integral of the output past its threshold over a cycle, shape (patterns, edges)."""
        first, second, bias = self.carrier.weights(contrast, coefficients)
        return integral_over_cells(self.cells, first, second, self.carrier.threshold, bias=bias)

    def slow_outputs(self, contrast: Contrast, coefficients: FloatArray) -> FloatArray:
        """Outputs at the two ends of the slow ramp, without what is left of the fast one, shape (2, patterns, edges).

        The output of a long slow ramp is linear in time once its start is forgotten: it is read at the middle and at
        the end. Where it is past the threshold, the way back undoes what the nudge has taught.
        """
        first, second, bias = self.carrier.weights(contrast, coefficients)
        slow = float(self.protocol.slow)
        times = float(self.protocol.fast) + slow * np.array([0.5, 1.0 - 1e-12])
        middle, end = (first * self.shapes[0](t) + second * self.shapes[1](t) + bias for t in times)
        return np.stack([2.0 * middle - end, end])
