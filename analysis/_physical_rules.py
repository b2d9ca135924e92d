"""What ``physical_learning`` compares with the shipped carriers: one that is told the ramp, and ones that leak."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from thermo_cl._types import FloatArray
from thermo_cl.feedback import CapacitorMemristor, Chemical, MaxwellUnit, PhysicalRule
from thermo_cl.feedback.learning import Carrier, Shape
from thermo_cl.feedback.learning.carrier import Weights
from thermo_cl.feedback.learning.shape import ramp_shape
from thermo_cl.feedback.networks import Contrast
from thermo_cl.kernels import Kernel
from thermo_cl.synapse import Sawtooth


class ToldRamp:
    """The same carrier without its threshold, switched on during the fast ramp alone.

    It is told what the threshold has to find out. It differs from the two-state rule by what the carrier makes of an
    edge: a Maxwell unit weighs it by its strands, others do not.

    Parameters
    ----------
    rule : PhysicalRule
    """

    def __init__(self, rule: PhysicalRule) -> None:
        self.rule = rule
        fast = float(rule.protocol.fast)
        self.integrals = [float(shape.primitive()(fast)) for shape in rule.shapes]

    def update(self, contrast: Contrast, coefficients: FloatArray) -> FloatArray:
        """Change of every coefficient, shape (edges,), the mean over patterns."""
        carrier = self.rule.carrier
        first, second, _ = carrier.weights(contrast, coefficients)
        passed = first * self.integrals[0] + second * self.integrals[1]
        return np.asarray(carrier.gain * passed.mean(axis=0) / (carrier.ideal_factor * contrast.amplitude))


@dataclass(frozen=True, eq=False)
class LeakySeries:
    r"""A Maxwell unit or capacitor-memristor pair whose stress, or voltage, does not decay all the way.

    A weak spring beside the unit, or a resistor beside the capacitor, adds ``leak * timescale`` times the strain to the
    high-passed strain; of the resistor, to first order in that. All edges leak by the same share, so that nodes stay
    where they were. The area of the kernel over its first moment is ``leak`` in size.

    Parameters
    ----------
    unit : MaxwellUnit or CapacitorMemristor
        The latter with the drive "power".
    leak : float
        1/s, >= 0.
    """

    unit: MaxwellUnit | CapacitorMemristor
    leak: float

    @property
    def share(self) -> float:
        """Of the strain that is felt for ever."""
        return self.leak * self.unit.timescale

    @property
    def kernel(self) -> Kernel:
        """Without the leak."""
        return self.unit.kernel

    @property
    def threshold(self) -> float:
        """As of the unit."""
        return self.unit.threshold

    @property
    def gain(self) -> float:
        """As of the unit."""
        return self.unit.gain

    @property
    def ideal_factor(self) -> float:
        """As of the unit."""
        return self.unit.ideal_factor

    def shapes(self, protocol: Sawtooth) -> tuple[Shape, Shape]:
        """The unit's, A and a A, and what the share adds: 2 a and a^2."""
        first, second = self.unit.shapes(protocol)
        return (
            _sum(first, ramp_shape(protocol, 1).scaled(2.0 * self.share)),
            _sum(second, ramp_shape(protocol, 2).scaled(self.share)),
        )

    def weights(self, contrast: Contrast, coefficients: FloatArray) -> Weights:
        """The unit's, and the share of what the free state does; (patterns, edges)."""
        first, second, _ = self.unit.weights(contrast, coefficients)
        still = replace(contrast, change=contrast.free)
        return Weights(first, second, self.share * self.unit.weights(still, coefficients).first)


def leaky(carrier: Carrier, leak: float) -> Carrier:
    """The carrier with a kernel of area over first moment ``leak`` (1/s, >= 0) in size, of a chemical almost."""
    if isinstance(carrier, Chemical):
        return replace(carrier, leak=leak)
    assert isinstance(carrier, MaxwellUnit) or (isinstance(carrier, CapacitorMemristor) and carrier.drive == "power")
    return LeakySeries(carrier, leak)


def _sum(one: Shape, other: Shape) -> Shape:
    """Of two shapes on the same segments."""
    degree = max(one.degree, other.degree)
    parts = [np.pad(s.coefficients, ((0, 0), (0, 0), (0, degree - s.degree))) for s in (one, other)]
    rates = np.concatenate([one.rates, other.rates])
    return Shape(one.starts, one.lengths, rates, np.concatenate(parts, axis=1))
