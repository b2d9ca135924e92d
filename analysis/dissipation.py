"""Offset and dynamic range of driven ladders against their dissipation (Falk et al. 2025, Figs. 6B and 9B).

Each ladder's kernel is normalised and put under one protocol (rise 3, fall 15, mean 10, threshold by Eq. 45 with the
kernel's own area). Five units of ladder time are one unit of protocol time, as in the paper.

The published program differs from the equations in four ways, each an option: it cuts the kernel after 5 ladder
units (``window``), takes every dissipation at F = 25 (``dissipation_rate_factor``), reads the smallest amplitude at
1.25 times its index (``index_factor``), and plots ln|offset| in mixed units (here the offset is signed, in units of
the update). ``PAPER`` holds its choices.

The recipe's line runs to A_max, past the amplitude at which the slow ramp breaks through Eq. 45's threshold, and so
mixes two regimes; ``exact_offset`` is the tangent's intercept inside the threshold window, which Eq. 36 is about.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from thermo_cl import (
    Ladder,
    Sawtooth,
    adaptive_threshold,
    crossing_metrics,
    exact_window_metrics,
    weight_update,
)
from thermo_cl import _validate as check
from thermo_cl.errors import InvalidParameterError
from thermo_cl.sweep import Quantity, label, provenance

LADDER_UNITS = 5.0  # ladder time units that make one protocol time unit
BATCH, NEAR = 50, 10  # ladders that share a signal and a rate factor; those of them with gamma of order one
PAPER: dict[str, Any] = {"window": 5.0, "dissipation_rate_factor": 25.0, "index_factor": 1.25}


def compute(
    ladders: int = 5000,
    amplitudes: int = 500,
    *,
    window: float = np.inf,
    dissipation_rate_factor: float | None = None,
    index_factor: float = 1.0,
    rng: int = 0,
) -> xr.Dataset:
    """Draw ladders, evaluate every weight-update curve exactly, read its metrics.

    Parameters
    ----------
    ladders : int
        Number of ladders, drawn as in App. G.3 in batches of 50 that share signal and rate factor.
    amplitudes : int
        Number of amplitudes on [0, 1.25 A_max).
    window : float
        Ladder time after which kernels are cut; infinite is exact, 5 is the paper's.
    dissipation_rate_factor : float, optional
        Rate factor at which dissipation is evaluated; each ladder's own by default, 25 in the paper's program.
    index_factor : float
        See ``crossing_metrics``; 1.25 in the paper's program.
    rng : int
        Seed.

    Returns
    -------
    xarray.Dataset
        Dimensions ``ladder`` and ``amplitude``. Takes about 1.5 s for the paper's size once warm.
    """
    count = check.integer_at_least("ladders", ladders, 1)
    resolution = check.integer_at_least("amplitudes", amplitudes, 6)
    check.positive_or_infinite("window", window)
    if dissipation_rate_factor is not None:
        check.positive("dissipation_rate_factor", dissipation_rate_factor)
    if check.finite("index_factor", index_factor) < 1:
        raise InvalidParameterError("index_factor", index_factor, "at least 1")
    gamma, signal, rate_factor = draw(count, rng)
    ladder = Ladder(gamma, rate_factor=rate_factor)
    raw = ladder.step_kernel(signal)
    kernel = (raw if np.isinf(window) else raw.windowed(window)).rescaled(LADDER_UNITS).normalized()
    protocol, amplitude_max = Sawtooth(fast=3.0, slow=15.0, mean=10.0), 50.0
    threshold = adaptive_threshold(kernel, protocol, amplitude_max)
    amplitude = np.linspace(0.0, 1.25 * amplitude_max, resolution, endpoint=False)
    update = weight_update(kernel, protocol, amplitude, threshold=threshold)
    metrics = crossing_metrics(amplitude, update, amplitude_max=amplitude_max, index_factor=index_factor)
    exact = exact_window_metrics(kernel, protocol, threshold=threshold, amplitude_max=amplitude_max)
    costed = ladder if dissipation_rate_factor is None else Ladder(gamma, rate_factor=dissipation_rate_factor)
    parameters = {
        "ladders": count, "amplitudes": resolution, "window": window, "index_factor": index_factor,
        "dissipation_rate_factor": dissipation_rate_factor, "fast": 3.0, "slow": 15.0, "mean": 10.0,
        "amplitude_max": amplitude_max, "ladder_units": LADDER_UNITS,
    }  # fmt: skip
    one, both = "ladder", ("ladder", "amplitude")
    return label(
        {
            "gamma": Quantity(one, gamma, "drive parameter gamma", "1"),
            "signal": Quantity(one, signal, "height of the signal step", "micromolar"),
            "rate_factor": Quantity(one, rate_factor, "vertical over horizontal rates F", "1"),
            "entropy_production_rate": Quantity(
                one,
                costed.entropy_production_rate(),
                "steady entropy production rate at zero signal",
                "k_B per ladder time unit",
            ),
            "kernel_area": Quantity(one, kernel.area, "area of the normalised kernel", "1 / protocol time unit"),
            "first_moment": Quantity(
                one, raw.first_moment, "first moment of the un-normalised, uncut kernel", "ladder time unit"
            ),
            "threshold": Quantity(one, threshold, "threshold by Eq. 45", "signal / protocol time unit"),
            "weight_update": Quantity(both, update, "weight update over one cycle", "signal"),
            "amplitude_min": Quantity(one, metrics.amplitude_min, "smallest amplitude with an update", "signal"),
            "dynamic_range": Quantity(one, metrics.dynamic_range, "A_max / A_min", "1"),
            "offset": Quantity(one, metrics.offset, "intercept of the update's line, signed", "signal"),
            "linear": Quantity(one, metrics.linear, "whether an update is reached below A_max", "1"),
            "exact_amplitude_min": Quantity(one, exact.amplitude_min, "amplitude at which updates begin", "signal"),
            "exact_offset": Quantity(
                one, exact.offset, "intercept of the tangent inside the threshold window", "signal"
            ),
            "exact_linear": Quantity(one, exact.linear, "whether that tangent's slope is in (0.75, 1.25)", "1"),
            "predicted_offset": Quantity(one, 3.0 * 10.0 * kernel.area, "offset by Eq. 36, I s tau_f", "signal"),
        },
        {"amplitude": Quantity("amplitude", amplitude, "amplitude, clamped minus free", "signal")},
        provenance("Falk et al. 2025, Figs. 6B and 9B", parameters, seed=rng),
    )


def draw(ladders: int, rng: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The paper's random ladders: gamma, step height and rate factor, each of shape (ladders,)."""
    generator = np.random.default_rng(rng)
    batches = -(-ladders // BATCH)
    uniform = 1.0 - generator.random((batches, BATCH))  # (0, 1]: gamma must not be zero
    decades = np.where(np.arange(BATCH) < NEAR, 0, generator.integers(0, 25, (batches, BATCH)))
    gamma = (uniform * 10.0**-decades).reshape(-1)
    signal = np.repeat(generator.integers(5, 250, batches), BATCH).astype(float)
    rate_factor = np.repeat(generator.integers(1, 100, batches), BATCH).astype(float)
    return gamma[:ladders], signal[:ladders], rate_factor[:ladders]
