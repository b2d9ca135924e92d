r"""The four physical carriers of integral feedback (Falk et al. 2025, Fig. 7), side by side at their shipped constants.

Each under a sawtooth of ``fast`` memory times up and ``ratio`` times as long down, in its own units. Windows are those
of ``report()`` at the shipped threshold. Energies are those of a cycle; they are of different things and cannot be
compared but with that said: the heat of one strand nudged by 0.1 mm, of one pore nudged by 0.1 V, the turnover of a
cubic millimetre of gel, and the fuel of a femtolitre of cell, which the dimer's reactions need when they are made
reversible (``ReversibleDimer``; the one-way ones have none).

Full responses, beside the prediction of the kernel:

- viscoelastic: stress times strain of a unit strained by 1 mm. Its stress is linear; its output is not.
- mechano-chemical: ``ChemicalLoop``, whose enzymes saturate, about its own rest; nearly ``Chemical`` if small.
- molecular: the rate equations of ``DimerSynapse``.
- nanofluidic: ``RectifyingPair``, a conical channel that rectifies, beside the linear pair.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import xarray as xr

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback import CapacitorMemristor, CarrierReport, Chemical, DimerSynapse, MaxwellUnit, carrier_table
from thermo_cl.feedback.mechanochemical.loop import ChemicalLoop
from thermo_cl.feedback.molecular import ReversibleDimer
from thermo_cl.feedback.molecular.driven import periodic_course
from thermo_cl.feedback.nanofluidic import RectifyingPair
from thermo_cl.kernels import Kernel, PeriodicSignal, periodic_response
from thermo_cl.sweep import Quantity, label, provenance
from thermo_cl.synapse import Sawtooth

Response = Callable[[Sawtooth, float, FloatArray], tuple[FloatArray, FloatArray]]
"""Of protocol, amplitude and increasing times within a period: output, and what the kernel predicts."""
ENDS = {
    "fast": ("fast ramp", "time"), "slow": ("slow ramp", "time"), "threshold": ("threshold", "output"),
    "amplitude": ("amplitude", "signal"),
}  # fmt: skip


class Carrier(NamedTuple):
    """A carrier, the amplitude of the signal at which it is far from linear, and its response."""

    report: Callable[[Sawtooth], CarrierReport]
    timescale: float
    full_amplitude: float
    response: Response


def compute(
    *,
    fast: float = 10.0,
    ratio: float = 20.0,
    fractions: Sequence[float] = (1.0, 1 / 4, 1 / 16, 1 / 64, 1 / 256),
    samples: int = 161,
    rng: int = 0,
) -> xr.Dataset:
    """Constants, kernels, windows, energies and responses of the four carriers.

    Parameters
    ----------
    fast : float
        Fast ramp over memory time, at least 3.
    ratio : float
        Slow ramp over fast ramp, > 1.
    fractions : sequence of float
        Amplitudes of the responses over the largest shown, > 0 and at most 1.
    samples : int
        Times of kernels and responses, >= 2.
    rng : int
        Recorded only: nothing is drawn.

    Returns
    -------
    xarray.Dataset
        Takes seconds.

    Raises
    ------
    InvalidParameterError
        If an argument is not as above.
    """
    rise, longer = check.positive_number("fast", fast), check.positive_number("ratio", ratio)
    if rise < 3.0:
        raise InvalidParameterError("fast", rise, "at least 3 memory times, as the carriers demand")
    if longer <= 1.0:
        raise InvalidParameterError("ratio", longer, "above 1: the slow ramp is the longer one")
    shares = check.positive("fractions", fractions)
    if shares.ndim != 1 or shares.size == 0 or (shares > 1.0).any():
        raise InvalidParameterError("fractions", shares.tolist(), "a row of numbers, at most 1")
    count = check.integer_at_least("samples", samples, 2)
    carriers = _carriers()
    protocols = [Sawtooth(rise * c.timescale, longer * rise * c.timescale) for c in carriers]
    reports = [c.report(p) for c, p in zip(carriers, protocols, strict=True)]
    lag, phase = np.linspace(0.0, 8.0, count), np.linspace(0.0, min(2.5, 1.0 + longer), count)
    full, linear = np.empty((2, len(carriers), shares.size, count))
    for k, (carrier, protocol, report) in enumerate(zip(carriers, protocols, reports, strict=True)):
        for j, share in enumerate(shares):
            height = share * carrier.full_amplitude
            times = np.minimum(phase * float(protocol.fast), (1.0 - 1e-12) * float(protocol.period))
            scale = abs(report.first_moment) * height / float(protocol.fast)
            full[k, j], linear[k, j] = (u / scale for u in carrier.response(protocol, height, times))
    away = np.abs(full - linear).max(axis=-1) / np.abs(linear).max(axis=-1)
    variables = (
        _constants(reports)
        | _table(reports, protocols)
        | {
            "kernel": Quantity(
                ("carrier", "lag"), [_scaled(r)(lag) for r in reports],
                "smooth part of the kernel times squared memory time over first moment, in size", "1",
            ),
            "instant": Quantity(
                "carrier", [_scaled(r).feedthrough for r in reports],
                "instantaneous part of the kernel times memory time over first moment, in size", "1",
            ),
            "step_response": Quantity(
                ("carrier", "lag"), [_scaled(r).step_response(lag) for r in reports],
                "response to a step times memory time over first moment, in size", "1",
            ),
            "full_amplitude": Quantity("carrier", [c.full_amplitude for c in carriers], "largest amplitude", "signal"),
            "response": Quantity(
                ("carrier", "fraction", "phase"), full, "output over first moment, in size, times rate of rise", "1"
            ),
            "linear_response": Quantity(
                ("carrier", "fraction", "phase"), linear,
                "output that the kernel predicts, over first moment, in size, times rate of rise", "1",
            ),
            "difference": Quantity(
                ("carrier", "fraction"), away, "largest difference of the two over the largest prediction", "1"
            ),
        }
    )  # fmt: skip
    return label(
        variables,
        {
            "carrier": Quantity("carrier", [r.name for r in reports], "carrier", "1"),
            "lag": Quantity("lag", lag, "time over memory time", "1"),
            "phase": Quantity("phase", phase, "time within the cycle over the fast ramp", "1"),
            "fraction": Quantity("fraction", shares, "amplitude over the largest", "1"),
        },
        provenance(
            "four physical carriers of integral feedback (Falk et al. 2025, Fig. 7)",
            {"fast": rise, "ratio": longer, "fractions": shares.tolist(), "samples": count}, seed=rng,
        ),
    )  # fmt: skip


def _carriers() -> list[Carrier]:
    maxwell, chemical, dimer, pair = MaxwellUnit(), Chemical(), DimerSynapse(), CapacitorMemristor()
    strain = maxwell.length  # m, of the free state
    return [
        Carrier(maxwell.report, maxwell.timescale, 0.5 * maxwell.stiffness * strain**2, _strained(maxwell, strain)),
        Carrier(chemical.report, chemical.timescale, 0.008, _loop(ChemicalLoop())),
        Carrier(lambda protocol: _dimer(dimer, protocol), dimer.timescale, 1.0, _rate_equations(dimer)),
        Carrier(pair.report, pair.timescale, 1.0, _rectified(RectifyingPair())),
    ]


def _dimer(synapse: DimerSynapse, protocol: Sawtooth) -> CarrierReport:
    """Report of the one-way synapse, with the energy of the reversible one."""
    costly = ReversibleDimer(synapse).report(protocol)
    return replace(
        synapse.report(protocol), energy_per_update=costly.energy_per_update, energy_unit=costly.energy_unit,
        energy_note=f"made reversible: {costly.energy_note}",
    )  # fmt: skip


def _strained(unit: MaxwellUnit, strain: float) -> Response:
    def response(protocol: Sawtooth, amplitude: float, times: FloatArray) -> tuple[FloatArray, FloatArray]:
        nudge = protocol.signal(amplitude / (unit.stiffness * strain))  # m; energy rises by stiffness * strain * nudge
        held = PeriodicSignal(nudge.times, strain + nudge.values)
        linear = periodic_response(unit.energy_kernel, protocol.signal(amplitude))
        return unit.stress(held)(times) * held(times), linear(times)

    return response


def _loop(loop: ChemicalLoop) -> Response:
    def response(protocol: Sawtooth, amplitude: float, times: FloatArray) -> tuple[FloatArray, FloatArray]:
        found = loop.response(protocol, amplitude)
        linear = periodic_response(loop.kernel, protocol.signal(amplitude))
        return np.asarray(found(times)) - found.point.output, linear(times)

    return response


def _rate_equations(synapse: DimerSynapse) -> Response:
    def response(protocol: Sawtooth, amplitude: float, times: FloatArray) -> tuple[FloatArray, FloatArray]:
        signal = protocol.signal(amplitude)
        monomer = PeriodicSignal(signal.times, (synapse.mean_signal + signal.values) / synapse.partner)
        grid = np.unique(np.concatenate([times, signal.times]))
        course = periodic_course(synapse.network(), synapse.start(), {"A": monomer}, grid, rtol=1e-10)
        output = course["D*"][np.searchsorted(grid, times)] - synapse.rest["D*"]
        return output, periodic_response(synapse.kernel, signal)(times)

    return response


def _rectified(pair: RectifyingPair) -> Response:
    def response(protocol: Sawtooth, amplitude: float, times: FloatArray) -> tuple[FloatArray, FloatArray]:
        voltage = protocol.signal(amplitude)
        linear = periodic_response(pair.kernel, voltage)
        return pair.response(voltage, times, cycles=3).voltages, linear(times)

    return response


def _scaled(report: CarrierReport) -> Kernel:
    """Of time in memory times, so that the first moment is -1."""
    return report.kernel.scaled(report.timescale**2 / abs(report.first_moment)).rescaled(report.timescale)


def _constants(reports: Sequence[CarrierReport]) -> dict[str, Quantity]:
    """Values and units of all constants, padded to the carrier of most."""
    most = max(len(r.parameters) for r in reports)
    padded = [[*((n, *v) for n, v in r.parameters.items()), *[("", np.nan, "")] * most][:most] for r in reports]
    names, values, units = ([[entry[k] for entry in row] for row in padded] for k in range(3))
    where = ("carrier", "constant")
    return {
        "constant_name": Quantity(where, names, "name of a constant, empty for none", "1"),
        "constant_value": Quantity(where, values, "value of the constant in its own unit", "constant_unit"),
        "constant_unit": Quantity(where, units, "unit of the constant", "1"),
    }


def _table(reports: Sequence[CarrierReport], protocols: Sequence[Sawtooth]) -> dict[str, Quantity]:
    """Rows of ``carrier_table``, with the protocol."""
    rows = carrier_table(reports)

    def column(name: str, meaning: str, units: str) -> Quantity:
        return Quantity("carrier", [row[name] for row in rows], meaning, units)

    ramps = {"fast": [float(p.fast) for p in protocols], "slow": [float(p.slow) for p in protocols]}
    table = {
        "area": column("area", "area of the kernel", "output / signal"),
        "first_moment": column("first_moment", "first moment of the kernel", "output time / signal"),
        "timescale": column("timescale", "memory time", "time"),
        "energy": column("energy", "energy dissipated in a cycle", "energy_unit"),
        "energy_kT": column("energy_kT", "energy dissipated in a cycle at 37 degrees Celsius", "k_B T"),
        "energy_note": column("energy_note", "what the energy is of", "1"),
        "fast_ramp": Quantity("carrier", ramps["fast"], "fast ramp of the protocol", "time"),
        "slow_ramp": Quantity("carrier", ramps["slow"], "slow ramp of the protocol", "time"),
    }
    for name in ("time", "signal", "output", "energy"):
        table[f"{name}_unit"] = column(f"{name}_unit", f"unit of the carrier's {name}", "1")
    for name, (meaning, unit) in ENDS.items():
        for side, word in (("low", "smallest"), ("high", "largest")):
            table[f"{name}_{side}"] = column(f"{name}_{side}", f"{word} {meaning} of the admissible window", unit)
    return table
