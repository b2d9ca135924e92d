"""``thermo-cl dissipation``: what ladders dissipate and what it buys them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from thermo_cl.cli import options as opt
from thermo_cl.cli.inputs import LADDER_TIME, PROTOCOL_TIME, ladder_and_kernel, sawtooth
from thermo_cl.cli.metrics import LEAST_AMPLITUDES, labelled_metrics, sampled_fractions
from thermo_cl.cli.outputs import Outputs, errors_reported

if TYPE_CHECKING:
    import xarray as xr

    from thermo_cl import Kernel, Ladder, Sawtooth

__all__ = ["dissipation"]

_COLUMNS = (
    "gamma",
    "entropy_production_rate",
    "kernel_area",
    "first_moment",
    "offset",
    "slope",
    "dynamic_range",
    "breakthrough",
)


@errors_reported
def dissipation(
    context: typer.Context,
    gamma: Annotated[
        list[str],
        typer.Option(metavar="G[,G...]", help="Drives, > 0; repeat the option or separate by commas."),
    ],
    signal: opt.Signal = 200.0,
    baseline: opt.Baseline = 0.0,
    rate_factor: opt.RateFactor = 25.0,
    levels: opt.Levels = 5,
    reference_level: opt.ReferenceLevel = 1.0,
    energy_step: opt.EnergyStep = 2.0,
    window: opt.Window = None,
    ladder_units: opt.LadderUnits = 5.0,
    fast: opt.Fast = 3.0,
    slow: opt.Slow = 15.0,
    mean: opt.Mean = 10.0,
    amplitude_max: opt.AmplitudeMax = 50.0,
    amplitudes: opt.Amplitudes = 500,
    as_json: opt.AsJson = False,
    save: opt.SaveFile = None,
    plot: opt.PlotFile = None,
    force: opt.Force = False,
) -> None:
    """Dissipation of ladders and what it buys.

    Prints the entropy production rate (before the step), the kernel's area and the offset and dynamic range of the
    weight update (crossing recipe), one line a ladder. Defaults are the protocol of Falk et al. (2025), Fig. 6B,
    with the threshold of Eq. 45 for each ladder's kernel.
    """
    outputs = Outputs.checked(as_json=as_json, save=save, plot=plot, force=force)
    from thermo_cl import _validate as check

    drives = _numbers(gamma)
    check.integer_at_least("amplitudes", amplitudes, LEAST_AMPLITUDES)
    check.positive("amplitude_max", amplitude_max)
    check.positive("ladder_units", ladder_units)
    protocol = sawtooth(fast, slow, mean)
    ladder, raw = ladder_and_kernel(
        drives,
        signal=signal,
        baseline=baseline,
        rate_factor=rate_factor,
        levels=levels,
        reference_level=reference_level,
        energy_step=energy_step,
        window=window,
    )
    dataset = _dataset(ladder, raw, protocol, opt.parameters_of(context) | {"gamma": drives})
    outputs.deliver(dataset, lambda: _text(dataset), "plot_dissipation")


def _numbers(texts: list[str]) -> list[float]:
    from thermo_cl.errors import InvalidParameterError

    try:
        return [float(part) for text in texts for part in text.split(",")]
    except ValueError:
        raise InvalidParameterError("gamma", ",".join(texts), "numbers separated by commas") from None


def _dataset(ladder: Ladder, raw: Kernel, protocol: Sawtooth, parameters: dict[str, Any]) -> xr.Dataset:
    """Evaluate every ladder's curve and metrics under one protocol, and label them."""
    import thermo_cl as tcl
    from thermo_cl.sweep import Quantity, label, provenance

    largest = parameters["amplitude_max"]
    kernel = raw.rescaled(parameters["ladder_units"]).normalized()
    threshold = tcl.adaptive_threshold(kernel, protocol, largest)
    amplitude = largest * sampled_fractions(parameters["amplitudes"])
    update = tcl.weight_update(kernel, protocol, amplitude, threshold=threshold)
    recipe = tcl.crossing_metrics(amplitude, update, amplitude_max=largest)
    exact = tcl.exact_crossing_metrics(kernel, protocol, threshold=threshold, amplitude_max=largest)
    opening, breakthrough = tcl.amplitude_window(kernel, protocol, threshold=threshold)
    sigma = ladder.entropy_production_rate(parameters["baseline"])
    one, both = "ladder", ("ladder", "amplitude")
    return label(
        {
            "entropy_production_rate": Quantity(
                one, sigma, "steady entropy production rate before the step", f"k_B / {LADDER_TIME}"
            ),
            "kernel_area": Quantity(one, kernel.area, "area of the normalised kernel", f"1 / {PROTOCOL_TIME}"),
            "first_moment": Quantity(one, raw.first_moment, "first moment of the un-normalised kernel", LADDER_TIME),
            "threshold": Quantity(one, threshold, "threshold by Eq. 45", f"signal / {PROTOCOL_TIME}"),
            "opening": Quantity(one, opening, "amplitude at which the response reaches +threshold", "signal"),
            "breakthrough": Quantity(one, breakthrough, "amplitude at which it reaches -threshold", "signal"),
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

    return table(dataset, _COLUMNS)
