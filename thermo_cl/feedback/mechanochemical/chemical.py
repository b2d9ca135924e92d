"""Linear mechano-chemical carrier: a chemical that strain releases and an enzyme removes."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.learning.carrier import KernelCarrier, Weights
from thermo_cl.feedback.learning.driven import driven_shape
from thermo_cl.feedback.learning.shape import Shape
from thermo_cl.feedback.linear import LinearController
from thermo_cl.feedback.mechanochemical.turnover import Turnover, turnover_cost
from thermo_cl.feedback.reactions import MOLECULES_PER_UM_FL
from thermo_cl.feedback.report import CarrierReport, carrier_report
from thermo_cl.feedback.window import check_window
from thermo_cl.kernels import Kernel, PeriodicResponse, integral_feedback_kernel, periodic_response
from thermo_cl.synapse import Sawtooth, amplitude_window

if TYPE_CHECKING:
    from thermo_cl.feedback.networks import Contrast

__all__ = ["UNITS", "Chemical"]

UNITS = {
    "release": "uM/s", "damping": "1/s", "removal": "1/s", "production": "1/s", "leak": "1/s", "set_point": "uM",
    "enzyme": "uM", "threshold": "uM", "softening": "1/(uM s)", "strain_unit": "1", "volume": "fL", "drive": "k_B T",
}  # fmt: skip

_MAY_VANISH = {"leak"}


@dataclass(frozen=True)
class Chemical:
    r"""A chemical c released by strain, and an enzyme m that c makes and that removes c; small deviations from rest.

    The chemical acts on the stiffness or conductance of its edge (Falk et al. 2025, Fig. 7, mechano-chemical network).
    With u = c - c_0 and n = m - m_0, s = strain^2/2 the strain energy per stiffness (or the shear squared):

    .. math:: u' = r s - \kappa n - \lambda u, \qquad n' = k u - \ell n.

    The kernel from s to u is r times that of integral feedback of gain :math:`\kappa k` (Eqs. 14-15): area
    :math:`r\ell/(\lambda\ell + \kappa k)`, exactly 0 without leak, and first moment :math:`-r/(\kappa k)` without leak.
    The coefficient of the edge falls at the rate ``softening * g(u)``. Units: uM, s, strains without unit.

    The defaults relax in 0.2 s, as calcium signals do. A strain of 10 % reached in 1 s raises c by 0.1 uM. A default
    edge is a cubic millimetre of gel, over which it averages: in much smaller ones ``copy_noise`` passes the threshold.

    Parameters
    ----------
    release : float
        r, uM/s of chemical per unit of s; > 0.
    damping : float
        :math:`\lambda`, removal of the chemical in proportion to its own deviation, 1/s; > 0.
    removal : float
        :math:`\kappa`, uM of chemical removed per uM of enzyme and s; > 0.
    production : float
        k, uM of enzyme made per uM of chemical and s; > 0.
    leak : float
        :math:`\ell`, decay of the enzyme in proportion to its own deviation, 1/s; >= 0.
    set_point, enzyme : float
        Concentrations c_0 and m_0 at rest, uM; > 0. Neither may become negative, see ``largest_amplitude``.
    threshold : float
        Deviation of the chemical below which the edge does not change, uM; > 0.
    softening : float
        Loss of the edge's coefficient per uM past the threshold and s; > 0.
    strain_unit : float
        Strain that is one unit of strain of an edge network; > 0.
    volume : float
        Of one edge, fL; > 0.
    drive : float
        Free energy of one turn of chemical or enzyme, k_B T; > 0.

    Raises
    ------
    InvalidParameterError
        If a constant is out of its range, or the leak so fast, :math:`\ell^2 \ge \kappa k`, that the output no longer
        grows with the rate of change.

    Examples
    --------
    >>> chemical = Chemical(leak=0.0)
    >>> float(chemical.kernel.area), float(chemical.kernel.first_moment), chemical.timescale
    (0.0, -20.0, 0.2)
    """

    release: float = 2000.0
    damping: float = 25.0
    removal: float = 10.0
    production: float = 10.0
    leak: float = 0.0
    set_point: float = 0.5
    enzyme: float = 2.0
    threshold: float = 1e-5
    softening: float = 1.0
    strain_unit: float = 0.1
    volume: float = 1e9
    drive: float = 20.0

    def __post_init__(self) -> None:
        checked = {
            f.name: check.single(
                f.name, (check.non_negative if f.name in _MAY_VANISH else check.positive)(f.name, getattr(self, f.name))
            )
            for f in fields(self)
        }
        check.freeze(self, **checked)
        if self.leak**2 >= self.loop_gain:
            raise InvalidParameterError(
                "leak", self.leak,
                f"below {self.loop_gain**0.5:.6g} 1/s, the square root of removal * production, or the output lags "
                "behind the signal instead of following its rate of change",
            )  # fmt: skip

    # ------------------------------------------------------------------ linear

    @property
    def loop_gain(self) -> float:
        r"""Strength :math:`\kappa k` of the integral feedback, 1/s^2."""
        return self.removal * self.production

    @cached_property
    def kernel(self) -> Kernel:
        """From s = strain^2/2 to the chemical's deviation in uM, in closed form."""
        return integral_feedback_kernel(self.damping, self.loop_gain, self.leak).scaled(self.release)

    @cached_property
    def controller(self) -> LinearController:
        """The equations of motion, from s to u in uM; states u and n, set point c_0."""
        return LinearController(*self._matrices, [1.0, 0.0], set_point=self.set_point)

    @cached_property
    def enzyme_kernel(self) -> Kernel:
        """From s to the enzyme's deviation in uM."""
        return LinearController(*self._matrices, [0.0, 1.0]).kernel()

    @property
    def _matrices(self) -> tuple[list[list[float]], list[float]]:
        return [[-self.damping, -self.removal], [self.production, -self.leak]], [self.release, 0.0]

    @property
    def timescale(self) -> float:
        """Decay time of the kernel's slowest mode, s."""
        return float(self.controller.timescale)

    @property
    def copy_noise(self) -> float:
        """Standard deviation (uM) of a Poisson number of molecules at the set point; not part of the equations."""
        return math.sqrt(self.set_point / (MOLECULES_PER_UM_FL * self.volume))

    @property
    def parameters(self) -> dict[str, tuple[float, str]]:
        """Values and units by name."""
        return {name: (float(getattr(self, name)), unit) for name, unit in UNITS.items()}

    # ------------------------------------------------------- concentrations > 0

    def largest_amplitude(self, protocol: Sawtooth) -> float:
        """Amplitude of s at which the linear equations would make chemical or enzyme negative, exact.

        Parameters
        ----------
        protocol : Sawtooth
            Single, of the deviation of s from its value at rest; ramp times in s.

        Returns
        -------
        float
            Zero if the mean alone does.
        """
        if protocol.batch_shape:
            raise InvalidParameterError("protocol", f"a batch of shape {protocol.batch_shape}", "a single protocol")
        pairs = ((self.kernel, self.set_point), (self.enzyme_kernel, self.enzyme))
        return min(float(amplitude_window(kernel, protocol, threshold=rest)[1]) for kernel, rest in pairs)

    def response(self, protocol: Sawtooth, amplitude: float) -> tuple[PeriodicResponse, PeriodicResponse]:
        """Deviations u and n (uM) in the periodic state under a sawtooth of s, exact.

        Parameters
        ----------
        protocol : Sawtooth
            Single, of the deviation of s from its value at rest; ramp times in s.
        amplitude : float
            Clamped-minus-free s, >= 0.

        Raises
        ------
        InvalidParameterError
            If a concentration would become negative; the message names the largest amplitude.
        """
        height = check.single("amplitude", check.non_negative("amplitude", amplitude))
        largest = self.largest_amplitude(protocol)
        if height > largest:
            raise InvalidParameterError(
                "amplitude", height,
                f"at most {largest:.6g}, where the linear equations make a concentration negative; take more chemical "
                "or enzyme at rest, slower ramps, or ChemicalLoop",
            )  # fmt: skip
        signal = protocol.signal(height)
        return periodic_response(self.kernel, signal), periodic_response(self.enzyme_kernel, signal)

    # ------------------------------------------------------------------ learning

    @property
    def gain(self) -> float:
        """Change of the edge's coefficient per output and time, 1/(uM s); negative, as the chemical softens."""
        return -self.softening

    @cached_property
    def _carrier(self) -> KernelCarrier:
        """The same with s in network units."""
        return KernelCarrier(self.kernel.scaled(self.strain_unit**2), self.threshold, self.gain)

    @property
    def ideal_factor(self) -> float:
        """Fall of the coefficient per rise of strain^2/2 (in network units), in the ideal limit."""
        return self._carrier.ideal_factor

    def shapes(self, protocol: Sawtooth) -> tuple[Shape, Shape]:
        """Responses to the sawtooth and to its square; warns of ramps outside the window."""
        check_window(
            self.kernel, protocol, threshold=self.threshold, name="chemical", timescale=self.timescale,
            units=_SIGNAL_UNITS, stacklevel=3,
        )  # fmt: skip
        return driven_shape(self._carrier.kernel, protocol, 1), driven_shape(self._carrier.kernel, protocol, 2)

    def weights(self, contrast: Contrast, coefficients: FloatArray) -> Weights:
        """Free strain times change, half the change squared, and area * free^2/2; (patterns, edges)."""
        return self._carrier.weights(contrast, coefficients)

    # ---------------------------------------------------------------------- cost

    def turnover(self, protocol: Sawtooth) -> Turnover:
        r"""Molecules turned over in a training cycle of any amplitude, and their free energy, in closed form.

        At rest :math:`\kappa m_0 + \lambda c_0` of chemical is removed and :math:`k c_0` of enzyme is made. A signal of
        mean :math:`\bar s` releases :math:`r \bar s` more, and raises the chemical by area times :math:`\bar s`. The
        amplitude does not enter: in the linear loop an update costs what the loop costs in the meantime.
        """
        if protocol.batch_shape:
            raise InvalidParameterError("protocol", f"a batch of shape {protocol.batch_shape}", "a single protocol")
        mean = float(protocol.mean)
        release = self.removal * self.enzyme + self.damping * self.set_point + self.release * mean
        production = self.production * (self.set_point + float(self.kernel.area) * mean)
        return turnover_cost(release, production, float(protocol.period), volume=self.volume, drive=self.drive)

    def report(self, protocol: Sawtooth, *, amplitudes: ArrayLike | None = None) -> CarrierReport:
        """Constants, kernel, window and cost under a protocol of s, with ramp times in s.

        The largest amplitude of the window is not above ``largest_amplitude``.

        Parameters
        ----------
        protocol : Sawtooth
            Single, of the deviation of s from rest.
        amplitudes : array_like, shape () or (2,), optional
            Of s, smallest and largest.
        """
        return carrier_report(
            "mechano-chemical", self.parameters, self.kernel, protocol, threshold=self.threshold,
            amplitudes=amplitudes, timescale=self.timescale, units=_SIGNAL_UNITS,
            largest_amplitude=self.largest_amplitude(protocol),
            energy_per_update=self.turnover(protocol).free_energy, energy_unit="k_B T",
            energy_note="turnover of chemical and enzyme in one cycle, each turn at the drive; without the work of the "
            "nudge",
        )  # fmt: skip


_SIGNAL_UNITS = {"time": "s", "signal": "strain^2/2", "output": "uM"}
