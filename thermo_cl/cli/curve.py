"""``thermo-cl curve``: the weight-update curve of one synapse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from thermo_cl.cli import options as opt
from thermo_cl.cli.inputs import PROTOCOL_TIME, ladder_and_kernel, sawtooth
from thermo_cl.cli.metrics import FITTED_RANGE, LEAST_AMPLITUDES, METRICS, labelled_metrics, sampled_fractions
from thermo_cl.cli.outputs import Outputs, errors_reported

if TYPE_CHECKING:
    import xarray as xr

    from thermo_cl import Kernel, Sawtooth

__all__ = ["curve"]

_LADDER = ("signal", "baseline", "rate_factor", "levels", "reference_level", "energy_step", "window", "ladder_units")
_CHEMOTAXIS = ("area", "decay_rate")
_SCALARS = ("kernel_area", "first_moment", "threshold", "opening", "breakthrough")


@errors_reported
def curve(
    context: typer.Context,
    gamma: Annotated[
        float | None, typer.Option(help="Drive of a ladder, > 0; without it the kernel is chemotaxis.")
    ] = None,
    signal: opt.Signal = 200.0,
    baseline: opt.Baseline = 0.0,
    rate_factor: opt.RateFactor = 25.0,
    levels: opt.Levels = 5,
    reference_level: opt.ReferenceLevel = 1.0,
    energy_step: opt.EnergyStep = 2.0,
    window: opt.Window = None,
    ladder_units: opt.LadderUnits = 5.0,
    area: Annotated[float, typer.Option(help="Area I of the chemotaxis kernel, 1 / protocol time.")] = 0.0,
    decay_rate: Annotated[
        float, typer.Option(help="Decay rate of the chemotaxis kernel, > 0, 1 / protocol time.")
    ] = 20.0,
    fast: opt.Fast = 3.0,
    slow: opt.Slow = 15.0,
    mean: opt.Mean = 10.0,
    amplitude_max: opt.AmplitudeMax = 50.0,
    amplitudes: opt.Amplitudes = 500,
    threshold: Annotated[
        float | None, typer.Option(help="Hard threshold, >= 0, signal / protocol time.", show_default="by Eq. 45")
    ] = None,
    as_json: opt.AsJson = False,
    save: opt.SaveFile = None,
    plot: opt.PlotFile = None,
    force: opt.Force = False,
) -> None:
    """Weight-update curve of one synapse.

    The synapse sees a sawtooth; its kernel is a ladder's if --gamma is given (normalised, time rescaled), a
    chemotaxis kernel otherwise. Prints the threshold, the amplitudes at which the response reaches it, the curve, and
    its offset and dynamic range: by the paper's recipe (three segments for chemotaxis, crossing for a ladder) and
    exactly.
    """
    outputs = Outputs.checked(as_json=as_json, save=save, plot=plot, force=force)
    from thermo_cl import _validate as check
    from thermo_cl import chemotaxis_kernel

    _refuse_unused(context, ladder=gamma is not None)
    check.integer_at_least("amplitudes", amplitudes, LEAST_AMPLITUDES)
    check.positive("amplitude_max", amplitude_max)
    if threshold is not None:
        check.non_negative("threshold", threshold)
    protocol = sawtooth(fast, slow, mean)
    if gamma is None:
        kernel = chemotaxis_kernel(area, decay_rate)
    else:
        check.positive("ladder_units", ladder_units)
        _, raw = ladder_and_kernel(
            gamma,
            signal=signal,
            baseline=baseline,
            rate_factor=rate_factor,
            levels=levels,
            reference_level=reference_level,
            energy_step=energy_step,
            window=window,
        )
        kernel = raw.rescaled(ladder_units).normalized()
    unused = ("gamma", *_LADDER) if gamma is None else _CHEMOTAXIS
    dataset = _dataset(kernel, protocol, opt.parameters_of(context, leave_out=unused))
    outputs.deliver(dataset, lambda: _text(dataset), "plot_curve")


def _refuse_unused(context: typer.Context, *, ladder: bool) -> None:
    """Raise InvalidParameterError for an option of the kernel that is not used."""
    from thermo_cl.errors import InvalidParameterError

    for name in opt.given(context, _CHEMOTAXIS if ladder else _LADDER):
        valid = (
            "left out when --gamma is given: it belongs to the chemotaxis kernel"
            if ladder
            else "left out unless --gamma is given: it belongs to a ladder"
        )
        raise InvalidParameterError(name, context.params[name], valid)


def _dataset(kernel: Kernel, protocol: Sawtooth, parameters: dict[str, Any]) -> xr.Dataset:
    """Evaluate the curve and both kinds of metrics, and label them."""
    import thermo_cl as tcl
    from thermo_cl.sweep import Quantity, label, provenance

    largest, threshold = parameters["amplitude_max"], parameters["threshold"]
    if threshold is None:
        threshold = tcl.adaptive_threshold(kernel, protocol, largest)
    fraction = sampled_fractions(parameters["amplitudes"])
    amplitude = largest * fraction
    update = tcl.weight_update(kernel, protocol, amplitude, threshold=threshold)
    slope = tcl.update_slope(kernel, protocol, amplitude, threshold=threshold)
    opening, breakthrough = tcl.amplitude_window(kernel, protocol, threshold=threshold)
    if "gamma" in parameters:
        kind, recipe = "crossing", tcl.crossing_metrics(amplitude, update, amplitude_max=largest)
        exact = tcl.exact_crossing_metrics(kernel, protocol, threshold=threshold, amplitude_max=largest)
    else:
        fitted = fraction < FITTED_RANGE
        kind, recipe = "segments", tcl.segment_metrics(amplitude[fitted], update[fitted], amplitude_max=largest)
        exact = tcl.exact_window_metrics(kernel, protocol, threshold=threshold, amplitude_max=largest)
    return label(
        {
            "kernel_area": Quantity((), kernel.area, "area I of the kernel", f"1 / {PROTOCOL_TIME}"),
            "first_moment": Quantity((), kernel.first_moment, "first moment of the kernel", "1"),
            "threshold": Quantity((), threshold, "hard threshold", f"signal / {PROTOCOL_TIME}"),
            "amplitude_max": Quantity((), largest, "largest amplitude A_max meant", "signal"),
            "opening": Quantity((), opening, "amplitude at which the response reaches +threshold", "signal"),
            "breakthrough": Quantity((), breakthrough, "amplitude at which it reaches -threshold", "signal"),
            **labelled_metrics((), recipe, kind),
            **labelled_metrics((), exact, kind, exact=True),
            "weight_update": Quantity("amplitude", update, "weight update over one cycle", "signal"),
            "update_slope": Quantity("amplitude", slope, "exact derivative of the weight update", "1"),
        },
        {"amplitude": Quantity("amplitude", amplitude, "amplitude, clamped minus free", "signal")},
        provenance("thermo-cl curve: Falk et al. 2025, Eqs. 3-7", parameters),
    )


def _text(dataset: xr.Dataset) -> str:
    from thermo_cl.cli.report import quantities, table

    return "\n".join(
        [
            quantities(dataset, [*_SCALARS, *METRICS, *(f"exact_{name}" for name in METRICS)]),
            "",
            table(dataset, ("amplitude", "weight_update", "update_slope"), every=dataset.sizes["amplitude"] // 10),
            *_notes(dataset),
        ]
    )


def _notes(dataset: xr.Dataset) -> list[str]:
    """Point out what a reader of the numbers should not miss."""
    breakthrough, largest, moment = (dataset[name].item() for name in ("breakthrough", "amplitude_max", "first_moment"))
    notes = []
    if moment > 0:
        notes.append("the first moment is +1: the output follows -ds/dt, and Eq. 45 presumes -1")
    if breakthrough < (1.0 - 1e-9) * largest:
        notes.append(f"the slow ramp breaks through the threshold at {breakthrough:.4g}, below A_max = {largest:.4g}")
    return ["", *(f"note: {note}" for note in notes)] if notes else []
