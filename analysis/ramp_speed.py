"""Weight update over its ideal value against the rise time in units of the kernel's (Falk et al. 2025, Fig. 8)."""

from __future__ import annotations

import numpy as np
import xarray as xr

from thermo_cl import Sawtooth, chemotaxis_kernel, weight_update
from thermo_cl import _validate as check
from thermo_cl.sweep import Quantity, label, provenance

AMPLITUDE, PERIOD, DECAY_RATE = 20.0, 20.0, 20.0


def compute(points: int = 79, *, rng: int = 0) -> xr.Dataset:
    """Shorten the rise at fixed period, with the threshold half-way between the slow and the fast slope.

    Parameters
    ----------
    points : int
        Number of rise times from 0.01 to 8; the signal runs from -10 to 10 in a period of 20.
    rng : int
        Recorded only: nothing is drawn.

    Returns
    -------
    xarray.Dataset
        Dimension ``fast``; ``relative_update`` is Delta w / A, ideally one.
    """
    fast = np.linspace(0.01, 8.0, check.integer_at_least("points", points, 2))
    threshold = 0.5 * (AMPLITUDE / PERIOD + AMPLITUDE / fast)
    kernel = chemotaxis_kernel(area=0.0, decay_rate=DECAY_RATE)
    update = weight_update(kernel, Sawtooth(fast, PERIOD - fast), AMPLITUDE, threshold=threshold)
    parameters = {"points": points, "amplitude": AMPLITUDE, "period": PERIOD, "decay_rate": DECAY_RATE}
    return label(
        {
            "fast_in_timescales": Quantity("fast", DECAY_RATE * fast, "rise time", "kernel timescale (1 / decay rate)"),
            "threshold": Quantity("fast", threshold, "hard threshold", "signal / time"),
            "relative_update": Quantity("fast", update / AMPLITUDE, "weight update over amplitude", "1"),
        },
        {"fast": Quantity("fast", fast, "rise time of the sawtooth", "time")},
        provenance("Falk et al. 2025, Fig. 8", parameters, seed=rng),
    )
