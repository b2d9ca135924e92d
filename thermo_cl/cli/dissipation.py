"""``thermo-cl dissipation``: what ladders dissipate and what it buys them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from thermo_cl.cli.ladders import LADDER_TIME, ladder_and_kernel
from thermo_cl.cli.options import (
    AmplitudeMax, Amplitudes, AsJson, Baseline, EnergyStep, Fast, Force, LadderUnits, Levels, Mean, PlotFile,
    RateFactor, ReferenceLevel, SaveFile, Signal, Slow, Window, parameters_of,
)  # fmt: skip
from thermo_cl.cli.outputs import Outputs, errors_reported

if TYPE_CHECKING:
    import xarray as xr

    from thermo_cl import Kernel, Ladder, Sawtooth

__all__ = ["dissipation"]

_SAMPLED_RANGE = 1.25  # of A_max (App. G.3)
_LEAST_AMPLITUDES = 10


@errors_reported()
def dissipation(
    context: typer.Context,
    gamma: Annotated[
        list[str],
        typer.Option(metavar="G[,G...]", help="Drives, > 0; repeat the option or separate by commas."),
    ],
    signal: Signal = 200.0,
    baseline: Baseline = 0.0,
    rate_factor: RateFactor = 25.0,
    levels: Levels = 5,
    reference_level: ReferenceLevel = 1.0,
    energy_step: EnergyStep = 2.0,
    window: Window = None,
    ladder_units: LadderUnits = 5.0,
    fast: Fast = 3.0,
    slow: Slow = 15.0,
    mean: Mean = 10.0,
    amplitude_max: AmplitudeMax = 50.0,
    amplitudes: Amplitudes = 500,
    as_json: AsJson = False,
    save: SaveFile = None,
    plot: PlotFile = None,
    force: Force = False,
) -> None:
    """Dissipation of ladders and what it buys.

    Prints the entropy production rate (before the step), the kernel's area and the offset and dynamic range of the
    weight update, one line a ladder. Defaults are the protocol of Falk et al. (2025), Fig. 6B, with the threshold of
    Eq. 45 for each ladder's kernel.
    """
    outputs = Outputs.checked(as_json=as_json, save=save, plot=plot, force=force)
    from thermo_cl import Sawtooth
    from thermo_cl import _validate as check

    drives = _numbers(gamma)
    check.integer_at_least("amplitudes", amplitudes, _LEAST_AMPLITUDES)
    check.positive("amplitude_max", amplitude_max)
    check.positive("ladder_units", ladder_units)
    protocol = Sawtooth(fast=fast, slow=slow, mean=mean)
    ladder, raw = ladder_and_kernel(
        drives, signal=signal, baseline=baseline, rate_factor=rate_factor, levels=levels,
        reference_level=reference_level, energy_step=energy_step, window=window,
    )  # fmt: skip
    dataset = _dataset(ladder, raw, protocol, parameters_of(context) | {"gamma": drives})
    outputs.deliver(dataset, lambda: _text(dataset), "plot_dissipation")


def _numbers(texts: list[str]) -> list[float]:
    from thermo_cl.errors import InvalidParameterError

    try:
        return [float(part) for text in texts for part in text.split(",")]
    except ValueError:
        raise InvalidParameterError("gamma", ",".join(texts), "numbers separated by commas") from None


def _dataset(ladder: Ladder, raw: Kernel, protocol: Sawtooth, parameters: dict[str, Any]) -> xr.Dataset:
    import numpy as np

    from thermo_cl import (
        adaptive_threshold, amplitude_window, crossing_metrics, exact_crossing_metrics, weight_update,
    )  # fmt: skip
    from thermo_cl.cli.metrics import labelled_metrics
    from thermo_cl.sweep import Quantity, label, provenance

    largest, count = parameters["amplitude_max"], parameters["amplitudes"]
    kernel = raw.rescaled(parameters["ladder_units"]).normalized()
    threshold = adaptive_threshold(kernel, protocol, largest)
    amplitude = _SAMPLED_RANGE * largest * np.arange(count) / count
    update = weight_update(kernel, protocol, amplitude, threshold=threshold)
    recipe = crossing_metrics(amplitude, update, amplitude_max=largest)
    exact = exact_crossing_metrics(kernel, protocol, threshold=threshold, amplitude_max=largest)
    opening, breakthrough = amplitude_window(kernel, protocol, threshold=threshold)
    sigma = ladder.entropy_production_rate(parameters["baseline"])
    one, both = "ladder", ("ladder", "amplitude")
    return label(
        {
            "entropy_production_rate": Quantity(
                one, sigma, "steady entropy production rate before the step", f"k_B / {LADDER_TIME}"
            ),
            "kernel_area": Quantity(one, kernel.area, "area of the normalised kernel", "1 / protocol time unit"),
            "first_moment": Quantity(one, raw.first_moment, "first moment of the un-normalised kernel", LADDER_TIME),
            "threshold": Quantity(one, threshold, "threshold by Eq. 45", "signal / protocol time unit"),
            "opening": Quantity(one, opening, "amplitude at which the fast ramp reaches the threshold", "signal"),
            "breakthrough": Quantity(one, breakthrough, "amplitude at which the slow ramp reaches it", "signal"),
            "weight_update": Quantity(both, update, "weight update over one cycle", "signal"),
            **labelled_metrics(one, recipe, "crossing"),
            **labelled_metrics(one, exact, "crossing", exact=True),
        },
        {
            "gamma": Quantity(one, ladder.gamma, "drive parameter gamma", "1"),
            "amplitude": Quantity("amplitude", amplitude, "amplitude, clamped minus free", "signal"),
        },
        provenance("thermo-cl dissipation: Falk et al. 2025, App. G.3", parameters),
    )


def _text(dataset: xr.Dataset) -> str:
    from thermo_cl.cli.report import table

    return table(
        dataset,
        ("gamma", "entropy_production_rate", "kernel_area", "first_moment", "offset", "slope", "dynamic_range",
         "linear"),  # fmt: skip
    )
