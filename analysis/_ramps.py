"""Weight-update curves of one chemotaxis kernel under many protocols, with both kinds of metrics."""

from __future__ import annotations

from typing import Any

import xarray as xr

from thermo_cl import Kernel, Sawtooth, exact_window_metrics, segment_metrics, weight_update
from thermo_cl._types import FloatArray
from thermo_cl.sweep import Quantity, label, provenance


def ramp_dataset(
    kernel: Kernel,
    protocol: Sawtooth,
    threshold: FloatArray,
    amplitude: FloatArray,
    *,
    amplitude_max: float,
    decay_rate: float,
    source: str,
    parameters: dict[str, Any],
    seed: int,
) -> xr.Dataset:
    """Every curve exactly, its three-segment metrics and their exact counterparts, labelled.

    ``kernel`` is single, ``protocol`` and ``threshold`` have shape (protocol,), ``amplitude`` shape (amplitude,).
    """
    update = weight_update(kernel, protocol, amplitude, threshold=threshold)
    fitted = segment_metrics(amplitude, update, amplitude_max=amplitude_max)
    exact = exact_window_metrics(kernel, protocol, threshold=threshold, amplitude_max=amplitude_max)
    one, both = "protocol", ("protocol", "amplitude")
    unit = "kernel timescale (1 / decay rate)"
    return label(
        {
            "fast": Quantity(one, protocol.fast, "rise time of the sawtooth", "time"),
            "slow": Quantity(one, protocol.slow, "fall time of the sawtooth", "time"),
            "fast_in_timescales": Quantity(one, decay_rate * protocol.fast, "rise time", unit),
            "period_in_timescales": Quantity(one, decay_rate * protocol.period, "period", unit),
            "threshold": Quantity(one, threshold, "hard threshold", "signal / time"),
            "kernel_area": Quantity((), kernel.area, "area of the kernel", "1 / time"),
            "mean": Quantity((), protocol.mean, "mean of the signal", "signal"),
            "weight_update": Quantity(both, update, "weight update over one cycle", "signal"),
            "amplitude_min": Quantity(one, fitted.amplitude_min, "smallest amplitude of the linear regime", "signal"),
            "dynamic_range": Quantity(one, fitted.dynamic_range, "A_max / A_min", "1"),
            "offset": Quantity(one, fitted.offset, "intercept of the last fitted segment", "signal"),
            "slope": Quantity(one, fitted.slope, "slope of the last fitted segment", "1"),
            "linear": Quantity(one, fitted.linear, "whether that slope is in (0.75, 1.25)", "1"),
            "exact_amplitude_min": Quantity(one, exact.amplitude_min, "amplitude at which updates begin", "signal"),
            "exact_dynamic_range": Quantity(one, exact.dynamic_range, "A_max / exact A_min", "1"),
            "exact_offset": Quantity(one, exact.offset, "intercept of the tangent inside the window", "signal"),
        },
        {"amplitude": Quantity("amplitude", amplitude, "amplitude, clamped minus free", "signal")},
        provenance(source, parameters | {"amplitude_max": amplitude_max, "decay_rate": decay_rate}, seed=seed),
    )
