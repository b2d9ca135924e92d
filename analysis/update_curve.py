"""Weight-update curves against their ideal line, for kernels without and with area (Falk et al. 2025, Figs. 4B, 5B)."""

from __future__ import annotations

import numpy as np
import xarray as xr

from thermo_cl import Sawtooth, amplitude_window, chemotaxis_kernel, weight_update
from thermo_cl import _validate as check
from thermo_cl.sweep import Quantity, label, provenance

AMPLITUDE_MAX, DECAY_RATE, FAST, SLOW, MEAN = 100.0, 20.0, 1.0, 9.0, 25.0
AREAS = (0.0, 0.05, 0.2)


def compute(amplitudes: int = 400, *, rng: int = 0) -> xr.Dataset:
    """Evaluate the curves of one protocol for several kernel areas.

    Parameters
    ----------
    amplitudes : int
        Number of amplitudes on [0, 0.75 A_max), beyond which the area lets the slow ramp break through.
    rng : int
        Recorded only: nothing is drawn.

    Returns
    -------
    xarray.Dataset
        Dimensions ``area`` and ``amplitude``; ``ideal_update`` is A + I s tau_f (Eqs. 8, 36), ``opening`` the exact
        amplitude at which updates begin. Rise 1, fall 9, A_max = 100 (the published program's defaults), mean 25.
    """
    area = np.array(AREAS)
    resolution = check.integer_at_least("amplitudes", amplitudes, 2)
    amplitude = np.linspace(0.0, 0.75 * AMPLITUDE_MAX, resolution, endpoint=False)
    kernel, protocol = chemotaxis_kernel(area, DECAY_RATE), Sawtooth(FAST, SLOW, mean=MEAN)
    threshold = AMPLITUDE_MAX / SLOW
    update = weight_update(kernel, protocol, amplitude, threshold=threshold)
    opening, _ = amplitude_window(kernel, protocol, threshold=threshold)
    parameters = {
        "fast": FAST, "slow": SLOW, "mean": MEAN, "amplitude_max": AMPLITUDE_MAX, "decay_rate": DECAY_RATE,
        "threshold": threshold,
    }  # fmt: skip
    ideal = amplitude + (area * MEAN * FAST)[:, None]
    return label(
        {
            "weight_update": Quantity(("area", "amplitude"), update, "weight update over one cycle", "signal"),
            "ideal_update": Quantity(("area", "amplitude"), ideal, "ideal update", "signal"),
            "opening": Quantity("area", opening, "amplitude at which updates begin", "signal"),
        },
        {
            "area": Quantity("area", area, "area of the kernel", "1 / time"),
            "amplitude": Quantity("amplitude", amplitude, "amplitude, clamped minus free", "signal"),
        },
        provenance("Falk et al. 2025, Figs. 4B and 5B", parameters, seed=rng),
    )
