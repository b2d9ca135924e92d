"""What a physical carrier of integral feedback says of itself: constants with units, kernel, window, energy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.window import AdmissibleWindow, Range, admissible_window
from thermo_cl.kernels import Kernel
from thermo_cl.synapse import Sawtooth
from thermo_cl.units import convert

__all__ = ["CarrierReport", "carrier_report", "carrier_table"]

_ENERGY_UNITS = {"J": "J", "k_B T": "k_B"}  # names of ``thermo_cl.units``


@dataclass(frozen=True)
class CarrierReport:
    """Summary of one carrier under one protocol.

    Attributes
    ----------
    name : str
    parameters : mapping of str to (float, str)
        Value and unit of every constant.
    kernel : Kernel
        From signal to output, single.
    area, first_moment, timescale : float
        Of the kernel: I in output/signal, mu1 in (output/signal) * time, tau_K in time.
    window : AdmissibleWindow
        With the units of time, signal and output.
    energy_per_update : float or None
        Energy dissipated in one training cycle; None where it is not defined.
    energy_note : str
        What is counted, or why it is not defined.
    energy_unit : {"J", "k_B T"}

    Raises
    ------
    InvalidParameterError
        If a parameter lacks its unit, or the energy its explanation.
    """

    name: str
    parameters: Mapping[str, tuple[float, str]]
    kernel: Kernel
    area: float
    first_moment: float
    timescale: float
    window: AdmissibleWindow
    energy_per_update: float | None = None
    energy_note: str = ""
    energy_unit: str = "J"

    def __post_init__(self) -> None:
        for name, entry in self.parameters.items():
            if not (isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[1], str)):
                raise InvalidParameterError(f"parameters[{name!r}]", entry, "a pair of a number and its unit")
            check.finite(f"parameters[{name!r}]", entry[0])
        if not self.energy_note:
            raise InvalidParameterError("energy_note", self.energy_note, "what is counted, or why no energy is defined")
        if self.energy_unit not in _ENERGY_UNITS:
            raise InvalidParameterError("energy_unit", self.energy_unit, f"one of {', '.join(_ENERGY_UNITS)}")
        if self.energy_per_update is not None:
            check.single("energy_per_update", check.finite("energy_per_update", self.energy_per_update))

    def row(self) -> dict[str, float | str]:
        """One row of a table: numbers as floats (not a number where undefined), text otherwise."""
        window, units = self.window, self.window.units
        ranges = {
            "fast": window.fast, "slow": window.slow, "threshold": window.threshold_exact,
            "amplitude": window.amplitude_exact,
        }  # fmt: skip
        row: dict[str, float | str] = {
            "name": self.name,
            "parameters": ", ".join(f"{name} = {value:.4g} {unit}" for name, (value, unit) in self.parameters.items()),
            "time_unit": units["time"], "signal_unit": units["signal"], "output_unit": units["output"],
            "area": self.area, "first_moment": self.first_moment, "timescale": self.timescale,
        }  # fmt: skip
        for name, limits in ranges.items():
            low, high = limits if limits is not None else Range(np.nan, np.nan)
            row[f"{name}_low"], row[f"{name}_high"] = float(low), float(high)
        row["energy"] = np.nan if self.energy_per_update is None else float(self.energy_per_update)
        row["energy_unit"], row["energy_note"] = self.energy_unit, self.energy_note
        return row

    def __str__(self) -> str:
        time, signal, output = (self.window.units[name] for name in ("time", "signal", "output"))
        lines = [self.name]
        lines += [f"  {name} = {value:.6g} {unit}".rstrip() for name, (value, unit) in self.parameters.items()]
        lines += [
            f"  area I = {self.area:.6g} ({output})/({signal})",
            f"  first moment mu1 = {self.first_moment:.6g} ({output})/({signal}) {time}",
            f"  timescale tau_K = {self.timescale:.6g} {time}",
            f"  window: {self.window}",
        ]
        energy = "not defined" if self.energy_per_update is None else f"{self.energy_per_update:.6g} {self.energy_unit}"
        lines.append(f"  energy per update: {energy} ({self.energy_note})")
        return "\n".join(lines)


def carrier_report(
    name: str,
    parameters: Mapping[str, tuple[float, str]],
    kernel: Kernel,
    protocol: Sawtooth,
    *,
    threshold: float,
    units: Mapping[str, str],
    energy_note: str,
    energy_per_update: float | None = None,
    energy_unit: str = "J",
    amplitudes: ArrayLike | None = None,
    timescale: float | None = None,
    largest_amplitude: float = np.inf,
) -> CarrierReport:
    """Report of a carrier from its kernel; the window is computed here.

    Parameters
    ----------
    name, parameters, kernel, energy_note, energy_per_update, energy_unit
        As the attributes of ``CarrierReport``.
    protocol, threshold, amplitudes, timescale, units
        As for ``admissible_window``.
    largest_amplitude : float, optional
        Amplitude > 0 of the signal at which the carrier itself fails; the window's amplitudes end there at the latest.

    Raises
    ------
    InvalidParameterError, NormalizationError
        As ``admissible_window`` and ``CarrierReport``.
    """
    window = admissible_window(
        kernel, protocol, threshold=threshold, amplitudes=amplitudes, timescale=timescale, units=units
    )
    largest = check.single("largest_amplitude", check.positive_or_infinite("largest_amplitude", largest_amplitude))
    window = replace(
        window,
        amplitude=Range(window.amplitude.low, min(window.amplitude.high, largest)),
        amplitude_exact=Range(window.amplitude_exact.low, min(window.amplitude_exact.high, largest)),
    )
    return CarrierReport(
        name, dict(parameters), kernel, window.area, window.first_moment, window.timescale, window,
        energy_per_update, energy_note, energy_unit,
    )  # fmt: skip


def carrier_table(reports: Iterable[CarrierReport], *, temperature: float = 310.15) -> list[dict[str, float | str]]:
    """Rows of a table of carriers, all with the same columns, in the order given.

    Parameters
    ----------
    reports : iterable of CarrierReport
        Of different names.
    temperature : float, optional
        Kelvin, > 0, at which joules are compared with k_B T; 37 degrees Celsius by default.

    Returns
    -------
    list of dict
        ``report.row()`` of each, with ``energy_kT`` beside the energy in its own unit.

    Raises
    ------
    InvalidParameterError
        If there is none, or two have the same name.
    """
    listed = list(reports)
    names = [report.name for report in listed]
    if not names or len(set(names)) < len(names):
        raise InvalidParameterError("reports", names, "at least one report, of different names")
    rows = []
    for report in listed:
        row, energy = report.row(), report.energy_per_update
        unit = _ENERGY_UNITS[report.energy_unit]
        row["energy_kT"] = np.nan if energy is None else float(convert(energy, unit, "k_B", temperature=temperature))
        rows.append(row)
    return rows
