"""What a physical carrier of integral feedback has to say of itself before a network of it can learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

import numpy as np

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError, NormalizationError
from thermo_cl.feedback.learning.driven import driven_shape
from thermo_cl.feedback.learning.shape import Shape
from thermo_cl.feedback.window import check_window
from thermo_cl.kernels import Kernel
from thermo_cl.synapse import Sawtooth

if TYPE_CHECKING:
    from thermo_cl.feedback.networks import Contrast

__all__ = ["Carrier", "KernelCarrier", "Weights"]

SHORTEST_RAMP = 3.0  # in memory times: an exponential has then come within 5 % of its plateau


class Weights(NamedTuple):
    """Output of every edge over a cycle, u(t) = first F1(t) + second F2(t) + bias; shapes (patterns, edges).

    F1 and F2 are the carrier's two shapes, the same for all edges.
    """

    first: FloatArray
    second: FloatArray
    bias: FloatArray | float = 0.0


@runtime_checkable
class Carrier(Protocol):
    """A physical unit on each edge, whose output teaches the edge.

    Along a cycle the strain of an edge is ``free + a(t) change`` with one common sawtooth a(t). The unit's output u
    follows, and the coefficient of the edge changes by ``gain`` times the integral of g(u) over the cycle: g(u) = u
    where u is not below ``threshold`` in size, and 0 elsewhere.

    Attributes
    ----------
    kernel : Kernel
        From signal to output, single.
    threshold : float
        Hard threshold > 0 in units of the output.
    gain : float
        Change of the coefficient per output and time; negative where large outputs weaken an edge.
    ideal_factor : float
        Other than 0. In the ideal limit (fast ramp much longer than the kernel, slow ramp endless, threshold between
        the two) the change of the coefficient is ``-ideal_factor`` times the rise of s = strain^2/2 over the nudge, so
        that division by it compares carriers with the two-state rule. ``gain * first_moment`` for a kernel on s.
    """

    @property
    def kernel(self) -> Kernel:
        """From signal to output."""

    @property
    def threshold(self) -> float:
        """Hard threshold of the output."""

    @property
    def gain(self) -> float:
        """Change of the coefficient per output and time."""

    @property
    def ideal_factor(self) -> float:
        """Fall of the coefficient per rise of strain^2/2, in the ideal limit."""

    def shapes(self, protocol: Sawtooth) -> tuple[Shape, Shape]:
        """Functions of time F1 and F2 that every edge's output is a combination of."""

    def weights(self, contrast: Contrast, coefficients: FloatArray) -> Weights:
        """Weights of F1 and F2, and the constant part, for every pattern and edge."""


@dataclass(frozen=True, init=False)
class KernelCarrier:
    """Any memory kernel that reads s = strain^2/2 of its edge: the chemical of a mechano-chemical network.

    With strain e + a(t) d, s = e^2/2 + e d a + (d^2/2) a^2, so that F1 and F2 are the responses of the kernel to a and
    to a^2, with weights e d and d^2/2, and the constant part is area * e^2/2.

    Parameters
    ----------
    kernel : Kernel
        Single, without a window, of first moment other than 0.
    threshold : float
        > 0, in units of the output.
    gain : float, optional
        Other than 0; by default its sign is that of the first moment, so that the rule descends, and its size is 1.

    Raises
    ------
    InvalidParameterError
        For a batch of kernels, a cut kernel, a threshold that is not positive, or a gain that would climb.
    NormalizationError
        If the first moment vanishes.
    """

    kernel: Kernel
    threshold: float
    gain: float

    def __init__(self, kernel: Kernel, threshold: float, gain: float | None = None) -> None:
        if kernel.batch_shape:
            raise InvalidParameterError("kernel", f"a batch of shape {kernel.batch_shape}", "a single kernel")
        if np.isfinite(kernel.window):
            raise InvalidParameterError("kernel.window", float(kernel.window), "infinite")
        moment = float(kernel.first_moment)
        if moment == 0.0:
            raise NormalizationError("the kernel's first moment is 0, so that its output says nothing of changes")
        factor = float(np.sign(moment)) if gain is None else check.single("gain", check.finite("gain", gain))
        if factor * moment <= 0.0:
            raise InvalidParameterError("gain", factor, "of the sign of the kernel's first moment, or learning climbs")
        check.freeze(self, kernel=kernel, threshold=check.positive_number("threshold", threshold), gain=factor)

    @property
    def ideal_factor(self) -> float:
        """Gain times first moment."""
        return self.gain * float(self.kernel.first_moment)

    def shapes(self, protocol: Sawtooth) -> tuple[Shape, Shape]:
        """Responses of the kernel to the sawtooth and to its square.

        Warns
        -----
        RampWindowWarning
            If a ramp is shorter than three memory times of the kernel, or the slow ramp is the faster one.
        """
        check_window(self.kernel, protocol, threshold=self.threshold, relaxations=SHORTEST_RAMP, stacklevel=3)
        return driven_shape(self.kernel, protocol, 1), driven_shape(self.kernel, protocol, 2)

    def weights(self, contrast: Contrast, coefficients: FloatArray) -> Weights:
        """Free strain times change, half the square of the change, and area * free^2/2; (patterns, edges)."""
        del coefficients  # the chemical of an edge reads its strain alone
        bias = 0.5 * float(self.kernel.area) * contrast.free**2
        return Weights(contrast.free * contrast.change, 0.5 * contrast.change**2, bias)
