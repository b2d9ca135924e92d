"""``thermo-cl kernel``: the memory kernel of a Markov ladder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from thermo_cl.cli import options as opt
from thermo_cl.cli.inputs import LADDER_TIME, ladder_and_kernel
from thermo_cl.cli.outputs import Outputs, errors_reported

if TYPE_CHECKING:
    import xarray as xr

    from thermo_cl import Kernel, Ladder
    from thermo_cl._types import FloatArray

__all__ = ["kernel"]

_SCALARS = (
    "entropy_production_rate",
    "entropy_production_rate_after",
    "raw_area",
    "raw_first_moment",
    "area",
    "first_moment",
)
_MODES = ("mode", "relaxation_time", "relaxation_rate", "angular_frequency", "area_part")


@errors_reported
def kernel(
    context: typer.Context,
    gamma: Annotated[float, typer.Option(help="Drive, > 0: 1 is detailed balance, smaller is driven harder.")],
    signal: opt.Signal = 200.0,
    baseline: opt.Baseline = 0.0,
    rate_factor: opt.RateFactor = 25.0,
    levels: opt.Levels = 5,
    reference_level: opt.ReferenceLevel = 1.0,
    energy_step: opt.EnergyStep = 2.0,
    window: opt.Window = None,
    normalized: Annotated[
        bool, typer.Option("--normalized/--raw", help="Divide by -|first moment|, as the paper does, or not.")
    ] = True,
    until: Annotated[float, typer.Option(help="Last sampled time, > 0, ladder time.")] = 10.0,
    samples: Annotated[int, typer.Option(help="Number of sampled times, >= 2.")] = 401,
    linear_time: Annotated[
        bool, typer.Option("--linear-time", help="Sample evenly from 0; otherwise evenly in log time.")
    ] = False,
    as_json: opt.AsJson = False,
    save: opt.SaveFile = None,
    plot: opt.PlotFile = None,
    force: opt.Force = False,
) -> None:
    """Memory kernel of a ladder.

    It is the rate of change of the top rail's occupancy after a step of the signal. Prints its area and moments,
    the entropy production rate, and the relaxation times that it is made of; files and JSON hold its samples too.
    """
    outputs = Outputs.checked(as_json=as_json, save=save, plot=plot, force=force)
    from thermo_cl import _validate as check

    check.integer_at_least("samples", samples, 2)
    check.positive("until", until)
    ladder, raw = ladder_and_kernel(
        gamma,
        signal=signal,
        baseline=baseline,
        rate_factor=rate_factor,
        levels=levels,
        reference_level=reference_level,
        energy_step=energy_step,
        window=window,
    )
    shown = raw.normalized() if normalized else raw
    time = _times(shown, until, samples, linear=linear_time)
    dataset = _dataset(ladder, raw, shown, time, opt.parameters_of(context))
    outputs.deliver(dataset, lambda: _text(dataset), "plot_kernel")


def _times(kernel: Kernel, until: float, count: int, *, linear: bool) -> FloatArray:
    """Even times from 0, or times even in their logarithm from well below the fastest mode's."""
    import numpy as np

    from thermo_cl.errors import InvalidParameterError

    if linear:
        return np.linspace(0.0, until, count)
    first = 1e-2 / np.abs(kernel.rates[kernel.coefficients != 0]).max()
    if until <= first:
        raise InvalidParameterError("until", until, f"greater than {first:.2g}, a hundredth of the shortest time")
    return np.geomspace(first, until, count)


def _dataset(ladder: Ladder, raw: Kernel, shown: Kernel, time: FloatArray, parameters: dict[str, Any]) -> xr.Dataset:
    """Label the kernel's numbers, its modes slowest first, and its samples."""
    import numpy as np

    from thermo_cl.sweep import Quantity, label, provenance

    per_time, dissipation, sigma = f"1 / {LADDER_TIME}", f"k_B / {LADDER_TIME}", "steady entropy production rate"
    if parameters["normalized"]:
        kind, kernel_unit, area_unit, moment_unit = "normalised", f"{per_time}^2", per_time, "1"
    else:
        kind, kernel_unit, area_unit, moment_unit = "un-normalised", per_time, "1", LADDER_TIME
    carrying = shown.coefficients != 0  # a mode of no weight has no time either
    rates, coefficients = shown.rates[carrying], shown.coefficients[carrying]
    before, after = (ladder.entropy_production_rate(parameters[name]) for name in ("baseline", "signal"))
    return label(
        {
            "entropy_production_rate": Quantity((), before, f"{sigma} before the step", dissipation),
            "entropy_production_rate_after": Quantity((), after, f"{sigma} after the step", dissipation),
            "raw_area": Quantity((), raw.area, "area of the un-normalised kernel", "1"),
            "raw_first_moment": Quantity((), raw.first_moment, "first moment of the un-normalised kernel", LADDER_TIME),
            "area": Quantity((), shown.area, f"area I of the {kind} kernel", area_unit),
            "first_moment": Quantity((), shown.first_moment, f"first moment of the {kind} kernel", moment_unit),
            "backward_rate": Quantity((), ladder.backward_rate, "rate against the drive", per_time),
            "relaxation_time": Quantity("mode", -1.0 / rates.real, "decay time of a mode after the step", LADDER_TIME),
            "relaxation_rate": Quantity("mode", -rates.real, "decay rate of a mode", per_time),
            "angular_frequency": Quantity("mode", rates.imag, "angular frequency of a mode", f"rad / {LADDER_TIME}"),
            "area_part": Quantity("mode", (-coefficients / rates).real, "a mode's part of the uncut area", area_unit),
            "coefficient_real": Quantity("mode", coefficients.real, "real part of a mode's value at 0", kernel_unit),
            "coefficient_imag": Quantity("mode", coefficients.imag, "imaginary part of it", kernel_unit),
            "kernel": Quantity("time", shown(time), f"{kind} memory kernel", kernel_unit),
            "step_response": Quantity("time", shown.step_response(time), "response to a unit step", area_unit),
        },
        {
            "mode": Quantity("mode", np.arange(1, rates.size + 1), "relaxation mode, slowest first", "1"),
            "time": Quantity("time", time, "time after the step", LADDER_TIME),
        },
        provenance("thermo-cl kernel: Falk et al. 2025, App. F", parameters),
    )


def _text(dataset: xr.Dataset) -> str:
    from thermo_cl.cli.report import quantities, table

    return "\n".join(
        [
            quantities(dataset, _SCALARS),
            "",
            "Conditions for updates that follow ds/dt (Eq. 25):",
            *(f"  {line}" for line in _conditions(dataset)),
            "",
            "Relaxation after the step:",
            table(dataset, _MODES),
        ]
    )


def _conditions(dataset: xr.Dataset) -> list[str]:
    area, moment, rate = (dataset[name].item() for name in ("area", "first_moment", "backward_rate"))
    met = abs(moment + 1.0) < 1e-9
    if met:
        follows = "met"
    elif abs(moment - 1.0) < 1e-9:
        follows = "not met (+1): the output follows -ds/dt"
    else:
        follows = f"not met ({moment:.6g})"
    limit = (
        f"; a threshold can part the ramps for rises shorter than 1/I = {1.0 / area:.4g}" if met and area > 0 else ""
    )
    return [
        f"first moment -1     {follows}",
        f"area 0              I = {area:.4g}{limit}",
        f"backward rate < 1   {rate:.4g}: {'the drive adapts' if rate < 1 else 'the drive does not adapt'}",
    ]
