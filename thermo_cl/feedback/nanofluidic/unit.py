"""A capacitor in series with a memristor, whose voltage is the rate of change of the pair's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
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

__all__ = ["CapacitorMemristor"]


@dataclass(frozen=True, init=False)
class CapacitorMemristor:
    r"""Capacitor C in series with a memristor of conductance G: :math:`V_M' = V' - V_M/\tau`, tau = C/G.

    The memristor's voltage is the high-passed edge voltage, a kernel of area 0 and first moment -tau (Falk et al. 2025,
    Fig. 7). Each edge of a network has as many pores in parallel as its coefficient says, each with its share of the
    capacitance, so that all edges share tau; ions close (or open) pores at the rate ``depression * g(u)``.

    With the drive "voltage" the output is u = p V_M, p = +1 or -1 for the orientation of the pores, that of the free
    voltage. A cycle then changes an edge by -p (V_clamped - V_free), where the contrastive rule has
    -(V_clamped^2 - V_free^2)/2. For one pattern, each edge's change has the sign of the rule's at small nudges, so
    that the loss falls. With several patterns an orientation is right for some voltages and wrong for those of
    opposite sign, and in training an edge's voltage may change sign; there descent is not guaranteed. With the drive
    "power" the output u = V_M V is the power that goes into the pair, over G; it has no orientation, and its rule is
    the contrastive one.

    The defaults are those of pores of 1 nS with 100 pF: an RC time of 0.1 s.

    Parameters
    ----------
    capacitance : float
        C of one pore, F.
    conductance : float
        G of one pore, S.
    threshold : float
        Hard threshold of the output, V ("voltage") or V^2 ("power").
    depression : float
        Pores closed per second and output past the threshold, 1/(V s) or 1/(V^2 s).
    drive : {"voltage", "power"}
    polarity : array_like of +1 and -1, shape (edges,), optional
        Orientation of each edge for the drive "voltage". By default the sign of the mean of the free voltages of the
        patterns that are presented (+1 if it is 0), as if pores turned with the voltage: right for one presentation.
        To train, give what ``orientation`` says before.
    voltage_scale : float
        Free voltage (V) of an edge on which the drive "voltage" is as strong as the contrastive rule; compares the two.

    Raises
    ------
    InvalidParameterError
        If a number is not positive and finite, the drive unknown, or a polarity other than +1 and -1.

    Examples
    --------
    >>> unit = CapacitorMemristor(capacitance=1e-10, conductance=1e-9)
    >>> round(unit.timescale, 12), float(unit.kernel.area), round(float(unit.kernel.first_moment), 12)
    (0.1, 0.0, -0.1)
    """

    capacitance: float
    conductance: float
    threshold: float
    depression: float
    drive: Literal["voltage", "power"]
    polarity: FloatArray | None
    voltage_scale: float

    def __init__(
        self,
        capacitance: float = 1e-10,
        conductance: float = 1e-9,
        threshold: float = 1e-4,
        depression: float = 1.0,
        drive: Literal["voltage", "power"] = "voltage",
        polarity: ArrayLike | None = None,
        voltage_scale: float = 1.0,
    ) -> None:
        numbers = {
            "capacitance": capacitance, "conductance": conductance, "threshold": threshold, "depression": depression,
            "voltage_scale": voltage_scale,
        }  # fmt: skip
        if drive not in ("voltage", "power"):
            raise InvalidParameterError("drive", drive, "'voltage' or 'power'")
        sign = None if polarity is None else Plasticity("voltage", 0.0, 0.0, polarity).polarity
        checked = {name: check.positive_number(name, value) for name, value in numbers.items()}
        check.freeze(self, drive=drive, polarity=sign, **checked)

    @property
    def timescale(self) -> float:
        """RC time, s."""
        return self.capacitance / self.conductance

    @property
    def kernel(self) -> Kernel:
        """From the edge's voltage to the memristor's (V): delta(t) - exp(-t/tau)/tau."""
        return high_pass_kernel(1.0, self.timescale)

    @property
    def _units(self) -> dict[str, str]:
        """Of time, signal (voltage, or half its square) and output."""
        output = "V" if self.drive == "voltage" else "V^2"
        return {"time": "s", "signal": output, "output": output}

    @property
    def gain(self) -> float:
        """Change of the number of pores per output and time; negative, as large outputs close pores."""
        return -self.depression

    @property
    def ideal_factor(self) -> float:
        """Pores closed per rise of voltage^2/2 (V^2), in the ideal limit.

        With the drive "voltage", per rise of the voltage along the polarity times ``voltage_scale``.
        """
        return self.depression * self.timescale / (self.voltage_scale if self.drive == "voltage" else 1.0)

    def memristor_voltage(self, voltage: PeriodicSignal) -> PeriodicResponse:
        """Exact voltage (V) of the memristor in the periodic state under a piecewise-linear edge voltage (V)."""
        return periodic_response(self.kernel, voltage)

    def heat(self, voltage: PeriodicSignal) -> FloatArray:
        """Energy (J) that one pore dissipates in a cycle, the integral of G V_M^2."""
        return cycle_square(voltage, self.timescale) * self.conductance

    def loss_fraction(self, protocol: Sawtooth) -> FloatArray:
        """Heat of a cycle over the energy C change^2/2 stored by the nudge.

        2 tau (1/fast + 1/slow) for slow ramps; at most of order 1, for a nudge faster than the relaxation.
        """
        return 2.0 * cycle_square(protocol.unit_signal(), self.timescale) / self.timescale

    def shapes(self, protocol: Sawtooth) -> tuple[Shape, Shape]:
        """A(t) and a(t) A(t), with A the high-passed sawtooth; warns of ramps faster than the relaxation."""
        check_window(
            self.kernel,
            protocol,
            threshold=self.threshold,
            name="capacitor-memristor pair",
            units=self._units,
            stacklevel=3,
        )
        return ramp_shapes(self.timescale, protocol)

    def weights(self, contrast: Contrast, coefficients: FloatArray) -> Weights:
        """Of the output, shapes (patterns, edges): polarity * change and 0, or free * change and change^2."""
        del coefficients  # voltages alone drive the pores
        if self.drive == "power":
            return Weights(contrast.free * contrast.change, contrast.change**2)
        return Weights(self.orientation(contrast.free) * contrast.change, np.zeros_like(contrast.change))

    def orientation(self, free: FloatArray) -> FloatArray:
        """Polarity of each edge, shape (edges,); from free voltages (patterns, edges) if none is given."""
        if self.polarity is not None:
            check.broadcast(polarity=self.polarity, free=free)
            return self.polarity
        return np.where(np.mean(free, axis=0) < 0.0, -1.0, 1.0)

    def series(self, network: EdgeNetwork, clamped: Any = None) -> SeriesNetwork:
        """The network with these pairs as edges, to be simulated: coefficients in S, storage in F."""
        return matched_network(
            network.with_coefficients(self.conductance * network.coefficients), self.timescale, clamped
        )

    def plasticity(self, polarity: ArrayLike = 1.0) -> Plasticity:
        """What the voltages do to the coefficients of ``series``; the polarity (edges,) for the drive "voltage"."""
        return Plasticity(self.drive, self.gain * self.conductance, self.threshold, polarity)

    def report(self, protocol: Sawtooth, *, amplitudes: ArrayLike | None = None, change: float = 0.1) -> CarrierReport:
        """Constants, kernel, admissible window, and heat of a cycle.

        The signal is the edge's voltage (V), or with the drive "power" half its square (V^2), for small changes.

        Parameters
        ----------
        protocol : Sawtooth
            Single, s.
        amplitudes : array_like, shape () or (2,), optional
            Smallest and largest change of the signal that is to be taught.
        change : float, optional
            Voltage (V) by which the nudge whose heat is told moves one pore.

        Raises
        ------
        InvalidParameterError
            As ``admissible_window``, or if the change is not positive.
        """
        from thermo_cl.feedback.report import carrier_report

        moved, output = check.positive_number("change", change), self._units["output"]
        constants = {
            "capacitance": (self.capacitance, "F"), "conductance": (self.conductance, "S"),
            "threshold": (self.threshold, output), "depression": (self.depression, f"1/({output} s)"),
        }  # fmt: skip
        return carrier_report(
            "nanofluidic", constants, self.kernel, protocol, threshold=self.threshold, units=self._units,
            amplitudes=amplitudes, energy_per_update=float(self.heat(protocol.unit_signal())) * moved**2,
            energy_note=f"heat of one pore, nudged by {moved:.3g} V",
        )  # fmt: skip
