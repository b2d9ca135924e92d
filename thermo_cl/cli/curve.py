"""``thermo-cl curve``: the weight-update curve of one synapse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from thermo_cl.cli.ladders import ladder_and_kernel
from thermo_cl.cli.options import (
    AmplitudeMax, Amplitudes, AsJson, Baseline, EnergyStep, Fast, Force, LadderUnits, Levels, Mean, PlotFile,
    RateFactor, ReferenceLevel, SaveFile, Signal, Slow, Window, given, option_of, parameters_of,
)  # fmt: skip
from thermo_cl.cli.outputs import Outputs, errors_reported

if TYPE_CHECKING:
    import xarray as xr

    from thermo_cl import Kernel, Sawtooth

__all__ = ["curve"]

_LADDER = ("signal", "baseline", "rate_factor", "levels", "reference_level", "energy_step", "window")
_LADDER_ONLY, _CHEMOTAXIS_ONLY = (*_LADDER, "ladder_units"), ("area", "decay_rate")
_SAMPLED_RANGE, _FITTED_RANGE = 1.25, 0.75  # of A_max: App. G.3 samples up to one, App. E fits up to the other
_LEAST_AMPLITUDES = 10  # six samples in the fitted range


@errors_reported()
def curve(
    context: typer.Context,
    gamma: Annotated[
        float | None, typer.Option(help="Drive of a ladder, > 0; without it the kernel is chemotaxis.")
    ] = None,
    signal: Signal = 200.0,
    baseline: Baseline = 0.0,
    rate_factor: RateFactor = 25.0,
    levels: Levels = 5,
    reference_level: ReferenceLevel = 1.0,
    energy_step: EnergyStep = 2.0,
    window: Window = None,
    ladder_units: LadderUnits = 5.0,
    area: Annotated[float, typer.Option(help="Area I of the chemotaxis kernel, 1 / protocol time.")] = 0.0,
    decay_rate: Annotated[float, typer.Option(help="Decay rate of the chemotaxis kernel, 1 / protocol time.")] = 20.0,
    fast: Fast = 3.0,
    slow: Slow = 15.0,
    mean: Mean = 10.0,
    amplitude_max: AmplitudeMax = 50.0,
    amplitudes: Amplitudes = 500,
    threshold: Annotated[
        float | None, typer.Option(help="Hard threshold, >= 0, signal / protocol time.", show_default="Eq. 45")
    ] = None,
    as_json: AsJson = False,
    save: SaveFile = None,
    plot: PlotFile = None,
    force: Force = False,
) -> None:
    """Weight-update curve of one synapse.

    The synapse sees a sawtooth; its kernel is a ladder's if --gamma is given (normalised, time rescaled), a
    chemotaxis kernel otherwise. Prints the threshold, where each ramp reaches it, and the curve's offset and dynamic
    range by the paper's recipe (three segments for chemotaxis, crossing for a ladder) and exactly.
    """
    outputs = Outputs.checked(as_json=as_json, save=save, plot=plot, force=force)
    from thermo_cl import Sawtooth, chemotaxis_kernel
    from thermo_cl import _validate as check

    _no_mixture(context, ladder=gamma is not None)
    check.integer_at_least("amplitudes", amplitudes, _LEAST_AMPLITUDES)
    check.positive("amplitude_max", amplitude_max)
    if threshold is not None:
        check.non_negative("threshold", threshold)
    protocol = Sawtooth(fast=fast, slow=slow, mean=mean)
    if gamma is None:
        kernel = chemotaxis_kernel(area, decay_rate)
    else:
        check.positive("ladder_units", ladder_units)
        _, raw = ladder_and_kernel(
            gamma, signal=signal, baseline=baseline, rate_factor=rate_factor, levels=levels,
            reference_level=reference_level, energy_step=energy_step, window=window,
        )  # fmt: skip
        kernel = raw.rescaled(ladder_units).normalized()
    unused = ("gamma", *_LADDER_ONLY) if gamma is None else _CHEMOTAXIS_ONLY
    dataset = _dataset(kernel, protocol, parameters_of(context, leave_out=unused))
    outputs.deliver(dataset, lambda: _text(dataset), "plot_curve")


def _no_mixture(context: typer.Context, *, ladder: bool) -> None:
    """Refuse options of the kernel that is not used."""
    from thermo_cl.errors import InvalidParameterError

    for name in given(context, _CHEMOTAXIS_ONLY if ladder else _LADDER_ONLY):
        valid = "left out when --gamma is given: it belongs to the chemotaxis kernel" if ladder else "left out unless --gamma is given: it belongs to a ladder"
        raise InvalidParameterError(option_of(name), context.params[name], valid)


def _dataset(kernel: Kernel, protocol: Sawtooth, parameters: dict[str, Any]) -> xr.Dataset:
    import numpy as np

    from thermo_cl import (
        adaptive_threshold, amplitude_window, crossing_metrics, exact_crossing_metrics, exact_window_metrics,
        segment_metrics, update_slope, weight_update,
    )  # fmt: skip
    from thermo_cl.cli.metrics import labelled_metrics
    from thermo_cl.sweep import Quantity, label, provenance

    largest, count, threshold = parameters["amplitude_max"], parameters["amplitudes"], parameters["threshold"]
    if threshold is None:
        threshold = adaptive_threshold(kernel, protocol, largest)
    fraction = _SAMPLED_RANGE * np.arange(count) / count
    amplitude = largest * fraction
    update = weight_update(kernel, protocol, amplitude, threshold=threshold)
    opening, breakthrough = amplitude_window(kernel, protocol, threshold=threshold)
    if "gamma" in parameters:
        kind, recipe = "crossing", crossing_metrics(amplitude, update, amplitude_max=largest)
        exact = exact_crossing_metrics(kernel, protocol, threshold=threshold, amplitude_max=largest)
    else:
        fitted = fraction < _FITTED_RANGE
        kind, recipe = "segments", segment_metrics(amplitude[fitted], update[fitted], amplitude_max=largest)
        exact = exact_window_metrics(kernel, protocol, threshold=threshold, amplitude_max=largest)
    slope = update_slope(kernel, protocol, amplitude, threshold=threshold)
    return label(
        {
            "kernel_area": Quantity((), kernel.area, "area I of the kernel", "1 / protocol time unit"),
            "first_moment": Quantity((), kernel.first_moment, "first moment of the kernel", "1"),
            "threshold": Quantity((), threshold, "hard threshold", "signal / protocol time unit"),
            "amplitude_max": Quantity((), largest, "largest amplitude A_max meant", "signal"),
            "opening": Quantity((), opening, "amplitude at which the fast ramp reaches the threshold", "signal"),
            "breakthrough": Quantity((), breakthrough, "amplitude at which the slow ramp reaches it", "signal"),
            **labelled_metrics((), recipe, kind),
            **labelled_metrics((), exact, kind, exact=True),
            "weight_update": Quantity("amplitude", update, "weight update over one cycle", "signal"),
            "update_slope": Quantity("amplitude", slope, "exact derivative of the weight update", "1"),
        },
        {"amplitude": Quantity("amplitude", amplitude, "amplitude, clamped minus free", "signal")},
        provenance("thermo-cl curve: Falk et al. 2025, Eqs. 3-7", parameters),
    )


def _text(dataset: xr.Dataset) -> str:
    from thermo_cl.cli.metrics import METRICS
    from thermo_cl.cli.report import quantities, table

    numbers = ("kernel_area", "first_moment", "threshold", "opening", "breakthrough")
    return "\n".join([
        quantities(dataset, [*numbers, *METRICS, *(f"exact_{name}" for name in METRICS)]),
        "",
        table(dataset, ("amplitude", "weight_update", "update_slope"), every=dataset.sizes["amplitude"] // 10),
        *_notes(dataset),
    ])


def _notes(dataset: xr.Dataset) -> list[str]:
    """What a reader of the numbers should not miss."""
    breakthrough, largest, moment = (
        dataset[name].item() for name in ("breakthrough", "amplitude_max", "first_moment")
    )
    notes = []
    if moment > 0:
        notes.append("the first moment is +1: the output follows -ds/dt, and Eq. 45 presumes -1")
    if breakthrough < (1.0 - 1e-9) * largest:
        notes.append(f"the slow ramp passes the threshold from {breakthrough:.4g} on, below A_max = {largest:.4g}")
    return ["", *(f"note: {note}" for note in notes)] if notes else []
