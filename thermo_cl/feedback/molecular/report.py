"""What the molecular synapse says of itself: constants, kernel, window, and what an update costs."""

from __future__ import annotations

from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl.feedback.molecular.dimer import DimerSynapse
from thermo_cl.feedback.molecular.reversible import ReversibleDimer
from thermo_cl.feedback.report import CarrierReport, carrier_report
from thermo_cl.feedback.window import check_window
from thermo_cl.synapse import Sawtooth

__all__ = ["BODY_HEAT", "dimer_report"]

BODY_HEAT = 1.380649e-23 * 310.15  # k_B T at 37 degrees Celsius, in J


def dimer_report(
    synapse: DimerSynapse | ReversibleDimer,
    protocol: Sawtooth,
    *,
    amplitudes: ArrayLike | None = None,
    volume: float = 1.0,
    amplitude: float | None = None,
) -> CarrierReport:
    """Report of a molecular synapse under a protocol, in s, uM^2 (signal) and uM (output).

    The energy of an update is defined for a `ReversibleDimer`: what its fuel loses in one cycle, at 37 degrees Celsius.

    Parameters
    ----------
    synapse : DimerSynapse or ReversibleDimer
    protocol : Sawtooth
        Ramp times in s, single; its mean is that of the deviation from the synapse's mean signal.
    amplitudes : array_like, shape () or (2,), optional
        Smallest and largest clamped-minus-free signal that is to be taught, in uM^2, > 0.
    volume : float
        Of the cell whose energy is counted, in fL, > 0.
    amplitude : float, optional
        Clamped-minus-free signal at which it is counted, in uM^2; a tenth of the mean signal by default.

    Returns
    -------
    CarrierReport

    Raises
    ------
    InvalidParameterError
        If an argument is out of range.

    Warns
    -----
    RampWindowWarning
        If a ramp is too short for the kernel, or the threshold or an amplitude is outside the window.
    """
    plain = synapse.synapse if isinstance(synapse, ReversibleDimer) else synapse
    units = {"time": "s", "signal": "uM^2", "output": "uM"}
    check_window(
        synapse.kernel, protocol, threshold=plain.threshold, amplitudes=amplitudes, name="molecular synapse",
        units=units, stacklevel=3,
    )  # fmt: skip
    parameters, energy = dict(plain.parameters), None
    note = "effective one-way reactions have no entropy production: see ReversibleDimer"
    if isinstance(synapse, ReversibleDimer):
        height = 0.1 * plain.mean_signal if amplitude is None else amplitude
        size = check.positive_number("volume", volume)
        parameters |= {"fuel": (synapse.fuel, "k_B T"), "enzyme": (synapse.enzyme, "uM")}
        cost = synapse.update_cost(protocol, height, size)
        energy = cost.total * BODY_HEAT
        note = f"fuel of {size:g} fL over a cycle, of which {cost.resting / cost.total:.2%} at rest as well"
    return carrier_report(
        "molecular dimer", parameters, synapse.kernel, protocol, threshold=plain.threshold, units=units,
        amplitudes=amplitudes, energy_note=note, energy_per_update=energy,
    )  # fmt: skip
