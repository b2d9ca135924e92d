"""Maxwell units, springs in series with dashpots, whose springs soften under stress and strain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.feedback.learning.carrier import Weights
from thermo_cl.feedback.learning.shape import Shape
from thermo_cl.feedback.series.high_pass import cycle_square, ramp_shapes
from thermo_cl.feedback.series.network import SeriesNetwork, matched_network
from thermo_cl.feedback.series.plasticity import Plasticity
from thermo_cl.feedback.window import check_window
from thermo_cl.kernels import Kernel, PeriodicResponse, PeriodicSignal, high_pass_kernel, periodic_response
from thermo_cl.synapse import Sawtooth

if TYPE_CHECKING:
    from thermo_cl.feedback.networks import Contrast, EdgeNetwork
    from thermo_cl.feedback.report import CarrierReport

__all__ = ["MaxwellUnit"]

_UNITS = {"time": "s", "signal": "J", "output": "J"}


@dataclass(frozen=True)
class MaxwellUnit:
    r"""A spring k in series with a dashpot: :math:`\sigma' = k\varepsilon' - \sigma/\tau`, tau = viscosity/k.

    The stress is the high-passed strain, a kernel of area 0 and first moment -k tau (Falk et al. 2025, Fig. 7E). Each
    edge of a network has as many strands in parallel as its coefficient says, relative to the one described here, so
    that all edges share tau. Strands are lost (or won) at the rate ``softening * g(u)``, where
    u = stress * strain ~ tau k d(strain^2/2)/dt is large only while strain energy rises fast.

    The defaults are those of a soft elastomer: struts of 100 N/m that relax in 0.1 s, networks drawn in millimetres.

    Parameters
    ----------
    stiffness : float
        k of one strand, N/m.
    viscosity : float
        Of one strand's dashpot, N s/m.
    threshold : float
        Hard threshold of stress * strain, J.
    softening : float
        Strands lost per second and joule of output past the threshold, 1/(J s).
    length : float
        Unit of length of the network's strains (elongations), m.

    Raises
    ------
    InvalidParameterError
        If a number is not positive and finite.

    Examples
    --------
    >>> unit = MaxwellUnit(stiffness=100.0, viscosity=20.0)
    >>> unit.timescale, float(unit.kernel.area), float(unit.kernel.first_moment)
    (0.2, 0.0, -20.0)
    """

    stiffness: float = 100.0
    viscosity: float = 10.0
    threshold: float = 1e-9
    softening: float = 1e5
    length: float = 1e-3

    def __post_init__(self) -> None:
        names = ("stiffness", "viscosity", "threshold", "softening", "length")
        check.freeze(self, **{name: check.positive_number(name, getattr(self, name)) for name in names})

    @property
    def timescale(self) -> float:
        """Relaxation time tau = viscosity/stiffness, s."""
        return self.viscosity / self.stiffness

    @property
    def kernel(self) -> Kernel:
        """From strain (m) to stress (N): stiffness * (delta(t) - exp(-t/tau)/tau)."""
        return high_pass_kernel(self.stiffness, self.timescale)

    @property
    def energy_kernel(self) -> Kernel:
        """From strain energy k strain^2/2 (J) to stress * strain (J), for small changes of a strained unit.

        delta(t) - exp(-t/tau)/tau: of area 0 and first moment -tau. Thresholds and amplitudes are compared through it.
        """
        return high_pass_kernel(1.0, self.timescale)

    @property
    def gain(self) -> float:
        """Change of the number of strands per output and time, 1/(J s); negative, as large outputs soften."""
        return -self.softening

    @property
    def ideal_factor(self) -> float:
        """Strands lost per rise of strain^2/2 (in network units) on an edge of one strand, in the ideal limit.

        An edge of n strands loses n times as many.
        """
        return self.softening * self.timescale * self._energy

    @property
    def _energy(self) -> float:
        """Stiffness in J per network unit of strain squared."""
        return self.stiffness * self.length**2

    def stress(self, strain: PeriodicSignal) -> PeriodicResponse:
        """Exact stress (N) of one strand in the periodic state under a piecewise-linear strain (m)."""
        return periodic_response(self.kernel, strain)

    def heat(self, strain: PeriodicSignal) -> FloatArray:
        """Energy (J) that one strand's dashpot dissipates in a cycle, the integral of stress^2/viscosity."""
        return cycle_square(strain, self.timescale) * (self.stiffness**2 / self.viscosity)

    def loss_fraction(self, protocol: Sawtooth) -> FloatArray:
        """Heat of a cycle over the elastic energy k change^2/2 of the nudge.

        2 tau (1/fast + 1/slow) for slow ramps; at most of order 1, for a nudge faster than the relaxation.
        """
        return 2.0 * cycle_square(protocol.unit_signal(), self.timescale) / self.timescale

    def shapes(self, protocol: Sawtooth) -> tuple[Shape, Shape]:
        """A(t) and a(t) A(t), with A the high-passed sawtooth; warns of ramps faster than the relaxation."""
        check_window(
            self.energy_kernel, protocol, threshold=self.threshold, name="Maxwell unit", units=_UNITS, stacklevel=3
        )
        return ramp_shapes(self.timescale, protocol)

    def weights(self, contrast: Contrast, coefficients: FloatArray) -> Weights:
        """Of u = stress * strain (J), shapes (patterns, edges): k free change and k change^2 with k of all strands."""
        stiffness = self._energy * np.asarray(coefficients)
        return Weights(stiffness * contrast.free * contrast.change, stiffness * contrast.change**2)

    def series(self, network: EdgeNetwork, clamped: Any = None) -> SeriesNetwork:
        """The network with these units as edges, to be simulated.

        Strains stay in network units; coefficients are in J per unit^2, so that tension times strain is in J.
        """
        return matched_network(network.with_coefficients(self._energy * network.coefficients), self.timescale, clamped)

    def plasticity(self) -> Plasticity:
        """What stress times strain does to the coefficients of ``series``."""
        return Plasticity("work", self.gain * self._energy, self.threshold)

    def report(
        self, protocol: Sawtooth, *, amplitudes: ArrayLike | None = None, change: float | None = None
    ) -> CarrierReport:
        """Constants, kernel from strain energy to output, admissible window, and heat of a cycle.

        Parameters
        ----------
        protocol : Sawtooth
            Single, s.
        amplitudes : array_like, shape () or (2,), optional
            Smallest and largest change of strain energy (J) that is to be taught.
        change : float, optional
            Elongation (m) by which the nudge whose heat is told strains one strand; a tenth of ``length`` by default.

        Raises
        ------
        InvalidParameterError
            As ``admissible_window``, or if the change is not positive.
        """
        from thermo_cl.feedback.report import carrier_report

        moved = 0.1 * self.length if change is None else check.positive_number("change", change)
        constants = {
            "stiffness": (self.stiffness, "N/m"), "viscosity": (self.viscosity, "N s/m"),
            "threshold": (self.threshold, "J"), "softening": (self.softening, "1/(J s)"), "length": (self.length, "m"),
        }  # fmt: skip
        return carrier_report(
            "viscoelastic", constants, self.energy_kernel, protocol, threshold=self.threshold, units=_UNITS,
            amplitudes=amplitudes, energy_per_update=float(self.heat(protocol.unit_signal())) * moved**2,
            energy_note=f"heat of one strand's dashpot, nudged by {moved:.3g} m",
        )  # fmt: skip
