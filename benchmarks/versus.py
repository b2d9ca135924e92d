"""The library beside the straightforward pipeline of ``benchmarks/naive.py``, on the same curves.

The pipeline is timed on a few amplitudes and extrapolated: to the amplitudes of a curve, and to the curves of a figure.
Its metrics, dissipations and labels are left out; the library's times hold all of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from analysis.dynamic_range import AMPLITUDE_MAX, DECAY_RATE
from benchmarks import naive
from benchmarks.timing import Timing, once, summary, timed

LADDER_AMPLITUDES = (200, 300, 380, 480)  # indices on the figure's grid: 25, 37.5, 47.5 and 60, with A_max = 50
PROTOCOL_AMPLITUDES = (250, 390)  # 46.9 and 73.1, with A_max = 100
TOLERANCE = 3e-4  # what the pipeline's grid is good for, in units of A_max


def compare_ladders(data: xr.Dataset, ladders: int, amplitudes: int, repeats: int) -> dict[str, Any]:
    """Fig. 6B: the pipeline's kernels and updates for the first ladders whose ln|offset| is defined.

    ``data`` is ``dissipation.compute(**PAPER)``, whose kernels are cut after five units as the pipeline's are.
    """
    parameters = json.loads(data.attrs["parameters"])
    fast, slow, mean, largest = (parameters[name] for name in ("fast", "slow", "mean", "amplitude_max"))
    offset = data.offset.values
    chosen = np.flatnonzero(np.isfinite(offset) & (offset != 0.0))[:ladders]
    kernel_seconds, seconds, differences = [], [], []
    for index in chosen:
        one = data.isel(ladder=index, amplitude=list(LADDER_AMPLITUDES[-amplitudes:]))
        make = partial(naive.naive_kernel, float(one.gamma), float(one.rate_factor), float(one.signal))
        kernel_seconds.append(timed(make, repeats).median)
        curve = partial(naive.naive_update_curve, make(), fast, slow, mean, largest)
        spent, difference = _updates(curve, one.weight_update)
        seconds += spent
        differences.append(difference / largest)
    return _extrapolated(data.weight_update, summary(kernel_seconds), summary(seconds), max(differences))


def compare_protocol(data: xr.Dataset, amplitudes: int, repeats: int) -> dict[str, Any]:
    """Fig. 4C: one protocol, that of median period; an amplitude costs in proportion to the period.

    ``data`` is ``dynamic_range.compute()``.
    """
    period = (data.fast + data.slow).values
    index = int(np.argsort(period)[period.size // 2])
    one = data.isel(protocol=index, amplitude=list(PROTOCOL_AMPLITUDES[-amplitudes:]))
    make = partial(naive.naive_chemotaxis_kernel, 0.0, DECAY_RATE)
    curve = partial(
        naive.naive_update_curve, make(), float(one.fast), float(one.slow), 0.0, AMPLITUDE_MAX,
        threshold=float(one.threshold),
    )  # fmt: skip
    seconds, difference = _updates(curve, one.weight_update)
    typical = float(period.mean() / period[index])
    return _extrapolated(
        data.weight_update, timed(make, repeats), summary(seconds), difference / AMPLITUDE_MAX, typical
    )


def with_ratios(comparison: dict[str, Any], library_seconds: dict[str, float]) -> dict[str, Any]:
    """The comparison with the library's seconds per curve and their ratios, for each named time of the figure."""
    per_curve = {name: seconds / comparison["curves"] for name, seconds in library_seconds.items()}
    ratios = {name: comparison["extrapolated_seconds_per_curve"] / seconds for name, seconds in per_curve.items()}
    return comparison | {"library_seconds_per_curve": per_curve, "ratio": ratios}


def _updates(curve: Callable[..., Any], exact: xr.DataArray) -> tuple[list[float], float]:
    """Seconds of the pipeline for each amplitude, and the largest difference from the exact updates."""
    seconds, differences = [], []
    for amplitude, update in zip(exact.amplitude.values, exact.values, strict=True):
        spent, (_, found) = once(partial(curve, amplitudes=[float(amplitude)]))
        seconds.append(spent)
        differences.append(abs(float(found[0] - update)))
    return seconds, max(differences)


def _extrapolated(
    figure: xr.DataArray, kernel: Timing, amplitude: Timing, difference: float, typical: float = 1.0
) -> dict[str, Any]:
    """What was measured, and what the whole of ``figure`` would take: curves of ``typical`` times that cost."""
    curves, amplitudes = figure.shape
    per_curve = kernel.median + amplitudes * amplitude.median * typical
    return {
        "kernel_seconds": kernel._asdict(),
        "amplitude_seconds": amplitude._asdict(),
        "curves": curves,
        "amplitudes": amplitudes,
        "extrapolated_seconds_per_curve": per_curve,
        "extrapolated_seconds_per_figure": curves * per_curve,
        "largest_difference_over_amplitude_max": difference,
    }
